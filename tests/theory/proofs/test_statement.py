"""What a printed formula means to the kernel, against a second reading of the formula: its value on runs."""

from __future__ import annotations

import random

import pytest

from theory.bounds.theorem_a import THEOREM_A
from theory.formulas.formula import (
    Call,
    Defined,
    Formula,
    Name,
    Number,
    Peak,
    Previous,
    StepNumber,
    WhereOvertaken,
    call,
    formula,
    peak,
    readers,
    served,
    total,
    window,
)
from theory.formulas.notation import name_node
from theory.proofs import PROOFS, statement
from theory.proofs.axioms import sign
from theory.proofs.kernel import LAST, ZERO, Context, ProofError, add, lt, restate, scale_equality, square, var
from theory.proofs.nodes import F_GAP, At, E, G, Inner, Travelled, first, following, inner, last, read
from theory.proofs.refuting.workers import Workers
from theory.proofs.statement import meaning, root_sign, root_squared
from theory.proofs.terms import bound_variables

K, T_ = var("k"), var("t")
START = Context(frozenset({lt(ZERO, LAST)}))
L, DELTA, SIGMA, S, T, ETA, D = map(name_node, ("L", "Delta", "sigma", "s", "T", "eta", "d"))


@pytest.fixture(scope="module")
def runs(world):
    """Runs with noise and any delays."""
    draw = random.Random(1)
    made = []
    for seed in range(6):
        reads = world.random_reads(draw, draw.randint(1, 4))
        made.append(world.Run(reads, [draw.choice([0.0, 0.1, 0.7]) for _ in reads], seed, draw.choice([0.0, 1.0])))
    return made


def agree(world, run, node: Formula, index=K, **names) -> bool:
    """Whether the kernel's expression has the value of the formula."""
    for inside in node.walk():
        if isinstance(inside, Call | Peak) and not any(isinstance(part, statement.Abstract) for part in inside.walk()):
            run.nodes[statement.name_of(inside)] = inside
    one, other = run.value(meaning(node, index), names), world.worth(run, node, index, names)
    return abs(float(one) - float(other)) <= 1e-9 * (1 + abs(float(other)))


SCALARS = {
    "numbers": formula(1.5) - 2 / formula(4),
    "constants": L**2 * DELTA / (2 * L) - SIGMA**2 * S / T,
    "sequences": ETA * (1 - L * ETA / 2) ** 3,
    "next, read, first, last": ETA + 2 * read(ETA) + 3 * first(ETA) - following(ETA) / 2,
    "windows": window(ETA * window(ETA)) - readers(ETA * readers(ETA)),
    "served": served(ETA * (1 - D)) + served(formula(1)),
    "previous": Previous(ETA) - Previous(window(ETA)),
    "totals": total(ETA * readers(ETA) * total(ETA**2)) - total(formula(1)),
    "delays": D**2 - D,
    "overtaken": WhereOvertaken(L * ETA, ETA**2) * ETA,
    "function values": F_GAP - following(F_GAP) + first(F_GAP) - last(F_GAP),
    "squares": Inner(G, G) - inner(G, read(G)) + inner(E, G) - inner(E, E),
    "way since the read": Inner(Travelled(), Travelled()),
    "sum of ways": total(ETA * Inner(Travelled(), Travelled())) + window(Inner(Travelled(), Travelled())),
    "sums of vectors": inner(G - read(G), window(ETA * E)) + Inner(window(ETA * read(G)), window(ETA * read(G))),
    "at an index of its own": inner(At(G, T_, "t"), G) + At(window(ETA), T_, "t") * ETA,
    "largest": call("max", ETA, L * readers(ETA)) - peak(ETA),
    "roots and logarithms": ETA * call("sqrt", T) + call("sqrt", StepNumber()) - call("log", T),
}


@pytest.mark.parametrize("name", SCALARS)
def test_a_formula_means_what_it_says(name, world, runs):
    for run in runs:
        for k in range(run.steps):
            for t in (0, k, run.steps - 1):
                assert agree(world, run, SCALARS[name], K, k=k, t=t), (run.reads, k, t)


def test_the_bound_of_the_library_means_what_the_library_evaluates(world, runs):
    """The formula of Theorem A: as the kernel reads it, and as `evaluate` computes it."""
    from theory.bounds.parts.setting import Setting
    from theory.staleness.count import Staleness

    for run in runs:
        delays = [k - r for k, r in enumerate(run.reads)]
        constants = {name: run.constants[name] for name in ("L", "Delta", "sigma")}
        setting = Setting(run.step_sizes, delays, Staleness(run.staleness), constants)
        value = float(THEOREM_A.value.evaluate(setting.environment()))
        over, under = statement.fraction(THEOREM_A.value)
        assert run.value(meaning(over), {}) / run.value(meaning(under), {}) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", PROOFS)
def test_claims_mean_what_they_say(name, world):
    """Every claim of every proof without random delays, at a run with equal steps and one delay, which all allow."""
    proof, run = PROOFS[name], world.Run([0, 0, 1], [0.3] * 3, seed=3, deviation=0.0, mu=0.5)
    if ("random",) in proof.laws:
        run = world.Run([0, 1, 2], [0.3] * 3, seed=3, deviation=0.4, law=[0.3, 0.3, 0.4], mu=0.5)
    if ("workers",) in proof.laws:
        run = Workers(3, [0.3] * 3, 3, 0.0, 4, 0.5 if name == "ef-topk" else None)
    names = {"k": 2, "j": 1, "i": 2, "t": 1, "n": 2, "p": 2, "q": 1, "r": 1, "m": 1, "l": 2, "a": 1, "b": 1}
    for step in proof.steps:
        for side in (step.claim.left, step.claim.right):
            assert agree(world, run, side, step.claim.index, **names), step.name


@pytest.mark.parametrize("other", [total(formula(1)), Inner(Travelled(), Travelled())])
def test_sums_share_no_index_however_many_there_were(other):
    """A sum of sums binds an index of its own for each, whichever formulas were read before."""
    node = total(Inner(Travelled(), Travelled()))
    for _ in range(2000):
        meaning(other)
        for term, _ in meaning(node).terms:
            assert len(set(bound_variables(term))) == 3
            assert not any(c.left == c.right and c.gap < 0 for c in term.constraints)


def test_numbers_are_exact():
    tenth = meaning(Number(0.1, "0.1"))
    assert not (tenth * 10 - 1).normal(START)
    assert not (meaning(Number(0.1)) * 10 - 1).normal(START)  # what is printed, 0.1, is what is meant


def test_what_has_no_meaning_is_refused():
    for node in (
        1 / ETA,
        1 / DELTA,
        1 / (L + S),
        1 / total(ETA),
        1 / SIGMA,
        L ** formula(0.5),
        L ** formula(-1),
        L**ETA,
        G * G,
        Inner(G, F_GAP),
    ):
        with pytest.raises(ProofError):
            meaning(node).normal(START)


def test_a_proof_divides_by_positive_symbols_only():
    assert not (meaning(L * S / (L * S)) - 1).normal(START)
    for name in ("eta", "sigma", "Delta", "d"):
        with pytest.raises(ProofError):
            meaning(L / name_node(name))
        with pytest.raises(ProofError):
            sign(START, name, power=-1)


def test_a_root_is_taken_of_what_is_not_negative():
    """Of products of constants; not of an inner product, which may be negative."""
    node = call("sqrt", 2 * L * DELTA / T)
    assert root_squared(START, node).equality and root_sign(START, node)
    assert {"assumed: Delta > 0"} <= root_sign(START, call("sqrt", L * T / (2 * DELTA))).axioms
    products = call("sqrt", total(inner(G, following(G))))
    for wrong in (call("sqrt", L - S), call("sqrt", formula(-1) * L), call("sqrt", ETA), products, call("log", L)):
        with pytest.raises(ProofError):
            root_squared(START, wrong)
    with pytest.raises(ProofError):
        squared = scale_equality(root_squared(START, products), meaning(formula(-1)))
        restate(add(square(START, meaning(products)), squared), meaning(total(inner(G, following(G)))))


def test_abbreviations_are_their_bodies():
    short = Defined("X", window(ETA) + 1)
    assert meaning(short).normal(START) == meaning(short.body).normal(START)
    assert meaning(Name("f", "f", sequence=True)).normal(START) == meaning(F_GAP).normal(START)
