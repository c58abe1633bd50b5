"""Which assumption costs what: exact ratios where the formula is closed, units, and bounds that cease to apply."""

import numpy as np
import pytest

from tests.support.units import of_constant, of_value
from theory.bounds import REGISTRY, Setting, get
from theory.bounds.judging.assumption_costs import HALVED, Sizes, sensitivity, sensitivity_table, standard
from theory.common.errors import DomainError
from theory.schedules.schedule import NumericSchedule, Schedule
from theory.staleness.count import Staleness


def ratios(changes, steps):
    return {change.constant: change.ratio for change in changes if change.steps is steps}


def at(text, window=4, steps=50, delays=None, **given):
    values = {"L": 1.0, "Delta": 1.0, "sigma": 1.0, "mu": 0.5} | given
    delays = np.minimum(np.arange(steps), window - 1) if delays is None else delays
    sizes = Schedule(text).step_sizes(steps, delays=delays, s=window, **values)
    return Setting(sizes, delays, Staleness(window), values)


# ------------------------------------------------------------------------------------------------ exact ratios


def test_corollary_1_in_closed_form():
    L, Delta, sigma, s, T = 1.3, 0.7, 0.4, 6, 80
    setting = at(get("corollary-1").schedule.text, s, T, L=L, Delta=Delta, sigma=sigma)

    def closed(L, Delta, sigma, s):
        return sigma * np.sqrt(2 * L * Delta / T) + 2 * s * L * Delta / T

    here = closed(L, Delta, sigma, s)
    changes = sensitivity(get("corollary-1"), setting)
    assert ratios(changes, Sizes.DERIVED) == pytest.approx(
        {
            "L": closed(L / 2, Delta, sigma, s) / here,
            "Delta": closed(L, Delta / 2, sigma, s) / here,
            "sigma": closed(L, Delta, sigma / 2, s) / here,
            "s": closed(L, Delta, sigma, s // 2) / here,
        },
        rel=1e-12,
    )
    # Its steps are part of the theorem: kept, they are another theorem's.
    kept = [change for change in changes if change.steps is Sizes.KEPT]
    assert all(change.after is None and change.ratio is None for change in kept)
    assert all(change.failure.startswith("corollary-1 does not apply: ") for change in kept)
    assert all(change.before == pytest.approx(here, rel=1e-12) for change in changes)


def test_theorem_1_as_stated():
    setting = at("mu/(s*L*sqrt(k))", 4, 50, L=2.0, Delta=3.0, sigma=1.5)
    gap, noise = 4 * 2.0 * 3.0 / 0.25, 1.5**2 * np.log(50) / 4
    found = ratios(sensitivity(get("dai2019"), setting), Sizes.DERIVED)
    exact = {"L": gap / 2 + noise, "Delta": gap / 2 + noise, "sigma": gap + noise / 4, "mu": 4 * gap + noise}
    exact["s"] = gap / 2 + 2 * noise
    assert found == pytest.approx({name: value / (gap + noise) for name, value in exact.items()}, rel=1e-12)
    # The gap and the noise do not enter the steps: keeping them is the same.
    kept = ratios(sensitivity(get("dai2019"), setting), Sizes.KEPT)
    assert kept["Delta"] == found["Delta"] and kept["sigma"] == found["sigma"]
    assert [kept[name] for name in ("L", "mu", "s")] == [None] * 3


def test_a_bound_for_any_steps_is_affine_in_the_gap_and_in_the_variance():
    setting = at("1/(8*L)", 3, 30)
    value = get("theorem-a").evaluate(setting)
    without = get("theorem-a").evaluate(at("1/(8*L)", 3, 30, Delta=0.0))
    kept = ratios(sensitivity(get("theorem-a"), setting), Sizes.KEPT)
    assert kept["Delta"] == pytest.approx((value + without) / 2 / value, rel=1e-12)
    assert kept["sigma"] == pytest.approx((value - 0.75 * without) / value, rel=1e-12)
    assert set(kept) == {"L", "Delta", "sigma", "s"}
    exact = at("1/(8*L)", 3, 30, sigma=0.0)
    # Without noise the gap is a factor, and there is no noise to halve.
    assert ratios(sensitivity(get("theorem-b"), exact), Sizes.KEPT)["Delta"] == pytest.approx(0.5, rel=1e-14)
    assert "sigma" not in ratios(sensitivity(get("theorem-a"), exact), Sizes.KEPT)


def test_halving_the_staleness_clips_the_delays():
    delays = np.array([0, 1, 2, 3, 4, 0, 3, 1])
    setting = at("1/(10*L)", 5, 8, delays, sigma=0.3)
    clipped = Setting(setting.step_sizes, np.minimum(delays, 1), Staleness(2), setting.constants)
    changed = ratios(sensitivity(get("theorem-a"), setting), Sizes.KEPT)["s"]
    assert changed == get("theorem-a").evaluate(clipped) / get("theorem-a").evaluate(setting) < 1
    assert "s" not in ratios(sensitivity(get("theorem-a"), at("1/(10*L)", 1, 8)), Sizes.KEPT)


# --------------------------------------------------------------------------------------------------- the library


@pytest.mark.parametrize("name", REGISTRY)
def test_ratios_do_not_depend_on_the_units(name):
    # F -> a F and x -> b x turn L into a/b^2 L, sigma into a/b sigma, steps into b^2/a steps.
    a, b = 2.7, 0.6
    row = standard(get(name), staleness=3, steps=60)
    known = row.setting.constants
    constants = {name: value * of_constant(name, a, b) for name, value in known.items()}
    other = Setting(row.setting.step_sizes * b**2 / a, row.setting.delays, row.setting.staleness, constants)
    for one, two in zip(row.changes, sensitivity(get(name), other, row.schedule), strict=True):
        assert (one.constant, one.steps, one.failure == "") == (two.constant, two.steps, two.failure == "")
        assert two.before == pytest.approx(one.before * of_value(get(name), a, b), rel=1e-9)
        assert one.ratio is two.ratio is None or one.ratio == pytest.approx(two.ratio, rel=1e-9)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_bound_has_a_standard_setting_inside_its_domain_and_the_gap_costs_at_most_its_share(name):
    row = standard(get(name))
    assert row.value == get(name).evaluate(row.setting) > 0
    assert {change.constant for change in row.changes} <= {*HALVED, *get(name).given}
    gap = row.change("Delta", Sizes.KEPT)
    assert (gap is None) == bool(get(name).measures)
    # Where the weight of the mean is what the noise leaves of the gap, half of the gap halves both.
    known = gap is not None and gap.after is not None
    assert not known or 0.5 - 1e-12 <= gap.ratio < 1 or (name == "corollary-1b-star" and gap.ratio == 1)
    for change in row.changes:
        # At the same steps a smaller gap, less noise and a smaller staleness never make a bound larger.
        if change.constant in ("Delta", "sigma", "s") and change.steps is Sizes.KEPT and change.ratio is not None:
            assert change.ratio <= 1
        assert (change.after is None) == bool(change.failure)


def test_the_table_has_a_line_for_every_bound_and_says_what_the_steps_are():
    lines = sensitivity_table().splitlines()
    assert lines[0].split() == ["bound", "value", *(f"{name}/2" for name in HALVED)]
    assert [line.split()[0] for line in lines[1 : 1 + len(REGISTRY)]] == list(REGISTRY)
    assert all(len(line) <= 120 for line in lines[: 1 + len(REGISTRY)])
    text = "\n".join(lines)
    assert "mu/(s*L*sqrt(k)): dai2019" in text and "Without noise: theorem-b" in text


def test_steps_from_a_file_stay_as_they_are_and_a_setting_outside_is_refused():
    setting = at("1/(8*L)", 3, 30)
    again = sensitivity(get("theorem-a"), setting, NumericSchedule(setting.step_sizes))
    assert ratios(again, Sizes.KEPT) == ratios(again, Sizes.DERIVED)
    with pytest.raises(DomainError, match="theorem-a does not apply"):
        sensitivity(get("theorem-a"), at("9/L", 3, 30))
