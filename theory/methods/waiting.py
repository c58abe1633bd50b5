"""Delayed steps, and waiting: a gradient counts only where it was read at the present point, alone or B of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from theory.common.errors import InputError
from theory.common.spelling import Option
from theory.methods.method import Constant, Method, Recursion, Updates
from theory.methods.rule import LinearRule
from theory.staleness.count import whole_number

_BATCH = Option("batch", "how many gradients of the present point make an update", 1, 1)


@dataclass(frozen=True)
class Delayed(Constant):
    """Each gradient is applied as it arrives.

    >>> Delayed().latex()
    'x_{k+1} = x_{k} - \\\\eta_{k} \\\\, \\\\gamma_{k}'
    """

    spelling: ClassVar[str] = "delayed"
    words: ClassVar[str] = "Every gradient is applied as it arrives."


class _Waiting(Method):
    """Gradients of the present point are gathered until there are enough, and their mean is applied."""

    def _enough(self, delay: int) -> int:
        raise NotImplementedError

    def rule(self, updates: Updates) -> LinearRule:
        """The mean of a batch at the update at which its last gradient arrives; zero rows elsewhere."""
        enough, present = self._enough(updates.staleness.maximum_delay), 0
        held: list[int] = []
        batches: list[list[int]] = []
        for k, read in enumerate(updates.read_points.tolist()):
            if read >= present:
                held.append(k)
            if len(held) == enough:
                batches.append(held)
                # A step of zero leaves the point, and what is read there counts on.
                held, present = [], k + 1 if updates.step_sizes[k] > 0 else present
        weights = np.zeros((updates.delays.size, 1 + max((batch[-1] - batch[0] for batch in batches), default=0)))
        for batch in batches:
            weights[batch[-1], batch[-1] - np.array(batch)] = updates.step_sizes[batch[-1]] / enough
        return LinearRule(weights, [])

    def recursion(self, delay: int) -> Recursion:
        """Gradient descent without delay, at one update in so many."""
        return Recursion(0, np.ones(1), np.empty(0), period=delay + self._enough(delay))


@dataclass(frozen=True)
class Wait(_Waiting):
    """A gradient is applied if it was read at the present point, and is discarded otherwise.

    >>> from theory.staleness.count import Staleness
    >>> Wait().linear([0.5] * 4, [0, 1, 1, 1]).gradient_weights.ravel()
    array([0.5, 0. , 0.5, 0. ])
    """

    spelling: ClassVar[str] = "wait"
    words: ClassVar[str] = "A gradient is applied if it was read at the present point, and is discarded otherwise."

    def _enough(self, delay: int) -> int:
        return 1

    def latex(self) -> str:
        """The update as LaTeX."""
        return rf"{Delayed().latex()} \text{{ if }} x_{{\tau_k}} = x_k, \text{{ else }} x_{{k+1}} = x_k"


@dataclass(frozen=True)
class BatchWait(_Waiting):
    """The mean of B gradients that were all read at the present point is applied; others are discarded.

    Args:
        batch: B, at least 1; None for the staleness s.

    >>> BatchWait(2).linear([0.5] * 3, [0, 1, 1]).gradient_weights
    array([[0.  , 0.  ],
           [0.25, 0.25],
           [0.  , 0.  ]])
    """

    batch: int | None = None
    spelling: ClassVar[str] = "batch-wait[:batch=B]"
    words: ClassVar[str] = (
        "The mean of B gradients read at the present point is applied; others are discarded. B is s unless given."
    )
    options: ClassVar[Mapping[str, Callable[[str], Any]]] = {"batch": _BATCH.read}

    def __post_init__(self) -> None:
        if self.batch is not None:
            object.__setattr__(self, "batch", whole_number(self.batch, 1, "The batch", InputError))

    def _enough(self, delay: int) -> int:
        return self.batch or delay + 1

    def latex(self) -> str:
        """The update as LaTeX."""
        return (
            r"x_{k+1} = x_{k} - \frac{\eta_{k}}{B} \sum_{i=1}^{B} \gamma_{k_i} \text{ at the last of } B "
            r"\text{ arrivals with } x_{\tau_{k_i}} = x_k, \text{ else } x_{k+1} = x_k"
        )
