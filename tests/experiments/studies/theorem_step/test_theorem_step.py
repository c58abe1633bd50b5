"""Theorem 1's steps on networks: the iteration, what is known of F, and words that claim no more than was measured."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.simulate.measure import coherence
from experiments.studies.theorem_step.comparison import arrived, comparisons, counted, message, smallest_coherence
from experiments.studies.theorem_step.constants import constants_of, pilot_of
from experiments.studies.theorem_step.iteration import OneSequence
from experiments.studies.theorem_step.objective import (
    Point,
    as_network,
    largest_secant,
    point_of,
    proved_constants,
    top_curvature,
)
from experiments.studies.theorem_step.store import THEOREM_STEPS, StepResult
from experiments.studies.theorem_step.study import (
    STALENESSES,
    THEOREM,
    TheoremStepCell,
    theorem_step_cells,
    tuned_schedule,
)
from experiments.studies.theorem_step.words import word
from experiments.sweep.executor import run_cells
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads import get_workload
from theory.bounds import Setting, get
from theory.common.errors import InputError
from theory.staleness.count import Staleness

NETWORKS = ("mlr:bits=64", "dnn:depth=2,width=4,bits=64")
CELL = TheoremStepCell("mlr:bits=64", 3, THEOREM, 0.5, batches=32, seeds=5, evaluate_every=10, level=0.3, sample=90)
TUNED = replace(CELL, schedule=tuned_schedule(0.05), factor=1.0)
EIGHTFOLD = replace(CELL, factor=8.0)
EXPLODING = replace(CELL, workload="dnn:depth=1,width=4,bits=64", schedule="constant:c=1e90", factor=1.0)
CELLS = (
    CELL,
    replace(CELL, factor=1.0),
    TUNED,
    EIGHTFOLD,
    replace(CELL, schedule="corollary-1", factor=1.0),
    EXPLODING,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("steps")
    outcomes = run_cells(THEOREM_STEPS, CELLS, out, command="gradlag reproduce theorem-step --scale quick")
    assert [outcome.error for outcome in outcomes] == [None] * len(CELLS)
    return out


@pytest.fixture(scope="module")
def values(folder):
    return {result.cell: result.values for result in THEOREM_STEPS.load_all(folder)}


def naive(workload, steps, delays, seed, batch):
    """The iteration as it is written on paper, with the numpy gradient and every point kept."""
    points = [workload.initial(seed)]
    for k, (step, delay) in enumerate(zip(steps, delays, strict=True)):
        points.append(points[k] - step * workload.gradient(points[k - delay], seed, k, 0, batch))
    return points


@pytest.mark.parametrize("name", [*NETWORKS, "problem:quadratic:d=4"])
@pytest.mark.parametrize("window", [1, 2, 4])
def test_the_compiled_sequence_is_the_naive_one(name, window):
    workload, rng = get_workload(name), np.random.default_rng(window)
    steps = rng.uniform(0, 0.1, 12)
    delays = np.minimum(rng.integers(0, window, 12), np.arange(12))
    run = OneSequence(workload, steps, delays, window=window, seed=7, batch=8)
    points = naive(workload, steps, delays, 7, 8)
    for last in (0, 1, 5, 12):
        assert run.advance(last) == -1
        for k in range(max(0, last - window + 1), last + 1):
            np.testing.assert_allclose(run.point(k), points[k], rtol=1e-11, atol=1e-13)  # sums in another order


def test_without_delay_it_is_sequential_training_bit_for_bit():
    network = as_network(NETWORKS[1])
    run = OneSequence(network, np.full(20, 0.05), np.zeros(20, int), window=1, seed=3, batch=32)
    run.advance(20)
    alone = simulate_workers(network, WorkerSetting(1, 0, 20, step_size=0.05), [3], threads=1)
    assert run.point(20).tobytes() == alone.final[0].tobytes()


def test_a_sequence_stops_where_it_diverges_and_stays_there():
    parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
    run = OneSequence(parabola, np.full(9, 1e60), np.zeros(9, int), window=1, seed=0, batch=0)
    assert run.advance(2) == -1 and run.advance(9) == 3 and run.advance(9) == 3


@pytest.mark.parametrize(("delays", "window"), [([1, 0], 2), ([0, 1], 1), ([0, -1], 2), ([0], 2)])
def test_delays_that_do_not_fit_are_refused(delays, window):
    with pytest.raises(InputError, match="delay of 0 to min"):
        OneSequence(as_network("mlr:bits=64"), np.ones(2), np.array(delays), window=window, seed=0, batch=1)


@pytest.mark.parametrize("name", ["mlr", "vae", "problem:quadratic"])
def test_only_networks_in_64_bits_have_a_training_loss(name):
    with pytest.raises(InputError, match="mlr or dnn with bits=64"):
        as_network(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_is_that_of_the_workload_and_of_the_loss(name):
    network = as_network(name)
    # Beside the start, at which biases of 0 may put a unit on its kink.
    shift, direction = np.random.default_rng(0).normal(size=(2, network.parameters))
    x = network.initial(0) + 0.1 * shift
    at = point_of(network, x)
    np.testing.assert_allclose(at.gradient, network.gradient(x, 0, 0, 0, 0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(point_of(network, x, 50).gradient, network.sample_gradient(x, 50), atol=1e-14)
    slope = (point_of(network, x + 1e-6 * direction).loss - point_of(network, x - 1e-6 * direction).loss) / 2e-6
    assert slope == pytest.approx(at.gradient @ direction, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_variance_is_that_of_the_rows_own_gradients(name):
    network, n = as_network(name), 40
    x = network.initial(1)
    own = np.array([network._mean_gradient(x, slice(i, i + 1)) for i in range(n)])
    expected = ((own - own.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert point_of(network, x, n).variance == pytest.approx(expected, rel=1e-12)


def test_the_curvature_of_a_quadratic_is_its_largest():
    curvatures = np.array([1.0, -7.0, 3.0, 5.0])
    assert top_curvature(lambda x: curvatures * x, np.zeros(4), 60) == pytest.approx(7.0, rel=1e-9)
    assert top_curvature(lambda x: np.zeros(4), np.zeros(4)) == 0.0
    assert largest_secant([Point(np.zeros(2), 0.0, np.zeros(2), 0.0)] * 2) == 0.0


def test_the_proved_constants_are_above_all_that_is_met_and_agree_with_the_problem_of_the_same_kind():
    network = as_network("mlr:bits=64")
    proved, pilot = proved_constants(network, 32), pilot_of("mlr:bits=64", 0.05, 64, 32)
    assert pilot.start <= pilot.secant <= proved["L"].value
    assert pilot.variance <= proved["sigma"].value ** 2
    # softmax on the same pixels with another split has nearly the same spectrum
    assert proved["L"].value == pytest.approx(get_problem("softmax").constants(32)["L"].value, rel=1.0)
    assert proved_constants(as_network(NETWORKS[1]), 32) == {}


def test_estimates_are_called_estimates_and_the_gap_is_bounded_by_the_largest_start():
    network = as_network(NETWORKS[1])
    found = constants_of(network, pilot_of(NETWORKS[1], 0.05, 32, 32), 32, 3)
    assert [str(found[name].known) for name in ("L", "Delta", "sigma")] == ["estimate", "upper bound", "estimate"]
    assert found["Delta"].value == max(point_of(network, network.initial(seed)).loss for seed in range(3))


def test_the_steps_are_those_of_the_theorem(values):
    told = values[CELL]
    L = told["constants"]["L"][0]
    expected = 0.5 / (3 * L * np.sqrt(np.arange(1, 33)))
    np.testing.assert_allclose(told["steps"], [expected[0], expected.mean(), expected[-1]], rtol=1e-6)


def test_what_is_measured_is_that_of_the_naive_run(values):
    network, told = as_network(CELL.workload), values[CELL]
    steps = 0.5 / (3 * told["constants"]["L"][0] * np.sqrt(np.arange(1, 33)))
    points = naive(network, steps, np.minimum(np.arange(32), 2), 1, 32)
    k = told["records"][-2]
    at = point_of(network, points[k])
    assert told["norms"][1][-2] == pytest.approx(at.square, rel=1e-6)
    assert told["losses"][1][-2] == pytest.approx(at.loss, rel=1e-6)
    assert told["accuracy"][1][2] == pytest.approx(network.evaluate(points[20])["accuracy"])
    window = [point_of(network, points[t], 90).gradient for t in (k, k - 1, k - 2)]
    assert told["mu"][1][-2] == pytest.approx(coherence(window[0], window[1:]), rel=1e-6)


def test_the_bounds_are_those_of_the_library(values):
    told = values[CELL]
    numbers = {name: each[0] for name, each in told["constants"].items()} | {"mu": 0.5}
    steps = 0.5 / (3 * numbers["L"] * np.sqrt(np.arange(1, 33)))
    setting = Setting(steps, np.minimum(np.arange(32), 2), Staleness(3), numbers)
    for name in ("dai2019", "dai2019-tight", "theorem-a"):
        assert told["bounds"][name] == pytest.approx(get(name).evaluate(setting), rel=1e-6)
    assert told["bounds"]["corollary-1"] is None and "corollary-1" in told["failures"]
    assert told["words"]["theorem-a"] == "holds" and told["words"]["dai2019"] == "as if"


def test_the_least_mean_lies_in_its_interval(values):
    least, norms = values[CELL]["least"], np.array(values[CELL]["norms"])
    assert least["mean"] == pytest.approx(norms.mean(axis=0).min(), rel=1e-6)
    assert least["low"] <= least["mean"] <= least["high"] and least["k"] in values[CELL]["records"]


def test_a_divergence_is_recorded_and_meets_no_bound(values):
    told = values[EXPLODING]
    assert all(at is not None and at > 0 for at in told["diverged_at"]) and told["batches"] == [None] * 5
    assert all(row[0] is not None and row[-1] is None for row in told["norms"])
    assert told["bounds"]["theorem-a"] is None


def test_a_multiple_is_only_run_up_to_its_target(values):
    told = values[EIGHTFOLD]
    assert "norms" not in told and "bounds" not in told
    for batches, row in zip(told["batches"], told["accuracy"], strict=True):
        met = [a is not None and a >= EIGHTFOLD.level for a in row]
        assert (batches is None) == (not any(met))
        assert batches is None or sum(a is not None for a in row) == told["evaluations"].index(batches) + 1


SAID = {"proved": True, "exceeded": False, "coherence": None}


@pytest.mark.parametrize(
    ("value", "changes", "expected"),
    [
        (None, {}, "no bound"),
        (1.0, {}, "holds"),
        (1.0, {"proved": False}, "as if"),
        (1.0, {"coherence": (0.6, 0.5)}, "as if"),
        (1.0, {"coherence": (0.4, 0.5)}, "assumption broken"),
        (1.0, {"coherence": (float("nan"), 0.5)}, "assumption broken"),
        (1.0, {"exceeded": True}, "estimates exceeded"),
        (0.15, {}, "undecided"),
        (0.05, {}, "contradicted"),
    ],
)
def test_the_words_say_no_more_than_was_measured(value, changes, expected):
    assert word(value, {"low": 0.1, "high": 0.2}, **(SAID | changes)) == expected


def test_finished_cells_are_taken_and_any_order_gives_the_same(folder, values, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    assert all(outcome.seconds == 0 for outcome in run_cells(THEOREM_STEPS, CELLS[::-1], folder))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before
    run_cells(THEOREM_STEPS, CELLS[::-1], tmp_path)
    assert {result.cell: result.values for result in THEOREM_STEPS.load_all(tmp_path)} == values


def test_a_damaged_file_is_computed_again(tmp_path):
    run_cells(THEOREM_STEPS, [CELL], tmp_path)
    path = THEOREM_STEPS.path(CELL, tmp_path)
    whole = THEOREM_STEPS.load_all(tmp_path)[0].values
    path.write_text(path.read_text()[:100])
    said = []
    run_cells(THEOREM_STEPS, [CELL], tmp_path, announce=said.append)
    assert "computed again" in said[0] and THEOREM_STEPS.load_all(tmp_path)[0].values == whole


@pytest.mark.parametrize("change", [{"staleness": 0}, {"seeds": 0}, {"factor": 0.0}, {"factor": float("nan")}])
def test_a_cell_that_makes_no_sense_is_refused(change):
    with pytest.raises(InputError):
        replace(CELL, **change)


@pytest.mark.parametrize("scale", ["quick", "lesson"])
def test_every_network_meets_every_schedule_at_every_staleness(scale):
    cells = theorem_step_cells(scale)
    assert len({THEOREM_STEPS.key(cell) for cell in cells}) == len(cells) and {cell.staleness for cell in cells} == set(
        STALENESSES
    )
    groups = {(cell.workload, cell.staleness) for cell in cells}
    assert len(groups) == 16 and len(cells) % 16 == 0 and all(cell.seeds >= 5 for cell in cells)
    assert all(as_network(cell.workload).parameters for cell in cells[:: len(cells) // 4])


def invented(cell, batches):
    return StepResult(cell, {"batches": batches, "steps": [1.0, cell.factor, 1.0]}, {}, 0.0, "")


def test_the_best_multiple_counts_what_never_arrives_at_the_horizon():
    pairs = ((0.5, [None, None]), (1.0, [30, None]), (8.0, [10, 20]), (16.0, [0, 31]))
    found = comparisons([invented(replace(CELL, factor=factor), told) for factor, told in pairs])[0]
    assert found.best.cell.factor == 8.0 and counted(found.theorem(0.5)).tolist() == [32, 32]
    assert counted(found.multiples[-1]).tolist() == [10, 31] and arrived(found.theorem(1.0)) == 1
    assert found.tuned is None and np.isnan(found.ratio)
    assert comparisons([invented(CELL, [None, None])])[0].best is None


def test_the_message_has_the_numbers_of_the_cells(folder):
    found = comparisons([result for result in THEOREM_STEPS.load_all(folder) if result.cell.workload == CELL.workload])
    told = " ".join(message(found))
    ratio = 0.05 / found[0].theorem(1.0).values["steps"][1]
    assert f"{ratio:.2g} to {ratio:.2g} at s = 3" in told
    assert 0 < smallest_coherence(found[0].theorem(0.5)) <= 1
    assert "0 of 10 runs reach the target" in told
    assert message(()) == ()
