"""What a method comes to: the rule of the engines, and the delayed steps whose points are the same."""

import numpy as np
import pytest

from experiments.problems.quadratic import quadratic
from experiments.runs.plan import plan
from experiments.runs.rules import as_delayed, rule_of
from experiments.simulate.delayed import simulate
from theory.bounds import Setting
from theory.common.errors import InputError
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness

PROBLEM = quadratic(4, 10, 0.0, 1.0)


def setting(seed=0, steps=30):
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(0.05, 0.5, steps) * (rng.random(steps) < 0.8)
    delays = np.minimum(rng.integers(0, 4, steps), np.arange(steps))
    return Setting(sizes, delays, Staleness(4), {"L": 1.0})


def points(steps, delays):
    options = {"seeds": [0], "batch": 1, "window": 8, "coherence": False}
    return simulate(PROBLEM, steps, delays, **options)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "method", ["wait", "batch-wait", "batch-wait:batch=2", "momentum:beta=0", "filter:gradients=0.0:2.0"]
)
def test_the_delayed_steps_of_a_method_have_its_points(seed, method):
    asked = setting(seed)
    rule = rule_of(method, asked)
    same = as_delayed(rule, asked)
    assert same is not None
    np.testing.assert_allclose(
        points(same.step_sizes, same.delays).gradient_norm_squared,
        points(rule, asked.delays).gradient_norm_squared,
        rtol=1e-12,
    )


def test_a_method_that_waits_comes_to_steps_without_delay():
    same = as_delayed(rule_of("wait", setting()), setting())
    assert same is not None and not same.delays.any()


@pytest.mark.parametrize("reads", [1, 2])
def test_a_batch_that_is_waited_for_is_an_update_of_so_many_gradients_without_delay(reads):
    rng, asked = np.random.default_rng(3), setting()
    delays = np.minimum(rng.integers(0, 3, (30, reads)), np.arange(30)[:, None]).reshape((30, reads)[:reads])
    several = Setting(np.full(30, 0.2), delays, asked.staleness, asked.constants)
    rule = rule_of("batch-wait:batch=2", several)
    same = as_delayed(rule, several)
    assert same is not None and same.delays.shape == (30, 2 * reads) and not same.delays.any()
    assert set(same.step_sizes) == {0.0, 0.2}
    np.testing.assert_allclose(
        points(same.step_sizes, same.delays).gradient_norm_squared,
        points(rule, delays).gradient_norm_squared,
        rtol=1e-12,
    )


def test_delayed_steps_are_taken_as_they_are_though_some_are_zero():
    asked = setting()
    assert as_delayed(rule_of("delayed", asked), asked) is asked


@pytest.mark.parametrize("method", ["momentum:beta=0.5", "filter:gradients=1.0,moves=-0.2:0.1", "counter-momentum"])
def test_a_method_with_moves_comes_to_delayed_steps_and_what_it_takes_back(method):
    steps, window = 30, 4
    late = np.minimum(np.arange(steps), window - 2)  # the method waits until a gradient is 3 old
    asked = Setting(np.full(steps, 0.1), late, Staleness(window), {"L": 1.0, "sigma": 0.0})
    rule = rule_of(method, asked)
    same = as_delayed(rule, asked)
    assert same is not None and same.moves.tolist() == (-rule.move_weights).tolist()
    again = LinearRule(same.step_sizes[:, None], -same.moves)
    assert again.moves_of(np.arange(steps) - same.delays) == pytest.approx(
        rule.moves_of(np.arange(steps) - late), abs=1e-15
    )
    if method == "counter-momentum":
        assert same.delays.tolist() == np.minimum(np.arange(steps), window - 1).tolist()
        noisy = Setting(asked.step_sizes, late, asked.staleness, {"L": 1.0, "sigma": 0.1})
        assert as_delayed(rule, noisy) is None  # g_0 comes again with the same noise


@pytest.mark.parametrize("method", ["nesterov:beta=0.5", "filter:gradients=1.0:1.0", "filter:gradients=-1.0"])
def test_a_method_that_comes_to_no_delayed_steps_is_none(method):
    asked = Setting(np.full(30, 0.1), setting().delays, Staleness(4), {"L": 1.0})
    assert as_delayed(rule_of(method, asked), asked) is None


def test_blocks_that_are_read_apart_need_delays_of_their_own(tmp_path):
    with pytest.raises(InputError, match="several a line"):
        plan("quadratic:d=3", "1/(2*s*L)", 2, 4, seeds=2, inconsistent=True)
    trace = tmp_path / "delays.txt"
    trace.write_text("0 0\n1 0\n0 1\n1 1\n")
    settled = plan("quadratic:d=3", "1/(2*s*L)", 2, 4, seeds=2, delays_file=trace, inconsistent=True)
    assert settled.setting.apart and settled.setting.delays.tolist() == [0, 1, 1, 1]
