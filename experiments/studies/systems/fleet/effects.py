"""The effects by which FLeet's claims are judged: a number for each seed, seeds paired over the cells compared.

A run that does not keep the accuracy counts as having reached it at the last update. Every server is looked at with
the step that the seeds for choosing settled for it, out of one grid, unless a claim says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, needed
from experiments.studies.systems.fleet.bounded import BoundCell
from experiments.studies.systems.fleet.profiling import ProfilerCell
from experiments.studies.systems.fleet.streaming import OnlineCell
from experiments.studies.systems.fleet.training import StepsCell, TailCell, chosen
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.profiler import OBJECTIVES
from theory.common.types import Array, Flags, Vector

Results = Sequence[Any]
SCALED_DOWN = "digits of 8 x 8 for MNIST, 32 hidden units for a convolutional network"
SIMULATED = "devices, their features and costs are simulated"
STREAMED = "a synthetic stream for posts of users"
STALE_LAWS = ("D1", "D2")


@dataclass(frozen=True, eq=False)
class Reached:
    """A server under a law: log2 of the updates to the accuracy.

    Args:
        method, law: which; steps: the grid (G,); best: the place of its step.
        logs: (G, seeds), of the seeds that judge; kept: whether the accuracy was reached and kept.
    """

    method: str
    law: str
    steps: Vector
    best: int
    logs: Array
    kept: Flags

    @property
    def inside(self) -> bool:
        """Whether the best step is not at an end of the grid."""
        return 0 < self.best < self.steps.size - 1

    def told(self, place: int | None = None) -> str:
        """Its geometric mean of updates, in words."""
        at = self.best if place is None else place
        mean, missed = 2 ** self.logs[at].mean(), int((~self.kept[at]).sum())
        open_ = f", {missed} never" if missed else ""
        return f"{METHODS[self.method].title} {self.law} {mean:.0f} (step {self.steps[at]:.3g}{open_})"


def reached(results: Results, method: str, law: str) -> Reached:
    """What the cell of a server under a law says; Missing where it is not there."""
    found = [each for each in _of(results, StepsCell) if (each.cell.method, each.cell.law) == (method, law)]
    needed(found, f"Federated training by {method} under {law} is not there.")
    cell, values = found[0].cell, found[0].values
    judging, tuning = (_numbers(values["updates"][part], cell.updates) for part in ("judging", "tuning"))
    kept = np.array([[each is not None for each in row] for row in values["updates"]["judging"]])
    # What is kept from the first evaluation on counts as reached after one interval.
    logs, choosing = (np.log2(np.maximum(each, cell.every)) for each in (judging, tuning))
    return Reached(method, law, np.array(values["steps"]), chosen(choosing), logs, kept)


def fewer_updates(first: str, second: str, *laws: str) -> Callable[[Results], Effect]:
    """log2 of the second server's updates over the first's, each at its best step, mean over laws."""

    def effect(results: Results) -> Effect:
        pairs = [(_under(results, first, law), _under(results, second, law)) for law in laws]
        values = np.mean([b.logs[b.best] - a.logs[a.best] for a, b in pairs], axis=0)
        return _judged(values, [each for pair in pairs for each in pair], results)

    return effect


def larger_gap(first: str, second: str) -> Callable[[Results], Effect]:
    """log2 of the second server's updates over the first's under D2 less that under D1."""

    def effect(results: Results) -> Effect:
        one, two = (fewer_updates(first, second, law)(results) for law in STALE_LAWS)
        evidence = "; ".join((one.evidence, two.evidence))
        return Effect(two.values - one.values, evidence, SCALED_DOWN, one.sound and two.sound)

    return effect


def fewer_at_one_step(first: str, second: str) -> Callable[[Results], Effect]:
    """The same as `fewer_updates` over D1 and D2, with all at the step that is best for the synchronous server."""

    def effect(results: Results) -> Effect:
        place = reached(results, "synchronous", "none").best
        pairs = [(_under(results, first, law), _under(results, second, law)) for law in STALE_LAWS]
        values = np.mean([b.logs[place] - a.logs[place] for a, b in pairs], axis=0)
        told = ", ".join(each.told(place) for pair in pairs for each in pair)
        return Effect(values, f"updates: {told}", SCALED_DOWN, _baseline(results))

    return effect


def rare_class(results: Results) -> Effect:
    """Accuracy of class 0 with boosting less that without, each at the step with the best accuracy on all rows."""
    found = {each.cell.method: each for each in _of(results, TailCell)}
    needed({"boosted", "saturated"} <= set(found), "Training with a long tail is not there.")
    with_boost, without = (_rare(found[name]) for name in ("boosted", "saturated"))
    told = ", ".join(f"{each.cell.method} {_rare(each).mean():.3f}" for each in found.values())
    return Effect(with_boost - without, f"accuracy of class 0: {told}", SCALED_DOWN)


def profiled(objective: str) -> Callable[[Results], Effect]:
    """log2 of one regression's distance to the limit over I-Prof's, which nine in ten tasks keep within."""

    def effect(results: Results) -> Effect:
        found = [each for each in _of(results, ProfilerCell) if each.cell.objective == objective]
        errors = needed(found, f"I-Prof for {objective} is not there.")[0].values["errors"]
        unit = OBJECTIVES[objective].unit
        told = ", ".join(f"{name} {np.mean(each):.3g} {unit}" for name, each in errors.items())
        values = np.log2(np.array(errors["global"]) / np.array(errors["i-prof"]))
        return Effect(values, f"nine in ten tasks are within: {told}", SIMULATED)

    return effect


def online_quality(results: Results) -> Effect:
    """log2 of the quality online over that of daily training, each at its best step."""
    values = needed(_of(results, OnlineCell), "The stream is not there.")[0].values
    online, daily = (
        np.array(values[name]["judging"])[chosen(np.array(values[name]["tuning"]), np.argmax)]
        for name in ("online", "daily")
    )
    told = f"mean F1 of five hashtags: online {online.mean():.3f}, daily {daily.mean():.3f}"
    return Effect(np.log2(online / daily), told, STREAMED)


def below_bound(results: Results) -> Effect:
    """1 less the largest measured mean over its bound, over rules, laws and steps."""
    found = needed(_of(results, BoundCell), "Runs beside the bound are not there.")
    ratios = np.array(
        [_numbers(each.values["measured"], np.inf) / np.array(each.values["bounds"])[:, None] for each in found]
    )
    closest = ratios.mean(axis=2).max()
    told = f"the bound is at least {1 / closest:.3g} times what is measured, over {ratios[:, :, 0].size} settings"
    return Effect(1 - ratios.max(axis=(0, 1)), told)


def _of(results: Results, kind: type[Any]) -> list[Any]:
    return [each for each in results if isinstance(each.cell, kind)]


def _numbers(rows: Any, instead: float) -> Vector:
    """An array of stored numbers, with this one where there is none."""
    return np.array([[instead if each is None else each for each in row] for row in rows], dtype=np.float64)


def _under(results: Results, method: str, law: str) -> Reached:
    """A server that waits has no staleness under any law."""
    return reached(results, method, "none" if METHODS[method].waits else law)


def _judged(values: Vector, found: Sequence[Reached], results: Results) -> Effect:
    """An effect with the updates of what was compared; unsound where a best step is at an end of the grid."""
    told = dict.fromkeys(each.told() for each in found)
    ends = dict.fromkeys(f"{METHODS[each.method].title} {each.law}" for each in found if not each.inside)
    beyond = f"; best at an end of the grid: {', '.join(ends)}" if ends else ""
    return Effect(values, f"updates: {', '.join(told)}{beyond}", SCALED_DOWN, not ends and _baseline(results))


def _baseline(results: Results) -> bool:
    """Whether the synchronous server keeps the accuracy on every seed."""
    found = reached(results, "synchronous", "none")
    return bool(found.kept[found.best].all())


def _rare(result: Any) -> Vector:
    """Accuracy of the rare class (seeds,) at the step of the best accuracy on all rows."""
    values = result.values
    judging: Array = np.array(values["rare"]["judging"])
    row: Vector = judging[chosen(np.array(values["overall"]["tuning"]), np.argmax)]
    return row
