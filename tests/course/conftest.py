"""The course as a student meets it: in a real browser without a screen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradlag.teaching.serve import HOST

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser of the system; none is downloaded."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.fail(f"These tests need one of {', '.join(_BROWSERS)}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page that hears what a browser complains of, and every address that is asked for."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 1000}, **options})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    @property
    def elsewhere(self) -> list[str]:
        """What was asked for outside this machine."""
        own = ("file:", "data:", "blob:", f"http://{HOST}:", f"ws://{HOST}:")
        return [address for address in self.asked if not address.startswith(own)]


@pytest.fixture
def watched(chromium: Any) -> Iterator[Any]:
    """A maker of watched pages."""
    made: list[Watched] = []

    def make(**options: Any) -> Watched:
        made.append(Watched(chromium, **options))
        return made[-1]

    yield make
    for each in made:
        each.context.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: Any) -> Path:
    """Where screenshots go: a folder that is forgotten, or the one that GRADLAG_SCREENSHOTS names."""
    place = Path(os.environ.get("GRADLAG_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    place.mkdir(parents=True, exist_ok=True)
    return place
