"""Downloads: what arrives is what was published, what was interrupted is taken up, and nothing whole is ever lost."""

import errno
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import numpy as np
import pytest

from experiments.data import downloads, on_request, pictures, tables
from experiments.data import sets as data
from experiments.data.downloads import get
from experiments.data.on_request import ON_REQUEST, RemoteFile, data_folder, stored
from experiments.data.sets import load, own_names, where
from experiments.workloads.images import images
from gradlag.cli import execute
from gradlag.commands import data as data_command
from theory.common.errors import DataError, EnvironmentFailure


class Server(ThreadingHTTPServer):
    """Serves `files` by name; the other attributes say how badly."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []
        self.ranges, self.cut, self.status, self.redirect, self.length = True, [], 200, None, True
        self.wait = self.silence = 0.0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, name = self.server, self.path.lstrip("/")
        asked = self.headers.get("Range")
        server.asked.append((name, asked))
        if server.redirect:
            self.send_response(302)
            self.send_header("Location", server.redirect)
            self.end_headers()
            return
        if server.status != 200 or name not in server.files:
            self.send_error(server.status if server.status != 200 else 404)
            return
        content = server.files[name]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self._send(content, start)

    def _send(self, content, start):
        server = self.server
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if server.length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        time.sleep(server.silence)
        end = server.cut.pop(0) if server.cut else len(content)
        for place in range(start, end, 1000):
            with suppress(ConnectionError):
                self.wfile.write(content[place : min(place + 1000, end)])
            time.sleep(server.wait)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(downloads, "_PAUSE", 0.0)
    with Server() as running:
        yield running
        running.shutdown()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    return tmp_path


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes(), mtime=0)


PIXELS = np.random.default_rng(0).integers(0, 256, (30, 12, 12))
LABELS = np.arange(30) % 10
CONTENTS = {
    "train-images-idx3-ubyte.gz": idx(PIXELS[:20]),
    "train-labels-idx1-ubyte.gz": idx(LABELS[:20]),
    "t10k-images-idx3-ubyte.gz": idx(PIXELS[20:]),
    "t10k-labels-idx1-ubyte.gz": idx(LABELS[20:]),
}
LARGEST = "train-images-idx3-ubyte.gz"
SIZE = len(CONTENTS[LARGEST])


def small(*addresses):
    """A set of the form of MNIST, at these addresses."""
    files = tuple(
        RemoteFile(
            name, tuple(f"{each}/{name}" for each in addresses), hashlib.sha256(content).hexdigest(), len(content)
        )
        for name, content in CONTENTS.items()
    )
    return replace(ON_REQUEST["mnist"], files=files, rows=(20, 10), columns=144)


@pytest.fixture
def mnist(server, folder, monkeypatch):
    """The set `mnist`, as a small one on the server."""
    server.files = dict(CONTENTS)
    entry = small(server.address)
    sets = MappingProxyType({**ON_REQUEST, "mnist": entry})
    for module in (on_request, data, pictures, data_command, tables):
        monkeypatch.setattr(module, "ON_REQUEST", sets)
    monkeypatch.setattr("experiments.workloads.images.ON_REQUEST", sets)
    return entry


def failing(entry, *needles):
    with pytest.raises(EnvironmentFailure) as caught:
        get(entry)
    for needle in needles:
        assert needle in str(caught.value)
    assert "\n" not in str(caught.value)


def is_whole(folder):
    """The set is there with all its values, and nothing is left of the download."""
    with np.load(folder / "mnist.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["images"], PIXELS)
        np.testing.assert_array_equal(found["labels"], LABELS)
        assert found["n_train"] == 20
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") == ["mnist.json", "mnist.npz"]


def test_a_set_arrives_and_says_where_it_came_from(mnist, server, folder):
    told = []
    assert get(mnist, lambda done, total: told.append((done, total))) == folder / "mnist.npz"
    assert is_whole(folder)
    beside = json.loads((folder / "mnist.json").read_text())
    assert (beside["licence"], beside["source"]) == (mnist.licence, mnist.source)
    assert beside["files"][0] == {
        "name": LARGEST,
        "address": f"{server.address}/{LARGEST}",
        "sha256": mnist.files[0].sha256,
    }
    assert told == sorted(told)
    assert told[-1] == (mnist.size, mnist.size)


def test_what_is_there_is_not_downloaded_again(mnist, server, folder):
    get(mnist)
    before = (len(server.asked), (folder / "mnist.npz").stat().st_mtime_ns)
    get(mnist)
    assert (len(server.asked), (folder / "mnist.npz").stat().st_mtime_ns) == before


def test_a_transfer_that_is_cut_off_is_taken_up_where_it_stopped(mnist, server, folder):
    server.cut = [1500, 2200]
    get(mnist)
    assert [asked for name, asked in server.asked if name == LARGEST] == [None, "bytes=1500-", "bytes=2200-"]
    assert is_whole(folder)


def test_without_ranges_a_transfer_starts_again(mnist, server, folder):
    server.cut, server.ranges = [1500], False
    get(mnist)
    assert [asked for name, asked in server.asked if name == LARGEST] == [None, "bytes=1500-"]
    assert is_whole(folder)


def test_a_server_that_always_stops_is_given_up_and_the_part_is_kept_for_the_next_time(mnist, server, folder):
    server.cut, server.ranges = [1500] * 3, False
    failing(mnist, LARGEST, "127.0.0.1", "cut the transfer off", "Run the same command again")
    part = folder / "mnist.download" / f"{LARGEST}.part"
    assert part.read_bytes() == CONTENTS[LARGEST][:1500]
    server.ranges = True
    get(mnist)
    assert server.asked[3] == (LARGEST, "bytes=1500-")
    assert is_whole(folder)


def test_a_length_that_is_not_told_is_no_obstacle(mnist, server, folder):
    server.length = False
    get(mnist)
    assert is_whole(folder)


def test_wrong_bytes_are_removed_and_named(mnist, server, folder):
    server.files[LARGEST] = b"\0" + CONTENTS[LARGEST][1:]
    failing(mnist, LARGEST, "checksum is not the published one, which was removed")
    assert list((folder / "mnist.download").iterdir()) == []
    assert not (folder / "mnist.npz").exists()


def test_wrong_bytes_leave_what_was_whole_before(mnist, server, folder):
    names = list(CONTENTS)
    server.files[names[2]] = b"x" * len(CONTENTS[names[2]])
    failing(mnist, names[2])
    assert sorted(path.name for path in (folder / "mnist.download").iterdir()) == sorted(names[:2])
    server.files[names[2]], server.asked = CONTENTS[names[2]], []
    get(mnist)
    assert [name for name, _ in server.asked] == names[2:]
    assert is_whole(folder)


def test_a_part_that_is_the_beginning_of_another_file_is_loaded_anew(mnist, server, folder):
    (folder / "mnist.download").mkdir()
    part = folder / "mnist.download" / f"{LARGEST}.part"
    for content in (b"z" * 500, b"z" * SIZE, b"z" * (SIZE + 9)):
        part.write_bytes(content)
        get(mnist)
        assert is_whole(folder)
        for name in ("mnist.npz", "mnist.json"):
            (folder / name).unlink()
        part.parent.mkdir()


def test_another_length_than_the_published_is_refused_before_anything_is_loaded(mnist, server):
    server.files[LARGEST] += b"more"
    failing(mnist, f"offers {SIZE + 4} bytes, and {SIZE} were published")


def test_a_server_that_never_stops_sending_is_stopped(mnist, server):
    server.files[LARGEST], server.length = CONTENTS[LARGEST] * 50, False
    failing(mnist, f"sends more than the {SIZE} bytes")


@pytest.mark.parametrize(("status", "needle"), [(404, "answers 404 Not Found"), (503, "answers 503"), (403, "403")])
def test_a_refusal_is_told_with_its_number(mnist, server, folder, status, needle):
    server.status = status
    failing(mnist, needle, str(folder / "mnist.download"))


def test_the_next_mirror_is_asked_when_one_fails(mnist, server, folder):
    with Server() as dead:
        gone = dead.address
        dead.shutdown()
    get(small(gone, f"{server.address}/nowhere", server.address))
    assert is_whole(folder)


def test_a_server_that_nobody_runs_is_one_sentence(mnist):
    with Server() as dead:
        gone = dead.address
        dead.shutdown()
    failing(small(gone), "does not answer (connection refused)")


def test_a_silent_server_is_given_up(mnist, server, monkeypatch):
    monkeypatch.setattr(downloads, "_PATIENCE", 0.1)
    server.silence = 0.3
    failing(mnist, "timed out")


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_only_the_web_is_asked(mnist, server, target):
    server.redirect = target
    failing(mnist, "127.0.0.1")
    failing(small(target), "no http address")


def test_a_file_put_there_by_hand_is_taken_if_it_is_the_published_one(mnist, server, folder):
    server.status = 404
    by_hand = folder / "mnist.download"
    by_hand.mkdir()
    for name, content in CONTENTS.items():
        (by_hand / name).write_bytes(content)
    get(mnist)
    assert server.asked == []
    assert is_whole(folder)


def test_another_file_put_there_by_hand_is_refused_and_not_removed(mnist, folder):
    path = folder / "mnist.download" / LARGEST
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(DataError, match="checksum is another"):
        get(mnist)
    assert path.read_bytes() == b"mine"


def test_a_full_disk_is_told_beforehand(mnist, folder, monkeypatch):
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
    failing(mnist, "needs", "are free at")


def test_a_disk_that_fills_up_keeps_what_has_arrived(mnist, server, folder, monkeypatch):
    copy = downloads._copy

    def filling(answer, stream, done, most, report):
        stream.write(answer.read(1234))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloads, "_copy", filling)
    failing(mnist, "no space left on device", "what has arrived is kept")
    monkeypatch.setattr(downloads, "_copy", copy)
    get(mnist)
    assert server.asked[1] == (LARGEST, "bytes=1234-")
    assert is_whole(folder)


def test_what_a_killed_writer_left_is_removed(mnist, folder):
    (folder / ".mnist.npz.0123.tmp").write_bytes(b"half")
    get(mnist)
    assert is_whole(folder)


def test_what_a_process_left_that_was_killed_at_its_very_end_is_removed(mnist, folder):
    get(mnist)
    (folder / "mnist.download").mkdir()
    (folder / "mnist.download" / LARGEST).write_bytes(CONTENTS[LARGEST])
    (folder / ".mnist.json.0123.tmp").write_bytes(b"half")
    get(mnist)
    assert is_whole(folder)


def test_two_commands_at_once_do_not_meet(mnist, folder):
    with downloads._locked(folder, "mnist"):
        failing(mnist, "Another command is getting mnist")
    get(mnist)
    assert is_whole(folder)


SCRIPT = """
import dataclasses, json, sys
from experiments.data.downloads import get
from experiments.data.on_request import ON_REQUEST, RemoteFile
files = tuple(RemoteFile(name, (address,), sha, size) for name, address, sha, size in json.loads(sys.argv[1]))
get(dataclasses.replace(ON_REQUEST["mnist"], files=files))
"""


@contextmanager
def another_process(entry):
    told = json.dumps([(file.name, file.addresses[0], file.sha256, file.size) for file in entry.files])
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, told], stderr=subprocess.PIPE, env={**os.environ, "no_proxy": "*"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_leaves_a_part_that_the_next_one_takes_up(mnist, server, folder, blow):
    server.wait = 1.0
    part = folder / "mnist.download" / f"{LARGEST}.part"
    with another_process(mnist) as process:
        while process.poll() is None and not (part.exists() and part.stat().st_size):
            time.sleep(0.01)
        process.send_signal(blow)
        process.wait(timeout=20)
    kept = part.stat().st_size
    assert 0 < kept < SIZE
    assert not (folder / "mnist.npz").exists()
    server.wait, server.asked = 0.0, []
    get(mnist)
    assert server.asked[0] == (LARGEST, f"bytes={kept}-")
    assert is_whole(folder)


# The command


def test_the_command_gets_a_set_that_the_loaders_then_find(mnist, folder, capsys):
    assert execute(["data", "get", "mnist", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["data"]
    assert (told["state"], told["rows"], told["licence"]) == ("downloaded", 30, "CC BY-SA 3.0")
    found = images("mnist")
    assert (found.features.shape, found.held_out.shape, found.shape) == ((20, 144), (10, 144), (12, 12, 1))
    np.testing.assert_array_equal(np.rint(255 * found.features), PIXELS[:20].reshape(20, -1))
    np.testing.assert_array_equal(load("mnist").features, PIXELS.reshape(30, -1))
    assert load("mnist").title == mnist.title
    assert where("mnist") == f"mnist is there already: downloaded, {folder / 'mnist.npz'}."
    assert own_names() == ()


def test_the_command_ends_with_4_when_there_is_no_network_and_with_2_for_an_unknown_name(mnist, server, capsys):
    server.status = 404
    assert execute(["data", "get", "mnist"]) == 4
    assert "answers 404" in " ".join(capsys.readouterr().err.split())
    assert execute(["data", "get", "nosuch"]) == 2


def test_the_command_ends_with_130_when_it_is_interrupted(mnist, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_next", interrupted)
    assert execute(["data", "get", "mnist"]) == 130


def test_the_terms_are_said_before_the_download(mnist, server, folder):
    said = []
    get(replace(mnist, terms="Only for research."), say=lambda text: said.append((text, len(server.asked))))
    assert said == [("Only for research.", 0)]
    assert "not redistribute" in ON_REQUEST["movielens-1m"].terms


def test_the_list_says_what_is_there_and_what_is_not(mnist, folder, capsys):
    get(mnist)
    assert execute(["data", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["state"] for each in listed["on_request"]} == {
        "mnist": "downloaded",
        **dict.fromkeys(["fashion-mnist", "cifar-10", "movielens-1m", "newsgroups-20"], "missing"),
    }
    assert execute(["data", "list"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "not here yet, 170 MB: gradlag data get cifar-10" in out


# The catalogue


@pytest.mark.parametrize("name", ON_REQUEST)
def test_every_set_has_addresses_checksums_licence_and_a_reader(name):
    entry = ON_REQUEST[name]
    assert entry.licence and entry.source and entry.title
    assert callable(getattr(downloads.archives, entry.reader))
    for file in entry.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.addresses
        assert all(address.startswith(("http://", "https://")) for address in file.addresses)


def test_the_cache_is_the_users_unless_a_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADLAG_DATA", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "gradlag"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert data_folder() == tmp_path / "home" / ".cache" / "gradlag"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_folder() == tmp_path / "home" / "Library" / "Caches" / "gradlag"
    assert stored("mnist") is None
    assert not (tmp_path / "gradlag").exists()
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    assert data_folder() == tmp_path


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, mnist, monkeypatch):
    monkeypatch.delenv("GRADLAG_DATA")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    failing(mnist, "cannot be written to")
