"""The bound of Lian, Huang, Li and Liu (2015), replayed."""

from __future__ import annotations

from theory.bounds.lian2015 import LIAN2015
from theory.proofs.proof import Apply, rules
from theory.proofs.theorems.lemmas import I, K, product, symbol
from theory.proofs.theorems.means import ANY, mean_proof, over_readers, side, weight_step


def weight() -> Apply:
    """c_k is at most what the condition bounds."""
    reader = ANY.reader
    shorter = product(reader, rules.window_count(reader, I), symbol(reader, "eta", I), symbol(reader, "eta", K), 2)
    return rules.add(
        side(LIAN2015.conditions[-1]).fact(ANY.step),
        over_readers(product(reader, shorter, symbol(reader, "L", power=2))),
    )


PROOF = mean_proof(LIAN2015, ANY, (weight_step(ANY, "d_i <= s - 1, and the condition on the steps", weight()),))
