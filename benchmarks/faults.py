"""Kills, fills up, damages and interrupts: after each fault, what was finished is intact and the rest is made again.

Usage: python benchmarks/faults.py [--share 1.0] [--seed 0] [--only kills,disk] [--jobs 2] [--out counts.json]

A small sweep of real cells is run through `gradlag reproduce`, in forks of a process that has imported everything and
compiled its kernels, and some commands from a cold start. After each fault: every file with a final name is whole and
as in an uninterrupted sweep; the same command makes the rest and leaves what was finished alone; a failure is one
sentence with the right exit status; no process lives on. The table counts faults, those after which all this held,
results lost and results redone. Exit status 1 if a result was lost or a fault was not survived.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing.pool import ThreadPool
from pathlib import Path

from faulting import clocks, clusters, disk, folders, kills, tiny, transfers
from faulting.bench import Bench, prepared
from faulting.child import adopt_orphans
from faulting.tally import Row, read_counts, table, total, write_counts

PARTS: Mapping[str, Callable[[Bench, int], list[Row]]] = {
    "kills": kills.alone,
    "processes": kills.several,
    "clusters": clusters.bereft,
    "cold": kills.started_cold,
    "instants": kills.chosen,
    "disk": disk.filled,
    "folders": folders.disturbed,
    "clocks": clocks.jumped,
    "transfers": transfers.interrupted,
}


def main() -> int:
    """Inject the faults and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="which part of the faults")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same faults, but for the clock")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--jobs", type=int, default=2, help="how many parts at a time, each in a process of its own")
    parser.add_argument("--out", type=Path, help="a file for the counts (JSON)")
    parser.add_argument("--reproduce", metavar="ARGUMENTS", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    tiny.install()
    if asked.reproduce is not None:  # a cold command that knows the tiny studies, for the cluster
        from gradlag.cli import execute

        return execute(asked.reproduce)
    names = [name for name in PARTS if name in asked.only.split(",")]
    if asked.jobs > 1 and len(names) > 1:
        rows = apart(names, asked.share, asked.seed, asked.jobs)
    else:
        rows = inject(names, asked.share, asked.seed)
    print(table(rows), flush=True)
    for complaint in [each for row in rows for each in row.complaints][:40]:
        print(complaint)
    if asked.out is not None:
        write_counts(rows, asked.out, asked.seed)
    whole = total(rows)
    print(f"{whole.injected} faults injected, {whole.survived} survived, {whole.lost} results lost.")
    return int(whole.lost > 0 or whole.survived < whole.injected)


def apart(names: list[str], share: float, seed: int, jobs: int) -> list[Row]:
    """Each part in a process of its own, a few at a time, the longest first."""
    with tempfile.TemporaryDirectory() as folder, ThreadPool(jobs) as pool:
        return [row for rows in pool.imap(lambda name: _part(name, Path(folder), share, seed), names) for row in rows]


def _part(name: str, folder: Path, share: float, seed: int) -> list[Row]:
    counts = folder / f"{name}.json"
    line = [sys.executable, __file__, "--only", name, "--share", str(share), "--seed", str(seed), "--out", str(counts)]
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=False)
    if not counts.exists():
        raise SystemExit(f"The part {name} did not come to its end: {done.stdout}")
    return [Row(**row) for row in read_counts(counts)[:-1]]


def inject(names: list[str], share: float, seed: int) -> list[Row]:
    """The faults of the named parts, in a scratch folder that goes afterwards."""
    adopt_orphans()
    place = Path(tempfile.mkdtemp(prefix="gradlag-faults-"))
    place.chmod(0o755)
    try:
        bench = prepared(place, share)
        rows = []
        for name in names:
            began = time.monotonic()
            rows += PARTS[name](bench, seed)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        return rows
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
