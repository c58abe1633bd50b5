"""Weighted delays, replayed: the pattern of perturbed reads at x_{tau_k}."""

from __future__ import annotations

from theory.bounds.parts.means import ETA, H, L
from theory.bounds.weighted_delays import PATTERN, WEIGHTED_DELAYS, G
from theory.proofs.kernel import Expression, Index
from theory.proofs.nodes import G as GRADIENT
from theory.proofs.nodes import Travelled, read, square
from theory.proofs.proof import Apply, Claim, Step, rules
from theory.proofs.theorems.lemmas import A, K, applied, noise, noise_at, product, squares, summed, symbol
from theory.proofs.theorems.means import IN_WINDOW, turned
from theory.proofs.theorems.perturbed import Runs, proof, up_to

WAY = G**2 * H**2
RUNS = Runs(PATTERN, (), read(GRADIENT), WAY)
STEP = RUNS.step


def stochastic(index: Index) -> Expression:
    """What step `index` applies: g_{tau_index} + e_index."""
    return applied(index) + noise(index)


def way() -> Apply:
    """H_k sum_{W_k} eta_j |g_{tau_j} + e_j|^2 >= |x_k - x_{tau_k}|^2, and each square is at most G^2."""
    inside = STEP.having(*IN_WINDOW(A))
    length = summed(STEP, IN_WINDOW, lambda context, step: symbol(context, "eta", step))
    each = product(inside, rules.bounded_gradient(inside, A), symbol(inside, "eta", A))
    bounded = rules.multiply(length, rules.total(each, ("a",), *IN_WINDOW(A)))
    return rules.add(squares(STEP, IN_WINDOW, stochastic), bounded)


BEFORE = (
    Step(
        "way",
        "The way since the read",
        "Cauchy-Schwarz with the weights eta_j; |g_tau_j + e_j|^2 is at most G^2",
        Claim(WAY, square(Travelled())),
        way(),
    ),
    Step(
        "turned",
        "How far the gradient has turned since the read",
        "smoothness: |g_k - g_tau_k| <= L |x_k - x_tau_k|",
        Claim(L**2 * WAY, square(GRADIENT - read(GRADIENT))),
        turned(STEP),
    ),
)
PROOF = proof(WEIGHTED_DELAYS, ETA, RUNS, up_to(WEIGHTED_DELAYS.conditions[-1], RUNS), noise_at(STEP, K), BEFORE)
