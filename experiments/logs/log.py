r"""A user's own training log: gradient norms by step, with seeds, delays and step sizes if they were recorded.

The row with step k = 0..T holds |grad F(x_k)|, the norm of the full gradient and not its square; its delay is d_k and
its step size eta_k, those of the step that led to x_k, so that the row of step 0 has none (empty; a delay may be 0).
Steps may be recorded at intervals. Loggers differ: what they write is asked (`--norm`), guessed where it is plain, and
said. A log that counts from 1 has the gradient of step k, taken at $x_{k-1}$, in its row of step k.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from theory.common.types import Floats, Ints

# A norm beyond this counts as diverged; its square is still a number.
FAR = 1e150


class Norm(StrEnum):
    """What a log holds of the gradient at x_k."""

    FULL = "full"
    MINIBATCH = "minibatch"
    PRODUCT = "product"


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """What a log holds.

    Args:
        times: int64 (R,), the recorded k.
        measured: float64 (S, R), what was recorded of the gradient at x_k; infinite where a run diverged.
        power: 1 where that is its norm, 2 where it is the square.
        allowance: float64 (S, R), by how much it may be off, by its digits.
        rounding: float64 (S, R), by how much printing alone may have moved it; 0 where all digits are there.
        overflow: the least norm that may be recorded as infinite.
        seeds: (S,).
        steps: how many steps the training took, at least times[-1].
        delays: int64 (S, T), d_1..d_T for T = times[-1], or (S, T, B) where a step has B; None without such a column.
        step_sizes: float64 (steps,), NaN where no row has one; None without such a column.
        norm: whether it is of the full gradient; said: how the file was read, in sentences; source: the file.
    """

    times: Ints
    measured: Floats
    power: int
    allowance: Floats
    rounding: Floats
    overflow: float
    seeds: tuple[int, ...]
    steps: int
    delays: Ints | None
    step_sizes: Floats | None
    norm: Norm
    said: tuple[str, ...]
    source: str

    @property
    def norms(self) -> Floats:
        """|g_k| (S, R)."""
        return self._norms(self.measured)

    @property
    def least(self) -> Floats:
        """|g_k| (S, R), less by as much as it may be off."""
        return np.where(np.isinf(self.measured), self.overflow, self._norms(self.measured - self.allowance))

    @property
    def most(self) -> Floats:
        """|g_k| (S, R), more by as much as it may be off."""
        return self._norms(self.measured + self.allowance)

    @property
    def squares(self) -> Floats:
        """|g_k|^2 (S, R), infinite where it would overflow; a product below zero counts as zero."""
        if self.power == 2:
            return np.where(self.measured < FAR**2, np.maximum(self.measured, 0.0), np.inf)
        return np.where(self.measured < FAR, np.minimum(self.measured, FAR) ** 2, np.inf)

    def rounded(self, sign: int) -> Floats:
        """|g_k| (S, R), less (-1) or more (1) by as much as printing may have moved it."""
        return self._norms(self.measured + sign * self.rounding)

    def _norms(self, values: Floats) -> Floats:
        norms: Floats = np.maximum(values, 0.0)
        return np.sqrt(norms) if self.power == 2 else norms
