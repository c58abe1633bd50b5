"""Wrong variants of proofs, made automatically, and what the kernel says of them.

A mutant changes one place of a proof: of what a step claims, of how it is derived, of the theorem (the last claim and
the conclusion alike, so that only the derivation can object), of what the theorem assumes, or of the bound that it is
compared with. It is killed if the proof
no longer replays. A survivor is equivalent if it says the same as before: its claim has the same normal form, or it is
another derivation of the same claim from no more axioms. Every other survivor is a gap.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from theory.bounds import REGISTRY, Bound
from theory.proofs.kernel import LAST, ZERO, Context, Expression, Fact, ProofError, lt
from theory.proofs.proof import Assumed, Claim, Proof, Report, Step
from theory.proofs.refuting.mutations import calls, of_claim, of_derivation, of_formula
from theory.proofs.theorem import conclusion, weighted_mean


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    EQUIVALENT = "equivalent"
    GAP = "gap"


@dataclass(frozen=True)
class Mutant:
    """A changed proof: where, what was changed, and the first step that the change can affect."""

    original: Proof
    kind: str
    where: str
    change: str
    proof: Proof
    first: int
    bound: Bound | None = None

    def text(self) -> str:
        """One line for a list of gaps."""
        return f"{self.original.name}, {self.kind} of {self.where!r}: {self.change}"


@dataclass(frozen=True)
class TriedMutant:
    """A mutant with its outcome; `crashed` if it was not a rule that refused but Python."""

    mutant: Mutant
    outcome: Fate
    crashed: bool = False


# ----------------------------------------------------------------------------------------------------------- of proofs


def mutants(proof: Proof, most: int = 60, seed: int = 0) -> tuple[Mutant, ...]:
    """At most so many mutants of a proof, of all kinds, drawn with a fixed seed."""
    draw = random.Random(f"{proof.name} {seed}")
    chosen: list[Mutant] = []
    for make, share in _MAKERS:
        made = list(make(proof))
        chosen += draw.sample(made, min(len(made), max(1, round(most * share))))
    return tuple(sorted(chosen, key=lambda mutant: mutant.first))


def _of_theorem(proof: Proof) -> Iterator[Mutant]:
    """The conclusion and the last claim changed alike."""
    last = len(proof.steps) - 1
    for text, claim in of_claim(proof.conclusion):
        steps = (*proof.steps[:last], replace(proof.steps[last], claim=claim))
        yield Mutant(proof, "theorem", proof.name, text, replace(proof, steps=steps, conclusion=claim), last)


def _of_claims(proof: Proof) -> Iterator[Mutant]:
    for position, step in enumerate(proof.steps):
        for text, claim in of_claim(step.claim):
            yield _with_step(proof, "claim", text, position, replace(step, claim=claim))


def _of_derivations(proof: Proof) -> Iterator[Mutant]:
    for position, step in enumerate(proof.steps):
        for text, derivation in of_derivation(step.derivation, tuple(step.name for step in proof.steps[:position])):
            yield _with_step(proof, "derivation", text, position, replace(step, derivation=derivation))


def _with_step(proof: Proof, kind: str, text: str, position: int, step: Step) -> Mutant:
    steps = (*proof.steps[:position], step, *proof.steps[position + 1 :])
    return Mutant(proof, kind, step.name, text, replace(proof, steps=steps), position)


def _of_domain(proof: Proof) -> Iterator[Mutant]:
    """The theorem for more runs: without one of its assumptions, or with another one in its place."""
    used = {call.arguments[2] for step in proof.steps for call in calls(step.derivation) if call.rule == "hypothesis"}
    for position, side in enumerate(proof.assumed):
        if _name(side) not in used:
            continue
        rest = proof.assumed[:position] + proof.assumed[position + 1 :]
        yield _widened(proof, f"without {_name(side)}", assumed=rest)
        if isinstance(side, Assumed):
            for text, claim in of_claim(side.claim):
                yield _widened(proof, text, assumed=(*rest, replace(side, claim=claim)))
    for law in sorted(proof.laws):
        yield _widened(proof, f"without the law {law[0]}", laws=proof.laws - {law})
    if proof.least_steps > 1:
        yield _widened(proof, f"T >= {proof.least_steps - 1}", least_steps=proof.least_steps - 1)


def _name(side: Assumed | str) -> str:
    return side.name if isinstance(side, Assumed) else side


def _widened(proof: Proof, text: str, **changed: Any) -> Mutant:
    return Mutant(proof, "domain", proof.name, text, replace(proof, **changed), 0)


def _of_bound(proof: Proof) -> Iterator[Mutant]:
    """Another bound than the one that is proved: its value, its minimum, the weights of its mean."""
    bound = REGISTRY.get(proof.name)
    if bound is None:
        return
    others = [(text, replace(bound, value=value)) for text, value in of_formula(bound.value)]
    others.append(("another minimum", replace(bound, covers_last=not bound.covers_last)))
    if bound.weights is not None:
        others += [(text, replace(bound, weights=weights)) for text, weights in of_formula(bound.weights)]
    if bound.weighing is not None:
        for part in ("each", "whole"):
            changes = of_formula(getattr(bound.weighing, part))
            others += [(text, replace(bound, weighing=replace(bound.weighing, **{part: new}))) for text, new in changes]
    for text, other in others:
        yield Mutant(proof, "bound", proof.name, text, proof, len(proof.steps), other)


_MAKERS: tuple[tuple[Callable[[Proof], Iterator[Mutant]], float], ...] = (
    (_of_theorem, 0.25),
    (_of_claims, 0.35),
    (_of_derivations, 0.3),
    (_of_domain, 0.1),
    (_of_bound, 0.5),
)


# ------------------------------------------------------------------------------------------------------- the judgement


def judge(proof: Proof, most: int = 60, seed: int = 0) -> list[TriedMutant]:
    """What becomes of the mutants of a proof.

    Raises:
        ProofError: the proof itself does not replay.
    """
    report = proof.against(None)
    if not report.proved:
        raise ProofError(f"{proof.name} does not replay, so that its mutants say nothing.")
    return [_judged(mutant, report) for mutant in mutants(proof, most, seed)]


def _judged(mutant: Mutant, original: Report) -> TriedMutant:
    known = {step.name: original.facts[step.name] for step in mutant.proof.steps[: mutant.first]}
    try:
        report = mutant.proof.against(mutant.bound, known)
    except Exception:  # a change that makes no sense to Python is refused as well; it is counted
        return TriedMutant(mutant, Fate.KILLED, crashed=True)
    if not report.proved:
        return TriedMutant(mutant, Fate.KILLED)
    same = _says_the_same(mutant, original) and report.axioms <= original.axioms
    return TriedMutant(mutant, Fate.EQUIVALENT if same else Fate.GAP)


def _says_the_same(mutant: Mutant, original: Report) -> bool:
    """Whether every claim has the normal form that it had, in the context in which it was proved."""
    if mutant.bound is not None:
        there, said = Context(frozenset({lt(ZERO, LAST)})), map(_said, (mutant.bound, REGISTRY[mutant.original.name]))
        return not any((one - other).normal(there) for one, other in zip(*said, strict=True))
    if mutant.kind == "domain":
        return False
    pairs = zip(mutant.original.steps, mutant.proof.steps, strict=True)
    changed = [(old.claim, new.claim, original.facts[old.name]) for old, new in pairs if old.claim is not new.claim]
    return all(_same(*each) for each in changed)


def _said(bound: Bound) -> tuple[Expression, ...]:
    """What a bound says, of the minimum and of a mean."""
    return (conclusion(bound), *(weighted_mean(bound, bound.weighed) if bound.weighed is not None else ()))


def _same(one: Claim, other: Claim, fact: Fact) -> bool:
    return one.equality == other.equality and not (one.expression() - other.expression()).normal(fact.context)


@dataclass(frozen=True)
class Score:
    """The mutants of one proof, or of several, counted."""

    name: str
    made: int
    killed: int
    equivalent: int
    crashed: int
    gaps: tuple[str, ...]

    @property
    def rejected(self) -> float:
        """The share of the mutants that are killed; the equivalent ones are no mistakes and do not count."""
        return self.killed / max(1, self.made - self.equivalent)


def score(name: str, verdicts: Iterable[TriedMutant]) -> Score:
    """The verdicts counted."""
    found = list(verdicts)
    counted = {outcome: sum(verdict.outcome is outcome for verdict in found) for outcome in Fate}
    gaps = tuple(verdict.mutant.text() for verdict in found if verdict.outcome is Fate.GAP)
    crashed = sum(verdict.crashed for verdict in found)
    return Score(name, len(found), counted[Fate.KILLED], counted[Fate.EQUIVALENT], crashed, gaps)
