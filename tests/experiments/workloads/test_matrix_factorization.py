"""Matrix factorisation: its loss and gradient, and sparse messages that change nothing."""

import numpy as np
import pytest

from experiments.data.tables import ratings
from experiments.workers.memory import predicted_worker_memory
from experiments.workers.optimizers import OPTIMIZERS
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.common.errors import DataError, InputError, TooLargeError

EXACT = "matrix-factorization:bits=64"
LAWS = ("uniform", "constant", "geometric:mean=1.5")


def same(a, b):
    np.testing.assert_array_equal(a.final, b.final)
    np.testing.assert_array_equal(a.diverged_at, b.diverged_at)
    for name in a.metrics:
        np.testing.assert_array_equal(a.metrics[name], b.metrics[name])


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A table of 60 ratings, as the user's own."""
    rng = np.random.default_rng(3)
    np.savez(
        tmp_path / "few.npz",
        user=rng.integers(0, 7, 60),
        movie=rng.integers(0, 11, 60),
        rating_times_two=rng.integers(1, 11, 60),
    )
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    ratings.cache_clear()
    yield "matrix-factorization:data=few,bits=64,rank=3"
    ratings.cache_clear()


def test_the_ratings_are_those_of_movielens():
    movies = ratings("movielens-small")
    assert movies.shape == (671, 9066)
    assert set(movies.values) == set(np.arange(1, 11) / 2)
    assert np.bincount(movies.users).min() == 20  # users with fewer ratings were left out by GroupLens
    assert movies.values.mean() == pytest.approx(3.5436, abs=1e-4)


@pytest.mark.parametrize("penalty", ["inside", "outside"])
def test_the_loss_is_the_formula(few, penalty):
    work = get_workload(f"{few},l2=0.1,penalty={penalty}")
    data, x = work.ratings, work.initial(1)
    left, right = np.split(x.reshape(-1, 3), [7])
    errors = [(v - left[u] @ right[i]) ** 2 for u, i, v in zip(data.users, data.items, data.values, strict=True)]
    squares = 0.1 * ((left**2).sum() + (right**2).sum())
    assert work.evaluate(x)["squared_error"] == pytest.approx(np.mean(errors))
    expected = np.mean(errors) + squares / (60 if penalty == "inside" else 1)
    assert work.evaluate(x)["loss"] == pytest.approx(expected)


@pytest.mark.parametrize("penalty", ["inside", "outside"])
def test_the_gradient_over_all_ratings_is_the_derivative_of_n_times_the_loss(few, penalty):
    work = get_workload(f"{few},l2=0.1,penalty={penalty}")
    x, h = work.initial(2), 1e-6
    gradient = work.gradient(x, 0, 0, 0, 0)
    for direction in np.random.default_rng(0).standard_normal((5, x.size)):
        slope = (work.evaluate(x + h * direction)["loss"] - work.evaluate(x - h * direction)["loss"]) / (2 * h)
        assert gradient @ direction == pytest.approx(60 * slope, rel=1e-6)


def test_minibatches_of_one_rating_have_the_gradient_over_all_as_their_sum(few):
    work = get_workload(few)
    x = work.initial(0)
    singles = sum(work.summed_gradient(x, np.array([i])) for i in range(60))
    np.testing.assert_allclose(singles, work.gradient(x, 0, 0, 0, 0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", range(24))
def test_sparse_messages_agree_with_the_oracle_on_random_configurations(case, few):
    rng = np.random.default_rng(case)
    name = few if case % 4 else f"matrix-factorization:bits={rng.choice([32, 64])}"
    setting = WorkerSetting(
        workers=int(rng.integers(1, 6)),
        extra_delay=int(rng.integers(0, 6)),
        iterations=int(rng.integers(1, 15)),
        step_size=float(rng.choice([0.001, 0.005, 0.03])),
        batch=int(rng.choice([0, 1, 3, 40])) if case % 4 else 20,
        delays=str(rng.choice(LAWS)),
        evaluate_every=int(rng.integers(1, 6)),
    )
    work = get_workload(name)
    naive, dense, sparse = (simulate_workers(work, setting, [case, 99], engine=e) for e in ("naive", "fused", "own"))
    same(dense, sparse)
    precise = work.precision == np.float64
    np.testing.assert_allclose(
        sparse.final, naive.final, rtol=1e-9 if precise else 1e-3, atol=1e-12 if precise else 1e-5
    )


@pytest.mark.parametrize("optimizer", sorted(set(OPTIMIZERS) - {"sgd"}))
def test_optimisers_that_move_every_row_use_dense_messages(optimizer, few):
    work, setting = get_workload(few), WorkerSetting(2, 3, 8, optimizer, 0.01, batch=4)
    same(simulate_workers(work, setting, [1], engine="own"), simulate_workers(work, setting, [1], engine="fused"))


def test_divergence_is_recorded_at_the_oracles_iteration(few):
    work, setting = get_workload(few), WorkerSetting(3, 2, 400, step_size=0.4, batch=20)
    own, naive = (simulate_workers(work, setting, [0, 1], engine=engine) for engine in ("own", "naive"))
    assert (own.diverged_at > 0).all()
    np.testing.assert_array_equal(own.diverged_at, naive.diverged_at)
    assert np.isnan(own.metrics["loss"][:, -1]).all()


def test_a_seed_is_the_same_alone_in_company_and_on_any_number_of_threads():
    work, setting = get_workload("matrix-factorization"), WorkerSetting(3, 4, 40, step_size=0.005, batch=50)
    together = simulate_workers(work, setting, [8, 2, 5], threads=2)
    for s, seed in enumerate([8, 2, 5]):
        alone = simulate_workers(work, setting, [seed], threads=1)
        np.testing.assert_array_equal(together.final[s], alone.final[0])
        np.testing.assert_array_equal(together.metrics["loss"][s], alone.metrics["loss"][0])


def test_memory_is_predicted_and_refused_beforehand():
    work, setting = get_workload("matrix-factorization"), WorkerSetting(4, 9, 100, batch=100)
    engine = work.engine(WorkerPlan.of(setting, work.precision), 0)
    allocated = sum(array.nbytes for array in (*engine.state, *engine.scratch))
    assert work.engine_memory(setting) == allocated
    assert predicted_worker_memory(work, setting, 3, engine="own") >= 3 * allocated
    with pytest.raises(TooLargeError):
        simulate_workers(work, setting, [0], memory_limit=allocated // 2)


def test_staleness_slows_training_down_and_workers_amplify_it():
    work, target = get_workload("matrix-factorization"), Threshold("loss", 1.0)

    def batches(workers, extra_delay):
        every = max(1, 100 // workers)
        setting = WorkerSetting(
            workers, extra_delay, 12800 // workers, step_size=0.005, batch=100, evaluate_every=every
        )
        return simulate_workers(work, setting, [0], stop=target).batches_to(target)[0]

    alone, many = batches(1, 10) / batches(1, 0), batches(16, 10) / batches(16, 0)
    assert alone < 1.1 < many


def test_what_cannot_be_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="inside or outside"):
        get_workload("matrix-factorization:penalty=none")
    with pytest.raises(DataError, match="There is movielens-small"):
        get_workload("matrix-factorization:data=netflix")
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    np.savez(tmp_path / "odd.npz", user=np.array([0, 1]), movie=np.array([0]), rating_times_two=np.array([3]))
    with pytest.raises(DataError, match="as many users as movies"):
        get_workload("matrix-factorization:data=odd")
    np.savez(tmp_path / "half.npz", user=np.array([0.5]), movie=np.array([0]), rating_times_two=np.array([3]))
    with pytest.raises(DataError, match="array user of half"):
        get_workload("matrix-factorization:data=half")
    np.savez(tmp_path / "objects.npz", user=np.array([None]), movie=np.array([0]), rating_times_two=np.array([3]))
    with pytest.raises(DataError, match="cannot be read"):
        get_workload("matrix-factorization:data=objects")
    np.savez(tmp_path / "lacking.npz", user=np.array([0]))
    with pytest.raises(DataError, match="lacks movie and rating_times_two"):
        get_workload("matrix-factorization:data=lacking")
