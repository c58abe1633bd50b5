"""The bound through the average delay for steps that are cut, or gradients dropped, from a delay on; replayed."""

from __future__ import annotations

from theory.bounds.average_delay import AVERAGE_DELAY_DROP
from theory.formulas.formula import Name, total
from theory.formulas.notation import name_node
from theory.proofs.kernel import Context, Index, scalar
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.average_delay import (
    ETA,
    FLIGHT,
    LARGEST,
    SHARED,
    STEP,
    TURNS,
    D,
    H,
    definition,
    exchanged,
    flight_sum,
    is_positive,
    least,
    short_way,
    times_noise,
    turns_adapted,
)
from theory.proofs.theorems.lemmas import HALF, START, Derived, I, J, K, product, steps, symbol
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.means import side

T = name_node("T")
C_CUT = definition(AVERAGE_DELAY_DROP, "c")
CUT, CUT_BELOW_1 = map(side, AVERAGE_DELAY_DROP.conditions[-3:-1])
MEAN_DELAY, R = definition(AVERAGE_DELAY_DROP, "d"), Name("cut", "r")


def kept() -> Apply:
    """Sum of eta_k >= eta T (1 - d/r)."""
    within = STEP.having(*inside(J, K))
    delay = rules.total(rules.constant(within, 1), ("j",), *inside(J, K))
    late = rules.add(CUT.fact(STEP), product(STEP, delay, symbol(STEP, "eta", K)))
    one = product(STEP, late, symbol(STEP, "cut", power=-1))
    missing = rules.scale_equality(rules.steps_count(START), -meaning(LARGEST))
    return rules.add(rules.total(one, ("k",), *steps(K)), missing)


def squares_below(context: Context, index: Index) -> Derived:
    """Eta^2 >= eta_index^2."""
    both = rules.add(is_positive(context), symbol(context, "eta", index))
    return product(context, rules.largest(context, LARGEST.body, index), both)


def noise_cut() -> Apply:
    """The noise, with eta for every step."""
    pair = rules.add(
        product(FLIGHT, rules.largest(FLIGHT, LARGEST.body, I), symbol(FLIGHT, "eta", K, power=2)),
        product(FLIGHT, squares_below(FLIGHT, K), is_positive(FLIGHT)),
    )
    square_of_all = meaning(LARGEST) * meaning(LARGEST) * scalar("L") * scalar("sigma", power=2) * HALF
    return rules.add(
        rules.total(times_noise(flight_sum(pair)), ("k",), *steps(K)),
        rules.total(
            product(STEP, squares_below(STEP, K), symbol(STEP, "L"), symbol(STEP, "sigma", power=2), HALF),
            ("k",),
            *steps(K),
        ),
        rules.scale_equality(rules.steps_count(START), square_of_all),
    )


def at_half_weights() -> Apply:
    """The minimum with weights eta_k / 2 <= eta_k (1 - c_k/2), of which enough are kept."""
    spare = product(STEP, CUT_BELOW_1.fact(STEP), symbol(STEP, "eta", K), symbol(STEP, "m"), HALF)
    whole = rules.add(
        Ref("summed"),
        exchanged("turns"),
        noise_cut(),
        least(CUT_BELOW_1.fact(STEP)),
        rules.total(spare, ("k",), *steps(K)),
        product(START, Ref("kept"), symbol(START, "m"), HALF),
    )
    return rules.multiply(whole, rules.constant(START, 2))


CUT_THEOREM = theorem(AVERAGE_DELAY_DROP.value)
PROOF = Proof(
    "average-delay-drop",
    (
        *SHARED,
        Step(
            "turn",
            "One step i in flight, with k in W_i",
            "every step is at most eta, so H_i <= eta d_i",
            Claim(LARGEST * At(ETA * D, I, "i"), At(ETA * H, I, "i")),
            rules.multiply(short_way(FLIGHT), symbol(FLIGHT, "eta", I)),
        ),
        Step("turns", "All steps in flight", "sum over them", Claim(C_CUT, TURNS), turns_adapted()),
        Step(
            "kept",
            "Count: what is lost with the steps that are cut",
            "r (eta - eta_k) <= (eta - eta_k) d_k <= eta d_k",
            Claim(total(ETA), LARGEST * T * (1 - MEAN_DELAY / R)),
            kept(),
        ),
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t = 0..T, c_k <= 1, and sum_k n_k = sum_i d_i; times 2",
            CUT_THEOREM,
            at_half_weights(),
        ),
    ),
    CUT_THEOREM,
    assumed=(CUT, CUT_BELOW_1),
)
