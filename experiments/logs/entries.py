"""The entries of a log as numbers: each is read by its digits, and refused in a sentence that names its line."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from experiments.logs.columns import Columns
from experiments.logs.precision import Digits
from experiments.logs.table import Table
from theory.common.errors import DataError
from theory.common.numbers import NUMBER, whole_from_text
from theory.staleness.traces import delays_of

#: Stands for an empty entry among delays; NaN does among norms and step sizes.
NO_DELAY = -1
_LARGEST_WHOLE = 2**53


@dataclass(frozen=True, eq=False)
class LogRows:
    """The columns as they are read, compact enough for millions of rows.

    Args:
        signed: whether norms may be below zero, as products of two half batches may.
        delay: the number in `lags` of the delays of the step, in the order in which they were first seen.
        digits: how precise the norms are.
        names: of the seeds, where the user chose the column of them.
        parts: where a part begins, as the header stands there again.
    """

    signed: bool
    step: array[int] = field(default_factory=lambda: array("q"))
    norm: array[float] = field(default_factory=lambda: array("d"))
    seed: array[int] = field(default_factory=lambda: array("q"))
    delay: array[int] = field(default_factory=lambda: array("q"))
    size: array[float] = field(default_factory=lambda: array("d"))
    lags: dict[tuple[int, ...], int] = field(default_factory=dict)
    digits: Digits = field(default_factory=Digits)
    parts: list[int] = field(default_factory=lambda: [0])
    names: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, columns: Columns) -> LogRows:
        """All rows of a table."""
        rows = cls(columns.product)
        for row in table.rows():
            if row.again:
                rows.parts.append(len(rows.step))
                continue
            rows._append(row.entries, columns, row.where)
        return rows

    def _append(self, entries: Sequence[str], columns: Columns, where: str) -> None:
        """One row: a measurement for each run in it."""
        step, seed, delay, size = (
            "" if at is None else entries[at].strip()
            for at in (columns.step, columns.seed, columns.delay, columns.step_size)
        )
        norms = [entries[at].strip() for at in columns.norms]
        if not any(norms) and not (step and (seed or columns.seed is None)):
            return
        k = _whole(step, "step", where)
        run = 0 if columns.seed is None else self._run(seed, columns.named_seeds, where)
        lag = NO_DELAY if columns.delay is None else self._lag(delay, k, any(norms), where)
        for at, text in enumerate(norms):
            self.step.append(k)
            self.seed.append(at if len(norms) > 1 else run)
            self.norm.append(self._measured(text, where))
            self.delay.append(lag)
            self.size.append(_number(size, "step size", where) if size else math.nan)

    def _run(self, seed: str, named: bool, where: str) -> int:
        """The number of a seed; where the first is a name, all are, counted in the order of their first rows."""
        if named and (self.names or not (self.step or whole_from_text(seed) is not None)):
            return self.names.setdefault(seed, len(self.names))
        return _whole(seed, "seed", where)

    def _lag(self, text: str, step: int, measured: bool, where: str) -> int:
        """The number of the delays of a step; a step has several where it averages gradients of several points."""
        if not text and (step == 0 or not measured):
            return NO_DELAY
        lags = delays_of(text)
        if lags is None or not all(0 <= lag <= _LARGEST_WHOLE for lag in lags):
            _whole(text, "delay", where)  # refused
            raise DataError(f"The delays in {where} must be whole numbers of at least 0. Got {text[:40]!r}.")
        if step == 0 and any(lags):
            raise DataError(f"The delay in {where} must be empty or 0: no step led to x_0. Got {text[:40]}.")
        if step == 0:
            return NO_DELAY
        first = next(iter(self.lags), lags)
        if len(lags) != len(first):
            raise DataError(
                f"The delays in {where} are {len(lags)}, and those of the row before are {len(first)}. Every step must "
                "have as many: one for each gradient that it averages."
            )
        return self.lags.setdefault(lags, len(self.lags))

    def _measured(self, text: str, where: str) -> float:
        if not text:
            return math.nan
        value = _number(text, "grad_product" if self.signed else "grad_norm", where, signed=self.signed)
        if math.isfinite(value):
            self.digits.see(text)
        return value


def _whole(text: str, name: str, where: str) -> int:
    value = whole_from_text(text)
    if value is None or not 0 <= value <= _LARGEST_WHOLE:
        raise DataError(f"The {name} in {where} must be a whole number of at least 0. Got {text[:40]!r}.")
    return value


_INFINITE = ("inf", "infinity", "+inf", "+infinity")
_NAN = (
    " Mixed precision skips a step whose gradient overflowed and writes nan: leave the entry empty (a step that was "
    "not measured) and give the step the size 0 (--schedule @FILE, or a column step_size). A run that diverged has inf."
)
_COMMA = " Write numbers with a decimal point."


def _number(text: str, name: str, where: str, *, signed: bool = False) -> float:
    value = float(text) if NUMBER.fullmatch(text) else math.inf if text.lower() in _INFINITE else math.nan
    if math.isnan(value) or not (signed or value >= 0) or (name == "step size" and math.isinf(value)):
        least = "" if signed else " of at least 0"
        hint = _NAN if text.lower() == "nan" and name != "step size" else _COMMA if "," in text else ""
        raise DataError(f"The {name} in {where} must be a number{least}. Got {text[:40]!r}.{hint}")
    return value
