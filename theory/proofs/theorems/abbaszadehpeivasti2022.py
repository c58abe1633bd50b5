"""The bound of Abbaszadehpeivasti, de Klerk and Zamani (2022), replayed; it begins as Theorem B's proof does."""

from __future__ import annotations

from theory.bounds.abbaszadehpeivasti2022 import ABBASZADEHPEIVASTI2022, LARGER, WEIGHT, B
from theory.bounds.parts.means import ETA, L
from theory.proofs.kernel import LAST, NOISELESS, PROMPT, Expression, scalar, tau, vector
from theory.proofs.nodes import F_GAP, MINIMUM, G, following, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, START, K, ends, gradient, last_gap, product, steps, symbol
from theory.proofs.theorems.means import sides
from theory.proofs.theorems.theorem_b import PAIRED, R
from theory.proofs.theorems.theorem_b import STEPS as THEOREM_B_STEPS

QUARTER = HALF * HALF
RUN = START.under(NOISELESS, PROMPT)
STEP = RUN.having(*steps(K))


def stretched() -> Apply:
    """The interpolation inequality with the factor b_k / eta_k >= 1 on the last term."""
    longer = rules.maximum(STEP, LARGER, 0, K)
    slope = rules.weaken(Ref("slope"), STEP)
    return rules.add(
        rules.weaken(Ref("interpolated"), STEP), product(STEP, slope, longer, symbol(STEP, "L", power=-1), QUARTER)
    )


def here(v: Expression, factor: Expression) -> Apply:
    """A multiple of <g_tau_k - g_k, v> = 0, as tau_k = k."""
    return rules.scale_equality(rules.same_point(STEP, tau(K), K, v), factor)


def one_step() -> Apply:
    """|g_{k+1} - g_k|^2 = eta_k^2 |r_k|^2, and L eta_k^2 <= b_k."""
    eta, slope = scalar("eta", K), vector("r", K)
    turn = rules.turning(STEP, K, K + 1, gradient(K + 1) - gradient(K) + eta * slope)
    enough = product(STEP, rules.maximum(STEP, LARGER, 1, K), symbol(STEP, "eta", K), rules.square(STEP, slope))
    return rules.add(
        Ref("stretched"),
        here(gradient(K) + gradient(K + 1), eta * HALF),
        here(gradient(tau(K)) + gradient(K), meaning(-L * B * ETA / 4)),
        rules.scale_equality(turn, -QUARTER * eta),
        product(STEP, enough, symbol(STEP, "L", power=-1), QUARTER),
    )


def least() -> Apply:
    """M is at most either square, and 3 - L b_k >= 0."""
    quarter = product(STEP, symbol(STEP, "eta", K), QUARTER)
    (weight,) = (side for side in SIDES if side.name == WEIGHT.name)
    return rules.add(
        Ref("step"),
        product(STEP, quarter, weight.fact(STEP), rules.minimum(STEP, K)),
        product(STEP, quarter, rules.minimum(STEP, K + 1)),
    )


def summed_up() -> Apply:
    """Over all steps; F(x_T) - inf F >= |g_T|^2 / 2L."""
    end = product(RUN, rules.minimum(RUN, LAST), symbol(RUN, "L", power=-1), HALF)
    return rules.add(rules.total(Ref("least"), ("k",), *steps(K)), last_gap(RUN), rules.gap(RUN), end)


def positive() -> Apply:
    """The sum of eta_k (1 - L b_k/4), as 3 - L b_k >= 0."""
    (weight,) = (side for side in SIDES if side.name == WEIGHT.name)
    both = rules.add(weight.fact(STEP), rules.constant(STEP, 1))
    return rules.total(product(STEP, both, symbol(STEP, "eta", K), QUARTER), ("k",), *steps(K))


SIDES = sides(ABBASZADEHPEIVASTI2022)
THEOREM = theorem(ABBASZADEHPEIVASTI2022.value)
BEGINNING = tuple(step for step in THEOREM_B_STEPS if step.name in ("interpolated", "slope"))
STEPS = (
    *BEGINNING,
    Step(
        "stretched",
        "More weight on the last term",
        "add (b_k - eta_k)/4L times the step before: b_k >= eta_k",
        Claim(F_GAP - following(F_GAP), PAIRED + B * ETA / 4 * (square(R) / L - L * square(read(G)))),
        stretched(),
    ),
    Step(
        "step",
        "One step",
        "tau_k = k; 2<a,b> = |a|^2 + |b|^2 - |a-b|^2; |g_{k+1} - g_k|^2 = eta_k^2 |r_k|^2 and L eta_k^2 <= b_k",
        Claim(F_GAP - following(F_GAP), ETA / 4 * ((3 - L * B) * square(G) + square(following(G)))),
        one_step(),
    ),
    Step(
        "least",
        "The minimum in one step",
        "m <= |g_k|^2 and m <= |g_{k+1}|^2; L b_k <= 3",
        Claim(F_GAP - following(F_GAP), MINIMUM * ETA * (1 - L * B / 4)),
        least(),
    ),
    Step("theorem", "Sum over the steps", "telescoping; f_T >= |g_T|^2/2L >= m/2L", THEOREM, summed_up(), ends("f")),
)
PROOF = Proof("abbaszadehpeivasti2022", STEPS, THEOREM, assumed=SIDES, laws=RUN.laws, denominator=positive())
