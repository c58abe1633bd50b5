"""The simulator: three engines, one iteration; exact small cases; bit-for-bit repeatability; refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.problems.logistic import Logistic
from experiments.problems.nonconvex import nonconvex
from experiments.problems.quadratic import quadratic
from experiments.problems.softmax import Softmax
from experiments.simulate import Trajectories, fused, simulate
from experiments.simulate.measured import MEASURES
from theory.methods import LinearRule, parse_method
from theory.staleness.count import Staleness

RNG = np.random.default_rng(11)
ALL = ("time", "seeds", *MEASURES, "diverged_at", "final_points")
ROWS = RNG.standard_normal((150, 6))


def logistic_problem(l2=0.0, nonconvexity=0.0, rows=ROWS):
    return Logistic("logistic", RNG.standard_normal(rows.shape[1]), rows, l2, nonconvexity, "")


def softmax_problem(classes, rows=ROWS):
    labels = np.arange(len(rows)) % classes
    return Softmax("softmax", RNG.standard_normal(classes * rows.shape[1]), rows, labels, classes, "")


# Batches on both sides of the block of 64 rows and of the groups of 4; widths that do and do not fill a register.
PROBLEMS = {
    "quadratic": (quadratic(7, 10, 1.0, 3.0), 1),
    "quadratic without noise": (quadratic(4, 10, 0.0, 3.0), 1),
    "nonconvex": (nonconvex(5, 1.0, 2.0), 2),
    "one dimension": (nonconvex(1, 0.5, 2.0), 1),
    "logistic": (logistic_problem(), 5),
    "logistic, one row": (logistic_problem(), 1),
    "logistic, two blocks": (logistic_problem(), 70),
    "logistic, all rows": (logistic_problem(), 0),
    "logistic, wide": (logistic_problem(rows=RNG.standard_normal((64, 37))), 4),
    "regularised": (logistic_problem(0.1, 0.2), 3),
    "two classes": (softmax_problem(2), 4),
    "three classes": (softmax_problem(3), 5),
    "ten classes, all rows": (softmax_problem(10), 0),
}


def some_delays(steps, window, seed=0):
    return np.minimum(np.random.default_rng(seed).integers(0, window, steps), np.arange(steps))


def run(problem, batch, window=4, steps=40, step_size=0.05, **options):
    options = {"seeds": [3, 0, 2**62]} | options
    return simulate(
        problem, np.full(steps, step_size), some_delays(steps, window), batch=batch, window=window, **options
    )


def assert_identical(one: Trajectories, other: Trajectories):
    for name in ALL:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name


def assert_close(one: Trajectories, other: Trajectories, rtol=1e-10):
    """Equal to rounding: products of nearly orthogonal gradients are small differences of large numbers."""
    scale = np.sqrt(np.nanmax(other.gradient_norm_squared[np.isfinite(other.gradient_norm_squared)]))
    slack = {"inner_product": rtol * scale**2, "coherence": rtol, "cosine": rtol, "final_points": rtol, "loss": rtol}
    for name in ALL:
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=slack.get(name, 0), err_msg=name)


# The three engines


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("engine", ["fused", "black-box"])
@pytest.mark.parametrize(("record_every", "measured"), [(1, True), (7, True), (3, False), (100, True)])
def test_every_engine_agrees_with_the_whole_history(name, engine, record_every, measured):
    options = {"record_every": record_every, "coherence": measured}
    assert_close(run(*PROBLEMS[name], engine=engine, **options), run(*PROBLEMS[name], engine="naive", **options))


@pytest.mark.parametrize("window", [1, 2, 3, 9, 60])
@pytest.mark.parametrize("engine", ["fused", "black-box"])
def test_every_window_agrees_with_the_whole_history(window, engine):
    problem, batch = PROBLEMS["regularised"]
    for record_every in (1, 4):
        options = {"window": window, "record_every": record_every}
        assert_close(run(problem, batch, engine=engine, **options), run(problem, batch, engine="naive", **options))


def test_auto_takes_the_kernel_where_there_is_one():
    problem, batch = PROBLEMS["logistic"]
    assert_identical(run(problem, batch), run(problem, batch, engine="fused"))


@pytest.mark.parametrize(
    ("steps", "record_every", "times"),
    [(1, 1, [0, 1]), (1, 5, [0, 1]), (6, 3, [0, 3, 6]), (7, 3, [0, 3, 6, 7]), (5, 5, [0, 5])],
)
def test_recorded_times_hold_both_ends(steps, record_every, times):
    for engine in ("fused", "black-box", "naive"):
        seen = run(*PROBLEMS["quadratic"], steps=steps, record_every=record_every, engine=engine)
        assert seen.time.tolist() == times
        assert seen.loss.shape == (3, len(times)) and np.isfinite(seen.loss).all()


# The same numbers, bit for bit


@pytest.mark.parametrize("name", ["quadratic", "regularised", "logistic, two blocks", "three classes"])
@pytest.mark.parametrize("record_every", [1, 7])
class TestBitForBit:
    def test_threads(self, name, record_every):
        alone = run(*PROBLEMS[name], seeds=range(6), record_every=record_every, threads=1)
        for threads in (2, 5):
            together = run(*PROBLEMS[name], seeds=range(6), record_every=record_every, threads=threads)
            assert_identical(alone, together)

    def test_chunks(self, name, record_every, monkeypatch):
        whole = run(*PROBLEMS[name], record_every=record_every)
        for size in (1, 2, 5, 1000):
            monkeypatch.setattr(fused, "_FIRST_CHUNK", 0)
            monkeypatch.setattr(fused, "_next_chunk", lambda steps, seconds, size=size: size)
            assert_identical(whole, run(*PROBLEMS[name], record_every=record_every))

    def test_seeds(self, name, record_every):
        many = run(*PROBLEMS[name], seeds=[5, 1, 9, 2], record_every=record_every)
        for chosen in ([1], [2, 5], [9, 1, 2]):
            rows = [[5, 1, 9, 2].index(seed) for seed in chosen]
            own = [many.seeds[rows], many.records[:, rows], many.diverged_at[rows], many.final_points[rows]]
            assert_identical(
                Trajectories(many.time, *own), run(*PROBLEMS[name], seeds=chosen, record_every=record_every)
            )

    def test_recording_leaves_the_trajectory_alone(self, name, record_every):
        every = run(*PROBLEMS[name])
        some = run(*PROBLEMS[name], record_every=record_every, coherence=False)
        assert np.array_equal(every.final_points, some.final_points)
        assert np.array_equal(every.gradient_norm_squared[:, some.time], some.gradient_norm_squared)
        assert np.array_equal(every.inner_product[:, some.time], some.inner_product, equal_nan=True)


def test_a_longer_run_begins_with_the_shorter_one():
    problem, batch = PROBLEMS["quadratic"]
    short, long = run(problem, batch, steps=10), run(problem, batch, steps=30)
    assert np.array_equal(short.gradient_norm_squared, long.gradient_norm_squared[:, :11])


def test_seeds_differ():
    points = run(*PROBLEMS["logistic"], seeds=range(20)).final_points
    assert len({tuple(point) for point in points}) == 20


# Along the path


def test_coherence_is_at_most_one_and_falls_with_the_window():
    problem, batch = PROBLEMS["logistic"]
    delays, sizes = np.zeros(40, int), np.full(40, 0.5)
    measured = [
        simulate(problem, sizes, delays, seeds=[1], batch=batch, window=window).coherence for window in (1, 2, 4, 8)
    ]
    assert np.array_equal(measured[0], np.ones((1, 41)))
    for wide, narrow in zip(measured[1:], measured, strict=False):
        assert (wide <= narrow).all() and (wide <= 1).all()


@pytest.mark.parametrize("name", ["quadratic", "nonconvex", "logistic", "regularised", "three classes"])
def test_smoothness_along_the_path_stays_below_the_proved_constant(name):
    problem, batch = PROBLEMS[name]
    seen = run(problem, batch, steps=200)
    assert np.nanmax(seen.smoothness) <= problem.constants(batch)["L"].value * (1 + 1e-6)


# Statistics: five standard errors, fixed seeds


@pytest.mark.parametrize("name", ["quadratic", "nonconvex", "logistic", "regularised", "three classes"])
def test_the_stochastic_gradient_is_unbiased_with_the_variance_of_its_batch(name):
    problem, batch = PROBLEMS[name]
    seeds = 20_000
    seen = simulate(problem, [1.0], [0], seeds=range(seeds), batch=batch, window=1)
    gradients = problem.initial_point - seen.final_points
    deviation = gradients.std(axis=0) / math.sqrt(seeds)
    assert (np.abs(gradients.mean(axis=0) - problem.full_gradient(problem.initial_point)) < 5 * deviation).all()
    squares = np.sum((gradients - problem.full_gradient(problem.initial_point)) ** 2, axis=1)
    variance = problem.example_gradient_variance(problem.initial_point) / batch
    assert abs(squares.mean() - variance) < 5 * squares.std() / math.sqrt(seeds)


def test_second_moments_of_the_noisy_quadratic_follow_their_recursion():
    """Without delay E x_k^2 = (1 - eta lambda)^2 E x_{k-1}^2 + eta^2 sigma^2 / d: noise is fresh at every step."""
    problem, eta, steps, seeds = quadratic(2, 5, 1.0, 2.0), 0.3, 12, 20_000
    seen = simulate(problem, np.full(steps, eta), np.zeros(steps, int), seeds=range(seeds), batch=1, window=1)
    moments = [problem.initial_point**2]
    for _ in range(steps):
        moments.append((1 - eta * problem.curvatures) ** 2 * moments[-1] + eta**2 * 0.5)
    expected = np.array([problem.curvatures**2 @ moment for moment in moments])
    error = seen.gradient_norm_squared.std(axis=0) / math.sqrt(seeds)
    assert (np.abs(seen.gradient_norm_squared.mean(axis=0) - expected)[1:] < 5 * error[1:]).all()


# Divergence


@pytest.mark.parametrize("record_every", [1, 10])
def test_divergence_ends_a_seed_quietly(record_every):
    seen = {
        engine: run(*PROBLEMS["quadratic"], steps=2000, step_size=10.0, record_every=record_every, engine=engine)
        for engine in ("fused", "black-box", "naive")
    }
    one = seen["fused"]
    assert (one.diverged_at > 0).all()
    for row, last in enumerate(one.diverged_at):
        gone = one.time >= last
        assert np.isinf(one.gradient_norm_squared[row, gone]).all()
        assert np.isfinite(one.gradient_norm_squared[row, ~gone]).all()
        assert all(np.isnan(getattr(one, name)[row, gone]).all() for name in MEASURES[1:])
        assert not np.linalg.norm(one.final_points[row]) <= 1e150
    for other in ("black-box", "naive"):
        assert np.array_equal(one.diverged_at, seen[other].diverged_at)
        for name in MEASURES:
            np.testing.assert_allclose(getattr(one, name), getattr(seen[other], name), rtol=1e-8)


@pytest.mark.parametrize("name", ["logistic", "three classes"])
def test_far_out_points_of_the_data_problems_give_finite_gradients(name):
    problem, batch = PROBLEMS[name]
    far = replace(problem, initial_point=1e6 * problem.initial_point)
    fast, slow = (run(far, batch, engine=engine, steps=5) for engine in ("fused", "naive"))
    assert np.isfinite(fast.gradient_norm_squared).all() and np.isfinite(fast.loss).all()
    np.testing.assert_allclose(fast.loss, slow.loss, rtol=1e-10)
    np.testing.assert_allclose(fast.gradient_norm_squared, slow.gradient_norm_squared, rtol=1e-10)


# Several reads an update, reads by blocks, and methods


def reads(steps, window, count, seed=0):
    drawn = np.random.default_rng(seed).integers(0, window, (steps, count))
    return np.minimum(drawn, np.arange(steps)[:, None])


def several(problem, batch, count, window=4, steps=40, rule=None, **options):
    sizes = np.full(steps, 0.05) if rule is None else rule
    options = {"seeds": [3, 0, 2**62], "window": window} | options
    return simulate(problem, sizes, reads(steps, window, count), batch=batch, **options)


@pytest.mark.parametrize("name", ["quadratic", "nonconvex", "logistic, two blocks", "regularised", "three classes"])
@pytest.mark.parametrize("engine", ["fused", "black-box"])
@pytest.mark.parametrize("inconsistent", [False, True])
def test_several_reads_agree_with_the_whole_history(name, engine, inconsistent):
    for count in (1, 3, 8):
        if inconsistent and count > PROBLEMS[name][0].dimension:
            continue
        for measured in ({}, {"record_every": 7}, {"record_every": 3, "coherence": False}):
            options = {"inconsistent": inconsistent} | measured
            oracle = several(*PROBLEMS[name], count, engine="naive", **options)
            assert_close(several(*PROBLEMS[name], count, engine=engine, **options), oracle)


METHODS_AT_WORK = (
    "delayed",
    "wait",
    "batch-wait",
    "batch-wait:batch=2",
    "momentum:beta=-0.4",
    "momentum:beta=0.9",
    "nesterov:beta=0.7",
    "counter-momentum",
)


@pytest.mark.parametrize("text", METHODS_AT_WORK)
@pytest.mark.parametrize("name", ["quadratic", "logistic", "three classes"])
def test_every_method_agrees_with_the_whole_history(text, name):
    problem, batch = PROBLEMS[name]
    delays = some_delays(40, 6)
    rule = parse_method(text).linear(np.full(40, 0.02), delays, problem.constants(batch)["L"].value, Staleness(6))
    for record_every in (1, 7):
        fused, black_box, naive = (
            simulate(problem, rule, delays, seeds=[3, 8], batch=batch, window=6, record_every=record_every, engine=e)
            for e in ("fused", "black-box", "naive")
        )
        assert_close(fused, naive)
        assert_close(black_box, naive)


def test_a_rule_of_many_gradients_and_moves_takes_the_same_steps_however_they_are_kept():
    rng, (problem, batch) = np.random.default_rng(8), PROBLEMS["regularised"]
    for kept, repeated in ((1, 1), (2, 1), (3, 0), (1, 5), (6, 7)):
        weights = np.tril(rng.normal(0.02, 0.02, (40, kept)))
        rule = LinearRule(weights, rng.uniform(-0.2, 0.2, repeated))
        oracle = several(problem, batch, 3, rule=rule, engine="naive")
        for engine in ("fused", "black-box"):
            assert_close(several(problem, batch, 3, rule=rule, engine=engine), oracle)


@pytest.mark.parametrize("rule", [None, LinearRule(np.full((40, 1), 0.02), [0.5, -0.2, 0.1, 0.3, 0.1])])
def test_several_reads_and_moves_are_the_same_in_chunks_of_any_length_and_for_any_seeds(rule, monkeypatch):
    whole = several(*PROBLEMS["logistic"], 3, rule=rule)
    alone = several(*PROBLEMS["logistic"], 3, rule=rule, seeds=[0])
    assert np.array_equal(alone.records[:, 0], whole.records[:, 1], equal_nan=True)
    for size in (1, 2, 7):
        monkeypatch.setattr(fused, "_FIRST_CHUNK", 0)
        monkeypatch.setattr(fused, "_next_chunk", lambda steps, seconds, size=size: size)
        assert_identical(whole, several(*PROBLEMS["logistic"], 3, rule=rule))


def test_one_read_in_two_dimensions_and_one_block_are_plain_delays():
    problem, batch = PROBLEMS["logistic"]
    delays = some_delays(40, 4)
    for engine in ("fused", "black-box", "naive"):
        options = {"seeds": [1, 2], "batch": batch, "window": 4, "engine": engine}
        plain = simulate(problem, np.full(40, 0.05), delays, **options)
        assert_identical(plain, simulate(problem, np.full(40, 0.05), delays[:, None], **options))
        assert_identical(plain, simulate(problem, np.full(40, 0.05), delays, inconsistent=True, **options))
        same = np.repeat(delays[:, None], 3, axis=1)
        assert_close(plain, simulate(problem, np.full(40, 0.05), same, inconsistent=True, **options))


def test_the_mean_of_B_gradients_at_one_point_has_a_Bth_of_the_variance():
    problem, seeds = quadratic(3, 1, 1.0, 2.0), 20_000
    seen = simulate(problem, [1.0], np.zeros((1, 4), int), seeds=range(seeds), batch=1, window=1)
    off = np.sum(
        (problem.initial_point - seen.final_points - problem.full_gradient(problem.initial_point)) ** 2, axis=1
    )
    assert abs(off.mean() - 1 / 4) < 5 * off.std() / math.sqrt(seeds)
