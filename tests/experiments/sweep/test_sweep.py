"""A sweep gives the same files in any order and any number of processes, again and again."""

import io
import multiprocessing
import os
from dataclasses import replace
from itertools import product

import pytest

from experiments.common.progress import Lines, each_with, reporting
from experiments.runs.execute import parts_folder_of
from experiments.runs.store import load
from experiments.studies import SCALES, STUDIES, get_study
from experiments.studies.ladder import STALENESSES, horizon_grid
from experiments.sweep import run_store
from experiments.sweep.executor import run_cells
from experiments.sweep.run_store import RUNS, Cell, cell_path
from theory.common.errors import InputError, StoreError
from theory.schedules.schedule import parse_schedule

CELLS = tuple(
    Cell(f"tiny-s{s}", "quadratic:d=5", "1/(s*L*sqrt(k))", staleness=s, steps=10, seeds=10, delays="uniform")
    for s in (1, 2, 3)
)
BROKEN = Cell("broken", "quadratic:d=5", "1/(s*L*", staleness=2, steps=10)


def files(out) -> list[str]:
    return sorted(path.name for path in (out / "cells").iterdir())


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return {
        outcome.cell.name: load(outcome.path)
        for outcome in run_cells(RUNS, CELLS, tmp_path_factory.mktemp("reference"))
    }


def test_a_sweep_has_one_file_per_different_cell(tmp_path):
    outcomes = run_cells(RUNS, CELLS + CELLS[:1], tmp_path)
    assert [outcome.cell for outcome in outcomes] == list(CELLS)
    assert files(tmp_path) == sorted(outcome.path.name for outcome in outcomes)
    assert all(outcome.path.name.startswith(f"{outcome.cell.name}-") for outcome in outcomes)


def test_order_and_processes_do_not_matter(tmp_path, reference):
    broken, *outcomes = run_cells(RUNS, (BROKEN, *CELLS[::-1]), tmp_path, jobs=2)
    assert broken.path is None and broken.error.startswith(RUNS.run(BROKEN, tmp_path).error.rstrip("."))
    assert [outcome.cell for outcome in outcomes] == list(CELLS[::-1])
    for outcome in outcomes:
        assert load(outcome.path).identical(reference[outcome.cell.name])
    assert not multiprocessing.active_children()


def test_an_interrupted_sweep_goes_on_and_ends_in_the_same_files(tmp_path, reference):
    def press(done: int, total: int) -> None:
        if done > 110:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cells(RUNS, CELLS, tmp_path, progress=press)
    finished = [name for name in files(tmp_path) if name.endswith(".nc") and not name.startswith(".")]
    assert len(finished) == 1
    seen = []
    for outcome in run_cells(RUNS, CELLS, tmp_path, progress=lambda done, total: seen.append(done)):
        assert load(outcome.path).identical(reference[outcome.cell.name])
    assert seen == sorted(seen) and seen[-1] == 300
    assert len(files(tmp_path)) == 3


def test_an_interrupted_sweep_ends_its_processes(tmp_path):
    def press(done: int, total: int) -> None:
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cells(RUNS, CELLS, tmp_path, jobs=2, progress=press)
    assert not multiprocessing.active_children()


def test_finished_cells_are_taken_and_damaged_ones_run_again(tmp_path, reference):
    kept, damaged, _ = run_cells(RUNS, CELLS, tmp_path)
    before = kept.path.read_bytes()
    damaged.path.write_bytes(damaged.path.read_bytes()[:1000])
    told: list[str] = []
    for outcome in run_cells(RUNS, CELLS, tmp_path, announce=told.append):
        assert load(outcome.path).identical(reference[outcome.cell.name])
    assert kept.path.read_bytes() == before
    assert len(told) == 1 and damaged.path.name in told[0] and "run again" in told[0]


def test_a_cell_that_fails_does_not_stop_the_others(tmp_path):
    told: list[str] = []
    outcomes = run_cells(RUNS, (BROKEN, *CELLS[:2]), tmp_path, announce=told.append)
    assert [outcome.path is None for outcome in outcomes] == [True, False, False]
    assert outcomes[0].error and told == [f"The cell broken failed: {outcomes[0].error}"]
    log = tmp_path / "logs" / "broken.log"
    assert str(log) in outcomes[0].error and "Traceback" in log.read_text() and "ScheduleError" in log.read_text()


def test_a_log_goes_when_its_cell_is_there(tmp_path, monkeypatch):
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(run_store, "run_to_file", full)
        assert "No space left" in run_cells(RUNS, CELLS[:1], tmp_path)[0].error
    assert len(list((tmp_path / "logs").iterdir())) == 1
    assert run_cells(RUNS, CELLS[:1], tmp_path)[0].path.exists()
    assert not list((tmp_path / "logs").iterdir())


def test_a_file_of_another_configuration_under_the_name_is_not_taken(tmp_path, reference):
    mine, other, _ = run_cells(RUNS, CELLS, tmp_path)
    mine.path.write_bytes(other.path.read_bytes())
    told: list[str] = []
    again = run_cells(RUNS, CELLS[:1], tmp_path, announce=told.append)[0]
    assert again.path == mine.path and load(again.path).identical(reference[CELLS[0].name])
    assert len(told) == 1 and "another configuration" in told[0]


def test_a_changed_cell_of_the_same_name_has_another_file(tmp_path):
    changed = replace(CELLS[0], steps=11)
    outcomes = [RUNS.run(cell, tmp_path) for cell in (CELLS[0], changed)]
    assert len({outcome.path for outcome in outcomes}) == 2 and len(files(tmp_path)) == 2


def test_a_damaged_file_stays_until_a_whole_one_takes_its_place(tmp_path, monkeypatch):
    path = RUNS.run(CELLS[0], tmp_path).path
    path.write_bytes(b"damaged")

    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.runs.execute.execute", stopped)
    with pytest.raises(KeyboardInterrupt):
        RUNS.run(CELLS[0], tmp_path)
    assert path.read_bytes() == b"damaged"


def test_what_a_killed_command_left_beside_a_result_goes(tmp_path):
    outcome = RUNS.run(CELLS[0], tmp_path)
    parts = parts_folder_of(CELLS[0].plan(), outcome.path)
    parts.mkdir()
    assert RUNS.run(CELLS[0], tmp_path).seconds == 0 and not parts.exists()


def test_what_a_killed_writer_left_long_ago_goes_and_nothing_else_does(tmp_path):
    """Old by the clock of the disk: half-written files of ours, and neither recent ones nor those of others."""
    (tmp_path / "cells").mkdir()
    ages = {".a.nc.0123456789ab.tmp": 2, ".b.nc.0123456789ab.tmp": 0.5, ".theirs.tmp": 2, "c.nc": 2}
    for name, days in ages.items():
        for folder in (tmp_path, (tmp_path / "cells")):
            (folder / name).touch()
            at = (folder / name).stat().st_mtime - 86_400 * days
            os.utime(folder / name, (at, at))
    run_cells(RUNS, (), tmp_path)
    for folder in (tmp_path, (tmp_path / "cells")):
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == sorted(list(ages)[1:])


def test_blocks_are_kept_although_another_command_removes_their_folder(tmp_path, monkeypatch, reference):
    from experiments.runs import execute as runs

    folder, real, calls = tmp_path / "parts", runs.save, []

    def racing(part, path):
        calls.append(path)
        if len(calls) == 1:
            raise StoreError("The folder has just been removed.")
        return real(part, path)

    monkeypatch.setattr(runs, "save", racing)
    monkeypatch.setattr(runs, "_PAUSE", 0.0)
    assert runs.execute(CELLS[0].plan(), folder).identical(reference[CELLS[0].name])
    assert len(list(folder.iterdir())) == len(calls) - 1


def test_a_defect_in_one_cell_is_reported_by_its_kind(tmp_path, monkeypatch):
    def defect(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(run_store, "run_to_file", defect)
    assert RUNS.run(CELLS[0], tmp_path).error == "ZeroDivisionError: by accident"


def test_names_are_made_safe_for_a_file_system(tmp_path):
    cell = replace(CELLS[0], name="../a b/ü:c")
    assert cell_path(cell, "0123456789abcdef", tmp_path) == tmp_path / "cells" / "a-b-c-0123456789ab.nc"


def test_an_unwritable_folder_is_refused_before_the_first_cell(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written to"):
        run_cells(RUNS, CELLS, tmp_path / "file")


@pytest.mark.parametrize("jobs", [0, -1, 1.5])
def test_the_number_of_jobs_is_checked(tmp_path, jobs):
    with pytest.raises(InputError, match="number of jobs must be a whole number of at least 1"):
        run_cells(RUNS, CELLS, tmp_path, jobs=jobs)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", STUDIES)
def test_the_cells_of_a_study_differ_and_are_named_apart(name, scale):
    if scale not in STUDIES[name].scales:
        with pytest.raises(InputError, match="must be one of quick, lesson"):
            get_study(name).cells(scale)
        return
    cells = get_study(name).cells(scale)
    assert len({cell.name for cell in cells}) == len(set(cells)) == len(cells) > 0
    assert all(cell.work > 0 for cell in cells)


@pytest.mark.parametrize("scale", SCALES)
def test_the_first_figures_go_over_all_stalenesses(scale):
    assert {cell.staleness for cell in get_study("ladder").cells(scale)} == set(STALENESSES)


@pytest.mark.parametrize("scale", SCALES)
def test_the_first_figures_share_their_cells(scale):
    ladder = set(get_study("ladder").cells(scale))
    assert ladder == set(get_study("slack").cells(scale)) == set(get_study("coherence").cells(scale))


def test_a_schedule_with_a_horizon_is_run_at_every_horizon_of_the_grid():
    cells = [cell for cell in get_study("ladder").cells("quick") if parse_schedule(cell.schedule).reads_horizon]
    for staleness, problem in product(STALENESSES, {cell.problem for cell in cells}):
        mine = tuple(cell.steps for cell in cells if (cell.staleness, cell.problem) == (staleness, problem))
        assert mine == horizon_grid(2000) == (125, 250, 500, 1000, 2000)


def test_every_cell_of_the_quick_scale_can_be_planned():
    for cell in get_study("ladder").cells("quick"):
        settled = cell.plan()
        assert settled.configuration.steps == cell.steps
        assert settled.announcements == ()


def test_unknown_figures_and_scales_are_refused_with_what_there_is():
    with pytest.raises(InputError, match="ladder, slack, coherence"):
        get_study("fig99")
    with pytest.raises(InputError, match="quick, lesson, paper"):
        get_study("ladder").cells("huge")


def test_progress_is_told_in_plain_lines_outside_a_terminal():
    clock, stream = iter(range(0, 1000, 10)), io.StringIO()
    report = Lines("ladder", stream, clock=lambda: next(clock))
    for done in (50, 60, 65, 80, 100):
        report(done, 100)
    assert stream.getvalue().splitlines() == [
        "ladder: 60% done, about 40 s left",
        "ladder: 80% done, about 20 s left",
        "ladder: 100% done, finished",
    ]


def test_a_wait_in_which_nothing_is_reported_is_not_silent():
    now, stream = [0.0], io.StringIO()
    report = Lines("worst case", stream, clock=lambda: now[0])
    report(0, 1000)
    for second in range(70):
        now[0] = float(second)
        if second == 3:
            report(250, 1000)
        report.beat()
    assert stream.getvalue().splitlines() == [
        "worst case: 0% done, time left unknown",
        "worst case: 25% done, about 18 s left",
        "worst case: 25% done, about 42 s left",
        "worst case: 25% done, about 1 min 30 s left",
        "worst case: 25% done, about 3 min 0 s left",
    ]


def test_nearly_all_is_not_told_as_all():
    clock, stream = iter(range(0, 100, 10)), io.StringIO()
    report = Lines("design", stream, clock=lambda: next(clock))
    for done in (0, 999, 1000):
        report(done, 1000)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["design: 99% done", "design: 100% done"]


def test_quiet_progress_says_nothing():
    stream = io.StringIO()
    with reporting("ladder", quiet=True, stream=stream) as report:
        report(1, 2)
    assert stream.getvalue() == ""


def test_work_that_nobody_reports_is_said_to_go_on_and_only_once_others_are_silent():
    now, stream = [0.0], io.StringIO()
    lines = Lines("gradlag trace", stream, clock=lambda: now[0])
    for now[0], others_spoke in ((1.0, 0.0), (2.5, 1.0), (4.0, 1.0), (5.0, 1.0), (9.0, 8.0), (9.5, 1.0)):
        lines.beat(others_spoke)
    assert stream.getvalue().splitlines() == ["gradlag trace: 4 s so far", "gradlag trace: 10 s so far"]


def test_what_is_finished_is_not_said_to_be_done_again():
    now, stream = [0.0], io.StringIO()
    report = Lines("updates", stream, clock=lambda: now[0])
    for now[0], done in ((0.0, 0), (3.0, 5), (6.0, 9)):
        report(done, 9)
    now[0] = 12.0
    report.beat()
    assert stream.getvalue().splitlines() == [
        "updates: 56% done, about 2 s left",
        "updates: 100% done, finished",
        "updates: finishing, 12 s so far",
    ]


def test_parts_of_the_work_are_counted_as_one_whole():
    told = []
    for _, inner in each_with("xy", "abc", lambda done, total: told.append(f"{done}/{total}")):
        assert list(inner) == ["a", "b", "c"]
    assert told == ["0/6", "1/6", "2/6", "3/6", "3/6", "4/6", "5/6", "6/6"]
