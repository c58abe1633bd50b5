"""The figure of FLeet is drawn from results alone: tiny ones, some of them, none."""

import numpy as np
import pytest

from experiments.studies.systems.fleet.effects import reached
from experiments.studies.systems.fleet.system import FLEET
from experiments.studies.systems.fleet.training import StepsCell
from experiments.sweep.json_store import CellResult
from experiments.systems.fleet.methods import METHODS
from figures.draw.fleet import fleet_caption, fleet_picture
from figures.style import style


@pytest.fixture(scope="module")
def results(shrink_studies):
    with pytest.MonkeyPatch.context() as patch:
        shrink_studies(patch)
        cells = FLEET.cells("quick")
    return [CellResult(cell, cell.compute(), {}, 0.0, "gradlag reproduce fleet --scale quick") for cell in cells]


def test_every_panel_is_drawn_and_every_server_has_a_name(results):
    drawn = fleet_picture(results)
    assert len(drawn.axes) == 6 and all(axes.get_title("left") and axes.lines for axes in drawn.axes)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == [each.title for each in METHODS.values()]
    assert style.svg(drawn, "fleet") == style.svg(fleet_picture(results), "fleet")


def test_the_filled_mark_is_the_step_that_other_seeds_chose(results):
    line = {each.get_label(): each for each in fleet_picture(results).axes[0].lines}
    found = reached(results, "inverse", "D1")
    filled = [
        each
        for each in line.values()
        if each.get_color() == line["DynSGD"].get_color() and each.get_linestyle() == "None"
    ]
    assert filled[0].get_xdata()[0] == found.steps[found.best]


def test_what_is_not_there_is_left_empty(results):
    some = [each for each in results if isinstance(each.cell, StepsCell) and each.cell.law != "D2"]
    assert len(fleet_picture(some).axes) == len(fleet_picture(()).axes) == 6
    assert "seeds" in fleet_caption(some) and "seeds" not in fleet_caption(()).rsplit(".", 2)[-2]


def test_claims_of_tiny_results_all_have_evidence(results):
    judged = FLEET.judged(results)
    assert all(found.seeds == 2 and np.isfinite(found.estimate) for found in judged)
    assert all(found.verdict == "inconclusive" for found in judged)
