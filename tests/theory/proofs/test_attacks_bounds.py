"""Attacks on what lies between a bound and its proof: what a theorem must ask for before its proof may use it.

The letters are those of `docs/kernel.md`. Each attack has a true fact of the kernel, and a bound that does not ask for
what the fact rests on; the same bound with it, where there is one, is accepted.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.made_bounds import (
    DELTA,
    ETA,
    EXACT,
    NOISY,
    QUIET,
    RUN,
    SIGMA,
    SIGNS,
    STEP,
    TRUE,
    D,
    K,
    L,
    S,
    T,
    condition,
    long_steps,
    made,
    refusal,
    times_true,
    true,
    value_of,
)
from theory.bounds import REGISTRY, Setting
from theory.bounds.asp_regret import CONVEX_LOSSES, SEVERAL_CENTRES
from theory.bounds.leave_one_out import CURVED, LEFT_OUT
from theory.bounds.parts.assumptions import (
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_DRAWN,
    DELAYS_FIXED,
    MOVES_TAKEN_BACK,
    NO_DELAY,
    ORDERED_READS,
    SEVERAL_READS,
    SMOOTH,
    STEPS_FIXED,
    WORKERS_NOISE,
    Assumption,
)
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_ab_overtaking import WithTurns
from theory.bounds.theorem_c import BEST_ANGLE, FIXED_DELAY, BestAngle, First, HalfSine, SineRatio
from theory.formulas.formula import (
    Defined,
    Name,
    Number,
    Previous,
    WhereNoisy,
    WhereOvertaken,
    block,
    call,
    formula,
    taken,
    total,
)
from theory.formulas.notation import name_node
from theory.proofs import PROOFS, kernel
from theory.proofs.axioms import AXIOMS, drawn, noise_cases, orthogonal, sign
from theory.proofs.kernel import (
    DELAY,
    LAST,
    ZERO,
    Context,
    add,
    constant,
    expression,
    hypothesis,
    instantiate,
    le,
    lt,
    multiply,
    restate,
    scalar,
    scale_equality,
    tau,
    vector,
    widen,
)
from theory.proofs.theorem import compare, weighted_mean
from theory.staleness.count import Staleness

PROMPT = condition(D, "<=", 0, index="k")
ONE_DELAY = condition(D, "==", call("min", Previous(D) + 1, S - 1), index="k", since=1)
ED, ED2, YOUNG, CUT = (
    Name("Ed", r"\mathbb{E}[d]"), Name("Ed2", r"\mathbb{E}[d^{2}]"), Name("young", r"\theta"), Name("cut", "r"),
)  # fmt: skip
OF_A_LAW = (condition(ED, ">=", 0), condition(ED2, ">=", ED))
GAP = 2 * scalar("L") * scalar("Delta")
STEPS_GIVEN = tuple(STEPS_FIXED if one is DELAYS_FIXED else one for one in NOISY)


def test_the_true_bound_is_accepted_with_noise_and_without():
    compare(made(TRUE), true())
    compare(made(TRUE, EXACT, assumptions=QUIET), true())
    assert value_of(made(TRUE), [0.5, 0.0], [0, 1], 2) == 2.0


# ------------------------------------------------------------------- B10, B11, B8: noise, and steps that might see it


@pytest.mark.parametrize("more", [(), (STEPS_FIXED,), (NO_DELAY,), (FIXED_DELAY,), (ORDERED_READS, STEPS_FIXED)])
def test_b10_with_noise_steps_and_delays_must_be_independent_of_it_whatever_axiom_is_used(more):
    """No axiom of m <= 2 L Delta speaks of noise; each reads eta and tau as given all the same."""
    without = tuple(one for one in NOISY if one is not DELAYS_FIXED)
    assert "independent of the noise" in refusal(made(TRUE, assumptions=(*without, *more)), true())


@pytest.mark.parametrize(("kind", "asked"), [(NO_DELAY, PROMPT), (FIXED_DELAY, ONE_DELAY)])
def test_b10_steps_alone_are_enough_where_delays_are_what_they_are(kind, asked):
    compare(made(TRUE, asked, assumptions=(*STEPS_GIVEN, kind)), true())
    assert "independent" in refusal(made(TRUE, assumptions=(*STEPS_GIVEN, kind)), true())
    assert "independent" in refusal(made(TRUE, replace(asked, left=D + 0), assumptions=(*STEPS_GIVEN, kind)), true())


@pytest.mark.parametrize("name", PROOFS)
def test_b10_every_bound_with_noise_asks_for_independence_and_a_variance(name):
    bound = REGISTRY[name]
    if not bound.noise_free_only:
        assert {BOUNDED_VARIANCE, WORKERS_NOISE} & set(bound.assumptions)
        assert {DELAYS_FIXED, STEPS_FIXED} & set(bound.assumptions)


@pytest.mark.parametrize("steps", [2, 5])
def test_b11_drawn_delays_need_steps_that_do_not_see_them_with_noise_and_without(steps):
    """eta_j E<g_j, a_j> is eta_j times the mixture only where eta_j does not depend on d_j."""
    there = Context(frozenset({le(ZERO + steps, LAST)}), frozenset({kernel.RANDOM, kernel.NOISELESS}))
    at = ZERO + (steps - 1)
    mixed = scale_equality(scale_equality(drawn(there, at, "g", at), scalar("eta", at)), expression(0))
    quiet = (*QUIET, DELAYS_DRAWN)
    asked = (condition(T, ">=", steps), EXACT, *OF_A_LAW)
    assert "independent" in refusal(made(TRUE, *asked, assumptions=quiet), add(true(there), mixed))
    assert "independent" in refusal(made(TRUE, *asked, assumptions=(*quiet, DELAYS_FIXED)), add(true(there), mixed))
    compare(made(TRUE, *asked, assumptions=(*quiet, STEPS_FIXED)), add(true(there), mixed))


def test_b8_where_there_may_be_noise_it_has_a_variance():
    without = tuple(one for one in NOISY if one is not BOUNDED_VARIANCE)
    assert "variance" in refusal(made(TRUE, assumptions=without), true())


@pytest.mark.parametrize("late", [False, True])
def test_b8_no_noise_is_told_from_some_only_by_a_sigma_that_is_not_negative(late):
    """`0 if sigma = 0` names sigma by its meaning: with no sign asked, sigma = -1 was evaluated as no noise."""
    quiet = RUN.under(kernel.NOISELESS)
    choice = WhereOvertaken(formula(1), formula(0)) if late else WhereNoisy(formula(1), formula(0))
    if late:
        fact, value = true(), TRUE + 0 * First(Defined("o", choice))
    else:
        square = vector("e", ZERO).square()
        gone = restate(orthogonal(quiet, square), square)
        gone = restate(add(true(quiet), scale_equality(gone, expression(0))), true(quiet).expression)
        fact, value = noise_cases(gone, true(), true().expression), 2 * L * DELTA + 0 * choice
    signless = tuple(c for c in SIGNS if c.symbol != "sigma")
    for signs in (signless, (*signless, condition(SIGMA, "<=", 5)), (*signless, condition(SIGMA, ">=", 0 - T))):
        assert "sigma is not negative" in refusal(replace(made(value), conditions=signs), fact)
    assert value_of(made(value), [0.0], [0], 1, sigma=-1.0) is None


def test_e_coherence_asks_for_the_sign_of_mu_and_a_law_of_delays_for_its_means():
    coherent = (*NOISY, COHERENCE)
    assert "mu is positive" in refusal(made(TRUE, assumptions=coherent), true())
    compare(made(TRUE, condition(Name("mu", r"\mu"), ">", 0), assumptions=coherent), true())
    random = Context(RUN.constraints, frozenset({kernel.RANDOM}))
    law = (*STEPS_GIVEN, DELAYS_DRAWN)
    assert "Ed is not negative" in refusal(made(TRUE, assumptions=law), true(random))
    compare(made(TRUE, *OF_A_LAW, assumptions=law), true(random))


# ----------------------------------------------------------------------------- B4: laws that do not go on together


@pytest.mark.parametrize("s", [3, 9])
def test_b4_no_delay_and_one_delay_do_not_go_on_together(s):
    """A run of one step keeps both conditions at any s; the kernel derives s <= 1 from tau_1 of its continuation."""
    run = Context(RUN.constraints | {le(ZERO, tau(ZERO + 1))}, frozenset({kernel.PROMPT, kernel.FIXED}))
    less, more = run.having(le(DELAY, ZERO)), run.having(lt(ZERO, DELAY))
    low = scale_equality(restate(AXIOMS["delay_size"](less), scalar("s") - 1), expression(-1))
    one = kernel.cases(run, DELAY, ZERO, low, restate(constant(more, 0), 1 - scalar("s")), 1 - scalar("s"))
    final = restate(add(true(run), times_true(one)), GAP * (2 - scalar("s")) - scalar("m"))
    bound = made(2 * L * DELTA * (2 - S), PROMPT, ONE_DELAY, EXACT, assumptions=(*QUIET, NO_DELAY, FIXED_DELAY))
    assert value_of(bound, [0.0], [0], s) < 0
    assert "do not go together" in refusal(bound, final)


@pytest.mark.parametrize(("kind", "asked"), [(NO_DELAY, PROMPT), (FIXED_DELAY, ONE_DELAY)])
def test_b4_drawn_delays_go_with_no_law_of_given_ones(kind, asked):
    bound = made(TRUE, asked, *OF_A_LAW, assumptions=(*STEPS_GIVEN, DELAYS_DRAWN, kind))
    assert "do not go together" in refusal(bound, true())


# --------------------------------------------------------- B1, B2, B6: a condition that is not asked for where it seems


@pytest.mark.parametrize("least", [3, 8])
@pytest.mark.parametrize("more", [{"since": 1}, {"since": 5}, {"since": 1, "index": "k"}, {"since": -1}])
def test_b1_the_least_number_of_steps_is_asked_of_every_run(least, more):
    there = Context(frozenset({le(ZERO + least, LAST)}))
    one = constant(there, 0)
    final = add(true(there), times_true(one))
    compare(made(TRUE, condition(T, ">=", least)), final)
    assert refusal(made(TRUE, condition(T, ">=", least, **more)), final)


@pytest.mark.parametrize("since", [-1, -7, 2, True, 1.0])
def test_b2_a_condition_of_steps_leaves_out_at_most_the_first(since):
    """since = -1 is checked at the last entry only."""
    final = restate(add(true(), times_true(long_steps())), GAP * scalar("L") * scalar("eta", ZERO) - scalar("m"))
    bound = made(2 * L * DELTA * L * First(ETA), condition(L * ETA, ">=", 1, index="k"))
    compare(bound, final)
    late = made(2 * L * DELTA * L * First(ETA), condition(L * ETA, ">=", 1, index="k", since=since))
    assert refusal(late, final)
    second = made(2 * L * DELTA * L * First(ETA), condition(L * ETA, ">=", 1, index="k", since=1))
    assert "does not ask for" in refusal(second, final)


@pytest.mark.parametrize("loose", [{"relative": 1e6}, {"relative": 1e-9}, {"since": 1}, {"relative": -1.0}])
def test_b6_what_a_condition_is_asked_for_is_checked_as_it_is_printed(loose):
    """`if s > 1` with a tolerance of a million is asked for from a million on."""
    more = scalar("s") - 1
    assumed = hypothesis(STEP, (scalar("L") * scalar("eta", K) - 1) * more, "long, if s > 1")
    part = times_true(instantiate(assumed, RUN, k=ZERO))
    value = 2 * L * DELTA * (1 + (S - 1) * (L * First(ETA) - 1))
    final = restate(add(true(), part), add(true(), part).expression)
    compare(made(value, condition(L * ETA, ">=", 1, index="k", when=condition(S, ">", 1))), final)
    for when in (condition(S, ">", 1, **loose), condition(S, ">", 1, when=condition(T, ">", 5)), condition(S, ">", 7)):
        assert refusal(made(value, condition(L * ETA, ">=", 1, index="k", when=when)), final)


# ----------------------------------------------------------------------------------------- B3: the sign of a letter


@pytest.mark.parametrize(
    "asked",
    [
        (condition(CUT, ">=", D, index="k"),),
        (condition(CUT, ">=", total(ETA)),),
        (condition(CUT, ">", 0 * ETA, index="k", since=1),),
        (condition(CUT, ">", 0, when=condition(S, ">", 1)),),
        (condition(CUT, ">=", 0),),
        (condition(CUT, ">", YOUNG), condition(YOUNG, ">", CUT)),
        (condition(CUT, ">", 0 - S),),
        (condition(CUT, "<=", 3),),
        (condition(CUT + 0, ">", 0),),
    ],
)
def test_b3_a_letter_is_positive_by_a_number_below_it_or_a_letter_shown_before(asked):
    """The sum over an empty window is no positive floor, nor are two letters each other's."""
    low = hypothesis(RUN, -scalar("cut"), "r <= 0")
    absurd = restate(multiply(low, sign(RUN, "cut", power=-1)), expression(-1))
    final = restate(add(true(), times_true(absurd)), -scalar("m"))
    assert "is positive" in refusal(made(0, *asked, condition(CUT, "<=", 0)), final)


def test_b3_the_signs_of_two_means_do_not_hold_each_other():
    random = Context(RUN.constraints, frozenset({kernel.RANDOM}))
    ring = (condition(ED, ">=", ED2), condition(ED2, ">=", ED))
    assert "not negative" in refusal(made(TRUE, *ring, assumptions=(*STEPS_GIVEN, DELAYS_DRAWN)), true(random))


# --------------------------------------------------------------------------------------------- B5: infinite sides


@pytest.mark.parametrize(("eta", "delta"), [(0.0, 1.0), (7.0, 3.0)])
def test_b5_a_condition_with_an_infinite_side_or_allowance_is_not_met(eta, delta):
    """eta = Delta/sigma at sigma = 0: infinity is not equal to anything."""
    h = hypothesis(STEP, scalar("eta", K) * scalar("sigma") - scalar("Delta"), "eta = Delta/sigma", True)
    final = add(true(), scale_equality(instantiate(h, RUN, k=ZERO), 2 * scalar("L")))
    final = restate(final, 2 * scalar("L") * scalar("eta", ZERO) * scalar("sigma") - scalar("m"))
    bound = made(2 * L * First(ETA) * SIGMA, condition(ETA, "==", DELTA / SIGMA, index="k", relative=1e-12))
    compare(bound, final)
    assert value_of(bound, [eta], [0], 1, Delta=delta) is None
    assert value_of(bound, [2.0], [0], 1, sigma=0.5) == 2.0
    assert value_of(bound, [2.1], [0], 1, sigma=0.5) is None


# --------------------------------------------------------------------------------------------------- B7: one angle


def best(value) -> Defined:
    return Defined(r"\theta", BestAngle(formula(1), value, {"h": formula(0)}), sequence=False)


THETA, LIBRARY = Name("theta", r"\theta"), Defined(r"\theta", BEST_ANGLE, sequence=False)


@pytest.mark.parametrize("sine", [HalfSine, lambda angle: SineRatio(0, angle)])
@pytest.mark.parametrize(
    ("one", "other"),
    [(best(1 + THETA), best(9 - THETA)), (THETA, best(9 - THETA)), (best(2 + THETA), LIBRARY), (THETA, LIBRARY)],
)
def test_b7_theta_is_one_angle_whether_or_not_its_range_is_used(sine, one, other):
    """sin(theta/2) - sin(theta/2) is 0 for one angle only."""
    assert refusal(made(TRUE + 50 * (sine(one) - sine(other))), true())
    assert refusal(made(TRUE, condition(sine(one), ">=", sine(other))), true())


def test_b7_the_angle_of_the_library_is_accepted():
    compare(made(TRUE + 0 * HalfSine(LIBRARY)), true())
    compare(made(TRUE + 0 * HalfSine(THETA)), true())


def test_a_widened_sum_is_not_shortened():
    """The least T again, from the other side: T >= 4 by count, and the bound asks for 3."""
    there = Context(frozenset({le(ZERO + 4, LAST)}))
    four = widen(constant(there, 1), ("k",), (le(ZERO, K), lt(K, LAST)), (le(ZERO, K), lt(K, ZERO + 4)))
    final = add(true(there), multiply(constant(there, 0), four))
    assert "does not follow" in refusal(made(TRUE, condition(T, ">=", 3)), final)


# --------------------------------------------------------------------------- one free number, and one for each gradient


@pytest.mark.parametrize("sequence", [True, False])
def test_a_free_number_is_one_where_it_is_printed_as_one(sequence):
    """theta was one number on paper and in the kernel, and one for each gradient at the run: 1.03 for 2 L Delta = 2."""
    theta = Name("young", r"\theta", sequence)
    crossed = total(theta * ETA) * total(ETA**2) - total(theta * ETA**2) * total(ETA) / 2
    more = 222 * crossed + Number(1e-6, "0.000001") * total(ETA / theta)
    bound = made(TRUE + more, condition(theta, ">", 0, index="k" if sequence else None), kind=WithTurns)
    sums = [kernel.total(sign(STEP, "eta", K, power=n), ("k",), le(ZERO, K), lt(K, LAST)) for n in (1, 2)]
    half = multiply(multiply(multiply(*sums), sign(RUN, "young")), constant(RUN, 111))
    inverse = multiply(multiply(sums[0], sign(RUN, "young", power=-1)), constant(RUN, Fraction(1, 10**6)))
    assert ("differ" if sequence else "cannot stand for") in refusal(bound, add(true(), half, inverse))
    small, delays = [0.0005] * 2000, [min(k, 3 if k % 4 == 3 else 1) for k in range(2000)]
    constants = {"L": 1e-6, "Delta": 1e6, "sigma": 0.01}
    assert bound.evaluate(Setting([*small, 0.1], [*delays, 0], Staleness(5), constants)) < 1.1


# ------------------------------------------------------------------------------- a gradient, and those of its update


@pytest.mark.parametrize("letter", ["h", "n"])
def test_a_gradient_does_not_go_for_its_block(letter):
    """With one letter for eta_k and for the sum over its block, m <= 2 L Delta was printed as m <= L Delta."""
    several = RUN.under(kernel.SEVERAL)
    step = several.having(le(ZERO, kernel.update(K)), lt(kernel.update(K), LAST))
    pace, constants = scalar("eta", K), scalar("L") * scalar("Delta")
    every = ("k",), le(ZERO, kernel.update(K)), lt(kernel.update(K), LAST)
    steps = kernel.total(sign(step, "eta", K), *every)
    size = multiply(multiply(hypothesis(several, scalar("B") - 2, "c"), sign(several, "L")), sign(several, "Delta"))
    counted = kernel.total(scale_equality(AXIOMS["block_count"](step, kernel.update(K)), -pace * constants), *every)
    final = add(multiply(true(several), steps), multiply(size, steps), counted)
    one, block_of_it = Defined("h", ETA), Defined(letter, block(ETA))
    asked = condition(name_node("B"), ">=", 2), condition(total(one), ">", 0)
    value = L * DELTA * total(block_of_it) / total(one)
    bound = made(value, *asked, assumptions=(*NOISY, SEVERAL_READS))
    if letter == "n":
        compare(bound, final)
    else:
        assert "two things" in refusal(bound, final)
        assert bound.latex().replace("h", "") == r"\frac{L \, \Delta \, \sum_{k} _{k}}{\sum_{k} _{k}}"


def test_the_sum_of_the_blocks_is_not_that_of_the_weights():
    """Where the denominator is B times the weights, the value is a B-th of what bounds their mean."""
    bound = made(TRUE / total(block(ETA)), assumptions=(*NOISY, SEVERAL_READS))
    with pytest.raises(kernel.ProofError, match="divides by"):
        weighted_mean(bound, Weighing(taken(ETA), total(ETA)))
    assert weighted_mean(replace(bound, assumptions=NOISY), Weighing(taken(ETA), total(ETA)))


# ------------------------------------------------------------------------------------- a method that takes moves back


def test_an_assumption_of_ones_own_is_no_part_of_a_theorem():
    """It might print any iteration: the proof is of x_{k+1} = x_k - eta_k (g_{tau_k} + e_k) alone."""
    bound = REGISTRY["theorem-a"]
    other = Assumption("heavy ball", "Steps have momentum.", r"x_{k+1} = x_k - \eta_k g_k + (x_k - x_{k-1})")
    changed = replace(bound, assumptions=(*bound.assumptions, other))
    assert "No axiom is about" in PROOFS["theorem-a"].against(changed).lines[-1].refusal


@pytest.mark.parametrize("other", [CONVEX_LOSSES, SEVERAL_CENTRES, LEFT_OUT, CURVED, replace(SMOOTH, measured="1")])
def test_a_proof_about_gradients_proves_nothing_of_another_quantity(other):
    bound = REGISTRY["theorem-a"]
    kept = tuple(one for one in bound.assumptions if one.name != other.name)
    changed = replace(bound, assumptions=(*kept, other))
    assert not other.measured or changed.quantity == other.measured
    assert "No axiom is about" in PROOFS["theorem-a"].against(changed).lines[-1].refusal


def test_no_axiom_is_about_a_method_that_takes_moves_back():
    """F = lam x^2/2, moves of 40 steps taken back, graded by their age: a tenth of the way, and theorem-a says 8e-5."""
    steps, eta, taken = 600, 0.5, [1 - j / 41 for j in range(1, 41)]
    lam, points = (1 + sum(taken)) / (2 * eta * steps), [1.0]
    for k in range(steps):
        back = sum(m * (points[k - j] - points[k - j - 1]) for j, m in enumerate(taken[:k]))
        points.append(points[-1] - eta * lam * points[-1] - back)
    bound = REGISTRY["theorem-a"]
    moving = replace(bound, assumptions=(*bound.assumptions, MOVES_TAKEN_BACK))
    constants = {"L": 1.0, "Delta": lam / 2, "sigma": 0.0}
    value = moving.evaluate(Setting([eta] * steps, [0] * steps, Staleness(1), constants, moves=taken))
    assert min((lam * x) ** 2 for x in points) > 5 * value
    assert "moves taken back" in PROOFS["theorem-a"].against(moving).lines[-1].refusal
