"""Compiled loops over the windows of a banded problem: small dense matrices, one after the other in one array.

A window of m nodes holds m * m floats, row by row; of its m (m + 1) / 2 entries on and below the diagonal, again row by
row, `columns` says which unknown each is, or -1 where it is known to be 0.
"""

from __future__ import annotations

import numpy as np

from theory.common.compiling import kept
from theory.common.types import Floats, Ints


@kept()
def fill(unknowns: Floats, columns: Ints, sizes: Ints, matrices: Floats) -> None:
    """Write the matrices of given unknowns."""
    entry = start = 0
    for m in sizes:
        for i in range(m):
            for j in range(i + 1):
                value = unknowns[columns[entry]] if columns[entry] >= 0 else 0.0
                matrices[start + i * m + j] = value
                matrices[start + j * m + i] = value
                entry += 1
        start += m * m


@kept()
def gather(matrices: Floats, columns: Ints, sizes: Ints, out: Floats) -> None:
    """Add the inner products of the matrices with what each unknown changes in them (the adjoint of `fill`)."""
    entry = start = 0
    for m in sizes:
        for i in range(m):
            for j in range(i + 1):
                if columns[entry] >= 0:
                    out[columns[entry]] += matrices[start + i * m + j] * (1.0 if i == j else 2.0)
                entry += 1
        start += m * m


@kept()
def factor(matrices: Floats, sizes: Ints, roots: Floats) -> bool:
    """Write the Cholesky factors; False at the first matrix that is not positive definite."""
    start = 0
    for m in sizes:
        for j in range(m):
            row = start + j * m
            pivot = matrices[row + j]
            for k in range(j):
                pivot -= roots[row + k] ** 2
            if not pivot > 0.0:
                return False
            roots[row + j] = np.sqrt(pivot)
            for i in range(j + 1, m):
                value = matrices[start + i * m + j]
                for k in range(j):
                    value -= roots[start + i * m + k] * roots[row + k]
                roots[start + i * m + j] = value / roots[row + j]
        start += m * m
    return True


@kept()
def invert(roots: Floats, sizes: Ints, inverses: Floats) -> None:
    """Write the inverses of the matrices whose Cholesky factors are given."""
    start = 0
    for m in sizes:
        half = np.zeros((m, m))
        for j in range(m):
            half[j, j] = 1.0 / roots[start + j * m + j]
            for i in range(j + 1, m):
                value = 0.0
                for k in range(j, i):
                    value -= roots[start + i * m + k] * half[k, j]
                half[i, j] = value / roots[start + i * m + i]
        for i in range(m):
            for j in range(i + 1):
                value = 0.0
                for k in range(i, m):
                    value += half[k, i] * half[k, j]
                inverses[start + i * m + j] = value
                inverses[start + j * m + i] = value
        start += m * m


@kept()
def product(first: Floats, second: Floats, third: Floats, sizes: Ints, out: Floats) -> None:
    """Write the symmetric parts of the products of three."""
    start = 0
    for m in sizes:
        a = first[start : start + m * m].reshape((m, m))
        b = second[start : start + m * m].reshape((m, m))
        c = third[start : start + m * m].reshape((m, m))
        inner, whole = np.zeros((m, m)), np.zeros((m, m))
        for i in range(m):
            for k in range(m):
                for j in range(m):
                    inner[i, j] += a[i, k] * b[k, j]
        for i in range(m):
            for k in range(m):
                for j in range(m):
                    whole[i, j] += inner[i, k] * c[k, j]
        for i in range(m):
            for j in range(m):
                out[start + i * m + j] = (whole[i, j] + whole[j, i]) / 2
        start += m * m


@kept()
def length(matrices: Floats, change: Floats, sizes: Ints) -> float:
    """How far matrices + length * change stay positive definite, at most 1, from below to some 3 %."""
    roots = np.empty_like(matrices)
    if factor(matrices + change, sizes, roots):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        if factor(matrices + middle * change, sizes, roots):
            low = middle
        else:
            high = middle
        if high - low < 0.03 * low:
            break
    return low


@kept()
def multiply(starts: Ints, columns: Ints, values: Floats, vector: Floats, found: Floats) -> None:
    """Write a CSR matrix times a vector; scipy's own takes longer to begin than small matrices take."""
    for row in range(len(found)):
        found[row] = 0.0
        for p in range(starts[row], starts[row + 1]):
            found[row] += values[p] * vector[columns[p]]


@kept()
def add_transposed(starts: Ints, columns: Ints, values: Floats, vector: Floats, found: Floats) -> None:
    """Add a transposed CSR matrix times a vector."""
    for row in range(len(vector)):
        for p in range(starts[row], starts[row + 1]):
            found[columns[p]] += values[p] * vector[row]


@kept()
def add_rows(starts: Ints, columns: Ints, values: Floats, weights: Floats, band: Floats, border: Floats) -> float:
    """Add the weighted squares of sparse rows to a lower band, its last column apart; returns the corner.

    Args:
        starts, columns, values: the rows as in a CSR matrix; the column band.shape[1] is the border's.
        weights: of each row.
        band: entry (i, j), i >= j, at [i - j, j]; border: the last column.
    """
    last, corner = band.shape[1], 0.0
    for row in range(len(weights)):
        for p in range(starts[row], starts[row + 1]):
            i, value = columns[p], weights[row] * values[p]
            for q in range(starts[row], starts[row + 1]):
                j = columns[q]
                if i == last and j == last:
                    corner += value * values[q]
                elif i == last:
                    border[j] += value * values[q]
                elif j <= i:
                    band[i - j, j] += value * values[q]
    return corner


@kept(fastmath=True)
def add_windows(inverses: Floats, duals: Floats, columns: Ints, sizes: Ints, band: Floats) -> None:
    """Add tr(E_u Z E_v X) for all unknowns u, v of each window, Z the dual and X the inverse of its matrix."""
    first = start = 0
    for m in sizes:
        z = duals[start : start + m * m].reshape((m, m))
        x = inverses[start : start + m * m].reshape((m, m))
        one = first
        for a in range(m):
            for b in range(a + 1):
                half, u = (0.5 if a == b else 1.0), columns[one]
                other = first
                for c in range(a + 1 if u >= 0 else 0):
                    for d in range(c + 1):
                        v = columns[other]
                        if other <= one and v >= 0:
                            value = z[b, c] * x[a, d] + z[b, d] * x[a, c] + z[a, c] * x[b, d] + z[a, d] * x[b, c]
                            value *= half * (0.5 if c == d else 1.0)
                            band[abs(u - v), min(u, v)] += value
                        other += 1
                one += 1
        first += m * (m + 1) // 2
        start += m * m
