"""The bound of Bottou, Curtis and Nocedal (2018), replayed."""

from __future__ import annotations

from theory.bounds.bottou2018 import BOTTOU2018
from theory.bounds.parts.means import ETA
from theory.proofs.proof import Apply, Ref, rules
from theory.proofs.theorems.lemmas import K, gradient, product, steps, symbol
from theory.proofs.theorems.means import side
from theory.proofs.theorems.undelayed import STEP, undelayed_proof

CAP = BOTTOU2018.conditions[-1]


def mean() -> Apply:
    """2 eta_k - L eta_k^2 >= eta_k, as eta_k <= 1/L."""
    factors = (symbol(STEP, "L"), symbol(STEP, "eta", K), rules.square(STEP, gradient(K)))
    return rules.add(Ref("summed"), rules.total(product(STEP, side(CAP).fact(STEP), *factors), ("k",), *steps(K)))


PROOF = undelayed_proof(BOTTOU2018, ETA, "2 eta_k - L eta_k^2 >= eta_k, as L eta_k <= 1", mean())
