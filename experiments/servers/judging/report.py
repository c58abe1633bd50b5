"""What is said of a server's runs: plain values, all that the figure and the table read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.job import Job, ServerRun
from experiments.servers.judging.dependence import dependence, noise_correlation
from experiments.servers.judging.replay import NormCurve, apart, comparisons, covering, distance_of_laws, virtual_twin
from experiments.servers.judging.summary import summarise
from experiments.servers.server import noise_norms
from theory.bounds.judging.judge import Judgement

Values = Mapping[str, Any]

# Updates of the first run whose delays are drawn one by one.
_SHOWN = 240
_RUNGS = 3
# Runs whose noise is found again, gradient by gradient.
_NOISE_RUNS = 12
OWN = "gradlag"  # the author of bounds that nobody else has published


def report_on(job: Job, runs: Sequence[ServerRun], seeds: int, bound: int | None = None) -> Values:
    """Everything that is said of runs of one server.

    Args:
        job: of the first run; the others differ in their seed alone.
        runs: of the server; seeds: of each simulation beside them; bound: how many gradients workers may be apart.

    Returns:
        source, summary and dependence of the first run, its first delays; frequencies of the delays of all runs and of
        the virtual clock; `noise`: rank correlation of delay and noise; curves with bands; how far each
        is from the server's; the covering bound.
    """
    first = runs[0].trace
    curves = comparisons(job, runs, seeds, bound)
    server = curves["server"]
    return {
        "source": first.source,
        "summary": summarise(first).to_dict(),
        "dependence": asdict(dependence(first)),
        "noise": _noise(runs),
        "shown": {"delays": first.delays[:_SHOWN].tolist(), "workers": first.workers[:_SHOWN].tolist()},
        "laws": _laws(job, [run.trace for run in runs], bound),
        "curves": {name: _plain(curve) for name, curve in curves.items()},
        "apart": {name: asdict(apart(server, curve)) for name, curve in curves.items() if curve is not server},
        "bounds": _bounds(job, runs, server),
    }


def _noise(runs: Sequence[ServerRun]) -> dict[str, float | int]:
    """Over the first runs together: they have one law."""
    looked_at = runs[:_NOISE_RUNS]
    delays = np.concatenate([run.trace.delays for run in looked_at])
    noise = np.concatenate([noise_norms(run.job(), run.trace) for run in looked_at])
    return asdict(noise_correlation(delays, noise))


def _laws(job: Job, traces: Sequence[ServerTrace], bound: int | None) -> dict[str, Any]:
    """How often each delay occurs, in the runs and on the virtual clock with fitted speeds."""
    twins = virtual_twin(traces, job.seed, bound)
    laws = {"server": traces, "virtual clock": twins}
    counted = {name: np.bincount(np.concatenate([t.delays for t in those])) for name, those in laws.items()}
    return {
        "frequencies": {name: (count / count.sum()).tolist() for name, count in counted.items()},
        "distance": distance_of_laws(traces, twins),
    }


def _plain(curve: NormCurve) -> dict[str, Any]:
    low, high = curve.band
    return {
        "time": curve.time.tolist(),
        "mean": curve.mean.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "runs": int(curve.values.shape[0]),
    }


def _bounds(job: Job, runs: Sequence[ServerRun], server: NormCurve) -> dict[str, Any]:
    """The smallest bounds that apply to the first run's delays, and how far above what was measured they are.

    Beside them the smallest that others have published, and Theorem A, which knows only the order of the reads.
    """
    judged = [judgement for judgement in covering(job, runs[0].trace) if judgement.value is not None]
    measured = float(server.mean[server.time < job.steps].min())

    def rung(judgement: Judgement) -> dict[str, Any]:
        value = float(judgement.value or 0.0)
        return {"name": judgement.bound.name, "value": value, "slack": value / measured}

    published = [rung(each) for each in judged if each.bound.source.authors != OWN]
    return {
        "measured": measured,
        "ladder": [rung(each) for each in judged[:_RUNGS]],
        "published": published[0] if published else None,
        "theorem_a": next((rung(each) for each in judged if each.bound.name == "theorem-a"), None),
        "window": runs[0].trace.staleness.window,
    }
