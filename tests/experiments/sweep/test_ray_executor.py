"""A cluster gives the same files as this process; dead workers are replaced, a dead head is told, nothing is lost."""

import os
import signal
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("ray")

from experiments.common import ray_process
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import STALENESS
from experiments.studies.worst_cases.delay_patterns import PatternCell
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep import ray_executor
from experiments.sweep.executor import executor_for, run_cells
from experiments.sweep.ray_executor import RayExecutor
from experiments.sweep.run_store import RUNS, Cell
from experiments.sweep.store import CellOutcome, Made
from gradlag.commands.reproduce import reproduce
from theory.common.errors import EnvironmentFailure, InputError

sys.path.append(str(Path(__file__).parent))
from executor_cells import SQUARES, Faulty
from test_executor import numbers, told

CELLS = tuple(Faulty(number) for number in range(12))


@pytest.fixture(scope="module")
def cluster():
    with executor_for(cluster="local") as executor:
        yield executor


def test_the_head_listens_on_loopback_only(cluster):
    assert cluster.head.startswith("127.0.0.1:")


def test_a_cluster_gives_what_this_process_gives(cluster, tmp_path):
    from experiments.runs.store import load

    there, here = tmp_path / "there", tmp_path / "here"
    runs = [
        Cell(f"s{s}", "quadratic:d=5", "1/(s*L)", staleness=s, steps=10, seeds=10, delays="uniform") for s in (1, 3)
    ]
    workers = [WorkerCell("fig1", "problem:quadratic:d=3", 2, s, 10, lags=2, seeds=2, metric="loss") for s in (0, 4)]
    solved = [PatternCell("constant", 0.5, 2, 3)]
    for store, cells in ((RUNS, runs), (STALENESS, workers), (SOLVED, solved)):
        ours = run_cells(store, cells, here)
        theirs = run_cells(store, cells, there, executor=cluster)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.path.relative_to(here) == other.path.relative_to(there) and other.seconds > 0
            if store is RUNS:
                assert load(mine.path).identical(load(other.path))
            else:
                assert told(mine.path.read_bytes()) == told(other.path.read_bytes())
        assert [outcome.seconds for outcome in run_cells(store, cells, there, executor=cluster)] == [0.0] * len(cells)


def test_dead_workers_are_replaced_and_what_raises_is_not_tried_again(cluster, tmp_path):
    said = []
    mark, marks = tmp_path / "mark", tmp_path / "marks"
    cells = (*CELLS, Faulty(20, "die once", str(mark)), Faulty(21, "die", str(marks)), Faulty(22, "raise"))
    *done, once, always, raised = run_cells(SQUARES, cells, tmp_path, executor=cluster, announce=said.append)
    assert all(outcome.error is None for outcome in done)
    assert once.path.exists() and len(once.notes) == 1 and "tried again" in once.notes[0]
    assert len(always.notes) == 2 and "died 3 times" in always.error
    log = tmp_path / "logs" / "faulty-21.log"
    assert str(log) in always.error and "the last words of 21" in log.read_text()
    assert raised.notes == () and raised.error.startswith("ZeroDivisionError: by accident.")
    assert "executor_cells.py" in (tmp_path / "logs" / "faulty-22.log").read_text()
    assert numbers(tmp_path) == {number: number**2 for number in (*range(12), 20)}


def test_an_interruption_keeps_what_is_finished_and_the_same_cluster_goes_on(cluster, tmp_path):
    def press(done: int, total: int) -> None:
        if done > 0:
            raise KeyboardInterrupt

    cells = [Faulty(number, pause=0.05) for number in range(20)]
    with pytest.raises(KeyboardInterrupt):
        run_cells(SQUARES, cells, tmp_path, executor=cluster, progress=press)
    assert 1 <= len(numbers(tmp_path)) < 20
    assert all(outcome.path for outcome in run_cells(SQUARES, cells, tmp_path, executor=cluster))
    assert numbers(tmp_path) == {number: number**2 for number in range(20)}


def test_a_full_disk_fails_the_cell_and_not_the_sweep(cluster, tmp_path, monkeypatch):
    real = os.fsync

    def full(descriptor: int) -> None:
        if "faulty-5-" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    outcomes = run_cells(SQUARES, CELLS, tmp_path, executor=cluster)
    assert [outcome.cell.number for outcome in outcomes if outcome.error] == [5]
    assert "no space left" in outcomes[5].error
    assert not list(tmp_path.rglob("*.tmp"))


class Scripted:
    """A connection whose other end answers at once, and is gone after some answers."""

    def __init__(self, answers: int = 10**9):
        self.orders, self.most, self.left = [], 0, answers

    def send(self, order):
        if order != "cancel":
            self.orders.append(order)
            self.most = max(self.most, len(self.orders))

    def poll(self, seconds):
        return True

    def recv(self):
        if self.left == 0:
            raise EOFError
        self.left -= 1
        number, make, cell, command = self.orders.pop(0)
        return number, make(cell, command)


def test_no_more_than_the_window_is_on_its_way(tmp_path):
    connection = Scripted()
    run_cells(SQUARES, CELLS, tmp_path, executor=RayExecutor(connection, 3, "", tmp_path / "log"))
    assert connection.most == 3 and len(numbers(tmp_path)) == 12


def test_a_lost_head_is_one_sentence_and_the_same_command_goes_on(tmp_path):
    with pytest.raises(EnvironmentFailure, match=r"head at h:1, .* does not answer\. The same command goes on") as lost:
        run_cells(SQUARES, CELLS, tmp_path, executor=RayExecutor(Scripted(4), 3, "h:1", tmp_path / "log"))
    assert lost.value.exit_status == 4 and len(numbers(tmp_path)) == 4
    connection = Scripted()
    run_cells(SQUARES, CELLS, tmp_path, executor=RayExecutor(connection, 3, "h:1", tmp_path / "log"))
    assert connection.left == 10**9 - 8 and len(numbers(tmp_path)) == 12


def test_a_head_that_does_not_answer_twice_is_lost_although_workers_go_on(tmp_path, monkeypatch):
    answers = iter([True, False, True, False, False])
    monkeypatch.setattr(ray_executor, "_PULSE", 0.0)
    monkeypatch.setattr(ray_executor, "unanswered", lambda head, seconds: None if next(answers) else "silent")
    with pytest.raises(EnvironmentFailure, match="does not answer"):
        run_cells(SQUARES, CELLS, tmp_path, executor=RayExecutor(Scripted(), 1, "h:1", tmp_path / "log"))
    assert len(numbers(tmp_path)) == 4


def test_an_answer_of_an_earlier_sweep_is_passed_over(tmp_path):
    class Late(Scripted):
        late = True

        def recv(self):
            if self.late:
                self.late = False
                return 10**6, Made("strange", b"", 0.0)
            return super().recv()

    run_cells(SQUARES, CELLS[:2], tmp_path, executor=RayExecutor(Late(), 1, "", tmp_path / "log"))
    assert numbers(tmp_path) == {0: 0, 1: 1}


def test_a_refusal_of_a_worker_is_the_error_of_its_cell(tmp_path):
    class Old(Scripted):
        def recv(self):
            number, *_ = self.orders.pop(0)
            return number, CellOutcome(None, None, "Its worker has gradlag 0.")

    outcome = run_cells(SQUARES, CELLS[:1], tmp_path, executor=RayExecutor(Old(), 1, "", tmp_path / "log"))[0]
    assert outcome.error.startswith("Its worker has gradlag 0. Its log is")


@pytest.mark.parametrize("address", ["", "head", "head:", "head:0", "head:70000", "ray://head:10001", ":6379", "h:x"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match="HOST:PORT"), executor_for(cluster=address):
        pass


def test_an_address_where_nobody_answers_is_one_sentence(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with pytest.raises(EnvironmentFailure, match=f"127.0.0.1:{port} cannot be used") as failure:
        reproduce(("slack",), cluster=f"127.0.0.1:{port}", out=tmp_path, announce=lambda sentence: None)
    assert failure.value.exit_status == 4


def test_without_ray_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ray_process, "ray_is_installed", lambda: False)
    with pytest.raises(InputError, match=r"pip install 'gradlag\[cluster\]'"), executor_for(cluster="local"):
        pass


@pytest.mark.long
def test_an_address_where_something_else_answers_is_one_sentence():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        pytest.raises(EnvironmentFailure, match="cannot be used"),
        executor_for(cluster=f"127.0.0.1:{server.getsockname()[1]}"),
    ):
        pass


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("victim", ["gcs_server", "raylet"])
def test_a_head_that_is_killed_ends_the_command_and_leaves_no_process(tmp_path, victim):
    def kill(done: int, total: int) -> None:
        if done > 0 and not killed:
            killed.extend(pid for pid, line in processes(place) if Path(line[0]).name == victim)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    killed: list[int] = []
    cells = [Faulty(number, pause=0.5) for number in range(1000)]
    with pytest.raises(EnvironmentFailure, match="was lost") as lost, executor_for(cluster="local") as executor:
        place = executor.log.parent
        run_cells(SQUARES, cells, tmp_path, executor=executor, progress=kill)
    assert killed and lost.value.exit_status == 4
    finished = numbers(tmp_path)
    assert finished and all(square == number**2 for number, square in finished.items())
    assert not place.exists()
    deadline = time.monotonic() + 20
    while processes(place) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes(place)


def processes(place: Path) -> list[tuple[int, list[str]]]:
    """The processes that name a folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except (OSError, NotADirectoryError):
            continue
        if entry.name.isdigit() and str(place) in line:
            found.append((int(entry.name), line.split("\0")))
    return found


def test_the_files_of_a_cluster_are_whole(cluster, tmp_path):
    run_cells(SQUARES, CELLS, tmp_path, executor=cluster, command="gradlag reproduce")
    assert [result.command for result in SQUARES.load_all(tmp_path)] == ["gradlag reproduce"] * 12
