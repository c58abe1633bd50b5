"""The worst delay pattern: against plain enumeration, and what is known of the constant delay."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from theory.bounds import get
from theory.bounds.parts.setting import Setting
from theory.common.errors import InputError, ScheduleError, StalenessError
from theory.staleness.count import Staleness
from theory.staleness.stability import adversarial_delay_limit, fixed_delay_limit
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.traces.named import all_traces, constant_delays, count_traces, named_traces, sawtooth
from theory.worst_case.traces.patterns import _Hunt, worst_delays

CASES = {
    "constant steps": ([0.4] * 4, 3, {}),
    "uneven steps": ([1.9, 0.67, 0.89, 1.67], 2, {}),
    "a step of zero": ([0.9, 0.0, 0.7, 0.5], 3, {}),
    "noise and overtaking": ([0.5, 0.3, 0.4], 3, {"variance": 0.5}),
    "coherence": ([0.25, 0.5, 0.76], 3, {"coherence": 0.9}),
    "the mean": ([0.2, 0.2, 0.2], 2, {"measure": "mean"}),
    "other units": ([0.04, 0.03, 0.05], 3, {"smoothness": 10.0, "gap": 0.5}),
}


def brute(steps, staleness, options):
    """Every trace, none left out, each with all pairs."""
    best = {}
    for trace in product(*(range(min(staleness, k + 1)) for k in range(len(steps)))):
        asked = Question(steps, trace, staleness=Staleness(staleness), **options)
        best[trace] = worst_case(asked, reach=len(steps)).value
    return best


@pytest.mark.parametrize("case", CASES)
def test_the_exhaustive_answer_is_that_of_plain_enumeration(case):
    steps, staleness, options = CASES[case]
    found, values = worst_delays(steps, staleness, **options), brute(steps, staleness, options)
    assert found.exhaustive and found.all_pairs
    assert found.value == pytest.approx(max(values.values()), rel=3e-6)
    assert values[tuple(found.delays)] == pytest.approx(found.value, rel=3e-6)
    assert found.constant_value == pytest.approx(
        values[tuple(constant_delays(len(steps), Staleness(staleness)))], rel=3e-6
    )
    assert found.upper >= max(values.values()) * (1 - 1e-6)


@pytest.mark.parametrize("case", ["uneven steps", "the mean", "coherence"])
def test_a_search_never_beats_enumeration_and_never_falls_below_the_constant_delay(case):
    steps, staleness, options = CASES[case]
    exact = worst_delays(steps, staleness, **options)
    searched = worst_delays(steps, staleness, **options, limit=1, effort=12)
    assert not searched.exhaustive and searched.method.startswith("hill climbing from ")
    assert searched.constant_value * (1 - 1e-9) <= searched.value <= exact.value * (1 + 3e-6)


def test_a_search_is_the_same_every_time_and_keeps_to_its_effort():
    steps = np.full(30, 0.3)
    one, two = (worst_delays(steps, 3, limit=5, effort=14) for _ in range(2))
    assert (one.delays == two.delays).all() and one.value == two.value
    assert one.solved <= 14 and not one.all_pairs
    assert one.value <= one.upper


def test_bounds_rule_out_traces_and_change_nothing(monkeypatch):
    steps = np.full(5, 0.35)
    pruned = worst_delays(steps, 3)
    monkeypatch.setattr(_Hunt, "bound", lambda self, prefix: float("inf"))
    plain = worst_delays(steps, 3)
    assert pruned.solved < 10 < plain.solved == plain.traces == 54
    assert pruned.value == pytest.approx(plain.value, rel=2e-6)
    assert pruned.constant_is_worst and plain.constant_is_worst


def test_short_steps_need_one_worst_case_however_many_traces_there_are():
    found = worst_delays(np.full(20, 0.07), 3)
    assert found.exhaustive and found.solved == 1 and found.traces == 2 * 3**18
    assert found.constant_is_worst


@pytest.mark.parametrize("options", [{}, {"variance": 0.5}])
def test_more_staleness_is_never_better_for_the_worst_trace(options):
    steps = [0.8, 0.3, 0.6, 0.9]
    values = [worst_delays(steps, staleness, **options).value for staleness in (1, 2, 3)]
    assert values[0] <= values[1] * (1 + 2e-6) and values[1] <= values[2] * (1 + 2e-6)


def test_the_constant_delay_stands_first_among_all_traces_and_is_one_of_the_named():
    window = Staleness(3)
    listed = list(all_traces([1.0] * 5, window))
    assert listed[0] == tuple(constant_delays(5, window)) == named_traces(5, window)["constant"]
    assert len(listed) == len(set(listed)) == count_traces([1.0] * 5, window) == 54
    assert set(named_traces(5, window).values()) <= set(listed)


def test_named_traces_of_a_staleness_of_one_are_one():
    assert list(named_traces(4, Staleness(1))) == ["constant"]
    assert worst_delays([0.5, 0.5], 1).traces == 1


def test_uneven_long_steps_have_a_worse_trace_than_the_constant_delay():
    """Exact, and no accident of the solver: 17 % apart."""
    found = worst_delays([1.904, 0.6707, 0.8866, 1.6698], 2)
    assert found.delays.tolist() == [0, 1, 0, 1] and found.exhaustive
    assert found.ratio == pytest.approx(1.170, abs=2e-3)


def test_alternating_steps_may_double_the_worst_case_of_the_constant_delay():
    found = worst_delays([1.8, 0.2] * 3, 2)
    assert found.delays.tolist() == [0, 1] * 3
    assert found.ratio == pytest.approx(2.185, abs=2e-3)


@pytest.mark.parametrize("staleness", [2, 3])
@pytest.mark.parametrize("fraction", [0.3, 0.7, 1.0])
def test_at_a_constant_step_no_trace_of_a_short_run_is_worse_than_the_constant_delay(staleness, fraction):
    found = worst_delays(np.full(5, fraction * fixed_delay_limit(staleness - 1)), staleness)
    assert found.exhaustive and found.constant_is_worst


def test_the_sawtooth_keeps_the_gradient_of_a_parabola_large_where_the_constant_delay_converges():
    """The counterexample of the docstring: s = 3, L eta = 3/5, in exact arithmetic for ever and by Theorem C."""
    step, x = Fraction(3, 5), [Fraction(1)]
    for delay in sawtooth(8, 4, Staleness(3)):
        x.append(x[-1] - step * x[len(x) - 1 - delay])
    assert x[:5] == [1, Fraction(2, 5), Fraction(-1, 5), Fraction(-4, 5), Fraction(-26, 25)]
    assert [value / x[0] for value in x[4:]] == [Fraction(-26, 25) * value for value in x[:5]]  # and so on: it grows
    floor = 2 * min(value**2 for value in x[:4])  # |g|^2 in units of L Delta, x_0^2/2 being Delta
    assert floor == Fraction(2, 25)
    assert adversarial_delay_limit(2) < 0.6 < fixed_delay_limit(2)
    steps = 1000
    run = Setting(
        np.full(steps, 0.6), constant_delays(steps, Staleness(3)), Staleness(3), {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
    )
    assert get("theorem-c").evaluate(run) < 0.072 < float(floor)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(StalenessError):
        worst_delays([0.5], 0)
    with pytest.raises(ScheduleError):
        worst_delays([0.5, -0.1], 2)
    with pytest.raises(InputError, match="limit"):
        worst_delays([0.5], 2, limit=0)
    with pytest.raises(InputError, match="effort"):
        worst_delays([0.5], 2, effort=0)
    with pytest.raises(InputError, match="variance"):
        worst_delays([0.5], 2, variance=-1.0)
