"""The scanned engine against the naive oracle, its lanes against one another, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.workers.delays import delay_law
from experiments.workers.engines.scan import drawn_delays
from experiments.workers.engines.scanned import predicted_scan_memory, simulate_scanned
from experiments.workers.optimizers import OPTIMIZERS
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.common.errors import InputError, TooLargeError

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.usefixtures("compiled_in_a_hurry")

# Tiny, and the same shapes wherever a claim allows it: most of the time here is compilation.
EXACT, SINGLE = "dnn:width=5,bits=64", "dnn:width=5"
BASE = WorkerSetting(3, 2, 24, step_size=0.01, batch=4, evaluate_every=12)


def assert_close(found, expected, tolerance):
    np.testing.assert_allclose(
        found.final, expected.final, rtol=tolerance, atol=tolerance * np.abs(expected.final).max()
    )
    for name, values in expected.metrics.items():
        np.testing.assert_allclose(found.metrics[name], values, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(found.diverged_at, expected.diverged_at)
    np.testing.assert_array_equal(found.stopped_at, expected.stopped_at)
    np.testing.assert_array_equal(found.batches, expected.batches)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_agrees_with_the_oracle_for_every_optimiser_delay_and_step_size_at_once(optimizer):
    # In 64 bits nothing but the order of sums differs; 24 iterations enlarge that by less than a thousand.
    work = get_workload(EXACT)
    settings = [
        replace(BASE, optimizer=optimizer),
        replace(BASE, optimizer=optimizer, extra_delay=0, step_size=0.003),
        replace(BASE, optimizer=optimizer, extra_delay=5, delays="geometric:mean=2"),
    ]
    found = simulate_scanned(work, settings, [7, 2**62])
    for runs, setting in zip(found, settings, strict=True):
        assert_close(runs, simulate_workers(work, setting, [7, 2**62], engine="naive"), 1e-12)


@pytest.mark.parametrize("name", ["vae:width=6,latent=2,bits=64", "mlr:bits=64", SINGLE])
def test_every_workload_agrees_with_the_oracle(name):
    work, setting = get_workload(name), replace(BASE, optimizer="adam", lags=2, sample=50)
    found = simulate_workers(work, setting, [1], engine="scanned")
    expected = simulate_workers(work, setting, [1], engine="naive")
    tolerance = 1e-12 if work.precision == np.float64 else 1e-4
    assert_close(found, expected, tolerance)
    for name, values in expected.coherence.items():
        np.testing.assert_allclose(found.coherence[name], values, rtol=tolerance, atol=tolerance)


def test_delays_that_are_given_and_a_batch_of_all_rows_agree_with_the_oracle():
    work, setting = get_workload("mlr:bits=64"), WorkerSetting(2, 3, 6, "momentum", 0.05, batch=0, evaluate_every=3)
    delays = np.random.default_rng(0).integers(0, 4, (6, 2, 2))
    found, expected = (simulate_workers(work, setting, [0], engine=e, delays=delays) for e in ("scanned", "naive"))
    assert_close(found, expected, 1e-12)


def test_the_delays_are_those_of_the_other_engines():
    for law in (delay_law("uniform", 4), delay_law("geometric:mean=2", 9), delay_law("constant", 3)):
        drawn = drawn_delays(law, 5, range(3, 9), 3)
        for t, sender, receiver in np.ndindex(drawn.shape):
            assert drawn[t, sender, receiver] == law.draw(5, 3 + t, sender, receiver)


def test_a_lane_alone_is_the_lane_in_company_to_rounding():
    work, adam = get_workload(SINGLE), replace(BASE, optimizer="adam")
    settings = [replace(adam, step_size=0.03), adam, replace(adam, extra_delay=6)]
    together = simulate_scanned(work, settings, [3, 4])
    alone = simulate_scanned(work, [adam], [4])[0]
    np.testing.assert_allclose(alone.final[0], together[1].final[1], atol=1e-5)
    np.testing.assert_allclose(alone.metrics["loss"][0], together[1].metrics["loss"][1], rtol=1e-5)


def test_a_lane_that_diverges_is_recorded_and_the_others_go_on():
    # Of the wild lanes one passes 1e150 within a block and the other, whose units have fallen silent, does not.
    work = get_workload(EXACT)
    wild, tame = replace(BASE, step_size=1e60, extra_delay=1), (BASE, replace(BASE, extra_delay=5))
    found = simulate_scanned(work, [wild, *tame], [0, 1])
    expected = simulate_workers(work, wild, [0, 1], engine="naive")
    assert sorted(found[0].diverged_at > 0) == [False, True]
    np.testing.assert_array_equal(found[0].diverged_at, expected.diverged_at)
    np.testing.assert_array_equal(np.isnan(found[0].metrics["loss"]), np.isnan(expected.metrics["loss"]))
    for runs, setting in zip(found[1:], tame, strict=True):
        assert_close(runs, simulate_workers(work, setting, [0, 1], engine="naive"), 1e-12)


def test_a_lane_ends_when_its_target_is_met_and_the_rest_go_on_without_it():
    # Six lanes, of which the two slow ones do not arrive: when the others have ended, the device carries those alone.
    work, target, told = get_workload(EXACT), Threshold("loss", 2.1, "below"), []
    adam = replace(BASE, optimizer="adam", iterations=72)
    settings = [adam, replace(adam, step_size=0.02, extra_delay=5), replace(adam, step_size=1e-5)]
    found = simulate_scanned(work, settings, [0, 1], stop=target, progress=lambda *done: told.append(done))
    for runs, setting in zip(found, settings, strict=True):
        assert_close(runs, simulate_workers(work, setting, [0, 1], stop=target, engine="naive"), 1e-9)
    assert [list(runs.stopped_at > 0) for runs in found] == [[True, True], [True, True], [False, False]]
    assert told == sorted(told) and told[-1] == (432, 432)


def test_the_loop_takes_the_lanes_one_after_another():
    work, settings, told = get_workload(SINGLE), [BASE, replace(BASE, step_size=0.03)], []
    found = simulate_scanned(work, settings, [0], arrangement="loop", progress=lambda *done: told.append(done))
    for runs, setting in zip(found, settings, strict=True):
        expected = simulate_workers(work, setting, [0], engine="black-box")
        np.testing.assert_array_equal(runs.final, expected.final)
    assert told[-1] == (48, 48)


def test_the_ring_is_what_the_prediction_counts():
    work = get_workload("dnn:width=64")
    short, long = (replace(BASE, iterations=1000, extra_delay=s) for s in (9, 19))
    grown = predicted_scan_memory(work, [long], 2) - predicted_scan_memory(work, [short], 2)
    assert grown == 2 * 10 * 3 * (4 * work.parameters + 4 * 3)
    # All lanes have the largest ring.
    assert predicted_scan_memory(work, [short, long], 2) == predicted_scan_memory(work, [long], 4)


def test_too_large_a_run_is_refused_beforehand():
    with pytest.raises(TooLargeError, match=r"would need .* GB of memory"):
        simulate_scanned(get_workload(SINGLE), [BASE], [0], memory_limit=1000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "at least one setting"),
        ([BASE, replace(BASE, workers=2)], "step_size, extra_delay and delays alone"),
    ],
)
def test_settings_that_cannot_run_together_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        simulate_scanned(get_workload(SINGLE), settings, [0])


def test_what_is_not_written_in_jax_is_refused():
    with pytest.raises(InputError, match="is not written in JAX"):
        simulate_workers(get_workload("matrix-factorization"), WorkerSetting(1, 0, 5), [0], engine="scanned")
    with pytest.raises(InputError, match="arrangement must be auto"):
        simulate_scanned(get_workload(SINGLE), [BASE], [0], arrangement="row")
