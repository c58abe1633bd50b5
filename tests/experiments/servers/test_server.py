"""The server on the virtual clock: the clock's events, iterates that the trace determines, workers that die."""

import numpy as np
import pytest

from experiments.runs.recorded_trace import load_trace, save_trace
from experiments.servers import recorded
from experiments.servers.clock import virtual_run
from experiments.servers.job import load_run, save_run, settle
from experiments.servers.server import Server, noise_norms, rebuilt, replayed_points
from experiments.servers.speeds import parse_fleet
from experiments.servers.virtual_server import serve_virtually
from experiments.simulate.delayed import simulate
from theory.common.errors import InputError, ScheduleError, StoreError

FLEET = parse_fleet("3*exponential+1*bursts:every=20,lasting=6")
PROBLEMS = ("quadratic:d=4,noise=0.4", "nonconvex:d=3", "logistic-cancer")


def job_on(problem="quadratic:d=4,noise=0.4", schedule="1/(3*s*L)", steps=200, **options):
    return settle(problem, schedule, steps, staleness=4, **{"seed": 2, "record_every": 20, **options})


@pytest.mark.parametrize("bound", [None, 0, 2])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_server_sees_the_events_of_the_clock(problem, bound):
    job = job_on(problem)
    assert serve_virtually(job, FLEET, bound=bound).trace.digest == virtual_run(FLEET, 200, 2, bound).digest


@pytest.mark.parametrize("bound", [None, 2])
@pytest.mark.parametrize("buffer", [2, 3, 5])
def test_a_server_with_a_buffer_sees_the_events_of_the_clock_and_averages(tmp_path, buffer, bound):
    job = job_on(buffer=buffer, steps=100)
    run = serve_virtually(job, FLEET, bound=bound)
    assert run.trace.digest == virtual_run(FLEET, 100 * buffer, 2, bound).buffered(buffer).digest
    assert run.trace.delays.shape == (100, buffer) and run.trace.steps == 100 and run.trace.reads == buffer
    np.testing.assert_array_equal(replayed_points(job, run.trace)[-1], run.final)
    path = save_run(run, tmp_path / "run.nc")
    assert load_trace(path).digest == run.trace.digest
    assert load_run(path).job().buffer == buffer
    np.testing.assert_array_equal(rebuilt(job, load_trace(path)).gradient_norm_squared, run.gradient_norm_squared)
    assert noise_norms(job, run.trace).shape == (100, buffer)


def test_a_server_with_a_buffer_is_the_sequence_whose_updates_average_where_the_draws_are_its_gradients():
    job = job_on(buffer=2)
    run = serve_virtually(job, parse_fleet("4*constant"))
    assert run.trace.samples.ravel().tolist() == list(range(1, 401))
    alone = simulate(
        job.problem, run.step_sizes, run.trace.delays, seeds=[2], batch=job.batch, window=4, record_every=20
    )
    np.testing.assert_allclose(run.gradient_norm_squared, alone.gradient_norm_squared[0], rtol=1e-10)


def test_steps_that_depend_on_the_delay_are_refused_where_an_update_has_several():
    with pytest.raises(InputError, match="one that averages 3 gradients has several"):
        job_on(schedule="1/(4*L*max(1,d))", buffer=3)


@pytest.mark.parametrize("schedule", ["1/(3*s*L)", "1/(4*L*max(1,d))", "1/(L*s*sqrt(k))"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_trace_determines_the_iterates_bit_for_bit(problem, schedule):
    job = job_on(problem, schedule)
    run = serve_virtually(job, FLEET)
    np.testing.assert_array_equal(replayed_points(job, run.trace)[-1], run.final)
    again = rebuilt(job, run.trace)
    np.testing.assert_array_equal(again.gradient_norm_squared, run.gradient_norm_squared)
    np.testing.assert_array_equal(again.step_sizes, run.step_sizes)


def test_one_worker_is_the_one_sequence_without_delay():
    job = job_on()
    run = serve_virtually(job, FLEET[:1])
    alone = simulate(
        job.problem, run.step_sizes, run.trace.delays, seeds=[2], batch=job.batch, window=1, record_every=20
    )
    np.testing.assert_allclose(run.gradient_norm_squared, alone.gradient_norm_squared[0], rtol=1e-12)


def test_the_server_is_the_one_sequence_where_the_draws_are_its_steps():
    job = job_on()
    run = serve_virtually(job, parse_fleet("4*constant"))
    assert run.trace.samples.tolist() == list(range(1, 201))
    alone = simulate(
        job.problem, run.step_sizes, run.trace.delays, seeds=[2], batch=job.batch, window=4, record_every=20
    )
    np.testing.assert_allclose(run.gradient_norm_squared, alone.gradient_norm_squared[0], rtol=1e-10)


def test_a_run_is_given_back_by_its_file(tmp_path):
    run = serve_virtually(job_on(constants={"L": 2.0}), FLEET)
    path = save_run(run, tmp_path / "run.nc")
    again = load_run(path)
    assert again.described == run.described and again.job().values["L"] == 2.0
    np.testing.assert_array_equal(again.final, run.final)
    assert load_trace(path).digest == run.trace.digest
    with pytest.raises(StoreError, match="no run of a server"):
        load_run(save_trace(run.trace, tmp_path / "trace.nc"))


def test_a_run_that_leaves_the_numbers_ends_there():
    run = serve_virtually(job_on(schedule="30/L", steps=4000), FLEET)
    assert 0 < run.diverged_at == run.trace.steps < 4000
    assert run.gradient_norm_squared[-1] == np.inf


def test_durations_that_look_at_the_noise_make_noisy_gradients_late():
    job = job_on("logistic-cancer", batch=1)
    free = serve_virtually(job, FLEET)
    late = serve_virtually(job, FLEET, stretch=lambda seconds, noise: seconds * (1e-3 + noise**2))

    def ranked(run):
        noise = noise_norms(job, run.trace)
        return np.corrcoef(run.trace.delays, noise.argsort().argsort())[0, 1]

    assert ranked(late) > 0.3 > abs(ranked(free))


def test_a_dead_worker_loses_its_gradient_and_nobody_waits_for_it():
    server = Server(job_on(), workers=3, bound=0)
    first = server.begin(0.0)
    assert [ticket.worker for ticket in first] == [0, 1, 2]
    still = np.zeros(4)
    assert server.arrive(first[0], still, 1.0) == [] == server.arrive(first[1], still, 2.0)
    after = server.lose(2, "Worker 2 died.", 3.0)
    assert [ticket.worker for ticket in after] == [0, 1] and server._alive.sum() == 2
    assert server.revive(2, "Worker 2 is back.", 4.0)[0].worker == 2
    trace = server.trace("ray", "by hand")
    assert trace.workers.tolist() == [0, 1] and trace.description == "by hand. Worker 2 died. Worker 2 is back."


def test_a_worker_that_is_back_starts_level_with_the_slowest():
    server = Server(job_on(), workers=2, bound=1)
    tickets = {ticket.worker: ticket for ticket in server.begin(0.0)}
    server.lose(1, "died", 0.0)
    for now in range(1, 6):
        tickets = {ticket.worker: ticket for ticket in server.arrive(tickets[0], np.zeros(4), float(now))}
    (back,) = server.revive(1, "back", 6.0)
    onward = server.arrive(tickets[0], np.zeros(4), 7.0)
    assert back.worker == 1 and [ticket.worker for ticket in onward] == [0]


def test_a_server_without_updates_has_nothing_to_store():
    with pytest.raises(InputError, match="nothing to store"):
        Server(job_on(), workers=1).trace("ray", "nothing")


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"schedule": "mu/L"}, ScheduleError), ({"steps": 0}, InputError), ({"record_every": 0}, InputError)],
)
def test_a_job_that_cannot_be_done_is_refused_at_once(changes, error):
    with pytest.raises(error):
        job_on(**changes)


def test_traces_of_a_real_server_are_packed_without_loss():
    ticks = 1 << 20
    traces = [virtual_run(parse_fleet(f"3*repeat:seconds={7 / ticks}/{9 / ticks}"), 60, seed) for seed in (0, 1)]
    for trace, again in zip(traces, recorded.unpack(recorded.pack(traces)), strict=True):
        for name in ("delays", "workers", "read_at", "applied_at", "samples"):
            np.testing.assert_array_equal(getattr(trace, name), getattr(again, name))
        assert again.description == trace.description
    with pytest.raises(StoreError, match="whole ticks"):
        recorded.pack([virtual_run(parse_fleet("3*exponential"), 60)])
    with pytest.raises(StoreError, match="damaged"):
        recorded.unpack(recorded.pack(traces)[:-40])
