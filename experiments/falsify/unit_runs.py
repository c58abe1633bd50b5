r"""Runs of delayed SGD on many unit functions at once, every expectation exact.

Without noise a run is one path. Two-point noise is followed along all its 2^T paths, and delays drawn from a law along
all their sequences. On a parabola the second moments are a linear recursion in the start and in each noise, exact for
any number of steps. A run becomes a column: what it uses of the gap and the variance, and E|phi'|^2 at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from experiments.falsify.battery import Landscapes, battery
from theory.common.types import Flags, Matrix, Vector
from theory.staleness.traces import Delays

#: Steps up to which all paths of a two-point noise are followed.
LONGEST_TREE = 8
_MOST_PATHS = 1300
_CURVATURES = np.array([1.0, 0.85, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003])


@dataclass(frozen=True, eq=False)
class UnitRuns:
    r"""Unit runs: scaled by $w=(Lb)^2$ the gap is $w\gamma/L$, the variance $w\nu^2$, and $w\,\mathbb E\varphi'^2$.

    Independent coordinates add up: so do their columns, and every non-negative combination is a run in more dimensions.

    Args:
        squared: float64 (C, T + 1), E|phi'(y_t)|^2.
        inner: float64 (C, T), E<phi'(y_k), phi'(y_{tau_k})>.
        gap, variance: float64 (C,), gamma and nu^2.
        convex: bool (C,).
        describe: the run of a column in words.
    """

    squared: Matrix
    inner: Matrix
    gap: Vector
    variance: Vector
    convex: Flags
    describe: Callable[[int], str]

    def __len__(self) -> int:
        return self.gap.size

    def only(self, keep: Flags) -> UnitRuns:
        """Some of the columns."""
        rows = np.flatnonzero(keep)
        return UnitRuns(
            self.squared[rows],
            self.inner[rows],
            self.gap[rows],
            self.variance[rows],
            self.convex[rows],
            lambda i: self.describe(int(rows[i])),
        )


def joined(parts: Sequence[UnitRuns]) -> UnitRuns:
    """All columns one below the other; a run that left the floating-point numbers is dropped."""
    ends = np.cumsum([len(part) for part in parts])

    def describe(i: int) -> str:
        part = int(np.searchsorted(ends, i, side="right"))
        return parts[part].describe(i - int(ends[part] - len(parts[part])))

    whole = UnitRuns(
        np.concatenate([part.squared for part in parts]),
        np.concatenate([part.inner for part in parts]),
        np.concatenate([part.gap for part in parts]),
        np.concatenate([part.variance for part in parts]),
        np.concatenate([part.convex for part in parts]),
        describe,
    )
    finite = np.isfinite(whole.squared).all(axis=1) & np.isfinite(whole.inner).all(axis=1) & np.isfinite(whole.gap)
    return whole.only(finite)


_NONE = np.zeros(0)


def all_unit_runs(
    moves: Vector, delays: Delays, rng: np.random.Generator, *, noisy: bool, size: int, back: Vector = _NONE
) -> UnitRuns:
    """The battery against one sequence of steps and delays.

    Args:
        moves: float64 (T,), L eta_k.
        delays: int64 (T,).
        rng: draws functions, starts and noise laws.
        noisy: whether there may be noise.
        size: about how many functions of each kind.
        back: float64 (M,), what a step takes back of the moves before.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [exact_run(functions, moves, delays, back=back) for functions in battery(moves, rng, size)]
        parts += parabolas(moves, delays, noisy=noisy, back=back)
        if noisy and moves.size <= LONGEST_TREE:
            few = battery(moves, rng, max(4, size // 3))
            parts += [noisy_run(functions, moves, delays, rng, back=back) for functions in few]
    return joined(parts)


def averaged_unit_runs(moves: Vector, delays: Delays, rng: np.random.Generator, *, noisy: bool, size: int) -> UnitRuns:
    """The battery against updates that average several gradients: each gradient is a step of its own between points.

    Args:
        moves: float64 (T,), L eta_k; delays: int64 (T, B).
        rng, noisy, size: as in `all_unit_runs`.
    """
    steps, reads = delays.shape
    points = reads * (np.arange(steps)[:, None] - delays)
    flat = np.arange(steps * reads) - points.ravel()
    run = all_unit_runs(np.repeat(moves / reads, reads), flat, rng, noisy=noisy, size=size)
    return replace(run, squared=run.squared[:, ::reads], inner=run.inner[:, ::reads])


def drawn_unit_runs(moves: Vector, law: Vector, rng: np.random.Generator, *, noisy: bool, size: int) -> UnitRuns:
    """The battery against delays drawn independently from a law, all sequences of them with their probabilities.

    Args:
        moves: float64 (T,), L eta_k; law: float64 (D + 1,), the probability of each delay before d_k <= k is imposed.
        rng, noisy, size: as in `all_unit_runs`.
    """
    steps, values = moves.size, np.flatnonzero(law > 0)
    which = np.array(list(product(values, repeat=steps)), dtype=np.int64).reshape(-1, steps)
    delays, chance = np.minimum(which, np.arange(steps)), law[which].prod(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [exact_run(functions, moves, delays, chance) for functions in battery(moves, rng, size)]
        if noisy and len(chance) << steps <= _MOST_PATHS:
            parts += [noisy_run(functions, moves, delays, rng, chance) for functions in battery(moves, rng, 6)]
    return joined(parts)


_CERTAIN = np.ones(1)


def exact_run(
    functions: Landscapes, moves: Vector, delays: Delays, chance: Vector = _CERTAIN, back: Vector = _NONE
) -> UnitRuns:
    """Each function run without noise; with delays (Q, T) of the probabilities `chance` (Q,), in the mean over them."""
    still = np.zeros((1, 1, moves.size))
    weight = np.broadcast_to(chance, (functions.start.size, chance.size))
    squared, inner = _moments(functions, moves, delays, still, weight, back)
    return UnitRuns(
        squared, inner, functions.gap, np.zeros(functions.start.size), functions.convex, lambda i: functions.text(i)
    )


def noisy_run(
    functions: Landscapes,
    moves: Vector,
    delays: Delays,
    rng: np.random.Generator,
    chance: Vector = _CERTAIN,
    back: Vector = _NONE,
) -> UnitRuns:
    """Each function run with a two-point noise of its own size and skewness, some with noise at some steps only.

    The noise of step k is nu sqrt((1 - p)/p) with probability p, else -nu sqrt(p/(1 - p)), or zero.
    """
    count, steps = functions.start.size, moves.size
    size = 10 ** rng.uniform(-1.3, 0.7, count)
    p = rng.choice([0.5, 0.1, 0.9], count)
    active = np.where(rng.random((count, 1)) < 0.5, 1.0, rng.integers(0, 2, (count, steps)))
    up = ((np.arange(1 << steps)[:, None] >> np.arange(steps)) & 1).astype(np.bool_)
    ups = up.sum(axis=1)
    weight = p[:, None] ** ups * (1 - p[:, None]) ** (steps - ups)
    high, low = size * np.sqrt((1 - p) / p), -size * np.sqrt(p / (1 - p))
    kicks = np.where(up, high[:, None, None], low[:, None, None]) * active[:, None, :]
    # Every sequence of delays with every sequence of noises.
    if delays.ndim == 2:
        delays, kicks = np.repeat(delays, 1 << steps, axis=0), np.tile(kicks, (1, chance.size, 1))
        weight = (chance[None, :, None] * weight[:, None, :]).reshape(count, len(delays))
    squared, inner = _moments(functions, moves, delays, kicks, weight, back)
    return UnitRuns(
        squared,
        inner,
        functions.gap,
        size**2,
        functions.convex,
        lambda i: (
            f"{functions.text(i)}; noise {high[i]:.6g} with probability {p[i]:g}, else {low[i]:.6g}, at steps "
            f"{', '.join(str(k + 1) for k in np.flatnonzero(active[i]))}"
        ),
    )


def _moments(
    functions: Landscapes, moves: Vector, delays: Delays, kicks: Matrix, weight: Matrix, back: Vector = _NONE
) -> tuple[Matrix, Matrix]:
    """E|phi'|^2 (B, T + 1) and E<phi'_k, phi'_tau> (B, T), over paths (B, P) of the given weight."""
    point = np.broadcast_to(functions.start[:, None], weight.shape)
    gradients: list[Matrix] = []
    made: list[Matrix] = []  # the moves x_k - x_{k+1}
    inner = np.empty((functions.start.size, moves.size))
    for k, (move, delay) in enumerate(zip(moves, delays.T, strict=True)):
        gradients.append(functions.gradient(point))
        read = _read(gradients, k - delay)
        inner[:, k] = np.einsum("bp,bp,bp->b", weight, gradients[k], read)
        made.append(move * (read + kicks[:, :, k]) - _taken_back(made, back))
        point = point - made[-1]
    gradients.append(functions.gradient(point))
    squared = np.stack([np.einsum("bp,bp,bp->b", weight, g, g) for g in gradients], axis=1)
    return squared, inner


def _taken_back(made: Sequence[Matrix], back: Vector) -> Matrix | float:
    """What is taken back of the moves made so far."""
    return sum((part * move for part, move in zip(back, reversed(made), strict=False)), start=0.0)


def _read(gradients: list[Matrix], index: Delays) -> Matrix:
    """The gradient at the point of that index: one for all paths, or one for each."""
    if index.ndim == 0:
        return gradients[int(index)]
    read = np.empty_like(gradients[0])
    for t in np.unique(index):
        read[:, index == t] = gradients[t][:, index == t]
    return read


def parabolas(moves: Vector, delays: Delays, *, noisy: bool, back: Vector = _NONE) -> list[UnitRuns]:
    """Parabolas c y^2 / 2 started at 1 without noise, and started at the minimum with noise of variance 1.

    The second moments of any noisy run on a parabola are a sum of these two.
    """
    c, steps = _CURVATURES, moves.size
    # response[k, j]: the part of y_k due to the start (j = 0) or to the noise of step j; one per curvature.
    response = np.zeros((steps + 1, (steps if noisy else 0) + 1, c.size))
    response[0, 0] = 1.0
    made: list[Matrix] = []
    for k in range(steps):
        made.append(moves[k] * c * response[k - delays[k]] - _taken_back(made, back))
        if noisy:
            made[-1][k + 1] += moves[k]
        response[k + 1] = response[k] - made[-1]
    read = np.arange(steps) - delays
    parts = [(response[:, :1], c / 2, np.zeros(c.size), "from 1, no noise")]
    if noisy:
        parts.append((response[:, 1:], np.zeros(c.size), np.ones(c.size), "from its minimum, noise of variance 1"))
    return [
        UnitRuns(
            (c**2 * np.sum(part**2, axis=1)).T,
            (c**2 * np.sum(part[:-1] * part[read], axis=1)).T,
            gap,
            variance,
            np.ones(c.size, dtype=np.bool_),
            lambda i, words=words: f"parabola of curvature {c[i]:g}, {words}",  # type: ignore[misc]
        )
        for part, gap, variance, words in parts
    ]
