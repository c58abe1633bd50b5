"""A share of `make kernel-fuzz`: what rules make of true facts is true, and a false rule is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from fuzzing.kernel_rules import Fuzzer, examined

from tests.support.amounts import many
from theory.proofs import axioms, kernel
from theory.proofs.kernel import Term

SEEDS = range(7000, 7000 + many(60))


@pytest.fixture
def forgetful():
    """What the kernel remembers of a rule that was broken is forgotten."""
    yield
    for cache in (kernel._closure, kernel._normal_term, kernel._is_finite):
        cache.cache_clear()


def test_what_rules_make_of_true_facts_is_true():
    tally = examined(SEEDS)
    assert tally.false == []
    assert sum(tally.compared.values()) > 75 * len(SEEDS) and tally.wrong > 7.5 * len(SEEDS)
    assert set(tally.compared) == set(Fuzzer(0).rules())


BROKEN = {
    "every order follows": (kernel, "_follows", lambda *given: True),
    "all noise vanishes": (axioms, "_vanishes", lambda context, term: term.payload is not None),
    "noise that a point lacks is known": (axioms, "_vanishes", lambda context, term: "N" in str(term.payload)),
    "bound indices meet": (kernel, "_times", lambda one, other, inner=False: _unshifted(one, other, inner)),
    "cases need not be the two": (
        kernel,
        "instantiate",
        lambda fact, there, **names: _loosely(fact, there, names),
    ),
    "nothing is required": (kernel, "require", lambda context, *constraints: None),
    "reads are dropped": (kernel, "_without_idle", lambda met, tight, there: frozenset(list(tight)[:-1])),
}


def _unshifted(one: Term, other: Term, inner: bool) -> Term:
    """A product in which the bound indices of both factors have the same numbers."""
    made = TIMES(one, other, inner)
    shared = {("b", one.size + n): kernel.Index(("b", n)) for n in range(min(one.size, other.size))}
    return kernel._moved_term(made, shared, made.size)


def _loosely(fact, there, names):
    """A fact in any context."""
    return kernel._fact(there, fact.expression.at(**names), fact.used, fact.equality)


TIMES = kernel._times


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.usefixtures("forgetful")
def test_a_rule_that_is_broken_is_noticed(monkeypatch, name):
    monkeypatch.setattr(*BROKEN[name])
    assert any(Fuzzer(seed, kind).run().false for kind in (None, "mixed") for seed in SEEDS)
