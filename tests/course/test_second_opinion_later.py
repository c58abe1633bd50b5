"""A second opinion on the graders of lessons 8 to 10, and on the numbers that their pictures keep."""

from __future__ import annotations

import random

import numpy as np
import pytest

import gradlag as gl
from experiments.servers.job import settle
from experiments.servers.speeds import parse_fleet
from experiments.servers.virtual_server import serve_virtually
from experiments.systems.shared.compressors import get_compressor
from gradlag.teaching.exercises.lesson_10 import RULE_FLEET, first_sent
from gradlag.teaching.pictures.lesson_02 import on_slope
from gradlag.teaching.pictures.lesson_08 import SCHEDULE, STALENESS, claimed, halved
from gradlag.teaching.pictures.lesson_08 import _verdicts as verdicts
from gradlag.teaching.pictures.lesson_09 import _known as known
from gradlag.teaching.pictures.lesson_09 import best, certified_worst_case, drawn_steps
from gradlag.teaching.pictures.lesson_10 import late_error, recorded, slowdowns


def outcome(number, name, **answers):
    return str(gl.teaching.lesson(number).exercises[name].mark(answers).mark.outcome)


@pytest.mark.parametrize(("factor", "power"), [(2.0, 1.0), (3.0, 1.0), (1.5, 0.5), (6.0, 1.5)])
def test_the_verdict_that_a_picture_keeps_is_what_is_found(factor, power, tmp_path):
    text = claimed(factor, power)
    found = gl.check_claim(SCHEDULE, text, staleness=STALENESS, steps=16, out=tmp_path)
    assert verdicts()[text] == [str(found.verdict), found.how]


def test_the_function_that_breaks_half_of_the_corollary_keeps_more_than_is_claimed():
    assert np.square(halved().gradients).sum(axis=1).min() > 2 / 5


def test_a_slope_is_right_where_the_run_on_it_stays_above_the_claim():
    draw = random.Random(8)
    for _ in range(60):
        steps = draw.randint(1, 2000)
        slope = np.sqrt(2 / (steps + 1)) * draw.uniform(0.7, 1.2)
        right = on_slope(slope, 0.5, 1, steps).min() > 3 / steps**1.1
        assert (outcome(8, "2", steps=str(steps), slope=repr(float(slope))) == "right") == right, (steps, slope)


@pytest.mark.parametrize("choice", [(0.4, 0.4, 0.4), (0.65, 0.65, 0.0), (1.0, 0.0, 0.1)])
def test_a_worst_case_that_a_picture_keeps_is_what_the_command_certifies(choice):
    steps = drawn_steps(*choice)
    found = gl.worst_case(lambda k: steps[k - 1] or 1e-12, staleness=3, steps=6, certify=True, witness=False)
    assert known()["drawn"][" ".join(f"{step:g}" for step in steps)] == pytest.approx(found.upper, rel=1e-5)


def test_no_constant_step_is_better_than_the_one_that_is_kept():
    steps, value = best("constant")
    around = [certified_worst_case((steps[0] * factor,) * 6) for factor in (0.5, 0.8, 0.97, 1.03, 1.2, 1.5)]
    assert min(around) > value - 1e-6


def test_the_error_under_a_rule_is_that_of_a_server_that_computes_its_gradients():
    trace = recorded(RULE_FLEET, None, 200)
    job = settle("quadratic:d=1,noise=0", "0.3/(d + 1)", 200, staleness=85)
    run = serve_virtually(job, parse_fleet(RULE_FLEET))
    start = float(job.problem.initial_point[0])
    curvature = float(np.sqrt(run.gradient_norm_squared[0])) / abs(start)
    assert np.array_equal(run.trace.delays, trace.delays)
    mine = late_error(0.3 / (trace.delays + 1) * curvature, trace.delays.tolist())
    theirs = np.sqrt(run.gradient_norm_squared[-20:]).max() / (curvature * abs(start))
    assert mine == pytest.approx(theirs, rel=1e-6)


def test_what_is_held_back_is_what_the_compressor_of_the_library_holds_back():
    draw, rule = random.Random(10), get_compressor("top-k")
    for _ in range(40):
        gradient = tuple(draw.uniform(0.2, 4) * draw.choice((-1, 1)) for _ in range(4))
        first, held = [None] * 4, np.zeros(4)
        for number in range(1, 13):
            sent = rule.compress(held + gradient, 1)
            first[sent.indices[0]] = first[sent.indices[0]] or number
            held = sent.residual
        assert first_sent(gradient) == (first, False)


def test_deeper_networks_need_more_batches_under_the_same_delay():
    assert slowdowns(1)[-1] < slowdowns(2)[-1] < slowdowns(4)[-1]


def test_a_claim_that_certificates_prove_at_every_t_up_to_16_is_false_at_20():
    assert verdicts()["2.5*L*Delta/T^1"][0] == "proved" and "certificates" in verdicts()["2.5*L*Delta/T^1"][1]
    found = gl.worst_case(SCHEDULE, staleness=STALENESS, steps=20)
    assert found.lower == pytest.approx(0.1265, abs=5e-5) and found.lower > 2.5 / 20
