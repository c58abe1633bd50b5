"""Simulated seconds: messages, rings, groups that wait for their slowest member, and a server with one link."""

import numpy as np
import pytest

from experiments.servers.speeds import parse_speed, seconds_of
from experiments.systems.shared.averaging_groups import get_mixing
from experiments.systems.shared.network import Network, asynchronous_arrivals, synchronous_times
from theory.common.errors import InputError

STRAGGLING = Network("exponential:mean=1", 0.01, 1e3, 10.0)


def test_a_ring_is_2_m_minus_1_rounds_of_a_share_of_the_model():
    network = Network("constant", 0.5, 100.0, 1000.0)
    assert network.all_reduce(4) == pytest.approx(6 * (0.5 + 2.5))
    assert network.all_reduce(1) == 0
    # In bytes a small group saves hardly anything; in messages it does.
    bytes_alone, latency_alone = Network("constant", 0.0, 1.0, 1.0), Network("constant", 1.0, 1.0, 0.0)
    assert bytes_alone.all_reduce(16) / bytes_alone.all_reduce(4) == pytest.approx(1.25)
    assert latency_alone.all_reduce(16) / latency_alone.all_reduce(4) == pytest.approx(5)


def by_hand(network, mixing, steps, seed):
    """Step after step, group after group, on lists."""
    speed, ready, times = parse_speed(network.speed), [0.0] * mixing.workers, [0.0]
    for t, order in enumerate(mixing.orders(steps, seed).tolist()):
        ends = [now + seconds_of(speed, seed, i, t, now) for i, now in enumerate(ready)]
        for first in range(0, mixing.workers, mixing.group):
            members = order[first : first + mixing.group]
            for member in members:
                ready[member] = max(ends[each] for each in members) + network.all_reduce(mixing.group)
        times.append(max(ready))
    return times


@pytest.mark.parametrize("name", ["full", "grid", "random", "fixed"])
def test_the_clock_is_that_of_a_plain_loop(name):
    mixing = get_mixing(name, 4, 2)
    np.testing.assert_allclose(synchronous_times(STRAGGLING, mixing, 30, 5), by_hand(STRAGGLING, mixing, 30, 5))


def test_without_stragglers_all_groups_take_compute_and_ring():
    network = Network("constant:seconds=2", 0.1, 10.0, 4.0)
    for name in ("full", "grid"):
        mixing = get_mixing(name, 16, 4)
        seconds = np.diff(synchronous_times(network, mixing, 5, 0))
        np.testing.assert_allclose(seconds, 2 + network.all_reduce(mixing.group))


def test_a_step_of_all_workers_waits_for_the_slowest_which_takes_harmonic_many_means():
    free = Network("exponential:mean=1", 0.0, 1.0, 0.0)
    times = [synchronous_times(free, get_mixing("full", 16, 4), 400, seed)[-1] / 400 for seed in range(20)]
    harmonic = sum(1 / k for k in range(1, 17))  # the mean of the largest of 16
    assert np.mean(times) == pytest.approx(harmonic, abs=4 * np.std(times) / np.sqrt(20))


def test_groups_wait_less_than_all_and_more_than_groups_that_never_meet():
    free = Network("exponential:mean=1", 0.0, 1.0, 0.0)
    full, grid, fixed = (
        synchronous_times(free, get_mixing(name, 16, 4), 500, 1)[-1] for name in ("full", "grid", "fixed")
    )
    assert fixed < grid < full


def test_a_worker_that_is_always_slow_holds_up_every_connected_scheme():
    # Each of its steps takes as long as before, and the others wait for it within two steps.
    slow = parse_speed("repeat:seconds=1/1/1/5")
    assert slow.expected == 2
    grid, full = (
        np.diff(synchronous_times(Network("repeat:seconds=5", 0.0, 1.0, 0.0), get_mixing(name, 4, 2), 9, 0)).mean()
        for name in ("grid", "full")
    )
    assert grid == full == 5


def test_a_server_with_one_link_takes_two_messages_an_update_and_never_two_at_once():
    arrivals = asynchronous_arrivals(STRAGGLING, 8, 400, 2)
    message = STRAGGLING.message(STRAGGLING.size)
    assert (np.diff(arrivals.times) >= 2 * message - 1e-12).all()
    for worker in range(8):
        np.testing.assert_array_equal(
            arrivals.draws[arrivals.owners == worker], np.arange((arrivals.owners == worker).sum())
        )


def test_workers_that_are_alike_are_late_by_all_the_others():
    delays = asynchronous_arrivals(Network("constant:seconds=1", 0.0, 1.0, 0.0), 4, 9, 0).delays
    assert delays.tolist() == [0, 1, 2, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (("constant", -1.0, 1.0, 1.0), "latency"),
        (("constant", 0.0, 0.0, 1.0), "bandwidth"),
        (("constant", 0.0, 1.0, np.nan), "size"),
        (("constant", np.inf, 1.0, 1.0), "latency"),
        (("turtle", 0.0, 1.0, 1.0), "A speed must be one of"),
    ],
)
def test_networks_that_are_none_are_refused_by_name(numbers, said):
    with pytest.raises(InputError, match=said):
        Network(*numbers)
