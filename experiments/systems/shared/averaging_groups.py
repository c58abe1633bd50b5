r"""Who averages with whom, step by step: partitions of the workers into equal groups, as orthogonal projections.

Averaging within groups multiplies the replicas $X$ (N, d) by a symmetric projection $W$ of trace N/m. An order of the
workers stands for it: m workers after one another are a group. The facts below are gradlag's own, with their tests.

Commuting phases. For $N=m^S$ write a worker's number in base m, and let phase s put together the workers that differ in
digit s alone. Then $W_s$ averages over digit s, so that the $W_s$ commute and their product averages over all digits:
exact consensus after any S phases in a row. The grid, rows and then columns, is S = 2.

Random partitions. For a pair i, j the chance to share a group is (m-1)/(N-1), so that
$\mathbb{E}W=\frac1m I+\frac{m-1}{m(N-1)}(J-I)$ with J the matrix of ones. On a vector of sum 0, where J vanishes,
$\mathbb{E}\|Wx\|^2=x^T(\mathbb{E}W)x=\frac1m\big(1-\frac{m-1}{N-1}\big)\|x\|^2=\frac{N-m}{m(N-1)}\|x\|^2$.

Fixed groups. The same W at every step: W W = W, and what groups differ by stays for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import uniforms
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.types import Array, Ints, Matrix
from theory.staleness.count import whole_number

PARTITIONS = 31  # the stream of random numbers, beside those of experiments/kernels and of the servers
MOST_WORKERS = 4096


@dataclass(frozen=True)
class Mixing:
    """Groups of equal size that may change from step to step.

    Args:
        name: one of `MIXINGS`; workers: N; group: the number m of workers in a group.
        phases: int64 (phases, N), the orders that take turns; None where every step draws its own.
    """

    name: str
    workers: int
    group: int
    phases: Ints | None

    def orders(self, steps: int, seed: int) -> Ints:
        """int64 (steps, N): the order of the workers at each step, whose blocks of m are the groups."""
        if self.phases is None:
            return _drawn_orders(seed, steps, self.workers)
        return self.phases[np.arange(steps) % len(self.phases)]


def grid_phases(workers: int, group: int) -> Ints:
    """int64 (S, N) for N = m^S: phase s puts together the workers that differ in digit s of base m alone.

    >>> grid_phases(4, 2).tolist()
    [[0, 1, 2, 3], [0, 2, 1, 3]]
    """
    digits = round(np.log(workers) / np.log(group))
    if group**digits != workers or digits < 2:
        raise InputError(
            f"Commuting phases need m^S workers in groups of m, S at least 2, such as 16 in groups of 4. "
            f"Got {workers} workers in groups of {group}. Take random partitions for other numbers."
        )
    cube = np.arange(workers).reshape((group,) * digits)
    return np.stack([np.moveaxis(cube, axis, -1).ravel() for axis in reversed(range(digits))])


def _drawn_orders(seed: int, steps: int, workers: int) -> Ints:
    drawn = [uniforms(seed, PARTITIONS, t, workers) for t in range(steps)]
    return np.argsort(np.reshape(drawn, (steps, workers)), axis=1, kind="stable")


def _same(workers: int, group: int) -> Ints:
    return np.arange(workers)[None, :]


#: By name the phases of N workers in groups of m, None for partitions that every step draws.
MIXINGS: Mapping[str, Callable[[int, int], Ints] | None] = MappingProxyType(
    {"full": _same, "grid": grid_phases, "random": None, "fixed": _same}
)


def get_mixing(name: str, workers: int, group: int) -> Mixing:
    """Groups of m among N workers.

    Args:
        name: "full" (all workers average), "grid" (commuting phases), "random" (a partition drawn at every step) or
            "fixed" (the same groups for ever).
        workers: N, at least 2; group: m, a divisor of N of at least 2; "full" takes N in its place.

    Raises:
        InputError: no such schedule, one worker, groups that do not divide the workers, or N that is no power of m
            where phases have to commute.

    Example:
        >>> get_mixing("grid", 16, 4).phases.shape, get_mixing("full", 16, 4).group
        ((2, 16), 16)
    """
    if name not in MIXINGS:
        raise InputError(f"The groups must be one of {', '.join(MIXINGS)}. Got {name!r}.{meant(name, MIXINGS)}")
    count = whole_number(workers, 1, "The number of workers", InputError, most=MOST_WORKERS)
    size = count if name == "full" else whole_number(group, 1, "The number of workers in a group", InputError)
    if count == 1:
        raise InputError("One worker has nobody to average with. Give at least 2 workers, or run `gradlag run`.")
    if size < 2 or count % size:
        raise InputError(
            f"Groups must be of one size of at least 2 that divides the number of workers. Got groups of {size} among "
            f"{count} workers. Take one of {', '.join(str(m) for m in range(2, count + 1) if count % m == 0)}."
        )
    phases = MIXINGS[name]
    return Mixing(name, count, size, None if phases is None else frozen(phases(count, size)))


def projection(order: Ints, group: int) -> Matrix:
    """The matrix W (N, N) that averages within the groups of an order.

    >>> projection(np.array([0, 2, 1, 3]), 2)[0]
    array([0.5, 0. , 0.5, 0. ])
    """
    groups = np.empty(order.size, np.int64)
    groups[order] = np.arange(order.size) // group
    return np.asarray((groups[:, None] == groups[None, :]) / group, dtype=np.float64)


def averaged(points: Array, order: Ints, group: int) -> Array:
    """Replicas (N, d) after averaging within groups: the members are added one after another, as compiled code does."""
    mixed = np.empty_like(points)
    for members in order.reshape(-1, group):
        total = points[members[0]].copy()
        for member in members[1:]:
            total += points[member]
        mixed[members] = total / points.dtype.type(group)
    return mixed


def random_contraction(workers: int, group: int) -> float:
    r"""What a random partition leaves of the distance to consensus, squared, on average: $\frac{N-m}{m(N-1)}$.

    >>> random_contraction(4, 2), random_contraction(16, 4)
    (0.3333333333333333, 0.2)
    """
    return (workers - group) / (group * (workers - 1))


def consensus_error(points: Array) -> float:
    r"""$\frac1N\sum_i\|x_i-\bar x\|^2$ of replicas (N, d)."""
    apart = points - points.mean(axis=0)
    return float((apart * apart).sum() / len(points))
