"""What is no text is told what it is, and what to do, without a word of codecs."""

import gzip
from pathlib import Path

import pytest

from experiments.logs.read import read_log
from theory.common.errors import DataError

NO_TEXT = {
    "gzip": (gzip.compress(b"step,grad_norm\n0,1\n1,1\n"), "packed by gzip.*Unpack it first"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00\xff\x80", "a spreadsheet, or another zip archive.*as CSV"),
    "numpy": (b"\x93NUMPY\x01\x00v\x00", r"an array of numpy.*numpy\.savetxt"),
    "UTF-16": ("step,grad_norm\n0,1\n1,1\n".encode("utf-16"), "it is in UTF-16.*in UTF-8"),
    "Latin-1": (b"step,grad_norm,\xe9\n0,1,0\n1,1,0\n", "it is not in UTF-8"),
    "zeros": (bytes(700), "it holds bytes that are no text"),
    "JSON, deep": (b"[" * 100_000, "begins as JSON and is none .it is nested too deeply"),
}


@pytest.mark.parametrize("case", NO_TEXT)
def test_a_file_that_is_no_text_is_told_what_it_is_in_words(tmp_path: Path, case: str) -> None:
    content, sentence = NO_TEXT[case]
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as refusal:
        read_log(path, norm="full")
    assert "codec" not in str(refusal.value) and len(str(refusal.value)) < 250 + len(str(path))
