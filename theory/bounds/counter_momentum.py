r"""Counter-momentum: one fixed delay, and most of the moves in flight taken back; with noise from s = 2 on.

Steps are numbered from 0, g_k = grad F(x_k), D = s - 1, theta in [pi/(2s+1), 2 pi/(2s+1)]:
   x_{k+1} = x_k - eta_k (g_{tau_k} + e_k) - sum_{j<k} m_j (x_{k-j} - x_{k-j-1}), tau_k = max(0, k - D),
   m_j = sin((s - j - 3/2) theta)/sin((s - 1/2) theta) for j < D, else 0,
   \bar L eta_k = sin(min(k+1, s) theta)/sin((s - 1/2) theta) with some \bar L >= L: the steps of the method of
   theory/methods/counter_momentum.py with its soft start, where \bar L stands for L.
Put mu_i = sin((s - 1/2 - i) theta)/sin((s - 1/2) theta), so that m_j = mu_{j+1} for j < D, q = mu_{-1}, mu_0 = 1,
mu_{D+1} = -mu_D; S_i = sin(i theta); h = S_s/sin((s - 1/2) theta); a = 2 - 2 cos(theta); W = S_s sin(theta/2),
beta = S_s/sin(theta/2) >= 1, c = cos((s - 1/2) theta). E[e_k | x_0..x_k, e_0..e_{k-1}] = 0, E|e_k|^2 <= sigma^2, and
sigma = 0 where D = 0; e_k = 0 for k >= T, where no step uses it. rho_k = S_{min(k+1, s)}/S_s.

Proof.
1. gh_k = g_k + e_{k+D}, d_k = (\bar L/h)(x_k - x_{k+1}), and p_i = p^k_i what is in flight: gh_{k+i-D}, or
   rho_{k+i} (g_0 + e_{k+i}) where k + i < D, less sum_{j<k} m_{i+j} d_{k-1-j} (m_j = 0 for j >= D). The method says
   p^k_0 = d_k; p^k_D = gh_k; and p^{k+1}_i = p^k_{i+1} - m_i p^k_0 for i < D.
2. Interpolation inequality of (k, k+1), and beta - 1 times |g_{k+1} - g_k| <= L |x_k - x_{k+1}|:
   \bar L (F(x_k) - F(x_{k+1})) >= (h/2) <g_k + g_{k+1}, p_0> + (beta/4)(|g_{k+1} - g_k|^2 - h^2 |p_0|^2).
   With gh in place of g the right side is, in expectation, larger by (beta/4)(E|e_{k+D}|^2 + E|e_{k+D+1}|^2) and no
   more: where D >= 1, x_{k+1} is settled before e_{k+D} is drawn, which is orthogonal to p_0, g_k and g_{k+1}.
3. U_k = (beta/4)[|p_0|^2 + sum_{i<D} |p_{i+1} - p_i|^2] - W sum_{i<D} |p_i|^2. With z_i = p_i - mu_i p_0, z_0 = 0, this
   is at k + 1 (beta/4)[sum_{i<D} |z_{i+1} - z_i|^2 + |gh_{k+1} - z_D|^2] - W sum_{i<=D} |z_i|^2. As a = 4W/beta and
   mu_{i+1} + mu_{i-1} = (2 - a) mu_i, summation by parts of <mu, p> and <mu, mu> leaves
   U_{k+1} - U_k = right side of 2 with gh - W |gh_k|^2, where h = beta mu_D and h^2 = q + mu_D^2.
4. S_{i+1} + S_{i-1} = (2 - a) S_i and beta (1 - S_D/S_s) = 2c give U_k = (c/2) |p_D|^2 + (beta/4) sum_{i<D}
   |S_{i+2} p_i - S_{i+1} p_{i+1}|^2/(S_{i+1} S_{i+2}): U_T >= (c/2) |gh_T|^2, and gh_T = g_T. As p^0_i = rho_i
   (g_0 + e_i), rho_{i+1} + rho_{i-1} = (2 - a) rho_i for i < D and c/2 + (beta/4) rho_{D-1} = beta/4,
   E U_0 = (c/2) E|g_0|^2 + (beta/4) E|e_D|^2 + (beta/4)(2 - a) sum_{i<D} rho_i^2 E|e_i|^2.
5. Sum over k < T, and \bar L (F(x_T) - inf F) >= |g_T|^2/2. For i < D, E|e_i|^2 counts (beta/4)(2 - a) rho_i^2, from 4;
   E|e_D|^2 counts beta/4, from 2, and beta/4, from 4, less W; each one later counts 2 beta/4 - W, from 2 and 3. As
   beta a = 4W, all of this is (beta/2 - W) rho_j^2, at least 0 where D >= 1, as it is cos(theta) beta rho_j^2/2. With
   G_k = E|g_k|^2, \bar L Delta + sigma^2 (beta/2 - W) sum_{j<T} rho_j^2 is at least (W - c/2) G_0 +
   W sum_{0<k<T} G_k + (1 + c)/2 G_T. No weight is negative, as W - c/2 = -cos((s + 1/2) theta)/2; they add up to
   W T + 1/2.

W is largest where tan(s theta) = -2 s tan(theta/2), which is the method's own angle. As T grows the noise leaves
sigma^2 (1/(2 sin(theta/2)^2) - 1), the same for shorter steps. L x^2/2 in the place of F, at \bar L = L, keeps up just
that for ever: 2 is an equality there, and where no moment changes any more 2 and 3 say that W (G + sigma^2) is beta
sigma^2/2. Without delay the method is gradient descent with one step of at most sqrt(3)/L; there e_k meets g_{k+1}, and
this is false with noise: L x^2/2 keeps up sigma^2 h/(2 - h), which is more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    MOVES_TAKEN_BACK,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
    Assumption,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.setting import Setting
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_c import FIXED_DELAY, First, one_step_one_delay, single
from theory.formulas.formula import (
    Environment,
    Formula,
    Name,
    Number,
    Previous,
    StepNumber,
    WhereNoisy,
    call,
    formula,
    total,
)
from theory.formulas.notation import name_node
from theory.methods.counter_momentum import CounterMomentum, angle_of, closed_form
from theory.staleness.count import Staleness

if TYPE_CHECKING:
    from theory.formulas.symbolic import Expr, Translator

_L, _DELTA, _SIGMA, _ETA, _S, _T = map(name_node, ("L", "Delta", "sigma", "eta", "s", "T"))
_K, _MOVES, _HALF = StepNumber(), Name("m", "m", sequence=True), Number(0.5, "1/2")


@dataclass(frozen=True, eq=False)
class MethodAngle(Formula):
    """The angle in [pi/(2s+1), 2 pi/(2s+1)] that gives m_0; without delay the largest at which steps are short enough.

    The bound is true at every angle at which steps and moves are those of the method, so that nothing rests on it.
    """

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def compute(self, environment: Environment) -> float:
        window = int(environment.values["s"])
        if window > 1:
            return angle_of(window - 1, float(environment.values["m"][0]))
        longest = float(environment.values["L"] * environment.values["eta"][0])  # 2 cos(theta/2), as the step is
        return float(np.clip(2 * math.acos(np.clip(longest / 2, -1, 1)), math.pi / 3, 2 * math.pi / 3))

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it: the bound is true at every such angle theta."""
        return translator.entry(Name("theta", r"\theta"), index)

    def latex(self, index: str = "k") -> str:
        return r"\text{the angle in } [\frac{\pi}{2 \, s + 1}, \frac{2 \, \pi}{2 \, s + 1}] \text{ of the moves}"


_ANGLE = single(r"\theta", MethodAngle())
_LEAST = call("sin", (_S - _HALF) * _ANGLE)
# What the first step of the method is times L.
_FIRST = call("sin", _ANGLE) / _LEAST
_OWN = single(r"\bar{L}", _FIRST / First(_ETA))
_WEIGHT = single("W", closed_form(_S, _K, _ANGLE)["weight"])
# beta/2 - W over W: how much of sigma^2 is left as T grows.
_FLOOR = single(r"\phi", 1 / (2 * call("sin", _ANGLE / 2) ** 2) - 1)
# c/2, by which the weight of x_0 is less.
_LESS = _HALF - call("sin", (_S - _HALF) * _ANGLE / 2) ** 2
_WHOLE = _WEIGHT * _T + _HALF
_RISING = call("sin", call("min", _K, _S) * _ANGLE)
# m_j is 0 from j = D on.
_MOVE = closed_form(_S, call("min", _K, _S - _HALF), _ANGLE)["move"]

_OF_THE_RUN = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, STEPS_FIXED)
SOFT_START = Assumption(
    "soft start",
    "The steps of the first s points rise as sines do, and then stay.",
    r"\eta_k = \sin(\min(k+1, s) \, \theta) \, \eta_0 / \sin\theta",
)


def _as_in_the_method(name: str, broken: str, left: Formula, right: Formula, symbol: str) -> Condition:
    return Condition(
        name,
        broken,
        left,
        Relation.EQUALS,
        right,
        symbol,
        "take the method counter-momentum at this staleness",
        index="k",
        relative=1e-12,
    )


COUNTER_MOMENTUM = Bound(
    name="counter-momentum",
    title="Counter-momentum: moves in flight are taken back, fixed delay",
    summary="The method counter-momentum with its soft start and one fixed delay, with noise unless there is no delay, "
    "with steps of at most its own: most of the moves in flight are taken back, graded by their age.",
    assumptions=(*_OF_THE_RUN, MOVES_TAKEN_BACK, SOFT_START, FIXED_DELAY),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        Condition(
            "with noise, s is at least 2",
            "without delay it is about exact gradients only",
            _S,
            Relation.AT_LEAST,
            WhereNoisy(Number(2), Number(1)),
            "s",
            "use theorem-a, which allows noise; the method is gradient descent there",
        ),
        one_step_one_delay("theorem-b")[1],
        Condition(
            "some step is taken",
            "the first step is 0",
            First(_ETA),
            Relation.ABOVE,
            formula(0),
            "eta_1",
            "take the method counter-momentum, whose steps are above 0",
        ),
        Condition(
            "the first step is at most that of the method at this L",
            "the steps are longer than those of the method at this L",
            _L * First(_ETA),
            Relation.AT_MOST,
            _FIRST,
            "L eta_1",
            "shorten all steps by one factor, or take an L that is large enough",
        ),
        _as_in_the_method(
            "the steps are those of a soft start, to a relative 1e-12",
            "the step is not that of the soft start",
            _ETA,
            _RISING / call("sin", _ANGLE) * First(_ETA),
            "eta",
        ),
        _as_in_the_method(
            "the moves taken back are those of the method, to a relative 1e-12",
            "the move taken back is not that of the method",
            _MOVES,
            _MOVE,
            "m",
        ),
    ),
    value=(_OWN * _DELTA + _SIGMA**2 * _WEIGHT * _FLOOR * total((_RISING / call("sin", _S * _ANGLE)) ** 2)) / _WHOLE,
    covers_last=True,
    weighing=Weighing(_WEIGHT - (1 - Previous(Number(1))) * _LESS, _WHOLE),
    source=Source(
        "gradlag",
        2026,
        "The best linear method under a delay",
        "derived in theory/bounds/counter_momentum.py",
        "Counter-momentum",
    ),
    example="1/L",
    variant=True,
)


def run_of_method(
    steps: int, staleness: Staleness, constants: Mapping[str, float], method: CounterMomentum | None = None
) -> Setting:
    """The method under the fixed delay s - 1, at which the bound applies.

    Args:
        steps: T; staleness: s; constants: L, Delta and sigma = 0; method: at another angle, if it is.

    >>> run = run_of_method(60, Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    >>> round(COUNTER_MOMENTUM.evaluate(run), 6)
    0.037514
    """
    delays = np.minimum(np.arange(steps), staleness.maximum_delay)
    rule = (method or CounterMomentum()).linear(np.ones(steps), delays, constants["L"], staleness)
    return Setting(rule.gradient_weights[:, 0], delays, staleness, constants, moves=-rule.move_weights)


def noise_left(staleness: Staleness, method: CounterMomentum | None = None) -> float:
    """How much of sigma^2 the bound comes to as T grows; a quadratic keeps up as much for ever.

    Args:
        staleness: s, at least 2; method: at another angle, if it is.

    >>> round(noise_left(Staleness(2)), 5), round(noise_left(Staleness(5)), 5)
    (1.17539, 11.37097)
    """
    run = run_of_method(1, staleness, {"L": 1.0, "Delta": 1.0, "sigma": 0.0}, method)
    return float(_FLOOR.evaluate(run.environment()))
