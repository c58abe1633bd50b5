"""The limit constant is what both of its sides say, what an independent program says, and never above Theorem C's."""

import math
from itertools import pairwise

import numpy as np
import pytest
from flint import fmpq
from scipy.optimize import linprog

from theory.common.errors import DelayError, DomainError, InputError
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.limit.comparison import COMPARED, comparison
from theory.worst_case.limit.constant import best_step, curve, delayed, limit_constant
from theory.worst_case.limit.symbol import forms, minimisers, stays_above, symbol

# To the digits printed by an earlier, separate computation.
BEST = {0: (1.1547, 1.2990), 1: (0.5691, 2.6751), 2: (0.3548, 4.2910), 3: (0.2554, 5.9432), 4: (0.1994, 7.6000)}
SHARES = (0.1, 0.3, 0.575, 0.8, 0.95)


def sine_forms(delay, step, lags, angles):
    """T_m and B_m from their quotients of sines, with their limits at 0: arrays (angle, lag)."""
    m = np.arange(1, lags + 1)
    w = np.where(angles == 0, 1.0, angles)[:, None]
    sway = step * np.sin(m * w) * np.cos((delay + 0.5) * w) / (2 * np.sin(w / 2))
    bend = np.sin(m * w / 2) ** 2 * (1 - step**2 / (4 * np.sin(w / 2) ** 2))
    at_zero = (angles == 0)[:, None]
    return np.where(at_zero, step * m, sway), np.where(at_zero, -((step * m / 2) ** 2), bend)


def dense_program(delay, step, lags, points=6001):
    """The same program on one dense grid: p free, beta at least |p|, another algorithm. Never below the true weight."""
    sway, bend = sine_forms(delay, step, lags, np.linspace(0, np.pi, points))
    eye, zero = np.eye(lags), np.zeros((lags, 1))
    cuts = np.hstack([-sway, -bend, np.ones((points, 1))])
    cone = np.vstack([np.hstack([eye, -eye, zero]), np.hstack([-eye, -eye, zero])])
    found = linprog(
        np.append(np.zeros(2 * lags), -1.0),
        A_ub=np.vstack([cuts, cone]),
        b_ub=np.zeros(points + 2 * lags),
        A_eq=np.concatenate([np.arange(1, lags + 1), np.zeros(lags + 1)])[None, :],
        b_eq=[1.0],
        bounds=[(None, None)] * (2 * lags + 1),
        method="highs-ipm",
    )
    return found.x[-1]


@pytest.fixture(scope="module", params=BEST)
def best(request):
    return best_step(request.param)


def test_the_best_steps_and_constants_to_the_printed_digits(best):
    step, value = BEST[best.delay]
    assert best.step == pytest.approx(step, abs=5.1e-5)
    assert best.value == pytest.approx(value, abs=5.1e-5)


def test_at_the_best_step_the_constant_is_exact_and_proved(best):
    # Above by certificate, below by a function; where Theorem C loses nothing at the start there is no gap.
    assert best.certified
    assert best.start == 1.0
    assert best.lower == pytest.approx(best.value, rel=1e-8)


def test_the_best_step_is_the_least_of_its_neighbours(best):
    around = curve(best.delay, best.step * np.array([0.97, 0.995, 1.005, 1.03]), best.lags)
    assert all(best.value < each.value for each in around)


def test_without_delay_the_constant_has_a_closed_form():
    best = best_step(0)
    assert best.value == pytest.approx(3 * math.sqrt(3) / 4, rel=1e-10)
    assert best.step == pytest.approx(2 / math.sqrt(3), rel=1e-6)
    for each in curve(0, [0.2, 0.7, 1.0]):
        assert each.value == pytest.approx(1 / (each.step - each.step**2 / 4), rel=1e-10)
    for each in curve(0, [1.0, 1.3, 1.9]):
        assert each.value == pytest.approx(1 / (each.step - each.step**3 / 4), rel=1e-10)


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_small_steps_cost_what_a_linear_function_with_a_wiggle_costs(delay):
    step = 0.9 / (delay**2 + (delay + 1) ** 2)
    assert limit_constant(delay, step).value == pytest.approx(1 / (step - step**2 / 4), rel=1e-10)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("delay", [0, 1, 3, 6])
def test_both_sides_meet_at_every_step(delay, share):
    found = limit_constant(delay, share * fixed_delay_limit(delay))
    assert found.certified
    assert found.lower == pytest.approx(found.value, rel=1e-7)


@pytest.mark.parametrize(("delay", "lags", "share"), [(1, 3, 0.3), (1, 6, 0.6), (2, 2, 0.5), (3, 10, 0.9), (4, 5, 0.2)])
def test_an_independent_program_on_a_dense_grid_agrees(delay, lags, share):
    step = share * fixed_delay_limit(delay)
    found, dense = limit_constant(delay, step, lags), dense_program(delay, step, lags)
    # Between points pi / 6000 apart S falls by at most max |S''| / 8 times the square: about 1e-6 of it.
    assert found.weight * (1 - 1e-8) <= dense <= found.weight * (1 + 1e-5)


@pytest.mark.parametrize(("delay", "share"), [(0, 0.7), (2, 0.3), (5, 0.6), (8, 0.9)])
def test_the_multipliers_are_feasible_and_the_symbol_is_above_its_weight(delay, share):
    found = limit_constant(delay, share * fixed_delay_limit(delay))
    angles = np.linspace(0, np.pi, 20001)
    sway, bend = sine_forms(delay, found.step, found.lags, angles)
    symbol = sway @ found.multipliers + bend @ found.beta
    assert (np.abs(found.multipliers) <= found.beta * (1 + 1e-12)).all()
    assert np.arange(1, found.lags + 1) @ found.multipliers == pytest.approx(1, abs=1e-9)
    # The sines lose digits near 0 only.
    assert symbol.min() >= found.weight * (1 - 1e-7)


@pytest.mark.parametrize(("delay", "share"), [(0, 0.7), (1, 0.575), (3, 0.3), (4, 0.8)])
def test_the_worst_frequencies_are_a_run_of_which_every_pair_can_be_interpolated(delay, share):
    # Gradients that rotate, iterates that are their delayed sums, values that fall by 1/lower in every step.
    found, steps = limit_constant(delay, share * fixed_delay_limit(delay)), 240
    k = np.arange(-delay, steps)
    parts = zip(np.sqrt(found.masses), np.multiply.outer(found.worst_frequencies, k), strict=True)
    g = np.column_stack([a * wave for a, turns in parts for wave in (np.cos(turns), np.sin(turns))])
    x = -found.step * np.cumsum(g[:steps], axis=0)
    g = g[delay:]
    x = np.vstack([np.zeros(x.shape[1]), x[:-1]])
    values = -np.arange(steps) / found.lower
    for lag in range(1, steps):
        gap, turn = x[:-lag] - x[lag:], g[:-lag] - g[lag:]
        trapezoid = ((g[:-lag] + g[lag:]) * gap).sum(axis=1) / 2
        room = ((gap**2).sum(axis=1) - (turn**2).sum(axis=1)) / 4
        assert (np.abs(values[:-lag] - values[lag:] - trapezoid) <= room + 1e-9 * lag).all()
    assert (g**2).sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize(("delay", "share"), [(1, 0.3), (2, 0.575), (4, 0.9)])
def test_more_lags_never_cost_and_one_lag_is_theorem_c(delay, share):
    step = share * fixed_delay_limit(delay)
    values = [limit_constant(delay, step, lags).value for lags in (1, 2, delay + 1, 2 * delay + 4, 3 * delay + 8)]
    assert all(after <= before * (1 + 1e-8) for before, after in pairwise(values))
    assert values[-1] == pytest.approx(values[-2], rel=1e-7)


@pytest.mark.parametrize("delay", [0, 1, 2, 5])
def test_the_best_single_lag_is_theorem_c_and_all_lags_are_below_it(delay):
    theorem_c = comparison(delay)["theorem-c"]
    assert best_step(delay, lags=1).value == pytest.approx(theorem_c, rel=1e-7)
    assert best_step(delay).value <= theorem_c * (1 + 1e-9)


def test_lags_beyond_the_delay_do_help_at_some_steps():
    assert limit_constant(1, 0.3, 3).value < limit_constant(1, 0.3, 2).value * (1 - 1e-4)
    # Just above 1/(D^2 + (D+1)^2) the worst function turns slowly, and long lags see it.
    step = 1.11 / 25
    few, found = limit_constant(3, step, 10), limit_constant(3, step)
    assert found.lags > 10
    assert found.value < few.value * (1 - 1e-5)
    assert few.lower < few.value * (1 - 1e-5)
    assert found.lower == pytest.approx(found.value, rel=1e-8)


@pytest.mark.parametrize("delay", [1, 3])
def test_the_constant_blows_up_at_the_stability_limit(delay):
    limit = fixed_delay_limit(delay)
    near = curve(delay, limit * (1 - np.array([1e-1, 1e-2, 1e-3])))
    assert near[0].value < near[1].value / 5 < near[2].value / 25
    at = limit_constant(delay, limit)
    assert at.value == math.inf
    assert at.worst_frequencies == (math.pi / (2 * delay + 1),)
    sway, bend = sine_forms(delay, limit, 9, np.array(at.worst_frequencies))
    assert np.abs(np.vstack([sway, bend])).max() < 1e-12


def test_near_the_limit_the_start_is_the_only_thing_not_proved():
    starts = [each.start for each in curve(3, fixed_delay_limit(3) * np.array([0.5, 0.65, 0.9, 0.99]))]
    assert starts[:2] == [1.0, 1.0]
    assert 1 < starts[2] < starts[3] < 2


def test_the_constant_grows_like_five_thirds_of_the_delay():
    for delay, accuracy in ((4, 1e-2), (8, 2e-3), (12, 2e-3)):
        best = best_step(delay, lags=delay + 1)
        assert best.value == pytest.approx(1.667 * (delay + 0.5) + 0.10, abs=0.02)
        assert best.step == pytest.approx(0.9035 / (delay + 0.5), rel=accuracy)


def test_the_published_bounds_have_the_constants_of_their_own_algebra():
    found = comparison(2)
    assert set(found) == set(COMPARED)
    h = (math.sqrt(25) - 1) / 12
    assert found["theorem-a"] == pytest.approx(1 / (h - h**2 / 2 - 2 * h**3), rel=1e-8)
    assert found["theorem-b"] == pytest.approx(1.5 * math.sqrt(3 * 13) / 2, rel=1e-8)
    assert found["lian2015"] == pytest.approx(32 / (math.sqrt(33) - 1), rel=1e-8)
    assert found["stich2020"] == pytest.approx(60, rel=1e-8)
    assert found["dai2019-sum, mu=1"] == pytest.approx(6, rel=1e-8)
    assert found["dai2019-sum, mu=0.5"] == pytest.approx(24, rel=1e-8)
    # Any guarantee of these steps alone is above the limit; coherence is one more assumption, and may be below.
    free = [found[name] for name in ("theorem-c", "theorem-b", "theorem-a", "lian2015", "stich2020")]
    assert best_step(2).value < free[0] < free[1] < free[2] < free[3] < free[4]


@pytest.mark.parametrize("step", [0.0, -0.1, 0.62, math.nan, math.inf])
def test_a_step_outside_the_stable_range_is_refused(step):
    with pytest.raises(DomainError, match=r"at most 0\.618034, the stability limit"):
        limit_constant(2, step)


def test_what_is_no_delay_or_no_number_of_lags_is_refused():
    for call in (best_step, comparison, lambda delay: limit_constant(delay, 0.1)):
        with pytest.raises(DelayError, match="delay"):
            call(-1)
    with pytest.raises(InputError, match="number of lags"):
        limit_constant(1, 0.1, lags=0)


def test_a_certificate_is_refused_above_the_least_value():
    # 1 + cos w + cos(2w)/2 has its least value 1/4 at cos w = -1/2.
    coefficients = [fmpq(1), fmpq(1), fmpq(1, 2)]
    assert stays_above(coefficients, fmpq(1, 4) - fmpq(1, 10**12))
    assert not stays_above(coefficients, fmpq(1, 4))
    assert not stays_above(coefficients, fmpq(1, 4) + fmpq(1, 10**12))
    assert not stays_above(coefficients, fmpq(3))


@pytest.mark.parametrize(("delay", "lags"), [(0, 1), (2, 5), (7, 3)])
def test_the_symbol_and_its_forms_are_the_quotients_of_sines(delay, lags):
    angles, rng = np.linspace(0, np.pi, 400), np.random.default_rng(2)
    p, beta = rng.normal(size=(2, lags))
    sway, bend = sine_forms(delay, 0.3, lags, angles)
    found = symbol(delayed(delay), 0.3, p, beta)
    assert np.cos(np.outer(angles, np.arange(found.size))) @ found == pytest.approx(sway @ p + bend @ beta, abs=1e-9)
    for form, direct in zip(forms(delayed(delay), 0.3, np.arange(1, lags + 1), angles), (sway, bend), strict=True):
        assert form == pytest.approx(direct, abs=1e-9)


def test_minimisers_finds_every_local_minimum():
    angles, values = minimisers(np.array([0.0, 0.0, 0.0, 1.0]))
    assert angles == pytest.approx([math.pi / 3, math.pi], abs=1e-9)
    assert values == pytest.approx([-1, -1], abs=1e-12)
