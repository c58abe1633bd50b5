"""A table of gradients of workers with data of their own: what FINDINGS says of it, attacked by runs."""

import math

import numpy as np
import pytest

PATHS = 400


def hessians(rng, workers):
    """Symmetric, of norm at most 1, of either sign; their mean is positive definite."""
    found = []
    for _ in range(workers):
        turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
        found.append(turn @ np.diag(rng.uniform(-1, 1, 2)) @ turn.T)
    short = max(0.0, 1e-2 - np.linalg.eigvalsh(sum(found) / workers)[0])
    found = [each + short * np.eye(2) for each in found]
    return np.array(found) / max(1.0, *(np.abs(np.linalg.eigvalsh(each)).max() for each in found))


@pytest.mark.parametrize("seed", range(60))
def test_its_mean_squared_gradient_is_below_the_bound_with_noise_that_is_used_again(seed):
    rng = np.random.default_rng(seed)
    workers, steps, sigma = int(rng.integers(1, 5)), int(rng.integers(1, 60)), float(rng.choice([0.0, 0.3, 3.0]))
    curved, shift = hessians(rng, workers), rng.normal(size=(workers, 2)) * rng.choice([0, 3])
    mean, delay = curved.mean(axis=0), 2 * workers - 2
    least = -np.linalg.solve(mean, shift.mean(axis=0))
    x, table = np.tile(least + 3 * rng.normal(size=2), (PATHS, 1)), {}
    gap = float((x[0] - least) @ mean @ (x[0] - least)) / 2
    eta, squares = (math.sqrt(3) - 1) / 2 / (delay + 1) * float(rng.choice([0.2, 1.0])), 0.0
    for k in range(steps):
        for i in range(workers):
            if i not in table or k - table[i][0] >= delay or rng.random() < 1 / workers:
                table[i] = k, x @ curved[i] + shift[i] + sigma / math.sqrt(2) * rng.normal(size=(PATHS, 2))
        squares += np.mean(np.sum((x @ mean + shift.mean(axis=0)) ** 2, axis=1)) / steps
        x = x - eta * sum(gradient for _, gradient in table.values()) / workers
    noise = 2 * eta * sigma**2 / workers * (1 + 1.5 * delay + eta * delay**2)
    assert squares <= 2 * gap / (eta * steps) + noise
