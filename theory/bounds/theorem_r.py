r"""Theorem R: delays drawn at random, through E d and E d^2 of their law; no largest delay.

Steps are numbered from 0: x_{k+1} = x_k - eta_k (a_k + e_k), a_k the gradient at x_{tau_k}, tau_k = max(0, k - d_k);
the d_k have one law, d_k is independent of x_0..x_k, e_0..e_{k-1}, d_0..d_{k-1}; E[e_k | x_0..x_k, e_0..e_{k-1},
d_0..d_k] = 0, E|e_k|^2 <= sigma^2;
k < T. p(k, r) = P(tau_k = r), eta is the largest step, nu = 1 if sigma > 0, else 0, theta > 0 is any number. The
expectation in the result is over the noise and the delays: it says nothing of one sequence of delays alone.

Proof.
1. For fixed r <= k, x_k - x_r = -(G + Z) with G = sum_j eta_j a_j, Z = sum_j eta_j e_j over r <= j < k. Young's
   inequality |G + Z|^2 <= (1 + nu/theta) |G|^2 + (1 + theta) |Z|^2 (without noise Z = 0), Cauchy-Schwarz, and the
   orthogonality of the noises: E|x_k - x_r|^2 <= (1 + nu/theta) H sum_j eta_j E|a_j|^2 + (1 + theta) sigma^2 sum_j
   eta_j^2, H = sum_j eta_j. And |g_k - g_r| <= L |x_k - x_r|.
2. tau_k is independent of x_0..x_k, so E|g_k - a_k|^2 = sum_r p(k, r) E|g_k - g_r|^2.
3. Descent lemma and 2<a, b> = |a|^2 + |b|^2 - |a - b|^2; sum over k; F(x_T) - inf F >= |g_T|^2/2L:
   sum_k (eta_k/2)(E|g_k|^2 + (1 - L eta_k) E|a_k|^2 - E|g_k - a_k|^2) + E|g_T|^2/2L
   <= Delta + (L sigma^2/2) sum_k eta_k^2.
4. Exchange the sums. What multiplies (eta_j/2) E|a_j|^2 is (1 + nu/theta) L^2 sum_{i > j} eta_i sum_{r <= j} p(i, r) H,
   at most (1 + nu/theta) L^2 eta^2 sum_{i > j} E[(i - tau_i) 1{tau_i <= j}] <= (1 + nu/theta) L^2 eta^2 E d^2, as
   tau_i <= j says that d_i >= i - j, and sum_{m >= 1} E[d 1{d >= m}] = E d^2. For the noise,
   sum_{i > j} P(tau_i <= j) <= sum_{m >= 1} P(d >= m) = E d.
5. E|a_k|^2 = sum_r p(k, r) E|g_r|^2 is an average and so at least the minimum; c_k <= 1.

Fixed delays are the law of one value. At a constant step with h = L eta: c = h + (1 + nu/theta) h^2 E d^2, and the
factor of the noise is 1 + (1 + theta) h E d.

Theorem R_B. The same for updates of B gradients in any order. The delays of one update are independent of x_0..x_k and
of what was drawn before it; E d and E d^2 are the means over its B gradients, whose laws are the same in every update.
With eta = B max eta_k, and the steps of all gradients of update k in place of eta_k inside c_k, nothing else changes:
step 3 is that of theory/bounds/theorem_ab.py, and in step 4 the sums over i > j are over B gradients an update, each
with at most B (i - tau_i) gradients since its read. theta is chosen; with B = 1 it supersedes Theorem R.
   One step eta = 1/((D + 1) L + q) for each update, D = (E d^2)^(1/2), q = sigma sqrt(L T/(2 B Delta)): E d <= D, and
   with theta = 1/(q eta) the value is at most sigma sqrt(2 L Delta/(B T)) + 2 (D + 1) L Delta/T, as for Corollary 1_B*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    DELAYS_DRAWN,
    SEVERAL_READS,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import of_right_sign
from theory.common.errors import DelayError
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    Number,
    WhereNoisy,
    block,
    formula,
    peak,
    total,
)
from theory.formulas.notation import name_node
from theory.staleness.delay_model import DelayModel

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_MEAN, _MEAN_SQUARE = Name("Ed", r"\mathbb{E}[d]"), Name("Ed2", r"\mathbb{E}[d^{2}]")
_THETA = Name("young", r"\theta")

_NU = Defined(r"\nu", WhereNoisy(Number(1), Number(0)), sequence=False)
_LARGEST = Defined(r"\eta", peak(_ETA), sequence=False)
_C = Defined("c", _L * _ETA + (1 + _NU / _THETA) * _L**2 * _LARGEST**2 * _MEAN_SQUARE)


def _asked(name: str, left: Formula, relation: Relation, right: Formula, symbol: str, remedy: str) -> Condition:
    return Condition(name, f"the constant {symbol} is out of range", left, relation, right, symbol, remedy)


THEOREM_R = Bound(
    name="theorem-r",
    title="Theorem R: random delays, with noise, without coherence",
    summary="Stale SGD with delays drawn at random, through the mean and the mean square of their law; the expectation "
    "is over noise and delays, and there need be no largest delay.",
    assumptions=(SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, STEPS_FIXED, DELAYS_DRAWN),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        _asked("E d is at least 0", _MEAN, Relation.AT_LEAST, formula(0), "Ed", "give the mean of the delays"),
        _asked(
            "E d^2 is at least E d, as it is for whole delays",
            _MEAN_SQUARE,
            Relation.AT_LEAST,
            _MEAN,
            "Ed2",
            "give the mean of the squares of the delays",
        ),
        _asked(
            "E d^2 is at least (E d)^2",
            _MEAN_SQUARE,
            Relation.AT_LEAST,
            _MEAN**2,
            "Ed2",
            "give the mean of the squares of the delays",
        ),
        _asked("theta is more than 0", _THETA, Relation.ABOVE, formula(0), "young", "1 is a good choice"),
        Condition(
            "c_k = L eta_k + (1 + nu/theta) L^2 eta^2 E d^2 is at most 1",
            "c_k is more than 1",
            _C,
            Relation.AT_MOST,
            formula(1),
            "c",
            "take smaller steps",
            index="k",
        ),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * total(_ETA**2) * (1 + (1 + _THETA) * _L * _LARGEST * _MEAN))
    / (total(_ETA * (1 - _C / 2)) + 1 / (2 * _L)),
    covers_last=True,
    source=Source(
        "gradlag", 2026, "Stale SGD without gradient coherence", "derived in theory/bounds/theorem_r.py", "Theorem R"
    ),
    example="1/(4*s*L)",
    given={"Ed": 1.5, "Ed2": 3.5, "young": 1.0},
)


# --------------------------------------------------------------------------------------- several gradients an update

_ALL = Defined(r"\eta", name_node("B") * peak(_ETA), sequence=False)
_TURN = _L**2 * _ALL**2 * _MEAN_SQUARE
_C_ALL = Defined("c", _L * block(_ETA) + (1 + _NU / _THETA) * _TURN)
_NOISE = _L * _SIGMA**2 / 2 * total(_ETA**2)
_UNDER = total(_ETA * (1 - _C_ALL / 2)) + 1 / (2 * _L)


@dataclass(frozen=True, eq=False)
class WithOneTurn(WithFreeNumbers):
    """Theorem R_B at the best theta, or the least that leaves c_k at most 1."""

    free = ("young",)

    def chosen(self, environment: Environment) -> Environment:
        """The value is (a + b theta)/(c - d/theta), least at theta = (d + (d^2 + a c d/b)^(1/2))/c."""
        parts = (_DELTA + _NOISE * (1 + _L * _ALL * _MEAN), _NOISE * _L * _ALL * _MEAN, _WITHOUT, _WITH, _TURN)
        values = (float(np.max(part.evaluate(environment))) for part in (*parts, _L * block(_ETA)))
        with np.errstate(all="ignore"):
            a, b, c, d, turn, own = map(np.float64, values)
            best = (d + np.sqrt(d**2 + a * c * d / b)) / c
            least = turn / (1 - own - turn) * (1 + 1e-12)
        return having(environment, young=max((x for x in (best, least) if 0 < x < np.inf), default=np.float64(1)))


_WITHOUT = total(_ETA * (1 - (_L * block(_ETA) + _TURN) / 2)) + 1 / (2 * _L)
_WITH = total(_ETA) * _TURN / 2

*_BEFORE, _BELOW_1 = THEOREM_R.conditions
THEOREM_RB = WithOneTurn(
    name="theorem-rb",
    title="Theorem R_B: random delays, several gradients an update, with noise, without coherence",
    summary="Stale SGD with delays drawn at random and B gradients an update, in any order, through the mean and the "
    "mean square of their law, for any theta; gradlag evaluates it at the best one. It supersedes Theorem R.",
    assumptions=(*THEOREM_R.assumptions, SEVERAL_READS),
    conditions=(*_BEFORE, replace(_BELOW_1, left=_C_ALL)),
    value=(_DELTA + _NOISE * (1 + (1 + _THETA) * _L * _ALL * _MEAN)) / _UNDER,
    covers_last=True,
    source=replace(THEOREM_R.source, result="Theorem R_B"),
    example="1/(4*s*L)",
    given={"Ed": 1.5, "Ed2": 3.5},
    variant=True,
)


def law_constants(model: DelayModel) -> dict[str, float]:
    r"""The constants Ed and Ed2 of a delay law, for `theorem-r`.

    Args:
        model: delays drawn independently from one law, or one fixed delay.

    Returns:
        $\mathbb{E}d$ and $\mathbb{E}d^2$ of the law, before the cut $d_k \le k$ at the start of a run.

    Raises:
        DelayError: the delays follow a pattern instead; a bound for fixed delays speaks of these.

    >>> from theory.staleness.delays import UniformDelay
    >>> law_constants(UniformDelay(4))
    {'Ed': 2.0, 'Ed2': 6.0}
    """
    if not (model.independent or model.probabilities.max() == 1.0):
        raise DelayError(
            f"Theorem R is about delays drawn independently. Got {model.text}, which follows a pattern; "
            "theorem-a speaks of such delays."
        )
    squares = np.arange(model.maximum + 1, dtype=np.float64) ** 2
    return {"Ed": model.mean, "Ed2": math.fsum(model.probabilities * squares)}
