"""Theorem R: the proof replays, what is near it and wrong is refused, and runs with random delays stay below it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed
from theory.bounds import Setting
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_r import THEOREM_R, law_constants
from theory.common.errors import DelayError, DomainError
from theory.formulas.formula import total
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    RANDOM,
    ZERO,
    Context,
    ProofError,
    expression,
    le,
    lt,
    restate,
    scalar,
    variables,
    vector,
)
from theory.proofs.nodes import MINIMUM, G, square
from theory.proofs.proof import Ref, evaluate, rules
from theory.proofs.statement import name_of
from theory.proofs.theorems.lemmas import HALF, I, K, at_step, gradient, noises, product, squares, steps, symbol
from theory.proofs.theorems.theorem_r import (
    ETA,
    LARGEST,
    MEAN,
    PROOF,
    SIGMA,
    START,
    STEP,
    WAY,
    A,
    Drawn,
    L,
    Since,
)
from theory.proofs.theorems.theorem_r_steps import R, drawn_gradient, since
from theory.staleness.count import Staleness
from theory.staleness.delays import ConstantDelay, CyclicDelay, GeometricDelay, UniformDelay

ROUNDING = 1e-9


refusal = partial(replays.refusal, PROOF)


def test_the_proof_replays_and_says_what_it_rests_on():
    assert replayed(PROOF).proved
    assert replayed(PROOF).axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "e_k has mean zero given x_0..x_k, e_0..e_{k-1} and d_0..d_k",
        "where there is no noise, e_k is 0",
        "the variance is at most sigma^2",
        "noisy is 1 if there is noise, else 0",
        "p(k, r) is the probability that step k reads x_r; its delay is independent of what was before",
        "all delays have one law, of mean Ed, mean square Ed2",
        "a maximum is at least what it is the maximum of",
        "m is the minimum over x_0..x_T",
        f"assumed: {THEOREM_R.conditions[-1].name}",
    }


def test_it_is_about_random_delays_only():
    assert "random" in last_refusal(PROOF, laws=frozenset())


# ------------------------------------------------------------------------------------------- the axioms refuse misuse


@pytest.mark.parametrize(
    "derivation",
    [
        rules.drawn(STEP, K, "g", K + 1),  # x_{k+1} is made with the delay of step k
        rules.drawn(STEP, K, "e", K),
        rules.drawn(STEP, K, "a", K + 1),
        rules.drawn(STEP, K, "r", K),
        rules.drawn(at_step(), K, "g", K),  # fixed delays
        rules.drawn(Context(laws=frozenset({RANDOM})), K, "g", K),  # no step
        rules.unbiased(STEP, K, "a", K + 1),
        rules.in_flight(STEP, K, 2),
        rules.in_flight(STEP, K - 1, 1),
        rules.certain(START, LAST),
        rules.largest(START, LARGEST.body, LAST),
        rules.sign(STEP, "p", K, R, power=-1),
        rules.weaken(rules.smooth(at_step(), K, K + 1, gradient(K)), STEP),  # fixed delays say nothing of random ones
        rules.weaken(rules.smooth(STEP, K, K + 1, gradient(K)), at_step()),
        rules.add(rules.window_count(at_step(), K), rules.certain(STEP, K)),
    ],
)
def test_what_depends_on_a_delay_is_not_taken_as_known_before_it(derivation):
    with pytest.raises(ProofError):
        evaluate(derivation, {})


def test_the_cases_of_noise_must_be_the_two_cases():
    body = scalar("noisy") * scalar("sigma")
    quiet, noisy = (rules.sign(c, "sigma") for c in (STEP.under(NOISELESS), STEP))
    with pytest.raises(ProofError, match="differ"):
        evaluate(rules.noise_cases(quiet, noisy, body), {})
    zero = rules.constant(STEP.under(NOISELESS), 0)
    assert evaluate(rules.noise_cases(zero, noisy, body), {}).expression == body
    with pytest.raises(ProofError, match="no more than one law each"):
        evaluate(rules.noise_cases(noisy, noisy, body), {})
    with pytest.raises(ProofError, match="noisy is not 0"):
        scalar("noisy", power=-1)


# ----------------------------------------------------------------------------------- what is near and wrong is refused

WRONG_CLAIMS = {
    "twice the noise": ("way", SIGMA**2 * Since(ETA**2)),
    "Young without the part of the gradients": ("way", Since(ETA) * Since(ETA * square(A))),
    "one step less": ("averaged", L**2 * Drawn(SIGMA**2 * Since(ETA**2))),
    "the gradient applied for the gradient here": ("descent", ETA**2 * (square(G) - square(A))),
    "half of the mean square": ("mean-square", ETA * LARGEST / 2),
    "half of the mean": ("mean", LARGEST / 10),
    "more weight": ("exchanged", total(ETA * square(A)) / 100),
    "a larger minimum": ("theorem", MINIMUM * total(ETA) / 100),
    "without E d": ("theorem", L**2 * SIGMA**2 * LARGEST * MEAN * total(ETA**2)),
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_more_than_the_claim_is_refused(case):
    name, more = WRONG_CLAIMS[case]
    claim = next(step.claim for step in PROOF.steps if step.name == name)
    assert refusal(name, claim=replace(claim, right=claim.right + more))


def independent_way():
    """As if the noise were independent of the gradients applied later: no Young."""
    gone = (vector("a", R) + vector("e", R)).total((), le(ZERO, R))
    moved = -sum(((scalar("eta", I) * vector(name, I)).total(("i",), *since(I)) for name in ("a", "e")), 0 * gone)
    parts = rules.orthogonal(WAY, -moved.square(), lambda term: None)
    return rules.add(squares(WAY, since, drawn_gradient), noises(WAY, since), parts)


def least_with(*left_out):
    """The last step without one of its parts."""
    one = product(WAY, rules.minimum(WAY, R), symbol(WAY, "p", K, R))
    parts = {
        "average": rules.total(one, ("r",), le(ZERO, R), le(R, K)),
        "drawn": rules.drawn(STEP, K, "a", K),
        "certain": rules.scale_equality(rules.certain(STEP, K), scalar("m")),
    }
    average = rules.add(*(part for name, part in parts.items() if name not in left_out))
    at_read = rules.multiply(average, PROOF.assumed[0].fact(STEP))
    both = product(STEP, rules.add(rules.minimum(STEP, K), at_read), symbol(STEP, "eta", K), HALF)
    end = product(START, rules.minimum(START, LAST), rules.sign(START, "L", power=-1), HALF)
    return rules.add(Ref("exchanged"), rules.total(both, ("k",), *steps(K)), end)


@pytest.mark.parametrize(
    ("name", "derivation"),
    [
        ("way", independent_way()),
        ("theorem", least_with("drawn")),
        ("theorem", least_with("certain")),
        ("theorem", least_with("average")),
        ("mean-square", Ref("mean")),
    ],
)
def test_a_wrong_derivation_is_refused(name, derivation):
    derivation = derivation if not isinstance(derivation, Ref) else rules.weaken(derivation, STEP)
    assert refusal(name, derivation=derivation)
    if name == "theorem":
        assert evaluate(least_with(), replayed(PROOF).facts)


# ------------------------------------------------------------------------------------- claims on runs, exact averages


def random_run(world, law, steps, seed, deviation):
    """A run averaged over every sequence of delays (`law` lists equally likely values) and every sign of the noise."""

    def sizes(run):
        draw = np.random.default_rng(seed)
        return draw.choice([0.3, 0.7, 1.0], size=steps) * draw.choice([0.1, 0.25]) / run.constants["L"]

    run = world.Run(tuple(range(steps)), sizes, seed, deviation, law=tuple(np.bincount(law) / len(law)))
    run.nodes[name_of(LARGEST.body)] = LARGEST.body
    return run


@pytest.mark.parametrize("law", [(0, 2), (0, 1, 1), (1,)])
@pytest.mark.parametrize("deviation", [0.0, 0.7])
def test_every_claim_holds_on_runs_averaged_over_noise_and_delays(world, law, deviation):
    checked = 0
    for seed in range(2):
        run = random_run(world, law, 3, seed, deviation)
        for step, fact in replayed(PROOF).facts.items():
            names = {v for c in fact.context.constraints for core in (c.left, c.right) for v in variables(core)}
            for chosen in run.assignments(tuple(sorted(names)), fact.context):
                assert run.value(fact.expression, chosen) >= -ROUNDING, (step, chosen)
                checked += 1
    assert checked > 30


def test_the_axioms_about_random_delays_hold_on_runs(world):
    facts = [
        rules.drawn(STEP, K, "g", K),
        rules.drawn(STEP, K, "a", K),
        rules.drawn(STEP.having(lt(ZERO, K)), K, "e", K - 1),
        rules.drawn(STEP.having(lt(ZERO, K)), K, "a", K - 1),
        rules.certain(STEP, K),
        rules.in_flight(STEP, K, 0),
        rules.in_flight(STEP, K, 1),
        rules.unbiased(STEP, K, "a", K),
    ]
    run = random_run(world, (0, 1, 3), 3, 5, 0.7)
    for fact in (evaluate(each, {}) for each in facts):
        for chosen in run.assignments(("k",), fact.context):
            value = run.value(fact.expression, chosen)
            assert value == pytest.approx(0, abs=1e-12) if fact.equality else value >= -ROUNDING
    # What is refused is false on such a run.
    later = (gradient(K + 1) - gradient(R)).dot(vector("a", K)).total((), le(ZERO, R))
    wrong = vector("a", K).dot(gradient(K + 1)) - (scalar("p", K, R) * gradient(R).dot(gradient(K + 1))).total(
        ("r",), le(ZERO, R), le(R, K)
    )
    assert abs(run.value(wrong, {"k": 1})) > 1e-6 and later.terms
    assert abs(run.value(vector("e", K).dot(vector("a", K + 1)), {"k": 1})) > 1e-6


# ------------------------------------------------------------------------------------------------------- the numbers


def constant_step(step, steps, law, **constants):
    values = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "young": 1.0, **law_constants(law), **constants}
    return Setting(np.full(steps, step), np.zeros(steps, int), Staleness(1), values)


@pytest.mark.parametrize(
    ("maximum", "half", "expected"), [(4, True, 0.12712), (4, False, 0.09093)], ids=["half the best step", "best step"]
)
def test_the_numbers_derived_beforehand(maximum, half, expected):
    square_mean = maximum * (2 * maximum + 1) / 6
    step = (np.sqrt(1 + 6 * square_mean) - 1) / (3 * square_mean) / (2 if half else 1)
    assert THEOREM_R.evaluate(constant_step(step, 60, UniformDelay(maximum))) == pytest.approx(expected, abs=5.1e-6)


def test_a_constant_step_gives_the_closed_form():
    h, T, L, Delta, sigma, theta = 0.15, 50, 1.7, 0.6, 0.4, 0.7
    law = GeometricDelay(2.0, 300)
    run = constant_step(h / L, T, law, L=L, Delta=Delta, sigma=sigma, young=theta)
    assert law_constants(law) == pytest.approx({"Ed": 2.0, "Ed2": 2.0 + 2 * 2.0**2}, rel=1e-12)
    c, factor = h + (1 + 1 / theta) * h**2 * 10, 1 + (1 + theta) * h * 2
    expected = (Delta + sigma**2 * T * h**2 / (2 * L) * factor) / (T * h / L * (1 - c / 2) + 1 / (2 * L))
    assert THEOREM_R.evaluate(run) == pytest.approx(expected, rel=1e-12)
    quiet = constant_step(h / L, T, law, L=L, Delta=Delta, sigma=0.0, young=theta)
    assert THEOREM_R.evaluate(quiet) == pytest.approx(
        Delta / (T * h / L * (1 - (h + h**2 * 10) / 2) + 1 / (2 * L)), rel=1e-12
    )


def test_a_fixed_delay_without_noise_is_theorem_a_but_for_the_ends_of_the_run():
    T, D, h = 2000, 3, 0.1
    run = constant_step(h, T, ConstantDelay(D))
    fixed = Setting(np.full(T, h), np.minimum(np.arange(T), D), Staleness(D + 1), {"L": 1, "Delta": 1, "sigma": 0})
    assert 1 <= THEOREM_R.evaluate(run) / THEOREM_A.evaluate(fixed) < 1.001
    # Without delay both are the classical bound.
    run, fixed = (constant_step(h, T, ConstantDelay(0), sigma=s) for s in (0.0, 0.9))
    assert THEOREM_R.evaluate(run) == pytest.approx(THEOREM_A.evaluate(run), rel=1e-13)
    assert THEOREM_R.evaluate(fixed) == pytest.approx(THEOREM_A.evaluate(fixed), rel=1e-13)


def test_runs_averaged_over_noise_and_delays_stay_below(world):
    met = []
    for seed, law in enumerate([(0, 1), (0, 2), (0, 0, 3), (1, 2), (2,), (0, 1, 2)] * 6):
        deviation = 0.0 if seed % 2 else 0.5
        run = random_run(world, law, 4 if len(law) < 3 else 3, seed, deviation)
        squared = float(np.mean(np.square(law)))
        constants = {"L": run.smoothness, "Delta": run.gaps[0], "sigma": deviation, "young": 1.0}
        constants |= {"Ed": float(np.mean(law)), "Ed2": squared}
        setting = Setting(run.step_sizes, np.zeros(run.steps, int), Staleness(1), constants)
        value, failures = THEOREM_R.assess(setting)
        if not failures:
            met.append((value, run.minimum))
    assert len(met) > 20
    assert all(measured <= value * (1 + 1e-12) for value, measured in met)


@pytest.mark.parametrize(
    ("constants", "symbol"),
    [
        ({"Ed": -0.1}, "Ed"),
        ({"Ed": 2.0, "Ed2": 3.9}, "Ed2"),
        ({"Ed": 0.5, "Ed2": 0.4}, "Ed2"),
        ({"young": 0.0}, "young"),
        ({"Ed": 2.0, "Ed2": 60.0}, "c_1"),
    ],
)
def test_moments_that_no_law_has_and_steps_that_are_too_long_are_named(constants, symbol):
    run = constant_step(0.15, 9, UniformDelay(2), **constants)
    with pytest.raises(DomainError, match=symbol):
        THEOREM_R.evaluate(run)


def test_without_the_law_of_the_delays_the_bound_says_what_is_missing():
    run = Setting([0.1], [0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    sentences = [failure.sentence() for failure in THEOREM_R.check_domain(run)]
    assert [sentence.split("constant ")[1].split()[0] for sentence in sentences] == ["Ed", "Ed2", "young"]


def test_the_edge_of_the_domain():
    edge = constant_step(0.25, 5, ConstantDelay(0), Ed=1.0, Ed2=12.0)
    assert THEOREM_R.check_domain(edge) == ()
    (failure,) = THEOREM_R.check_domain(constant_step(0.25 * (1 + 1e-9), 5, ConstantDelay(0), Ed=1.0, Ed2=12.0))
    assert (failure.index, failure.k, failure.limit) == ("k", 1, 1.0)


def test_delays_that_follow_a_pattern_have_no_law_here():
    with pytest.raises(DelayError, match=r"drawn independently\. Got cyclic:period=3"):
        law_constants(CyclicDelay(3, 2))
    assert law_constants(ConstantDelay(3)) == {"Ed": 3.0, "Ed2": 9.0}


def test_restating_needs_the_right_probabilities():
    fact = evaluate(rules.certain(STEP, K), {})
    with pytest.raises(ProofError):
        restate(fact, scalar("p", K, R).total(("r",), le(ZERO, R), lt(R, K)) - expression(1))
