"""A bound at ten million steps, by plain sums over the steps: the formula itself in blocks, nothing derived.

The bound's own tree is evaluated on blocks of the steps that fit into the processor's cache, each with a margin as wide
as nested windows reach, and its sums are added up. The delay is the fixed one, d_k = min(k - 1, s - 1). Nodes that say
the same are evaluated once, also where they stand in several bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.common.types import Floats
from theory.formulas.formula import (
    DelayMap,
    Environment,
    Formula,
    Peak,
    Readers,
    Served,
    Total,
    Values,
    WhereOvertaken,
    Window,
)
from theory.schedules.schedule import Schedule

_BLOCK = 2**15


@dataclass(frozen=True)
class FixedDelays(DelayMap):
    """The reads of a block of steps at a fixed delay; what lies beyond the block counts as nothing."""

    delay: int = 0

    def window(self, values: Values) -> Values:
        found = np.zeros_like(values)
        for back in range(1, min(self.delay, values.size - 1) + 1):
            found[back:] += values[:-back]
        return found

    def readers(self, values: Values) -> Values:
        return self.window(values[::-1])[::-1]

    def served(self, values: Values) -> Values:
        inside = self.read >= 0
        return np.bincount(self.read[inside], weights=values[inside], minlength=values.size).astype(np.float64)

    @cached_property
    def overtaken(self) -> Values:
        return np.zeros(self.delays.size)


def evaluated(
    formulas: Mapping[str, Formula],
    schedule: Schedule,
    staleness: int,
    constants: Mapping[str, float],
    steps: int,
) -> dict[str, float]:
    """The value of each formula, a number, at T = steps.

    Args:
        formulas: by name, such as the value of a bound. schedule: gives eta_k. staleness: s.
        constants: every other name.

    >>> from theory.bounds.registry import REGISTRY
    >>> evaluated({"": REGISTRY["wu2022"].value}, Schedule("1/(s*L)"), 2, {"L": 1.0, "Delta": 1.0}, 1000)
    {'': 0.004}
    """
    known: dict[Any, Formula] = {}
    trees = {name: _shared(node, known) for name, node in formulas.items()}
    whole = {"B": 1.0, **constants, "T": float(steps), "s": float(staleness)}
    memo: dict[Formula, Any] = {}
    # What is infinite or undefined is so in the answer too.
    with np.errstate(all="ignore"):
        for level in _levels(trees.values()):
            memo |= _summed(level, schedule, staleness - 1, whole, steps, memo)
        return {name: float(node.evaluate(Environment(whole, memo=dict(memo)))) for name, node in trees.items()}


def _shared(node: Formula, known: dict[Any, Formula]) -> Formula:
    """The same tree with nodes that say the same made one."""
    if not is_dataclass(node):
        return node
    own = {each.name: _within(getattr(node, each.name), known) for each in fields(node) if each.init}
    key = (type(node), *(tuple(map(id, v)) if isinstance(v, tuple) else _key(v) for v in own.values()))
    if key not in known:
        known[key] = replace(node, **own)
    return known[key]


def _within(value: Any, known: dict[Any, Formula]) -> Any:
    if isinstance(value, tuple):
        return tuple(_shared(each, known) for each in value)
    return _shared(value, known) if isinstance(value, Formula) else value


def _key(value: Any) -> Any:
    return id(value) if isinstance(value, Formula) else value


def _levels(trees: Iterable[Formula]) -> Iterator[list[Formula]]:
    """The sums and largest entries, those inside of others first."""
    left: dict[Formula, None] = dict.fromkeys(
        node for tree in trees for node in tree.walk() if isinstance(node, Total | Peak)
    )
    while left:
        ready = [node for node in left if not any(inner in left for inner in node.walk() if inner is not node)]
        yield ready
        left = {node: None for node in left if node not in ready}


def _reach(node: Formula) -> int:
    """How many windows stand inside one another."""
    inner = max((_reach(child) for child in node.children), default=0)
    return inner + isinstance(node, Window | Readers | Served | WhereOvertaken)


def _summed(
    nodes: list[Formula],
    schedule: Schedule,
    delay: int,
    whole: Mapping[str, float],
    steps: int,
    memo: Mapping[Formula, Any],
) -> dict[Formula, float]:
    margin = delay * max(map(_reach, nodes))
    parts: dict[Formula, list[float]] = {node: [] for node in nodes}
    for first in range(0, steps, _BLOCK):
        last = min(first + _BLOCK, steps)
        low, high = max(0, first - margin), min(steps, last + margin)
        environment = _block(schedule, delay, whole, low, high, memo)
        core = slice(first - low, last - low)
        for node in nodes:
            values = _entries(node.children[0], environment, core, high - low)
            parts[node].append(float(np.max(values) if isinstance(node, Peak) else np.sum(values)))
    return {node: max(found) if isinstance(node, Peak) else math.fsum(found) for node, found in parts.items()}


def _entries(body: Formula, environment: Environment, core: slice, size: int) -> Floats:
    return np.broadcast_to(np.asarray(body.evaluate(environment), dtype=np.float64), (size,))[core]


def _block(
    schedule: Schedule,
    delay: int,
    whole: Mapping[str, float],
    low: int,
    high: int,
    memo: Mapping[Formula, Any],
) -> Environment:
    k = np.arange(low + 1.0, high + 1.0)
    delays: NDArray[np.float64] = np.minimum(k - 1, delay)
    steps = {**whole, "k": k, "d": delays}
    sizes = np.broadcast_to(np.asarray(schedule.formula.evaluate(Environment(steps)), dtype=np.float64), k.shape)
    reads = FixedDelays(delays.astype(np.int64), delay)
    return Environment({**steps, "eta": sizes}, reads, dict(memo))
