"""Files are read whole, and only ordinary ones: no name of a file makes a command wait for ever or fill the memory."""

import os
import zipfile

import pytest

from experiments.common.seal import sealed, unsealed
from experiments.data.sets import load as load_data
from experiments.logs.read import read_log
from theory.common.errors import DataError, InputError, StoreError
from theory.common.reading import open_ordinary, read_ordinary
from theory.schedules.schedule import parse_schedule
from theory.worst_case.witness.file import read_text


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_an_ordinary_file_is_read_whole(tmp_path):
    content = bytes(range(256)) * 40_000
    (tmp_path / "file").write_bytes(content)
    assert read_ordinary(tmp_path / "file", len(content)) == content
    with pytest.raises(OSError, match="it is larger than 9 MiB"):
        read_ordinary(tmp_path / "file", len(content) - 1)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "."])
def test_devices_and_folders_are_no_ordinary_files(name):
    with pytest.raises(OSError, match=r"no ordinary file|is a directory"):
        open_ordinary(name)


@pytest.mark.parametrize("name", ["a\x00b", "\ud800"])
def test_names_that_no_file_can_have_are_refused_as_missing_files_are(name):
    with pytest.raises(OSError):
        open_ordinary(name)


def test_a_pipe_is_refused_by_every_reader_and_none_waits_for_it(pipe):
    with pytest.raises(DataError, match="it is no ordinary file"):
        read_log(pipe)
    with pytest.raises(StoreError, match="it is no ordinary file"):
        read_text(pipe)


def test_a_hole_of_a_terabyte_is_no_log_and_no_witness(tmp_path):
    with (tmp_path / "hole").open("wb") as hole:
        hole.truncate(1 << 40)
    with pytest.raises(DataError, match="it holds bytes that are no text"):
        read_log(tmp_path / "hole")
    for reader in (read_text, lambda path: parse_schedule(f"@{path}")):
        with pytest.raises(InputError, match="large"):
            reader(tmp_path / "hole")


def test_a_log_that_jumps_to_a_far_step_is_refused_before_its_steps_are_laid_out(tmp_path):
    (tmp_path / "log.csv").write_text("step,grad_norm\n0,2.0\n1,1.0\n2147483648,0.5\n")
    with pytest.raises(DataError, match=r"ends at step 2,147,483,648, .* Check its column step\."):
        read_log(tmp_path / "log.csv")


@pytest.mark.parametrize("quoted", ["x" * 100_000, "a\x00b\n\u202e\ud800"])
def test_a_refusal_is_one_line_that_prints_whatever_it_quotes(quoted):
    told = str(InputError(f"There is no problem {quoted}. Choose another."))
    assert told.isprintable() and len(told) < 1_100
    assert told.startswith("There is no problem ") and told.endswith("Choose another.")


def test_a_name_of_data_too_long_for_any_file_is_bad_input(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    with pytest.raises(DataError, match="at most 100"):
        load_data("x" * 9000)


@pytest.mark.parametrize("member", [b"no array", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8', (\n", b""])
def test_an_archive_whose_parts_are_no_arrays_is_bad_data(tmp_path, monkeypatch, member):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        for name in ("features.npy", "labels.npy"):
            archive.writestr(name, member)
    with pytest.raises(DataError, match=r"own\.npz cannot be read: it is damaged"):
        load_data("own")


# The seal of binary results.

HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(32) + (200).to_bytes(8, "little") + bytes(152)


def test_a_sealed_file_gives_its_content_back():
    assert unsealed(sealed(HDF5)) == HDF5


def test_a_file_from_before_there_were_seals_is_read_if_it_has_the_length_that_it_states():
    assert unsealed(HDF5) == HDF5
    for other in (HDF5[:-1], HDF5 + b"\n", HDF5[:39], b""):
        with pytest.raises(StoreError, match="not a complete netCDF file"):
            unsealed(other)


def test_no_damage_of_one_byte_and_no_cut_passes_a_seal():
    whole = sealed(HDF5)
    for at in range(len(whole)):
        for damaged in (
            whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :],
            whole[:at],
            whole[:at] + whole[at + 1 :],
        ):
            if damaged == HDF5:
                continue  # only the seal is cut off
            with pytest.raises(StoreError):
                unsealed(damaged)
