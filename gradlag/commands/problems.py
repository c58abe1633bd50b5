"""`gradlag problems`: the objectives, their constants and how each is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.common.progress import counted, reporting
from experiments.problems import PROBLEMS, ProblemEntry, get_problem
from gradlag.terminal.output import number, print_entry, print_prose, unbroken
from theory.common.shown import Facts, Listed


def problems(*, progress: bool = False) -> Listed[Facts]:
    """The objectives by name, with their constants at the default batch.

    Args:
        progress: show on stderr how many are settled.

    >>> problems()["quadratic"]["constants"]["L"]["known"]
    'exact'
    """
    with reporting("problems", quiet=not progress) as report:
        found = {name: _described(name, entry) for name, entry in counted(PROBLEMS.items(), report)}
    return Listed({"problems": found})


def _described(name: str, entry: ProblemEntry) -> Facts:
    problem = get_problem(name)
    facts = {
        "name": name,
        "title": entry.title,
        "dimension": problem.dimension,
        "examples": problem.examples,
        "batch": problem.default_batch,
        "options": {option.name: option.default for option in entry.options},
        "constants": {
            symbol: {"value": constant.value, "known": str(constant.known), "reason": constant.reason}
            for symbol, constant in problem.constants(problem.default_batch).items()
        },
    }
    return Facts(f"{name}: {entry.title}", facts)


def show(found: Listed[Facts]) -> None:
    """The objectives, a few lines each."""
    for name, each in found.items():
        rows = f", {each['examples']} rows" if each["examples"] else ""
        constants = ", ".join(unbroken(f"{symbol} {_constant(told)}") for symbol, told in each["constants"].items())
        options = ", ".join(f"{option}={_shown(value)}" for option, value in each["options"].items())
        print_entry(
            name,
            each["title"],
            f"{each['dimension']} unknowns{rows}; batch {each['batch']}: {constants}",
            f"options: {options}" if options else "",
        )
    print_entry("FILE.py", "your own, a Python file", _OWN_FILE)
    print_prose(
        "Options follow a colon, as in quadratic:d=5,noise=0. Of the constants at that batch, = is exact, <= a proved "
        "upper bound, ~ an estimate; --json gives the reasons."
    )


_OWN_FILE = (
    "It defines initial_point (d numbers) and gradient(x, rng) with full_gradient(x), or an exact gradient(x); and, as "
    "far as they are known, loss(x) and constants = {'L': ..., 'Delta': ..., 'sigma': ...}."
)
_SIGNS = {"exact": "=", "upper bound": "<=", "estimate": "~"}


def _constant(constant: Mapping[str, Any]) -> str:
    return f"{_SIGNS.get(constant['known'], '=')} {number(constant['value'])}"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
