"""Small right files of every sort, made by the library itself; what mutations start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from experiments.runs.configuration import Configuration
from experiments.runs.recorded_trace import ServerTrace, save_trace, trace_of_delays
from experiments.runs.run import MEASURED, build_run
from experiments.runs.store import save
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import STALENESS
from experiments.studies.systems.ds_sync.cells import ClockCell, TrainedCell
from experiments.studies.systems.fleet.training import StepsCell
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.studies.worst_cases.delay_patterns import SawtoothCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import LimitCell
from experiments.studies.worst_cases.store import SOLVED, SolvedCell
from experiments.sweep.json_store import CellResult
from theory.worst_case.asking import ask
from theory.worst_case.certificate.certify import certify
from theory.worst_case.solve import worst_case
from theory.worst_case.witness import file as witness_file
from theory.worst_case.witness.find import witness

_WORST_CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("1/(2*L)", {"staleness": 2, "steps": 3}),
    ("mu/(s*L*sqrt(k))", {"staleness": 1, "steps": 2, "coherence": 0.5, "constants": {"mu": 0.5}}),
    ("0.25/L", {"staleness": 2, "steps": 2, "variance": 0.5, "measure": "mean", "gap": 3.0}),
)


def write_valid_files(folder: Path) -> None:
    """Files KIND-NUMBER.SUFFIX of each kind."""
    _texts(folder)
    _runs(folder)
    _cells(folder)
    _traces(folder)
    _worst_cases(folder)
    _data(folder)


def _texts(folder: Path) -> None:
    for number, delays in enumerate(([0, 1, 2, 3, 0, 1, 2, 3, 4, 4], [0] * 5, [0, 1] + [1] * 40)):
        (folder / f"delays-{number}.txt").write_text("".join(f"{delay}\n" for delay in delays))
    (folder / "delays-several.txt").write_text("0 0\n1 0\n" + "0 2\n2 1\n" * 3)
    for number, steps in enumerate(([0.5, 0.25, 1e-3], [0.0, 3.0], [1 / k for k in range(1, 30)])):
        (folder / f"steps-{number}.txt").write_text("".join(f"{step!r}\n" for step in steps))
    plain = "".join(f"{k},{2 * 0.5**k!r}\n" for k in range(9))
    (folder / "log-0.csv").write_text(f"step,grad_norm\n{plain}")
    rows = [f"{k},{1 / (k + 1 + seed)!r},{seed},{min(k - 1, 2) if k % 2 else 0}\n" for seed in (0, 7) for k in range(7)]
    (folder / "log-1.csv").write_text("step,grad_norm,seed,delay\n" + "".join(rows))
    (folder / "log-2.csv").write_text('"note",grad_norm, step\n"a, b",1.5,0\n"",1e-3,10\nx,0,20\n')


def _runs(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number, (seeds, steps) in enumerate((((7, 8), 5), ((0,), 1))):
        plan = Configuration("nonconvex", "1/(s*L)", 2, steps=steps, seeds=seeds, batch=1)
        series = {each.name: rng.random((len(seeds), steps + 1)) for each in MEASURED[:-1]}
        measured: dict[str, Any] = series | {"time": np.arange(steps + 1), "diverged_at": [-1] * len(seeds)}
        run = build_run(plan, step_sizes=[0.5] * steps, delays=[0] * steps, constants={}, measured=measured)
        save(run, folder / f"run-{number}.nc")


def _cells(folder: Path) -> None:
    """Cells with made-up values: what is tried here is how files of theirs are read."""
    versions, out = {"gradlag": "0.1.0"}, folder / "cells"
    worker = WorkerCell("fig1", "mlr", workers=2, extra_delay=1, iterations=5, seeds=2)
    values = {"batches": [1.0, None], "last": [0.5, 0.25], "curve": [[0.1, None]], "digest": "d", "step_size": 0.01}
    path = STALENESS.save(CellResult(worker, values, versions, 1.5, "gradlag"), out)
    path.rename(folder / "staleness-0.json")
    cells: tuple[SolvedCell, ...] = (
        SawtoothCell(0.5, 3, 2, 4),
        GrowthCell("theorem-1", 2, 4),
        LimitCell(1),
    )
    for number, cell in enumerate(cells):
        result = CellResult(cell, {"value": 0.5, "ratio": [1.0, None, "x"]}, versions, 2.0, "gradlag")
        SOLVED.save(result, out).rename(folder / f"worst-case-{number}.json")
    related = (
        TrainedCell("grid", "problem:nonconvex:d=2", 1.0, 4, 2, steps=9, batch=1, seeds=2, tuning=1),
        ClockCell("stale", "even", 4, 2, steps=9, seeds=2),
        StepsCell("inverse", "D1", seeds=1, tuning=1, updates=9, every=3),
    )
    for number, each in enumerate(related):
        made = CellResult(each, {"seconds": [0.5, 0.25], "curves": [[1.0, None]]}, versions, 2.0, "gradlag")
        SYSTEM_RESULTS.save(made, out).rename(folder / f"system-{number}.json")


def _traces(folder: Path) -> None:
    save_trace(trace_of_delays([0, 1, 1, 2]), folder / "trace-0.nc")
    timed = ServerTrace(
        delays=np.array([0, 1, 0]),
        workers=np.array([0, 1, 0]),
        read_at=np.array([0.0, 0.0, 1.0]),
        applied_at=np.array([0.5, 1.0, 1.5]),
        samples=np.array([0, 1, 2]),
        count=2,
        source="ray",
        description="two workers",
    )
    save_trace(timed, folder / "trace-1.nc")


def _worst_cases(folder: Path) -> None:
    for number, (schedule, options) in enumerate(_WORST_CASES):
        solution = worst_case(ask(schedule, **options).question)
        (folder / f"certificate-{number}.txt").write_text(certify(solution).text, encoding="ascii")
        found = witness(solution)
        if found is not None:
            witness_file.write(folder / f"witness-{number}.txt", found)


def _data(folder: Path) -> None:
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(12, 3)), np.arange(12) % 2
    with (folder / "data-0.npz").open("wb") as stream:
        np.savez(stream, features=features, labels=labels)
    with (folder / "data-1.npz").open("wb") as stream:
        np.savez_compressed(stream, features=features.astype(np.float32), labels=labels.astype(np.int8))
