"""What the rules of the kernel refuse: each by its misuse, next to a use that is right."""

from __future__ import annotations

from fractions import Fraction

import pytest

from theory.proofs import kernel
from theory.proofs.axioms import orthogonal, sign
from theory.proofs.kernel import (
    IN_ORDER,
    LAST,
    NOISELESS,
    ZERO,
    Context,
    Expression,
    Fact,
    Index,
    Le,
    ProofError,
    expression,
    gap_at,
    hypothesis,
    latest,
    le,
    lt,
    scalar,
    tau,
    var,
    vector,
)
from theory.proofs.proof import unbiased

K, J, T_ = var("k"), var("j"), var("t")
START = Context(frozenset({lt(ZERO, LAST)}))


def steps(index: Index) -> tuple[Le, Le]:
    return le(ZERO, index), lt(index, LAST)


STEP = START.having(*steps(K))


def refused(rule, *arguments, **named) -> str:
    with pytest.raises(ProofError) as refusal:
        rule(*arguments, **named)
    return str(refusal.value)


def test_a_fact_does_not_come_from_outside():
    assert "never from outside" in refused(Fact, START, expression(-1), False, frozenset())
    assert "never from outside" in refused(Fact, START, expression(-1), False, frozenset(), object())


def test_a_negative_number_is_no_fact():
    assert "negative" in refused(kernel.constant, START, Fraction(-1, 10**9))


def test_only_squares_of_one_kind_are_not_negative():
    refused(kernel.square, START, gap_at(ZERO))
    refused(kernel.square, START, scalar("L") + vector("g", ZERO))
    refused(kernel.square, START, vector("g", ZERO).dot(vector("g", LAST)))


def test_a_fact_keeps_its_context():
    fact = hypothesis(STEP.under(latest(K)), scalar("eta", K), "anything")
    assert "does not follow" in refused(kernel.weaken, fact, START.under(latest(K)))
    assert "does not say so" in refused(kernel.weaken, fact, STEP)
    assert "does not follow" in refused(kernel.instantiate, fact, STEP.under(latest(K + 1)), k=K + 1)
    assert "does not say so" in refused(kernel.instantiate, fact, STEP, k=ZERO)
    assert kernel.weaken(fact, STEP.having(lt(ZERO, K)).under(latest(K), NOISELESS))


def test_facts_meet_in_one_context_only():
    refused(kernel.add, kernel.constant(START, 1), kernel.constant(STEP, 1))
    refused(kernel.multiply, kernel.constant(START, 1), kernel.constant(STEP, 1))
    refused(kernel.add)


def test_an_inequality_is_not_scaled_by_something_of_unknown_sign():
    fact = kernel.square(START, vector("g", ZERO))
    assert "unknown sign" in refused(kernel.scale_equality, fact, expression(-1))
    assert "unknown sign" in refused(kernel.scale_equality, fact, scalar("eta", ZERO) - 1)


def test_a_symbol_that_may_be_zero_or_negative_is_no_divisor():
    """Not in a sign, not in a square, not in a factor: else 1 = (ln 1) / (ln 1) = 0."""
    for name, where in [("eta", (K,)), ("sigma", ()), ("Delta", ()), ("log", (ZERO + 1,)), ("o", (K,)), ("m", ())]:
        assert "is not 0" in refused(sign, STEP, name, *where, power=-1)
        assert "is not 0" in refused(scalar, name, *where, power=-1)
    assert sign(STEP, "L", power=-1)


def test_nothing_is_cancelled_that_may_be_zero():
    body = scalar("eta", K)
    times = hypothesis(STEP, scalar("L") * body, "anything")
    positive = hypothesis(STEP, scalar("L") - Fraction(1, 2), "L >= 1/2")
    assert kernel.cancel(times, positive, Fraction(1, 2), body)
    refused(kernel.cancel, times, sign(STEP, "L"), Fraction(0), body)
    refused(kernel.cancel, times, sign(STEP, "L"), Fraction(1, 2), body)
    refused(kernel.cancel, times, positive, Fraction(1, 2), body * 2)
    refused(kernel.cancel, times, kernel.weaken(positive, STEP.under(NOISELESS)), Fraction(1, 2), body)


def test_a_fact_is_not_summed_beyond_its_context():
    fact = hypothesis(STEP, scalar("eta", K), "anything")
    assert "does not follow" in refused(kernel.total, fact, ("k",), le(ZERO, K), le(K, LAST))
    assert "does not follow" in refused(kernel.total, fact, ("k",), le(ZERO - 1, K), lt(K, LAST))
    assert "has no end" in refused(kernel.total, fact, ("k",), lt(K, LAST))
    assert kernel.total(fact, ("k",), *steps(K))


def test_a_sum_is_finite():
    anywhere = hypothesis(Context(), scalar("eta", K), "anything")
    for where in [(), (le(ZERO, K),), (le(K, LAST),), (le(K, J), le(J, K))]:
        assert "has no end" in refused(kernel.total, anywhere, ("k", "j"), *where)


def test_a_law_of_one_step_is_not_used_for_all():
    fact = hypothesis(STEP.under(latest(K)), scalar("eta", K), "anything")
    assert "of one step" in refused(kernel.total, fact, ("k",), *steps(K))
    assert kernel.total(hypothesis(STEP.under(NOISELESS), scalar("eta", K), "anything"), ("k",), *steps(K))


def test_a_sum_is_widened_outwards_only():
    fact = hypothesis(STEP, scalar("eta", K), "anything")
    fewer = (*steps(K), lt(ZERO, K))
    assert kernel.widen(fact, ("k",), steps(K), fewer)
    assert "does not follow" in refused(kernel.widen, fact, ("k",), fewer, steps(K))


def test_what_differs_is_not_restated():
    fact = kernel.square(STEP, vector("g", K))
    for wrong in [
        vector("g", K + 1).square(),
        vector("g", tau(K)).square(),
        vector("e", K).square(),
        2 * vector("g", K).square(),
        -vector("g", K).square(),
        vector("g", K).square() + Fraction(1, 10**30),
        vector("g", K).dot(vector("g", J)),
        vector("g", K).square() * scalar("L"),
    ]:
        assert "differ" in refused(kernel.restate, fact, wrong)


def test_a_cut_is_a_cut():
    fact = kernel.constant(STEP, 1)
    assert "no cut" in refused(kernel.restate, fact, expression(2), lambda term: (K, LAST))


def test_the_noise_and_a_later_gradient_do_not_part():
    """e_k enters x_{k+1} and all that comes after."""
    for point in (K + 1, LAST, J):
        assert "may depend" in refused(unbiased, STEP.having(*steps(J)), K, "g", point)
    for other in (K, K + 1, J):
        refused(unbiased, STEP.having(*steps(J)), K, "e", other) if other != K + 1 else None
    assert unbiased(STEP, K, "g", K)
    assert unbiased(STEP, K, "g", tau(K))
    assert unbiased(STEP.having(lt(J, K)), K, "e", J)
    cross = vector("g", LAST).dot(vector("e", K))
    assert orthogonal(STEP, cross).expression.normal(STEP) == {}
    assert orthogonal(STEP.under(NOISELESS), cross).expression.normal(STEP) == cross.normal(STEP)


def test_the_noise_of_an_overtaken_step_is_not_dropped():
    """Within W_k the gradient that step j applies may be younger than the noise of step i."""
    window = START.having(*steps(K), le(tau(K), J), lt(J, K), le(tau(K), T_), lt(T_, K))
    refused(unbiased, window, T_, "g", tau(J))
    assert unbiased(window.under(latest(K)), T_, "g", tau(J))
    assert unbiased(window.under(IN_ORDER), T_, "g", tau(J))


def test_induction_has_a_base_that_says_nothing_of_n_and_steps_that_need_nothing_more():
    n = var("n")
    body = scalar("number", n) - 1
    base = hypothesis(START, body.at(n=ZERO + 1), "base")
    above = START.having(le(ZERO + 1, n))
    step = hypothesis(above, expression(1) + body.at(n=n + 1) - body - 1, "step")
    assert kernel.induct(base, step, body, "n", ZERO + 1)
    about_n = hypothesis(START.having(le(n, LAST)), body.at(n=ZERO + 1), "base")
    assert "must not speak of n" in refused(kernel.induct, about_n, step, body, "n", ZERO + 1)
    law = hypothesis(START.under(latest(n)), body.at(n=ZERO + 1), "base")
    assert "must not speak of n" in refused(kernel.induct, law, step, body, "n", ZERO + 1)
    assert "differ" in refused(kernel.induct, base, step, body, "n", ZERO + 2)
    assert "differ" in refused(kernel.induct, base, step, body * 2, "n", ZERO + 1)
    later = hypothesis(START.having(le(ZERO + 2, n)), step.expression, "step")
    assert "does not follow" in refused(kernel.induct, base, later, body, "n", ZERO + 1)
    quiet = hypothesis(above.under(NOISELESS), step.expression, "step")
    assert "does not say so" in refused(kernel.induct, base, quiet, body, "n", ZERO + 1)


def test_no_float_and_no_half_step_decides_anything():
    assert "merely converts" in refused(
        Expression, tuple((expression(1).terms[0][0], number) for number in (1e17, 1.0, -1e17))
    )
    with pytest.raises(ProofError):
        kernel.restate(kernel.constant(START, 1), expression(0), lambda term: (Index(("0",), 0.5), ZERO))


def test_names_of_free_indices_do_not_meet_those_of_the_kernel():
    """Bound indices have numbers, not names: a name is free wherever it stands."""
    for name in ("_0", "#0", "@a", "", " ", "2", 0, None):
        refused(var, name)
        refused(Index, ("v", name))
    z = var("b0")
    caught = (scalar("eta", J) * scalar("eta", z)).total(("j",), *steps(J))
    other = scalar("eta", J, power=2).total(("j",), *steps(J))
    assert "differ" in refused(kernel.restate, kernel.constant(START, 0), caught - other)
