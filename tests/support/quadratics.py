"""Exact second moments of delayed steps on a quadratic: a point is a linear function of the start and the noises."""

from __future__ import annotations

import numpy as np


def mean_squares(hessian, start, sizes, delays, sigma):
    """E|g_t|^2 of x_0..x_T, for noise of variance sigma^2 in each gradient.

    Args:
        hessian: (n, n). start: (n,). sizes: (T, B), the step of each gradient. delays: (T, B).
    """
    steps, reads = delays.shape
    n = start.size
    points = [np.concatenate([start[:, None], np.zeros((n, steps * reads * n))], axis=1)]
    for k in range(steps):
        moved = points[k].copy()
        for b in range(reads):
            moved -= sizes[k, b] * hessian @ points[k - delays[k, b]]
            first = 1 + (k * reads + b) * n
            moved[:, first : first + n] -= sizes[k, b] * sigma / np.sqrt(n) * np.eye(n)
        points.append(moved)
    return np.array([np.sum((hessian @ x) ** 2) for x in points])


def quadratic(draw):
    """A Hessian with eigenvalues in (0, 1], the largest mostly 1, a start, and F(start) - inf F."""
    n = int(draw.integers(1, 4))
    curvatures = draw.choice([0.02, 0.3, 1.0], size=n)
    curvatures[0] = draw.choice([0.05, 0.3, 1.0, 1.0])
    turn = np.linalg.qr(draw.normal(size=(n, n)))[0]
    start = draw.normal(size=n) * draw.choice([0.1, 1.0, 3.0])
    hessian = turn @ np.diag(curvatures) @ turn.T
    return hessian, start, float(start @ hessian @ start) / 2


def any_delays(draw, steps, reads, window):
    """Delays (T, B) below the window, in any order."""
    return np.minimum(draw.integers(0, window, (steps, reads)), np.arange(steps)[:, None])


def squares_in_blocks(curvatures, turn, start, step, delays, sigma):
    """E|g_k|^2 along x -> x - step (H xhat + e) on a quadratic, xhat read block by block; moments are exact.

    Args:
        curvatures, turn: H = turn diag(curvatures) turn^T. delays: (T, d), of each coordinate. sigma: of the noise.
    """
    hessian = turn @ np.diag(curvatures) @ turn.T
    steps, d = delays.shape
    # Every point is a linear function of the start and of the noises: (d, 1 + T d).
    points = [np.concatenate([start[:, None], np.zeros((d, steps * d))], axis=1)]
    for k in range(steps):
        read = np.stack([points[k - delays[k, i]][i] for i in range(d)])
        moved = points[k] - step * hessian @ read
        moved[:, 1 + k * d : 1 + (k + 1) * d] -= step * np.eye(d) * sigma / np.sqrt(d)
        points.append(moved)
    return np.array([np.sum((hessian @ x) ** 2) for x in points])
