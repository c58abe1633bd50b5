"""Worst cases of methods: PEPit's values, certificates in integers, the bound of counter-momentum, refusals."""

import itertools
import math
import warnings
from fractions import Fraction
from hashlib import sha256

import numpy as np
import pytest

from experiments.claims.replay_witness import replay
from theory.bounds.counter_momentum import COUNTER_MOMENTUM, run_of_method
from theory.common.errors import CertificateError, InputError, StoreError
from theory.methods.counter_momentum import CounterMomentum, Tuning
from theory.methods.registry import parse_method
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.worst_case.answer import judged
from theory.worst_case.asking import ask, ask_worst_delays
from theory.worst_case.certificate.certify import certify
from theory.worst_case.certificate.text import KINDS, Argument, Statement, _digest, read
from theory.worst_case.certificate.verify import slack_form, verify
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.check import Witness, check
from theory.worst_case.witness.file import dumps, loads, verify_witness
from theory.worst_case.witness.find import witness

AGREEMENT = 1e-4
METHODS = (
    "delayed",
    "wait",
    "batch-wait",
    "batch-wait:batch=2",
    "momentum:beta=0.6",
    "momentum:beta=-0.5",
    "nesterov:beta=0.5",
    "nesterov:beta=-0.4",
    "counter-momentum",
    "filter:gradients=0.8:0.3,moves=0.2:-0.3",
)
CASES = [(text, seed) for text in METHODS for seed in (0, 1)]


def proved_bound(delay, updates, smoothness=1.0, gap=1.0, theta=None):
    constants = {"L": smoothness, "Delta": gap, "sigma": 0.0}
    run = run_of_method(updates, Staleness(delay + 1), constants, CounterMomentum(theta))
    return COUNTER_MOMENTUM.evaluate(run)


def question(text, seed):
    """A fixed delay for even seeds, drawn delays for odd ones; scales and steps drawn at random."""
    rng = np.random.default_rng(seed)
    updates, window = int(rng.integers(5, 8)), int(rng.integers(2, 4))
    late = np.full(updates, window - 1) if seed % 2 == 0 else rng.integers(0, window, updates)
    delays, smoothness = np.minimum(np.arange(updates), late), 10.0 ** rng.uniform(-1, 1)
    steps = rng.uniform(0.1, 0.5, updates) / smoothness
    rule = parse_method(text).linear(steps, delays, smoothness, Staleness(window))
    return Question(
        steps, delays, smoothness=smoothness, gap=rng.uniform(0.2, 3), staleness=Staleness(window), rule=rule
    )


def by_pepit(asked):
    """The method as PEPit has it: points from gradients that arrive, and moves repeated."""
    from PEPit import PEP, Expression
    from PEPit.functions import SmoothFunction

    problem, rule = PEP(), asked.rule
    function = problem.declare_function(SmoothFunction, L=asked.smoothness)
    points, gradients, values = [problem.set_initial_point()], [], []
    for k in range(asked.steps + 1):
        gradient, value = function.oracle(points[k])
        gradients.append(gradient)
        values.append(value)
        if k < asked.steps:
            after = points[k]
            for i, weight in enumerate(rule.gradient_weights[k][: k + 1]):
                after = after - float(weight) * gradients[asked.read_points[k - i]]
            for j, weight in enumerate(rule.move_weights[:k], start=1):
                after = after + float(weight) * (points[k + 1 - j] - points[k - j])
            points.append(after)
    infimum = Expression()
    for gradient, value in zip(gradients, values, strict=True):
        problem.add_constraint(infimum <= value - gradient**2 / (2 * asked.smoothness))
        problem.set_performance_metric(gradient**2)
    problem.set_initial_condition(values[0] - infimum <= asked.gap)
    return problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0)


@pytest.mark.parametrize(("text", "seed"), CASES)
# PEPit's own notes on cvxpy's status and on its eigenvalues are no part of the claim.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning", "ignore::FutureWarning")
def test_the_worst_case_of_a_method_is_pepits_and_is_certified(text, seed):
    asked = question(text, seed)
    found = worst_case(asked)
    assert found.exact
    assert found.value == pytest.approx(by_pepit(asked), rel=AGREEMENT)
    proof = certify(found)
    assert found.value * (1 - 1e-7) <= proof.upper_float <= found.value * (1 + 1e-5)
    assert verify(proof.text).upper == proof.upper


def certified(delay, updates, method):
    """The worst case from above, certified, and from below, by a function that is replayed exactly."""
    steps = "1/L" if method == "counter-momentum" else "2/(sqrt(3)*L)"
    found = worst_case(ask(steps, staleness=delay + 1, steps=updates, method=method).question)
    return verify(certify(found).text).upper, verify_witness(dumps(witness(found))).value


@pytest.mark.parametrize("delay", range(4))
def test_the_bound_of_counter_momentum_is_within_three_percent_of_the_worst_case(delay):
    upper, lower = certified(delay, 14, "counter-momentum")
    assert lower <= upper <= proved_bound(delay, 14) * (1 + 1e-7)
    assert proved_bound(delay, 14) < 1.03 * lower


@pytest.mark.parametrize(("delay", "updates"), [
    (1, 14), (2, 14), (3, 20),
    *(pytest.param(*each, marks=pytest.mark.long) for each in ((1, 50), (2, 60), (4, 60))),
])  # fmt: skip
def test_the_worst_function_of_waiting_is_above_every_function_of_counter_momentum(delay, updates):
    # Waiting at its best step: gradient descent at every s-th gradient.
    own, others = certified(delay, updates, "counter-momentum"), certified(delay, updates, "wait")
    assert own[0] < others[1]
    assert float(own[0]) <= proved_bound(delay, updates)
    assert float(others[1]) == pytest.approx(proved_bound(0, math.ceil(updates / (delay + 1))), rel=1e-5)


# All pairs, by a separate computation.
@pytest.mark.parametrize(("delay", "updates", "value"), [(1, 14, 0.150788), (2, 12, 0.242024), (3, 14, 0.267857)])
def test_counter_momentum_has_its_published_worst_cases_below_its_bound(delay, updates, value):
    found = worst_case(ask("1/L", staleness=delay + 1, steps=updates, method="counter-momentum").question)
    assert found.value == pytest.approx(value, abs=6e-7)
    assert found.value < proved_bound(delay, updates)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_counter_momentum_holds_at_every_angle(seed):
    rng = np.random.default_rng(seed)
    delay, updates = int(rng.integers(0, 5)), int(rng.integers(1, 10))
    theta = float(rng.uniform(1, 2)) * np.pi / (2 * delay + 3)
    smoothness, gap = 10.0 ** rng.uniform(-1, 1, 2)
    delays = np.minimum(np.arange(updates), delay)
    rule = CounterMomentum(theta).linear(np.ones(updates), delays, smoothness, Staleness(delay + 1))
    found = worst_case(
        Question(np.ones(updates), delays, smoothness=smoothness, gap=gap, staleness=Staleness(delay + 1), rule=rule)
    )
    assert found.value <= proved_bound(delay, updates, smoothness, gap, theta) * (1 + 1e-6)


@pytest.mark.parametrize(("delay", "updates", "sigma"), [(1, 7, 0.05), (1, 9, 1.0), (2, 9, 0.05), (3, 8, 0.03)])
def test_with_noise_the_bound_of_counter_momentum_is_above_the_certified_worst_case_and_near(delay, updates, sigma):
    asked = ask("1/L", staleness=delay + 1, steps=updates, variance=sigma**2, method="counter-momentum")
    proof = certify(worst_case(asked.question))
    run = run_of_method(updates, Staleness(delay + 1), asked.constants)
    assert proof.upper_float * (1 - 1e-6) <= COUNTER_MOMENTUM.evaluate(run) <= 1.06 * proof.upper_float


def test_without_delay_the_bound_of_counter_momentum_is_exact():
    found = worst_case(ask("1/L", staleness=1, steps=6, method="counter-momentum").question)
    # "D=0 N=6 equal (.195358)"
    assert found.value == pytest.approx(proved_bound(0, 6), rel=1e-6) == pytest.approx(0.195358, abs=6e-7)


@pytest.mark.parametrize("delay", range(5))
@pytest.mark.parametrize("share", [1.0, 1.37, 2.0])
def test_the_storage_function_is_an_identity(delay, share):
    # F_k - F_{k+1} >= q_k = W |g_k|^2 + U(r') - U(r), with random gradients in flight.
    n, rng = delay + 1, np.random.default_rng(delay)
    tuning = Tuning.of(delay, share * np.pi / (2 * n + 1))
    beta = np.sin(n * tuning.theta) / np.sin(tuning.theta / 2)
    r, after = rng.normal(size=(n, 3)), rng.normal(size=3)
    moved = np.vstack([r[1:] - tuning.moves[:, None] * r[0], after])

    def storage(flight):
        turns = (np.diff(flight, axis=0) ** 2).sum() + (flight[0] ** 2).sum()
        return beta / 4 * turns - tuning.weight * (flight[:-1] ** 2).sum()

    move, now = tuning.step * r[0], r[-1]
    decrease = (now + after) @ move / 2 + beta / 4 * (((after - now) ** 2).sum() - (move**2).sum())
    assert decrease == pytest.approx(tuning.weight * now @ now + storage(moved) - storage(r), rel=1e-11)


def test_methods_that_are_the_same_have_the_same_worst_case():
    plain = ask("0.4/(s*L)", staleness=2, steps=6).question
    for text in ("filter:gradients=1", "momentum:beta=0"):
        found = worst_case(ask("0.4/(s*L)", staleness=2, steps=6, method=text).question)
        assert found.value == pytest.approx(worst_case(plain, dense=True).value, rel=1e-6)


def test_a_certificate_of_a_method_cannot_be_changed():
    text = certify(worst_case(question("momentum:beta=0.6", 0))).text
    claim, _ = read(text)
    assert claim.weights and claim.moves == (0.6,)
    assert "m_j (x_{k+1-j} - x_{k-j})" in claim.sentence(Fraction(1))
    body = text.rpartition("sha256: ")[0]
    for old, new in (("moves 0x1.3333333333333p-1", "moves 0x1.3333333333333p-2"), ("weights 1 ", "weights 2 ")):
        assert old in body
        changed = body.replace(old, new)
        with pytest.raises((StoreError, CertificateError)):
            verify(f"{changed}sha256: {_digest(changed)}\n")


def in_full(asked):
    """The value with noise as it is defined: points in the space of gradients and noises, all pairs, no shortcut."""
    import cvxpy

    normal, count = asked.normalised(), 2 * asked.steps + 1
    gram, values, least = cvxpy.Variable((count, count), PSD=True), cvxpy.Variable(asked.steps + 1), cvxpy.Variable()
    vectors, points, rule = np.eye(count), [np.zeros(count)], normal.rule
    g, e = vectors[: asked.steps + 1], vectors[asked.steps + 1 :]
    for k in range(asked.steps):
        after = points[k].copy()
        for i, weight in enumerate(rule.gradient_weights[k][: k + 1]):
            after -= weight * (g[k - i - normal.delays[k - i]] + e[k - i])
        for j, weight in enumerate(rule.move_weights[:k], start=1):
            after += weight * (points[k + 1 - j] - points[k - j])
        points.append(after)

    def product(u, v):
        return cvxpy.sum(cvxpy.multiply(np.outer(u, v), gram))

    rows = [values[0] <= 1, *(product(each, each) >= least for each in g)]
    rows += [product(each, each) <= normal.variance for each in e]
    rows += [values[k] >= product(each, each) / 2 for k, each in enumerate(g)]
    for k in range(asked.steps):
        rows += [product(e[k], other) == 0 for other in [*g[: k + 1], *e[:k]]]
    for i, j in itertools.permutations(range(asked.steps + 1), 2):
        apart, turned = points[i] - points[j], g[i] - g[j]
        rise = product(g[i] + g[j], apart) / 2 + product(turned, turned) / 4 - product(apart, apart) / 4
        rows.append(values[i] - values[j] >= rise)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate")  # where moves are 0; the test sees to it
        return cvxpy.Problem(cvxpy.Maximize(least), rows).solve(solver=cvxpy.CLARABEL) * asked.scale


@pytest.mark.parametrize("text", ["momentum:beta=0.6", "batch-wait:batch=2", "filter:gradients=0.8:0.3,moves=0.2:-0.3"])
def test_the_worst_case_of_a_method_with_noise_is_that_of_its_definition_and_is_certified(text):
    for seed in (0, 1):
        asked = question(text, seed).prefix(5).replaced(variance=0.4)
        solution = worst_case(asked)
        assert solution.value == pytest.approx(in_full(asked), rel=1e-6)
        assert float(verify(certify(solution).text).upper) == pytest.approx(solution.value, rel=1e-5)
        assert solution.value > worst_case(asked.replaced(variance=0.0)).value


def test_noise_goes_with_its_gradient_wherever_a_method_weighs_it():
    noisy = {"staleness": 2, "steps": 6, "variance": 0.7}
    plain, same = ask("0.4/(s*L)", **noisy).question, ask("0.4/(s*L)", method="momentum:beta=0", **noisy).question
    assert worst_case(same).value == pytest.approx(worst_case(plain, dense=True).value, rel=1e-6)
    assert "e_{k-i}" in certify(worst_case(same)).statement


@pytest.mark.parametrize("text", METHODS[1:])
def test_a_worst_function_of_a_method_is_found_and_proved_and_replayed(text):
    for seed in (0, 1):
        solution = worst_case(question(text, seed))
        found = witness(solution)
        assert found is not None and found.lower == pytest.approx(solution.value, rel=1e-4)
        assert found.lower <= solution.value * (1 + 1e-7)
        written = dumps(found)
        assert verify_witness(written).value == found.value and dumps(loads(written)) == written
        assert replay(found).lower == pytest.approx(found.lower, rel=1e-6)


def test_a_worst_function_holds_for_no_other_method():
    written = dumps(witness(worst_case(question("momentum:beta=0.6", 0))))
    for old, new in (("moves 0x1.3333333333333p-1", "moves 0x1.3333333333333p-2"), ("rule 1 1", "rule 1 2")):
        body = written.rpartition("digest ")[0].replace(old, new)
        assert body != written.rpartition("digest ")[0]
        with pytest.raises((StoreError, CertificateError)):
            verify_witness(f"{body}digest {sha256(body.encode()).hexdigest()}\n")


def test_the_points_of_a_worst_function_are_those_of_its_method():
    found = witness(worst_case(question("filter:gradients=0.8:0.3,moves=0.2:-0.3", 1)))
    moves = found.question.moves(found.gradients)
    assert -np.diff(found.points, axis=0) == pytest.approx(moves, rel=1e-12, abs=1e-13)
    assert found.question.lengths @ np.ones(len(moves)) >= np.linalg.norm(moves, axis=1).sum() / np.sqrt(
        np.square(found.gradients).sum(axis=1).max()
    )


def test_a_rule_whose_points_have_too_many_digits_has_no_worst_function():
    steps = 400
    rule = LinearRule(np.ones((steps, 1)), [float.fromhex("0x1.8p-1000")])
    asked = Question(np.ones(steps), np.zeros(steps, np.int64), rule=rule)
    with pytest.raises(CertificateError, match="too many digits"):
        check(Witness(asked, np.ones((steps + 1, 1)), (Fraction(1),) * (steps + 1)))


def test_moves_of_too_many_digits_are_refused():
    steps = 70
    weights, moves = ((1.0,),) * steps, (float.fromhex("0x1.8p-1000"),)
    claim = Statement((1.0,) * steps, (0,) * steps, 1, "min", 1.0, 1.0, 0.0, None, weights, moves)
    argument = Argument(60, {kind: {} for kind in KINDS})
    with pytest.raises(StoreError, match="too many digits"):
        slack_form(claim, argument)


def test_the_moves_of_a_rule_are_its_points():
    rng = np.random.default_rng(4)
    rule = LinearRule(np.tril(rng.normal(size=(6, 6)))[:, ::-1][:, :1] * np.ones((6, 1)), [0.4, -0.3])
    read, gradients = np.array([0, 0, 1, 2, 2, 4]), rng.normal(size=(6, 3))
    points = [np.zeros(3)] * 3
    for k in range(6):
        moved = 0.4 * (points[-1] - points[-2]) - 0.3 * (points[-2] - points[-3])
        points.append(points[-1] - rule.gradient_weights[k, 0] * gradients[read[k]] + moved)
    assert -np.diff(points[2:], axis=0) == pytest.approx(rule.moves_of(read) @ gradients)


def test_what_no_method_can_be_asked_is_refused():
    with pytest.raises(InputError, match="that of the minimum"):
        ask("1/L", staleness=2, steps=3, measure="mean", method="wait")
    with pytest.raises(InputError, match="delayed steps alone"):
        ask_worst_delays("1/L", staleness=2, steps=3, method="wait")
    with pytest.raises(InputError, match="2 updates cannot take 3 steps"):
        Question([1.0] * 3, [0, 0, 0], rule=LinearRule([[1.0], [1.0]], []))


def test_no_bound_of_delayed_steps_stands_beside_another_method():
    assert judged(ask("1/(2*s*L)", staleness=2, steps=4))
    assert judged(ask("1/(2*s*L)", staleness=2, steps=4, method="momentum:beta=0.1")) == ()
