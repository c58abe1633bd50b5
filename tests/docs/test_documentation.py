"""The documentation tells the truth: its commands run, its quotations are what they print, its Python runs.

`make docs-test` runs this beside a build in which a warning is an error.
"""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from gradlag.cli import execute

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "generated" not in path.parts)
_FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1$", flags=re.DOTALL | re.MULTILINE)
pytestmark = pytest.mark.docs


class Block(NamedTuple):
    """A fenced block: its language, the file it shows, its text, and the quotation right below it."""

    language: str
    file: str
    text: str
    quoted: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        caption = re.match(r":caption: (\S+)\n+", fence[3])
        quoted = re.match(r"\n\n> (.+)", text[fence.end() :])
        body = fence[3][caption.end() :] if caption else fence[3]
        found.append(Block(fence[2].strip(), caption[1] if caption else "", body, quoted[1] if quoted else ""))
    return found


# The log of docs/your-training.md has a test of its own, with the libraries that it needs.
RUN = [page for page in PAGES if page.name != "your-training.md" and any(b.language != "console" for b in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_in_an_empty_folder(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In order: files that it shows are written, commands exit with a verdict and print what is quoted, Python runs."""
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, page.name, "exec"), {})
        elif block.language == "":
            _commands(block, capfd)


def _commands(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    lines = [line.split("  #")[0] for line in block.text.splitlines() if line.startswith("gradlag ")]
    statuses = {line: execute(shlex.split(line)[1:]) for line in lines}
    captured = capfd.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert set(statuses.values()) <= {0, 1, 3}, (statuses, said)
    assert " ".join(block.quoted.split()) in said


def test_the_readme_quotes_what_the_documentation_quotes() -> None:
    """Its first command takes longer than a test of the README should; here it is run, on the page about waiting."""
    quoted = [block.quoted for block in blocks(DOCS / "findings" / "waiting.md")]
    assert quoted[0] in (DOCS.parent / "README.md").read_text(encoding="utf-8")


SHOWN = [
    line.removeprefix("$ ").split("  #")[0]
    for page in PAGES
    for block in blocks(page)
    if block.language == "console"
    for line in block.text.splitlines()
    if line.startswith("$ gradlag ")
]


@pytest.mark.parametrize("command", SHOWN)
def test_every_command_that_is_only_shown_is_one(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert execute([*shlex.split(command)[1:], "--help"]) == 0
    help_text = capfd.readouterr().out
    assert all(word in help_text for word in shlex.split(command) if word.startswith("--"))


class _Links(HTMLParser):
    """The addresses a page points at, the files it loads, and the places in it that can be pointed at."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.loaded: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value for name, value in attrs if value}
        self.places |= {told[name] for name in ("id", "name") if name in told}
        if tag == "a" and "href" in told:
            self.targets.add(told["href"])
        elif "src" in told or (tag == "link" and "href" in told):
            self.loaded.add(told.get("src") or told["href"])


def _read(page: Path) -> _Links:
    links = _Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def test_no_link_inside_is_broken_and_nothing_is_loaded_from_outside() -> None:
    built = DOCS.parent / "out" / "docs"
    if not (built / "index.html").exists():
        pytest.skip("`make docs` has not built it")
    pages = {page: _read(page) for page in built.rglob("*.html")}
    broken = set()
    for page, links in pages.items():
        assert not [address for address in links.loaded if urlsplit(address).scheme not in ("", "data")]
        for address in links.targets:
            split = urlsplit(address)
            if split.scheme or split.netloc:
                continue
            target = (page.parent / unquote(split.path)).resolve() if split.path else page
            there = target.exists() and (
                not split.fragment or target not in pages or split.fragment in pages[target].places
            )
            broken |= set() if there else {f"{page.relative_to(built)} -> {address}"}
    assert not broken


def test_the_essay_on_related_systems_counts_the_claims_of_their_table() -> None:
    table = (DOCS / "related_systems.md").read_text(encoding="utf-8")
    verdicts = re.findall(r"^\|[^|]*\|[^|]*\| (reproduced|not reproduced|inconclusive) \|", table, flags=re.MULTILINE)
    counts = [len(verdicts), *map(verdicts.count, ("reproduced", "not reproduced", "inconclusive"))]
    essay = (DOCS / "findings" / "related.md").read_text(encoding="utf-8")
    told = re.search(r"Of (\d+) claims (\d+) came out as published or as derived, (\d+) did not, (\d+) are open", essay)
    assert told is not None
    assert [int(number) for number in told.groups()] == counts
