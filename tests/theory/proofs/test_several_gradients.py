"""Updates of several gradients in the kernel: orders, axioms and formulas on small runs, and misuse that is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.support.replays import replayed
from theory.bounds.parts.assumptions import COHERENCE, NO_DELAY, SEVERAL_READS, UNBIASED
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_ab import THEOREM_AB
from theory.formulas.formula import Number, Previous, WhereOvertaken, block, formula, peak, readers, served, taken
from theory.formulas.formula import total as over_all
from theory.formulas.formula import window as in_window
from theory.formulas.notation import name_node
from theory.proofs import axioms, kernel
from theory.proofs.axioms import AXIOMS
from theory.proofs.kernel import (
    FIXED,
    LAST,
    NOISELESS,
    RANDOM,
    SEVERAL,
    ZERO,
    Context,
    Index,
    ProofError,
    _closure,
    constant,
    expression,
    latest,
    le,
    lt,
    scalar,
    tau,
    total,
    update,
    var,
    vector,
    weaken,
)
from theory.proofs.nodes import E, G, Inner, applying, inner, read
from theory.proofs.proof import evaluate, minimum
from theory.proofs.statement import meaning
from theory.proofs.theorem import compare, laws, printed_as_meant
from theory.proofs.theorems.lemmas import gradients, steps
from theory.proofs.theorems.theorem_ab import PROOF

K, J, P = var("k"), var("j"), var("p")
ETA, L, D = map(name_node, ("eta", "L", "d"))
START = Context(frozenset({lt(ZERO, LAST)}), frozenset({SEVERAL}))
GRADIENT, POINT = START.having(*gradients(K)), START.having(*steps(P))
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def runs(world):
    """Runs whose updates apply one to three gradients, in any order, with steps of their own."""
    draw, made = random.Random(4), []
    for seed in range(24):
        steps_of_it, many = draw.choice([(1, 1), (1, 3), (2, 1), (2, 2), (3, 2), (2, 3), (4, 1)])
        sizes = [draw.choice([0.0, 0.05, 0.3, 1.1]) for _ in range(steps_of_it * many)]
        reads = world.random_reads(draw, steps_of_it, many)
        made.append(world.Run(reads, sizes, seed, deviation=draw.choice([0.0, 0.3, 2.0]), block=many))
    return made


def always(runs, fact, *names):
    """Whether a fact holds on all the runs, at all places that its context allows."""
    values = [run.value(fact.expression, one) for run in runs for one in run.assignments(names, fact.context)]
    assert len(values) >= 10
    return min(values) >= -ROUNDING and (not fact.equality or max(values) <= ROUNDING)


# ------------------------------------------------------------------------------------------------ the order of indices

PLACES = (ZERO, LAST, K, update(K), update(J), tau(K), tau(J), update(ZERO), update(tau(K)), tau(update(K)))
LAWS = (frozenset({SEVERAL}), frozenset({SEVERAL, latest(K)}), frozenset({SEVERAL, latest(K), latest(J)}))


def test_what_follows_of_the_order_holds_for_every_small_run(world):
    rows, allowed = [], {known: [] for known in LAWS}
    for steps_of_it, many in ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3)):
        for reads in product(*(range(k // many + 1) for k in range(steps_of_it * many))):
            here = world.Abstract(reads, seed=0, block=many)
            for k, j in product(range(-2, len(reads) + 2), repeat=2):
                rows.append([here.place(place, {"k": k, "j": j}) for place in PLACES])
                for known in LAWS:
                    allowed[known].append(all(here.obeys(law, {"k": k, "j": j}) for law in known))
    column = {place.core: np.array(rows)[:, i] - place.offset for i, place in enumerate(PLACES)}
    draw, pairs, decided = random.Random(1), [(a, b) for a, b in product(PLACES, repeat=2) if a != b], 0
    for _ in range(1500):
        asked = [le(a, b + draw.randint(-2, 1)) for a, b in draw.choices(pairs, k=draw.randint(1, 3))]
        known = draw.choice(LAWS)
        context, here = Context(frozenset(asked), known), np.array(allowed[known])
        for c in asked:
            here = here & (column[c.left] <= column[c.right] + c.gap)
        found = _closure(frozenset(column), *context)
        assert found or not here.any(), context
        for (left, right), gap in found.items():
            if left in column and right in column:
                assert (column[left][here] <= column[right][here] + gap).all(), (context, left, right, gap)
                decided += left != right
    assert decided > 5_000


def test_what_is_known_of_a_gradient_and_its_update():
    assert GRADIENT.entails(le(tau(K), update(K))) and START.entails(le(update(ZERO), ZERO))
    assert not GRADIENT.entails(le(tau(K), K)) and not GRADIENT.entails(le(update(K), K))
    assert not Context(laws=frozenset({SEVERAL})).entails(le(tau(K), update(K)))
    plain = Context()
    assert plain.entails(le(update(K), K)) and plain.entails(le(K, update(K)))


def test_a_sum_over_the_gradients_of_an_update_has_an_end_and_one_over_all_has_none():
    assert expression(1).total(("j",), le(update(J), K), le(K, update(J)))
    for constraints in ((le(update(J), K),), (le(K, update(J)),), (le(update(K), J),)):
        with pytest.raises(ProofError, match="no end"):
            expression(1).total(("j",), *constraints)


def test_equal_sums_have_one_form_and_others_have_not():
    """A sum over updates of sums over their gradients is a sum over gradients; W_k is no longer a set of points."""
    nested = scalar("eta", J).total(("j",), le(update(J), P), le(P, update(J))).total(("p",), *steps(P))
    plainly = scalar("eta", J).total(("j",), *gradients(J))
    assert not (nested - plainly).normal(START) and (nested - plainly).normal(Context()) == {}
    of_points = scalar("eta", J).total(("j",), *steps(J))
    assert (plainly - of_points).normal(START) and not (plainly - of_points).normal(Context())


# -------------------------------------------------------------------------------------------------------- the axioms


def test_axioms_hold_where_updates_apply_several_gradients(runs):
    two = START.having(*(c for i in (P, J) for c in (le(ZERO, i), le(i, LAST))))
    for v in (vector("g", P), vector("g", J) - 2 * vector("g", P), axioms.displacement(P, J)):
        assert always(runs, AXIOMS["smooth"](two, P, J, v), "p", "j")
        assert always(runs, AXIOMS["bounded_below"](two, P, v), "p", "j")
    assert always(runs, AXIOMS["gap"](START))
    assert always(runs, minimum(POINT, P), "p")
    assert always(runs, AXIOMS["bounded_variance"](GRADIENT, K), "k")
    assert always(runs, AXIOMS["window_count"](GRADIENT, K), "k")
    assert always(runs, AXIOMS["block_count"](POINT, P), "p")
    assert always(runs, AXIOMS["block_readers_count"](START.having(le(ZERO - 1, P), le(P, LAST)), P), "p")
    assert always(runs, AXIOMS["steps_count"](START))


def test_noise_is_orthogonal_to_what_was_known_before_and_to_that_of_its_own_update(runs):
    other = GRADIENT.having(*gradients(J))
    later, own = other.having(lt(J, K)), other.having(le(update(J), update(K)), le(update(K), update(J)), lt(J, K))
    cases = {
        vector("e", K).dot(vector("g", tau(J))): other.having(le(tau(J), update(K))),
        vector("e", K).dot(vector("g", update(K))): GRADIENT,
        vector("e", K).dot(vector("g", tau(K))): GRADIENT,
        vector("e", K).dot(vector("e", J)): later,
        vector("e", J).dot(vector("e", K)): own,
    }
    for body, context in cases.items():
        fact = kernel.restate(axioms.orthogonal(context, body), body)
        assert fact.equality and fact.axioms == {axioms.INDEPENDENT, axioms.APART}
        assert always(runs, fact, *sorted(context.names()))
    for body in (vector("e", K).dot(vector("g", tau(J))), vector("e", K).dot(vector("e", J))):
        with pytest.raises(ProofError):
            kernel.restate(axioms.orthogonal(other, body), body)
    own_number = vector("e", K).dot(vector("g", K))  # at the point that has the gradient's number
    with pytest.raises(ProofError):
        kernel.restate(axioms.orthogonal(GRADIENT, own_number), own_number)


def test_axioms_that_count_steps_are_not_about_updates_of_several_gradients():
    """At most s - 1 windows hold a point, x_k is read by at most s steps, r_j belongs to one step."""
    about_steps = {"turning", "readers_count", "served_count", "indicator", "not_overtaken", "delay_size"}
    for name, axiom in AXIOMS.items():
        if name in about_steps:
            given = [ZERO] * len(axiom.letters) + [vector("g", ZERO)] * axiom.of_a_vector
            with pytest.raises(ProofError, match="not about the runs"):
                axiom(Context(laws=frozenset({axiom.law, SEVERAL} - {None})), *given)
    for name in ("block_count", "block_readers_count"):
        with pytest.raises(ProofError, match="not about the runs"):
            AXIOMS[name](Context(frozenset(steps(P))), P)
    assert {name for name, axiom in AXIOMS.items() if axiom.several} >= {"smooth", "gap", "bounded_variance"}


def test_a_fact_about_one_gradient_an_update_says_nothing_of_several_and_the_other_way_round():
    plain = AXIOMS["readers_count"](Context(), P)
    with pytest.raises(ProofError, match="kind of runs"):
        weaken(plain, Context(laws=frozenset({SEVERAL})))
    with pytest.raises(ProofError, match="does not say so"):
        weaken(AXIOMS["block_readers_count"](START, P), Context(START.constraints))
    with pytest.raises(ProofError, match="kind of runs"):
        weaken(constant(Context(), 1), START.under(RANDOM))


def test_only_gradients_of_the_run_have_the_variance_and_the_delay():
    for name in ("bounded_variance", "window_count"):
        for context in (START, START.having(*steps(K))):
            with pytest.raises(ProofError):
                AXIOMS[name](context, K)


# -------------------------------------------------------------------------------------------------------- the formulas

FORMULAS = {
    "windows": in_window(ETA * in_window(ETA)) - readers(ETA * readers(ETA)),
    "blocks": block(ETA * block(ETA)) - ETA,
    "delays": D**2 - D,
    "totals": over_all(ETA * readers(ETA)) - over_all(Number(1)),
    "overtaken": WhereOvertaken(L * ETA, ETA**2) * ETA,
    "largest": peak(ETA),
    "gradients": inner(applying(G), read(G)) - Inner(E, E),
}


def test_formulas_mean_what_they_say(world, runs):
    for run in runs:
        for name, node in FORMULAS.items():
            for k in range(len(run.reads)):
                if name == "largest":
                    continue
                said, meant = world.worth(run, node, K, {"k": k}), run.value(meaning(node), {"k": k})
                assert said == pytest.approx(meant, rel=1e-9, abs=1e-9), (name, k)
        for t in range(run.steps):
            for node in (taken(ETA * D), served(ETA * in_window(ETA)), taken(ETA) * taken(ETA**2)):
                said, meant = world.worth(run, node, K, {"k": t}), run.value(meaning(node), {"k": t})
                assert said == pytest.approx(meant, rel=1e-9, abs=1e-9)


def test_the_bound_means_what_the_library_evaluates(runs):
    from theory.bounds import Setting
    from theory.staleness.count import Staleness

    compared = 0
    for run in runs:
        sizes = run.step_sizes.reshape(run.steps, run.block)
        if not (sizes == sizes[:, :1]).all():
            continue
        compared += 1
        delays = (np.arange(len(run.reads)) // run.block - np.array(run.reads)).reshape(sizes.shape)
        constants = {name: run.constants[name] for name in ("L", "Delta", "sigma")}
        environment = Setting(sizes.sum(axis=1), delays, Staleness(run.staleness), constants).environment()
        for part in (THEOREM_AB.value.over, THEOREM_AB.value.under):
            assert run.value(meaning(part), {}) == pytest.approx(float(part.evaluate(environment)), rel=1e-12)
        v = next(node for node in THEOREM_AB.definitions if node.symbol == "v")
        for t, entry in enumerate(v.evaluate(environment)):
            assert run.value(meaning(v, P), {"p": t}) == pytest.approx(entry, rel=1e-9, abs=1e-12)
    assert compared >= 5


# ------------------------------------------------------------------------------------------- the bound that is compared


def compared(bound):
    """Compare the facts of the proof with a bound."""
    facts = replayed(PROOF).facts
    shown = (evaluate(part, facts) for part in (PROOF.denominator, PROOF.weights))
    compare(bound, facts["theorem"], *shown, mean=facts["summed"])


def test_the_theorem_is_the_bound_of_the_library_and_no_other():
    compared(THEOREM_AB)
    v = THEOREM_AB.conditions[-1]
    others = {
        "one gradient an update": replace(THEOREM_AB, assumptions=THEOREM_AB.assumptions[:-1]),
        "biased": replace(THEOREM_AB, assumptions=tuple(a for a in THEOREM_AB.assumptions if a != UNBIASED)),
        "no weights asked for": replace(THEOREM_AB, conditions=THEOREM_AB.conditions[:-1]),
        "the weights of gradients": replace(
            THEOREM_AB, conditions=(*THEOREM_AB.conditions[:-1], replace(v, index="k"))
        ),
        "own steps alone": replace(THEOREM_AB, value=THEOREM_AB.value.over / THEOREM_A.value.under),
        "half the bound": replace(THEOREM_AB, value=THEOREM_AB.value / 2),
        "coherence": replace(THEOREM_AB, assumptions=(*THEOREM_AB.assumptions, COHERENCE)),
        "a mean": replace(THEOREM_AB, weights=ETA),
        "a mean over gradients": replace(THEOREM_AB, weighing=replace(THEOREM_AB.weighing, each=ETA / 2)),
    }
    for name, other in others.items():
        with pytest.raises(ProofError):
            compared(other)
            pytest.fail(name)


def test_no_law_of_order_goes_with_several_gradients():
    assert laws(THEOREM_AB) == {SEVERAL}
    from theory.bounds.parts.undelayed import PROMPT as NO_DELAY_ASKED

    prompt = replace(
        THEOREM_AB,
        assumptions=(*THEOREM_AB.assumptions, NO_DELAY),
        conditions=(*THEOREM_AB.conditions, NO_DELAY_ASKED),
    )
    with pytest.raises(ProofError, match="go with no law"):
        laws(prompt)
    assert SEVERAL_READS in prompt.assumptions and FIXED not in laws(THEOREM_AB) and NOISELESS not in laws(THEOREM_AB)


@pytest.mark.parametrize(
    "value",
    [
        over_all(taken(ETA)),
        in_window(served(ETA)),
        taken(ETA),
        ETA * L,
        over_all(Previous(ETA)),
        peak(served(ETA)),
        block(taken(ETA)) * formula(2),
    ],
    ids=lambda node: node.latex(),
)
def test_what_mixes_gradients_and_points_is_refused(value):
    """An array over gradients is no array over points, and a bound is one number."""
    with pytest.raises(ProofError):
        printed_as_meant(replace(THEOREM_AB, value=value))


def test_a_total_over_gradients_takes_no_step_for_its_update():
    fact = AXIOMS["bounded_variance"](GRADIENT, K)
    assert total(fact, ("k",), *gradients(K))
    with pytest.raises(ProofError):
        total(fact, ("k",), *steps(K))


def test_update_takes_an_index_only():
    for wrong in ("k", 0, ("v", "k"), None):
        with pytest.raises(ProofError):
            update(wrong)
    assert Index(("update", ("v", "k"), 0)) == update(K) and repr(update(K + 1)) == "update(k+1)"
    for core in (("update", ("v", "k")), ("update", ("v", "k"), 0.0), ("updates", ("v", "k"), 0)):
        with pytest.raises(ProofError):
            Index(core)
