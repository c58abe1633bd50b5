"""The door to worst cases: the exact worst case of a schedule, its certificate and its witness, beside the library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from experiments.progress import reporting
from experiments.store import check_writable, write_atomically
from gradlag.output import plain
from theory.errors import CertificateError
from theory.general_bound import Judgement, judge
from theory.worst_case.asking import Asked, ask
from theory.worst_case.question import Measure
from theory.worst_case.solution import Solution, Status

if TYPE_CHECKING:
    from experiments.replay import Replay
    from theory.delay_model import DelayModel
    from theory.schedules import AnySchedule
    from theory.worst_case.certify import Certificate
    from theory.worst_case.witness import Witness

Say = Callable[[str], None]


class QuestionOptions(TypedDict, total=False):
    """What a worst case takes besides; all of it may be left out. See `theory.worst_case.asking.ask`."""

    smoothness: float
    gap: float
    variance: float
    coherence: float | None
    constants: Mapping[str, float]
    delays: str | DelayModel
    delays_file: Path | str | None
    measure: str
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class WorstCase:
    """A worst case as far as it is known: from above by a solver or a certificate, from below by a replayed function.

    Args:
        asked: the question; solution: the solver's answer.
        certificate: that passed its check, or None; refusal: why there is none although it was asked for.
        witness: the worst function, or None; replay: what the simulator measured on it.
        judgements: every bound of the library at the same steps, delays and constants.
        seconds: the time for all of it; files: what was written, by kind.
    """

    asked: Asked
    solution: Solution
    certificate: Certificate | None
    refusal: str | None
    witness: Witness | None
    replay: Replay | None
    judgements: tuple[Judgement, ...]
    seconds: float
    files: Mapping[str, Path]

    @property
    def upper(self) -> float | None:
        """The certified upper value, rounded up; without a certificate the solver's."""
        if self.certificate is not None:
            return self.certificate.upper_float
        return self.solution.value if self.solution.status is Status.SOLVED else None

    @property
    def lower(self) -> float | None:
        """What the simulator measured on the witness."""
        return None if self.replay is None else self.replay.lower

    @property
    def exit_status(self) -> int:
        """0 with a value from above, 3 without."""
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
            "measure": str(question.measure),
            "coherence": question.coherence,
            "constants": dict(self.asked.constants),
            "pairs": len(self.solution.pairs),
            "exhaustive": self.solution.exhaustive,
            "refusal": self.refusal,
            "bounds": {judged.bound.name: judged.value for judged in self.judgements},
            "outside_domain": {
                judged.bound.name: judged.failures[0].sentence() for judged in self.judgements if judged.failures
            },
            "files": {kind: str(path) for kind, path in self.files.items()},
        }


def worst_case(
    schedule: str | AnySchedule,
    *,
    staleness: int,
    steps: int,
    dense: bool = False,
    certify: bool = False,
    witness: bool = True,
    certificate_file: Path | str | None = None,
    out: Path | str | None = None,
    progress: bool = False,
    **options: Unpack[QuestionOptions],
) -> WorstCase:
    """How bad a schedule can get: over all L-smooth functions, at these delays.

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; or "@file".
        staleness: the theorem's s; 1 is synchronous. steps: T.
        dense: over all pairs of points, in cvxpy; for up to some fifty steps.
        certify: turn the multipliers into a certificate and check it in exact integers.
        witness: look for the worst function and replay it.
        certificate_file: where the certificate goes; it asks for one.
        out: a folder for the answer (JSON), the certificate, the witness and the picture.
        progress: show what is being done on stderr.
        **options: smoothness, gap, variance, coherence, constants, delays, delays_file, measure, seed.

    Returns:
        The worst case, from above and from below, with every bound of the library beside it.

    Raises:
        InputError: anything that cannot be asked, in one sentence.

    >>> found = worst_case("1/L", staleness=1, steps=1)
    >>> round(found.upper, 4), round(found.lower, 4)
    (0.8, 0.8)
    """
    began = perf_counter()
    asked = ask(schedule, staleness=staleness, steps=steps, **options)
    folder = None if out is None else Path(out)
    target = Path(certificate_file) if certificate_file else folder and folder / "worst-case.certificate.txt"
    for path in filter(None, (target, folder and folder / "worst-case.json")):
        check_writable(path)
    with reporting("worst case", quiet=not progress):
        solution = _solve(asked, dense)
    files: dict[str, Path] = {}
    certificate, refusal = None, None
    if certify or certificate_file or folder:
        certificate, refusal = _certified(solution, target, files)
    found, replay = (None, None) if not witness else _witness(solution, folder, files)
    answer = WorstCase(
        asked,
        solution,
        certificate,
        refusal,
        found,
        replay,
        judge(asked.setting) if asked.question.measure is Measure.MINIMUM else (),
        perf_counter() - began,
        files,
    )
    return answer if folder is None else _kept(answer, folder)


def _solve(asked: Asked, dense: bool) -> Solution:
    from theory.worst_case.solve import worst_case as solved

    return solved(asked.question, dense=dense)


def _certified(solution: Solution, path: Path | None, files: dict[str, Path]) -> tuple[Certificate | None, str | None]:
    """The certificate, checked by the independent verifier, or why there is none."""
    from theory.worst_case.certify import certify
    from theory.worst_case.verify import verify

    if solution.multipliers is None:
        return None, "The solver gave no multipliers to make a certificate of."
    try:
        certificate = certify(solution)
        verify(certificate.text)
    except CertificateError as error:
        return None, str(error)
    if path is not None:
        write_atomically(path, certificate.text.encode())
        files["certificate"] = path
    return certificate, None


def _witness(solution: Solution, folder: Path | None, files: dict[str, Path]) -> tuple[Witness | None, Replay | None]:
    from experiments.replay import replay
    from theory.worst_case.witness import witness
    from theory.worst_case.witness_file import write

    if solution.multipliers is None:
        return None, None
    found = witness(solution)
    if found is not None and folder is not None:
        from figures.worst_function import save_worst_function

        files["witness"] = folder / "worst-case.witness.txt"
        write(files["witness"], found)
        files["picture"] = save_worst_function(found, folder)
    return found, None if found is None else replay(found)


def _kept(answer: WorstCase, folder: Path) -> WorstCase:
    content = json.dumps(plain(answer.to_dict()), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / "worst-case.json", content.encode())
    return answer
