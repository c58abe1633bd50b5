"""Step rules: hand-computed arrivals, what each rule promises, and the servers that they stand for."""

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.runs.recorded_trace import trace_of_delays
from experiments.servers.clock import virtual_run
from experiments.servers.rules.adaptive import in_flight
from experiments.servers.rules.rules import (
    READ,
    RULES,
    Capped,
    Clipped,
    ConstantStep,
    Dropped,
    InverseDelay,
    Picky,
    Ringmaster,
    WindowSum,
    applied_only,
    ringmaster_step,
    ringmaster_threshold,
)
from experiments.servers.speeds import parse_fleet
from experiments.simulate.delayed import simulate
from theory.common.errors import InputError

HEAVY = virtual_run(parse_fleet("6*pareto:mean=1,tail=1.2"), 400, seed=3)
SLOW = virtual_run(parse_fleet("7*lognormal:spread=.3+lognormal:mean=40,spread=.3"), 400, seed=1)
ALIKE = virtual_run(parse_fleet("5*constant:seconds=1"), 200)
TRACES = (HEAVY, SLOW, ALIKE)
#: Arrivals with every case: fresh, at the concurrency of 2, beyond it, far beyond it.
DELAYS = [0, 1, 2, 3, 0, 5]


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        (ConstantStep(0.2), [0.2] * 6),
        (InverseDelay(0.6), [0.6, 0.6, 0.3, 0.2, 0.6, 0.12]),
        (Clipped(0.1, smoothness=1.0, concurrency=2), [0.1, 0.1, 0.1, 1 / 12, 0.1, 0.05]),
        (Clipped(0.01, smoothness=1.0, concurrency=2), [0.01] * 6),
        (Dropped(0.1, smoothness=1.0, concurrency=2), [0.1, 0.1, 0.1, 0, 0.1, 0]),
        (Capped(0.2, smoothness=1.0), [0.2, 0.2, 0.2, 1 / 6, 0.2, 0.1]),
        # Half of what is left: of 1, 1/2, 1/4, 1/8, of 1 again at the fresh read; and 1.4375 since x_0 leave nothing.
        (WindowSum(1.0, share=0.5), [0.5, 0.25, 0.125, 0.0625, 0.5, 0.0]),
        # All but the fresh arrivals 1 and 5 were read at x_0, before arrival 1 was applied.
        (Ringmaster(0.2, threshold=1), [0.2, 0, 0, 0, 0.2, 0]),
        (Ringmaster(0.2, threshold=2), [0.2, 0.2, 0, 0, 0.2, 0]),
    ],
)
def test_steps_are_those_computed_by_hand(rule, steps):
    assert rule.step_sizes(trace_of_delays(DELAYS)) == pytest.approx(steps, rel=1e-15, abs=0)


def test_ringmaster_counts_applied_updates_and_not_arrivals():
    # Arrival 4 is one arrival old, but that arrival was discarded: it is fresh, and applied even at R = 1.
    trace = trace_of_delays([0, 1, 2, 1])
    assert (Ringmaster(1.0, 1).step_sizes(trace) > 0).tolist() == [True, False, False, True]
    assert (Ringmaster(1.0, 2).step_sizes(trace) > 0).tolist() == [True, True, False, True]


def ringmaster_server(trace, threshold):
    """A server with a version number: a worker that reads notes it, and so does the arrival of its gradient."""
    version, version_at, taken = 0, {0: 0}, []
    for arrival, delay in enumerate(trace.delays.tolist(), start=1):
        fresh = version - version_at[arrival - 1 - delay] < threshold
        version += fresh
        version_at[arrival] = version
        taken.append(fresh)
    return taken


@pytest.mark.parametrize("threshold", [1, 2, 5, 30])
@pytest.mark.parametrize("trace", TRACES)
def test_ringmaster_discards_what_a_server_with_a_version_number_discards(trace, threshold):
    steps = Ringmaster(0.1, threshold).step_sizes(trace)
    assert (steps > 0).tolist() == ringmaster_server(trace, threshold)
    delays, applied = applied_only(trace.delays, steps)
    assert delays.max() < threshold
    assert set(applied) == {0.1}


def test_a_threshold_beyond_every_delay_is_a_constant_step():
    assert Ringmaster(0.1, HEAVY.maximum + 1).step_sizes(HEAVY).tolist() == [0.1] * HEAVY.steps


@pytest.mark.parametrize("share", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("trace", TRACES)
def test_the_steps_since_a_read_never_sum_up_to_more_than_the_limit(trace, share):
    limit = 0.7
    steps = WindowSum(limit, share).step_sizes(trace)
    sums = np.array([steps[j - d : j + 1].sum() for j, d in enumerate(trace.delays)])
    # Differences of running sums of N steps are off by N rounding errors of the whole sum at most.
    assert sums[steps > 0].max() <= limit + 1e-13 * steps.sum()
    assert steps.min() >= 0
    assert steps[trace.delays == 0] == pytest.approx(share * limit, rel=1e-9)


@pytest.mark.parametrize("rule", [Clipped, Dropped])
def test_clipping_is_a_constant_step_where_no_delay_is_beyond_the_concurrency(rule):
    steps = rule(0.3, smoothness=1.0, concurrency=ALIKE.count).step_sizes(ALIKE)
    assert ALIKE.maximum < ALIKE.count
    assert steps.tolist() == ConstantStep(0.3).step_sizes(ALIKE).tolist()


@pytest.mark.parametrize("trace", [HEAVY, SLOW])
def test_what_is_clipped_is_what_is_beyond_the_concurrency(trace):
    late = trace.delays > trace.count
    clipped = Clipped(0.3, smoothness=1.0, concurrency=trace.count).step_sizes(trace)
    assert late.any()
    assert (4 * clipped[late] * trace.delays[late] <= 1 + 1e-12).all()
    assert (clipped[~late] == 0.3).all()


def naive_server(problem, delays, steps, seed):
    """A server that knows applied updates only: discarded gradients leave no mark on the list of its points."""
    points, newest = [problem.initial_point], [0]
    for arrival, (delay, step) in enumerate(zip(delays.tolist(), steps.tolist(), strict=True), start=1):
        read = points[newest[arrival - 1 - delay]]
        if step > 0:
            points.append(points[-1] - step * problem.stochastic_gradient(read, seed, arrival, 1))
        newest.append(len(points) - 1)
    return points


@pytest.mark.parametrize("rule", [Ringmaster(0.1, 3), Dropped(0.1, 1.0, 6), WindowSum(0.7, 1.0)], ids=lambda r: r.name)
def test_discarding_is_a_zero_step_of_the_simulator(rule):
    problem = get_problem("quadratic:d=4,condition=10,start=1")
    steps = rule.step_sizes(HEAVY)
    points = naive_server(problem, HEAVY.delays, steps, seed=5)
    assert len(points) == 1 + (steps > 0).sum() < HEAVY.steps
    run = simulate(problem, steps, HEAVY.delays, seeds=[5], batch=1, window=HEAVY.staleness.window, coherence=False)
    assert run.final_points[0] == pytest.approx(points[-1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rule", [Ringmaster(0.1, 3), Dropped(0.1, 1.0, 6)], ids=lambda r: r.name)
def test_the_applied_updates_alone_are_the_same_run(rule):
    problem = get_problem("quadratic:d=4,condition=10,start=1,noise=0")
    steps = rule.step_sizes(HEAVY)
    delays, applied = applied_only(HEAVY.delays, steps)
    ends = [
        simulate(problem, eta, d, seeds=[0], batch=1, window=int(d.max()) + 1, coherence=False).final_points[0]
        for eta, d in ((steps, HEAVY.delays), (applied, delays))
    ]
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


@pytest.mark.parametrize("trace", TRACES)
def test_without_discards_nothing_is_left_out(trace):
    delays, steps = applied_only(trace.delays, np.full(trace.steps, 0.1))
    assert delays.tolist() == trace.delays.tolist() and steps.size == trace.steps


def test_gradients_in_flight_are_those_read_and_not_applied():
    slow = [sum(i - d <= k < i for i, d in enumerate(HEAVY.delays)) for k in range(HEAVY.steps)]
    assert in_flight(HEAVY.delays).tolist() == slow
    assert max(slow) < HEAVY.count


@pytest.mark.parametrize(
    ("variance", "target", "threshold"), [(1.0, 0.5, 2), (1.0, 0.3, 4), (0.0, 0.1, 1), (0.1, 1, 1)]
)
def test_ringmasters_numbers(variance, target, threshold):
    assert ringmaster_threshold(variance, target) == threshold
    step = ringmaster_step(variance, target, smoothness=2.0)
    assert step <= 1 / (4 * threshold) and 8 * step * variance <= target * (1 + 1e-15)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("base", [0.0, -0.1, float("nan"), float("inf"), True])
def test_a_base_step_that_is_no_step_is_refused(name, base):
    others = {"clipped": (1.0, 2), "dropped": (1.0, 2), "capped": (1.0,), "ringmaster": (2,), "picky": (1.0, 0.1)}
    with pytest.raises(InputError, match=r"base step must be a finite number above 0. Got"):
        RULES[name](base, *others.get(name, ()))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Ringmaster(0.1, 0), "threshold R must be a whole number of at least 1. Got 0"),
        (lambda: Ringmaster(0.1, 1.5), "threshold R must be a whole number of at least 1. Got 1.5"),
        (lambda: Clipped(0.1, 1.0, 0), "concurrency must be a whole number of at least 1"),
        (lambda: Clipped(0.1, float("nan"), 2), "smoothness L must be a finite number above 0"),
        (lambda: Dropped(0.1, -1.0, 2), "smoothness L must be a finite number above 0"),
        (lambda: Capped(0.1, 0.0), "smoothness L must be a finite number above 0"),
        (lambda: WindowSum(1.0, 1.5), "share alpha must be at most 1"),
        (lambda: WindowSum(1.0, float("nan")), "share alpha must be a finite number above 0"),
        (lambda: Picky(0.1, 1.0, 0.0), "accuracy eps must be a finite number above 0"),
        (lambda: applied_only([0, 1], [0.1, -0.1]), "at least 0. Got -0.1 at arrival 2"),
        (lambda: applied_only([0, 1], [float("nan"), 0.1]), "Got nan at arrival 1"),
        (lambda: applied_only([0, 1], [0.0, 0.0]), "Every arrival was discarded"),
        (lambda: applied_only([0, 1], [0.1]), "one step for each arrival"),
    ],
)
def test_numbers_out_of_their_range_are_refused(make, told):
    with pytest.raises(InputError, match=told):
        make()


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_says_where_it_is_from_and_how_surely(rule):
    cited = rule.citation()
    assert rule.source().authors in cited and str(rule.source().year) in cited and rule.theorem in cited
    assert ("reported" in cited) == (rule.known != READ)
    assert "j" in rule.formula
