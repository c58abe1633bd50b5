"""Every related system is told in the same shape, and its claims can be decided by the cells that it computes."""

from pathlib import Path

import pytest

from experiments.studies import SCALES, STUDIES
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from theory.bounds.registry import REGISTRY

ROOT = Path(__file__).parents[4]

every_system = pytest.mark.parametrize("system", SYSTEMS.values(), ids=list(SYSTEMS))


def test_no_two_claims_have_one_name():
    names = [claim.name for system in SYSTEMS.values() for claim in system.claims]
    assert len(set(names)) == len(names)


@every_system
def test_a_system_is_told_whole(system):
    assert 1 <= len(system.algorithm) <= 10 and system.about and system.source
    assert len(system.claims) >= 4 and all(claim.predicate and claim.statement for claim in system.claims)
    assert (system.bounds or system.lemmas) and set(system.bounds) <= set(REGISTRY)
    assert all(each.formulas and each.proof and (ROOT / each.file).is_file() for each in system.lemmas)
    assert system.limits and system.sizes


@every_system
@pytest.mark.parametrize("scale", SCALES)
def test_cells_have_names_of_their_own_and_files_that_name_their_kind(system, scale):
    cells = STUDIES[system.name].cells(scale)
    assert cells and {type(cell) for cell in cells} <= set(system.kinds)
    assert len({SYSTEM_RESULTS.file_name(cell) for cell in cells}) == len(cells)
    for cell in cells:
        assert cell.work > 0 and SYSTEM_RESULTS.restored(SYSTEM_RESULTS.identity(cell)) == cell


@every_system
def test_without_results_every_claim_is_open_with_a_reason(system):
    for found in system.judged(()):
        assert found.verdict == "inconclusive" and found.seeds == 0 and found.evidence.endswith(".")
