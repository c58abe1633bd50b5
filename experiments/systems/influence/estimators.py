r"""Influence of every client on the model of a federation: estimated along one run, or true, by training without it.

The influence of client c after round t is $\epsilon_t=w_t(\mathcal C\setminus\{c\})-w_t$, of all clients at once a
matrix (K, d). A round carries on what there is, and adds what the average of the round itself loses with c:
$$\epsilon_t=\sum_{k\in C_t\setminus c}\frac{n_k}{N(C_t\setminus c)}\big(\Phi_k(w_{t-1}+\epsilon_{t-1})-
\Phi_k(w_{t-1})\big)+w_t(C_t\to C_t\setminus c)-w_t,$$
$\Phi_k$ the m local steps of client k. That is what training without c gives, exactly; an estimator puts
$\prod_i(I-\eta H_{t,i}^k)\,\epsilon_{t-1}$ for the difference. So both are one loop, with another map of client k.

Conventions: the second part is 0 if $c\notin C_t$. If $C_t=\{c\}$ nothing happens in the round without c: what there
was stays, and $w_{t-1}-w_t$ is added. Clients not drawn yet have influence 0 and cost nothing: their round is the same.

Layer-wise examination and truncation (LWET): Hessians are cut to their blocks on the diagonal, one a tensor of the
model; once the first part is longer than what it was carried from, in some tensor, it is dropped there for good. In a
variant the same is asked of every client's own term. The Fisher version has the mean of $gg^T$ over the gradients g of
$N_s$ rows for a Hessian, and forms neither.

As printed, the paper's Lemma 1 multiplies symmetric matrices as if products of positive semi-definite matrices were
positive semi-definite, which they are only if they commute. What it needs, $\|\prod_i(I-\eta H_i)v\|\le\alpha^m\|v\|$,
holds as the operator norm is submultiplicative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.kernels.counters import stream_key, uniform_index
from experiments.systems.influence.federation import Clients, Federation, Round
from theory.common.errors import InputError
from theory.common.table import Table
from theory.common.types import Array, Ints, Matrix, Vector
from theory.staleness.count import whole_number

FISHER = 53  # the stream of random numbers
#: What the steps of one member of a round make of vectors (B, d) that its start is moved by.
Carry = Callable[[Round, int, Matrix], Matrix]


@dataclass(frozen=True)
class Estimator:
    """A way to tell influence.

    Args:
        curvature: "hessian", whole; "blocks", on the diagonal; "fisher", its version of the blocks; "none": what there
            is is not carried on at all.
        examine: whether, and what is asked for, "layer" or each "client" and layer.
    """

    curvature: Literal["hessian", "blocks", "fisher", "none"]
    examine: Literal["", "layer", "client"] = ""


ESTIMATORS: Mapping[str, Estimator] = Table(
    {
        "basic": Estimator("hessian"),
        "truncated": Estimator("none"),
        "blocks": Estimator("blocks"),
        "fisher": Estimator("fisher"),
        "lwet": Estimator("blocks", "layer"),
        "lwet-fisher": Estimator("fisher", "layer"),
        "lwet-client": Estimator("fisher", "client"),
    }
)


def combinatorial(seen: Round, clients: int) -> Matrix:
    """(K, d): what the average of a round loses with each client, 0 for those that are not in it."""
    found = np.zeros((clients, seen.before.size))
    if seen.members.size == 1:
        found[seen.members] = seen.before - seen.after
    elif seen.members.size:
        share = (seen.weights / (1 - seen.weights))[:, None]
        found[seen.members] = share * (seen.after - seen.paths[:, -1])
    return found


@dataclass(frozen=True, eq=False)
class Flags:
    """Where the examination has not truncated yet: bool (K, 1 or K, layers), by left-out client and by whose term."""

    examine: str
    layers: tuple[slice, ...]
    kept: Array

    @classmethod
    def all(cls, clients: Clients, examine: str) -> Flags:
        """Nothing truncated."""
        count = clients.counts.size
        kept = np.ones((count, count if examine == "client" else 1, len(clients.layers)), bool)
        return cls(examine, clients.layers, kept)

    def examined(self, client: int, moved: Matrix, influence: Matrix) -> Matrix:
        """A part of the influence with what is truncated set to 0; the flags are lowered in place."""
        starts = [part.start for part in self.layers]
        length, was = (np.add.reduceat(each * each, starts, axis=1) for each in (moved, influence))
        self.kept[:, client] &= length <= was  # not where it is no number either
        sizes = [part.stop - part.start for part in self.layers]
        return np.where(np.repeat(self.kept[:, client], sizes, axis=1), moved, 0)


def sequential(seen: Round, influence: Matrix, carry: Carry, flags: Flags) -> Matrix:
    """(K, d): what a round makes of the influence there was before it."""
    total, rows = np.zeros_like(influence), np.flatnonzero(influence.any(axis=1))
    if not seen.members.size or not rows.size:
        return influence
    for place, client in enumerate(seen.members):
        part = np.zeros_like(influence)
        part[rows] = carry(seen, place, influence[rows])
        if flags.examine == "client":
            part = flags.examined(client, part, influence)
        part[client] = 0
        total += seen.weights[place] * part
    if seen.members.size == 1:
        total[seen.members] = influence[seen.members]
    else:
        total[seen.members] /= (1 - seen.weights)[:, None]
    return flags.examined(0, total, influence) if flags.examine == "layer" else total


def followed(federation: Federation, rounds: Iterable[Round], carry: Carry, examine: str = "") -> Iterator[Matrix]:
    """(K, d): the influence of every client after each round."""
    count, flags = federation.clients.counts.size, Flags.all(federation.clients, examine)
    influence = None
    with np.errstate(all="ignore"):  # an estimate may leave the range of numbers
        for seen in rounds:
            new = combinatorial(seen, count)
            influence = new if influence is None else new + sequential(seen, influence, carry, flags)
            yield influence


def true_influences(federation: Federation, rounds: Iterable[Round]) -> Iterator[Matrix]:
    """(K, d): the influence of every client after each round, by training without it: all those runs side by side.

    Args:
        federation: which trains; rounds: what happened in its rounds.

    Example:
        >>> from experiments.systems.influence.quadratics import random_quadratics
        >>> two = Federation(random_quadratics(2, 2), 2, 3, 0.5)
        >>> rounds = list(two.rounds(np.zeros(2), 4))
        >>> alone = list(Federation(two.clients, 2, 3, 0.5, left_out=(0,)).rounds(np.zeros(2), 4))
        >>> *_, last = true_influences(two, rounds)
        >>> bool(np.allclose(rounds[-1].after + last[0], alone[-1].after))
        True
    """

    def carry(seen: Round, place: int, moves: Matrix) -> Matrix:
        moved: Matrix = federation.path(int(seen.members[place]), seen.before + moves)[-1] - seen.paths[place, -1]
        return moved

    return followed(federation, rounds, carry)


def estimated_influences(
    federation: Federation, rounds: Iterable[Round], name: str, samples: int = 50, seed: int = 0
) -> Iterator[Matrix]:
    r"""(K, d): the influence of every client after each round, as an estimator tells it from one run.

    Args:
        federation: which trains; rounds: what happened in its rounds.
        name: of ESTIMATORS; samples: N_s, the gradients of single rows that a client uploads for each local step, drawn
            with replacement; seed: of these draws.

    Raises:
        InputError: no such estimator, no gradient to upload, or a Fisher matrix of losses that have none.

    Source: Xue et al., Toward Understanding the Influence of Individual Clients in Federated Learning, AAAI 2021
        (arXiv 2012.10936).

    Example:
        >>> from experiments.systems.influence.quadratics import random_quadratics
        >>> five = Federation(random_quadratics(5, 4), 3, 2, 0.5)
        >>> rounds = list(five.rounds(np.ones(4), 6))
        >>> (*_, told), (*_, true) = estimated_influences(five, rounds, "basic"), true_influences(five, rounds)
        >>> bool(np.abs(told - true).max() < 1e-14)
        True
    """
    if name not in ESTIMATORS:
        raise InputError(f"The estimator must be one of {', '.join(ESTIMATORS)}. Got {name!r}.")
    estimator = ESTIMATORS[name]
    whole_number(samples, 1, "The number of gradients that a client uploads", InputError)

    def carry(seen: Round, place: int, moves: Matrix) -> Matrix:
        if estimator.curvature == "none":
            return np.zeros_like(moves)
        client = int(seen.members[place])
        moves = moves.copy()
        for i, point in enumerate(seen.paths[place, :-1]):
            if estimator.curvature == "hessian":
                product = federation.clients.hessian_products(client, point, moves)
            elif estimator.curvature == "blocks":
                product = block_products(federation.clients, client, point, moves)
            else:
                rows = drawn_rows(seed, seen.number, client, i, samples, int(federation.clients.counts[client]))
                product = fisher_products(federation.clients, client, point, moves, rows)
            moves -= seen.step_size * product
        return moves

    return followed(federation, rounds, carry, estimator.examine)


def block_products(clients: Clients, client: int, point: Vector, vectors: Matrix) -> Matrix:
    """(B, d): the blocks of a Hessian on the diagonal, one a tensor, times vectors."""
    apart = np.zeros((len(clients.layers), *vectors.shape))
    for layer, part in enumerate(clients.layers):
        apart[layer, :, part] = vectors[:, part]
    found = clients.hessian_products(client, point, apart.reshape(-1, point.size)).reshape(apart.shape)
    return np.concatenate([found[layer, :, part] for layer, part in enumerate(clients.layers)], axis=1)


def fisher_products(clients: Clients, client: int, point: Vector, vectors: Matrix, rows: Ints) -> Matrix:
    """(B, d): the same with the mean of gg^T over some rows for the Hessian of the loss, and the ridge."""
    gradients = clients.sample_gradients(client, point, rows)
    parts = [(vectors[:, part] @ gradients[:, part].T) @ gradients[:, part] for part in clients.layers]
    return np.concatenate(parts, axis=1) / rows.size + clients.ridge * vectors


def drawn_rows(seed: int, number: int, client: int, step: int, samples: int, rows: int) -> Ints:
    """Rows of a client whose gradients it uploads for one of its local steps in a round."""
    key = stream_key(stream_key(seed, FISHER, number), client, step)
    return np.array([uniform_index(key, i, rows) for i in range(samples)])
