"""Steps eta and eta/sqrt(k): that they fall, and their sums, replayed by the kernel for the proofs beside it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.claims.powers.bounds import FIRST
from theory.formulas.formula import StepNumber, call, total
from theory.formulas.notation import name_node
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Context,
    Expression,
    Index,
    Law,
    expression,
    le,
    lt,
    scalar,
    tau,
)
from theory.proofs.nodes import HERE, At, UpTo
from theory.proofs.proof import Apply, Assumed, Claim, Ref, Step, rules
from theory.proofs.theorems.constant_step import others
from theory.proofs.theorems.dai2019_sums import falling_on
from theory.proofs.theorems.lemmas import HALF, START, T_, A, Derived, I, J, K, product, steps, symbol
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.roots import (
    FROM_1,
    LOGARITHM,
    NOTHING,
    ROOT,
    ROOTS,
    N,
    both,
    inverse_square,
    minus,
    one_by_one,
    root,
)

ETA, S, MU, NUMBER = *map(name_node, ("eta", "s", "mu")), StepNumber()
ETA_0 = scalar("eta", ZERO)

# ------------------------------------------------------------------------------- the sum of 1/sqrt(j) over 1, ..., n

AREA = 2 * ROOT - 2 + (1 + 1 / ROOT) / 2


def trapezoids() -> Apply:
    """(r - q)^2/(2 q r) >= 0 for q = sqrt(n), r = sqrt(n+1), divided by q + r; at n = 1 both sides are 1."""
    q, r, one = root(N), root(N + 1), ZERO + 1
    apart = product(
        FROM_1,
        rules.square(FROM_1, r - q),
        symbol(FROM_1, "root", N, power=-1),
        symbol(FROM_1, "root", N + 1, power=-1),
        HALF,
    )
    grown = rules.add(apart, rules.scale_equality(Ref("apart"), expression(-2)))
    body = (root(N, -1) + root(N + 1, -1)) * HALF - 2 * (r - q)
    step = rules.cancel(grown, both(), 1, body)
    above = product(NOTHING, rules.instantiate(Ref("root"), NOTHING, n=one), symbol(NOTHING, "root", one))
    most = rules.add(above, minus(rules.root(NOTHING, one)), minus(rules.number_is(NOTHING, 1)))
    base = rules.add(product(NOTHING, most, symbol(NOTHING, "root", one, power=-1), HALF), product(NOTHING, most, 2))
    return rules.induct(base, step, TRAPEZOIDS.expression(), "n", one, one_by_one)


TRAPEZOIDS = Claim(UpTo(1 / ROOT), AREA, N)
OF_ROOTS = (
    *ROOTS,
    LOGARITHM,
    Step(
        "trapezoids",
        "The sum of 1/sqrt(j) is at least the area of trapezoids",
        "induction: (r - q)^2 >= 0 for q = sqrt(n), r = sqrt(n+1), over q + r",
        TRAPEZOIDS,
        trapezoids(),
        one_by_one,
    ),
)

# ------------------------------------------------------------------------------------------------ the steps eta k^{-p}


@dataclass(frozen=True)
class Powers:
    """Runs with steps eta (p = 0) or eta/sqrt(k) (p = 1/2)."""

    p: Fraction
    laws: frozenset[Law]

    @property
    def level(self) -> Context:
        """What is known of such a run."""
        return START.under(*self.laws)

    @property
    def step(self) -> Context:
        """What is known at a step k."""
        return self.level.having(*steps(K))

    @property
    def later(self) -> Context:
        """A step k from t on."""
        return self.level.having(*steps(T_), le(T_, K), lt(K, LAST))

    @property
    def law(self) -> Assumed:
        """The step sizes, times the root."""
        size = ETA * call("sqrt", NUMBER) if self.p else ETA
        return Assumed("the step sizes", Claim(size, FIRST.body, equality=True))

    def size(self, index: Index) -> Expression:
        """What the step size is."""
        return ETA_0 * root(index + 1, -1) if self.p else ETA_0

    def at(self, context: Context, index: Index) -> Apply:
        """eta_index is that."""
        given = rules.instantiate(self.law.fact(at_any_step()), context, k=index)
        return rules.scale_equality(given, root(index + 1, -1)) if self.p else given

    def squared(self, context: Context, index: Index) -> Apply:
        """eta_index^2 is eta^2, over the number of the step."""
        both_sides = rules.scale_equality(self.at(context, index), scalar("eta", index) + self.size(index))
        if not self.p:
            return both_sides
        return rules.add(both_sides, rules.scale_equality(inverse_square(context, index + 1), -ETA_0 * ETA_0))

    def falls(self) -> Apply:
        """eta_t >= eta_k for k >= t."""
        if not self.p:
            return rules.add(self.at(self.later, T_), minus(self.at(self.later, K)))
        there = START.having(*steps(J)).having(lt(J, LAST - 1))
        rising = rules.instantiate(Ref("rising"), there, n=J + 1)
        inverses = (symbol(there, "root", J + shift, power=-1) for shift in (1, 2))
        scaled = product(there, rising, *inverses, symbol(there, "eta", ZERO))
        one = rules.add(scaled, self.at(there, J), minus(self.at(there, J + 1)))
        return rules.weaken(falling_on(one, expression(1)), self.later)

    def sum_is_large(self) -> Apply:
        """The sum of the steps is at least eta S1."""
        each = rules.total(self.at(at_any_step(), K), ("k",), *steps(K))
        if not self.p:
            return rules.add(each, rules.scale_equality(rules.steps_count(START), -ETA_0))
        return rules.add(
            each, product(START, rules.instantiate(Ref("trapezoids"), START, n=LAST), symbol(START, "eta", ZERO))
        )

    def squares_are_small(self) -> Apply:
        """The sum of the squares is at most eta^2 S2."""
        each = minus(rules.total(self.squared(at_any_step(), K), ("k",), *steps(K)))
        if not self.p:
            return rules.add(each, rules.scale_equality(rules.steps_count(START), ETA_0 * ETA_0))
        harmonic = rules.instantiate(Ref("harmonic"), START, n=LAST)
        return rules.add(each, product(START, harmonic, symbol(START, "eta", ZERO, power=2)))

    def below_first(self, context: Context, index: Index) -> Apply:
        """No step is larger than the first."""
        return rules.instantiate(Ref("falling"), context, t=ZERO, k=index)


def at_any_step() -> Context:
    """A step of any run."""
    return START.having(*steps(K))


def first_step(context: Context) -> Apply:
    """Eta >= 0."""
    return symbol(context, "eta", ZERO)


def waits(context: Context) -> Derived:
    """D L eta >= 0."""
    return product(context, others(context), symbol(context, "L"), first_step(context))


def one_and(context: Context, more: Derived, number: int) -> Apply:
    """1 + number more >= 0."""
    return rules.add(rules.constant(context, 1), product(context, number, more))


#: D steps are at most so long.
REACH = (S - 1) * FIRST


def reach(run: Powers) -> Apply:
    """W_k holds at most D steps, each at most eta."""
    within = run.step.having(*inside(A, K))
    fewer = product(run.step, rules.window_count(run.step, K), first_step(run.step))
    return rules.add(fewer, rules.total(run.below_first(within, A), ("a",), *inside(A, K)))


def readers_of_point(run: Powers) -> tuple[Context, tuple[object, ...]]:
    """The steps i that read x_k."""
    readers = (*steps(I), le(tau(I), K), le(K, tau(I)))
    return run.step.having(*readers), readers


def served_by_few(run: Powers) -> Apply:
    """S eta_k >= the sum of eta_i over the steps i that read x_k."""
    reader, readers = readers_of_point(run)
    smaller = rules.total(rules.instantiate(Ref("falling"), reader, t=K, k=I), ("i",), *readers)
    return rules.add(smaller, product(run.step, rules.served_count(run.step, K), symbol(run.step, "eta", K)))


def weights(run: Powers) -> Apply:
    """v_k >= 0: the steps that read x_k are at most s, each at most eta_k."""
    reader, readers = readers_of_point(run)
    each = product(reader, rules.instantiate(Ref("low"), reader, k=I), symbol(reader, "eta", I))
    return rules.add(
        rules.total(each, ("i",), *readers), product(run.step, Ref("served"), symbol(run.step, "s", power=-1))
    )


def of_sums(run: Powers) -> tuple[Step, ...]:
    """The steps fall, and their sums."""
    area, whole = (At(AREA, LAST, "T"), At(1 + call("log", HERE), LAST, "T")) if run.p else (name_node("T"),) * 2
    return (
        *(OF_ROOTS if run.p else ()),
        Step("falling", "The steps do not increase", "eta_k = eta k^-p", Claim(At(ETA, T_, "t"), ETA), run.falls()),
        Step("sum", "Their sum", "eta_k = eta k^-p", Claim(total(ETA), FIRST * area), run.sum_is_large()),
        Step(
            "squares",
            "That of their squares",
            "eta_k^2 = eta^2 k^-2p",
            Claim(FIRST**2 * whole, total(ETA**2)),
            run.squares_are_small(),
        ),
    )
