"""What to type: an example for every command, all that is missing at once, TAB, and the nearest name there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from gradlag.cli import app
from gradlag.terminal.completion import SHELLS
from gradlag.terminal.examples import EXAMPLES

GROUP: Any = typer.main.get_command(app)
#: Examples that take seconds, in an order in which each finds what it reads.
QUICK = ("bounds", "prove", "problems", "lesson", "run", "check", "compare", "worst-case", "verify", "async", "trace")


def alone(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a shell calls it."""
    line = [sys.executable, "-m", "gradlag", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_the_help_of_every_command_has_an_example_in_one_line_that_parses(name, gradlag, tmp_path):
    told = gradlag(name, "--help", folder=tmp_path, columns=60).out
    example = EXAMPLES[name]
    assert f"Example:\n    {example}\n" in told
    program, command, *arguments = shlex.split(example)
    assert (program, command) == ("gradlag", name)
    assert GROUP.commands[name].make_context(name, arguments).params


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_example_runs_and_ends_well(name, place, gradlag):
    done = gradlag(*shlex.split(EXAMPLES[name])[1:], folder=place)
    assert done.status == 0, done.err
    assert done.out.strip()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("run", "Missing options '--problem', '--schedule', '--staleness', '--steps' and '--out'."),
        ("run --steps 4 --problem quadratic", "Missing options '--schedule', '--staleness' and '--out'."),
        ("worst-case --staleness 3", "Missing options '--schedule' and '--steps'."),
        ("async --virtual", "Missing options '--problem', '--schedule', '--workers', '--steps' and '--out'."),
        ("verify", "Missing argument 'FILE'."),
        ("compare --steps 3", "Missing parameters 'SCHEDULES', '--problem' and '--staleness'."),
        ("check", "Missing options '--schedule' and '--staleness'. It also needs --problem and --steps, or --claim"),
        ("check --schedule 1/L --steps 9", "Missing option '--staleness'. It also needs --problem and --steps, or"),
        ("check --run log.csv", "Missing options '--schedule' and '--staleness'. `gradlag check --help`"),
        ("check --schedule 1/L --staleness 2 --problem quadratic", "`gradlag check` needs --problem and --steps, or"),
    ],
)
def test_everything_that_is_missing_is_named_at_once(arguments, says, gradlag, tmp_path):
    done = gradlag(*arguments.split(), folder=tmp_path)
    assert done.status == 2
    assert says in " ".join(done.err.split())


RUN = "run --staleness 2 --steps 4 --out x.nc"


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("bounds lian", "lian2015"),
        ("bounds Koloskova", "koloskova2022"),
        ("bounds theorm-b", "theorem-b"),
        ("prove bottou", "bottou2018"),
        ("chek", "'check'"),
        ("worst_case", "'worst-case'"),
        ("reproduce delay-pattern", "delay-patterns"),
        ("reproduce ladder --scale quik", "quick"),
        ("data get cifar10", "cifar-10"),
        (f"{RUN} --schedule 1/L --problem logistic-cancr", "logistic-cancer"),
        (f"{RUN} --schedule 1/L --problem quadratic --delays geometrc:mean=2", "geometric"),
        (f"{RUN} --schedule 1/(simga*L) --problem quadratic", "sigma"),
        (f"{RUN} --schedule corollary-3 --problem quadratic", "corollary-2"),
        (f"{RUN} --schedule 1/L --problem quadratic --stepps 3", "--steps"),
        ("async --problem quadratic --schedule 1/L --workers 2*exponental:mean=1 --steps 4 --out x", "exponential"),
        ("--show-completion bsh", "bash"),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_the_nearest_one(arguments, meant, gradlag, tmp_path):
    done = gradlag(*arguments.split(), folder=tmp_path)
    assert done.status == 2
    told = " ".join(done.err.split())
    assert any(f"{words} {meant}" in told for words in ("Did you mean", "named")), told


# What a shell asks for, as each of them asks.
ASKED = {
    "bash": lambda line: {"COMP_WORDS": line, "COMP_CWORD": str(len(shlex.split(line)) - 1)},
    "zsh": lambda line: {"_TYPER_COMPLETE_ARGS": line},
    "fish": lambda line: {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize(
    ("shell", "line", "offered"),
    [
        ("bash", "gradlag check --schedule coro", "corollary-1"),
        ("bash", "gradlag run --problem logistic-can", "logistic-cancer"),
        ("bash", "gradlag bounds ghad", "ghadimi2013"),
        ("bash", "gradlag reproduce lad", "ladder"),
        ("zsh", "gradlag wor", "worst-case"),
        ("zsh", "gradlag check --delays cyc", "cyclic"),
        ("fish", "gradlag check --rec", "--record-every"),
        ("fish", "gradlag design --for theorem-", "theorem-1"),
    ],
)
def test_tab_offers_commands_flags_and_names(shell, line, offered):
    done = alone(_GRADLAG_COMPLETE=f"complete_{shell}", **ASKED[shell](line))
    assert done.returncode == 0
    assert offered in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_for_a_shell_asks_in_the_way_that_is_answered(shell, gradlag, tmp_path):
    done = gradlag("--show-completion", shell, folder=tmp_path)
    assert done.status == 0
    assert f"_GRADLAG_COMPLETE=complete_{shell}" in done.out


def test_bash_itself_completes(tmp_path):
    (tmp_path / "gradlag").write_text(f'#!/bin/sh\nexec {sys.executable} -m gradlag "$@"\n')
    (tmp_path / "gradlag").chmod(0o755)
    program = (
        'eval "$(gradlag --show-completion bash)"; COMP_WORDS=(gradlag check --schedule "1/(s*L)" --problem nonc); '
        'COMP_CWORD=5; _gradlag_completion gradlag; echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.stdout.split() == ["nonconvex"], done.stderr


def test_make_alone_names_every_target_with_what_it_does():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: help (.+)$", makefile, re.M)
    told = " ".join(line for line in makefile.splitlines() if line.startswith('\t@echo "make'))
    assert targets is not None
    assert [name for name in targets[1].split() if not re.search(rf"make {name} +\w", told)] == []
