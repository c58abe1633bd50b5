"""What a solver gives: the value, the multipliers that bound it from above, and the gradients that attain it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from theory.common.types import Floats, Ints
from theory.worst_case.question import Question

#: A pair that is broken by less counts as kept, in units of Delta.
BROKEN = 1e-6


class Status(StrEnum):
    """How a solver ended. Only `SOLVED` gives a value to be shown."""

    SOLVED = "solved"
    INACCURATE = "inaccurate"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Multipliers:
    r"""A weak-duality argument for a normalised question (L = Delta = 1), in floats.

    With them, sum_k measure_k |g_k|^2 <= gap + variance * sum_k noise_k - <S, G>, S the matrix that the inequalities
    leave over, which is to be positive semidefinite. The f's cancel: for each k
        sum_j pair_{kj} - sum_j pair_{jk} + floor_k = gap [k = 0],
    so that sum_k floor_k = gap.

    Args:
        pairs: int64 (P, 2); pair: float64 (P,) >= 0, of f_i >= f_j + ...
        floor: float64 (T+1,) >= 0, of f_k - |g_k|^2/2 >= inf F.
        gap: of f_0 - inf F <= 1.
        measure: float64 (T+1,) >= 0; for the minimum the multipliers of |g_k|^2 >= t, for the mean the weights.
        coherent: int64 (C, 2); coherence: float64 (C,) >= 0, of <g_k, g_t> >= mu |g_k|^2.
        noise: float64 (T,) >= 0, of E|e_k|^2 <= sigma^2; all 0 without noise.
        orthogonal: int64 (Q, 2), pairs (k, node) of noise e_k with a node it is orthogonal to (a gradient g_i, i <= k,
            as node i; a noise e_l, l < k, as node T + 1 + l); free: float64 (Q,), of any sign, entry of S there.
    """

    pairs: Ints
    pair: Floats
    floor: Floats
    gap: float
    measure: Floats
    coherent: Ints
    coherence: Floats
    noise: Floats
    orthogonal: Ints
    free: Floats

    def bound(self, variance: float) -> float:
        """The upper bound that they give if S is positive semidefinite, in units of L Delta."""
        return (self.gap + variance * float(self.noise.sum())) / float(self.measure.sum())


@dataclass(frozen=True, eq=False)
class Gram:
    """The inner products of the worst case on overlapping windows of nodes, each PSD but for rounding.

    Args:
        windows: for each window the nodes in it, increasing in birth, and their Gram matrix (in units of L Delta).
    """

    windows: tuple[tuple[Ints, Floats], ...]


@dataclass(frozen=True, eq=False)
class Solution:
    """The answer of a solver to a question.

    Args:
        question: as asked, not normalised.
        pairs: int64 (P, 2), the interpolation pairs that were used.
        exhaustive: whether these are all pairs, so that the value is exact and not only an upper bound.
        value: the largest measure, in the units of the question; NaN unless solved.
        status: how the solver ended.
        multipliers: of the normalised question; None where it failed.
        gram: inner products of the normalised question; None where it failed.
        function_values: float64 (T+1,), f_k - inf F in units of Delta.
        gap: relative difference of the primal and the dual value.
        solver: its name and version; seconds: its time.
        violation: by how much the pairs that were not used are broken at most, in units of Delta; NaN if not looked at.
    """

    question: Question
    pairs: Ints
    exhaustive: bool
    value: float
    status: Status
    multipliers: Multipliers | None
    gram: Gram | None
    function_values: Floats
    gap: float
    solver: str
    seconds: float
    violation: float = float("nan")

    @property
    def exact(self) -> bool:
        """Whether the value is that of all pairs: they were used, or those that were not hold all the same."""
        return self.status is Status.SOLVED and (self.exhaustive or self.violation <= BROKEN)
