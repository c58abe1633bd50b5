"""The README tells the truth: its quotations are what the commands print, and its Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gradlag.cli import execute

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
QUOTED = [
    (command, re.findall(r"^> (.+)$", told, flags=re.MULTILINE))
    for command, told in re.findall(
        r"```\n(gradlag (?:check|worst-case) [^\n]+)\n```\n\n(> .*?)(?=```|^#|\Z)",
        README,
        flags=re.DOTALL | re.MULTILINE,
    )
]
BLOCKS = re.findall(r"```\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split("  #")[0] for block in BLOCKS for line in block.splitlines() if line.startswith("gradlag ")]


def test_there_is_something_to_test() -> None:
    assert len(QUOTED) == 6
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize(("command", "quotations"), QUOTED)
def test_what_the_readme_quotes_is_what_the_command_says(
    command: str,
    quotations: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    execute(shlex.split(command)[1:])
    captured = capfd.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert all(quotation in said for quotation in quotations)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_one(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The words are flags that exist: with --help added, a command of the README shows its help."""
    assert execute([*shlex.split(command)[1:], "--help"]) == 0
    help_text = capfd.readouterr().out
    flags = {word for word in shlex.split(command) if word.startswith("--")}
    assert all(flag in help_text for flag in flags)


def test_the_python_of_the_readme_runs(capfd: pytest.CaptureFixture[str]) -> None:
    code, symbols = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    said = capfd.readouterr().out
    assert said.startswith("holds theorem-ar")
    assert "theorem-b does not apply" in said
    exec(compile(symbols, "README.md", "exec"), {})
    derived, number = capfd.readouterr().out.splitlines()
    assert "d/d eta: -2*Delta/(T*eta**2) + 2*L*sigma**2" in derived
    assert number == "0.5*eta + 1/(500*eta)"
