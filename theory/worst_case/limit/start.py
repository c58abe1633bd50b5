r"""What the start of delayed steps may add: how far F may rise, by a storage of the gradients in flight.

x_{k+1} = x_k - eta g_{k-d_k}, d_k = d_{k mod P} (P = 1: a fixed delay), g_j = g_0 for j < 0, h = L eta, D = max d,
r^k = (g_{k-D}, .., g_k). The interpolation inequality of (k, k+1) with a multiplier beta_k >= 1 on its last term says
   L (F_k - F_{k+1}) >= q_k(r^k, g_{k+1}) = (h/2) <g_k + g_{k+1}, v> + (beta_k/4)(|g_{k+1} - g_k|^2 - h^2 |v|^2),
v = g_{k-d_k}, see theory/bounds/theorem_c.py. Let quadratic forms U_k, k mod P, be such that for some e > 0
   (1) q_k(r, g') + U_k(r) - U_{k+1}(r') >= e (|r|^2 + |g'|^2), r' = (r_1, .., r_D, g'), (2) U_k(r) + |r_D|^2/2 >= 0.
Sum (1): L (F_0 - F_T) >= U_T(r^T) - nu |g_0|^2 + e sum_{k<=T} |g_k|^2, U_0(g, .., g) = nu |g|^2. As F_T - inf F is at
least |g_T|^2/2L, and |g_0|^2 <= 2 L Delta, (2) gives sum |g_k|^2 <= (1 + 2 max{0, nu}) L Delta/e for ever. At quiet
points, where U_k(r^k) is as small as one likes, F_k - inf F <= (1 + 2 max{0, nu}) Delta: from there `constant` and
`periodic` count the fall. The least nu is a semidefinite program; its answer, rounded to fractions, is checked exactly.

Found: under a fixed delay nu <= 0 up to .89 of the stability limit for D <= 16, where the sum of Theorem C, of another
beta and without U, has its factor 1 up to 2/3 of it only. At no step below the limit did the semidefinite program of
runs of D + 2, 2 D + 3 and 3 D + 5 steps, D = 1, 2, 3, find a quiet point above F(x_0): whether there is one is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lazy_loader
import numpy as np
from flint import fmpq_mat

from theory.common.types import Array, Floats
from theory.worst_case.limit.symbol import rationals

cp: Any = lazy_loader.load("cvxpy")  # slow to load, and its functions are not typed
#: e in the program, of which rounding may take a part; the largest delay at which it is solved.
_SLACK, _MOST = 1e-7, 16


def storage_start(delays: Sequence[int], step: float) -> float | None:
    """1 + 2 max(0, nu), where the storage is proved; None where none is found.

    Args:
        delays: d_0..d_{P-1}; step: h.

    >>> storage_start([1], 0.85), round(storage_start([1], 0.95), 2), storage_start([0, 1], 0.72302)
    (1.0, 1.29, 1.0)
    """
    period, size = len(delays), 1 + max(delays)
    if size > _MOST + 1:
        return None
    storage, beta = [cp.Variable((size, size), symmetric=True) for _ in delays], cp.Variable(period)
    now, later = np.eye(size + 1)[:-1], np.eye(size + 1)[1:]
    asked = [beta >= 1]
    for k, delay in enumerate(delays):
        sway, turn, length = _pair(size, delay)
        whole = step * sway + beta[k] * (turn - step**2 * length)
        whole += now.T @ storage[k] @ now - later.T @ storage[(k + 1) % period] @ later
        asked += [whole >> _SLACK * np.eye(size + 1), storage[k] + _last(size) >> _SLACK * np.eye(size)]
    try:
        cp.Problem(cp.Minimize(cp.sum(storage[0])), asked).solve(solver=cp.CLARABEL)
    except cp.SolverError:
        return None
    if beta.value is None:
        return None
    exact = [_exact((each.value + each.value.T) / 2) for each in storage]
    if not _holds(delays, step, exact, np.maximum(beta.value, 1.0)):
        return None
    return 1.0 + 2 * max(0.0, float(exact[0].sum()))


def _pair(size: int, delay: int) -> tuple[Floats, Floats, Floats]:
    """The forms <g_k + g_{k+1}, v>/2, |g_{k+1} - g_k|^2/4 and |v|^2/4 in (r, g'): multiples of 1/4."""
    sway, turn, length = np.zeros((3, size + 1, size + 1))
    read = size - 1 - delay
    for k in (size - 1, size):
        sway[read, k] += 0.25
        sway[k, read] += 0.25
    turn[-2:, -2:] = [[0.25, -0.25], [-0.25, 0.25]]
    length[read, read] = 0.25
    return sway, turn, length


def _last(size: int) -> Floats:
    """|r_D|^2/2."""
    last = np.zeros((size, size))
    last[-1, -1] = 0.5
    return last


def _holds(delays: Sequence[int], step: float, storage: list[Array], beta: Floats) -> bool:
    """(1) and (2) for some e > 0, in exact arithmetic."""
    size, h = 1 + max(delays), _exact(np.array([[step]]))[0, 0]
    for k, b in enumerate(_exact(beta[:, None])[:, 0]):
        sway, turn, length = map(_exact, _pair(size, delays[k]))
        whole = h * sway + b * (turn - h * h * length)
        whole[:-1, :-1] += storage[k]
        whole[1:, 1:] -= storage[(k + 1) % len(delays)]
        if not (_positive(whole) and _positive(storage[k] + _exact(_last(size)))):
            return False
    return True


def _exact(values: Floats) -> Array:
    """A matrix of floats as fractions."""
    return rationals(values.ravel()).reshape(values.shape)


def _positive(matrix: Array) -> bool:
    """Whether a symmetric matrix of fractions is positive definite: all its leading minors are."""
    rows = matrix.tolist()
    return all(fmpq_mat([row[:n] for row in rows[:n]]).det() > 0 for n in range(1, len(rows) + 1))
