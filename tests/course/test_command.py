"""`gradlag lesson`: the list, a page, sheets, an app that ends when it is told to, and what it says without marimo."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gradlag.teaching.notebook import COURSE, notebook
from gradlag.teaching.syllabus import SYLLABUS


def test_the_lessons_are_listed_and_one_of_them_is_told_without_opening_it(gradlag, tmp_path):
    listed = gradlag("lesson", "--json", folder=tmp_path).json["lessons"]
    assert [each["number"] for each in listed] == list(SYLLABUS)
    assert all(each["minutes"] == 90 and Path(each["file"]).is_file() for each in listed)
    assert gradlag("lesson", "1", "--json", folder=tmp_path).json["lessons"] == listed[:1]
    assert "Delay as instability" in gradlag("lesson", folder=tmp_path).out


def test_a_page_and_sheets_are_written_where_they_are_asked_for(gradlag, tmp_path):
    done = gradlag("lesson", "1", "--export", "deep/page.html", folder=tmp_path)
    assert (done.status, done.out.strip()) == (0, "deep/page.html")
    assert "<h1>1. Delay as instability</h1>" in (tmp_path / "deep/page.html").read_text(encoding="utf-8")
    done = gradlag("lesson", "1", "--sheets", "sheets", folder=tmp_path)
    assert done.status == 0
    assert {file.stem for file in (tmp_path / "sheets").iterdir()} == {"lesson_01"}
    done = gradlag("lesson", "1", "--solutions", "solved", folder=tmp_path)
    assert done.status == 0 and "solutions" in (tmp_path / "solved/lesson_01.html").read_text(encoding="utf-8")
    assert gradlag("lesson", "1", "--solutions", "solved", "--sheets", "sheets", folder=tmp_path).status == 2


def test_without_marimo_one_sentence_names_the_extra(gradlag, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "marimo" else found(name, *rest)
    )
    for flags in ("", "--export page.html", "--sheets sheets", "--edit"):
        done = gradlag("lesson", "1", *flags.split(), folder=tmp_path)
        assert done.status == 2
        assert "pip install 'gradlag[course]'" in " ".join(done.err.split())
    assert gradlag("lesson", folder=tmp_path).status == 0
    assert not list(tmp_path.rglob("*.html"))


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_a_lesson_is_open_on_loopback_until_it_is_closed(tmp_path, ended_by):
    line = [sys.executable, "-m", "gradlag", "lesson", "1", "--no-browser"]
    with subprocess.Popen(line, cwd=COURSE.parent, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in process.stderr)))
        with urllib.request.urlopen(address[0]) as answer:
            assert "1. Delay as instability" in answer.read().decode()
        process.send_signal(ended_by)
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def test_to_edit_is_to_edit_a_copy_of_ones_own(tmp_path, monkeypatch):
    from gradlag.teaching import serve

    started: list[list[str]] = []
    monkeypatch.setattr(serve.subprocess, "run", lambda line, **options: started.append(line))
    monkeypatch.chdir(tmp_path)
    heard: list[str] = []
    mine = serve.edit(SYLLABUS[1], port=None, browser=False, announce=heard.append)
    assert mine.read_bytes() == notebook(SYLLABUS[1]).read_bytes()
    mine.write_text("# changed\n")
    serve.edit(SYLLABUS[1], port=None, browser=False, announce=heard.append)
    assert mine.read_text() == "# changed\n"
    assert all(line[line.index("--host") + 1] == "127.0.0.1" and "--no-token" not in line for line in started)
    tokens = {re.search(r"access_token=(\w{32}) ", told)[1] for told in heard}
    assert len(tokens) == 2
