"""SkewScout: two readings of a travel's loss are one, hill climbing finds the best rung, and skew makes it tight."""

import numpy as np
import pytest

from experiments.systems.skewscout.controller import (
    Goal,
    Scout,
    accuracies,
    accuracy_loss,
    next_rung,
    scouted_training,
    travel_loss,
)
from experiments.systems.skewscout.kernel import LOCAL, TOGETHER
from experiments.systems.skewscout.methods import Averaging, Significance, Sparsified
from experiments.systems.skewscout.partitions import partitioned
from experiments.systems.skewscout.training import Run, Training, train
from experiments.workloads.images import images
from theory.common.errors import InputError

DIGITS = images("digits")
LOCAL_STEPS = (1, 2, 5, 10)


def averaging(theta):
    return Averaging(int(theta))


def test_over_a_permutation_both_readings_of_the_loss_are_one():
    found = np.random.default_rng(0).random((5, 5))
    for shift in range(1, 5):
        hosts = (np.arange(5) + shift) % 5
        home_less_away = np.mean([found[k, k] - found[k, j] for k, j in enumerate(hosts)])
        host_less_visitor = np.mean([found[j, j] - found[k, j] for k, j in enumerate(hosts)])
        assert accuracy_loss(found, hosts) == pytest.approx(home_less_away) == pytest.approx(host_less_visitor)


@pytest.mark.parametrize("best", range(6))
def test_hill_climbing_settles_at_the_best_rung_and_tries_its_neighbours_again(best):
    tried = [(0, float(best**2))]
    for _ in range(60):
        rung = next_rung(tried, 6, memory=8)
        assert abs(rung - tried[-1][0]) <= 1 and 0 <= rung < 6
        tried.append((rung, float((rung - best) ** 2)))
    late = [rung for rung, _ in tried[20:]]
    assert np.mean(np.array(late) == best) > 0.5 and set(late) >= {max(best - 1, 0), best, min(best + 1, 5)}


def test_a_rung_that_became_bad_is_left():
    assert next_rung([(2, 1.0), (1, 2.0), (3, 2.0), (2, 1.0), (2, 5.0)], 6, 8) in (1, 3)
    assert next_rung([(0, 1.0)], 1, 8) == 0


def test_the_goal_charges_what_is_lost_beyond_a_tolerance_and_what_is_sent():
    assert Goal().value(0.05, 3.0) == 3.0 and Goal().value(-1.0, 3.0) == 3.0
    assert Goal(10.0, 0.1, 2.0).value(0.3, 3.0) == pytest.approx(8.0)


def test_models_that_were_just_averaged_lose_nothing_on_a_round_trip_and_drifted_ones_do():
    task = partitioned(DIGITS, 5, 100)
    run = Run(task, Training(0.3, 40), Averaging(20), 0)
    run.go_on(0, 39)
    run.go_on(39, 40, LOCAL)
    drifted = travel_loss(task, run.state, 200, 0, 0)
    run.go_on(39, 40, TOGETHER)
    together = np.mean([travel_loss(task, run.state, 200, 0, travel) for travel in range(4)])
    assert drifted > 0.3 and abs(together) < 1e-12


def test_under_sparsified_exchange_there_is_nothing_to_learn_from_travel():
    task = partitioned(DIGITS, 5, 100)
    run = Run(task, Training(0.1, 10), Sparsified(5), 0)
    run.go_on(0, 10)
    rows = np.tile(np.arange(50), (5, 1))
    found = accuracies(task, run.state, rows)
    np.testing.assert_array_equal(found, np.tile(found[0], (5, 1)))
    assert accuracy_loss(found, np.roll(np.arange(5), 1)) == pytest.approx(0.0, abs=1e-12)


def test_a_ladder_of_one_rung_is_plain_training_with_travels_on_top():
    task, training = partitioned(DIGITS, 5, 100), Training(0.1, 40)
    scouted = scouted_training(task, training, Scout((0.1,), Significance, period=10), seed=2)
    plain = train(task, training, Significance(0.1), seed=2, every=10)
    np.testing.assert_array_equal(scouted.record.points, plain.points)
    travels = 5 * 8 * task.network.parameters * np.arange(5)
    np.testing.assert_allclose(scouted.record.sent, plain.sent + travels)
    assert scouted.rungs.tolist() == [0, 0, 0, 0]


def test_the_controller_is_looser_without_skew_than_at_total_skew():
    rungs = {}
    for skew in (0, 100):
        task = partitioned(DIGITS, 5, skew)
        scout = Scout(LOCAL_STEPS, averaging, period=20)
        rungs[skew] = scouted_training(task, Training(0.3, 400, drops=()), scout, seed=1).rungs[8:].mean()
    assert rungs[0] > 2.5 and rungs[100] < rungs[0] - 0.5


def test_a_run_that_diverges_ends_the_controllers_too():
    scout = Scout(LOCAL_STEPS, averaging, period=20)
    training = Training(1.0, 100, momentum=0.0, decay=200.0)
    scouted = scouted_training(partitioned(DIGITS, 5, 100), training, scout)
    assert scouted.record.diverged and np.isnan(scouted.record.points[-1]).all()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"thetas": ()}, "ladder of the controller is empty"),
        ({"thetas": (1, 0)}, "local steps"),
        ({"period": 0}, "steps between travels"),
        ({"sample": 0}, "rows of a travel's sample"),
        ({"memory": 0}, "periods that are remembered"),
    ],
)
def test_what_is_no_controller_is_refused(given, sentence):
    with pytest.raises(InputError, match=sentence):
        Scout(**({"thetas": (1,), "method": averaging} | given))


def test_steps_that_do_not_fill_periods_are_refused():
    with pytest.raises(InputError, match="no whole number of periods"):
        scouted_training(partitioned(DIGITS), Training(0.1, 50), Scout((1,), averaging, period=40))
