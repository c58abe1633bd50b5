"""`gradlag worst-case` as a user meets it: values from above and below, units, files, and refusals in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from theory.bounds import REGISTRY, get
from theory.common.errors import CertificateError

KEYS = {"value", "status", "certified", "upper", "lower", "iterates", "seconds"}
FLAGS = (
    "--schedule --staleness --steps --smoothness --gap --variance --coherence --constants --delays --delays-file "
    "--measure --dense --certify --no-witness --out --json"
)
ASKED = ("--staleness", 3, "--steps", 8)
HEAVY = {"numpy", "scipy", "numba", "matplotlib", "xarray", "cvxpy", "clarabel", "sympy"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worst-case")
    (folder / "trace").write_text("0\n1\n2\n1\n0\n2\n1\n0\n")
    (folder / "steps").write_text("0.2\n" * 8)
    (folder / "future").write_text("0\n2\n" + "1\n" * 6)
    (folder / "binary").write_bytes(bytes(range(256)))
    (folder / "folder").mkdir()
    return folder


@pytest.fixture(scope="module")
def ask(gradlag, place):
    """The JSON of a worst case that is solved."""

    def answer(schedule, *arguments, asked=ASKED):
        told = gradlag("worst-case", "--schedule", schedule, *asked, *arguments, "--json", folder=place)
        assert told.status == 0, told.out + told.err
        return told.json

    return answer


@pytest.fixture(scope="module")
def kept(gradlag, place):
    """A certified worst case with its folder, in JSON."""
    return gradlag("worst-case", "--schedule", "1/(2*s*L)", *ASKED, "--out", "kept", "--json", folder=place).json


# Usage


def test_the_flags_are_told(gradlag, place):
    told = gradlag("worst-case", "--help", folder=place)
    assert told.status == 0 and set(FLAGS.split()) <= set(told.out.replace(",", " ").split())


@pytest.mark.parametrize("command", ["worst-case", "design", "verify"])
def test_help_loads_no_heavy_library(place, command):
    program = (
        f"import sys; from gradlag.cli import execute; execute(['{command}', '--help']); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# Values


@pytest.mark.parametrize("steps", [1, 5])
def test_full_steps_without_delay_have_the_published_worst_case(ask, steps):
    """4 L Delta/(3 T + 2) at eta = 1/L (Abbaszadehpeivasti, de Klerk and Zamani, 2022)."""
    told = ask("1/L", asked=("--staleness", 1, "--steps", steps))
    assert set(told) >= KEYS
    assert (told["status"], told["certified"], told["iterates"]) == ("solved", False, "x_0..x_T")
    assert told["value"] == pytest.approx(4 / (3 * steps + 2), rel=1e-6)
    assert told["lower"] == pytest.approx(told["value"], rel=1e-4)


def test_without_steps_the_gradient_at_the_start_is_all_there_is(ask):
    told = ask("0/L", "--smoothness", 3, "--gap", 0.5)
    assert told["upper"] == pytest.approx(2 * 3 * 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("schedule", "flags"),
    [
        ("1/(2*s*L)", []),
        ("1/(2*L*max(1, d))", ["--delays", "uniform"]),
        ("1/(2*L*sqrt(T))", ["--delays", "geometric:mean=1"]),
        ("theorem-1", ["--coherence", 0.5]),
        ("0.2/L", ["--delays", "cyclic:period=2", "--measure", "mean"]),
        ("0.2/L", ["--delays", "normal:mean=1,sd=1", "--dense"]),
        ("0.2/L", ["--delays", "adversarial", "--constants", "L=2,Delta=3"]),
        ("@steps", ["--delays-file", "trace"]),
        ("0.2/L", ["--variance", 0.1]),
        ("0.2/L", ["--variance", 0.1, "--coherence", 0.7, "--measure", "mean"]),
        ("max(0, sin(k))/L", []),
        ("100/L", []),
    ],
)
def test_the_certified_value_is_above_the_replayed_function_and_verified(gradlag, ask, place, schedule, flags):
    told = ask(schedule, *flags, "--certify", "certificate.txt")
    assert told["certified"] and told["refusal"] is None
    assert 0 < told["lower"] <= told["upper"] == pytest.approx(told["value"], rel=1e-6)
    assert told["iterates"] == ("x_0..x_{T-1}" if "mean" in flags else "x_0..x_T")
    verified = gradlag("verify", "certificate.txt", "--json", folder=place)
    assert verified.status == 0 and verified.json["upper"] == told["upper"]


def test_no_bound_of_the_library_is_below_the_replayed_function(ask):
    told = ask("theorem-1", "--coherence", 0.5)
    values = {name: value for name, value in told["bounds"].items() if value is not None}
    assert {"dai2019", "dai2019-tight", "theorem-a"} <= set(values)
    assert min(values.values()) >= told["lower"] * (1 - 1e-9)
    assert set(values) | set(told["outside_domain"]) == set(REGISTRY)


def test_a_mu_of_the_schedule_alone_assumes_nothing_of_the_function(ask):
    """Only --coherence restricts the functions; bounds that assume more are not set beside the value."""
    free, named = ask("0.2/L"), ask("mu*0.4/L", "--constants", "mu=0.5")
    assert named["value"] == free["value"] and named["coherence"] is None
    for told in (named, ask("mu*0.4/L", "--constants", "mu=0.5", "--coherence", 0.3)):
        assert told["bounds"]["dai2019-tight"] is None
        assert "--coherence" in told["outside_domain"]["dai2019-tight"]
    assert ask("mu*0.4/L", "--coherence", 0.5)["bounds"]["dai2019-tight"] is not None


def test_the_value_scales_as_functions_do(ask):
    """F -> c F, x -> x/r: the squared gradients are in units of L Delta, for steps in units of 1/L."""
    unit = ask("0.3/L", "--variance", 0.1)["value"]
    for smoothness, gap in ((7, 3), (1e-4, 300)):
        flags = ("--smoothness", smoothness, "--gap", gap, "--variance", 0.1 * smoothness * gap)
        assert ask("0.3/L", *flags)["value"] == pytest.approx(unit * smoothness * gap, rel=1e-6)


def test_coherence_noise_and_more_steps_move_the_value_the_right_way(ask):
    value = ask("0.2/L")["value"]
    assert ask("0.2/L", "--coherence", 0.9)["value"] <= value * (1 + 1e-6)
    assert ask("0.2/L", "--variance", 0.5)["value"] > value
    assert ask("0.2/L", asked=("--staleness", 3, "--steps", 16))["value"] < value


def test_the_dense_form_gives_the_same_value(ask):
    dense = ask("0.2/L", "--dense")
    assert dense["exhaustive"] and dense["value"] == pytest.approx(ask("0.2/L")["value"], rel=2e-4)


def test_constants_and_flags_are_the_same_thing(ask):
    by_flags = ask("0.2/L", "--smoothness", 2, "--gap", 3, "--variance", 0.25)
    assert by_flags["value"] == ask("0.2/L", "--constants", "L=2,Delta=3,sigma=0.5")["value"]


def test_the_same_question_has_the_same_answer(ask):
    first, second = (ask("0.3/(L*sqrt(k))", "--delays", "uniform", "--certify", "again.txt") for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_without_a_witness_there_is_no_value_from_below(ask):
    assert ask("0.2/L", "--no-witness")["lower"] is None


# Files


def test_the_folder_holds_answer_certificate_witness_and_picture(gradlag, kept, place):
    assert json.loads((place / "kept/worst-case.json").read_text()) == kept
    assert set(kept["files"]) == {"certificate", "witness", "picture"}
    assert all((place / path).is_file() for path in kept["files"].values())
    upper = gradlag("verify", kept["files"]["certificate"], "--json", folder=place).json["upper"]
    lower = gradlag("verify", kept["files"]["witness"], "--json", folder=place).json["lower"]
    assert lower <= kept["upper"] == upper
    assert lower == pytest.approx(kept["lower"], rel=1e-6)


@pytest.mark.parametrize("flags", [["--certify"], ["--certify", "--no-witness"], ["--certify", "own.txt"]])
def test_certify_takes_a_file_or_names_one_itself(gradlag, tmp_path, flags):
    told = gradlag("worst-case", "--schedule", "0.2/L", *ASKED, "--json", *flags, folder=tmp_path).json
    wanted = flags[-1] if flags[-1].endswith("txt") else "worst-case.certificate.txt"
    assert told["certified"] and told["files"] == {"certificate": wanted}
    assert [path.name for path in tmp_path.iterdir()] == [wanted]


def test_a_certificate_never_goes_over_a_file_that_is_none(gradlag, place):
    before = (place / "steps").read_bytes()
    told = gradlag("worst-case", "--schedule", "@steps", *ASKED, "--certify", "steps", folder=place)
    assert told.status == 2 and "no certificate" in told.err
    assert (place / "steps").read_bytes() == before


# Text


def test_the_text_says_what_is_known_and_how(gradlag, place):
    told = gradlag("worst-case", "--schedule", "1/(2*s*L)", *ASKED, "--certify", "text.txt", folder=place)
    assert told.out.startswith("The worst case of the least E|grad F|^2 over x_0..x_T is at most 0.")
    for said in ("Certified: ", "A function that is as bad as", "`gradlag verify text.txt` checks it", "theorem-a"):
        assert said in told.out
    assert "dai2019, dai2019-sum and dai2019-tight assume a gradient coherence" in told.out
    assert not [name for name in REGISTRY if get(name).given and f"{name} does not apply" in told.out]


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("schedule", ["1/(2*s*L)", "1/L", "1e300"])
def test_no_line_is_wider_than_the_terminal(gradlag, place, schedule, columns):
    told = gradlag("worst-case", "--schedule", schedule, *ASKED, "--no-witness", folder=place, columns=columns)
    assert [line for line in told.out.splitlines() if len(line) > columns] == []


def test_bounds_that_fail_for_one_reason_share_a_line(gradlag, place):
    told = gradlag("worst-case", "--schedule", "1/L", *ASKED, folder=place)
    assert told.status == 0 and told.out.count("the weight v_t is negative") == 1
    assert "theorem-a, theorem-ar and theorem-b do not apply" in " ".join(told.out.split())
    assert "No bound of the library applies" in told.out


def test_what_is_not_solved_shows_no_value_and_is_undecided(gradlag, place, recwarn):
    told = gradlag("worst-case", "--schedule", "1e300", *ASKED, "--json", folder=place)
    # A slow machine is told that work goes on.
    assert told.status == 3 and not told.err.replace("so far", "").count("gradlag: ") and not recwarn.list
    assert (told.json["status"], told.json["certified"]) == ("failed", False)
    assert told.json["value"] is told.json["upper"] is told.json["lower"] is None
    assert gradlag("worst-case", "--schedule", "1e300", *ASKED, folder=place).out.startswith("Not solved (failed)")


# Refusals

REFUSED = [
    (["--staleness", -1], "The staleness must be a whole number of at least 1. Got -1."),
    (["--steps", 0], "The number of steps must be a whole number of at least 1. Got 0."),
    (["--steps", "nan"], "Invalid value for '--steps': it must be a whole number. Got 'nan'."),
    (["--staleness", 64, "--steps", 10_000_000], "would need more than 300 GB"),
    (["--staleness", 64, "--steps", 50_000], "GB. Ask for fewer steps"),
    (["--smoothness", "nan"], "The constant L must be a finite number greater than 0. Got nan."),
    (["--gap", 0], "Delta, the gap, must be a positive number in a worst case. Got 0.0."),
    (["--variance", -1], "The variance must be a number of at least 0. Got -1.0."),
    (["--coherence", 2], "The coherence is at most 1"),
    (["--coherence", "x"], "Invalid value for '--coherence': it must be a number. Got 'x'."),
    (["--measure", "max"], "The measure is min or mean. Got 'max'."),
    (["--delays", "nosuch"], "The delays must be one of constant; uniform;"),
    (["--delays", "uniform", "--delays-file", "trace"], "Give --delays or --delays-file, not both."),
    (["--delays-file", "nosuch"], "There is no file of delays at nosuch."),
    (["--delays-file", "binary"], "The file of delays binary is no text file."),
    (["--delays-file", "future"], "The delay in line 2 of future must be at most 1"),
    (["--delays-file", "trace", "--steps", 7], "must have 7 lines, one for each step. Got 8 lines."),
    (["--schedule", "@steps", "--steps", 7], "must hold one number for each of the 7 steps. Got 8."),
    (["--schedule", "@nosuch"], "There is no file 'nosuch'"),
    (["--schedule", "@binary"], "The file 'binary' cannot be read as text"),
    (["--schedule", "nosuch"], "The schedule cannot be read at character 1"),
    (["--schedule", "mu/L"], "The schedule uses mu, which has no value here."),
    (["--schedule", "1/(k-3)"], "Got -0.5 at step k = 1."),
    (["--constants", "foo=2"], "The constants are L, Delta, sigma, mu and G. Got 'foo'."),
    (["--constants", "sigma=1", "--variance", 0.1], "Give it once: --variance is enough."),
    (["--certify", "folder"], "folder is a folder. Give --certify a file in it"),
    (["--certify="], "A certificate needs a file to go to."),
    (["--certify", "steps/certificate.txt"], "cannot be written to"),
    (["--out", "steps"], "The output folder steps cannot be written to"),
]


@pytest.mark.parametrize(("flags", "sentence"), REFUSED, ids=[" ".join(map(str, flags)) for flags, _ in REFUSED])
def test_bad_input_is_refused_in_one_sentence(gradlag, place, flags, sentence):
    given = {"--schedule": "0.2/L", "--staleness": 3, "--steps": 8}
    line = [part for flag, value in given.items() if flag not in flags for part in (flag, value)]
    told = gradlag("worst-case", *line, *flags, folder=place)
    assert told.status == 2 and told.out == ""
    assert sentence in told.err and told.err.startswith("gradlag: ") and told.err.count("\n") == 1
    assert gradlag("worst-case", *line, *flags, "--json", folder=place).json["exit"] == 2


def test_a_place_that_nobody_can_write_to_is_refused_before_the_work(gradlag, place):
    if not Path("/proc").is_dir():
        pytest.skip("a folder that not even root can write to is a thing of Linux")
    told = gradlag("worst-case", "--schedule", "0.2/L", *ASKED, "--out", "/proc/nowhere", folder=place)
    assert told.status == 2 and "cannot be written to" in told.err


def test_a_refused_command_leaves_earlier_files_alone(gradlag, kept, place):
    before = {path: path.read_bytes() for path in (place / "kept").iterdir()}
    told = gradlag("worst-case", "--schedule", "mu/L", *ASKED, "--out", "kept", folder=place)
    assert told.status == 2
    assert {path: path.read_bytes() for path in (place / "kept").iterdir()} == before


def test_the_trace_of_a_model_gives_the_value_of_the_model(ask, place):
    (place / "constant").write_text("".join(f"{delay}\n" for delay in np.minimum(np.arange(8), 2)))
    assert ask("0.2/L", "--delays-file", "constant")["value"] == ask("0.2/L")["value"]


def test_a_replay_that_leaves_its_witness_is_no_verdict(gradlag, place, monkeypatch):
    def leaves(witness):
        raise CertificateError("The replay leaves the witness.")

    monkeypatch.setattr("experiments.claims.worst_case.replay", leaves)
    told = gradlag("worst-case", "--schedule", "1/L", "--staleness", 1, "--steps", 2, folder=place)
    assert told.status == 0
    assert "its replay leaves it by rounding" in " ".join(told.out.split())
