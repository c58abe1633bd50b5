"""Generalised polynomials with exact coefficients, and their ratios: sums of q * v^a * w^b * .. with rational a, b.

The symbols are positive: T, s, L, ... A root of a number is a power of its prime factors, which are symbols like the
others ("2" to the 1/2); "ln 7" is the logarithm of 7. What is equal after collecting terms is equal; signs of numbers
are found in ball arithmetic. Nothing here is ever rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq, fmpz

#: Powers of symbols, each once, in the order of the symbols.
Monomial = tuple[tuple[str, Fraction], ...]

MOST_TERMS = 3_000
MOST_BITS = 4_096
_LARGEST_POWER, _LARGEST_POWER_OF_SUM = 64, 8
_PRECISIONS = (64, 256, 1_024, 4_096)


class Uncovered(Exception):
    """Why a formula or a comparison is beyond what is decided here."""


@dataclass(frozen=True)
class Posynomial:
    """A sum of terms, coefficients of any sign.

    Args:
        terms: monomials, each once and sorted, with their coefficients, none 0.

    >>> T = symbol("T")
    >>> print((T + number(1)) * (T - number(1)))
    -1 + T^2
    """

    terms: tuple[tuple[Monomial, Fraction], ...]

    def __add__(self, other: Posynomial) -> Posynomial:
        return collected((*self.terms, *other.terms))

    def __neg__(self) -> Posynomial:
        return Posynomial(tuple((monomial, -q) for monomial, q in self.terms))

    def __sub__(self, other: Posynomial) -> Posynomial:
        return self + -other

    def __mul__(self, other: Posynomial) -> Posynomial:
        if len(self.terms) * len(other.terms) > 10 * MOST_TERMS:
            raise Uncovered("an expression has too many terms")
        return collected((_times(a, b), p * q) for a, p in self.terms for b, q in other.terms)

    def power(self, exponent: Fraction) -> Posynomial:
        """Any rational power of one positive term; a small whole power of several."""
        if abs(exponent.numerator) > _LARGEST_POWER or exponent.denominator > _LARGEST_POWER:
            raise Uncovered(f"the exponent {exponent} is beyond {_LARGEST_POWER}")
        if len(self.terms) == 1:
            return self._power_of_term(exponent)
        if exponent.denominator > 1 or exponent < 0 or (exponent == 0 and not self.terms):
            raise Uncovered("a root or an inverse of a sum")
        if exponent > _LARGEST_POWER_OF_SUM:
            raise Uncovered(f"a power of a sum beyond {_LARGEST_POWER_OF_SUM}")
        result = number(1)
        for _ in range(int(exponent)):
            result = result * self
        return result

    def _power_of_term(self, exponent: Fraction) -> Posynomial:
        ((monomial, q),) = self.terms
        if exponent.denominator > 1 and q < 0:
            raise Uncovered("a root of a negative number")
        raised = tuple((name, power * exponent) for name, power in monomial)
        if exponent.denominator == 1:
            return collected([(raised, q**exponent.numerator)])
        return collected([(raised, Fraction(1))]) * _root(q, exponent)

    def without(self, name: str) -> dict[Fraction, Posynomial]:
        """The coefficients by the power of a symbol."""
        parts: dict[Fraction, list[tuple[Monomial, Fraction]]] = {}
        for monomial, q in self.terms:
            rest = tuple(pair for pair in monomial if pair[0] != name)
            parts.setdefault(dict(monomial).get(name, Fraction(0)), []).append((rest, q))
        return {power: collected(terms) for power, terms in parts.items()}

    def substitute(self, name: str, value: Posynomial) -> Posynomial:
        """The same with a symbol replaced by a term, by a sum (whole powers only), or by 0.

        Raises:
            Uncovered: an inverse of 0, or a power that is not covered.
        """
        if name not in self.symbols:
            return self
        total = number(0)
        for power, coefficient in self.without(name).items():
            if not value.terms and power < 0:
                raise Uncovered(f"it divides by {name}, which is 0")
            total = total + (coefficient if power == 0 else coefficient * value.power(power) if value.terms else ZERO)
        return total

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that occur, numbers left out."""
        return frozenset(name for monomial, _ in self.terms for name, _ in monomial if not is_number(name))

    def coefficients(self) -> dict[Monomial, Posynomial]:
        """The coefficient, a number, of each product of powers of symbols."""
        parts: dict[Monomial, list[tuple[Monomial, Fraction]]] = {}
        for monomial, q in self.terms:
            split = [tuple(pair for pair in monomial if is_number(pair[0]) is wanted) for wanted in (False, True)]
            parts.setdefault(split[0], []).append((split[1], q))
        return {monomial: collected(terms) for monomial, terms in parts.items()}

    @property
    def sign(self) -> int:
        """The sign of a number, -1, 0 or 1.

        Raises:
            Uncovered: it is so near 0 that no precision tells them apart.
        """
        if self.symbols:
            raise ValueError(f"{self} is not a number.")
        if not self.terms:
            return 0
        if len(self.terms) == 1:
            return 1 if self.terms[0][1] > 0 else -1
        for precision in _PRECISIONS:
            ball = self.ball(precision)
            if ball > 0 or ball < 0:
                return 1 if ball > 0 else -1
        raise Uncovered("a number cannot be told from 0")

    def ball(self, precision: int) -> arb:
        """A number as a ball."""
        before = ctx.prec
        try:
            ctx.prec = precision
            return sum((_ball(monomial, q) for monomial, q in self.terms), arb(0))
        finally:
            ctx.prec = before

    def __str__(self) -> str:
        texts = [_text(monomial, q) for monomial, q in self.terms]
        return " + ".join(texts).replace("+ -", "- ") or "0"


def collected(terms: Iterable[tuple[Monomial, Fraction]]) -> Posynomial:
    """A posynomial from terms, equal monomials added up and whole powers of numbers carried out."""
    total: dict[Monomial, Fraction] = {}
    for monomial, q in terms:
        monomial, factor = _reduced(monomial)
        total[monomial] = total.get(monomial, Fraction(0)) + factor * q
    kept = tuple(sorted((monomial, q) for monomial, q in total.items() if q))
    if len(kept) > MOST_TERMS:
        raise Uncovered("an expression has too many terms")
    if any(q.numerator.bit_length() + q.denominator.bit_length() > MOST_BITS for _, q in kept):
        raise Uncovered("a number has too many digits")
    return Posynomial(kept)


def number(value: Fraction | int) -> Posynomial:
    """A rational number."""
    return collected([((), Fraction(value))])


def symbol(name: str) -> Posynomial:
    """A positive symbol."""
    return collected([(((name, Fraction(1)),), Fraction(1))])


def logarithm_of(whole: int) -> Posynomial:
    """The logarithm of a whole number of at least 1."""
    return ZERO if whole == 1 else symbol(f"ln {whole}")


def number_of(name: str) -> float:
    """The value of a symbol that stands for a number, as a float."""
    return math.log(int(name[3:])) if name.startswith("ln ") else float(name)


def is_number(name: str) -> bool:
    """Whether a symbol stands for a number, as "2" and "ln 7" do."""
    return name[0].isdigit() or name.startswith("ln ")


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, Fraction(0)) + power
    return tuple(powers.items())


def _reduced(monomial: Monomial) -> tuple[Monomial, Fraction]:
    """Sorted, without powers of 0; whole powers of numbers as a factor."""
    factor, kept = Fraction(1), []
    for name, power in sorted(monomial):
        if name.isdigit():
            whole = math.floor(power)
            if abs(whole) > MOST_BITS:
                raise Uncovered("a number has too many digits")
            factor *= Fraction(int(name)) ** whole
            power -= whole
        if power:
            kept.append((name, power))
    return tuple(kept), factor


def _root(q: Fraction, exponent: Fraction) -> Posynomial:
    powers = [(str(p), n * exponent) for p, n in _primes(q.numerator)]
    powers += [(str(p), -n * exponent) for p, n in _primes(q.denominator)]
    return collected([(tuple(powers), Fraction(1))])


def _primes(whole: int) -> list[tuple[int, int]]:
    if whole.bit_length() > 128:
        raise Uncovered("a root of a number with too many digits")
    return [(int(p), int(n)) for p, n in fmpz(whole).factor()]


def _ball(monomial: Monomial, q: Fraction) -> arb:
    product = arb(fmpq(q.numerator, q.denominator))
    for name, power in monomial:
        base = arb(fmpz(int(name.removeprefix("ln "))))
        base = base.log() if name.startswith("ln ") else base
        product *= base ** arb(fmpq(power.numerator, power.denominator))
    return product


def _text(monomial: Monomial, q: Fraction) -> str:
    factors = [name if power == 1 else f"{name}^{power}" for name, power in monomial]
    if not factors or abs(q) != 1:
        factors.insert(0, str(abs(q)))
    return ("-" if q < 0 else "") + " ".join(factors)


ZERO, ONE = number(0), number(1)


@dataclass(frozen=True)
class Ratio:
    """One posynomial over another; `under` are all that anything was ever divided by, which must not be 0.

    >>> print(Ratio(number(1)) / Ratio(symbol("T") + number(1)))
    (1) / (1 + T)
    """

    over: Posynomial
    below: Posynomial = ONE
    under: frozenset[Posynomial] = frozenset()

    def __add__(self, other: Ratio) -> Ratio:
        if self.below == other.below:
            return Ratio(self.over + other.over, self.below, self.under | other.under)
        over = self.over * other.below + other.over * self.below
        return Ratio(over, self.below * other.below, self.under | other.under)

    def __neg__(self) -> Ratio:
        return Ratio(-self.over, self.below, self.under)

    def __sub__(self, other: Ratio) -> Ratio:
        return self + -other

    def __mul__(self, other: Ratio) -> Ratio:
        return Ratio(self.over * other.over, self.below * other.below, self.under | other.under)

    def __truediv__(self, other: Ratio) -> Ratio:
        return self * other.inverse()

    def inverse(self) -> Ratio:
        """1 over it; an inverse of one term is a term."""
        if len(self.over.terms) == 1:
            return Ratio(self.below * self.over.power(Fraction(-1)), ONE, self.under | {self.over})
        return Ratio(self.below, self.over, self.under | {self.over})

    def power(self, exponent: Fraction) -> Ratio:
        """A power that both parts have."""
        if exponent < 0:
            return self.inverse().power(-exponent)
        return Ratio(self.over.power(exponent), self.below.power(exponent), self.under)

    def substitute(self, name: str, value: Posynomial) -> Ratio:
        """The same with a symbol replaced."""
        under = frozenset(part.substitute(name, value) for part in self.under)
        return Ratio(self.over.substitute(name, value), self.below.substitute(name, value), under)

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that occur."""
        return self.over.symbols | self.below.symbols

    def same_as(self, other: Ratio) -> bool:
        """Whether both are the same function."""
        return not (self.over * other.below - other.over * self.below).terms

    def __str__(self) -> str:
        return f"({self.over}) / ({self.below})"
