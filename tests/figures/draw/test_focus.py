"""The figure of Focus is drawn from results alone: tiny ones, some of them, none."""

import numpy as np
import pytest

from experiments.studies.systems.focus.cells import MADE
from experiments.studies.systems.focus.system import FOCUS
from experiments.sweep.json_store import CellResult
from figures.draw.focus import ENDS, TITLES, focus_caption, focus_picture
from figures.style import style


@pytest.fixture(scope="module")
def results(shrink_studies):
    with pytest.MonkeyPatch.context() as patch:
        shrink_studies(patch)
        cells = FOCUS.cells("quick")
    return [CellResult(cell, cell.compute(), {}, 0.0, "gradlag reproduce focus --scale quick") for cell in cells]


def test_every_panel_is_drawn_and_both_videos_and_all_choices_have_names(results):
    drawn = focus_picture(results)
    assert len(drawn.axes) == 4 and all(axes.get_title("left") and axes.lines for axes in drawn.axes)
    assert {name for *_, name in ENDS} <= {text.get_text() for text in drawn.legends[0].get_texts()}
    assert [text.get_text() for text in drawn.axes[2].get_legend().get_texts()] == list(TITLES.values())
    assert style.svg(drawn, "focus") == style.svg(focus_picture(results), "focus")


def test_balance_is_where_the_least_sum_is(results):
    first = next(each for each in results if each.cell.data == MADE).values
    line = next(each for each in focus_picture(results).axes[0].lines if each.get_label() == "Balance")
    sums = [each["sample"]["ingest"] + each["sample"]["query"] for each in first["front"]]
    assert line.get_xdata()[0] == first["front"][int(np.argmin(sums))]["sample"]["ingest"]


def test_what_is_not_there_is_left_empty(results):
    some = [each for each in results if each.cell.data == MADE]
    assert len(focus_picture(some).axes) == len(focus_picture(()).axes) == 4
    assert "Seeds: 2 (a made video)." in focus_caption(some) and "Seeds" not in focus_caption(())


def test_claims_of_tiny_results_all_have_evidence(results):
    judged = FOCUS.judged(results)
    assert all(found.seeds == 2 and found.verdict == "inconclusive" for found in judged)
