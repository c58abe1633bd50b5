"""Theorem A at one constant step: how many steps a window holds, and how many windows hold a step.

With a = (s-1) L eta and b = L eta, the c_k and the noise of Theorem A become y_k and z_k. Both are bounded by counting:
n_k, the number of steps in W_k, is at most s - 1, and so is the number of windows that hold k.
"""

from __future__ import annotations

from theory.formulas.formula import Defined, Formula, Name, Number, readers, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import ZERO, Context, Index, Le, particular, scalar
from theory.proofs.lemmas import HALF, START, A, Derived, K, at_step, product, steps, symbol
from theory.proofs.lemmas import window as inside
from theory.proofs.proof import Apply, Assumed, Claim, Ref, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.theorem_a import OVERTAKES, L

S = name_node("s")
ETA = Name("eta", r"\eta")
#: All steps are one number eta: what is said below is said of such runs only.
CONSTANT_STEPS = particular("eta", scalar("eta"))
LEVEL = START.under(CONSTANT_STEPS)
STEP = at_step().under(CONSTANT_STEPS)

COUNT = Defined("n", window(Number(1)))
WAIT = Defined("a", (S - 1) * L * ETA, sequence=False)
PACE = Defined("b", L * ETA, sequence=False)
Y_K = Defined("y", PACE + PACE**2 * readers(COUNT * (1 + 2 * OVERTAKES * PACE * COUNT)))
Z_K = Defined("z", 1 + PACE * readers(1 + 3 * OVERTAKES * PACE * COUNT))
IN_ORDER = Assumed("no gradient overtakes another, or sigma = 0", Claim(OVERTAKES, Number(0), equality=True))


def others(context: Context) -> Apply:
    """The fact s - 1 >= 0: W_0 is empty, and holds at most s - 1 steps."""
    return rules.weaken(rules.window_count(START, ZERO), context)


def pace(context: Context) -> Derived:
    """The fact b >= 0."""
    return product(context, symbol(context, "L"), symbol(context, "eta"))


def wait(context: Context) -> Derived:
    """The fact a >= 0."""
    return product(context, others(context), pace(context))


def delayed(context: Context, number: int) -> Apply:
    """1 + number a >= 0."""
    return rules.add(rules.constant(context, 1), product(context, number, wait(context)))


def constant() -> Apply:
    """Theorem A before its minimum, at steps that are all eta."""
    return rules.specialise(Ref("summed"), "eta", symbol(Context(), "eta"))


def counted() -> Apply:
    """n_k >= 0."""
    return rules.total(rules.constant(STEP.having(*inside(A, K)), 1), ("a",), *inside(A, K))


def none_overtakes(factor: Formula) -> Apply:
    """0 = -factor o_k."""
    return rules.scale_equality(IN_ORDER.fact(STEP), -meaning(factor))


def turn_late() -> Apply:
    """The sum of (s-1-n)(1 + 2b(s-1+n)) and 2b n^2 (1-o), with n = n_k and o = o_k."""
    fewer, b, n = rules.window_count(STEP, K), pace(STEP), counted()
    both = rules.add(rules.constant(STEP, HALF), product(STEP, b, others(STEP)), product(STEP, b, n))
    ordered = product(STEP, rules.indicator(STEP, K), b, n, n)
    return rules.add(product(STEP, fewer, both, 2), product(STEP, ordered, 2))


def noise_late() -> Apply:
    """The sum of 3b (s-1-n) and 3b n (1-o), with n = n_k and o = o_k."""
    ordered = product(STEP, rules.indicator(STEP, K), counted())
    return rules.multiply(rules.add(rules.window_count(STEP, K), ordered), product(STEP, pace(STEP), 3))


def turn_in_order() -> Apply:
    """n_k <= s - 1, and o_k = 0."""
    return rules.add(rules.window_count(STEP, K), none_overtakes(2 * PACE * COUNT**2))


def noise_in_order() -> Apply:
    """o_k = 0."""
    return none_overtakes(3 * PACE * COUNT)


def readers_of_k(index: Index) -> tuple[Le, ...]:
    """The steps whose window holds k."""
    return (*steps(index), *inside(K, index))


def over_readers(one: str, bound: Derived) -> Apply:
    """The sum over the readers of x_k of what holds for one of them; there are at most s - 1, and `bound` is >= 0."""
    reader = STEP.having(*readers_of_k(A))
    each = rules.total(rules.instantiate(Ref(one), reader, k=A), ("a",), *readers_of_k(A))
    return rules.add(each, product(STEP, rules.readers_count(STEP, K), bound))


def turns(late: bool) -> Apply:
    """Y - y_k, that is b^2 times the sum over the readers."""
    bound = product(STEP, others(STEP), delayed(STEP, 2)) if late else others(STEP)
    square_of_b = product(STEP, symbol(STEP, "L", power=2), symbol(STEP, "eta", power=2))
    return rules.multiply(over_readers("turn", bound), square_of_b)


def noises(late: bool) -> Apply:
    """Z - z_k, that is b times the sum over the readers."""
    bound = delayed(STEP, 3) if late else rules.constant(STEP, 1)
    return rules.multiply(over_readers("noise", bound), pace(STEP))
