"""Rules of the kernel applied to random facts, each result compared with what it means on a small instance.

An instance is a delay map of at most three steps with random values of all symbols. The facts it starts from are random
expressions, lifted by a constant so that they are true there; what a rule makes of true facts must be true there too,
at every place that its context allows. Names of free and of bound indices are the same few letters; one input in ten is
wrong: a number of numpy, a bool, a power that is no whole number, a list, something that looks like a fact.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from theory.proofs import axioms, kernel
from theory.proofs.kernel import (
    IN_ORDER,
    LAST,
    MIXED,
    NOISELESS,
    SEVERAL,
    ZERO,
    Context,
    Expression,
    Fact,
    Index,
    Le,
    ProofError,
    Term,
    expression,
    gap_at,
    latest,
    le,
    lt,
    scalar,
    tau,
    update,
    var,
    vector,
)
from theory.proofs.refuting.instances import Abstract, _plan, delay_maps, random_reads
from theory.proofs.terms import bound_variables

LETTERS = ("j", "k", "i")
KINDS = ("one", "several", "mixed")
#: Vectors that meet where blocks are read apart.
APART = ["ga", "ae", "aa", "MM", "NN", "Ne", "MN"]
LARGEST, POOL, PER_INSTANCE = 10, 10, 120
#: How far beyond the run free indices go.
_MARGIN = 1


class Small(Abstract):
    """An instance that remembers: values are looked up, and powers of whole numbers stay whole."""

    def __init__(self, reads: tuple[int, ...], seed: int, noisy: bool, block: int | None, others: Any = None) -> None:
        super().__init__(reads, seed, noisy, block, others)
        self._worth: dict[Any, Any] = {}

    def scalar(self, name: str, *where: int) -> Any:
        """The symbol noisy says whether there is noise."""
        key = (name, *where)
        if key not in self._worth:
            value = Fraction(int(self.noisy)) if name == "noisy" else super().scalar(name, *where)
            self._worth[key] = int(value)
        return self._worth[key]

    def _summand(self, term: Term, names: Mapping[Any, int]) -> Any:
        result: Any = 1
        for (name, *where), power in term.monomial:
            worth = self.scalar(name, *(self.place(index, names) for index in where))
            result = result * (worth**power if power > 0 else Fraction(1, worth**-power))
        if term.payload is None or not result:
            return result
        if term.payload[0] == "f":
            return result * self.gap(self.place(term.payload[1], names))
        key = tuple((name, self.place(index, names)) for name, index in term.payload[1:])
        if key not in self._worth:
            self._worth[key] = self.inner(*(self.vector(*one) for one in key))
        return result * self._worth[key]


@dataclass
class Tally:
    """What was done: results compared by rule, refusals, wrong inputs, and what was false."""

    compared: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    wrong: int = 0
    false: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.compared += other.compared
        self.refused += other.refused
        self.wrong += other.wrong
        self.false += other.false


class Fuzzer:
    """One instance, the facts that are true there, and the rules that make more of them."""

    def __init__(self, seed: int, kind: str | None = None) -> None:
        self.draw = random.Random(seed)
        self.tally = Tally()
        self.noisy = self.draw.random() < 0.7
        self.kind = kind or self.draw.choices(KINDS, (60, 20, 20))[0]
        self.several, self.mixed = self.kind != "one", self.kind == "mixed"
        self.here = self._several(seed) if self.several else self._one(seed)
        self.pool: list[Fact] = []
        laws = [law for law in (IN_ORDER, NOISELESS) if self.here.obeys(law, {}) and self.draw.random() < 0.5]
        kinds = [SEVERAL] * self.several + [MIXED] * self.mixed
        self.base = Context(frozenset({lt(ZERO, LAST)}), frozenset([*laws, *kinds]))

    def _one(self, seed: int) -> Small:
        maps = list(delay_maps(self.draw.choice([1, 2, 2, 2, 3])))
        return Small(self.draw.choice(maps), seed, self.noisy, None)

    def _several(self, seed: int) -> Small:
        """Updates of one or two gradients, at points of which one coordinate may be read later."""
        steps, block = self.draw.choice([(1, 2), (2, 1), (2, 2), (2, 2), *([(3, 1)] * 2 if self.mixed else [])])
        reads = random_reads(self.draw, steps, block)
        others = [self.draw.randint(read, k // block) for k, read in enumerate(reads)] if self.mixed else None
        return Small(reads, seed, self.noisy, block, others)

    # ------------------------------------------------------------------------------------------------ what is drawn

    def index(self, *names: str) -> Index:
        """A place: a letter, an end, or a read, perhaps moved."""
        place = self.draw.choice([*map(var, names), *map(var, names), ZERO, LAST])
        place = tau(place) if self.draw.random() < 0.3 else place
        place = update(place) if self.draw.random() < (0.3 if self.several else 0.05) else place
        return place + self.draw.choice([0, 0, 0, 1, -1])

    def inside(self, name: str, *others: str) -> tuple[Le, ...]:
        """A range for an index."""
        j, k = var(name), var(self.draw.choice(others or (name,)))
        steps = (le(ZERO, j), lt(j, LAST))
        ranges: list[tuple[Le, ...]] = [steps, (le(ZERO - 1, j), le(j, LAST + 1))]
        if k != j:
            ranges += [
                (le(tau(k), j), lt(j, k)),
                (*steps, le(tau(j), k), lt(k, j)),
                (le(k, j), le(j, k)),
                (*steps, le(j, k)),
                (le(tau(k), update(j)), lt(update(j), update(k))),
                (le(ZERO, update(j)), lt(update(j), LAST), le(tau(j), update(k)), lt(update(k), update(j))),
                (le(update(k), update(j)), le(update(j), update(k))),
            ]
        chosen = self.draw.choice(ranges)
        return (
            (*chosen, le(self.index(name, *others), self.index(*others, name))) if self.draw.random() < 0.3 else chosen
        )

    def context(self) -> Context:
        """What is known of the letters: every one lies near the run."""
        ends = [c for name in LETTERS[:2] for c in (le(ZERO - _MARGIN, var(name)), le(var(name), LAST + _MARGIN))]
        there = self.base.having(*ends)
        if self.draw.random() < 0.4:
            there = there.having(le(self.index("j", "k"), self.index("j", "k")))
        return there.under(latest(var("k"))) if self.draw.random() < 0.15 else there

    def body(self) -> Expression:
        """A random expression; its sums bind the letters that are free elsewhere."""
        parts = [self._summand() for _ in range(self.draw.randint(1, 2))]
        return parts[0] + parts[1] if parts[1:] else parts[0]

    def _summand(self) -> Expression:
        bound = self.draw.sample(LETTERS, self.draw.choice([0, 0, 1, 1, 2]))
        names = tuple(dict.fromkeys(("j", "k", *bound)))
        body = expression(Fraction(self.draw.choice([-2, -1, 1, 2, 3]), self.draw.randint(1, 2)))
        for _ in range(self.draw.randint(0, 2)):
            body = body * scalar("eta", self.index(*names))
        if self.draw.random() < 0.2:
            body = body * scalar("L", power=self.draw.choice([-1, 1, 2]))
        kind = self.draw.choice(["", "", "f", "gg", "ge", "ee", *(APART if self.mixed else [])])
        if kind == "f":
            body = body * gap_at(self.index(*names))
        elif kind:
            body = (body * vector(kind[0], self.index(*names))).dot(vector(kind[1], self.index(*names)))
        for place, name in enumerate(bound):
            others = tuple(dict.fromkeys((*bound[place + 1 :], "j", "k")))
            body = body.total((name,), *self.inside(name, *(other for other in others if other != name)))
        return body

    def places(self, context: Context, body: Expression) -> list[dict[str, int]]:
        """All places near the run that a context allows."""
        names = tuple(sorted(context.names() | kernel.free_variables(body)))
        return list(self.here.assignments(names, context))

    def value(self, body: Expression, names: Mapping[str, int]) -> Fraction:
        """What an expression is worth."""
        found: Fraction = self.here.value(body, names)
        return found

    def assumed(self, context: Context | None = None) -> Fact:
        """Something true: a random expression, lifted."""
        there, body = context or self.context(), self.body()
        least = min((self.value(body, names) for names in self.places(there, body)), default=Fraction(0))
        return kernel.hypothesis(there, body - least + self.draw.choice([0, 0, 1]), "true here")

    def known(self) -> Fact:
        """A fact that is known, or a new one."""
        return self.draw.choice(self.pool) if self.pool and self.draw.random() < 0.6 else self.assumed()

    def pair(self) -> tuple[Fact, Fact]:
        """Two facts in one context."""
        one, other = self.known(), self.known()
        there = Context(one.context.constraints | other.context.constraints, one.context.laws | other.context.laws)
        return kernel.weaken(one, there), kernel.weaken(other, there)

    # ---------------------------------------------------------------------------------------------------- the rules

    def rules(self) -> Mapping[str, Callable[[], Fact]]:
        """Ways to apply each rule to what is known."""
        return {
            "add": lambda: kernel.add(*self.pair()),
            "multiply": lambda: kernel.multiply(*self.pair()),
            "weaken": lambda: kernel.weaken(self.known(), self.context()),
            "instantiate": self.instantiate,
            "total": self.total,
            "widen": self.widen,
            "restate": self.restate,
            "scale_equality": lambda: kernel.scale_equality(self.equality(), self.body()),
            "square": self.square,
            "constant": lambda: kernel.constant(self.context(), Fraction(self.draw.randint(-1, 4), 2)),
            "cases": self.cases,
            "cancel": self.cancel,
            "unsquare": self.unsquare,
            "induct": self.induct,
            "descend": self.descend,
            "up_to_the_last": self.up_to_the_last,
            "orthogonal": self.orthogonal,
            "sign": self.sign,
            "steps_count": lambda: axioms.AXIOMS["steps_count"](self.context()),
            "same_point": self.same_point,
            "read_apart": self.read_apart,
            "noise_cases": self.noise_cases,
            "overtaking_cases": self.overtaking_cases,
        }  # fmt: skip

    def sign(self) -> Fact:
        """A symbol is not negative."""
        where = self.draw.choice([(), (self.index("j", "k"),)])
        return axioms.sign(self.context(), self.draw.choice(["eta", "L", "sigma"]), *where)

    def same_point(self) -> Fact:
        """Two names of one point."""
        j, k = var("j"), var("k")
        there = self.context().having(le(j, k), le(k, j))
        return axioms.AXIOMS["same_point"](there, j, k, vector("g", self.index("j", "k")))

    def read_apart(self) -> Fact:
        """What a point lacks whose blocks are read apart: axioms that are about no other runs."""
        name, where = self.draw.choice(["read_apart", "missing_gradients", "missing_noises"]), self.index("j", "k")
        there = self.context() if self.draw.random() < 0.1 else self.base.having(le(ZERO - 1, where))
        there = there.having(le(ZERO, update(where)), lt(update(where), LAST))
        return axioms.AXIOMS[name](there, where)

    def instantiate(self) -> Fact:
        """Other indices, the letters exchanged among them."""
        names = {name: self.index("j", "k") for name in self.draw.sample(LETTERS, self.draw.randint(1, 2))}
        return kernel.instantiate(self.known(), self.context(), **names)

    def total(self) -> Fact:
        """A sum over a letter, or two."""
        fact = self.known()
        names = tuple(self.draw.sample(LETTERS[:2], self.draw.choice([1, 1, 2])))
        where = [c for name in names for c in self.inside(name, *(other for other in LETTERS[:2] if other != name))]
        more = tuple(fact.context.constraints) if self.draw.random() < 0.7 else ()
        return kernel.total(fact, names, *where, *more)

    def widen(self) -> Fact:
        """A sum over more, less one over fewer."""
        fact, name = self.known(), self.draw.choice(LETTERS[:2])
        more = tuple(fact.context.constraints)
        return kernel.widen(fact, (name,), more, (*more, *self.inside(name, *(o for o in LETTERS[:2] if o != name))))

    def _choose(self) -> Callable[[Term], Any]:
        ends = self.index("j", "k"), self.index("j", "k")

        left = 50  # cuts: one that comes back in other letters would be made for ever

        def cut(term: Term) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            known = {(c.left, c.right) for c in term.constraints}
            for inside in bound_variables(term)[:1]:
                for end in ends:
                    if not {(inside.core, end.core), (end.core, inside.core)} & known:
                        return inside, end
            return None

        return cut

    def restate(self) -> Fact:
        """The normal form, perhaps after cuts; or something else, which must be refused."""
        fact = self.known()
        body = Expression(tuple(fact.expression.normal(fact.context).items()))
        cut = self._choose() if self.draw.random() < 0.5 else kernel.no_cut
        if cut is not kernel.no_cut:
            body = kernel._split(body, fact.context, cut)
        other = self.body() if self.draw.random() < 0.1 else expression(0)
        return kernel.restate(fact, body + other, cut)

    def equality(self) -> Fact:
        """An expression less its normal form is 0."""
        there, body = self.context(), self.body()
        rest = body - Expression(tuple(body.normal(there).items()))
        return kernel.restate(kernel.hypothesis(there, expression(0), "0 = 0", True), rest)

    def square(self) -> Fact:
        """The square of a scalar or of a vector."""
        if self.draw.random() < 0.5:
            body = scalar("eta", self.index("j", "k")) - self.draw.randint(-2, 2) * scalar("L")
        else:
            body = vector("g", self.index("j", "k")) - scalar("eta", var("i")).total(
                ("i",), *self.inside("i", "k", "j")
            ) * vector("e", self.index("j", "k"))
        return kernel.square(self.context(), body)

    def cases(self) -> Fact:
        """Two cases of one fact."""
        fact, one, other = self.known(), self.index("j", "k"), self.index("j", "k")
        there = fact.context
        low = kernel.weaken(fact, there.having(le(one, other)))
        high = kernel.weaken(fact, there.having(lt(other, one)))
        body = fact.expression if self.draw.random() < 0.9 else self.body()
        return kernel.cases(there, one, other, *((high, low) if self.draw.random() < 0.1 else (low, high)), body)

    def cancel(self) -> Fact:
        """A factor that is at least a positive number."""
        there, least = self.context(), Fraction(self.draw.randint(0, 3), 2)
        factor = kernel.hypothesis(there, scalar("L") - 1, "L >= 1 here")
        body = self.body()
        lowest = min((self.value(body, names) for names in self.places(there, body)), default=Fraction(0))
        body = body - lowest
        times = kernel.hypothesis(there, (scalar("L") - 1 + least) * body, "true here, if least > 0")
        return kernel.cancel(times, factor, least, body)

    def unsquare(self) -> Fact:
        """A factor that is taken off once."""
        there, where = self.context(), self.index("j", "k")
        factor = axioms.sign(there, "eta", where)
        one = self.assumed(there)
        squared = kernel.multiply(kernel.multiply(one, factor), factor)
        return kernel.unsquare(squared, factor, one.expression if self.draw.random() < 0.9 else self.body())

    def induct(self) -> Fact:
        """A sum up to n of something not negative."""
        start = self.draw.choice([ZERO, ZERO + 1])
        each = kernel.square(self.base.having(le(start, var("k"))), scalar("eta", var("k")) - 3)
        body = (scalar("eta", var("i")) - 3) * (scalar("eta", var("i")) - 3)
        summed = body.total(("i",), le(start, var("i")), lt(var("i"), var("k")))
        until = self.draw.choice([None, LAST])
        base = kernel.constant(self.base, 0)
        wrong = expression(self.draw.choice([0, 0, 0, -1]))
        return kernel.induct(
            base, each, summed + wrong, self.draw.choice(["k", "k", "k", "j"]), start, self._choose_last(), until
        )

    def descend(self) -> Fact:
        """Strong induction, from facts that are true here whether or not points are earlier."""
        k, i, there = var("k"), var("i"), self.context()
        where = self.inside("i", "k", "j")
        inside, point = there.having(*where), self.draw.choice([i, i, k, i + 1, i - 1, tau(i), tau(k), k - 1])
        body, weight = scalar("eta", k) - self.draw.randint(0, 9), self.draw.choice([0, 1, 1, 2])
        part = weight * body.at(k=point) + self.draw.choice([0, 0, 0, 1])
        outer = self.true(there, body - part.total(("i",), *where))
        inner = self.true(inside, part - weight * body.at(k=point))
        free = kernel.constant(inside, 0), kernel.constant(inside, weight)
        start = self.draw.choice([ZERO, ZERO, ZERO - 1, ZERO - 1, self.index("j", "k")])
        return kernel.descend(outer, inner, *free, part, body, "k", start, point, ("i",), *where)

    def true(self, context: Context, body: Expression) -> Fact:
        """A fact, refused where it is not true here."""
        if any(self.value(body, names) < 0 for names in self.places(context, body)):
            raise ProofError("This is not true here.")
        return kernel.hypothesis(context, body, "true here")

    def _choose_last(self) -> Callable[[Term], Any]:
        def cut(term: Term) -> Any:
            known = {(c.left, c.right): c.gap for c in term.constraints}
            for inside in bound_variables(term):
                if known.get((inside.core, ("v", "k"))) == 0:
                    return inside + 1, var("k")
            return None

        return cut

    def up_to_the_last(self) -> Fact:
        """A bound of all sums up to an index of a set."""
        where = self.inside("i", "k", "j")
        there = self.context()
        part, last = scalar("eta", var("i")) - 2, self.draw.choice("xxxj")
        so_far = part.total(("i",), *where, le(var("i"), var(last)))
        inside = there.having(*(c.at(i=var(last)) for c in where))
        most = max((self.value(so_far, names) for names in self.places(inside, so_far)), default=Fraction(0))
        bound = expression(max(most, Fraction(0)) - self.draw.choice([0, 0, 0, 1]))
        if bound.terms[0][1] < max(most, 0):
            return kernel.up_to_the_last(kernel.constant(inside, 0), kernel.constant(there, 0), part, "i", last, *where)
        each = kernel.hypothesis(inside, bound - so_far, "true here")
        return kernel.up_to_the_last(each, kernel.hypothesis(there, bound, "true here"), part, "i", last, *where)

    def orthogonal(self) -> Fact:
        """What noise meets that was known before."""
        body = vector("e", self.index("j", "k")).dot(
            vector(self.draw.choice("geaMN" if self.mixed else "ge"), self.index("j", "k"))
        )
        if self.draw.random() < 0.5:
            body = (body * scalar("eta", var("i"))).total(("i",), *self.inside("i", "k", "j"))
        return axioms.orthogonal(self.context(), body, self._choose() if self.draw.random() < 0.3 else kernel.no_cut)

    def noise_cases(self) -> Fact:
        """One fact of what holds with noise and of what holds without."""
        always = self.known()
        quiet = kernel.weaken(always, always.context.under(NOISELESS))
        more = self.draw.choice([0, 0, 1]) * scalar("noisy") * (1 - scalar("noisy"))
        return axioms.noise_cases(quiet, always, always.expression + more)

    def overtaking_cases(self) -> Fact:
        """The same with the steps that are overtaken."""
        always, step = self.known(), self.index("j", "k")
        quiet = kernel.weaken(always, always.context.under(NOISELESS))
        first = kernel.weaken(always, always.context.under(latest(step)))
        o = scalar("o", step)
        return axioms.overtaking_cases(
            first, quiet, always, step, always.expression + self.draw.choice([0, 1]) * o * (1 - o)
        )

    # ------------------------------------------------------------------------------------------------- the comparison

    def run(self) -> Tally:
        """Apply rules, and compare."""
        made = self.rules()
        for _ in range(PER_INSTANCE):
            name = self.draw.choice(tuple(made))
            if self.draw.random() < 0.1:
                self.try_wrong()
            try:
                fact = made[name]()
            except ProofError:
                self.tally.refused += 1
                continue
            self.compare(name, fact)
        return self.tally

    def compare(self, name: str, fact: Fact) -> None:
        """Is the result true here, wherever its context allows?"""
        places = self.places(fact.context, fact.expression)
        for names in self.draw.sample(places, min(4, len(places))):
            found = self.value(fact.expression, names)
            if found < 0 or (fact.equality and found):
                self.tally.false.append(
                    f"{name}: {found} at {names}, reads {self.here.reads}: {fact.context} {fact.expression}"
                )
                return
        self.tally.compared[name] += 1
        small = len(fact.expression.terms) <= LARGEST and all(term.size <= 3 for term, _ in fact.expression.terms)
        if small and fact.context.names() <= set(LETTERS[:2]):
            self.pool = [*self.pool[-POOL:], fact]

    def try_wrong(self) -> None:
        """Inputs of a wrong kind: every one must be refused."""
        self.tally.wrong += 1
        wrong = self.draw.choice([np.int64(2**62), 1.5, True, "1", None, [1], np.float64(2), np.array([1])])
        fake = SimpleNamespace(context=self.base, expression=expression(-1), equality=True, used=frozenset())
        attempts: list[Callable[[], Any]] = [
            lambda: kernel.constant(self.base, wrong),
            lambda: scalar("eta", var("k"), power=wrong),
            lambda: scalar("U", power=Fraction(1, 2)),
            lambda: var("k") + wrong,
            lambda: expression(wrong),
            lambda: scalar("L") * wrong,
            lambda: kernel.add(fake, self.known()),
            lambda: kernel.scale_equality(fake, self.body()),
            lambda: kernel.multiply(self.known(), wrong),
            lambda: kernel.weaken(self.known(), wrong),
            lambda: kernel.restate(self.known(), wrong),
            lambda: Expression([*expression(1).terms]),  # type: ignore[arg-type]
            lambda: Context({le(ZERO, LAST)}),  # type: ignore[arg-type]
            lambda: Term(1, frozenset({le(ZERO, Index(("b", 0)))})),
            lambda: scalar("eta", Index(("b", 0))),
            lambda: scalar(self.draw.choice(["eta", "sigma", "m", "noisy"]), power=-1),
            lambda: self.body().total(("i",), le(ZERO, var("i"))),
            lambda: Index(("v", self.draw.choice(["#0", "_0", "", 0]))),
        ]
        attempt = self.draw.choice(attempts)
        try:
            found = attempt()
        except (ProofError, TypeError, AttributeError, ValueError):
            return
        self.tally.false.append(f"accepted a wrong input: {found!r} from {wrong!r}")


def examined(seeds: range, kind: str | None = None) -> Tally:
    """The tally of some instances, all of one kind or of any; what the kernel remembers of them is then forgotten."""
    whole = Tally()
    for seed in seeds:
        whole.add(Fuzzer(seed, kind).run())
    for cache in (kernel._closure, kernel._normal_term, kernel._is_finite, _plan):
        cache.cache_clear()
    return whole
