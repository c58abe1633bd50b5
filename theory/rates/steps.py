"""The shape of a schedule as T grows: c k^-p T^-q, or c times a profile over the run, a function of k/T."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import sympy

from theory.formulas.symbolic import Expr, expression, symbol
from theory.rates.growth import ONE, Growth, Outside, T
from theory.schedules.schedule import Schedule

K = symbol("k")
#: The place in the run, k/T.
PLACE = sympy.Symbol("x", positive=True)


@dataclass(frozen=True)
class Steps:
    """Step sizes scale * k^-power * profile(k/T), as T grows, with a relative error that vanishes.

    Args:
        scale: a constant times a power of T. power: p.
        profile: an expression in PLACE; 1 for powers.
        exact: whether the early steps are of this form too, so that series over them converge to the same number.
    """

    scale: Growth
    power: Fraction
    profile: Expr = ONE
    exact: bool = True


def fraction(number: Expr) -> Fraction:
    """A rational number of sympy's."""
    return Fraction(int(number.p), int(number.q))


def shape(schedule: Schedule, zeros: Iterable[str] = ()) -> Steps:
    """The shape of a schedule at a fixed delay s - 1, where the constants named in `zeros` are zero.

    Raises:
        Outside: the schedule is no product of powers of k and T, nor a function of k/T.

    >>> steps = shape(Schedule("1/(s*L+sigma*sqrt(L*T/(2*Delta)))"))
    >>> steps.power, steps.scale.power
    (Fraction(0, 1), -1/2)
    >>> shape(Schedule("(1+cos(pi*(k-1)/T))/(4*s*L)")).profile
    cos(pi*x) + 1
    """
    made = expression(schedule.formula, d=symbol("s") - 1, **dict.fromkeys(zeros, 0))
    exact = not (schedule.reads_delay and made.has(K))
    if made == 0:
        raise Outside("All steps are zero.")
    scale, along = made.as_independent(K, as_Add=False)
    power = sympy.powsimp(along).as_base_exp() if along.has(K) else (K, sympy.Integer(0))
    if power[0] == K and power[1].is_Rational:
        return Steps(Growth.of(scale), fraction(-power[1]), exact=exact)
    return _profile(made) if along.has(T) else _late(Growth.of(scale), along)


def _late(scale: Growth, made: Expr) -> Steps:
    """What the steps come to as k grows, where they do not depend on T: 1/(L (s + sqrt(k)))."""
    growth = Growth.of(made, K)
    if growth.coefficient.has(K) or not growth.power.is_Rational:
        raise Outside("The steps are no power of k, even late in the run.")
    return Steps(scale * Growth.of(growth.coefficient), fraction(-growth.power), exact=False)


def _profile(made: Expr) -> Steps:
    """A function of k/T, as it is or in the limit."""
    along = made.subs(K, PLACE * T).replace(sympy.Heaviside, lambda at, zero: sympy.Heaviside(_per(at), zero))
    scale, profile = _in_the_limit(sympy.expand(along))
    if profile.has(T, sympy.nan, sympy.oo, sympy.zoo, sympy.Limit, sympy.AccumBounds) or not profile.has(PLACE):
        raise Outside("The steps are neither powers of k and T nor a function of k/T.")
    constant, profile = sympy.factor_terms(profile).as_independent(PLACE, as_Add=False)
    return Steps(scale * Growth.of(constant), Fraction(0), profile, exact=False)


def _in_the_limit(along: Expr) -> tuple[Growth, Expr]:
    """A power of T, and what stands before it as T grows."""
    try:
        growth = Growth.of(along)
        return Growth(growth.power, ONE), growth.coefficient
    except Outside:
        pass
    try:
        return Growth.of(ONE), sympy.limit(along, T, sympy.oo)
    except (NotImplementedError, ValueError, TypeError):
        return Growth.of(ONE), sympy.nan


def _per(at: Expr) -> Expr:
    """What decides the sign late in the run: the part that grows with T."""
    return sympy.limit(at / T, T, sympy.oo)
