r"""Corollaries of Theorem A: one constant step that needs no tuning, and a bound in closed form for every T.

Corollary 1 (reads in order). Write A = s L, q = sigma sqrt(L T / (2 Delta)), eta = 1/(A + q), u = A eta in (0, 1],
d = (s-1)/s. Proof.
1. L eta = u (1 - d). A window holds at most s - 1 steps and so does a set of readers, hence
   c_k <= c = u (1-d) + u^2 d^2 <= 1, and the noise sum n is at most T eta^2 (1 + u d). Every o_i is zero, because the
   reads are in order or because sigma = 0.
2. q eta = 1 - u and L sigma^2 T / 2 = q^2 Delta, so the numerator of Theorem A is at most
   Delta (1 + (1-u)^2 (1 + u d)). The denominator is at least T eta (1 - c/2) = T (u/A)(1 - c/2).
3. The claim is 2 Delta (A + q)/T = 2 Delta A/(T u), so it says 1 + (1-u)^2 (1 + u d) <= 2 - c. Expanding,
   right - left = u (1 - u (1-d)^2 - u^2 d) >= u (1 - (1-d)^2 - d) = u d (1-d) >= 0.

Corollary 2 (any delays). The same with A = 2 s L. Proof.
1. L eta = u (1-d)/2. With y = u d, L H_i <= y/2, so by Theorem A'' c_k <= c = u (1-d)/2 + (y^2/4)(1 + y) <= 1 and the
   noise sum is at most T eta^2 (1 + (y/2)(1 + 3 y/2)).
2. As above it remains that P = 2 - c - 1 - (1-u)^2 (1 + y/2 + 3 y^2/4) >= 0, for y in [0, u]. P is concave in y.
   At y = 0 it is u (3/2 - u); at y = u it is u (3/2 - u + (3/4) u^2 (1-u)); both are non-negative.
So Theorem A, evaluated at the step of a corollary, is never above the corollary.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    DELAYS_FIXED,
    ORDERED_READS,
    SMOOTH,
    UNBIASED,
    Assumption,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign, theorem_steps
from theory.bounds.theorem_a import THEOREM_A
from theory.formulas.formula import Formula, Previous, call, formula
from theory.formulas.notation import name_node
from theory.schedules.schedule import Schedule

_L, _DELTA, _SIGMA, _S, _T, _D = map(name_node, ("L", "Delta", "sigma", "s", "T", "d"))
_ASSUMPTIONS: tuple[Assumption, ...] = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED)

SOME_GAP = Condition(
    "Delta is more than 0: the step divides by it",
    "the step divides by Delta",
    _DELTA,
    Relation.ABOVE,
    formula(0),
    "Delta",
    "give a positive upper bound of the gap",
)
_NOISY = Condition("sigma > 0", "there is no noise", _SIGMA, Relation.ABOVE, formula(0), "sigma", "")
IN_ORDER = Condition(
    "no gradient overtakes another, d_k <= d_{k-1} + 1 (asked for sigma > 0)",
    "the step reads an older point than the step before it",
    _D,
    Relation.AT_MOST,
    Previous(_D) + 1,
    "d",
    "use corollary-1b or theorem-a, which allow gradients to overtake",
    index="k",
    since=1,
    when=_NOISY,
)


def _source(result: str) -> Source:
    return Source(
        "gradlag", 2026, "Stale SGD without gradient coherence", "derived in theory/bounds/corollaries.py", result
    )


def _closed_form(start: Formula) -> Formula:
    return _SIGMA * call("sqrt", 2 * _L * _DELTA / _T) + start * _L * _DELTA / _T


STEP_1 = Schedule("1/(s*L + sigma*sqrt(L*T/(2*Delta)))")
STEP_2 = Schedule("1/(2*s*L + sigma*sqrt(L*T/(2*Delta)))")

COROLLARY_1 = Bound(
    name="corollary-1",
    title="Corollary 1: one constant step, reads in order",
    summary="Stale SGD with one constant step where no gradient overtakes another: staleness enters only at order 1/T.",
    assumptions=(*_ASSUMPTIONS, ORDERED_READS),
    conditions=(*of_right_sign("L", "sigma"), SOME_GAP, DELAYS_WITHIN, IN_ORDER, theorem_steps(STEP_1)),
    value=_closed_form(2 * _S),
    covers_last=True,
    weighing=THEOREM_A.weighing,
    source=_source("Corollary 1"),
    schedule=STEP_1,
)

COROLLARY_2 = Bound(
    name="corollary-2",
    title="Corollary 2: one constant step, any delays (superseded by Corollary 1_B)",
    summary="Stale SGD with one constant step and any delays below s, overtaking included. Superseded: corollary-1b "
    "has 2 s in place of 4 s, at twice the step.",
    assumptions=_ASSUMPTIONS,
    conditions=(*of_right_sign("L", "sigma"), SOME_GAP, DELAYS_WITHIN, theorem_steps(STEP_2)),
    value=_closed_form(4 * _S),
    covers_last=True,
    weighing=THEOREM_A.weighing,
    source=_source("Corollary 2"),
    schedule=STEP_2,
)
