"""What tells Corollaries 1_B, 1_B+ and S apart: one step size each, one theta, and the polynomials that remain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any, ClassVar, NamedTuple

from theory.bounds.corollaries_b import COROLLARY_1B, COROLLARY_1B_PLUS
from theory.bounds.corollary_s import COROLLARY_S
from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Call, Defined, Formula, Number, formula, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import MIXED, SEVERAL, ZERO, Context, Expression, Law, expression, scalar
from theory.proofs.proof import Apply, Assumed, Claim, Ref, rules, side_condition
from theory.proofs.statement import exact, fraction, meaning
from theory.proofs.theorems.constant_step import ETA
from theory.proofs.theorems.lemmas import HALF, START, Derived, K, gradients, product, steps, symbol
from theory.proofs.theorems.theorem_a import ETA as LENGTH
from theory.proofs.theorems.theorem_a import L

S, T, B = map(name_node, ("s", "T", "B"))
COUNT = Defined("n", window(Number(1)))
PACE = Defined("b", L * B * ETA, sequence=False)
WAIT = Defined("a", (S - 1) * L * B * ETA, sequence=False)


class Letters(NamedTuple):
    """What the polynomials are made of: formulas, or letters of which they are polynomials."""

    s: Any
    pace: Any
    wait: Any
    share: Any
    kappa: Any
    q: Any
    gamma: Any
    noisy: int
    reads: bool

    def weight(self) -> Any:
        """Kappa q, with which all is multiplied."""
        return self.kappa * self.q

    def turn(self) -> Any:
        """Kappa q c."""
        return self.weight() * self.pace + (self.weight() + self.q * self.q) * self.wait * self.wait

    def room(self) -> Any:
        """Kappa q (1 - c)."""
        return self.weight() - self.turn()

    def middle(self) -> Any:
        """Kappa q (1 - c/2), or kappa q / 2 where what the gradients that are applied weigh is left out."""
        return self.weight() - HALF * self.turn() if self.reads else HALF * self.weight()

    def noise(self) -> Any:
        """Kappa q (1 + (1 + 1/theta) a)."""
        return self.weight() + (self.weight() + self.kappa * self.kappa) * self.wait

    def gain(self) -> Any:
        """The bound times T eta, over Delta."""
        return self.gamma * self.s * self.pace + 2 * self.noisy * self.share

    def surplus(self) -> Any:
        """What is left over in the end."""
        return self.gain() * self.middle() - self.weight() - self.share * self.share * self.noise()


@dataclass(frozen=True, eq=False)
class Case:
    """What tells the corollaries apart.

    Args:
        bound: in the library; its step is 1/(alpha s L + q), its value has gamma s L Delta/T.
        ratio, kappa: theta = ratio p + 1/kappa.
        floor: the least s; extra: by how much the degree of the last polynomial is raised.
        noisy: how often the noise term of Corollary 1 stands in the value.
    """

    bound: Bound
    alpha: Formula
    gamma: Formula
    ratio: Formula
    kappa: Formula
    floor: int
    extra: int
    noisy: int = 1
    laws: ClassVar[frozenset[Law]] = frozenset({SEVERAL})

    @property
    def run(self) -> Context:
        """A run."""
        return START.under(*self.laws)

    @property
    def update(self) -> Context:
        """One of its updates k."""
        return self.run.having(*steps(K))

    @property
    def gradient(self) -> Context:
        """One of its gradients k."""
        return self.run.having(*gradients(K))

    @property
    def reads(self) -> bool:
        """Whether the points that are read are points of the run."""
        return MIXED not in self.laws

    @property
    def share(self) -> Formula:
        """What remains of 1 for the noise."""
        return Defined("p", 1 - self.alpha * S * L * B * ETA, sequence=False)

    @property
    def q(self) -> Formula:
        """Kappa theta."""
        return Defined("q", self.ratio * self.kappa * self.share + 1, sequence=False)

    @property
    def _formulas(self) -> Letters:
        return Letters(S, PACE, WAIT, self.share, self.kappa, self.q, self.gamma, self.noisy, self.reads)

    @property
    def weight(self) -> Formula:
        """Kappa q, at least 1."""
        return self._formula("weight")

    @property
    def room(self) -> Formula:
        """Kappa q (1 - c)."""
        return self._formula("room")

    @property
    def middle(self) -> Formula:
        """Kappa q (1 - c/2)."""
        return self._formula("middle")

    @property
    def noise(self) -> Formula:
        """Kappa q (1 + (1 + 1/theta) a)."""
        return self._formula("noise")

    @property
    def gain(self) -> Formula:
        """The bound times T eta, over Delta."""
        return self._formula("gain")

    def _formula(self, name: str) -> Formula:
        found: Formula = getattr(self._formulas, name)()
        return found

    @property
    def step_size(self) -> Assumed:
        """The step of each gradient, times its denominator."""
        condition = next(c for c in self.bound.conditions if c.symbol == "eta")
        over, under = fraction(condition.right)
        return Assumed(condition.name, Claim(LENGTH * under, over, equality=True))

    @property
    def roots(self) -> tuple[Call, Call]:
        """The square roots in the bound and in the step."""
        return _root_in(self.bound.value), _root_in(self.step_size.claim.left)

    @property
    def assumed(self) -> tuple[Assumed, ...]:
        """The side conditions."""
        return (self.step_size, *([side_condition(self.bound, "s")] if self.floor > 1 else []))

    def first_step(self) -> Apply:
        """The size of the first step."""
        return rules.instantiate(self.step_size.fact(self.gradient), self.run, k=ZERO)

    def number(self, node: Formula) -> Fraction:
        """A number of the case."""
        over, under = fraction(node)
        return exact(over) / exact(under)

    def scale(self) -> Apply:
        """Kappa, which is not negative."""
        return symbol(self.run, "s") if self.kappa is S else rules.constant(self.run, self.number(self.kappa))

    def q_at_least_one(self) -> Apply:
        """Q - 1 is rho kappa p."""
        return rules.add(product(self.run, self.scale(), Ref("share"), self.number(self.ratio)))

    def weight_at_least_one(self) -> Apply:
        """Kappa q - 1 is kappa (q - 1) and kappa - 1."""
        more = others(self.run) if self.kappa is S else rules.constant(self.run, self.number(self.kappa) - 1)
        return rules.add(product(self.run, self.scale(), Ref("q")), more)

    def polynomials(self, s: Expression, b: Expression, p: Expression) -> Letters:
        """Kappa and q as polynomials, with the others."""
        kappa = s if self.kappa is S else expression(self.number(self.kappa))
        q = self.number(self.ratio) * kappa * p + 1
        return Letters(s, b, (s - 1) * b, p, kappa, q, self.number(self.gamma), self.noisy, self.reads)


class Apart(Case):
    """Blocks are read apart: theta = ((s-1) p + 1)/kappa, kappa = 1 + (s-1) s b."""

    laws = frozenset({SEVERAL, MIXED})

    @property
    def q(self) -> Formula:
        """Kappa theta."""
        return Defined("q", (S - 1) * self.share + 1, sequence=False)

    def scale(self) -> Apply:
        """Kappa, which is at least 1."""
        return rules.add(self._more(), rules.constant(self.run, 1))

    def q_at_least_one(self) -> Apply:
        """Q - 1 is (s-1) p."""
        return rules.add(product(self.run, others(self.run), Ref("share")))

    def weight_at_least_one(self) -> Apply:
        """Kappa q - 1 is kappa (q - 1) and kappa - 1."""
        return rules.add(product(self.run, self.scale(), Ref("q")), self._more())

    def _more(self) -> Derived:
        """Kappa - 1 = (s-1) s b."""
        return product(self.run, others(self.run), symbol(self.run, "s"), rate(self.run))

    def polynomials(self, s: Expression, b: Expression, p: Expression) -> Letters:
        """Kappa and q as polynomials, with the others."""
        kappa, q = (s - 1) * s * b + 1, (s - 1) * p + 1
        return Letters(s, b, (s - 1) * b, p, kappa, q, self.number(self.gamma), self.noisy, self.reads)


def _root_in(node: Formula) -> Call:
    return next(part for part in node.walk() if isinstance(part, Call))


def others(context: Context) -> Apply:
    """The fact s - 1 >= 0: the window of gradient 0 is empty, and holds at most s - 1 updates."""
    return rules.weaken(rules.window_count(START.under(*context.laws), ZERO), context)


def rate(context: Context) -> Derived:
    """B = L B eta is not negative."""
    return product(context, symbol(context, "L"), symbol(context, "B"), symbol(context, "eta", ZERO))


# -------------------------------------------------------------------------------------------------- the polynomials


def homogeneous(this: Case, name: str) -> Apply:
    """Of a polynomial of `Letters`, as one in s less its least value, b and p, every term is not negative."""
    more, b, p = map(scalar, ("n", "b", "p"))
    s = more + this.floor
    letters = this.polynomials(s, b, p)
    one = p + this.number(this.alpha) * s * b
    extra = this.extra if name == "surplus" else 0
    whole = _raised(getattr(letters, name)(), one, extra)
    return rules.add(*(_monomial(this, *powers, coefficient) for powers, coefficient in _terms(whole)))


def _terms(body: Expression) -> Iterator[tuple[tuple[int, int, int], Fraction]]:
    for term, coefficient in body.normal(Context()).items():
        powers = {atom[0]: power for atom, power in term.monomial}
        yield (powers.get("n", 0), powers.get("b", 0), powers.get("p", 0)), coefficient


def _raised(body: Expression, one: Expression, extra: int) -> Expression:
    """The polynomial with as many factors `one` in each term as its degree in b and p lacks, and some more."""
    found = list(_terms(body))
    degree = extra + max(b + p for (_, b, p), _ in found)
    ones = [expression(1)]
    for _ in range(degree):
        ones.append(_compact(ones[-1] * one))
    letters = [scalar(name) for name in "nbp"]
    parts = (
        coefficient * reduce(mul, (x for x, power in zip(letters, powers, strict=True) for _ in range(power)), ones[0])
        * ones[degree - powers[1] - powers[2]]
        for powers, coefficient in found
    )  # fmt: skip
    return _compact(reduce(Expression.__add__, parts))


def _compact(body: Expression) -> Expression:
    """The same with every term once."""
    return Expression(tuple(body.normal(Context()).items()))


def _monomial(this: Case, more: int, pace: int, share: int, coefficient: Fraction) -> Derived:
    """A product of powers, each multiplied out."""
    at_least = others(this.run) if this.floor == 1 else this.assumed[1].fact(this.run)
    letters = ((at_least, scalar("s") - this.floor, more), (rate(this.run), meaning(PACE), pace))
    powers = (_power(*letter) for letter in (*letters, (Ref("share"), meaning(this.share), share)) if letter[2])
    return product(this.run, coefficient, *powers)


def _power(fact: Derived, value: Expression, exponent: int) -> Derived:
    result, worth = fact, value
    for _ in range(exponent - 1):
        worth = _compact(worth * value)
        result = rules.restate(rules.multiply(result, fact), worth)
    return result


CASES = (
    Case(COROLLARY_1B, Number(1), Number(2), Number(1), S, floor=1, extra=0),
    Case(
        COROLLARY_1B_PLUS, formula(5) / 4, Number(1.85, "1.85"), Number(1.3, "1.3"), Number(200), floor=2, extra=2
    ),
    Apart(COROLLARY_S, Number(1), Number(2), Number(1), 1 + (S - 1) * S * PACE, floor=1, extra=0, noisy=2),
)  # fmt: skip
