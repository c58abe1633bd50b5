r"""Better steps by descent on the worst case itself: how its value changes with each step, and steps that lower it.

The value is V(eta) = max t over function values and inner products G that meet the rows r(G; eta) >= 0. By the envelope
theorem dV/d eta_k = sum over rows of multiplier * dr/d eta_k at the optimal G. With u_k = g_{tau_k} + e_k and
d = x_i - x_j = sum_{i <= l < j} eta_l u_l a row changes by -+<g_i + g_j, u_k>/2 + <d, u_k>/2. V is a maximum, so it can
have kinks, where this is one of several slopes; every value is a value of V, whatever the slopes were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from theory.common.errors import EnvironmentFailure
from theory.common.types import Floats, Ints, Stages
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Gram, Multipliers, Solution, Status
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.inequalities import neighbours

#: |g_0|^2 <= 2 L Delta for every function: what a point counts at which the solver fails.
_WORST = 2.0
#: Of the solver, the second where it fails with the first. What is reported is solved again.
_TOLERANCES = (1e-8, 1e-7)
#: Windows of nodes that stay quick: up to so many gradients, and so many gradients and noises.
_SEARCH = 20  # solves that the search for a constant step usually takes
_QUIET_WINDOW, _NOISY_WINDOW = 12, 9


@dataclass(frozen=True, eq=False)
class Descent:
    """What a descent found.

    Args:
        step_sizes: float64 (T,), the best steps met; value: the worst case there, over the pairs that were used: an
            upper bound.
        start: the value at the steps it began from.
        solves: how many worst cases were solved.
    """

    step_sizes: Floats
    value: float
    start: float
    solves: int


def sensitivity(solution: Solution) -> Floats:
    r"""How the worst case changes with each step, $\partial V/\partial\eta_k$.

    Args:
        solution: with multipliers and Gram matrix.

    Returns:
        float64 (T,), in units of the value over those of a step.

    Raises:
        EnvironmentFailure: the solver left no multipliers.

    >>> from theory.worst_case.solve import worst_case
    >>> slopes = sensitivity(worst_case(Question([0.5], [0])))  # V = 1/(1/2 + eta - eta^2/4) for eta < 1
    >>> [round(float(slope), 4) for slope in slopes]
    [-0.8533]
    """
    multipliers, gram = solution.multipliers, solution.gram
    if multipliers is None or gram is None:
        raise EnvironmentFailure("The solver left no multipliers, so there are no sensitivities. Change the steps.")
    question = solution.question.normalised()
    inner = _Inner(gram, 2 * (question.steps + 1))
    slopes = _of_rows(question, multipliers, inner)
    if question.measure is Measure.MINIMUM:
        slopes = slopes / multipliers.measure.sum()
    else:
        slopes = slopes + _of_weights(question, inner)
    return np.asarray(slopes * solution.question.scale * solution.question.smoothness, dtype=np.float64)


class _Inner:
    """Inner products of nodes by their numbers; 0 where no window holds the pair, as then they are orthogonal."""

    def __init__(self, gram: Gram, nodes: int) -> None:
        grids = [(np.maximum.outer(own, own), np.minimum.outer(own, own)) for own, _ in gram.windows]
        keys = np.concatenate([(high * nodes + low).ravel() for high, low in grids])
        values = np.concatenate([matrix.ravel() for _, matrix in gram.windows])
        self._keys, first = np.unique(keys, return_index=True)
        self._values, self._nodes = values[first], nodes

    def __call__(self, left: Ints, right: Ints) -> Floats:
        key = np.maximum(left, right) * self._nodes + np.minimum(left, right)
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return np.where(self._keys[place] == key, self._values[place], 0.0)


def _of_rows(question: Question, multipliers: Multipliers, inner: _Inner) -> Floats:
    """Sum over the interpolation rows of multiplier * d row / d eta_k."""
    low, high = multipliers.pairs.min(axis=1), multipliers.pairs.max(axis=1)
    direction = np.where(multipliers.pairs[:, 0] < multipliers.pairs[:, 1], -1.0, 1.0)
    slopes = np.zeros(question.steps)
    for span in np.unique(high - low):
        rows = np.flatnonzero(high - low == span)
        steps = low[rows, None] + np.arange(span)
        ends = _with_step(question, low[rows, None], steps, inner) + _with_step(
            question, high[rows, None], steps, inner
        )
        travelled = sum(
            (
                question.step_sizes[other] * _between_steps(question, other, steps, inner)
                for other in np.split(steps, span, axis=1)
            ),
            start=np.zeros(steps.shape),
        )
        change = direction[rows, None] * ends / 2 + travelled / 2
        np.add.at(slopes, steps, multipliers.pair[rows, None] * change)
    return slopes


def _with_step(question: Question, point: Ints, step: Ints, inner: _Inner) -> Floats:
    """<g_point, u_step>; a gradient is orthogonal to the noise of a step that was not yet taken."""
    value = inner(point, question.read_points[step])
    if question.variance > 0:
        value = value + np.where(point > step, inner(point, question.steps + 1 + step), 0.0)
    return value


def _between_steps(question: Question, one: Ints, other: Ints, inner: _Inner) -> Floats:
    """<u_one, u_other>."""
    tau, noise = question.read_points, question.steps + 1
    value = inner(tau[one], tau[other])
    if question.variance > 0:
        value = value + np.where(tau[one] > other, inner(tau[one], noise + other), 0.0)
        value = value + np.where(tau[other] > one, inner(tau[other], noise + one), 0.0)
        value = value + np.where(one == other, inner(noise + one, noise + other), 0.0)
    return value


def _of_weights(question: Question, inner: _Inner) -> Floats:
    """What the weights of the mean, eta_k over the sum of the steps, add."""
    points, total = np.arange(question.steps), question.step_sizes.sum()
    squares = inner(points, points)
    return np.asarray((squares - question.step_sizes @ squares / total) / total, dtype=np.float64)


def default_reach(question: Question) -> int:
    """Pairs up to one more than the largest delay apart, as far as they stay quick.

    >>> default_reach(Question([0.1] * 9, [0, 1, 2, 2, 2, 2, 2, 2, 2]))
    3
    """
    delay = int(question.delays.max(initial=0))
    room = (_NOISY_WINDOW if question.variance > 0 else _QUIET_WINDOW) - delay
    return int(np.clip(min(delay + 1, room), 1, question.steps))


def descend(
    question: Question, *, pairs: Ints | None = None, solves: int = 100, progress: Stages | None = None
) -> Descent:
    """Lower the worst case from the steps of a question, by L-BFGS-B over all steps of at least 0.

    Args:
        question: where it begins; the delays and constants stay.
        pairs: int64 (P, 2), the interpolation pairs; None for those up to `default_reach` steps apart.
        solves: about how many worst cases may be solved.
        progress: called with (done, total, text) after each solve.

    Returns:
        The best steps met, never worse than those it began from by this measure.

    Raises:
        EnvironmentFailure: the solver fails at the first steps.
    """
    normal = question.normalised()
    pairs = neighbours(normal.steps, default_reach(normal)) if pairs is None else pairs
    unit = float(normal.step_sizes.mean()) or 1.0
    path = _Path(normal, pairs, unit, solves, progress)
    start, _ = path(normal.step_sizes / unit)
    if start >= _WORST:
        raise EnvironmentFailure("The solver finds no worst case at the steps that the descent begins from.")
    minimize(
        path,
        normal.step_sizes / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * normal.steps,
        options={"maxfun": solves - 1, "ftol": 1e-8, "gtol": 1e-7, "maxcor": 20},
    )
    return Descent(
        step_sizes=path.best_steps / question.smoothness,
        value=path.best * question.scale,
        start=start * question.scale,
        solves=path.count,
    )


@dataclass
class _Path:
    """The worst case and its slopes for L-BFGS-B, with the best steps met."""

    question: Question
    pairs: Ints
    unit: float
    total: int
    progress: Stages | None
    count: int = 0
    best: float = np.inf
    best_steps: Floats = field(default_factory=lambda: np.empty(0))

    def __call__(self, lengths: Floats) -> tuple[float, Floats]:
        steps = np.maximum(lengths, 0.0) * self.unit
        value, slopes = _guide(self.question.replaced(step_sizes=steps), self.pairs)
        self.count += 1
        if value < self.best:
            self.best, self.best_steps = value, steps
        if self.progress:
            self.progress(min(self.count, self.total), self.total + 1, f"worst case {self.best:.6g}")
        return value, slopes * self.unit


def _guide(question: Question, pairs: Ints) -> tuple[float, Floats]:
    """A value and slopes of a normalised question that may guide a descent; 2 and zeros where the solver fails."""
    for tolerance in _TOLERANCES:
        solution = solve(question, pairs, tolerance=tolerance)
        if solution.status is Status.SOLVED:
            return solution.value, sensitivity(solution)
    return _WORST, np.zeros(question.steps)


def without_zero_steps(question: Question) -> Question:
    """The same run with its steps of length 0 left out, as they repeat a point; the same worst case of the minimum.

    Repeated points leave a semidefinite program without an interior, where solvers stall. A question about the mean, or
    with coherence, whose window counts all points, is handed back as it is.

    >>> without_zero_steps(Question([1.0, 0.0, 1.0], [0, 1, 1])).delays
    array([0, 0])
    """
    kept = question.step_sizes > 0
    if kept.all() or not kept.any() or question.coherence is not None or question.measure is Measure.MEAN:
        return question
    point = np.concatenate([[0], np.cumsum(kept)])  # the number that each point has where none is repeated
    delays = np.arange(kept.sum()) - point[question.read_points[kept]]
    return question.replaced(step_sizes=question.step_sizes[kept], delays=delays)


def best_constant(question: Question, *, reach: int | None = None, progress: Stages | None = None) -> float:
    """The constant step with the least worst case, by a search over its logarithm to 1e-3.

    Args:
        question: delays and constants; its steps do not matter.
        reach: pairs up to this many steps apart; None for `default_reach`.
        progress: called with (done, total, text) after each solve.

    >>> round(best_constant(Question([1.0] * 3, [0, 0, 0])), 2)  # 2/sqrt(3)
    1.15
    """
    normal = question.normalised()
    pairs = neighbours(normal.steps, default_reach(normal) if reach is None else reach)
    solved: list[float] = []

    def value(logarithm: float) -> float:
        steps = np.full(normal.steps, np.exp(logarithm))
        solved.append(_guide(normal.replaced(step_sizes=steps), pairs)[0])
        if progress:
            progress(
                min(len(solved), _SEARCH), _SEARCH + 1, f"constant step {np.exp(logarithm) / question.smoothness:.4g}"
            )
        return solved[-1]

    around = _bracket(value, float(np.log(_guess(normal))))
    found = minimize_scalar(value, bounds=(around[0], around[2]), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x if found.fun <= value(around[1]) else around[1]) / question.smoothness)


def _bracket(value: Callable[[float], float], start: float) -> tuple[float, float, float]:
    """Three places half a unit apart, the value least in the middle; it walks downhill from `start`."""
    places = [start - 0.5, start, start + 0.5]
    values = [value(place) for place in places]
    for _ in range(12):
        if values[1] <= min(values):
            break
        if values[0] < values[2]:
            places, values = [places[0] - 0.5, *places[:2]], [value(places[0] - 0.5), *values[:2]]
        else:
            places, values = [*places[1:], places[2] + 0.5], [*values[1:], value(places[2] + 0.5)]
    return places[0], places[1], places[2]


def _guess(question: Question) -> float:
    """Near the best constant step: .9/(D + 1/2) without noise, Corollary 1's with much."""
    delay = float(question.delays.max(initial=0))
    return float(1 / ((delay + 0.5) / 0.9 + np.sqrt(question.variance * question.steps / 2)))
