r"""FedAvg with sampled clients that take full-batch gradient steps, and the same federation without some of them.

Round t: the server draws $C_t$; client k starts at $w_{t-1}$ and takes m steps $w\leftarrow w-\eta\nabla L(w,D_k)$;
the server averages, $w_t=\sum_{k\in C_t}\frac{n_k}{N(C_t)}w^k_{t,m}$. Without client c the same $C_t$ are used, less c.
Where that leaves nobody, $C_t=\{c\}$, nothing happens in the round: the server keeps what it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import uniforms
from theory.common.errors import InputError
from theory.common.types import Array, Ints, Matrix, Vector
from theory.staleness.count import whole_number

SAMPLED = 51  # the stream of random numbers, beside those of experiments/kernels and of the other systems


class Clients(Protocol):
    """What the clients have: rows, and the derivatives of their losses.

    Attributes:
        counts: int64 (K,), the rows n_k of each.
        layers: the tensors of which a model consists, parts of its parameters (d,) in their order.
        ridge: what the loss adds to every curvature, $\\frac12\\text{ridge}\\|w\\|^2$.
    """

    @property
    def counts(self) -> Ints: ...
    @property
    def layers(self) -> tuple[slice, ...]: ...
    @property
    def ridge(self) -> float: ...

    def gradients(self, client: int, points: Matrix) -> Matrix:
        """(B, d): the full-batch gradient of a client at each of B points."""

    def hessian_products(self, client: int, point: Vector, vectors: Matrix) -> Matrix:
        """(B, d): the Hessian of a client's loss at one point times each of B vectors."""

    def sample_gradients(self, client: int, point: Vector, rows: Ints) -> Matrix:
        """(N_s, d): the gradients of single rows of a client, without the ridge."""


@dataclass(frozen=True, eq=False)
class Round:
    """What happened in a round.

    Args:
        number: t, from 1; members: int64 (n,), C_t.
        weights: float64 (n,), n_k/N(C_t).
        paths: float64 (n, m + 1, d), the points of each member, from w_{t-1} on.
        before, after: (d,), w_{t-1} and w_t.
        step_size: eta.
    """

    number: int
    members: Ints
    weights: Vector
    paths: Array
    before: Vector
    after: Vector
    step_size: float


@dataclass(frozen=True, eq=False)
class Federation:
    """Clients that train together.

    Args:
        clients: K of them; sampled: how many take part in a round.
        local_steps: m; step_size: eta.
        seed: of the draws of C_t.
        left_out: clients that take part in no round, although they are drawn.

    Raises:
        InputError: an empty client, one client, more clients a round than there are, m = 0, a step size that is not
            positive, or a client that is not there.

    Example:
        >>> from experiments.systems.influence.quadratics import Quadratics
        >>> two = Quadratics(np.array([1, 3]), np.ones((2, 1, 1)), np.array([[0.0], [4.0]]), (slice(0, 1),))
        >>> [each.after.tolist() for each in Federation(two, 2, 1, 0.5).rounds(np.zeros(1), 2)]
        [[1.5], [2.25]]
    """

    clients: Clients
    sampled: int
    local_steps: int
    step_size: float
    seed: int = 0
    left_out: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        counts = self.clients.counts
        if counts.size < 2:
            raise InputError(f"A client is left out of a federation of at least 2. Got {counts.size}.")
        if not counts.all():
            raise InputError(f"Client {int(np.argmin(counts))} has no rows. Every client needs at least one.")
        whole_number(self.sampled, 1, "The number of clients in a round", InputError)
        if self.sampled > counts.size:
            raise InputError(
                f"A round cannot have {self.sampled} clients: there are {counts.size}. Draw at most all of them."
            )
        whole_number(self.local_steps, 1, "The number m of local steps", InputError)
        if not 0 < self.step_size < math.inf:
            raise InputError(f"The step size must be positive and finite. Got {self.step_size:g}.")
        for client in self.left_out:
            self.checked(client)

    def checked(self, client: int) -> int:
        """The client, which must be there."""
        if not 0 <= client < self.clients.counts.size:
            raise InputError(f"There is no client {client}: the {self.clients.counts.size} clients are counted from 0.")
        return client

    def drawn(self, number: int) -> Ints:
        """C_t of round t = 1, 2, ..., in increasing order, less those that are left out."""
        order = np.argsort(uniforms(self.seed, SAMPLED, number, self.clients.counts.size), kind="stable")
        members = np.sort(order[: self.sampled])
        return frozen(members[~np.isin(members, self.left_out)])

    def rounds(self, start: Vector, count: int, first: int = 1) -> Iterator[Round]:
        """Train from a point, round after round; of a run that goes on, `first` is the number of its next round."""
        point = start
        for number in range(first, first + whole_number(count, 0, "The number of rounds", InputError)):
            members = self.drawn(number)
            paths = np.empty((members.size, self.local_steps + 1, start.size))
            for place, client in enumerate(members):
                paths[place] = self.path(client, point[None])[:, 0]
            weights = self.clients.counts[members] / max(1, self.clients.counts[members].sum())
            after = weights @ paths[:, -1] if members.size else point
            yield Round(number, members, weights, paths, point, after, self.step_size)
            point = after

    def path(self, client: int, points: Matrix) -> Array:
        """(m + 1, B, d): the local steps of a client from each of B points."""
        path = np.empty((self.local_steps + 1, *points.shape))
        path[0] = points
        for i in range(self.local_steps):
            path[i + 1] = path[i] - self.step_size * self.clients.gradients(client, path[i])
        return path
