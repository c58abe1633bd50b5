"""The theorem's one sequence of iterates on a workload: any steps, any delays, the gradient compiled.

Step k = 0, 1, ... reads the point x_{k - d_k} and takes x_k to x_{k+1}. Its minibatch is the one that a single worker
of the seed draws at iteration k, so that without delay this is sequential training.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.kernels import counters, dense, elementary, keys
from experiments.simulate import gradients
from experiments.simulate.trajectories import FAR_SQUARED
from experiments.workers.engines import ring
from experiments.workers.engines.ring import gradient_into
from experiments.workers.workload import Workload
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import InputError
from theory.common.types import Ints, Vector


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        data: Any,
        scratch: Any,
        step_sizes: Vector,
        delays: Ints,
        points: NDArray[np.float64],
        gradient: Vector,
        seed: int,
        first: int,
        last: int,
    ) -> int:
        slots = points.shape[0]
        for k in range(first, last):
            gradient_into(data, scratch, seed, k, 0, points[(k - delays[k]) % slots], gradient)
            x, new, square = points[k % slots], points[(k + 1) % slots], 0.0
            for j in range(x.shape[0]):
                new[j] = x[j] - step_sizes[k] * gradient[j]
                square += new[j] * new[j]
            if not square <= FAR_SQUARED:
                return k + 1
        return -1 if sources else -2

    return advance


@cache
def _kernel(kind: type[Any]) -> Any:
    """The kernel for one class of data, compiled anew when a source that it is made from has changed."""
    return _build(number_of_sources(__file__, ring, keys, counters, elementary, gradients, dense, kind))


class OneSequence:
    r"""One seed's $x_{k+1}=x_k-\eta_k g_k(x_{k-d_k})$, moved on by the compiled kernel.

    Args:
        workload: with a compiled gradient in 64 bits.
        step_sizes: float64 (T,), eta_k at position k.
        delays: int64 (T,), 0 <= d_k <= min(k, window - 1).
        window: s, the points that are kept.
        seed: of the start and of the minibatches; batch: their size.

    Raises:
        InputError: a workload without such a gradient, or delays that do not fit.

    Example:
        >>> from experiments.workloads import get_workload
        >>> parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
        >>> run = OneSequence(parabola, np.full(3, 0.25), np.array([0, 1, 1]), window=2, seed=0, batch=0)
        >>> run.advance(3), run.point(2), run.point(3)
        (-1, array([0.5]), array([0.3125]))
    """

    def __init__(
        self, workload: Workload, step_sizes: Vector, delays: Ints, *, window: int, seed: int, batch: int
    ) -> None:
        kernel = workload.kernel(batch)
        if kernel is None or workload.precision != np.float64:
            raise InputError(f"One sequence needs a compiled gradient in 64 bits. Got {workload.name}.")
        reach = np.minimum(np.arange(step_sizes.size), window - 1)
        if delays.shape != step_sizes.shape or (delays < 0).any() or (delays > reach).any():
            raise InputError(
                f"One sequence with window {window} needs a delay of 0 to min(k, window - 1) at each step."
            )
        start = workload.initial(seed)
        self.data, self.scratch, self.seed = kernel.data, kernel.scratch(), seed
        self.step_sizes, self.delays = np.array(step_sizes, np.float64), np.array(delays, np.int64)
        # A step is written while the point before it is read, so that there are two at least.
        self.points, self.gradient = np.zeros((max(2, window), start.size)), np.zeros(start.size)
        self.points[0] = start
        self.done, self.diverged_at = 0, -1
        kind: Any = type(kernel.data)
        self.kernel = _kernel(kind)

    def advance(self, last: int) -> int:
        """Take the steps before `last`; the first k at which |x_k| was too large to go on, or -1."""
        if self.diverged_at < 0:
            self.diverged_at = int(
                self.kernel(
                    self.data,
                    self.scratch,
                    self.step_sizes,
                    self.delays,
                    self.points,
                    self.gradient,
                    self.seed,
                    self.done,
                    last,
                )
            )
        self.done = last
        return self.diverged_at

    def point(self, k: int) -> Vector:
        """x_k, one of the last that are kept."""
        return np.array(self.points[k % len(self.points)])
