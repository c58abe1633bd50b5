"""How long a message of the workers' simulator takes beyond the one iteration that every message takes.

A law on 0..extra_delay is drawn independently for every (iteration, sender, receiver), or the delays are given.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.common.arrays import frozen, read_only
from experiments.kernels.counters import DELAYS, uniform, uniform_index
from experiments.kernels.keys import worker_key
from theory.common.compiling import kept
from theory.common.errors import DelayError, InputError
from theory.common.spelling import read_options
from theory.common.types import Vector

UNIFORM, TABLE, GIVEN = range(3)
Given = NDArray[np.int32]
_NONE = np.zeros((0, 0, 0), np.int32)


class DelayLaw(NamedTuple):
    """A law of extra delays: `kind`, its sums P(r <= i) (extra_delay + 1,), and delays given in full (T, P, P)."""

    kind: int
    cumulative: Vector
    given: Given

    @property
    def probabilities(self) -> Vector:
        """P(r = i) for i = 0..extra_delay."""
        return np.diff(self.cumulative, prepend=0.0)

    def draw(self, seed: int, t: int, sender: int, receiver: int) -> int:
        """The extra delay of the message of iteration t from sender to receiver."""
        return int(drawn_delay(self, seed, t, sender, receiver))


class Routes(NamedTuple):
    """How messages travel: P workers, the iterations whose messages are kept, and how long each is under way."""

    workers: int
    slots: int
    law: DelayLaw


@kept()
def drawn_delay(law: DelayLaw, seed: int, t: int, sender: int, receiver: int) -> int:
    """The extra delay of one message: uniform on 0..extra_delay, by the table of sums, or as given."""
    if law.kind == GIVEN:
        return int(law.given[t, sender, receiver])
    key = worker_key(seed, DELAYS, t, sender)
    if law.kind == UNIFORM:
        return uniform_index(key, receiver, law.cumulative.shape[0])
    number, delay = uniform(key, receiver), 0
    while number >= law.cumulative[delay]:
        delay += 1
    return delay


@kept(error_model="numpy", nogil=True)
def place_of(routes: Routes, t: int, worker: int) -> int:
    """Where among the messages that are kept that of the worker's iteration t stands."""
    return (t % routes.slots) * routes.workers + worker


@kept(error_model="numpy", nogil=True)
def note_due(routes: Routes, due: Given, seed: int, t: int, sender: int) -> None:
    """Note in `due` (receiver, place) when the sender's message of iteration t enters each cache."""
    place = place_of(routes, t, sender)
    for receiver in range(routes.workers):
        due[receiver, place] = t + 1 + drawn_delay(routes.law, seed, t, sender, receiver)


def delay_law(text: str, extra_delay: int) -> DelayLaw:
    """The law that the text names, on 0..extra_delay.

    Args:
        text: `uniform`, `constant` (always extra_delay) or `geometric:mean=M` (larger values are set to extra_delay).
        extra_delay: the largest value.

    Raises:
        DelayError: another text, or a mean below 0.

    Example:
        >>> delay_law("geometric:mean=1", 3).probabilities
        array([0.5  , 0.25 , 0.125, 0.125])
    """
    values = np.arange(extra_delay + 1)
    name, _, option = text.partition(":")
    if text == "uniform":
        return _law(UNIFORM, (values + 1) / (extra_delay + 1))
    if text == "constant":
        return _law(TABLE, values == extra_delay)
    if name == "geometric":
        mean = _mean(option)
        cumulative = 1.0 - (mean / (1 + mean)) ** (values + 1)
        cumulative[-1] = 1.0
        return _law(TABLE, cumulative)
    raise DelayError(f"The delays of workers must be uniform, constant or geometric:mean=M. Got {text!r}.")


def given_delays(delays: ArrayLike, extra_delay: int, iterations: int, workers: int) -> DelayLaw:
    """Delays given one by one: whole numbers (iterations, sender, receiver) in 0..extra_delay.

    Raises:
        DelayError: another shape, or a delay out of its range.
    """
    array = np.asarray(delays)
    if array.shape != (iterations, workers, workers) or array.dtype.kind not in "iu":
        needed = (iterations, workers, workers)
        raise DelayError(
            f"The delays must be whole numbers of shape (iterations, sender, receiver) = {needed}. "
            f"Got shape {array.shape} of type {array.dtype}."
        )
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= extra_delay:
        raise DelayError(
            f"Every delay must lie in 0..{extra_delay}. Got values from {array.min()} to {array.max()}. "
            "Raise extra_delay or correct them."
        )
    return _law(GIVEN, np.ones(extra_delay + 1), array)


def _law(kind: int, cumulative: ArrayLike, given: ArrayLike = _NONE) -> DelayLaw:
    return DelayLaw(kind, read_only(cumulative), frozen(np.array(given, np.int32, order="C")))


def _mean(option: str) -> float:
    refused = InputError(
        f"Geometric delays are written geometric:mean=M with a number M of at least 0. Got {option!r}."
    )
    try:
        mean = read_options(option, {"mean": float}, lambda _: refused)["mean"]
    except ValueError:
        raise refused from None
    if not 0 <= mean < math.inf:
        raise refused
    return mean
