"""The growth and pattern figures: they return the axes they were given and draw the numbers that are stored."""

import numpy as np
import pytest

from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.sweep.json_store import CellResult
from figures.draw.delay_patterns import pattern_ratio, patterns_picture, sawtooth_ratio
from figures.draw.growth import common_steps, growth_over_staleness, growth_over_steps, growth_picture, slope
from figures.style import style


def result(cell, **values):
    return CellResult(cell, values, {}, 0.0, "")


def growth(schedule, staleness, steps):
    value = staleness / steps
    bounds = {name: factor * value for name, factor in (("dai2019", 4), ("dai2019-sum", 2), ("theorem-b", 1))}
    bounds |= {"corollary-1": 3 * value, "theorem-a": 1.1 * value}
    return result(GrowthCell(schedule, staleness, steps), value=value, lower=value, bounds=bounds)


@pytest.fixture(scope="module")
def results():
    cells = [
        growth(schedule, s, steps)
        for schedule in ("theorem-1", "corollary-1")
        for s, last in ((1, 4), (2, 4), (4, 3))
        for steps in 10 * 2 ** np.arange(last)
    ]
    for staleness in (2, 3):
        for family in ("constant", "alternating"):
            for fraction in (0.5, 1.0):
                ratio = 2.0 if (family, fraction, staleness) == ("alternating", 1.0, 2) else 1.0
                cells.append(result(PatternCell(family, fraction, staleness, 4), ratio=ratio, delays=[0, 1, 0, 1]))
    cells.append(result(PatternCell("constant", 0.5, 2, 4, measure="mean"), ratio=9.0, delays=[0, 0, 0, 0]))
    for steps in (50, 100):
        cells += [result(SawtoothCell(f, 4, 3, steps), ratio=steps * f / 50) for f in (0.9, 1.0)]
    return tuple(cells)


@pytest.fixture
def axes():
    with style.style():
        yield style.figure().add_subplot()


def drawn(axes):
    return [(line.get_xdata(), line.get_ydata()) for line in axes.get_lines()]


def has_line(axes, xs, ys):
    return any(np.array_equal(x, xs) and np.allclose(y, ys, rtol=1e-12, atol=0) for x, y in drawn(axes))


def test_every_figure_returns_the_axes_it_was_given(axes, results):
    assert growth_over_steps(results, "theorem-1", axes) is axes
    assert growth_over_staleness(results, "theorem-1", axes) is axes
    assert pattern_ratio(results, axes, 2) is axes
    assert sawtooth_ratio(results, axes) is axes


def test_over_steps_the_worst_case_and_the_theorems_are_the_stored_ones(axes, results):
    growth_over_steps(results, "theorem-1", axes)
    steps = np.array([10, 20, 40, 80])
    assert all(has_line(axes, steps, factor * 2 / steps) for factor in (1, 2, 4))


def test_over_staleness_the_largest_common_horizon_is_drawn_with_its_slopes(axes, results):
    growth_over_staleness(results, "corollary-1", axes)
    assert axes.get_title(loc="left") == "$T = 40$"
    assert has_line(axes, [1, 2, 4], np.array([1, 2, 4]) / 40)
    assert any(text.get_text() == "worst case, $s^{1.00}$" for text in axes.texts)


def test_common_steps_is_the_largest_horizon_that_all_have():
    rows = [growth("theorem-1", s, steps) for s, steps in ((1, 10), (1, 20), (2, 10))]
    assert common_steps(rows) == 10


def test_slopes_leave_out_the_synchronous_case():
    assert slope([1, 2, 4, 8], [7.0, 2.0, 8.0, 32.0]) == "$s^{2.00}$"
    assert slope([10, 100, 1000], [5.0, 1.0, 0.1], "T") == "$T^{-1.00}$"


def test_the_pattern_figure_leaves_out_the_mean_and_draws_the_winning_trace(axes, results):
    pattern_ratio(results, axes, 2)
    assert has_line(axes, [0.5, 1.0], [1.0, 2.0]) and has_line(axes, [0.5, 1.0], [1.0, 1.0])
    assert not any(np.max(y) > 2 for _, y in drawn(axes) if len(y))
    (small,) = axes.child_axes
    assert small.get_title() == "$d_k$: 0101"


def test_the_sawtooth_figure_has_a_line_for_every_length(axes, results):
    sawtooth_ratio(results, axes)
    assert has_line(axes, [0.9, 1.0], [0.9, 1.0]) and has_line(axes, [0.9, 1.0], [1.8, 2.0])


def test_pictures_are_the_same_bytes_for_the_same_results(results):
    once, again = (style.svg(patterns_picture(results), "patterns") for _ in range(2))
    assert once == again and "<svg" in once
    assert len(growth_picture(results).axes) == 4


def test_drawing_changes_no_result(axes, results):
    before = [dict(each.values) for each in results]
    growth_over_steps(results, "theorem-1", axes)
    assert [dict(each.values) for each in results] == before


def test_a_part_of_the_results_is_drawn_without_what_is_missing(results):
    one = [each for each in results if each.cell.kind == "growth"][:1]
    assert len(growth_picture(one).axes) == 2
    assert slope([4], [1.0]) == slope([1, 2], [1.0, 2.0]) == ""
    for kind, panels in (("pattern", 2), ("sawtooth", 1)):
        found = [each for each in results if each.cell.kind == kind]
        assert len([axes for axes in patterns_picture(found).axes if axes.get_xlabel()]) == panels


def test_the_common_steps_are_those_with_the_most_stalenesses():
    cells = [growth("theorem-1", staleness, steps) for staleness, steps in ((1, 40), (1, 80), (2, 40), (4, 20))]
    assert common_steps(cells) == 40
