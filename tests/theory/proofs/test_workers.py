"""Several workers that read beside x_k: what is assumed of them holds on runs, and no more than that is proved."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from theory.bounds import get
from theory.bounds.ef_topk import FACTOR
from theory.bounds.parts.assumptions import (
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    ERROR_FEEDBACK,
    GROUP_AVERAGING,
    NO_DELAY,
    NO_NOISE,
    RANDOM_MIXING,
    SMOOTH,
    STEPS_FIXED,
    WORKERS_ALIKE,
    WORKERS_BOUNDED,
    WORKERS_NOISE,
    WORKERS_SMOOTH,
)
from theory.bounds.parts.shared import exact_gradients
from theory.bounds.perturbed import Perturbed
from theory.formulas.formula import Defined, formula
from theory.formulas.notation import name_node
from theory.proofs import PROOFS, axioms
from theory.proofs.axioms import AXIOMS
from theory.proofs.kernel import (
    LAST,
    RANDOM,
    SEVERAL,
    WORKERS,
    ZERO,
    Context,
    Expression,
    ProofError,
    le,
    lt,
    var,
    vector,
    weaken,
)
from theory.proofs.refuting.refute import refute
from theory.proofs.refuting.workers import Workers
from theory.proofs.theorem import laws

K, J = var("k"), var("j")
RUN = Context(frozenset({lt(ZERO, LAST)})).under(WORKERS)
POINTS = RUN.having(le(ZERO, K), le(K, J), le(J, LAST))
STEP = RUN.having(le(ZERO, K), lt(K, LAST))
ROUNDING = 1e-9
BOUNDS = ("ef-topk", "group-averaging", "random-groups")


def made(kept=None, left=None):
    """Runs of one, two and four workers: memories of which a share is kept, or means of points."""
    draw = random.Random(3)
    for seed in range(18):
        workers, T = draw.choice([(1, 3), (2, 3), (4, 2), (2, 4), (4, 1)])
        steps = [draw.choice([0.0, 0.05, 0.4, 1.0]) for _ in range(T)]
        shares = (None if share is None else draw.choice([share, 0.0, 0.3]) for share in (kept, left))
        yield Workers(T, steps, seed, draw.choice([0.0, 0.3, 2.0]), workers, *shares)


@pytest.fixture(scope="module")
def memories():
    return list(made(0.9))


@pytest.fixture(scope="module")
def groups():
    return list(made())


@pytest.fixture(scope="module")
def mixed():
    return list(made(left=0.9))


def always(runs, fact, *names):
    """Whether a fact holds on all the runs, and was asked often enough."""
    values = [here.value(fact.expression, given) for here in runs for given in here.assignments(names, fact.context)]
    assert len(values) >= 10
    return min(values) >= -ROUNDING and (not fact.equality or max(values) <= ROUNDING)


@pytest.mark.parametrize("name", ["mean_noise", "memory", "read_with_memory", "workers_gradient", "bounded_gradient"])
def test_what_is_assumed_of_memories_holds_on_runs(memories, name):
    assert always(memories, AXIOMS[name](STEP, K), "k")


@pytest.mark.parametrize("name", ["mean_noise", "round", "read_apart_by_workers", "own_gradients", "alike"])
def test_what_is_assumed_of_groups_holds_on_runs(groups, name):
    assert always(groups, AXIOMS[name](STEP, K), "k")


@pytest.mark.parametrize("name", ["mean_noise", "random_round", "read_apart_by_workers", "own_gradients", "alike"])
def test_what_is_assumed_of_random_means_holds_on_runs(mixed, name):
    assert always(mixed, AXIOMS[name](STEP, K), "k")


def test_all_start_at_one_point_and_the_virtual_point_moves_by_plain_steps(memories, groups, mixed):
    for runs in (memories, groups, mixed):
        assert always(runs, AXIOMS["one_start"](RUN))
        moved = axioms.displacement(K, J, True)
        for v in (moved, vector("g", K) - vector("a", ZERO), Expression()):
            assert always(runs, AXIOMS["smooth"](POINTS.having(lt(K, LAST)), K, J, v), "k", "j")
        assert always(runs, AXIOMS["gap"](RUN)) and always(runs, AXIOMS["bounded_below"](POINTS, K, moved), "k", "j")


def test_the_mean_noise_is_orthogonal_to_what_was_before_it_alone(memories, groups):
    pair = RUN.having(*(end for i in (K, J) for end in (le(ZERO, i), lt(i, LAST))))
    for name in ("g", "a", "e"):
        body = vector(name, K).dot(vector("e", J))
        before = axioms.orthogonal(pair.having(lt(K, J)), body)
        assert before.expression.normal(before.context) and always([*memories, *groups], before, "k", "j")
    later = vector("a", K).dot(vector("e", J))
    assert not axioms.orthogonal(pair.having(lt(J, K)), later).expression.normal(pair.having(lt(J, K)))
    # Of memories and gradients with their noise nothing is said.
    for name in ("M", "h", "b"):
        unknown = vector(name, J).dot(vector("e", J))
        assert not axioms.orthogonal(pair, unknown).expression.normal(pair)


def test_facts_about_workers_say_nothing_of_other_runs_and_the_other_way_round():
    fact = AXIOMS["memory"](STEP, K)
    for other in (STEP.constraints, frozenset({*STEP.constraints})):
        for law in (RANDOM, SEVERAL):
            with pytest.raises(ProofError, match=r"another one|does not say so"):
                weaken(fact, Context(other).under(law))
    with pytest.raises(ProofError, match="not about the runs"):
        AXIOMS["memory"](Context(STEP.constraints), K)
    for name in ("window_count", "readers_count", "missing_noises", "certain"):
        with pytest.raises(ProofError, match="not about the runs"):
            AXIOMS[name](STEP, K)
    with pytest.raises(ProofError):
        AXIOMS["round"](RUN.having(le(ZERO, K), le(K, LAST)), K)


def refused(bound):
    report = PROOFS[bound.name].against(bound)
    assert not report.proved
    return report.lines[-1].refusal


@pytest.mark.parametrize(
    ("name", "needed"),
    [("ef-topk", one) for one in (SMOOTH, ERROR_FEEDBACK, WORKERS_NOISE, WORKERS_BOUNDED, NO_DELAY)]
    + [("group-averaging", one) for one in (SMOOTH, GROUP_AVERAGING, WORKERS_NOISE, WORKERS_SMOOTH, WORKERS_ALIKE)]
    + [("random-groups", one) for one in (RANDOM_MIXING, WORKERS_NOISE, WORKERS_SMOOTH, WORKERS_ALIKE, NO_DELAY)],
)
def test_every_assumption_is_needed(name, needed):
    bound = get(name)
    assert needed in bound.assumptions
    assert refused(replace(bound, assumptions=tuple(one for one in bound.assumptions if one is not needed)))


@pytest.mark.parametrize(
    ("name", "words"), [(name, text) for name in BOUNDS for text in ("the steps do not increase", "eta_k <= ")]
    + [("ef-topk", "delta is at most 1"), ("group-averaging", "a group has at most all workers")]
    + [("random-groups", "delta is at most 1"), ("random-groups", "there is a worker")],
)  # fmt: skip
def test_every_side_condition_is_needed(name, words):
    bound = get(name)
    kept = tuple(condition for condition in bound.conditions if words not in condition.name)
    assert len(kept) == len(bound.conditions) - 1
    assert refused(replace(bound, conditions=kept))


def test_no_smaller_bound_is_proved():
    ef, groups = get("ef-topk"), get("group-averaging")
    assert refused(replace(ef, value=Perturbed(FACTOR * formula(0), formula(0)).of_reads))
    assert refused(replace(ef, value=groups.value)) and refused(replace(groups, value=ef.value))
    for bound in (ef, groups, get("random-groups")):
        assert refused(replace(bound, value=bound.value.over * formula(99) / 100 / bound.value.under))


def test_workers_have_one_method_no_coherence_and_a_bound_on_a_mean():
    for name, other in zip(BOUNDS, (*BOUNDS[1:], BOUNDS[0]), strict=True):
        bound = get(name)
        both = replace(bound, assumptions=tuple(dict.fromkeys((*bound.assumptions, *get(other).assumptions))))
        for changed in (
            both,
            replace(bound, assumptions=(*bound.assumptions, COHERENCE)),
            replace(bound, weights=None),
        ):
            with pytest.raises(ProofError, match="Workers have one method"):
                laws(changed)
        # The variance of the mean is that of one worker over N for noises that are independent.
        apart = tuple(BOUNDED_VARIANCE if one is WORKERS_NOISE else one for one in bound.assumptions)
        assert refused(replace(bound, assumptions=apart))


@pytest.mark.parametrize("name", BOUNDS)
def test_exact_gradients_leave_compressors_and_means_that_are_drawn(name):
    """Steps that see them were once allowed without noise, and the mean was printed without its E."""
    bound = get(name)
    exact = replace(
        bound,
        assumptions=(*bound.assumptions, NO_NOISE),
        conditions=(*bound.conditions, exact_gradients("")),
    )
    assert r"\mathbb{E}" in exact.quantity and PROOFS[name].against(exact).proved
    seen = tuple(one for one in exact.assumptions if one is not STEPS_FIXED)
    assert "independent" in refused(replace(exact, assumptions=seen))


@pytest.mark.parametrize("name", BOUNDS)
def test_workers_have_no_delays_and_a_mean_is_of_its_points_alone(name):
    bound = get(name)
    late = tuple(DELAYS_FIXED if one is NO_DELAY else one for one in bound.assumptions)
    prompt = tuple(condition for condition in bound.conditions if condition.symbol != "d")
    assert "no delays" in refused(replace(bound, assumptions=late, conditions=prompt))
    assert "mean" in refused(replace(bound, covers_reads=True))


@pytest.mark.parametrize("name", ["ef-topk", "random-groups"])
def test_delta_is_positive_where_the_bound_does_not_speak_of_it_but_its_proof_may(name):
    """delta > 0 gives |M_k + eta_k h_k|^2 >= |M_{k+1}|^2, in which no delta is left."""
    bound = get(name)
    conditions = tuple(c for c in bound.conditions if "delta" not in c.names())
    silent = replace(bound, value=name_node("L") / bound.value.under, conditions=conditions)
    assert "delta is positive" in refused(silent)


@pytest.mark.parametrize(("name", "letter"), [("ef-topk", "C"), ("ef-topk", "u"), ("random-groups", "v")])
def test_no_abbreviation_has_a_letter_of_the_workers(name, letter):
    bound = get(name)
    short = Defined(letter, formula(1), sequence=False)
    assert "abbreviation" in refused(replace(bound, value=short * bound.value.over / bound.value.under))
    other = Defined("A" if name != "ef-topk" else "Q", formula(1), sequence=False)
    assert PROOFS[name].against(replace(bound, value=other * bound.value.over / bound.value.under)).proved


def test_which_points_a_bound_is_about_is_part_of_it():
    ef, groups = get("ef-topk"), get("group-averaging")
    assert r"\hat{x}_t" in ef.quantity and r"\hat{x}_t" not in groups.quantity
    told = tuple(GROUP_AVERAGING if one is ERROR_FEEDBACK else one for one in ef.assumptions)
    assert refused(replace(ef, assumptions=told))


@pytest.mark.parametrize("name", BOUNDS)
def test_runs_contradict_a_bound_that_is_too_small_and_not_the_one_that_is_proved(name):
    bound, proof = get(name), PROOFS[name]
    report = proof.verify()
    assert report.proved and refute(proof, report, wanted=20, tries=200, bound=bound) is None
    small = replace(bound, value=bound.value.over / 40 / bound.value.under)
    assert refute(proof, report, wanted=200, tries=300, bound=small) is not None
