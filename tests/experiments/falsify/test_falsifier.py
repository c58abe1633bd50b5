"""The battery is exact, the falsifier catches false bounds, and no bound of the library is broken inside its domain."""

import runpy
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from experiments.falsify import falsify
from experiments.falsify.attack import Budget, strongest
from experiments.falsify.battery import (
    Cosine,
    Saturating,
    at_random,
    battery,
    bursts,
    descents,
    huber,
    two_piece,
    waves,
)
from experiments.falsify.played import played
from experiments.falsify.settings import JUST_INSIDE, edge_of, interior, moves, proposals
from experiments.falsify.unit_runs import (
    UnitRuns,
    all_unit_runs,
    averaged_unit_runs,
    drawn_unit_runs,
    exact_run,
    joined,
    noisy_run,
    parabolas,
)
from theory.bounds import REGISTRY, Setting, get
from theory.bounds.parts.assumptions import COHERENCE, NO_NOISE, Assumption
from theory.formulas.formula import formula, total
from theory.formulas.notation import name_node
from theory.staleness.count import Staleness

MOVES = np.array([0.7, 0.2, 0.0, 1.3, 0.4, 0.4])
DELAYS = np.array([0, 1, 0, 3, 2, 0])


def rng():
    return np.random.default_rng(3)


# -------------------------------------------------------------------------------------------------- the functions


@pytest.mark.parametrize(
    "functions", list(battery(np.full(8, 0.5), rng(), 24)), ids=lambda f: f"{f.name}-{f.start.size}"
)
def test_smoothness_is_one_and_the_gap_is_the_integral_of_the_gradient(functions):
    count = functions.start.size
    assert count > 0
    for row in rng().choice(count, min(count, 40), replace=False):
        f = single(functions, row)
        reach = 3 + np.abs(f.start[0]) + (np.abs(f.knots).max() if hasattr(f, "knots") else 0.0)
        grid = np.linspace(-reach, reach, 40_001)
        width = grid[1] - grid[0]
        slope = f.gradient(grid[None, :])[0]
        assert np.abs(np.diff(slope)).max() <= width * (1 + 1e-9)
        height = np.concatenate(([0.0], np.cumsum((slope[1:] + slope[:-1]) / 2) * width))
        found = np.interp(f.start[0], grid, height) - height.min()
        assert functions.gap[row] == pytest.approx(found, rel=1e-3, abs=width)
        assert functions.convex[row] == (np.diff(slope).min() >= -1e-9 * width)
        assert functions.text(row).startswith(functions.labels[row] if hasattr(f, "labels") else f.name)


def single(functions, row):
    """One function of a batch, as a batch of its own."""
    if not hasattr(functions, "knots"):
        return replace(functions, start=functions.start[[row]])
    slopes = functions.slopes[[row]]
    return replace(
        functions,
        start=functions.start[[row]],
        knots=functions.knots[[row]],
        values=functions.values[[row]],
        left=slopes[:, 0],
        right=slopes[:, -1],
        labels=(),
    )


def test_gaps_in_closed_form():
    assert huber([0.5, 1.0, 7.0]).gap == pytest.approx([0.125, 0.5, 6.5], rel=1e-13)
    assert two_piece([-2.0, 2.0], [0.5]).gap == pytest.approx([1.0, 2.0], rel=1e-13)
    # From the top of a triangle wave, half-way between two corners, to its bottom: a triangle of base 2 and height 1.
    assert waves([0.5, 1.0, 1.5], [0.0]).gap == pytest.approx([0.0, 0.5, 1.0], rel=1e-13, abs=1e-13)
    steps = np.array([0.9, 0.3, 1.0])
    assert descents(steps, [0.0]).gap == pytest.approx([steps.sum() + 0.5], rel=1e-13)
    assert descents(steps, [1.0]).gap == pytest.approx([np.sum(steps * (1 - steps / 4)) + 0.5], rel=1e-13)
    assert Cosine("", np.array([np.pi])).gap == pytest.approx([2.0]) and Saturating("", np.array([1.0])).gap == [0.25]


def test_a_burst_of_stale_steps_climbs_the_hill_and_the_gentle_slope_keeps_its_gradient():
    # L = 1, steps 3/4: 20 steps read x_0, all others are fresh; the run ends on a slope of 1/4 after about 1000 steps.
    steps = np.full(1000, 0.75)
    delays = np.where(np.arange(1000) < 20, np.arange(1000), 0)
    functions = bursts([15.0], [0.25], [735.0])
    run = exact_run(functions, steps, delays)
    assert run.gap[0] < 2 and delays.mean() < 0.2
    assert run.squared[0].min() == pytest.approx(1 / 16, rel=1e-12)
    fresh = exact_run(functions, steps, np.zeros(1000, dtype=int))
    assert fresh.squared[0].min() < 1e-12


# --------------------------------------------------------------------------------------------------------- the runs


def plain_run(gradient, start, steps, delays, kicks, back=()):
    """One path, loop by loop."""
    points = [start]
    for k, (step, delay) in enumerate(zip(steps, delays, strict=True)):
        taken = sum(part * (points[k - j - 1] - points[k - j]) for j, part in enumerate(back[:k]))
        points.append(points[k] - step * (gradient(points[k - delay]) + kicks[k]) + taken)
    return np.array([gradient(x) for x in points])


def test_exact_runs_agree_with_a_plain_loop():
    for functions in battery(MOVES, rng(), 8):
        columns = exact_run(functions, MOVES, DELAYS)
        for row in range(functions.start.size):
            slope = lambda x, row=row, f=functions: f.gradient(np.full((f.start.size, 1), x))[row, 0]  # noqa: E731
            path = plain_run(slope, functions.start[row], MOVES, DELAYS, np.zeros(6))
            assert columns.squared[row] == pytest.approx(path**2, rel=1e-12, abs=1e-14)
            read = path[np.arange(6) - DELAYS]
            assert columns.inner[row] == pytest.approx(path[:-1] * read, rel=1e-12, abs=1e-14)


def test_noisy_runs_take_the_mean_over_every_path():
    functions = at_random(5, 0.6, rng())
    columns = noisy_run(functions, MOVES[:3], DELAYS[:3], rng())
    for row in range(5):
        words = columns.describe(row)
        high, p = (float(words.split(mark)[1].split()[0].rstrip(",")) for mark in ("noise ", "probability "))
        low = float(words.split("else ")[1].split(",")[0])
        active = {int(k) for k in words.split("at steps")[1].replace(",", " ").split()}
        assert p * high + (1 - p) * low == pytest.approx(0, abs=1e-5)
        assert p * high**2 + (1 - p) * low**2 == pytest.approx(columns.variance[row], rel=1e-4)
        slope = lambda x, row=row: functions.gradient(np.full((5, 1), x))[row, 0]  # noqa: E731
        expected = np.zeros(4)
        for signs in product((True, False), repeat=3):
            kicks = [(high if up else low) * (k + 1 in active) for k, up in enumerate(signs)]
            chance = np.prod([p if up else 1 - p for up in signs])
            expected += chance * plain_run(slope, functions.start[row], MOVES[:3], DELAYS[:3], kicks) ** 2
        assert columns.squared[row] == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("back", [[], [0.7, 0.2]])
def test_the_recursion_on_a_parabola_is_the_mean_over_all_paths(back):
    start, noise = parabolas(MOVES, DELAYS, noisy=True, back=np.array(back))
    for i, c in enumerate((1.0, 0.85)):
        draws = 0.8 * np.array(list(product((1, -1), repeat=6)))
        paths = np.array([plain_run(lambda x, c=c: c * x, 1.5, MOVES, DELAYS, kicks, back) for kicks in draws])
        squared = 1.5**2 * start.squared[i] + 0.8**2 * noise.squared[i]
        assert np.mean(paths**2, axis=0) == pytest.approx(squared, rel=1e-12)
        inner = 1.5**2 * start.inner[i] + 0.8**2 * noise.inner[i]
        assert np.mean(paths[:, :-1] * paths[:, np.arange(6) - DELAYS], axis=0) == pytest.approx(inner, rel=1e-12)


def test_delays_that_are_drawn_are_taken_in_the_mean_over_every_sequence():
    moves, law = np.array([0.5, 0.9, 0.4]), np.array([0.2, 0.0, 0.8])
    functions = at_random(4, 0.6, rng())
    sequences = [np.minimum(d, np.arange(3)) for d in product((0, 2), repeat=3)]
    chances = [np.prod([law[d] for d in word]) for word in product((0, 2), repeat=3)]
    single_runs = [exact_run(functions, moves, delays).squared for delays in sequences]
    expected = sum(chance * squared for chance, squared in zip(chances, single_runs, strict=True))
    found = exact_run(functions, moves, np.array(sequences), np.array(chances))
    assert found.squared == pytest.approx(expected, rel=1e-12)
    # One value is a fixed delay, with noise as without.
    fixed = drawn_unit_runs(moves, np.array([0.0, 1.0]), rng(), noisy=True, size=8)
    still = fixed.variance == 0
    again = all_unit_runs(moves, np.array([0, 1, 1]), rng(), noisy=False, size=8)
    assert fixed.squared[still] == pytest.approx(again.squared[: still.sum()], rel=1e-12) and not still.all()


def test_gradients_that_are_played_belong_to_a_function_and_come_close_to_the_exact_worst_case():
    # Gradient descent with steps up to 1/L: 1/(sum h (1 - h/4) + 1/2), over all points.
    for steps in ([1.0], [0.5, 0.5], [1.0, 0.3, 0.6]):
        h = np.array(steps)
        column = played(h, np.zeros(h.size, dtype=int), rng(), readings=np.eye(h.size + 1), rounds=300)
        best = (column.squared.min(axis=1) / column.gap).max()
        exact = 1 / (np.sum(h * (1 - h / 4)) + 0.5)
        assert 0.98 * exact < best <= exact * (1 + 1e-9)
    # A parabola attains the stability limit: nothing is gained, so that |g_0|^2 = 2 gap stays possible.
    column = played(np.array([2.0, 2.0]), np.zeros(2, dtype=int), rng(), readings=np.eye(3), rounds=300)
    assert 1.9 < (column.squared.min(axis=1) / column.gap).max() <= 2 * (1 + 1e-9)


# ------------------------------------------------------------------------------------------------------- the attack


def columns_of(squared, inner, gap, variance):
    squared, inner = np.array(squared, dtype=float), np.array(inner, dtype=float)
    gap, variance = np.array(gap, dtype=float), np.array(variance, dtype=float)
    return UnitRuns(squared, inner, gap, variance, np.ones(gap.size, dtype=bool), str)


def test_coordinates_add_up_and_share_the_gap_and_the_noise():
    two = columns_of([[4, 0], [0, 1]], [[0], [0]], [1, 1], [0, 0])
    found = strongest(two, Budget(1.0, 0.0, None, np.eye(2)))
    assert found.measured == pytest.approx(0.8, rel=1e-6) and found.runs == 2
    assert dict(found.weights) == pytest.approx({0: 0.2, 1: 0.8}, rel=1e-6)
    assert strongest(two, Budget(1.0, 0.0, None, np.eye(2)), mix=False).measured == 0
    noisy = columns_of([[4, 0], [0, 1]], [[0], [0]], [1, 0], [0, 1])
    assert strongest(noisy, Budget(1.0, 9.0, None, np.eye(2))).measured == pytest.approx(4.0, rel=1e-6)
    # A weighted mean is one reading: no mixture is needed.
    mean = np.array([[0.25], [0.75]])
    assert strongest(two, Budget(2.0, 0.0, None, mean)).measured == pytest.approx(2.0, rel=1e-12)


def test_only_coherent_runs_count_and_a_sum_may_be_coherent_where_its_parts_are_not():
    parts = columns_of([[1, 3], [1, 0.5]], [[0.2], [0.9]], [1, 1], [0, 0])
    alone = strongest(parts, Budget(1.0, 0.0, 0.5, np.eye(2)), mix=False)
    assert (alone.measured, alone.runs) == (0.5, 1)
    assert strongest(parts, Budget(1.0, 0.0, 0.5, np.eye(2))).measured == pytest.approx(1.0, rel=1e-5)
    assert strongest(parts, Budget(1.0, 0.0, 0.95, np.eye(2))).measured == 0


def test_gradients_that_are_applied_share_what_all_of_them_may_be():
    two = columns_of([[4, 0], [0, 1]], [[0], [0]], [1, 1], [0, 0.5])
    free = Budget(1.0, 1.0, None, np.array([[0.25], [0.75]]))
    assert strongest(two, free).measured == pytest.approx(1.0, rel=1e-9)
    # |g_0|^2 + |e|^2 is 4 of the first and 0.5 of the second, and at most 1 in all: 1/7 and 6/7 of them.
    held = replace(free, moment=1.0, read=(0,))
    assert strongest(two, held, mix=False).measured == pytest.approx(0.75, rel=1e-9)
    assert strongest(two, held).measured == pytest.approx(1 / 7 + 0.75 * 6 / 7, rel=1e-6)
    assert strongest(two, replace(free, moment=1.0, read=(1,)), mix=False).measured == pytest.approx(1.0, rel=1e-9)
    bound = get("weighted-delays")
    assert not falsify(bound, budget=4).broken and falsify(bound, budget=4).inside_runs > 1000
    assert falsify(replace(bound, value=bound.value.over / 3 / bound.value.under), budget=8).broken
    assert "error feedback" in falsify(get("ef-topk"), budget=2).note


def test_a_witness_replays_in_real_units():
    """F(x) = L b^2 phi(x / b) coordinate by coordinate, run as it is written on paper."""
    setting = Setting([0.3, 0.5, 0.2], [0, 1, 2], Staleness(3), {"L": 2.5, "Delta": 0.7, "sigma": 0.0, "mu": 1.0})
    functions = [huber(np.linspace(0.5, 3, 9)), waves(np.linspace(0, 4, 9), [0.3]), at_random(9, 0.5, rng())]
    columns = joined([exact_run(f, 2.5 * setting.step_sizes, setting.delays) for f in functions])
    found = strongest(columns, Budget(2.5 * 0.7, 0.0, None, np.eye(4)))
    total_squared, gap = np.zeros(4), 0.0
    for i, weight in found.weights:
        batch, row = functions[i // 9], i % 9
        b = weight**0.5 / 2.5
        slope = lambda x, f=batch, row=row, b=b: 2.5 * b * f.gradient(np.full((9, 1), x / b))[row, 0]  # noqa: E731
        total_squared += plain_run(slope, b * batch.start[row], setting.step_sizes, setting.delays, np.zeros(3)) ** 2
        gap += 2.5 * b**2 * batch.gap[row]
    assert total_squared.min() == pytest.approx(found.measured, rel=1e-9)
    assert gap <= 0.7 * (1 + 1e-12)


def test_settings_are_inside_the_domain_up_to_its_edge_and_moves_are_outside():
    for name in ("theorem-a", "theorem-b", "dai2019-tight", "corollary-1"):
        bound, draws = get(name), rng()
        edges = [edge for edge in (edge_of(next(proposals(bound, draws))) for _ in range(6)) if edge is not None]
        assert edges
        for edge in edges:
            assert edge.inside and all(not bound.check_domain(p.setting()) for p in interior(edge, draws))
            if bound.schedule is None and edge.scaled(2).failures():
                assert edge.scaled(JUST_INSIDE).inside and edge.scaled(1 + 1e-8).failures()
            for move in moves(edge, draws):
                assert set(move.broken) <= {condition.name for condition in bound.conditions}
                assert {f.condition for f in bound.check_domain(move.proposal.setting())} == set(move.broken)


# --------------------------------------------------------------------------------------------------- false theorems

_L, _DELTA, _ETA = map(name_node, ("L", "Delta", "eta"))


def without(bound, *texts):
    """A bound that forgot some of its conditions."""
    kept = tuple(c for c in bound.conditions if not any(text in c.name for text in texts))
    assert len(kept) < len(bound.conditions)
    return replace(bound, conditions=kept)


def times(name, factor):
    return replace(get(name), value=factor * get(name).value)


def theorem_a_with(denominator):
    return replace(get("theorem-a"), value=get("theorem-a").value.over / denominator)


FALSE = {
    "theorem A, end term 1/L": theorem_a_with(get("theorem-a").value.under + 1 / (2 * _L)),
    "theorem A, no loss by curvature": theorem_a_with(total(_ETA) + 1 / (2 * _L)),
    "theorem A, 2 % too small": times("theorem-a", 0.98),
    "theorem B, 2 % too small": times("theorem-b", 0.98),
    "theorem 1 at any horizon": without(get("dai2019"), "T >= 7"),
    "theorem 1's sum without coherence": replace(
        get("dai2019-tight"), assumptions=tuple(a for a in get("dai2019-tight").assumptions if a != COHERENCE)
    ),
    "theorem B at any steps": without(get("theorem-b"), "every weight"),
    "theorem B with noise": replace(
        without(get("theorem-b"), "sigma is 0"),
        assumptions=tuple(a for a in get("theorem-b").assumptions if a != NO_NOISE),
    ),
    "corollary 1 at any delays": without(get("corollary-1"), "delays within"),
    "corollary 1 at any steps": without(get("corollary-1"), "the step sizes"),
    "nothing moves at all": replace(get("theorem-a"), value=formula(0) * _DELTA),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_bound_is_broken_inside_the_domain_that_it_claims(name):
    bound = FALSE[name]
    findings = (falsify(bound, budget, 1, outside=False) for budget in (2, 10, 30, 60))
    assert any(finding.broken for finding in findings), name


# ------------------------------------------------------------------------------------------------------ the library


@pytest.mark.parametrize("name", REGISTRY)
def test_no_bound_of_the_library_is_broken_inside_its_domain(name):
    finding = falsify(get(name), budget=2, seed=20190506, size=20)
    assert not finding.broken, finding.verdict()
    assert finding.note or (finding.inside_runs > 200 and finding.inside_worst_ratio > 0.02), finding.verdict()
    assert {edge.condition for edge in finding.edges} <= {condition.name for condition in get(name).conditions}
    for edge in finding.edges:
        assert edge.tight == edge.verdict().startswith("needed")


@pytest.mark.long
@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_bound_of_the_library_is_broken_inside_its_domain_by_many_runs(name, seed):
    finding = falsify(get(name), budget=60, seed=seed, thorough=True)
    assert not finding.broken, finding.verdict()
    assert finding.note or finding.inside_runs > 20_000


@pytest.mark.parametrize(
    ("name", "condition", "factor"),
    [
        ("theorem-b", "every weight", 1.01),
        ("theorem-b", "sigma is 0", 2.0),
        ("dai2019", "T >= 7", 8.0),
        ("corollary-1", "delays within", 13.0),
    ],
)
def test_a_condition_that_is_needed_is_shown_to_be_by_a_run_just_outside(name, condition, factor):
    finding = falsify(get(name), budget=8, seed=3, size=24)
    (edge,) = (edge for edge in finding.edges if condition in edge.condition)
    assert edge.tight and edge.breaking.value > 0 and edge.breaking.factor <= factor
    assert edge.breaking.measured > edge.breaking.value
    failures = get(name).check_domain(edge.breaking.setting)
    assert [failure.condition for failure in failures] == [edge.condition]
    assert finding.tight and finding.outside_worst_ratio > 1 and finding.outside_witness is not None
    assert condition in finding.condition or finding.outside_worst_ratio >= edge.worst.ratio


def test_where_no_run_breaks_the_formula_the_domain_is_called_possibly_not_tight():
    # The step of a corollary may be smaller than stated by 1 %, and nothing shows.
    slack = falsify(times("corollary-2", 5.0), budget=4)
    (edge,) = (edge for edge in slack.edges if "the step sizes" in edge.condition)
    assert not edge.tight and edge.verdict().startswith("possibly not tight: worst ratio 0.")
    (named,) = (e for e in falsify(get("theorem-a"), budget=2).edges if "delays within" in e.condition)
    assert "the formula does not contain s" in named.verdict()


def test_a_mean_is_compared_as_a_mean():
    # Theorem 1's proof bounds the mean with its own weights w_t, and no other.
    tight = get("dai2019-tight")
    (weights,) = (c.left for c in tight.conditions if "every weight" in c.name)
    assert not falsify(replace(tight, weights=weights), budget=6, outside=False).broken
    assert falsify(replace(tight, weights=_ETA), budget=6, outside=False).broken


def test_the_same_seed_gives_the_same_finding_and_another_seed_another():
    one, two, other = (falsify(get("theorem-a"), 2, seed) for seed in (5, 5, 6))
    assert one.inside.sentence() == two.inside.sentence() and one.inside_runs == two.inside_runs
    assert one.inside.sentence() != other.inside.sentence()


def test_what_the_battery_does_not_know_is_said_and_not_attacked():
    strange = Assumption("polyak", "F grows.", r"\|\nabla F(x)\|^2 \ge 2 m (F(x) - \inf F)")
    finding = falsify(replace(get("theorem-a"), assumptions=(*get("theorem-a").assumptions, strange)), 2)
    assert finding.inside_runs == 0 and "does not know the assumption 'polyak'" in finding.verdict()
    convex = Assumption("convex", "F is convex.", r"F \text{ convex}")
    finding = falsify(replace(get("theorem-a"), assumptions=(*get("theorem-a").assumptions, convex)), 2)
    assert finding.inside_runs > 100


def test_all_columns_are_finite_and_keep_to_what_a_function_can_do():
    for noisy in (False, True):
        columns = all_unit_runs(np.full(5, 3.0), np.array([0, 1, 2, 2, 1]), rng(), noisy=noisy, size=12)
        assert np.isfinite(columns.squared).all() and (columns.squared >= 0).all()
        # |grad F|^2 <= 2 L (F - inf F) at the start.
        assert (columns.squared[:, 0] <= 2 * columns.gap * (1 + 1e-12)).all()
        assert (columns.variance > 0).any() == noisy


def test_the_table_names_every_condition_and_ends_with_0_where_nothing_is_broken(capsys, monkeypatch):
    script = Path(__file__).parents[3] / "benchmarks" / "falsifier.py"
    monkeypatch.setattr("sys.argv", [str(script), "theorem-b", "--budget", "2", "--witnesses"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    assert ended.value.code == 0 and printed.startswith("theorem-b ") and "holds in" in printed
    assert all(f"  - {edge.condition[:40]}" in printed for edge in falsify(get("theorem-b"), 2).edges)


def test_updates_of_several_gradients_are_those_of_the_iteration():
    """A parabola by the recursion itself, and with noise of variance 1 at its minimum by the sum over all noises."""
    moves, delays = np.array([0.9, 0.5, 1.2, 0.7]), np.array([[0, 0], [1, 0], [0, 2], [3, 1]])
    columns = averaged_unit_runs(moves, delays, rng(), noisy=True, size=6)
    told = [columns.describe(i) for i in range(len(columns))]
    for c in (1.0, 0.35):
        x, noise = [1.0], [np.zeros(8)]
        for k, move in enumerate(moves):
            x.append(x[k] - move / 2 * c * sum(x[k - d] for d in delays[k]))
            fresh = -move / 2 * np.isin(np.arange(8) // 2, k)
            noise.append(noise[k] - move / 2 * c * sum(noise[k - d] for d in delays[k]) + fresh)
        still, moved = (told.index(f"parabola of curvature {c:g}, {words}") for words in (
            "from 1, no noise", "from its minimum, noise of variance 1",
        ))  # fmt: skip
        np.testing.assert_allclose(columns.squared[still], (c * np.array(x)) ** 2, rtol=1e-12)
        np.testing.assert_allclose(columns.squared[moved], [c**2 * (n @ n) for n in noise], rtol=1e-12, atol=1e-15)


def test_a_bound_about_several_gradients_is_attacked_with_several():
    draws = rng()
    shapes = [next(proposals(get("theorem-ab"), draws)).delays.shape[1:] for _ in range(60)]
    assert {(), (2,), (4,)} == set(shapes)
    alone = [next(proposals(get("theorem-a"), draws)).delays.ndim for _ in range(20)]
    assert alone == [1] * 20
