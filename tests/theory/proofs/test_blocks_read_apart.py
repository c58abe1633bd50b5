"""Blocks of coordinates that are read apart: what is assumed of them holds on runs, and nothing more is said."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from theory.bounds import REGISTRY
from theory.proofs import PROOFS, axioms
from theory.proofs.axioms import AXIOMS
from theory.proofs.kernel import (
    LAST,
    MIXED,
    RANDOM,
    SEVERAL,
    ZERO,
    Context,
    ProofError,
    le,
    lt,
    scalar,
    tau,
    update,
    var,
    vector,
    weaken,
)
from theory.proofs.theorem import laws

K, J = var("k"), var("j")
RUN = Context(frozenset({lt(ZERO, LAST)})).under(SEVERAL, MIXED)
POINTS = RUN.having(le(ZERO, K), le(K, J), le(J, LAST))
GRADIENT = RUN.having(le(ZERO, update(K)), lt(update(K), LAST))
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def runs(world):
    """Runs of two coordinates, each read at a point of its own, with one to three gradients an update."""
    draw, made = random.Random(5), []
    for seed in range(20):
        T, block = draw.choice([(1, 3), (2, 2), (3, 1), (4, 1), (2, 1)])
        reads = [draw.randint(0, k // block) for k in range(T * block)]
        others = [draw.randint(read, k // block) for k, read in enumerate(reads)]
        steps = [draw.choice([0.0, 0.05, 0.4, 1.0]) for _ in reads]
        deviation = draw.choice([0.0, 0.3, 2.0])
        made.append(world.Run(reads, steps, seed, deviation=deviation, block=block, others=others))
    return made


def always(runs, fact, *names):
    """Whether a fact holds on all the runs, and was asked often enough."""
    values = [here.value(fact.expression, given) for here in runs for given in here.assignments(names, fact.context)]
    assert len(values) >= 10
    return min(values) >= -ROUNDING and (not fact.equality or max(values) <= ROUNDING)


@pytest.mark.parametrize("name", ["read_apart", "missing_gradients", "missing_noises", "window_count", "least_read"])
def test_what_is_assumed_of_a_point_read_in_blocks_holds_on_runs(runs, name):
    assert always(runs, AXIOMS[name](GRADIENT, K), "k")


def test_smoothness_and_the_iteration_are_about_the_gradients_that_are_applied(runs):
    moved = axioms.displacement(K, J, True)
    for v in (moved, vector("g", K) - vector("a", K), vector("g", J)):
        assert always(runs, AXIOMS["smooth"](POINTS, K, J, v), "k", "j")
    plain = axioms.displacement(K, J)
    assert (AXIOMS["smooth"](POINTS, K, J, moved).expression - AXIOMS["smooth"](POINTS, K, J, plain).expression).normal(
        POINTS
    )


def test_a_gradient_is_known_to_the_noises_of_its_own_update_and_of_later_ones_alone(runs):
    pair = RUN.having(*(c for i in (K, J) for c in (le(ZERO, update(i)), lt(update(i), LAST))))
    body = vector("a", K).dot(vector("e", J))
    known = axioms.orthogonal(pair.having(le(update(K), update(J))), body)
    assert always(runs, known, "k", "j") and known.expression.normal(pair)
    # A smaller number is not enough: the gradient may belong to a later update.
    unknown = axioms.orthogonal(pair.having(le(K, update(J))), body)
    assert not unknown.expression.normal(unknown.context)


def test_what_holds_of_points_of_the_run_is_not_said_of_mixed_ones(runs):
    plain = Context(GRADIENT.constraints, frozenset({SEVERAL}))
    with pytest.raises(ProofError):
        weaken(AXIOMS["window_count"](plain, K), GRADIENT)
    for name in ("read_apart", "missing_gradients", "missing_noises", "least_read"):
        for there in (plain, Context(GRADIENT.constraints, frozenset({RANDOM}))):
            with pytest.raises(ProofError):
                AXIOMS[name](there, K)
        with pytest.raises(ProofError):
            AXIOMS[name](RUN, K)  # of no gradient of the run
    # g_{tau_k} is not the gradient that is applied: what is true of a_k fails for it on one of the runs.
    apart = AXIOMS["read_apart"](GRADIENT, K).expression
    lacking = vector("M", K) + vector("N", K)
    other = apart + (vector("g", update(K)) - vector("a", K)).square()
    other = other - (vector("g", update(K)) - vector("g", tau(K))).square()
    values = [here.value(other, given) for here in runs for given in here.assignments(("k",), GRADIENT)]
    assert min(values) < -ROUNDING
    assert (apart - scalar("L", power=2) * lacking.square()).normal(GRADIENT)


def test_only_a_bound_that_prints_it_is_about_such_runs():
    assert [name for name, bound in REGISTRY.items() if MIXED in laws(bound)] == [
        "corollary-s",
        "theorem-s",
        "theorem-s-reads",
    ]


def test_a_minimum_over_the_points_of_the_run_alone_is_not_that_over_the_points_read():
    proof, bound = PROOFS["theorem-s-reads"], REGISTRY["theorem-s-reads"]
    assert proof.verify().proved
    narrower = proof.against(replace(bound, covers_reads=False), dict(proof.verify().facts))
    assert not narrower.proved and "points that are read" in narrower.lines[-1].refusal
    other = PROOFS["theorem-s"]
    assert other.against(replace(REGISTRY["theorem-s"], covers_reads=True), dict(other.verify().facts)).proved
