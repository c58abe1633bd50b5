r"""Theorem 1 of the staleness study, as stated and as its proof gives it: three right-hand sides of one argument.

Steps are numbered from 0: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), g_k = grad F(x_k), k - s < tau_k <= k < T.

The argument.
1. Descent lemma at x_k, in expectation. The noise e_k has mean zero given x_0..x_k, so it is orthogonal to g_k and
   to g_{tau_k}:  E F(x_k) - E F(x_{k+1}) >= eta_k E<g_k, g_{tau_k}> - (L eta_k^2 / 2)(E|g_{tau_k}|^2 + sigma^2).
2. Coherence, only in expectation and only at tau_k:  E<g_k, g_{tau_k}> >= mu E|g_k|^2.
3. Sum over k < T; E F(x_0) - E F(x_T) <= Delta:
   sum_k mu eta_k E|g_k|^2 - (L/2) sum_k eta_k^2 E|g_{tau_k}|^2 <= Delta + (L sigma^2 / 2) sum_k eta_k^2.
4. Tight: sum_k eta_k^2 |g_{tau_k}|^2 = sum_t |g_t|^2 sum_{k: tau_k = t} eta_k^2, so E|g_t|^2 has the coefficient
   w_t = mu eta_t - (L/2) sum_{k: tau_k = t} eta_k^2. If every w_t >= 0, the left side is at least
   (sum_t w_t) min_{t < T} E|g_t|^2, and sum_t w_t = mu sum eta - (L/2) sum eta^2. Steps in any order, even
   adapted to the delays; the minimum ends at x_{T-1}.
5. Factor s: the point t is read by steps t <= k < t + s only, at most s of them. If the steps do not increase, each
   eta_k <= eta_t, so w_t >= mu eta_t - (s L / 2) eta_t^2. With s = 1 only k = t reads t, and no order is needed.
   (On a given trace step 4 asks less and gives more; step 5 holds for every trace within s at once.)
6. As stated: eta_k = mu / (s L sqrt(k+1)). Put S = sum_{k<=T} k^{-1/2}, H = sum_{k<=T} 1/k, R = S - H/2. Step 5 gives
   (s L Delta / mu^2 + sigma^2 H / (2 s)) / R; all weights are positive, as 1/sqrt(k) > 1/(2k). For T >= 7 this is at
   most the stated form, because R >= sqrt(T) and H/2 <= ln T:
   - R - sqrt(T) is 0.0757 at T = 7, and grows: with q = sqrt(T), r = sqrt(T+1) its increment is
     1/r - 1/(2 r^2) - 1/(r+q) = q/(r (r+q)) - 1/(2 r^2) >= 0, as 2 r q >= r + q for q >= 1;
   - H <= 1 + ln T <= 2 ln T for T >= 3.
7. Small steps: if every eta_t <= mu/(s L) then s L eta_t^2 <= mu eta_t, so w_t >= mu eta_t / 2 in step 5.

Below T = 7 the stated form is not what the proof gives, and it is false at T = 1 and T = 2. Take s = mu = L = Delta
= 1. At T = 1, F = x^2/2 without noise has |g_0|^2 = 2 > 1, and with sigma^2 = 4 even the minimum over x_0 and x_1 is 2:
x_1 is pure noise, which ln 1 = 0 hides. At T = 2 without noise .800 > .707 is reached. Forms that hold for every T:
(2 s L Delta / mu^2 + sigma^2 (1 + ln T) / s) / sqrt(T), as R >= S/2 >= sqrt(T)/2, and
(s L Delta / mu^2 + sigma^2 (1 + ln T) / (2 s)) / (sqrt(T+1) - 1), as S/2 >= sqrt(T+1) - 1.
"""

from __future__ import annotations

from dataclasses import replace

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    SMOOTH,
    UNBIASED,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign, positive_denominator, theorem_steps
from theory.bounds.parts.weighing import Weighing
from theory.formulas.formula import Defined, Previous, call, formula, served, total
from theory.formulas.notation import name_node
from theory.schedules.schedule import Schedule

_L, _DELTA, _SIGMA, _MU, _S, _T, _ETA = map(name_node, ("L", "Delta", "sigma", "mu", "s", "T", "eta"))

SOURCE = Source(
    "Dai, Zhou, Dong, Zhang, Xing",
    2019,
    "Toward Understanding the Impact of Staleness in Distributed Machine Learning",
    "ICLR 2019, arXiv 1810.03264",
    "Theorem 1",
)
SCHEDULE = Schedule("mu/(s*L*sqrt(k))")

_ASSUMPTIONS = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED, COHERENCE)
_COMMON = (*of_right_sign("L", "Delta", "sigma", "mu"), DELAYS_WITHIN)
_SMALLER = "smaller steps around there would mend it"
_NUMERATOR = _DELTA + _L * _SIGMA**2 / 2 * total(_ETA**2)
_SUM_DENOMINATOR = _MU * total(_ETA) - _S * _L / 2 * total(_ETA**2)
_TIGHT_DENOMINATOR = _MU * total(_ETA) - _L / 2 * total(_ETA**2)
_STALE = Condition("s > 1", "s is 1", _S, Relation.ABOVE, formula(1), "s", "")

_SUM_WEIGHT = Defined("w", _MU * _ETA - _S * _L / 2 * _ETA**2)
_TIGHT_WEIGHT = Defined("w", _MU * _ETA - _L / 2 * served(_ETA**2))
_FACTOR_S = Weighing(_SUM_WEIGHT, _SUM_DENOMINATOR)

_NOT_INCREASING = Condition(
    "the steps do not increase (asked for s > 1)",
    "the step is larger than the one before",
    _ETA,
    Relation.AT_MOST,
    Previous(_ETA),
    "eta",
    "use steps that do not increase, or dai2019-tight, which takes steps in any order",
    index="k",
    since=1,
    when=_STALE,
)

STATED = Bound(
    name="dai2019",
    title="Theorem 1 of the staleness study, as stated",
    summary="Stale SGD with steps proportional to 1/sqrt(k) under gradient coherence, as the study states it.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_COMMON,
        Condition(
            "T >= 7",
            "below 7 steps the stated form is not what its proof gives",
            _T,
            Relation.AT_LEAST,
            formula(7),
            "T",
            "take 7 steps or more, or use dai2019-tight",
        ),
        theorem_steps(SCHEDULE),
    ),
    value=(_S * _L * _DELTA / _MU**2 + _SIGMA**2 * call("log", _T) / _S) / call("sqrt", _T),
    covers_last=False,
    weighing=_FACTOR_S,
    source=SOURCE,
    schedule=SCHEDULE,
)

FACTOR_S_SUM = Bound(
    name="dai2019-sum",
    title="Theorem 1's proof for any steps that do not increase, with the factor s",
    summary="The sum inside Theorem 1's proof: any steps that do not increase, every delay below s at once.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_COMMON,
        _NOT_INCREASING,
        Condition(
            "every weight w_t = mu eta_t - (s L/2) eta_t^2 is at least 0",
            "the weight w_t is negative",
            _SUM_WEIGHT,
            Relation.AT_LEAST,
            formula(0),
            "w",
            _SMALLER,
            index="t",
        ),
        positive_denominator(_SUM_DENOMINATOR),
    ),
    value=_NUMERATOR / _SUM_DENOMINATOR,
    covers_last=False,
    weighing=_FACTOR_S,
    source=replace(
        SOURCE, result="Theorem 1, the sum in its proof, for general steps (gradlag, theory/bounds/dai2019.py)"
    ),
)

TIGHT_SUM = Bound(
    name="dai2019-tight",
    title="Theorem 1's proof for any steps, without the factor s",
    summary="The same proof counting exactly which steps read each point: the factor s disappears.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_COMMON,
        Condition(
            "every weight w_t = mu eta_t - (L/2) sum of eta_k^2 over the readers of x_t is at least 0",
            "the weight w_t is negative",
            _TIGHT_WEIGHT,
            Relation.AT_LEAST,
            formula(0),
            "w",
            _SMALLER,
            index="t",
        ),
        positive_denominator(_TIGHT_DENOMINATOR),
    ),
    value=_NUMERATOR / _TIGHT_DENOMINATOR,
    covers_last=False,
    weighing=Weighing(_TIGHT_WEIGHT, _TIGHT_DENOMINATOR),
    source=replace(SOURCE, result="Theorem 1, its proof without the factor s (gradlag, theory/bounds/dai2019.py)"),
)

SMALL_STEPS = Bound(
    name="dai2019-constant",
    title="Theorem 1's proof at steps of at most mu/(s L): no logarithm at a constant step",
    summary="Theorem 1's proof for steps that do not increase from mu/(s L) or less. At a constant step eta it is "
    "2 Delta/(eta mu T) + L eta sigma^2/mu: the logarithm of Theorem 1 belongs to its steps.",
    assumptions=_ASSUMPTIONS,
    conditions=(
        *_COMMON,
        _NOT_INCREASING,
        Condition(
            "no step is larger than mu/(s L)",
            "the step is too large",
            _ETA,
            Relation.AT_MOST,
            _MU / (_S * _L),
            "eta",
            "use smaller steps, or dai2019-tight, which asks less of each",
            index="k",
        ),
        positive_denominator(_MU * total(_ETA)),
    ),
    value=(2 * _DELTA + _L * _SIGMA**2 * total(_ETA**2)) / (_MU * total(_ETA)),
    covers_last=False,
    weighing=Weighing(_MU * _ETA, _MU * total(_ETA)),
    source=replace(SOURCE, result="Theorem 1, its proof at a constant step (gradlag, theory/bounds/dai2019.py)"),
)

STRICT = Bound(
    name="dai2019-strict",
    title="Theorem 1 with the constants of its proof, for every T",
    summary="Theorem 1 at its own steps, with the factors 2 and 1 + ln T that its proof gives at every horizon.",
    assumptions=_ASSUMPTIONS,
    conditions=(*_COMMON, theorem_steps(SCHEDULE)),
    value=(2 * _S * _L * _DELTA / _MU**2 + _SIGMA**2 * (1 + call("log", _T)) / _S) / call("sqrt", _T),
    covers_last=False,
    weighing=_FACTOR_S,
    source=replace(SOURCE, result="Theorem 1 for every T (gradlag, theory/bounds/dai2019.py)"),
    schedule=SCHEDULE,
)
