"""The bounds through the average delay: proofs that replay, wrong variants that do not, plain loops, runs."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product as pairs

import numpy as np
import pytest

from tests.support.replays import refusal, replayed, without
from theory.bounds import Setting
from theory.bounds.average_delay import AVERAGE_DELAY, AVERAGE_DELAY_ADAPTIVE, AVERAGE_DELAY_DROP
from theory.bounds.theorem_a import THEOREM_A
from theory.common.errors import DomainError
from theory.formulas.formula import Peak, total
from theory.proofs.kernel import LAST, ProofError, expression, variables
from theory.proofs.nodes import MINIMUM, At, G, square
from theory.proofs.proof import Ref, evaluate, rules
from theory.proofs.statement import name_of
from theory.proofs.terms import bound_variables
from theory.proofs.theorems import average_delay
from theory.proofs.theorems.average_delay import (
    ADAPTED_BELOW_1,
    ADAPTIVE_PROOF,
    CONSTANT,
    CONSTANT_PROOF,
    ETA,
    FLIGHT,
    LARGEST,
    REACH,
    SIGMA,
    STEP,
    D,
    H,
    L,
    P,
    alike,
    exchanged,
    flight_sum,
    least,
    noise_adapted,
    short_way,
)
from theory.proofs.theorems.average_delay_drop import CUT, MEAN_DELAY, R, T
from theory.proofs.theorems.average_delay_drop import PROOF as DROP_PROOF
from theory.proofs.theorems.lemmas import START, I, J, K, steps, symbol
from theory.staleness.count import Staleness

PROOFS = {proof.name: proof for proof in (*average_delay.PROOFS, DROP_PROOF)}
BOUNDS = {bound.name: bound for bound in (AVERAGE_DELAY, AVERAGE_DELAY_ADAPTIVE, AVERAGE_DELAY_DROP)}
ROUNDING = 1e-9


@pytest.mark.parametrize("name", PROOFS)
def test_every_proof_replays_and_says_what_it_rests_on(name):
    assert replayed(PROOFS[name]).proved
    counted = set() if name == "average-delay-adaptive" else {"there are T steps"}
    assert replayed(PROOFS[name]).axioms == counted | {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "steps and delays are independent of the noise",
        "e_k has mean zero given x_0..x_k and e_0..e_{k-1}",
        "where there is no noise, e_k is 0",
        "the variance is at most sigma^2",
        "noisy is 1 if there is noise, else 0",
        "a maximum is at least what it is the maximum of",
        "m is the minimum over x_0..x_T",
        *(f"assumed: {assumed.name}" for assumed in PROOFS[name].assumed),
    }


@pytest.mark.parametrize(("proof", "assumed"), [(p, a) for p in PROOFS.values() for a in p.assumed])
def test_no_side_condition_can_be_left_out(proof, assumed):
    assert assumed.name in without(proof, assumed)


WRONG_CLAIMS = {
    "once the gradients under noise": (CONSTANT_PROOF, "way", H * P),
    "once the noise": (CONSTANT_PROOF, "way", SIGMA**2 * At(ETA, J, "j")),
    "more turning": (CONSTANT_PROOF, "turned", L * square(G)),
    "half of a step in flight": (ADAPTIVE_PROOF, "turn", At(ETA * H, I, "i")),
    "half of them": (ADAPTIVE_PROOF, "turns", ETA / 2),
    "half of d_max": (CONSTANT_PROOF, "turn", At(ETA * H, I, "i") / 2),
    "the mean delay counted twice": (CONSTANT_PROOF, "theorem", MINIMUM * total(D) / 100),
    "half of what is lost": (DROP_PROOF, "kept", LARGEST * T * MEAN_DELAY / R / 2),
    "a smaller step than all": (DROP_PROOF, "turn", At(ETA, I, "i")),
    "more weight": (ADAPTIVE_PROOF, "theorem", MINIMUM / L / 100),
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_more_than_the_claim_is_refused(case):
    proof, name, more = WRONG_CLAIMS[case]
    claim = next(step.claim for step in proof.steps if step.name == name)
    assert refusal(proof, name, claim=replace(claim, right=claim.right + more))


WRONG_DERIVATIONS = {
    "as if nothing overtook": (CONSTANT_PROOF, "way", average_delay.squares(STEP, average_delay.IN_WINDOW)),
    "the largest product at another step": (
        ADAPTIVE_PROOF,
        "turn",
        rules.add(
            rules.multiply(short_way(FLIGHT), symbol(FLIGHT, "eta", I)),
            rules.multiply(rules.largest(FLIGHT, REACH.body, K), average_delay.is_positive(FLIGHT)),
        ),
    ),
    "the largest entry beyond the run": (DROP_PROOF, "kept", rules.largest(START, LARGEST.body, LAST)),
    "c_k <= 1 not asked for": (
        ADAPTIVE_PROOF,
        "theorem",
        rules.add(Ref("summed"), exchanged("turns"), noise_adapted(), least(rules.constant(STEP, 1))),
    ),
    "a step of other size in the place of eta": (
        CONSTANT_PROOF,
        "turns",
        rules.add(flight_sum(Ref("turn")), rules.scale_equality(alike(STEP, K), expression(1))),
    ),
    "kept without the condition on the cuts": (
        DROP_PROOF,
        "kept",
        rules.total(symbol(STEP, "eta", K), ("k",), *steps(K)),
    ),
}


@pytest.mark.parametrize("case", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(case):
    proof, name, derivation = WRONG_DERIVATIONS[case]
    assert refusal(proof, name, derivation=derivation)


def test_a_largest_entry_is_that_of_one_sequence():
    other = Peak(ETA * D)
    fact = evaluate(rules.largest(STEP, other, K), {})
    with pytest.raises(ProofError, match="differ"):
        evaluate(rules.restate(rules.largest(STEP, REACH.body, K), fact.expression), {})


# ------------------------------------------------------------------------------------------------ claims on real runs


def with_symbols(world, name):
    """A run that knows the largest entries, the mean, the threshold and whether there is noise."""
    nodes = {name_of(node): node for node in (LARGEST.body, REACH.body, average_delay.LARGEST_DELAY.body)}

    class Known(world.Run):
        def scalar(self, symbol, *where):
            if symbol in nodes:
                return float(np.max(nodes[symbol].body.evaluate(self.environment)))
            known = {"noisy": float(self.noisy), "cut": float(self.cut)}
            return known[symbol] if symbol in known else super().scalar(symbol, *where)

        @property
        def cut(self):
            shortened = [k for k in range(self.steps) if self.step_sizes[k] < self.step_sizes.max()]
            return min((k - self.reads[k] for k in shortened), default=self.steps)

        @property
        def setting(self):
            delays = np.arange(self.steps) - np.array(self.reads)
            constants = {"L": self.smoothness, "Delta": self.gaps[0], "sigma": self.deviation, "cut": float(self.cut)}
            return Setting(self.step_sizes, delays, Staleness(self.staleness), constants)

        @property
        def environment(self):
            return self.setting.environment()

        def _term(self, term, names):
            inside = (
                {**names, **{inside.core: n for inside, n in zip(bound_variables(term), where, strict=True)}}
                for where in pairs(range(self.steps + 1), repeat=term.size)
            )
            kept = (all_ for all_ in inside if all(self.holds(c, all_) for c in term.constraints))
            return sum((self._summand(term, all_) for all_ in kept), Fraction(0))

    return Known


def runs(world, name, count, length=4):
    """Runs on which the side conditions of a bound hold."""
    kind, draw, seed = with_symbols(world, name), random.Random(name), 0
    while count:
        seed += 1
        reads = world.random_reads(draw, length)
        late = np.arange(length) - np.array(reads)
        shape = {
            "average-delay": np.ones(length),
            "average-delay-adaptive": np.array([draw.choice([0.0, 0.5, 1.0]) for _ in reads]),
            "average-delay-drop": np.where(late >= draw.randint(1, 3), draw.choice([0.0, 0.4]), 1.0),
        }[name]
        size = draw.choice([0.1, 0.2, 0.4])
        run = kind(reads, lambda run: shape * size / run.smoothness, seed, 0.0 if seed % 3 else 0.6)  # noqa: B023
        if shape.any() and run.cut and not BOUNDS[name].check_domain(run.setting):
            count -= 1
            yield run


@pytest.mark.parametrize("name", PROOFS)
def test_every_claim_holds_on_runs(world, name):
    checked = 0
    for run in runs(world, name, 5):
        for step, fact in replayed(PROOFS[name]).facts.items():
            names = {v for c in fact.context.constraints for core in (c.left, c.right) for v in variables(core)}
            for chosen in run.assignments(tuple(sorted(names)), fact.context):
                assert run.value(fact.expression, chosen) >= -ROUNDING, (step, chosen, run.reads)
                checked += 1
    assert checked > 50


@pytest.mark.parametrize("name", BOUNDS)
def test_no_run_gets_above_the_bound(world, name):
    ratios = [run.minimum / BOUNDS[name].evaluate(run.setting) for run in runs(world, name, 60)]
    assert max(ratios) <= 1 + 1e-12 and max(ratios) > 0.1


# ------------------------------------------------------------------------------------------ a second implementation


def loops(eta, delays, L, Delta, variance, r):
    """The three bounds in fractions, loop by loop: largest c_k, and value."""
    n, half = len(eta), Fraction(1, 2)
    flying = [[i for i in range(n) if i - delays[i] <= k < i] for k in range(n)]
    nu, largest, mean_delay = int(variance > 0), max(eta), Fraction(sum(delays), n)
    q = max(e * d for e, d in zip(eta, delays, strict=True))
    adapted = [L * eta[k] + (1 + nu) * L**2 * largest * q * len(flying[k]) for k in range(n)]
    noise = sum(eta[k] ** 2 * (1 + 2 * L * largest * len(flying[k])) for k in range(n))
    weight = sum(eta[k] * (1 - adapted[k] / 2) for k in range(n)) + half / L
    dropped = [L * eta[k] + (1 + nu) * L**2 * largest * sum(eta[i] * delays[i] for i in flying[k]) for k in range(n)]
    kept = largest * n * (1 - mean_delay / r) + 1 / L
    noise_kept = largest**2 * n * (1 + 2 * L * largest * mean_delay)
    same = eta[0]
    constant = [L * same + (1 + nu) * L**2 * same**2 * max(delays) * len(flying[k]) for k in range(n)]
    turn = (L * same + (1 + nu) * L**2 * same**2 * max(delays) * mean_delay) / 2
    return {
        "average-delay": (
            max(constant),
            (Delta + L * variance * half * same**2 * n * (1 + 2 * L * same * mean_delay))
            / (same * n * (1 - turn) + half / L),
        ),
        "average-delay-adaptive": (max(adapted), (Delta + L * variance * half * noise) / weight),
        "average-delay-drop": (max(dropped), (2 * Delta + L * variance * noise_kept) / kept if kept else None),
    }


def cases(name, count=250):
    rng = np.random.default_rng(len(name))
    for _ in range(count):
        n = int(rng.integers(1, 11))
        delays = [int(rng.integers(0, k + 1)) for k in range(n)]
        size, r = Fraction(int(rng.integers(1, 40)), 200), int(rng.integers(1, 5))
        eta = [size] * n
        if name == "average-delay-adaptive":
            eta = [size * Fraction(int(rng.integers(0, 5)), 4) for _ in range(n)]
        if name == "average-delay-drop":
            eta = [size * (Fraction(int(rng.integers(0, 4)), 4) if d >= r else 1) for d in delays]
        L, Delta = (Fraction(int(rng.integers(1, 30)), 10) for _ in range(2))
        yield eta, delays, L, Delta, Fraction(int(rng.integers(0, 4)), 2) ** 2, r


def setting_of(eta, delays, L, Delta, variance, r):
    constants = {"L": float(L), "Delta": float(Delta), "sigma": float(variance) ** 0.5, "cut": float(r)}
    return Setting([float(e) for e in eta], delays, Staleness(max(delays) + 1), constants)


@pytest.mark.parametrize("name", BOUNDS)
def test_any_delays_agree_with_plain_loops_in_fractions(name):
    inside = outside = 0
    for case in cases(name):
        if not max(case[0]):
            continue
        worst, value = loops(*case)[name]
        failures = BOUNDS[name].check_domain(setting_of(*case))
        if worst <= 1 and value is not None and value > 0:
            inside += 1
            assert not failures
            assert BOUNDS[name].evaluate(setting_of(*case)) == pytest.approx(float(value), rel=1e-12)
        else:
            outside += 1
            assert failures
    assert min(inside, outside) > 30


def test_the_mean_number_in_flight_is_the_mean_delay():
    for _, delays, *_ in cases("average-delay", 50):
        n = len(delays)
        in_flight = [sum(i - delays[i] <= k < i for i in range(n)) for k in range(n)]
        assert sum(in_flight) == sum(delays)
        node = average_delay.IN_FLIGHT.evaluate(setting_of([Fraction(1)] * n, delays, 1, 1, 0, 1).environment())
        assert list(node) == in_flight


def test_one_constant_step_is_a_case_of_any_steps():
    for case in cases("average-delay"):
        run = setting_of(*case)
        if not AVERAGE_DELAY.check_domain(run):
            assert AVERAGE_DELAY.evaluate(run) == pytest.approx(AVERAGE_DELAY_ADAPTIVE.evaluate(run), rel=1e-12)


def test_without_noise_theorem_a_is_never_above_these():
    compared = 0
    for name, bound in BOUNDS.items():
        for eta, delays, smoothness, Delta, _, r in cases(name):
            run = setting_of(eta, delays, smoothness, Delta, 0, r)
            if max(eta) and not bound.check_domain(run):
                compared += 1
                assert THEOREM_A.evaluate(run) <= bound.evaluate(run) * (1 + 1e-12)
    assert compared > 150


# ------------------------------------------------------------------------------------------------- what they are for


def pool(seconds, steps):
    """Delays of an asynchronous pool whose workers need that many seconds a gradient, and the number of workers."""
    finish, read, delays = list(map(float, seconds)), [0] * len(seconds), []
    for k in range(steps):
        worker = int(np.argmin(finish))
        delays.append(k - read[worker])
        read[worker], finish[worker] = k + 1, finish[worker] + seconds[worker]
    return np.array(delays)


def test_the_numbers_in_flight_in_a_pool_are_those_of_the_other_workers():
    delays = pool([1, 1.01, 1.02, 6], 300)
    run = Setting(np.full(300, 0.01), delays, Staleness(int(delays.max()) + 1), {"L": 1, "Delta": 1, "sigma": 0})
    assert max(average_delay.IN_FLIGHT.evaluate(run.environment())) == 3
    assert delays.max() > 12 and delays.mean() <= 3


def test_a_slow_worker_harms_a_constant_step_and_not_adapted_ones():
    T = 4000
    slow, even = pool([1, 1.01, 1.02, 60], T), pool([1, 1.01, 1.02, 1.03], T)
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "cut": 10.0}

    def best(bound, shape, delays):
        values = []
        for size in np.geomspace(0.005, 0.5, 60):
            run = Setting(size * shape, delays, Staleness(int(delays.max()) + 1), constants)
            values += [] if bound.check_domain(run) else [bound.evaluate(run)]
        return min(values)

    constant = [best(AVERAGE_DELAY, np.ones(T), delays) for delays in (even, slow)]
    adapted = [best(AVERAGE_DELAY_ADAPTIVE, np.minimum(1, 9 / np.maximum(1, d)), d) for d in (even, slow)]
    dropped = [best(AVERAGE_DELAY_DROP, np.where(d >= 10, 0.0, 1.0), d) for d in (even, slow)]
    assert constant[1] > 2 * constant[0]
    assert adapted[1] < 2 * adapted[0] and dropped[1] < 2 * dropped[0]
    # 4.78 n L Delta / T at K = 3n, n = 3, and twice as much where only c_k <= 1 is used.
    assert adapted[1] * T < 4.78 * 3 * 1.05


# ----------------------------------------------------------------------------------------------- edges and refusals


@pytest.mark.parametrize(
    ("bound", "inside", "outside", "k"),
    [
        (AVERAGE_DELAY, [0.1, 0.1], [0.1, 0.1 * (1 + 1e-9)], 1),
        (AVERAGE_DELAY, [0.618033988749894] * 2, [0.618033988749895 * (1 + 1e-9)] * 2, 1),
        (AVERAGE_DELAY_ADAPTIVE, [5 / 9, 2 / 3], [0.5556, 2 / 3], 1),
        (AVERAGE_DELAY_DROP, [0.1, 0.05], [0.05, 0.1], 1),
        (AVERAGE_DELAY_DROP, [0.1, 0.0], [0.0, 0.1], 1),
    ],
)
def test_just_inside_is_accepted_and_just_outside_refused_at_the_right_place(bound, inside, outside, k):
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "cut": 1.0}
    run = Setting(inside, [0, 1], Staleness(2), constants)
    assert bound.check_domain(run) == () and np.isfinite(bound.evaluate(run))
    with pytest.raises(DomainError):
        bound.evaluate(other := Setting(outside, [0, 1], Staleness(2), constants))
    assert bound.check_domain(other)[0].k == k


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=BOUNDS)
def test_a_bound_scales_as_functions_do(bound):
    a, b, rng = 3.7, 0.29, np.random.default_rng(3)
    delays = np.array([int(rng.integers(0, min(k, 3) + 1)) for k in range(30)])
    one = {"L": 1.3, "Delta": 0.7, "sigma": 0.8, "cut": 5.0}
    two = {"L": 1.3 * a / b**2, "Delta": 0.7 * a, "sigma": 0.8 * a / b, "cut": 5.0}
    sizes = np.full(30, 0.06)
    first, second = (
        bound.evaluate(Setting(e, delays, Staleness(4), c)) for e, c in ((sizes, one), (sizes * b**2 / a, two))
    )
    assert second == pytest.approx(first * a**2 / b**2, rel=1e-12)


def test_the_conditions_that_are_assumed_are_those_of_the_bounds():
    for proof, names in ((CONSTANT_PROOF, {CONSTANT.name}), (DROP_PROOF, {CUT.name}), (ADAPTIVE_PROOF, set())):
        assumed = {side.name for side in proof.assumed}
        assert names <= assumed <= set(BOUNDS[proof.name].domain)
    assert ADAPTED_BELOW_1.name in AVERAGE_DELAY_ADAPTIVE.domain
