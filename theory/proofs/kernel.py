"""The trusted core of gradlag's proofs: what a statement is, when two are the same, and the rules that make facts.

An *index* is a step or point number: a variable, tau of an index, 0 or T, plus a whole number. An *expression* is a
finite sum of terms

    coefficient * sum over bound indices that satisfy order constraints of (monomial of scalars) * payload,

where the payload is nothing, f_k = E F(x_k) - inf F, a random vector, or an expected inner product E<u, v>. In the
normal form the order of summation and the names of bound indices play no role: to exchange sums over an arbitrary delay
map is no step at all, both sides are the same expression. A *fact* is "expression >= 0" or "expression = 0" in a
context: what is known of the free indices. Facts are made by the rules below and by the axioms in `axioms.py`, the
second file to read; a proof is what they accept. Coefficients are fractions, and the order of indices is decided by
shortest paths over whole numbers: no float decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import count, permutations, product
from typing import Any

# ------------------------------------------------------------------------------------------------ indices and order

Core = tuple[Any, ...]  # ("v", name) | ("tau", core, offset) | ("0",) | ("T",)
Law = tuple[Any, ...]  # ("latest", core, offset), or one of EVERYWHERE


class ProofError(Exception):
    """A step that the rules refuse; the message says why."""


@dataclass(frozen=True)
class Index:
    """A step or point number: core + offset."""

    core: Core
    offset: int = 0

    def __post_init__(self) -> None:
        if type(self.offset) is not int:
            raise ProofError(f"An index is moved by whole numbers only. Got {self.offset!r}.")

    def __add__(self, shift: int) -> Index:
        return Index(self.core, self.offset + shift)

    def __sub__(self, shift: int) -> Index:
        return self + (-shift)


ZERO, LAST = Index(("0",)), Index(("T",))
# The delay D = s - 1 of the law FIXED, a whole number of at least 0.
DELAY = Index(("D",))
# Laws about every step: no noise; the reads are in order, tau_j <= tau_k for j <= k; no delay, tau_k = k; one delay,
# tau_k = max(0, k - D).
NOISELESS, IN_ORDER, PROMPT, FIXED = ("noiseless",), ("in order",), ("prompt",), ("fixed",)
# RANDOM: the delays are drawn during the run. Step k then applies the gradient a_k, and tau has nothing to do with it:
# a fact about fixed delays says nothing of such a run, and the other way round.
RANDOM = ("random",)
EVERYWHERE: frozenset[Law] = frozenset({NOISELESS, IN_ORDER, PROMPT, FIXED, RANDOM})


def var(name: str) -> Index:
    """A free or bound index variable."""
    return Index(("v", name))


def tau(index: Index) -> Index:
    """The point whose gradient the step `index` applies."""
    return Index(("tau", index.core, index.offset))


def of_one_step(law: Law) -> bool:
    """Whether a law speaks of one step; all others hold of the whole run."""
    return bool(law[0] == "latest")


def latest(step: Index) -> Law:
    """No gradient applied within W_step is younger than the one that `step` applies."""
    return ("latest", step.core, step.offset)


@dataclass(frozen=True)
class Le:
    """The constraint left <= right + gap between two cores."""

    left: Core
    right: Core
    gap: int


def le(left: Index, right: Index) -> Le:
    """Left <= right."""
    return Le(left.core, right.core, right.offset - left.offset)


def lt(left: Index, right: Index) -> Le:
    """Left < right."""
    return le(left + 1, right)


def parts(core: Core) -> Iterator[Core]:
    """A core and the cores inside it."""
    yield core
    if core[0] == "tau":
        yield from parts(core[1])


def variables(core: Core) -> frozenset[str]:
    """The variables that a core mentions."""
    return frozenset(part[1] for part in parts(core) if part[0] == "v")


@lru_cache(maxsize=200_000)
def distances(
    cores: frozenset[Core], constraints: frozenset[Le], laws: frozenset[Law]
) -> Mapping[tuple[Core, Core], int]:
    """Least c with left <= right + c that follows, for all pairs where one follows; {} if nothing satisfies them.

    Known of every delay map: 0 <= tau_k, and tau_k <= k where k >= 0; and what the laws say.
    """
    nodes = {part for core in cores for part in parts(core)} | {("0",), ("T",)} | ({("D",)} if FIXED in laws else set())
    nodes |= {part for c in constraints for core in (c.left, c.right) for part in parts(core)}
    edges: dict[tuple[Core, Core], int] = {(node, node): 0 for node in nodes}

    def learn(left: Core, right: Core, gap: int) -> bool:
        if edges.get((left, right), gap + 1) <= gap:
            return False
        edges[left, right] = gap
        return True

    for constraint in constraints:
        learn(constraint.left, constraint.right, constraint.gap)
    reads = [node for node in nodes if node[0] == "tau"]
    for node in reads:
        learn(("0",), node, 0)
    if ("D",) in nodes:
        learn(("0",), ("D",), 0)
    changed = True
    while changed:
        for middle, left, right in product(nodes, repeat=3):
            if (left, middle) in edges and (middle, right) in edges:
                learn(left, right, edges[left, middle] + edges[middle, right])
        if any(edges[node, node] < 0 for node in nodes):
            return {}
        changed = False
        for node in reads:
            # tau_k reads a point for steps k >= 0 only; below, it is 0 by convention.
            if edges.get((("0",), node[1]), node[2] + 1) <= node[2]:
                changed |= learn(node, node[1], node[2])
                changed |= PROMPT in laws and learn(node[1], node, -node[2])
        for one, other in product(reads, repeat=2) if laws & {IN_ORDER, FIXED} else ():
            before = edges.get((one[1], other[1]), other[2] - one[2] + 1) <= other[2] - one[2]
            changed |= before and learn(one, other, 0)
        for read, core, offset in ((node, *node[1:]) for node in reads if FIXED in laws):
            # k <= D gives tau_k = 0; D = 0 gives tau_k = k; D >= 1 and k >= 1 give tau_k < k.
            early = edges.get((core, ("D",)), 1 - offset) <= -offset
            none, some = edges.get((("D",), ("0",)), 1) <= 0, edges.get((("0",), ("D",)), 0) <= -1
            changed |= early and learn(read, ("0",), 0)
            changed |= none and learn(core, read, -offset)
            changed |= some and edges.get((("0",), core), offset) <= offset - 1 and learn(read, core, offset - 1)
        for law, node in product(filter(of_one_step, laws), reads):
            # tau_c <= j < c for j = node's step gives tau_j <= tau_c.
            ours, core, offset = ("tau", *law[1:]), law[1], law[2]
            inside = edges.get((ours, node[1]), node[2] + 1) <= node[2]
            before = edges.get((node[1], core), offset - node[2]) <= offset - node[2] - 1
            changed |= ours in nodes and inside and before and learn(node, ours, 0)
    return edges


# ------------------------------------------------------------------------------------------------------ expressions

Atom = tuple[Any, ...]  # a scalar: ("L",) or ("eta", k) or ("p", i, r): a name and its indices
Payload = tuple[Any, ...] | None  # None | ("f", k) | ("vec", (name, k)) | ("ip", (name, k), (name, j))
Powers = tuple[tuple[Atom, int], ...]


@dataclass(frozen=True)
class Term:
    """One summand, without its coefficient."""

    bound: tuple[str, ...] = ()
    constraints: frozenset[Le] = frozenset()
    monomial: Powers = ()
    payload: Payload = None

    def indices(self) -> Iterator[Index]:
        """The indices of scalars and vectors."""
        for atom, _ in self.monomial:
            yield from atom[1:]
        if self.payload is not None:
            yield from [self.payload[1]] if self.payload[0] == "f" else (index for _, index in self.payload[1:])


@dataclass(frozen=True)
class Context:
    """What is known of the free indices, of the reads, and of the noise."""

    constraints: frozenset[Le] = frozenset()
    laws: frozenset[Law] = frozenset()

    def entails(self, constraint: Le) -> bool:
        """Does left <= right + gap follow? (It does where nothing satisfies the context.)"""
        known = distances(frozenset((constraint.left, constraint.right)), self.constraints, self.laws)
        return not known or known.get((constraint.left, constraint.right), constraint.gap + 1) <= constraint.gap

    def having(self, *constraints: Le) -> Context:
        """The context with more constraints."""
        return replace(self, constraints=self.constraints | frozenset(constraints))

    def under(self, *laws: Law) -> Context:
        """The context with more laws."""
        return replace(self, laws=self.laws | frozenset(laws))


Names = Mapping[str, Index]


def _moved(core: Core, names: Names) -> Index:
    if core[0] == "v":
        return names.get(core[1], Index(core))
    return tau(_moved(core[1], names) + core[2]) if core[0] == "tau" else Index(core)


def substitute(index: Index, names: Names) -> Index:
    """The index with variables replaced."""
    return _moved(index.core, names) + index.offset


def _substitute_le(c: Le, names: Names) -> Le:
    left, right = _moved(c.left, names), _moved(c.right, names)
    return Le(left.core, right.core, c.gap + right.offset - left.offset)


def _substitute_law(law: Law, names: Names) -> Law:
    return latest(_moved(law[1], names) + law[2]) if of_one_step(law) else law


def _substitute_payload(payload: Payload, names: Names) -> Payload:
    if payload is None:
        return None
    if payload[0] == "f":
        return ("f", substitute(payload[1], names))
    return (payload[0], *((name, substitute(index, names)) for name, index in payload[1:]))


def _powers(factors: Iterable[tuple[Atom, int]], names: Names) -> Powers:
    collected: dict[Atom, int] = {}
    for (name, *indices), power in factors:
        atom = (name, *(substitute(index, names) for index in indices))
        collected[atom] = collected.get(atom, 0) + power
    return tuple(sorted(((atom, power) for atom, power in collected.items() if power), key=repr))


def _substitute(term: Term, names: Names) -> Term:
    """The term with variables replaced, bound ones among them (which are then bound no more)."""
    return Term(
        tuple(name for name in term.bound if name not in names),
        frozenset(_substitute_le(c, names) for c in term.constraints),
        _powers(term.monomial, names),
        _substitute_payload(term.payload, names),
    )


_unused = count()


def _fresh(term: Term) -> Term:
    """The term with bound names used nowhere else."""
    names = {name: f"#{next(_unused)}" for name in term.bound}
    renamed = _substitute(replace(term, bound=()), {old: var(new) for old, new in names.items()})
    return replace(renamed, bound=tuple(names.values()))


def normal_term(term: Term, context: Context) -> Term | None:
    """The unique form of a term in a context; None for an empty sum."""
    if any(name[0] in "_#@" for name in _free(term)):
        raise ProofError(f"Names that begin with _, # or @ are the kernel's own. Got {', '.join(sorted(_free(term)))}.")
    cores = frozenset(index.core for index in term.indices()) | {("v", name) for name in term.bound}
    known = distances(cores, term.constraints | context.constraints, context.laws)
    if not known:
        return None
    for name in term.bound:
        # A bound index that equals another one is no sum: replace it.
        for (left, right), gap in known.items():
            if left == ("v", name) and name not in variables(right) and known.get((right, left)) == -gap:
                return normal_term(_substitute(term, {name: Index(right, gap)}), context)
        lowest = min((index.offset for index in _occurrences(term) if index.core == ("v", name)), default=0)
        if lowest:
            # Sums that differ by a shift of the index are the same: the least offset becomes 0.
            shifted = _substitute(replace(term, bound=()), {name: Index(("v", name), -lowest)})
            return normal_term(replace(shifted, bound=term.bound), context)
    # What a sum asks of its bound indices, and what it asks of the free ones that the context does not say.
    granted = distances(frozenset(core for pair in known for core in pair), context.constraints, context.laws)
    tight = frozenset(
        Le(left, right, gap)
        for (left, right), gap in known.items()
        if left != right
        and ((variables(left) | variables(right)) & frozenset(term.bound) or granted.get((left, right), gap + 1) > gap)
    )
    return _renamed(replace(term, constraints=_without_idle(term, tight, context)))


def _occurrences(term: Term) -> Iterator[Index]:
    for index in term.indices():
        yield index
        for part in parts(index.core):
            if part[0] == "tau":
                yield Index(part[1], part[2])


def _without_idle(term: Term, tight: frozenset[Le], context: Context) -> frozenset[Le]:
    """Drop reads that nothing mentions and of which nothing is known beyond the laws of every delay map."""
    used = {part for index in term.indices() for part in parts(index.core)}
    idle = {core for c in tight for core in (c.left, c.right) if core[0] == "tau"} - used
    for read in sorted(idle, key=repr):
        rest = frozenset(c for c in tight if read not in (*parts(c.left), *parts(c.right)))
        known = distances(frozenset((read,)), rest | context.constraints, context.laws)
        if all(known.get((c.left, c.right), c.gap + 1) <= c.gap for c in tight - rest):
            tight = rest
    return tight


def _renamed(term: Term) -> Term:
    """Bound variables named so that the printed form is least: equal terms become identical."""
    names = [f"_{position}" for position in range(len(term.bound))]
    bare = replace(_fresh(term), bound=()), _fresh_names(term)
    neutral, old = _substitute(replace(term, bound=()), bare[1]), list(bare[1].values())
    candidates = (
        _sorted_payload(
            _substitute(neutral, {index.core[1]: var(name) for index, name in zip(old, order, strict=True)})
        )
        for order in permutations(names)
    )
    return min((replace(candidate, bound=tuple(names)) for candidate in candidates), key=_signature)


def _fresh_names(term: Term) -> Names:
    return {name: var(f"#{next(_unused)}") for name in term.bound}


def _signature(term: Term) -> str:
    return repr((term.monomial, term.payload, sorted(term.constraints, key=repr)))


def _sorted_payload(term: Term) -> Term:
    if term.payload is None or term.payload[0] != "ip":
        return term
    return replace(term, payload=("ip", *sorted(term.payload[1:], key=repr)))


@dataclass(frozen=True)
class Expression:
    """A sum of terms with rational coefficients; equality is decided by `normal`."""

    terms: tuple[tuple[Term, Fraction], ...] = ()

    def __post_init__(self) -> None:
        if any(type(coefficient) not in (Fraction, int) for _, coefficient in self.terms):
            raise ProofError("Coefficients are fractions; a float decides nothing.")

    def __add__(self, other: Expression | int | Fraction) -> Expression:
        return Expression((*self.terms, *expression(other).terms))

    def __neg__(self) -> Expression:
        return Expression(tuple((term, -c) for term, c in self.terms))

    def __sub__(self, other: Expression | int | Fraction) -> Expression:
        return self + -expression(other)

    def __rsub__(self, other: Expression | int | Fraction) -> Expression:
        return expression(other) - self

    def __mul__(self, other: Expression | int | Fraction) -> Expression:
        """Product; of two terms at most one may carry a payload."""
        pairs = product(self.terms, expression(other).terms)
        return Expression(tuple((_times(a, b), x * y) for (a, x), (b, y) in pairs))

    __radd__, __rmul__ = __add__, __mul__

    def dot(self, other: Expression) -> Expression:
        """The expected inner product of two vectors."""
        pairs = product(self.terms, other.terms)
        return Expression(tuple((_times(a, b, inner=True), x * y) for (a, x), (b, y) in pairs))

    def square(self) -> Expression:
        """E|v|^2 of a vector."""
        return self.dot(self)

    def total(self, names: tuple[str, ...], *constraints: Le) -> Expression:
        """The sum over index variables that satisfy the constraints."""
        return Expression(tuple((_bind(_fresh(term), names, constraints), c) for term, c in self.terms))

    def at(self, **names: Index) -> Expression:
        """The expression at other indices."""
        return Expression(tuple((_substitute(_fresh(term), names), c) for term, c in self.terms))

    def normal(self, context: Context) -> dict[Term, Fraction]:
        """The normal form: expressions that are equal by rearrangement give equal dictionaries."""
        collected: dict[Term, Fraction] = {}
        for term, coefficient in self.terms:
            reduced = normal_term(term, context)
            if reduced is not None:
                collected[reduced] = collected.get(reduced, Fraction(0)) + coefficient
        return {term: c for term, c in collected.items() if c}


def expression(value: Expression | int | Fraction) -> Expression:
    """An expression from a number."""
    return value if isinstance(value, Expression) else Expression(((Term(), Fraction(value)),))


def _bind(term: Term, names: tuple[str, ...], constraints: tuple[Le, ...]) -> Term:
    return replace(term, bound=(*term.bound, *names), constraints=term.constraints | frozenset(constraints))


def _times(one: Term, other: Term, inner: bool = False) -> Term:
    one, other = _fresh(one), _fresh(other)
    if inner:
        if not (one.payload and other.payload and one.payload[0] == other.payload[0] == "vec"):
            raise ProofError("An inner product needs two vectors.")
        payload: Payload = ("ip", one.payload[1], other.payload[1])
    elif one.payload is not None and other.payload is not None:
        raise ProofError("Only scalars multiply; vectors meet in inner products.")
    else:
        payload = one.payload or other.payload
    powers = _powers((*one.monomial, *other.monomial), {})
    return Term((*one.bound, *other.bound), one.constraints | other.constraints, powers, payload)


def scalar(name: str, *indices: Index, power: int = 1) -> Expression:
    """A scalar symbol, such as L or eta_k; negative powers only of symbols that are positive."""
    return Expression(((Term(monomial=(((name, *indices), power),)), Fraction(1)),))


def gap_at(index: Index) -> Expression:
    """f_index = E F(x_index) - inf F."""
    return Expression(((Term(payload=("f", index)), Fraction(1)),))


def vector(name: str, index: Index) -> Expression:
    """A random vector: "g" the gradient of F at x_index, "e" the noise of the gradient that step `index` applies."""
    return Expression(((Term(payload=("vec", (name, index))), Fraction(1)),))


# ------------------------------------------------------------------------------------------------------------ facts

_SEAL = object()
# Symbols that are positive by their meaning: a fact divides by nothing else.
POSITIVE = frozenset({"L", "s", "mu", "T", "rho", "young", "cut", "root", "number"})
Cut = Callable[[Term], "tuple[Index, Index] | None"]


def no_cut(term: Term) -> None:
    """Cut nothing."""


@dataclass(frozen=True)
class Fact:
    """`expression` >= 0 (or = 0) wherever the context holds. Only rules and axioms make one."""

    context: Context
    expression: Expression
    equality: bool
    axioms: frozenset[str]
    _seal: object = field(repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise ProofError("A fact comes from a rule of the kernel, never from outside.")
        _divides_safely(self.expression)


def _divides_safely(body: Expression) -> None:
    under = {atom[0] for term, _ in body.terms for atom, power in term.monomial if power < 0}
    if not under <= POSITIVE:
        raise ProofError(f"Nothing says that {', '.join(sorted(under - POSITIVE))} is not 0: no fact divides by it.")


def _fact(context: Context, body: Expression, axioms: Iterable[str] = (), equality: bool = False) -> Fact:
    return Fact(context, body, equality, frozenset(axioms), _SEAL)


def require(context: Context, *constraints: Le) -> None:
    """Refuse unless the constraints follow from the context."""
    for constraint in constraints:
        if not context.entails(constraint):
            raise ProofError(f"This needs {constraint}, which does not follow from what is known of the indices.")


def square(context: Context, body: Expression) -> Fact:
    """E|v|^2 >= 0 for a vector v, and a^2 >= 0 for a scalar."""
    if all(term.payload is None for term, _ in body.terms):
        return _fact(context, body * body)
    return _fact(context, body.square())


def constant(context: Context, number: Fraction | int) -> Fact:
    """A rational number that is not negative."""
    if number < 0:
        raise ProofError(f"{number} is negative.")
    return _fact(context, expression(number))


def weaken(fact: Fact, context: Context) -> Fact:
    """The same in a context that says more."""
    if not fact.context.laws <= context.laws:
        raise ProofError(f"The fact uses {set(fact.context.laws - context.laws)}; the new context does not say so.")
    _same_delays(fact.context, context)
    require(context, *fact.context.constraints)
    return replace(fact, context=context)


def _same_delays(one: Context, other: Context) -> None:
    if (RANDOM in one.laws) != (RANDOM in other.laws):
        raise ProofError("A fact about fixed delays says nothing of random ones, nor the other way round.")


def instantiate(fact: Fact, context: Context, **names: Index) -> Fact:
    """The same for particular indices."""
    constraints = frozenset(_substitute_le(c, names) for c in fact.context.constraints)
    laws = frozenset(_substitute_law(law, names) for law in fact.context.laws)
    return weaken(replace(fact, context=Context(constraints, laws), expression=fact.expression.at(**names)), context)


def cases(context: Context, one: Index, other: Index, low: Fact, high: Fact, body: Expression) -> Fact:
    """What holds where one <= other, and where one > other, holds."""
    if low.context != context.having(le(one, other)) or high.context != context.having(lt(other, one)):
        raise ProofError("The two cases must be one <= other and one > other, in one context.")
    restate(low, body)
    restate(high, body)
    return _fact(context, body, low.axioms | high.axioms, low.equality and high.equality)


def _one_context(facts: Iterable[Fact]) -> Context:
    contexts = {fact.context for fact in facts}
    if len(contexts) != 1:
        raise ProofError("Facts are combined in one context; weaken them to it first.")
    return contexts.pop()


def add(*facts: Fact) -> Fact:
    """The sum of facts in one context."""
    body = sum((fact.expression for fact in facts), expression(0))
    axioms = frozenset[str]().union(*(fact.axioms for fact in facts))
    return _fact(_one_context(facts), body, axioms, all(fact.equality for fact in facts))


def multiply(fact: Fact, factor: Fact) -> Fact:
    """The product of a >= 0 and b >= 0."""
    body = fact.expression * factor.expression
    return _fact(_one_context((fact, factor)), body, fact.axioms | factor.axioms, fact.equality or factor.equality)


def scale_equality(fact: Fact, factor: Expression) -> Fact:
    """An equality times anything."""
    if not fact.equality:
        raise ProofError("Only an equality may be multiplied by something of unknown sign.")
    _divides_safely(factor)
    return replace(fact, expression=fact.expression * factor)


def cancel(fact: Fact, factor: Fact, least: Fraction, body: Expression) -> Fact:
    """If factor * body >= 0 and factor >= least > 0, then body >= 0; `factor` is the fact factor - least >= 0."""
    if least <= 0:
        raise ProofError(f"Only what is at least a positive number can be cancelled. Got {least}.")
    restate(fact, (factor.expression + least) * body)
    return _fact(_one_context((fact, factor)), body, fact.axioms | factor.axioms, fact.equality)


def unsquare(fact: Fact, factor: Fact, body: Expression) -> Fact:
    """If a^2 b >= 0 and a >= 0, then a b >= 0: divide by a, or a = 0. `factor` is the fact a >= 0, `body` is b."""
    restate(fact, factor.expression * factor.expression * body)
    return _fact(_one_context((fact, factor)), factor.expression * body, fact.axioms | factor.axioms, fact.equality)


def total(fact: Fact, names: tuple[str, ...], *constraints: Le) -> Fact:
    """The sum of a fact over the indices that satisfy the constraints; these must imply what the fact asks of them."""
    chosen = frozenset(names)
    if any(of_one_step(law) and variables(law[1]) & chosen for law in fact.context.laws):
        raise ProofError("The fact assumes of one step what the sum needs of all.")
    kept = frozenset(c for c in fact.context.constraints if not (variables(c.left) | variables(c.right)) & chosen)
    outside = replace(fact.context, constraints=kept)
    inside = outside.having(*constraints)
    require(inside, *fact.context.constraints)
    _require_finite(inside, chosen)
    return replace(fact, context=outside, expression=fact.expression.total(names, *constraints))


def _require_finite(context: Context, names: frozenset[str]) -> None:
    known = distances(frozenset(("v", name) for name in names), context.constraints, context.laws)
    ends = {core for pair in known for core in pair if not variables(core) & names}
    for here in (("v", name) for name in names if known):
        if not any((end, here) in known for end in ends) or not any((here, end) in known for end in ends):
            raise ProofError(f"The sum over {here[1]} has no end.")


def widen(fact: Fact, names: tuple[str, ...], more: tuple[Le, ...], fewer: tuple[Le, ...]) -> Fact:
    """Of something not negative, the sum over more indices is at least the sum over fewer."""
    large, small = total(fact, names, *more), total(fact, names, *fewer)
    require(large.context.having(*fewer), *more)
    return _fact(large.context, large.expression - small.expression, fact.axioms)


def up_to_the_last(each: Fact, none: Fact, part: Expression, name: str, *where: Le) -> Fact:
    """A bound of the sum over a set of indices, from bounds of the sums over those up to any one of them.

    `each` says, of an index of the set: bound >= the sum of part over the indices of the set up to it. `none` says
    bound >= 0. The set has a last index, or it is empty; so bound >= the sum of part over the set.
    """
    spoken = [core for c in none.context.constraints for core in (c.left, c.right)]
    spoken += [law[1] for law in none.context.laws if of_one_step(law)]
    spoken += [index.core for term, _ in none.expression.terms for index in term.indices()]
    spoken += [core for term, _ in none.expression.terms for c in term.constraints for core in (c.left, c.right)]
    if any(name in variables(core) for core in spoken):
        raise ProofError(f"The bound must not speak of {name}.")
    inside, other = none.context.having(*where), f"#{next(_unused)}"
    if each.context != inside:
        raise ProofError("The bound of the sum up to an index must hold for every index of the set.")
    _require_finite(inside, frozenset({name}))
    where_other = (_substitute_le(c, {name: var(other)}) for c in where)
    so_far = part.at(**{name: var(other)}).total((other,), *where_other, le(var(other), var(name)))
    restate(each, none.expression - so_far)
    return _fact(none.context, none.expression - part.total((name,), *where), each.axioms | none.axioms)


def _split(body: Expression, context: Context, choose: Cut) -> Expression:
    """Cut the sums that `choose` names into the part with left <= right and the part with left > right."""
    done: list[tuple[Term, Fraction]] = []
    pending = list(body.normal(context).items())
    while pending:
        term, coefficient = pending.pop()
        cut = choose(term)
        if cut is None:
            done.append((term, coefficient))
            continue
        for side in (le(*cut), lt(cut[1], cut[0])):
            half = normal_term(replace(term, constraints=term.constraints | {side}), context)
            if half == term:
                raise ProofError("The cut is no cut: the order of the two indices is known there.")
            if half is not None:
                pending.append((half, coefficient))
    return Expression(tuple(done))


def restate(fact: Fact, body: Expression, choose: Cut = no_cut) -> Fact:
    """The fact with its expression written otherwise: the normal forms must agree, after the cuts of `choose`."""
    difference = _split(fact.expression - body, fact.context, choose).normal(fact.context)
    if difference:
        raise ProofError(f"The two sides differ, by {len(difference)} terms, such as {next(iter(difference.items()))}.")
    return replace(fact, expression=body)


def orthogonal(context: Context, body: Expression, choose: Cut = no_cut) -> Fact:
    """Body = body without every E<e_i, v> that is zero as v is known when e_i is drawn, after cuts: a fact about 0."""
    kept: list[tuple[Term, Fraction]] = []
    for term, coefficient in _split(body, context, choose).normal(context).items():
        if not any(_known_before(context.having(*term.constraints), *pair) for pair in _noise_pairs(term)):
            kept.append((term, coefficient))
    return _fact(context, body - Expression(tuple(kept)), ["the noise has mean zero given the past"], equality=True)


def unbiased(context: Context, step: Index, name: str, index: Index) -> Fact:
    """E<e_step, v> = 0 for one vector; refused where v may depend on e_step."""
    if not _known_before(context, step, (name, index)):
        raise ProofError(f"E<e_{step}, {name}_{index}> need not be zero: the vector may depend on that noise.")
    body = vector("e", step).dot(vector(name, index))
    return _fact(context, body, ["the noise has mean zero given the past"], equality=True)


def _noise_pairs(term: Term) -> Iterator[tuple[Index, tuple[str, Index]]]:
    if term.payload is not None and term.payload[0] == "ip":
        one, other = term.payload[1:]
        yield from ((first[1], second) for first, second in ((one, other), (other, one)) if first[0] == "e")


def _known_before(context: Context, step: Index, other: tuple[str, Index]) -> bool:
    """g_j is known when e_step is drawn if j <= step, e_j if j < step; without noise there is nothing to know.

    A vector "a_j", the gradient that step j applies wherever it was read, is known if j <= step; of other vectors
    nothing is said.
    """
    name, index = other
    if NOISELESS in context.laws:
        return True
    return name in ("g", "a", "e") and context.entails(lt(index, step) if name == "e" else le(index, step))


def specialise(fact: Fact, name: str, value: Fact) -> Fact:
    """A fact about any non-negative sequence holds for a particular one: put value >= 0 for the symbol everywhere.

    The symbol must be arbitrary in the fact: no axiom may speak of it but that it is not negative. `value` is about the
    free index k, which becomes the index of the symbol.
    """
    if name not in ARBITRARY:
        raise ProofError(f"{name} is not arbitrary.")
    if any(axiom.startswith(CONDITIONAL) for axiom in fact.axioms):
        raise ProofError(f"The fact assumes something of {name}; specialise what it was derived from.")
    if value.context.constraints or value.context.laws:
        raise ProofError("The value must not be negative at every index.")
    if not free_variables(value.expression) <= {"k"}:
        raise ProofError("The value must be about the index k and no other.")
    body = Expression()
    for term, coefficient in fact.expression.terms:
        piece = Expression(((replace(term, monomial=tuple(p for p in term.monomial if p[0][0] != name)), coefficient),))
        for (_, index), power in (p for p in term.monomial if p[0][0] == name):
            if power < 0:
                raise ProofError(f"{name} stands in a denominator.")
            for _ in range(power):
                piece = _inside_product(piece, value.expression, index)
        body = body + piece
    there = fact.context.under(particular(name, value.expression))
    return _fact(there, body, fact.axioms | value.axioms, fact.equality)


def particular(name: str, value: Expression) -> Law:
    """The law that a sequence is a particular one: facts about such a run join facts about no other."""
    return ("particular", name, repr(sorted(value.normal(Context()).items(), key=repr)))


def free_variables(body: Expression) -> frozenset[str]:
    """The index variables that an expression does not bind."""
    return frozenset[str]().union(*(_free(term) for term, _ in body.terms))


def _free(term: Term) -> frozenset[str]:
    cores = {index.core for index in term.indices()} | {core for c in term.constraints for core in (c.left, c.right)}
    return frozenset[str]().union(*map(variables, cores)) - frozenset(term.bound)


ARBITRARY = frozenset({"eta"})
CONDITIONAL = "assumed: "


def _inside_product(piece: Expression, value: Expression, index: Index) -> Expression:
    """Piece times the value at an index that the piece may bind."""
    pairs = product(piece.terms, value.at(k=index).terms)
    return Expression(tuple((_merge(a, b), x * y) for (a, x), (b, y) in pairs))


def _merge(one: Term, other: Term) -> Term:
    other = _fresh(other)
    powers = _powers((*one.monomial, *other.monomial), {})
    return Term((*one.bound, *other.bound), one.constraints | other.constraints, powers, one.payload)


def induct(
    base: Fact, step: Fact, body: Expression, name: str, start: Index, choose: Cut = no_cut, until: Index | None = None
) -> Fact:
    """Body >= 0 for all `name` >= start, from body at start, and from body at name + 1 minus body at name.

    With `until`, for start <= name <= until only; the step then may use that name < until.
    """
    n = var(name)
    spoken = [core for c in base.context.constraints for core in (c.left, c.right)]
    spoken += [law[1] for law in base.context.laws if of_one_step(law)]
    spoken += [end.core for end in (start, until) if end is not None]
    if any(name in variables(core) for core in spoken):
        raise ProofError(f"The base and the ends of the induction must not speak of {name}.")
    restate(base, body.at(**{name: start}), choose)
    allowed = base.context.having(le(start, n))
    below = allowed if until is None else allowed.having(lt(n, until))
    require(below, *step.context.constraints)
    if not step.context.laws <= base.context.laws:
        raise ProofError("The step of the induction uses laws that the base does not.")
    _same_delays(step.context, base.context)
    restate(replace(step, context=below), body.at(**{name: n + 1}) - body, choose)
    reached = allowed if until is None else allowed.having(le(n, until))
    return _fact(reached, body, base.axioms | step.axioms)
