"""A share of `make faults` with a fixed seed: whatever is done to a sweep, nothing is lost; and the suite can tell.

The whole, hundreds of faults, is benchmarks/faults.py. It forks its commands, and so runs in a process of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "faults.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or not Path("/proc/self/task").exists(), reason="needs Linux")

# Results are written where they belong, and not beside it first; then a command is killed when half of one is there.
CARELESS = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from faulting.bench import prepared
from faulting.instants import watch
from faulting.tally import Row
from experiments.runs import store as run_files
from experiments.sweep import executor, store
from faulting import tiny

def careless(path, content):
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())

def torn(number, what, argument):
    if what == "fsync" and Path(os.readlink(f"/proc/self/fd/{argument}")).parent.name == "cells":
        os.ftruncate(argument, os.fstat(argument).st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

for module in (run_files, store, executor):
    module.write_atomically = careless
tiny.install()
bench, row = prepared(Path(sys.argv[2]), 1.0), Row("torn")
with bench.folder() as out:
    bench.sweep(out, before=lambda: watch(out, torn)).wait()
    bench.prove(row, out, {}, [])
print(row.injected, row.survived, row.lost, row.redone)
"""


THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def ended(*line: str) -> subprocess.CompletedProcess[str]:
    """A process of one thread that has ended."""
    line = (sys.executable, *line)
    return subprocess.run(line, capture_output=True, text=True, timeout=300, env={**os.environ, **THREADS})


@pytest.fixture
def faulting(monkeypatch):
    """The faults can be imported, which sets how many threads a process has: here, for this test alone."""
    for name, number in THREADS.items():
        monkeypatch.setenv(name, number)
    monkeypatch.syspath_prepend(str(SCRIPT.parent))


def test_nothing_is_lost_and_the_counts_are_printed_and_kept(tmp_path):
    counts, parts = tmp_path / "counts.json", "kills,processes,instants,disk,folders,clocks,transfers"
    done = ended(str(SCRIPT), "--share", "0.01", "--jobs", "1", "--only", parts, "--out", str(counts))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["fault"]: row for row in json.loads(counts.read_text())["rows"]}
    assert all(row["survived"] == row["injected"] and row["lost"] == 0 for row in rows.values())
    injected = sum(row["injected"] for row in rows.values())
    assert f"{injected} faults injected, {injected} survived, 0 results lost." in done.stdout
    for fault in ("kill -9, random, one process", "two commands, one folder", "download, kill -9"):
        assert rows[fault]["injected"] >= 1 and fault in done.stdout


def test_a_careless_writer_is_caught(tmp_path):
    done = ended("-c", CARELESS, str(SCRIPT.parent), str(tmp_path))
    assert done.stdout.startswith("1 0 1 "), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "out", "err", "flags"),
    [
        (4, "", "", {}),
        (4, "", "gradlag: One.\ngradlag: Two.\n", {}),
        (0, "", "gradlag: A failure.\n", {}),
        (4, "", "gradlag: A failure.\nTraceback (most recent call last):\n", {}),
        (4, "", "gradlag: an unexpected error, which is a defect.\n", {}),
        (4, '{"error": "A failure.", "exit": 2}', "", {"as_json": True}),
        (4, "A failure.", "", {"as_json": True}),
        (4, '{"error": "A failure.", "exit": 4}', "gradlag: A failure.\n", {"as_json": True}),
    ],
)
def test_a_wrong_message_is_caught(faulting, status, out, err, flags):
    from faulting.tally import message_faults

    assert message_faults(status, out, err, **flags)
    assert not message_faults(4, "", "tiny: 50% done, about 1 s left\ngradlag: A failure.\n")
    assert not message_faults(4, '{"error": "A failure.", "exit": 4}', "a note\n", as_json=True)


def test_counts_are_read_back_and_nothing_else_is(faulting, tmp_path):
    from faulting.tally import Row, read_counts, table, write_counts

    rows = [Row("kill", 3, 2, 1, 5, 1.5), Row("head", skipped="Ray is not installed")]
    write_counts(rows, tmp_path / "counts.json", 0)
    *_, whole = read_counts(tmp_path / "counts.json")
    assert (whole["injected"], whole["survived"], whole["lost"], whole["redone"]) == (3, 2, 1, 5)
    assert "not tried: head: Ray is not installed" in table(rows)
    (tmp_path / "other.json").write_text('{"schema": "other"}')
    with pytest.raises(ValueError, match="no counts of faults"):
        read_counts(tmp_path / "other.json")
