"""Contract: error sentences. Each command line of error_sentences.txt ends with the status and the sentence below it.

To add one, write a line `$ COMMAND` and run GOLDEN=write: the sentences of the whole file are written anew, and a
person reads the difference. {x*900} in a command stands for 900 times x. Sizes of memory are left out: `SIZE`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

FILE = Path(__file__).with_name("error_sentences.txt")
EXACT = "import numpy as np\ninitial_point = np.ones(3)\n\n\ndef gradient(x):\n    return {returned}\n"
LATER = "x if abs(x[0] - 1) < 1e-9 else {returned}"
FILES = {
    # user problems
    "syntax.py": "def (:\n",
    "raises.py": "raise ValueError('boom')\n",
    "leaves.py": "import sys\nsys.exit(0)\n",
    "nothing.py": "",
    "shape.py": EXACT.format(returned="x[:2]"),
    "nan.py": EXACT.format(returned="x * np.nan"),
    "undefined.py": EXACT.format(returned="x / unknown"),
    "later.py": EXACT.format(returned=LATER.format(returned="1 / 0")) + "constants = {'L': 1, 'Delta': 2}\n",
    "later_shape.py": EXACT.format(returned=LATER.format(returned="x[:1]")) + "constants = {'L': 1, 'Delta': 2}\n",
    "no_constants.py": EXACT.format(returned="x"),
    "bad_constant.py": EXACT.format(returned="x") + "constants = {'L': -1.0}\n",
    "noisy.py": "initial_point = [1.0]\n\n\ndef gradient(x, rng):\n    return x + rng.normal()\n",
    # delays
    "text.txt": "0\n1\nx\n1\n",
    "blank.txt": "0\n\n1\n1\n",
    "short.txt": "0\n1\n1\n",
    "early.txt": "1\n1\n1\n1\n",
    "beyond.txt": "0\n1\n2\n1\n",
    "future.txt": "0\n-1\n1\n1\n",
    "half.txt": "0\n0.5\n1\n1\n",
    "empty.txt": "",
    "ragged.txt": "0 0\n0 1\n1\n1 1\n",
    "words.txt": "0 0\n0 x\n1 1\n1 1\n",
    "wide.txt": "0 0\n0 1\n0 2\n1 1\n",
    "four.txt": "0 0 0 0\n0 1 0 0\n0 1 0 0\n0 1 0 0\n",
    "filter.txt": "gradients one\n",
    # step sizes
    "two_steps.txt": "0.1\n0.1\n",
    "word_steps.txt": "0.1\na\n0.1\n0.1\n",
    "negative_steps.txt": "0.1\n0.1\n-1\n0.1\n",
    "nan_steps.txt": "0.1\nnan\n0.1\n0.1\n",
    # logs
    "columns.csv": "a,b\n0,1\n1,1\n",
    "nan.csv": "step,grad_norm\n0,1\n1,nan\n",
    "cut.csv": "step,grad_norm\n0,1\n1",
    "one.csv": "step,grad_norm\n0,1\n",
    "late.csv": "step,grad_norm\n3,1\n4,\n",
    "negative.csv": "step,grad_norm\n0,1\n1,-1\n",
    "twice.csv": "step,grad_norm\n0,1\n1,1\n1,2\n",
    "seeds.csv": "step,grad_norm,seed\n0,1,0\n1,1,0\n0,1,1\n",
    "early.csv": "step,grad_norm,delay\n0,1,\n1,1,1\n",
    "good.csv": "step,grad_norm\n0,1\n1,0.5\n2,0.25\n3,0.125\n4,0.1\n",
    "a_file": "",
    # worst cases, designs, traces
    "steps": "0.1\n0.1\n0.1\n",
    "trace": "0\n1\n2\n2\n2\n2\n2\n2\n",
    "future": "0\n2\n1\n",
    "broken": "0\n5\n",
    "notes.txt": "mine",
    "opens.json": "{",
    "empty": "",
}
BINARY = bytes(range(256)) * 8
ASKED = "--schedule 1/(s*L) --problem quadratic:d=3 --staleness 2 --steps 4 --seeds 4"


def entries() -> list[tuple[str, str]]:
    """The commands of the file, and what was said to each."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    commands = [(number, line) for number, line in enumerate(lines) if line.startswith("$ ")]
    return [(line[2:], lines[number + 1] if number + 1 < len(lines) else "") for number, line in commands]


ENTRIES = entries()


def arguments(command: str) -> list[str]:
    """The words of a command, repetitions written out."""
    repeated = re.compile(r"\{(.+?)\*(\d+)\}")
    words = (repeated.sub(lambda at: at[1].replace("NUL", "\0") * int(at[2]), word) for word in shlex.split(command))
    return list(words)


@pytest.fixture(scope="module")
def place(tmp_path_factory, gradlag):
    """A folder with bad files, and results that nothing may touch."""
    folder = tmp_path_factory.mktemp("errors")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "binary").write_bytes(BINARY)
    (folder / "folder").mkdir()
    _write_data(folder / "data")
    assert gradlag("check", *ASKED.split(), "--out", "kept", folder=folder).status in (0, 3)
    assert gradlag("run", *ASKED.split(), "--out", "run.nc", folder=folder).status == 0
    shutil.copy(folder / "run.nc", folder / "truncated.nc")
    os.truncate(folder / "truncated.nc", (folder / "run.nc").stat().st_size // 2)
    shutil.copy(folder / "run.nc", folder / "altered.nc")
    _alter(folder / "altered.nc")
    return folder


def _write_data(folder: Path) -> None:
    folder.mkdir()
    features, labels = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    np.savez(folder / "no_labels.npz", features=features)
    np.savez(folder / "rows.npz", features=features, labels=labels[:-1])
    np.savez(folder / "objects.npz", features=np.array([[object()]]), labels=np.array([0]))
    features[3, 1] = np.nan
    np.savez(folder / "holes.npz", features=features, labels=labels)
    (folder / "broken.npz").write_bytes(b"PK\x03\x04" + b"0" * 50)


def _alter(path: Path) -> None:
    """Change one number of a result, as a failing disk or a curious hand would."""
    with h5py.File(path, "r+") as file:
        file["gradient_norm_squared"][0, 0] *= 1 + 1e-15


@pytest.fixture(autouse=True)
def data_folder(monkeypatch, place):
    monkeypatch.setenv("GRADLAG_DATA", str(place / "data"))


def digest(folder: Path) -> dict[str, str]:
    """The results in a folder by their contents, and everything that lies about them by name."""
    kept = [*(folder / "kept").rglob("*"), *folder.glob("*.nc"), folder / "a_file"]
    contents = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if path.is_file()}
    return contents | {str(path): "" for path in folder.glob(".*")}


def said(status: int, sentence: str) -> str:
    """A line of the file."""
    return f"{status} " + re.sub(r"\b[\d.,]*\d ([KMGT]i?B)\b", r"SIZE \1", sentence)


@pytest.mark.parametrize(("command", "written"), ENTRIES, ids=[f"{n}-{c[:40]}" for n, (c, _) in enumerate(ENTRIES)])
def test_bad_input_is_told_in_the_same_sentence_and_touches_nothing(gradlag, place, writing, command, written):
    before = digest(place)
    told = gradlag(*arguments(command), "--json", folder=place)
    now = said(told.status, told.json["error"])
    if writing:
        text = FILE.read_text(encoding="utf-8")
        FILE.write_text(re.sub(rf"^(\$ {re.escape(command)}\n)(?!\$ ).*$", lambda at: at[1] + now, text, flags=re.M))
    else:
        assert now == written
    assert (told.status, set(told.json)) == (told.json["exit"], {"error", "exit"})
    assert told.json["error"].endswith((".", "?"))
    assert "Traceback" not in told.err
    assert digest(place) == before


@pytest.mark.parametrize("command", [command for command, _ in ENTRIES[::15]])
def test_the_sentence_is_the_same_without_json(gradlag, place, command):
    in_text, in_json = (gradlag(*arguments(command), *flags, folder=place) for flags in ((), ("--json",)))
    assert (in_text.status, in_text.out) == (in_json.status, "")
    assert in_text.err.splitlines()[-1] == f"gradlag: {in_json.json['error']}"
