"""The effects by which the study's claims are judged: one number for each seed, from the cells of a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.studies.staleness.coherence import coherence_by_cell
from experiments.studies.staleness.slowdown import (
    Slowdown,
    average,
    batches,
    beside,
    by_group,
    common_seeds,
    key_of,
    reached,
    slope,
    slowdowns,
)
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import FRAGILE, ROBUST, chosen, depth_of, mean_delay, scaled_down
from theory.common.types import Vector

Results = Sequence[WorkerResult]


class Missing(Exception):
    """The results that a claim needs are not there."""


@dataclass(frozen=True, eq=False)
class Effect:
    """A number for each seed, in words too.

    Args:
        values: (seeds,).
        evidence: what a reader should know of how they come about.
        scaled_down: what is smaller than in the study.
        sound: whether every baseline reached its target.
    """

    values: Vector
    evidence: str
    scaled_down: str
    sound: bool = True


def delay_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over the extra delay, counted from (0, 0)."""
    found = _networks(results)
    groups = [group for group in by_group(found).values() if depth_of(group[0].cell.workload)]
    slopes = [_from_baseline(group) for group in groups]
    least = min(slopes, key=np.mean, default=None)
    _need(least is not None, "Figure 1's cells with hidden layers are not there.")
    largest = max(each.extra_delay for each in found)
    words = ", ".join(f"{_name(each.cell.optimizer)} {_times(each)}" for each in _deepest(found, largest))
    return _effect(average(slopes), found, results, f"at s' = {largest}, deepest network: {words}")


def _from_baseline(group: Sequence[Slowdown]) -> Vector:
    zero = np.zeros_like(group[0].logs)
    return slope([0, *(each.extra_delay for each in group)], [zero, *(each.logs for each in group)])


def _deepest(found: Sequence[Slowdown], extra_delay: int) -> list[Slowdown]:
    deepest = max(depth_of(each.cell.workload) for each in found)
    return [each for each in found if each.extra_delay == extra_delay and depth_of(each.cell.workload) == deepest]


def depth_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over depth."""
    found = _networks(results)
    depths = sorted({depth_of(each.cell.workload) for each in found})
    _need(len(depths) > 1, "Figure 1 needs networks of at least two depths.")
    rows = [average(each.logs for each in found if depth_of(each.cell.workload) == depth) for depth in depths]
    words = ", ".join(f"{2 ** row.mean():.2g}" for row in rows)
    text = f"geometric mean of the slowdown for {', '.join(map(str, depths))} hidden layers: {words}"
    return _effect(slope(depths, rows), found, results, text)


def optimizer_effect(results: Results) -> Effect:
    """Fragile against robust optimisers."""
    found = _slowdowns(results, "fig2")
    return _difference(
        found, lambda each: each.cell.optimizer in FRAGILE, lambda each: each.cell.optimizer in ROBUST, results
    )


def worker_effect(results: Results) -> Effect:
    """Most workers against one."""
    return _workers(_slowdowns(results, "fig2"), results)


def network_worker_effect(results: Results) -> Effect:
    """Several workers against one, for figure 1's networks."""
    single = {_place(each) for each in _slowdowns(results, "fig1") if each.cell.workers == 1}
    return _workers([each for each in _slowdowns(results, "fig1") if _place(each) in single], results)


def factor_effect(results: Results) -> Effect:
    """Most workers against one, for matrix factorisation."""
    found = [each for each in _slowdowns(results, "fig3") if each.cell.workload.startswith("matrix-factorization")]
    return _workers(found, results)


def _workers(found: Sequence[Slowdown], results: Results) -> Effect:
    counts = sorted({each.cell.workers for each in found})
    _need(len(counts) > 1, "Cells with different numbers of workers are not there.")
    most, one = counts[-1], counts[0]
    return _difference(found, lambda each: each.cell.workers == most, lambda each: each.cell.workers == one, results)


def autoencoder_effect(results: Results) -> Effect:
    """Autoencoders against networks with as many hidden layers in all, one worker."""
    vae = {_place(each): each for each in _slowdowns(results, "fig3") if each.cell.workload.startswith("vae")}
    networks = {_place(each): each for each in _slowdowns(results, "fig1") if each.cell.workers == 1}
    pairs = [(each, networks.get((2 * place[0], *place[1:]))) for place, each in vae.items()]
    alike = [(each, network) for each, network in pairs if network is not None]
    _need(bool(alike), "Autoencoders and networks of like size with one worker are not there.")
    same = [(each, networks[place]) for place, each in vae.items() if place in networks]
    shallow = average(_gap(*pair) for pair in same)
    text = (
        f"geometric mean of the slowdown {2 ** np.mean([each.logs.mean() for each, _ in alike]):.2g} against "
        f"{2 ** np.mean([network.logs.mean() for _, network in alike]):.2g}; beside networks as deep as the encoder "
        f"alone, the effect is {shallow.mean():.2g}"
    )
    found = [each for pair in alike for each in pair]
    return _effect(average(_gap(*pair) for pair in alike), found, results, text)


def _gap(each: Slowdown, other: Slowdown) -> Vector:
    """The difference on the seeds that both have."""
    first, second = common_seeds(each.logs, other.logs)
    return first - second


def _place(each: Slowdown) -> tuple[int, str, int]:
    return depth_of(each.cell.workload), each.cell.optimizer, each.extra_delay


def topic_effect(results: Results) -> Effect:
    """Share of the loss of log-likelihood that falls between extra delays of 10 and 15."""
    runs = [result for result in chosen(results, "fig3") if result.cell.workload.startswith("lda")]
    groups: dict[object, dict[int, Vector]] = {}
    for result in runs:
        along = np.array(result.values["curve"], dtype=np.float64).mean(axis=1)
        groups.setdefault(key_of(result.cell), {})[result.cell.extra_delay] = along
    whole = [group for group in groups.values() if {0, 10, 15, 20} <= set(group)]
    _need(bool(whole), "Topic models with extra delays 0, 10, 15 and 20 are not there.")
    sums = {delay: average(group[delay] for group in whole) for delay in sorted(set.intersection(*map(set, whole)))}
    total = sums[0] - sums[20]
    _need(total.mean() > 0, "An extra delay of 20 costs no log-likelihood, so there is no transition to place.")
    lost = ", ".join(f"{delay}: {(sums[0] - value).mean() / total.mean():.2f}" for delay, value in sums.items())
    text = f"what is lost by each extra delay, as a share of what is lost by 20: {lost}"
    return Effect((sums[10] - sums[15]) / total.mean(), text, scaled_down(runs))


def cosine_lag_effect(results: Results) -> Effect:
    """Minus the slope of the cosine over log2 of the lag."""
    runs = _paths(results)
    curves = [np.array(run.values["cosine"], dtype=np.float64).mean(axis=1) for run in runs]  # (seeds, lags)
    lags = np.log2(np.arange(1, curves[0].shape[1] + 1))
    every = runs[0].cell.evaluate_every
    text = ", ".join(
        f"{_name(run.cell.optimizer)} {curve[:, 0].mean():.2f} after {every} and {curve[:, -1].mean():.2f} after "
        f"{every * curve.shape[1]} iterations"
        for run, curve in zip(runs, curves, strict=True)
    )
    return Effect(-average(slope(lags.tolist(), list(curve.T)) for curve in curves), text, scaled_down(runs))


def cosine_optimizer_effect(results: Results) -> Effect:
    """SGD's mean cosine less Adam's."""
    runs = {run.cell.optimizer: run for run in _paths(results)}
    _need({"sgd", "adam"} <= set(runs), "Figure 5 needs runs of SGD and of Adam.")
    sgd, adam = (np.array(runs[name].values["cosine_mean"], dtype=np.float64) for name in ("sgd", "adam"))
    return Effect(sgd - adam, f"SGD {sgd.mean():.2f}, Adam {adam.mean():.2f}", scaled_down([*runs.values()]))


def cosine_time_effect(results: Results) -> Effect:
    """The last quarter's mean cosine less the first's."""
    runs = _paths(results)
    stages = [np.array(run.values["cosine"], dtype=np.float64).mean(axis=2) for run in runs]  # (seeds, stages)
    text = "; ".join(
        f"{_name(run.cell.optimizer)}, by quarters: {', '.join(f'{value:.2f}' for value in stage.mean(axis=0))}"
        for run, stage in zip(runs, stages, strict=True)
    )
    return Effect(average(stage[:, -1] - stage[:, 0] for stage in stages), text, scaled_down(runs))


def coherence_depth_effect(results: Results) -> Effect:
    """Minus the slope of median mu over depth, synchronous."""
    mu = coherence_by_cell([*_many(results), *chosen(results, "fig6")])
    runs = [run for run in _many(results) if run.cell.extra_delay == 0 and run.cell in mu]
    depths = sorted({depth_of(run.cell.workload) for run in runs})
    _need(len(depths) > 1, "Figure 6 needs networks of at least two depths.")
    rows = [average(mu[run.cell] for run in runs if depth_of(run.cell.workload) == depth) for depth in depths]
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
    pairs = [(run, other) for run, other in pairs if reached(run).any() or reached(other).any()]
    _need(bool(pairs), "Pairs of runs with geometric and uniform delays are not there.")
    ratios = [np.log2(batches(run) / batches(other)) for run, other in pairs]
    beyond = sum(int((~reached(run)).sum() + (~reached(other)).sum()) for run, other in pairs)
    low, high = 2 ** min(ratio.mean() for ratio in ratios), 2 ** max(ratio.mean() for ratio in ratios)
    text = f"{len(pairs)} pairs, ratios from {low:.2f} to {high:.2f}{_beyond(beyond)}"
    return Effect(average(ratios), text, scaled_down(runs))


def _mean_place(run: WorkerResult) -> tuple[str, str, float]:
    return run.cell.workload, run.cell.optimizer, mean_delay(run)


def geometric_delay_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over the mean of geometric delays."""
    runs = _aimed(results)
    spread = {(run.cell.workload, run.cell.optimizer) for run in runs if run.cell.delays != "uniform"}
    _need(bool(spread), "Runs with geometric delays are not there.")
    slopes, found = [], []
    for place in sorted(spread):
        there = [run for run in runs if (run.cell.workload, run.cell.optimizer) == place]
        base = [run for run in there if run.cell.extra_delay == 0]
        chain = sorted((run for run in there if run.cell.delays != "uniform"), key=mean_delay)
        _need(bool(base), "Runs without extra delay are not there.")
        group = [beside(run, base[0]) for run in chain]
        means = [0.0, *map(mean_delay, chain)]
        slopes.append(slope(means, [np.zeros_like(group[0].logs), *(each.logs for each in group)]))
        found.append(group[-1])
    words = ", ".join(f"{_name(each.cell.optimizer)} {_times(each)}" for each in found)
    return _effect(average(slopes), found, results, f"at the largest mean: {words}")


def prediction_effect(results: Results) -> Effect:
    """Minus Spearman's correlation of median mu under staleness and slowdown."""
    networks = chosen(results, "fig1")
    mu = coherence_by_cell([*networks, *chosen(results, "fig6")])
    runs = [run for run in networks if run.cell in mu]
    found = slowdowns(runs)
    _need(len(found) > 2, "Figure 1's cells with coherence are not there.")
    level = np.array(common_seeds(*(mu[each.cell] for each in found)))
    logs = np.array(common_seeds(*(each.logs for each in found)))
    values = np.array([-_rank_correlation(level[:, seed], logs[:, seed]) for seed in range(logs.shape[1])])
    at_rest = {key_of(run.cell): mu[run.cell] for run in runs if run.cell.extra_delay == 0}
    calm = np.array([at_rest[key_of(each.cell)].mean() for each in found])
    other = _rank_correlation(calm, logs.mean(axis=1))
    text = f"over {len(found)} cells; with mu measured without extra delay instead, the correlation is {other:.2f}"
    return _effect(values, found, results, text)


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
    _need(bool(ratios), "Runs of one sequence beside the caches are not there.")
    words = ", ".join(f"{name} P = {p} s' = {s}: {2 ** ratio.mean():.2f}" for (name, p, s), ratio in ratios.items())
    return Effect(average(ratios.values()), f"ratios one sequence / caches: {words}", "")


def _along(run: WorkerResult) -> Vector:
    """The mean of log2 of the metric along the run; infinite after divergence."""
    curve = np.array(run.values["curve"], dtype=np.float64)
    return np.asarray(np.log2(np.where(np.isfinite(curve), curve, np.inf)).mean(axis=1))


def _rank_correlation(x: Vector, y: Vector) -> float:
    """Spearman's; 0 where one of them does not vary."""
    return float(stats.spearmanr(x, y)[0]) if np.ptp(x) and np.ptp(y) else 0.0


def _many(results: Results) -> list[WorkerResult]:
    """Figure 1's runs with several workers."""
    return [run for run in chosen(results, "fig1") if run.cell.workers > 1]


def _aimed(results: Results) -> list[WorkerResult]:
    """Figure 6's runs that have a target."""
    return [run for run in chosen(results, "fig6") if run.cell.level is not None]


def _networks(results: Results) -> list[Slowdown]:
    found = list(slowdowns(_many(results)))
    _need(bool(found), "Figure 1's cells are not there.")
    return found


def _slowdowns(results: Results, figure: str) -> tuple[Slowdown, ...]:
    return slowdowns(chosen(results, figure))


def _paths(results: Results) -> list[WorkerResult]:
    runs = [run for run in chosen(results, "fig5") if "cosine" in run.values]
    _need(bool(runs), "Figure 5's cells are not there.")
    return runs


def _difference(
    found: Sequence[Slowdown],
    more: Callable[[Slowdown], bool],
    less: Callable[[Slowdown], bool],
    results: Results,
) -> Effect:
    """The mean log2 slowdown of some cells less that of others."""
    first, second = [each for each in found if more(each)], [each for each in found if less(each)]
    _need(bool(first and second), "The cells to compare are not all there.")
    high, low = common_seeds(average(each.logs for each in first), average(each.logs for each in second))
    text = f"geometric mean of the slowdown {2 ** high.mean():.2g} against {2 ** low.mean():.2g}"
    return _effect(high - low, [*first, *second], results, text)


def _effect(values: Vector, found: Sequence[Slowdown], results: Results, text: str) -> Effect:
    beyond = sum(int(each.beyond.sum()) for each in found)
    missed = sorted({each.cell.workload for each in found if not each.baseline_reached})
    lacking = f"; without extra delay the target is missed by {', '.join(missed)}" if missed else ""
    cells = {each.cell for each in found}
    used = [run for run in results if run.cell in cells]
    return Effect(values, f"{text}{_beyond(beyond)}{lacking}", scaled_down(used), not missed)


def _beyond(count: int) -> str:
    return f"; {count} runs never reached the target and count as having done so at the horizon" if count else ""


def _times(each: Slowdown) -> str:
    return f"{'at least ' if each.beyond.any() else ''}{2 ** each.logs.mean():.2g} times as many batches"


def _name(optimizer: str) -> str:
    return {"sgd": "SGD", "adam": "Adam", "adagrad": "Adagrad", "rmsprop": "RMSProp"}.get(optimizer, "Momentum")


def _need(there: bool, sentence: str) -> None:
    if not there:
        raise Missing(sentence)
