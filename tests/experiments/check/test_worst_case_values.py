"""The worst-case rungs of a ladder: upper bounds of every run, below every theorem, kept under a digest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.worst_case_values import (
    COHERENT,
    FREE,
    Rungs,
    find_rungs,
    horizons_of,
    keep_rungs,
    predicted_seconds,
    settings_of,
    stored_rungs,
)
from experiments.runs.execute import execute, plan
from figures.draw.rungs import WORST_CASE, WORST_CASE_COHERENT, crossings, ladder_notes, ladder_rungs
from theory.worst_case.asking import ask


@pytest.fixture(scope="module")
def run():
    return execute(plan("quadratic:d=4,noise=0", "mu/(s*L*sqrt(k))", 3, 60, seeds=1, constants={"mu": 0.5}))


@pytest.fixture(scope="module")
def verdict(run):
    plain = check(run)
    return find_rungs(settings_of([run], plain.times)).attached(plain)


def test_the_names_are_those_that_the_ladder_draws() -> None:
    assert (FREE, COHERENT) == (WORST_CASE, WORST_CASE_COHERENT)


def test_measured_is_below_the_worst_case_and_the_worst_case_below_every_theorem(verdict) -> None:
    known = [place for place, value in enumerate(verdict.bounds[FREE]) if value is not None]
    assert len(known) == len(horizons_of(verdict.times)) >= 8
    for place in known:
        worst = verdict.bounds[FREE][place]
        assert verdict.measured[place] <= worst * (1 + 1e-9)
        for name in ("theorem-a", "theorem-ar", "theorem-b"):
            assert worst <= verdict.bounds[name][place] * (1 + 1e-6)


def test_the_ladder_draws_them_without_a_crossing_and_says_what_they_are(verdict) -> None:
    rungs = ladder_rungs(verdict)
    assert WORST_CASE in {rung.name for rung in rungs}
    assert not list(crossings(verdict, rungs))
    assert "gradient coherence does not change it" in ladder_notes(verdict)


def test_a_worst_case_above_a_theorem_is_a_crossing_without_noise(verdict) -> None:
    values = dict.fromkeys(verdict.times, 10.0)
    raised = Rungs({FREE: values}).attached(verdict)
    assert (FREE, "theorem-b") in {(each.below, each.above) for each in crossings(raised, ladder_rungs(raised))}


def test_what_would_take_too_long_is_left_out(run) -> None:
    settings = settings_of([run], range(1, 61))
    assert not any(find_rungs(settings, budget=0.0).values.values())
    long = ask("theorem-1", staleness=16, steps=12_000, variance=1.0, constants={"mu": 1.0}).question
    assert predicted_seconds(long) > 60


def test_rungs_are_kept_and_a_damaged_file_is_found_again(run, tmp_path: Path) -> None:
    settings = settings_of([run], range(1, 31))
    found = keep_rungs(settings, tmp_path)
    assert stored_rungs(settings, [tmp_path]) == found
    (path,) = (tmp_path / "worst-cases").iterdir()
    path.write_text("{")
    assert stored_rungs(settings, [tmp_path]) is None
    again = keep_rungs(settings, tmp_path)
    assert np.allclose(list(again.values[FREE].values()), list(found.values[FREE].values()))


def test_a_run_of_other_steps_has_rungs_of_its_own(run, tmp_path: Path) -> None:
    keep_rungs(settings_of([run], range(1, 11)), tmp_path)
    other = execute(plan("quadratic:d=4,noise=0", "1/(s*L*sqrt(k))", 3, 60, seeds=1))
    assert stored_rungs(settings_of([other], range(1, 11)), [tmp_path]) is None
