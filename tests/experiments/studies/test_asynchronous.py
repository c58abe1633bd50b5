"""The study of servers: cells on disk, resumed from stored runs, and recorded traces where Ray is not installed."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.servers.recorded import recorded_traces
from experiments.studies import asynchronous
from experiments.studies.asynchronous import ASYNC, AsyncCell, asynchronous_cells
from experiments.sweep.executor import run_cells
from theory.common.errors import StoreError

LATE = AsyncCell(
    "late", "quadratic:d=2,noise=0.5", "1/(2*s*L)", "3*exponential:mean=1", 120, 3, 6, 20, bound=1, stretch=2.0
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("async")
    (outcome,) = run_cells(ASYNC, [LATE, LATE], out, command="gradlag reproduce --scale quick")
    assert outcome.error is None
    return out


def test_a_result_is_given_back_by_its_file(made):
    (result,) = ASYNC.load_all(made)
    assert result.cell == LATE and result.values["summary"]["overall"]["updates"] == 120
    assert set(result.values["apart"]) == {"replay", "shuffled", "uniform", "virtual clock"}
    assert result.values["noise"]["value"] > 0.3


def test_finished_cells_are_taken_as_they_are(made):
    before = ASYNC.path(LATE, made).stat().st_mtime_ns
    (outcome,) = run_cells(ASYNC, [LATE], made)
    assert outcome.seconds == 0 and ASYNC.path(LATE, made).stat().st_mtime_ns == before


def test_a_damaged_result_is_made_of_the_stored_runs_again(made):
    path, runs = ASYNC.path(LATE, made), ASYNC.stored_runs(LATE, made)
    values = ASYNC.load(path).values
    path.write_text(path.read_text()[:-5])
    with pytest.raises(StoreError, match="damaged"):
        ASYNC.load(path)
    ASYNC.run_path(LATE, made, 2).unlink()
    (outcome,) = run_cells(ASYNC, [LATE], made)
    assert outcome.error is None and ASYNC.load(path).values == values
    np.testing.assert_array_equal(ASYNC.stored_runs(LATE, made)[2].final, runs[2].final)


def test_runs_of_another_server_are_not_taken(made):
    other = replace(LATE, schedule="1/(4*s*L)")
    assert ASYNC.path(other, made) != ASYNC.path(LATE, made) and not ASYNC.stored_runs(other, made)


def test_without_ray_the_recorded_traces_are_used_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(asynchronous, "ray_is_installed", lambda: False)
    told = []
    even = asynchronous_cells("quick")[0]
    unknown = replace(even, name="elsewhere")
    found, refused = run_cells(ASYNC, [even, unknown], tmp_path, announce=told.append)
    assert found.error is None and "recorded traces" in told[0]
    (run, *_) = ASYNC.stored_runs(even, tmp_path)
    assert run.trace.digest == recorded_traces("even")[0].digest
    assert "pip install 'gradlag[cluster]'" in refused.error
    log = tmp_path / "logs" / "elsewhere.log"
    assert str(log) in refused.error and "StoreError" in log.read_text()


@pytest.mark.parametrize(
    "cell", [cell for cell in asynchronous_cells("quick") if cell.real], ids=lambda cell: cell.name
)
def test_the_traces_that_travel_along_are_those_of_the_cells(cell):
    traces = recorded_traces(cell.name)
    assert len(traces) == cell.runs and {trace.steps for trace in traces} == {cell.steps}
    for trace in traces:
        assert trace.count == len(cell.speeds) and trace.source == "ray"
        last = np.zeros(trace.count, dtype=np.int64)
        last[trace.workers] = np.arange(1, trace.steps + 1)
        # All workers were busy all the time: delays and ages at the end add up.
        assert trace.delays.sum() + (trace.steps - last).sum() == trace.steps * (trace.count - 1)
