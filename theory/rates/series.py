r"""Sums over the steps of powers of k and of windows of such, at a fixed delay D = s - 1.

A word is k^-p times windows and readers of words, where with steps k = 1, 2, ...
    window(a)_k  = a_{k-1} + ... + a_{max(1, k-D)},    readers(a)_k = a_{k+1} + ... + a_{k+D}.
With r the sum of all its powers and m its number of windows and readers, nested ones included, the word is about
D^m k^-r, and for powers p >= 0 it lies between D^m (k+mD)^-r and, for k > mD, D^m (k-mD)^-r: every index that is met
lies within mD of k. So for N > mD the rest of a sum, over k > N, lies between two integrals of these:
    r > 1:  D^m (N+1+mD)^(1-r)/(r-1)  and  D^m (N-mD)^(1-r)/(r-1);
    r = 1:  the sum up to M less D^m log(M/N) tends to a number between D^m log(N/(N+1+mD)) and D^m log(N/(N-mD)).
What is summed up to N is summed in ball arithmetic, so that the enclosures are certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from flint import arb, fmpq

_TERMS = 4096

#: A certain enclosure, its two ends.
Enclosure = tuple[float, float]


@dataclass(frozen=True, order=True)
class Word:
    """k^-power times window sums; `sums` are pairs of "window" or "readers" and the word inside, in order."""

    power: Fraction = Fraction(0)
    sums: tuple[tuple[str, Word], ...] = ()

    @property
    def whole(self) -> Fraction:
        """The sum r of all powers."""
        return self.power + sum((inner.whole for _, inner in self.sums), Fraction(0))

    @property
    def depth(self) -> int:
        """The number m of windows and readers."""
        return sum(1 + inner.depth for _, inner in self.sums)

    def __mul__(self, other: Word) -> Word:
        return Word(self.power + other.power, tuple(sorted((*self.sums, *other.sums))))

    def under(self, kind: str) -> Word:
        """The window or the readers of this word."""
        return Word(Fraction(0), ((kind, self),))

    def text(self, index: str = "k") -> str:
        """The word as text.

        >>> Word(Fraction(3, 2), (("readers", Word(Fraction(3, 4))),)).text()
        'k^(-3/2) readers(k^(-3/4))'
        """
        own = [f"{index}^({-self.power})"] if self.power else []
        return " ".join([*own, *(f"{kind}({inner.text(index)})" for kind, inner in self.sums)]) or "1"


@cache
def series(word: Word, delay: int) -> Enclosure:
    """The sum of a word over all steps, for r > 1; for r = 1 the limit of the sum to T less D^m log T.

    >>> low, high = series(Word(Fraction(3, 2), (("readers", Word(Fraction(3, 4))),)), 3)
    >>> round(low, 3), round(high, 3)
    (2.36, 2.36)
    """
    reach, r = word.depth * delay, word.whole
    terms = max(_TERMS, 16 * reach)
    partial = sum(_entries(word, terms, delay), arb(0))
    scale = arb(delay) ** word.depth
    near, far = arb(terms - reach), arb(terms + 1 + reach)
    if r > 1:
        rest = _ball(1 - r)
        low, high = far**rest / _ball(r - 1), near**rest / _ball(r - 1)
    else:
        partial -= scale * arb(terms).log()
        low, high = (arb(terms) / far).log(), (arb(terms) / near).log()
    return _ends((partial + scale * low).union(partial + scale * high))


@cache
def peak(word: Word, delay: int) -> Enclosure:
    """The largest entry of a word whose sums are windows of no power: it does not grow once they are full."""
    return _ends(max(_entries(word, word.depth * delay + 2, delay), key=float))


def _entries(word: Word, count: int, delay: int) -> list[arb]:
    """The entries k = 1..count; readers look beyond."""
    inner = [(kind, _entries(each, count + delay * (kind == "readers"), delay)) for kind, each in word.sums]
    # A sum over neighbours is the difference of two sums from the start, of which each is computed once.
    sums = [(kind, _cumulated(values)) for kind, values in inner]
    power, found = _ball(-word.power), []
    for k in range(1, count + 1):
        entry = arb(k) ** power if word.power else arb(1)
        for kind, upto in sums:
            first, last = (max(0, k - 1 - delay), k - 1) if kind == "window" else (k, k + delay)
            entry *= upto[last] - upto[first]
        found.append(entry)
    return found


def _cumulated(values: list[arb]) -> list[arb]:
    upto = [arb(0)]
    for value in values:
        upto.append(upto[-1] + value)
    return upto


def _ball(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))


def _ends(ball: Any) -> Enclosure:
    """Floats outside of the ball."""
    middle, radius = ball.mid(), ball.rad()
    tiny = abs(float(middle)) * 2.0**-50
    return float(middle - radius) - tiny, float(middle + radius) + tiny
