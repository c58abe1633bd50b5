"""Exact stability limits of delayed gradient descent on curvature c, as limits of the product a = step size * c.

A fixed delay D gives the characteristic equation z^(D+1) = z^D - a; independent random delays give, in the mean,
z^(D+1) = z^D - a sum_r p_r z^(D-r). Gradient descent contracts as long as all roots z lie inside the unit circle.
Every limit takes a heavy-ball momentum q as well; `theory.staleness.momentum` derives what changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from theory.common.errors import DelayError, InputError
from theory.common.types import Floats
from theory.staleness import momentum as heavy_ball
from theory.staleness.count import whole_number

# Samples per delay on the half circle: 64 in each period of the fastest term of a law's Fourier sum.
_RESOLUTION = 32


def fixed_delay_limit(delay: int, momentum: float = 0.0) -> float:
    r"""Where gradient descent with one fixed delay stops being stable.

    $x_{t+1}=x_t-a\,x_{t-D}$ tends to 0 from every start iff $0<a<2\sin\frac{\pi}{2(2D+1)}$.

    Args:
        delay: D, a whole number of at least 0.
        momentum: q of a term $q(x_t-x_{t-1})$, above -1 and below 1; see `theory.staleness.momentum.fixed_limit`.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: `delay` is not a whole number of at least 0.
        InputError: the momentum is not in that range.

    Source: Levin and May 1976; in machine learning, PipeMare (Yang et al.), Lemma 1.

    >>> [round(fixed_delay_limit(delay), 4) for delay in (0, 1, 2, 4, 8, 16)]
    [2.0, 1.0, 0.618, 0.3473, 0.1845, 0.0952]
    """
    delay, momentum = _whole_delay(delay), heavy_ball.check_momentum(momentum)
    if momentum < 0:
        return mean_dynamics_limit(np.eye(delay + 1)[delay], momentum)
    return heavy_ball.fixed_limit(delay, momentum) if momentum else 2 * math.sin(math.pi / (2 * (2 * delay + 1)))


def uniform_delay_limit(maximum: int, momentum: float = 0.0) -> float:
    r"""Where the mean dynamics under independent delays, uniform on 0..D, stop being stable.

    $x_{t+1}=x_t-\frac a{D+1}\sum_{r=0}^D x_{t-r}$ is stable iff $0<a<2(D+1)\sin^2\frac\pi{2(D+1)}$.

    Args:
        maximum: D, a whole number of at least 0.
        momentum: q, above -1 and below 1; see `theory.staleness.momentum.uniform_limit`.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: `maximum` is not a whole number of at least 0.
        InputError: the momentum is not in that range.

    Source: the roots of sum_r cos((r + 1/2) t) = sin((D + 1) t) / (2 sin(t / 2)); see `mean_dynamics_limit`.

    >>> [round(uniform_delay_limit(maximum), 4) for maximum in (0, 1, 2, 4, 8, 16)]
    [2.0, 2.0, 1.5, 0.9549, 0.5428, 0.2895]
    """
    count, momentum = _whole_delay(maximum) + 1, heavy_ball.check_momentum(momentum)
    if momentum < 0:
        return mean_dynamics_limit(np.full(count, 1 / count), momentum)
    return heavy_ball.uniform_limit(count - 1, momentum) if momentum else 2 * count * math.sin(math.pi / 2 / count) ** 2


def geometric_delay_limit(mean: float, momentum: float = 0.0) -> float:
    r"""Where the mean dynamics under independent geometric delays of mean m, never clipped, stop being stable.

    They are heavy ball with momentum $r=\frac m{1+m}$ and step $\frac a{1+m}$, stable iff $0<a<2+4m$.

    Args:
        mean: m, finite and at least 0.
        momentum: q, a momentum besides, above -1 and below 1; see `theory.staleness.momentum.geometric_limit`.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: `mean` is negative or not finite.
        InputError: the momentum is not in that range.

    Source: heavy ball is stable iff step * curvature < 2 (1 + momentum).

    >>> geometric_delay_limit(0), geometric_delay_limit(3)
    (2.0, 14.0)
    """
    if not (math.isfinite(mean) and mean >= 0):
        raise DelayError(f"The mean delay must be a finite number of at least 0. Got {mean}.")
    momentum = heavy_ball.check_momentum(momentum)
    return heavy_ball.geometric_limit(mean, momentum) if momentum else 2.0 + 4.0 * mean


def adversarial_period(maximum: int) -> int:
    r"""The period $D+\lceil1/a\rceil$ of the adversary's trace, with a the fixed-delay limit of D."""
    # 1/a is 1/2 and 1 for D = 0 and 1, irrational for larger D; rounding keeps the 1 from becoming 2.
    return maximum + math.ceil(round(1 / fixed_delay_limit(maximum), 9))


def adversarial_delay_limit(maximum: int) -> float:
    r"""Where gradient descent under the trace of `theory.staleness.delays.AdversarialDelay` stops being stable.

    One period m = D + c multiplies the iterate by $1-am+\frac{c(c-1)}2a^2$, which reaches -1 at
    $a=4\big/\big(m+\sqrt{m^2-4c(c-1)}\big)$.

    Args:
        maximum: D, a whole number of at least 0.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: `maximum` is not a whole number of at least 0.

    Source: the docstring of `delays.AdversarialDelay`. As D grows, D a tends to 3/2; for the fixed delay, pi/2.

    >>> [round(adversarial_delay_limit(maximum), 4) for maximum in (0, 1, 2, 4, 8, 16)]
    [2.0, 1.0, 0.5858, 0.3333, 0.1761, 0.0909]
    """
    period = adversarial_period(_whole_delay(maximum))
    reads = period - maximum
    return 4 / (period + math.sqrt(period**2 - 4 * reads * (reads - 1)))


def spectral_radius(product: float, delay_probabilities: Sequence[float] | Floats, momentum: float = 0.0) -> float:
    r"""How fast the mean dynamics grow: the largest modulus of a root of their characteristic polynomial.

    $z^{D+1}=z^D-a\sum_{r=0}^D p_r z^{D-r}$, with momentum also $+q(z^D-z^{D-1})$; a fixed delay D has $p_D=1$.

    Args:
        product: a, step size times curvature.
        delay_probabilities: (D+1,), the probability of each delay 0..D, summing to 1.
        momentum: q, above -1 and below 1.

    Returns:
        The radius; below 1 the mean iterate tends to 0, above 1 it grows from almost every start. Double precision
        does not resolve a radius below about 1e-16^(1/D), which approaches 1 as D grows.

    Raises:
        InputError: `product` is not finite, or the momentum not in that range.
        DelayError: the probabilities are no law.

    >>> round(spectral_radius(1.0, [0.0, 1.0]), 12), round(spectral_radius(0.5, [1.0]), 12)
    (1.0, 0.5)
    """
    return float(np.abs(characteristic_roots(product, delay_probabilities, momentum)).max(initial=0.0))


def characteristic_roots(
    product: float, delay_probabilities: Sequence[float] | Floats, momentum: float = 0.0
) -> NDArray[np.complex128]:
    """The roots of the polynomial of `spectral_radius`, whose arguments these are."""
    if not math.isfinite(product):
        raise InputError(f"The product of step size and curvature must be a finite number. Got {product}.")
    law, momentum = _law(delay_probabilities), heavy_ball.check_momentum(momentum)
    coefficients = np.concatenate(([1.0], product * law, [0.0]))
    coefficients[1:3] += -1.0 - momentum, momentum
    return np.asarray(np.roots(coefficients if momentum else coefficients[:-1]), dtype=np.complex128)


def mean_dynamics_limit(delay_probabilities: Sequence[float] | Floats, momentum: float = 0.0) -> float:
    r"""Where the mean dynamics under independent delays of any law first stop being stable.

    A root $z=e^{it}$ on the unit circle needs $C(t)=\sum_r p_r\cos((r+\tfrac12)t)=0$ and then belongs to
    $a=2\sin\frac t2\big/\sum_r p_r\sin((r+\tfrac12)t)$. The limit is the smallest positive such a over the zeros of C
    in $(0,\pi]$, bracketed on a grid of more than 32 (D+1) points (two zeros between neighbours would be missed) and
    refined. Stability may return at larger products. With momentum, C and a are those of `theory.staleness.momentum`.

    Args:
        delay_probabilities: (D+1,), the probability of each delay 0..D, summing to 1.
        momentum: q, above -1 and below 1.

    Returns:
        The limit of a, the step size in units of 1/curvature.

    Raises:
        DelayError: the probabilities are no law.

    Source: $1-z=2\sin\frac t2\,e^{i(t-\pi)/2}$ in the characteristic equation of `spectral_radius`.

    >>> round(mean_dynamics_limit([0.0, 0.0, 1.0]), 4), round(mean_dynamics_limit([1 / 3, 1 / 3, 1 / 3]), 4)
    (0.618, 1.5)
    """
    law, momentum = _law(delay_probabilities), heavy_ball.check_momentum(momentum)
    cosines, sines = heavy_ball.circle_waves(law, momentum)
    best = _product_on_circle(sines, momentum, math.pi)
    for left, right, positive in _sign_changes(cosines):
        if heavy_ball.circle_reach(left, momentum) >= best:
            break
        best = min(best, _product_on_circle(sines, momentum, _zero(cosines, left, right, positive)))
    return best


def _sign_changes(cosines: Floats) -> Iterator[tuple[float, float, bool]]:
    """The neighbours on the grid of (0, pi) between which C changes sign, and whether it is positive at the first."""
    points = 1 << (_RESOLUTION * cosines.size).bit_length()
    angles = np.pi * np.arange(points) / points
    positive = (np.fft.rfft(cosines, 2 * points)[:-1] * np.exp(-0.5j * angles)).real > 0
    for i in np.flatnonzero(positive[:-1] != positive[1:]):
        yield float(angles[i]), float(angles[i + 1]), bool(positive[i])


def _zero(cosines: Floats, left: float, right: float, positive: bool) -> float:
    """The zero of C between two angles, by bisection: it also finds one that rounding moved onto an end."""
    while left < (middle := (left + right) / 2) < right:
        if (float(cosines @ np.cos(_half_waves(cosines) * middle)) > 0) == positive:
            left = middle
        else:
            right = middle
    return left


def _product_on_circle(sines: Floats, momentum: float, angle: float) -> float:
    total = float(sines @ np.sin(_half_waves(sines) * angle))
    square = 1 - 2 * momentum * math.cos(angle) + momentum**2
    return 2 * math.sin(angle / 2) * square / total if total > 0 else math.inf


def _half_waves(waves: Floats) -> Floats:
    return np.arange(waves.size) + np.float64(0.5)


def _law(probabilities: Sequence[float] | Floats) -> Floats:
    law = np.asarray(probabilities, dtype=np.float64)
    if law.ndim != 1 or not law.size or not (law >= 0).all() or abs(law.sum() - 1) > 1e-9:
        raise DelayError(
            "The probabilities of the delays 0, 1, 2, ... must be numbers of at least 0 that sum to 1. "
            f"Got {np.array2string(law, precision=4, threshold=8)}."
        )
    return law


def _whole_delay(delay: int) -> int:
    return whole_number(delay, 0, "The delay", DelayError)
