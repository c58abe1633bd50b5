r"""How curved the losses of clients are, and how fast their curvature changes: what the error of influence hangs on.

$\lambda I\preceq\nabla^2L\preceq\Lambda I$ for every client and point, and $\nabla^2L$ is $\rho$-Lipschitz. After a
step of size $\eta$ two points are apart by at most $\alpha=\max\{|1-\eta\lambda|,|1-\eta\Lambda|\}$ times their
distance, after the m steps of a round by $\gamma=\alpha^m$.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Curvature:
    """lambda, Lambda and rho."""

    least: float
    largest: float
    lipschitz: float

    def contraction(self, step_size: float) -> float:
        r"""$\alpha$.

        >>> Curvature(0.0, 2.0, 1.0).contraction(1.5)
        2.0
        """
        return max(abs(1 - step_size * self.least), abs(1 - step_size * self.largest))
