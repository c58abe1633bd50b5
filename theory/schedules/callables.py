"""Schedules that are objects: a callable k -> step size, or a learning-rate scheduler of PyTorch or transformers.

They are read as a table of numbers, once, at the steps of the run. What they would give elsewhere, nobody asks.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import numpy as np

from theory.common.errors import ScheduleError
from theory.common.types import Floats

# Libraries whose schedules count the updates before this one, so that the first step is number 0.
_FROM_ZERO = frozenset({"optax", "jax", "flax", "keras", "tf_keras", "tensorflow", "transformers"})
_COMPARED = 3
# optax computes in float32, whose last digits depend on how a schedule is compiled.
_ROUNDING = 1e-6


@runtime_checkable
class Scheduler(Protocol):
    """What schedulers of PyTorch have: the step sizes now, one for each group of parameters, and the way to the next.

    A scheduler of transformers is one of these.
    """

    optimizer: Any

    def get_last_lr(self) -> Any:
        """The step sizes at the current step."""

    def step(self) -> Any:
        """Go to the next step."""


@dataclass(frozen=True, eq=False)
class Table:
    """What was read: the numbers, the name of the object, and a sentence on how it was asked."""

    values: Floats
    name: str
    sentence: str


def is_read(schedule: object) -> bool:
    """Whether this is an object to be read, and no text and no class."""
    return not isinstance(schedule, str | type) and (callable(schedule) or isinstance(schedule, Scheduler))


def read(schedule: Callable[[int], Any] | Scheduler, steps: int) -> Table:
    """The step sizes of an object at the steps k = 1..T.

    A scheduler is read on a copy, so that the training it belongs to does not notice. A callable is called with
    k = 1..T, and one of optax, JAX, Keras or transformers with 0..T-1, as these count.

    Args:
        schedule: the object.
        steps: T.

    Raises:
        ScheduleError: it fails, or gives anything but a number; the sentence names the step.

    >>> read(lambda k: 0.5 / k, 3).values.tolist()
    [0.5, 0.25, 0.16666666666666666]
    """
    name = _name(schedule)
    if isinstance(schedule, Scheduler):
        found = list(islice(_numbered(_stepped(schedule, name), name), steps))
        how = f"Step sizes of the scheduler {name}, read at {steps} steps on a copy, from where it stands."
        return Table(np.array(found), name, how)
    first = 0 if _library(schedule) in _FROM_ZERO else 1
    counted = f"0..{steps - 1}, as {_library(schedule)} counts" if first == 0 else f"k = 1..{steps}"
    values = _at_once(schedule, first, steps)
    if values is None:
        values = np.array(list(_numbered((schedule(k) for k in range(first, first + steps)), name)))
    return Table(values, name, f"Step sizes of the callable {name}, read at {steps} steps: called with {counted}.")


def _stepped(scheduler: Scheduler, name: str) -> Iterator[Any]:
    """The step size at each step."""
    twin = _twin(scheduler, name)
    while True:
        yield _alike(twin.get_last_lr(), name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that no optimizer has stepped
            twin.step()


def _twin(scheduler: Scheduler, name: str) -> Scheduler:
    """A copy whose steps change nothing; parameters are shared, as they are large and not touched."""
    groups = getattr(scheduler.optimizer, "param_groups", ())
    shared = [each for group in groups for each in group.get("params", ())]
    shared.append(getattr(scheduler.optimizer, "state", None))
    try:
        return copy.deepcopy(scheduler, {id(each): each for each in shared if each is not None})
    except Exception as error:  # whatever its parts raise
        raise ScheduleError(
            f"The scheduler {name} cannot be copied ({type(error).__name__}), and reading it would change it. Give a "
            "function of k in its place, or its numbers in a file, @FILE."
        ) from error


def _alike(rates: Any, name: str) -> Any:
    """The one step size of all groups of parameters."""
    numbers = list(rates)
    if len({_plain(each) for each in numbers}) != 1:
        raise ScheduleError(
            f"The scheduler {name} has {len(numbers)} step sizes at once, one for each group of parameters, and a "
            "bound is about one. Give a scheduler whose groups agree."
        )
    return numbers[0]


def _numbered(values: Iterator[Any], name: str) -> Iterator[float]:
    """The numbers in turn; whatever fails is told with its step."""
    k = 0
    while True:
        k += 1
        try:
            value = next(values)
            number = _plain(value)
        except StopIteration:
            return
        except ScheduleError:
            raise
        except Exception as error:  # a user's code may raise anything
            told = " ".join(str(error).split())[:120]
            raise ScheduleError(
                f"The schedule {name} fails at step k = {k}: {type(error).__name__}: {told}. It must give a number at "
                "every step; one that waits for a loss is known after the run only: give its numbers in a file, @FILE."
            ) from error
        yield number


def _plain(value: Any) -> float:
    """A number, of whichever library."""
    if isinstance(value, str | bytes | bool) or value is None:
        raise TypeError(f"{value!r} is no number")
    return float(value.item() if hasattr(value, "item") else value)


def _at_once(schedule: Callable[[Any], Any], first: int, steps: int) -> Floats | None:
    """A schedule of optax at all steps in one call, where that gives what single calls give: those take long."""
    if _library(schedule) != "optax":
        return None
    counts = np.arange(first, first + steps)
    try:
        values = np.broadcast_to(np.asarray(schedule(counts), dtype=np.float64), counts.shape)
        some = np.linspace(0, steps - 1, min(steps, _COMPARED)).astype(int)
        single = [_plain(schedule(int(counts[at]))) for at in some]
        same = bool(np.allclose(values[some], single, rtol=0, atol=_ROUNDING * values.max()))
    except Exception:  # not made for arrays
        return None
    return values if same else None


def _unwrapped(schedule: Any) -> Any:
    found = inspect.unwrap(schedule)
    while isinstance(found, partial):
        found = inspect.unwrap(found.func)
    return found


def _library(schedule: Any) -> str:
    found = _unwrapped(schedule)
    module = getattr(found, "__module__", None) or type(found).__module__
    return str(module).partition(".")[0]


def _name(schedule: Any) -> str:
    """What a person calls it: the function that made it, or its class."""
    found = _unwrapped(schedule) if callable(schedule) else schedule
    name = str(getattr(found, "__qualname__", None) or type(found).__qualname__)
    # A schedule of optax is a function inside the one that made it; a user's own has a name of its own.
    made_by, _, own = name.rpartition(".<locals>.")
    return made_by if made_by and _library(schedule) in _FROM_ZERO else own.replace("<lambda>", "lambda")
