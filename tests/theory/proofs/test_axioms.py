"""The axioms on runs of delayed SGD, with exact expectations: each holds wherever it may be used, and nowhere else."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from theory.proofs import axioms
from theory.proofs.kernel import (
    FIXED,
    LAST,
    NOISELESS,
    RANDOM,
    ZERO,
    Context,
    Expression,
    ProofError,
    constant,
    expression,
    latest,
    le,
    lt,
    scalar,
    tau,
    var,
    vector,
)
from theory.proofs.proof import RULES

AXIOM = SimpleNamespace(**RULES)

K, J, T_ = var("k"), var("j"), var("t")
START = Context(frozenset({lt(ZERO, LAST)}))
STEP = START.having(le(ZERO, K), lt(K, LAST))
POINTS = START.having(le(ZERO, K), le(K, J), le(J, LAST))
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def runs(world):
    """Runs with any delays, with noise and without, at short and at long steps, zero steps among them."""
    draw, made = random.Random(1), []
    for seed in range(24):
        reads = world.random_reads(draw, draw.randint(1, 4))
        steps = [draw.choice([0.0, 0.05, 0.4, 1.0, 2.5]) for _ in reads]
        made.append(world.Run(reads, steps, seed, deviation=draw.choice([0.0, 0.3, 2.0])))
    return made


@pytest.fixture(scope="module")
def drawn_runs(world):
    """Runs whose delays are drawn: an expectation is over the delays too."""
    laws = ([0.5, 0.5], [0.2, 0.3, 0.5], [0.1, 0.0, 0.2, 0.7], [1.0])
    return [
        world.Run((0, 1, 2)[:T], [0.7, 0.3, 1.1][:T], seed, deviation=sd, law=law)
        for seed, (law, T, sd) in enumerate((law, T, sd) for law in laws for T in (1, 2, 3) for sd in (0.0, 0.8))
    ]


@pytest.fixture(scope="module")
def fixed_runs(world):
    """Runs with one delay for every step."""
    return [
        world.Run([max(0, k - delay) for k in range(T)], [0.2] * T, seed=delay)
        for delay in range(4)
        for T in range(delay + 1, 7)
    ]


def smallest(runs, context, body, names):
    """The least value over runs, and over the indices that the context allows."""
    values = [here.value(body, chosen) for here in runs for chosen in here.assignments(names, context)]
    assert len(values) >= 10
    return min(values)


def always(runs, fact, *names):
    """Whether a fact holds on all the runs."""
    sides = [fact.expression, -fact.expression] if fact.equality else [fact.expression]
    return all(smallest(runs, fact.context, side, names) >= -ROUNDING for side in sides)


def random_vectors():
    """Vectors that may depend on everything: what smoothness is asked at."""
    draw = random.Random(2)
    parts = [vector("g", K), vector("g", J), vector("g", tau(K)), vector("g", ZERO), axioms.displacement(K, J)]
    for _ in range(5):
        yield sum((part * draw.choice([-2, -1, 0, 1, 2]) for part in parts), Expression())


def test_smoothness_holds_at_every_point(runs):
    inner, short = POINTS.having(lt(K, LAST)), [here for here in runs if here.steps < 4]
    pairs = [(K, J), (J, K), (K, ZERO), (tau(K), J), (J, J)]
    for v, (a, b) in zip(random_vectors(), pairs, strict=True):
        assert always(short, AXIOM.smooth(inner, a, b, v), "k", "j")
        assert always(short, AXIOM.bounded_below(inner, K, v), "k", "j")


def test_smoothness_needs_no_order_of_the_points(runs):
    anywhere = START.having(le(ZERO, K), le(K, LAST), le(ZERO, J), le(J, LAST))
    short = [here for here in runs if here.steps < 4]
    for v in (Expression(), vector("g", K) - vector("g", J)):
        assert always(short, AXIOM.smooth(anywhere, K, J, v), "k", "j")


def test_smoothness_asks_for_points_of_the_run():
    for a, b in [(ZERO - 1, ZERO), (ZERO, LAST + 1), (K, ZERO), (tau(ZERO - 1), ZERO)]:
        with pytest.raises(ProofError):
            AXIOM.smooth(START, a, b, Expression())
    with pytest.raises(ProofError):
        AXIOM.smooth(START.having(le(ZERO, K), le(K, LAST), le(ZERO, J), le(J, LAST + 1)), K, J, Expression())


def test_the_start_the_minimum_and_the_variance(runs):
    assert always(runs, AXIOM.gap(START))
    assert always(runs, AXIOM.minimum(POINTS, J), "k", "j")
    assert always(runs, AXIOM.bounded_variance(STEP, K), "k")
    for index in (LAST, ZERO - 1, tau(ZERO - 1)):
        with pytest.raises(ProofError):
            AXIOM.bounded_variance(START, index)
    for point in (LAST + 1, ZERO - 1, tau(ZERO - 1)):
        with pytest.raises(ProofError):
            AXIOM.minimum(START, point)
    with pytest.raises(ProofError):
        AXIOM.minimum(START, LAST, with_last=False)


def test_the_iteration_is_the_one_that_is_run(runs):
    moved = axioms.displacement(K, J)
    for here in runs:
        for names in here.assignments(("k", "j"), POINTS):
            assert np.allclose(here.value(moved, names) + here.points[names["k"]], here.points[names["j"]])


def test_slopes_add_up_to_turns(runs):
    for v in random_vectors():
        assert always(runs, AXIOM.turning(POINTS.having(lt(K, LAST)), K, J, v), "k", "j")
    with pytest.raises(ProofError):
        AXIOM.turning(POINTS, J, K, vector("g", ZERO))
    equal = POINTS.having(le(J, K), lt(K, LAST))
    assert always(runs, AXIOM.same_point(equal, K, J, vector("g", tau(K))), "k", "j")
    with pytest.raises(ProofError):
        AXIOM.same_point(POINTS, K, J, vector("g", K))


def test_windows_readers_and_served_are_counted(runs):
    counts = [AXIOM.window_count(STEP, K), AXIOM.readers_count(STEP, K), AXIOM.served_count(STEP, K)]
    assert all(always(runs, fact, "k") for fact in counts)
    assert always(runs, AXIOM.steps_count(START))
    assert all(smallest(runs, STEP, fact.expression, ("k",)) == 0 for fact in counts)


def test_an_overtaken_step_is_one_with_a_younger_gradient_in_its_window(runs):
    one = constant(STEP, 1)
    zero = constant(STEP.under(latest(K)), 0), constant(STEP.under(NOISELESS), 0)
    cases = AXIOM.overtaking_cases(*zero, one, K, scalar("o", K))
    assert always(runs, cases, "k")
    assert always(runs, AXIOM.indicator(STEP, K), "k")
    with pytest.raises(ProofError):
        AXIOM.overtaking_cases(constant(STEP, 0), zero[1], one, K, scalar("o", K))
    with pytest.raises(ProofError):
        AXIOM.overtaking_cases(constant(STEP.under(latest(J)), 0), zero[1], one, K, scalar("o", K))
    with pytest.raises(ProofError):
        AXIOM.overtaking_cases(*zero, one, K, scalar("o", K) * 2)


def test_the_indicator_of_one_step_is_not_that_of_all():
    """Under a sum that calls its index k as well, o_k is another one."""
    weights = scalar("eta", K) * scalar("o", K)
    steps, all_steps = expression(1).total(("j",), le(ZERO, J), lt(J, LAST)), (le(ZERO, K), lt(K, LAST))
    lengths = scalar("eta", J).total(("j",), le(ZERO, J), lt(J, LAST))
    body = (weights * steps - scalar("o", K) * lengths).total(("k",), *all_steps)
    nothing = [constant(START.under(law), 0) for law in (latest(K), NOISELESS)] + [constant(START, 0)]
    with pytest.raises(ProofError):
        AXIOM.overtaking_cases(*nothing, K, body)


def test_numbers_roots_and_logarithms(runs):
    later = STEP.having(lt(ZERO, K))
    facts = [AXIOM.root(later, K), AXIOM.number(later, K), AXIOM.number_is(later, 3), AXIOM.logarithm(later, K)]
    assert all(always(runs, fact, "k") for fact in [*facts, AXIOM.logarithm_of_one(later)])
    for rule in (AXIOM.root, AXIOM.number, AXIOM.logarithm):
        with pytest.raises(ProofError):
            rule(STEP, K)
    for value in (0, -1):
        with pytest.raises(ProofError):
            AXIOM.number_is(STEP, value)


def test_signs_are_known_of_symbols_that_have_one(runs):
    for name in ("L", "s", "T", "sigma", "Delta", "m", "noisy"):
        assert always(runs, AXIOM.sign(STEP, name), "k")
    for name in ("eta", "o"):
        assert always(runs, AXIOM.sign(STEP, name, K), "k")
    for name in ("f", "g", "U", "unknown"):
        with pytest.raises(ProofError):
            AXIOM.sign(STEP, name)


def test_drawn_delays(drawn_runs):
    """E<v, a_k> is the mean over what step k may read, for v known before the delay is drawn."""
    step, before = STEP.under(RANDOM), STEP.having(le(ZERO, J), lt(J, K)).under(RANDOM)
    assert always(drawn_runs, AXIOM.certain(step, K), "k")
    assert always(drawn_runs, AXIOM.drawn(step, K, "g", K), "k")
    assert always(drawn_runs, AXIOM.drawn(step, K, "a", K), "k")
    for name in "gae":
        assert always(drawn_runs, AXIOM.drawn(before, K, name, J), "k", "j")
    for power in (0, 1):
        assert always(drawn_runs, AXIOM.in_flight(step, K, power), "k")
    for name, index in [("g", K + 1), ("a", K + 1), ("e", K), ("e", LAST), ("r", ZERO)]:
        with pytest.raises(ProofError):
            AXIOM.drawn(step, K, name, index)
    with pytest.raises(ProofError):
        AXIOM.drawn(STEP, K, "g", K)


def test_smoothness_where_delays_are_drawn(drawn_runs):
    inner = POINTS.having(lt(K, LAST)).under(RANDOM)
    for v in (vector("a", K), vector("g", K) - vector("a", K), axioms.displacement(K, J, drawn=True)):
        assert always(drawn_runs, AXIOM.smooth(inner, K, J, v), "k", "j")
        assert always(drawn_runs, AXIOM.smooth(inner, J, K, v), "k", "j")


def test_one_delay_for_every_step(fixed_runs):
    step = STEP.under(FIXED)
    late = step.having(le(axioms.DELAY, K))
    facts = [
        AXIOM.delay_size(step),
        AXIOM.window_full(late, K),
        AXIOM.served_once(step.having(lt(ZERO, K)), K),
        AXIOM.strictly_inside(step.having(lt(ZERO, tau(K))), K),
        AXIOM.sine_full(late, K, 0),
        AXIOM.sine_full(late, K, 1),
        AXIOM.sine_start(step, K, K, 0),
        AXIOM.sine_start(step, K + 1, K, 1),
        AXIOM.sine_recurrence(step, K, ZERO),
        AXIOM.sine_increases(step.having(le(K, axioms.DELAY)), K, ZERO),
        AXIOM.sine_increases(step, K, tau(K), K),
    ]
    for fact in facts:
        assert always(fixed_runs, fact, "k")
    for rule, arguments in [
        (AXIOM.window_full, (step, K)),
        (AXIOM.served_once, (step, K)),
        (AXIOM.strictly_inside, (step, K)),
        (AXIOM.sine_full, (step, K, 0)),
        (AXIOM.sine_start, (step, K, ZERO, 0)),
        (AXIOM.sine_increases, (step, K, ZERO)),
        (AXIOM.sine_increases, (step, K + 1, tau(K), K)),
        (AXIOM.delay_size, (STEP,)),
        (AXIOM.window_full, (STEP.having(le(axioms.DELAY, K)), K)),
    ]:
        with pytest.raises(ProofError):
            rule(*arguments)
