"""The door to saved certificates and witnesses: which kind a file is, its check, and what it then says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from theory.common.errors import StoreError

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
    raise StoreError(
        f"{path} is neither a certificate nor a witness of gradlag: it {_opening(kind)}. Give a file "
        "that `gradlag worst-case --out` or `gradlag check --claim` wrote."
    )


def _opening(line: str) -> str:
    """What can be said of a file by its first line."""
    if not line:
        return "is empty"
    return f"opens with '{line[:40]}'" if line.isascii() and line.isprintable() else "is a binary file"


def _first_line(path: Path) -> str:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise StoreError(f"{path} is no ordinary file. Give a certificate or a witness.")
        if path.stat().st_size > _LONGEST:
            raise StoreError(f"{path} is larger than any certificate, {_LONGEST >> 20} MiB. Give the right file.")
        with path.open("rb") as file:
            line = file.readline(200).decode("ascii", "replace").rstrip("\n")
    except FileNotFoundError:
        raise StoreError(f"There is no file {path}. `gradlag worst-case --certify FILE` makes one.") from None
    except IsADirectoryError:
        raise StoreError(f"{path} is a folder. Give a certificate or a witness in it.") from None
    if line.startswith("gradlag ") and line.endswith("\r"):
        raise StoreError(f"{path} was changed: its lines end as on Windows. Copy it as it is, or make it again.")
    return line


def _certificate(path: Path) -> dict[str, Any]:
    from theory.worst_case.certificate.verify import verify_file

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
    from theory.worst_case.witness.file import verify_witness

    checked = verify_witness(path.read_bytes().decode("ascii", "replace"))
    return {
        "kind": "witness",
        "verified": True,
        "statement": checked.sentence,
        "how": "Every interpolation inequality holds with a rigorous rounding margin, so that a smooth function with "
        "these gradients exists. No solver was asked.",
        "lower": checked.lower,
    }
