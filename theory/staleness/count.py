"""Staleness as a type: two counts are in use, they differ by one, and a bare number does not say which is meant.

The theorem's window s counts the points a gradient may come from: s = 1 is synchronous. The simulator's s' is the
largest extra delay: s' = 0 is synchronous. With one worker s = s' + 1; with more there is no such conversion.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any

from theory.common.errors import InputError, StalenessError


@dataclass(frozen=True, order=True)
class Staleness:
    r"""The theorem's staleness s: step k reads one of the s last points, $0 \le d_k \le \min(s-1, k-1)$.

    Args:
        window: s, a whole number of at least 1; 1 is synchronous.

    Raises:
        StalenessError: `window` is not a whole number of at least 1.

    Source: Dai et al., ICLR 2019: the window of Theorem 1, and the extra delay of its simulator.

    >>> Staleness(4).maximum_delay, Staleness.from_simulator(4)
    (3, Staleness(window=5))
    """

    window: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "window", whole_number(self.window, 1, "The staleness", StalenessError))

    @classmethod
    def of(cls, window: int | Staleness) -> Staleness:
        """The staleness of a window s, or the one that is given."""
        return window if isinstance(window, Staleness) else cls(window)

    @property
    def maximum_delay(self) -> int:
        """The largest delay, s - 1."""
        return self.window - 1

    @property
    def simulator_delay(self) -> int:
        """The same staleness in the simulator's count, for one worker with a constant delay."""
        return self.maximum_delay

    @classmethod
    def from_simulator(cls, extra_delay: int, workers: int = 1) -> Staleness:
        """The window that belongs to the simulator's largest extra delay.

        Args:
            extra_delay: the simulator's s', a whole number of at least 0; 0 is synchronous.
            workers: how many workers share the model; only 1 has a window.

        Returns:
            Staleness(extra_delay + 1).

        Raises:
            StalenessError: `extra_delay` is not a whole number of at least 0, or `workers` is not 1.

        >>> Staleness.from_simulator(0).window
        1
        """
        delay = whole_number(extra_delay, 0, "The simulator's extra delay", StalenessError)
        if whole_number(workers, 1, "The number of workers", StalenessError) > 1:
            raise StalenessError(
                f"With {workers} workers every worker has its own copy of the model, and the simulator's delay of "
                f"{delay} has no counterpart among the theorem's windows. Give 1 worker, or a window directly."
            )
        return cls(delay + 1)


def whole_number(value: Any, least: int, what: str, error: type[InputError], most: int = 1 << 53) -> int:
    """`value` as an int from `least` to `most`, or `error` with the sentence that `what` opens."""
    try:
        number = None if isinstance(value, bool) else index(value)
    except TypeError:
        number = None
    if number is not None and number > most:
        raise error(f"{what} must be at most {most}. Got a larger number.")
    if number is None or number < least:
        got = repr(value) if isinstance(value, str) else str(value)
        raise error(f"{what} must be a whole number of at least {least}. Got {got}.")
    return number
