r"""What the published bounds on a mean have in common: sum_t eta_t E|grad F(x_t)|^2 / sum_t eta_t, t < T.

Steps are numbered from 0: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), g_k = grad F(x_k), tau_k = k - d_k,
W_k = {tau_k..k-1}; E[e_k | x_0..x_k] = 0, E|e_k|^2 <= sigma^2; k < T.

The argument that they share, for any steps and any delays.
1. |a + b|^2 <= 2 |a|^2 + 2 |b|^2 parts gradients and noises of x_k - x_{tau_k} = -sum_{W_k} eta_j (g_{tau_j} + e_j);
   Cauchy-Schwarz over the d_k steps of W_k, and the orthogonality of the noises of different steps, give
   E|x_k - x_{tau_k}|^2 <= 2 d_k sum_{W_k} eta_j^2 E|g_{tau_j}|^2 + 2 sigma^2 sum_{W_k} eta_j^2.
2. Descent lemma, 2<a, b> = |a|^2 + |b|^2 - |a - b|^2 with |g_k - g_{tau_k}| <= L |x_k - x_{tau_k}|; sum over k,
   exchange the sums, F(x_T) >= inf F:
   sum_k eta_k E|g_k|^2 + sum_k eta_k (1 - c_k) E|g_{tau_k}|^2
       <= 2 Delta + L sigma^2 sum_k eta_k^2 + 2 L^2 sigma^2 sum_k eta_k sum_{W_k} eta_j^2,
   c_k = L eta_k + 2 L^2 eta_k sum_{i: k in W_i} eta_i d_i.
3. Where c_k <= 1 at every step, the second sum on the left is dropped; the rest, over sum_k eta_k, is the mean.
Where the reads are in order, or there is no noise, gradients and noises of step 1 are orthogonal, nothing is lost by
parting them, and Cauchy-Schwarz with the weights eta_j gives, with H_k = sum_{W_k} eta_j,
   c_k = L eta_k + L^2 sum_{i: k in W_i} eta_i H_i, and the last sum on the right without its factor 2.
Each result has a condition of its own that gives c_k <= 1, and its own way to sum up the noise. The minimum is at most
the mean. Published statements are about constant steps, where the mean is the plain one; the proofs do not ask for it.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, SMOOTH, UNBIASED
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, exact_gradients, of_right_sign, positive_denominator
from theory.formulas.formula import Defined, Formula, Previous, formula, readers, total, window
from theory.formulas.notation import name_node

L, DELTA, SIGMA, ETA, D, S = map(name_node, ("L", "Delta", "sigma", "eta", "d", "s"))

STALE = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED)

#: c_k and the noise of the shared inequality, for any order of the reads and for reads in order.
C = Defined("c", L * ETA + 2 * L**2 * ETA * readers(ETA * D))
NOISE = L * SIGMA**2 * total(ETA**2) + 2 * L**2 * SIGMA**2 * total(ETA * window(ETA**2))
H = Defined("H", window(ETA))
C_IN_ORDER = Defined("c", L * ETA + L**2 * readers(ETA * H))
NOISE_IN_ORDER = L * SIGMA**2 * total(ETA**2) + L**2 * SIGMA**2 * total(ETA * window(ETA**2))

#: n_k, the number of gradients in flight: read, and not applied before step k is.
IN_FLIGHT = Defined("n", readers(1))

#: What all of them ask for, and with it that no delay is beyond the staleness, where the bound speaks of s.
COMMON = (*of_right_sign("L", "Delta", "sigma"), positive_denominator(total(ETA)))
WITHIN = (*COMMON, DELAYS_WITHIN)

EXACT = exact_gradients("use lian2015 or theorem-a, which allow noise")
IN_ORDER = Condition(
    "no gradient overtakes another, d_k <= d_{k-1} + 1",
    "the step reads an older point than the step before it",
    D,
    Relation.AT_MOST,
    Previous(D) + 1,
    "d",
    "use maranjyan2025, lian2015 or theorem-a, which allow gradients to overtake",
    index="k",
    since=1,
)


def mean(above: Formula) -> Formula:
    """A bound `above` of sum_k eta_k E|g_k|^2 as a bound of the mean."""
    return above / total(ETA)


def at_most(left: Formula, right: Formula | int, name: str, symbol: str) -> Condition:
    """The condition left <= right at every step; a refusal calls the left side `symbol`."""
    remedy = "take smaller steps around there"
    return Condition(name, "the step is too long", left, Relation.AT_MOST, formula(right), symbol, remedy, index="k")


def step_at_most(limit: Formula, text: str) -> Condition:
    """The condition eta_k <= limit at every step."""
    return at_most(ETA, limit, f"eta_k <= {text}", "eta")
