"""The workers' simulator: limits that are known otherwise, agreement of engines, and purity of its results."""

import warnings

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.simulate import simulate
from experiments.workers.memory import predicted_worker_memory
from experiments.workers.optimizers import OPTIMIZERS, get_optimizer, update
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.common.errors import InputError, TooLargeError

ENGINES = ("naive", "black-box", "fused")
LAWS = ("uniform", "constant", "geometric:mean=1.5")
DNN64 = "dnn:depth=2,width=8,bits=64"
WORKLOADS = ("problem:quadratic:d=5", "problem:logistic-cancer", "mlr:bits=64", DNN64, "vae:width=8,latent=2,bits=64")


def same(a, b):
    np.testing.assert_array_equal(a.final, b.final)
    assert a.metrics.keys() == b.metrics.keys()
    for name in a.metrics:
        np.testing.assert_array_equal(a.metrics[name], b.metrics[name])
    np.testing.assert_array_equal(a.diverged_at, b.diverged_at)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("workload", ["problem:logistic-cancer", "dnn:width=8"])
def test_one_worker_without_delay_is_sequential_training_bit_for_bit(workload, optimizer):
    work, setting = get_workload(workload), WorkerSetting(1, 0, 25, optimizer, 0.02, batch=4)
    x = work.initial(3)
    data, state = get_optimizer(optimizer).data(0.02, 25, x.dtype), get_optimizer(optimizer).start(x)
    for t in range(25):
        change, state = update(data, t, work.gradient(x, 3, t, 0, 4), state)
        x = x + change
    for engine in ("naive", "black-box"):
        np.testing.assert_array_equal(simulate_workers(work, setting, [3], engine=engine).final[0], x)


@pytest.mark.parametrize("workload", ["problem:quadratic:d=6", "problem:logistic-cancer"])
def test_one_worker_without_delay_takes_the_steps_of_the_theorems_iteration(workload):
    work, steps = get_workload(workload), 40
    runs = simulate_workers(work, WorkerSetting(1, 0, steps, step_size=0.05, batch=2, evaluate_every=1), [5])
    problem = get_problem(workload.removeprefix("problem:"))
    one = simulate(problem, np.full(steps, 0.05), np.zeros(steps, int), seeds=[5], batch=2, window=1, engine="naive")
    np.testing.assert_allclose(runs.metrics["loss"], one.loss, rtol=1e-12)


@pytest.mark.parametrize("workers", [2, 5])
def test_without_delay_all_caches_stay_equal(workers):
    from experiments.workers.engines.fused import FusedSeed
    from experiments.workers.engines.naive import NaiveSeed
    from experiments.workers.setting import WorkerPlan

    work = get_workload("dnn:width=8")
    plan = WorkerPlan.of(WorkerSetting(workers, 0, 30, "adam", 0.01), work.precision)
    fused, naive = FusedSeed(work, plan, 1), NaiveSeed(work, plan, 1)
    fused.advance(0, 30), naive.advance(0, 30)
    for caches in (fused.ring.caches, np.array(naive.caches)):
        np.testing.assert_array_equal(caches, np.tile(caches[0], (workers, 1)))


def random_setting(rng, iterations):
    return WorkerSetting(
        workers=int(rng.integers(1, 6)),
        extra_delay=int(rng.integers(0, 6)),
        iterations=iterations,
        optimizer=str(rng.choice(list(OPTIMIZERS))),
        step_size=float(rng.choice([1e-3, 0.01, 0.03])),
        batch=int(rng.choice([0, 1, 3, 8])),
        delays=str(rng.choice(LAWS)),
        evaluate_every=int(rng.integers(1, 12)),
    )


@pytest.mark.parametrize("case", range(40))
def test_engines_agree_with_the_oracle_on_random_configurations(case):
    rng = np.random.default_rng(case)
    work, setting = get_workload(WORKLOADS[case % len(WORKLOADS)]), random_setting(rng, 12)
    naive, black_box, fused = (simulate_workers(work, setting, [case, 70], engine=engine) for engine in ENGINES)
    same(naive, black_box)  # the same gradients, and sums in the same order
    # The kernels sum in another order; 12 iterations enlarge that but little.
    np.testing.assert_allclose(fused.final, naive.final, rtol=1e-6, atol=1e-12)
    for name, values in fused.metrics.items():
        np.testing.assert_allclose(values, naive.metrics[name], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("workload", ["problem:logistic-cancer", "dnn:width=8", "vae:width=8,latent=2"])
def test_a_seed_is_the_same_alone_in_company_and_on_any_number_of_threads(workload):
    work, setting = get_workload(workload), WorkerSetting(3, 4, 60, "momentum", 0.01, batch=4, lags=2, sample=50)
    together = simulate_workers(work, setting, [8, 2, 5], threads=2)
    for s, seed in enumerate([8, 2, 5]):
        alone = simulate_workers(work, setting, [seed], threads=1)
        np.testing.assert_array_equal(together.final[s], alone.final[0])
        np.testing.assert_array_equal(together.metrics["loss"][s], alone.metrics["loss"][0])
        for name, values in alone.coherence.items():
            np.testing.assert_array_equal(together.coherence[name][s], values[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_distance_between_evaluations_changes_no_number(engine):
    work = get_workload("dnn:width=8")
    ends = [
        simulate_workers(work, WorkerSetting(2, 3, 24, batch=4, evaluate_every=every), [1], engine=engine).final
        for every in (1, 5, 24, 1000)
    ]
    assert all(np.array_equal(end, ends[0]) for end in ends)


def test_seeds_differ_in_start_minibatches_and_delays():
    work = get_workload("mlr")
    a, b = simulate_workers(work, WorkerSetting(2, 2, 5), [0, 1]).metrics["loss"]
    assert (a != b).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_is_recorded_and_warns_of_nothing(engine):
    work = get_workload("problem:quadratic:d=3,noise=0,condition=1")
    setting = WorkerSetting(4, 0, 2000, step_size=1.0, evaluate_every=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs = simulate_workers(work, setting, [0, 1], engine=engine)
    # x becomes -3 x: 10/sqrt(3) * 3^t passes 1e150.
    expected = int(np.ceil((150 * np.log(10) - np.log(10 / np.sqrt(3))) / np.log(3)))
    assert runs.diverged_at.tolist() == [expected, expected]
    before = runs.batches < 4 * expected
    assert np.isfinite(runs.metrics["loss"][:, before]).all() and np.isnan(runs.metrics["loss"][:, ~before]).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_autoencoder_diverges_without_a_warning_too(engine):
    work, setting = get_workload("vae:width=8,latent=2"), WorkerSetting(8, 8, 60, step_size=1e4, evaluate_every=1)
    runs = simulate_workers(work, setting, [0], engine=engine)
    at = int(runs.diverged_at[0])
    assert at > 0 and np.isnan(runs.metrics["loss"][0, at:]).all()


def test_a_seed_ends_when_the_target_is_met():
    work, target = get_workload("dnn:width=16"), Threshold("accuracy", 0.8, "above")
    setting = WorkerSetting(2, 2, 2000, "adam", 0.003, evaluate_every=10)
    runs = simulate_workers(work, setting, [0, 1, 2], stop=target)
    at = runs.stopped_at // 10
    for s in range(3):
        accuracy = runs.metrics["accuracy"][s]
        assert (accuracy[: at[s]] < 0.8).all() and accuracy[at[s]] >= 0.8 and np.isnan(accuracy[at[s] + 1 :]).all()
    np.testing.assert_array_equal(runs.batches_to(target), 2 * runs.stopped_at)
    unreachable = Threshold("accuracy", 1.1, "above")
    assert np.isinf(runs.batches_to(unreachable)).all()


def test_progress_counts_iterations_to_the_end():
    told = []
    simulate_workers(
        get_workload("mlr"), WorkerSetting(2, 2, 50), [0, 1], progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (100, 100) and all(0 <= done <= total == 100 for done, total in told)


def test_an_interruption_passes_through():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_workers(get_workload("mlr"), WorkerSetting(2, 2, 10**7), [0, 1], progress=interrupt)


def test_the_memory_of_the_ring_is_predicted():
    from experiments.workers.engines.ring import make_ring
    from experiments.workers.setting import WorkerPlan

    work = get_workload("dnn:depth=2,width=64")
    setting = WorkerSetting(8, 16, 500, "adam", evaluate_every=500)
    ring = make_ring(WorkerPlan.of(setting, work.precision), work, 0)
    allocated = sum(array.nbytes for array in ring)
    assert predicted_worker_memory(work, setting, 3) == pytest.approx(3 * allocated, rel=0.02)


def test_too_large_a_run_is_refused_beforehand():
    setting = WorkerSetting(1000, 100000, 10**6)
    with pytest.raises(TooLargeError, match=r"would need .* GB of memory"):
        simulate_workers(get_workload("dnn:depth=6,width=256"), setting, range(16))
    with pytest.raises(TooLargeError):
        simulate_workers(get_workload("mlr"), WorkerSetting(8, 8, 10), [0], memory_limit=1000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workers": 0}, "number of workers"),
        ({"extra_delay": -1}, "extra delay"),
        ({"iterations": 0}, "iterations"),
        ({"evaluate_every": 0}, "between evaluations"),
        ({"batch": -1}, "batch"),
        ({"step_size": float("nan")}, "step size"),
        ({"optimizer": "lion"}, "optimiser"),
        ({"delays": "gaussian"}, "delays of workers"),
        ({"delays": "geometric:mean=-1"}, "geometric"),
        ({"delays": "geometric"}, "geometric"),
    ],
)
def test_a_setting_out_of_range_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        WorkerSetting(**{"workers": 2, "extra_delay": 1, "iterations": 5, **change})


@pytest.mark.parametrize("seeds", [[], [1, 1], [-1], [0.5]])
def test_bad_seeds_are_refused(seeds):
    with pytest.raises(InputError, match="seed"):
        simulate_workers(get_workload("mlr"), WorkerSetting(1, 0, 5), seeds)


@pytest.mark.parametrize("engine", ["own", "gpu"])
def test_an_engine_that_is_not_there_is_refused(engine):
    with pytest.raises(InputError, match="engine"):
        simulate_workers(get_workload("mlr"), WorkerSetting(1, 0, 5), [0], engine=engine)
