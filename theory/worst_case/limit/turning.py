"""The lower side of `periodic`: how little values need to fall that interpolate gradients which turn."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from theory.common.types import Array, Floats

#: Lags beyond these are not looked at.
_FARTHEST = 20_000


def needed(delays: tuple[int, ...], step: float, angles: Floats, given: Array) -> float:
    """1/c for the least fall c with which values interpolate the gradients of the masses; 0 where there is none.

    Args:
        delays: d_0..d_{P-1}; step: h; angles: w, of Z = exp(iw), 0 among them; given: M at each, array (w, P, P).
    """
    length = np.sqrt(np.einsum("jkk->k", given).real)
    masses = given / np.outer(length, length)
    reads = np.bincount([(k - d) % len(delays) for k, d in enumerate(delays)], minlength=len(delays)) / len(delays)
    for share in (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3):
        mixed = (1 - share) * masses
        mixed[angles == 0] += share
        still = float(reads @ mixed[angles == 0][0].real @ reads)
        # Beyond this lag the distance that the mass at 0 goes outweighs all else.
        far = int(64 + 16 / (step * still)) if step * still > 1e-3 else _FARTHEST + 1
        if far > _FARTHEST:
            continue
        found = _least_fall(delays, step, _gradients(delays, angles, mixed, far))
        if found > 0:
            return 1 / found
    return 0.0


def _gradients(delays: tuple[int, ...], angles: Floats, masses: Array, far: int) -> Floats:
    """g_k for k from -max d on: real vectors whose inner products are those of the masses."""
    period = len(delays)
    k = np.arange(-max(delays), far + 2 * period)
    parts = []
    for angle, mass in zip(angles, masses, strict=True):
        values, columns = np.linalg.eigh(mass)
        heavy = values > 1e-12
        rows = (columns[:, heavy] * np.sqrt(values[heavy]))[k % period] * np.exp(1j * angle * (k // period))[:, None]
        parts += [rows.real, rows.imag]
    return np.concatenate(parts, axis=1)


def _least_fall(delays: tuple[int, ...], step: float, gradients: Floats) -> float:
    """The least c of potentials psi and a fall c at all pairs of these points; 0 where there is none."""
    period, behind = len(delays), max(delays)
    far = len(gradients) - behind - 2 * period
    points = np.arange(far + period)
    moved = step * np.cumsum(gradients[behind + points - np.array(delays)[points % period]], axis=0)
    at, rows, sides = gradients[behind:], [], []
    for k in range(period):
        lags = np.arange(1, far + 1)
        ahead = at[k + lags]
        travelled = moved[k + lags - 1] - (moved[k - 1] if k else 0.0)
        sway = np.einsum("mr,mr->m", at[k] + ahead, travelled) / 2
        bend = (((at[k] - ahead) ** 2).sum(axis=1) - (travelled**2).sum(axis=1)) / 4
        row = np.zeros((far, 1 + period))
        row[:, 0] = lags
        row[:, 1 + k] += 1
        np.add.at(row, (lags - 1, 1 + (k + lags) % period), -1)
        rows += [-row, row]
        sides += [-(sway + bend), sway - bend]
    free = [(0, None), (0, 0), *[(None, None)] * (period - 1)]
    exact = {"primal_feasibility_tolerance": 1e-9}
    found = linprog(np.eye(1 + period)[0], np.concatenate(rows), np.concatenate(sides), bounds=free, options=exact)
    return float(found.x[0]) if found.status == 0 else 0.0
