"""The solved studies besides growth and patterns: their numbers are in order, stored once, and come back the same."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from experiments.studies import STUDIES
from experiments.studies.study import Study
from experiments.studies.worst_cases.certified_witness import WitnessCell, witness_text
from experiments.studies.worst_cases.designs import TARGETS, DesignCell, restored
from experiments.studies.worst_cases.limit import LimitCell, limits
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.executor import run_cells
from theory.design.best import design
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.witness.file import verify_witness

LIMIT = LimitCell(2, points=4)
DESIGN = DesignCell("theorem-a", 2, 6)
FUNCTION = WitnessCell("theorem-1", 2, 8)
CELLS = (LIMIT, DESIGN, FUNCTION)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("solved")
    outcomes = run_cells(SOLVED, CELLS, out, command="gradlag reproduce --scale quick")
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert all(outcome.seconds > 0 for outcome in outcomes)
    return out


@pytest.fixture(scope="module")
def values(folder):
    return {result.cell: result.values for result in SOLVED.load_all(folder)}


def test_the_constants_lie_between_both_sides_and_below_every_theorem_without_coherence(values):
    found = limits([values[LIMIT]])
    best, curve = found.best[2], found.curves[2]
    assert best.certified and best.lower == pytest.approx(best.value, rel=1e-6)
    assert all(best.value <= each.value * (1 + 1e-9) for each in curve)
    incoherent = [constant for name, constant in found.compared[2].items() if "mu" not in name]
    assert incoherent and all(best.value <= constant * (1 + 1e-9) for constant in incoherent)
    assert [each.step for each in curve] == sorted(each.step for each in curve)
    assert curve[-1].step < fixed_delay_limit(2)


def test_limits_are_ordered_by_the_delay_whatever_the_order_of_the_files():
    cells = [LimitCell(delay, points=2).compute() for delay in (1, 0)]
    assert list(limits(cells).curves) == list(limits(cells).best) == [0, 1]


def test_a_design_comes_back_as_it_was_made(values):
    there = restored(DESIGN, values[DESIGN])
    made = design(2, 6, target="theorem-a", mu=DESIGN.coherence)
    assert np.array_equal(there.step_sizes, made.step_sizes)
    assert there.reason == made.reason and there.value == made.value
    assert set(there.baselines) == set(made.baselines)
    for name in made.baselines:
        assert there.improvement(name) == made.improvement(name)
        assert there.worst_case_improvement(name) == pytest.approx(made.worst_case_improvement(name), abs=1e-9)


def test_a_certified_design_is_not_below_its_worst_case(values):
    chosen = values[DESIGN]["chosen"]
    assert chosen["worst_case"] * (1 - 1e-9) <= chosen["certified"] <= chosen["worst_case"] * (1 + 1e-6)
    assert restored(DESIGN, values[DESIGN]).certified


def test_the_worst_function_is_proved_from_its_stored_lines(values):
    found = values[FUNCTION]
    assert verify_witness(witness_text(found)).lower == found["lower"]
    assert found["replayed"] <= found["lower"] <= found["certified"]
    assert found["lower"] == pytest.approx(found["value"], rel=1e-3)


def test_finished_results_are_taken_as_they_are(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    outcomes = run_cells(SOLVED, CELLS, folder)
    assert [outcome.seconds for outcome in outcomes] == [0.0] * 3
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before


def test_a_corrupt_file_is_said_and_computed_again_to_the_same_numbers(folder, values):
    path = SOLVED.run(LIMIT, folder).path
    stored = json.loads(path.read_text())
    stored["values"]["best"]["value"] *= 0.99
    path.write_text(json.dumps(stored))
    said = []
    run_cells(SOLVED, [LIMIT], folder, announce=said.append)
    assert len(said) == 1 and path.name in said[0] and "computed again" in said[0]
    assert SOLVED.load(path).values == values[LIMIT]


def test_every_target_is_designed_for_at_every_setting():
    cells = STUDIES["designs"].cells("quick")
    settings = {(cell.staleness, cell.steps, cell.variance) for cell in cells}
    assert {(cell.target, (cell.staleness, cell.steps, cell.variance)) for cell in cells} == {
        (target, setting) for target in TARGETS for setting in settings
    }


@dataclass(frozen=True)
class _Numbered:
    cell: str


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ("a b c d", "a b"),  # a whole small scale, half of a large one
        ("a b c d e f", "c d e f"),  # both whole
        ("a c d", "c d"),  # a half of each: the larger one
        ("x", ""),
    ],
)
def test_a_figure_shows_the_most_complete_scale(there, chosen):
    table = {"quick": "ab", "lesson": "cdef", "paper": "ghij"}
    study = Study("letters", "", "", lambda scale: tuple(table[scale]))
    found = study.chosen(_Numbered(letter) for letter in there.split())
    assert [each.cell for each in found] == chosen.split()
