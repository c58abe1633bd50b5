r"""The symbol S of `limit.constant`: its coefficients, its least value by floats, a proof that it is no less.

With c = cos w, U the Chebyshev polynomials of the second kind and the Fejer kernel in place of the quotients of sines,
   T_m = (h/2) U_{m-1}(c) (cos Dw + cos (D+1)w),  B_m = (1 - cos mw)/2 - (h^2/4) sum_{|j|<m} (m - |j|) cos jw.
Nothing is divided by sin(w/2), and S is a cosine polynomial of degree at most D + lags, whose coefficients are exact
rationals where h, p and beta are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq, fmpq_poly, fmpz_poly

from theory.common.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Rows:
    """Whole coefficients of cos jw, arrays (lags, lags + delay + 1): T = h/4 drift, B = bend/2 - h^2/4 fejer."""

    drift: Ints
    bend: Ints
    fejer: Ints

    def floats(self, step: float) -> tuple[Floats, Floats]:
        """The coefficients of the T_m and of the B_m, one row for each lag."""
        drift, bend, fejer = (np.asarray(each, dtype=np.float64) for each in (self.drift, self.bend, self.fejer))
        return step / 4 * drift, bend / 2 - step**2 / 4 * fejer

    def exact(self, step: float, p: Floats, beta: Floats) -> list[fmpq]:
        """The coefficients of S for these floats taken as exact rationals."""
        h = _rational(step)
        drift, bend, fejer = (
            _combine(weights, rows) for weights, rows in ((p, self.drift), (beta, self.bend), (beta, self.fejer))
        )
        return [h * t / 4 + b / 2 - h * h * f / 4 for t, b, f in zip(drift, bend, fejer, strict=True)]


def rows(delay: int, lags: int) -> Rows:
    """The coefficients for lags 1..`lags`.

    >>> rows(delay=1, lags=1).drift
    array([[0, 2, 2]])
    """
    drift, bend, fejer = np.zeros((3, lags, lags + delay + 1), dtype=np.int64)
    for m in range(1, lags + 1):
        # U_{m-1} = sum of cos(e w) over e = 1 - m, 3 - m, .., m - 1; cos e cos q = (cos(q + e) + cos(q - e)) / 2.
        turns = np.arange(1 - m, m, 2)
        for place in (delay + turns, delay + 1 + turns, delay - turns, delay + 1 - turns):
            np.add.at(drift[m - 1], np.abs(place), 1)
        bend[m - 1, [0, m]] = 1, -1
        fejer[m - 1, :m] = 2 * (m - np.arange(m))
        fejer[m - 1, 0] = m
    return Rows(drift, bend, fejer)


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


def _rational(value: float) -> fmpq:
    return fmpq(*float(value).as_integer_ratio())


def _combine(weights: Floats, rows: Ints) -> list[fmpq]:
    exact = [_rational(weight) for weight in weights]
    return [sum((w * int(c) for w, c in zip(exact, column, strict=True)), fmpq(0)) for column in rows.T]


def certified_weight(symbol: Sequence[fmpq], p: Floats, guess: float) -> float | None:
    """The largest weight found, of a few just below `guess`, that S / (sum of m p_m) is proved to exceed everywhere.

    Args:
        symbol: the exact coefficients of S.
        p: the multipliers, which may miss sum m p_m = 1 by rounding.
        guess: the least value of S by floats.

    Returns:
        The weight, or None where none is positive or can be proved.
    """
    unit = sum((_rational(value) * (m + 1) for m, value in enumerate(p)), fmpq(0))
    for slack in (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5):
        weight = guess * (1 - slack)
        if weight > 0 and stays_above(symbol, _rational(weight) * unit):
            return weight
    return None
