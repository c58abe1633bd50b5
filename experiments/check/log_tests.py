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

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments.check.assumptions import Examined, State
from experiments.check.evidence import Evidence
from experiments.logs.log import FAR, Norm
from theory.bounds.parts.assumptions import BOUNDED_BELOW, SMOOTH
from theory.common.types import Floats
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


def with_log_tests(evidence: Evidence, found: Mapping[str, Examined]) -> dict[str, Examined]:
    """The findings, with what the norms of the full gradient in a log contradict or test."""
    log, told = evidence.log, dict(found)
    if log is None or log.norm is not Norm.FULL or not {"L", "Delta"} <= evidence.setting.constants.keys():
        return told
    tests = _Tests.of(evidence)
    outcomes = ((SMOOTH.name, "L", tests.smooth()), (BOUNDED_BELOW.name, "Delta", tests.bounded_below()))
    for name, symbol, outcome in outcomes:
        if isinstance(outcome, Examined) and told[name].state is not State.BROKEN:
            told[name] = outcome
        elif outcome and told[name].state is State.GIVEN:
            told[name] = Examined(name, State.OK, f"{symbol} is given by the user; {outcome}.")
    return told


@dataclass(frozen=True, eq=False)
class _Tests:
    """The norms at k = 0..T, at least and at most, NaN where none is recorded, and what they were made with."""

    evidence: Evidence
    least: Floats
    most: Floats

    @classmethod
    def of(cls, evidence: Evidence) -> _Tests:
        """Those of the first seed: without noise all are alike."""
        assert evidence.log is not None
        spread = []
        for norms in (evidence.log.least[0], evidence.log.most[0]):
            whole = np.full(evidence.steps + 1, np.nan)
            whole[evidence.times] = np.where(norms < FAR, norms, np.nan)
            spread.append(whole)
        return cls(evidence, *spread)

    def smooth(self) -> Examined | str:
        """The change of the norm in one step: a contradiction, or how L was tested, if it was."""
        if not self.evidence.deterministic:
            return ""
        least, most, reach = self.least, self.most, self._reach
        change = np.maximum(least[1:] - most[:-1], least[:-1] - most[1:])
        known = np.isfinite(change) & np.isfinite(reach)
        above = np.flatnonzero(known & (change > reach * (1 + _ROUNDING)))
        if above.size:
            at = int(above[0])
            k, value, limit = at + 1, float(change[at]), float(reach[at])
            sentence = _CHANGED.format(k=k, value=value, limit=limit)
            return Examined(SMOOTH.name, State.BROKEN, sentence, k, value, limit)
        steps = f"at {int(known.sum())} of {reach.size} steps"
        return f"{steps} |grad F| changes by no more than L times the length of the step" if known.any() else ""

    def bounded_below(self) -> Examined | str:
        """The norm at x_0, and what F has fallen by: a contradiction, or how Delta was tested, if it was."""
        evidence, constants = self.evidence, self.evidence.setting.constants
        smoothness, gap = constants["L"], constants["Delta"]
        assert evidence.log is not None
        if evidence.times[0] == 0:
            starts, limit = evidence.log.least[:, 0], 2 * smoothness * gap
            above = np.flatnonzero((starts < FAR) & (np.minimum(starts, FAR) ** 2 > limit * (1 + _ROUNDING)))
            if above.size:
                value = float(evidence.values[above[0], 0])
                sentence = _START.format(value=value, limit=limit)
                return Examined(BOUNDED_BELOW.name, State.BROKEN, sentence, 0, value, limit)
        if evidence.deterministic:
            spent = np.concatenate([[0.0], np.cumsum(self._falls)]) + self.least**2 / (2 * smoothness)
            above = np.flatnonzero(spent > gap * (1 + _ROUNDING))
            if above.size:
                k, value = int(above[0]), float(spent[above[0]])
                sentence = _FALLEN.format(k=k, value=value, limit=gap)
                return Examined(BOUNDED_BELOW.name, State.BROKEN, sentence, k, value, gap)
            if np.isfinite(spent[1:]).any():
                return "the recorded norms say that F falls, and has left to fall, no more than Delta"
        return ""

    @property
    def _reach(self) -> Floats:
        """L times the length (T,) of each step, at most."""
        setting = self.evidence.setting
        reads = DelayMap(setting.delays)
        most = self.most[:-1]
        norms = most[reads.read] if self.evidence.delays_known else reads.highest(most)
        return np.asarray(setting.constants["L"] * setting.step_sizes * norms, dtype=np.float64)

    @property
    def _falls(self) -> Floats:
        """By how much F falls at least in each step (T,); NaN where nothing says so."""
        setting = self.evidence.setting
        smoothness, eta, read = setting.constants["L"], setting.step_sizes, DelayMap(setting.delays).read
        fresh = (setting.delays == 0) & self.evidence.delays_known
        alone = eta * (1 - smoothness * eta / 2)
        undelayed = alone * np.where(alone >= 0, self.least[:-1], self.most[:-1]) ** 2
        # A step that no row tells of, and that is not too long, does not raise F.
        undelayed = np.where(np.isnan(undelayed) & (alone >= 0), 0.0, undelayed)
        if fresh.all() or not self.evidence.delays_known:
            return np.where(fresh, undelayed, np.nan)
        moved = np.concatenate([[0.0], np.cumsum(self._reach)])
        apart = (moved[:-1] - moved[read]) * (1 + _ROUNDING) + _ROUNDING * moved[:-1]
        near = (self.least[:-1] ** 2 + self.least[read] ** 2 - apart**2) / 2
        product = np.maximum(near, -self.most[:-1] * self.most[read])
        return np.where(fresh, undelayed, eta * product - smoothness * eta**2 / 2 * self.most[read] ** 2)
