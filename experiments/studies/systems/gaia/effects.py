"""The effects by which the claims on Gaia are judged, a number for each seed; seeds are paired over methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, average, needed
from experiments.studies.systems.gaia.cells import CENTRES, GaiaCell, RegretCell
from experiments.sweep.json_store import CellResult
from theory.bounds.asp_regret import ASP_REGRET
from theory.bounds.parts.setting import Setting
from theory.common.types import Floats, Vector
from theory.staleness.count import Staleness

Results = Sequence[CellResult[Any]]
Methods = dict[str, CellResult[Any]]
NEAR = 1.02  # of the final loss of full exchange: the target


def trained(results: Results) -> dict[str, Methods]:
    """Runs by workload and method; those alone that have full exchange and Gaia over the wide-area network."""
    found: dict[str, Methods] = {}
    for each in results:
        if isinstance(each.cell, GaiaCell):
            found.setdefault(each.cell.workload, {})[each.cell.method] = each
    return {task: methods for task, methods in found.items() if {"full", "gaia"} <= set(methods)}


def regrets(results: Results) -> list[CellResult[Any]]:
    """Runs on convex tasks."""
    return [each for each in results if isinstance(each.cell, RegretCell)]


def task_name(workload: str) -> str:
    """A task as readers know it.

    >>> task_name("problem:logistic-digits"), task_name("matrix-factorization")
    ('logistic', 'ratings')
    """
    name = workload.removeprefix("problem:").partition(":")[0]
    return {"matrix-factorization": "ratings"}.get(name, name.partition("-")[0])


def curves(result: CellResult[Any], quantity: str = "curves") -> Floats:
    """(S, R): the losses, or another quantity, along the runs; infinite after divergence."""
    return np.array([[np.inf if value is None else value for value in row] for row in result.values[quantity]])


def finals(result: CellResult[Any]) -> Vector:
    """(S,): final losses, infinite after divergence."""
    return np.array([np.inf if value is None else value for value in result.values["final"]])


def to_target(result: CellResult[Any], target: float, quantity: str) -> Vector:
    """(S,): the seconds or bytes to the first record at which the loss is that good; at the last where none is."""
    there = curves(result) <= target
    there[:, -1] = True
    return np.asarray(curves(result, quantity)[np.arange(len(there)), np.maximum(there.argmax(axis=1), 1)])


def target_of(methods: Methods) -> float:
    """The loss that counts as that of full exchange."""
    return NEAR * float(finals(methods["full"]).mean())


def _all_of(results: Results, *methods: str) -> dict[str, Methods]:
    found = {task: each for task, each in trained(results).items() if set(methods) <= set(each)}
    return needed(found, f"Runs of {' and '.join(methods)} are not there.")


def _share(results: Results, method: str, least: float) -> Effect:
    """log2 of the share that may be significant over the one that is, on ratings."""
    found = _all_of(results, method)
    ratings = [task for task in found if task_name(task) == "ratings"]
    needed(ratings, "Runs on ratings are not there.")
    words = ", ".join(
        f"{task_name(task)}: {np.mean(each[method].values['small']):.1%} by themselves, "
        f"{np.mean(each[method].values['withheld']):.1%} not sent at once"
        for task, each in found.items()
    )
    shares = average([np.array(found[task][method].values["small"]) for task in ratings])
    return Effect(np.log2((1 - least) / (1 - shares)), f"insignificant changes: {words}")


def share_at_one(results: Results) -> Effect:
    """Of changes below 1 per cent, against 95 per cent."""
    return _share(results, "gaia-1", 0.95)


def share_at_five(results: Results) -> Effect:
    """Of changes below 5 per cent, against 95 per cent."""
    return _share(results, "gaia-5", 0.95)


def _apart(results: Results, method: str, other: str) -> Effect:
    """Mean over tasks of log2 of one method's final loss over another's, each at its own best step."""
    found = _all_of(results, method, other)
    ratios = {task: np.log2(finals(each[method])) - np.log2(finals(each[other])) for task, each in found.items()}
    words = ", ".join(f"{task_name(task)}: {2 ** ratio.mean():.3g}" for task, ratio in ratios.items())
    edges = [
        f"{name} on {task_name(task)}"
        for task, each in found.items()
        for name in (method, other)
        if each[name].values["at_edge"]
    ]
    told = f"; the best step is at the edge of the grid for {', '.join(edges)}" if edges else ""
    return Effect(average(ratios.values()), f"ratios {method} / {other}: {words}{told}")


def same_objective(results: Results) -> Effect:
    """log2 of Gaia's final loss over that of full exchange."""
    return _apart(results, "gaia", "full")


def without_waiting(results: Results) -> Effect:
    """log2 of the final loss of the filter alone over Gaia's, under a long delay."""
    return _apart(results, "filter-slow", "gaia-slow")


def _spent(results: Results, quantity: str, more: str, less: str, unit: float, symbol: str) -> Effect:
    """Mean over tasks of log2 of what one method spends to the target over what another does."""
    found = _all_of(results, more, less)
    ratios, words = [], []
    for task, each in found.items():
        taken = {method: to_target(each[method], target_of(each), quantity) for method in (more, less)}
        ratios.append(np.log2(taken[more] / taken[less]))
        told = " and ".join(f"{method} {taken[method].mean() / unit:.3g} {symbol}" for method in (more, less))
        words.append(f"{task_name(task)}: {told}")
    return Effect(average(ratios), f"to within {NEAR:g} times the final loss of full exchange: {'; '.join(words)}")


def bytes_saved(results: Results) -> Effect:
    """log2 of the bytes to the target, full exchange over Gaia."""
    return _spent(results, "bytes", "full", "gaia", 1e6, "MB")


def seconds_saved(results: Results) -> Effect:
    """log2 of the simulated seconds to the target over the wide-area network, full exchange over Gaia."""
    return _spent(results, "seconds", "full", "gaia", 1.0, "s")


def against_local(results: Results) -> Effect:
    """log2 of the seconds of full exchange in one building over those of Gaia between centres."""
    return _spent(results, "seconds", "local", "gaia", 1.0, "s")


def allowed(result: CellResult[RegretCell], seed: int) -> float:
    """The bound on the mean regret of one run, with the constants that the run shows."""
    values = result.values
    delays, steps = np.array(values["delays"][seed], np.int64), np.array(values["steps"][seed])
    constants = {name: float(values[name][seed]) for name in ("G", "radius", "size")}
    constants |= {"centres": float(CENTRES), "threshold": float(values["threshold"])}
    return ASP_REGRET.evaluate(Setting(steps, delays, Staleness(int(delays.max()) + 1), constants))


def bounds_of(result: CellResult[RegretCell]) -> Vector:
    """(S,): the bound of each run."""
    return np.array([allowed(result, seed) for seed in range(result.cell.seeds)])


def regret_name(cell: RegretCell) -> str:
    """A run on a convex task as readers know it."""
    return f"{task_name(cell.workload)}, {'falling' if cell.falling else 'constant'}, T = {cell.steps}"


def regret_below(results: Results) -> Effect:
    """The least over the runs of log2 of the bound over the measured mean regret."""
    runs = needed(regrets(results), "Runs on convex tasks are not there.")
    ratios = [np.log2(bounds_of(run) / np.maximum(run.values["regret"], 1e-12)) for run in runs]
    words = ", ".join(
        f"{regret_name(run.cell)}: {2 ** ratio.mean():.3g}" for run, ratio in zip(runs, ratios, strict=True)
    )
    return Effect(np.min(ratios, axis=0), f"bound / regret: {words}")


def _step(results: Results, quantity: str, sign: float, said: str) -> Effect:
    """log2 of the largest cost of withholding over what a proof allows it, the most over the runs, times a sign."""
    runs = needed(regrets(results), "Runs on convex tasks are not there.")
    shares = {regret_name(run.cell): np.array(run.values[quantity]) for run in runs}
    words = ", ".join(f"{name}: {share.max():.3g}" for name, share in shares.items())
    most = np.max(list(shares.values()), axis=0)
    return Effect(sign * np.log2(np.maximum(most, 1e-12)), f"largest cost / {said}: {words}")


def printed_step(results: Results) -> Effect:
    """log2 of the largest cost of withholding over D v_t."""
    return _step(results, "printed", 1.0, "D v_t")


def repaired_step(results: Results) -> Effect:
    """log2 of (D - 1) v_t G |w| over the largest cost of withholding."""
    return _step(results, "repaired", -1.0, "((D - 1) v_t G |w|)")
