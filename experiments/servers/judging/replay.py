"""A server's run beside simulations of it: the same delays on the one sequence, other delays, and the virtual clock.

A replay keeps the delays and draws other noise. If delays did not depend on the noise, as every bound assumes, curves
of server runs and of replays would have the same mean; how far they are apart is what the assumption costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.common.progress import counted, untold
from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.clock import virtual_run
from experiments.servers.job import Job, ServerRun
from experiments.servers.speeds import LognormalSpeed, Speed
from experiments.simulate.delayed import simulate
from experiments.statistics.intervals import lower_bound, mean, upper_bound
from theory.bounds import REGISTRY, Setting
from theory.bounds.judging.judge import Judgement, judge
from theory.common.errors import InputError
from theory.common.types import Progress, Vector
from theory.staleness.traces import Delays

LEVEL = 0.05
# Seeds of replays begin here, so that they share no draw with a server's runs.
_FIRST_SEED = 1_000_000


@dataclass(frozen=True, eq=False)
class NormCurve:
    """Squared gradient norms over updates.

    Args:
        name: of what; time: int64 (R,), k of the recorded points; values: float64 (S, R), a row for each run.
    """

    name: str
    time: NDArray[np.int64]
    values: Vector

    @property
    def mean(self) -> Vector:
        """float64 (R,), over the runs."""
        return mean(self.values)

    @property
    def band(self) -> tuple[Vector, Vector]:
        """Confidence bounds of the mean, each wrong with probability 0.05 at a point."""
        return lower_bound(self.values, LEVEL), upper_bound(self.values, LEVEL)


@dataclass(frozen=True)
class Apart:
    """How far two curves are apart.

    Args:
        largest: the largest standardised difference of the means over the recorded points.
        limit: what it exceeds with probability 0.05 at most if the means are equal (Bonferroni over the points).
        at: k where it is largest; overlap: the share of points at which the bands meet.
        ratio: mean of the one over mean of the other, averaged as logarithms over the last half of the points.
    """

    largest: float
    limit: float
    at: int
    overlap: float
    ratio: float


def server_curve(runs: Sequence[ServerRun], name: str = "server") -> NormCurve:
    """The runs of a server; InputError if they were recorded at different updates."""
    if not runs or any(not np.array_equal(run.time, runs[0].time) for run in runs):
        raise InputError("Runs of a server can be averaged only if they were recorded at the same updates.")
    return NormCurve(name, runs[0].time, np.stack([run.gradient_norm_squared for run in runs]))


def replay(job: Job, delays: Sequence[Delays], seeds: int, name: str = "replay") -> NormCurve:
    """The one-sequence simulator on given delays, with noise that knows nothing of them.

    Args:
        job: the problem and its steps; delays: of one run or several, each int64 (T,).
        seeds: simulations in all, shared out evenly over the delays and at least one for each.
        name: of the curve.

    Returns:
        The curve, a row for each seed.
    """
    each, values, time = -(-seeds // len(delays)), [], np.empty(0, np.int64)
    for place, trace in enumerate(delays):
        first = _FIRST_SEED + place * each
        run = simulate(
            job.problem,
            job.sizes_used(trace),
            trace,
            seeds=range(first, first + each),
            batch=job.batch,
            window=int(trace.max()) + 1,
            record_every=job.record_every,
            coherence=False,
        )
        time = run.time
        values.append(run.gradient_norm_squared)
    return NormCurve(name, time, np.concatenate(values))


def shuffled(trace: ServerTrace, seed: int) -> Delays:
    """The same delays in a random order, cut where a step cannot read as far back."""
    delays = np.random.default_rng(seed).permutation(trace.delays)
    return np.asarray(np.minimum(delays.T, np.arange(trace.steps)).T, dtype=np.int64)


def uniform_like(trace: ServerTrace, seed: int) -> Delays:
    """Independent delays, uniform on 0..2m with m the mean of the trace to the nearest half, cut likewise."""
    widest = round(2 * float(trace.delays.mean()))
    drawn = np.random.default_rng(seed).integers(0, widest + 1, trace.delays.shape)
    return np.asarray(np.minimum(drawn.T, np.arange(trace.steps)).T, dtype=np.int64)


def fitted(traces: Sequence[ServerTrace]) -> tuple[Speed, ...]:
    """For each worker the lognormal law with the mean of its durations and the spread of their logarithms.

    A duration is the time from read to application: computing, sleeping, messages and waiting for the server.

    Raises:
        InputError: a trace without times or workers, or a worker that made no update.
    """
    if not all(trace.timed and trace.attributed for trace in traces):
        raise InputError("Speeds can be fitted only to a trace with workers and times.")
    seconds = np.concatenate([(trace.applied_at - trace.read_at.T).T.ravel() for trace in traces])
    workers = np.concatenate([trace.workers.ravel() for trace in traces])
    speeds = []
    for worker in range(traces[0].count):
        own = np.maximum(seconds[workers == worker], 1e-9)
        if not own.size:
            raise InputError(f"Worker {worker} made no update, so that its speed cannot be fitted.")
        speeds.append(LognormalSpeed(float(own.mean()), max(float(np.log(own).std()), 1e-9)))
    return tuple(speeds)


def virtual_twin(traces: Sequence[ServerTrace], seed: int, bound: int | None = None) -> list[ServerTrace]:
    """The virtual clock with fitted speeds: one trace for each, of the same length."""
    speeds = fitted(traces)
    runs = (virtual_run(speeds, trace.delays.size, seed + place, bound) for place, trace in enumerate(traces))
    return [run.buffered(trace.reads) for run, trace in zip(runs, traces, strict=True)]


def apart(one: NormCurve, other: NormCurve) -> Apart:
    """How far two curves are apart; x_0, which both share, is left out."""
    (low, high), (other_low, other_high) = one.band, other.band
    kept = one.time > 0
    a, b = one.mean[kept], other.mean[kept]
    error = np.sqrt(_squared_error(one)[kept] + _squared_error(other)[kept])
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(a == b, 0.0, np.abs(a - b) / error)
    freedom = one.values.shape[0] - 1
    late = slice(a.size // 2, None)
    return Apart(
        largest=float(score.max()),
        limit=float(special.stdtrit(max(freedom, 1), 1 - LEVEL / (2 * a.size))),
        at=int(one.time[kept][score.argmax()]),
        overlap=float(((low <= other_high) & (other_low <= high))[kept].mean()),
        ratio=float(np.exp(np.mean(np.log(a[late]) - np.log(b[late])))),
    )


def distance_of_laws(one: Sequence[ServerTrace], other: Sequence[ServerTrace]) -> float:
    """Total variation between the frequencies of delays, 0 (the same) to 1."""
    counts = [np.bincount(np.concatenate([trace.delays.ravel() for trace in traces])) for traces in (one, other)]
    size = max(count.size for count in counts)
    laws = [np.pad(count / count.sum(), (0, size - count.size)) for count in counts]
    return float(np.abs(laws[0] - laws[1]).sum() / 2)


def covering(job: Job, trace: ServerTrace, progress: Progress = untold) -> tuple[Judgement, ...]:
    """Every bound that assumes no coherence, at the steps and delays of the run; the smallest that applies is first."""
    setting = Setting(job.sizes_used(trace.delays), trace.delays, trace.staleness, job.values)
    names = [name for name, bound in REGISTRY.items() if not bound.needs_coherence]
    judged = [judgement for name in counted(names, progress) for judgement in judge(setting, [name])]
    return tuple(sorted(judged, key=lambda judgement: np.inf if judgement.value is None else judgement.value))


def comparisons(job: Job, runs: Sequence[ServerRun], seeds: int, bound: int | None = None) -> Mapping[str, NormCurve]:
    """The server beside its replay, shuffled and uniform delays, and the virtual clock with fitted speeds."""
    traces = [run.trace for run in runs]
    others = {
        "replay": [trace.delays for trace in traces],
        "shuffled": [shuffled(trace, place) for place, trace in enumerate(traces)],
        "uniform": [uniform_like(trace, place) for place, trace in enumerate(traces)],
        "virtual clock": [trace.delays for trace in virtual_twin(traces, job.seed, bound)],
    }
    return {"server": server_curve(runs)} | {name: replay(job, delays, seeds, name) for name, delays in others.items()}


def _squared_error(curve: NormCurve) -> Vector:
    runs = curve.values.shape[0]
    return np.asarray(curve.values.var(axis=0, ddof=1) / runs if runs > 1 else np.full(curve.time.size, np.inf))
