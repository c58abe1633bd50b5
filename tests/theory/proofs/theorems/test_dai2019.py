"""Theorem 1 of the staleness study: its five proofs replay, what is near them and wrong is refused, and the numbers."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.support.replays import last_refusal, refusal, replayed, reworded, without
from theory.bounds import Setting
from theory.bounds.dai2019 import FACTOR_S_SUM, SCHEDULE, SMALL_STEPS, STATED, STRICT, TIGHT_SUM
from theory.formulas.formula import call, served, total
from theory.proofs.kernel import LAST, ZERO, Context, ProofError, expression, le, scalar, tau, variables
from theory.proofs.nodes import HERE, MINIMUM, At, G, UpTo, inner, read, square
from theory.proofs.proof import Assumed, Claim, Ref, evaluate, rules
from theory.proofs.terms import bound_variables
from theory.proofs.theorems import dai2019, dai2019_sums, roots
from theory.proofs.theorems.dai2019 import LONG, PAPER_STEPS, STATED_PROOF, STRICT_PROOF, closed
from theory.proofs.theorems.dai2019_sums import (
    COHERENT,
    DELTA,
    ETA,
    FALLING,
    MU,
    POINT,
    READER,
    SIGMA,
    SMALL,
    SMALL_PROOF,
    STEP,
    SUM_PROOF,
    TIGHT_PROOF,
    L,
    S,
)
from theory.proofs.theorems.lemmas import START, T_, J, K, ends, product, symbol
from theory.proofs.theorems.roots import FROM_1, FROM_7, GAIN, NOTHING, N
from theory.staleness.count import Staleness

PROOFS = {proof.name: proof for proof in (*dai2019.PROOFS, *dai2019_sums.PROOFS)}
ROUNDING = 1e-9


# ------------------------------------------------------------------------------------------------- the proofs replay

COMMON = {
    "F is L-smooth",
    "F is bounded below",
    "Delta >= F(x_0) - inf F",
    "steps and delays are independent of the noise",
    "e_k has mean zero given x_0..x_k and e_0..e_{k-1}",
    "the variance is at most sigma^2",
    "m is the minimum over x_0..x_{T-1}",
    f"assumed: {COHERENT.name}",
}
DELAYS = {"delays are at most s - 1"}
NUMBERS = {"number_k is k", "root_k is the square root of k", "log_k is the natural logarithm of k"}
WEIGHT = "assumed: every weight w_t = "
RESTS_ON = {
    "dai2019-tight": COMMON | {WEIGHT + "mu eta_t - (L/2) sum of eta_k^2 over the readers of x_t is at least 0"},
    "dai2019-sum": COMMON | DELAYS | {WEIGHT + "mu eta_t - (s L/2) eta_t^2 is at least 0", f"assumed: {FALLING.name}"},
    "dai2019-constant": COMMON | DELAYS | {f"assumed: {FALLING.name}", f"assumed: {SMALL.name}"},
    "dai2019": COMMON | DELAYS | NUMBERS | {f"assumed: {PAPER_STEPS.name}"},
    "dai2019-strict": COMMON | DELAYS | NUMBERS | {f"assumed: {PAPER_STEPS.name}"},
}


@pytest.mark.parametrize("name", PROOFS)
def test_every_proof_replays_and_says_what_it_rests_on(name):
    assert replayed(PROOFS[name]).proved
    assert replayed(PROOFS[name]).axioms == RESTS_ON[name]


def test_the_tight_sum_asks_nothing_of_the_delays():
    assert not any("delays are at most" in axiom for axiom in replayed(PROOFS["dai2019-tight"]).axioms)


@pytest.mark.parametrize("bound", [STATED, STRICT, FACTOR_S_SUM, TIGHT_SUM, SMALL_STEPS], ids=lambda b: b.name)
def test_what_is_proved_is_the_bound_of_the_library(bound):
    claim = PROOFS[bound.name].conclusion
    assert claim.left is bound.value.over
    assert claim.right.latex() == (MINIMUM * bound.value.under).latex()


def test_the_stated_form_is_about_seven_steps_and_more():
    assert STATED_PROOF.least_steps == 7
    assert "does not follow" in last_refusal(STATED_PROOF, least_steps=6)
    assert STRICT_PROOF.least_steps == 1


@pytest.mark.parametrize(("proof", "assumed"), [(p, a) for p in PROOFS.values() for a in p.assumed])
def test_no_side_condition_can_be_left_out(proof, assumed):
    assert assumed.name in without(proof, assumed)


def test_a_side_condition_cannot_be_assumed_in_another_form():
    assert "assumes something else" in reworded(SUM_PROOF, FALLING, WEAKER_FALLING)


WEAKER_FALLING = Assumed(FALLING.name, Claim(S * ETA, (S - 1) * ETA, J))

# ----------------------------------------------------------------------------------- what is near and wrong is refused

H, R = At(UpTo(1 / HERE), LAST, "T"), At(GAIN, LAST, "T")
LEFT = S * L * DELTA / MU**2
WRONG_CLAIMS = {
    "coherence counted twice": (TIGHT_PROOF, "coherent", 2 * MU * ETA * square(G)),
    "the squared step without the half": (TIGHT_PROOF, "coherent", -L / 2 * ETA**2 * square(read(G))),
    "the gradient where it is, not where it was read": (
        TIGHT_PROOF,
        "coherent",
        ETA**2 * (square(read(G)) - square(G)),
    ),
    "a sum without the readers": (TIGHT_PROOF, "summed", total(L / 2 * served(ETA**2) * square(G))),
    "one reader less": (SUM_PROOF, "served", ETA**2),
    "steps that fall strictly": (SUM_PROOF, "falling", ETA / 2),
    "half of the factor s": (SUM_PROOF, "factor-s", S * L / 4 * total(ETA**2 * square(G))),
    "more than half of a small step": (SMALL_PROOF, "half", MU * ETA / 100),
    "a larger sum of roots": (STATED_PROOF, "gain", 1 / HERE),
    "roots that grow faster": (STATED_PROOF, "rising", 1 / HERE),
    "half of the logarithm": (STATED_PROOF, "logarithm", call("log", HERE) / 2),
    "one more term": (STATED_PROOF, "harmonic", 1 / HERE),
    "weights that stay away from 0": (STATED_PROOF, "weight", ETA**2),
    "in numbers, another noise": (STATED_PROOF, "numbers", SIGMA**2 / S),
    "the theorem with a smaller gap": (STATED_PROOF, "theorem", LEFT / 1000),
    "the theorem without its noise": (STATED_PROOF, "theorem", SIGMA**2 * call("log", L) / S),
    "the theorem at the next horizon": (STRICT_PROOF, "theorem", MINIMUM / call("sqrt", HERE)),
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_more_than_the_claim_is_refused(case):
    proof, name, more = WRONG_CLAIMS[case]
    claim = next(step.claim for step in proof.steps if step.name == name)
    assert refusal(proof, name, claim=replace(claim, right=claim.right + more))


def test_claims_the_other_way_round_are_refused():
    for proof, name in ((TIGHT_PROOF, "coherent"), (SUM_PROOF, "served"), (STATED_PROOF, "rising")):
        claim = next(step.claim for step in proof.steps if step.name == name)
        assert refusal(proof, name, claim=replace(claim, left=claim.right, right=claim.left))


def _few(count):
    """The readers of a point, counted by something else."""
    squared = product(POINT, count, symbol(POINT, "eta", T_, power=2))
    both = rules.add(symbol(READER, "eta", T_), symbol(READER, "eta", K))
    where = (le(T_ + 1, K), le(K + 1, LAST), le(tau(K), T_), le(T_, tau(K)))
    return rules.add(squared, rules.total(product(READER, Ref("falling"), both), ("k",), *where))


ELSEWHERE = Assumed(COHERENT.name, Claim(inner(G, G), MU * square(G)))
WRONG_DERIVATIONS = {
    "readers counted as a window": (SUM_PROOF, "served", _few(rules.window_count(POINT, T_))),
    "readers counted as those in flight": (SUM_PROOF, "served", _few(rules.readers_count(POINT, T_))),
    "without the order of the steps": (SUM_PROOF, "falling", symbol(READER, "eta", T_)),
    "divided by s - 1 though s may be 1": (
        SUM_PROOF,
        "falling",
        rules.cancel(
            rules.weaken(dai2019_sums.falling_on(FALLING.fact(dai2019_sums.BEFORE_LAST), scalar("s") - 1), READER),
            rules.add(symbol(READER, "s"), rules.constant(READER, 1)),
            Fraction(1),
            scalar("eta", T_) - scalar("eta", K),
        ),
    ),
    "the noise dropped against a gradient after it": (
        TIGHT_PROOF,
        "descent",
        rules.add(
            dai2019_sums.descent(STEP),
            rules.scale_equality(rules.unbiased(STEP, K, "g", K + 1), expression(1)),
        ),
    ),
    "coherence at another point": (
        TIGHT_PROOF,
        "coherent",
        rules.add(
            Ref("descent"),
            product(
                STEP, Assumed(COHERENT.name, Claim(inner(G, G), MU * square(G))).fact(STEP), symbol(STEP, "eta", K)
            ),
        ),
    ),
    "x_T is not among the points": (TIGHT_PROOF, "theorem", rules.minimum(START, LAST, with_last=False)),
    "the theorem from T = 6 on": (
        STATED_PROOF,
        "theorem",
        closed(Context(frozenset({le(ZERO + 6, LAST)})), "logarithm", 1),
    ),
    "the theorem without the factor 2": (STRICT_PROOF, "theorem", closed(START, "harmonic", 1)),
    "the stated form from the strict sum": (STATED_PROOF, "theorem", closed(LONG, "harmonic", 1)),
}


@pytest.mark.parametrize("case", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(case):
    proof, name, derivation = WRONG_DERIVATIONS[case]
    assert refusal(proof, name, derivation=derivation)


def test_sums_are_lined_up_by_cuts():
    assert refusal(TIGHT_PROOF, "summed", cut=ends("ip"))
    assert refusal(SUM_PROOF, "served", cut=ends("f"))


# -------------------------------------------------------------------------------------------- roots and the logarithm


def gain_from(start, near):
    """The induction of the sum of 1/sqrt(j) - 1/(2j) from another number, with other bounds of the roots."""
    numbers = range(1, start + 1)
    excess = sum(1 / p - Fraction(1, 2 * n) for n, p in zip(numbers, near, strict=True)) - near[-1]
    base = rules.add(
        *(roots.inverse_root_above(n, p) for n, p in zip(numbers, near, strict=True)),
        *(rules.scale_equality(roots.particular(n), expression(-Fraction(1, 2))) for n in numbers),
        roots.root_below(start, near[-1]),
        rules.constant(NOTHING, excess),
    )
    context = Context(frozenset({le(ZERO + start, N)}))
    body = Claim(GAIN, roots.ROOT, N).expression()
    return rules.induct(base, rules.weaken(Ref("grows"), context), body, "n", ZERO + start, roots.one_by_one)


EXACTER = tuple(Fraction(int(n**0.5 * 10**6) + 1, 10**6) for n in range(1, 9))


@pytest.mark.parametrize("start", range(1, 9))
def test_the_induction_can_start_at_seven_and_not_before(start):
    near = (Fraction(1), *EXACTER[1:start])
    known = dict(replayed(PROOFS["dai2019"]).facts)
    if start >= 7:
        assert evaluate(gain_from(start, near), known).context == Context(frozenset({le(ZERO + start, N)}))
        return
    with pytest.raises(ProofError, match="is negative"):
        evaluate(gain_from(start, near), known)


def test_bounds_of_roots_are_checked_exactly():
    with pytest.raises(ProofError, match="is negative"):
        evaluate(roots.root_below(2, Fraction(1414213562, 10**9)), {})
    assert evaluate(roots.root_below(2, Fraction(1414213563, 10**9)), {})


@pytest.mark.parametrize(
    "derivation",
    [
        rules.number_is(NOTHING, 0),
        rules.number(NOTHING, ZERO),
        rules.number(Context(), N),
        rules.root(NOTHING, ZERO),
        rules.logarithm(Context(), N),
        rules.sign(FROM_1, "log", N, power=-1),
    ],
)
def test_numbers_roots_and_logarithms_are_those_of_whole_numbers_from_1_on(derivation):
    with pytest.raises(ProofError):
        evaluate(derivation, {})


def up(context, fact, **ends_):
    """An induction for n - 1 >= 0 with its step and ends written otherwise."""
    body = scalar("number", N) - 1
    return rules.induct(rules.number_is(NOTHING, 1), fact, body, "n", ends_.pop("start", ZERO + 1), **ends_)


COUNTED = rules.add(rules.number(FROM_1, N), rules.constant(FROM_1, 1))


def test_an_induction_reaches_no_farther_than_its_step():
    evaluate(up(FROM_1, COUNTED), {})
    below = FROM_1.having(le(N + 1, LAST))
    short = rules.add(rules.number(below, N), rules.constant(below, 1))
    with pytest.raises(ProofError, match="does not follow"):
        evaluate(up(below, short), {})
    assert evaluate(up(below, short, until=LAST), {}).context == FROM_1.having(le(N, LAST))


@pytest.mark.parametrize("end", [{"until": N + 1}, {"until": tau(N)}, {"start": N}])
def test_the_ends_of_an_induction_do_not_move_with_it(end):
    with pytest.raises(ProofError, match="must not speak of n"):
        evaluate(up(FROM_1, COUNTED, **end), {})


def test_an_induction_needs_the_right_step_and_the_right_start():
    for wrong in (rules.number(FROM_1, N), rules.constant(FROM_1, 1), COUNTED):
        with pytest.raises(ProofError):
            evaluate(up(FROM_1, wrong, start=ZERO + (2 if wrong is COUNTED else 1)), {})
    with pytest.raises(ProofError):
        evaluate(up(FROM_7, rules.add(rules.number(FROM_7, N), rules.constant(FROM_7, 1))), {})


# ------------------------------------------------------------------------------------------------ claims on real runs


def coherent_runs(world, name, count):
    """Runs of four steps on which the side conditions of a proof hold, mu being the coherence of the run."""

    class Coherent(world.Run):
        def scalar(self, symbol, *where):
            before_last = min(self.inner(g, g) for g in self.gradients[:-1])
            return {"mu": self.mu, "m": before_last}.get(symbol) or super().scalar(symbol, *where)

        @property
        def mu(self):
            pairs = ((self.gradients[k], self.gradients[self.reads[k]]) for k in range(self.steps))
            return min(1.0, min(self.inner(a, b) / max(self.inner(a, a), 1e-12) for a, b in pairs))

    draw, found, seed = random.Random(name), 0, 0
    while found < count:
        seed += 1
        reads = world.random_reads(draw, 4)
        largest = draw.choice([0.05, 0.3]) / (2 * (1 + max(k - read for k, read in enumerate(reads))))
        sizes = largest * np.sort(np.array([draw.random() for _ in reads]))[::-1]
        run = Coherent(reads, sizes, seed, 0.0 if seed % 2 else 0.3)
        if run.mu > 0.1 and sizes[0] <= run.mu / (run.staleness * run.smoothness):
            found += 1
            yield run


@pytest.mark.parametrize("name", ["dai2019-tight", "dai2019-sum", "dai2019-constant"])
def test_every_claim_about_the_sums_holds_on_runs(world, name):
    checked = 0
    for run in coherent_runs(world, name, 4):
        for step, fact in replayed(PROOFS[name]).facts.items():
            names = {v for c in fact.context.constraints for core in (c.left, c.right) for v in variables(core)}
            for chosen in run.assignments(tuple(sorted(names)), fact.context):
                assert run.value(fact.expression, chosen) >= -ROUNDING, (step, chosen, run.reads)
                checked += 1
    assert checked >= 40


@pytest.mark.parametrize("n", [1, 2, 6, 7, 8, 30])
def test_every_claim_about_roots_holds_in_numbers(world, n):
    numbers = world.Abstract((0,), 0)
    numbers.scalar = lambda name, k: {"number": float(k), "root": k**0.5, "log": np.log(max(k, 1))}[name]
    checked = 0
    for name in ("dai2019", "dai2019-strict"):
        for step, fact in replayed(PROOFS[name]).facts.items():
            if {v for c in fact.context.constraints for core in (c.left, c.right) for v in variables(core)} != {"n"}:
                continue
            if not all(numbers.holds(c, {"n": n}) for c in fact.context.constraints):
                assert n < 7, step
                continue
            found = sum(
                float(c) * sum(numbers._summand(term, {"n": n, ("b", 0): k}) for k in ks)
                for term, c in fact.expression.terms
                for ks in (range(n) if bound_variables(term) else (0,),)
            )
            if step == "apart":
                assert found == pytest.approx(0, abs=1e-9)
            assert found >= -1e-9, (step, n)
            checked += 1
    assert checked >= 6


# ------------------------------------------------------------------------------------------------------- the numbers


def at_paper_steps(T, s=3, L=1.9, Delta=0.4, sigma=1.6, mu=0.7):
    sizes = SCHEDULE.step_sizes(T, s=s, L=L, mu=mu, Delta=Delta, sigma=sigma)
    constants = {"L": L, "Delta": Delta, "sigma": sigma, "mu": mu}
    return Setting(sizes, np.minimum(np.arange(T), s - 1), Staleness(s), constants)


@pytest.mark.parametrize("T", [1, 2, 3, 6, 7, 50, 4000])
def test_the_strict_form_lies_between_the_sum_and_twice_the_stated_form(T):
    run = at_paper_steps(T)
    strict, summed = STRICT.evaluate(run), FACTOR_S_SUM.evaluate(run)
    assert summed <= strict
    assert strict == pytest.approx((2 * 3 * 1.9 * 0.4 / 0.49 + 1.6**2 * (1 + np.log(T)) / 3) / T**0.5, rel=1e-13)
    if T >= 7:
        assert STATED.evaluate(run) < strict


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
@pytest.mark.parametrize("T", [1, 5, 400])
def test_at_a_constant_step_there_is_no_logarithm(share, T):
    s, L, Delta, sigma, mu = 4, 1.3, 0.8, 0.6, 0.5
    eta = share * mu / (s * L)
    constants = {"L": L, "Delta": Delta, "sigma": sigma, "mu": mu}
    run = Setting(np.full(T, eta), np.minimum(np.arange(T), s - 1), Staleness(s), constants)
    expected = 2 * Delta / (eta * mu * T) + L * eta * sigma**2 / mu
    assert SMALL_STEPS.evaluate(run) == pytest.approx(expected, rel=1e-13)
    # The sum before the weights are halved is sharper, and the more so the smaller the step.
    assert FACTOR_S_SUM.evaluate(run) <= expected * (1 + 1e-12)


def test_the_tuned_constant_step_gives_the_recalled_constants():
    s, L, Delta, sigma, mu = 4, 1.3, 0.8, 0.6, 0.5
    constants = {"L": L, "Delta": Delta, "sigma": sigma, "mu": mu}
    for T in (1, 10, 1000, 10**5):
        eta = 1 / (s * L / mu + sigma * (L * T / (2 * Delta)) ** 0.5)
        run = Setting(np.full(T, eta), np.zeros(T, int), Staleness(s), constants)
        tuned = 2 * s * L * Delta / (mu**2 * T) + 2 * 2**0.5 * sigma / mu * (L * Delta / T) ** 0.5
        assert SMALL_STEPS.evaluate(run) <= tuned * (1 + 1e-12)


def test_steps_beyond_mu_over_s_l_and_steps_that_grow_are_named():
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 0.5}
    zeros = np.zeros(2, int)
    assert SMALL_STEPS.check_domain(Setting([0.25, 0.25], zeros, Staleness(2), constants)) == ()
    (large,) = SMALL_STEPS.check_domain(Setting([0.2500001, 0.1], zeros, Staleness(2), constants))
    (grown,) = SMALL_STEPS.check_domain(Setting([0.1, 0.2], zeros, Staleness(2), constants))
    assert (large.k, large.limit, grown.k) == (1, 0.25, 2)
    assert SMALL_STEPS.check_domain(Setting([0.1, 0.2], zeros, Staleness(1), constants)) == ()
