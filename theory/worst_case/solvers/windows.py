r"""The windows of a banded problem: which vectors are needed together, one window after the other.

The vectors are born in the order g_0, (e_0, g_1), (e_1, g_2), .. and each is needed until the last one that it meets in
an inequality is born. The graph "alive together" is an interval graph, hence chordal: inner products on the windows
belong to vectors iff each window is positive semidefinite. A noise e_j is orthogonal to all that is alive at its birth
but g_{j+1}; in the completion it is then orthogonal to all that came before, as it has to be.
"""

from __future__ import annotations

import numpy as np

from theory.common.types import Ints
from theory.worst_case.solvers.inequalities import System


def births(system: System) -> Ints:
    """When each node is born: g_k at k, e_k at k + 1."""
    points = system.points
    born = np.arange(points)
    return np.concatenate([born, 1 + np.arange(points - 1)]) if system.noisy else born


def windows(system: System) -> tuple[Ints, ...]:
    """The maximal windows in order, each the nodes in it in the order of their births."""
    born = births(system)
    last = born.copy()
    for products in (system.interpolation, system.coherence_products):
        together = np.maximum(born[products.left], born[products.right])
        np.maximum.at(last, products.left, together)
        np.maximum.at(last, products.right, together)
    order, found, oldest = np.argsort(born, kind="stable"), [], 0
    for now, until in enumerate(np.searchsorted(born[order], np.arange(system.points), side="right").tolist()):
        alive = oldest + np.flatnonzero(last[order[oldest:until]] >= now)
        nodes, oldest = order[alive], int(alive[0])
        # Maximal where one of them is not needed any more.
        if now == system.points - 1 or (last[nodes] == now).any():
            found.append(nodes)
    return tuple(found)
