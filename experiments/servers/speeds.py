"""How long a worker takes for a gradient: laws as immutable values, each with a spelling, and fleets of workers.

A duration is a pure function of (seed, worker, draw, start), so that a run on the virtual clock is a pure function of
its arguments and a worker that sleeps on a real server sleeps the same times.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from experiments.servers.durations import duration
from theory.common.errors import InputError
from theory.common.spelling import meant, read_options, shown, spelled

LARGEST_FLEET = 1_000_000
_LONGEST = 1e9


@dataclass(frozen=True)
class Speed(ABC):
    """The law of the seconds that a worker takes for a gradient."""

    spelling: ClassVar[str]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, float | int):
                _check_number(self, name, value)

    @property
    def text(self) -> str:
        """The spelling that rebuilds it."""
        return spelled(_name(type(self)), {name: f"{value:.12g}" for name, value in vars(self).items()})

    @property
    @abstractmethod
    def expected(self) -> float:
        """The mean number of seconds."""

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers that the compiled law reads."""
        return tuple(vars(self).values())

    @property
    def kind(self) -> int:
        """The number of the compiled law."""
        return tuple(SPEEDS.values()).index(type(self))


@dataclass(frozen=True)
class ConstantSpeed(Speed):
    """Always the same number of seconds."""

    seconds: float = 1.0
    spelling: ClassVar[str] = "constant:seconds=1"

    @property
    def expected(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class _WithMean(Speed):
    """A law that is told by its mean first of all."""

    mean: float = 1.0

    @property
    def expected(self) -> float:
        return self.mean


@dataclass(frozen=True)
class ExponentialSpeed(_WithMean):
    """Exponential: a worker that has computed for long is no nearer to its end."""

    spelling: ClassVar[str] = "exponential:mean=1"


@dataclass(frozen=True)
class LognormalSpeed(_WithMean):
    r"""Lognormal, $m\,e^{sZ-s^2/2}$ with Z standard normal; s is `spread`."""

    spread: float = 0.5
    spelling: ClassVar[str] = "lognormal:mean=1,spread=.5"

    @property
    def numbers(self) -> tuple[float, ...]:
        return (self.mean * math.exp(-(self.spread**2) / 2), self.spread)


@dataclass(frozen=True)
class ParetoSpeed(_WithMean):
    r"""Pareto, $P(X>x)=(x_0/x)^a$ from $x_0=m(a-1)/a$ on; a is `tail`, above 1: heavy, with stragglers."""

    tail: float = 2.5
    spelling: ClassVar[str] = "pareto:mean=1,tail=2.5"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tail > 1:
            raise InputError(f"The tail of the Pareto law must be above 1, or it has no mean. Got {self.tail:g}.")

    @property
    def numbers(self) -> tuple[float, ...]:
        return (self.mean * (self.tail - 1) / self.tail, self.tail)


@dataclass(frozen=True)
class BurstsSpeed(Speed):
    """Constant, but a gradient that starts within the `lasting` seconds of a burst takes `factor` times as long.

    Bursts begin every `every` seconds, at a time of its own for each worker.
    """

    seconds: float = 1.0
    factor: float = 5.0
    every: float = 100.0
    lasting: float = 20.0
    spelling: ClassVar[str] = "bursts:seconds=1,factor=5,every=100,lasting=20"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lasting < self.every:
            raise InputError(f"A burst must be shorter than the time between bursts, {self.every:g} seconds.")

    @property
    def expected(self) -> float:
        share = self.lasting / self.every
        return 1 / ((1 - share) / self.seconds + share / (self.seconds * self.factor))


@dataclass(frozen=True)
class RepeatSpeed(Speed):
    """The given numbers of seconds one after another, again and again: for what no law says."""

    seconds: tuple[float, ...] = (1.0,)
    spelling: ClassVar[str] = "repeat:seconds=1/1/5"

    def __post_init__(self) -> None:
        if not self.seconds:
            raise InputError("A list of durations must hold at least one. Got none.")
        for value in self.seconds:
            _check_number(self, "seconds", value)

    @property
    def text(self) -> str:
        return spelled("repeat", {"seconds": "/".join(f"{value:.12g}" for value in self.seconds)})

    @property
    def expected(self) -> float:
        return sum(self.seconds) / len(self.seconds)

    @property
    def numbers(self) -> tuple[float, ...]:
        return self.seconds


def _name(law: type[Speed]) -> str:
    return law.spelling.partition(":")[0]


SPEEDS: Mapping[str, type[Speed]] = MappingProxyType(
    {
        _name(law): law
        for law in (ConstantSpeed, ExponentialSpeed, LognormalSpeed, ParetoSpeed, BurstsSpeed, RepeatSpeed)
    }
)


def parse_speed(text: str) -> Speed:
    """The speed that a user spells; what is left out keeps its usual value.

    Raises:
        InputError: an unknown law or option, or a number that it refuses.

    >>> parse_speed("pareto:tail=3")
    ParetoSpeed(mean=1.0, tail=3.0)
    """
    name, _, options = text.strip().partition(":")
    if name not in SPEEDS:
        raise InputError(
            f"A speed must be one of {'; '.join(law.spelling for law in SPEEDS.values())}. Got {shown(text)}."
            f"{meant(name, SPEEDS)}"
        )
    law = SPEEDS[name]
    values = read_options(
        options.strip(" ,") or None,
        {key: lambda value: _numbers(value, law, text) for key in (field.name for field in fields(law))},
        lambda _: InputError(f"The speed {name} is written {law.spelling}. Got {shown(text)}."),
    )
    build: Callable[..., Speed] = law
    return build(**values)


def parse_fleet(text: str) -> tuple[Speed, ...]:
    """The workers that a user spells: speeds joined by `+`, each with `N*` before it where there are several.

    Args:
        text: such as `8*exponential:mean=1` or `7*constant:seconds=1+1*constant:seconds=4`.

    Returns:
        One speed for each worker, in that order.

    Raises:
        InputError: an unknown speed, or a number of workers that is not between 1 and a million.

    >>> [speed.seconds for speed in parse_fleet("2*constant:seconds=1+constant:seconds=4")]
    [1.0, 1.0, 4.0]
    """
    fleet: list[Speed] = []
    # A plus within a number, as in 1e+3, joins nothing.
    for part in re.split(r"(?<![eE])\+", text):
        count, star, speed = part.rpartition("*")
        number = count.strip() if star else "1"
        if not re.fullmatch(r"[0-9]{1,7}", number) or not 1 <= int(number) <= LARGEST_FLEET - len(fleet):
            raise InputError(
                f"A fleet is written N*SPEED+M*SPEED with 1 to {LARGEST_FLEET:,} workers, such as "
                f"7*constant:seconds=1+1*constant:seconds=4. Got {shown(text)}."
            )
        fleet.extend([parse_speed(speed)] * int(number))
    return tuple(fleet)


def fleet_text(fleet: Sequence[Speed]) -> str:
    """The spelling of a fleet.

    >>> fleet_text(parse_fleet("3*exponential+constant:seconds=4"))
    '3*exponential:mean=1+1*constant:seconds=4'
    """
    return "+".join(f"{len(list(members))}*{text}" for text, members in groupby(speed.text for speed in fleet))


def numbers_of(fleet: Sequence[Speed]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """What the compiled clock reads: of each worker its law and where its numbers begin (one more: where they end)."""
    distinct = {speed: place for place, speed in enumerate(dict.fromkeys(fleet))}
    starts = np.concatenate([[0], np.cumsum([len(speed.numbers) for speed in distinct])])
    places = np.array([distinct[speed] for speed in fleet], dtype=np.int64)
    spans = np.stack([starts[places], starts[places + 1]], axis=1).astype(np.int64)
    numbers = np.array([number for speed in distinct for number in speed.numbers], dtype=np.float64)
    return np.array([speed.kind for speed in distinct], dtype=np.int64)[places], spans, numbers


def seconds_of(speed: Speed, seed: int, worker: int, draw: int, start: float) -> float:
    """The seconds of the gradient number `draw` = 0, 1, ... of a worker, begun at `start`.

    >>> seconds_of(ConstantSpeed(2.0), seed=0, worker=3, draw=7, start=0.0)
    2.0
    """
    numbers = np.array(speed.numbers, dtype=np.float64)
    return float(duration(speed.kind, numbers, 0, numbers.size, seed, worker, draw, start))


def _check_number(speed: Speed, name: str, value: float) -> None:
    if not 0 < value <= _LONGEST:
        raise InputError(
            f"The option {name} of the speed {_name(type(speed))} must be above 0 and at most {_LONGEST:g}. "
            f"Got {value:g}."
        )


def _numbers(text: str, law: type[Speed], whole: str) -> float | tuple[float, ...]:
    try:
        return tuple(map(float, text.split("/"))) if law is RepeatSpeed else float(text)
    except ValueError:
        raise InputError(f"The options of a speed must be numbers. Got {shown(whole)}.") from None
