"""The door to saved certificates and witnesses: which kind a file is, its check, and what it then says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from theory.errors import StoreError

_LONGEST = 1 << 25


def verify(path: Path | str) -> dict[str, Any]:
    """Check a saved certificate or witness on its own.

    Args:
        path: what `worst-case --certify`, `worst-case --out` or `check --claim` wrote.

    Returns:
        kind, statement and how it was checked in words, verified (true), and the bound as a number.

    Raises:
        StoreError: no such file, or one that is neither.
        CertificateError: a file whose argument does not hold.
    """
    kind = _first_line(Path(path))
    if kind == "gradlag certificate 1":
        return _certificate(Path(path))
    if kind == "gradlag witness 1":
        return _witness(Path(path))
    raise StoreError(f"{path} is neither a certificate nor a witness of gradlag: it opens with {kind[:40]!r}.")


def _first_line(path: Path) -> str:
    try:
        if path.stat().st_size > _LONGEST:
            raise StoreError(f"{path} is larger than any certificate, {_LONGEST >> 20} MiB. Give the right file.")
        with path.open("rb") as file:
            return file.readline(200).decode("ascii", "backslashreplace").rstrip("\n")
    except FileNotFoundError:
        raise StoreError(f"There is no file {path}. `gradlag worst-case --certify FILE` makes one.") from None
    except IsADirectoryError:
        raise StoreError(f"{path} is a folder. Give the certificate in it.") from None


def _certificate(path: Path) -> dict[str, Any]:
    from theory.worst_case.verify import verify_file

    checked = verify_file(path)
    return {
        "kind": "certificate",
        "verified": True,
        "statement": checked.statement,
        "how": "Every multiplier is non-negative, the function values cancel, and the matrix that is left over is "
        "positive definite, all in exact integers. No solver was asked.",
        "upper": checked.upper_float,
    }


def _witness(path: Path) -> dict[str, Any]:
    from theory.worst_case.witness_file import verify_witness

    checked = verify_witness(path.read_text(encoding="ascii", errors="replace"))
    return {
        "kind": "witness",
        "verified": True,
        "statement": checked.sentence,
        "how": "Every interpolation inequality holds with a rigorous rounding margin, so that a smooth function with "
        "these gradients exists. No solver was asked.",
        "lower": checked.lower,
    }
