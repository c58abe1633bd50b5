"""Summaries, dependence and replays, against direct computation and against what must hold."""

import numpy as np
import pytest

from experiments.runs.recorded_trace import trace_of_delays
from experiments.servers.clock import virtual_run
from experiments.servers.job import settle
from experiments.servers.judging.dependence import autocorrelation, dependence, noise_correlation
from experiments.servers.judging.replay import (
    apart,
    comparisons,
    covering,
    distance_of_laws,
    fitted,
    replay,
    server_curve,
    shuffled,
    uniform_like,
    virtual_twin,
)
from experiments.servers.judging.summary import summarise
from experiments.servers.speeds import parse_fleet
from experiments.servers.virtual_server import serve_virtually
from theory.common.errors import InputError

FLEET = parse_fleet("5*exponential+1*constant:seconds=6")
TRACE = virtual_run(FLEET, 4000, seed=3)


def job_on(seed=0, steps=300):
    return settle(
        "quadratic:d=3,condition=4,noise=0.5,start=2", "1/(2*s*L)", steps, staleness=6, seed=seed, record_every=20
    )


def test_a_summary_says_what_numpy_says():
    told = summarise(TRACE)
    for late, delays in [(told.overall, TRACE.delays)] + [
        (told.workers[w], TRACE.delays[TRACE.workers == w]) for w in range(6)
    ]:
        assert late.updates == delays.size and late.maximum == delays.max()
        assert late.mean == pytest.approx(delays.mean()) and late.deviation == pytest.approx(delays.std())
        for name, q in (("median", 0.5), ("ninetieth", 0.9), ("ninety_ninth", 0.99)):
            assert getattr(late, name) == np.quantile(delays, q, method="inverted_cdf")
    assert told.updates_per_second == pytest.approx(4000 / TRACE.applied_at[-1])


def test_delays_alone_have_no_workers_and_no_speed():
    told = summarise(trace_of_delays([0, 1, 2]))
    assert told.workers == {} and told.updates_per_second is None and told.concurrency is None
    assert dependence(trace_of_delays([0, 1, 2])).share_between is None


def test_the_autocorrelation_is_that_of_the_definition():
    values = TRACE.delays[:500]
    centred = values - values.mean()
    direct = [centred[lag:] @ centred[:-lag] / (centred @ centred) for lag in range(1, 20)]
    np.testing.assert_allclose(autocorrelation(values, 19), direct, atol=1e-12)
    assert not autocorrelation(np.ones(50, dtype=np.int64), 5).any()


def test_a_slow_worker_shows_in_the_variance_between_workers():
    assert dependence(TRACE).share_between > 0.2
    even = dependence(virtual_run(parse_fleet("6*exponential"), 4000, seed=3))
    assert even.share_between < 5 * even.share_by_chance


def test_repeated_delays_count_once():
    assert dependence(trace_of_delays(np.repeat([0, 0, 5, 0, 7, 2, 9, 1] * 50, 10)[5:])).effective < 1000
    independent = np.random.default_rng(0).integers(0, 9, 4000)
    found = dependence(trace_of_delays(np.minimum(independent, np.arange(4000)))).effective
    assert 3000 < found <= 4000


def test_the_rank_correlation_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(1)
    delays = rng.integers(0, 10, 800)
    assert noise_correlation(delays, delays + rng.normal(size=800)).p_value == 0.001
    assert noise_correlation(delays, np.exp(3.0 * delays)).value == pytest.approx(1.0)
    assert noise_correlation(delays, np.ones(800)).p_value == 1.0
    p_values = [noise_correlation(rng.integers(0, 10, 200), rng.normal(size=200), s).p_value for s in range(40)]
    assert 0.3 < np.mean(p_values) < 0.7
    with pytest.raises(InputError, match="one length"):
        noise_correlation(delays, np.ones(3))


def test_shuffled_and_uniform_delays_keep_the_law_or_the_mean():
    steps = np.arange(TRACE.steps)
    mixed, even = shuffled(TRACE, 0), uniform_like(TRACE, 0)
    assert (mixed <= steps).all() and (even <= steps).all()
    assert distance_of_laws([TRACE], [trace_of_delays(mixed)]) < 0.01
    assert abs(even.mean() - TRACE.delays.mean()) < 0.3


def test_fitted_speeds_give_back_the_delays():
    (twin,) = virtual_twin([TRACE], seed=9)
    assert [round(speed.expected) for speed in fitted([TRACE])] == [1, 1, 1, 1, 1, 6]
    assert distance_of_laws([TRACE], [twin]) < 0.2 < distance_of_laws([TRACE], [trace_of_delays([0] * 50)])
    with pytest.raises(InputError, match="workers and times"):
        fitted([trace_of_delays([0, 1])])


def test_a_replay_has_the_mean_of_the_server_where_delays_know_nothing_of_the_noise():
    runs = [serve_virtually(job_on(seed), FLEET) for seed in range(24)]
    found = comparisons(job_on(), runs, 96)
    assert list(found) == ["server", "replay", "shuffled", "uniform", "virtual clock"]
    far = apart(found["server"], found["replay"])
    assert far.largest < far.limit and 0.7 < far.ratio < 1.4
    assert server_curve(runs).values.shape == (24, 16)


def test_curves_of_other_steps_are_apart():
    slow = settle("quadratic:d=3,condition=4,noise=0.5,start=2", "1/(20*s*L)", 300, staleness=6, record_every=20)
    delays = [serve_virtually(job_on(), FLEET).trace.delays]
    far = apart(replay(job_on(), delays, 48), replay(slow, delays, 48))
    assert far.largest > far.limit and far.overlap < 0.5 and far.ratio != pytest.approx(1.0, abs=0.2)


def test_the_same_curve_is_not_apart_from_itself():
    curve = replay(job_on(), [serve_virtually(job_on(), FLEET).trace.delays], 8)
    assert apart(curve, curve).largest == 0 and apart(curve, curve).overlap == 1


def test_the_covering_bound_is_the_smallest_that_applies_and_lies_above():
    run = serve_virtually(job_on(), FLEET)
    judged = covering(job_on(), run.trace)
    values = [each.value for each in judged if each.value is not None]
    assert values == sorted(values) and values[0] > run.gradient_norm_squared.min()
    assert not any(each.bound.needs_coherence for each in judged)
