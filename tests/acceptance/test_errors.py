"""Bad luck, and when bad input is refused; the sentences to bad input are in tests/contracts/error_sentences.txt."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

FILES = {
    "no_constants.py": "import numpy as np\ninitial_point = np.ones(3)\n\n\ndef gradient(x):\n    return x\n",
    "a_file": "",
}
ASKED = {"schedule": "1/(s*L)", "problem": "quadratic:d=3", "staleness": 2, "steps": 4, "seeds": 4}


@pytest.fixture(scope="module")
def place(tmp_path_factory, gradlag):
    """A folder with bad files, and results that nothing may touch."""
    folder = tmp_path_factory.mktemp("errors")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    assert gradlag(*check(), "--out", "kept", folder=folder).status in (0, 3)
    assert gradlag(*run(), folder=folder).status == 0
    return folder


def line(command, options):
    flags = ((f"--{name.replace('_', '-')}", value) for name, value in options.items() if value is not None)
    return [command, *(str(part) for pair in flags for part in pair)]


def check(**changed):
    return line("check", ASKED | changed)


def run(**changed):
    return line("run", ASKED | {"out": "run.nc"} | changed)


def compare(*schedules, **changed):
    return [*line("compare", {k: v for k, v in (ASKED | changed).items() if k != "schedule"}), *schedules]


def digest(folder: Path) -> dict[str, str]:
    """The results in a folder by their contents, and everything that lies about them by name."""
    kept = [*(folder / "kept").rglob("*"), *folder.glob("*.nc"), folder / "a_file"]
    contents = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if path.is_file()}
    return contents | {str(path): "" for path in folder.glob(".*")}


def test_what_can_be_refused_is_refused_before_the_run(gradlag, place, monkeypatch):
    def started(*arguments, **options):
        raise AssertionError("the run has started")

    monkeypatch.setattr("experiments.runs.execute.iterate", started)
    for arguments in (
        check(bound="nosuch"),
        check(bound="dai2019"),
        check(level=0),
        check(problem="no_constants.py", schedule="0.1"),
        check(out="a_file"),
        compare("1/L", "-1/L"),
        compare("1/L", "1/(2*L)", level=0),
        run(seeds=5),
    ):
        assert gradlag(*arguments, folder=place).status == 2


# The environment


def no_space(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_the_environment_and_leaves_no_half_file(gradlag, place, monkeypatch):
    before = digest(place)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_space)
        told = gradlag(*run(out="new/run.nc"), folder=place)
    assert told.status == 4
    assert "no space left on device" in told.err and told.err.count("\n") == 1
    assert [path for path in (place / "new").rglob("*") if path.is_file()] == []
    assert digest(place) == before
    assert gradlag(*run(out="new/run.nc"), folder=place).status == 0


def test_a_picture_that_cannot_be_written_is_the_environment(gradlag, place, monkeypatch):
    monkeypatch.setattr("figures.style.style.pdf", no_space)
    told = gradlag(*check(), "--out", "pictureless", "--json", folder=place)
    assert told.status == told.json["exit"] == 4
    assert "no space left on device" in told.json["error"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (MemoryError(), "not enough memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/some/file"), "permission denied (/some/file)"),
        (RuntimeError("first line\nsecond line"), "a defect of gradlag: RuntimeError: first line second line."),
    ],
)
def test_what_nobody_foresaw_is_one_sentence_as_well(gradlag, place, monkeypatch, failure, told):
    def failing(*arguments, **options):
        raise failure

    monkeypatch.setattr("experiments.runs.execute.iterate", failing)
    in_text = gradlag(*check(), folder=place)
    assert (in_text.status, in_text.out) == (4, "")
    assert told in in_text.err and in_text.err.count("\n") == 1
    assert "Traceback" not in in_text.err
    assert gradlag(*check(), "--json", folder=place).json["exit"] == 4


def test_who_asks_sees_where_an_unexpected_error_happened(gradlag, place, monkeypatch):
    def failing(*arguments, **options):
        raise RuntimeError("deep inside")

    monkeypatch.setattr("experiments.runs.execute.iterate", failing)
    monkeypatch.setenv("GRADLAG_DEBUG", "1")
    with pytest.raises(RuntimeError, match="deep inside"):
        gradlag(*check(), folder=place)


def test_an_interruption_inside_is_130(gradlag, place, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.runs.execute.iterate", interrupted)
    told = gradlag(*check(), folder=place)
    assert (told.status, told.out) == (130, "")
    assert told.err.strip().startswith("gradlag: interrupted")
    assert gradlag(*check(), "--json", folder=place).json["exit"] == 130
