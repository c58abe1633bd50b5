"""A recorder for any training loop: plain numbers in, and a file that `gradlag check --run` reads."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import TracebackType
from typing import SupportsFloat, TextIO

from theory.common.errors import DataError, EnvironmentFailure

_COLUMNS = ("step", "{}", "seed", "delay", "step_size")


class Recorder:
    r"""Writes what a check needs, a row a step, each on the disk at once.

    In the row of step k stand $\|\nabla F(x_k)\|$, the norm of the full gradient, and the delay and the step size of
    the step that led to x_k. Where the full gradient costs too much, `grad_product` takes its place: the product of the
    gradients of two independent half batches at x_k, whose mean is $\|\nabla F(x_k)\|^2$. No library is needed: numbers
    may be whatever `float` takes, such as an array of one entry.

    Args:
        path: the CSV file.
        seed: which run it is; several seeds may be put into one file, one after the other, with `append`.
        append: go on with a file that is there, as after a resume; by default it is refused.

    Raises:
        DataError: a file that is there already, or a row that no log can hold.
        EnvironmentFailure: a file that cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Recorder(Path(folder) / "log.csv", seed=3) as log:
    ...         x, step_size = 2.0, 0.25
    ...         log.record(0, grad_norm=abs(x))
    ...         for k in range(1, 3):
    ...             x = x - step_size * x
    ...             log.record(k, grad_norm=abs(x), delay=0, step_size=step_size)
    ...     print((Path(folder) / "log.csv").read_text())
    step,grad_norm,seed,delay,step_size
    0,2.0,3,,
    1,1.5,3,0,0.25
    2,1.125,3,0,0.25
    """

    def __init__(self, path: Path | str, *, seed: int = 0, append: bool = False) -> None:
        self._path, self._seed, self._measure, self._last = Path(path), _whole(seed, "seed"), "", -1
        self._fresh = not append
        try:
            self._stream: TextIO = self._path.open("a" if append else "x", encoding="utf-8", newline="\n")
        except FileExistsError:
            raise DataError(
                f"There is a log at {path} already. Choose another name, or append=True to go on."
            ) from None
        except OSError as cause:
            raise EnvironmentFailure(f"The log {path} cannot be written ({cause.strerror}).") from cause

    def record(
        self,
        step: int,
        grad_norm: SupportsFloat | None = None,
        *,
        grad_product: SupportsFloat | None = None,
        delay: int | None = None,
        step_size: SupportsFloat | None = None,
    ) -> None:
        """Write the row of x_k.

        Args:
            step: k, from 0.
            grad_norm: |grad F(x_k)|, of the full gradient; or
            grad_product: the product of the gradients of two independent half batches at x_k. Neither: not measured.
            delay, step_size: of the step that led to x_k; none at k = 0.
        """
        if grad_norm is not None and grad_product is not None:
            raise DataError("A row holds grad_norm or grad_product. Give one of them.")
        norm = _real(grad_norm, "grad_norm", least=0.0) + _real(grad_product, "grad_product")
        entries = (_whole(step, "step"), norm, self._seed, _whole(delay, "delay"))
        row, k = (
            ",".join((*entries, _real(step_size, "step size", least=0.0, most=sys.float_info.max))),
            int(entries[0]),
        )
        if k <= self._last:
            raise DataError(
                f"The steps of a log increase, and after step {self._last} came {k}. A resumed training goes on in a "
                "Recorder of its own with append=True, another run in one with another seed."
            )
        if delay is not None and int(entries[3]) > max(k - 1, 0):
            raise DataError(
                f"The delay of step {k} must be at most {max(k - 1, 0)}, as no older point exists. Got {delay}."
            )
        self._begin("grad_norm" if grad_product is None else "grad_product", grad_norm is None and grad_product is None)
        self._write(row)
        self._last = k

    def close(self) -> None:
        """Close the file; a new one without a row is taken away."""
        self._stream.close()
        if self._fresh and not self._measure:
            self._path.unlink(missing_ok=True)
            self._fresh = False

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, measure: str, empty: bool) -> None:
        """The header, before the first row; a log measures one thing throughout."""
        if self._measure and not empty and measure != self._measure:
            raise DataError(f"The log {self._path} records {self._measure}. A file of its own may record {measure}.")
        if not self._measure:
            self._measure = measure
            self._write(",".join(_COLUMNS).format(measure))

    def _write(self, line: str) -> None:
        if self._stream.closed:
            raise DataError(f"The log {self._path} is closed. Open it again with append=True.")
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except OSError as cause:
            raise EnvironmentFailure(f"The log {self._path} cannot be written ({cause.strerror}).") from cause


def _whole(value: SupportsFloat | None, name: str) -> str:
    if value is None and name == "delay":
        return ""
    number = _number(value, name)
    if not (number >= 0 and number.is_integer()):
        raise DataError(f"The {name} of a row must be a whole number of at least 0. Got {value!r}.")
    return str(int(number))


def _real(value: SupportsFloat | None, name: str, *, least: float = -math.inf, most: float = math.inf) -> str:
    if value is None:
        return ""
    number = _number(value, name)
    if math.isnan(number):
        raise DataError(f"The {name} of a row is no number. Leave it out if it was not measured; inf has diverged.")
    if not least <= number <= most:
        raise DataError(
            f"The {name} of a row must be a {'finite ' * (most < math.inf)}number of at least 0. Got {number!r}."
        )
    return repr(number)


def _number(value: object, name: str) -> float:
    """A number, or an array of one entry; texts and truth values are none, though `float` takes them."""
    if isinstance(value, SupportsFloat) and type(value).__name__ not in ("bool", "bool_"):
        try:
            return float(value)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            pass
    raise DataError(f"The {name} of a row must be one number. Got {repr(value)[:40]}.")
