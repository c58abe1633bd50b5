"""The page of the documentation on counter-momentum: its lines are what the cells compute."""

import importlib.util
from pathlib import Path

import pytest

from experiments.studies.systems.counter_momentum.cells import DECIDING, real_cells
from experiments.studies.systems.counter_momentum.system import CLAIMS

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("counter_page", ROOT / "benchmarks" / "counter_momentum.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "problem, delays, noisy",
    [("quadratic", "fixed:8", False), ("nonconvex", "fixed:3", True), ("logistic-cancer", "fixed:1", False)],
)
def test_the_page_of_the_documentation_is_what_the_cells_compute(script, problem, delays, noisy):
    here = [cell for cell in real_cells("lesson") if (cell.problem, cell.delays) == (problem, delays)]
    (cell,) = (each for each in here if (each.batch > 0) == noisy)
    part = script.PAGE.read_text(encoding="utf-8").partition("## Minibatches, every cell")[2 if noisy else 0]
    table = part.partition(f"### {script.kind(delays)}\n")[2].partition("###")[0]
    assert script.line(script.computed(cell)) in table


def test_every_cell_stands_in_the_page(script):
    text = script.PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Full gradients, every cell")[2].splitlines() if line.startswith("| ")]
    assert len([row for row in rows if not row.startswith("| problem")]) == len(real_cells("lesson"))
    assert all(claim.statement in text for claim in CLAIMS) and str(DECIDING) in text
