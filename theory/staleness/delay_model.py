"""The contract of a delay model: a law of delays, its clipping, its spelling; and independent draws from any law."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np

from theory.common.errors import DelayError
from theory.common.spelling import shown, spelled
from theory.common.types import Floats
from theory.formulas.notation import Sign
from theory.staleness.count import whole_number
from theory.staleness.stability import fixed_delay_limit
from theory.staleness.traces import Delays

# The largest delay whose law is still written out in memory (8 MB).
_LARGEST_LAW = 1_000_000


class DelayModel(ABC):
    """A law of delays up to `maximum`; a user writes it as `spelling` shows, where `options` maps names to fields."""

    maximum: int
    spelling: ClassVar[str]
    options: ClassVar[Mapping[str, str]] = {}
    independent: ClassVar[bool] = False

    @property
    @abstractmethod
    def _law(self) -> Floats:
        """Array (maximum + 1,): the probabilities, computed anew."""

    @abstractmethod
    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        """Delays before the clip at the start of a run."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "maximum", whole_number(self.maximum, 0, "The largest delay", DelayError))

    @cached_property
    def probabilities(self) -> Floats:
        """Array (maximum + 1,): the stationary law after clipping to `maximum`, before d_k <= k - 1 is imposed."""
        if self.maximum > _LARGEST_LAW:
            raise DelayError(
                f"The law of delays up to {self.maximum} is too long to write out. "
                f"Give a staleness of at most {_LARGEST_LAW + 1}."
            )
        law = self._law
        law.flags.writeable = False
        return law

    @property
    def mean(self) -> float:
        """The mean under `probabilities`: a finite sum, without the clip at the start of a run."""
        return math.fsum(self.probabilities * np.arange(self.maximum + 1))

    def quantile(self, q: float) -> int:
        """The smallest delay j with P(d <= j) >= q under `probabilities`, for 0 < q <= 1."""
        if not 0 < q <= 1:
            raise DelayError(f"The level of a quantile must be above 0 and at most 1. Got {q}.")
        # The sums of probabilities round; a level that they meet up to rounding counts as met.
        return int(np.argmax(np.cumsum(self.probabilities) >= q - 1e-12))

    @property
    def largest(self) -> int:
        """The largest delay that occurs."""
        return int(np.flatnonzero(self.probabilities)[-1])

    @property
    def stability_limit(self) -> float | None:
        """The exact limit of step size * curvature under these delays where it is known, as for a single delay."""
        return fixed_delay_limit(self.largest) if self.probabilities[self.largest] == 1.0 else None

    def sample(self, steps: int, rng: np.random.Generator) -> Delays:
        """int64 (steps,), of a trace of B reads (steps, B): the delays of k = 1..T, clipped to min(maximum, k - 1)."""
        count = whole_number(steps, 0, "The number of steps", DelayError)
        return np.minimum(self._draw(count, rng).T, np.arange(count, dtype=np.int64)).T

    @property
    def text(self) -> str:
        """The model as a user spells it; the staleness is spelled elsewhere."""
        options = {option: plain(getattr(self, name)) for option, name in self.options.items()}
        return spelled(self.spelling.partition(":")[0], options)


class IndependentDelays(DelayModel):
    """Delays drawn independently, step by step, by inverting the distribution function."""

    independent: ClassVar[bool] = True

    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        distribution = np.cumsum(self.probabilities)
        return np.searchsorted(distribution / distribution[-1], rng.random(steps), side="right").astype(np.int64)


def check_number(model: DelayModel, name: str, what: str, sign: Sign) -> None:
    """Refuse the field `name` unless it is a number of this sign; store it as a float."""
    given = getattr(model, name)
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not sign.admits(value):
        raise DelayError(f"{what} must be a finite number, {sign.value}. Got {shown(given)}.")
    object.__setattr__(model, name, value)


def plain(value: float) -> str:
    """The shortest spelling that reads back as the same number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
