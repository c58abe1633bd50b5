r"""The symbol S of `limit.constant`: its forms, its least value by floats, a proof that it is no less.

A recursion answers gradients exp(iwk) by moves x_k - x_{k+1} = h G(w) exp(iwk), G = exp(-iDw) C/A, where C and A are
the sums of c_i exp(-iwi) and of -m_j exp(-iwj), m_0 = -1. With P = Re[G exp(-iw/2)], and at w = 0 by continuity,
   T_m = h P sin(mw) / (2 sin(w/2)),   B_m = sin(mw/2)^2 (1 - h^2 |G|^2 / (4 sin(w/2)^2)).
With the Chebyshev and the Fejer kernel in place of the quotients of sines nothing is divided by sin(w/2):
   |A|^2 T_m = (h/2) Re[conj(A) C exp(-iDw) sum_{1-m<=t<=m} exp(-itw)],
   |A|^2 B_m = |A|^2 (1 - cos mw)/2 - (h^2/4) |C|^2 sum_{|j|<m} (m - |j|) cos jw,
so that |A|^2 S is a cosine polynomial, whose coefficients are exact rationals where h, c, m, p and beta are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import fmpq, fmpq_poly, fmpz_poly

from theory.common.types import Array, Floats, Ints
from theory.methods.method import Recursion


def gain(recursion: Recursion, angles: Floats) -> Array:
    """G at every angle, complex."""
    turns = np.exp(-1j * np.asarray(angles, dtype=np.float64))
    over = np.polynomial.polynomial.polyval(turns, recursion.gradient_weights)
    return np.asarray(turns**recursion.delay * over / np.polynomial.polynomial.polyval(turns, _poles(recursion)))


def forms(recursion: Recursion, step: float, lags: Ints, angles: Floats) -> tuple[Floats, Floats]:
    """T_m and B_m at every angle of [0, pi], one row each, for every lag m."""
    still = (angles == 0)[:, None]
    w = np.where(still, 1.0, angles[:, None])
    answer, half = gain(recursion, angles)[:, None], 2 * np.sin(w / 2)
    pull = (answer * np.exp(-0.5j * angles[:, None])).real
    sway = step * pull * np.where(still, lags, np.sin(lags * w) / half)
    squares = np.where(still, lags**2 / 4.0, (np.sin(lags * w / 2) / half) ** 2)
    bend = np.where(still, 0.0, np.sin(lags * w / 2) ** 2) - step**2 * np.abs(answer) ** 2 * squares
    return np.asarray(sway), np.asarray(bend)


def symbol(recursion: Recursion, step: Any, p: Array, beta: Array) -> Array:
    """The coefficients of cos jw in |A|^2 S: exact where all numbers are rationals, arrays of objects.

    >>> symbol(Recursion(1, np.ones(1), np.empty(0)), 1.0, np.ones(1), np.zeros(1))
    array([0. , 0.5, 0.5])
    """
    gradients, poles, lags = recursion.gradient_weights, _poles(recursion), p.size
    if p.dtype == object:
        gradients, poles = rationals(gradients), rationals(poles)
    tail, twice = _tails(p), _tails(_tails(beta))
    drift = np.convolve(np.convolve(poles[::-1], gradients), np.concatenate([tail[::-1], tail]))
    bend = np.convolve(_squared(poles), np.concatenate([-beta[::-1], [2 * beta.sum()], -beta]))
    fejer = np.convolve(_squared(gradients), np.concatenate([twice[:0:-1], twice]))
    parts = (
        (step * drift / 2, recursion.delay - poles.size + 2 - lags),
        (bend / 4, -(bend.size // 2)),
        (-step * step * fejer / 4, -(fejer.size // 2)),
    )
    size = 1 + max(max(abs(first), abs(first + values.size - 1)) for values, first in parts)
    return sum((_folded(values, first, size) for values, first in parts), np.zeros(size, p.dtype))


def squared_poles(recursion: Recursion, exact: bool = False) -> Array:
    """The coefficients of cos jw in |A|^2."""
    poles = rationals(_poles(recursion)) if exact else _poles(recursion)
    return _folded(_squared(poles), 1 - poles.size, poles.size)


def _poles(recursion: Recursion) -> Floats:
    return np.concatenate([[1.0], -recursion.move_weights])


def _tails(values: Array) -> Array:
    """The sums of each entry and those behind it."""
    return np.asarray(np.cumsum(values[::-1])[::-1])


def _squared(values: Array) -> Array:
    """The coefficients of |sum_j v_j exp(-iwj)|^2, of exp(-iwj) for j from 1 - size to size - 1."""
    return np.convolve(values[::-1], values)


def _folded(values: Array, first: int, size: int) -> Array:
    """The coefficients of cos jw in the real part of sum_l v_l exp(-iwl), l = first, first + 1, ..."""
    folded = np.zeros(size, values.dtype)
    np.add.at(folded, np.abs(np.arange(first, first + values.size)), values)
    return folded


def minimisers(coefficients: Floats) -> tuple[Floats, Floats]:
    """The local minimisers in [0, pi] of a cosine polynomial and its values there: a fine grid, then Newton's steps."""
    order = np.arange(coefficients.size)
    grid = np.linspace(0, np.pi, 48 * coefficients.size + 1)
    values = cosines(grid, order.size) @ coefficients
    padded = np.concatenate(([np.inf], values, [np.inf]))
    first = grid[(values <= padded[:-2]) & (values <= padded[2:])]
    angles = first
    for _ in range(8):
        slope = -np.sin(np.outer(angles, order)) @ (order * coefficients)
        curvature = -cosines(angles, order.size) @ (order**2 * coefficients)
        move = np.where(curvature > 1e-12, slope / np.maximum(curvature, 1e-12), 0.0)
        angles = np.clip(angles - move, np.maximum(first - grid[1], 0), np.minimum(first + grid[1], np.pi))
    return angles, cosines(angles, order.size) @ coefficients


def lowest(numerator: Floats, denominator: Floats, level: float) -> tuple[Floats, Floats]:
    """Angles at which a quotient of cosine polynomials lies most below the level, or least above, and its values."""
    over = numerator.copy()
    over[: denominator.size] -= level * denominator
    angles, above = minimisers(over)
    return angles, level + above / (cosines(angles, denominator.size) @ denominator)


def cosines(angles: Floats, count: int) -> Floats:
    """cos(j w) for every angle w, one row each, and j < count."""
    return np.asarray(np.cos(np.outer(angles, np.arange(count))), dtype=np.float64)


def stays_above(coefficients: Sequence[fmpq], level: fmpq) -> bool:
    """Whether sum_j s_j cos jw > level for every real w: a proof, in exact and ball arithmetic.

    It is above at w = 0, and as a polynomial in cos w minus the level it has no root in [-1, 1]: all its complex roots
    are enclosed in balls, and none that may be real meets the interval.

    >>> stays_above([fmpq(2), fmpq(1)], fmpq(99, 100)), stays_above([fmpq(2), fmpq(1)], fmpq(1))
    (True, False)
    """
    polynomial = fmpq_poly([-level])
    for order, coefficient in enumerate(coefficients):
        polynomial += coefficient * fmpq_poly(fmpz_poly.chebyshev_t(order))
    if not polynomial(fmpq(1)) > 0:
        return False
    roots: list[Any] = polynomial.numer().complex_roots()
    return not any(root.imag.contains(0) and not (root.real > 1 or root.real < -1) for root, _ in roots)


def settles(recursion: Recursion) -> bool:
    """Whether moves die out without gradients, all poles inside the unit circle: a proof, for floats as they are."""
    # The roots of the polynomial with its coefficients in this order are the inverses of the poles.
    roots: list[Any] = fmpq_poly(list(rationals(_poles(recursion)))).numer().complex_roots()
    return all(abs(root) > 1 for root, _ in roots)


def is_positive(matrix: Array) -> bool:
    """Whether a symmetric matrix of rationals is positive definite: elimination, exactly.

    >>> is_positive(np.array([[fmpq(2), fmpq(1)], [fmpq(1), fmpq(1)]])), is_positive(np.array([[fmpq(0)]]))
    (True, False)
    """
    rest = matrix
    while rest.size:
        if not rest[0, 0] > 0:
            return False
        rest = rest[1:, 1:] - np.outer(rest[1:, 0], rest[0, 1:]) / rest[0, 0]
    return True


def rationals(values: Floats) -> Array:
    """Floats as exact rationals."""
    return np.array([_rational(value) for value in values], dtype=object)


def _rational(value: float) -> fmpq:
    return fmpq(*float(value).as_integer_ratio())


def certified_weight(recursion: Recursion, step: float, p: Floats, beta: Floats, guess: float) -> float | None:
    """The largest weight found, of a few just below `guess`, that S / (sum of m p_m) is proved to exceed everywhere.

    Args:
        recursion: whose symbol it is; its poles are known to lie inside the unit circle.
        step: h.
        p, beta: the multipliers; p may miss sum m p_m = 1 by rounding.
        guess: the least value of S by floats.

    Returns:
        The weight, or None where none is positive or can be proved.
    """
    exact, poles = symbol(recursion, _rational(step), rationals(p), rationals(beta)), squared_poles(recursion, True)
    unit = sum((_rational(value) * (m + 1) for m, value in enumerate(p)), fmpq(0))
    for slack in (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5):
        weight = guess * (1 - slack)
        above = exact.copy()
        above[: poles.size] -= _rational(weight) * unit * poles
        if weight > 0 and stays_above(list(above), fmpq(0)):
            return weight
    return None
