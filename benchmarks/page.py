"""How fast the page without installation follows a drag: promised are 16 ms at the 95th percentile.

    python benchmarks/page.py

A drag is one event of a slider; it takes until the browser has computed, laid out and painted what follows from it.
Told are the processor time of the page's main thread, which is what a quiet machine takes, and the time by the clock.
The first drags of a situation, which compile, count.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from gradlag.teaching.page.build import build

#: One event, and the frame that follows it.
_DRAG = """async ([name, place]) => {
  const slider = document.getElementById(name), channel = new MessageChannel()
  slider.value = Number(slider.min) + place * (Number(slider.max) - Number(slider.min))
  await new Promise(done => {
    channel.port1.onmessage = done
    requestAnimationFrame(() => channel.port2.postMessage(0))
    slider.dispatchEvent(new Event('input', {bubbles: true}))
  })
}"""
_SLIDERS, _TURNS = ("delay", "step", "momentum", "noise"), 60
SITUATIONS = {
    "the first one": "",
    "noise, 32 runs of 400 updates": "noise=0.5&steps=400",
    "the same, random delays up to 16": "noise=0.5&steps=400&delays=uniform&delay=16",
    "the same, the race in view": "noise=0.5&steps=400&delays=uniform&delay=16",
}


def drags(page: Any, processor: Any) -> Iterator[tuple[float, float]]:
    """Milliseconds of the processor and of the clock, for every drag of every slider."""

    def busy() -> float:
        return float(
            next(m["value"] for m in processor.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")
        )

    for slider in _SLIDERS:
        for turn in range(_TURNS):
            before, began = busy(), time.perf_counter()
            page.evaluate(_DRAG, [slider, abs(1 - 2 * turn / _TURNS)])
            clock = time.perf_counter() - began
            yield 1e3 * (busy() - before), 1e3 * clock


def main() -> None:
    """Print the table."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    print(f"{'situation':<36}{'processor, ms: median':>22}{'95 %':>8}{'clock: 95 %':>14}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        build(file)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, fragment in SITUATIONS.items():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{file.as_uri()}#{fragment}")
            if "race" in name:
                page.get_by_label("waiting").check()
                page.locator("#race-question button").click()
                page.locator("#race-section").evaluate("(section) => section.scrollIntoView()")
            processor = page.context.new_cdp_session(page)
            processor.send("Performance.enable", {"timeDomain": "threadTicks"})
            taken = np.array(list(drags(page, processor)))
            (median, _), (most, clock) = np.quantile(taken, 0.5, axis=0), np.quantile(taken, 0.95, axis=0)
            print(f"{name:<36}{median:>22.1f}{most:>8.1f}{clock:>14.1f}", flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
