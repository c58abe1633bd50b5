"""What the start may add: functions that rise are below it, and no storage is believed that is not one."""

import numpy as np
import pytest

from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.limit import start as module
from theory.worst_case.limit.comparison import start_factor
from theory.worst_case.limit.constant import limit_constant
from theory.worst_case.limit.start import storage_start


@pytest.mark.parametrize("delay", [1, 2, 3, 8, 16])
def test_it_is_1_up_to_89_hundredths_of_the_limit_and_below_that_of_theorem_c_beyond(delay):
    limit = fixed_delay_limit(delay)
    assert [storage_start([delay], share * limit) for share in (0.2, 0.7, 0.89)] == [1.0, 1.0, 1.0]
    for share in (0.93, 0.97, 0.999):
        assert 1 < storage_start([delay], share * limit) < start_factor(delay, share * limit)
    assert storage_start([delay], limit * 1.001) is None


def test_the_constant_takes_it():
    assert limit_constant(1, 0.85).start == 1.0 and start_factor(1, 0.85) > 1.1
    assert limit_constant(1, 0.95).start == pytest.approx(1.289, abs=1e-3)


def sums(delays, step, storage, beta, gradients):
    """The sum of q_k over a run that ends quiet, by plain loops, and the storage at its start."""
    total = 0.0
    for k in range(len(gradients) - 1):
        read = gradients[max(0, k - delays[k % len(delays)])]
        now, after = gradients[k], gradients[k + 1]
        total += step / 2 * (now + after) @ read
        total += beta[k % len(delays)] / 4 * ((after - now) @ (after - now) - step**2 * read @ read)
    return total, storage[0].sum() * gradients[0] @ gradients[0]


@pytest.mark.parametrize(("delays", "step"), [([2], 0.55), ([2], 0.61), ([0, 1, 2, 2], 0.5)])
def test_runs_that_end_quiet_have_paid_for_what_the_storage_held(delays, step, monkeypatch):
    seen = {}
    holds = module._holds
    monkeypatch.setattr(module, "_holds", lambda *told: seen.update(told=told) or holds(*told))
    found, rng = storage_start(delays, step), np.random.default_rng(3)
    storage = [np.array(each, dtype=float) for each in seen["told"][2]]
    for _ in range(200):
        gradients = [*rng.normal(size=(12, 2)), *np.zeros((1 + max(delays), 2))]
        if rng.random() < 0.5:  # smooth ones come closest
            gradients = [*np.cumsum(0.3 * rng.normal(size=(12, 2)), axis=0), *np.zeros((1 + max(delays), 2))]
        total, held = sums(delays, step, storage, seen["told"][3], gradients)
        assert total >= -held - 1e-9
    assert found == 1 + 2 * max(0.0, storage[0].sum())
    # What holds at this step does not beyond the limit of stability.
    assert not holds(delays, 0.63, *seen["told"][2:])
