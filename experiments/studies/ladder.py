"""Theorem 1 and the bounds without coherence beside runs on real data: the cells of the first three figures.

Two sets of runs at every staleness. Theorem 1's own steps, with mu = 1/2 assumed in them. And Corollary 1's constant
step, larger and free of any assumption on coherence; it contains T and is therefore run once for every T of a grid.
The coherence mu = 1/2 is given to both, so that each run says whether Theorem 1's assumption held along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from experiments.studies.study import ASSUMED_COHERENCE
from experiments.sweep.run_store import Cell

STALENESSES = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class LadderSize:
    """How much is run at a scale.

    Args:
        problems: objectives for Theorem 1's steps.
        horizon_problems: objectives for Corollary 1's step.
        steps: T.
        seeds: seeds of every run. All points are recorded, as the verdict `violated` needs every k.
    """

    problems: tuple[str, ...]
    horizon_problems: tuple[str, ...]
    steps: int
    seeds: int


_SMALL = ("logistic-cancer", "logistic-nonconvex", "nonconvex")
_ALL = (*_SMALL, "softmax-digits", "logistic-digits")
SIZES = MappingProxyType(
    {
        "quick": LadderSize((*_SMALL, "softmax-digits"), _SMALL, steps=2000, seeds=32),
        "lesson": LadderSize(_ALL, _SMALL, steps=4000, seeds=64),
        "paper": LadderSize(_ALL, _ALL, steps=10_000, seeds=128),
    }
)


def horizon_grid(steps: int) -> tuple[int, ...]:
    """The T at which a schedule that contains T is run: five, doubling, up to `steps`.

    >>> horizon_grid(2000), horizon_grid(3)
    ((125, 250, 500, 1000, 2000), (1, 2, 3))
    """
    return tuple(sorted({max(1, round(steps / 2**halvings)) for halvings in range(5)}))


def theorem_cells(scale: str) -> tuple[Cell, ...]:
    """Theorem 1's steps on every problem at every staleness; problems alternate, so that time left can be foreseen."""
    size = SIZES[scale]
    return tuple(
        Cell(
            name=f"theorem-1-{problem}-s{staleness}",
            problem=problem,
            schedule="theorem-1",
            staleness=staleness,
            steps=size.steps,
            seeds=size.seeds,
            constants={"mu": ASSUMED_COHERENCE},
        )
        for staleness in STALENESSES
        for problem in size.problems
    )


def horizon_cells(scale: str) -> tuple[Cell, ...]:
    """Corollary 1's constant step at every staleness, once for every T of the grid."""
    size = SIZES[scale]
    return tuple(
        Cell(
            name=f"corollary-1-{problem}-s{staleness}-T{steps}",
            problem=problem,
            schedule="corollary-1",
            staleness=staleness,
            steps=steps,
            seeds=size.seeds,
            constants={"mu": ASSUMED_COHERENCE},
        )
        for staleness in STALENESSES
        for problem in size.horizon_problems
        for steps in horizon_grid(size.steps)
    )


def all_cells(scale: str) -> tuple[Cell, ...]:
    """Both sets."""
    return theorem_cells(scale) + horizon_cells(scale)
