"""Corollary S: its number, its edges, and exact runs of quadratics whose blocks are read apart."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from tests.support.quadratics import squares_in_blocks
from theory.bounds import REGISTRY, Setting, get
from theory.staleness.count import Staleness

BOUND = get("corollary-s")


def setting(steps, s, reads, L, Delta, sigma, factor=1.0):
    """The setting of the theorem's step, with the delays of its oldest blocks."""
    step = factor / (s * L + sigma * math.sqrt(L * steps / (2 * reads * Delta)))
    delays = np.minimum(np.arange(steps), s - 1)
    delays = np.tile(delays[:, None], (1, reads)) if reads > 1 else delays
    return Setting(np.full(steps, step), delays, Staleness(s), {"L": L, "Delta": Delta, "sigma": sigma})


def test_its_number_is_the_one_of_the_paper():
    draw = np.random.default_rng(3)
    for _ in range(100):
        steps, s, reads = (int(draw.integers(low, high)) for low, high in ((1, 60), (1, 9), (1, 5)))
        L, Delta, sigma = np.exp(draw.normal(size=3))
        expected = 2 * sigma * math.sqrt(2 * L * Delta / (reads * steps)) + 2 * s * L * Delta / steps
        assert BOUND.evaluate(setting(steps, s, reads, L, Delta, sigma)) == pytest.approx(expected, rel=1e-12)


def test_only_its_own_step_and_delays_within_the_window_are_admitted():
    for factor in (1 - 1e-9, 1 + 1e-9):
        assert BOUND.assess(setting(20, 3, 2, 1.0, 1.0, 0.5, factor))[0] is None
    within = setting(20, 3, 1, 1.0, 1.0, 0.5)
    beyond = Setting(within.step_sizes, np.minimum(np.arange(20), 3), Staleness(3), within.constants)
    assert BOUND.assess(within)[0] is not None and BOUND.assess(beyond)[0] is None


def test_of_blocks_read_apart_it_speaks_and_theorem_s():
    plain = setting(20, 3, 1, 1.0, 1.0, 0.5)
    apart = Setting(plain.step_sizes, plain.delays, plain.staleness, plain.constants, apart=True)
    spoken = {bound.name for bound in REGISTRY.values() if bound.assess(apart)[0] is not None}
    assert spoken == {"corollary-s", "theorem-s", "theorem-s-reads"} and BOUND.evaluate(apart) == BOUND.evaluate(plain)
    assert apart.prefix(5).apart and pickle.loads(pickle.dumps(apart)).apart
    sentence = get("theorem-a").assess(apart)[1][0].sentence()
    assert "blocks of coordinates are read apart" in sentence and "corollary-s" in sentence
    assert get("theorem-a").fraction(apart) is None


def test_no_quadratic_read_in_blocks_is_above_it_and_some_come_near_half():
    draw, worst = np.random.default_rng(8), 0.0
    for _ in range(400):
        d, s, steps = int(draw.integers(1, 5)), int(draw.integers(1, 7)), int(draw.integers(1, 40))
        curvatures = draw.choice([0.02, 0.3, 1.0], size=d)
        curvatures[0] = draw.choice([0.05, 0.3, 1.0])
        turn = np.linalg.qr(draw.normal(size=(d, d)))[0]
        start, sigma = draw.normal(size=d), draw.choice([0.0, 0.1, 1.0])
        Delta = float(curvatures @ (turn.T @ start) ** 2) / 2
        delays = np.minimum(draw.integers(0, s, size=(steps, d)), np.arange(steps)[:, None])
        given = setting(steps, s, 1, 1.0, Delta, sigma)
        oldest = Setting(given.step_sizes, delays.max(axis=1), Staleness(s), given.constants)
        squares = squares_in_blocks(curvatures, turn, start, given.step_sizes[0], delays, sigma)
        worst = max(worst, squares[:-1].mean() / BOUND.evaluate(oldest))
    assert 0.2 < worst <= 1
