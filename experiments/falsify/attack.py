r"""The strongest run against a bound at one setting: the best single function, and the best sum of several.

With weights $w_i\ge0$ on the columns, a run in several dimensions has the gap $\sum w_i\gamma_i/L$, the variance
$\sum w_i\nu_i^2$ and $\mathbb E\|\nabla F(x_t)\|^2=\sum w_ia_{it}$. Making the least of these over t as large as
possible is a linear program, and the coherence that a bound may assume is linear in w as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from experiments.falsify.unit_runs import UnitRuns
from theory.common.types import Flags, Ints, Matrix, Vector

_IN_PROGRAM = 60  # columns that enter the linear program
_SMALL = 1e-7


@dataclass(frozen=True, eq=False)
class Budget:
    """What a run may use and must show, and what is measured of it.

    Args:
        gap, variance: L Delta and sigma^2.
        coherence: mu, if the run must show it.
        readings: float64 (T + 1, R), what is measured: the least entry of E|grad F(x_t)|^2 @ readings. The identity for
            the minimum over all points, one column of weights for a weighted mean.
        moment: G^2, at most which is E|g + e|^2 of every gradient that is applied; read: the points where these are.
    """

    gap: float
    variance: float
    coherence: float | None
    readings: Matrix
    moment: float = np.inf
    read: tuple[int, ...] = ()

    def uses(self, columns: UnitRuns) -> list[tuple[Vector, float]]:
        """What each column uses of what there is, and how much there is of it."""
        applied = [(columns.squared[:, point] + columns.variance, self.moment) for point in self.read]
        return [(columns.gap, self.gap), (columns.variance, self.variance), *applied]


@dataclass(frozen=True)
class Strongest:
    """The run with the largest least reading, such as min_t E|grad F(x_t)|^2, that was found.

    Args:
        measured: that least reading.
        runs: how many single functions kept to the assumptions.
        weights: (column, weight) of the functions that make up the run.
    """

    measured: float
    runs: int
    weights: tuple[tuple[int, float], ...]


def strongest(columns: UnitRuns, budget: Budget, *, mix: bool = True) -> Strongest:
    """The largest least reading over the columns and, if `mix`, over their sums."""
    weights = _alone(columns, budget)
    coherent = _coherent(columns.squared, columns.inner, budget) & (weights > 0)
    if not coherent.any() and (budget.coherence is None or not mix):
        return Strongest(0.0, 0, ())
    seen = columns.squared @ budget.readings
    minima = np.where(coherent, weights * seen.min(axis=1), 0.0)
    best = int(np.argmax(minima))
    alone = Strongest(float(minima[best]), int(coherent.sum()), ((best, float(weights[best])),))
    if not mix:
        return alone
    mixed = _mixed(columns, budget, weights, seen)
    # A sum has to be worth its length.
    better = mixed.measured > alone.measured * (1 + _SMALL)
    return Strongest(mixed.measured, alone.runs, mixed.weights) if better else alone


def _alone(columns: UnitRuns, budget: Budget) -> Vector:
    """The largest weight of each column alone; zero where a column uses what there is none of."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        each = [np.where(used > 0, available / used, np.inf) for used, available in budget.uses(columns)]
    weight = np.min(each, axis=0)
    return np.where(np.isfinite(weight), weight, 0.0)


def _coherent(squared: Matrix, inner: Matrix, budget: Budget) -> Flags:
    """Which runs show E<g_k, g_tau_k> >= mu E|g_k|^2 at every step."""
    if budget.coherence is None:
        return np.ones(squared.shape[:-1], dtype=np.bool_)
    return np.asarray((inner >= budget.coherence * squared[..., :-1]).all(axis=-1))


def _mixed(columns: UnitRuns, budget: Budget, weights: Vector, seen: Matrix) -> Strongest:
    rows = _promising(columns, weights, seen)
    if rows.size == 0:
        return Strongest(0.0, 0, ())
    # In units of each column's own largest weight, so that all numbers are of moderate size.
    scale = weights[rows]
    size = max(float((scale[:, None] * seen[rows]).max()), 1e-300)
    gains = (scale[:, None] * seen[rows]).T / size
    uses = [(scale * used[rows] / available)[None, :] for used, available in budget.uses(columns) if available > 0]
    upper = [np.hstack((-gains, np.ones((len(gains), 1)))), *(np.hstack((use, [[0.0]])) for use in uses)]
    limits = [np.zeros(len(gains)), np.ones(len(uses))]
    if budget.coherence is not None:
        margin = (columns.inner - budget.coherence * (1 + _SMALL) * columns.squared[:, :-1])[rows]
        upper.append(np.hstack((-(scale[:, None] * margin).T / size, np.zeros((margin.shape[1], 1)))))
        limits.append(np.zeros(margin.shape[1]))
    found = linprog(
        np.append(np.zeros(rows.size), -1.0), A_ub=np.vstack(upper), b_ub=np.concatenate(limits), method="highs"
    )
    if found.x is None:
        return Strongest(0.0, 0, ())
    mixture = np.maximum(found.x[:-1], 0.0) * scale
    return _judged(columns, budget, rows, mixture)


def _promising(columns: UnitRuns, weights: Vector, seen: Matrix) -> Ints:
    """The columns with the largest minima, and those with the largest values where these have theirs."""
    useful = np.flatnonzero(weights > 0)
    scaled = weights[useful, None] * seen[useful]
    by_minimum = np.argsort(-scaled.min(axis=1))[: _IN_PROGRAM // 2]
    lowest = np.unique(np.argmin(scaled[by_minimum], axis=1)) if useful.size else np.empty(0, dtype=np.int64)
    by_value = np.argsort(-scaled[:, lowest], axis=0)[: max(1, _IN_PROGRAM // (2 * max(lowest.size, 1)))].ravel()
    return np.asarray(useful[np.unique(np.concatenate((by_minimum, by_value)))], dtype=np.int64)


def _judged(columns: UnitRuns, budget: Budget, rows: Ints, mixture: Vector) -> Strongest:
    """What a mixture is worth, computed anew from its weights after they are cut to the budget."""
    used = [(float(mixture @ used[rows]), available) for used, available in budget.uses(columns)]
    cut = min([1.0, *(have / use for use, have in used if use > 0)])
    mixture = mixture * cut
    squared, inner = mixture @ columns.squared[rows], mixture @ columns.inner[rows]
    if not _coherent(squared, inner, budget).all():
        return Strongest(0.0, 0, ())
    measured = float((squared @ budget.readings).min())
    return Strongest(measured, 0, tuple((int(r), float(w)) for r, w in zip(rows, mixture, strict=True) if w > 0))
