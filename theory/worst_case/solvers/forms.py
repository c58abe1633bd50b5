r"""The rows of a worst case without noise as quadratic forms of few vectors, for the interior-point method.

A row r of `interior` is  <A_r, G> + (F f)_r - t [r measures] + o_r >= 0. Every A_r is a combination of symmetric
products of a few vectors: for a pair (i, j) with d = x_i - x_j, u = g_i - g_j, v = g_i + g_j it is (dd - uu)/4 -+ vd/2,
the sign being that of the order. So tr(A_q X A_r Z) costs the same whatever the staleness and the pair's span.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question
from theory.worst_case.solvers.inequalities import coherent_pairs


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the rows stand: the chain (k, k+1) and the gap first, then other pairs, floors, measure, coherence.

    The multipliers of the chain and of the gap follow from all others, as the f's have to cancel.
    """

    steps: int
    others: int
    measured: int
    coherent: int

    @property
    def points(self) -> int:
        return self.steps + 1

    @property
    def basic(self) -> int:
        """How many rows have multipliers that follow from the rest."""
        return self.steps + 1

    @property
    def pairs(self) -> Ints:
        """The chain, then the other pairs."""
        return np.concatenate([np.arange(self.steps), self.basic + np.arange(self.others)])

    @property
    def floor(self) -> Ints:
        return self.basic + self.others + np.arange(self.points)

    @property
    def measure(self) -> Ints:
        return self.basic + self.others + self.points + np.arange(self.measured)

    @property
    def coherence(self) -> Ints:
        return self.basic + self.others + self.points + self.measured + np.arange(self.coherent)

    @property
    def count(self) -> int:
        return self.basic + self.others + self.points + self.measured + self.coherent


@dataclass(frozen=True, eq=False)
class Forms:
    """The rows of a normalised question without noise.

    Args:
        question: normalised, variance 0.
        others: int64 (P, 2), pairs (i, j) besides the chain (k, k+1).
        unit: inner products and t are in this unit, so that they are near 1.
    """

    question: Question
    others: Ints
    unit: float

    @cached_property
    def rows(self) -> Rows:
        points = self.question.steps + 1
        measured = points if self.question.measure is Measure.MINIMUM else 0
        return Rows(points - 1, len(self.others), measured, len(self.coherent))

    @cached_property
    def coherent(self) -> Ints:
        """The pairs (k, t) of the coherence rows."""
        return coherent_pairs(self.question)

    @cached_property
    def pairs(self) -> Ints:
        """The chain, then the other pairs."""
        k = np.arange(self.question.steps)
        return np.concatenate([np.c_[k, k + 1], self.others])

    @cached_property
    def weights(self) -> Floats:
        """The weights of the mean; 0 for the minimum."""
        steps = self.question.step_sizes
        return np.append(steps / steps.sum(), 0.0) if not self.rows.measured else np.zeros(len(steps) + 1)

    @cached_property
    def _keys(self) -> tuple[Ints, Ints]:
        """Pairs of points whatever the order, and which of them each pair is."""
        key = self.pairs.min(axis=1) * self.rows.points + self.pairs.max(axis=1)
        unique, inverse = np.unique(key, return_inverse=True)
        return unique, inverse

    @cached_property
    def vectors(self) -> list[sparse.csr_matrix]:
        """d, u, v for each pair of points, the gradients, and the two of each coherence row; as rows over the g's."""
        points, unique = self.rows.points, self._keys[0]
        low, high = unique // points, unique % points
        identity = sparse.identity(points, format="csr")
        found = [self._differences(low, high), identity[low] - identity[high], identity[low] + identity[high], identity]
        if len(self.coherent):
            found += [identity[self.coherent[:, 0]], identity[self.coherent[:, 1]]]
        return [sparse.csr_matrix(matrix) for matrix in found]

    def _differences(self, low: Ints, high: Ints) -> sparse.csr_matrix:
        span = high - low
        start = np.repeat(np.cumsum(span) - span, span)
        step = np.repeat(low, span) + np.arange(span.sum()) - start
        row = np.repeat(np.arange(len(low)), span)
        entries = (self.question.step_sizes[step], (row, self.question.read_points[step]))
        return sparse.csr_matrix(entries, shape=(len(low), self.rows.points))

    @cached_property
    def products(self) -> list[tuple[int, int]]:
        """Which vectors are multiplied: dd, uu, vd, gg and the coherence rows' g_k g_t."""
        return [(0, 0), (1, 1), (2, 0), (3, 3), (4, 5)][: 5 if len(self.coherent) else 4]

    @cached_property
    def offsets(self) -> Ints:
        """Where each group of products begins, and the end."""
        return np.cumsum([0, *(self.vectors[a].shape[0] for a, _ in self.products)])

    @cached_property
    def combination(self) -> sparse.csr_matrix:
        """Row r holds the coefficients of A_r over the products."""
        rows, start, inverse = self.rows, self.offsets, self._keys[1]
        k, unit = np.arange(rows.points), self.unit
        direction = np.where(self.pairs[:, 0] < self.pairs[:, 1], -1.0, 1.0)
        parts = [
            (rows.pairs, inverse, np.full(len(inverse), unit / 4)),
            (rows.pairs, start[1] + inverse, np.full(len(inverse), -unit / 4)),
            (rows.pairs, start[2] + inverse, direction * unit / 2),
            (rows.floor, start[3] + k, np.full(rows.points, -unit / 2)),
            (rows.measure, start[3] + k[: rows.measured], np.ones(rows.measured)),
        ]
        if len(self.coherent):
            mu = np.full(rows.coherent, -(self.question.coherence or 0.0))
            parts.append((rows.coherence, start[4] + np.arange(rows.coherent), np.ones(rows.coherent)))
            parts.append((rows.coherence, start[3] + self.coherent[:, 0], mu))
        row, column, value = (np.concatenate(entry) for entry in zip(*parts, strict=True))
        return sparse.csr_matrix((value, (row, column)), shape=(rows.count, start[-1]))

    @cached_property
    def flow(self) -> sparse.csr_matrix:
        """F, the coefficients of the f's."""
        rows = self.rows
        i, j = self.pairs.T
        row = np.concatenate([rows.pairs, rows.pairs, [rows.steps], rows.floor])
        column = np.concatenate([i, j, [0], np.arange(rows.points)])
        value = np.r_[np.ones(len(i)), -np.ones(len(i)), -1.0, np.ones(rows.points)]
        return sparse.csr_matrix((value, (row, column)), shape=(rows.count, rows.points))

    def apply(self, gram: Floats) -> Floats:
        """<A_r, G> for every row."""
        found = []
        for a, b in self.products:
            left = self.vectors[a].tocoo()
            right = self.vectors[b] @ gram
            found.append(np.bincount(left.row, left.data * right[left.row, left.col], minlength=left.shape[0]))
        return np.asarray(self.combination @ np.concatenate(found))

    def adjoint(self, multipliers: Floats) -> Floats:
        """The sum of multipliers times A_r, dense."""
        coefficient = self.combination.T @ multipliers
        total = sparse.csr_matrix((self.rows.points, self.rows.points))
        for group, (a, b) in enumerate(self.products):
            part = sparse.diags(coefficient[self.offsets[group] : self.offsets[group + 1]])
            total = total + self.vectors[a].T @ part @ self.vectors[b]
        dense = total.toarray()
        return np.asarray((dense + dense.T) / 2)

    def normal(self, first: Floats, second: Floats) -> Floats:
        """tr(A_q first A_r second) for all rows q, r; both matrices symmetric."""
        between = [_between(self.vectors, matrix) for matrix in (first, second)]
        edges = [slice(low, high) for low, high in zip(self.offsets[:-1], self.offsets[1:], strict=True)]
        whole = np.empty((self.offsets[-1], self.offsets[-1]))
        for g, one in enumerate(self.products):
            for h, other in enumerate(self.products[g:], start=g):
                block = _block(one, other, between[0], between[1])
                whole[edges[g], edges[h]] = block
                if h > g:
                    whole[edges[h], edges[g]] = block.T
        half = np.ascontiguousarray((self.combination @ whole).T)
        return np.asarray(self.combination @ half)

    def potential(self, values: Floats) -> Floats:
        """The f's that explain the values of the basic rows: F f = values there. Works on columns."""
        steps = self.rows.steps
        gap = values[steps : steps + 1]
        return -np.concatenate([gap, gap + np.cumsum(values[:steps], axis=0)])

    def reduce(self, values: Floats) -> Floats:
        """Values of all rows to values of the free multipliers (the transpose of `expand`)."""
        basic = self.rows.basic
        return np.asarray(values[basic:] - self.flow[basic:] @ self.potential(values))

    def expand(self, free: Floats) -> Floats:
        """All multipliers from the free ones, such that the f's cancel."""
        balance = self.flow[self.rows.basic :].T @ free
        total = balance.sum()
        return np.concatenate([total - np.cumsum(balance)[:-1], [total], free])


def _between(vectors: list[sparse.csr_matrix], matrix: Floats) -> dict[tuple[int, int], Floats]:
    """The inner products under `matrix` of all vectors of kind a with all of kind b."""
    images = [vector @ matrix for vector in vectors]
    found: dict[tuple[int, int], Floats] = {}
    for a, image in enumerate(images):
        for b in range(a, len(vectors)):
            found[a, b] = (vectors[b] @ image.T).T
            if b > a:
                found[b, a] = found[a, b].T
    return found


def _block(
    one: tuple[int, int], other: tuple[int, int], x: dict[tuple[int, int], Floats], z: dict[tuple[int, int], Floats]
) -> Floats:
    """tr(sym(a b') X sym(c d') Z) for products of kinds (a, b) and (c, d)."""
    a, b = one
    c, d = other
    if a == b and c == d:
        return x[a, c] * z[a, c]
    if a == b:
        return (x[a, c] * z[a, d] + x[a, d] * z[a, c]) / 2
    if c == d:
        return (x[a, c] * z[b, c] + x[b, c] * z[a, c]) / 2
    return (x[b, c] * z[a, d] + x[b, d] * z[a, c] + x[a, c] * z[b, d] + x[a, d] * z[b, c]) / 4
