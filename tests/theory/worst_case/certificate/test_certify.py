"""Certificates of what the solvers find: accepted, close to the float value, and above what functions really do."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from theory.common.errors import CertificateError, StoreError
from theory.staleness.count import Staleness
from theory.worst_case.certificate.certify import certify
from theory.worst_case.certificate.verify import verify, verify_file
from theory.worst_case.question import Question
from theory.worst_case.solution import Status
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.inequalities import neighbours

NEAR = 1e-6  # what a certificate may cost, relative to the float value


def falling(steps, s):
    """Theorem 1's steps at L = 1, mu = 1/2."""
    return 0.5 / (s * np.sqrt(np.arange(1, steps + 1)))


def constant(steps, s):
    return np.minimum(np.arange(steps), s - 1)


def scattered(steps, seed, largest):
    delays = np.random.default_rng(seed).integers(0, largest + 1, steps)
    return np.minimum(np.arange(steps), delays)


def with_holes(steps_sizes, seed):
    """A fifth of the steps set to 0."""
    return steps_sizes * (np.random.default_rng(seed).random(len(steps_sizes)) > 0.2)


def solved(question, reach=1):
    return solve(question, neighbours(question.steps, reach))


QUESTIONS = {
    "one step": (Question([1.0], [0]), 1),
    "theorem 1": (Question(falling(48, 4), constant(48, 4)), 1),
    "no delay": (Question(np.full(40, 1.2), constant(40, 1)), 1),
    "random delays, zero steps": (Question(with_holes(falling(60, 4), 0), scattered(60, 0, 4)), 3),
    "noise": (Question(falling(60, 4), constant(60, 4), variance=1.0), 1),
    "noise, random delays": (Question(falling(40, 4), scattered(40, 3, 4), variance=0.3), 2),
    "coherence": (Question(1 / np.sqrt(np.arange(1, 61)), constant(60, 4), coherence=0.5), 1),
    "coherence, noise": (Question(falling(30, 2), constant(30, 2), coherence=0.9, variance=0.1), 1),
    "wide coherence": (Question(falling(30, 2), constant(30, 2), coherence=-0.3, staleness=Staleness(5)), 1),
    "minus zero": (Question([0.5, -0.0, 0.5], [0, 0, 1], coherence=-0.0), 2),
    "mean": (Question(falling(60, 4), constant(60, 4), measure="mean"), 1),
    "mean, noise": (Question(falling(40, 2), constant(40, 2), measure="mean", variance=0.5), 1),
    "large steps": (Question(1 / np.sqrt(np.arange(1, 41)), constant(40, 4)), 4),
    "other units": (Question(falling(40, 2) / 1e3, constant(40, 2), smoothness=1e3, gap=1e-4, variance=1e-2), 1),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_certified_bound_is_within_a_millionth_of_the_value(name):
    question, reach = QUESTIONS[name]
    solution = solved(question, reach)
    certificate = certify(solution)
    accepted = verify(certificate.text)
    assert accepted.upper == certificate.upper
    assert accepted.statement == certificate.statement
    assert accepted.claim.step_sizes == tuple(question.step_sizes)
    assert accepted.claim.delays == tuple(question.delays)
    assert abs(certificate.loss) <= NEAR
    assert Fraction(certificate.upper_float) >= certificate.upper


def test_the_value_scales_with_l_and_delta():
    """Steps eta/L at (L, Delta) give L Delta times the value at (1, 1), to twice what a certificate may cost."""
    steps, delays = falling(40, 4), scattered(40, 1, 3)
    one = certify(solved(Question(steps, delays))).upper_float
    for smoothness, gap in ((3.0, 0.7), (1e4, 1e-3), (2e-5, 1e6)):
        other = certify(solved(Question(steps / smoothness, delays, smoothness=smoothness, gap=gap))).upper_float
        assert other / (smoothness * gap) == pytest.approx(one, rel=2 * NEAR)


def test_three_hundred_noisy_steps():
    certificate = certify(solved(Question(falling(300, 4), constant(300, 4), variance=1.0)))
    assert abs(certificate.loss) <= NEAR
    assert certificate.upper_float == pytest.approx(0.22896, rel=1e-4)


@pytest.mark.long
def test_a_thousand_steps():
    certificate = certify(solved(Question(falling(1000, 4), constant(1000, 4))))
    assert abs(certificate.loss) <= NEAR
    assert certificate.upper_float == pytest.approx(0.1220425, rel=1e-4)


# ------------------------------------------------------------------------------------------- multipliers that are bad


def spoilt(solution, **changes):
    return replace(solution, multipliers=replace(solution.multipliers, **changes))


def test_an_answer_called_inaccurate_is_certified_if_its_multipliers_are_good():
    solution = replace(solved(QUESTIONS["theorem 1"][0]), status=Status.INACCURATE, value=float("nan"))
    assert verify(certify(solution).text).upper < Fraction(49043, 100000)


def test_rough_multipliers_cost_what_they_are_worth_and_no_more():
    solution = solved(QUESTIONS["theorem 1"][0])
    rng = np.random.default_rng(2)
    pair = solution.multipliers.pair * (1 + 1e-6 * rng.standard_normal(len(solution.multipliers.pair)))
    certificate = certify(spoilt(solution, pair=pair))
    assert 0 <= certificate.loss < 1e-3


def test_multipliers_that_prove_nothing_are_refused_in_words():
    solution = solved(QUESTIONS["theorem 1"][0])
    with pytest.raises(CertificateError, match="no multipliers"):
        certify(replace(solution, multipliers=None))
    with pytest.raises(CertificateError, match=r"could be certified\. The slack matrix is not positive definite"):
        certify(spoilt(solution, pair=0 * solution.multipliers.pair))
    for measure in (np.full(49, np.nan), np.zeros(49), -np.ones(49)):
        with pytest.raises(CertificateError, match="no bound at all"):
            certify(spoilt(solution, measure=measure))


def test_a_flow_that_does_not_balance_is_restored_at_its_price():
    solution = solved(QUESTIONS["theorem 1"][0])
    half = spoilt(solution, gap=solution.multipliers.gap / 2, floor=solution.multipliers.floor / 2)
    assert certify(half).upper == pytest.approx(certify(solution).upper, rel=NEAR)


def test_a_certificate_is_saved_whole_or_not_at_all(tmp_path):
    certificate = certify(solved(Question([1.0], [0])))
    certificate.save(tmp_path / "one.txt")
    assert verify_file(tmp_path / "one.txt").upper == certificate.upper
    assert [path.name for path in tmp_path.iterdir()] == ["one.txt"]
    with pytest.raises(StoreError, match="cannot be written"):
        certificate.save(tmp_path / "missing" / "one.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        certificate.save(tmp_path / "folder")
    (tmp_path / "folder").rmdir()
    assert [path.name for path in tmp_path.iterdir()] == ["one.txt"]


# ------------------------------------------------------------------------------------------------ functions, replayed


class Wiggle:
    """F of one variable whose gradient is a broken line with slopes between -1 and 1, all numbers fractions."""

    def __init__(self, corners, heights):
        self.corners = [corners[0] - 1000, *corners, corners[-1] + 1000]
        self.heights = [heights[0] - 1000, *heights, heights[-1] + 1000]
        self.values = [Fraction(0)]
        for n in range(len(self.corners) - 1):
            width = self.corners[n + 1] - self.corners[n]
            self.values.append(self.values[-1] + width * (self.heights[n] + self.heights[n + 1]) / 2)

    @classmethod
    def drawn(cls, rng):
        """Starts at 0, going down at first, with mostly the steepest slopes."""
        heights, corners = [Fraction(1)], [Fraction(-3)]
        for _ in range(8):
            width = Fraction(int(rng.integers(1, 40)), 16)
            slope = Fraction(int(rng.choice([-4, -4, -1, 0, 2, 4, 4])), 4)
            corners.append(corners[-1] + width)
            heights.append(heights[-1] + slope * width)
        return cls(corners, heights)

    def piece(self, x):
        n = max(n for n in range(len(self.corners) - 1) if self.corners[n] <= x)
        width = self.corners[n + 1] - self.corners[n]
        return n, (self.heights[n + 1] - self.heights[n]) / width

    def gradient(self, x):
        n, slope = self.piece(x)
        return self.heights[n] + slope * (x - self.corners[n])

    def value(self, x):
        n, _ = self.piece(x)
        return self.values[n] + (x - self.corners[n]) * (self.heights[n] + self.gradient(x)) / 2

    @property
    def least(self):
        """Of a broken line's integral: at a corner or where the gradient is 0 on its way up."""
        places = list(self.corners)
        for n in range(len(self.corners) - 1):
            rise = self.heights[n + 1] - self.heights[n]
            if self.heights[n] < 0 < self.heights[n + 1]:
                places.append(self.corners[n] - self.heights[n] * (self.corners[n + 1] - self.corners[n]) / rise)
        return min(map(self.value, places))


class Parabola:
    def __init__(self, curvature):
        self.curvature, self.least = Fraction(curvature), Fraction(0)

    def gradient(self, x):
        return self.curvature * x

    def value(self, x):
        return self.curvature * x * x / 2


def replayed(function, start, question, noise=None):
    """Squared gradients along the run, exactly."""
    points = [Fraction(start)]
    for k, (step, read) in enumerate(zip(question.step_sizes, question.read_points, strict=True)):
        shift = 0 if noise is None else noise[k]
        points.append(points[-1] - Fraction(float(step)) * (function.gradient(points[read]) + shift))
    return [function.gradient(x) ** 2 for x in points]


@pytest.mark.parametrize(
    ("question", "reach"),
    [
        (Question(np.full(6, 0.5), constant(6, 2)), 6),
        (Question(np.full(12, 0.25), constant(12, 3)), 4),
        (Question([1.5, 0.0, 1.0, 0.75, 1.25], [0, 1, 0, 2, 0]), 5),
        (Question(np.full(5, 1.75), np.zeros(5, dtype=int)), 5),
    ],
)
def test_no_function_breaks_a_certificate(question, reach):
    """Exactly: the least |g_k|^2 of a run is at most upper * (F(x_0) - inf F), as the worst case scales with Delta."""
    upper, rng, largest = certify(solved(question, reach)).upper, np.random.default_rng(6), Fraction(0)
    functions = [Wiggle.drawn(rng) for _ in range(150)] + [Parabola(Fraction(n, 16)) for n in range(1, 17)]
    for function in functions:
        for start in (Fraction(-2), Fraction(0), Fraction(5, 4), Fraction(3)):
            gap = function.value(start) - function.least
            if gap > 0:
                reached = min(replayed(function, start, question)) / gap
                assert reached <= upper
                largest = max(largest, reached)
    assert largest > upper / 4  # the functions come near enough for the comparison to mean something


def test_no_function_breaks_a_certified_mean():
    question = Question([0.5, 0.25, 0.75, 0.5], [0, 1, 1, 0], measure="mean")
    upper, rng = certify(solved(question, 4)).upper, np.random.default_rng(7)
    weights = [Fraction(float(step)) for step in question.step_sizes]
    for function in [Wiggle.drawn(rng) for _ in range(150)]:
        squares = replayed(function, Fraction(-2), question)[:-1]
        mean = sum(w * square for w, square in zip(weights, squares, strict=True)) / sum(weights)
        assert mean <= upper * (function.value(Fraction(-2)) - function.least)


def test_no_noise_of_two_values_breaks_a_noisy_certificate():
    """All 2^T paths of e_k = +-1/2: the expectation is exact."""
    question = Question([0.5, 0.75, 0.5, 1.0], [0, 1, 0, 1], variance=0.25)
    upper = certify(solved(question, 4)).upper
    for n in range(1, 17):
        function = Parabola(Fraction(n, 16))
        start = Fraction(11, 8)  # F(x_0) - inf F <= 121/128 < 1
        signs = product((Fraction(1, 2), Fraction(-1, 2)), repeat=question.steps)
        paths = [replayed(function, start, question, noise) for noise in signs]
        expected = [sum(column) / len(paths) for column in zip(*paths, strict=True)]
        assert min(expected) <= upper
