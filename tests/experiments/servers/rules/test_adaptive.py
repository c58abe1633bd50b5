"""Rules on one trace: the picky loop against a naive one, tuning, times with intervals, bounds beside measurements."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.runs.recorded_trace import save_trace, trace_of_delays
from experiments.servers.clock import virtual_run
from experiments.servers.rules.adaptive import (
    GRID,
    Race,
    Track,
    at_seconds,
    crossings,
    first_below,
    interval,
    least,
    ratio,
    run_rule,
    tune,
)
from experiments.servers.rules.adaptive_bounds import GENERAL, beside, judged, prescribed, setting_of
from experiments.servers.rules.picky import run_picky
from experiments.servers.rules.rules import RULES, ConstantStep, Picky, Ringmaster, WindowSum, ringmaster_step
from experiments.servers.speeds import parse_fleet
from experiments.studies import SCALES, STUDIES
from experiments.studies.adaptive import (
    ADAPTIVE,
    FLEETS,
    RECORDED,
    AdaptiveCell,
    adaptive_cells,
    compared,
    recorded_cell,
)
from experiments.sweep.executor import run_cells
from theory.common.errors import InputError, ProblemError, StoreError

HEAVY = virtual_run(parse_fleet("6*pareto:mean=1,tail=1.2"), 400, seed=3)
SLOW = virtual_run(parse_fleet("7*lognormal:spread=.3+lognormal:mean=40,spread=.3"), 400, seed=1)
ALIKE = virtual_run(parse_fleet("5*lognormal:spread=.3"), 400)
TRACES = {"heavy": HEAVY, "slow": SLOW, "alike": ALIKE}
STEP_RULES = [name for name in RULES if name != "picky"]
# One curvature at L and one so small that its gradient hardly falls: near the slowest functions of the bounds.
WORST_ISH = "quadratic:d=2,condition=2000,noise=0,start=10"
TINY = AdaptiveCell("heavy", "quadratic:d=3", 1, 60, 0.5, 1, seeds=4, tuning=2)


def race(problem="nonconvex:d=4,start=2", trace=HEAVY, target=0.2, every=1):
    return Race(get_problem(problem), 1, trace, target, every)


def naive_picky(problem, rule, delays, seed):
    points, applied = [problem.initial_point], []
    for arrival, delay in enumerate(delays.tolist(), start=1):
        here, read = points[-1], points[arrival - 1 - delay]
        applied.append(bool(np.linalg.norm(here - read) <= rule.radius))
        gradient = problem.stochastic_gradient(read, seed, arrival, 1)
        points.append(here - rule.base * gradient if applied[-1] else here)
    return points, applied


@pytest.mark.parametrize("name", ["quadratic:d=3", "nonconvex:d=4,start=2"])
@pytest.mark.parametrize("every", [1, 7])
def test_the_picky_rule_is_what_a_naive_loop_does(name, every):
    problem, rule = get_problem(name), Picky(0.2, smoothness=1.0, accuracy=0.5)
    run = run_picky(problem, rule, HEAVY.delays, seeds=[3, 8], batch=1, record_every=every, threads=2)
    for place, seed in enumerate((3, 8)):
        points, applied = naive_picky(problem, rule, HEAVY.delays, seed)
        assert run.applied[place].tolist() == applied
        assert 0.1 < np.mean(applied) < 0.9
        squares = [(problem.full_gradient(points[k]) ** 2).sum() for k in run.time]
        assert run.gradient_norm_squared[place] == pytest.approx(squares, rel=1e-9)
    assert run.time[-1] == HEAVY.steps


def test_with_a_radius_beyond_all_moves_the_picky_rule_is_a_constant_step():
    course = race()
    wide = run_rule(course, Picky(0.1, smoothness=1.0, accuracy=1e6), range(3))
    constant = run_rule(course, ConstantStep(0.1), range(3))
    assert wide.applied == 1.0
    assert wide.squares == pytest.approx(constant.squares, rel=1e-9)


def test_a_picky_run_that_diverges_is_infinite_from_there_on():
    run = run_picky(get_problem("quadratic:d=2"), Picky(1e9, 1.0, 1e308), ALIKE.delays, seeds=[0], batch=1)
    assert np.isfinite(run.gradient_norm_squared[0, 0]) and np.isinf(run.gradient_norm_squared[0, -1])


@pytest.mark.parametrize("delays", [[0, 2], [0, -1], []])
def test_the_picky_rule_refuses_delays_that_read_the_future(delays):
    with pytest.raises(InputError, match="one whole number d_j for each arrival"):
        run_picky(get_problem("quadratic:d=2"), Picky(0.1, 1.0, 1.0), np.array(delays, dtype=int), seeds=[0], batch=1)


def test_tuning_takes_the_first_to_reach_the_target_and_else_the_lowest():
    course = race("quadratic:d=3,noise=0", ALIKE, target=0.01)
    times = {}
    for factor in GRID:
        track = run_rule(course, ConstantStep(factor), [0])
        times[factor] = first_below(track.means, track.time, 0.008)
    best = tune(course, "constant", [0])
    track = run_rule(course, best, [0])
    assert first_below(track.means, track.time, 0.008) <= min(times.values()) < np.inf
    hopeless = tune(replace(course, target=1e-300), "constant", [0], grid=(0.5, 0.1, 0.01))
    assert 0.07 < hopeless.base < 0.15  # 0.5 diverges at these delays, and 0.01 is slower


def made_up(squares, seeds=None):
    values = np.array(squares, dtype=float)
    return Track(ConstantStep(0.1), tuple(range(len(values))), np.arange(values.shape[1]), values, 1.0)


def test_the_time_to_the_target_is_that_of_the_mean_with_an_interval_around_it():
    rng = np.random.default_rng(0)
    squares = np.exp(-0.1 * np.arange(60)) * rng.lognormal(0.0, 0.3, size=(16, 1))
    track = made_up(squares)
    times = interval(crossings(track, 0.1))
    assert times.value == np.flatnonzero(squares.mean(axis=0) <= 0.1)[0]
    assert times.low <= times.value <= times.high
    assert times.high - times.low >= 1


def test_a_diverged_seed_keeps_the_mean_from_the_target():
    assert np.isinf(crossings(made_up([[1.0, 0.0], [1.0, np.inf]]), 0.5)[0])


def test_a_rule_compared_with_itself_takes_exactly_as_long():
    met = crossings(run_rule(race(), ConstantStep(0.1), range(6)), 0.2)
    same = ratio(met, met)
    assert (same.value, same.low, same.high) == (1.0, 1.0, 1.0)


def test_seconds_are_those_of_the_last_arrival():
    course = race()
    seconds = at_seconds(course, np.array([0.0, 1.0, 400.0, np.inf]))
    assert seconds.tolist() == [0.0, HEAVY.applied_at[0], HEAVY.applied_at[-1], np.inf]


@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
@pytest.mark.parametrize("name", STEP_RULES)
def test_no_bound_is_broken_on_a_slow_quadratic_and_the_own_one_applies(name, trace):
    course = race(WORST_ISH, trace)
    track = run_rule(course, prescribed(course, name), [0])
    found = beside(course, track)
    assert found.own.value is not None
    assert found.findings == ()
    assert least(track).value <= found.best
    assert found.slack >= 1


@pytest.mark.parametrize("name", ["constant", "inverse-delay", "clipped", "dropped", "capped", "ringmaster"])
def test_no_bound_is_broken_with_noise(name):
    course = race(trace=SLOW, every=2)
    found = beside(course, run_rule(course, prescribed(course, name), range(8)))
    assert found.own.value is not None and found.findings == ()
    assert found.smallest in {found.own.name, *GENERAL}


def test_a_measured_value_above_a_bound_is_told_loudly():
    course = race(WORST_ISH, ALIKE)
    rule = prescribed(course, "constant")
    track = run_rule(course, rule, [0])
    bound = beside(course, track).own.value
    above = replace(track, squares=np.full_like(track.squares, 2 * bound))
    told = beside(course, above).findings
    assert told and all("FINDING" in sentence for sentence in told)
    assert "koloskova2022" in told[0]


@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
def test_the_prescribed_constant_step_is_the_longest_that_its_bound_allows_without_noise(trace):
    course = race(WORST_ISH, trace)
    setting = setting_of(course, ConstantStep(1.0), np.ones(trace.steps))
    flying = max(sum(i - d <= k < i for i, d in enumerate(trace.delays)) for k in range(trace.steps))
    limit = 1 / (2 * max(1.0, np.sqrt(flying * setting.staleness.maximum_delay)))
    base = prescribed(course, "constant").base
    assert limit * 2**-0.126 <= base <= limit * (1 + 1e-9)


def test_ringmaster_and_the_window_sum_take_the_steps_of_their_sources():
    course = race("quadratic:d=3,noise=1", target=0.3)
    ringmaster, window = prescribed(course, "ringmaster"), prescribed(course, "window-sum")
    assert isinstance(ringmaster, Ringmaster) and ringmaster.threshold == 4
    assert ringmaster.base == ringmaster_step(1.0, 0.3, 1.0) == pytest.approx(0.075)
    assert isinstance(window, WindowSum) and window.base < 1


def test_a_bound_outside_its_domain_says_so_in_a_sentence():
    course = race(trace=ALIKE)
    found = beside(course, run_rule(course, prescribed(course, "window-sum"), [0, 1]))
    assert found.own.value is None and "it is about exact gradients only" in found.own.reason
    long = beside(course, run_rule(course, ConstantStep(0.4), [0, 1]))
    assert long.own.value is None and "koloskova2022 does not apply" in long.own.reason


def test_the_picky_rule_has_a_rate_only_and_with_noise_no_bound_at_all():
    course = race()
    found = beside(course, run_rule(course, course.rule("picky", 0.1), [0, 1]))
    assert prescribed(course, "picky") is None
    assert "rate only" in found.own.reason
    assert all("depend on the noise" in each.reason for each in found.general)
    assert found.best is None and found.slack is None


def test_without_noise_the_picky_rules_steps_are_known_and_theorem_a_speaks_of_them():
    course = race(WORST_ISH, ALIKE)
    found = beside(course, run_rule(course, course.rule("picky", 0.02), [0]))
    assert found.smallest in GENERAL and found.findings == () and found.slack >= 1


def test_a_rate_is_never_evaluated():
    course = race()
    setting = setting_of(course, ConstantStep(0.1), np.full(HEAVY.steps, 0.1))
    assert judged("cohen2021", setting).value is None


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: race(target=float("nan")), "target must be a finite number above 0"),
        (lambda: race(every=0), "distance between recorded points"),
        (lambda: race().rule("adam", 0.1), "no step rule 'adam'"),
        (lambda: race().rule("constant", float("nan")), "base step"),
        (lambda: replace(TINY, fleet="none").compute(), "no fleet 'none'"),
    ],
)
def test_what_cannot_be_run_is_refused(make, told):
    with pytest.raises(InputError, match=told):
        make()


def test_an_objective_without_compiled_gradients_has_no_picky_run(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\ninitial_point = np.ones(2)\n"
        "constants = {'L': 1.0, 'Delta': 1.0, 'sigma': 0.0}\n"
        "def loss(x):\n    return 0.5 * float(x @ x)\ndef gradient(x):\n    return x\n"
    )
    problem = get_problem(str(tmp_path / "mine.py"))
    found = compared(Race(problem, 1, ALIKE.first(30), 0.5), [0], [1])
    assert "picky" not in {entry["rule"] for entry in found["rules"]}
    with pytest.raises(ProblemError, match="which the picky rule needs"):
        run_picky(problem, Picky(0.1, 1.0, 1.0), ALIKE.delays, seeds=[0], batch=1)


def test_a_cell_holds_every_rule_and_is_taken_as_it_is_when_it_is_there(tmp_path):
    first = run_cells(ADAPTIVE, [TINY], tmp_path, command="gradlag reproduce --scale quick")[0]
    assert first.error is None
    entries = ADAPTIVE.load_all(tmp_path)[0].values["rules"]
    assert [e["rule"] for e in entries if e["choice"] == "tuned"] == list(RULES)
    assert [e["rule"] for e in entries if e["choice"] == "prescribed"] == STEP_RULES
    content = first.path.read_bytes()
    again = run_cells(ADAPTIVE, [TINY], tmp_path)[0]
    assert again.seconds == 0.0 and first.path.read_bytes() == content
    first.path.write_bytes(content[:-50])
    mended = run_cells(ADAPTIVE, [TINY], tmp_path)[0]
    assert mended.notes and mended.error is None
    assert json.loads(first.path.read_bytes())["values"] == json.loads(content)["values"]
    assert ADAPTIVE.load(first.path).cell == TINY


def test_a_recorded_trace_is_a_fleet_of_its_own_and_must_not_change(tmp_path):
    path = save_trace(HEAVY.first(50), tmp_path / "recorded.nc")
    cell = recorded_cell(path, "quadratic:d=3", 1, 0.5)
    values = replace(cell, seeds=2, tuning=1).compute()
    assert values["about"]["arrivals"] == 50 and values["about"]["seconds"] > 0
    save_trace(HEAVY.first(49), path)
    with pytest.raises(StoreError, match="not the one that was asked for"):
        cell.trace()


@pytest.mark.parametrize("fleet", RECORDED)
def test_recorded_traces_of_ray_are_taken_in_their_own_times(fleet):
    cell = replace(TINY, fleet=fleet, draw=1)
    trace = cell.trace()
    assert trace.source == "ray" and trace.timed and trace.steps == TINY.arrivals
    assert trace.digest != replace(cell, draw=0).trace().digest
    values = cell.compute()
    assert values["about"]["workers"] == trace.count
    assert values["about"]["seconds"] == pytest.approx(trace.applied_at[-1], rel=1e-4)


def test_a_trace_without_times_gives_arrivals_only(tmp_path):
    (tmp_path / "delays.txt").write_text("\n".join(map(str, HEAVY.delays[:50])) + "\n")
    values = replace(recorded_cell(tmp_path / "delays.txt", "quadratic:d=3", 1, 0.5), seeds=2, tuning=1).compute()
    assert values["about"]["seconds"] is None
    assert values["rules"][0]["seconds"] is None and values["rules"][0]["against_constant"]["value"] == 1.0


@pytest.mark.parametrize("scale", SCALES)
def test_the_study_has_at_least_16_seeds_and_three_fleets(scale):
    cells = adaptive_cells(scale)
    assert {"alike", "one-slow", "heavy", "ray-uneven"} <= {cell.fleet for cell in cells} <= {*FLEETS, *RECORDED}
    assert min(cell.seeds for cell in cells) >= 16
    assert STUDIES["adaptive"].cells(scale) == cells


def test_the_concurrency_is_found_where_it_is_not_known():
    assert race(trace=ALIKE).concurrency == 5
    assert race(trace=trace_of_delays(ALIKE.delays)).concurrency == 5
