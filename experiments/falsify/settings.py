"""Where a bound is attacked: settings at the edge of its domain, well inside, and just outside.

Nothing here knows a bound by name. A proposal is a pattern of steps and delays with constants; a move changes one thing
about it by a factor (steps, gap, noise, delays, order, length). The domain itself says which settings lie inside and
which conditions an outside one breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from experiments.falsify.unit_runs import LONGEST_TREE
from theory.bounds import Bound, Setting
from theory.bounds.counter_momentum import run_of_method
from theory.common.errors import InputError
from theory.common.types import Vector
from theory.formulas.notation import CONSTANTS
from theory.methods.counter_momentum import CounterMomentum
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import AdversarialDelay
from theory.staleness.traces import Delays

#: How far outside a domain is tried.
FACTORS = (1.01, 1.05, 1.2, 2.0)
JUST_INSIDE = 1 - 1e-9
_LONG = (20, 60, 150)
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, eq=False)
class Proposal:
    """A pattern of steps and delays with constants, for a bound.

    Args:
        bound: its schedule, where it has one, gives the steps.
        shape: float64 (T,), the pattern of the steps otherwise, the largest being 1 / L.
        delays: int64 (T,), or (T, B) where an update averages B gradients; window: the staleness claimed.
        constants: L, Delta, sigma, mu.
        scale: what the steps are multiplied by.
        law: float64 (D + 1,), where the bound is about delays drawn at random: their probabilities.
        back: float64 (M,), where it is about a method that takes moves back: what it takes back.
    """

    bound: Bound
    shape: Vector
    delays: Delays
    window: int
    constants: Mapping[str, float]
    scale: float = 1.0
    law: Vector | None = None
    back: Vector = field(default_factory=lambda: np.zeros(0))

    def setting(self) -> Setting | None:
        """The run that it describes; None if there is no such run."""
        try:
            return Setting(self._steps(), self.delays, Staleness(self.window), self.constants, moves=self.back)
        except InputError:
            return None

    def failures(self) -> tuple[str, ...]:
        """The conditions of the bound that it breaks."""
        setting = self.setting()
        return ("",) if setting is None else tuple(failure.condition for failure in self.bound.check_domain(setting))

    @property
    def inside(self) -> bool:
        """Whether the bound applies."""
        return not self.failures()

    def scaled(self, factor: float) -> Proposal:
        """The same with steps multiplied by `factor`."""
        return replace(self, scale=self.scale * factor)

    def changed(self, what: str, factor: float) -> Proposal:
        """The same with the steps, or the constant of that name, multiplied by `factor`."""
        if what == "steps":
            return self.scaled(factor)
        return self.with_constant(what, self.constants[what] * factor)

    def with_constant(self, name: str, value: float) -> Proposal:
        """The same with another constant; a schedule's steps follow."""
        return replace(self, constants={**self.constants, name: value})

    def prefix(self, steps: int) -> Proposal:
        """The first steps; a schedule that contains T is computed anew."""
        return replace(self, shape=self.shape[:steps], delays=self.delays[:steps])

    def _steps(self) -> Vector:
        schedule = self.bound.schedule
        if schedule is None:
            return np.asarray(self.scale * self.shape, dtype=np.float64)
        named = {name: value for name, value in self.constants.items() if name in CONSTANTS}
        steps = Setting.of(schedule, self.delays, Staleness(self.window), named).step_sizes
        return np.asarray(self.scale * steps, dtype=np.float64)

    @property
    def longest(self) -> Delays:
        """The longest delays that there can be, in the shape of the delays."""
        steps = np.arange(self.shape.size)
        return np.broadcast_to(steps[:, None], self.delays.shape) if self.delays.ndim == 2 else steps


@dataclass(frozen=True)
class Move:
    """A setting outside the domain: what was changed, by how much (1: another pattern), and the conditions broken."""

    change: str
    factor: float
    proposal: Proposal
    broken: tuple[str, ...]


# ---------------------------------------------------------------------------------------------------- proposals

_SHAPES: Mapping[str, Callable[[int, Delays, np.random.Generator], Vector]] = {
    "constant": lambda n, d, rng: np.ones(n),
    "1/sqrt(k)": lambda n, d, rng: np.arange(1.0, n + 1) ** -0.5,
    "1/k": lambda n, d, rng: 1 / np.arange(1.0, n + 1),
    "growing": lambda n, d, rng: np.arange(1.0, n + 1) ** 0.5,
    "random": lambda n, d, rng: rng.uniform(0.02, 1, n),
    "falling": lambda n, d, rng: np.sort(rng.uniform(0, 1, n))[::-1],
    "spike": lambda n, d, rng: np.where(np.arange(n) == rng.integers(0, n), 1.0, rng.choice([0.02, 0.2])),
    "with zeros": lambda n, d, rng: np.append(1.0, rng.integers(0, 2, n - 1)),
    "dropping": lambda n, d, rng: np.where(d < max(rng.choice([1, 2, 4, 8]), 1 + d.min()), 1.0, 0.0),
    "delay-adaptive": lambda n, d, rng: 1 / np.maximum(1.0, d),
}

_DELAYS: Mapping[str, Callable[[int, int, np.random.Generator], Delays]] = {
    "constant": lambda n, s, rng: np.full(n, s - 1),
    "none": lambda n, s, rng: np.zeros(n, dtype=np.int64),
    "block": lambda n, s, rng: np.arange(n) % s,
    "burst": lambda n, s, rng: np.where(np.arange(n) < s, np.arange(n), 0),
    "uniform": lambda n, s, rng: rng.integers(0, s, n),
    "in order": lambda n, s, rng: np.arange(n) - np.maximum.accumulate(np.arange(n) - rng.integers(0, s, n)),
    "greedy": lambda n, s, rng: AdversarialDelay(s - 1).sample(n, rng),
    "alternating": lambda n, s, rng: np.where(np.arange(n) % 2, s - 1, 0),
    "one late": lambda n, s, rng: np.where(np.arange(n) == rng.integers(0, n), s - 1, 0),
}


def proposals(bound: Bound, rng: np.random.Generator) -> Iterator[Proposal]:
    """Settings at random, without end, whether inside the domain or not."""
    while True:
        steps = int(rng.choice(_LONG) if rng.random() < 0.2 else rng.integers(1, LONGEST_TREE + 1))
        reach = int(rng.choice([1, 2, 3, 4, 8], p=[0.2, 0.3, 0.2, 0.2, 0.1]))
        delays = np.minimum(_pick(_DELAYS, rng, 0.3)(steps, reach, rng), np.arange(steps)).astype(np.int64)
        first = delays
        if bound.takes_several and not drawn(bound) and (others := int(rng.choice([0, 1, 3]))):
            steps = min(steps, max(1, LONGEST_TREE // (others + 1))) if rng.random() < 0.7 else steps
            more = [_DELAYS[name](first.size, reach, rng) for name in rng.choice(list(_DELAYS), others)]
            columns = [first, *(np.minimum(one, np.arange(first.size)).astype(np.int64) for one in more)]
            delays, first = np.stack(columns, axis=1)[:steps], first[:steps]
        window = int(rng.choice([reach, 1 + delays.max()]))
        smoothness, gap = float(rng.choice([0.5, 1.0, 3.0])), float(10 ** rng.uniform(-1, 1))
        noise = 0.0 if bound.noise_free_only else _noise(smoothness * gap, rng)
        coherence = float(rng.choice([1.0, 0.8, 0.5, 0.25], p=[0.4, 0.2, 0.2, 0.2]))
        constants = {"L": smoothness, "Delta": gap, "sigma": noise, "mu": coherence}
        own = {name: float(value * rng.choice([0.25, 0.5, 1.0, 2.0])) for name, value in bound.given.items()}
        if bound.takes_moves:
            yield _of_method(bound, steps, reach, constants, rng)
            continue
        if rng.random() < 0.3:
            shape = Schedule(bound.example).step_sizes(steps, delays=first, s=window, **constants)
        else:
            shape = _pick(_SHAPES, rng, 0.4)(steps, first, rng)
        proposal = Proposal(bound, shape / shape.max() / smoothness, delays, window, constants | own)
        yield _with_law(proposal, rng) if drawn(bound) else proposal


def _of_method(
    bound: Bound, steps: int, window: int, constants: Mapping[str, float], rng: np.random.Generator
) -> Proposal:
    """The method that the bound is about, at its own angle or another one."""
    theta = None if rng.random() < 0.5 else float(rng.uniform(1, 2) * np.pi / (2 * window + 1))
    run = run_of_method(steps, Staleness(window), constants, CounterMomentum(theta))
    shape = run.step_sizes / run.step_sizes.max() / constants["L"]
    return Proposal(bound, shape, run.delays, window, constants, back=run.moves)


def drawn(bound: Bound) -> bool:
    """Whether the bound is about delays drawn at random, through the mean Ed and the mean square Ed2 of their law."""
    return any(assumption.name == "random delays" for assumption in bound.assumptions)


def _with_law(proposal: Proposal, rng: np.random.Generator) -> Proposal:
    """The same in a few steps, with two or three delays drawn from a law."""
    law = np.zeros(5)
    values = rng.choice(5, rng.integers(1, 4), replace=False)
    law[values] = rng.dirichlet(np.ones(values.size))
    delay = np.arange(5)
    moments = {"Ed": float(law @ delay), "Ed2": float(law @ delay**2)}
    short = proposal.prefix(int(rng.integers(1, 6 if values.size < 3 else 5)))
    return replace(short, law=law, constants={**proposal.constants, **moments})


def _pick(table: Mapping[str, _Entry], rng: np.random.Generator, first: float) -> _Entry:
    """The first entry with probability `first` at least, else any."""
    entries = tuple(table.values())
    return entries[0] if rng.random() < first else entries[int(rng.integers(len(entries)))]


def _noise(squared_gradient: float, rng: np.random.Generator) -> float:
    return float(rng.choice([0.0, 1.0], p=[0.4, 0.6]) * np.sqrt(squared_gradient) * 10 ** rng.uniform(-1.5, 0.7))


# -------------------------------------------------------------------------------------------------------- edges


def edge_of(proposal: Proposal) -> Proposal | None:
    """The largest steps of this pattern inside the domain, to a relative 1e-10; None if no steps are inside.

    Steps that a schedule gives are left as they are.
    """
    if proposal.bound.schedule is not None:
        return proposal if proposal.inside else None
    scales = np.geomspace(16.0, 16.0 / 2**16, 17) / proposal.window
    largest = next((scale for scale in scales if proposal.scaled(scale).inside), None)
    if largest is None or largest == scales[0]:
        return None if largest is None else proposal.scaled(largest)
    return _last_inside(lambda factor: proposal.scaled(largest * factor), 1.0, 2.0)


def _last_inside(at: Callable[[float], Proposal], inside: float, outside: float) -> Proposal:
    for _ in range(34):
        middle = (inside * outside) ** 0.5
        inside, outside = (middle, outside) if at(middle).inside else (inside, middle)
    return at(inside)


def interior(edge: Proposal, rng: np.random.Generator) -> Iterator[Proposal]:
    """Settings of the same pattern inside the domain: below the edge, shorter, with smaller steps or other noise."""
    if edge.bound.schedule is None:
        others = [edge.scaled(JUST_INSIDE), edge.scaled(rng.uniform(0, 1))]
    else:
        others = [edge, *(edge.prefix(int(n)) for n in rng.integers(1, edge.shape.size + 1, 2))]
    level = edge.constants["L"] * edge.constants["Delta"]
    for proposal in others:
        noise = 0.0 if edge.bound.noise_free_only else _noise(level, rng)
        louder = [] if noise == proposal.constants["sigma"] else [proposal.with_constant("sigma", noise)]
        yield from (candidate for candidate in (proposal, *louder) if candidate.inside)
    yield from (candidate for candidate in _to_be_refused(edge) if candidate.inside)


def _to_be_refused(edge: Proposal) -> Iterator[Proposal]:
    """Settings far away that a sound bound refuses or survives."""
    if edge.bound.schedule is not None:
        coherent = edge.with_constant("mu", 1.0)
        yield from (edge.scaled(3.0), edge.scaled(1 / 3), coherent.prefix(1), coherent.prefix(2))
    longer = np.minimum(4 * edge.delays + 3, edge.longest)
    yield replace(edge, delays=longer)


def moves(edge: Proposal, rng: np.random.Generator) -> Iterator[Move]:
    """Settings outside the domain, one change at a time, the smallest changes first."""
    for change, factor, proposal in _changes(edge, rng):
        broken = proposal.failures()
        if broken and broken != ("",):
            yield Move(change, factor, proposal, broken)


_Change = tuple[str, float, Proposal]


def _changes(edge: Proposal, rng: np.random.Generator) -> Iterator[_Change]:
    for what in ("steps", "Delta", "sigma"):
        yield from _one_changed(edge, what, 1)
        yield from _one_changed(edge, what, -1)
    yield from _noise_added(edge)
    for factor in FACTORS if edge.back.size else ():
        yield "more taken back", factor, replace(edge, back=edge.back * factor)
        yield "less taken back", factor, replace(edge, back=edge.back / factor)
    yield from _delays_changed(edge, rng)
    yield from _steps_reordered(edge)
    for steps in range(edge.shape.size - 1, 0, -1) if edge.shape.size <= LONGEST_TREE else ():
        yield "fewer steps", edge.shape.size / steps, edge.prefix(steps)


def _one_changed(edge: Proposal, what: str, sign: int) -> Iterator[_Change]:
    """One quantity made larger or smaller, counted from where the domain ends in that direction."""

    def at(factor: float) -> Proposal:
        return edge.changed(what, factor**sign)

    ladder = [2.0**n for n in (0, 1, 2, 4, 8, 16)]
    if at(ladder[-1]).inside:
        return
    first = next(i for i, factor in enumerate(ladder) if not at(factor).inside)
    last = _last_inside(at, ladder[first - 1], ladder[first]) if first else edge
    for factor in FACTORS:
        yield f"{what} {'larger' if sign > 0 else 'smaller'}", factor, last.changed(what, factor**sign)


def _noise_added(edge: Proposal) -> Iterator[_Change]:
    level = np.sqrt(edge.constants["L"] * edge.constants["Delta"])
    for factor in FACTORS if edge.constants["sigma"] == 0 else ():
        yield "noise added", factor, edge.with_constant("sigma", float((factor - 1) * level))


def _delays_changed(edge: Proposal, rng: np.random.Generator) -> Iterator[_Change]:
    """Delays beyond the staleness, and delays in another order, with steps well inside."""
    steps, s = np.arange(edge.shape.size), edge.window
    small = edge if edge.bound.schedule is not None else edge.scaled(0.3)
    for extra in (1, s, 3 * s, 12 * s):
        longer = np.where(edge.delays > 0, edge.delays + extra, 0) if s > 1 else edge.delays + extra
        late = np.minimum(longer, edge.longest)
        if late.max() >= s:
            for proposal in {id(p): p for p in (edge, small)}.values():
                yield "delays longer", (s + extra) / s, replace(proposal, delays=late)
    for pattern in ("uniform", "alternating", "one late", "greedy", "block"):
        other = np.minimum(_DELAYS[pattern](steps.size, s, rng), steps).astype(np.int64)
        yield f"delays {pattern}", 1.0, replace(small, delays=other)


def _steps_reordered(edge: Proposal) -> Iterator[_Change]:
    """Other orders of the steps, at the same size and smaller."""
    if edge.bound.schedule is not None or edge.shape.size == 1:
        return
    late = np.arange(edge.shape.size) * 2 >= edge.shape.size
    others = {
        "steps reversed": edge.shape[::-1],
        "last step largest": np.append(edge.shape[:-1], edge.shape.max()),
        "later steps halved": edge.shape * np.where(late, 0.5, 1.0),
    }
    for change, shape in others.items():
        for factor in (1.0, 0.5, 0.2):
            yield change, 1.0, replace(edge, shape=shape).scaled(factor)
