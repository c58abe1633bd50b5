r"""The best sum of functions: parts, some of them only nearly valid, weighted so that the sum is valid.

Every condition of a witness is linear in the weights, so the best weights solve a small linear program. Its rows, a
pair of points each, are brought in as they are found to be broken.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question
from theory.worst_case.solvers.inequalities import coherent_pairs
from theory.worst_case.witness.parts import Part, combined, rooms, tight_pairs

# The rows ask for more than is needed, by more than the program's tolerance of 1e-7.
_ROUNDS, _AT_ONCE, _SPARE = 40, 4000, 1e-6


def best_weights(question: Question, parts: list[Part]) -> Floats:
    """The weights (m,) of the best valid sum; the parts known to be valid make sure that there is one.

    Args:
        question: normalised, without noise; parts: m functions, the first of them valid whatever its weight.
    """
    pairs = np.empty((0, 2), dtype=np.int64)
    fixed = _fixed_rows(question, parts)
    weights: Floats = np.eye(len(parts))[0]
    for _ in range(_ROUNDS):
        rows = np.concatenate([fixed, _pair_rows(question, parts, pairs)])
        found = _solve(question, parts, rows)
        if found is None:
            return weights
        broken = _broken(question, combined(parts, found))
        if not len(broken):
            return found
        pairs = np.unique(np.concatenate([pairs, broken]), axis=0)
    return weights


def _broken(question: Question, part: Part) -> Ints:
    """The worst of the pairs that the sum breaks."""
    i, j = tight_pairs(question, part, 0.0)
    room, needed = rooms(question, part, i, j)
    margin = room - np.abs(needed)
    worst = np.argsort(margin)[:_AT_ONCE]
    return np.stack([i, j], axis=1)[worst[margin[worst] < 0]]


def _fixed_rows(question: Question, parts: list[Part]) -> Floats:
    """Combinations of the weights that must be >= 0: the floor and the coherence."""
    floor: Floats = np.stack([2 * part.values - part.squares for part in parts], axis=1)
    if question.coherence is None:
        return floor
    k, t = coherent_pairs(question).T
    coherent = [
        np.einsum("ij,ij->i", part.gradients[k], part.gradients[t]) - question.coherence * part.squares[k]
        for part in parts
    ]
    rows: Floats = np.concatenate([floor, np.stack(coherent, axis=1)])
    return rows


def _pair_rows(question: Question, parts: list[Part], pairs: Ints) -> Floats:
    """Both orders of each pair, scaled by |x_i - x_j|^2 of the first part, with a little to spare."""
    i, j = pairs.T
    margins = [(room - needed, room + needed) for room, needed in (rooms(question, part, i, j) for part in parts)]
    rows = np.concatenate([np.stack(side, axis=1) for side in zip(*margins, strict=True)])
    scaled: Floats = rows / (np.abs(rows[:, :1]) + 1e-300)
    return scaled - _SPARE


def _solve(question: Question, parts: list[Part], rows: Floats) -> Floats | None:
    """Maximise the measure over weights >= 0 with sum <= 1 and rows @ weights >= 0."""
    start = np.array([part.values[0] for part in parts])
    if question.measure is Measure.MINIMUM:
        least = np.stack([part.squares for part in parts], axis=1)
        scale = least[:, 0].max()
        left = np.concatenate([np.c_[-rows, np.zeros(len(rows))], np.c_[-least / scale, np.ones(len(least))]])
        cost, start = np.append(np.zeros(len(parts)), -1.0), np.append(start, 0.0)
    else:
        left, cost = -rows, -np.array([part.measure(question) for part in parts])
    left = np.concatenate([left, start[None]])
    answer = linprog(cost, left, np.append(np.zeros(len(left) - 1), 1.0), method="highs")
    if answer.status != 0:
        return None
    weights: Floats = answer.x[: len(parts)]
    weights[weights < 1e-12] = 0.0
    return weights
