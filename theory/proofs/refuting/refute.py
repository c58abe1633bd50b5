"""The refuter: before a proof is called one, every claim of it meets small runs and random numbers, as it is printed.

A run is delayed SGD on a small smooth function with exact expectations; its steps, delays and free numbers are drawn so
that the laws and the schedule of the proof hold. A claim is evaluated from its formulas, not from what the kernel makes
of them, at all indices that its context allows, wherever the side conditions hold that it rests on; and the bound
itself is evaluated as a user would, against the gradients of the run. One counterexample is enough: the proof is then
not believed. Nothing here proves anything, and nothing here needs to be trusted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from theory.bounds import REGISTRY, Bound, Setting
from theory.bounds.parts.assumptions import COHERENCE, ERROR_FEEDBACK, RANDOM_MIXING
from theory.formulas.formula import Call, Formula, Peak
from theory.proofs import kernel
from theory.proofs.kernel import Fact
from theory.proofs.proof import Assumed, Claim, Proof, Report, Step
from theory.proofs.refuting.instances import random_reads
from theory.proofs.refuting.runs import EnumeratedRun, worth
from theory.proofs.refuting.workers import Workers
from theory.proofs.statement import Abstract, name_of
from theory.staleness.count import Staleness

LONGEST = 4
#: At most so many gradients are applied where updates apply several.
SIGNS = 5
#: At most so many gradients of workers have a noise.
SIGNED = 8
#: Of rounding: a claim may miss by this share of the size of its sides.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Counterexample:
    """A claim that fails on a run: `gap` is left minus right, which is negative (or not 0)."""

    claim: str
    run: str
    gap: float

    def sentence(self) -> str:
        """What a reader is told."""
        return f"{self.claim} fails by {abs(self.gap):.3g} on {self.run}."


def refute(
    proof: Proof, report: Report, wanted: int = 10, tries: int = 400, bound: Bound | None = None
) -> Counterexample | None:
    """The first counterexample met; every claim is met `wanted` times, in at most `tries` runs."""
    return next(examined(proof, report, dict.fromkeys((s.name for s in proof.steps), 0), wanted, tries, bound), None)


def examined(
    proof: Proof, report: Report, met: dict[str, int], wanted: int, tries: int, bound: Bound | None = None
) -> Iterator[Counterexample]:
    """Every counterexample; `met` counts the runs on which each claim was seen to hold."""
    draw, of, known = random.Random(proof.name), bound or REGISTRY.get(proof.name), symbols(proof)
    for _ in range(tries):
        if all(count >= wanted for count in met.values()):
            return
        run = random_run(proof, draw, of)
        run.nodes = known
        for step in (step for step in proof.steps if met[step.name] < wanted):
            fact = report.facts[step.name]
            if assumed_here(run, proof, fact):
                found, failure = holds(run, step, fact)
                met[step.name] += found
                yield from [failure] if failure else []
        yield from [failure] if of is not None and (failure := beaten(run, of)) else []


def random_run(proof: Proof, draw: random.Random, bound: Bound | None) -> EnumeratedRun:
    """A run that the theorem may be about: its noise, delays and steps are as the proof's laws and schedule say."""
    laws = proof.laws
    T = max(proof.least_steps, draw.randint(1, 3 if kernel.RANDOM in laws else LONGEST))
    deviation = 0.0 if kernel.NOISELESS in laws else draw.choice([0.0, 0.2, 1.0])
    block = draw.randint(1, max(1, SIGNS // T)) if kernel.SEVERAL in laws else None
    reads = _reads(laws if deviation else laws - {kernel.IN_ORDER_IF_NOISY}, T, draw, block or 1)
    given = {"mu": draw.choice([0.1, 0.4, 0.8, 1.0]), "cut": float(draw.randint(1, 3)), "young": draw.uniform(0.2, 3)}
    given["rho"] = draw.choice([1.0, 1 + draw.random()])
    given["share"] = draw.choice([0.0, 1.0, draw.random()])
    law = draw.choice([[0.5, 0.5], [0.2, 0.3, 0.5], [1.0], [0.6, 0.0, 0.4]]) if kernel.RANDOM in laws else None
    seed = draw.randint(0, 10**6)
    others = [draw.randint(read, k // (block or 1)) for k, read in enumerate(reads)] if kernel.MIXED in laws else None
    steps = _steps(laws, bound, len(reads) // (block or 1), draw)
    if kernel.WORKERS in laws:
        workers = draw.choice([n for n in (1, 2, 4) if n * T <= SIGNED])
        share, method = draw.choice([0.0, 0.3, 0.9]), bound.assumptions if bound is not None else ()
        kept, left = (share if one in method else None for one in (ERROR_FEEDBACK, RANDOM_MIXING))
        run: EnumeratedRun = Workers(T, steps, seed, deviation, workers, kept, left, **given)
    else:
        run = EnumeratedRun(reads, steps, seed, deviation, law, block, others, **given)
    run.ends_before_last = bound is not None and not bound.covers_last
    return run


def _reads(laws: frozenset[kernel.Law], T: int, draw: random.Random, block: int) -> list[int]:
    reads = list(random_reads(draw, T, block))
    if laws & {kernel.IN_ORDER, kernel.IN_ORDER_IF_NOISY}:
        reads = sorted(reads)
    if laws & {kernel.PROMPT, kernel.RANDOM, kernel.WORKERS}:
        reads = [k // block for k in range(T * block)]
    if kernel.FIXED in laws:
        delay = draw.randint(0, 2)
        reads = [max(0, k - delay) for k in range(max(T, delay + 1))]
    return reads


def _steps(
    laws: frozenset[kernel.Law], bound: Bound | None, T: int, draw: random.Random
) -> Callable[[EnumeratedRun], np.ndarray]:
    scale, equal = 10 ** draw.uniform(-1.5, 0.3), draw.random() < 0.5 or kernel.FIXED in laws
    sizes = [1 if equal else draw.choice([0.0, 0.5, 1, 2]) for _ in range(T)]
    falling = draw.random() < 0.4

    def steps(run: EnumeratedRun) -> np.ndarray:
        if bound is not None and bound.schedule is not None and run.constants["Delta"]:
            constants = {name: run.constants[name] for name in ("L", "Delta", "sigma", "mu")}
            constants |= {"B": float(run.block), "s": float(Staleness(run.staleness).window)}
            delays = None if run.block > 1 else _delays(run)
            sizes_of_it = np.asarray(bound.schedule.step_sizes(run.steps, delays=delays, **constants))
        else:
            longest = scale / run.constants["L"] / run.staleness
            sizes_of_it = longest * np.array(sorted(sizes, reverse=True) if falling else sizes, dtype=float)
        return np.asarray(np.repeat(sizes_of_it / run.block, run.block))

    return steps


def _delays(run: EnumeratedRun) -> np.ndarray:
    """The delays of the steps, (T,), or of the gradients of each update, (T, B)."""
    delays = np.arange(len(run.reads)) // run.block - np.array(run.reads)
    return np.asarray(delays.reshape(run.steps, run.block) if run.block > 1 else delays)


def symbols(proof: Proof) -> dict[str, Formula]:
    """What the symbols of the kernel for maxima and roots of the proof stand for."""
    claims = (*(step.claim for step in proof.steps), proof.conclusion)
    nodes = (node for claim in claims for side in (claim.left, claim.right) for node in side.walk())
    named = (node for node in nodes if isinstance(node, Call | Peak) and not _of_a_proof(node))
    return {name_of(node): node for node in named}


def _of_a_proof(node: Formula) -> bool:
    return any(isinstance(part, Abstract) for part in node.walk())


def margin(run: EnumeratedRun, claim: Claim, names: Mapping[str, int]) -> tuple[float, float]:
    """Left minus right, and the size of both."""
    left, right = (float(worth(run, side, claim.index, names)) for side in (claim.left, claim.right))
    return left - right, abs(left) + abs(right)


def holds(run: EnumeratedRun, step: Step, fact: Fact) -> tuple[bool, Counterexample | None]:
    """Whether there are indices that the context of a claim allows, and where it fails."""
    found = False
    for names in run.assignments(free_names(step.claim, fact), fact.context):
        gap, size = margin(run, step.claim, names)
        slack = ROUNDING * (1 + size)
        if not gap >= -slack or (step.claim.equality and gap > slack):
            return True, Counterexample(f"The claim {step.title!r}", described(run, names), gap)
        found = True
    return found, None


def described(run: EnumeratedRun, names: Mapping[str, int]) -> str:
    """A run in words."""
    steps = ", ".join(f"{float(size):.4g}" for size in run.step_sizes)
    constants = ", ".join(f"{name} = {run.constants[name]:.4g}" for name in ("L", "Delta", "sigma"))
    at = "".join(f", {name} = {value}" for name, value in sorted(names.items()))
    return f"a run with reads {list(run.reads)}, steps {steps}, {constants}{at}"


def free_names(claim: Claim, fact: Fact) -> tuple[str, ...]:
    """The indices that a claim and its context leave free."""
    found = fact.context.names() | kernel.free_variables(fact.expression) | kernel.variables(claim.index.core)
    return tuple(sorted(found))


def assumed_here(run: EnumeratedRun, proof: Proof, fact: Fact) -> bool:
    """Whether the side conditions that a fact rests on hold on the run."""
    stated = {side.name: side for side in proof.assumed if isinstance(side, Assumed)}
    used = [use for use in fact.used if isinstance(use, kernel.Hypothesis)]
    if any(use.strict and not run.value(use.body, {}) > 0 for use in used):
        return False
    return all(_condition_holds(run, stated[name]) for name in {use.name for use in used} if name in stated)


def _condition_holds(run: EnumeratedRun, side: Assumed) -> bool:
    claim, names = side.claim, kernel.variables(side.claim.index.core)
    for k in range(side.since, len(run.reads)) if names else [0]:
        gap, size = margin(run, claim, dict.fromkeys(names, k))
        if gap < -1e-12 * size or (claim.equality and gap > ROUNDING * size):
            return False
    return True


def beaten(run: EnumeratedRun, bound: Bound) -> Counterexample | None:
    """The bound as a user evaluates it, where it applies, against the gradients of the run."""
    constants = {name: float(run.constants[name]) for name in bound.constants if name in run.constants}
    sizes = run.step_sizes.reshape(run.steps, run.block).sum(axis=1)
    setting = Setting(sizes, _delays(run), Staleness(run.staleness), constants)
    value, failures = bound.assess(setting)
    if failures or value is None or (COHERENCE in bound.assumptions and not _coherent(run)):
        return None
    points = [*run.applied, np.zeros_like(run.applied[0])] if bound.of_reads else run.gradients
    squares = np.array([run.inner(g, g) for g in points])
    weights = bound.weigh(setting)
    # No minimum is above the mean that the value bounds.
    measured = float(squares[: len(squares) - run.ends_before_last].min() if weights is None else weights @ squares)
    gap = value - measured
    return None if gap >= -ROUNDING * (1 + value) else Counterexample("The bound", described(run, {}), gap)


def _coherent(run: EnumeratedRun) -> bool:
    """Whether E<g_k, g_tau_k> >= mu E|g_k|^2 on the run."""
    pairs = ((run.gradients[k], run.gradients[run.read(k)]) for k in range(run.steps))
    return all(run.inner(g, h) >= run.constants["mu"] * run.inner(g, g) for g, h in pairs)
