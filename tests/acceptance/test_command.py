"""What the command promises to people and to scripts: flags, one JSON object, exit statuses, text that fits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from theory.bounds import RATES, REGISTRY

TINY = ("--problem", "quadratic:d=5", "--staleness", 2, "--steps", 40, "--seeds", 8)
FLAGS = {
    "bounds": "--latex --python --json",
    "problems": "--json",
    "data": "--json",
    "run": "--problem --schedule --staleness --steps --seeds --seed --batch --record-every --delays --delays-file "
    "--constants --out --json",
    "check": "--schedule --problem --staleness --steps --seeds --seed --batch --level --record-every --bound --delays "
    "--delays-file --constants --run --out --json",
    "compare": "--problem --staleness --steps --seeds --seed --batch --level --delays --constants --out --json",
    "reproduce": "--list --scale --jobs --out --json",
    "report": "--out --json",
}
CHECK_KEYS = {
    "verdict", "numbers", "bound", "slack_min", "rate", "rate_interval", "assumptions", "times", "measured",
    "measured_lower", "measured_upper", "bounds", "would_decide",
}  # fmt: skip
BOUND_KEYS = {"name", "statement", "latex", "assumptions", "domain", "source", "rate", "verified"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def checked(gradlag, place):
    """One check with its folder, in JSON."""
    return gradlag("check", "--schedule", "1/(2*s*L)", *TINY, "--out", "kept", "--json", folder=place)


@pytest.fixture(scope="module")
def compared(gradlag, place):
    return gradlag("compare", "1/(2*s*L)", "theorem-1", *TINY, "--constants", "mu=0.5", "--json", folder=place)


def log(folder: Path, squared: float, steps: int = 50) -> Path:
    """A training log whose squared gradient norm never changes."""
    path = folder / "log.csv"
    path.write_text("step,grad_norm\n" + "".join(f"{k},{squared**0.5}\n" for k in range(steps + 1)))
    return path


LOG = ("--run", "log.csv", "--schedule", "1/L", "--staleness", 1, "--constants", "L=1,Delta=1,sigma=0")


# Usage


@pytest.mark.parametrize("command", FLAGS)
def test_every_command_tells_its_flags(gradlag, place, command):
    told = gradlag(command, "--help", folder=place)
    assert (told.status, told.err) == (0, "")
    assert set(FLAGS[command].split()) <= set(told.out.replace(",", " ").split())


def test_without_a_command_it_tells_the_commands(gradlag, place):
    told = gradlag(folder=place)
    assert told.status == 0
    assert all(f"\n  {command} " in told.out for command in FLAGS)


def test_the_version_is_that_of_the_installed_package(gradlag, place):
    from importlib.metadata import version

    assert gradlag("--version", folder=place).out == f"gradlag {version('gradlag')}\n"


def test_the_installed_command_is_this_one():
    (script,) = entry_points(group="console_scripts", name="gradlag")
    assert script.value == "gradlag.cli:main"


def test_help_loads_no_heavy_library(place):
    program = (
        "import sys; from gradlag.cli import execute; execute(['check', '--help']); "
        "heavy = {'numpy', 'scipy', 'numba', 'matplotlib', 'xarray', 'pandas', 'h5netcdf', 'sympy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# One JSON object


def test_check_gives_the_promised_keys(checked):
    assert checked.status == 0
    told = checked.json
    assert set(told) >= CHECK_KEYS
    assert told["verdict"] == "holds"
    assert told["numbers"] == "below"
    lengths = {len(told[key]) for key in ("times", "measured", "measured_lower", "measured_upper")}
    assert lengths | {len(values) for values in told["bounds"].values()} == {len(told["times"])}
    assert set(told["assumptions"].values()) <= {"ok", "broken", "unknown"}


def test_the_slack_is_bound_over_measured(checked):
    told = checked.json
    ratios = np.array(told["bounds"][told["bound"]], dtype=float) / np.array(told["measured"], dtype=float)
    assert told["slack_min"] == pytest.approx(np.nanmin(ratios))


def test_bounds_and_one_bound_give_the_promised_keys(gradlag, place):
    listed = gradlag("bounds", "--json", folder=place).json["bounds"]
    assert [each["name"] for each in listed] == [*REGISTRY, *RATES]
    assert all(set(each) >= BOUND_KEYS for each in listed)
    assert gradlag("bounds", "theorem-a", "--json", folder=place).json["bounds"] == [
        each for each in listed if each["name"] == "theorem-a"
    ]


def test_problems_say_how_each_constant_is_known(gradlag, place):
    for problem in gradlag("problems", "--json", folder=place).json["problems"]:
        assert set(problem["constants"]) == {"L", "Delta", "sigma"}
        for constant in problem["constants"].values():
            assert constant["known"] in ("exact", "upper bound", "estimate")
            assert constant["reason"]


def test_data_lists_what_came_along(gradlag, place):
    listed = gradlag("data", "--json", folder=place).json["data"]
    assert listed == gradlag("data", "list", "--json", folder=place).json["data"]
    assert {each["name"]: each["rows"] for each in listed} == {"breast_cancer": 569, "digits": 1797, "mnist5k": 5000}
    assert gradlag("data", "get", "digits", "--json", folder=place).json["data"] == [
        each for each in listed if each["name"] == "digits"
    ]


def test_reproduce_lists_the_figures(gradlag, place):
    listed = gradlag("reproduce", "--list", "--json", folder=place).json["figures"]
    solved = {"worst-case", "delay-patterns", "limit", "designs", "worst-function"}
    trained = {"fig1", "fig2", "fig3", "fig5", "fig6", "distance", "theorem-step"}
    assert {"ladder", "slack", "coherence", "async", "adaptive"} | solved | trained <= {each["name"] for each in listed}
    assert all(set(each) >= {"name", "title", "source", "scales"} for each in listed)
    whole = ["quick", "lesson", "paper"]
    assert all(each["scales"] == (whole[:2] if each["name"] == "theorem-step" else whole) for each in listed)


def test_compare_gives_every_schedule_a_whole_verdict(compared, place):
    assert compared.status == 0
    told = compared.json["schedules"]
    assert [each["schedule"] for each in told] == ["1/(2*s*L)", "theorem-1"]
    assert all(set(each) >= CHECK_KEYS for each in told)
    assert (place / compared.json["picture"]).is_file()


def test_what_is_not_finite_is_null(gradlag, place):
    told = gradlag("check", "--schedule", "3/L", *TINY[:3], 4, "--steps", 1000, "--seeds", 2, "--json", folder=place)
    assert told.json["diverged"]["seeds"] == 2
    assert told.json["bounds"]["theorem-a"][-1] is None
    assert told.json["slack_min"] is None
    assert not {"NaN", "Infinity"} & set(told.out.replace(",", " ").split())


def test_an_error_is_one_object_as_well(gradlag, place):
    for arguments in (["check"], ["nosuch"], ["bounds", "nosuch"], ["data", "get", "nosuch"]):
        told = gradlag(*arguments, "--json", folder=place)
        assert set(told.json) == {"error", "exit"}
        assert told.json["exit"] == told.status == 2


# Exit statuses


def test_a_bound_below_every_gradient_norm_is_violated(gradlag, place):
    log(place, squared=0.03)
    told = gradlag("check", *LOG, "--json", folder=place)
    assert (told.status, told.json["verdict"], told.json["numbers"]) == (1, "violated", "above")
    assert told.json["bounds"][told.json["bound"]][-1] < 0.03


def test_one_noisy_seed_is_undecided_and_says_what_would_decide(gradlag, place):
    told = gradlag("check", "--schedule", "1/(s*L)", *TINY[:-1], 1, "--json", folder=place)
    assert (told.status, told.json["verdict"]) == (3, "undecided")
    assert "--seeds" in told.json["would_decide"]


def test_a_step_outside_the_domain_of_a_claimed_bound_is_a_broken_assumption(gradlag, place):
    told = gradlag("check", "--schedule", "1/L", *TINY, "--bound", "theorem-b", "--json", folder=place)
    assert (told.status, told.json["verdict"]) == (3, "assumption_broken")
    assert told.json["assumptions"]["domain of theorem-b"] == "broken"


def test_the_gravest_of_several_claims_decides(gradlag, place):
    claims = ("--bound", "theorem-a", "--bound", "corollary-1")
    told = gradlag("check", "--schedule", "1/(2*s*L*sqrt(k))", *TINY, *claims, "--json", folder=place)
    assert (told.status, told.json["bound"]) == (3, "corollary-1")
    assert told.json["bounds_detail"]["theorem-a"]["verdict"] == "holds"


# Text


@pytest.mark.parametrize("columns", [60, pytest.param(80, marks=pytest.mark.long)])
def test_no_line_is_wider_than_the_terminal(gradlag, place, checked, compared, columns):
    log(place, squared=1.5)
    commands = [
        ["bounds"],
        *(["bounds", name] for name in REGISTRY),
        ["problems"],
        ["data"],
        ["reproduce", "--list"],
        ["check", "--schedule", "1/(2*s*L)", *TINY, "--out", "kept"],
        ["check", "--schedule", "3/L", *TINY, "--constants", "mu=0.5"],
        ["check", *LOG],
        ["compare", "1/(2*s*L)", "theorem-1", *TINY, "--constants", "mu=0.5"],
        ["run", "--schedule", "1/L", *TINY, "--out", "r.nc"],
    ]
    for command in commands:
        lines = gradlag(*command, folder=place, columns=columns).out.splitlines()
        assert [line for line in lines if len(line) > columns] == [], command
        assert lines


def test_the_verdict_comes_first_and_the_numbers_are_those_of_the_json(gradlag, place, checked):
    told = gradlag("check", "--schedule", "1/(2*s*L)", *TINY, "--out", "kept", folder=place)
    value = checked.json["bounds_detail"]["theorem-a"]["value"]
    assert told.out.startswith("HOLDS (theorem-ar). ")
    assert re.search(rf"theorem-a +{value:.4g} ", told.out)
    assert f"{checked.json['measured'][-1]:.4g} [" in told.out


def test_a_broken_assumption_is_told_in_the_text(gradlag, place):
    told = gradlag("check", "--schedule", "1/L", *TINY, "--bound", "theorem-b", folder=place)
    assert told.out.startswith("ASSUMPTION BROKEN (theorem-b). ")


def test_remarks_go_to_stderr(gradlag, place):
    told = gradlag("check", "--schedule", "1/(s*L)", *TINY[:-1], 1, "--json", folder=place)
    assert "One seed cannot decide" in told.err
    assert told.json["announcements"]


@pytest.mark.parametrize("name", REGISTRY)
def test_the_python_of_a_bound_runs_as_it_is_printed(gradlag, place, name, capsys):
    exec(compile(gradlag("bounds", name, "--python", folder=place).out, name, "exec"), {})
    assert float(capsys.readouterr().out) > 0


def test_all_formulas_are_printed_where_no_bound_is_named(gradlag, place):
    told = gradlag("bounds", "--latex", folder=place).out
    assert all(f"% {name}\n{bound.latex()}\n" in told for name, bound in REGISTRY.items())


@pytest.mark.parametrize(("arguments", "status"), [(["bounds"], 0), (["check", *map(str, LOG)], 1)])
def test_a_reader_that_leaves_early_changes_no_exit_status(place, arguments, status):
    log(place, squared=0.03)
    program = _CLOSED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", program], cwd=place, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, "")


_CLOSED = """
import os, sys
reading, writing = os.pipe()
os.dup2(writing, 1); os.close(reading); os.close(writing)
from gradlag.cli import main
sys.argv[1:] = {arguments}
main()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full device is a thing of Linux")
def test_a_full_disk_behind_stdout_is_the_environment(place):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradlag", "bounds"], cwd=place, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "no space left on device" in done.stderr


def test_a_terminal_without_greek_letters_gets_the_text_all_the_same(shell, place):
    told = shell("bounds", "theorem-a", folder=place, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert told.status == 0
    assert "\\u0394" in told.out


# Files


def test_a_check_keeps_runs_verdict_and_picture(checked, place):
    assert json.loads((place / "kept/verdict.json").read_text()) == checked.json
    assert {path.suffix for path in (place / "kept").glob("ladder.*")} == {".svg", ".pdf"}
    with xr.open_dataset(place / "kept/run-T40.nc", engine="h5netcdf") as data:
        least = data["gradient_norm_squared"].mean("seed").min()
        assert float(least) == pytest.approx(checked.json["measured"][-1])


def test_the_same_check_takes_the_stored_run(gradlag, place, checked):
    again = gradlag("check", "--schedule", "1/(2*s*L)", *TINY, "--out", "kept", "--json", folder=place)
    assert again.json == checked.json
    assert "already holds this run" in again.err


def test_a_run_is_stored_and_told(gradlag, place):
    told = gradlag("run", "--schedule", "1/(s*L)", *TINY, "--out", "own/run.nc", "--json", folder=place).json
    with xr.open_dataset(place / told["file"], engine="h5netcdf") as data:
        means = data["gradient_norm_squared"].mean("seed")
        assert told["measured_minimum"] == float(means.min())
        assert told["minimum_at"] == int(means.idxmin("time"))
    assert (told["seeds"], told["steps"], told["diverged"]) == (8, 40, 0)


def test_a_second_comparison_shares_the_folder_and_the_runs(gradlag, place, compared):
    again = gradlag("compare", "1/(2*s*L)", "1/(4*s*L)", *TINY, "--constants", "mu=0.5", "--json", folder=place)
    assert again.status == 0
    assert again.err.count("already holds this run") == 1
    assert again.json["schedules"][0] == compared.json["schedules"][0]


# What the flags mean


def numbers(answer: Any) -> dict[str, Any]:
    """What a verdict measured, and the bounds; worst cases are added where there is a folder for the ladder."""
    bounds = {name: values for name, values in answer.json["bounds"].items() if not name.startswith("worst-case")}
    return {"times": answer.json["times"], "measured": answer.json["measured"], "bounds": bounds}


def test_a_trace_of_the_constant_delay_gives_the_numbers_of_the_model(gradlag, place, checked):
    (place / "trace.txt").write_text("0\n" + "1\n" * 39)
    traced = gradlag("check", "--schedule", "1/(2*s*L)", *TINY, "--delays-file", "trace.txt", "--json", folder=place)
    assert numbers(traced) == numbers(checked)


def test_a_file_of_step_sizes_gives_the_numbers_of_the_formula(gradlag, place, checked):
    (place / "steps.txt").write_text("0.25\n" * 40)
    assert numbers(gradlag("check", "--schedule", "@steps.txt", *TINY, "--json", folder=place)) == numbers(checked)


@pytest.mark.parametrize(
    "model", ["uniform", "geometric:mean=1", "cyclic:period=3", "normal:mean=1,sd=1", "adversarial"]
)
def test_every_delay_model_runs(gradlag, place, model):
    told = gradlag(
        "check", "--schedule", "1/(4*s*L)", *TINY[:2], "--staleness", 4, "--steps", 30, "--seeds", 8,
        "--delays", model, "--bound", "theorem-a", "--json", folder=place,
    )  # fmt: skip
    assert told.status == 0


def test_a_schedule_that_contains_the_horizon_is_run_once_for_each(gradlag, place):
    told = gradlag("check", "--schedule", "1/(2*s*L*sqrt(T))", *TINY, "--json", folder=place).json
    assert told["times"] == [2, 5, 10, 20, 40]


def test_a_trace_belongs_to_one_horizon(gradlag, place):
    (place / "trace.txt").write_text("0\n" + "1\n" * 39)
    told = gradlag(
        "check", "--schedule", "1/(2*s*L*sqrt(T))", *TINY, "--delays-file", "trace.txt", "--json", folder=place
    ).json
    assert told["times"][-1] == 40
    assert told["rate"] is None


def test_a_constant_of_the_users_replaces_that_of_the_problem_and_is_tested(gradlag, place):
    told = gradlag(
        "check", "--schedule", "0.1", *TINY, "--constants", "L=0.5", "--bound", "theorem-a", "--json", folder=place
    )
    assert (told.status, told.json["verdict"]) == (3, "assumption_broken")
    assert told.json["assumptions"]["smooth"] == "broken"


def test_the_first_seed_and_the_batch_reach_the_run(gradlag, place):
    told = gradlag(
        "run", "--schedule", "1/(s*L)", *TINY[:-1], 3, "--seed", 7, "--batch", 4, "--out", "b.nc", folder=place
    )
    assert told.status == 0
    with xr.open_dataset(place / "b.nc", engine="h5netcdf") as data:
        assert data["seed"].values.tolist() == [7, 8, 9]
        assert json.loads(data.attrs["configuration"])["batch"] == 4
