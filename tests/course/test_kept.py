"""Numbers and files that lessons keep are what the library finds."""

from __future__ import annotations

import pytest

import gradlag as gl
from gradlag.teaching.pictures import lesson_06
from gradlag.teaching.pictures.slopes import STALENESS, STEP, STEPS


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
