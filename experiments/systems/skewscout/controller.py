r"""SkewScout: models travel, what they lose on the way tells how far partitions have drifted, and tightness follows.

Once a period the model of partition k is evaluated on rows of another partition $\pi(k)$, with $\pi$ a permutation.
Two readings of the accuracy loss are told: the model's accuracy at home less that away, and the host's own model less
the visitor on the host's rows. Over a permutation their means are one number, as $\sum_kA_{kk}=\sum_kA_{\pi(k)\pi(k)}$
with $A_{kj}$ the accuracy of model k on rows of partition j. The controller tries to minimise
$\lambda_A\max(0,A-\sigma_A)+\lambda_CC(\theta)/C_M$, as recalled, unverified, by hill climbing over a ladder of theta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments.kernels.counters import uniforms
from experiments.systems.skewscout.kernel import LOCAL, TOGETHER, State, message
from experiments.systems.skewscout.methods import Method
from experiments.systems.skewscout.partitions import Partitions
from experiments.systems.skewscout.training import Recorded, Recorder, Run, Training, recorded_times
from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Matrix
from theory.staleness.count import whole_number

TRAVEL = 33  # the stream of random numbers, beside those of experiments/kernels and systems/shared


@dataclass(frozen=True)
class Goal:
    """What the controller minimises: formula and numbers are as recalled, unverified.

    Args:
        loss_weight: lambda_A; tolerance: sigma_A, a loss of accuracy that costs nothing; bytes_weight: lambda_C.

    Example:
        >>> round(Goal().value(0.25, 2.0), 9), Goal().value(0.01, 2.0)
        (12.0, 2.0)
    """

    loss_weight: float = 50.0
    tolerance: float = 0.05
    bytes_weight: float = 1.0

    def value(self, loss: float, models: float) -> float:
        """Of a period with that loss of accuracy, in which a partition sent so many models' worth of bytes."""
        return self.loss_weight * max(0.0, loss - self.tolerance) + self.bytes_weight * models


@dataclass(frozen=True)
class Scout:
    """A controller.

    Args:
        thetas: the ladder, tight to loose; method: what each stands for.
        period: steps between travels; sample: rows on which a travelling model is evaluated.
        memory: periods after which the value of a rung is forgotten, so that it is tried again.
        goal: what is minimised.

    Raises:
        InputError: an empty ladder, or a period, sample or memory below 1.
    """

    thetas: tuple[float, ...]
    method: Callable[[float], Method]
    period: int = 40
    sample: int = 100
    memory: int = 8
    goal: Goal = Goal()

    def __post_init__(self) -> None:
        if not self.thetas:
            raise InputError("The ladder of the controller is empty. Give at least one theta.")
        for theta in self.thetas:
            self.method(theta)
        whole_number(self.period, 1, "The steps between travels", InputError)
        whole_number(self.sample, 1, "The rows of a travel's sample", InputError)
        whole_number(self.memory, 1, "The periods that are remembered", InputError)


class Scouted(NamedTuple):
    """A run under a controller: rungs, losses and values (P,), of each period, beside the record."""

    record: Recorded
    rungs: Ints
    losses: Floats
    values: Floats


def accuracies(task: Partitions, state: State, rows: Ints) -> Matrix:
    """(K, K): of model k (row) on these rows of partition j (column), each with its own running statistics."""
    net, count = task.network, task.count
    samples = [task.starts[j] + rows[j] for j in range(count)]
    return np.array(
        [
            [net.accuracy(x, task.features[own], task.labels[own], running) for own in samples]
            for x, running in zip(state.points, state.statistics, strict=True)
        ]
    )


def accuracy_loss(found: Matrix, hosts: Ints) -> float:
    """The accuracy of models at home less that at their hosts, a permutation of the partitions; means over all.

    >>> accuracy_loss(np.array([[1.0, 0.5], [0.7, 0.8]]), np.array([1, 0]))
    0.30000000000000004
    """
    models = np.arange(len(found))
    return float(found[models, models].mean() - found[models, hosts].mean())


def travel_loss(task: Partitions, state: State, sample: int, seed: int, travel: int) -> float:
    """The loss of one travel: each model goes to the partition that is 1, 2, ..., K - 1 further on, in turn."""
    size = int(task.starts[1])
    drawn = uniforms(seed, TRAVEL, travel, task.count * sample).reshape(task.count, sample)
    rows = np.minimum((drawn * size).astype(np.int64), size - 1)
    hosts = (np.arange(task.count) + 1 + travel % (task.count - 1)) % task.count
    return accuracy_loss(accuracies(task, state, rows), hosts)


def next_rung(tried: Sequence[tuple[int, float]], rungs: int, memory: int) -> int:
    """Where hill climbing goes: a rung towards the best that is remembered; from there to neighbours not remembered.

    Args:
        tried: of each period its rung and value, the last one last; rungs: how many; memory: periods looked back on.

    >>> next_rung([(0, 3.0)], 3, 8), next_rung([(0, 3.0), (1, 2.0)], 3, 8), next_rung([(0, 3.0), (1, 4.0)], 3, 8)
    (1, 2, 0)
    """
    here, known = tried[-1][0], dict(tried[-memory:])
    best = min(known, key=lambda rung: (known[rung], abs(rung - here)))
    if best != here:
        return here + (1 if best > here else -1)
    return next((rung for rung in (here + 1, here - 1) if 0 <= rung < rungs and rung not in known), here)


def scouted_training(task: Partitions, training: Training, scout: Scout, *, seed: int = 0) -> Scouted:
    """Train while the controller chooses how tightly partitions communicate, from the tightest rung on.

    Args:
        task: what; training: how; scout: the controller; seed: of start, mini-batches and samples.

    Returns:
        The run, recorded after each period, and what the controller saw and did; bytes include travelling models.

    Raises:
        InputError: steps that are no whole number of periods.
    """
    if training.steps % scout.period:
        raise InputError(f"{training.steps} steps are no whole number of periods of {scout.period}.")
    times = recorded_times(training.steps, scout.period)
    run = Run(task, training, scout.method(scout.thetas[0]), seed)
    record, tried, losses = Recorder(run.state, times), [(0, 0.0)], [0.0]
    model = message(task.network.parameters, task.network.parameters)
    rung = 0
    for place, last in enumerate(times[1:].tolist(), start=1):
        run.method = scout.method(scout.thetas[rung])
        first = last - scout.period
        if not (run.go_on(first, last - 1) and run.go_on(last - 1, last, LOCAL)):
            return Scouted(record.done(True), *_told(tried, losses))
        losses.append(travel_loss(task, run.state, scout.sample, seed, place - 1))
        run.go_on(last - 1, last, TOGETHER)
        sent = run.state.sent[first:last].sum() / (task.count * model)
        run.state.sent[last - 1] += task.count * model
        tried.append((rung, scout.goal.value(losses[-1], sent)))
        record.take(run.state, place)
        rung = next_rung(tried[1:], len(scout.thetas), scout.memory)
    return Scouted(record.done(False), *_told(tried, losses))


def _told(tried: Sequence[tuple[int, float]], losses: Sequence[float]) -> tuple[Ints, Floats, Floats]:
    return np.array([rung for rung, _ in tried[1:]]), np.array(losses[1:]), np.array([value for _, value in tried[1:]])
