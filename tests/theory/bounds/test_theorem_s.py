"""Theorem S: a double loop, the closed forms that it contains, its edges, and exact runs read in blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.quadratics import any_delays, quadratic, squares_in_blocks
from theory.bounds import Setting, get
from theory.bounds.parts.free_numbers import having
from theory.staleness.count import Staleness

BOUND, COROLLARY, WITH_READS = get("theorem-s"), get("corollary-s"), get("theorem-s-reads")


def looped(sizes, delays, w, rho, theta, L, Delta, sigma, reads_too=False):
    """The bound at one w, rho and theta by loops over gradients, sizes and delays (T, B); None out of its domain."""
    steps, reads = delays.shape
    gradients = [(k, k - int(delays[k, b]), float(sizes[k, b])) for k in range(steps) for b in range(reads)]
    own = 1 - w + w / rho
    reach = [sum(e for u, _, e in gradients if tau <= u < k) for k, tau, _ in gradients]
    noise = seen = 0.0
    for k, _, eta in gradients:
        waiting = [(e, h) for (u, tau, e), h in zip(gradients, reach, strict=True) if tau <= k < u]
        block = sum(e for u, _, e in gradients if u == k)
        turned = L * block + (1 + theta) * L**2 * own * sum(e * h for e, h in waiting)
        if turned > (1 - w) * (1 + 1e-12):
            return None
        noise += eta**2 * (1 + (1 + 1 / theta) * L * own * sum(e for e, _ in waiting))
        seen += eta * (1 + w * (1 - rho) + reads_too * (1 - w - turned)) / 2
    return (Delta + L * sigma**2 / 2 * noise) / (seen + 1 / (2 * L))


def drawn(seed, most=0.9):
    draw = np.random.default_rng(seed)
    steps, reads, window = int(draw.integers(1, 25)), int(draw.integers(1, 4)), int(draw.integers(1, 6))
    L, Delta = np.exp(draw.normal(size=2))
    sigma = float(draw.choice([0.0, 0.3, 2.0]))
    sizes = draw.uniform(0, most / (window * L), steps)
    delays = any_delays(draw, steps, reads, window)
    late = delays[:, 0] if reads == 1 else delays
    return draw, Setting(sizes, late, Staleness(window), {"L": L, "Delta": Delta, "sigma": sigma}), delays


@pytest.mark.parametrize("bound", [BOUND, WITH_READS], ids=["at the points of the run", "with reads"])
@pytest.mark.parametrize("seed", range(100))
def test_it_is_a_double_loop_at_the_numbers_that_it_chooses_and_no_others_are_much_better(bound, seed):
    draw, setting, delays = drawn(seed)
    chosen, reads_too = bound.chosen(setting.environment()).values, bound.covers_reads
    share = np.repeat(setting.step_sizes[:, None] / delays.shape[1], delays.shape[1], axis=1)
    known = setting.constants
    own = looped(share, delays, chosen["share"][0], chosen["rho"][0], chosen["young"], reads_too=reads_too, **known)
    value = bound.assess(setting)[0]
    assert (value is None) == (own is None)
    if value is None:
        return
    assert value == pytest.approx(own, rel=1e-11)
    for _ in range(30):
        w, rho, theta = draw.uniform(0, 1), draw.uniform(0.01, 1), float(np.exp(draw.normal(scale=2)))
        other = looped(share, delays, w, rho, theta, reads_too=reads_too, **known)
        assert other is None or other >= value * (1 - (0.02 if reads_too else 2e-3))


@pytest.mark.parametrize("seed", range(100))
def test_it_contains_corollary_s_and_the_form_with_half_its_noise(seed):
    draw = np.random.default_rng(seed)
    steps, s, reads = int(draw.integers(1, 300)), int(draw.integers(2, 9)), int(draw.integers(1, 4))
    L, Delta, sigma = np.exp(draw.normal(size=3))
    r = float(draw.uniform(0.02, 1))
    q = sigma * math.sqrt(L * steps / (2 * reads * Delta))
    late = np.minimum(np.arange(steps), s - 1)
    late = np.tile(late[:, None], (1, reads)) if reads > 1 else late

    def at(step):
        return Setting(np.full(steps, step), late, Staleness(s), {"L": L, "Delta": Delta, "sigma": sigma})

    of_corollary = at(1 / (s * L + q))
    assert BOUND.evaluate(of_corollary) <= COROLLARY.evaluate(of_corollary)
    root = math.sqrt(2)
    closed = (1 + r) * (sigma * math.sqrt(2 * L * Delta / (reads * steps)) + root / r * s * L * Delta / steps)
    assert BOUND.evaluate(at(1 / (root * s * L / r + q))) <= closed
    with_reads = sigma * math.sqrt(2 * L * Delta / (reads * steps)) + 2 * s * L * Delta / steps
    assert WITH_READS.evaluate(of_corollary) <= with_reads


@pytest.mark.parametrize("bound", [BOUND, WITH_READS])
def test_units_do_not_matter(bound):
    _, setting, _ = drawn(4, most=0.5)
    a, b = 3.7, 0.29
    scale = {"L": a / b**2, "Delta": a, "sigma": a / b}
    other = Setting(
        setting.step_sizes * b**2 / a,
        setting.delays,
        setting.staleness,
        {name: value * scale[name] for name, value in setting.constants.items()},
    )
    assert bound.evaluate(other) == pytest.approx(bound.evaluate(setting) * a**2 / b**2, rel=1e-9)


def test_just_outside_of_its_domain_no_numbers_will_do():
    # One late gradient of a constant step: c = h + h^2 at w = 0 and theta -> 0, which is 1 at the golden ratio.
    golden = (math.sqrt(5) - 1) / 2
    for factor, inside in ((1 - 1e-6, True), (1 + 1e-6, False)):
        steps = np.full(30, golden * factor)
        late = np.minimum(np.arange(30), 1)
        value, failures = BOUND.assess(Setting(steps, late, Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0}))
        assert (value is not None) == inside
        assert inside or "c is out of range" in failures[0].sentence()


@pytest.mark.parametrize(("name", "wrong"), [("share", -0.1), ("share", 1.1), ("rho", 1.2), ("rho", 0.0), ("young", 0)])
def test_numbers_out_of_their_range_are_refused(name, wrong):
    _, setting, _ = drawn(4, most=0.3)
    chosen = BOUND.chosen(setting.environment())
    assert BOUND._value(chosen) is not None
    numbers = wrong if name == "young" else np.full(setting.delays.size, wrong)
    assert BOUND._value(having(chosen, **{name: np.asarray(numbers, dtype=float)})) is None


def test_no_quadratic_read_in_blocks_is_above_it_nor_its_weighted_mean():
    draw, worst = np.random.default_rng(11), 0.0
    for _ in range(500):
        hessian, start, Delta = quadratic(draw)
        steps, s = int(draw.integers(1, 30)), int(draw.integers(1, 6))
        step, sigma = float(draw.uniform(0.05, 1)) / s, float(draw.choice([0.0, 0.1, 1.0]))
        delays = any_delays(draw, steps, start.size, s)
        oldest = Setting(
            np.full(steps, step),
            delays.max(axis=1),
            Staleness(s),
            {"L": 1.0, "Delta": Delta, "sigma": sigma},
            apart=True,
        )
        value = BOUND.assess(oldest)[0]
        if value is None:
            continue
        squares = squares_in_blocks(*np.linalg.eigh(hessian), start, step, delays, sigma)
        worst = max(worst, BOUND.weigh(oldest) @ squares / value)
    assert 0.5 < worst <= 1


def squares_read(hessian, start, step, delays, sigma):
    """E|grad F|^2 at the points that are read, of one gradient a step."""
    curvatures, turn = np.linalg.eigh(hessian)
    steps, d = delays.shape
    points = [np.concatenate([start[:, None], np.zeros((d, steps * d))], axis=1)]
    found = []
    for k in range(steps):
        read = np.stack([points[k - delays[k, i]][i] for i in range(d)])
        found.append(np.sum((hessian @ read) ** 2))
        moved = points[k] - step * (turn @ np.diag(curvatures) @ turn.T) @ read
        moved[:, 1 + k * d : 1 + (k + 1) * d] -= step * np.eye(d) * sigma / math.sqrt(d)
        points.append(moved)
    return np.array(found)


def test_no_quadratic_is_above_it_at_its_points_and_at_the_points_read():
    draw, worst, needed = np.random.default_rng(12), 0.0, 0
    for _ in range(500):
        hessian, start, Delta = quadratic(draw)
        steps, s = int(draw.integers(1, 30)), int(draw.integers(1, 6))
        step, sigma = float(draw.uniform(0.05, 1)) / s, float(draw.choice([0.0, 0.1, 1.0]))
        delays = any_delays(draw, steps, start.size, s)
        known = {"L": 1.0, "Delta": Delta, "sigma": sigma}
        oldest = Setting(np.full(steps, step), delays.max(axis=1), Staleness(s), known, apart=True)
        value = WITH_READS.assess(oldest)[0]
        if value is None:
            continue
        squares = squares_in_blocks(*np.linalg.eigh(hessian), start, step, delays, sigma)
        reads = squares_read(hessian, start, step, delays, sigma)
        worst = max(worst, min(squares.min(), reads.min()) / value)
        needed += reads.min() < squares.min()
    assert 0.3 < worst <= 1 and needed > 0


def test_it_says_over_which_points_its_minimum_runs():
    assert WITH_READS.iterates == "x_0..x_T and the points read" and r"\hat{x}_{k}" in WITH_READS.quantity
    assert WITH_READS.weighing is None and BOUND.iterates == "x_0..x_T"


@pytest.mark.parametrize(("window", "steps", "sigma"), [(2, 100, 1.0), (3, 4000, 1.0), (5, 4000, 1.0), (9, 2000, 0.5)])
def test_over_the_iterates_alone_the_noise_has_sqrt_2_too(window, steps, sigma):
    """(sqrt P + sqrt Q)^2, which FINDINGS derives from it, at b = a and mu = 1/(1 + a), a = sqrt(Q/P)."""
    p, q = sigma * math.sqrt(2 / steps), math.sqrt(2) * window / steps
    step = 1 / (math.sqrt(2) * window / math.sqrt(q / p) + sigma * math.sqrt(steps / 2))
    constants = {"L": 1.0, "Delta": 1.0, "sigma": sigma}
    delays = np.minimum(np.arange(steps), window - 1)
    run = Setting(np.full(steps, step), delays, Staleness(window), constants, apart=True)
    assert q < p and get("theorem-s").evaluate(run) <= (math.sqrt(p) + math.sqrt(q)) ** 2
