"""The figure of asynchronous servers shows every cell; its tables hold what the results say."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.asynchronous import ASYNC, AsyncCell
from experiments.sweep.executor import run_cells
from figures.draw.asynchronous import asynchronous_picture
from figures.report.rendering import number
from figures.report.sections.asynchronous import asynchronous_tables, exhibit, sections
from figures.style import style

CELLS = tuple(
    AsyncCell(name, "quadratic:d=2,noise=0.5", schedule, "3*exponential", 80, 3, 6, 20, bound=bound, stretch=1.0)
    for name, schedule, bound in (("held", "1/(2*s*L)", 1), ("wild", "5/(s*L)", None))
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("async")
    run_cells(ASYNC, CELLS, out, command="gradlag reproduce async --scale quick")
    return ASYNC.load_all(out)


def test_every_server_has_a_row_and_its_simulations_are_drawn_over_it(results):
    drawn = asynchronous_picture(results)
    assert len(drawn.axes) == 4
    assert [axes.get_title(loc="left") for axes in drawn.axes[::2]] == ["held (virtual, bound 1)", "wild (virtual)"]
    for axes, result in zip(drawn.axes[1::2], results, strict=True):
        curves = result.values["curves"]
        replay = next(line for line in axes.lines if line.get_label() == "replay")
        assert np.allclose(replay.get_ydata(), np.divide(curves["replay"]["mean"], curves["server"]["mean"]))


def test_the_picture_of_the_same_results_is_the_same(results):
    first, second = (style.svg(asynchronous_picture(results), "async") for _ in range(2))
    assert first == second


def test_the_tables_say_what_was_measured(results):
    table = asynchronous_tables(results)
    for result in results:
        assert f"<td>{result.values['summary']['overall']['maximum']}</td>" in table
        for rung in result.values["bounds"]["ladder"]:
            assert rung["name"] in table
    assert table.count("<table>") == 3


def test_the_table_of_bounds_says_what_the_new_ones_gain(results):
    held, *_ = results
    found = held.values["bounds"]
    first, plain = found["ladder"][0]["value"], found["theorem_a"]["value"]
    assert 1 < plain / first < 100
    assert f"<td>{number(plain / first)}</td>" in asynchronous_tables([held])
    old = replace(held, values={**held.values, "bounds": {k: found[k] for k in ("ladder", "measured", "window")}})
    assert asynchronous_tables([old]).count("<td>–</td>") >= 2  # as results were stored before


def test_a_server_that_no_bound_covers_says_so(results):
    wild = [result for result in results if not result.values["bounds"]["ladder"]]
    assert wild and "none applies" in asynchronous_tables(wild)


def test_the_figure_names_its_command(results, tmp_path):
    shown = exhibit(results)
    assert "gradlag reproduce async --scale quick" in shown.caption and shown.below
    assert not list(sections(tmp_path))
