"""The table of the study's claims: what was claimed, what was measured, and the verdict; HTML, or text for documents.

`python -m figures.report.claims OUT` prints the text for the results in the folder OUT.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from html import unescape

from markupsafe import Markup

from experiments.studies.staleness.claims.study_claims import LEVEL, ClaimResult, claims
from experiments.studies.staleness.store import STALENESS
from figures.report.rendering import number, render

# The classes of the other verdicts, whose symbols and colours these share.
_DECISIONS = {"reproduced": "holds", "not reproduced": "violated", "inconclusive": "undecided"}


def claims_table(found: Sequence[ClaimResult]) -> Markup:
    """A row for each claim, in the order of the figures."""
    rows = [(each, _DECISIONS[each.verdict], _effect(each)) for each in found]
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


if __name__ == "__main__":
    print(claims_text(claims(STALENESS.load_all(sys.argv[1]))))
