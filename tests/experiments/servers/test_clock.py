"""The virtual clock: exact small cases, a second implementation, the mean delay, the bound of bounded staleness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.servers.clock import largest_delay, virtual_run
from experiments.servers.speeds import ConstantSpeed, RepeatSpeed, fleet_text, parse_fleet, parse_speed, seconds_of
from tests.support.amounts import many
from theory.common.errors import InputError

LAWS = ("constant:seconds=2", "exponential:mean=2", "lognormal:mean=2,spread=.7", "pareto:mean=2,tail=4")
FLEETS = (
    "5*exponential",
    "3*constant+1*constant:seconds=4",
    "2*bursts:every=9,lasting=3+2*lognormal",
    "4*pareto:tail=1.5",
)


def by_hand(fleet, updates, seed, bound):
    """The same server, one event at a time, with lists and a search for the next event."""
    count = len(fleet)
    finished, point, start, end = [0] * count, [0] * count, [0.0] * count, [0.0] * count
    sample, waiting, reads, rows = [0] * count, set(range(count)), 0, []

    def begin(now, applied):
        nonlocal reads
        for w in sorted(waiting):
            if bound is None or finished[w] - min(finished) <= bound:
                waiting.remove(w)
                reads += 1
                sample[w], point[w], start[w] = reads, applied, now
                end[w] = now + seconds_of(fleet[w], seed, w, finished[w], now)

    begin(0.0, 0)
    while len(rows) < updates:
        w = min((v for v in range(count) if v not in waiting), key=lambda v: (end[v], v))
        rows.append((len(rows) - point[w], w, start[w], end[w], sample[w]))
        finished[w] += 1
        waiting.add(w)
        begin(end[w], len(rows))
    return [np.array(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("bound", [None, 0, 1, 3])
@pytest.mark.parametrize("fleet", FLEETS)
def test_the_clock_does_what_is_done_by_hand(fleet, bound):
    workers = parse_fleet(fleet)
    trace = virtual_run(workers, 400, seed=5, bound=bound)
    columns = (trace.delays, trace.workers, trace.read_at, trace.applied_at, trace.samples)
    for column, expected in zip(columns, by_hand(workers, 400, 5, bound), strict=True):
        np.testing.assert_array_equal(column, expected)


def test_one_worker_is_never_late():
    assert not virtual_run([parse_speed("lognormal")], 100).delays.any()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_equal_constant_speeds_give_the_constant_delay(count):
    delays = virtual_run([ConstantSpeed(0.3)] * count, 50).delays
    np.testing.assert_array_equal(delays, np.minimum(np.arange(50), count - 1))


@pytest.mark.parametrize("fleet", FLEETS)
def test_the_delays_and_the_ages_at_the_end_add_up_to_the_concurrency(fleet):
    steps, workers = 3000, parse_fleet(fleet)
    trace = virtual_run(workers, steps, seed=1)
    last = np.zeros(trace.count, dtype=np.int64)
    last[trace.workers] = np.arange(1, steps + 1)
    assert trace.delays.sum() + (steps - last).sum() == steps * (trace.count - 1)


def test_the_mean_delay_tends_to_the_number_of_the_other_workers():
    trace = virtual_run(parse_fleet("8*exponential+8*exponential:mean=5"), 200_000, seed=2)
    # The ages at the end are some hundreds of updates for each of 16 workers.
    assert abs(trace.delays.mean() - 15) < 0.05


@settings(max_examples=many(60))
@given(
    st.lists(st.lists(st.sampled_from([0.01, 1.0, 3.0, 50.0]), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(0, 3),
)
def test_no_speeds_break_the_bound_on_the_delay(durations, bound):
    fleet = [RepeatSpeed(tuple(each)) for each in durations]
    trace = virtual_run(fleet, 300, bound=bound)
    assert trace.maximum <= largest_delay(len(fleet), bound)
    finished = np.zeros(len(fleet), dtype=np.int64)
    for worker in trace.workers:
        assert finished[worker] <= finished.min() + bound
        finished[worker] += 1


@pytest.mark.parametrize("bound", [0, 1, 2, 5])
@pytest.mark.parametrize("count", [2, 4])
def test_the_bound_on_the_delay_is_attained(count, bound):
    slow, usual = RepeatSpeed((0.001,) * bound + (1000.0,)), RepeatSpeed((1.0,))
    trace = virtual_run([slow, *[usual] * (count - 1)], 40 * count, bound=bound)
    assert trace.maximum == largest_delay(count, bound)


def test_the_same_arguments_give_the_same_trace_and_another_seed_another():
    fleet = parse_fleet("4*exponential")
    assert virtual_run(fleet, 100, 3).digest == virtual_run(fleet, 100, 3).digest
    assert virtual_run(fleet, 100, 3).digest != virtual_run(fleet, 100, 4).digest


def test_a_longer_run_begins_as_a_shorter_one():
    fleet = parse_fleet("3*pareto+2*bursts")
    np.testing.assert_array_equal(virtual_run(fleet, 500, 1).delays[:200], virtual_run(fleet, 200, 1).delays)


@pytest.mark.parametrize("law", LAWS)
def test_a_law_has_the_mean_that_it_states(law):
    speed = parse_speed(law)
    drawn = np.array([seconds_of(speed, 1, worker, draw, 0.0) for worker in range(4) for draw in range(5000)])
    # Four standard errors; the tails have a variance.
    assert abs(drawn.mean() - speed.expected) <= 4 * drawn.std() / np.sqrt(drawn.size) + 1e-12
    assert (drawn > 0).all()


def test_bursts_are_slow_for_the_share_of_time_that_they_last():
    speed = parse_speed("bursts:seconds=1,factor=5,every=10,lasting=2")
    drawn = np.array([seconds_of(speed, 0, 0, 0, start) for start in np.arange(0, 1000, 0.5)])
    assert set(drawn) == {1.0, 5.0} and abs((drawn == 5).mean() - 0.2) < 0.01


@pytest.mark.parametrize("text", [*LAWS, "repeat:seconds=1/2/3", "bursts:seconds=1,factor=5,every=10,lasting=2"])
def test_a_speed_is_rebuilt_from_its_spelling(text):
    assert parse_speed(parse_speed(text).text) == parse_speed(text)


@pytest.mark.parametrize("text", [*FLEETS, "2*constant:seconds=1e+2+1*constant"])
def test_a_fleet_is_rebuilt_from_its_spelling(text):
    assert parse_fleet(fleet_text(parse_fleet(text))) == parse_fleet(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "0*constant",
        "-1*constant",
        "1.5*constant",
        "9999999*constant",
        "constant:seconds=0",
        "constant:seconds=nan",
        "constant:seconds=inf",
        "constant:seconds=x",
        "constant:mean=1",
        "constant:seconds=1,seconds=2",
        "constant:seconds",
        "pareto:tail=1",
        "bursts:every=1,lasting=2",
        "repeat:seconds=",
        "repeat:seconds=1/-1",
        "constant+",
        "600000*constant+600000*constant",
    ],
)
def test_what_is_no_fleet_is_refused(text):
    with pytest.raises(InputError):
        parse_fleet(text)


@pytest.mark.parametrize(("updates", "seed", "bound"), [(0, 0, None), (1.5, 0, None), (5, -1, None), (5, 0, -1)])
def test_numbers_out_of_range_are_refused(updates, seed, bound):
    with pytest.raises(InputError):
        virtual_run([ConstantSpeed()], updates, seed, bound)
    with pytest.raises(InputError, match="at least one worker"):
        virtual_run([], 5)


def test_ten_thousand_workers_are_no_trouble():
    trace = virtual_run(parse_fleet("10000*exponential"), 100_000, seed=1)
    assert trace.count == 10_000 and np.unique(trace.workers).size > 9_990
