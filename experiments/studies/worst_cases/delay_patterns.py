"""Which delay pattern is the worst: cells to be solved.

Two kinds: the worst of all delay traces of a short run (pattern), and one sawtooth against the constant delay over a
long run (sawtooth).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from experiments.studies.study import ASSUMED_COHERENCE
from experiments.sweep.json_store import Values
from theory.common.errors import EnvironmentFailure, InputError
from theory.common.types import Vector
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit


@dataclass(frozen=True)
class PatternCell:
    """The worst of all delay traces below a staleness.

    Args:
        family: of the steps; see `FAMILIES`. fraction: their mean, in units of the fixed-delay stability limit.
        staleness: s; steps: T; variance, coherence, measure: as in `Question`.
        limit, effort: how many traces are solved; see `worst_delays`.
    """

    family: str
    fraction: float
    staleness: int
    steps: int
    variance: float = 0.0
    coherence: float | None = None
    measure: str = "min"
    limit: int = 2000
    effort: int = 100
    kind: ClassVar[str] = "pattern"

    @property
    def name(self) -> str:
        extra = f"-v{self.variance:g}" * (self.variance > 0) + f"-mu{self.coherence}" * (self.coherence is not None)
        return f"pattern-{self.family}-{self.fraction:g}-s{self.staleness}-T{self.steps}-{self.measure}{extra}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 10 * int(self.staleness**self.steps)

    def compute(self) -> Values:
        """The worst trace and its value beside that of the constant delay."""
        from theory.worst_case.traces.patterns import worst_delays

        found = worst_delays(
            family_steps(self.family, self.fraction, self.staleness, self.steps),
            self.staleness,
            variance=self.variance,
            coherence=self.coherence,
            measure=self.measure,
            limit=self.limit,
            effort=self.effort,
        )
        plain = {field.name: getattr(found, field.name) for field in fields(found)}
        return plain | {"delays": found.delays.tolist(), "ratio": found.ratio}


@dataclass(frozen=True)
class SawtoothCell:
    """One sawtooth min(k mod P, s - 1) against the constant delay, at a constant step, over a run of any length.

    Args:
        fraction: the step in units of the fixed-delay limit; period: P; staleness: s; steps: T.
        reach: pairs of points up to this far apart, for both; None chooses them until the values settle.
    """

    fraction: float
    period: int
    staleness: int
    steps: int
    reach: int | None = None
    kind: ClassVar[str] = "sawtooth"

    @property
    def name(self) -> str:
        return f"sawtooth-{self.fraction:g}-P{self.period}-s{self.staleness}-T{self.steps}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 40 * self.steps * self.staleness

    def compute(self) -> Values:
        """Both values."""
        from theory.worst_case.question import Question
        from theory.worst_case.solve import worst_case
        from theory.worst_case.traces.named import constant_delays, sawtooth

        window = Staleness(self.staleness)
        steps = family_steps("constant", self.fraction, self.staleness, self.steps)
        traces = {
            "constant_value": constant_delays(self.steps, window),
            "value": sawtooth(self.steps, self.period, window),
        }
        found = {name: worst_case(Question(steps, d), reach=self.reach).value for name, d in traces.items()}
        if not all(map(math.isfinite, found.values())):
            raise EnvironmentFailure("The solver gave no value. Try another reach, or fewer steps.")
        return found | {"ratio": found["value"] / found["constant_value"]}


#: Shapes of steps with mean 1: (T,) -> (T,).
FAMILIES: Mapping[str, Callable[[int], Vector]] = MappingProxyType(
    {
        "constant": np.ones,
        "decreasing": lambda steps: _mean_one(1 / np.sqrt(np.arange(1, steps + 1))),
        "increasing": lambda steps: _mean_one(np.arange(1.0, steps + 1)),
        "alternating": lambda steps: _mean_one(np.where(np.arange(steps) % 2, 0.2, 1.8)),
    }
)


def family_steps(family: str, fraction: float, staleness: int, steps: int) -> Vector:
    """Steps of a family whose mean is a fraction of the fixed-delay stability limit, L = 1.

    >>> family_steps("alternating", 0.5, 2, 4)
    array([0.9, 0.1, 0.9, 0.1])
    """
    if family not in FAMILIES:
        raise InputError(f"The family of steps must be one of {', '.join(FAMILIES)}. Got {family!r}.")
    return FAMILIES[family](steps) * fraction * fixed_delay_limit(staleness - 1)


def _mean_one(shape: Vector) -> Vector:
    return np.asarray(shape / shape.mean(), dtype=np.float64)


# (s, T) of the runs whose traces are all solved, and T of the long ones.
_SHORT: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {"quick": ((2, 6), (3, 5)), "lesson": ((2, 8), (3, 6), (4, 5)), "paper": ((2, 10), (3, 7), (4, 6))}
)
_LONG: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"quick": (50, 150, 300), "lesson": (50, 200, 800), "paper": (50, 200, 800)}
)
_FRACTIONS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
_FEW_FRACTIONS = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)


def pattern_cells(scale: str) -> tuple[PatternCell, ...]:
    """All traces of short runs: staleness, length and size of the steps, then families, noise, coherence and mean."""
    grid = _FEW_FRACTIONS if scale == "quick" else _FRACTIONS
    cells = []
    for staleness, steps in _SHORT[scale]:
        for fraction in grid:
            cells += [PatternCell(family, fraction, staleness, steps) for family in FAMILIES]
        short = min(steps, 5)
        for fraction in grid[:3]:
            cells.append(PatternCell("constant", fraction, staleness, short, variance=0.5))
            cells.append(PatternCell("constant", fraction, staleness, short, coherence=ASSUMED_COHERENCE))
            cells.append(PatternCell("constant", fraction, staleness, short, measure="mean"))
    return tuple(cells)


def sawtooth_cells(scale: str) -> tuple[SawtoothCell, ...]:
    """The adversary's sawtooth at s = 3 around its own stability limit, .948 of that of the constant delay."""
    few = (0.9, 0.93, 0.955, 0.965, 0.975)  # at the limit itself the solver loses its accuracy
    grid = few if scale == "quick" else (0.7, 0.8, 0.85, 0.92, 0.96, 0.97, 0.98, 0.985, *few)
    lengths = _LONG[scale]
    return tuple(SawtoothCell(fraction, 4, 3, steps, reach=3) for steps in lengths for fraction in grid)


def trace_cells(scale: str) -> tuple[PatternCell | SawtoothCell, ...]:
    """Patterns and sawtooths."""
    return (*pattern_cells(scale), *sawtooth_cells(scale))
