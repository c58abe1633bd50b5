r"""A simulated population of phones: what a training task costs on each, and what a server may know of it beforehand.

The cost model. A device is of a model; a model has cores, a frequency and memory, an efficiency that no feature tells,
and a battery. A device has a speed of its own and, at each task, a temperature. With n samples a task takes

$$\text{seconds}=\alpha n\,e^{\epsilon},\qquad\alpha=\frac{W}{\text{cores}\cdot\text{frequency}}\,
e^{a_{model}+b_{device}}\Big(1+\tfrac{\max(0,\text{temperature}-35)}{20}\Big),$$

W being the work of a sample on one GHz, and energy is seconds times power, $0.6+0.4\,\text{cores}\cdot\text{frequency}
\cdot e^{c_{model}}/4$ watts, as a percentage of the battery. All exponents are independent normal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.counters import normals, uniforms
from theory.common.errors import InputError
from theory.common.types import Ints, Matrix, Vector
from theory.staleness.count import whole_number

DEVICES = 9  # the stream of random numbers, beside those of experiments/kernels and systems/shared
WORK = 0.6  # seconds times GHz of a sample
MODEL_SPREAD, DEVICE_SPREAD, NOISE = 0.35, 0.05, 0.03  # standard deviations of a, b and epsilon; c has that of a
_CORES, _FREQUENCIES = (2, 4, 6, 8), (1.2, 2.8)  # GHz
_BATTERY = (38_000.0, 62_000.0)  # joules: 2,700 to 4,500 mAh


@dataclass(frozen=True, eq=False)
class Tasks:
    """Requests of devices in the order in which they come, each for a mini-batch of a size that is to be found.

    Args:
        models: int64 (N,), of the device that asks.
        features: float64 (N, 5): 1, available and total memory, temperature, and total frequency, each scaled to a
            size of about 1.
        power: float64 (N,), the further feature for energy: that of a second of computing, in per cent of the battery.
        seconds: float64 (N,), alpha of time, milliseconds a sample; energy: per cent of the battery a sample.
        noise: float64 (N,), by which the cost of the task is multiplied.
    """

    models: Ints
    features: Matrix
    power: Vector
    seconds: Vector
    energy: Vector
    noise: Vector


@dataclass(frozen=True, eq=False)
class _Models:
    """What devices of a model share."""

    frequency: Vector  # total, GHz
    memory: Vector  # GB
    speed: Vector  # e^a
    watts: Vector
    battery: Vector  # joules


def _models(count: int, seed: int) -> _Models:
    cores = np.array(_CORES)[(len(_CORES) * uniforms(seed, DEVICES, 0, count)).astype(int)]
    frequency = cores * (_FREQUENCIES[0] + (_FREQUENCIES[1] - _FREQUENCIES[0]) * uniforms(seed, DEVICES, 1, count))
    speed, efficiency = (np.exp(MODEL_SPREAD * normals(seed, DEVICES, part, count)) for part in (2, 3))
    return _Models(
        frequency,
        1 + np.round(cores * (0.3 + 0.7 * uniforms(seed, DEVICES, 4, count))),
        speed,
        0.6 + 0.4 * frequency * efficiency / 4,
        _BATTERY[0] + (_BATTERY[1] - _BATTERY[0]) * uniforms(seed, DEVICES, 5, count),
    )


def draw_tasks(devices: int, models: int, tasks_each: int, *, seed: int = 0) -> Tasks:
    """The requests of a population: every device asks so many times, in rounds, devices in an order of their own.

    Args:
        devices: of each, its model is drawn uniformly; models: how many there are.
        tasks_each: requests of a device.
        seed: of all that is drawn.

    Raises:
        InputError: no device, no model, or no task.

    Example:
        >>> tasks = draw_tasks(4, 3, 2, seed=1)
        >>> tasks.models.tolist(), tasks.features.shape
        ([1, 1, 2, 2, 1, 1, 2, 2], (8, 5))
    """
    for value, what in ((devices, "devices"), (models, "models of devices"), (tasks_each, "tasks of a device")):
        whole_number(value, 1, f"The number of {what}", InputError)
    kinds, count = _models(models, seed), devices * tasks_each
    device = np.tile(np.arange(devices), tasks_each)
    model = (models * uniforms(seed, DEVICES, 6, devices)).astype(np.int64)[device]
    own = np.exp(DEVICE_SPREAD * normals(seed, DEVICES, 7, devices))[device]
    temperature, noise = 35 + 4 * normals(seed, DEVICES, 8, count), np.exp(NOISE * normals(seed, DEVICES, 9, count))
    available = kinds.memory[model] * (0.2 + 0.6 * uniforms(seed, DEVICES, 10, count))
    frequency = kinds.frequency[model]
    seconds = WORK / frequency * kinds.speed[model] * own * (1 + np.maximum(0, temperature - 35) / 20)
    power = 100 * kinds.watts[model] / kinds.battery[model]
    features = np.column_stack(
        [np.ones(count), available / 4, kinds.memory[model] / 4, temperature / 35, frequency / 8]
    )
    return Tasks(*map(frozen, (model, features, power, 1000 * seconds, seconds * power, noise)))
