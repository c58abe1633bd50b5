"""Theorem C with noise, replayed for every delay and every number of steps: a constant step, one delay."""

from __future__ import annotations

from theory.bounds.theorem_c_noise import THEOREM_C_NOISE
from theory.formulas.formula import formula, total, window
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import ZERO, Context, Index, expression, scalar, tau
from theory.proofs.nodes import F_GAP, E, G, following, inner, last, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.constant_step import others
from theory.proofs.theorems.lemmas import (
    HALF,
    J,
    K,
    Range,
    before,
    ends,
    gradient,
    interpolation,
    lipschitz,
    noise,
    noise_at,
    product,
    steps,
    symbol,
    up_to_now,
    window_of,
)
from theory.proofs.theorems.lemmas import A as ONE
from theory.proofs.theorems.lemmas import B as OTHER
from theory.proofs.theorems.theorem_a import SIMPLE as BEFORE
from theory.proofs.theorems.theorem_a import way_ordered
from theory.proofs.theorems.theorem_b_noise import SIMPLE as AFTER
from theory.proofs.theorems.theorem_c_sum_over_run import (
    ALIKE,
    NOT_NEGATIVE,
    QUARTER,
    Ending,
    growing,
    over_the_run,
    sine_squared,
    step_length,
)
from theory.proofs.theorems.theorem_c_sum_over_run import STEPS as POINTS
from theory.proofs.theorems.theorem_c_wirtinger import INNER, U_LONG, U_SHORT
from theory.proofs.theorems.theorem_c_wirtinger import STEPS as WINDOWS
from theory.proofs.theorems.wirtinger import RUN, STEP, TURN, zero
from theory.proofs.theorems.wirtinger import STEPS as LEMMA

L, DELTA, SIGMA, S_, T = map(name_node, ("L", "Delta", "sigma", "s", "T"))
_NAMED = {node.symbol: node for node in THEOREM_C_NOISE.definitions}
H, A, R, ROUND, BETA, COST, NU, S = (_NAMED[name] for name in ("h", "A", "r", "q", r"\beta", "c", r"\nu", "S"))
LEAST, MOST = (side_condition(THEOREM_C_NOISE, symbol) for symbol in ("w", "1 - w"))
SHARE, REST = LEAST.claim.left, MOST.claim.left
RHO = next(c for c in THEOREM_C_NOISE.conditions if c.symbol == "rho").left
POSITIVE = Assumed("S > 0", Claim(S, formula(0)))

h, beta, eta_0 = meaning(H), meaning(BETA), scalar("eta", ZERO)


# ------------------------------------------------------------------------------------------- how far the gradient turns


def alike(context: Context, index: Index) -> Apply:
    """The step at an index is eta_0."""
    return rules.instantiate(ALIKE.fact(STEP), context, k=index)


def near(way: str, where: Range, stop: Index) -> Apply:
    """L^2 times the way bounds |g_stop - g_tau_k|^2; all steps are eta_0, and there are at most s - 1 in W_k."""
    one, pair = STEP.having(*where(ONE)), STEP.having(*where(ONE), *where(OTHER))
    squared, used = scalar("L", power=2), gradient(tau(OTHER)).square()
    first = zero(alike(pair, ONE), -squared * scalar("eta", OTHER) * used)
    second = zero(alike(pair, OTHER), -squared * eta_0 * used)
    noises = zero(alike(one, ONE), -squared * scalar("sigma", power=2) * (scalar("eta", ONE) + eta_0))
    return rules.add(
        lipschitz(STEP, stop, tau(K)),
        product(STEP, Ref(way), symbol(STEP, "L", power=2)),
        rules.total(rules.add(first, second), ("a", "b"), *where(ONE), *where(OTHER)),
        rules.total(noises, ("a",), *where(ONE)),
        product(STEP, rules.window_count(STEP, K), step_length(STEP), step_length(STEP), moved(where)),
    )


def moved(where: Range) -> Apply:
    """The sum of |g_tau_a|^2 over a set of steps, plus sigma^2, is not negative."""
    inside = STEP.having(*where(ONE))
    gradients = rules.total(rules.square(inside, gradient(tau(ONE))), ("a",), *where(ONE))
    return rules.add(gradients, symbol(STEP, "sigma", power=2))


# ------------------------------------------------------------------------------------------------ one step, and all


def interpolated() -> Apply:
    """The interpolation inequality, and smoothness beta - 1 times; the noise meets g_{k+1} - g_k only."""
    way, both, used = displacement(K, K + 1), gradient(K) + gradient(K + 1), gradient(tau(K)).square()
    eta, smoothness, turn = scalar("eta", K), scalar("L"), gradient(K + 1) - gradient(K)
    unmet = gradient(K).dot(way) + beta * smoothness * QUARTER * way.square()
    longer = rules.maximum(STEP, BETA.body, 0)
    more = product(STEP, lipschitz(STEP, K + 1, K), longer, symbol(STEP, "L", power=-1), QUARTER)
    at_least_one = rules.add(longer, rules.constant(STEP, 1))
    paid = beta * smoothness * QUARTER * (eta + eta_0) * (used + scalar("sigma", power=2))
    one = rules.add(
        interpolation(STEP, K, K + 1),
        more,
        zero(rules.orthogonal(STEP, unmet), expression(-1)),
        product(STEP, noise_at(STEP, K), at_least_one, symbol(STEP, "L"), QUARTER),
        zero(alike(STEP, K), (both.dot(gradient(tau(K))) + turn.dot(noise(K))) * HALF - paid),
    )
    return rules.multiply(one, symbol(STEP, "L"))


def met() -> Apply:
    """Young's inequality: |rho (g_{k+1} - g_k) + h e_k|^2 >= 0."""
    inverse = symbol(STEP, "young", power=-1)
    young = rules.square(STEP, scalar("young") * (gradient(K + 1) - gradient(K)) + h * noise(K))
    variance = product(STEP, rules.bounded_variance(STEP, K), step_length(STEP), step_length(STEP))
    return rules.add(product(STEP, young, inverse, QUARTER), product(STEP, variance, inverse, QUARTER))


def one_step() -> Apply:
    """h/4 times the lemma on both windows, in the share w, and the two bounds as in Theorem A, in the share 1 - w."""
    lemma = (product(STEP, Ref(name), LEAST.fact(STEP), step_length(STEP), QUARTER) for name in ("short", "long"))
    ways = (product(STEP, Ref(name), MOST.fact(STEP), step_length(STEP), QUARTER) for name in ("near", "near after"))
    return rules.add(Ref("interpolated"), Ref("met"), *lemma, *ways)


def summed() -> Apply:
    """At most s - 1 windows hold j, so that |g_tau_j|^2 is taken at most (2s-1)(s-1) + s times; there are T steps."""
    point = RUN.having(*steps(J))
    twice = rules.add(others(point), symbol(point, "s"))
    used = product(point, step_length(point), rules.square(point, gradient(tau(J))), MOST.fact(point), QUARTER)
    squared = product(point, step_length(point), step_length(point))
    taken = rules.total(product(point, rules.readers_count(point, J), twice, squared, used), ("j",), *steps(J))
    counted = zero(rules.steps_count(RUN), meaning(NOISE))
    return over_the_run(RUN, rules.maximum(point, BETA.body, 1), taken, counted, share=LEAST.fact(point))


USED = square(read(G)) + SIGMA**2
NEAR = Claim(H**2 * (S_ - 1) * (window(square(read(G))) + SIGMA**2), square(G - read(G)))
NEAR_AFTER = Claim(H**2 * S_ * (window(square(read(G))) + USED), square(following(G) - read(G)))
TURNING = inner(following(G) - G, E)
INTERPOLATED = Claim(
    L * (F_GAP - following(F_GAP)),
    H / 2 * (inner(G + following(G), read(G)) + TURNING) + BETA / 4 * (TURN - H**2 * USED),
)
MET = Claim(H / 2 * TURNING, -(RHO / 4 * TURN) - H**2 * SIGMA**2 / (4 * RHO))
ENDS = (A + 4 * ROUND * U_SHORT) * (square(G) + square(read(G))) + A * (square(following(G)) + square(read(G)))
ONE_STEP = Claim(
    L * (F_GAP - following(F_GAP))
    + SHARE * H / 4 * (U_SHORT + U_LONG) * (window(TURN) - 4 * R**2 * INNER)
    + SHARE * H / 4 * U_LONG * (TURN - 4 * R**2 * square(G))
    + REST * H**3 / 4 * ((2 * S_ - 1) * (window(square(read(G))) + SIGMA**2) + S_ * square(read(G))),
    H / 4 * ENDS + BETA / 4 * (TURN - H**2 * USED) - RHO / 4 * TURN - H**2 * SIGMA**2 / (4 * RHO),
)
NOISE = H**2 * SIGMA**2 / 4 * (BETA + 1 / RHO + REST * H * (2 * S_ - 1))
SUMMED = Claim(
    L * DELTA + T * NOISE,
    total(
        H / 4 * ENDS + H * ROUND * ((U_SHORT + U_LONG) * INNER + U_LONG * square(G)) - COST * H**2 / 4 * square(read(G))
    )
    + last(square(G)) / 2,
)
THEOREM = theorem(THEOREM_C_NOISE.value)


def ending() -> Ending:
    """A = w A_0 + 1 - w and w r^2 are not negative."""
    share = LEAST.fact(RUN)
    steep = rules.add(product(RUN, growing(RUN), share), MOST.fact(RUN))
    rounded = product(RUN, sine_squared(RUN), share)
    return Ending(RUN, meaning(A), steep, meaning(ROUND), rounded, meaning(COST), NU.body, POSITIVE)


STEPS = (
    *LEMMA,
    *WINDOWS,
    Step(
        "ordered",
        "The way since the read",
        "Cauchy-Schwarz; <e_i, g_tau_j> = 0 as tau_j <= tau_k <= i, and <e_i, e_j> = 0 for i != j",
        BEFORE,
        way_ordered(STEP),
    ),
    Step(
        "ordered after",
        "The way once the step is taken",
        "the same, and <e_k, g_tau_j> = 0 as tau_j <= j <= k",
        AFTER,
        way_ordered(STEP, up_to_now, K + 1),
        before(K),
    ),
    Step(
        "near",
        "How far the gradient has turned since the read",
        "smoothness: |g_k - g_tau_k| <= L |x_k - x_tau_k|; all steps are eta_0, at most s - 1 of them in W_k",
        NEAR,
        near("ordered", window_of(K), K),
    ),
    Step(
        "near after",
        "The same once the step is taken",
        "the same with one step more",
        NEAR_AFTER,
        near("ordered after", up_to_now, K + 1),
        before(K),
    ),
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L; then add (beta - 1)/4L times "
        "L^2 |x_{k+1} - x_k|^2 - |g_{k+1} - g_k|^2 >= 0; e_k is orthogonal to g_k and to g_tau_k, not to g_{k+1}",
        INTERPOLATED,
        interpolated(),
    ),
    Step(
        "met",
        "What the noise of a step does to the turn of that step",
        "|rho (g_{k+1} - g_k) + h e_k|^2 >= 0",
        MET,
        met(),
    ),
    Step(
        "step",
        "One step",
        "add h w/4 times the lemma to x_k and to x_{k+1}, and h (1-w)/4 times what smoothness gives for both",
        ONE_STEP,
        one_step(),
    ),
    *NOT_NEGATIVE,
    Step(
        "summed",
        "Sum over the steps",
        "at most s - 1 windows hold j, so |g_{j+1} - g_j|^2 gets at least (beta - w h b - rho)/4 >= 0 and |g_tau_j|^2 "
        "is taken (2s-1)(s-1) + s times at most; telescoping; f_T >= |g_T|^2/2L",
        SUMMED,
        summed(),
        ends("f"),
    ),
    *POINTS,
    ending().step(THEOREM),
)
PROOF = Proof(
    "theorem-c-noise",
    STEPS,
    THEOREM,
    assumed=(ALIKE, LEAST, MOST, POSITIVE),
    laws=RUN.laws,
    denominator=ending().denominator(),
)
