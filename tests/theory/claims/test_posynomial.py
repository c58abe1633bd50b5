"""Generalised polynomials: exact arithmetic, exact signs, and the rules by which one is at least 0 for every T."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from theory.claims.positivity import LOG, at, holds_from
from theory.claims.posynomial import ONE, ZERO, Posynomial, Ratio, Uncovered, collected, logarithm_of, number, symbol

T, S, MU, L, G = (symbol(name) for name in ("T", "s", "mu", "L", LOG))
HALF = Fraction(1, 2)


def sqrt(value):
    return (value if isinstance(value, Posynomial) else number(value)).power(HALF)


def value(posynomial, **names):
    """The value in floats."""
    total = 0.0
    for monomial, q in posynomial.terms:
        term = float(q)
        for name, power in monomial:
            base = names[name] if name in names else float(name)
            term *= base ** float(power)
        total += term
    return total


def random_posynomial(rng, terms=4):
    powers = [Fraction(int(n), 2) for n in range(-4, 5)]
    return collected(
        (
            tuple((name, powers[rng.integers(9)]) for name in ("T", "s", "mu", "L")),
            Fraction(int(rng.integers(-6, 7)), int(rng.integers(1, 5))),
        )
        for _ in range(terms)
    )


def test_sums_and_products_are_those_of_numbers():
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = random_posynomial(rng), random_posynomial(rng)
        names = dict(zip(("T", "s", "mu", "L"), rng.uniform(0.5, 3, 4), strict=True))
        assert value(a + b, **names) == pytest.approx(value(a, **names) + value(b, **names), abs=1e-9)
        assert value(a * b, **names) == pytest.approx(value(a, **names) * value(b, **names), rel=1e-9, abs=1e-9)
        assert not (a - a).terms


def test_roots_of_numbers_are_exact():
    assert sqrt(2) * sqrt(2) == number(2)
    assert sqrt(Fraction(1, 2)) == sqrt(2) * number(HALF)
    assert sqrt(number(2) * L) * sqrt(number(2) * L) == number(2) * L
    assert sqrt(18) == number(3) * sqrt(2)


@pytest.mark.parametrize(
    ("number_", "sign"),
    [
        (sqrt(2) - number(Fraction(14142135623730950488016887, 10**25)), 1),
        (sqrt(2) - number(Fraction(14142135623730950488016888, 10**25)), -1),
        (sqrt(2) + sqrt(3) - sqrt(number(5) + ZERO) - number(1), -1),
        (sqrt(6) - sqrt(2) * sqrt(3), 0),
        (logarithm_of(3) - number(Fraction(1098612288668109691, 10**18)), 1),
        (logarithm_of(1), 0),
    ],
)
def test_signs_of_numbers_are_exact(number_, sign):
    assert number_.sign == sign


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: (T + ONE).power(HALF),
        lambda: (T + ONE).power(Fraction(9)),
        lambda: (T + ONE).power(Fraction(-1)),
        lambda: (-T).power(HALF),
        lambda: T.power(Fraction(1, 1000)),
        lambda: T.power(Fraction(10**9)),
        lambda: number(10**400).power(HALF),
        lambda: T.power(Fraction(-1)).substitute("T", ZERO),
        lambda: number(10**300).power(Fraction(64)),
    ],
)
def test_what_is_not_covered_says_so(wrong):
    with pytest.raises(Uncovered):
        wrong()


def test_ratios_remember_what_they_divided_by():
    ratio = Ratio(ONE) / (Ratio(ONE) / Ratio(T - ONE))
    assert T - ONE in ratio.under
    assert ratio.same_as(Ratio(T - ONE))
    assert not ratio.same_as(Ratio(T))


@pytest.mark.parametrize(
    ("posynomial", "since"),
    [
        (sqrt(T) - ONE, 1),
        (T.power(Fraction(-1)) - T.power(Fraction(-1, 2)), None),
        (T.power(Fraction(-1, 2)) - T.power(Fraction(-1)), 1),
        (S - ONE, 1),
        (ONE - MU, 1),
        (MU - ONE, None),
        (S * T - MU, 1),
        (number(2) * S * T - S - T, 1),
        (T * T - number(10) * T + number(25), 1),
        (T * T - number(10) * T + number(24), 6),
        (sqrt(T) - G, 1),
        (number(Fraction(7, 10)) * sqrt(T) - G, 15),
        (T - number(3) * S, None),
        (L - ONE, None),
        (G - ONE, 3),
    ],
)
def test_a_posynomial_is_at_least_zero_from_a_least_T_on(posynomial, since):
    assert holds_from(posynomial) == since


def test_more_than_zero_asks_for_a_term_that_cannot_vanish():
    assert holds_from(T - ONE, strict=True) == 2
    assert holds_from(symbol("sigma"), strict=True) is None
    assert holds_from(G, strict=True) == 2
    assert holds_from(T, strict=True) == 1


def test_what_is_said_to_hold_is_never_contradicted_by_numbers():
    rng = np.random.default_rng(3)
    said = 0
    for _ in range(400):
        posynomial = (
            random_posynomial(rng, 3) + number(int(rng.integers(0, 4))) * G - number(int(rng.integers(0, 2))) * G
        )
        since = holds_from(posynomial)
        if since is None:
            continue
        said += 1
        for steps in (since, since + 1, 2 * since + 3, 50 * since, 10**6):
            names = {"s": rng.integers(1, 40), "mu": rng.uniform(0.01, 1), "L": 10 ** rng.uniform(-3, 3)}
            size = value(
                collected((m, abs(q)) for m, q in posynomial.terms), T=steps, **names, **{LOG: math.log(steps)}
            )
            assert value(posynomial, T=steps, **names, **{LOG: math.log(steps)}) >= -1e-12 * size
    assert said > 40


def test_the_value_at_one_T_is_that_of_the_formula():
    assert at(sqrt(T) - G, 4) == number(2) - logarithm_of(4)
    assert at(G, 1) == ZERO
