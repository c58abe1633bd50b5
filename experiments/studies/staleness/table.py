"""The sizes of the staleness study as a table for readers: `python -m experiments.studies.staleness.table paper`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from experiments.studies.staleness.cells import WorkerCell, model_of
from experiments.studies.staleness.groups import can_scan, grouped, predicted_memory
from experiments.studies.staleness.study import FIGURES, all_cells

#: What further columns tell of cells.
_COLUMNS: Mapping[str, Callable[[WorkerCell], object]] = {
    "workers": lambda cell: cell.workers,
    "extra delays": lambda cell: cell.extra_delay,
    "optimisers": lambda cell: cell.optimizer,
    "iterations": lambda cell: cell.iterations,
    "evaluated every": lambda cell: cell.evaluate_every,
    "seeds": lambda cell: cell.seeds,
    "target": lambda cell: f"{cell.metric} {cell.side} {cell.level:g}" if cell.level is not None else "none",
}


def sizes_table(scale: str) -> str:
    """What every figure runs at a scale, in Markdown; cells of an earlier figure are not told again."""
    seen: set[WorkerCell] = set()
    rows: list[Sequence[str]] = []
    for figure, build in FIGURES.items():
        fresh = [cell for cell in build(scale) if cell not in seen]
        seen.update(fresh)
        kinds: dict[object, list[WorkerCell]] = {}
        for cell in fresh:
            kinds.setdefault((model_of(cell.workload)[0], cell.level is None, min(cell.lags, 1)), []).append(cell)
        for cells in kinds.values():
            workloads = _told(cell.workload for cell in cells)
            rows.append((figure, workloads, str(len(cells)), *(_told(map(read, cells)) for read in _COLUMNS.values())))
    return _markdown(("figure", "workloads", "cells", *_COLUMNS), rows)


def memory_table(scale: str) -> str:
    """The predicted memory of the largest group of every network, in Markdown; it needs the data, and JAX."""
    cells = tuple(filter(can_scan, all_cells(scale)))
    largest: dict[str, tuple[int, int]] = {}
    for group in grouped(cells):
        found = predicted_memory(group), len(group) * group[0].seeds
        largest[group[0].workload] = max(found, largest.get(group[0].workload, (0, 0)))
    rows = [(workload, str(lanes), f"{size / 1e9:.2g} GB") for workload, (size, lanes) in largest.items()]
    return _markdown(("network", "lanes of the largest group", "memory"), rows)


def _told(values: Iterable[object]) -> str:
    """Each once; whole numbers in their order."""
    once = list(dict.fromkeys(values))
    return ", ".join(map(str, sorted(once) if all(isinstance(value, int) for value in once) else once))  # type: ignore[type-var]


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    _scale = sys.argv[1] if len(sys.argv) > 1 else "paper"
    print(sizes_table(_scale), memory_table(_scale), sep="\n\n")
