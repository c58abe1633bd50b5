r"""The leading term of a formula of the library as T grows, at a fixed delay D = s - 1 and given steps.

A formula becomes a sum of terms growth * word * profile: a leading term in T, a word in k (see series.py) and a
function of the place k/T. A sum over the steps of such a term is
    growth * D^m T^(1-r)/(1-r)        for r < 1, with the integral of x^-r times the profile where there is one;
    growth * (D^m log T + number)     for r = 1,
    growth * number                   for r > 1,
where the number is the sum of the word over all steps (zeta(r), Euler's gamma, or a named constant with a certain
enclosure). Readers near the end of the run, which series.py counts beyond it, change none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, reduce
from operator import add

import sympy

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.free_numbers import WithFreeNumbers
from theory.formulas.formula import (
    Block,
    Call,
    Defined,
    Formula,
    Name,
    Negative,
    Number,
    Peak,
    Power,
    Product,
    Quotient,
    Readers,
    Served,
    Sum,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    Younger,
)
from theory.formulas.symbolic import Expr, expression, symbol
from theory.rates.growth import ONE, UNKNOWN, ZERO, Growth, Outside, T, extreme
from theory.rates.series import Enclosure, Word, peak, series
from theory.rates.steps import PLACE, Steps, fraction

_DELAY = symbol("s") - 1
_WINDOWED = Word().under("window")


@dataclass(frozen=True)
class Shape:
    """How a term depends on the step: a word, a profile, and whether both are exact early in the run."""

    word: Word = field(default_factory=Word)
    profile: Expr = ONE
    exact: bool = True

    def __mul__(self, other: Shape) -> Shape:
        return Shape(self.word * other.word, self.profile * other.profile, self.exact and other.exact)


Terms = Mapping[Shape, Growth]


@dataclass(frozen=True)
class Named:
    """A constant of a leading term: a sum over all steps, or a largest entry, of a word."""

    kind: str
    word: Word

    def enclosure(self, delay: int) -> Enclosure:
        """Two numbers between which it lies for certain, at that delay."""
        return (series if self.kind == "sum" else peak)(self.word, delay)

    def text(self) -> str:
        """What it is."""
        if self.kind == "peak":
            return f"the largest {self.word.text()}"
        return f"sum over k of {self.word.text()}" + (", less its logarithm" if self.word.whole == 1 else "")


@dataclass(frozen=True)
class Leading:
    """The leading term of a bound: its growth, and what the names in it stand for."""

    growth: Growth
    named: Mapping[str, Named]

    def enclosures(self, delay: int) -> dict[str, Enclosure]:
        """The named constants between two numbers each."""
        return {name: each.enclosure(delay) for name, each in self.named.items()}


def leading(bound: Bound, steps: Steps, zeros: Iterable[str] = ()) -> Leading:
    """The leading term of a bound at these steps.

    Args:
        bound: of the library. steps: what the schedule comes to.
        zeros: the constants that are zero, such as sigma, which changes what leads; all others stay names.

    Raises:
        Outside: the leading term is not derived; the sentence says why.
    """
    if isinstance(bound, WithFreeNumbers):
        raise Outside(f"{bound.name} is evaluated at numbers that it looks for.")
    reading = _Reading(steps, frozenset(zeros))
    growth = _scalar(reading.terms(bound.value))
    if growth.coefficient.has(UNKNOWN):
        raise Outside("The constant depends on how the steps begin.")
    used = {str(each) for each in growth.coefficient.free_symbols}
    return Leading(growth, {name: each for name, each in reading.named.items() if name in used})


@dataclass(frozen=True)
class _Reading:
    """One reading of one formula; `named` fills with the constants that it meets."""

    steps: Steps
    zeros: frozenset[str]
    named: dict[str, Named] = field(default_factory=dict)

    def terms(self, node: Formula) -> Terms:
        match node:
            case Number():
                return _constant(Growth.of(expression(node)))
            case Name():
                return self._name(node)
            case Defined():
                return self.terms(node.body)
            case Negative():
                return _times(_constant(Growth.of(sympy.Integer(-1))), self.terms(node.body))
            case Sum():
                return reduce(_plus, map(self.terms, node.terms))
            case Product():
                return reduce(_times, map(self.terms, node.factors))
            case Quotient():
                return _times(self.terms(node.over), _raised(self.terms(node.under), sympy.Integer(-1)))
            case Power():
                return _raised(self.terms(node.base), expression(node.exponent))
            case Call():
                return self._call(node.function.name, [self.terms(argument) for argument in node.arguments])
            case Block():  # one gradient an update
                return self.terms(node.body)
            case Window() | Readers():
                kind = "window" if isinstance(node, Window) else "readers"
                return _collected(_summed(kind, shape, growth) for shape, growth in self.terms(node.body).items())
            case Served():  # one reader of each point late in the run
                read = self.terms(node.body).items()
                return _collected((replace(shape, exact=False), growth) for shape, growth in read)
            case Total():
                totals = (growth * self._total(shape) for shape, growth in self.terms(node.body).items())
                return _constant(reduce(add, totals, ZERO))
            case Peak():
                return _constant(self._peak(self.terms(node.body)))
            case Younger():  # with a fixed delay no gradient overtakes another
                return _constant(ZERO)
            case WhereOvertaken():
                return self.terms(node.ordered)
            case WhereNoisy():
                return self.terms(node.quiet if "sigma" in self.zeros else node.noisy)
        raise Outside(f"It contains {node.latex()}, whose leading term is not derived.")

    def _name(self, node: Name) -> Terms:
        if node.name == "eta":
            steps = self.steps
            return {Shape(Word(steps.power), steps.profile, steps.exact): steps.scale}
        if node.name == "d":
            return {Shape(_WINDOWED): Growth.of(sympy.Integer(1))}
        if node.name == "k":
            return {Shape(Word(Fraction(-1))): Growth.of(sympy.Integer(1))}
        known = sympy.Integer(0) if node.name in self.zeros else symbol(node.name, sequence=False)
        return _constant(Growth.of(known))

    def _call(self, name: str, arguments: list[Terms]) -> Terms:
        if name == "sqrt":
            return _raised(arguments[0], sympy.Rational(1, 2))
        if name in ("log", "ln"):
            return _constant(_scalar(arguments[0]).logarithm())
        if name in ("min", "max"):
            return _extreme(arguments, largest=name == "max")
        raise Outside(f"It contains the function {name}, whose leading term is not derived.")

    def _total(self, shape: Shape) -> Growth:
        word, r = shape.word, shape.word.whole
        scale = _DELAY**word.depth
        if shape.profile != 1 and r >= 1:
            raise Outside("The steps at the start of the run decide the constant.")
        if r < 1:
            exponent = sympy.Rational(r.numerator, r.denominator)
            return Growth(1 - exponent, scale * _area(exponent, shape.profile))
        number = self._number("sum", word) if shape.exact else UNKNOWN
        return Growth(sympy.Integer(0), number + (scale * sympy.log(T) if r == 1 else 0))

    def _peak(self, terms: Terms) -> Growth:
        if len(terms) != 1:
            raise Outside("It contains the largest of a sum of several terms.")
        ((shape, growth),) = terms.items()
        word = shape.word
        if shape.profile != 1:
            return growth * Growth.of(_DELAY**word.depth * _highest(shape.profile))
        if word.whole < 0:  # it grows: the last one
            return growth * Growth(-sympy.Rational(word.whole.numerator, word.whole.denominator), _DELAY**word.depth)
        if not shape.exact:
            raise Outside("The largest step is not the first one.")
        if not word.whole:
            return growth * Growth.of(_DELAY**word.depth)
        return growth * Growth.of(self._number("peak", word) if word.depth else sympy.Integer(1))

    def _number(self, kind: str, word: Word) -> Expr:
        if kind == "sum" and not word.depth:
            r = word.whole
            return sympy.EulerGamma if r == 1 else sympy.zeta(sympy.Rational(r.numerator, r.denominator))
        found = Named(kind, word)
        known = next((name for name, each in self.named.items() if each == found), None)
        name = known or f"{'W' if kind == 'sum' else 'P'}{len(self.named) + 1}"
        self.named[name] = found
        return sympy.Symbol(name, positive=True)


@cache
def _area(exponent: Expr, profile: Expr) -> Expr:
    """The integral of x^-exponent times the profile over the run."""
    if profile == 1:
        return 1 / (1 - exponent)
    pieces = sympy.piecewise_fold(profile.rewrite(sympy.Piecewise)) if profile.has(sympy.Heaviside) else profile
    found = sympy.simplify(sympy.integrate(PLACE**-exponent * pieces, (PLACE, 0, 1)))
    if found.has(sympy.Integral) or not found.is_number or not found.is_finite:
        raise Outside("The mean step over the run has no closed form.")
    return found


@cache
def _highest(profile: Expr) -> Expr:
    """The largest value of a profile over the run."""
    if isinstance(profile, sympy.Min):
        # No more than the largest of each; that is the answer where the run begins or ends there.
        limit = sympy.Min(*map(_highest, profile.args))
        if limit in (profile.subs(PLACE, 0), profile.subs(PLACE, 1)):
            return limit
        raise Outside("The largest step is not found.")
    try:
        return sympy.calculus.util.maximum(profile, PLACE, sympy.Interval(0, 1))
    except NotImplementedError:
        raise Outside("The largest step is not found.") from None


def _constant(growth: Growth) -> Terms:
    return {Shape(): growth}


def _collected(pairs: Iterable[tuple[Shape, Growth]]) -> Terms:
    found: dict[Shape, Growth] = {}
    for shape, growth in pairs:
        if not growth.is_zero:
            found[shape] = found[shape] + growth if shape in found else growth
    return found or _constant(ZERO)


def _plus(one: Terms, other: Terms) -> Terms:
    return _collected([*one.items(), *other.items()])


def _times(one: Terms, other: Terms) -> Terms:
    return _collected((a * b, g * h) for a, g in one.items() for b, h in other.items())


def _scalar(terms: Terms) -> Growth:
    ((shape, growth), *more) = terms.items()
    if more or shape != Shape():
        raise Outside("A number is expected where something depends on the step.")
    return growth


def _raised(terms: Terms, exponent: Expr) -> Terms:
    if exponent.is_Integer and exponent > 0:
        return reduce(_times, [terms] * int(exponent))
    ((shape, growth), *more) = terms.items()
    if more or shape.word.sums or not exponent.is_Rational:
        raise Outside("It contains a power or a quotient of a sum that depends on the step.")
    word = Word(shape.word.power * fraction(exponent))
    return {Shape(word, shape.profile**exponent, shape.exact): growth.raised(exponent)}


def _summed(kind: str, shape: Shape, growth: Growth) -> tuple[Shape, Growth]:
    """A window or the readers of a term; one that is not exact is as good as constant there."""
    if shape.exact and shape.profile == 1:
        return Shape(shape.word.under(kind)), growth
    return shape, growth * Growth.of(_DELAY)


def _extreme(arguments: list[Terms], *, largest: bool) -> Terms:
    """The largest or smallest of numbers, or of sequences, of which one leads late in the run and in T."""
    if all(set(terms) == {Shape()} for terms in arguments):
        return _constant(extreme([_scalar(terms) for terms in arguments], largest=largest))
    heads = [_head(terms) for terms in arguments]
    pick, against = (max, min) if largest else (min, max)
    power, fall = pick(g.power for _, g in heads), against(s.word.whole for s, _ in heads)
    tied = [(s, g) for s, g in heads if (g.power, s.word.whole) == (power, fall)]
    if not tied or len({shape.profile for shape, _ in tied}) > 1:
        raise Outside("Which of two is larger changes during the run.")
    chosen = (sympy.Max if largest else sympy.Min)(*(growth.coefficient for _, growth in tied))
    return {tied[0][0]: Growth(power, chosen)}


def _head(terms: Terms) -> tuple[Shape, Growth]:
    """The one term that leads, in T and late in the run; terms alike are added."""
    least = min(shape.word.whole for shape in terms)
    most = max(growth.power for growth in terms.values())
    heads = [(s, g) for s, g in terms.items() if s.word.whole == least and g.power == most]
    if not heads or len({shape.profile for shape, _ in heads}) > 1:
        raise Outside("No term leads during the whole run.")
    scale = reduce(add, (growth.coefficient * _DELAY**shape.word.depth for shape, growth in heads))
    return Shape(Word(least), heads[0][0].profile, exact=False), Growth(most, scale)
