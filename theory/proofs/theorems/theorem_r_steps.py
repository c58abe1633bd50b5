"""The steps of Theorems R and R_B, derived: what they share, at one gradient an update or several.

a_k is the gradient that step k applies, wherever it was read, and p_{k,r} the probability that it was
read at x_r.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from theory.bounds.parts.bound import Bound
from theory.bounds.theorem_r import THEOREM_R
from theory.formulas.formula import Defined, Formula, Name, Peak, block
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    RANDOM,
    SEVERAL,
    ZERO,
    Context,
    Expression,
    Index,
    Law,
    Le,
    expression,
    le,
    lt,
    scalar,
    update,
    vector,
)
from theory.proofs.proof import Apply, Assumed, Ref, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    Derived,
    I,
    J,
    K,
    gradient,
    gradients,
    last_gap,
    noise,
    noise_order,
    noise_room,
    noises,
    product,
    squares,
    steps,
    summed,
    symbol,
    weighted,
)
from theory.proofs.theorems.lemmas import START as ANY_START
from theory.proofs.theorems.means import side
from theory.proofs.theorems.random_delays import R

L, DELTA, SIGMA, ETA = map(name_node, ("L", "Delta", "sigma", "eta"))


def _constant(name: str) -> Formula:
    """A constant of the bound."""
    return next(node for node in THEOREM_R.value.walk() if isinstance(node, Name) and node.name == name)


THETA, MEAN, MEAN_SQUARE = (_constant(name) for name in ("young", "Ed", "Ed2"))


@dataclass(frozen=True, eq=False)
class Draws:
    """What tells Theorems R and R_B apart: the bound, and whether an update applies several gradients."""

    bound: Bound
    several: bool = False

    @property
    def laws(self) -> frozenset[Law]:
        """The laws of its runs."""
        return frozenset({RANDOM, SEVERAL} if self.several else {RANDOM})

    @property
    def start(self) -> Context:
        """A run."""
        return ANY_START.under(*self.laws)

    @property
    def update(self) -> Context:
        """One of its updates k."""
        return self.start.having(*steps(K))

    @property
    def step(self) -> Context:
        """One of its gradients k."""
        return self.start.having(*gradients(K))

    @property
    def way(self) -> Context:
        """A point x_r at which gradient k may have been read."""
        return self.step.having(le(ZERO, R), le(R, update(K)))

    @property
    def flight(self) -> Context:
        """A later gradient i, and a point x_r at which it may have been read, not after that of gradient k."""
        return self.step.having(*LATER)

    @cached_property
    def named(self) -> dict[str, Defined]:
        """The abbreviations of the bound."""
        return {node.symbol: node for node in self.bound.definitions}

    @property
    def largest(self) -> Defined:
        """The largest step, of an update."""
        return self.named[r"\eta"]

    @property
    def peak(self) -> Peak:
        """The largest step of a gradient."""
        return next(node for node in self.largest.walk() if isinstance(node, Peak))

    @property
    def below_1(self) -> Assumed:
        """That c_k is at most 1."""
        return side(self.bound.conditions[-1])

    def at_once(self, factor: Expression) -> list[Apply]:
        """An update applies B gradients: factor times B less their number is 0; where it applies one, that is plain."""
        return [rules.scale_equality(rules.block_count(self.step, update(K)), factor)] if self.several else []


# ------------------------------------------------------------------------------------------------- the way from a point


def since(index: Index) -> tuple[Le, ...]:
    """The gradients applied from x_r on, up to the read of k."""
    return le(R, update(index)), lt(update(index), update(K))


def drawn_gradient(index: Index) -> Expression:
    """a_index."""
    return vector("a", index)


def way_quiet(this: Draws) -> Apply:
    """H sum eta_j |a_j|^2 >= |x_k - x_r|^2 without noise; the rest is not negative."""
    quiet = this.way.under(NOISELESS)
    factor = rules.add(rules.constant(quiet, 1), symbol(quiet, "young"))
    return rules.add(
        squares(quiet, since, drawn_gradient),
        product(quiet, summed(quiet, since, noise_room), factor),
        rules.orthogonal(quiet, -displacement(R, update(K), drawn=True).square()),
    )


def way_any(way: Context) -> Apply:
    """|G + Z|^2 <= (1 + 1/theta) |G|^2 + (1 + theta) |Z|^2, from |G - theta Z|^2 >= 0."""
    of_gradients, noise_sum = weighted(since, drawn_gradient), weighted(since, noise)
    one, theta, inverse = rules.constant(way, 1), symbol(way, "young"), symbol(way, "young", power=-1)
    variance = rules.add(noises(way, since), rules.orthogonal(way, -noise_sum.square(), noise_order))
    return rules.add(
        product(way, rules.square(way, of_gradients - scalar("young") * noise_sum), inverse),
        product(way, squares(way, since, drawn_gradient), rules.add(one, inverse)),
        product(way, variance, rules.add(one, theta)),
    )


def lipschitz(way: Context) -> Derived:
    """L^2 |x_k - x_r|^2 >= |g_k - g_r|^2: the interpolation inequality both ways."""
    now = update(K)
    moved, turned = displacement(R, now, drawn=True), (gradient(now) - gradient(R)) * scalar("L", power=-1)
    forth = rules.smooth(way, now, R, (-moved - turned) * HALF)
    back = rules.smooth(way, R, now, (moved + turned) * HALF)
    return product(way, rules.add(forth, back), 2, symbol(way, "L"))


def averaged(this: Draws) -> Apply:
    """E|g_k - a_k|^2 = sum p(k, r) E|g_k - g_r|^2, and the way bounds each of these."""
    way, step, now = this.way, this.step, update(K)
    turned = rules.add(lipschitz(way), product(way, Ref("way"), symbol(way, "L", power=2)))
    mixed = rules.total(product(way, turned, symbol(way, "p", K, R)), ("r",), le(ZERO, R), le(R, now))
    return rules.add(
        mixed,
        rules.scale_equality(rules.certain(step, K), gradient(now).square()),
        rules.scale_equality(rules.drawn(step, K, "g", now), expression(2)),
        rules.scale_equality(rules.drawn(step, K, "a", K), expression(-1)),
    )


# ------------------------------------------------------------------------------------------- from it to the theorem


def summed_up(this: Draws) -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2 turns the descent into squares; sum it over updates and gradients."""
    turned = product(this.step, Ref("averaged"), symbol(this.step, "eta", K), HALF)
    return rules.add(
        rules.total(Ref("descent"), ("k",), *steps(K)),
        rules.total(turned, ("k",), *gradients(K)),
        last_gap(this.start),
        rules.gap(this.start),
    )


# A later gradient i, a point x_r at which it may have been read with r <= k, and a gradient j between the two.
LATER = (lt(update(K), update(I)), lt(update(I), LAST), le(ZERO, R), le(R, update(K)))
PASSED = (le(R, update(J)), lt(update(J), update(I)))


def is_positive(this: Draws, context: Context) -> Apply:
    """The largest step is not negative: it is at least the first one."""
    return rules.add(rules.largest(context, this.peak, ZERO), symbol(context, "eta", ZERO))


def mean_square(this: Draws) -> Apply:
    """Eta^2 E d^2 bounds what a_k meets in the ways of later steps."""
    there, step, peak = this.flight.having(*PASSED), this.step, meaning(this.peak)
    each = rules.add(
        product(there, rules.largest(there, this.peak, I), is_positive(this, there)),
        product(there, rules.largest(there, this.peak, J), symbol(there, "eta", I)),
    )
    weighed = product(there, each, symbol(there, "p", I, R))
    law = product(step, rules.in_flight(step, update(K), 1), is_positive(this, step), is_positive(this, step))
    both = peak * peak * scalar("Ed2") * (scalar("B") + meaning(block(1)))
    return rules.add(rules.total(weighed, ("i", "r", "j"), *LATER, *PASSED), law, *this.at_once(both))


def mean(this: Draws) -> Apply:
    """Eta E d bounds the steps that are in flight, on average."""
    flight, step = this.flight, this.step
    each = product(flight, rules.largest(flight, this.peak, I), symbol(flight, "p", I, R))
    law = product(step, rules.in_flight(step, update(K), 0), is_positive(this, step))
    full = this.at_once(meaning(this.peak) * scalar("Ed"))
    return rules.add(rules.total(each, ("i", "r"), *LATER), law, *full)


def exchanged(this: Draws) -> Apply:
    """Exchange the sums over k and j, and put the moments of the law for what multiplies |a_j|^2 and sigma^2."""
    step = this.step
    young = rules.add(rules.constant(step, 1), product(step, symbol(step, "noisy"), symbol(step, "young", power=-1)))
    theta = rules.add(rules.constant(step, 1), symbol(step, "young"))
    twice = product(step, symbol(step, "L", power=2), HALF, symbol(step, "eta", K))
    of_gradients = product(step, Ref("mean-square"), twice, young, rules.square(step, drawn_gradient(K)))
    variance = product(step, Ref("mean"), twice, theta, symbol(step, "sigma", power=2), symbol(step, "eta", K))
    return rules.add(Ref("summed"), rules.total(rules.add(of_gradients, variance), ("k",), *gradients(K)))


def least(this: Draws) -> Apply:
    """An average of squares is at least m, and c_k <= 1."""
    way, step, start = this.way, this.step, this.start
    one = product(way, rules.minimum(way, R), symbol(way, "p", K, R))
    average = rules.add(
        rules.total(one, ("r",), le(ZERO, R), le(R, update(K))),
        rules.drawn(step, K, "a", K),
        rules.scale_equality(rules.certain(step, K), scalar("m")),
    )
    at_read = rules.multiply(average, this.below_1.fact(step))
    both = product(step, rules.add(rules.minimum(step, update(K)), at_read), symbol(step, "eta", K), HALF)
    at_end = product(start, rules.minimum(start, LAST), rules.sign(start, "L", power=-1), HALF)
    return rules.add(Ref("exchanged"), rules.total(both, ("k",), *gradients(K)), at_end)
