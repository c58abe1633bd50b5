"""A verdict: what a run says of a bound, in a word, in a sentence, in numbers, and as JSON. Never a bare yes or no."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from experiments.common.constants import Constant
from experiments.statistics.comparison import Outcome
from theory.bounds.registry import REGISTRY
from theory.common.shown import Shown

Series = tuple[float | None, ...]


class Decision(StrEnum):
    """The word of a verdict; `NOT_APPLICABLE` is said of single bounds only, where nobody claimed them."""

    HOLDS = "holds"
    VIOLATED = "violated"
    ASSUMPTION_BROKEN = "assumption_broken"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not_applicable"

    @property
    def words(self) -> str:
        """For people.

        >>> Decision.ASSUMPTION_BROKEN.words, Decision.NOT_APPLICABLE.words
        ('assumption broken', 'does not apply')
        """
        return "does not apply" if self is Decision.NOT_APPLICABLE else self.replace("_", " ")

    @property
    def loud(self) -> str:
        """The words in capitals, unless the bound merely does not apply."""
        return self.words if self is Decision.NOT_APPLICABLE else self.words.upper()

    @property
    def mark(self) -> str:
        """A symbol, so that no verdict is told by its colour alone."""
        return dict(zip(Decision, "✓✗!?–", strict=True))[self]


@dataclass(frozen=True)
class BoundVerdict:
    """What the run says of one bound.

    Args:
        name: name of the bound; iterates: the points that its minimum covers.
        verdict: the word; numbers: the comparison alone.
        value: the bound at the last horizon, None where its domain fails.
        slack_min: smallest bound / measured over the horizons; None where it cannot be formed.
        broken: names of its assumptions that the run contradicts, and of its domain if that fails.
        sentence: why; would_decide: what would decide an open one.
        statistic: the mean that was compared; test: how; p_value: of its being above the bound at most by chance.
        kappa: the largest kappa, E|g|^4 <= kappa (E|g|^2)^2, at which it is found below; sample_kappa: of the seeds.
    """

    name: str
    iterates: str
    verdict: Decision
    numbers: Outcome
    value: float | None
    slack_min: float | None
    broken: tuple[str, ...]
    sentence: str
    would_decide: str | None = None
    statistic: str | None = None
    test: str | None = None
    p_value: float | None = None
    kappa: float | None = None
    sample_kappa: float | None = None


@dataclass(frozen=True)
class Diverged:
    """How many seeds diverged, and the first step at which one did."""

    seeds: int
    first: int | None


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """What a run says of the bounds it was checked against.

    Args:
        verdict: the word; numbers: the comparison alone; bound: the bound that decided; sentence: why, in words.
        slack_min: smallest bound / measured over the horizons, for that bound.
        rate: exponent of the measured running minimum over rate_range; rate_interval: by resampling seeds.
        bound_rate: exponent of the bound over the same range.
        assumptions: name -> ok (proved or tested), given, broken or unknown; findings: name -> the sentence behind it.
        times: horizons t (steps); measured: least mean squared norm over the recorded k <= t; measured_lower,
            measured_upper: one-sided confidence bounds of the least mean, each at the level, at one t at a time.
        bounds: name -> value at each horizon, None where the domain fails.
        would_decide: for an open verdict, what would decide it.
        level: probability of error of either decision; seeds: their number.
        iterates: the points that the deciding bound covers.
        constants: L, Delta, sigma, mu with how each is known; announcements: what else should be known.
        diverged: seeds that diverged; bounds_detail: the verdict on every bound looked at.
        rounding_margin: relative margin of an exact comparison; None where there is noise.
        statistic, test, p_value, kappa: of the bound that decided; tails: what is known of the law of the squares.
    """

    verdict: Decision
    numbers: Outcome
    bound: str
    sentence: str
    slack_min: float | None
    rate: float | None
    rate_interval: tuple[float, float] | None
    rate_range: tuple[int, int] | None
    bound_rate: float | None
    assumptions: Mapping[str, str]
    findings: Mapping[str, str]
    times: tuple[int, ...]
    measured: Series
    measured_lower: Series
    measured_upper: Series
    bounds: Mapping[str, Series]
    would_decide: str | None
    level: float
    seeds: int
    iterates: str
    constants: Mapping[str, Constant]
    announcements: tuple[str, ...]
    diverged: Diverged
    bounds_detail: Mapping[str, BoundVerdict]
    rounding_margin: float | None = None
    statistic: str | None = None
    test: str | None = None
    p_value: float | None = None
    kappa: float | None = None
    tails: str = "any"

    def __str__(self) -> str:
        """The word, the bound and the sentence."""
        return f"{self.verdict} ({self.bound}): {self.sentence}"

    def __repr__(self) -> str:
        """Short, for notebooks: the word, the bound, and the slack."""
        slack = "none" if self.slack_min is None else f"{self.slack_min:.3g}"
        return f"Verdict({self.verdict}, {self.bound}, slack_min={slack}, seeds={self.seeds}, level={self.level:g})"

    @property
    def derived_rate(self) -> str | None:
        """How the bound that decided falls as T grows, as derived from its formula; None where it has no value."""
        known = REGISTRY.get(self.bound)
        valued = any(value is not None for value in self.bounds.get(self.bound, ()))
        return known.rate() if known and valued else None

    @property
    def exit_status(self) -> int:
        """The exit status of the command: 0 holds, 1 violated, 3 otherwise."""
        return {Decision.HOLDS: 0, Decision.VIOLATED: 1}.get(self.verdict, 3)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain values; None for a number that is not finite."""
        plain: dict[str, Any] = _plain(self)
        return plain | {"derived_rate": self.derived_rate}

    def to_json(self) -> str:
        """The verdict as one JSON object."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Verdict:
        """The verdict that `to_dict` wrote down; TypeError, KeyError or ValueError if it is something else."""
        verdict: Verdict = _restored(cls, plain)
        return verdict


def series(values: Any) -> Series:
    """Numbers as a tuple, None for those that are not finite.

    >>> series([1.0, float("nan"), float("inf")])
    (1.0, None, None)
    """
    return tuple(float(value) if math.isfinite(value) else None for value in np.asarray(values, dtype=np.float64))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, StrEnum) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _restored(kind: Any, value: Any) -> Any:
    """The value of a type (a class, or a tuple, mapping or union of such) that `_plain` made plain."""
    inner = get_args(kind)
    if value is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        kinds = _hints(kind)
        return kind(**{field.name: _restored(kinds[field.name], value[field.name]) for field in fields(kind)})
    if get_origin(kind) is UnionType:
        return _restored(inner[0], value)
    if get_origin(kind) is tuple:
        return tuple(_restored(inner[0], entry) for entry in value)
    if get_origin(kind) is Mapping:
        return {name: _restored(inner[1], entry) for name, entry in value.items()}
    return kind(value)
