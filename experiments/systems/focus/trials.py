"""A setting of Focus tried on a part of a video: what it finds of the classes that are queried, and what it costs.

Costs are exact classifications a detection: 1 is the exact classifier on everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import numpy as np

from experiments.systems.focus.clustering import Clusters, cluster
from experiments.systems.focus.detections import Cheap, Detections, Video, most_frequent
from experiments.systems.focus.index import Index, build_index, exact_index, query
from experiments.systems.focus.recall import RecallParts, recall_parts
from theory.common.errors import InputError
from theory.common.types import Flags, Ints


class Setting(NamedTuple):
    """What may be chosen.

    model: by its place; specialised: L_s, how many of the sample's most frequent classes it tells apart, 0 for all;
    radius: T; most: K; skip: Skip_th.
    """

    model: int
    specialised: int
    radius: float
    most: int
    skip: float


@dataclass(frozen=True)
class Grid:
    """What is tried: every combination, but for more labels than a model has.

    Args:
        specialised: L_s; radii: T; most: K; skips: Skip_th.
    """

    specialised: tuple[int, ...] = (0, 3, 6)
    radii: tuple[float, ...] = (0.0, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
    most: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    skips: tuple[float, ...] = (0.8, 0.95, 1.0)

    def settings(self, models: int) -> Iterator[Setting]:
        """All of them."""
        for each in product(range(models), self.specialised, self.radii, self.most, self.skips):
            setting = Setting(*each)
            if not setting.specialised or setting.most <= setting.specialised + 1:
                yield setting


@dataclass(frozen=True, eq=False)
class Trial:
    """What a setting does.

    Args:
        setting: that was tried.
        recall, precision: in frames, the mean over the classes that are queried.
        ingest, query: exact classifications a detection, at ingest and by the mean query.
        clusters: a detection.
        found: the recall in detections, the mean over the classes; parts: of the lemma on it.
    """

    setting: Setting
    recall: float
    precision: float
    ingest: float
    query: float
    clusters: float
    found: float
    parts: RecallParts


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a video, and what is computed of it once for all settings.

    Args:
        video: all of it; rows: of the part; sample: those that are labelled, which say what is frequent.
        queried: the classes that are asked for.
    """

    video: Video
    rows: slice
    sample: slice
    queried: Sequence[int]
    _clusters: dict[tuple[int, float], Clusters] = field(default_factory=dict)
    _cheap: dict[tuple[int, int], Cheap] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.video.detections.classes[self.sample].size:
            raise InputError("There is no labelled sample: it has no detection. Label a part of the video exactly.")

    @property
    def detections(self) -> Detections:
        """Of this part."""
        return self.video.detections.part(self.rows)

    def clusters(self, model: int, radius: float) -> Clusters:
        """What ingest makes of it."""
        key = (model, radius)
        if key not in self._clusters:
            self._clusters[key] = cluster(self.video.features(model)[self.rows], radius)
        return self._clusters[key]

    def cheap(self, model: int, specialised: int) -> Cheap:
        """What a model says of it."""
        key = (model, specialised)
        if key not in self._cheap:
            known = most_frequent(self.video.detections.classes[self.sample], specialised)
            self._cheap[key] = self.video.cheap(model, known).part(self.rows)
        return self._cheap[key]

    def trial(self, setting: Setting) -> Trial:
        """A setting, tried."""
        cheap = self.cheap(setting.model, setting.specialised)
        clusters = self.clusters(setting.model, setting.radius)
        index = build_index(cheap, clusters, setting.most, self.video.detections.kinds)
        return self._counted(index, setting, cheap.cost)

    def ingest_heavy(self, setting: Setting) -> Trial:
        """The exact classifier on every centre at ingest: a query asks nothing. Without clusters it needs no model."""
        clusters = self.clusters(setting.model, setting.radius)
        index = exact_index(clusters, self._exact, self.video.detections.kinds)
        features = self.cheap(setting.model, setting.specialised).cost if setting.radius else 0.0
        share = clusters.centres.size / clusters.of.size
        return self._counted(index, setting._replace(most=1, skip=0.0), features + share)

    def _exact(self, rows: Ints) -> Ints:
        return self.detections.classes[rows]

    def _counted(self, index: Index, setting: Setting, ingest: float) -> Trial:
        """Every class queried, and all counted."""
        detections, members = self.detections, index.clusters.of
        answers = [query(index, wanted, self._exact, setting.skip) for wanted in self.queried]
        each_alone = np.arange(members.size)
        found, counted = [], []
        for wanted, answer in zip(self.queried, answers, strict=True):
            there, returned = detections.classes == wanted, answer.taken[members]
            counted.append(quality(detections.frames, there, returned))
            found.append(quality(each_alone, there, returned)[0])
        recall, precision = np.mean(counted, axis=0)
        return Trial(
            setting,
            float(recall),
            float(precision),
            ingest,
            float(np.mean([answer.exact.size for answer in answers])) / members.size,
            index.clusters.centres.size / members.size,
            float(np.mean(found)),
            recall_parts(index, detections, self.queried),
        )


def quality(frames: Ints, there: Flags, returned: Flags) -> tuple[float, float]:
    """Recall and precision in frames; where there is nothing to find, or nothing is returned, nothing is amiss.

    Args:
        frames: int64 (n,), not decreasing, of each detection; there, returned: bool (n,).

    >>> quality(np.array([0, 0, 1, 2]), np.array([1, 0, 1, 1], bool), np.array([0, 1, 1, 0], bool))
    (0.6666666666666666, 1.0)
    """
    wanted, answered = _in_frames(frames, there), _in_frames(frames, returned)
    right, sought, given = (int(each.sum()) for each in (wanted & answered, wanted, answered))
    return (right / sought if sought else 1.0, right / given if given else 1.0)


def _in_frames(frames: Ints, rows: Flags) -> Flags:
    """The frames, from the first to the last, that hold one of these detections."""
    seen = np.zeros(frames[-1] - frames[0] + 1, np.bool_)
    seen[frames[rows] - frames[0]] = True
    return seen
