"""Copies among rows are found, honest runs are not taken for copies, and rows in order are noticed."""

import numpy as np
import pytest

from experiments.statistics.copies import groups, neighbours_p_value, one_of_each


def runs(seeds: int, steps: int = 100, dimension: int = 5, seed: int = 0) -> np.ndarray:
    """Squared norms (seeds, steps + 1) of SGD on a quadratic, from one x_0."""
    rng = np.random.default_rng(seed)
    x = np.full((seeds, dimension), 2.0)
    norms = [(x**2).sum(axis=1)]
    for _ in range(steps):
        x = x - 0.15 * (x + rng.standard_normal(x.shape))
        norms.append((x**2).sum(axis=1))
    return np.array(norms).T


@pytest.mark.parametrize("seed", range(10))
def test_honest_runs_are_no_copies(seed: int) -> None:
    assert (groups(runs(16, seed=seed)) == np.arange(16)).all()
    assert neighbours_p_value(runs(16, seed=seed)) > 0.001


def test_copies_with_rounded_digits_are_one() -> None:
    rows = runs(5)[[0, 1, 2, 2, 3, 0, 4]]
    rounded = np.array([[float(f"{v:.7g}") if i % 2 else v for v in row] for i, row in enumerate(rows)])
    assert groups(rounded).tolist() == [0, 1, 2, 2, 3, 0, 4]
    assert one_of_each(groups(rounded)).tolist() == [0, 1, 2, 4, 6]


@pytest.mark.parametrize("noise", [1e-4, 1e-3, 1e-2])
def test_copies_with_noise_are_one_where_enough_is_recorded(noise: float) -> None:
    rows = np.repeat(runs(8), 2, axis=0)
    noisy = rows * (1 + noise * np.random.default_rng(1).standard_normal(rows.shape))
    assert groups(noisy).tolist() == np.repeat(np.arange(8), 2).tolist()
    # Forty points are too few to see it.
    assert groups(noisy[:, :40]).tolist() == list(range(16))


def test_likeness_joins_groups_whatever_the_order() -> None:
    # 0 is like 2, and 2 like 1: one group, though 0 and 1 are farther apart.
    rows = np.array([[1.0, 1.0], [1.0, 1.0 + 3.6e-6], [1.0, 1.0 + 1.8e-6], [1.0, 2.0]])
    assert groups(rows).tolist() == [0, 0, 0, 1]


def test_zeros_and_infinities_are_compared_too() -> None:
    rows = np.array([[1.0, 0.0, np.inf], [1.0, 0.0, np.inf], [1.0, 0.0, 2.0]])
    assert groups(rows).tolist() == [0, 0, 1]


def test_rows_that_resemble_their_neighbours_are_noticed() -> None:
    rng = np.random.default_rng(8)
    noise = rng.standard_normal((32, 120))
    for row in range(1, 32):
        noise[row] = 0.6 * noise[row - 1] + 0.8 * noise[row]
    assert neighbours_p_value(np.exp(np.cumsum(noise, axis=1))) <= 0.001
    shuffled = rng.permutation(noise)
    assert neighbours_p_value(np.exp(np.cumsum(shuffled, axis=1))) > 0.001


def test_two_rows_have_no_order() -> None:
    assert neighbours_p_value(runs(2)) == 1
