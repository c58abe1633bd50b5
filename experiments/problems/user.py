"""The user's own objective: a Python file with a start and a gradient.

The file is run, as any Python program is, because the user named it. It defines

    initial_point               d numbers
    gradient(x, rng)            a stochastic gradient (d,), unbiased; rng is a numpy Generator, or
    gradient(x)                 the exact gradient (d,)

and may define full_gradient(x), which a stochastic gradient needs beside it, loss(x), name, and
constants = {"L": ..., "Delta": ..., "sigma": ...}, as many of them as are known; sigma^2 is the variance of gradient.
The generator that step k of a seed gets depends on the seed and on k alone.
"""

from __future__ import annotations

import inspect
import math
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.common.arrays import digest_of, read_only
from experiments.common.constants import Constant, Known
from experiments.problems.problem import Problem, validate_batch
from theory.common.errors import ProblemError
from theory.common.types import Vector

_CONSTANTS = ("L", "Delta", "sigma")
_NEEDED = "A problem file defines initial_point (d numbers) and gradient(x, rng), or gradient(x) if it is exact."


@dataclass(frozen=True, eq=False)
class UserProblem(Problem):
    """An objective whose gradients the user's own functions compute.

    A batch of b averages b gradients, drawn one after another from the generator of the step; 0 is the full gradient.

    Args:
        name: the path of the file, as the user spelled it.
        initial_point: float64 (d,).
        title: the user's `name`, or the path.
        source_digest: sha256 of the file's text.
        given: the user's constants.
        gradient, full_gradient_function, loss_function: the user's functions.
        exact: whether `gradient` takes the point alone.

    Raises:
        ProblemError: a function of the file fails or returns another shape; the sentence names the file and the line.
    """

    title: str
    source_digest: str
    given: Mapping[str, float]
    gradient: Callable[..., Any]
    full_gradient_function: Callable[..., Any]
    loss_function: Callable[..., Any] | None
    exact: bool

    @property
    def curvature(self) -> float | None:
        return self.given.get("L")

    @property
    def digest(self) -> str:
        return digest_of(self.initial_point, text=self.source_digest)

    def constants(self, batch: int) -> Mapping[str, Constant]:
        """Those of L, Delta and sigma that the file gives; sigma is 0 where the gradient is exact."""
        reason = f"given in {self.name}"
        known = {key: Constant(value, Known.GIVEN, reason) for key, value in self.given.items()}
        if self.deterministic(batch):
            return known | {"sigma": Constant(0.0, Known.EXACT, "the gradient is exact")}
        if "sigma" in known and batch > 1:
            value = known["sigma"].value / math.sqrt(batch)
            known["sigma"] = Constant(value, Known.GIVEN, f"{reason}, averaged over a batch of {batch}")
        return known

    def deterministic(self, batch: int) -> bool:
        return validate_batch(batch) == 0 or self.exact

    def loss(self, x: Vector) -> float:
        if self.loss_function is None:
            return math.nan
        value = self._call("loss(x)", self.loss_function, x.copy())
        return float(self._numbers("loss(x)", value, (), "one number"))

    def full_gradient(self, x: Vector) -> Vector:
        label = "gradient(x)" if self.exact else "full_gradient(x)"
        return self._vector(label, self._call(label, self.full_gradient_function, x.copy()))

    def stochastic_gradient(self, x: Vector, seed: int, step: int, batch: int) -> Vector:
        if self.deterministic(batch):
            return self.full_gradient(x)
        rng = np.random.Generator(np.random.Philox(key=np.array([seed, step], dtype=np.uint64)))
        total = self._draw(x, rng)
        for _ in range(batch - 1):
            total = total + self._draw(x, rng)
        return total / batch

    def _draw(self, x: Vector, rng: np.random.Generator) -> Vector:
        return self._vector("gradient(x, rng)", self._call("gradient(x, rng)", self.gradient, x.copy(), rng))

    def _call(self, label: str, function: Callable[..., Any], *arguments: Any) -> Any:
        with _explained(self.name, f"{label} failed"), np.errstate(all="ignore"):
            return function(*arguments)

    def _vector(self, label: str, value: Any) -> Vector:
        wanted = f"{self.dimension} numbers, the shape of initial_point"
        return self._numbers(label, value, self.initial_point.shape, wanted)

    def _numbers(self, label: str, value: Any, shape: tuple[int, ...], wanted: str) -> Vector:
        array = _real_array(value)
        if array is None:
            kind = type(value).__name__
            raise ProblemError(f"{self.name}: {label} must return {wanted}. Got {kind}, not real numbers.")
        if array.shape != shape:
            raise ProblemError(f"{self.name}: {label} must return {wanted}. Got shape {array.shape}.")
        return array


def load_user_problem(path: str) -> UserProblem:
    """Run the file and return its objective, tried once at its initial point.

    Args:
        path: a Python file as the module's docstring describes.

    Raises:
        ProblemError: the file is missing, does not run, lacks a name, or its functions do not fit initial_point.
    """
    source = _read(path)
    module = _run(path, source)
    problem = _build(path, source, module)
    _try_at_start(problem)
    return problem


def _read(path: str) -> str:
    file = Path(path)
    if file.suffix != ".py":
        raise ProblemError(f"A problem file must end in .py. Got {path}.")
    if not file.is_file():
        raise ProblemError(f"There is no file {path}. Give the path of a Python file. {_NEEDED}")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"The file {path} cannot be read as text: {error}.") from error


def _run(path: str, source: str) -> types.ModuleType:
    module = types.ModuleType(f"gradlag_user_{digest_of(text=source)[:16]}")
    module.__file__ = str(Path(path).resolve())
    # Dataclasses and pickling look the module up by its name.
    sys.modules[module.__name__] = module
    with _explained(path, "the file does not run"), _importing_from(Path(path).resolve().parent):
        exec(compile(source, module.__file__, "exec"), module.__dict__)
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let the file import its neighbours, as a script does."""
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


def _build(path: str, source: str, module: types.ModuleType) -> UserProblem:
    gradient = _function(path, module, "gradient")
    if gradient is None or not hasattr(module, "initial_point"):
        missing = "gradient" if gradient is None else "initial_point"
        raise ProblemError(f"{path} does not define {missing}. {_NEEDED}")
    exact = not _takes_generator(path, gradient)
    full = gradient if exact else _function(path, module, "full_gradient")
    if full is None:
        raise ProblemError(
            f"{path} defines a stochastic gradient(x, rng) but no full_gradient(x). The bounds speak of the full "
            "gradient: add full_gradient(x), the mean of gradient(x, rng)."
        )
    loss, title = _function(path, module, "loss"), str(getattr(module, "name", path))
    start, given = _initial_point(path, module.initial_point), _given(path, getattr(module, "constants", {}))
    return UserProblem(path, start, title, digest_of(text=source), given, gradient, full, loss, exact)


def _function(path: str, module: types.ModuleType, name: str) -> Callable[..., Any] | None:
    function = getattr(module, name, None)
    if function is not None and not callable(function):
        raise ProblemError(f"{path}: {name} must be a function. Got {type(function).__name__}.")
    return function


def _takes_generator(path: str, gradient: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(gradient)
    except (TypeError, ValueError):
        signature = None
    for arguments in (2, 1):
        try:
            if signature is not None:
                signature.bind(*[None] * arguments)
                return arguments == 2
        except TypeError:
            continue
    raise ProblemError(
        f"{path}: gradient must take (x, rng), or (x) if it is exact. Got {signature or 'no signature'}."
    )


def _real_array(value: Any) -> Vector | None:
    """A copy as float64, since a function may go on writing to what it returned; None if these are no real numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    # bfloat16 and its like are kinds of their own, which are cast to float64 without loss; raw bytes are not.
    like_float = array.dtype.kind == "V" and np.can_cast(array.dtype, np.float64)
    return array.astype(np.float64) if array.dtype.kind in "biuf" or like_float else None


def _initial_point(path: str, value: Any) -> Vector:
    array = _real_array(value)
    if array is None:
        raise ProblemError(f"{path}: initial_point must be a list or array of real numbers. Got {value!r:.60}.")
    point = read_only(array)
    if point.ndim != 1 or point.size == 0 or not np.isfinite(point).all():
        raise ProblemError(
            f"{path}: initial_point must have one dimension and hold finite numbers. "
            f"Got shape {point.shape}{'' if np.isfinite(point).all() else ' with values that are not finite'}."
        )
    return point


def _given(path: str, constants: Any) -> Mapping[str, float]:
    if not isinstance(constants, Mapping):
        raise ProblemError(f"{path}: constants must be a dict such as {{'L': 1.0}}. Got {type(constants).__name__}.")
    return {str(key): _given_value(path, key, value) for key, value in constants.items()}


def _given_value(path: str, key: Any, value: Any) -> float:
    if key not in _CONSTANTS:
        raise ProblemError(f"{path}: constants may hold {', '.join(_CONSTANTS)}. Got {key!r}.")
    sign = "above 0" if key == "L" else "at least 0"
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not _fits(key, float(value)):
        raise ProblemError(f"{path}: the constant {key} must be a finite number {sign}. Got {value!r}.")
    return float(value)


def _fits(key: str, value: float) -> bool:
    return math.isfinite(value) and (value > 0 if key == "L" else value >= 0)


def _try_at_start(problem: UserProblem) -> None:
    start = problem.initial_point
    tries = {"the full gradient": problem.full_gradient(start)}
    if not problem.exact:
        tries["the stochastic gradient"] = problem.stochastic_gradient(start, seed=0, step=1, batch=1)
    if problem.loss_function is not None:
        tries["the loss"] = np.array(problem.loss(start))
    for what, value in tries.items():
        if not np.isfinite(value).all():
            raise ProblemError(f"{problem.name}: {what} is not finite at initial_point. Start where it is.")


@contextmanager
def _explained(path: str, what: str) -> Iterator[None]:
    """Turn an exception of the user's code into one sentence with its place."""
    try:
        yield
    except ProblemError:
        raise
    except SyntaxError as error:
        raise ProblemError(f"{path}, line {error.lineno}: {what}: SyntaxError: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == _full(path)
        ]
        place = f", line {lines[-1]}" if lines else ""
        message = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise ProblemError(f"{path}{place}: {what}: {message}.") from error


def _full(path: str) -> Path:
    return Path(path).resolve()
