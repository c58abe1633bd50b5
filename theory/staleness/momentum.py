"""Where stale gradient descent with heavy-ball momentum q stops being stable on curvature c; a = step size * c.

x_{t+1} = x_t - a sum_r p_r x_{t-r} + q (x_t - x_{t-1}), -1 < q < 1, has the characteristic equation
(z - 1)(1 - q/z) + a sum_r p_r z^(-r) = 0. For small a > 0 all roots are inside the unit circle. On it, at z = e^(it),
   a sum_r p_r e^(-i(r+1/2)t) = -2i sin(t/2) (1 - q e^(-it)),
so that a root there needs C(t) = sum_r p_r [cos((r+1/2)t) - q cos((r-1/2)t)] = 0 and then belongs to
   a = 2 sin(t/2) |1 - q e^(-it)|^2 / sum_r p_r [sin((r+1/2)t) - q sin((r-1/2)t)],
   |1 - q e^(-it)|^2 = (1 - q)^2 + 4q sin(t/2)^2.

Is the stable set an interval (0, limit)? With E the derivative of log a by log z along the equation, a root on the
circle moves by d log|z| = Re(1/E) d log a; so no root ever comes back in where Re E > 0. Re(q/(z-q)) is at least
-|q|/(1+|q|) > -1/2:
- fixed delay D: Re E = D + 1/2 + Re(q/(z-q)) > D. Always an interval.
- uniform on 0..D: the law sums to (1 - z^-(D+1)) / ((D+1)(1 - 1/z)); Re E = (D+1)/2 + Re(q/(z-q)) > D/2. Always.
- geometric of mean m, never clipped: put r = m/(1+m). The law sums to (1-r)/(1 - r/z), so that the equation is
  (z - 1)(z - q)(z - r) + b z^2 = 0 with b = a/(1+m): staleness is one more momentum, r, beside q. Jury's conditions are
  b < 2(1+q)(1+r), qr b < (1-qr)(1-q)(1-r) and -qr b < (1-qr)(1+q)(1+r), all linear in b; the last one follows from the
  first. Always.
Where q < 0 the root that comes first need not be the one of the smallest angle: |1 - q e^(-it)| falls with t.
Other laws may become stable again at larger a: so do geometric delays of mean 1 clipped at 3 with q = .4, which are
stable below 1.6 and near 4.25.
"""

from __future__ import annotations

import math

import numpy as np

from theory.common.errors import InputError
from theory.common.spelling import shown
from theory.common.types import Floats


def check_momentum(momentum: float) -> float:
    """The momentum q as a float; refused unless -1 < q < 1."""
    try:
        value = float(momentum)
    except (TypeError, ValueError):
        value = math.nan
    if not -1 < value < 1:
        raise InputError(f"The momentum must be a number above -1 and below 1. Got {shown(momentum)}.")
    return value


def fixed_limit(delay: int, momentum: float) -> float:
    r"""The limit of a for the fixed delay D and q >= 0: $2\sin\frac t2\,|1-qe^{-it}|$ at the first t with C(t) = 0.

    Closed forms: 2(1+q) for D = 0, 1-q for D = 1, $\frac12\big(\sqrt{5-2q+q^2}-1-q\big)$ for D = 2.

    >>> [round(fixed_limit(delay, 0.5), 4) for delay in (0, 1, 2, 4)]
    [3.0, 0.5, 0.2808, 0.1559]
    """
    if delay == 0:
        return 2 * (1 + momentum)
    half = math.sin(_first_angle(delay + 0.5, momentum) / 2)
    return 2 * half * _distance(half, momentum)


def uniform_limit(maximum: int, momentum: float) -> float:
    r"""The limit of a for independent delays uniform on 0..D and q >= 0, in the mean, from the first t with C(t) = 0.

    It is $2n\sin^2\frac t2\,|1-qe^{-it}|\big/\sin\frac{nt}2$, n = D + 1. Closed forms: 2(1+q) for D = 0, 2(1-q) for
    D = 1, $\frac{3(1-q)}{2+q}$ for D = 2.

    >>> [round(uniform_limit(maximum, 0.5), 4) for maximum in (0, 1, 2, 4)]
    [3.0, 1.0, 0.6, 0.3552]
    """
    if maximum == 0:
        return 2 * (1 + momentum)
    count = maximum + 1
    angle = _first_angle(count / 2, momentum)
    half = math.sin(angle / 2)
    return 2 * count * half**2 * _distance(half, momentum) / math.sin(count * angle / 2)


def geometric_limit(mean: float, momentum: float) -> float:
    r"""The limit of a for independent geometric delays of mean m, never clipped, in the mean: two momenta q and r.

    With $r=\frac m{1+m}$ it is $(1+m)\min\big\{2(1+q)(1+r),\ \frac{(1-qr)(1-q)(1-r)}{qr}\big\}$.

    >>> geometric_limit(3, 0.0), geometric_limit(0, 0.5), geometric_limit(1, 0.5)
    (14.0, 3.0, 1.5)
    """
    other = mean / (1 + mean)
    turned = 2 * (1 + momentum) * (1 + 2 * mean)
    both = momentum * other
    return min(turned, (1 - both) * (1 - momentum) / both) if both > 0 else turned


def circle_waves(law: Floats, momentum: float) -> tuple[Floats, Floats]:
    """The coefficients of cos((r+1/2)t) in C and of the sines below a, for r = 0..D."""
    shifted = law - momentum * np.append(law[1:], 0.0)
    first = np.zeros(law.size)
    first[0] = momentum * law[0]
    return shifted - first, shifted + first


def circle_reach(angle: float, momentum: float) -> float:
    """2 sin(t/2) |1 - q e^(-it)|: no root at this angle or a larger one belongs to a smaller a."""
    half = math.sin(angle / 2)
    return 2 * half * (_distance(half, momentum) if momentum >= 0 else 1 + momentum)


def _distance(half_sine: float, momentum: float) -> float:
    """|1 - q e^(-it)| at sin(t/2), without cancellation as q nears 1."""
    return math.hypot(1 - momentum, 2 * math.sqrt(momentum) * half_sine)


def _first_angle(order: float, momentum: float) -> float:
    """The only t in (0, pi/(2e)] with cos(et) = q cos((e-1)t), e >= 1, by bisection to the last digit.

    It is the only one because cos(et) / cos((e-1)t) falls from 1 to 0 there.
    """
    inside, outside = 0.0, math.pi / (2 * order)
    while inside < (middle := (inside + outside) / 2) < outside:
        gain = (1 - momentum) * math.cos((order - 1) * middle)
        if gain > 2 * math.sin((order - 0.5) * middle) * math.sin(middle / 2):
            inside = middle
        else:
            outside = middle
    return outside
