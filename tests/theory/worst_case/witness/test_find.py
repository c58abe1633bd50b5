"""Witnesses: they are checked exactly, what is no function is refused, and they come near the solver's value."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from theory.common.errors import CertificateError
from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.find import Witness, check, rounded, witness
from theory.worst_case.witness.mixture import best_weights
from theory.worst_case.witness.parts import combined, known, linear, parabola, rooms, tight_pairs


def question(steps, s, **options):
    steps = np.asarray(steps, dtype=float)
    return Question(steps, np.minimum(s - 1, np.arange(steps.size)), staleness=Staleness(s), **options)


def theorem_1(s, T):
    return question((1 if s == 1 else 0.5) / (s * np.sqrt(np.arange(1, T + 1))), s)


def exactly_valid(found):
    """All inequalities in fractions, nothing else: the slow second implementation of the check."""
    L = Fraction(found.question.smoothness)
    n = len(found.values)
    x, g = [found.point(k) for k in range(n)], [found.gradient(k) for k in range(n)]

    def dot(a, b):
        return sum(p * q for p, q in zip(a, b, strict=True))

    def minus(a, b):
        return [p - q for p, q in zip(a, b, strict=True)]

    for i, j in permutations(range(n), 2):
        dx, dg = minus(x[i], x[j]), minus(g[i], g[j])
        right = dot([p + q for p, q in zip(g[i], g[j], strict=True)], dx) / 2 + dot(dg, dg) / (4 * L)
        if found.values[i] < found.values[j] + right - L / 4 * dot(dx, dx):
            return False
    floor = all(f >= dot(g[k], g[k]) / (2 * L) for k, f in enumerate(found.values))
    return floor and found.values[0] <= Fraction(found.question.gap)


def passes(found):
    try:
        check(found)
    except CertificateError:
        return False
    return True


def test_the_points_follow_from_the_gradients_exactly():
    asked = question([0.1, 0.2, 0.3], 2)
    found = Witness(asked, np.array([[1.0], [0.7], [0.3], [0.1]]), (Fraction(1),) * 4)
    eta, g = [Fraction(0.1), Fraction(0.2), Fraction(0.3)], [Fraction(1), Fraction(0.7), Fraction(0.3)]
    assert found.point(3) == [-eta[0] * g[0] - eta[1] * g[0] - eta[2] * g[1]]
    assert found.points[3, 0] == float(found.point(3)[0])


def test_the_check_agrees_with_plain_fractions_on_both_sides_of_the_boundary():
    """Parabolas of curvature c exist for c <= L; values moved by little are valid or not as the slow check says."""
    rng, verdicts = np.random.default_rng(1), []
    for _ in range(60):
        asked = question(rng.uniform(0, 0.6, size=4), 2)
        part = parabola(asked, float(rng.choice([0.5, 0.9999999, 1.0])))
        found = rounded(asked, combined([part, linear(asked)], np.array([1 - 1e-8, 1e-8])), 1e-9)
        shift = int(rng.integers(5))
        moved = found.values[shift] * (1 + Fraction(rng.normal() * 10.0 ** rng.integers(-17, -2)))
        found = Witness(asked, found.gradients, (*found.values[:shift], moved, *found.values[shift + 1 :]))
        verdicts.append(exactly_valid(found))
        assert passes(found) == verdicts[-1]
    assert 10 < sum(verdicts) < 50


def test_a_parabola_on_the_boundary_of_its_class_is_accepted_and_one_beyond_it_is_not():
    """F = c x^2/2 with x_0 = 1 and dyadic numbers: exact equality in every inequality at c = L = 1."""
    asked = question([0.5, 0.25, 0.5], 1)
    for c, valid in ((1.0, True), (1 + 2**-40, False)):
        x = np.array([1.0, 0.5, 0.375, 0.1875])
        if c != 1.0:
            gradients = [Fraction(c)]
            for step in asked.step_sizes.tolist():
                gradients.append(gradients[-1] * (1 - Fraction(c) * Fraction(step)))
            x = np.array([float(g / Fraction(c)) for g in gradients])
        values = tuple(Fraction(c) * Fraction(float(v)) ** 2 / 2 for v in x)
        assert passes(Witness(asked, c * x[:, None], values)) == valid


def test_a_witness_that_claims_a_larger_gradient_or_a_larger_gap_is_refused():
    found = witness(worst_case(theorem_1(2, 20)))
    assert check(found) == found.value
    with pytest.raises(CertificateError):
        check(Witness(found.question, found.gradients * (1 + 1e-5), found.values))
    raised = (found.values[0] + Fraction(1, 1024), *found.values[1:])
    with pytest.raises(CertificateError):
        check(Witness(found.question, found.gradients, raised))
    with pytest.raises(CertificateError, match="more than Delta"):
        check(Witness(found.question, found.gradients, tuple(value + Fraction(1, 1024) for value in found.values)))
    with pytest.raises(CertificateError, match="no L-smooth function stays above 0"):
        check(Witness(found.question, found.gradients, tuple(value - Fraction(1, 4) for value in found.values)))
    with pytest.raises(CertificateError, match="gradients and"):
        check(Witness(found.question, found.gradients[:-1], found.values))
    with pytest.raises(CertificateError, match="powers of two"):
        check(Witness(found.question, found.gradients, (Fraction(1, 3), *found.values[1:])))
    with pytest.raises(CertificateError, match="finite"):
        check(Witness(found.question, np.full_like(found.gradients, np.nan), found.values))


def test_huge_and_tiny_numbers_are_judged_exactly():
    asked = question([1e-300, 1e300], 1)
    assert not passes(Witness(asked, np.full((3, 1), 1e300), (Fraction(1), Fraction(1), Fraction(10**700))))
    assert witness(worst_case(question(0.3 ** np.arange(60), 1), reach=1)).lower > 0.4


@pytest.mark.parametrize(
    ("asked", "ratio"),
    [
        (question([1.0], 1), 1 - 1e-6),
        (theorem_1(1, 30), 1 - 1e-6),
        (theorem_1(2, 100), 1 - 1e-5),
        (theorem_1(4, 100), 0.9995),
        (question(np.full(40, 0.5), 1), 1 - 1e-5),
        (question(np.full(40, 0.25), 2), 0.999),
        (question([0.5, 0.0, 0.0, 0.25, 0.0, 0.5], 2), 0.9999),
        (question(np.zeros(5), 1), 1 - 1e-6),
        (question(np.full(10, 0.2), 3, measure="mean"), 0.999),
        (question(np.full(10, 0.4), 3, coherence=0.5), 0.999),
        (question(np.full(10, 0.4), 3, coherence=1.0), 0.8),
    ],
)
def test_the_witness_comes_near_the_solvers_value_and_never_above_it(asked, ratio):
    solution = worst_case(asked)
    found = witness(solution, seconds=10)
    assert ratio * solution.value <= found.lower <= solution.value * (1 + 1e-6)
    assert check(found) == found.value


def test_steps_beyond_the_stability_limit_are_witnessed_too():
    solution = worst_case(question(1 / np.sqrt(np.arange(1, 13)), 4))
    assert witness(solution).lower >= 0.99 * solution.value


def test_a_tail_of_vanishing_steps_changes_nothing():
    steps = 0.7 ** np.arange(120)
    short, long = (worst_case(question(steps[:T], 2), reach=3) for T in (40, 120))
    assert witness(long).lower == pytest.approx(witness(short).lower, rel=1e-3)


def test_random_steps_and_delays():
    rng = np.random.default_rng(11)
    for _ in range(5):
        T = int(rng.integers(3, 14))
        steps = rng.uniform(0, 0.6, size=T) * (rng.random(T) > 0.2)
        asked = Question(steps, [int(rng.integers(0, min(k, 3) + 1)) for k in range(T)])
        solution = worst_case(asked)
        assert 0.99 * solution.value <= witness(solution, seconds=5).lower <= solution.value * (1 + 1e-6)


@pytest.mark.parametrize(("L", "delta"), [(1e-3, 1e4), (250.0, 0.02)])
def test_values_scale_with_L_times_Delta(L, delta):
    plain = theorem_1(2, 20)
    scaled = plain.replaced(step_sizes=plain.step_sizes / L, smoothness=L, gap=delta)
    one, other = witness(worst_case(plain)).lower, witness(worst_case(scaled)).lower
    assert other == pytest.approx(one * L * delta, rel=1e-5)


def test_with_noise_the_witness_plays_without_it():
    solution = worst_case(theorem_1(2, 12).replaced(variance=0.5))
    found = witness(solution)
    quiet = witness(worst_case(theorem_1(2, 12)))
    assert found.lower == pytest.approx(quiet.lower, rel=1e-4)
    assert found.lower < solution.value
    assert found.question.variance == 0.5


def test_a_long_run_of_theorem_1_within_a_thousandth():
    solution = worst_case(theorem_1(4, 300), reach=2)
    assert witness(solution, seconds=30).lower >= 0.999 * solution.value


@pytest.mark.long
def test_a_thousand_steps_of_theorem_1_within_a_thousandth():
    solution = worst_case(theorem_1(4, 1000), reach=1)
    assert witness(solution, seconds=60).lower >= 0.999 * solution.value


def test_closed_forms_are_valid_whatever_the_steps_and_their_best_sum_is_as_good_as_each():
    rng = np.random.default_rng(3)
    for s in (1, 3):
        asked = question(rng.uniform(0, 0.9 / s, size=15), s)
        parts = known(asked)
        for part in parts:
            room, needed = rooms(asked, part, *np.triu_indices(16, 1))
            assert (room - np.abs(needed)).min() > -1e-12
            assert part.values[0] == pytest.approx(1) and (part.values >= part.squares / 2 - 1e-12).all()
        mixed = combined(parts, best_weights(asked, parts))
        assert mixed.measure(asked) >= max(part.measure(asked) for part in parts) * (1 - 1e-5)
        assert not len(tight_pairs(asked, mixed, -1e-9)[0])
