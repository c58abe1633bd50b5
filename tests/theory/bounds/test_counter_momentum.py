"""The bound counter-momentum: a second implementation, noise, the edges of its domain, and W in ball arithmetic."""

import math
import pickle
from fractions import Fraction

import flint
import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from theory.bounds import REGISTRY, Setting, get
from theory.bounds.counter_momentum import noise_left, run_of_method
from theory.methods.counter_momentum import CounterMomentum, Tuning
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness

BOUND = get("counter-momentum")
UNIT = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}


def published(delay, theta):
    """W, eta, m_1..m_D and rho_0..rho_D as the derivation has them: q and a sum, not the quotients of the library."""
    n = delay + 1
    beta = math.sin(n * theta) / math.sin(theta / 2)
    q = math.sin((n + 0.5) * theta) / math.sin((n - 0.5) * theta)
    moves = [(math.sin((j + 1) * theta) - q * math.sin(j * theta)) / math.sin(theta) for j in range(n)]
    rho = [math.sin((i + 1) * theta) / math.sin(n * theta) for i in range(n)]
    return math.sin(theta / 2) * math.sin(n * theta), beta * moves[-1], moves[1:], rho


def changed(run, **fields):
    known = {"moves": run.moves, "steps": run.step_sizes, "delays": run.delays, "constants": run.constants} | fields
    window = known.get("staleness", run.staleness)
    return Setting(known["steps"], known["delays"], window, known["constants"], moves=known["moves"])


def refusal(run):
    value, failures = BOUND.assess(run)
    assert value is None
    return " ".join(failure.sentence() for failure in failures)


@pytest.mark.parametrize("seed", range(100))
def test_at_random_settings_it_is_the_published_closed_form(seed):
    rng = np.random.default_rng(seed)
    delay, steps, angle = int(rng.integers(0, 12)), int(rng.integers(1, 60)), float(rng.uniform(1, 2))
    smoothness, gap = 10.0 ** rng.uniform(-2, 2, 2)
    theta = angle * math.pi / (2 * delay + 3)
    weight, step, moves, rho = published(delay, theta)
    gentler = 1.0 if delay == 0 else float(rng.uniform(0.3, 1))  # without delay another angle is better then
    sizes = [gentler * step / smoothness * (rho[k] if k < delay else 1) for k in range(steps)]
    sigma = 0.0 if delay == 0 else float(rng.choice([0.0, 10 ** rng.uniform(-2, 2)]))
    constants = {"L": smoothness, "Delta": gap, "sigma": sigma}
    run = Setting(sizes, [min(k, delay) for k in range(steps)], Staleness(delay + 1), constants, moves=moves)
    noise = sum((rho[min(k, delay)] * sigma) ** 2 for k in range(steps))
    noise *= math.sin((delay + 1) * theta) * math.cos(theta) / (2 * math.sin(theta / 2))
    expected = (smoothness / gentler * gap + noise) / (weight * steps + 0.5)
    assert BOUND.evaluate(run) == pytest.approx(expected, rel=1e-11)


def test_the_best_angle_and_two_over_n_are_the_printed_constants():
    for delay, constant in enumerate([1.29904, 2.29389, 3.36051, 4.44362, 5.53319]):
        late = [BOUND.evaluate(run_of_method(steps, Staleness(delay + 1), UNIT)) for steps in (400, 800)]
        assert 1 / ((1 / late[1] - 1 / late[0]) / 400) == pytest.approx(constant, abs=6e-6)
        plain = run_of_method(50, Staleness(delay + 1), UNIT, CounterMomentum(2 / (delay + 1)))
        weight = math.sin(2) * math.sin(1 / (delay + 1))
        assert BOUND.evaluate(plain) == pytest.approx(1 / (50 * weight + 0.5), rel=1e-12)


def test_without_delay_it_is_gradient_descent_and_as_good_as_theorem_c():
    for step in (1.0, 1.2, 1.5, math.sqrt(3)):
        run = Setting(np.full(40, step), np.zeros(40, int), Staleness(1), UNIT)
        weight = math.sin(2 * math.acos(step / 2)) * math.sin(math.acos(step / 2))
        assert BOUND.evaluate(run) == pytest.approx(1 / (40 * weight + 0.5), rel=1e-12)
        assert BOUND.evaluate(run) == pytest.approx(get("theorem-c").evaluate(run), rel=1e-6)
    assert "longer than those of the method" in refusal(Setting([1.7321], [0], Staleness(1), UNIT))


@pytest.mark.parametrize("window", [2, 5, 9])
def test_just_outside_of_each_condition_it_says_which(window):
    run = run_of_method(40, Staleness(window), UNIT)
    value = BOUND.evaluate(run)
    assert "longer than those of the method" in refusal(changed(run, steps=run.step_sizes * (1 + 1e-9)))
    assert "longer than those of the method" in refusal(changed(run, steps=run.step_sizes * 1.1))
    assert "longer than those of the method" in refusal(changed(run, constants={**UNIT, "L": 1.1}))
    # Shorter steps are those of the method at a larger L, which F has too; nothing better is proved.
    assert BOUND.evaluate(changed(run, steps=run.step_sizes / 1.1)) == pytest.approx(1.1 * value, rel=1e-12)
    assert BOUND.evaluate(changed(run, constants={**UNIT, "L": 0.5})) == pytest.approx(value, rel=1e-12)
    late = run.step_sizes * np.where(np.arange(40) == 20, 1 - 1e-9, 1)
    assert "soft start at k = 21" in refusal(changed(run, steps=late))
    assert "soft start" in refusal(changed(run, steps=np.full(40, run.step_sizes[0])))
    # With D = 1 another move is that of another angle, at which the steps are others.
    assert "is not that of the" in refusal(changed(run, moves=[*run.moves[:-1], run.moves[-1] * (1 + 1e-9)]))
    assert "not that of the method" in refusal(changed(run, moves=[*run.moves, 1e-9]))
    assert "not that of the method" in refusal(changed(run, moves=[]))
    assert "sigma is not at least 0" in refusal(changed(run, constants={**UNIT, "sigma": -1e-9}))
    assert "delay" in refusal(changed(run, delays=np.minimum(np.arange(40), window - 2)))
    assert refusal(changed(run, staleness=Staleness(window + 1)))


def turned(delay, theta=None):
    """x_k, ..., x_{k-D} on L x^2/2 with L = 1, behind the start: one step, and what its noise adds."""
    tuned = Tuning.of(delay, theta)
    turn, draw = np.eye(delay + 1, k=-1), np.zeros(delay + 1)
    turn[0, 0], draw[0] = 1, tuned.step
    turn[0, -1] -= tuned.step
    for j, move in enumerate(tuned.moves):
        turn[0, j : j + 2] -= [move, -move]
    return turn, draw


def moments(delay, steps, curvature, sigma):
    """E|grad F(x_t)|^2, t = 0..T, on curvature x^2/2 with L = Delta = 1, exactly: every noise is a coordinate."""
    run = run_of_method(steps, Staleness(delay + 1), UNIT)
    points = np.zeros((steps + 1, steps + 1))
    points[0, 0] = (2 / curvature) ** 0.5
    for k, size in enumerate(run.step_sizes):
        points[k + 1] = points[k] - size * curvature * points[max(0, k - delay)]
        points[k + 1, k + 1] -= size * sigma
        for j, move in enumerate(run.moves[:k]):
            points[k + 1] -= move * (points[k - j] - points[k - j - 1])
    return curvature**2 * np.sum(points**2, axis=1)


@pytest.mark.parametrize("delay", [1, 2, 4])
@pytest.mark.parametrize("steps", [1, 3, 12, 150])
def test_the_weighted_mean_is_below_the_value_on_quadratics(delay, steps):
    for curvature in (0.01, 0.3, 1.0):
        for sigma in (0.0, 0.03, 0.3, 3.0):
            run = run_of_method(steps, Staleness(delay + 1), {**UNIT, "sigma": sigma})
            known = moments(delay, steps, curvature, sigma)
            assert known.min() <= BOUND.weigh(run) @ known <= BOUND.evaluate(run)


def quadratic_floor(delay, theta=None):
    """What L x^2/2 keeps up of E|grad F|^2 for ever, in units of sigma^2."""
    turn, draw = turned(delay, theta)
    return float(solve_discrete_lyapunov(turn, np.outer(draw, draw))[0, 0])


@pytest.mark.parametrize("delay", range(1, 13))
def test_what_noise_leaves_as_the_steps_go_on_is_what_a_quadratic_keeps_up(delay):
    for theta in (None, 2 / (delay + 1), math.pi / (2 * delay + 3), 2 * math.pi / (2 * delay + 3)):
        staleness, method = Staleness(delay + 1), CounterMomentum(theta)
        runs = (run_of_method(10**n, staleness, {**UNIT, "sigma": 1.0}, method) for n in (3, 4))
        (above, under), (above_, under_) = map(BOUND.fraction, runs)
        left = noise_left(staleness, method)
        assert (above_ - above) / (under_ - under) == pytest.approx(left, rel=1e-9)
        assert left == pytest.approx(quadratic_floor(delay, theta), rel=1e-9)
    assert quadratic_floor(1) == pytest.approx(1.17539, abs=5e-6)


def test_without_delay_noise_is_refused_and_the_formula_would_be_false():
    run = Setting(np.full(40, 1.2), np.zeros(40, int), Staleness(1), {**UNIT, "sigma": 1e-9})
    assert "without delay it is about exact gradients only (s = 1, needed at least 2)" in refusal(run)
    for theta in np.linspace(1, 2, 9) * math.pi / 3:
        step = 2 * math.cos(theta / 2)
        assert 1 / (2 * math.sin(theta / 2) ** 2) - 1 < step / (2 - step) == pytest.approx(quadratic_floor(0, theta))


def exact_sines(delay, angle):
    """sin(i theta/2) and cos(i theta/2) as fractions, theta near `angle`: tan(theta/4) is one."""
    slope = Fraction(math.tan(angle / 4)).limit_denominator(60)
    half, beside = 2 * slope / (1 + slope**2), (1 - slope**2) / (1 + slope**2)
    sines, cosines = [Fraction(0)], [Fraction(1)]
    for _ in range(2 * delay + 4):
        turned = sines[-1] * beside + cosines[-1] * half, cosines[-1] * beside - sines[-1] * half
        sines.append(turned[0])
        cosines.append(turned[1])
    return sines, cosines


def unaccounted(delay, steps, angle, rng):
    """What the proof's sum leaves over, exactly: all inner products are at random, but for those that noise makes 0.

    Vectors are lines of numbers in terms of g_0, ..., g_T, e_0, ..., e_{T-1}.
    """
    n, size = delay + 1, 2 * steps + 1
    sines, cosines = exact_sines(delay, angle)
    beta, weight, half_c = sines[2 * n] / sines[1], sines[2 * n] * sines[1], cosines[2 * n - 1] / 2
    step = sines[2 * n] / sines[2 * n - 1]
    moves = [sines[2 * n - 1 - 2 * j] / sines[2 * n - 1] for j in range(1, n)]
    rho = [sines[2 * min(k + 1, n)] / sines[2 * n] for k in range(steps + n)]
    products = np.array(rng.integers(-9, 10, (size, size)).astype(object) + Fraction(0))
    products = products + products.T
    for k in range(steps):
        for other in (*range(k + 1), *(steps + 1 + j for j in range(steps) if j != k)):
            products[steps + 1 + k, other] = products[other, steps + 1 + k] = Fraction(0)
    unit = np.eye(size, dtype=int).astype(object) + Fraction(0)
    g, e = unit[: steps + 1], np.concatenate((unit[steps + 1 :], np.zeros((n, size), dtype=int)))

    def square(v, w=None):
        return v @ products @ (v if w is None else w)

    taken = []
    for k in range(steps):
        back = sum((m * taken[k - 1 - j] for j, m in enumerate(moves[:k])), unit[0] * 0)
        taken.append(step * rho[k] * (g[max(0, k - delay)] + e[k]) - back)
    flying = [rho[i] * (g[0] + e[i]) for i in range(n)]
    for k in range(steps):
        first, *rest = flying
        flying = [later - m * first for later, m in zip(rest, moves, strict=True)] + [g[k + 1] + e[k + n]]
    storage = beta / 4 * (square(flying[0]) + sum(square(flying[i + 1] - flying[i]) for i in range(delay)))
    storage -= weight * sum(square(flying[i]) for i in range(delay))
    falls = sum(
        square(g[k] + g[k + 1], taken[k]) / 2 + beta / 4 * (square(g[k + 1] - g[k]) - square(taken[k]))
        for k in range(steps)
    )
    noise = (beta / 2 - weight) * sum(rho[k] ** 2 * square(e[k]) for k in range(steps))
    return falls - (weight * sum(map(square, g[:-1])) - half_c * square(g[0]) + storage - noise)


@pytest.mark.parametrize("delay", range(5))
def test_the_sum_of_the_proof_is_exact_with_noise_but_not_without_delay(delay):
    rng = np.random.default_rng(delay)
    for steps in (1, 2, delay + 1, delay + 3):
        angle = rng.uniform(1, 2) * math.pi / (2 * delay + 3)
        assert (unaccounted(delay, steps, angle, rng) == 0) == (delay > 0)


def test_other_bounds_say_that_moves_are_taken_back():
    run = run_of_method(30, Staleness(3), UNIT)
    for name, bound in REGISTRY.items():
        value, failures = bound.assess(run)
        missing = all(constant in UNIT for constant in bound.constants)
        assert (value is not None) == (name == "counter-momentum")
        if value is None and missing:
            assert "takes back, or repeats, moves" in failures[0].sentence()
        assert bound.fraction(run) is None or name == "counter-momentum"


def test_a_setting_keeps_its_moves():
    run = run_of_method(30, Staleness(4), UNIT)
    assert run.prefix(2).moves.tolist() == run.moves.tolist() == pickle.loads(pickle.dumps(run)).moves.tolist()
    assert Setting([0.1], [0], Staleness(1), UNIT, moves=[0.5, 0.0, 0.0]).moves.tolist() == [0.5]


def test_every_bound_of_counter_momentum_is_met_at_any_angle_of_the_command():
    for text in ("counter-momentum", "counter-momentum:theta=0.5"):
        delays = np.minimum(np.arange(12), 3)
        rule = parse_method(text).linear(np.ones(12), delays, 2.0, Staleness(4))
        constants = {"L": 2.0, "Delta": 1.0, "sigma": 0.0}
        run = Setting(rule.gradient_weights[:, 0], delays, Staleness(4), constants, moves=-rule.move_weights)
        weight = Tuning.of(3, parse_method(text).theta).weight
        assert BOUND.evaluate(run) == pytest.approx(2 / (12 * weight + 0.5), rel=1e-12)


# ------------------------------------------------------------------------------------------------ in ball arithmetic


def least_weight(delay, bits=3000):
    """Balls for W and for a lower end of min_w S(w), the guaranteed decrease of a step at the filter, D = delay.

    X = phi g with phi = eta z^D / A(z), A = 1 + sum m_j z^j, and S |A|^2 is a trigonometric polynomial:
    S = Re[(1 + z)/2 phi] + beta sin^2(w/2) - (beta/4) |phi|^2 at z = exp(-iw), by its coefficients.
    """
    flint.ctx.prec = bits
    arb, acb_poly = flint.arb, flint.acb_poly
    theta, half = arb(float(Tuning.of(delay).theta)), arb(1) / 2
    n = delay + 1

    def sine(order):
        return (order * theta).sin()

    eta, beta = sine(arb(n)) / sine(n - half), sine(arb(n)) / sine(half)
    a = [sine(n - half - j) / sine(n - half) for j in range(n)]
    weight = sine(arb(n)) * sine(half)
    # Coefficients of cos(k w), k = 0..D+1, of |A|^2.
    square = [sum((a[j] * a[j + k] for j in range(n - k)), arb(0)) * (2 if k else 1) for k in range(n)] + [arb(0)] * 2
    # Re[(1 + z)/2 eta z^D conj A] = (eta/2) sum_j a_j (cos((D - j) w) + cos((D - j + 1) w)).
    total = [arb(0)] * (n + 1)
    for j in range(n):
        for k in (delay - j, delay - j + 1):
            total[k] += eta / 2 * a[j]
    for k in range(n + 1):  # sin^2(w/2) = (1 - cos w)/2
        beside = sum((square[i] for i in (k + 1, k - 1) if 0 <= i <= n), arb(0)) / 2 + (square[0] / 2 if k == 1 else 0)
        total[k] += beta / 2 * (square[k] - beside)
    total[0] -= beta / 4 * eta**2
    # S |A|^2 - W |A|^2 is so small everywhere.
    error = sum((abs(t - weight * s) for t, s in zip(total, square, strict=False)), arb(0))
    least = arb(a[-1])  # |A| = m_D prod |z - r| with all zeros r outside of the circle
    for zero in acb_poly(a).roots():
        least *= abs(zero).lower() - 1
    assert least > 0
    return weight, weight - error / (least * least)


@pytest.mark.parametrize("delay", range(65))
def test_the_decrease_at_every_frequency_is_w_in_ball_arithmetic(delay):
    weight, low = least_weight(delay)
    assert low > weight * (1 - flint.arb(10) ** -60)
    # The theorem's constant, at the angle of the library, is that of the filter to the last digit of a float.
    run = [BOUND.evaluate(run_of_method(steps, Staleness(delay + 1), UNIT)) for steps in (1000, 3000)]
    assert (1 / run[1] - 1 / run[0]) / 2000 == pytest.approx(float(low.mid()), rel=1e-11)
