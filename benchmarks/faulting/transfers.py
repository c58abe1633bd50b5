"""An interrupted download: a server on loopback that breaks connections off, and kill -9 of the command that loads."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from types import MappingProxyType

import numpy as np

from experiments.data import downloads, on_request, pictures, tables
from experiments.data import sets as data
from experiments.data.on_request import ON_REQUEST, RemoteFile, RemoteSet
from experiments.workloads import images
from faulting.bench import Bench, fair, repeated
from faulting.child import Child, command, forked
from faulting.instants import kill_at, watch
from faulting.tally import Row, timed
from gradlag.commands import data as data_command

_CUTS, _KILLS, _LOSSES, _INSTANTS = 16, 16, 4, 24
_NAME = "mnist"
_WHOLE = "whole-0"
_SLOW = 0.0015  # seconds between two kilobytes


def interrupted(bench: Bench, seed: int) -> list[Row]:
    """Connections that break off, commands that are killed, and a server that goes away."""
    served = _Served(bench)
    try:
        return [
            repeated(Row("download broken off"), bench.times(_CUTS), seed, lambda *a: _cut(bench, served, *a)),
            repeated(Row("download, kill -9"), bench.times(_KILLS), seed, lambda *a: _killed(bench, served, *a)),
            _chosen(bench, served, seed),
            repeated(Row("download, server gone"), bench.times(_LOSSES), seed, lambda *a: _gone(bench, served, *a)),
        ]
    finally:
        served.process.kill()
        served.process.wait()


class _Served:
    """A small set of pictures on a server in another process; how it serves is a part of the address."""

    def __init__(self, bench: Bench) -> None:
        random = np.random.default_rng(0)
        self.pixels, self.labels = random.integers(0, 256, (60, 20, 20)), np.arange(60) % 10
        self.contents = {
            "train-images-idx3-ubyte.gz": _idx(self.pixels[:40]),
            "train-labels-idx1-ubyte.gz": _idx(self.labels[:40]),
            "t10k-images-idx3-ubyte.gz": _idx(self.pixels[40:]),
            "t10k-labels-idx1-ubyte.gz": _idx(self.labels[40:]),
        }
        self.largest = max(map(len, self.contents.values()))
        self.log = bench.place / "asked"
        self.log.touch()
        place = bench.place / "port"
        self.process: Child = forked(bench.place / "server", lambda: _serve(self.contents, place, self.log))
        while not place.exists() or not place.read_text().endswith("\n"):
            time.sleep(0.01)
        self.address = f"http://127.0.0.1:{int(place.read_text())}"

    def entry(self, manner: str) -> RemoteSet:
        """The set, at the address that serves it in this manner."""
        files = tuple(
            RemoteFile(name, (f"{self.address}/{manner}/{name}",), hashlib.sha256(content).hexdigest(), len(content))
            for name, content in self.contents.items()
        )
        return replace(ON_REQUEST[_NAME], files=files, rows=(40, 20), columns=400)

    def whole(self, folder: Path) -> bool:
        """Whether the set is there with all its values, and nothing else."""
        with np.load(folder / f"{_NAME}.npz", allow_pickle=False) as found:
            same = np.array_equal(found["images"], self.pixels) and np.array_equal(found["labels"], self.labels)
        names = sorted(path.name for path in folder.iterdir())
        return same and names == [f".{_NAME}.lock", f"{_NAME}.json", f"{_NAME}.npz"]


def _get(
    bench: Bench, entry: RemoteSet, folder: Path, *flags: str, before: Callable[[], object] = lambda: None
) -> Child:
    """`gradlag data get` in a fork that knows the small set in place of the large one."""

    def prepare() -> None:
        os.environ.update(GRADLAG_DATA=str(folder), no_proxy="*")
        vars(downloads)["_PAUSE"] = 0.0
        sets = MappingProxyType({**ON_REQUEST, _NAME: entry})
        for module in (on_request, data, pictures, data_command, tables, images):
            vars(module)["ON_REQUEST"] = sets
        before()

    return command(bench.place / "get", ["data", "get", _NAME, *flags], prepare)


def _cut(bench: Bench, served: _Served, row: Row, random: Random) -> None:
    """Connections end at random places, again and again, and the transfer is taken up each time."""
    with bench.folder() as out:
        manner = f"cut-{random.randrange(1, served.largest // 2)}"
        ending = _get(bench, served.entry(manner), out).wait()
        complaints = fair(ending, 0, "broken off")
        _count(row, served, out, complaints, 0, manner)


def _killed(bench: Bench, served: _Served, row: Row, random: Random) -> None:
    """The command is killed while a slow server sends; the next one takes up what is there, byte for byte."""
    with bench.folder() as out:
        manner = f"slow-{random.randrange(10**9)}"
        child = _get(bench, served.entry(manner), out)
        part = out / f"{_NAME}.download" / "train-images-idx3-ubyte.gz.part"
        while not part.exists() and not child.ended():
            time.sleep(0.001)
        time.sleep(random.uniform(0.0, _SLOW * served.largest / 1000))
        child.kill()
        child.wait()
        have = part.stat().st_size if part.exists() else 0
        complaints = ["a set under its final name after half a transfer"] if (out / f"{_NAME}.npz").exists() else []
        complaints += fair(_get(bench, served.entry(manner), out).wait(), 0, "afterwards")
        _count(row, served, out, complaints, have, manner)


def _chosen(bench: Bench, served: _Served, seed: int) -> Row:
    """The command is killed before an opening, renaming or removal: of parts, of the set, of what is said of it."""
    row = Row("download, kill -9 at chosen instants")
    with timed(row):
        for number in Random(seed).sample(range(1, _INSTANTS + 1), bench.times(_INSTANTS)):
            with bench.folder() as out:
                before = partial(watch, out, kill_at(number, 0.5))
                ending = _get(bench, served.entry(_WHOLE), out, before=before).wait()
                complaints = [] if ending.status == -9 else [f"not killed at instant {number}"]
                complaints += fair(_get(bench, served.entry(_WHOLE), out).wait(), 0, "afterwards")
                _count(row, served, out, complaints, 0, "")
    return row


def _gone(bench: Bench, served: _Served, row: Row, random: Random) -> None:
    """A server that sends a part and then nothing: status 4, what has come is kept, and is taken up when it is back."""
    with bench.folder() as out:
        manner, flags = f"die-{random.randrange(1, served.largest)}", ["--json"] if random.random() < 0.5 else []
        ending = _get(bench, served.entry(manner), out, *flags).wait()
        complaints = fair(ending, 4, "a server that is gone", as_json=bool(flags))
        parts = list(out.glob("*/*.part"))
        have = parts[0].stat().st_size if parts else 0
        complaints += [] if have else ["what had come was not kept"]
        again = f"slow-{random.randrange(10**9)}"
        complaints += fair(_get(bench, served.entry(again), out).wait(), 0, "afterwards")
        _count(row, served, out, complaints, have, again)


def _count(row: Row, served: _Served, out: Path, complaints: list[str], have: int, manner: str) -> None:
    lost = not served.whole(out)
    if lost:
        complaints.append("the set is not what was published")
    elif have and f"/{manner}/train-images-idx3-ubyte.gz bytes={have}-" not in served.log.read_text().splitlines():
        complaints.append("the transfer was not taken up where it had stopped")
    row.count([f"{row.fault}: {each}" for each in complaints], int(lost), int(have > 0))


def _idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes(), mtime=0)


def _serve(contents: dict[str, bytes], place: Path, log: Path) -> int:
    """Serve until this process is killed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(contents, log))
    server.daemon_threads = True
    place.write_text(f"{server.server_address[1]}\n")
    server.serve_forever()
    return 0


def _handler(contents: dict[str, bytes], log: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """`/MANNER-NUMBER/FILE`: cut ends each answer after so many bytes, die never goes beyond, slow takes time."""

        def do_GET(self) -> None:
            manner, number, name = re.findall(r"^/(\w+)-(\d+)/(.+)$", self.path)[0]
            asked = self.headers.get("Range") or "bytes=0-"
            with log.open("a") as stream:
                stream.write(f"{self.path} {asked}\n")
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            self._begin(contents[name], start)
            end = {"cut": start + int(number), "die": int(number)}.get(manner, len(contents[name]))
            self._send(contents[name][start:end], _SLOW if manner == "slow" else 0.0)

        def _begin(self, content: bytes, start: int) -> None:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()

        def _send(self, content: bytes, pause: float) -> None:
            for place in range(0, len(content), 1000):
                try:
                    self.wfile.write(content[place : place + 1000])
                except ConnectionError:
                    return
                time.sleep(pause)

        log_message: Callable[..., None] = lambda self, *arguments: None

    return Handler
