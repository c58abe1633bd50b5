r"""What recall can be predicted, and what is certain of it without any independence.

Lemma (gradlag's own). Draw a detection of class X at random; c is the centre of its cluster, and the query asks the
exact classifier always (Skip_th = 1). Let A be the event that the index lists the cluster of c under the label of c's
own class, B that c's class is X; p = P(A), q = P(B). Then the recall R, the probability that the detection is returned,
satisfies

    R = P(A and B) = p q + cov(1_A, 1_B),        max(0, p + q - 1) <= R <= min(p, q),

so R = p q if and only if A and B are uncorrelated, and |R - p q| <= sqrt(p (1 - p) q (1 - q)) always. With Skip_th < 1
recall is not smaller.

Proof. 1. The detection is returned if and only if its cluster is listed under the label of X and the exact classifier
   finds X at its centre: the second is B, and given B the label of X is that of c's own class, so that the first is A.
2. For indicators E[1_A 1_B] = E[1_A] E[1_B] + cov(1_A, 1_B): that is what covariance means; for two indicators
   uncorrelated is independent. Cauchy and Schwarz bound it by the root of p (1 - p) q (1 - q).
3. A and B lies in A and in B, and 1_A + 1_B - 1_{A and B} <= 1; expectations give both ends (Frechet).
4. A smaller Skip_th takes clusters that would have been asked about, and gives up none: what is sure was listed.

What independence says: given X, that the cheap classifier covers the class of a centre must not depend on whether that
is the class of the member. It fails where objects that are hard to name are hard to cluster too.

From this recall grows with K: A for K is part of A for K + 1, and B does not know K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.systems.focus.detections import Detections, known_labels
from experiments.systems.focus.index import Index
from theory.common.types import Vector
from theory.formulas.formula import Environment, Formula, Name, call

COVERED, PURE = Name("covered", "p"), Name("pure", "q")
PREDICTED: Formula = COVERED * PURE
LEAST: Formula = call("max", 0, COVERED + PURE - 1)
MOST: Formula = call("min", COVERED, PURE)


@dataclass(frozen=True, eq=False)
class RecallParts:
    """Of each class that is queried, over its detections.

    Args:
        covered: p (Q,), the share whose centre's own class is listed; pure: q (Q,), that whose centre has their class.
        both: (Q,), the share with both: the recall in detections of queries that always ask.
    """

    covered: Vector
    pure: Vector
    both: Vector

    def value(self, formula: Formula) -> Vector:
        """One of the formulas of this file, (Q,)."""
        found: Vector = formula.evaluate(Environment({"covered": self.covered, "pure": self.pure}))
        return found


def recall_parts(index: Index, detections: Detections, queried: Sequence[int]) -> RecallParts:
    """The two events of the lemma, counted; a class without detections has missed none."""
    centres = index.clusters.centres
    named = known_labels(detections.classes[centres], index.specialised)
    covered = (index.labels == named[:, None]).any(axis=1)[index.clusters.of]
    pure = detections.classes[centres][index.clusters.of] == detections.classes
    rows = [detections.classes == wanted for wanted in queried]

    def shares(event: Vector) -> Vector:
        return np.array([event[mine].mean() if mine.any() else 1.0 for mine in rows])

    return RecallParts(shares(covered), shares(pure), shares(covered & pure))
