"""From rows in any order to a table by seed and step, with what had to be decided on the way said in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.logs.entries import NO_DELAY, LogRows
from experiments.logs.log import Norm, TrainingLog
from theory.common.errors import DataError
from theory.common.types import Flags, Floats, Ints

# Every step up to the last has a step size and a delay, recorded or not.
_MOST_STEPS = 20_000_000
# A log that goes back more often is in no order.
_MOST_RESUMES = 1_000


@dataclass(frozen=True, eq=False)
class _Columns:
    """The columns as arrays (N,)."""

    step: Ints
    seed: Ints
    norm: Floats
    delay: Ints
    size: Floats


def arranged(rows: LogRows, kind: Norm, power: int, said: list[str], path: Path | str) -> TrainingLog:
    """The log that rows in any order make; `said` is what was said before, and more is put to it.

    Raises:
        DataError: a step given twice, seeds with different steps, too few or too many steps, delays or step sizes of
            some steps only, several runs one after the other.
    """
    columns = _without_repeats(rows, said, path)
    if rows.names:
        said.append(f"Runs are told apart as {', '.join(f'seed {at} = {name!r}' for name, at in rows.names.items())}.")
    times, seeds = np.unique(columns.step), np.unique(columns.seed)
    first = _first_count(times, np.unique(columns.step[~np.isnan(columns.norm)]), said, path)
    if times[-1] > _MOST_STEPS:
        raise DataError(
            f"The log {path} ends at step {times[-1]:,}, and logs of at most {_MOST_STEPS:,} steps are judged. Check "
            "its column step."
        )
    grid = _grid(columns, times, seeds, path)
    known = ~np.isnan(grid.norm).any(axis=0)
    if known.sum() < 2:
        raise DataError(f"The log {path} has a gradient norm of every seed at fewer than 2 steps. Measure more.")
    if not known.all():
        said.append(f"{int((~known).sum())} of its {times.size} steps have no gradient norm, and are passed over.")
    measured = grid.norm[:, known]
    return TrainingLog(
        times=times[known] - first,
        measured=measured,
        power=power,
        allowance=rows.digits.allowance(measured),
        rounding=rows.digits.rounding(measured),
        overflow=rows.digits.overflow(measured),
        seeds=tuple(int(s) for s in seeds),
        steps=int(times[-1]),
        delays=_delays(grid.delay, rows, times, int(times[known][-1]) - first, path),
        step_sizes=_step_sizes(grid.size, times, said, path),
        norm=kind,
        said=tuple(said),
        source=str(path),
    )


def _without_repeats(rows: LogRows, said: list[str], path: Path | str) -> _Columns:
    """The columns, without rows that a resumed training went through again."""
    whole = [np.array(column, dtype=np.int64) for column in (rows.step, rows.seed, _ordered(rows))]
    real = [np.array(column, dtype=np.float64) for column in (rows.norm, rows.size)]
    parts = np.unique([*rows.parts, *_going_back(whole[0], whole[1], ~np.isnan(real[0]))])
    kept = _resumed(whole[0], whole[1], [int(at) for at in parts], path)
    if not kept.all():
        said.append(f"The log was resumed: {int((~kept).sum())} rows of steps that came again later are left out.")
    step, seed, delay = (column[kept] for column in whole)
    norm, size = (column[kept] for column in real)
    return _Columns(step, seed, norm, delay, size)


def _ordered(rows: LogRows) -> Ints:
    """The delays of each row as their place in the order of all: of several rows of a step the latest counts."""
    places = np.argsort([rows.lags[lags] for lags in sorted(rows.lags)])
    return np.append(places, NO_DELAY)[np.array(rows.delay, dtype=np.int64)]


def _going_back(step: Ints, seed: Ints, measured: Flags) -> Ints:
    """Where a seed goes back to a step that it was at before, its first excepted; none where rows are in no order."""
    rows = np.flatnonzero(measured)
    own = rows[np.argsort(seed[rows], kind="stable")]
    ahead, back = own[:-1], own[1:]
    same = seed[ahead] == seed[back]
    anew = np.concatenate([own[:1], back[~same]])
    back = back[same & (step[back] < step[ahead])]
    if not 0 < back.size <= _MOST_RESUMES:
        return np.array([], dtype=np.int64)
    first = {int(seed[at]): int(step[at]) for at in anew}
    lands = [(step[:at][(seed[:at] == seed[at]) & measured[:at]] == step[at]).any() for at in back]
    again = [step[at] > first[int(seed[at])] for at in back]
    return np.asarray(np.sort(back) if all(lands) and all(again) else back[:0], dtype=np.int64)


def _resumed(step: Ints, seed: Ints, parts: list[int], path: Path | str) -> Flags:
    """Which rows are kept: where a later part goes through steps again, the earlier rows of them are not."""
    kept = np.ones(step.size, dtype=bool)
    for at, first in enumerate(parts[1:], 1):
        end = parts[at + 1] if at + 1 < len(parts) else step.size
        for each in np.unique(seed[first:end]):
            again = int(step[first:end][seed[first:end] == each].min())
            earlier = kept[:first] & (seed[:first] == each)
            if earlier.any() and again <= step[:first][earlier].min():
                raise DataError(
                    f"The log {path} begins anew, at step {again}, so that it holds several runs. Tell them apart by a "
                    "column seed, or give one of them."
                )
            kept[:first] &= ~(earlier & (step[:first] >= again))
    return kept


def _first_count(times: Ints, measured: Ints, said: list[str], path: Path | str) -> int:
    """0 where the row of step k is about x_k, 1 where steps are counted from 1 and it is about x_{k-1}."""
    if measured.size < 2:
        raise DataError(f"The log {path} must hold step 0, the starting point, and at least one later step.")
    if times[0] == 0:
        return 0
    stride = int(np.gcd.reduce(np.diff(measured)))
    if stride > 1 and (measured[0] + 1) % stride == 0:
        said.append(
            f"The log has no step 0; its steps {measured[0]}, {measured[1]}, ... are counted from 0, and row k is read "
            "as the gradient at x_k."
        )
        return 0
    said.append(
        f"The log has no step 0 and begins with {measured[0]}: its steps are counted from 1, and row k is read as the "
        "gradient of step k, at x_{k-1}. If it is the one at x_k, add a row of step 0; its norm may be empty."
    )
    return 1


@dataclass(frozen=True, eq=False)
class _Grid:
    """The columns as arrays (S, times)."""

    norm: Floats
    delay: Ints
    size: Floats


def _grid(rows: _Columns, times: Ints, seeds: Ints, path: Path | str) -> _Grid:
    """Rows by seed and columns by step; a step of a seed may be told in several rows if one of them is measured."""
    shape = seeds.size, times.size
    cells = np.searchsorted(seeds, rows.seed) * times.size + np.searchsorted(times, rows.step)
    _refuse_gaps(cells, times, seeds, path)
    counts = np.bincount(cells[~np.isnan(rows.norm)], minlength=shape[0] * shape[1])
    twice = np.flatnonzero(counts > 1)
    if twice.size:
        step, seed = times[twice[0] % times.size], seeds[twice[0] // times.size]
        raise DataError(
            f"The log {path} gives step {step} of seed {seed} twice. Keep one row, or tell runs apart: --columns "
            "seed=NAME."
        )
    norm, size = (np.full(counts.size, np.nan) for _ in range(2))
    delay = np.full(counts.size, NO_DELAY)
    np.fmax.at(norm, cells, rows.norm)
    np.fmax.at(size, cells, rows.size)
    np.maximum.at(delay, cells, rows.delay)
    return _Grid(norm.reshape(shape), delay.reshape(shape), size.reshape(shape))


def _refuse_gaps(cells: Ints, times: Ints, seeds: Ints, path: Path | str) -> None:
    """Refuse a seed that lacks a step, before there is room for every seed at every step."""
    counts = np.bincount(np.unique(cells) // times.size, minlength=seeds.size)
    short = np.flatnonzero(counts < times.size)
    if short.size:
        own = times[cells[cells // times.size == short[0]] % times.size]
        lacking = np.setdiff1d(times, own)[0]
        raise DataError(
            f"Seed {seeds[short[0]]} of the log {path} lacks step {lacking}. All seeds need the same steps."
        )


def _delays(delay: Ints, rows: LogRows, times: Ints, last: int, path: Path | str) -> Ints | None:
    """d_1..d_T of each seed, (S, T), or (S, T, B) where a step has several."""
    if (delay[:, times > 0] == NO_DELAY).all():
        return None
    within = (times >= 1) & (times <= last)
    if within.sum() < last or (delay[:, within] == NO_DELAY).any():
        raise DataError(
            f"The log {path} has delays but not every step, so that the delays between are missing. Record every step, "
            "or leave the column out and give all delays with --delays-file."
        )
    lags = np.array(sorted(rows.lags), dtype=np.int64)
    return (lags[:, 0] if lags.shape[1] == 1 else lags)[delay[:, within]]


def _step_sizes(size: Floats, times: Ints, said: list[str], path: Path | str) -> Floats | None:
    """eta_1, eta_2, ..., NaN where no row has one: row k has eta_k, or eta_{k+1} if the row of step 0 has one.

    One that is the same in all rows is taken to be that of every step.
    """
    known = size[~np.isnan(size)]
    if not known.size:
        return None
    if (known == known[0]).all():
        return np.full(int(times[-1]), known[0])
    if not ((size == size[0]) | np.isnan(size)).all():
        raise DataError(f"The seeds of the log {path} have different step sizes. Judge them one by one.")
    ahead = int(times[0] == 0 and not np.isnan(size[0, 0]))
    sizes = np.full(int(times[-1]) + 2, np.nan)
    sizes[times + ahead] = size[0]
    said.append(f"The step size in row k is read as that of step k{' + 1' if ahead else ''}.")
    return sizes[1 : int(times[-1]) + 1]
