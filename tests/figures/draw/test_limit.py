"""The picture of the limit draws the solved constants, and marks what is proved."""

import copy

import numpy as np
import pytest

from experiments.studies.worst_cases.limit import LimitCell, Limits
from experiments.studies.worst_cases.limit import limits as read
from figures.draw.limit import constant_curves, constants_panel, limit_picture
from figures.style import style
from theory.staleness.stability import fixed_delay_limit

DELAYS = (0, 1, 2)


@pytest.fixture(scope="module")
def limits():
    return read(LimitCell(delay, points=8).compute() for delay in DELAYS)


@pytest.fixture
def axes():
    with style.style():
        yield style.figure().add_subplot()


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("draw", [constant_curves, constants_panel])
def test_every_figure_returns_the_axes_it_was_given(axes, limits, draw):
    assert draw(limits, axes) is axes


def test_drawing_changes_no_result(limits):
    before = copy.deepcopy(limits.compared)
    values = [each.value for each in limits.curves[1]]
    limit_picture(limits)
    assert limits.compared == before
    assert [each.value for each in limits.curves[1]] == values


def test_the_curves_are_the_solved_constants_and_end_in_dashes(axes, limits):
    drawn = lines(constant_curves(limits, axes))
    assert list(drawn) == ["$D=0$", "$D=1$", "$D=2$"]
    for delay in DELAYS:
        exact = [each for each in limits.curves[delay] if each.start == 1]
        assert np.array_equal(drawn[f"$D={delay}$"].get_xdata(), [each.step for each in exact])
        assert np.array_equal(drawn[f"$D={delay}$"].get_ydata(), [each.value for each in exact])
    dashed = [line for line in axes.get_lines() if line.get_label().startswith("_") and len(line.get_xdata()) > 1]
    ends = {line.get_ydata()[-1] for line in dashed}
    assert {limits.curves[delay][-1].value for delay in (1, 2)} <= ends


def test_each_optimum_and_each_stability_limit_is_marked(axes, limits):
    drawn = constant_curves(limits, axes).get_lines()
    for delay in DELAYS:
        best = limits.best[delay]
        assert any(list(line.get_xdata()) == [best.step] and list(line.get_ydata()) == [best.value] for line in drawn)
        assert any(list(line.get_xdata()) == [fixed_delay_limit(delay)] * 2 for line in drawn)
    assert {"$D=0$", "1", "2"} <= set(texts(axes))


def test_the_curves_reach_up_to_the_stability_limit(limits):
    for delay, found in limits.curves.items():
        assert found[-1].step == pytest.approx(fixed_delay_limit(delay), rel=6e-3)
        assert found[-1].step < fixed_delay_limit(delay)
        assert found[-1].value > 10 * limits.best[delay].value


def test_the_panel_names_every_result_at_its_end_the_exact_one_lowest(axes, limits):
    constants_panel(limits, axes)
    told = " ".join(texts(axes))
    assert all(name in told for name in ("exact limit", "Theorem C", "Theorem A", "Lian 2015", "Stich"))
    drawn = {name: np.asarray(line.get_ydata()) for name, line in lines(axes).items()}
    assert all((drawn["exact limit"] <= values * (1 + 1e-8)).all() for values in drawn.values())


def test_a_single_delay_makes_a_picture(limits):
    one = Limits({1: limits.curves[1]}, {1: limits.best[1]}, {1: limits.compared[1]})
    assert len(limit_picture(one).axes) == 2


def test_the_same_results_give_the_same_bytes(limits):
    first, second = (style.svg(limit_picture(limits), "limit") for _ in range(2))
    assert first == second
