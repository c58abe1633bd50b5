"""What is computed from the cells: one method beside another, problem by problem, at equal or at chosen steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.studies.claim import Effect, needed
from experiments.studies.systems.counter_momentum.cells import DECIDING, DELAYS, RealCell
from experiments.sweep.json_store import CellResult
from theory.bounds.counter_momentum import COUNTER_MOMENTUM, run_of_method
from theory.common.types import Vector
from theory.staleness.count import Staleness

Results = Sequence[CellResult[Any]]
LATE = tuple(each for each in DELAYS if each.startswith("fixed") and each != "fixed:0")
CACHES = tuple(each for each in DELAYS if each.startswith("caches"))
TRACES = tuple(each for each in DELAYS if each.startswith("trace"))
OURS = "counter-momentum"
UNTUNED, TUNED = 1.0, "tuned"
#: Below this part of the first squared gradient nothing is told apart.
FLOOR = 2.0**-40


class Place(NamedTuple):
    """Where methods are compared."""

    problem: str
    delays: str
    noisy: bool


def by_place(results: Results) -> dict[Place, CellResult[RealCell]]:
    """The cells by what they are about."""
    return {Place(each.cell.problem, each.cell.delays, each.cell.batch > 0): each for each in results}


def short_name(problem: str) -> str:
    """A problem as readers know it.

    >>> short_name("dnn:depth=2,width=16,bits=64"), short_name("worst-function:noise=0.3")
    ('network, depth 2', 'worst-function')
    """
    name, _, options = problem.partition(":")
    depth = "2" if "depth=2" in options else "1"
    return f"network, depth {depth}" if name == "dnn" else name


def chosen(result: CellResult[RealCell], method: str, steps: float | str, horizon: str = "least") -> int:
    """The place in the grid: a given multiple of the theory's step, or the best on the seeds that tune."""
    if steps != TUNED:
        return result.cell.scales.index(float(steps))
    tuning = 1 if result.cell.alike else result.cell.tuning
    return int(_logs(result, method, horizon)[:, :tuning].mean(axis=1).argmin())


def at_edge(result: CellResult[RealCell], method: str) -> bool:
    """Whether a wider grid might hold a better step."""
    return chosen(result, method, TUNED) in (0, len(result.cell.scales) - 1)


def quality(result: CellResult[RealCell], method: str, steps: float | str, horizon: str = "least") -> Vector:
    """log2 of the least squared gradient over that at x_0, of each seed that is measured."""
    return _measured(result, _logs(result, method, horizon)[chosen(result, method, steps, horizon)])


def _logs(result: CellResult[RealCell], method: str, horizon: str) -> Vector:
    """The same of the whole grid: (scales, seeds)."""
    values = np.array(result.values["methods"][method][horizon]) / np.array(result.values["start"]["least"])
    return np.asarray(np.log2(np.maximum(values, FLOOR)))


def _measured(result: CellResult[RealCell], values: Vector) -> Vector:
    return values if result.cell.alike else values[result.cell.tuning :]


def losses(result: CellResult[RealCell], method: str, steps: float | str) -> Vector:
    """F(x_T) of each seed that is measured; infinite after a divergence."""
    row = result.values["methods"][method]["loss"][chosen(result, method, steps)]
    return _measured(result, np.array([np.inf if loss is None else loss for loss in row]))


def risen(result: CellResult[RealCell], method: str, steps: float | str) -> float:
    """The share of the seeds that end above F(x_0), or nowhere."""
    return float(np.mean(losses(result, method, steps) > _measured(result, np.array(result.values["start"]["loss"]))))


def ratio(
    result: CellResult[RealCell],
    method: str,
    other: str,
    steps: float | str,
    other_steps: float | str | None = None,
    horizon: str = "least",
) -> Vector:
    """log2 of one method's least squared gradient over another's, of each seed."""
    theirs = steps if other_steps is None else other_steps
    return quality(result, method, steps, horizon) - quality(result, other, theirs, horizon)


Number = Callable[[CellResult[RealCell]], float]


def over_problems(results: Results, delays: Sequence[str], noisy: bool, of: Number) -> dict[str, float]:
    """A number for each problem: the mean over these delays."""
    found: dict[str, list[float]] = {}
    for place, result in by_place(results).items():
        if place.delays in delays and place.noisy == noisy:
            found.setdefault(place.problem, []).append(of(result))
    return {problem: float(np.mean(each)) for problem, each in found.items()}


def _effect(results: Results, found: Mapping[str, float], words: str, show: Callable[[float], str]) -> Effect:
    needed(found, f"Runs are not there: {words}.")
    told = f"{words}: {', '.join(f'{short_name(name)} {show(value)}' for name, value in found.items())}"
    noisy = [each.cell.seeds for each in results if each.cell.batch]
    few = min(noisy, default=0) < DECIDING
    left = f"; left open: {DECIDING} seeds decide it, at a larger scale" if few else ""
    return Effect(np.array(list(found.values())), told + left, sound=not few)


def apart(
    method: str,
    other: str,
    steps: float | str,
    *,
    delays: Sequence[str] = LATE,
    noisy: bool = False,
    other_steps: float | str | None = None,
    horizon: str = "least",
) -> Callable[[Results], Effect]:
    """The effect: log2 of one method's least squared gradient over another's, one number a problem."""

    def effect(results: Results) -> Effect:
        found = over_problems(
            results,
            delays,
            noisy,
            lambda each: float(ratio(each, method, other, steps, other_steps, horizon).mean()),
        )
        return _effect(results, found, f"ratios {method} / {other}", lambda value: f"{2**value:.3g}")

    return effect


def rises(steps: float) -> Callable[[Results], Effect]:
    """The effect: the share of runs that end above F(x_0), counter-momentum less delayed steps."""

    def effect(results: Results) -> Effect:
        found = over_problems(
            results, LATE, False, lambda each: risen(each, OURS, steps) - risen(each, "delayed", steps)
        )
        return _effect(results, found, "share that ends above its start, less that of delayed", "{:.2g}".format)

    return effect


def proved(result: CellResult[RealCell]) -> float:
    """What the bound says of counter-momentum without noise under a fixed delay."""
    constants = {name: value for name, (value, _) in result.values["constants"].items()} | {"sigma": 0.0}
    return COUNTER_MOMENTUM.evaluate(run_of_method(result.cell.steps, Staleness(result.values["window"]), constants))


def has_constants(result: CellResult[RealCell]) -> bool:
    """Whether L is known, and not an estimate."""
    return bool(result.values["constants"]["L"][1] != "estimate")


def below_bound(results: Results) -> Effect:
    """The least over the delays of log2 of the bound over what is measured."""
    known = [each for each in results if has_constants(each) and not each.cell.batch]

    def slack(result: CellResult[RealCell]) -> float:
        start = np.array(result.values["start"]["least"])[0]
        return float(np.log2(proved(result) / start) - quality(result, OURS, UNTUNED)[0])

    parts = [over_problems(known, (delays,), False, slack) for delays in ("fixed:0", *LATE)]
    least = {name: min(part[name] for part in parts if name in part) for part in parts for name in part}
    return _effect(results, least, "bound / measured, at least", lambda value: f"{2**value:.3g}")


def problems_of(results: Results) -> Iterator[str]:
    """The problems in the order of the study."""
    yield from dict.fromkeys(each.cell.problem for each in results)


def lower_than(other: str, steps: float | str, **options: Any) -> Callable[[Results], Effect]:
    """How much lower counter-momentum ends than another method."""
    return apart(other, OURS, steps, **options)


def higher_than(other: str, steps: float | str, **options: Any) -> Callable[[Results], Effect]:
    """How much higher it ends."""
    return apart(OURS, other, steps, **options)
