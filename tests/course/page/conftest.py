"""The page as a reader has it: one file, opened in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gradlag.teaching.page.build import build
from tests.support.browser import Heard, running


class Opened(NamedTuple):
    """A page in a browser, and what it did."""

    page: Any
    heard: Heard


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    build(path)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with running() as started:
        yield started


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Callable[..., Opened]]:
    """Open the page at a fragment; options are those of a browser's context."""
    contexts = []

    def start(fragment: str = "", **options: Any) -> Opened:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        context.set_offline(True)
        page, heard = context.new_page(), Heard()
        heard.listen(page)
        page.goto(f"{page_file.as_uri()}#{fragment}")
        page.locator("#command:not(:empty)").wait_for(state="attached")
        return Opened(page, heard)

    yield start
    for context in contexts:
        context.close()
