"""A folder with files that a schedule, a log or a trace may be asked to be, and should not be."""

from __future__ import annotations

import os
from pathlib import Path

_ENORMOUS = 1 << 40  # bytes of a file that is one hole


def hostile_files(folder: Path) -> None:
    """Make them, the good ones beside the bad ones."""
    contents = {
        "good": b"0.5\n0.25\n",
        "bom": b"\xef\xbb\xbf0.5\n0.25\n",
        "crlf": b"0.5\r\n0.25\r\n",
        "latin": "0.5\n\u00bd\n".encode("latin-1"),
        "utf16": "0.5\n0.25\n".encode("utf-16"),
        "binary": bytes(range(256)),
        "nul": b"0.5\n\x00\n",
        "empty": b"",
        "blank": b"0.5\n\n0.25\n",
        "longline": b"9" * 3_000_000,
        "words": b"a half\n",
        "infinite": b"1e999\n",
        "negative": b"-1\n",
        "locked": b"0.5\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "locked").chmod(0)
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    with (folder / "enormous").open("wb") as hole:
        hole.truncate(_ENORMOUS)
