"""Bad input and bad luck: one sentence that says what and how to mend it, a status, earlier results untouched."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

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
    "half.txt": "0\n1.0\n1\n1\n",
    "empty.txt": "",
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
    "late.csv": "step,grad_norm\n3,1\n4,1\n",
    "negative.csv": "step,grad_norm\n0,1\n1,-1\n",
    "twice.csv": "step,grad_norm\n0,1\n1,1\n1,2\n",
    "seeds.csv": "step,grad_norm,seed\n0,1,0\n1,1,0\n0,1,1\n",
    "early.csv": "step,grad_norm,delay\n0,1,\n1,1,1\n",
    "good.csv": "step,grad_norm\n0,1\n1,0.5\n2,0.25\n3,0.125\n4,0.1\n",
    "a_file": "",
}
BINARY = bytes(range(256)) * 8
ASKED = {"schedule": "1/(s*L)", "problem": "quadratic:d=3", "staleness": 2, "steps": 4, "seeds": 4}
LOG = {"schedule": "1/(2*L)", "staleness": 1, "constants": "L=1,Delta=2,sigma=0"}


@pytest.fixture(scope="module")
def place(tmp_path_factory, gradlag):
    """A folder with bad files, and results that nothing may touch."""
    folder = tmp_path_factory.mktemp("errors")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "binary").write_bytes(BINARY)
    _write_data(folder / "data")
    assert gradlag(*check(), "--out", "kept", folder=folder).status in (0, 3)
    assert gradlag(*run(), folder=folder).status == 0
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


def line(command, options):
    flags = ((f"--{name.replace('_', '-')}", value) for name, value in options.items() if value is not None)
    return [command, *(str(part) for pair in flags for part in pair)]


def check(**changed):
    return line("check", ASKED | changed)


def run(**changed):
    return line("run", ASKED | {"out": "run.nc"} | changed)


def log(name, **changed):
    return line("check", {"run": name} | LOG | changed)


def compare(*schedules, **changed):
    return [*line("compare", {k: v for k, v in (ASKED | changed).items() if k != "schedule"}), *schedules]


PARSING = {
    "": "empty",
    "1/": "a number, a name or '(' is expected",
    "1 +* 2": "is expected",
    "(1": "')'",
    "1)": "closes nothing",
    "2L": "an operator is missing",
    "foo": "foo is not a known name",
    "1/√k": "Did you mean sqrt",
    "__import__('os')": "__import__ is not a known name",
    "open('x').read()": "open is not a known name",
    "L.real": "'.' has no meaning",
    "().__class__": "expected",
    "[1][0]": "'[' has no meaning",
    "lambda: 1": "lambda is not a known name",
    "1 if k else 2": "an operator is missing",
    "k := 1": "':' has no meaning",
    "sqrt(1, 2)": "sqrt",
    "eval(1)": "eval is not a known name",
    "1;2": "';' has no meaning",
    "\x00": "has no meaning",
    "k" * 10_000: "at most 2,000 characters. Got 10,000",
    "(" * 900 + "1" + ")" * 900: "nested deeper",
    "-" * 1900 + "1": "nested deeper",
    "2^" * 900 + "1": "nested deeper",
}
STEPS = {
    "-1/L": "Got -1 at step k = 1",
    "3 - k": "Got -1 at step k = 4",
    "1/(k - 1)": "Got inf at step k = 1",
    "0/0": "Got nan at step k = 1",
    "1e400": "Got inf at step k = 1",
    "9^9^9^9": "Got inf at step k = 1",
    "sqrt(2 - k)": "Got nan at step k = 3",
    "log(0*k)": "at step k = 1",
    "1/(mu*L)": "Give a value with --constants mu=",
}
CASES = [
    *((check(schedule=text), told) for text, told in (PARSING | STEPS).items()),
    (check(schedule="@missing.txt"), "no file 'missing.txt'"),
    (check(schedule="@two_steps.txt"), "one number for each of the 4 steps. Got 2"),
    (check(schedule="@word_steps.txt"), "Line 2 of 'word_steps.txt'"),
    (check(schedule="@negative_steps.txt"), "Got -1"),
    (check(schedule="@nan_steps.txt"), "Line 2 of 'nan_steps.txt'"),
    (check(schedule="@empty.txt"), "Line 1 of 'empty.txt'"),
    (check(schedule="@binary"), "cannot be read as text"),
    (check(staleness=0), "The staleness must be a whole number of at least 1. Got 0."),
    (check(staleness=-1), "The staleness must be a whole number of at least 1. Got -1."),
    (check(staleness="1.5"), "'--staleness': it must be a whole number. Got '1.5'."),
    (check(staleness="abc"), "'--staleness': it must be a whole number. Got 'abc'."),
    (check(staleness=10**30), "at most"),
    (check(steps=0), "The number of steps must be a whole number of at least 1. Got 0."),
    (check(steps="1e3"), "'--steps': it must be a whole number. Got '1e3'."),
    (check(steps=10**11), "memory"),
    (check(steps=10**30), "at most"),
    (check(seeds=0), "The number of seeds must be a whole number of at least 1. Got 0."),
    (check(seeds=10**9), "memory"),
    (check(seed=-1), "The first seed must be a whole number of at least 0. Got -1."),
    (check(seed=10**30), "at most"),
    (check(batch=-1), "The batch must be a whole number of at least 0"),
    (check(batch=10**30), "at most"),
    (check(level=0), "The level must lie between 0.001 and 0.5. Got 0.0."),
    (check(level=1), "The level must lie between 0.001 and 0.5. Got 1.0."),
    (check(level="nan"), "The level must lie between 0.001 and 0.5. Got nan."),
    (check(level="low"), "'--level': it must be a number. Got 'low'."),
    (check(record_every=0), "The recording stride must be a whole number of at least 1. Got 0."),
    (check(record_every=5), "at most the number of steps, 4. Got 5."),
    (check(schedule="1/(L*sqrt(T))", record_every=5), "at most the number of steps, 4. Got 5."),
    (check(constants="mu"), "written NAME=NUMBER"),
    (check(constants="mu=half"), "The value of the constant mu must be a number. Got 'half'."),
    (check(constants="nu=1"), "The constants are L, Delta, sigma and mu. Got 'nu'."),
    (check(constants="s=3"), "--staleness"),
    (check(constants="mu=nan"), "The constant mu must be"),
    (check(constants="mu=2"), "at most 1. Got 2.0."),
    (check(constants="L=0"), "greater than 0"),
    (check(constants="sigma=-1"), "at least 0. Got -1.0."),
    (check(constants="L=1,L=2"), "The constant L is given twice"),
    (check(delays="sometimes"), "Got 'sometimes'."),
    (check(delays="geometric"), "is written geometric:mean=M"),
    (check(delays="normal:mean=1"), "is written normal:mean=M,sd=D"),
    (check(delays="cyclic:period=0"), "at least 1. Got 0."),
    (check(delays="geometric:mean=nan"), "mean"),
    (check(delays_file="text.txt"), "Line 3 of text.txt"),
    (check(delays_file="blank.txt"), "Line 2 of blank.txt is blank"),
    (check(delays_file="short.txt"), "must have 4 lines, one for each step. Got 3"),
    (check(delays_file="early.txt"), "line 1 of early.txt must be at most 0"),
    (check(delays_file="beyond.txt"), "line 3 of beyond.txt must be at most 1 at staleness 2"),
    (check(delays_file="future.txt"), "line 2 of future.txt must be at least 0"),
    (check(delays_file="half.txt"), "Line 2 of half.txt"),
    (check(delays_file="empty.txt"), "Got 0"),
    (check(delays_file="binary"), "no text file"),
    (check(delays_file="missing.txt"), "missing.txt"),
    (check(delays="uniform", delays_file="short.txt"), "Give --delays or --delays-file, not both."),
    (check(problem="nosuch"), "There is no problem 'nosuch'"),
    (check(problem="logistic-cancr"), "Did you mean logistic-cancer?"),
    (check(problem="quadratic:d=0"), "The option d (number of unknowns) must be a whole number from 1"),
    (check(problem="quadratic:x=1"), "quadratic takes d, condition, noise, start"),
    (check(problem="quadratic:d"), "written name=value"),
    (check(problem="quadratic:noise=nan"), "Got nan"),
    (check(problem="missing.py"), "There is no file missing.py"),
    (check(problem="syntax.py"), "syntax.py, line 1"),
    (check(problem="raises.py"), "raises.py, line 1: the file does not run: ValueError: boom."),
    (check(problem="leaves.py"), "leaves.py, line 2: the file does not run"),
    (check(problem="nothing.py"), "nothing.py does not define"),
    (check(problem="shape.py"), "gradient(x) must return 3 numbers, the shape of initial_point. Got shape (2,)."),
    (check(problem="nan.py"), "nan.py: the full gradient is not finite at initial_point"),
    (check(problem="undefined.py"), "undefined.py, line 6: gradient(x) failed: NameError"),
    (check(problem="later.py"), "later.py, line 6: gradient(x) failed: ZeroDivisionError"),
    (check(problem="later_shape.py"), "must return 3 numbers, the shape of initial_point. Got shape (1,)."),
    (check(problem="no_constants.py", schedule="0.1"), "--constants Delta="),
    (check(problem="bad_constant.py"), "the constant L must be a finite number above 0. Got -1.0."),
    (check(problem="noisy.py"), "add full_gradient(x)"),
    (check(problem="shape.py:d=3"), "takes no options"),
    (check(problem="logistic:data=holes"), "Row 4, column 2 (counted from 1) holds nan"),
    (check(problem="logistic:data=no_labels"), "It lacks labels"),
    (check(problem="logistic:data=rows"), "one for each of the 20 rows"),
    (check(problem="logistic:data=objects"), "objects"),
    (check(problem="logistic:data=broken"), "broken.npz"),
    (check(problem="logistic:data=nosuch"), "There is no data set 'nosuch'"),
    (check(bound="nosuch"), "There is no bound named 'nosuch'. The bounds are dai2019,"),
    (check(bound="dai2019"), "dai2019 needs the constant mu"),
    (check(problem=None), "needs --problem and --steps, or --claim and --steps, or --run LOG.csv"),
    (check(schedule=None), "Missing option '--schedule'"),
    (check(out="kept", schedule="1/(3*s*L)"), "holds the run of another configuration"),
    (check(out="a_file"), "The output folder a_file cannot be written to"),
    (check(out="a_file/below"), "The output folder a_file/below cannot be written to"),
    (check(out="/proc/nope"), "The output folder /proc/nope cannot be written to"),
    (run(seeds=5), "run.nc holds the run of another configuration. Choose another name with --out, or delete it."),
    (run(out="truncated.nc"), "truncated.nc cannot be used. It is not a complete netCDF file."),
    (run(out="altered.nc"), "altered.nc cannot be used."),
    (run(out="a_file"), "a_file cannot be used."),
    (run(out="kept"), "kept"),
    (run(out="a_file/run.nc"), "The output folder a_file cannot be written to"),
    (run(out="/proc/nope/run.nc"), "The output folder /proc/nope cannot be written to"),
    (log("missing.csv"), "missing.csv cannot be opened"),
    (log("columns.csv"), "columns.csv has no column step"),
    (log("empty.txt"), "empty.txt is empty"),
    (log("nan.csv"), "The grad_norm in line 3 of nan.csv must be a number of at least 0. Got 'nan'."),
    (log("negative.csv"), "Got '-1'."),
    (log("cut.csv"), "Line 3 of cut.csv does not fit the header"),
    (log("binary"), "binary is not a CSV text file"),
    (log("one.csv"), "at least one later step"),
    (log("late.csv"), "must hold step 0"),
    (log("twice.csv"), "gives step 1 of seed 0 twice"),
    (log("seeds.csv"), "Seed 1 of the log seeds.csv lacks step 1"),
    (log("early.csv"), "The delay of step 1 must be at most 0"),
    (log("good.csv", steps=9), "good.csv ends at step 4. Give --steps 4"),
    (log("good.csv", constants=None), "--constants L="),
    (log("good.csv", constants="L=1"), "--constants Delta="),
    (log("good.csv", delays="uniform"), "--delays-file"),
    (log("good.csv", staleness=2, delays_file="short.txt"), "must have 4 lines"),
    (log("good.csv", problem="quadratic"), "--problem is about a simulation"),
    (log("good.csv", seeds=3), "--seeds is about a simulation"),
    (log("good.csv", record_every=3), "--record-every is about a simulation"),
    (log("good.csv", level=0), "The level must lie"),
    (log("good.csv", bound="nosuch"), "There is no bound named 'nosuch'"),
    (compare("1/L"), "two or more different schedules. Got 1/L."),
    (compare("1/L", "1/L"), "two or more different schedules. Got 1/L, 1/L."),
    (compare("1/L", "foo"), "foo is not a known name"),
    (compare("1/L", "1/(2*L)", level=2), "The level must lie"),
    (compare("1/L", "1/(2*L)", out="a_file"), "The output folder"),
    (["compare"], "Missing argument"),
    (["bounds", "nosuch"], "There is no bound named 'nosuch'"),
    (["bounds", "theorem-a", "--latex", "--python"], "--latex or --python, not both"),
    (["data", "get", "nosuch"], "There is no data set 'nosuch'"),
    (["data", "get", "../digits"], "made of letters, digits"),
    (["data", "get"], "`get NAME`"),
    (["data", "drop"], "Got 'drop'"),
    (["data", "list", "digits"], "Got 'list digits'"),
    (
        ["check", "--schedule", "1/L", "--problem", "quadratic", "--staleness=2", "--steps=9", "--bound=theorem-r"],
        "`gradlag bounds theorem-r --python`",
    ),
    (["reproduce", "nosuch"], "There is no figure 'nosuch'. The figures are ladder,"),
    (["reproduce", "--scale", "huge"], "one of quick, lesson, paper. Got 'huge'."),
    (["reproduce", "--jobs", "0"], "The number of jobs must be a whole number of at least 1. Got 0."),
    (["reproduce", "--jobs", "two"], "'--jobs': it must be a whole number. Got 'two'."),
    (["reproduce", "--out", "a_file"], "a_file"),
    (["report", "--out", "nosuch"], "nosuch"),
    (["report", "--out", "a_file/below"], "a_file/below"),
    (["nosuch"], "No such command 'nosuch'"),
    (["chek"], "Did you mean 'check'?"),
    (["check", "--nosuch"], "No such option: --nosuch"),
    (["bounds", "theorem-a", "theorem-b"], "unexpected extra argument"),
]  # fmt: skip


def digest(folder: Path) -> dict[str, str]:
    """The results in a folder by their contents, and everything that lies about them by name."""
    kept = [*(folder / "kept").rglob("*"), *folder.glob("*.nc"), folder / "a_file"]
    contents = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if path.is_file()}
    return contents | {str(path): "" for path in folder.glob(".*")}


@pytest.mark.parametrize(
    ("arguments", "told"), CASES, ids=[f"{number}-{told[:40]}" for number, (_, told) in enumerate(CASES)]
)
def test_bad_input_is_told_in_a_sentence_and_touches_nothing(gradlag, place, arguments, told):
    before = digest(place)
    in_text, in_json = gradlag(*arguments, folder=place), gradlag(*arguments, "--json", folder=place)
    assert in_text.status == in_json.status == 2
    assert in_text.out == ""
    sentence = in_text.err.splitlines()[-1]
    assert sentence.startswith("gradlag: ") and sentence.endswith((".", "?"))
    assert told in sentence
    assert in_json.json == {"error": sentence.removeprefix("gradlag: "), "exit": 2}
    assert "Traceback" not in in_text.err
    assert digest(place) == before


def test_what_can_be_refused_is_refused_before_the_run(gradlag, place, monkeypatch):
    def started(*arguments, **options):
        raise AssertionError("the run has started")

    monkeypatch.setattr("experiments.runs.execute.simulate", started)
    for arguments in (
        check(bound="nosuch"),
        check(bound="dai2019"),
        check(level=0),
        check(problem="no_constants.py", schedule="0.1"),
        check(out="a_file"),
        compare("1/L", "-1/L"),
        compare("1/L", "1/(2*L)", level=0),
        run(seeds=5),
    ):
        assert gradlag(*arguments, folder=place).status == 2


# The environment


def no_space(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_the_environment_and_leaves_no_half_file(gradlag, place, monkeypatch):
    before = digest(place)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_space)
        told = gradlag(*run(out="new/run.nc"), folder=place)
    assert told.status == 4
    assert "no space left on device" in told.err and told.err.count("\n") == 1
    assert [path for path in (place / "new").rglob("*") if path.is_file()] == []
    assert digest(place) == before
    assert gradlag(*run(out="new/run.nc"), folder=place).status == 0


def test_a_picture_that_cannot_be_written_is_the_environment(gradlag, place, monkeypatch):
    monkeypatch.setattr("figures.style.style.save_pdf", no_space)
    told = gradlag(*check(), "--out", "pictureless", "--json", folder=place)
    assert told.status == told.json["exit"] == 4
    assert "no space left on device" in told.json["error"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (MemoryError(), "not enough memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/some/file"), "permission denied (/some/file)"),
        (RuntimeError("first line\nsecond line"), "a defect of gradlag: RuntimeError: first line second line."),
    ],
)
def test_what_nobody_foresaw_is_one_sentence_as_well(gradlag, place, monkeypatch, failure, told):
    def failing(*arguments, **options):
        raise failure

    monkeypatch.setattr("experiments.runs.execute.simulate", failing)
    in_text = gradlag(*check(), folder=place)
    assert (in_text.status, in_text.out) == (4, "")
    assert told in in_text.err and in_text.err.count("\n") == 1
    assert "Traceback" not in in_text.err
    assert gradlag(*check(), "--json", folder=place).json["exit"] == 4


def test_who_asks_sees_where_an_unexpected_error_happened(gradlag, place, monkeypatch):
    def failing(*arguments, **options):
        raise RuntimeError("deep inside")

    monkeypatch.setattr("experiments.runs.execute.simulate", failing)
    monkeypatch.setenv("GRADLAG_DEBUG", "1")
    with pytest.raises(RuntimeError, match="deep inside"):
        gradlag(*check(), folder=place)


def test_an_interruption_inside_is_130(gradlag, place, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.runs.execute.simulate", interrupted)
    told = gradlag(*check(), folder=place)
    assert (told.status, told.out) == (130, "")
    assert told.err.strip().startswith("gradlag: interrupted")
    assert gradlag(*check(), "--json", folder=place).json["exit"] == 130
