"""Each method's linear rule is the method: ten lines of its own definition, on quadratics, give the same points."""

import math

import numpy as np
import pytest

from theory.common.errors import DomainError, InputError, ScheduleError
from theory.methods.counter_momentum import FORMULAS, Tuning
from theory.methods.registry import METHODS, parse_method
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.staleness.delays import AdversarialDelay, ConstantDelay, CyclicDelay, UniformDelay, delay_trace

SMOOTHNESS, UPDATES = 2.0, 60
CURVATURE = np.array([2.0, 0.7, -0.4, 0.05])
START = np.array([1.0, -2.0, 0.3, 5.0])
MODELS = (ConstantDelay(0), ConstantDelay(3), UniformDelay(4), CyclicDelay(3, 5), AdversarialDelay(2))
SPELLINGS = (
    "delayed",
    "wait",
    "batch-wait",
    "batch-wait:batch=2",
    "momentum:beta=0.6",
    "momentum:beta=-0.5",
    "nesterov:beta=0.4",
    "nesterov:beta=-0.3",
    "counter-momentum",
    "filter:gradients=0.7:0.2:-0.1,moves=0.3:-0.2",
)


def gradient(x, noise):
    return CURVATURE * x + noise


def steps_of(rng):
    steps = 0.05 + 0.1 * rng.random(UPDATES)
    steps[[4, 17, 18]] = 0.0
    return steps


def by_rule(rule, read, noise):
    points, arrived = [START] * (rule.moves + 1), []
    for k in range(rule.updates):
        arrived.append(gradient(points[rule.moves + read[k]], noise[k]))
        move = -sum(w * arrived[k - i] for i, w in enumerate(rule.gradient_weights[k]) if i <= k)
        move = move + sum(m * (points[-1 - j] - points[-2 - j]) for j, m in enumerate(rule.move_weights))
        points.append(points[-1] + move)
    return np.array(points[rule.moves :])


def delayed(steps, read, noise):
    points = [START]
    for k, tau in enumerate(read):
        points.append(points[-1] - steps[k] * gradient(points[tau], noise[k]))
    return points


def waiting(batch):
    def run(steps, read, noise):
        points, held = [START], []
        for k, tau in enumerate(read):
            if (points[tau] == points[-1]).all():
                held.append(gradient(points[tau], noise[k]))
            full = len(held) == batch
            points.append(points[-1] - steps[k] * np.mean(held, axis=0) if full else points[-1])
            held = [] if full else held
        return points

    return run


def heavy_ball(beta):
    def run(steps, read, noise):
        points, velocity = [START], np.zeros(START.size)
        for k, tau in enumerate(read):
            velocity = beta * velocity - steps[k] * gradient(points[tau], noise[k])
            points.append(points[-1] + velocity)
        return points

    return run


def nesterov(beta):
    def run(steps, read, noise):
        before, base, points = START, START, [START]
        for k, tau in enumerate(read):
            before, base = base, points[-1] - steps[k] * gradient(points[tau], noise[k])
            points.append(base + beta * (base - before))
        return points

    return run


def counter_momentum(delay):
    def run(steps, read, noise):
        theta, n = Tuning.of(delay).theta, delay + 1
        moves = [math.sin((n - 0.5 - j) * theta) / math.sin((n - 0.5) * theta) for j in range(1, n)]
        eta, points, box = math.sin(n * theta) / math.sin((n - 0.5) * theta), [START], {}
        for k, tau in enumerate(read):
            box[int(tau)] = gradient(points[tau], noise[k])
            held = box[min(point for point in box if point >= k - delay)]
            soft = math.sin((k + 1) * theta) / math.sin(n * theta) if k < delay else 1.0
            x = points[-1] - eta / SMOOTHNESS * soft * held
            points.append(x - sum(m * (points[k + 1 - j] - points[k - j]) for j, m in enumerate(moves, 1) if j <= k))
        return points

    return run


def filtered(steps, read, noise):
    points, arrived = [START] * 3, [0.0, 0.0]
    for k, tau in enumerate(read):
        arrived.append(gradient(points[2 + tau], noise[k]))
        combined = 0.7 * arrived[-1] + 0.2 * arrived[-2] - 0.1 * arrived[-3]
        moved = 0.3 * (points[-1] - points[-2]) - 0.2 * (points[-2] - points[-3])
        points.append(points[-1] - steps[k] * combined + moved)
    return points[2:]


def definition(text, delay):
    return {
        "delayed": delayed,
        "wait": waiting(1),
        "batch-wait": waiting(delay + 1),
        "batch-wait:batch=2": waiting(2),
        "momentum:beta=0.6": heavy_ball(0.6),
        "momentum:beta=-0.5": heavy_ball(-0.5),
        "nesterov:beta=0.4": nesterov(0.4),
        "nesterov:beta=-0.3": nesterov(-0.3),
        "counter-momentum": counter_momentum(delay),
        SPELLINGS[-1]: filtered,
    }[text]


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("text", SPELLINGS)
def test_the_rule_moves_as_the_method(text, model):
    rng = np.random.default_rng(3)
    steps, noise = steps_of(rng), rng.normal(size=(UPDATES, START.size))
    delays, staleness = delay_trace(model, UPDATES, 5), Staleness(model.maximum + 1)
    rule = parse_method(text).linear(steps, delays, SMOOTHNESS, staleness)
    read = np.arange(UPDATES) - delays
    expected = np.array(definition(text, model.maximum)(steps, read, noise))
    assert np.ptp(expected, axis=0).min() > 0.05
    # Rounding alone, carried over 60 updates of which none grows.
    assert by_rule(rule, read, noise) == pytest.approx(expected, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("text", [*SPELLINGS, "counter-momentum:theta=1.3"])
def test_a_spelling_reads_back(text):
    method = parse_method(text)
    assert method.text == text and parse_method(method.text) == method and method.name in METHODS
    assert method.latex().startswith("x_{k+1} = ") and method.words.endswith(".")


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_recursion_is_the_rule_far_from_the_start(text):
    method, delay = parse_method(text), 2
    found = method.recursion(delay)
    rule = method.linear(np.full(40, 0.3), np.minimum(np.arange(40), delay))
    step = found.step or 0.3
    used = rule.gradient_weights[20 : 20 + found.period]
    assert rule.move_weights.tolist() == found.move_weights.tolist()
    if "wait" in text:
        assert used.sum() == pytest.approx(step) and np.count_nonzero(used.any(axis=1)) == 1
    else:
        assert used[0] == pytest.approx(step * found.gradient_weights)


def test_counter_momentum_is_the_published_filter():
    found = Tuning.of(1)
    # "At D = 1 it is heavy ball with momentum -.4806 and eta = .9116", sin(theta/2)^2 = (11 - sqrt 41)/20.
    assert (round(found.step, 4), round(float(found.moves[0]), 4)) == (0.9116, 0.4806)
    assert math.sin(found.theta / 2) ** 2 == pytest.approx((11 - math.sqrt(41)) / 20, rel=1e-14)


@pytest.mark.parametrize(
    ("delay", "constant"),
    [
        (0, 1.29904),
        (1, 2.29389),
        (2, 3.36051),
        (3, 4.44362),
        (4, 5.53319),
        (5, 6.62594),
        (6, 7.72051),
        (7, 8.81621),
        (8, 9.91267),
        (12, 14.30253),
        (20, 23.08963),
        (32, 36.27531),
    ],
)
def test_the_constant_of_counter_momentum(delay, constant):
    assert round(1 / Tuning.of(delay).weight, 5) == constant


@pytest.mark.parametrize("delay", [1, 2, 5, 9])
def test_the_best_angle_is_the_best_and_has_the_other_closed_form(delay):
    found, n = Tuning.of(delay), delay + 1
    grid = np.linspace(1, 2, 41) * math.pi / (2 * n + 1)
    assert max(Tuning.of(delay, float(theta)).weight for theta in grid) <= found.weight
    q, j = (2 * delay + 1) / (2 * delay + 3), np.arange(n)
    moves = (np.sin((j + 1) * found.theta) - q * np.sin(j * found.theta)) / math.sin(found.theta)
    assert found.moves == pytest.approx(moves[1:], rel=1e-12)
    beta = math.sin(n * found.theta) / math.sin(found.theta / 2)
    assert found.step == pytest.approx(2 / beta * (1 + math.cos(n * found.theta)) * moves.sum(), rel=1e-12)


def test_formulas_print():
    assert FORMULAS["move"].latex().startswith(r"\frac{\sin\left(")
    assert parse_method("nesterov:beta=0.5").latex() == (
        r"x_{k+1} = x_{k} - \left(1 + \beta\right) \, \eta_{k} \, \gamma_{k} + \beta \, \eta_{k-1} \, \gamma_{k-1} "
        r"+ \beta \, \left(x_{k} - x_{k-1}\right)"
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("momentun:beta=0.5", "Did you mean momentum?"),
        ("momentum", "momentum:beta=B"),
        ("momentum:beta=1", "above -1 and below 1"),
        ("momentum:beta=nan", "beta"),
        ("momentum:beta=0.5,beta=0.5", "momentum:beta=B"),
        ("nesterov:gamma=0.5", "nesterov:beta=B"),
        ("batch-wait:batch=0", "from 1"),
        ("batch-wait:batch=1.5", "whole number"),
        ("wait:batch=2", "is written wait"),
        ("counter-momentum:theta=x", "number"),
        ("filter:", "no file"),
        ("filter:/nowhere/at/all", "cannot be read"),
        ("filter:moves=0.1:x", "Got 'x'"),
        ("filter:gradients=inf", "Got 'inf'"),
        ("", "must be one of"),
    ],
)
def test_a_method_that_there_is_not_is_refused(text, word):
    with pytest.raises(InputError, match=word):
        parse_method(text)


@pytest.mark.parametrize(
    ("content", "gradients", "moves"),
    [
        ("# mine\ngradients 1 0.5\nmoves -0.48, 0.1\n", (1.0, 0.5), (-0.48, 0.1)),
        ("moves: 0.9", (1.0,), (0.9,)),
        ('{"gradients": [2, -1]}', (2.0, -1.0), ()),
        ('{"moves": [1e-3], "gradients": [1]}', (1.0,), (0.001,)),
    ],
)
def test_a_filter_in_a_file(tmp_path, content, gradients, moves):
    path = tmp_path / "a:b=c.txt"
    path.write_text(content, encoding="utf-8")
    found = parse_method(f"filter:{path}")
    assert (found.gradients, found.moves) == (gradients, moves)
    assert parse_method(found.text) == found


@pytest.mark.parametrize(
    "content",
    [
        "",
        "gradients",
        "1\n2\n",
        "gradients 1\ngradients 2",
        "moves 1_0",
        '{"moves": 1}',
        '{"moves": [true]}',
        "{",
        "[" * 9,
    ],
)
def test_a_file_that_holds_no_filter_is_refused(tmp_path, content):
    path = tmp_path / "filter.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="filter"):
        parse_method(f"filter:{path}")


def test_what_no_run_can_have_is_refused():
    method = parse_method("delayed")
    with pytest.raises(ScheduleError):
        method.linear([0.1, -0.1], [0, 0])
    with pytest.raises(InputError, match="one delay"):
        method.linear([0.1, 0.1], [0])
    with pytest.raises(InputError, match="smoothness"):
        method.linear([0.1], [0], smoothness=0.0)
    with pytest.raises(DomainError, match=r"from 0\.628319 to 1\.25664"):
        parse_method("counter-momentum:theta=2").linear([0.1] * 3, [0, 1, 1])
    with pytest.raises(InputError, match="before update 0"):
        LinearRule([[1.0, 1.0], [1.0, 1.0]], [])
    with pytest.raises(InputError, match="shape"):
        LinearRule([1.0], [])


def test_a_rule_does_not_change():
    rule = parse_method("momentum:beta=0.5").linear([0.1] * 3, [0, 1, 1])
    for values in (rule.gradient_weights, rule.move_weights):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


@pytest.mark.parametrize("weight", ["1e300", "-2e12", "inf"])
def test_a_filter_with_weights_that_no_run_survives_is_refused(tmp_path, weight):
    file = tmp_path / "filter.txt"
    file.write_text(f"gradients 1\nmoves {weight}\n")
    with pytest.raises(InputError, match="must be numbers"):
        parse_method(f"filter:{file}")
