"""Theorem A_B with the price of overtaking, replayed: Theorem A_B from another way since the read."""

from __future__ import annotations

from theory.bounds.theorem_ab_overtaking import THEOREM_AB_OVERTAKING
from theory.proofs.theorems.overtaking import TURNED
from theory.proofs.theorems.theorem_ab import proof

PROOF = proof(THEOREM_AB_OVERTAKING, TURNED)
