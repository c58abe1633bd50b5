"""The laws of the durations, compiled; see `experiments.servers.speeds` for what they mean."""

import numpy as np
from numpy.typing import NDArray

from experiments.kernels.counters import normal, stream_key, uniform
from experiments.kernels.elementary import exp, log
from theory.common.compiling import kept

# Of the random streams of a seed; those below belong to minibatches, noise, starts and delays.
SPEED = 21
_HALF_ULP = 2.0**-54


@kept()
def duration(
    kind: int,
    numbers: NDArray[np.float64],
    first: int,
    last: int,
    seed: int,
    worker: int,
    draw: int,
    start: float,
) -> float:
    """The seconds of gradient number `draw` of a worker; its law reads numbers[first:last]."""
    if kind == 0:
        return float(numbers[first])
    if kind == 5:
        return float(numbers[first + draw % (last - first)])
    key = stream_key(seed, SPEED, worker)
    if kind == 2:
        return float(numbers[first] * exp(numbers[first + 1] * normal(key, draw)))
    if kind == 4:
        phase = (start / numbers[first + 2] + uniform(key, 0)) % 1.0
        slow = phase * numbers[first + 2] < numbers[first + 3]
        return float(numbers[first] * (numbers[first + 1] if slow else 1.0))
    # Half a unit in the last place keeps the logarithm's argument above 0.
    excess = -log(uniform(key, draw) + _HALF_ULP)
    if kind == 1:
        return float(numbers[first] * excess)
    return float(numbers[first] * exp(excess / numbers[first + 1]))
