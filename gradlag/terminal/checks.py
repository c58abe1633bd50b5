"""The three things that `gradlag check` is asked: of a run, of a training log, of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import typer

from gradlag.terminal.usage import ABOUT
from gradlag.terminal.wiring import answer, heard, refuse
from theory.common.errors import InputError

#: What `check` takes for a claim; and what says nothing of a claim or of a log.
_OF_A_CLAIM = (
    "schedule", "claim", "staleness", "steps", "coherence", "constants", "delays", "delays_file", "as_json",
)  # fmt: skip
_OF_A_RUN = ("problem", "seeds", "batch", "record_every", "inconsistent", "method")
_OF_A_LOG = ("norm", "columns", "squared", "optimizer", "estimates")
_NOT_OF_A_CLAIM = (*_OF_A_RUN, "level", "tails", "bounds", "log", "worst_case", *_OF_A_LOG)


def answer_check(context: typer.Context, flags: Mapping[str, Any]) -> NoReturn:
    """Refuse the flags that say nothing of what is asked, and answer it."""
    given, out = dict(flags), flags["out"]
    if flags["claim"] is not None:
        refuse(context, "one run, and a claim is about every function. Leave it out.", *_NOT_OF_A_CLAIM)
        if flags["steps"] is None:
            raise InputError("A claim is looked at up to some number of steps. Give it with --steps.")
        answer("claim", {name: flags[name] for name in _OF_A_CLAIM} | {"out": out or Path("claim")}, verb="check_claim")
    if flags["coherence"] is not None:
        raise InputError("--coherence belongs to --claim. Give mu of a run with --constants mu=NUMBER.")
    for name in ("claim", "coherence"):
        del given[name]
    if flags["log"] is not None:
        names = (*_OF_A_RUN, "first_seed")
        refuse(context, "a simulation and says nothing of a log. Leave it out beside --run.", *names)
        asked = {name: given[name] for name in given if name not in (*names, "worst_case")}
        answer("check", asked, verb="check_log", out=out)
    refuse(context, "a training log. Give the log with --run.", *_OF_A_LOG)
    if flags["problem"] is None or flags["steps"] is None:
        raise InputError(f"`gradlag check` needs {ABOUT}.")
    for name in ("log", *_OF_A_LOG):
        del given[name]
    told: list[str] = []
    answer("check", given | {"announce": heard(told)}, out=out, told=told)
