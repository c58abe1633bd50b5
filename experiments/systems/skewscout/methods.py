r"""How partitions exchange what they have learnt: averaging, a significance filter, or the largest entries.

With $v_k$ the momentum of partition k, $v_k\leftarrow mv_k+g_k$, and K partitions:

* averaging: $x_k\leftarrow x_k-\eta v_k$; after every I steps all models become their mean. I = 1 is bulk synchronous
  (BSP): as updates are linear in gradients, it is the step with the mean gradient. Larger I is federated averaging.
* Gaia: $u=-\frac\eta Kv_k$ is added to $x_k$ and to what is held; where $|\text{held}|>T_t|x_k|$ it is sent, all others
  add it, and nothing is held any more. $T_t$ is $T_0$ times the share of the step size that is left. $T_0=0$ is BSP.
* sparsified: $v_k$ is added to what is held, of which the $\rho_td$ largest entries are sent; they and their momenta
  become 0 (momentum-factor masking), and every model steps by $-\frac\eta K$ times the sum of what was sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from experiments.systems.multi_centre.setting import thresholds
from experiments.systems.shared.compressors import entries_kept, gaussian_quantile
from theory.common.errors import InputError
from theory.common.types import Floats, Ints
from theory.staleness.count import whole_number

AVERAGE, FILTER, SPARSE = range(3)
#: The shares that are sent in the epochs of a warm-up, and after them the last.
DENSITIES = (0.25, 0.0625, 0.015625, 0.004, 0.001)


class Exchange(NamedTuple):
    """A method in numbers: its kind, I, T_t (T,), and the number of entries (T,) with their quantiles (T,)."""

    kind: int
    interval: int
    thresholds: Floats
    entries: Ints
    quantiles: Floats


class Method(Protocol):
    """A way of exchanging."""

    @property
    def clip(self) -> float:
        """The largest norm of a gradient; infinite where nothing is clipped."""

    def exchange(self, step_sizes: Floats, dimension: int) -> Exchange:
        """It in numbers, for the step sizes (T,) and parameters of a run."""


def _blank(kind: int, steps: int, interval: int = 1) -> Exchange:
    return Exchange(kind, interval, np.zeros(steps), np.ones(steps, np.int64), np.zeros(steps))


@dataclass(frozen=True)
class Averaging:
    """All models become their mean after every `interval` steps; 1 is BSP.

    Raises:
        InputError: an interval below 1.
    """

    interval: int = 1
    clip: ClassVar[float] = math.inf

    def __post_init__(self) -> None:
        whole_number(self.interval, 1, "The number of local steps (Iter_local)", InputError)

    def exchange(self, step_sizes: Floats, dimension: int) -> Exchange:
        """See `Method`."""
        return _blank(AVERAGE, step_sizes.size, self.interval)


@dataclass(frozen=True)
class Significance:
    """Gaia's filter with the threshold T_0, which falls with the step size.

    Raises:
        InputError: a threshold that is not finite or below 0.
    """

    threshold: float
    clip: ClassVar[float] = math.inf

    def __post_init__(self) -> None:
        thresholds(self.threshold, np.ones(1))

    def exchange(self, step_sizes: Floats, dimension: int) -> Exchange:
        """See `Method`."""
        falling = thresholds(self.threshold, step_sizes, "schedule")
        return _blank(FILTER, step_sizes.size)._replace(thresholds=falling)


@dataclass(frozen=True)
class Sparsified:
    """The sparsified method of Deep Gradient Compression.

    Args:
        warm_up: steps with each density before the last (E_warm); densities: rho, in their order.
        clip: the largest norm of a gradient.

    Raises:
        InputError: a warm-up below 0, no density or one outside (0, 1], or a norm that is not above 0.
    """

    warm_up: int
    densities: tuple[float, ...] = DENSITIES
    clip: float = math.inf

    def __post_init__(self) -> None:
        whole_number(self.warm_up, 0, "The steps of a warm-up density", InputError)
        if not self.densities or not all(0 < density <= 1 for density in self.densities):
            raise InputError(f"Densities must lie in (0, 1], and there must be one. Got {self.densities}.")
        if not self.clip > 0:
            raise InputError(f"The largest norm of a gradient must be above 0. Got {self.clip:g}.")

    def exchange(self, step_sizes: Floats, dimension: int) -> Exchange:
        """See `Method`."""
        each = [entries_kept(dimension, density) for density in self.densities]
        last = len(each) - 1
        epochs = np.full(step_sizes.size, last)
        if self.warm_up:
            epochs = np.minimum(np.arange(step_sizes.size) // self.warm_up, last)
        quantiles = np.array([gaussian_quantile(k / dimension) for k in each])
        return _blank(SPARSE, step_sizes.size)._replace(
            entries=np.array(each, dtype=np.int64)[epochs], quantiles=quantiles[epochs]
        )


def method_of(name: str, theta: float) -> Method:
    """The method of that name with its tightness theta: Iter_local, T_0, or the steps of a warm-up density.

    >>> method_of("fedavg", 20), method_of("gaia", 0.1)
    (Averaging(interval=20), Significance(threshold=0.1))
    """
    if name == "gaia":
        return Significance(theta)
    if name == "sparsified":
        return Sparsified(int(theta))
    return Averaging(1 if name == "bsp" else int(theta))
