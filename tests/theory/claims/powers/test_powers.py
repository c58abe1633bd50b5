"""The closed forms at steps eta and eta/sqrt(k): replayed, and refused where anything of them is less."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.claims.powers.bounds import FORMS, sum_at_least, sum_at_most
from theory.claims.powers.replayed import _PROOFS, replayed
from theory.formulas.formula import Number, Quotient
from theory.formulas.notation import name_node
from theory.staleness.count import Staleness

POWERS = (Fraction(0), Fraction(1, 2))


def proof_and_bound(name, p):
    """A fresh bound with its proof: to the kernel every call of a function is a symbol of its own."""
    bound = FORMS[name].bound(p)
    return _PROOFS[FORMS[name].of.name](bound, p), bound


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("p", POWERS)
def test_the_kernel_replays_it_and_nothing_better(name, p):
    proof, bound = proof_and_bound(name, p)
    report = proof.against(bound)
    assert report.proved and replayed(name, p)
    value = bound.value

    def refused(**changed):
        return proof.against(replace(bound, **changed), report.facts).lines[-1].refusal

    assert "differ" in refused(value=Quotient(Number(0.999, "0.999") * value.over, value.under))
    assert "differ" in refused(value=Quotient(value.over, value.under + 1 / name_node("L")))
    assert "minimum" in refused(covers_last=not bound.covers_last)
    for number, condition in enumerate(bound.conditions):
        rest = bound.conditions[:number] + bound.conditions[number + 1 :]
        assert refused(conditions=rest) or condition.name == "mu is at most 1", condition.name
    for assumption in bound.assumptions:
        rest = tuple(one for one in bound.assumptions if one is not assumption)
        assert refused(assumptions=rest) or assumption.name in ("no noise", "delays fixed"), assumption.name


@pytest.mark.parametrize("p", [Fraction(1, 4), Fraction(1, 3), Fraction(1), Fraction(3, 4)])
def test_other_powers_are_not_replayed(p):
    assert all(replayed(name, p) is None for name in FORMS)


@pytest.mark.parametrize("p", [*POWERS, Fraction(1, 4), Fraction(1)])
def test_the_sums_are_on_their_sides(p):
    for steps in (1, 2, 3, 10, 1000):
        powers = np.arange(1, steps + 1) ** -float(p)
        setting = Setting(powers, np.zeros(steps, int), Staleness(1), {})
        low, high = (float(f(q).evaluate(setting.environment())) for f, q in ((sum_at_least, p), (sum_at_most, 2 * p)))
        assert low <= powers.sum() * (1 + 1e-12) and high >= (powers**2).sum() * (1 - 1e-12)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("s", [1, 2, 5])
def test_it_is_never_below_the_bound_that_it_is_of(name, p, s):
    form = FORMS[name]
    compared = 0
    for first in (0.02, 0.1, 0.3, 0.6):
        for steps in (1, 4, 30):
            sizes, delays = first * np.arange(1, steps + 1) ** -float(p), np.minimum(np.arange(steps), s - 1)
            noise = 0.0 if form.of.noise_free_only else 0.8
            at = Setting(sizes, delays, Staleness(s), {"L": 1.0, "Delta": 2.0, "sigma": noise, "mu": 0.7})
            value, failures = form.bound(p).assess(at)
            compared += value is not None
            assert value is None or value >= get(form.of.name).evaluate(at) * (1 - 1e-12)
            assert not any("delay" in failure.condition or "steps" in failure.condition for failure in failures)
    assert compared >= 3
