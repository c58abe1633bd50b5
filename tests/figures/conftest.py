"""Small real runs that every figure is drawn from: a noisy quadratic at three stalenesses, and one schedule with T."""

import pytest

from experiments.check.check import check
from experiments.check.judged import judge_missing
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from experiments.sweep.executor import run_cells
from experiments.sweep.run_store import RUNS, Cell

PROBLEM = "quadratic:d=5,condition=10,noise=0.5"
STALENESSES = (1, 2, 4)


@pytest.fixture(scope="session")
def runs():
    """Constant steps, half of the inverse staleness, with a coherence that the noise breaks late in the run."""
    return {
        s: execute(plan(PROBLEM, "1/(2*s*L)", s, 200, seeds=8, constants={"mu": 0.5}), progress=None)
        for s in STALENESSES
    }


@pytest.fixture(scope="session")
def verdicts(runs):
    return {s: check(run) for s, run in runs.items()}


@pytest.fixture(scope="session")
def theorem_verdict():
    """Theorem 1's own steps, where all three of its rungs have a value."""
    return check(execute(plan(PROBLEM, "theorem-1", 4, 200, seeds=8, constants={"mu": 0.5})))


@pytest.fixture(scope="session")
def horizon_verdict():
    """Corollary 1's step contains T: one run for each T."""
    return check([execute(plan(PROBLEM, "corollary-1", 2, T, seeds=8)) for T in (10, 20, 40, 80)])


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A folder as `gradlag reproduce` leaves it."""
    folder = tmp_path_factory.mktemp("results")
    cells = [Cell(f"theorem-1-s{s}", PROBLEM, "theorem-1", s, 60, seeds=32, constants={"mu": 0.5}) for s in (2, 4)]
    cells += [Cell(f"corollary-1-T{T}", PROBLEM, "corollary-1", 2, T, seeds=32) for T in (10, 20, 40, 80)]
    outcomes = run_cells(RUNS, cells, folder, command="gradlag reproduce --scale quick")
    assert not [outcome.error for outcome in outcomes if outcome.error]
    judge_missing(folder)
    return folder
