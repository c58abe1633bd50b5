"""The tables of the studies' claims: what was claimed, what was measured, the verdict; HTML, or text for documents.

`python -m figures.report.claims OUT` prints the text for the results in the folder OUT.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from html import unescape
from pathlib import Path

from markupsafe import Markup

from experiments.studies import STUDIES
from experiments.studies.claim import LEVEL, ClaimResult
from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.store import STALENESS
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from figures.report.rendering import number, render

# The classes of the other verdicts, whose symbols and colours these share.
DECISIONS = {"reproduced": "holds", "not reproduced": "violated", "inconclusive": "undecided"}


def claims_table(found: Sequence[ClaimResult]) -> Markup:
    """A row for each claim, in the order of the figures."""
    rows = [(each, DECISIONS[each.verdict], _effect(each)) for each in found]
    return render("claims.html", rows=rows, level=found[0].level if found else LEVEL)


def _effect(result: ClaimResult) -> Markup:
    if math.isnan(result.estimate):
        return Markup("–")
    return Markup("{}<br><small>[{}, {}], {} {}</small>").format(
        number(result.estimate, 2),
        number(result.low, 2),
        number(result.high, 2),
        "±" if result.claim.within else ">",
        number(result.claim.threshold, 2),
    )


def claims_text(found: Sequence[ClaimResult]) -> str:
    """The table in Markdown, a row for each claim."""
    lines = [
        "| figure | claim | verdict | effect [interval], threshold | seeds | numbers |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(each) for each in found)])


def _line(result: ClaimResult) -> str:
    claim = result.claim
    effect = unescape(re.sub("</?small>", "", _effect(result).replace("<br>", " ")))
    cells = (claim.figure, claim.statement, result.verdict, effect, str(result.seeds), result.evidence)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def all_claims(folder: Path | str) -> tuple[ClaimResult, ...]:
    """Those of the staleness study and of every related system, judged by the results in a folder."""
    stored = SYSTEM_RESULTS.load_all(folder)
    related = (each for name, system in SYSTEMS.items() for each in system.judged(STUDIES[name].chosen(stored)))
    return (*claims(STALENESS.load_all(folder)), *related)


if __name__ == "__main__":
    print(claims_text(all_claims(sys.argv[1])))
