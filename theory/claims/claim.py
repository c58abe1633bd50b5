"""A claimed bound: a formula in T, s and the constants, said to be at least min_{t<=T} E|grad F(x_t)|^2 for every T.

The text is parsed, never evaluated as code. Its values are balls of any precision, so that a comparison with a number
is certain or is not made; what the exact algebra of `theory/claims/posynomial.py` covers is compared exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from flint import arb, ctx, fmpq

from theory.claims.positivity import LOG
from theory.claims.posynomial import ONE, Posynomial, Ratio, Uncovered, logarithm_of, number, symbol
from theory.common.errors import InputError
from theory.formulas.formula import Call, Formula, Name, Negative, Number, Power, Product, Quotient, Sum
from theory.formulas.notation import name_node
from theory.formulas.parsing import parse

#: The names that a claim may use.
CLAIM_NAMES: Mapping[str, Formula] = MappingProxyType(
    {name: name_node(name) for name in ("T", "s", "L", "Delta", "sigma", "mu")}
)
Values = Mapping[str, Posynomial]

_PRECISIONS = (128, 512, 2_048)
_LARGEST_DECIMAL = 400


@dataclass(frozen=True)
class ClaimedBound:
    """A claimed bound.

    Args:
        text: arithmetic in T, s, L, Delta, sigma and mu.

    Raises:
        ScheduleError: a text that cannot be read; the sentence names the position and what is allowed.

    >>> claim = ClaimedBound("2*L*Delta/sqrt(T)")
    >>> claim.value(4, {"L": number(3), "Delta": number(1)})
    3.0
    """

    text: str
    formula: Formula = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", parse(self.text, CLAIM_NAMES, "claim", pieces=False))

    @property
    def names(self) -> frozenset[str]:
        """The symbols that occur."""
        return self.formula.names()

    def value(self, steps: int, values: Values) -> float:
        """The claimed value after T = steps, to the nearest float.

        Args:
            steps: T; values: of the other names that occur, exactly.

        Raises:
            InputError: it has no finite value there.
        """
        value = math.nan
        for precision in _PRECISIONS:
            ball = self._ball(steps, values, precision)
            if ball.is_finite() and (ball.rel_accuracy_bits() > 60 or precision == _PRECISIONS[-1]):
                value = float(ball.mid())
                break
        if not math.isfinite(value):
            raise InputError(
                f"The claim {shortened(self.text)} has no finite value at T = {steps}. A claim is a number for every T "
                "from 1 on: write it so that nothing is divided by 0 and no root is taken of a negative number."
            )
        return value

    def compare(self, steps: int, values: Values, limit: Fraction) -> int | None:
        """1, 0 or -1: the claimed value is above, equal to or below the limit; None where it cannot be told.

        >>> ClaimedBound("4/(3*T+2)").compare(1, {}, Fraction(4, 5))
        0
        """
        try:
            ratio = as_ratio(self.formula) - Ratio(number(limit))
            ratio = ratio_at(ratio, {**values, "T": number(steps), LOG: logarithm_of(steps)})
            if all(part.sign for part in ratio.under):
                return ratio.over.sign * ratio.below.sign
        except Uncovered:
            pass
        return self._compare_balls(steps, values, limit)

    def _compare_balls(self, steps: int, values: Values, limit: Fraction) -> int | None:
        for precision in _PRECISIONS:
            ball, other = self._ball(steps, values, precision), _ball_of(limit, precision)
            if ball.is_finite() and (ball > other or ball < other):
                return 1 if ball > other else -1
        return None

    def _ball(self, steps: int, values: Values, precision: int) -> arb:
        known = {name: value.ball(precision) for name, value in values.items()}
        before = ctx.prec
        try:
            ctx.prec = precision
            return _evaluated(self.formula, {**known, "T": arb(steps)})
        finally:
            ctx.prec = before


def _ball_of(value: Fraction, precision: int) -> arb:
    return number(value).ball(precision)


def decimal(node: Number) -> Fraction:
    """The number that a literal writes.

    Raises:
        Uncovered: it is no decimal number, or one beyond 1e400.
    """
    try:
        text = node.text or repr(node.value)
        exponent = int(text.lower().partition("e")[2] or 0)
        if abs(exponent) > _LARGEST_DECIMAL or len(text) > _LARGEST_DECIMAL:
            raise Uncovered("a number is too large or too small")
        return Fraction(text)
    except ValueError:
        raise Uncovered(f"{node.text} is not a fraction") from None


_BALLS: Mapping[str, Callable[..., arb]] = MappingProxyType(
    {
        "sqrt": lambda x: x.sqrt(),
        "log": lambda x: x.log(),
        "ln": lambda x: x.log(),
        "exp": lambda x: x.exp(),
        "sin": lambda x: x.sin(),
        "cos": lambda x: x.cos(),
        "abs": abs,
        "floor": lambda x: x.floor(),
        "ceil": lambda x: x.ceil(),
        "min": lambda first, *rest: _folded(lambda a, b: a.min(b), first, rest),
        "max": lambda first, *rest: _folded(lambda a, b: a.max(b), first, rest),
    }
)


def _folded(pairwise: Callable[[arb, arb], arb], first: arb, rest: tuple[arb, ...]) -> arb:
    for value in rest:
        first = pairwise(first, value)
    return first


def _evaluated(node: Formula, values: Mapping[str, arb]) -> arb:
    parts = [_evaluated(child, values) for child in node.children]
    match node:
        case Number():
            return _literal(node)
        case Name():
            return values[node.name]
        case Sum():
            return _folded(lambda a, b: a + b, parts[0], tuple(parts[1:]))
        case Product():
            return _folded(lambda a, b: a * b, parts[0], tuple(parts[1:]))
        case Negative():
            return -parts[0]
        case Quotient():
            return parts[0] / parts[1]
        case Power():
            return _power(*parts)
        case Call():
            return _BALLS[node.function.name](*parts)
    raise Uncovered(f"{type(node).__name__} in a claim")


def _literal(node: Number) -> arb:
    try:
        value = decimal(node)
    except Uncovered:
        return arb(node.text or node.value)
    return arb(fmpq(value.numerator, value.denominator))


def _power(base: arb, exponent: arb) -> arb:
    whole = exponent.unique_fmpz() if exponent.is_exact() and exponent.is_integer() else None
    if whole is not None and abs(whole) < 2**20:
        return base ** int(whole)
    if base.is_zero():
        return arb(0) if exponent > 0 else arb.nan()
    return base**exponent


def as_ratio(node: Formula, given: Mapping[str, Ratio] = MappingProxyType({})) -> Ratio:
    """A formula as a ratio of posynomials in its names and log T; some names may be given as ratios.

    Raises:
        Uncovered: it is none, or one that is too large; the text says why.

    >>> print(as_ratio(ClaimedBound("sigma*sqrt(2*L/T)").formula))
    (2^1/2 L^1/2 T^-1/2 sigma) / (1)
    """
    match node:
        case Number():
            return Ratio(number(decimal(node)))
        case Name() if not node.sequence:
            return given.get(node.name, Ratio(symbol(node.name)))
        case Sum():
            return _combined([as_ratio(term, given) for term in node.terms], lambda a, b: a + b)
        case Product():
            return _combined([as_ratio(factor, given) for factor in node.factors], lambda a, b: a * b)
        case Negative():
            return -as_ratio(node.body, given)
        case Quotient():
            return as_ratio(node.over, given) / _nonzero(as_ratio(node.under, given))
        case Power():
            return _nonzero(as_ratio(node.base, given)).power(_constant(as_ratio(node.exponent, given)))
        case Call() if node.function.name == "sqrt":
            return as_ratio(node.arguments[0], given).power(Fraction(1, 2))
        case Call() if node.function.name in ("log", "ln"):
            return Ratio(_logarithm(as_ratio(node.arguments[0], given)))
    what = node.function.name if isinstance(node, Call) else getattr(node, "name", type(node).__name__)
    raise Uncovered(f"{what} is not covered by the exact comparison")


def ratio_at(ratio: Ratio, values: Values) -> Ratio:
    """A ratio at values of some of its symbols."""
    for name, value in values.items():
        ratio = ratio.substitute(name, value)
    return ratio


def _combined(parts: list[Ratio], pairwise: Callable[[Ratio, Ratio], Ratio]) -> Ratio:
    first, *rest = parts
    for part in rest:
        first = pairwise(first, part)
    return first


def _nonzero(ratio: Ratio) -> Ratio:
    if not ratio.over.terms:
        raise Uncovered("it divides by 0, or raises 0 to a power")
    return ratio


def _constant(exponent: Ratio) -> Fraction:
    value = exponent.over * exponent.below.power(Fraction(-1)) if len(exponent.below.terms) == 1 else None
    if value is not None and not value.terms:
        return Fraction(0)
    if value is None or [monomial for monomial, _ in value.terms] != [()]:
        raise Uncovered("an exponent that is not a fraction")
    return value.terms[0][1]


def _logarithm(inside: Ratio) -> Posynomial:
    """Of a power of T, or of a positive number."""
    if inside.below == ONE and len(inside.over.terms) == 1:
        ((monomial, q),) = inside.over.terms
        if q == 1 and [name for name, _ in monomial] in ([], ["T"]):
            return number(monomial[0][1] if monomial else 0) * symbol(LOG)
        if not monomial and 0 < q.numerator < 2**63 and q.denominator < 2**63:
            return logarithm_of(q.numerator) - logarithm_of(q.denominator)
    raise Uncovered("a logarithm of anything but T, its powers, and numbers")


def shortened(text: str) -> str:
    """A claim as a sentence quotes it."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


__all__ = ["CLAIM_NAMES", "ClaimedBound", "Values", "as_ratio", "decimal", "ratio_at", "shortened"]
