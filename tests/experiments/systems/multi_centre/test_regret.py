"""What the proof of the regret bound speaks of is what the run did; the published step on withheld changes fails."""

import numpy as np
import pytest

from experiments.systems.multi_centre.centres import run_centres
from experiments.systems.multi_centre.regret import best_point, reads_of
from experiments.systems.multi_centre.setting import full_exchange, gaia
from experiments.systems.multi_centre.wide_area import wide_area
from experiments.systems.shared.split import split
from theory.bounds.asp_regret import ASP_REGRET
from theory.bounds.parts.setting import Setting
from theory.common.errors import InputError
from theory.staleness.count import Staleness

STEPS = 25
NETWORK = wide_area(3, "exponential:mean=0.1", 6e4, latency=0.3)


def read(name="problem:quadratic:d=4,start=2", clock=2, v=0.3, batch=1, staleness=0, skew=1.0):
    """A run with constant steps, and what the proof needs of it."""
    task, sizes = split(name, 6, skew), np.full(STEPS, 0.2)
    setting = gaia(3, 2, clock=clock, staleness=staleness)
    run = run_centres(task, setting, NETWORK, sizes, np.full(STEPS, v), seed=2, batch=batch, keep_reads=True)
    return task, run, reads_of(task, run, sizes, seed=2, batch=batch, reference=best_point(task))


@pytest.mark.parametrize("clock", [0, 2])
@pytest.mark.parametrize("staleness", [0, 2])
def test_points_are_the_virtual_ones_but_for_their_windows_and_what_is_withheld(clock, staleness):
    _, run, found = read(clock=clock, staleness=staleness)
    moves = found.step_sizes[:, None] * found.gradients
    for k, delay in enumerate(found.delays):
        # A coordinate lacks of the window what it lacks, and of the others at most 0.3 |w_j| that they withheld.
        window = np.abs(moves[k - delay : k]).sum(axis=0)
        apart = np.abs(found.points[k] - found.virtual[k])
        assert (apart <= window + 2 * 0.3 * run.radius + 1e-12).all()
    assert found.delays[0] == 0 and found.delays.max() <= 2 * (staleness + clock + 1) * 6


def test_without_a_threshold_nothing_is_withheld_and_all_before_the_window_is_known():
    _, _, found = read(v=0.0)
    np.testing.assert_allclose(found.withheld, 0, atol=1e-12)
    moves = found.step_sizes[:, None] * found.gradients
    for k, delay in enumerate(found.delays):
        window = np.abs(moves[k - delay : k]).sum(axis=0)
        assert (np.abs(found.points[k] - found.virtual[k]) <= window + 1e-12).all()


def test_full_exchange_reads_the_virtual_point_of_the_clock():
    task, sizes = split("problem:quadratic:d=4,start=2", 6, 1.0), np.full(STEPS, 0.2)
    run = run_centres(task, full_exchange(3, 2), NETWORK, sizes, 0 * sizes, keep_reads=True)
    found = reads_of(task, run, sizes, seed=0, batch=1, reference=np.zeros(4))
    assert found.delays.tolist() == list(range(6)) * STEPS
    np.testing.assert_allclose(found.points[::6], found.virtual[::6], atol=1e-12)


@pytest.mark.parametrize(("name", "skew"), [("problem:quadratic:d=4,start=2", 1.0), ("problem:logistic-digits", 0)])
def test_losses_of_single_steps_are_convex_with_the_gradients_of_the_run(name, skew):
    _, _, found = read(name, batch=4, skew=skew)
    slope = (found.gradients * (found.points - found.reference)).sum(axis=1)
    assert (found.losses <= slope + 1e-9).all()  # f(z) - f(x*) <= <a, z - x*>


@pytest.mark.parametrize(("name", "skew"), [("problem:quadratic:d=4,start=2", 1.0), ("problem:logistic-digits", 0)])
@pytest.mark.parametrize("clock", [0, 4])
def test_the_regret_lies_below_the_bound(name, skew, clock):
    _, run, found = read(name, clock, batch=4, skew=skew)
    constants = {"G": found.gradient_norm, "radius": found.distance, "size": run.radius, "centres": 3.0}
    constants["threshold"] = 0.3 / found.step_sizes[0]
    staleness = Staleness(int(found.delays.max()) + 1)
    assert found.regret <= ASP_REGRET.evaluate(Setting(found.step_sizes, found.delays, staleness, constants))


def test_the_printed_step_on_withheld_changes_fails_where_gradient_and_parameter_are_large():
    # Withheld are at most v |w|, and not v: the product with a gradient has its norm, and the parameter's, as factors.
    v = 0.3
    _, run, found = read("problem:quadratic:d=1,noise=0,start=100,condition=1", clock=0, v=v, skew=0)
    assert found.lost.max() > 50 * 3 * v
    assert found.lost.max() <= 2 * v * found.gradient_norm * run.radius


def test_what_cannot_be_told_is_refused():
    task, sizes = split("problem:quadratic:d=3", 6), np.full(5, 0.1)
    with pytest.raises(InputError, match="kept the points"):
        reads_of(
            task, run_centres(task, gaia(3, 2), NETWORK, sizes, sizes), sizes, seed=0, batch=1, reference=sizes[:3]
        )
    with pytest.raises(InputError, match="not convex"):
        read("problem:logistic-nonconvex", skew=0)
    with pytest.raises(InputError, match="objectives of gradlag's own"):
        best_point(split("dnn:width=2", 2))
