"""Tuned runs never need more steps than are proved, where the problem's constants are true."""

import pytest

from experiments.cost.answer import answer
from experiments.cost.measured_steps import tuned
from experiments.cost.methods import of_staleness
from experiments.problems import get_problem
from theory.cost.case import Case
from theory.staleness.count import Staleness


@pytest.mark.parametrize("name", ["quadratic:d=4,noise=0.5", "logistic-cancer"])
def test_measured_steps_are_at_most_the_proved_ones(name):
    problem = get_problem(name)
    known = {key: constant.value for key, constant in problem.constants(problem.default_batch).items()}
    constants = {key: known[key] for key in ("L", "Delta", "sigma")}
    target = 0.2 * 2 * constants["L"] * constants["Delta"]
    found = answer(of_staleness(Case(Staleness(4), constants)), "", target)
    for each in found.methods:
        ran = tuned(problem, each.method, each.least, target)
        assert ran is not None and ran.steps <= each.least.steps


def test_measured_steps_lie_in_an_interval_that_widens_with_the_noise_and_closes_without_it():
    widths = []
    for noise in (0.0, 0.05, 1.0):
        problem = get_problem(f"quadratic:d=4,noise={noise}")
        constants = {"L": 1.0, "Delta": 1.0, "sigma": max(noise, 0.1)}
        method = of_staleness(Case(Staleness(1), constants))[0]
        ran = tuned(problem, method, answer([method], "", 0.02).methods[0].least, 0.02)
        assert ran is not None and ran.interval[0] <= ran.steps
        assert ran.interval[1] is None or ran.steps <= ran.interval[1]
        widths.append((ran.interval[1] or 10**6) - ran.interval[0])
    assert widths[0] == 0 < widths[1] < widths[2]
