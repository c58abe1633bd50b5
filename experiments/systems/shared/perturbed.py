r"""The pattern that the related systems share, as runs show it: a read point, a virtual sequence, and their distance.

The virtual sequence moves by the mean gradient, \tilde x_{t+1} = \tilde x_t - eta_t (1/P) sum_p g_t^p, whereas the
gradients are read at x_t (`theory/bounds/perturbed.py` has the lemma that needs no more than this).
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.common.types import Ints, Matrix, Vector


@dataclass(frozen=True, eq=False)
class Perturbed:
    """What runs of a method show of the pattern.

    Args:
        times: int64 (R,), iterations at which the gradient of F was measured, t = 0 and T among them.
        gradient_norm_squared: float64 (S, R), |grad F|^2 at the points that are read there.
        distance_squared: float64 (S, T + 1), from the read point to the virtual one, the mean over the workers where
            each reads at a point of its own; NaN after a divergence.
        second_moment: float64 (T,), the mean over seeds and workers of |g_t|^2.
    """

    times: Ints
    gradient_norm_squared: Matrix
    distance_squared: Matrix
    second_moment: Vector

    @property
    def mean_gradient(self) -> Vector:
        """float64 (S,), the mean over t < T of |grad F|^2 at the points that are read, by the measured times."""
        mean: Vector = self.gradient_norm_squared[:, self.times < self.times[-1]].mean(axis=1)
        return mean

    @property
    def gradient_bound(self) -> float:
        """G^2 as the runs show it: the largest over t of the mean square of the stochastic gradients."""
        return float(self.second_moment.max())

    @property
    def distance_bound(self) -> float:
        """The largest over t of the mean over seeds of the squared distance."""
        return float(self.distance_squared.mean(axis=0).max())
