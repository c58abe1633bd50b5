"""The companion paper: its numbers are those of the results, its formulas are set, and what is missing is named."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from experiments.check.judged import find_families
from experiments.studies.claim import StudyClaim
from experiments.studies.staleness.claims.study_claims import CLAIMS
from experiments.studies.systems.registry import SYSTEMS
from theory.bounds import REGISTRY
from theory.bounds.counter_momentum import COUNTER_MOMENTUM, run_of_method
from theory.bounds.judging.errata import ERRATA
from theory.common.errors import EnvironmentFailure, StoreError
from theory.staleness.count import Staleness

pypandoc = pytest.importorskip("pypandoc")
typst = pytest.importorskip("typst")

from paper import latex  # noqa: E402
from paper.build import HERE, _compile, _references, _told_before, main  # noqa: E402
from paper.kept import beside_delayed, kept, published, repeated, with_noise  # noqa: E402
from paper.latex import compile_latex, write_latex  # noqa: E402
from paper.material import PROOFS_SHOWN, Material, rounded  # noqa: E402
from paper.mathematics import cell, display, fenced, numbered  # noqa: E402
from paper.methods import tuned, turning  # noqa: E402


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


def everything() -> str:
    """All formulas, the proofs that are shown, and what is put into cells, as one paper."""
    lines = [f"$${bound.quantity} \\le {bound.latex()}$$" for bound in REGISTRY.values()]
    lines += [f"${line}$" for bound in REGISTRY.values() for line in bound.latex_definitions()]
    lines += [display(step.claim) for name in PROOFS_SHOWN for step in Material.account(name).steps]
    lines += [cell(f"{each.claim} {each.source} {each.truth}") for each in ERRATA]
    lines += [cell(claim.statement) for claim in _claims()] + list(_references())
    return fenced("---\ntitle: All\nauthor: All\n---\n\n" + "\n\n".join(lines))


def _claims() -> list[StudyClaim]:
    return [*CLAIMS, *(claim for system in SYSTEMS.values() for claim in system.claims)]


def test_every_formula_of_the_library_is_set(tmp_path: Path) -> None:
    """Pandoc and typst refuse what they cannot read; a norm is a pair, with its exponent outside."""
    assert _compile(everything(), tmp_path).startswith(b"%PDF")
    assert "norm(nabla F" in (tmp_path / "paper.typ").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_tex_sets_it_too(tmp_path: Path) -> None:
    """No line is too long, and no character is missing."""
    assert compile_latex(write_latex(everything(), tmp_path)).read_bytes().startswith(b"%PDF")


def test_what_tex_cannot_set_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "paper").mkdir()
    assert latex.main([str(tmp_path)]) == 2
    assert "--latex` writes it" in capsys.readouterr().err
    (tmp_path / "paper" / "paper.tex").write_text("no document", encoding="utf-8")
    assert latex.main([str(tmp_path)]) == EnvironmentFailure.exit_status
    assert "pdflatex" in capsys.readouterr().err


def test_every_reference_is_cited() -> None:
    """By its first author and its year."""
    text = " ".join((HERE / "paper.md").read_text(encoding="utf-8").split())
    for line in _references():
        author, year = line.split(",")[0].split(" (")[0], line.partition("(")[2][:4]
        assert re.search(rf"{author}[^.;]*(?:al\.[^.;]*)?{year}", text), line


def test_every_claim_has_a_kept_verdict() -> None:
    assert {kept(claim).verdict for claim in _claims()} == {"reproduced", "not reproduced", "inconclusive"}
    with pytest.raises(StoreError, match="'another'"):
        kept(replace(CLAIMS[0], name="another", statement="Another claim."))
    assert set(published()[1]) == set(published()[8])
    assert repeated("0, 1, 2, 2") < repeated("0, 1, 2, 3")
    with pytest.raises(StoreError, match="delays 7:"):
        repeated("7")
    assert with_noise(4, 1)["made for nu"] < with_noise(4, 1)["delayed steps"]
    with pytest.raises(StoreError, match=r"noise 0\.7"):
        with_noise(4, 0.7)
    assert beside_delayed("A fixed delay of 3", "best").startswith("median ")
    with pytest.raises(StoreError, match="'never'"):
        beside_delayed("never", "best")


def test_a_sawtooth_of_delays_stays_above_theorem_c() -> None:
    found = turning()
    assert (found.growth, found.least) == (Fraction(-26, 25), Fraction(2, 25))
    assert found.bound < found.least


def test_counter_momentum_is_locally_the_best_at_short_delays() -> None:
    found = [tuned(delay, 0.1) for delay in (1, 4, 5)]
    assert [each.best for each in found] == [True, True, False]
    assert 1 < found[2].bearable < found[0].bearable
    run = run_of_method(20_000, Staleness(5), {"L": 1.0, "Delta": 0.0, "sigma": 1.0})
    assert COUNTER_MOMENTUM.evaluate(run) == pytest.approx(found[1].floor, rel=1e-3)


def test_sections_figures_and_tables_are_numbered() -> None:
    text = "# A {.unnumbered}\n\n# B {#b}\n\n![x](one.pdf)\n\n![y](two.pdf)\n\n: [[tbl:t]] T\n\n"
    text += "[[sec:b]] [[fig:two]] [[tbl:t]]"
    assert numbered(text).endswith(": T\n\n1 2 1")
    with pytest.raises(ValueError, match="nowhere"):
        numbered(text + "[[fig:nowhere]]")


def test_steps_that_another_proof_has_are_told_once() -> None:
    material, shown = Material(Path("nowhere")), ("theorem-a", "corollary-1")
    assert _told_before(material.account("theorem-a"), shown, material) is None
    assert _told_before(material.account("corollary-1"), shown, material) == (8, "theorem-a")


def test_numbers_are_readable() -> None:
    assert [rounded(x) for x in (0.049423, 2348.7, -1.5, 3.2e-7)] == ["0.0494", "2349", "−1.5", "3.20·10^−7^"]
