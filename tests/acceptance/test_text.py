"""Text for a terminal: nothing is lost, nothing is broken inside a word, nothing is wider than need be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradlag.terminal.output import number, plain, table_lines, unbroken, wrapped

words = st.text(st.characters(categories=("L", "N", "P"), exclude_characters="`'<>="), min_size=1, max_size=12)
cells = st.lists(words, max_size=4).map(" ".join)


@given(st.lists(words, max_size=40), st.integers(20, 120))
def test_wrapping_keeps_every_word_whole_and_in_order(text, width):
    lines = wrapped(" ".join(text), width=width).splitlines()
    assert " ".join(lines).split() == text
    assert all(len(line) <= width for line in lines)


@given(st.lists(words, min_size=1, max_size=4), words)
def test_a_quotation_stays_on_one_line(quoted, word):
    quotation = "'" + " ".join(quoted) + "'"
    assert quotation in wrapped(" ".join([word] * 10 + [quotation] + [word] * 10), width=80)


def test_what_is_made_unbroken_stays_on_one_line():
    assert "sigma <= 1.392" in wrapped("a " * 9 + unbroken("sigma <= 1.392"), width=20)


@given(st.integers(2, 6), st.data(), st.integers(30, 120))
def test_a_table_shows_every_cell_whole(columns, data, width):
    row = st.tuples(*[words] * (columns - 1), cells)
    head = data.draw(st.tuples(*[words] * columns))
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    shown = "\n".join(table_lines(head, rows, width)).split()
    for cell in {cell for row in rows for cell in row[:-1]}:
        assert any(cell in word for word in shown)
    for word in {word for row in rows for word in row[-1].split()}:
        assert any(word in piece for piece in shown)


@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=5))
def test_a_table_of_short_cells_fits_and_its_columns_are_straight(rows):
    lines = table_lines(("a", "b", "c"), rows, 80)
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= 80 for line in lines)
    start = 2 + max(len(row[0]) for row in [("a",), *rows])
    assert all(line[start - 2 : start] == "  " for line in lines)


def test_a_table_too_wide_puts_rows_below_their_name_and_then_apart():
    head, row = ("schedule", "measured", "verdict"), ("1/(2*s*L*sqrt(k)+sigma)", "0.125", "HOLDS")
    assert table_lines(head, [row], 24) == ["schedule", "  measured  verdict", row[0], "     0.125  HOLDS"]
    assert table_lines(head, [row], 16) == [row[0], "    measured 0.125;", "    verdict HOLDS"]


def test_plain_values_are_json():
    value = {"a": np.array([1.0, np.inf]), 2: (np.float64("nan"), np.int64(3)), "text": "x", "none": None}
    assert plain(value) == {"a": [1.0, None], "2": [None, 3], "text": "x", "none": None}


def test_a_number_without_value_is_a_dash():
    assert (number(None), number(float("nan")), number(float("inf")), number(1 / 3, 2)) == ("-", "-", "inf", "0.33")
