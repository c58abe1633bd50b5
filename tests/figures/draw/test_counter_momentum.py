"""The picture of counter-momentum on real problems leaves no cell out, and says by colour who is lower."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from experiments.studies.systems.counter_momentum.cells import DELAYS, RealCell
from experiments.studies.systems.counter_momentum.measure import METHODS
from experiments.studies.systems.store import SystemResult
from figures.draw.counter_momentum import SHOWN, counter_momentum_caption, counter_momentum_picture
from figures.style import style

BETTER, WORSE = ("quadratic", 0.5), ("dnn:width=2,bits=64", 100.0)


def result(problem, factor, delays, batch):
    cell = RealCell(problem, 0, delays, batch, 32, seeds=2, tuning=1)
    rows = [[1.0] * len(cell.runs)] * len(cell.scales)
    ours = (factor * np.array(rows)).tolist()
    methods = {name: {"unit": 1.0, "least": rows, "short": rows, "loss": rows} for name in METHODS}
    methods["counter-momentum"] = {"unit": 1.0, "least": ours, "short": ours, "loss": ours}
    values = {
        "window": 2,
        "constants": {"L": [1.0, "estimate" if problem.startswith("dnn") else "exact"]},
        "start": {"least": [4.0] * len(cell.runs), "loss": [4.0] * len(cell.runs)},
        "methods": methods,
    }
    return SystemResult(cell, values, {}, 0.0, "")


@pytest.fixture(scope="module")
def panels():
    results = [result(*each, delays, batch) for each in (BETTER, WORSE) for delays in DELAYS for batch in (0, 1)]
    assert "each of 2 problems" in counter_momentum_caption(results)
    return counter_momentum_picture(results).axes


def test_every_problem_has_a_dot_under_every_delay_in_every_panel(panels):
    assert len(panels) == 4
    for axes in panels:
        dots = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
        assert len(dots) == 2 * len(SHOWN)
        colours = [to_hex(dot.get_color()) for dot in dots]
        assert colours.count(style.BLUE) == colours.count(style.VERMILLION) == len(SHOWN)


def test_what_lies_further_out_is_a_triangle_and_an_estimated_constant_is_hollow(panels):
    for dot in panels[0].lines:
        if dot.get_marker() in ("o", "^", "v"):
            lower = to_hex(dot.get_color()) == style.BLUE
            assert dot.get_marker() == ("o" if lower else "^")
            assert (dot.get_markerfacecolor() == "none") != lower
            assert dot.get_ydata()[0] == pytest.approx(-1.0 if lower else 3.5)
