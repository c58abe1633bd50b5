"""The staleness study of Dai et al. (ICLR 2019): what is run for each of its figures, at three scales.

The study's networks on CIFAR-10 are scaled down to fully connected ones on 8 x 8 digits (quick) and on MNIST-5k
(lesson); at the scale paper, workloads, data and numbers are those that the study reports. "Extra delay" is the
simulator's count of staleness, 0 for synchronous workers: one less than the window of the theorems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from experiments.studies.staleness.cells import ONE_SEQUENCE, WorkerCell, model_of
from experiments.studies.staleness.sizes import DISTANCE, NETWORKS, OTHERS, Networks, Others
from experiments.studies.study import SCALES, most_complete
from experiments.sweep.json_store import CellResult
from theory.common.errors import InputError

ROBUST, FRAGILE = ("sgd", "adagrad"), ("momentum", "adam", "rmsprop")
SEARCHED = (0.001, 0.01, 0.1)  # figure 2's step sizes
WINDOW = 16  # iterations over which coherence is measured, whatever the delay

Cells = tuple[WorkerCell, ...]


def fig1_cells(scale: str) -> Cells:
    """Batches to an accuracy against the extra delay, by depth, with SGD and Adam; 8 workers, and one."""
    size = NETWORKS[scale]
    many = (_network(size, model, 8, s, o, size.level) for o in _PAIR for model in size.models for s in size.delays)
    one = (_network(size, model, 1, s, o, size.single_level) for o in _PAIR for model in size.single for s in size.few)
    return (*many, *one)


_PAIR = ("sgd", "adam")


def _network(size: Networks, model: str, workers: int, extra_delay: int, optimizer: str, level: float) -> WorkerCell:
    every = size.every if workers > 1 else size.single_every
    return WorkerCell(
        "fig1",
        model,
        workers,
        extra_delay,
        size.batches // workers,
        optimizer,
        (size.steps[optimizer, workers],),
        evaluate_every=every,
        lags=0 if size.coherence else WINDOW // every,
        sample=size.sample,
        seeds=size.seeds if workers > 1 else size.single_seeds,
        level=level,
    )


def fig2_cells(scale: str) -> Cells:
    """Batches to an accuracy for 1, 8 and 16 workers and five optimisers, each at its fastest step size."""
    size = NETWORKS[scale]
    return tuple(
        WorkerCell(
            "fig2",
            size.middle,
            workers,
            extra_delay,
            size.searched // workers,
            optimizer,
            SEARCHED,
            evaluate_every=max(1, size.searched_every // workers),
            seeds=size.seeds,
            level=size.level,
        )
        for workers in (1, 8, 16)
        for optimizer in (*ROBUST, *FRAGILE)
        for extra_delay in size.few
    )


def fig3_cells(scale: str) -> Cells:
    """Matrix factorisation, autoencoders and topic models."""
    size = OTHERS[scale]
    return (*_factor_cells(size), *_autoencoder_cells(size), *_topic_cells(size))


def _factor_cells(size: Others) -> Iterable[WorkerCell]:
    return (
        WorkerCell(
            "fig3",
            size.ratings,
            workers,
            extra_delay,
            size.rating_batches // workers,
            step_sizes=(size.rating_step,),
            batch=size.rating_size,
            evaluate_every=max(1, 40 // workers),
            seeds=size.seeds,
            metric="loss",
            level=size.rating_level,
            side="below",
        )
        for workers in (1, 4, 8)
        for extra_delay in (0, 5, 10, 15, 20)
    )


def _autoencoder_cells(size: Others) -> Iterable[WorkerCell]:
    return (
        WorkerCell(
            "fig3",
            model,
            1,
            extra_delay,
            size.batches,
            optimizer,
            (size.steps[optimizer],),
            evaluate_every=size.every,
            seeds=size.seeds,
            metric="loss",
            level=size.level,
            side="below",
        )
        for optimizer in _PAIR
        for model in size.autoencoders
        for extra_delay in (0, 4, 8, 16)
    )


def _topic_cells(size: Others) -> Iterable[WorkerCell]:
    return (
        WorkerCell(
            "fig3",
            model,
            workers,
            extra_delay,
            size.sweeps,
            evaluate_every=max(1, size.sweeps // 50),
            seeds=size.seeds,
            metric="log_likelihood",
        )
        for model in size.documents
        for workers in size.topic_workers
        for extra_delay in size.topic_delays
    )


def fig5_cells(scale: str) -> Cells:
    """Cosine of gradients some iterations apart, on fixed samples, without extra delay."""
    size = NETWORKS[scale]
    return tuple(
        WorkerCell(
            "fig5",
            size.deep,
            8,
            0,
            size.path,
            optimizer,
            (size.path_steps[optimizer],),
            evaluate_every=size.path_every,
            lags=WINDOW,
            sample=size.sample,
            seeds=size.single_seeds,
        )
        for optimizer in _PAIR
    )


def fig6_cells(scale: str) -> Cells:
    """Figure 1's cells with 8 workers, some of them with geometric delays of the same mean, and coherence.

    At the scale paper figure 1's cells measure no coherence, since gradients on a sample at every other iteration
    would take several times as long as the training. Shorter cells without a target measure it in their place.
    """
    size = NETWORKS[scale]
    uniform = tuple(cell for cell in fig1_cells(scale) if cell.workers == 8)
    spread = (geometric(cell) for cell in uniform if cell.workload in size.spread and cell.extra_delay)
    return (*uniform, *spread, *_coherence_cells(size))


def _coherence_cells(size: Networks) -> Iterable[WorkerCell]:
    """Coherence over the same window as elsewhere, at every depth and extra delay of figure 1."""
    every = 4
    return (
        WorkerCell(
            "fig6",
            model,
            8,
            extra_delay,
            size.coherence,
            optimizer,
            (size.steps[optimizer, 8],),
            evaluate_every=every,
            lags=WINDOW // every,
            sample=size.sample,
            seeds=size.seeds,
        )
        for optimizer in _PAIR
        for model in size.models
        for extra_delay in size.delays
        if size.coherence
    )


def geometric(cell: WorkerCell) -> WorkerCell:
    """The cell with geometric delays of the same mean, cut off at eight means."""
    mean = cell.extra_delay / 2
    changes = {"figure": "fig6", "delays": f"geometric:mean={mean:g}", "extra_delay": 4 * cell.extra_delay, "lags": 0}
    return replace(cell, **changes)  # type: ignore[arg-type]


def distance_cells(scale: str) -> Cells:
    """Beyond the study: the P caches beside the one sequence of the theorems, the same step and mean age."""
    iterations, seeds = DISTANCE[scale]
    return tuple(
        WorkerCell(
            "distance",
            problem,
            workers,
            extra_delay,
            iterations,
            step_sizes=(product / workers,),
            batch=batch,
            delays=delays,
            evaluate_every=iterations // 50,
            seeds=seeds,
            metric="gradient_norm_squared",
        )
        for problem, product, batch in (("problem:quadratic", 0.1, 1), ("problem:logistic", 0.03, 32))
        for workers in (1, 8)
        for extra_delay in (0, 4, 16)
        for delays in ("uniform", ONE_SEQUENCE)
    )


FIGURES: Mapping[str, Callable[[str], Cells]] = MappingProxyType(
    {
        "fig1": fig1_cells,
        "fig2": fig2_cells,
        "fig3": fig3_cells,
        "fig5": fig5_cells,
        "fig6": fig6_cells,
        "distance": distance_cells,
    }
)


def all_cells(scale: str) -> Cells:
    """All cells of the study at a scale, each once."""
    return tuple(dict.fromkeys(cell for build in FIGURES.values() for cell in build(scale)))


def chosen(results: Iterable[CellResult[WorkerCell]], figure: str) -> tuple[CellResult[WorkerCell], ...]:
    """The results of a figure at the scale that is the most complete in them, the largest of several.

    Raises:
        InputError: no such figure.
    """
    if figure not in FIGURES:
        raise InputError(f"There is no figure {figure!r} in the staleness study. There are {', '.join(FIGURES)}.")
    return most_complete({scale: FIGURES[figure](scale) for scale in SCALES}, results)


def depth_of(workload: str) -> int:
    """Hidden layers (on either side, for an autoencoder); 0 for multinomial logistic regression.

    >>> depth_of("mlr:data=mnist-5k"), depth_of("dnn:depth=4,width=32"), depth_of("vae")
    (0, 4, 1)
    """
    return int(model_of(workload)[1].get("depth", 0))


def mean_delay(result: CellResult[WorkerCell]) -> float:
    """The mean of the extra delay; of a geometric law, before it is cut off."""
    law, _, mean = result.cell.delays.partition("mean=")
    return float(mean) if law != "uniform" else result.cell.extra_delay / 2


def scaled_down(results: Sequence[CellResult[WorkerCell]]) -> str:
    """What the results stand for, if they are smaller than the study's; empty if not."""
    kinds = {(name, given.get("data")) for name, given in (model_of(result.cell.workload) for result in results)}
    small = sorted(f"{name} on {data}" for name, data in kinds if data in _SMALL)
    return f"scaled down: {', '.join(small)}" if small else ""


_SMALL = ("digits", "mnist-5k", "movielens-small", "newsgroups-2k")
