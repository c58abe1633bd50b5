"""The figure and the tables of the delay-adaptive rules: what is drawn and said is what is stored."""

import copy
import re
from dataclasses import replace

import pytest

from experiments.runs.recorded_trace import save_trace
from experiments.servers.clock import virtual_run
from experiments.servers.rules.rules import RULES
from experiments.servers.speeds import parse_fleet
from experiments.studies.adaptive import ADAPTIVE, PRESCRIBED, TUNED, AdaptiveCell, recorded_cell
from experiments.sweep.executor import run_cells
from figures.draw.adaptive import SHORT, adaptive_picture, times
from figures.report.build import build_report
from figures.report.sections.adaptive import (
    adaptive_caption,
    adaptive_tables,
    counted,
    faster_and_slower,
    findings,
    read_adaptive,
    sections,
)
from figures.style import style

CELLS = [
    AdaptiveCell(fleet, problem, 1, 80, 0.3, 2, seeds=4, tuning=2)
    for problem in ("quadratic:d=3,noise=0", "nonconvex:d=4,start=2")
    for fleet in ("alike", "one-slow", "heavy")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("adaptive")
    outcomes = run_cells(ADAPTIVE, CELLS, out, command="gradlag reproduce --scale quick")
    assert not [outcome.error for outcome in outcomes if outcome.error]
    return out


@pytest.fixture(scope="module")
def results(folder):
    found = ADAPTIVE.load_all(folder)
    return tuple(sorted(found, key=lambda result: CELLS.index(result.cell)))


@pytest.fixture
def axes():
    with style.style():
        yield style.figure().add_subplot()


def altered(result, change):
    values = copy.deepcopy(dict(result.values))
    change(values)
    return replace(result, values=values)


def test_the_picture_has_a_panel_for_tuned_and_one_for_prescribed_steps(results):
    panels = adaptive_picture(results).axes
    assert [axes.get_title(loc="left") for axes in panels] == [
        "every rule at a tuned step",
        "every rule at the step of its theory",
    ]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == [SHORT[name] for name in list(RULES)[1:]]


def test_the_same_results_give_the_same_picture(results):
    assert style.svg(adaptive_picture(results), "a") == style.svg(adaptive_picture(results), "a")


def marks(axes, shape=None):
    return [line for line in axes.get_lines() if len(line.get_xdata()) == 1 and line.get_marker() in (shape or "osD^")]


def test_ratios_are_those_that_are_stored(results, axes):
    def arrived(values):
        for entry in values["rules"]:
            entry["arrivals"] = {"value": 5.0, "low": 5.0, "high": 5.0}
            entry["against_constant"] = {"value": 0.5 + len(entry["rule"]), "low": 0.4, "high": None}

    times(axes, [altered(results[-1], arrived)], TUNED)
    assert sorted(float(mark.get_xdata()[0]) for mark in marks(axes)) == sorted(
        0.5 + len(name) for name in RULES if name != "constant"
    )
    assert {round(float(mark.get_ydata()[0])) for mark in marks(axes)} == set(range(len(RULES) - 1))


def test_who_arrives_alone_and_who_never_does_stand_at_the_edges_and_neither_has_no_mark(results, axes):
    never, there = {"value": None, "low": None, "high": None}, {"value": 5.0, "low": 5.0, "high": 5.0}

    def split(values):
        for entry in values["rules"]:
            entry["arrivals"] = there if entry["rule"] == "clipped" else never
            entry["against_constant"] = there | {"value": 0.0} if entry["rule"] == "clipped" else never
            if entry["rule"] == "dropped":
                entry["against_constant"] = {"value": 1.0, "low": 1.0, "high": 1.0}

    times(axes, [altered(results[-1], split)], PRESCRIBED)
    (alone,), late = marks(axes, "<"), marks(axes, ">")
    assert len(late) == sum(entry["choice"] == PRESCRIBED for entry in results[-1].values["rules"]) - 3
    assert not marks(axes)
    assert float(alone.get_xdata()[0]) < 1 < float(late[0].get_xdata()[0])


def test_the_table_has_every_rule_with_its_source_and_a_row_for_each_run(results):
    text = adaptive_tables(results)
    for rule in RULES.values():
        assert rule.citation().split(",")[0] in text and f"<code>{rule.bound}</code>" in text
    assert "(reported)" in text
    assert len(re.findall(r"<summary>", text)) == len(results)
    rows = sum(len(result.values["rules"]) for result in results)
    assert len(re.findall(r", (?:tuned|prescribed)</td>", text)) == rows


def test_a_rule_that_arrives_alone_is_said_to_and_so_is_that_neither_does(results):
    never, there = {"value": None, "low": None, "high": None}, {"value": 5.0, "low": 5.0, "high": 5.0}

    def alone(values):
        for entry in values["rules"]:
            entry["arrivals"] = there if entry["rule"] == "clipped" else never
            value = 0.0 if entry["rule"] == "clipped" else 1.0
            entry["against_constant"] = {"value": value, "low": value, "high": value}

    text = adaptive_tables([altered(results[0], alone)])
    assert text.count(">alone<") == 2 and text.count(">neither<") == len(results[0].values["rules"]) - 2


def test_a_bound_that_does_not_apply_gives_its_sentence(results):
    assert "it is about exact gradients only" in adaptive_tables([r for r in results if "nonconvex" in r.cell.problem])
    assert "known as a rate only" in adaptive_tables(results)


def test_who_was_faster_is_counted_from_the_intervals(results):
    def decided(values):
        for entry in values["rules"]:
            entry["against_constant"] = {"value": 0.5, "low": 0.4, "high": 0.6}
            if entry["rule"] == "clipped":
                entry["against_constant"] = {"value": None, "low": None, "high": None}

    changed = [altered(result, decided) for result in results]
    assert faster_and_slower(changed, "dropped", TUNED) == (6, 0, 6)
    assert faster_and_slower(changed, "clipped", PRESCRIBED) == (0, 6, 6)
    assert faster_and_slower(changed, "picky", PRESCRIBED) == (0, 0, 0)
    assert "at tuned steps faster in 36 and slower in 6 of 42" in counted(changed)
    text = adaptive_tables(changed).partition("Faster | slower")[2].partition("<details>")[0]
    assert text.count("3 | 0 of 3") == 22 and text.count("0 | 3 of 3") == 4 and text.count("–") == 2


def test_a_finding_is_told_in_the_caption_and_its_absence_too(results):
    def crossed(values):
        values["rules"][0]["bounds"]["findings"] = ["FINDING: above <the> bound."]

    assert findings(results) == ()
    assert "No measured value is above a bound inside its domain." in adaptive_caption(results)
    loud = adaptive_caption([altered(results[0], crossed), *results[1:]])
    assert "FINDING: above &lt;the&gt; bound." in loud and "No measured value" not in loud


def test_the_report_has_the_section_with_the_command_that_makes_it(folder, monkeypatch):
    monkeypatch.setattr(
        "figures.report.sections.atlas.sections", lambda used: ()
    )  # the theorems have tests of their own
    shown = lambda where: tuple(sorted(ADAPTIVE.load_all(where), key=lambda r: CELLS.index(r.cell)))  # noqa: E731
    monkeypatch.setattr("figures.report.sections.adaptive.read_adaptive", shown)
    text = build_report(folder).read_text(encoding="utf-8")
    assert '<section id="delay-adaptive-rules">' in text and '<figure id="adaptive"' in text
    assert "gradlag reproduce adaptive --scale quick" in text
    assert (folder / "figures" / "adaptive.svg").is_file()


def test_results_of_no_scale_are_not_shown_but_those_of_recorded_traces_are(folder, tmp_path):
    assert read_adaptive(folder) == () and list(sections(folder)) == []
    trace = virtual_run(parse_fleet("3*exponential"), 40)
    cell = replace(recorded_cell(save_trace(trace, tmp_path / "t.nc"), "quadratic:d=2", 1, 0.5), seeds=2, tuning=1)
    run_cells(ADAPTIVE, [cell], tmp_path, command="")
    found = read_adaptive(tmp_path)
    assert [result.cell for result in found] == [cell]
    assert "recorded trace" in adaptive_tables(found)
    assert len(adaptive_picture(found).axes) == 2
