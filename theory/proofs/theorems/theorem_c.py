"""Theorem C, replayed for every delay and every number of steps: a constant step, one delay, exact gradients."""

from __future__ import annotations

from theory.bounds.theorem_c import THEOREM_C
from theory.formulas.formula import formula, total, window
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import NOISELESS, ZERO, expression, scalar, tau
from theory.proofs.nodes import F_GAP, G, following, inner, last, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, J, K, ends, gradient, interpolation, lipschitz, product, steps, symbol
from theory.proofs.theorems.theorem_c_sum_over_run import (
    ALIKE,
    NOT_NEGATIVE,
    QUARTER,
    Ending,
    H,
    growing,
    over_the_run,
    sine_squared,
    step_length,
)
from theory.proofs.theorems.theorem_c_sum_over_run import STEPS as POINTS
from theory.proofs.theorems.theorem_c_wirtinger import INNER, NAMED, U_LONG, U_SHORT, A, R, growth
from theory.proofs.theorems.theorem_c_wirtinger import STEPS as WINDOWS
from theory.proofs.theorems.wirtinger import RUN as ONE_DELAY
from theory.proofs.theorems.wirtinger import SINE_SQUARED, TURN, zero
from theory.proofs.theorems.wirtinger import STEP as ONE_DELAY_STEP
from theory.proofs.theorems.wirtinger import STEPS as LEMMA

L, DELTA = map(name_node, ("L", "Delta"))
BETA, NU, S = (NAMED[symbol] for symbol in (r"\beta", r"\nu", "S"))
POSITIVE = Assumed("S > 0", Claim(S, formula(0)))
RUN, STEP = ONE_DELAY.under(NOISELESS), ONE_DELAY_STEP.under(NOISELESS)

beta = meaning(BETA)


# ------------------------------------------------------------------------------------------ one step, and all


INTERPOLATED = Claim(
    L * (F_GAP - following(F_GAP)),
    H / 2 * inner(G + following(G), read(G)) + BETA / 4 * (TURN - H**2 * square(read(G))),
)
ONE_STEP = Claim(
    L * (F_GAP - following(F_GAP))
    + H / 4 * (U_SHORT + U_LONG) * (window(TURN) - 4 * R**2 * INNER)
    + H / 4 * U_LONG * (TURN - 4 * R**2 * square(G)),
    H / 4 * ((A + 4 * R**2 * U_SHORT) * (square(G) + square(read(G))) + A * (square(following(G)) + square(read(G))))
    + BETA / 4 * (TURN - H**2 * square(read(G))),
)
SUMMED = Claim(
    L * DELTA,
    total(
        H
        / 4
        * ((A + 4 * R**2 * U_SHORT) * (square(G) + square(read(G))) + A * (square(following(G)) + square(read(G))))
        + H * R**2 * ((U_SHORT + U_LONG) * INNER + U_LONG * square(G))
        - BETA * H**2 / 4 * square(read(G))
    )
    + last(square(G)) / 2,
)


def interpolated() -> Apply:
    """The interpolation inequality for x_k and x_{k+1}, and smoothness beta - 1 times."""
    moved, both, used = displacement(K, K + 1), gradient(K) + gradient(K + 1), gradient(tau(K)).square()
    eta, eta_0, smoothness = scalar("eta", K), scalar("eta", ZERO), scalar("L")
    terms = both.dot(moved) * HALF + beta * smoothness * QUARTER * moved.square()
    more = product(
        STEP, lipschitz(STEP, K + 1, K), rules.maximum(STEP, BETA.body, 0), symbol(STEP, "L", power=-1), QUARTER
    )
    alike = both.dot(gradient(tau(K))) * HALF - beta * smoothness * QUARTER * (eta + eta_0) * used
    one = rules.add(
        interpolation(STEP, K, K + 1),
        more,
        zero(rules.orthogonal(STEP, terms), expression(-1)),
        zero(ALIKE.fact(STEP), alike),
    )
    return rules.multiply(one, symbol(STEP, "L"))


def one_step() -> Apply:
    """The lemma on both windows, h/4 times."""
    parts = (product(STEP, rules.weaken(Ref(name), STEP), step_length(STEP), QUARTER) for name in ("short", "long"))
    return rules.add(Ref("interpolated"), *parts)


def summed() -> Apply:
    """Over the steps |delta_j|^2 gets at least (beta - h b)/4."""
    return over_the_run(RUN, rules.maximum(RUN.having(*steps(J)), BETA.body, 1))


THEOREM = theorem(THEOREM_C.value)
ENDING = Ending(RUN, growth, growing(RUN), SINE_SQUARED, sine_squared(RUN), beta, NU.body, POSITIVE)

STEPS = (
    *LEMMA,
    *WINDOWS,
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L; then add (beta - 1)/4L times "
        "L^2 |x_{k+1} - x_k|^2 - |g_{k+1} - g_k|^2 >= 0",
        INTERPOLATED,
        interpolated(),
    ),
    Step("step", "One step", "add h/4 times the lemma to x_k and to x_{k+1}", ONE_STEP, one_step()),
    *NOT_NEGATIVE,
    Step(
        "summed",
        "Sum over the steps",
        "at most s - 1 windows hold j, so |g_{j+1} - g_j|^2 gets at least (beta - h b)/4 >= 0; telescoping; "
        "f_T >= |g_T|^2/2L",
        SUMMED,
        summed(),
        ends("f"),
    ),
    *POINTS,
    ENDING.step(THEOREM),
)
PROOF = Proof(
    "theorem-c",
    STEPS,
    THEOREM,
    assumed=(ALIKE, POSITIVE),
    laws=RUN.laws,
    denominator=ENDING.denominator(),
)
