"""On quadratics the caches diverge above the limits of theory/staleness/stability.py and settle below them."""

import numpy as np
import pytest

from experiments.problems.quadratic import from_curvatures
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads.problem import ProblemWorkload
from theory.staleness.stability import fixed_delay_limit, uniform_delay_limit

PARABOLA = ProblemWorkload("parabola", from_curvatures([2.0], [1.0], noise=0))


def growth(law, workers, extra_delay, product, optimizer="sgd", iterations=2000):
    """The largest |x| of the last fifth over that of the second, at a = P eta lambda = product, over some seeds."""
    setting = WorkerSetting(
        workers, extra_delay, iterations, optimizer, product / workers / 2.0, delays=law, evaluate_every=7
    )
    runs = simulate_workers(PARABOLA, setting, range(2))
    size = np.sqrt(runs.metrics["loss"])
    if (runs.diverged_at >= 0).any():
        return np.inf
    fifth = size.shape[1] // 5
    return float(size[:, -fifth:].max() / size[:, fifth : 2 * fifth].max())


# One worker: with constant delays all is deterministic, and the limits are exact.
@pytest.mark.parametrize("extra_delay", [0, 1, 2, 4, 8])
@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.0), ("momentum", 0.9)])
@pytest.mark.parametrize("workers", [1, 4])
def test_constant_delays_have_the_fixed_limit(workers, extra_delay, optimizer, momentum):
    limit = fixed_delay_limit(extra_delay, momentum)
    assert growth("constant", workers, extra_delay, 0.98 * limit, optimizer) < 0.9
    assert growth("constant", workers, extra_delay, 1.02 * limit, optimizer) > 1.1


# Many workers: each cache's arrivals are near their mean, and with them the limit near that of the mean dynamics.
@pytest.mark.parametrize("extra_delay", [0, 1, 2, 4, 8])
@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.0), ("momentum", 0.9)])
def test_uniform_delays_have_the_limit_of_the_mean_dynamics(extra_delay, optimizer, momentum):
    limit = uniform_delay_limit(extra_delay, momentum)
    assert growth("uniform", 32, extra_delay, 0.9 * limit, optimizer, 1000) < 0.9
    assert growth("uniform", 32, extra_delay, 1.1 * limit, optimizer, 1000) > 1.1
