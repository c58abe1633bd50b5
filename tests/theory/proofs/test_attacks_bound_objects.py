"""Attacks on what lies between a bound and its proof, by objects of one's own inside of a bound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.made_bounds import (
    ETA,
    NOISY,
    SIGNS,
    TRUE,
    L,
    S,
    condition,
    made,
    refusal,
    true,
)
from theory.bounds import REGISTRY
from theory.bounds.parts.assumptions import (
    DELAYS_FIXED,
    Assumption,
)
from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Defined, Name, Number, call, formula
from theory.proofs.theorem import compare

# --------------------------------------------------------------------------------- B9: a bound of a class of its own


class Assessed(Bound):
    def _assess(self, environment):
        return -1.0, ()


class Elsewhere(Bound):
    def _environment(self, setting):
        return setting.prefix(1).environment()


class Exact(Bound):
    noise_free_only = True


class Defining(Bound):
    def _indexed_definitions(self):
        return iter(())


class Twofold(Bound):
    def __getattribute__(self, name):
        return formula(0) if name == "value" else super().__getattribute__(name)


class Numbered(type(REGISTRY["theorem-ar"])):
    def chosen(self, environment):
        return environment


@pytest.mark.parametrize("kind", [Assessed, Elsewhere, Exact, Defining, Twofold, Numbered])
def test_b9_a_bound_is_of_a_class_of_the_library(kind):
    assert "This is no bound" in refusal(made(TRUE, kind=kind), true())


# ------------------------------------------------------------------------------------- C3: objects inside of a bound


class Alike:
    name = text = "nothing at all"
    latex = needed = ""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class Anything(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Loose(float):
    def __gt__(self, other):
        return False

    __ge__ = __lt__ = __le__ = __gt__


@pytest.mark.parametrize(
    "assumptions",
    [
        (Alike(), Alike()),
        list(NOISY),
        (*NOISY[:-1], Assumption(Anything("delays fixed"), DELAYS_FIXED.text, DELAYS_FIXED.latex)),
        frozenset(NOISY),
    ],
)
def test_c3_an_assumption_is_one_of_the_library(assumptions):
    assert "This is no" in refusal(made(TRUE, assumptions=assumptions), true())


def test_c3_a_relation_a_start_and_a_tolerance_are_plain():
    class Holds:
        latex, words, value = r"\lesseqgtr", "", ">="

        def holds(self, left, right, allowance):
            return left == left

    plain = condition(L * ETA, ">=", 1, index="k")
    for change in (
        {"relation": Holds()}, {"relation": ">="}, {"since": Alike()}, {"relative": Loose(1e6)}, {"relative": 0},
        {"index": Anything("k")}, {"when": Alike()},
    ):  # fmt: skip
        assert refusal(made(TRUE, replace(plain, **change)), true())
    compare(made(TRUE, plain), true())
    for change in ({"conditions": list(SIGNS)}, {"covers_last": 1}, {"weighing": Alike()}):
        assert "This is no" in refusal(replace(made(TRUE), **change), true())


def test_c3_what_a_node_is_made_of_cannot_change():
    parts = [TRUE, formula(0)]
    for node in (
        type(L + S)(parts), type(L * S)(parts), call("max", L, 1).__class__(call("max", L, 1).function, parts),
        Name(Anything("L"), "L"), Name("L", Anything("L")), Number(Loose(2.0), "2"), Number(2.0, Anything("2")),
        Defined(Anything("c"), L, sequence=False),
    ):  # fmt: skip
        assert refusal(made(TRUE + node), true())
        assert refusal(made(TRUE, condition(node, ">=", 0)), true())
