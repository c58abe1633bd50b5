"""Claims: what is read and refused, exact values, closed forms above the library's bounds, and proofs for all T."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.claims.claim import ClaimedBound, as_ratio, ratio_at
from theory.claims.closed_forms import Granted, closed_forms, power_steps
from theory.claims.positivity import LOG
from theory.claims.posynomial import ZERO, Uncovered, logarithm_of, number
from theory.claims.powers.bounds import sum_at_least, sum_at_most
from theory.claims.proof import prove
from theory.common.errors import InputError
from theory.formulas.parsing import parse
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import delay_trace, parse_delays

COROLLARY_1 = "sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T"
STEP_1 = "1/(s*L + sigma*sqrt(L*T/(2*Delta)))"
IN_ORDER, ANY_ORDER = Granted(True, True, False), Granted(True, False, False)
COHERENT = Granted(True, True, True)


def exactly(**values):
    return {name: number(Fraction(value)) for name, value in values.items()}


def proved(claim, schedule, known=IN_ORDER, **values):
    """(bound, least T, constants put in), or None."""
    found = prove(ClaimedBound(claim), parse(schedule), known, exactly(**values))
    return found and (found.bound, found.since, found.at_values)


# What is read and what is refused.


@pytest.mark.parametrize(
    ("text", "steps", "value"),
    [
        ("2*L*Delta/sqrt(T)", 4, 3.0),
        ("0.1", 1, 0.1),
        ("sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T", 9, 2 * math.sqrt(6 / 9) + 24 / 9),
        ("max(1/T, log(T))", 3, math.log(3)),
        ("T^1e9*0.5", 1, 0.5),
        ("-T", 2, -2.0),
        ("5-5", 1, 0.0),
        ("floor(T/3)+mu", 7, 2.5),
    ],
)
def test_a_claim_has_the_value_of_its_formula(text, steps, value):
    values = exactly(L=3, Delta=1, sigma=2, s=4, mu=0.5)
    assert ClaimedBound(text).value(steps, values) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("2*L*", "end"),
        ("1/sqrt(k)", "k is not a known name"),
        ("__import__('os').system('x')", "no known name|not a known name|missing"),
        ("L.real", "missing|no meaning"),
        ("lambda: 1", "not a known name|missing"),
        ("nan", "not a known name"),
        ("inf", "not a known name"),
        ("eta", "right-hand side"),
        ("(" * 200 + "1" + ")" * 200, "nested"),
        ("+".join(["T"] * 700), "parts"),
        ("T" * 3000, "characters"),
        ("2 L Delta", "operator is missing"),
        ("T(2)", "product is written"),
        ("\u0394*L", "Did you mean Delta"),
        ("L[0]", "."),
        (None, "text"),
        (7, "text"),
    ],
)
def test_what_is_no_claim_is_refused_in_one_sentence(text, word):
    with pytest.raises(InputError, match=word) as refusal:
        ClaimedBound(text)
    assert "Traceback" not in str(refusal.value) and len(str(refusal.value)) < 600


@pytest.mark.parametrize(
    "text",
    ["1/(T-1)", "0/0", "sqrt(T-2)", "log(0)", "1e400", "10^(10^300)", "exp(exp(exp(10)))", "9^9^9^9", "T^(1/0)", "1/0"],
)
def test_a_claim_without_a_finite_value_is_refused(text):
    with pytest.raises(InputError, match="no finite value at T = 1"):
        ClaimedBound(text).value(1, {})


@pytest.mark.parametrize(
    ("text", "steps", "limit", "sign"),
    [
        ("4/(3*T+2)", 1, Fraction(4, 5), 0),
        ("0.1", 1, Fraction(1, 10), 0),
        ("0.1", 1, Fraction(0.1), -1),
        ("sqrt(T)^2", 5, Fraction(5), 0),
        ("sqrt(2)", 1, Fraction(math.sqrt(2)), -1),
        ("log(T)", 2, Fraction(math.log(2)), 1),
        ("exp(1)", 1, Fraction(math.e), 1),
        ("min(1, 2/T)", 3, Fraction(2, 3), None),
        ("min(1, 2/T)", 3, Fraction(2, 3) + Fraction(1, 10**100), -1),
    ],
)
def test_comparisons_are_exact_or_not_made(text, steps, limit, sign):
    assert ClaimedBound(text).compare(steps, {}, limit) == sign


# Closed forms.


@pytest.mark.parametrize("p", [0, Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(3, 4), 1])
def test_the_sums_of_powers_are_bounded_from_both_sides(p):
    for steps in (1, 2, 3, 10, 1000):
        at = {"T": number(steps), LOG: logarithm_of(steps)}
        total = math.fsum(k ** -float(p) for k in range(1, steps + 1))
        low, high = (
            float(bound.over.ball(100)) / float(bound.below.ball(100))
            for bound in (ratio_at(as_ratio(f(Fraction(p))), at) for f in (sum_at_least, sum_at_most))
        )
        assert low <= total * (1 + 1e-14) and total <= high * (1 + 1e-14)
        assert total - low < 0.2 and (p or low == high == steps)


SCHEDULES = ["0.3/(L*s)", "1/(2*L*s*sqrt(k))", "0.4/(s*L*k^0.25)", "1/(L*s*k)", "1/(L*s*sqrt(T))", STEP_1, "1.2/(s*L)"]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("delays", ["constant", "uniform"])
@pytest.mark.parametrize("sigma", [0.0, 0.7])
def test_closed_forms_lie_above_the_library_wherever_they_apply(schedule, delays, sigma):
    compared = 0
    for s in (1, 2, 5):
        for steps in (1, 3, 4, 20, 150):
            constants = {"L": 1.5, "Delta": 0.8, "sigma": sigma, "mu": 0.9}
            values = exactly(s=s, **constants)
            known = Granted(sigma > 0, delays == "constant" or s == 1, True)
            trace = delay_trace(parse_delays(delays, Staleness(s)), steps, 1)
            sizes = Schedule(schedule).step_sizes(steps, delays=trace, s=s, **constants)
            setting = Setting(sizes, trace, Staleness(s), constants)
            for form in closed_forms(power_steps(parse(schedule)), known, values):
                compared += above_the_library(form, steps, setting)
    assert compared > 10


def above_the_library(form, steps, setting):
    """Whether a closed form applies here; if so it must not be below the bound."""
    at = {"T": number(steps), LOG: logarithm_of(steps)}
    numbers = [ratio_at(ratio, at) for ratio in (*(r for _, r in form.asked), *form.values)]
    if any(r.over.sign < 0 or r.below.sign <= 0 for r in numbers) or steps < form.since:
        return 0
    values = [float(r.over.ball(100) / r.below.ball(100)) for r in numbers[len(form.asked) :]]
    assert max(values) >= get(form.name).evaluate(setting) * (1 - 1e-12)
    return 1


@pytest.mark.parametrize("schedule", ["k", "1/(L*max(1,d))", "1/k^2", "1/(L+k)", "0*L", "cos(k)/L", "(1+1/k)/L"])
def test_other_schedules_are_not_covered(schedule):
    with pytest.raises(Uncovered):
        power_steps(parse(schedule))
    assert proved("1000*L*Delta", schedule, s=1, L=1, Delta=1, sigma=0) is None


# Proofs for all T.


@pytest.mark.parametrize(
    ("claim", "schedule", "known", "bound", "put_in"),
    [
        (COROLLARY_1, STEP_1, IN_ORDER, "corollary-1", ()),
        ("2*sigma*sqrt(L*Delta/T) + 3*s*L*Delta/T", STEP_1, IN_ORDER, "corollary-1", ()),
        ("1.41421357*sigma*sqrt(L*Delta/T) + 2*s*L*Delta/T", STEP_1, IN_ORDER, "corollary-1", ()),
        ("2*s*L*Delta/T + sigma*sqrt(2*L*Delta)/sqrt(T)", "corollary-1", IN_ORDER, "corollary-1", ()),
        ("sigma*sqrt(2*L*Delta/T) + 8*L*Delta/T", STEP_1, IN_ORDER, "corollary-1", ("s",)),
        ("sigma*sqrt(2*L*Delta/T) + 8*L*Delta/T", "1/(4*L+sigma*sqrt(L*T/(2*Delta)))", IN_ORDER, "corollary-1", ("s",)),
        ("(sigma*sqrt(2*L*Delta) + 2*s*L*Delta)/sqrt(T)", STEP_1, IN_ORDER, "corollary-1", ()),
        ("sigma*sqrt(2*L*Delta/T) + 4*s*L*Delta/T", STEP_1.replace("s*L", "2*s*L"), ANY_ORDER, "corollary-2", ()),
        (COROLLARY_1, STEP_1, ANY_ORDER, "corollary-1b", ()),
        ("(2*s*L*Delta/mu^2 + sigma^2*(1+log(T))/s)/sqrt(T)", "theorem-1", COHERENT, "dai2019-strict", ()),
        ("2*s*L*Delta/T", "1/(s*L)", IN_ORDER, "corollary-1", ("sigma",)),
        ("5*L*Delta/sqrt(T)", "0.5/(L*s*sqrt(k))", IN_ORDER, "theorem-b", ("s", "sigma")),
        ("4*L*Delta/(3*T+2)", "1/(4*L)*4", Granted(True, True, False), "theorem-b", ("s", "sigma")),
    ],
)
def test_true_claims_are_proved_for_every_T(claim, schedule, known, bound, put_in):
    schedule = Schedule(schedule).expression
    s = 1 if "3*T" in claim else 4
    assert proved(claim, schedule, known, s=s, sigma=0) == (bound, 1, put_in)


@pytest.mark.parametrize(
    ("claim", "schedule", "known"),
    [
        ("1.41*sigma*sqrt(L*Delta/T) + 2*s*L*Delta/T", STEP_1, IN_ORDER),
        ("1.41421356*sigma*sqrt(L*Delta/T) + 2*s*L*Delta/T", STEP_1, IN_ORDER),
        ("sigma*sqrt(2*L*Delta/T) + 1.9*s*L*Delta/T", STEP_1, IN_ORDER),
        (COROLLARY_1, STEP_1.replace("s*L", "0.9*s*L"), IN_ORDER),
        ("sigma*sqrt(2*L*Delta/T) + 1.9*s*L*Delta/T", STEP_1, ANY_ORDER),
        ("sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T^1.01", STEP_1, IN_ORDER),
        ("(2*s*L*Delta/mu^2 + sigma^2*(1+log(T))/s)/sqrt(T)", "mu/(s*L*sqrt(k))", IN_ORDER),
        ("0", STEP_1, IN_ORDER),
        ("-" + COROLLARY_1, STEP_1, IN_ORDER),
    ],
)
def test_what_is_not_known_for_all_constants_is_not_proved(claim, schedule, known):
    assert proved(claim, schedule, known) is None


def test_theorem_1_as_stated_is_proved_from_7_steps_on_and_with_coherence_only():
    stated = "(s*L*Delta/mu^2 + sigma^2*log(T)/s)/sqrt(T)"
    found = prove(ClaimedBound(stated), parse("mu/(s*L*sqrt(k))"), COHERENT, {})
    assert (found.bound, found.since, found.coherent) == ("dai2019", 7, True)
    assert prove(ClaimedBound(stated), parse("mu/(s*L*sqrt(k))"), IN_ORDER, {}) is None


def test_a_proof_prints_its_argument():
    found = prove(ClaimedBound(COROLLARY_1), parse(STEP_1), IN_ORDER, {})
    assert all(step.ok for step in found.steps)
    assert found.steps[0].rule == "kernel" and "corollary-1" in found.steps[0].title
    assert any("claim - bound >= 0 for every T" in step.title for step in found.steps)


def test_a_bound_whose_proof_does_not_replay_proves_nothing(monkeypatch):
    from theory.claims import proof as claim_proof

    class Broken:
        steps, least_steps = (), 1

        def verify(self):
            return type("Report", (), {"proved": False})

    monkeypatch.setattr(claim_proof, "PROOFS", {"corollary-1": Broken()})
    assert prove(ClaimedBound(COROLLARY_1), parse(STEP_1), IN_ORDER, {}) is None


def test_what_is_proved_is_never_contradicted_by_the_library_at_random_constants():
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(30):
        s, p = int(rng.integers(1, 6)), rng.choice(["", "*sqrt(k)", "*k^0.75"])
        c, a = rng.uniform(0.1, 4), rng.uniform(0.1, 1.2)
        schedule = f"{a:.3f}/(s*L{p})"
        claim = f"{c:.3f}*s*L*Delta/T^{'1' if not p else '0.5' if 'sqrt' in p else '0.25'} + {c:.3f}*L*Delta*s/(T+{s})"
        proof = prove(ClaimedBound(claim), parse(schedule), IN_ORDER, exactly(s=s, sigma=0))
        found += proof is not None
        for steps in (1, 2, 7, 60, 900) if proof else ():
            constants = {"L": 10 ** rng.uniform(-2, 2), "Delta": 10 ** rng.uniform(-2, 2), "sigma": 0.0}
            trace = np.minimum(np.arange(steps), s - 1)
            sizes = Schedule(schedule).step_sizes(steps, s=s, **constants)
            bound = get(proof.bound).evaluate(Setting(sizes, trace, Staleness(s), constants))
            value = ClaimedBound(claim).value(steps, exactly(s=s, **constants))
            assert steps < proof.since or value >= bound * (1 - 1e-9)
    assert found > 5


def test_no_noise_is_used_only_where_sigma_is_put_in_as_0():
    """A claim without sigma cannot hold for every sigma, whatever value a user gave."""
    found = prove(ClaimedBound("5*s*L*Delta/T"), parse("1/(s*L)"), IN_ORDER, {"sigma": ZERO, "s": number(3)})
    assert found.at_values in (("sigma",), ("s", "sigma"))


def test_logarithms_and_roots_are_read_exactly():
    assert as_ratio(ClaimedBound("log(T^2)/2").formula).same_as(as_ratio(ClaimedBound("ln(T)").formula))
    assert as_ratio(ClaimedBound("sqrt(8*L/T)").formula).same_as(as_ratio(ClaimedBound("2*2^0.5*L^0.5*T^-0.5").formula))
    assert as_ratio(ClaimedBound("log(0.5)").formula).same_as(as_ratio(ClaimedBound("-log(2)").formula))
