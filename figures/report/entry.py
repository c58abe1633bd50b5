"""A figure of the report: how it is drawn, what is said of it, and where its numbers come from, all as one value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Any

from matplotlib.figure import Figure

from figures.report.results import Stored
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
    def of_runs(cls, stored: Sequence[Stored]) -> Origin:
        """That of a figure of runs."""
        described = tuple(each.describe() for each in stored)
        alone = (f"{run['command']} --out {run['file']}" for run in described)
        return cls(_distinct(each.command for each in stored), _distinct(alone), described)

    @property
    def count(self) -> str:
        """How many results, in words."""
        number = len(self.described)
        return f"{number} {self.noun}{'s' if number != 1 else ''}"


@dataclass(frozen=True, eq=False)
class Entry:
    """A figure of the report.

    Args:
        name: of the figure and its files; group: the heading that it stands below; title, caption: HTML.
        draw: makes the picture; origin: where its numbers come from.
        wide: as wide as the page; below: HTML below the caption; short: its name in the list of figures.
        files: what else is kept beside the picture, by file name.
        shaded: whether it has shades of its own; it then keeps its colours, on a light ground.
    """

    name: str
    group: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    origin: Origin
    wide: bool
    below: str = ""
    short: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    shaded: bool = False


def figures_html(entries: Sequence[Entry], pictures: Mapping[str, str]) -> str:
    """All figures in groups, with links to each."""
    groups = [(group, list(members)) for group, members in groupby(entries, key=lambda entry: entry.group)]
    links = "".join(
        f"<li><b>{escape(group)}</b> {' · '.join(_link(entry) for entry in members)}</li>" for group, members in groups
    )
    texts = (
        (f"<h3>{escape(group)}</h3>" if group else "")
        + "".join(_figure(entry, pictures[entry.name]) for entry in members)
        for group, members in groups
    )
    return f'<nav class="figures" aria-label="Figures"><ul>{links}</ul></nav>{"".join(texts)}'


def _link(entry: Entry) -> str:
    return f'<a href="#{entry.name}">{escape(entry.short or entry.name.partition("-")[0])}</a>'


def _figure(entry: Entry, picture: str) -> str:
    drawing = picture[picture.index("<svg") :]
    drawn = (drawing if entry.shaded else style.themed(drawing)).replace(
        "<svg ", f'<svg role="img" aria-label="{escape(entry.title, quote=True)}" ', 1
    )
    ground = "drawing light" if entry.shaded else "drawing"
    return (
        f'<figure id="{entry.name}" class="{"grid" if entry.wide else "single"}"><div class="{ground}">{drawn}</div>'
        f"<figcaption><b>{escape(entry.title)}.</b> {entry.caption}</figcaption>{entry.below}"
        f"{_provenance(entry)}</figure>"
    )


def _provenance(entry: Entry) -> str:
    """The commands and the configuration behind a figure, folded away."""
    origin = entry.origin
    kept = [f"{PICTURES}/{entry.name}.svg", f"{PICTURES}/{entry.name}.pdf"]
    also = f" Beside it: {', '.join(f'{PICTURES}/{name}' for name in entry.files)}." if entry.files else ""
    return (
        f"<details><summary>Command, configuration, constants, versions ({origin.count}; "
        f"scale {escape(scale_in(origin.made))})</summary><p>Made by</p>{_commands(origin.made)}"
        f"<p>Each {escape(origin.noun)} alone</p>{_commands(origin.alone)}"
        f"<p>This picture is also in {' and '.join(kept)}.{also}</p>"
        f"<pre>{escape(json.dumps(origin.described, indent=1, ensure_ascii=False))}</pre></details>"
    )


def _commands(lines: Sequence[str]) -> str:
    return f'<pre class="command">{escape(chr(10).join(lines))}</pre>'


def scale_of(stored: Sequence[Stored]) -> str:
    """The scale named in the command that made the results."""
    return scale_in(each.command for each in stored)


def scale_in(commands: Iterable[str]) -> str:
    """The scale named in commands.

    >>> scale_in(["gradlag reproduce --scale quick"]), scale_in(["gradlag check"])
    ('quick', 'chosen by the user')
    """
    found = {match[1] for command in commands if (match := re.search(r"--scale (\w+)", command))}
    return ", ".join(sorted(found)) or "chosen by the user"


def _distinct(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
