r"""Clients with quadratic losses $\frac12(w-b_k)^TA_k(w-b_k)$: estimates with whole Hessians are exact on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.kernels.counters import normals, uniforms
from experiments.systems.influence.constants import Curvature
from theory.common.errors import InputError
from theory.common.types import Array, Ints, Matrix, Vector

QUADRATICS = 52  # the stream of random numbers


@dataclass(frozen=True, eq=False)
class Quadratics:
    """The losses.

    Args:
        counts: int64 (K,), by which they are weighted.
        matrices: float64 (K, d, d), the A_k, symmetric; centres: (K, d), the b_k.
        layers: how the coordinates are cut into parts.
    """

    counts: Ints
    matrices: Array
    centres: Matrix
    layers: tuple[slice, ...]
    ridge: float = 0.0

    def gradients(self, client: int, points: Matrix) -> Matrix:
        found: Matrix = (points - self.centres[client]) @ self.matrices[client]
        return found

    def hessian_products(self, client: int, point: Vector, vectors: Matrix) -> Matrix:
        found: Matrix = vectors @ self.matrices[client]
        return found

    def sample_gradients(self, client: int, point: Vector, rows: Ints) -> Matrix:
        raise InputError("Quadratic losses are no log-likelihoods of rows. Take an estimator with Hessians.")

    @property
    def curvature(self) -> Curvature:
        """Exact: the extreme eigenvalues of all A_k, and Hessians that do not change."""
        values = np.linalg.eigvalsh(self.matrices)
        return Curvature(float(values.min()), float(values.max()), 0.0)


def random_quadratics(clients: int, dimension: int, seed: int = 0, *, least: float = 0.1) -> Quadratics:
    """Random ones: eigenvalues between `least` and 1 in random directions, normal centres, 1 to 20 rows, two layers.

    >>> random_quadratics(3, 4).curvature.largest
    1.0
    """
    drawn = [normals(seed, QUADRATICS, client, dimension * (dimension + 1)) for client in range(clients)]
    bases = [np.linalg.qr(each[dimension:].reshape(dimension, dimension))[0] for each in drawn]
    values = np.linspace(least, 1, dimension)
    matrices = np.array([basis * values @ basis.T for basis in bases])
    counts = 1 + np.floor(20 * uniforms(seed, QUADRATICS, clients, clients)).astype(np.int64)
    half = dimension // 2
    return Quadratics(
        counts,
        (matrices + matrices.transpose(0, 2, 1)) / 2,
        np.array([each[:dimension] for each in drawn]),
        (slice(0, half), slice(half, dimension)),
    )
