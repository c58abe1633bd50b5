"""The section on worst cases: every figure with its caption, command, table and files, from whatever there is."""

import base64
import json
import re
import shutil
import zlib

import pytest

from experiments.studies import STUDIES
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.executor import run_cells
from figures.report.build import build_report
from figures.report.exhibit import scale_in
from figures.report.sections.worst_cases import designs_by_setting, read_solved
from theory.common.errors import StoreError
from theory.worst_case.witness.file import verify_witness

NAMES = ("worst-case", "delay-patterns", "limit", "designs", "worst-function")


@pytest.fixture(scope="module", autouse=True)
def tiny(shrink_studies):
    with pytest.MonkeyPatch.context() as patch:
        shrink_studies(patch)
        patch.setattr("figures.report.sections.atlas.sections", lambda used: ())  # the theorems have tests of their own
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny):
    out = tmp_path_factory.mktemp("worst")
    cells = [cell for name in NAMES for cell in STUDIES[name].cells("quick")]
    outcomes = run_cells(SOLVED, cells, out, command="gradlag reproduce --scale quick")
    assert not [outcome.error for outcome in outcomes if outcome.error]
    return out


@pytest.fixture(scope="module")
def text(folder):
    return build_report(folder).read_text(encoding="utf-8")


def figure(text, name):
    return re.search(rf'<figure id="{name}".*?</figure>', text, flags=re.DOTALL)[0]


def copied(folder, target, *kinds):
    """A folder with the results of these kinds only."""
    for path in (folder / "worst-case").glob("*.json"):
        if path.name.startswith(kinds):
            (target / "worst-case").mkdir(exist_ok=True)
            shutil.copy(path, target / "worst-case")
    return target


def test_the_section_has_every_figure_with_its_own_command_and_scale(text, folder):
    section = text[text.index('<section id="worst-cases">') : text.index('<section id="environment">')]
    assert re.findall(r'<figure id="([^"]*)"', section) == list(NAMES)
    for name in NAMES:
        shown = figure(text, name)
        assert f"gradlag reproduce {name} --scale quick" in shown
        assert "scale quick)" in shown and "float" in shown and "<table>" in shown
        assert (folder / f"figures/{name}.svg").is_file()


def test_the_page_is_whole_without_any_run(text):
    assert "Scale: quick." in text
    assert '<section id="verdicts">' not in text and '<section id="figures">' not in text
    references = set(re.findall(r'href="#([^"]*)"', text))
    assert references <= set(re.findall(r'id="([^"]*)"', text))


def test_the_results_behind_a_figure_are_told(text, folder):
    told = re.findall(r'<pre data-packed-text="([^"]+)"', figure(text, "limit"))[-1]
    described = json.loads(zlib.decompress(base64.b64decode(told), -15))
    stored = {SOLVED.key(result.cell) for result in SOLVED.load_all(folder) if result.cell.kind == "limit"}
    assert {each["key"] for each in described} == stored
    assert all((folder / each["file"]).is_file() and each["versions"] for each in described)


def test_the_witness_lies_beside_its_picture_and_is_proved(folder, text):
    stored = next(result for result in SOLVED.load_all(folder) if result.cell.kind == "worst-function")
    kept = (folder / "figures/worst-function.witness").read_text()
    assert verify_witness(kept).lower == stored.values["lower"]


def test_the_tables_hold_the_stored_numbers(text, folder):
    growth = {result.cell: result.values for result in SOLVED.load_all(folder) if result.cell.kind == "growth"}
    last = next(values for cell, values in growth.items() if (cell.schedule, cell.steps) == ("theorem-1", 20))
    assert f"{last['value']:.3f}"[:5] in figure(text, "worst-case")
    assert figure(text, "limit").count(">certified<") == 2
    assert "exhaustive" in figure(text, "delay-patterns")
    assert figure(text, "designs").count("<li>") == 3


def test_the_report_is_built_from_stored_results_alone_and_the_same_again(folder, text, monkeypatch):
    def refused(*arguments):
        raise AssertionError("computed")

    for name in NAMES:
        for cell in STUDIES[name].cells("quick"):
            monkeypatch.setattr(type(cell), "compute", refused)
    assert build_report(folder).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        (("growth-corollary-1-s1-T10",), ["worst-case"]),
        (("pattern-constant-0.5",), ["delay-patterns"]),
        (("sawtooth",), ["delay-patterns"]),
        (("limit-D2", "design-theorem-1"), ["limit", "designs"]),
    ],
)
def test_a_part_of_the_results_makes_a_report_of_its_figures(folder, tmp_path, kinds, names):
    part = build_report(copied(folder, tmp_path, *kinds)).read_text(encoding="utf-8")
    assert re.findall(r'<figure id="([^"]*)"', part) == names


def test_a_figure_is_a_pdf_as_well_if_asked_and_one_that_lies_there_is_made_again(folder, tmp_path):
    page = build_report(copied(folder, tmp_path, "growth-theorem-1-s2"), pdf=True)
    assert re.findall(r'<figure id="([^"]*)"', page.read_text(encoding="utf-8")) == ["worst-case"]
    document = tmp_path / "figures/worst-case.pdf"
    whole = document.read_bytes()
    assert whole.startswith(b"%PDF") and "figures/worst-case.pdf" in page.read_text(encoding="utf-8")
    document.write_bytes(b"old")
    build_report(tmp_path)
    assert document.read_bytes() == whole


def test_runs_and_worst_cases_stand_in_one_report(folder, results, tmp_path, monkeypatch, leave_pictures_out):
    leave_pictures_out(monkeypatch)
    for part in ("cells", "verdicts"):
        shutil.copytree(results / part, tmp_path / part)
    text = build_report(copied(folder, tmp_path, "limit")).read_text(encoding="utf-8")
    assert text.index('id="verdicts"') < text.index('id="figures"') < text.index('id="worst-cases"')
    assert re.findall(r'<figure id="([^"]*)"', text)[-1] == "limit"
    assert "seconds of simulation" in text and "solved in seconds" in text


def test_a_damaged_result_is_refused_by_its_name_and_nothing_is_written(folder, tmp_path):
    copied(folder, tmp_path, "limit-D2")
    victim = next((tmp_path / "worst-case").glob("*.json"))
    victim.write_text(victim.read_text().replace("0.", "1.", 1))
    with pytest.raises(StoreError, match=victim.name):
        build_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_designs_stand_side_by_side_only_with_the_same_targets(folder):
    found = {figure.study.name: figure for figure in read_solved(folder)}["designs"].results
    assert [len(designs) for designs in designs_by_setting(found).values()] == [3]
    assert designs_by_setting(()) == {}


def test_a_scale_is_read_off_the_commands():
    assert scale_in(["gradlag reproduce --scale quick", "x --scale lesson"]) == "lesson, quick"
    assert scale_in([]) == "chosen by the user"
