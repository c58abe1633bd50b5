"""Attacks on the kernel by Python objects: what is equal, hashes or iterates as it likes, and what might be written to.

The letters are those of `docs/kernel.md`. Everything that a rule, a cache or a table looks at is of an exact type, down
to the strings and whole numbers in it; what is of another kind is refused before anything remembers it.
"""

from __future__ import annotations

from collections import UserString
from enum import Enum
from fractions import Fraction

import pytest

from theory.formulas.formula import FUNCTIONS, Call, Number, Peak, formula, peak
from theory.formulas.notation import name_node
from theory.proofs import kernel
from theory.proofs.axioms import AXIOMS, drawn, orthogonal, sign
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Context,
    Index,
    ProofError,
    Term,
    constant,
    expression,
    gap_at,
    instantiate,
    le,
    lt,
    restate,
    scalar,
    var,
    vector,
)
from theory.proofs.nodes import At, G, Meant, Vector, inner, square
from theory.proofs.statement import meaning, name_of
from theory.proofs.terms import bound_variables

K, J = var("k"), var("j")
START = Context(frozenset({lt(ZERO, LAST)}))
STEP = START.having(le(ZERO, K), lt(K, LAST))
L, ETA, T = map(name_node, ("L", "eta", "T"))


class Word(str):
    """A string that is equal to all others, once it is told to be."""

    sly = False

    def __eq__(self, other):
        return True if Word.sly else str.__eq__(self, other)

    __hash__ = str.__hash__


class Thing:
    """Equal to whatever it is told to be, and hashed so."""

    def __init__(self, of):
        self.of = of

    def __eq__(self, other):
        return other is self or other == self.of

    def __hash__(self):
        return hash(self.of)


class Sequence(tuple):
    """A tuple that iterates as one pair and is indexed as another."""

    def __iter__(self):
        return iter((self.seen, ZERO))

    def __getitem__(self, place):
        return (self.seen, LAST)[place] if place else self.seen


def refused(rule, *arguments, **named) -> str:
    with pytest.raises(ProofError) as refusal:
        rule(*arguments, **named)
    return str(refusal.value)


# ------------------------------------------------------------------------------------------------- A1: what is cut


@pytest.mark.parametrize("kind", ["subclass", "list", "generator", "three", "one", "text", "object"])
def test_a1_a_cut_is_a_plain_pair_of_indices(kind):
    """The two halves of a cut are complementary only if both are made of the same pair."""
    steps = AXIOMS["steps_count"](START)

    def choose(term):
        if not term.size or len(term.constraints) > 2:
            return None
        cut = Sequence()
        cut.seen = bound_variables(term)[0]
        pair = (bound_variables(term)[0], ZERO)
        return {
            "subclass": cut, "list": list(pair), "generator": iter(pair), "three": (*pair, LAST), "one": pair[:1],
            "text": ("b0", "0"), "object": Thing(pair),
        }[kind]  # fmt: skip

    assert refused(restate, steps, scalar("T") - 1, choose)
    assert refused(orthogonal, STEP, steps.expression, choose)


def test_a1_an_honest_cut_takes_the_first_step_off():
    steps = AXIOMS["steps_count"](START)
    first, rest = le(J, ZERO), lt(ZERO, J)
    count = [expression(1).total(("j",), le(ZERO, J), lt(J, LAST), half) for half in (first, rest)]

    def choose(term):
        inside = bound_variables(term)[0] if term.size else None
        known = {(c.left, c.right): c.gap for c in term.constraints}
        done = inside is None or known.get((("0",), inside.core), 0) == -1 or (inside.core, ("0",)) in known
        return None if done else (inside, ZERO)

    assert restate(steps, scalar("T") - count[0] - count[1], choose).equality


# ------------------------------------------------------------------------------------- A2, A3, A5: names and kinds


class Law(Enum):
    NOISELESS = "noiseless"


@pytest.mark.parametrize(
    "law",
    [
        (Thing("noiseless"),), (Word("fixed"),), (Law.NOISELESS,), ("latest", ("v", Word("k")), 0),
        (UserString("prompt"),), ("latest", ("v", "k"), True), (Thing("latest"), ("v", "k"), 0),
        (Word("latest"), ("v", "k"), 0), Sequence(("fixed",)), ("latest", Sequence(("v", "k")), 0),
        ("random", 0), ("latest", ("v", "k"), 0, 0),
    ],
)  # fmt: skip
def test_a2_a_law_is_made_of_plain_strings_and_numbers(law):
    """A law that is `noiseless` today and `fixed` tomorrow carries one fact into the other."""
    if isinstance(law, Sequence):
        law.seen = "fixed"
    assert refused(Context, frozenset(), frozenset({law}))
    assert refused(START.under, law)


@pytest.mark.parametrize("name", ["k", "j"])
def test_a2_a_name_put_in_by_keyword_is_a_plain_string(name):
    """A keyword that is another name to the constraints than to the expression."""
    fact = sign(START.having(le(ZERO, K), le(ZERO, J)), "eta", var(name))
    for change in (lambda at: instantiate(fact, fact.context, **at),
                   lambda at: le(ZERO, K).at(**at), lambda at: scalar("eta", K).at(**at)):  # fmt: skip
        assert "is a str" in refused(change, {Word(name): ZERO - 3})
        change({name: ZERO + 3})
    assert refused(expression(1).total, (Word(name),), le(ZERO, K), le(K, LAST))
    assert refused(kernel.induct, fact, fact, expression(0), Word(name), ZERO)


@pytest.mark.parametrize("payload", [(Thing("ip"), ("g", K), ("g", K)), (Word("f"), K), ("f", K), Sequence(("f", K))])
def test_a3_no_kind_of_a_payload_is_given(payload):
    """A kind that is `ip` to one check and `f` to the next leaves a bound index unbound: `dot` alone writes it."""
    assert refused(Term, 0, frozenset(), (), payload)


@pytest.mark.parametrize("name", [Thing("g"), Word("g"), b"g", 1, ("g",)])
@pytest.mark.parametrize("index", [Sequence((("v", "k"), 0)), (("v", "k"), 0), "k", 1, Index(("b", 0))])
def test_a3_the_name_of_a_vector_is_a_plain_string_and_its_place_an_index(name, index):
    assert refused(vector, name, K) and refused(vector, "g", index) and refused(gap_at, index)


@pytest.mark.parametrize("name", [Thing("L"), Word("L"), b"L", 1])
def test_a5_the_name_of_a_symbol_is_a_plain_string(name):
    assert refused(scalar, name) and refused(sign, START, name)
    assert refused(drawn, STEP.under(kernel.RANDOM), K, name, K)


# ------------------------------------------------------------------------------------------ A7: what is remembered


class Shows(frozenset):
    """A set that is equal to another one and lists something else."""

    def __iter__(self):
        return iter([le(var("q"), var("q") - 1)])

    def __or__(self, other):
        return self


class Everywhere(Context):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash(START)


def test_a7_a_cache_of_the_order_is_asked_with_plain_sets_only():
    far = Context(frozenset({le(ZERO + 5, LAST)}))
    sly = Shows(far.constraints)
    for attempt in (
        lambda: Context(sly), lambda: Context(frozenset(), Shows()), lambda: START.having(*sly).having(sly),
        lambda: Index(Thing(("0",))), lambda: Index(("v", Word("k"))),
        lambda: kernel.require(tuple(far), le(ZERO, LAST)),
    ):  # fmt: skip
        assert refused(attempt)
    assert not far.entails(le(LAST, ZERO)) and far.entails(le(ZERO + 5, LAST))


def test_a7_a_normal_form_is_asked_for_with_a_plain_context_only():
    """A context that is equal to another one, and in which nothing is left of 1."""
    assert type(Everywhere(frozenset({le(LAST, LAST - 1)}))) is Context
    sly = tuple.__new__(Everywhere, (frozenset({le(LAST, LAST - 1)}), frozenset()))
    for attempt in (
        lambda: expression(1).normal(sly), lambda: constant(sly, 0), lambda: kernel.weaken(constant(START, 0), sly),
        lambda: expression(1).normal(Thing(START)), lambda: expression(1).normal(tuple(START)),
    ):  # fmt: skip
        assert refused(attempt)
    assert refused(restate, constant(START, 0), expression(-1))


class Same(Meant):
    """A node of a proof that is equal to another one."""

    children = ()

    def __init__(self, of):
        self.of = of

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash(self.of)

    def latex(self, index="k"):
        return ""

    def mean(self, index):
        return scalar("L") * 7


def test_a8_a_node_of_a_proof_says_nothing_of_another_node():
    node = 3 * L
    assert meaning(Same(node)) == scalar("L") * 7
    assert not (meaning(node) - 3 * scalar("L")).normal(START)


class Alike(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(Number)


def test_a8_a_node_is_of_a_class_of_the_library_and_of_plain_parts():
    class Sly(Number, metaclass=type("Meta", (Alike, type(Number)), {})):
        pass

    class Peaked(Peak):
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    assert refused(meaning, Sly(2.0, "2")) and refused(name_of, Peaked(ETA)) and refused(name_of, Sly(2.0))
    assert refused(name_of, FUNCTIONS["max"]) and name_of(peak(ETA)) != name_of(peak(ETA))
    parts = [formula(1), ETA]
    for node in (
        type(L + T)(parts), type(L * T)(parts), Call(FUNCTIONS["max"], parts), Vector(Word("g")), At(square(G), 3, "k"),
        At(inner(G, G), Sequence((("v", "k"), 0)), "k"), Number(Fraction(1), "1"),
    ):  # fmt: skip
        assert refused(meaning, node)
    wrong = Same(ETA)
    wrong.mean = lambda index: Thing(expression(1))
    assert refused(meaning, wrong)
