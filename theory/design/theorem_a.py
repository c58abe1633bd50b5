r"""The best steps for Theorem A: a signomial problem, by L-BFGS-B from many shapes, and by geometric programmes.

With L = Delta = 1, W_k = {tau_k..k-1}, H_k = sum of W_k's steps, Q_k of their squares, o_k = 1 where step k is
overtaken, Theorem A's value is N/R,
    N = 1 + (V/2) [sum eta_k^2 + sum eta_k (1 + 3 o_k H_k) Q_k],
    R = 1/2 + sum eta_k (1 - eta_k/2) - (1/2) sum eta_k H_k^2 (1 + 2 o_k H_k).

Its condition, every v_t >= 0, need not be imposed. Where no step can be improved, eta_k > 0 has
    1 - eta_k - H_k^2 (1 + 2 o_k H_k)/2 - sum_{i: k in W_i} eta_i (H_i + 3 o_i H_i^2) = dR/d eta_k >= 0,
as the value times it is dN/d eta_k >= 0; hence c_k <= 1, and v_t, a sum of eta_t and eta_k (1 - c_k), is not negative.

Without noise N/R has many local minima, and a constant step can be a saddle: sum eta_k H_k^2 is small where long steps
follow zeros. So the search begins at patterns of steps and zeros and at random steps besides the best constant step.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lazy_loader
import numpy as np
from scipy.optimize import minimize, minimize_scalar

from theory.common.errors import EnvironmentFailure
from theory.common.types import Floats, Stages
from theory.design.brief import Brief

# It is slow to load, and its own annotations are partial.
cp: Any = lazy_loader.load("cvxpy")

#: How many steps, and zeros, a pattern may have; how many patterns and random starts are followed.
_LONGEST, _FOLLOWED, _DRAWN, _SEED = 12, 6, 18, 0
#: A step this short beside the longest is 0, if that is not worse.
_NOTHING = 1e-7


@dataclass(frozen=True, eq=False)
class TheoremA:
    """Theorem A's value as a function of the steps, with its gradient in time linear in T.

    >>> from theory.design.brief import brief
    >>> value, gradient = TheoremA(brief(2, 2)).value_and_gradient(np.array([0.5, 0.5]))
    >>> round(value, 12)
    0.842105263158
    """

    brief: Brief

    @cached_property
    def overtaken(self) -> Floats:
        """o_k: 1 where a step in W_k read a later point than step k, and there is noise."""
        tau = self.brief.read_points
        if self.brief.noise == 0:
            return np.zeros(tau.size)
        later = [float(tau[start:k].max(initial=-1) > start) for k, start in enumerate(tau)]
        return np.array(later)

    def windows(self, values: Floats) -> Floats:
        """Sum over W_k of `values`, for each k."""
        sums = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(sums[:-1] - sums[self.brief.read_points])

    def readers(self, values: Floats) -> Floats:
        """Sum of `values` over the i with k in W_i, for each k."""
        steps, tau = self.brief.steps, self.brief.read_points
        change = np.bincount(tau, weights=values, minlength=steps) - values
        return np.asarray(np.cumsum(change))

    def value_and_gradient(self, steps: Floats) -> tuple[float, Floats]:
        """N/R and its gradient; infinite where R is not positive."""
        noise, late = self.brief.noise, self.overtaken
        reach, squares = self.windows(steps), self.windows(steps**2)
        penalty = reach**2 * (1 + 2 * late * reach)
        below = 0.5 + float(np.sum(steps * (1 - steps / 2)) - steps @ penalty / 2)
        spread = 1 + 3 * late * reach
        above = 1 + noise / 2 * float(np.sum(steps**2) + steps @ (spread * squares))
        if below <= 0:
            return np.inf, np.zeros(steps.size)
        slope_below = 1 - steps - penalty / 2 - self.readers(steps * (reach + 3 * late * reach**2))
        slope_above = noise / 2 * (2 * steps + spread * squares + 2 * steps * self.readers(steps * spread))
        slope_above = slope_above + noise / 2 * self.readers(steps * 3 * late * squares)
        value = above / below
        return value, np.asarray((slope_above - value * slope_below) / below)

    def local(self, start: Floats) -> tuple[float, Floats]:
        """The local minimum that L-BFGS-B reaches from `start`, over steps of at least 0."""
        unit = float(start.mean())

        def logarithm(lengths: Floats) -> tuple[float, Floats]:
            value, gradient = self.value_and_gradient(lengths * unit)
            return (float(np.log(value)), gradient * unit / value) if np.isfinite(value) else (1e3, gradient)

        options = {"ftol": 1e-16, "gtol": 1e-11, "maxiter": 2000, "maxfun": 4000, "maxcor": 20}
        bounds = [(0.0, None)] * start.size
        found = minimize(logarithm, start / unit, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        steps = np.maximum(found.x, 0.0) * unit
        rounded = np.where(steps < _NOTHING * steps.max(), 0.0, steps)
        return min(((self.value_and_gradient(s)[0], s) for s in (rounded, steps, start)), key=lambda pair: pair[0])

    def scaled(self, shape: Floats) -> tuple[float, Floats]:
        """The best multiple of a shape, and its value."""
        unit = self.brief.usual_step / float(shape.mean())
        grid = np.log(unit * np.geomspace(1e-2, 1e1, 25))
        values = [self.value_and_gradient(shape * np.exp(factor))[0] for factor in grid]
        best = int(np.argmin(values))
        around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        found = minimize_scalar(
            lambda factor: min(self.value_and_gradient(shape * np.exp(factor))[0], 1e100),
            bounds=around,
            method="bounded",
            options={"xatol": 1e-10},
        )
        return float(found.fun), np.asarray(shape * np.exp(found.x))


def best_theorem_a(brief: Brief, *, progress: Stages | None = None) -> Floats:
    """The best steps found for Theorem A, (T,), with L = 1: never worse than the best constant step.

    >>> from theory.design.brief import brief
    >>> best_theorem_a(brief(1, 4)).round(6)
    array([1., 1., 1., 1.])
    """
    bound = TheoremA(brief)
    starts = [bound.scaled(np.ones(brief.steps))[1], *_starts(bound)]
    ends = []
    for number, start in enumerate(starts, 1):
        ends.append(bound.local(start))
        if progress:
            progress(number, len(starts), f"Theorem A {min(value for value, _ in ends):.6g}")
    return min(ends, key=lambda pair: pair[0])[1]


def _starts(bound: TheoremA) -> Iterator[Floats]:
    """The best few patterns, then random steps; none without delays, where equal steps are the only minimum."""
    if not bound.brief.delays.any():
        return
    ranked = sorted((bound.scaled(shape) for shape in _patterns(bound.brief)), key=lambda pair: pair[0])
    yield from (steps for _, steps in ranked[:_FOLLOWED])
    chance = np.random.default_rng(_SEED)
    for _ in range(_DRAWN):
        yield bound.scaled(0.05 + chance.random(bound.brief.steps))[1]


def _patterns(brief: Brief) -> Iterator[Floats]:
    """So many equal steps, then so many zeros, over and over; the last step is one, and so is the first or not."""
    longest = min(int(brief.delays.max()), _LONGEST, brief.steps - 1)
    k = np.arange(brief.steps)
    for taken in range(1, longest + 1):
        for left_out in range(1, longest + 1):
            period = taken + left_out
            yield np.where((brief.steps - 1 - k) % period < taken, 1.0, 0.05)
            yield np.where(k % period < taken, 1.0, 0.05)


def by_geometric_programmes(
    brief: Brief, start: Floats | None = None, *, rounds: int = 60, tolerance: float = 1e-10
) -> tuple[Floats, tuple[float, ...]]:
    r"""Theorem A's steps by geometric programmes, the reference for small T.

    min N/R is the least v with N/v + P <= S, where R = S - P, S = 1/2 + sum eta and N, P are posynomials. S is at least
    the monomial prod (term/weight)^weight with the weights that its terms have at the steps before, with equality
    there: each programme is convex in the logarithms, feasible at the steps before, and lowers v.

    Args:
        brief: the run; start: positive steps with L = 1, by default the best constant step.
        rounds: at most so many programmes; tolerance: relative decrease at which they stop.

    Returns:
        The steps, and the value before each programme and after the last, which never increases.

    Raises:
        EnvironmentFailure: a programme was not solved.
    """
    bound = TheoremA(brief)
    steps = bound.scaled(np.ones(brief.steps))[1] if start is None else start
    values = [bound.value_and_gradient(steps)[0]]
    for _ in range(rounds):
        found = _condensed(bound, steps)
        value = bound.value_and_gradient(found)[0]
        if value >= values[-1]:
            break
        steps = found
        values.append(value)
        if values[-2] - value <= tolerance * value:
            break
    return steps, tuple(values)


def _condensed(bound: TheoremA, before: Floats) -> Floats:
    """The best steps of the programme whose weights are those of `before`."""
    brief, late = bound.brief, bound.overtaken
    steps, value = cp.Variable(brief.steps, pos=True), cp.Variable(pos=True)
    above, penalty = [cp.Constant(1.0)], [cp.sum(steps**2) / 2]
    if brief.noise > 0:
        above.append(brief.noise / 2 * cp.sum(steps**2))
    for k in np.flatnonzero(brief.delays):
        window = steps[int(brief.read_points[k]) : int(k)]
        reach = cp.sum(window)
        penalty.append(steps[int(k)] * reach**2 * (1 + 2 * reach if late[k] else 1) / 2)
        if brief.noise > 0:
            spread = 1 + 3 * reach if late[k] else 1
            above.append(brief.noise / 2 * steps[int(k)] * cp.sum(window**2) * spread)
    total = 0.5 + before.sum()
    weights = before / total
    constant = float(total ** (0.5 / total) * np.prod(weights**-weights))
    monomial = constant * cp.prod(cp.hstack([steps[k] ** float(weights[k]) for k in range(brief.steps)]))
    problem = cp.Problem(
        cp.Minimize(value), [sum(above[1:], above[0]) / value + sum(penalty[1:], penalty[0]) <= monomial]
    )
    with warnings.catch_warnings():
        # cvxpy says "may be inaccurate"; the value is computed anew from the steps and must not increase.
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(gp=True, solver=cp.CLARABEL)
    if steps.value is None:
        raise EnvironmentFailure(f"A geometric programme of Theorem A was not solved: {problem.status}.")
    return np.asarray(steps.value, dtype=np.float64)
