"""A training log is read from a file: what its columns are, what its norms are of, and how it was trained."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from experiments.logs.arranging import arranged
from experiments.logs.columns import Columns, choose, trained_otherwise
from experiments.logs.entries import LogRows
from experiments.logs.log import Norm, TrainingLog
from experiments.logs.table import Table, read_table
from theory.common.errors import DataError, InputError

#: The methods that a log can be of; the bounds are about the first.
OPTIMIZERS = ("sgd", "momentum", "adam", "clipping")


def read_log(
    path: Path | str,
    *,
    norm: str | None = None,
    columns: Mapping[str, str] | None = None,
    squared: bool = False,
    optimizer: str | None = None,
) -> TrainingLog:
    """Read a training log.

    Args:
        path: CSV with any usual delimiter, JSON lines, or JSON; see the heads of this module and of table.py.
        norm: full or minibatch; needed unless the columns are named as gradlag documents them.
        columns: which column holds what, by role (step, grad_norm, grad_product, seed, delay, step_size).
        squared: whether the norms are squared.
        optimizer: what the training used, sgd, momentum, adam or clipping; by default what the file shows.

    Returns:
        Its numbers, rows by seed and columns by step.

    Raises:
        DataError: no file, no text, no such columns, an entry that is no number, a NaN, a negative norm, a step given
            twice, seeds with different steps, fewer than two measured steps, a training that no bound covers.
        InputError: it is not said whether the norms are of the full gradient.
    """
    table = read_table(path)
    chosen = choose(table.header, columns or {}, table.form, path)
    kind = _kind(norm, chosen, path)
    _refuse_other_methods(table, optimizer, path)
    rows = LogRows.of(table, chosen)
    power = 2 if squared or chosen.squared or chosen.product else 1
    silent = () if optimizer is not None else (_NOT_SAID,)
    return arranged(rows, kind, power, [*chosen.said, *silent, *_cut(path, table.form)], path)


_NOT_SAID = (
    "How it was trained does not show, and is assumed to be plain SGD: no bound covers momentum, Adam or clipping. "
    "If it was plain SGD, say so with --optimizer sgd."
)
_CUT = "The last line of the log has no line end: if the file was cut there, its last number is not what was logged."


def _cut(path: Path | str, form: str) -> tuple[str, ...]:
    """Whether a CSV does not end with a line end, as a file that was written to its end usually does."""
    if form != "CSV":
        return ()
    with Path(path).open("rb") as stream:
        stream.seek(-1, io.SEEK_END)
        return () if stream.read(1) in (b"\n", b"\r") else (_CUT,)


def _kind(norm: str | None, columns: Columns, path: Path | str) -> Norm:
    if columns.product:
        return Norm.PRODUCT
    if norm in (Norm.FULL, Norm.MINIBATCH):
        return Norm(norm)
    if norm is not None:
        raise InputError(f"--norm says what the gradient norms of a log are of, full or minibatch. Got {norm!r}.")
    if columns.documented:
        return Norm.FULL
    raise InputError(
        f"The log {path} looks like one of a logger, and most loggers write the norm of a minibatch gradient, where "
        "the theorems speak of the full one. Say which it holds: --norm minibatch or --norm full."
    )


_METHODS = {
    "momentum": "momentum",
    "adam": "Adam or one of its kind",
    "clipping": "clipped gradients",
    "decay": "a decay of the weights",
}


def _refuse_other_methods(table: Table, optimizer: str | None, path: Path | str) -> None:
    """Refuse a log of a method that no bound is about, by what the user says or else by what the file shows."""
    if optimizer is not None and optimizer not in OPTIMIZERS:
        raise InputError(f"--optimizer says what a log is of: {', '.join(OPTIMIZERS)}. Got {optimizer!r}.")
    if optimizer == OPTIMIZERS[0]:
        return
    first = next((row.entries for row in table.rows()), [""] * len(table.header))
    shown = trained_otherwise(table.header, first) if optimizer is None else ("", optimizer)
    if shown is not None:
        name = _METHODS[shown[1]]
        seen = f"The column {shown[0]!r} of the log {path} shows" if shown[0] else "--optimizer says"
        plain = " If the steps were plain after all, say so with --optimizer sgd." if shown[0] else ""
        raise DataError(
            f"{seen} that the training used {name}. No bound covers that: all of them are about plain steps, "
            f"x less the step size times a gradient.{plain}"
        )
