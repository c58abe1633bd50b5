"""Where the bounds apply: every edge of every domain, the refusals in words, and one object behind all its uses."""

import contextlib
import io
import pickle
import re

import numpy as np
import pytest

from theory.bounds import REGISTRY, Setting, get
from theory.bounds.counter_momentum import run_of_method
from theory.common.errors import DelayError, DomainError, InputError, ScheduleError
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

ALL = tuple(REGISTRY)
PAPER = "mu/(s*L*sqrt(k))"


def fixed(steps, window):
    return np.minimum(np.arange(steps), window - 1)


def at(steps, window=None, delays=None, **constants):
    """A setting from step sizes, with fixed delays unless others are given."""
    steps = np.asarray(steps, dtype=float)
    window = window or (1 if delays is None else int(np.max(delays)) + 1)
    delays = fixed(steps.size, window) if delays is None else delays
    return Setting(steps, delays, Staleness(window), {"L": 1, "Delta": 1, "sigma": 0, "mu": 1} | constants)


def on(text, steps, window, delays=None, **constants):
    """A setting at a schedule."""
    values = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 1.0} | constants
    delays = fixed(steps, window) if delays is None else delays
    known = {name: values[name] for name in ("L", "Delta", "sigma", "mu")}
    sizes = Schedule(text).step_sizes(steps, delays=delays, s=window, **known)
    return Setting(sizes, delays, Staleness(window), values)


def native(name, steps, window, delays=None, **constants):
    """A setting at the bound's own schedule, or at the example inside its domain."""
    bound = get(name)
    if bound.takes_moves:
        known = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 1.0} | constants
        return run_of_method(steps, Staleness(window), known)
    schedule = bound.schedule.text if bound.schedule else bound.example
    if bound.synchronous_only:
        window, delays = 1, None
    return on(schedule, steps, window, delays, **{**bound.given, **constants})


# ------------------------------------------------------------------------------------------------- edges of domains

JUST_OUT = 1 + 1e-9


@pytest.mark.parametrize("delay", range(16))
def test_a_weight_that_is_zero_on_paper_is_not_refused_by_rounding(delay):
    # Constant step h/L, fixed delay D: v_0 = (h/L)(D + 2 - (D + 1) h - h^2 S) is the first weight to vanish.
    S = sum(min(i, delay) for k in range(delay + 1) for i in range(k + 1, k + delay + 1))
    edge = max(np.roots([-S, -delay - 1, delay + 2])) if S else 2.0
    for L in (1.0, 0.3, 7e5):
        steps = np.full(4 * delay + 5, edge / L)
        assert get("theorem-a").check_domain(at(steps, delay + 1, L=L)) == ()
        (failure,) = get("theorem-a").check_domain(at(steps * JUST_OUT, delay + 1, L=L))
        assert failure.index == "t" and failure.value < 0 == failure.limit and "v_" in failure.sentence()


@pytest.mark.parametrize(
    ("name", "inside", "outside", "k"),
    [
        ("theorem-b", at([3**0.5, 0.1]), at([3**0.5 * JUST_OUT, 0.1]), 0),
        ("dai2019-tight", at([1.2, 0.1], mu=0.6), at([1.2 * JUST_OUT, 0.1], mu=0.6), 0),
        ("dai2019-tight", at([0.02, 0.0396**0.5], 2), at([0.02, 0.0396**0.5 * JUST_OUT], 2), 0),
        ("dai2019-sum", at([0.4, 0.1], 3, mu=0.6), at([0.4 * JUST_OUT, 0.1], 3, mu=0.6), 0),
        ("dai2019-sum", at([0.2, 0.1, 0.1], 2), at([0.2, 0.1, 0.1 * JUST_OUT], 2), 3),
        ("theorem-a", at([0.1] * 4, 3), at([0.1] * 4, 2, fixed(4, 3)), 3),
        ("dai2019", on(PAPER, 7, 2), on(PAPER, 6, 2), None),
        ("dai2019-sum", at([0.1], mu=1), at([0.1], mu=JUST_OUT), None),
        ("dai2019-tight", at([0.1], mu=0.1), at([0.1], mu=0.0), None),
        ("theorem-b", at([0.1], sigma=0), at([0.1], sigma=1e-300), None),
        ("theorem-a", at([0.1], L=1e-9), at([0.1], L=0), None),
        ("theorem-a", at([0.1], sigma=0), at([0.1], sigma=-1e-9), None),
        ("theorem-a", at([0.1], Delta=0), at([0.1], Delta=-1e-9), None),
        ("corollary-2", native("corollary-2", 9, 2, Delta=1e-9), at([0.25], Delta=0), None),
        ("dai2019-tight", at([0.1, 0.0]), at([0.0, 0.0]), None),
        ("dai2019-tight", at([2.0, 0.1], mu=1), at([2.0, 2.0], mu=1), None),
        (
            "corollary-1",
            native("corollary-1", 5, 3, [0, 0, 1, 2, 0], sigma=1),
            native("corollary-1", 5, 3, [0, 0, 2, 0, 0], sigma=1),
            3,
        ),
    ],
)
def test_just_inside_is_accepted_and_just_outside_refused_at_the_right_place(name, inside, outside, k):
    assert get(name).check_domain(inside) == () and np.isfinite(get(name).evaluate(inside))
    failures = get(name).check_domain(outside)
    assert failures[0].k == k
    with pytest.raises(DomainError) as refusal:
        get(name).evaluate(outside)
    assert str(refusal.value) == failures[0].sentence() and str(refusal.value).startswith(f"{name} does not apply: ")


@pytest.mark.parametrize("name", ["dai2019", "corollary-1", "corollary-2"])
def test_another_way_to_compute_the_theorems_steps_is_accepted_and_other_steps_are_named(name):
    own = native(name, 40, 3, mu=0.7, sigma=0.5)
    bumped = own.step_sizes.copy()
    bumped[16] *= 1 + 5e-13
    assert get(name).check_domain(Setting(bumped, own.delays, own.staleness, own.constants)) == ()
    bumped[16:] *= 1 + 1e-11
    (failure,) = get(name).check_domain(Setting(bumped, own.delays, own.staleness, own.constants))
    assert (failure.k, failure.value) == (17, bumped[16])
    assert failure.limit == pytest.approx(own.step_sizes[16], rel=1e-12)
    shown = re.search(r"eta_17 = (\S+), needed ([^)]+)\)", failure.sentence())
    assert shown and shown[1] != shown[2]


def test_the_order_of_steps_and_reads_is_asked_for_only_where_the_proof_needs_it():
    growing = [0.1, 0.2, 0.3]
    assert get("dai2019-sum").check_domain(at(growing, 1)) == ()
    assert get("dai2019-sum").check_domain(at(growing, 2))[0].k == 2
    assert get("dai2019-tight").check_domain(at(growing, 2)) == ()
    late = [0, 0, 2, 0]
    assert get("corollary-1").check_domain(native("corollary-1", 4, 3, late, sigma=1))[0].k == 3
    assert get("corollary-1").check_domain(native("corollary-1", 4, 3, late)) == ()
    assert get("corollary-2").check_domain(native("corollary-2", 4, 3, late, sigma=1)) == ()


def test_refusals_are_sentences_that_say_what_where_and_how_to_mend_it():
    sentence = get("theorem-a").check_domain(at([0.1, 0.1, 0.1, 2.2]))[0].sentence()
    assert sentence == (
        "theorem-a does not apply: the weight v_t is negative at t = 3 (v_3 = -0.44, needed at least 0); "
        "smaller steps around there would mend it."
    )
    missing = get("dai2019-tight").check_domain(Setting([0.1], [0], Staleness(1), {"L": 1, "Delta": 1, "sigma": 0}))
    assert [f.sentence() for f in missing] == [
        "dai2019-tight does not apply: the constant mu has no value; give one with --constants mu=NUMBER."
    ]


@pytest.mark.parametrize("name", ["theorem-a", "theorem-b", "dai2019-tight"])
def test_values_beyond_floating_point_are_refused_not_infinite(name):
    for steps, L in (([1e200, 1e200], 1.0), ([1e308, 1e308], 1.0), ([1e-3], 1e-320)):
        with pytest.raises(DomainError):
            get(name).evaluate(at(steps, L=L, Delta=1e308))


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ScheduleError, ([], [], {})),
        (ScheduleError, ([[0.1]], [0], {})),
        (ScheduleError, ([0.1, -0.1], [0, 0], {})),
        (ScheduleError, ([0.1, np.nan], [0, 0], {})),
        (DelayError, ([0.1, 0.1], [0], {})),
        (DelayError, ([0.1, 0.1], [0, 2], {})),
        (DelayError, ([0.1, 0.1], [0, -1], {})),
        (DelayError, ([0.1, 0.1], [0, 0.5], {})),
        (InputError, ([0.1], [0], {"L": np.inf})),
    ],
)
def test_a_setting_refuses_what_no_run_can_have(error, arguments):
    steps, delays, constants = arguments
    with pytest.raises(error, match=r"Got "):
        Setting(steps, delays, Staleness(2), constants)


# ------------------------------------------------------------------------------------------------ one object, many uses


def test_a_setting_cannot_be_changed_and_survives_pickling():
    setting = at([0.1, 0.2], 2)
    for array in (setting.step_sizes, setting.delays):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    again = pickle.loads(pickle.dumps(setting))
    assert get("theorem-a").evaluate(again) == get("theorem-a").evaluate(setting)
    assert get("theorem-a").evaluate(setting.prefix(1)) == get("theorem-a").evaluate(at([0.1], 2))


@pytest.mark.parametrize("name", ALL)
def test_every_bound_says_what_it_is(name):
    bound = get(name)
    points = "the points read" if bound.of_reads else "x_0..x_T" if bound.covers_last else "x_0..x_{T-1}"
    assert bound.iterates.removesuffix(" and the points read") == (bound.measures.points if bound.measures else points)
    assert bound.needs_coherence == name.startswith("dai2019") == ("mu" in bound.constants)
    assert not (bound.needs_coherence and bound.covers_last)
    assert bound.latex() in bound.statement and all(text in bound.statement for text in bound.latex_conditions())
    for text in (bound.latex(), bound.quantity, *bound.latex_definitions(), *bound.latex_conditions()):
        assert text.count("{") == text.count("}") and "None" not in text
    for node in bound.definitions:
        assert any(line.startswith(node.symbol) for line in bound.latex_definitions())
    for text in (bound.title, bound.summary, bound.rate(), bound.verified, bound.source.text(), *bound.domain):
        assert text.strip()


@pytest.mark.parametrize("name", ALL)
def test_the_python_of_a_bound_runs_and_gives_its_value(name):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(get(name).python(), {})
    sigma = 0.0 if get(name).noise_free_only else 1.0
    expected = get(name).evaluate(native(name, 1000, 4, sigma=sigma, mu=0.5))
    assert float(out.getvalue()) == expected


def test_an_unknown_bound_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match=r"no bound named 'theorem-z'.*theorem-a"):
        get("theorem-z")
