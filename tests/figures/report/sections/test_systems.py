"""A related system has one section: algorithm, figure, bound, verdicts, limits and sizes, whatever is there of it."""

import pytest

from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.sweep.executor import run_cells
from figures.report.build import build_report
from figures.report.claims import all_claims, claims_text
from figures.report.sections.systems import DRAWN, sections
from figures.style import style

every_system = pytest.mark.parametrize("system", SYSTEMS.values(), ids=list(SYSTEMS))


def test_every_system_has_a_picture():
    assert set(DRAWN) == set(SYSTEMS)


@every_system
def test_a_picture_of_nothing_is_drawn_too(system):
    picture, caption = DRAWN[system.name]
    assert style.svg(picture(()), "nothing") and caption(())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The cheapest cells of every system at the quick scale."""
    out = tmp_path_factory.mktemp("systems")
    for system in SYSTEMS.values():
        cells = sorted(system.cells("quick"), key=lambda cell: cell.work)[:4]
        assert not [each.error for each in run_cells(SYSTEM_RESULTS, cells, out) if each.error]
    return out


def test_the_report_has_a_section_a_system_with_all_that_belongs_to_it(folder, monkeypatch, leave_pictures_out):
    leave_pictures_out(monkeypatch, "topk", "ds-sync")  # tests/figures/draw draws the others
    page = build_report(folder).read_text(encoding="utf-8")
    for system in SYSTEMS.values():
        assert system.title in page and f'<figure id="{system.name}"' in page
        assert all(f'id="claim-{claim.name}"' in page for claim in system.claims)
        assert all(f'href="#{name}"' in page for name in system.bounds)
        for what in ("Limits", "What is scaled down", "Left open at this scale"):
            assert page.count(what) == len(SYSTEMS)


def test_the_text_of_all_claims_has_a_line_for_each(folder):
    text = claims_text(all_claims(folder))
    assert all(claim.statement in text for system in SYSTEMS.values() for claim in system.claims)


def test_without_results_there_is_no_section(tmp_path):
    assert list(sections(tmp_path)) == []
