"""Several centres: the compiled loop is the plain one, and what is withheld, awaited and sent is what was decided."""

import numpy as np
import pytest
from numba import njit

from experiments.systems.multi_centre.centres import run_centres
from experiments.systems.multi_centre.naive import naive_centres
from experiments.systems.multi_centre.passes import take_significant
from experiments.systems.multi_centre.setting import Centres, full_exchange, gaia, thresholds, unsynchronised
from experiments.systems.multi_centre.wide_area import WideArea, index_bytes, local_area, wide_area
from experiments.systems.shared.split import split
from theory.common.errors import InputError

TASKS = [
    ("problem:quadratic:d=5,start=1", 1.0, 1),
    ("problem:nonconvex:d=5", 1.0, 1),
    ("problem:logistic-cancer", 100, 4),
    ("dnn:width=8,bits=64", 100, 4),
    ("matrix-factorization:rank=2,bits=64", 0, 5),
]
SETTINGS = {
    "full": full_exchange(3, 2),
    "gaia": gaia(3, 2, clock=2),
    "barrier": Centres(3, 2, barrier=True),
    "clock": Centres(3, 2, clock=1),
    "neither": unsynchronised(3, 2),
    "stale": gaia(3, 2, clock=1, staleness=2),
    "when sent": Centres(3, 2, clock=2, at_once=False),
    "soft": Centres(3, 2, staleness=1, soft=0.25),
}
#: Slow enough that updates queue, with draws of durations by which workers and centres get apart.
SLOW = wide_area(3, "exponential:mean=0.1", 6e4, latency=0.3, lan_latency=0.001)
STEPS = 12


def steps_of(name, steps=STEPS):
    return np.full(steps, 0.01 if name.startswith("matrix") else 0.3) / np.sqrt(np.arange(1, steps + 1))


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize(("name", "skew", "batch"), TASKS)
def test_compiled_centres_are_those_of_the_plain_loop(name, skew, batch, setting):
    task, sizes = split(name, 6, skew), steps_of(name)
    limits = thresholds(0.0 if setting is SETTINGS["full"] else 0.05, sizes)
    options = {"seed": 3, "batch": batch, "every": 5, "momentum": 0.5}
    run = run_centres(task, setting, SLOW, sizes, limits, **options)
    plain = naive_centres(task, setting, SLOW, sizes, limits, **options)
    assert run.times.tolist() == [0, 5, 10, 12]
    for c, records in enumerate(plain):
        points, seconds, sent_bytes, sent = zip(*records, strict=True)
        np.testing.assert_allclose(run.points[:, c], points, rtol=0, atol=1e-10)
        np.testing.assert_allclose(run.seconds[:, c], seconds, rtol=1e-12)
        assert run.bytes[:, c].tolist() == list(sent_bytes) and run.sent[:, c].tolist() == list(sent)


@pytest.mark.parametrize("setting", [full_exchange(1, 1), gaia(1, 1), Centres(1, 1, staleness=3)])
def test_one_centre_with_one_worker_is_sequential_training(setting):
    task, sizes = split("problem:nonconvex:d=4", 1), steps_of("", 10)
    run = run_centres(task, setting, wide_area(1, "constant", 1e9), sizes, thresholds(0.1, sizes), seed=7)
    x = task.start(0)
    for t in range(10):
        x = x - sizes[t] * task.gradient(x, 7, t, 0, 1)
    np.testing.assert_allclose(run.points[-1, 0], x, atol=1e-14)
    assert not run.bytes.any()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_full_exchange_is_one_model_that_moves_by_the_mean_gradient_whatever_the_network(momentum):
    task, sizes = split("problem:nonconvex:d=5", 6, 1.0), steps_of("", 15)
    run = run_centres(task, full_exchange(3, 2), SLOW, sizes, 0 * sizes, seed=1, batch=8, momentum=momentum)
    x, memory = task.start(1), 0.0
    for t in range(15):
        memory = momentum * memory + sizes[t] * np.mean([task.gradient(x, 1, t, i, 8) for i in range(6)], axis=0)
        x = x - memory
    np.testing.assert_allclose(run.points[-1], np.tile(x, (3, 1)), atol=1e-13)
    d = task.whole.parameters
    assert run.bytes[-1].tolist() == [15 * 2 * (8 + 8 * d)] * 3  # dense: no index needs to be sent
    assert (run.own_lag, run.other_lag, run.lead, run.withheld_share) == (0, 0, 0, 0.0)


def test_two_centres_that_wait_for_one_another_differ_by_what_is_withheld_alone():
    task, sizes, v = split("problem:quadratic:d=8,start=1", 2, 0.5), steps_of("", 60), 0.3
    run = run_centres(task, gaia(2, 1, clock=0), SLOW_TWO, sizes, thresholds(v, sizes), seed=1)
    apart = np.abs(run.points[-1, 0] - run.points[-1, 1])
    # Each centre withheld at most v_T |w_j| of its own w, which then moved by what the other sent.
    assert 0 < apart.max() <= 2 * 1.2 * v / np.sqrt(60) * np.abs(run.points[-1]).max()
    assert 0 < run.withheld_share < 1


SLOW_TWO = wide_area(2, "exponential:mean=0.1", 6e4, latency=0.3)


@pytest.mark.parametrize("clock", [0, 1, 3])
@pytest.mark.parametrize("staleness", [0, 2])
def test_the_mirror_clock_bounds_what_a_reader_has_not_seen(clock, staleness):
    task, sizes = split("problem:quadratic:d=5,start=1", 6, 1.0), steps_of("", 80)
    run = run_centres(task, Centres(3, 2, staleness, clock), SLOW, sizes, 0 * sizes)
    assert run.own_lag <= staleness and run.other_lag <= staleness + clock
    free = run_centres(task, unsynchronised(3, 2), wide_area(3, "constant:seconds=0.01", 6e3), sizes, 0 * sizes)
    assert free.other_lag > 40


def test_the_barrier_makes_readers_wait_for_what_queues_and_for_nothing_else():
    # One value in four clocks: without a barrier the queue grows, with one readers wait for it.
    sizes = steps_of("", 40)
    task, narrow = split("problem:quadratic:d=5,start=1", 2, 1.0), WideArea("constant:seconds=1", *LINKS)
    free, waits = (run_centres(task, Centres(2, 1, barrier=b), narrow, sizes, 0 * sizes) for b in (False, True))
    assert free.seconds[-1].max() < 45 and free.other_lag >= 30
    assert waits.seconds[-1].max() > 120 and waits.other_lag <= 3
    wide = WideArea("constant:seconds=1", np.full((2, 2), 1e9), np.zeros((2, 2)))
    with_one, without = (run_centres(task, Centres(2, 1, barrier=b), wide, sizes, 0 * sizes) for b in (True, False))
    np.testing.assert_array_equal(with_one.points, without.points)


LINKS = ([[1e9, 12.0], [12.0, 1e9]], [[0.0, 0.0], [0.0, 0.0]])  # 48 bytes of a dense update in 4 seconds


def test_readers_of_other_rows_do_not_wait():
    task, sizes = split("matrix-factorization:rank=2,bits=64", 2), np.full(40, 0.01)
    narrow = WideArea("constant:seconds=0.1", [[1e9, 500.0], [500.0, 1e9]], [[0.0, 0.0], [0.0, 0.0]])
    barrier, free = (
        run_centres(task, Centres(2, 1, clock=30, barrier=each), narrow, sizes, 0 * sizes, batch=2)
        for each in (True, False)
    )
    assert barrier.other_lag > 3  # a gradient of all coordinates would have waited: see above
    assert free.seconds[-1].max() <= barrier.seconds[-1].max() < 1.5 * free.seconds[-1].max()


def test_a_lower_threshold_while_links_are_idle_sends_more():
    task, sizes = split("problem:quadratic:d=20,start=1", 2, 1.0), steps_of("", 100)
    fast = WideArea("constant:seconds=1", np.full((2, 2), 1e9), np.zeros((2, 2)))
    hard, soft = (
        run_centres(task, Centres(2, 1, clock=1, soft=factor), fast, sizes, thresholds(0.5, sizes))
        for factor in (1.0, 0.1)
    )
    assert soft.bytes[-1].sum() > hard.bytes[-1].sum()


def test_the_filter_leaves_nothing_significant_and_loses_nothing():
    rng = np.random.default_rng(5)
    point, before = rng.normal(size=300), rng.normal(size=300) * 0.02
    point[:7] = 0
    held, index, value = before.copy(), np.empty(300, np.int64), np.empty(300)
    compiled = njit(lambda h, p, r, a, i, v, n: take_significant(h, p, r, a, i, v, n))
    last = compiled(held, point, 0.01, True, index, value, 0)
    assert (np.abs(held) <= 0.01 * np.abs(point)).all() and set(range(7)) <= set(index[:last].tolist())
    held[index[:last]] += value[:last]
    np.testing.assert_array_equal(held, before)


def test_records_do_not_depend_on_what_lies_between_them_and_reads_are_points_of_the_run():
    task, sizes = split("problem:nonconvex:d=4", 6, 1.0), steps_of("", 30)
    each, some = (run_centres(task, gaia(3, 2), SLOW, sizes, 0.1 * sizes, every=k, keep_reads=True) for k in (1, 7))
    np.testing.assert_array_equal(some.points, each.points[some.times])
    np.testing.assert_array_equal(some.reads, each.reads)
    np.testing.assert_array_equal(each.reads[:, ::2], each.points[:-1])
    assert each.radius >= np.linalg.norm(each.reads, axis=2).max() - 1e-12
    assert each.order[:3].tolist() == [0, 1, 2] and np.bincount(each.order).tolist() == [30] * 3
    assert (each.known[:, 0, 0] == np.arange(30)).all() and (each.known[1:] >= each.known[:-1]).all()


def test_a_run_that_diverges_says_so():
    task, sizes = split("problem:quadratic:d=3,start=1", 6, 1.0), np.full(100, 40.0)
    run = run_centres(task, gaia(3, 2), SLOW, sizes, 0 * sizes)
    assert run.diverged and np.isnan(run.points[-1]).all() and np.isfinite(run.points[0]).all()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Centres(3, 0), "workers of a centre must be a whole number of at least 1. Got 0"),
        (lambda: Centres(0, 2), "number of centres"),
        (lambda: Centres(2, 2, clock=-1), "mirror clocks"),
        (lambda: Centres(2, 2, staleness=-1), "staleness inside"),
        (lambda: Centres(2, 2, soft=2.0), "soft threshold"),
        (lambda: thresholds(-0.01, np.ones(3)), "threshold must be a finite number of at least 0. Got -0.01"),
        (lambda: thresholds(0.01, np.ones(3), "rot"), "Did you mean"),
        (lambda: WideArea("constant", [[1.0, -2.0], [1.0, 1.0]], np.zeros((2, 2))), "Got -2 from centre 0 to centre 1"),
        (lambda: WideArea("constant", np.ones((2, 2)), [[0.0, np.nan], [0.0, 0.0]]), "latency"),
        (lambda: WideArea("constant", np.ones((2, 3)), np.zeros((2, 2))), "D x D"),
        (lambda: WideArea("constant", np.ones((2, 2)), np.zeros((3, 3))), "2 centres and the latency that of 3"),
        (lambda: wide_area(3, "constant", -1.0), "bandwidth"),
        (lambda: wide_area(3, "constant", 1.0, average=60, slowest=15), "slowest link"),
        (lambda: run(step_sizes=[0.1, -0.1]), "Every step size"),
        (lambda: run(limits=[0.1, -0.1]), "Every threshold"),
        (lambda: run(limits=[0.1]), "2 clocks"),
        (lambda: run(step_sizes=[], limits=[]), "Got shape"),
        (lambda: run(setting=Centres(2, 3)), "spread over 6 workers|Spread it over 6"),
        (lambda: run(setting=Centres(4, 1)), "network is that of 2"),
        (lambda: run(momentum=1.0), "momentum"),
        (lambda: split("matrix-factorization", 200_000), "only 100004 rows"),
    ],
)
def test_bad_input_is_refused_by_name(made, said):
    with pytest.raises(InputError, match=said):
        made()


SETTING = Centres(2, 2)


def run(setting=SETTING, step_sizes=(0.1, 0.1), limits=(0.0, 0.0), **options):
    task = split("problem:quadratic:d=3", 4)
    return run_centres(task, setting, wide_area(2, "constant", 1e9), step_sizes, limits, **options)


def test_links_are_on_average_a_fifteenth_of_the_local_network_and_the_slowest_a_sixtieth():
    network = wide_area(5, "constant", 6e9)
    between = network.bandwidth[~np.eye(5, dtype=bool)]
    assert between.mean() == pytest.approx(4e8) and between.min() == pytest.approx(1e8)
    np.testing.assert_array_equal(network.bandwidth, network.bandwidth.T)
    assert (local_area(5, "constant", 6e9).bandwidth == 6e9).all()


@pytest.mark.parametrize("dimension", [1, 8, 100])
def test_the_index_of_what_is_sent_is_never_dearer_than_a_bit_for_each(dimension):
    sizes = [index_bytes(sent, dimension) for sent in range(dimension + 1)]
    assert max(sizes) <= (dimension + 7) // 8 and sizes[0] == sizes[-1] == 0
