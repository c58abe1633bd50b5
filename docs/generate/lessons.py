"""The course in the documentation: a page that lists the lessons, and each lesson as a page of its own to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradlag.commands.lesson import lesson
from gradlag.teaching.page.build import build
from gradlag.teaching.syllabus import SYLLABUS

COURSE = Path(__file__).parents[2] / "course"


def lessons_page() -> dict[str, str]:
    """Path -> text of the one page."""
    return {"lessons.md": "\n".join(_lines()) + "\n"}


def _lines() -> Iterator[str]:
    yield from ("# The ten lessons", "")
    yield "To read here, without installation; `gradlag lesson N` opens one with pictures that move and exercises that "
    yield 'are graded. The page to drag in is <a href="../late.html">Late gradients</a>.'
    for entry in SYLLABUS.values():
        link = f'<a href="../lessons/{entry.stem}.html">{entry.number}. {entry.title}</a>'
        yield from ("", f"**{link}** ({entry.minutes} minutes). Afterwards a student can")
        yield from ("", *(f"- {aim}" + (";" if aim != entry.aims[-1] else ".") for aim in entry.aims))


def write_lessons(out: Path) -> None:
    """Every lesson as one HTML page, those that are newer than the course kept, and the page without installation."""
    build(out / "late.html")
    changed = max(path.stat().st_mtime for path in COURSE.rglob("*.py"))
    (out / "lessons").mkdir(exist_ok=True)
    for entry in SYLLABUS.values():
        page = out / "lessons" / f"{entry.stem}.html"
        if not page.exists() or page.stat().st_mtime < changed:
            lesson(entry.number, export=page)
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace("<main", _ways(entry.number) + "<main", 1), encoding="utf-8")


def _ways(number: int) -> str:
    """Links to the list and to the lessons before and after."""
    near = ((SYLLABUS.get(other), word) for other, word in ((number - 1, "Before"), (number + 1, "Next")))
    links = (f'<a href="{entry.stem}.html">{word}: {entry.title}</a>' for entry, word in near if entry)
    ways = " &middot; ".join(('<a href="../generated/lessons.html">The ten lessons</a>', *links))
    return f'<nav aria-label="lessons" style="max-width:44rem;margin:1rem auto;padding:0 1rem">{ways}</nav>'
