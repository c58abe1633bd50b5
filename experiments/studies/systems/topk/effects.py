"""The effects by which the claims on TopK-SGD are judged, a number for each seed; seeds are paired over compressors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, average, needed
from experiments.studies.systems.topk.cells import COUNTED_AT, TrainedCell, VectorsCell
from experiments.sweep.json_store import CellResult
from theory.bounds.ef_topk import EF_TOPK, PATTERN
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA
from theory.bounds.parts.setting import Setting
from theory.common.types import Floats, Vector
from theory.formulas.formula import total
from theory.staleness.count import Staleness

Results = Sequence[CellResult[Any]]
SQUARE, CUBIC = 2, 3
_NO_VECTORS = "The made vectors are not there."
NEAR = 4 / 3  # of k, and its inverse about 2/3: where Gaussian-k stops to correct


def trained(results: Results) -> dict[str, dict[str, CellResult[Any]]]:
    """Tuned runs, and those of the released recipe, by workload and compressor; those alone that have top-k."""
    found: dict[str, dict[str, CellResult[Any]]] = {}
    for each in results:
        if isinstance(each.cell, TrainedCell) and each.cell.records < each.cell.iterations:
            found.setdefault(each.cell.workload, {})[each.cell.compressor] = each
    return {workload: methods for workload, methods in found.items() if "top-k" in methods}


def bounded(results: Results) -> list[CellResult[Any]]:
    """Runs at one given step size that are measured at every iteration: their constants are exact."""
    return [
        each for each in results if isinstance(each.cell, TrainedCell) and each.cell.records == each.cell.iterations
    ]


def vectors(results: Results) -> dict[str, CellResult[Any]]:
    """Vectors by family."""
    return {each.cell.family: each for each in results if isinstance(each.cell, VectorsCell)}


def numbers(result: CellResult[Any], name: str) -> Floats:
    """Numbers of a cell; infinite where a run diverged or nothing was left."""
    values = np.array(result.values[name], dtype=np.float64)
    return np.where(np.isnan(values), np.inf, values)


def short_name(workload: str) -> str:
    """A workload as readers know it.

    >>> short_name("problem:logistic-mnist"), short_name("dnn:width=32"), short_name("problem:nonconvex:d=20")
    ('logistic', 'network', 'non-convex')
    """
    name = workload.removeprefix("problem:").partition(":")[0].partition("-")[0]
    return {"nonconvex": "non-convex", "dnn": "network"}.get(name, name)


def _tasks(results: Results, kind: str) -> dict[str, CellResult[Any]]:
    """Runs of top-k on objectives ("logistic") or on networks."""
    return {
        workload: methods["top-k"]
        for workload, methods in trained(results).items()
        if (short_name(workload) == "logistic") == (kind == "logistic")
    }


def _power_over(results: Results, kind: str) -> Effect:
    """The least power of 1 - k/d over every compensated vector, less 2."""
    runs = needed(_tasks(results, kind), f"Runs of top-k on a {kind} are not there.")
    least = np.min([numbers(run, "power") for run in runs.values()], axis=0)
    words = ", ".join(f"{short_name(name)}: {numbers(run, 'power').min():.3g}" for name, run in runs.items())
    vectors_seen = sum(run.cell.seeds * run.cell.workers * run.cell.iterations for run in runs.values())
    text = f"least power over {vectors_seen:,} vectors, {words}; random-k has 1"
    return Effect(least - SQUARE, text, sound=_whole(runs.values()))


def square_on_logistic(results: Results) -> Effect:
    """Of logistic regression."""
    return _power_over(results, "logistic")


def square_on_network(results: Results) -> Effect:
    """Of networks."""
    return _power_over(results, "network")


def cubic_at_every_density(results: Results) -> Effect:
    """The least power over the vectors at the evaluations and all densities that are looked at, less 3."""
    runs = needed([methods["top-k"] for methods in trained(results).values()], "Runs of top-k are not there.")
    rows = [numbers(run, "powers").min(axis=1) for run in runs]
    words = ", ".join(f"{short_name(run.cell.workload)}: {row.min():.3g}" for run, row in zip(runs, rows, strict=True))
    text = f"least power at densities from 0.001 to 0.5, {words}"
    return Effect(np.min(rows, axis=0) - CUBIC, text, sound=_whole(runs))


def _whole(runs: Iterable[CellResult[Any]]) -> bool:
    """Whether no run diverged."""
    return not any(run.values["diverged"] for run in runs)


def _apart(results: Results, method: str, other: str) -> Effect:
    """Mean over tasks of log2 of one compressor's final loss over another's."""
    pairs = {name: found for name, found in trained(results).items() if {method, other} <= set(found)}
    needed(pairs, f"Runs of {method} beside {other} are not there.")
    ratios = {
        name: np.log2(numbers(found[method], "final")) - np.log2(numbers(found[other], "final"))
        for name, found in pairs.items()
    }
    words = ", ".join(f"{short_name(name)}: {2 ** ratio.mean():.3g}" for name, ratio in ratios.items())
    edges = [name for name, found in pairs.items() if any(found[each].values["at_edge"] for each in (method, other))]
    told = f"; the best step is at the edge of the grid for {', '.join(map(short_name, edges))}" if edges else ""
    return Effect(average(ratios.values()), f"ratios {method} / {other}: {words}{told}")


def random_over_top(results: Results) -> Effect:
    """Random-k, with its memory, over top-k."""
    return _apart(results, "random-k", "top-k")


def gaussian_over_top(results: Results) -> Effect:
    """Gaussian-k as released over top-k, with how much it sent."""
    effect = _apart(results, "gaussian-k", "top-k")
    runs = [found["gaussian-k"] for found in trained(results).values() if "gaussian-k" in found]
    words = ", ".join(
        f"{short_name(run.cell.workload)}: {numbers(run, 'sent').mean():.3g} k, from {numbers(run, 'share').min():.3g} "
        f"to {numbers(run, 'share').max():.3g}"
        for run in runs
    )
    return replace(effect, evidence=f"{effect.evidence}; it sent on average {words}")


def counts(result: CellResult[Any], name: str) -> Floats:
    """count/k, (draws, densities)."""
    return np.array(result.values["counts"][name], dtype=np.float64)


def released_on_laplace(results: Results) -> Effect:
    """log2 of count/k of the released Gaussian-k on Laplace vectors at 1 %."""
    found = needed([vectors(results)[name] for name in ("laplace",) if name in vectors(results)], _NO_VECTORS)[0]
    share = counts(found, "gaussian-k")[:, COUNTED_AT.index(0.01)]
    return Effect(
        np.log2(share), f"count/k from {share.min():.3g} to {share.max():.3g} at d = {found.cell.dimension:,}"
    )


def bracketed_in_range(results: Results) -> Effect:
    """How far count/k of the bracketed selection stays from the ends 2/3 and 4/3, at least, over all families."""
    found = needed(vectors(results), _NO_VECTORS)
    shares = np.stack([counts(each, "gaussian-k-bracketed") for each in found.values()])
    inside = np.minimum(shares - 2 / 3, 4 / 3 - shares).min(axis=(0, 2))
    text = f"count/k from {shares.min():.3g} to {shares.max():.3g} over {', '.join(found)} at 0.1 and 1 %"
    return Effect(inside, text)


#: What the proof says of the memory: the mean along the run of the squared distance to the virtual sequence.
MEMORY = replace(EF_TOPK, value=PATTERN.spread / total(ETA))


def proved(bound: Bound, result: CellResult[TrainedCell], power: int | None = None) -> float:
    """The value of a bound for a run at one step size.

    Args:
        bound: on error feedback; result: a run with known constants.
        power: with delta = 1 - (1 - k/d)^power; left out, with the delta that the run's vectors show.
    """
    cell, values = result.cell, result.values
    delta = values["delta"] if power is None else 1 - (1 - cell.density) ** power
    constants = values["constants"] | {"workers": float(cell.workers), "G": values["G2"] ** 0.5, "delta": delta}
    steps = np.full(cell.iterations, values["step_size"] * values["unit"])
    return bound.evaluate(Setting(steps, np.zeros(cell.iterations, np.int64), Staleness(1), constants))


def _below(results: Results, bound: Bound, quantity: str) -> Effect:
    """The least over the runs at given steps of log2 of what is proved over what is measured."""
    runs = needed(bounded(results), "Runs with known constants are not there.")
    ratios: list[Vector] = [np.log2(proved(bound, run)) - np.log2(numbers(run, quantity)) for run in runs]
    words = ", ".join(
        f"{short_name(run.cell.workload)} at {run.values['step_size']:g}/L: {2 ** ratio.mean():.3g}"
        for run, ratio in zip(runs, ratios, strict=True)
    )
    return Effect(np.min(ratios, axis=0), f"proved / measured, with G and delta as the runs show them, {words}")


def gradient_below(results: Results) -> Effect:
    """The mean along the run of the squared gradient, at the points that are read."""
    return _below(results, EF_TOPK, "gradient")


def memory_below(results: Results) -> Effect:
    """The mean along the run of the squared distance to the virtual sequence."""
    return _below(results, MEMORY, "distance")
