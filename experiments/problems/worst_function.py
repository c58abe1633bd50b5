r"""The function that makes a schedule slow, as an objective: the largest interpolant of a witness.

L and Delta are exact. F lies below each parabola p_i of `theory.worst_case.witness.check` and above min_i inf p_i, so
inf F = min_i (f_i - |g_i|^2/2L), and its curvature is L around the point where that is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from experiments.common.arrays import digest_of, read_only
from experiments.common.constants import Constant, Known
from experiments.problems.noise import GaussianNoiseProblem
from theory.common.errors import ProblemError
from theory.common.types import Vector
from theory.worst_case.witness.check import Witness
from theory.worst_case.witness.interpolation import Interpolant

DEFAULT_SCHEDULE, DEFAULT_STALENESS, DEFAULT_STEPS = "0.5/(s*L)", 4, 12


@dataclass(frozen=True, eq=False)
class WorstFunction(GaussianNoiseProblem):
    """A witness as an objective; Gaussian noise may be added to its gradient.

    Args:
        name: the spelling.
        initial_point: float64 (r,), 0.
        noise: sqrt(E|e|^2) at a batch of 1; 0 for the replay.
        witness: steps, delays, gradients and values; checked beforehand.

    Example:
        >>> import numpy as np
        >>> from fractions import Fraction
        >>> from theory.worst_case.question import Question
        >>> one = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
        >>> F = worst_function(one)
        >>> F.loss(F.initial_point), F.full_gradient(F.initial_point), F.constants(1)["Delta"].value
        (0.5, array([1.]), 0.5)
    """

    witness: Witness
    function: Interpolant

    @property
    def curvature(self) -> float:
        return self.witness.question.smoothness

    @property
    def digest(self) -> str:
        parts = (self.function.points, self.function.gradients, self.function.values)
        return digest_of(*parts, text=f"worst-function L={self.curvature!r} noise={self.noise!r}")

    def constants(self, batch: int) -> Mapping[str, Constant]:
        function = self.function
        lowest = function.values - (function.gradients**2).sum(axis=1) / (2 * function.smoothness)
        gap = float(function.values[0] - lowest.min())
        return {
            "L": Constant(self.curvature, Known.EXACT, "the function is built with this smoothness"),
            "Delta": Constant(gap, Known.EXACT, "F(x_0) - inf F, as inf F = min_i (f_i - |g_i|^2/2L)"),
            "sigma": self.sigma(batch),
        }

    def loss(self, x: Vector) -> float:
        return self.function.value(x)

    def full_gradient(self, x: Vector) -> Vector:
        return self.function.gradient(x)


def worst_function(witness: Witness, noise: float = 0.0, name: str = "worst-function") -> WorstFunction:
    """The objective of a witness that has been checked."""
    function = Interpolant(
        read_only(witness.points),
        read_only(witness.gradients),
        read_only(witness.function_values),
        witness.question.smoothness,
    )
    return WorstFunction(name, read_only([0.0] * witness.dimension), float(noise), witness, function)


def named(options: Mapping[str, object], name: str) -> WorstFunction:
    """The objective of a witness file, or without one that of a schedule, found on the spot.

    Args:
        options: file, schedule, staleness, steps, noise.
        name: the spelling.

    Raises:
        ProblemError: no witness for the schedule; StoreError, CertificateError: a file that is none, or proves nothing.
    """
    file, noise = str(options["file"]), float(str(options["noise"]))
    if file:
        from theory.worst_case.witness.file import read

        return worst_function(read(file), noise, name)
    schedule, staleness, steps = (options[key] for key in ("schedule", "staleness", "steps"))
    return worst_function(_found(str(schedule), int(str(staleness)), int(str(steps))), noise, name)


@lru_cache(maxsize=16)
def _found(schedule: str, staleness: int, steps: int) -> Witness:
    """The witness of a schedule at L = Delta = 1 and the constant delay."""
    from theory.worst_case.asking import ask
    from theory.worst_case.solve import worst_case
    from theory.worst_case.witness.find import witness

    found = witness(worst_case(ask(schedule, staleness=staleness, steps=steps).question))
    if found is None:
        raise ProblemError(
            f"No worst function was found for {schedule} at s = {staleness}, T = {steps}. Try fewer steps, or give a "
            "witness file: worst-function:file=PATH."
        )
    return found
