"""Every claim of a proof, on runs of delayed SGD: a second meaning of the formulas, independent of the kernel."""

from __future__ import annotations

import random
from functools import cache
from itertools import product

import numpy as np
import pytest

from theory.bounds import Setting
from theory.formulas.formula import Call
from theory.proofs import kernel
from theory.proofs.proof import evaluate
from theory.proofs.statement import name_of
from theory.proofs.terms import bound_variables
from theory.proofs.theorems import corollaries, theorem_a, theorem_ar, theorem_b
from theory.proofs.theorems.corollaries import CASE_1, CASE_2
from theory.staleness.count import Staleness

PROOFS = {
    proof.name: proof
    for proof in (theorem_a.PROOF, theorem_ar.PROOF, theorem_b.PROOF, corollaries.PROOF_1, corollaries.PROOF_2)
}
TIMES = {"corollary-1": 1, "corollary-2": 2}
ROUNDING = 1e-9


@cache
def facts(name):
    """What each step of a proof derives."""
    known = {}
    for step in PROOFS[name].steps:
        known[step.name] = kernel.restate(evaluate(step.derivation, known), step.claim.expression(), step.cut)
    return known


def calls(name):
    """The roots and maxima that the claims of a proof speak of."""
    roots = [CASE_1.roots, CASE_2.roots][TIMES[name] - 1] if name in TIMES else (theorem_b.B.body,)
    return {name_of(node): node for node in roots if isinstance(node, Call)}


def with_symbols(world, name):
    """A run that also knows the symbols that only some proofs have."""

    class Known(world.Run):
        def scalar(self, symbol, *where):
            if symbol == "rho":
                return 0.4 + 0.5 * where[0] % 1.7
            if symbol == "Delta" and name in TIMES and self.noisy:
                return self.gap_of_the_step
            if symbol in named:
                value = np.asarray(named[symbol].evaluate(self.environment))
                return float(value[where]) if value.ndim else float(value)
            return super().scalar(symbol, *where)

        def _term(self, term, names):
            """As in the class above, looking one step beyond the run: the claims have no index farther out."""
            cores = [inside.core for inside in bound_variables(term)]
            places = (dict(zip(cores, where, strict=True)) for where in self.places(len(cores)))
            inside = ({**names, **place} for place in places)
            return sum(
                self._summand(term, all_) for all_ in inside if all(self.holds(c, all_) for c in term.constraints)
            )

        def places(self, bound):
            return product(range(-1, self.steps + 2), repeat=bound)

        @property
        def gap_of_the_step(self):
            """The Delta for which the step is the corollary's: 1/eta = times s L + sigma sqrt(L T/2 Delta)."""
            rest = 1 / self.step_sizes[0] - TIMES[name] * self.staleness * self.smoothness
            return self.smoothness * self.steps * self.deviation**2 / (2 * rest**2)

        @property
        def environment(self):
            constants = {symbol: self.scalar(symbol) for symbol in ("L", "Delta", "sigma")}
            delays = np.arange(self.steps) - np.array(self.reads)
            return Setting(self.step_sizes, delays, Staleness(self.staleness), constants).environment()

    named = calls(name)
    return Known


def runs(world, name, count, steps):
    """Runs on which the proof's side conditions hold."""
    draw, kind = random.Random(name), with_symbols(world, name)
    for seed in range(count):
        reads = world.random_reads(draw, steps)
        if name == "corollary-1":
            reads = tuple(sorted(reads))
        staleness = 1 + max(k - read for k, read in enumerate(reads))
        noise = 0.0 if name == "theorem-b" or seed % 3 == 0 else 1.0
        yield kind(reads, lambda run: step_sizes(name, run, staleness, steps, draw), seed, noise)  # noqa: B023


def step_sizes(name, run, staleness, steps, draw):
    if name in TIMES:
        longest = 1 / (TIMES[name] * staleness * run.smoothness)
        return np.full(steps, longest * (0.97 if run.noisy else 1.0))
    return np.array([draw.choice([0.0, 0.3, 0.7]) / (staleness * run.smoothness) for _ in range(steps)])


@pytest.mark.parametrize("name", PROOFS)
def test_every_claim_holds_on_runs(world, name):
    checked = 0
    for run in runs(world, name, 4, 3):
        for step, fact in facts(name).items():
            names = {v for c in fact.context.constraints for core in (c.left, c.right) for v in kernel.variables(core)}
            for chosen in run.assignments(tuple(sorted(names)), fact.context):
                value = run.value(fact.expression, chosen)
                assert value >= -ROUNDING, (step, chosen, run.reads)
                assert not fact.equality or value <= ROUNDING, (step, chosen, run.reads)
                checked += 1
    assert checked > 30
