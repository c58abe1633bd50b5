"""A result file holds a whole, unaltered run or is refused; a failed save changes nothing."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from experiments.common.constants import Constant, Known
from experiments.common.files import check_writable, remove_stale
from experiments.runs.configuration import Configuration
from experiments.runs.contents import content_digest
from experiments.runs.run import COORDINATES, MEASURED, PLANNED, Run, build_run
from experiments.runs.store import load, load_all, save
from experiments.simulate.trajectories import recorded_times
from theory.common.errors import EnvironmentFailure, InputError, StoreError

CONSTANTS = {
    "L": Constant(2.0, Known.UPPER_BOUND, "largest eigenvalue"),
    "sigma": Constant(0.5, Known.EXACT, "chosen"),
    "mu": Constant(0.5, Known.GIVEN, "given by the user"),
}
ASKED = Configuration(
    problem="quadratic:d=5",
    schedule="mu/(s*L*sqrt(k))",
    staleness=3,
    steps=7,
    seeds=(4, 2, 9),
    batch=8,
    delays="uniform",
    record_every=2,
    constants={"mu": 0.5, "L": 2.0},
    data_digest="ab",
)


def synthetic_run(configuration: Configuration = ASKED, **changed: object) -> Run:
    """A run with every kind of number in it: infinities and NaN as after divergence, zeros, tiny ones."""
    rng = np.random.default_rng(7)
    shape = (len(configuration.seeds), recorded_times(configuration.steps, configuration.record_every).size)
    series = {v.name: rng.standard_normal(shape) for v in MEASURED[:-1]}
    series["gradient_norm_squared"][0, -1] = np.inf
    series["loss"][0, -1] = np.nan
    series["cosine"][1, 0] = 5e-324
    arrays = {
        "step_sizes": rng.random(configuration.steps),
        "delays": np.minimum(configuration.staleness - 1, np.arange(configuration.steps)),
        "constants": CONSTANTS,
        "measured": series
        | {
            "time": recorded_times(configuration.steps, configuration.record_every),
            "diverged_at": np.full(len(configuration.seeds), -1),
        },
    }
    return build_run(configuration, **(arrays | changed))


@pytest.fixture
def run() -> Run:
    return synthetic_run()


def test_a_round_trip_changes_nothing(run, tmp_path):
    again = load(save(run, tmp_path / "deep" / "run.nc"))
    xr.testing.assert_identical(again.data, run.data)
    assert again.configuration == run.configuration
    assert again.constants == CONSTANTS
    assert again.identical(run)


def test_plain_xarray_opens_a_file_with_units_and_meaning(run, tmp_path):
    with xr.open_dataset(save(run, tmp_path / "run.nc"), engine="h5netcdf") as data:
        assert dict(data.sizes) == {"seed": 3, "time": 5, "step": 7}
        assert list(data.seed.values) == [2, 4, 9]
        assert list(data.time.values) == [0, 2, 4, 6, 7]
        for variable in COORDINATES + MEASURED + PLANNED:
            assert data[variable.name].attrs["units"] and data[variable.name].attrs["long_name"]


def test_a_file_names_what_made_it(run, tmp_path):
    again = load(save(run, tmp_path / "run.nc"))
    assert {"gradlag", "numpy", "numba", "python", "commit"} <= set(again.versions)
    assert again.data.attrs["created"].endswith("+00:00")
    assert again.data.attrs["command"] == (
        "gradlag run --problem quadratic:d=5 --schedule 'mu/(s*L*sqrt(k))' --staleness 3 --steps 7 --seeds 3 --seed 2 "
        "--batch 8 --delays uniform --record-every 2 --constants L=2.0,mu=0.5 --out run.nc"
    )


def test_the_setting_of_a_run_holds_its_steps_delays_and_constants(run):
    setting = run.setting()
    np.testing.assert_array_equal(setting.step_sizes, run.step_sizes)
    np.testing.assert_array_equal(setting.delays, run.delays)
    assert setting.staleness.window == 3
    assert dict(setting.constants) == {"L": 2.0, "sigma": 0.5, "mu": 0.5}


def test_a_run_cannot_be_written_to(run, tmp_path):
    for kept in (run, load(save(run, tmp_path / "run.nc"))):
        with pytest.raises(ValueError, match="read-only"):
            kept.gradient_norm_squared[0, 0] = 1.0


def test_the_key_does_not_depend_on_any_order():
    seeds, constants = (9, 4, 2), {"L": 2, "mu": 0.5}
    assert replace(ASKED, seeds=seeds, constants=constants).key == ASKED.key
    assert Configuration.from_json(ASKED.to_json()) == ASKED


CHANGED = {
    "problem": "quadratic:d=6",
    "schedule": "mu/(s*L)",
    "staleness": 4,
    "steps": 8,
    "seeds": (2, 4, 10),
    "batch": 9,
    "delays": "constant",
    "record_every": 1,
    "constants": {"mu": 0.5, "L": 2.0000000000000004},
    "data_digest": "ac",
    "schedule_digest": "1",
    "delays_digest": "1",
    "method": "wait",
    "inconsistent": True,
}


@pytest.mark.parametrize("name", CHANGED)
def test_the_key_depends_on_every_field(name):
    assert set(CHANGED) == set(asdict(ASKED))
    assert replace(ASKED, **{name: CHANGED[name]}).key != ASKED.key


@pytest.mark.parametrize(("name", "value"), [("method", "momentum:beta=-0.5"), ("inconsistent", True)])
def test_what_came_later_has_keys_of_its_own_and_leaves_the_others_as_they_were(name, value):
    assert name not in ASKED.to_json()
    later = replace(ASKED, **{name: value})
    assert later.key != ASKED.key and Configuration.from_json(later.to_json()) == later
    assert f"--{name}" in later.command and f"--{name}" not in ASKED.command


def test_a_method_is_kept_as_it_is_spelled_in_full(tmp_path):
    (tmp_path / "filter.txt").write_text("gradients 1 0.5\nmoves -0.25\n")
    one, other = (
        replace(ASKED, method=text)
        for text in (f"filter:{tmp_path}/filter.txt", "filter:gradients=1.0:0.5,moves=-0.25")
    )
    assert one.method == "filter:gradients=1.0:0.5,moves=-0.25" and one.key == other.key
    with pytest.raises(InputError, match=r"method must be one of delayed; wait; .* Got 'nosuch'"):
        replace(ASKED, method="nosuch")


def test_a_file_of_numbers_enters_the_key_by_its_numbers_alone():
    here = replace(ASKED, schedule="@a.txt", schedule_digest="1", delays="@d.txt", delays_digest="2")
    assert replace(here, schedule="@b.txt", delays="@e.txt").key == here.key
    assert replace(here, schedule_digest="3").key != here.key


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("staleness", 0, "staleness must be a whole number of at least 1. Got 0."),
        ("steps", 0, "number of steps must be"),
        ("steps", 2.5, "number of steps must be"),
        ("seeds", (), "at least one seed"),
        ("seeds", (1, 1), "seeds must differ"),
        ("seeds", (-1,), "seed must be a whole number of at least 0. Got -1."),
        ("seeds", (2**63,), "seed must be at most"),
        ("batch", -1, "batch must be"),
        ("record_every", 0, "stride must be a whole number of at least 1"),
        ("record_every", 8, "stride must be at most the number of steps, 7. Got 8."),
        ("constants", {"mu": float("nan")}, "constant mu must be"),
    ],
)
def test_a_configuration_that_no_run_can_have_is_refused(field, value, words):
    with pytest.raises(InputError, match=words):
        replace(ASKED, **{field: value})


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(run, tmp_path, part):
    path = save(run, tmp_path / "run.nc")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(StoreError, match=r"run\.nc cannot be used\. .* Delete it and run again\."):
        load(path)


def test_a_file_without_its_last_byte_is_refused(run, tmp_path):
    path = save(run, tmp_path / "run.nc")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="cannot be used"):
        load(path)


def test_damage_never_passes_unseen(run, tmp_path):
    path = save(run, tmp_path / "run.nc")
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    tried = 0
    for position in rng.integers(0, len(whole), 40):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            assert load(path).identical(run)
        except StoreError as refusal:
            tried += str(path) in str(refusal)
    assert tried > 0


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_what_is_no_netcdf_file_is_refused(tmp_path, content):
    (tmp_path / "run.nc").write_bytes(content)
    with pytest.raises(StoreError, match="not a complete netCDF file"):
        load(tmp_path / "run.nc")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.nc", tmp_path):
        with pytest.raises(StoreError, match=r"cannot be opened \(.*\)\. Check the path\."):
            load(path)


def tampered(run: Run, path: Path, change) -> Path:
    """A file whose data was changed by someone who knows xarray, but not us."""
    data = run.data.copy(deep=True)
    changed = change(data)
    path.write_bytes(bytes((data if changed is None else changed).to_netcdf(engine="h5netcdf")))
    return path


def rewritten(name: str, values) -> object:
    def change(data: xr.Dataset) -> None:
        data[name] = (data[name].dims, values(data[name].values.copy()), data[name].attrs)
        data.attrs["content"] = content_digest(data)

    return change


def with_attributes(**attributes: str) -> object:
    def change(data: xr.Dataset) -> None:
        data.attrs |= attributes
        data.attrs["content"] = content_digest(data)

    return change


def first_set_to(value: float):
    def change(values):
        values[(0,) * values.ndim] = value
        return values

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.attrs.update(schema="gradlag-run/0"), "schema is 'gradlag-run/0'"),
        (lambda d: d.attrs.pop("schema") and None, "schema is None"),
        (lambda d: d.drop_vars("loss"), "variable loss of the run is missing"),
        (lambda d: d.drop_vars("seed"), "variable seed of the run is missing"),
        (lambda d: d.transpose("time", "seed", "step"), "must be float64 over"),
        (lambda d: d.isel(time=slice(0, 3)), "values along time"),
        (lambda d: d.isel(seed=slice(0, 2)), "values along seed"),
        (lambda d: d.assign_attrs(configuration=replace(ASKED, batch=9).to_json()), "key of the run"),
        (lambda d: d.assign_attrs(key="0" * 64), "key of the run"),
        (lambda d: d.assign_attrs(configuration="{"), "configuration cannot be read"),
        (lambda d: d.assign_attrs(configuration="[1]"), "configuration cannot be read"),
        (rewritten("step_size", first_set_to(np.nan)), "step sizes of a run must be finite"),
        (rewritten("step_size", first_set_to(-1.0)), "step sizes of a run must be finite"),
        (rewritten("delay", first_set_to(1)), "delays of a run must satisfy"),
        (rewritten("loss", lambda v: v.astype("float32")), "loss must be float64"),
        (lambda d: d.assign(loss=d.loss + 1e-9), "do not match their digest"),
        (lambda d: d.assign_attrs(constants="{}"), "do not match their digest"),
        (lambda d: d.assign_attrs(seconds=d.attrs["seconds"] + 1), "do not match their digest"),
        (with_attributes(constants="{"), "constants or versions of the run cannot be read"),
        (with_attributes(constants='{"L": {"value": 1, "known": "guess", "reason": ""}}'), "cannot be read"),
        (with_attributes(versions="[]"), "constants or versions of the run cannot be read"),
    ],
)
def test_an_altered_file_is_refused(run, tmp_path, change, words):
    with pytest.raises(StoreError, match=words):
        load(tampered(run, tmp_path / "run.nc", change))


def test_a_failed_save_leaves_the_earlier_file_and_no_rubbish(run, tmp_path, monkeypatch):
    path = save(run, tmp_path / "run.nc")
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFailure, match=r"could not be written \(no space left on device\)"):
        save(synthetic_run(replace(ASKED, batch=1)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_save_leaves_the_earlier_file_and_no_rubbish(run, tmp_path, monkeypatch):
    path = save(run, tmp_path / "run.nc")
    before = path.read_bytes()

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(synthetic_run(replace(ASKED, batch=1)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from experiments.common.files import write_atomically
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(Path(sys.argv[1]), b"new" * 1000)
"""


def test_a_killed_save_leaves_the_earlier_file(run, tmp_path):
    path = save(run, tmp_path / "run.nc")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert load(path).identical(run)
    assert load_all(tmp_path)[0].identical(run)


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    for name, batch in (("b", 2), ("a", 1)):
        save(synthetic_run(replace(ASKED, batch=batch)), tmp_path / f"{name}.nc")
    assert [run.configuration.batch for run in load_all(tmp_path)] == [1, 2]


@pytest.mark.parametrize("where", ["file/sub/run.nc", "/proc/run.nc", "/proc/1/x/run.nc", "a\0b/run.nc"])
def test_a_place_that_cannot_be_written_to_is_refused_beforehand(tmp_path, where):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"^The output folder .* cannot be written to \(.+\)\. Choose another with"):
        check_writable(tmp_path / where)
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        check_writable(tmp_path)


def test_checking_a_place_leaves_nothing_there(tmp_path):
    check_writable(tmp_path / "new" / "run.nc")
    assert not list((tmp_path / "new").iterdir())


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(StoreError, match="do not fit together"):
        synthetic_run(step_sizes=np.ones(3))
    with pytest.raises(StoreError, match="must have the dimensions"):
        synthetic_run(step_sizes=np.ones((7, 1)))
    with pytest.raises(StoreError, match="gradient_norm_squared, which is missing"):
        synthetic_run(measured={"time": [0, 2, 4, 6, 7]})


@pytest.mark.parametrize(("days", "stays"), [(0, True), (-0.5, True), (-2, False), (2, False), (30_000, False)])
def test_what_killed_writers_left_is_removed_once_its_date_is_a_day_off(tmp_path, days, stays):
    """Half a day: somebody may still write. Days ahead: a clock was wrong."""
    left = tmp_path / ".run.nc.0123456789ab.tmp"
    other = tmp_path / ".mine.tmp"
    for path in (left, other):
        path.touch()
        date = path.stat().st_mtime + days * 86_400
        os.utime(path, (date, date))
    remove_stale(tmp_path)
    assert left.exists() == stays and other.exists()
