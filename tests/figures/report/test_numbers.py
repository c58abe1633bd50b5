"""The table behind a figure: every point under the name that readers know, with its bar, its axes and its place."""

import csv
import io
import json
import re

import numpy as np
import pytest

from figures.report.numbers import figure_data, figure_places, plain
from figures.style import style


@pytest.fixture
def figure():
    with style.style():
        yield style.figure(6.0, 3.0)


def rows(drawn):
    return list(csv.DictReader(io.StringIO(figure_data(drawn))))


def test_a_point_has_its_name_its_bar_and_its_axes(figure):
    axes = figure.add_subplot()
    axes.plot([1, 2], [3, 4], label="$s = 2$")
    axes.errorbar([1, 2], [3, 4], [[0.5, 1], [0.25, 2]], fmt="o", label="_$s = 2$")
    axes.axhline(7.0)
    axes.set(xlabel="steps $T$", ylabel=r"$\|\nabla F\|^2$", title="A")
    assert [list(row.values()) for row in rows(figure)] == [
        ["A", "s = 2", "1", "3", "2.5", "3.25", "steps T", "‖∇F‖^2"],
        ["A", "s = 2", "2", "4", "3", "6", "steps T", "‖∇F‖^2"],
    ]


def test_a_band_goes_with_the_line_of_its_colour_that_runs_within_it(figure):
    axes = figure.add_subplot()
    for name, height, colour in (("a", 1.0, style.BLUE), ("b", 1.5, style.ORANGE)):
        axes.plot([1, 2], [height, height], color=colour, label=name)
    axes.fill_between([1, 2], [0, 0.5], [2, 3], color=style.BLUE, alpha=0.2)
    assert [(row["series"], row["low"], row["high"]) for row in rows(figure)] == [
        ("a", "0", "2"),
        ("a", "0.5", "3"),
        ("b", "", ""),
        ("b", "", ""),
    ]


def test_what_only_decorates_is_no_series_and_what_nobody_named_says_so(figure):
    axes = figure.add_subplot()
    axes.plot([1, 2], [1, 2], label="_nolegend_")
    axes.vlines([1], [0], [5], label="_nolegend_")
    axes.plot([1], [1])
    axes.plot([0, 1], [0, 1], transform=axes.transAxes, label="a line of the frame")
    assert [row["series"] for row in rows(figure)] == ["line 2"]


def test_an_inner_panel_is_labelled_by_those_that_share_its_axes(figure):
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for axes in panels.flat:
        axes.plot([1], [1], label="a")
        axes.set(xlabel="x", ylabel="y")
        axes.label_outer()
    assert {(row["x is"], row["y is"]) for row in rows(figure)} == {("x", "y")}


def test_places_are_where_the_picture_has_the_points(figure):
    left, right = figure.subplots(1, 2)
    left.plot([1, 10, 100], [0, 5, 10], "o", label="a")
    left.set(xscale="log", xlim=(1, 100), ylim=(0, 10))
    right.plot([0, 1], [1, 2], label="b")
    right.set_xticks([0, 1], ["even", "$s=2$"])
    text = style.svg(figure, "x")
    first, second = json.loads(figure_places(figure))
    assert (first["rows"], second["rows"]) == (3, 2)
    assert first["x"] == [True, 1.0, 100.0, {}] and first["y"][:3] == [False, 0.0, 10.0]
    assert second["x"][3] == {"0": "even", "1": "s=2"}
    marks = [
        (float(x) / 432, float(y) / 216)
        for x, y in re.findall(r'<use xlink:href="[^"]+" x="([^"]+)" y="([^"]+)" style="fill: #1f', text)
    ]
    box = first["box"]
    expected = [(box[0] + part * (box[2] - box[0]), box[3] - part * (box[3] - box[1])) for part in (0, 0.5, 1)]
    assert len(marks) == 3 and np.allclose(marks, expected, atol=2e-3)


@pytest.mark.parametrize(
    "text", [r"$T^{-0.5}$", r"mean $\|x\|$", r"$\eta_k = 1/(2sL\sqrt{k})$", "plain", r"$\mathbb{E}$"]
)
def test_plain_words_have_no_mark_of_a_formula(text):
    assert not set(plain(text)) & set("${}\\")
