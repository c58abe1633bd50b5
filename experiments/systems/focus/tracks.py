"""Who is seen when: objects that stay for some frames, of classes of which few are frequent.

The idea of the numbers: as reported of real video, a few per cent of the classes have nearly all objects, and an object
stays in view, so that the detections of one track look alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.kernels.counters import uniforms
from experiments.systems.focus.detections import Detections
from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Vector
from theory.staleness.count import whole_number

FOCUS = 40  # the stream of random numbers, beside those of experiments/kernels and of the other systems


class Lengths(NamedTuple):
    """How long a video is: detections; life: mean frames of a track; busy: tracks in a frame, about."""

    detections: int
    life: float = 12.0
    busy: float = 3.0


def few_frequent(kinds: int, frequent: int, share: float) -> Vector:
    """Frequencies of classes: the first have a share together, falling as 1/rank, and so have the others the rest.

    >>> few_frequent(4, 2, 0.9).round(4)
    array([0.6   , 0.3   , 0.0667, 0.0333])
    """
    if not (0 < frequent < kinds and 0 < share < 1):
        raise InputError(
            f"Some classes, and not all, must be frequent, with a share between 0 and 1. Got {frequent} of {kinds} "
            f"classes with {share}."
        )
    first, others = (1 / np.arange(1, count + 1) for count in (frequent, kinds - frequent))
    return np.concatenate([share * first / first.sum(), (1 - share) * others / others.sum()])


def draw_tracks(lengths: Lengths, frequencies: Floats, *, seed: int = 0) -> Detections:
    """The detections of a video.

    Track i begins in frame floor(i life/busy) and stays for a geometric number of frames, at least one.

    Args:
        lengths: of the video; frequencies: (kinds,), of the classes of tracks; they sum to 1.
        seed: what is drawn.

    Raises:
        InputError: no detection, a mean life below 1, or nothing in a frame.

    Example:
        >>> seen = draw_tracks(Lengths(7, life=2.0, busy=2.0), np.array([0.5, 0.5]))
        >>> seen.frames, seen.tracks
        (array([0, 1, 1, 2, 2, 2, 3]), array([0, 0, 1, 0, 1, 2, 2]))
    """
    count = whole_number(lengths.detections, 1, "The number of detections of a video", InputError)
    if not (1 <= lengths.life < np.inf and 0 < lengths.busy < np.inf):
        raise InputError(
            "A track must stay for at least one frame on average, and a frame hold a positive number of them. "
            f"Got {lengths.life} and {lengths.busy}."
        )
    draws = uniforms(seed, FOCUS, 0, count)
    stay = 1 + np.floor(np.log1p(-draws) / np.log1p(-1 / lengths.life)) if lengths.life > 1 else np.ones(count)
    tracks = 1 + int(np.searchsorted(np.cumsum(stay), count))
    frames_of: Ints = stay[:tracks].astype(np.int64)
    starts = np.floor(np.arange(tracks) * lengths.life / lengths.busy).astype(np.int64)
    of: Ints = np.repeat(np.arange(tracks), frames_of)
    frames = starts[of] + np.arange(of.size) - np.repeat(np.cumsum(frames_of) - frames_of, frames_of)
    order = np.argsort(frames, kind="stable")[:count]
    reached = np.cumsum(frequencies)
    kinds = np.searchsorted(reached / reached[-1], uniforms(seed, FOCUS, 1, tracks), side="right")
    return Detections(kinds[of[order]].astype(np.int64), frames[order], of[order], frequencies.size)
