"""What the page takes from the library: objectives, limits, methods and schedules as numbers, bounds as functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.problems.registry import get_problem
from gradlag.teaching.page.javascript import evaluator, function, size
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, beyond_floats, moves_taken_back
from theory.bounds.registry import get
from theory.methods.counter_momentum import Tuning
from theory.schedules.schedule import Schedule
from theory.staleness.stability import (
    adversarial_delay_limit,
    adversarial_period,
    fixed_delay_limit,
    uniform_delay_limit,
)

LONGEST = 16
SEEDS = 32
#: The momenta of the slider: their limits of stability are looked up.
MOMENTA = tuple(round(0.05 * i, 2) for i in range(-12, 20))
#: The objectives of the page, spelled as for `--problem`, with their noise to be added.
PROBLEMS: Mapping[str, str] = {"valley": "quadratic:d=2,condition=10,start=3", "hills": "nonconvex:d=2,start=1.5"}
BOUNDS = ("theorem-a", "theorem-b", "theorem-c", "counter-momentum")
#: The steps of the race, by contestant, as for `--schedule`.
SCHEDULES: Mapping[str, str] = {"constant": "constant", "wait": "constant", "adaptive": "delay-adaptive"}


def objective(spelling: str) -> dict[str, Any]:
    """What the page needs of an objective besides its gradient."""
    problem = get_problem(spelling)
    constants = {name: problem.constants(1)[name].value for name in ("L", "Delta")}
    curvatures = getattr(problem, "curvatures", np.ones(problem.dimension))
    return {
        "spelling": spelling,
        "curvatures": curvatures.tolist(),
        "start": problem.initial_point.tolist(),
        **constants,
    }


def tuning(delay: int) -> dict[str, Any]:
    """Counter-momentum at a delay."""
    found = Tuning.of(delay)
    return {
        "delay": delay,
        "theta": found.theta,
        "step": found.step,
        "moves": found.moves.tolist(),
        "start": found.start.tolist(),
    }


def numbers() -> dict[str, Any]:
    """Every number that the page looks up; index D of a list is the delay."""
    delays = range(LONGEST + 1)
    return {
        "longest": LONGEST,
        "seeds": SEEDS,
        "momenta": MOMENTA,
        "objectives": {name: {"name": name, **objective(spelling)} for name, spelling in PROBLEMS.items()},
        "limits": {
            "constant": [[fixed_delay_limit(delay, beta) for beta in MOMENTA] for delay in delays],
            "uniform": [[uniform_delay_limit(delay, beta) for beta in MOMENTA] for delay in delays],
            # With momentum none is known.
            "adversarial": [[adversarial_delay_limit(d) if beta == 0 else None for beta in MOMENTA] for d in delays],
        },
        "periods": [adversarial_period(delay) for delay in delays],
        "tunings": [tuning(delay) for delay in delays],
    }


def javascript() -> str:
    """The module `library.js`."""
    bounds = ",\n".join(f"{json.dumps(name)}: {_bound(get(name))}" for name in BOUNDS)
    schedules = ",\n".join(
        f"{name}: {{ text: {json.dumps(Schedule(text).expression)}, sizes: {function(Schedule(text).formula)} }}"
        for name, text in SCHEDULES.items()
    )
    return (
        'import { sineRatio } from "./operators.js";\n'
        f"export const LIBRARY = {json.dumps(numbers())};\n"
        f"export const BOUNDS = {{\n{bounds}\n}};\n"
        f"export const SCHEDULES = {{\n{schedules}\n}};\n"
    )


def _bound(bound: Bound) -> str:
    beyond, other = beyond_floats(bound.name), moves_taken_back(bound.name)
    broken = bound.conditions[-1].broken if bound.takes_moves else other.what
    facts = {
        "name": bound.name,
        "title": bound.title.partition(":")[0],
        "takesMoves": bound.takes_moves,
        "beyond": {"broken": beyond.what, "index": None},
        "otherKind": {"broken": broken, "index": None},
    }
    conditions = ", ".join(map(_condition, bound.conditions))
    return f"{{ ...{json.dumps(facts)}, conditions: [{conditions}], evaluate: {evaluator(bound)} }}"


def _condition(condition: Condition) -> str:
    if condition.when is not None:
        raise ValueError(f"The page has no conditions that are asked for under another one. Got {condition.name!r}.")
    facts = {
        "broken": condition.broken,
        "symbol": condition.symbol,
        "relation": condition.relation.value,
        "words": condition.relation.words,
        "index": condition.index,
        "since": condition.since,
        "relative": condition.relative,
    }
    return f"{{ ...{json.dumps(facts)}, size: {size(condition)} }}"
