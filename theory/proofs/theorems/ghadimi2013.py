"""The bound of Ghadimi and Lan (2013), replayed."""

from __future__ import annotations

from theory.bounds.ghadimi2013 import GHADIMI2013, WEIGHTS
from theory.formulas.formula import formula
from theory.proofs.proof import Claim, Ref, Step, rules
from theory.proofs.theorems.lemmas import K, product, symbol
from theory.proofs.theorems.means import side
from theory.proofs.theorems.undelayed import STEP, undelayed_proof

CAP = side(GHADIMI2013.conditions[-1]).fact(STEP)
WEIGHED = Step(
    "weights",
    "No weight is negative",
    "eta_k <= 2/L",
    Claim(WEIGHTS, formula(0)),
    rules.add(product(STEP, CAP, symbol(STEP, "L"), symbol(STEP, "eta", K))),
)
PROOF = undelayed_proof(
    GHADIMI2013, WEIGHTS, "the sum itself, over its weights", rules.add(Ref("summed")), WEIGHED, positive=Ref("weights")
)
