"""The bounds as formulas: exact second implementations, published tables, units, and how the bounds compare."""

from fractions import Fraction

import numpy as np
import pytest

from tests.support.units import of_constant, of_value
from theory.bounds import REGISTRY, Setting, get
from theory.bounds.counter_momentum import run_of_method
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

ALL = tuple(REGISTRY)
PAPER = "mu/(s*L*sqrt(k))"


def fixed(steps, window):
    return np.minimum(np.arange(steps), window - 1)


def at(steps, window=None, delays=None, **constants):
    """A setting from step sizes, with fixed delays unless others are given."""
    steps = np.asarray(steps, dtype=float)
    window = window or (1 if delays is None else int(np.max(delays)) + 1)
    delays = fixed(steps.size, window) if delays is None else delays
    return Setting(steps, delays, Staleness(window), {"L": 1, "Delta": 1, "sigma": 0, "mu": 1} | constants)


def on(text, steps, window, delays=None, **constants):
    """A setting at a schedule."""
    values = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 1.0} | constants
    delays = fixed(steps, window) if delays is None else delays
    known = {name: values[name] for name in ("L", "Delta", "sigma", "mu")}
    sizes = Schedule(text).step_sizes(steps, delays=delays, s=window, **known)
    return Setting(sizes, delays, Staleness(window), values)


def native(name, steps, window, delays=None, **constants):
    """A setting at the bound's own schedule, or at the example inside its domain."""
    bound = get(name)
    if bound.takes_moves:
        known = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 1.0} | constants
        return run_of_method(steps, Staleness(window), known)
    schedule = bound.schedule.text if bound.schedule else bound.example
    if bound.synchronous_only:
        window, delays = 1, None
    return on(schedule, steps, window, delays, **{**bound.given, **constants})


# ---------------------------------------------------------------- a second implementation, loop by loop, in fractions


def window_of(delays, k):
    return range(k - delays[k], k)


def exact_theorem_a(eta, delays, L, Delta, variance):
    n, half = len(eta), Fraction(1, 2)
    tau = [k - d for k, d in enumerate(delays)]
    H = [sum((eta[j] for j in window_of(delays, k)), Fraction(0)) for k in range(n)]
    late = [variance > 0 and any(tau[j] > tau[i] for j in window_of(delays, i)) for i in range(n)]
    grow = [(1 + 2 * L * H[i], 1 + 3 * L * H[i]) if late[i] else (1, 1) for i in range(n)]
    c, noise = [], Fraction(0)
    for k in range(n):
        readers = [i for i in range(n) if k in window_of(delays, i)]
        c.append(L * eta[k] + L**2 * sum(eta[i] * H[i] * grow[i][0] for i in readers))
        noise += eta[k] ** 2 * (1 + L * sum(eta[i] * grow[i][1] for i in readers))
    v = [eta[t] + sum(eta[k] * (1 - c[k]) for k in range(n) if tau[k] == t) for t in range(n)]
    weight = sum(eta[k] * (1 - c[k] / 2) for k in range(n)) + half / L
    return v, (Delta + L * variance * half * noise) / weight


def exact_theorem_b(eta, delays, L, Delta, variance):
    n = len(eta)
    tau = [k - d for k, d in enumerate(delays)]
    H = [sum((eta[j] for j in window_of(delays, k)), Fraction(0)) for k in range(n)]
    beta = []
    for j in range(n):
        shorter = sum(eta[k] * H[k] for k in range(n) if j in window_of(delays, k))
        longer = sum(eta[k] * (H[k] + eta[k]) for k in range(n) if j in [*window_of(delays, k), k])
        beta.append(max(Fraction(1), L * (shorter + longer) / eta[j]) if eta[j] else Fraction(1))
    before = [Fraction(0), *eta]
    v = [eta[t] + before[t] for t in range(n)]
    for k in range(n):
        v[tau[k]] += 2 * eta[k] - L * beta[k] * eta[k] ** 2
    return v, Delta / (sum(eta[k] * (1 - L * beta[k] * eta[k] / 4) for k in range(n)) + 1 / (2 * L))


def exact_tight(eta, delays, L, Delta, variance, mu=Fraction(1, 2)):
    n = len(eta)
    w = [mu * eta[t] for t in range(n)]
    for k in range(n):
        w[k - delays[k]] -= L / 2 * eta[k] ** 2
    return w, (Delta + L * variance / 2 * sum(e * e for e in eta)) / sum(w) if sum(w) else None


EXACT = {"theorem-a": exact_theorem_a, "theorem-b": exact_theorem_b, "dai2019-tight": exact_tight}


def random_cases(count, seed=20190506):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n = int(rng.integers(1, 13))
        delays = [int(rng.integers(0, k + 1)) for k in range(n)]
        eta = [Fraction(int(rng.integers(0, 40)), int(rng.integers(40, 400))) for _ in range(n)]
        L, Delta = (Fraction(int(rng.integers(1, 30)), 10) for _ in range(2))
        yield eta, delays, L, Delta, Fraction(int(rng.integers(0, 4)), 2) ** 2


@pytest.mark.parametrize("name", EXACT)
def test_any_steps_and_overtaking_delays_agree_with_plain_loops_in_fractions(name):
    inside = outside = 0
    for eta, delays, L, Delta, variance in random_cases(300):
        variance = Fraction(0) if name == "theorem-b" else variance
        weights, value = EXACT[name](eta, delays, L, Delta, variance)
        sigma = float(variance) ** 0.5
        setting = at(eta, delays=delays, L=float(L), Delta=float(Delta), sigma=sigma, mu=0.5)
        failures = get(name).check_domain(setting)
        if min(weights) >= 0 and value is not None:
            inside += 1
            assert get(name).evaluate(setting) == pytest.approx(float(value), rel=1e-12)
        else:
            outside += 1
            first = next((t for t, weight in enumerate(weights) if weight < 0), None)
            assert failures[0].k == first
            assert first is None or failures[0].value == pytest.approx(float(weights[first]), rel=1e-9)
    assert min(inside, outside) > 30


def test_overtaking_costs_theorem_a_its_correction_factors_only_under_noise():
    steps, late, ordered = [0.1, 0.1, 0.1], [0, 0, 2], [0, 1, 2]
    value = get("theorem-a").evaluate
    # H_2 = .2 and both earlier steps are read across by step 2 alone: c gains .1 * .2 * (1 + .4), the noise 1 + .6.
    c, noise = [0.1 + 0.028, 0.1 + 0.028, 0.1], [1 + 0.16, 1 + 0.16, 1]
    expected = (1 + 0.5 * 0.01 * sum(noise)) / (sum(0.1 * (1 - ck / 2) for ck in c) + 0.5)
    assert value(at(steps, delays=late, sigma=1)) == pytest.approx(expected, rel=1e-14)
    quiet = [0.1 + 0.02, 0.1 + 0.02, 0.1]
    assert value(at(steps, delays=late)) == pytest.approx(
        1 / (sum(0.1 * (1 - ck / 2) for ck in quiet) + 0.5), rel=1e-14
    )
    assert value(at(steps, delays=ordered, sigma=1)) < value(at(steps, delays=ordered, sigma=1.1))


# ---------------------------------------------------------------------------------------- numbers derived beforehand


@pytest.mark.parametrize(
    ("name", "window", "steps", "mu", "sigma", "expected"),
    [
        # Theorem A' at Theorem 1's steps, five printed digits.
        ("theorem-a", 2, 100, 0.5, 0, 0.20122),
        ("theorem-a", 4, 300, 0.5, 0, 0.21795),
        ("theorem-a", 4, 1000, 0.5, 0, 0.12267),
        ("theorem-a", 8, 300, 1, 0, 0.22010),
        ("theorem-a", 1, 50, 1, 1, 0.29534),
        ("theorem-a", 1, 200, 1, 1, 0.16130),
        ("theorem-a", 1, 1000, 1, 1, 0.08099),
        ("theorem-a", 2, 100, 0.5, 1, 0.23695),
        ("theorem-a", 2, 100, 1, 1, 0.19645),
        ("theorem-a", 4, 100, 0.5, 1, 0.37754),
        ("theorem-a", 4, 100, 1, 1, 0.24674),
        ("theorem-a", 4, 300, 0.5, 1, 0.22985),
        ("theorem-b", 2, 100, 0.5, 0, 0.19738),
        ("theorem-b", 4, 300, 0.5, 0, 0.21625),
        ("theorem-b", 4, 1000, 0.5, 0, 0.12205),
        ("theorem-b", 8, 300, 1, 0, 0.21820),
        ("dai2019-tight", 4, 300, 1, 1, 0.1476),
        ("dai2019-sum", 1, 50, 1, 1, 0.3094),
        ("dai2019-sum", 1, 1000, 1, 1, 0.0817),
        ("dai2019-sum", 2, 100, 0.5, 1, 0.5812),
        ("dai2019-sum", 4, 100, 0.5, 1, 1.0408),
        ("dai2019-sum", 4, 300, 0.5, 1, 0.5582),
        ("dai2019", 1, 50, 1, 1, 0.6947),
        ("dai2019", 1, 1000, 1, 1, 0.2501),
        ("dai2019", 2, 100, 0.5, 1, 1.0303),
        ("dai2019", 4, 100, 0.5, 1, 1.7151),
        ("dai2019", 4, 300, 0.5, 1, 1.0061),
        ("dai2019", 16, 200, 0.5, 0, 4.525),
    ],
)
def test_the_tables_to_their_printed_digits(name, window, steps, mu, sigma, expected):
    digits = len(f"{expected:.5f}".rstrip("0").split(".")[1])
    found = get(name).evaluate(on(PAPER, steps, window, mu=mu, sigma=sigma))
    assert found == pytest.approx(expected, abs=0.51 * 10.0**-digits)


@pytest.mark.parametrize(
    ("delay", "expected"), [(0, 1.2990), (1, 2.9047), (2, 4.6837), (3, 6.4952), (4, 8.3179), (6, 11.977), (8, 15.643)]
)
def test_theorem_b_at_its_best_constant_step_decays_with_the_constant_of_its_closed_form(delay, expected):
    step = 2 / np.sqrt(3 * (delay**2 + (delay + 1) ** 2))
    near, far = (1 / get("theorem-b").evaluate(at(np.full(n, step), delay + 1)) for n in (100, 200))
    assert 100 / (far - near) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("delay", "expected"), [(1, 3.1689), (2, 4.9091), (3, 6.7108), (4, 8.5298), (6, 12.186), (8, 15.850)]
)
def test_theorem_a_at_its_best_constant_step_decays_with_the_constant_of_its_closed_form(delay, expected):
    step = (np.sqrt(1 + 6 * delay**2) - 1) / (3 * delay**2)
    near, far = (1 / get("theorem-a").evaluate(at(np.full(n, step), delay + 1)) for n in (100, 200))
    assert 100 / (far - near) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_theorem_a_tends_to_its_noise_floor(delay):
    step = 0.3 / (delay + 1)
    floor = step / 2 * (1 + step * delay) / (1 - (step + step**2 * delay**2) / 2)
    # What is left of the two ends is of order 1/N.
    setting = at(np.full(10**5, step), delay + 1, sigma=1, Delta=0)
    assert get("theorem-a").evaluate(setting) == pytest.approx(floor, rel=1e-3)


# --------------------------------------------------------------------------------------------------------- structure


def test_without_delay_theorem_a_is_the_classical_bound_and_theorem_b_the_exact_one():
    rng = np.random.default_rng(1)
    eta, L, Delta, sigma = rng.uniform(0, 0.9, 40), 1.7, 0.6, 1.3
    above, weight = Delta + L * sigma**2 / 2 * np.sum(eta**2), np.sum(eta * (1 - L * eta / 2))
    names = ("dai2019-sum", "dai2019-tight", "theorem-a")
    found = {name: get(name).evaluate(at(eta, L=L, Delta=Delta, sigma=sigma)) for name in names}
    assert found["theorem-a"] == pytest.approx(above / (weight + 1 / (2 * L)), rel=1e-13)
    assert found["dai2019-sum"] == found["dai2019-tight"] == pytest.approx(above / weight, rel=1e-13)
    # Gradient descent with step 1/L: 4 L Delta / (3 N + 2).
    assert get("theorem-b").evaluate(at(np.ones(7))) == pytest.approx(4 / 23, rel=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_a_bound_scales_as_functions_do(name):
    # F -> a F and x -> b x turn L into a/b^2 L, sigma into a/b sigma, steps into b^2/a steps, |grad F|^2 into a^2/b^2.
    a, b = 3.7, 0.29
    sigma = 0.0 if get(name).noise_free_only else 0.8
    one = native(name, 30, 3, L=1.3, Delta=0.7, sigma=sigma, mu=0.6)
    own = {n: v * of_constant(n, a, b) for n, v in get(name).given.items()}
    two = {**own, "L": 1.3 * a / b**2, "Delta": 0.7 * a, "sigma": sigma * a / b, "mu": 0.6}
    other = Setting(one.step_sizes * b**2 / a, one.delays, one.staleness, two, moves=one.moves)
    assert get(name).evaluate(other) == pytest.approx(get(name).evaluate(one) * of_value(get(name), a, b), rel=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("constant", ["Delta", "sigma"])
def test_a_bound_grows_with_the_gap_and_with_the_noise(name, constant):
    if get(name).noise_free_only and constant == "sigma":
        assert get(name).check_domain(native(name, 30, 3, mu=0.5, sigma=1e-9))
        return
    if get(name).measures:  # neither gap nor noise has a part in it
        assert not {constant} & {*get(name).constants}
        return
    if constant not in get(name).value.names():  # the noise is a matter of the steps that it admits
        assert "sigma" in {one for condition in get(name).conditions for one in condition.names()}
        return
    values = [get(name).evaluate(native(name, 30, 3, mu=0.5, **{constant: value})) for value in (0.1, 0.5, 1, 4)]
    assert values == sorted(values) and len(set(values)) == 4


def test_the_stated_form_lies_above_the_sum_and_the_sum_above_the_tight_sum():
    for s, mu, L, Delta, sigma in [(1, 1, 1, 1, 0), (1, 1, 1, 1, 9), (4, 0.5, 2, 0.1, 1), (32, 0.1, 1, 7, 0.3)]:
        for steps in [7, 8, 9, 20, 500]:
            setting = on(PAPER, steps, s, L=L, Delta=Delta, sigma=sigma, mu=mu)
            stated, summed, tight = (get(n).evaluate(setting) for n in ("dai2019", "dai2019-sum", "dai2019-tight"))
            assert stated > summed and (summed > tight if s > 1 else summed == tight)


def test_from_seven_steps_on_and_not_before_the_proof_gives_the_stated_form_and_always_the_strict_forms():
    T = np.arange(1, 5001)
    S, H = np.cumsum(T**-0.5), np.cumsum(1.0 / T)
    gap, noise = 1 / (S - H / 2), H / 2 / (S - H / 2)  # factors of sL Delta/mu^2 and sigma^2/s in the factor-s sum
    good = (gap <= 1 / np.sqrt(T)) & (noise <= np.log(T) / np.sqrt(T))
    assert not good[:6].any() and good[6:].all()
    assert (gap <= 2 / np.sqrt(T)).all() and (noise <= (1 + np.log(T)) / np.sqrt(T)).all()
    assert (gap <= 1 / (np.sqrt(T + 1) - 1)).all() and (noise <= (1 + np.log(T)) / 2 / (np.sqrt(T + 1) - 1)).all()
    s, mu, L, Delta, sigma = 3, 0.7, 1.9, 0.4, 1.6
    for steps in (1, 2, 6, 7, 100):
        found = get("dai2019-sum").evaluate(on(PAPER, steps, s, L=L, Delta=Delta, sigma=sigma, mu=mu))
        i = steps - 1
        assert found == pytest.approx(s * L * Delta / mu**2 * gap[i] + sigma**2 / s * noise[i], rel=1e-12)


@pytest.mark.parametrize("name", ["corollary-1", "corollary-2"])
def test_theorem_a_at_the_step_of_a_corollary_is_never_above_the_corollary(name):
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(250):
        steps, window = int(rng.integers(1, 80)), int(rng.integers(1, 12))
        delays = [int(rng.integers(0, min(window - 1, k) + 1)) for k in range(steps)]
        for k in range(1, steps) if name == "corollary-1" else ():
            delays[k] = min(delays[k], delays[k - 1] + 1)
        L, Delta, sigma = 10 ** rng.uniform(-2, 2, 3)
        setting = native(name, steps, window, delays, L=L, Delta=Delta, sigma=sigma * int(rng.integers(0, 2)))
        ratios.append(get("theorem-a").evaluate(setting) / get(name).evaluate(setting))
    assert max(ratios) <= 1 + 1e-12 and min(ratios) < 0.8
