"""A plan refuses all that can be refused; a run is the same whether or not it was interrupted."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from experiments.common.constants import Constant, Known
from experiments.problems import get_problem
from experiments.runs import execute as runs
from experiments.runs.configuration import Configuration, EngineOptions
from experiments.runs.execute import execute, parts_folder_of, plan, run_to_file
from experiments.runs.plan import resolve_constants
from experiments.runs.store import load, save
from experiments.simulate.delayed import simulate
from experiments.simulate.trajectories import Iteration
from theory.common.errors import (
    DelayError,
    InputError,
    ProblemError,
    ScheduleError,
    StalenessError,
    StoreError,
    TooLargeError,
)
from theory.schedules.schedule import Schedule
from theory.staleness.delays import UniformDelay

TINY = {"problem": "quadratic:d=3", "schedule": "1/(s*L*sqrt(k))", "staleness": 3, "steps": 12, "seeds": 20}


def tiny(**changed):
    return plan(**(TINY | changed))


def interrupting(after: int):
    """A progress callback that presses Ctrl-C once so many steps are done."""

    def press(done: int, total: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    return press


def trace(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "trace.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def numbers(tmp_path: Path, *lines: object) -> str:
    path = tmp_path / "steps.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return f"@{path}"


REFUSED = [
    ({"problem": "no-such"}, ProblemError, "no-such"),
    ({"problem": "quadratic:colour=3"}, ProblemError, "colour"),
    ({"schedule": "1/q"}, ScheduleError, "q"),
    ({"schedule": "1-k"}, ScheduleError, "k = 2"),
    ({"schedule": "mu/(s*L)"}, ScheduleError, "mu, which has no value here. Give a value with --constants mu="),
    ({"schedule": "@/none/such.txt"}, ScheduleError, "such.txt"),
    ({"staleness": 0}, StalenessError, "Got 0."),
    ({"staleness": 2.5}, StalenessError, "staleness must be a whole number"),
    ({"steps": 0}, InputError, "Got 0."),
    ({"seeds": 0}, InputError, "number of seeds must be a whole number of at least 1. Got 0."),
    ({"first_seed": -1}, InputError, "first seed must be a whole number of at least 0. Got -1."),
    ({"batch": -1}, ProblemError, "batch must be a whole number of at least 0"),
    ({"delays": "sometimes"}, DelayError, "sometimes"),
    ({"delays": UniformDelay(3)}, DelayError, "3"),
    ({"delays_file": "/none/such.txt"}, DelayError, "such.txt"),
    ({"record_every": 0}, InputError, "recording stride must be a whole number of at least 1. Got 0."),
    ({"record_every": 13}, InputError, "recording stride must be at most the number of steps, 12. Got 13."),
    ({"constants": {"s": 3.0}}, InputError, "constants are L, Delta, sigma, mu and G"),
    ({"constants": {"L": -1.0}}, InputError, "Got -1.0."),
    ({"constants": {"mu": 1.5}}, InputError, "constant mu must be"),
]


@pytest.mark.parametrize(("changed", "error", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_plan_refuses_with_one_sentence(changed, error, words):
    with pytest.raises(error) as refusal:
        tiny(**changed)
    assert words in str(refusal.value)
    assert str(refusal.value).rstrip().endswith((".", ")")) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("lines", [[0, 1, 2], [0] * 13, [1] + [0] * 11, [0, 1, 2, 3] + [0] * 8, ["a"] * 12])
def test_a_trace_that_does_not_fit_is_refused(tmp_path, lines):
    with pytest.raises(DelayError):
        tiny(delays_file=trace(tmp_path, *lines))


def test_a_file_of_step_sizes_must_have_one_for_each_step(tmp_path):
    with pytest.raises(ScheduleError, match=r"one number for each of the 12 steps\. Got 11"):
        tiny(schedule=numbers(tmp_path, *[0.1] * 11))


def test_the_constants_are_those_of_the_problem_until_the_user_gives_others():
    known = get_problem("quadratic:d=3").constants(4)
    settled = tiny(batch=4, constants={"L": 2.5, "mu": 0.5})
    assert settled.constants["sigma"] == known["sigma"]
    assert (settled.constants["L"].value, settled.constants["L"].known) == (2.5, Known.GIVEN)
    assert settled.constants["mu"].known is Known.GIVEN
    np.testing.assert_allclose(settled.setting.step_sizes, 1 / (3 * 2.5 * np.sqrt(np.arange(1, 13))), rtol=1e-15)
    assert "mu" not in tiny().constants


def test_a_constant_that_the_problem_does_not_know_must_be_given():
    unknown = {"L": Constant(float("nan"), Known.ESTIMATE, "unknown")}
    with pytest.raises(ProblemError, match="Give it with --constants"):
        resolve_constants(unknown, {})
    assert resolve_constants(unknown, {"L": 3.0})["L"].value == 3.0


def test_all_seeds_share_delays_that_the_first_seed_determines():
    first, more = tiny(delays="uniform", steps=60), tiny(delays="uniform", steps=60, seeds=3)
    other = tiny(delays="uniform", steps=60, first_seed=1)
    np.testing.assert_array_equal(first.setting.delays, more.setting.delays)
    assert (first.setting.delays != other.setting.delays).any()
    assert first.setting.delays.max() == 2 and first.setting.delays.min() == 0


def test_a_schedule_that_reads_the_delay_is_given_it():
    settled = tiny(schedule="1/(2*L*max(1,d))", delays="uniform")
    np.testing.assert_array_equal(settled.setting.step_sizes, 0.5 / np.maximum(1, settled.setting.delays))


def test_a_catalogue_name_and_its_expression_are_the_same_request():
    named, spelled = (tiny(schedule=text, constants={"mu": 0.5}) for text in ("theorem-1", "mu/(s*L*sqrt(k))"))
    assert named.key == spelled.key
    assert tiny(schedule=Schedule("1/(s*L*sqrt(k))")).key == tiny().key


def test_files_enter_the_key_by_their_numbers(tmp_path):
    one = tiny(schedule=numbers(tmp_path, *[0.1] * 12), delays_file=trace(tmp_path, *[0] * 12))
    (tmp_path / "elsewhere").mkdir()
    same = tiny(
        schedule=numbers(tmp_path / "elsewhere", *[0.1] * 12), delays_file=trace(tmp_path / "elsewhere", *[0] * 12)
    )
    other = tiny(schedule=numbers(tmp_path, *[0.1] * 11, 0.2), delays_file=trace(tmp_path, *[0] * 12))
    assert one.key == same.key != other.key


def test_delays_given_as_an_object_are_not_taken_for_those_their_spelling_gives():
    assert tiny(delays=UniformDelay(1)).key != tiny(delays="uniform").key


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"schedule": "2"}, "beyond the|exact stability limit"),
        ({"seeds": 1}, "One seed cannot decide"),
        ({"batch": 0}, "one seed is enough"),
    ],
)
def test_what_should_be_known_beforehand_is_announced(changed, words):
    assert any(word in sentence for sentence in tiny(**changed).announcements for word in words.split("|"))


def test_an_option_of_the_engine_goes_by_its_name_from_the_request_to_the_iteration():
    names = set(EngineOptions.__annotations__)
    assert names <= {field.name for field in fields(Configuration)} and names <= set(Iteration._fields)
    assert tiny(record_every=5).iteration((0,)).times.tolist() == [0, 5, 10, 12]


METHODS = ["wait", "momentum:beta=0.5", "nesterov:beta=-0.3", "counter-momentum", "filter:gradients=1.0:0.5,moves=-0.2"]


@pytest.mark.parametrize("method", METHODS)
def test_a_run_of_a_method_is_stored_and_goes_on_where_it_was_interrupted(tmp_path, method):
    settled, path = tiny(delays="uniform", method=method), tmp_path / "run.nc"
    with pytest.raises(KeyboardInterrupt):
        run_to_file(settled, path, interrupting(12 * 8 + 1))
    run = run_to_file(settled, path)
    assert run.identical(execute(settled))
    assert load(path).identical(run)
    assert run.configuration.method == method
    np.testing.assert_array_equal(run.linear.gradient_weights, settled.linear.gradient_weights)
    plain = execute(tiny(delays="uniform"))
    assert (run.gradient_norm_squared != plain.gradient_norm_squared).any()
    np.testing.assert_array_equal(run.step_sizes, plain.step_sizes)


def test_a_method_with_a_step_of_its_own_says_that_the_schedule_is_not_used():
    told = tiny(method="counter-momentum").announcements
    assert any("counter-momentum has a step size of its own" in sentence for sentence in told)


def test_blocks_of_coordinates_are_run_stored_and_taken_up(tmp_path):
    lines = ["0 0 0", *["1 0 0", "0 2 1"] * 5, "2 2 0"]
    settled = tiny(delays_file=trace(tmp_path, *lines), inconsistent=True, seeds=9)
    assert any("3 consecutive blocks of coordinates" in sentence for sentence in settled.announcements)
    with pytest.raises(KeyboardInterrupt):
        run_to_file(settled, tmp_path / "run.nc", interrupting(12 * 8 + 1))
    run = run_to_file(settled, tmp_path / "run.nc")
    assert load(tmp_path / "run.nc").identical(run)
    assert run.delays.tolist() == [[int(each) for each in line.split()] for line in lines]
    assert run.delays.shape == (12, 3) and run.data["delay"].dims == ("step", "read")
    np.testing.assert_array_equal(run.setting().delays, run.delays.max(axis=1))
    seen = simulate(settled.problem, run.step_sizes, run.delays, seeds=range(9), batch=1, window=3, inconsistent=True)
    np.testing.assert_array_equal(run.gradient_norm_squared, seen.gradient_norm_squared)


def test_more_blocks_than_coordinates_are_refused(tmp_path):
    settled = tiny(delays_file=trace(tmp_path, *["0 0 0 0"] * 12), inconsistent=True)
    with pytest.raises(DelayError, match="4 blocks of coordinates"):
        execute(settled)


def test_an_ordinary_plan_announces_nothing():
    assert tiny().announcements == ()


def test_a_run_holds_what_the_simulator_returned():
    settled = tiny()
    run = execute(settled)
    seen = simulate(
        settled.problem,
        settled.setting.step_sizes,
        settled.setting.delays,
        seeds=range(20),
        batch=settled.configuration.batch,
        window=3,
    )
    np.testing.assert_array_equal(run.time, np.arange(13))
    for name in ("gradient_norm_squared", "loss", "coherence", "inner_product", "cosine", "smoothness", "displacement"):
        np.testing.assert_array_equal(getattr(run, name), getattr(seen, name))
    np.testing.assert_array_equal(run.delays, settled.setting.delays)
    assert run.configuration == settled.configuration


def test_the_number_of_seeds_does_not_change_a_seed():
    few, many = execute(tiny(seeds=2)), execute(tiny(seeds=20))
    np.testing.assert_array_equal(few.gradient_norm_squared, many.gradient_norm_squared[:2])


def test_a_run_that_diverges_is_stored_as_such(tmp_path):
    run = run_to_file(tiny(schedule="1e6", steps=80), tmp_path / "run.nc")
    again = load(tmp_path / "run.nc")
    assert (again.diverged_at > 0).all() and np.isinf(again.gradient_norm_squared[:, -1]).all()
    assert again.identical(run)


@pytest.mark.parametrize("after", [12 * 8, 12 * 16])
def test_an_interrupted_run_goes_on_and_ends_in_the_same_numbers(tmp_path, after):
    settled, path = tiny(delays="uniform"), tmp_path / "run.nc"
    with pytest.raises(KeyboardInterrupt):
        run_to_file(settled, path, interrupting(after + 1))
    assert not path.exists()
    assert len(list(parts_folder_of(settled, path).glob("*.nc"))) == after // (12 * 8)
    seen, told = [], []
    run = run_to_file(settled, path, lambda done, total: seen.append((done, total)), told.append)
    assert seen[0] == (after, 240) and seen[-1] == (240, 240)
    assert any("interrupted" in sentence for sentence in told)
    assert run.identical(execute(settled))
    assert load(path).identical(run)
    assert list(tmp_path.iterdir()) == [path]


def test_finished_blocks_are_on_the_disk_while_a_long_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_PAUSE", 0.0)
    seen = {}
    execute(tiny(), tmp_path, lambda done, total: seen.update({done: len(list(tmp_path.glob("*.nc")))}))
    assert [seen[steps] for steps in (0, 12 * 8, 12 * 16)] == [0, 0, 1]
    assert len(list(tmp_path.glob("*.nc"))) == 3


def test_a_short_run_writes_no_parts(tmp_path):
    execute(tiny(), tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


def test_damaged_and_foreign_parts_are_not_used(tmp_path):
    settled = tiny()
    with pytest.raises(KeyboardInterrupt):
        execute(settled, tmp_path, interrupting(12 * 16 + 1))
    first, second = sorted(tmp_path.glob("*.nc"))
    first.write_bytes(first.read_bytes()[:500])
    save(execute(tiny(seeds=8, schedule="1/(s*L)")), second)
    assert execute(settled, tmp_path).identical(execute(settled))


def test_a_finished_run_is_taken_as_it_is(tmp_path):
    path = tmp_path / "run.nc"
    run_to_file(tiny(), path)
    before, told = path.read_bytes(), []
    again = run_to_file(tiny(), path, interrupting(0), told.append)
    assert path.read_bytes() == before and again.identical(execute(tiny()))
    assert "already holds this run" in told[0]


def test_a_place_that_holds_another_run_is_left_alone(tmp_path):
    path = tmp_path / "run.nc"
    run_to_file(tiny(), path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another configuration\. Choose another name with --out, or delete it"):
        run_to_file(tiny(steps=13), path)
    path.write_bytes(before[:700])
    with pytest.raises(StoreError, match="cannot be used"):
        run_to_file(tiny(), path)
    assert path.read_bytes() == before[:700]


def test_an_unwritable_place_is_refused_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written to"):
        run_to_file(tiny(), tmp_path / "file" / "run.nc", interrupting(0))


@pytest.mark.parametrize("changed", [{"steps": 10**7, "seeds": 10**5}, {"steps": 10**14}, {"seeds": 10**12}])
def test_a_run_too_large_for_memory_is_refused_with_what_it_would_need(changed):
    with pytest.raises(TooLargeError, match=r"would need .* GB of memory and .* GB are available"):
        tiny(**changed)


def test_the_memory_of_a_plan_grows_with_what_is_recorded():
    assert tiny(record_every=4).memory < tiny().memory < tiny(seeds=40).memory
