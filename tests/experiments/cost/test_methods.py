"""Methods on workers of given speeds: their pace, their order, and runs beside the proofs."""

import math

import numpy as np
import pytest

from experiments.cost.answer import _crossings, answer, curves
from experiments.cost.methods import of_fleet, of_staleness
from experiments.cost.pace import collecting, together
from experiments.servers.speeds import parse_fleet
from theory.bounds import get
from theory.bounds.counter_momentum import run_of_method
from theory.cost.case import Case
from theory.cost.own_steps import OwnSteps
from theory.staleness.count import Staleness

CONSTANTS = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}


@pytest.mark.parametrize(("fleet", "batch", "seconds"), [
    ("3*constant:seconds=2", 1, 2.0), ("3*constant:seconds=2", 3, 2.0), ("3*constant:seconds=2", 6, 4.0),
    ("1*constant:seconds=1+1*constant:seconds=100", 1, 1.0), ("1*constant:seconds=1+1*constant:seconds=100", 3, 3.0),
])  # fmt: skip
def test_pace_of_waiting_where_it_can_be_counted_by_hand(fleet, batch, seconds):
    assert collecting(parse_fleet(fleet), batch) == pytest.approx(seconds, rel=0.03)


def test_synchronous_steps_take_the_mean_of_the_largest_duration():
    harmonic = sum(1 / k for k in range(1, 9))
    assert together(parse_fleet("8*exponential:mean=1")) == pytest.approx(harmonic, rel=0.1)
    assert together(parse_fleet("4*constant:seconds=1+1*constant:seconds=5")) == 5.0


def test_asynchrony_of_equal_workers_has_their_delays_and_their_joint_pace():
    first = of_fleet(parse_fleet("5*constant:seconds=1"), CONSTANTS)[0]
    assert first.case.staleness.window == 5 and first.case.mean_staleness == pytest.approx(5, rel=1e-2)
    assert first.seconds == pytest.approx(0.2, rel=1e-2)


def test_one_straggler_makes_synchrony_slow_and_leaves_asynchrony_first():
    found = answer(of_fleet(parse_fleet("7*exponential:mean=1+1*constant:seconds=40"), CONSTANTS), "", 0.02)
    times = {each.method.name: each.time(each.least.real) for each in found.methods}
    assert times["asynchronous"] < times["batched-waiting"] < times["synchronous"]
    assert found.best.method.name == "asynchronous" and found.timed


def test_equal_workers_and_large_accuracy_leave_synchrony_before_asynchrony():
    found = answer(of_fleet(parse_fleet("8*constant:seconds=1"), CONSTANTS), "", 0.2)
    times = {each.method.name: each.time(each.least.real) for each in found.methods}
    assert times["synchronous"] < times["asynchronous"]


def test_without_noise_counter_momentum_is_first_and_then_waiting_for_one_fresh_gradient():
    found = answer(of_staleness(Case(Staleness(6), CONSTANTS | {"sigma": 0.0})), "", 0.01)
    assert found.best.method.name == "counter-momentum" and not found.timed
    others = [each for each in found.methods if each.method.name != "counter-momentum"]
    assert min(others, key=lambda each: each.time(each.least.steps)).method.name == "waiting"
    assert found.to_dict()["methods"][0]["seconds"] is None


def test_with_noise_counter_momentum_is_told_until_its_bound_falls_no_further():
    def methods(sigma):
        case = Case(Staleness(3), CONSTANTS | {"sigma": sigma})
        return {each.method.name: each for each in answer(of_staleness(case), "", 0.01).methods}

    quiet, noisy = methods(0.0)["counter-momentum"], methods(0.03)["counter-momentum"]
    assert quiet.least.steps < noisy.least.steps < math.inf
    assert "counter-momentum" not in methods(0.1)


def test_the_steps_of_counter_momentum_are_the_fewest_of_its_bound():
    bound = get("counter-momentum")
    for window, sigma in ((2, 0.02), (4, 0.02), (4, 0.5), (9, 0.05)):
        case = Case(Staleness(window), CONSTANTS | {"sigma": sigma})

        def after(steps, case=case):
            return bound.evaluate(run_of_method(steps, case.staleness, case.constants))

        values = np.array([after(steps) for steps in range(1, 60)])
        for accuracy in (values[0], values[1], values[2] * 1.001, values.min()):
            found = OwnSteps(case).least(float(accuracy) * (1 + 1e-12))
            assert found.steps == 1 + int(np.argmax(values <= accuracy * (1 + 1e-12)))


def test_curves_pass_through_the_answer_and_cross_where_the_order_changes():
    methods = of_staleness(Case(Staleness(8), CONSTANTS | {"sigma": 0.1}))
    found = answer(methods, "", 0.02)
    drawn = curves(methods, 0.02, count=5)
    middle = [drawn.times[each.method.name][2] for each in found.methods]
    assert middle == pytest.approx([each.time(each.least.real) for each in found.methods], rel=0.03)
    assert all(drawn.accuracies[-1] <= accuracy <= drawn.accuracies[0] for accuracy, _, _ in drawn.crossings)


def test_a_crossing_is_told_where_it_is_and_a_lead_too_short_to_see_is_not():
    grid, one = np.geomspace(1, 0.01, 9), np.full(9, 2.0)
    other = np.where(np.arange(9) < 4, 1.0, 3.0)
    (found,) = _crossings(grid, {"one": one, "other": other})
    share = math.log(2) / math.log(3)  # log 1 to log 3 meets log 2 there, on logarithmic axes
    assert found[0] == pytest.approx(grid[3] ** (1 - share) * grid[4] ** share, rel=0.01)
    assert found[1:] == (pytest.approx(2.0), "one")
    short = np.where(np.arange(9) == 3, 4.0, 1.0)
    assert _crossings(np.geomspace(1, 0.5, 9), {"one": one, "other": short}) == ()
