"""Rates: leading terms against the reference's examples, series against plain sums, and bounds against both."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy

from theory.bounds.parts.free_numbers import WithFreeNumbers
from theory.bounds.parts.setting import Setting
from theory.bounds.registry import REGISTRY
from theory.formulas.symbolic import Symbolic, symbols
from theory.rates import plain_sums, rate
from theory.rates.best import best, logarithms
from theory.rates.growth import Growth, Outside, T
from theory.rates.leading import leading
from theory.rates.rate import Ground, rates_of
from theory.rates.series import Word, peak, series
from theory.rates.steps import PLACE, shape
from theory.schedules.catalogue import CATALOGUE
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

L, DELTA, SIGMA, MU, S = symbols("L Delta sigma mu s")
ROOT, QUARTER, HALF, ONE = Fraction(1, 2), Fraction(1, 4), Fraction(1, 2), Fraction(1)
THREE_QUARTERS = Fraction(3, 4)
PLAIN = {
    name: bound.value
    for name, bound in REGISTRY.items()
    if not isinstance(bound, WithFreeNumbers) and not any(isinstance(n, Symbolic) for n in bound.value.walk())
}


def led(bound, text, zeros=()):
    return leading(REGISTRY[bound], shape(Schedule(text), zeros), zeros)


def windows(values, delay):
    """The sums over the steps before, and over those behind, of a list that goes on beyond what is asked for."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    k = np.arange(values.size)
    before = sums[k] - sums[np.maximum(k - delay, 0)]
    behind = sums[np.minimum(k + 1 + delay, values.size)] - sums[k + 1]
    return before, behind


# Series


def test_the_window_series_of_the_reference():
    """p = 3/4, D = 3: 2.360, where D times the smooth counterpart is 4.381."""
    low, high = series(Word(2 * THREE_QUARTERS, (("readers", Word(THREE_QUARTERS)),)), 3)
    assert (round(low, 3), round(high, 3)) == (2.36, 2.36)
    below, above = series(Word(3 * THREE_QUARTERS), 3)
    assert 3 * below <= 4.381 + 5e-4 and 3 * above >= 4.381 - 5e-4


@pytest.mark.parametrize("delay", [0, 1, 3, 10])
@pytest.mark.parametrize("p", [Fraction(2, 5), Fraction(1, 2), Fraction(3, 4), Fraction(1)])
def test_enclosures_hold_the_sums_of_an_independent_evaluation(p, delay):
    """A million terms and the integral of what is left, with an error below the next order of the integrand."""
    terms, k = 10**6, np.arange(1, 10**6 + 101, dtype=float)
    a = k ** -float(p)
    before, behind = windows(a, delay)
    values = {
        Word(3 * p): a**3, Word(2 * p, (("readers", Word(p)),)): a**2 * behind,
        Word(p, (("window", Word(p)), ("window", Word(p)))): a * before**2,
    }  # fmt: skip
    for word, entries in values.items():
        if word.whole <= 1:
            continue
        low, high = series(word, delay)
        r, scale = float(word.whole), delay**word.depth
        rest = scale * terms ** (1 - r) / (r - 1)
        slack = (word.depth * delay + 1) * scale * terms**-r + 1e-9
        assert low - slack <= math.fsum(entries[:terms]) + rest <= high + slack
        assert high - low < max(1e-2 * low, 1e-8)


def test_exchange_of_sums_gives_the_same_number():
    """sum_k a_k^2 readers(a)_k = sum_i a_i window(a^2)_i, as every pair k in W_i is counted once."""
    one = series(Word(2 * THREE_QUARTERS, (("readers", Word(THREE_QUARTERS)),)), 5)
    other = series(Word(THREE_QUARTERS, (("window", Word(2 * THREE_QUARTERS)),)), 5)
    assert max(one[0], other[0]) <= min(one[1], other[1])


def test_known_numbers():
    low, high = series(Word(ONE), 7)
    assert low <= float(sympy.EulerGamma) <= high
    low, high = series(Word(Fraction(3, 2)), 7)
    assert low <= float(sympy.zeta(sympy.Rational(3, 2))) <= high
    assert peak(Word(HALF, (("window", Word()),)), 3) == pytest.approx((1.5, 1.5))


# Steps


@pytest.mark.parametrize(
    ("text", "power", "horizon", "scale"),
    [
        ("mu/(s*L*sqrt(k))", ROOT, 0, MU / (S * L)),
        ("1/(s*L*k^0.75)", THREE_QUARTERS, 0, 1 / (S * L)),
        ("1/(k*T)^0.25", QUARTER, -QUARTER, 1),
        ("corollary-1", 0, -ROOT, sympy.sqrt(2 * DELTA / L) / SIGMA),
        ("delay-adaptive", 0, 0, 1 / (2 * L * sympy.Max(1, S - 1))),
        ("0.1/(L*(s+sqrt(k)))", ROOT, 0, 1 / (10 * L)),
        ("0.1 if k <= 400 else 0.01", 0, 0, sympy.Rational(1, 100)),
        ("log(T)/(mu*T)", 0, -1, sympy.log(T) / MU),
    ],
)
def test_shapes_of_schedules(text, power, horizon, scale):
    steps = shape(Schedule(text))
    assert (steps.power, steps.scale.power) == (power, horizon)
    assert sympy.simplify(steps.scale.coefficient - scale) == 0


def test_profiles_over_the_run():
    assert shape(Schedule("cosine")).profile == 1 + sympy.cos(sympy.pi * PLACE)
    assert shape(Schedule("warm-up")).profile == sympy.Min(1, 10 * PLACE)
    steps = shape(Schedule("1/sqrt(k+T)"))
    assert (steps.scale.power, steps.profile) == (sympy.Rational(-1, 2), 1 / sympy.sqrt(1 + PLACE))


@pytest.mark.parametrize("text", ["0.5^k", "sin(k)+2", "log(k)/k", "0*k", "0.1/T^mu", "0.1*floor(k/3)/k", "1/(k%7)"])
def test_what_is_outside_the_class_says_so(text):
    with pytest.raises(Outside):
        shape(Schedule(text))


# Leading terms: the examples of the reference


def test_theorem_1_at_its_own_step_and_at_a_constant_one():
    """O(log T/sqrt T) as stated; the abstract's O(1/sqrt T) is true at c/sqrt(T)."""
    stated = led("dai2019", "theorem-1").growth
    assert sympy.simplify(stated.term - (S * L * DELTA / MU**2 + SIGMA**2 * sympy.log(T) / S) / sympy.sqrt(T)) == 0
    own, constant = led("dai2019-tight", "theorem-1").growth, led("dai2019-tight", "mu/(s*L*sqrt(T))").growth
    assert (own.power, logarithms(own)) == (sympy.Rational(-1, 2), 1)
    assert (constant.power, logarithms(constant)) == (sympy.Rational(-1, 2), 0)


def test_corollary_1_has_the_delay_at_the_second_order_only():
    noisy, quiet = led("corollary-1", "corollary-1"), led("corollary-1", "1/(s*L)", {"sigma"})
    assert sympy.simplify(noisy.growth.term - SIGMA * sympy.sqrt(2 * L * DELTA / T)) == 0
    assert sympy.simplify(quiet.growth.term - 2 * S * L * DELTA / T) == 0


@pytest.mark.parametrize("bound", ["theorem-a", "lian2015", "dai2019-tight", "bottou2018", "theorem-r"])
def test_exponents_turn_at_one_half(bound):
    """p < 1/2: -p, as noise leads; p = 1/2: log T/sqrt T; p > 1/2: p - 1. Without noise always p - 1."""
    for p in ("0.1", "0.25", "0.4", "0.5", "0.6", "0.75", "0.9"):
        exact, text = sympy.Rational(p), f"1/(s*L*k^{p})"
        noisy, quiet = led(bound, text).growth, led(bound, text, {"sigma"}).growth
        assert noisy.power == max(-exact, exact - 1)
        assert logarithms(noisy) == (exact == sympy.Rational(1, 2))
        assert (quiet.power, logarithms(quiet)) == (exact - 1, 0)


def test_the_leading_coefficient_needs_the_first_terms_of_the_windows():
    """p = 3/4, D = 3, a = .2: with the smooth counterpart it would be .8 % off."""
    found = led("theorem-a", "0.2/k^0.75")
    (name,) = found.named
    low, high = found.enclosures(3)[name]
    at = {S: 4, L: 1, DELTA: 1, SIGMA: 1}
    right, smooth = (
        float(found.growth.coefficient.subs(at).subs(sympy.Symbol(name, positive=True), value))
        for value in ((low + high) / 2, 3 * float(sympy.zeta(sympy.Rational(9, 4))))
    )
    assert right == pytest.approx((1 + 0.5 * (0.04 * float(sympy.zeta(1.5)) + 0.008 * 2.36)) / 0.8, rel=1e-5)
    assert smooth / right - 1 == pytest.approx(0.008, abs=0.0005)


def test_noise_of_the_highest_order_alone_decides_below_one_half():
    assert led("theorem-a", "1/(s*L*k^0.25)").growth.term == sympy.Rational(3, 4) * SIGMA**2 / (
        S * T ** sympy.Rational(1, 4)
    )


# Bounds by plain sums


@pytest.mark.parametrize("text", ["theorem-1", "sqrt-T", "delay-adaptive", "cosine", "k^0.1/(9*s*L)"])
@pytest.mark.parametrize("steps", [1, 5, 300])
def test_plain_sums_in_blocks_are_the_evaluator(text, steps, monkeypatch):
    monkeypatch.setattr(plain_sums, "_BLOCK", 37)
    ground = Ground.of(Schedule(text), 4, {"sigma": 0.7, "L": 1.3})
    delays = np.minimum(np.arange(steps), 3)
    setting = Setting.of(text, delays, Staleness(4), {n: ground.values[n] for n in ("L", "Delta", "sigma", "mu")})
    environment = Setting(setting.step_sizes, delays, Staleness(4), ground.values).environment()
    found = plain_sums.evaluated(PLAIN, ground.schedule, 4, ground.values, steps)
    for name, value in PLAIN.items():
        with np.errstate(all="ignore"):
            assert found[name] == pytest.approx(float(value.evaluate(environment)), rel=1e-12)


PAIRS = {
    "1/(s*L*sqrt(k))": ("dai2019-tight", "theorem-a", "average-delay-adaptive", "lian2015"),
    "theorem-1": ("dai2019", "dai2019-strict", "theorem-a", "mishchenko2022"),
    "sqrt-T": ("dai2019-sum", "theorem-a", "theorem-r", "average-delay", "stich2020", "maranjyan2025"),
    "constant": ("lian2015", "theorem-a", "koloskova2022"),
    "cosine": ("theorem-a", "average-delay-adaptive"),
    "0.5/(s*L*k)": ("theorem-a", "dai2019-constant", "lian2015"),
}  # fmt: skip


@pytest.mark.parametrize("text", PAIRS)
def test_the_bound_is_its_leading_term_to_a_thousandth_at_ten_million_steps(text):
    """22 pairs of a bound and a schedule."""
    found, _ = rates_of([REGISTRY[name] for name in PAIRS[text]], text, 4)
    assert [each.bound for each in found] == list(PAIRS[text])
    for each in found:
        assert each.checked[-1][0] == 10**7
        assert each.checked[-1][1] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("text", "remainder"), [("power", 0.25), ("1/(s*L*k^0.3)", 0.3), ("1/(s*L*k^0.8)", 0.2)])
def test_where_the_remainder_is_large_it_shrinks_by_the_power_of_the_next_term(text, remainder):
    """Between 10^6 and 10^7: a sum is off by a constant, relative T^(p-1), or by the next sum, relative T^-p."""
    found, _ = rates_of([REGISTRY["dai2019-tight"]], text, 4, {"mu": 1.0})
    (_, before), (_, last) = found[0].checked[-2:]
    assert math.log10((before - 1) / (last - 1)) == pytest.approx(remainder, abs=0.12)


@pytest.mark.parametrize("text", CATALOGUE)
def test_every_schedule_of_the_catalogue_is_in_the_class(text):
    found, _ = rates_of([REGISTRY["theorem-a"], REGISTRY["corollary-1"], REGISTRY["corollary-2"]], text, 4)
    assert found and all(each.found for each in found if each.bound != "delay-adaptive")


def test_outside_the_class_the_exponent_is_measured_and_told_so():
    found, _ = rates_of([REGISTRY["lian2015"], REGISTRY["theorem-ar"]], "0.1/(1+sqrt(k)*log(1+k))", 2)
    for each in found:
        assert each.found is None and each.order == "not derived"
        assert "measured up to T = " in each.leading
        assert -0.6 < each.exponent < -0.2
        assert each.to_dict()["ratio"] is None


def test_a_profile_whose_squares_cannot_be_integrated_is_outside():
    """Over the run (k/T)^-.7 has a mean, its square has none: how the steps begin decides."""
    with pytest.raises(Outside, match="no closed form"):
        led("lian2015", "0.1/(T^0.3+k^0.7)")


def test_a_leading_term_that_the_sums_do_not_confirm_is_not_told(monkeypatch):
    wrong = lambda *given: (lambda f: type(f)(f.growth * Growth.of(sympy.Integer(2)), f.named))(leading(*given))  # noqa: E731
    monkeypatch.setattr(rate, "leading", wrong)
    (found,), _ = rates_of([REGISTRY["bottou2018"]], "sqrt-T", 1)
    assert found.found is None and "do not approach" in found.leading


def test_a_bound_that_does_not_apply_says_why():
    found, refused = rates_of([REGISTRY["bottou2018"]], "sqrt-T", 4)
    assert found == [] and "the step has a delay at k = 2" in refused["bottou2018"]


# The best steps


def test_with_noise_the_best_steps_are_constant_over_the_run_and_give_corollary_1():
    for name in ("theorem-a", "theorem-r", "average-delay", "ghadimi2013"):
        found = best(REGISTRY[name], frozenset())
        assert found.text == "a/sqrt(T)"
        assert sympy.simplify(found.scale - sympy.sqrt(2 * DELTA / L) / SIGMA) == 0
        assert sympy.simplify(found.term - SIGMA * sympy.sqrt(2 * L * DELTA / T)) == 0


@pytest.mark.parametrize(("name", "values"), [("theorem-a", {"sigma": 0.0}), ("bottou2018", {}), ("stich2020", {})])
def test_no_constant_near_the_best_one_is_better(name, values):
    window = 1 if name == "bottou2018" else 4
    bound, steps = REGISTRY[name], 10**6
    found = best(bound, frozenset(values))
    ground = Ground.of(Schedule("1/L"), window, values)
    scale = float(found.scale.subs({L: 1, DELTA: 1, SIGMA: ground.values["sigma"], S: window}))
    rule = found.text.replace("a", "{:.17g}")
    least, *others = (
        plain_sums.evaluated({"": bound.value}, Schedule(rule.format(scale * f)), window, ground.values, steps)[""]
        for f in (1, 0.9, 1.1)
    )
    assert least < min(others)
    term = found.term.subs({T: steps, L: 1, DELTA: 1, SIGMA: ground.values["sigma"], S: window})
    assert float(term) == pytest.approx(least, rel=1e-2)
