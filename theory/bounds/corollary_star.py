r"""Corollary 1_B*: 2 Delta over the sum of the steps, for any steps and any order of reads; and the mean delay.

Gradients k of steps eta_k, applied by updates u_k of B each, as in theory/bounds/theorem_ab.py. Let eta = B max eta_k,
h = L eta, f_k = L sum_{i: k in W_i} eta_i, and let p >= 0, a = 1 - h - p and 0 < w <= 1 be numbers with
   f_k <= a,   L^2 sum_{i: k in W_i} eta_i H_i <= a^2 for every k,   and   L sigma^2 eta w sum_k eta_k <= 2 B Delta p^2.
Then min_{t <= T} E|g_t|^2 <= 2 Delta / (w sum_k eta_k).

Proof.
1. Young's inequality with theta = p for gradients and noises, as in theory/bounds/corollaries_b.py, in any order; none
   without noise, where p = 0. As in Theorem A_B, with c = h + (1 + p) a^2 >= c_k:
   Delta + (L sigma^2/2) sum_k eta_k^2 (1 + (1 + 1/p) f_k) >= sum_k (eta_k/2) (E|g_{u_k}|^2 + (1 - c) E|g_{tau_k}|^2).
2. c <= 1, as 1 - c = a (h + p) + p (h + p)(1 + a). And eta_k <= eta/B, so with S = sum_k eta_k and the minimum m
   Delta + (L sigma^2 eta S/2B)(1 + (1 + 1/p) a) >= m S (1 - c/2).
3. Times w: Delta (1 + p^2 + (p^2 + p) a) >= m w S (1 - c/2). The left side is at most Delta (2 - c), as
   1 - c - p^2 - (p^2 + p) a = h (a + p + a p) >= 0.

One step eta. Let D* be at least the number of gradients in flight, over B, at every update (those i with k in W_i),
and D*^2 at least the sum of their delays, over B. The conditions hold for eta = 1/((D* + 1) L + q), with
q = sigma sqrt(L T/(2 B Delta)); then 2 Delta/(T eta) = sigma sqrt(2 L Delta/(B T)) + 2 (D* + 1) L Delta/T.
D* = s - 1 is Corollary 1_B. D* = sqrt(n d), with n the most in flight over B and d the largest delay, supersedes it
where n < s - 1.

The mean delay d: if sum_k eta_k >= eta M, M = T (1 - d/r), then w = eta M/S gives 2 Delta/(eta M), `average-delay-b`.
   Steps (eta/B) min(1, K/d_k) have eta_i H_i <= eta^2 K/B^2 and 1 - min(1, K/d) <= d/(4K): r = 4K, D* = sqrt(n K) for
   K >= n. K = n >= d: sigma sqrt(8 L Delta/(3 B T)) + (8/3)(n + 1) L Delta/T.
   Gradients older than K are dropped: r = K, D* = K. K = 2d: 2 sigma sqrt(L Delta/(B T)) + 4 (2d + 1) L Delta/T.
These are half of the closed forms of `average-delay-adaptive` and `average-delay-drop`, which they supersede, and hold
for updates of several gradients. At given steps theorem-ab is sharper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.setting import Setting
from theory.bounds.parts.shared import of_right_sign, positive_denominator
from theory.bounds.theorem_ab import THEOREM_AB
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    WhereNoisy,
    formula,
    peak,
    readers,
    total,
    window,
)
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _T, _B, _D, _ETA = map(name_node, ("L", "Delta", "sigma", "T", "B", "d", "eta"))
_YOUNG, _SHARE, _CUT = Name("young", r"\theta"), Name("share", "w"), Name("cut", "r")

_LARGEST = Defined(r"\eta", _B * peak(_ETA), sequence=False)
_H = Defined("H", window(_ETA))
_P = Defined("p", WhereNoisy(_YOUNG, formula(0)), sequence=False)
_A = Defined("a", 1 - _L * _LARGEST - _P, sequence=False)
_FLIGHT, _REACH = _L * readers(_ETA), _L**2 * readers(_ETA * _H)
_NOISE = _L * _SIGMA**2 * _LARGEST * _SHARE * total(_ETA)
_MEAN_DELAY = Defined("d", total(_D) / (_B * _T), sequence=False)
_KEPT = _LARGEST * _T * (1 - _MEAN_DELAY / _CUT)
_OF_THE_RUN = (_L * _LARGEST, peak(_FLIGHT), peak(_REACH), total(_ETA))
_ASKED = _L * _SIGMA**2 * _LARGEST * total(_ETA) / (2 * _B * _DELTA)


@dataclass(frozen=True, eq=False)
class WithBudget(WithFreeNumbers):
    """Corollary 1_B*: evaluated at the largest p that the delays leave, and at the largest w that p allows."""

    free = ("young", "share")

    def chosen(self, environment: Environment) -> Environment:
        """The environment with p and w; where the delays leave nothing for p, with the p that the noise asks for."""
        pace, flight, reach, steps = (float(node.evaluate(environment)) for node in _OF_THE_RUN)
        of_the_mean = "cut" in self.constants
        with np.errstate(all="ignore"):
            asked = np.float64(_ASKED.evaluate(environment))  # of p^2, at w = 1
            left = max(0.0, 1 - pace - max(flight, np.sqrt(reach)))
            most = np.float64(_KEPT.evaluate(environment)) / steps if of_the_mean else np.float64(1)
            share = most if of_the_mean or not left else np.fmin(most, left**2 / asked)
            young = left or np.sqrt(asked * share)
        return having(environment, young=young if 0 < young < np.inf else np.float64(1), share=share)

    def fraction(self, setting: Setting, numbers: Mapping[str, float] | None = None) -> None:
        """None, as it is not affine in T: at given numbers the condition on the noise holds up to some T only."""


def _condition(name: str, left: Formula, relation: Relation, right: Formula, symbol: str, remedy: str) -> Condition:
    index = "k" if left.of_a_step else None
    return Condition(name, f"{symbol} is out of range", left, relation, right, symbol, remedy, index)


_SHORTER = "take smaller steps"
_CONDITIONS = (
    *of_right_sign("L", "Delta", "sigma"),
    _condition("theta is more than 0", _YOUNG, Relation.ABOVE, formula(0), "theta", "take another number"),
    _condition("w is at least 0", _SHARE, Relation.AT_LEAST, formula(0), "w", "take another number"),
    _condition("w is at most 1", _SHARE, Relation.AT_MOST, formula(1), "w", "take another number"),
    _condition(
        "L times the steps in flight is at most a = 1 - L eta - p", _FLIGHT, Relation.AT_MOST, _A, "f", _SHORTER
    ),
    _condition(
        "L^2 times the sum of eta_i H_i over the steps in flight is at most a^2",
        _REACH,
        Relation.AT_MOST,
        _A**2,
        "r",
        _SHORTER,
    ),
    _condition(
        "L sigma^2 eta times w times the sum of the steps is at most 2 B Delta theta^2",
        _NOISE,
        Relation.AT_MOST,
        2 * _B * _DELTA * _YOUNG**2,
        "noise",
        _SHORTER,
    ),
)


def _bound(name: str, title: str, summary: str, under: Formula, *more: Condition) -> WithBudget:
    return WithBudget(
        name=name,
        title=title,
        summary=summary,
        assumptions=THEOREM_AB.assumptions,
        conditions=(*_CONDITIONS, *more, positive_denominator(under)),
        value=2 * _DELTA / under,
        covers_last=True,
        source=Source(
            "gradlag",
            2026,
            "Stale SGD without gradient coherence",
            "derived in theory/bounds/corollary_star.py",
            title.partition(":")[0],
        ),
        example="1/(4*s*L)",
        variant=True,
    )


COROLLARY_1B_STAR = _bound(
    "corollary-1b-star",
    "Corollary 1_B*: any steps, any order of reads, B gradients an update",
    "Stale SGD with any steps, any order of reads and B gradients an update: the minimum is at most twice the gap over "
    "the sum of the steps, as soon as these leave room for the delays and the noise. It contains Corollary 1_B, whose "
    "s - 1 it replaces by the root of the most gradients in flight, over B, times the largest delay.",
    _SHARE * total(_ETA),
)
AVERAGE_DELAY_B = replace(
    _bound(
        "average-delay-b",
        "Average delay, B gradients an update: steps adapted to the delay, or gradients dropped",
        "Stale SGD with any order of reads and B gradients an update, whose steps are shortened, zero included, but "
        "add up to eta T (1 - d/r) with the mean delay d. In closed form it has half the constants of "
        "average-delay-adaptive and average-delay-drop, which it supersedes.",
        _KEPT,
        _condition("r, given as the constant cut, is more than 0", _CUT, Relation.ABOVE, formula(0), "cut", "give it"),
        _condition(
            "w times the sum of the steps is eta T (1 - d/r)",
            _SHARE * total(_ETA),
            Relation.AT_LEAST,
            _KEPT,
            "kept",
            "give a smaller r as the constant cut",
        ),
    ),
    given={"cut": 4.0},
)
