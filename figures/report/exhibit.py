"""What the report is made of: figures, each with what is said of it and where its numbers come from, in sections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from experiments.check.judged import StoredRun
from experiments.studies import STUDIES
from experiments.sweep.json_store import CellResult, JsonStore
from figures.style import style

PICTURES = "figures"


@dataclass(frozen=True, eq=False)
class Origin:
    """Where the numbers of a figure come from.

    Args:
        made: the commands that made the results; alone: those that make each of them, or the figure, alone.
        described: what determined each result, as plain values.
        noun: what the results are: "run" or "worst case".
    """

    made: tuple[str, ...]
    alone: tuple[str, ...]
    described: tuple[Mapping[str, Any], ...]
    noun: str = "run"

    @classmethod
    def of_runs(cls, stored: Sequence[StoredRun]) -> Origin:
        """That of a figure of runs."""
        described = tuple(each.describe() for each in stored)
        plain = (re.sub(r" --out \S+", "", str(run["command"])) for run in described)
        alone = (f"{command} --out {run['file']}" for command, run in zip(plain, described, strict=True))
        return cls(_distinct(each.command for each in stored), _distinct(alone), described)

    @property
    def count(self) -> str:
        """How many results, in words."""
        number = len(self.described)
        return f"{number} {self.noun}{'s' if number != 1 else ''}"

    @property
    def scale(self) -> str:
        """The scale named in the commands."""
        return scale_in(self.made)

    @property
    def configuration(self) -> str:
        """What determined the results, as JSON."""
        return json.dumps(self.described, indent=1, ensure_ascii=False)


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A figure of the report.

    Args:
        name: of the figure and its files; title, caption: HTML is marked as such, anything else is escaped.
        draw: makes the picture; origin: where its numbers come from.
        group: the heading that it stands below; below: HTML below the caption; short: its name in the list of figures.
        wide: as wide as the page; files: what else is kept beside the picture, by file name.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    origin: Origin
    group: str = ""
    below: str = ""
    short: str = ""
    wide: bool = True
    files: Mapping[str, str] = field(default_factory=dict)

    def inlined(self, picture: str) -> str:
        """The picture, an SVG document, as the page shows it: hidden from readers of speech, who have its title."""
        drawing = picture[picture.index("<svg") :]
        return style.themed(drawing).replace("<svg ", '<svg aria-hidden="true" ', 1)


def study_exhibit(
    name: str,
    results: Sequence[CellResult[Any]],
    draw: Callable[[], Figure],
    caption: str,
    noun: str = "cell",
    **more: Any,
) -> Exhibit:
    """The figure of a study, which one command makes alone; `more` are fields of an exhibit."""
    store, made = STUDIES[name].store, _distinct(result.command for result in results)
    assert isinstance(store, JsonStore)
    alone = f"gradlag reproduce {name} --scale {scale_in(made)}"
    return Exhibit(
        name,
        STUDIES[name].title,
        Markup("{} Made by <code>{}</code>.").format(caption, alone),
        draw,
        Origin(made, (alone,), tuple(map(store.describe, results)), noun),
        short=name,
        **more,
    )


@dataclass(frozen=True, eq=False)
class Part:
    """Sections that open and close together; about: what a reader finds in it, in a line."""

    title: str
    about: str
    sections: Sequence[Section]

    @property
    def anchor(self) -> str:
        """Where links to it lead."""
        return f"part-{_anchor(self.title)}"


@dataclass(frozen=True, eq=False)
class Section:
    """A section of the report.

    Args:
        title: its heading; opening: HTML that it begins with; exhibits: its figures.
        told: how much was computed, in a sentence for the last section.
        versions: of what made each result; created: when the results were finished.
    """

    title: str
    opening: str = ""
    exhibits: Sequence[Exhibit] = ()
    told: str = ""
    versions: Sequence[Mapping[str, str]] = ()
    created: Sequence[str] = ()

    @classmethod
    def of_study(
        cls, title: str, opening: str, exhibits: Sequence[Exhibit], results: Sequence[CellResult[Any]], counted: str
    ) -> Section:
        """That of results of one sort, which are counted as what `counted` says."""
        told = f"{len(results)} {counted}, {sum(result.seconds for result in results):.0f} seconds."
        return cls(title, opening, exhibits, told, [result.versions for result in results])

    @property
    def groups(self) -> list[tuple[str, list[Exhibit]]]:
        """The figures by the headings that they stand below."""
        return [(group, list(members)) for group, members in groupby(self.exhibits, key=lambda each: each.group)]

    @property
    def anchor(self) -> str:
        """Where links to it lead."""
        return _anchor(self.title)


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower())


def scale_in(commands: Iterable[str]) -> str:
    """The scale named in commands.

    >>> scale_in(["gradlag reproduce --scale quick"]), scale_in(["gradlag check"])
    ('quick', 'chosen by the user')
    """
    found = {match[1] for command in commands if (match := re.search(r"--scale (\w+)", command))}
    return ", ".join(sorted(found)) or "chosen by the user"


def _distinct(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
