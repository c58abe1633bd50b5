"""Flags that take numbers, and the sentence for a command line that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand

# typer brings its own copy of click in newer versions: the class is found through a name that both have.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_MISSING = "MissingParameter"

#: What `check` is about: one of these is needed besides.
ABOUT = "--problem and --steps, or --claim and --steps, or --run LOG.csv"
_SUBJECTS = ({"problem", "steps"}, {"claim", "steps"}, {"log"})

#: Where a bare --certify puts the certificate.
CERTIFICATE_FILE = "worst-case.certificate.txt"


def whole(flag: str, meaning: str) -> Any:
    """A flag that takes a whole number; whether it is large enough is for the floors below to say."""
    return typer.Option(flag, help=meaning, parser=_whole, metavar="<int>")


def real(flag: str, meaning: str) -> Any:
    """A flag that takes a number."""
    return typer.Option(flag, help=meaning, parser=_real, metavar="<float>")


class Command(TyperCommand):
    """A command that tells everything that is missing at once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the flags; a usage error names all that are missing."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if type(error).__name__ != _MISSING:
                raise
            raise UsageError(self._all_missing(ctx, given), ctx) from error

    def _all_missing(self, ctx: Any, given: list[str]) -> str:
        read = self.make_parser(ctx).parse_args(args=given)[0]
        missing: list[Any] = [each for each in self.get_params(ctx) if each.required and _is_missing(each, ctx, read)]
        hints = [_hint(each) for each in missing]
        kind = missing[0].param_type_name if len({each.param_type_name for each in missing}) == 1 else "parameter"
        listed = hints[0] if len(hints) == 1 else f"{', '.join(hints[:-1])} and {hints[-1]}"
        told = f"Missing {kind}{'s' if len(hints) > 1 else ''} {listed}."
        known = {name for name, value in read.items() if value is not None}
        about = self.name == "check" and not any(subject <= known for subject in _SUBJECTS)
        return f"{told} It also needs {ABOUT}." if about else told


def _hint(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper() if parameter.param_type_name == "argument" else parameter.opts[0]
    return f"'{name}'"


def _is_missing(parameter: Any, ctx: Any, read: dict[str, Any]) -> bool:
    try:
        parameter.handle_parse_result(ctx, read, [])
    except typer.BadParameter as error:
        return type(error).__name__ == _MISSING
    return False


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
    if context is not None and hasattr(error, "option_name"):
        from theory.common.spelling import meant  # only here, as in `completion.py`

        known = [name for each in context.command.get_params(context) for name in each.opts]
        told = f"No such option: {error.option_name}.{meant(error.option_name, known)}"
    command = f"{context.info_name} " if context is not None and context.parent is not None else ""
    end = "" if told.endswith(("?", ".")) else "."
    return f"{told}{end} `gradlag {command}--help` shows the usage."


def _whole(text: str) -> int:
    try:
        return int(str(text).replace("_", "?"))
    except ValueError:
        raise typer.BadParameter(f"it must be a whole number. Got {str(text)[:40]!r}.") from None


def _real(text: str) -> float:
    try:
        return float(str(text).replace("_", "?"))
    except ValueError:
        raise typer.BadParameter(f"it must be a number. Got {str(text)[:40]!r}.") from None
