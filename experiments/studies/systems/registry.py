"""The related systems by name: one entry each."""

from collections.abc import Mapping

from experiments.studies.systems.counter_momentum.system import COUNTER_MOMENTUM
from experiments.studies.systems.ds_sync.system import DS_SYNC
from experiments.studies.systems.fed_influence.system import FED_INFLUENCE
from experiments.studies.systems.fleet.system import FLEET
from experiments.studies.systems.focus.system import FOCUS
from experiments.studies.systems.gaia.system import GAIA
from experiments.studies.systems.skewscout.system import SKEWSCOUT
from experiments.studies.systems.system import System
from experiments.studies.systems.topk.system import TOPK
from theory.common.table import Table

_ALL: tuple[System, ...] = (TOPK, FLEET, DS_SYNC, GAIA, FED_INFLUENCE, SKEWSCOUT, FOCUS, COUNTER_MOMENTUM)

SYSTEMS: Mapping[str, System] = Table({system.name: system for system in _ALL})
