"""The effects by which the claims on Fed-Influence are judged, a number for each seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, needed
from experiments.studies.systems.fed_influence.cells import (
    BEYOND,
    EDGE,
    EXACT,
    EXPANDING,
    REGIMES,
    WRONG,
    CleansingCell,
    InfluenceCell,
)
from experiments.sweep.json_store import CellResult
from experiments.systems.influence.constants import Curvature
from experiments.systems.influence.measure import TRUE, correlation
from theory.bounds.leave_one_out import LEAVE_ONE_OUT
from theory.bounds.parts.setting import Setting
from theory.common.types import Floats, Matrix, Vector
from theory.staleness.count import Staleness

Results = Sequence[CellResult[Any]]
LWET = ("lwet", "lwet-fisher", "lwet-client")


def runs(results: Results) -> Mapping[str, CellResult[InfluenceCell]]:
    """Runs that are followed, by their role."""
    return {each.cell.role: each for each in results if isinstance(each.cell, InfluenceCell)}


def run_of(results: Results, role: str) -> CellResult[InfluenceCell]:
    """Those of one role."""
    found = runs(results)
    needed(role in found, f"The runs {role} are not there.")
    return found[role]


def cleansed_runs(results: Results, flipped: bool) -> list[CellResult[CleansingCell]]:
    """Runs from which clients are sent away, where some have wrong labels, or none."""
    return [
        each for each in results if isinstance(each.cell, CleansingCell) and bool(each.cell.task.flipped) == flipped
    ]


def curves(run: CellResult[Any], what: str, name: str) -> Matrix:
    """(S, R): "lengths" or "errors" of an estimator; infinite where it has left the range of numbers."""
    return np.array([[np.inf if each is None else each for each in row] for row in run.values[what][name]])


def peaks(run: CellResult[Any], what: str, name: str, first: float, last: float) -> Vector:
    """(S,): the largest of a part of the rounds, from a share of them to another."""
    times = np.array(run.values["times"])
    there = (times > first * times[-1]) & (times <= last * times[-1])
    return np.asarray(curves(run, what, name)[:, there].max(axis=1))


def of_loss(run: CellResult[Any], name: str) -> Matrix:
    """(S, K): the influence of every client on the held-out loss; nan where an estimate has none."""
    return np.array(run.values["influence"][name], dtype=np.float64)


def correlations(run: CellResult[Any], name: str) -> Vector:
    """(S,): Pearson's r between the estimated and the true influence on the loss."""
    return np.array([correlation(*both) for both in zip(of_loss(run, name), of_loss(run, TRUE), strict=True)])


def exact(results: Results) -> Effect:
    """-log10 of the largest error of any client and round over the longest influence, the worse of two step sizes."""
    both = [run_of(results, role) for role in (EXACT, BEYOND)]
    shares = [curves(run, "errors", "basic").max(axis=1) / run.values["largest"] for run in both]
    words = ", ".join(
        f"{share.max():.2g} at {run.cell.task.step_size:g} times 2/Lambda"
        for run, share in zip(both, shares, strict=True)
    )
    return Effect(-np.log10(np.max(shares, axis=0)), f"largest error over largest influence: {words}")


def contracting(results: Results) -> Effect:
    """log2 of the largest error in the last quarter of the rounds over that in the second, gamma < 1."""
    return _growth(run_of(results, REGIMES[0]), 2.0, "doublings")


def expanding(results: Results) -> Effect:
    """The same in powers of ten, gamma > 1."""
    return _growth(run_of(results, EXPANDING), 10.0, "powers of ten")


def _growth(run: CellResult[Any], base: float, unit: str) -> Effect:
    late, early = (peaks(run, "errors", "basic", *part) for part in ((0.75, 1), (0.25, 0.5)))
    grown = np.log(late / early) / np.log(base)
    words = f"largest error in the second quarter {np.median(early):.2g}, in the last {np.median(late):.2g} (medians)"
    return Effect(grown, f"{words}; growth in {unit} from {grown.min():.2g} to {grown.max():.2g}")


def flat(results: Results) -> Effect:
    """The power of t with which the error grows after the first quarter, gamma = 1."""
    run = run_of(results, REGIMES[1])
    times = np.array(run.values["times"], dtype=np.float64)
    late = times > times[-1] / 4
    lengths, errors = np.log(times[late]), np.log(curves(run, "errors", "basic")[:, late])
    centred = lengths - lengths.mean()
    powers = errors @ centred / (centred @ centred)
    return Effect(powers - 1, f"the power of t is {powers.min():.2g} to {powers.max():.2g}")


def proved(run: CellResult[Any], seed: int) -> Floats:
    """(R,): the bound on the error of the estimate at the recorded rounds; infinite beyond the range of numbers."""
    setting = _setting(run, seed)
    values = [LEAVE_ONE_OUT.evaluate(setting.prefix(1))]
    values += [_finite_or_infinite(setting.prefix(time)) for time in run.values["times"]]
    return np.array(values[1:])


def _setting(run: CellResult[Any], seed: int) -> Setting:
    values, rounds = run.values, run.values["times"][-1]
    constants = {
        "lowest": values["least"][seed],
        "highest": values["most"][seed],
        "bend": values["bend"][seed],
        "influence": values["largest"][seed],
        "local": float(run.cell.task.local_steps),
    }
    steps = np.full(rounds, values["step_sizes"][seed])
    return Setting(steps, np.zeros(rounds, np.int64), Staleness(1), constants)


def _finite_or_infinite(setting: Setting) -> float:
    value, _ = LEAVE_ONE_OUT.assess(setting)  # the bound holds after one round: what fails is the range of numbers
    return np.inf if value is None else value


def truncated_limit(run: CellResult[Any], seed: int) -> float:
    r"""$\gamma C$, below which the error of the truncated estimator stays (step 1 of the proof of the bound)."""
    values = run.values
    known = Curvature(values["least"][seed], values["most"][seed], values["bend"][seed])
    steps = run.cell.task.local_steps
    return float(known.contraction(values["step_sizes"][seed]) ** steps * values["largest"][seed])


def below_bound(results: Results) -> Effect:
    """The least over the regimes and the recorded rounds of log2 of the bound over the measured error."""
    ratios, words = [], []
    for role in REGIMES:
        run = run_of(results, role)
        errors = curves(run, "errors", "basic")
        wrong = errors > 0  # in the first round the estimate is right, and nothing is left to it
        there = [np.log2(proved(run, seed)[some] / errors[seed, some]).min() for seed, some in enumerate(wrong)]
        ratios.append(np.array(there))
        words.append(f"{role}: {2 ** float(np.min(ratios[-1])):.3g}")
    return Effect(np.min(ratios, axis=0), f"bound over error is at least, {', '.join(words)}")


def truncated_below(results: Results) -> Effect:
    """The least over the regimes of log2 of gamma C over the largest error of the truncated estimator."""
    ratios, words = [], []
    for role in REGIMES:
        run = run_of(results, role)
        errors = curves(run, "errors", "truncated").max(axis=1)
        limits = np.array([truncated_limit(run, seed) for seed in range(errors.size)])
        ratios.append(np.log2(limits / errors))
        words.append(f"{role}: {(limits / errors).min():.3g}")
    return Effect(np.min(ratios, axis=0), f"gamma C over error is at least, {', '.join(words)}")


def correlated(results: Results, role: str, name: str) -> Effect:
    """Pearson's r of one estimator, with those of the others in words."""
    run = run_of(results, role)
    told = ", ".join(f"{each} {correlations(run, each).mean():.3f}" for each in run.cell.estimators)
    accuracy = np.mean(run.values["accuracy"])
    return Effect(correlations(run, name), f"mean r: {told}; the model's accuracy is {100 * accuracy:.3g} %")


def blown_up(results: Results, role: str) -> Effect:
    """log10 of the longest basic estimate over the longest true influence, beyond 2/Lambda."""
    run = run_of(results, role)
    shares, words = _overshoot(run, ("basic",))
    # Where it has left the range of numbers it counts as 10^300.
    return Effect(np.minimum(np.log10(shares), 300.0), f"{words}; {_measured_step(run)}")


def bounded_by_truncation(results: Results) -> Effect:
    """-log10 of the longest estimate with LWET over the longest true influence: three versions, two tasks."""
    found = [_overshoot(run_of(results, role), LWET) for role in (EXPANDING, EDGE)]
    return Effect(-np.log10(np.max([share for share, _ in found], axis=0)), "; ".join(words for _, words in found))


def _overshoot(run: CellResult[Any], names: Sequence[str]) -> tuple[Vector, str]:
    there = [name for name in names if name in run.cell.estimators]
    longest = {name: curves(run, "lengths", name).max(axis=1) for name in there}
    true = np.array(run.values["largest"])
    words = ", ".join(f"{name} {np.median(values):.2g}" for name, values in longest.items())
    return np.max(
        list(longest.values()), axis=0
    ) / true, f"{run.cell.role}: true {np.median(true):.2g}, {words} (medians)"


def _measured_step(run: CellResult[Any]) -> str:
    share = np.array(run.values["sharpness"])
    return f"eta is {share.min():.2g} to {share.max():.2g} times 2 over the largest curvature measured at the end"


def wrong_labels_lowest(results: Results) -> Effect:
    """How far the client with wrong labels lies below all others, in standard deviations of these."""
    run = run_of(results, WRONG)
    told = of_loss(run, "lwet-fisher")
    gaps = (told[:, 1:].min(axis=1) - told[:, 0]) / told[:, 1:].std(axis=1)
    last = {name: int((of_loss(run, name).argmin(axis=1) == 0).sum()) for name in (*run.cell.estimators, TRUE)}
    words = ", ".join(f"{name} {count}" for name, count in last.items())
    return Effect(gaps, f"runs of {gaps.size} in which it is the last: {words}")


def cleansing(results: Results, flipped: bool, other: str) -> Effect:
    """Accuracy, in points, where those of lowest influence left, over that where "nobody" did or some by "chance"."""
    run = needed(cleansed_runs(results, flipped), "The runs from which clients are sent away are not there.")[0]
    points = {who: 100 * np.array(values) for who, values in run.values["accuracy"].items()}
    told = ", ".join(f"{who} {values.mean():.4g} %" for who, values in points.items())
    caught = f"; {np.mean(run.values['caught']):.3g} of {run.cell.leave} had wrong labels" if flipped else ""
    return Effect(points["influence"] - points[other], f"accuracy where left: {told}{caught}")
