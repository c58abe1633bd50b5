"""The weighted mean that `check` tests beside a minimum is part of the theorem: a bound with a false one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.replays import replayed
from theory.bounds import REGISTRY
from theory.bounds.parts.bound import Bound, Weighing
from theory.formulas.formula import formula
from theory.formulas.notation import name_node
from theory.proofs import PROOFS
from theory.proofs.refuting.refute import refute

ETA, L = map(name_node, ("eta", "L"))
WEIGHED = [name for name, bound in REGISTRY.items() if bound.weighing and name in PROOFS]


def with_weights(name: str, each, whole) -> Bound:
    """The bound of the library with another weighted mean, or with other weights where it is about a mean."""
    return replace(REGISTRY[name], weighing=Weighing(each, whole))


def refusal(name: str, bound: Bound, **changed) -> str:
    """Why the proof of a bound is none of another one; empty where it is one."""
    return replace(PROOFS[name], **changed).against(bound, replayed(PROOFS[name]).facts).lines[-1].refusal


def test_which_proofs_bound_a_mean_beside_the_minimum() -> None:
    assert len(WEIGHED) == 15
    # Coq alone has checked counter-momentum; its mean is attacked in tests/theory/bounds/test_counter_momentum.py.
    assert [name for name, bound in REGISTRY.items() if bound.weighing and name not in PROOFS] == ["counter-momentum"]
    assert all(PROOFS[name].mean for name in WEIGHED)


@pytest.mark.parametrize("name", WEIGHED)
def test_the_weights_are_those_of_the_proof(name: str) -> None:
    each, whole = (getattr(REGISTRY[name].weighing, part) for part in ("each", "whole"))
    assert not refusal(name, with_weights(name, each, whole))
    lies = [(lie, whole) for lie in (formula(0), 2 * each, each + ETA, ETA, -each)]
    for lie in (*lies, (each, 2 * whole), (each, whole + 1 / L), (formula(0), 1 / L)):
        assert refusal(name, with_weights(name, *lie)), lie


@pytest.mark.parametrize("name", WEIGHED)
def test_nothing_is_left_out_that_shows_the_mean_and_the_signs_of_its_weights(name: str) -> None:
    bound, proof = REGISTRY[name], PROOFS[name]
    for part in ("mean", "weights", "last"):
        left_out = refusal(name, bound, **{part: None})
        assert left_out.startswith("Nothing says that the value bounds the weighted mean") == bool(getattr(proof, part))
        # Nor does the theorem itself show it: it is about the minimum.
        assert not getattr(proof, part) or refusal(name, bound, **{part: proof.steps[-1].derivation})


@pytest.mark.parametrize("name", ["dai2019-tight", "theorem-a", "theorem-ar", "corollary-2", "average-delay"])
def test_a_false_mean_is_refuted_on_runs(name: str) -> None:
    proof = PROOFS[name]
    report = replayed(proof)
    assert refute(proof, report, wanted=3) is None
    # Weights that add up to more than their sum, so that the mean may be above the value.
    bound = REGISTRY[name]
    false = replace(bound, weighing=Weighing(100 * bound.weighing.each, bound.weighing.whole))
    assert refute(proof, report, bound=false) is not None
