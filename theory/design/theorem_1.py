r"""The best steps for the sums in Theorem 1's proof, each as one convex problem.

With L = Delta = 1 the bounds dai2019-tight and dai2019-sum are (1 + (V/2) sum eta^2)/(mu sum eta - (c/2) sum eta^2),
c = 1 or s, where every weight w_t is at least 0. A ratio of a convex and a concave function becomes convex by Charnes
and Cooper: put eta = y/z with z times the denominator at least 1,
    minimise z + (V/2) sum y^2/z  subject to  mu sum y - (c/2) sum y^2/z >= 1,  z times w_t(y/z) >= 0,
and replace y_k^2/z by q_k >= y_k^2/z, one cone for each step. Every weight is concave in (y, z), hence linear in
(y, q).
"""

from __future__ import annotations

import warnings
from typing import Any

import lazy_loader
import numpy as np
from scipy import sparse

from theory.common.errors import EnvironmentFailure
from theory.common.types import Floats
from theory.common.waiting import heard
from theory.design.brief import Brief

# It is slow to load, and its own annotations are partial.
cp: Any = lazy_loader.load("cvxpy")


def best_tight(brief: Brief) -> Floats:
    """The steps (T,), with L = 1, at which dai2019-tight is least, by a convex problem.

    The weight of x_t is mu eta_t - (1/2) sum of eta_k^2 over the steps k that read x_t.

    >>> from theory.design.brief import brief
    >>> best_tight(brief(4, 6)).round(3)  # x_0 is read by four steps
    array([1.   , 0.577, 0.577, 0.577, 1.   , 1.   ])
    """
    served = _served(brief)
    problem = _Ratio(brief, factor=1.0)
    problem.add(brief.coherence * problem.lengths - served @ problem.squares / 2 >= 0)
    steps = problem.solved()
    read = served @ steps**2 / 2
    return steps * _into_domain(brief.coherence * steps, read)


def best_sum(brief: Brief) -> Floats:
    """The steps (T,), with L = 1, at which dai2019-sum is least; they do not increase.

    >>> from theory.design.brief import brief
    >>> best_sum(brief(4, 3, mu=0.5)).round(3)
    array([0.125, 0.125, 0.125])
    """
    window = brief.staleness.window
    problem = _Ratio(brief, factor=float(window))
    problem.add(brief.coherence * problem.lengths - window * problem.squares / 2 >= 0)
    if window > 1 and brief.steps > 1:
        problem.add(problem.lengths[1:] <= problem.lengths[:-1])
    steps = problem.solved()
    steps = np.minimum.accumulate(steps) if window > 1 else steps
    return steps * _into_domain(brief.coherence * steps, window * steps**2 / 2)


class _Ratio:
    """The convex problem of a ratio; conditions are added before it is solved."""

    def __init__(self, brief: Brief, factor: float) -> None:
        # In units of the usual step the unknowns are near 1.
        self._unit, self._mu, self._steps = brief.usual_step, brief.coherence, brief.steps
        self._noise, self._factor = brief.noise, factor
        self._y, self._q = cp.Variable(brief.steps, nonneg=True), cp.Variable(brief.steps, nonneg=True)
        self._z = cp.Variable(nonneg=True)
        self._conditions: list[Any] = []

    @property
    def lengths(self) -> Any:
        """The z eta_k."""
        return self._unit * self._y

    @property
    def squares(self) -> Any:
        """At least z eta_k^2."""
        return self._unit**2 * self._q

    def add(self, condition: Any) -> None:
        """One more condition, linear in `lengths` and `squares`."""
        self._conditions.append(condition)

    def solved(self) -> Floats:
        """The best steps."""
        scale = self._steps * self._unit
        cones = cp.SOC(self._q + self._z, cp.vstack([2 * self._y, self._q - self._z]), axis=0)
        covered = self._mu * cp.sum(self.lengths) - self._factor / 2 * cp.sum(self.squares)
        problem = cp.Problem(
            cp.Minimize(self._z + self._noise / 2 * cp.sum(self.squares)),
            [cones, covered / scale >= 1, *self._conditions],
        )
        with warnings.catch_warnings():
            # "May be inaccurate" is said of a tolerance that is as tight as floats allow; the steps are judged anew.
            warnings.simplefilter("ignore", UserWarning)
            accuracy = {"tol_gap_rel": 1e-11, "tol_gap_abs": 1e-11, "tol_feas": 1e-10}
            heard(lambda ended: problem.solve(solver=cp.CLARABEL, **accuracy))
        if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE) or not self._z.value > 0:
            raise EnvironmentFailure(f"The convex problem of Theorem 1's sum was not solved: {problem.status}.")
        return np.asarray(np.maximum(self._unit * self._y.value / self._z.value, 0.0), dtype=np.float64)


def _served(brief: Brief) -> sparse.csr_matrix:
    """(T, T): row t has a 1 at each step k that reads x_t."""
    k = np.arange(brief.steps)
    return sparse.csr_matrix((np.ones(brief.steps), (brief.read_points, k)), shape=(brief.steps, brief.steps))


def _into_domain(linear: Floats, square: Floats) -> float:
    """The factor, 1 or a rounding below, that makes linear - square >= 0: shorter steps lose less of `linear`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(square > 0, linear / square, np.inf)
    least = float(ratio.min())
    return 1.0 if least > 1 else least * (1 - 1e-14)
