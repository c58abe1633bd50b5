"""The table of the study's claims: what was claimed, what was measured, and the verdict; HTML, or text for documents.

`python -m figures.report.claims OUT` prints the text for the results in the folder OUT.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from html import escape

from experiments.studies.staleness.claims.study_claims import LEVEL, ClaimResult, claims
from experiments.studies.staleness.store import STALENESS
from figures.report.tables import number

# A symbol and a word, so that no verdict is told by its colour alone; the classes are those of the other verdicts.
_WORDS = {
    "reproduced": ("✓", "reproduced", "holds"),
    "not reproduced": ("✗", "not reproduced", "violated"),
    "inconclusive": ("?", "inconclusive", "undecided"),
}
_HEADS = (("figure", ""), ("claim", ""), ("verdict", ""), ("effect", "number"), ("seeds", "number"), ("numbers", ""))


def claims_table(found: Sequence[ClaimResult]) -> str:
    """A row for each claim, in the order of the figures."""
    heads = "".join(f'<th scope="col" class="{kind}">{text}</th>' for text, kind in _HEADS)
    rows = "".join(_row(each) for each in found)
    return (
        f'<div class="panel"><table class="claims"><caption>{_caption(found)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _caption(found: Sequence[ClaimResult]) -> str:
    level = found[0].level if found else LEVEL
    return (
        "Every claim is a predicate that was written down before the runs; pointing at a claim shows it. The effect is "
        f"the mean over seeds with Student's {level:.0%} interval, seeds being paired over the cells compared, and the "
        "threshold behind it. Reproduced: the interval is beyond the threshold; not reproduced: on the wrong side of "
        "it; inconclusive: neither, or a baseline misses its target. Runs that never reach a target count as reaching "
        "it at the horizon, so that their slowdown is at least what is told."
    )


def _row(result: ClaimResult) -> str:
    claim = result.claim
    cells = (
        ("", escape(claim.figure)),
        ("", f'<span title="{escape(claim.predicate, quote=True)}">{escape(claim.statement)}</span>'),
        ("", _badge(result)),
        ("number", _effect(result)),
        ("number", str(result.seeds) if result.seeds else "–"),
        ("", _evidence(result)),
    )
    inner = "".join(f'<td class="{kind}">{text}</td>' for kind, text in cells)
    return f'<tr id="claim-{escape(claim.name)}">{inner}</tr>'


def _badge(result: ClaimResult) -> str:
    symbol, word, kind = _WORDS[result.verdict]
    return f'<span class="badge {kind}">{symbol} {word}</span>'


def _effect(result: ClaimResult) -> str:
    if math.isnan(result.estimate):
        return "–"
    sign = "±" if result.claim.within else "&gt;"
    interval = f"[{number(result.low, 2)}, {number(result.high, 2)}]"
    return f"{number(result.estimate, 2)}<br><small>{interval}, {sign} {number(result.claim.threshold, 2)}</small>"


def _evidence(result: ClaimResult) -> str:
    small = f"<br><small>{escape(result.scaled_down)}</small>" if result.scaled_down else ""
    return f"{escape(result.evidence)}{small}"


def claims_text(found: Sequence[ClaimResult]) -> str:
    """The table in Markdown, a row for each claim."""
    lines = [
        "| figure | claim | verdict | effect [interval], threshold | seeds | numbers |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(each) for each in found)])


def _line(result: ClaimResult) -> str:
    claim = result.claim
    effect = _effect(result).replace("<br><small>", " ").replace("</small>", "").replace("&gt;", ">")
    cells = (claim.figure, claim.statement, result.verdict, effect, str(result.seeds), result.evidence)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    print(claims_text(claims(STALENESS.load_all(sys.argv[1]))))
