"""The lemma of bounds/perturbed.py, as steps of the proofs that rest on it."""

from __future__ import annotations

from dataclasses import dataclass

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition
from theory.bounds.parts.means import DELTA, ETA, L
from theory.bounds.perturbed import FALLING, Perturbed
from theory.formulas.formula import Formula, total
from theory.proofs.axioms import displacement
from theory.proofs.kernel import LAST, WORKERS, ZERO, Context, Law, expression, le, lt, scalar
from theory.proofs.nodes import APPLIED, F_GAP, G, Vector, following, inner, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, mean_theorem, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, START, Derived, K, ends, gradient, product, steps, symbol
from theory.proofs.theorems.means import side, sides, summed_up


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of a method of the pattern.

    Args:
        pattern: its bounds; laws: what its runs keep. applied: a_k, as a formula.
        squared: P_k, as a formula: the facts of step "turned" are L^2 P_k >= |g_k - a_k|^2.
        drawn: whether the kernel has a vector a_k of its own for it.
    """

    pattern: Perturbed
    laws: tuple[Law, ...]
    applied: Formula
    squared: Formula
    drawn: bool = False

    @property
    def start(self) -> Context:
        """What is known of the run."""
        return START.under(*self.laws)

    @property
    def step(self) -> Context:
        """What is known at a step k."""
        return self.start.having(*steps(K))


def descended(runs: Runs, noise: Derived) -> Apply:
    """The descent lemma at step k; `noise` says variance eta_k^2 >= eta_k^2 |e_k|^2."""
    moved = displacement(K, K + 1, runs.drawn)
    terms = gradient(K).dot(moved) + scalar("L") * HALF * moved.square()
    return rules.add(
        rules.smooth(runs.step, K, K + 1, moved),
        rules.scale_equality(rules.orthogonal(runs.step, terms), expression(-1)),
        product(runs.step, noise, symbol(runs.step, "L"), HALF),
    )


def lemma(runs: Runs, noise: Derived) -> tuple[Step, ...]:
    """The steps from "turned" to the lemma."""
    variance, applied = runs.pattern.variance, runs.applied
    return (
        Step(
            "descent",
            "Descent at one step",
            "smoothness; e_k is orthogonal to g_k and to the gradient that is applied",
            Claim(F_GAP - following(F_GAP), ETA * inner(G, applied) - L / 2 * ETA**2 * (square(applied) + variance)),
            descended(runs, noise),
        ),
        Step(
            "summed",
            "Sum over the steps",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; telescoping; f_T >= 0",
            Claim(
                2 * DELTA + L * variance * total(ETA**2) + L**2 * total(ETA * runs.squared),
                total(ETA * square(G)) + total(ETA * (1 - L * ETA) * square(applied)),
            ),
            summed_up(runs.start, runs.step),
            ends("f"),
        ),
    )


#: What the points that the workers read lack of x_k, one of each worker.
APART = Vector("M")


def of_workers(pattern: Perturbed) -> Runs:
    """The runs of several workers, whose points are APART away."""
    return Runs(pattern, (WORKERS,), APPLIED, square(APART), drawn=True)


def mean_noise(runs: Runs) -> Derived:
    """sigma^2/N eta_k^2 >= eta_k^2 |e_k|^2."""
    eta, workers = symbol(runs.step, "eta", K, power=2), symbol(runs.step, "workers", power=-1)
    return product(runs.step, rules.mean_noise(runs.step, K), workers, eta)


def faded(runs: Runs, room: Derived, nothing: Apply, factor: Derived, why: str) -> Step:
    """From "kept", r |M_k|^2 + b eta_k^2 >= |M_{k+1}|^2: (1 - r) sum eta_k |M_k|^2 <= b sum eta_k^3, times a factor.

    Args:
        runs: the workers. room: r |M_k|^2 + b eta_k^2 >= 0. nothing: |M_0|^2 = 0. factor: of both sides, at least 0.
    """
    start, step, eta = runs.start, runs.step, scalar("eta", ZERO)
    early = (le(ZERO, K), lt(K, LAST - 1))
    before, later = start.having(*early), step.having(lt(ZERO, K))
    falls = rules.instantiate(side(FALLING).fact(later), before, k=K + 1)
    each = rules.add(
        product(before, rules.weaken(Ref("kept"), before), symbol(before, "eta", K)),
        product(before, falls, rules.square(before, meaning(APART, K + 1))),
    )
    rest = rules.widen(product(step, room, symbol(step, "eta", K)), ("k",), steps(K), early)
    sums = rules.add(rules.total(each, ("k",), *early), rest, rules.scale_equality(nothing, -eta))
    claim = Claim(runs.pattern.spread, total(ETA * runs.squared))
    return Step("spread", "How far apart the points are, in all", why, claim, rules.multiply(sums, factor), ends("ip"))


def up_to(cap: Condition, runs: Runs) -> Derived:
    """eta_k (c - L eta_k) >= 0, from the condition eta_k <= c/L."""
    return product(runs.step, side(cap).fact(runs.step), symbol(runs.step, "L"), symbol(runs.step, "eta", K))


def proof(
    bound: Bound,
    weights: Formula,
    runs: Runs,
    weight: Derived,
    noise: Derived,
    before: tuple[Step, ...],
    spread: tuple[Step, ...] = (),
) -> Proof:
    """A proof from the lemma.

    Args:
        bound: what is proved, of the mean with these weights; runs: of which method. weight: eta_k (1 - L eta_k) >= 0.
        noise: variance eta_k^2 >= eta_k^2 |e_k|^2. before: steps that end with "turned".
        spread: steps that end with one named so, pattern.spread >= sum eta_k P_k, where that is not the same.
    """
    start, step = runs.start, runs.step
    of_virtual = product(step, symbol(step, "eta", K), rules.square(step, gradient(K)))
    of_read = product(step, weight, rules.square(step, meaning(runs.applied, K)))
    claim = mean_theorem(bound.value, weights, runs.applied if bound.of_reads else G)
    parts = [Ref("summed"), rules.total(of_virtual if bound.of_reads else of_read, ("k",), *steps(K))]
    parts += [product(start, Ref("spread"), symbol(start, "L", power=2))] if spread else []
    last = Step("theorem", "The mean", "the other sum is not negative, as L eta_k <= 1", claim, rules.add(*parts))
    return Proof(
        bound.name,
        (*before, *lemma(runs, noise), *spread, last),
        claim,
        assumed=sides(bound),
        laws=frozenset(runs.laws),
        weights=weight if bound.of_reads else None,
    )
