r"""Somebody else's gradient, asked again at points of a run: what tests sigma, the mean, L, and that it repeats itself.

At a point x, n draws $g_i$ give two sorts of non-negative, independent numbers: $|g_{2i}-g_{2i+1}|^2/2$, whose mean is
the variance whatever the bias, and for each of B blocks $\frac nB|\bar g-\nabla F|^2$, whose mean is the variance plus
$\frac nB|\text{bias}|^2$. Where the gradient is unbiased and its variance at most sigma^2, both means are at most
sigma^2, and Gaffke's test of that keeps its level for every law.

L is tested by differences of the full gradient over a short way in directions that Lanczos's method turns towards the
steepest: any two points may contradict it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from experiments.problems.problem import Problem
from experiments.runs.run import Run
from experiments.simulate.delayed import simulate
from experiments.statistics.mean_test import p_value
from theory.common.errors import ProblemError, TooLargeError
from theory.common.types import Floats, Progress, Vector
from theory.methods.rule import LinearRule

# The draws of all points together are a quarter of the run's, but of each point at least 64 and at most 1024.
_SHARE, _LEAST, _MOST = 4, 64, 1024
BLOCKS = 16
# x_0, and x_k at these shares of T for the first seed.
_PLACES = (1 / 16, 1 / 4, 1.0)
# Differences for each point, and how long they are against the size of the run and the rounding of its numbers.
_TURNS, _SHORT, _COARSE = 16, 1e-4, 1e3
# Calls of each function that are made twice, and how far equal ones may differ: the order of sums may be another.
_TWICE, _SAME = 8, 1e-9
# Seeds from here on are those of fresh draws: a run takes them only if it is asked for them.
_SEEDS = 2**62


@dataclass(frozen=True, eq=False)
class Draws:
    """What fresh draws at one point show.

    Args:
        k: the step of the point; count: the number n of draws; norm: |grad F| there.
        spreads: float64 (n/2,), halves of the squared distances of two draws each.
        errors: float64 (BLOCKS,), n/BLOCKS times the squared errors of the means of blocks.
    """

    k: int
    count: int
    norm: float
    spreads: Floats
    errors: Floats

    @property
    def variance(self) -> float:
        """The variance, measured."""
        return float(self.spreads.mean())

    @property
    def bias(self) -> float:
        """The length of the mean error, measured; noise alone gives sigma sqrt(BLOCKS/n) at most, on average."""
        return float(np.sqrt(self.errors.mean() * BLOCKS / self.count))

    def too_noisy(self, sigma: float, rounding: float) -> float:
        """p-value of a variance of at most sigma^2."""
        return float(p_value(self.spreads[:, None], (sigma + rounding) ** 2)[0])

    def biased(self, sigma: float, rounding: float) -> float:
        """p-value of an unbiased gradient whose variance is at most sigma^2."""
        return float(p_value(self.errors[:, None], (sigma + rounding * (self.count / BLOCKS) ** 0.5) ** 2)[0])


@dataclass(frozen=True, eq=False)
class NoiseTest:
    """What draws at several points say together, at a level that all 2J tests share.

    Args:
        loudest: where the variance is most surely above sigma^2; too_noisy: its p-value, None where that may be chance.
        furthest: where the mean is most surely off; biased: its p-value, None where that may be chance.
    """

    loudest: Draws
    too_noisy: float | None
    furthest: Draws
    biased: float | None


def judge(draws: Sequence[Draws], sigma: float, level: float, rounding: Sequence[float]) -> NoiseTest:
    """Test sigma and the mean at every point; `rounding` is how far each gradient may be off.

    Where sigma is contradicted itself, a bias is told from the noise by four times the variance that was measured.
    """
    noisy = [each.too_noisy(sigma, off) for each, off in zip(draws, rounding, strict=True)]
    loud, share = int(np.argmin(noisy)), level / (2 * len(draws))
    scales = [max(sigma, 2 * each.variance**0.5) if noisy[loud] <= share else sigma for each in draws]
    biased = [each.biased(*told) for each, *told in zip(draws, scales, rounding, strict=True)]
    far = int(np.argmin(biased))
    return NoiseTest(
        draws[loud],
        noisy[loud] if noisy[loud] <= share else None,
        draws[far],
        biased[far] if biased[far] <= share else None,
    )


def spread(first: Floats, second: Floats) -> Floats:
    """Half the squared distance of two draws (..., d): on average the variance."""
    return np.asarray(((first - second) ** 2).sum(axis=-1) / 2)


def mean_error(total: Floats, size: int) -> Floats:
    """So many times the squared error of a mean over so many draws whose errors sum to this (..., d)."""
    return np.asarray((total**2).sum(axis=-1) / size)


def drawn(run: Run, problem: Problem, points: Mapping[int, Vector], progress: Progress) -> tuple[Draws, ...]:
    """Draws at these points of a run."""
    asked = len(run.seed) * run.configuration.steps // (_SHARE * len(points))
    count = min(max(asked, _LEAST), _MOST) // (2 * BLOCKS) * 2 * BLOCKS
    found: list[Draws] = []
    for k, x in points.items():
        found.append(
            _at(
                problem,
                k,
                _seed(run, k),
                x,
                run.configuration.batch,
                count,
                lambda block: progress(len(found) * BLOCKS + block, len(points) * BLOCKS),
            )
        )
    return tuple(found)


def visited(run: Run, problem: Problem) -> dict[int, Vector]:
    """x_0 and points along the first seed of a run, where it did not diverge before them; few if there is one seed."""
    asked, points = run.configuration, {0: problem.initial_point}
    places = _PLACES if len(run.seed) > 1 else _PLACES[:-1]
    for k in sorted({max(1, round(place * asked.steps)) for place in places}):
        if 0 <= run.diverged_at[0] <= k:
            break
        try:
            points[k] = _reached(run, problem, k)
        except TooLargeError:
            break
    return points


@dataclass(frozen=True, eq=False)
class Steepest:
    """Two points near x_k, and how far the gradient changes between them.

    Args:
        k: of the step; one, other: the points; change: |g(one) - g(other)|; norms: |g(one)| + |g(other)|.
    """

    k: int
    one: Vector
    other: Vector
    change: float
    norms: float

    @property
    def distance(self) -> float:
        """Between the points."""
        return float(np.linalg.norm(self.other - self.one))

    @property
    def quotient(self) -> float:
        """At most L, but for rounding."""
        return self.change / self.distance

    def least(self, smoothness: float, rounding: float) -> float:
        """The quotient at least, where gradients are off by so much of |g| + L |x|."""
        ends = float(np.linalg.norm(self.one) + np.linalg.norm(self.other))
        return self.quotient - rounding * (self.norms + smoothness * ends) / self.distance


def steepest(problem: Problem, points: Mapping[int, Vector], size: float, rounding: float) -> tuple[Steepest, ...]:
    """Where the full gradient changes most near each of the points, as far as a few differences show.

    Args:
        problem: of the run; points: of it, by their steps.
        size: how far the run may go; rounding: of the gradients, relative.
    """
    way = min(max(_SHORT, _COARSE * rounding), 1.0) * (size or 1.0)
    found = []
    for k, x in points.items():
        try:
            found.append(_steepest(problem, k, x, way))
        except ProblemError:  # near the point, where no run has been
            continue
    return tuple(each for each in found if np.isfinite(each.quotient))


def _steepest(problem: Problem, k: int, x: Vector, way: float) -> Steepest:
    start, directions, changes = problem.full_gradient(x), np.empty((0, x.size)), np.empty((0, x.size))
    pairs: list[Steepest] = []

    def change(direction: Vector) -> Vector:
        other = x + way * direction
        there = problem.full_gradient(other)
        change, norms = (there - start), np.linalg.norm(start) + np.linalg.norm(there)
        pairs.append(Steepest(k, x, other, float(np.linalg.norm(change)), float(norms)))
        return np.asarray(change / way)

    new = np.random.default_rng(_SEEDS).standard_normal(x.size)
    for _ in range(min(x.size, _TURNS)):
        before = float(np.linalg.norm(new))
        for _ in range(2):
            new = new - directions.T @ (directions @ new)
        length = float(np.linalg.norm(new))
        if not (np.isfinite(length) and length > 1e-6 * before):
            break
        directions = np.concatenate([directions, new[None] / length])
        new = change(directions[-1])
        changes = np.concatenate([changes, new[None]])
    if np.isfinite(changes).all():
        values, turns = np.linalg.eigh((directions @ changes.T + changes @ directions.T) / 2)
        change(directions.T @ turns[:, np.argmax(np.abs(values))])
    return max(pairs, key=lambda pair: pair.quotient if np.isfinite(pair.quotient) else -1.0)


@dataclass(frozen=True)
class Unrepeated:
    """By how much the values differ of a function that was asked twice for the same; `full` if of the full gradient."""

    full: bool
    off: float


def unrepeated(problem: Problem, batch: int, rounding: float) -> Unrepeated | None:
    """Whether the full gradient or the stochastic one at x_0 gives something else when it is asked again."""
    x = problem.initial_point

    def off(ask: Callable[[int], Vector]) -> float:
        pairs = [(ask(number), ask(number)) for number in range(_TWICE)]
        apart = [float(np.linalg.norm(one - other)) for one, other in pairs]
        sizes = [float(np.linalg.norm(one) + np.linalg.norm(other)) for one, other in pairs]
        told = [each for each, size in zip(apart, sizes, strict=True) if each > (_SAME + rounding) * size]
        return max(told, default=0.0)

    full = off(lambda number: problem.full_gradient(x))
    if full or problem.deterministic(batch):
        return Unrepeated(True, full) if full else None
    drawn = off(lambda number: problem.stochastic_gradient(x, _SEEDS, 1 + number, batch))
    return Unrepeated(False, drawn) if drawn else None


def _reached(run: Run, problem: Problem, k: int) -> Vector:
    """x_k of the first seed, simulated again."""
    asked = run.configuration
    again = simulate(
        problem,
        LinearRule(run.linear.gradient_weights[:k], run.linear.move_weights),
        run.delays[:k],
        seeds=asked.seeds[:1],
        batch=asked.batch,
        record_every=k,
        coherence=False,
        window=asked.staleness,
        inconsistent=asked.inconsistent,
    )
    point: Vector = again.final_points[0]
    return point


def _seed(run: Run, k: int) -> int:
    """Every run has draws of its own, which another `--seed` changes."""
    asked = run.configuration
    text = f"{asked.data_digest} {asked.seeds[0]} {asked.steps} {k}"
    return _SEEDS + int.from_bytes(sha256(text.encode()).digest()[:7])


def _at(problem: Problem, k: int, seed: int, x: Vector, batch: int, count: int, tell: Callable[[int], None]) -> Draws:
    with np.errstate(all="ignore"):
        full = problem.full_gradient(x)
        spreads, errors, size = np.empty(count // 2), np.empty(BLOCKS), count // BLOCKS
        for block in range(BLOCKS):
            tell(block)
            total = np.zeros_like(full)
            for pair in range(block * size // 2, (block + 1) * size // 2):
                first, second = (problem.stochastic_gradient(x, seed, 2 * pair + j, batch) for j in (1, 2))
                spreads[pair] = spread(first, second)
                total += (first - full) + (second - full)
            errors[block] = mean_error(total, size)
    # A draw that is no number is as far off as can be.
    spreads, errors = (np.nan_to_num(found, nan=np.inf, posinf=np.inf) for found in (spreads, errors))
    return Draws(k, count, float(np.linalg.norm(full)), spreads, errors)
