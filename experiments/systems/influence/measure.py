r"""What is measured of influence: how long and how wrong it is, what it does to a loss, and whom it tells to leave.

The influence of client c on a loss F (FIL) is $F(w+\epsilon^{-c})-F(w)$ on held-out rows: negative where the model is
better without the client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import tee

import numpy as np

from experiments.systems.influence.estimators import estimated_influences, true_influences
from experiments.systems.influence.federation import Clients, Federation
from experiments.systems.influence.synthetic import LabelledClients
from theory.common.types import Array, Floats, Ints, Matrix, Vector

TRUE = "true"
POWER_STEPS = 20


@dataclass(frozen=True, eq=False)
class Followed:
    """A run, with the influence of all clients along it.

    Args:
        times: int64 (R,), recorded rounds, the last among them.
        lengths: by estimator and "true" the largest |eps| of any client, (R,); errors: by estimator the largest
            distance to the true one, (R,).
        largest: the largest true |eps| of any client after any round, C.
        last: by the same names the influence (K, d) after the last round; point: (d,), the model then.
        sharpness: the largest eigenvalue of the Hessians of the members of the last round, at its start, as a power
            iteration tells it.
    """

    times: Ints
    lengths: Mapping[str, Floats]
    errors: Mapping[str, Floats]
    largest: float
    last: Mapping[str, Matrix]
    point: Vector
    sharpness: float


def follow(
    federation: Federation, start: Vector, rounds: int, names: Sequence[str], *, every: int = 1, samples: int = 50
) -> Followed:
    """Train, and follow the true influence and the estimates.

    Args:
        federation: which trains; start: (d,); rounds: T, at least 1.
        names: of estimators; every: rounds between records; samples: N_s of the Fisher version.

    Example:
        >>> from experiments.systems.influence.quadratics import random_quadratics
        >>> found = follow(Federation(random_quadratics(4, 3), 2, 2, 0.5), np.zeros(3), 10, ("basic",), every=5)
        >>> found.times.tolist(), bool(found.errors["basic"].max() < 1e-15 < found.lengths["true"].min())
        ([5, 10], True)
    """
    streams = tee(federation.rounds(start, rounds), 2 + len(names))  # in step, so that one round is kept at a time
    told = [
        estimated_influences(federation, stream, name, samples, federation.seed)
        for name, stream in zip(names, streams[2:], strict=True)
    ]
    lengths, errors, times, largest = [], [], [], 0.0
    for seen, true, *others in zip(streams[0], true_influences(federation, streams[1]), *told, strict=True):
        long = longest(true)
        largest = max(largest, long)
        if seen.number % every == 0 or seen.number == rounds:
            times.append(seen.number)
            lengths.append([long, *map(longest, others)])
            errors.append([longest(other - true) for other in others])
    last = dict(zip((TRUE, *names), (true, *others), strict=True))
    of_all, wrong = np.transpose(lengths), np.transpose(errors)
    ends = (sharpness(federation.clients, client, seen.before) for client in seen.members)
    return Followed(
        np.array(times),
        dict(zip((TRUE, *names), of_all, strict=True)),
        dict(zip(names, wrong, strict=True)),
        largest,
        last,
        seen.after,
        max(ends),
    )


def longest(influence: Matrix) -> float:
    """The largest length of a row; infinite or nan where an estimate has left the range of numbers."""
    with np.errstate(all="ignore"):
        return float(np.sqrt((influence**2).sum(axis=1)).max())


def sharpness(clients: Clients, client: int, point: Vector) -> float:
    """The largest eigenvalue of a client's Hessian in size, from below, as some steps of a power iteration tell it."""
    vector = np.cos(np.arange(point.size))[None]
    length = 0.0
    for _ in range(POWER_STEPS):
        vector = clients.hessian_products(client, point, vector / np.linalg.norm(vector))
        length = float(np.linalg.norm(vector))
    return length


def influence_on_loss(made: LabelledClients, point: Vector, influence: Matrix, rows: slice = slice(None)) -> Vector:
    """(K,): FIL on held-out rows; nan where an estimate has left the range of numbers."""
    with np.errstate(all="ignore"):
        points = np.vstack([point, point + influence])
        losses = made.clients.losses(points, made.held_out[rows], made.labels[rows])
        return np.asarray(losses[1:] - losses[0])


def correlation(first: Vector, second: Vector) -> float:
    """Pearson's r; 0 where one of them is not finite or does not vary.

    >>> round(correlation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])), 12)
    1.0
    """
    if not (np.isfinite(first).all() and np.isfinite(second).all() and np.ptp(first) and np.ptp(second)):
        return 0.0
    with np.errstate(all="ignore"):
        found = float(np.corrcoef(first, second)[0, 1])
    return found if np.isfinite(found) else 0.0


def lowest(influence: Vector, count: int) -> tuple[int, ...]:
    """The clients without which the loss falls most.

    >>> lowest(np.array([0.2, -1.0, 0.0]), 2)
    (1, 2)
    """
    order: Array = np.argsort(influence, kind="stable")[:count]
    return tuple(int(client) for client in order)
