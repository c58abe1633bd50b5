"""The kernel: what a statement is and denotes, when two are the same, and the rules that make facts.

With `axioms.py`, `statement.py`, `theorem.py` and the tables of `common/table.py` this decides what is proved;
`docs/kernel.md` counts the lines, and says what else is believed.

What an expression denotes
    A *run* gives a whole number T >= 1, a whole D >= 0; a map `update` of whole numbers, which is the identity unless
    the law SEVERAL holds, takes 0 to 0 and no value infinitely often; a map tau with tau(k) >= 0, and
    tau(k) <= update(k) where update(k) >= 0; to every scalar symbol a real function of as many whole numbers as it has
    indices, with values > 0 for the symbols in POSITIVE; a real number f_k for every k; and to every vector symbol a
    random vector of finite second moment for every k. An *index* is a core plus a whole number; given whole numbers for
    its free variables, a core is that number (v), 0, T, D, or tau or update of an index. A *term* with n bound
    variables b_0..b_{n-1} denotes the sum, over all whole b_0..b_{n-1} for which its constraints hold, of the product
    of its scalars, times f_k, a vector, or the expected inner product of two. An *expression* is a sum of terms with
    rational coefficients. A *fact* says of all runs in which the laws of its context hold, and of all whole numbers
    that satisfy the constraints of its context, that its expression is >= 0 (or = 0). Laws and symbols get their
    meaning from `axioms.py`.

What every constructor keeps
    1. A bound variable is a number that only `total` makes, a free one a name: neither can be taken for the other. What
       is put in for a free variable has no bound variable in it. No rule makes up a name.
    2. Every sum is finite: from its own constraints each bound variable, or its update, has something free below it and
       above it.
    3. Powers are whole; a negative power stands at symbols in POSITIVE only: no expression can divide by zero.
    4. Coefficients are fractions, offsets ints, names strs, by exact type, and before any cache is asked: nothing is
       converted, no float decides anything, nothing compares in a way of its own.
    5. All values are tuples, and none can be pickled; what is handed out of a cache is a copy.
    6. A fact is made by `_fact` alone, and what it says lies in a private table; every rule refuses what is not exactly
       a Fact that `_fact` made.
Python cannot prevent that somebody replaces a rule or a property of a class while the program runs, builds a value with
tuple.__new__ (which is what unpickling made-up bytes does), or writes into a private table, reached by its name, with
gc, in a frame (sys.settrace) or in a closure: who does so has changed the kernel, and found no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from theory.proofs import plain

# ------------------------------------------------------------------------------------------------ indices and order

#: ("v", name) | ("b", number) | ("tau", core, offset) | ("update", core, offset) | ("0",) | ("T",) | ("D",)
Core = tuple[Any, ...]
#: ("latest", core, offset), or one of EVERYWHERE.
Law = tuple[Any, ...]
Kind = TypeVar("Kind")


class ProofError(Exception):
    """A step that the rules refuse; the message says why."""


def must_be(value: Any, *kinds: type[Kind]) -> Kind:
    """The value, refused unless it is of exactly one of these types: a subclass may compare and print otherwise."""
    for kind in kinds:
        if type(value) is kind:
            return value
    raise ProofError(f"This is no {' or '.join(kind.__name__.lower() for kind in kinds)}: {value!r}.")


class Value:
    """What the kernel makes, by its functions alone: not pickled by any protocol, nor copied, nor built from parts."""

    __slots__ = ()

    def __new__(cls, *parts: Any, **named: Any) -> Any:
        raise ProofError(f"A {cls.__name__.lower()} comes from a rule of the kernel, never from outside.")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ProofError(f"A {type(self).__name__.lower()} is made by the kernel, and never from bytes.")


class Index(Value, tuple[Any, ...]):
    """A step or point number: core + offset."""

    __slots__ = ()
    core: Core = property(itemgetter(0))  # type: ignore[assignment]
    offset: int = property(itemgetter(1))  # type: ignore[assignment]

    def __new__(cls, core: Core, offset: int = 0) -> Index:
        return _index(_checked_core(core), must_be(offset, int))

    def __add__(self, shift: int) -> Index:  # type: ignore[override]
        return _index(self[0], self[1] + must_be(shift, int))

    def __sub__(self, shift: int) -> Index:
        return _index(self[0], self[1] - must_be(shift, int))

    def __repr__(self) -> str:
        return plain.index(*self)


class Le(Value, tuple[Any, ...]):
    """The constraint left <= right + gap between two cores."""

    __slots__ = ()
    left: Core = property(itemgetter(0))  # type: ignore[assignment]
    right: Core = property(itemgetter(1))  # type: ignore[assignment]
    gap: int = property(itemgetter(2))  # type: ignore[assignment]

    def at(self, **names: Index) -> Le:
        """The constraint with other indices in place of free variables."""
        return _moved_le(_closed(self), _names(names))

    def __repr__(self) -> str:
        return plain.constraint(*self)


def _index(core: Core, offset: int) -> Index:
    return tuple.__new__(Index, (core, offset))


def _le(left: Core, right: Core, gap: int) -> Le:
    return tuple.__new__(Le, (left, right, gap))


def _checked_core(core: Any) -> Core:
    """The core, refused where it is none."""
    kind, size = (core[0], len(core)) if type(core) is tuple and core else (None, 0)
    if type(kind) is str:
        if (size == 1 and kind in ("0", "T", "D")) or (size == 2 and kind == "v" and _is_letter(core[1])):
            return core  # type: ignore[no-any-return]
        if size == 2 and kind == "b" and type(core[1]) is int and core[1] >= 0:
            return core  # type: ignore[no-any-return]
        if size == 3 and kind in ("tau", "update") and type(core[2]) is int:
            return (kind, _checked_core(core[1]), core[2])
    raise ProofError(f"This is no index: {core!r}. Names begin with a letter; T, D, _, # and @ are the kernel's own.")


def _is_letter(name: Any) -> bool:
    return type(name) is str and name.isidentifier() and name[0].isalpha() and name not in ("T", "D")


ZERO, LAST = Index(("0",)), Index(("T",))
#: The delay D = s - 1 of the law FIXED.
DELAY = Index(("D",))
# Laws about every whole k: no noise; the reads are in order, tau_j <= tau_k for j <= k; they are, or there is no noise;
# no delay, tau_k = k for k >= 0; one delay, tau_k = max(0, k - D). (Of a run only tau_0..tau_{T-1} matter; every run
# goes on in a way that keeps the law, with tau_k = 0 before it.)
NOISELESS, IN_ORDER, IN_ORDER_IF_NOISY = ("noiseless",), ("in order",), ("in order if noisy",)
PROMPT, FIXED = ("prompt",), ("fixed",)
# RANDOM: the delays are drawn during the run. Step k then applies the gradient a_k, and tau has nothing to do with it:
# a fact about fixed delays says nothing of such a run, and the other way round.
RANDOM = ("random",)
# SEVERAL: x_{k+1} is x_k minus the gradients a with update(a) = k, any number of them, each with its own step, noise
# and read: eta_a, e_a, tau_a. The numbers of gradients and of points are apart, and where an axiom or a formula is
# about both, it says so by `update`. No such run keeps one of the laws about order or one delay.
SEVERAL = ("several",)
# MIXED: blocks of coordinates are read apart. Gradient k is a_k, at a point each of whose blocks is that of one of
# x_{tau_k}..x_{update(k)}; so x_{tau_k} is the oldest one.
MIXED = ("mixed",)
# WORKERS: step k applies a_k, the mean of the gradients of N workers, which are not read at x_k; tau has nothing to do
# with it. A vector is one for each worker, the same for all of them in g, a and e; <u, v> is the mean over the workers.
WORKERS = ("workers",)
KINDS: frozenset[Law] = frozenset({RANDOM, SEVERAL, MIXED, WORKERS})
EVERYWHERE: frozenset[Law] = KINDS | {NOISELESS, IN_ORDER, IN_ORDER_IF_NOISY, PROMPT, FIXED}


def var(name: str) -> Index:
    """A free index variable."""
    return Index(("v", name))


def tau(index: Index) -> Index:
    """The point whose gradient the step `index` applies."""
    core, offset = must_be(index, Index)
    return _index(("tau", core, offset), 0)


def update(index: Index) -> Index:
    """The update that applies the gradient `index`: the index itself, where every step applies one gradient."""
    core, offset = must_be(index, Index)
    return _index(("update", core, offset), 0)


def of_one_step(law: Law) -> bool:
    """Whether a law speaks of one step; all others hold of the whole run."""
    return bool(law[0] == "latest")


def latest(step: Index) -> Law:
    """No gradient applied within W_step is younger than the one that `step` applies."""
    return ("latest", *must_be(step, Index))


def le(left: Index, right: Index) -> Le:
    """Left <= right."""
    return _le(must_be(left, Index)[0], must_be(right, Index)[0], right[1] - left[1])


def lt(left: Index, right: Index) -> Le:
    """Left < right."""
    return le(left + 1, right)


def parts(core: Core) -> Iterator[Core]:
    """A core and the cores inside it."""
    yield core
    while len(core) == 3:
        core = core[1]
        yield core


def _ground(core: Core) -> Core:
    """The innermost core."""
    while len(core) == 3:
        core = core[1]
    return core


def variables(core: Core) -> frozenset[str]:
    """The free variables that a core mentions."""
    ground = _ground(core)
    return frozenset({ground[1]} if ground[0] == "v" else ())


class _Order:
    """The least c known with left <= right + c, as known[left][right]; kept closed under shortest paths."""

    def __init__(self, nodes: Iterable[Core]) -> None:
        self.known = {node: {node: 0} for node in nodes}

    def knows(self, left: Core, right: Core, gap: int) -> bool:
        """Whether left <= right + gap is known."""
        return self.known[left].get(right, gap + 1) <= gap

    def learn(self, left: Core, right: Core, gap: int) -> bool:
        """Add left <= right + gap and what follows by one more path; whether it was new."""
        if self.knows(left, right, gap):
            return False
        beyond = [(node, gap + c) for node, c in self.known[right].items()]
        for row in self.known.values():
            if (here := row.get(left)) is not None:
                for node, c in beyond:
                    if here + c < row.get(node, here + c + 1):
                        row[node] = here + c
        return True


@lru_cache(maxsize=50_000)
def _closure(cores: frozenset[Core], constraints: frozenset[Le], laws: frozenset[Law]) -> dict[tuple[Core, Core], int]:
    """Least c with left <= right + c that follows, for all pairs where one follows; {} if nothing satisfies them.

    Known of every delay map: 0 <= tau_k, and tau_k <= update(k) where update(k) >= 0; and what the laws say.
    """
    found = {part for core in cores for part in parts(core)} | {("0",), ("T",)} | ({("D",)} if FIXED in laws else set())
    found |= {part for c in constraints for core in (c[0], c[1]) for part in parts(core)}
    order = _Order(sorted(found))
    for left, right, gap in constraints:
        order.learn(left, right, gap)
    reads = [node for node in order.known if node[0] == "tau"]
    for node in (*reads, ("D",)) if FIXED in laws else reads:
        order.learn(("0",), node, 0)
    if (start := ("update", ("0",), 0)) in order.known:
        order.learn(start, ("0",), 0), order.learn(("0",), start, 0)
    changed = True
    while changed:
        if any(row[node] != 0 for node, row in order.known.items()):
            return {}
        changed = _learn_from_laws(order, reads, laws)
    return {(left, right): c for left, row in order.known.items() for right, c in row.items()}


def _learn_from_laws(order: _Order, reads: list[Core], laws: frozenset[Law]) -> bool:
    """Add what the delay map and its laws say, given what is known; whether anything was new."""
    knows, learn, changed = order.knows, order.learn, False
    for node in reads:
        core, offset = _applying(node, laws)
        # tau_k reads a point for steps k >= 0 only; below, nothing is said but that it is at least 0.
        if knows(("0",), core, offset):
            changed |= learn(node, core, offset)
            changed |= PROMPT in laws and learn(core, node, -offset)
    for one, other in product(reads, repeat=2) if laws & {IN_ORDER, FIXED} else ():
        changed |= knows(one[1], other[1], other[2] - one[2]) and learn(one, other, 0)
    for read, core, offset in ((node, *node[1:]) for node in reads if FIXED in laws):
        # k <= D gives tau_k = 0; D = 0 gives k <= tau_k; D >= 1 and k >= 1 give tau_k < k.
        changed |= knows(core, ("D",), -offset) and learn(read, ("0",), 0)
        changed |= knows(("D",), ("0",), 0) and learn(core, read, -offset)
        some = knows(("0",), ("D",), -1) and knows(("0",), core, offset - 1)
        changed |= some and learn(read, core, offset - 1)
    for law, node in product(filter(of_one_step, laws), reads):
        # tau_c <= update(j) < update(c) for j = node's step gives tau_j <= tau_c.
        ours = ("tau", *law[1:])
        (core, offset), (its, shift) = _applying(ours, laws), _applying(node, laws)
        if {ours, core, its} <= order.known.keys() and knows(ours, its, shift):
            changed |= knows(its, core, offset - shift - 1) and learn(node, ours, 0)
    return changed


def _applying(read: Core, laws: frozenset[Law]) -> tuple[Core, int]:
    """The update that applies the gradient which was read there."""
    return (("update", *read[1:]), 0) if SEVERAL in laws else (read[1], read[2])


#: Puts a in place of update(a).
_PLAIN: Mapping[Core, Index] = {("update",): ZERO}


def _settled(constraints: Iterable[Le], laws: frozenset[Law]) -> frozenset[Le]:
    """The constraints, with a in place of update(a) where every step applies one gradient."""
    return frozenset(constraints if SEVERAL in laws else (_moved_le(c, _PLAIN) for c in constraints))


def _follows(context: Context, more: frozenset[Le], constraint: Le) -> bool:
    """Does left <= right + gap follow? (It does where nothing satisfies the context.)"""
    (asked,), more = _settled([constraint], context.laws), _settled(more, context.laws)
    left, right, gap = asked
    known = _closure(frozenset((left, right)), context.constraints | more, context.laws)
    return not known or known.get((left, right), gap + 1) <= gap


class Context(Value, tuple[Any, ...]):
    """What is known of the free indices, of the reads, and of the noise."""

    __slots__ = ()
    constraints: frozenset[Le] = property(itemgetter(0))  # type: ignore[assignment]
    laws: frozenset[Law] = property(itemgetter(1))  # type: ignore[assignment]

    def __new__(cls, constraints: frozenset[Le] = frozenset(), laws: frozenset[Law] = frozenset()) -> Context:
        if type(constraints) is not frozenset or type(laws) is not frozenset:
            raise ProofError("A context is a frozenset of constraints and a frozenset of laws.")
        for constraint in constraints:
            _closed(constraint)
        for law in laws:
            kind, size = (law[0], len(law)) if type(law) is tuple and law else (None, 0)
            if type(kind) is not str or not (law in EVERYWHERE if size == 1 else (kind, size) == ("latest", 3)):
                raise ProofError(f"This is no law: {law!r}.")
            if size == 3:
                _free(Index(law[1], law[2]))
        return tuple.__new__(Context, (_settled(constraints, laws), laws))

    def entails(self, constraint: Le) -> bool:
        """Does left <= right + gap follow? (It does where nothing satisfies the context.)"""
        return _follows(self, frozenset(), _closed(constraint))

    def having(self, *constraints: Le) -> Context:
        """The context with more constraints."""
        return Context(self.constraints | frozenset(constraints), self.laws)

    def under(self, *laws: Law) -> Context:
        """The context with more laws."""
        return Context(self.constraints, self.laws | frozenset(laws))

    def names(self) -> frozenset[str]:
        """The free variables that it speaks of."""
        spoken = [core for c in self.constraints for core in (c[0], c[1])]
        spoken += [law[1] for law in self.laws if of_one_step(law)]
        return frozenset[str]().union(*map(variables, spoken))


def _free(index: Any) -> Index:
    """The index, refused where it is none or speaks of a bound variable."""
    if _ground(must_be(index, Index)[0])[0] == "b":
        raise ProofError("A bound variable has no meaning outside of its sum.")
    return index  # type: ignore[no-any-return]


def _closed(constraint: Any) -> Le:
    """The constraint, refused where it is none or speaks of a bound variable."""
    left, right, _ = must_be(constraint, Le)
    _free(_index(left, 0)), _free(_index(right, 0))
    return constraint  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------ expressions

Atom = tuple[Any, ...]  # a scalar: ("L",) or ("eta", k) or ("p", i, r): a name and its indices
Payload = tuple[Any, ...] | None  # None | ("f", k) | ("vec", (name, k)) | ("ip", (name, k), (name, j))
Powers = tuple[tuple[Atom, int], ...]
Moves = Mapping[Core, Index]  # what to put in place of variables

#: Symbols that are positive by their meaning: an expression divides by nothing else.
POSITIVE = frozenset({"L", "s", "mu", "T", "B", "rho", "young", "cut", "root", "number", "delta", "workers", "group"})


class Term(Value, tuple[Any, ...]):
    """One summand, without its coefficient; `size` is the number of its bound variables."""

    __slots__ = ()
    size: int = property(itemgetter(0))  # type: ignore[assignment]
    constraints: frozenset[Le] = property(itemgetter(1))  # type: ignore[assignment]
    monomial: Powers = property(itemgetter(2))  # type: ignore[assignment]
    payload: Payload = property(itemgetter(3))  # type: ignore[assignment]

    def indices(self) -> Iterator[Index]:
        """The indices of scalars and vectors."""
        for atom, _ in self[2]:
            yield from atom[1:]
        if self[3] is not None:
            yield from [self[3][1]] if self[3][0] == "f" else (index for _, index in self[3][1:])


def _term(size: int, constraints: frozenset[Le], monomial: Powers, payload: Payload) -> Term:
    return tuple.__new__(Term, (size, constraints, monomial, payload))


def _powers(factors: Iterable[tuple[Atom, int]]) -> Powers:
    collected: dict[Atom, int] = {}
    for atom, power in factors:
        collected[atom] = collected.get(atom, 0) + power
    return tuple(sorted((atom, power) for atom, power in collected.items() if power))


@lru_cache(maxsize=100_000)
def _is_finite(size: int, constraints: frozenset[Le]) -> bool:
    """Whether every bound variable has something free below it and something free above it, through any others.

    One whose update has both is met finitely often.
    """
    bound = {("b", number) for number in range(size)}
    cores = {core for c in constraints for core in (c[0], c[1])}
    free = {core for core in cores if _ground(core)[0] != "b"}
    below, above = free | {core for core in cores if core[0] == "tau"}, set(free)  # a read is at least 0
    for _ in range(2 * len(cores)):
        below |= {c[1] for c in constraints if c[0] in below}
        above |= {c[0] for c in constraints if c[1] in above}
        few = {core[1] for core in below & above if core[0] == "update"}
        below, above = below | few, above | few
    return bound <= below and bound <= above


def _require_finite(size: int, constraints: frozenset[Le]) -> None:
    if size and not _is_finite(size, constraints):
        raise ProofError("The sum has no end: every bound index needs something free below it and above it.")


def _moved(core: Core, moves: Moves) -> Index:
    """The core after the moves, all at once."""
    if len(core) == 3:
        inner, offset = _moved(core[1], moves)
        plain = core[0] == "update" and moves is _PLAIN
        return _index(inner, offset + core[2]) if plain else _index((core[0], inner, offset + core[2]), 0)
    return moves.get(core) or _index(core, 0)


def _moved_index(index: Index, moves: Moves) -> Index:
    core, offset = _moved(index[0], moves)
    return _index(core, offset + index[1])


def _moved_le(constraint: Le, moves: Moves) -> Le:
    (left, less), (right, more) = _moved(constraint[0], moves), _moved(constraint[1], moves)
    return _le(left, right, constraint[2] + more - less)


def _moved_term(term: Term, moves: Moves, size: int) -> Term:
    """The term after the moves, with `size` bound variables."""
    if not moves:
        return _term(size, *term[1:])
    _, constraints, monomial, payload = term
    powers: Powers = monomial
    if any(len(atom) > 1 for atom, _ in monomial):
        powers = _powers(((a[0], *(_moved_index(i, moves) for i in a[1:])), power) for a, power in monomial)
    if payload is not None:
        if payload[0] == "f":
            payload = ("f", _moved_index(payload[1], moves))
        else:
            payload = (payload[0], *((name, _moved_index(index, moves)) for name, index in payload[1:]))
    return _term(size, frozenset(_moved_le(c, moves) for c in constraints), powers, payload)


def _names(names: Mapping[str, Index]) -> Moves:
    """Moves of free variables: what is put in is an index without bound variables."""
    if any(type(name) is not str for name in names):
        raise ProofError("The name of an index is a str.")
    return {("v", name): _free(index) for name, index in names.items()}


# ------------------------------------------------------------------------------------------------- the normal form


@lru_cache(maxsize=50_000)
def _normal_term(term: Term, context: Context) -> Term | None:
    """A term that denotes the same where the context holds, the same one for equal terms; None for an empty sum.

    Every step keeps what is denoted: (1) a bound variable that equals another index is put in for by it; (2) a sum over
    b is the sum over b - c; (3) the constraints are replaced by all that follow from them and the context, without
    those that follow from the context alone, and without reads of which nothing but the laws is known; (4) bound
    variables are exchanged; (5) <u, v> = <v, u>.
    """
    if SEVERAL not in context.laws:
        term = _moved_term(term, _PLAIN, term[0])
    while True:
        size, constraints, *_ = term
        bound = [("b", number) for number in range(size)]
        met = {index[0] for index in term.indices()}
        known = _closure(frozenset((*met, *bound)), constraints | context.constraints, context.laws)
        if not known:
            return None
        moves = _equal(known, bound) or _shift(term, bound)
        if moves is None:
            break
        term = _moved_term(term, *moves)
    open_cores = {core for pair in known for core in pair if _ground(core)[0] == "b"}
    granted = _closure(
        frozenset(core for pair in known for core in pair) - open_cores, context.constraints, context.laws
    )
    tight = frozenset(
        _le(left, right, gap)
        for (left, right), gap in known.items()
        if left != right and (left in open_cores or right in open_cores or granted.get((left, right), gap + 1) > gap)
    )
    return _ordered(_term(size, _without_idle(met, tight, context), term[2], term[3]))


def _equal(known: Mapping[tuple[Core, Core], int], bound: list[Core]) -> tuple[Moves, int] | None:
    """Moves that put an equal index in place of a bound variable, and the number of those left."""
    for (left, right), gap in known.items():
        if left[0] == "b" and _ground(right) != left and known.get((right, left)) == -gap:
            rest = [core for core in bound if core != left]
            moves = {core: _index(("b", number), 0) for number, core in enumerate(rest)}
            return {**moves, left: _moved_index(_index(right, gap), moves)}, len(rest)
    return None


def _shift(term: Term, bound: list[Core]) -> tuple[Moves, int] | None:
    """Moves that make the least offset at which each bound variable is met 0."""
    lowest: dict[Core, int] = {}
    for core, offset in _met(term):
        if core[0] == "b":
            lowest[core] = min(offset, lowest.get(core, offset))
    moves = {core: _index(core, -least) for core, least in lowest.items() if least}
    return (moves, len(bound)) if moves else None


def _met(term: Term) -> Iterator[tuple[Core, int]]:
    for core, offset in term.indices():
        yield core, offset
        while len(core) == 3:
            _, core, offset = core
            yield core, offset


def _without_idle(met: set[Core], tight: frozenset[Le], context: Context) -> frozenset[Le]:
    """Drop reads that nothing mentions and of which nothing is known beyond the laws of every delay map."""
    used = {part for core in met for part in parts(core)}
    idle = {core for c in tight for core in (c[0], c[1]) if len(core) == 3} - used
    for read in sorted(idle):
        rest = frozenset(c for c in tight if read not in (*parts(c[0]), *parts(c[1])))
        known = _closure(frozenset((read,)), rest | context.constraints, context.laws)
        if all(known.get((c[0], c[1]), c[2] + 1) <= c[2] for c in tight - rest):
            tight = rest
    return tight


def _ordered(term: Term) -> Term:
    """Bound variables numbered so that the term is least."""
    candidates = []
    for order in permutations(range(term[0])):
        moves = {("b", n): _index(("b", place), 0) for n, place in enumerate(order)}
        candidates.append(_with_sorted_payload(_moved_term(term, moves, term[0])))
    return min(candidates, key=lambda one: (one[2], one[3], sorted(one[1])))


def _with_sorted_payload(term: Term) -> Term:
    payload = term[3]
    if payload is None or payload[0] != "ip" or payload[1] <= payload[2]:
        return term
    return _term(term[0], term[1], term[2], ("ip", payload[2], payload[1]))


# --------------------------------------------------------------------------------------------- sums of such terms


def _exact(number: Any) -> Fraction:
    if type(number) is Fraction:
        return number
    if type(number) is int:
        return Fraction(number)
    raise ProofError(f"A coefficient is a fraction or an int, nothing that merely converts. Got {number!r}.")


class Expression(Value, tuple[Any, ...]):
    """A sum of terms with rational coefficients; equality is decided by `normal`."""

    __slots__ = ()
    terms: tuple[tuple[Term, Fraction], ...] = property(itemgetter(0))  # type: ignore[assignment]
    __array_ufunc__ = None  # numbers of numpy do not spread over it: they are refused

    def __new__(cls, terms: tuple[tuple[Term, Fraction | int], ...] = ()) -> Expression:
        if type(terms) is not tuple or any(type(pair) is not tuple or len(pair) != 2 for pair in terms):
            raise ProofError("An expression is a tuple of (term, coefficient).")
        return _sum((must_be(term, Term), _exact(c)) for term, c in terms)

    def __add__(self, other: Expression | int | Fraction) -> Expression:  # type: ignore[override]
        return _sum((*self.terms, *expression(other).terms))

    def __neg__(self) -> Expression:
        return _sum((term, -c) for term, c in self.terms)

    def __sub__(self, other: Expression | int | Fraction) -> Expression:
        return self + -expression(other)

    def __rsub__(self, other: Expression | int | Fraction) -> Expression:
        return expression(other) - self

    def __mul__(self, other: Expression | int | Fraction) -> Expression:  # type: ignore[override]
        """Product; of two terms at most one may carry a payload."""
        pairs = product(self.terms, expression(other).terms)
        return _sum((_times(a, b), x * y) for (a, x), (b, y) in pairs)

    __radd__, __rmul__ = __add__, __mul__  # type: ignore[assignment]

    def dot(self, other: Expression) -> Expression:
        """The expected inner product of two vectors."""
        pairs = product(self.terms, expression(other).terms)
        return _sum((_times(a, b, inner=True), x * y) for (a, x), (b, y) in pairs)

    def square(self) -> Expression:
        """E|v|^2 of a vector."""
        return self.dot(self)

    def total(self, names: tuple[str, ...], *constraints: Le) -> Expression:
        """The sum over index variables that satisfy the constraints; refused where it has no end."""
        if type(names) is not tuple or len(set(names)) != len(names) or any(type(name) is not str for name in names):
            raise ProofError("A sum is over different index variables, given by name.")
        more = frozenset(map(_closed, constraints))
        return _sum((_bind(term, names, more), c) for term, c in self.terms)

    def at(self, **names: Index) -> Expression:
        """The expression at other indices, put in for free variables all at once."""
        moves = _names(names)
        return _sum((_moved_term(term, moves, term[0]), c) for term, c in self.terms)

    def normal(self, context: Context) -> dict[Term, Fraction]:
        """The normal form: expressions that are equal by rearrangement give equal dictionaries."""
        collected: dict[Term, Fraction] = {}
        must_be(context, Context)
        for term, coefficient in self.terms:
            reduced = _normal_term(term, context)
            if reduced is not None:
                collected[reduced] = collected.get(reduced, 0) + coefficient
        return {term: c for term, c in collected.items() if c}


def _sum(terms: Iterable[tuple[Term, Fraction]]) -> Expression:
    """An expression of what is known to be terms and fractions."""
    return tuple.__new__(Expression, (tuple(terms),))


def expression(value: Expression | int | Fraction) -> Expression:
    """An expression from a number."""
    return value if type(value) is Expression else _of(None, (), _exact(value))


def _of(payload: Payload, powers: Powers = (), coefficient: Fraction = Fraction(1)) -> Expression:
    return _sum([(_term(0, frozenset(), powers, payload), coefficient)])


def settled(body: Expression, laws: frozenset[Law]) -> Expression:
    """The expression, with k in place of update(k) where every step applies one gradient."""
    plain = SEVERAL not in laws
    return _sum((_moved_term(term, _PLAIN, term[0]) if plain else term, c) for term, c in must_be(body, Expression)[0])


def _bind(term: Term, names: tuple[str, ...], more: frozenset[Le]) -> Term:
    size = term[0]
    moves = {("v", name): _index(("b", size + place), 0) for place, name in enumerate(names)}
    made = _moved_term(_term(size, term[1] | more, term[2], term[3]), moves, size + len(names))
    _require_finite(made[0], made[1])
    return made


def _times(one: Term, other: Term, inner: bool = False) -> Term:
    if one[0] and other[0]:
        moves = {("b", number): _index(("b", one[0] + number), 0) for number in range(other[0])}
        other = _moved_term(other, moves, other[0])
    if inner:
        if not (one[3] and other[3] and one[3][0] == other[3][0] == "vec"):
            raise ProofError("An inner product needs two vectors.")
        payload: Payload = ("ip", one[3][1], other[3][1])
    elif one[3] is not None and other[3] is not None:
        raise ProofError("Only scalars multiply; vectors meet in inner products.")
    else:
        payload = one[3] or other[3]
    return _term(one[0] + other[0], one[1] | other[1], _powers((*one[2], *other[2])), payload)


def scalar(name: str, *indices: Index, power: int = 1) -> Expression:
    """A scalar symbol, such as L or eta_k; negative powers only of symbols that are positive."""
    if type(power) is not int:
        raise ProofError(f"A power is a whole number, an int. Got {power!r}.")
    if power < 0 and name not in POSITIVE:
        raise ProofError(f"Nothing says that {name} is not 0: no expression divides by it.")
    return _of(None, _powers([((must_be(name, str), *map(_free, indices)), power)]))


def gap_at(index: Index) -> Expression:
    """f_index = E F(x_index) - inf F."""
    return _of(("f", _free(index)))


def vector(name: str, index: Index) -> Expression:
    """A random vector: "g" the gradient of F at x_index, "e" the noise of the gradient that step `index` applies."""
    return _of(("vec", (must_be(name, str), _free(index))))


def free_variables(body: Expression) -> frozenset[str]:
    """The index variables that an expression does not bind."""
    cores = [index[0] for term, _ in body.terms for index in term.indices()]
    cores += [core for term, _ in body.terms for c in term[1] for core in (c[0], c[1])]
    return frozenset[str]().union(*map(variables, cores))


# ------------------------------------------------------------------------------------------------------------ facts

Cut = Callable[[Term], "tuple[Index, Index] | None"]
CONDITIONAL = "assumed: "


def no_cut(term: Term) -> None:
    """Cut nothing."""


class Hypothesis(NamedTuple):
    """What a fact assumes: in the context, body >= 0, or = 0, or (strict) > 0. A theorem must ask for it."""

    name: str
    context: Context
    body: Expression
    equality: bool = False
    strict: bool = False


class Fact(Value):
    """`expression` >= 0 (or = 0) wherever the context holds. Only rules and axioms make one, and keep what it says."""

    __slots__ = ("__weakref__",)
    context: Context = property(lambda fact: _MADE[fact][0])  # type: ignore[assignment]
    expression: Expression = property(lambda fact: _MADE[fact][1])  # type: ignore[assignment]
    equality: bool = property(lambda fact: _MADE[fact][2])  # type: ignore[assignment]
    #: the axioms, by the sentence that is printed, and what is assumed
    used: frozenset[str | Hypothesis] = property(lambda fact: _MADE[fact][3])  # type: ignore[assignment]

    @property
    def axioms(self) -> frozenset[str]:
        """What the fact rests on, in words; what is assumed begins with CONDITIONAL."""
        return frozenset(use if isinstance(use, str) else CONDITIONAL + use.name for use in self.used)


_MADE: WeakKeyDictionary[Fact, tuple[Context, Expression, bool, frozenset[str | Hypothesis]]] = WeakKeyDictionary()


def _fact(context: Context, body: Expression, used: Iterable[str | Hypothesis] = (), equality: bool = False) -> Fact:
    made = object.__new__(Fact)
    _MADE[made] = (must_be(context, Context), settled(body, context.laws), equality, frozenset(used))
    return made


def checked(*facts: Fact) -> None:
    """Refuse what is no fact made by a rule."""
    for fact in facts:
        if type(fact) is not Fact or fact not in _MADE:
            raise ProofError(f"This is no fact: {fact!r}. A fact comes from a rule of the kernel, never from outside.")


def _used(*facts: Fact) -> frozenset[str | Hypothesis]:
    return frozenset[str | Hypothesis]().union(*(fact.used for fact in facts))


def _one_context(*facts: Fact) -> Context:
    checked(*facts)
    contexts = {fact.context for fact in facts}
    if len(contexts) != 1:
        raise ProofError("Facts are combined in one context; weaken them to it first.")
    return contexts.pop()


def require(context: Context, *constraints: Le) -> None:
    """Refuse unless the constraints follow from the context."""
    must_be(context, Context)
    for constraint in constraints:
        if not context.entails(constraint):
            raise ProofError(f"This needs {constraint}, which does not follow from what is known of the indices.")


# ------------------------------------------------------------------------------------------------------------ rules


def square(context: Context, body: Expression) -> Fact:
    """E|v|^2 >= 0 for a vector v, and a^2 >= 0 for a scalar."""
    scalars = all(term[3] is None for term, _ in must_be(body, Expression).terms)
    return _fact(context, body * body if scalars else body.square())


def constant(context: Context, number: Fraction | int) -> Fact:
    """A rational number that is not negative."""
    if _exact(number) < 0:
        raise ProofError(f"{number} is negative.")
    return _fact(context, expression(number))


def hypothesis(context: Context, body: Expression, name: str, equality: bool = False) -> Fact:
    """A side condition, body >= 0 or body = 0, by name; it stays with all that is derived from it.

    Nothing may be assumed of m, the minimum that theorems are about.
    """
    if type(name) is not str or type(equality) is not bool:
        raise ProofError("A side condition has a name, and is an equality or not.")
    if any(atom[0] == "m" for term, _ in must_be(body, Expression).terms for atom, _ in term[2]):
        raise ProofError("No side condition speaks of the minimum.")
    return _fact(context, body, [Hypothesis(name, context, body, equality)], equality)


def instantiate(fact: Fact, context: Context, **names: Index) -> Fact:
    """The same for particular indices, in a context that says at least as much."""
    checked(fact)
    moves = _names(names)
    laws = frozenset(
        latest(_moved_index(_index(law[1], law[2]), moves)) if of_one_step(law) else law for law in fact.context.laws
    )
    require(context, *(_moved_le(c, moves) for c in fact.context.constraints))
    if not laws <= context.laws:
        raise ProofError(f"The fact uses {set(laws - context.laws)}; the new context does not say so.")
    if (laws ^ context.laws) & KINDS:
        raise ProofError("A fact about one kind of runs, by delays and gradients a step, says nothing of another one.")
    return _fact(context, fact.expression.at(**names), fact.used, fact.equality)


def weaken(fact: Fact, context: Context) -> Fact:
    """The same in a context that says more."""
    return instantiate(fact, context)


def cases(context: Context, one: Index, other: Index, low: Fact, high: Fact, body: Expression) -> Fact:
    """What holds where one <= other, and where one > other, holds."""
    checked(low, high)
    if low.context != context.having(le(one, other)) or high.context != context.having(lt(other, one)):
        raise ProofError("The two cases must be one <= other and one > other, in one context.")
    restate(low, body)
    restate(high, body)
    return _fact(context, body, _used(low, high), low.equality and high.equality)


def add(*facts: Fact) -> Fact:
    """The sum of facts in one context."""
    there = _one_context(*facts)
    body = _sum(pair for fact in facts for pair in fact.expression.terms)
    return _fact(there, body, _used(*facts), all(fact.equality for fact in facts))


def multiply(fact: Fact, factor: Fact) -> Fact:
    """The product of a >= 0 and b >= 0."""
    there = _one_context(fact, factor)
    return _fact(there, fact.expression * factor.expression, _used(fact, factor), fact.equality or factor.equality)


def scale_equality(fact: Fact, factor: Expression) -> Fact:
    """An equality times anything."""
    checked(fact)
    if not fact.equality:
        raise ProofError("Only an equality may be multiplied by something of unknown sign.")
    return _fact(fact.context, fact.expression * must_be(factor, Expression), fact.used, equality=True)


def cancel(fact: Fact, factor: Fact, least: Fraction | int, body: Expression) -> Fact:
    """If factor * body >= 0 and factor >= least > 0, then body >= 0; `factor` is the fact factor - least >= 0."""
    there = _one_context(fact, factor)
    if _exact(least) <= 0:
        raise ProofError(f"Only what is at least a positive number can be cancelled. Got {least}.")
    restate(fact, (factor.expression + least) * must_be(body, Expression))
    return _fact(there, body, _used(fact, factor), fact.equality)


def unsquare(fact: Fact, factor: Fact, body: Expression) -> Fact:
    """If a^2 b >= 0 and a >= 0, then a b >= 0: divide by a, or a = 0. `factor` is the fact a >= 0, `body` is b."""
    there = _one_context(fact, factor)
    restate(fact, factor.expression * factor.expression * must_be(body, Expression))
    return _fact(there, factor.expression * body, _used(fact, factor), fact.equality)


def total(fact: Fact, names: tuple[str, ...], *constraints: Le) -> Fact:
    """The sum of a fact over the indices that satisfy the constraints; these must imply what the fact asks of them."""
    checked(fact)
    summed = fact.expression.total(names, *constraints)
    chosen = frozenset(names)
    if any(of_one_step(law) and variables(law[1]) & chosen for law in fact.context.laws):
        raise ProofError("The fact assumes of one step what the sum needs of all.")
    kept = frozenset(c for c in fact.context.constraints if not (variables(c[0]) | variables(c[1])) & chosen)
    outside = Context(kept, fact.context.laws)
    require(outside.having(*constraints), *fact.context.constraints)
    return _fact(outside, summed, fact.used, fact.equality)


def widen(fact: Fact, names: tuple[str, ...], more: tuple[Le, ...], fewer: tuple[Le, ...]) -> Fact:
    """Of something not negative, the sum over more indices is at least the sum over fewer."""
    large, small = total(fact, names, *more), total(fact, names, *fewer)
    require(large.context.having(*fewer), *more)
    return _fact(large.context, large.expression - small.expression, fact.used)


def up_to_the_last(each: Fact, none: Fact, part: Expression, name: str, last: str, *where: Le) -> Fact:
    """A bound of the sum over a set of indices, from bounds of the sums over those up to any one of them.

    `each` says, of an index `last` of the set: bound >= the sum of part over the indices of the set up to it. `none`
    says bound >= 0. The set has a last index, or it is empty; so bound >= the sum of part over the set.
    """
    checked(each, none)
    summed = must_be(part, Expression).total((name,), *where)
    spoken = none.context.names() | free_variables(none.expression)
    if {name, last} & spoken or last in {name} | free_variables(summed):
        raise ProofError(f"The bound must not speak of {name}, and nothing else of {last}.")
    inside = none.context.having(*(c.at(**{name: var(last)}) for c in where))
    if each.context != inside:
        raise ProofError("The bound of the sum up to an index must hold for every index of the set.")
    restate(each, none.expression - part.total((name,), *where, le(var(name), var(last))))
    return _fact(none.context, none.expression - summed, _used(each, none))


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
        if type(cut) is not tuple or len(cut) != 2:
            raise ProofError(f"A cut is at a pair of indices. Got {cut!r}.")
        for side in (le(*cut), lt(cut[1], cut[0])):
            if any(ground[0] == "b" and ground[1] >= term[0] for ground in map(_ground, side[:2])):
                raise ProofError("A bound variable has no meaning outside of its sum.")
            half = _normal_term(_term(term[0], term[1] | {side}, term[2], term[3]), context)
            if half == term:
                raise ProofError("The cut is no cut: the order of the two indices is known there.")
            if half is not None:
                pending.append((half, coefficient))
    return _sum(done)


def restate(fact: Fact, body: Expression, choose: Cut = no_cut) -> Fact:
    """The fact with its expression written otherwise: the normal forms must agree, after the cuts of `choose`."""
    checked(fact)
    difference = (fact.expression - must_be(body, Expression)).normal(fact.context)
    if difference and choose is not no_cut:
        difference = _split(_sum(difference.items()), fact.context, choose).normal(fact.context)
    if difference:
        raise ProofError(f"The two sides differ, by {len(difference)} terms, such as {next(iter(difference.items()))}.")
    return _fact(fact.context, body, fact.used, fact.equality)


def induct(
    base: Fact, step: Fact, body: Expression, name: str, start: Index, choose: Cut = no_cut, until: Index | None = None
) -> Fact:
    """Body >= 0 for all `name` >= start, from body at start, and from body at name + 1 minus body at name.

    With `until`, for start <= name <= until only; the step then may use that name < until.
    """
    checked(base, step)
    n, ends = var(name), [must_be(end, Index) for end in (start, until) if end is not None]
    if name in base.context.names().union(*(variables(end[0]) for end in ends)):
        raise ProofError(f"The base and the ends of the induction must not speak of {name}.")
    restate(base, must_be(body, Expression).at(**{name: start}), choose)
    allowed = base.context.having(le(start, n))
    below = allowed if until is None else allowed.having(lt(n, until))
    restate(weaken(step, below), body.at(**{name: n + 1}) - body, choose)
    reached = allowed if until is None else allowed.having(le(n, until))
    return _fact(reached, body, _used(base, step))


def descend(
    outer: Fact, inner: Fact, factor: Fact, weight: Fact, part: Expression, body: Expression,
    name: str, start: Index, point: Index, names: tuple[str, ...], *where: Le,
) -> Fact:  # fmt: skip
    """Body >= 0 for every `name`, by strong induction on it.

    `outer`: body >= the sum over `names`, where the constraints hold, of `part`. `inner`: for each of these f times
    part >= w times the body at `point`, with `factor` the fact f - 1 >= 0, and `weight` w >= 0. The point lies from
    `start` on and before `name`, and what is known of `name` is true there: so the body is >= 0 there, hence part is,
    hence the body is. Neither `start` nor the laws of the context speak of `name`, and `start` speaks of none of
    `names`: else points might fall for ever.
    """
    checked(outer)
    there, inside = outer.context, _one_context(inner, factor, weight)
    if inside != there.having(*where) or frozenset(names) & (there.names() | free_variables(body) | {name}):
        raise ProofError("The parts must be about indices of their own, in the context of the whole.")
    fixed = [must_be(start, Index)[0], *(law[1] for law in there.laws if of_one_step(law))]
    if any(variables(core) & {name, *names} for core in fixed):
        raise ProofError(f"The start and the laws speak neither of {name} nor of what the sum is over.")
    earlier = {name: must_be(point, Index)}
    restate(outer, must_be(body, Expression) - must_be(part, Expression).total(names, *where))
    restate(inner, (factor.expression + 1) * part - weight.expression * body.at(**earlier))
    require(inside, le(start, point), lt(point, var(name)), *(c.at(**earlier) for c in there.constraints))
    return _fact(there, body, _used(outer, inner, factor, weight))
