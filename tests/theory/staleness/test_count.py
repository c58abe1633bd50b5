"""The two counts of staleness differ by one, and only a single worker has both."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.common.errors import InputError, StalenessError
from theory.staleness.count import Staleness, whole_number


@given(st.integers(1, 10**9))
def test_the_counts_convert_back_and_forth(window):
    staleness = Staleness(window)
    assert staleness.maximum_delay == window - 1
    assert Staleness.from_simulator(staleness.simulator_delay) == staleness


def test_synchronous_is_one_for_the_theorem_and_zero_for_the_simulator():
    assert Staleness(1).maximum_delay == 0
    assert Staleness.from_simulator(0) == Staleness(1)


def test_a_staleness_is_an_ordered_immutable_value():
    assert Staleness(2) < Staleness(3)
    assert len({Staleness(2), Staleness(2)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Staleness(2).window = 3  # type: ignore[misc]


def test_numpy_integers_become_plain_ones():
    assert type(Staleness(np.int64(3)).window) is int


@pytest.mark.parametrize(
    ("window", "got"),
    [(0, "0"), (-3, "-3"), (True, "True"), (2.0, "2.0"), ("4", "'4'"), (None, "None"), (float("nan"), "nan")],
)
def test_what_is_no_window_is_refused(window, got):
    with pytest.raises(StalenessError) as refusal:
        Staleness(window)
    assert str(refusal.value) == f"The staleness must be a whole number of at least 1. Got {got}."


def test_a_window_beyond_all_arrays_is_refused():
    with pytest.raises(StalenessError, match="at most"):
        Staleness(10**5000)


@pytest.mark.parametrize(("delay", "workers"), [(-1, 1), (0.5, 1), (3, 0), (3, 2), (0, 8), (3, 1.0)])
def test_a_simulator_without_a_window_is_refused(delay, workers):
    with pytest.raises(StalenessError):
        Staleness.from_simulator(delay, workers)


def test_the_refusal_for_several_workers_says_why():
    with pytest.raises(StalenessError, match=r"With 8 workers .* the simulator's delay of 3 has no counterpart"):
        Staleness.from_simulator(3, 8)


@pytest.mark.parametrize("value", [[3], np.array([3]), 3.5, "3", None, False, 1, 8])
def test_whole_numbers_outside_their_range_raise_the_error_asked_for(value):
    with pytest.raises(InputError, match="The count"):
        whole_number(value, 2, "The count", InputError, most=7)
