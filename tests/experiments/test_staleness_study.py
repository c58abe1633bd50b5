"""The staleness study: cells are values, files are whole or refused, what never gets there is told, never dropped."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.simulate.workers import simulate_workers
from experiments.studies import staleness
from experiments.studies.slowdown import batches, beside, by_group, reached, slope, slowdowns
from experiments.studies.staleness_cells import POINTS, STAGES, WorkerCell
from experiments.studies.staleness_results import cell_path, load, load_results, run_cell, run_cells
from experiments.workloads import get_workload
from theory.errors import InputError, StoreError

EASY = WorkerCell("fig1", "mlr", 2, 0, 60, step_sizes=(0.05,), evaluate_every=5, lags=2, sample=50, seeds=2, level=0.5)
STALE = replace(EASY, extra_delay=3)
HARD = replace(EASY, level=0.9999, lags=0)
EXPLODING = replace(HARD, workload="problem:quadratic:d=3", step_sizes=(1e6,), metric="loss", level=1e-9, side="below")
CELLS = (EASY, STALE, HARD, EXPLODING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    outcomes = run_cells([*CELLS, EASY], out, command="gradlag reproduce fig1")
    assert [outcome.error for outcome in outcomes] == [None] * len(CELLS)
    return out


def values(folder):
    return {result.cell: result.values for result in load_results(folder)}


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
    outcomes = run_cells(CELLS[::-1], folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before
    assert [outcome.cell for outcome in outcomes] == list(CELLS[::-1])
    assert all(outcome.seconds == 0 for outcome in outcomes)


@pytest.mark.long
def test_processes_and_another_order_give_what_one_process_gives(folder, tmp_path):
    run_cells(CELLS[::-1], tmp_path, jobs=2)
    assert values(tmp_path) == values(folder)


@pytest.mark.parametrize("damage", ["cut", "number", "cell", "schema", "data"])
def test_a_damaged_file_is_computed_again(tmp_path, damage):
    path = run_cell(EASY, tmp_path).path
    whole, stored = load(path), json.loads(path.read_text())
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
        load(path)
    again = run_cell(EASY, tmp_path)
    assert again.path == path and "computed again" in again.notes[0]
    assert load(path).values == whole.values


def test_results_on_other_data_are_not_taken(tmp_path, monkeypatch):
    run_cell(EASY, tmp_path)
    changed = replace(get_workload("mlr"))
    monkeypatch.setattr(type(changed), "digest", "0" * 64)
    assert "data" in run_cell(EASY, tmp_path).notes[0]


def test_a_cell_that_fails_does_not_stop_the_others(tmp_path):
    said = []
    outcomes = run_cells([replace(EASY, workload="no-such"), EASY], tmp_path, announce=said.append)
    assert outcomes[0].path is None and outcomes[1].path == cell_path(EASY, tmp_path)
    assert "There is no workload" in outcomes[0].error and outcomes[0].error in said[0]


def test_the_fastest_of_several_step_sizes_is_the_fastest_without_extra_delay():
    sizes = (0.001, 0.05)
    found = replace(STALE, step_sizes=sizes, lags=0).compute()
    alone = {step: replace(EASY, step_sizes=(step,), lags=0).compute()["batches"] for step in sizes}
    assert alone[0.001] == [None, None] and None not in alone[0.05]
    assert found["step_size"] == 0.05 and found["batches"] == replace(STALE, lags=0).compute()["batches"]


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
    assert len({EASY.digest, *(replace(EASY, **{name: value}).digest for name, value in changes.items())}) == 12


@pytest.mark.parametrize("scale", staleness.SCALES)
def test_every_scale_has_all_figures_with_a_baseline_for_every_cell(scale):
    cells = staleness.CELLS(scale)
    assert len(set(cells)) == len(cells) and {cell.figure for cell in cells} == set(staleness.FIGURES)
    assert len({cell.digest for cell in cells}) == len(cells)
    places = {(c.workload, c.workers, c.optimizer) for c in cells if c.extra_delay == 0}
    assert all((c.workload, c.workers, c.optimizer) in places for c in cells)


@pytest.mark.parametrize("scale", ["quick", "lesson"])
def test_the_workloads_of_the_small_scales_are_there(scale):
    for text in {cell.workload for cell in staleness.CELLS(scale)}:
        assert get_workload(text).parameters > 0


def test_geometric_delays_have_the_mean_of_the_uniform_ones():
    cell = staleness.geometric(replace(STALE, extra_delay=8))
    assert cell.delays == "geometric:mean=4" and cell.extra_delay == 32 and cell.figure == "fig6"


def test_figures_show_the_most_complete_scale(folder, monkeypatch):
    small, large = (EASY, STALE), (EASY, STALE, replace(EASY, extra_delay=9), replace(EASY, extra_delay=10))
    monkeypatch.setattr(staleness, "FIGURES", {"fig1": {"quick": small, "lesson": large, "paper": ()}.get})
    monkeypatch.setattr(staleness, "SCALES", ("quick", "lesson"))
    assert [result.cell for result in staleness.chosen(load_results(folder), "fig1")] == list(small)
    with pytest.raises(InputError, match="no figure"):
        staleness.chosen((), "fig9")


def test_the_slowdown_counts_what_never_arrives_at_the_horizon(folder):
    results = {result.cell: result for result in load_results(folder)}
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
    alone, caches = replace(cell, delays="one-sequence").compute(), cell.compute()
    np.testing.assert_allclose(alone["curve"], caches["curve"], rtol=1e-6)
    assert alone["curve_batches"] == caches["curve_batches"]


def test_one_sequence_is_refused_where_there_is_no_objective():
    with pytest.raises(InputError, match="One sequence needs problem:NAME"):
        replace(HARD, delays="one-sequence").compute()
