"""Attacks on the evaluator: integers that wrap, limits that are infinite, allowances that allow for anything."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.made_bounds import DELTA, ETA, SIGMA, TRUE, D, L, S, T, condition, made, value_of
from theory.bounds import REGISTRY, Setting
from theory.common.errors import StalenessError
from theory.formulas.formula import Number, Quotient, total
from theory.staleness.count import Staleness

DAI = [name for name in REGISTRY if name.startswith("dai2019")]


def assessed(name, eta, delays, s, **constants):
    given = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 1.0, **constants}
    return REGISTRY[name].assess(Setting(eta, delays, Staleness(s), given))


# ----------------------------------------------------------------------------------------------- whole numbers


@pytest.mark.parametrize("s", [3_100_000_000, 2**40, 2**53])
def test_d_products_of_whole_numbers_do_not_wrap(s):
    """d s s is 9.6e18 at s = 3.1e9: as int64 it was negative."""
    bound = made(TRUE + total(D * S * S))
    assert value_of(bound, [0.1, 0.1], [0, 1], s) == pytest.approx(2.0 + float(s) ** 2, rel=1e-15)


@pytest.mark.parametrize("power", [4, 5])
def test_d_powers_of_a_delay_do_not_wrap(power):
    steps, late = 60_001, 60_000
    delays = np.zeros(steps, dtype=np.int64)
    delays[-1] = late
    product = D
    for _ in range(power - 1):
        product = product * D
    value = value_of(made(TRUE + total(product)), np.full(steps, 0.1), delays, late + 1)
    assert value == pytest.approx(2.0 + float(late) ** power, rel=1e-15) and value > 0


def test_d_every_number_of_an_environment_is_a_float64():
    values = Setting([0.5, 0.5], [0, 1], Staleness(2), {"L": 1, "sigma": 2.0}).environment().values
    for name, value in values.items():
        assert np.asarray(value).dtype == np.float64 and isinstance(value, np.float64 | np.ndarray), name


def test_d_a_staleness_beyond_whole_floats_is_refused():
    assert value_of(made(TRUE * S), [0.1], [0], 2**53) == 2.0 * 2**53
    with pytest.raises(StalenessError):
        Staleness(2**53 + 1)


# ------------------------------------------------------------------------------------- limits that are not finite


@pytest.mark.parametrize("name", DAI)
@pytest.mark.parametrize(("smoothness", "gap"), [(1e-310, 1.0), (1e-310, 1e300), (5e-324, 1e308), (1e-200, 1e-200)])
@pytest.mark.parametrize("eta", [0.0, 1e-3, 1e300])
def test_b5_no_step_is_the_theorem_s_where_the_theorem_s_overflows(name, smoothness, gap, eta):
    """mu/(s L sqrt k) is infinite at L = 1e-310, and so was its tolerance: any step was taken."""
    value, failures = assessed(name, [eta] * 40, [0] * 40, 1, L=smoothness, Delta=gap)
    assert value is None and failures


def test_b5_the_failure_is_that_of_numbers_too_large():
    _, failures = assessed("dai2019", [0.0] * 40, [0] * 40, 1, L=1e-310)
    assert ["too large to compute with" in failure.sentence() for failure in failures] == [True]


@pytest.mark.parametrize("relation", [">=", "<=", ">", "=="])
@pytest.mark.parametrize("limit", [DELTA / SIGMA, -(DELTA / SIGMA), SIGMA / SIGMA, Number(math.inf, "9")])
def test_b5_a_limit_that_is_not_finite_decides_nothing(relation, limit):
    for eta in (0.0, 1.0, 1e20):
        bound = made(TRUE, condition(ETA, relation, limit, index="k", relative=1e-12))
        assert value_of(bound, [eta], [0], 1) is None
        assert value_of(made(TRUE, condition(limit, relation, ETA, index="k")), [eta], [0], 1) is None


def test_d_an_allowance_that_is_not_finite_decides_nothing():
    """1.7e308 L eta >= 1e308 - 1e308 + 1e308: both sides are finite, and what rounding is relative to is not."""
    large, half = Number(1.7e308, "1.7e308"), Number(1e308, "1e308")
    asked = condition(large * (L * ETA), ">=", half - half + half, index="k")
    assert value_of(made(TRUE, asked), [0.0], [0], 1) is None
    assert value_of(made(TRUE, asked), [1.0], [0], 1) == 2.0


# ---------------------------------------------------------------------------------------- allowances that grow


@pytest.mark.parametrize("s", [10**6, 10**10, 2**53])
def test_d_what_is_allowed_for_grows_with_the_terms_that_there_are(s):
    """(16 + 4 s) eps grew with s; a window has at most T terms, and a condition is not void at any s."""
    five = made(TRUE, condition(L * ETA, "<=", 1, index="k"))
    assert value_of(five, [1 + 1e-9], [0], s) is None
    assert value_of(five, [1 + 1e-15], [0], s) == 2.0
    assert value_of(made(TRUE, condition(L * ETA, ">", 1e-9, index="k")), [1e-8], [0], s) == 2.0
    _, failures = assessed("theorem-c", [0.8 / s] * 5, [0] * 5, s)
    assert any("the delay is not the fixed one" in failure.sentence() for failure in failures)


# --------------------------------------------------------------------------------------------- moderate sizes


@pytest.mark.parametrize(
    "change", [{"L": 1e-31}, {"L": 1e31}, {"Delta": 1e-40}, {"Delta": 1e200}, {"sigma": 1e-35}, {"sigma": 1e60}]
)
def test_d_constants_far_from_one_are_refused_and_nearer_ones_are_not(change):
    bound = made(Quotient(TRUE, 1 + 0 * T))
    (name, value), base = *change.items(), {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
    assert value_of(bound, [0.0], [0], 1, **{**base, name: value}) is None
    near = 1e-29 if value < 1 else 1e29
    assert value_of(bound, [0.0], [0], 1, **{**base, name: near}) is not None
    assert value_of(bound, [0.0], [0], 1, **{**base, "unused": 1e300}) is not None


@pytest.mark.parametrize(("eta", "taken"), [([0.0], True), ([1e-31], False), ([1e31], False), ([1.0, 1e-300], True)])
def test_d_the_largest_step_is_moderate_and_a_tail_may_be_small(eta, taken):
    value = value_of(made(TRUE), eta, [0] * len(eta), 1)
    assert (value == 2.0) == taken and (value is None) != taken
