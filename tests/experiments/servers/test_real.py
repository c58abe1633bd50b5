"""A real server: what it records determines its iterates, its bound holds, and what dies takes nothing along."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray")

from experiments.servers.clock import largest_delay
from experiments.servers.job import settle
from experiments.servers.real import real_server
from experiments.servers.server import replayed_points
from experiments.servers.speeds import parse_fleet
from theory.common.errors import EnvironmentFailure, InputError

COUNT = 3
FLEET = parse_fleet("2*exponential:mean=.003+1*constant:seconds=.01")


def job_on(steps=150, schedule="1/(3*s*L)", seed=1):
    return settle("quadratic:d=4,noise=0.4", schedule, steps, staleness=COUNT, seed=seed, record_every=10)


@pytest.fixture(scope="module")
def server():
    with real_server(COUNT) as up:
        yield up


def offspring(pid):
    """The processes below one, as the system lists them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it has ended
            for child in (task / "children").read_text().split():
                found += [int(child), *offspring(int(child))]
    return found


def worker_of(server):
    """A process that computes gradients for the server."""
    for pid in offspring(server._process.pid):
        with suppress(OSError):
            if b"ray::GradientWorker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    raise AssertionError("the server has no worker")


def kill_soon(pid):
    """Kill a process in the middle of what is done next."""
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()


@pytest.mark.parametrize("schedule", ["1/(3*s*L)", "1/(3*L*max(1,d))"])
def test_the_trace_determines_the_iterates_bit_for_bit(server, schedule):
    job = job_on(schedule=schedule)
    run = server.run(job, FLEET)
    assert run.trace.steps == 150 and run.trace.source == "ray" and run.trace.count == COUNT
    points = replayed_points(job, run.trace)
    np.testing.assert_array_equal(points[-1], run.final)


def test_without_a_bound_the_delays_are_those_of_the_order_of_the_workers(server):
    trace = server.run(job_on(), FLEET).trace
    last = dict.fromkeys(range(COUNT), 0)
    for k, (delay, worker) in enumerate(zip(trace.delays.tolist(), trace.workers.tolist(), strict=True), start=1):
        assert delay == k - 1 - last[worker]
        last[worker] = k
    assert trace.delays.sum() + sum(trace.steps - k for k in last.values()) == trace.steps * (COUNT - 1)


def test_a_bound_holds_the_workers_together(server):
    trace = server.run(job_on(), FLEET, bound=1).trace
    finished = np.zeros(COUNT, dtype=int)
    for worker in trace.workers:
        assert finished[worker] <= finished.min() + 1
        finished[worker] += 1
    assert trace.maximum <= largest_delay(COUNT, 1)


def test_times_are_those_of_the_speeds(server):
    trace = server.run(job_on(), FLEET).trace
    slow = (trace.applied_at - trace.read_at)[trace.workers == 2]
    assert (slow >= 0.0099).all()


def test_another_number_of_speeds_is_refused(server):
    with pytest.raises(InputError, match="one speed for each of the 3 workers"):
        server.run(job_on(), FLEET[:2])


@pytest.mark.parametrize(("address", "error"), [("127.0.0.1:1", EnvironmentFailure), ("nowhere", InputError)])
def test_an_address_without_a_cluster_is_refused_at_once(address, error):
    with pytest.raises(error, match="cluster"), real_server(1, address):
        pass


def test_a_dead_worker_is_replaced_once_and_named(server):
    server.run(job_on(10), FLEET)
    kill_soon(worker_of(server))
    job = job_on(1500)
    run = server.run(job, FLEET)
    assert "died after update" in run.trace.description and "was replaced" in run.trace.description
    assert "not, bit for bit" not in run.trace.description
    assert run.trace.steps == 1500 and set(run.trace.workers[-200:]) == {0, 1, 2}
    np.testing.assert_array_equal(replayed_points(job, run.trace)[-1], run.final)


def test_what_was_recorded_outlives_the_process_of_the_server():
    kept = []
    with real_server(COUNT) as server, pytest.raises(EnvironmentFailure, match="was lost"):
        server.run(job_on(10), FLEET)
        kill_soon(server._process.pid)
        server.run(job_on(100_000), FLEET, keep=kept.append)
    assert len(kept) == 1
    assert 0 < kept[0].trace.steps < 100_000 and "broken off after" in kept[0].trace.description
