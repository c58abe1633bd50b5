"""A lesson opened in a browser: a small server on this machine alone, or the notebook in marimo's editor.

An app is one page with every drawing in it, so that it opens at once and sliders move without asking; predictions and
answers are sent here, parsed and never evaluated. It shows nothing to other machines, and nothing to the pages of other
sites that happen to be open in the same browser.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from experiments.common.progress import undisturbed
from gradlag.teaching.lessons import Lesson, lesson
from gradlag.teaching.notebook import as_page, notebook, require_marimo
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.syllabus import Entry
from theory.common.errors import GradlagError, InputError
from theory.common.types import Say

HOST = "127.0.0.1"
# The longest answer that is read, in bytes.
_LONGEST = 100_000


def serve(entry: Entry, *, port: int | None, browser: bool, announce: Say) -> None:
    """Open a lesson, say its address, and wait until it is closed.

    Raises:
        InputError: marimo is missing, or the port cannot be had.
    """
    require_marimo()
    with Server(entry, port) as server, undisturbed():
        announce(f"Lesson {entry.number}, {entry.title}: {server.address} (Ctrl-C closes it)")
        if browser:
            webbrowser.open(server.address)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def edit(entry: Entry, *, port: int | None, browser: bool, announce: Say) -> Path:
    """Open the reader's own copy of a notebook in marimo's editor, and wait until it is closed.

    An editor runs what is typed: its address holds a token that nobody else knows.
    """
    require_marimo()
    number, mine, token = free_port(port), own_copy(entry), os.urandom(16).hex()
    line = ["edit", str(mine), "--host", HOST, "--port", str(number), "--token", "--token-password", token]
    command = [sys.executable, "-m", "marimo", "--quiet", "--yes", *line, *([] if browser else ["--headless"])]
    home = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    announce(f"{mine}: http://{HOST}:{number}?access_token={token} (Ctrl-C closes it)")
    with undisturbed(), suppress(KeyboardInterrupt):
        subprocess.run(command, env={**os.environ, "PYTHONPATH": paths, "MARIMO_SKIP_UPDATE_CHECK": "1"}, check=False)
    return mine


class Server(ThreadingHTTPServer):
    """The page of a lesson, and answers to what it sends."""

    daemon_threads = True

    def __init__(self, entry: Entry, port: int | None = None) -> None:
        super().__init__((HOST, free_port(port)), _Handler)
        self.lesson: Lesson = lesson(entry.number)
        self.page = as_page(entry, Medium.APP).encode()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.server_port}/"

    def respond(self, asked: Mapping[str, Any]) -> str:
        """HTML for what a page sent: the kind and the name of a part of the lesson, and the values of its fields."""
        parts: Mapping[str, Mapping[str, Any]] = {
            "picture": self.lesson.pictures,
            "prediction": self.lesson.predictions,
            "exercise": self.lesson.exercises,
        }
        try:
            return str(parts[asked["kind"]][asked["name"]].respond(dict(asked["values"])))
        except (KeyError, TypeError, ValueError):
            raise InputError("This page is of another version of the lesson. Reload it.") from None


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """The page."""
        if self._is_ours() and self.path == "/":
            self._send(self.server.page)
        else:
            self._send(b"Nothing is here.", HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """An answer to what the page sent."""
        length = self.headers.get("Content-Length", "")
        if not (self._is_ours() and self.path == "/show" and self.headers.get_content_type() == "application/json"):
            self._send(b"Nothing is here.", HTTPStatus.NOT_FOUND)
        elif not (length.isdigit() and int(length) <= _LONGEST):
            self._send(b"<p>The answer is too long.</p>")
        else:
            self._send(self._answer(self.rfile.read(int(length))).encode())

    def _answer(self, body: bytes) -> str:
        try:
            return self.server.respond(json.loads(body))
        except GradlagError as refusal:
            from html import escape

            return f"<p>{escape(str(refusal))}</p>"
        except ValueError:
            return "<p>This was not understood. Reload the page.</p>"

    def _is_ours(self) -> bool:
        """Whether it was asked under our own address, from our own page: another site has other names."""
        own = f"{HOST}:{self.server.server_port}"
        return self.headers.get("Host") == own and self.headers.get("Origin", f"http://{own}") == f"http://{own}"

    def _send(self, content: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal has the address alone."""


def free_port(wanted: int | None = None) -> int:
    """A port of loopback that nobody listens at: the wanted one, or any.

    Raises:
        InputError: the wanted one is taken or is no port.
    """
    if wanted is not None and not 0 < wanted < 65536:
        raise InputError(f"A port is a number from 1 to 65535. Got {wanted}.")
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, wanted or 0))
        except OSError as refusal:
            raise InputError(f"Port {wanted} of {HOST} cannot be had ({refusal.strerror}). Give another one.") from None
        return int(tried.getsockname()[1])


def own_copy(entry: Entry) -> Path:
    """The reader's own copy of a notebook, in the folder where they are; one that is there is kept."""
    mine = Path.cwd() / notebook(entry).name
    if not mine.exists():
        shutil.copyfile(notebook(entry), mine)
    return mine
