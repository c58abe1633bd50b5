"""The figure of Gaia is drawn from results alone: tiny ones, some of them, none."""

import pytest

from experiments.studies.systems.gaia.cells import GaiaCell
from experiments.studies.systems.gaia.system import GAIA
from experiments.sweep.json_store import CellResult
from figures.draw.gaia import LOOKS, gaia_caption, gaia_picture
from figures.style import style


@pytest.fixture(scope="module")
def results(shrink_studies):
    with pytest.MonkeyPatch.context() as patch:
        shrink_studies(patch)
        cells = GAIA.cells("quick")
    return [CellResult(cell, cell.compute(), {}, 0.0, "gradlag reproduce gaia --scale quick") for cell in cells]


def test_every_panel_is_drawn_and_every_method_has_a_name(results):
    drawn = gaia_picture(results)
    shown = [axes for axes in drawn.axes if axes.get_visible()]
    assert len(shown) == 5 and all(axes.get_title("left") and axes.lines for axes in shown)
    assert {name for *_, name in LOOKS.values()} == {text.get_text() for text in drawn.legends[0].get_texts()}
    assert style.svg(drawn, "gaia") == style.svg(gaia_picture(results), "gaia")


def test_what_is_not_there_is_left_empty(results):
    some = [each for each in results if isinstance(each.cell, GaiaCell)]
    assert len(gaia_picture(some).axes) == len(gaia_picture(()).axes) == 6
    assert "exceeded up to" in gaia_caption(results) and "exceeded" not in gaia_caption(some)
