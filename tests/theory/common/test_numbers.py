"""Numbers are read by their digits, in any spelling of a program, and nothing that only looks like one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.common.numbers import HUGE, NUMBER, whole_from_text


@given(st.integers(0, 10**15), st.sampled_from(["{}", "{}.", "{}.0", "{:.18e}", "{:+d}", "{:020d}", "{}e0", "{}00e-2"]))
def test_a_whole_number_is_itself_in_every_spelling(number: int, spelling: str) -> None:
    assert whole_from_text(spelling.format(number)) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_a_number_is_whole_exactly_where_nothing_follows_its_point(number: Decimal) -> None:
    found = whole_from_text(str(number))
    assert found == (int(number) if number == number.to_integral_value() else None)


@pytest.mark.parametrize(
    "text", ["", "2_0", "0x1", "1e", "e1", ".", "+", "1 2", "\u0663", "nan", "inf", "1,5", "--1", "1.5"]
)
def test_what_spells_no_whole_number_is_none(text: str) -> None:
    assert whole_from_text(text) is None


def test_what_is_far_too_large_is_cut_and_far_too_small_is_none() -> None:
    assert whole_from_text("9" * 400) == whole_from_text("1e999999999999") == HUGE
    assert whole_from_text("-1e40") == -HUGE
    assert whole_from_text("1e-999999999999") is None
    assert whole_from_text("0e999999999999") == whole_from_text("-0.000") == 0


def test_a_long_row_of_digits_is_read_in_one_way_alone() -> None:
    # In two ways, each of the 300,000 places at which the first could end would be tried with all that follow.
    assert NUMBER.fullmatch("9" * 300_000 + "x") is None
    assert NUMBER.fullmatch("9" * 300_000) is not None
