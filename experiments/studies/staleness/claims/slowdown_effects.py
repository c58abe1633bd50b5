"""The effects by which the claims of figures 1 to 3 are judged: how much staleness slows which training down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from experiments.studies.claim import Effect, average, common_seeds, needed
from experiments.studies.staleness.claims.effect import (
    Results,
    by_depth,
    effect_of,
    many_workers,
    optimizer_name,
    told_times,
)
from experiments.studies.staleness.claims.slowdown import Slowdown, by_group, key_of, slope, slowdowns
from experiments.studies.staleness.study import FRAGILE, ROBUST, chosen, depth_of, scaled_down
from theory.common.types import Vector


def delay_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over the extra delay, counted from (0, 0)."""
    found = _networks(results)
    groups = [group for group in by_group(found).values() if depth_of(group[0].cell.workload)]
    slopes = needed([_from_baseline(group) for group in groups], "Figure 1's cells with hidden layers are not there.")
    largest = max(each.extra_delay for each in found)
    words = ", ".join(f"{optimizer_name(each.cell.optimizer)} {told_times(each)}" for each in _deepest(found, largest))
    return effect_of(average(slopes), found, results, f"at s' = {largest}, deepest network: {words}")


def _from_baseline(group: Sequence[Slowdown]) -> Vector:
    zero = np.zeros_like(group[0].logs)
    return slope([0, *(each.extra_delay for each in group)], [zero, *(each.logs for each in group)])


def _deepest(found: Sequence[Slowdown], extra_delay: int) -> list[Slowdown]:
    deepest = max(depth_of(each.cell.workload) for each in found)
    return [each for each in found if each.extra_delay == extra_delay and depth_of(each.cell.workload) == deepest]


def depth_effect(results: Results) -> Effect:
    """Slope of log2 slowdown over depth."""
    found = _networks(results)
    depths, rows = by_depth(((each.cell, each.logs) for each in found), "1")
    words = ", ".join(f"{2 ** row.mean():.2g}" for row in rows)
    text = f"geometric mean of the slowdown for {', '.join(map(str, depths))} hidden layers: {words}"
    return effect_of(slope(depths, rows), found, results, text)


def optimizer_effect(results: Results) -> Effect:
    """Fragile against robust optimisers."""
    found = slowdowns(chosen(results, "fig2"))
    return _difference(
        found, lambda each: each.cell.optimizer in FRAGILE, lambda each: each.cell.optimizer in ROBUST, results
    )


def worker_effect(results: Results) -> Effect:
    """Most workers against one."""
    return _workers(slowdowns(chosen(results, "fig2")), results)


def network_worker_effect(results: Results) -> Effect:
    """Several workers against one, for figure 1's networks."""
    single = {_place(each) for each in slowdowns(chosen(results, "fig1")) if each.cell.workers == 1}
    return _workers([each for each in slowdowns(chosen(results, "fig1")) if _place(each) in single], results)


def factor_effect(results: Results) -> Effect:
    """Most workers against one, for matrix factorisation."""
    found = [
        each for each in slowdowns(chosen(results, "fig3")) if each.cell.workload.startswith("matrix-factorization")
    ]
    return _workers(found, results)


def _workers(found: Sequence[Slowdown], results: Results) -> Effect:
    counts = sorted({each.cell.workers for each in found})
    one, most = needed(counts[1:] and (counts[0], counts[-1]), "Cells with different numbers of workers are not there.")
    return _difference(found, lambda each: each.cell.workers == most, lambda each: each.cell.workers == one, results)


def autoencoder_effect(results: Results) -> Effect:
    """Autoencoders against networks with as many hidden layers in all, one worker."""
    vae = {_place(each): each for each in slowdowns(chosen(results, "fig3")) if each.cell.workload.startswith("vae")}
    networks = {_place(each): each for each in slowdowns(chosen(results, "fig1")) if each.cell.workers == 1}
    pairs = [(each, networks.get((2 * place[0], *place[1:]))) for place, each in vae.items()]
    alike = needed(
        [(each, network) for each, network in pairs if network is not None],
        "Autoencoders and networks of like size with one worker are not there.",
    )
    same = [(each, networks[place]) for place, each in vae.items() if place in networks]
    shallow = average(_gap(*pair) for pair in same)
    text = (
        f"geometric mean of the slowdown {2 ** np.mean([each.logs.mean() for each, _ in alike]):.2g} against "
        f"{2 ** np.mean([network.logs.mean() for _, network in alike]):.2g}; beside networks as deep as the encoder "
        f"alone, the effect is {shallow.mean():.2g}"
    )
    found = [each for pair in alike for each in pair]
    return effect_of(average(_gap(*pair) for pair in alike), found, results, text)


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
    whole = needed(
        [group for group in groups.values() if {0, 10, 15, 20} <= set(group)],
        "Topic models with extra delays 0, 10, 15 and 20 are not there.",
    )
    sums = {delay: average(group[delay] for group in whole) for delay in sorted(set.intersection(*map(set, whole)))}
    total = sums[0] - sums[20]
    needed(total.mean() > 0, "An extra delay of 20 costs no log-likelihood, so there is no transition to place.")
    lost = ", ".join(f"{delay}: {(sums[0] - value).mean() / total.mean():.2f}" for delay, value in sums.items())
    text = f"what is lost by each extra delay, as a share of what is lost by 20: {lost}"
    return Effect((sums[10] - sums[15]) / total.mean(), text, scaled_down(runs))


def _networks(results: Results) -> list[Slowdown]:
    return needed(list(slowdowns(many_workers(results))), "Figure 1's cells are not there.")


def _difference(
    found: Sequence[Slowdown],
    more: Callable[[Slowdown], bool],
    less: Callable[[Slowdown], bool],
    results: Results,
) -> Effect:
    """The mean log2 slowdown of some cells less that of others."""
    first, second = [each for each in found if more(each)], [each for each in found if less(each)]
    needed(first and second, "The cells to compare are not all there.")
    high, low = common_seeds(average(each.logs for each in first), average(each.logs for each in second))
    text = f"geometric mean of the slowdown {2 ** high.mean():.2g} against {2 ** low.mean():.2g}"
    return effect_of(high - low, [*first, *second], results, text)
