"""A user's own training log is judged like a simulated run, as far as what it holds allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.check.check import judge
from experiments.check.evidence import Evidence, agree
from experiments.check.verdict import Verdict
from experiments.common.constants import Constant, Known
from experiments.logs.log import FAR, Norm, TrainingLog
from experiments.logs.read import read_log
from experiments.runs.plan import resolve_constants
from experiments.statistics.tails import ANY, Tails
from theory.bounds import Setting
from theory.common.errors import DataError, InputError
from theory.common.types import Ints, Progress
from theory.schedules.schedule import AnySchedule, GivenSchedule, NumericSchedule, parse_schedule, said_of
from theory.staleness.count import Staleness
from theory.staleness.traces import one_read, validate_delays

# The factor-s sum weighs the points in the same way whatever the trace.
ANY_TRACE = "dai2019-sum"
#: What --schedule says where the step sizes are those of the log's own column.
OF_THE_LOG = "log"
_NEVER = -1
# Step sizes are printed with a few digits.
_AGREE = 1e-3


def check_log(
    path: TrainingLog | Path | str,
    schedule: GivenSchedule,
    staleness: int | Staleness,
    constants: Mapping[str, float],
    *,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    tails: Tails = ANY,
    steps: int | None = None,
    delays: Ints | None = None,
    estimates: Sequence[str] = (),
    progress: Progress = lambda done, total: None,
) -> Verdict:
    """Compare a training log with the bounds of the library.

    Args:
        path: a log as `experiments.logs.read.read_log` reads it, or one that was read.
        schedule: the step sizes of the training; "log" for those of the log's own column.
        staleness: the theorem's s.
        constants: L, Delta, sigma (0 for exact gradients) and, for Theorem 1, mu.
        bounds: names of the bounds claimed; by default as in `check`.
        level, tails: as in `check`.
        steps: T, if the log must end there.
        delays: int64 (T,), the trace, for a log without the column; by default the largest delay from the start.
        estimates: names of the constants that are only estimates; they can never refute a theorem.
        progress: called with how many of how many bounds are judged.

    Returns:
        The verdict. Norms of minibatches are taken as at least those of the full gradient, and as larger in the mean
        square by at most sigma^2.

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
    log = path if isinstance(path, TrainingLog) else read_log(path)
    window, last = Staleness.of(staleness), int(log.times[-1])
    if steps not in (None, last, log.steps):
        raise DataError(
            f"The log {log.source} ends at step {log.steps}. Give --steps {log.steps}, or a log of {steps} steps."
        )
    known = {
        each: replace(constant, known=Known.ESTIMATE, reason="said to be one") if each in estimates else constant
        for each, constant in resolve_constants({}, constants).items()
    }
    _refuse_unused(estimates, known)
    rule = _schedule(log, schedule)
    trace = _trace(log, window, delays, bounds)
    setting = Setting.of(rule, trace, window, {each: constant.value for each, constant in known.items()}).prefix(last)
    evidence = Evidence(
        times=log.times,
        values=log.squares,
        seeds=log.seeds,
        setting=setting,
        constants=known,
        deterministic=setting.constants.get("sigma") == 0 and agree(log.measured),
        reads_horizon=rule.reads_horizon,
        source="The log",
        floor=log.measured[:, :0] if log.times.size == last + 1 else None,
        diverged_at=_diverged_at(log),
        simulated=False,
        log=log,
        delays_known=_one_trace(log) or delays is not None or window.window == 1,
    )
    _refuse_steps_of_another(log, setting, rule)
    scaled = filter(None, [rule.scaled(setting.constants.get("L"))])
    assumed = _DELAYS[window.maximum_delay > 0].format(most=window.maximum_delay)
    lags = () if log.delays is not None or delays is not None else (assumed,)
    told = (*said_of(rule), *log.said, _READ_AS[log.norm], *lags, _SHOWN, *scaled)
    return judge([evidence], bounds, level, told, tails, progress)


_READ_AS = {
    Norm.FULL: "grad_norm is read as the norm of the full gradient at x_k, not squared.",
    Norm.MINIBATCH: (
        "The norms are read as those of minibatch gradients at x_k: in the mean their squares exceed |grad F|^2 by at "
        "most sigma^2. That is taken off before a bound is said to be violated, and no constant is tested by them."
    ),
    Norm.PRODUCT: (
        "grad_product is read as the product of the gradients of two independent half batches at x_k, whose mean is "
        "|grad F|^2. One below zero counts as zero, which raises the mean: a bound may hold, never be violated."
    ),
}
# Without a staleness beyond 1, and with one.
_DELAYS = (
    "The log has no delays: every gradient is assumed to be fresh, of delay 0, as the staleness is 1.",
    "The log has no delays: those of all steps are assumed to be s - 1 = {most}, or k - 1 where that is less.",
)
_SHOWN = "A log cannot show that its delays were independent of the noise; where they were not, no bound covers it."


def _refuse_unused(estimates: Sequence[str], known: Mapping[str, Constant]) -> None:
    unknown = [name for name in estimates if name not in known]
    if unknown:
        raise InputError(f"{unknown[0]} is said to be an estimate and has no value. Give it with --constants.")


def _schedule(log: TrainingLog, schedule: GivenSchedule) -> AnySchedule:
    """The step sizes of the training, of as many steps as it took."""
    if schedule != OF_THE_LOG:
        return parse_schedule(schedule, log.steps)
    if log.step_sizes is None:
        raise DataError(
            f"The log {log.source} has no column of step sizes (step_size, learning_rate or lr). Give them with "
            "--schedule, or say which column holds them: --columns step_size=NAME."
        )
    lacking = np.flatnonzero(np.isnan(log.step_sizes))
    if lacking.size:
        raise DataError(
            f"The log {log.source} has step sizes that change, and not that of step {lacking[0] + 1}. Give all of them "
            "with --schedule."
        )
    return NumericSchedule(log.step_sizes, "of the log")


def _refuse_steps_of_another(log: TrainingLog, setting: Setting, rule: AnySchedule) -> None:
    """Refuse a schedule that the log's own column of step sizes contradicts."""
    if log.step_sizes is None:
        return
    told, own = log.step_sizes[: setting.steps], np.pad(setting.step_sizes, 1, mode="edge")
    # Some loggers write the step size of the step before, or of the one after.
    near = np.stack([own[:-2], own[1:-1], own[2:]])
    apart = np.flatnonzero((told < near.min(axis=0) * (1 - _AGREE)) | (told > near.max(axis=0) * (1 + _AGREE)))
    if apart.size:
        k = int(apart[0])
        raise DataError(
            f"The log {log.source} has the step size {told[k]:.6g} at step {k + 1}, and the schedule {rule.text} says "
            f"{own[k + 1]:.6g}. To take those of the log, give --schedule {OF_THE_LOG}."
        )


def _trace(log: TrainingLog, staleness: Staleness, given: Ints | None, bounds: Sequence[str] | None) -> Ints:
    """The delays of the training; beyond the last recorded point, where there are further steps, they do not matter."""
    if log.delays is None:
        constant = np.minimum(np.arange(log.steps), staleness.maximum_delay)
        return one_read(validate_delays(constant if given is None else given, staleness), "A log")
    if given is not None:
        raise DataError(
            f"The log {log.source} has its own delays. Leave out --delays and --delays-file, or the column."
        )
    shared = _shared(log, staleness, bounds)
    return np.concatenate([shared, np.zeros((log.steps - len(shared), *shared.shape[1:]), dtype=np.int64)])


def _shared(log: TrainingLog, staleness: Staleness, bounds: Sequence[str] | None) -> Ints:
    delays = np.empty((0, 0), dtype=np.int64) if log.delays is None else log.delays
    worst = np.asarray(delays.max(axis=0), dtype=np.int64)
    for trace in (*delays, worst):
        validate_delays(trace, None if trace is not worst else staleness)
    differing = np.argwhere((delays != delays[0]).any(axis=0))[:, 0]
    if differing.size and tuple(bounds or ()) != (ANY_TRACE,):
        raise DataError(
            f"The seeds of the log {log.source} have different delays (at step {differing[0] + 1} first). Only the "
            f"bound {ANY_TRACE} covers that, with steps that do not increase: choose it with --bound {ANY_TRACE}."
        )
    return worst


def _one_trace(log: TrainingLog) -> bool:
    """Whether the log has delays, the same ones of every seed."""
    return log.delays is not None and bool((log.delays == log.delays[0]).all())


def _diverged_at(log: TrainingLog) -> Ints:
    far = log.norms >= FAR
    return np.where(far.any(axis=1), log.times[np.argmax(far, axis=1)], _NEVER)
