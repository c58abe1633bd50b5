"""The worst function as an objective, and its replay: the simulator sees what was proved."""

from fractions import Fraction

import numpy as np
import pytest

from experiments.check.check import check
from experiments.claims.replay_witness import replay
from experiments.common.constants import Known
from experiments.problems import get_problem
from experiments.problems.worst_function import worst_function
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from experiments.simulate.delayed import simulate
from theory.common.errors import CertificateError, ProblemError, StoreError
from theory.staleness.count import Staleness
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness import file as witness_file
from theory.worst_case.witness.find import Witness, witness


def found(steps, s, reach=2, **options):
    steps = np.asarray(steps, dtype=float)
    asked = Question(steps, np.minimum(s - 1, np.arange(steps.size)), staleness=Staleness(s), **options)
    return witness(worst_case(asked, reach=reach), seconds=5)


@pytest.fixture(scope="module")
def screw():
    return found(np.full(30, 0.125), 4, reach=3)


CASES = {
    "theorem 1": lambda: found(0.125 / np.sqrt(np.arange(1, 101)), 4),
    "other units": lambda: found(0.001 / np.sqrt(np.arange(1, 41)), 2, smoothness=250.0, gap=0.02),
    "mean": lambda: found(np.full(12, 0.2), 3, measure="mean"),
    "coherent": lambda: found(np.full(12, 0.4), 3, coherence=0.5),
    "climbing": lambda: found(1 / np.sqrt(np.arange(1, 13)), 4, reach=4),
    "zero steps": lambda: found([0.5, 0.0, 0.25, 0.0, 0.5], 2),
}


@pytest.mark.parametrize("case", CASES)
def test_the_replayed_run_has_the_gradients_of_the_witness(case):
    made = CASES[case]()
    played = replay(made)
    assert played.difference < 1e-11
    assert played.lower <= made.lower
    assert played.lower == pytest.approx(made.lower, rel=1e-10)
    assert played.gradient_norms.shape == (made.question.steps + 1,)


def test_both_engines_replay_the_same_run(screw):
    problem = worst_function(screw)
    runs = [
        simulate(
            problem, screw.question.step_sizes, screw.question.delays, seeds=[0], batch=1, window=4, engine=engine
        ).gradient_norm_squared
        for engine in ("black-box", "naive")
    ]
    np.testing.assert_allclose(*runs, rtol=1e-12)


def test_a_witness_whose_run_is_another_is_refused(screw):
    gradients = screw.gradients.copy()
    gradients[10] *= 1.1
    with pytest.raises(CertificateError, match="leaves the witness"):
        replay(Witness(screw.question, gradients, screw.values))


def test_the_measured_coherence_of_a_coherent_witness_is_what_was_asked():
    run = replay(CASES["coherent"]()).run
    assert run.coherence[0, :-1].min() >= 0.5 - 1e-9


def test_the_constants_are_exact(screw):
    problem = worst_function(screw)
    constants = problem.constants(1)
    assert {constant.known for constant in constants.values()} == {Known.EXACT}
    assert constants["L"].value == screw.question.smoothness
    assert constants["sigma"].value == 0 and problem.deterministic(1)
    assert constants["Delta"].value == pytest.approx(screw.question.gap, rel=1e-6)
    assert constants["Delta"].value <= screw.question.gap
    assert problem.loss(problem.initial_point) <= screw.question.gap


def test_a_file_is_a_problem_by_name(screw, tmp_path):
    path = witness_file.write(tmp_path / "w.txt", screw)
    problem = get_problem(f"worst-function:file={path}")
    assert problem.name == f"worst-function:file={path}"
    assert problem.digest == worst_function(screw).digest
    assert get_problem(problem.name).digest == problem.digest
    noisy = get_problem(f"worst-function:file={path},noise=0.5")
    assert noisy.constants(1)["sigma"].value == 0.5 and noisy.digest != problem.digest


def test_a_damaged_file_is_refused(screw, tmp_path):
    path = witness_file.write(tmp_path / "w.txt", screw)
    path.write_text(path.read_text().replace("steps 30", "steps 29"))
    with pytest.raises(StoreError):
        get_problem(f"worst-function:file={path}")
    with pytest.raises(StoreError):
        get_problem("worst-function:file=/nowhere/w.txt")


def test_a_schedule_is_a_problem_by_name():
    problem = get_problem("worst-function:schedule=0.5/(s*L),staleness=2,steps=6")
    assert problem.witness.question.steps == 6
    assert problem.witness.question.step_sizes.tolist() == [0.25] * 6
    assert get_problem(problem.name).digest == problem.digest
    with pytest.raises(ProblemError):
        get_problem("worst-function:steps=0")


def test_the_bounds_hold_on_the_worst_function_and_are_nearly_reached():
    """Theorem A at a constant step well inside its domain, on the function made against that very schedule."""
    run = execute(plan("worst-function:schedule=0.1/(s*L),staleness=2,steps=40", "0.1/(s*L)", 2, 40, seeds=1))
    verdict = check(run)
    assert verdict.verdict == "holds"
    assert (
        1 <= min(float(verdict.bounds[name][-1]) / verdict.measured[-1] for name in ("theorem-a", "theorem-b")) < 1.05
    )


def test_noise_and_other_schedules_are_possible(screw):
    problem = worst_function(screw, noise=0.3)
    run = simulate(problem, np.full(20, 0.05), np.zeros(20, int), seeds=range(4), batch=1, window=1)
    assert np.isfinite(run.gradient_norm_squared).all()
    assert np.ptp(run.gradient_norm_squared[:, -1]) > 0


def test_a_hand_made_witness_of_two_points():
    one = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
    problem = worst_function(one)
    for x in np.linspace(-2, 0.5, 9):
        # x_0 = 0 and the parabola (1 + x)^2 / 2.
        assert problem.loss(np.array([x])) == pytest.approx((1 + x) ** 2 / 2)
        assert problem.full_gradient(np.array([x]))[0] == pytest.approx(1 + x)
