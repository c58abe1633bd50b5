"""Theorem A at one constant step: how many steps a window holds, and how many windows hold a step.

With a = (s-1) L eta and b = L eta, the c_k and the noise of Theorem A become y_k and z_k. Both are bounded by counting:
n_k, the number of steps in W_k, is at most s - 1, and so is the number of windows that hold k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul

from theory.bounds.theorem_c import First
from theory.formulas.formula import Defined, Formula, Number, readers, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import (
    IN_ORDER_IF_NOISY,
    ZERO,
    Context,
    Expression,
    Index,
    Le,
    Term,
    expression,
    scalar,
    variables,
)
from theory.proofs.proof import Apply, Ref, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import opened, summand
from theory.proofs.theorems.lemmas import HALF, START, A, Derived, K, product, steps, symbol
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.theorem_a import OVERTAKES, L

S = name_node("s")
#: All steps are the first one.
ETA = Defined(r"\eta", First(name_node("eta")), sequence=False)

COUNT = Defined("n", window(Number(1)))
WAIT = Defined("a", (S - 1) * L * ETA, sequence=False)
PACE = Defined("b", L * ETA, sequence=False)
Y_K = Defined("y", PACE + PACE**2 * readers(COUNT * (1 + 2 * OVERTAKES * PACE * COUNT)))
Z_K = Defined("z", 1 + PACE * readers(1 + 3 * OVERTAKES * PACE * COUNT))


@dataclass(frozen=True)
class Runs:
    """The runs that are spoken of: with gradients that overtake (`late`), or in order where there is noise."""

    late: bool

    @property
    def level(self) -> Context:
        """What is known of such a run."""
        return START if self.late else START.under(IN_ORDER_IF_NOISY)

    @property
    def step(self) -> Context:
        """What is known at a step k."""
        return self.level.having(*steps(K))


def alike(context: Context, index: Index) -> Apply:
    """Eta_index - eta_0 = 0."""
    return rules.instantiate(Ref("alike"), context, k=index)


def exchanges(context: Context, body: Expression) -> Iterator[Apply]:
    """What changes when all steps in an expression are eta, in parts: every eta_i in turn is exchanged for eta_0."""
    for term, coefficient in body.normal(context).items():
        yield from _exchanged(context, term, coefficient)


def _exchanged(context: Context, term: Term, coefficient: Fraction) -> Iterator[Apply]:
    """What changes when the steps in a term are exchanged, each in turn."""
    names = tuple(f"u{number}" for number in range(term.size))
    where, powers, payload = opened(term, names)
    there = context.having(*(c for c in where if (variables(c.left) | variables(c.right)) & set(names)))
    lengths = [a[1] for a, power in powers for _ in range(power) if a[0] == "eta" and a != ("eta", ZERO)]
    others = tuple((a, power) for a, power in powers if a[0] != "eta" or a == ("eta", ZERO))
    rest = -coefficient * summand(others, payload)
    for number, index in enumerate(lengths):
        after = reduce(mul, (scalar("eta", later) for later in lengths[number + 1 :]), rest)
        changed = rules.scale_equality(
            alike(there, index), after * reduce(mul, [scalar("eta", ZERO)] * number, expression(1))
        )
        yield rules.total(changed, names, *where) if names else changed


def others(context: Context) -> Apply:
    """The fact s - 1 >= 0: W_0 is empty, and holds at most s - 1 steps."""
    return rules.weaken(rules.window_count(START, ZERO), context)


def pace(context: Context) -> Derived:
    """The fact b >= 0."""
    return product(context, symbol(context, "L"), symbol(context, "eta", ZERO))


def wait(context: Context) -> Derived:
    """The fact a >= 0."""
    return product(context, others(context), pace(context))


def delayed(context: Context, number: int) -> Apply:
    """1 + number a >= 0."""
    return rules.add(rules.constant(context, 1), product(context, number, wait(context)))


def counted(runs: Runs) -> Apply:
    """n_k >= 0."""
    return rules.total(rules.constant(runs.step.having(*inside(A, K)), 1), ("a",), *inside(A, K))


def none_overtakes(runs: Runs, factor: Formula) -> Apply:
    """0 = -factor o_k."""
    return rules.scale_equality(rules.not_overtaken(runs.step, K), -meaning(factor))


def turn_late(runs: Runs) -> Apply:
    """The sum of (s-1-n)(1 + 2b(s-1+n)) and 2b n^2 (1-o), with n = n_k and o = o_k."""
    fewer, b, n = rules.window_count(runs.step, K), pace(runs.step), counted(runs)
    both = rules.add(
        rules.constant(runs.step, HALF), product(runs.step, b, others(runs.step)), product(runs.step, b, n)
    )
    ordered = product(runs.step, rules.indicator(runs.step, K), b, n, n)
    return rules.add(product(runs.step, fewer, both, 2), product(runs.step, ordered, 2))


def noise_late(runs: Runs) -> Apply:
    """The sum of 3b (s-1-n) and 3b n (1-o), with n = n_k and o = o_k."""
    ordered = product(runs.step, rules.indicator(runs.step, K), counted(runs))
    return rules.multiply(rules.add(rules.window_count(runs.step, K), ordered), product(runs.step, pace(runs.step), 3))


def turn_in_order(runs: Runs) -> Apply:
    """n_k <= s - 1, and o_k = 0."""
    return rules.add(rules.window_count(runs.step, K), none_overtakes(runs, 2 * PACE * COUNT**2))


def noise_in_order(runs: Runs) -> Apply:
    """o_k = 0."""
    return none_overtakes(runs, 3 * PACE * COUNT)


def readers_of_k(index: Index) -> tuple[Le, ...]:
    """The steps whose window holds k."""
    return (*steps(index), *inside(K, index))


def over_readers(runs: Runs, one: str, bound: Derived) -> Apply:
    """The sum over the readers of x_k of what holds for one of them; there are at most s - 1, and `bound` is >= 0."""
    reader = runs.step.having(*readers_of_k(A))
    each = rules.total(rules.instantiate(Ref(one), reader, k=A), ("a",), *readers_of_k(A))
    return rules.add(each, product(runs.step, rules.readers_count(runs.step, K), bound))


def turns(runs: Runs) -> Apply:
    """Y - y_k, that is b^2 times the sum over the readers."""
    bound = product(runs.step, others(runs.step), delayed(runs.step, 2)) if runs.late else others(runs.step)
    square_of_b = product(runs.step, symbol(runs.step, "L", power=2), symbol(runs.step, "eta", ZERO, power=2))
    return rules.multiply(over_readers(runs, "turn", bound), square_of_b)


def noises(runs: Runs) -> Apply:
    """Z - z_k, that is b times the sum over the readers."""
    bound = delayed(runs.step, 3) if runs.late else rules.constant(runs.step, 1)
    return rules.multiply(over_readers(runs, "noise", bound), pace(runs.step))
