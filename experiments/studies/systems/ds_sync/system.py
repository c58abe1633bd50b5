"""DS-Sync as its section of the report shows it: what it does, what is claimed, what stays untested or is smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.ds_sync.cells import DECIDING, ClockCell, TrainedCell, ds_sync_cells
from experiments.studies.systems.ds_sync.effects import (
    NEAR,
    consensus_below,
    gradient_below,
    mean_of_grid,
    mean_of_random,
    own_of_fixed,
    own_of_grid,
    seconds_to_target,
    seconds_with_latency,
    seconds_with_stragglers,
    stale_server,
)
from experiments.studies.systems.system import Limit, Sizes, System

_QUARTER = float(np.log2(1.25))
_FINAL = "of the squared gradient of F (of the network: of the held-out loss) over the last quarter of the records"


def _claim(
    name: str,
    statement: str,
    predicate: str,
    effect: Callable[[Any], Effect],
    threshold: float = 0.0,
    *,
    within: bool = False,
) -> StudyClaim:
    return StudyClaim(f"ds-sync-{name}", "ds-sync", statement, predicate, effect, threshold, within, DECIDING)


CLAIMS = (
    _claim(
        "grid-per-step",
        "Groups on a grid need no more steps than full synchronisation.",
        f"mean over tasks of log2 {_FINAL}, at the mean of the replicas, grid over full: within a factor of 1.25",
        mean_of_grid,
        _QUARTER,
        within=True,
    ),
    _claim(
        "random-per-step",
        "Random partitions need no more steps than full synchronisation.",
        f"mean over tasks of log2 {_FINAL}, at the mean of the replicas, random over full: within a factor of 1.25",
        mean_of_random,
        _QUARTER,
        within=True,
    ),
    _claim(
        "own-models",
        "The workers' own models are as good as under full synchronisation, too.",
        f"mean over tasks of log2 {_FINAL}, at the replicas themselves, grid over full: within a factor of 1.25",
        own_of_grid,
        _QUARTER,
        within=True,
    ),
    _claim(
        "fixed-groups",
        "Groups that never change are worse where the workers' data differ, by a factor of 2 at least.",
        f"mean over tasks of log2 {_FINAL}, at the replicas themselves, fixed over grid: above 1, a factor of 2",
        own_of_fixed,
        1.0,
    ),
    _claim(
        "stale-server",
        "Gradient by gradient, a server with stale workers ends worse than the grid.",
        f"mean over tasks of log2 {_FINAL}, the server over the mean of the grid's replicas: above 0",
        stale_server,
    ),
    _claim(
        "gradient-bound",
        "The mean squared gradient lies below the bound on group averaging.",
        "log2 of the bound over the mean along the run, the least over the quadratic and the non-convex task, each at "
        "1/(2L) and 1/(8L): above 0",
        gradient_below,
    ),
    _claim(
        "consensus-bound",
        "The distance of the replicas to their mean lies below what the proof of the bound says.",
        "log2 of what is proved of the mean squared distance over the one measured, the least over the same runs: "
        "above 0",
        consensus_below,
    ),
    _claim(
        "stragglers",
        "Groups save time where workers straggle: a step takes full synchronisation at least 1.25 times as long.",
        "log2 of the simulated seconds of a step, full over grid, exponential compute times: above log2 1.25",
        seconds_with_stragglers,
        _QUARTER,
    ),
    _claim(
        "latency",
        "Groups save time where messages are slow: a step takes full synchronisation at least twice as long.",
        "log2 of the simulated seconds of a step, full over grid, a small model and messages of a millisecond: above 1",
        seconds_with_latency,
        1.0,
    ),
    _claim(
        "time-to-target",
        "With stragglers, full synchronisation takes at least 1.25 times as long as groups to the same quality.",
        f"mean over tasks of log2 of the simulated seconds to {NEAR:g} times the final quality of full "
        "synchronisation, full over grid, exponential compute times: above log2 1.25",
        seconds_to_target,
        _QUARTER,
    ),
)

_ALGORITHM = (
    "$N$ workers begin with one model: $x_1=\\dots=x_N$.",
    "Before the run they are divided into groups of $m$ in several ways, the phases.",
    "At each step worker $i$ draws a minibatch of its own data: $g_i=\\nabla f_i(x_i;\\xi_i)$.",
    "It steps on its own: $x_i\\leftarrow x_i-\\gamma g_i$; what momentum or Adam remember stays with the worker.",
    "It averages in its group: $x_i\\leftarrow\\frac{1}{m}\\sum_{j}x_j$, parameters and not gradients.",
    "The next step takes the next phase.",
    "Grid: $N=m^2$, rows and then columns; any two phases in a row average over all workers.",
    "Random: a new partition at each step, drawn by all workers from one seed.",
    "Beside it: one group of all (full synchronisation), groups that never change (fixed), and a server that applies "
    "each gradient as it comes (stale).",
)

_LIMITS = (
    Limit(
        "Accuracies on CIFAR-10, CIFAR-100, ImageNet, SQuAD and Criteo, which the released code tells to be those of "
        "full synchronisation",
        "wide residual networks, BERT-large and DeepFM on 4 and 16 GPUs, 5 and 3 runs each",
    ),
    Limit(
        "Training times improved by up to 94 per cent from end to end, as the abstract of the second version tells",
        "a cluster whose network is the bottleneck; seconds here come from a model",
    ),
    Limit(
        "Groups chosen around the bottlenecks of a network",
        "a network with a topology: in the model every worker has a link of its own, and groups of one step share none",
    ),
    Limit(
        "Statistics of batch normalisation, which are averaged in groups too",
        "convolutional networks with running statistics; those here have none",
    ),
)

_SIZES = (
    Sizes("workers, in groups", "4 in 2; 16", "16 in 4", "4 in 2; 16 in 4", "4 in 2; 16 in 4"),
    Sizes(
        "models",
        "WRN-26-10, WRN-50-2, BERT-large, DeepFM",
        "20 numbers; logistic, 65 numbers; a layer of 32 units",
        "the same",
        "6 layers of 512 units",
    ),
    Sizes("data", "CIFAR, ImageNet, SQuAD v1.1, Criteo", "none; digits", "none; digits", "CIFAR-10 (on request)"),
    Sizes(
        "how data differ",
        "–",
        "all rows by label; tilts of size 2",
        "all rows by label; tilts of size 2",
        "dealt at random",
    ),
    Sizes("steps", "–", "960, 480, 240", "1920, 960, 480", "40 000"),
    Sizes("batch of a worker", "256 or 128; 30; 6; 20 480", "1; 8", "1; 8", "128"),
    Sizes("optimiser", "momentum 0.9 or Adam, decayed steps", "SGD", "SGD", "momentum 0.9, no decay"),
    Sizes("runs", "5 of 4 workers, 3 of 16", "4", str(DECIDING), str(DECIDING)),
    Sizes("step sizes tried", "–", "12, on 2 other seeds", "12, on 3 other seeds", "12, on another seed"),
)

DS_SYNC = System(
    name="ds-sync",
    title="DS-Sync: averaging in small groups that change",
    source="Wang et al., arXiv 2007.03298 (abstracts of both versions, released code); the bound is gradlag's own",
    about="Full synchronisation waits for the slowest of all workers, and sends round a ring of all, at every step. "
    "DS-Sync averages in small groups, and changes them so that what one worker learned reaches all others. Is it as "
    "good step by step, and what does it save in time?",
    algorithm=_ALGORITHM,
    bounds=("group-averaging",),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=ds_sync_cells,
    kinds=(TrainedCell, ClockCell),
)
