"""A replayed proof for a terminal, as LaTeX, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from theory.bounds.parts.checked import IN_COQ, checkers
from theory.proofs.printing.prose import broken, formula_lines, spoken, typeset, wrapped
from theory.proofs.printing.replayed_proof import Account, PrintedLine, joined, replay, where

__all__ = ["Account", "described", "latex", "replay", "summary", "text", "where"]

# ------------------------------------------------------------------------------------------------------ in a terminal


def text(account: Account, width: int = 80) -> str:
    """The proof for a terminal of that width."""
    return "\n".join(line.rstrip() for line in _text_lines(account, width))


def _text_lines(account: Account, width: int) -> Iterator[str]:
    yield from wrapped(f"{account.name}: {account.title}", width)
    yield ""
    for sentence in account.notation:
        yield from wrapped(sentence, width, "  ", "    ")
    for number, step in enumerate(account.steps, 1):
        yield ""
        yield from _step_lines(f"{number}. ", step, width)
    yield ""
    yield from _closing_lines(account, width)


def _step_lines(number: str, step: PrintedLine, width: int) -> Iterator[str]:
    indent = " " * len(number)
    yield from wrapped(step.title + ".", width, number, indent)
    yield from _formulas(step.definitions, width, indent + "where ")
    yield from formula_lines(spoken(step.claim), width, indent + "    ")
    if step.where:
        yield from wrapped(step.where, width, indent, indent + "  ")
    yield from wrapped(f"because {step.why}{_from(step.uses)}", width, indent, indent + "  ")
    yield from wrapped(f"rules: {_counted(step.rules)}", width, indent, indent + "  ")
    yield from wrapped("accepted" if step.ok else f"REFUSED: {step.refusal}", width, indent, indent + "  ")


def _formulas(sentences: Iterable[str], width: int, first: str) -> Iterator[str]:
    for sentence in sentences:
        yield from formula_lines(spoken(sentence), width, first)
        first = " " * len(first)


def _closing_lines(account: Account, width: int) -> Iterator[str]:
    if account.proved:
        yield from wrapped(f"Therefore, {account.domain}:", width)
        yield from formula_lines(spoken(account.conclusion[0]), width, "    ")
        yield from _formulas(account.conclusion[1:], width, "  where ")
        yield ""
        for title, sentences in _lists(account):
            yield from _listed(title, sentences, width)
        yield from ["Coq has checked the theorem too.", ""] if account.name in IN_COQ else []
    yield from wrapped(summary(account), width)


def _listed(title: str, sentences: tuple[str, ...], width: int) -> Iterator[str]:
    yield f"{title}:"
    for sentence in sentences:
        yield from wrapped(sentence, width, "  - ", "    ")
    yield ""


def summary(account: Account) -> str:
    """The outcome in one or two sentences."""
    if account.proved:
        what = f"Proved: {len(account.steps)} steps, {account.applications} applications of rules of the kernel"
        return f"{what}, {account.seconds:.1f} s."
    if account.counterexample:
        return f"Not proved: a run contradicts it. {spoken(account.counterexample)}"
    if account.refusal:
        return f"Not proved: the last step is not the theorem. {account.refusal}"
    return f"Not proved: step {len(account.steps)} is refused. {account.steps[-1].refusal}"


def _counted(rules: Mapping[str, int]) -> str:
    return ", ".join(f"{rule} {count}" if count > 1 else rule for rule, count in sorted(rules.items()))


def _from(uses: tuple[int, ...]) -> str:
    return f" [from {joined([str(number) for number in uses])}]" if uses else ""


# ------------------------------------------------------------------------------------------------ as LaTeX and as JSON


def latex(account: Account) -> str:
    r"""The proof as an enumeration, for any article with amsmath."""
    lines = [rf"% {account.name}: {summary(account)}", rf"\paragraph{{{typeset(account.title)}.}}"]
    lines += [". ".join(_capital(typeset(sentence)) for sentence in account.notation) + "."]
    lines += [r"\begin{enumerate}", *(line for step in account.steps for line in _item(step)), r"\end{enumerate}"]
    if account.proved:
        lines += [f"Therefore, {typeset(account.domain)}:", *_displayed(account.conclusion[0])]
        lines += [_where(account.conclusion[1:])] if account.conclusion[1:] else []
        lines += [f"{title}: {'; '.join(map(typeset, sentences))}." for title, sentences in _lists(account)]
    return "\n".join(lines) + "\n"


def _item(step: PrintedLine) -> Iterator[str]:
    defined = f"with {joined(step.definitions)}" if step.definitions else ""
    context = _capital(typeset(", ".join(filter(None, (step.where, defined)))))
    yield rf"\item {typeset(step.title)}. {context}{':' if context else ''}".rstrip()
    yield from _displayed(step.claim)
    refused = "" if step.ok else rf" \textbf{{Refused: {typeset(step.refusal)}}}"
    uses = f" (from {joined([str(number) for number in step.uses])})" if step.uses else ""
    yield f"Because {typeset(step.why)}{uses}.{refused}"


def _displayed(sentence: str) -> tuple[str, str, str]:
    return r"\begin{multline*}", broken(sentence.strip("$")), r"\end{multline*}"


def _where(definitions: Iterable[str]) -> str:
    return f"where {joined(definitions)}."


def _lists(account: Account) -> Iterator[tuple[str, tuple[str, ...]]]:
    listed = {"Assumptions": account.assumptions, "Side conditions": account.assumed, "Axioms": account.axioms}
    yield from ((f"{title} ({len(sentences)})", sentences) for title, sentences in listed.items() if sentences)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def described(account: Account) -> dict[str, Any]:
    """The proof as `gradlag prove --json` prints it."""
    steps = [
        {
            "title": spoken(step.title),
            "rule": step.rule,
            "ok": step.ok,
            "claim": step.claim.strip("$"),
            "why": spoken(step.why),
            "rules": dict(sorted(step.rules.items())),
            "refusal": step.refusal or None,
        }
        for step in account.steps
    ]
    return {
        "name": account.name,
        "proved": account.proved,
        "checked_by": list(checkers(account.name, "proved" if account.proved else "")),
        "steps": steps,
        "axioms": [spoken(axiom) for axiom in account.axioms],
        "assumptions": [spoken(sentence) for sentence in account.assumptions],
        "assumed": [spoken(sentence) for sentence in account.assumed],
        "refusal": account.refusal or None,
        "counterexample": spoken(account.counterexample) or None,
        "seconds": round(account.seconds, 3),
    }
