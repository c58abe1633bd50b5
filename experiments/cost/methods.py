"""The methods that are compared: what delays and noise each has, and how long its steps take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.cost.pace import collecting, together
from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.clock import virtual_run
from experiments.servers.speeds import Speed
from theory.cost.case import Case
from theory.cost.least_steps import Search
from theory.cost.own_steps import OwnSteps
from theory.staleness.count import Staleness

#: Updates of the virtual clock from which the delays and the pace of asynchrony are taken.
UPDATES = 4000


@dataclass(frozen=True, eq=False)
class Method:
    """A way to run SGD on the same workers.

    Args:
        name: as `--json` has it; words: for a legend.
        case: its delays and noise.
        batch: gradients that a step averages.
        ticks: gradients that arrive, of all workers together, while it makes a step.
        seconds: how long a step takes; None where no speeds are known.
        own_steps: whether it has steps and a bound of its own, by its name.
    """

    name: str
    words: str
    case: Case
    batch: int = 1
    ticks: float = 1.0
    seconds: float | None = None
    own_steps: bool = False

    def search(self, names: Sequence[str] | None = None) -> Search | OwnSteps | None:
        """Where its steps are looked for, among the bounds named; None where its own bound is not among them."""
        if not self.own_steps:
            return Search.of(self.case, names)
        return OwnSteps(self.case) if names is None or self.name in names else None


def of_staleness(case: Case) -> tuple[Method, ...]:
    """Methods where the gradient of a point arrives after s - 1 others, as with s workers of equal speed in turn."""
    served = case.staleness.maximum_delay * case.reads + 1
    one_delay = case.trace is None and served > 1
    return (
        Method("asynchronous", "asynchronous", case, case.reads, float(case.reads)),
        Method("waiting", "waiting for a fresh gradient", case.undelayed(), 1, served),
        Method("batched-waiting", f"waiting for {served} gradients", case.undelayed(served), served, served),
        *([Method("counter-momentum", "counter-momentum", case, own_steps=True)] if one_delay else []),
    )


def of_fleet(
    fleet: Sequence[Speed], constants: Mapping[str, float], trace: ServerTrace | None = None, seed: int = 0
) -> tuple[Method, ...]:
    """Methods on workers of given speeds; the delays of asynchrony are a trace's, or those of the virtual clock.

    Batches of waiting are 2, 4, 8, ... up to four times the workers.
    """
    ran = virtual_run(fleet, max(UPDATES, 20 * len(fleet)), seed) if trace is None else trace
    half = ran.steps // 2
    pace = float(ran.applied_at[-1] - ran.applied_at[half]) / (ran.steps - 1 - half)
    late = Case(Staleness(1 + int(ran.delays.max())), constants, np.asarray(ran.delays))
    count, each = len(fleet), pace / late.reads
    batches = [2**power for power in range(1, 64) if 2**power <= 4 * count]
    waiting = [Method("batched-waiting", f"waiting for {b} gradients", late.undelayed(b), b) for b in batches]
    return (
        Method("asynchronous", "asynchronous", late, late.reads, float(late.reads), pace),
        _paced(Method("waiting", "waiting for a fresh gradient", late.undelayed()), collecting(fleet, 1, seed), each),
        *(_paced(batched, collecting(fleet, batched.batch, seed), each) for batched in waiting),
        _paced(Method("synchronous", "synchronous", late.undelayed(count), count), together(fleet, seed), each),
    )


def _paced(method: Method, seconds: float, each: float) -> Method:
    """The method at so many seconds a step, where a gradient arrives each so many seconds."""
    return replace(method, seconds=seconds, ticks=seconds / each)
