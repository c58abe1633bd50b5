r"""How precise the numbers of somebody else's function are: float64, float32 and lower, or a mixture.

The digits of its values show the format. Along a short line a smooth function is a parabola but for rounding, and its
third difference is rounding alone (Moré and Wild, Estimating computational noise, 2011); a float32 part shows in it
though the rest is float64. Both are looked at where nothing special happens, at random points near the start.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from theory.common.types import Floats, Vector

#: So many times the measured rounding is allowed; of quotients of exact L in any format 5.1 times was the most seen.
ALLOWED = 8.0
#: Finer than this is float64, for which every comparison has an allowance already.
FINE = 2.0**-40
_POINTS, _LEAST, _SEED = 5, 8, 20190506
# How far from the start, in max(1, |x_0|): what is added to x hides its rounding where x is small.
_SCALES = (1e-2, 1.0, 1e2)
# Significant binary digits of bfloat16, float16 and float32; of fifteen random values one shows all but two at least.
_FORMATS, _HIDDEN = (8, 11, 24), 2
# The least and the largest step in units of the format; standard deviation of f_0 - 3 f_1 + 3 f_2 - f_3 in that of f_i.
_STEPS, _SPREAD = (4.0, 8.0), 20**0.5


def roundoff(function: Callable[[Vector], Vector | float], start: Vector) -> float:
    """The rounding of a function's values relative to |f| + |f'| |x|; 0 where it is as small as in float64.

    A number may be rounded before the function is applied and after it.

    Args:
        function: takes float64 (d,), returns a number or an array; points where it fails are left out.
        start: float64 (d,), where it is known to work.

    Returns:
        The unit of the format, or if that is more, of what is measured the median over random points of one scale.

    >>> halves = lambda x: np.float16(x) ** 2
    >>> 2**-11 <= roundoff(halves, np.array([1.3])) < 2**-9, roundoff(np.sin, np.array([1.3]))
    (True, 0.0)
    """
    rng, size = np.random.default_rng(_SEED), max(1.0, float(np.abs(start).max()))
    clouds = [[start + scale * size * rng.uniform(-1, 1, start.size) for _ in range(_POINTS)] for scale in _SCALES]
    with np.errstate(all="ignore"):
        values = [
            value for value in (_value(function, point) for cloud in clouds for point in cloud) if value is not None
        ]
        format_ = _format(np.concatenate([value.ravel() for value in values])) if values else None
        found = [[_noise(function, point, format_, rng.uniform(*_STEPS)) for point in cloud] for cloud in clouds]
    level = max(2.0**-format_ if format_ else 0.0, *(float(np.median(cloud)) for cloud in found))
    return level if level > FINE else 0.0


def _value(function: Callable[[Vector], Vector | float], point: Vector) -> Floats | None:
    try:
        value = np.array(function(point), dtype=np.float64)
    except Exception:  # somebody else's code, outside its domain
        return None
    return value if np.isfinite(value).all() else None


def _format(values: Floats) -> int | None:
    """The digits of the format that these values have, None for float64 and for numbers of a few digits."""
    whole = (np.frexp(values[values != 0])[0] * 2.0**53).astype(np.int64)
    digits = 54 - int((whole & -whole).min()).bit_length() if whole.size else 0
    return next((bits for bits in _FORMATS if bits - _HIDDEN <= digits <= bits), None)


def format_of(values: Floats) -> float:
    """The unit of the format that stored values have; 0 for float64, and where there are hardly any."""
    finite = values[np.isfinite(values) & (values != 0)]
    format_ = _format(finite) if finite.size >= _LEAST else None
    return 2.0**-format_ if format_ else 0.0


def _noise(function: Callable[[Vector], Vector | float], point: Vector, format_: int | None, units: float) -> float:
    """The third difference over a few units of the format, or of a coarser one if the function sees no such step."""
    for bits in reversed(_FORMATS[: _FORMATS.index(format_) + 1] if format_ else _FORMATS):
        step = units * 2.0**-bits
        line = [_value(function, point * (1 + j * step)) for j in range(4)]
        if any(value is None for value in line):
            return 0.0
        f = np.array(line, dtype=np.float64).reshape(4, -1)
        if (f != f[0]).any():
            size = np.linalg.norm(f[0]) + np.linalg.norm(f[3] - f[0]) / (3 * step)
            return float(np.linalg.norm(f[0] - 3 * f[1] + 3 * f[2] - f[3]) / (_SPREAD * size))
    return 0.0
