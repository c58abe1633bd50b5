"""Theorem 1's steps beside the others, network by network and staleness by staleness: how much too small they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.studies.staleness.study import depth_of
from experiments.studies.study import listed
from experiments.studies.theorem_step.store import StepResult
from experiments.studies.theorem_step.study import THEOREM, TheoremStepCell, tuned_schedule
from theory.common.types import Vector


def counted(result: StepResult) -> Vector:
    """Batches of each seed to the target, T where it was not reached, and at least those of one evaluation."""
    cell, told = result.cell, result.values["batches"]
    return np.array([cell.batches if b is None else max(b, cell.evaluate_every) for b in told], dtype=np.float64)


def arrived(result: StepResult) -> int:
    """How many seeds reached the target."""
    return sum(batches is not None for batches in result.values["batches"])


def smallest_coherence(result: StepResult) -> float:
    """The smallest mu_k of all seeds; NaN where there is none."""
    there = [mu for row in result.values.get("mu", ()) for mu in row if mu is not None]
    return min(there, default=float("nan"))


def start_square(result: StepResult) -> float:
    """The mean of |grad F(x_0)|^2 over the seeds."""
    return float(np.mean([row[0] for row in result.values["norms"]]))


def is_tuned(cell: TheoremStepCell) -> bool:
    """Whether the cell takes the step of figure 1."""
    return cell.schedule == tuned_schedule(cell.tuned)


@dataclass(frozen=True, eq=False)
class StepComparison:
    """All schedules on one network at one staleness s, as far as they are there."""

    workload: str
    staleness: int
    results: tuple[StepResult, ...]

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return depth_of(self.workload)

    def theorem(self, coherence: float) -> StepResult | None:
        """Theorem 1's steps with this mu in them."""
        return self._first(lambda cell: (cell.schedule, cell.factor) == (THEOREM, coherence))

    @property
    def tuned(self) -> StepResult | None:
        """The constant step of figure 1."""
        return self._first(is_tuned)

    def constant(self, schedule: str) -> StepResult | None:
        """The constant step of that name: HALVED is 1/(2sL), SUGGESTED that of Corollary 1."""
        return self._first(lambda cell: cell.schedule == schedule)

    @property
    def multiples(self) -> tuple[StepResult, ...]:
        """Theorem 1's steps and their multiples, from small to large."""
        there = (result for result in self.results if result.cell.schedule == THEOREM)
        return tuple(sorted(there, key=lambda result: result.cell.factor))

    @property
    def best(self) -> StepResult | None:
        """The multiple with the fewest batches to the target in the mean over the seeds; None if none gets there."""
        there = [result for result in self.multiples if arrived(result)]
        return min(there, key=lambda result: counted(result).mean(), default=None)

    @property
    def ratio(self) -> float:
        """The tuned step over the mean of Theorem 1's steps with mu = 1; NaN without both."""
        theorem, tuned = self.theorem(1.0), self.tuned
        if theorem is None or tuned is None:
            return float("nan")
        return float(tuned.values["steps"][1] / theorem.values["steps"][1])

    def _first(self, fits: Callable[[TheoremStepCell], bool]) -> StepResult | None:
        return next((result for result in self.results if fits(result.cell)), None)


def comparisons(results: Iterable[StepResult]) -> tuple[StepComparison, ...]:
    """One for each network and staleness, by depth and then by staleness."""
    groups: dict[tuple[str, int], list[StepResult]] = {}
    for result in results:
        groups.setdefault((result.cell.workload, result.cell.staleness), []).append(result)
    found = (StepComparison(workload, s, tuple(group)) for (workload, s), group in groups.items())
    return tuple(sorted(found, key=lambda each: (each.depth, each.workload, each.staleness)))


def message(found: Sequence[StepComparison]) -> tuple[str, ...]:
    """What the comparisons show, as measured: sentences, none where there is nothing to say."""
    return tuple(filter(None, (_size(found), _arrivals(found), _bounds(found), _coherence(found))))


def _size(found: Sequence[StepComparison]) -> str:
    ratios = {s: [each.ratio for each in found if each.staleness == s] for s in sorted({e.staleness for e in found})}
    whole = {s: row for s, row in ratios.items() if np.isfinite(row).all()}
    told = [f"{_two(min(row))} to {_two(max(row))} at s = {s}" for s, row in whole.items()]
    return (
        f"The tuned step is this many times the mean of Theorem 1's steps with mu = 1: {listed(told)}." if told else ""
    )


def _arrivals(found: Sequence[StepComparison]) -> str:
    pairs = [(each, each.theorem(0.5), each.theorem(1.0), each.tuned) for each in found]
    there = [(each, half, one, tuned) for each, half, one, tuned in pairs if half and one and tuned]
    if not there:
        return ""
    own = sum(arrived(half) + arrived(one) for _, half, one, _ in there)
    runs = sum(half.cell.seeds + one.cell.seeds for _, half, one, _ in there)
    tuned_own = sum(arrived(tuned) for *_, tuned in there)
    tuned_runs = sum(tuned.cell.seeds for *_, tuned in there)
    best = [each.best.cell.factor for each, *_ in there if each.best is not None]
    text = (
        f"With Theorem 1's own steps {own} of {runs} runs reach the target accuracy within T batches, with the tuned "
        f"step {tuned_own} of {tuned_runs}"
    )
    more = f"; of the multiples that were run, {min(best):g} to {max(best):g} times the steps get there first"
    return f"{text}{more if best else ''}."


def _bounds(found: Sequence[StepComparison]) -> str:
    there = [result for each in found if (result := each.theorem(0.5)) is not None]
    stated = [(result, result.values["bounds"]["dai2019"]) for result in there]
    valued = [(result, value) for result, value in stated if value is not None]
    if not valued:
        return ""
    empty = sum(value > start_square(result) for result, value in valued)
    slack = [value / result.values["least"]["mean"] for result, value in valued if result.values["least"]["mean"]]
    return (
        f"Theorem 1's bound at mu = 1/2 is {_two(min(slack))} to {_two(max(slack))} times what is measured, and in "
        f"{empty} of {len(valued)} cells above |grad F(x_0)|^2, which is known without it."
    )


def _coherence(found: Sequence[StepComparison]) -> str:
    stale = [each for each in found if each.staleness > 1]
    own = [smallest_coherence(r) for each in stale if (r := each.theorem(0.5)) is not None]
    tuned = [smallest_coherence(r) for each in stale if (r := each.tuned) is not None]
    if not own or not tuned:
        return ""
    negative = sum(mu <= 0 for mu in tuned)
    return (
        f"Beyond s = 1 the smallest mu_k that was met with its steps at mu = 1/2 is {_two(min(own), 3)}; with the "
        f"tuned step it is {_two(min(tuned))}, and at most 0, where the theorem says nothing, in {negative} of "
        f"{len(tuned)} cells."
    )


def _two(value: float, digits: int = 2) -> str:
    """A number in few digits, without an exponent.

    >>> _two(238.4), _two(0.99912, 3)
    ('240', '0.999')
    """
    return f"{float(f'{value:.{digits}g}'):g}"
