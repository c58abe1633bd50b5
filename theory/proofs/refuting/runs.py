"""Runs of delayed SGD on small smooth functions, with exact expectations, and what a formula is worth on one.

There the axioms and the claims of proofs must hold. `worth` reads a formula off its nodes, as they are printed: a
second opinion on what `statement.py` says that they mean. Nothing here is trusted by a proof; it can only refute one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, reduce
from itertools import product
from operator import add, mul
from typing import Any

import numpy as np

from theory.bounds.theorem_c import First, HalfSine, SineRatio
from theory.formulas.formula import (
    Block,
    Call,
    Defined,
    Formula,
    Name,
    Negative,
    Number,
    Peak,
    Power,
    Previous,
    Product,
    Quotient,
    Readers,
    Served,
    StepNumber,
    Sum,
    Taken,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    Younger,
)
from theory.proofs.kernel import RANDOM, Index, free_variables
from theory.proofs.nodes import At, Here, Inner, Meant, Minimum, Moved, Travelled, UpTo, Vector, Walk
from theory.proofs.refuting.instances import Instance

# Functions with values >= 0, a minimum of 0, and curvature within [-1, 1]: value and slope.
_SHAPES: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    (lambda t: t * t / 2, lambda t: t),
    (lambda t: 1 - np.cos(t), np.sin),
    (lambda t: np.log(np.cosh(t)), np.tanh),
    (lambda t: t * t / (1 + t * t) / 2, lambda t: t / (1 + t * t) ** 2),
    (lambda t: np.where(np.abs(t) < 1, t * t / 2, np.abs(t) - 0.5), lambda t: np.clip(t, -1, 1)),
    (lambda t: np.maximum(t, 0) ** 2 / 2, lambda t: np.maximum(t, 0)),
)


class EnumeratedRun(Instance):
    """Delayed SGD on F(x) = sum over the coordinates of c_i shape_i(x_i), whose smoothness L is max c_i.

    `step_sizes`, one a gradient, may be a function of the run so far (which knows L and Delta). With `law`, the
    probabilities of the delays 0, 1, ..., every delay is drawn from it, independently; then there is a path for every
    draw as well. With `others`, reads that are no older, one of the two coordinates of the point is read there.
    """

    def __init__(
        self,
        reads: Any,
        step_sizes: Any,
        seed: int,
        deviation: float = 0.0,
        law: Any = None,
        block: int | None = None,
        others: Any = None,
        **given: float,
    ) -> None:
        self.law: Any = law
        super().__init__(reads, noisy=deviation > 0, block=block)
        self.mixed, self.draw = others is not None, np.random.default_rng(seed)
        # Of each gradient, the reads of both coordinates.
        both = np.stack([self.reads, others if others is not None else self.reads], axis=1)
        self.read_apart = np.array([pair[:: self.draw.choice([-1, 1])] for pair in both]) if self.mixed else both
        self.shapes = [_SHAPES[i] for i in self.draw.integers(len(_SHAPES), size=2)]
        self.curvatures = self.draw.uniform(0.2, 2.0, size=2)
        self.deviation, self.staleness = deviation, 1 + self.delay
        self._lay_paths()
        start = self.draw.normal(size=2) * 3
        self.points: list[np.ndarray] = [np.tile(start, (len(self.weights), 1))]
        self.gradients = [self._gradient(self.points[0])]
        self.noises: list[np.ndarray] = []
        self.applied: list[np.ndarray] = []
        self.given = {"young": 0.7, "share": 0.4, "rho": 1.2, "cut": 1.0, **given}
        self.constants: dict[str, float] = self._constants()
        self.step_sizes = np.asarray(step_sizes(self) if callable(step_sizes) else step_sizes, dtype=float)
        for k in range(self.steps):
            self._walk(k)
        applied = zip(self.applied, self.noises, strict=True)
        self.constants["G"] = max(self.inner(a + e, a + e) for a, e in applied) ** 0.5
        self.gaps = [self.mean(self._values(x)) for x in self.points]
        self.ratios = self.draw.uniform(0.5, 2.0, size=self.steps + 1)
        self.ends_before_last = False
        self.nodes: Mapping[str, Formula] = {}
        self.known: dict[tuple[Formula, int], Any] = {}

    def _lay_paths(self) -> None:
        """The equally likely signs, the draws of the delays, and the weights of all paths."""
        count = len(self.reads)
        signs = list(product((-1.0, 1.0), repeat=count)) if self.noisy else [(1.0,) * count]
        ranges = (range(self.update(k) + 1) for k in range(count))
        maps = list(product(*ranges)) if self.law else [self.reads]
        chances = [np.prod([self.chance(k, r) for k, r in enumerate(reads)]) if self.law else 1.0 for reads in maps]
        drawn = list(zip(maps, chances, strict=True))
        paths = [(sign, reads, chance / len(signs)) for sign in signs for reads, chance in drawn]
        self.signs, self.path_reads, self.weights = (np.array(column) for column in zip(*paths, strict=True))

    def chance(self, k: int, r: int) -> float:
        """The probability that gradient k is read at x_r, of tau_k = max(0, u_k - d)."""
        assert self.law is not None
        return float(sum(self.law[d] for d in range(len(self.law)) if max(0, self.update(k) - d) == r))

    def mean(self, values: np.ndarray) -> float:
        return float(np.sum(self.weights * values))

    def _values(self, x: np.ndarray) -> Any:
        pairs = enumerate(zip(self.curvatures, self.shapes, strict=True))
        return sum(c * shape(x[:, i]) for i, (c, (shape, _)) in pairs)

    def _gradient(self, x: np.ndarray) -> np.ndarray:
        pairs = enumerate(zip(self.curvatures, self.shapes, strict=True))
        return np.stack([c * slope(x[:, i]) for i, (c, (_, slope)) in pairs], axis=1)

    def _walk(self, k: int) -> None:
        moved = self.points[k]
        for gradient in range(k * self.block, (k + 1) * self.block):
            self._read_at(gradient, k * self.block)
            moved = moved - self.step_sizes[gradient] * (self.applied[gradient] + self.noises[gradient])
        self.points.append(moved)
        self.gradients.append(self._gradient(self.points[-1]))

    def _read_at(self, k: int, known: int) -> None:
        """The gradient that is read and its noise, which may depend on what the first `known` gradients drew."""
        history = np.concatenate([self.signs[:, :known], self.path_reads[:, :known]], axis=1)
        past = np.unique(history, axis=0, return_inverse=True)[1].reshape(-1) if known else np.zeros(len(history), int)
        angles = self.draw.uniform(0, 2 * np.pi, size=past.max() + 1)[past]
        lengths = self.draw.choice([self.deviation, self.deviation / 2], size=past.max() + 1)[past]
        noise = self.signs[:, k : k + 1] * (lengths * np.stack([np.cos(angles), np.sin(angles)])).T
        read = np.stack(self.points)[self.path_reads[:, k], np.arange(len(past))]
        if self.mixed:
            read = np.stack([self.points[r][:, i] for i, r in enumerate(self.read_apart[k])], axis=1)
        self.noises.append(noise)
        self.applied.append(self._gradient(read))

    def _constants(self) -> dict[str, float]:
        delays, angle = range(len(self.law or ())), 0.8 * np.pi / (2 * self.staleness - 1)
        return {
            "L": float(self.curvatures.max()),
            "Delta": self.mean(self._values(self.points[0])) + self.draw.choice([0.0, 0.3]),
            "sigma": self.deviation,
            "s": float(self.staleness),
            "T": float(self.steps),
            "B": float(self.block),
            "noisy": float(self.noisy),
            "Ed": float(sum(d * self.law[d] for d in delays)) if self.law else 0.0,
            "Ed2": float(sum(d * d * self.law[d] for d in delays)) if self.law else 0.0,
            "theta": angle,
            "sine": float(np.sin(angle / 2)),
            **self.given,
        }

    @property
    def smoothness(self) -> float:
        """L."""
        return self.constants["L"]

    @property
    def minimum(self) -> float:
        points = self.gradients[:-1] if self.ends_before_last else self.gradients
        points = [*points, *self.applied] if self.mixed else points  # at most what any bound's minimum is
        return min(self.inner(g, g) for g in points)

    def read(self, k: int) -> int:
        return super().read(k) if not self.law else max(0, self.update(k))

    def obeys(self, law: tuple[Any, ...], names: Mapping[str, int]) -> bool:
        return bool(self.law) if law == RANDOM else super().obeys(law, names)

    def scalar(self, name: str, *where: int) -> float:
        if name in self.nodes:
            return float(_worth(self, self.nodes[name], where[0] if where else 0, {}))
        if name == "m" or (name in self.constants and not where):
            return self.minimum if name == "m" else self.constants[name]
        if name == "eta" and not where:  # the one step of a run with equal steps
            return float(self.step_sizes[0])
        return self._indexed(name, *where)

    def _indexed(self, name: str, k: int, low: int = 0) -> float:
        angle = self.constants["theta"]
        ratio = float(np.sin((k - low) * angle) / np.sin(angle))
        known = {
            "eta": lambda: float(self.step_sizes[k]) if 0 <= k < len(self.reads) else 0.0,
            "o": lambda: float(self.noisy and self.overtaken(k)),
            "rho": lambda: float(self.ratios[k]) if 0 <= k < self.steps else 1.0,
            "young": lambda: 1.3 * float(self.ratios[k]) if 0 <= k < self.steps else 1.0,
            "share": lambda: float(self.ratios[k] - 0.5) / 1.5 if 0 <= k < self.steps else 0.5,
            "p": lambda: self.chance(k, low),
            "number": lambda: float(max(k, 1)),
            "root": lambda: float(np.sqrt(max(k, 1))),
            "log": lambda: float(np.log(max(k, 1))),
            "U": lambda: ratio,
            "1/U": lambda: 1 / ratio if ratio >= 1 - 1e-12 else 0.0,
        }
        return known[name]()

    def gap(self, k: int) -> float:
        return self.gaps[k]

    def vector(self, name: str, k: int) -> Any:
        if not 0 <= k <= (self.steps if name == "g" else len(self.reads) - 1):
            return np.full_like(self.gradients[0], np.cos(k) if name == "g" else 0.0)  # any vector
        if name == "r":
            step = self.step_sizes[k]
            return (self.gradients[k + 1] - self.gradients[k]) / step if step else np.zeros_like(self.gradients[k])
        if name in ("M", "N"):
            return self._missing(self.applied if name == "M" else self.noises, k)
        return {"g": self.gradients, "e": self.noises, "a": self.applied}[name][k]

    def _missing(self, vectors: list[np.ndarray], k: int) -> np.ndarray:
        """What the point of gradient k lacks of these vectors, coordinate by coordinate."""
        lacking = np.zeros_like(vectors[k])
        for i, read in enumerate(self.read_apart[k]):
            for j in range(read * self.block, self.update(k) * self.block):
                lacking[:, i] += self.step_sizes[j] * vectors[j][:, i]
        return lacking

    def inner(self, one: np.ndarray, other: np.ndarray) -> float:
        blank = np.zeros_like(self.gradients[0])  # an empty sum of vectors is the number 0
        return self.mean(np.sum((one if np.ndim(one) else blank) * (other if np.ndim(other) else blank), axis=1))


# ------------------------------------------------------------------------------------------------ formulas on a run


def worth(run: EnumeratedRun, node: Formula, index: Index, names: Mapping[str, int]) -> Any:
    """The value of a formula on a run, read off the formula itself: a second opinion on what it means."""
    return _worth(run, node, run.place(index, names), names)


def _worth(run: EnumeratedRun, node: Formula, k: int, names: Mapping[str, int]) -> Any:
    """The value at an index; it is remembered where no index is named within, as all else is the run's."""
    if not _names_an_index(node):
        if (node, k) not in run.known:
            run.known[node, k] = _said(run, node, k, names)
        return run.known[node, k]
    return _said(run, node, k, names)


@lru_cache(maxsize=100_000)
def _names_an_index(node: Formula) -> bool:
    if isinstance(node, Meant):
        return not free_variables(node.mean(_HERE)) <= {"here"}
    return type(node) not in _SAYS or any(map(_names_an_index, node.children))


def _said(run: EnumeratedRun, node: Formula, k: int, names: Mapping[str, int]) -> Any:
    if type(node) in _SAYS:
        return _SAYS[type(node)](run, node, k, lambda body, where=k: _worth(run, body, where, names))
    match node:
        case At():
            return worth(run, node.body, node.index, names)
        case Walk():
            return run.points[run.place(node.stop, names)] - run.points[run.place(node.start, names)]
    # Nodes of one theorem say themselves what they mean.
    assert isinstance(node, Meant), node
    return run.value(node.mean(_HERE), {**names, "here": k})


_HERE = Index(("v", "here"))
#: What a node is worth on a run at an index, given how to ask what its parts are worth, there or at another index.
_Says = Callable[[EnumeratedRun, Any, int, Callable[..., Any]], Any]


def _over(members: Callable[[EnumeratedRun, int], Iterable[int]]) -> _Says:
    """A sum of the body over gradients or points."""
    return lambda run, node, k, at: sum((at(node.body, j) for j in members(run, k)), 0.0)


def _all(run: EnumeratedRun, k: int) -> range:
    return range(len(run.reads))


def _place(run: EnumeratedRun, place: str, k: int) -> int:
    return {"next": k + 1, "read": run.read(k), "update": run.update(k), "first": 0, "last": run.steps}[place]


def _named(run: EnumeratedRun, node: Name, k: int, at: Any) -> float:
    if node.name == "f":
        return run.gap(k)
    if node.name == "d":
        return float(run.update(k) - run.read(k))
    return run.scalar(node.name, k) if node.sequence else run.scalar(node.name)


_SAYS: Mapping[type[Formula], _Says] = {
    Number: lambda run, node, k, at: node.value,
    Name: _named,
    StepNumber: lambda run, node, k, at: float(run.update(k) + 1),
    Here: lambda run, node, k, at: float(k),
    Defined: lambda run, node, k, at: at(node.body),
    Sum: lambda run, node, k, at: reduce(add, map(at, node.terms)),
    Negative: lambda run, node, k, at: -at(node.body),
    Product: lambda run, node, k, at: reduce(mul, map(at, node.factors)),
    Quotient: lambda run, node, k, at: at(node.over) / at(node.under),
    Power: lambda run, node, k, at: at(node.base) ** at(node.exponent),
    Call: lambda run, node, k, at: float(node.function.compute(*map(at, node.arguments))),
    Inner: lambda run, node, k, at: run.inner(at(node.one), at(node.other)),
    Vector: lambda run, node, k, at: run.vector(node.name, k),
    Minimum: lambda run, node, k, at: run.minimum,
    Travelled: lambda run, node, k, at: run.points[k] - run.points[run.read(k)],
    Moved: lambda run, node, k, at: at(node.body, _place(run, node.place, k)),
    First: lambda run, node, k, at: at(node.body, 0),
    Previous: lambda run, node, k, at: at(node.body, k - 1) if k >= 1 else 0.0,
    WhereOvertaken: lambda run, node, k, at: at(node.late if run.noisy and run.overtaken(k) else node.ordered),
    WhereNoisy: lambda run, node, k, at: at(node.noisy if run.noisy else node.quiet),
    Total: _over(_all),
    Window: _over(lambda run, k: run.window(k)),
    Younger: _over(lambda run, k: (j for j in run.window(k) if run.read(j) > run.read(k))),
    Readers: _over(lambda run, k: (i for i in _all(run, k) if run.read(i) <= run.update(k) < run.update(i))),
    Served: _over(lambda run, k: (i for i in _all(run, k) if run.read(i) == k)),
    Block: _over(lambda run, k: run.applied_by(run.update(k))),
    Taken: _over(lambda run, k: run.applied_by(k)),
    UpTo: _over(lambda run, k: range(1, k + 1)),
    Peak: lambda run, node, k, at: max(at(node.body, j) for j in _all(run, k)),
    HalfSine: lambda run, node, k, at: float(np.sin(run.constants["theta"] / 2)),
    SineRatio: lambda run, node, k, at: run.scalar("U", run.staleness + node.shift, 0),
}
