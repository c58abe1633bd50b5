"""I-Prof: its regressions do what they say, and sizes follow the devices; one regression for all cannot."""

import numpy as np
import pytest

from experiments.systems.fleet.devices import Tasks, draw_tasks
from experiments.systems.fleet.profiler import (
    OBJECTIVES,
    PROFILERS,
    passive_aggressive,
    profile,
    profile_globally,
)
from theory.common.errors import InputError


def linear_tasks(count, coefficients, noise=1.0):
    """Devices whose slope is linear in the features, all of one model."""
    rng = np.random.default_rng(0)
    features = np.column_stack([np.ones(count), rng.uniform(0.5, 1.5, (count, 4))])
    slopes = features @ coefficients
    return Tasks(np.zeros(count, np.int64), features, np.ones(count), slopes, slopes, np.full(count, noise))


def test_a_passive_aggressive_update_is_the_smallest_that_predicts_within_the_tolerance():
    rng = np.random.default_rng(1)
    for _ in range(50):
        theta, x, slope = rng.standard_normal(4), rng.standard_normal(4), float(5 * rng.standard_normal())
        new = passive_aggressive(theta, x, slope, 0.1)
        off = abs(slope - theta @ x)
        assert abs(slope - new @ x) <= 0.1 + 1e-12 or off <= 0.1
        # The nearest point of the slab lies along x, at the distance of the loss.
        assert np.linalg.norm(new - theta) == pytest.approx(max(0, off - 0.1) / np.linalg.norm(x))
        capped = passive_aggressive(theta, x, slope, 0.1, most=0.01)
        assert np.linalg.norm(capped - theta) <= 0.01 * np.linalg.norm(x) + 1e-12


@pytest.mark.parametrize("own", [True, False])
def test_where_the_slope_is_linear_and_known_every_task_is_within_a_sample_of_the_limit(own):
    objective, coefficients = OBJECTIVES["time"], np.array([5.0, 10.0, 3.0, 8.0, 20.0])
    tasks, before = linear_tasks(200, coefficients), linear_tasks(30, coefficients)
    found = profile(tasks, before, objective, own=own)
    # What n rounds down to is at most one sample short; predictions may be off by the tolerance of 0.1 ms a sample.
    short = objective.limit - found.costs
    assert (short > -found.sizes * 1.01e-4).all()
    assert (short <= tasks.seconds / 1000 + found.sizes * 1.01e-4).all()


def test_a_device_too_slow_for_the_limit_is_asked_for_one_sample():
    slow = linear_tasks(5, np.array([1e5, 0.0, 0.0, 0.0, 0.0]))
    assert (profile(slow, slow, OBJECTIVES["time"]).sizes == 1).all()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_one_regression_for_all_gives_all_devices_nearly_one_size(name):
    tasks, before = draw_tasks(300, 10, 3, seed=1), draw_tasks(40, 20, 5, seed=2)
    sizes = profile_globally(tasks, before, OBJECTIVES[name]).sizes
    own = profile(tasks, before, OBJECTIVES[name]).sizes
    assert np.ptp(np.log(sizes[300:])) < 0.5 < np.ptp(np.log(own[300:]))


def test_where_all_devices_are_alike_one_regression_is_as_good():
    alike = linear_tasks(100, np.array([60.0, 0, 0, 0, 0]))
    for profiler in PROFILERS.values():
        costs = profiler(alike, alike, OBJECTIVES["time"]).costs
        np.testing.assert_allclose(costs, 3.0, rtol=0.025)  # 50 samples of 60 ms, or one fewer


def test_the_cost_model_is_what_its_documentation_says():
    tasks = draw_tasks(2000, 30, 1, seed=3)
    np.testing.assert_allclose(tasks.energy, tasks.seconds / 1000 * tasks.power)
    assert (tasks.seconds > 0).all() and (tasks.power > 0).all()
    # Within a model only the device's own speed and its temperature are left: at most a factor of two.
    spread = [np.ptp(np.log(tasks.seconds[tasks.models == model])) for model in range(30)]
    assert max(spread) < np.log(2.2) < np.ptp(np.log(tasks.seconds))
    again = draw_tasks(2000, 30, 1, seed=3)
    np.testing.assert_array_equal(tasks.seconds, again.seconds)
    assert (tasks.seconds != draw_tasks(2000, 30, 1, seed=4).seconds).any()


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_an_empty_population_is_refused(sizes):
    with pytest.raises(InputError, match="number of"):
        draw_tasks(*sizes)
    with pytest.raises(InputError, match="cap"):
        profile(draw_tasks(1, 1, 1), draw_tasks(5, 5, 5), OBJECTIVES["time"], most=0)
