"""The figure of Fed-Influence is drawn from results alone: tiny ones, some of them, none."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.systems.fed_influence.cells import EXPANDING, MANY, InfluenceCell
from experiments.studies.systems.fed_influence.effects import of_loss, runs
from experiments.studies.systems.fed_influence.system import FED_INFLUENCE
from experiments.sweep.json_store import CellResult
from experiments.systems.influence.measure import TRUE
from figures.draw.fed_influence import fed_influence_caption, fed_influence_picture
from figures.style import style


def tiny(cell):
    """The same cell of a few clients, rounds and seeds."""
    rounds = 10 if isinstance(cell, InfluenceCell) else 20
    task = replace(cell.task, clients=6, sampled=3, rounds=rounds, flipped=min(cell.task.flipped, 1))
    more = {} if isinstance(cell, InfluenceCell) else {"after": 10, "leave": 1}
    return replace(cell, task=task, samples=4, seeds=2, **more)


@pytest.fixture(scope="module")
def results():
    cells = [tiny(cell) for cell in FED_INFLUENCE.cells("quick")]
    return [CellResult(cell, cell.compute(), {}, 0.0, "gradlag reproduce fed-influence") for cell in cells]


def test_every_panel_is_drawn_and_every_estimate_has_a_name(results):
    drawn = fed_influence_picture(results)
    assert len(drawn.axes) == 6 and all(axes.get_title("left") and axes.lines for axes in drawn.axes)
    names = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert names == ["true: training without the client", "basic estimate", "LWET, low cost", "truncated at once"]
    assert style.svg(drawn, "fed-influence") == style.svg(fed_influence_picture(results), "fed-influence")


def test_a_dot_is_a_client(results):
    run = runs(results)[MANY]
    dots = {line.get_label(): line for line in fed_influence_picture(results).axes[0].lines}
    np.testing.assert_array_equal(dots["basic estimate"].get_xdata(), of_loss(run, TRUE)[0])
    np.testing.assert_array_equal(dots["basic estimate"].get_ydata(), of_loss(run, "basic")[0])


def test_what_is_not_there_is_left_empty(results):
    some = [each for each in results if getattr(each.cell, "role", "") not in (EXPANDING, MANY)]
    assert len(fed_influence_picture(some).axes) == len(fed_influence_picture(()).axes) == 6
    assert "clients, 3 in a round" in fed_influence_caption(results)
    assert "in a round" not in fed_influence_caption(())


def test_claims_of_tiny_results_all_have_evidence(results):
    judged = FED_INFLUENCE.judged(results)
    assert all(found.seeds == 2 and np.isfinite(found.estimate) for found in judged)
    assert all(found.verdict == "inconclusive" for found in judged)
