"""A warning when another `theory`, `experiments` or `figures` stands before gradlag's on the import path."""

from __future__ import annotations

import importlib.util
import warnings
from importlib.machinery import ModuleSpec
from pathlib import Path

_FLOORS = ("theory", "experiments", "figures")
_HOME = Path(__file__).resolve().parents[2]


def warn_if_shadowed() -> None:
    """Warn of every floor that Python would import from somewhere else than beside this package."""
    for sentence in shadow_sentences():
        warnings.warn(sentence, stacklevel=3)


def shadow_sentences() -> tuple[str, ...]:
    """One sentence for every floor that is hidden."""
    return tuple(
        f"`import {floor}` finds {place}, which hides gradlag's own {floor}. Rename it, or start Python where it is "
        "not found first."
        for floor in _FLOORS
        for place in _elsewhere(importlib.util.find_spec(floor))
    )


def _elsewhere(spec: ModuleSpec | None) -> list[Path]:
    """Where the module is, if that is not beside this package."""
    if spec is None:
        return []
    places = list(spec.submodule_search_locations or filter(None, [spec.origin]))
    found = [Path(place).resolve() for place in places]
    return [] if _HOME in (place.parent for place in found) else found[:1]
