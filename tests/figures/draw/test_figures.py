"""Each figure returns the axes it was given, changes no result, and shows what it must."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.findings.coherence import CoherenceSummary, summarise
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from figures.draw.coherence import COSINE, LEAST, PATHWISE, PROOF, coherence, coherence_grid
from figures.draw.comparison import comparison
from figures.draw.ladder import ladder, ladder_grid
from figures.draw.pictures import (
    coherence_picture,
    comparison_picture,
    ladder_grid_picture,
    ladder_picture,
    save_comparison,
    save_ladder,
    slack_picture,
)
from figures.draw.rungs import WORST_CASE, crossings, ladder_notes, ladder_rungs
from figures.draw.slack import bounds_with_values, slack
from figures.style import style


@pytest.fixture
def axes():
    with style.style():
        yield style.figure().add_subplot()


@pytest.fixture
def panels():
    with style.style():
        yield list(style.figure().subplots(1, 3))


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def summaries(runs):
    return {s: summarise(run) for s, run in runs.items()}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def worst_case(verdict, factor, noise=0.0):
    """The verdict with a worst case that is `factor` times Theorem A, as if the noise were such."""
    values = tuple(None if v is None else factor * v for v in verdict.bounds["theorem-a"])
    sigma = replace(verdict.constants["sigma"], value=noise)
    constants = {**verdict.constants, "sigma": sigma}
    return replace(verdict, bounds={**verdict.bounds, WORST_CASE: values}, constants=constants)


def test_every_figure_returns_the_axes_it_was_given(axes, panels, verdicts, runs):
    assert ladder(verdicts[2], axes) is axes
    assert slack(verdicts, axes, ("theorem-a",)) is axes
    assert coherence(summarise(runs[2]), axes) is axes
    assert comparison({"a": verdicts[1], "b": verdicts[2]}, axes) is axes
    assert ladder_grid(verdicts, panels) is panels
    assert coherence_grid(summaries(runs), panels) is panels


def test_drawing_changes_no_result(axes, runs, verdicts):
    before, data = verdicts[4].to_dict(), runs[4].data.copy(deep=True)
    ladder(verdicts[4], axes)
    coherence(summarise(runs[4]), axes)
    assert json.dumps(verdicts[4].to_dict()) == json.dumps(before)
    assert data.identical(runs[4].data)


def test_the_ladder_draws_the_numbers_of_the_verdict(axes, theorem_verdict):
    drawn = lines(ladder(theorem_verdict, axes))
    assert set(drawn) == {"measured", "theorem-a", "theorem-ar", "dai2019", "dai2019-sum", "dai2019-tight"}
    assert np.array_equal(drawn["measured"].get_ydata(), theorem_verdict.measured)
    assert np.array_equal(drawn["theorem-a"].get_ydata(), theorem_verdict.bounds["theorem-a"])
    assert np.array_equal(drawn["theorem-a"].get_xdata(), theorem_verdict.times)


def test_a_chain_has_one_hue_and_a_dash_for_each_rung(axes, theorem_verdict):
    drawn = lines(ladder(theorem_verdict, axes))
    coherent = [drawn[name] for name in ("dai2019", "dai2019-sum", "dai2019-tight")]
    assert {line.get_color() for line in coherent} == {style.VERMILLION}
    assert drawn["theorem-a"].get_color() == style.BLUE
    assert len({str(line._dash_pattern) for line in coherent}) == 3


def test_every_rung_is_named_at_its_end(axes, theorem_verdict):
    told = " ".join(texts(ladder(theorem_verdict, axes, notes=False)))
    assert all(name in told for name in ("measured", "theorem-a", "dai2019-tight", "dai2019-sum"))


def test_a_rung_outside_its_domain_is_absent_and_the_note_says_why(axes, theorem_verdict):
    assert theorem_verdict.bounds_detail["theorem-b"].value is None
    drawn = lines(ladder(theorem_verdict, axes))
    assert "theorem-b" not in drawn
    (reason,) = [part for part in ladder_notes(theorem_verdict).split("; ") if "theorem-b, " in part]
    assert "theorem-c (it is about exact gradients only" in reason


def test_the_note_says_which_points_a_bound_covers(theorem_verdict):
    note = ladder_notes(theorem_verdict)
    assert "Minimum over x_0..x_T: measured, theorem-ar, theorem-a." in note
    assert "Over x_0..x_(T-1): dai2019-tight, dai2019-sum, dai2019." in note


def test_where_coherence_breaks_its_chain_is_pale_and_says_so(axes, verdicts):
    verdict = verdicts[4]
    assert verdict.assumptions["coherence"] == "broken"
    drawn = lines(ladder(verdict, axes))
    assert drawn["dai2019-tight"].get_alpha() < 1 == drawn["theorem-a"].get_alpha()
    assert drawn["dai2019-tight"].get_linestyle() != "-"
    assert any("coherence broken at k = " in text for text in texts(axes))


def test_a_ladder_in_order_has_no_crossing(theorem_verdict, verdicts, horizon_verdict):
    for verdict in (theorem_verdict, *verdicts.values(), horizon_verdict, worst_case(theorem_verdict, 0.9)):
        assert not list(crossings(verdict, ladder_rungs(verdict)))


def test_a_worst_case_above_a_theorem_is_ringed_where_it_first_is(axes, theorem_verdict):
    verdict = worst_case(theorem_verdict, 1.01)
    found = list(crossings(verdict, ladder_rungs(verdict)))
    above = {(each.below, each.above, each.time) for each in found}
    assert above == {(WORST_CASE, name, verdict.times[0]) for name in ("theorem-a", "theorem-ar")}
    assert any("worst-case above theorem-a" in text for text in texts(ladder(verdict, axes)))


def test_with_noise_a_worst_case_is_an_upper_bound_and_a_theorem_below_it_is_no_finding(theorem_verdict):
    verdict = worst_case(theorem_verdict, 1.01, noise=1.0)
    assert not list(crossings(verdict, ladder_rungs(verdict)))


def test_a_measured_band_above_a_bound_is_ringed(theorem_verdict):
    high = tuple(2 * value for value in theorem_verdict.bounds["dai2019"] if value is not None)
    lower = (None,) * (len(theorem_verdict.times) - len(high)) + high
    found = list(crossings(replace(theorem_verdict, measured_lower=lower), ladder_rungs(theorem_verdict)))
    assert {each.above for each in found} == {"theorem-a", "theorem-ar", "dai2019", "dai2019-sum", "dai2019-tight"}
    assert {each.below for each in found} == {"measured"}


def test_a_variant_of_a_theorem_is_a_rung_only_where_no_other_theorem_says_anything(theorem_verdict):
    bounds = theorem_verdict.bounds
    assert bounds["theorem-b-noise"][-1] is not None
    assert "theorem-b-noise" not in {rung.name for rung in ladder_rungs(theorem_verdict)}
    nothing = (None,) * len(theorem_verdict.times)
    others = {name: bounds[name] if name.startswith(("dai", "theorem-b-noise")) else nothing for name in bounds}
    assert "theorem-b-noise" in {rung.name for rung in ladder_rungs(replace(theorem_verdict, bounds=others))}


def test_a_crossing_between_the_chains_is_none(verdicts):
    verdict = verdicts[1]
    lowered = tuple(None if v is None else 0.1 * v for v in verdict.bounds["dai2019-tight"])
    free = {"theorem-a": tuple(max(m, low) for m, low in zip(verdict.measured, lowered, strict=True))}
    changed = replace(verdict, bounds={**verdict.bounds, **free})
    assert not list(crossings(changed, ladder_rungs(changed)))


def test_runs_at_several_horizons_are_points(axes, horizon_verdict):
    drawn = lines(ladder(horizon_verdict, axes))
    assert drawn["theorem-a"].get_marker() == "o"
    assert list(drawn["measured"].get_xdata()) == [10, 20, 40, 80]


@pytest.mark.filterwarnings("error")
def test_a_run_that_diverges_at_once_can_be_drawn(axes, tmp_path):
    run = execute(plan("quadratic:d=3", "1e200", 1, 20, seeds=4))
    verdict = check(run)
    assert ladder(verdict, axes) is axes
    assert coherence(summarise(run), axes) is axes
    save_ladder(verdict, tmp_path)


@pytest.mark.filterwarnings("error")
def test_a_single_step_and_a_run_at_a_stationary_point_can_be_drawn(axes, tmp_path):
    one = check(execute(plan("quadratic:d=3", "1/(s*L)", 1, 1, seeds=2)))
    save_ladder(one, tmp_path)
    exact = execute(plan("quadratic:d=1,condition=1,noise=0", "1/L", 1, 30, seeds=1, constants={"mu": 0.5}))
    assert exact.gradient_norm_squared[0, -1] == 0
    verdict = check(exact)
    save_ladder(verdict, tmp_path)
    with style.style():
        slack_picture({1: verdict}).savefig(tmp_path / "slack.svg")
        coherence_picture({1: summarise(exact)}).savefig(tmp_path / "coherence.svg")


def test_slack_is_least_at_the_mark_and_the_bar_reaches_to_the_last_step_with_a_line_at_one(axes, verdicts):
    drawn = lines(slack(verdicts, axes, ("theorem-a", "dai2019-sum")))
    ratios = [np.array(verdicts[s].bounds["theorem-a"]) / np.array(verdicts[s].measured) for s in (1, 2, 4)]
    assert np.allclose(drawn["theorem-a"].get_ydata(), [ratio.min() for ratio in ratios])
    ends = [segment[1][1] for segment in axes.collections[0].get_segments()]
    assert np.allclose(ends, [ratio[-1] for ratio in ratios])
    assert any(list(line.get_ydata()) == [1.0, 1.0] for line in axes.get_lines())
    assert axes.get_ylim()[0] < 1


def test_a_bound_without_a_value_at_a_staleness_has_no_mark_there(axes, verdicts):
    silent = replace(verdicts[2], bounds={"dai2019-sum": verdicts[2].bounds["dai2019-sum"]})
    drawn = lines(slack({1: verdicts[1], 2: silent}, axes, ("theorem-a", "dai2019-sum")))
    assert len(drawn["theorem-a"].get_ydata()) == 1 and len(drawn["dai2019-sum"].get_ydata()) == 2


def test_only_bounds_with_a_value_get_a_panel(verdicts):
    assert "theorem-b" not in bounds_with_values(verdicts)
    assert {"theorem-a", "dai2019-tight", "dai2019-sum"} <= set(bounds_with_values(verdicts))


def test_coherence_shows_median_least_proof_cosine_and_the_assumed_value(axes, runs):
    drawn = lines(coherence(summarise(runs[4]), axes))
    assert {PATHWISE, LEAST, PROOF, COSINE, r"assumed $\mu = 0.5$"} <= set(drawn)
    inside = runs[4].data.isel(time=slice(1, -1))
    ratio = inside.inner_product.mean("seed") / inside.gradient_norm_squared.mean("seed")
    shown = summarise(runs[4])
    assert np.allclose(shown.proof, ratio.sel(time=shown.times))
    assert np.allclose(shown.median, inside.coherence.sel(time=shown.times).median("seed"))


def test_no_small_coherence_is_lost_between_the_times_shown(runs):
    for run in runs.values():
        shown = summarise(run)
        assert np.nanmin(shown.least) == shown.lowest == np.nanmin(run.coherence[:, 1:-1])


def test_a_summary_of_coherence_is_the_same_after_it_was_written_down(runs):
    shown = summarise(runs[4])
    again = CoherenceSummary.from_dict(json.loads(json.dumps(shown.to_dict())))
    assert again.to_dict() == shown.to_dict() and again.assumed == 0.5 and again.steps == 200
    assert np.array_equal(again.median, shown.median, equal_nan=True)


def test_a_coherence_far_below_the_frame_is_marked_and_its_size_written(axes):
    run = execute(plan("quadratic:d=1,condition=1,noise=1", "0.9/L", 2, 300, seeds=6, constants={"mu": 0.5}))
    assert np.nanmin(run.coherence) < -1
    coherence(summarise(run), axes)
    assert axes.get_ylim()[0] >= -1.1
    assert any(line.get_marker() == "v" and len(line.get_xdata()) for line in axes.get_lines())
    assert any("down to" in text for text in texts(axes))


def test_the_panels_of_a_grid_share_their_scale(panels, verdicts, runs):
    ladder_grid(verdicts, panels)
    assert len({axes.get_ylim() for axes in panels}) == 1
    assert [axes.get_title(loc="left") for axes in panels] == ["$s = 1$", "$s = 2$", "$s = 4$"]
    coherence_grid(summaries(runs), panels)
    assert len({axes.get_ylim() for axes in panels}) == 1


def test_a_comparison_draws_every_schedule_and_its_deciding_bound(axes, verdicts):
    comparison({"slow": verdicts[4], "fast": verdicts[1]}, axes)
    told = texts(axes)
    assert {"slow", "fast"} <= set(told)
    assert {f"{verdicts[4].bound}: slow", f"{verdicts[1].bound}: fast"} <= set(told)


def test_the_same_results_give_the_same_bytes(verdicts, runs):
    draw = {
        "ladder": lambda: ladder_picture(verdicts[4], "a title"),
        "ladders": lambda: ladder_grid_picture(verdicts),
        "slack": lambda: slack_picture(verdicts),
        "coherence": lambda: coherence_picture(summaries(runs)),
        "comparison": lambda: comparison_picture({"a": verdicts[1]}),
    }
    for name, picture in draw.items():
        assert style.svg(picture(), name) == style.svg(copy.deepcopy(picture)(), name)


def test_pictures_are_saved_as_vectors_in_two_formats(verdicts, tmp_path):
    assert save_ladder(verdicts[2], tmp_path) == tmp_path / "ladder.svg"
    assert save_comparison({"a": verdicts[2]}, tmp_path) == tmp_path / "comparison.svg"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in ("ladder", "comparison") for kind in ("svg", "pdf")
    }
    assert "<image" not in (tmp_path / "ladder.svg").read_text()
