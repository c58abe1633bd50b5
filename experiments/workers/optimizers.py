"""SGD, Momentum, Adam, Adagrad and RMSProp: from a gradient and the worker's own state to an additive update.

Each is written twice, on whole vectors for numpy and JAX, and as a compiled loop; both do the same operations in the
same order and precision, so that those of numpy agree bit for bit. Steps count from 1; optax's defaults stand wherever
the study is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import DTypeLike

from theory.common.errors import InputError
from theory.common.types import Array

SGD, MOMENTUM, ADAM, ADAGRAD, RMSPROP = range(5)


class OptimizerData(NamedTuple):
    """What compiled code reads: kind, step size and coefficients (5,) and corrections (steps, 2), in one precision."""

    kind: int
    numbers: Array
    corrections: Array


@dataclass(frozen=True)
class Optimizer:
    r"""An optimiser; with gradient g, step size eta, step k = 1, 2, ...:

    - sgd: $u=-\eta g$
    - momentum: $m=g+\beta m$, $u=-\eta m$
    - adam: $m=\beta m+(1-\beta)g$, $v=\gamma v+(1-\gamma)g^2$,
      $u=-\eta\,\frac{m}{1-\beta^k}\big/\big(\sqrt{v/(1-\gamma^k)}+\epsilon\big)$
    - adagrad: $v=v+g^2$ from $v_0$ = initial, $u=-\eta g/\sqrt{v+\epsilon}$
    - rmsprop: $v=\gamma v+(1-\gamma)g^2$, $u=-\eta g/\sqrt{v+\epsilon}$

    Args:
        name: its spelling.
        kind: which of them.
        moments: vectors of state that a worker keeps.
        first: beta.
        second: gamma.
        epsilon: epsilon.
        initial: what the state is filled with.
    """

    name: str
    kind: int
    moments: int
    first: float = 0.0
    second: float = 0.0
    epsilon: float = 0.0
    initial: float = 0.0

    def start(self, x: Array) -> Array:
        """The state (moments, d) before the first step."""
        return np.full((self.moments, x.size), self.initial, dtype=x.dtype)

    def data(self, step_size: float, steps: int, precision: DTypeLike) -> OptimizerData:
        """The numbers for compiled code, and for `update`."""
        numbers = np.array([step_size, self.first, self.second, self.epsilon, 1.0], dtype=precision)
        k = range(1, steps + 1) if self.kind == ADAM else ()
        corrections = np.array([(1 - self.first**n, 1 - self.second**n) for n in k], dtype=precision)
        return OptimizerData(self.kind, numbers, corrections.reshape(-1, 2))


def update(data: OptimizerData, t: int, gradient: Array, state: Array) -> tuple[Array, Array]:
    """The update of iteration t = 0, 1, ... and the state after it, by numpy; nothing is changed in place.

    Example:
        >>> momentum = get_optimizer("momentum")
        >>> numbers, state = momentum.data(0.5, steps=2, precision=np.float64), momentum.start(np.zeros(1))
        >>> first, state = update(numbers, 0, np.ones(1), state)
        >>> second, state = update(numbers, 1, np.ones(1), state)
        >>> first, second
        (array([-0.5]), array([-0.95]))
    """
    corrections = data.corrections[t] if data.kind == ADAM else None
    change, moments = updated(data.kind, data.numbers, corrections, gradient, tuple(state))
    return change, np.stack(moments) if moments else state


def updated(
    kind: int, numbers: Any, corrections: Any, g: Any, moments: tuple[Any, ...], sqrt: Callable[[Any], Any] = np.sqrt
) -> tuple[Any, tuple[Any, ...]]:
    """The update and the vectors of state after it, in arrays of numpy or, with its own root, of JAX."""
    eta, beta, gamma, epsilon, one = numbers
    if kind == SGD:
        return -eta * g, ()
    if kind == MOMENTUM:
        m = g + beta * moments[0]
        return -eta * m, (m,)
    if kind == ADAM:
        m = beta * moments[0] + (one - beta) * g
        v = gamma * moments[1] + (one - gamma) * (g * g)
        for_m, for_v = corrections
        return -eta * ((m / for_m) / (sqrt(v / for_v) + epsilon)), (m, v)
    v = moments[0] + g * g if kind == ADAGRAD else gamma * moments[0] + (one - gamma) * (g * g)
    return -eta * (g / sqrt(v + epsilon)), (v,)


@njit(error_model="numpy")
def turn_into_update(data: OptimizerData, t: int, vector: Array, state: Array) -> None:
    """The gradient of iteration t becomes the update, in its place; the state moves on."""
    eta, beta, gamma, epsilon, one = data.numbers
    if data.kind == SGD:
        for j in range(vector.shape[0]):
            vector[j] = -eta * vector[j]
    elif data.kind == MOMENTUM:
        m = state[0]
        for j in range(vector.shape[0]):
            m[j] = vector[j] + beta * m[j]
            vector[j] = -eta * m[j]
    elif data.kind == ADAGRAD:
        v = state[0]
        for j in range(vector.shape[0]):
            v[j] = v[j] + vector[j] * vector[j]
            vector[j] = -eta * (vector[j] / np.sqrt(v[j] + epsilon))
    elif data.kind == RMSPROP:
        v = state[0]
        for j in range(vector.shape[0]):
            v[j] = gamma * v[j] + (one - gamma) * (vector[j] * vector[j])
            vector[j] = -eta * (vector[j] / np.sqrt(v[j] + epsilon))
    else:
        m, v = state[0], state[1]
        for_m, for_v = data.corrections[t, 0], data.corrections[t, 1]
        for j in range(vector.shape[0]):
            m[j] = beta * m[j] + (one - beta) * vector[j]
            v[j] = gamma * v[j] + (one - gamma) * (vector[j] * vector[j])
            vector[j] = -eta * ((m[j] / for_m) / (np.sqrt(v[j] / for_v) + epsilon))


OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType(
    {
        optimizer.name: optimizer
        for optimizer in (
            Optimizer("sgd", SGD, 0),
            Optimizer("momentum", MOMENTUM, 1, first=0.9),
            Optimizer("adam", ADAM, 2, first=0.9, second=0.999, epsilon=1e-8),
            Optimizer("adagrad", ADAGRAD, 1, epsilon=1e-7, initial=0.1),
            Optimizer("rmsprop", RMSPROP, 1, second=0.9, epsilon=1e-8),
        )
    }
)


def get_optimizer(name: str) -> Optimizer:
    """The optimiser of this name.

    Raises:
        InputError: no such optimiser.

    Example:
        >>> get_optimizer("adam").moments
        2
    """
    if name not in OPTIMIZERS:
        raise InputError(f"The optimiser must be one of {', '.join(OPTIMIZERS)}. Got {name!r}.")
    return OPTIMIZERS[name]
