"""No filter with a certificate of short lags is better than counter-momentum: what proves it, and what cannot."""

import math

import numpy as np
import pytest

from theory.methods.counter_momentum import Tuning
from theory.worst_case.limit.best.covering import Measure, cover


def density(rng, points=256):
    waves = np.cos(np.outer(2 * math.pi * np.arange(points) / points, np.arange(1, 5)))
    return np.exp(waves @ rng.normal(scale=0.4, size=4))


def multipliers(rng, lags):
    c = rng.dirichlet(np.ones(lags)) / np.arange(1, lags + 1) ** 2
    return c * rng.uniform(-1, 1, lags), c


def worth(t, c, taps, angles):
    """S at these angles, for a filter with these taps (the first D are 0)."""
    z = np.exp(-1j * angles)
    phi, total = np.polyval(taps[::-1], z), np.zeros(angles.size)
    for m, (tilt, weight) in enumerate(zip(t, c, strict=True), start=1):
        ends = sum(z**-i for i in range(m))
        total += tilt * ((1 + z**m) / 2 * phi * ends).real
        total += weight * (np.abs(1 - z**m) ** 2 - np.abs(phi * ends) ** 2) / 4
    return total


@pytest.mark.parametrize("seed", range(8))
def test_what_a_measure_bounds_is_above_the_mean_of_every_filter(seed):
    rng, delay, lags = np.random.default_rng(seed), int(seed % 3), 5
    measure = Measure.near(delay, lags, density(rng))
    t, c = multipliers(rng, lags)
    bound = measure.bound(t[None], c[None], 0.0)[0]
    angles = 2 * math.pi * np.arange(512) / 512
    weights = np.fft.hfft(measure.coefficients, 512)
    assert weights.min() > measure.least > 0
    for scale in (0.0, 0.3, 1.0):
        taps = np.concatenate([np.zeros(delay), rng.normal(scale=scale + 1e-9, size=20) * 0.7 ** np.arange(20)])
        assert (worth(t, c, taps, angles) * weights).mean() <= bound
    # And it is no more than that of the best of many taps.
    powers = np.exp(-1j * np.outer(angles, delay + np.arange(90)))
    one = np.eye(delay + 1)[delay]
    ends = [sum(np.exp(1j * angles * i) for i in range(m)) for m in range(1, lags + 1)]
    linear = sum(a * (1 + np.exp(-1j * angles * m)) / 2 * e for m, (a, e) in enumerate(zip(t, ends, strict=True), 1))
    square = sum(b * np.abs(e) ** 2 / 4 for b, e in zip(c, ends, strict=True))
    form = (powers.conj().T * (square * weights)) @ powers / 512
    best = np.linalg.solve(form.real, ((linear * weights) @ powers).real / 512) / 2
    taps = np.concatenate([one[:delay] * 0, best])
    assert (worth(t, c, taps, angles) * weights).mean() == pytest.approx(bound, rel=1e-6, abs=1e-8)


def test_no_measure_settles_counter_momentum_itself_at_a_smaller_weight():
    rng, tuning = np.random.default_rng(3), Tuning.of(1)
    beta = tuning.weight / math.sin(tuning.theta / 2) ** 2
    for _ in range(50):
        measure = Measure.near(1, 2, density(rng))
        assert measure.bound(np.array([[1.0, 0.0]]), np.array([[beta, 0.0]]), tuning.weight * (1 - 1e-9))[0] > 0


def test_a_density_that_is_not_positive_enough_is_no_measure():
    assert Measure.near(1, 2, 1e-3 + np.exp(9 * np.cos(2 * math.pi * np.arange(256) / 256))) is None


def test_part_of_the_proof_is_found():
    found = cover(1, 2, most=60)
    assert found.settled["a measure"] + found.settled.get("two frequencies", 0) >= 55 and found.left > 0


# Every filter with delay 1 or 2, every certificate of these lags.
@pytest.mark.long
@pytest.mark.parametrize(("delay", "near", "last"), [(1, 2, 2), (2, 2, 2)])
def test_no_filter_is_better_with_multipliers_of_short_lags(delay, near, last):
    assert cover(delay, near, last).left == 0
