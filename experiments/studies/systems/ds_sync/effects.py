"""The effects by which the claims on DS-Sync are judged, a number for each seed; seeds are paired over methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, average, needed
from experiments.studies.systems.ds_sync.cells import ClockCell, TrainedCell
from experiments.sweep.json_store import CellResult
from theory.bounds.group_averaging import GROUP_AVERAGING_BOUND, PATTERN
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA
from theory.bounds.parts.setting import Setting
from theory.common.types import Vector
from theory.formulas.formula import total
from theory.staleness.count import Staleness

Results = Sequence[CellResult[Any]]
Place = tuple[str, int]


def trained(results: Results) -> dict[Place, dict[str, CellResult[Any]]]:
    """Tuned runs by workload and workers, and by method; those alone that have full synchronisation and the grid."""
    found: dict[Place, dict[str, CellResult[Any]]] = {}
    for each in results:
        if isinstance(each.cell, TrainedCell) and len(each.cell.step_sizes) > 1:
            found.setdefault((each.cell.workload, each.cell.workers), {})[each.cell.method] = each
    return {place: methods for place, methods in found.items() if {"full", "grid"} <= set(methods)}


def bounded(results: Results) -> list[CellResult[Any]]:
    """Runs at one given step size, whose constants are exact."""
    return [each for each in results if isinstance(each.cell, TrainedCell) and len(each.cell.step_sizes) == 1]


def clocks(results: Results, network: str) -> dict[int, dict[str, Vector]]:
    """Seconds of a step by workers and method, one for each seed."""
    found: dict[int, dict[str, Vector]] = {}
    for each in results:
        if isinstance(each.cell, ClockCell) and each.cell.network == network:
            found.setdefault(each.cell.workers, {})[each.cell.method] = np.array(each.values["seconds"])
    return found


def logs(result: CellResult[Any], quantity: str) -> Vector:
    """log2 of a final quality, one for each seed; infinite after divergence."""
    return np.log2([np.inf if value is None else value for value in result.values[quantity]])


def task_name(place: Place) -> str:
    """A task as readers know it.

    >>> task_name(("problem:nonconvex:d=20", 16))
    'non-convex, N = 16'
    """
    return f"{short_name(place[0])}, N = {place[1]}"


def short_name(workload: str) -> str:
    """A workload as readers know it."""
    name = workload.removeprefix("problem:").partition(":")[0]
    return {"nonconvex": "non-convex", "logistic-digits": "logistic", "dnn": "network"}.get(name, name)


def _apart(results: Results, method: str, other: str, quantity: str) -> Effect:
    """Mean over tasks of log2 of one method's final quality over another's."""
    pairs = {place: found for place, found in trained(results).items() if {method, other} <= set(found)}
    needed(pairs, f"Runs of {method} beside {other} are not there.")
    ratios = {place: logs(found[method], quantity) - logs(found[other], quantity) for place, found in pairs.items()}
    words = ", ".join(f"{task_name(place)}: {2 ** ratio.mean():.3g}" for place, ratio in ratios.items())
    edges = [place for place, found in pairs.items() if any(found[each].values["at_edge"] for each in (method, other))]
    told = f"; the best step is at the edge of the grid for {', '.join(map(task_name, edges))}" if edges else ""
    return Effect(average(ratios.values()), f"ratios {method} / {other}: {words}{told}")


def mean_of_grid(results: Results) -> Effect:
    """log2 of the grid's final quality over that of full synchronisation, at the mean of the replicas."""
    return _apart(results, "grid", "full", "final")


def mean_of_random(results: Results) -> Effect:
    """The same of random partitions."""
    return _apart(results, "random", "full", "final")


def own_of_grid(results: Results) -> Effect:
    """log2 of the grid's final quality over that of full synchronisation, at the replicas themselves."""
    return _apart(results, "grid", "full", "own")


def own_of_fixed(results: Results) -> Effect:
    """log2 of the final quality of fixed groups over the grid's, at the replicas themselves."""
    return _apart(results, "fixed", "grid", "own")


def stale_server(results: Results) -> Effect:
    """log2 of the final quality of the stale server over that of the mean of the grid's replicas."""
    return _apart(results, "stale", "grid", "final")


#: What the lemma of the bound says of the distance to consensus: the mean over the run of E|D_k|^2.
CONSENSUS = replace(GROUP_AVERAGING_BOUND, value=PATTERN.spread / total(ETA))


def proved(bound: Bound, result: CellResult[TrainedCell]) -> float:
    """The value of a bound for a run at one step size."""
    cell, known = result.cell, result.values["constants"]
    constants = known | {"workers": float(cell.workers), "group": float(cell.group)}
    steps = np.full(cell.steps, result.values["step_size"] * result.values["unit"])
    return bound.evaluate(Setting(steps, np.zeros(cell.steps, np.int64), Staleness(1), constants))


def gradient_below(results: Results) -> Effect:
    """The least over the runs at given steps of log2 of the bound over the measured mean of |grad F|^2."""
    return _below(results, GROUP_AVERAGING_BOUND, "average")


def consensus_below(results: Results) -> Effect:
    """The same of the distance to consensus."""
    return _below(results, CONSENSUS, "consensus")


def _below(results: Results, bound: Bound, quantity: str) -> Effect:
    runs = needed(bounded(results), "Runs with known constants are not there.")
    ratios = [np.log2(proved(bound, run)) - logs(run, quantity) for run in runs]
    words = ", ".join(
        f"{task_name((run.cell.workload, run.cell.workers))} at {run.values['step_size']:g}/L: {2 ** ratio.mean():.3g}"
        for run, ratio in zip(runs, ratios, strict=True)
    )
    return Effect(np.min(ratios, axis=0), f"bound / measured: {words}")


def seconds_with_stragglers(results: Results) -> Effect:
    """log2 of the seconds of a step under full synchronisation over the grid's, exponential compute times."""
    return _seconds(results, "stragglers")


def seconds_with_latency(results: Results) -> Effect:
    """The same for a small model and slow messages."""
    return _seconds(results, "latency")


def _seconds(results: Results, network: str) -> Effect:
    workers, found = _largest(results, network)
    words = ", ".join(f"{method} {1000 * values.mean():.3g} ms" for method, values in found.items())
    return Effect(np.log2(found["full"] / found["grid"]), f"N = {workers}, N gradients: {words}")


def _largest(results: Results, network: str) -> tuple[int, dict[str, Vector]]:
    """The clocks of the most workers."""
    found = needed(clocks(results, network), f"The clocks of the network {network} are not there.")
    workers = max(found)
    needed({"full", "grid"} <= set(found[workers]), f"The clocks of the network {network} are not all there.")
    return workers, found[workers]


NEAR = 1.25  # of the final quality of full synchronisation: the target


def seconds_to_target(results: Results) -> Effect:
    """log2 of the seconds to the target, full synchronisation over the grid, with stragglers; mean over tasks."""
    workers, seconds = _largest(results, "stragglers")
    places = {place: found for place, found in trained(results).items() if place[1] == workers}
    needed(places, f"Runs of {workers} workers are not there.")
    ratios, words = [], []
    for place, found in places.items():
        target = NEAR * float(np.mean(2 ** logs(found["full"], "final")))
        taken = {method: steps_to(found[method], target) * seconds[method] for method in ("full", "grid")}
        ratios.append(np.log2(taken["full"] / taken["grid"]))
        words.append(f"{task_name(place)}: {taken['full'].mean():.3g} s and {taken['grid'].mean():.3g} s")
    return Effect(average(ratios), f"full and grid to within {NEAR:g} times full's final quality: {'; '.join(words)}")


def steps_to(result: CellResult[TrainedCell], target: float) -> Vector:
    """The first recorded step of each seed at which the mean of the replicas is that good; the last where none is."""
    curves = np.array([[np.inf if value is None else value for value in curve] for curve in result.values["curves"]])
    times = np.array(result.values["times"])
    there = curves <= target
    there[:, -1] = True
    return np.asarray(np.maximum(times[there.argmax(axis=1)], times[1]), dtype=np.float64)
