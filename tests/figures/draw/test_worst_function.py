"""The picture of a worst function: a line, a plane, a screw; the same bytes for the same witness."""

import numpy as np
import pytest

from figures.draw.worst_function import angles, fall, landscape, save_worst_function, steepness, worst_function_picture
from figures.style import style
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.find import witness


def made(steps, s, reach):
    return witness(worst_case(Question(steps, np.minimum(s - 1, np.arange(len(steps)))), reach=reach), seconds=5)


@pytest.fixture(scope="module")
def line():
    return made(0.25 / np.sqrt(np.arange(1, 13)), 2, 1)


@pytest.fixture(scope="module")
def screw():
    return made(np.full(60, 0.25), 2, 6)


@pytest.fixture(scope="module")
def climb():
    return made(1 / np.sqrt(np.arange(1, 11)), 4, 4)


def axes_of(draw, witness):
    with style.style():
        axes = style.figure().add_subplot()
        assert draw(witness, axes) is axes
    return axes


def test_the_title_says_what_and_how_much_and_why(line, screw, climb):
    for found, why in ((line, "slope never gives way"), (screw, "gradient turns"), (climb, "climb")):
        title = worst_function_picture(found).get_suptitle()
        assert f"T = {found.question.steps}" in title and f"{found.lower:.4g}" in title and why in title


def test_on_a_line_the_iterates_lie_on_the_curve(line):
    curve, dots = axes_of(landscape, line).lines[:2]
    heights = np.interp(dots.get_xdata(), curve.get_xdata(), curve.get_ydata())
    np.testing.assert_allclose(heights, dots.get_ydata(), atol=1e-4)


def test_a_plane_and_a_screw_show_the_path_and_its_gradients(screw, climb):
    for found in (screw, climb):
        axes = axes_of(landscape, found)
        assert len(axes.lines[0].get_xdata()) == found.question.steps + 1
        assert axes.collections
    assert axes_of(landscape, screw).child_axes and not axes_of(landscape, climb).child_axes


def test_the_gradient_is_never_below_the_value_at_an_iterate(line):
    axes = axes_of(steepness, line)
    dots = axes.lines[1].get_ydata()
    assert dots.min() >= line.lower * (1 - 1e-9)
    assert axes.lines[0].get_ydata().min() < 0.999 * line.lower


def test_angles_and_falls_are_those_of_the_witness(line, screw):
    assert axes_of(angles, line).lines[0].get_ydata().max() < 1e-3
    turned = axes_of(angles, screw).lines[0].get_ydata()
    assert turned[0] == pytest.approx(0, abs=1e-5) and turned.max() > 5
    fallen = axes_of(fall, line).lines[0].get_ydata()
    np.testing.assert_allclose(fallen, 1 - line.question.step_sizes / 4, rtol=1e-3)


def test_the_same_witness_gives_the_same_files(line, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (save_worst_function(line, tmp_path / name) for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "a" / "worst-function.pdf").exists()
