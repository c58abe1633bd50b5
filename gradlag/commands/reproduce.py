"""`gradlag reproduce`: compute the studies' cells, then build the report from what is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import in_words, reporting
from experiments.studies import SCALES, STUDIES, Study, get_study
from experiments.sweep.executor import executor_for, run_cells
from experiments.sweep.store import CellOutcome, Executor, Store
from gradlag.commands.report import report
from gradlag.commands.report import show as show_report
from gradlag.terminal.output import print_entry, silent
from theory.common.errors import EnvironmentFailure, InputError
from theory.common.shown import Facts, Listed
from theory.common.spelling import meant
from theory.common.types import Say

_RUNG_SECONDS = 1.0
_CALIBRATED_SEEDS = {"quick": (8, 32), "lesson": (4, 8, 16, 32, 64), "paper": (4, 8, 16, 32, 64)}


def list_figures() -> Listed[Facts]:
    """The figures that `reproduce` makes, by name.

    >>> list_figures()["ladder"]["scales"]
    ['quick', 'lesson', 'paper']
    """
    return Listed({"figures": {name: _described(study) for name, study in STUDIES.items()}})


def _described(study: Study) -> Facts:
    facts = {"name": study.name, "title": study.title, "source": study.source, "scales": list(study.scales)}
    return Facts(study.title, facts)


def reproduce(
    figures: Sequence[str] = (),
    *,
    scale: str = "quick",
    jobs: int = 1,
    cluster: str | None = None,
    out: Path | str = "out",
    announce: Say = silent,
    progress: bool = False,
) -> Facts:
    """Compute what the named figures need, and build the report.

    Args:
        figures: their names, see `list_figures`; all by default. scale: quick, lesson or paper. out: the folder.
        jobs: local processes; cluster: the address of a Ray cluster in their place, or "local".
        announce: called with sentences for the user.
        progress: show progress and time left on stderr.

    Returns:
        Where the report is, as from `report`.

    Raises:
        InputError: an unknown figure or scale.
        EnvironmentFailure: results that failed, and the report holds what was finished; or a cluster that does not
            answer or was lost, and what was finished is in the folder.
    """
    if scale not in SCALES:
        raise InputError(f"The scale must be one of {', '.join(SCALES)}. Got {scale!r}.{meant(scale, SCALES)}")
    studies = [get_study(name) for name in (figures or _at(scale, announce))]
    folder = Path(out)
    for group in _alike(studies):
        group[0].store.check_needs([cell for study in group for cell in study.cells(scale)])
    with executor_for(jobs, cluster) as executor:
        batches = [_run(group, folder, executor, announce, scale, quiet=not progress) for group in _alike(studies)]
    outcomes = [outcome for batch in batches for outcome in batch]
    _tell_times(studies, outcomes, announce, scale)
    if not figures:
        _calibrate(folder, scale, announce, quiet=not progress)
    if any(study.name == "ladder" for study in studies):
        _judge(folder, announce, quiet=not progress)
    announce("Drawing the figures and writing the report.")
    built = report(folder, jobs=jobs, progress=progress)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed:
        raise EnvironmentFailure(
            f"{len(failed)} of {len(outcomes)} failed, the first being {failed[0].cell.name}: {failed[0].error} "
            f"The report {built['report']} shows the others; the same command tries the failed ones again."
        )
    return built


def _at(scale: str, announce: Say) -> list[str]:
    """The figures that there are at a scale; the others are named."""
    missing = [study.name for study in STUDIES.values() if scale not in study.scales]
    if missing:
        announce(f"Not there at the scale {scale}: {', '.join(missing)}.")
    return [name for name in STUDIES if name not in missing]


def _alike(studies: Sequence[Study]) -> list[list[Study]]:
    """Studies whose cells are computed together."""
    groups: dict[Store[Any], list[Study]] = {}
    for study in studies:
        groups.setdefault(study.store, []).append(study)
    return list(groups.values())


def _run(
    studies: Sequence[Study], out: Path, executor: Executor, announce: Say, scale: str, *, quiet: bool
) -> Sequence[CellOutcome]:
    """The cells of studies of one sort; a cell that several need is computed once."""
    cells = tuple(dict.fromkeys(cell for study in studies for cell in study.cells(scale)))
    store = studies[0].store
    announce(f"{len(cells)} {store.plural} at the scale {scale}, into {out}; finished ones are taken as they are.")
    with reporting(store.plural, quiet=quiet) as progress:
        command = f"gradlag reproduce --scale {scale}"
        return run_cells(store, cells, out, executor=executor, progress=progress, announce=announce, command=command)


def _tell_times(studies: Sequence[Study], outcomes: Sequence[CellOutcome], announce: Say, scale: str) -> None:
    """What each figure took; cells that several need count for the first."""
    left = {outcome.cell: outcome.seconds for outcome in outcomes}
    taken = {study.name: sum(left.pop(cell, 0.0) for cell in study.cells(scale)) for study in studies}
    told = ", ".join(f"{name} {in_words(seconds)}" for name, seconds in taken.items() if seconds > 0)
    if told:
        announce(f"Computed now: {told}, added up over all processes.")


def _calibrate(out: Path, scale: str, announce: Say, *, quiet: bool) -> None:
    """The checker's own error rates, which belong beside its verdicts; measured once a folder."""
    from experiments.check.calibration.calibrate import FILE, calibrate

    path = out / FILE
    if path.exists():
        return
    announce("Calibrating the checker on quadratics whose means are known (half a minute).")
    with reporting("calibration", quiet=quiet) as progress:
        table = calibrate(seeds=_CALIBRATED_SEEDS[scale], progress=progress)
    write_atomically(check_writable(path), json.dumps(asdict(table), allow_nan=False).encode())


def _judge(out: Path, announce: Say, *, quiet: bool) -> None:
    """The verdicts of the runs, with the worst cases of their ladders as far as a second goes for each."""
    from experiments.check.judged import judge_missing

    announce("Judging the runs, with worst cases for their ladders: some seconds each at most.")
    with reporting("verdicts", quiet=quiet) as progress:
        judge_missing(out, budget=_RUNG_SECONDS, progress=progress)


def show(found: Listed[Facts] | Facts) -> None:
    """The figures, a few lines each; or where the report is."""
    if isinstance(found, Facts):
        show_report(found)
        return
    for name, study in found.items():
        print_entry(name, study["title"], study["source"], f"scales: {', '.join(study['scales'])}")
