"""How a number grows with T: its leading power of T, and what stands before it, logarithms and constants included.

Terms of one power of T are kept together, so that log T + gamma is one coefficient; lower powers are dropped. A number
that is needed and not known exactly is the symbol UNKNOWN: where a higher power covers it, nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from theory.common.errors import InputError
from theory.formulas.symbolic import Expr, symbol


class Outside(InputError):
    """What is asked for lies outside the class whose leading terms are derived; the sentence says why."""


T = symbol("T")
ONE = sympy.Integer(1)
UNKNOWN = sympy.Symbol("unknown", positive=True)


@dataclass(frozen=True)
class Growth:
    """The leading term coefficient * T^power; the coefficient holds constants and log(T).

    >>> root = Growth.of(3 + 2 * sympy.sqrt(T))
    >>> (root + Growth.of(1 / T)).term, (root * root).term, root.raised(sympy.Rational(-1, 2)).power
    (2*sqrt(T), 4*T, -1/4)
    """

    power: Expr
    coefficient: Expr

    @classmethod
    def of(cls, expression: Expr, variable: Expr = T) -> Growth:
        """The leading term of a closed form as a variable grows, T by default."""
        if not expression.has(variable):
            return cls(sympy.Integer(0), expression)
        if expression == variable:
            return cls(sympy.Integer(1), sympy.Integer(1))
        if expression.is_Pow and not expression.exp.has(variable):
            return cls.of(expression.base, variable).raised(expression.exp)
        parts = [cls.of(part, variable) for part in expression.args]
        if expression.is_Add or expression.is_Mul:
            first, *rest = parts
            for part in rest:
                first = first + part if expression.is_Add else first * part
            return first
        if isinstance(expression, sympy.log):
            return parts[0].logarithm(variable)
        if isinstance(expression, sympy.Max | sympy.Min):
            return extreme(parts, largest=isinstance(expression, sympy.Max))
        if isinstance(expression, sympy.Heaviside) and parts[0].power.is_positive:
            after = parts[0].coefficient.is_positive
            if after is not None:
                return cls(sympy.Integer(0), sympy.Integer(int(after)))
        name = {"Heaviside": "a comparison"}.get(type(expression).__name__, str(expression))
        raise Outside(f"{name[0].upper()}{name[1:]} is no power of {variable}.")

    @property
    def term(self) -> Expr:
        """The leading term as one expression."""
        return self.coefficient * T**self.power

    @property
    def is_zero(self) -> bool:
        """Whether it is no term at all."""
        return bool(self.coefficient == 0)

    def __add__(self, other: Growth) -> Growth:
        if self.is_zero or other.is_zero:
            return other if self.is_zero else self
        if self.power != other.power:
            return max((self, other), key=lambda each: each.power)
        together = sympy.expand(self.coefficient + other.coefficient)
        if together == 0:
            raise Outside("Its leading terms cancel.")
        return Growth(self.power, self.coefficient + other.coefficient)

    def __mul__(self, other: Growth) -> Growth:
        if self.is_zero or other.is_zero:
            return ZERO
        return Growth(self.power + other.power, self.coefficient * other.coefficient)

    def raised(self, exponent: Expr) -> Growth:
        """The growth of a power."""
        if not exponent.is_Rational:
            raise Outside(f"{exponent} is an exponent without a number.")
        if self.is_zero and not exponent.is_positive:
            raise Outside("It divides by zero.")
        return Growth(self.power * exponent, self.coefficient**exponent)

    def logarithm(self, variable: Expr = T) -> Growth:
        """The growth of the logarithm."""
        return Growth(sympy.Integer(0), self.power * sympy.log(variable) + sympy.log(self.coefficient))


ZERO = Growth(sympy.Integer(0), sympy.Integer(0))


def extreme(parts: list[Growth], *, largest: bool) -> Growth:
    """The largest or the smallest of positive numbers, as T grows."""
    power = (max if largest else min)(part.power for part in parts if largest is False or not part.is_zero)
    tied = [part.coefficient for part in parts if part.power == power]
    return Growth(power, (sympy.Max if largest else sympy.Min)(*tied))
