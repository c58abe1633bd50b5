"""The study's figures: they draw what is stored, mark what never arrived, and say what was scaled down."""

import csv
import io

import numpy as np
import pytest

from experiments.studies.staleness import study as staleness
from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.compute import STAGES
from experiments.studies.staleness.store import STALENESS, WorkerResult
from figures.draw.distance import distance_caption, distance_picture
from figures.draw.fig1 import by_depth, fig1_caption, fig1_picture
from figures.draw.fig2 import fig2_caption, fig2_picture
from figures.draw.fig3 import fig3_caption, fig3_picture, topics
from figures.draw.fig5 import cosines, fig5_caption, fig5_picture
from figures.draw.fig6 import fig6_caption, fig6_picture
from figures.report.build import build_report
from figures.report.claims import claims_table
from figures.report.sections.staleness import cells_table, exhibits
from figures.style import style

PICTURES = (
    (fig1_picture, fig1_caption, 6),
    (fig2_picture, fig2_caption, 6),
    (fig3_picture, fig3_caption, 6),
    (fig5_picture, fig5_caption, 2),
    (fig6_picture, fig6_caption, 2),
    (distance_picture, distance_caption, 4),
)


def invented(cell):
    """Slower the staler and the deeper; beyond 1000 batches never."""
    rng = np.random.default_rng(int(STALENESS.key(cell)[:8], 16))
    base = 100 * 2 ** (0.1 * cell.extra_delay * staleness.depth_of(cell.workload))
    counts = base * (1 + 0.1 * rng.random(cell.seeds))
    values = {
        "batches": [float(b) if b < 1000 else None for b in counts],
        "step_size": cell.step_sizes[0],
        "curve": np.sort(rng.random((cell.seeds, 5)), axis=1).tolist(),
        "curve_batches": [0, 1, 2, 3, 4],
    }
    if cell.lags:
        values["cosine"] = rng.random((cell.seeds, STAGES, cell.lags)).tolist()
        values["cosine_mean"] = rng.random(cell.seeds).tolist()
        values["mu"] = [None, *rng.uniform(-1, 1, cell.seeds - 1)]
    return WorkerResult(cell, values, {"gradlag": "0"}, 0.0, "gradlag reproduce --scale quick")


@pytest.fixture(scope="module")
def results():
    return [invented(cell) for cell in staleness.all_cells("quick")]


@pytest.mark.parametrize(("picture", "caption", "panels"), PICTURES)
def test_every_figure_is_drawn_the_same_twice_and_says_what_is_smaller(results, picture, caption, panels):
    drawn = picture(results)
    assert len(drawn.axes) == panels and all(axes.get_title("left") for axes in drawn.axes)
    assert style.svg(drawn, "x") == style.svg(picture(results[::-1]), "x")
    assert "Scaled down: " in caption(results) or picture is distance_picture


def test_normalised_points_are_means_of_ratios_of_the_same_seed(results):
    runs = [r for r in results if r.cell.figure == "fig1" and r.cell.workers == 8 and r.cell.optimizer == "sgd"]
    with style.style():
        axes = by_depth(style.figure().add_subplot(), runs, "a", normalised=True)
    line = next(line for line in axes.lines if line.get_label() == "1 hidden layer")
    one = {r.cell.extra_delay: np.array(r.values["batches"]) for r in runs if "depth=1," in r.cell.workload}
    np.testing.assert_allclose(line.get_ydata(), [(one[s] / one[0]).mean() for s in sorted(one)])


def test_what_never_arrived_is_a_cross_at_the_horizon(results):
    runs = [r for r in results if r.cell.figure == "fig1" and r.cell.workers == 8 and r.cell.optimizer == "sgd"]
    with style.style():
        axes = by_depth(style.figure().add_subplot(), runs, "a", normalised=False)
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    never = sum(not any(r.values["batches"]) for r in runs)
    assert never > 0 and len(crosses) == never
    assert {line.get_ydata()[0] for line in crosses} == {runs[0].cell.horizon}


def test_topics_go_over_sweeps_and_cosines_over_iterations(results):
    lda = [r for r in results if r.cell.workload == "lda" and r.cell.workers == 2]
    path = next(r for r in results if r.cell.figure == "fig5")
    with style.style():
        drawn = style.figure()
        panel = topics(drawn.add_subplot(1, 2, 1), lda, "c")
        lags = cosines(drawn.add_subplot(1, 2, 2), path, "a").lines[0].get_xdata()
    assert panel.lines[0].get_xdata()[-1] == pytest.approx(4 / 2 / 10)
    assert lags[0] == path.cell.evaluate_every and lags.size == path.cell.lags


def test_no_line_leads_to_where_no_seed_arrived(results):
    runs = [r for r in results if r.cell.figure == "fig1" and r.cell.workers == 8 and r.cell.optimizer == "sgd"]
    with style.style():
        axes = by_depth(style.figure().add_subplot(), runs, "a", normalised=False)
    crosses = {(line.get_xdata()[0], line.get_label()) for line in axes.lines if line.get_marker() == "x"}
    drawn = {line.get_label(): line for line in axes.lines if len(line.get_xdata()) > 1}
    assert crosses
    for delay, name in crosses:
        line = drawn[name.removeprefix("_")]
        assert np.isnan(line.get_ydata()[list(line.get_xdata()).index(delay)])


def test_eight_workers_and_one_are_on_one_scale(results):
    panels = fig1_picture(results).axes
    assert len({axes.get_ylim() for axes in panels[1::2]}) == 1 and panels[0].get_ylim() == panels[2].get_ylim()


def test_the_table_has_a_row_for_every_claim_with_its_verdict_in_words(results):
    found = claims(results)
    table = claims_table(found)
    assert table.count("<tr id=") == len(found)
    assert all(f">{symbol} {word}<" in table for symbol, word in {_badge(each) for each in found})
    assert "scaled down" in table and "at least" in table


def _badge(result):
    return {"reproduced": "✓", "not reproduced": "✗", "inconclusive": "?"}[result.verdict], result.verdict


def test_the_table_of_nothing_says_why(results):
    table = claims_table(claims(()))
    assert "reproduced</span>" not in table.replace("inconclusive", "") and "are not there" in table


@pytest.mark.parametrize(("picture", "caption", "panels"), PICTURES)
def test_an_unfinished_study_is_drawn_as_far_as_it_goes(results, picture, caption, panels):
    assert style.svg(picture(()), "nothing") and caption(())
    assert style.svg(picture(results[::3]), "part") and caption(results[::3])


def test_the_report_has_the_claims_and_every_figure_of_the_study(results, tmp_path, monkeypatch, leave_pictures_out):
    leave_pictures_out(monkeypatch)  # each is drawn above
    for result in results:
        STALENESS.save(result, tmp_path)
    page = build_report(tmp_path).read_text(encoding="utf-8")
    assert "The staleness study" in page and claims_table(claims(STALENESS.load_all(tmp_path))) in page
    assert all(f'<figure id="{name}"' in page for name in staleness.FIGURES)
    assert (tmp_path / "figures/fig1.svg").is_file()


def test_below_a_figure_stands_what_the_study_reports_and_its_messages_with_our_verdicts(results):
    found = claims(results)
    below = {each.name: each.below for each in exhibits(results, found)}
    assert "to 0.71" in below["fig1"] and "resnet on cifar-10, 8 workers" in below["fig1"]
    for each in found:
        name = f"fig{each.claim.figure.partition(' ')[0]}"
        assert name not in below or f'href="#claim-{each.claim.name}"' in below[name]
    assert claims_table(found).count("<small>") >= len(found)  # the predicates, in the open


def test_the_cells_of_a_figure_are_a_table_with_mean_spread_and_seeds(results):
    shown = staleness.chosen(results, "fig1")
    rows = list(csv.DictReader(io.StringIO(cells_table(shown))))
    assert len(rows) == len(shown)
    for row, each in zip(rows, shown, strict=True):
        taken = np.array([value or each.cell.horizon for value in each.values["batches"]])
        assert float(row["batches_mean"]) == pytest.approx(taken.mean())
        assert float(row["batches_sd"]) == pytest.approx(taken.std(ddof=1))
        assert (int(row["seeds"]), int(row["extra_delay"])) == (each.cell.seeds, each.cell.extra_delay)
        assert int(row["seeds_that_arrived"]) == sum(value is not None for value in each.values["batches"])
