"""The atlas of theorems: a page for each bound, made from the bound, its proof, its rate and exact worst cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import gradlag as gl
from theory.bounds import RATES, REGISTRY, Bound
from theory.bounds.judging.errata import ERRATA
from theory.bounds.parts.checked import COQ_ALONE, IN_COQ, checkers
from theory.proofs import PROOFS
from theory.proofs.printing.printed import replay, summary
from theory.proofs.printing.replayed_proof import Account, PrintedLine
from theory.worst_case.answer import WorstCase

#: Where bounds are held against the exact worst case.
STALENESS, STEPS, COHERENCE = 4, 20, 0.5


def atlas_pages() -> dict[str, str]:
    """Path -> text: the list to filter, and a page for each bound."""
    pages = {f"atlas/{name}.md": "\n".join(_page(bound)) + "\n" for name, bound in REGISTRY.items()}
    return {"atlas/index.md": "\n".join(_index()) + "\n", **pages}


# -------------------------------------------------------------------------------------------------------- the whole


def _index() -> Iterator[str]:
    yield from ("# Theorem atlas", "")
    yield (
        f"{len(REGISTRY)} bounds on the gradient of stale SGD: {len(PROOFS)} replayed by the kernel, {len(IN_COQ)} "
        f"checked in Coq. Each page is made from the very object that `gradlag check` evaluates. {len(RATES)} more "
        "results are known to the library as rates only, at the end."
    )
    yield from ("", "Show those that", "", "```{raw} html", *_filters(), "```", "", "::::{div} atlas-table", "")
    yield from (
        "| bound | what it says | noise | delays | coherence | checked by | steps of the proof |",
        "|---|---|---|---|---|---|---|",
    )
    yield from map(_row, REGISTRY.values())
    yield from ("", "::::", "", "## Known as rates only", "")
    for rate in RATES.values():
        yield f"- **{rate.title}**: ${rate.quantity} = {rate.latex()}$. {rate.source.text()}. Known {rate.known}."
    yield from ("", "```{toctree}", ":hidden:", "", *REGISTRY, "```")


def _filters() -> Iterator[str]:
    yield '<div class="atlas-filters" role="group" aria-label="Which bounds are shown">'
    for column, offered in (("noise", "allow noise"), ("delays", "allow delays"), ("coherence", "need no coherence")):
        yield f'<label><input type="checkbox" data-column="{column}"> {offered}</label>'
    yield '<output aria-live="polite"></output></div>'


def _row(bound: Bound) -> str:
    cells = (
        f"[{bound.name}]({bound.name}.md)",
        bound.title,
        "none" if bound.noise_free_only else "allowed",
        "none" if bound.synchronous_only else "allowed",
        "assumed" if bound.needs_coherence else "not needed",
        ", ".join(checkers(bound.name, bound.verified)),
        str(len(PROOFS[bound.name].steps)) if bound.name in PROOFS else "-",
    )
    return f"| {' | '.join(cells)} |"


# ------------------------------------------------------------------------------------------------------- one bound


def _page(bound: Bound) -> Iterator[str]:
    yield from (f"# {bound.name}", "", f"**{bound.title}.** {bound.summary}", "")
    yield from ("$$", rf"{bound.quantity} \le {bound.latex()}", "$$", "")
    if bound.latex_definitions():
        yield from ("where", "", *(f"$$\n{line}\n$$\n" for line in bound.latex_definitions()), "")
    yield from ("## What it assumes", "", *(f"- {each.text}" for each in bound.assumptions), "")
    yield from ("Side conditions, each tested before the bound is evaluated:", "")
    yield from (*(f"- ${line}$" for line in bound.latex_conditions()), "")
    over = "The mean runs over" if bound.weights else "The minimum runs over"
    yield f"{'Bounded is' if bound.measures else over} {bound.iterates}."
    yield from (
        "",
        "## Rate",
        "",
        f"{bound.rate()}.",
        "",
        f"`gradlag rate --schedule E --bound {bound.name}` at yours.",
    )
    yield from ("", "## Beside the exact worst case", "", *_beside(bound), "", "## Proof", "")
    yield from _proof(bound)
    yield from ("## Source, history", "", f"{bound.source.text()}.", "", *_errata(bound))
    yield from ("```", f"gradlag bounds {bound.name}", *_replaying(bound), "```")


def _replaying(bound: Bound) -> Iterator[str]:
    if bound.name in PROOFS:
        yield f"gradlag prove {bound.name}"


@cache
def _worst(schedule: str) -> WorstCase:
    """The worst case at steps without noise, and what every bound says of them."""
    return gl.worst_case(schedule, staleness=STALENESS, steps=STEPS, constants={"mu": COHERENCE})


def _beside(bound: Bound) -> Iterator[str]:
    schedule = bound.schedule.text if bound.schedule else bound.example
    if bound.measures:
        yield "It is about another quantity than the gradient, which these worst cases do not have."
        return
    if bound.takes_moves:
        yield "Its steps are those of a method: `gradlag worst-case --method counter-momentum` has the worst cases."
        return
    if bound.synchronous_only or bound.needs_coherence:
        yield (
            "It is about other runs than those of the worst case below the other bounds (constant delay "
            f"{STALENESS - 1}, no coherence assumed); `gradlag worst-case` with `--staleness 1` or `--coherence` has "
            "those."
        )
        return
    worst = _worst(schedule)
    value = worst.to_dict()["bounds"].get(bound.name)
    if value is None:
        yield f"At the steps `{schedule}` without noise: {worst.to_dict()['outside_domain'][bound.name]}"
        return
    yield from ("| steps | T | delay | worst case | this bound | ratio |", "|---|---|---|---|---|---|")
    yield f"| `{schedule}` | {STEPS} | {STALENESS - 1} | {worst.upper:.4g} | {value:.4g} | {value / worst.upper:.3g} |"
    yield from ("", "Without noise, L = Delta = 1: the worst case over all L-smooth functions.")


def _proof(bound: Bound) -> Iterator[str]:
    if bound.name in IN_COQ:
        theorem = f"{bound.name.replace('-', '_')}_checked"
        yield from (f"Coq has checked it: `{theorem}` in `formal/Link.v` of the sources; `make formal`.", "")
    if bound.name in COQ_ALONE:
        yield from ("Its runs are not those that the kernel knows; Coq alone has checked it.", "")
        return
    account = replay(PROOFS[bound.name])
    yield from (f"{summary(account).split(',')[0]}: the kernel replays it.", "")
    yield from (*(f"- {sentence}" for sentence in account.notation), "")
    for number, step in enumerate(account.steps, 1):
        yield from _step(number, step)
    yield from (f"Therefore, {account.domain}:", "", _displayed(account.conclusion[0]), "")
    yield from _axioms(account)


def _step(number: int, step: PrintedLine) -> Iterator[str]:
    yield from (f"**{number}. {step.title}.** {step.where}", "")
    for line in (*step.definitions, step.claim):
        yield from (_displayed(line), "")
    uses = f" (from {', '.join(map(str, step.uses))})" if step.uses else ""
    rules = ", ".join(f"{rule} {count}" if count > 1 else rule for rule, count in sorted(step.rules.items()))
    yield from (f"because {step.why}{uses}. *Rules: {rules.replace('_', ' ')}.*", "")


def _displayed(sentence: str) -> str:
    """A formula on a line of its own, which scrolls where it is wider than the page; a sentence as it is."""
    whole = sentence.startswith("$") and sentence.endswith("$") and sentence.count("$") == 2
    return f"$${sentence[1:-1]}$$" if whole else sentence


def _axioms(account: Account) -> Iterator[str]:
    yield from ("Axioms that it rests on:", "", *(f"- {axiom}" for axiom in account.axioms), "")


def _errata(bound: Bound) -> Iterator[str]:
    for erratum in ERRATA:
        if erratum.name.split(" ")[0] == bound.name or bound.name in re.findall(r"[\w-]+", erratum.truth):
            yield from (f"**What is not true: {erratum.name}.** Stated: `{erratum.claim}` ({erratum.source}).", "")
            yield from (f"Instead: `{erratum.truth}`.", "")
