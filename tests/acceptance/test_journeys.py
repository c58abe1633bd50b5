"""The journeys of the README, walked by the command: check a schedule, meet a broken assumption, diverge, reproduce."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from experiments.check.calibration.calibrate import calibrate
from experiments.runs.execute import run_to_file
from experiments.runs.store import load
from experiments.simulate.delayed import iterate
from experiments.studies import ladder

QUADRATIC = ("--problem", "quadratic:d=5", "--staleness", 4)


@pytest.fixture
def place(tmp_path):
    return tmp_path


# A new schedule


def test_a_new_schedule_that_holds(shell, place):
    told = shell("check", "--schedule", "1/(2*s*L*k^0.6)", *QUADRATIC, "--steps", 100, "--out", "mine", folder=place)
    assert told.status == 0
    assert told.out.startswith("HOLDS (theorem-b-noise). ")
    assert "Traceback" not in told.err and "Warning" not in told.err
    assert json.loads((place / "mine/verdict.json").read_text())["verdict"] == "holds"
    assert (place / "mine/ladder.svg").read_text().lstrip().startswith("<?xml")


def test_a_new_schedule_among_others(gradlag, place):
    schedules = ("1/(2*s*L*k^0.6)", "1/(2*s*L)", "3/L")
    told = gradlag("compare", *schedules, *QUADRATIC, "--steps", 100, "--seeds", 8, folder=place)
    assert told.status == 0
    assert all(f"\n{schedule}" in told.out for schedule in schedules)
    assert "3/L: theorem-a does not apply" in told.out
    assert "3/L: Step 1 has size 3, beyond" in told.err
    assert (place / "compare/comparison.svg").is_file() and (place / "compare/comparison.pdf").is_file()


# An assumption that breaks

INCOHERENT = (
    "check", "--schedule", "theorem-1", "--problem", "quadratic:d=5,start=0.5", "--staleness", 8, "--steps", 200,
    "--seeds", 32, "--constants", "mu=0.9", "--bound", "dai2019",
)  # fmt: skip


def test_theorem_1_where_its_gradients_are_not_coherent(gradlag, place):
    told = gradlag(*INCOHERENT, "--out", "kept", "--json", folder=place)
    assert (told.status, told.json["verdict"], told.json["assumptions"]["coherence"]) == (
        3,
        "assumption_broken",
        "broken",
    )
    found = re.search(r"at k = (\d+) \(seed (\d+)\): mu_k = ([-0-9.e]+), below mu = 0.9", told.json["sentence"])
    k, seed, value = int(found[1]), int(found[2]), float(found[3])
    run = load(place / "kept/run-T200.nc")
    assert run.coherence[seed, k] == pytest.approx(value, rel=1e-3)
    assert (run.coherence[:, 1:k] >= 0.9).all()


def test_a_broken_assumption_says_nothing_of_the_numbers(gradlag, place):
    assert gradlag(*INCOHERENT, "--json", folder=place).json["numbers"] == "below"


def test_the_bound_without_coherence_still_decides_there(gradlag, place):
    told = gradlag(*INCOHERENT[:-2], "--json", folder=place)
    assert (told.status, told.json["bound"], told.json["verdict"]) == (0, "theorem-ar", "holds")
    assert told.json["bounds_detail"]["dai2019"]["verdict"] == "assumption_broken"


# Divergence


def test_a_step_beyond_the_stability_limit_is_announced_and_its_divergence_recorded(gradlag, place):
    options = ("--steps", 1500, "--seeds", 4)
    told = gradlag("check", "--schedule", "3/L", *QUADRATIC, *options, "--out", "kept", "--json", folder=place)
    assert told.status == 3
    assert told.err.count("\n") == 1
    assert "Step 1 has size 3, beyond 0.445042, the exact stability limit" in told.err.splitlines()[0]
    assert told.json["announcements"][0] == told.err.splitlines()[0]
    run = load(place / "kept/run-T1500.nc")
    assert told.json["diverged"] == {"seeds": 4, "first": int(run.diverged_at.min())}
    assert np.isinf(run.gradient_norm_squared[:, -1]).all()


def test_a_divergence_breaks_the_coherence_that_was_claimed(gradlag, place):
    options = ("--steps", 1500, "--seeds", 4, "--constants", "mu=0.5")
    told = gradlag("check", "--schedule", "3/L", *QUADRATIC, *options, "--json", folder=place)
    assert (told.status, told.json["assumptions"]["coherence"]) == (3, "broken")
    assert told.err.count("\n") == 1


def test_a_run_that_diverges_is_stored_and_told(gradlag, place):
    options = ("--steps", 1500, "--seeds", 4, "--out", "run.nc")
    told = gradlag("run", "--schedule", "3/L", *QUADRATIC, *options, folder=place)
    first = int(load(place / "run.nc").diverged_at.min())
    assert told.status == 0
    assert f"Diverged: 4 seeds, the first at step {first}." in told.out


def test_a_step_at_the_limit_is_not_announced(gradlag, place):
    told = gradlag("check", "--schedule", "0.445/L", *QUADRATIC, "--steps", 50, "--seeds", 4, folder=place)
    assert "stability limit" not in told.err


# A training log of one's own


def quadratic_log(rate: float, delay: int, steps: int) -> str:
    """Delayed gradient descent on x^2/2 from x = 2, written down as a user's own program would."""
    points = [2.0]
    for k in range(steps):
        points.append(points[-1] - rate * points[max(k - delay, 0)])
    rows = [f"{k},{abs(x)!r},{min(delay, k - 1) if k else ''}" for k, x in enumerate(points)]
    return "\n".join(["step,grad_norm,delay", *rows]) + "\n"


def test_a_log_of_stale_descent_meets_the_bounds(gradlag, place):
    (place / "log.csv").write_text(quadratic_log(0.1, delay=3, steps=60))
    asked = ("--run", "log.csv", "--schedule", "0.1", "--staleness", 4, "--constants", "L=1,Delta=2,sigma=0")
    told = gradlag("check", *asked, "--json", "--out", "kept", folder=place)
    assert (told.status, told.json["verdict"]) == (0, "holds")
    assert told.json["measured"][-1] == pytest.approx(min(float(row.split(",")[1]) for row in rows(place)) ** 2)
    assert told.json["assumptions"]["delays fixed"] == "unknown"
    assert (place / "kept/ladder.pdf").is_file()


def rows(folder: Path) -> list[str]:
    return (folder / "log.csv").read_text().splitlines()[1:]


def test_a_log_with_a_gap_too_small_for_its_first_norm_breaks_the_assumption(gradlag, place):
    """The same log cannot come from a function whose values fall by at most 1/1000: |grad F(x_0)|^2 > 2 L Delta."""
    (place / "log.csv").write_text(quadratic_log(0.01, delay=3, steps=60))
    asked = ("--run", "log.csv", "--schedule", "0.01", "--staleness", 4, "--constants", "L=1,Delta=0.001,sigma=0")
    told = gradlag("check", *asked, "--json", folder=place)
    assert (told.status, told.json["assumptions"]["bounded below"]) == (3, "broken")
    assert told.json["sentence"].startswith("L and Delta are contradicted at k = 0")


# Interruption

SLOW = """\
import os
import time

import numpy as np

initial_point = np.ones(3)
constants = {"L": 1.0, "Delta": 1.5, "sigma": 1.0}


def gradient(x, rng):
    time.sleep(float(os.environ.get("PAUSE", "0")))
    return x + rng.normal(size=3) / np.sqrt(3)


def full_gradient(x):
    return x
"""
RUN = ("run", "--schedule", "1/(2*s*L)", "--staleness", 3, "--steps", 20, "--seeds", 64)


def interrupt_under_way(line: list[str], folder: Path, pause: str) -> tuple[int, str, str]:
    """Start a command, and press Ctrl-C once it says that more than a quarter is done."""
    process = subprocess.Popen(
        line, cwd=folder, env={**os.environ, "PAUSE": pause}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    told: list[str] = []
    for sentence in process.stderr:
        told.append(sentence)
        if (done := re.search(r"(\d+) ?% done", sentence)) and int(done[1]) > 25:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, "".join(told) + err


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(gradlag, place):
    (place / "slow.py").write_text(SLOW)
    wanted = [*map(str, RUN), "--problem", "slow.py", "--out"]
    line = [sys.executable, "-m", "gradlag", *wanted, "run.nc"]
    status, out, err = interrupt_under_way(line, place, pause="0.005")
    assert (status, out) == (130, "")
    assert "left" in err.splitlines()[0]
    assert err.splitlines()[-1].startswith("gradlag: interrupted")
    assert not (place / "run.nc").exists()

    resumed = gradlag(*wanted, "run.nc", folder=place)
    assert resumed.status == 0
    assert "its finished seeds are used" in resumed.err
    assert gradlag(*wanted, "whole.nc", folder=place).status == 0
    assert load(place / "run.nc").identical(load(place / "whole.nc"))
    assert list(place.glob(".*")) == []


def test_the_fused_engine_goes_on_as_well(gradlag, place, monkeypatch):
    line = ("run", "--schedule", "1/(s*L)", *QUADRATIC, "--steps", 30, "--seeds", 24, "--out")
    blocks = iter(range(9))

    def interrupted(*arguments, **options):
        if next(blocks):
            raise KeyboardInterrupt
        return iterate(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr("experiments.runs.execute.iterate", interrupted)
        assert gradlag(*line, "run.nc", folder=place).status == 130
    assert "finished seeds are used" in gradlag(*line, "run.nc", folder=place).err
    gradlag(*line, "whole.nc", folder=place)
    assert load(place / "run.nc").identical(load(place / "whole.nc"))


# Reproduction, at a size of its own

SMALL = {"quick": ladder.LadderSize(("quadratic:d=3",), ("quadratic:d=3",), steps=40, seeds=4)}


def test_reproduce_goes_on_after_a_failure_and_leaves_a_report_that_needs_nothing_else(
    gradlag, place, monkeypatch, shrink_studies, leave_pictures_out
):
    shrink_studies(monkeypatch)
    monkeypatch.setattr(ladder, "SIZES", SMALL)
    monkeypatch.setattr(ladder, "STALENESSES", (4,))
    monkeypatch.setattr("experiments.check.calibration.calibrate.calibrate", partial(calibrate, repetitions=20))
    line = ("reproduce", "--out", "out", "--json")
    leave_pictures_out(monkeypatch, "ladder", "limit")
    with monkeypatch.context() as patched:
        patched.setattr("experiments.sweep.run_store.run_to_file", failing_at("theorem-1", 4))
        failed = gradlag(*line, folder=place)
    assert failed.status == failed.json["exit"] == 4
    assert "theorem-1-quadratic:d=3-s4" in failed.json["error"]
    assert "No space left on device" in failed.json["error"]
    stored = modified(place)
    assert len(stored) == len(ladder.all_cells("quick")) - 1
    solved = {path: path.stat().st_mtime_ns for path in (place / "out/worst-case").glob("*.json")}
    assert {path.name.split("-")[0] for path in solved} == {"growth", "pattern", "sawtooth", "limit", "design", "worst"}
    assert (place / "out/report.html").is_file()

    done = gradlag(*line, folder=place)
    assert done.status == 0
    assert modified(place).items() > stored.items()
    assert {path: path.stat().st_mtime_ns for path in solved} == solved
    page = place / done.json["report"]
    text = page.read_text()
    assert text.index("holds") < text.index("<figure")
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", text)

    page.unlink()
    rebuilt = gradlag("report", "--out", "out", folder=place)
    assert rebuilt.out.split() == f"The report is {page.resolve()}".split()
    assert page.read_text() == text


def failing_at(schedule: str, staleness: int):
    """What stores a run, on a disk that is full for one of them."""

    def run(settled, *arguments, **options):
        if (settled.configuration.schedule, settled.configuration.staleness) == (schedule, staleness):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return run_to_file(settled, *arguments, **options)

    return run


def modified(folder: Path) -> dict[str, int]:
    """When each result was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "out/cells").glob("*.nc")}
