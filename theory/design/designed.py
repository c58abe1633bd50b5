"""A design with what is known of it: certified worst cases, and the user's own schedule beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from theory.common.shown import Shown
from theory.common.types import Stages
from theory.common.waiting import part
from theory.design.best import Design, Rated
from theory.schedules.schedule import GivenSchedule, parse_schedule
from theory.worst_case.certificate.certify import certified
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.descent import without_zero_steps


@dataclass(frozen=True, eq=False, repr=False)
class Designed(Shown):
    """A design, certified or not, with the user's own schedule if there is one.

    Args:
        design: the steps and the usual schedules beside them.
        own: the user's schedule rated in the same way, or None.
        upper: certified upper values of the worst case by name ("design" and the baselines); empty if not asked for.
        refusals: why a name has no certified value.
        seconds: for all of it; files: what was written, by kind.
    """

    design: Design
    own: Rated | None
    upper: Mapping[str, float] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    files: Mapping[str, Path] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Short, for notebooks: what the steps are for, their value, and that of Theorem 1's schedule."""
        values = (self.design.chosen.value, self.design.baselines["theorem-1"].value)
        value, baseline = ("?" if each is None else f"{each:.6g}" for each in values)
        return f"Designed({self.design.target}, T={self.design.brief.steps}, {value} against {baseline} of theorem-1)"

    @property
    def rated(self) -> dict[str, Rated]:
        """The design, the user's own steps, and the baselines, by name."""
        own = {} if self.own is None else {"yours": self.own}
        return {"design": self.design.chosen, **own, **self.design.baselines}

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints; `baseline` is Theorem 1's schedule by the same measure."""
        design = self.design
        return {
            "step_sizes": design.step_sizes.tolist(),
            "value": design.chosen.value,
            "baseline": design.baselines["theorem-1"].value,
            "certified": "design" in self.upper,
            "target": str(design.target),
            "staleness": design.brief.staleness.window,
            "steps": design.brief.steps,
            "constants": design.brief.constants,
            "schedules": {
                name: {"title": each.title, "value": each.value, "worst_case": each.worst_case_value}
                for name, each in self.rated.items()
            },
            "upper": dict(self.upper),
            "refusals": dict(self.refusals),
            "reason": list(design.reason),
            "seconds": self.seconds,
            "files": {kind: str(path) for kind, path in self.files.items()},
        }


def completed(
    found: Design, schedule: GivenSchedule | None, *, certify: bool, progress: Stages | None = None
) -> Designed:
    """A design with the user's own schedule beside it, and with certificates where they are asked for."""
    own = None if schedule is None else _rated(found, schedule, part(progress, 0.0, 0.3))
    answer, tried = Designed(found, own), {}
    for number, (name, each) in enumerate(answer.rated.items() if certify else (), 1):
        tried[name] = certified(each.worst_case)
        if progress:
            progress(number, len(answer.rated) + 1, f"certificate of {name}")
    upper = {name: certificate.upper_float for name, (certificate, _) in tried.items() if certificate}
    return replace(answer, upper=upper, refusals={name: refusal for name, (_, refusal) in tried.items() if refusal})


def _rated(found: Design, schedule: GivenSchedule, progress: Stages | None) -> Rated:
    """The user's schedule, judged like the design."""
    run = found.brief
    rule = parse_schedule(schedule, run.delays.size)
    steps = run.scheduled(rule).step_sizes
    bound = found.target.bound
    question = without_zero_steps(run.question(steps, coherent=str(found.target) == "theorem-1"))
    solution = worst_case(question, progress=progress)
    rated = Rated(rule.text, np.asarray(steps), None, solution)
    value = rated.worst_case_value if bound is None else bound.assess(run.setting(steps))[0]
    return Rated(rule.text, np.asarray(steps), value, solution)
