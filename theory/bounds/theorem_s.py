r"""Theorem S: blocks of coordinates are read apart, any steps, B gradients an update, any order, with noise.

The run is that of theory/bounds/corollary_s.py with any steps eta_k >= 0: gradient k is applied by update u_k and read
at \hat x_k, a_k = grad F(\hat x_k). For each gradient two numbers of one's choice, w_k in [0, 1] and rho_k in (0, 1],
and theta > 0. U_k = 1 - w_k + w_k/rho_k.

Proof.
1. As there: |x_{u_k} - \hat x_k| splits into what the point lacks of gradients and of noises, and with H_k over W_k
   E|g_{u_k} - a_k|^2 <= L^2 (1 + theta) H_k sum_{W_k} eta_i E|a_i|^2 + L^2 (1 + 1/theta) sigma^2 sum_{W_k} eta_i^2.
2. 2<g, a> = (1 + w (1 - rho)) |g|^2 + (1 - w) |a|^2 - U |g - a|^2 + (w/rho) |rho g - (g - a)|^2 for any w, rho != 0.
3. Descent as in Theorem A_B, with 2 and 1. Sum over the updates and exchange the sums: |a_k|^2 gets at least
   (eta_k/2) (1 - w_k - c_k), c_k = L sum_{u_j = u_k} eta_j + (1 + theta) L^2 sum_{i: k in W_i} eta_i U_i H_i, which is
   left out where it is not negative, as a_k is the gradient of no point of the run; the noise gets
   (L sigma^2/2) sum_k eta_k^2 (1 + (1 + 1/theta) L sum_{i: k in W_i} eta_i U_i).
4. F(x_T) - inf F >= |g_T|^2/(2L).

Theorem S with reads. The minimum over the points that are read as well keeps the weights eta_k (1 - w_k - c_k) of step
3: the denominator is sum_k (eta_k/2) (2 - w_k rho_k - c_k) + 1/(2L). At one step eta = 1/((D* + 1) L + q) it is at most
sigma sqrt(2 L Delta/(B T)) + 2 (D* + 1) L Delta/T, as Corollary 1_B is, whose proof it is at w = 0.

One constant step eta, D* and q as in theory/bounds/corollary_star.py, d = D*/(D* + 1), and u = 1 - q eta in (0, 1]:
   w = 0 and eta = 1/((D* + 1) L + q) is Corollary S.
   rho = r, w = 1/(1 + r) with r = sqrt(2) (D* + 1) L eta/u <= 1 and D* >= 1, 1 + theta = 1/u^2: the mean over t < T is
   at most (1 + r) [sigma sqrt(2 L Delta/(B T)) + (sqrt(2)/r) (D* + 1) L Delta/T]. As r -> 0 its noise is half of that
   of Corollary S. For c <= 1 - w says (1 + r) (1-d)/sqrt(2) u + (1 + r^2) d^2/2 <= 1, and the noise
   (1-u) (1 + u/sqrt(2)) + u^3/(sqrt(2) (1 + u)) <= 1, as (1 + r^2)/(1 + r) <= 1.
gradlag evaluates the theorem at good numbers, the same for all gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theory.bounds.corollary_s import COROLLARY_S
from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.parts.weighing import Weighing
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    block,
    formula,
    readers,
    taken,
    total,
    window,
)
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_SHARE, _RHO = Name("share", "w", sequence=True), Name("rho", r"\rho", sequence=True)
_YOUNG = Name("young", r"\theta")
_ROUNDS, _POINTS, _QUIET = 4, 33, 1e-9
_PARTS = np.geomspace(1, 1e-8, 25)

_H = Defined("H", window(_ETA))
_U = Defined("U", 1 - _SHARE + _SHARE / _RHO)
_C = Defined("c", _L * block(_ETA) + (1 + _YOUNG) * _L**2 * readers(_ETA * _U * _H))
_NOISE = total(_ETA**2 * (1 + (1 + 1 / _YOUNG) * _L * readers(_ETA * _U)))
_SEEN = _ETA * (1 + _SHARE * (1 - _RHO))
_DENOMINATOR = total(_SEEN) / 2 + 1 / (2 * _L)
_WITH_READS = total(_ETA * (2 - _SHARE * _RHO - _C)) / 2 + 1 / (2 * _L)

#: What is needed of a run to choose numbers: what c_k has at w = 0, the sums of the noise, and the steps.
_BLOCK, _REACH = _L * block(_ETA), _L**2 * readers(_ETA * _H)
_SQUARES, _CROSSED = total(_ETA**2), total(_ETA**2 * _L * readers(_ETA))


@dataclass(frozen=True, eq=False)
class WithMixtures(WithFreeNumbers):
    """Theorem S, evaluated at good numbers w, rho and theta."""

    free, each = ("share", "rho", "young"), ("share", "rho")

    def chosen(self, environment: Environment) -> Environment:
        """The environment with the numbers that are best on a grid that closes in."""
        with np.errstate(all="ignore"):
            run = _OfTheRun(environment, self.covers_reads)
            most = max(0.0, 1 - float(run.block.max()))
            (low, high), (small, large) = (0.0, most), (-7.0, 0.0)
            for _ in range(_ROUNDS):
                w, rho = np.linspace(low, high, _POINTS), np.exp(np.linspace(small, large, _POINTS))
                values, thetas = run.values(w[:, None], rho[None, :])
                i, j, tried = np.unravel_index(int(np.argmin(values)), values.shape)
                half_w, half_r = (high - low) / 8, (large - small) / 8
                low, high = max(0.0, w[i] - half_w), min(most, w[i] + half_w)
                small, large = np.log(rho[j]) - half_r, min(0.0, np.log(rho[j]) + half_r)
        ones, theta = np.ones(environment.values["eta"].size), float(thetas[i, j, tried])
        return having(environment, share=w[i] * ones, rho=rho[j] * ones, young=theta if theta > 0 else 1.0)


class _OfTheRun:
    """What c_k and the noise are made of, apart from the numbers that are the same for all gradients."""

    def __init__(self, environment: Environment, with_reads: bool) -> None:
        self.with_reads = with_reads

        def at(node: Formula) -> Floats:
            return np.asarray(node.evaluate(environment), dtype=np.float64)

        self.block, self.reach = (np.ravel(at(node)) for node in (_BLOCK, _REACH))
        self.squares, self.crossed, self.steps = float(at(_SQUARES)), float(at(_CROSSED)), float(at(total(_ETA)))
        self.together, self.turned = float(at(total(_ETA * _BLOCK))), float(at(total(_ETA * _REACH)))
        self.named = {name: float(environment.values[name]) for name in ("L", "Delta", "sigma")}

    def values(self, w: Floats, rho: Floats) -> tuple[Floats, Floats]:
        """The bound at numbers w and rho and some theta, infinite where these will not do, and the theta."""
        more, late = 1 - w + w / rho, self.reach > 0
        room = np.full(w.shape, np.inf)
        if late.any():
            # Of equal steps few c_k differ.
            pairs = np.unique(np.stack([self.block[late], self.reach[late]]), axis=1)
            room = ((1 - w[..., None] - pairs[0]) / pairs[1]).min(axis=-1)
        most = np.minimum(room / more * (1 - _QUIET) - 1, 1 / _QUIET)
        # The largest is the best where the gradients that are applied are left out.
        theta = most[..., None] * (_PARTS if self.with_reads else _PARTS[:1])
        w, rho, more = w[..., None], rho[..., None], more[..., None]
        L, gap, sigma = (self.named[name] for name in ("L", "Delta", "sigma"))
        noise = self.squares + more * (1 + 1 / theta) * self.crossed
        under = self.steps * (1 + w * (1 - rho))
        if self.with_reads:
            under = self.steps * (2 - w * rho) - self.together - more * (1 + theta) * self.turned
        found = (gap + L * sigma**2 / 2 * noise) / (under / 2 + 1 / (2 * L))
        return np.where(theta > 0, found, np.inf), theta


def _asked(name: str, left: Formula, relation: Relation, right: Formula, symbol: str, remedy: str) -> Condition:
    index = "k" if left.of_a_step else None
    return Condition(name, f"{symbol} is out of range", left, relation, right, symbol, remedy, index)


_OTHER = "take another number"
THEOREM_S = WithMixtures(
    name="theorem-s",
    title="Theorem S: inconsistent reads, any steps, B gradients an update",
    summary="Stale SGD whose gradients are computed at points that mix blocks of several iterates, with any steps, any "
    "delays and B gradients an update, for any numbers w_k, rho_k and theta; gradlag evaluates it at good ones.",
    assumptions=COROLLARY_S.assumptions,
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        _asked("theta is more than 0", _YOUNG, Relation.ABOVE, formula(0), "theta", _OTHER),
        _asked("every rho_k is more than 0", _RHO, Relation.ABOVE, formula(0), "rho", _OTHER),
        _asked("every rho_k is at most 1", _RHO, Relation.AT_MOST, formula(1), "rho", _OTHER),
        _asked("every w_k is at least 0", _SHARE, Relation.AT_LEAST, formula(0), "w", _OTHER),
        _asked("every w_k is at most 1", _SHARE, Relation.AT_MOST, formula(1), "w", _OTHER),
        _asked("every c_k is at most 1 - w_k", _C, Relation.AT_MOST, 1 - _SHARE, "c", "take smaller steps"),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(taken(_SEEN) / 2, _DENOMINATOR),
    source=Source(
        "gradlag", 2026, "Stale SGD without gradient coherence", "derived in theory/bounds/theorem_s.py", "Theorem S"
    ),
    example="1/(2*s*L)",
    variant=True,
)
THEOREM_S_READS = replace(
    THEOREM_S,
    name="theorem-s-reads",
    title="Theorem S with reads: the minimum over the points read as well, any steps, B gradients an update",
    summary="Theorem S for the minimum over the points of the run and those at which gradients were computed, which "
    "mix blocks of several iterates: half of the price of noise, and of delays that of Corollary 1_B.",
    value=(_DELTA + _L * _SIGMA**2 / 2 * _NOISE) / _WITH_READS,
    weighing=None,
    covers_reads=True,
)
