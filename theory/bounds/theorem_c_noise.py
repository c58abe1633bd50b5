r"""Theorem C with noise: a constant step, one fixed delay, for every step at which a quadratic is stable.

Steps, reads, h, D, theta, r, U_m, b and the lemma as in theorem_c.py, with noise: x_{k+1} = x_k - eta (g_{tau_k}+e_k).
Besides the angle there are two numbers of one's choice: w in [0, 1] and rho > 0. A_0 = U_s - U_{s-1} is Theorem C's A.

Proof.
1. As in Theorem B with noise, in expectation and with any beta >= 1,
   L (F(x_k) - F(x_{k+1})) >= (h/2) <g_k + g_{k+1}, g_{tau_k}> + (beta/4)(|delta_k|^2 - h^2 (|g_{tau_k}|^2 + sigma^2))
                               - (rho/4) |delta_k|^2 - h^2 sigma^2/(4 rho).
2. The share w of both inner products is bounded by Theorem C's lemma, the rest as in Theorem A,
   2<g_k, g_{tau_k}> >= |g_k|^2 + |g_{tau_k}|^2 - h^2 D (sum_{W_k} |g_{tau_j}|^2 + sigma^2),
   and with k + 1, W_k^+ and D + 1 in place of k, W_k and D: no gradient overtakes another.
3. Sum over k. |delta_j|^2 gets at least (beta - w h b - rho)/4, and is dropped: beta = max{1, w h b + rho}. The second
   way takes from |g_{tau_j}|^2 at most (1-w) h^3 (D^2 + (D+1)^2)/4, and costs (1-w) h^3 sigma^2 (2D+1)/4 of noise in
   each step. With A = w A_0 + 1 - w and c = beta + (1-w) h (D^2 + (D+1)^2) the coefficients of all |g_j|^2 in step k
   add up to S = h (A + w r^2 (b - A_0)) - c h^2/4.
4. The points are as in Theorem C, with A, w r^2 and c for its A, r^2 and beta:
   v_0 = n_0 (h/2)(A + 2 w r^2 U_{s-1} - c h/2) + (h/4) A + h w r^2 (U_{s-1} + U_s) sum_k (s - 1 - d_k),
   and with nu = max{0, -v_0},
   L Delta (1 + 2 nu) + (T h^2 sigma^2/4)(beta + 1/rho + (1-w) h (2D+1)) >= (T S + nu + 1/2) min E|g_t|^2.

At w = 1 and rho -> 0 the weight S is that of Theorem C, so that for every noise there is a guarantee at every step with
h < 2 sin(pi/(2(2s-1))), where a quadratic is stable; its noise is large there, as the true one is. Any angle, share and
rho give a bound; good ones are looked for together. At sigma = 0 the bound is Theorem C, at the same angle.

How it compares (L = Delta = 1, T = 1000, s = 5; steps in parts of that limit; the last line is what the noise keeps up
for ever on L x^2/2, (h sigma^2/2)(1 + sin Phi)/(cos(phi/2) cos Phi), h = 2 sin(phi/2), Phi = (s - 1/2) phi):
                                    0.1     0.3     0.5     0.7     0.8     0.9     0.99
   sigma = 0.2: theorem-c-noise     .0298   .0146   .0184   .0451   .1153   .3255   6.75
                theorem-b-noise     .0298   .0146   .0183   .0454   none    none    none
                theorem-ar          .0297   .0143   .0171   .0334   none    none    none
                quadratic           .0008   .0034   .0084   .0203   .0352   .0797   .880
So theorem-ar is better where it applies, but for small noise and short steps; without delay it applies up to the limit.
Beyond that this is the only guarantee with noise. Not removed: the factor 1 + 2 nu of Theorem C's start, and the noise
near the limit, some times the quadratic's; that 1 + sin Phi would be the factor for all functions is not supported by
numerical worst cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, SMOOTH, STEPS_FIXED, UNBIASED, Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.theorem_c import (
    BEST_ANGLE,
    CONSTANT_STEP,
    FIXED_DELAY,
    OF_THE_RUN,
    HalfSine,
    SineRatio,
    one_step_one_delay,
    positive_weight,
    single,
)
from theory.common.types import Floats
from theory.formulas.formula import Defined, Environment, Formula, Name, Number, call, formula
from theory.formulas.notation import name_node

_POINTS, _ZOOM, _ROUNDS, _LEAST = (15, 9, 17), 3, 15, 1e-18

_L, _DELTA, _SIGMA, _S, _T = map(name_node, ("L", "Delta", "sigma", "s", "T"))
_THETA, _SHARE, _RHO = Name("theta", r"\theta"), Name("share", "w"), Name("young", r"\rho")
_R = single("r", HalfSine(_THETA))
_SHORT, _LONG = (single(f"U_{{{u.order}}}", u) for u in (SineRatio(-1, _THETA), SineRatio(0, _THETA)))
_STEEP = single("A_{0}", _LONG - _SHORT)
_A = single("A", 1 - _SHARE + _SHARE * _STEEP)
_B = single("b", (_S - 1) * _SHORT + _S * _LONG)
_ROUND = single("q", _SHARE * _R**2)


@dataclass(frozen=True, eq=False)
class _Parts:
    """The weight S of each step and the bound, of the numbers that a run gives."""

    weight: Defined
    value: Formula

    @classmethod
    def of(cls, gap: Formula, h: Formula, reads: Formula, waits: Formula) -> _Parts:
        """The theorem: gap is L Delta."""
        beta = single(r"\beta", call("max", 1, _SHARE * h * _B + _RHO))
        cost = single("c", beta + (1 - _SHARE) * h * ((_S - 1) ** 2 + _S**2))
        weight = single("S", h * (_A + _ROUND * (_B - _STEEP) - cost * h / 4))
        read = reads * h / 2 * (_A + 2 * _ROUND * _SHORT - cost * h / 2)
        start = single("v", read + h / 4 * _A + h * _ROUND * (_SHORT + _LONG) * waits)
        nu = single(r"\nu", call("max", 0, -start))
        noise = _T * h**2 * _SIGMA**2 / 4 * (beta + 1 / _RHO + (1 - _SHARE) * h * (2 * _S - 1))
        return cls(weight, (gap * (1 + 2 * nu) + noise) / (_T * weight + nu + Number(0.5, "1/2")))


_SHAPE = one_step_one_delay("theorem-b-noise")
_SEARCHED = _Parts.of(Name("gap", "gap"), *(Name(name, name) for name in OF_THE_RUN))
_THEOREM = _Parts.of(_L * _DELTA, *OF_THE_RUN.values())


@dataclass(frozen=True, eq=False)
class WithAngle(WithFreeNumbers):
    """Theorem C with noise, evaluated at a good angle, share and rho."""

    free = ("theta", "share", "young")

    def chosen(self, environment: Environment) -> Environment:
        """The environment with an angle, a share and a number rho, by zooming in on a grid."""
        if any(condition.failure(self.name, environment) for condition in _SHAPE):
            return having(environment, theta=0.0, share=1.0, young=1.0)
        angle = BEST_ANGLE.evaluate(environment)
        if environment.values["sigma"] <= 0:
            return having(environment, theta=angle, share=1.0, young=_LEAST)
        run = {name: node.evaluate(environment) for name, node in OF_THE_RUN.items()}
        gap = environment.values["L"] * environment.values["Delta"]
        # The side conditions are not checked yet: anything may be zero, negative or beyond floats.
        with np.errstate(all="ignore"):
            return having(environment, **_searched({**environment.values, **run, "gap": gap}, float(angle)))


def _searched(values: Mapping[str, Any], angle: float) -> dict[str, float]:
    """The best point of a grid of angles, shares and exponents of y, in ever smaller boxes around the best so far."""
    low, high = np.array([0.0, 0.0, math.log(_LEAST)]), np.array([math.pi / (2 * float(values["s"]) - 1), 1.0, 0.0])
    known = ([0.0, angle], [0.0, 1.0], [math.log(_LEAST)])
    best, reach = np.array([angle, 1.0, -1.0]), high - low
    for _ in range(_ROUNDS):
        axes = tuple(
            np.union1d(
                np.linspace(max(low[i], best[i] - reach[i]), min(high[i], best[i] + reach[i]), n), [*also, best[i]]
            )
            for i, (n, also) in enumerate(zip(_POINTS, known, strict=True))
        )
        numbers = _numbers(values, *np.meshgrid(*axes, indexing="ij", sparse=True))
        rank = _rank(values, numbers)
        where = np.unravel_index(np.argmin(rank), rank.shape)
        best, reach = np.array([axis[i] for axis, i in zip(axes, where, strict=True)]), reach / _ZOOM
    return {name: float(value) for name, value in _numbers(values, *best).items()}


def _numbers(values: Mapping[str, Any], theta: Any, share: Any, exponent: Any) -> dict[str, Any]:
    """The numbers for an angle, a share and ln y: rho = max{y, 1 - w h b}."""
    b = _B.evaluate(Environment({**values, "theta": theta}))
    return {"theta": theta, "share": share, "young": np.maximum(np.exp(exponent), 1 - share * values["h"] * b)}


def _rank(values: Mapping[str, Any], numbers: Mapping[str, Any]) -> Floats:
    """Smaller is better: less than 0 where S > 0 and the bound applies, -S elsewhere."""
    environment = Environment({**values, **numbers})
    weight, value = np.broadcast_arrays(_SEARCHED.weight.evaluate(environment), _SEARCHED.value.evaluate(environment))
    rank = np.where((weight > 0) & (value > 0), -1 / value, np.maximum(-weight, 0))
    return np.asarray(np.where(np.isfinite(rank), rank, np.inf), dtype=np.float64)


def _in_range(name: str, broken: str, left: Formula, relation: Relation, symbol: str) -> Condition:
    return Condition(name, broken, left, relation, formula(0), symbol, "take another number")


THEOREM_C_NOISE = WithAngle(
    name="theorem-c-noise",
    title="Theorem C with noise: a constant step up to the stability limit, fixed delay",
    summary=(
        "Stale SGD with one constant step and one fixed delay, for every step at which a quadratic is stable, for any "
        "angle theta, share w and number rho; gradlag evaluates it at good ones."
    ),
    assumptions=(SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, STEPS_FIXED, CONSTANT_STEP, FIXED_DELAY),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        *_SHAPE,
        _in_range("the angle theta is at least 0", "theta is negative", _THETA, Relation.AT_LEAST, "theta"),
        Condition(
            "the angle theta is at most pi/(2s - 1)",
            "theta is too large",
            (2 * _S - 1) * _THETA,
            Relation.AT_MOST,
            Number(math.pi, r"\pi"),
            "(2s - 1) theta",
            "take another number",
        ),
        _in_range("the share w is at least 0", "w is negative", _SHARE, Relation.AT_LEAST, "w"),
        _in_range("the share w is at most 1", "w is more than 1", 1 - _SHARE, Relation.AT_LEAST, "1 - w"),
        _in_range("the number rho is positive", "rho is not positive", _RHO, Relation.ABOVE, "rho"),
        positive_weight(_THEOREM.weight),
    ),
    value=_THEOREM.value,
    covers_last=True,
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_c_noise.py",
        "Theorem C with noise",
    ),
    example="0.8/(s*L)",
    variant=True,
)
