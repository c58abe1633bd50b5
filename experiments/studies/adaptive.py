"""Delay-adaptive rules side by side: one cell for each fleet of workers and objective, all rules on the same arrivals.

A cell's values are, for each rule at its tuned and at its prescribed step, when it reaches the target, the least
gradient, a curve, and the bounds beside it. None stands for what was not reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from experiments.problems import get_problem
from experiments.runs.recorded_trace import ServerTrace, load_trace
from experiments.servers.clock import virtual_run
from experiments.servers.recorded import is_recorded, recorded_traces
from experiments.servers.rules.adaptive import (
    METHOD,
    Interval,
    Race,
    Track,
    at_seconds,
    crossings,
    interval,
    least,
    ratio,
    run_rule,
    tune,
)
from experiments.servers.rules.adaptive_bounds import Beside, beside, prescribed
from experiments.servers.rules.rules import RULES, Picky
from experiments.servers.speeds import parse_fleet
from experiments.sweep.json_store import CellResult, JsonStore, Values, digest, rounded
from theory.common.errors import InputError, StoreError
from theory.common.types import Vector

TUNED, PRESCRIBED = "tuned", "prescribed"
#: Fleets on the virtual clock; a worker's mean is one second but for the slow one's.
FLEETS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "alike": ("8 workers alike", "8*lognormal:mean=1,spread=.3"),
        "one-slow": ("7 alike, one 40 times slower", "7*lognormal:mean=1,spread=.3+lognormal:mean=40,spread=.3"),
        "heavy": ("8 with heavy tails", "8*pareto:mean=1,tail=1.2"),
        "many": ("64 with heavy tails", "64*pareto:mean=1,tail=1.2"),
    }
)
#: Traces of a Ray server that travel with the package, by the name of the cell that recorded them, and their arrivals.
RECORDED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ray-even": ("8 Ray workers alike", "even"),
        "ray-uneven": ("8 Ray workers, some slow at times", "uneven"),
    }
)
_RECORDED_ARRIVALS = 800
_FILE = "file:"
_TUNING_SEEDS = 1_000_000  # seeds of the tuning begin here, those of what is reported at 0
_POINTS = 50
_DIGITS = 5  # of stored numbers


@dataclass(frozen=True)
class AdaptiveCell:
    """All rules on one trace and one objective.

    Args:
        fleet: a name of FLEETS or of RECORDED, or "file:" and the path of a recorded trace.
        problem: an objective by name; batch: examples per minibatch.
        arrivals: N, the number of gradients that arrive; 0 takes all of a recorded trace.
        target: the mean squared gradient norm to be reached.
        record_every: distance between two recorded points.
        draw: seed of the durations, or which of the recorded traces.
        seeds: of the noise, for what is reported; tuning: how many others the base steps are tuned on.
        digest: of a recorded trace, so that another trace under the same path is refused.
    """

    fleet: str
    problem: str
    batch: int
    arrivals: int
    target: float
    record_every: int
    draw: int = 0
    seeds: int = 16
    tuning: int = 4
    digest: str = ""

    @property
    def name(self) -> str:
        fleet = f"file-{self.digest[:8]}" if self.fleet.startswith(_FILE) else f"{self.fleet}-r{self.draw}"
        problem = self.problem.replace(":", "-").replace("=", "").replace(",", "-")
        return f"adaptive-{fleet}-{problem}-N{self.arrivals}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        heavy = 20 if self.problem.startswith(("logistic", "softmax")) else 1
        return heavy * max(1, self.arrivals) * (12 * self.tuning + 2 * self.seeds)

    def trace(self) -> ServerTrace:
        """The arrivals; InputError for an unknown fleet, StoreError for a file that has changed."""
        if self.fleet.startswith(_FILE):
            found = load_trace(self.fleet.removeprefix(_FILE))
            if found.digest != self.digest:
                raise StoreError(f"The trace {self.fleet.removeprefix(_FILE)} is not the one that was asked for.")
            return found.first(self.arrivals) if self.arrivals else found
        if self.fleet in RECORDED:
            return recorded_traces(RECORDED[self.fleet][1])[self.draw].first(self.arrivals)
        if self.fleet not in FLEETS:
            raise InputError(f"There is no fleet {self.fleet!r}. The fleets are {', '.join((*FLEETS, *RECORDED))}.")
        return virtual_run(parse_fleet(FLEETS[self.fleet][1]), self.arrivals, seed=self.draw)

    def race(self) -> Race:
        """What the rules are run on."""
        return Race(get_problem(self.problem), self.batch, self.trace(), self.target, self.record_every)

    def compute(self) -> Values:
        """The numbers of every rule."""
        return compared(self.race(), range(self.seeds), range(_TUNING_SEEDS, _TUNING_SEEDS + self.tuning))


def recorded_cell(path: Path | str, problem: str, batch: int, target: float, *, record_every: int = 1) -> AdaptiveCell:
    """The cell of a recorded trace, of Ray or of any server, on an objective."""
    found = load_trace(path).digest
    return AdaptiveCell(f"{_FILE}{path}", problem, batch, 0, target, record_every, digest=found)


def compared(race: Race, seeds: Sequence[int], tuning: Sequence[int]) -> Values:
    """Every rule at its tuned and at its prescribed step.

    Args:
        race: the objective, the arrivals and the target; seeds: of what is reported; tuning: other seeds.

    Returns:
        `about`, the numbers of the trace and the problem, and `rules`, an entry for each rule and choice of step;
        without the picky rule where the objective has no compiled gradient.
    """
    compiled = race.problem.kernel(race.batch) is not None
    names = [name for name, rule in RULES.items() if compiled or rule is not Picky]
    entries: list[dict[str, Any]] = []
    for choice in (TUNED, PRESCRIBED):
        constant: Vector | None = None  # the first rule, which the others are compared with
        for name in names:
            rule = tune(race, name, tuning) if choice == TUNED else prescribed(race, name)
            if rule is None:
                continue
            track = run_rule(race, rule, seeds)
            met = crossings(track, race.target)
            constant = met if constant is None else constant
            entries.append({"choice": choice} | _entry(race, track, met, constant))
    return {"about": _about(race), "rules": entries}


def _about(race: Race) -> dict[str, Any]:
    delays, constants = race.trace.delays, race.problem.constants(race.batch)
    quantiles = np.quantile(delays, (0.5, 0.9, 0.99), method="inverted_cdf")
    return {
        "trace": race.trace.description,
        "source": race.trace.source,
        "workers": race.concurrency,
        "mean_delay": float(delays.mean()),
        "largest_delay": int(delays.max()),
        "quantiles": [int(q) for q in quantiles],
        "arrivals": race.trace.steps,
        "seconds": rounded(race.seconds[-1], _DIGITS),
        "target": race.target,
        "start": float((race.problem.full_gradient(race.problem.initial_point) ** 2).sum()),
        "exact": race.exact,
        "constants": {name: [each.value, str(each.known)] for name, each in constants.items()},
    }


def _entry(race: Race, track: Track, met: Vector, constant: Vector) -> dict[str, Any]:
    clock = at_seconds if race.trace.timed else lambda race, arrivals: arrivals
    return {
        "rule": track.rule.name,
        "base": track.rule.base,
        "numbers": {name: value for name, value in asdict(track.rule).items() if name != "base"},
        "applied": track.applied,
        "diverged": int(np.isinf(track.squares[:, -1]).sum()),
        "arrivals": _stored(interval(met)),
        "seconds": _stored(interval(at_seconds(race, met))) if race.trace.timed else None,
        "against_constant": _stored(ratio(clock(race, met), clock(race, constant))),
        "least": _stored(least(track)),
        "curve": _curve(race, track),
        "bounds": _bounds(beside(race, track)),
    }


def _curve(race: Race, track: Track) -> dict[str, list[Any]]:
    """The means and their band at points that are evenly spaced in the logarithm."""
    last = track.time.size - 1
    places = np.unique(np.concatenate(([0], np.geomspace(1, last, _POINTS).round().astype(int)))) if last else [0]
    low, high = track.band
    columns = {"seconds": race.seconds[track.time], "mean": track.means, "low": low, "high": high}
    listed = {name: rounded(values[places], _DIGITS) for name, values in columns.items()}
    return {"arrivals": track.time[places].tolist(), **listed}


def _bounds(found: Beside) -> dict[str, Any]:
    return {
        "own": asdict(found.own),
        "general": [asdict(each) for each in found.general],
        "smallest": found.smallest,
        "best": found.best,
        "slack": None if found.slack is None else rounded(found.slack, _DIGITS),
        "findings": list(found.findings),
    }


def _stored(found: Interval) -> dict[str, float | None]:
    return {name: rounded(value, _DIGITS) for name, value in asdict(found).items()}


AdaptiveResult = CellResult[AdaptiveCell]


class AdaptiveStore(JsonStore[AdaptiveCell]):
    """The files of the comparisons of rules."""

    schema = "gradlag-adaptive/1"
    folder = "adaptive"
    noun = "result on delay-adaptive rules"
    plural = "comparisons of rules"
    cell_type = AdaptiveCell

    def key(self, cell: AdaptiveCell) -> str:
        """What the fleet's name stands for and how steps are tuned determine a cell too."""
        fleet = cell.trace().digest if cell.fleet in RECORDED else FLEETS.get(cell.fleet, ("", ""))[1]
        return digest({"schema": self.schema, "fleet_text": fleet, "method": dict(METHOD)} | asdict(cell))


ADAPTIVE = AdaptiveStore()


@dataclass(frozen=True)
class AdaptiveSize:
    """Objectives as (name, batch, arrivals, target, record_every), fleets, and how many draws and seeds."""

    problems: tuple[tuple[str, int, int, float, int], ...]
    fleets: tuple[str, ...] = ("alike", "one-slow", "heavy", "ray-uneven")
    draws: int = 1
    seeds: int = 16
    tuning: int = 4


_QUICK = (
    ("quadratic:noise=0", 1, 4000, 1e-4, 4),
    ("nonconvex:start=2", 1, 5000, 0.1, 4),
    ("logistic-digits", 8, 2000, 0.01, 20),
)
_LESSON = (
    ("quadratic:noise=0", 1, 10000, 1e-4, 4),
    ("quadratic", 1, 10000, 0.02, 4),
    ("nonconvex:start=2", 1, 10000, 0.1, 4),
    ("logistic-digits", 8, 4000, 0.01, 20),
)
_SIZES: Mapping[str, AdaptiveSize] = MappingProxyType(
    {
        "quick": AdaptiveSize(_QUICK),
        "lesson": AdaptiveSize(_LESSON, fleets=(*FLEETS, *RECORDED), draws=2, seeds=32),
        "paper": AdaptiveSize(_LESSON, fleets=(*FLEETS, *RECORDED), draws=8, seeds=64, tuning=16),
    }
)


def adaptive_cells(scale: str) -> tuple[AdaptiveCell, ...]:
    """Every fleet, objective and draw of a scale."""
    size = _SIZES[scale]
    fleets = [fleet for fleet in size.fleets if fleet not in RECORDED or is_recorded(RECORDED[fleet][1])]
    cells = (
        AdaptiveCell(fleet, *problem, draw=draw, seeds=size.seeds, tuning=size.tuning)
        for problem in size.problems
        for fleet in fleets
        for draw in range(size.draws)
    )
    return tuple(
        replace(cell, arrivals=min(cell.arrivals, _RECORDED_ARRIVALS)) if cell.fleet in RECORDED else cell
        for cell in cells
    )
