r"""Bounds through the average delay: constant steps, steps adapted to the delay, and old gradients dropped.

Steps are numbered from 0: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), g_k = grad F(x_k), tau_k = k - d_k,
W_k = {tau_k..k-1}, H_k = sum_{j in W_k} eta_j; E[e_k | x_0..x_k] = 0, E|e_k|^2 <= sigma^2; k < T. n_k is the number of
gradients in flight while step k is applied (steps i with k in W_i), nu = 1 if sigma > 0, else 0.

The identity: sum_k n_k = sum_i d_i, as both count the pairs k in W_i. The mean number in flight is the mean delay.

Proof.
1. |G + Z|^2 <= (1 + nu) |G|^2 + 2 |Z|^2 parts gradients and noises of x_k - x_{tau_k} (without noise Z = 0);
   Cauchy-Schwarz and the orthogonality of the noises of different steps:
   E|x_k - x_{tau_k}|^2 <= (1 + nu) H_k sum_{W_k} eta_j E|g_{tau_j}|^2 + 2 sigma^2 sum_{W_k} eta_j^2, in any order.
2. As in theory/bounds/theorem_a.py, sum_k (eta_k/2)(E|g_k|^2 + (1 - c_k) E|g_{tau_k}|^2) + E|g_T|^2/2L
   <= Delta + (L sigma^2/2) sum_k eta_k^2 (1 + 2 L sum_{i: k in W_i} eta_i),
   c_k = L eta_k + (1 + nu) L^2 sum_{i: k in W_i} eta_i H_i.
   If c_k <= 1 for larger c_k too, all squares are at least the minimum.
3. One constant step eta: H_i = eta d_i, so c_k <= L eta + (1 + nu) L^2 eta^2 d_max n_k; sum over k with the identity.
4. Any steps, eta the largest, q the largest eta_i d_i: eta_i H_i <= eta eta_i d_i <= eta q, so
   c_k <= L eta_k + (1 + nu) L^2 eta q n_k. With eta_k d_k <= eta K, q = eta K: no largest delay. Steps may be zero.
5. Cut: where a step is shorter than eta only if its delay is at least r, (eta - eta_k)(d_k - r) >= 0, so
   r (eta - eta_k) <= (eta - eta_k) d_k <= eta d_k and sum_k eta_k >= eta T (1 - d/r), d the mean delay. With c_k <= 1,
   1 - c_k/2 >= 1/2. A step of zero drops its gradient. If all of delay r or more are dropped, each of the others has a
   delay below r and at most r - 1 of them are in flight: the mean delay alone decides, and r = 2 d keeps half of them.

Superseded in closed form by theory/bounds/corollary_star.py, with half the constants and several gradients an update.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, SMOOTH, UNBIASED, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import of_right_sign, positive_denominator
from theory.bounds.parts.weighing import Weighing
from theory.formulas.formula import Defined, Formula, Name, Number, WhereNoisy, formula, peak, readers, served, total
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _ETA, _D, _T = map(name_node, ("L", "Delta", "sigma", "eta", "d", "T"))

_NU = Defined(r"\nu", WhereNoisy(Number(1), Number(0)), sequence=False)
_IN_FLIGHT = Defined("n", readers(1))
_MEAN_DELAY = Defined("d", total(_D) / _T, sequence=False)
_CUT = Name("cut", "r")

_ASSUMPTIONS = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED)
_SIGNS = of_right_sign("L", "Delta", "sigma")


def _source(result: str) -> Source:
    return Source(
        "gradlag", 2026, "Stale SGD without gradient coherence", "derived in theory/bounds/average_delay.py", result
    )


def _at_most_one(weight: Defined, text: str) -> Condition:
    return Condition(
        f"c_k = {text} is at most 1",
        "c_k is more than 1",
        weight,
        Relation.AT_MOST,
        formula(1),
        "c",
        "take smaller steps around there",
        index="k",
    )


def _weighing(weight: Formula, denominator: Formula) -> Weighing:
    """The sum of step 2: half of eta_k at x_k, and half of eta_k (1 - c_k) at x_{tau_k}."""
    return Weighing((_ETA + served(_ETA * (1 - weight))) / 2, denominator)


# ------------------------------------------------------------------------------------------------ one constant step

_STEP = Defined(r"\eta", total(_ETA) / _T, sequence=False)
_LARGEST_DELAY = Defined(r"d_{\max}", peak(_D), sequence=False)
_TURN = (1 + _NU) * _L**2 * _STEP**2 * _LARGEST_DELAY
_C = Defined("c", _L * _STEP + _TURN * _IN_FLIGHT)
_WHOLE = _STEP * _T * (1 - (_L * _STEP + _TURN * _MEAN_DELAY) / 2) + 1 / (2 * _L)

AVERAGE_DELAY = Bound(
    name="average-delay",
    title="Average delay: one constant step",
    summary="Stale SGD with one constant step: the mean delay enters the bound, the largest delay only in a product "
    "with it or with the number of gradients in flight.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_SIGNS,
        Condition(
            "the step is constant",
            "the step differs from the mean step",
            _ETA,
            Relation.EQUALS,
            _STEP,
            "eta",
            "use one constant step, or average-delay-adaptive, which takes any",
            index="k",
            relative=1e-12,
        ),
        _at_most_one(_C, "L eta + (1 + nu) L^2 eta^2 d_max n_k"),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _STEP**2 * _T * (1 + 2 * _L * _STEP * _MEAN_DELAY)) / _WHOLE,
    covers_last=True,
    weighing=_weighing(_C, _WHOLE),
    source=_source("Theorem on the average delay, one constant step"),
    example="1/(4*s*L)",
)

# ------------------------------------------------------------------------------------------------------- any steps

_LARGEST_STEP = Defined(r"\eta", peak(_ETA), sequence=False)
_REACH = Defined("q", peak(_ETA * _D), sequence=False)
_C_ADAPTED = Defined("c", _L * _ETA + (1 + _NU) * _L**2 * _LARGEST_STEP * _REACH * _IN_FLIGHT)
_WHOLE_ADAPTED = total(_ETA * (1 - _C_ADAPTED / 2)) + 1 / (2 * _L)

AVERAGE_DELAY_ADAPTIVE = Bound(
    name="average-delay-adaptive",
    title="Average delay: any steps, such as steps adapted to the delay",
    summary="Stale SGD with any steps: of the delays only the number n_k in flight, whose mean is the mean delay, and "
    "the largest product of a step and its delay count.",
    assumptions=_ASSUMPTIONS,
    conditions=(*_SIGNS, _at_most_one(_C_ADAPTED, "L eta_k + (1 + nu) L^2 eta q n_k")),
    value=(_DELTA + _L * _SIGMA**2 / 2 * total(_ETA**2 * (1 + 2 * _L * _LARGEST_STEP * _IN_FLIGHT))) / _WHOLE_ADAPTED,
    covers_last=True,
    weighing=_weighing(_C_ADAPTED, _WHOLE_ADAPTED),
    source=_source("Theorem on the average delay, adaptive steps"),
)

# ---------------------------------------------------------------------------------------------- steps cut at a delay

_C_CUT = Defined("c", _L * _ETA + (1 + _NU) * _L**2 * _LARGEST_STEP * readers(_ETA * _D))
_KEPT: Formula = _LARGEST_STEP * _T * (1 - _MEAN_DELAY / _CUT) + 1 / _L

AVERAGE_DELAY_DROP = Bound(
    name="average-delay-drop",
    title="Average delay: steps cut or gradients dropped from a delay on",
    summary="Stale SGD whose step is shorter than eta, zero included, only where the delay is at least r: the mean "
    "delay tells how much is lost.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_SIGNS,
        Condition(
            "r, given as the constant cut, is more than 0",
            "the constant cut is not more than 0",
            _CUT,
            Relation.ABOVE,
            formula(0),
            "cut",
            "give the least delay from which on steps are cut",
        ),
        Condition(
            "a step is shorter than eta only where its delay is at least r: (eta - eta_k)(d_k - r) >= 0",
            "the step is shortened though its delay is below r",
            (_LARGEST_STEP - _ETA) * (_D - _CUT),
            Relation.AT_LEAST,
            formula(0),
            "(eta - eta_k)(d_k - r)",
            "use the full step there, or a smaller r",
            index="k",
        ),
        _at_most_one(_C_CUT, "L eta_k + (1 + nu) L^2 eta sum of eta_i d_i over the steps in flight"),
        positive_denominator(_KEPT),
    ),
    value=(2 * _DELTA + _L * _SIGMA**2 * _LARGEST_STEP**2 * _T * (1 + 2 * _L * _LARGEST_STEP * _MEAN_DELAY)) / _KEPT,
    covers_last=True,
    source=_source("Theorem on the average delay, gradients dropped"),
    example="1/(4*s*L)",
    given={"cut": 4.0},
)
