"""The door to worst cases: the exact worst case of a schedule, its certificate and its witness, beside the library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import reporting
from gradlag.terminal.output import plain
from theory.bounds import REGISTRY
from theory.bounds.judging.judge import Judgement, judge
from theory.common.errors import CertificateError, InputError, StoreError
from theory.common.types import Progress
from theory.staleness.delays import TraceDelay
from theory.worst_case.asking import Asked, ask
from theory.worst_case.question import Measure
from theory.worst_case.solution import Solution, Status

if TYPE_CHECKING:
    from experiments.claims.replay_witness import Replay
    from theory.schedules.schedule import AnySchedule
    from theory.staleness.delay_model import DelayModel
    from theory.worst_case.certificate.certify import Certificate
    from theory.worst_case.traces.patterns import PatternResult
    from theory.worst_case.witness.find import Witness

_CERTIFICATE = b"gradlag certificate"
#: The spelling of the delays that make the worst case largest, looked for before it is solved.
WORST = "worst"


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
        judgements: the bounds of the library at the same steps, delays and constants, but for `unassumed`.
        seconds: the time for all of it; files: what was written, by kind; sought: whether a witness was asked for.
        pattern: how the delays were found, where the worst trace was asked for.
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
    sought: bool = True
    pattern: PatternResult | None = None

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
    def unassumed(self) -> tuple[str, ...]:
        """The bounds that assume a gradient coherence that this worst case does not: they are about fewer functions."""
        told = {judged.bound.name for judged in self.judgements}
        return tuple(name for name, bound in REGISTRY.items() if told and bound.needs_coherence and name not in told)

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
            "bounds": dict.fromkeys(self.unassumed) | {judged.bound.name: judged.value for judged in self.judgements},
            "outside_domain": {name: UNASSUMED.format(name, "assumes") for name in self.unassumed}
            | {judged.bound.name: judged.failures[0].sentence() for judged in self.judgements if judged.failures},
            "files": {kind: str(path) for kind, path in self.files.items()},
            "pattern": None if self.pattern is None else _described(self.pattern),
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
    asked, pattern = _asked(schedule, staleness, steps, _with_mu(options), progress)
    folder = None if out is None else Path(out)
    target = folder and folder / "worst-case.certificate.txt"
    if certificate_file is not None:
        target = _own_file(certificate_file)
    for path in filter(None, (target, folder and folder / "worst-case.json")):
        check_writable(path)
    with reporting("worst case", quiet=not progress) as report:
        solution = _solve(asked, dense, report)
    files: dict[str, Path] = {}
    certificate, refusal = None, None
    if certify or target:
        certificate, refusal = _certified(solution, target, files)
    found, replay = (None, None) if not witness else _witness(solution, folder, files)
    answer = WorstCase(
        asked,
        solution,
        certificate,
        refusal,
        found,
        replay,
        _judged(asked),
        perf_counter() - began,
        files,
        witness,
        pattern,
    )
    return answer if folder is None else _kept(answer, folder)


#: Why a bound that assumes coherence is not set beside a worst case without it.
UNASSUMED = "{} {} a gradient coherence that this worst case does not; give --coherence MU."


def _asked(
    schedule: str | AnySchedule, staleness: int, steps: int, options: QuestionOptions, progress: bool
) -> tuple[Asked, PatternResult | None]:
    """The question; where the worst trace of delays is asked for, that trace and how it was found."""
    if options.get("delays") != WORST:
        return ask(schedule, staleness=staleness, steps=steps, **options), None
    from theory.worst_case.traces.patterns import worst_delays

    begun: QuestionOptions = {**options, "delays": "constant"}
    first = ask(schedule, staleness=staleness, steps=steps, **begun)
    if first.rule.reads_delay:
        raise InputError(
            f"The steps of {first.rule.text} depend on the delays: there are no steps yet whose worst trace could be "
            "looked for. Give the delays, or a schedule without d."
        )
    question = first.question
    with reporting("delays", quiet=not progress) as report:
        found = worst_delays(
            question.step_sizes,
            question.staleness,
            smoothness=question.smoothness,
            gap=question.gap,
            variance=question.variance,
            coherence=question.coherence,
            measure=question.measure,
            progress=lambda done, total, text: report(done, total),
        )
    ended: QuestionOptions = {**options, "delays": TraceDelay(found.delays)}
    return ask(schedule, staleness=staleness, steps=steps, **ended), found


def _described(pattern: PatternResult) -> dict[str, Any]:
    return {
        "delays": pattern.delays.tolist(),
        "method": pattern.method,
        "constant_delay": pattern.constant_value,
        "ratio": pattern.ratio,
        "traces": pattern.traces,
        "solved": pattern.solved,
    }


def _with_mu(options: QuestionOptions) -> QuestionOptions:
    """The options, with mu the coherence where a schedule may want it and none is given."""
    coherence, constants = options.get("coherence"), options.get("constants") or {}
    if coherence is None or not 0 < coherence <= 1:
        return options
    return {**options, "constants": {"mu": coherence, **constants}}


def _own_file(path: Path | str) -> Path:
    """Where a certificate may go: nowhere over a file that is none."""
    if not str(path):
        raise InputError("A certificate needs a file to go to. Give --certify the name of one, or leave the name out.")
    target = Path(path)
    if target.is_dir():
        raise StoreError(f"{target} is a folder. Give --certify a file in it, such as {target / 'certificate.txt'}.")
    if target.exists() and not _holds_certificate(target):
        raise StoreError(f"{target} is there already and is no certificate. Give --certify another name.")
    return target


def _holds_certificate(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_CERTIFICATE)) in (_CERTIFICATE, b"")


def _judged(asked: Asked) -> tuple[Judgement, ...]:
    """The bounds that are about the same functions, at the same run."""
    if asked.question.measure is not Measure.MINIMUM:
        return ()
    coherent = asked.constants.get("mu", np.inf) <= (asked.question.coherence or 0.0)
    return judge(asked.setting, [name for name, bound in REGISTRY.items() if coherent or not bound.needs_coherence])


def _solve(asked: Asked, dense: bool, report: Progress) -> Solution:
    from theory.worst_case.solve import worst_case as solved

    def told(done: int, total: int, text: str) -> None:
        del text
        report(done, total)

    # Steps that overflow are not solved, which the answer says.
    with np.errstate(over="ignore", invalid="ignore"):
        return solved(asked.question, dense=dense, progress=told)


def _certified(solution: Solution, path: Path | None, files: dict[str, Path]) -> tuple[Certificate | None, str | None]:
    """The certificate, checked by the independent verifier, or why there is none."""
    from theory.worst_case.certificate.certify import certify
    from theory.worst_case.certificate.verify import verify

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
    from experiments.claims.replay_witness import replay
    from theory.worst_case.witness.file import write
    from theory.worst_case.witness.find import witness

    if solution.multipliers is None:
        return None, None
    found = witness(solution)
    if found is not None and folder is not None:
        from figures.draw.worst_function import save_worst_function

        files["witness"] = folder / "worst-case.witness.txt"
        write(files["witness"], found)
        files["picture"] = save_worst_function(found, folder)
    if found is None:
        return None, None
    try:
        return found, replay(found)
    except CertificateError:
        return found, None  # the run left the witness by rounding: its file stands, and the answer says so


def _kept(answer: WorstCase, folder: Path) -> WorstCase:
    content = json.dumps(plain(answer.to_dict()), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / "worst-case.json", content.encode())
    return answer
