"""What tells Corollaries 1 and 2 apart: one step size each, and what bounds its sums."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Call, Defined, Formula, Number
from theory.formulas.notation import name_node
from theory.proofs.kernel import ZERO, ProofError
from theory.proofs.proof import Apply, Assumed, Claim, rules
from theory.proofs.statement import fraction
from theory.proofs.theorems.constant_step import ETA, PACE, WAIT, Runs, S
from theory.proofs.theorems.theorem_a import L
from theory.schedules.schedule import Schedule

T, LENGTH = name_node("T"), name_node("eta")

# A polynomial in a, b, p: the monomials with their coefficients, as in ((2, "aab"), (1, "p")).
Polynomial = tuple[tuple[Fraction | int, str], ...]


@dataclass(frozen=True, eq=False)
class Corollary:
    """What tells the two corollaries apart.

    Args:
        bound: the corollary in the library.
        times: its step is 1/(times s L + sigma sqrt(L T/2 Delta)).
        late: whether gradients may overtake.
        room, surplus: 1 - Y and 1 - Y - p^2 Z as polynomials in a, b and p = 1 - times s L eta.
    """

    bound: Bound
    times: int
    late: bool
    room: Polynomial
    surplus: Polynomial

    @property
    def turn(self) -> Formula:
        """At least n_k (1 + 2 o_k b n_k)."""
        return (S - 1) * (1 + 2 * WAIT) if self.late else S - 1

    @property
    def noise(self) -> Formula:
        """At least 1 + 3 o_k b n_k."""
        return 1 + 3 * WAIT if self.late else Number(1)

    @property
    def y(self) -> Formula:
        """At least every y_k."""
        return Defined("Y", PACE + (WAIT**2 * (1 + 2 * WAIT) if self.late else WAIT**2), sequence=False)

    @property
    def z(self) -> Formula:
        """At least every z_k."""
        return Defined("Z", 1 + (WAIT * (1 + 3 * WAIT) if self.late else WAIT), sequence=False)

    @property
    def share(self) -> Formula:
        """What remains of 1 for the noise."""
        return Defined("p", 1 - (S if self.times == 1 else self.times * S) * L * ETA, sequence=False)

    @property
    def step_size(self) -> Assumed:
        """The step of the library's schedule, times its denominator."""
        over, under = fraction(_schedule(self.bound).formula)
        return Assumed(f"every step size is {_schedule(self.bound).text}", Claim(LENGTH * under, over, equality=True))

    @property
    def runs(self) -> Runs:
        """The runs that it is about."""
        return Runs(self.late)

    def first_step(self) -> Apply:
        """The size of the first step."""
        return rules.instantiate(self.step_size.fact(self.runs.step), self.runs.level, k=ZERO)

    @property
    def roots(self) -> tuple[Call, Call]:
        """The square roots in the bound and in the step."""
        return _root_in(self.bound.value), _root_in(_schedule(self.bound).formula)


def _schedule(bound: Bound) -> Schedule:
    if bound.schedule is None:
        raise ProofError(f"{bound.name} names no steps.")
    return bound.schedule


def _root_in(node: Formula) -> Call:
    return next(part for part in node.walk() if isinstance(part, Call))


# -------------------------------------------------------------------------------------------------- to the closed form
