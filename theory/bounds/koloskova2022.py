r"""Asynchronous SGD with one constant step: concurrency times the largest delay, under a root.

n_k is the number of gradients in flight while step k is applied (steps i with k in W_i); tau_max = s - 1.

Proof. The argument of bounds/parts/means.py with a constant step eta, 2 L eta <= 1 and 4 L^2 (s-1) eta^2 n_k <= 1.
1. c_k = L eta + 2 L^2 eta^2 sum_{i: k in W_i} d_i <= L eta + 2 L^2 eta^2 (s - 1) n_k <= 1/2 + 1/2.
2. n_k <= s - 1, so (2 L eta n_k)^2 <= 1, hence 2 L eta n_k <= 1 and the noise is at most 2 L sigma^2 sum eta^2.

So eta = 1/(2 L max{1, sqrt(n tau_max)}) is allowed, n the largest n_k: as published, with explicit numbers, in which
L and Delta are no longer hidden: 8 max{1, sqrt(n tau_max)} L Delta/eps and 16 L Delta sigma^2/eps^2 steps, whichever
is more, suffice for a mean of eps.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import DELTA, ETA, IN_FLIGHT, SIGMA, STALE, WITHIN, L, S, at_most, mean, step_at_most
from theory.formulas.formula import Defined, Previous, total

CONSTANT = Condition(
    "the step is constant",
    "the step differs from the one before",
    ETA,
    Relation.EQUALS,
    Previous(ETA),
    "eta",
    "use one constant step, or koloskova2022-adaptive or lian2015, which take any",
    index="k",
    since=1,
)
ROOT = at_most(
    Defined("a", 4 * L**2 * (S - 1) * ETA**2 * IN_FLIGHT),
    1,
    "a_k = 4 L^2 (s - 1) eta^2 (number of gradients in flight) is at most 1",
    "a",
)
CAP = step_at_most(1 / (2 * L), "1/(2 L)")

KOLOSKOVA2022 = Bound(
    name="koloskova2022",
    title="Asynchronous SGD with one constant step, through concurrency and largest delay",
    summary="Stale SGD with one constant step: the root of the largest delay times the number of gradients in flight.",
    assumptions=STALE,
    conditions=(*WITHIN, CONSTANT, CAP, ROOT),
    value=mean(2 * DELTA + 2 * L * SIGMA**2 * total(ETA**2)),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Koloskova, Stich, Jaggi",
        2022,
        "Sharper Convergence Guarantees for Asynchronous SGD for Distributed and Federated Learning",
        "NeurIPS 2022, arXiv 2206.08307",
        "Theorem 6; its numbers derived in theory/bounds/koloskova2022.py",
    ),
    example="1/(2*L*s)",
)
