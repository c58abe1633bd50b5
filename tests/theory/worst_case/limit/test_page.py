"""docs/methods.md is what is computed today."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[4] / "benchmarks"))
from limits import (
    AHEAD,
    BETTER,
    EXACT,
    PAGE,
    PUBLISHED,
    REPEATED,
    against_waiting,
    columns,
    remarks,
    repeated,
    row,
)


@pytest.mark.parametrize("delay", [0, 3, EXACT[-1]])
def test_the_exact_constants_are_those_of_the_page(delay):
    assert row(columns()[0], delay) in PAGE.read_text(encoding="utf-8"), "write it with python benchmarks/limits.py"


def test_the_published_corrections_are_those_of_the_page():
    assert row(columns()[1], PUBLISHED[1]) in PAGE.read_text(encoding="utf-8").splitlines()


def test_delays_that_repeat_are_those_of_the_page():
    for delays in REPEATED[:2]:
        assert repeated(delays) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_has_every_delay_and_the_remarks():
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == len(EXACT) + len(BETTER) + len(AHEAD) + len(PUBLISHED) + len(REPEATED)
    assert page.endswith(remarks())


def test_a_better_filter_is_on_the_page():
    line = row(("counter-momentum", "better"), BETTER[1])
    assert line in PAGE.read_text(encoding="utf-8").splitlines()
    own, found = (float(cell) for cell in line.strip("| ").split(" | ")[1:])
    assert found < own


def test_the_line_about_waiting_is_that_of_the_page():
    line = against_waiting(3)
    assert line in PAGE.read_text(encoding="utf-8").splitlines()
    _, _, upper, bound, waiting = (float(cell) for cell in line.strip("| ").split(" | "))
    assert upper <= bound < waiting
