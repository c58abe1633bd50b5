"""Lessons in a real browser: sliders are moved, predictions made, exercises answered rightly and wrongly."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import replace
from importlib import import_module
from typing import Any
from urllib.error import HTTPError

import pytest

from gradlag.teaching import sheet
from gradlag.teaching.notebook import as_page, solutions
from gradlag.teaching.parts.fields import Chosen, Selected, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.serve import Server
from gradlag.teaching.shown import svg
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.syllabus import SYLLABUS

pytestmark = pytest.mark.browser
LESSONS = pytest.mark.parametrize("number", SYLLABUS)
_PATIENCE = 30_000  # milliseconds: a busy machine is slow, and speed is measured in `make bench`


@pytest.fixture(scope="module")
def opened() -> Any:
    """A maker of servers, each with its lesson; kept while the tests of this file run."""
    made: dict[int, Server] = {}

    def make(number: int) -> Server:
        if number not in made:
            made[number] = Server(SYLLABUS[number])
            threading.Thread(target=made[number].serve_forever, daemon=True).start()
        return made[number]

    yield make
    for server in made.values():
        server.shutdown()
        server.server_close()


def fill(form: Any, name: str, field: Any, value: Any) -> None:
    """Type, choose or move."""
    places = form.locator(f"[data-field={name}]")
    if isinstance(field, Slider):
        places.fill(str(min(range(len(field.values)), key=lambda n: abs(field.values[n] - float(value)))))
    elif isinstance(field, Chosen):
        for option in value if isinstance(field, Selected) else [value]:
            form.get_by_label(option, exact=True).check()
    else:
        places.fill(str(value))


def sent(form: Any) -> str:
    """Press the button, and what is shown."""
    before = int(form.get_attribute("data-answered") or 0)
    form.get_by_role("button").click()
    form.locator(f"xpath=self::*[@data-answered>{before}]").wait_for(timeout=_PATIENCE)
    return str(form.locator(".gl-shown").inner_text())


#: Words of a picture that leave it, or that lie on others.
_ILLEGIBLE = """() => [...document.querySelectorAll('svg.gl-picture')].flatMap(picture => {
  const edge = picture.getBoundingClientRect(), found = []
  const words = [...picture.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()])
  for (const [n, [said, box]] of words.entries()) {
    if (box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1) found.push(said)
    for (const [other, beside] of words.slice(0, n)) {
      const wide = Math.min(box.right, beside.right) - Math.max(box.left, beside.left)
      const high = Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top)
      if (wide > 1 && high > Math.min(box.height, beside.height) / 3) found.push(`${said} on ${other}`)
    }
  }
  return found
})"""


_CHANGED = "([figure, before]) => figure.querySelector('svg').innerHTML !== before"


def move(page: Any, figure: Any) -> None:
    """Move every slider of a picture to its end and a step back; the drawing follows each time."""
    for slider in figure.get_by_role("slider").all():
        for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
            before = figure.locator("output").all_inner_texts()
            slider.press(key)
            if figure.locator("output").all_inner_texts() != before:
                assert figure.locator("svg.gl-picture").count() == 1
                assert set(page.evaluate(_ILLEGIBLE)) == set()


@LESSONS
def test_a_student_moves_predicts_and_answers(number, opened, watched, screenshots):
    server, seen = opened(number), watched()
    page, lesson = seen.page, server.lesson
    page.goto(server.address)
    page.screenshot(path=screenshots / f"lesson_{number:02d}_opened.png", full_page=True)
    figures = page.locator("figure.gl-moves, form[data-kind=picture]")
    assert figures.count() == len(lesson.pictures)
    for figure in figures.all():
        drawn = figure.locator("svg").inner_html()
        move(page, figure)
        page.wait_for_function(_CHANGED, arg=[figure.element_handle(), drawn], timeout=_PATIENCE)
    for name, prediction in lesson.predictions.items():
        form = page.locator(f"form[data-kind=prediction][data-name={name}]")
        assert form.locator("svg").count() == 0  # nothing is shown before a prediction
        for field, control in prediction.fields.items():
            if isinstance(control, Chosen):
                fill(form, field, control, control.options[:1] if isinstance(control, Selected) else control.options[0])
        assert len(sent(form)) > 40 and form.locator("svg").count() == 1
        assert set(page.evaluate(_ILLEGIBLE)) == set()
    tried, solved = import_module(f"tests.course.answers.{SYLLABUS[number].stem}").ANSWERS, solutions(SYLLABUS[number])
    for kind, word in (("wrong", "Not yet."), ("right", "Right.")):
        for name, exercise in lesson.exercises.items():
            form = page.locator(f"form[data-kind=exercise][data-name='{name}']")
            answers = tried[name].wrong[0][0] if kind == "wrong" else solved[name]["answers"]
            for field, control in exercise.fields.items():
                fill(form, field, control, answers[field])
            assert word in sent(form), (name, kind)
        page.screenshot(path=screenshots / f"lesson_{number:02d}_{kind}.png", full_page=True)
    assert seen.complaints == [] and seen.elsewhere == []


def test_a_picture_of_many_choices_is_drawn_as_its_sliders_move(opened, watched):
    def draw(a: float, b: float) -> Drawn:
        return Drawn(
            svg.drawing(100, 50, [svg.Panel(svg.Axis(0, 30), svg.Axis(0, 30)).axes()], f"{a} {b}"), f"At {a + b:g}."
        )

    stops = tuple(float(n) for n in range(21))
    picture = Picture("many", "Many choices", {"a": Slider("a", stops, 3.0), "b": Slider("b", stops, 4.0)}, draw)
    assert "<input" not in picture.at({"a": 3.0, "b": 4.0}).on(Medium.PAGE)  # 441 drawings are not sent; it is still
    server = opened(1)
    before = server.lesson, server.page
    server.lesson = replace(server.lesson, pictures={"many": picture})
    server.page = sheet.page("Many", 1, [picture.at({"a": 3.0, "b": 4.0})], Medium.APP).encode()
    seen = watched()
    seen.page.goto(server.address)
    seen.page.get_by_text("At 7.").wait_for()
    for _ in range(5):
        seen.page.get_by_role("slider").first.press("ArrowRight")
    seen.page.get_by_text("At 12.").wait_for()
    seen.page.get_by_role("slider").last.press("End")
    seen.page.get_by_text("At 28.").wait_for()
    assert seen.complaints == []
    assert "no stop" in ask(server, body=b'{"kind": "picture", "name": "many", "values": {"a": 0.5, "b": 1}}')[1]
    server.lesson, server.page = before


@LESSONS
def test_a_page_without_a_network_shows_all_and_moves(number, watched, tmp_path, screenshots):
    file = tmp_path / "lesson.html"
    file.write_text(as_page(SYLLABUS[number], Medium.PAGE), encoding="utf-8")
    seen = watched(viewport={"width": 400, "height": 800}, color_scheme="dark")
    seen.context.set_offline(True)
    page = seen.page
    page.goto(file.as_uri())
    for figure in page.locator("figure.gl-moves").all():
        move(page, figure)
    for folded in page.locator("summary").all():
        folded.click()
    assert page.locator("details svg").count() >= 1
    assert set(page.evaluate(_ILLEGIBLE)) == set()
    page.screenshot(path=screenshots / f"lesson_{number:02d}_page.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400  # nothing runs out of a telephone
    assert seen.complaints == [] and seen.asked == [file.as_uri()]


@LESSONS
def test_a_sheet_prints(number, watched, tmp_path, screenshots):
    file = tmp_path / "sheet.html"
    file.write_text(as_page(SYLLABUS[number], Medium.PAPER), encoding="utf-8")
    page = watched(viewport={"width": 794, "height": 1123}).page
    page.emulate_media(media="print")
    page.goto(file.as_uri())
    page.screenshot(path=screenshots / f"lesson_{number:02d}_sheet.png", full_page=True)
    assert page.locator("input, button, script:not(:empty)").count() == 0
    assert page.locator("text=Exercise 3.").count() == 1


def ask(server: Server, path: str = "show", body: bytes | None = None, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(server.address + path, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_the_server_answers_its_own_page_alone_and_survives_what_it_is_sent(opened):
    server = opened(1)
    asked = {"kind": "exercise", "name": "2", "values": {"step": "0.154"}}
    own = json.dumps(asked).encode()
    assert "Right." in ask(server, body=own)[1]
    assert ask(server, body=own, Origin="http://example.org")[0] == 404
    assert ask(server, body=own, Host="example.org")[0] == 404
    assert ask(server, path="../pyproject.toml")[0] == 404
    for odd in (b"", b"{", b"[]", b"3", json.dumps({**asked, "name": "9"}).encode(), b'{"kind": "exercise"}', b"\xff"):
        status, told = ask(server, body=odd)
        assert status == 200 and "Reload" in told
    assert "too long" in ask(server, body=b" " * 200_000)[1]
    shown = ask(server, body=json.dumps({**asked, "values": {"step": "<script>alert(1)</script>"}}).encode())[1]
    assert "Not read" in shown and "<script" not in shown
    assert server.socket.getsockname()[0] == "127.0.0.1"
