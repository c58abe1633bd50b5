"""Any executor gives the same files; two commands on one folder lose nothing; a failure is told with its log."""

import json
import multiprocessing
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import STALENESS
from experiments.studies.worst_cases.delay_patterns import PatternCell
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep import processes
from experiments.sweep.executor import executor_for, run_cells
from experiments.sweep.processes import Processes
from experiments.sweep.run_store import RUNS, Cell
from experiments.sweep.store import ThisProcess
from theory.common.errors import InputError, StoreError

sys.path.append(str(Path(__file__).parent))
from executor_cells import SQUARES, Faulty

CELLS = tuple(Faulty(number) for number in range(5))
FAILING = Faulty(7, "raise")


def numbers(out) -> dict[str, int]:
    return {result.cell.number: result.values["square"] for result in SQUARES.load_all(out)}


@pytest.mark.parametrize("executor", [ThisProcess(), Processes(2)], ids=["here", "processes"])
def test_every_executor_gives_every_cell_its_file_and_every_failure_its_log(tmp_path, executor):
    told = []
    *outcomes, failing = run_cells(SQUARES, (*CELLS, FAILING), tmp_path, executor=executor, announce=told.append)
    assert [outcome.cell for outcome in outcomes] == list(CELLS)
    assert numbers(tmp_path) == {number: number**2 for number in range(5)}
    log = tmp_path / "logs" / "faulty-7.log"
    assert failing.error == f"ZeroDivisionError: by accident. Its log is {log}."
    assert told == [f"The cell faulty/7 failed: {failing.error}"]
    assert "executor_cells.py" in log.read_text() and "number=7" in log.read_text()
    assert not multiprocessing.active_children()


def test_a_dead_process_costs_no_finished_cell(tmp_path):
    run_cells(SQUARES, CELLS, tmp_path)
    *_, dead = run_cells(SQUARES, (*CELLS, Faulty(9, "die")), tmp_path, jobs=2)
    assert "ended abruptly" in dead.error and numbers(tmp_path) == {number: number**2 for number in range(5)}


def test_a_pool_that_breaks_while_cells_are_handed_in_fails_those_cells(tmp_path, monkeypatch):
    real, calls = processes.ProcessPoolExecutor.submit, []

    def submit(pool, *call):
        calls.append(call)
        if len(calls) > 2:
            raise BrokenProcessPool("A child process terminated abruptly.")
        return real(pool, *call)

    monkeypatch.setattr(processes.ProcessPoolExecutor, "submit", submit)
    outcomes = run_cells(SQUARES, CELLS, tmp_path, jobs=2)
    assert sum(outcome.error is None for outcome in outcomes) == 2
    assert sum("ended abruptly" in (outcome.error or "") for outcome in outcomes) == 3


STOPPED = """
import os, signal, sys, weakref
from experiments.sweep import processes
class Thing: pass
def stop(reference): os.kill(os.getpid(), signal.SIGTERM); [None for _ in range(1000)]
def run(*ignored):
    thing = Thing(); kept = weakref.ref(thing, stop); del thing
    print("went on", flush=True)
processes._run_in_process(run, None, None, "")
"""


def test_a_request_to_stop_is_heard_where_python_drops_exceptions():
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


SWALLOWED = """
import os, signal, time
from experiments.sweep import processes
processes._GRACE = 1
def run(*ignored):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(60)
processes._run_in_process(run, None, None, "")
"""


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="there are no alarms here")
def test_a_process_that_swallows_the_request_to_stop_ends_all_the_same():
    """As the pool does with what is raised just after a cell; the command would wait for that process for ever."""
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGALRM, "", "")


def test_progress_goes_from_nothing_to_everything(tmp_path):
    seen = []
    run_cells(SQUARES, CELLS, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 15) and seen[-1] == (15, 15) and seen == sorted(seen)


def test_what_workers_make_is_what_a_process_with_the_folder_writes(tmp_path):
    """Where there is no shared disk, the bytes that travel are those of the file, but for times and command."""
    cells = {
        STALENESS: WorkerCell("fig1", "problem:quadratic:d=3", 2, 1, 10, lags=2, seeds=2, metric="loss"),
        SOLVED: PatternCell("constant", 0.5, 2, 3),
    }
    for store, cell in cells.items():
        made = store.make(cell, "elsewhere")
        path = store.run(cell, tmp_path, "here", None).path
        assert path == tmp_path / store.folder / made.name
        assert told(made.content) == told(path.read_bytes())
        assert store.finder(tmp_path)(cell).path == store.keep(made, tmp_path) == path
        assert store.finder(tmp_path)(cell).notes == ()


def told(content: bytes) -> dict[str, object]:
    """What a file says of its cell; a commit may be made while tests run, so that versions are left out."""
    left_out = ("seconds", "created", "command", "content", "versions")
    stored = json.loads(content)
    return {name: stored[name] for name in stored if name not in left_out}


def test_a_run_that_was_made_elsewhere_is_found_and_taken(tmp_path):
    cell = Cell("tiny", "quadratic:d=5", "1/(s*L)", staleness=2, steps=10, seeds=3)
    assert RUNS.finder(tmp_path)(cell).path is None
    path = RUNS.keep(RUNS.make(cell, ""), tmp_path)
    assert RUNS.finder(tmp_path)(cell).path == path
    assert RUNS.run(cell, tmp_path, "", None).seconds == 0
    path.write_bytes(path.read_bytes()[:-100])
    found = RUNS.finder(tmp_path)(cell)
    assert found.path is None and "run again" in found.notes[0] and path.exists()


def test_a_made_file_stays_in_its_folder_whatever_its_name(tmp_path):
    made = SQUARES.make(CELLS[0], "")
    strange = type(made)(f"../../{made.name}", made.content, 0.0)
    assert SQUARES.keep(strange, tmp_path).parent == tmp_path / "faulty"


@pytest.mark.parametrize(
    "damage",
    [
        {"cell": {"number": "none", "other": 1}},
        {"values": None},
        {"key": "0" * 64},
        {"schema": "faulty/2"},
        {"content": None},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_an_altered_file_is_refused_and_made_again(tmp_path, damage):
    path = SQUARES.run(CELLS[3], tmp_path, "", None).path
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    with pytest.raises(StoreError, match="damaged or altered"):
        SQUARES.load(path)
    again = SQUARES.run(CELLS[3], tmp_path, "", None)
    assert again.path == path and "computed again" in again.notes[0] and SQUARES.load(path).cell == CELLS[3]


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "1e999", '{"schema": 3}', "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")]
)
def test_any_other_file_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StoreError, match="damaged or altered"):
        SQUARES.load(path)


def test_a_whole_file_of_another_cell_is_not_taken(tmp_path):
    mine, other = (SQUARES.run(cell, tmp_path, "", None).path for cell in CELLS[:2])
    mine.write_bytes(other.read_bytes())
    again = SQUARES.run(CELLS[0], tmp_path, "", None)
    assert "another cell" in again.notes[0] and numbers(tmp_path) == {0: 0, 1: 1}


COMMAND = """
import sys, time
sys.path.append(sys.argv[1])
from pathlib import Path
from executor_cells import SQUARES, Faulty
from experiments.runs import execute as runs
from experiments.sweep import RUNS, Cell, run_cells
runs._PAUSE, runs._BLOCK = 0.0, 1  # every seed is a block, and every block is stored
out, steps = Path(sys.argv[2]), int(sys.argv[3])
(out / sys.argv[4]).touch()
while len(list(out.glob("ready*"))) < 2:
    time.sleep(0.001)
cells = [Cell("same", "quadratic:d=5", "1/(s*L)", staleness=2, steps=10 + n, seeds=4) for n in range(steps)]
outcomes = [*run_cells(RUNS, cells, out), *run_cells(SQUARES, [Faulty(n, pause=0.002) for n in range(20)], out)]
print([outcome.error for outcome in outcomes if outcome.error is not None])
"""


def test_two_commands_on_one_folder_lose_nothing(tmp_path):
    """Both want the same cells at the same instants: their files, blocks and folders of blocks clash."""
    steps = 12
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(Path(__file__).parent), str(tmp_path), str(steps), f"ready{n}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    for command in commands:
        out, err = command.communicate(timeout=60)
        assert out.strip() == "[]", err
    cells = [Cell("same", "quadratic:d=5", "1/(s*L)", staleness=2, steps=10 + n, seeds=4) for n in range(steps)]
    assert all(RUNS.finder(tmp_path)(cell).path for cell in cells)
    assert numbers(tmp_path) == {number: number**2 for number in range(20)}
    assert not list(tmp_path.rglob("*.tmp")) and not list(tmp_path.rglob("*.parts"))


def test_jobs_and_a_cluster_are_not_given_together():
    with pytest.raises(InputError, match="Leave it out"):
        executor_for(2, "local")
