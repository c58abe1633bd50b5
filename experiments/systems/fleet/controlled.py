"""Staleness as FLeet's evaluation controls it: a normal law on a range, a cold start, and a tail for one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from theory.common.errors import DelayError
from theory.common.types import Flags, Floats, Ints
from theory.staleness.count import whole_number
from theory.staleness.delay_model import IndependentDelays
from theory.staleness.delays import delay_trace

TAIL = 4  # times the range: the staleness of the class in the long tail


@dataclass(frozen=True)
class ControlledDelay(IndependentDelays):
    r"""$\tau=\min(R,\mathrm{round}(\max(0,N(R/2,(R/6)^2))))$, as the released simulator of staleness draws it.

    Args:
        maximum: the range R; the distribution called D1 has 12, that is N(6, 2), and D2 has 24, N(12, 4).

    Example:
        >>> round(D1.mean, 6), D1.quantile(0.997), D2.quantile(0.997)
        (6.0, 11, 23)
    """

    maximum: int

    @property
    def _law(self) -> Floats:
        if not self.maximum:
            return np.ones(1)
        edges = np.arange(self.maximum) + 0.5
        below = ndtr((edges - self.maximum / 2) / (self.maximum / 6))
        return np.diff(below, prepend=0.0, append=1.0)


D1, D2 = ControlledDelay(12), ControlledDelay(24)


def controlled_staleness(
    model: ControlledDelay, updates: int, gradients: int = 1, *, seed: int = 0, tail: Flags | None = None
) -> Ints:
    r"""The staleness of every gradient: none until R + 1 models are kept, then drawn; 4 R for those in the tail.

    Args:
        model: the law, with its range R.
        updates: T.
        gradients: K, of an update.
        seed: of the draws.
        tail: bool (T, K), which gradients hold the class of the long tail; none by default.

    Returns:
        int64 (T, K), tau of each gradient, at most the number of updates before its own.

    Raises:
        DelayError: no update, no gradient of an update, or a tail of another shape.

    Example:
        >>> controlled_staleness(ControlledDelay(2), 6, seed=1).ravel()
        array([0, 0, 1, 1, 1, 1])
    """
    steps = whole_number(updates, 1, "The number of updates", DelayError)
    each = whole_number(gradients, 1, "The number of gradients of an update", DelayError)
    drawn = np.resize(delay_trace(model, model.maximum + steps * each, seed)[model.maximum :], (steps, each))
    if tail is not None:
        if tail.shape != drawn.shape:
            raise DelayError(
                f"The tail must say of {steps} x {each} gradients whether they are in it. Got {tail.shape}."
            )
        drawn = np.where(tail, TAIL * model.maximum, drawn)
    before = np.arange(steps)[:, None]
    return np.where(before < model.maximum, 0, np.minimum(drawn, before))
