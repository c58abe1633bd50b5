"""A second opinion on graders: random answers, judged again by other means."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

import gradlag as gl
from gradlag.teaching.exercises.lesson_03 import cross_term
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.pictures.lesson_03 import linear, moments, square


def outcome(number, name, **answers):
    return str(gl.teaching.lesson(number).exercises[name].mark(answers).mark.outcome)


def test_what_rings_and_settles_has_its_slowest_root_off_the_positive_axis_and_inside():
    draw = random.Random(1)
    for _ in range(200):
        delay, step = draw.randint(1, 8), draw.uniform(0.001, 1.2)
        roots = np.roots([1.0, -1.0, *[0.0] * (delay - 1), step])
        slowest = roots[np.abs(roots) > np.abs(roots).max() - 1e-9]
        rings = not (np.abs(slowest.imag) < 1e-9).all() or (slowest.real < 0).any()
        right = rings and np.abs(roots).max() < 1
        assert (outcome(1, "1", delay=delay, step=repr(step)) == "right") == right, (delay, step)


def test_delays_that_are_marked_right_diverge_and_others_do_not():
    draw = random.Random(2)
    for _ in range(150):
        delays = [draw.choice((0, 1, 2, 3, 3, 3)) for _ in range(draw.randint(1, 9))]
        sizes = np.abs(trajectory(0.44, delays, 600 * len(delays)))
        diverges = bool(sizes[-60:].max() > 1e3)
        assert (outcome(1, "3", delays=" ".join(map(str, delays))) == "right") == diverges, delays


def test_an_order_of_the_proof_is_right_where_each_step_comes_after_those_it_rests_on():
    rests = {"D": "B", "G": "D", "A": "E", "F": "GA", "C": "F"}
    draw = random.Random(3)
    orders = ["".join(draw.sample("ABCDEFG", 7)) for _ in range(25)]
    orders += ["".join([*first, "F", "C"]) for first in ("BDGEA", "EABDG", "BEDAG", "BEADG", "GEADB", "BDAEG")]
    for order in orders:
        sound = all(order.index(before) < order.index(step) for step, those in rests.items() for before in those)
        assert (outcome(4, "1", order=order) == "right") == sound, order


def test_a_parabola_is_right_where_the_step_falls_short():
    draw = random.Random(4)
    for _ in range(200):
        curvature, step = draw.uniform(0.5, 1.1), draw.uniform(0.01, 2)
        short = (1 - (1 - step * curvature) ** 2) * curvature / 2 < curvature**2 * (step - 0.4 * step**2)
        right = short and curvature <= 1
        assert (outcome(4, "2", curvature=repr(curvature), step=repr(step)) == "right") == right, (curvature, step)


@pytest.mark.parametrize("delays", [[0, 1, 2, 3, 0, 3], [0, 0, 1, 2, 3, 3], [0, 1, 1, 0, 2, 3], [0, 0, 0, 0, 0, 2]])
def test_moments_are_those_of_all_coins(delays):
    steps, products, squares = len(delays), [], []
    for coins in range(2**steps):
        noise = [1.0 if coins >> k & 1 else -1.0 for k in range(steps)]
        points = [1.0]
        for k, delay in enumerate(delays):
            points.append(points[k] - 0.5 * (points[k - delay] + noise[k]))
        window = range(steps - 1 - delays[-1], steps - 1)
        products.append(sum(points[j - delays[j]] for j in window) * sum(noise[j] for j in window))
        squares.append(points[-1] ** 2)
    assert float(cross_term(delays, steps - 1)) == pytest.approx(np.mean(products), abs=1e-12)
    assert float(square(linear(Fraction(1, 2), delays)[-1])) == pytest.approx(np.mean(squares), rel=1e-12)


def test_the_race_has_the_moments_of_four_cases_each_step():
    rng, runs = np.random.default_rng(5), 200_000
    points = np.full((3, runs), np.sqrt(2))
    for _ in range(12):
        first, second = rng.choice((-1.0, 1.0), runs), rng.choice((-1.0, 1.0), runs)
        looks = rng.random(runs) < 0.6
        noise = np.where(looks, np.minimum(first, second), first)
        points = np.vstack([points[0] - 0.05 * (points[1] + noise), points[:2]])
    means, squares = moments(0.6, 1, 0.05, 12)
    # Four standard errors of 200,000 runs.
    assert points[0].mean() == pytest.approx(means[-1], abs=4 * points[0].std() / np.sqrt(runs))
    assert np.square(points[0]).mean() == pytest.approx(squares[-1], abs=4 * np.square(points[0]).std() / np.sqrt(runs))
