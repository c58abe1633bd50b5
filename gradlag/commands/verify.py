"""`gradlag verify`: a saved certificate or witness, which kind it is, its check, and what it then says."""

from __future__ import annotations

from pathlib import Path

from gradlag.terminal.output import print_prose
from theory.common.errors import StoreError
from theory.common.shown import Facts

_LONGEST = 1 << 25


def verify(file: Path | str) -> Facts:
    """Check a saved certificate or witness on its own.

    Args:
        file: what `worst-case --certify`, `worst-case --out` or `check --claim` wrote.

    Returns:
        kind, statement and how it was checked in words, verified (true), and the bound as a number.

    Raises:
        StoreError: no such file, or one that is neither.
        CertificateError: a file whose argument does not hold.
    """
    path = Path(file)
    kind = _first_line(path)
    if kind == "gradlag certificate 1":
        return _certificate(path)
    if kind == "gradlag witness 1":
        return _witness(path)
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


def _certificate(path: Path) -> Facts:
    from theory.worst_case.certificate.verify import verify_file

    checked = verify_file(path)
    how = (
        "Every multiplier is non-negative, the function values cancel, and the matrix that is left over is positive "
        "definite, all in exact integers. No solver was asked."
    )
    return _verified("certificate", checked.statement, how, upper=checked.upper_float)


def _witness(path: Path) -> Facts:
    from theory.worst_case.witness.file import verify_witness

    checked = verify_witness(path.read_bytes().decode("ascii", "replace"))
    how = (
        "Every interpolation inequality holds with a rigorous rounding margin, so that a smooth function with these "
        "gradients exists. No solver was asked."
    )
    return _verified("witness", checked.sentence, how, lower=checked.lower)


def _verified(kind: str, statement: str, how: str, **bound: float) -> Facts:
    return Facts(statement, {"kind": kind, "verified": True, "statement": statement, "how": how, **bound})


def show(checked: Facts) -> None:
    """What is now certain, and how it was checked."""
    print_prose(checked["statement"], checked["how"])
