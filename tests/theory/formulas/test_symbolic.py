"""Formulas in sympy: the same numbers as the evaluator, what sympy can do with them, and the way back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sympy

import gradlag as gl
from theory.bounds.counter_momentum import MethodAngle
from theory.bounds.registry import REGISTRY
from theory.bounds.theorem_c import BEST_ANGLE
from theory.common.errors import InputError, ScheduleError
from theory.formulas.formula import Environment, served, total
from theory.formulas.notation import name_node
from theory.formulas.symbolic import Largest, expression, symbol, symbols
from theory.formulas.symbolic_text import code, from_sympy, written
from theory.schedules.catalogue import CATALOGUE

L, DELTA, SIGMA, MU, S, T, K = symbols("L Delta sigma mu s T k")
STEP = sympy.Symbol("eta", positive=True)
MEANING = {
    "Heaviside": lambda at, at_zero: float(at > 0) if at else at_zero,
    "KroneckerDelta": lambda one, other: float(one == other),
}


def settings(count: int, seed: int) -> Any:
    """Random runs of at most six steps, in any order of reads, with and without noise."""
    draw = np.random.default_rng(seed)
    for _ in range(count):
        steps, window = int(draw.integers(1, 7)), int(draw.integers(1, 5))
        delays = [int(draw.integers(0, min(k, window - 1) + 1)) for k in range(steps)]
        constants = {
            "L": draw.uniform(0.5, 2), "Delta": draw.uniform(0, 2), "sigma": draw.choice([0.0, 1.3]),
            "mu": draw.uniform(0.1, 1), "Ed": 1.5, "Ed2": 3.0, "young": 1.3, "cut": draw.uniform(2, 4),
            "G": 1.7, "delta": draw.uniform(0.1, 1), "zeta": 0.4, "workers": 6.0, "group": 2.0,
            "radius": 1.2, "centres": 3.0, "threshold": 0.3, "size": 0.8,
            "lowest": -0.2, "highest": 1.4, "bend": 0.6, "influence": 0.1, "local": 3,
        }  # fmt: skip
        yield gl.Setting(draw.uniform(0, 0.3, steps), delays, gl.Staleness(window), constants)


def compiled(made: Any) -> Any:
    """The function that sympy makes of an expression: of numbers, and of lists whose place k is step k."""
    named = {str(each): each for each in made.free_symbols if not isinstance(each, sympy.Indexed)}
    function = sympy.lambdify(list(named.values()), made, modules=[MEANING, "math"])
    return lambda values: function(*(values[name] for name in named))


def valued(environment: Environment) -> dict[str, Any]:
    """The values of an environment as sympy's functions take them."""
    lists = {
        name: [None, *np.asarray(value).tolist()] if np.ndim(value) else value
        for name, value in environment.values.items()
    }
    whole = {name: int(lists[name]) for name in ("T", "s", "local")}
    return {**lists, **whole, "d": [None, *environment.delay_map().delays.tolist()]}


def entries(function: Any, values: dict[str, Any], steps: int) -> list[float]:
    return [function({**values, "k": k}) for k in range(1, steps + 1)]


def formulas(bound: Any) -> list[Any]:
    """The value, both sides of every condition, and the weights."""
    sides = [side for c in bound.conditions for each in (c, c.when) if each for side in (each.left, each.right)]
    weighing = [bound.weighing.each, bound.weighing.whole] if bound.weighing else []
    return [bound.value, *sides, *weighing, *([bound.weights] if bound.weights else [])]


@pytest.mark.parametrize("name", REGISTRY)
def test_every_formula_of_a_bound_has_the_numbers_of_the_evaluator(name):
    bound = REGISTRY[name]
    angle = next((node for node in bound.value.walk() if isinstance(node, MethodAngle)), BEST_ANGLE)
    pairs, compared = [(node, compiled(expression(node))) for node in formulas(bound)], 0
    for setting in settings(100, 7):
        with np.errstate(all="ignore"):
            environment = bound._environment(setting)
            values = {"theta": angle.evaluate(environment)} | valued(environment)
            for node, function in pairs:
                known = np.broadcast_to(np.asarray(node.evaluate(environment), float), setting.steps)
                if np.isfinite(known).all():
                    compared += 1
                    # A difference may cancel: the numbers that are subtracted are of the order of 1.
                    found = entries(function, values, 1 if np.ptp(known) == 0 else setting.steps)
                    assert found == pytest.approx(known[: len(found)].tolist(), rel=1e-12, abs=1e-12)
    assert compared > 95 * len(pairs)


@pytest.mark.parametrize(
    "text",
    [
        *CATALOGUE,
        "power:a=0.6",
        "2^-k",
        "min(1/L,abs(sin(k))/exp(T/k))",
        "0.1*floor(k/3)",
        "0.1 if k <= 2 else 0.2 if k > 4 and not k == 5 else 0.3/k",
        "0.5**(k//3) + 0.1*(k%3)",
        "clip(k, 2, T)*int(k/2)",
    ],
)
def test_every_schedule_has_the_numbers_of_the_evaluator_and_comes_back(text):
    schedule = gl.Schedule(text)
    function, again = compiled(schedule.sympy()), gl.Schedule.from_sympy(schedule.sympy())
    for setting in settings(100, 8):
        constants = {name: setting.constants[name] for name in ("L", "sigma", "mu")} | {"Delta": 1.1}
        known = schedule.step_sizes(setting.steps, delays=setting.delays, s=setting.staleness.window, **constants)
        values = {**constants, "s": setting.staleness.window, "T": setting.steps, "d": [None, *setting.delays.tolist()]}
        assert entries(function, values, setting.steps) == pytest.approx(known.tolist(), rel=1e-12)
        returned = again.step_sizes(setting.steps, delays=setting.delays, s=setting.staleness.window, **constants)
        assert returned == pytest.approx(known, rel=1e-12)


def test_conditions_are_relations_and_say_where_they_are_asked_for():
    shorter = REGISTRY["dai2019-sum"].sympy_conditions()
    eta = symbol("eta")
    assert shorter[0] == sympy.true  # L > 0: the symbol says so
    within = shorter[5]
    assert within == (symbol("d")[K] <= S - 1)
    assert sympy.Or(K <= 1, S <= 1, eta[K] <= sympy.Piecewise((eta[K - 1], K > 1), (0, True))) == shorter[6]


def test_definitions_are_equations():
    (left, right), *_ = (each.args for each in REGISTRY["theorem-b"].sympy_definitions())
    assert str(left) == "H[k]"
    assert str(right) == "Sum(eta[j], (j, k - d[k], k - 1))"


def test_the_best_constant_step_is_where_the_derivative_vanishes():
    bound = gl.get("bottou2018").sympy(STEP).doit()
    assert sympy.simplify(bound - (2 * DELTA / (STEP * T) + L * SIGMA**2 * STEP)) == 0
    *_, best = sympy.solve(bound.diff(STEP), STEP)
    assert sympy.simplify(best - sympy.sqrt(2 * DELTA / (L * T)) / SIGMA) == 0


def test_the_derivative_in_one_step_and_in_a_constant_is_that_of_differences():
    made = gl.get("theorem-a").sympy()
    slopes = {"L": compiled(made.diff(L)), "Delta": compiled(made.diff(DELTA))}
    setting = next(s for s in settings(50, 9) if s.steps == 4 and s.delays.any() and s.constants["sigma"] > 0)
    values, whole = valued(setting.environment()), compiled(made)
    for name, slope in slopes.items():
        above, below = ({**values, name: values[name] + h} for h in (1e-5, -1e-5))
        assert slope(values) == pytest.approx((whole(above) - whole(below)) / 2e-5, rel=1e-6)
    made = gl.get("lian2015").sympy()
    one, whole = made.subs(T, 4).doit().diff(symbol("eta")[3]), compiled(made)
    moved = [{**values, "eta": [None, *(e + h * (k == 3) for k, e in enumerate(values["eta"][1:], 1))]}
             for h in (1e-5, -1e-5)]  # fmt: skip
    expected = (whole(moved[0]) - whole(moved[1])) / 2e-5
    assert compiled(one)(values) == pytest.approx(expected, rel=1e-6)


def test_limits_and_series_of_a_closed_form():
    closed = gl.get("corollary-1").sympy()
    assert sympy.limit(closed * sympy.sqrt(T), T, sympy.oo) == sympy.sqrt(2) * sympy.sqrt(DELTA * L) * SIGMA
    first_order = sympy.series(closed.subs(T, 1 / STEP**2), STEP, 0, 3).removeO()
    assert sympy.simplify(first_order.coeff(STEP, 2) - 2 * DELTA * L * S) == 0


def test_a_schedule_and_a_fixed_delay_stand_in_for_the_symbols():
    made = gl.get("lian2015").sympy("1/(2*L*s)", delay=sympy.Min(K - 1, S - 1))
    value = made.subs({S: 4, T: 9}).doit()
    setting = gl.Setting.of("1/(2*L*s)", np.minimum(np.arange(9), 3), gl.Staleness(4), {"L": 2.0})
    constants = {"L": 2.0, "Delta": 1.5, "sigma": 0.7}
    known = gl.get("lian2015").evaluate(gl.Setting(setting.step_sizes, setting.delays, setting.staleness, constants))
    assert float(value.subs({L: 2, DELTA: 1.5, SIGMA: 0.7})) == pytest.approx(known, rel=1e-12)


def test_a_schedule_that_reads_the_delay_takes_the_one_that_is_given():
    made = gl.get("bottou2018").sympy("1/(L*(1+d))", delay=2)
    assert made.subs(T, 5).doit() == made.doit().subs(T, 5)
    assert sympy.simplify(made.doit() - (6 * DELTA * L / T + SIGMA**2 / 3)) == 0


def test_the_largest_entry_and_who_read_a_point():
    k = symbol("k")
    assert Largest(k * (4 - k), (k, 1, 3)).doit() == 4
    assert Largest(STEP, (k, 1, T)).doit() == STEP
    readers = expression(served(name_node("eta")), d=0)
    assert readers.subs({T: 3, k: 2}).doit() == symbol("eta")[2]


@pytest.mark.parametrize("name", ["theorem-a", "theorem-r", "theorem-c-noise", "corollary-1"])
def test_the_printed_python_makes_the_same_expressions(name):
    bound, made = REGISTRY[name], {}
    exec(code({"bound": bound.sympy(), "asked": sympy.And(*bound.sympy_conditions())}), made)
    assert made["bound"] == bound.sympy()
    assert made["asked"] == sympy.And(*bound.sympy_conditions())


def test_the_way_back_keeps_value_and_refuses_what_is_no_closed_form():
    written_out = written(sympy.Rational(3, 4) / sympy.sqrt(sympy.Symbol("k")) + 0.1 * sympy.exp(-T))
    assert float(from_sympy(written_out).evaluate(Environment({"k": 4.0, "T": 2.0}))) == pytest.approx(
        0.375 + 0.1 * np.exp(-2), rel=1e-15
    )
    with pytest.raises(InputError, match="Got a Sum: work it out with doit"):
        written(expression(total(name_node("eta"))))
    with pytest.raises(ScheduleError, match="zeta is not a known name"):
        from_sympy(sympy.zeta(S))
    with pytest.raises(ScheduleError, match="c is not a known name"):
        gl.Schedule.from_sympy(sympy.Symbol("c") / K)


def test_sympy_is_imported_only_when_it_is_asked_for():
    program = (
        "import sys, gradlag as gl; gl.bounds(); gl.get('theorem-c').latex(); gl.Schedule('1/L'); "
        "print('sympy' in sys.modules); gl.Schedule('1/L').sympy(); print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
