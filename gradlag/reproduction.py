"""`gradlag reproduce` and `gradlag report`: run the studies' cells, then build the report from what is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.progress import reporting
from experiments.store import check_writable, write_atomically
from experiments.studies import SCALES, STUDIES, get_study
from experiments.sweep import Cell, Outcome, run_cells
from gradlag.output import print_entry
from theory.errors import EnvironmentFailure, InputError
from theory.staleness import whole_number

_CALIBRATED_SEEDS = {"quick": (8, 32), "lesson": (4, 8, 16, 32, 64), "paper": (4, 8, 16, 32, 64)}


def describe_figures() -> list[dict[str, Any]]:
    """The figures that `reproduce` makes."""
    return [
        {"name": study.name, "title": study.title, "source": study.source, "scales": list(study.scales)}
        for study in STUDIES.values()
    ]


def print_figures(described: Sequence[dict[str, Any]]) -> None:
    """The figures, a few lines each."""
    for each in described:
        print_entry(each["name"], each["title"], each["source"], f"scales: {', '.join(each['scales'])}")


def reproduce(
    names: Sequence[str], *, scale: str = "quick", jobs: int = 1, out: Path, announce: Callable[[str], None]
) -> Path:
    """Run what the named figures need (all by default), and build the report.

    Args:
        names: figures; scale: quick, lesson or paper; jobs: local processes; out: the folder.
        announce: called with sentences for the user.

    Returns:
        The path of the report.

    Raises:
        InputError: an unknown figure or scale.
        EnvironmentFailure: cells that failed; the report holds what was finished.
    """
    if scale not in SCALES:
        raise InputError(f"The scale must be one of {', '.join(SCALES)}. Got {scale!r}.")
    whole_number(jobs, 1, "The number of jobs", InputError)
    studies = [get_study(name) for name in (names or STUDIES)]
    cells = tuple(dict.fromkeys(cell for study in studies for cell in study.cells(scale)))
    outcomes = _run(cells, out, jobs, announce, scale)
    if not names:
        _calibrate(out, scale, announce)
    announce("All runs are there; drawing the figures and writing the report.")
    report = rebuild_report(out)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed:
        raise EnvironmentFailure(
            f"{len(failed)} of {len(outcomes)} runs failed, the first being {failed[0].cell.name}: {failed[0].error} "
            f"The report {report} shows the others; the same command tries the failed ones again."
        )
    return report


def _run(
    cells: Sequence[Cell], out: Path, jobs: int, announce: Callable[[str], None], scale: str
) -> tuple[Outcome, ...]:
    announce(f"{len(cells)} runs at the scale {scale}, into {out}; finished ones are taken as they are.")
    with reporting("reproduce") as progress:
        return run_cells(
            cells, out, jobs=jobs, progress=progress, announce=announce, command=f"gradlag reproduce --scale {scale}"
        )


def _calibrate(out: Path, scale: str, announce: Callable[[str], None]) -> None:
    """The checker's own error rates, which belong beside its verdicts; measured once a folder."""
    from experiments.calibration import calibrate
    from figures.results import CALIBRATION

    path = out / CALIBRATION
    if path.exists():
        return
    announce("Calibrating the checker on quadratics whose means are known (half a minute).")
    table = calibrate(seeds=_CALIBRATED_SEEDS[scale])
    write_atomically(check_writable(path), json.dumps(asdict(table), allow_nan=False).encode())


def rebuild_report(out: Path) -> Path:
    """The report from stored results alone."""
    from figures.report import build_report

    return build_report(out)
