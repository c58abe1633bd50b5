r"""Does the checker err as rarely as it says? Measured where the truth is known exactly.

On a quadratic with Gaussian noise the second moments of delayed SGD obey a linear recursion, so min m_k is known. With
B equal to it, "violated" is an error and must occur with probability at most the level; with B a few per cent lower it
is right, and its rate is the power. Just below min m_k "holds" is the error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.check.calibration.at_once import found_above, found_below
from experiments.common.progress import counted, untold
from experiments.statistics.intervals import LOWER, METHODS, UPPER, lower_bound, upper_bound
from theory.common.types import Flags, Floats, Progress

Event = Callable[[Floats], Flags]

#: What `reproduce` calls the table in a folder of results.
FILE = "calibration.json"
_SEED = 20190506
_BLOCK = 2_000_000


@dataclass(frozen=True)
class DelayedQuadratic:
    r"""SGD with delays on $F(x)=\frac12\sum_i\lambda_ix_i^2$ with Gaussian noise in every coordinate.

    $$x_{k+1}=x_k-\eta_k(\Lambda x_{k-d_k}+\varepsilon_k),\qquad\varepsilon_k\sim N(0,\nu^2I)$$

    Args:
        name: what tables call it.
        curvatures: lambda (d,).
        initial_point: x_0 (d,).
        noise: standard deviation nu of a coordinate of the noise; the variance of the theory is d nu^2.
        step_sizes: eta_k (T,), k = 0..T-1 here.
        delays: d_k (T,), 0 <= d_k <= k.

    >>> one = DelayedQuadratic("one", np.array([1.0]), np.array([3.0]), 0.0, np.array([0.5, 0.5]), np.array([0, 1]))
    >>> one.moments()
    array([9.  , 2.25, 0.  ])
    """

    name: str
    curvatures: Floats
    initial_point: Floats
    noise: float
    step_sizes: Floats
    delays: NDArray[np.int64]

    @cached_property
    def window(self) -> int:
        """Points that a step may read: the largest delay and one."""
        return int(self.delays.max(initial=0)) + 1

    def moments(self) -> Floats:
        r"""$m_k=\mathbb E\|\nabla F(x_k)\|^2$ for k = 0..T, exactly.

        The recursion runs over $C_{jk}=\mathbb E[x_jx_k]$ of the last points, coordinate by coordinate; the noise of a
        step is independent of all points up to it.
        """
        seconds = [self.initial_point**2]
        window = np.zeros((self.curvatures.size, self.window, self.window))
        window[:, 0, 0] = seconds[0]
        for step_size, delay in zip(self.step_sizes, self.delays, strict=True):
            window = self._advance(window, float(step_size), int(delay))
            seconds.append(window[:, 0, 0])
        return np.array(seconds) @ self.curvatures**2

    def _advance(self, window: Floats, step_size: float, delay: int) -> Floats:
        """Second moments (d, w, w) of the window after one step; index a is the point a steps back."""
        pull = (step_size * self.curvatures)[:, None]
        with_past = window[:, 0, :] - pull * window[:, delay, :]
        own = with_past[:, 0] - pull[:, 0] * with_past[:, delay] + (step_size * self.noise) ** 2
        moved = np.empty_like(window)
        moved[:, 1:, 1:] = window[:, :-1, :-1]
        moved[:, 0, 1:] = moved[:, 1:, 0] = with_past[:, :-1]
        moved[:, 0, 0] = own
        return moved

    def sample(self, runs: int, rng: np.random.Generator) -> Floats:
        """Squared gradient norms (runs, T+1) of independent runs."""
        points = np.broadcast_to(self.initial_point, (self.window, runs, self.initial_point.size)).copy()
        norms = np.empty((runs, self.step_sizes.size + 1))
        norms[:, 0] = self.curvatures**2 @ self.initial_point**2
        for k, (step_size, delay) in enumerate(zip(self.step_sizes, self.delays, strict=True)):
            noise = self.noise * rng.standard_normal(points.shape[1:])
            read = points[(k - delay) % self.window]
            new = points[k % self.window] - step_size * (self.curvatures * read + noise)
            points[(k + 1) % self.window] = new
            norms[:, k + 1] = new**2 @ self.curvatures**2
        return norms


def reference_quadratics() -> tuple[DelayedQuadratic, ...]:
    """The quadratics of the study: skew from that of one square to a mild one; minima of both shapes.

    "floor" hovers about its noise floor, so many k are near the minimum; "descent" ends in one clear minimum, where
    testing every k costs nothing and the error is the largest.
    """
    spectrum = 1.0 / np.arange(1, 11)
    cycle = np.minimum(np.arange(60) % 4, np.arange(60))
    falling = np.full(12, 0.2)
    return (
        DelayedQuadratic("floor, d=1", np.ones(1), np.full(1, 3.0), 1.0, np.full(60, 0.15), cycle),
        DelayedQuadratic("floor, d=10", spectrum, np.full(10, 3.0), 1.0, np.full(60, 0.25), cycle),
        DelayedQuadratic("descent, d=1", np.ones(1), np.full(1, 1.5), 3.0, falling, np.minimum(np.arange(12), 1)),
        DelayedQuadratic("descent, d=10", np.ones(10), np.full(10, 4.0), 1.0, falling, np.minimum(np.arange(12), 1)),
    )


@dataclass(frozen=True)
class Frequency:
    """How often something happened, with an exact binomial interval (Clopper and Pearson) of 95 %."""

    count: int
    trials: int

    @property
    def value(self) -> float:
        """The relative frequency."""
        return self.count / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the interval.

        >>> [round(end, 4) for end in Frequency(5, 100).interval]
        [0.0164, 0.1128]
        """
        low = special.betaincinv(self.count, self.trials - self.count + 1, 0.025) if self.count else 0.0
        full = self.count == self.trials
        high = 1.0 if full else special.betaincinv(self.count + 1, self.trials - self.count, 0.975)
        return float(low), float(high)

    def __str__(self) -> str:
        return f"{self.value:.4f}"


@dataclass(frozen=True)
class CalibrationRow:
    """What happened at one number of seeds on one quadratic."""

    quadratic: str
    seeds: int
    lower_coverage: Frequency
    upper_coverage: Frequency
    false_violated: Frequency
    false_holds: Frequency
    power: Mapping[float, Frequency]


@dataclass(frozen=True)
class CalibrationTable:
    """The rows of a study and the level it was made for; `str` prints it."""

    level: float
    repetitions: int
    rows: tuple[CalibrationRow, ...]

    def __str__(self) -> str:
        deficits = tuple(self.rows[0].power)
        heads = ["quadratic", "S", "lower", "upper", "false violated", "95 % interval", "false holds"]
        heads += [f"power -{deficit:.0%}" for deficit in deficits]
        lines = [heads, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        body = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        title = (
            f"Level {self.level:g}, {self.repetitions} repetitions; lower bounds: {LOWER}, upper bounds: {UPPER}.\n"
            "Coverage of one bound at the least mean; 'violated' when B is the least mean; 'holds' when B is just below"
            " it;\npower: 'violated' when B is that much below it."
        )
        return "\n".join([title, *(line.rstrip() for line in body)])


def _cells(row: CalibrationRow) -> list[str]:
    low, high = row.false_violated.interval
    rates = [row.lower_coverage, row.upper_coverage, row.false_violated]
    cells = [row.quadratic, str(row.seeds), *(str(rate) for rate in rates), f"{low:.4f}..{high:.4f}"]
    return [*cells, str(row.false_holds), *(str(rate) for rate in row.power.values())]


def calibrate(
    repetitions: int = 2000,
    seeds: Sequence[int] = (4, 8, 16, 32, 64),
    level: float = 0.05,
    deficits: Sequence[float] = (0.02, 0.05, 0.1, 0.2),
    quadratics: Sequence[DelayedQuadratic] | None = None,
    progress: Progress = untold,
) -> CalibrationTable:
    """Measure the checker's error rates and its power on delayed quadratics with known means.

    Args:
        repetitions: independent checks for each number of seeds and each quadratic.
        seeds: numbers S of seeds.
        level: the checker's level.
        deficits: how far below min m_k, relatively, B is put for the power.
        quadratics: by default `reference_quadratics()`.
        progress: called with how many rows are there.

    Returns:
        A table with one row for each quadratic and S. Every number is reproduced by a fixed seed.

    >>> table = calibrate(repetitions=50, seeds=(8,), quadratics=reference_quadratics()[:1])
    >>> table.rows[0].seeds, table.rows[0].false_violated.trials
    (8, 50)
    """
    chosen = reference_quadratics() if quadratics is None else tuple(quadratics)
    asked = [(quadratic, count) for quadratic in chosen for count in seeds]
    rows = (_row(quadratic, count, repetitions, level, deficits) for quadratic, count in counted(asked, progress))
    return CalibrationTable(level, repetitions, tuple(rows))


def _row(
    quadratic: DelayedQuadratic, seeds: int, repetitions: int, level: float, deficits: Sequence[float]
) -> CalibrationRow:
    moments = quadratic.moments()
    least, where = float(moments.min()), int(moments.argmin())
    events: dict[str, Event] = {
        "lower": lambda y: lower_bound(y[..., [where]], level)[..., 0] <= least,
        "upper": lambda y: upper_bound(y[..., [where]], level)[..., 0] >= least,
        "violated": lambda y: found_above(y, least, level),
        # Just below: at B = min m_k itself "holds" is true.
        "holds": lambda y: found_below(y, least * (1 - 1e-12), level),
    }
    events |= {str(deficit): _violated_at(least * (1 - deficit), level) for deficit in deficits}
    rates = _count(quadratic, seeds, repetitions, events)
    power = {deficit: rates[str(deficit)] for deficit in deficits}
    return CalibrationRow(
        quadratic.name, seeds, rates["lower"], rates["upper"], rates["violated"], rates["holds"], power
    )


def _violated_at(bound: float, level: float) -> Event:
    return lambda values: found_above(values, bound, level)


def _count(
    quadratic: DelayedQuadratic, seeds: int, repetitions: int, events: Mapping[str, Event]
) -> dict[str, Frequency]:
    counts = dict.fromkeys(events, 0)
    for values in _checks(quadratic, seeds, repetitions):
        for name, event in events.items():
            counts[name] += int(np.count_nonzero(event(values)))
    return {name: Frequency(count, repetitions) for name, count in counts.items()}


def _checks(quadratic: DelayedQuadratic, seeds: int, repetitions: int) -> Iterator[Floats]:
    """Squared norms (block, S, T+1) of independent checks, in blocks that fit in memory."""
    rng = np.random.default_rng((_SEED, seeds))
    points = quadratic.step_sizes.size + 1
    block = max(1, min(repetitions, _BLOCK // (seeds * points)))
    for start in range(0, repetitions, block):
        size = min(block, repetitions - start)
        yield quadratic.sample(size * seeds, rng).reshape(size, seeds, points)


def example_distributions() -> Mapping[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]]:
    """Distributions of mean one on which the interval methods compete.

    The first five are what squared norms of Gaussian gradients can look like; "uniform" is symmetric, and "lognormal"
    has a heavier tail than any of them.
    """
    return {
        "square": lambda rng, shape: rng.standard_normal(shape) ** 2,
        "two squares": lambda rng, shape: rng.exponential(size=shape),
        "ten squares": lambda rng, shape: rng.gamma(5, 1 / 5, shape),
        "decaying": lambda rng, shape: (
            sum(rng.standard_normal(shape) ** 2 / i**2 for i in range(1, 9)) / sum(1 / i**2 for i in range(1, 9))
        ),
        "shifted": lambda rng, shape: (2 + rng.standard_normal(shape)) ** 2 / 5,
        "uniform": lambda rng, shape: 2 * rng.random(shape),
        "lognormal": lambda rng, shape: rng.lognormal(-0.5, 1, shape),
    }


@dataclass(frozen=True)
class MethodRow:
    """Coverage of one method at one S, and the median of its bounds, by distribution."""

    method: str
    seeds: int
    lower: Mapping[str, float]
    upper: Mapping[str, float]
    lower_median: Mapping[str, float]
    upper_median: Mapping[str, float]


def compare_methods(
    repetitions: int = 4000, seeds: Sequence[int] = (4, 8, 16, 32, 64), level: float = 0.05
) -> tuple[MethodRow, ...]:
    """Coverage of every interval method on every example distribution: the ground for `LOWER` and `UPPER`.

    >>> rows = compare_methods(repetitions=100, seeds=(8,))
    >>> len(rows), sorted(rows[0].lower)[:2]
    (6, ['decaying', 'lognormal'])
    """
    return tuple(_method_row(method, count, repetitions, level) for count in seeds for method in METHODS)


def _method_row(method: str, seeds: int, repetitions: int, level: float) -> MethodRow:
    draws = {
        name: draw(np.random.default_rng((_SEED, seeds)), (seeds, repetitions))
        for name, draw in example_distributions().items()
    }
    lower = {name: lower_bound(values, level, method) for name, values in draws.items()}
    upper = {name: upper_bound(values, level, method) for name, values in draws.items()}
    return MethodRow(
        method,
        seeds,
        {name: float(np.mean(limit <= 1)) for name, limit in lower.items()},
        {name: float(np.mean(limit >= 1)) for name, limit in upper.items()},
        {name: float(np.median(limit)) for name, limit in lower.items()},
        {name: float(np.median(limit)) for name, limit in upper.items()},
    )


def print_methods(rows: Sequence[MethodRow]) -> str:
    """A table of coverages, lower / upper, one line for each method and S."""
    names = tuple(rows[0].lower)
    lines = [f"{'S':>4}  {'method':12}" + "".join(f"{name:>15}" for name in names)]
    for row in rows:
        cells = "".join(f"{row.lower[name]:>8.3f}/{row.upper[name]:<6.3f}" for name in names)
        lines.append(f"{row.seeds:>4}  {row.method:12}{cells}")
    return "\n".join(lines)


def main() -> None:
    """Print the calibration: `python -m experiments.check.calibration.calibrate`."""
    print(calibrate())
    print("\nCoverage of the interval methods, lower / upper; the values have mean one.")
    print(print_methods(compare_methods()))


if __name__ == "__main__":
    main()
