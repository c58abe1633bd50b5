"""The companion paper: its numbers are those of the results, its formulas are set, and what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.check.judged import find_families
from theory.bounds import REGISTRY
from theory.common.errors import StoreError

pypandoc = pytest.importorskip("pypandoc")
typst = pytest.importorskip("typst")

from paper.build import _compile, _fenced, _told_before, main  # noqa: E402
from paper.material import Material, rounded  # noqa: E402


def test_the_numbers_are_those_of_the_verdicts(results: Path) -> None:
    material, families = Material(results), find_families(results)
    factors = [
        verdict.bounds["theorem-a"][-1] / verdict.measured[-1]
        for family in families
        for verdict in family.verdicts.values()
        if verdict.bounds.get("theorem-a", (None,))[-1] is not None
    ]
    assert material.slack("theorem-a") == (min(factors), max(factors), len(factors))
    assert sum(material.verdicts.values()) == material.checks == sum(len(family.verdicts) for family in families)


def test_the_bounds_shown_lie_above_the_exact_worst_case() -> None:
    worst, rungs = Material(Path("nowhere")).rungs
    assert worst > 0
    assert rungs[0].name == "theorem-b"
    assert all(1 <= rung.ratio == pytest.approx(rung.value / worst) for rung in rungs)


@pytest.mark.parametrize("figure", ["limit", "fig1", "async", "topk"])
def test_a_missing_result_stops_the_build_with_its_name(figure: str, results: Path) -> None:
    with pytest.raises(StoreError, match=f"needs the results of {figure}, .* `gradlag reproduce {figure}"):
        Material(results).picture(figure)


def test_the_command_names_what_is_missing(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path)]) == StoreError.exit_status
    assert "needs the results of ladder" in capsys.readouterr().err
    assert main([str(results)]) == StoreError.exit_status
    assert "needs the results of worst-case" in capsys.readouterr().err


def test_every_formula_of_the_library_is_set(tmp_path: Path) -> None:
    """Pandoc and typst refuse what they cannot read; a norm is a pair, with its exponent outside."""
    lines = [f"$${bound.quantity} \\le {bound.latex()}$$" for bound in REGISTRY.values()]
    lines += [f"${line}$\n" for bound in REGISTRY.values() for line in bound.latex_definitions()]
    text = _fenced("---\ntitle: All\nauthor: All\n---\n\n" + "\n\n".join(lines))
    assert _compile(text, tmp_path).startswith(b"%PDF")
    assert "norm(nabla F" in (tmp_path / "paper.typ").read_text(encoding="utf-8")


def test_steps_that_another_proof_has_are_told_once() -> None:
    material, shown = Material(Path("nowhere")), ("theorem-a", "corollary-1")
    assert _told_before(material.account("theorem-a"), shown, material) is None
    assert _told_before(material.account("corollary-1"), shown, material) == (8, "theorem-a")


def test_numbers_are_readable() -> None:
    assert [rounded(x) for x in (0.049423, 2348.7, -1.5, 3.2e-7)] == ["0.0494", "2349", "−1.5", "3.20·10^−7^"]
