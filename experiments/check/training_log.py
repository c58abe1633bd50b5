"""A user's own training log: a CSV file of gradient norms, judged like a simulated run.

The header names the columns step, grad_norm and, if wanted, seed and delay. The row with step k = 0..T holds
|grad F(x_k)|, the norm of the full gradient and not its square; its delay is d_k, that of the step which led to x_k, so
that the row of step 0 has none (empty or 0). Steps may be recorded at intervals.
"""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from experiments.check.check import judge
from experiments.check.evidence import Evidence, agree
from experiments.check.verdict import Verdict
from experiments.runs.plan import resolve_constants
from experiments.statistics.tails import ANY, Tails
from theory.bounds import Setting
from theory.common.errors import DataError
from theory.common.reading import open_ordinary
from theory.common.types import Floats, Ints
from theory.schedules.schedule import GivenSchedule, parse_schedule, said_of
from theory.staleness.count import Staleness
from theory.staleness.delays import validate_delays

COLUMNS = ("step", "grad_norm", "seed", "delay")
# The factor-s sum weighs the points in the same way whatever the trace.
ANY_TRACE = "dai2019-sum"
_LARGEST_WHOLE = 2**53
_LONGEST_LINE = 2**16
# Every step up to the last has a step size and a delay, recorded or not.
_MOST_STEPS = 20_000_000
_NEVER = -1
# A norm beyond this counts as diverged; its square is still a number.
_FAR = 1e150


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """What a log holds.

    Args:
        times: int64 (R,), the recorded k, from 0 to T.
        norms: float64 (S, R), |grad F(x_k)|; infinite where a run diverged.
        seeds: (S,).
        delays: int64 (S, R), d_k of the step that led to x_k, 0 at k = 0; None without such a column.
    """

    times: Ints
    norms: Floats
    seeds: tuple[int, ...]
    delays: Ints | None


def check_log(
    path: Path | str,
    schedule: GivenSchedule,
    staleness: int | Staleness,
    constants: Mapping[str, float],
    *,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    tails: Tails = ANY,
    steps: int | None = None,
    delays: Ints | None = None,
) -> Verdict:
    """Compare a training log with the bounds of the library.

    Args:
        path: CSV file with the columns step, grad_norm[, seed, delay]; the norm of the full gradient, not squared.
        schedule: the step sizes of the training.
        staleness: the theorem's s.
        constants: L, Delta, sigma (0 for exact gradients) and, for Theorem 1, mu.
        bounds: names of the bounds claimed; by default as in `check`.
        level, tails: as in `check`.
        steps: T, if the log must end there.
        delays: int64 (T,), the trace, for a log without the column; by default the largest delay from the start.

    Returns:
        The verdict.

    Raises:
        DataError: a file that is no such log; the sentence names the line.
        DelayError: a delay that looks into the future or before the start, or is beyond the staleness.
        ScheduleError, InputError: step sizes or constants that cannot be used.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = Path(folder) / "log.csv"
    ...     _ = log.write_text("step,grad_norm\\n" + "\\n".join(f"{k},{2 * 0.5**k}" for k in range(9)))
    ...     check_log(log, "1/(2*L)", 1, {"L": 1, "Delta": 2, "sigma": 0}, bounds=["theorem-a"]).verdict
    <Decision.HOLDS: 'holds'>
    """
    log, window = read_log(path), Staleness.of(staleness)
    last = int(log.times[-1])
    rule = parse_schedule(schedule, last)
    if steps is not None and steps != last:
        raise DataError(f"The log {path} ends at step {last}. Give --steps {last}, or a log of {steps} steps.")
    trace = _trace(log, window, delays, bounds, path)
    known = resolve_constants({}, constants)
    setting = Setting.of(rule, trace, window, {name: constant.value for name, constant in known.items()})
    evidence = Evidence(
        times=log.times,
        values=_squared(log.norms),
        seeds=log.seeds,
        setting=setting,
        constants=known,
        deterministic=setting.constants.get("sigma") == 0 and agree(log.norms),
        reads_horizon=rule.reads_horizon,
        source="The log",
        floor=log.norms[:, :0] if log.times.size == last + 1 else None,
        diverged_at=_diverged_at(log),
        simulated=False,
    )
    remarks = ("" if _ends_with_a_line(path) else _CUT, rule.scaled(setting.constants.get("L")))
    told = (*said_of(rule), *_ANNOUNCED, *filter(None, remarks))
    return judge([evidence], bounds, level, told, tails)


_ANNOUNCED = (
    "grad_norm is read as the norm of the full gradient at x_k, not squared.",
    "A log cannot show that its delays were independent of the noise; where they were not, no bound covers it.",
)

_CUT = "The last line of the log has no line end: if the file was cut there, its last number is not what was logged."


def _ends_with_a_line(path: Path | str) -> bool:
    """Whether the file ends with a line end, as a file that was written to its end usually does."""
    with Path(path).open("rb") as stream:
        stream.seek(-1, io.SEEK_END)
        return stream.read(1) in (b"\n", b"\r")


def read_log(path: Path | str) -> TrainingLog:
    """Read a training log.

    Args:
        path: the CSV file; see the head of this module.

    Returns:
        Its numbers, rows by seed and columns by step.

    Raises:
        DataError: no file, no text, no such columns, an entry that is no number, a NaN, a negative norm, a step given
            twice, seeds with different steps, no step 0 or no later one.
    """
    rows = _Rows()
    try:
        with io.TextIOWrapper(open_ordinary(path), newline="", encoding="utf-8-sig") as stream:
            _fill(rows, csv.reader(_short_lines(stream), strict=True), path)
    except OSError as cause:
        reason = (cause.strerror or str(cause)).lower()
        raise DataError(f"The log {path} cannot be opened ({reason}). Check the path.") from cause
    except (UnicodeDecodeError, csv.Error) as cause:
        raise DataError(f"The log {path} is not a CSV text file ({cause}). Save it as text, in UTF-8.") from cause
    return _arranged(rows, path)


def _short_lines(stream: io.TextIOWrapper) -> Iterator[str]:
    """The lines, none of them so long that it fills the memory."""
    for line in iter(lambda: stream.readline(_LONGEST_LINE), ""):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line has more than {_LONGEST_LINE:,} characters")
        yield line


@dataclass(frozen=True, eq=False)
class _Rows:
    """The columns as they are read, compact enough for millions of rows."""

    step: array[int] = field(default_factory=lambda: array("q"))
    norm: array[float] = field(default_factory=lambda: array("d"))
    seed: array[int] = field(default_factory=lambda: array("q"))
    delay: array[int] = field(default_factory=lambda: array("q"))


def _fill(rows: _Rows, lines: Iterator[list[str]], path: Path | str) -> None:
    header = next(lines, None)
    if header is None:
        raise DataError(f"The log {path} is empty. It needs the header step,grad_norm[,seed,delay] and a row per step.")
    place = _places([name.strip() for name in header], path)
    for number, entries in enumerate(lines, start=2):
        if not entries:
            continue  # the csv module's reading of an empty line
        if len(entries) != len(header):
            raise DataError(
                f"Line {number} of {path} does not fit the header: {len(entries)} entries for {len(header)} columns. "
                "Give every column an entry in every line, or leave the column out."
            )
        _append(rows, {name: entries[at].strip() for name, at in place.items()}, f"line {number} of {path}")


def _places(header: list[str], path: Path | str) -> dict[str, int]:
    missing = [name for name in COLUMNS[:2] if name not in header]
    if missing:
        raise DataError(
            f"The log {path} has no column {missing[0]}. Its first line must name the columns step,grad_norm[,seed,"
            f"delay]. Got {','.join(header)[:80]!r}."
        )
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise DataError(f"The log {path} has the column {twice[0]} twice. Keep one.")
    return {name: header.index(name) for name in COLUMNS if name in header}


def _append(rows: _Rows, entries: Mapping[str, str], where: str) -> None:
    rows.step.append(_whole(entries["step"], "step", where))
    rows.norm.append(_norm(entries["grad_norm"], where))
    rows.seed.append(_whole(entries["seed"], "seed", where) if "seed" in entries else 0)
    if "delay" in entries:
        rows.delay.append(_delay(entries["delay"], rows.step[-1], where))


def _whole(text: str, name: str, where: str) -> int:
    # isdecimal alone admits digits of other scripts.
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or int(text) > _LARGEST_WHOLE:
        raise DataError(f"The {name} in {where} must be a whole number of at least 0. Got {text[:40]!r}.")
    return int(text)


def _norm(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise DataError(f"The grad_norm in {where} must be a number of at least 0. Got {text[:40]!r}.")
    return value


def _delay(text: str, step: int, where: str) -> int:
    if step == 0 and text in ("", "0"):
        return 0
    delay = _whole(text, "delay", where)
    if step == 0:
        raise DataError(f"The delay in {where} must be empty or 0: no step led to x_0. Got {delay}.")
    return delay


def _arranged(rows: _Rows, path: Path | str) -> TrainingLog:
    step, seed = np.array(rows.step, dtype=np.int64), np.array(rows.seed, dtype=np.int64)
    times, seeds = np.unique(step), np.unique(seed)
    if times.size < 2 or times[0] != 0:
        raise DataError(f"The log {path} must hold step 0, the starting point, and at least one later step.")
    if times[-1] > _MOST_STEPS:
        raise DataError(
            f"The log {path} ends at step {times[-1]:,}, and logs of at most {_MOST_STEPS:,} steps are judged. Check "
            "its column step."
        )
    order = np.lexsort((step, seed))
    _check_grid(step[order], seed[order], times, seeds, path)
    shape = seeds.size, times.size
    norms = np.array(rows.norm)[order].reshape(shape)
    delays = np.array(rows.delay, dtype=np.int64)[order].reshape(shape) if rows.delay else None
    return TrainingLog(times, norms, tuple(int(s) for s in seeds), delays)


def _check_grid(step: Ints, seed: Ints, times: Ints, seeds: Ints, path: Path | str) -> None:
    """Refuse a (seed, step) given twice, and seeds that do not have the same steps."""
    twice = np.flatnonzero((np.diff(step) == 0) & (np.diff(seed) == 0))
    if twice.size:
        at = int(twice[0])
        raise DataError(f"The log {path} gives step {step[at]} of seed {seed[at]} twice. Keep one row.")
    counts = np.bincount(np.searchsorted(seeds, seed), minlength=seeds.size)
    short = np.flatnonzero(counts < times.size)
    if short.size:
        own = step[seed == seeds[short[0]]]
        lacking = np.setdiff1d(times, own)[0]
        raise DataError(
            f"Seed {seeds[short[0]]} of the log {path} lacks step {lacking}. All seeds need the same steps."
        )


def _trace(
    log: TrainingLog, staleness: Staleness, given: Ints | None, bounds: Sequence[str] | None, path: Path | str
) -> Ints:
    """The delays d_1..d_T of the training."""
    last = int(log.times[-1])
    if log.delays is None:
        constant = np.minimum(np.arange(last), staleness.maximum_delay)
        return validate_delays(constant if given is None else given, staleness)
    if given is not None:
        raise DataError(f"The log {path} has its own delays. Leave out --delays and --delays-file, or the column.")
    if log.times.size <= last:
        raise DataError(
            f"The log {path} has delays but not every step, so that the delays between are missing. Record every step, "
            "or leave the column out and give all delays with --delays-file."
        )
    return _shared(log.delays[:, 1:], staleness, bounds, path)


def _shared(delays: Ints, staleness: Staleness, bounds: Sequence[str] | None, path: Path | str) -> Ints:
    for trace in delays:
        validate_delays(trace, staleness)
    differing = np.flatnonzero((delays != delays[0]).any(axis=0))
    if differing.size and tuple(bounds or ()) != (ANY_TRACE,):
        raise DataError(
            f"The seeds of the log {path} have different delays (at step {differing[0] + 1} first). Only the bound "
            f"{ANY_TRACE} covers that, with steps that do not increase: choose it with --bound {ANY_TRACE}."
        )
    return np.asarray(delays.max(axis=0), dtype=np.int64)


def _squared(norms: Floats) -> Floats:
    """Squares, infinite where they would overflow."""
    return np.where(norms < _FAR, np.minimum(norms, _FAR) ** 2, np.inf)


def _diverged_at(log: TrainingLog) -> Ints:
    far = log.norms >= _FAR
    return np.where(far.any(axis=1), log.times[np.argmax(far, axis=1)], _NEVER)
