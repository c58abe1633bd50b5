"""What the scanned engine trains: a workload's mean loss in JAX, of parameters that are a tuple of arrays.

The idea: everything random is drawn on the host from the counters that all engines share, and enters as an input, so
that the loss is a pure function and its gradient is the one of the workload, to rounding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any, ClassVar

import numpy as np

from experiments.kernels.counters import MINIBATCH, uniform_index
from experiments.kernels.keys import worker_key
from experiments.workers.jax.library import computing_in, jax, jnp
from theory.common.compiling import kept
from theory.common.types import Array

Leaves = tuple[Any, ...]
Inputs = tuple[Any, ...]

# Rows that are evaluated at a time.
PART = 256


@dataclass(frozen=True, eq=False)
class JaxForm(ABC):
    """A workload in JAX.

    Args:
        shapes: of the arrays that make up the parameters, in the order in which the flat vector holds them.
        precision: of the parameters.
        data: the training data, arrays of numpy; they go to the device once.
        held_out: the rows to be evaluated, arrays of numpy.
        activations: about how many numbers the gradient keeps for one example.
    """

    shapes: tuple[tuple[int, ...], ...]
    precision: np.dtype[Any]
    data: Inputs
    held_out: Inputs
    activations: int
    # Whether there are convolutions, which a scan on a processor makes slow.
    convolutional: ClassVar[bool] = False
    # Rows of the fixed sample that enter one gradient.
    sample_part: ClassVar[int] = 10 * PART

    def draw(self, seed: int, times: range, workers: range, batch: int) -> Inputs:
        """The random inputs (times, workers, ...) of these iterations' minibatches: their rows."""
        return (minibatch_rows(seed, times, workers, batch, len(self.data[0])),)

    def sample_inputs(self, rows: range) -> Inputs:
        """Inputs without randomness, for these training rows."""
        return (row_range(rows),)

    @abstractmethod
    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        """The mean loss over one minibatch."""

    def context(self, leaves: Leaves, data: Inputs) -> Any:
        """What all held-out rows need besides the parameters."""
        return ()

    @abstractmethod
    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        """The sums over these held-out rows of the workload's metrics, in their order."""

    @cached_property
    def device_data(self) -> Inputs:
        """The training data on the device."""
        with computing_in(self.precision):
            return tuple(jnp.asarray(array) for array in self.data)

    @cached_property
    def held_out_parts(self) -> tuple[Inputs, ...]:
        """The held-out rows on the device, in parts of nearly equal size."""
        with computing_in(self.precision):
            split = [np.array_split(array, -(-len(array) // PART)) for array in self.held_out]
            return tuple(tuple(jnp.asarray(array) for array in part) for part in zip(*split, strict=True))

    def sample_parts(self, sample: int) -> Iterator[tuple[float, Inputs]]:
        """The first training rows in parts of nearly equal size, each with its share of them."""
        rows = min(sample, len(self.data[0]))
        parts = -(-rows // self.sample_part)
        ends = [rows * i // parts for i in range(parts + 1)]
        for first, last in pairwise(ends):
            yield (last - first) / rows, self.sample_inputs(range(first, last))

    def split(self, x: Any) -> Leaves:
        """The arrays of flat vectors (..., d)."""
        ends = np.cumsum([0, *(prod(shape) for shape in self.shapes)]).tolist()
        return tuple(
            x[..., first:last].reshape(x.shape[:-1] + shape)
            for first, last, shape in zip(ends, ends[1:], self.shapes, strict=False)
        )

    def join(self, leaves: Sequence[Any]) -> Any:
        """The flat vectors (..., d) of arrays; the inverse of `split`."""
        lead = leaves[0].shape[: leaves[0].ndim - len(self.shapes[0])]
        return jnp.concatenate([leaf.reshape((*lead, -1)) for leaf in leaves], axis=-1)


class Routines:
    """The compiled functions of one form, on flat vectors of numpy."""

    def __init__(self, form: JaxForm) -> None:
        self.form = form
        self._gradient = jax.jit(lambda x, data, inputs: form.join(jax.grad(form.loss)(form.split(x), data, inputs)))
        self._context = jax.jit(lambda x, data: form.context(form.split(x), data))
        self._tally = jax.jit(lambda x, context, part: form.tally(form.split(x), context, part))

    def gradient(self, x: Array, inputs: Inputs) -> Array:
        """The gradient (d,) of the mean loss over one minibatch."""
        with computing_in(self.form.precision):
            return np.asarray(self._gradient(x, self.form.device_data, inputs))

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """The mean of the parts' gradients."""
        parts = self.form.sample_parts(sample)
        total = sum(share * self.gradient(x, inputs).astype(np.float64) for share, inputs in parts)
        return np.asarray(total).astype(self.form.precision)

    def measure(self, x: Array) -> Array:
        """The metrics: float64, means over the held-out rows."""
        form = self.form
        with computing_in(form.precision):
            context = self._context(x, form.device_data)
            sums = [np.asarray(self._tally(x, context, part), np.float64) for part in form.held_out_parts]
        return np.asarray(np.sum(sums, axis=0) / len(form.held_out[0]))


@kept()
def drawn_rows(
    seed: int, first: int, last: int, first_worker: int, last_worker: int, batch: int, examples: int
) -> Array:
    """int32 (iterations, workers, batch): the rows that `worker_minibatch` draws."""
    rows = np.empty((last - first, last_worker - first_worker, batch), np.int32)
    for t in range(first, last):
        for worker in range(first_worker, last_worker):
            key = worker_key(seed, MINIBATCH, t, worker)
            for i in range(batch):
                rows[t - first, worker - first_worker, i] = uniform_index(key, i, examples)
    return rows


def minibatch_rows(seed: int, times: range, workers: range, batch: int, examples: int) -> Array:
    """int32 (times, workers, batch): the rows of these minibatches; all rows for a batch of 0."""
    if batch == 0:
        return np.broadcast_to(np.arange(examples, dtype=np.int32), (len(times), len(workers), examples))
    ends = times.start, times.stop, workers.start, workers.stop
    return np.asarray(drawn_rows(seed, *ends, batch, examples))


def row_range(rows: range) -> Array:
    """int32: consecutive rows."""
    return np.arange(rows.start, rows.stop, dtype=np.int32)


def cross_entropies(scores: Any, labels: Any) -> Any:
    """The loss of each row of scores (n, classes)."""
    chosen = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    return jax.scipy.special.logsumexp(scores, axis=1) - chosen


def classified(scores: Any, labels: Any) -> Any:
    """The sums of the loss and of the right answers."""
    right = (scores.argmax(axis=1) == labels).astype(scores.dtype)
    return jnp.stack([cross_entropies(scores, labels).sum(), right.sum()])
