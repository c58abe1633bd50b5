"""Windows and the interior-point method give what the dense problem gives, with multipliers that prove it."""

import os
import signal
import threading

import numpy as np
import pytest

from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solution import Status
from theory.worst_case.solvers.accuracy import ALLOWED, checked, shortfall, slack_matrix, unbalanced
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.dense import solve_dense
from theory.worst_case.solvers.inequalities import neighbours
from theory.worst_case.solvers.interior import solve_interior

STATED = 2e-6  # both values are bounds that lie within 1e-6 of the optimum


def falling(steps, s, mu=0.5, **constants):
    """Theorem 1's steps at L = 1: mu/(s sqrt(k))."""
    sizes = mu / (s * np.sqrt(np.arange(1, steps + 1)))
    return Question(sizes, np.minimum(np.arange(steps), s - 1), **constants)


def scattered(seed, **constants):
    rng = np.random.default_rng(seed)
    steps, window = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    delays = np.minimum(np.arange(steps), rng.integers(0, window, steps))
    sizes = rng.uniform(0.05, 1.2, steps)
    smoothness = constants.get("smoothness", 1.0)
    return Question(sizes / smoothness, delays, staleness=Staleness(window), **constants)


VARIETY = [
    {},
    {"coherence": 0.5},
    {"measure": "mean"},
    {"variance": 0.5},
    {"variance": 2.0, "coherence": 0.2},
    {"variance": 1.0, "measure": "mean"},
    {"smoothness": 30.0, "gap": 0.01},
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("constants", VARIETY)
def test_windows_with_all_pairs_are_the_dense_problem(seed, constants):
    question = scattered(seed, **constants)
    dense = solve_dense(question)
    everything = solve(question, neighbours(question.steps, question.steps))
    assert dense.exhaustive and everything.exhaustive
    assert everything.value == pytest.approx(dense.value, rel=STATED)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("constants", VARIETY)
@pytest.mark.parametrize("reach", [1, 2])
def test_fewer_pairs_never_give_less_than_the_dense_value(seed, constants, reach):
    question = scattered(seed, **constants)
    banded = solve(question, neighbours(question.steps, reach)).value
    assert banded >= solve_dense(question).value * (1 - STATED)


@pytest.mark.parametrize("constants", [{}, {"coherence": 0.5}, {"measure": "mean"}, {"smoothness": 1e3, "gap": 1e-4}])
@pytest.mark.parametrize("reach", [1, 3])
def test_the_interior_point_method_agrees_with_windows(constants, reach):
    question = falling(20, 3, **constants)
    question = question.replaced(step_sizes=question.step_sizes / question.smoothness)
    pairs = neighbours(20, reach)
    own, theirs = solve_interior(question, pairs), solve(question, pairs)
    assert own.status is theirs.status is Status.SOLVED
    assert own.value == pytest.approx(theirs.value, rel=STATED)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("constants", VARIETY)
def test_multipliers_cancel_the_values_and_leave_a_positive_slack_matrix(seed, constants):
    question = scattered(seed, **constants)
    solutions = [solve_dense(question), solve(question, neighbours(question.steps, 1))]
    if not question.variance:
        solutions.append(solve_interior(question, neighbours(question.steps, 1)))
    for solution in solutions:
        multipliers, normal = solution.multipliers, question.normalised()
        assert unbalanced(normal, multipliers) < ALLOWED
        matrix = slack_matrix(question, multipliers).toarray()
        assert np.linalg.eigvalsh(matrix).min() >= -1e-7 * np.abs(matrix).max()
        assert multipliers.bound(normal.variance) * question.scale == pytest.approx(solution.value, rel=1e-12)


def test_the_gram_matrix_attains_the_value():
    question = falling(12, 3)
    for solution in (solve(question, neighbours(12, 12)), solve_dense(question)):
        squares = {int(node): gram[a, a] for nodes, gram in solution.gram.windows for a, node in enumerate(nodes)}
        assert min(squares.values()) == pytest.approx(solution.value, rel=1e-5)


@pytest.mark.parametrize("change", ["measure", "pair", "floor"])
def test_multipliers_that_prove_nothing_are_not_called_solved(change):
    solution = solve(falling(10, 2), neighbours(10, 1))
    numbers = getattr(solution.multipliers, change).copy()
    numbers[3] += 0.01
    broken = {name: getattr(solution.multipliers, name) for name in solution.multipliers.__dataclass_fields__}
    solution = solution.__class__(
        **{**vars(solution), "multipliers": solution.multipliers.__class__(**{**broken, change: numbers})}
    )
    assert shortfall(solution.question, solution.multipliers) > ALLOWED
    after = checked(solution)
    assert after.status is Status.INACCURATE
    assert np.isnan(after.value)


# Values computed for this project before this code was written, to four digits.
@pytest.mark.parametrize(
    ("s", "steps", "reach", "value"),
    [
        (2, 16, 1, 0.4732216),
        (2, 16, 2, 0.4732216),
        (4, 32, 1, 0.5797737),
        (4, 32, 2, 0.5797548),
        (4, 32, 4, 0.5797299),
        (4, 48, 1, 0.4904196),
        (4, 48, 2, 0.4904061),
        (4, 300, 1, 0.2162338),
    ],
)
def test_the_reference_values_without_noise(s, steps, reach, value):
    assert solve(falling(steps, s), neighbours(steps, reach)).value == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("s", "steps", "mu", "value"), [(1, 50, 1.0, 0.28597), (2, 100, 0.5, 0.23494), (4, 100, 0.5, 0.37511)]
)
def test_the_reference_values_with_noise(s, steps, mu, value):
    question = falling(steps, s, mu, variance=1.0)
    assert solve(question, neighbours(steps, 1)).value == pytest.approx(value, rel=1e-4)


@pytest.mark.long
@pytest.mark.parametrize(("s", "steps", "value"), [(4, 1000, 0.1220425), (8, 300, 0.3896372), (16, 200, 0.7484670)])
def test_the_long_reference_values(s, steps, value):
    method = solve if s == 4 else solve_interior
    assert method(falling(steps, s), neighbours(steps, 1)).value == pytest.approx(value, rel=2e-5)


def test_a_solver_at_work_hears_an_interruption():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(falling(3000, 12), neighbours(3000, 1))
    timer.join()
    signal.signal(signal.SIGINT, before)
