"""What is computed of Focus: a video cut in two, tuned on its first half, which is labelled, and measured on the other.

Baselines are tuned on the same grid and the same sample. Exact at ingest: the exact classifier on every centre, which a
query only reads. Cascade: nothing at ingest; a query runs a cheap classifier on everything, and the exact one where it
lists the class and is not sure. Lazy: all of Focus, clusters too, when the query comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from experiments.sweep.json_store import rounded
from experiments.systems.focus.detections import Video, covering
from experiments.systems.focus.images import ImageVideo
from experiments.systems.focus.recall import LEAST, PREDICTED
from experiments.systems.focus.search import choose, meeting
from experiments.systems.focus.synthetic import SyntheticVideo
from experiments.systems.focus.tracks import Lengths
from experiments.systems.focus.trials import Grid, Part, Setting, Trial
from theory.common.errors import InputError

MADE = "made"
ASKED = 0.95  # the classes that are queried have this share of the sample
GRID = Grid()
K_RADIUS = 0.5  # at which recall is looked at for each K: some clusters mix classes there
_DIGITS = 7
NUMBERS = ("recall", "precision", "ingest", "query", "clusters")


@dataclass(frozen=True)
class FocusCell:
    """A video of a seed.

    Args:
        data: the images that it shows, or "made".
        detections: of the video, half of them the labelled sample; seed: what is drawn.
        target: of recall and of precision.
    """

    kind: ClassVar[str] = "focus"
    data: str
    detections: int
    seed: int
    target: float = 0.95

    @property
    def name(self) -> str:
        """Of its file."""
        return f"focus-{self.data}-seed{self.seed}"

    @property
    def work(self) -> int:
        """Detections, those on images counted as dearer."""
        return self.detections * (20 if self.data == MADE else 40)

    def video(self) -> Video:
        """What is watched."""
        lengths = Lengths(self.detections)
        return SyntheticVideo(lengths, self.seed) if self.data == MADE else ImageVideo(lengths, self.seed, self.data)

    def compute(self) -> Mapping[str, Any]:
        """What the search finds on the first half, and what that does on the second.

        Returns:
            queried: classes; later: detections of the second half.
            front: each setting of the Pareto front, see `_tuned`; chosen: the places in it of Balance, Opt-Ingest and
            Opt-Query; recalled: `_recalled` of each setting of the front, on both halves.
            roomy: Balance of a search that holds back half of the errors, if it finds a setting.
            cloud: costs of all settings that meet the targets.
            alone, exact, cascade, lazy: what else was tuned, see `_others`.
            most: K; by_most: `_recalled` of each model at each, on the second half; rare: see `_rare`.
        """
        half, video = self.detections // 2, self.video()
        labelled = slice(0, half)
        queried = covering(video.detections.classes[labelled], ASKED).tolist()
        sample, later = (Part(video, rows, labelled, queried) for rows in (labelled, slice(half, self.detections)))
        trials = [sample.trial(setting) for setting in sample.settings(GRID)]
        there = meeting(trials, self.target, self.target)
        found, held_back = choose(trials, self.target, self.target), (1 + self.target) / 2
        return {
            "queried": queried,
            "later": self.detections - half,
            "front": [_tuned(each, later.trial(each.setting)) for each in found.front],
            "recalled": [[_recalled(part, each.setting) for part in (sample, later)] for each in found.front],
            "chosen": [found.front.index(each) for each in (found.balance, found.opt_ingest, found.opt_query)],
            "roomy": _with_room(trials, held_back, later),
            "cloud": rounded(sorted({(each.ingest, each.query) for each in there}), 4),
            **_others(there, found.balance, sample, later, self.target),
            "most": list(GRID.most),
            "by_most": [
                [_recalled(later, Setting(model, 0, K_RADIUS, most, 1.0)) for most in GRID.most]
                for model in range(len(video.models))
            ],
            "rare": _rare(there, later),
        }


def _told(trial: Trial) -> dict[str, float]:
    """The numbers of a trial."""
    return {name: float(f"{getattr(trial, name):.{_DIGITS}g}") for name in NUMBERS}


def _tuned(sample: Trial, later: Trial) -> dict[str, Any]:
    """A setting with what it does on both halves."""
    return {"setting": list(sample.setting), "sample": _told(sample), "later": _told(later)}


def _recalled(part: Part, setting: Setting) -> dict[str, float]:
    """Recall in detections as found, as found by queries that always ask, predicted, and as it is at least: means."""
    found, parts = part.recall(setting)
    means = {"found": found, "both": parts.both.mean()}
    means |= {"predicted": parts.value(PREDICTED).mean(), "least": parts.value(LEAST).mean()}
    return {name: float(f"{value:.{_DIGITS}g}") for name, value in means.items()}


def _with_room(trials: Sequence[Trial], target: float, later: Part) -> dict[str, Any] | None:
    """Balance at sharper targets, where a setting meets them."""
    try:
        balance = choose(trials, target, target).balance
    except InputError:
        return None
    return _tuned(balance, later.trial(balance.setting))


def _others(there: Sequence[Trial], balance: Trial, sample: Part, later: Part, target: float) -> dict[str, Any]:
    """What else was tuned on the sample; none where the exact classifier on everything is as cheap.

    alone: no clusters, the least cost of a query at no more cost at ingest than Balance; exact: the least cost at
    ingest; cascade and lazy: the least sum, without clusters and with.
    """
    alone = [each for each in there if not each.setting.radius]
    cheaper = [each for each in alone if each.ingest <= balance.ingest]
    settings = sorted({each._replace(most=1, skip=0.0) for each in sample.settings(GRID)})
    exact = meeting([sample.ingest_heavy(setting) for setting in settings], target, target)
    best = min(exact, key=lambda each: each.ingest)
    return {
        "alone": _least(cheaper, later, lambda each: each.query),
        "exact": _tuned(best, later.ingest_heavy(best.setting)),
        "cascade": _least(alone, later, lambda each: each.total),
        "lazy": _least(there, later, lambda each: each.total),
    }


def _least(trials: Iterable[Trial], later: Part, cost: Callable[[Trial], float]) -> dict[str, Any] | None:
    """The trial with the least cost, if that is below the exact classifier's on everything."""
    best = min(trials, key=cost, default=None)
    return None if best is None or cost(best) >= 1 else _tuned(best, later.trial(best.setting))


def _rare(there: Sequence[Trial], later: Part) -> dict[str, float] | None:
    """Of the specialised setting with the least sum: the recall in detections of classes that it knows, and of OTHER.

    Over all classes that occur, each detection counting once; `query` is the mean cost of a query for one under OTHER.
    """
    best = min((each for each in there if each.setting.specialised), key=lambda each: each.total, default=None)
    if best is None:
        return None
    known = later.cheap(best.setting.model, best.setting.specialised).specialised
    classes, sizes = np.unique(later.detections.classes, return_counts=True)
    found = {}
    for name, mine in (("known", np.isin(classes, known)), ("other", np.isin(classes, known, invert=True))):
        if not mine.any():
            return None
        part = replace(later, queried=classes[mine].tolist())
        found[name] = float(np.average(part.recall(best.setting)[1].both, weights=sizes[mine]))
        found[f"{name}_query"] = part.trial(best.setting).query
    return {name: float(f"{value:.{_DIGITS}g}") for name, value in found.items()}


@dataclass(frozen=True)
class FocusSize:
    """A scale: the videos, as (images or "made", detections), how many of each, and the target."""

    videos: tuple[tuple[str, int], ...]
    seeds: int
    target: float = 0.95


DECIDING = 12  # seeds at the scales that decide
_SIZES: Mapping[str, FocusSize] = {
    "quick": FocusSize(((MADE, 8000), ("digits", 8000)), 4),
    "lesson": FocusSize(((MADE, 40_000), ("mnist5k", 16_000)), DECIDING),
    "paper": FocusSize(((MADE, 259_200), ("mnist", 86_400)), 14, 0.99),
}


def focus_cells(scale: str) -> tuple[FocusCell, ...]:
    """The cells at a scale."""
    size = _SIZES[scale]
    seeds = range(size.seeds)
    return tuple(FocusCell(data, count, seed, size.target) for data, count in size.videos for seed in seeds)
