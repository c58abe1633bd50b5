"""The tables of the instructor's page, made from the syllabus that the lessons themselves show.

`python benchmarks/syllabus.py` writes them into course/INSTRUCTOR.md; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradlag.teaching.syllabus import SYLLABUS, Entry

PAGE = Path(__file__).resolve().parents[1] / "course" / "INSTRUCTOR.md"
BEGIN, END = "<!-- the syllabus: made by benchmarks/syllabus.py -->", "<!-- end of the syllabus -->"


def syllabus() -> str:
    """Two tables, and a plan for each lesson."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from ("| lesson | a student needs | afterwards a student can |", "|---|---|---|")
    for entry in SYLLABUS.values():
        yield f"| {_name(entry)} | {entry.needs} | {'; '.join(entry.aims)} |"
    yield from ("", "| lesson | what is proved in it | what it only shows |", "|---|---|---|")
    for entry in SYLLABUS.values():
        yield f"| {_name(entry)} | {entry.proves} | {entry.shows} |"
    for entry in SYLLABUS.values():
        yield from ("", f"**{_name(entry)}**, {entry.minutes} minutes:", "")
        yield from (f"- {minutes} min: {what}" for minutes, what in entry.plan)


def _name(entry: Entry) -> str:
    return f"{entry.number} {entry.title}"


def main() -> None:
    """Write them."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{syllabus()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
