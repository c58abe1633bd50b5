"""How fast lessons answer in a real browser: promised are 2 s to the first answer, and 300 ms to a slider.

    python benchmarks/lessons.py

Opening is from the request for the page to the first drawing that has followed a slider, in a browser that knows
nothing yet; a slider's answer is from its event to the new drawing, laid out; grading is one answer, on the server.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from gradlag.teaching.serve import Server
from gradlag.teaching.syllabus import SYLLABUS

#: Moves one slider a step, and tells the milliseconds until the drawing has changed.
_MOVE = """async slider => {
  const figure = slider.closest('figure, form')
  const began = performance.now(), answered = figure.dataset.answered
  const at = Number(slider.value)
  slider.value = at < Number(slider.max) ? at + 1 : at - 1
  slider.dispatchEvent(new Event('input', {bubbles: true}))
  while (figure.tagName === 'FORM' && figure.dataset.answered === answered) await new Promise(next => setTimeout(next))
  figure.querySelector('svg').getBoundingClientRect()
  return performance.now() - began
}"""
_TURNS = 15


def moves(page: Any) -> Iterator[float]:
    """Milliseconds of every slider of every picture, moved several times."""
    for slider in page.locator("figure.gl-moves input, form[data-kind=picture] input").all():
        yield from (slider.evaluate(_MOVE) for _ in range(_TURNS))


def grading(server: Server) -> Iterator[float]:
    """Milliseconds of marking: every exercise with its first right and wrong answers."""
    from gradlag.teaching.notebook import solutions

    number = server.lesson.entry.number
    for name, solved in solutions(SYLLABUS[number]).items():
        for _ in range(3):
            began = time.perf_counter()
            server.lesson.exercises[name].respond(solved["answers"])
            yield 1e3 * (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    print(f"{'lesson':<34}{'made, s':>9}{'opened, s':>11}{'slider, ms (95 %)':>19}{'graded, ms (worst)':>20}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for entry in SYLLABUS.values():
            began = time.perf_counter()
            with Server(entry) as server:
                made = time.perf_counter() - began
                threading.Thread(target=server.serve_forever, daemon=True).start()
                context = browser.new_context()
                page, began = context.new_page(), time.perf_counter()
                page.goto(server.address)
                page.locator("figure.gl-moves svg, form[data-kind=picture] svg").first.wait_for()
                page.locator("figure.gl-moves input, form[data-kind=picture] input").first.evaluate(_MOVE)
                opened = time.perf_counter() - began
                slow = float(np.quantile(list(moves(page)), 0.95))
                title = f"{entry.number}. {entry.title}"
                print(f"{title:<34}{made:>9.1f}{opened:>11.2f}{slow:>19.1f}{max(grading(server)):>20.1f}", flush=True)
                context.close()
                server.shutdown()
        browser.close()


if __name__ == "__main__":
    main()
