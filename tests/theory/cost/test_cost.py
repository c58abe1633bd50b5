"""What staleness costs: against the closed form, brute force, and the limits of small accuracies and small noise."""

import math

import numpy as np
import pytest

from theory.bounds import REGISTRY, get
from theory.bounds.counter_momentum import run_of_method
from theory.common.errors import InputError
from theory.cost.case import Case, long_run
from theory.cost.cost import FREE, cost
from theory.cost.least_steps import Search
from theory.cost.own_steps import ahead_of_waiting
from theory.staleness.count import Staleness


def case(staleness, sigma=1.0, smooth=1.0, gap=1.0, trace=None):
    return Case(Staleness(staleness), {"L": smooth, "Delta": gap, "sigma": sigma}, trace)


def factors(staleness, sigma, *accuracies):
    """How many times the steps the delays take to each accuracy: `Cost.factor`, the searches shared, nothing beside."""
    late, fresh = (Search.of(case(s, sigma)) for s in (staleness, 1))
    return [late.least(accuracy).real / fresh.least(accuracy).real for accuracy in accuracies]


def closed_form(staleness, accuracy, sigma, smooth, gap):
    root = (math.sqrt(sigma**2 + 4 * staleness * accuracy) - sigma) / (2 * staleness)
    return 2 * smooth * gap / root**2


@pytest.mark.parametrize(("staleness", "accuracy", "sigma", "smooth", "gap"), [
    (1, 0.01, 1.0, 1.0, 1.0), (8, 0.003, 0.7, 3.0, 0.2), (64, 0.2, 2.0, 0.5, 9.0), (5, 1e-4, 0.05, 1.0, 1.0),
])  # fmt: skip
def test_corollary_1_gives_its_closed_form_to_twelve_digits(staleness, accuracy, sigma, smooth, gap):
    found = cost(case(staleness, sigma, smooth, gap), accuracy, bounds=["corollary-1"])
    assert found.stale.real == pytest.approx(closed_form(staleness, accuracy, sigma, smooth, gap), rel=1e-12)
    assert found.stale.steps == math.ceil(found.stale.real)
    ratio = closed_form(staleness, accuracy, sigma, smooth, gap) / closed_form(1, accuracy, sigma, smooth, gap)
    assert found.factor == pytest.approx(ratio, rel=1e-12)
    assert found.break_even == pytest.approx(1 / ratio, rel=1e-12)


def brute(search, steps, around):
    """The least value of any bound after so many steps, over many step sizes."""
    sizes = around * np.geomspace(0.5, 2, 61)
    settings = [search.case.setting(size, steps) for size in sizes]
    values = [bound.assess(each)[0] for bound in search.bounds if bound.schedule is None for each in settings]
    return min(value for value in values if value is not None)


@pytest.mark.parametrize(("staleness", "sigma", "accuracy"), [
    (1, 0.5, 0.2), (1, 0.0, 0.02), (2, 1.0, 0.13), (6, 0.1, 0.02), (12, 0.0, 0.11), (8, 0.05, 0.3), (3, 2.0, 0.7),
])  # fmt: skip
def test_no_bound_at_any_step_size_has_the_accuracy_one_step_earlier(staleness, sigma, accuracy):
    search = Search.of(case(staleness, sigma))
    found = search.least(accuracy)
    assert REGISTRY[found.bound].assess(search.case.setting(found.step_size, found.steps))[0] <= accuracy * (1 + 1e-12)
    assert brute(search, found.steps - 1, found.step_size) > accuracy * (1 - 2e-3)
    assert search.rough(accuracy) == pytest.approx(found.steps, rel=0.02, abs=1.5)
    assert found.real == pytest.approx(found.steps, rel=0.02, abs=1.5)


def test_steps_scale_as_functions_do():
    """With F times a and x times b: L a/b^2, Delta a, sigma^2 and accuracy (a/b)^2 take the same steps."""
    a, b = 5.0, 3.0
    one = Search.of(case(4, 0.4)).least(0.05)
    other = Search.of(case(4, 0.4 * a / b, a / b**2, a)).least(0.05 * (a / b) ** 2)
    assert other.steps == one.steps and other.bound == one.bound
    assert other.step_size == pytest.approx(one.step_size * b**2 / a, rel=1e-2)


@pytest.mark.parametrize("name", ["theorem-a", "theorem-c-noise", "theorem-b-noise", "theorem-ar", "lian2015"])
def test_a_bound_goes_on_as_its_affine_form_says(name):
    this = case(5, 0.3)
    run = long_run(this, REGISTRY[name], 0.05, 1000)
    numbers = REGISTRY[name].typical(this.setting(0.05, 1000))
    for steps in (40, 333, 3000):
        over, under = REGISTRY[name].fraction(this.setting(0.05, steps), numbers)
        assert run.value(steps) == pytest.approx(over / under, rel=1e-12)
    assert run.steps_to(run.value(777)) == pytest.approx(777, rel=1e-9)


def test_staleness_is_free_in_the_limit_of_small_accuracies_and_costs_s_times_and_more_without_noise():
    noisy = factors(8, 1.0, 0.3, 0.03, 0.003)
    assert noisy == sorted(noisy, reverse=True) and noisy[-1] < 1.03
    exact = factors(8, 0.0, 0.02)
    assert exact[0] > 8 and factors(8, 1e-3, 0.02) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(("staleness", "sigma"), [(3, 1.0), (20, 0.3)])
def test_free_from_is_where_the_factor_is_a_tenth_above_one(staleness, sigma):
    found = cost(case(staleness, sigma), 0.01)
    assert factors(staleness, sigma, found.accuracy) == [found.factor]
    assert factors(staleness, sigma, found.free_from) == pytest.approx([FREE], rel=0.01)
    assert 1 < found.free_from / (0.1 * sigma**2 / (2 * (staleness - 1))) < 3  # sharper bounds than Corollary 1


def test_without_delay_nothing_costs_anything_and_without_noise_nothing_is_free():
    undelayed = cost(case(1), 0.05)
    assert undelayed.factor == 1 and undelayed.free_from == 2.0
    assert cost(case(4, 0.0), 0.05).free_from is None


def test_the_accuracy_after_T_steps_takes_T_steps():
    found = cost(case(6, 0.5), steps=500)
    assert found.stale.steps == 500 and Search.of(case(6, 0.5)).least(found.accuracy).steps == pytest.approx(500, abs=1)


def test_a_recorded_trace_is_looked_at_whole_and_goes_on():
    delays = np.minimum(np.arange(600), np.tile([0, 3, 1, 5], 150))
    search = Search.of(case(6, 0.5, trace=delays))
    found = search.least(0.1)
    assert found.steps < 600 and brute(search, found.steps - 1, found.step_size) > 0.1 * (1 - 2e-3)
    assert (
        Search.of(case(1, 0.5)).least(0.002).steps
        < search.least(0.002).steps
        < Search.of(case(6, 0.5)).least(0.002).steps
    )


@pytest.mark.parametrize(("ask", "sentence"), [
    ({}, "one of the two"), ({"accuracy": 0.1, "steps": 3}, "one of the two"),
    ({"accuracy": 2.5}, r"2 L Delta = 2"), ({"accuracy": 0.0}, "above 0"),
    ({"accuracy": 0.1, "bounds": ["dai2019"]}, "coherence"), ({"accuracy": 0.1, "bounds": ["wu2022"]}, "No bound"),
])  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_a_sentence(ask, sentence):
    with pytest.raises(InputError, match=sentence):
        cost(case(4), **ask)


@pytest.mark.parametrize("constants", [{"L": 0.0}, {"Delta": -1.0}, {"sigma": -1.0}])
def test_constants_that_make_no_problem_are_refused(constants):
    with pytest.raises(InputError):
        Case(Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 1.0} | constants)


def test_a_step_of_several_gradients_has_their_noise_and_their_bounds():
    rng = np.random.default_rng(4)
    late = np.minimum(rng.integers(0, 3, size=(60, 3)), np.arange(60)[:, None])
    constants = {"L": 1.0, "Delta": 2.0, "sigma": 0.7}
    case = Case(Staleness(3), constants, late)
    found = Search.of(case).least(0.4)
    assert (case.reads, case.known) == (3, 60) and case.mean_staleness == 1 + late.mean()
    assert found.bound == "theorem-arb"
    assert get(found.bound).assess(case.setting(found.step_size, found.steps))[0] <= 0.4 * (1 + 1e-12)
    # Three copies of the same read are one gradient with a third of the variance.
    alike = Case(Staleness(3), constants, np.repeat(late[:, :1], 3, axis=1))
    one = Case(Staleness(3), {**constants, "sigma": 0.7 / 3**0.5}, late[:, 0])
    of_one = Search.of(one, ["theorem-a"]).least(0.4)
    assert Search.of(alike, ["theorem-ab"]).least(0.4).steps == of_one.steps


def test_blocks_read_apart_cost_what_corollary_s_says():
    late = np.minimum(np.arange(80), 2)
    case = Case(Staleness(3), {"L": 1.0, "Delta": 1.0, "sigma": 0.5}, late, apart=True)
    found = Search.of(case, ["corollary-s"]).least(0.9)
    value = 2 * 0.5 * (2 / found.real) ** 0.5 + 6 / found.real
    assert value == pytest.approx(0.9, rel=1e-12)
    better = Search.of(case).least(0.9)
    assert better.bound == "theorem-s" and better.steps < found.steps


@pytest.mark.parametrize(("delay", "first"), list(enumerate([8, 11, 18, 22, 26, 30, 34, 39], start=1)))
def test_counter_momentum_is_proved_better_than_waiting_from_a_step_on(delay, first):
    unit = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}

    def bound(steps, staleness):
        return get("counter-momentum").evaluate(run_of_method(steps, Staleness(staleness), unit))

    def is_ahead(steps):
        return bound(steps, delay + 1) < bound(math.ceil(steps / (delay + 1)), 1)

    assert ahead_of_waiting(delay) == first
    assert all(is_ahead(steps) for steps in range(first, 12 * first)) and not is_ahead(first - 1)


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_no_bound_of_the_library_is_better_for_waiting(steps):
    # The bound that waiting has there is the least of all bounds of gradient descent, over all steps.
    unit = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
    value, _ = Search.of(Case(Staleness(1), unit)).reached(steps)
    assert value == pytest.approx(get("counter-momentum").evaluate(run_of_method(steps, Staleness(1), unit)), rel=1e-7)


@pytest.mark.parametrize("steps", [2, 3])
def test_a_trace_of_few_steps_is_read_and_one_of_a_single_step_is_refused(steps):
    assert cost(case(1, trace=np.zeros(steps, dtype=np.int64)), 0.5).stale.steps >= 1
    with pytest.raises(InputError, match="Got 1; record more"):
        case(1, trace=np.zeros(1, dtype=np.int64))
