"""The cells of the solved studies on disk: one JSON file each, of any of six kinds, checked when read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from experiments.studies.worst_cases.certified_witness import WitnessCell
from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.designs import DesignCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import LimitCell
from experiments.sweep.json_store import CellResult, JsonStore, digest

SolvedCell = GrowthCell | PatternCell | SawtoothCell | LimitCell | DesignCell | WitnessCell
SolvedResult = CellResult[SolvedCell]
#: By the name that their files carry.
KINDS: Mapping[str, type[SolvedCell]] = MappingProxyType({kind.kind: kind for kind in SolvedCell.__args__})


class SolvedStore(JsonStore[SolvedCell]):
    """Worst cases that are solved, not simulated; a file names the kind of its cell."""

    schema = "gradlag-worst-case/1"
    folder = "worst-case"
    noun = "worst-case result"
    plural = "worst cases"
    indent = 1

    def key(self, cell: SolvedCell) -> str:
        """The kind tells cells apart too."""
        return digest({"schema": self.schema, "kind": cell.kind} | asdict(cell))

    def identity(self, cell: SolvedCell) -> dict[str, Any]:
        """The kind is told too."""
        return {"kind": cell.kind} | super().identity(cell)

    def restored(self, stored: Mapping[str, Any]) -> SolvedCell:
        """The cell, of the kind that the file names."""
        return KINDS[stored["kind"]](**stored["cell"])


SOLVED = SolvedStore()
