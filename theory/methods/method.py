r"""The contract of a method: its spelling, its words, its formula, and the linear rule that it comes to.

gamma_k = grad F(x_{tau_k}) (with its noise) is the gradient that arrives at update k, tau_k = k - d_k, k = 0, 1, ...
A method whose coefficients do not change states them once, as formulas: they print the method and they make its rule.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from theory.common.errors import InputError, ScheduleError
from theory.common.spelling import spelled
from theory.common.types import Floats, Ints
from theory.formulas.formula import DelayMap, Environment, Formula, Name, Negative
from theory.formulas.notation import name_node
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.staleness.traces import validate_delays

ETA = name_node("eta")


@dataclass(frozen=True, eq=False)
class Updates:
    """What a rule is made for: the steps eta_k and the delays d_k of updates k = 0..T-1, L and the staleness s."""

    step_sizes: Floats
    delays: Ints
    smoothness: float
    staleness: Staleness

    @property
    def read_points(self) -> Ints:
        """tau_k = k - d_k."""
        return np.arange(self.delays.size) - self.delays


@dataclass(frozen=True, eq=False)
class Recursion:
    """A method under a fixed delay, the same at every update, for the step size 1.

    Args:
        delay: D, of the gradient gamma_k = g_{k-D}, in updates of the recursion.
        gradient_weights: of gamma_k, gamma_{k-1}, ..., each times the step; array (A,).
        move_weights: of the moves x_k - x_{k-1}, x_{k-1} - x_{k-2}, ...; array (M,).
        period: how many gradients arrive for each update of the recursion; above 1 where a method waits.
        step: L eta where the method has a step of its own, else None.
        start: rho, how much of its weight each of the first D gradients has; array (D,), or None for all of it.
        quiet: whether its start is proved to cost nothing at its own step, without noise.
    """

    delay: int
    gradient_weights: Floats
    move_weights: Floats
    period: int = 1
    step: float | None = None
    start: Floats | None = None
    quiet: bool = False


class Method(ABC):
    """How points come from gradients that arrive late; a user writes it as `spelling` shows, options by their fields.

    `takes_steps` says whether the step sizes of a schedule are taken, or the method has a step of its own.
    """

    spelling: ClassVar[str]
    words: ClassVar[str]
    options: ClassVar[Mapping[str, Callable[[str], Any]]] = {}
    takes_steps: ClassVar[bool] = True

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The settings by name, without those that are left to the method."""
        return {name: value for name in self.options if (value := getattr(self, name)) is not None}

    @property
    def name(self) -> str:
        """The name without settings."""
        return self.spelling.partition(":")[0].partition("[")[0]

    @property
    def text(self) -> str:
        """The method as a user spells it; `parse_method` reads it back to an equal one."""
        return spelled(self.name, self.parameters)

    @abstractmethod
    def latex(self) -> str:
        """The update as LaTeX."""

    @abstractmethod
    def recursion(self, delay: int) -> Recursion:
        """The method under the fixed delay D, where it has become the same at every update.

        Raises:
            InputError: a setting that has no meaning under this delay.
        """

    @abstractmethod
    def rule(self, updates: Updates) -> LinearRule:
        """The rule, from updates that have been checked."""

    def linear(
        self,
        step_sizes: ArrayLike,
        delays: ArrayLike,
        smoothness: float = 1.0,
        staleness: Staleness | None = None,
    ) -> LinearRule:
        """The linear rule of the method at these steps and delays.

        Args:
            step_sizes: float64 (T,), eta_k of update k; finite, at least 0. A method that does not take them (see
                `takes_steps`) takes their number.
            delays: int64 (T,), 0 <= d_k <= k.
            smoothness: L, for a method whose step is a multiple of 1/L.
            staleness: s, at least 1 + the largest delay, which it is when left out.

        Raises:
            ScheduleError, DelayError: steps or delays that no run can have.
            InputError: a constant out of its range, or a setting that has no meaning at this staleness.

        >>> from theory.methods.registry import parse_method
        >>> parse_method("nesterov:beta=0.5").linear([1.0, 1.0], [0, 1]).gradient_weights
        array([[ 1.5,  0. ],
               [ 1.5, -0.5]])
        """
        steps = np.array(step_sizes, dtype=np.float64)
        if steps.ndim != 1 or not steps.size or not (np.isfinite(steps) & (steps >= 0)).all():
            raise ScheduleError("The step sizes must be one list of finite numbers of at least 0. Got another list.")
        window = staleness or Staleness(1 + int(np.max(np.asarray(delays), initial=0)))
        late = validate_delays(np.asarray(delays), window)
        if late.size != steps.size:
            raise InputError(f"Each of the {steps.size} steps needs one delay. Got {late.size} delays.")
        if not (math.isfinite(smoothness) and smoothness > 0):
            raise InputError(f"L, the smoothness, must be a positive number. Got {smoothness}.")
        return self.rule(Updates(steps, late, float(smoothness), window))

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """The method as plain values."""
        return {"method": self.text, "words": self.words, "latex": self.latex(), "parameters": dict(self.parameters)}


class Constant(Method):
    """A method with the same coefficients at every update: of gamma_k, gamma_{k-1}, ..., and of past moves.

    The coefficients are formulas in eta and the settings of the method.
    """

    gradient_terms: ClassVar[tuple[Formula, ...]] = (ETA,)
    move_terms: ClassVar[tuple[Formula, ...]] = ()

    def latex(self) -> str:
        """The update as LaTeX, printed from the coefficients."""
        right: Formula = point(0)
        for lag, term in enumerate(self.gradient_terms):
            arrived = Name(f"gamma_{lag}", rf"\gamma_{{{_back(lag)}}}")
            right = right + term.body * arrived if isinstance(term, Negative) else right - term * arrived
        for lag, term in enumerate(self.move_terms):
            right = right + term * (point(lag) - point(lag + 1))
        return f"x_{{k+1}} = {right.latex()}"

    def _evaluated(self, terms: tuple[Formula, ...], steps: Floats) -> list[Floats]:
        environment = Environment({"eta": steps, **self.parameters}, DelayMap(np.zeros(steps.size, np.int64)))
        return [np.broadcast_to(np.asarray(term.evaluate(environment), np.float64), steps.shape) for term in terms]

    def rule(self, updates: Updates) -> LinearRule:
        """The rule, from the values of the coefficients."""
        moves = [column[0] for column in self._evaluated(self.move_terms, updates.step_sizes)]
        return LinearRule(np.stack(self._evaluated(self.gradient_terms, updates.step_sizes), axis=1), moves)

    def recursion(self, delay: int) -> Recursion:
        """The coefficients at the step 1."""
        steps = np.ones(1 + len(self.gradient_terms))
        gradients, moves = (
            np.array([column[-1] for column in self._evaluated(terms, steps)])
            for terms in (self.gradient_terms, self.move_terms)
        )
        return Recursion(delay, gradients, moves)


def point(lag: int) -> Name:
    """The node x_{k-lag}."""
    return Name(f"x_{lag}", f"x_{{{_back(lag)}}}")


def _back(lag: int) -> str:
    return f"k-{lag}" if lag else "k"
