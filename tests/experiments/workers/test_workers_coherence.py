"""The gradient at the first worker's cache against those of the evaluations before."""

import numpy as np
import pytest

from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload
from theory.common.errors import InputError


def test_by_hand_on_a_parabola_that_overshoots():
    # One worker on x^2/2 with step 3/2: x = 1, -1/2, 1/4, ... so <g_k, g_{k-j}>/|g_k|^2 = (-2)^j.
    parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
    setting = WorkerSetting(1, 0, 4, step_size=1.5, evaluate_every=1, lags=2)
    found = simulate_workers(parabola, setting, [0]).coherence
    nan = np.nan
    np.testing.assert_allclose(found["ratio"][0], [[nan, nan], [-2, nan], [-2, 4], [-2, 4], [-2, 4]], rtol=1e-14)
    np.testing.assert_allclose(found["cosine"][0], [[nan, nan], [-1, nan], [-1, 1], [-1, 1], [-1, 1]], rtol=1e-14)
    np.testing.assert_allclose(found["mu"][0], [1, -2, -2, -2, -2], rtol=1e-14)
    np.testing.assert_allclose(found["norm_squared"][0], 0.25 ** np.arange(5), rtol=1e-14)


@pytest.mark.parametrize("engine", ["naive", "fused"])
def test_under_staleness_it_is_measured_at_the_first_workers_cache(engine):
    work, lags, sample = get_workload("dnn:width=8,bits=64"), 3, 64
    setting = WorkerSetting(2, 3, 12, batch=4, evaluate_every=2, lags=lags, sample=sample)
    found = simulate_workers(work, setting, [1], engine=engine).coherence
    # The caches at the evaluations, from runs that end there.
    ends = [
        simulate_workers(work, WorkerSetting(2, 3, t, batch=4), [1], engine="naive").final[0] for t in range(2, 13, 2)
    ]
    g = [work.sample_gradient(x, sample) for x in [work.initial(1), *ends]]
    for k in range(len(g)):
        ratios = [g[k] @ g[k - j] / (g[k] @ g[k]) for j in range(1, min(lags, k) + 1)]
        np.testing.assert_allclose(found["ratio"][0, k, : len(ratios)], ratios, rtol=1e-6)
        assert np.isnan(found["ratio"][0, k, len(ratios) :]).all()
        assert found["mu"][0, k] == pytest.approx(min([1.0, *ratios]), rel=1e-6)


def test_a_cosine_lies_between_minus_one_and_one_and_mu_is_at_most_one():
    setting = WorkerSetting(4, 4, 60, "adam", 0.01, batch=8, evaluate_every=3, lags=5, sample=100)
    found = simulate_workers(get_workload("dnn:depth=2,width=16"), setting, [0, 1]).coherence
    assert found["cosine"].shape == (2, 21, 5) and found["mu"].shape == (2, 21)
    assert np.nanmax(np.abs(found["cosine"])) <= 1 + 1e-12 and found["mu"].max() <= 1


def test_nothing_is_measured_unless_asked_for():
    assert simulate_workers(get_workload("mlr"), WorkerSetting(1, 0, 3), [0]).coherence == {}


def test_measuring_it_changes_no_number():
    work = get_workload("dnn:width=8")
    plain, watched = (simulate_workers(work, WorkerSetting(2, 2, 20, lags=lags), [0]) for lags in (0, 4))
    np.testing.assert_array_equal(plain.final, watched.final)


def test_a_workload_without_a_gradient_on_a_sample_says_so():
    with pytest.raises(InputError, match="coherence cannot be measured"):
        Workload.sample_gradient(get_workload("mlr"), np.zeros(1), 5)
