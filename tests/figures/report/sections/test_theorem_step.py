"""The figure of Theorem 1's steps: what never arrived is marked, bounds stand beside what was measured."""

import numpy as np
import pytest

from experiments.studies import STUDIES
from experiments.studies.theorem_step.comparison import comparisons
from experiments.studies.theorem_step.store import THEOREM_STEPS, StepResult
from experiments.studies.theorem_step.study import BOUNDS, THEOREM
from figures.draw.theorem_step import arrivals, bounds, theorem_step_picture
from figures.report.build import build_report
from figures.report.sections.theorem_step import NAME, caption, read_steps, sections, table
from figures.style import style

COMMAND = "gradlag reproduce --scale quick"


def invented(cell):
    """Faster with larger steps, up to a size; the bounds far above what is measured; no arrival with small ones."""
    rng = np.random.default_rng(int(THEOREM_STEPS.key(cell)[:8], 16))
    mean = cell.factor / cell.staleness if cell.schedule == THEOREM else 20 / cell.staleness
    reached = [float(cell.evaluate_every * 5) if mean > 1 else None for _ in range(cell.seeds)]
    if 1 < mean < 2:
        reached[0] = None
    values = {
        "digest": "",
        "constants": {"L": [5.0, "estimate", ""], "Delta": [2.0, "upper bound", ""], "sigma": [1.0, "estimate", ""]},
        "steps": [mean, mean, mean],
        "batches": reached,
    }
    if not cell.searching:
        values |= {
            "norms": (1 + rng.random((cell.seeds, cell.records.size))).tolist(),
            "mu": [[None, *rng.uniform(-2, 1, cell.records.size - 2)] for _ in range(cell.coherent_seeds)],
            "least": {"mean": 0.1, "low": 0.05, "high": 0.2, "k": 10.0},
            "bounds": dict.fromkeys(BOUNDS, 10.0 * cell.staleness),
            "words": dict.fromkeys(BOUNDS, "as if"),
        }
    return StepResult(cell, values, {"gradlag": "0"}, 0.0, COMMAND)


@pytest.fixture(scope="module")
def results():
    return tuple(invented(cell) for cell in STUDIES[NAME].cells("quick"))


def test_the_figure_is_the_same_twice_in_any_order(results):
    drawn = theorem_step_picture(results)
    assert len(drawn.axes) == 3 and all(axes.get_title("left") for axes in drawn.axes)
    assert style.svg(drawn, "x") == style.svg(theorem_step_picture(results[::-1]), "x")


@pytest.mark.parametrize("part", [0, 1, 7])
def test_an_unfinished_study_is_drawn_as_far_as_it_goes(results, part):
    some = results[::part] if part else ()
    assert style.svg(theorem_step_picture(some), "part") and caption(some) and table(some)


def test_what_never_arrived_is_a_cross_at_the_horizon_and_what_arrived_in_part_is_hollow(results):
    found = [each for each in comparisons(results) if each.depth == 2]
    with style.style():
        axes = arrivals(style.figure().add_subplot(), found)
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    never = sum(not any(result.values["batches"]) for each in found for result in each.multiples)
    assert never > 0 and len(crosses) == never
    assert {line.get_ydata()[0] for line in crosses} == {results[0].cell.batches}
    hollow = [line for line in axes.lines if line.get_marker() == "o" and line.get_markerfacecolor() == style.PAPER]
    part = sum(0 < sum(b is not None for b in r.values["batches"]) < 5 for each in found for r in each.multiples)
    assert len(hollow) == part > 0


def test_bounds_are_drawn_as_they_are_stored(results):
    found = [each for each in comparisons(results) if each.depth == 2]
    with style.style():
        axes = bounds(style.figure().add_subplot(), found)
    line = next(line for line in axes.lines if line.get_label() == "Theorem 1, stated")
    assert line.get_xdata().tolist() == [1, 5, 9, 17] and line.get_ydata().tolist() == [10, 50, 90, 170]


def test_the_table_has_a_row_for_every_network_and_staleness_with_the_words(results):
    told = table(results)
    assert told.count("<tr>") == 1 + 16 and told.count("Theorem 1, stated: as if") == 16
    assert "&gt; " in told and "–" in told and "holds" not in told


def test_the_caption_tells_what_was_measured(results):
    told = caption(results)
    assert "As measured" in told and "Theorem 1&#39;s own steps" in told and "5 seeds" in told
    assert "in 16 of 16 cells above" in told


def test_the_report_has_the_section(results, tmp_path):
    assert not tuple(sections(tmp_path))
    some = results[::11]
    for result in some:
        THEOREM_STEPS.save(result, tmp_path)
    assert {result.cell for result in read_steps(tmp_path)} == {result.cell for result in some}
    page = build_report(tmp_path).read_text(encoding="utf-8")
    assert (
        f'<figure id="{NAME}"' in page
        and "Theorem 1 on the networks" in page
        and f"{len(some)} cells of Theorem 1" in page
    )
    assert (tmp_path / f"figures/{NAME}.svg").is_file()
