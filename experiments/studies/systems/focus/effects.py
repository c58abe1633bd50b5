"""The effects by which the claims on Focus are judged, a number for each video of a seed; costs as log2 of ratios.

Where a claim is about both videos, the made one and that of images, a seed counts with the worse of the two, or with
their mean where something is to stay within limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, common_seeds, needed
from experiments.studies.systems.focus.cells import MADE, FocusCell
from experiments.sweep.json_store import CellResult

Results = Sequence[CellResult[Any]]
Found = Mapping[str, Any]
Measure = Callable[[Found], float]
IMAGES = "images"
PARTS = ("ingest", "query")


def videos(results: Results) -> dict[str, list[Found]]:
    """What was found on the made videos, and on those of images, by seed."""
    found: dict[str, list[Found]] = {}
    for each in sorted((each for each in results if isinstance(each.cell, FocusCell)), key=lambda each: each.cell.seed):
        found.setdefault(MADE if each.cell.data == MADE else IMAGES, []).append(
            {**each.values, "target": each.cell.target}
        )
    return {kind: found[kind] for kind in (MADE, IMAGES) if kind in found}


def chosen(found: Found, place: int = 0) -> Found:
    """Balance (0), Opt-Ingest (1) or Opt-Query (2)."""
    tuned: Found = found["front"][found["chosen"][place]]
    return tuned


def cost(found: Found, tuned: Found | None, *parts: str) -> float:
    """log2 of the sum of these costs on the second half, at least one classification; the exact one's if nothing is."""
    return float(np.log2(max(sum(tuned["later"][part] for part in parts), 1 / found["later"]))) if tuned else 0.0


def _effect(
    results: Results, measure: Measure, told: Mapping[str, Measure], only: str = "", *, mean: bool = False
) -> Effect:
    """The measure of each seed, and in words the means of what is told."""
    there, kinds = videos(results), [only] if only else [MADE, IMAGES]
    needed(set(kinds) <= set(there), "Not all videos are there.")
    rows = common_seeds(*(np.array([measure(each) for each in there[kind]]) for kind in kinds))
    words = [f"{kind}: {', '.join(_words(there[kind], told))}" for kind in kinds]
    return Effect(np.asarray((np.mean if mean else np.min)(rows, axis=0), dtype=np.float64), "; ".join(words))


def _words(found: Sequence[Found], told: Mapping[str, Measure]) -> list[str]:
    return [f"{name} {np.mean([measure(each) for each in found]):.3g}" for name, measure in told.items()]


def _thousand(tuned: Callable[[Found], Found | None], *parts: str) -> Measure:
    """Exact classifications of a thousand detections."""
    return lambda found: 1000 * 2 ** cost(found, tuned(found), *parts)


def _named(name: str) -> Callable[[Found], Found | None]:
    return lambda found: found[name]


def _short(tuned: Found | None, target: float) -> float:
    """By how much the worse of recall and precision on the second half is above its target; nan where nothing is."""
    return min(tuned["later"]["recall"], tuned["later"]["precision"]) - target if tuned else np.nan


def grows_with_k(results: Results) -> Effect:
    """What the cheapest model's recall gains from the least K to the largest; its worst step, if one is down."""

    def gain(found: Found) -> float:
        recalls = [each["both"] for each in found["by_most"][0]]
        worst = float(np.diff(recalls).min())
        return worst if worst < 0 else recalls[-1] - recalls[0]

    ends: dict[str, Measure] = {
        "recall at K = 1": lambda found: found["by_most"][0][0]["both"],
        "at the largest K": lambda found: found["by_most"][0][-1]["both"],
    }
    return _effect(results, gain, ends)


def clusters_save(results: Results) -> Effect:
    """Of a query without clusters, at no more cost at ingest, over Balance's."""
    told = {"without clusters": _thousand(_named("alone"), "query"), "with": _thousand(chosen, "query")}

    def saved(found: Found) -> float:
        return cost(found, found["alone"], "query") - cost(found, chosen(found), "query")

    return _effect(results, saved, told)


def _kept(tuned: Callable[[Found], Found | None]) -> tuple[Measure, dict[str, Measure]]:
    def part(name: str) -> Measure:
        return lambda found: (tuned(found) or {"later": {name: np.nan}})["later"][name]

    return lambda found: _short(tuned(found), found["target"]), {each: part(each) for each in ("recall", "precision")}


def keeps_targets(results: Results) -> Effect:
    """By how much Balance is above both targets on the second half."""
    return _effect(results, *_kept(chosen))


def keeps_targets_with_room(results: Results) -> Effect:
    """The same of a search that held back half of the errors."""
    return _effect(results, *_kept(_named("roomy")))


_ENDS: Mapping[str, Measure] = {
    "ingest and query of Balance": _thousand(chosen, "ingest"),
    "and": _thousand(chosen, "query"),
    "ingest of Opt-Ingest": _thousand(lambda found: chosen(found, 1), "ingest"),
    "query of Opt-Query": _thousand(lambda found: chosen(found, 2), "query"),
}


def not_beaten(results: Results) -> Effect:
    """By what factor Balance is ahead, at ingest or at a query, of the setting of the front that comes nearest."""

    def ahead(found: Found) -> float:
        balance, others = chosen(found), [each for each in found["front"] if each is not chosen(found)]
        leads = [max(cost(found, each, part) - cost(found, balance, part) for part in PARTS) for each in others]
        return min(leads, default=1.0)

    return _effect(results, ahead, _ENDS)


def near_both_ends(results: Results) -> Effect:
    """Minus how far Balance is from the cheaper end, at ingest or at a query, whichever is more."""

    def apart(found: Found) -> float:
        ends = chosen(found, 1), chosen(found, 2)
        pairs = zip(ends, PARTS, strict=True)
        return -max(cost(found, chosen(found), part) - cost(found, end, part) for end, part in pairs)

    return _effect(results, apart, _ENDS)


def near_the_least_sum(results: Results) -> Effect:
    """Minus how far Balance's sum is from the cheapest ingest plus the cheapest query, which no setting has."""

    def apart(found: Found) -> float:
        ends = cost(found, chosen(found, 1), "ingest"), cost(found, chosen(found, 2), "query")
        return float(np.log2(sum(2**each for each in ends))) - cost(found, chosen(found), *PARTS)

    return _effect(results, apart, _ENDS)


def cheaper_ingest(results: Results, video: str) -> Effect:
    """Of ingest that asks the exact classifier about every centre, over Balance's."""
    told = {"exact at ingest": _thousand(_named("exact"), "ingest"), "Balance": _thousand(chosen, "ingest")}
    told["everything"] = lambda found: 1000.0
    return _effect(
        results, lambda found: cost(found, found["exact"], "ingest") - cost(found, chosen(found), "ingest"), told, video
    )


def _faster(results: Results, other: str, video: str = "") -> Effect:
    told = {other: _thousand(_named(other), *PARTS), "Balance": _thousand(chosen, "query")}
    told["everything"] = lambda found: 1000.0
    return _effect(
        results, lambda found: cost(found, found[other], *PARTS) - cost(found, chosen(found), "query"), told, video
    )


def faster_query(results: Results, video: str) -> Effect:
    """Of a query that runs a cascade on everything, over Balance's."""
    return _faster(results, "cascade", video)


def faster_than_lazy(results: Results) -> Effect:
    """Of all of Focus begun when the query comes, over Balance's query."""
    return _faster(results, "lazy")


def _mean_over(rows: Iterable[Any], value: Callable[[Any], float]) -> float:
    return float(np.mean([value(row) for row in rows]))


def product_holds(results: Results) -> Effect:
    """How far the product of the lemma is from recall, at the same time: the mean size over models and K."""

    def of_all(value: Callable[[Any], float]) -> Measure:
        return lambda found: _mean_over(chain.from_iterable(found["by_most"]), value)

    names = {"recall": "both", "product": "predicted", "certain": "least"}
    told = {name: of_all(itemgetter(key)) for name, key in names.items()}
    return _effect(results, of_all(lambda each: abs(each["both"] - each["predicted"])), told, mean=True)


def predicted_in_time(results: Results) -> Effect:
    """Recall in detections on the second half less the product on the sample, the mean over the front."""

    def off(found: Found) -> float:
        return _mean_over(found["recalled"], lambda halves: halves[1]["found"] - halves[0]["predicted"])

    told: dict[str, Measure] = {
        "predicted on the sample": lambda found: _mean_over(found["recalled"], lambda halves: halves[0]["predicted"]),
        "found later": lambda found: _mean_over(found["recalled"], lambda halves: halves[1]["found"]),
    }
    return _effect(results, off, told, mean=True)


def rare_as_well(results: Results) -> Effect:
    """Recall of classes that only OTHER leads to less that of the classes that the model knows."""

    def part(name: str) -> Measure:
        return lambda found: (found["rare"] or {name: np.nan})[name]

    told = {"known": part("known"), "under OTHER": part("other")}
    return _effect(results, lambda found: part("other")(found) - part("known")(found), told, MADE)
