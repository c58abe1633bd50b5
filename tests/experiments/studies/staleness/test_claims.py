"""The study's claims: decided by intervals over seeds on invented results of which the truth is known."""

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.staleness import study as staleness
from experiments.studies.staleness.claims.study_claims import CLAIMS, claims
from experiments.studies.staleness.compute import STAGES
from experiments.studies.staleness.sizes import NETWORKS
from experiments.studies.staleness.store import WorkerResult

NAMES = {claim.name: claim for claim in CLAIMS}


def invented(scale="quick", batches=lambda cell, seed: 100.0, extra=lambda cell: {}):
    """Results of a whole scale: batches by the cell and the seed, None for never."""
    results = []
    for cell in staleness.all_cells(scale):
        values = {
            "batches": [batches(cell, seed) for seed in range(cell.seeds)],
            "step_size": 0.1,
            "curve": [[1.0, 2.0]] * cell.seeds,
            "curve_batches": [0, 1],
        }
        if cell.lags:
            lags = np.arange(1, cell.lags + 1)
            values |= {
                "cosine": np.tile(1 / lags, (cell.seeds, STAGES, 1)).tolist(),
                "cosine_mean": [0.5] * cell.seeds,
                "mu": [0.5] * cell.seeds,
            }
        results.append(WorkerResult(cell, values | extra(cell), {}, 0.0, ""))
    return results


def decided(name, **inventions):
    return judge(NAMES[name], invented(**inventions))


def noisy(law):
    return lambda cell, seed: 100.0 * 2 ** (law(cell) + 0.01 * seed)


DEPTH = staleness.depth_of


def test_slowdown_that_grows_with_delay_and_depth_is_found():
    law = noisy(lambda cell: 0.1 * cell.extra_delay * (1 + DEPTH(cell.workload)))
    assert decided("slowdown-delay", batches=law).verdict == "reproduced"
    found = decided("slowdown-depth", batches=law)
    assert found.verdict == "reproduced"
    assert found.estimate == pytest.approx(0.1 * np.mean(NETWORKS["quick"].delays[1:]))


def test_slowdown_that_falls_is_not_reproduced_and_noise_is_inconclusive():
    falling = noisy(lambda cell: -0.01 * cell.extra_delay * DEPTH(cell.workload))
    assert decided("slowdown-delay", batches=falling).verdict == "not reproduced"
    rng = np.random.default_rng(1)
    assert decided("slowdown-depth", batches=lambda c, s: float(rng.uniform(90, 110))).verdict == "inconclusive"


def test_a_baseline_that_misses_its_target_makes_a_claim_inconclusive():
    law = noisy(lambda cell: 0.1 * cell.extra_delay)
    found = decided("slowdown-delay", batches=lambda c, s: None if (c.extra_delay, s) == (0, 0) else law(c, s))
    assert found.verdict == "inconclusive" and "without extra delay the target is missed" in found.evidence


def test_what_never_arrives_counts_at_the_horizon_and_is_said():
    found = decided("slowdown-delay", batches=lambda c, s: 100.0 if c.extra_delay == 0 else None)
    assert found.verdict == "reproduced" and "never reached the target" in found.evidence
    assert "at least" in found.evidence


def test_optimizers_workers_and_autoencoders_are_compared():
    fragile = noisy(lambda cell: cell.extra_delay * (0.1 if cell.optimizer in staleness.FRAGILE else 0.01))
    assert decided("optimizers", batches=fragile).verdict == "reproduced"
    amplified = noisy(lambda cell: 0.01 * cell.extra_delay * cell.workers)
    for name in ("workers", "workers-same-step", "factorization"):
        assert decided(name, batches=amplified).verdict == "reproduced"
        assert decided(name, batches=noisy(lambda cell: -0.01 * cell.extra_delay * cell.workers)).estimate < 0
    sensitive = noisy(lambda cell: cell.extra_delay * (0.2 if cell.workload.startswith("vae") else 0.1))
    assert decided("autoencoder", batches=sensitive).verdict == "reproduced"


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [({10: 0.0, 15: -1.0, 20: -1.1}, "reproduced"), ({10: -0.5, 15: -0.75, 20: -1.0}, "not reproduced")],
)
def test_a_transition_is_told_from_a_gradual_loss(levels, verdict):
    def curves(cell):
        level = levels.get(cell.extra_delay, 0.0)
        return {"curve": [[level + 0.01 * seed] * 2 for seed in range(cell.seeds)]}

    assert decided("topics", extra=curves).verdict == verdict


def test_cosines_are_judged_by_lag_optimizer_and_time():
    def cosines(cell):
        if not cell.lags:
            return {}
        base = 0.8 if cell.optimizer == "sgd" else 0.4
        stages = base + 0.05 * np.arange(STAGES)[:, None] - 0.01 * np.arange(cell.lags)
        seeds = stages + 0.001 * np.arange(cell.seeds)[:, None, None]
        return {"cosine": seeds.tolist(), "cosine_mean": seeds.mean(axis=(1, 2)).tolist()}

    for name in ("cosine-lag", "cosine-optimizer", "cosine-time"):
        assert decided(name, extra=cosines).verdict == "reproduced"
    assert decided("cosine-optimizer").verdict == "inconclusive"


def test_coherence_by_depth_and_as_a_prediction():
    def coherence(cell):
        mu = [0.9 - 0.1 * DEPTH(cell.workload) - 0.01 * cell.extra_delay + 0.001 * s for s in range(cell.seeds)]
        return {"mu": mu} if cell.lags else {}

    law = noisy(lambda cell: 0.1 * cell.extra_delay * (0.1 + DEPTH(cell.workload)))
    assert decided("coherence-depth", extra=coherence).verdict == "reproduced"
    assert decided("prediction", batches=law, extra=coherence).verdict == "reproduced"
    opposite = noisy(lambda cell: -0.1 * cell.extra_delay * (0.1 + DEPTH(cell.workload)))
    assert decided("prediction", batches=opposite, extra=coherence).verdict == "not reproduced"


def test_geometric_delays_that_do_as_uniform_ones_and_that_do_not():
    law = noisy(lambda cell: 0.1 * cell.extra_delay if cell.delays == "uniform" else 0.025 * cell.extra_delay)
    assert decided("geometric", batches=law).verdict == "reproduced"
    assert decided("geometric-delay", batches=law).verdict == "reproduced"
    milder = noisy(lambda cell: 0.1 * cell.extra_delay if cell.delays == "uniform" else 0.0)
    assert decided("geometric", batches=milder).verdict == "not reproduced"


def test_without_results_every_claim_is_inconclusive_with_a_reason():
    found = claims(())
    assert [each.claim for each in found] == list(CLAIMS)
    assert all(each.verdict == "inconclusive" and each.seeds == 0 and each.evidence.endswith(".") for each in found)


def test_every_claim_says_what_was_scaled_down():
    stale = invented(extra=lambda cell: {"curve": [[2.0 - 0.1 * cell.extra_delay] * 2] * cell.seeds})
    smaller = {each.claim.name for each in claims(stale) if "scaled down" in each.scaled_down}
    assert smaller == set(NAMES) - {"distance"}


def test_one_sequence_is_compared_with_caches_point_by_point():
    def curves(factor):
        return lambda cell: {"curve": [[factor if cell.delays == "one-sequence" else 1.0, 1.0]] * cell.seeds}

    assert decided("distance", extra=curves(1.2)).verdict == "reproduced"
    found = decided("distance", extra=curves(0.25))
    assert found.verdict == "not reproduced" and found.estimate == pytest.approx(-1.0)
