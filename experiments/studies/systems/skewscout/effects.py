"""The effects by which the claims on skewed partitions are judged, a number for each seed; seeds are paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, average, common_seeds, needed
from experiments.studies.systems.skewscout.cells import BSP, LADDERS, SCOUT, THETA
from experiments.sweep.json_store import CellResult
from theory.common.types import Array, Vector

Results = Sequence[CellResult[Any]]
Curve = dict[float, CellResult[Any]]
MODELS = ("softmax", "network")
NEAR = 0.01  # a point of accuracy


def by_skew(results: Results, method: str, model: str = "network", norm: str = "none") -> Curve:
    """Runs of a method at its usual tightness, by the degree of skew."""
    found: Curve = {}
    for each in results:
        cell = each.cell
        usual = (method, model, norm, THETA.get(method, cell.theta))
        if (cell.method, cell.model, cell.norm, cell.theta) == usual:
            found[cell.skew] = each
    return dict(sorted(found.items()))


def by_theta(results: Results, method: str, skew: float) -> Curve:
    """Runs of a method on the network at one degree of skew, by its tightness."""
    found = {
        each.cell.theta: each
        for each in results
        if (each.cell.method, each.cell.model, each.cell.norm, each.cell.skew) == (method, "network", "none", skew)
    }
    return dict(sorted(found.items()))


def numbers(result: CellResult[Any], quantity: str) -> Array:
    """A stored quantity, seed by seed."""
    return np.array(result.values[quantity], dtype=np.float64)


def ends(curve: Curve, what: str) -> tuple[CellResult[Any], CellResult[Any]]:
    """The runs at 0 and at 100 per cent."""
    needed({0.0, 100.0} <= set(curve), f"Runs of {what} without skew and at total skew are not there.")
    return curve[0.0], curve[100.0]


def lost(method: str, norm: str = "none", models: Sequence[str] = MODELS) -> Callable[[Results], Effect]:
    """Final accuracy without skew less that at total skew, mean over models."""

    def effect(results: Results) -> Effect:
        pairs = {model: ends(by_skew(results, method, model, norm), f"{method} ({model})") for model in models}
        values = [np.subtract(*common_seeds(*(numbers(one, "final") for one in pair))) for pair in pairs.values()]
        told = ", ".join(f"{model} {_mean(pair[0])} and {_mean(pair[1])}" for model, pair in pairs.items())
        return Effect(average(values), f"accuracy at 0 and 100 %: {told}{_edges(pairs.values())}")

    return effect


def slope(curve: Curve, quantity: str, most: float = 100.0) -> Vector:
    """The least-squares slope of a quantity over the degree of skew, per 100 per cent, of each seed."""
    skews = np.array([skew for skew in curve if skew <= most])
    rows = common_seeds(*(numbers(curve[skew], quantity) for skew in skews.tolist()))
    apart = (skews - skews.mean()) / 100
    return np.asarray(apart @ np.stack(rows) / (apart @ apart))


def grows(*methods: str) -> Callable[[Results], Effect]:
    """The slope of the loss of accuracy over the degrees of skew below total, mean over methods and models."""

    def effect(results: Results) -> Effect:
        curves = {(method, model): by_skew(results, method, model) for method in methods for model in MODELS}
        for (method, model), curve in curves.items():
            needed(
                len([skew for skew in curve if skew < 100]) > 1, f"Runs of {method} ({model}) by skew are not there."
            )
        slopes = {place: -slope(curve, "final", 99) for place, curve in curves.items()}
        told = ", ".join(f"{method} ({model}) {values.mean():.3g}" for (method, model), values in slopes.items())
        return Effect(average(slopes.values()), f"accuracy lost per 100 % of skew, below total skew: {told}")

    return effect


def recovered(results: Results) -> Effect:
    """Final accuracy under BSP at total skew, group less batch normalisation."""
    found = {norm: ends(by_skew(results, BSP, norm=norm), f"{norm} normalisation")[1] for norm in ("group", "batch")}
    values = np.subtract(*common_seeds(*(numbers(each, "final") for each in found.values())))
    return Effect(values, "accuracy at 100 %: " + ", ".join(f"{norm} {_mean(each)}" for norm, each in found.items()))


def mismatch(results: Results) -> Effect:
    """The slope over skew of the variance that running statistics miss, BSP with batch normalisation."""
    curve = by_skew(results, BSP, norm="batch")
    ends(curve, "batch normalisation")
    told = ", ".join(
        f"{skew:g} %: {numbers(each, 'missing').mean():.3g} (loss {numbers(each, 'gap').mean():+.3g})"
        for skew, each in curve.items()
    )
    return Effect(
        slope(curve, "missing"), f"missing share of the variance, and the test's loss less training's: {told}"
    )


def settled(result: CellResult[Any]) -> Vector:
    """The mean rung of each seed from a quarter of the run to its half, where the step size first falls."""
    rungs = numbers(result, "rungs")
    periods = rungs.shape[1]
    return np.asarray(rungs[:, periods // 4 : periods // 2].mean(axis=1))


def tighter(method: str) -> Callable[[Results], Effect]:
    """The mean rung of the controller without skew less that at total skew."""

    def effect(results: Results) -> Effect:
        found = ends(by_skew(results, SCOUT + method), f"the controller of {method}")
        rungs = [settled(each) for each in found]
        ladder = ", ".join(f"{theta:g}" for theta in LADDERS[method])
        told = f"mean rung at 0 and 100 %: {rungs[0].mean():.3g} and {rungs[1].mean():.3g} of 0 to 5 ({ladder})"
        return Effect(np.subtract(*common_seeds(*rungs)), told)

    return effect


def _scouts(results: Results) -> list[tuple[str, CellResult[Any], CellResult[Any]]]:
    """What, the controller's run and BSP's: of both methods at both ends of skew."""
    plain = ends(by_skew(results, BSP), BSP)
    found = [(method, ends(by_skew(results, SCOUT + method), f"the controller of {method}")) for method in LADDERS]
    return [
        (f"{method} at {skew} %", pair[place], plain[place])
        for method, pair in found
        for place, skew in enumerate((0, 100))
    ]


def as_accurate(results: Results) -> Effect:
    """Final accuracy of BSP less the controller's, mean over both methods and both ends of skew."""
    rows = _scouts(results)
    values = [np.subtract(*common_seeds(numbers(bsp, "final"), numbers(scout, "final"))) for _, scout, bsp in rows]
    return Effect(
        average(values), "accuracy: " + ", ".join(f"{what} {_mean(s)}, BSP {_mean(b)}" for what, s, b in rows)
    )


def fewer_bytes(results: Results) -> Effect:
    """log2 of the bytes of a run, BSP over the controller, mean over both methods and both ends of skew."""
    rows = _scouts(results)
    values = [
        np.log2(np.divide(*common_seeds(numbers(bsp, "sent")[:, -1], numbers(scout, "sent")[:, -1])))
        for _, scout, bsp in rows
    ]
    told = ", ".join(f"{what} {2 ** each.mean():.3g}" for (what, _, _), each in zip(rows, values, strict=True))
    fixed = ", ".join(f"{method} {_best_fixed(results, method)}" for method in LADDERS)
    return Effect(average(values), f"bytes, BSP over the controller: {told}; over the best theta, at 100 %: {fixed}")


def _best_fixed(results: Results, method: str) -> str:
    """BSP's bytes over those of the cheapest fixed theta that is within a point of BSP at total skew, in words."""
    bsp = ends(by_skew(results, BSP), BSP)[1]
    least = numbers(bsp, "final").mean() - NEAR
    whole = numbers(bsp, "sent")[:, -1].mean()
    found = {
        whole / numbers(each, "sent")[:, -1].mean(): theta
        for theta, each in by_theta(results, method, 100.0).items()
        if numbers(each, "final").mean() >= least
    }
    return f"{max(found):.3g} (theta {found[max(found)]:g})" if found else "none is within a point"


def fewer_bytes_to_accuracy(results: Results) -> Effect:
    """log2 of the bytes to a point below BSP's final accuracy, BSP over the controller; the same mean."""
    values, told = [], []
    for what, scout, bsp in _scouts(results):
        target = float(numbers(bsp, "final").mean()) - NEAR
        taken = common_seeds(*(bytes_to(each, target, float(numbers(bsp, "sent").max())) for each in (bsp, scout)))
        values.append(np.log2(taken[0] / taken[1]))
        told.append(f"{what} {2 ** values[-1].mean():.3g}")
    return Effect(average(values), f"bytes to BSP's accuracy less a point, BSP over the controller: {', '.join(told)}")


def bytes_to(result: CellResult[Any], target: float, otherwise: float) -> Vector:
    """Of each seed the bytes sent until the first record that accurate; where there is none, `otherwise`."""
    there, sent = numbers(result, "accuracy") >= target, numbers(result, "sent")
    first = np.maximum(there.argmax(axis=1), 1)
    return np.where(there.any(axis=1), sent[np.arange(len(sent)), first], otherwise)


def looser(results: Results) -> Effect:
    """What accuracy falls by from the tightest to the loosest theta, at total skew less without; mean over methods."""
    values, told = [], []
    for method in LADDERS:
        falls = []
        for skew in (0.0, 100.0):
            curve = by_theta(results, method, skew)
            needed(len(curve) > 1, f"Runs of {method} by theta at {skew:g} % are not there.")
            falls.append(np.subtract(*common_seeds(*(numbers(each, "final") for each in _outer(curve)))))
        values.append(np.subtract(*common_seeds(falls[1], falls[0])))
        told.append(f"{method} {falls[0].mean():.3g} and {falls[1].mean():.3g}")
    return Effect(average(values), f"accuracy lost from tightest to loosest at 0 and 100 %: {', '.join(told)}")


def _outer(curve: Curve) -> tuple[CellResult[Any], CellResult[Any]]:
    return curve[min(curve)], curve[max(curve)]


def _mean(result: CellResult[Any]) -> str:
    return f"{numbers(result, 'final').mean():.3f}"


def _edges(pairs: Any) -> str:
    """Which best steps lie at an end of the grid."""
    names = [
        f"{each.cell.model} at {each.cell.skew:g} % ({each.values['step_size']:g})"
        for pair in pairs
        for each in pair
        if each.values["at_edge"]
    ]
    return f"; the best step is at an end of the grid for {', '.join(names)}" if names else ""
