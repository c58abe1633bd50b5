"""What the cells of the solved studies share: their values, and tables by the scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from theory.common.errors import InputError

#: What a cell gives: plain numbers, text, lists and mappings, as JSON holds them.
Values = Mapping[str, Any]

_Entry = TypeVar("_Entry")


def of_scale(table: Mapping[str, _Entry], scale: str, study: str) -> _Entry:
    """The entry of a scale; InputError lists the scales if there is no such one."""
    if scale not in table:
        raise InputError(f"The scale of {study} must be one of {', '.join(table)}. Got {scale!r}.")
    return table[scale]
