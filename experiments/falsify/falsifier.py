"""The falsifier: every bound of the library is met by adversaries inside its domain and just outside it.

Inside, no run may lie above the bound: one that does refutes the bound, the code or the run. Outside, each condition
should be needed: a run breaks the formula there, or the condition is reported as possibly not tight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from experiments.falsify.attack import Budget, strongest
from experiments.falsify.finding import Attack, Edge, Finding
from experiments.falsify.played import LONGEST_GAME, played
from experiments.falsify.settings import Move, Proposal, edge_of, interior, moves, proposals
from experiments.falsify.unit_runs import (
    LONGEST_TREE,
    UnitRuns,
    all_unit_runs,
    averaged_unit_runs,
    drawn_unit_runs,
    joined,
)
from theory.bounds import Bound, Condition, Relation, Setting
from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_GRADIENT,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    MOVES_TAKEN_BACK,
    SEVERAL_READS,
    SMOOTH,
    UNBIASED,
)
from theory.common.types import Flags, Vector
from theory.formulas.formula import Name, Number
from theory.formulas.notation import CONSTANTS, GIVEN, GLOSSARY

#: What the battery keeps, or a run is held to.
_KEPT = {a.name for a in (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED, COHERENCE)}
_KEPT |= {a.name for a in (SEVERAL_READS, MOVES_TAKEN_BACK, BOUNDED_GRADIENT)}
#: Kept by some functions only.
_OF_THE_FUNCTION: Mapping[str, Callable[[UnitRuns], Flags]] = {"convex": lambda columns: columns.convex}


def falsify(
    bound: Bound, budget: int = 40, seed: int = 0, *, outside: bool = True, thorough: bool = False, size: int = 60
) -> Finding:
    """Attack a bound inside its domain and just outside it.

    Args:
        bound: any bound of the library, or one that is not in it.
        budget: how many patterns of steps and delays; each is met by several hundred functions at several settings.
        seed: of all that is drawn; the same seed gives the same finding.
        outside: whether to leave the domain as well.
        thorough: whether the adversary also answers with gradients, in short runs without noise; several times slower.
        size: about how many functions of each kind.

    Returns:
        What was found.

    >>> from theory.bounds import get
    >>> finding = falsify(get("theorem-b"), budget=3)
    >>> finding.broken, finding.inside_runs > 1000
    (False, True)
    """
    if unknown := _unknown(bound):
        return Finding(bound.name, None, 0, 0, (), f"not attacked: the battery does not know {unknown}")
    rng = np.random.default_rng([seed, *bound.name.encode()])
    attack = _Attack(bound, rng, size, thorough)
    candidates = islice(proposals(bound, rng), 40 * budget)
    for edge in islice((edge for edge in map(edge_of, candidates) if edge is not None), budget):
        for proposal in interior(edge, rng):
            attack.inside(proposal)
        for move in moves(edge, rng) if outside else ():
            attack.outside(move)
    return attack.finding()


def _unknown(bound: Bound) -> str | None:
    """What keeps the battery from attacking a bound: an assumption on F, or a constant, that it does not know."""
    for assumption in bound.assumptions:
        # What is said of steps and delays alone is also a condition of the bound, and checked as such.
        about_function = "nabla" in assumption.latex or "F" in assumption.latex
        if assumption.measured or (about_function and assumption.name not in _KEPT | set(_OF_THE_FUNCTION)):
            return f"the assumption '{assumption.name}'"
    return next((f"the constant {name}" for name in bound.constants if name not in {*CONSTANTS, *bound.given}), None)


def _can_be_broken(condition: Condition) -> bool:
    """Whether a run outside makes sense: not for the sign of a constant or for numbers that the bound chooses."""
    left = condition.left
    if not isinstance(left, Name):
        return True
    wrong_sign = left.name in GIVEN and isinstance(condition.right, Number)
    return left.name in GLOSSARY and not (wrong_sign and condition.relation is not Relation.EQUALS)


@dataclass
class _Attack:
    """What is gathered while a bound is attacked."""

    bound: Bound
    rng: np.random.Generator
    size: int
    thorough: bool
    best: Attack | None = None
    runs: int = 0
    settings: int = 0
    met: dict[str, list[Attack]] = field(default_factory=dict)
    _key: tuple[object, ...] = ()
    _columns: UnitRuns | None = None

    def inside(self, proposal: Proposal) -> None:
        """Meet one setting of the domain."""
        setting = proposal.setting()
        if setting is None:
            return
        witness, runs = self._meet(setting, self.bound.evaluate(setting), "inside the domain", 1.0, proposal.law)
        self.runs, self.settings = self.runs + runs, self.settings + 1
        if witness and (self.best is None or witness.ratio > self.best.ratio):
            self.best = witness

    def outside(self, move: Move) -> None:
        """Meet one setting outside that breaks a single condition, unless a smaller change has broken the formula."""
        setting = move.proposal.setting()
        if len(move.broken) > 1 or setting is None:
            return
        so_far = self.met.setdefault(move.broken[0], [])
        if any(w.breaks and w.value > 0 and 1 < w.factor <= move.factor for w in so_far):
            return
        value = _unchecked(self.bound, setting)
        witness, _ = self._meet(setting, value, move.change, move.factor, move.proposal.law)
        if witness:
            so_far.append(witness)

    def finding(self) -> Finding:
        """What came of it."""
        edges = tuple(self._edge(c.name) for c in self.bound.conditions if _can_be_broken(c))
        return Finding(self.bound.name, self.best, self.runs, self.settings, edges)

    def _edge(self, condition: str) -> Edge:
        met = self.met.get(condition, [])
        # The smallest change of a quantity tells most; a change of pattern has no size.
        broken = (w for w in met if w.breaks)
        breaking = min(broken, key=lambda w: (w.value <= 0, w.factor == 1, w.factor), default=None)
        worst = max(met, key=lambda w: w.ratio, default=None)
        return Edge(condition, len(met), worst, breaking, names_staleness_only=self._only_names(condition))

    def _only_names(self, condition: str) -> bool:
        """Whether the condition concerns s, and neither the formula nor another condition contains it."""
        names = {c.name: c.names() for c in self.bound.conditions}
        elsewhere = self.bound.value.names().union(*(n for name, n in names.items() if name != condition))
        return "s" in names[condition] and "s" not in elsewhere and self.bound.schedule is None

    def _meet(
        self, setting: Setting, value: float, change: str, factor: float, law: Vector | None
    ) -> tuple[Attack | None, int]:
        """The strongest run at a setting, and how many were compared."""
        budget = _budget(self.bound, setting)
        columns = self._against(setting, budget, law)
        found = strongest(columns, budget)
        if not found.weights:
            return None, 0
        functions = tuple((columns.describe(i), weight) for i, weight in found.weights)
        known = () if law is None else tuple(law.tolist())
        return Attack(change, factor, setting, value, found.measured, functions, known), found.runs

    def _against(self, setting: Setting, budget: Budget, law: Vector | None) -> UnitRuns:
        steps = setting.constants["L"] * setting.step_sizes
        reads = (setting.delays if law is None else law).tobytes()
        key = (steps.tobytes(), reads, setting.moves.tobytes(), budget.variance > 0, budget.coherence)
        if self._columns is None or key != self._key:
            run = self._run(steps, setting, budget) if law is None else self._run_drawn(steps, law, budget)
            self._key, self._columns = key, self._admitted(run)
        return self._columns

    def _run(self, steps: Vector, setting: Setting, budget: Budget) -> UnitRuns:
        delays, back = setting.delays, setting.moves
        size = self.size if delays.size <= LONGEST_TREE else self.size // 2
        if delays.ndim == 2:
            return averaged_unit_runs(steps, delays, self.rng, noisy=budget.variance > 0, size=size)
        columns = all_unit_runs(steps, delays, self.rng, noisy=budget.variance > 0, size=size, back=back)
        if not self.thorough or budget.variance > 0 or steps.size > LONGEST_GAME:
            return columns
        game = played(steps, delays, self.rng, readings=budget.readings, coherence=budget.coherence, back=back)
        return joined([columns, game])

    def _run_drawn(self, steps: Vector, law: Vector, budget: Budget) -> UnitRuns:
        return drawn_unit_runs(steps, law, self.rng, noisy=budget.variance > 0, size=self.size // 2)

    def _admitted(self, columns: UnitRuns) -> UnitRuns:
        for assumption in self.bound.assumptions:
            if assumption.name in _OF_THE_FUNCTION:
                columns = columns.only(_OF_THE_FUNCTION[assumption.name](columns))
        return columns


def _unchecked(bound: Bound, setting: Setting) -> float:
    """The formula at a setting outside its domain."""
    environment = setting.environment()
    with np.errstate(all="ignore"):
        # A bound with free numbers has to choose them first.
        chosen = getattr(bound, "chosen", lambda environment: environment)(environment)
        return float(bound.value.evaluate(chosen))


def _budget(bound: Bound, setting: Setting) -> Budget:
    constants, steps = setting.constants, setting.steps
    readings = np.eye(steps + 1)[:, : steps + 1 if bound.covers_last else steps]
    if bound.weights is not None:
        with np.errstate(all="ignore"):
            weights = np.broadcast_to(bound.weights.evaluate(setting.environment()), (steps,))
            readings = np.append(np.nan_to_num(weights / weights.sum()), 0.0)[:, None]
    coherence = constants["mu"] if bound.needs_coherence else None
    budget = Budget(constants["L"] * constants["Delta"], constants["sigma"] ** 2, coherence, readings)
    if BOUNDED_GRADIENT in bound.assumptions:
        read = np.unique((np.arange(steps) - setting.delays.T).ravel())
        return replace(budget, moment=constants["G"] ** 2, read=tuple(read.tolist()))
    return budget
