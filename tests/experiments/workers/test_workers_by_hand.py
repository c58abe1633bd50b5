"""The workers' iteration against cases computed by hand, with scripted delays; every engine must give them."""

from dataclasses import dataclass

import numpy as np
import pytest

from experiments.workers.delays import delay_law
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload
from theory.common.errors import DelayError

ENGINES = ("naive", "black-box", "fused")
COMMON = ("naive", "black-box")


@dataclass(frozen=True, eq=False)
class Scripted(Workload):
    """Gradients that are a given function of (cache, iteration, worker): one parameter for each quantity followed."""

    rule: object
    size: int = 1

    parameters = property(lambda self: self.size)
    examples = 0
    target = Threshold("first", 0.0)
    metrics = ("first",)
    digest = ""
    precision = np.dtype(np.float64)

    def initial(self, seed):
        return np.zeros(self.size)

    def gradient(self, x, seed, t, worker, batch):
        return np.asarray(self.rule(x, t, worker), dtype=float)

    def evaluate(self, x):
        return {"first": float(x[0])}


def run(rule, workers, extra_delay, iterations, given=None, size=1, engine="naive", law="uniform"):
    setting = WorkerSetting(workers, extra_delay, iterations, step_size=1.0, delays=law, evaluate_every=1)
    return simulate_workers(Scripted("scripted", rule, size), setting, [0], engine=engine, delays=given)


def first_cache(runs):
    return runs.metrics["first"][0].tolist()


@pytest.mark.parametrize("engine", COMMON)
def test_two_workers_with_scripted_delays(engine):
    # Worker 0 sends 1, 2, 4 and worker 1 sends 10, 20, 40 at t = 0, 1, 2. To cache 0 they take, beyond one iteration,
    # 1, 0, 0 and 0, 1, 0. At 1 arrives 10; at 2 arrive 1 and 2; at 3 arrive 20, 4 and 40.
    delays = np.ones((3, 2, 2), dtype=int)
    delays[:, 0, 0], delays[:, 1, 0] = (1, 0, 0), (0, 1, 0)
    runs = run(lambda x, t, p: [-(2.0**t) * (10 if p else 1)], 2, 1, 3, delays, engine=engine)
    assert first_cache(runs) == [0, 10, 13, 77]


@pytest.mark.parametrize("engine", COMMON)
def test_an_update_is_computed_at_the_senders_own_cache(engine):
    # Minimising x^2/2 + x by steps of 1: u = -x - 1. Worker 0 hears at once from both, worker 1 one iteration later.
    # t=0: caches 0, 0: updates -1, -1. Start of 1: cache 0 = -2, cache 1 = 0. t=1: updates 1, -1.
    # Start of 2: cache 0 = -2, cache 1 = -2. t=2: updates 1, 1. Start of 3: cache 0 = 0, cache 1 = -2 + 1 - 1 = -2.
    delays = np.zeros((3, 2, 2), dtype=int)
    delays[:, :, 1] = 1
    assert first_cache(run(lambda x, t, p: x + 1, 2, 1, 3, delays, engine=engine)) == [0, -2, -2, 0]


@pytest.mark.parametrize("engine", COMMON)
def test_a_later_message_may_overtake_an_earlier_one(engine):
    delays = np.zeros((4, 1, 1), dtype=int)
    delays[0] = 2
    assert first_cache(run(lambda x, t, p: [-(10.0**t)], 1, 2, 4, delays, engine=engine)) == [0, 0, 10, 111, 1111]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_synchronous_parabola(engine):
    # x^2/2, two workers, step 1/4: each iteration takes away 2/4 of x.
    parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
    setting = WorkerSetting(2, 0, 3, step_size=0.25, evaluate_every=1)
    runs = simulate_workers(parabola, setting, [0], engine=engine)
    assert runs.metrics["loss"][0].tolist() == [0.5 * 0.25**t for t in range(4)]
    assert runs.batches.tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_delay_of_one_on_the_parabola(engine):
    # x_{t+1} = x_t - x_{t-1} / 2, and nothing arrives before iteration 2.
    parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
    runs = simulate_workers(parabola, WorkerSetting(1, 1, 4, step_size=0.5, delays="constant"), [0], engine=engine)
    assert runs.final.tolist() == [[1 - 0.5 - 0.5 - 0.25]]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_optimisers_state_stays_with_the_worker(engine):
    # Two workers without delay on a slope of 1 would, with one shared state, step as one worker with two gradients.
    slope = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
    runs = simulate_workers(slope, WorkerSetting(2, 0, 2, "momentum", 0.125), [0], engine=engine)
    # Each worker: m = 1, then m = 0.9 + x with x = 1 - 2/8.
    assert runs.final[0, 0] == pytest.approx(0.75 - 0.25 * (0.9 + 0.75), rel=1e-15)


@pytest.mark.parametrize("engine", COMMON)
@pytest.mark.parametrize(("workers", "extra_delay"), [(1, 0), (1, 5), (3, 0), (3, 4), (8, 16)])
def test_every_update_enters_every_cache_exactly_once(engine, workers, extra_delay):
    # Worker p at t adds 1 to parameter (t, p) alone, for the first `sending` iterations; then all messages drain.
    sending = 2 * extra_delay + 3

    def rule(x, t, p):
        caches[p] = x.copy()
        gradient = np.zeros(sending * workers)
        if t < sending:
            gradient[t * workers + p] = -1
        return gradient

    caches = [None] * workers
    run(rule, workers, extra_delay, sending + extra_delay + 1, size=sending * workers, engine=engine)
    np.testing.assert_array_equal(caches, np.ones((workers, sending * workers)))


@pytest.mark.parametrize("engine", COMMON)
@pytest.mark.parametrize("law", ["uniform", "constant", "geometric:mean=1"])
def test_before_draining_a_cache_holds_the_number_of_messages_delivered(engine, law):
    workers, extra_delay, iterations, drawn = 3, 3, 9, delay_law(law, 3)
    due = [t + 1 + drawn.draw(0, t, sender, 0) for t in range(iterations) for sender in range(workers)]
    counted = [sum(d <= t for d in due) for t in range(iterations + 1)]
    runs = run(lambda x, t, p: [-1], workers, extra_delay, iterations, engine=engine, law=law)
    assert first_cache(runs) == counted


@pytest.mark.parametrize("shape", [(3, 2, 1), (2, 2, 2), (3, 4)])
def test_given_delays_of_another_shape_are_refused(shape):
    with pytest.raises(DelayError, match=r"\(3, 2, 2\)"):
        run(lambda x, t, p: [0], 2, 1, 3, np.zeros(shape, dtype=int))


@pytest.mark.parametrize("value", [-1, 2])
def test_given_delays_out_of_range_are_refused(value):
    with pytest.raises(DelayError, match=r"0\.\.1"):
        run(lambda x, t, p: [0], 2, 1, 3, np.full((3, 2, 2), value))
