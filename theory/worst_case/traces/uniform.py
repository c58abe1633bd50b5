r"""Bounds that hold for every delay trace at once, and step sizes at which delays do not matter at all.

Steps are numbered from 0 as in theory/bounds/theorem_a.py: W_k = {tau_k..k-1}, H_k = sum_{W_k} eta_j. Let d be a trace
and d' any trace with d'_k <= d_k for all k; for d'_k <= s - 1 this is d_k = min(s - 1, k), the constant delay.

**Monotone in the delays** (proved). W'_k is part of W_k and H'_k <= H_k, so {i: j in W'_i} is part of {i: j in W_i}.
1. Theorem B: R_j = sum_{k: j in W_k} eta_k (H_k + H_k^+) + eta_j H_j^+ has non-negative terms, hence R'_j <= R_j,
   b'_j <= b_j, and Delta/(sum_k eta_k (1 - L b_k/4) + 1/2L) is no larger at d'.
2. Theorem A^r at fixed numbers rho_k > 0, Theorem A at rho_k = 1: u'_k >= u_k for the same reason, and the noise sum n
   grows with the windows, so the bound is no larger at d'. The factor o_k of overtaken steps may be 1 at d' where it is
   0 at d; it is 0 where d'_k <= 1, as W'_k = {tau_k} holds no later read. Here o_k = 1 wherever d_k >= 2, unless only
   traces that read in order are asked for, or there is no noise.
3. Domain. The weight of x_t is a part that no delay enters plus the sum of u_k over its readers, and every reader k of
   x_t at d' has tau_k <= t <= k. So it is at least that part + sum_{k: tau_k <= t <= k} min(0, u_k), at d. If this is
   non-negative for all t, the bound at d holds for every d' <= d. (That Theorem A applies at the constant delay is not
   enough: a point that many steps read gets all their negative weights at once.)

**Steps at which delays do not matter** (proved). For any trace there is an L-smooth F of one variable with all
|g_k|^2 = t,  t = Delta/(1/2L + max_{k <= T} sum_{l < k} eta_l (1 - L eta_l/4)):  the gradient is the same g at every
x_k and dips between them, F(x_k) - F(x_{k+1}) = t eta_k (1 - L eta_k/4), which is the pair (k, k+1) with equality. The
other pairs hold: for (i, j) with i < j, sum_{i <= l < j} eta_l^2 <= (sum_{i <= l < j} eta_l)^2 is asked, for (j, i)
less; and inf F is t/2L below the least F(x_k). What a step reads is g whatever its delay, and any coherence mu <= 1
holds. If eta_j >= L R_j at d for all j with eta_j > 0, then L eta_j <= 1 and Theorem B is this number: every trace
d' <= d has exactly this worst case, with coherence too. For a constant step, d_k = min(D, k) and T > 2 D, the condition
says that L eta <= 1/(D^2 + (D+1)^2).

So max over d' <= d of the worst case lies between `ripple_value` and `uniform_bound`, without solving anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from theory.bounds.parts.setting import Setting
from theory.bounds.theorem_ar import THEOREM_AR
from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question


@dataclass(frozen=True)
class UniformBound:
    """A bound for all traces at once: which theorem gives it, and its value."""

    name: str
    value: float


def uniform_bound(question: Question, *, in_order: bool = False, refined: bool = True) -> UniformBound | None:
    r"""The smallest of Theorems A, A^r and B, for the minimum at *every* trace nowhere later than the question's.

    Args:
        question: the steps and constants, and the latest delay of each step; the constant delay stands for all traces
            of a staleness. A coherence is not used: the bound holds without it.
        in_order: with noise, ask for traces only in which no gradient overtakes another.
        refined: try Theorem A^r too, which is slower.

    Returns:
        The bound, or None where the theorems do not hold for all of the traces, or the measure is the mean.

    Source: the monotonicity in the head of this file.

    >>> latest = Question([0.2, 0.2, 0.2], [0, 1, 2])
    >>> uniform_bound(latest)
    UniformBound(name='theorem-b', value=0.94...)
    """
    if question.measure is not Measure.MINIMUM:
        return None
    normal = question.normalised()
    eta, delays, variance = normal.step_sizes, normal.delays, normal.variance
    found = {
        "theorem-a": theorem_a(eta, delays, variance, in_order=in_order),
        "theorem-b": theorem_b(eta, delays, variance),
    }
    if refined:
        found["theorem-ar"] = theorem_a(eta, delays, variance, in_order=in_order, rho=_numbers(normal))
    name = min(found, key=lambda each: found[each])
    return UniformBound(name, found[name] * question.scale) if math.isfinite(found[name]) else None


def ripple_value(question: Question) -> float:
    r"""A value of the minimum and of the mean that some function reaches at *every* trace, without noise.

    $L\Delta\big/\big(\tfrac12+\max_{k\le T}\sum_{l<k}L\eta_l(1-L\eta_l/4)\big)$.

    Args:
        question: its steps, L and Delta; the delays play no part.

    Returns:
        A lower bound of the worst case.

    Source: the function in the head of this file.

    >>> ripple_value(Question([1.0], [0]))
    0.8
    """
    steps = question.step_sizes * question.smoothness
    falls = np.append(0.0, np.cumsum(steps * (1 - steps / 4)))
    return question.scale / (0.5 + float(falls.max()))


def delays_matter(step_sizes: ArrayLike, delays: ArrayLike, *, smoothness: float = 1.0) -> bool:
    r"""Whether the worst case of the minimum, without noise, could differ among traces nowhere later than these.

    It does not where $\eta_j\ge LR_j$ for all j; see the head of this file. For constant steps and delays s - 1:
    $L\eta\le\frac1{(s-1)^2+s^2}$.

    Args:
        step_sizes: float64 (T,); delays: int64 (T,), the latest delay of each step; smoothness: L.

    Returns:
        False where all these traces have exactly the worst case `ripple_value`; True means that they may differ.

    >>> [delays_matter([h] * 9, [0, 1] + [2] * 7) for h in (0.0769, 0.0770)]
    [False, True]
    """
    normal = Question(step_sizes, delays, smoothness=smoothness).normalised()
    eta = normal.step_sizes
    return bool((_burdens(eta, normal.read_points) > eta)[eta > 0].any())


def theorem_a(
    eta: Floats, delays: Ints, variance: float, *, in_order: bool = False, rho: Floats | None = None
) -> float:
    """Theorem A (A^r at numbers rho_k >= 1/3) for all traces nowhere later, L = Delta = 1; inf where there is none."""
    tau = np.arange(eta.size) - delays
    late = (delays >= 2) & (variance > 0 and not in_order)
    numbers = np.ones(eta.size) if rho is None else rho
    h, z = _sums(eta, tau), (1 + numbers) / 2
    u = eta / 2 * (z * (1 - eta) - _readers(z * eta * h * (1 + 2 * late * h), tau))
    own = z * eta / 2 - (numbers - 1) / 4
    own[1:] += (1 - 1 / numbers[:-1]) / 4
    noise = (eta**2 * (z + _readers(z * eta * (1 + 3 * late * h), tau))).sum() if variance else 0.0
    weight = (z * eta / 2 + u - (numbers + 1 / numbers - 2) / 4).sum() + 0.5
    return _within(own, u, tau, 1 + variance / 2 * float(noise), float(weight))


def theorem_b(eta: Floats, delays: Ints, variance: float) -> float:
    """Theorem B for all traces nowhere later, L = Delta = 1; inf where it has no value, as with noise."""
    if variance > 0:
        return math.inf
    tau = np.arange(eta.size) - delays
    b = np.maximum(eta, _burdens(eta, tau))
    own = eta.copy()
    own[1:] += eta[:-1]
    return _within(own, eta * (2 - b), tau, 1.0, float((eta * (1 - b / 4)).sum()) + 0.5)


def _numbers(question: Question) -> Floats:
    """Good numbers rho_k: those of Theorem A^r at the latest trace, of a normalised question."""
    constants = {"L": 1.0, "Delta": 1.0, "sigma": math.sqrt(question.variance)}
    run = Setting(question.step_sizes, question.delays, question.staleness, constants)
    return np.asarray(THEOREM_AR.chosen(run.environment()).values["rho"], dtype=np.float64)


def _within(own: Floats, u: Floats, tau: Ints, numerator: float, weight: float) -> float:
    """The quotient, if every point keeps a non-negative weight whichever steps read it."""
    negative = np.minimum(u, 0.0)
    kept = weight > 0 and (own + _readers(negative, tau) + negative >= 0).all()
    return numerator / weight if kept else math.inf


def _burdens(eta: Floats, tau: Ints) -> Floats:
    """R_j of Theorem B."""
    h = _sums(eta, tau)
    return _readers(eta * (2 * h + eta), tau) + eta * (h + eta)


def _sums(eta: Floats, tau: Ints) -> Floats:
    """H_k."""
    total = np.append(0.0, np.cumsum(eta))
    return np.asarray(total[:-1] - total[tau], dtype=np.float64)


def _readers(values: Floats, tau: Ints) -> Floats:
    """The sum of the values of all steps i with k in W_i, for each k."""
    begun = np.bincount(tau, weights=values, minlength=values.size)
    return np.asarray(np.cumsum(begun - values), dtype=np.float64)
