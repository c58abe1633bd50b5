"""A table that does not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value", covariant=True)


class Table(Mapping[Key, Value]):
    """A mapping that cannot be written to: there is no dictionary in it that a comparison, a pickler or gc could show.

    >>> Table({"a": 1})["a"], dict(Table({"a": 1}))
    (1, {'a': 1})
    """

    __slots__ = ("_entries",)
    _entries: tuple[tuple[Key, Value], ...]

    def __new__(cls, entries: Mapping[Key, Value]) -> Table[Key, Value]:
        made = super().__new__(cls)
        made._entries = tuple(entries.items())
        return made

    def __getitem__(self, key: Any) -> Value:
        for known, value in self._entries:
            if known is key or known == key:
                return value
        raise KeyError(key)

    def __iter__(self) -> Iterator[Key]:
        return (key for key, _ in self._entries)

    def __len__(self) -> int:
        return len(self._entries)
