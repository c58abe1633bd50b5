r"""What the numbers of a log say of L and Delta, where they are norms $n_k=\|\nabla F(x_k)\|$ of the full gradient.

- $n_0^2\le 2L\Delta$, whatever the noise: $\|\nabla F(x)\|^2\le 2L(F(x)-\inf F)$ for every L-smooth F.
- Without noise $|n_k-n_{k-1}|\le L\|x_k-x_{k-1}\|=L\eta_kn_{\tau_k}$, where $\tau_k=k-1-d_k$; where the delays are not
  known, the largest norm of the window stands for $n_{\tau_k}$.
- Without noise F falls, in step k, by $\eta_k\langle g_{k-1},g_{\tau_k}\rangle-\frac{L\eta_k^2}2n_{\tau_k}^2$ at least.
  The product is $n_{k-1}^2$ where nothing is delayed, and else at least $\frac12(n_{k-1}^2+n_{\tau_k}^2-D^2)$, where
  $D=\sum L\eta_in_{\tau_i}$ over the steps i between. What has fallen, and $n_k^2/2L$ that is left, is at most Delta.

Every norm counts as far in the favourable direction as its digits allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.logs.log import FAR, TrainingLog
from theory.bounds import Setting
from theory.common.types import Flags, Floats
from theory.formulas.formula import DelayMap

_ROUNDING = 1e-9
_CHANGED = (
    "L is contradicted at k = {k}: |grad F| has changed by at least {value:.6g} in one step, and L times the length of "
    "that step is at most {limit:.6g}."
)
_START = (
    "L and Delta are contradicted at k = 0: |grad F|^2 = {value:.6g}, and smoothness allows {limit:.6g}, which is "
    "2 L Delta."
)
_FALLEN = (
    "L and Delta are contradicted at k = {k}: by smoothness F has fallen by the recorded norms, and has left to fall, "
    "{value:.6g} together, and Delta = {limit:.6g}."
)


@dataclass(frozen=True)
class Contradiction:
    """What cannot be: where, how large, and what was allowed."""

    sentence: str
    k: int
    value: float
    limit: float


@dataclass(frozen=True, eq=False)
class Inequalities:
    """What smoothness says of the norms in a log.

    Args:
        log: norms of the full gradient; setting: of its training, with values of L and Delta.
        exact: whether the gradients carry no noise, so that all seeds are alike.
        delays_known: whether the delays are those of the training, and no stand-in for them.
    """

    log: TrainingLog
    setting: Setting
    exact: bool
    delays_known: bool

    def smooth(self) -> Contradiction | str:
        """The change of the norm in one step: a contradiction, or how L was tested, if it was."""
        if not self.exact:
            return ""
        least, most, reach = self._least, self._most, self._reach
        change = np.maximum(least[1:] - most[:-1], least[:-1] - most[1:])
        above = np.flatnonzero(change > reach * (1 + _ROUNDING))
        if above.size:
            at = int(above[0])
            return _contradiction(_CHANGED, at + 1, change[at], reach[at])
        tested = int((self._moved & (self._unsure[1:] + self._unsure[:-1] < reach) & np.isfinite(reach)).sum())
        steps = f"at {tested} of {reach.size} steps"
        return f"{steps} |grad F| changes by no more than L times the length of the step" if tested else ""

    def bounded_below(self) -> Contradiction | str:
        """The norm at x_0, and what F has fallen by: a contradiction, or how Delta was tested, if it was."""
        smoothness, gap = self.setting.constants["L"], self.setting.constants["Delta"]
        if self.log.times[0] == 0:
            starts, limit = self.log.least[:, 0], 2 * smoothness * gap
            above = np.flatnonzero(np.minimum(starts, FAR) ** 2 > limit * (1 + _ROUNDING))
            if above.size:
                return _contradiction(_START, 0, self.log.squares[above[0], 0], limit)
        if not self.exact:
            return ""
        with np.errstate(invalid="ignore", over="ignore"):  # after an infinite norm nothing is known
            spent = np.concatenate([[0.0], np.cumsum(self._falls)]) + self._least**2 / (2 * smoothness)
            blurred = (self._most**2 - self._least**2) / (2 * smoothness)
        above = np.flatnonzero(spent > gap * (1 + _ROUNDING))
        if above.size:
            return _contradiction(_FALLEN, int(above[0]), spent[above[0]], gap)
        told = "the recorded norms say that F falls, and has left to fall, no more than Delta"
        tested = np.isfinite(spent[1:]) & (spent[1:] > 0) & (blurred[1:] < gap)
        return told if self._moved.any() and tested.any() else ""

    @cached_property
    def _least(self) -> Floats:
        return self._whole(np.minimum(self.log.least[0], FAR))

    @cached_property
    def _most(self) -> Floats:
        most = self.log.most[0]
        return self._whole(np.where(most < FAR, most, np.inf))

    def _whole(self, norms: Floats) -> Floats:
        """Those at k = 0..T, NaN where none is recorded."""
        whole = np.full(self.setting.steps + 1, np.nan)
        whole[self.log.times] = norms
        return whole

    @cached_property
    def _unsure(self) -> Floats:
        """By how much (T + 1,) each norm may be off; infinite where it is."""
        return np.asarray((self._most - self._least) / 2)

    @cached_property
    def _reach(self) -> Floats:
        """L times the length (T,) of each step, at most."""
        return self.setting.constants["L"] * self._length(self._most)

    @property
    def _moved(self) -> Flags:
        """Whether each step (T,) is known to have a length: where it has none, nothing can be contradicted."""
        return self._length(self._least) > 0

    def _length(self, norms: Floats) -> Floats:
        """The length (T,) of each step, by the norms at k = 0..T."""
        reads = DelayMap(self.setting.delays)
        read = norms[:-1][reads.read] if self.delays_known else reads.highest(norms[:-1])
        with np.errstate(invalid="ignore"):  # a step size of 0 at an infinite norm
            return np.asarray(self.setting.step_sizes * read, dtype=np.float64)

    @cached_property
    def _falls(self) -> Floats:
        """By how much F falls at least in each step (T,); NaN where nothing says so."""
        setting = self.setting
        smoothness, eta, read = setting.constants["L"], setting.step_sizes, DelayMap(setting.delays).read
        fresh = (setting.delays == 0) & self.delays_known
        alone = eta * (1 - smoothness * eta / 2)
        undelayed = alone * np.where(alone >= 0, self._least[:-1], self._most[:-1]) ** 2
        # A step that no row tells of, and that is not too long, does not raise F.
        undelayed = np.where(np.isnan(undelayed) & (alone >= 0), 0.0, undelayed)
        if fresh.all() or not self.delays_known:
            return np.where(fresh, undelayed, np.nan)
        moved = np.concatenate([[0.0], np.cumsum(self._reach)])
        apart = (moved[:-1] - moved[read]) * (1 + _ROUNDING) + _ROUNDING * moved[:-1]
        near = (self._least[:-1] ** 2 + self._least[read] ** 2 - apart**2) / 2
        product = np.maximum(near, -self._most[:-1] * self._most[read])
        return np.where(fresh, undelayed, eta * product - smoothness * eta**2 / 2 * self._most[read] ** 2)


def _contradiction(words: str, k: int, value: float, limit: float) -> Contradiction:
    return Contradiction(words.format(k=k, value=value, limit=limit), k, float(value), float(limit))
