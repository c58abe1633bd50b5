"""The worst case's slopes are those of its values, and steps that follow them are better."""

import numpy as np
import pytest

from theory.common.errors import EnvironmentFailure
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.descent import best_constant, default_reach, descend, sensitivity, without_zero_steps
from theory.worst_case.solvers.inequalities import neighbours

STEPS = 8


def asked(seed: int, **changes: object) -> Question:
    """Random steps and delays up to 2 in random units."""
    chance = np.random.default_rng(seed)
    delays = np.minimum(np.arange(STEPS), chance.integers(0, 3, STEPS))
    given = {"smoothness": 2.0, "gap": 3.0, "variance": 0.0, **changes}
    return Question(0.1 + 0.1 * chance.random(STEPS), delays, **given)


def answer(question: Question, reach: int = 2) -> Solution:
    return solve(question, neighbours(question.steps, reach), tolerance=1e-9)


def central_differences(question: Question, width: float = 2e-4) -> np.ndarray:
    """(V(eta + h) - V(eta - h))/2h at each step; NaN where the solver did not reach its tolerance."""
    change = width * np.eye(question.steps)
    values = [
        [answer(question.replaced(step_sizes=question.step_sizes + sign * row)).value for sign in (1, -1)]
        for row in change
    ]
    return np.array([(up - down) / (2 * width) for up, down in values])


@pytest.mark.parametrize(
    ("seed", "changes"),
    [
        (0, {}),
        (1, {"variance": 4.0}),
        (2, {"measure": "mean"}),
        (3, {"variance": 1.0, "measure": "mean"}),
        (4, {"coherence": 0.3}),
    ],
)
def test_the_slopes_are_those_of_the_values(seed: int, changes: dict[str, object]) -> None:
    question = asked(seed, **changes)
    slopes, differences = sensitivity(answer(question)), central_differences(question)
    solved = np.isfinite(differences)
    assert solved.sum() >= 3
    # The solver is good to 1e-9 and the width is 2e-4, the curvature adds its square: 1e-4 is what remains.
    assert np.allclose(slopes[solved], differences[solved], atol=1e-4 * np.abs(slopes).max())


def test_slopes_scale_as_the_value_over_a_step() -> None:
    question = asked(5)
    larger = question.replaced(step_sizes=question.step_sizes / 10, smoothness=20.0, gap=6.0)
    assert np.allclose(sensitivity(answer(larger)), sensitivity(answer(question)) * 20 * 10, rtol=1e-5)


def test_no_slopes_without_multipliers() -> None:
    failed = Solution(
        asked(0), np.empty((0, 2), int), False, np.nan, Status.FAILED, None, None, np.empty(0), np.nan, "", 0.0
    )
    with pytest.raises(EnvironmentFailure, match="no multipliers"):
        sensitivity(failed)


def test_without_delay_or_noise_the_best_step_is_two_over_the_root_of_three() -> None:
    """Abbaszadehpeivasti et al. (2022): at equal steps 2/(sqrt(3) L) the value is 1/(T (h - h^3/4) + 1/2)."""
    best = 2 / np.sqrt(3)
    exact = 1 / (STEPS * (best - best**3 / 4) + 0.5)
    question = Question(np.full(STEPS, 0.8), np.zeros(STEPS, int))
    found = descend(question)
    assert found.value == pytest.approx(exact, rel=1e-5)
    assert np.allclose(found.step_sizes, best, rtol=1e-2)
    assert best_constant(question) == pytest.approx(best, rel=2e-3)


@pytest.mark.parametrize("variance", [0.0, 0.5])
def test_a_descent_never_ends_above_its_start(variance: float) -> None:
    delays = np.minimum(np.arange(10), 1)
    question = Question(np.full(10, 0.2), delays, variance=variance)
    found = descend(question, solves=8)
    assert found.value < found.start
    assert found.value == pytest.approx(
        solve(question.replaced(step_sizes=found.step_sizes), neighbours(10, 2)).value, rel=1e-5
    )


def test_a_descent_does_not_depend_on_the_units() -> None:
    delays = np.minimum(np.arange(10), 1)
    plain = descend(Question(np.full(10, 0.4), delays), solves=6)
    scaled = descend(Question(np.full(10, 0.1), delays, smoothness=4.0, gap=5.0), solves=6)
    assert scaled.value == pytest.approx(20 * plain.value, rel=1e-9)
    assert np.allclose(4 * scaled.step_sizes, plain.step_sizes)


def test_at_the_best_constant_step_its_neighbours_are_no_better() -> None:
    delays = np.minimum(np.arange(12), 2)
    best = best_constant(Question(np.ones(12), delays), reach=2)
    value = {f: answer(Question(np.full(12, f * best), delays)).value for f in (0.95, 1.0, 1.05)}
    assert value[1.0] == min(value.values())


def test_steps_of_length_zero_can_be_left_out() -> None:
    question = Question([0.5, 0.0, 0.3, 0.0, 0.4], [0, 1, 1, 3, 2], gap=2.0)
    less = without_zero_steps(question)
    assert less.step_sizes.tolist() == [0.5, 0.3, 0.4]
    # Steps 0, 2 and 4 read x_0, x_1 and x_2; x_1 and x_2 are the same point, number 1.
    assert less.read_points.tolist() == [0, 1, 1]
    tiny = np.where(question.step_sizes == 0, 1e-4, question.step_sizes)
    assert answer(less).value == pytest.approx(answer(question.replaced(step_sizes=tiny), 4).value, rel=1e-3)


@pytest.mark.parametrize("changes", [{"coherence": 0.5}, {"measure": Measure.MEAN}])
def test_zero_steps_stay_where_points_are_counted(changes: dict[str, object]) -> None:
    question = Question([0.5, 0.0], [0, 1], **changes)
    assert without_zero_steps(question) is question


def test_the_pairs_of_a_descent_reach_one_beyond_the_delay() -> None:
    assert default_reach(Question(np.ones(20), np.minimum(np.arange(20), 3))) == 4
    assert default_reach(Question(np.ones(20), np.minimum(np.arange(20), 15))) == 1
