"""Why designed steps have their shape: sentences made of the numbers of the design, its sensitivities and conditions.

Which steps are longer and shorter is read off the steps; why, off the slope of the target's measure with each step at
the best constant step, and off what the window of each step holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.common.types import Floats
from theory.design.brief import Brief
from theory.design.theorem_a import TheoremA
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solvers.descent import sensitivity

#: A step this close to another, relatively, counts as equal to it; one this short, to the longest, as left out.
EQUAL, LEFT_OUT = 0.01, 0.02


@dataclass(frozen=True, eq=False)
class Shape:
    """What designed steps look like beside a constant step.

    Args:
        steps: float64 (T,), positive somewhere; constant: the step compared with; delay: D, the largest delay.
    """

    steps: Floats
    constant: float
    delay: int

    @property
    def edge(self) -> int:
        """How many steps at each end count as an end: D, at most a third of all."""
        return min(self.delay, self.steps.size // 3)

    @property
    def middle(self) -> float:
        """The median step between the ends."""
        return float(np.median(self.steps[self.edge : self.steps.size - self.edge]))

    @property
    def left_out(self) -> int:
        """How many steps are 0 or nearly so."""
        return int(np.sum(self.steps <= LEFT_OUT * self.steps.max()))

    @property
    def pulsed(self) -> bool:
        """Whether steps are left out throughout, not only equal steps with different ends."""
        return self.left_out > 0.1 * self.steps.size

    @property
    def flat(self) -> bool:
        """Whether all steps are equal."""
        return bool(np.ptp(self.steps) <= EQUAL * self.steps.max())

    def within(self, tolerance: float = EQUAL) -> int:
        """How many steps are equal to the median one."""
        return int(np.sum(np.abs(self.steps - self.middle) <= tolerance * self.middle))

    def compared(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The k, counted from 1, of steps longer and shorter than the middle ones."""
        change = self.steps / self.middle - 1
        return np.flatnonzero(change > EQUAL) + 1, np.flatnonzero(change < -EQUAL) + 1


def reason(
    run: Brief, target: str, step_sizes: Floats, constant: float, solution: Solution | None = None
) -> tuple[str, ...]:
    """Sentences on the shape of designed steps.

    Args:
        run: what they were designed for; target: by which name.
        step_sizes: (T,) and the best constant step, both in the user's units.
        solution: the worst case at that constant step, where it was solved.

    >>> from theory.design.brief import brief
    >>> reason(brief(1, 5), "theorem-a", np.ones(5), 1.0)
    ('No gradient is late, so no step counts more than another: all are equal.',)
    """
    steps = step_sizes * run.smoothness
    shape = Shape(steps, constant * run.smoothness, int(run.delays.max()))
    if shape.delay == 0 and shape.flat:
        return ("No gradient is late, so no step counts more than another: all are equal.",)
    slopes = _slopes(run, target, shape.constant, solution)
    if target == "theorem-1":
        return tuple(_of_weights(run, shape))
    parts = _of_pulses(run, shape) if shape.pulsed else _of_ends(run, shape, slopes)
    return (*parts, *_of_noise(run, shape))


def _slopes(run: Brief, target: str, constant: float, solution: Solution | None) -> Floats | None:
    """By how many per cent the measure changes if a step of the best constant schedule grows by one per cent."""
    steps = np.full(run.steps, constant)
    if target == "theorem-a":
        value, gradient = TheoremA(run).value_and_gradient(steps)
        return gradient * constant / value
    if solution is None or solution.status is not Status.SOLVED:
        return None
    return sensitivity(solution) * (constant / run.smoothness) / solution.value


def _of_ends(run: Brief, shape: Shape, slopes: Floats | None) -> Iterator[str]:
    longer, shorter = shape.compared()
    yield (
        f"{shape.within()} of the {run.steps} steps are equal to {100 * EQUAL:g} %: L eta = {shape.middle:.4g}, where "
        f"the best constant step has {shape.constant:.4g}. Longer are {_listed(longer, shape)}; shorter are "
        f"{_listed(shorter, shape)}."
    )
    if shape.edge:
        if slopes is not None:
            yield _of_slopes(shape.edge, slopes)
        yield from _of_readers(run, shape)


def _of_slopes(edge: int, slopes: Floats) -> str:
    """By how much the value answers to the first, the last and other steps."""
    parts = slopes[:edge], slopes[-edge:], slopes[edge:-edge]
    first, last, rest = (float(part.mean()) * edge for part in parts)
    gaining = [name for name, slope in (("first", first), ("last", last)) if slope < min(0.0, rest)]
    verdict = f"the {' and the '.join(gaining)} steps are too short" if gaining else "neither end gains by longer steps"
    return (
        f"At the best constant step, 1 % more on each of the first {edge} steps changes the value by {first:+.2g} %, "
        f"on each of the last {edge} by {last:+.2g} %, on {edge} steps in between by {rest:+.2g} %: {verdict}."
    )


def _of_readers(run: Brief, shape: Shape) -> Iterator[str]:
    """How many later windows hold a step, and how long its own window is: the two terms of its coefficient."""
    bound, edge, middle = TheoremA(run), shape.edge, run.steps // 2
    held = bound.readers(np.ones(run.steps))
    reach = bound.windows(np.full(run.steps, shape.constant))
    yield (
        f"A step makes every gradient stale that was read before it and is applied after it: {held[middle]:.0f} of "
        f"them in the middle, {held[-1]:.0f} at the last step and {held[-edge:].mean():.2g} on average over the last "
        f"{edge}, so the end may be longer."
    )
    yield (
        "The gradient that a step applies is stale by the steps in its own window: they add up to L H = "
        f"{reach[middle]:.3g} in the middle, {reach[0]:.3g} at the first step and {reach[:edge].mean():.3g} on average "
        f"over the first {edge}, so the beginning may be longer too; the steps next to longer ones give way."
    )


def _of_pulses(run: Brief, shape: Shape) -> Iterator[str]:
    lengths, gaps = _runs(shape.steps > LEFT_OUT * shape.steps.max())
    longest = shape.steps.max()
    yield (
        f"{shape.left_out} of the {run.steps} steps are left out (shorter than {100 * LEFT_OUT:g} % of the longest); "
        f"the others come in groups of {_range(lengths)}, with {_range(gaps)} left out in between. The longest has "
        f"L eta = {longest:.4g}, {longest / shape.constant:.2g} times the best constant step."
    )
    bound = TheoremA(run)
    now, before = _blind(bound, shape.steps), _blind(bound, np.full(run.steps, shape.constant))
    total = shape.steps.sum() / run.steps / shape.constant
    yield (
        "A step after steps that were left out applies a gradient that is less stale. L times the length of the steps "
        f"taken since the gradient was read, averaged with the steps as weights, is {now:.3g}, and {before:.3g} at the "
        f"best constant step. So the steps that remain may be longer, and their sum is {total:.3g} times as large."
    )


def _runs(kept: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The lengths of the groups of steps, and of the gaps between two groups."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.astype(int), [0]])))
    begins, ends = edges[::2], edges[1::2]
    return [int(n) for n in ends - begins], [int(n) for n in begins[1:] - ends[:-1]]


def _range(numbers: list[int]) -> str:
    if not numbers:
        return "none"
    return f"{min(numbers)}" if min(numbers) == max(numbers) else f"{min(numbers)} to {max(numbers)}"


def _blind(bound: TheoremA, steps: Floats) -> float:
    """Mean of H_k, weighted by the steps."""
    return float(steps @ bound.windows(steps) / steps.sum())


def _of_noise(run: Brief, shape: Shape) -> Iterator[str]:
    if run.noise == 0:
        return
    bound = TheoremA(run)
    squares = shape.steps**2
    above = run.noise / 2 * float(squares.sum() + shape.steps @ bound.windows(squares))
    staleness = float(shape.steps @ bound.windows(shape.steps) ** 2) / 2
    share, lost = above / (1 + above), staleness / (0.5 + float(shape.steps.sum()))
    ruled = " So noise sets the step, and there is little to gain by its shape." if lost < 0.1 * share else ""
    yield (
        f"Noise costs every step alike: it is {100 * share:.3g} % of the numerator of Theorem A's bound here, while "
        f"staleness takes {100 * lost:.3g} % off its denominator.{ruled}"
    )


def _of_weights(run: Brief, shape: Shape) -> Iterator[str]:
    """Theorem 1's sum: equal steps, but for the points that many steps read."""
    readers = np.bincount(run.read_points, minlength=run.steps)
    read = np.bincount(run.read_points, weights=shape.steps**2, minlength=run.steps) / 2
    weights = run.coherence * shape.steps - read
    tight = np.flatnonzero((weights <= 1e-6 * run.coherence * shape.steps.max()) & (readers > 0))
    yield (
        "In Theorem 1's sum every step has the same gain mu eta and the same cost eta^2, whenever it comes, so equal "
        f"steps are best where they are allowed: L eta = {shape.middle:.4g}."
    )
    if shape.flat or not tight.size:
        yield "No point's weight, mu eta_t less half the squares of the steps that read x_t, would be negative."
        return
    _, shorter = shape.compared()
    yield (
        "A point's weight, mu eta_t less half the squares of the steps that read x_t, may not be negative. It is 0 at "
        f"{_places(tight)}, read by up to {int(readers[tight].max())} steps. Shorter for that are "
        f"{_listed(shorter, shape)}."
    )


def _places(points: NDArray[np.int64]) -> str:
    few = ", ".join(f"x_{point}" for point in points[:4])
    return few if points.size <= 4 else f"{few} and {points.size - 4} more points"


def _listed(k: NDArray[np.int64], shape: Shape) -> str:
    """Steps as ranges with how far they are from the middle one."""
    if not k.size:
        return "none"
    groups = np.split(k, np.flatnonzero(np.diff(k) > 1) + 1)
    shown = [_group(group, shape) for group in groups[:5]]
    more = f" and {len(groups) - 5} more groups" if len(groups) > 5 else ""
    return ", ".join(shown) + more


def _group(k: NDArray[np.int64], shape: Shape) -> str:
    change = 100 * (shape.steps[k - 1] / shape.middle - 1)
    span = f"k = {k[0]}" if k.size == 1 else f"k = {k[0]}..{k[-1]}"
    extent = f"{change.min():+.3g}" if k.size == 1 else f"{change.min():+.3g} to {change.max():+.3g}"
    return f"{span} ({extent} %)"
