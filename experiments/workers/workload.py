"""What the workers' simulator trains: a start, a stochastic gradient, and the qualities that are measured.

A workload is an immutable value, rebuilt from its name. Its gradient is a pure function of (point, seed, iteration,
worker, batch); a compiled form of the same gradient makes it fast, an engine of its own makes it anything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerPlan, WorkerSetting
from theory.common.errors import InputError
from theory.common.types import Array

if TYPE_CHECKING:  # which would import JAX
    from experiments.workers.jax.training import JaxForm


@dataclass(frozen=True, eq=False)
class WorkerKernel:
    """A gradient in compiled form.

    Args:
        data: a NamedTuple of arrays and numbers, of a class of the workload's own, for which the module that defines
            it has called `experiments.workers.engines.ring.register_gradient`.
        scratch: makes the work space of one seed, a NamedTuple of arrays.
        scratch_bytes: how much that is.
    """

    data: Any
    scratch: Callable[[], Any]
    scratch_bytes: int


class SeedEngine(Protocol):
    """One seed's run, moved on in blocks of iterations."""

    def advance(self, first: int, last: int) -> int:
        """Compute iterations first..last-1 and deliver what is due up to `last`; the iteration that diverged, or -1."""

    @property
    def cache(self) -> Array:
        """The first worker's cache, as it is after the deliveries of iteration `last`."""


@dataclass(frozen=True, eq=False)
class Workload(ABC):
    """Something to train with workers.

    Args:
        name: the spelling that rebuilds it, such as "dnn:depth=2,data=mnist-5k".
    """

    name: str
    # The names of what `evaluate` measures.
    metrics: ClassVar[tuple[str, ...]]
    # Whether `engine` is there, for updates that are no vectors of d numbers, or for faster ones.
    has_own_engine: ClassVar[bool] = False

    @property
    @abstractmethod
    def parameters(self) -> int:
        """The number d of parameters."""

    @property
    @abstractmethod
    def examples(self) -> int:
        """The number of training examples; 0 when the noise is added to the gradient."""

    @property
    @abstractmethod
    def target(self) -> Threshold:
        """The quality that counts as trained, unless a study says otherwise."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """Digest (sha256, hexadecimal) of the data that enters."""

    @property
    def precision(self) -> np.dtype[Any]:
        """The type of the parameters."""
        return np.dtype(np.float32)

    @abstractmethod
    def initial(self, seed: int) -> Array:
        """The parameters (d,) with which every worker of the seed starts: a new array."""

    @abstractmethod
    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        """The gradient (d,) at x that a worker computes at iteration t = 0, 1, ...; batch 0 means all the data."""

    @abstractmethod
    def evaluate(self, x: Array) -> Mapping[str, float]:
        """The metrics at x, on held-out data where there is some."""

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """The gradient (d,) at x over a fixed sample of so many training examples, without any other noise."""
        raise InputError(f"{self.name} has no gradient on a fixed sample, so its coherence cannot be measured.")

    def kernel(self, batch: int) -> WorkerKernel | None:
        """The compiled gradient; None for a gradient that only its own code can compute."""
        return None

    def jax_form(self) -> JaxForm:
        """The workload in JAX, for the scanned engine.

        Raises:
            InputError: it is not written in JAX.
        """
        raise InputError(
            f"The workload {self.name} is not written in JAX, so the scanned engine cannot run it. Use the engine auto."
        )

    def engine(self, plan: WorkerPlan, seed: int) -> SeedEngine:
        """The workload's own engine at the start of a seed."""
        raise InputError(f"The workload {self.name} has no engine of its own.")

    def engine_memory(self, setting: WorkerSetting) -> int:
        """The bytes that `engine` takes for one seed."""
        return 0


def checked_bits(bits: int) -> int:
    """32 or 64, or a refusal."""
    if bits not in (32, 64):
        raise InputError(f"The precision must be 32 or 64 bits. Got {bits}.")
    return int(bits)


def precision_of(bits: int) -> np.dtype[Any]:
    """The type of numbers of so many bits."""
    return np.dtype(np.float32 if bits == 32 else np.float64)
