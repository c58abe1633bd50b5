"""The worst function of one schedule: the solver's value, the certified one, and the function as its witness file."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from experiments.studies.values import Values, of_scale
from experiments.studies.worst_cases.growth import ASSUMED_COHERENCE
from theory.common.errors import CertificateError, EnvironmentFailure


@dataclass(frozen=True)
class WorstFunctionCell:
    """A function on which a schedule is as slow as it can be, at the constant delay, L = Delta = 1, sigma = 0.

    Args:
        schedule: by its spelling, with mu = 1/2 where it contains mu.
        staleness: s; steps: T; seconds: how long to look for the function.
    """

    schedule: str
    staleness: int
    steps: int
    seconds: float = 20.0
    kind: ClassVar[str] = "worst-function"

    @property
    def name(self) -> str:
        return f"worst-function-{self.schedule}-s{self.staleness}-T{self.steps}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 500 * self.steps

    def compute(self) -> Values:
        """The value from above and from below, and the lines of the witness file."""
        from experiments.claims.replay_witness import replay
        from theory.worst_case.asking import ask
        from theory.worst_case.certificate.certify import certify
        from theory.worst_case.certificate.verify import verify
        from theory.worst_case.solve import worst_case
        from theory.worst_case.witness.file import dumps
        from theory.worst_case.witness.find import witness

        constants = {"mu": ASSUMED_COHERENCE, "sigma": 0.0}
        asked = ask(self.schedule, staleness=self.staleness, steps=self.steps, constants=constants)
        solution = worst_case(asked.question)
        found = witness(solution, seconds=self.seconds)
        if found is None:
            raise EnvironmentFailure("No worst function was found in time. Allow more seconds, or take fewer steps.")
        try:
            certificate = certify(solution)
            verify(certificate.text)
            certified = certificate.upper_float
        except CertificateError:
            certified = None
        return {
            "value": solution.value,
            "certified": certified,
            "lower": found.lower,
            "replayed": replay(found).lower,
            "witness": dumps(found).splitlines(),
        }


def witness_text(values: Values) -> str:
    """The witness file that was stored; `gradlag verify` reads it."""
    return "".join(f"{line}\n" for line in values["witness"])


_STEPS = MappingProxyType({"quick": 100, "lesson": 100, "paper": 200})


def worst_function_cells(scale: str) -> tuple[WorstFunctionCell, ...]:
    """Theorem 1's steps at s = 4."""
    return (WorstFunctionCell("theorem-1", 4, of_scale(_STEPS, scale, "worst-function")),)
