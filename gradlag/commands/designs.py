"""The door to designs: the best step sizes for a bound or the worst case, beside the usual ones and the user's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import reporting
from gradlag.terminal.output import plain
from theory.common.errors import CertificateError
from theory.schedules.schedule import AnySchedule, parse_schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import delay_model, delay_trace, refuse_two_sources

if TYPE_CHECKING:
    from theory.design.best import Design, Rated

_FILES = ("design.txt", "design.json")


@dataclass(frozen=True, eq=False, repr=False)
class Designed:
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
    upper: Mapping[str, float]
    refusals: Mapping[str, str]
    seconds: float
    files: Mapping[str, Path]

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


def design(
    *,
    staleness: int,
    steps: int,
    target: str = "theorem-a",
    schedule: str | AnySchedule | None = None,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    mu: float | None = None,
    delays: str = "constant",
    delays_file: Path | str | None = None,
    seed: int = 0,
    certify: bool = True,
    out: Path | str | None = None,
    progress: bool = False,
) -> Designed:
    """The best step sizes for a staleness, a number of steps and a noise.

    Args:
        staleness: the theorem's s; steps: T.
        target: "theorem-a", "theorem-1" or "worst-case".
        schedule: your own schedule, to be set beside the design.
        smoothness: L; gap: Delta; variance: sigma^2; mu: of Theorem 1's schedule and sums, 1 by default.
        delays, delays_file, seed: as in `worst_case`.
        certify: certify the worst cases of the design, of Theorem 1's schedule, of the best constant step and of yours.
        out: a folder for the steps (design.txt, for --schedule @design.txt), the answer (JSON) and the picture.
        progress: show what is being done on stderr.

    Returns:
        The design with its reason, and every baseline judged by the same measures.

    Raises:
        InputError: anything that cannot be used, in one sentence.
    """
    from theory.design.best import design as designed

    began = perf_counter()
    folder = None if out is None else Path(out)
    for name in _FILES if folder else ():
        check_writable(folder / name)  # type: ignore[operator]
    window = Staleness(staleness)
    refuse_two_sources(delays, delays_file)
    trace = delay_trace(delay_model(delays, delays_file, steps, window), steps, seed)
    with reporting("design", quiet=not progress) as report:
        found = designed(
            window,
            steps,
            delays=trace,
            smoothness=smoothness,
            gap=gap,
            variance=variance,
            mu=mu,
            target=target,
            progress=lambda done, total, text: report(done, total) if total else None,
        )
        own = None if schedule is None else _rated(found, schedule)
        answer = Designed(found, own, {}, {}, 0.0, {})
        upper, refusals = _certified(answer.rated) if certify else ({}, {})
    answer = Designed(found, own, upper, refusals, perf_counter() - began, {})
    return answer if folder is None else _kept(answer, folder)


def _rated(found: Design, schedule: str | AnySchedule) -> Rated:
    """The user's schedule, judged like the design."""
    from theory.design.best import Rated
    from theory.worst_case.solve import worst_case
    from theory.worst_case.solvers.descent import without_zero_steps

    run, rule = found.brief, parse_schedule(schedule)
    steps = run.scheduled(rule).step_sizes
    bound = found.target.bound
    solution = worst_case(without_zero_steps(run.question(steps, coherent=str(found.target) == "theorem-1")))
    rated = Rated(rule.text, np.asarray(steps), None, solution)
    value = rated.worst_case_value if bound is None else bound.assess(run.setting(steps))[0]
    return Rated(rule.text, np.asarray(steps), value, solution)


def _certified(rated: Mapping[str, Rated]) -> tuple[dict[str, float], dict[str, str]]:
    from theory.worst_case.certificate.certify import certify
    from theory.worst_case.certificate.verify import verify

    upper: dict[str, float] = {}
    refusals: dict[str, str] = {}
    for name, each in rated.items():
        if each.worst_case is None or each.worst_case.multipliers is None:
            refusals[name] = "The solver gave no multipliers to make a certificate of."
            continue
        try:
            certificate = certify(each.worst_case)
            verify(certificate.text)
            upper[name] = certificate.upper_float
        except CertificateError as error:
            refusals[name] = str(error)
    return upper, refusals


def _kept(answer: Designed, folder: Path) -> Designed:
    from figures.draw.designs import designs_picture
    from figures.style import style

    picture = style.save(designs_picture([{answer.design.target: answer.design}]), folder, "design")[0]
    files = {"steps": answer.design.save(folder / "design.txt"), "picture": picture}
    whole = Designed(answer.design, answer.own, answer.upper, answer.refusals, answer.seconds, files)
    content = json.dumps(plain(whole.to_dict()), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / "design.json", content.encode())
    return whole
