"""A user's log is read as it says, judged like a run, and refused in a sentence where it is no log."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.check.training_log import check_log
from experiments.check.verdict import Decision
from experiments.logs.read import read_log
from experiments.statistics.comparison import Outcome
from tests.support.amounts import many
from theory.bounds import Setting, get
from theory.common.errors import DataError, DelayError, InputError, ScheduleError
from theory.staleness.count import Staleness

STEPS = 30
CONSTANTS = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
STEP = 0.05

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "log.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def bound(window: int = 1, delays: np.ndarray | None = None, **changed: float) -> float:
    trace = np.minimum(np.arange(STEPS), window - 1) if delays is None else delays
    return get("theorem-a").evaluate(Setting(np.full(STEPS, STEP), trace, Staleness(window), CONSTANTS | changed))


def lines(norm: float, seeds: int = 16, every: int = 1) -> str:
    rng, start = np.random.default_rng(2), (2 * CONSTANTS["L"] * CONSTANTS["Delta"]) ** 0.5
    rows = [
        f"{k},{min(norm * rng.gamma(50, 1 / 50) ** 0.5, start if k == 0 else np.inf):.17g},{seed}"
        for seed in range(seeds)
        for k in range(0, 31, every)
    ]
    return "step,grad_norm,seed\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("factor", "decision", "exit_status"),
    [(0.2, Decision.HOLDS, 0), (2.0, Decision.VIOLATED, 1), (1.0, Decision.UNDECIDED, 3)],
)
def test_a_log_is_judged_by_the_squares_of_its_norms(
    write: Write, factor: float, decision: Decision, exit_status: int
) -> None:
    verdict = check_log(write(lines((factor * bound()) ** 0.5)), str(STEP), 1, CONSTANTS)
    assert (verdict.verdict, verdict.exit_status, verdict.seeds) == (decision, exit_status, 16)
    assert any("not squared" in sentence for sentence in verdict.announcements)
    assert verdict.assumptions["unbiased"] == "unknown"


def test_a_log_at_intervals_can_hold_and_violates_where_the_recorded_points_suffice(write: Write) -> None:
    found = {}
    for factor in (0.2, 2.0, 20.0):
        found[factor] = check_log(write(lines((factor * bound()) ** 0.5, every=5)), str(STEP), 1, CONSTANTS)
    assert [v.verdict for v in found.values()] == [Decision.HOLDS, Decision.UNDECIDED, Decision.VIOLATED]
    # No flag records anything in a log that is already there.
    told = found[2.0].would_decide or ""
    assert "Recording every step" in told and "--record-every" not in told


def test_one_seed_without_noise_is_compared_exactly(write: Write) -> None:
    exact = {**CONSTANTS, "sigma": 0.0}
    for factor, word in ((1.001, Decision.VIOLATED), (0.999, Decision.HOLDS)):
        rows = "\n".join(f"{k},{(factor * bound(2, sigma=0.0)) ** 0.5!r}" for k in range(31))
        # The delays are not known, so that norms that never fall are no contradiction to smoothness.
        verdict = check_log(write("step,grad_norm\n" + rows), str(STEP), 2, exact, bounds=["theorem-a"])
        assert verdict.verdict is word and verdict.rounding_margin is not None


def test_one_noisy_seed_is_undecided_unless_x_0_decides(write: Write) -> None:
    small = lines(0.01, seeds=1)
    steep = "\n".join("0,1.4,0" if line.startswith("0,") else line for line in small.splitlines())
    assert check_log(write(steep), str(STEP), 1, CONSTANTS).verdict is Decision.UNDECIDED
    # x_0 is the same for all seeds, and the minimum is at most its squared norm.
    assert check_log(write(small), str(STEP), 1, CONSTANTS).verdict is Decision.HOLDS


def test_coherence_cannot_be_seen_in_a_log(write: Write) -> None:
    constants = {**CONSTANTS, "mu": 0.5}
    verdict = check_log(write(lines(2.0)), str(STEP), 1, constants, bounds=["dai2019-tight"])
    assert (verdict.verdict, verdict.numbers) == (Decision.UNDECIDED, Outcome.ABOVE)
    assert verdict.assumptions["coherence"] == "unknown"


def test_the_delay_of_a_row_is_that_of_the_step_that_led_to_its_point(write: Write) -> None:
    delays = np.minimum(np.arange(STEPS), np.arange(STEPS) % 4)
    rows = ["0,1,"] + [f"{k},1,{delays[k - 1]}" for k in range(1, 31)]
    verdict = check_log(write("step,grad_norm,delay\n" + "\n".join(rows)), str(STEP), 4, CONSTANTS)
    assert verdict.bounds["theorem-a"][-1] == bound(4, delays)
    assert verdict.bounds["theorem-a"][-1] != bound(4)


def test_without_a_delay_column_the_delay_is_the_largest(write: Write) -> None:
    assert check_log(write(lines(1.0)), str(STEP), 4, CONSTANTS).bounds["theorem-a"][-1] == bound(4)


def test_delays_can_be_given_beside_the_log(write: Write) -> None:
    delays = np.zeros(STEPS, dtype=np.int64)
    verdict = check_log(write(lines(1.0)), str(STEP), 4, CONSTANTS, delays=delays)
    assert verdict.bounds["theorem-a"][-1] == bound(4, delays)


def test_order_of_rows_and_columns_blank_lines_spaces_and_other_columns_do_not_matter(write: Write) -> None:
    plain = write("step,grad_norm,seed\n0,1,7\n1,2,7\n0,3,4\n1,4,4\n")
    first = read_log(plain)
    other = read_log(write("\ufeffseed, loss ,step,grad_norm\n7,x,1,2\n\n4,y,0, 3\n7,,0,1\n4,z,1,4.0\n"))
    assert first.seeds == other.seeds == (4, 7)
    assert first.norms.tolist() == other.norms.tolist() == [[3, 4], [1, 2]]


def test_traces_that_differ_by_seed_are_for_the_factor_s_sum_only(write: Write) -> None:
    rows = [f"{k},1,{seed},{min(seed, max(k - 1, 0))}" for seed in (0, 1) for k in range(31)]
    path = write("step,grad_norm,seed,delay\n" + "\n".join(rows))
    constants = {**CONSTANTS, "mu": 0.9}
    with pytest.raises(DataError, match=r"have different delays .* --bound dai2019-sum"):
        check_log(path, str(STEP), 2, constants)
    verdict = check_log(path, str(STEP), 2, constants, bounds=["dai2019-sum"])
    assert verdict.bound == "dai2019-sum" and verdict.bounds["dai2019-sum"][-1] is not None


def test_an_infinite_norm_is_a_seed_that_diverged(write: Write) -> None:
    rows = [f"{k},{'inf' if k > 5 and seed == 0 else 1},{seed}" for seed in (0, 1) for k in range(31)]
    verdict = check_log(write("step,grad_norm,seed\n" + "\n".join(rows)), str(STEP), 1, CONSTANTS)
    assert (verdict.diverged.seeds, verdict.diverged.first) == (1, 6)


def test_a_norm_whose_square_overflows_has_diverged_too(write: Write) -> None:
    verdict = check_log(write("step,grad_norm\n0,1\n1,1e200\n"), "0.1", 1, {**CONSTANTS, "sigma": 0.0})
    assert verdict.diverged.first == 1


REFUSED = {
    "empty": ("", "is empty"),
    "no header": ("0,1\n1,1\n", "no column step"),
    "missing column": ("step,norm\n0,1\n", "no column grad_norm"),
    "column twice": ("step,grad_norm,step\n0,1,0\n", "has the column step twice"),
    "text": ("step,grad_norm\n0,1\n1,small\n", "grad_norm in line 3 of .* Got 'small'"),
    "NaN": ("step,grad_norm\n0,nan\n1,1\n", "grad_norm in line 2 of .* Got 'nan'"),
    "negative": ("step,grad_norm\n0,1\n1,-2\n", "grad_norm in line 3 of .* Got '-2'"),
    "fractional step": ("step,grad_norm\n0,1\n1.5,2\n", "step in line 3 of .* Got '1.5'"),
    "negative step": ("step,grad_norm\n0,1\n-1,2\n", "step in line 3"),
    "enormous step": ("step,grad_norm\n0,1\n99999999999999999999,2\n", "step in line 3"),
    "digits of another script": ("step,grad_norm\n0,1\n\u0661,2\n", "step in line 3"),
    "short row": ("step,grad_norm\n0,1\n1\n", "Line 3 of .* does not fit the header: 1 entries for 2 columns"),
    "step twice": ("step,grad_norm\n0,1\n1,1\n1,2\n", "gives step 1 of seed 0 twice"),
    "missing step of a seed": ("step,grad_norm,seed\n0,1,0\n1,1,0\n0,1,1\n", "Seed 1 of .* lacks step 1"),
    "one measured step": ("step,grad_norm\n1,1\n2,\n", "must hold step 0"),
    "only the start": ("step,grad_norm\n0,1\n", "must hold step 0"),
    "delay at the start": ("step,grad_norm,delay\n0,1,1\n1,1,0\n", "line 2 of .* must be empty or 0"),
    "delay missing": ("step,grad_norm,delay\n0,1,\n1,1,\n", "delay in line 3 of .* Got ''"),
    "delay of a seed out of step": ("step,grad_norm,delay\n0,1,\n2,1,0\n", "has delays but not every step"),
    "open quote": ('step,grad_norm\n0,"1\n1,1\n', "not a CSV text file"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_no_log_is_refused_in_a_sentence(write: Write, case: str) -> None:
    text, sentence = REFUSED[case]
    with pytest.raises(DataError, match=sentence) as refusal:
        check_log(write(text), "0.1", 2, CONSTANTS)
    assert refusal.value.exit_status == 2 and str(refusal.value).endswith((".", ")."))


def test_binary_junk_a_folder_and_no_file_are_refused(tmp_path: Path) -> None:
    junk = tmp_path / "junk.csv"
    junk.write_bytes(bytes(range(256)) * 10)
    for path in (junk, tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DataError, match=r"The log .* (is not a CSV text file|cannot be opened)"):
            read_log(path)


@settings(max_examples=many(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_content_raises_anything_but_a_refusal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"step,grad_norm,seed,delay\n" + content)
    with suppress(DataError):
        read_log(path)


def test_delays_beyond_the_window_or_the_start_are_refused(write: Write) -> None:
    beyond = write("step,grad_norm,delay\n0,1,\n1,1,0\n2,1,1\n3,1,2\n")
    with pytest.raises(DelayError):
        check_log(beyond, "0.1", 2, CONSTANTS)
    future = write("step,grad_norm,delay\n0,1,\n1,1,1\n")
    with pytest.raises(DelayError):
        check_log(future, "0.1", 9, CONSTANTS)


def test_delays_given_twice_are_refused(write: Write) -> None:
    path = write("step,grad_norm,delay\n0,1,\n1,1,0\n")
    with pytest.raises(DataError, match="has its own delays"):
        check_log(path, "0.1", 2, CONSTANTS, delays=np.zeros(1, dtype=np.int64))


def test_a_log_of_another_length_than_asked_for_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match=r"ends at step 30\. Give --steps 30"):
        check_log(write(lines(1.0)), str(STEP), 1, CONSTANTS, steps=31)


def test_missing_constants_are_asked_for(write: Write) -> None:
    path = write(lines(1.0))
    with pytest.raises(InputError, match="needs the constant Delta"):
        check_log(path, str(STEP), 1, {"L": 1.0, "sigma": 1.0})
    with pytest.raises(ScheduleError, match="mu"):
        check_log(path, "mu/(s*L*sqrt(k))", 1, CONSTANTS)


def test_a_hundred_thousand_rows_are_read_whole(write: Write) -> None:
    rows = "\n".join(f"{k},{1 + k % 7},{seed}" for seed in range(10) for k in range(10_000))
    log = read_log(write("step,grad_norm,seed\n" + rows))
    assert log.norms.shape == (10, 10_000) and log.norms.sum() == 10 * sum(1 + k % 7 for k in range(10_000))


def test_a_long_log_with_a_large_staleness_needs_no_room_for_all_pairs_and_says_how_far_it_is(write: Write) -> None:
    # 30,000 steps of which each has 5,000 in its window: all pairs would fill gigabytes.
    seen: list[tuple[int, int]] = []
    path = write("step,grad_norm\n" + "\n".join(f"{k},{(1 + k) ** -0.5:.6g}" for k in range(0, 30_001, 10)))
    constants, bounds = {"L": 1.0, "Delta": 2.0, "sigma": 0.1}, ["theorem-a", "theorem-c-noise"]
    verdict = check_log(
        path, "1/(2*s*L)", 5_000, constants, bounds=bounds, progress=lambda done, total: seen.append((done, total))
    )
    assert verdict.times[-1] == 30_000 and verdict.verdict is Decision.UNDECIDED
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_a_staleness_that_is_too_small_for_a_log_is_told_the_right_one_at_once(write: Write) -> None:
    delays = [0, 1, 2, 3, 4, 2, 5, 6]
    rows = [
        "0,1,0,",
        "0,1,1,",
        *(f"{k},1,{seed},{d - seed * (d > 5)}" for seed in (0, 1) for k, d in enumerate(delays, 1)),
    ]
    path = write("step,grad_norm,seed,delay\n" + "\n".join(rows))
    with pytest.raises(
        DelayError, match=r"The delay of step 4 must be at most 2 at staleness 3.*Give a staleness of 7\."
    ):
        check_log(path, "0.1", 3, {**CONSTANTS, "mu": 0.9}, bounds=["dai2019-sum"])
    check_log(path, "0.1", 7, {**CONSTANTS, "mu": 0.9}, bounds=["dai2019-sum"])


@pytest.mark.parametrize(("staleness", "words"), [(1, "of delay 0"), (3, "s - 1 = 2")])
def test_what_a_log_does_not_say_is_said_to_be_assumed(write: Write, staleness: int, words: str) -> None:
    def told(path: Path, optimizer: str | None, delays: np.ndarray | None = None) -> str:
        log = read_log(path, optimizer=optimizer)
        return " ".join(check_log(log, "0.1", staleness, CONSTANTS, delays=delays).announcements)

    silent = write("step,grad_norm\n0,1\n1,0.75\n2,0.5\n")
    found = told(silent, None)
    assert words in found and "is assumed to be plain SGD" in found and "--optimizer sgd" in found
    found = told(silent, "sgd", np.zeros(2, dtype=np.int64))
    assert "assumed" not in found
    assert "no delays" not in told(write("step,grad_norm,delay\n0,1,\n1,0.75,0\n2,0.5,0\n"), None)


def test_a_log_of_updates_that_average_several_gradients_is_judged_by_the_theorems_about_them(write: Write) -> None:
    rng, points = np.random.default_rng(0), [1.0]
    rows = ["step,grad_norm,delay", "0,1.0,"]
    for k in range(1, STEPS + 1):
        late = np.minimum(rng.integers(0, 3, 2), k - 1)
        points.append(points[-1] - STEP * float(np.mean([points[k - 1 - d] for d in late])))
        rows.append(f"{k},{abs(points[-1])!r},{late[0]} {late[1]}")
    verdict = check_log(write("\n".join(rows) + "\n"), str(STEP), 3, {"L": 1.0, "Delta": 0.5, "sigma": 0.0})
    assert verdict.verdict is Decision.HOLDS and verdict.bound == "theorem-arb"
    assert verdict.bounds_detail["theorem-a"].value is None
    with pytest.raises(DelayError, match="must be at most 1 at staleness 2"):
        check_log(write("\n".join(rows) + "\n"), str(STEP), 2, {"L": 1.0, "Delta": 0.5, "sigma": 0.0})
