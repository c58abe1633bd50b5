"""`import gradlag as gl`: the same answers as the command gives, from Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gradlag as gl
from theory.common.errors import GradlagError, InputError

TINY = {"staleness": 2, "steps": 40, "seeds": 8}


def python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)


TEN_LINES = """\
import gradlag as gl

schedules = {name: gl.Schedule(f"{name}/(s*L*sqrt(k))") for name in ("0.25", "0.5", "1")}
for name, schedule in schedules.items():
    verdict = gl.check(schedule, "quadratic:d=5", staleness=4, steps=100, seeds=32, constants={"mu": 0.5})
    print(name, verdict.verdict, verdict.bound, f"{verdict.slack_min:.3g}")
best = min(schedules, key=lambda name: gl.run(schedules[name], "quadratic:d=5", staleness=4, steps=100).loss.mean())
picture = gl.ladder_picture(verdict, title=f"best: {best}")
picture.savefig("ladder.pdf")
"""


def test_ten_lines(tmp_path):
    told = python(TEN_LINES, tmp_path)
    assert [line.split()[:2] for line in told.stdout.splitlines()] == [
        ["0.25", "holds"],
        ["0.5", "holds"],
        ["1", "holds"],
    ]
    assert told.stderr == ""
    assert (tmp_path / "ladder.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", gl.__all__)
def test_every_public_name_is_there(name):
    assert getattr(gl, name) is not None
    assert name in dir(gl)


def test_a_name_that_is_not_there_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="'gradlag' has no attribute 'chek'"):
        gl.chek  # noqa: B018


def test_the_door_loads_nothing_until_it_is_used_and_no_pictures_until_they_are_drawn(tmp_path):
    program = (
        "import sys, gradlag as gl; print('numpy' in sys.modules)\n"
        "gl.check('1/(2*s*L)', 'quadratic:d=3', staleness=2, steps=10, seeds=4)\n"
        "print('numpy' in sys.modules, 'matplotlib' in sys.modules)"
    )
    assert python(program, tmp_path).stdout.split() == ["False", "True", "False"]


def test_python_and_the_command_give_the_same_verdict(gradlag, tmp_path):
    verdict = gl.check("1/(2*s*L)", "quadratic:d=5", **TINY)
    line = ("check", "--schedule", "1/(2*s*L)", "--problem", "quadratic:d=5", "--staleness", 2, "--steps", 40)
    assert gradlag(*line, "--seeds", 8, "--json", folder=tmp_path).json == json.loads(verdict.to_json())


def test_objects_serve_as_well_as_their_spellings():
    spelled = gl.check("1/(2*s*L)", "quadratic:d=5", **TINY)
    built = gl.check(gl.Schedule("1/(2*s*L)"), gl.get_problem("quadratic:d=5"), **TINY)
    assert built == spelled
    numbers = gl.check(gl.NumericSchedule([0.25] * 40), "quadratic:d=5", **TINY)
    assert numbers.measured == spelled.measured


def test_a_run_is_stored_and_read_back(tmp_path):
    run = gl.run("1/(s*L)", "nonconvex:d=3", staleness=3, steps=20, seeds=4, delays="uniform", out=tmp_path / "run.nc")
    again = gl.load(tmp_path / "run.nc")
    assert again.identical(run)
    assert run.gradient_norm_squared.shape == (4, 21)
    assert (run.delays <= np.minimum(2, np.arange(20))).all()


def test_what_is_announced_reaches_the_caller_and_the_verdict():
    heard: list[str] = []
    verdict = gl.check("3/L", "quadratic:d=5,noise=0", staleness=2, steps=20, seeds=1, announce=heard.append)
    assert "stability limit" in heard[0]
    assert set(heard) <= set(verdict.announcements)


def test_a_comparison_reads_as_a_line_per_schedule():
    both = gl.compare([gl.Schedule("1/(4*s*L)"), "1/(2*s*L)"], "quadratic:d=5", **TINY)
    assert list(both.verdicts) == ["1/(4*s*L)", "1/(2*s*L)"]
    assert [line.partition(": ")[0] for line in str(both).splitlines()] == list(both.verdicts)
    assert both.picture is None


def test_a_comparison_agrees_with_its_single_checks():
    both = gl.compare(["1/(4*s*L)", "1/(2*s*L)"], "quadratic:d=5", **TINY)
    assert both.verdicts["1/(2*s*L)"] == gl.check("1/(2*s*L)", "quadratic:d=5", **TINY)


def test_pictures_are_figures_of_matplotlib():
    from matplotlib.figure import Figure

    both = gl.compare(["1/(4*s*L)", "1/(2*s*L)"], "quadratic:d=5", **TINY)
    assert isinstance(gl.ladder_picture(both.verdicts["1/(2*s*L)"]), Figure)
    assert isinstance(gl.comparison_picture(both.verdicts), Figure)


def test_a_log_is_judged_and_kept(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("step,grad_norm\n" + "".join(f"{k},{0.5**k}\n" for k in range(20)))
    verdict = gl.check_log(log, "0.5", staleness=1, constants={"L": 1, "Delta": 0.5, "sigma": 0}, out=tmp_path / "kept")
    assert str(verdict.verdict) == "holds"
    assert json.loads((tmp_path / "kept/verdict.json").read_text()) == json.loads(verdict.to_json())


def test_refusals_are_errors_with_a_sentence_and_a_status():
    with pytest.raises(InputError, match=r"The staleness must be a whole number of at least 1\. Got 0\.") as refused:
        gl.check("1/L", "quadratic", staleness=0, steps=4)
    assert isinstance(refused.value, GradlagError)
    assert refused.value.exit_status == 2
    with pytest.raises(InputError, match="There is no bound named 'nosuch'"):
        gl.check("1/L", "quadratic:d=3", **TINY, bounds=["nosuch"])
    with pytest.raises(TypeError, match="sedes"):
        gl.check("1/L", "quadratic:d=3", staleness=1, steps=4, sedes=4)


# Strangers of the same name


@pytest.mark.parametrize("stranger", ["theory/__init__.py", "experiments/__init__.py", "figures.py"])
def test_a_stranger_of_the_same_name_is_announced(tmp_path, stranger):
    path = tmp_path / stranger
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    told = python("import gradlag", tmp_path)
    floor = stranger.partition("/")[0].removesuffix(".py")
    assert f"UserWarning: `import {floor}` finds {tmp_path / stranger.partition('/')[0]}" in told.stderr
    assert told.stderr.count("UserWarning") == 1


def test_without_strangers_there_is_no_warning(tmp_path):
    (tmp_path / "theories").mkdir()
    assert python("import gradlag", tmp_path).stderr == ""


def test_the_command_says_who_stands_in_its_way(tmp_path):
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory/__init__.py").write_text("__path__ = []\nraise ImportError('not what you look for')\n")
    line = [sys.executable, "-m", "gradlag", "bounds", "--json"]
    told = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == json.loads(told.stdout)["exit"] == 4
    assert "hides gradlag's own theory" in json.loads(told.stdout)["error"]
    assert "Traceback" not in told.stderr


def third(k: int) -> float:
    """A schedule that no text says."""
    return 0.3 / (3 + k)


def test_every_verb_that_takes_a_schedule_takes_a_callable_and_the_verdict_says_so(tmp_path):
    said = "Step sizes of the callable third, read at 40 steps: called with k = 1..40."
    verdict = gl.check(third, "quadratic:d=3,noise=0", staleness=2, steps=40, seeds=1)
    assert said in verdict.announcements
    written = gl.check("0.3/(3+k)", "quadratic:d=3,noise=0", staleness=2, steps=40, seeds=1)
    assert (verdict.verdict, verdict.measured, verdict.slack_min) == (
        written.verdict,
        written.measured,
        written.slack_min,
    )
    log = tmp_path / "log.csv"
    log.write_text("step,grad_norm\n" + "".join(f"{k},{0.9**k}\n" for k in range(41)))
    judged = gl.check_log(log, third, staleness=2, constants={"L": 1, "Delta": 1, "sigma": 0})
    assert said in judged.announcements
    assert gl.run(third, "quadratic:d=3", staleness=2, steps=6, seeds=2).step_sizes.tolist() == [
        third(k) for k in range(1, 7)
    ]
    compared = gl.compare([third, lambda k: 0.1, lambda k: 0.2], "quadratic:d=3,noise=0", staleness=2, steps=9, seeds=1)
    assert [name.partition("-")[0] for name in compared.verdicts] == ["@third", "@lambda", "@lambda"]
    assert gl.worst_case(third, staleness=2, steps=3, witness=False).upper == pytest.approx(
        gl.worst_case("0.3/(3+k)", staleness=2, steps=3, witness=False).upper, rel=1e-6
    )
    claimed = gl.check_claim(third, "3*L*Delta", staleness=2, steps=3, out=tmp_path)
    assert "numbers are step sizes of these steps alone" in claimed.sentence
