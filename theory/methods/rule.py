"""What every method comes to at given steps and delays: a linear rule, the same for engines and worst cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from theory.common.errors import InputError
from theory.common.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class LinearRule:
    r"""Points that are linear in the gradients: updates k = 0..T-1 of

    $x_{k+1}=x_k-\sum_iw_{k,i}\,\gamma_{k-i}+\sum_{j=1}^Mm_j\,(x_{k+1-j}-x_{k-j})$

    with $\gamma_k$ the gradient that arrives at update k, and $x_j=x_0$ for j < 0. What would have arrived before
    update 0 does not exist: w is zero there.

    Args:
        gradient_weights: w, float64 (T, A), A >= 1, in units of length over gradient.
        move_weights: m, float64 (M,), M >= 0, plain numbers.

    Raises:
        InputError: another shape, a weight that is not finite, or one of a gradient before the first.

    >>> rule = LinearRule([[0.5], [0.5]], [0.9])
    >>> rule.updates, rule.gradients, rule.moves
    (2, 1, 1)
    """

    gradient_weights: Floats
    move_weights: Floats

    def __init__(self, gradient_weights: ArrayLike, move_weights: ArrayLike) -> None:
        gradients = np.array(gradient_weights, dtype=np.float64, order="C") + 0.0  # no minus zero
        moves = np.array(move_weights, dtype=np.float64)
        if gradients.ndim != 2 or not gradients.size or moves.ndim != 1:
            raise InputError(
                "A linear rule needs gradient weights of shape (T, A), T and A at least 1, and move weights of shape "
                f"(M,). Got {gradients.shape} and {moves.shape}."
            )
        if not (np.isfinite(gradients).all() and np.isfinite(moves).all()):
            raise InputError("The weights of a linear rule must be finite numbers. Got one that is not.")
        early = gradients[: gradients.shape[1]]
        if np.triu(early, 1).any():
            raise InputError("A linear rule cannot weigh a gradient that would have arrived before update 0. Got one.")
        for name, values in (("gradient_weights", gradients), ("move_weights", moves)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def scaled(self, factor: float) -> LinearRule:
        """The same rule with gradient weights times a positive factor."""
        return LinearRule(self.gradient_weights * factor, self.move_weights)

    def first(self, updates: int) -> LinearRule:
        """The first updates of the rule."""
        return LinearRule(self.gradient_weights[:updates], self.move_weights)

    def moves_of(self, read_points: Ints) -> Floats:
        """The moves x_k - x_{k+1} as combinations of the gradients g_0..g_{T-1} of the points: float64 (T, T).

        Args:
            read_points: tau_k, the point whose gradient arrives at update k; int64 (T,).

        >>> LinearRule([[0.5], [0.5]], [0.5]).moves_of(np.array([0, 0]))
        array([[0.5 , 0.  ],
               [0.75, 0.  ]])
        """
        moves = np.zeros((self.updates, self.updates))
        for k in range(self.updates):
            arrived = read_points[max(0, k + 1 - self.gradients) : k + 1][::-1]
            np.add.at(moves[k], arrived, self.gradient_weights[k, : arrived.size])
            before = moves[max(0, k - self.moves) : k][::-1]
            moves[k] += self.move_weights[: len(before)] @ before
        return moves

    @property
    def updates(self) -> int:
        """T."""
        return int(self.gradient_weights.shape[0])

    @property
    def gradients(self) -> int:
        """A: how many arrivals an update may weigh."""
        return int(self.gradient_weights.shape[1])

    @property
    def moves(self) -> int:
        """M: how many past moves an update repeats or takes back."""
        return int(self.move_weights.size)
