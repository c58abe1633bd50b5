r"""Theorem B with noise: any delays, also where gradients overtake, and longer steps than Theorem A where they do.

Steps, reads, H_k, W_k^+, H_k^+ and delta_k as in theorem_b.py, with noise: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k). o_i
as in theorem_a.py. For each step two numbers of one's choice: w_k in [0, 1] and rho_k > 0.

Proof.
1. As in Theorem B, for any beta_k >= 1 and d = x_k - x_{k+1}:
   F(x_k) - F(x_{k+1}) >= <g_k + g_{k+1}, d>/2 + (beta_k/4L)(|delta_k|^2 - L^2 |d|^2).
   In expectation <g_k, e_k> = <g_{tau_k}, e_k> = 0, but g_{k+1} knows e_k: <g_{k+1}, e_k> = <delta_k, e_k>. So
   E F(x_k) - E F(x_{k+1}) >= (eta_k/2) E<g_k + g_{k+1}, g_{tau_k}> + (eta_k/2) E<delta_k, e_k>
                              + (beta_k/4L) E|delta_k|^2 - (L beta_k eta_k^2/4)(E|g_{tau_k}|^2 + sigma^2).
2. (eta_k/2) <delta_k, e_k> >= -(rho_k/4L) |delta_k|^2 - (L eta_k^2/4 rho_k) |e_k|^2, for any rho_k > 0.
3. 2<a, b> = |a|^2 + |b|^2 - |a - b|^2 as in Theorem B. Then |g_k - g_{tau_k}|^2 is bounded in two ways, the share w_k
   of it as in Theorem B, by H_k sum_{W_k} |delta_j|^2/eta_j, and the share 1 - w_k as in Theorem A, by
   L^2 [(1 + 2 o_k L H_k) H_k sum_{W_k} eta_j |g_{tau_j}|^2 + (1 + 3 o_k L H_k) sigma^2 sum_{W_k} eta_j^2];
   and the same for |g_{k+1} - g_{tau_k}|^2 with H_k^+ and W_k^+, where only the parts with o_k keep H_k and W_k: e_k
   meets no gradient read before. The first way costs noise in all the beta_j, the second none of it: its noises add up
   orthogonally.
4. Sum over k. With the shares w of R_j, and of the same sum of the other way,
   R_j = sum_{k: j in W_k} w_k eta_k (H_k + H_k^+) + w_j eta_j H_j^+,
   C_j = sum_{k: j in W_k} (1-w_k) eta_k (H_k + H_k^+ + 4 o_k L H_k^2) + (1-w_j) eta_j H_j^+,
   N_j = sum_{k: j in W_k} (1-w_k) eta_k (2 + 6 o_k L H_k) + (1-w_j) eta_j,
   choose beta_j = max{1, L R_j/eta_j + rho_j}, b_j = beta_j eta_j: |delta_j|^2 has a coefficient of at least 0.
5. With v_t = eta_t + eta_{t-1} + sum_{k: tau_k = t} eta_k (2 - L b_k - L^2 C_k),
   sum_{t<T} (v_t/4) E|g_t|^2 + (eta_{T-1}/4 + 1/2L) E|g_T|^2
      <= Delta + (L sigma^2/4) sum_k eta_k (b_k + eta_k/rho_k + L eta_k N_k), and Theorem B's end.

w = 1 needs no order of the delays and no o_k, and at sigma = 0 it is Theorem B as rho -> 0. At a constant step h/L and
a fixed delay D, w = 1 has the noise (L eta sigma^2/2)(beta + 1/rho)/2 per step with beta = h (D^2 + (D+1)^2) + rho: D
times that of Theorem A where h is near 1/D. The shares mend this. Where h (D^2 + (D+1)^2) >= 1 - rho the best share is
w = (1 - rho)/(h (D^2 + (D+1)^2)), which makes beta = 1, costs no weight, and leaves (1 + 1/rho + (1-w) h (2D+1))/2; at
rho = 1 this is 1 + h (D + 1/2), where Theorem A has 1 + hD.

The numbers. Of the denominator's and the numerator's sum at a value t, with w = 1, the best is
rho_k = max{y, 1 - L R_k/eta_k}, y = sigma/sqrt(sigma^2 + t). Where w_k = (1 - y)/max_{j in W_k^+} L R_j/eta_j (R_j at
w = 1), it is y = sigma/sqrt(t + q sigma^2), q the mean of eta_j^2 L N_j (at w = 0) over that of eta_j L R_j. gradlag
takes the best of three: w = 1; these shares; these shares at the steps that are not overtaken, 1 at others.

How it compares with theorem-ar, in brackets (L = Delta = 1, T = 1000; equal steps, in parts of a fixed delay's limit of
stability, 2 sin(pi/(2(2s-1))); uniform: delays drawn once from 0..s-1, so that gradients overtake):
                                   0.1              0.3              0.5              0.7              0.85
   s = 5, fixed,   sigma = 0.05    .0289 (.0290)    .0112 (.0110)    .0093 (.0088)    .0133 (.0113)    none (none)
   s = 5, fixed,   sigma = 1       .0492 (.0490)    .0992 (.0962)    .2461 (.2261)    .8689 (.5952)    none (none)
   s = 9, uniform, sigma = 0.05    .0531 (.0533)    .0190 (.0195)    .0129 (.0145)    .0113 (none)     .0118 (none)
   s = 9, uniform, sigma = 1       .0633 (.0633)    .0624 (.0619)    .1335 (.1302)    .3807 (none)     .7839 (none)
It wins where gradients overtake and the noise is small, and has a value at long steps where theorem-ar has none; with a
fixed delay it wins at short steps and small noise only.

Not used: the gradient at x_k - eta_k g_{tau_k} does not know e_k, so that E<delta_k, e_k> >= -L eta_k sigma^2. Where
beta > 1 this has the noise of rho_k = 1 without rho_k in beta, which is some per cent of the weight. It speaks of a
gradient at a point that is not on the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, SMOOTH, UNBIASED, Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_b import H_PLUS, H, not_negative
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    Number,
    Previous,
    WhereOvertaken,
    call,
    formula,
    readers,
    served,
    total,
)
from theory.formulas.notation import name_node

_ROUNDS, _HALVINGS, _LEAST = 7, 10, 1e-18

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_SHARE, _RHO = Name("share", "w", sequence=True), Name("young", r"\rho", sequence=True)
_REST = 1 - _SHARE
_O = Defined("o", WhereOvertaken(Number(1), Number(0)))


def _paid(body: Formula, own: Formula) -> Formula:
    """What the steps k with j in W_k ask for, and what step j itself does."""
    return readers(body) + own


_R = Defined("R", _paid(_SHARE * _ETA * (H + H_PLUS), _SHARE * _ETA * H_PLUS))
_C = Defined("C", _paid(_REST * _ETA * (H + H_PLUS + 4 * _O * _L * H**2), _REST * _ETA * H_PLUS))
_N = Defined("N", _paid(_REST * _ETA * (2 + 6 * _O * _L * H), _REST * _ETA))
_B = Defined("b", call("max", _ETA, _L * _R + _RHO * _ETA))
_V = Defined("v", _ETA + Previous(_ETA) + served(_ETA * (2 - _L * _B - _L**2 * _C)))
_NOISE = total(_ETA * (_B + _ETA / _RHO + _L * _ETA * _N))
_DENOMINATOR = total(_ETA * (1 - _L * _B / 4 - _L**2 * _C / 4)) + 1 / (2 * _L)


@dataclass(frozen=True, eq=False)
class WithShares(WithFreeNumbers):
    """Theorem B with noise, evaluated at good shares w_k and numbers rho_k."""

    free, each = ("share", "young"), ("share", "young")

    def chosen(self, environment: Environment) -> Environment:
        """The environment with shares and numbers: the best that three ways to choose them find."""
        with np.errstate(all="ignore"):
            found = [self._searched(environment, *way) for way in _ways(environment)]
        return having(environment, **min(found, key=lambda each: each[0])[1])

    def _searched(self, environment: Environment, most: Floats, gain: float) -> tuple[float, Mapping[str, Floats]]:
        """Fixed-point rounds for y, as far as no weight becomes negative."""
        reach, sigma = self._reach(environment, most), abs(environment.values["sigma"])
        best, chosen = np.inf, _numbers(environment, most, reach)
        value: float | None = sigma**2
        for _ in range(_ROUNDS):
            y = sigma / np.sqrt(value + gain * sigma**2) if sigma else 0.0
            numbers = _numbers(environment, most, float(np.clip(y, _LEAST, reach)))
            value = self._value(environment, **numbers)
            if value is None or value >= best:
                break
            best, chosen = value, numbers
        return best, chosen

    def _reach(self, environment: Environment, most: Floats) -> float:
        """The largest y at which the conditions hold, to 4 %; the least y where there is none."""
        inside, outside = np.log(_LEAST), 0.0
        if self._value(environment, **_numbers(environment, most, 1.0)) is not None:
            return 1.0
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            holds = self._value(environment, **_numbers(environment, most, float(np.exp(middle)))) is not None
            inside, outside = (middle, outside) if holds else (inside, middle)
        return max(_LEAST, float(np.exp(inside)))


def _ways(environment: Environment) -> Iterator[tuple[Floats, float]]:
    """The most of L R_j/eta_j that the share of a step is chosen by, or 0 for the share 1; and q, which sets y."""
    eta, delays = environment.values["eta"], environment.delay_map()
    everything = having(environment, share=np.ones(eta.size))
    turned = _pace(everything)
    yield np.zeros(eta.size), 1.0
    if environment.values["sigma"] > 0:
        noise = np.sum(eta**2 * _at(having(environment, share=np.zeros(eta.size)), _L * _N))
        gain, most = noise / np.sum(eta**2 * turned), delays.highest(turned)
        yield most, gain
        if delays.overtaken.any():
            yield np.where(delays.overtaken > 0, 0.0, most), gain


def _numbers(environment: Environment, most: Floats, y: float) -> dict[str, Floats]:
    """The shares and the rho_k for a y."""
    share = np.clip((1 - y) / np.where(most > 0, most, 1e-300), 0, 1)
    return {"share": share, "young": np.maximum(y, 1 - _pace(having(environment, share=share)))}


def _pace(environment: Environment) -> Floats:
    """The L R_j/eta_j, 0 at zero steps."""
    eta = environment.values["eta"]
    return np.asarray(np.divide(_at(environment, _L * _R), eta, out=np.zeros(eta.size), where=eta > 0), np.float64)


def _at(environment: Environment, node: Formula) -> Floats:
    return np.asarray(node.evaluate(environment), dtype=np.float64)


def _in_range(name: str, broken: str, left: Formula, relation: Relation, symbol: str) -> Condition:
    return Condition(name, broken, left, relation, formula(0), symbol, "take other numbers", index="k")


THEOREM_B_NOISE = WithShares(
    name="theorem-b-noise",
    title="Theorem B with noise: any steps, and any delays, in any order",
    summary=(
        "Stale SGD with any step sizes and any delays fixed beforehand, in any order, without gradient coherence, for "
        "any shares w_k and numbers rho_k; gradlag evaluates it at good ones."
    ),
    assumptions=(SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        DELAYS_WITHIN,
        _in_range("the shares w_k are at least 0", "w_k is negative", _SHARE, Relation.AT_LEAST, "w"),
        _in_range("the shares w_k are at most 1", "w_k is more than 1", _REST, Relation.AT_LEAST, "1 - w"),
        _in_range("the numbers rho_k are positive", "rho_k is not positive", _RHO, Relation.ABOVE, "rho"),
        not_negative(_V, "eta_k (2 - L b_k - L^2 C_k)"),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 4 * _NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(_V / 4, _DENOMINATOR),
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_b_noise.py",
        "Theorem B with noise",
    ),
    variant=True,
)
