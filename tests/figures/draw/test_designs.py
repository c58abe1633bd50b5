"""The picture of designed schedules shows the steps and values of its designs, in the same bytes each time."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures.draw.designs import designs_picture, rows, steps, values
from figures.style import style
from theory.design.best import Design, Target, design


@pytest.fixture(scope="module")
def designs() -> dict[Target, Design]:
    return {target: design(2, 6, target=target, mu=0.5, smoothness=4.0) for target in Target}


@pytest.fixture
def axes():
    with style.style():
        return Figure().add_subplot()


@pytest.mark.parametrize("target", Target)
def test_a_panel_shows_every_step_in_units_of_one_over_l(designs, axes, target):
    found = designs[target]
    stems, marks, schedule, constant = steps(found, axes).lines
    assert np.array_equal(marks.get_ydata(), 4.0 * found.step_sizes)
    assert np.array_equal(schedule.get_ydata(), 4.0 * found.baselines["theorem-1"].step_sizes)
    assert np.array_equal(stems.get_ydata()[1::3], marks.get_ydata())
    assert np.ptp(constant.get_ydata()) == 0


def test_the_rows_are_the_usual_schedules_and_the_designs(designs):
    listed = rows(designs)
    assert [row.name for row in listed[:3]] == ["Theorem 1's schedule", "best constant step", "waiting"]
    assert len(listed) == 6
    for row in listed:
        assert row.bound is None or row.worst_case <= row.bound * (1 + 1e-6)
    assert min(listed, key=lambda row: row.worst_case).name == "design for the worst case"
    assert listed[-1].bound is None


def test_the_values_are_in_units_of_l_delta(designs, axes):
    found = designs[Target.WORST_CASE]
    assert rows(designs)[-1].worst_case == pytest.approx(found.value / 4.0)
    drawn = [line.get_xdata() for line in values(designs, axes).lines]
    assert any(np.allclose(x, found.value / 4.0) for x in drawn)


def test_the_gains_are_those_of_the_designs(designs):
    said = rows(designs)[-1].said
    gain = designs[Target.WORST_CASE].worst_case_improvement("theorem-1")
    assert said.startswith(f"\N{MINUS SIGN}{100 * gain:.2g} %")


def test_two_settings_stand_side_by_side_in_the_same_bytes(designs):
    pictures = [designs_picture([designs, designs]) for _ in range(2)]
    assert len(pictures[0].axes) == 8
    first, second = (style.svg(picture, "designs") for picture in pictures)
    assert first == second
