"""Leave one out: its value, retraining without a client against the estimate, and what breaks the bound outside."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.bounds.leave_one_out import Powers
from theory.formulas.formula import Environment, formula
from theory.staleness.count import Staleness

BOUND = get("leave-one-out")


def at(rounds, step, **constants):
    known = {"lowest": 0.0, "highest": 1.0, "bend": 1.0, "influence": 1.0, "local": 1.0}
    return Setting(np.full(rounds, step), np.zeros(rounds, int), Staleness(1), known | constants)


def again(rounds, step, c):
    """The value by plain loops, from the recursion of the proof."""
    alpha = max(abs(1 - step * c["lowest"]), abs(1 - step * c["highest"]))
    missed = 0.0
    for i in range(int(c["local"])):  # what a local step misses is carried on by the later ones
        missed = alpha * missed + step * c["bend"] / 2 * (alpha**i * c["influence"]) ** 2
    error = 0.0
    for _ in range(rounds - 1):
        error = alpha ** int(c["local"]) * error + missed
    return error


def test_the_value_is_that_of_plain_loops_at_a_hundred_settings():
    draw = np.random.default_rng(1)
    for _ in range(100):
        c = {"lowest": draw.normal(), "bend": draw.exponential(), "influence": draw.exponential()}
        c |= {"highest": c["lowest"] + draw.exponential(), "local": float(draw.integers(1, 6))}
        rounds, step = int(draw.integers(1, 15)), float(draw.choice([0.0, draw.uniform(0, 1)]))
        assert BOUND.evaluate(at(rounds, step, **c)) == pytest.approx(again(rounds, step, c), rel=1e-11)


def test_sums_of_powers_keep_their_digits_on_both_sides_of_1_and_at_0():
    for base in (0.0, 0.3, 1 - 1e-9, 1 - 1e-15, 1.0, 1 + 1e-12, 1.5):
        for first, count in ((0, 1), (0, 7), (3, 50), (2, 0)):
            found = Powers(formula(base), formula(first), formula(count)).evaluate(Environment({}))
            assert found == pytest.approx(sum(base ** (first + i) for i in range(count)), rel=1e-13)


def test_it_says_what_it_is_about_and_who_has_checked_it():
    told = BOUND.to_dict()
    assert told["verified"] == "proved" and told["checked_by"] == ["coq"]
    assert told["iterates"] == "the error of the estimate after T rounds" and not BOUND.on_ladder


def test_the_three_regimes_settle_grow_like_t_and_grow_like_powers():
    few, many = 200, 400
    settled = [BOUND.evaluate(at(T, 0.5, **{"lowest": 0.1})) for T in (few, many)]
    assert settled[1] == pytest.approx(settled[0], rel=1e-4)
    flat = [BOUND.evaluate(at(T, 0.5)) / (T - 1) for T in (few, many)]  # lambda = 0: gamma = 1
    assert flat[1] == pytest.approx(flat[0], rel=1e-12)
    steep = [BOUND.evaluate(at(T, 2.1)) for T in (few, many)]  # beyond 2/Lambda
    assert steep[1] / steep[0] == pytest.approx(1.1 ** (many - few), rel=1e-6)
    assert BOUND.check_domain(at(10**5, 2.1))[0].condition == "the value can be computed"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bend": -1.0}, "bend is not at least 0"),
        ({"influence": -1.0}, "influence is not at least 0"),
        ({"lowest": 1.5}, "least eigenvalue is above the largest"),
        ({"local": 0.0}, "no local step"),
        ({"local": 2.5}, "not whole"),
        ({"steps": [0.5, 0.4]}, "not that of the first step at k = 2"),
        ({"delays": [0, 1]}, "has a delay at k = 2"),
    ],
)
def test_outside_its_domain_it_says_what_is_wrong(changed, said):
    steps, delays = changed.pop("steps", [0.5, 0.5]), changed.pop("delays", [0, 0])
    known = at(2, 0.5, **changed).constants
    failures = BOUND.check_domain(Setting(steps, delays, Staleness(2), known))
    assert any(said in failure.sentence() for failure in failures)


# ------------------------------------------------------------------------------------- rounds with and without a client


@dataclass(frozen=True)
class Client:
    """A loss by its gradient and its Hessian."""

    gradient: object
    hessian: object
    size: float = 1.0


def trained(clients, rounds, step, local, start, out=None, carry=None):
    """The models of federated averaging: all clients, or without one; with the estimate beside the models of all."""

    def reached(client, w):
        for _ in range(local):
            w = w - step * client.gradient(w)
        return w

    models, estimate = [start], np.zeros(start.size)
    for taking in rounds:
        w, others = models[-1], [k for k in taking if k != out]
        whole = sum(clients[k].size for k in others)
        following = sum(clients[k].size / whole * reached(clients[k], w) for k in others)
        if carry is None:
            models.append(following)
            continue
        carried = np.zeros(start.size)
        for k in others:
            v, point = estimate.copy(), w
            for _ in range(local):
                v, point = v - step * clients[k].hessian(point) @ v, point - step * clients[k].gradient(point)
            carried += clients[k].size / whole * v
        models.append(carry[len(models)])
        estimate = carried + following - models[-1]
    return np.array(models), estimate


def against(clients, rounds, step, local, start, out):
    """The error of the estimate, and the largest influence before the last round."""
    whole, _ = trained(clients, rounds, step, local, start)
    _, estimate = trained(clients, rounds, step, local, start, out, whole)
    without, _ = trained(clients, rounds, step, local, start, out)
    influence = np.linalg.norm(without - whole, axis=1)
    return SimpleNamespace(
        error=float(np.linalg.norm(without[-1] - whole[-1] - estimate)), influence=float(influence[:-1].max())
    )


def quadratic(draw, dim):
    root, middle = draw.normal(size=(dim, dim)), draw.normal(size=dim)
    form = root @ root.T / dim
    return Client(lambda w: form @ (w - middle), lambda w: form, float(draw.integers(1, 9)))


def logistic(draw, dim, penalty):
    rows = draw.normal(size=(int(draw.integers(5, 20)), dim)) * draw.uniform(0.3, 1.5)

    def chances(w):
        return 1 / (1 + np.exp(rows @ w))

    def gradient(w):
        return -rows.T @ chances(w) / len(rows) + penalty * w

    def hessian(w):
        p = chances(w)
        return (rows.T * (p * (1 - p))) @ rows / len(rows) + penalty * np.eye(dim)

    # |(p (1 - p))'| is at most 1/(6 sqrt 3), and p (1 - p) at most 1/4.
    bend = float(np.mean(np.linalg.norm(rows, axis=1) ** 3)) / (6 * np.sqrt(3))
    largest = float(np.linalg.eigvalsh(rows.T @ rows / len(rows))[-1]) / 4 + penalty
    return Client(gradient, hessian, float(len(rows))), largest, bend


def rounds_of(draw, count, clients, out):
    """Who takes part: never the one that is left out alone."""
    chosen = [sorted(draw.choice(clients, int(draw.integers(1, clients + 1)), replace=False)) for _ in range(count)]
    return [one if one != [out] else [out, (out + 1) % clients] for one in chosen]


@pytest.mark.parametrize("seed", range(20))
def test_of_quadratics_the_estimate_is_exact(seed):
    draw = np.random.default_rng(seed)
    clients = [quadratic(draw, 4) for _ in range(5)]
    rounds = rounds_of(draw, 12, 5, 2)
    run = against(clients, rounds, 0.1, int(draw.integers(1, 5)), draw.normal(size=4), 2)
    assert run.influence > 1e-3 and run.error < 1e-13 * max(1, run.influence)
    assert BOUND.evaluate(at(12, 0.1, bend=0.0)) == 0


@pytest.mark.parametrize("seed", range(60))
def test_of_logistic_losses_it_is_met_in_every_regime(seed):
    draw = np.random.default_rng(seed)
    dim, count, penalty = int(draw.integers(1, 6)), int(draw.integers(2, 7)), float(draw.choice([0.0, 0.05, 0.5]))
    clients, largest, bend = zip(*(logistic(draw, dim, penalty) for _ in range(count)), strict=True)
    rounds, local = rounds_of(draw, int(draw.integers(1, 25)), count, 0), int(draw.integers(1, 6))
    step = float(draw.choice([0.2, 1.0, 1.9, 2.3])) / max(largest)
    run = against(clients, rounds, step, local, draw.normal(size=dim), 0)
    constants = {"lowest": penalty, "highest": max(largest), "bend": max(bend), "influence": run.influence}
    assert run.error <= BOUND.evaluate(at(len(rounds), step, local=float(local), **constants)) * (1 + 1e-9) + 1e-13


def test_without_the_first_sum_it_is_off_by_at_most_gamma_c():
    for seed in range(20):
        draw = np.random.default_rng(seed)
        clients, largest, _ = zip(*(logistic(draw, 3, 0.1) for _ in range(4)), strict=True)
        rounds, step = [[0, 1, 2, 3]] * 8, 1.5 / max(largest)
        whole, _ = trained(clients, rounds, step, 3, np.zeros(3))
        without, _ = trained(clients, rounds, step, 3, np.zeros(3), 0)
        last, _ = trained(clients, rounds[-1:], step, 3, whole[-2], 0)
        truncated = last[-1] - whole[-1]
        gamma = max(abs(1 - step * 0.1), abs(1 - step * max(largest))) ** 3
        before = float(np.linalg.norm(without[-2] - whole[-2]))
        assert np.linalg.norm(without[-1] - whole[-1] - truncated) <= gamma * before * (1 + 1e-12)


# -------------------------------------------------------------------------------------- where nothing is lost of it


def cubic(curve, third):
    """f'(w) = curve w + third w^2/2 on the line: a constant third derivative."""
    return Client(lambda w: curve * w + third * w**2 / 2, lambda w: np.array([[curve + third * w[0]]]))


def pushed(amount, step, local, curve):
    """A client that moves 0 by this amount in a round."""
    slope = amount / step / sum((1 - step * curve) ** i for i in range(local))
    return Client(lambda w: np.full(1, -slope) + curve * w, lambda w: np.array([[curve]]))


def tight(local, curve=0.5, step=1.0, third=-1.0, amount=1e-4):
    """Two rounds: one client leaves 0 where it is, the other has moved it before it is left out."""
    clients = [cubic(curve, third), pushed(2 * amount, step, local, curve)]
    run = against(clients, [[0, 1], [0, 1]], step, local, np.zeros(1), 1)
    # The Hessians are from curve - drift to curve, between the points that are met.
    drift = abs(third) * 4 * amount
    constants = {"lowest": curve - drift, "highest": curve + drift, "bend": abs(third), "influence": run.influence}
    return run, {**constants, "local": float(local)}, step


@pytest.mark.parametrize("local", [1, 2, 3, 5])
def test_after_two_rounds_it_is_attained_for_any_number_of_local_steps(local):
    run, constants, step = tight(local)
    ratio = run.error / BOUND.evaluate(at(2, step, **constants))
    assert 0.99 < ratio <= 1


@pytest.mark.parametrize(
    ("factors", "given", "rounds"),
    [
        ({"bend": 0.98}, {}, 2),
        ({"influence": 0.98}, {}, 2),
        ({}, {"lowest": 0.52, "highest": 0.52}, 2),  # an alpha that is too small
        ({}, {"local": 4.0}, 2),
        ({}, {}, 1),
    ],
)
def test_less_of_any_constant_and_the_same_run_breaks_it(factors, given, rounds):
    run, constants, step = tight(3)
    less = {name: value * factors.get(name, 1.0) for name, value in constants.items()} | given
    assert run.error > BOUND.evaluate(at(rounds, step, **less))


def test_steps_that_grow_break_it_without_their_condition():
    clients = [cubic(0.0, -1.0), pushed(1e-3, 1.0, 1, 0.0)]
    start, step = np.zeros(1), 1.0
    models, _ = trained(clients, [[0, 1]], step, 1, start)
    influence = float(models[1][0])  # the one that is left moves nothing from 0
    longer = 3 * step
    missed = longer * influence**2 / 2  # of a step from 0 and one from there
    steps = Setting(
        [step, longer], [0, 0], Staleness(1), {**at(2, 1.0).constants, "highest": 0.0, "influence": influence}
    )
    assert "not that of the first step" in BOUND.check_domain(steps)[0].sentence()
    assert missed > 2 * float(BOUND.value.evaluate(steps.environment()))
