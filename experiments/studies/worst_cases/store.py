"""The cells of the solved studies on disk: one JSON file each, of any of six kinds, checked when read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from experiments.studies.worst_cases.certified_witness import WitnessCell
from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.designs import DesignCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import LimitCell
from experiments.sweep.json_store import CellResult, KindStore

SolvedCell = GrowthCell | PatternCell | SawtoothCell | LimitCell | DesignCell | WitnessCell
SolvedResult = CellResult[SolvedCell]
#: By the name that their files carry.
KINDS: Mapping[str, type[SolvedCell]] = MappingProxyType({kind.kind: kind for kind in SolvedCell.__args__})


class SolvedStore(KindStore[SolvedCell]):
    """Worst cases that are solved, not simulated; a file names the kind of its cell."""

    schema = "gradlag-worst-case/1"
    folder = "worst-case"
    noun = "worst-case result"
    plural = "worst cases"
    indent = 1
    kinds = KINDS


SOLVED = SolvedStore()
