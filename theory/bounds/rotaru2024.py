r"""Gradient descent without delay, one step anywhere up to 2/L: exact at every step and every T.

Steps are numbered from 0: x_{k+1} = x_k - eta g_k, g_k = grad F(x_k), G_k = |g_k|^2, f_k = L F(x_k), h = L eta <= 2.
A pair of points, (k, k+1) or (k, k+2) and either way round, gives an interpolation inequality: for X = x_i - x_j
   f_i - f_j >= (L/2) <g_i + g_j, X> + (|g_i - g_j|^2 - L^2 |X|^2)/4.

1. f_k - f_{k+1} >= (h/4)((3 - b) G_k + G_{k+1}), b = max{h, h^2}, from (k, k+1) and (k+1, k). For h <= sqrt(3) its
   sum is all: it is abbaszadehpeivasti2022. Else 3 - b < 0, and with weights as in 4 it is good from some point on.
Let h > sqrt(3), r = h - 1, q = h + 1, A_k = r^{-2k}, B_k = q^{-2k}, Q_k = (A_k + B_k)/2, t_k = (1 - Q_k)/(2 h^2).
2. As long as Q_1, .., Q_k <= 1,
      f_0 - f_k + 2 t_k (f_k - f_{k+1})
         >= (A_k - B_k)/4 G_k + h t_k ((1 - h^2)/2 G_k + <g_k, g_{k+1}> + G_{k+1}/2).
   It says 0 >= 0 at k = 0, as Q_0 = 1, and the one at k + 1 is that at k plus
      1 + (A_k/r - r)/h - h t_k - q (2-h) t_{k+1}   times (k, k+1),       q t_{k+1} times (k, k+2),
      (A_k/r - r)/h + (2-h) t_k + r h t_{k+1}       times (k+1, k),       r t_{k+1} times (k+2, k).
   No factor is negative: A_k >= 1 >= r^2, 0 <= 2 h^2 t_k <= 1, and 3 h^2 > 2 h + 2.
3. If Q_{k+1} <= 1 too: 2, plus 1 + (A_k/r - r)/h - h t_k times (k, k+1), (A_k/r - r)/h + (2-h) t_k times (k+1, k), is
      f_0 - f_{k+1} >= (A_{k+1} - 1)/2 G_{k+1} + q^2 (1 - Q_{k+1})/(4 h^2) |g_{k+1} + r g_k|^2.
   With k + 1 = T and f_T - L inf F >= G_T/2: 2 L Delta >= A_T G_T, which F = L x^2/2 attains.
4. If Q_{k+1} > 1: 2, plus 1 + r/2 - t_k times (k, k+1) and r/2 + t_k times (k+1, k), is
      f_0 - f_{k+1} >= (q r)^2 (Q_{k+1} - 1)/(4 h) G_k + (1 - Q_k + h^2)/(4 h) G_{k+1}.
   By two geometric sums the weights are (p/2)(1 + sum_{i=1..k} Q_i), p = h (2 - h^2/2). From k + 1 to T follows 1, of
   weight p/2 a step: that of G_{k+1} becomes (1 - Q_k + h^2 (4 - h^2))/(4 h) >= 0. At the end stands G_T/2.
5. So 2 L Delta >= min{A_T, 1 + p sum_{i=1..T} min{1, Q_i}} min G_t, and where h <= sqrt(3) with p = h (2 - b/2) and 1
   for every Q_i. This is what it says with w = max{h - 1, 1/2}^2 for r^2: for h <= 3/2 that is 1/4, and Q_i > 1.

Stated and proved by the authors for curvatures from mu to L; here for mu = -L. The inequalities of 2 to 4 are theirs,
read from the numerics that they publish with the paper. That some function attains the bound in the case of 4 is theirs
alone; worst cases agree with it to 1e-8 wherever they were computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, EXACT, L, at_most
from theory.bounds.parts.undelayed import COMMON, GRADIENT_DESCENT
from theory.bounds.theorem_c import CONSTANT_STEP, First, one_step_one_delay, single
from theory.common.types import Floats
from theory.formulas.formula import Defined, Environment, Formula, Number, Power, StepNumber, call, total
from theory.formulas.notation import name_node

if TYPE_CHECKING:
    from theory.formulas.symbolic import Expr, Translator


@dataclass(frozen=True, eq=False)
class Fading(Formula):
    """A number in [0, 1] to a whole power, T or the number of the step."""

    base: Formula
    count: Formula
    strength = Power.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.count)

    def compute(self, environment: Environment) -> Floats:
        return np.asarray(np.power(*(child.evaluate(environment) for child in self.children)), dtype=np.float64)

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it."""
        base, count = (translator.entry(child, index) for child in self.children)
        return base**count

    def latex(self, index: str = "k") -> str:
        return Power(self.base, self.count).latex(index)


T, K = name_node("T"), StepNumber()
H = single("h", L * First(ETA))
W = single("w", call("max", H - 1, Number(0.5, "1/2")) ** 2)
# 1/Q_k, which does not overflow.
U = Defined("u", 2 * Fading(W, K) / (1 + Fading(W / (1 + H) ** 2, K)))
PACE = single("p", H * (2 - call("max", H, H**2) / 2))
# The least of A_T and 1 + p sum min{1, Q_i}, which does not overflow either.
M = single("M", 1 / call("max", Fading(W, T), 1 / (1 + PACE * total(1 / call("max", 1, U)))))

ROTARU2024 = Bound(
    name="rotaru2024",
    title="Gradient descent without delay, one step up to 2/L: exact at every T",
    summary="Gradient descent with one constant step anywhere up to 2/L, where quadratics become unstable; at the "
    "least of the gradients, the last one included.",
    assumptions=(*GRADIENT_DESCENT, CONSTANT_STEP),
    conditions=(
        *COMMON,
        EXACT,
        one_step_one_delay("abbaszadehpeivasti2022")[0],
        at_most(L * ETA, 2, "L eta_k is at most 2", "L eta"),
    ),
    value=2 * L * DELTA / M,
    covers_last=True,
    source=Source(
        "Rotaru, Glineur, Patrinos",
        2024,
        "Exact Worst-Case Convergence Rates of Gradient Descent: A Complete Analysis for All Constant Stepsizes over "
        "Nonconvex and Convex Functions",
        "arXiv 2406.17506",
        "constant steps, curvatures from -L to L",
    ),
    example="1.9/L",
)
