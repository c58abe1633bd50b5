"""The weighted means that proofs bound: their weights, and that the value bounds them where moments are known."""

import numpy as np
import pytest

from experiments.check.calibration.calibrate import DelayedQuadratic
from theory.bounds import REGISTRY, Setting, get
from theory.bounds.counter_momentum import run_of_method
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

WEIGHED = [name for name, bound in REGISTRY.items() if bound.weights or bound.weighing]
#: Bounds whose value is the right side of the sum over its weights; the others are derived from such a sum.
DERIVED = ("dai2019", "dai2019-strict", "corollary-1", "corollary-2")
QUOTIENTS = [name for name in WEIGHED if name not in DERIVED]
#: What the proofs state as the weight of x_T.
AT_LAST = (
    "theorem-a", "theorem-ab", "theorem-b-noise", "average-delay", "average-delay-adaptive", "corollary-1",
    "corollary-2",
)  # fmt: skip


def setting(name, steps=40, window=3, **constants):
    bound = get(name)
    window = 1 if bound.synchronous_only else window
    values = {"L": 1.5, "Delta": 2.0, "sigma": 0.0 if bound.noise_free_only else 0.7, "mu": 0.6} | constants
    # Plain SGD of one worker, whose gradients are at most those that L and Delta allow.
    alone = {"G": (2 * 1.5 * 2.0 + 0.7**2) ** 0.5, "delta": 1.0, "zeta": 0.0, "workers": 1.0, "group": 1.0}
    if bound.takes_moves:
        return run_of_method(steps, Staleness(window), values)
    delays = np.minimum(np.arange(steps), window - 1)
    schedule = bound.schedule or Schedule("1/(10*L*s*sqrt(k))" if name != "average-delay" else "1/(10*L*s)")
    if name in ("koloskova2022", "average-delay"):
        schedule = Schedule("1/(4*L*s)")
    sizes = schedule.step_sizes(steps, delays=delays, s=window, **values)
    return Setting(sizes, delays, Staleness(window), alone | values)


def test_which_bounds_have_weights() -> None:
    assert {"theorem-a", "theorem-ar", "theorem-b-noise", "dai2019-tight", "dai2019-sum", "lian2015"} <= set(WEIGHED)


@pytest.mark.parametrize("name", WEIGHED)
def test_weights_are_a_mean_over_the_points_that_the_bound_covers(name: str) -> None:
    weights = get(name).weigh(setting(name))
    assert weights.shape == (41,)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    assert (weights[-1] > 0) == get(name).covers_last


@pytest.mark.parametrize("name", QUOTIENTS)
def test_the_value_times_the_sum_of_the_weights_is_the_right_side_of_the_proof(name: str) -> None:
    bound, at = get(name), setting(name)
    environment = bound._environment(at)
    each = bound.weights or bound.weighing.each
    whole = np.sum(each.evaluate(environment))
    if bound.covers_last:
        whole /= 1 - bound.weigh(at)[-1]
    assert bound.evaluate(at) * whole == pytest.approx(bound.value.over.evaluate(environment), rel=1e-12)


@pytest.mark.parametrize("name", AT_LAST)
def test_what_is_left_for_the_last_point_is_what_smoothness_gives(name: str) -> None:
    at = setting(name)
    whole = get(name).weighing.whole.evaluate(get(name)._environment(at))
    # F(x_T) - inf F >= |g_T|^2 / 2L; Theorem B's pairs (k, k+1) add eta_{T-1}/4.
    own = 1 / 3.0 + (at.step_sizes[-1] / 4 if name == "theorem-b-noise" else 0)
    assert get(name).weigh(at)[-1] * whole == pytest.approx(own, rel=1e-9)


def test_the_last_weight_of_theorem_ar_has_its_free_number() -> None:
    bound, at = get("theorem-ar"), setting("theorem-ar")
    environment = bound._environment(at)
    rho = environment.values["rho"][-1]
    whole = bound.weighing.whole.evaluate(environment)
    assert bound.weigh(at)[-1] * whole == pytest.approx((1 - 1 / rho) / 6 + 1 / 3, rel=1e-9)
    assert rho != 1


def quadratic(at: Setting, dimension: int, noise: float) -> DelayedQuadratic:
    """A quadratic with the constants of the setting: L, Delta and sigma are exact on it."""
    values = at.constants
    curvatures = values["L"] * np.linspace(1, 0.2, dimension)
    start = np.sqrt(2 * values["Delta"] / curvatures / dimension)
    return DelayedQuadratic("q", curvatures, start, noise / dimension**0.5, at.step_sizes, at.delays)


# Moves taken back have moments of their own, in test_counter_momentum.py.
@pytest.mark.parametrize("name", [name for name in WEIGHED if not get(name).takes_moves])
@pytest.mark.parametrize("dimension", [1, 4])
def test_the_weighted_mean_is_below_the_value_on_quadratics(name: str, dimension: int) -> None:
    # Without noise, short steps make every coordinate fall in each step: <g_k, g_tau> >= |g_k|^2, and mu = 0.6 holds.
    at = setting(name, **({"sigma": 0.0} if get(name).needs_coherence else {}))
    moments = quadratic(at, dimension, at.constants["sigma"]).moments()
    assert get(name).weigh(at) @ moments <= get(name).evaluate(at) * (1 + 1e-12)
    assert moments.min() <= get(name).weigh(at) @ moments


def test_theorem_a_is_tight_for_the_weighted_mean_on_a_quadratic() -> None:
    # F = |x|^2/2 without delay: every inequality of the proof is an equality.
    steps, step, dimension, variance = 30, 0.2, 3, 2.0
    gap = 1.7
    at = Setting(
        np.full(steps, step), np.zeros(steps, int), Staleness(1), {"L": 1, "Delta": gap, "sigma": variance**0.5}
    )
    start = np.full(dimension, (2 * gap / dimension) ** 0.5)
    run = DelayedQuadratic("q", np.ones(dimension), start, (variance / dimension) ** 0.5, at.step_sizes, at.delays)
    assert get("theorem-a").weigh(at) @ run.moments() == pytest.approx(get("theorem-a").evaluate(at), rel=1e-12)
