"""Tuned runs never need more steps than are proved, where the problem's constants are true."""

import pytest

from experiments.cost.answer import answer
from experiments.cost.measured import tuned
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
