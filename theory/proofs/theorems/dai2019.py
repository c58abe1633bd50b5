"""Theorem 1 of the staleness study at its own steps, replayed: as stated for T >= 7, and what holds for every T."""

from __future__ import annotations

from functools import partial

from theory.bounds.dai2019 import FACTOR_S_SUM, SCHEDULE, STATED, STRICT
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.shared import counted_from_0
from theory.formulas.formula import formula
from theory.proofs.kernel import LAST, ZERO, Context, Index, expression, le, scalar
from theory.proofs.nodes import HERE, MINIMUM, At, UpTo
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.dai2019_sums import (
    BEFORE_LAST,
    COHERENT,
    DELTA,
    ETA,
    MU,
    POINT,
    READER,
    SIGMA,
    STEP,
    L,
    S,
    factor_s,
    falling_on,
    least,
    weight,
)
from theory.proofs.theorems.lemmas import HALF, START, T_, Derived, J, K, product, steps, symbol
from theory.proofs.theorems.roots import (
    GAIN,
    LOGARITHM,
    LOGARITHM_FROM_7,
    ROOTS,
    SUM_FROM_1,
    SUM_FROM_7,
    inverse_square,
    minus,
    root,
)

SCALE = scalar("mu") * scalar("s", power=-1) * scalar("L", power=-1)
PAPER_STEPS = Assumed(
    f"the step sizes are {SCHEDULE.text}, k from 1", Claim(ETA, counted_from_0(SCHEDULE.formula), equality=True)
)


def paper_step(context: Context, index: Index) -> Apply:
    """Eta = (mu/(s L)) / sqrt(index + 1) as an equality: steps are counted from 0 here."""
    return rules.instantiate(PAPER_STEPS.fact(STEP), context, k=index)


def squared_step(context: Context, index: Index) -> Apply:
    """eta^2 = (mu/(s L))^2 / (index + 1) as an equality."""
    both = scalar("eta", index) + SCALE * root(index + 1, -1)
    inverse = rules.scale_equality(inverse_square(context, index + 1), -SCALE * SCALE)
    return rules.add(rules.scale_equality(paper_step(context, index), both), inverse)


def scaled(context: Context, fact: Derived) -> Derived:
    """The fact times mu/(s L)."""
    return product(context, fact, symbol(context, "mu"), symbol(context, "s", power=-1), symbol(context, "L", power=-1))


def falling() -> Apply:
    """The steps fall: sqrt(j+2) >= sqrt(j+1), divided by both."""
    rising = rules.instantiate(Ref("rising"), BEFORE_LAST, n=J + 1)
    inverses = (symbol(BEFORE_LAST, "root", J + shift, power=-1) for shift in (1, 2))
    one = rules.add(
        scaled(BEFORE_LAST, product(BEFORE_LAST, rising, *inverses)),
        paper_step(BEFORE_LAST, J),
        minus(paper_step(BEFORE_LAST, J + 1)),
    )
    return rules.weaken(falling_on(one, expression(1)), READER)


def positive_weight() -> Apply:
    """Mu eta_t - (s L/2) eta_t^2 = (mu^2/(s L)) (sqrt(t+1) - 1/2) / (t+1) >= 0."""
    over_half = rules.add(rules.instantiate(Ref("root"), POINT, n=T_ + 1), rules.constant(POINT, HALF))
    gain = product(POINT, over_half, symbol(POINT, "root", T_ + 1, power=-2), symbol(POINT, "mu"))
    factor = -scalar("s") * scalar("L") * HALF
    return rules.add(
        scaled(POINT, gain),
        rules.scale_equality(paper_step(POINT, T_), scalar("mu")),
        rules.scale_equality(squared_step(POINT, T_), factor),
        rules.scale_equality(inverse_square(POINT, T_ + 1), factor * SCALE * SCALE),
    )


def in_numbers() -> Apply:
    """The sums at the theorem's steps, times s L/mu^2."""
    factor = scalar("s") * scalar("L") * scalar("mu", power=-2)
    noise = scalar("L") * scalar("sigma", power=2) * HALF
    readers = scalar("s") * scalar("L") * HALF * scalar("m")
    signs = (symbol(START, "s"), symbol(START, "L"), symbol(START, "mu", power=-2))
    return rules.add(
        product(START, rules.add(Ref("factor-s"), least(Ref("weight"))), *signs),
        rules.scale_equality(rules.total(paper_step(STEP, K), ("k",), *steps(K)), factor * scalar("mu") * scalar("m")),
        rules.scale_equality(rules.total(squared_step(STEP, K), ("k",), *steps(K)), -factor * (noise + readers)),
    )


AT_PAPER_STEPS = (
    *ROOTS,
    *factor_s(falling(), "The steps do not increase", "sqrt(k+1) does not fall; by induction from t to k"),
    Step(
        "weight",
        "No weight is negative",
        "sqrt(t+1) >= 1 > 1/2",
        Claim(weight(FACTOR_S_SUM), formula(0), T_),
        positive_weight(),
    ),
    Step(
        "numbers",
        "The sum at the theorem's steps, times s L/mu^2",
        "m <= |g_t|^2 for t < T; eta_k = mu/(s L sqrt(k+1)) for k = 0..T-1",
        Claim(
            S * L * DELTA / MU**2 + SIGMA**2 / (2 * S) * At(UpTo(1 / HERE), LAST, "T"),
            MINIMUM * At(GAIN, LAST, "T"),
        ),
        in_numbers(),
    ),
)


def closed(context: Context, logarithm: str, factor: int) -> Apply:
    """The logarithm and the root in place of the two sums; everything times `factor`."""
    logarithms = rules.instantiate(Ref(logarithm), context, n=LAST)
    noise = product(context, logarithms, symbol(context, "sigma", power=2), symbol(context, "s", power=-1), HALF)
    gain = product(context, rules.instantiate(Ref("gain"), context, n=LAST), symbol(context, "m"))
    whole = rules.add(rules.weaken(Ref("numbers"), context), noise, gain)
    return rules.multiply(whole, rules.constant(context, factor))


def value_at_least_zero(context: Context, factor: int) -> Derived:
    """The value is not negative."""
    sign = partial(symbol, context)
    start = product(context, factor, sign("s"), sign("L"), sign("Delta"), sign("mu", power=-2))
    logarithms = rules.add(sign("log", LAST), rules.constant(context, factor - 1))
    noise = product(context, logarithms, sign("sigma", power=2), sign("s", power=-1))
    return product(context, rules.add(start, noise), sign("root", LAST, power=-1))


def mean(bound: Bound, context: Context, logarithm: str, factor: int) -> Apply:
    """The value times the weights is at least what bounds the squares with the factor s: the two sums again."""
    value, scale = meaning(bound.value), (symbol(context, "s", power=-1), symbol(context, "L", power=-1))
    at_steps = rules.weaken(rules.total(paper_step(STEP, K), ("k",), *steps(K)), context)
    at_squares = rules.weaken(rules.total(squared_step(STEP, K), ("k",), *steps(K)), context)
    gain, mu_square = rules.instantiate(Ref("gain"), context, n=LAST), symbol(context, "mu", power=2)
    of_noise = product(context, symbol(context, "sigma", power=2), mu_square, *scale, symbol(context, "s", power=-1))
    return rules.add(
        rules.weaken(Ref("factor-s"), context),
        product(context, value_at_least_zero(context, factor), gain, mu_square, *scale),
        product(context, rules.instantiate(Ref(logarithm), context, n=LAST), of_noise, HALF),
        rules.scale_equality(at_steps, value * scalar("mu")),
        rules.scale_equality(at_squares, meaning(-(L * S * bound.value + L * SIGMA**2) / 2)),
    )


LONG = Context(frozenset({le(ZERO + 7, LAST)}))
POSITIVE_WEIGHT = rules.instantiate(Ref("weight"), STEP, t=K)
STATED_THEOREM, STRICT_THEOREM = theorem(STATED.value), theorem(STRICT.value)
STATED_PROOF = Proof(
    "dai2019",
    (
        *AT_PAPER_STEPS,
        LOGARITHM,
        LOGARITHM_FROM_7,
        *SUM_FROM_7,
        Step(
            "theorem",
            "Theorem 1 as stated, for T >= 7",
            "both sums at n = T",
            STATED_THEOREM,
            closed(LONG, "logarithm", 1),
        ),
    ),
    STATED_THEOREM,
    assumed=(COHERENT, PAPER_STEPS),
    least_steps=7,
    weights=POSITIVE_WEIGHT,
    mean=mean(STATED, LONG, "logarithm", 1),
)
STRICT_PROOF = Proof(
    "dai2019-strict",
    (
        *AT_PAPER_STEPS,
        LOGARITHM,
        SUM_FROM_1,
        Step(
            "theorem",
            "Theorem 1 with its own constants, for every T",
            "both sums at n = T; times 2",
            STRICT_THEOREM,
            closed(START, "harmonic", 2),
        ),
    ),
    STRICT_THEOREM,
    assumed=(COHERENT, PAPER_STEPS),
    weights=POSITIVE_WEIGHT,
    mean=mean(STRICT, START, "harmonic", 2),
)

PROOFS = (STATED_PROOF, STRICT_PROOF)
