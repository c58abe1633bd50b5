"""gradlag's own objectives under the workers' simulator."""

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.common.errors import InputError


@pytest.mark.parametrize("name", ["quadratic:d=4", "nonconvex:d=3", "logistic-cancer", "softmax-digits"])
def test_it_starts_and_is_measured_as_the_objective(name):
    work, problem = get_workload(f"problem:{name}"), get_problem(name)
    x = work.initial(3)
    np.testing.assert_array_equal(x, problem.initial_point)
    assert work.name == f"problem:{problem.name}" and work.digest == problem.digest
    gradient = problem.full_gradient(x)
    assert work.evaluate(x) == {"loss": problem.loss(x), "gradient_norm_squared": gradient @ gradient}
    np.testing.assert_array_equal(work.sample_gradient(x, 5), gradient)


def test_the_start_is_a_new_array_each_time():
    work = get_workload("problem:quadratic:d=4")
    work.initial(0)[:] = 7
    assert (work.initial(0) != 7).all()


@pytest.mark.parametrize("name", ["quadratic:d=4", "nonconvex:d=3", "logistic-cancer", "softmax-digits"])
def test_the_compiled_gradients_lead_where_the_objectives_own_do(name):
    work, setting = get_workload(f"problem:{name}"), WorkerSetting(3, 4, 20, step_size=0.01, batch=4)
    fused, naive = (simulate_workers(work, setting, [2], engine=engine) for engine in ("fused", "naive"))
    np.testing.assert_allclose(fused.final, naive.final, rtol=1e-9, atol=1e-12)


def test_the_default_target_is_a_hundredth_of_the_squared_gradient():
    work = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=3")
    assert work.target.metric == "gradient_norm_squared" and work.target.level == pytest.approx(0.09)
    runs = simulate_workers(work, WorkerSetting(1, 0, 60, step_size=0.5, evaluate_every=1), [0], stop=work.target)
    # 9/4^t <= 0.09 first at t = 4.
    assert runs.stopped_at.tolist() == [4]


def test_a_problem_without_a_kernel_is_a_black_box():
    work = get_workload("problem:quadratic:d=2")
    plain = type("Plain", (type(work.problem),), {"kernel": lambda self, batch: None})
    problem = plain(work.problem.name, work.problem.initial_point, work.problem.noise, work.problem.curvatures)
    own = type(work)("problem:own", problem)
    setting = WorkerSetting(2, 2, 10)
    with pytest.raises(InputError, match="no engine fused"):
        simulate_workers(own, setting, [0], engine="fused")
    np.testing.assert_array_equal(
        simulate_workers(own, setting, [0]).final, simulate_workers(work, setting, [0], engine="black-box").final
    )
