r"""Corollaries 1_B and 1_B+: one constant step in closed form for any order of reads and B gradients an update.

Each gradient has the step eta/B, as in theory/bounds/theorem_ab.py. Write u = A eta in (0, 1], w = 1 - u = q eta with
q = sigma sqrt(L T / (2 B Delta)), d = (s-1)/s.

Corollary 1_B. A = s L. Proof.
1. x_{u_k} - x_{tau_k} = -(G + Z), gradients and noises applied within W_k. For theta > 0, 2<G, Z> <= theta |G|^2 +
   |Z|^2/theta in any order of reads, so with Cauchy-Schwarz and the orthogonality of the noises
   E|x_{u_k} - x_{tau_k}|^2 <= (1 + theta) H_k sum_{W_k} eta_j E|g_{tau_j}|^2 + (1 + 1/theta) sigma^2 sum_{W_k} eta_j^2.
2. As in Theorem A_B. A window holds at most B (s-1) gradients, and so many windows hold a gradient. L eta = u (1-d), so
   c_k = L eta + (1 + theta) L^2 sum_{i: k in W_i} (eta/B) H_i <= c = u (1-d) + (1 + theta) u^2 d^2,
   n <= (T eta^2/B)(1 + (1 + 1/theta) u d).
3. L sigma^2 T/(2 B) = q^2 Delta, so the numerator is at most Delta (1 + w^2 (1 + (1 + 1/theta) u d)), the denominator
   at least T eta (1 - c/2). The claim is 2 Delta A/(T u), so it says 1 + w^2 (1 + (1 + 1/theta) u d) <= 2 - c.
4. theta = w + (1-d) > 0 also where there is no noise. As w^2/theta <= w and 1 + theta = 1 + w + (1-d),
   right - left >= u (1-d)(d + w (1-d) + w u d) - (1-d) u^2 d^2 = u (1-d)(d (1 - u d) + w (1-d) + w u d) >= 0; c <= 1.

Corollary 1_B+. A = (5/4) s L, for s >= 2. Proof. The same with theta = 1.3 w + 1/200. The claim is now
(Delta/(T eta)) (2 - .65 s L eta), so it says 1 + w^2 (1 + (1 + 1/theta) a) <= (2 - .65 s L eta)(1 - c/2) with
a = (s-1) L eta. Times theta, and made homogeneous by 1 = w + (5/4) s L eta, the difference is a polynomial in s - 2,
L eta and w without a negative coefficient.

Where few gradients are in flight at a time, theory/bounds/corollary_star.py supersedes Corollary 1_B.
"""

from __future__ import annotations

from dataclasses import replace

from theory.bounds.corollaries import SOME_GAP
from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign
from theory.bounds.theorem_ab import THEOREM_AB
from theory.formulas.formula import (
    Formula,
    Number,
    Quotient,
    call,
    formula,
)
from theory.formulas.notation import name_node
from theory.schedules.schedule import Schedule

_L, _DELTA, _SIGMA, _S, _T, _B, _ETA = map(name_node, ("L", "Delta", "sigma", "s", "T", "B", "eta"))


def _steps_of(schedule: Schedule) -> Condition:
    """The condition that each gradient has the step of a schedule over B."""
    of_an_update = schedule.formula
    assert isinstance(of_an_update, Quotient)
    return Condition(
        f"the step sizes are {schedule.text}, a share of 1/B for each gradient, to a relative 1e-12",
        "the step size is not the theorem's",
        _ETA,
        Relation.EQUALS,
        of_an_update.over / (_B * of_an_update.under),
        "eta",
        f"take the schedule '{schedule.text}', or a bound that takes any step sizes",
        index="k",
        relative=1e-12,
    )


def _bound(name: str, title: str, summary: str, schedule: Schedule, factor: Formula) -> Bound:
    return Bound(
        name=name,
        title=title,
        summary=summary,
        assumptions=THEOREM_AB.assumptions,
        conditions=(*of_right_sign("L", "sigma"), SOME_GAP, DELAYS_WITHIN, _steps_of(schedule)),
        value=_SIGMA * call("sqrt", 2 * _L * _DELTA / (_B * _T)) + factor * _S * _L * _DELTA / _T,
        covers_last=True,
        source=Source(
            "gradlag",
            2026,
            "Stale SGD without gradient coherence",
            "derived in theory/bounds/corollaries_b.py",
            title.partition(":")[0],
        ),
        schedule=schedule,
        variant=True,
    )


COROLLARY_1B = _bound(
    "corollary-1b",
    "Corollary 1_B: one constant step, any order of reads, B gradients an update",
    "Stale SGD with one constant step, any delays below s, overtaking included, and B gradients an update: staleness "
    "enters only at order 1/T. It supersedes Corollary 2, and with B = 1 and reads in order it is Corollary 1.",
    Schedule("1/(s*L + sigma*sqrt(L*T/(2*B*Delta)))"),
    formula(2),
)

_FROM_2 = Condition(
    "s is at least 2",
    "there is no delay",
    _S,
    Relation.AT_LEAST,
    formula(2),
    "s",
    "use corollary-1b, which is sharp without delay",
)
_LONGER = _bound(
    "corollary-1b-plus",
    "Corollary 1_B+: a shorter constant step, any order of reads, B gradients an update",
    "Corollary 1_B with a shorter step and a smaller price of staleness, for s of at least 2.",
    Schedule("1/(5/4*s*L + sigma*sqrt(L*T/(2*B*Delta)))"),
    Number(1.85, "1.85"),
)
COROLLARY_1B_PLUS = replace(_LONGER, conditions=(*_LONGER.conditions, _FROM_2))
