"""Windows hold every inner product of every row, in the order of birth, and overlap as an interval graph does."""

import numpy as np
import pytest

from theory.worst_case.costs import window_sizes
from theory.worst_case.question import Question
from theory.worst_case.solution import Gram
from theory.worst_case.solvers.conic import find_unknowns, known_zero
from theory.worst_case.solvers.inequalities import neighbours, system
from theory.worst_case.solvers.violated_pairs import whole
from theory.worst_case.solvers.windows import births, windows


def rows_of(seed, reach, **constants):
    rng = np.random.default_rng(seed)
    delays = np.minimum(np.arange(12), rng.integers(0, 4, 12))
    question = Question(rng.uniform(0.1, 0.5, 12), delays, **constants)
    return system(question, neighbours(12, reach))


CASES = [
    (seed, reach, variance, mu) for seed in range(3) for reach in (1, 3) for variance in (0, 1) for mu in (None, 0)
]


@pytest.mark.parametrize(("seed", "reach", "variance", "coherence"), CASES)
def test_every_product_of_every_row_lies_in_a_window(seed, reach, variance, coherence):
    rows = rows_of(seed, reach, variance=variance, coherence=coherence)
    frames = windows(rows)
    held = {(a, b) for frame in frames for a in frame.tolist() for b in frame.tolist()}
    for products in (rows.interpolation, rows.coherence_products):
        assert set(zip(products.left.tolist(), products.right.tolist(), strict=True)) <= held
    unknowns = find_unknowns(rows, frames)
    assert not known_zero(unknowns.left, unknowns.right, rows.points).any()


@pytest.mark.parametrize(("seed", "reach", "variance", "coherence"), CASES)
def test_each_node_lives_in_consecutive_windows(seed, reach, variance, coherence):
    rows = rows_of(seed, reach, variance=variance, coherence=coherence)
    frames, born = windows(rows), births(rows)
    for node in range(len(born)):
        where = [number for number, frame in enumerate(frames) if node in frame]
        assert where == list(range(where[0], where[-1] + 1))
    assert all((np.diff(born[frame]) >= 0).all() for frame in frames)


@pytest.mark.parametrize("seed", range(4))
def test_the_predicted_window_sizes_are_not_too_small(seed):
    rows = rows_of(seed, 2)
    assert window_sizes(rows.question, rows.pairs)[0].max() >= max(len(frame) for frame in windows(rows))


def test_the_completion_keeps_the_windows_and_stays_positive():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 3))
    full = vectors @ vectors.T
    frames = [np.arange(k, k + 5) for k in range(5)]
    found = whole(Gram(tuple((frame, full[np.ix_(frame, frame)]) for frame in frames)), 9)
    assert np.linalg.eigvalsh(found).min() > -1e-6
    for frame in frames:
        np.testing.assert_allclose(found[np.ix_(frame, frame)], full[np.ix_(frame, frame)])
    # Windows that overlap in a whole basis leave nothing open.
    np.testing.assert_allclose(found, full, atol=1e-4)
