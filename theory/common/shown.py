"""How results show themselves in a notebook, and the two plain ones: facts, and a listing of named things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol, TypeVar

# More entries of a list than this are not shown one by one.
_SHOWN = 8


class Shown:
    """A result whose `to_dict` is what `--json` prints: a notebook shows its line, and these values below it."""

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>{table(self.to_dict())}"


class Described(Protocol):
    """What can be listed: a thing that tells itself as plain values, its title among them."""

    def to_dict(self) -> dict[str, Any]:
        """The thing as plain values."""


Thing = TypeVar("Thing", bound=Described)


@dataclass(frozen=True, eq=False, repr=False)
class Facts(Shown, Mapping[str, Any]):
    """Facts by their names; `line` says the most important one.

    >>> found = Facts("at most 0.8", {"kind": "certificate", "upper": 0.8})
    >>> found, found["upper"]
    (at most 0.8, 0.8)
    """

    line: str
    facts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    def __repr__(self) -> str:
        return self.line

    def to_dict(self) -> dict[str, Any]:
        """The facts."""
        return dict(self.facts)


@dataclass(frozen=True, eq=False, repr=False)
class Listed(Shown, Mapping[str, Thing]):
    """Things by their names; groups: the key that `--json` has for them -> the things.

    >>> found = Listed({"figures": {"slack": Facts("", {"title": "Slack"})}})
    >>> found, found["slack"]["title"], found.to_dict()
    (figures: slack, 'Slack', {'figures': [{'title': 'Slack'}]})
    """

    groups: Mapping[str, Mapping[str, Thing]]

    @property
    def _all(self) -> dict[str, Thing]:
        return {name: thing for group in self.groups.values() for name, thing in group.items()}

    def __getitem__(self, name: str) -> Thing:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return "; ".join(f"{noun}: {', '.join(group)}" for noun, group in self.groups.items())

    def to_dict(self) -> dict[str, Any]:
        """The things of each group, as a list."""
        return {noun: [thing.to_dict() for thing in group.values()] for noun, group in self.groups.items()}

    def _repr_html_(self) -> str:
        return table({name: thing.to_dict()["title"] for name, thing in self.items()})


def table(values: Mapping[str, Any]) -> str:
    """Plain values as an HTML table, a row each, all text escaped.

    >>> table({"bound": "<b>", "values": [0.25, None]})
    '<table><tr><th>bound</th><td>&lt;b&gt;</td></tr><tr><th>values</th><td>0.25, -</td></tr></table>'
    """
    rows = (f"<tr><th>{escape(str(name))}</th><td>{_cell(value)}</td></tr>" for name, value in values.items())
    return f"<table>{''.join(rows)}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<details><summary>{len(value)}</summary>{table(value)}</details>" if value else ""
    if isinstance(value, (list, tuple)):
        return ", ".join([_cell(each) for each in value[:_SHOWN]] + ["..."] * (len(value) > _SHOWN))
    return f"{value:.6g}" if isinstance(value, float) else escape("-" if value is None else str(value))
