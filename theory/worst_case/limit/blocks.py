r"""The matrix symbol of delays that repeat: its forms, and a proof that it is positive definite everywhere.

Steps x_{k+1} = x_k - eta g_{k - d_k} with d_k = d_{k mod P}, h = L eta. Write g_k as Z^{k div P} y_{k mod P}, |Z| = 1:
a combination u of gradients is then a row of P polynomials in Z, a form <u, v> is the Hermitian matrix
(u* v + v* u)/2, and a sum of forms that repeats every P steps is at least sum_k c_k |g_k|^2 if its matrix S(Z) less
diag(c) is positive semidefinite for every |Z| = 1 (Parseval). A pair (k, k+m), either way round, has with
X = h (g_{k-d_k} + .. + g_{k+m-1-d_{k+m-1}}) the forms T = <g_k + g_{k+m}, X>/2 and B = (|g_k - g_{k+m}|^2 - |X|^2)/4:
L (F_k - F_{k+m}) >= T + B, L (F_{k+m} - F_k) >= B - T.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpq_poly

from theory.common.types import Array, Floats
from theory.worst_case.limit.symbol import rationals, stays_above

#: A combination of gradients: the weight of g_k, by k.
Combination = Mapping[int, int]
Pair = tuple[int, int]


def combinations(delays: Sequence[int], pair: Pair) -> tuple[Combination, Combination, Combination]:
    """g_k + g_{k+m}, g_k - g_{k+m} and X/h of a pair (k, m)."""
    first, lag = pair
    moved: dict[int, int] = {}
    for k in range(first, first + lag):
        read = k - delays[k % len(delays)]
        moved[read] = moved.get(read, 0) + 1
    return {first: 1, first + lag: 1}, {first: 1, first + lag: -1}, moved


def forms(delays: Sequence[int], step: float, pair: Pair, turns: Array) -> tuple[Array, Array]:
    """T and B of a pair as Hermitian matrices, one for each Z of `turns`: arrays (Z, P, P)."""
    total, apart, moved = (_rows(each, len(delays), turns) for each in combinations(delays, pair))
    both = np.einsum("zi,zj->zij", total.conj(), moved)
    sway = step / 4 * (both + both.conj().swapaxes(1, 2))
    squares = [np.einsum("zi,zj->zij", each.conj(), each) for each in (apart, moved)]
    return np.asarray(sway), np.asarray((squares[0] - step**2 * squares[1]) / 4)


def _rows(combination: Combination, period: int, turns: Array) -> Array:
    rows = np.zeros((turns.size, period), dtype=complex)
    for k, weight in combination.items():
        rows[:, k % period] += weight * turns ** (k // period)
    return rows


def proved(
    delays: Sequence[int], step: float, multipliers: Mapping[Pair, tuple[float, float]], weights: Floats, share: float
) -> bool:
    """Whether the certificate gives every |g_k|^2 the weight (1 - share) c_k: a proof, in exact and ball arithmetic.

    The matrix is positive definite at Z = 1, and its determinant, a cosine polynomial, is positive on the circle: no
    eigenvalue can pass 0 on the way.

    Args:
        delays: d_0..d_{P-1}; step: h.
        multipliers: of the pairs (k, m), forward and back, k < P, at least 0; whose flows balance, see `balanced`.
        weights: c, array (P,), above 0.
    """
    period, h = len(delays), rationals(np.array([step]))[0]
    entries: list[list[dict[int, Any]]] = [[{} for _ in range(period)] for _ in range(period)]

    def add(u: Combination, v: Combination, factor: Any) -> None:
        for (k, a), (j, b) in product(u.items(), v.items()):
            for x, y in ((k, j), (j, k)):
                cell, turn = entries[x % period][y % period], y // period - x // period
                cell[turn] = cell.get(turn, fmpq(0)) + factor * a * b / 2

    for pair, (forward, back) in balanced(period, multipliers).items():
        total, apart, moved = combinations(delays, pair)
        add(total, moved, (forward - back) * h / 2)
        add(apart, apart, (forward + back) / 4)
        add(moved, moved, -(forward + back) * h * h / 4)
    for k, weight in enumerate(rationals((1 - share) * weights)):
        cell = entries[k][k]
        cell[0] = cell.get(0, fmpq(0)) - weight
    flat = [[sum(cell.values(), fmpq(0)) for cell in row] for row in entries]
    leading = (fmpq_mat([row[:n] for row in flat[:n]]).det() for n in range(1, period + 1))
    return all(minor > 0 for minor in leading) and stays_above(_determinant(entries), fmpq(0))


def balanced(period: int, multipliers: Mapping[Pair, tuple[float, float]]) -> dict[Pair, tuple[Any, Any]]:
    """The multipliers as rationals, of neighbours changed by rounding errors: what flows into a point flows out."""
    exact = {pair: tuple(map(_exact, both)) for pair, both in multipliers.items()}
    left = [fmpq(0)] * period
    for (k, lag), (forward, back) in exact.items():
        left[k] += forward - back
        left[(k + lag) % period] -= forward - back
    change = fmpq(0)
    for k in range(period - 1):
        change -= left[k]
        forward, back = exact.get((k, 1), (fmpq(0), fmpq(0)))
        exact[k, 1] = (forward + change, back) if change > 0 else (forward, back - change)
    return exact


def flow(period: int, multipliers: Mapping[Pair, tuple[float, float]]) -> Any:
    """What passes between two points that follow each other, exactly: by how much the certificate telescopes."""
    each = (lag * (forward - back) for (_, lag), (forward, back) in balanced(period, multipliers).items())
    return reduce(lambda one, other: one + other, each, fmpq(0)) / period


def _exact(value: float) -> Any:
    return rationals(np.array([value]))[0]


def _determinant(entries: list[list[dict[int, Any]]]) -> list[Any]:
    """The coefficients of cos jw in the determinant: by columns in turn, without division."""
    deep = max((abs(turn) for row in entries for cell in row for turn in cell), default=0)
    rows = [[_polynomial(cell, deep) for cell in row] for row in entries]
    size, found = len(rows), {0: fmpq_poly([1])}
    for row in rows:
        longer: dict[int, Any] = {}
        for used, minor in found.items():
            for column, sign in _free(used, size):
                longer[used | 1 << column] = longer.get(used | 1 << column, fmpq_poly([])) + sign * minor * row[column]
        found = longer
    whole, middle = found[(1 << size) - 1], deep * size
    return [whole[middle], *(2 * whole[middle + j] for j in range(1, middle + 1))]


def _free(used: int, size: int) -> Iterator[tuple[int, int]]:
    """The columns not in use, with the sign that each brings."""
    for column in range(size):
        if not used >> column & 1:
            yield column, -1 if (used >> column).bit_count() % 2 else 1


def _polynomial(cell: Mapping[int, Any], deep: int) -> Any:
    return fmpq_poly([cell.get(turn, fmpq(0)) for turn in range(-deep, deep + 1)])
