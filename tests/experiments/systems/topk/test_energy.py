"""What top-k leaves of a vector: the powers of 1 - k/d, where they hold and where they break."""

import numpy as np
import pytest
from scipy.stats import laplace, norm, t, uniform

from experiments.systems.shared.compressors import get_compressor
from experiments.systems.topk.energy import energy_left, power_of, powers_at
from experiments.systems.topk.families import FAMILIES, below_the_line, get_family
from theory.common.errors import InputError

D = 10**5
BELL = [name for name, family in FAMILIES.items() if family.bell]
SHARES = np.array([0.001, 0.01, 0.1, 0.3, 0.5])


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_left_is_what_top_k_leaves(name):
    u = get_family(name).draw(1, 500)
    for k in (1, 7, 250, 500):
        rest = get_compressor("top-k").compress(u, k).residual
        assert energy_left(u)[k] == pytest.approx((rest @ rest) / (u @ u), rel=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_first_power_holds_for_every_vector(name):
    left = energy_left(get_family(name).draw(2, 2000))
    assert (left <= 1 - np.arange(2001) / 2000 + 1e-12).all()


@pytest.mark.parametrize("name", BELL)
def test_the_cube_holds_for_laws_that_fall_from_zero(name):
    # For uniform entries with equality; the sample's power at 10^5 entries is off by less than a tenth.
    assert (powers_at(get_family(name).draw(3, D), SHARES) > 2.9).all()


def test_uniform_entries_reach_the_cube():
    assert powers_at(np.arange(1, D + 1) / D, SHARES) == pytest.approx(3, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "law", "off"),
    # The squares of Student's t with 3 degrees have no variance: their sums stray far.
    [
        ("normal", norm(), 0.002),
        ("laplace", laplace(), 0.002),
        ("student", t(3), 0.1),
        ("uniform", uniform(-1, 2), 1e-3),
    ],
)
def test_one_per_cent_leaves_what_the_law_says(name, law, off):
    inner = law.expect(lambda x: x * x, lb=law.ppf(0.005), ub=law.ppf(0.995))
    means = [energy_left(get_family(name).draw(seed, D))[D // 100] for seed in range(3)]
    assert np.mean(means) == pytest.approx(inner / law.var(), abs=off)


def test_the_squares_of_the_line_reach_the_square():
    # w_i = 2 (d - i) + 1: the sums over i > k are (d - k)^2.
    u = np.sqrt(np.arange(2 * D - 1, 0, -2.0))
    assert powers_at(u, SHARES) == pytest.approx(2, abs=1e-9)


def test_squares_that_fall_faster_than_the_line_obey_the_square_at_every_k():
    # Chebyshev's order: pi^2_(i) / w_i does not increase.
    weights = np.arange(2 * 1000 - 1, 0, -2.0)
    ratios = np.sort(np.random.default_rng(0).exponential(size=(50, 1000)), axis=1)[:, ::-1]
    for ratio in ratios:
        assert (energy_left(np.sqrt(weights * ratio)) <= (1 - np.arange(1001) / 1000) ** 2 + 1e-12).all()


def test_to_lie_below_the_line_is_not_enough():
    u = below_the_line(D)
    assert (np.sort(u**2)[::-1] <= 1 - np.arange(D) / D).all()
    assert energy_left(u)[D // 10] > 0.81
    assert powers_at(u, [0.1])[0] < 2


def test_a_mode_away_from_zero_breaks_the_square():
    u = get_family("shifted").draw(0, D)
    assert energy_left(u)[D // 2] == pytest.approx(0.261, abs=0.002) and powers_at(u, [0.5])[0] < 2


def test_equal_sizes_leave_as_much_as_entries_at_random():
    assert powers_at(get_family("signs").draw(0, D), SHARES) == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e200])
def test_what_is_left_has_no_unit(scale):
    u = get_family("laplace").draw(0, 1000)
    np.testing.assert_allclose(energy_left(scale * u), energy_left(u), rtol=1e-12)


def test_nothing_is_left_of_zero():
    assert not energy_left(np.zeros(5)).any() and power_of(0.0, 0.2) == np.inf


def test_a_vector_with_a_nan_is_refused():
    with pytest.raises(InputError, match="entry 0 is nan"):
        energy_left(np.array([np.nan]))


def test_an_unknown_family_is_told_with_the_names():
    with pytest.raises(InputError, match=r"'gauss'\. .*normal"):
        get_family("gauss")
