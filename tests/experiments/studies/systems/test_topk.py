"""TopK-SGD's claims, decided on invented results of which the truth is known, and its cells, on small ones."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.studies.systems.topk.cells import (
    COUNTED,
    COUNTED_AT,
    DECIDING,
    DENSITIES,
    METHODS,
    TrainedCell,
    VectorsCell,
    recipe,
    topk_cells,
)
from experiments.studies.systems.topk.effects import MEMORY, bounded, proved, trained
from experiments.studies.systems.topk.system import CLAIMS, TOPK
from experiments.sweep.executor import run_cells
from experiments.systems.topk.families import FAMILIES
from theory.bounds.ef_topk import EF_TOPK

NAMES = {claim.name.removeprefix("topk-"): claim for claim in CLAIMS}
CONSTANTS = {"L": 2.0, "Delta": 20.0, "sigma": 1.0}


def invented(scale="lesson", final=lambda cell: 1.0, power=4.0, powers=4.0, measured=0.01, share=lambda *_: 1.0):
    """Results of a whole scale; numbers by the cell, times a little that differs from seed to seed."""
    results = []
    for cell in topk_cells(scale):
        if isinstance(cell, VectorsCell):
            near = 1 + 0.001 * np.arange(cell.draws)[:, None]
            counts = {name: (near * [share(cell.family, name, at) for at in COUNTED_AT]).tolist() for name in COUNTED}
            values = {"powers": [[4.0] * len(DENSITIES)] * cell.draws, "counts": counts}
        else:
            near = 2 ** (0.01 * np.arange(cell.seeds))
            values = {
                "step_size": 0.125,
                "unit": 0.5,
                "at_edge": False,
                "times": [0, 5, 10],
                "final": (final(cell) * near).tolist(),
                "share": [[0.5, 2.0]] * cell.seeds,
                "sent": near.tolist(),
                "power": (power * near).tolist(),
                "powers": (powers * near[:, None] * np.ones(len(DENSITIES))).tolist(),
                "gradient": (measured * near).tolist(),
                "distance": (measured * near).tolist(),
                "delta": 0.5,
                "G2": 4.0,
                "diverged": 0,
                "constants": CONSTANTS if cell.workload.startswith("problem") else {},
            }
        results.append(SystemResult(cell, values, {}, 0.0, ""))
    return results


def verdict(name, **inventions):
    return judge(NAMES[name], invented(**inventions)).verdict


def by_method(**factors):
    return lambda cell: factors.get(cell.compressor.replace("-", "_"), 1.0)


@pytest.mark.parametrize("name", ["square-logistic", "square-network"])
def test_the_square_is_a_power_of_two_for_every_vector(name):
    assert verdict(name, power=2.5) == "reproduced"
    assert verdict(name, power=1.5) == "not reproduced"


def test_the_cube_is_a_power_of_three_at_every_density():
    assert verdict("bell-shaped", powers=3.5) == "reproduced"
    assert verdict("bell-shaped", powers=2.5) == "not reproduced"


def test_final_losses_are_compared_by_factors():
    assert verdict("top-random", final=by_method(random_k=2.0)) == "reproduced"
    assert verdict("top-random", final=by_method(random_k=0.9)) == "not reproduced"
    assert verdict("gaussian-close", final=by_method(gaussian_k=1.05)) == "reproduced"
    assert "on average logistic: 1.04 k, from 0.5 to 2" in judge(NAMES["gaussian-close"], invented()).evidence
    for factor in (0.8, 1.2):
        assert verdict("gaussian-close", final=by_method(gaussian_k=factor)) == "not reproduced"


def test_counts_are_compared_with_two_and_four_thirds():
    def share(family, name, at):
        return 6.5 if (family, name, at) == ("laplace", "gaussian-k", 0.01) else 1.2

    assert verdict("gaussian-range", share=share) == "reproduced"
    assert verdict("gaussian-range") == "not reproduced"
    assert verdict("bracketed-range", share=share) == "reproduced"
    assert verdict("bracketed-range", share=lambda family, *_: 0.6 if family == "signs" else 1.0) == "not reproduced"
    assert verdict("bracketed-range", share=lambda family, *_: 1.4 if family == "cauchy" else 1.0) == "not reproduced"


def test_measurements_are_held_against_the_bound_of_their_own_steps_and_constants():
    run = bounded(invented())[0]
    eta, steps, delta = 1 / 16, run.cell.iterations, 0.5
    # (2 Delta + L sigma^2/P eta^2 T + L^2 A G^2 eta^3 T) / (eta (1 - L eta) T), A = 2 (1 - delta)(2 - delta)/delta^2.
    spread = 2 * (1 - delta) * (2 - delta) / delta**2 * 4 * eta**2
    expected = (40 / steps + 2 / 4 * eta**2 + 4 * spread * eta) / (eta * (1 - 2 * eta))
    assert proved(EF_TOPK, run) == pytest.approx(expected, rel=1e-12)
    assert proved(MEMORY, run) == pytest.approx(spread, rel=1e-12)
    assert proved(EF_TOPK, run, power=1) > proved(EF_TOPK, run, power=2)
    for name in ("gradient-bound", "memory-bound"):
        assert verdict(name) == "reproduced" and verdict(name, measured=1e4) == "not reproduced"


def test_a_run_that_diverges_is_worse_than_any_other():
    results = invented()
    for each in results:
        if isinstance(each.cell, TrainedCell) and each.cell.compressor == "random-k":
            each.values["final"] = [None] * each.cell.seeds
        if isinstance(each.cell, TrainedCell) and each.cell.compressor == "top-k":
            each.values["diverged"] = 1
    for name in ("top-random", "square-logistic", "square-network", "bell-shaped"):
        assert judge(NAMES[name], results).verdict == "inconclusive"


def test_a_quick_figure_leaves_training_open_and_says_so():
    for found in TOPK.judged(invented("quick")):
        if "range" not in found.claim.name:
            assert found.verdict == "inconclusive" and "left open" in found.evidence


def test_every_scale_compares_all_compressors_at_equal_budgets():
    for scale in ("quick", "lesson", "paper"):
        for found in trained(invented(scale)).values():
            assert set(found) == set(METHODS)
            assert len({replace(each.cell, compressor="dense") for each in found.values()}) == 1
    assert {cell.seeds for cell in topk_cells("lesson") if isinstance(cell, TrainedCell)} == {DECIDING}


def test_the_released_recipe_warms_up_and_falls():
    densities, steps = recipe(160, 1, 0.001)
    assert densities[:3].tolist() == [1 / 64, 0.004, 0.001] and (densities[2:] == 0.001).all()
    np.testing.assert_allclose(steps[[0, 1, 4, 80, 81, 122, 155]], [0.2, 0.4, 1, 1, 0.1, 0.01, 0.001])
    assert all((each == 1).all() for each in (recipe(9, 0, 1.0)))


@pytest.mark.parametrize("compressor", METHODS)
def test_small_cells_become_files_that_read_themselves_back(compressor, tmp_path):
    small = TrainedCell(
        compressor, "problem:nonconvex:d=20", 0.1, 3, 60, 1, seeds=2, tuning=1, records=4, step_sizes=(0.5, 0.125)
    )
    outcomes = run_cells(SYSTEM_RESULTS, (small,), tmp_path)
    assert not [each.error for each in outcomes if each.error]
    (stored,) = SYSTEM_RESULTS.load_all(tmp_path)
    assert stored.cell == small and stored.values["step_size"] in small.step_sizes
    values = stored.values
    assert len(values["loss"]) == 2 and len(values["loss"][0]) == len(values["times"]) == 5
    assert np.array(values["along"]).shape == (4, 3)
    kept = {"dense": (10, 10), "top-k": (1, 1), "random-k": (1, 1)}.get(compressor)
    assert kept is None or values["share"] == [list(kept)] * 2
    assert all(low <= mean <= high for (low, high), mean in zip(values["share"], values["sent"], strict=True))
    if compressor == "dense":
        assert values["distance"] == [0, 0] and values["delta"] == 1
    if compressor == "top-k":
        assert min(values["power"]) >= 1 and values["delta"] >= 0.1
        assert np.array(values["powers"]).shape == (2, len(DENSITIES))


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_told_by_their_powers_and_counts(family):
    values = VectorsCell(family, 10_000, 3).compute()
    powers = np.array(values["powers"], dtype=float)
    assert powers.shape == (3, len(DENSITIES)) and (powers >= 1 - 1e-9).all()
    assert (powers.min() > 2.5) == FAMILIES[family].bell
    share = np.array(values["counts"]["gaussian-k-bracketed"])
    assert (share >= 2 / 3).all() and (share <= 4 / 3).all()
