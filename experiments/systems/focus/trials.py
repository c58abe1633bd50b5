"""A setting of Focus tried on a part of a video: what it finds of the classes that are queried, and what it costs.

Costs are exact classifications a detection: 1 is the exact classifier on everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
    """What is tried: every combination that can be.

    Args:
        specialised: L_s; radii: T; most: K; skips: Skip_th.
    """

    specialised: tuple[int, ...] = (0, 3, 6, 12)
    radii: tuple[float, ...] = (0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
    most: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    skips: tuple[float, ...] = (0.5, 0.8, 0.95, 1.0)

    def settings(self, models: int, classes: int) -> Iterator[Setting]:
        """All of them: fewer specialised classes than the sample has, and no more labels than a model has."""
        for each in product(range(models), self.specialised, self.radii, self.most, self.skips):
            setting = Setting(*each)
            if not setting.specialised or (setting.specialised < classes and setting.most <= setting.specialised + 1):
                yield setting


@dataclass(frozen=True, eq=False)
class Trial:
    """What a setting does.

    Args:
        setting: that was tried.
        recall, precision: in frames, the mean over the classes that are queried.
        ingest, query: exact classifications a detection, at ingest and by the mean query.
        clusters: a detection.
    """

    setting: Setting
    recall: float
    precision: float
    ingest: float
    query: float
    clusters: float

    @property
    def total(self) -> float:
        """Ingest and one query."""
        return self.ingest + self.query


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

    @cached_property
    def detections(self) -> Detections:
        """Of this part."""
        return self.video.detections.part(self.rows)

    def settings(self, grid: Grid) -> list[Setting]:
        """What can be tried on it."""
        return list(grid.settings(len(self.video.models), np.unique(self.video.detections.classes[self.sample]).size))

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

    def index(self, setting: Setting) -> Index:
        """What ingest leaves behind."""
        cheap = self.cheap(setting.model, setting.specialised)
        clusters = self.clusters(setting.model, setting.radius)
        return build_index(cheap, clusters, setting.most, self.video.detections.kinds)

    def trial(self, setting: Setting) -> Trial:
        """A setting, tried."""
        return self._counted(self.index(setting), setting, self.cheap(setting.model, setting.specialised).cost)

    def recall(self, setting: Setting) -> tuple[float, RecallParts]:
        """The recall in detections, the mean over the classes, and the parts of the lemma on it."""
        index, classes = self.index(setting), self.detections.classes
        alone, found = np.arange(classes.size), []
        for wanted in self.queried:
            returned = query(index, wanted, self._exact, setting.skip).taken[index.clusters.of]
            found.append(quality(alone, classes == wanted, returned)[0])
        return float(np.mean(found)), recall_parts(index, self.detections, self.queried)

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
        seen, members = self.detections, index.clusters.of
        answers = [query(index, wanted, self._exact, setting.skip) for wanted in self.queried]
        pairs = zip(self.queried, answers, strict=True)
        counted = [quality(seen.frames, seen.classes == wanted, each.taken[members]) for wanted, each in pairs]
        recall, precision = np.mean(counted, axis=0).tolist()
        asked = float(np.mean([answer.exact.size for answer in answers]))
        clusters = index.clusters.centres.size / members.size
        return Trial(setting, recall, precision, ingest, asked / members.size, clusters)


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
