"""What an attack on a bound found: the worst run inside its domain, and for each condition the worst run outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.bounds import Setting

#: Measured values may exceed a bound by this much, relatively: sums of a few hundred float64 terms.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Attack:
    """A run against a bound.

    Args:
        change: what was changed to get there from the edge of the domain; factor: by how much, 1 for another pattern.
        setting: the run's steps, delays and constants.
        value: the formula there; measured: min_t E|grad F(x_t)|^2 of the run, or the mean that the bound is about.
        law: the probabilities of the delays 0, 1, ... where they are drawn; those of the setting then play no part.
        functions: the objective, a sum over coordinates of (L b)^2 phi(x / b) / L, each phi in words with its (L b)^2.
    """

    change: str
    factor: float
    setting: Setting
    value: float
    measured: float
    functions: tuple[tuple[str, float], ...]
    law: tuple[float, ...] = ()

    @property
    def ratio(self) -> float:
        """Measured over bound; infinite where the formula is zero or negative and the gradients are not zero."""
        if self.value > 0 or np.isnan(self.value):
            return 0.0 if np.isnan(self.value) else self.measured / self.value
        return np.inf if self.measured > 0 else 0.0

    @property
    def breaks(self) -> bool:
        """Whether the run lies above the formula by more than rounding."""
        return self.ratio > 1 + ROUNDING

    def sentence(self) -> str:
        """The run in words."""
        setting, by = self.setting, "" if self.factor == 1 else f" (x {self.factor:.4g})"
        delays = f"drawn with the probabilities {_some(np.array(self.law))}" if self.law else _some(setting.delays)
        return (
            f"{self.change}{by}: T = {setting.steps}, s = {setting.staleness.window}, steps "
            f"{_some(setting.step_sizes)}, delays {delays}, {_constants(setting)}; measured "
            f"{self.measured:.6g}, the formula {self.value:.6g}, on "
            + " + ".join(f"{weight:.3g} x [{text}]" for text, weight in self.functions)
        )


@dataclass(frozen=True, eq=False)
class Edge:
    """One condition of a bound, attacked from outside.

    Args:
        condition: its short text.
        runs: how many settings broke this condition and no other.
        worst: the run with the largest ratio; breaking: the first one found that breaks the formula with the smallest
            change. None where nothing was run.
        names_staleness_only: whether the condition only says what s is, and nothing else contains s.
    """

    condition: str
    runs: int
    worst: Attack | None
    breaking: Attack | None
    names_staleness_only: bool = False

    @property
    def tight(self) -> bool:
        """Whether a run outside breaks the formula."""
        return self.breaking is not None

    def verdict(self) -> str:
        """In a few words."""
        if self.breaking is not None:
            formula = "" if self.breaking.value > 0 else ", where the formula is not positive"
            by = "" if self.breaking.factor == 1 else f" x {self.breaking.factor:.4g}"
            return f"needed: broken by {self.breaking.change}{by}{formula}"
        if self.names_staleness_only:
            return "only says what s is: the formula does not contain s"
        if self.worst is None:
            return "not reached alone"
        if self.worst.ratio == 0:
            return "outside, the formula is infinite"
        return f"possibly not tight: worst ratio {self.worst.ratio:.4f} in {self.runs} setting{'s' * (self.runs != 1)}"


@dataclass(frozen=True, eq=False)
class Finding:
    """What an attack on a bound found.

    Args:
        bound: its name.
        inside: the run with the largest ratio inside the domain.
        inside_runs: single runs compared with the bound inside its domain.
        inside_settings: settings in which they were run.
        edges: one per condition that can be broken.
        note: why nothing was run, where that is so.
    """

    bound: str
    inside: Attack | None
    inside_runs: int
    inside_settings: int
    edges: tuple[Edge, ...]
    note: str = ""

    @property
    def inside_worst_ratio(self) -> float:
        """The largest measured / bound inside the domain."""
        return self.inside.ratio if self.inside else 0.0

    @property
    def broken(self) -> bool:
        """Whether a run inside the domain lies above the bound: the bound is false."""
        return self.inside is not None and self.inside.breaks

    @property
    def _sharpest(self) -> Edge | None:
        reached = [edge for edge in self.edges if edge.worst]
        return max(reached, key=lambda edge: (edge.tight, edge.worst.ratio if edge.worst else 0.0), default=None)

    @property
    def outside_worst_ratio(self) -> float:
        """The largest measured / formula outside the domain."""
        edge = self._sharpest
        return edge.worst.ratio if edge and edge.worst else 0.0

    @property
    def outside_witness(self) -> Attack | None:
        """The run outside that breaks the formula with the smallest change."""
        edge = self._sharpest
        return edge.breaking if edge else None

    @property
    def condition(self) -> str:
        """The condition outside of which that run lies."""
        edge = self._sharpest
        return edge.condition if edge else ""

    @property
    def tight(self) -> bool:
        """Whether some run outside the domain breaks the formula."""
        return self.outside_witness is not None

    def verdict(self) -> str:
        """In a few words."""
        if self.note:
            return self.note
        if self.inside is None:
            return "nothing could be run inside the domain"
        if self.broken:
            return f"FALSE: {self.inside.sentence()}"
        return f"holds in {self.inside_runs} runs, worst ratio {self.inside_worst_ratio:.4f}"


def _some(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    """The first entries of an array."""
    if values.ndim == 2:
        rows = ", ".join(_some(row) for row in values[:8])
        return f"({rows}, ...)" if len(values) > 8 else f"({rows})"
    shown = ", ".join(f"{value:.6g}" for value in values[:8])
    return f"({shown}, ...)" if values.size > 8 else f"({shown})"


def _constants(setting: Setting) -> str:
    return ", ".join(f"{name} = {value:.6g}" for name, value in setting.constants.items())
