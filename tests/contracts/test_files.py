"""Contract: stored files. One file of every schema, as it was written, is read with the numbers that are in it.

`files/` stays as it is. Where one is missing, GOLDEN=write makes it (a new schema, for instance) with what is here.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradlag as gl
from experiments.check.calibration.calibrate import calibrate, reference_quadratics
from experiments.check.worst_case_values import keep_rungs, settings_of, stored_rungs
from experiments.runs.recorded_trace import ServerTrace, load_trace, save_trace
from experiments.servers.job import load_run
from experiments.studies import STUDIES
from experiments.studies.adaptive import ADAPTIVE, AdaptiveCell
from experiments.studies.asynchronous import ASYNC, AsyncCell
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import STALENESS
from experiments.studies.systems.counter_momentum.cells import RealCell
from experiments.studies.systems.ds_sync.cells import ClockCell, TrainedCell
from experiments.studies.systems.fed_influence.cells import CleansingCell, FederatedTask, InfluenceCell
from experiments.studies.systems.fleet.bounded import BoundCell
from experiments.studies.systems.fleet.profiling import ProfilerCell
from experiments.studies.systems.fleet.streaming import OnlineCell
from experiments.studies.systems.fleet.training import StepsCell, TailCell
from experiments.studies.systems.focus.cells import FocusCell
from experiments.studies.systems.gaia.cells import GaiaCell, RegretCell
from experiments.studies.systems.skewscout.cells import SkewCell
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.studies.systems.topk.cells import TrainedCell as CompressedCell
from experiments.studies.systems.topk.cells import VectorsCell
from experiments.studies.theorem_step.store import THEOREM_STEPS
from experiments.studies.theorem_step.study import TheoremStepCell
from experiments.studies.worst_cases.certified_witness import WitnessCell
from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.designs import DesignCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import LimitCell
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.executor import run_cells
from experiments.sweep.run_store import RUNS, Cell
from experiments.sweep.store import Store
from figures.report.sections import faults
from figures.report.sections.calibration import read_calibration
from theory.common.errors import StoreError

RUN = "run --problem nonconvex:d=2 --schedule 1/(s*L*sqrt(k)) --staleness 2 --steps 6 --seeds 2 --constants mu=0.5"
SERVER = "async --problem quadratic:d=3 --schedule 1/(2*s*L) --workers 2*exponential:mean=1 --virtual --steps 20"
QUESTIONS = (
    "--schedule 1/(2*L) --staleness 2 --steps 3",
    "--schedule mu/(s*L*sqrt(k)) --staleness 1 --steps 2 --coherence 0.5 --constants mu=0.5",
    "--schedule 0.25/L --staleness 2 --steps 2 --variance 0.5 --measure mean --gap 3",
)

# One cell of each sort, as small as they come.
SWEPT = (Cell("tiny", "quadratic:d=3", "1/(s*L)", 2, 6, seeds=4, constants={"mu": 0.5}),)
TRAINED = (
    WorkerCell("fig1", "mlr", workers=2, extra_delay=1, iterations=6, batch=4, evaluate_every=2, seeds=2, level=0.3),
    WorkerCell("fig6", "mlr:bits=64", 1, 0, 8, "adam", (0.001,), 4, "geometric:mean=1", 4, lags=2, sample=50, seeds=1),
)
STEPPED = (TheoremStepCell("mlr:bits=64", 2, "sqrt-k", 0.5, batches=8, seeds=2, batch=4, evaluate_every=4, sample=40),)
QUESTIONED = (
    GrowthCell("theorem-1", 2, 4),
    PatternCell("constant", 0.5, 2, 3),
    SawtoothCell(0.5, 3, 2, 4),
    LimitCell(1, points=3),
    DesignCell("theorem-a", 2, 3),
    WitnessCell("theorem-1", 2, 4),
)
SERVED = (AsyncCell("late", "quadratic:d=3", "1/(2*s*L)", "2*exponential:mean=1", 12, 2, 8, 6, stretch=1.0),)
RACED = (AdaptiveCell("heavy", "quadratic:d=3", 1, 30, 0.5, 5, seeds=2, tuning=2),)
RELATED = (
    TrainedCell(
        "grid", "problem:nonconvex:d=2", 1.0, 4, 2, steps=12, batch=1, seeds=2, tuning=1, step_sizes=(0.5, 0.25)
    ),
    TrainedCell("stale", "dnn:width=2", 100, 4, 2, steps=4, batch=2, seeds=1, tuning=0, step_sizes=(0.1,)),
    ClockCell("random", "stragglers", 4, 2, steps=6, seeds=2),
    StepsCell("adasgd", "D1", seeds=1, tuning=1, updates=40, every=20, steps=2),
    TailCell("boosted", "D1", seeds=1, tuning=1, updates=40, every=20, steps=2),
    ProfilerCell("energy", seeds=1, devices=4, models=2, tasks=2),
    OnlineCell(seeds=1, tuning=1, days=2, steps=2),
    BoundCell("inverse", "D1", seeds=2, updates=20),
    CompressedCell(
        "top-k", "problem:nonconvex:d=8", 0.25, 2, 12, 1, seeds=2, tuning=1, records=4, step_sizes=(0.5, 0.25)
    ),
    VectorsCell("signs", 1000, 2),
    InfluenceCell("many", FederatedTask("synthetic", 3, 2, 1, 3, 0.5, 0.1), ("basic", "lwet-fisher"), 2, 1),
    CleansingCell(FederatedTask("synthetic", 4, 2, 1, 3, 0.5, 0.1, 1), "lwet-client", 2, 2, 1, 1),
    FocusCell("made", 200, 0, target=0.5),
    GaiaCell("gaia", "problem:nonconvex:d=2", 6, 1, 1e3, seeds=2, tuning=1, step_sizes=(0.5, 0.25)),
    RegretCell("problem:quadratic:d=2", 1, False, 3, 0.05, 0.05, 1, seeds=1),
    SkewCell("scout-gaia", 0, 100.0, (4,), "batch", 20, 10, seeds=2, tuning=1, step_sizes=(0.5, 0.125)),
    RealCell("nonconvex:d=2", 0, "trace:even", 1, 4, seeds=1, tuning=1, scales=(1.0, 2.0), records=2),
)

#: Sort of cell -> cells, and what turns them into files.
CELLS: dict[str, tuple[Sequence[Any], Store[Any]]] = {
    "sweep": (SWEPT, RUNS),
    "staleness": (TRAINED, STALENESS),
    "theorem-step": (STEPPED, THEOREM_STEPS),
    "worst-case": (QUESTIONED, SOLVED),
    "async": (SERVED, ASYNC),
    "adaptive": (RACED, ADAPTIVE),
    "systems": (RELATED, SYSTEM_RESULTS),
}
LOADED = [sort for sort in CELLS if sort != "sweep"]
FAULTS = {"fault": "a kill", "injected": 3, "survived": 3, "lost": 0, "redone": 1, "seconds": 2.5, "skipped": ""}


def write_missing(gradlag: Callable[..., Any], files: Path, folder: Path) -> None:
    """Make every file that is not there, with today's code."""
    results = files / "results"
    for cells, store in CELLS.values():
        assert not [each.error for each in run_cells(store, cells, results, command="gradlag") if each.error]
    if not (files / "run.nc").exists():
        assert gradlag(*RUN.split(), "--out", files / "run.nc", folder=folder).status == 0
    if not (files / "served.nc").exists():
        assert gradlag(*SERVER.split(), "--out", files / "served.nc", folder=folder).status == 0
    if not (files / "trace.nc").exists():
        save_trace(timed_trace(), files / "trace.nc")
    for number, question in enumerate(QUESTIONS):
        if not (files / f"witness-{number}.txt").exists():
            gradlag("worst-case", *question.split(), "--certify", "c.txt", "--out", "w", folder=folder)
            shutil.copy(folder / "c.txt", files / f"certificate-{number}.txt")
            shutil.copy(folder / "w" / "worst-case.witness.txt", files / f"witness-{number}.txt")
    run = gl.load(RUNS.path(SWEPT[0], results))
    keep_rungs(settings_of([run], [1, 3, 6]), results)
    if not (results / "calibration.json").exists():
        table = calibrate(repetitions=20, seeds=(8,), quadratics=reference_quadratics()[:1])
        (results / "calibration.json").write_text(json.dumps(asdict(table)))
    if not (results / "faults.json").exists():
        counts = {"schema": "gradlag-faults/1", "seed": 0, "rows": [FAULTS], "all": {**FAULTS, "fault": "all"}}
        (results / "faults.json").write_text(json.dumps(counts, indent=1))


def timed_trace() -> ServerTrace:
    """A trace with workers, times and draws."""
    return ServerTrace(
        delays=np.array([0, 1, 0]),
        workers=np.array([0, 1, 0]),
        read_at=np.array([0.0, 0.0, 1.0]),
        applied_at=np.array([0.5, 1.0, 1.5]),
        samples=np.array([0, 1, 2]),
        count=2,
        source="ray",
        description="two workers",
    )


@pytest.fixture(scope="module")
def stored(gradlag, files, writing, tmp_path_factory):
    """The files, made now where they are missing and goldens are written."""
    if writing:
        write_missing(gradlag, files, tmp_path_factory.mktemp("written"))
    return files


@pytest.fixture(scope="module")
def results(stored, tmp_path_factory):
    """A copy of the folder of results."""
    return Path(shutil.copytree(stored / "results", tmp_path_factory.mktemp("copied") / "results"))


def numbers(values: Any) -> Any:
    """Arrays as JSON has them; what is not finite as text."""
    if isinstance(values, np.ndarray):
        return numbers(values.tolist())
    if isinstance(values, list):
        return [numbers(each) for each in values]
    return values if not isinstance(values, float) or math.isfinite(values) else str(values)


def test_a_run_is_read_with_its_numbers_and_its_key(golden, stored):
    run = gl.load(stored / "run.nc")
    now = {name: numbers(run.data[name].values) for name in run.data.data_vars}
    now |= {"key": run.configuration.key, "command": run.configuration.command}
    now |= {name: str(value) for name, value in run.data.attrs.items() if name in ("schema", "digest", "constants")}
    written = golden("files.json", "run.nc", now)
    assert {name: now.get(name) for name in written} == written


def test_the_command_takes_a_stored_run_as_it_is(gradlag, stored, tmp_path):
    shutil.copy(stored / "run.nc", tmp_path / "run.nc")
    told = gradlag(*RUN.split(), "--out", "run.nc", "--json", folder=tmp_path)
    assert told.status == 0
    assert (tmp_path / "run.nc").read_bytes() == (stored / "run.nc").read_bytes()
    other = gradlag(*RUN.replace("--steps 6", "--steps 7").split(), "--out", "run.nc", "--json", folder=tmp_path)
    assert other.status == 2 and "holds the run of another configuration" in other.json["error"]


@pytest.mark.parametrize("file", ["served.nc", "trace.nc"])
def test_a_trace_is_read_with_its_numbers(golden, stored, file):
    trace = load_trace(stored / file)
    names = ("delays", "workers", "read_at", "applied_at", "samples")
    now = {name: numbers(getattr(trace, name)) for name in names} | {
        "count": trace.count,
        "source": trace.source,
        "description": trace.description,
        "digest": trace.digest,
    }
    if file == "served.nc":
        run = load_run(stored / file)
        parts = ("step_sizes", "time", "gradient_norm_squared", "loss", "final")
        now |= {f"run {name}": numbers(getattr(run, name)) for name in parts}
        now |= {"run described": dict(run.described), "run diverged_at": int(run.diverged_at)}
    written = golden("files.json", file, now)
    assert {name: now.get(name) for name in written} == written


@pytest.mark.parametrize("sort", CELLS)
def test_stored_cells_are_where_they_are_looked_for_and_are_not_computed_again(results, stored, sort):
    cells, store = CELLS[sort]
    outcomes = run_cells(store, cells, results, command="gradlag")
    assert [(each.error, each.notes) for each in outcomes] == [(None, ())] * len(cells)
    for cell, outcome in zip(cells, outcomes, strict=True):
        assert outcome.path == store.path(cell, results)
        before = stored / "results" / outcome.path.relative_to(results)
        assert outcome.path.read_bytes() == before.read_bytes()


@pytest.mark.parametrize("sort", LOADED)
def test_stored_cells_are_read_with_the_numbers_that_are_in_the_file(results, sort):
    files = sorted((results / sort).glob("*.json"))
    contents = [json.loads(path.read_text()) for path in files]
    loaded = CELLS[sort][1].load_all(results)
    assert len(loaded) == len(files) == len(CELLS[sort][0])
    assert {each.cell for each in loaded} == set(CELLS[sort][0])
    for found, content in zip(loaded, contents, strict=True):
        assert dict(found.values) == content["values"]
        assert dict(found.versions) == content["versions"]
        assert json.loads(json.dumps(asdict(found.cell))) == content["cell"]
        assert (found.seconds, found.command) == (content["seconds"], content["command"])


@pytest.mark.parametrize("sort", LOADED)
def test_an_altered_cell_is_refused(stored, sort, tmp_path):
    cells, store = CELLS[sort]
    path = store.path(cells[0], Path(shutil.copytree(stored / "results", tmp_path / "results")))
    path.write_text(path.read_text().replace('"seconds": ', '"seconds": 1'))
    with pytest.raises(StoreError):
        store.load_all(tmp_path / "results")


def test_worst_cases_beside_runs_are_found_under_their_digest(results):
    run = gl.load(RUNS.path(SWEPT[0], results))
    (path,) = (results / "worst-cases").glob("*.json")
    found = stored_rungs(settings_of([run], [1, 3, 6]), [results])
    values = json.loads(path.read_text())["values"]
    assert {name: {str(t): v for t, v in each.items()} for name, each in found.values.items()} == values


def test_calibration_and_faults_are_read(results):
    assert dict(read_calibration(results)) == json.loads((results / "calibration.json").read_text())
    section = next(faults.sections(results)).opening
    assert "a kill" in section and '<td class="number">3</td>' in section


def test_three_figures_are_drawn_from_the_same_runs():
    assert STUDIES["ladder"].build == STUDIES["slack"].build == STUDIES["coherence"].build


@pytest.mark.parametrize("study", [name for name in STUDIES if name not in ("slack", "coherence")])
def test_the_files_of_every_study_keep_their_names(golden, study):
    """At the scale quick one by one; of the larger ones a digest."""
    chosen = STUDIES[study]
    now: dict[str, Any] = {}
    for scale in chosen.scales:
        found = sorted(chosen.store.path(cell, Path()).as_posix() for cell in chosen.cells(scale))
        now[scale] = found if scale == "quick" else [len(found), sha256("\n".join(found).encode()).hexdigest()]
    assert golden("cells.json", study, now) == now


@pytest.mark.long  # ten seconds of drawing; that the files are read is tested above
def test_the_report_is_rebuilt_from_the_stored_results(gradlag, results):
    told = gradlag("report", "--out", results, "--json", folder=results)
    assert told.status == 0, told.out
    page = Path(told.json["report"]).read_text()
    assert "a kill" in page
    (run,) = (results / "cells").glob("*.nc")
    assert gl.load(run).configuration.key[:12] in page
    assert str(json.loads((results / "calibration.json").read_text())["repetitions"]) in page
