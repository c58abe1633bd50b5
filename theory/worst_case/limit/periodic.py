r"""What delays that repeat cost in the limit: min |g|^2 ~ C L Delta / N at a constant step, by a matrix symbol.

The derivation is that of `constant`, with the matrix symbol of `blocks`. Pairs (k, k+m), k mod P, have multipliers
a_{k,m}, b_{k,m} >= 0, forward and back, that repeat every P steps. The F_k cancel if what flows into a point flows out
of it, and the left side is L (F_start - F_end) if sum m (a_{k,m} - b_{k,m}) = P. If S(Z) - diag(c) is positive
semidefinite for every |Z| = 1, the right side is at least sum_k c_{k mod P} |g_k|^2: with c >= 0,
   C <= start / w,   w = max (c_0 + .. + c_{P-1})/P,
proved as there, from a quiet point on, with the start of `start.py`, 1 at the best step of all that were tried.

The dual program has at some frequencies Hermitian matrices M >= 0 with sum_j (M_j)_{kk} = 1 for every k: the inner
products of gradients of length 1 that turn. With potentials psi_{k mod P} and a fall c a step the values
F_k = psi_k - c k interpolate them if |c m + psi_k - psi_{k+m} - T_{k,m}(M)| <= -B_{k,m}(M) at all pairs: C >= 1/c, by
the argument there (a little mass that does not turn gives room, and the start of the run is linear).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import clarabel
import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar

from theory.common.errors import DelayError, DomainError
from theory.common.shown import Shown
from theory.common.types import Array, Floats
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delays import AdversarialDelay, CyclicDelay, parse_delays
from theory.staleness.stability import adversarial_period
from theory.worst_case.limit.blocks import Pair, flow, forms, proved
from theory.worst_case.limit.start import storage_start
from theory.worst_case.limit.turning import needed

_MOST_PERIOD, _ROUNDS, _GRID = 8, 12, 721
#: By how much the weights are lowered, in turn, until they are proved.
_SHARES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


@dataclass(frozen=True, eq=False, repr=False)
class PeriodicLimit(Shown):
    """The constant C of delayed steps at one step size, for delays that repeat.

    Args:
        constant: C from above; lower: what some function needs, by floats; 0 where none was found.
        start: C is at most this times `constant`; None where nothing is proved about the start.
        step: h = L eta; delays: d_0..d_{P-1}; weights: c_k of the |g_k|^2, whose mean is 1/C from above.
        largest_step: h at which a quadratic does not settle.
        certified: whether `constant` is proved in exact and ball arithmetic, for the floats used.
        beside: the best constants of methods at the fixed delay max d, by name.
    """

    constant: float
    lower: float
    start: float | None
    step: float
    delays: tuple[int, ...]
    weights: Floats
    largest_step: float
    certified: bool
    multipliers: Mapping[Pair, tuple[float, float]]
    beside: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"delays {', '.join(map(str, self.delays))} repeated: {self.constant:.6g} L Delta / T"

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "constant": self.constant,
            "lower": self.lower,
            "step": self.step,
            "method": "delayed",
            "certified": self.certified,
            "staleness": 1 + max(self.delays),
            "start": self.start,
            "largest_step": self.largest_step,
            "delays": list(self.delays),
            "weights": self.weights.tolist(),
            "lags": sorted({lag for (_, lag), both in self.multipliers.items() if max(both) > 1e-9}),
            "beside": dict(self.beside),
        }


@dataclass(frozen=True, eq=False)
class _Solution:
    """Multipliers and weights, and the dual matrices at their frequencies."""

    multipliers: Mapping[Pair, tuple[float, float]]
    weights: Floats
    angles: Floats
    masses: Array


def read_pattern(text: str, staleness: int) -> tuple[int, ...]:
    """The delays of one period: a list, or a delay model that repeats, at a staleness.

    Raises:
        DelayError: delays that do not repeat, or only after too many steps.

    >>> read_pattern("0,1,1", 2), read_pattern("cyclic:period=4", 3), read_pattern("adversarial", 3)
    ((0, 1, 1), (0, 1, 2, 2), (0, 1, 2, 2))
    """
    if re.fullmatch(r"[\d,\s]+", text):
        pattern = tuple(whole_number(int(part or -1), 0, "A delay", DelayError) for part in text.split(","))
    else:
        if "," in text and "=" not in text:
            raise DelayError(f"Delays that repeat are whole numbers with commas, as 0,1,1. Got {text}.")
        match parse_delays(text, Staleness(staleness)):
            case CyclicDelay(period=period, maximum=largest):
                pattern = tuple(min(k, largest) for k in range(min(period, _MOST_PERIOD + 1)))
            case AdversarialDelay(maximum=largest):
                pattern = tuple(min(k, largest) for k in range(min(adversarial_period(largest), _MOST_PERIOD + 1)))
            case _:
                raise DelayError(f"The constant needs delays that repeat, as cyclic:period=4 or 0,1,1. Got {text}.")
    if len(pattern) > _MOST_PERIOD or max(pattern) > 2 * _MOST_PERIOD:
        raise DelayError(
            f"Delays may repeat after at most {_MOST_PERIOD} steps, and be at most {2 * _MOST_PERIOD}. Got longer ones."
        )
    return pattern


def periodic_limit(delays: Sequence[int], step: float, lags: int | None = None) -> PeriodicLimit:
    """The constant at one step.

    Args:
        delays: d_0..d_{P-1}; step: h = L eta; lags: the largest lag of a pair.

    Raises:
        DomainError: a step at which a quadratic does not settle, or for which no multipliers are found.

    >>> found = periodic_limit([0, 1, 2, 2], 0.3)
    >>> round(found.constant, 4), round(found.lower, 4), found.start, found.certified
    (3.9893, 3.9893, 1.0, True)
    """
    pattern = tuple(int(d) for d in delays)
    largest = turning_step(pattern)
    if not 0 < step < largest:
        raise DomainError(
            f"With these delays L * eta must be above 0 and below {largest:.6g}, from where on a quadratic does not "
            f"settle. Got {step:.6g}."
        )
    solution = _solve(pattern, step, lags or 2 * max(pattern) + 2 + len(pattern))
    weight = float(solution.weights.mean())
    if not weight > 1e-9:
        raise DomainError(f"At the step {step:.6g} / L no certificate was found for these delays. Take a shorter step.")
    unit = float(flow(len(pattern), solution.multipliers))
    share = next((s for s in _SHARES if proved(pattern, step, solution.multipliers, solution.weights, s)), None)
    return PeriodicLimit(
        constant=unit / (weight * (1 - (share or 0.0))),
        lower=needed(pattern, step, solution.angles, solution.masses),
        start=storage_start(pattern, step),
        step=step,
        delays=pattern,
        weights=solution.weights * ((1 - (share or 0.0)) / unit),
        largest_step=largest,
        certified=share is not None,
        multipliers=solution.multipliers,
    )


def best_periodic(delays: Sequence[int]) -> PeriodicLimit:
    """The constant at the step where it is least.

    >>> found = best_periodic([0, 1])
    >>> round(found.constant, 4), round(found.step, 3)
    (2.1494, 0.723)
    """
    pattern = tuple(int(d) for d in delays)
    largest, lags = turning_step(pattern), max(pattern) + 1 + len(pattern)

    def weight(step: float) -> float:
        return -float(_solve(pattern, step, lags, rounds=4).weights.mean())

    # C is flat there, so that its own digits are twice as many.
    found = minimize_scalar(weight, bounds=(largest / 8, 0.97 * largest), method="bounded", options={"xatol": 1e-5})
    return periodic_limit(pattern, float(found.x))


def turning_step(delays: Sequence[int]) -> float:
    """The least step at which a quadratic of curvature 1 does not settle: the points of a period, as a linear map.

    >>> round(turning_step([0, 1, 2, 2]), 12) == round(2 - math.sqrt(2), 12)
    True
    """
    deep = 1 + max(delays)

    def radius(step: float) -> float:
        whole = np.eye(deep)
        for delay in delays:
            one = np.eye(deep, k=-1)
            one[0, 0] = 1.0
            one[0, delay] -= step
            whole = one @ whole
        return float(np.abs(np.linalg.eigvals(whole)).max())

    steps = np.linspace(0, 2, 801)[1:]
    high = next((float(step) for step in steps if radius(step) >= 1), 2.0)
    low = max(high - 2 / 800, 0.0)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if radius(middle) < 1 else (low, middle)
    return high


# ------------------------------------------------------------------------------------------------------- from above


def _solve(delays: tuple[int, ...], step: float, lags: int, rounds: int = _ROUNDS) -> _Solution:
    """At some frequencies first; those at which an eigenvalue is too low are added."""
    period = len(delays)
    pairs = [(k, m) for k in range(period) for m in range(1, lags + 1)]
    angles, fine = np.linspace(0, np.pi, 9), np.linspace(0, np.pi, _GRID)
    whole = _all_forms(delays, step, pairs, fine)
    for _ in range(rounds):
        found = _program(delays, pairs, _all_forms(delays, step, pairs, angles), angles)
        a = np.array([found.multipliers[pair] for pair in pairs])
        matrices = np.einsum("n,nzij->zij", a[:, 0], whole[0]) + np.einsum("n,nzij->zij", a[:, 1], whole[1])
        low = np.linalg.eigvalsh(matrices - np.diag(found.weights))[:, 0]
        padded = np.concatenate(([np.inf], low, [np.inf]))
        dips = np.flatnonzero((low <= padded[:-2]) & (low <= padded[2:]) & (low < -1e-10))
        new = np.array([w for w in _sharpened(fine, low, dips) if np.abs(w - angles).min() > 1e-6])
        if not new.size:
            break
        angles = np.sort(np.concatenate([angles, new]))
    return found


def _sharpened(fine: Floats, low: Floats, dips: Array) -> Floats:
    """The vertices of parabolas through the dips and what lies beside them."""
    inner = dips[(dips > 0) & (dips < fine.size - 1)]
    bend = low[inner - 1] - 2 * low[inner] + low[inner + 1]
    shift = np.where(bend > 0, (low[inner - 1] - low[inner + 1]) / (2 * np.where(bend > 0, bend, 1)), 0.0)
    return np.concatenate(
        [fine[dips[(dips == 0) | (dips == fine.size - 1)]], fine[inner] + shift * (fine[1] - fine[0])]
    )


def _all_forms(delays: tuple[int, ...], step: float, pairs: Sequence[Pair], angles: Floats) -> Array:
    """T + B and B - T of every pair: array (2, pairs, angles, P, P)."""
    turns = np.exp(1j * angles)
    both = [forms(delays, step, pair, turns) for pair in pairs]
    return np.array([[bend + sway for sway, bend in both], [bend - sway for sway, bend in both]])


def _program(delays: tuple[int, ...], pairs: Sequence[Pair], given: Array, angles: Floats) -> _Solution:
    """Max of the mean weight, the matrices positive semidefinite at these angles."""
    period, count = len(delays), len(pairs)
    unknowns = 2 * count + period
    units = np.einsum("ki,kj->kij", np.eye(period), np.eye(period))
    columns = np.concatenate([*given, -np.repeat(units[:, None], angles.size, axis=1)])
    real = np.concatenate(
        [np.concatenate([columns.real, -columns.imag], 3), np.concatenate([columns.imag, columns.real], 3)], 2
    )
    upper = [(i, j) for j in range(2 * period) for i in range(j + 1)]
    scale = np.array([1.0 if i == j else math.sqrt(2) for i, j in upper])
    rows = real[:, :, [i for i, _ in upper], [j for _, j in upper]] * scale
    conic = -rows.reshape(unknowns, -1).T
    balance = np.zeros((period, unknowns))
    for n, (k, m) in enumerate(pairs):
        for sign, column in ((1, n), (-1, count + n)):
            balance[k, column] += sign
            balance[(k + m) % period, column] -= sign
    balance[-1] = [*(m for _, m in pairs), *(-m for _, m in pairs), *[0] * period]  # one balance is implied
    matrix = sparse.csc_matrix(np.concatenate([balance, -np.eye(unknowns), conic]))
    right = np.concatenate([np.zeros(period - 1), [period], np.zeros(unknowns + conic.shape[0])])
    cones = [clarabel.ZeroConeT(period), clarabel.NonnegativeConeT(unknowns)]
    cones += [clarabel.PSDTriangleConeT(2 * period)] * angles.size
    cost = np.concatenate([np.zeros(2 * count), -np.ones(period) / period])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-10
    nothing = sparse.csc_matrix((unknowns, unknowns))
    answer = clarabel.DefaultSolver(nothing, cost, matrix, right, cones, settings).solve()
    x, duals = np.maximum(np.array(answer.x), 0), np.array(answer.z)[period + unknowns :].reshape(angles.size, -1)
    square = np.zeros((angles.size, 2 * period, 2 * period))
    for n, (i, j) in enumerate(upper):
        square[:, i, j] = square[:, j, i] = duals[:, n] / scale[n]
    p = period
    masses = square[:, :p, :p] + square[:, p:, p:] + 1j * (square[:, p:, :p] - square[:, :p, p:])
    multipliers = {pair: (float(x[n]), float(x[count + n])) for n, pair in enumerate(pairs)}
    return _Solution(multipliers, x[2 * count :], angles, masses * period)
