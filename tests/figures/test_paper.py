"""The companion paper: one page, from results alone."""

import importlib.util
import json
from pathlib import Path

import pytest

from figures.style import style
from theory.common.errors import StoreError

typst = pytest.importorskip("typst")
SOURCE = Path(__file__).parents[2] / "paper" / "build.py"


@pytest.fixture(scope="module")
def paper():
    spec = importlib.util.spec_from_file_location("gradlag_paper", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_paper_is_one_page(paper, results, tmp_path):
    paper._write_sources(paper.find_families(results), tmp_path)
    page = typst.compile(str(tmp_path / "paper.typ"), format="svg", ignore_system_fonts=True)
    assert isinstance(page, bytes), "a list of pages means more than one"


def test_the_numbers_are_those_of_the_verdicts(paper, results, tmp_path):
    families = paper.find_families(results)
    paper._write_sources(families, tmp_path)
    data = json.loads((tmp_path / "data.json").read_text())
    verdict = families[0].verdicts[4]
    factor = verdict.bounds["theorem-a"][-1] / verdict.measured[-1]
    row = next(row for row in data["table"]["groups"][0]["rows"] if row["name"] == "theorem-a")
    assert row["cells"][data["table"]["heads"].index("4")] == f"✓ {style.factor(factor)}"
    assert all((tmp_path / line["file"]).exists() for line in data["theoremA"]["definitions"])


def test_the_command_writes_a_pdf(paper, results, capsys):
    assert paper.main([str(results)]) == 0
    assert (results / "paper.pdf").read_bytes().startswith(b"%PDF")
    assert "paper.pdf" in capsys.readouterr().out


def test_bad_use_and_a_folder_without_results_end_in_a_sentence(paper, tmp_path, capsys):
    assert paper.main([]) == 2
    assert paper.main([str(tmp_path)]) == StoreError.exit_status
    assert "holds no results" in capsys.readouterr().err
