"""Fed-Influence as it is written on paper, a run a client and whole matrices: the oracle of the batched loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.systems.influence.federation import Federation
from theory.common.types import Array, Vector


def naive_points(federation: Federation, start: Vector, count: int) -> Array:
    """(T + 1, d): the server's model after each round."""
    points, clients = [start], federation.clients
    for number in range(1, count + 1):
        members, models = federation.drawn(number), []
        for client in members:
            model = points[-1]
            for _ in range(federation.local_steps):
                model = model - federation.step_size * clients.gradients(int(client), model[None])[0]
            models.append(model)
        shares = clients.counts[members]
        points.append(np.average(models, axis=0, weights=shares) if models else points[-1])
    return np.array(points)


def naive_true_influence(federation: Federation, start: Vector, count: int, client: int) -> Array:
    """(T + 1, d): the influence of one client after each round, by a run of its own."""
    without = replace(federation, left_out=(federation.checked(client),))
    return naive_points(without, start, count) - naive_points(federation, start, count)


def naive_basic_influence(federation: Federation, start: Vector, count: int, left_out: int) -> Array:
    """(T + 1, d): the basic estimate of the influence of one client, its matrix formed."""
    clients, identity = federation.clients, np.eye(start.size)
    points, influence = naive_points(federation, start, count), [np.zeros_like(start)]
    for number in range(1, count + 1):
        members = federation.drawn(number)
        others = members[members != left_out]
        if not others.size:
            influence.append(influence[-1] + points[number - 1] - points[number])
            continue
        matrix, without = np.zeros_like(identity), np.zeros_like(start)
        for client in others:
            share = clients.counts[client] / clients.counts[others].sum()
            model, product = points[number - 1], identity
            for _ in range(federation.local_steps):
                hessian = clients.hessian_products(int(client), model, identity)
                product = (identity - federation.step_size * hessian) @ product
                model = model - federation.step_size * clients.gradients(int(client), model[None])[0]
            matrix += share * product
            without += share * model
        added = without - points[number] if left_out in members else 0.0
        influence.append(matrix @ influence[-1] + added)
    return np.array(influence)
