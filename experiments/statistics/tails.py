"""What is known of the tails of |grad F|^2, and the tests it allows: nothing, kappa, a bound, or Gaussian gradients.

"Above" needs no knowledge; "below" does. A user who knows more says so, and a sharper test may then be used.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from experiments.statistics.intervals import lower_bound, upper_bound
from experiments.statistics.kurtosis import GAUSSIAN, below_up_to, largest_kappa, reach, sample_kappa
from experiments.statistics.mean_test import largest_p_value, p_value
from theory.common.errors import InputError
from theory.common.types import Flags, Floats, Ints

_MOST_SEEDS = 2**20
#: With few seeds, only values below this share of the limit are called below it.
FAR_BELOW = 0.2
_HOW = "Write any, kappa:K (E|g|^4 is at most K (E|g|^2)^2), bounded:M (|g|^2 is at most M), or gaussian."


@dataclass(frozen=True, eq=False)
class Statistic:
    """One weighted sum of squares per seed (S,), the limit of its mean, and the sum of its weights."""

    name: str
    values: Floats
    limit: float
    weight: float = 1.0

    @property
    def ratio(self) -> float:
        """Sample mean over limit; infinite for a limit of zero or less."""
        return float(self.values.mean()) / self.limit if self.limit > 0 else math.inf

    def of(self, rows: Ints) -> Statistic:
        """The same of some of the seeds."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True)
class Tails(ABC):
    """The laws that are allowed, and how a mean is tested under them."""

    @property
    def above_test(self) -> str:
        """The test of "above", for sentences."""
        return "Gaffke's test"

    @abstractmethod
    def below_test(self, seeds: int, level: float) -> str:
        """The test of "below" with so many seeds, for sentences."""

    @abstractmethod
    def below(self, statistic: Statistic, level: float) -> bool:
        """Whether the mean is found below its limit; wrong with probability at most the level."""

    def unless(self, statistic: Statistic, level: float, kappa: float | None) -> str:
        """What would have to be so for "below" to be wrong more often than the level, by the kappa* of `kappa`."""
        return f"--tails {self} is not true"

    def above(self, values: Floats, bound: float, level: float) -> tuple[bool, float | None]:
        """Whether the mean of every column (S, R) is found above the bound, and the p-value of it."""
        p = largest_p_value(values, bound, level)
        return p <= level, p

    def kappa(self, statistic: Statistic, level: float) -> float | None:
        """The kappa* of the statistic, where the test of "below" has one."""
        return None

    def enough(self, statistic: Statistic, level: float) -> int | None:
        """Seeds at which the same values would be found below; None where no number is."""
        return None


@dataclass(frozen=True)
class KappaAtMost(Tails):
    """E|g|^4 <= kappa (E|g|^2)^2; by default the kappa of Gaussian gradients, which no test of "above" needs.

    Nothing is below at that kappa with ten seeds or fewer. Where nobody gave a kappa, the largest of so few decides.
    """

    number: float = GAUSSIAN
    said: bool = False

    def __str__(self) -> str:
        return f"kappa:{self.number:g}" if self.said else "any"

    def few(self, seeds: int, level: float) -> bool:
        """Whether the seeds are so few that no values pass the test of kappa, unless they are far below the limit."""
        return not self.said and bool(reach(seeds, self.number, level) <= 0.1)

    def below_test(self, seeds: int, level: float) -> str:
        return "the largest of few seeds" if self.few(seeds, level) else "Gaffke's test below Scarf's cut"

    def below(self, statistic: Statistic, level: float) -> bool:
        if float(sample_kappa(statistic.values)) > self.number:
            return False
        if not self.few(statistic.values.size, level):
            return bool(below_up_to(statistic.values[None], statistic.limit, self.number, level)[0])
        return bool(largest_below(statistic.values[None], statistic.limit, level)[0])

    def unless(self, statistic: Statistic, level: float, kappa: float | None) -> str:
        if self.few(statistic.values.size, level):
            share = float(statistic.values.max()) / statistic.limit
            return (
                f"|g|^2 is below {share:.2g} of its mean with a probability of more than "
                f"{level ** (1 / statistic.values.size):.2g} (one Gaussian: {_square_below(share):.2g})"
            )
        seen = sample_kappa(statistic.values)
        return (
            f"E|g|^4 is more than {kappa:.3g} times (E|g|^2)^2 (Gaussian gradients: at most {GAUSSIAN:g}; these seeds: "
            f"{seen:.3g}; the largest adds {statistic.values.max() / statistic.values.sum():.0%} of the sum)"
        )

    def kappa(self, statistic: Statistic, level: float) -> float | None:
        few = self.few(statistic.values.size, level)
        return None if few else float(largest_kappa(statistic.values, statistic.limit, level, self.number))

    def enough(self, statistic: Statistic, level: float) -> int | None:
        if statistic.ratio >= 1 or sample_kappa(statistic.values) > self.number:
            return None
        low, high = statistic.values.size, 2 * statistic.values.size
        while reach(high, self.number, level) < statistic.ratio:
            low, high = high, 2 * high
            if high > _MOST_SEEDS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if reach(middle, self.number, level) < statistic.ratio else (low, middle)
        return high


@dataclass(frozen=True)
class Bounded(Tails):
    """|g|^2 <= number, so that the number less |g|^2 is not negative either."""

    number: float

    def __str__(self) -> str:
        return f"bounded:{self.number:g}"

    def below_test(self, seeds: int, level: float) -> str:
        return f"Gaffke's test of {self.number:g} less the value"

    def below(self, statistic: Statistic, level: float) -> bool:
        most = self.number * statistic.weight
        left = np.maximum(most - statistic.values, 0.0)
        return bool(p_value(left[:, None], most - statistic.limit)[0] <= level) if statistic.limit < most else True


@dataclass(frozen=True)
class Gaussian(Tails):
    """Gradients that are Gaussian vectors, whose squares the limits of intervals.py are calibrated on."""

    def __str__(self) -> str:
        return "gaussian"

    @property
    def above_test(self) -> str:
        return "Student's and Hall's limits, calibrated on squares of Gaussians"

    def below_test(self, seeds: int, level: float) -> str:
        return self.above_test

    def above(self, values: Floats, bound: float, level: float) -> tuple[bool, float | None]:
        return bool(bound < 0 or (lower_bound(values, level) > bound).all()), None

    def below(self, statistic: Statistic, level: float) -> bool:
        return bool(upper_bound(statistic.values[:, None], level)[0] <= statistic.limit)


def largest_below(values: Floats, limit: float, level: float) -> Flags:
    r"""Whether all values (..., S) are so far below a limit that the mean is, with few seeds.

    $$P(\max_iY_i\le rB)\le q^S\quad\text{if}\quad P(Y\le r\,\mathbb EY)\le q$$

    for a mean of B or more. Of the squares of Gaussian vectors, centred or not, that of one Gaussian has the largest q
    at such r; laws with sqrt(2) times as much near zero are allowed. As r is at most a fifth, what no seed shows must
    carry four fifths of the mean for this to err.
    """
    share = values.max(axis=-1) / limit if limit > 0 else np.full(values.shape[:-1], np.inf)
    near_zero = math.sqrt(2) * _square_below(share)
    return np.asarray((share <= FAR_BELOW) & (near_zero ** values.shape[-1] <= level))


def _square_below(share: Floats | float) -> Floats:
    """P(Z^2 <= r) of one Gaussian."""
    return np.asarray(special.gammainc(0.5, np.asarray(share) / 2), dtype=np.float64)


ANY = KappaAtMost()


def parse_tails(text: str) -> Tails:
    """The tails that a user names.

    Raises:
        InputError: another word, a kappa of 1 or less, a bound that is not positive.

    >>> [str(parse_tails(text)) for text in ("any", "kappa:1.5", "bounded:40", "gaussian")]
    ['any', 'kappa:1.5', 'bounded:40', 'gaussian']
    """
    word, colon, number = (part.strip() for part in text.partition(":"))
    plain: dict[str, Tails] = {"any": ANY, "gaussian": Gaussian()}
    if word in plain and not colon:
        return plain[word]
    if word not in ("kappa", "bounded") or not colon:
        raise InputError(f"--tails says what is known of the gradient's tails. {_HOW} Got {text!r}.")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    least = 1.0 if word == "kappa" else 0.0
    if not least < value < math.inf:
        raise InputError(f"The number in --tails {word}:NUMBER must be finite and above {least:g}. Got {number!r}.")
    return KappaAtMost(value, said=True) if word == "kappa" else Bounded(value)
