"""The rows hold for real functions, and their multipliers leave the slack matrix that duality says."""

import numpy as np
import pytest

from theory.worst_case.question import Question
from theory.worst_case.solution import Multipliers
from theory.worst_case.solvers.accuracy import slack_matrix
from theory.worst_case.solvers.forms import Forms
from theory.worst_case.solvers.inequalities import neighbours, system


def scattered(steps, seed, **constants):
    rng = np.random.default_rng(seed)
    delays = np.minimum(np.arange(steps), rng.integers(0, 4, steps))
    return Question(rng.uniform(0.05, 0.6, steps), delays, **constants)


def run(question, curvature, seed):
    """Points, gradients, values and noises of the stale iteration on a quadratic form."""
    rng = np.random.default_rng(seed)
    x = [rng.normal(size=len(curvature))]
    noise = rng.normal(size=(question.steps, len(curvature))) * (question.variance > 0)
    for k in range(question.steps):
        x.append(x[-1] - question.step_sizes[k] * (curvature * x[question.read_points[k]] + noise[k]))
    points = np.array(x)
    return points, points * curvature, (points**2 @ curvature) / 2, noise


def row_values(rows, vectors, values):
    products = rows.interpolation
    inner = np.einsum("nd,nd->n", vectors[products.left], vectors[products.right])
    held = np.bincount(products.row, products.coefficient * inner, len(rows.pairs))
    i, j = rows.pairs.T
    return values[i] - values[j] + held


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("variance", [0.0, 1.0])
def test_the_rows_are_the_inequalities_and_hold_for_smooth_functions(seed, variance):
    question = scattered(7, seed, variance=variance)
    points, gradients, values, noise = run(question, np.array([1.0, 0.3, -1.0]), seed)
    rows = system(question, neighbours(7, 7))
    i, j = rows.pairs.T
    apart, change = points[i] - points[j], gradients[i] - gradients[j]
    along = np.einsum("nd,nd->n", gradients[i] + gradients[j], apart) / 2
    expected = values[i] - values[j] - along - (change**2).sum(1) / 4 + (apart**2).sum(1) / 4
    # Products of a noise with what came before it are 0 in the mean only: the rows leave them out.
    if variance == 0:
        np.testing.assert_allclose(row_values(rows, gradients, values), expected, atol=1e-12)
    else:
        full = system(question, rows.pairs)
        left_out = expected - row_values(full, np.concatenate([gradients, noise]), values)
        assert np.abs(left_out).max() > 1e-6
    assert expected.min() > -1e-12


def test_averages_over_signs_of_the_noise_are_what_the_noisy_rows_say():
    question = scattered(4, 3, variance=1.0)
    rows = system(question, neighbours(4, 4))
    i, j = rows.pairs.T
    curvature, start, scale = np.array([1.0, -1.0, 0.4]), np.array([1.0, 0.5, -2.0]), np.array([0.3, -0.7, 0.2])
    total, formula = 0.0, 0.0
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    for sign in signs:  # independent noises +- scale: all expectations are exact averages
        x, noise = [start], np.outer(sign, scale)
        for k in range(4):
            x.append(x[-1] - question.step_sizes[k] * (curvature * x[question.read_points[k]] + noise[k]))
        points = np.array(x)
        gradients, values = points * curvature, (points**2 @ curvature) / 2
        apart, change = points[i] - points[j], gradients[i] - gradients[j]
        along = np.einsum("nd,nd->n", gradients[i] + gradients[j], apart) / 2
        total = total + values[i] - values[j] - along - (change**2).sum(1) / 4 + (apart**2).sum(1) / 4
        formula = formula + row_values(rows, np.concatenate([gradients, noise]), values)
    np.testing.assert_allclose(formula / len(signs), total / len(signs), atol=1e-12)


@pytest.mark.parametrize("reach", [1, 2, 3, 9])
def test_neighbours_are_all_pairs_within_reach(reach):
    expected = {(i, j) for i in range(6) for j in range(6) if 0 < abs(i - j) <= reach}
    found = [tuple(pair) for pair in neighbours(5, reach).tolist()]
    assert len(found) == len(set(found))
    assert set(found) == expected


def drawn(question, pairs, seed):
    rng = np.random.default_rng(seed)
    rows, points = system(question, pairs), question.steps + 1
    numbers = [rng.random(size) for size in (len(pairs), points, points, len(rows.coherent))]
    none = np.empty((0, 2), dtype=np.int64)
    zero = np.zeros(question.steps)
    pair, floor, measure, coherence = numbers
    return Multipliers(pairs, pair, floor, 1.0, measure, rows.coherent, coherence, zero, none, np.empty(0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("coherence", [None, 0.4])
def test_two_ways_to_the_slack_matrix_agree(seed, coherence):
    question = scattered(6, seed, coherence=coherence)
    forms = Forms(question, neighbours(6, 3)[6:], 1.0)
    drawing = drawn(question, forms.pairs, seed)
    vector = np.zeros(forms.rows.count)
    for place, numbers in (
        (forms.rows.pairs, drawing.pair),
        (forms.rows.floor, drawing.floor),
        (forms.rows.measure, drawing.measure),
        (forms.rows.coherence, drawing.coherence),
    ):
        vector[place] = numbers
    np.testing.assert_allclose(slack_matrix(question, drawing).toarray(), -forms.adjoint(vector), atol=1e-12)


@pytest.mark.parametrize("coherence", [None, 0.4])
def test_the_normal_matrix_is_that_of_its_definition(coherence):
    question = scattered(5, 1, coherence=coherence)
    forms = Forms(question, neighbours(5, 2)[5:], 0.7)
    rng = np.random.default_rng(0)
    first, second = (np.eye(6) + (lambda a: a @ a.T)(rng.normal(size=(6, 6))) for _ in range(2))
    rows = [forms.adjoint(unit) for unit in np.eye(forms.rows.count)]
    expected = [[np.trace(a @ first @ b @ second) for a in rows] for b in rows]
    np.testing.assert_allclose(forms.normal(first, second), expected, atol=1e-10)
    np.testing.assert_allclose(forms.apply(first), [np.sum(row * first) for row in rows], atol=1e-11)


def test_expanded_multipliers_cancel_the_values_and_reduce_is_the_transpose():
    forms = Forms(scattered(6, 2, coherence=0.1), neighbours(6, 3)[6:], 1.0)
    rng = np.random.default_rng(1)
    free = rng.normal(size=forms.rows.count - forms.rows.basic)
    values = rng.normal(size=forms.rows.count)
    np.testing.assert_allclose(forms.flow.T @ forms.expand(free), 0, atol=1e-12)
    assert forms.reduce(values) @ free == pytest.approx(values @ forms.expand(free))
