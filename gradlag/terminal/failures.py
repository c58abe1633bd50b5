"""How a command ends: the exit status, and one sentence for everything that can go wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from gradlag.terminal.import_clash import shadow_sentences
from gradlag.terminal.output import discard_output, print_error
from gradlag.terminal.usage import UsageError, usage_sentence
from theory.common.errors import GradlagError

_INTERRUPTED = 130


def exit_status(command: Callable[[], int], as_json: bool) -> int:
    """Run a command and return its exit status; every failure ends as one sentence.

    Args:
        command: what to run; it returns a status or raises.
        as_json: whether a failure is told as a JSON object on stdout.
    """
    try:
        status = command()
        _flush()
        # typer turns an interruption into a status of its own.
        return _interrupted(as_json) if status == _INTERRUPTED else status
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(as_json)
    except UsageError as error:
        print_error(usage_sentence(error), 2, as_json)
        return 2
    except GradlagError as error:
        print_error(str(error), error.exit_status, as_json)
        return error.exit_status
    except SystemExit:
        # typer's answer to a reader that closes the pipe while it prints its help.
        return 0
    except (OSError, MemoryError) as error:
        return _environment_failed(error, as_json)
    except Exception as error:
        return _unexpected(error, as_json)


def _interrupted(as_json: bool) -> int:
    kept = "interrupted. Runs that were finished into --out are kept, and the same command takes them up."
    print_error(kept, _INTERRUPTED, as_json)
    return _INTERRUPTED


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def _environment_failed(error: OSError | MemoryError, as_json: bool) -> int:
    if isinstance(error, MemoryError):
        sentence = "there is not enough memory. Try fewer seeds, or a larger --record-every."
    else:
        place = f" ({error.filename})" if error.filename else ""
        sentence = f"the system refused: {(error.strerror or str(error)).lower()}{place}. Mend that and run it again."
    return _fail(sentence, as_json)


def _unexpected(error: Exception, as_json: bool) -> int:
    if os.environ.get("GRADLAG_DEBUG"):
        raise error
    hidden = shadow_sentences() if isinstance(error, ImportError) else ()
    if hidden:
        return _fail(hidden[0], as_json)
    told = " ".join(str(error).split())[:200]
    return _fail(
        f"an unexpected error, which is a defect of gradlag: {type(error).__name__}: {told}. "
        "Set GRADLAG_DEBUG=1 to see where it happened, and report it.",
        as_json,
    )


def _fail(sentence: str, as_json: bool) -> int:
    """Tell of an environment that failed, even where stdout is what fails."""
    try:
        print_error(sentence, 4, as_json)
        sys.stdout.flush()
    except OSError:
        discard_output()
        print_error(sentence, 4, as_json=False)
    return 4
