"""Workers with error compensation: engines agree, nothing is lost, the virtual sequence is plain SGD, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.problems.quadratic import quadratic
from experiments.systems.shared.compressors import COMPRESSORS
from experiments.systems.shared.error_compensation import Compensation, simulate_compensated
from experiments.workloads import get_workload
from experiments.workloads.problem import ProblemWorkload
from theory.common.errors import InputError, ProblemError

SETTING = Compensation("top-k", 0.1, 0.05, 40, workers=3, batch=8, evaluate_every=10)
BOWL, LOGISTIC = "problem:quadratic:d=30,condition=10", "problem:logistic-digits"
FITTING = [name for name in COMPRESSORS if name != "sampled"]  # a sample of d/100 entries is empty here


def run(workload, seeds=(0, 1), engine="auto", **changes):
    return simulate_compensated(get_workload(workload), replace(SETTING, **changes), seeds, engine=engine, look=np.copy)


# The network's kernel takes ten seconds to compile.
@pytest.mark.parametrize(
    "workload", [BOWL, LOGISTIC, pytest.param("dnn:depth=1,width=8,bits=64", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("compressor", FITTING)
def test_the_compiled_engine_and_the_own_gradient_agree_with_the_paper_in_numpy(workload, compressor):
    fused, own, naive = (
        run(workload, compressor=compressor, engine=engine) for engine in ("fused", "black-box", "naive")
    )
    for other in (fused, own):
        np.testing.assert_array_equal(other.sent, naive.sent)
        # Gradients are summed in another order: a few units in the last place, which 40 steps do not raise further.
        for ours, theirs in (
            (other.final, naive.final),
            (other.left, naive.left),
            (other.compensated, naive.compensated),
            (other.perturbed.distance_squared, naive.perturbed.distance_squared),
            (other.perturbed.second_moment, naive.perturbed.second_moment),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_a_seed_does_not_depend_on_the_others():
    both, alone = run(LOGISTIC, seeds=(4, 9)), run(LOGISTIC, seeds=(9,))
    np.testing.assert_array_equal(both.final[1], alone.final[0])
    np.testing.assert_array_equal(both.compensated[1], alone.compensated[0])


def test_dense_workers_take_the_step_of_the_mean_gradient_and_stay_on_the_virtual_sequence():
    found = run(LOGISTIC, compressor="dense", batch=0, workers=2)
    assert not found.perturbed.distance_squared.any()
    problem, x = get_workload(LOGISTIC).problem, np.zeros(get_workload(LOGISTIC).parameters)
    for _ in range(SETTING.iterations):
        x -= 0.05 * problem.full_gradient(x)
    np.testing.assert_allclose(found.final[0], x, rtol=1e-10)


def test_all_entries_are_as_good_as_dense():
    dense, whole = (run(BOWL, compressor=name, density=1.0) for name in ("dense", "top-k"))
    np.testing.assert_array_equal(dense.final, whole.final)
    assert not whole.left.any()


def test_the_virtual_sequence_is_the_model_less_the_mean_memory_at_a_constant_step():
    # The residuals after the last iteration are its compensated vectors less what was sent of them.
    found = run(BOWL, seeds=(3,), workers=4)
    u = found.compensated[0, -1]
    k = found.sent[0, -1, 0]
    residuals = np.where(np.argsort(np.argsort(-np.abs(u), axis=1), axis=1) < k, 0, u)
    distance = ((0.05 * residuals.mean(axis=0)) ** 2).sum()
    assert found.perturbed.distance_squared[0, -1] == pytest.approx(distance, rel=1e-9)


def test_memory_obeys_the_lemma_of_error_feedback():
    # |e|^2 <= 4 (1 - delta) eta^2 G^2 / delta^2 with delta = k/d, which holds for top-k of every vector.
    found, delta = run(BOWL, seeds=range(8), iterations=400, step_size=0.02, density=0.2), 0.2
    bound = 4 * (1 - delta) * 0.02**2 * found.perturbed.gradient_bound / delta**2
    assert 0 < found.perturbed.distance_bound < bound
    assert (found.left <= 1 - delta).all()


def test_a_density_for_each_iteration_warms_up():
    densities = np.repeat([0.5, 0.1], 20)
    found = run(BOWL, density=densities)
    np.testing.assert_array_equal(found.sent, np.broadcast_to(np.repeat([15, 3], 20)[:, None], found.sent.shape))


def test_momentum_and_weight_decay_act_on_the_mean_of_what_was_sent():
    # One worker, dense, full batch: heavy-ball steps with decay, written out.
    found = run(BOWL, compressor="dense", workers=1, batch=0, momentum=0.9, weight_decay=0.1, seeds=(0,))
    problem = get_workload(BOWL).problem
    x, v = problem.initial_point.copy(), 0
    for t in range(SETTING.iterations):
        v = 0.9 * v + problem.stochastic_gradient(x, 0, t + 1, 0) + 0.1 * x
        x = x - 0.05 * v
    np.testing.assert_allclose(found.final[0], x, rtol=1e-9)


def test_a_step_beyond_stability_ends_the_seed_and_raises_nothing():
    found = run(BOWL, step_size=1e6, iterations=400)
    assert (found.diverged_at > 0).all()
    assert np.isnan(found.metrics["loss"][:, -1]).all() and np.isfinite(found.metrics["loss"][:, 0]).all()


class NoNumber(ProblemWorkload):
    """A quadratic whose gradients hold a NaN."""

    def gradient(self, x, seed, t, worker, batch):
        return np.full_like(x, np.nan)


def test_a_gradient_that_is_no_number_is_refused_by_name():
    workload = NoNumber("problem:broken", quadratic(3))
    with pytest.raises(ProblemError, match="gradient of problem:broken at the start is not finite"):
        simulate_compensated(workload, SETTING, [0], engine="black-box")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"compressor": "top"}, "no compressor 'top'"),
        ({"density": 0.0}, "above 0 and at most 1"),
        ({"density": 1.5}, "above 0 and at most 1"),
        ({"density": [0.1, 0.2]}, "density must be one finite number"),
        ({"step_size": -1.0}, "step size must be one finite number"),
        ({"workers": 0}, "number of workers must be a whole number of at least 1"),
        ({"momentum": 1.0}, "momentum must lie in"),
        ({"compressor": "sampled"}, "a sample of d/100 = 0 entries"),
        ({"engine": "fastest"}, "engine must be auto"),
        ({"engine": "naive", "momentum": 0.5}, "knows no momentum"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        run(BOWL, **changes)
