"""`gradlag design` as a user meets it: better steps, by how much, certified, in a file that other commands read."""

from __future__ import annotations

import json

import numpy as np
import pytest

KEYS = {"step_sizes", "value", "baseline", "certified"}
FLAGS = (
    "--staleness --steps --variance --for --schedule --smoothness --gap --coherence --delays --delays-file "
    "--no-certify --out --json"
)
ASKED = ("--staleness", 3, "--steps", 8)
TARGETS = ("theorem-a", "theorem-1", "worst-case")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("design")
    (folder / "trace").write_text("0\n1\n2\n1\n0\n2\n1\n0\n")
    (folder / "a_file").write_text("")
    return folder


@pytest.fixture(scope="module")
def designed(gradlag, place):
    """For each target, the design with the user's own schedule beside it, in JSON, and its folder."""
    flags = ("--schedule", "1/(2*s*L)", "--variance", 0.1, "--json")
    return {
        target: gradlag("design", *ASKED, "--for", target, *flags, "--out", f"for-{target}", folder=place)
        for target in TARGETS
    }


def test_the_flags_are_told(gradlag, place):
    told = gradlag("design", "--help", folder=place)
    assert told.status == 0 and set(FLAGS.split()) <= set(told.out.replace(",", " ").split())


# Values


@pytest.mark.parametrize("target", TARGETS)
def test_the_design_is_no_worse_than_anything_beside_it(designed, target):
    assert designed[target].status == 0, designed[target].err
    told = designed[target].json
    assert set(told) >= KEYS and told["target"] == target
    assert len(told["step_sizes"]) == 8 and min(told["step_sizes"]) >= 0 and told["reason"]
    schedules = told["schedules"]
    assert {"design", "yours", "theorem-1", "constant"} <= set(schedules)
    assert told["baseline"] == schedules["theorem-1"]["value"] > told["value"]
    assert all(told["value"] <= each["value"] for each in schedules.values() if each["value"] is not None)


@pytest.mark.parametrize("target", TARGETS)
def test_every_worst_case_is_certified_and_below_the_bound(designed, target):
    told = designed[target].json
    assert told["certified"] and told["refusals"] == {}
    assert set(told["upper"]) == set(told["schedules"])
    for name, upper in told["upper"].items():
        each = told["schedules"][name]
        assert upper == pytest.approx(each["worst_case"], rel=1e-6)
        assert each["value"] is None or upper <= each["value"] * (1 + 1e-6)


def test_the_design_for_the_worst_case_has_the_lowest_worst_case(designed):
    values = {target: designed[target].json["upper"]["design"] for target in ("theorem-a", "worst-case")}
    assert values["worst-case"] <= values["theorem-a"] * (1 + 1e-6)


def test_a_design_meets_a_problem_of_another_smoothness_with_scaled_steps(gradlag, place, designed):
    steps = f"@{designed['theorem-a'].json['files']['steps']}"
    told = gradlag("check", "--schedule", steps, "--problem", "logistic-cancer", *ASKED, "--seeds", 4, folder=place)
    assert "were made for L = 1; they are scaled to L = 3.3" in told.err
    assert "diverged" not in told.out and "ASSUMPTION BROKEN" not in told.out
    asked = gradlag("worst-case", "--schedule", steps, *ASKED, "--smoothness", 5, "--variance", 0.5, folder=place)
    assert "scaled to L = 5" in " ".join(asked.out.split())


def test_without_certificates_it_says_so(gradlag, place):
    told = gradlag("design", *ASKED, "--no-certify", "--json", folder=place).json
    assert told["certified"] is False and told["upper"] == {} and told["files"] == {}


def test_without_delay_equal_steps_are_best(gradlag, place):
    told = gradlag("design", "--staleness", 1, "--steps", 8, "--json", folder=place).json
    assert told["step_sizes"] == pytest.approx([told["step_sizes"][0]] * 8, rel=1e-6)
    assert told["value"] == told["schedules"]["constant"]["value"]


def test_a_design_scales_as_functions_do(gradlag, place):
    flags = ("--smoothness", 100, "--gap", 0.03, "--variance", 0.3)
    unit = gradlag("design", *ASKED, "--variance", 0.1, "--no-certify", "--json", folder=place).json
    scaled = gradlag("design", *ASKED, *flags, "--no-certify", "--json", folder=place).json
    assert scaled["value"] == pytest.approx(3 * unit["value"], rel=1e-4)
    assert 100 * np.array(scaled["step_sizes"]) == pytest.approx(np.array(unit["step_sizes"]), rel=0.05, abs=0.01)


def test_the_same_question_has_the_same_answer(gradlag, place):
    first, second = (gradlag("design", *ASKED, "--delays", "uniform", "--json", folder=place).json for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_a_trace_of_delays_is_designed_for(gradlag, place):
    told = gradlag("design", *ASKED, "--delays-file", "trace", "--no-certify", "--json", folder=place)
    constant = gradlag("design", *ASKED, "--no-certify", "--json", folder=place)
    assert told.status == 0 and told.json["value"] < constant.json["value"]


# Files


@pytest.mark.parametrize("target", ["theorem-a", "worst-case"])
def test_the_file_of_steps_is_a_schedule_with_the_designs_worst_case(gradlag, place, designed, target):
    told = designed[target].json
    steps = told["files"]["steps"]
    assert np.loadtxt(place / steps).tolist() == told["step_sizes"]
    flags = ("--variance", 0.1, "--no-witness", "--certify", "again.txt", "--json")
    again = gradlag("worst-case", "--schedule", f"@{steps}", *ASKED, *flags, folder=place).json
    assert again["certified"] and again["upper"] == pytest.approx(told["upper"]["design"], rel=1e-4)
    if target == "theorem-a":
        assert again["bounds"]["theorem-a"] == pytest.approx(told["value"], rel=1e-9)


@pytest.mark.parametrize("target", TARGETS)
def test_the_folder_holds_steps_answer_and_picture(place, designed, target):
    told = designed[target].json
    assert json.loads((place / f"for-{target}/design.json").read_text()) == told
    assert set(told["files"]) == {"steps", "picture"}
    assert all((place / path).is_file() for path in told["files"].values())


# Text


@pytest.mark.parametrize("target", TARGETS)
def test_the_table_is_narrow_and_its_names_are_explained(gradlag, place, target):
    flags = ("--schedule", "0.1/(L*sqrt(k))", "--no-certify")
    told = gradlag("design", *ASKED, "--for", target, *flags, folder=place)
    lines = told.out.splitlines()
    assert told.status == 0 and max(map(len, lines)) <= 80
    assert lines[1].startswith("schedule ") and lines[1].endswith("the design is")
    assert lines[2].startswith("design ") and lines[3].startswith("yours ")
    prose = " ".join(told.out.split())
    assert "yours is 0.1/(L*sqrt(k)); theorem-1 is Theorem 1's schedule;" in prose
    assert "Keep all of them with --out FOLDER." in prose


def test_what_the_worst_cases_assume_is_told(gradlag, place):
    told = gradlag("design", *ASKED, "--for", "theorem-1", "--coherence", 0.5, "--no-certify", folder=place)
    assert "assume gradient coherence mu = 0.5" in told.out


# Refusals

REFUSED = [
    (["--for", "nosuch"], "A design is for theorem-a, theorem-1, worst-case. Got 'nosuch'."),
    (["--steps", 0], "The number of steps must be a whole number of at least 1. Got 0."),
    (["--steps", 10_000_000], "The number of steps must be at most"),
    (["--staleness", 0], "The staleness must be a whole number of at least 1. Got 0."),
    (["--variance", "nan"], "The variance must be a number of at least 0. Got nan."),
    (["--gap", 0], "Delta, the gap, must be a positive number. Got 0.0."),
    (["--coherence", 2], "the coherence, is at most 1"),
    (["--schedule", "nosuch"], "nosuch is not a known name"),
    (["--delays", "uniform", "--delays-file", "trace"], "Give --delays or --delays-file, not both."),
    (["--delays-file", "trace", "--steps", 7], "must have 7 lines"),
    (["--out", "a_file"], "The output folder a_file cannot be written to"),
]


@pytest.mark.parametrize(("flags", "sentence"), REFUSED, ids=[" ".join(map(str, flags)) for flags, _ in REFUSED])
def test_bad_input_is_refused_in_one_sentence(gradlag, place, flags, sentence):
    given = {"--staleness": 3, "--steps": 8}
    line = [part for flag, value in given.items() if flag not in flags for part in (flag, value)]
    told = gradlag("design", *line, *flags, folder=place)
    assert told.status == 2 and told.out == ""
    assert sentence in told.err and told.err.startswith("gradlag: ") and told.err.count("\n") == 1
