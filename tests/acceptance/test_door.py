"""Door and command are one: the same verbs, the same options, the same answers; and results show themselves."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest
import typer

import gradlag as gl
from gradlag.cli import app
from theory.common.shown import Facts, Listed, Shown

GROUP: Any = typer.main.get_command(app)
#: The verbs behind each command.
VERBS = {
    "async": ("serve",), "bounds": ("bounds",), "check": ("check", "check_log", "check_claim"),
    "compare": ("compare",), "cost": ("cost",), "data": ("data",), "design": ("design",), "rate": ("rate",),
    "lesson": ("lesson",), "limit": ("limit",),
    "problems": ("problems",), "prove": ("prove",),
    "report": ("report",), "reproduce": ("reproduce", "list_figures"), "run": ("run",), "trace": ("trace",),
    "verify": ("verify",), "worst-case": ("worst_case",),
}  # fmt: skip
#: Flags about what is printed, and the one that asks for another verb.
PRINTING = {"as_json", "latex", "python", "sympy", "list_figures"}
TINY = {"staleness": 2, "steps": 12, "seeds": 2}


def options(verb: str) -> set[str]:
    """What a verb of the door takes, the keys of its typed options among them."""
    function = getattr(gl, verb)
    found = inspect.signature(function).parameters
    named = found["options"].annotation.removeprefix("Unpack[").removesuffix("]") if "options" in found else None
    return set(found) | (set(vars(sys.modules[function.__module__])[named].__annotations__) if named else set())


def test_every_command_is_a_verb_of_the_door():
    assert set(GROUP.commands) == set(VERBS)
    assert {verb for verbs in VERBS.values() for verb in verbs} <= set(gl.__all__)


@pytest.mark.parametrize("command", VERBS)
def test_every_flag_is_an_option_of_the_verb(command):
    flags = {parameter.name for parameter in GROUP.commands[command].params} - PRINTING
    assert flags <= set().union(*map(options, VERBS[command]))


def test_no_submodule_stands_before_a_verb(tmp_path):
    # In a process of its own: what other tests have imported would hide the order of imports.
    program = (
        "import importlib, pkgutil, gradlag as gl\n"
        "found = [each.name for each in pkgutil.walk_packages(gl.__path__, 'gradlag.') if 'main' not in each.name]\n"
        "for name in found: importlib.import_module(name)\n"
        f"print(len(found), [verb for verb in {sorted(v for vs in VERBS.values() for v in vs)!r} "
        "if not callable(getattr(gl, verb))])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    count, _, shadowed = done.stdout.strip().partition(" ")
    assert int(count) > 15
    assert shadowed == "[]"


RESULTS = {
    "bounds": lambda folder: gl.bounds(),
    "check": lambda folder: gl.check("1/(2*s*L)", "quadratic:d=3", **TINY),
    "check --claim": lambda folder: gl.check_claim("1/(s*L)", "2*s*L*Delta/T", staleness=3, steps=100),
    "compare": lambda folder: gl.compare(["1/(2*s*L)", "1/(4*s*L)"], "quadratic:d=3", **TINY),
    "data": lambda folder: gl.data(),
    "design": lambda folder: gl.design(staleness=2, steps=4, certify=False),
    "lesson": lambda folder: gl.lesson(),
    "limit": lambda folder: gl.limit(staleness=1),
    "problems": lambda folder: gl.problems(),
    "prove": lambda folder: gl.prove("ghadimi2013"),
    "rate": lambda folder: gl.rate("sqrt-T", bounds=["wu2022"], staleness=1, constants={"sigma": 0}),
    "reproduce --list": lambda folder: gl.list_figures(),
    "run": lambda folder: gl.run("1/(2*s*L)", "quadratic:d=3", **TINY),
    "async": lambda folder: gl.serve(
        "quadratic:d=3", "1/(2*s*L)", "2*constant", steps=20, out=folder / "served.nc", virtual=True
    ),
    "trace": lambda folder: gl.trace(written(folder / "delays.txt", "0\n1\n")),
    "worst-case": lambda folder: gl.worst_case("1/L", staleness=1, steps=1, certify=True),
}


def written(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("command", RESULTS)
def test_a_result_is_a_value_that_shows_itself_shortly_and_as_html(tmp_path, command):
    found = RESULTS[command](tmp_path)
    assert is_dataclass(found) and isinstance(found, Shown)
    with pytest.raises(FrozenInstanceError):
        setattr(found, fields(found)[0].name, None)
    assert len(repr(found)) < (1000 if isinstance(found, Listed) else 250)
    html = found._repr_html_()
    assert html.count("<table>") == html.count("</table>") > 0
    assert html.startswith(("<p>", "<table>")) and len(html) < 100_000
    assert isinstance(found.to_dict(), dict)


def test_html_escapes_whatever_text_a_result_quotes():
    hostile = "<script>alert('&')</script>"
    found = Facts(hostile, {hostile: [hostile, {"name": hostile}], "value": 0.25, "none": None})
    assert "<script>" not in found._repr_html_() and found._repr_html_().count("&lt;script&gt;") == 4
    assert "<script>" not in Listed({"things": {hostile: Facts("", {"title": hostile})}})._repr_html_()


@pytest.mark.parametrize(
    ("verb", "line"),
    [
        ("bounds", "bounds"),
        ("problems", "problems"),
        ("data", "data"),
        ("lesson", "lesson"),
        ("list_figures", "reproduce --list"),
    ],
)
def test_what_json_prints_is_the_dictionary_of_the_result(gradlag, tmp_path, verb, line):
    assert gradlag(*line.split(), "--json", folder=tmp_path).json == json.loads(
        json.dumps(getattr(gl, verb)().to_dict())
    )


def test_named_things_are_found_by_their_names():
    assert gl.bounds("theorem-a")["theorem-a"] is gl.get("theorem-a")
    assert gl.problems()["quadratic"]["constants"]["L"]["known"] == "exact"
    assert gl.data("get", "digits")["digits"]["rows"] == 1797
    assert next(iter(gl.list_figures())) == "ladder"
    with pytest.raises(KeyError):
        gl.problems()["nosuch"]


def test_a_certificate_from_python_is_verified(tmp_path):
    found = gl.worst_case("1/L", staleness=1, steps=1, certify=tmp_path / "certificate.txt", witness=False)
    checked = gl.verify(tmp_path / "certificate.txt")
    assert (checked["kind"], checked["upper"]) == ("certificate", found.upper)
    assert repr(checked) == checked["statement"]
