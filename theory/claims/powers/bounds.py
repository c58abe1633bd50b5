r"""Bounds of the library at steps a k^{-p}, in closed form for every T: what `closed_forms.py` compares claims with.

The steps are eta_k = eta k^{-p}, k = 1..T, 0 <= p <= 1. They do not increase; put D = s - 1, h = L eta, o = 1 if reads
may overtake one another and there is noise, else 0. In sum over k,
  S1 = (T^{1-p} - 1)/(1-p) + (1 + T^{-p})/2 <= sum k^{-p}    (log T + (1 + 1/T)/2 for p = 1): the trapezoids of a convex
                                                             function lie above its integral from 1 to T;
  S2 = 1 + (T^{1-2p} - 1)/(1-2p) >= sum k^{-2p}              (1 + log T for p = 1/2): each k >= 2 is below the integral
                                                             from k - 1 to k.
A step k is in the windows of at most D later steps i, each with eta_i <= eta_k, H_i <= D eta, H_i^+ <= s eta; a point t
is read by at most s steps, each with eta_k <= eta_t <= eta. Hence

Theorem A. c_k <= L eta_k kappa, kappa = 1 + D^2 h (1 + 2 o D h), and the noise sum is at most nu eta^2 S2,
  nu = 1 + D h (1 + 3 o D h). If h kappa <= 1 + 1/s, no weight v_t >= eta_t (1 - s max{0, h kappa - 1}) is negative, and
  the bound is at most (Delta + L sigma^2 nu eta^2 S2/2) / (eta S1 - L kappa eta^2 S2/2 + 1/(2L)).
Theorem B, without noise. L b_k <= L eta_k m, m = max{1, h (2D^2 + 2D + 1)}. If h m <= 2 + 1/s, no weight
  v_t >= eta_t (1 - s max{0, h m - 2}) is negative, and the bound is at most Delta / (eta S1 - L m eta^2 S2/4 + 1/(2L)).
Theorem 1's tight sum, with coherence mu. w_t >= eta_t (mu - s h/2), which is not negative if s h <= 2 mu; the bound is
  at most (Delta + L sigma^2 eta^2 S2/2) / (mu eta S1 - L eta^2 S2/2).
Where the denominators are positive. At the ends of the run the windows are smaller than D, which only helps.

For p = 0 and p = 1/2 the kernel replays all of it, by the files beside this one; powers of T at other p are beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from theory.bounds.corollaries import IN_ORDER
from theory.bounds.dai2019 import TIGHT_SUM
from theory.bounds.parts.assumptions import ORDERED_READS
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import positive_denominator
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_b import THEOREM_B
from theory.bounds.theorem_c import First
from theory.formulas.formula import Defined, Formula, Number, Power, Quotient, StepNumber, call, formula
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _MU, _S, _T, _ETA = map(name_node, ("L", "Delta", "sigma", "mu", "s", "T", "eta"))
_D, _HALF = _S - 1, Fraction(1, 2)
#: The first step, which is the factor of the power.
FIRST = Defined(r"\eta", First(_ETA), sequence=False)


def _ratio(number: Fraction) -> Formula:
    whole = Number(float(number.numerator))
    return whole if number.denominator == 1 else whole / float(number.denominator)


def power(base: Formula, exponent: Fraction) -> Formula:
    """A power between -1 and 1; a root where it is one."""
    if exponent < 0:
        return 1 / power(base, -exponent)
    known = {Fraction(0): Number(1.0), Fraction(1): base, _HALF: call("sqrt", base)}
    return known[exponent] if exponent in known else Power(base, _ratio(exponent))


def _integral(p: Fraction) -> Formula:
    """The integral of x^{-p} from 1 to T."""
    return call("log", _T) if p == 1 else (power(_T, 1 - p) - 1) * _ratio(1 / (1 - p))


def sum_at_least(p: Fraction) -> Formula:
    """S1, at most sum k^{-p}."""
    return _integral(p) + (1 + power(_T, -p)) / 2 if p else _T


def sum_at_most(p: Fraction) -> Formula:
    """S2 for p = 2 p', at least sum k^{-p}."""
    return 1 + _integral(p) if p else _T


@dataclass(frozen=True)
class Form:
    """The closed forms of a bound, by the first step and a factor m, which is the largest of several.

    Args:
        of: the bound; drop: how many of its last conditions are not asked for, as the room says them.
        factors: of the step; value: of step, p and m; room: of step and m, what must be at least 0.
        text: the room in words.
        in_order: whether reads are in order where there is noise.
    """

    of: Bound
    drop: int
    factors: Callable[[Formula], tuple[Formula, ...]]
    value: Callable[[Formula, Fraction, Formula], Quotient]
    room: Callable[[Formula, Formula], Formula]
    text: str
    in_order: bool = False

    def bound(self, p: Fraction) -> Bound:
        """The closed form as a bound of its own, at steps eta k^{-p}."""
        first, *others = self.factors(FIRST)
        m = call("max", first, *others) if others else first
        value = self.value(FIRST, p, m)
        asked = (IN_ORDER,) if self.in_order else ()
        room = Condition(self.text, "a weight is negative", self.room(FIRST, m), Relation.AT_LEAST, formula(0), "", "")
        return replace(
            self.of,
            name=f"{self.of.name} at eta k^-{p}",
            assumptions=(*self.of.assumptions, *((ORDERED_READS,) if self.in_order else ())),
            conditions=(*self.of.conditions[: -self.drop], *asked, _steps(p), room, positive_denominator(value.under)),
            value=value,
            weighing=None,
        )


def _steps(p: Fraction) -> Condition:
    """The steps eta k^{-p}."""
    size = FIRST.body / power(StepNumber(), p) if p else FIRST.body
    return Condition(f"the steps are those of k^-{p}", "", _ETA, Relation.EQUALS, size, "eta", "", "k", relative=1e-12)


def kappa(step: Formula, late: int) -> Formula:
    """c_k is at most this times L eta_k."""
    return 1 + _D * _D * _L * step * (1 + 2 * late * _D * _L * step)


def noise(step: Formula, late: int) -> Formula:
    """The factor of the noise."""
    return 1 + _D * _L * step * (1 + 3 * late * _D * _L * step)


def of_theorem_a(late: int) -> Form:
    """Theorem A, where reads may overtake one another, or in order."""

    def value(step: Formula, p: Fraction, m: Formula) -> Quotient:
        squares = step**2 * sum_at_most(2 * p) * _L / 2
        whole = step * sum_at_least(p) - m * squares + 1 / (2 * _L)
        return Quotient(_DELTA + _SIGMA**2 * noise(step, late) * squares, whole)

    text = "every weight v_t is at least 0"
    return Form(
        THEOREM_A,
        1,
        lambda step: (kappa(step, late),),
        value,
        lambda step, m: 1 + 1 / _S - _L * step * m,
        text,
        in_order=not late,
    )


def _value_b(step: Formula, p: Fraction, m: Formula) -> Quotient:
    squares = step**2 * sum_at_most(2 * p) * _L / 4
    return Quotient(_DELTA, step * sum_at_least(p) - m * squares + 1 / (2 * _L))


def _value_tight(step: Formula, p: Fraction, m: Formula) -> Quotient:
    squares = step**2 * sum_at_most(2 * p) * _L / 2
    return Quotient(_DELTA + _SIGMA**2 * squares, _MU * step * sum_at_least(p) - squares)


OF_THEOREM_B = Form(
    THEOREM_B,
    1,
    lambda step: (Number(1), _L * step * (2 * _D * _D + 2 * _D + 1)),
    _value_b,
    lambda step, m: 2 + 1 / _S - _L * step * m,
    "every weight v_t is at least 0",
)
OF_TIGHT_SUM = Form(
    TIGHT_SUM,
    2,
    lambda step: (Number(1),),
    _value_tight,
    lambda step, m: 2 * _MU - _S * _L * step,
    "every weight w_t is at least 0",
)
#: By the bound that they are of; of theorem A with reads in order (0), and with any (1).
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "theorem-a 0": of_theorem_a(0),
        "theorem-a 1": of_theorem_a(1),
        "theorem-b": OF_THEOREM_B,
        "dai2019-tight": OF_TIGHT_SUM,
    }
)
