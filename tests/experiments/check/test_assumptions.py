"""An assumption is called broken only on evidence, and unknown only where the run cannot tell."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.check.evidence import Evidence
from experiments.check.findings.assumptions import IN_EXPECTATION, examine
from experiments.check.findings.examined import State
from experiments.common.constants import Constant, Known
from theory.bounds import Setting
from theory.staleness.count import Staleness

STEPS, SEEDS = 12, 8
ONES = np.ones((SEEDS, STEPS + 1))


def evidence(**changed: object) -> Evidence:
    constants = {name: Constant(1.0, Known.GIVEN, "given by the user") for name in ("L", "Delta", "sigma")}
    constants["mu"] = Constant(0.5, Known.GIVEN, "given by the user")
    spread = np.random.default_rng(0).gamma(50, 1 / 50, ONES.shape)
    plain = Evidence(
        times=np.arange(STEPS + 1),
        values=0.1 * spread,
        seeds=tuple(range(SEEDS)),
        setting=setting(np.minimum(np.arange(STEPS), 2)),
        constants=constants,
        deterministic=False,
        reads_horizon=False,
        source="The test",
        floor=ONES[:, :0],
        loss=3 * ONES,
        coherence=ONES,
        inner_product=0.1 * spread,
        smoothness=0.5 * ONES,
        variance=0.9,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def setting(delays: np.ndarray, sigma: float = 1.0) -> Setting:
    return Setting(np.full(STEPS, 0.1), delays, Staleness(3), {"L": 1.0, "Delta": 1.0, "sigma": sigma, "mu": 0.5})


def state(name: str, **changed: object) -> State:
    return examine(evidence(**changed), 0.05)[name].state


ALL = ("smooth", "bounded below", "bounded variance", "unbiased", "delays fixed", "ordered reads", "coherence")


@pytest.mark.parametrize("name", [*ALL, IN_EXPECTATION])
def test_a_run_that_contradicts_nothing_is_ok(name: str) -> None:
    assert state(name) is State.OK


def spoiled(base: np.ndarray, value: float, column: int = 5) -> np.ndarray:
    changed = base.copy()
    changed[2, column] = value
    return changed


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("smooth", {"smoothness": spoiled(ONES, 1.00001)}),
        ("bounded below", {"loss": spoiled(3 * ONES, 1.99)}),
        ("bounded below", {"values": spoiled(0.1 * ONES, 2.01)}),
        ("bounded below", {"values": spoiled(0.1 * ONES, 0.5), "loss": spoiled(3 * ONES, 2.2)}),
        ("bounded variance", {"variance": 1.001}),
        ("coherence", {"coherence": spoiled(ONES, 0.49)}),
        ("ordered reads", {"setting": setting(np.array([0, 0, 2, 0] * 3))}),
    ],
)
def test_each_contradiction_is_found(name: str, changed: dict[str, object]) -> None:
    assert state(name, **changed) is State.BROKEN


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("smooth", {"smoothness": spoiled(ONES, 1 + 1e-8)}),
        ("smooth", {"smoothness": spoiled(ONES, np.nan)}),
        ("bounded below", {"loss": spoiled(3 * ONES, 2 - 1e-12), "values": spoiled(0.1 * ONES, 0.0)}),
        ("bounded below", {"values": spoiled(0.1 * ONES, 2 + 1e-10)}),
        ("coherence", {"coherence": spoiled(ONES, 0.5 - 1e-12)}),
        ("coherence", {"coherence": spoiled(ONES, -3.0, STEPS)}),
        ("ordered reads", {"setting": setting(np.array([0, 0, 2, 0] * 3), sigma=0.0)}),
    ],
)
def test_rounding_and_points_that_do_not_matter_break_nothing(name: str, changed: dict[str, object]) -> None:
    assert state(name, **changed) is State.OK


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("coherence", {"coherence": spoiled(ONES, np.nan)}),
        ("coherence", {"coherence": None}),
        (IN_EXPECTATION, {"inner_product": None}),
        (IN_EXPECTATION, {"inner_product": spoiled(ONES, np.nan)}),
    ],
)
def test_what_was_not_seen_is_unknown(name: str, changed: dict[str, object]) -> None:
    assert state(name, **changed) is State.UNKNOWN


def test_an_estimate_and_a_missing_constant_are_unknown() -> None:
    constants = {"L": Constant(1.0, Known.ESTIMATE, "seen")}
    findings = examine(evidence(constants=constants), 0.05)
    assert {findings[name].state for name in ("smooth", "bounded below", "bounded variance")} == {State.UNKNOWN}
    assert "coherence" not in findings and "no value" in findings["bounded below"].sentence


def test_points_between_recorded_ones_leave_coherence_unknown() -> None:
    every_third = np.arange(0, STEPS + 1, 3)
    columns = {name: getattr(evidence(), name)[:, every_third] for name in ("values", "coherence", "inner_product")}
    thin = replace(evidence(), times=every_third, loss=None, smoothness=None, **columns)
    findings = examine(thin, 0.05)
    assert findings["coherence"].state is findings[IN_EXPECTATION].state is State.UNKNOWN


def test_one_noisy_seed_says_nothing_of_an_expectation() -> None:
    one = {name: getattr(evidence(), name)[:1] for name in ("values", "inner_product", "coherence")}
    findings = examine(replace(evidence(), seeds=(0,), loss=None, smoothness=None, **one), 0.05)
    assert findings[IN_EXPECTATION].state is State.UNKNOWN


@pytest.mark.parametrize(("share", "expected"), [(0.6, State.OK), (0.4, State.BROKEN)])
def test_without_noise_coherence_in_expectation_is_decided_exactly(share: float, expected: State) -> None:
    one = 0.1 * ONES[:1]
    exact = replace(evidence(), seeds=(0,), deterministic=True, loss=None, smoothness=None, values=one)
    found = examine(replace(exact, inner_product=share * one, coherence=ONES[:1]), 0.05)
    assert found[IN_EXPECTATION].state is expected


def test_a_log_cannot_show_how_its_noise_and_delays_came_about() -> None:
    findings = examine(evidence(simulated=False), 0.05)
    assert findings["unbiased"].state is findings["delays fixed"].state is State.UNKNOWN


def test_whether_a_users_own_stochastic_gradient_is_unbiased_is_unknown() -> None:
    assert state("unbiased", unbiased=False) is State.UNKNOWN


def test_a_contradiction_names_the_first_step_and_the_sizes() -> None:
    finding = examine(evidence(loss=np.where(np.arange(STEPS + 1) >= 7, 1.5, 3.0) * ONES), 0.05)["bounded below"]
    assert (finding.k, finding.value, finding.limit) == (7, 1.5, 1.0)
    assert "at k = 7: the loss has fallen by 1.5" in finding.sentence
