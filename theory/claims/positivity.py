"""Is a posynomial at least 0 for every T and all values of the constants? Rules that are sound, and no others.

The symbols stand for: T a whole number from `since` on, log T its logarithm, s >= 1, 0 < mu <= 1, and L, Delta, sigma
and all others > 0. The rules, in the order in which they are tried:

1. Shift. Write T = T0 (1+v)^q, s = (1+w)^r, mu = (1+m)^-n with v, w, m >= 0 and q, r, n the least that make all powers
   whole, after multiplying by a power of each symbol that makes none negative, and expand. If no coefficient is
   negative, the posynomial is at least 0 for every T >= T0. (This contains: all coefficients non-negative; a term
   dominated by others with a higher power of T or s or a lower one of mu, as 1/T <= 1/sqrt(T).) It is more than 0 if
   one of the terms without v, w, m, sigma and log T is.
2. Logarithms. In rule 1, log T stays as a symbol of at least 0; or, where that does not do, a positive multiple of
   log T is replaced by log T0 <= log T, a negative one by log T0 + q v >= log T0 + q log(1+v) = log T.
3. Cases. Rules 1 and 2 at a larger T0, and each whole T from `since` to T0 - 1 on its own.

Coefficients are exact; their signs are found in ball arithmetic that refuses what it cannot tell.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import numpy as np

from theory.claims.posynomial import (
    ONE,
    Monomial,
    Posynomial,
    Uncovered,
    collected,
    is_number,
    logarithm_of,
    number,
    number_of,
    symbol,
)
from theory.common.types import Floats

LOG = "log T"
_HIGHEST = 256
_MOST_PRODUCTS = 20_000
_POINTS = 64
_RANGES = {"T": (0.0, 40.0), "s": (0.0, 9.0), "mu": (-9.0, 0.0)}
# What becomes 1 + v, 1 + w and 1 + m: T, s, and the inverse of mu.
_SHIFTED = (("T", 1), ("s", 1), ("mu", -1))
_FURTHEST, _FURTHEST_WITH_CONSTANTS = 1_024, 16


def holds_from(value: Posynomial, since: int = 1, *, strict: bool = False) -> int | None:
    """The least T from `since` on, if there is one, such that the posynomial is >= 0 (> 0) from it on.

    Args:
        value: in the symbols T, log T, s, mu, L, Delta, sigma, and any others that are positive.
        since: the least T that is asked about.
        strict: more than 0.

    Returns:
        T, or None: it is not decided.

    >>> T = symbol("T")
    >>> holds_from(T - ONE), holds_from(T - number(3)), holds_from(number(3) - T)
    (1, 3, None)
    """
    try:
        if "T" not in value.symbols and LOG not in value.symbols:
            return since if _shifted_holds(value, since, strict) else None
        furthest = _FURTHEST if value.symbols <= {"T", LOG} else _FURTHEST_WITH_CONSTANTS
        for start in _starts(since, furthest):
            if not _plainly_negative(value, start) and _shifted_holds(value, start, strict):
                return _downwards(value, start, since, strict)
    except Uncovered:
        return None
    return None


def at(value: Posynomial, steps: int) -> Posynomial:
    """The value at T = steps."""
    return value.substitute("T", number(steps)).substitute(LOG, logarithm_of(steps))


def _starts(since: int, furthest: int) -> Iterator[int]:
    start = since
    while start <= max(furthest, since):
        yield start
        start *= 2


def _plainly_negative(value: Posynomial, start: int) -> bool:
    """Whether floats find a T >= start and constants where it is negative: then no expansion need be tried."""
    with np.errstate(all="ignore"):
        points = _points(value.symbols, start)
        terms = np.array([_float_term(monomial, q, points) for monomial, q in value.terms] or [np.zeros(_POINTS)])
        return bool(np.any(terms.sum(axis=0) < -1e-9 * np.abs(terms).sum(axis=0)))


def _points(names: Iterable[str], start: int) -> dict[str, Floats]:
    """Logarithms of values of the symbols; every second T is `start`."""
    rng = np.random.default_rng(0)
    points = {name: rng.uniform(*_RANGES.get(name, (-9.0, 9.0)), _POINTS) for name in sorted({*names, "T"})}
    points["T"] = math.log(start) + points["T"] * (np.arange(_POINTS) % 2)
    return points | {LOG: np.log(points["T"])}


def _float_term(monomial: Monomial, q: Fraction, points: Mapping[str, Floats]) -> Floats:
    size = np.full(_POINTS, math.log(abs(q.numerator)) - math.log(q.denominator))
    for name, power in monomial:
        size = size + float(power) * (points[name] if name in points else math.log(number_of(name)))
    return np.asarray(math.copysign(1.0, q) * np.exp(size))


def _downwards(value: Posynomial, start: int, since: int, strict: bool) -> int:
    for steps in range(start - 1, since - 1, -1):
        if not _shifted_holds(at(value, steps), 1, strict):
            return steps + 1
    return since


def _shifted_holds(value: Posynomial, start: int, strict: bool) -> bool:
    """Rules 1 and 2 at T0 = start."""
    expansion, q = _expanded(value, start)
    return _all_positive(expansion, strict) or (
        LOG in value.symbols and _all_positive(_without_logarithm(expansion, start, q), strict)
    )


#: Products of powers of the symbols that are left and of v, w, m, with their coefficients: sums of roots of numbers.
Key = tuple[Monomial, tuple[int, ...]]
Expansion = dict[Key, dict[Monomial, int]]


def _all_positive(expansion: Expansion, strict: bool) -> bool:
    signs = {key: _sign(coefficient) for key, coefficient in expansion.items()}
    if any(sign < 0 for sign in signs.values()):
        return False
    may_vanish = {"sigma", LOG}
    firm = (s for (m, offsets), s in signs.items() if not any(offsets) and may_vanish.isdisjoint(dict(m)))
    return not strict or any(sign > 0 for sign in firm)


def _sign(coefficient: Mapping[Monomial, int]) -> int:
    kept = {monomial: whole for monomial, whole in coefficient.items() if whole}
    if all(whole > 0 for whole in kept.values()):
        return 1 if kept else 0
    if all(whole < 0 for whole in kept.values()):
        return -1
    return collected((monomial, Fraction(whole)) for monomial, whole in kept.items()).sign


def _expanded(value: Posynomial, start: int) -> tuple[Expansion, int]:
    """The value times positive factors, in v, w and m; and q."""
    scaled = value.substitute("T", symbol("T") * number(start))
    lowest, steps = zip(*(_powers(scaled, name, direction) for name, direction in _SHIFTED), strict=True)
    unit = math.lcm(*(coefficient.denominator for _, coefficient in scaled.terms))
    expansion: Expansion = {}
    for monomial, coefficient in scaled.terms:
        powers = dict(monomial)
        highest = [
            int((direction * powers.pop(name, Fraction(0)) - low) * q)
            for (name, direction), low, q in zip(_SHIFTED, lowest, steps, strict=True)
        ]
        if math.prod(n + 1 for n in highest) > _MOST_PRODUCTS:
            raise Uncovered("its expansion is too long")
        names = tuple(pair for pair in powers.items() if not is_number(pair[0]))
        radical = tuple(pair for pair in powers.items() if is_number(pair[0]))
        for offsets in itertools.product(*(range(n + 1) for n in highest)):
            whole = math.prod(map(math.comb, highest, offsets)) * int(coefficient * unit)
            sums = expansion.setdefault((names, offsets), {})
            sums[radical] = sums.get(radical, 0) + whole
    return expansion, steps[0]


def _powers(value: Posynomial, name: str, direction: int) -> tuple[Fraction, int]:
    """The lowest power of a symbol, or of its inverse, and the least common denominator of its powers."""
    powers = [direction * power for power in value.without(name)] or [Fraction(0)]
    q = math.lcm(*(power.denominator for power in powers))
    if (max(powers) - min(powers)) * q > _HIGHEST:
        raise Uncovered(f"the powers of {name} are too many")
    return min(powers), q


def _without_logarithm(expansion: Expansion, start: int, q: int) -> Expansion:
    """A lower bound of it in which log T does not occur."""
    bounded: Expansion = {}
    for (names, (i, *others)), coefficient in expansion.items():
        powers = dict(names)
        power = powers.pop(LOG, Fraction(0))
        if power < 0 or power.denominator > 1:
            raise Uncovered("a root or an inverse of log T")
        # log T is at least log T0, and at most log T0 + q v, where a negative coefficient asks for the larger.
        for j in range(int(power) + 1) if _sign(coefficient) < 0 else (0,):
            factor = math.comb(int(power), j) * q**j
            sums = bounded.setdefault((tuple(powers.items()), (i + j, *others)), {})
            for radical, whole in coefficient.items():
                for times, more in (logarithm_of(start).power(power - j) if power > j else ONE).terms:
                    key = tuple(sorted((*radical, *times)))
                    sums[key] = sums.get(key, 0) + whole * factor * int(more)
    return bounded
