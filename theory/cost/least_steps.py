"""The least steps to an accuracy, and the best accuracy after so many steps, at the constant step size that is best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from theory.bounds import REGISTRY, Bound, Setting, get
from theory.bounds.corollaries import COROLLARY_1, STEP_1
from theory.bounds.parts.assumptions import BLOCK_READS
from theory.common.errors import InputError
from theory.cost.case import Case, LongRun, long_run
from theory.formulas.formula import Environment, Formula, Readers, Served, Total, Window

# Neighbours on the grid of step sizes; sections of the golden search between them, more where a bound ends there;
# the longest run that is looked at whole; the most steps for which free numbers are chosen; what no one waits for.
_RATIO = 2**0.25
_SECTIONS = {"inside": 12, "at the edge": 34}
_WHOLE = 4096
_CHOSEN = 1024
_GOLDEN = (math.sqrt(5) - 1) / 2
_CLOSE = 1.005
_NEVER = 1e300


@dataclass(frozen=True)
class Least:
    """Steps to an accuracy.

    Args:
        steps: the least whole number of steps; real: where the bound meets the accuracy, between whole numbers.
        step_size: the constant step. bound: the name of the bound that is met.
    """

    steps: int
    real: float
    step_size: float
    bound: str


@dataclass(frozen=True, eq=False)
class _Goal:
    """What is made small at a step size; about how many steps that takes."""

    of: Callable[[LongRun], float]
    steps: float


@dataclass(frozen=True, eq=False)
class Search:
    """The search for one case: what was found of a bound at a step size is kept for the next accuracy.

    Args:
        case: delays and constants.
        bounds: those to choose from.
    """

    case: Case
    bounds: tuple[Bound, ...]
    _found: dict[tuple[str, float, int], LongRun | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, case: Case, names: Iterable[str] | None = None) -> Search:
        """The search among the bounds named, or among all that assume no coherence.

        Raises:
            InputError: a name that the library does not have, or a bound that assumes coherence.
        """
        # Where a step applies one gradient, theorem-ab is theorem-a. The numbers of theorem-s take long to find: it is
        # for blocks read apart alone; with reads it is about other points than those of the run there.
        needless = ("theorem-ab",) * (case.reads == 1) + (
            ("theorem-s-reads",) if case.apart else ("theorem-s", "theorem-s-reads")
        )
        library = (bound for bound in REGISTRY.values() if bound.name not in needless)
        chosen = tuple(library if names is None else map(get, names))
        coherent = [bound.name for bound in chosen if bound.needs_coherence]
        if names is not None and coherent:
            raise InputError(f"{coherent[0]} assumes coherence, which no accuracy can promise. Name another bound.")
        noisy, late = case.constants["sigma"] > 0, case.staleness.maximum_delay > 0

        def is_about(bound: Bound) -> bool:
            reads = (case.reads == 1 or bound.takes_several) and (not case.apart or BLOCK_READS in bound.assumptions)
            kept = not (noisy and bound.noise_free_only) and set(bound.constants) <= case.constants.keys()
            others = bound.needs_coherence or bound.takes_moves or (late and bound.synchronous_only)
            return reads and kept and not others

        return cls(case, tuple(filter(is_about, chosen)))

    def least(self, accuracy: float) -> Least | None:
        r"""The fewest steps after which a bound says $\min_k \mathbb{E}\|\nabla F(x_k)\|^2 \le$ accuracy.

        For one delay a bound at a constant step is (a + bT)/(c + dT), so that T is solved for; the step is found on a
        grid, downhill from Corollary 1's, and by golden sections. Up to 4,096 steps the answer is the bound itself,
        evaluated there.

        Args:
            accuracy: above 0, in units of |grad F|^2.

        Returns:
            Steps, step size and bound; None where no bound reaches the accuracy.

        >>> from theory.staleness.count import Staleness
        >>> case = Case(Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
        >>> found = Search.of(case).least(0.01)
        >>> found.steps, round(found.step_size, 2), found.bound
        (130, 1.15, 'theorem-b')
        """
        found = [each for bound in self.bounds if (each := self._stated(bound, accuracy))]
        for bound, size, real in self._best(self._reaching(accuracy)):
            found.append(Least(self._whole(bound, size, real, accuracy), real, size, bound.name))
        return min(found, key=lambda each: (each.steps, each.real), default=None)

    def reached(self, steps: int) -> tuple[float, Least] | None:
        """The best accuracy that a bound promises after so many steps, and how; None where none applies.

        >>> from theory.staleness.count import Staleness
        >>> accuracy, found = Search.of(Case(Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})).reached(130)
        >>> accuracy <= 0.01, found.steps
        (True, 130)
        """
        goal = _Goal(lambda run: run.value(steps), steps)
        found = [
            (self._value(bound, size, steps, value), Least(steps, float(steps), size, bound.name))
            for bound, size, value in self._best(goal)
        ]
        return min(found, key=lambda each: each[0], default=None)

    def rough(self, accuracy: float) -> float:
        """About the real number of steps, from the grid alone; infinite where no bound reaches the accuracy."""
        goal = self._reaching(accuracy)
        found = [self._smooth(bound, goal) for bound in self.bounds if bound.schedule is None]
        found += [each.real for bound in self.bounds if (each := self._stated(bound, accuracy))]
        return min(found, default=np.inf)

    # ---------------------------------------------------------------------------------------- the best step of a bound

    def _reaching(self, accuracy: float) -> _Goal:
        return _Goal(lambda run: run.steps_to(accuracy), _meeting(COROLLARY_1.value, self._typical, accuracy))

    def _best(self, goal: _Goal) -> list[tuple[Bound, float, float]]:
        """The best bound or, where two are close on the grid, both: with their step sizes and how small the goal is."""
        rough = [(*self._downhill(bound, goal), bound) for bound in self.bounds if bound.schedule is None]
        ranked = sorted((each for each in rough if np.isfinite(each[0])), key=lambda each: each[0])
        close = ranked[:1] + [each for each in ranked[1:2] if each[0] < _CLOSE * ranked[0][0]]
        return [(bound, *self._between(bound, place, goal)) for _, place, bound in close]

    def _at(self, bound: Bound, size: float, goal: _Goal) -> float:
        scale = self.case.known if goal.steps < 4 * self.case.known else max(_CHOSEN, self.case.known)
        key = (bound.name, size, scale)
        if key not in self._found:
            self._found[key] = long_run(self.case, bound, size, scale)
        run = self._found[key]
        return np.inf if run is None else goal.of(run)

    @property
    def _typical(self) -> dict[str, float]:
        """What Corollary 1 asks for, at the mean delay and with the noise of a step."""
        noise = self.case.constants["sigma"] / self.case.reads**0.5
        return {**self.case.constants, "sigma": noise, "s": self.case.mean_staleness}

    def _size(self, place: int) -> float:
        return 2 / self.case.constants["L"] * _RATIO**-place

    def _downhill(self, bound: Bound, goal: _Goal) -> tuple[float, int]:
        """The least of the goal on the grid of step sizes, from Corollary 1's step downhill, and its place there."""
        start = _value_at(STEP_1.formula, self._typical, goal.steps)
        place = round(math.log(self._size(0) / start, _RATIO))
        at: Callable[[int], float] = lambda i: self._at(bound, self._size(i), goal)  # noqa: E731
        for _ in range(40):  # a step too long for the bound is shortened until it applies
            if np.isfinite(at(place)):
                break
            place += 1
        while at(place - 1) < at(place):
            place -= 1
        while at(place + 1) < at(place):
            place += 1
        return at(place), place

    def _smooth(self, bound: Bound, goal: _Goal) -> float:
        """The minimum of the parabola through three places, in logarithms."""
        best, place = self._downhill(bound, goal)
        left, right = (self._at(bound, self._size(place + i), goal) for i in (-1, 1))
        if not np.isfinite(best + left + right):
            return best
        low, middle, high = map(math.log, (left, best, right))
        bend = low - 2 * middle + high
        return math.exp(middle - (low - high) ** 2 / (8 * bend)) if bend > 0 else best

    def _between(self, bound: Bound, place: int, goal: _Goal) -> tuple[float, float]:
        """The best step between the neighbours of a place of the grid, and the goal there."""
        low, high = (math.log(self._size(place + i)) for i in (1, -1))
        at: Callable[[float], float] = lambda x: self._at(bound, math.exp(x), goal)  # noqa: E731
        edge = not np.isfinite(at(low) + at(high))
        one, other = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        first, second = at(one), at(other)
        for _ in range(_SECTIONS["at the edge" if edge else "inside"]):
            if first <= second:
                high, other, second = other, one, first
                one = high - _GOLDEN * (high - low)
                first = at(one)
            else:
                low, one, first = one, other, second
                other = low + _GOLDEN * (high - low)
                second = at(other)
        size = self._size(place)
        found = ((math.exp(one), first), (math.exp(other), second), (size, self._at(bound, size, goal)))
        return min(found, key=lambda each: each[1])

    # ------------------------------------------------------------------------------------------- the bound itself there

    @property
    def _longest(self) -> int:
        return max(_WHOLE, self.case.known) if self.case.trace is None else self.case.known

    def _value(self, bound: Bound, size: float, steps: int, otherwise: float) -> float:
        value = bound.assess(self.case.setting(size, steps))[0] if steps <= self._longest else None
        return otherwise if value is None else value

    def _whole(self, bound: Bound, size: float, real: float, accuracy: float) -> int:
        """The least whole number of steps, from the bound itself where it can be evaluated there."""
        enough = math.ceil(real)

        def reaches(steps: int) -> bool:
            return self._value(bound, size, steps, np.inf) <= accuracy * (1 + 1e-12)

        while enough <= self._longest and not reaches(enough):
            enough += max(1, enough // 100)
        if enough > self._longest:
            return enough
        short = 0
        while enough - short > 1:
            middle = (short + enough) // 2
            short, enough = (short, middle) if reaches(middle) else (middle, enough)
        return enough

    def _stated(self, bound: Bound, accuracy: float) -> Least | None:
        """The steps of a bound that names its own step size, where both depend on T and constants alone."""
        if bound.schedule is None or any(name not in self.case.constants for name in bound.constants):
            return None
        value, step = bound.value, bound.schedule.formula
        along = any(
            isinstance(node, Window | Readers | Served | Total) for each in (value, step) for node in each.walk()
        )
        if along or (value.names() | step.names()) & {"k", "d", "eta"}:
            return None
        known = {**self.case.constants, "s": self.case.staleness.window, "B": self.case.reads}
        real = _meeting(value, known, accuracy)
        if not np.isfinite(real):
            return None
        steps = math.ceil(real * (1 - 1e-14))
        size = _value_at(step, known, steps)
        delays = self.case.setting(size, min(steps, self._longest)).delays
        shown = Setting.of(bound.schedule, delays, self.case.staleness, self.case.constants, self.case.apart)
        return Least(steps, real, size, bound.name) if bound.assess(shown)[0] is not None else None


def _value_at(formula: Formula, known: Mapping[str, float], steps: float) -> float:
    return float(formula.evaluate(Environment({**known, "T": steps})))


def _meeting(value: Formula, known: Mapping[str, float], accuracy: float) -> float:
    """The real T, 1 or more, from which on a value that falls with T meets the accuracy; infinite if it never does."""
    most = 1.0
    while _value_at(value, known, most) > accuracy:
        most *= 16
        if most > _NEVER:
            return np.inf
    if most == 1:
        return most
    return float(brentq(lambda t: _value_at(value, known, t) - accuracy, most / 16, most, xtol=1e-13, rtol=1e-15))
