r"""The pattern that methods with incomplete information share: a perturbed read, and a virtual sequence of plain SGD.

A method reads its gradient at a point z_k, or at a point z_k^i for each of its workers, and there is a sequence x_k,
which need be no point of the method, that moves by a plain step: x_{k+1} = x_k - eta_k (a_k + e_k). a_k is the mean of
the workers' gradients, e_k that of their noises, of mean zero given all before it, E|e_k|^2 <= v; and
E|g_k - a_k|^2 <= L^2 P_k, g_k = grad F(x_k), where P_k is the mean over the workers of E|z_k^i - x_k|^2: F is L-smooth,
or each worker's f_i, if they read apart.

Lemma. For all steps eta_k >= 0,
    sum eta_k E|g_k|^2 + sum eta_k (1 - L eta_k) E|a_k|^2 <= 2 Delta + L v sum eta_k^2 + L^2 sum eta_k P_k.
Proof.
1. Descent lemma, and e_k is orthogonal to g_k and a_k:
   E F(x_k) - E F(x_{k+1}) >= eta_k E<g_k, a_k> - (L/2) eta_k^2 (E|a_k|^2 + v).
2. 2<a, b> = |a|^2 + |b|^2 - |a - b|^2 with E|g_k - a_k|^2 <= L^2 P_k. Sum over k; F(x_T) >= inf F.

From it two means, where L eta_k <= 1: that of E|g_k|^2 with the weights eta_k, if the virtual points are what a method
is asked for, and that of E|a_k|^2 with eta_k (1 - L eta_k), if the points are that were read. What a method is told
apart by is sum eta_k P_k, its `spread`: staleness G^2 sum eta_k H_k^2 (`weighted-delays`), what compression leaves
(`ef-topk`), how far groups of workers are apart (`group-averaging`). In the bounds on delayed SGD of
theory/bounds/parts/means.py P_k contains the gradients themselves, which are then taken to the left.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import DELTA, ETA, SIGMA, L
from theory.formulas.formula import Formula, Previous, total

#: The weights of the points that were read.
OF_READS = ETA * (1 - L * ETA)
#: What is kept from step to step fades against steps that do not grow.
FALLING = Condition(
    "the steps do not increase",
    "the step is longer than the one before",
    ETA,
    Relation.AT_MOST,
    Previous(ETA),
    "eta",
    "use steps that fall or stay as they are",
    index="k",
    since=1,
)


@dataclass(frozen=True, eq=False)
class Perturbed:
    """A method of the pattern.

    Args:
        spread: what sum_k eta_k P_k is at most. variance: v, that of the noise of one step.
    """

    spread: Formula
    variance: Formula = SIGMA**2

    @property
    def above(self) -> Formula:
        """The right side of the lemma."""
        return 2 * DELTA + L * self.variance * total(ETA**2) + L**2 * self.spread

    @property
    def of_virtual_points(self) -> Formula:
        """What the mean of E|grad F|^2 at the virtual points is at most."""
        return self.above / total(ETA)

    @property
    def of_reads(self) -> Formula:
        """What the mean of E|grad F|^2 at the points that were read is at most."""
        return self.above / total(OF_READS)
