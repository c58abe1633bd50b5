"""A small but real sweep: cells of each sort, through `gradlag reproduce`, and how its results are compared.

The studies are tiny ones and the report is one line; blocks of seeds are single seeds that are stored at once, so that
there is something to lose at every instant. Everything else is the command's own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from experiments.common.files import check_writable, write_atomically
from experiments.runs import execute as runs
from experiments.runs.store import load
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import STALENESS
from experiments.studies.study import Study
from experiments.studies.worst_cases.delay_patterns import PatternCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.run_store import RUNS, Cell
from gradlag.commands import reproduce
from theory.common.errors import StoreError
from theory.common.shown import Facts

STORES = (RUNS, STALENESS, SOLVED)
CELLS = tuple(
    Cell(f"tiny-s{s}", "quadratic:d=4", "1/(s*L*sqrt(k))", staleness=s, steps=12, seeds=3, delays="uniform")
    for s in (1, 3)
)
WORKERS = tuple(WorkerCell("fig1", "problem:quadratic:d=3", 2, s, 10, lags=2, seeds=2, metric="loss") for s in (0, 4))
WORST = (PatternCell("constant", 0.5, 2, 3), GrowthCell("theorem-1", 2, 6))
# For a cluster: enough that it is still at work when something is killed.
MANY = tuple(WorkerCell("fig1", "problem:quadratic:d=3", 2, s, 4000, seeds=2, metric="loss") for s in range(24))

TINY = {
    "tiny": Study("tiny", "runs", "", lambda scale: CELLS),
    "tiny-workers": Study("tiny-workers", "", "", lambda scale: WORKERS, STALENESS),
    "tiny-solved": Study("tiny-solved", "", "", lambda scale: WORST, SOLVED),
    "many": Study("many", "", "", lambda scale: MANY, STALENESS),
}
_CIRCUMSTANCES = ("seconds", "created", "command", "versions", "content")
NAMES = ("tiny", "tiny-workers", "tiny-solved")

_RIGHT: set[tuple[str, int]] = set()

Contents = Mapping[str, Any]
Snapshot = Mapping[str, tuple[int, int, str]]


def install() -> None:
    """Have this process, and all that are forked from it, know the tiny studies alone."""
    runs._PAUSE, runs._BLOCK = 0.0, 1
    vars(reproduce).update(STUDIES=TINY, get_study=TINY.__getitem__, report=_report)


def _report(out: Path, progress: bool = False, jobs: int = 1) -> Facts:
    names = [path.name for path in final_files(out)]
    write_atomically(check_writable(out / "report.html"), "\n".join(names).encode())
    return Facts("", {"report": str(out / "report.html")})


def arguments(out: Path, *flags: str, names: tuple[str, ...] = NAMES) -> list[str]:
    """The command line of the sweep."""
    return ["reproduce", *names, "--out", str(out), *flags]


def final_files(out: Path) -> list[Path]:
    """The files that have the names of finished results."""
    found = [path for store in STORES for path in (out / store.folder).glob("*") if not path.name.startswith(".")]
    return sorted(path for path in found if path.suffix in (".nc", ".json"))


def content(path: Path) -> Any:
    """What a result says, whoever computed it when and for which command; StoreError if it cannot be used."""
    if path.suffix == ".nc":
        return load(path)
    (STALENESS if path.parent.name == STALENESS.folder else SOLVED).load(path)
    stored = json.loads(path.read_bytes())
    return {name: stored[name] for name in stored if name not in _CIRCUMSTANCES}


def contents(out: Path) -> dict[str, Any]:
    """Every finished result; StoreError if one cannot be used."""
    return {str(path.relative_to(out)): content(path) for path in final_files(out)}


def unlike(out: Path, reference: Contents) -> list[str]:
    """The files with final names that cannot be read, or that hold anything but what the reference does."""
    return [str(path.relative_to(out)) for path in final_files(out) if not _same(path, out, reference)]


def _same(path: Path, out: Path, reference: Contents) -> bool:
    """A file that was seen to be right, byte for byte, is not decoded once more."""
    expected = reference.get(str(path.relative_to(out)))
    try:
        seen = hashlib.sha256(path.read_bytes()).hexdigest(), id(expected)
        if seen not in _RIGHT and expected is not None:
            found = content(path)
            if bool(found.identical(expected)) if path.suffix == ".nc" else found == expected:
                _RIGHT.add(seen)
    except (OSError, StoreError):
        return False
    return seen in _RIGHT


def snapshot(out: Path) -> dict[str, tuple[int, int, str]]:
    """Which file is under which final name: its number, its time and the digest of its bytes."""
    return {str(path.relative_to(out)): _seen(path) for path in final_files(out) if path.is_file()}


def _seen(path: Path) -> tuple[int, int, str]:
    state = path.stat()
    return state.st_ino, state.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()


def leftovers(out: Path) -> list[Path]:
    """Temporary files and folders of blocks that nobody removed."""
    return [*out.rglob(".*.tmp"), *out.rglob(".*.parts")]


def prefill(source: Path, out: Path, random: Random, share: float = 0.5) -> None:
    """Finish some of the results beforehand: copies of those that are whole."""
    for path in final_files(source):
        if random.random() < share:
            target = out / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
