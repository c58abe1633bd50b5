"""The bounds through the average delay, replayed: one constant step, and any steps."""

from __future__ import annotations

from theory.bounds.average_delay import AVERAGE_DELAY, AVERAGE_DELAY_ADAPTIVE
from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Defined, readers, total, window
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import LAST, NOISELESS, ZERO, Context, Expression, Index, expression, scalar, tau
from theory.proofs.nodes import F_GAP, MINIMUM, At, G, Travelled, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    Derived,
    I,
    J,
    K,
    applied,
    at_step,
    descent,
    ends,
    gradient,
    half_at_least,
    half_of_readers,
    lipschitz,
    noise,
    noise_order,
    noise_room,
    noises,
    over_the_run,
    product,
    squares,
    steps,
    summed,
    symbol,
    weighted,
    window_of,
)
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.means import side

L, DELTA, SIGMA, ETA, D, T = map(name_node, ("L", "Delta", "sigma", "eta", "d", "T"))
STEP, QUIET = at_step(), at_step().under(NOISELESS)
IN_WINDOW = window_of(K)
# A step i that is in flight while step k is applied.
FLYING = (*steps(I), *inside(K, I))
FLIGHT = STEP.having(*FLYING)


def definition(bound: Bound, symbol: str) -> Defined:
    """An abbreviation of a bound."""
    return next(node for node in bound.definitions if node.symbol == symbol)


NU = definition(AVERAGE_DELAY, r"\nu")
IN_FLIGHT = definition(AVERAGE_DELAY, "n")
H = Defined("H", window(ETA))
P = Defined("P", window(ETA * square(read(G))))
Q = Defined("Q", window(ETA**2))
WAY = (1 + NU) * H * P + 2 * SIGMA**2 * Q

# ------------------------------------------------------------------------------------------ what the bounds share


def way_quiet() -> Apply:
    """H P >= |x_k - x_tau_k|^2 without noise, and 2 sigma^2 Q >= 0."""
    still = rules.orthogonal(QUIET, -displacement(tau(K), K).square())
    return rules.add(squares(QUIET, IN_WINDOW), product(QUIET, summed(QUIET, IN_WINDOW, noise_room), 2), still)


def way_any() -> Apply:
    """2 H P + 2 sigma^2 Q >= |x_k - x_tau_k|^2 in any order: |a + b|^2 <= 2 |a|^2 + 2 |b|^2."""
    gradients, noise_sum = weighted(IN_WINDOW, applied), weighted(IN_WINDOW, noise)
    no_cross_terms = rules.orthogonal(STEP, -noise_sum.square(), noise_order)
    return rules.add(
        rules.square(STEP, gradients - noise_sum),
        product(STEP, squares(STEP, IN_WINDOW), 2),
        product(STEP, noises(STEP, IN_WINDOW), 2),
        rules.scale_equality(no_cross_terms, expression(2)),
    )


def turned() -> Apply:
    """L^2 times the way bounds |g_k - g_tau_k|^2."""
    return rules.add(lipschitz(STEP, K, tau(K)), product(STEP, Ref("way"), symbol(STEP, "L", power=2)))


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2 turns the descent into squares; sum it over the steps."""
    return over_the_run(rules.add(Ref("descent"), product(STEP, Ref("turned"), symbol(STEP, "eta", K), HALF)))


CLAIMED_WAY = Claim(WAY, square(Travelled()))
TURNS = Defined("b", L * ETA + (1 + NU) * L**2 * readers(ETA * H))
NOISE = DELTA + L * SIGMA**2 / 2 * total(ETA**2 * (1 + 2 * L * readers(ETA)))
SHARED = (
    Step(
        "way",
        "The way since the read, in any order",
        "|a+b|^2 <= 2|a|^2 + 2|b|^2 where there is noise; Cauchy-Schwarz; <e_i, e_j> = 0 for i != j",
        CLAIMED_WAY,
        rules.noise_cases(
            rules.restate(way_quiet(), Claim(H * P + 2 * SIGMA**2 * Q, square(Travelled())).expression()),
            way_any(),
            CLAIMED_WAY.expression(),
        ),
    ),
    Step(
        "turned",
        "How far the gradient has turned since the read",
        "smoothness: |g_k - g_tau_k| <= L |x_k - x_tau_k|",
        Claim(L**2 * WAY, square(G - read(G))),
        turned(),
    ),
    Step(
        "descent",
        "Descent at one step",
        "smoothness; e_k is orthogonal to g_k and to g_tau_k",
        Claim(F_GAP - following(F_GAP), ETA * inner(G, read(G)) - L / 2 * ETA**2 * (square(read(G)) + SIGMA**2)),
        descent(STEP),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        Claim(
            NOISE,
            total(ETA * square(G)) / 2 + total(ETA * (1 - TURNS) * square(read(G))) / 2 + last(square(G)) / (2 * L),
        ),
        summed_up(),
        ends("f"),
    ),
)


def flight_sum(one: Derived) -> Apply:
    """The sum over the steps in flight."""
    return rules.total(one, ("i",), *FLYING)


def least(weights: Derived) -> Apply:
    """From c_k <= 1: the squares are at least m, with weights eta_k and eta_k (1 - c_k), and 1/2L at x_T."""
    at_point = product(STEP, rules.minimum(STEP, K), symbol(STEP, "eta", K), HALF)
    at_read = product(STEP, weights, rules.minimum(STEP, tau(K)), symbol(STEP, "eta", K), HALF)
    at_end = product(START, rules.minimum(START, LAST), rules.sign(START, "L", power=-1), HALF)
    return rules.add(rules.total(rules.add(at_point, at_read), ("k",), *steps(K)), at_end)


def exchanged(turns: str) -> Apply:
    """c_k in place of the exact weights b_k, in the sum: |g_tau_k|^2 >= 0."""
    room = product(STEP, Ref(turns), rules.square(STEP, gradient(tau(K))), symbol(STEP, "eta", K), HALF)
    return rules.total(room, ("k",), *steps(K))


def times_noise(one: Derived, *factors: Apply) -> Derived:
    """A fact about a step times L^2 sigma^2 and more factors."""
    return product(STEP, one, symbol(STEP, "L", power=2), symbol(STEP, "sigma", power=2), *factors)


# -------------------------------------------------------------------------------------------------------- any steps

LARGEST, REACH = definition(AVERAGE_DELAY_ADAPTIVE, r"\eta"), definition(AVERAGE_DELAY_ADAPTIVE, "q")
C_ADAPTED = definition(AVERAGE_DELAY_ADAPTIVE, "c")
ADAPTED_BELOW_1 = side(AVERAGE_DELAY_ADAPTIVE.conditions[-1])


def is_positive(context: Context) -> Apply:
    """The largest step is not negative: it is at least the first one."""
    return rules.add(rules.largest(context, LARGEST.body, ZERO), symbol(context, "eta", ZERO))


def short_way(context: Context) -> Apply:
    """Eta d_i >= H_i, as every step is at most eta."""
    within = context.having(*inside(J, I))
    return rules.total(rules.largest(within, LARGEST.body, J), ("j",), *inside(J, I))


def turn_of_one() -> Apply:
    """Eta q >= eta_i H_i for a step in flight."""
    by_delay = product(FLIGHT, short_way(FLIGHT), symbol(FLIGHT, "eta", I))
    return rules.add(by_delay, rules.multiply(rules.largest(FLIGHT, REACH.body, I), is_positive(FLIGHT)))


def turns_adapted() -> Apply:
    """c_k >= b_k."""
    factor = rules.add(rules.constant(STEP, 1), symbol(STEP, "noisy"))
    return rules.multiply(flight_sum(Ref("turn")), product(STEP, factor, symbol(STEP, "L", power=2)))


def noise_adapted() -> Apply:
    """The steps in flight are at most eta each."""
    flown = flight_sum(rules.largest(FLIGHT, LARGEST.body, I))
    return rules.total(times_noise(flown, symbol(STEP, "eta", K, power=2)), ("k",), *steps(K))


ADAPTED_THEOREM = theorem(AVERAGE_DELAY_ADAPTIVE.value)
ADAPTIVE_PROOF = Proof(
    "average-delay-adaptive",
    (
        *SHARED,
        Step(
            "turn",
            "One step i in flight, with k in W_i",
            "every step is at most eta, so H_i <= eta d_i; and eta_i d_i <= q",
            Claim(LARGEST * REACH, At(ETA * H, I, "i")),
            turn_of_one(),
        ),
        Step(
            "turns",
            "All n_k steps in flight",
            "sum over them",
            Claim(C_ADAPTED, TURNS),
            turns_adapted(),
        ),
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t = 0..T, and c_k <= 1; the n_k steps in flight are at most eta each",
            ADAPTED_THEOREM,
            rules.add(Ref("summed"), exchanged("turns"), noise_adapted(), least(ADAPTED_BELOW_1.fact(STEP))),
        ),
    ),
    ADAPTED_THEOREM,
    assumed=(ADAPTED_BELOW_1,),
    denominator=half_at_least(ADAPTED_BELOW_1.fact(STEP), STEP),
    weights=half_of_readers(ADAPTED_BELOW_1.fact(STEP), STEP),
    mean=rules.add(Ref("summed"), exchanged("turns"), noise_adapted()),
)

# ------------------------------------------------------------------------------------------------- one constant step

MEAN_STEP, LARGEST_DELAY = definition(AVERAGE_DELAY, r"\eta"), definition(AVERAGE_DELAY, r"d_{\max}")
C_CONSTANT = definition(AVERAGE_DELAY, "c")
CONSTANT, CONSTANT_BELOW_1 = map(side, AVERAGE_DELAY.conditions[-2:])
ETA_MEAN = meaning(MEAN_STEP)


def alike(context: Context, index: Index) -> Apply:
    """Eta - eta_index = 0."""
    return rules.instantiate(CONSTANT.fact(STEP), context, k=index)


def alike_squares(context: Context, index: Index) -> Apply:
    """Eta^2 - eta_index^2 = 0."""
    return rules.scale_equality(alike(context, index), ETA_MEAN + scalar("eta", index))


def turn_of_constant() -> Apply:
    """Eta^2 d_max >= eta_i H_i for a step in flight."""
    within = FLIGHT.having(*inside(J, I))
    mean = rules.total(symbol(STEP, "eta", K), ("k",), *steps(K))
    size = product(START, mean, symbol(START, "T", power=-1))
    largest = product(
        FLIGHT, rules.largest(FLIGHT, LARGEST_DELAY.body, I), rules.weaken(size, FLIGHT), rules.weaken(size, FLIGHT)
    )
    lengths = rules.total(rules.scale_equality(alike(within, J), ETA_MEAN), ("j",), *inside(J, I))
    return rules.add(largest, lengths, rules.scale_equality(alike(FLIGHT, I), meaning(H, I)))


def turns_constant() -> Apply:
    """c_k >= b_k."""
    factor = rules.add(rules.constant(STEP, 1), symbol(STEP, "noisy"))
    flown = product(STEP, flight_sum(Ref("turn")), factor, symbol(STEP, "L", power=2))
    return rules.add(flown, rules.scale_equality(alike(STEP, K), scalar("L")))


def flown_at_all(factor: Expression) -> Apply:
    """The sum of eta_k n_k is that of eta n_k, times what stands before it in the bound and a factor."""
    in_flight = rules.total(rules.scale_equality(alike(STEP, K), meaning(IN_FLIGHT)), ("k",), *steps(K))
    turn = (1 + meaning(NU)) * scalar("L", power=2) * ETA_MEAN * ETA_MEAN * meaning(LARGEST_DELAY)
    return rules.scale_equality(in_flight, turn * factor)


def counted(square: Expression) -> Apply:
    """Every step is eta, there are T, and sum n_k = sum d_k; the weights count times a square."""
    variance = scalar("L") * scalar("sigma", power=2)
    pair = rules.add(
        rules.scale_equality(alike(FLIGHT, I), scalar("eta", K, power=2)),
        rules.scale_equality(alike_squares(FLIGHT, K), ETA_MEAN),
    )
    all_steps = rules.add(
        rules.total(alike_squares(STEP, K), ("k",), *steps(K)),
        rules.scale_equality(rules.steps_count(START), ETA_MEAN * ETA_MEAN),
    )
    return rules.add(
        rules.scale_equality(all_steps, variance * HALF),
        rules.scale_equality(rules.total(flight_sum(pair), ("k",), *steps(K)), variance * scalar("L")),
        flown_at_all(square * HALF),
    )


CONSTANT_THEOREM = theorem(AVERAGE_DELAY.value)
CONSTANT_PROOF = Proof(
    "average-delay",
    (
        *SHARED,
        Step(
            "turn",
            "One step i in flight, with k in W_i",
            "H_i = eta d_i, as every step is eta; and d_i <= d_max",
            Claim(MEAN_STEP**2 * LARGEST_DELAY, At(ETA * H, I, "i")),
            turn_of_constant(),
        ),
        Step("turns", "All n_k steps in flight", "sum over them", Claim(C_CONSTANT, TURNS), turns_constant()),
        Step(
            "minimum",
            "The minimum",
            "m <= |g_t|^2 for t = 0..T, and c_k <= 1",
            Claim(NOISE, MINIMUM * (total(ETA * (1 - C_CONSTANT / 2)) + 1 / (2 * L))),
            rules.add(Ref("summed"), exchanged("turns"), least(CONSTANT_BELOW_1.fact(STEP))),
        ),
        Step(
            "theorem",
            "Count: the mean number in flight is the mean delay",
            "sum_k n_k = sum_i d_i, as both count the pairs k in W_i; every step is eta",
            CONSTANT_THEOREM,
            rules.add(Ref("minimum"), counted(scalar("m"))),
        ),
    ),
    CONSTANT_THEOREM,
    assumed=(CONSTANT, CONSTANT_BELOW_1),
    denominator=rules.add(half_at_least(CONSTANT_BELOW_1.fact(STEP), STEP), flown_at_all(expression(-HALF))),
    weights=half_of_readers(CONSTANT_BELOW_1.fact(STEP), STEP),
    last=rules.add(product(START, symbol(START, "L", power=-1), HALF), flown_at_all(expression(-HALF))),
    mean=rules.add(Ref("summed"), exchanged("turns"), counted(gradient(LAST).square())),
)

PROOFS = (CONSTANT_PROOF, ADAPTIVE_PROOF)
