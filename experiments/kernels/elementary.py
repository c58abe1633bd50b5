"""exp, log, log1p and the turn (cos, sin) without branches or calls, so that loops over them run on vector registers.

The idea: reduce the argument to a short interval around 0, sum a Taylor polynomial there, put the exponent back
through the bits of the number. Every function stays within 2 units in the last place of the true value.
"""

import math

import numpy as np
from numba import njit

# Products and sums may be fused; nothing may be reordered, as the reductions of arguments rely on their order.
inlined = njit(forceinline=True, fastmath={"contract"})

_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 with its last 21 bits zero: k * _LN2_HIGH is exact for |k| < 2^21
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the low bits
_ROUND_BITS = np.float64(_ROUND).view(np.int64)
_ONE_BITS = np.float64(1.0).view(np.int64)
_ROOT_HALF_BITS = np.float64(math.sqrt(0.5)).view(np.int64)
_EXPONENT = np.int64(52)


@inlined
def exp(x: float) -> float:
    """e^x, saturating at |x| = 708 (where e^x is within a factor e^2 of the ends of float64); NaN stays NaN."""
    x = 708.0 if x > 708.0 else x
    x = -708.0 if x < -708.0 else x
    shifted = x * _LOG2E + _ROUND
    exponent = shifted - _ROUND
    r = (x - exponent * _LN2_HIGH) - exponent * _LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    power = (np.float64(shifted).view(np.int64) - _ROUND_BITS << _EXPONENT) + _ONE_BITS
    return p * np.int64(power).view(np.float64)


@inlined
def _log_near_one(f: float) -> float:
    """log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2), by 2 artanh(f / (2 + f))."""
    s = f / (2.0 + f)
    z = s * s
    p = 2.0 / 21.0
    p = p * z + 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    return f - s * (f - p * z)


@inlined
def log(x: float) -> float:
    """The natural logarithm of a positive normal number."""
    bits = np.float64(x).view(np.int64)
    exponent_bits = (bits - _ROOT_HALF_BITS) >> _EXPONENT
    f = np.int64(bits - (exponent_bits << _EXPONENT)).view(np.float64) - 1.0
    exponent = np.int64(exponent_bits + _ROUND_BITS).view(np.float64) - _ROUND
    return exponent * _LN2_HIGH + (_log_near_one(f) + exponent * _LN2_LOW)


@inlined
def log1p_unit(x: float) -> float:
    """log(1 + x) for 0 <= x <= 1; NaN stays NaN."""
    large = x > 0.41421356237309503
    f = 0.5 * (x - 1.0) if large else x
    ln2 = _LN2_HIGH if large else 0.0
    return ln2 + (_log_near_one(f) + (_LN2_LOW if large else 0.0))


@inlined
def softplus(x: float) -> float:
    """log(1 + e^x), accurate for every x."""
    return max(x, 0.0) + log1p_unit(exp(-abs(x)))


@inlined
def turn(u: float) -> tuple[float, float]:
    """(cos 2 pi u, sin 2 pi u) for 0 <= u < 1."""
    quarter = (4.0 * u + _ROUND) - _ROUND
    t = 2.0 * math.pi * (u - 0.25 * quarter)
    z = t * t
    c = 1.0 / 20922789888000.0
    c = c * z - 1.0 / 87178291200.0
    c = c * z + 1.0 / 479001600.0
    c = c * z - 1.0 / 3628800.0
    c = c * z + 1.0 / 40320.0
    c = c * z - 1.0 / 720.0
    c = c * z + 1.0 / 24.0
    c = c * z - 0.5
    c = c * z + 1.0
    s = -1.0 / 1307674368000.0
    s = s * z + 1.0 / 6227020800.0
    s = s * z - 1.0 / 39916800.0
    s = s * z + 1.0 / 362880.0
    s = s * z - 1.0 / 5040.0
    s = s * z + 1.0 / 120.0
    s = s * z - 1.0 / 6.0
    s = s * z * t + t
    odd = (quarter == 1.0) or (quarter == 3.0)
    cos, sin = (s, c) if odd else (c, s)
    cos = -cos if (quarter == 1.0) or (quarter == 2.0) else cos
    sin = -sin if (quarter == 2.0) or (quarter == 3.0) else sin
    return cos, sin
