r"""No linear method at all is better than counter-momentum, whatever the multipliers of short lags: branch and bound.

Notation of optimality.py and neighbourhood.py: multipliers x = (a_m, b_m), M = sum m t_m, B = sum m^2 c_m, D the delay.
For a measure mu on the circle put G(x) = sup over causal phi with delay D of int S d mu, less W mu(circle) M. As S is
linear in x, G is convex and homogeneous; where G <= 0, min S <= W M for every phi. So one measure settles a cell, the
convex cone of some x, if G <= 0 at these. Three more conditions are linear in x:
- M <= W B settles x, by S at w = 0 (neighbourhood.py, 1), and so does sum of c_m over odd m <= W M, by S at w = pi,
  where A_m = 0 for odd m, A_m = B_m = 0 for even m, and B_m <= 1. Elsewhere lambda (M - W B) and lambda' (sum - W M)
  are not negative, and may be added to G.
- sum_{m>=2} m^2 c_m <= kappa c_1: `holds_within`.
Cells are simplices of lags up to `near`; the lags from there to `last` are lumped: as a cell is convex, each of its
corners is looked at with the share of the lump at one of these lags, in one direction. What is not settled is halved.

What is trusted is `_Measure.bound`. The measure is a positive trigonometric polynomial with coefficients of 30 bits, so
that its integrals against |e_m|^2, 1 - cos mw and (1 + z^m) e_m are floats exactly, and so are the x. For any y
   sup_phi (l phi - phi T phi) = l y - y T y + r T^-1 r/4,   r = l - 2 T y,
with T the Toeplitz form of mu sum c_m |e_m|^2/4 >= (c_m/4) min mu |e_m|^2. As 1/e_m has coefficients 0, 1, -1 only, the
last term is at most |r|_1^2 n/(c_m min mu), n the length of r. Roundings are bounded by those of inner products.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize

from theory.common.types import Array, Floats
from theory.methods.counter_momentum import Tuning
from theory.worst_case.limit.best.neighbourhood import REACH

# The circle, the shape of a measure (coefficients of its logarithm), of its polynomial, the taps of y.
_POINTS, _SHAPE, _ORDER, _TAPS = 256, 10, 48, 56
# Below this G counts as negative: above the roundings of the few terms that `_Measure.bound` does not count.
_MARGIN, _UNIT = 1e-9, 2.0**-53
# Cells are halved at most so often, so that corners are floats exactly: 24 bits of a lag's scale, 28 of a share.
_DEEPEST = 28
# Of the search alone: a value that is good enough, and one from which four more tries do not help.
_ENOUGH, _HOPELESS = 2e-3, 0.02


@dataclass(frozen=True, eq=False)
class _Lags:
    """The symbols of lags 1..last on the circle, and their scales: about 1/m^2, of 24 bits."""

    delay: int
    last: int

    @cached_property
    def turns(self) -> Array:
        """Exp(-iw) at the points."""
        return np.asarray(np.exp(-2j * math.pi * np.arange(_POINTS) / _POINTS))

    @cached_property
    def numbers(self) -> Floats:
        """1..last."""
        return np.arange(1.0, self.last + 1)

    @cached_property
    def scales(self) -> Floats:
        """Of 24 bits."""
        return (1 / self.numbers**2).astype(np.float32).astype(np.float64)

    @cached_property
    def symbols(self) -> tuple[Array, Floats, Floats]:
        """(1 + z^m) e_m/2, |e_m|^2/4 and |1 - z^m|^2/4, one row for each lag."""
        powers = self.turns ** self.numbers[:, None]
        ends = np.cumsum(self.turns ** -(self.numbers[:, None] - 1), axis=0)
        return (1 + powers) / 2 * ends, np.abs(ends) ** 2 / 4, np.abs(1 - powers) ** 2 / 4

    @cached_property
    def taps(self) -> Array:
        """z^(D+j), one column for each tap."""
        return self.turns[:, None] ** (self.delay + np.arange(_TAPS))


@dataclass(frozen=True, eq=False)
class Measure:
    """A positive trigonometric polynomial sum_j mu_|j| z^j, and what it proves.

    Args:
        delay: D; last: the largest lag.
        coefficients: mu_0..mu_J, floats of 30 bits behind the point; below 2.
        least: a number that the polynomial exceeds, above 0.
    """

    delay: int
    last: int
    coefficients: Floats
    least: float

    @classmethod
    def near(cls, delay: int, last: int, density: Floats) -> Measure | None:
        """The polynomial nearest to a density at the points of the circle; None where it is not plainly positive."""
        found = np.fft.rfft(density / density.mean()).real[: _ORDER + 1] / density.size
        found = np.round(found * 2.0**30) / 2.0**30
        order, count = np.arange(_ORDER + 1.0), 4096
        values = np.fft.hfft(found, count)
        # Between points: the second derivative is at most 2 sum j^2 |mu_j|.
        dips = (2 * math.pi / count) ** 2 / 8 * 2 * (order**2 * np.abs(found)).sum()
        least = float(values.min() - dips - 1e-9)
        return cls(delay, last, found, least) if least > 0 else None

    @cached_property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        """The linear form l, the first column of T, and the integral of |1 - z^m|^2/4, of each lag; exactly."""
        n, far = _TAPS + _ORDER + self.last, _TAPS + _ORDER + 2 * self.last + self.delay + 1
        line = np.zeros(2 * far + 1)
        line[far - _ORDER : far + _ORDER + 1] = np.append(self.coefficients[:0:-1], self.coefficients)
        sums, taps = np.cumsum(line), far + self.delay + np.arange(n)
        lags = range(1, self.last + 1)
        forms = np.array([sums[taps + m] - sums[taps - m] for m in lags]) / 2
        hats = [np.convolve(line, m - np.abs(np.arange(1.0 - m, m)), "same")[far : far + n] / 4 for m in lags]
        apart = (self.coefficients[0] - np.append(self.coefficients, np.zeros(self.last))[1 : self.last + 1]) / 2
        return forms, np.array(hats), apart

    def bound(self, t: Floats, c: Floats, weight: float) -> Floats:
        """Numbers that G is proved not to exceed, for multipliers t_m and c_m in rows, if W is the weight."""
        forms, hats, apart = self._parts
        n, gamma = forms.shape[1], 4 * (forms.shape[1] + self.last) * _UNIT
        places = np.abs(np.subtract.outer(np.arange(n), np.arange(_TAPS)))
        linear, sizes = t @ forms, np.abs(t) @ np.abs(forms)
        square, squares = (c @ hats)[:, places], (c @ np.abs(hats))[:, places]
        y = np.linalg.solve(square[:, :_TAPS], linear[:, :_TAPS, None] / 2)[:, :, 0]
        padded = np.pad(y, ((0, 0), (0, n - _TAPS)))
        image, images = (square @ y[:, :, None])[:, :, 0], (squares @ np.abs(y)[:, :, None])[:, :, 0]
        value = c @ apart + (linear * padded).sum(axis=1) - (padded * image).sum(axis=1)
        size = c @ np.abs(apart) + (np.abs(padded) * (sizes + images)).sum(axis=1)
        left = np.abs(linear - 2 * image).sum(axis=1) + gamma * (sizes + 2 * images).sum(axis=1)
        rest = n * left**2 / (c.max(axis=1) * self.least)
        drift = t @ np.arange(1.0, self.last + 1)
        return np.asarray(value + rest + gamma * size - weight * self.coefficients[0] * drift)


@dataclass(frozen=True)
class Covered:
    """What came of a search.

    Args:
        settled: how many cells, by how.
        left: cells that were not settled; 0 is the proof.
    """

    settled: dict[str, int]
    left: int


@dataclass(frozen=True, eq=False)
class _Cover:
    """The search for one delay."""

    delay: int
    near: int
    last: int
    kappa: float
    weight: float

    @cached_property
    def lags(self) -> _Lags:
        """The lags."""
        return _Lags(self.delay, self.last)

    def multipliers(self, corners: Floats) -> tuple[Floats, Floats]:
        """T and c of corners of a cell, the lump at each of its lags and in both directions."""
        pairs = corners[:, : 2 * self.near].reshape(-1, self.near, 2) * self.lags.scales[: self.near, None]
        t, c = pairs[:, :, 0] - pairs[:, :, 1], pairs[:, :, 0] + pairs[:, :, 1]
        if self.near == self.last:
            return t, c
        beyond = self.lags.scales[self.near :]
        lump = np.concatenate([np.diag(beyond), np.diag(beyond)])
        sign = np.repeat([1.0, -1.0], beyond.size)[:, None]
        shares, count = corners[:, -1], len(lump)
        far = shares[:, None, None] * lump
        grown = [np.concatenate([np.repeat(x[:, None], count, 1), y], 2) for x, y in ((t, far * sign), (c, far))]
        t, c = (each.reshape(-1, self.last) for each in grown)
        kept = np.repeat(shares > 0, count) | (np.arange(len(t)) % count == 0)
        return t[kept], c[kept]

    def terms(self, t: Floats, c: Floats) -> Floats:
        """M - W B and (sum of c_m, m odd) - W M, in columns."""
        m = self.lags.numbers
        return np.column_stack([t @ m - self.weight * (c @ m**2), c[:, ::2].sum(axis=1) - self.weight * (t @ m)])

    def is_plain(self, t: Floats, c: Floats) -> str | None:
        """What settles a cell without a measure of its own."""
        if (self.terms(t, c) <= -_MARGIN).all(axis=0).any():
            return "two frequencies"
        within = c[:, 1:] @ self.lags.numbers[1:] ** 2 <= self.kappa * c[:, 0] - _MARGIN
        return "near" if within.all() else None

    def values(self, shape: Floats, t: Floats, c: Floats) -> Floats:
        """Bounds of G with the two terms; infinite where the shape makes no measure."""
        density = np.exp(self._cosines @ shape[:_SHAPE])
        measure = Measure.near(self.delay, self.last, density)
        if measure is None:
            return np.full(len(t), math.inf)
        return measure.bound(t, c, self.weight) + self.terms(t, c) @ np.maximum(shape[_SHAPE:], 0)

    @cached_property
    def _cosines(self) -> Floats:
        return np.asarray(np.cos(np.outer(2 * math.pi * np.arange(_POINTS) / _POINTS, np.arange(1, _SHAPE + 1))))

    def first(self) -> Floats:
        """The shape of the measure of counter-momentum."""
        tuning, q = Tuning.of(self.delay), (2 * self.delay + 1) / (2 * self.delay + 3)
        filtered = np.polyval([*tuning.moves[::-1], 1.0], self.lags.turns)
        logarithm = 2 * np.log(np.abs(filtered) / np.abs(self.lags.turns - q))
        return np.append(np.fft.rfft(logarithm).real[1 : _SHAPE + 1] * 2 / _POINTS, [0.0, 0.0])

    def improved(self, shape: Floats, t: Floats, c: Floats) -> Floats:
        """A shape at which the largest of the values of these corners is less, by floats alone."""
        q, square, apart = self.lags.symbols
        symbols = (t @ q, c @ square, c @ apart, self.lags.taps)
        places = np.abs(np.subtract.outer(np.arange(_TAPS), np.arange(_TAPS)))
        terms, drift = self.terms(t, c), t @ self.lags.numbers
        best: list[Any] = [math.inf, shape]

        def largest(at: Floats) -> tuple[float, Floats]:
            density = np.exp(self._cosines @ at[:_SHAPE])
            density /= density.mean()
            linear = np.fft.ifft(symbols[0] * density, axis=1)[:, -(self.delay + np.arange(_TAPS)) % _POINTS].real
            hats = np.fft.fft(symbols[1] * density, axis=1)[:, :_TAPS].real / _POINTS
            y = np.linalg.solve(hats[:, places], linear[:, :, None])[:, :, 0] / 2
            answer = y @ symbols[3].T
            s = symbols[2] + (symbols[0] * answer).real - symbols[1] * np.abs(answer) ** 2
            values = (s * density).mean(axis=1) - self.weight * drift + terms @ at[_SHAPE:]
            top = float(values.max())
            if top < best[0]:
                best[:] = top, at.copy()
            soft = max(0.003, 0.15 * (top - float(values.min())))
            shares = np.exp((values - top) / soft)
            total, shares = shares.sum(), shares / shares.sum()
            mixed = shares @ s * density
            slope = (mixed @ self._cosines - mixed.mean() * (density @ self._cosines)) / _POINTS
            if top < -_ENOUGH:
                raise StopIteration
            return top + soft * math.log(total), np.append(slope, shares @ terms)

        limits = [(None, None)] * _SHAPE + [(0, None)] * 2
        with suppress(StopIteration, np.linalg.LinAlgError):
            minimize(largest, shape, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 25})
        return np.asarray(best[1])

    def settle(self, corners: Floats, shape: Floats) -> tuple[str | None, Floats]:
        """What settles the cell, if anything does, and the last shape."""
        t, c = self.multipliers(corners)
        plain = self.is_plain(t, c)
        if plain:
            return plain, shape
        values = self.values(shape, t, c)
        looked = np.argsort(-values)[:12]
        for _ in range(4):
            if values.max() <= -_MARGIN:
                return "a measure", shape
            shape = self.improved(shape, t[looked], c[looked])
            values = self.values(shape, t, c)
            if not values[looked].max() < _HOPELESS:
                break
            looked = np.union1d(looked, np.argsort(-values)[:8])
        return ("a measure" if values.max() <= -_MARGIN else None), shape


def cover(delay: int, near: int, last: int | None = None, kappa: float | None = None, most: int = 100_000) -> Covered:
    """Settle all multipliers of lags up to `last`: no filter with this delay has a better certificate of them than W.

    Args:
        delay: D, of REACH.
        near: lags of which every combination is looked at.
        last: lags up to this one are lumped beyond `near`; none when left out.
        kappa: of `holds_within`, which proves it; that of REACH when left out.
        most: cells that are looked at.

    Returns:
        What was settled how, and how many cells are left: none if it is proved.

    >>> cover(1, 2, most=5).left > 0
    True
    """
    last = near if last is None else last
    search = _Cover(delay, near, last, REACH[delay] if kappa is None else kappa, Tuning.of(delay).weight)
    settled: Counter[str] = Counter()
    waiting = [(np.eye(2 * near + (last > near)), search.first(), 0)]
    left = 0
    while waiting and settled.total() < most:
        corners, shape, depth = waiting.pop()
        how, shape = search.settle(corners, shape)
        if how:
            settled[how] += 1
        elif depth == _DEEPEST:
            left += 1
        else:
            waiting += [(half, shape, depth + 1) for half in _halves(corners)]
    return Covered(dict(settled), left + len(waiting))


def _halves(corners: Floats) -> tuple[Floats, Floats]:
    """The simplex cut in the middle of its longest edge."""
    lengths = np.abs(corners[:, None] - corners).sum(axis=2)
    first, second = np.unravel_index(lengths.argmax(), lengths.shape)
    one, other = corners.copy(), corners.copy()
    one[first] = other[second] = (corners[first] + corners[second]) / 2
    return one, other
