"""Numbers and files that lessons keep are what the library finds."""

from __future__ import annotations

import numpy as np
import pytest

import gradlag as gl
from gradlag.teaching.pictures import lesson_06, lesson_07
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.pictures.slopes import STALENESS, STEP, STEPS
from theory.methods.registry import parse_method
from theory.worst_case.limit.constant import best_of, limit_constant


def test_the_kept_certificate_and_witness_are_of_the_run_and_meet_at_what_the_solver_finds():
    claim, above, below = lesson_06.certificate()[0], lesson_06.verified(), lesson_06.worst()
    question = below.question
    assert claim.step_sizes == tuple(question.step_sizes) == (STEP,) * STEPS
    assert claim.delays == tuple(question.delays) == (0, 1, 2, 2) and claim.staleness == STALENESS
    least = min((below.gradients**2).sum(axis=1))
    assert 0 <= above.upper_float - least < 1e-6
    found = gl.worst_case(str(STEP), staleness=STALENESS, steps=STEPS, witness=False).to_dict()["value"]
    assert found == pytest.approx(above.upper_float, rel=1e-6)


def test_no_function_of_one_variable_that_can_be_drawn_is_worse_than_four_ninths():
    first, last, dips = (slider.values for slider in gl.teaching.lesson(6).pictures["draw"].sliders.values())
    drawn = [lesson_06.drawn(a, b, share) for a in first for b in last for share in dips]
    least = [each.least() for each in drawn if each.smoothness <= 1 + 1e-6]
    assert 0.43 < max(least) <= 4 / 9 + 1e-6 and all(each.gap <= 1 + 1e-6 for each in drawn)


@pytest.mark.parametrize(("delay", "place"), [(0, 12), (3, 4), (8, 17)])
def test_a_kept_constant_is_what_the_linear_program_gives(delay, place):
    known = lesson_07.kept(delay)
    step, value = known["curve"][place]
    assert step == pytest.approx(lesson_07.SHARES[place] * known["limit"], rel=1e-5)
    assert limit_constant(delay, step).value == pytest.approx(value, rel=1e-6)
    assert limit_constant(delay, known["best"][0]).value == pytest.approx(known["best"][1], rel=1e-6)
    assert best_of(parse_method("counter-momentum").recursion(delay)).value == pytest.approx(
        known["counter-momentum"], rel=1e-6
    )
    assert known["wait"] == pytest.approx((delay + 1) * 0.75 * 3**0.5, rel=1e-6)


def test_quadratics_need_what_the_lesson_says_and_no_step_of_the_curve_needs_less():
    steps = 4000
    curvatures = np.linspace(0.2, 3, 50) / (2 * 0.3 * steps)
    needed = max(2 * c * steps * trajectory(0.3 * c, [2], steps)[-1] ** 2 for c in curvatures)
    assert needed == pytest.approx(lesson_07.on_quadratics(0.3), rel=1e-2)
    assert all(
        value > 1 / step > lesson_07.on_quadratics(step) for d in range(9) for step, value in lesson_07.kept(d)["curve"]
    )
