"""The page computes what the library computes: runs, bounds, refusals and limits, on a stated set of cases.

Tolerance 1e-9, relative to the largest of a number and, for gradient norms, to the one before it and after it: a swing
passes close to 0, where the last digits of the larger ones cancel.
"""

import numpy as np
import pytest

from experiments.kernels.counters import NOISE, normals
from experiments.problems import get_problem
from experiments.runs.plan import plan
from experiments.runs.rules import as_delayed, rule_of
from experiments.simulate import simulate
from experiments.simulate.delayed import iterate
from gradlag.teaching.page.library import BOUNDS, LONGEST, MOMENTA, PROBLEMS, SCHEDULES, SEEDS
from gradlag.teaching.page.words import LIMIT
from theory.bounds import Setting, get
from theory.common.errors import DelayError
from theory.formulas.formula import Environment
from theory.schedules import parse_schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import delay_trace, parse_delays
from theory.staleness.stability import fixed_delay_limit
from theory.staleness.stability_of_delays import stability_limit

pytestmark = pytest.mark.browser

FIRST = {
    "problem": "valley", "delays": "constant", "delay": 4, "step": 0.25, "noise": 0, "momentum": 0, "steps": 200,
    "seed": 0, "boldness": 1,
}  # fmt: skip

CASES = [
    *({"delay": delay, "step": round(0.8 * fixed_delay_limit(delay), 3)} for delay in range(LONGEST + 1)),
    *({"delay": delay, "step": 0.05, "noise": 0.5, "seed": delay} for delay in (0, 1, 3, 8, 16)),
    *({"delay": 4, "step": 0.1, "momentum": beta} for beta in (-0.6, -0.3, 0.2, 0.5, 0.8, 0.95)),
    *({"delay": 2, "step": 0.1, "momentum": beta, "noise": 1} for beta in (-0.45, 0.45)),
    *({"delays": "uniform", "delay": delay, "step": 0.2, "seed": delay} for delay in (1, 4, 9, 16)),
    *(
        {"delays": "uniform", "delay": delay, "step": 0.05, "noise": 0.3, "seed": 999_999 - delay}
        for delay in (2, 6, 16)
    ),
    *({"delays": "adversarial", "delay": delay, "step": 0.1} for delay in (0, 1, 2, 7, 16)),
    {"delays": "adversarial", "delay": 5, "step": 0.02, "noise": 0.2, "momentum": 0.5},
    *({"problem": "hills", "delay": delay, "step": 0.1} for delay in (0, 2, 8)),
    *({"problem": "hills", "delay": delay, "step": 0.05, "noise": 0.1, "momentum": 0.3} for delay in (0, 5)),
    {"problem": "hills", "delays": "uniform", "delay": 7, "step": 0.1, "noise": 0.2, "seed": 12},
    # Beyond the limit: slowly, fast, and until floats end.
    {"delay": 8, "step": 0.195},
    {"delay": 8, "step": 0.6, "noise": 1},
    {"delay": 2, "step": 4, "steps": 400},
    {"delay": 0, "step": 4, "steps": 400},
    {"delay": 0, "step": 4, "momentum": 0.9, "noise": 0.1, "steps": 400},
    # On the edge of a domain: the limit itself, and a weight of exactly 0.
    {"delay": 0, "step": 2},
    {"delay": 1, "step": 1},
    {"delay": 1, "step": 0.5},
]
RACES = [
    *({"delay": delay} for delay in (0, 1, 5, 16)),
    *({"delay": delay, "noise": 0.4, "seed": 3} for delay in (0, 2, 16)),
    *({"delays": "uniform", "delay": delay, "seed": 8} for delay in (2, 11)),
    {"delays": "uniform", "delay": 6, "noise": 0.2, "boldness": 2},
    {"delays": "adversarial", "delay": 4},
    {"problem": "hills", "delay": 4, "boldness": 0.5},
    {"problem": "hills", "delays": "uniform", "delay": 4, "noise": 0.1},
]


def test_there_are_forty_cases_and_more():
    assert len(CASES) >= 40 and sum("noise" in case for case in CASES) >= 12


@pytest.fixture(scope="module")
def computed(chromium, page_file):
    """What the page computes in every case, and in every race."""
    tab = chromium.new_page()
    tab.goto(page_file.as_uri())
    told = """([first, cases, races]) => {
        const plain = (found) => ({...found, norms: [...found.norms], points: [...found.points]});
        const bound = ({bound, value, failed}) => ({name: bound.name, value, broken: failed?.condition.broken ?? null});
        return JSON.parse(JSON.stringify({
            runs: cases.map((one) => {
                const found = gradlag.situation({...first, ...one});
                return {...plain(found), delays: [...found.delays], bounds: found.bounds.map(bound)};
            }),
            races: races.map((one) => gradlag.race({...first, ...one}).map((each) =>
                ({...plain(each), best: each.best && bound(each.best)}))),
        }, (_, value) => value === Infinity ? "inf" : value));
    }"""
    found = tab.evaluate(told, [FIRST, CASES, RACES])
    tab.close()
    return found


def numbers(values):
    return np.array(values, dtype=np.float64)  # "inf" is one


def settled(case):
    """The plan of the library for the same runs."""
    state = FIRST | case
    return plan(
        f"{PROBLEMS[state['problem']]},noise={state['noise']}",
        f"{state['step']}/L",
        state["delay"] + 1,
        state["steps"],
        seeds=SEEDS if state["noise"] else 1,
        first_seed=state["seed"],
        delays=state["delays"],
        method=f"momentum:beta={state['momentum']}" if state["momentum"] else "delayed",
    )


def assert_norms_agree(found, known, case):
    """To 1e-9 of the largest of three neighbours."""
    with np.errstate(over="ignore"):
        known = np.mean(known, axis=0)
    assert np.array_equal(np.isfinite(found), np.isfinite(known)), case
    found, known = (np.where(np.isfinite(known), one, 0.0) for one in (found, known))
    size = np.max([known, np.append(known[1:], 0), np.append(0, known[:-1])], axis=0)
    assert np.max(np.abs(found - known) / np.where(size > 0, size, 1)) <= 1e-9, case


def test_runs_agree_with_the_simulator(computed):
    for case, found in zip(CASES, computed["runs"], strict=True):
        asked = settled(case)
        iteration = asked.iteration(asked.configuration.seeds)._replace(coherence=False)
        known = iterate(asked.problem, iteration)
        assert found["delays"] == asked.delays.tolist(), case
        assert_norms_agree(numbers(found["norms"]), known.gradient_norm_squared, case)
        assert found["diverged"] == np.count_nonzero(known.diverged_at >= 0), case


def test_bounds_and_refusals_agree_with_the_library(computed):
    values = 0
    for case, found in zip(CASES, computed["runs"], strict=True):
        asked = settled(case)
        setting = as_delayed(asked.linear, asked.setting)
        for told in found["bounds"]:
            value, failures = get(told["name"]).assess(setting)
            assert (told["value"] is None) == (value is None), (case, told, value, failures)
            if value is not None:
                assert told["value"] == pytest.approx(value, rel=1e-9), (case, told)
                values += 1
            elif not case.get("momentum") and told["name"] != "counter-momentum":
                assert told["broken"] == failures[0].what, case
    assert values >= 50


def test_what_is_allowed_so_far_is_the_smallest_for_the_first_steps_of_the_bounds_that_apply_to_all(computed):
    for case, found in zip(CASES[::5], computed["runs"][::5], strict=True):
        setting = settled(case).setting
        applying = [told["name"] for told in found["bounds"] if told["value"] is not None]
        for steps, allowed in found["allowed"][::3]:
            values = [get(name).assess(setting.prefix(steps))[0] for name in applying]
            known = min((value for value in values if value is not None), default=None)
            assert allowed == pytest.approx(known, rel=1e-9), (case, steps)


def entered(name, state, problem, constants, late):
    """The rule of a contestant, and the setting in which bounds are about it."""
    staleness = Staleness(state["delay"] + 1)
    steps = np.ones(late.size)
    if name in SCHEDULES:
        window = 1 if name == "wait" else staleness.window
        sizes = parse_schedule(SCHEDULES[name]).step_sizes(late.size, delays=late, s=window, L=constants["L"])
        steps = state["boldness"] * sizes
    setting = Setting(steps, late, staleness, constants)
    method = {"wait": "wait", "counter": "counter-momentum"}.get(name, "delayed")
    rule = rule_of(method, setting)
    return rule, as_delayed(rule, setting)


def test_races_agree_with_the_library(computed):
    for case, contestants in zip(RACES, computed["races"], strict=True):
        state = FIRST | case
        problem = get_problem(f"{PROBLEMS[state['problem']]},noise={state['noise']}")
        constants = {name: constant.value for name, constant in problem.constants(1).items()}
        window = Staleness(state["delay"] + 1)
        late = delay_trace(parse_delays(state["delays"], window), state["steps"], state["seed"])
        count = SEEDS if state["noise"] else 1
        seeds = range(state["seed"], state["seed"] + count)
        for found in contestants:
            rule, setting = entered(found["name"], state, problem, constants, late)
            known = simulate(problem, rule, late, seeds=seeds, batch=1, window=window.window, coherence=False)
            assert_norms_agree(numbers(found["norms"]), known.gradient_norm_squared, (case, found["name"]))
            values = [] if setting is None else [get(name).assess(setting)[0] for name in BOUNDS]
            best = min((value for value in values if value is not None), default=None)
            assert (found["best"] or {}).get("value") == (best and pytest.approx(best, rel=1e-9)), (case, found["name"])


def test_the_random_numbers_are_those_of_the_counters(opened):
    tab = opened().page
    for seed in (0, 1, 31, 999_999 + 31):
        told = tab.evaluate("(seed) => [...gradlag.normals(seed, 40)]", seed)
        known = [number for step in range(1, 41) for number in normals(seed, NOISE, step, 2)]
        # Where the angle is close to a quarter turn the last digits of the cosine differ.
        assert np.allclose(told, known, rtol=0, atol=1e-14)


def test_limits_are_those_of_the_library(opened):
    tab = opened().page
    for law in ("constant", "uniform", "adversarial"):
        for delay in range(LONGEST + 1):
            model = parse_delays(law, Staleness(delay + 1))
            told = tab.evaluate(
                "([law, delay, momenta]) => momenta.map((q) => gradlag.limitAt(law, delay, q))", [law, delay, MOMENTA]
            )
            for momentum, limit in zip(MOMENTA, told, strict=True):
                if limit is None:
                    assert law == "adversarial" and momentum != 0
                elif law == "adversarial":
                    assert limit == pytest.approx(model.stability_limit, rel=1e-12)
                else:
                    assert limit == pytest.approx(stability_limit(model, momentum), rel=1e-12)
    with pytest.raises(DelayError):
        stability_limit(parse_delays("adversarial", Staleness(4)), 0.5)


def test_the_formula_of_the_limit_that_is_printed_is_the_limit():
    for delay in range(LONGEST + 1):
        value = LIMIT.evaluate(Environment({"s": np.float64(delay + 1)}))
        assert value == pytest.approx(fixed_delay_limit(delay), rel=1e-14)
