"""The dense problem against a second statement of it with noise, and against rates known in closed form."""

import cvxpy as cp
import numpy as np
import pytest

from theory.worst_case.question import Question
from theory.worst_case.solvers.dense import solve_dense

# Clarabel's answers through cvxpy are good to about seven digits.
SAME = 1e-5


def independent(question):
    """max min_k E|g_k|^2, written in vectors: x_k, g_k as rows over the basis g_0, e_0, g_1, e_1, .., g_T."""
    steps, size, L = question.steps, 2 * question.steps + 1, question.smoothness
    basis = np.eye(size)
    g, e = basis[0::2], basis[1::2]
    x = [np.zeros(size)]
    for k in range(steps):
        x.append(x[-1] - question.step_sizes[k] * (g[k - question.delays[k]] + e[k]))
    gram = cp.Variable((size, size), PSD=True)
    values, least = cp.Variable(steps + 1), cp.Variable()

    def inner(u, v):
        return cp.trace(gram @ ((np.outer(u, v) + np.outer(v, u)) / 2))

    rows = [values[0] <= question.gap]
    for i in range(steps + 1):
        rows += [inner(g[i], g[i]) >= least, values[i] >= inner(g[i], g[i]) / (2 * L)]
        for j in range(steps + 1):
            if i != j:  # f_i >= f_j + <g_j, x_i - x_j> - L/2 |.|^2 + |g_i - g_j + L (x_i - x_j)|^2 / 4L, rearranged
                d, change = x[i] - x[j], g[i] - g[j] + L * (x[i] - x[j])
                rows.append(
                    values[i] >= values[j] + inner(g[j], d) - L / 2 * inner(d, d) + inner(change, change) / (4 * L)
                )
    for k in range(steps):
        rows.append(inner(e[k], e[k]) <= question.variance)
        rows += [inner(e[k], g[j]) == 0 for j in range(k + 1)]
        rows += [inner(e[k], e[j]) == 0 for j in range(k)]
    for k in range(steps if question.coherence is not None else 0):
        for t in range(max(0, k - question.staleness.window + 1), k):
            rows.append(inner(g[k], g[t]) >= question.coherence * inner(g[k], g[k]))
    problem = cp.Problem(cp.Maximize(least), rows)
    problem.solve(solver=cp.CLARABEL)
    return float(problem.value)


@pytest.mark.parametrize("seed", range(8))
# cvxpy warns where Clarabel's answer is its second best; the comparison decides.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_noisy_problem_is_that_of_a_second_statement(seed):
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(1, 6))
    delays = np.minimum(np.arange(steps), rng.integers(0, 3, steps))
    smoothness = float(rng.uniform(0.5, 2))
    sizes = rng.uniform(0.1, 1, steps) / smoothness
    coherence = 0.3 if seed % 2 else None
    question = Question(
        sizes, delays, smoothness=smoothness, gap=1.5, variance=float(rng.uniform(0.1, 3)), coherence=coherence
    )
    assert solve_dense(question).value == pytest.approx(independent(question), rel=SAME)


@pytest.mark.parametrize("sizes", [[1.0], [0.3, 0.9], [0.1, 0.2, 0.4, 0.8], [1.0] * 6, [0.5] * 8])
def test_gradient_descent_has_the_exact_rate_of_abbaszadehpeivasti(sizes):
    """Delta / (sum eta (1 - L max(eta, L eta^2)/4) + 1/2L), exact where no step exceeds 1/L."""
    L, gap = 3.0, 0.2
    steps = np.array(sizes) / L
    exact = gap / (np.sum(steps * (1 - L * steps / 4)) + 1 / (2 * L))
    question = Question(steps, np.zeros(len(sizes), dtype=int), smoothness=L, gap=gap)
    assert solve_dense(question).value == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    ("s", "steps", "value"),
    [(1, 4, 0.36184), (1, 8, 0.23855), (2, 4, 0.85943), (2, 8, 0.64500), (4, 4, 1.19059), (4, 8, 0.96697)],
)
def test_the_reference_table_of_all_pairs(s, steps, value):
    mu = 1.0 if s == 1 else 0.5
    sizes = mu / (s * np.sqrt(np.arange(1, steps + 1)))
    question = Question(sizes, np.minimum(np.arange(steps), s - 1), coherence=None if s == 1 else mu)
    assert solve_dense(question).value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("variance", [0.0, 2.0])
def test_steps_of_zero_leave_the_first_gradient_alone(variance):
    question = Question([0.0] * 3, [0, 1, 2], smoothness=5.0, gap=0.1, variance=variance)
    assert solve_dense(question).value == pytest.approx(2 * 5.0 * 0.1, rel=1e-6)
