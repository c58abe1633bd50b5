r"""Formulas over step-indexed sequences: one object that evaluates and prints itself.

A schedule typed by a user and the right-hand side of a theorem are both trees of these nodes. A tree is evaluated
with numpy and printed as LaTeX, so that no formula exists twice. A node stands for a scalar (L, Delta, T) or for a
sequence over the steps (eta, k, d); numpy broadcasting mixes the two. Five operators know the delays. With steps
numbered from 0, tau_k = k - d_k and W_k = {tau_k, ..., k-1}:

    window(a)_k  = sum of a_j over j in W_k              (what happened since the gradient of step k was read)
    readers(a)_k = sum of a_i over all i with k in W_i   (who is still computing while step k is applied)
    served(a)_t  = sum of a_k over all k with tau_k = t  (who read the point t)
    younger(a)_k = sum of a_j over j in W_k with tau_j > tau_k  (what overtook it)
    total(a)     = sum of a_k over all steps

and peak(a) is the largest a_k of all steps. Where an update applies several gradients, k is the number of a gradient
and u_k the update that applies it; with one, u_k = k. W_k then holds the gradients j with tau_k <= u_j < u_k, t is a
point, and two more operators tell the gradients of one update:

    block(a)_k   = sum of a_j over all j with u_j = u_k
    taken(a)_t   = sum of a_j over all j with u_j = t
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theory.common.table import Table

Values = NDArray[np.float64]

# Binding strengths, loosest first: they decide where the printer needs parentheses.
_CHOICE, _SUM, _PRODUCT, _POWER, _ATOM = range(-1, 4)


@dataclass(frozen=True)
class DelayMap:
    """The reads of a run: which gradients are applied within the window of which.

    A window is a few blocks of 2^p steps, whose sums and maxima come from those of half the size: time N log s, and no
    difference of large sums, which would lose digits.

    Args:
        delays: int64 (N,), the delay of each step, 0 <= d_k <= k with k from 0; or (N, B) where update k applies B
            gradients, which are numbered row by row: values of gradients are then arrays (N B,).
    """

    delays: NDArray[np.int64]

    @cached_property
    def update(self) -> NDArray[np.int64]:
        """The update that applies each gradient."""
        return np.repeat(np.arange(len(self.delays)), self.delays[:1].size)

    @cached_property
    def read(self) -> NDArray[np.int64]:
        """tau_k, the point at which gradient k is taken."""
        return self.update - self.delays.ravel()

    @cached_property
    def _blocks(self) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]:
        """For each p the gradients whose window has a block of 2^p updates, and where that block begins."""
        begins, delays, blocks = self.read.copy(), self.delays.ravel(), []
        for p in range(int(delays.max(initial=0)).bit_length()):
            steps = np.flatnonzero(delays >> p & 1)
            blocks.append((steps, begins[steps]))
            begins[steps] += 1 << p
        return tuple(blocks)

    def taken(self, values: Values) -> Values:
        """Sum over the gradients that update t applies, for every t < N."""
        return values if self.delays.ndim == 1 else np.asarray(values.reshape(self.delays.shape).sum(axis=1))

    def block(self, values: Values) -> Values:
        """Sum over the gradients that the same update applies, for every gradient."""
        return self.taken(values)[self.update]

    def window(self, values: Values) -> Values:
        """Sum over j in W_k for every k."""
        found, block = np.zeros(self.delays.size), self.taken(values)
        for p, (steps, begins) in enumerate(self._blocks):
            block = _paired(np.add, block, p)
            found[steps] += block[begins]
        return found

    def readers(self, values: Values) -> Values:
        """Sum over the gradients i whose window contains k, for every k."""
        found = np.zeros(len(self.delays))
        for p, (steps, begins) in reversed(tuple(enumerate(self._blocks))):
            found += np.bincount(begins, weights=values[steps], minlength=found.size)
            if p:  # what is said of a block is said of both its halves
                half = 1 << p - 1
                found[half:] += found[:-half].copy()
        return found[self.update]

    def served(self, values: Values) -> Values:
        """Sum over the gradients that are taken at the point t, for every t < N."""
        return np.bincount(self.read, weights=values, minlength=len(self.delays)).astype(np.float64)

    def highest(self, values: Values) -> Values:
        """The largest entry of W_k and k, for every k."""
        found = np.array(values, dtype=np.float64)
        block = found.reshape(len(self.delays), -1).max(axis=1)
        for p, (steps, begins) in enumerate(self._blocks):
            block = _paired(np.maximum, block, p)
            found[steps] = np.maximum(found[steps], block[begins])
        return found

    def younger(self, values: Values) -> Values:
        """Sum over j in W_k with tau_j > tau_k for every k: over pairs in the two halves of blocks of 2^p updates."""
        found, half, reads = np.zeros(self.delays.size), 1, self.delays[:1].size
        while half < len(self.delays) and self.overtaken.any():
            near = min(half, int(self.delays.max()))  # farther apart none overtakes
            updates = np.arange(half, len(self.delays), 2 * half)[:, None] + np.arange(-near, near)
            inside = np.repeat(updates < len(self.delays), reads, axis=1)
            gradients = np.where(inside, np.repeat(updates * reads, reads, 1) + np.tile(np.arange(reads), 2 * near), 0)
            earlier = np.broadcast_to(np.arange(2 * near * reads) < near * reads, gradients.shape)
            # From the youngest read to the oldest; of equal ones a later update comes first, as these do not overtake.
            order = np.argsort(earlier - 2 * self.read[gradients], axis=1, kind="stable")
            gradients, inside, earlier = (np.take_along_axis(a, order, 1) for a in (gradients, inside, earlier))
            late = inside & ~earlier
            found[gradients[late]] += np.cumsum(np.where(earlier, values[gradients], 0.0), axis=1)[late]
            half *= 2
        return found

    @cached_property
    def overtaken(self) -> Values:
        """One where some gradient applied within W_k was read after tau_k, else zero."""
        return (self.highest(self.read.astype(np.float64)) > self.read).astype(np.float64)


def _paired(pairwise: np.ufunc, block: Values, p: int) -> Values:
    """What blocks of 2^p steps add up to, from those of half as many; the steps themselves for p = 0."""
    return pairwise(block[: -(1 << p - 1)], block[1 << p - 1 :]) if p else block


@dataclass(frozen=True)
class Environment:
    """What the names of a formula stand for, and the delays its operators use."""

    values: Mapping[str, Any]
    delays: DelayMap | None = None
    # Keyed by the node itself, not its id: the memo keeps a temporary tree alive, so that no later node takes its id.
    memo: dict[Formula, Any] = field(default_factory=dict, compare=False, repr=False)

    def delay_map(self) -> DelayMap:
        """The delays, which every windowed sum needs."""
        if self.delays is None:
            raise ValueError("This formula sums over delays; the environment holds none.")
        return self.delays

    def steps(self) -> int:
        """The number of steps N."""
        return len(self.delay_map().delays)

    def gradients(self) -> int:
        """The number of gradients that they apply."""
        return int(self.delay_map().delays.size)


class Formula(ABC):
    """A node: `evaluate(environment)`, `latex()`, `names()`; the usual operators build larger ones."""

    strength: int = _ATOM
    #: What it has an entry for by itself, where an update applies several gradients: a gradient, "k", or a point, "t".
    per: ClassVar[str] = ""

    @property
    def reaches_on(self) -> bool:
        """Whether its LaTeX ends in a sum over steps, which reaches as far right as it can."""
        return False

    @property
    def of_a_step(self) -> bool:
        """Whether there is a value for each step or point, and not one for all."""
        return any(child.of_a_step for child in self.children)

    @abstractmethod
    def compute(self, environment: Environment) -> Any:
        """The value, from the values of the children."""

    @abstractmethod
    def latex(self, index: str = "k") -> str:
        """LaTeX, with `index` naming the running step."""

    @property
    @abstractmethod
    def children(self) -> tuple[Formula, ...]:
        """The nodes below this one."""

    def evaluate(self, environment: Environment) -> Any:
        """The value as a float or a float64 array over the steps."""
        found = environment.memo.get(self)
        if found is None:
            found = environment.memo[self] = self.compute(environment)
        return found

    def walk(self) -> Iterator[Formula]:
        """This node and all below it."""
        pending: list[Formula] = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(node.children)

    def names(self) -> frozenset[str]:
        """The symbols that occur."""
        return frozenset(node.name for node in self.walk() if isinstance(node, Name))

    def definitions(self) -> tuple[Defined, ...]:
        """The abbreviations that occur, each once, those used by others first."""
        found: dict[str, Defined] = {}
        for node in self.walk():
            if isinstance(node, Defined):
                for inner in (*node.body.definitions(), node):
                    found.setdefault(inner.symbol, inner)
        return tuple(found.values())

    def bracketed(self, at_least: int, index: str) -> str:
        """LaTeX, in parentheses when this node binds more loosely than `at_least`."""
        text = self.latex(index)
        return text if self.strength >= at_least else rf"\left({text}\right)"

    def __add__(self, other: Any) -> Formula:
        return Sum((*_terms(self), *_terms(formula(other))))

    def __radd__(self, other: Any) -> Formula:
        return formula(other) + self

    def __sub__(self, other: Any) -> Formula:
        return Sum((*_terms(self), Negative(formula(other))))

    def __rsub__(self, other: Any) -> Formula:
        return formula(other) - self

    def __mul__(self, other: Any) -> Formula:
        return Product((*_factors(self), *_factors(formula(other))))

    def __rmul__(self, other: Any) -> Formula:
        return formula(other) * self

    def __truediv__(self, other: Any) -> Formula:
        return Quotient(self, formula(other))

    def __rtruediv__(self, other: Any) -> Formula:
        return formula(other) / self

    def __pow__(self, other: Any) -> Formula:
        return Power(self, formula(other))

    def __neg__(self) -> Formula:
        return Negative(self)


def formula(value: Any) -> Formula:
    """A node from a node or a plain number."""
    if isinstance(value, Formula):
        return value
    number = float(value)
    return Negative(Number(-number)) if number < 0 else Number(number)


def _terms(node: Formula) -> tuple[Formula, ...]:
    return node.terms if isinstance(node, Sum) else (node,)


def _factors(node: Formula) -> tuple[Formula, ...]:
    return node.factors if isinstance(node, Product) else (node,)


@dataclass(frozen=True, eq=False)
class Number(Formula):
    """A literal; `text` keeps the user's spelling."""

    value: float
    text: str | None = None

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def compute(self, environment: Environment) -> float:
        return self.value

    evaluate = compute  # there is nothing to keep

    def latex(self, index: str = "k") -> str:
        written = self.text or f"{self.value:.12g}"
        mantissa, e, exponent = written.lower().partition("e")
        digits = exponent.lstrip("+-0") or "0"
        return rf"{mantissa} \cdot 10^{{{'-' if exponent[:1] == '-' else ''}{digits}}}" if e else mantissa

    def bracketed(self, at_least: int, index: str) -> str:
        text = self.latex(index)
        strength = _SUM if text.startswith("-") else _PRODUCT if r"\cdot" in text or "/" in text else _ATOM
        return text if strength >= at_least else rf"\left({text}\right)"


@dataclass(frozen=True, eq=False)
class Name(Formula):
    """A symbol; `symbol` is its LaTeX; a sequence prints its index."""

    name: str
    symbol: str
    sequence: bool = False

    @property
    def of_a_step(self) -> bool:
        return self.sequence

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def compute(self, environment: Environment) -> Any:
        return environment.values[self.name]

    evaluate = compute  # there is nothing to keep

    def latex(self, index: str = "k") -> str:
        return f"{self.symbol}_{{{index}}}" if self.sequence else self.symbol


@dataclass(frozen=True, eq=False)
class StepNumber(Name):
    """The k of a schedule, which counts its steps from 1, in a bound, which counts them from 0: k + 1."""

    name: str = "k"
    symbol: str = "k"
    strength = _SUM
    of_a_step = True

    def latex(self, index: str = "k") -> str:
        return f"{index} + 1"


@dataclass(frozen=True, eq=False)
class Sum(Formula):
    """Two or more terms."""

    terms: tuple[Formula, ...]
    strength = _SUM

    @property
    def children(self) -> tuple[Formula, ...]:
        return self.terms

    def compute(self, environment: Environment) -> Any:
        value = self.terms[0].evaluate(environment)
        for term in self.terms[1:]:
            value = value + term.evaluate(environment)
        return value

    def latex(self, index: str = "k") -> str:
        first, *rest = self.terms
        return first.bracketed(_SUM, index) + "".join(self._signed(term, index) for term in rest)

    @staticmethod
    def _signed(term: Formula, index: str) -> str:
        if isinstance(term, Negative):
            return f" - {term.body.bracketed(_PRODUCT, index)}"
        text = term.bracketed(_SUM, index)
        return rf" + \left({text}\right)" if text.startswith("-") else f" + {text}"


@dataclass(frozen=True, eq=False)
class Negative(Formula):
    """Minus a node."""

    body: Formula
    strength = _SUM

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def compute(self, environment: Environment) -> Any:
        return -self.body.evaluate(environment)

    def latex(self, index: str = "k") -> str:
        return f"-{self.body.bracketed(_PRODUCT, index)}"

    @property
    def reaches_on(self) -> bool:
        return self.body.reaches_on


@dataclass(frozen=True, eq=False)
class Product(Formula):
    """Two or more factors."""

    factors: tuple[Formula, ...]
    strength = _PRODUCT

    @property
    def children(self) -> tuple[Formula, ...]:
        return self.factors

    def compute(self, environment: Environment) -> Any:
        value = self.factors[0].evaluate(environment)
        for factor in self.factors[1:]:
            value = value * factor.evaluate(environment)
        return value

    def latex(self, index: str = "k") -> str:
        *before, last = self.factors
        # Of factors that end in a sum over steps, only the last may go without parentheses.
        texts = [factor.bracketed(_POWER if factor.reaches_on else _PRODUCT, index) for factor in before]
        joined, *rest = (*texts, last.bracketed(_PRODUCT, index))
        for text in rest:
            joined += self._times(joined, text) + text
        return joined

    @property
    def reaches_on(self) -> bool:
        return self.factors[-1].reaches_on

    @staticmethod
    def _times(before: str, after: str) -> str:
        # A number after a factor, and a fraction after a number (2 1/2), need a visible sign.
        mixed = before[-1].isdigit() and after.startswith(r"\frac")
        return r" \cdot " if mixed or after[0].isdigit() or after[0] == "." else r" \, "


@dataclass(frozen=True, eq=False)
class Quotient(Formula):
    """One node over another, printed as a fraction."""

    over: Formula
    under: Formula
    strength = _PRODUCT

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.over, self.under)

    def compute(self, environment: Environment) -> Any:
        return np.float64(1.0) * self.over.evaluate(environment) / self.under.evaluate(environment)

    def latex(self, index: str = "k") -> str:
        return rf"\frac{{{self.over.latex(index)}}}{{{self.under.latex(index)}}}"


@dataclass(frozen=True, eq=False)
class Power(Formula):
    """A base and an exponent."""

    base: Formula
    exponent: Formula
    strength = _POWER

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.exponent)

    def compute(self, environment: Environment) -> Any:
        return np.power(np.float64(1.0) * self.base.evaluate(environment), self.exponent.evaluate(environment))

    def latex(self, index: str = "k") -> str:
        base = self.base.bracketed(_ATOM, index)
        # TeX refuses a second superscript on the same base.
        base = f"{{{base}}}" if "^" in base else base
        return f"{base}^{{{self.exponent.latex(index)}}}"


@dataclass(frozen=True)
class Function:
    """A function that formulas may call: how many arguments, how to compute, how to print."""

    name: str
    arity: tuple[int, int]
    compute: Callable[..., Any]
    latex: Callable[..., str]

    def __reduce__(self) -> tuple[Callable[[str], Function], tuple[str]]:
        # Pickled by name: the callables of the table cannot travel to another process, their name can.
        return _function, (self.name,)


def _function(name: str) -> Function:
    return FUNCTIONS[name]


def _named(text: str) -> Callable[..., str]:
    return lambda *arguments: rf"{text}\left({', '.join(arguments)}\right)"


def _fold(pairwise: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def folded(first: Any, *rest: Any) -> Any:
        for value in rest:
            first = pairwise(first, value)
        return first

    return folded


FUNCTIONS: Mapping[str, Function] = Table(
    {
        function.name: function
        for function in (
            Function("sqrt", (1, 1), np.sqrt, lambda a: rf"\sqrt{{{a}}}"),
            Function("log", (1, 1), np.log, _named(r"\ln")),
            Function("ln", (1, 1), np.log, _named(r"\ln")),
            Function("exp", (1, 1), np.exp, _named(r"\exp")),
            Function("sin", (1, 1), np.sin, _named(r"\sin")),
            Function("cos", (1, 1), np.cos, _named(r"\cos")),
            Function("abs", (1, 1), np.abs, lambda a: rf"\left|{a}\right|"),
            Function("floor", (1, 1), np.floor, lambda a: rf"\lfloor {a} \rfloor"),
            Function("ceil", (1, 1), np.ceil, lambda a: rf"\lceil {a} \rceil"),
            Function("min", (2, 16), _fold(np.minimum), _named(r"\min")),
            Function("max", (2, 16), _fold(np.maximum), _named(r"\max")),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Call(Formula):
    """A function of FUNCTIONS applied to nodes."""

    function: Function
    arguments: tuple[Formula, ...]

    @property
    def children(self) -> tuple[Formula, ...]:
        return self.arguments

    def compute(self, environment: Environment) -> Any:
        return self.function.compute(*(argument.evaluate(environment) for argument in self.arguments))

    def latex(self, index: str = "k") -> str:
        return self.function.latex(*(argument.bracketed(_SUM, index) for argument in self.arguments))


def call(name: str, *arguments: Any) -> Formula:
    """A call by name: `call("sqrt", T)`."""
    return Call(FUNCTIONS[name], tuple(formula(argument) for argument in arguments))


@dataclass(frozen=True, eq=False)
class Defined(Formula):
    """An abbreviation: prints as its symbol, evaluates as its body."""

    symbol: str
    body: Formula
    sequence: bool = True

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def compute(self, environment: Environment) -> Any:
        return self.body.evaluate(environment)

    def latex(self, index: str = "k") -> str:
        return f"{self.symbol}_{{{index}}}" if self.sequence else self.symbol

    def definition(self, index: str = "k") -> str:
        """LaTeX of the definition itself, `symbol = body`."""
        return f"{self.latex(index)} = {self.body.latex(index)}"


@dataclass(frozen=True, eq=False)
class OverSteps(Formula):
    """A sum that binds the step index of its body."""

    body: Formula
    strength = _PRODUCT
    reaches_on = True
    of_a_step = True

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def sequence(self, environment: Environment) -> Values:
        """The body as an array over all gradients, also when it is constant."""
        value, shape = np.asarray(self.body.evaluate(environment), dtype=np.float64), (environment.gradients(),)
        return value if value.shape == shape else np.broadcast_to(value, shape)

    def summed(self, under: str, index: str) -> str:
        """LaTeX of the sum with its range `under`."""
        return rf"\sum_{{{under}}} {self.body.bracketed(_PRODUCT, index)}"


_INNER = {"k": "j", "t": "k", "j": "i", "i": "l"}


def inner_index(index: str) -> str:
    r"""The letter of a sum within what has this index.

    >>> inner_index("k-1"), inner_index(r"\tau_{j}"), inner_index("0"), inner_index("l")
    ('j', 'i', 'j', "l'")
    """
    letters = [letter for letter in index.replace(r"\tau", "") if letter in _INNER]
    return _INNER[letters[-1]] if letters else f"{index}'" if index.islower() else "j"


@dataclass(frozen=True, eq=False)
class Total(OverSteps):
    """Sum over all steps."""

    of_a_step = False

    def compute(self, environment: Environment) -> float:
        # fsum: the sum of a million terms is exact to the last bit, whatever their order.
        values = self.sequence(environment)
        return math.fsum(values.tolist()) if np.isfinite(values).all() else float(np.sum(values))

    def latex(self, index: str = "k") -> str:
        return self.summed("k", "k")


@dataclass(frozen=True, eq=False)
class Peak(OverSteps):
    """The largest entry of all steps."""

    of_a_step = False

    def compute(self, environment: Environment) -> float:
        return float(np.max(self.sequence(environment)))

    def latex(self, index: str = "k") -> str:
        return rf"\max_{{k}} {self.body.bracketed(_PRODUCT, 'k')}"


@dataclass(frozen=True, eq=False)
class Window(OverSteps):
    """Sum over W_k."""

    per = "k"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().window(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return self.summed(rf"{inner} \in W_{{{index}}}", inner)


@dataclass(frozen=True, eq=False)
class Younger(OverSteps):
    """Sum over the gradients of W_k that were read after gradient k."""

    per = "k"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().younger(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return self.summed(rf"{inner} \in W_{{{index}}}, \tau_{{{inner}}} > \tau_{{{index}}}", inner)


@dataclass(frozen=True, eq=False)
class Readers(OverSteps):
    """Sum over the steps whose window contains k."""

    per = "k"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().readers(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = "i" if "i" not in index else "l"
        return self.summed(rf"{inner}:\, {index} \in W_{{{inner}}}", inner)


@dataclass(frozen=True, eq=False)
class Served(OverSteps):
    """Sum over the steps that read the point t."""

    per = "t"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().served(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return self.summed(rf"{inner}:\, \tau_{{{inner}}} = {index}", inner)


@dataclass(frozen=True, eq=False)
class Block(OverSteps):
    """Sum over the gradients that the same update applies."""

    per = "k"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().block(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return self.summed(rf"{inner}:\, u_{{{inner}}} = u_{{{index}}}", inner)


@dataclass(frozen=True, eq=False)
class Taken(OverSteps):
    """Sum over the gradients that are applied at a point."""

    per = "t"

    def compute(self, environment: Environment) -> Values:
        return environment.delay_map().taken(self.sequence(environment))

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return self.summed(rf"{inner}:\, u_{{{inner}}} = {index}", inner)


@dataclass(frozen=True, eq=False)
class Previous(Formula):
    """The entry one step earlier; zero at the first step."""

    body: Formula
    of_a_step = True

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def compute(self, environment: Environment) -> Values:
        values = np.broadcast_to(np.asarray(self.body.evaluate(environment), np.float64), (environment.steps(),))
        return np.concatenate(([0.0], values[:-1]))

    @property
    def of_a_letter(self) -> bool:
        """Whether it prints as a letter at an index, which is 0 below the first."""
        return isinstance(self.body, Name) and self.body.sequence

    def latex(self, index: str = "k") -> str:
        earlier = self.body.bracketed(_SUM, f"{index}-1")
        return earlier if self.of_a_letter else rf"{earlier} \text{{ if }} {index} > 0, \text{{ else }} 0"

    @property
    def strength(self) -> int:  # type: ignore[override]
        return _ATOM if self.of_a_letter else _CHOICE


@dataclass(frozen=True, eq=False)
class WhereOvertaken(Formula):
    """`late` at the steps whose window holds a younger gradient and where there is noise, `ordered` elsewhere."""

    late: Formula
    ordered: Formula
    strength, per = _CHOICE, "k"
    of_a_step = True

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.late, self.ordered)

    def compute(self, environment: Environment) -> Values:
        overtaken = environment.delay_map().overtaken * (environment.values["sigma"] > 0)
        late, ordered = self.late.evaluate(environment), self.ordered.evaluate(environment)
        return np.asarray(np.where(overtaken > 0, late, ordered), dtype=np.float64)

    def latex(self, index: str = "k") -> str:
        late, ordered, inner = *(one.bracketed(_SUM, index) for one in self.children), inner_index(index)
        where = rf"\tau_{{{inner}}} > \tau_{{{index}}} \text{{ for some }} {inner} \in W_{{{index}}}"
        return rf"{late} \text{{ if }} \sigma > 0 \text{{ and }} {where}, \text{{ else }} {ordered}"


@dataclass(frozen=True, eq=False)
class WhereNoisy(Formula):
    """`noisy` if sigma > 0, else `quiet`."""

    noisy: Formula
    quiet: Formula
    strength = _CHOICE

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.noisy, self.quiet)

    def compute(self, environment: Environment) -> Any:
        return (self.noisy if environment.values["sigma"] > 0 else self.quiet).evaluate(environment)

    def latex(self, index: str = "k") -> str:
        noisy, quiet = (one.bracketed(_SUM, index) for one in self.children)
        return rf"{noisy} \text{{ if }} \sigma > 0, \text{{ else }} {quiet}"


def total(body: Any) -> Formula:
    """Sum over all steps."""
    return Total(formula(body))


def window(body: Any) -> Formula:
    """Sum over W_k."""
    return Window(formula(body))


def younger(body: Any) -> Formula:
    """Sum over the gradients of W_k that were read after gradient k."""
    return Younger(formula(body))


def readers(body: Any) -> Formula:
    """Sum over the steps whose window contains k."""
    return Readers(formula(body))


def served(body: Any) -> Formula:
    """Sum over the steps that read t."""
    return Served(formula(body))


def block(body: Any) -> Formula:
    """Sum over the gradients that the same update applies."""
    return Block(formula(body))


def taken(body: Any) -> Formula:
    """Sum over the gradients that are applied at x_t."""
    return Taken(formula(body))


def peak(body: Any) -> Formula:
    """The largest entry of all steps."""
    return Peak(formula(body))
