"""Completions: the windows are kept, the dimension is least or the determinant largest."""

import numpy as np
import pytest

from theory.worst_case.question import Question
from theory.worst_case.solution import Gram
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.completion import complete, dimension, spread


def windows_of(vectors, width, noise=0.0, seed=0):
    """The Gram matrices of overlapping windows, each disturbed a little as a solver's are."""
    rng = np.random.default_rng(seed)
    entries = []
    for first in range(len(vectors) - width + 1):
        nodes = np.arange(first, first + width)
        error = noise * rng.normal(size=(width, width))
        entries.append((nodes, vectors[nodes] @ vectors[nodes].T + error + error.T))
    return Gram(tuple(entries))


@pytest.mark.parametrize("r", [1, 2, 3])
def test_vectors_of_full_rank_on_every_overlap_come_back_up_to_one_rotation(r):
    vectors = np.random.default_rng(r).normal(size=(40, r))
    found = complete(windows_of(vectors, r + 2), 40)
    assert found.shape == (40, r)
    np.testing.assert_allclose(found @ found.T, vectors @ vectors.T, atol=1e-8)


def test_a_solvers_error_stays_as_small_as_it_was_on_every_window():
    vectors = np.random.default_rng(5).normal(size=(200, 2))
    gram = windows_of(vectors, 5, noise=1e-9)
    found = complete(gram, 200, 2)
    for nodes, matrix in gram.windows:
        np.testing.assert_allclose(found[nodes] @ found[nodes].T, matrix, atol=1e-6)


def test_the_dimension_ignores_what_is_as_small_as_a_solvers_error():
    vectors = np.random.default_rng(6).normal(size=(20, 3)) * [1.0, 0.5, 1e-6]
    assert dimension(windows_of(vectors, 4)) == 2


def test_the_completion_of_largest_determinant_makes_the_inverse_vanish_outside_the_windows():
    vectors = np.random.default_rng(7).normal(size=(9, 9))
    found = spread(windows_of(vectors, 3), 9)
    inverse = np.linalg.inv(found @ found.T)
    outside = np.abs(np.subtract.outer(np.arange(9), np.arange(9))) > 2
    assert np.abs(inverse[outside]).max() < 1e-8 * np.abs(inverse).max()


def test_both_completions_keep_the_windows_of_a_solver():
    question = Question(np.full(30, 0.25), np.minimum(1, np.arange(30)))
    gram = worst_case(question, reach=2).gram
    for found in (complete(gram, 31), spread(gram, 31)):
        for nodes, matrix in gram.windows:
            np.testing.assert_allclose(found[nodes] @ found[nodes].T, matrix, atol=1e-5 * np.abs(matrix).max())
