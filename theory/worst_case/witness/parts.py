r"""Functions that are known to be valid for any steps and delays: what a witness can always be made of.

All in units L = Delta = 1. A part is the data (g_k, f_k) of a function along the run. Parts are combined by adding
functions of separate unknowns: F(x, y) = a F_1(x / sqrt a) + b F_2(y / sqrt b) has gradients (sqrt a g, sqrt b h) and
values a f + b f', is as smooth as its parts, and every inequality of `witness_check` is linear in (a, b).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question

_STEEPEST = 1e4  # a part whose gradients grow beyond this is of no use, and spoils the arithmetic
_CLOSE = 1e-5  # distance, in sqrt(Delta/L)
_CURVATURES = np.concatenate([np.geomspace(1e-4, 0.8, 16), [0.9, 0.97, 0.9999]])


@dataclass(frozen=True, eq=False)
class Part:
    """Gradients float64 (T+1, r) and values float64 (T+1,) of one function along the run, in units L = Delta = 1."""

    gradients: Floats
    values: Floats

    @property
    def squares(self) -> Floats:
        """|g_k|^2, float64 (T+1,)."""
        return _squares(self.gradients)

    def measure(self, question: Question) -> float:
        """The least |g_k|^2, or the mean weighted by the steps."""
        if question.measure is Measure.MINIMUM:
            return float(self.squares.min())
        return float(question.step_sizes @ self.squares[:-1] / question.step_sizes.sum())


def _squares(vectors: Floats) -> Floats:
    squares: Floats = np.einsum("ij,ij->i", vectors, vectors)
    return squares


def path(question: Question, gradients: Floats) -> Floats:
    """x_0 = 0, .., x_T of the steps with these gradients; float64 (T+1, r)."""
    return np.concatenate([np.zeros((1, gradients.shape[1])), -np.cumsum(question.moves(gradients), axis=0)])


def linear(question: Question) -> Part:
    """One slope as far as the run gets, then down to the minimum as fast as the smoothness allows."""
    gone = -path(question, np.ones((question.steps + 1, 1)))[:, 0]
    square = 1 / (gone.max() + 0.5)
    return Part(np.full((len(gone), 1), np.sqrt(square)), 1 - square * gone)


def ripple(question: Question) -> Part:
    """The same gradient at every point and dips between, as deep as the smoothness allows; long steps jump too far.

    f_k - f_{k+1} = v h_k (1 - h_k/4) with v = |g|^2: the value is 1/(1/2 + max_k sum_{l < k} h_l (1 - h_l/4)).
    """
    steps = question.step_sizes
    falls = np.append(0.0, np.cumsum(steps * (1 - steps / 4)))
    square = 1 / (falls.max() + 0.5)
    return Part(np.full((len(falls), 1), np.sqrt(square)), 1 - square * falls)


def parabola(question: Question, curvature: float) -> Part | None:
    """F = c x^2/2 with F(x_0) = 1; None where the run grows too much."""
    gradients = np.empty(question.steps + 1)
    gradients[0] = np.sqrt(2 * curvature)
    for k in range(question.steps):
        gradients[k + 1] = gradients[k] - curvature * question.move(k, gradients)
        if not abs(gradients[k + 1]) < _STEEPEST:
            return None
    return Part(gradients[:, None], gradients**2 / (2 * curvature))


def known(question: Question) -> list[Part]:
    """The linear part, the one with dips where no move is the sum of several, and parabolas up to curvature L."""
    curved = (parabola(question, float(curvature)) for curvature in _CURVATURES)
    dips = [ripple(question)] if question.rule is None else []
    return [linear(question), *dips, *(part for part in curved if part is not None)]


def combined(parts: list[Part], weights: Floats) -> Part:
    """The sum of weights times functions, each of its own unknowns."""
    used = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight > 0]
    gradients = np.concatenate([np.sqrt(weight) * part.gradients for part, weight in used], axis=1)
    return Part(gradients, np.sum([weight * part.values for part, weight in used], axis=0))


def rooms(question: Question, part: Part, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """|x_i - x_j|^2 - |g_i - g_j|^2 and 4(f_i - f_j) - 2<g_i + g_j, x_i - x_j>: the first must hold the second."""
    g, x = part.gradients, path(question, part.gradients)
    dx = x[i] - x[j]
    room = np.square(dx).sum(axis=1) - np.square(g[i] - g[j]).sum(axis=1)
    return room, 4 * (part.values[i] - part.values[j]) - 2 * ((g[i] + g[j]) * dx).sum(axis=1)


def tight_pairs(question: Question, part: Part, share: float) -> tuple[Ints, Ints]:
    """The pairs i < j whose margin is below `share` of |x_i - x_j|^2; a negative share gives violated ones.

    Points that are too close to tell their margins from rounding are left out.
    """
    gone = np.append(0.0, np.cumsum(question.lengths)) * np.sqrt(part.squares.max())
    blocks = (block[gone[block[:, 1]] - gone[block[:, 0]] > _CLOSE] for block in _tight_blocks(question, part, share))
    found = [block for block in blocks if block.size]
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


def _tight_blocks(question: Question, part: Part, share: float, rows: int = 128) -> Iterator[Ints]:
    g, f, x = part.gradients, part.values, path(question, part.gradients)
    squares, lengths, own = part.squares, np.square(x).sum(axis=1), np.einsum("ij,ij->i", g, x)
    for first in range(0, len(g) - 1, rows):
        i, j = slice(first, first + rows), slice(first + 1, None)
        far = lengths[i, None] + lengths[j] - 2 * x[i] @ x[j].T
        steep = squares[i, None] + squares[j] - 2 * g[i] @ g[j].T
        inner = own[i, None] - own[j] - g[i] @ x[j].T + x[i] @ g[j].T
        margin = far - steep - np.abs(4 * (f[i, None] - f[j]) - 2 * inner)
        places = np.argwhere(margin < share * far).astype(np.int64) + np.array([first, first + 1])
        yield places[places[:, 0] < places[:, 1]]
