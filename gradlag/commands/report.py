"""`gradlag report`: the HTML report from what is stored."""

from __future__ import annotations

from pathlib import Path

from experiments.common.progress import reporting
from gradlag.terminal.output import print_text
from theory.common.errors import InputError
from theory.common.shown import Facts
from theory.staleness.count import whole_number


def report(out: Path | str = "out", *, pdf: bool = False, jobs: int = 1, progress: bool = False) -> Facts:
    """Rebuild the HTML report from stored results; runs that have no verdict of this version are judged first.

    Args:
        out: the folder with the results.
        pdf: every figure as PDF as well; those that lie there are made again in any case.
        jobs: how many processes draw.
        progress: show progress and time left on stderr.

    Returns:
        Where it is: `report`, a path.

    Raises:
        InputError: `jobs` is not a whole number of at least 1.
        StoreError: there are no results in the folder, or damaged ones.
    """
    from experiments.check.judged import find_families, judge_missing
    from figures.report.build import build_report

    count = whole_number(jobs, 1, "The number of jobs", InputError)
    with reporting("verdicts", quiet=not progress) as tell:
        judge_missing(families := find_families(out), progress=tell)
    with reporting("figures", quiet=not progress) as tell:
        path = build_report(Path(out), tell, pdf=pdf, jobs=count, families=families)
    return Facts(f"The report is {path.resolve()}", {"report": str(path)})


def show(found: Facts) -> None:
    """Where the report is."""
    print_text(found.line)
