"""Designed steps: never worse than the usual ones, stationary, the same in all units, explained by their numbers."""

from itertools import pairwise

import numpy as np
import pytest

from theory.bounds import get
from theory.common.errors import DelayError, InputError, StalenessError
from theory.design.best import Design, Target, design
from theory.design.brief import Brief, best_multiple, brief, waiting
from theory.design.explanation import Shape, reason
from theory.design.theorem_1 import best_sum, best_tight
from theory.design.theorem_a import TheoremA, best_theorem_a, by_geometric_programmes
from theory.schedules.schedule import parse_schedule
from theory.worst_case.solvers.descent import descend
from theory.worst_case.solvers.inequalities import neighbours

RUNS = [(1, 12, 0.0), (3, 20, 0.0), (3, 20, 1.0), (6, 15, 0.2)]


def random_brief(seed: int, steps: int = 20, **given: float) -> Brief:
    chance = np.random.default_rng(seed)
    return brief(5, steps, delays=np.minimum(np.arange(steps), chance.integers(0, 5, steps)), **given)


def value(name: str, run: Brief, steps: np.ndarray) -> float:
    return get(name).evaluate(run.setting(steps / run.smoothness))


@pytest.fixture(scope="module")
def for_worst_case() -> Design:
    return design(2, 10, target="worst-case")


@pytest.mark.parametrize("target", [Target.THEOREM_A, Target.THEOREM_1])
@pytest.mark.parametrize(("staleness", "steps", "variance"), RUNS)
def test_a_design_is_never_worse_than_its_baselines(
    target: Target, staleness: int, steps: int, variance: float
) -> None:
    found = design(staleness, steps, variance=variance, mu=0.7, target=target, judged=False)
    for name, baseline in found.baselines.items():
        gain = found.improvement(name)
        assert gain is None or gain >= -1e-9, (name, baseline.value)
    assert found.value == get(found.target.bound.name).evaluate(found.brief.setting(found.step_sizes))


def test_a_design_for_the_worst_case_is_better_than_every_baseline(for_worst_case: Design) -> None:
    assert set(for_worst_case.baselines) == {"theorem-1", "constant", "theorem-a", "waiting"}
    for name in for_worst_case.baselines:
        assert for_worst_case.improvement(name) >= 0
        assert for_worst_case.improvement(name) == for_worst_case.worst_case_improvement(name)
    assert for_worst_case.improvement("constant") > 0.02
    assert for_worst_case.improvement("theorem-1") > 0.3


@pytest.mark.parametrize(("staleness", "steps", "variance"), [(2, 9, 0.0), (3, 8, 0.0), (2, 5, 0.3)])
def test_no_descent_over_all_pairs_lowers_the_design_for_the_worst_case(staleness, steps, variance) -> None:
    found = design(staleness, steps, variance=variance, target="worst-case")
    question = found.brief.question(found.step_sizes)
    assert found.chosen.worst_case.exact
    for seed in range(2):
        shaken = found.step_sizes * (1 + 1e-3 * seed * np.random.default_rng(seed).standard_normal(steps))
        again = descend(question.replaced(step_sizes=shaken), pairs=neighbours(steps, steps), solves=100)
        assert again.value > found.value * (1 - 1e-6)


def test_the_worst_case_of_a_design_is_below_its_bound() -> None:
    for target in (Target.THEOREM_A, Target.THEOREM_1):
        found = design(3, 8, target=target)
        for rated in (found.chosen, *found.baselines.values()):
            assert rated.worst_case_value is not None
            assert rated.value is None or rated.worst_case_value <= rated.value * (1 + 1e-6)


# --- Theorem 1's sums ---


@pytest.mark.parametrize("best, name", [(best_tight, "dai2019-tight"), (best_sum, "dai2019-sum")])
@pytest.mark.parametrize("variance", [0.0, 0.3])
def test_no_allowed_change_improves_the_convex_design(best, name: str, variance: float) -> None:
    run = random_brief(3, variance=variance, mu=0.8)
    steps, chance = best(run), np.random.default_rng(0)
    least = value(name, run, steps)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(60):
            moved = get(name).assess(run.setting(steps * (1 + size * chance.standard_normal(steps.size)).clip(0)))[0]
            assert moved is None or moved >= least * (1 - 1e-8)


@pytest.mark.parametrize("staleness", [3, 4])
def test_without_noise_the_readers_of_the_start_are_shorter_in_closed_form(staleness: int) -> None:
    """Max mu sum eta - sum eta^2/2 with mu eta_0 >= (sum of its readers' squares)/2: eta = mu, or mu/sqrt(s - 1)."""
    mu, run = 0.6, brief(staleness, 20, mu=0.6)
    steps = best_tight(run)
    assert np.allclose(steps[staleness:], mu, rtol=1e-4)
    assert mu * steps[0] == pytest.approx(np.sum(steps[:staleness] ** 2) / 2, rel=1e-6)
    assert np.ptp(steps[1:staleness]) < 1e-4
    tail = mu / np.sqrt(staleness - 1)
    if staleness == 3:
        assert np.allclose(steps[:3], [mu, tail, tail], rtol=1e-3)


def test_with_the_factor_s_equal_steps_are_best() -> None:
    """min (1 + V T h^2/2)/(mu T h - s T h^2/2): mu h^2 V T/2 + s h = mu."""
    run = brief(4, 30, variance=0.5, mu=0.7)
    steps = best_sum(run)
    assert np.ptp(steps) < 1e-4 * steps[0]
    assert steps[0] ** 2 * 0.7 * 0.5 * 30 / 2 + 4 * steps[0] == pytest.approx(0.7, rel=1e-5)


def test_the_factor_s_costs_what_the_tight_sum_saves() -> None:
    run = random_brief(8, mu=0.5)
    assert value("dai2019-tight", run, best_tight(run)) < value("dai2019-sum", run, best_sum(run))


# --- Theorem A ---


@pytest.mark.parametrize("variance", [0.0, 0.7])
def test_the_value_is_the_librarys_and_the_gradient_is_its_slope(variance: float) -> None:
    run = random_brief(1, variance=variance)
    bound, steps = TheoremA(run), 0.15 * np.random.default_rng(2).random(20)
    found, gradient = bound.value_and_gradient(steps)
    assert found == pytest.approx(value("theorem-a", run, steps), rel=1e-13)
    assert bound.overtaken.any() == (variance > 0)
    move = 1e-6 * np.eye(20)
    slopes = [(bound.value_and_gradient(steps + m)[0] - bound.value_and_gradient(steps - m)[0]) / 2e-6 for m in move]
    assert np.allclose(gradient, slopes, atol=1e-8)


@pytest.mark.parametrize(("delay", "steps", "gain"), [(2, 60, 0.0007), (4, 60, 0.0033), (4, 200, 0.00045)])
def test_with_noise_the_gain_over_a_constant_step_is_small(delay: int, steps: int, gain: float) -> None:
    found = design(delay + 1, steps, variance=1.0, judged=False)
    assert found.improvement("constant") == pytest.approx(gain, rel=0.02)


@pytest.mark.parametrize(("delay", "gain"), [(2, 0.043), (4, 0.125)])
def test_without_noise_leaving_steps_out_gains_more_than_longer_ends(delay: int, gain: float) -> None:
    found = design(delay + 1, 60, judged=False)
    assert found.improvement("constant") > gain
    assert np.sum(found.step_sizes == 0) > 15


@pytest.mark.parametrize("delay", [1, 2, 4, 8])
def test_the_best_constant_step_tends_to_its_closed_form(delay: int) -> None:
    run = brief(delay + 1, 4000)
    step = best_multiple(get("theorem-a"), run, np.ones(4000))[0]
    assert step == pytest.approx((np.sqrt(1 + 6 * delay**2) - 1) / (3 * delay**2), rel=2e-3)


def test_without_delay_or_noise_every_step_is_one() -> None:
    found = design(1, 10, judged=False)
    assert np.allclose(found.step_sizes, 1.0, rtol=1e-7)
    assert found.value == pytest.approx(1 / (10 / 2 + 1 / 2), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_no_step_can_be_improved_and_the_condition_holds_by_itself(seed: int) -> None:
    run = random_brief(seed, variance=0.1 * seed)
    steps = best_theorem_a(run)
    found, gradient = TheoremA(run).value_and_gradient(steps)
    assert np.all(np.abs(gradient[steps > 0]) < 1e-4 * found)
    assert np.all(gradient[steps == 0] > -1e-4 * found)
    assert not get("theorem-a").check_domain(run.setting(steps))


@pytest.mark.parametrize(("delay", "variance"), [(1, 0.5), (2, 0.5)])
def test_geometric_programmes_never_rise_and_agree(delay: int, variance: float) -> None:
    run = brief(delay + 1, 6, variance=variance)
    steps, values = by_geometric_programmes(run, rounds=25)
    assert all(after < before for before, after in pairwise(values))
    assert TheoremA(run).value_and_gradient(steps)[0] == values[-1]
    assert values[-1] == pytest.approx(TheoremA(run).value_and_gradient(best_theorem_a(run))[0], rel=1e-6)


# --- the door ---


@pytest.mark.parametrize("target", [Target.THEOREM_A, Target.THEOREM_1])
def test_designs_scale_as_functions_do(target: Target) -> None:
    plain = design(3, 15, variance=0.4, mu=0.5, target=target, judged=False)
    scaled = design(3, 15, variance=0.4 * 14, smoothness=7.0, gap=2.0, mu=0.5, target=target, judged=False)
    assert scaled.value == pytest.approx(14 * plain.value, rel=1e-8)
    assert np.allclose(7 * scaled.step_sizes, plain.step_sizes, rtol=1e-5)


def test_a_design_is_read_back_from_its_file(tmp_path) -> None:
    found = design(3, 12, smoothness=3.0, judged=False)
    read = parse_schedule(f"@{found.save(tmp_path / 'steps.txt')}")
    assert np.array_equal(read.step_sizes(12), found.step_sizes)
    assert np.array_equal(found.schedule.step_sizes(12), found.step_sizes)
    # At another L it is the design for that L.
    assert read.step_sizes(12, L=0.7) == pytest.approx(design(3, 12, smoothness=0.7, judged=False).step_sizes, rel=1e-5)


def test_the_steps_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        design(2, 5, judged=False).step_sizes[0] = 1.0


def test_steps_that_wait_apply_fresh_gradients_only() -> None:
    run = random_brief(4)
    steps = waiting(run, 1.0, last=False)
    assert np.all(TheoremA(run).windows(steps)[steps > 0] == 0)
    assert np.flatnonzero(waiting(brief(3, 10), 1.0)).tolist() == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("error", "words", "given"),
    [
        (StalenessError, "Got 0", {"staleness": 0}),
        (InputError, "number of steps", {"steps": 0}),
        (InputError, "variance must be a number of at least 0. Got -1", {"variance": -1}),
        (InputError, "smoothness, must be a positive number. Got 0", {"smoothness": 0}),
        (InputError, "gap, must be a positive number. Got nan", {"gap": float("nan")}),
        (InputError, "at most 1", {"mu": 1.5}),
        (InputError, "Got 'theorem-b'", {"target": "theorem-b"}),
        (DelayError, "Got 3 delays", {"delays": [0, 1, 1]}),
        (DelayError, "delay", {"delays": [0, 1, 2, 3, 4]}),
    ],
)
def test_what_cannot_be_designed_is_refused_in_a_sentence(error: type, words: str, given: dict[str, object]) -> None:
    with pytest.raises(error, match=words):
        design(**{"staleness": 3, "steps": 5, "judged": False, **given})


# --- the reason ---


def test_the_reason_names_the_steps_that_are_longer() -> None:
    found = design(3, 60, variance=1.0, judged=False)
    shape, readers, noise = found.reason[0], found.reason[2], found.reason[4]
    assert "Longer are k = 1..2" in shape and "k = 59..60" in shape and "shorter are k = 3 (" in shape
    assert "the first and the last steps are too short" in found.reason[1]
    assert "2 of them in the middle, 0 at the last step" in readers
    assert "noise sets the step" in noise


def test_the_reason_follows_the_numbers() -> None:
    """Steps that are shorter at the ends are called so: the sentences are not fixed."""
    run, steps = brief(3, 30, variance=1.0), np.full(30, 0.1)
    steps[-2:] = 0.05
    assert "Longer are none; shorter are k = 29..30 (-50 to -50 %)" in reason(run, "theorem-a", steps, 0.1)[0]
    pulses = waiting(run, 0.5)
    assert "20 of the 30 steps are left out" in reason(run, "theorem-a", pulses, 0.1)[0]
    assert "as weights, is 0, and" in reason(run, "theorem-a", pulses, 0.1)[1]


def test_the_ends_gain_less_and_less_as_the_run_grows() -> None:
    """With noise only about D steps at each end differ: their share of the value vanishes faster than 1/T."""
    gains = [design(5, steps, variance=1.0, judged=False).improvement("constant") for steps in (60, 120, 240)]
    assert all(after < before / 2 for before, after in pairwise(gains))


def test_left_out_steps_gain_however_long_the_run() -> None:
    gains = [design(3, steps, judged=False).improvement("constant") for steps in (60, 480)]
    assert gains[-1] > 0.03


def test_shapes_are_told_apart() -> None:
    assert Shape(np.ones(9), 1.0, 2).flat
    assert Shape(np.tile([1.0, 0.0, 0.0], 4), 0.3, 2).pulsed
    assert not Shape(np.r_[1.3, np.ones(10), 1.4], 1.0, 1).pulsed
