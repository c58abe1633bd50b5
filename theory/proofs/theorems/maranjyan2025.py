"""The bound of Maranjyan, Tyurin and Richtarik (2025), replayed."""

from __future__ import annotations

from theory.bounds.maranjyan2025 import MARANJYAN2025
from theory.bounds.parts.means import ETA, D, L
from theory.formulas.formula import formula
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.theorems.lemmas import HALF, I, K, product, symbol
from theory.proofs.theorems.means import (
    ANY,
    at_reader,
    in_flight,
    mean_proof,
    noise_steps,
    over_readers,
    room,
    side,
    weight_step,
)

CAP = MARANJYAN2025.conditions[-1]


def late() -> Apply:
    """1 >= 2 L eta_i d_i for a step i in flight."""
    reader = ANY.reader
    cap = product(reader, at_reader(ANY, CAP), 2, symbol(reader, "L"), symbol(reader, "s"))
    shorter = product(reader, rules.window_count(reader, I), 2, symbol(reader, "L"), symbol(reader, "eta", I))
    return rules.add(cap, shorter, product(reader, 2, symbol(reader, "L"), symbol(reader, "eta", I)))


def weight() -> Apply:
    """c_k <= L eta_k (1 + number in flight) <= s L eta_k <= 1/2 <= 1."""
    step, reader = ANY.step, ANY.reader
    return rules.add(
        over_readers(product(reader, Ref("late"), symbol(reader, "L"), symbol(reader, "eta", K))),
        product(step, room(ANY), symbol(step, "L"), symbol(step, "eta", K)),
        product(step, side(CAP).fact(step), symbol(step, "L"), symbol(step, "s")),
        rules.constant(step, HALF),
    )


STEPS = (
    Step(
        "late",
        "One late step i, with k in W_i",
        "2 s L eta_i <= 1 and d_i <= s - 1",
        Claim(formula(1), At(2 * L * ETA * D, I, "i")),
        late(),
    ),
    weight_step(ANY, "sum over at most s - 1 steps in flight; s L eta_k <= 1/2", weight()),
)
NOISE = noise_steps(ANY, "at most s - 1 windows hold k; 2 s L eta_i <= 1", in_flight(ANY, CAP, 2), formula(2), 2)
PROOF = mean_proof(MARANJYAN2025, ANY, STEPS, NOISE)
