"""A lesson as a reactive notebook: marimo itself runs it, a slider moves, an answer is graded."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from gradlag.teaching.notebook import COURSE, notebook
from gradlag.teaching.serve import HOST, free_port
from gradlag.teaching.syllabus import SYLLABUS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Lesson 1, run by marimo as an app."""
    port = free_port()
    line = [sys.executable, "-m", "marimo", "--quiet", "--yes", "run", str(notebook(SYLLABUS[1]))]
    line += ["--host", HOST, "--port", str(port), "--headless", "--no-token"]
    known = {**os.environ, "PYTHONPATH": str(COURSE.parent), "MARIMO_SKIP_UPDATE_CHECK": "1"}
    with subprocess.Popen(line, env=known, cwd=tmp_path_factory.mktemp("marimo")) as server:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                break
            time.sleep(0.1)
        yield f"http://{HOST}:{port}"
        server.terminate()


def test_sliders_predictions_and_graders_work_in_marimo(address, watched, screenshots):
    seen = watched(viewport={"width": 900, "height": 5500})
    page = seen.page
    page.set_default_timeout(60_000)  # a busy machine is slow: marimo's page is large
    page.goto(address)
    page.get_by_role("slider").first.press("ArrowRight")
    page.locator(".gl-seen", has_text="Delay 1,").first.wait_for()
    page.get_by_role("button", name="Reveal").first.click()
    page.locator(".gl-seen", has_text="You predicted").first.wait_for()
    for step, word in (("1/4", "does not oscillate"), ("1/2", "it rings")):
        page.get_by_role("textbox").nth(0).fill("1")
        page.get_by_role("textbox").nth(1).fill(step)
        page.get_by_role("textbox").nth(1).press("Tab")
        page.get_by_role("button", name="Grade exercise 1").click()
        page.locator(".gl-mark", has_text=word).wait_for()
    page.screenshot(path=screenshots / "lesson_01_marimo.png")
    assert seen.complaints == [] and seen.elsewhere == []
