"""What a bound is evaluated at: the steps and delays of one run, its staleness, and the constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.common.errors import DelayError, InputError, ScheduleError
from theory.common.types import Floats
from theory.formulas.formula import DelayMap, Environment, Formula, Name, Number, Power, Product, Quotient
from theory.schedules.given import TAKEN
from theory.schedules.schedule import GivenSchedule, parse_schedule
from theory.staleness.count import Staleness
from theory.staleness.traces import validate_delays


@dataclass(frozen=True, eq=False)
class Setting:
    """What a bound is evaluated at: the steps, the delays, the staleness and the constants.

    Args:
        step_sizes: float64 (T,), step k at position k - 1; finite and at least 0.
        delays: int64 (T,), 0 <= d_k <= k - 1; a delay beyond the staleness is left to the domain of the bound. Or
            (T, B), where each update averages B gradients: x_{k+1} = x_k - (eta_k / B) sum_b (g at k - d_{k,b}).
        staleness: the window that the delays are meant to keep to.
        constants: finite values of L, Delta, sigma, mu; those that a bound does not use may be absent.
        apart: whether blocks of coordinates are read apart; d_k is then the delay of the oldest one.
        moves: float64 (M,), what a method takes back of the moves before, if it does: step k also goes back m_1 times
            the move of step k - 1, m_2 times that of step k - 2, and so on; m below 0 repeats a move.

    Raises:
        ScheduleError: a step size that is negative or not finite, or no step at all.
        DelayError: a delay that is not a whole number, looks into the future or before the start, or a wrong length.
        InputError: a constant that is not finite.

    >>> Setting([0.5, 0.5], [0, 1], Staleness(2), {"L": 1.0}).prefix(1).steps
    1
    """

    step_sizes: Floats
    delays: NDArray[np.int64]
    staleness: Staleness
    constants: Mapping[str, float]
    apart: bool
    moves: Floats

    def __init__(
        self,
        step_sizes: ArrayLike,
        delays: ArrayLike,
        staleness: Staleness,
        constants: Mapping[str, float],
        apart: bool = False,
        moves: ArrayLike = (),
    ) -> None:
        steps = _usable_steps(np.array(step_sizes, dtype=np.float64))
        object.__setattr__(self, "step_sizes", steps)
        object.__setattr__(self, "delays", _usable_delays(delays, steps.size))
        object.__setattr__(self, "staleness", staleness)
        object.__setattr__(self, "constants", MappingProxyType(_finite(constants)))
        object.__setattr__(self, "apart", apart)
        object.__setattr__(self, "moves", _usable_moves(np.array(moves, dtype=np.float64)))

    @classmethod
    def of(
        cls,
        schedule: GivenSchedule,
        delays: NDArray[np.int64],
        staleness: Staleness,
        constants: Mapping[str, float],
        apart: bool = False,
    ) -> Setting:
        """The setting of a schedule at a trace of delays, as long as the trace.

        Args:
            schedule: the step sizes, their spelling, or a callable.
            delays: int64 (T,), d_k at position k - 1; or (T, B), B gradients an update.
            staleness: s, which the schedule may name.
            constants: those of the setting; a schedule may name L, Delta, sigma and mu.
            apart: whether blocks of coordinates are read apart.

        Raises:
            ScheduleError: a schedule that does not parse, or a step size that is no finite number of at least 0.

        >>> Setting.of("1/(s*L)", np.array([0, 1]), Staleness(2), {"L": 1.0}).step_sizes
        array([0.5, 0.5])
        """
        rule = parse_schedule(schedule, len(delays))
        several = {"B": delays.size // len(delays)} if delays.ndim == 2 else {"delays": delays}
        named = {name: value for name, value in constants.items() if name in TAKEN}
        sizes = rule.step_sizes(len(delays), s=staleness.window, **several, **named)
        return cls(sizes, delays, staleness, constants, apart)

    def __reduce__(self) -> tuple[type[Setting], tuple[Any, ...]]:
        known = dict(self.constants)
        return Setting, (self.step_sizes, self.delays, self.staleness, known, self.apart, self.moves)

    @property
    def steps(self) -> int:
        """The number of steps T."""
        return int(self.step_sizes.size)

    @property
    def reads(self) -> int:
        """The number B of gradients that an update averages."""
        return self.delays.size // self.steps

    def prefix(self, steps: int) -> Setting:
        """The first `steps` steps of the same run."""
        sizes, delays = self.step_sizes[:steps], self.delays[:steps]
        return Setting(sizes, delays, self.staleness, self.constants, self.apart, self.moves)

    def is_moderate(self, constants: Iterable[str], orders: float = 0.0) -> bool:
        """Whether no product of steps and of these constants in a formula comes near the ends of the floats.

        `orders` is `orders_of` the formula: where that is beyond the floats, the sizes must be as much nearer to 1.
        """
        share = min(1.0, _OF_FLOATS / orders if orders else 1.0)
        sizes = [("eta", self.step_sizes.max()), *((name, abs(self.constants[name])) for name in constants)]
        reach = ((10.0 ** (share * (_OF_COUNTS if name in _COUNTS else _OF_SIZES)), size) for name, size in sizes)
        return orders < np.inf and all(size == 0 or 1 / most <= size <= most for most, size in reach)

    def environment(self) -> Environment:
        """The values of all names, for the formulas of one bound: float64, so that no product of integers wraps.

        What has an entry for each step has one for each gradient: B of them, and the step of a gradient is eta_k / B.
        """
        numbers = {**self.constants, "T": self.steps, "B": self.reads, "s": self.staleness.window}
        values: dict[str, Any] = {
            **{name: np.float64(number) for name, number in numbers.items()},
            "k": np.repeat(np.arange(1, self.steps + 1, dtype=np.float64), self.reads),
            "d": self.delays.ravel().astype(np.float64),
            "eta": np.repeat(self.step_sizes / self.reads, self.reads),
            "m": np.pad(self.moves[: self.steps], (0, max(0, self.steps - self.moves.size))),
        }
        return Environment(values, self._delay_map)

    @cached_property
    def _delay_map(self) -> DelayMap:
        return DelayMap(self.delays)


def _usable_steps(steps: Floats) -> Floats:
    if steps.ndim != 1 or steps.size == 0:
        raise ScheduleError(f"A bound is about a sequence of at least 1 step. Got step sizes of shape {steps.shape}.")
    bad = np.flatnonzero(~(np.isfinite(steps) & (steps >= 0)))
    if bad.size:
        k, value = bad[0] + 1, steps[bad[0]]
        raise ScheduleError(f"The step sizes must be finite numbers of at least 0. Got {value} at step k = {k}.")
    return _sealed(steps)


def _usable_delays(delays: ArrayLike, steps: int) -> NDArray[np.int64]:
    whole = validate_delays(np.array(delays))
    if len(whole) != steps:
        raise DelayError(f"There must be one delay for each of the {steps} steps. Got {len(whole)} delays.")
    return _sealed(whole)


def _usable_moves(moves: Floats) -> Floats:
    if moves.ndim != 1 or not np.isfinite(moves).all():
        raise InputError("What is taken back of the moves before must be one list of finite numbers. Got another list.")
    return _sealed(np.trim_zeros(moves, "b"))


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


def _finite(constants: Mapping[str, float]) -> dict[str, float]:
    for name, value in constants.items():
        if not np.isfinite(value):
            raise InputError(f"The constant {name} must be a finite number. Got {value}.")
    return {name: float(value) for name, value in constants.items()}


#: How many powers of ten a number may be away from 1 in a moderate setting, and how many a double holds.
_OF_SIZES, _OF_COUNTS, _OF_FLOATS = 30, 10, 300
_COUNTS = frozenset({"T", "s", "d", "k", "theta", "share", "cut", "delta", "workers", "group", "centres", "local"})


def orders_of(node: Formula) -> float:
    """How many powers of ten a product in a formula may be away from 1 where its numbers are moderate.

    >>> from theory.formulas.notation import name_node
    >>> orders_of(name_node("L") ** 9), orders_of(1 / name_node("L") ** 11)
    (270.0, 330.0)
    """
    if isinstance(node, Product) and len(bare := [f for f in node.factors if not isinstance(f, Number)]) == 1:
        return orders_of(bare[0])
    parts = (node.over, node.under) if isinstance(node, Quotient) else (node,)
    return max(_orders(part, {}) for part in parts)


def _orders(node: Formula, done: dict[Formula, float]) -> float:
    if node not in done:
        parts = [_orders(child, done) for child in node.children]
        if isinstance(node, Name):
            done[node] = _OF_COUNTS if node.name in _COUNTS else _OF_SIZES
        elif isinstance(node, Power):
            exponent = node.exponent
            done[node] = parts[0] * exponent.value if isinstance(exponent, Number) else np.inf
        else:
            done[node] = sum(parts) if isinstance(node, Product | Quotient) else max(parts, default=0)
    return done[node]
