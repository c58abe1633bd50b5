"""Attacks on the kernel that change a value, or a table, after it was checked."""

from __future__ import annotations

import copy
import gc
import pickle
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

import pytest

from theory.bounds import REGISTRY
from theory.common.table import Table
from theory.formulas.formula import FUNCTIONS, call
from theory.formulas.notation import GLOSSARY, name_node
from theory.proofs import kernel
from theory.proofs.axioms import AXIOMS
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Context,
    Expression,
    Fact,
    Hypothesis,
    Index,
    Le,
    ProofError,
    Term,
    expression,
    le,
    lt,
    scalar,
    tau,
    var,
)
from theory.proofs.nodes import PLACES
from theory.proofs.proof import RULES

K, J = var("k"), var("j")
START = Context(frozenset({lt(ZERO, LAST)}))
STEP = START.having(le(ZERO, K), lt(K, LAST))
L, ETA, T = map(name_node, ("L", "eta", "T"))


def refused(rule, *arguments, **named) -> str:
    with pytest.raises(ProofError) as refusal:
        rule(*arguments, **named)
    return str(refusal.value)


@dataclass
class Thief:
    """What a mapping is compared with gets to see what it is made of, if that is given away."""

    got: object = None

    def __eq__(self, other):
        self.got = other
        return False

    def __ror__(self, other):
        self.got = other
        return self

    __hash__ = None


@pytest.mark.parametrize("table", [AXIOMS, RULES, FUNCTIONS, PLACES, REGISTRY, Table({"a": 1})], ids=range(6))
def test_a6_a_table_hands_its_dictionary_to_nobody(table):
    before, key = dict(table), next(iter(table))
    for take in (lambda t: table == t, lambda t: table != t, lambda t: t == table):
        thief = Thief()
        take(thief)
        assert type(thief.got) is Table
    for change in (
        lambda: table.__setitem__(key, None), lambda: table.update({key: None}), lambda: table.pop(key),
        lambda: table.clear(), lambda: vars(table), lambda: table.__setstate__({}), lambda: table.__ior__({}),
    ):  # fmt: skip
        with pytest.raises((TypeError, AttributeError)):
            change()
    table.__init__({})
    assert dict(table) == before == dict(OrderedDict(table.items())) and key in table and len(table) == len(before)


def values():
    fact = AXIOMS["bounded_variance"](STEP, K)
    assumed = kernel.hypothesis(STEP, scalar("eta", K) - 1, "long")
    (used,) = assumed.used
    return [
        ("Index", tau(K)), ("Le", le(ZERO, K)), ("Term", fact.expression.terms[0][0]), ("Context", fact.context),
        ("Expression", fact.expression), ("Fact", fact), ("Hypothesis", used), ("Axiom", AXIOMS["gap"]),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), values(), ids=[name for name, _ in values()])
def test_a6_no_public_way_changes_a_value(name, value):
    """No dictionary, no state to set, no slot whose descriptor writes, no attribute that can be assigned."""
    with pytest.raises(TypeError):
        vars(value)
    assert not hasattr(value, "__setstate__")
    for field in [field for field in dir(type(value)) if not field.startswith("__")]:
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, field, None)
        with pytest.raises((AttributeError, TypeError)):
            getattr(type(value), field).__set__(value, None)
        with pytest.raises((AttributeError, TypeError)):
            delattr(value, field)
    with pytest.raises(AttributeError):
        value.other = 1
    before = (repr(value.expression), repr(value.context)) if name == "Fact" else repr(value)
    for attempt in (lambda: value.__init__("another"), lambda: value.__init__(constraints=frozenset())):
        with suppress(TypeError):
            attempt()
    assert before == ((repr(value.expression), repr(value.context)) if name == "Fact" else repr(value))


@pytest.mark.parametrize("kind", [Index, Le, Term, Context, Expression, Fact])
def test_a6_no_subclass_is_made(kind):
    class Sly(kind):
        pass

    if kind in (Le, Term, Fact):
        assert refused(Sly)
        return
    assert type(Sly(*((("0",),) if kind is Index else ()))) is kind


@pytest.mark.parametrize(("name", "value"), values()[:6], ids=[name for name, _ in values()[:6]])
def test_a6_nothing_of_the_kernel_is_pickled_or_copied(name, value):
    """Protocols 0 and 1 built values without their constructors: 1/young with another name in its bytes is 1/noisy."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises((ProofError, TypeError)):
            pickle.dumps(value, protocol=protocol)
        with pytest.raises((ProofError, TypeError)):
            value.__reduce_ex__(protocol)
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises((ProofError, TypeError)):
            copied(value)


@pytest.mark.parametrize("table", [AXIOMS, FUNCTIONS, REGISTRY, GLOSSARY, RULES])
def test_b5_no_table_holds_a_dictionary(table):
    """A pickler asks about each part (persistent_id), and gc shows the parts: tuples, all of them."""
    parts = gc.get_referents(table)
    assert not [part for part in parts if isinstance(part, dict)] and any(type(part) is tuple for part in parts)
    assert dict(table) == {name: table[name] for name in table} and len(dict(table)) == len(table)


def test_a6_a_hypothesis_that_is_changed_is_another_one():
    (used,) = kernel.hypothesis(STEP, scalar("eta", K) - 1, "long").used
    other = used._replace(body=expression(0))
    assert type(used) is Hypothesis and used.body == scalar("eta", K) - 1 and other != used
    assert isinstance(le(ZERO, LAST), tuple)
    assert call("max", L, 1) is not None
