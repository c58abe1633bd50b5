"""Which steps make the leading term of a bound least: the best exponent among powers, and the best constant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import sympy

from theory.bounds.parts.bound import Bound
from theory.formulas.symbolic import Expr
from theory.rates.growth import Growth, Outside, T
from theory.rates.leading import Leading, leading
from theory.rates.steps import Steps

#: What multiplies the steps.
SCALE = sympy.Symbol("a", positive=True)
# The exponent of a bound is a piecewise linear function of p, and of q, for steps k^-p or T^-q. It bends where a sum of
# n-th powers of steps stops to grow, p = 1/n, or two terms meet, q = 1/n; so it is least at one of these.
_BENDS = tuple(Fraction(1, n) for n in (4, 3, 2, 1))

#: Numbers that say which root is which, where they are not 1.3.
_USUAL = {"s": 4, "cut": 8}


@dataclass(frozen=True)
class Best:
    """The best of the steps a k^-p and a T^-q for a bound.

    Args:
        text: the steps, in a. leading: the leading term at them. scale: the best a, None where longer is always better.
    """

    text: str
    leading: Leading
    scale: Expr | None

    @property
    def term(self) -> Expr:
        """The leading term, at the best a where there is one."""
        term = self.leading.growth.term
        return term if self.scale is None else sympy.simplify(term.subs(SCALE, self.scale))


def logarithms(growth: Growth) -> Expr:
    """The power of log T in a leading term: it grows as T^power (log T)^this.

    >>> logarithms(Growth(sympy.Rational(-1, 2), 3 + sympy.log(T)))
    1
    """
    large = sympy.Symbol("l", positive=True)
    return Growth.of(sympy.expand(growth.coefficient.subs(sympy.log(T), large)), large).power


def scaled(steps: Steps) -> Steps:
    """The steps times a."""
    return replace(steps, scale=steps.scale * Growth.of(SCALE))


def best_scale(found: Leading) -> Expr | None:
    """The a at which a leading term is least; None where it falls for ever, or the best a has no closed form."""
    over, under = sympy.fraction(sympy.together(found.growth.coefficient))
    slope = sympy.expand(sympy.diff(over, SCALE) * under - over * sympy.diff(under, SCALE))
    if not slope.is_polynomial(SCALE) or not slope.has(SCALE):
        return None
    polynomial = sympy.Poly(slope, SCALE)
    while polynomial.degree() > 0 and polynomial.nth(0) == 0:
        polynomial = sympy.quo(polynomial, sympy.Poly(SCALE, SCALE))
    if not 1 <= polynomial.degree() <= 2:
        return None
    # Infinite at a = 0, the leading term falls up to the least positive root.
    c, b, a = (polynomial.nth(n) for n in range(3))
    root = sympy.sqrt(b**2 - 4 * a * c)
    roots = [-c / b] if a == 0 else [sympy.simplify(2 * c / (-b + sign * root)) for sign in (1, -1)]
    usual = {each: _USUAL.get(str(each), 1.3) for each in polynomial.free_symbols_in_domain}
    positive = [(float(value), each) for each in roots if (value := each.subs(usual)).is_real and value > 0]
    return min(positive, key=lambda pair: pair[0])[1] if positive else None


@cache
def best(bound: Bound, zeros: frozenset[str]) -> Best | None:
    """The best power steps of a bound, zeros being the constants that are zero; None where none is derived.

    >>> from theory.bounds.registry import REGISTRY
    >>> found = best(REGISTRY["theorem-a"], frozenset())
    >>> found.text, found.scale
    ('a/sqrt(T)', sqrt(2)*sqrt(Delta)/(sqrt(L)*sigma))
    """
    found: list[tuple[Expr, Expr, str, Leading]] = []
    for text, steps in _candidates():
        try:
            each = leading(bound, steps, zeros)
            found.append((each.growth.power, logarithms(each.growth), text, each))
        except Outside:
            continue
    if not found:
        return None
    _, _, text, chosen = min(found, key=lambda each: each[:2])
    return Best(text, chosen, best_scale(chosen))


def _candidates() -> list[tuple[str, Steps]]:
    constant = Steps(Growth.of(SCALE), Fraction(0))
    found = [("a", constant)]
    for bend in _BENDS:
        power = sympy.Rational(bend.numerator, bend.denominator)
        horizon = replace(constant, scale=Growth(-power, SCALE))
        found += [(f"a/{_power('T', bend)}", horizon), (f"a/{_power('k', bend)}", replace(constant, power=bend))]
    return found


def _power(name: str, exponent: Fraction) -> str:
    return {Fraction(1): name, Fraction(1, 2): f"sqrt({name})"}.get(exponent, f"{name}^({exponent})")
