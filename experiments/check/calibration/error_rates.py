"""How often the words "violated" and "holds" are wrong, and right, law by law: the tables of docs/verdicts.md.

Every law has mean one. Seeds are independent draws, except in the last table, where runs are copied or follow one
another. `python -m experiments.check.calibration.error_rates` prints the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.check.calibration.at_once import found_above, found_below
from experiments.check.calibration.calibrate import DelayedQuadratic
from experiments.statistics.copies import groups, neighbours_p_value, one_of_each
from experiments.statistics.mean_test import p_value
from theory.bounds import Setting, get
from theory.common.types import Floats
from theory.staleness.count import Staleness

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]

SEEDS = (2, 4, 8, 16, 32, 64)
LEVEL = 0.05
#: "holds" is wrong where the mean is this much above the bound.
JUST_ABOVE = 1.01
_SEED = 2026_1130
_BLOCK = 4_000_000


def laws() -> Mapping[str, Draw]:
    """Laws of |g|^2 of mean one: skewed to either side, heavy, mixed, with rare events, and those of Gaussians."""
    return {
        "zeros, 5 %": lambda rng, n: (rng.random(n) >= 0.05) / 0.95,
        "zeros, 10 %": lambda rng, n: (rng.random(n) >= 0.1) / 0.9,
        "0.25 with 4 %, else above 1": lambda rng, n: np.where(rng.random(n) < 0.04, 0.25, 0.99 / 0.96),
        "Beta(5, 1/2)": lambda rng, n: rng.beta(5, 0.5, n) * 1.1,
        "uniform": lambda rng, n: 2 * rng.random(n),
        "Bernoulli 0.5": lambda rng, n: (rng.random(n) < 0.5) / 0.5,
        "Bernoulli 0.1": lambda rng, n: (rng.random(n) < 0.1) / 0.1,
        "Bernoulli 0.001": lambda rng, n: (rng.random(n) < 0.001) / 0.001,
        "1 % of size 50": lambda rng, n: np.where(rng.random(n) < 0.01, 50.0, 1.0) / 1.49,
        "two scales": lambda rng, n: rng.exponential(size=n) * np.where(rng.random(n) < 0.1, 5.5, 0.5),
        "one square": lambda rng, n: rng.standard_normal(n) ** 2,
        "exponential": lambda rng, n: rng.exponential(size=n),
        "10 squares": lambda rng, n: rng.gamma(5, 1 / 5, n),
        "100 squares": lambda rng, n: rng.gamma(50, 1 / 50, n),
        "1000 squares": lambda rng, n: rng.gamma(500, 1 / 500, n),
        "lognormal 0.5": lambda rng, n: rng.lognormal(-0.125, 0.5, n),
        "lognormal 1": lambda rng, n: rng.lognormal(-0.5, 1, n),
        "lognormal 2": lambda rng, n: rng.lognormal(-2, 2, n),
        "t_3 squared": lambda rng, n: rng.standard_t(3, n) ** 2 / 3,
        "Pareto 1.5": lambda rng, n: (1 + rng.pareto(1.5, n)) / 3,
    }


@dataclass(frozen=True)
class ErrorRates:
    """What happened at one law and number of seeds: relative frequencies."""

    law: str
    seeds: int
    false_violated: float
    false_holds: float
    violated_at_5: float
    violated_at_20: float
    holds_at_half: float
    holds_at_twentieth: float


def error_rates(
    repetitions: int = 2000, seeds: Sequence[int] = SEEDS, names: Sequence[str] | None = None, level: float = LEVEL
) -> Iterator[ErrorRates]:
    """Measure both errors and both powers, law by law.

    Args:
        repetitions: checks for each law and number of seeds, with fixed random numbers.
        seeds: numbers S of seeds.
        names: some of `laws()`; by default all.
        level: of both words.

    Yields:
        A row: false "violated" at mean = B, false "holds" at mean = 1.01 B, "violated" at 1.05 B and 1.2 B, "holds" at
        B/2 and B/20.

    >>> [row.false_violated <= 0.05 for row in error_rates(50, (8,), ("exponential",))]
    [True]
    """
    for name in names or laws():
        for count in seeds:
            values = laws()[name](np.random.default_rng((_SEED, count)), (repetitions, count, 1))
            above = (float(found_above(values, 1 / factor, level).mean()) for factor in (1.0, 1.05, 1.2))
            below = (float(found_below(values, bound, level).mean()) for bound in (1 / JUST_ABOVE, 2.0, 20.0))
            (false_above, at_5, at_20), (false_below, *holding) = above, below
            yield ErrorRates(name, count, false_above, false_below, at_5, at_20, *holding)


def understated_noise(
    dimension: int, factors: Sequence[float], seeds: int, repetitions: int, steps: int = 100, step: float = 0.1
) -> tuple[tuple[float, float, float], ...]:
    """Where Theorem A is exactly tight, F = |x|^2/2 from its stationary law, with sigma^2 stated too small by factors.

    Returns:
        For each factor: the true weighted mean over the bound, how often the weighted mean is found above it, and how
        often every point is.
    """
    variance = 1.0
    start = np.full(dimension, np.sqrt(step / (2 - step) * variance / dimension))
    delays, gap = np.zeros(steps, dtype=np.int64), float(start @ start) / 2
    run = DelayedQuadratic("q", np.ones(dimension), start, np.sqrt(variance / dimension), np.full(steps, step), delays)
    values = run.sample(repetitions * seeds, np.random.default_rng((_SEED, dimension))).reshape(repetitions, seeds, -1)
    rows = []
    for factor in factors:
        constants = {"L": 1.0, "Delta": gap, "sigma": float(np.sqrt(variance / factor))}
        setting = Setting(run.step_sizes, delays, Staleness(1), constants)
        bound, weights = get("theorem-a").evaluate(setting), get("theorem-a").weigh(setting)
        assert weights is not None
        known = float(weights[0]) * float(values[0, 0, 0])
        means = (values[..., 1:] @ weights[1:])[..., None]
        found = float((p_value(means, bound - known) <= LEVEL).mean())
        every = found_above(values[..., 1:], bound, LEVEL) if values[0, 0, 0] > bound else np.zeros(repetitions, bool)
        rows.append((float(weights @ run.moments()) / bound, found, float(every.mean())))
    return tuple(rows)


def followed(seeds: int, dimension: int, rng: np.random.Generator, weight: float = 0.0, copies: int = 1) -> Floats:
    """Squared norms (S, 101) of SGD on |x|^2/2; rows follow one another with this weight, or are noisy copies."""
    shape = (seeds // copies, dimension)
    x, before = np.full(shape, 2.0), np.sqrt(1 - weight**2)
    norms = [(x**2).sum(axis=1)]
    for _ in range(100):
        noise = rng.standard_normal(shape)
        for row in range(1, shape[0] if weight else 0):
            noise[row] = weight * noise[row - 1] + before * noise[row]
        x = x - 0.15 * (x + noise)
        norms.append((x**2).sum(axis=1))
    rows = np.repeat(np.array(norms).T, copies, axis=0)
    return np.asarray(rows * (1 + (1e-3 * rng.standard_normal(rows.shape) if copies > 1 else 0)), dtype=np.float64)


def dependence_found(seeds: int, repetitions: int = 100) -> Mapping[str, float]:
    """How often copies and order are found among rows that have them, and among honest rows."""
    rng = np.random.default_rng((_SEED, 7, seeds))

    def copied(rows: Floats) -> bool:
        return one_of_each(groups(rows)).size < len(rows)

    def ordered(rows: Floats) -> bool:
        return neighbours_p_value(rows) <= 1e-3

    cases: Mapping[str, tuple[Callable[[Floats], bool], Mapping[str, float]]] = {
        "honest rows, copies found": (copied, {"dimension": 1}),
        "honest rows, order found": (ordered, {"dimension": 1}),
        "every run twice, noise 0.1 %": (copied, {"dimension": 1, "copies": 2}),
        "order, AR(0.5), d = 1": (ordered, {"dimension": 1, "weight": 0.5}),
        "order, AR(0.5), d = 10": (ordered, {"dimension": 10, "weight": 0.5}),
    }
    return {
        name: float(np.mean([look(followed(seeds, rng=rng, **made)) for _ in range(repetitions)]))  # type: ignore[arg-type]
        for name, (look, made) in cases.items()
    }


def copied_runs(seeds: int, repetitions: int = 200, copies: int = 8) -> tuple[float, float]:
    """False "violated" at the last point where every run is logged several times: as if independent, and as it is."""
    rng = np.random.default_rng((_SEED, 8, seeds))
    alike, honest = [], []
    m = DelayedQuadratic("q", np.ones(1), np.full(1, 2.0), 1.0, np.full(100, 0.15), np.zeros(100, np.int64)).moments()
    for _ in range(repetitions):
        rows = followed(seeds, 1, rng, copies=copies)
        last, distinct = rows[:, -1:], one_of_each(groups(rows))
        alone = bool(p_value(last, m[-1])[0] <= LEVEL)
        alike.append(alone)
        honest.append(alone and bool(p_value(last[distinct], m[-1])[0] <= LEVEL))
    return float(np.mean(alike)), float(np.mean(honest))


def tables(repetitions: int = 2000) -> Iterator[str]:
    """The tables in Markdown, line by line."""
    yield f"| law of mean one | {' | '.join(f'S = {s}' for s in SEEDS)} |"
    yield "|---" * (len(SEEDS) + 1) + "|"
    for name in laws():
        rows = list(error_rates(repetitions, names=(name,)))
        yield f"| {name} | {' | '.join(_cell(row) for row in rows)} |"
    yield "\n| d | seeds | sigma^2 too small by | weighted mean over B | weighted mean found above | every point |"
    yield "|---" * 6 + "|"
    for dimension, seeds in ((1, 32), (10, 8), (10, 32), (100, 8)):
        factors = (1.0, 1.05, 1.1, 1.2, 1.5)
        found = understated_noise(dimension, factors, seeds, repetitions)
        for factor, (ratio, weighted, every) in zip(factors, found, strict=True):
            yield f"| {dimension} | {seeds} | {factor} | {ratio:.2f} | {_rate(weighted)} | {_rate(every)} |"
    found_in = {seeds: dependence_found(seeds) for seeds in SEEDS[2:]}
    yield f"\n| share found | {' | '.join(f'S = {s}' for s in found_in)} |"
    yield "|---" * (len(found_in) + 1) + "|"
    for name in next(iter(found_in.values())):
        yield f"| {name} | {' | '.join(_rate(found[name]) for found in found_in.values())} |"
    yield "\n| every run logged 8 times | counted as independent | as judged |"
    yield "|---" * 3 + "|"
    for seeds in (16, 32, 64):
        alike, judged = copied_runs(seeds)
        yield f"| S = {seeds} | {_rate(alike)} | {_rate(judged)} |"


def _cell(row: ErrorRates) -> str:
    errors, powers = (row.false_violated, row.false_holds), (row.violated_at_5, row.violated_at_20)
    return " ".join(_rate(number) for number in (*errors, *powers, row.holds_at_half, row.holds_at_twentieth))


def _rate(share: float) -> str:
    return f"{share:.3f}".lstrip("0") if 0 < share < 1 else f"{share:.0f}"


def main() -> None:
    """Print the tables."""
    print("In each cell: false violated, false holds; violated at 1.05 B and 1.2 B; holds at B/2 and B/20.\n")
    for line in tables():
        print(line, flush=True)


if __name__ == "__main__":
    main()
