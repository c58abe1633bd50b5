"""The cells of the related systems on disk: one JSON file each, in one folder, checked when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from experiments.data.on_request import ON_REQUEST, missing, stored
from experiments.studies.systems.registry import SYSTEMS
from experiments.sweep.json_store import CellResult, KindStore

SystemResult = CellResult[Any]


class SystemStore(KindStore[Any]):
    """Runs of the related systems; a file names the kind of its cell."""

    schema = "gradlag-system/1"
    folder = "systems"
    noun = "result of a related system"
    plural = "cells of the related systems"
    kinds: ClassVar[Mapping[str, Any]] = {kind.kind: kind for each in SYSTEMS.values() for kind in each.kinds}

    def check_needs(self, cells: Sequence[Any]) -> None:
        """DataError for the first set on request that is not on this computer; a cell names its own as `data`."""
        for name in sorted({getattr(cell, "data", "") for cell in cells} & set(ON_REQUEST)):
            if stored(name) is None:
                raise missing(name)


SYSTEM_RESULTS = SystemStore()
