"""The staleness study: cells are values, files are whole or refused, what never gets there is told, never dropped."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from experiments.studies.staleness import requirements
from experiments.studies.staleness import study as staleness
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.claims import coherence_effects
from experiments.studies.staleness.claims.coherence import coherence_by_cell
from experiments.studies.staleness.claims.slowdown import batches, beside, by_group, reached, slope, slowdowns
from experiments.studies.staleness.compute import POINTS, STAGES, compute
from experiments.studies.staleness.requirements import check_needs, missing_data
from experiments.studies.staleness.store import STALENESS, WorkerResult
from experiments.studies.staleness.table import sizes_table
from experiments.sweep.executor import run_cells
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.common.errors import DataError, InputError, StoreError

EASY = WorkerCell("fig1", "mlr", 2, 0, 60, step_sizes=(0.05,), evaluate_every=5, lags=2, sample=50, seeds=2, level=0.5)
STALE = replace(EASY, extra_delay=3)
HARD = replace(EASY, level=0.9999, lags=0)
EXPLODING = replace(HARD, workload="problem:quadratic:d=3", step_sizes=(1e6,), metric="loss", level=1e-9, side="below")
CELLS = (EASY, STALE, HARD, EXPLODING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    outcomes = run_cells(STALENESS, [*CELLS, EASY], out, command="gradlag reproduce fig1")
    assert [outcome.error for outcome in outcomes] == [None] * len(CELLS)
    return out


def values(folder):
    return {result.cell: result.values for result in STALENESS.load_all(folder)}


def test_the_batches_are_those_of_the_simulator(folder):
    runs = simulate_workers(get_workload("mlr"), STALE.setting(0.05), [0, 1], stop=STALE.target)
    found = values(folder)[STALE]
    assert found["batches"] == runs.batches_to(STALE.target).tolist()
    assert found["curve"][0][0] == pytest.approx(runs.metrics["accuracy"][0, 0], rel=1e-6)
    assert len(found["curve_batches"]) <= POINTS + 1 and found["curve_batches"][-1] == STALE.horizon


def test_what_never_reaches_its_target_and_what_diverges_is_recorded(folder):
    found = values(folder)
    assert found[HARD]["batches"] == [None, None] and found[HARD]["diverged_at"] == [None, None]
    assert 0.5 < found[HARD]["last"][0] < 0.9999
    assert found[EXPLODING]["batches"] == [None, None] and all(at >= 0 for at in found[EXPLODING]["diverged_at"])


def test_coherence_is_summarised_by_stage_and_lag(folder):
    found = values(folder)[replace(STALE)]
    assert np.array(found["cosine"], dtype=float).shape == (2, STAGES, 2)
    assert all(mu <= 1 for mu in found["mu"]) and found["mu_least"] <= found["mu"]
    assert "mu" not in values(folder)[HARD]


def test_finished_cells_are_taken_as_they_are(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    outcomes = run_cells(STALENESS, CELLS[::-1], folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before
    assert [outcome.cell for outcome in outcomes] == list(CELLS[::-1])
    assert all(outcome.seconds == 0 for outcome in outcomes)


@pytest.mark.long
def test_processes_and_another_order_give_what_one_process_gives(folder, tmp_path):
    run_cells(STALENESS, CELLS[::-1], tmp_path, jobs=2)
    assert values(tmp_path) == values(folder)


@pytest.mark.parametrize("damage", ["cut", "number", "cell", "schema", "data"])
def test_a_damaged_file_is_computed_again(tmp_path, damage):
    path = STALENESS.run(EASY, tmp_path).path
    whole, stored = STALENESS.load(path), json.loads(path.read_text())
    if damage == "number":
        stored["values"]["batches"][0] += 2
    elif damage == "cell":
        stored["cell"]["workers"] = 4
    elif damage == "schema":
        stored["schema"] = "another/1"
    elif damage == "data":
        stored["values"]["digest"] = "0" * 64
    path.write_text(json.dumps(stored) if damage != "cut" else path.read_text()[:100])
    with pytest.raises(StoreError, match="damaged or altered"):
        STALENESS.load(path)
    again = STALENESS.run(EASY, tmp_path)
    assert again.path == path and "computed again" in again.notes[0]
    assert STALENESS.load(path).values == whole.values


def test_results_on_other_data_are_not_taken(tmp_path, monkeypatch):
    STALENESS.run(EASY, tmp_path)
    changed = replace(get_workload("mlr"))
    monkeypatch.setattr(type(changed), "digest", "0" * 64)
    assert "data" in STALENESS.run(EASY, tmp_path).notes[0]


def test_a_cell_that_fails_does_not_stop_the_others(tmp_path):
    said = []
    outcomes = run_cells(STALENESS, [replace(EASY, workload="no-such"), EASY], tmp_path, announce=said.append)
    assert outcomes[0].path is None and outcomes[1].path == STALENESS.path(EASY, tmp_path)
    assert "There is no workload" in outcomes[0].error and outcomes[0].error in said[0]


def test_the_fastest_of_several_step_sizes_is_the_fastest_without_extra_delay():
    sizes = (0.001, 0.05)
    found = compute(replace(STALE, step_sizes=sizes, lags=0))
    alone = {step: compute(replace(EASY, step_sizes=(step,), lags=0))["batches"] for step in sizes}
    assert alone[0.001] == [None, None] and None not in alone[0.05]
    assert found["step_size"] == 0.05 and found["batches"] == compute(replace(STALE, lags=0))["batches"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": 0}, "number of seeds"),
        ({"step_sizes": ()}, "at least one step size"),
        ({"step_sizes": (0.1, 0.2), "level": None}, "needs a target"),
        ({"workers": 0}, "number of workers"),
    ],
)
def test_a_cell_that_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        replace(EASY, **change)


def test_every_number_of_a_cell_enters_its_digest():
    changes = {"figure": "fig2", "workload": "dnn", "workers": 3, "extra_delay": 1, "seeds": 3, "level": 0.6}
    changes |= {"delays": "constant", "optimizer": "adam", "step_sizes": (0.1,), "batch": 8, "side": "below"}
    assert (
        len({STALENESS.key(EASY), *(STALENESS.key(replace(EASY, **{name: value})) for name, value in changes.items())})
        == 12
    )


@pytest.mark.parametrize("scale", staleness.SCALES)
def test_every_scale_has_all_figures_with_a_baseline_for_every_cell(scale):
    cells = staleness.all_cells(scale)
    assert len(set(cells)) == len(cells) and {cell.figure for cell in cells} == set(staleness.FIGURES)
    assert len({STALENESS.key(cell) for cell in cells}) == len(cells)
    places = {(c.workload, c.workers, c.optimizer) for c in cells if c.extra_delay == 0}
    assert all((c.workload, c.workers, c.optimizer) in places for c in cells)


@pytest.mark.parametrize("scale", ["quick", "lesson"])
def test_the_workloads_of_the_small_scales_are_there(scale):
    for text in {cell.workload for cell in staleness.all_cells(scale)}:
        assert get_workload(text).parameters > 0


@pytest.mark.parametrize(
    ("scale", "count", "expected"),
    [
        ("quick", 261, "b775485e8183045c13c42ecf6e42482c4cfd4162109bf3e16e650841a63194b1"),
        ("lesson", 303, "70b99d6594ce64f3597dad6d60c7c5878b57f61a8f12877c92eb3561d9b0c83e"),
    ],
)
def test_stored_results_of_the_small_scales_stay_those_of_their_cells(scale, count, expected):
    digests = [STALENESS.key(cell) for cell in staleness.all_cells(scale)]
    assert len(digests) == count and sha256("".join(digests).encode()).hexdigest() == expected


def test_at_paper_scale_coherence_has_cells_of_its_own_for_every_network_of_figure_1():
    aimed = [cell for cell in staleness.FIGURES["fig1"]("paper") if cell.workers == 8]
    measuring = [cell for cell in staleness.FIGURES["fig6"]("paper") if cell.lags]
    assert not any(cell.lags for cell in aimed) and {cell.evaluate_every for cell in aimed} == {32}
    places = [[(c.workload, c.optimizer, c.extra_delay) for c in cells] for cells in (aimed, measuring)]
    assert sorted(places[0]) == sorted(places[1])
    assert all(cell.level is None and cell.lags * cell.evaluate_every == staleness.WINDOW for cell in measuring)


def test_coherence_comes_from_the_cell_itself_or_from_one_that_stands_for_it():
    bare, stand_in = replace(STALE, lags=0), replace(STALE, figure="fig6", level=None)
    results = [
        WorkerResult(cell, {"mu": mu} if mu else {}, {}, 0.0, "")
        for cell, mu in ((EASY, [0.5, None]), (bare, None), (stand_in, [0.1, 0.2]), (HARD, None))
    ]
    found = coherence_by_cell(results)
    assert set(found) == {EASY, bare} and found[bare].tolist() == [0.1, 0.2]
    np.testing.assert_array_equal(found[EASY], [0.5, np.nan])


def paper_results():
    """Figures 1 and 6 at the scale paper as if depth and delay doubled what they are said to, on every seed."""
    cells = dict.fromkeys([*staleness.FIGURES["fig1"]("paper"), *staleness.FIGURES["fig6"]("paper")])
    return [WorkerResult(cell, _made_up(cell), {}, 0.0, "") for cell in cells]


def _made_up(cell):
    depth, seeds = staleness.depth_of(cell.workload), range(cell.seeds)
    values = {"batches": [1000.0 * 2 ** (cell.extra_delay * depth / 320) * (1 + seed) for seed in seeds]}
    return values | ({"mu": [1 - depth / 40 - cell.extra_delay / 400 for _ in seeds]} if cell.lags else {})


def test_the_claims_on_coherence_find_it_in_the_cells_of_the_paper_scale():
    results = paper_results()
    np.testing.assert_allclose(coherence_effects.coherence_depth_effect(results).values, 1 / 40)
    prediction = coherence_effects.prediction_effect(results)
    assert "over 32 cells" in prediction.evidence and (prediction.values > 0.5).all()
    assert np.isfinite(coherence_effects.geometric_effect(results).values).all()
    assert "at the largest mean" in coherence_effects.geometric_delay_effect(results).evidence


def test_the_table_in_the_documentation_is_that_of_the_code():
    text = (Path(__file__).parents[4] / "docs" / "paper_scale.md").read_text(encoding="utf-8")
    assert sizes_table("paper") in text


def test_missing_data_are_all_told_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    cells = [replace(EASY, workload=f"mlr:data={name}") for name in ("cifar-10", "digits", "mnist")]
    with pytest.raises(DataError, match=r"gradlag data get cifar-10.* and .*gradlag data get mnist\)\.$") as refusal:
        run_cells(STALENESS, cells, tmp_path / "results")
    assert not (tmp_path / "results").exists() and refusal.value.exit_status == 2


def test_the_paper_scale_needs_four_data_sets_of_which_none_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    found = missing_data(cell.workload for cell in staleness.all_cells("paper"))
    assert found == ("cifar-10", "mnist", "movielens-1m", "newsgroups-20")
    for scale in ("quick", "lesson"):
        assert missing_data(cell.workload for cell in staleness.all_cells(scale)) == ()


def test_networks_of_convolutions_are_refused_without_jax(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "has_jax", lambda: False)
    with pytest.raises(InputError, match=r"pip install 'gradlag\[nn\]'") as refusal:
        run_cells(STALENESS, [replace(EASY, workload="resnet")], tmp_path)
    assert refusal.value.exit_status == 2
    check_needs([EASY])


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"workload": "lda:topics=100"}, {"workload": "lda"}),
        ({"workload": "dnn:depth=4"}, {"workload": "dnn:depth=2"}),
        ({"workload": "dnn:width=128"}, {"workload": "dnn"}),
        ({"workload": "vae"}, {"workload": "dnn"}),
        ({"workload": "resnet:depth=32"}, {"workload": "resnet"}),
        ({"workload": "mlr:data=mnist-5k"}, {"workload": "mlr"}),
        ({"lags": 4}, {}),
        ({"workers": 8}, {}),
        ({"extra_delay": 16}, {}),
        ({"level": None}, {}),
        ({"step_sizes": (0.1, 0.2)}, {}),
    ],
)
def test_the_guess_of_the_time_knows_what_costs_more(more, less):
    plain = replace(EASY, lags=0)
    assert replace(plain, **more).work > 1.05 * replace(plain, **less).work > 0


def test_geometric_delays_have_the_mean_of_the_uniform_ones():
    cell = staleness.geometric(replace(STALE, extra_delay=8))
    assert cell.delays == "geometric:mean=4" and cell.extra_delay == 32 and cell.figure == "fig6"


def test_figures_show_the_most_complete_scale(folder, monkeypatch):
    small, large = (EASY, STALE), (EASY, STALE, replace(EASY, extra_delay=9), replace(EASY, extra_delay=10))
    monkeypatch.setattr(staleness, "FIGURES", {"fig1": {"quick": small, "lesson": large, "paper": ()}.get})
    monkeypatch.setattr(staleness, "SCALES", ("quick", "lesson"))
    assert [result.cell for result in staleness.chosen(STALENESS.load_all(folder), "fig1")] == list(small)
    with pytest.raises(InputError, match="no figure"):
        staleness.chosen((), "fig9")


def test_the_slowdown_counts_what_never_arrives_at_the_horizon(folder):
    results = {result.cell: result for result in STALENESS.load_all(folder)}
    assert batches(results[HARD]).tolist() == [HARD.horizon] * 2 and not reached(results[HARD]).any()
    found = beside(results[HARD], results[EASY])
    np.testing.assert_allclose(2**found.logs, HARD.horizon / batches(results[EASY]))
    assert found.beyond.all() and found.baseline_reached
    assert not beside(results[STALE], results[HARD]).baseline_reached
    pair = slowdowns([results[EASY], results[STALE]])
    assert [each.cell for each in pair] == [STALE] and list(by_group(pair)) == [("fig1", "mlr", 2, "sgd")]


def test_slopes_are_least_squares():
    rng = np.random.default_rng(0)
    x, rows = [0, 1, 4, 9], rng.normal(size=(4, 3))
    np.testing.assert_allclose(slope(x, list(rows)), np.polyfit(x, rows, 1)[0])


def test_one_sequence_with_one_worker_and_no_delay_is_sequential_training():
    cell = WorkerCell(
        "distance",
        "problem:quadratic:d=3,noise=0",
        1,
        0,
        20,
        step_sizes=(0.3,),
        evaluate_every=5,
        seeds=2,
        metric="loss",
    )
    alone, caches = compute(replace(cell, delays="one-sequence")), compute(cell)
    np.testing.assert_allclose(alone["curve"], caches["curve"], rtol=1e-6)
    assert alone["curve_batches"] == caches["curve_batches"]


def test_one_sequence_is_refused_where_there_is_no_objective():
    with pytest.raises(InputError, match="One sequence needs problem:NAME"):
        compute(replace(HARD, delays="one-sequence"))
