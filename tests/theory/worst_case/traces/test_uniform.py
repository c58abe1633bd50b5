"""Bounds for every delay trace at once, and steps at which delays do not matter: by enumeration."""

from itertools import pairwise, product

import numpy as np
import pytest

from theory.bounds import get
from theory.bounds.parts.setting import Setting
from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.traces.uniform import delays_matter, ripple_value, uniform_bound


def traces(steps, staleness):
    return list(product(*(range(min(staleness, k + 1)) for k in range(steps))))


def latest(steps, staleness):
    return np.minimum(np.arange(steps), staleness - 1)


def setting(steps, delays, staleness, sigma=0.0):
    return Setting(steps, delays, Staleness(staleness), {"L": 1.0, "Delta": 1.0, "sigma": sigma})


def in_order(trace):
    return all(after <= before + 1 for before, after in pairwise(trace))


def random_cases(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        staleness, steps = int(rng.integers(1, 5)), int(rng.integers(2, 12))
        sizes = 10 ** rng.uniform(-1.5, -0.2, steps) / staleness
        sizes[rng.random(steps) < 0.1] = 0.0
        earlier = rng.integers(0, staleness, steps)
        yield sizes, np.minimum(earlier, latest(steps, staleness)), staleness, float(rng.choice([0.0, 0.3, 1.0]))


@pytest.mark.parametrize("name", ["theorem-a", "theorem-b"])
def test_a_theorem_that_is_uniform_at_the_constant_delay_applies_at_every_trace_and_is_no_larger_there(name):
    compared = 0
    for sizes, trace, staleness, sigma in random_cases(400, seed=1):
        noise = 0.0 if name == "theorem-b" else sigma
        question = Question(sizes, latest(len(sizes), staleness), variance=noise**2)
        found = uniform_bound(question, refined=False)
        if found is not None and found.name == name:
            compared += 1
            assert get(name).evaluate(setting(sizes, trace, staleness, noise)) <= found.value * (1 + 1e-12)
    assert compared > 100


def test_theorem_ar_at_the_constant_delay_bounds_theorem_ar_at_no_trace_by_accident():
    """At fixed numbers rho it is uniform; the library may choose other numbers at another trace, which only helps."""
    compared = 0
    for sizes, trace, staleness, sigma in random_cases(150, seed=2):
        question = Question(sizes, latest(len(sizes), staleness), variance=sigma**2)
        found = uniform_bound(question)
        if found is not None and found.name == "theorem-ar":
            compared += 1
            library = get("theorem-ar").evaluate(setting(sizes, trace, staleness, sigma))
            assert library <= found.value * (1 + 1e-3)  # the library's numbers are good ones, not the best
    assert compared > 30


def test_at_the_constant_delay_itself_the_uniform_bound_is_the_librarys():
    for sizes, _, staleness, sigma in random_cases(60, seed=3):
        delays = latest(len(sizes), staleness)
        found = uniform_bound(Question(sizes, delays, variance=sigma**2), in_order=True)
        if found is not None:
            library = get(found.name).evaluate(setting(sizes, delays, staleness, sigma))
            assert found.value == pytest.approx(library, rel=1e-12)


def test_the_windows_of_theorem_a_only_grow_with_the_delays():
    """The proof's one observation, on all pairs of ordered traces of four steps."""
    sizes = np.array([0.1, 0.3, 0.05, 0.2])
    value = {d: get("theorem-a").evaluate(setting(sizes, d, 3)) for d in traces(4, 3)}
    for later, earlier in product(value, value):
        if all(a >= b for a, b in zip(later, earlier, strict=True)):
            assert value[earlier] <= value[later] + 1e-15


@pytest.mark.parametrize(("variance", "coherence"), [(0.0, None), (0.5, None), (0.0, 0.5)])
def test_the_worst_case_of_every_trace_lies_between_the_ripple_and_the_uniform_bound(variance, coherence):
    sizes = np.array([0.25, 0.1, 0.2, 0.3])
    ceiling = uniform_bound(Question(sizes, latest(4, 3), variance=variance))
    for trace in traces(4, 3):
        asked = Question(sizes, trace, variance=variance, coherence=coherence, staleness=Staleness(3))
        value = worst_case(asked, reach=4).value
        assert ripple_value(asked) * (1 - 1e-7) <= value <= ceiling.value * (1 + 1e-7)


def test_an_overtaken_trace_may_be_above_theorem_a_of_the_constant_delay_and_is_below_the_uniform_bound():
    sizes, sigma = np.full(6, 0.2), 1.0
    delays = latest(6, 3)
    ordered = uniform_bound(Question(sizes, delays, variance=sigma**2), in_order=True, refined=False)
    everything = uniform_bound(Question(sizes, delays, variance=sigma**2), refined=False)
    values = {d: get("theorem-a").evaluate(setting(sizes, d, 3, sigma)) for d in traces(6, 3)}
    assert max(value for d, value in values.items() if in_order(d)) <= ordered.value * (1 + 1e-12)
    assert max(values.values()) > ordered.value
    assert max(values.values()) <= everything.value


@pytest.mark.parametrize("staleness", [2, 3, 4])
def test_short_steps_have_one_worst_case_whatever_the_delays(staleness):
    step = 1 / ((staleness - 1) ** 2 + staleness**2)
    assert not delays_matter(np.full(9, step * (1 - 1e-12)), latest(9, staleness))
    rng = np.random.default_rng(staleness)
    for coherence in (None, 0.9):
        trace = np.minimum(rng.integers(0, staleness, 9), np.arange(9))
        asked = Question(np.full(9, step), trace, coherence=coherence, staleness=Staleness(staleness))
        assert worst_case(asked, reach=9).value == pytest.approx(ripple_value(asked), rel=1e-6)


def test_a_little_above_that_step_the_theorem_says_nothing_and_at_twice_of_it_the_constant_delay_is_worse():
    assert delays_matter(np.full(9, 0.0770), latest(9, 3))
    constant, fresh = (Question(np.full(9, 2 / 13), d) for d in (latest(9, 3), np.zeros(9, dtype=int)))
    assert worst_case(constant, reach=9).value > ripple_value(constant) * 1.0001
    assert worst_case(fresh, reach=9).value == pytest.approx(ripple_value(fresh), rel=1e-6)


def test_at_theorem_1s_steps_no_trace_is_three_parts_in_ten_thousand_worse_than_another():
    sizes = 0.5 / (4 * np.sqrt(np.arange(1, 1001)))
    question = Question(sizes, latest(1000, 4))
    assert 1 <= uniform_bound(question).value / ripple_value(question) < 1.0003


def test_there_is_no_bound_for_the_mean_nor_for_steps_beyond_every_domain():
    assert uniform_bound(Question([0.1, 0.1], [0, 1], measure="mean")) is None
    assert uniform_bound(Question(np.full(9, 1.9), latest(9, 2))) is None


def test_values_have_the_units_of_the_question():
    delays = latest(5, 3)
    one = Question(np.full(5, 0.2), delays, variance=0.5)
    other = Question(np.full(5, 0.02), delays, smoothness=10.0, gap=3.0, variance=15.0)
    assert uniform_bound(other).value == pytest.approx(30 * uniform_bound(one).value, rel=1e-12)
    assert ripple_value(other) == pytest.approx(30 * ripple_value(one), rel=1e-12)
