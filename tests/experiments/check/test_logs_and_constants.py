"""Norms of the full gradient in a log may contradict L and Delta, which breaks an assumption; others test nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.check.training_log import check_log
from experiments.check.verdict import Decision, Verdict
from experiments.logs.read import read_log
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from theory.common.errors import DataError


def judged(
    folder: Path,
    rows: list[str],
    L: float,
    Delta: float,
    step: float,
    *,
    sigma: float = 0.0,
    window: int = 1,
    norm: str | None = None,
) -> Verdict:
    path = folder / "log.csv"
    header = "step,grad_norm,delay" if rows[0].count(",") == 2 else "step,grad_norm"
    path.write_text("\n".join([header, *rows]) + "\n")
    log = read_log(path, norm=norm)
    return check_log(log, str(step), window, {"L": L, "Delta": Delta, "sigma": sigma})


def rows(norms: list[float], digits: str = "r") -> list[str]:
    return [f"{k},{norm!r}" if digits == "r" else f"{k},{norm:{digits}}" for k, norm in enumerate(norms)]


def decays(L: float, step: float, start: float, steps: int) -> list[float]:
    """The norms of gradient descent on L x^2 / 2, which meets every inequality of smoothness with equality."""
    return [start * (1 - L * step) ** k for k in range(steps)]


@pytest.mark.parametrize("sigma", [0.0, 2.0])
def test_a_first_norm_beyond_2_L_Delta_is_a_contradiction_whatever_the_noise(tmp_path: Path, sigma: float) -> None:
    verdict = judged(tmp_path, ["0,6.5", "1,6.1"], 2, 10, 0.25, sigma=sigma)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert "L and Delta are contradicted at k = 0: |grad F|^2 = 42.25" in verdict.sentence
    assert judged(tmp_path, ["0,6.32", "1,3.16"], 2, 10, 0.25, sigma=sigma).assumptions["bounded below"] != "broken"


@pytest.mark.parametrize(("second", "window"), [(40.0, 1), (0.0, 1), (40.0, 3)])
def test_a_norm_that_jumps_further_than_the_step_is_a_contradiction_to_L(
    tmp_path: Path, second: float, window: int
) -> None:
    # The step is .1 * 3 long, and L = 1.5.
    verdict = judged(tmp_path, ["0,3", f"1,{second}", "2,0.1"], 1.5, 10, 0.1, window=window)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert "L is contradicted at k = 1: |grad F| has changed by at least" in verdict.sentence


def test_a_jump_is_measured_against_the_point_that_was_read(tmp_path: Path) -> None:
    # Step 3 reads x_0, where the norm is 4: it may change the norm by .1 * 4; what it reads otherwise is .1 * 3.24.
    norms = ["0,4,", "1,3.6,0", "2,3.24,0", "3,2.85,{}"]
    stale = [row.format(2) for row in norms]
    assert judged(tmp_path, stale, 1, 20, 0.1, window=3).assumptions["smooth"] == "ok"
    fresh = judged(tmp_path, [row.format(0) for row in norms], 1, 20, 0.1, window=3)
    assert "L is contradicted at k = 3" in fresh.findings["smooth"]


@pytest.mark.parametrize(("every", "enough", "too_little"), [(1, 13, 11), (4, 5, 4)])
def test_more_descent_than_Delta_is_a_contradiction_where_every_step_is_recorded_and_where_not(
    tmp_path: Path, every: int, enough: float, too_little: float
) -> None:
    # A step of .25 takes .25 (1 - .125) 4 = .875 off F. Of 12 such steps all or every fourth is recorded; 2 is left.
    norms = [row for row in rows([2.0] * 13) if int(row.split(",")[0]) % every == 0]
    assert judged(tmp_path, norms, 1, enough, 0.25).assumptions["bounded below"] == "ok"
    found = judged(tmp_path, norms, 1, too_little, 0.25)
    assert found.verdict is Decision.ASSUMPTION_BROKEN
    assert "by smoothness F has fallen by the recorded norms, and has left to fall" in found.sentence


@pytest.mark.parametrize(("L", "step", "window"), [(1.0, 0.5, 1), (3.0, 0.125, 1), (0.5, 1.5, 1), (2.0, 0.1, 4)])
@pytest.mark.parametrize("digits", ["r", ".3e", ".2f", ".5g"])
def test_equality_is_no_contradiction_in_whatever_digits_it_is_printed(
    tmp_path: Path, L: float, step: float, window: int, digits: str
) -> None:
    if window == 1:
        norms = decays(L, step, 3.0, 9)
    else:
        points = [3.0 / L]
        for k in range(8):
            points.append(points[-1] - step * L * points[max(0, k - window + 1)])
        norms = [abs(L * x) for x in points]
    verdict = judged(tmp_path, rows(norms, digits), L, 9 / (2 * L), step, window=window)
    assert "broken" not in {verdict.assumptions[name] for name in ("smooth", "bounded below")}
    assert verdict.verdict is not Decision.VIOLATED


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_numbers_of_short_floats_are_no_contradiction_and_a_wrong_L_still_is(tmp_path: Path, kind: type) -> None:
    norms = [float(kind(norm * (1 + 0.3 * np.finfo(kind).eps))) for norm in decays(1.7, 0.3, 2.9, 12)]
    for L, broken in ((1.7, False), (1.6, True)):
        found = judged(tmp_path, rows(norms), L, 2.9**2 / (2 * 1.7), 0.3)
        assert (found.verdict is Decision.ASSUMPTION_BROKEN) is broken


@pytest.mark.parametrize("delays", ["constant", "uniform", "adversarial"])
def test_runs_without_noise_contradict_nothing_and_with_too_small_an_L_they_do(tmp_path: Path, delays: str) -> None:
    run = execute(plan("quadratic:d=4,noise=0", "0.3/(s*L)", 3, 50, seeds=1, delays=delays))
    trace = ["", *map(str, run.delays)]
    norms = [f"{k},{value**0.5!r},{trace[k]}" for k, value in enumerate(run.gradient_norm_squared[0].tolist())]
    L, Delta = (run.constants[name].value for name in ("L", "Delta"))
    step = 0.1 / L
    honest = judged(tmp_path, norms, L, Delta, step, window=3)
    assert (honest.assumptions["smooth"], honest.assumptions["bounded below"]) == ("ok", "ok")
    assert honest.verdict is Decision.HOLDS
    assert judged(tmp_path, norms, L, Delta / 50, step, window=3).assumptions["bounded below"] == "broken"
    assert judged(tmp_path, norms, L / 50, 50 * Delta, step, window=3).assumptions["smooth"] == "broken"


def test_minibatch_norms_test_no_constant_and_say_so(tmp_path: Path) -> None:
    for loud in (["0,9", "1,0.1"], ["0,2", "1,50"]):
        verdict = judged(tmp_path, loud, 1, 2, 0.5, sigma=1, norm="minibatch")
        assert verdict.verdict is Decision.UNDECIDED
        assert {verdict.assumptions[name] for name in ("smooth", "bounded below")} == {"given"}
        assert any("no constant is tested by them" in sentence for sentence in verdict.announcements)


def noisy(folder: Path, mean: float, *, norm: str, sigma: float) -> Verdict:
    """Sixteen seeds whose squares have this mean, nearly all of them equal."""
    rng = np.random.default_rng(5)
    path = folder / "log.csv"
    lines = [f"{k},{(mean * rng.gamma(400, 1 / 400)) ** 0.5!r},{seed}" for seed in range(16) for k in range(21)]
    path.write_text("\n".join(["step,grad_norm,seed", *lines]) + "\n")
    return check_log(read_log(path, norm=norm), "0.1", 1, {"L": 1, "Delta": 1, "sigma": sigma}, bounds=["theorem-a"])


def test_minibatch_norms_violate_a_bound_only_beyond_the_noise_that_they_carry(tmp_path: Path) -> None:
    value = noisy(tmp_path, 1, norm="full", sigma=0.8).bounds_detail["theorem-a"].value
    assert value is not None and value > 0.4
    for mean, full, minibatch in (
        (0.2 * value, Decision.HOLDS, Decision.HOLDS),
        (value + 0.4, Decision.VIOLATED, Decision.UNDECIDED),
        (value + 1.2, Decision.VIOLATED, Decision.VIOLATED),
    ):
        # A full norm so large at x_0 contradicts Delta, as it must; what is compared here are the numbers.
        words = [
            noisy(tmp_path, mean, norm=norm, sigma=0.8).bounds_detail["theorem-a"] for norm in ("full", "minibatch")
        ]
        outcomes = {Decision.HOLDS: "below", Decision.VIOLATED: "above", Decision.UNDECIDED: "undecided"}
        assert [str(word.numbers) for word in words] == [outcomes[full], outcomes[minibatch]]
        assert words[1].verdict is minibatch
    assert "+ sigma^2" in words[1].sentence


def test_products_of_half_batches_may_hold_and_are_never_violated(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for mean, word in ((0.05, Decision.HOLDS), (50.0, Decision.UNDECIDED)):
        lines = [f"{k},{mean + 0.01 * rng.normal()!r},{seed}" for seed in range(16) for k in range(21)]
        path = tmp_path / "log.csv"
        path.write_text("\n".join(["step,grad_product,seed", *lines]) + "\n")
        assert check_log(path, "0.1", 1, {"L": 1, "Delta": 1, "sigma": 0.8}, bounds=["theorem-a"]).verdict is word


def test_estimated_constants_of_a_log_refute_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,grad_norm\n" + "\n".join(f"{k},1.3" for k in range(40)) + "\n")
    given = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
    assert check_log(path, "0.1", 2, given, bounds=["theorem-b"]).verdict is Decision.VIOLATED
    verdict = check_log(path, "0.1", 2, given, bounds=["theorem-b"], estimates=("L", "Delta"))
    assert verdict.verdict is Decision.UNDECIDED and "An estimate cannot refute a theorem" in verdict.sentence
    assert {verdict.assumptions[name] for name in ("smooth", "bounded below")} == {"unknown"}


def test_the_step_sizes_of_a_log_are_used_or_must_be_those_of_the_schedule(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    sizes = [0.2 / (1 + k) for k in range(10)]
    path.write_text("step,grad_norm,lr\n" + "\n".join(f"{k},0.1,{size:.4g}" for k, size in enumerate(sizes)) + "\n")
    own = check_log(path, "log", 1, {"L": 1, "Delta": 1, "sigma": 0.5}, bounds=["theorem-a"])
    told = check_log(path, "0.2/k", 1, {"L": 1, "Delta": 1, "sigma": 0.5}, bounds=["theorem-a"])
    assert own.bounds["theorem-a"][-1] == pytest.approx(told.bounds["theorem-a"][-1], rel=1e-4)
    with pytest.raises(DataError, match=r"step size 0\.1 at step 2.*--schedule log"):
        check_log(path, "0.2", 1, {"L": 1, "Delta": 1, "sigma": 0.5})


def test_step_sizes_recorded_at_intervals_are_compared_where_they_are_and_are_no_schedule(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,grad_norm,lr\n" + "\n".join(f"{k},0.1,{0.2 / k:.5e}" for k in range(10, 51, 10)) + "\n")
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.5}
    assert check_log(path, "0.2/k", 1, constants).times[-1] == 49
    with pytest.raises(DataError, match=r"not that of step 1\. Give all of them with --schedule"):
        check_log(path, "log", 1, constants)
    with pytest.raises(DataError, match=r"step size 0\.02 at step 10, and the schedule 0\.3/k says 0\.03"):
        check_log(path, "0.3/k", 1, constants)


@pytest.mark.parametrize("digits", [".2f", ".1e", ".4g", "r"])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("schedule", ["2.4/L", "1.9/L", "0.4/(s*L)"])
def test_norms_that_grow_or_vanish_are_no_contradiction_in_any_float_or_print(
    tmp_path: Path, digits: str, kind: type, schedule: str
) -> None:
    # The steps of x^2/2 meet the inequalities exactly; with 2.4/L they run away, and 16 bits hold nothing below 6e-8.
    run = execute(plan("quadratic:d=1,noise=0", schedule, 4, 60, seeds=1))
    with np.errstate(over="ignore"):
        norms = np.sqrt(run.gradient_norm_squared[0]).astype(kind).astype(float).tolist()
    L, Delta = (run.constants[name].value for name in ("L", "Delta"))
    verdict = judged(tmp_path, rows(norms, digits), L, Delta, float(run.step_sizes[0]), window=4)
    assert "broken" not in {verdict.assumptions[name] for name in ("smooth", "bounded below")}


@pytest.mark.parametrize("far", ["inf", "3e170", "7e40"])
@pytest.mark.parametrize("tail", [[], ["4,0.25"]])
def test_a_norm_that_jumps_to_infinity_in_a_short_step_is_a_contradiction_to_L(
    tmp_path: Path, far: str, tail: list[str]
) -> None:
    # Steps of .02 * .8 at L = 3: the norm cannot leave for what no float holds.
    verdict = judged(tmp_path, ["0,0.875", "1,0.828125", "2,0.796875", f"3,{far}", *tail], 3, 4, 0.02)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert "L is contradicted at k = 3: |grad F| has changed by at least" in verdict.sentence


@pytest.mark.parametrize("rows", [["0,inf", "1,0.5"], ["0,inf", "1,inf", "2,inf"]])
@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_an_infinite_norm_at_the_start_is_beyond_2_L_Delta(tmp_path: Path, rows: list[str], sigma: float) -> None:
    assert judged(tmp_path, rows, 3, 2, 0.02, sigma=sigma).assumptions["bounded below"] == "broken"


def test_a_run_that_overflows_its_floats_step_by_step_contradicts_nothing(tmp_path: Path) -> None:
    # Each step multiplies the norm by 1 - 3 * 2 = -5; sums of squares in 16 bits end at 256^2.
    norms = ["0,3", "1,15", "2,75", "3,inf", "4,inf"]
    verdict = judged(tmp_path, norms, 2, 9 / 4, 3)
    assert "broken" not in {verdict.assumptions[name] for name in ("smooth", "bounded below")}


NOTHING = {
    "norms of zero": (["0,0.0,", "1,0.0,0", "2,0.0,1"], 0.3),
    "steps of zero": (["0,1.25,", "1,1.25,0", "2,1.25,1"], 0.0),
    "norms printed in whole numbers": (["0,2,", "1,2,0", "2,1,1", "3,1,1"], 0.05),
}


@pytest.mark.parametrize("case", NOTHING)
def test_where_nothing_could_contradict_a_constant_it_is_given_and_not_tested(tmp_path: Path, case: str) -> None:
    found, step = NOTHING[case]
    verdict = judged(tmp_path, found, 0.7, 40, step, window=2)
    assert verdict.assumptions["smooth"] == "given"
    assert (verdict.assumptions["bounded below"] == "given") is (case != "norms printed in whole numbers")


def printed(folder: Path, size: float, over: float, shape: float, digits: str, norm: str = "full") -> list[Verdict]:
    """Seeds whose mean square, size^2, is `over` times theorem-a's bound: as printed, and if printing changed nothing.

    The squares have a gamma law; L = 1, and Delta and sigma^2 grow with the squares.
    """
    rng = np.random.default_rng(17)
    squares = size**2 * rng.gamma(shape, 1 / shape, size=(24, 26))
    path = folder / "log.csv"
    lines = [f"{k},{squares[seed, k] ** 0.5:{digits}},{seed}" for seed in range(24) for k in range(26)]
    path.write_text("\n".join(["step,grad_norm,seed", *lines]) + "\n")
    log = read_log(path, norm=norm, optimizer="sgd")
    unit = check_log(log, "0.1", 1, {"L": 1, "Delta": 1, "sigma": 1}, bounds=["theorem-a"]).bounds["theorem-a"][-1]
    assert unit is not None
    scale = size**2 / over / (unit + (norm == "minibatch"))
    constants = {"L": 1, "Delta": scale, "sigma": scale**0.5}
    logs = (log, replace(log, rounding=np.zeros_like(log.rounding)))
    return [check_log(each, "0.1", 1, constants, bounds=["theorem-a"]) for each in logs]


@pytest.mark.parametrize("norm", ["full", "minibatch"])
@pytest.mark.parametrize(("digits", "unit"), [(".1f", 0.1), (".3f", 0.001), (".0f", 1.0)])
def test_a_mean_below_the_bound_that_rounding_raises_above_it_violates_nothing(
    tmp_path: Path, digits: str, unit: float, norm: str
) -> None:
    told, alone = printed(tmp_path, 0.64 * unit, 0.85, 6, digits, norm)
    assert (str(told.bounds_detail["theorem-a"].numbers), str(alone.bounds_detail["theorem-a"].numbers)) == (
        "undecided", "above",
    )  # fmt: skip
    assert "Norms printed with more digits" in (told.bounds_detail["theorem-a"].would_decide or "")


@pytest.mark.parametrize(("digits", "unit"), [(".1f", 0.1), (".3f", 0.001), (".0f", 1.0)])
def test_a_mean_above_the_bound_that_rounding_lowers_does_not_hold(tmp_path: Path, digits: str, unit: float) -> None:
    told, alone = printed(tmp_path, 0.36 * unit, 1.6, 12, digits)
    assert (told.verdict, alone.verdict) == (Decision.UNDECIDED, Decision.HOLDS)


@pytest.mark.parametrize(("over", "outcome"), [(0.2, "below"), (4, "above")])
@pytest.mark.parametrize("digits", [".4f", ".2e"])
def test_what_is_printed_finely_enough_decides(tmp_path: Path, over: float, outcome: str, digits: str) -> None:
    told, _ = printed(tmp_path, 0.7, over, 6, digits)
    assert str(told.bounds_detail["theorem-a"].numbers) == outcome


@pytest.mark.parametrize("over", [0.3, 1.0, 3.0])
def test_norms_with_all_their_digits_are_judged_as_they_are(tmp_path: Path, over: float) -> None:
    told, alone = printed(tmp_path, 0.37, over, 6, ".17g")
    assert told.to_dict() == alone.to_dict()


@pytest.mark.parametrize("digits", [".0e", ".1g"])
def test_one_digit_and_an_exponent_is_no_more_than_one_digit(tmp_path: Path, digits: str) -> None:
    told, alone = printed(tmp_path, 1.6e-3, 0.97, 30, digits)
    assert (str(told.numbers), str(alone.numbers)) == ("undecided", "above")
