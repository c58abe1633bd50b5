"""A table that does not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value", covariant=True)


class Table(Mapping[Key, Value]):
    """A mapping that cannot be written to: unlike a MappingProxyType, it shows its dictionary to no comparison.

    >>> Table({"a": 1})["a"], dict(Table({"a": 1}))
    (1, {'a': 1})
    """

    __slots__ = ("_entries",)
    _entries: dict[Key, Value]

    def __new__(cls, entries: Mapping[Key, Value]) -> Table[Key, Value]:
        made = super().__new__(cls)
        made._entries = dict(entries)
        return made

    def __getitem__(self, key: Any) -> Value:
        return self._entries[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
