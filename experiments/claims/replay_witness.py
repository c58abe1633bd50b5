"""A witness played through the simulator: what the run measures is the lower end of the worst case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.problems.worst_function import worst_function
from experiments.simulate.delayed import simulate
from experiments.simulate.trajectories import Trajectories
from theory.common.errors import CertificateError
from theory.common.types import Progress, Vector
from theory.worst_case.question import Measure
from theory.worst_case.witness.check import Witness

TOLERANCE = 1e-9  # of L Delta and of the gradient itself, by which the run may differ from the exact gradients


@dataclass(frozen=True, eq=False)
class Replay:
    """A run of delayed gradient descent on the function of a witness.

    Args:
        witness: what was played.
        run: as simulated, one seed, every point recorded.
        gradient_norms: float64 (T+1,), |grad F(x_k)|^2 as measured.
        difference: the largest distance of these from the exact ones, in units of L Delta.
    """

    witness: Witness
    run: Trajectories
    gradient_norms: Vector
    difference: float

    @property
    def measured(self) -> float:
        """What the run shows: the least |grad F(x_k)|^2, or the mean weighted by the steps."""
        question = self.witness.question
        if question.measure is Measure.MINIMUM:
            return float(self.gradient_norms.min())
        return float(question.step_sizes @ self.gradient_norms[:-1] / question.step_sizes.sum())

    @property
    def lower(self) -> float:
        """The measured value, but never more than the exact one: the worst case is at least this."""
        return min(self.measured, self.witness.lower)


def replay(witness: Witness, *, progress: Progress | None = None) -> Replay:
    """Run the schedule and the delays of a witness on its function, and compare with what was proved.

    Args:
        witness: one that has been checked.
        progress: called with (steps done, all steps).

    Raises:
        CertificateError: the run does not have the gradients that the witness states, to 1e-9.

    Example:
        >>> from fractions import Fraction
        >>> from theory.worst_case.question import Question
        >>> one = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
        >>> replay(one).lower
        0.25
    """
    question = witness.question
    run = simulate(
        worst_function(witness),
        question.step_sizes if question.rule is None else question.rule,
        question.delays,
        seeds=[0],
        batch=1,
        window=question.staleness.window,
        coherence=question.coherence is not None,
        engine="black-box",
        progress=progress,
    )
    exact = np.einsum("ij,ij->i", witness.gradients, witness.gradients)
    measured = run.gradient_norm_squared[0]
    difference = np.abs(measured - exact)
    if not (difference <= TOLERANCE * (question.scale + exact)).all():
        k = int(np.argmax(difference))
        raise CertificateError(
            f"The replayed run leaves the witness: |grad F(x_{k})|^2 is {measured[k]:.12g}, and {exact[k]:.12g} in the "
            "witness. The run is too sensitive to rounding to be shown; the witness itself stands."
        )
    return Replay(witness, run, measured, float(difference.max() / question.scale))
