"""The page as a reader has it: one file, opened in a real browser without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradlag.teaching.page.build import build


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    build(path)
    return path


@pytest.fixture
def opened(watched: Callable[..., Any], page_file: Path) -> Callable[..., Any]:
    """Open the page at a fragment, with the options of a browser's context."""

    def start(fragment: str = "", **options: Any) -> Any:
        seen = watched(**{"viewport": {"width": 1280, "height": 900}, **options})
        seen.context.set_offline(True)
        seen.page.goto(f"{page_file.as_uri()}#{fragment}")
        seen.page.locator("#command:not(:empty)").wait_for(state="attached")
        return seen

    return start
