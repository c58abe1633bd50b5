"""The worst-case study: cells are values, files are whole or refused, and the numbers are in order."""

import json
import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from experiments.studies import STUDIES
from experiments.studies.worst_cases.delay_patterns import FAMILIES, PatternCell, SawtoothCell, family_steps
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell, growth_cells
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.executor import run_cells
from experiments.sweep.json_store import CellResult
from theory.common.errors import InputError, StoreError
from theory.staleness.stability import fixed_delay_limit

GROWTH = GrowthCell("theorem-1", 2, 10, reach=1)
PATTERN = PatternCell("constant", 0.5, 2, 3)
SAWTOOTH = SawtoothCell(0.9, 4, 3, 12, reach=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    outcomes = run_cells(SOLVED, [GROWTH, PATTERN, SAWTOOTH, GROWTH], out, command="gradlag reproduce worst-case")
    assert [outcome.error for outcome in outcomes] == [None] * 3
    return out


def values(folder):
    return {result.cell: result.values for result in SOLVED.load_all(folder)}


def test_the_theorems_stand_above_the_worst_case_and_the_lower_value_below(folder):
    found = values(folder)[GROWTH]
    assert 0 < found["lower"] <= found["value"] * (1 + 1e-7)
    assert set(found["bounds"]) >= {"dai2019", "dai2019-sum", "theorem-a", "theorem-b", "lian2015"}
    assert all(bound >= found["value"] * (1 - 1e-7) for bound in found["bounds"].values())
    assert found["every_trace"] <= found["bounds"]["theorem-b"] * (1 + 1e-12)


def test_a_witness_gives_a_lower_value_that_was_replayed():
    found = GrowthCell("corollary-1", 2, 8, witness=2.0).compute()
    assert GrowthCell("corollary-1", 2, 8).compute()["lower"] < found["lower"] <= found["value"] * (1 + 1e-7)


def test_the_pattern_and_the_sawtooth_are_told_with_their_ratio(folder):
    pattern, sawtooth = values(folder)[PATTERN], values(folder)[SAWTOOTH]
    assert pattern["delays"] == [0, 1, 1] and pattern["ratio"] == 1.0 and pattern["method"] == "exhaustive"
    assert sawtooth["ratio"] == sawtooth["value"] / sawtooth["constant_value"] < 1


def test_finished_cells_are_taken_as_they_are(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    run_cells(SOLVED, [GROWTH, PATTERN, SAWTOOTH], folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before


@pytest.mark.long
def test_processes_give_what_one_process_gives(folder, tmp_path):
    run_cells(SOLVED, [GROWTH, PATTERN], tmp_path, jobs=2)
    there, here = values(folder), values(tmp_path)
    assert here[PATTERN]["delays"] == there[PATTERN]["delays"]
    assert here[GROWTH]["value"] == pytest.approx(there[GROWTH]["value"], rel=1e-9)


@pytest.mark.parametrize("damage", ["cut", "number", "cell", "schema"])
def test_a_damaged_file_is_refused_and_computed_again(tmp_path, damage):
    path = SOLVED.run(PATTERN, tmp_path).path
    stored = json.loads(path.read_text())
    if damage == "number":
        stored["values"]["value"] += 1e-9
    elif damage == "cell":
        stored["cell"]["steps"] = 4
    elif damage == "schema":
        stored["schema"] = "another/1"
    path.write_text(json.dumps(stored) if damage != "cut" else path.read_text()[:100])
    with pytest.raises(StoreError, match="damaged or altered"):
        SOLVED.load(path)
    again = SOLVED.run(PATTERN, tmp_path)
    assert again.path == path and "computed again" in again.notes[0]
    assert SOLVED.load(path).values["delays"] == [0, 1, 1]


def test_a_result_comes_back_as_it_was_saved(tmp_path):
    result = CellResult(PATTERN, {"value": 1 / 3}, {"python": "3"}, 0.5, "by hand")
    found = SOLVED.load(SOLVED.save(result, tmp_path))
    assert (found.cell, found.values, found.versions) == (result.cell, result.values, result.versions)
    assert (found.seconds, found.command) == (0.5, "by hand")


def test_a_number_that_is_not_finite_is_refused(tmp_path):
    with pytest.raises(StoreError, match="not finite"):
        SOLVED.save(CellResult(PATTERN, {"value": math.nan}, {}, 0.0, ""), tmp_path)
    assert SOLVED.load_all(tmp_path) == ()


def test_a_cell_that_fails_does_not_stop_the_others(tmp_path):
    said = []
    outcomes = run_cells(SOLVED, [PatternCell("no such", 0.5, 2, 3), PATTERN], tmp_path, announce=said.append)
    assert outcomes[0].path is None and outcomes[1].path.exists()
    assert "The family of steps must be one of" in outcomes[0].error and outcomes[0].error in said[0]


def test_an_interruption_passes_through(tmp_path):
    @dataclass(frozen=True)
    class Stopped(SawtoothCell):
        kind: ClassVar[str] = "sawtooth"

        def compute(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cells(SOLVED, [Stopped(0.9, 4, 3, 12)], tmp_path)
    assert not list(tmp_path.rglob("*.json"))


def test_every_scale_has_different_cells_with_different_keys_and_files(tmp_path):
    for scale in ("quick", "lesson", "paper"):
        cells = [cell for name in ("worst-case", "delay-patterns") for cell in STUDIES[name].cells(scale)]
        assert len({SOLVED.key(cell) for cell in cells}) == len({SOLVED.path(cell, tmp_path) for cell in cells})
        assert len({SOLVED.path(cell, tmp_path) for cell in cells}) == len(cells)
        assert {cell.kind for cell in cells} == {"growth", "pattern", "sawtooth"}
        assert {cell.staleness for cell in growth_cells(scale)} == {1, 2, 4, 8, 16}
    with pytest.raises(InputError, match="scale"):
        STUDIES["worst-case"].cells("huge")


def test_a_key_changes_with_everything_that_determines_a_cell():
    changed = [
        replace(PATTERN, **change) for change in ({"fraction": 0.6}, {"steps": 4}, {"variance": 0.1}, {"limit": 7})
    ]
    assert len({SOLVED.key(cell) for cell in (PATTERN, *changed)}) == 5


@pytest.mark.parametrize("family", FAMILIES)
def test_families_have_the_mean_that_they_are_asked_for(family):
    steps = family_steps(family, 0.7, 3, 8)
    assert steps.mean() == pytest.approx(0.7 * fixed_delay_limit(2)) and (steps > 0).all()
    assert np.ptp(steps) == 0 or family != "constant"


def test_jobs_that_are_no_number_of_processes_are_refused(tmp_path):
    with pytest.raises(InputError, match="jobs"):
        run_cells(SOLVED, [PATTERN], tmp_path, jobs=0)
