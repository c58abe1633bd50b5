"""Corollaries 1 and 2, replayed: Theorem A at one constant step, in closed form for every T.

With a = (s-1) L eta, b = L eta and p the rest of 1, all at least 0, what remains in the end is that a polynomial in
a, b and p has no negative coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial

from theory.bounds.corollaries import COROLLARY_1, COROLLARY_2
from theory.bounds.theorem_a import THEOREM_A
from theory.formulas.formula import Number
from theory.proofs.kernel import IN_ORDER_IF_NOISY, LAST, ZERO, expression, scalar
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.constant_step import (
    COUNT,
    ETA,
    PACE,
    Y_K,
    Z_K,
    Runs,
    exchanges,
    noise_in_order,
    noise_late,
    noises,
    others,
    pace,
    turn_in_order,
    turn_late,
    turns,
    wait,
)
from theory.proofs.theorems.corollary import LENGTH, Corollary, Polynomial, T
from theory.proofs.theorems.lemmas import HALF, Derived, K, half_at_least, half_of_readers, product, steps, symbol
from theory.proofs.theorems.theorem_a import DELTA, OVERTAKES, SIGMA, C, L
from theory.proofs.theorems.theorem_a import STEPS as STEPS_OF_A

NUMERATOR, WHOLE = fraction(THEOREM_A.value)


def polynomial(runs: Runs, terms: Polynomial) -> Apply:
    """A polynomial in a, b, p with coefficients that are not negative."""
    letters: Mapping[str, Derived] = {"a": wait(runs.level), "b": pace(runs.level), "p": Ref("share")}
    return rules.add(*(product(runs.level, c, *(letters[letter] for letter in word)) for c, word in terms))


def all_alike(this: Corollary) -> Apply:
    """(eta_k - eta_0) times the denominator of the step is 0, and that is at least s L >= L."""
    step, root = this.runs.step, this.roots[1]
    apart = rules.add(
        this.step_size.fact(step), rules.scale_equality(rules.weaken(this.first_step(), step), expression(-1))
    )
    noise = product(step, symbol(step, "sigma"), rules.root_sign(step, root), symbol(step, "L", power=-1))
    more = rules.add(product(step, others(step), this.times), noise, rules.constant(step, this.times - 1))
    over_l = rules.scale_equality(apart, scalar("L", power=-1))
    return rules.cancel(over_l, more, 1, scalar("eta", K) - scalar("eta", ZERO))


def below_one(this: Corollary) -> Apply:
    """1 - c_k = (1 - Y) + (Y - y_k), as c_k is y_k where all steps are eta."""
    step = this.runs.step
    return rules.add(rules.weaken(Ref("room"), step), Ref("turns"), *exchanges(step, meaning(C, K)))


def share(this: Corollary) -> Apply:
    """The share p = eta sigma sqrt(L T/2 Delta) >= 0, from the step size."""
    kept = product(
        this.runs.level,
        symbol(this.runs.level, "eta", ZERO),
        symbol(this.runs.level, "sigma"),
        rules.root_sign(this.runs.level, this.roots[1]),
    )
    return rules.add(kept, rules.scale_equality(this.first_step(), expression(-1)))


def noise_share(this: Corollary) -> Apply:
    """L T sigma^2 eta^2 / 2 = Delta p^2, as L T/2 Delta is the square of the root in the step."""
    root = this.roots[1]
    by_step = rules.scale_equality(this.first_step(), meaning(DELTA * (ETA * SIGMA * root + this.share)))
    by_root = rules.scale_equality(rules.root_squared(this.runs.level, root), meaning(-(SIGMA**2 * ETA**2) / 2))
    return rules.add(by_step, by_root)


def roots(this: Corollary) -> Apply:
    """With x = sqrt(2 L Delta/T), y = sqrt(L T/2 Delta): x^2 y^2 = L^2, so x y = L, and T x = 2 Delta y."""
    x, y = this.roots
    of_x, of_y = rules.root_squared(this.runs.level, x), rules.root_squared(this.runs.level, y)
    squared = rules.add(
        rules.scale_equality(of_x, meaning(y**2 / (T * L**2))),
        rules.scale_equality(of_y, meaning(1 / (T * L))),
    )
    ratio = product(
        this.runs.level,
        rules.root_sign(this.runs.level, x),
        rules.root_sign(this.runs.level, y),
        symbol(this.runs.level, "L", power=-1),
    )
    one = rules.cancel(squared, ratio, Fraction(1), meaning(x * y / L - 1))
    return rules.add(
        rules.scale_equality(one, meaning(2 * DELTA * y)),
        rules.scale_equality(of_y, meaning(-x / L)),
    )


def size(this: Corollary) -> Apply:
    """T eta times the value is 2 Delta: 1/eta is the denominator of the step."""
    return rules.add(
        rules.scale_equality(Ref("roots"), meaning(SIGMA * ETA)),
        rules.scale_equality(this.first_step(), meaning(2 * DELTA)),
    )


def worth(this: Corollary) -> Apply:
    """The value is not negative."""
    level, sign = this.runs.level, partial(symbol, this.runs.level)
    noise = product(level, sign("sigma"), rules.root_sign(level, this.roots[0]))
    start = product(level, 2 * this.times, sign("s"), sign("L"), sign("Delta"), sign("T", power=-1))
    return rules.add(noise, start)


def covered(this: Corollary) -> Apply:
    """The value times the weights is at least 2 Delta (1 - Y/2), and the numerator at most Delta + Delta p^2 Z."""
    level, step, value = this.runs.level, this.runs.step, meaning(this.bound.value)
    weights = product(step, Ref("turns"), symbol(step, "eta", ZERO), HALF)
    variance = product(
        step, symbol(step, "L"), symbol(step, "sigma", power=2), symbol(step, "eta", ZERO, power=2), HALF
    )
    more = rules.add(
        rules.total(weights, ("k",), *steps(K)),
        rules.scale_equality(rules.steps_count(level), meaning(-(ETA * (1 - this.y / 2)))),
        product(level, symbol(level, "L", power=-1), HALF),
    )
    noise = rules.total(product(step, Ref("noises"), variance), ("k",), *steps(K))
    apart = value * meaning(WHOLE) - meaning(NUMERATOR)
    return rules.add(
        rules.multiply(more, worth(this)),
        noise,
        rules.scale_equality(rules.steps_count(level), meaning(L * SIGMA**2 * ETA**2 / 2 * this.z)),
        rules.scale_equality(Ref("size"), meaning(1 - this.y / 2)),
        rules.scale_equality(Ref("noise_share"), meaning(-this.z)),
        product(level, Ref("surplus"), symbol(level, "Delta")),
        *exchanges(level, -apart),
    )


def mean(this: Corollary) -> Apply:
    """The value times the weights is at least the weighted squares."""
    return rules.add(rules.weaken(Ref("summed"), this.runs.level), Ref("covered"))


def weight(this: Corollary) -> Apply:
    """v_k / 2 >= 0."""
    return half_of_readers(Ref("below"), this.runs.step)


def closed(this: Corollary) -> Apply:
    """(value - m) times the weights is not negative, and L times the weights is at least 1/2."""
    level, step = this.runs.level, this.runs.step
    inverse = product(level, symbol(level, "L", power=-1), HALF)
    least = rules.total(product(step, weight(this), rules.minimum(step, K)), ("k",), *steps(K))
    whole = rules.add(mean(this), least, product(level, inverse, rules.minimum(level, LAST)))
    size_of_it = product(level, half_at_least(Ref("below"), step), symbol(level, "L"))
    return rules.cancel(
        product(level, whole, symbol(level, "L")), size_of_it, HALF, meaning(this.bound.value) - scalar("m")
    )


# --------------------------------------------------------------------------------------------------------- the proofs


def proof(this: Corollary) -> Proof:
    """The proof of one of the two."""
    conclusion = theorem(this.bound.value)
    steps_of_it = (*STEPS_OF_A[:-1], *_counting(this), *_algebra(this), *_closing(this, conclusion))
    laws = frozenset({IN_ORDER_IF_NOISY}) if not this.late else frozenset()
    return Proof(
        this.bound.name,
        steps_of_it,
        conclusion,
        (this.step_size, "Delta > 0"),
        laws,
        weights=weight(this),
        mean=mean(this),
    )


def _counting(this: Corollary) -> tuple[Step, ...]:
    because = "n_k <= s - 1 and o_k <= 1" if this.late else "n_k <= s - 1 and o_k = 0"
    return (
        Step(
            "alike",
            "All steps are equal",
            "eta_k and eta_0 times the same number are 1; divide by it: over L, it is at least 1",
            Claim(LENGTH, ETA, equality=True),
            all_alike(this),
        ),
        Step(
            "turn",
            "What step k adds to y_j for the j in W_k",
            because,
            Claim(this.turn, COUNT * (1 + 2 * OVERTAKES * PACE * COUNT)),
            turn_late(this.runs) if this.late else turn_in_order(this.runs),
        ),
        Step(
            "noise",
            "What step k adds to z_j for the j in W_k",
            because if this.late else "o_k = 0",
            Claim(this.noise, 1 + 3 * OVERTAKES * PACE * COUNT),
            noise_late(this.runs) if this.late else noise_in_order(this.runs),
        ),
        Step(
            "turns",
            "Y is at least y_k",
            "at most s - 1 windows hold k",
            Claim(this.y, Y_K),
            turns(this.runs),
        ),
        Step(
            "noises",
            "Z is at least z_k",
            "at most s - 1 windows hold k",
            Claim(this.z, Z_K),
            noises(this.runs),
        ),
    )


def _algebra(this: Corollary) -> tuple[Step, ...]:
    return (
        Step(
            "share",
            "The step is at most 1/(2 s L)" if this.late else "The step is at most 1/(s L)",
            "eta times the denominator of the step is 1, so p = eta sigma sqrt(L T/2 Delta)",
            Claim(this.share, Number(0)),
            share(this),
        ),
        Step(
            "room",
            "Y is at most 1",
            f"1 - Y = {written_out(this.room)}",
            Claim(1 - this.y, Number(0)),
            polynomial(this.runs, this.room),
        ),
        Step(
            "below",
            "No c_k is more than 1",
            "all steps are eta and W_k holds n_k of them, so that c_k = y_k <= Y <= 1",
            Claim(Number(1), C),
            below_one(this),
        ),
        Step(
            "noise_share",
            "What the noise costs",
            "p = eta sigma sqrt(L T/2 Delta), squared",
            Claim(L * T * SIGMA**2 * ETA**2 / 2, DELTA * this.share**2, equality=True),
            noise_share(this),
        ),
        Step(
            "surplus",
            "A polynomial that is not negative",
            f"1 - Y - p^2 Z = {written_out(this.surplus)}",
            Claim(1 - this.y, this.share**2 * this.z),
            polynomial(this.runs, this.surplus),
        ),
    )


def written_out(terms: Polynomial) -> str:
    """The polynomial as text."""
    return " + ".join(" ".join((*([] if c == 1 and word else [str(c)]), *_powers(word))) for c, word in terms)


def _powers(word: str) -> tuple[str, ...]:
    counted = [(letter, word.count(letter)) for letter in "abp" if letter in word]
    return tuple(letter if power == 1 else f"{letter}^{power}" for letter, power in counted)


def _closing(this: Corollary, conclusion: Claim) -> tuple[Step, ...]:
    x, y = this.roots
    return (
        Step(
            "roots",
            "The two roots",
            "their product is L, as its square is L^2",
            Claim(T * x, 2 * DELTA * y, equality=True),
            roots(this),
        ),
        Step(
            "size",
            "The value in terms of the step",
            "1/eta is the denominator of the step",
            Claim(T * ETA * this.bound.value, 2 * DELTA, equality=True),
            size(this),
        ),
        Step(
            "covered",
            "Theorem A is at most the closed form",
            "times the weights of the mean it is at least 2 Delta (1 - Y/2) >= Delta + Delta p^2 Z: y_k <= Y, z_k <= Z",
            Claim(this.bound.value * WHOLE, NUMERATOR),
            covered(this),
        ),
        Step(
            "theorem",
            "The closed form",
            "m <= |g_t|^2 for t = 0..T, no weight v_t is negative; divide by their sum, at least 1/2L",
            conclusion,
            closed(this),
        ),
    )


CASE_1 = Corollary(
    COROLLARY_1,
    times=1,
    late=False,
    room=((1, "p"), (1, "ap"), (1, "ab")),
    surplus=((1, "bp"), (1, "ab"), (1, "ap"), (1, "aap"), (1, "abp")),
)
CASE_2 = Corollary(
    COROLLARY_2,
    times=2,
    late=True,
    room=((HALF, ""), (HALF, "p"), (1, "ap"), (2, "ab"), (1, "aap"), (2, "aab")),
    surplus=(
        (1, "a"), (1, "b"), (HALF, "ap"), (2, "bp"), (2, "ab"), (5, "abp"), (6, "aap"), (2, "aab"), (3, "abpp"),
        (3 * HALF, "appp"),
    ),
)  # fmt: skip
PROOF_1, PROOF_2 = proof(CASE_1), proof(CASE_2)
