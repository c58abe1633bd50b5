"""The dense problem against PEPit, another statement of the same problem by other people's code."""

import numpy as np
import pytest

from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.dense import solve_dense

AGREEMENT = 1e-4
CASES = 24


def random_question(seed):
    """Delays, increasing or zero steps, coherence or none, measures and scales drawn at random."""
    rng = np.random.default_rng(seed)
    steps, window = int(rng.integers(1, 11)), int(rng.integers(1, 6))
    delays = np.minimum(np.arange(steps), rng.integers(0, window, steps))
    smoothness, gap = 10.0 ** rng.uniform(-2, 2, 2)
    sizes = rng.uniform(0.05, 0.9, steps)
    if seed % 3 == 1:
        sizes = np.sort(sizes)
    if seed % 4 == 2:
        sizes = sizes * (rng.random(steps) < 0.7)
    coherence = [None, 0.7, None, 0.2, -0.3][seed % 5]
    measure = "mean" if seed % 6 == 5 and sizes.any() else "min"
    return Question(
        sizes / smoothness,
        delays,
        smoothness=smoothness,
        gap=gap,
        coherence=coherence,
        staleness=Staleness(window),
        measure=measure,
    )


def by_pepit(question):
    """The stale iteration as PEPit has it: its smooth functions, and a lower bound f_star of f_k - |g_k|^2 / 2L."""
    from PEPit import PEP, Expression
    from PEPit.functions import SmoothFunction

    problem = PEP()
    function = problem.declare_function(SmoothFunction, L=question.smoothness)
    points, gradients, values = [problem.set_initial_point()], [], []
    for k in range(question.steps + 1):
        gradient, value = function.oracle(points[k])
        gradients.append(gradient)
        values.append(value)
        if k < question.steps:
            stale = gradients[question.read_points[k]]
            points.append(points[k] - float(question.step_sizes[k]) * stale)
    infimum = Expression()
    for gradient, value in zip(gradients, values, strict=True):
        problem.add_constraint(infimum <= value - gradient**2 / (2 * question.smoothness))
    problem.set_initial_condition(values[0] - infimum <= question.gap)
    if question.coherence is not None:
        for k in range(question.steps):
            for t in range(max(0, k - question.staleness.window + 1), k):
                problem.add_constraint(gradients[k] * gradients[t] >= question.coherence * gradients[k] ** 2)
    if question.measure == "mean":
        weights = question.step_sizes / question.step_sizes.sum()
        terms = [float(w) * g**2 for w, g in zip(weights, gradients, strict=False)]
        problem.set_performance_metric(sum(terms[1:], terms[0]))
    else:
        for gradient in gradients:
            problem.set_performance_metric(gradient**2)
    return problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0)


@pytest.mark.parametrize("seed", range(CASES))
# PEPit's own notes on cvxpy's status and on its eigenvalues are no part of the claim.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning", "ignore::FutureWarning")
def test_the_dense_value_is_pepits(seed):
    question = random_question(seed)
    expected = by_pepit(question)
    assert solve_dense(question).value == pytest.approx(expected, rel=AGREEMENT)
    assert worst_case(question, exact=True).value == pytest.approx(expected, rel=AGREEMENT)
