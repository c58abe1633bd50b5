"""The published bounds: a second implementation, edges, units, runs that try to break them, and what their texts say.

`PUBLISHED` is the table: a bound, its largest constant step (times L) at a fixed delay, what its condition asks of a
run in plain loops of fractions, and how it writes the noise. A new bound is a new row.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt

import numpy as np
import pytest

from theory.bounds import REGISTRY, Setting, get
from theory.bounds.abbaszadehpeivasti2022 import ABBASZADEHPEIVASTI2022
from theory.bounds.bottou2018 import BOTTOU2018
from theory.bounds.ghadimi2013 import GHADIMI2013
from theory.bounds.koloskova2022 import KOLOSKOVA2022
from theory.bounds.koloskova2022_adaptive import KOLOSKOVA2022_ADAPTIVE
from theory.bounds.lian2015 import LIAN2015
from theory.bounds.maranjyan2025 import MARANJYAN2025
from theory.bounds.mishchenko2022 import MISHCHENKO2022
from theory.bounds.rates import RATES
from theory.bounds.stich2020 import STICH2020
from theory.bounds.wu2022 import WU2022
from theory.bounds.zhang2016 import ZHANG2016
from theory.common.errors import DomainError
from theory.formulas.plain import plain
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

JUST_OUT, ROUNDING = 1 + 1e-9, 1 + 1e-9
HALF = Fraction(1, 2)


# ------------------------------------------------------------------------------- a second implementation, in fractions


@dataclass(frozen=True)
class Loops:
    """A run in fractions, with the quantities of the conditions as loops over its delays."""

    eta: list[Fraction]
    d: list[int]
    L: Fraction
    s: int

    def window(self, k):
        return range(k - self.d[k], k)

    def flight(self, k):
        return [i for i in range(len(self.d)) if k in self.window(i)]

    @property
    def workers(self):
        return 1 + max(len(self.flight(k)) for k in range(len(self.d)))


def lian(run, k):
    in_flight = sum(run.eta[i] for i in run.flight(k))
    return run.L * run.eta[k] + 2 * run.L**2 * (run.s - 1) * run.eta[k] * in_flight <= 1


def constant_step(run, k):
    alike = run.eta[k] == run.eta[max(k - 1, 0)]
    product = 4 * run.L**2 * (run.s - 1) * run.eta[k] ** 2 * len(run.flight(k))
    return alike and 2 * run.L * run.eta[k] <= 1 and product <= 1


def ordered(run, k):
    return k == 0 or run.d[k] <= run.d[k - 1] + 1


CONDITIONS = {
    "lian2015": lian,
    "maranjyan2025": lambda run, k: 2 * run.s * run.L * run.eta[k] <= 1,
    "stich2020": lambda run, k: 10 * run.s * run.L * run.eta[k] <= 1 and ordered(run, k),
    "koloskova2022": constant_step,
    "koloskova2022-adaptive": lambda run, k: 2 * run.L * run.eta[k] * max(1, run.d[k], len(run.flight(k))) <= 1,
    "mishchenko2022": lambda run, k: 2 * run.L * run.eta[k] * max(run.workers, run.d[k]) <= 1,
    "zhang2016": lambda run, k: 4 * run.L**2 * run.s * (1 + run.d[k]) ** 2 * run.eta[k] ** 2 <= 1,
    "wu2022": lambda run, k: run.L * (sum(run.eta[j] for j in run.window(k)) + run.eta[k]) <= 1,
    "ghadimi2013": lambda run, k: run.L * run.eta[k] <= 2 and run.d[k] == 0,
    "bottou2018": lambda run, k: run.L * run.eta[k] <= 1 and run.d[k] == 0,
    "abbaszadehpeivasti2022": lambda run, k: run.L**2 * run.eta[k] ** 2 <= 3 and run.d[k] == 0,
}


def squares(run):
    return sum(e**2 for e in run.eta)


def waiting(run):
    return sum(run.eta[k] * sum(run.eta[j] ** 2 for j in run.window(k)) for k in range(len(run.d)))


def trace_noise(run):
    return run.L * squares(run) + 2 * run.L**2 * waiting(run)


#: What the noise adds to 2 Delta, for sigma = 1.
NOISE = {
    "lian2015": trace_noise,
    "maranjyan2025": lambda run: 2 * run.L * squares(run),
    "stich2020": lambda run: Fraction(11, 10) * run.L * squares(run),
    "koloskova2022": lambda run: 2 * run.L * squares(run),
    "koloskova2022-adaptive": trace_noise,
    "mishchenko2022": lambda run: 2 * run.L * squares(run),
    "zhang2016": trace_noise,
    "wu2022": lambda run: Fraction(0),
    "ghadimi2013": lambda run: run.L * squares(run),
    "bottou2018": lambda run: run.L * squares(run),
}


def exact_value(name, run, Delta, variance):
    if name == "abbaszadehpeivasti2022":
        weights = (e * (1 - run.L * max(e, run.L * e**2) / 4) for e in run.eta)
        return Delta / (sum(weights) + HALF / run.L)
    weight = sum(2 * e - run.L * e**2 if name == "ghadimi2013" else e for e in run.eta)
    return (2 * Delta + variance * NOISE[name](run)) / weight


# ------------------------------------------------------------------------------------------------------------ the table


@dataclass(frozen=True)
class Row:
    """A bound and its largest constant step, times L, at a fixed delay D in a long run."""

    bound: object
    edge: object

    @property
    def name(self):
        return self.bound.name


TABLE = (
    Row(LIAN2015, lambda D: 2 / (1 + sqrt(1 + 8 * D**2))),
    Row(MARANJYAN2025, lambda D: 1 / (2 * (D + 1))),
    Row(STICH2020, lambda D: 1 / (10 * (D + 1))),
    Row(KOLOSKOVA2022, lambda D: 1 / (2 * max(1, D))),
    Row(KOLOSKOVA2022_ADAPTIVE, lambda D: 1 / (2 * max(1, D))),
    Row(MISHCHENKO2022, lambda D: 1 / (2 * (D + 1))),
    Row(ZHANG2016, lambda D: 1 / (2 * sqrt(D + 1) * (D + 1))),
    Row(WU2022, lambda D: 1 / (D + 1)),
    Row(GHADIMI2013, lambda D: 2.0),
    Row(BOTTOU2018, lambda D: 1.0),
    Row(ABBASZADEHPEIVASTI2022, lambda D: sqrt(3)),
)
PUBLISHED = {row.name: row.bound for row in TABLE}
EDGES = {row.name: row.edge for row in TABLE}
STALE = tuple(name for name, bound in PUBLISHED.items() if not bound.synchronous_only)
NOISY = tuple(name for name, bound in PUBLISHED.items() if not bound.noise_free_only)


def delays_for(name):
    """The fixed delays at which a bound is tried."""
    return (0,) if PUBLISHED[name].synchronous_only else (0, 1, 2, 5)


def fixed(steps, delay):
    return np.minimum(np.arange(steps), delay)


def setting(name, steps, delays, L=1.0, Delta=1.0, sigma=None, window=None):
    sigma = (0.0 if PUBLISHED[name].noise_free_only else 1.0) if sigma is None else sigma
    window = Staleness(window or 1 + int(np.max(delays)))
    return Setting(steps, delays, window, {"L": L, "Delta": Delta, "sigma": sigma})


def at_edge(name, delay, share=1.0, count=40, **constants):
    """A constant step at a share of the edge."""
    step = share * EDGES[name](delay) / constants.get("L", 1.0)
    return setting(name, np.full(count, step), fixed(count, delay), **constants)


def pool(rng, steps, workers):
    """The delays of workers of unlike speeds: each reads the point at which its last gradient was applied."""
    speed = rng.uniform(0.3, 1, workers) ** 3
    free, read, delays = rng.exponential(1 / speed), np.zeros(workers, dtype=int), []
    for k in range(steps):
        worker = int(np.argmin(free))
        delays.append(k - read[worker])
        read[worker], free[worker] = k + 1, free[worker] + rng.exponential(1 / speed[worker])
    return np.array(delays)


def random_delays(rng, steps, largest, in_order):
    delays = [int(rng.integers(0, min(largest, k) + 1)) for k in range(steps)]
    for k in range(1, steps) if in_order else ():
        delays[k] = min(delays[k], delays[k - 1] + 1)
    return np.array(delays)


def test_the_table_is_complete():
    assert set(CONDITIONS) == set(PUBLISHED) == set(NOISE) | {"abbaszadehpeivasti2022"}
    assert len(PUBLISHED) >= 8 and len(STALE) >= 6


# ------------------------------------------------------------------------------------------------------ same number


@pytest.mark.parametrize("name", PUBLISHED)
def test_domain_and_value_are_those_of_plain_loops_in_fractions(name):
    rng, inside, outside = np.random.default_rng(sum(map(ord, name))), 0, 0
    for _ in range(150):
        steps, L = int(rng.integers(1, 8)), Fraction(int(rng.integers(1, 9)), 4)
        delays = np.zeros(steps, int) if PUBLISHED[name].synchronous_only else random_delays(rng, steps, 3, False)
        if name == "stich2020" and rng.integers(0, 2):
            delays = random_delays(rng, steps, 3, True)
        coarse = {"stich2020": 24}.get(name, 1 if PUBLISHED[name].synchronous_only else 6)
        scale = Fraction(int(rng.integers(1, 40)), 40 * coarse)
        eta = [scale * int(rng.integers(0, 5)) / L for _ in range(steps)]
        if name == "koloskova2022" and rng.integers(0, 3):
            eta = [scale / L] * steps
        run = Loops(eta, [int(d) for d in delays], L, 1 + int(delays.max()))
        variance = 0 if PUBLISHED[name].noise_free_only else Fraction(9, 4)
        tried = setting(name, [float(e) for e in eta], delays, float(L), 0.75, float(variance) ** 0.5)
        expected = all(CONDITIONS[name](run, k) for k in range(steps))
        expected = expected and (sum(eta) > 0 or name == "abbaszadehpeivasti2022")
        if name == "ghadimi2013":
            expected = expected and any(0 < L * e < 2 for e in eta)
        assert (PUBLISHED[name].check_domain(tried) == ()) == expected
        inside, outside = inside + expected, outside + (not expected)
        if expected:
            value = float(exact_value(name, run, Fraction(3, 4), variance))
            assert PUBLISHED[name].evaluate(tried) == pytest.approx(value, rel=1e-13)
    assert inside > 20 and outside > 20


@pytest.mark.parametrize("name", PUBLISHED)
def test_without_delay_each_is_the_sum_of_the_undelayed_argument_with_its_own_noise(name):
    eta, L, Delta, sigma = np.full(20, 0.03), 1.7, 0.6, 0.0 if PUBLISHED[name].noise_free_only else 1.3
    value = PUBLISHED[name].evaluate(setting(name, eta, fixed(20, 0), L, Delta, sigma))
    factor = {"maranjyan2025": 2, "koloskova2022": 2, "mishchenko2022": 2, "stich2020": 1.1}.get(name, 1)
    plain_mean = (2 * Delta + factor * L * sigma**2 * np.sum(eta**2)) / np.sum(eta)
    if name == "abbaszadehpeivasti2022":
        assert value == pytest.approx(get("theorem-b").evaluate(setting(name, eta, fixed(20, 0), L, Delta)), rel=1e-14)
    elif name == "ghadimi2013":
        assert value == pytest.approx(plain_mean * np.sum(eta) / np.sum(2 * eta - L * eta**2), rel=1e-13)
    else:
        assert value == pytest.approx(plain_mean, rel=1e-13)


# ------------------------------------------------------------------------------------------------------------- edges


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("L", [1.0, 0.3, 7e5])
def test_the_largest_constant_step_is_accepted_and_one_just_above_is_refused(name, L):
    for delay in delays_for(name):
        # At 2/L the weights of a random iterate are all zero: the edge itself is no mean.
        share = 1 - 1e-9 if name == "ghadimi2013" else 1.0
        assert PUBLISHED[name].check_domain(at_edge(name, delay, share, L=L)) == ()
        failure = PUBLISHED[name].check_domain(at_edge(name, delay, JUST_OUT, L=L))[0]
        assert (failure.index == "k" and failure.value > failure.limit) or name == "ghadimi2013"
        with pytest.raises(DomainError, match=f"^{name} does not apply: "):
            PUBLISHED[name].evaluate(at_edge(name, delay, JUST_OUT, L=L))


@pytest.mark.parametrize(
    ("name", "outside", "k"),
    [
        ("lian2015", setting("lian2015", [0.1] * 4, fixed(4, 2), window=2), 3),
        ("stich2020", setting("stich2020", [0.01] * 4, [0, 0, 2, 0]), 3),
        ("koloskova2022", setting("koloskova2022", [0.1, 0.1, 0.1 * JUST_OUT], fixed(3, 0)), 3),
        ("koloskova2022-adaptive", setting("koloskova2022-adaptive", [0.5, 0.0, 0.26], [0, 0, 2]), 3),
        ("mishchenko2022", setting("mishchenko2022", [0.2, 0.25 * JUST_OUT, 0.1], [0, 0, 1]), 2),
        ("zhang2016", setting("zhang2016", [0.2, 0.2, 0.15], [0, 0, 1]), None),
        ("zhang2016", setting("zhang2016", [0.2, 0.2, 0.18], [0, 0, 1]), 3),
        ("wu2022", setting("wu2022", [0.5, 0.5, 0.51], [0, 0, 1]), 3),
        ("wu2022", setting("wu2022", [0.5], [0], sigma=1e-300), None),
        ("ghadimi2013", setting("ghadimi2013", [0.5, 0.5], [0, 1]), 2),
        ("bottou2018", setting("bottou2018", [0.5, 0.5], [0, 1]), 2),
        ("abbaszadehpeivasti2022", setting("abbaszadehpeivasti2022", [0.5, 0.5], [0, 1]), 2),
        ("maranjyan2025", setting("maranjyan2025", [0.0, 0.0], [0, 0]), None),
        ("maranjyan2025", setting("maranjyan2025", [0.1], [0], L=0.0), None),
        ("maranjyan2025", setting("maranjyan2025", [0.1], [0], Delta=-1e-9), None),
        ("maranjyan2025", setting("maranjyan2025", [0.1], [0], sigma=-1e-9), None),
    ],
)
def test_what_is_outside_is_refused_at_the_right_step(name, outside, k):
    failures = PUBLISHED[name].check_domain(outside)
    if name == "zhang2016" and k is None:
        assert failures == ()
        return
    assert failures[0].k == k and failures[0].sentence().startswith(f"{name} does not apply: ")


# ------------------------------------------------------------------------------------------------- units, monotonicity


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_bound_scales_as_functions_do(name):
    a, b = 3.7, 0.29
    for delay in delays_for(name):
        one = at_edge(name, delay, 0.7, L=1.3, Delta=0.7)
        sigma = one.constants["sigma"] * a / b
        other = setting(name, one.step_sizes * b**2 / a, one.delays, 1.3 * a / b**2, 0.7 * a, sigma)
        ratio = PUBLISHED[name].evaluate(other) / PUBLISHED[name].evaluate(one)
        assert ratio == pytest.approx(a**2 / b**2, rel=1e-12)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_bound_grows_with_the_gap_the_noise_and_the_curvature_and_falls_with_more_steps(name):
    delay = delays_for(name)[-1]

    def values(**changes):
        return [
            PUBLISHED[name].evaluate(at_edge(name, delay, 0.3, **{key: v})) for key, vs in changes.items() for v in vs
        ]

    step = 0.3 * EDGES[name](delay)
    runs = [setting(name, np.full(40, step), fixed(40, delay), L=L) for L in (0.1, 0.4, 1.0, 1.2)]
    grows = [values(Delta=(0.1, 0.5, 1, 4)), [PUBLISHED[name].evaluate(run) for run in runs]]
    grows += [values(sigma=(0.1, 0.5, 1, 4))] if name in NOISY else []
    for found in grows:
        assert found == sorted(found)
        assert len(set(found)) == 4 or (name == "wu2022" and found is grows[1])
    falls = values(count=(30, 60, 120, 240))
    assert falls == sorted(falls, reverse=True)


# ------------------------------------------------------------------------------------------------- trying to break them


@dataclass(frozen=True)
class PiecewiseQuadratic:
    """A function of one variable whose gradient is linear between knots, with slope L far out."""

    knots: np.ndarray
    values: np.ndarray
    L: float

    def gradient(self, x):
        left, right = np.minimum(x - self.knots[0], 0), np.maximum(x - self.knots[-1], 0)
        return np.interp(x, self.knots, self.values) + self.L * (left + right)

    def gap(self, x):
        """F(x) - inf F by the trapezoid rule, exact between knots; inf F is at a zero of the gradient."""
        ends = ((self.knots[0], self.values[0]), (self.knots[-1], self.values[-1]))
        zeros = [knot - value / self.L for knot, value in ends]
        for a, b, ga, gb in zip(self.knots, self.knots[1:], self.values, self.values[1:], strict=False):
            zeros += [a + (b - a) * ga / (ga - gb)] if ga * gb < 0 else []
        return max(self._integral(zero, x) for zero in zeros)

    def _integral(self, start, end):
        low, high = sorted((start, end))
        grid = np.unique([low, high, *self.knots[(self.knots > low) & (self.knots < high)]])
        area = float(np.sum(np.diff(grid) * (self.gradient(grid[1:]) + self.gradient(grid[:-1])) / 2))
        return area if start <= end else -area


def random_function(rng, L):
    kind = rng.integers(0, 3)
    if kind == 0:
        return PiecewiseQuadratic(np.array([0.0, 1.0]), np.array([0.0, L]), L)
    if kind == 1:  # linear far out, rounded near its minimum
        return PiecewiseQuadratic(np.array([-50.0, -0.2, 0.2, 50.0]), np.array([-0.2, -0.2, 0.2, 0.2]) * L, L)
    knots = np.concatenate(([-1.0], -1.0 + np.cumsum(rng.uniform(0.05, 0.7, 10))))
    slopes = rng.choice([-L, L, 0.0], 10)
    return PiecewiseQuadratic(knots, np.concatenate(([-0.3 * L], -0.3 * L + np.cumsum(slopes * np.diff(knots)))), L)


def squared_gradients(function, start, eta, delays, noise):
    """E|grad F(x_t)|^2 at x_0..x_T, over all sign patterns of a two-point noise."""
    paths = 1 << len(eta) if noise else 1
    signs = 2.0 * ((np.arange(paths)[:, None] >> np.arange(len(eta))) & 1) - 1
    points, gradients = [np.full(paths, float(start))], []
    for k, (step, delay) in enumerate(zip(eta, delays, strict=True)):
        gradients.append(function.gradient(points[-1]))
        points.append(points[-1] - step * (gradients[k - delay] + noise * signs[:, k]))
    return np.array([np.mean(g**2) for g in (*gradients, function.gradient(points[-1]))])


def measured(bound, run, means):
    """What the bound is about: the weighted mean up to x_{T-1}, or the least, with x_T where it covers it."""
    if bound.weights is None:
        return means.min() if bound.covers_last else means[:-1].min()
    weights = np.broadcast_to(bound.weights.evaluate(run.environment()), run.step_sizes.shape)
    assert (weights >= 0).all()
    return float(weights @ means[:-1] / weights.sum())


def largest(name, shape, delays, constants):
    """The largest multiple of a shape of steps inside the domain."""
    low, high, window = 0.0, 16.0 / constants["L"], Staleness(1 + int(delays.max()))
    for _ in range(18):
        middle = (low + high) / 2
        inside = not PUBLISHED[name].check_domain(Setting(shape * middle, delays, window, constants))
        low, high = (middle, high) if inside else (low, middle)
    return shape * low


def attack(rng, name, noisy):
    steps, L, bound = int(rng.integers(1, 9)), 10 ** rng.uniform(-1, 1), PUBLISHED[name]
    function, start = random_function(rng, L), rng.uniform(-3, 3)
    delays = random_delays(rng, steps, 0 if bound.synchronous_only else 4, name == "stich2020")
    shape = np.ones(steps) if name == "koloskova2022" else rng.uniform(0, 1, steps) ** rng.integers(0, 3)
    constants = {"L": L, "Delta": function.gap(start), "sigma": noisy * 10 ** rng.uniform(-2, 0.5) * L}
    eta = largest(name, shape, delays, constants) * rng.choice([0.2, 0.6, 0.9, 1.0])
    run = Setting(eta, delays, Staleness(1 + int(delays.max())), constants)
    value, failures = bound.assess(run)
    if failures:
        return None
    return value, measured(bound, run, squared_gradients(function, start, eta, delays, constants["sigma"]))


@pytest.mark.parametrize(
    ("name", "noisy"), [(name, 0) for name in PUBLISHED] + [(name, 1) for name in PUBLISHED if name in NOISY]
)
def test_no_run_gets_above_a_bound_at_the_edge_of_its_domain(name, noisy):
    rng = np.random.default_rng(sum(map(ord, name)) + noisy)
    met = [pair for pair in (attack(rng, name, noisy) for _ in range(60)) if pair]
    assert len(met) > 30
    assert all(found <= value * ROUNDING for value, found in met)
    assert max(found / value for value, found in met) > 0.1


def test_one_step_of_gradient_descent_attains_the_bounds_without_delay():
    parabola = PiecewiseQuadratic(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1.0)
    one = setting("ghadimi2013", [1.0], [0], sigma=0.0)
    means = squared_gradients(parabola, 2**0.5, [1.0], [0], 0.0)
    for name in ("ghadimi2013", "bottou2018", "wu2022", "lian2015"):
        assert measured(PUBLISHED[name], one, means) == pytest.approx(PUBLISHED[name].evaluate(one), rel=1e-14)
    # The gradient dips from g to g/2 on the way and is g again after the step: 4/5 at x_0 and at x_1.
    g = 0.8**0.5
    dip = PiecewiseQuadratic(np.array([0.0, g, 1.5 * g, 2 * g]), np.array([0.0, g, g / 2, g]), 1.0)
    assert dip.gap(2 * g) == pytest.approx(1.0, rel=1e-14)
    means = squared_gradients(dip, 2 * g, [1.0], [0], 0.0)
    assert means == pytest.approx([0.8, 0.8], rel=1e-13)
    assert ABBASZADEHPEIVASTI2022.evaluate(one) == pytest.approx(0.8, rel=1e-14)


def test_at_the_step_two_over_curvature_a_parabola_stands_still_and_bounds_beyond_their_domain_would_be_false():
    parabola = PiecewiseQuadratic(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1.0)
    for name, step in (("bottou2018", 2.0), ("abbaszadehpeivasti2022", 1.99), ("wu2022", 2.0), ("maranjyan2025", 2.0)):
        beyond = setting(name, np.full(60, step), fixed(60, 0), Delta=0.5, sigma=0.0)
        assert PUBLISHED[name].check_domain(beyond)
        means = squared_gradients(parabola, 1.0, beyond.step_sizes, beyond.delays, 0.0)
        value = PUBLISHED[name].value.evaluate(beyond.environment())
        assert measured(PUBLISHED[name], beyond, means) > value


# ----------------------------------------------------------------------------------- what the texts of the bounds say


def test_theorem_a_is_never_above_a_published_bound_where_reads_are_in_order():
    rng = np.random.default_rng(3)
    for name in STALE:
        for _ in range(20):
            steps = int(rng.integers(1, 40))
            delays = random_delays(rng, steps, int(rng.integers(0, 6)), True)
            constants = {"L": 10 ** rng.uniform(-1, 1), "Delta": 10 ** rng.uniform(-1, 1), "sigma": rng.uniform(0, 2)}
            constants["sigma"] *= not PUBLISHED[name].noise_free_only
            shape = np.ones(steps) if name == "koloskova2022" else rng.uniform(0.1, 1, steps)
            run = Setting(largest(name, shape, delays, constants), delays, Staleness(1 + int(delays.max())), constants)
            assert get("theorem-a").evaluate(run) <= PUBLISHED[name].evaluate(run) * ROUNDING


def test_lians_corollary_with_its_constant_four():
    for delay in (0, 1, 4):
        for L, Delta, sigma in ((1, 1, 1), (2.5, 0.3, 4), (0.2, 7, 0.9)):
            steps = ceil(4 * L * Delta * (delay + 1) ** 2 / sigma**2)
            step = sqrt(Delta / (L * steps * sigma**2))
            run = setting("lian2015", np.full(steps, step), fixed(steps, delay), L, Delta, sigma)
            assert LIAN2015.evaluate(run) <= 4 * sigma * sqrt(L * Delta / steps) * ROUNDING


def test_ringmasters_step_and_number_of_steps_reach_the_accuracy():
    for threshold, L, Delta, sigma, eps in ((1, 1, 1, 1, 0.5), (4, 2, 0.5, 1, 0.3), (3, 1, 1, 0.1, 0.2)):
        step = min(1 / (2 * threshold * L), eps / (4 * L * sigma**2))
        steps = ceil(max(8 * threshold * L * Delta / eps, 16 * L * Delta * sigma**2 / eps**2))
        run = setting("maranjyan2025", np.full(steps, step), fixed(steps, threshold - 1), L, Delta, sigma)
        assert MARANJYAN2025.evaluate(run) <= eps * ROUNDING


def test_koloskovas_constant_step_and_number_of_steps_reach_the_accuracy_on_a_pool():
    rng, L, Delta, sigma, eps = np.random.default_rng(5), 1.0, 1.0, 0.7, 0.4
    for workers in (2, 5):
        delays = pool(rng, 1000, workers)
        root = max(1.0, sqrt((workers - 1) * delays.max()))
        step = min(1 / (2 * L * root), eps / (4 * L * sigma**2))
        steps = ceil(max(8 * root * L * Delta / eps, 16 * L * Delta * sigma**2 / eps**2))
        run = setting("koloskova2022", np.full(steps, step), delays[:steps], L, Delta, sigma, int(delays.max()) + 1)
        assert steps <= 1000 and KOLOSKOVA2022.evaluate(run) <= eps * ROUNDING


def in_flight(delays):
    return setting("lian2015", np.ones(len(delays)), delays)._delay_map.readers(np.ones(len(delays)))


def test_on_a_pool_the_mean_delay_is_the_mean_number_in_flight_and_below_the_number_of_workers():
    for workers in (1, 2, 7):
        delays = pool(np.random.default_rng(workers), 400, workers)
        assert in_flight(delays).sum() == delays.sum() <= (workers - 1) * len(delays)
        assert in_flight(delays).max() <= workers - 1


def test_the_adaptive_rules_are_inside_their_domains_and_lose_at_most_what_the_texts_say():
    rng, L, sigma = np.random.default_rng(11), 1.3, 0.8
    for workers in (1, 3, 8):
        delays = pool(rng, 600, workers)
        for top in (1 / (2 * L * workers), 0.01 / L):
            eta = np.minimum(top, 1 / (2 * L * np.maximum(1, delays)))
            run = setting("koloskova2022-adaptive", eta, delays, L, sigma=sigma)
            value = KOLOSKOVA2022_ADAPTIVE.evaluate(run)
            assert eta.sum() >= top * len(eta) / 4
            waiting_noise = value * eta.sum() - 2 - L * sigma**2 * np.sum(eta**2)
            assert waiting_noise <= L * sigma**2 * len(eta) * top**2 * ROUNDING
            dropped = np.where(delays > 2 * workers, 0.0, eta)
            assert KOLOSKOVA2022_ADAPTIVE.check_domain(setting("koloskova2022-adaptive", dropped, delays, L)) == ()
            eta = np.minimum(top, 1 / (2 * L * np.maximum(workers, delays)))
            assert MISHCHENKO2022.check_domain(setting("mishchenko2022", eta, delays, L)) == ()
            assert eta.sum() >= len(eta) / 2 * min(top, 1 / (4 * L * workers))


def test_steps_divided_by_the_age_may_start_larger_and_their_first_term_is_as_the_text_says():
    rng, L, Delta = np.random.default_rng(13), 0.7, 2.0
    for largest_delay in (0, 3, 8):
        delays = random_delays(rng, 200, largest_delay, False)
        s = 1 + int(delays.max())
        eta = 1 / (2 * L * sqrt(s) * (1 + delays))
        value = ZHANG2016.evaluate(setting("zhang2016", eta, delays, L, Delta, 0.0))
        assert value <= 4 * sqrt(s) * (1 + delays.mean()) * L * Delta / 200 * ROUNDING


def test_wus_rule_keeps_to_its_condition_where_reads_are_in_order():
    rng, L = np.random.default_rng(17), 1.9
    for share in (0.5, 1.0):
        delays, eta = random_delays(rng, 120, 9, True), np.zeros(120)
        for k in range(120):
            eta[k] = share * max(0.0, 1 / L - eta[k - delays[k] : k].sum())
        assert WU2022.check_domain(setting("wu2022", eta, delays, L)) == ()
        flight = setting("wu2022", eta, delays, L)._delay_map.readers(eta)
        assert (eta + flight).max() <= 1 / L * ROUNDING


def test_the_random_iterate_is_drawn_with_weights_that_are_not_negative_and_a_mean_is_at_least_the_minimum():
    assert "2 η_t - L η_t²" in plain(GHADIMI2013.quantity)
    for name, bound in PUBLISHED.items():
        assert (bound.weights is None) == (name == "abbaszadehpeivasti2022") == bound.covers_last
        assert bound.latex() in bound.statement and bound.quantity in bound.statement
        assert bound.iterates == ("x_0..x_T" if bound.covers_last else "x_0..x_{T-1}")


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_bound_says_what_it_is_and_has_an_example_inside_its_domain(name):
    bound = PUBLISHED[name]
    for text in (bound.title, bound.summary, bound.rate(), bound.source.text(), *bound.domain):
        assert text.strip() and "None" not in text
    for node in bound.definitions:
        assert any(line.startswith(node.symbol) for line in bound.latex_definitions())
    for window in (1,) if bound.synchronous_only else (1, 2, 6):
        delays = fixed(300, window - 1)
        eta = Schedule(bound.example).step_sizes(300, delays=delays, L=1.0, s=window, mu=0.5)
        assert bound.check_domain(setting(name, eta, delays, window=window)) == ()


# ----------------------------------------------------------------------------------------------------------- rates only


def test_what_is_known_as_a_rate_only_says_so_and_judges_nothing():
    assert len(RATES) >= 5 and not set(RATES) & (set(REGISTRY) | set(PUBLISHED))
    for name, rate in RATES.items():
        assert rate.name == name and rate.verified == "rate only" and rate.domain == ()
        assert not hasattr(rate, "value") and not hasattr(rate, "evaluate")
        assert rate.latex() in rate.statement and rate.quantity in rate.statement and rate.known in rate.statement
        assert rate.assumptions and rate.rate_text.strip() and str(rate.source.year) in rate.source.text()
        assert name.endswith(str(rate.source.year)) and rate.latex().count("{") == rate.latex().count("}")
        assert any(word in rate.known for word in ("abstract", "recalled", "restated"))
