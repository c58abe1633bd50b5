"""How often fresh draws contradict a true sigma or an unbiased gradient, and wrong ones: a table of docs/verdicts.md.

`python -m experiments.check.calibration.noise_rates` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from experiments.check.calibration.error_rates import LEVEL, Draw
from experiments.check.draws import BLOCKS, mean_error, spread
from experiments.statistics.mean_test import p_value
from theory.common.types import Floats

COUNTS = (128, 512)
#: Variance over sigma^2, and length of the bias over sigma, of gradients that are wrong.
FACTORS, BIASES = (1.2, 1.5, 2.0), (0.25, 0.5, 1.0)
_POINTS = 4
_SEED = 2026_1201


def noise_laws() -> Mapping[str, Draw]:
    """Laws of g - grad F, of mean zero and variance one: heavy, skewed to either side, with rare events."""
    return {
        "Gaussian": lambda rng, n: rng.standard_normal(n),
        "+1 or -1": lambda rng, n: rng.choice((-1.0, 1.0), n),
        "x B/p - x, p = 0.002": lambda rng, n: ((rng.random(n) < 0.002) / 0.002 - 1) / (0.998 / 0.002) ** 0.5,
        "x B/p - x, p = 0.1": lambda rng, n: ((rng.random(n) < 0.1) / 0.1 - 1) / 3,
        "0 but for 1 %": lambda rng, n: rng.choice((-10.0, 10.0), n) * (rng.random(n) < 0.01),
        "lognormal 2, centred": lambda rng, n: (rng.lognormal(-2, 2, n) - 1) / (np.exp(4) - 1) ** 0.5,
        "t_3": lambda rng, n: rng.standard_t(3, n) / 3**0.5,
        "t_2.1": lambda rng, n: rng.standard_t(2.1, n) / 21**0.5,
    }


@dataclass(frozen=True)
class NoiseRates:
    """What happened at one law and number of draws: relative frequencies of "assumption broken".

    Args:
        law, count: what was drawn, and how often at each of four points.
        false: where sigma is true and nothing biased.
        loud, biased: at each of FACTORS and BIASES; bias at 0.7 sigma of noise.
    """

    law: str
    count: int
    false: float
    loud: tuple[float, ...]
    biased: tuple[float, ...]


def noise_rates(repetitions: int = 1000, law: str = "Gaussian", count: int = COUNTS[0]) -> NoiseRates:
    """Measure how often the tests of four points say that sigma or the mean is wrong, at the level together.

    >>> found = noise_rates(40)
    >>> found.false <= 0.05 < found.loud[-1], found.biased[-1]
    (True, 1.0)
    """
    rng = np.random.default_rng((_SEED, count))
    errors = noise_laws()[law](rng, (count, repetitions * _POINTS))

    def rate(noise: Floats) -> float:
        return float((_least_p(noise) * 2 * _POINTS <= LEVEL).mean())

    loud = tuple(rate(factor**0.5 * errors) for factor in FACTORS)
    return NoiseRates(law, count, rate(errors), loud, tuple(rate(0.7 * errors + bias) for bias in BIASES))


def _least_p(errors: Floats) -> Floats:
    """The smallest p-value (N,) of both tests at the points, from errors (n, N points) with sigma = 1."""
    pairs, blocks = errors.reshape(-1, 2, errors.shape[1]), errors.reshape(BLOCKS, -1, errors.shape[1])
    spreads = spread(pairs[:, 0, :, None], pairs[:, 1, :, None])
    means = mean_error(blocks.sum(axis=1)[..., None], blocks.shape[1])
    found = np.minimum(p_value(spreads, 1.0), p_value(means, 1.0))
    return np.asarray(found.reshape(-1, _POINTS).min(axis=1))


def table(repetitions: int = 1000) -> Iterator[str]:
    """The table in Markdown, line by line."""
    heads = [f"variance {factor} sigma^2" for factor in FACTORS] + [f"bias {bias} sigma" for bias in BIASES]
    yield f"| law of the noise | draws | false | {' | '.join(heads)} |"
    yield "|---" * (3 + len(heads)) + "|"
    for law in noise_laws():
        for count in COUNTS:
            found = noise_rates(repetitions, law, count)
            rates = (found.false, *found.loud, *found.biased)
            yield f"| {law} | {count} | {' | '.join(f'{rate:.3g}' for rate in rates)} |"


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)
