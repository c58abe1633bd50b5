"""Instances on which statements of the kernel are evaluated by brute force, independently of the kernel.

An instance is a delay map with values for all symbols. Expectations are exact: the noise of a step is +v or -v with
equal probability, v depending on the signs before, so that T steps have 2^T equally likely paths. In an `Abstract`
instance every symbol is a random whole number, and a gradient any function of the signs before it: what the order of
indices and the rules of expectation say must hold there, and equal expressions must have equal values. In an
`EnumeratedRun` of `runs.py` gradients and iterates are those of delayed SGD on a smooth function. With a `block`, every
update applies that many gradients, numbered one update after the other, and T is the number of updates. With `others`,
reads that are no older, one of the two coordinates of the point of a gradient is read there, whichever.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from itertools import product
from typing import Any

import numpy as np

from theory.proofs.kernel import (
    FIXED,
    IN_ORDER,
    IN_ORDER_IF_NOISY,
    MIXED,
    NOISELESS,
    PROMPT,
    SEVERAL,
    Context,
    Core,
    Expression,
    Index,
    Le,
    Term,
    parts,
    variables,
)

_ANYTHING = Context()
MARGIN = 4  # how far beyond 0..T bound indices are looked for


def delay_maps(steps: int) -> Iterator[tuple[int, ...]]:
    """All tau with 0 <= tau_k <= k."""
    return product(*(range(k + 1) for k in range(steps)))


def _number(core: Core) -> int:
    """The number of the bound index that a core speaks of, or -1."""
    ground = tuple(parts(core))[-1]
    return int(ground[1]) if ground[0] == "b" else -1


#: (core, gap, offset, whether it is about the update): the index, or the update of index + offset, ends at core + gap.
_Ends = list[tuple[Core, int, int, bool]]


@lru_cache(maxsize=100_000)
def _plan(term: Term) -> list[tuple[Core, _Ends, _Ends, list[Le]]]:
    """For no bound index, and for each in turn: what it is at least, what at most, and what else must hold then."""
    rows: list[tuple[Core, _Ends, _Ends, list[Le]]] = [(("b", n - 1), [], [], []) for n in range(term.size + 1)]
    for c in term.constraints:
        left, right = _number(c.left), _number(c.right)
        core, above, below, others = rows[max(left, right) + 1]
        own, other, ends, gap = (c.right, c.left, above, -c.gap) if left < right else (c.left, c.right, below, c.gap)
        if left != right and own == core:
            ends.append((other, gap, 0, False))
        elif left != right and own[:2] == ("update", core):
            ends.append((other, gap, own[2], True))
        else:
            others.append(c)
    return rows


def _last(constraint: Le, names: tuple[str, ...]) -> int:
    """How many of the names must have a value for a constraint to be asked."""
    spoken = variables(constraint.left) | variables(constraint.right)
    return max((names.index(name) + 1 for name in spoken), default=0)


class Instance:
    """A delay map, and values of symbols: `scalar`, `gap` and `vector` are what an instance must know."""

    def __init__(self, reads: tuple[int, ...], noisy: bool = True, block: int | None = None) -> None:
        self.reads, self.steps, self.noisy = tuple(reads), len(reads) // (block or 1), noisy
        self.block, self.several, self.mixed = block or 1, block is not None, False
        self.margin = MARGIN * self.block
        self.delay = max((self.update(k) - r for k, r in enumerate(self.reads)), default=0)

    def scalar(self, name: str, *where: int) -> Any:
        raise NotImplementedError

    def gap(self, k: int) -> Any:
        raise NotImplementedError

    def vector(self, name: str, k: int) -> Any:
        raise NotImplementedError

    def inner(self, one: Any, other: Any) -> Any:
        raise NotImplementedError

    def read(self, k: int) -> int:
        """tau_k, beyond the run by convention: 0 below, and with no delay above, or with the one delay."""
        fixed = self.delay if self.steps <= k and self.obeys(FIXED, {}) else 0
        return self.reads[k] if 0 <= k < len(self.reads) else max(0, self.update(k) - fixed)

    def update(self, k: int) -> int:
        """The update that applies gradient k."""
        return k // self.block

    def applied_by(self, k: int) -> range:
        """The gradients that update k applies."""
        return range(max(0, k) * self.block, min(max(k + 1, 0), self.steps) * self.block)

    def window(self, k: int) -> range:
        """W_k: the gradients that are applied since gradient k was read."""
        return range(self.read(k) * self.block, self.update(k) * self.block)

    def overtaken(self, k: int) -> bool:
        return any(self.read(j) > self.read(k) for j in self.window(k))

    def place(self, index: Index, names: Mapping[str, int]) -> int:
        return int(self._core(index.core, names)) + index.offset

    def _core(self, core: tuple[Any, ...], names: Mapping[Any, Any]) -> Any:
        """The value of a core, or its values where those of the names are arrays."""
        match core:
            case ("v", name):
                return names[name]
            case ("b", _):
                return names[core]
            case ("tau", inside, offset):
                k = self._core(inside, names) + offset
                return self._reads[np.maximum(k + self._far, 0)] if isinstance(k, np.ndarray) else self.read(k)
            case ("update", inside, offset):
                return self.update(self._core(inside, names) + offset)
            case ("D",):
                return self.delay
        return 0 if core == ("0",) else self.steps

    @cached_property
    def _far(self) -> int:
        """No index of a sum is as far from 0, nor are those beside it."""
        return 2 * (len(self.reads) + self.margin) + 8

    @cached_property
    def _reads(self) -> np.ndarray:
        """tau_k from k = -far on; below, it is 0."""
        return np.array([self.read(k) for k in range(-self._far, self._far)])

    def holds(self, c: Le, names: Mapping[str, int]) -> bool:
        return bool(self._core(c.left, names) <= self._core(c.right, names) + c.gap)

    def obeys(self, law: tuple[Any, ...], names: Mapping[str, int]) -> bool:
        if law[0] == "latest":
            return not self.overtaken(self._core(law[1], names) + law[2])
        if law in (SEVERAL, MIXED) or self.several:
            kinds = (SEVERAL, MIXED) if self.mixed else (SEVERAL,)
            return self.several and (law in kinds or (law == NOISELESS and not self.noisy))
        if law == PROMPT:
            return all(self.read(k) == k for k in range(self.steps))
        if law == FIXED:
            return all(read == max(0, k - self.delay) for k, read in enumerate(self.reads))
        if law in (IN_ORDER, IN_ORDER_IF_NOISY):
            return list(self.reads) == sorted(self.reads) or (law == IN_ORDER_IF_NOISY and not self.noisy)
        return law == NOISELESS and not self.noisy

    def allows(self, context: Context, names: Mapping[str, int]) -> bool:
        """Whether the context holds here."""
        of_this_kind = (self.several, self.mixed) == (SEVERAL in context.laws, MIXED in context.laws)
        kept = of_this_kind and all(self.obeys(law, names) for law in context.laws)
        return kept and all(self.holds(c, names) for c in context.constraints)

    def assignments(self, names: tuple[str, ...], context: Context = _ANYTHING) -> Iterator[dict[str, int]]:
        """All values of index variables for which a context holds; each constraint is asked as soon as it can be."""
        # Up to one update beyond the ends, with all its gradients.
        near, found = range(-self.block, len(self.reads) + 2 * self.block), [dict[str, int]()]
        for size in range(len(names) + 1):
            if size:
                found = [{**one, names[size - 1]: k} for one in found for k in near]
            ready = [c for c in context.constraints if _last(c, names) == size]
            found = [one for one in found if all(self.holds(c, one) for c in ready)]
        yield from (one for one in found if self.allows(context, one))

    def value(self, body: Expression, names: Mapping[str, int]) -> Any:
        """The expression, by enumeration of its bound indices."""
        return sum((c * self._term(term, names) for term, c in body.terms), Fraction(0))

    def _term(self, term: Term, names: Mapping[str, int]) -> Any:
        result: Any = Fraction(0)
        for inside in self._inside(term, names):
            result = result + self._summand(term, inside)
        return result

    def _inside(self, term: Term, names: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
        """All values of the bound indices that the constraints allow, one index after the other."""
        found: dict[Any, np.ndarray] = {core: np.array([value]) for core, value in (*names.items(), (None, 0))}
        for number, (core, above, below, others) in enumerate(_plan(term)):
            if number:
                first = reduce(np.maximum, [self._end(found, 0, *end) for end in above], -self.margin + 0 * found[None])
                most = len(self.reads) + self.margin + 1
                after = reduce(np.minimum, [self._end(found, 1, *end) for end in below], most)
                counts = np.maximum(after - first, 0)
                rows = np.repeat(np.arange(len(counts)), counts)
                found = {known: values[rows] for known, values in found.items()}
                found[core] = first[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
            for c in others:
                kept = self._core(c.left, found) <= self._core(c.right, found) + c.gap + found[None]
                found = {known: values[kept] for known, values in found.items()}
        columns = [values.tolist() for values in found.values()]
        yield from (dict(zip(found, row, strict=True)) for row in zip(*columns, strict=True))

    def _end(self, names: Mapping[Any, Any], after: int, core: Core, gap: int, offset: int, of_update: bool) -> Any:
        """The first index from which on an end of a sum is reached, or (`after`) passed."""
        return (self._core(core, names) + gap + after) * (self.block if of_update else 1) - offset

    def _summand(self, term: Term, names: Mapping[str, int]) -> Any:
        result: Any = Fraction(1)
        for (name, *where), power in term.monomial:
            result = result * self.scalar(name, *(self.place(index, names) for index in where)) ** power
        if term.payload is None:
            return result
        if term.payload[0] == "f":
            return result * self.gap(self.place(term.payload[1], names))
        vectors = [self.vector(name, self.place(index, names)) for name, index in term.payload[1:]]
        return result * (self.inner(*vectors) if term.payload[0] == "ip" else vectors[0])


class Abstract(Instance):
    """Random whole numbers for all symbols; a vector is a function of the signs of the noise before it."""

    def __init__(
        self, reads: tuple[int, ...], seed: int, noisy: bool = True, block: int | None = None, others: Any = None
    ) -> None:
        super().__init__(reads, noisy, block)
        self._random, self.mixed = random.Random(seed), others is not None
        # Of each gradient, the reads of both coordinates.
        self._both = [self._random.sample(pair, 2) for pair in zip(self.reads, others or self.reads, strict=True)]
        self._known: dict[Any, Any] = {}
        signs = len(self.reads)
        self._signs = np.array(list(product((-1, 1), repeat=signs)) if noisy else [(1,) * signs])

    def scalar(self, name: str, *where: int) -> Any:
        if name == "T":
            return Fraction(self.steps)
        if name == "B" and self.several:
            return Fraction(self.block)
        if name == "o":
            return Fraction(int(self.noisy and self.overtaken(*where)))
        return self._drawn(("scalar", name, *where), lambda: Fraction(self._random.randint(1, 9)))

    def gap(self, k: int) -> Any:
        return self._drawn(("f", k), lambda: Fraction(self._random.randint(0, 9)))

    def vector(self, name: str, k: int) -> Any:
        return self._drawn((name, k), lambda: self._made(name, k))

    def _made(self, name: str, k: int) -> Any:
        if name == "e":
            return self._noise(k)
        if self.mixed and name in ("a", "M", "N"):
            made = self._applied if name == "a" else self._missing
            return made(name, k) if 0 <= k < len(self.reads) else self._adapted(self.update(k))
        return self._adapted(k)

    def _applied(self, name: str, k: int) -> Any:
        """g_{u_k}, and in each coordinate at most L times what the point lacks of x_{u_k}."""
        lacking, most = self.vector("M", k) + self.vector("N", k), int(self.scalar("L"))
        return self.vector("g", self.update(k)) + self._adapted(self.update(k), most) * lacking

    def _missing(self, name: str, k: int) -> Any:
        """What the point of gradient k lacks of the gradients, or of the noises, coordinate by coordinate."""
        lacking = np.zeros((len(self._signs), 2), dtype=int)
        for i, read in enumerate(self._both[k]):
            for j in range(read * self.block, self.update(k) * self.block):
                lacking[:, i] += int(self.scalar("eta", j)) * self.vector("a" if name == "M" else "e", j)[:, i]
        return lacking

    def inner(self, one: np.ndarray, other: np.ndarray) -> Fraction:
        return Fraction(int(np.sum(one * other)), len(self._signs))

    def _drawn(self, key: tuple[Any, ...], draw: Any) -> Any:
        if key not in self._known:
            self._known[key] = draw()
        return self._known[key]

    def _adapted(self, known: int, most: int = 5) -> np.ndarray:
        """A whole vector for every history of the signs of the first `known` updates."""
        histories = [tuple(path[: max(known, 0) * self.block]) for path in self._signs]
        drawn = {past: [self._random.randint(-most, most) for _ in "xy"] for past in dict.fromkeys(histories)}
        return np.array([drawn[past] for past in histories])

    def _noise(self, k: int) -> Any:
        if not self.noisy or not 0 <= k < len(self.reads):
            return np.zeros((len(self._signs), 2), dtype=int)
        return self._signs[:, k : k + 1] * self._adapted(self.update(k))


def random_reads(draw: random.Random, steps: int, block: int = 1) -> tuple[int, ...]:
    """A delay map; the last step's delay is not special, and maps in order are among them."""
    reads = [draw.randint(0, k // block) for k in range(steps * block)]
    return tuple(sorted(reads) if draw.random() < 0.25 else reads)
