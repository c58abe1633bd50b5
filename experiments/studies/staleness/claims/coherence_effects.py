"""The effects by which the claims of figures 5 and 6 and those beyond the study are judged: gradients and delays."""

from __future__ import annotations

import numpy as np

from experiments.studies.claim import Effect, average, common_seeds, needed
from experiments.studies.staleness.claims.coherence import coherence_by_cell
from experiments.studies.staleness.claims.effect import (
    Results,
    by_depth,
    effect_of,
    many_workers,
    optimizer_name,
    told_beyond,
    told_times,
)
from experiments.studies.staleness.claims.slowdown import batches, beside, key_of, reached, slope, slowdowns
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, mean_delay, scaled_down
from theory.common.types import Vector


def cosine_lag_effect(results: Results) -> Effect:
    """Minus the slope of the cosine over log2 of the lag."""
    runs = _paths(results)
    curves = [np.array(run.values["cosine"], dtype=np.float64).mean(axis=1) for run in runs]  # (seeds, lags)
    lags = np.log2(np.arange(1, curves[0].shape[1] + 1))
    every = runs[0].cell.evaluate_every
    text = ", ".join(
        f"{optimizer_name(run.cell.optimizer)} {curve[:, 0].mean():.2f} after {every} and {curve[:, -1].mean():.2f} "
        f"after {every * curve.shape[1]} iterations"
        for run, curve in zip(runs, curves, strict=True)
    )
    return Effect(-average(slope(lags.tolist(), list(curve.T)) for curve in curves), text, scaled_down(runs))


def cosine_optimizer_effect(results: Results) -> Effect:
    """SGD's mean cosine less Adam's."""
    runs = {run.cell.optimizer: run for run in _paths(results)}
    needed({"sgd", "adam"} <= set(runs), "Figure 5 needs runs of SGD and of Adam.")
    sgd, adam = (np.array(runs[name].values["cosine_mean"], dtype=np.float64) for name in ("sgd", "adam"))
    return Effect(sgd - adam, f"SGD {sgd.mean():.2f}, Adam {adam.mean():.2f}", scaled_down([*runs.values()]))


def cosine_time_effect(results: Results) -> Effect:
    """The last quarter's mean cosine less the first's."""
    runs = _paths(results)
    stages = [np.array(run.values["cosine"], dtype=np.float64).mean(axis=2) for run in runs]  # (seeds, stages)
    text = "; ".join(
        f"{optimizer_name(run.cell.optimizer)}, by quarters: "
        f"{', '.join(f'{value:.2f}' for value in stage.mean(axis=0))}"
        for run, stage in zip(runs, stages, strict=True)
    )
    return Effect(average(stage[:, -1] - stage[:, 0] for stage in stages), text, scaled_down(runs))


def coherence_depth_effect(results: Results) -> Effect:
    """Minus the slope of median mu over depth, synchronous."""
    mu = coherence_by_cell([*many_workers(results), *chosen(results, "fig6")])
    runs = [run for run in many_workers(results) if run.cell.extra_delay == 0 and run.cell in mu]
    depths, rows = by_depth(((run.cell, mu[run.cell]) for run in runs), "6")
    words = ", ".join(f"{row.mean():.2f}" for row in rows)
    text = f"median mu for {', '.join(map(str, depths))} hidden layers: {words}"
    return Effect(-slope(depths, rows), text, scaled_down(runs))


def geometric_effect(results: Results) -> Effect:
    """log2 of batches under geometric delays over those under uniform delays of the same mean."""
    runs = _aimed(results)
    uniform = {_mean_place(run): run for run in runs if run.cell.delays == "uniform"}
    pairs = [
        (run, uniform[_mean_place(run)]) for run in runs if run.cell.delays != "uniform" and _mean_place(run) in uniform
    ]
    pairs = needed(
        [(run, other) for run, other in pairs if reached(run).any() or reached(other).any()],
        "Pairs of runs with geometric and uniform delays are not there.",
    )
    ratios = [np.log2(batches(run) / batches(other)) for run, other in pairs]
    beyond = sum(int((~reached(run)).sum() + (~reached(other)).sum()) for run, other in pairs)
    low, high = 2 ** min(ratio.mean() for ratio in ratios), 2 ** max(ratio.mean() for ratio in ratios)
    text = f"{len(pairs)} pairs, ratios from {low:.2f} to {high:.2f}{told_beyond(beyond)}"
    return Effect(average(ratios), text, scaled_down(runs))


def _mean_place(run: WorkerResult) -> tuple[str, str, float]:
    return run.cell.workload, run.cell.optimizer, mean_delay(run)


def geometric_delay_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over the mean of geometric delays."""
    runs = _aimed(results)
    spread = {(run.cell.workload, run.cell.optimizer) for run in runs if run.cell.delays != "uniform"}
    slopes, found = [], []
    for place in sorted(needed(spread, "Runs with geometric delays are not there.")):
        there = [run for run in runs if (run.cell.workload, run.cell.optimizer) == place]
        base = needed([run for run in there if run.cell.extra_delay == 0], "Runs without extra delay are not there.")
        chain = sorted((run for run in there if run.cell.delays != "uniform"), key=mean_delay)
        group = [beside(run, base[0]) for run in chain]
        means = [0.0, *map(mean_delay, chain)]
        slopes.append(slope(means, [np.zeros_like(group[0].logs), *(each.logs for each in group)]))
        found.append(group[-1])
    words = ", ".join(f"{optimizer_name(each.cell.optimizer)} {told_times(each)}" for each in found)
    return effect_of(average(slopes), found, results, f"at the largest mean: {words}")


def prediction_effect(results: Results) -> Effect:
    """Minus Spearman's correlation of median mu under staleness and slowdown."""
    networks = chosen(results, "fig1")
    mu = coherence_by_cell([*networks, *chosen(results, "fig6")])
    runs = [run for run in networks if run.cell in mu]
    found = slowdowns(runs)
    needed(len(found) > 2, "Figure 1's cells with coherence are not there.")
    level = np.array(common_seeds(*(mu[each.cell] for each in found)))
    logs = np.array(common_seeds(*(each.logs for each in found)))
    values = np.array([-_rank_correlation(level[:, seed], logs[:, seed]) for seed in range(logs.shape[1])])
    at_rest = {key_of(run.cell): mu[run.cell] for run in runs if run.cell.extra_delay == 0}
    calm = np.array([at_rest[key_of(each.cell)].mean() for each in found])
    other = _rank_correlation(calm, logs.mean(axis=1))
    text = f"over {len(found)} cells; with mu measured without extra delay instead, the correlation is {other:.2f}"
    return effect_of(values, found, results, text)


def distance_effect(results: Results) -> Effect:
    """log2 of the squared gradient of one sequence over that of the caches, averaged along the run."""
    runs = {
        (run.cell.workload, run.cell.workers, run.cell.extra_delay, run.cell.delays): run
        for run in chosen(results, "distance")
    }
    pairs = [(run, runs.get((*place[:3], "one-sequence"))) for place, run in runs.items() if place[3] == "uniform"]
    ratios = {
        (run.cell.workload.partition(":")[2], run.cell.workers, run.cell.extra_delay): _along(other) - _along(run)
        for run, other in pairs
        if other is not None and run.cell.extra_delay
    }
    needed(ratios, "Runs of one sequence beside the caches are not there.")
    words = ", ".join(f"{name} P = {p} s' = {s}: {2 ** ratio.mean():.2f}" for (name, p, s), ratio in ratios.items())
    return Effect(average(ratios.values()), f"ratios one sequence / caches: {words}", "")


def _along(run: WorkerResult) -> Vector:
    """The mean of log2 of the metric along the run; infinite after divergence."""
    curve = np.array(run.values["curve"], dtype=np.float64)
    return np.asarray(np.log2(np.where(np.isfinite(curve), curve, np.inf)).mean(axis=1))


def _rank_correlation(x: Vector, y: Vector) -> float:
    """Spearman's; 0 where one of them does not vary."""
    from scipy import stats  # slow to load

    return float(stats.spearmanr(x, y)[0]) if np.ptp(x) and np.ptp(y) else 0.0


def _aimed(results: Results) -> list[WorkerResult]:
    """Figure 6's runs that have a target."""
    return [run for run in chosen(results, "fig6") if run.cell.level is not None]


def _paths(results: Results) -> list[WorkerResult]:
    runs = [run for run in chosen(results, "fig5") if "cosine" in run.values]
    return needed(runs, "Figure 5's cells are not there.")
