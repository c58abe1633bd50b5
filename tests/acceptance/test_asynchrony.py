"""`gradlag async` and `gradlag trace` as a user meets them."""

import subprocess
import sys

import pytest

from experiments.common import ray_process

FLAGS = "--problem --schedule --workers --steps --out --staleness --bound --seed --batch --constants --record-every"
ASKED = ("async", "--problem", "quadratic:d=3", "--schedule", "1/(2*s*L)", "--workers", "3*exponential")
VIRTUAL = (*ASKED, "--steps", 120, "--record-every", 20, "--virtual")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("asynchrony")


@pytest.fixture(scope="module")
def served(gradlag, place):
    return gradlag(*VIRTUAL, "--out", "run.nc", "--json", folder=place)


def test_the_flags_are_told(gradlag, place):
    told = gradlag("async", "--help", folder=place)
    assert told.status == 0 and {*FLAGS.split(), "--buffer"} <= set(told.out.replace(",", " ").split())


def test_the_help_needs_nothing_heavy(place):
    code = "import sys; from gradlag.cli import execute; execute(['async', '--help']); print(sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=place, check=True)
    assert not {"numpy", "numba", "ray", "xarray"} & set(told.stdout.split("[")[-1].replace("'", "").split(", "))


def test_a_run_says_how_late_its_gradients_were(served):
    assert served.status == 0
    told = served.json
    assert told["overall"]["updates"] == 120 and told["concurrency"] == 2 and told["source"] == "virtual clock"
    assert sum(each["updates"] for each in told["workers"].values()) == 120
    assert len(told["dependence"]["autocorrelation"]) == 32 and told["noise"]["updates"] == 120
    assert list(told["run"])[:4] == ["problem", "schedule", "staleness", "steps"]
    assert min(value for value in told["bounds"].values() if value is not None) > told["run"]["measured_minimum"]


def test_the_same_command_gives_the_same_run(gradlag, place, served):
    again = gradlag(*VIRTUAL, "--out", "again.nc", "--json", folder=place).json
    assert {**again, "file": ""} == {**served.json, "file": ""}


def test_a_stored_run_is_read_again(gradlag, place, served):
    assert gradlag("trace", "run.nc", "--json", folder=place).json == served.json
    people = gradlag("trace", "run.nc", folder=place)
    assert people.status == 0 and "worker 2" in people.out and "Covered by" in people.out


def test_the_delays_go_to_other_commands_as_they_are_and_as_text(gradlag, place, served):
    told = gradlag("trace", "run.nc", "--delays-out", "delays.txt", "--json", folder=place).json
    assert told["delays_out"] == "delays.txt"
    alone = gradlag("trace", "delays.txt", "--json", folder=place).json
    assert alone["overall"] == told["overall"] and alone["noise"] is None
    window = told["overall"]["maximum"] + 1
    asked = ("check", "--problem", "quadratic:d=3", "--schedule", "1/(2*s*L)", "--staleness", window, "--steps", 120)
    values = [
        gradlag(*asked, "--seeds", 3, "--delays-file", file, "--json", folder=place).json["measured"]
        for file in ("run.nc", "delays.txt")
    ]
    assert values[0] == values[1]


def test_a_bound_is_kept(gradlag, place):
    told = gradlag(*VIRTUAL, "--bound", 0, "--out", "bound.nc", "--json", folder=place).json
    assert told["overall"]["maximum"] <= 2 and {each["updates"] for each in told["workers"].values()} == {40}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("--workers", "3*fast"), "must be one of"),
        (("--bound", "-1"), "at least 0"),
        (("--steps", "0"), "at least 1"),
        (("--cluster", "127.0.0.1:1"), "not both"),
        (("--schedule", "mu/L"), "mu"),
        (("--problem", "cubic"), "no problem"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(gradlag, place, change, why):
    told = gradlag(*VIRTUAL, "--out", "no.nc", *change, "--json", folder=place)
    assert told.status == 2 and why in told.json["error"] and not (place / "no.nc").exists()


def test_another_file_is_not_written_over(gradlag, place):
    (place / "notes.txt").write_text("mine")
    told = gradlag(*VIRTUAL, "--out", "notes.txt", "--json", folder=place)
    assert told.status == 2 and (place / "notes.txt").read_text() == "mine"


def test_without_ray_one_sentence_says_what_to_install(gradlag, place, monkeypatch):
    monkeypatch.setattr(ray_process, "ray_is_installed", lambda: False)
    told = gradlag(*ASKED, "--steps", 10, "--out", "real.nc", "--json", folder=place)
    assert told.status == 2 and "pip install 'gradlag[cluster]'" in told.json["error"]


@pytest.mark.parametrize("content", [b"", b"0\n5\n", b"\x89HDF\r\n\x1a\nbroken", b"\x00\xff"])
def test_what_is_no_trace_is_refused(gradlag, place, content):
    (place / "broken").write_bytes(content)
    told = gradlag("trace", "broken", "--json", folder=place)
    assert told.status == 2 and told.json["error"].endswith(".")


def test_a_server_with_a_buffer_goes_from_its_run_to_a_verdict(gradlag, place):
    asked = ("async", "--problem", "quadratic:d=3", "--schedule", "1/(12*L)", "--workers", "4*exponential")
    told = gradlag(*asked, "--steps", 60, "--buffer", 2, "--virtual", "--out", "buffer.nc", "--json", folder=place).json
    assert told["reads"] == 2 and told["overall"]["updates"] == 120 and told["run"]["buffer"] == 2
    assert told["bounds"]["theorem-ab"] > told["run"]["measured_minimum"] and told["bounds"]["theorem-a"] is None
    people = gradlag("trace", "buffer.nc", "--delays-out", "buffer.txt", folder=place)
    assert "60 updates of 2 gradients each" in people.out and "(P - 1)/B = 1.5" in people.out
    assert (place / "buffer.txt").read_text().splitlines()[0] == "0 0"
    window = told["overall"]["maximum"] + 1
    check = ("check", "--problem", "quadratic:d=3", "--schedule", "1/(12*L)", "--staleness", window, "--steps", 60)
    verdicts = [
        gradlag(*check, "--seeds", 8, "--delays-file", file, "--json", folder=place).json
        for file in ("buffer.nc", "buffer.txt")
    ]
    assert verdicts[0]["measured"] == verdicts[1]["measured"]
    assert verdicts[0]["bound"] == "theorem-arb" and verdicts[0]["verdict"] == "holds"


def test_what_a_server_with_a_buffer_costs_is_told_by_its_trace(gradlag, place):
    (place / "pairs.txt").write_text("0 0\n" + "1 0\n1 1\n" * 40)
    told = gradlag("cost", "--trace", "pairs.txt", "--accuracy", 0.5, "--json", folder=place).json
    first = told["methods"][0]
    assert first["bound"] == "theorem-arb" and first["steps"] > 0
