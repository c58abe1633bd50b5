"""The README tells the truth: its quotations are what the commands print, and its Python runs."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest

from gradlag.cli import execute

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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
    assert len(QUOTED) == 3
    assert len(COMMANDS) == 6


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
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert capfd.readouterr().out.startswith("holds theorem-ar")


def test_every_file_that_the_readme_names_is_there() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(linked) >= 20
    assert all((ROOT / place).exists() for place in linked)


def test_the_picture_of_the_readme_is_what_its_command_draws(tmp_path: Path) -> None:
    command = re.findall(r"`(gradlag check --schedule [^`]+ --out mine)`", README)[0]
    assert execute([*shlex.split(command)[1:-1], str(tmp_path)]) == 0
    kept, drawn = (_words(path) for path in (ROOT / "docs/static/ladder.svg", tmp_path / "ladder.svg"))
    assert kept == drawn
    assert kept == drawn
    assert any(word.startswith("theorem-b") and word.endswith("32×") for word in kept)


def _words(picture: Path) -> list[str]:
    return [html.unescape(text) for text in re.findall(r">([^<>]+)</t", picture.read_text(encoding="utf-8"))]
