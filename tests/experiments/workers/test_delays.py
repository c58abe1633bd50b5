"""Extra delays of messages: their laws, independence, and refusals."""

import numpy as np
import pytest

from experiments.kernels.keys import worker_key, worker_minibatch, worker_seed
from experiments.workers.delays import delay_law
from theory.common.errors import DelayError, InputError

LAWS = ("uniform", "constant", "geometric:mean=1.5", "geometric:mean=0")
WORKERS, ITERATIONS = 4, 2500


def drawn(law, extra_delay, seed=0):
    rule = delay_law(law, extra_delay)
    return np.array(
        [[[rule.draw(seed, t, a, b) for b in range(WORKERS)] for a in range(WORKERS)] for t in range(ITERATIONS)]
    )


@pytest.mark.parametrize("extra_delay", [0, 1, 5])
@pytest.mark.parametrize("law", LAWS)
def test_frequencies_are_the_probabilities(law, extra_delay):
    values, p = drawn(law, extra_delay), delay_law(law, extra_delay).probabilities
    assert p.sum() == 1 and values.min() >= 0 and values.max() <= extra_delay
    frequencies = np.bincount(values.ravel(), minlength=extra_delay + 1) / values.size
    # Five standard deviations.
    assert (np.abs(frequencies - p) <= 5 * np.sqrt(p * (1 - p) / values.size)).all()


def test_senders_receivers_and_iterations_are_independent():
    values = drawn("uniform", 5).astype(float) - 2.5
    flat = values.reshape(ITERATIONS, -1)
    correlations = np.corrcoef(flat.T) - np.eye(WORKERS**2)
    assert np.abs(correlations).max() < 5 / np.sqrt(ITERATIONS)
    assert abs((flat[1:] * flat[:-1]).mean() / flat.var()) < 5 / np.sqrt(flat.size)


def test_geometric_delays_are_clipped_at_the_largest():
    # Mean 2: P(r) = (1/3) (2/3)^r; what lies above 2 is put there.
    np.testing.assert_allclose(delay_law("geometric:mean=2", 2).probabilities, [1 / 3, 2 / 9, 4 / 9], rtol=1e-14)


def test_a_delay_depends_on_its_arguments_alone():
    rule = delay_law("uniform", 9)
    forward = [rule.draw(3, t, a, b) for t in range(4) for a in range(3) for b in range(3)]
    back = [rule.draw(3, t, a, b) for t in (3, 2, 1, 0) for a in (2, 1, 0) for b in (2, 1, 0)]
    assert forward == back[::-1]


def test_the_first_workers_seed_is_the_seed_and_no_other_occurs_twice():
    assert [worker_seed(seed, 0) for seed in (0, 7, 2**63 - 1)] == [0, 7, 2**63 - 1]
    seeds = {worker_seed(seed, worker) for seed in range(300) for worker in range(100)}
    assert len(seeds) == 300 * 100 and all(0 <= seed < 2**63 for seed in seeds)


def test_keys_of_workers_iterations_and_streams_differ():
    keys = {worker_key(s, stream, t, p) for s in range(5) for stream in (1, 2, 4) for t in range(20) for p in range(20)}
    assert len(keys) == 5 * 3 * 20 * 20


def test_minibatches_cover_the_examples():
    indices = np.concatenate([worker_minibatch(0, t, p, 32, 50) for t in range(20) for p in range(4)])
    assert set(indices.tolist()) == set(range(50))


@pytest.mark.parametrize("text", ["", "normal", "uniform:mean=1", "constant:2"])
def test_unknown_laws_are_refused(text):
    with pytest.raises(DelayError, match="must be uniform, constant or geometric"):
        delay_law(text, 3)


@pytest.mark.parametrize(
    "text", ["geometric", "geometric:mean=x", "geometric:mean=-1", "geometric:mean=inf", "geometric:sd=1"]
)
def test_geometric_needs_a_mean(text):
    with pytest.raises(InputError, match="geometric:mean=M"):
        delay_law(text, 3)
