"""Flags that take numbers, and the sentence for a command line that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

#: Where a bare --certify puts the certificate.
CERTIFICATE_FILE = "worst-case.certificate.txt"


def whole(flag: str, meaning: str) -> Any:
    """A flag that takes a whole number; whether it is large enough is for the floors below to say."""
    return typer.Option(flag, help=meaning, parser=_whole, metavar="<int>")


def real(flag: str, meaning: str) -> Any:
    """A flag that takes a number."""
    return typer.Option(flag, help=meaning, parser=_real, metavar="<float>")


def with_certificate_file(arguments: Sequence[str]) -> list[str]:
    """The command line with a file after a bare --certify, which stands last or before another flag.

    >>> with_certificate_file(["worst-case", "--certify", "--json"])
    ['worst-case', '--certify', 'worst-case.certificate.txt', '--json']
    """
    line: list[str] = []
    for argument, after in zip(arguments, [*arguments[1:], "--"], strict=False):
        line.append(argument)
        if argument == "--certify" and after.startswith("-"):
            line.append(CERTIFICATE_FILE)
    return line


def usage_sentence(error: Exception) -> str:
    """What is wrong with the command line, and where the usage is told."""
    told = (error.format_message() if hasattr(error, "format_message") else str(error)).strip()
    context = getattr(error, "ctx", None)
    command = f"{context.info_name} " if context is not None and context.parent is not None else ""
    end = "" if told.endswith(("?", ".")) else "."
    return f"{told}{end} `gradlag {command}--help` shows the usage."


def _whole(text: str) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise typer.BadParameter(f"it must be a whole number. Got {str(text)[:40]!r}.") from None


def _real(text: str) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise typer.BadParameter(f"it must be a number. Got {str(text)[:40]!r}.") from None
