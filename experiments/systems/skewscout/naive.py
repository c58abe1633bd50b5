"""Training over partitions as it is written on paper, in plain numpy: the oracle of the compiled loop."""

from __future__ import annotations

import numpy as np

from experiments.kernels.keys import worker_minibatch
from experiments.systems.shared.compressors import get_compressor
from experiments.systems.skewscout.kernel import RUNNING, message
from experiments.systems.skewscout.methods import Averaging, Method, Significance
from experiments.systems.skewscout.partitions import Partitions
from experiments.systems.skewscout.training import Training, first_state
from theory.common.types import Array, Floats, Matrix, Vector


def naive_training(
    task: Partitions, training: Training, method: Method, *, seed: int = 0
) -> tuple[Matrix, Array, Floats]:
    """Models (K, d) and running statistics (K, 2, H) after the last step, and the bytes of each step (T,)."""
    net, count, d = task.network, task.count, task.network.parameters
    x, v, held, _, running, sent = first_state(task, training.steps, seed)
    steps = training.step_sizes
    exchange = method.exchange(steps, d)
    for t, step in enumerate(steps):
        for k, own in enumerate(task.own):
            rows = worker_minibatch(seed, t, k, training.batch, own.stop - own.start)
            g, statistics = net.gradient(x[k], task.features[own][rows], task.labels[own][rows])
            if np.linalg.norm(g) > method.clip:
                g *= method.clip / np.linalg.norm(g)
            if net.norm == "batch":
                running[k] += RUNNING * (statistics - running[k])
            v[k] = training.momentum * v[k] + g + training.decay * x[k]
        if isinstance(method, Averaging):
            x -= step * v
            if (t + 1) % method.interval == 0:
                x[:] = x.mean(axis=0)
                sent[t] = count * message(d, d)
        elif isinstance(method, Significance):
            x -= step / count * v
            held -= step / count * v
            far = np.abs(held) > exchange.thresholds[t] * np.abs(x)
            out = np.where(far, held, 0)
            held -= out
            x += out.sum(axis=0) - out
            sent[t] = sum(message(int(each.sum()), d) for each in far if each.any())
        else:
            held += v
            total: Vector = np.zeros(d)
            for k in range(count):
                made = get_compressor("top-k").compress(held[k], int(exchange.entries[t]))
                total[made.indices] += made.values
                held[k], v[k, made.indices] = made.residual, 0
                sent[t] += message(made.indices.size, d)
            x -= step / count * total
    return x, running, sent
