r"""A made video whose cheap classifiers are confusion models: everything is documented, and nothing is trained.

Of `kinds` classes the first `frequent` have a `share` of the objects. A class has a centre, a track an offset from it,
a detection noise, and a model a blur that is the larger the cheaper it is:

$$z_i = (c_{y_i} + s\,o_{\text{track}(i)} + f\,n_i + b_m\,n'_i)/\text{unit}.$$

The logit of class y' is a margin if it is the true class y, plus how much y looks like y', plus noise of the track (a
car that looks like a truck does so in every frame) and of the detection; a cheaper model has a smaller margin:

$$\ell_i(y') = \mu_m 1[y'=y_i] + \text{like}(y_i,y') + \text{noise}_{\text{track}(i)}(y') + \tfrac12 \nu_i(y').$$

A model that is specialised has logit log sum exp over the classes that it does not know for OTHER; it is smaller, at
half the cost, and its margin is larger by `SPECIAL_MARGIN`. Logits and features are independent given class and track.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import normals
from experiments.systems.focus.detections import (
    OTHER,
    Cheap,
    CheapModel,
    Detections,
    known_labels,
    ranked,
    softmax_weights,
)
from experiments.systems.focus.tracks import FOCUS, Lengths, draw_tracks, few_frequent
from theory.common.types import Ints, Matrix

KEPT = 8  # labels of a detection
SPECIAL_MARGIN, SPECIAL_COST = 1.0, 0.5
TRACK_SPREAD, FRAME_SPREAD = 0.8, 0.15  # of features, in units of the spread of class centres
LIKENESS, FRAME_NOISE = 1.5, 0.5  # of logits, in units of the noise of a track


@dataclass(frozen=True)
class Confusion:
    """A cheap classifier: its cost in exact classifications, its margin in logits, and the blur of its features."""

    model: CheapModel
    margin: float
    blur: float


#: Made up, so that a dearer model is a better one.
CONFUSIONS = (
    Confusion(CheapModel("small", 1 / 64), 4.0, 0.3),
    Confusion(CheapModel("medium", 1 / 24), 5.5, 0.2),
    Confusion(CheapModel("large", 1 / 8), 7.0, 0.1),
)


@dataclass(frozen=True)
class SyntheticVideo:
    """The made video of a seed.

    Args:
        lengths: of it; seed: what is drawn.
        kinds, frequent, share: how many classes there are, and how many of them have which share of the objects.
        width: features of a detection.

    Example:
        >>> video = SyntheticVideo(Lengths(100))
        >>> video.features(0).shape, video.cheap(2, np.array([0, 1])).labels.shape
        ((100, 16), (100, 3))
    """

    lengths: Lengths
    seed: int = 0
    kinds: int = 80
    frequent: int = 5
    share: float = 0.95
    width: int = 16

    @cached_property
    def detections(self) -> Detections:
        """All of it."""
        return draw_tracks(self.lengths, few_frequent(self.kinds, self.frequent, self.share), seed=self.seed)

    @property
    def models(self) -> tuple[CheapModel, ...]:
        """The cheapest first."""
        return tuple(each.model for each in CONFUSIONS)

    def features(self, model: int) -> Matrix:
        """float64 (n, width); the unit is the root mean squared distance of two detections of different classes."""
        seen, width = self.detections, self.width
        unit = np.sqrt(2 * width * (1 + TRACK_SPREAD**2 + FRAME_SPREAD**2))
        centres, offsets = self._normals(2, self.kinds, width), self._normals(3, int(seen.tracks.max()) + 1, width)
        noise, blur = (self._normals(part, seen.classes.size, width) for part in (4, 10 + model))
        looks = centres[seen.classes] + TRACK_SPREAD * offsets[seen.tracks] + FRAME_SPREAD * noise
        return frozen((looks + CONFUSIONS[model].blur * blur) / unit)

    def cheap(self, model: int, specialised: Ints) -> Cheap:
        """What a model says of all detections."""
        weights, classes, cost = _weights(self, model), self.detections.classes, CONFUSIONS[model].model.cost
        if not specialised.size:
            everything = np.arange(self.kinds)
            return Cheap(*ranked(weights, everything, KEPT), everything, cost)
        others = np.setdiff1d(np.arange(self.kinds), specialised)
        known = np.column_stack([weights[:, specialised], weights[:, others].sum(axis=1)])
        names, called = np.append(specialised, OTHER), known_labels(classes, specialised)
        known[called[:, None] == names] *= np.exp(SPECIAL_MARGIN)
        return Cheap(*ranked(known, names, KEPT), specialised, SPECIAL_COST * cost)

    def _normals(self, part: int, rows: int, columns: int) -> Matrix:
        return normals(self.seed, FOCUS, part, rows * columns).reshape(rows, columns)

    def logits(self, model: int) -> Matrix:
        """float64 (n, kinds), of a model that is not specialised."""
        seen = self.detections
        like = LIKENESS * self._normals(5, self.kinds, self.kinds)
        like = (like + like.T) / np.sqrt(2)
        np.fill_diagonal(like, CONFUSIONS[model].margin)
        of_tracks = self._normals(20 + model, int(seen.tracks.max()) + 1, self.kinds)
        noise = self._normals(30 + model, seen.classes.size, self.kinds)
        found: Matrix = like[seen.classes] + of_tracks[seen.tracks] + FRAME_NOISE * noise
        return found


@lru_cache(maxsize=len(CONFUSIONS))
def _weights(video: SyntheticVideo, model: int) -> Matrix:
    """The probabilities of the video in hand up to factors, which many specialised models are made of."""
    return frozen(softmax_weights(video.logits(model)))
