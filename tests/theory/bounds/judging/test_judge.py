"""Judging every bound at once: the smallest that applies, curves over the horizon, and how fast they fall."""

import numpy as np
import pytest

from theory.bounds import REGISTRY, Setting, get
from theory.bounds.judging.judge import Judgement, best, curve, judge, local_exponent
from theory.common.errors import InputError
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness


def setting(text, steps, window, **constants):
    values = {"L": 1.0, "Delta": 1.0, "sigma": 1.0, "mu": 0.5} | constants
    delays = np.minimum(np.arange(steps), window - 1)
    known = {name: values[name] for name in ("L", "Delta", "sigma", "mu")}
    sizes = Schedule(text).step_sizes(steps, delays=delays, s=window, **known)
    return Setting(sizes, delays, Staleness(window), values)


PAPER = "mu/(s*L*sqrt(k))"


def test_every_bound_is_judged_once_in_the_order_of_the_library():
    judgements = judge(setting(PAPER, 50, 4))
    assert [j.bound.name for j in judgements] == list(REGISTRY)
    for j in judgements:
        assert j.applies == (not j.failures) == (j.value is not None)
        assert all(failure.bound == j.bound.name for failure in j.failures)


def test_the_named_bounds_are_judged_and_an_unknown_name_is_refused():
    assert [j.bound.name for j in judge(setting(PAPER, 9, 2), ["theorem-b", "dai2019"])] == ["theorem-b", "dai2019"]
    with pytest.raises(InputError, match="theorem-b"):
        judge(setting(PAPER, 9, 2), ["theorem-q"])


def test_the_best_is_the_smallest_value_and_the_first_of_equals():
    judgements = judge(setting(PAPER, 200, 4, sigma=0.0))
    assert best(judgements).bound.name == "theorem-b"
    assert best(judgements).value == min(j.value for j in judgements if j.applies)
    equal = [Judgement(get(name), 0.0, ()) for name in ("theorem-b", "theorem-a")]
    assert best(equal) is equal[0]
    assert best(judge(setting("9", 200, 4))) is None


@pytest.mark.parametrize("name", REGISTRY)
def test_a_curve_is_the_bound_of_every_prefix(name):
    bound = get(name)
    own = bound.schedule.text if bound.schedule else bound.example
    window = 1 if bound.synchronous_only or bound.takes_moves else 3
    # Without delay counter-momentum is gradient descent, and about exact gradients.
    constants = {"sigma": 0.0 if bound.noise_free_only or bound.takes_moves else 1.0, **bound.given}
    run = setting(own, 60, window, **constants)
    horizons = [1, 6, 7, 30, 60]
    values = curve(bound, run, horizons)
    if name.startswith("corollary") and bound.schedule:
        # Its steps depend on T: the first 30 of 60 steps are not those of a run of 30.
        assert np.isnan(values[:-1]).all() and values[-1] == bound.evaluate(run)
        return
    alone = [setting(own, t, window, **constants) for t in horizons]
    expected = [np.nan if bound.check_domain(each) else bound.evaluate(each) for each in alone]
    assert np.array_equal(values, expected, equal_nan=True)
    assert np.isnan(values).tolist() == [name == "dai2019" and t < 7 for t in horizons]


def test_a_curve_ends_where_a_later_step_leaves_the_domain():
    steps = np.full(20, 0.1)
    steps[12] = 5.0
    run = Setting(steps, np.zeros(20, dtype=int), Staleness(1), {"L": 1, "Delta": 1, "sigma": 0})
    values = curve(get("theorem-a"), run, range(1, 21))
    assert np.isnan(values).tolist() == [t > 12 for t in range(1, 21)]
    assert (np.diff(values[:12]) < 0).all()


@pytest.mark.parametrize("horizons", [[0], [5, 21], [-1]])
def test_a_horizon_outside_the_run_is_refused(horizons):
    with pytest.raises(InputError, match="between 1 and the number of steps, 20"):
        curve(get("theorem-a"), setting(PAPER, 20, 2), horizons)


@pytest.mark.parametrize(
    ("name", "text", "sigma", "exponent"),
    [
        ("dai2019", PAPER, 0.0, -0.5),
        ("theorem-a", "1/(4*L)", 0.0, -1.0),
        ("theorem-b", "1/(4*L)", 0.0, -1.0),
        ("theorem-a", PAPER, 0.0, -0.5),
    ],
)
def test_without_noise_the_exponent_is_that_of_the_sum_of_the_steps(name, text, sigma, exponent):
    horizons = np.geomspace(2e4, 1e5, 12).astype(int)
    values = curve(get(name), setting(text, 10**5, 2, sigma=sigma), horizons)
    assert local_exponent(horizons, values) == pytest.approx(exponent, abs=0.01)


def test_the_logarithm_of_the_stated_form_shows_in_its_exponent():
    # d log(ln T / sqrt T) / d log T = -1/2 + 1/ln T, at the geometric mean of the range.
    horizons = np.geomspace(1e4, 1e6, 30).astype(int)
    found = local_exponent(horizons, np.log(horizons) / np.sqrt(horizons))
    assert found == pytest.approx(-0.5 + 1 / np.log(1e5), abs=2e-3)


def test_an_exponent_is_a_slope_of_logarithms_and_leaves_out_what_has_none():
    times = np.array([1, 2, 4, 8, 16, 32])
    values = 3.0 * times**-0.7
    assert local_exponent(times, values) == pytest.approx(-0.7, abs=1e-13)
    assert local_exponent(times, 1e-200 * values) == pytest.approx(-0.7, abs=1e-12)
    values[[0, 3]] = np.nan, 0.0
    assert local_exponent(times, values) == pytest.approx(-0.7, abs=1e-13)
    for horizons, few in (([1], [1.0]), ([1, 2], [1.0, np.nan]), ([4, 4], [1.0, 2.0]), ([], [])):
        with pytest.raises(InputError, match="2 horizons"):
            local_exponent(horizons, few)


def test_large_runs_and_long_windows_are_summed_exactly():
    steps, window, step = 2000, 32, 1e-3
    found = get("theorem-a").evaluate(setting(str(step), steps, window))
    delays = np.minimum(np.arange(steps), window - 1)
    H = step * delays
    # Readers of k: the next s - 1 steps that exist.
    readers = np.array([np.arange(k + 1, min(k + window, steps)) for k in range(steps)], dtype=object)
    c = np.array([step + step * H[r.astype(int)].sum() for r in readers])
    noise = sum(step**2 * (1 + step * len(r)) for r in readers)
    assert found == pytest.approx((1 + noise / 2) / (np.sum(step * (1 - c / 2)) + 0.5), rel=1e-12)
