"""The atlas of theorems in the report: every bound with its proof, what each constant costs, rates, errata.

The proofs are shown as they are written down in `theory/proofs`; `gradlag prove` replays them.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from figures.report.mathematics import svg
from figures.report.tables import theorem
from figures.style import style
from theory.bounds import RATES, REGISTRY, RateOnly
from theory.bounds.judging.assumption_costs import HALVED, Change, Row, Steps, standard
from theory.bounds.judging.errata import ERRATA, Erratum
from theory.formulas.plain import plain
from theory.proofs import PROOFS
from theory.proofs.proof import Proof, Step


def atlas(used: frozenset[str]) -> str:
    """Every bound of the library: those that the figures used open first, each with its proof below."""
    ranked = sorted(REGISTRY.values(), key=lambda bound: bound.name not in used)
    return "".join(theorem(bound) + _proof(PROOFS[bound.name]) for bound in ranked)


def _proof(proof: Proof) -> str:
    steps = "".join(_step(step) for step in proof.steps)
    return (
        f"<details><summary>The proof in {len(proof.steps)} steps; <code>gradlag prove {escape(proof.name)}</code> "
        f'replays it</summary><ol class="proof">{steps}</ol></details>'
    )


def _step(step: Step) -> str:
    # As text: a thousand typeset formulas would make the report ten times as large.
    claim = escape(plain(step.claim.latex()))
    return f"<li><b>{escape(step.title)}.</b> {escape(step.why)}.<br><code>{claim}</code></li>"


def rates() -> str:
    """What is known as a rate only."""
    return f"<ul>{''.join(_rate(rate) for rate in RATES.values())}</ul>"


def _rate(rate: RateOnly) -> str:
    what = f'<b>{escape(rate.title)}</b> <span class="tag">{escape(rate.name)}</span> {escape(rate.summary)}'
    source = f"<small>{escape(rate.source.text())}</small>"
    return f"<li>{what} {svg(rate.quantity)} = {svg(rate.latex())}, {escape(rate.known)}. {source}</li>"


def sensitivity_panel() -> str:
    """Which assumption costs what: what is left of each bound when a constant is halved, at a standard setting."""
    rows = [standard(bound) for bound in REGISTRY.values()]
    head = "".join(f"<th>{escape(name)}/2</th>" for name in HALVED)
    body = "".join(_row(row) for row in rows)
    caption = (
        "What is left of a bound when a constant is halved, at s = 4, T = 1000, L = Delta = sigma = 1, mu = 1/2 "
        "(no noise or delay where a bound is about such runs only): with the steps kept / with the steps that the "
        "schedule gives anew. A dash: no such change; out: the bound no longer applies."
    )
    heads = f"<thead><tr><th>bound</th><th>value</th>{head}</tr></thead>"
    return f'<div class="panel"><table><caption>{caption}</caption>{heads}<tbody>{body}</tbody></table></div>'


def _row(row: Row) -> str:
    cells = "".join(f"<td>{_cell(row, name)}</td>" for name in HALVED)
    return f"<tr><td><code>{escape(row.bound.name)}</code></td><td>{style.number(row.value)}</td>{cells}</tr>"


def _cell(row: Row, name: str) -> str:
    changes = [row.change(name, steps) for steps in (Steps.KEPT, Steps.DERIVED)]
    return " / ".join(map(_part, changes)) if any(changes) else "–"


def _part(change: Change | None) -> str:
    if change is None:
        return "–"
    return "out" if change.ratio is None else f"{change.ratio:.2f}"


def errata() -> str:
    """What is stated or recalled elsewhere and is not true, each with its counterexample."""
    return f"<ul>{''.join(_erratum(each) for each in ERRATA)}</ul>"


def _erratum(erratum: Erratum) -> str:
    measured, claimed = erratum.counterexample()
    stated = f"Stated: {escape(erratum.claim)} <small>({escape(erratum.source)})</small>."
    shown = f"Counterexample: {measured:.4g}, more than the {claimed:.4g} allowed."
    return f"<li><b>{escape(erratum.name)}.</b> {stated} {shown} True is: {escape(erratum.truth)}.</li>"


def sections(used: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The sections of the atlas, by title."""
    yield "Theorems", atlas(used)
    yield "Which constant costs what", sensitivity_panel()
    yield "Known as rates only", rates()
    yield "Errata", errata()
