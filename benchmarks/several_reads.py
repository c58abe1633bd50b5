"""What each bound says of three servers: `python benchmarks/several_reads.py` computes docs/several_reads.md anew.

A test computes the page again and compares.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.servers.clock import virtual_run
from experiments.servers.speeds import parse_fleet
from theory.bounds import REGISTRY, Bound, Setting
from theory.common.types import Ints
from theory.cost.case import Case
from theory.cost.least_steps import Search
from theory.staleness.count import Staleness

PAGE = Path(__file__).resolve().parent.parent / "docs" / "several_reads.md"
STEPS, NOISES = 400, (0.1, 1.0)
FLEET = "8*exponential:mean=1+1*exponential:mean=8"

_HEAD = """\
# Several reads, any order, blocks read apart: what each bound gains

Made by `python benchmarks/several_reads.py`; a test compares. min E|grad F(x_k)|^2 after {steps} updates with L = Delta = 1, at the best constant step of each bound, or at its own. A dash: it is not about such a server. **Bold**: the least.

- A server with a buffer (FedBuff): {fleet}, updates of 4 gradients, delays up to {fedbuff}.
- A server that applies gradients as they come, out of order: the same workers, delays up to {late}.
- A pipeline of four stages that stash their weights: blocks of coordinates are 3, 2, 1 and 0 updates old.

"""  # noqa: E501
_TAIL = """
The last line is the bound by which `gradlag cost` needs the fewest steps for the accuracy in bold; `check` and `trace` take the least of all that apply at the steps they are given. `theorem-s-reads` is about the least over the points that are read as well. What a bound supersedes is said where it is derived, in `theory/bounds`.
"""  # noqa: E501


class Server(NamedTuple):
    """Delays (T,) or (T, B), and whether blocks are read apart; then they are those of the oldest block."""

    name: str
    delays: Ints
    apart: bool = False

    def setting(self, size: float, sigma: float) -> Setting:
        """The run at a step size."""
        window = Staleness(int(self.delays.max()) + 1)
        return Setting(np.full(STEPS, size), self.delays, window, _constants(sigma), self.apart)


def _constants(sigma: float) -> Mapping[str, float]:
    return {"L": 1.0, "Delta": 1.0, "sigma": sigma}


def servers() -> tuple[Server, ...]:
    """The three."""
    alone = virtual_run(parse_fleet(FLEET), 4 * STEPS).delays
    arrived = np.arange(alone.size)
    buffered = (arrived // 4 - (arrived - alone) // 4).reshape(STEPS, 4)
    stages = np.minimum(np.arange(STEPS), 3)
    return (
        Server("buffer of 4", buffered),
        Server("out of order", alone[:STEPS]),
        Server("pipeline", stages, apart=True),
    )


def least(bound: Bound, server: Server, sigma: float) -> float | None:
    """The least value over constant steps, or the one at its own step; None where it does not apply."""
    if bound.covers_reads and server.apart:  # the points read are not those of the run there
        return None
    if bound.schedule is not None:
        window = Staleness(int(server.delays.max()) + 1)
        own = Setting.of(bound.schedule, server.delays, window, _constants(sigma), server.apart)
        return bound.assess(own)[0]
    sizes = np.geomspace(1e-3, 2.0, 160)
    values = (bound.assess(server.setting(float(size), sigma))[0] for size in sizes)
    return min((value for value in values if value is not None), default=None)


def about() -> tuple[Bound, ...]:
    """The bounds that ask for nothing but L, Delta and sigma."""
    return tuple(bound for bound in REGISTRY.values() if set(bound.constants) <= {"L", "Delta", "sigma"})


def table() -> Iterator[str]:
    """A line for each bound that speaks of one of them."""
    columns = [(server, sigma) for server in servers() for sigma in NOISES]
    values = {bound.name: [least(bound, *column) for column in columns] for bound in about()}
    best = [min(v[i] or np.inf for v in values.values()) for i in range(len(columns))]
    yield f"| bound | {' | '.join(f'{server.name}, sigma = {sigma:g}' for server, sigma in columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for name, row in values.items():
        if any(value is not None for value in row):
            yield f"| `{name}` | {' | '.join(map(_cell, row, best))} |"
    chosen = (taken(*column, accuracy) for column, accuracy in zip(columns, best, strict=True))
    yield f"| `gradlag cost` takes | {' | '.join(f'`{name}`' for name in chosen)} |"


def taken(server: Server, sigma: float, accuracy: float) -> str:
    """The bound that needs the fewest steps for an accuracy, at a constant step."""
    case = Case(Staleness(int(server.delays.max()) + 1), _constants(sigma), server.delays, server.apart)
    found = Search.of(case).least(accuracy)
    return "-" if found is None else found.bound


def _cell(value: float | None, best: float) -> str:
    return "-" if value is None else f"**{value:.4f}**" if value == best else f"{value:.4f}"


def page() -> str:
    """The page of documentation."""
    fedbuff, late, _ = servers()
    head = _HEAD.format(steps=STEPS, fleet=FLEET, fedbuff=fedbuff.delays.max(), late=late.delays.max())
    return head + "\n".join(table()) + "\n" + _TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
