"""Proofs, replayed once for all tests of a process, and why one is refused whose step or assumption is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from theory.proofs.proof import Assumed, Proof, Report, _replay

_REPORTS: dict[str, tuple[Proof, Report]] = {}
_verify = Proof.verify


def replayed(proof: Proof) -> Report:
    """What became of a proof of the library."""
    known, report = _REPORTS.get(proof.name) or _REPORTS.setdefault(proof.name, (proof, _verify(proof)))
    assert known is proof, f"two proofs have the name {proof.name}"
    return report


def refusal(proof: Proof, name: str, **changes: Any) -> str:
    """Why a step that is written otherwise is refused, with all the other facts of the proof at hand."""
    step = next(step for step in proof.steps if step.name == name)
    line = _replay(replace(step, **changes), dict(replayed(proof).facts), proof.assumed)
    assert not line.ok, f"{name} was accepted"
    return line.refusal


def last_refusal(proof: Proof, **changes: Any) -> str:
    """Why a proof whose steps are as they were is refused in the end: for another theorem, law or assumption."""
    line = replace(proof, **changes).verify(replayed(proof).facts).lines[-1]
    assert not line.ok, f"{proof.name} was accepted"
    return line.refusal


def without(proof: Proof, assumed: Assumed | str) -> str:
    """Why a proof that may no longer assume this is refused in the end."""
    return last_refusal(proof, assumed=tuple(side for side in proof.assumed if side is not assumed))


def reworded(proof: Proof, assumed: Assumed, other: Assumed) -> str:
    """Why a proof is refused that is given another assumption for this one: only what rests on it is replayed."""
    free = {step: fact for step, fact in replayed(proof).facts.items() if f"assumed: {assumed.name}" not in fact.axioms}
    sides = tuple(other if side is assumed else side for side in proof.assumed)
    line = replace(proof, assumed=sides).verify(free).lines[-1]
    assert not line.ok, f"{proof.name} was accepted"
    return line.refusal
