"""What was simulated: a run, its schema, and what makes its numbers trustworthy.

A run is a configuration with an xarray data set over (seed, time, step). The schema is one table; building a run and
reading one back go through the same checks, and a digest of the numbers travels with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from experiments.common.constants import Constant, Known
from experiments.common.provenance import current_versions
from experiments.runs.configuration import SCHEMA, Configuration
from experiments.runs.contents import content_digest, numbers_digest
from experiments.runs.rules import as_delayed, rule_of
from experiments.simulate.measured import SERIES, Series, Variable
from experiments.simulate.trajectories import recorded_times
from theory.bounds import Setting
from theory.common.errors import DelayError, StoreError
from theory.common.shown import Shown
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.staleness.traces import oldest, validate_delays


@dataclass(frozen=True, eq=False, repr=False)
class Run(Series, Shown):
    """What was simulated: the configuration and all that was recorded, as arrays that cannot be written to.

    Args:
        configuration: what was asked for.
        data: dimensions seed (S), time (R) and step (T); the variables of MEASURED and PLANNED.

    Raises:
        StoreError: the data does not have the schema, or does not belong to the configuration.
    """

    configuration: Configuration
    data: xr.Dataset

    def __post_init__(self) -> None:
        _check(self.configuration, self.data)
        for name in self.data.data_vars:
            self.data[name].values.setflags(write=False)

    seed = Variable(("seed",), "int64", "1", "seed of the random numbers")
    time = Variable(("time",), "int64", "steps", "k of the recorded point x_k, k = 0..T")
    step = Variable(("step",), "int64", "steps", "k of the step from x_(k-1) to x_k, k = 1..T")
    diverged_at = Variable(("seed",), "int64", "steps", "first k at which the run had diverged; -1 if never")
    step_sizes = Variable(("step",), "float64", "x^2/f", "eta_k", name="step_size")
    delays = Variable(("step",), "int64", "steps", "d_k: step k reads the gradient at x_(k-1-d_k)", name="delay")

    def __repr__(self) -> str:
        """Short, for notebooks: what was run, and how often."""
        asked = self.configuration
        told = f"{asked.problem}, {asked.schedule}, s={asked.staleness}, T={asked.steps}, {len(asked.seeds)} seeds"
        return f"Run({told})"

    def to_dict(self) -> dict[str, Any]:
        """The run in a few numbers, as `gradlag run --json` prints them beside its file."""
        asked, means = self.configuration, self.gradient_norm_squared.mean(axis=0)
        least, diverged = int(np.argmin(means)), self.diverged_at[self.diverged_at >= 0]
        return {
            "key": asked.key,
            "problem": asked.problem,
            "schedule": asked.schedule,
            "staleness": asked.staleness,
            "steps": asked.steps,
            "seeds": len(asked.seeds),
            "measured_minimum": float(means[least]),
            "minimum_at": int(self.time[least]),
            "diverged": int(diverged.size),
            "first_divergence": int(diverged.min()) if diverged.size else None,
            "seconds": float(self.data.attrs["seconds"]),
        }

    @property
    def constants(self) -> dict[str, Constant]:
        """L, Delta, sigma and, if it was given, mu: each with how it is known."""
        return _constants_from_json(self.data.attrs["constants"])

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what computed the run."""
        return _versions_from_json(self.data.attrs["versions"])

    @property
    def staleness(self) -> Staleness:
        """The theorem's s."""
        return Staleness(self.configuration.staleness)

    @cached_property
    def linear(self) -> LinearRule:
        """What the method comes to."""
        return rule_of(self.configuration.method, self._asked())

    def setting(self) -> Setting:
        """The steps, delays, staleness and constants at which the bounds of this run are evaluated."""
        return as_delayed(self.linear, self._asked()) or self._asked()

    @property
    def uncovered(self) -> str:
        """Why bounds say nothing of this run, in a sentence; empty where they may."""
        if as_delayed(self.linear, self._asked()) is None:
            return _OTHER_METHOD.format(method=self.configuration.method)
        return ""

    def _asked(self) -> Setting:
        """The setting with the steps of the schedule; where reads are inconsistent, the largest delay of each step."""
        values = {name: constant.value for name, constant in self.constants.items()}
        apart = self.configuration.inconsistent and self.delays.ndim > 1
        return Setting(self.step_sizes, oldest(self.delays) if apart else self.delays, self.staleness, values, apart)

    def identical(self, other: Run) -> bool:
        """Whether two runs agree bit for bit in configuration, numbers and constants, time stamps apart."""
        same_request = (self.configuration, self.constants) == (other.configuration, other.constants)
        return same_request and numbers_digest(self.data) == numbers_digest(other.data)

    def array(self, name: str) -> NDArray[Any]:
        """The variable of that name in the file."""
        values: NDArray[Any] = self.data[name].values
        return values


_OTHER_METHOD = (
    "No bound covers the method {method}: they are proved for delayed steps and for counter-momentum, and it comes to "
    "neither."
)
COORDINATES = (Run.seed, Run.time, Run.step)
MEASURED = (*SERIES, Run.diverged_at)
PLANNED = (Run.step_sizes, Run.delays)


def build_run(
    configuration: Configuration,
    *,
    step_sizes: ArrayLike,
    delays: ArrayLike,
    constants: Mapping[str, Constant],
    measured: Mapping[str, ArrayLike],
    command: str = "",
    seconds: float = 0.0,
) -> Run:
    """Assemble a run from arrays.

    Args:
        configuration: what was asked for.
        step_sizes: (T,), eta_k.
        delays: (T,), d_k; or (T, B).
        constants: L, Delta, sigma, and mu if it has a value.
        measured: `time` (R,) and the arrays of MEASURED.
        command: the command that made the run; by default the one of the configuration.
        seconds: how long the simulation took.

    Returns:
        The run, with versions and a time stamp in its attributes.

    Raises:
        StoreError: an array is missing or has the wrong shape.

    >>> plan = Configuration("nonconvex", "1/(s*L)", 1, steps=2, seeds=(7,), batch=1)
    >>> series = {variable.name: np.ones((1, 3)) for variable in MEASURED[:-1]}
    >>> run = build_run(plan, step_sizes=[0.5, 0.5], delays=[0, 0], constants={},
    ...                 measured=series | {"time": [0, 1, 2], "diverged_at": [-1]})
    >>> dict(run.data.sizes)
    {'seed': 1, 'time': 3, 'step': 2}
    """
    arrays = dict(measured) | {
        "seed": configuration.seeds,
        "step": np.arange(1, configuration.steps + 1),
        "step_size": step_sizes,
        "delay": delays,
    }
    described = {v.name: _described(v, arrays) for v in COORDINATES + MEASURED + PLANNED}
    try:
        data = xr.Dataset({v.name: described[v.name] for v in MEASURED + PLANNED})
        data = data.assign_coords({v.name: described[v.name] for v in COORDINATES})
    except ValueError as cause:
        raise StoreError(f"The arrays of a run do not fit together: {cause}.") from cause
    data.attrs = {
        "schema": SCHEMA,
        "key": configuration.key,
        "configuration": configuration.to_json(),
        "constants": _constants_to_json(constants),
        "versions": json.dumps(current_versions(), sort_keys=True),
        "command": command or configuration.command,
        "seconds": float(seconds),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    data.attrs["content"] = content_digest(data)
    return Run(configuration, data)


def _check(configuration: Configuration, data: xr.Dataset) -> None:
    for variable in COORDINATES + MEASURED + PLANNED:
        _check_variable(variable, data)
    _check_axes(configuration, data)
    _check_plan(configuration, data)
    if data.attrs.get("key") != configuration.key:
        raise StoreError("The key of the run does not belong to its configuration: one of them was altered.")
    if data.attrs.get("content") != content_digest(data):
        raise StoreError("The contents of the run do not match their digest: they were altered or damaged.")
    try:
        _constants_from_json(data.attrs["constants"])
        _versions_from_json(data.attrs["versions"])
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise StoreError(f"The constants or versions of the run cannot be read ({cause}).") from cause


def _check_variable(variable: Variable, data: xr.Dataset) -> None:
    if variable.name not in data.variables:
        raise StoreError(f"The variable {variable.name} of the run is missing.")
    array = data[variable.name]
    if array.dims not in _dims(variable) or array.dtype != np.dtype(variable.dtype):
        raise StoreError(
            f"The variable {variable.name} must be {variable.dtype} over {variable.dims}, and is {array.dtype} "
            f"over {array.dims}."
        )


def _dims(variable: Variable) -> tuple[tuple[str, ...], ...]:
    """The dimensions that a variable may have: a step may have several delays."""
    return (variable.dims, ("step", "read")) if variable is Run.delays else (variable.dims,)


def _check_axes(configuration: Configuration, data: xr.Dataset) -> None:
    expected = {
        "seed": np.array(configuration.seeds),
        "time": recorded_times(configuration.steps, configuration.record_every),
        "step": np.arange(1, configuration.steps + 1),
    }
    for name, values in expected.items():
        if not np.array_equal(data[name].values, values):
            raise StoreError(f"The values along {name} are not those of the configuration of the run.")


def _check_plan(configuration: Configuration, data: xr.Dataset) -> None:
    step_sizes, delays = data["step_size"].values, data["delay"].values
    if not (np.isfinite(step_sizes).all() and (step_sizes >= 0).all()):
        raise StoreError("The step sizes of a run must be finite and at least 0, and these are not.")
    try:
        validate_delays(delays, Staleness(configuration.staleness))
    except DelayError as cause:
        raise StoreError("The delays of a run must satisfy 0 <= d_k <= min(s - 1, k - 1), and these do not.") from cause


def _described(
    variable: Variable, arrays: Mapping[str, ArrayLike]
) -> tuple[tuple[str, ...], NDArray[Any], dict[str, str]]:
    if variable.name not in arrays:
        raise StoreError(f"A run needs the array {variable.name}, which is missing.")
    values = np.array(arrays[variable.name], dtype=variable.dtype)
    dims = next((dims for dims in _dims(variable) if len(dims) == values.ndim), None)
    if dims is None:
        raise StoreError(
            f"The array {variable.name} must have the dimensions {variable.dims}. Got shape {values.shape}."
        )
    return dims, values, {"units": variable.units, "long_name": variable.meaning}


def _constants_to_json(constants: Mapping[str, Constant]) -> str:
    plain = {n: {"value": c.value, "known": str(c.known), "reason": c.reason} for n, c in constants.items()}
    return json.dumps(plain, sort_keys=True, allow_nan=False)


def _constants_from_json(text: str) -> dict[str, Constant]:
    stored = json.loads(text)
    return {name: Constant(float(c["value"]), Known(c["known"]), str(c["reason"])) for name, c in stored.items()}


def _versions_from_json(text: str) -> dict[str, str]:
    return {str(name): str(number) for name, number in json.loads(text).items()}
