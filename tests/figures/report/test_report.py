"""The report stands on its own, says everything in words, and is never damaged by bad results."""

import base64
import csv
import io
import json
import re
import shutil
import zlib
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest

from experiments.check.judged import find_families, judge_missing
from experiments.sweep.executor import run_cells
from experiments.sweep.run_store import RUNS, Cell
from figures.report.build import build_report
from figures.report.rendering import badge, number
from figures.report.sections.calibration import calibration_table, read_calibration
from figures.report.sections.runs import featured, sections, verdict_table
from figures.style.fonts import font_faces
from theory.bounds import REGISTRY
from theory.common.errors import StoreError


class Page(HTMLParser):
    """Every id, every reference and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.references, self.tags, self.words = [], [], Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href", "data", "srcset", "action"):
                self.references.append(value)

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def report(results):
    return build_report(results)


@pytest.fixture(scope="module")
def text(report):
    return report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def unpacked(text: str) -> str:
    """What the script of the page makes of what it carries small."""
    return zlib.decompress(base64.b64decode(text), -15).decode()


def pictures(text: str) -> list[str]:
    """The drawings of a page."""
    return [unpacked(each) for each in re.findall(r'data-packed="([^"]+)"', text)]


def test_the_report_loads_nothing(page, text):
    assert page.tags["link"] == page.tags["iframe"] == page.tags["img"] == 0
    assert page.tags["script"] == 1
    assert all(reference.startswith("#") for reference in page.references)
    shown = "".join([text, *pictures(text)])
    assert all(target.startswith(("#", "data:font/woff")) for target in re.findall(r"url\(([^)]*)\)", shown))
    assert "@import" not in shown and not re.search(r"https?://(?!www\.w3\.org)", shown)


def test_every_id_is_unique_and_every_link_has_its_target(page):
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    assert {reference.removeprefix("#") for reference in page.references} <= set(page.ids)


def test_it_opens_with_what_was_found_and_one_picture_then_lets_the_reader_go(text, page):
    assert text.index('<ol class="found">') < text.index("data-same=") < text.index('<details class="part"')
    found = re.findall(r"<li>(.*?)</li>", text.partition('<ol class="found">')[2].partition("</ol>")[0])
    assert "3 checks</a> of a run against what is proved" in found[0]
    assert all(re.search(r"\d", sentence) for sentence in found)
    opening = re.search(r'data-same="([^"]+)"', text)[1]
    assert opening in page.ids
    assert {f"part-{part}" for part in ("proved-and-measured", "theorems", "how-it-was-made")} <= set(page.ids)


def test_the_pictures_hold_text_and_the_page_brings_their_letters_once(text):
    drawn = pictures(text)
    assert len(drawn) == 5
    assert all("<text" in each and "font-family: 'DejaVu Sans'" in each for each in drawn)
    assert not any("@font-face" in each for each in drawn)
    assert font_faces(drawn) in text


def test_the_numbers_behind_a_figure_are_a_file_and_in_the_page(text, results):
    carried = dict(re.findall(r'data-file="([^"]+)" data-packed-file="([^"]+)"', text))
    assert len(carried) == 5
    for name, data in carried.items():
        assert (results / "figures" / name).read_text() == unpacked(data)
    rows = list(csv.DictReader(io.StringIO(unpacked(carried["ladder.csv"]))))
    verdict = featured(find_families(results)).verdict
    measured = [float(row["y"]) for row in rows if row["x"] == f"{verdict.times[-1]:g}"]
    assert any(value == pytest.approx(verdict.measured[-1], rel=1e-5) for value in measured)


def test_the_places_of_a_picture_are_those_of_its_rows(text):
    carried = re.findall(r'data-places="([^"]+)".*?data-packed-file="([^"]+)"', text, flags=re.DOTALL)
    assert len(carried) == 5
    for places, data in carried:
        panels = json.loads(unpacked(places))
        assert sum(panel["rows"] for panel in panels) == len(unpacked(data).splitlines()) - 1
        assert all(0 <= low < high <= 1 for panel in panels for low, high in (panel["box"][::2], panel["box"][1::2]))


def test_coherence_is_drawn_only_where_it_falls_below_what_was_assumed(text, results):
    calm, *_ = find_families(results)
    assert all(group.coherence.lowest >= 0.5 for group in calm.groups.values())
    assert "Theorem 1's coherence holds along every one of these runs" in text and 'id="coherence-' not in text
    for group in calm.groups.values():
        object.__setattr__(group.coherence, "least", np.full_like(group.coherence.least, 0.4))
    assert any(each.name.startswith("coherence-") for section in sections([calm]) for each in section.exhibits)


def test_every_picture_is_told_in_words(text):
    told = re.findall(r'role="img" aria-label="([^"]+)" data-packed=', text)
    assert len(told) == 5 and all(len(words.split()) > 12 for words in told)


def test_verdicts_stand_in_a_table_before_the_figures(text):
    assert text.index("<table") < text.index("<figure")
    assert text.count('class="badge holds"') + text.count('class="badge assumption_broken"') >= 3


def test_every_verdict_is_told_by_a_symbol_and_a_word():
    shown = {badge(word) for word in ("holds", "violated", "assumption_broken", "undecided", "not_applicable")}
    stripped = {re.sub("<.*?>", "", text) for text in shown}
    assert len(stripped) == 5
    assert len({text[0] for text in stripped}) == 5
    assert all(len(text) > 4 for text in stripped)


def test_each_figure_names_its_command_its_configuration_and_its_scale(text, results):
    figures = re.findall(r"<figure.*?</figure>", text, flags=re.DOTALL)
    assert len(figures) == 1 + 2 + 2
    for figure in figures:
        assert "gradlag reproduce --scale quick" in figure
        assert "gradlag run --problem" in figure
        assert "scale quick" in figure
        told = json.loads(unpacked(re.findall(r'<pre data-packed-text="([^"]+)"', figure)[-1]))
        assert {"configuration", "constants", "versions", "key", "seconds"} <= set(told[0])
        assert {"value", "known", "reason"} == set(told[0]["constants"]["L"])


def test_the_theorems_used_stand_in_the_report(page, text, results):
    used = {name for family in find_families(results) for v in family.verdicts.values() for name in v.bounds}
    assert used <= set(page.ids)
    for name in used:
        assert REGISTRY[name].title in "".join(page.words)


def test_formulas_are_mathml_with_their_latex_as_alternative_text(text):
    assert '<code class="math">' not in text
    assert '<math display="block" alttext="' in text and '<math display="inline" alttext="' in text


def test_every_figure_is_also_a_file(page, results, report):
    names = {path.name for path in (results / "figures").iterdir()}
    figures = {name for name in page.ids if f"{name}.svg" in names}
    assert len(figures) == 5
    assert names == {f"{name}.{kind}" for name in figures for kind in ("svg", "csv")}


def test_runs_at_several_horizons_are_one_row(results):
    families = find_families(results)
    assert [sorted(family.groups) for family in families] == [[2, 4], [2]]
    assert families[1].verdicts[2].times == (10, 20, 40, 80)


def test_schedules_that_were_run_to_be_compared_stand_in_one_picture_under_names_of_their_own(
    tmp_path, monkeypatch, leave_pictures_out
):
    leave_pictures_out(monkeypatch)
    schedules = ("1/(2*s*L)", "1/(2*s)/L", "1/(s*L*sqrt(k))")
    cells = [Cell(f"c{n}", "quadratic:d=3", text, 2, 20, seeds=8) for n, text in enumerate(schedules)]
    run_cells(RUNS, cells, tmp_path)
    judge_missing(tmp_path)
    families = find_families(tmp_path)
    assert len({family.name for family in families}) == 3
    page = Page(build_report(tmp_path).read_text(encoding="utf-8"))
    assert len(set(page.ids)) == len(page.ids)
    assert sum(name.startswith("comparison-") and f"{name}.svg" in _pictures(tmp_path) for name in page.ids) == 1
    assert sum(f"{name}.svg" in _pictures(tmp_path) for name in page.ids) == 1 + 3 + 3


def _pictures(folder):
    return {path.name for path in (folder / "figures").iterdir()}


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(StoreError, match="holds no results"):
        build_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_damaged_result_is_refused_and_the_earlier_report_stays(results, report, text, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(results, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.suffix in (".html", ".svg", ".pdf")}
    victim = sorted((folder / "cells").glob("*.nc"))[0]
    for damage in (
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: raw[: len(raw) // 2] + bytes(255 - byte for byte in raw[len(raw) // 2 :]),
    ):
        whole = victim.read_bytes()
        victim.write_bytes(damage(whole))
        with pytest.raises(StoreError, match=victim.name):
            build_report(folder)
        victim.write_bytes(whole)
        assert {path: path.read_bytes() for path in before} == before


def test_runs_without_a_verdict_are_not_judged_by_the_report(results, tmp_path):
    shutil.copytree(results / "cells", tmp_path / "cells")
    with pytest.raises(StoreError, match="gradlag report --out"):
        build_report(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cells"}


def test_the_report_reads_no_run_and_is_the_same_again_in_whatever_process_a_picture_is_drawn(
    results, text, monkeypatch
):
    def refused(*arguments, **more):
        raise AssertionError("judged")

    for name in ("check", "settings_of", "load"):
        monkeypatch.setattr(f"experiments.check.judged.{name}", refused)
    monkeypatch.setattr("figures.report.drawing._WORTH", 1)
    before = {path: path.read_bytes() for path in (results / "figures").iterdir()}
    assert build_report(results, jobs=2).read_text(encoding="utf-8") == text
    assert {path: path.read_bytes() for path in (results / "figures").iterdir()} == before


def test_the_calibration_is_shown_as_rates(tmp_path):
    rate = {"count": 90, "trials": 2000}
    rows = [
        {"quadratic": "one <dimension>", "seeds": 8, "lower_coverage": rate, "upper_coverage": rate}
        | {"false_violated": rate, "false_holds": rate, "power": {"0.05": {"count": 1500, "trials": 2000}}}
    ]
    (tmp_path / "calibration.json").write_text(json.dumps({"level": 0.05, "repetitions": 2000, "rows": rows}))
    text = calibration_table(read_calibration(tmp_path))
    assert "0.045" in text
    assert "0.750" in text
    assert "one &lt;dimension&gt;" in text


def test_a_calibration_that_is_none_is_refused(tmp_path):
    assert read_calibration(tmp_path) is None
    for content in ("", "[]", '{"rows": 3}'):
        (tmp_path / "calibration.json").write_text(content)
        with pytest.raises(StoreError, match="calibration"):
            read_calibration(tmp_path)


def test_what_comes_from_outside_is_escaped(results):
    family = find_families(results)[0]
    hostile = "<script>alert('x')</script>"
    for verdict in family.verdicts.values():
        object.__setattr__(verdict, "assumptions", {**verdict.assumptions, "coherence": "broken", "smooth": "unknown"})
        object.__setattr__(verdict, "findings", {"coherence": hostile, "smooth": hostile})
    assert "<script" not in verdict_table([family])
    assert "&lt;script&gt;" in verdict_table([family])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "not a number"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (0.0, "0"),
        (0.99996, "1.00"),
        (1234.4, "1234"),
        (-0.5, "−0.500"),
        (2.5e-7, "2.50 × 10<sup>−7</sup>"),
    ],
)
def test_numbers_are_written_for_readers(value, shown):
    assert number(value) == shown
