"""Theorem R_B: random delays and several gradients an update. Replay, misuse, a second implementation, exact runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed, without
from theory.bounds import Setting, get
from theory.bounds.parts.assumptions import BLOCK_READS
from theory.formulas.formula import total
from theory.proofs.kernel import MIXED, RANDOM, SEVERAL, ProofError, le, lt, update
from theory.proofs.nodes import MINIMUM, square
from theory.proofs.proof import evaluate, rules
from theory.proofs.refuting.runs import EnumeratedRun
from theory.proofs.theorem import laws as laws_of
from theory.proofs.theorems.lemmas import J, K
from theory.proofs.theorems.theorem_r import ETA, PROOF_RB, SEVERAL_DRAWN, SIGMA, A, Drawn, L, Since
from theory.staleness.count import Staleness

BOUND, BEFORE = get("theorem-rb"), get("theorem-r")
STEP = SEVERAL_DRAWN.step


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF_RB)
    assert report.proved and {frozenset({SEVERAL, RANDOM})} == {fact.context.laws for fact in report.facts.values()}
    assert report.axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "e_k has mean zero given x_0..x_k, e_0..e_{k-1} and d_0..d_k",
        "the noises of one update have mean zero and are independent given what was before",
        "where there is no noise, e_k is 0",
        "the variance is at most sigma^2",
        "noisy is 1 if there is noise, else 0",
        "every update applies B gradients",
        "p(k, r) is the probability that step k reads x_r; its delay is independent of what was before",
        "all delays have one law, of mean Ed, mean square Ed2",
        "a maximum is at least what it is the maximum of",
        "m is the minimum over x_0..x_T",
        f"assumed: {PROOF_RB.assumed[0].name}",
    }


def test_other_runs_and_no_side_condition_are_refused():
    for laws in (frozenset(), frozenset({SEVERAL}), frozenset({RANDOM}), frozenset({SEVERAL, RANDOM, MIXED})):
        assert last_refusal(PROOF_RB, laws=laws)
    assert without(PROOF_RB, PROOF_RB.assumed[0])
    with pytest.raises(ProofError, match="at fixed delays"):
        laws_of(replace(BOUND, assumptions=(*BOUND.assumptions, BLOCK_READS)))


OTHER = STEP.having(lt(update(J), update(K)))
TOGETHER = STEP.having(le(update(J), update(K)), le(update(K), update(J)))


@pytest.mark.parametrize(
    "derivation",
    [
        rules.drawn(STEP, K, "g", update(K) + 1),  # made with the delays of this update
        rules.drawn(TOGETHER, K, "a", J),  # another delay of the same update may go with this one
        rules.drawn(TOGETHER, K, "e", J),
        rules.drawn(STEP, K, "e", K),
        rules.unbiased(STEP, K, "g", update(K) + 1),
        rules.window_count(STEP, K),
        rules.served_count(STEP, K),
        rules.block_readers_count(STEP, K),
        rules.read_apart(STEP.under(MIXED), K),
    ],
)
def test_what_may_depend_on_a_delay_is_not_known_before_it(derivation):
    with pytest.raises(ProofError):
        evaluate(derivation, {})


WRONG = {
    "way": SIGMA**2 * Since(ETA**2),
    "averaged": L**2 * Drawn(SIGMA**2 * Since(ETA**2)),
    "mean-square": ETA * SEVERAL_DRAWN.largest / 2,
    "mean": SEVERAL_DRAWN.largest / 10,
    "exchanged": total(ETA * square(A)) / 100,
    "theorem": MINIMUM * total(ETA) / 100,
}


@pytest.mark.parametrize("name", WRONG)
def test_more_than_the_claim_is_refused(name):
    claim = next(step.claim for step in PROOF_RB.steps if step.name == name)
    assert replays.refusal(PROOF_RB, name, claim=replace(claim, right=claim.right + WRONG[name]))


def drawn_run(seed, steps, reads, law, deviation):
    """A run averaged over every delay and every sign; the step of a gradient."""
    sizes = np.random.default_rng(seed).choice([0.3, 0.6, 1.0], steps)

    def each(run):
        return np.repeat(sizes, reads) / reads / run.constants["L"] / (1 + run.constants["Ed2"] ** 0.5)

    return EnumeratedRun([k // reads for k in range(steps * reads)], each, seed, deviation, law=law, block=reads)


@pytest.mark.parametrize(("steps", "reads"), [(2, 2), (3, 1), (1, 4)])
def test_the_axioms_hold_on_runs_averaged_over_noise_and_delays(steps, reads):
    facts = [
        rules.drawn(STEP, K, "g", update(K)),
        rules.drawn(STEP, K, "a", K),
        rules.drawn(OTHER, K, "e", J),
        rules.drawn(OTHER, K, "a", J),
        rules.certain(STEP, K),
        rules.in_flight(STEP, update(K), 0),
        rules.in_flight(STEP, update(K), 1),
        rules.unbiased(TOGETHER, K, "a", J),
        rules.block_count(STEP, update(K)),
    ]
    met = 0
    for law in ([0.5, 0.5], [0.2, 0.3, 0.5], [0.6, 0.0, 0.4]):
        run = drawn_run(3, steps, reads, law, 0.7)
        for fact in (evaluate(each, {}) for each in facts):
            for chosen in run.assignments(tuple(sorted(fact.context.names())), fact.context):
                value = run.value(fact.expression, chosen)
                assert value == pytest.approx(0, abs=1e-12) if fact.equality else value >= -1e-9
                met += 1
    assert met > 50


def test_exact_averages_stay_below_it_and_some_come_near_half():
    worst = met = 0
    for seed in range(60):
        steps, reads = [(1, 3), (2, 2), (3, 1), (2, 1)][seed % 4]
        law = [[0.5, 0.5], [0.2, 0.3, 0.5], [1.0], [0.6, 0.0, 0.4]][seed // 4 % 4]
        run = drawn_run(seed, steps, reads, law, (0.0, 0.3, 1.0)[seed % 3])
        constants = {name: run.constants[name] for name in ("L", "Delta", "sigma", "Ed", "Ed2")}
        sizes = run.step_sizes.reshape(steps, reads).sum(axis=1)
        shape = (steps, reads) if reads > 1 else steps
        value = BOUND.assess(Setting(sizes, np.zeros(shape, int), Staleness(1), constants))[0]
        if value is not None:
            met += 1
            worst = max(worst, min(run.inner(g, g) for g in run.gradients) / value)
    assert met > 30 and 0.4 < worst <= 1


def by_loops(setting, theta):
    """The theorem by loops over updates and their gradients."""
    B, c = setting.reads, setting.constants
    L_, nu, eta = c["L"], float(c["sigma"] > 0), setting.step_sizes.max()
    under, noise = 1 / (2 * L_), 0.0
    turns = []
    for size in setting.step_sizes:
        turns.append(L_ * size + (1 + nu / theta) * L_**2 * eta**2 * c["Ed2"])
        for _ in range(B):
            under += size / B * (1 - turns[-1] / 2)
            noise += (size / B) ** 2
    return (c["Delta"] + L_ * c["sigma"] ** 2 / 2 * noise * (1 + (1 + theta) * L_ * eta * c["Ed"])) / under, turns


def test_the_value_is_that_of_plain_loops_at_the_best_theta():
    draw, inside = np.random.default_rng(4), 0
    for _ in range(250):
        T, B = int(draw.integers(1, 9)), int(draw.integers(1, 5))
        mean = draw.uniform(0, 3)
        constants = {
            "L": draw.uniform(0.5, 3),
            "Delta": draw.uniform(0.2, 2),
            "sigma": draw.choice([0, draw.uniform()]),
        }
        constants |= {"Ed": mean, "Ed2": mean * (1 + draw.uniform()) + mean**2}
        sizes = draw.uniform(0, 1.2, T) / constants["L"] / (1 + constants["Ed2"] ** 0.5)
        setting = Setting(sizes, np.zeros((T, B) if B > 1 else T, int), Staleness(1), constants)
        theta = float(BOUND.chosen(setting.environment()).values["young"])
        value, turns = by_loops(setting, theta)
        if max(turns) <= 1:
            inside += 1
            assert BOUND.evaluate(setting) == pytest.approx(value, rel=1e-12)
            for other in theta * np.exp(draw.normal(size=3)):
                worse, turns = by_loops(setting, other)
                assert max(turns) > 1 or worse >= value * (1 - 1e-9)
            if B == 1:
                given = Setting(sizes, setting.delays, Staleness(1), {**constants, "young": theta})
                assert BEFORE.evaluate(given) == pytest.approx(BOUND.evaluate(setting), rel=1e-12)
        else:
            assert BOUND.assess(setting)[0] is None
    assert inside >= 100


def at(step, T, B, sigma, mean, square_mean):
    constants = {"L": 1.0, "Delta": 1.0, "sigma": sigma, "Ed": mean, "Ed2": square_mean}
    return Setting(np.full(T, step), np.zeros((T, B) if B > 1 else T, int), Staleness(1), constants)


@pytest.mark.parametrize("sigma", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("reads", [1, 2, 5])
def test_the_closed_form_has_twice_the_root_of_the_mean_square(sigma, reads):
    """It was four times; the delays have no largest one."""
    for T, mean in ((50, 2.0), (300, 7.0)):
        root = math.sqrt(mean + 2 * mean**2)  # geometric delays
        step = 1 / (root + 1 + sigma * math.sqrt(T / (2 * reads)))
        closed = sigma * math.sqrt(2 / (reads * T)) + 2 * (root + 1) / T
        assert BOUND.evaluate(at(step, T, reads, sigma, mean, root**2)) <= closed


def test_edges_and_units():
    """No delay and no noise: c = L eta <= 1. One of delay 1: h + h^2 <= 1."""
    for square_mean, last in ((0.0, 1.0), (1.0, (math.sqrt(5) - 1) / 2)):
        for factor, fine in ((1.0, True), (1 - 1e-12, True), (1 + 1e-12, False)):
            assert (BOUND.check_domain(at(last * factor, 3, 2, 0.0, square_mean, square_mean)) == ()) == fine
    assert BOUND.check_domain(at(0.1, 3, 2, 1.0, 2.0, 3.0)) and BOUND.check_domain(at(0.1, 3, 2, 1.0, -1.0, 3.0))
    one = at(0.1, 20, 3, 0.7, 1.0, 2.0)
    other = Setting(
        one.step_sizes / 4,
        one.delays,
        one.staleness,
        {n: 4 * one.constants[n] for n in ("L", "Delta", "sigma")} | {"Ed": 1.0, "Ed2": 2.0},
    )
    assert BOUND.evaluate(other) == pytest.approx(16 * BOUND.evaluate(one), rel=1e-12)
