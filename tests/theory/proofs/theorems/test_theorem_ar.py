"""Theorem A^r: the proof replays for any numbers rho_k; its numbers, its choice of them, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed
from theory.bounds import Setting
from theory.bounds.theorem_a import THEOREM_A
from theory.bounds.theorem_ar import THEOREM_AR
from theory.common.errors import DomainError
from theory.formulas.formula import Environment, Number, total
from theory.proofs.kernel import expression, scalar
from theory.proofs.nodes import MINIMUM, G, following, last, read, square
from theory.proofs.proof import Assumed, Claim, rules
from theory.proofs.theorems.lemmas import K, at_step
from theory.proofs.theorems.theorem_ar import (
    DESCENT,
    INTERPOLATED,
    KEPT,
    NUMBERS,
    PROOF,
    RHO,
    SUMMED,
    THEOREM,
    WEIGHTED,
    WEIGHTS,
    L,
    V,
    weighted,
)
from theory.staleness.count import Staleness

U = next(node for node in THEOREM_AR.definitions if node.symbol == "u")


refusal = partial(replays.refusal, PROOF)


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF)
    assert report.proved
    assert report.axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "steps and delays are independent of the noise",
        "e_k has mean zero given x_0..x_k and e_0..e_{k-1}",
        "where there is no noise, e_k is 0",
        "the variance is at most sigma^2",
        "o_k is 1 if there is noise and step k is overtaken, else 0",
        "m is the minimum over x_0..x_T",
        f"assumed: {NUMBERS.name}",
        f"assumed: {WEIGHTS.name}",
    }


WRONG_CLAIMS = {
    "twice the last square": (
        "interpolated",
        Claim(INTERPOLATED.left, INTERPOLATED.right + INTERPOLATED.right.terms[-1]),
    ),
    "a square for nothing": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right + square(G) / L)),
    "nothing is paid": ("weighted", Claim(WEIGHTED.left, WEIGHTED.right + (RHO - 1) * square(G) / (4 * L))),
    "all is kept": ("weighted", Claim(WEIGHTED.left, WEIGHTED.right + square(following(G)) / (4 * L * RHO))),
    "kept twice": ("descent", Claim(DESCENT.left, DESCENT.right + KEPT)),
    "a larger end": ("summed", Claim(SUMMED.left, SUMMED.right + last(square(G)) / (2 * L))),
    "weights without their reads": ("summed", Claim(SUMMED.left, SUMMED.right - total(U * square(read(G))))),
    "a larger denominator": ("theorem", Claim(THEOREM.left, THEOREM.right + MINIMUM / (4 * L))),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG_CLAIMS[name]
    assert refusal(step, claim=claim)


def test_young_needs_the_right_number():
    """|g_{k+1} - rho (g_k - L d)|^2 / rho with another number than rho does not give the claim."""
    assert refusal("weighted", derivation=weighted(scalar("rho", K + 1)))
    assert refusal("weighted", derivation=weighted(expression(1)))
    assert replayed(PROOF).proved


def test_smaller_numbers_may_not_be_assumed():
    smaller = Assumed(NUMBERS.name, replace(NUMBERS.claim, right=Number(1) / 2))
    assert "assumes something else" in refusal("theorem", derivation=rules.add(smaller.fact(at_step())))
    assert NUMBERS.name in last_refusal(PROOF, assumed=(WEIGHTS,))


# ------------------------------------------------------------------------------------------------------- the numbers


def exact(eta, delays, L, Delta, variance, rho):
    """Theorem A^r loop by loop, in fractions: the weights and the value."""
    n, tau = len(eta), [k - d for k, d in enumerate(delays)]
    windows = [range(tau[k], k) for k in range(n)]
    H = [sum((eta[j] for j in w), Fraction(0)) for w in windows]
    late = [int(variance > 0 and any(tau[j] > tau[i] for j in windows[i])) for i in range(n)]
    z = [(1 + r) / 2 for r in rho]
    v, noise = [Fraction(0)] * (n + 1), Fraction(0)
    for k in range(n):
        readers = [i for i in range(n) if k in windows[i]]
        turned = sum(z[i] * eta[i] * H[i] * (1 + 2 * late[i] * L * H[i]) for i in readers)
        v[tau[k]] += eta[k] / 2 * (z[k] * (1 - L * eta[k]) - L**2 * turned)
        v[k] += z[k] * eta[k] / 2 - (rho[k] - 1) / (4 * L)
        v[k + 1] += (1 - 1 / rho[k]) / (4 * L)
        noise += eta[k] ** 2 * (z[k] + L * sum(z[i] * eta[i] * (1 + 3 * late[i] * L * H[i]) for i in readers))
    v[n] += 1 / (2 * L)
    return v, (Delta + L * variance / 2 * noise) / sum(v)


def given(setting, rho):
    """The environment of a setting with numbers rho_k."""
    environment = setting.environment()
    return Environment({**environment.values, "rho": np.asarray(rho, dtype=float)}, environment.delays)


@pytest.mark.parametrize("seed", range(12))
def test_the_formula_against_fractions(seed):
    draw = np.random.default_rng(seed)
    steps = int(draw.integers(1, 8))
    delays = [int(draw.integers(0, k + 1)) for k in range(steps)]
    eta = [Fraction(int(draw.integers(0, 9)), 30) for _ in range(steps)]
    rho = [Fraction(int(draw.integers(4, 30)), 10) for _ in range(steps)]
    variance = Fraction(int(draw.integers(0, 3)))
    weights, value = exact(eta, delays, Fraction(3, 2), Fraction(2), variance, rho)
    setting = Setting(
        list(map(float, eta)), delays, Staleness(steps), {"L": 1.5, "Delta": 2.0, "sigma": float(variance) ** 0.5}
    )
    environment = given(setting, list(map(float, rho)))
    np.testing.assert_allclose(V.evaluate(environment), list(map(float, weights[:-1])), rtol=1e-12, atol=1e-13)
    assert THEOREM_AR.value.evaluate(environment) == pytest.approx(float(value), rel=1e-12)
    assert weights[-1] >= 0


def theorem_1_steps(window, steps, mu, sigma=1.0):
    """Theorem 1's steps at a fixed delay, in units where L and Delta are 1."""
    sizes = mu / (window * np.sqrt(np.arange(1, steps + 1)))
    delays = np.minimum(np.arange(steps), window - 1)
    return Setting(sizes, delays, Staleness(window), {"L": 1.0, "Delta": 1.0, "sigma": sigma})


# s, N, mu, and the value with the numbers of `rough_numbers`.
TABLE = (
    (1, 50, 1, 0.28602),
    (1, 200, 1, 0.15447),
    (1, 1000, 1, 0.07644),
    (2, 100, 0.5, 0.23499),
    (2, 100, 1, 0.19428),
    (4, 100, 0.5, 0.37532),
    (4, 100, 1, 0.24501),
    (4, 300, 0.5, 0.22892),
)


def rough_numbers(setting, value):
    """1 + r_k = (1 - 4 L A_k)^(-1/2) with the sums over the readers of k in place of those over W_k; L = 1."""
    eta, delays = setting.step_sizes, setting.environment().delays
    turned, noise = delays.readers(eta * delays.window(eta)), delays.readers(eta)
    sigma = setting.constants["sigma"]
    a = eta / 2 * (1 - (eta + turned) / 2) - sigma**2 * eta**2 / (4 * value) * (1 + noise)
    return 1 / np.sqrt(1 - 4 * a)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_table_of_the_derivation(row):
    """A few rounds of the rough choice, drawn towards 1 by tenths where that is better, give the printed digits."""
    *place, printed = row
    setting = theorem_1_steps(*place)
    value = THEOREM_A.evaluate(setting)
    for _ in range(5):
        apart = rough_numbers(setting, value) - 1
        value = min(value_at(setting, 1 + tenths / 10 * apart) for tenths in range(11))
    assert round(value, 5) == printed


def value_at(setting, rho):
    """The value with the numbers rho, infinite where a weight is negative."""
    environment = given(setting, rho)
    return float(THEOREM_AR.value.evaluate(environment)) if np.all(V.evaluate(environment) >= 0) else np.inf


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_library_chooses_at_least_as_well_as_the_table(row):
    *place, printed = row
    assert THEOREM_AR.evaluate(theorem_1_steps(*place)) <= printed + 5e-6


def some_settings():
    draw = np.random.default_rng(5)
    for _ in range(30):
        steps, window = int(draw.integers(1, 40)), int(draw.integers(1, 5))
        delays = np.minimum(draw.integers(0, window, size=steps), np.arange(steps))
        sizes = draw.uniform(0, 1, size=steps) / (2 * window)
        constants = {"L": 1.0, "Delta": float(draw.uniform(0, 2)), "sigma": float(draw.choice([0.0, 0.5, 2.0]))}
        yield Setting(sizes, delays, Staleness(window), constants)


def test_it_is_theorem_a_where_all_numbers_are_one():
    for setting in some_settings():
        value = THEOREM_AR.value.evaluate(given(setting, np.ones(setting.steps)))
        assert value == pytest.approx(THEOREM_A.evaluate(setting), rel=1e-12)


def test_it_is_never_above_theorem_a():
    ratios = [THEOREM_AR.evaluate(setting) / THEOREM_A.evaluate(setting) for setting in some_settings()]
    assert max(ratios) <= 1 + 1e-12 and min(ratios) < 0.97


def test_no_other_numbers_nearby_are_better():
    """The chosen numbers are best where no weight binds: random changes of them raise the value."""
    draw = np.random.default_rng(7)
    for setting in (theorem_1_steps(2, 30, 0.5), theorem_1_steps(4, 30, 1.0), theorem_1_steps(1, 30, 1.0, sigma=0.3)):
        chosen = THEOREM_AR.chosen(setting.environment())
        best = THEOREM_AR.value.evaluate(chosen)
        for _ in range(40):
            changed = chosen.values["rho"] * np.exp(draw.normal(size=setting.steps) * 0.05)
            assert THEOREM_AR.value.evaluate(given(setting, changed)) >= best * (1 - 1e-9)


def test_synchronous_steps_of_one_over_l_without_noise():
    """Where the best number would be infinite the value is still near that of Theorem B, 1/(3T/4 + 1/2)."""
    setting = Setting(np.ones(50), np.zeros(50, dtype=int), Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    assert THEOREM_AR.evaluate(setting) <= THEOREM_A.evaluate(setting)
    assert np.isfinite(THEOREM_AR.evaluate(setting))


def test_no_gap_and_no_noise_give_zero():
    setting = Setting([0.1, 0.1], [0, 1], Staleness(2), {"L": 1.0, "Delta": 0.0, "sigma": 0.0})
    assert THEOREM_AR.evaluate(setting) == 0.0


def test_it_scales_with_the_units():
    """F -> a F, x -> b x: L -> a/b^2, eta -> b^2/a, Delta -> a, sigma -> a/b, and the value by a^2/b^2."""
    plain, a, b = theorem_1_steps(4, 60, 0.5), 7.0, 0.3
    constants = {"L": a / b**2, "Delta": a, "sigma": a / b}
    scaled = Setting(plain.step_sizes * b**2 / a, plain.delays, Staleness(4), constants)
    assert THEOREM_AR.evaluate(scaled) == pytest.approx(THEOREM_AR.evaluate(plain) * a**2 / b**2, rel=1e-10)


def test_outside_the_domain_it_names_the_weight():
    steps = Setting([2.5, 2.5, 2.5], [0, 0, 0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
    with pytest.raises(DomainError, match="the weight v_t is negative at t = 0"):
        THEOREM_AR.evaluate(steps)
    late = Setting([0.1, 0.1, 0.1], [0, 1, 2], Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
    with pytest.raises(DomainError, match="the delay is beyond the staleness"):
        THEOREM_AR.evaluate(late)
    with pytest.raises(DomainError, match="sigma has no value"):
        THEOREM_AR.evaluate(Setting([0.1], [0], Staleness(1), {"L": 1.0, "Delta": 1.0}))


def test_numbers_below_a_third_are_no_part_of_the_theorem():
    condition = next(c for c in THEOREM_AR.conditions if c.symbol == "rho")
    failure = condition.failure("theorem-ar", given(theorem_1_steps(1, 3, 1), [1.0, 0.3, 1.0]))
    assert failure is not None and failure.k == 2 and failure.value == 0.3
