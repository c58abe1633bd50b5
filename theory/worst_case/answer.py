"""A worst case as far as it is known: from above, from below, and with the library beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.bounds import REGISTRY
from theory.bounds.judging.judge import Judgement, judge
from theory.common.shown import Shown
from theory.worst_case.asking import Asked
from theory.worst_case.question import Measure
from theory.worst_case.solution import Solution, Status

if TYPE_CHECKING:
    from theory.worst_case.certificate.certify import Certificate
    from theory.worst_case.traces.patterns import PatternResult
    from theory.worst_case.witness.check import Witness

#: Why a bound that assumes coherence is not set beside a worst case without it.
UNASSUMED = "{} {} a gradient coherence that this worst case does not; give --coherence MU."


@dataclass(frozen=True, eq=False, repr=False)
class WorstCase(Shown):
    """A worst case: from above by a solver or a certificate, from below by a replayed function.

    Args:
        asked: the question; solution: the solver's answer.
        certificate: that passed its check, or None; refusal: why there is none although it was asked for.
        witness: the worst function, or None; lower: what the simulator measured on it, or None.
        judgements: the bounds of the library at the same steps, delays and constants, but for `unassumed`.
        seconds: the time for all of it; files: what was written, by kind; sought: whether a witness was asked for.
        pattern: how the delays were found, where the worst trace was asked for.
    """

    asked: Asked
    solution: Solution
    certificate: Certificate | None
    refusal: str | None
    witness: Witness | None
    lower: float | None
    judgements: tuple[Judgement, ...]
    seconds: float = 0.0
    files: Mapping[str, Path] = field(default_factory=dict)
    sought: bool = True
    pattern: PatternResult | None = None

    def __repr__(self) -> str:
        """Short, for notebooks: the interval, and whether its upper end is certified."""
        ends = " .. ".join("?" if end is None else f"{end:.6g}" for end in (self.lower, self.upper))
        return f"WorstCase({ends}, {'not ' if self.certificate is None else ''}certified)"

    @property
    def upper(self) -> float | None:
        """The certified upper value, rounded up; without a certificate the solver's."""
        if self.certificate is not None:
            return self.certificate.upper_float
        return self.solution.value if self.solution.status is Status.SOLVED else None

    @property
    def unassumed(self) -> tuple[str, ...]:
        """The bounds that assume a gradient coherence that this worst case does not: they are about fewer functions."""
        told = {judged.bound.name for judged in self.judgements}
        return tuple(name for name, bound in REGISTRY.items() if told and bound.needs_coherence and name not in told)

    @property
    def exit_status(self) -> int:
        """The exit status of the command: 0 with a value from above, 3 without."""
        return 3 if self.upper is None else 0

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        question = self.asked.question
        return {
            "value": self.solution.value,
            "status": str(self.solution.status),
            "certified": self.certificate is not None,
            "upper": self.upper,
            "lower": self.lower,
            "iterates": question.covered,
            "seconds": self.seconds,
            "schedule": self.asked.rule.text,
            "staleness": question.staleness.window,
            "steps": question.steps,
            "delays": self.asked.delays.text,
            "method": self.asked.method.text,
            "measure": str(question.measure),
            "coherence": question.coherence,
            "constants": dict(self.asked.constants),
            "pairs": len(self.solution.pairs),
            "exhaustive": self.solution.exhaustive,
            "exact": self.solution.exact,
            "refusal": self.refusal,
            "bounds": dict.fromkeys(self.unassumed) | {judged.bound.name: judged.value for judged in self.judgements},
            "outside_domain": {name: UNASSUMED.format(name, "assumes") for name in self.unassumed}
            | {judged.bound.name: judged.failures[0].sentence() for judged in self.judgements if judged.failures},
            "files": {kind: str(path) for kind, path in self.files.items()},
            "pattern": None if self.pattern is None else self.pattern.to_dict(),
        }


def judged(asked: Asked) -> tuple[Judgement, ...]:
    """The bounds that are about the same functions, at the same run."""
    if asked.question.measure is not Measure.MINIMUM or asked.question.rule is not None:
        return ()
    coherent = asked.constants.get("mu", np.inf) <= (asked.question.coherence or 0.0)
    return judge(asked.setting, [name for name, bound in REGISTRY.items() if coherent or not bound.needs_coherence])
