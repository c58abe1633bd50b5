"""The worst function of one schedule: the solver's value, the certified one, and the function as its witness file."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from experiments.studies.study import ASSUMED_COHERENCE
from experiments.sweep.json_store import Values
from theory.common.errors import EnvironmentFailure

if TYPE_CHECKING:
    from theory.worst_case.solution import Solution


@dataclass(frozen=True)
class WitnessCell:
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
        from theory.worst_case.solve import worst_case
        from theory.worst_case.witness.file import dumps
        from theory.worst_case.witness.find import witness

        constants = {"mu": ASSUMED_COHERENCE, "sigma": 0.0}
        asked = ask(self.schedule, staleness=self.staleness, steps=self.steps, constants=constants)
        solution = worst_case(asked.question)
        found = witness(solution, seconds=self.seconds)
        if found is None:
            raise EnvironmentFailure("No worst function was found in time. Allow more seconds, or take fewer steps.")
        return {
            "value": solution.value,
            "certified": certified_upper(solution),
            "lower": found.lower,
            "replayed": replay(found).lower,
            "witness": dumps(found).splitlines(),
        }


def certified_upper(solution: Solution | None) -> float | None:
    """A value from above that holds in exact arithmetic, checked by the verifier; None where there is none."""
    from theory.worst_case.certificate.certify import certified

    certificate, _ = certified(solution)
    return None if certificate is None else certificate.upper_float


def witness_text(values: Values) -> str:
    """The witness file that was stored; `gradlag verify` reads it."""
    return "".join(f"{line}\n" for line in values["witness"])


_STEPS = MappingProxyType({"quick": 100, "lesson": 100, "paper": 200})


def witness_cells(scale: str) -> tuple[WitnessCell, ...]:
    """Theorem 1's steps at s = 4."""
    return (WitnessCell("theorem-1", 4, _STEPS[scale]),)
