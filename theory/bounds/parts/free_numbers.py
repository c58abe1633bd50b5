"""Bounds that hold whatever some numbers are: each is evaluated at good ones, which it looks for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import assessed
from theory.bounds.parts.setting import Setting
from theory.formulas.formula import Environment


@dataclass(frozen=True, eq=False)
class WithFreeNumbers(Bound, ABC):
    """A bound that holds whatever the numbers named `free` are; its side conditions speak of them."""

    free: ClassVar[tuple[str, ...]]

    @cached_property
    def constants(self) -> tuple[str, ...]:
        return tuple(name for name in super().constants if name not in self.free)

    @abstractmethod
    def chosen(self, environment: Environment) -> Environment:
        """The environment with numbers that meet the conditions where some do."""

    def typical(self, setting: Setting) -> dict[str, float]:
        if any(name not in setting.constants for name in self.constants):
            return {}  # it does not apply, whatever its numbers are
        values = self._environment(setting).values
        return {name: float(np.median(values[name])) for name in self.free}

    def _environment(self, setting: Setting) -> Environment:
        return self.chosen(super()._environment(setting))

    def _value(self, environment: Environment, **numbers: Any) -> float | None:
        """The value at particular numbers, or None where they or the setting fail a condition."""
        return assessed(self.name, self.value, self.conditions, having(environment, **numbers), most=1)[0]


def having(environment: Environment, **values: Any) -> Environment:
    """The environment with more values."""
    return Environment({**environment.values, **values}, environment.delays)
