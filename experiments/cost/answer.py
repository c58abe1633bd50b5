"""What staleness costs, as one answer: the factor, every method's steps and time, and curves over accuracies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.cost.measured_steps import MeasuredSteps
from experiments.cost.methods import Method
from theory.common.shown import Shown
from theory.common.types import Floats
from theory.cost.case import Case
from theory.cost.cost import Cost, cost
from theory.cost.least_steps import Least, Search

# Bounds that are quick to evaluate; among batches of waiting they choose the one that is then looked at with all.
_QUICK = ("theorem-a", "theorem-b", "theorem-c", "average-delay", "lian2015", "ghadimi2013")

# A method is called faster where it is so by 3 %.
_VISIBLE = math.log(1.03)
# A lead is told where it lasts over so large a ratio of accuracies.
_LASTING = 1.3


@dataclass(frozen=True, eq=False)
class Priced:
    """A method with what it takes to the accuracy."""

    method: Method
    least: Least
    measured: MeasuredSteps | None = None

    def time(self, steps: float) -> float:
        """Seconds where speeds are known, else gradients that arrive."""
        return steps * (self.method.ticks if self.method.seconds is None else self.method.seconds)

    def to_dict(self) -> dict[str, Any]:
        """An entry of `methods` in `--json`."""
        seconds, ran = self.method.seconds, self.measured
        return {
            "method": self.method.name,
            "batch": self.method.batch,
            "steps": self.least.steps,
            "gradients": self.least.steps * self.method.ticks,
            "seconds": None if seconds is None else self.least.steps * seconds,
            "step_size": self.least.step_size,
            "bound": self.least.bound,
            "measured_steps": None if ran is None else ran.steps,
            "measured_interval": None if ran is None else list(ran.interval),
            "measured_seconds": None if ran is None or seconds is None else ran.steps * seconds,
            "measured_step_size": None if ran is None else ran.step_size,
        }


@dataclass(frozen=True, eq=False, repr=False)
class Answer(Shown):
    """What `gradlag cost` gives.

    Args:
        cost: of the delays of asynchrony.
        methods: every method at the accuracy, of waiting in batches the best.
        constants: L, Delta and sigma. about: the delays, in words.
    """

    cost: Cost
    methods: tuple[Priced, ...]
    constants: Mapping[str, float]
    about: str

    @property
    def timed(self) -> bool:
        """Whether methods are compared in seconds, and not in gradients that arrive."""
        return all(each.method.seconds is not None for each in self.methods)

    @property
    def best(self) -> Priced:
        """The method that is first at the accuracy, as proved."""
        return min(self.methods, key=lambda each: each.time(each.least.steps))

    @property
    def first(self) -> str:
        """The methods that are first, in words; those that share the place are all named."""
        least = self.best.time(self.best.least.steps)
        names = [each.method.words for each in self.methods if each.time(each.least.steps) <= least]
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"

    @property
    def line(self) -> str:
        """The answer in a sentence."""
        found = self.cost
        if found.factor == 1:
            return f"To {found.accuracy:.4g}, {self.about} takes {found.stale.steps} steps; nothing is stale."
        free = "" if found.free_from is None else f"; at {found.free_from:.3g} and below it costs at most a tenth more"
        return (
            f"To {found.accuracy:.4g}, {self.about} takes {found.stale.steps} steps and no staleness "
            f"{found.synchronous.steps}: {found.factor:.3g} times as many{free}."
        )

    def __repr__(self) -> str:
        return self.line

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            **self.cost.to_dict(),
            "constants": dict(self.constants),
            "delays": self.about,
            "fastest": self.best.method.name,
            "methods": [each.to_dict() for each in self.methods],
        }


def answer(
    methods: Sequence[Method],
    about: str,
    accuracy: float | None = None,
    steps: int | None = None,
    bounds: Iterable[str] | None = None,
) -> Answer:
    """Price methods; the first is asynchrony, whose delays are what the factor is about.

    Args:
        methods: of `of_staleness` or `of_fleet`. about: their delays, in words.
        accuracy, steps, bounds: as for `theory.cost.cost.cost`.

    Raises:
        InputError: an accuracy that no bound reaches, or that x_0 has already.
    """
    names = None if bounds is None else tuple(bounds)
    found = cost(methods[0].case, accuracy, steps, names)
    priced = [Priced(methods[0], found.stale)]
    for name in dict.fromkeys(method.name for method in methods[1:]):
        method = _best_batch([each for each in methods if each.name == name], found.accuracy, names)
        search = method.search(names)
        least = None if search is None else search.least(found.accuracy)
        priced += [] if least is None else [Priced(method, least)]
    return Answer(found, tuple(priced), dict(methods[0].case.constants), about)


def _best_batch(methods: Sequence[Method], accuracy: float, names: tuple[str, ...] | None) -> Method:
    if len(methods) == 1:
        return methods[0]
    quick = _QUICK if names is None else names
    return min(methods, key=lambda each: Search.of(each.case, quick).rough(accuracy) * (each.seconds or each.ticks))


@dataclass(frozen=True, eq=False)
class Curves:
    """Time against accuracy.

    Args:
        accuracies: (N,), falling; times: for each method (N,), seconds or gradients; infinite where nothing is proved.
        crossings: where the fastest method changes: the accuracy, the time, and who is faster below.
    """

    accuracies: Floats
    times: Mapping[str, Floats]
    crossings: tuple[tuple[float, float, str], ...]


def curves(methods: Sequence[Method], accuracy: float, count: int = 25) -> Curves:
    """Every method's time over four decades of accuracies around one; of waiting in batches the best at each."""
    case: Case = methods[0].case
    most = max(min(accuracy * 100, 0.5 * case.trivial), accuracy)
    half = count // 2 + 1
    accuracies = np.append(np.geomspace(most, accuracy, half), np.geomspace(accuracy, accuracy / 100, half)[1:])
    searches = [(method, search) for method in methods if (search := method.search())]
    times: dict[str, Floats] = {}
    for method, search in searches:
        unit = method.ticks if method.seconds is None else method.seconds
        taken = np.array([search.rough(float(each)) * unit for each in accuracies])
        times[method.name] = np.minimum(times[method.name], taken) if method.name in times else taken
    return Curves(accuracies, times, _crossings(accuracies, times))


def _crossings(accuracies: Floats, times: Mapping[str, Floats]) -> tuple[tuple[float, float, str], ...]:
    """Where another method becomes the fastest, and is so by more than can be read off the picture."""
    names, table = list(times), np.log(np.stack(list(times.values())))
    opening = leader = int(table[:, 0].argmin())
    found: list[tuple[float, float, str]] = []
    for place in range(1, accuracies.size):
        new = int(table[:, place].argmin())
        if not table[new, place] < table[leader, place] - _VISIBLE:
            continue
        share = np.linspace(0, 1, 101)
        with np.errstate(invalid="ignore"):  # where the one before proves nothing further on
            winner, other = (
                table[i, place - 1] + share * (table[i, place] - table[i, place - 1]) for i in (new, leader)
            )
        first = int(np.argmax(winner <= other))
        between = accuracies[place - 1] ** (1 - share[first]) * accuracies[place] ** share[first]
        if found and found[-1][0] < _LASTING * between:  # the one before led too shortly to be told
            found.pop()
        if names[new] != (found[-1][2] if found else names[opening]):
            found.append((float(between), math.exp(winner[first]), names[new]))
        leader = new
    return tuple(found)
