r"""Clients with made rows in the manner of LEAF's synthetic task: each client's model and features are a little apart.

gradlag's own recipe. One matrix $W\sim N(0,1)^{q\times p}$ and one vector b are common to all. Client k has
$W_k=W+sU_k$, $b_k=b+su_k$ with normal $U_k,u_k$, and rows $x\sim N(v_k,\mathrm{diag}(j^{-1.2}))$ with
$v_k\sim N(0,s^2)^p$: s says how far clients are apart in what they know and in what they see. The label is the place of
the largest of $W_kx+b_k+g$ with Gumbel noise g, drawn from the softmax of $W_kx+b_k$. It has n_k rows, from 20 to 60,
uniform. Of some clients the labels are flipped, y to y + 1 modulo q, before they train. Held-out rows come from all
clients alike, and are never flipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import normals, uniforms
from experiments.systems.influence.networks import NetworkClients, of_rows
from experiments.systems.shared.label_skew import label_skew
from experiments.workloads.images import images
from theory.common.errors import InputError
from theory.common.types import Ints, Matrix
from theory.staleness.count import whole_number

SYNTHETIC = 54  # the stream of random numbers
FEWEST, MOST = 20, 60  # rows of a client


@dataclass(frozen=True, eq=False)
class LabelledClients:
    """Clients with rows, and rows that none of them has.

    Args:
        clients: who train; held_out: float64 (n, p) with labels int64 (n,).
    """

    clients: NetworkClients
    held_out: Matrix
    labels: Ints


def wrong(labels: Ints, classes: int) -> Ints:
    """Labels none of which is right: the next class.

    >>> wrong(np.array([0, 1, 4]), 5).tolist()
    [1, 2, 0]
    """
    return (labels + 1) % classes


def synthetic(
    clients: int,
    *,
    inputs: int = 60,
    classes: int = 5,
    spread: float = 0.5,
    flipped: int = 0,
    held_out: int = 20,
    ridge: float = 0.0,
    seed: int = 0,
) -> LabelledClients:
    """Softmax regression on made clients.

    Args:
        clients: K; inputs: p; classes: q; spread: s; flipped: how many clients have wrong labels, the first ones.
        held_out: rows of each client that are held out; ridge: of the loss.
        seed: of everything that is drawn.

    Raises:
        InputError: fewer than one client, or more with wrong labels than there are.

    Example:
        >>> made = synthetic(4, inputs=3, classes=2)
        >>> made.clients.widths, made.clients.counts.tolist(), made.held_out.shape
        ((3, 2), [33, 20, 34, 23], (80, 3))
    """
    count = whole_number(clients, 1, "The number of clients", InputError)
    checked_flipped(flipped, count)
    own = FEWEST + np.floor((MOST - FEWEST + 1) * uniforms(seed, SYNTHETIC, 0, count)).astype(np.int64)
    common = normals(seed, SYNTHETIC, 1, (inputs + 1) * classes)
    rows, labels = [], []
    for client in range(count):
        moved = normals(seed, SYNTHETIC, 2 + 3 * client, (inputs + 1) * classes + inputs)
        weights, centre = (common + spread * moved[:-inputs]).reshape(inputs + 1, classes), spread * moved[-inputs:]
        size = int(own[client]) + held_out
        drawn = normals(seed, SYNTHETIC, 3 + 3 * client, size * inputs).reshape(size, inputs)
        drawn = centre + drawn * np.arange(1, inputs + 1) ** -0.6
        noise = -np.log(-np.log(uniforms(seed, SYNTHETIC, 4 + 3 * client, size * classes) + 2.0**-54))
        rows.append(drawn)
        labels.append((drawn @ weights[:-1] + weights[-1] + noise.reshape(size, classes)).argmax(axis=1))
    outside, right = ([each[-held_out:] for each in both] for both in (rows, labels))
    for client in range(count):
        rows[client] = rows[client][:-held_out]
        labels[client] = labels[client][:-held_out] if client >= flipped else wrong(labels[client][:-held_out], classes)
    places = np.split(np.arange(own.sum()), np.cumsum(own)[:-1])
    made = of_rows(np.concatenate(rows), np.concatenate(labels), places, (inputs, classes), ridge=ridge)
    return LabelledClients(made, frozen(np.concatenate(outside)), frozen(np.concatenate(right)))


def of_images(
    data: str,
    clients: int,
    rows: int,
    *,
    hidden: int = 16,
    activation: str = "relu",
    skew: float = 0.0,
    flipped: int = 0,
    ridge: float = 0.0,
    seed: int = 0,
) -> LabelledClients:
    """A network on images that are dealt to clients.

    Args:
        data: of the images; clients: K; rows: of each, at most.
        hidden: units, none for softmax regression; activation: of these; skew: per cent of the rows dealt by label.
        flipped: how many clients have wrong labels, the first ones; ridge: of the loss; seed: of the deal.

    Raises:
        InputError: more rows than there are, or more clients with wrong labels than clients.

    Example:
        >>> of_images("digits", 10, 30, hidden=8).clients.widths
        (64, 8, 10)
    """
    known = images(data)
    if clients * whole_number(rows, 1, "The number of rows of a client", InputError) > known.labels.size:
        raise InputError(f"{data} has {known.labels.size} rows, too few for {clients} clients with {rows} each.")
    dealt = [own[:rows] for own in label_skew(known.labels, clients, skew, seed=seed)]
    labels = known.labels.copy()
    for own in dealt[: checked_flipped(flipped, clients)]:
        labels[own] = wrong(labels[own], known.classes)
    widths = (known.features.shape[1], *((hidden,) if hidden else ()), known.classes)
    features, outside = (each.astype(np.float64) for each in (known.features, known.held_out))
    made = of_rows(features, labels, dealt, widths, activation=activation, ridge=ridge)
    return LabelledClients(made, outside, known.held_out_labels)


def checked_flipped(flipped: int, clients: int) -> int:
    """How many clients have wrong labels, at most all."""
    return whole_number(flipped, 0, "The number of clients with wrong labels", InputError, most=clients)
