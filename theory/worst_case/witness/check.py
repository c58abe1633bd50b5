r"""A worst function by its values and gradients at x_0..x_T, and the exact check that such a function exists.

Claim. Let x_i, g_i, f_i (i = 0..T) satisfy, for all i and j,
    (1)  L|x_i - x_j|^2 - |g_i - g_j|^2/L >= |4(f_i - f_j) - 2<g_i + g_j, x_i - x_j>|,
    (2)  f_i >= |g_i|^2/2L.
Then there is an L-smooth F >= 0 with F(x_i) = f_i and grad F(x_i) = g_i.

Proof. Put p_i(x) = f_i + <g_i, x - x_i> + L|x - x_i|^2/2, q_i = p_i + L|x|^2/2 and h_i = f_i + L|x_i|^2/2,
v_i = g_i + L x_i. Each q_i is a parabola of curvature 2L with value h_i and gradient v_i at x_i. Let h be the convex
envelope of min_i q_i. Its conjugate max_i q_i* is 1/2L-strongly convex, hence h is convex and 2L-smooth, so that both
F + L|x|^2/2 and L|x|^2/2 - F are convex for F = h - L|x|^2/2: F is L-smooth. By duality
    h(x) = max_g min_i [h_i + <g, x - x_i> - |g - v_i|^2/4L].
At x = x_j the choice g = v_j gives at least h_j, since (1) says h_i >= h_j + <v_j, x_i - x_j> + |v_i - v_j|^2/4L;
and h <= q_j, with equality at x_j: hence h(x_j) = h_j, grad h(x_j) = v_j. The choice g = Lx gives
    F(x) >= min_i [f_i - |g_i|^2/2L + L/4 |x - x_i + g_i/L|^2] >= 0 by (2).   QED
(Taylor, Hendrickx and Glineur, Mathematical Programming 161, 2017, Theorem 4, is this for convex functions; Drori and
Shamir, ICML 2020, and Taylor's thesis use it for non-convex ones.)

The gradients and steps are floats, taken as the rationals they are; the points follow from them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np

from theory.common.errors import CertificateError
from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question

_ROUNDING = 2.0**-53
_LEFT_OVER = 2.0**-100  # what a sum of two floats misses of an exact number, relative, generously
_ROWS = 64
_DIGITS = 1 << 18  # of the moves of a rule, in bits


@dataclass(frozen=True, eq=False)
class Witness:
    """A function for a question, by its values and gradients at the points of the run; x_0 = 0 and inf F >= 0.

    There is no noise in it: an adversary who may use a variance need not.

    Args:
        question: in the user's units.
        gradients: float64 (T+1, r), g_k in row k, in the user's units.
        values: T+1 exact numbers f_k >= 0, whole numbers over powers of two.
    """

    question: Question
    gradients: Floats
    values: tuple[Fraction, ...]

    @property
    def dimension(self) -> int:
        """The number r of unknowns."""
        return int(self.gradients.shape[1])

    @cached_property
    def _slopes(self) -> tuple[list[list[int]], int]:
        """g_k as whole numbers, and the power of two that they are to be divided by."""
        return _rows(self.gradients)

    @cached_property
    def _heights(self) -> tuple[list[int], int]:
        """f_k as whole numbers, and the power of two that they are to be divided by."""
        power = max(value.denominator.bit_length() - 1 for value in self.values)
        return [int(value * (1 << power)) for value in self.values], power

    @cached_property
    def _positions(self) -> tuple[list[list[int]], int]:
        """x_k as whole numbers, and the power of two that they are to be divided by."""
        moves, points = list(moves_of(self.question, self.gradients)), [[0] * self.dimension]
        _, finest = moves[-1]
        for move, power in moves:
            points.append([x - (gone << (finest - power)) for x, gone in zip(points[-1], move, strict=True)])
        return points, finest

    def falls(self) -> Iterator[tuple[int, int]]:
        """<g_k + g_{k+1}, x_k - x_{k+1}>, exactly: a whole number and the power of two that it is to be divided by."""
        rows, low = self._slopes
        for (one, two), (move, power) in zip(pairwise(rows), moves_of(self.question, self.gradients), strict=True):
            yield sum((a + b) * c for a, b, c in zip(one, two, move, strict=True)), low + power

    @cached_property
    def points(self) -> Floats:
        """float64 (T+1, r): x_k, rounded."""
        return self._split_points[0]

    @cached_property
    def _split_points(self) -> tuple[Floats, Floats]:
        points, power = self._positions
        flat = [x for row in points for x in row]
        high, low = _split(flat, 1 << power)
        shape = (len(points), self.dimension)
        return high.reshape(shape), low.reshape(shape)

    @cached_property
    def _distinct(self) -> Ints:
        """The points without those that repeat an earlier one in x, f and g."""
        positions = self._positions[0]
        seen: dict[tuple[object, ...], int] = {}
        for k, (position, value) in enumerate(zip(positions, self.values, strict=True)):
            seen.setdefault((tuple(position), value, tuple(self.gradients[k].tolist())), k)
        return np.array(sorted(seen.values()), dtype=np.int64)

    @cached_property
    def function_values(self) -> Floats:
        """float64 (T+1,): f_k, rounded."""
        return np.array([_quotient(value.numerator, value.denominator) for value in self.values])

    def point(self, k: int) -> list[Fraction]:
        """x_k, exactly."""
        points, power = self._positions
        return [Fraction(x, 1 << power) for x in points[k]]

    def gradient(self, k: int) -> list[Fraction]:
        """g_k, exactly."""
        return [Fraction(g) for g in self.gradients[k].tolist()]

    @cached_property
    def value(self) -> Fraction:
        """The measure of the run, exactly: min_k |g_k|^2 over k <= T, or the mean over k < T weighted by the steps."""
        rows, power = self._slopes
        squares = [Fraction(sum(g * g for g in row), 1 << 2 * power) for row in rows]
        if self.question.measure is Measure.MINIMUM:
            return min(squares)
        steps = [Fraction(step) for step in self.question.step_sizes.tolist()]
        weighted = sum((step * square for step, square in zip(steps, squares, strict=False)), Fraction(0))
        return weighted / sum(steps, Fraction(0))

    @property
    def lower(self) -> float:
        """The value, rounded down: the worst case is at least this."""
        rounded = _quotient(self.value.numerator, self.value.denominator)
        above = rounded == math.inf or Fraction(rounded) > self.value
        return math.nextafter(rounded, -math.inf) if above else rounded


def moves_of(question: Question, gradients: Floats) -> Iterator[tuple[list[int], int]]:
    """x_k - x_{k+1} for k < T, exactly: whole numbers and the power of two that they are to be divided by.

    Under a rule the powers grow from move to move, as each repeats a part of those before it.
    """
    (rows, low), rule = _rows(gradients), question.rule
    arriving = [rows[read] for read in question.read_points.tolist()]
    if rule is None:
        steps, fine = _whole(question.step_sizes)
        yield from (([step * g for g in row], low + fine) for step, row in zip(steps, arriving, strict=True))
        return
    (weights, fine), (repeats, finer) = _whole(rule.gradient_weights.ravel()), _whole(rule.move_weights)
    if rule.updates * finer > _DIGITS:
        raise CertificateError(f"The moves of this rule have too many digits after {rule.updates} updates.")
    moves: list[list[int]] = []
    for k in range(rule.updates):
        terms = [
            (weights[k * rule.gradients + i] << k * finer, arriving[k - i]) for i in range(rule.gradients)[: k + 1]
        ]
        terms += [(repeats[j] << j * finer, moves[k - 1 - j]) for j in range(rule.moves)[:k]]
        moves.append([sum(weight * row[at] for weight, row in terms) for at in range(len(rows[0]))])
        yield moves[-1], low + fine + k * finer


def check(witness: Witness) -> Fraction:
    """The exact measure of a witness, once it is certain that an L-smooth function with its data exists.

    Every inequality is evaluated in floats with a bound on the rounding, and in exact rationals where that leaves
    a doubt. F(x_0) - inf F <= Delta, the values, the smoothness and the coherence, if asked for, are all checked.

    Raises:
        CertificateError: the first condition that fails.

    >>> from theory.worst_case.question import Question
    >>> parabola = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
    >>> check(parabola)
    Fraction(1, 4)
    """
    _check_shape(witness)
    _check_values(witness)
    for i, j in _doubtful_pairs(witness):
        _check_pair(witness, i, j)
    for k, t in _doubtful_coherence(witness):
        _check_coherence(witness, k, t)
    return witness.value


def _check_shape(witness: Witness) -> None:
    count = witness.question.steps + 1
    if witness.gradients.ndim != 2 or len(witness.gradients) != count or len(witness.values) != count:
        raise CertificateError(f"A witness for {count - 1} steps has {count} gradients and {count} values.")
    if not (witness.gradients.size and np.isfinite(witness.gradients).all()):
        raise CertificateError("The gradients of a witness are finite numbers, at least one a point.")
    if any(value.denominator & (value.denominator - 1) for value in witness.values):
        raise CertificateError("The values of a witness are whole numbers over powers of two.")


def _check_values(witness: Witness) -> None:
    """(2), and F(x_0) - inf F <= Delta."""
    smoothness = Fraction(witness.question.smoothness)
    for k, value in enumerate(witness.values):
        if 2 * smoothness * value < sum(g * g for g in witness.gradient(k)):
            raise CertificateError(f"f_{k} is below |g_{k}|^2/2L: no L-smooth function stays above 0 there.")
    if witness.values[0] > Fraction(witness.question.gap):
        raise CertificateError(f"F(x_0) - inf F may be {float(witness.function_values[0])}, more than Delta.")


def _doubtful_pairs(witness: Witness) -> Iterator[tuple[int, int]]:
    """The pairs i < j whose inequality (1) is not certain in floats.

    Points that repeat an earlier one in x, f and g are left out. Each term is a sum of at most r products of at most
    three factors, each known to 4 roundings, so that the computed margin is within (2r + 32) roundings of the sum of
    the sizes of all terms; we allow twice as much, and `_LEFT_OVER` for what the two floats that stand for each x and f
    miss.
    """
    kept = witness._distinct
    g, (x, x_low) = witness.gradients[kept], (part[kept] for part in witness._split_points)
    values = [witness.values[k] for k in kept]
    f, f_low = _split([value.numerator for value in values], [value.denominator for value in values])
    smooth, r = witness.question.smoothness, witness.dimension
    with np.errstate(all="ignore"):
        far, steep = np.abs(x).max(), np.abs(g).max()
        missed = 16 * _LEFT_OVER * r * (smooth * far**2 + far * steep + np.abs(f).max())
        missed += 1e-290 * (1 + smooth + 1 / smooth)
        for first in range(0, len(g) - 1, _ROWS):
            rows = slice(first, min(first + _ROWS, len(g) - 1))
            dx = (x[rows, None] - x[None, first:]) + (x_low[rows, None] - x_low[None, first:])
            df = 4 * ((f[rows, None] - f[None, first:]) + (f_low[rows, None] - f_low[None, first:]))
            dg = g[rows, None] - g[None, first:]
            inner = 2 * (g[rows, None] + g[None, first:]) * dx
            room = smooth * np.square(dx).sum(axis=2) - np.square(dg).sum(axis=2) / smooth
            margin = room - np.abs(df - inner.sum(axis=2))
            size = smooth * np.square(dx).sum(axis=2) + np.square(dg).sum(axis=2) / smooth
            size += np.abs(df) + np.abs(inner).sum(axis=2)
            sure = margin > 2 * (2 * r + 32) * _ROUNDING * size + missed
            for i, j in np.argwhere(~sure):
                if i < j:
                    yield int(kept[first + i]), int(kept[first + j])


def _check_pair(witness: Witness, i: int, j: int) -> None:
    """(1) times L, in whole numbers over one power of two."""
    points, power = witness._positions
    gradients, low = witness._slopes
    values, fine = witness._heights
    above, below = witness.question.smoothness.as_integer_ratio()
    scale = max(2 * power, fine)
    dx = [a - b for a, b in zip(points[i], points[j], strict=True)]
    dg = [a - b for a, b in zip(gradients[i], gradients[j], strict=True)]
    far, steep = sum(d * d for d in dx) << (scale - 2 * power), sum(d * d for d in dg) << (scale - 2 * low)
    inner = sum((a + b) * d for a, b, d in zip(gradients[i], gradients[j], dx, strict=True)) << (scale - power - low)
    fall = (values[i] - values[j]) << (scale - fine)
    if above * above * far - below * below * steep < above * below * abs(4 * fall - 2 * inner):
        raise CertificateError(
            f"The values and gradients at x_{i} and x_{j} belong to no function with L = {witness.question.smoothness}."
        )


def _doubtful_coherence(witness: Witness) -> Iterator[tuple[int, int]]:
    """The pairs (k, t) whose coherence is not certain in floats."""
    question, g = witness.question, witness.gradients
    if question.coherence is None:
        return
    for lag in range(1, min(question.staleness.window, question.steps)):
        now, before = g[lag : question.steps], g[: question.steps - lag]
        terms = np.concatenate([now * before, -question.coherence * now * now], axis=1)
        sure = terms.sum(axis=1) > 4 * (terms.shape[1] + 8) * _ROUNDING * np.abs(terms).sum(axis=1) + 1e-290
        yield from ((lag + int(t), int(t)) for t in np.flatnonzero(~sure))


def _check_coherence(witness: Witness, k: int, t: int) -> None:
    g, before = witness.gradient(k), witness.gradient(t)
    inner, square = sum(a * b for a, b in zip(g, before, strict=True)), sum(a * a for a in g)
    if inner < Fraction(witness.question.coherence or 0) * square:
        raise CertificateError(
            f"The gradients at x_{k} and x_{t} are less coherent than mu = {witness.question.coherence}."
        )


def _rows(gradients: Floats) -> tuple[list[list[int]], int]:
    flat, power = _whole(gradients.ravel())
    return [flat[k : k + gradients.shape[1]] for k in range(0, len(flat), gradients.shape[1])], power


def _whole(numbers: Floats) -> tuple[list[int], int]:
    """Whole numbers and the power of two that they are to be divided by to give these floats."""
    ratios = [number.as_integer_ratio() for number in numbers.tolist()]
    power = max((below.bit_length() - 1 for _, below in ratios), default=0)
    return [above << (power + 1 - below.bit_length()) for above, below in ratios], power


def _split(above: list[int], below: int | list[int]) -> tuple[Floats, Floats]:
    """Each quotient as its nearest float and the nearest float of the rest."""
    denominators = [below] * len(above) if isinstance(below, int) else below
    high = [_quotient(a, b) for a, b in zip(above, denominators, strict=True)]
    low = [_rest(a, b, h) for a, b, h in zip(above, denominators, high, strict=True)]
    return np.array(high), np.array(low)


def _quotient(above: int, below: int) -> float:
    """The nearest float, infinite where there is none."""
    try:
        return above / below
    except OverflowError:
        return math.inf if above > 0 else -math.inf


def _rest(above: int, below: int, high: float) -> float:
    if not math.isfinite(high):
        return 0.0
    numerator, denominator = high.as_integer_ratio()
    return (above * denominator - numerator * below) / (below * denominator)
