"""docs/several_reads.md is what is computed today: some of its rows, and what `gradlag cost` takes by itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from theory.bounds import get

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from several_reads import NOISES, PAGE, _cell, about, least, servers, taken

TEXT = PAGE.read_text(encoding="utf-8")
COLUMNS = [(server, sigma) for server in servers() for sigma in NOISES]


def row(name: str) -> list[str]:
    """The cells of a row of the page."""
    (line,) = (line for line in TEXT.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip().replace("*", "").replace("`", "") for cell in line.split("|")[2:-1]]


@pytest.mark.parametrize("name", ["corollary-1b", "corollary-1b-star", "corollary-s", "theorem-s"])
def test_rows_of_the_page(name):
    assert row(f"`{name}`") == [_cell(least(get(name), *column), 0.0) for column in COLUMNS]


def test_every_bound_that_speaks_of_one_of_them_has_a_row_and_each_new_one_gains():
    named = {line.split("`")[1] for line in TEXT.splitlines() if line.startswith("| `") and "cost` takes" not in line}
    assert named <= {bound.name for bound in about()}
    names = ("theorem-ab", "theorem-ab-overtaking", "theorem-arb")
    for values in zip(*(map(float, row(f"`{name}`")[:4]) for name in names), strict=True):
        assert list(values) == sorted(values, reverse=True) and values[2] < values[0]
    before, now = (list(map(float, row(f"`{name}`")[:4])) for name in ("corollary-1b", "corollary-1b-star"))
    assert all(new < old / 3 for new, old in zip(now, before, strict=True))


def test_cost_takes_a_new_bound_by_itself():
    written = row("`gradlag cost` takes")
    assert written[0] == taken(*COLUMNS[0], float(row("`theorem-arb`")[0])) == "theorem-arb"
    assert "-" not in written
