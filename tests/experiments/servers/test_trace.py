"""A trace is checked when it is made and when it is read: nothing that cannot have happened gets through."""

import numpy as np
import pytest

from experiments.runs.recorded_trace import ServerTrace, load_trace, save_trace, trace_of_delays
from theory.common.errors import DelayError, InputError, StoreError

GOOD = {
    "delays": [0, 1, 1, 0],
    "workers": [0, 1, 0, 0],
    "read_at": [0.0, 0.0, 1.0, 3.0],
    "applied_at": [1.0, 2.0, 3.0, 4.0],
    "samples": [1, 2, 3, 5],
    "count": 2,
    "source": "virtual clock",
    "description": "by hand",
}


def made(**changes):
    return ServerTrace(**{name: np.array(v) if isinstance(v, list) else v for name, v in {**GOOD, **changes}.items()})


def test_a_trace_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        made().delays[0] = 1


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"delays": [0, 2, 1, 0]}, DelayError, "no older point exists at step 2"),
        ({"delays": [0, -1, 1, 0]}, DelayError, "no step reads a later point"),
        ({"delays": []}, DelayError, "at least one update"),
        ({"workers": [0, 2, 0, 0]}, InputError, "worker of update 2"),
        ({"workers": [0, -1, 0, 0]}, InputError, "worker of update 2"),
        ({"applied_at": [1.0, 3.0, 2.0, 4.0]}, InputError, "must not decrease"),
        ({"applied_at": [1.0, np.nan, 2.0, 4.0]}, InputError, "finite"),
        ({"applied_at": [1.0, 2.0, 3.0, np.inf]}, InputError, "finite"),
        ({"read_at": [0.0, 2.5, 1.0, 3.0]}, InputError, "Update 2 of a trace was applied before"),
        ({"samples": [1, 2, 2, 5]}, InputError, "all different"),
        ({"samples": [1, 2, -3, 5]}, InputError, "at least 0"),
        ({"samples": [1, 2, 3]}, InputError, "same length"),
        ({"workers": [[0, 1]] * 4}, InputError, "as many an update"),
        ({"delays": [[0, 0], [1, 0], [1, 1], [0, 3]]}, InputError, "as many an update"),
        ({"count": 1.5}, InputError, "number of workers"),
        ({"source": "hearsay"}, InputError, "source"),
        ({"workers": [0.5, 1, 0, 0]}, InputError, "list of numbers"),
    ],
)
def test_what_cannot_have_happened_is_refused(changes, error, why):
    with pytest.raises(error, match=why):
        made(**changes)


def test_a_buffer_of_one_changes_nothing_and_no_gradient_of_a_buffer_is_older_than_it_was():
    trace = made(delays=[0, 1, 2, 1], read_at=[0.0, 0.0, 0.0, 2.5])
    assert trace.buffered(1).digest == trace.digest
    pairs = trace.buffered(2)
    assert pairs.delays.tolist() == [[0, 0], [1, 0]]
    assert pairs.workers.tolist() == [[0, 1], [0, 0]] and pairs.applied_at.tolist() == [2.0, 4.0]
    assert trace.buffered(3).steps == 1
    with pytest.raises(InputError, match="size of the buffer"):
        trace.buffered(5)


def test_a_text_with_several_delays_a_line_is_a_trace(tmp_path):
    path = tmp_path / "delays.txt"
    path.write_text("0 0\n1 0\n2 1\n")
    trace = load_trace(path)
    assert trace.delays.tolist() == [[0, 0], [1, 0], [2, 1]] and trace.first(2).steps == 2
    again = load_trace(save_trace(trace, tmp_path / "trace.nc"))
    assert again.digest == trace.digest


def test_a_file_gives_the_trace_back(tmp_path):
    trace = made()
    again = load_trace(save_trace(trace, tmp_path / "new" / "trace.nc"))
    assert again.digest == trace.digest and again.description == trace.description and again.count == 2


def test_a_text_file_is_a_trace_without_times(tmp_path):
    path = tmp_path / "delays.txt"
    path.write_text("0\n1\r\n 2\n")
    trace = load_trace(path)
    assert trace.delays.tolist() == [0, 1, 2] and not trace.timed and not trace.attributed and trace.count == 0
    assert trace.samples.tolist() == [1, 2, 3]
    path.write_text("0\n1\n2")
    assert load_trace(path).digest == trace.digest


@pytest.mark.parametrize(
    ("text", "why"), [("0\n2\n", "line 2"), ("0\n\n1\n", "Line 2"), ("0\nx\n", "Line 2"), ("", "empty"), ("-1\n", "1")]
)
def test_the_line_that_is_no_delay_is_named(tmp_path, text, why):
    (tmp_path / "delays.txt").write_text(text)
    with pytest.raises(DelayError, match=why):
        load_trace(tmp_path / "delays.txt")


def test_damage_is_refused_wherever_it_is(tmp_path):
    path = save_trace(made(), tmp_path / "trace.nc")
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place])
        with pytest.raises(InputError):
            load_trace(path)
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        try:
            again = load_trace(path)
        except InputError:
            continue
        assert again.digest == made().digest  # a byte that holds no data


def test_no_file_is_said_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        load_trace(tmp_path / "nowhere.nc")


def test_a_shorter_trace_is_its_beginning():
    assert made().first(2).delays.tolist() == [0, 1]
    with pytest.raises(InputError, match="number of updates"):
        made().first(5)


def test_delays_alone_make_a_trace():
    assert trace_of_delays([0, 0, 2]).staleness.window == 3
