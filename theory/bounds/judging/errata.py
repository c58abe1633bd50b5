"""What is stated or recalled elsewhere and is not true: the statement, what is true, and its smallest counterexample.

A counterexample computes what happens and what the statement allows; it counts if the first is larger. The runs are
exact: fractions on functions of one variable whose gradient is piecewise linear, where nothing is sampled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from theory.bounds import Setting
from theory.bounds.dai2019 import SCHEDULE, STATED, TIGHT_SUM
from theory.staleness.count import Staleness
from theory.staleness.stability import geometric_delay_limit, uniform_delay_limit

STUDY = "Dai, Zhou, Dong, Zhang, Xing (2019), Toward Understanding the Impact of Staleness"
PEPIT = "PEPit, examples/nonconvex_optimization/gradient_descent.py"


@dataclass(frozen=True)
class Erratum:
    """A statement that is not true.

    Args:
        name: short name; claim: what is stated; source: where; truth: what holds instead.
        counterexample: computes (measured, claimed), with measured > claimed.
    """

    name: str
    claim: str
    source: str
    truth: str
    counterexample: Callable[[], tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """A function of one variable by its slopes at some points; the slope is linear between them, constant outside.

    >>> Curve((0, 2), (0, 2)).rise(0, 2)
    Fraction(2, 1)
    """

    points: tuple[Fraction | int, ...]
    slopes: tuple[Fraction | int, ...]

    def slope(self, x: Fraction) -> Fraction:
        """F'(x)."""
        if x <= self.points[0] or x >= self.points[-1]:
            return Fraction(self.slopes[0] if x <= self.points[0] else self.slopes[-1])
        after = next(i for i, point in enumerate(self.points) if point > x)
        left, right = self.points[after - 1], self.points[after]
        low, high = self.slopes[after - 1], self.slopes[after]
        return low + Fraction(high - low) * (x - left) / (right - left)

    def rise(self, start: Fraction | int, end: Fraction | int) -> Fraction:
        """F(end) - F(start) for start <= end, by trapezoids, which are exact here."""
        grid = [Fraction(start), *(Fraction(p) for p in self.points if start < p < end), Fraction(end)]
        return sum(((b - a) * (self.slope(a) + self.slope(b)) / 2 for a, b in pairwise(grid)), Fraction(0))

    @property
    def smoothness(self) -> Fraction:
        """The least L: the largest absolute slope of the slope."""
        gaps = range(1, len(self.points))
        turns = (
            abs(Fraction(self.slopes[i] - self.slopes[i - 1]) / (self.points[i] - self.points[i - 1])) for i in gaps
        )
        return max(turns)


def least_square(
    curve: Curve, start: Fraction | int, steps: Sequence[Fraction | int], delays: Sequence[int]
) -> Fraction:
    """The least squared slope at x_0..x_{T-1} of delayed gradient descent; T is the number of delays."""
    points = [Fraction(start)]
    for k in range(len(delays) - 1):
        points.append(points[k] - steps[k] * curve.slope(points[k - delays[k]]))
    return min(curve.slope(x) ** 2 for x in points)


# ------------------------------------------------------------------------------------------------ the staleness study

PARABOLA = Curve((-4, 4), (-4, 4))
# Down from slope 1 at 2 to slope 1/2 at 3/2 and up again to slope 1 at 1: what the second gradient sees.
DIP = Curve((0, 1, Fraction(3, 2), 2), (0, 1, Fraction(1, 2), 1))


def one_step() -> tuple[float, float]:
    """L = mu = s = 1 and no noise, F = x^2/2, x_0 = 1."""
    gap = PARABOLA.rise(0, 1)
    return float(least_square(PARABOLA, 1, [1], [0])), float(gap)


def two_steps() -> tuple[float, float]:
    """L = mu = s = 1 and no noise; the first step is 1, the second moves to x_2, which does not count."""
    gap = DIP.rise(0, 2)
    return float(least_square(DIP, 2, [1], [0, 0])), float(gap) / math.sqrt(2)


def one_noisy_step() -> tuple[float, float]:
    """L = mu = s = 1, F = x^2/2, x_0 = 1, noise of +2 or -2: then x_1 = x_0 - (x_0 + e) = -e, whatever the gradient."""
    sigma, start = 2, Fraction(1)
    after = [start - (PARABOLA.slope(start) + e) for e in (sigma, -sigma)]
    squares = PARABOLA.slope(start) ** 2, sum(PARABOLA.slope(x) ** 2 for x in after) / 2
    return float(min(squares)), float(PARABOLA.rise(0, 1)) + sigma**2 * math.log(1)


def best_staleness() -> tuple[float, float]:
    """Sigma = 4, mu = L = Delta = 1, T = 100, s^* = 8.6: the guarantee at s = 9, and without delay at its steps."""
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 4.0, "mu": 1.0}
    steps, best = 100, 9
    sizes = SCHEDULE.step_sizes(steps, s=best, L=1.0, mu=1.0)
    stale = Setting(sizes, np.minimum(np.arange(steps), best - 1), Staleness(best), constants)
    prompt = Setting(sizes, np.zeros(steps, dtype=np.int64), Staleness(1), constants)
    return STATED.evaluate(stale), TIGHT_SUM.evaluate(prompt)


def geometric_delays() -> tuple[float, float]:
    """Both of mean 2: geometric without a largest delay, and uniform on 0..4."""
    return geometric_delay_limit(2.0), uniform_delay_limit(4)


# -------------------------------------------------------------------------------------------------- gradient descent


def straight_line() -> tuple[float, float]:
    """F(x) = -x for one step of 1/(2 L), L = 1."""
    line, step = Curve((0, 1), (-1, -1)), Fraction(1, 2)
    drop = -line.rise(0, step * 1)
    return 1.0, float(Fraction(4, 3) * drop)


def flattened_line() -> tuple[float, float]:
    """F(x) = -x up to x_3 and then a parabola down to its minimum 1 later; three steps of 1/(2 L), L = 1."""
    step, steps = Fraction(1, 2), 3
    curve = Curve((step * steps, step * steps + 1), (-1, 0))
    gap = -curve.rise(0, step * steps + 1)
    measured = least_square(curve, 0, [step] * steps, [0] * (steps + 1))
    return float(measured), float(Fraction(4, 3) * gap / steps)


def burst(length: int = 20) -> tuple[float, float]:
    """L = 1, step 3/4: the first steps all use g_0 = -1 and climb a hill; the way down behind it is long and gentle.

    The top of the hill lies 1/4 before the last of them, where the slope is -1/4 and stays, until F is as low as it was
    in the valley before the hill: F(x_0) = 1/2 is all there is to lose, and no squared slope met is below 1/16.
    """
    step, gentle = Fraction(3, 4), Fraction(1, 4)
    landing = -1 + length * step
    middle = (landing - gentle) / 2
    hill = Curve((-1, 0, middle, landing), (-1, 0, middle, -gentle))
    way = (hill.rise(0, landing) - gentle**2 / 2) / gentle
    steps = length + int(way / (step * gentle))
    curve = Curve((*hill.points, landing + way, landing + way + gentle), (*hill.slopes, -gentle, 0))
    delays = [k if k < length else 0 for k in range(steps)]
    measured = least_square(curve, -1, [step] * steps, delays)
    gap = -curve.rise(-1, landing + way + gentle)
    return float(measured), float(100 * (1 + Fraction(sum(delays), steps)) * gap / steps)


def withheld() -> tuple[float, float]:
    """A loss of slope 1, a parameter of 10, a threshold of 1/2: 5 is not above it, and is kept back."""
    slope, parameter, threshold = 1, 10, Fraction(1, 2)
    return float(slope * threshold * parameter), float(threshold)


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "dai2019 at T = 1",
        "min over x_0..x_{T-1} of E|grad F|^2 <= (s L Delta/mu^2 + sigma^2 ln(T)/s)/sqrt(T) for every T >= 1",
        f"{STUDY}, Theorem 1 as recalled",
        "true for T >= 7 (dai2019); for every T with the factors 2 and 1 + ln T (dai2019-strict)",
        one_step,
    ),
    Erratum(
        "dai2019 at T = 2",
        "the same at T = 2",
        f"{STUDY}, Theorem 1 as recalled",
        "true for T >= 7 (dai2019); for every T with the factors 2 and 1 + ln T (dai2019-strict)",
        two_steps,
    ),
    Erratum(
        "dai2019 at T = 1 with noise",
        "the same at T = 1, if the last point x_1 may count too",
        f"{STUDY}, Theorem 1 as recalled",
        "ln 1 = 0 hides the noise of the first step, and x_1 may be pure noise: 1 + ln T in place of ln T",
        one_noisy_step,
    ),
    Erratum(
        "the best staleness",
        "the guarantee is best at the staleness s^* = sigma mu sqrt(ln T/(L Delta)), better than without delay",
        f"{STUDY}, the discussion of Theorem 1 as recalled",
        "s stands for an inverse step size there: without delay, the same steps have a better guarantee",
        best_staleness,
    ),
    Erratum(
        "geometric delays",
        "geometric delays behave as uniform ones of the same mean: their mean dynamics are stable up to the same step",
        f"{STUDY}, the variant with geometric delays as recalled",
        "the limits of step size times curvature are 2 + 4 m and 2 (2 m + 1) sin(pi/(4 m + 2))^2 at mean m",
        geometric_delays,
    ),
    Erratum(
        "gradient descent at small steps",
        "min over t <= n of |grad F(x_t)|^2 <= (4/3)(L/n)(F(x_0) - F(x_n)) for every step gamma <= 1/L",
        f"{PEPIT}, docstring",
        "at gamma = 1/L; below 3/(4 L) a straight line breaks it, and abbaszadehpeivasti2022 holds",
        straight_line,
    ),
    Erratum(
        "gradient descent at small steps, with the gap",
        "the same with the gap F(x_0) - inf F in place of F(x_0) - F(x_n)",
        f"{PEPIT}, what its program prints",
        "at gamma = 1/L; a line that flattens out breaks it at small steps",
        flattened_line,
    ),
    Erratum(
        "one constant step and the mean delay",
        "at the constant step 3/(4 L), min |grad F|^2 <= 100 (1 + mean delay) L Delta/T: rare delays do no harm",
        "a reading of bounds through the average delay",
        "the step must know the largest delay (average-delay), adapt to delays (average-delay-adaptive), or drop the "
        "old gradients (average-delay-drop); no factor in the place of 100 would do",
        burst,
    ),
    Erratum(
        "withheld updates",
        "what a centre withholds adds at most its threshold v_t to the regret of step t",
        "Hsieh and others (2017), Gaia, the regret of ASP, (12)",
        "G times its length, which is up to v_t times the parameters, and v_t is that of when the read's window began: "
        "asp-regret",
        withheld,
    ),
)
