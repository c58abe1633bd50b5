"""`gradlag worst-case`: the exact worst case of a schedule, its certificate and its witness, beside the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from experiments.claims.worst_case import answered
from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import reporting
from gradlag.terminal.output import (
    keep_json,
    listed,
    minimum_over,
    number,
    print_list,
    print_note,
    print_prose,
    print_table,
    print_text,
    verb,
)
from theory.common.errors import InputError, StoreError
from theory.schedules.schedule import said_of
from theory.worst_case.answer import UNASSUMED, WorstCase
from theory.worst_case.asking import ask, ask_worst_delays
from theory.worst_case.solve import notice

if TYPE_CHECKING:
    from theory.bounds.judging.judge import Judgement
    from theory.bounds.parts.conditions import Failure
    from theory.methods.method import Method
    from theory.schedules.schedule import GivenSchedule
    from theory.staleness.delay_model import DelayModel
    from theory.worst_case.certificate.certify import Certificate
    from theory.worst_case.traces.patterns import PatternResult
    from theory.worst_case.witness.check import Witness

_CERTIFICATE = b"gradlag certificate"
#: The spelling of the delays that make the worst case largest, looked for before it is solved.
WORST = "worst"


class QuestionOptions(TypedDict, total=False):
    """What a worst case takes besides; all of it may be left out. See `theory.worst_case.asking.ask`.

    Args:
        smoothness: L, 1 by default; gap: Delta, 1; variance: sigma^2, 0.
        coherence: mu as an assumption, or None.
        constants: values for the symbols of the schedule.
        delays: as in `run`; or "worst", the trace that makes the worst case largest. delays_file: a trace.
        measure: "min", or "mean", weighted by the steps. seed: of random delays.
        method: what takes the steps, "delayed" by default; see `theory.methods`.
    """

    smoothness: float
    gap: float
    variance: float
    coherence: float | None
    constants: Mapping[str, float]
    delays: str | DelayModel
    delays_file: Path | str | None
    measure: str
    seed: int
    method: str | Method


def worst_case(
    schedule: GivenSchedule,
    *,
    staleness: int,
    steps: int,
    dense: bool = False,
    certify: bool | Path | str | None = None,
    witness: bool = True,
    out: Path | str | None = None,
    progress: bool = False,
    **options: Unpack[QuestionOptions],
) -> WorstCase:
    """How bad a schedule can get: over all L-smooth functions, at these delays.

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; "@file"; or a
            callable k -> step size, such as a schedule of PyTorch or optax, which is read at the T steps.
        staleness: the theorem's s; 1 is synchronous. steps: T.
        dense: over all pairs of points, in cvxpy; for up to some fifty steps.
        certify: turn the multipliers into a certificate and check it in exact integers; a file to keep it in. With
            `out` there is one anyway.
        witness: look for the worst function and replay it.
        out: a folder for the answer (JSON), the certificate, the witness and the picture.
        progress: show what is being done on stderr.
        **options: smoothness, gap, variance, coherence, constants, delays, delays_file, measure, seed, method.

    Returns:
        The worst case, from above and from below, with every bound of the library beside it.

    Raises:
        InputError: anything that cannot be asked, in one sentence.

    >>> found = worst_case("1/L", staleness=1, steps=1)
    >>> round(found.upper, 4), round(found.lower, 4)
    (0.8, 0.8)
    """
    began = perf_counter()
    settled: dict[str, Any] = {**_with_mu(options), "staleness": staleness, "steps": steps}
    pattern = None
    if options.get("delays") == WORST:
        with reporting("delays", quiet=not progress) as report:
            asked, pattern = ask_worst_delays(schedule, progress=lambda n, of, _: report(n, of), **settled)
    else:
        asked = ask(schedule, **settled)
    folder = None if out is None else Path(out)
    target = folder and folder / "worst-case.certificate.txt"
    if certify is not None and not isinstance(certify, bool):
        target = _own_file(certify)
    for path in filter(None, (target, folder and folder / "worst-case.json")):
        check_writable(path)
    files: dict[str, Path] = {}

    def keep(certificate: Certificate) -> None:
        if target is not None:
            write_atomically(target, certificate.text.encode())
            files["certificate"] = target

    certified, warning = bool(certify or target), None if dense else notice(asked.question)
    if progress and warning:
        print_note(warning)
    with reporting("worst case", quiet=not progress) as report:
        answer = answered(asked, dense=dense, certify=certified, seek=witness, keep=keep, progress=report)
    if answer.witness is not None and folder is not None:
        files |= _written(answer.witness, folder)
    answer = replace(answer, pattern=pattern, files=files, seconds=perf_counter() - began)
    if folder is not None:
        keep_json(folder / "worst-case.json", answer.to_dict())
    return answer


def _written(witness: Witness, folder: Path) -> dict[str, Path]:
    """The worst function as a file and as a picture."""
    from figures.draw.worst_function import save_worst_function
    from theory.worst_case.witness.file import write

    file = write(folder / "worst-case.witness.txt", witness)
    return {"witness": file, "picture": save_worst_function(witness, folder)}


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


def show(found: WorstCase) -> None:
    """The interval of the worst case, how it is known, and the library beside it."""
    print_prose(_answer(found), *_remarks(found))
    applying = sorted((j for j in found.judgements if j.applies), key=lambda judged: judged.value or 0.0)
    if applying:
        columns = ("bound", "value", "times worst case", "minimum over")
        print_table(columns, [_row(judged, found.upper) for judged in applying])
    elif found.judgements:
        print_prose("No bound of the library applies to these steps and delays.")
        print_text()
    print_list("Outside their domain:", list(_outside(found)))
    for kind, path in found.files.items():
        print_prose(f"The {kind} is {path}." + (f" `gradlag verify {path}` checks it." if kind != "picture" else ""))


def _answer(found: WorstCase) -> str:
    question = found.asked.question
    what = "least E|grad F|^2" if str(question.measure) == "min" else "step-weighted mean of E|grad F|^2"
    where = f"the {what} over {question.covered}"
    if found.upper is None:
        return (
            f"Not solved ({found.solution.status}): the solver did not reach its tolerance, so no value is shown. Try "
            "fewer or shorter steps, or --dense for up to some 50 steps."
        )
    sign = "at most" if found.certificate is not None else "at most, as far as a solver in floats can tell,"
    taken = "" if question.rule is None else f" under {found.asked.method.text}"
    return f"The worst case of {where}{taken} is {sign} {outward(found.upper, up=True)}."


def outward(value: float, *, up: bool, digits: int = 6) -> str:
    """A bound in a few digits that is still one: rounded away from what it bounds.

    >>> outward(0.18383701, up=True), outward(0.18383799, up=False), outward(1234567.0, up=True)
    ('0.183838', '0.183837', '1234570')
    """
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    rounded = context.create_decimal(Decimal(value))
    return f"{rounded:f}" if 1e-5 <= abs(value) < 1e9 else f"{rounded:e}"


def _remarks(found: WorstCase) -> Iterator[str]:
    yield from said_of(found.asked.rule)
    if found.pattern is not None:
        yield _pattern(found.pattern)
    yield from filter(None, [found.asked.rule.scaled(found.asked.constants["L"])])
    solution = found.solution
    if not found.asked.method.takes_steps:
        yield f"{found.asked.method.name} has a step of its own: those of the schedule are not taken."
    if found.upper is None:
        return
    if found.certificate is not None:
        yield "Certified: the argument was checked in exact integers, each step taken as the exact number that it is."
    elif found.refusal:
        yield f"Not certified: {found.refusal}"
    if found.lower is not None:
        below = f"A function that is as bad as {outward(found.lower, up=False)} was replayed"
        yield f"{below} ({number(100 * found.lower / found.upper, 4)} % of that)."
    elif found.witness is not None:
        yield "A worst function was found and checked, but its replay leaves it by rounding; nothing was measured."
    elif found.sought:
        yield "No function that is nearly as bad was found, so nothing is known from below."
    if not solution.exhaustive:
        steps = found.asked.question.steps
        kept = f"{len(solution.pairs)} of {steps * (steps + 1)} pairs of points were used"
        if solution.exact:
            yield f"{kept}, and the others hold at its solution: the value is that of all."
        else:
            yield f"{kept}; the others could only lower the value{_apart(found)}."


def _apart(found: WorstCase) -> str:
    """By how much at most, where something is known from below; with noise the function is about fewer runs."""
    if found.lower is None or not found.upper or found.asked.question.variance > 0:
        return ""
    return f", by {outward(100 * (1 - found.lower / found.upper), up=True, digits=2)} % at most"


def _outside(found: WorstCase) -> Iterator[str]:
    """Why the library's own bounds do not apply, one line for each reason; without those that ask for more numbers."""
    from theory.bounds import get

    unassumed = [name for name in found.unassumed if get(name).on_ladder]
    if unassumed:
        yield UNASSUMED.format(listed(unassumed), verb(unassumed, "assumes", "assume"))
    reasons: dict[tuple[str, int | None, str], list[Failure]] = {}
    for judgement in found.judgements:
        if judgement.failures and judgement.bound.on_ladder and not judgement.bound.given:
            failure = judgement.failures[0]
            reasons.setdefault((failure.what, failure.k, failure.remedy), []).append(failure)
    yield from map(_together, reasons.values())


def _together(failures: Sequence[Failure]) -> str:
    """One sentence for bounds that fail for the same reason; the numbers where they are the same."""
    names = [failure.bound for failure in failures]
    same = len({failure.detail for failure in failures}) == 1
    told = failures[0] if same else replace(failures[0], detail="")
    start = f"{names[0]} does not apply"
    return told.sentence().replace(start, f"{listed(names)} {verb(names, 'does', 'do')} not apply", 1)


def _row(judgement: Judgement, upper: float | None) -> tuple[str, ...]:
    value = judgement.value or 0.0
    over = number(value / upper, 4) if upper else ""
    return judgement.bound.name, number(value), over, minimum_over(judgement.bound.iterates)


def _pattern(pattern: PatternResult) -> str:
    """Which trace was found to be the worst, and by what."""
    shown = " ".join(map(str, pattern.delays[:40])) + (" ..." if pattern.delays.size > 40 else "")
    how = (
        f"all {pattern.traces:,} traces were compared" if pattern.exhaustive else f"the worst found by {pattern.method}"
    )
    beside = (
        "no worse than the constant delay"
        if pattern.constant_is_worst
        else f"{number(pattern.ratio)} times the worst case of the constant delay"
    )
    return f"The delays are {shown}: {how}; {beside}."
