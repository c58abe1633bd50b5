r"""A video of real images: each track shows one image of a labelled set, and small softmax classifiers are trained.

Each track shows an image of its class for as long as it lasts; in every frame its contrast changes and noise is added,
and in a quarter of them it is moved by at most a pixel (not on images of less than 28 pixels). A third of the images of
each class trains the cheap classifiers, a third is shown in the first half of the video, a third in the second: an
image of the second half is never seen in training or tuning. A cheap classifier is softmax regression on means over
squares of pixels, which are its features too; the exact one is the labels. Class frequencies fall as rank^-1.5, in an
order drawn for each seed.

A cheap answer costs the multiplications of its classifier, over those of the exact one's stand-in: a network of two
convolutions of 6 and 16 maps of 5 x 5, each pooled by 2, and layers of 120, 84 and 10 units, on 28 x 28 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from experiments.common.arrays import digest_of, frozen, read_only
from experiments.data.sets import load
from experiments.kernels.counters import normals, uniforms
from experiments.problems.softmax import Softmax
from experiments.systems.focus.clustering import spread
from experiments.systems.focus.detections import (
    OTHER,
    Cheap,
    CheapModel,
    Detections,
    known_labels,
    ranked,
    softmax_weights,
)
from experiments.systems.focus.tracks import FOCUS, Lengths, draw_tracks
from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Matrix

#: 24^2 6 5^2 + 8^2 16 6 5^2 + 256 120 + 120 84 + 84 10.
EXACT_MULTIPLICATIONS = 281_640
FALLING, CONTRAST, NOISE, MOVED = 1.5, 0.1, 0.05, 0.25
STEPS = 300  # of training
TRAINING, FIRST, SECOND = range(3)  # the thirds


@dataclass(frozen=True)
class ImageVideo:
    """The video of a seed.

    Args:
        lengths: of it; seed: what is drawn; data: the labelled set of square images.

    Raises:
        InputError: images that are not square, or whose side has no divisor to average over.

    Example:
        >>> video = ImageVideo(Lengths(60), data="digits")
        >>> [video.features(model).shape for model in range(3)]
        [(60, 4), (60, 16), (60, 64)]
    """

    lengths: Lengths
    seed: int = 0
    data: str = "mnist5k"

    @cached_property
    def detections(self) -> Detections:
        """All of it."""
        kinds = _pixels(self.data)[1].max() + 1
        frequencies = np.arange(1, kinds + 1) ** -FALLING
        order = np.argsort(uniforms(self.seed, FOCUS, 2, kinds), kind="stable")
        return draw_tracks(self.lengths, (frequencies / frequencies.sum())[order], seed=self.seed)

    @property
    def sides(self) -> tuple[int, ...]:
        """Means to a side that each model sees: 4, 7 and 14 of 28, else 2, 4 and all."""
        side = _pixels(self.data)[0].shape[1]
        return (4, 7, 14) if side == 28 else (2, 4, side)

    @property
    def models(self) -> tuple[CheapModel, ...]:
        """The cheapest first."""
        return tuple(CheapModel(f"{side} x {side}", _cost(side, self.detections.kinds)) for side in self.sides)

    def features(self, model: int) -> Matrix:
        """float64 (n, side^2): means over squares, in units of the distance of two training images at random."""
        seen, trained = _means(self, self.sides[model])
        return frozen(seen / spread(trained))

    def cheap(self, model: int, specialised: Ints) -> Cheap:
        """What a model says of all detections, after training on the labels that it is to tell apart."""
        kinds = self.detections.kinds
        known = specialised if specialised.size else np.arange(kinds)
        names = np.append(known, OTHER) if known.size < kinds else known
        seen, trained = _means(self, self.sides[model])
        labels = np.array([names.tolist().index(each) for each in known_labels(self.training_labels, known).tolist()])
        weights = softmax_weights(softmax_scores(trained, labels, names.size, seen))
        return Cheap(*ranked(weights, names, names.size), known, _cost(self.sides[model], names.size))

    @cached_property
    def _thirds(self) -> tuple[tuple[Ints, ...], ...]:
        """Of each third the rows of each class."""
        labels = _pixels(self.data)[1]
        order = np.argsort(uniforms(self.seed, FOCUS, 3, labels.size), kind="stable")
        of_class = [np.array_split(order[labels[order] == kind], 3) for kind in range(self.detections.kinds)]
        return tuple(zip(*of_class, strict=True))

    @property
    def training_labels(self) -> Ints:
        """int64, of the training images."""
        return _pixels(self.data)[1][np.concatenate(self._thirds[TRAINING])]

    def pictures(self) -> tuple[Floats, Floats]:
        """The images that are seen, (n, side, side), and those of training."""
        seen, images = self.detections, _pixels(self.data)[0]
        begun = np.full(int(seen.tracks.max()) + 1, seen.classes.size)
        np.minimum.at(begun, seen.tracks, np.arange(seen.classes.size))
        draws = uniforms(self.seed, FOCUS, 4, begun.size)
        kinds = seen.classes[np.minimum(begun, seen.classes.size - 1)]
        shown = np.empty(begun.size, np.int64)
        for track, (kind, first) in enumerate(zip(kinds.tolist(), begun.tolist(), strict=True)):
            rows = self._thirds[FIRST if first < seen.classes.size // 2 else SECOND][kind]
            shown[track] = rows[int(draws[track] * rows.size)]
        training = np.concatenate(self._thirds[TRAINING])
        return self._filmed(images[shown[seen.tracks]], 10), self._filmed(images[training], 11)

    def _filmed(self, images: Floats, part: int) -> Floats:
        """Images moved, with another contrast, and noisy: drawn anew for each."""
        count, side = images.shape[:2]
        reach = side // 28
        moved = np.empty_like(images)
        steps = np.floor((2 * reach + 1) * uniforms(self.seed, FOCUS, part, 2 * count)).astype(np.int64) - reach
        steps *= np.tile(uniforms(self.seed, FOCUS, part + 30, count) < MOVED, 2)
        for down, right in np.unique(steps.reshape(2, count), axis=1).T:
            rows = (steps[:count] == down) & (steps[count:] == right)
            moved[rows] = np.roll(images[rows], (down, right), axis=(1, 2))
        contrast = 1 + CONTRAST * (2 * uniforms(self.seed, FOCUS, part + 10, count) - 1)
        noise = normals(self.seed, FOCUS, part + 20, images.size).reshape(images.shape)
        return contrast[:, None, None] * moved + NOISE * noise


@lru_cache(maxsize=2)
def _pixels(data: str) -> tuple[Floats, Ints]:
    """Images (n, side, side) with values from 0 to 1, and their labels 0, 1, ..."""
    dataset = load(data)
    side = int(np.sqrt(dataset.features.shape[1]))
    if side * side != dataset.features.shape[1] or side % 4:
        raise InputError(
            f"A video is made of square images whose side is a multiple of 4. {data} has rows of "
            f"{dataset.features.shape[1]} numbers. Take digits, mnist5k, mnist or fashion-mnist."
        )
    labels = np.unique(dataset.labels, return_inverse=True)[1].astype(np.int64)
    images = (dataset.features / dataset.features.max()).reshape(-1, side, side)
    return frozen(images), frozen(labels)


@lru_cache(maxsize=3)
def _means(video: ImageVideo, side: int) -> tuple[Matrix, Matrix]:
    """Means over squares, so many to a side, of what is seen and of the training images."""
    seen, trained = (_averaged(images, side) for images in _pictures(video))
    return seen, trained


@lru_cache(maxsize=1)
def _pictures(video: ImageVideo) -> tuple[Floats, Floats]:
    return video.pictures()


def _averaged(images: Floats, side: int) -> Matrix:
    square = images.shape[1] // side
    return frozen(images.reshape(len(images), side, square, side, square).mean(axis=(2, 4)).reshape(len(images), -1))


def _cost(side: int, labels: int) -> float:
    """Multiplications of softmax regression on side^2 means and a one, over those of the exact classifier."""
    return (side * side + 1) * labels / EXACT_MULTIPLICATIONS


def softmax_scores(trained: Matrix, labels: Ints, kinds: int, seen: Matrix) -> Matrix:
    """Softmax regression, trained by accelerated gradient descent with step 1/L; its scores (n, kinds) of what is seen.

    Args:
        trained: (m, p), rows of training; labels: int64 (m,), 0..kinds - 1.
        seen: (n, p).
    """
    middle, unit = trained.mean(axis=0), trained.std(axis=0).max()
    rows, others = (np.column_stack([(each - middle) / unit, np.ones(len(each))]) for each in (trained, seen))
    start = read_only(np.zeros(kinds * rows.shape[1]))
    problem = Softmax("cheap", start, read_only(rows), labels, kinds, digest_of(rows, labels))
    step, x, before = 1 / problem.smoothness.value, start, start
    for t in range(STEPS):
        ahead = x + t / (t + 3) * (x - before)
        before, x = x, ahead - step * problem.full_gradient(ahead)
    scores: Matrix = others @ x.reshape(kinds, -1).T
    return scores
