"""Every verdict is reached by a run made for it, and none by a run that does not deserve it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.check.check import check
from experiments.check.verdict import Decision, Verdict
from experiments.check.worst_case_values import find_rungs, settings_of
from experiments.common.constants import Constant, Known
from experiments.runs.configuration import Configuration
from experiments.runs.execute import execute, plan
from experiments.runs.run import Run, build_run
from experiments.simulate.trajectories import recorded_times
from experiments.statistics.comparison import Outcome
from experiments.statistics.intervals import lower_bound
from theory.bounds import Setting, get
from theory.common.errors import InputError
from theory.methods.counter_momentum import Tuning
from theory.staleness.count import Staleness

STEPS, WINDOW = 40, 3
VALUES = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
SHAPE = 20.0


def made(
    norms: np.ndarray | float,
    *,
    seeds: int = 32,
    steps: int = STEPS,
    step_size: float = 0.05,
    known: Known = Known.EXACT,
    record_every: int = 1,
    constants: dict[str, Constant] | None = None,
    delays: np.ndarray | None = None,
    schedule: str = "0.05",
    exact: bool = False,
    **measured: np.ndarray,
) -> Run:
    """A run with these mean squared norms (one or one per record); values spread about them by a gamma law."""
    times = recorded_times(steps, record_every)
    spread = np.ones((seeds, times.size)) if exact else noise(seeds, times.size)
    shape, squares = spread.shape, spread * norms
    squares[:, 0] = np.minimum(squares[:, 0], 2 * VALUES["L"] * VALUES["Delta"])
    series = {
        "time": times,
        "gradient_norm_squared": squares,
        "loss": np.full(shape, np.nan),
        "coherence": np.full(shape, 1.0),
        "inner_product": spread * norms,
        "cosine": np.full(shape, 1.0),
        "smoothness": np.full(shape, 0.5),
        "displacement": np.zeros(shape),
        "diverged_at": np.full(seeds, -1),
    }
    named = {name: Constant(value, known, "chosen for the test") for name, value in VALUES.items()}
    configuration = Configuration(
        "made", schedule, WINDOW, steps, tuple(range(seeds)), batch=1, record_every=record_every
    )
    return build_run(
        configuration,
        step_sizes=np.full(steps, step_size),
        delays=np.minimum(WINDOW - 1, np.arange(steps)) if delays is None else delays,
        constants=named | (constants or {}),
        measured=series | measured,
    )


def noise(seeds: int, columns: int) -> np.ndarray:
    return np.random.default_rng(5).gamma(SHAPE, 1 / SHAPE, (seeds, columns))


def given(**values: float) -> dict[str, Constant]:
    return {name: Constant(value, Known.GIVEN, "given by the user") for name, value in values.items()}


def bound_value(run: Run, name: str = "theorem-a") -> float:
    return get(name).evaluate(run.setting())


BOUND = bound_value(made(1.0))


# Each verdict, and its exit status


def test_means_well_below_the_bound_hold() -> None:
    verdict = check(made(0.4 * BOUND))
    assert (verdict.verdict, verdict.numbers, verdict.bound) == (Decision.HOLDS, Outcome.BELOW, "theorem-ar")
    assert verdict.exit_status == 0 and verdict.would_decide is None


def test_means_well_above_the_bound_violate_it() -> None:
    verdict = check(made(2 * BOUND, constants=given(Delta=1.0)))
    assert (verdict.verdict, verdict.numbers, verdict.exit_status) == (Decision.VIOLATED, Outcome.ABOVE, 1)
    assert verdict.sentence.startswith("Given Delta = 1 (not tested): The weighted mean")


def test_a_bound_30_percent_too_small_is_refuted() -> None:
    assert check(made(BOUND / 0.7, seeds=64), ["theorem-a"]).verdict is Decision.VIOLATED


def test_a_weighted_mean_above_the_bound_refutes_the_proof_and_says_that_it_is_not_every_mean() -> None:
    norms = np.full(STEPS + 1, 2 * BOUND)
    norms[17] = 0.9 * BOUND
    verdict = check(made(norms))
    assert verdict.numbers is Outcome.ABOVE and verdict.statistic == "the weighted mean of the proof"
    assert "is not said" in verdict.sentence and verdict.p_value is not None and verdict.p_value <= 0.05


def test_one_small_mean_prevents_a_violation_where_the_proof_bounds_no_mean() -> None:
    norms = np.full(STEPS + 1, 30 * BOUND)
    run = made(norms, schedule="0.05", constants=given(cut=4.0))
    assert get("average-delay-drop").weigh(run.setting()) is None
    assert check(run, ["average-delay-drop"]).numbers is Outcome.ABOVE
    norms[17] = 0.9 * BOUND
    assert check(made(norms, constants=given(cut=4.0)), ["average-delay-drop"]).numbers is not Outcome.ABOVE


def test_means_at_the_bound_are_undecided_and_say_what_would_decide() -> None:
    verdict = check(made(1.02 * BOUND))
    assert (verdict.verdict, verdict.numbers, verdict.exit_status) == (Decision.UNDECIDED, Outcome.UNDECIDED, 3)
    assert verdict.would_decide is not None and "seeds in place of 32" in verdict.would_decide


@pytest.mark.parametrize("factor", [0.01, 2.0])
def test_one_noisy_seed_is_undecided(factor: float) -> None:
    norms = np.full(STEPS + 1, factor * BOUND)
    norms[0] = 2 * BOUND
    verdict = check(made(norms, seeds=1))
    assert verdict.verdict is Decision.UNDECIDED and verdict.would_decide is not None
    assert "one noisy run" in verdict.would_decide
    assert set(verdict.measured_lower) == set(verdict.measured_upper) == {None}


def test_copies_of_one_noisy_seed_are_one_seed() -> None:
    copies = np.tile(noise(1, STEPS + 1) * 0.01 * BOUND, (8, 1))
    copies[:, 0] = 2 * BOUND
    verdict = check(made(1.0, seeds=8, gradient_norm_squared=copies))
    assert verdict.verdict is Decision.UNDECIDED
    assert any("copies of one run" in sentence for sentence in verdict.announcements)


@pytest.mark.parametrize("seeds", [1, 8])
@pytest.mark.parametrize(("start", "word"), [(0.9, Outcome.BELOW), (1e6, Outcome.ABOVE), (2.0, Outcome.UNDECIDED)])
def test_x_0_is_not_random_and_may_decide_alone_whatever_the_seeds_are(seeds: int, start: float, word: Outcome) -> None:
    values = np.tile(noise(1, STEPS + 1) * 0.3 * BOUND, (seeds, 1))
    values[:, 0] = start * BOUND
    verdict = check(made(1.0, seeds=seeds, gradient_norm_squared=values), ["theorem-a"])
    assert verdict.numbers is word
    assert ("as x_0 is not random" in (verdict.test or "")) == (word is not Outcome.UNDECIDED)


# Constants


@pytest.mark.parametrize("name", ["L", "Delta", "sigma"])
def test_an_estimated_constant_never_gives_violated(name: str) -> None:
    estimate = {name: Constant(1.0, Known.ESTIMATE, "seen along the path")}
    verdict = check(made(100 * BOUND, constants=estimate))
    assert (verdict.verdict, verdict.numbers) == (Decision.UNDECIDED, Outcome.ABOVE)
    assert f"estimated {name}" in verdict.sentence and name in (verdict.would_decide or "")


def test_a_bound_that_holds_with_an_estimate_says_so() -> None:
    verdict = check(made(0.4 * BOUND, constants={"L": Constant(1.0, Known.ESTIMATE, "seen along the path")}))
    assert verdict.verdict is Decision.HOLDS and verdict.sentence.startswith("Given the estimated L:")


def test_a_given_L_that_the_path_contradicts_breaks_smoothness_at_its_step() -> None:
    growth = np.full((32, STEPS + 1), 0.5)
    growth[3, 7] = 1.1
    verdict = check(made(0.4 * BOUND, constants=given(L=1.0), smoothness=growth))
    assert (verdict.verdict, verdict.numbers, verdict.exit_status) == (Decision.ASSUMPTION_BROKEN, Outcome.BELOW, 3)
    assert verdict.assumptions["smooth"] == "broken" and "at k = 7" in verdict.sentence


def test_a_given_gap_smaller_than_the_fall_of_the_loss_is_contradicted() -> None:
    loss = np.full((32, STEPS + 1), 5.0)
    loss[:, 20:] = 3.9
    verdict = check(made(0.4 * BOUND, constants=given(Delta=1.0), loss=loss))
    assert verdict.assumptions["bounded below"] == "broken" and "Delta is contradicted at k = 20" in verdict.sentence


def test_a_gradient_larger_than_smoothness_and_gap_allow_contradicts_both() -> None:
    # |grad F|^2 <= 2 L (F - inf F) is at most 2 here, for every L-smooth F.
    norms = np.full(STEPS + 1, 0.01)
    norms[4] = 10.0
    flat = np.full((32, STEPS + 1), 5.0)
    verdict = check(made(norms, constants=given(Delta=1.0), loss=flat))
    assert verdict.assumptions["bounded below"] == "broken" and "L and Delta are contradicted at k = 4" in str(verdict)


def test_a_constant_without_value_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"dai2019 needs the constant mu, .* --constants mu="):
        check(made(1.0), ["dai2019"])


def test_an_unknown_bound_is_refused() -> None:
    with pytest.raises(InputError, match="no bound named 'theorem-z'"):
        check(made(1.0), ["theorem-z"])


@pytest.mark.parametrize("level", [0.0, 0.6, 1e-5])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(InputError, match=r"level must lie between 0\.001 and 0\.5"):
        check(made(1.0), level=level)


# Coherence


def coherent(low: float = 1.0, at: int = 9, **kwargs: object) -> Run:
    seen = np.full((32, STEPS + 1), 1.0)
    seen[5, at] = low
    return made(0.1 * BOUND, constants=given(mu=0.5), coherence=seen, **kwargs)  # type: ignore[arg-type]


def test_coherence_below_mu_on_one_path_breaks_the_bounds_that_use_it() -> None:
    verdict = check(coherent(0.2), ["dai2019-tight"])
    assert (verdict.verdict, verdict.numbers) == (Decision.ASSUMPTION_BROKEN, Outcome.BELOW)
    assert verdict.assumptions["coherence"] == "broken" and verdict.assumptions["coherence in expectation"] == "ok"
    assert "at k = 9 (seed 5): mu_k = 0.2" in verdict.sentence


def test_broken_coherence_is_reported_but_does_not_touch_a_coherence_free_bound() -> None:
    verdict = check(coherent(0.2))
    assert (verdict.verdict, verdict.bound) == (Decision.HOLDS, "theorem-ar")
    assert verdict.assumptions["coherence"] == "broken"
    assert verdict.bounds_detail["dai2019-tight"].verdict is Decision.ASSUMPTION_BROKEN


def test_coherence_at_the_last_point_is_not_needed() -> None:
    assert check(coherent(-1.0, at=STEPS), ["dai2019-tight"]).assumptions["coherence"] == "ok"


def test_coherence_of_a_zero_gradient_is_no_matter() -> None:
    norms = np.full(STEPS + 1, 0.1 * BOUND)
    norms[12] = 0.0
    seen = np.where(norms == 0, np.nan, 1.0) * np.ones((32, 1))
    verdict = check(made(norms, constants=given(mu=0.5), coherence=seen), ["dai2019-tight"])
    assert verdict.assumptions["coherence"] == "ok" and verdict.verdict is Decision.HOLDS


def test_unknown_coherence_cannot_support_a_violation() -> None:
    unknown = np.full((32, STEPS + 1), np.nan)
    verdict = check(made(50 * BOUND, constants=given(mu=0.5), coherence=unknown), ["dai2019-tight"])
    assert (verdict.verdict, verdict.numbers) == (Decision.UNDECIDED, Outcome.ABOVE)
    assert verdict.assumptions["coherence"] == "unknown"


def test_coherence_in_expectation_broken_at_one_point_is_found() -> None:
    products = noise(32, STEPS + 1) * 0.1 * BOUND
    products[:, 6] *= 0.1
    verdict = check(made(0.1 * BOUND, constants=given(mu=0.5), inner_product=products), ["dai2019-tight"])
    assert verdict.assumptions["coherence in expectation"] == "broken"
    assert "k = 6, first of 1 such" in verdict.findings["coherence in expectation"]


def test_coherence_in_expectation_that_holds_with_equality_is_rarely_called_broken() -> None:
    broken = 0
    for repetition in range(100):
        norms = np.random.default_rng(repetition).gamma(SHAPE, 1 / SHAPE, (32, STEPS + 1))
        products = norms * (0.5 + 0.1 * np.random.default_rng((1, repetition)).standard_normal(norms.shape))
        run = made(1.0, constants=given(mu=0.5), gradient_norm_squared=norms, inner_product=products)
        broken += check(run, ["dai2019-tight"]).assumptions["coherence in expectation"] == "broken"
    assert broken <= 11  # 5 % of 100, and nearly three standard deviations of it


# The domain


def test_a_step_outside_the_domain_breaks_the_bound_and_names_the_condition() -> None:
    verdict = check(made(0.1, step_size=30.0, schedule="30"))
    assert (verdict.verdict, verdict.numbers, verdict.bound) == (
        Decision.ASSUMPTION_BROKEN,
        Outcome.UNDECIDED,
        "theorem-a",
    )
    assert "weight v_t is negative at t = 0" in verdict.sentence
    assert verdict.assumptions["domain of theorem-a"] == "broken" and verdict.exit_status == 3


def test_the_smallest_coherence_free_bound_decides_and_the_others_are_listed() -> None:
    verdict = check(made(0.01, exact=True, constants={"sigma": Constant(0.0, Known.EXACT, "no noise")}))
    applying = {n: d.value for n, d in verdict.bounds_detail.items() if d.value is not None}
    assert verdict.bound == min(applying, key=lambda name: applying[name]) == "theorem-c"
    assert verdict.bounds_detail["corollary-1"].verdict is Decision.NOT_APPLICABLE


def test_of_several_claimed_bounds_every_one_must_hold() -> None:
    run = coherent(0.2)
    assert check(run, ["theorem-a", "dai2019-tight"]).verdict is Decision.ASSUMPTION_BROKEN
    assert check(run, ["theorem-a", "corollary-1"]).bound == "corollary-1"
    assert check(run, ["theorem-a"]).verdict is Decision.HOLDS


def test_a_claimed_violation_is_not_hidden_by_a_bound_that_holds() -> None:
    run = made(1.5 * BOUND, constants=given(mu=0.1))
    assert bound_value(run, "dai2019-tight") > 2 * BOUND
    verdict = check(run, ["dai2019-tight", "theorem-a"])
    assert (verdict.verdict, verdict.bound) == (Decision.VIOLATED, "theorem-a")


# Recording at intervals


def strided(factor: float, moved: float, known: Known = Known.EXACT) -> Run:
    records = recorded_times(STEPS, 5).size
    return made(factor * BOUND, record_every=5, known=known, displacement=np.full((32, records), moved))


def test_unrecorded_points_that_smoothness_keeps_above_the_bound_allow_a_violation() -> None:
    assert check(strided(4.0, 0.01)).verdict is Decision.VIOLATED


def test_unrecorded_points_that_may_be_small_leave_it_undecided() -> None:
    verdict = check(strided(2.0, 10.0))
    assert verdict.verdict is Decision.UNDECIDED and "--record-every 1" in (verdict.would_decide or "")


def test_unrecorded_points_count_as_zero_in_a_weighted_mean_that_the_others_may_lift_alone() -> None:
    # x_T has a large weight of its own, and one point in five is recorded besides.
    assert check(strided(4.0, 10.0)).verdict is Decision.VIOLATED


def test_an_estimated_L_says_nothing_of_unrecorded_points() -> None:
    assert check(strided(2.0, 0.0)).numbers is Outcome.ABOVE
    assert check(strided(2.0, 0.0, Known.ESTIMATE)).numbers is Outcome.UNDECIDED


def test_recorded_points_are_enough_to_hold() -> None:
    assert check(strided(0.4, 10.0)).verdict is Decision.HOLDS


def test_the_last_point_does_not_count_for_a_bound_that_ends_before_it() -> None:
    norms = np.full(STEPS + 1, 30 * BOUND)
    norms[-1] = 0.01 * BOUND
    run = made(norms, constants=given(mu=1.0))
    covered = [check(run, [name]).bounds_detail[name].iterates for name in ("dai2019-tight", "theorem-a")]
    assert covered == ["x_0..x_{T-1}", "x_0..x_T"]
    norms[-1] = 1e9 * BOUND
    norms[:-1] = 0.01 * BOUND
    late = made(norms, constants=given(mu=1.0))
    assert check(late, ["theorem-a"]).numbers is Outcome.ABOVE
    assert check(late, ["dai2019-tight"]).numbers is Outcome.BELOW
    assert check(run, ["dai2019-tight"]).numbers is Outcome.ABOVE


# Without noise


def deterministic(norms: np.ndarray | float) -> Run:
    zero = {"sigma": Constant(0.0, Known.EXACT, "no noise")}
    return made(norms, seeds=1, exact=True, constants=zero)


def test_exact_numbers_decide_with_one_seed_and_state_their_margin() -> None:
    bound = bound_value(deterministic(1.0), "theorem-b")
    for factor, decision in ((0.999999, Decision.HOLDS), (1.000001, Decision.VIOLATED), (1.0, Decision.UNDECIDED)):
        verdict = check(deterministic(factor * bound), ["theorem-b"])
        assert verdict.verdict is decision and verdict.rounding_margin is not None
        assert f"{verdict.rounding_margin:.1e}" in verdict.sentence
        assert verdict.measured_lower == verdict.measured == verdict.measured_upper


def test_seeds_that_differ_contradict_a_given_sigma_of_zero() -> None:
    run = made(0.1 * BOUND, constants=given(sigma=0.0))
    assert check(run, ["theorem-b"]).assumptions["no noise"] == "broken"
    verdict = check(run, ["theorem-a"])
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN and verdict.assumptions["bounded variance"] == "broken"


# Divergence


def test_a_diverged_seed_is_counted_and_prevents_holds() -> None:
    values = noise(32, STEPS + 1) * 0.2 * BOUND
    values[3, 20:] = np.inf
    at = np.full(32, -1)
    at[3] = 20
    verdict = check(made(1.0, gradient_norm_squared=values, diverged_at=at))
    assert verdict.verdict is Decision.UNDECIDED
    assert (verdict.diverged.seeds, verdict.diverged.first) == (1, 20)
    assert None not in verdict.measured


def test_a_real_run_beyond_the_stability_limit_breaks_a_condition() -> None:
    settled = plan("quadratic:d=3", "3/L", staleness=4, steps=300, seeds=8)
    verdict = check(execute(settled), plan=settled)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN and "v_t is negative" in verdict.sentence
    assert any("stability limit" in sentence for sentence in verdict.announcements)


# Real runs


def test_a_real_run_holds_and_its_bound_is_above_the_measured_at_every_horizon() -> None:
    settled = plan("quadratic:d=10", "1/(s*L*sqrt(k))", staleness=4, steps=400, seeds=32)
    verdict = check(execute(settled), plan=settled)
    assert verdict.verdict is Decision.HOLDS and verdict.slack_min is not None and verdict.slack_min > 1
    pairs = list(zip(verdict.bounds[verdict.bound], verdict.measured, strict=True))
    assert min(bound / measured for bound, measured in pairs) == pytest.approx(verdict.slack_min)
    assert verdict.rate is not None and verdict.rate_interval is not None and verdict.bound_rate is not None
    assert verdict.rate_interval[0] < verdict.rate < verdict.rate_interval[1]


def test_a_given_sigma_below_the_exact_variance_of_the_problem_is_contradicted() -> None:
    settled = plan("quadratic:d=10", "1/(s*L)", staleness=2, steps=50, seeds=8, constants={"sigma": 0.5})
    verdict = check(execute(settled))
    assert verdict.assumptions["bounded variance"] == "broken" and "sigma^2 = 0.25" in verdict.sentence


def test_a_given_sigma_above_it_is_not() -> None:
    settled = plan("quadratic:d=10", "1/(s*L)", staleness=2, steps=50, seeds=8, constants={"sigma": 1.5})
    assert check(execute(settled)).assumptions["bounded variance"] == "ok"


OWN = """
from pathlib import Path
import numpy as np
marker = Path({marker!r})
marker.write_text(marker.read_text() + "run " if marker.exists() else "run ")
initial_point = np.ones(3)
constants = {{"L": 1.0, "Delta": 1.5, "sigma": 1.0}}
def gradient(x, rng): return x + rng.standard_normal(3) / 3**0.5
def full_gradient(x): return x
def loss(x): return 0.5 * x @ x
"""


def test_a_users_own_problem_is_checked_with_its_constants_and_not_run_again(tmp_path: Path) -> None:
    file, marker = tmp_path / "own.py", tmp_path / "marker"
    file.write_text(OWN.format(marker=str(marker)))
    run = execute(plan(str(file), "1/(s*L*sqrt(k))", staleness=2, steps=60, seeds=16))
    loaded = marker.read_text()
    verdict = check(run)
    assert verdict.verdict is Decision.HOLDS and verdict.assumptions["unbiased"] == "unknown"
    assert marker.read_text() == loaded
    assert check(replace_sigma(run, 0.0)).verdict is Decision.ASSUMPTION_BROKEN


def replace_sigma(run: Run, value: float) -> Run:
    measured = {name: run.data[name].values for name in run.data.data_vars if name not in ("step_size", "delay")}
    return build_run(
        run.configuration,
        step_sizes=run.step_sizes,
        delays=run.delays,
        constants=run.constants | given(sigma=value),
        measured={str(name): values for name, values in measured.items()} | {"time": run.time},
    )


# The verdict as a value


def frozen_keys() -> set[str]:
    text = "verdict numbers bound slack_min rate rate_interval assumptions times measured measured_lower measured_upper"
    return set(text.split()) | {"bounds", "would_decide"}


@pytest.mark.parametrize("run", [made(0.5 * BOUND), made(0.5, seeds=1), made(0.1, step_size=30.0, schedule="30")])
def test_the_json_has_the_frozen_keys_and_no_number_that_is_not_finite(run: Run) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    plain = json.loads(check(run).to_json(), parse_constant=refuse)
    assert frozen_keys() <= set(plain)
    assert plain["verdict"] in {"holds", "violated", "assumption_broken", "undecided"}
    assert set(plain["assumptions"].values()) <= {"ok", "broken", "unknown"}
    assert len(plain["times"]) == len(plain["measured"]) == len(plain["bounds"]["theorem-a"])
    assert (plain["times"][0], plain["times"][-1]) == (1, STEPS)


def test_the_same_run_gives_the_same_verdict() -> None:
    assert check(made(0.9 * BOUND)) == check(made(0.9 * BOUND))


def test_the_band_encloses_what_was_measured() -> None:
    verdict = check(made(np.linspace(2, 0.5, STEPS + 1) * BOUND))
    for low, middle, high in zip(verdict.measured_lower, verdict.measured, verdict.measured_upper, strict=True):
        assert low is not None and middle is not None and high is not None and low <= middle <= high


def test_a_schedule_that_reads_T_has_no_rate_within_one_run() -> None:
    verdict = check(made(0.5 * BOUND, schedule="0.05*sqrt(40/T)"))
    assert verdict.rate is None and any("depends on T" in sentence for sentence in verdict.announcements)


# Runs at several T


def over_horizons(factor: float = 0.3, horizons: tuple[int, ...] = (16, 64, 256)) -> list[Run]:
    runs = []
    for steps in horizons:
        run = made(1.0, steps=steps, step_size=0.4 / steps**0.5, schedule="0.4/sqrt(T)")
        runs.append(made(factor * bound_value(run), steps=steps, step_size=0.4 / steps**0.5, schedule="0.4/sqrt(T)"))
    return runs


def test_runs_at_several_T_hold_if_each_does_and_give_the_rate_over_T() -> None:
    verdict = check(list(reversed(over_horizons())))
    assert (verdict.verdict, verdict.times) == (Decision.HOLDS, (16, 64, 256))
    assert verdict.rate == pytest.approx(verdict.bound_rate, abs=0.05)
    assert not any("depends on T" in sentence for sentence in verdict.announcements)


def test_one_violated_T_is_a_violation_and_is_named() -> None:
    runs = over_horizons()
    runs[1] = over_horizons(3.0)[1]
    verdict = check(runs)
    assert verdict.verdict is Decision.VIOLATED and verdict.sentence.startswith("At T = 64:")


def test_each_of_several_T_is_tested_at_its_share_of_the_level() -> None:
    runs = over_horizons()
    verdict = check(runs, level=0.06)
    shares = [lower_bound(run.gradient_norm_squared, 0.02).min() for run in runs]
    assert verdict.measured_lower == pytest.approx(shares, rel=1e-12)
    assert verdict.measured_upper[-1] == check(runs[-1], level=0.02).measured_upper[-1]


def test_runs_that_do_not_belong_together_are_refused() -> None:
    runs = over_horizons()
    with pytest.raises(InputError, match="must differ in T"):
        check([runs[0], runs[0]])
    with pytest.raises(InputError, match="must share problem, schedule and staleness"):
        check([runs[0], made(1.0)])
    with pytest.raises(InputError, match="at least one run"):
        check([])


def test_a_verdict_maps_to_its_exit_status() -> None:
    verdict = check(made(0.4 * BOUND))
    codes = {decision: replace(verdict, verdict=decision).exit_status for decision in list(Decision)[:4]}
    assert codes == {
        Decision.HOLDS: 0,
        Decision.VIOLATED: 1,
        Decision.ASSUMPTION_BROKEN: 3,
        Decision.UNDECIDED: 3,
    }


# Methods, and reads by blocks


@pytest.mark.parametrize("method", ["nesterov:beta=0.5", "filter:gradients=1.0:0.5,moves=-0.4"])
def test_no_bound_covers_a_method_that_comes_to_no_delayed_steps(method: str) -> None:
    settled = plan("quadratic:d=3,noise=0", "1/(s*L)", 3, 40, seeds=1, method=method)
    verdict = check(execute(settled), plan=settled)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert f"No bound covers the method {method}" in verdict.sentence
    assert all(detail.value is None for detail in verdict.bounds_detail.values())
    claimed = check(execute(settled), ["theorem-a"], plan=settled)
    assert claimed.verdict is Decision.ASSUMPTION_BROKEN and "No bound covers the method" in claimed.sentence
    assert not settings_of([execute(settled)], verdict.times)


def method_verdict(method: str, schedule: str = "1/L", noise: float = 0, **constants: float) -> Verdict:
    settled = plan(f"quadratic:d=3,noise={noise}", schedule, 3, 60, seeds=4, method=method, constants=constants)
    return check(execute(settled), plan=settled)


@pytest.mark.parametrize("noise", [0, 0.1])
@pytest.mark.parametrize("method", ["counter-momentum", "counter-momentum:theta=0.7"])
def test_counter_momentum_is_judged_by_its_own_bound_alone(method: str, noise: float) -> None:
    verdict = method_verdict(method, noise=noise)
    assert verdict.verdict is Decision.HOLDS and verdict.bound == "counter-momentum"
    assert {n for n, d in verdict.bounds_detail.items() if d.value is not None} == {"counter-momentum"}


@pytest.mark.parametrize("method", ["momentum:beta=0.5", "filter:gradients=1.0,moves=-0.4", "momentum:beta=-0.48"])
def test_another_method_with_moves_is_outside_the_domain_of_counter_momentum(method: str) -> None:
    verdict = method_verdict(method)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert verdict.sentence.startswith("counter-momentum does not apply")
    assert "takes back, or repeats, moves" in verdict.bounds_detail["theorem-a"].sentence


@pytest.mark.parametrize("noise", [0, 0.1])
def test_counter_momentum_with_longer_steps_or_an_l_that_is_too_small_is_told_to_be_outside(
    tmp_path: Path, noise: float
) -> None:
    tuning = Tuning.of(2)
    moves = ":".join(f"{-m:.17g}" for m in tuning.moves)
    for factor in (1.0, 1.1):
        steps = tmp_path / "steps.txt"
        rise = (
            factor
            * tuning.step
            * np.append(tuning.start, np.ones(58))
            / plan("quadratic:d=3,noise=0", "1", 3, 1).constants["L"].value
        )
        steps.write_text("\n".join(f"{size:.17g}" for size in rise))
        verdict = method_verdict(f"filter:gradients=1.0,moves={moves}", f"@{steps}", noise)
        assert (verdict.verdict is Decision.HOLDS) == (factor == 1)
        assert factor == 1 or "longer than those of the method at this L" in verdict.sentence
    small = method_verdict("counter-momentum", noise=noise, L=0.5)
    assert small.verdict is Decision.ASSUMPTION_BROKEN and "L is contradicted" in small.sentence
    assert method_verdict("counter-momentum", noise=noise, L=2.0).verdict is Decision.HOLDS


def test_without_delay_counter_momentum_is_no_bound_where_there_is_noise() -> None:
    settled = plan("quadratic:d=3,noise=0.1", "1/L", 1, 60, seeds=4, method="counter-momentum")
    verdict = check(execute(settled), ["counter-momentum"], plan=settled)
    assert verdict.verdict is Decision.ASSUMPTION_BROKEN
    assert "without delay it is about exact gradients only" in verdict.sentence


@pytest.mark.parametrize("noise", [0, 1])
def test_waiting_is_judged_as_the_steps_without_delay_that_it_comes_to(noise: int) -> None:
    settled = plan(f"quadratic:d=3,noise={noise}", "1/(s*L)", 3, 60, seeds=8, method="wait")
    run = execute(settled)
    verdict = check(run, plan=settled)
    sizes = np.where(np.arange(60) % 3 == 0, 1 / 3, 0.0)
    bare = Setting(sizes, np.zeros(60, int), Staleness(3), run.setting().constants)
    assert verdict.bounds_detail["theorem-a"].value == get("theorem-a").assess(bare)[0]
    assert verdict.verdict is Decision.HOLDS


def test_of_reads_by_blocks_theorem_s_and_its_corollary_alone_say_anything(tmp_path: Path) -> None:
    trace = tmp_path / "delays.txt"
    trace.write_text("0 0\n" + "1 0\n0 1\n" * 15)

    def verdict_at(schedule: str) -> Verdict:
        settled = plan("quadratic:d=3", schedule, 2, 31, seeds=4, delays_file=trace, inconsistent=True)
        return check(execute(settled), plan=settled)

    of_its_own = verdict_at("1/(s*L + sigma*sqrt(L*T/(2*Delta)))")
    assert of_its_own.verdict is Decision.HOLDS and of_its_own.bound == "theorem-s"
    of_blocks = {"corollary-s", "theorem-s", "theorem-s-reads"}
    assert {n for n, d in of_its_own.bounds_detail.items() if d.value is not None} == of_blocks
    of_another = verdict_at("1/(2*s*L)")
    assert of_another.verdict is Decision.HOLDS and of_another.bound == "theorem-s"
    assert "read apart" in str(of_another.bounds_detail["theorem-a"])


def test_runs_of_several_methods_are_not_those_of_one_schedule() -> None:
    runs = [
        execute(plan("quadratic:d=3", "1/(s*L)", 2, T, seeds=2, method=m)) for T, m in ((8, "wait"), (16, "delayed"))
    ]
    with pytest.raises(InputError, match="must share method and kind of reads"):
        check(runs)


def test_a_run_of_several_reads_is_judged_by_the_theorems_about_such_updates(tmp_path: Path) -> None:
    trace = tmp_path / "delays.txt"
    trace.write_text("0 0 0\n" + "1 0 1\n0 1 1\n" * 30)
    settled = plan("quadratic:d=3,noise=1", "1/(4*L)", 2, 61, seeds=8, delays_file=trace)
    run = execute(settled)
    verdict = check(run, plan=settled)
    assert verdict.verdict is Decision.HOLDS
    assert verdict.bound == "theorem-arb"
    assert verdict.bounds_detail["theorem-a"].value is None
    assert not any(find_rungs(settings_of([run], verdict.times)).values.values())
    same = plan("quadratic:d=3,noise=1", "1/(4*L)", 2, 61, seeds=8, delays_file=trace, method="batch-wait:batch=2")
    waited = check(execute(same), plan=same)
    assert waited.verdict is Decision.HOLDS and waited.bounds_detail["theorem-ab"].value is not None
