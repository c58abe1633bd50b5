"""How the worst case grows with staleness and steps, and which delay pattern is the worst: cells to be solved.

Three kinds of cells, each a plain value with one small JSON file: the worst case at the constant delay beside the
theorems (growth), the worst of all delay traces (pattern), and one sawtooth against the constant delay over a long run
(sawtooth). A cell's file is a function of the cell alone; finished cells are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from experiments.studies.values import Values, of_scale
from theory.bounds.judging.judge import judge
from theory.common.errors import EnvironmentFailure, GradlagError, InputError
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit

ASSUMED_COHERENCE = 0.5
#: The theorems drawn beside the worst case.
BOUNDS = ("dai2019", "dai2019-sum", "theorem-a", "theorem-ar", "theorem-b", "corollary-1", "lian2015")


@dataclass(frozen=True)
class GrowthCell:
    """The worst case at the constant delay, L = Delta = 1, sigma = 0, with the theorems at the same steps.

    Args:
        schedule: "theorem-1" (with mu = 1/2 in the steps) or "corollary-1".
        staleness: s; steps: T.
        reach: pairs of points up to this far apart; None chooses them until the value settles.
        witness: seconds to look for a worst function whose replay gives the lower value; 0 takes the closed form.
    """

    schedule: str
    staleness: int
    steps: int
    reach: int | None = None
    witness: float = 0.0
    kind: ClassVar[str] = "growth"

    @property
    def name(self) -> str:
        return f"growth-{self.schedule}-s{self.staleness}-T{self.steps}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return self.steps * self.staleness**3

    def compute(self) -> Values:
        """Value, lower value, and the theorems that apply."""
        from theory.worst_case.asking import ask
        from theory.worst_case.solve import worst_case
        from theory.worst_case.traces.uniform import ripple_value, uniform_bound

        asked = ask(
            self.schedule, staleness=self.staleness, steps=self.steps, constants={"mu": ASSUMED_COHERENCE, "sigma": 0.0}
        )
        solution = worst_case(asked.question, reach=self.reach)
        if not math.isfinite(solution.value):
            raise EnvironmentFailure("The solver gave no value. Try another reach, or fewer steps.")
        everywhere = uniform_bound(asked.question)
        return {
            "value": solution.value,
            "lower": max(ripple_value(asked.question), _replayed(solution, self.witness)),
            "bounds": {each.bound.name: each.value for each in judge(asked.setting, BOUNDS) if each.applies},
            "every_trace": everywhere.value if everywhere else None,
            "pairs_per_step": len(solution.pairs) / self.steps,
            "solver": solution.solver,
        }


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


Cell = GrowthCell | PatternCell | SawtoothCell
#: By the name that their files carry.
KINDS: Mapping[str, type[Cell]] = MappingProxyType(
    {kind.kind: kind for kind in (GrowthCell, PatternCell, SawtoothCell)}
)

#: Shapes of steps with mean 1: (T,) -> (T,).
FAMILIES: Mapping[str, Callable[[int], NDArray[np.float64]]] = MappingProxyType(
    {
        "constant": np.ones,
        "decreasing": lambda steps: _mean_one(1 / np.sqrt(np.arange(1, steps + 1))),
        "increasing": lambda steps: _mean_one(np.arange(1.0, steps + 1)),
        "alternating": lambda steps: _mean_one(np.where(np.arange(steps) % 2, 0.2, 1.8)),
    }
)


def family_steps(family: str, fraction: float, staleness: int, steps: int) -> NDArray[np.float64]:
    """Steps of a family whose mean is a fraction of the fixed-delay stability limit, L = 1.

    >>> family_steps("alternating", 0.5, 2, 4)
    array([0.9, 0.1, 0.9, 0.1])
    """
    if family not in FAMILIES:
        raise InputError(f"The family of steps must be one of {', '.join(FAMILIES)}. Got {family!r}.")
    return FAMILIES[family](steps) * fraction * fixed_delay_limit(staleness - 1)


def _mean_one(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(shape / shape.mean(), dtype=np.float64)


def _replayed(solution: Any, seconds: float) -> float:
    """What the replay of a worst function gives; 0 where none is asked for or none is found."""
    if seconds <= 0:
        return 0.0
    from experiments.claims.replay_witness import replay
    from theory.worst_case.witness.find import witness

    try:
        found = witness(solution, seconds=seconds)
        return replay(found).lower if found is not None else 0.0
    except GradlagError:
        return 0.0


# ------------------------------------------------------------------------------------------------- what is computed


def doubling(first: int, last: int) -> tuple[int, ...]:
    """The horizons first, 2 first, 4 first, .. up to `last`.

    >>> doubling(10, 80)
    (10, 20, 40, 80)
    """
    count = int(math.log2(last / first) + 1e-9) + 1
    return tuple(first * 2**power for power in range(count))


# The longest T for each staleness: a window's cost grows with the cube of its width.
_LONGEST: Mapping[str, Mapping[int, int]] = MappingProxyType(
    {
        "quick": {1: 640, 2: 640, 4: 640, 8: 160, 16: 40},
        "lesson": {1: 1280, 2: 1280, 4: 1280, 8: 320, 16: 80},
        "paper": {1: 1280, 2: 1280, 4: 1280, 8: 1280, 16: 320},
    }
)
_REACH: Mapping[str, int | None] = MappingProxyType({"quick": 1, "lesson": 4, "paper": None})
_WITNESS: Mapping[str, float] = MappingProxyType({"quick": 0.0, "lesson": 0.0, "paper": 10.0})


def growth_cells(scale: str) -> tuple[GrowthCell, ...]:
    """Theorem 1's steps and Corollary 1's at every staleness, T doubling."""
    longest = of_scale(_LONGEST, scale, "worst-case")
    return tuple(
        GrowthCell(schedule, staleness, steps, _REACH[scale], _WITNESS[scale] if steps <= 160 else 0.0)
        for schedule in ("theorem-1", "corollary-1")
        for staleness, last in longest.items()
        for steps in doubling(10, last)
    )


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
    for staleness, steps in of_scale(_SHORT, scale, "delay-patterns"):
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
    lengths = of_scale(_LONG, scale, "delay-patterns")
    return tuple(SawtoothCell(fraction, 4, 3, steps, reach=3) for steps in lengths for fraction in grid)


def trace_cells(scale: str) -> tuple[Cell, ...]:
    """Patterns and sawtooths."""
    return (*pattern_cells(scale), *sawtooth_cells(scale))


def all_cells(scale: str) -> tuple[Cell, ...]:
    """All three, the expensive ones first, so that processes end together."""
    cells: tuple[Cell, ...] = (*growth_cells(scale), *trace_cells(scale))
    return tuple(sorted(cells, key=lambda cell: -cell.work))
