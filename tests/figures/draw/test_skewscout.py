"""The picture of skewed partitions is drawn from results alone: small ones, some of them, none."""

import pytest

from experiments.studies.systems.skewscout.cells import LADDERS, METHODS
from experiments.studies.systems.skewscout.system import SKEWSCOUT
from experiments.sweep.json_store import CellResult
from figures.draw.skewscout import LOOKS, skewscout_caption, skewscout_picture
from figures.style import style


@pytest.fixture(scope="module")
def results(shrink_studies):
    with pytest.MonkeyPatch.context() as patch:
        shrink_studies(patch)
        cells = SKEWSCOUT.cells("quick")
    return [CellResult(cell, cell.compute(), {}, 0.0, "gradlag reproduce skewscout --scale quick") for cell in cells]


def test_every_panel_is_drawn_and_every_method_has_a_name(results):
    drawn = skewscout_picture(results)
    assert len(drawn.axes) == 6 and all(axes.get_title("left") and axes.lines for axes in drawn.axes)
    assert {text.get_text() for text in drawn.legends[0].get_texts()} == {LOOKS[method][2] for method in METHODS}
    assert style.svg(drawn, "skewscout") == style.svg(skewscout_picture(results), "skewscout")
    assert "2 seeds" in skewscout_caption(results)


def test_what_is_not_there_is_left_out(results):
    some = [each for each in results if each.cell.method in METHODS and each.cell.norm == "none"]
    drawn = skewscout_picture(some)
    assert len(drawn.axes) == len(skewscout_picture(()).axes) == 6
    assert not drawn.axes[2].lines and set(LADDERS) <= {each.cell.method for each in some}
    assert "seeds" not in skewscout_caption(())
