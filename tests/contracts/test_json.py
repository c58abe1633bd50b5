"""Contract: exit statuses, the keys and types of what --json prints, and the files that --out leaves behind.

A key may be added; none may vanish or change its type. Numbers are the matter of other tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from experiments.cost.answer import curves

TINY = "--problem quadratic:d=3 --staleness 2 --steps 12 --seeds 4"
TRAINED = "--staleness 1 --constants L=1,Delta=2,sigma=0"
SERVER = "async --problem quadratic:d=3 --schedule 1/(2*s*L) --workers 2*exponential:mean=1 --virtual --steps 20"
WORST = "worst-case --schedule 1/(2*L) --staleness 2 --steps 3"
INTERRUPTS = "initial_point = [1.0]\nconstants = {'L': 1.0, 'Delta': 1.0}\n\n\ndef gradient(x):\n    return x\n"
INPUTS = {
    "good.csv": "step,grad_norm\n0,1\n1,0.5\n2,0.25\n3,0.125\n4,0.1\n",
    "loud.csv": "step,grad_norm\n" + "".join(f"{k},0.175\n" for k in range(51)),
    "delays.txt": "0\n1\n1\n0\n",
    "interrupted.py": INTERRUPTS + "\n\nraise KeyboardInterrupt\n",
}

#: What is run, by the name of its entry in json.json; each in a folder with INPUTS and copies of files/.
EXAMPLES = {
    "bounds": "bounds",
    "bounds one": "bounds theorem-a",
    "prove one": "prove ghadimi2013",
    "rate": "rate --schedule power --bound theorem-a",
    "problems": "problems",
    "data": "data",
    "data get": "data get digits",
    "run": f"run --schedule 1/(s*L) {TINY} --out new/run.nc",
    "worst-case": f"{WORST} --certify mine.txt --out new",
    "worst-case delays": f"{WORST} --delays worst --no-witness",
    "worst-case method": f"{WORST} --method momentum:beta=-0.5 --certify",
    "worst-case coherence": "worst-case --schedule theorem-1 --staleness 2 --steps 3 --coherence 0.5 --variance 1 "
    "--measure mean --no-witness",
    "cost": "cost --staleness 3 --accuracy 0.1 --bound theorem-a --bound lian2015 --out new",
    "cost measured": "cost --workers 2*constant:seconds=1 --accuracy 0.9 --problem quadratic:d=3 --bound lian2015",
    "lesson": "lesson",
    "lesson one": "lesson 1",
    "lesson page": "lesson --page new/page.html",
    "limit": "limit --staleness 2 --method counter-momentum --out new",
    "limit delays": "limit --staleness 2 --delays cyclic:period=2 --step 0.7",
    "limit step": "limit --staleness 2 --method momentum:beta=0.5 --step 0.2",
    "design": "design --staleness 2 --steps 4 --schedule 1/(2*s*L) --out new",
    "design theorem-1": "design --staleness 2 --steps 4 --for theorem-1 --no-certify",
    "verify certificate": "verify certificate-0.txt",
    "verify witness": "verify witness-0.txt",
    "check holds": f"check --schedule 1/(2*s*L) {TINY} --out new",
    "check horizons": f"check --schedule corollary-1 {TINY}",
    "check assumption broken": f"check --schedule 1/L {TINY} --bound theorem-b",
    "check undecided": "check --schedule 1/(s*L) --problem quadratic:d=5 --staleness 2 --steps 40 --seeds 1",
    "check log holds": f"check --run good.csv --schedule 1/(2*L) {TRAINED}",
    "check log violated": "check --run loud.csv --schedule 1/L --staleness 1 --constants L=1,Delta=1,sigma=0",
    "claim refuted": "check --schedule 1/(2*L) --claim Delta*L/T --staleness 1 --steps 6 --out new",
    "claim not refuted": "check --schedule 1/(2*L) --claim 100*Delta*L --staleness 1 --steps 6 --out new",
    "compare": f"compare 1/(2*s*L) theorem-1 --constants mu=0.5 {TINY} --out new",
    "async": f"{SERVER} --out new/served.nc",
    "trace server": "trace served.nc",
    "trace delays": "trace delays.txt --delays-out new/delays.txt",
    "reproduce list": "reproduce --list",
    "error usage": "check",
    "error command": "nosuch",
    "error schedule": f"check --schedule 1/ {TINY}",
    "error bound": "bounds nosuch",
    "error report": "report --out nosuch",
    "error file": "verify good.csv",
    "interrupted": "check --schedule 1/L --problem interrupted.py --staleness 1 --steps 4 --seeds 1",
}


@pytest.fixture
def folder(tmp_path, files):
    for name, text in INPUTS.items():
        (tmp_path / name).write_text(text)
    for path in files.glob("*.*"):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


def shape(value: Any) -> Any:
    """The keys and types of a JSON value; those of a list are those that any of its items has."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if not isinstance(value, list):
        names = {bool: "boolean", int: "integer", float: "number", str: "text", type(None): "null"}
        return [names[type(value)]]
    return {"[]": merged([shape(item) for item in value])}


def named(path: Path, folder: Path) -> str:
    """The name of a file; worst cases beside runs carry a digest of floats, whose last bits are the machine's."""
    name = path.relative_to(folder).as_posix()
    return re.sub(r"(?<=/worst-cases/)[0-9a-f]{16}(?=\.json$)", "DIGEST", name)


def kind(path: Path, printed: Any) -> Any:
    """What is promised of a file: the keys of JSON, which may be those printed; of any other that it is there."""
    if path.suffix != ".json":
        return "a file"
    keys = shape(json.loads(path.read_text()))
    return "as printed" if keys == printed else keys


def merged(shapes: list[Any]) -> Any:
    """What items of a list are, taken together: an object has all keys of any, a plain value all types."""
    objects = [each for each in shapes if isinstance(each, dict)]
    keys = {name: merged([each[name] for each in objects if name in each]) for each in objects for name in each}
    types = sorted({name for each in shapes if isinstance(each, list) for name in each})
    return (keys | {"or": types} if types else keys) if keys else types


def missing(written: Any, now: Any, place: str = "") -> list[str]:
    """Where what is now is not at least what was written down."""
    if isinstance(written, dict) and isinstance(now, dict):
        parts = ((f"{place}.{name}", each, now.get(name)) for name, each in written.items())
        return [told for name, each, found in parts for told in missing(each, found, name)]
    return [] if written == now else [f"{place}: {written} became {now}"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_status_keys_and_types_are_kept(gradlag, golden, folder, name, monkeypatch):
    monkeypatch.setattr("gradlag.commands.cost.curves", partial(curves, count=5))  # as many points have the same keys
    told = gradlag(*EXAMPLES[name].split(), "--json", folder=folder)
    keys = shape(told.json)
    left = {named(path, folder): kind(path, keys) for path in (folder / "new").rglob("*") if path.is_file()}
    now = {"status": told.status, "keys": keys, "files": left}
    written = golden("json.json", name, now)
    assert told.status == written["status"], told.out + told.err
    assert missing(written["keys"], now["keys"]) == []
    assert missing(written["files"], left) == []
    if "error" in told.json:
        assert told.json["exit"] == told.status


def test_a_failing_environment_is_4(gradlag, folder, monkeypatch):
    def no_space(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", no_space)
    told = gradlag("run", *f"--schedule 1/L {TINY}".split(), "--out", "new.nc", "--json", folder=folder)
    assert (told.status, told.json["exit"], set(told.json)) == (4, 4, {"error", "exit"})
