r"""A stream whose labels come and go, learnt from every hour or every night: online beside daily federated training.

The stream. Of C hashtags a tenth is there at the start and the others are born at times drawn uniformly; each is used
with a frequency of its own times $e^{-\text{age}/\text{life}}$. A post is its hashtag's topic, a fixed vector of
independent normal numbers, plus noise. Who predicts a post knows the posts of the hours before it at most. Online, the
gradients of an hour are applied in that hour, stale and weighted by a method; daily, those of a day are applied at its
end, without staleness, at posts drawn from the whole day. The number of gradients is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import normals, stream_key, uniform_index, uniforms
from experiments.systems.fleet.controlled import ControlledDelay, controlled_staleness
from experiments.systems.fleet.federated import Arrivals, Task, train
from experiments.systems.fleet.methods import Method
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.common.types import Ints, Matrix, Vector
from theory.staleness.count import whole_number

STREAM = 10  # the stream of random numbers, beside those of experiments/kernels and systems/shared
DAY = 24
TOP = 5  # hashtags that are recommended


@dataclass(frozen=True)
class StreamSize:
    """How large the stream is.

    Args:
        days: how many; posts: of an hour; gradients: of an hour; batch: posts of a mini-batch.
        hashtags: C; life: hours after which a hashtag is used e times less; features: numbers of a post.
        noise: standard deviation of each number around that of the topic, which has 1.
    """

    days: int = 10
    posts: int = 40
    gradients: int = 20
    batch: int = 10
    hashtags: int = 60
    life: float = 24.0
    features: int = 32
    noise: float = 2.5

    def __post_init__(self) -> None:
        for name in ("posts", "gradients", "batch", "hashtags", "features"):
            whole_number(getattr(self, name), 1, f"The number of {name} of a stream", InputError)
        whole_number(self.days, 2, "The number of days of a stream", InputError)
        if not (0 < self.life < np.inf and 0 <= self.noise < np.inf):
            raise InputError(
                "The life of a hashtag must be positive and the noise of a post at least 0. "
                f"Got {self.life} and {self.noise}."
            )

    @property
    def hours(self) -> int:
        """Of all days."""
        return DAY * self.days


@dataclass(frozen=True, eq=False)
class Stream:
    """Posts in the order of their hours: features float64 (n, p), and the hashtag int64 (n,) of each."""

    size: StreamSize
    features: Matrix
    hashtags: Ints


def draw_stream(size: StreamSize, *, seed: int = 0) -> Stream:
    """The stream of a seed.

    Example:
        >>> stream = draw_stream(StreamSize(days=2, posts=5))
        >>> stream.features.shape, stream.hashtags.shape
        ((240, 32), (240,))
    """
    births, frequencies = (uniforms(seed, STREAM, part, size.hashtags) for part in (0, 1))
    births = size.hours * np.maximum(0, (births - 0.1) / 0.9)
    age = np.arange(size.hours)[:, None] - births
    popular = (age >= 0) * np.exp(2 * frequencies - np.maximum(0, age) / size.life)
    popular += 1e-9 * (births == births.min())  # an hour in which nothing else is used
    reached = np.cumsum(popular / popular.sum(axis=1, keepdims=True), axis=1)
    draws = uniforms(seed, STREAM, 2, size.hours * size.posts).reshape(size.hours, size.posts)
    hashtags = np.array(
        [np.searchsorted(row / row[-1], draw, side="right") for row, draw in zip(reached, draws, strict=True)]
    )
    topics = normals(seed, STREAM, 3, size.hashtags * size.features).reshape(size.hashtags, size.features)
    noise = normals(seed, STREAM, 4, hashtags.size * size.features).reshape(hashtags.size, size.features)
    chosen = hashtags.ravel().astype(np.int64)
    return Stream(size, frozen((topics[chosen] + size.noise * noise) / np.sqrt(size.features)), frozen(chosen))


@kept()
def _draw(seed: int, first: Ints, count: int, rows: Ints) -> None:
    for k in range(rows.shape[0]):
        key = stream_key(seed, STREAM, 100 + k)
        for i in range(rows.shape[1]):
            rows[k, i] = first[k] + uniform_index(key, i, count)


def _arrivals(stream: Stream, first: Ints, posts: int, seed: int) -> Arrivals:
    """Gradients from so many posts after the first of each."""
    size = stream.size
    rows = np.empty((first.size, size.batch), np.int64)
    _draw(seed, first, posts, rows)
    counts = np.zeros((first.size, size.hashtags), np.int64)
    np.add.at(counts, (np.arange(first.size)[:, None], stream.hashtags[rows]), 1)
    return Arrivals(np.zeros(first.size, np.int64), rows, counts)


def learn_online(stream: Stream, method: Method, model: ControlledDelay, step_size: float, *, seed: int = 0) -> Vector:
    """The quality in every hour when the gradients of an hour are applied in it.

    Args:
        stream: of posts.
        method, model: the weights of stale gradients, and how stale they are.
        step_size: gamma.
        seed: of mini-batches and staleness.

    Returns:
        float64 (hours - 1,), the quality in hours 1, 2, ..., by `quality`.
    """
    size = stream.size
    hours = np.repeat(np.arange(size.hours), size.gradients)
    arrivals = _arrivals(stream, size.posts * hours, size.posts, seed)
    staleness = controlled_staleness(model, hours.size, seed=seed)
    weights = method.weights(staleness, arrivals.counts)
    points = _points(stream, arrivals, weights, staleness, step_size)
    return quality(stream, points[1:-1])


def learn_daily(stream: Stream, step_size: float, *, seed: int = 0) -> Vector:
    """The same when those of a day are applied at its end; on the first day there is the first point."""
    size = stream.size
    days = np.repeat(np.arange(size.hours) // DAY, size.gradients)
    arrivals = _arrivals(stream, DAY * size.posts * days, DAY * size.posts, seed)
    one = np.ones((days.size, 1))
    points = _points(stream, arrivals, one, np.zeros((days.size, 1), np.int64), step_size)
    return quality(stream, points[DAY * (np.arange(1, size.hours) // DAY)])


def _points(stream: Stream, arrivals: Arrivals, weights: Matrix, staleness: Ints, step_size: float) -> Matrix:
    """The points after 0, 1, 2, ... hours' gradients."""
    widths = (stream.size.features, stream.size.hashtags)
    task = Task(stream.features, stream.hashtags, stream.features, stream.hashtags, widths)
    start = np.zeros((widths[0] + 1) * widths[1])
    return train(task, arrivals, weights, staleness, step_size, start, stream.size.gradients)


def quality(stream: Stream, points: Matrix) -> Vector:
    """F1 of five recommended hashtags in hours 1, 2, ..., each post having one: a third of the share that is hit.

    Precision is a fifth of that share and recall the share itself; a point that diverged hits nothing.
    """
    size, hits = stream.size, np.empty(len(points))
    split = size.features * size.hashtags
    for hour, point in enumerate(points, start=1):
        posts = slice(hour * size.posts, (hour + 1) * size.posts)
        with np.errstate(all="ignore"):
            scores = stream.features[posts] @ point[:split].reshape(size.features, -1) + point[split:]
        own = scores[np.arange(size.posts), stream.hashtags[posts]][:, None]
        finite = np.isfinite(scores).all()
        # Ties count against it: before the first update nothing is known.
        hits[hour - 1] = ((scores >= own).sum(axis=1) <= TOP).mean() if finite else 0.0
    return hits / 3
