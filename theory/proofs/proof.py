"""A proof as a value: steps with a printed claim and the rules that derive it, replayed by the kernel.

A derivation is a tree of calls to the kernel's rules, written down and not carried out. Replaying a proof carries them
out, step by step, and compares what comes out with what the step claims. Nothing here is trusted: a derivation that is
wrong makes a rule refuse, or derives something else than the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Relation
from theory.formulas.formula import Formula, Quotient, total
from theory.proofs import axioms, kernel, statement
from theory.proofs.kernel import Context, Expression, Fact, ProofError
from theory.proofs.statement import MINIMUM, G, fraction, meaning, square

_RULES_OF_THE_KERNEL = (
    kernel.square, kernel.constant, kernel.weaken, kernel.instantiate, kernel.add, kernel.multiply,
    kernel.scale_equality, kernel.cancel, kernel.total, kernel.widen, kernel.restate, kernel.orthogonal,
    kernel.up_to_the_last, kernel.unsquare, kernel.cases, kernel.unbiased, kernel.specialise, kernel.induct,
)  # fmt: skip
_AXIOMS = (
    axioms.smooth, axioms.bounded_below, axioms.gap, axioms.minimum, axioms.bounded_variance, axioms.window_count,
    axioms.readers_count, axioms.served_count, axioms.steps_count, axioms.overtaking_cases, axioms.sign,
    axioms.hypothesis, axioms.same_point, axioms.turning, axioms.indicator, axioms.root, axioms.number,
    axioms.number_is, axioms.logarithm, axioms.logarithm_of_one, statement.maximum, statement.root_sign,
    statement.root_squared, statement.largest, axioms.drawn, axioms.certain, axioms.in_flight, axioms.noise_cases,
    *axioms.FIXED_DELAY,
)  # fmt: skip
RULES: Mapping[str, Callable[..., Any]] = {rule.__name__: rule for rule in (*_RULES_OF_THE_KERNEL, *_AXIOMS)}


@dataclass(frozen=True, eq=False)
class Apply:
    """A call of a rule, written down."""

    rule: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ref:
    """The fact that an earlier step proved."""

    step: str


class Rules:
    """`rules.smooth(...)` writes down a call of `kernel.smooth`."""

    def __getattr__(self, name: str) -> Callable[..., Apply]:
        if name not in RULES:
            raise AttributeError(f"The kernel has no rule {name!r}.")
        return partial(_write, name)


def _write(rule: str, /, *arguments: Any, **named: Any) -> Apply:
    return Apply(rule, arguments, named)


rules = Rules()
_K = kernel.var("k")


@dataclass(frozen=True, eq=False)
class Claim:
    """left >= right, or left = right, at the free index k (or j, t, ...) of a context."""

    left: Formula
    right: Formula
    index: kernel.Index = _K
    equality: bool = False

    def expression(self) -> Expression:
        """Left - right."""
        return meaning(self.left, self.index) - meaning(self.right, self.index)

    def latex(self) -> str:
        """The claim as LaTeX."""
        letter = self.index.core[1] if self.index.core[0] == "v" else "k"
        return f"{self.left.latex(letter)} {'=' if self.equality else chr(92) + 'ge'} {self.right.latex(letter)}"


def theorem(value: Formula) -> Claim:
    """What a proof of m <= numerator / denominator must end with: numerator >= m denominator."""
    numerator, denominator = fraction(value)
    return Claim(numerator, MINIMUM * denominator if isinstance(value, Quotient) else MINIMUM)


def mean_theorem(value: Formula, weights: Formula) -> Claim:
    """What a proof that the mean of |g_t|^2, t < T, is at most numerator / denominator must end with.

    Raises:
        ProofError: the denominator is not the sum of the weights.
    """
    numerator, denominator = fraction(value)
    if (meaning(denominator) - meaning(total(weights))).normal(Context()):
        raise ProofError(f"The denominator {denominator.latex()} is not the sum of the weights {weights.latex('t')}.")
    return Claim(numerator, total(weights * square(G)))


@dataclass(frozen=True, eq=False)
class Assumed:
    """A side condition of a theorem: what may be assumed under its name, and nothing else.

    It is asked of the steps or points 0..T-1, or from `since` on; elsewhere it may not be assumed.
    """

    name: str
    claim: Claim
    since: int = 0

    def fact(self, context: Context) -> Apply:
        """Assume it."""
        return rules.hypothesis(context, self.claim.expression(), self.name, self.claim.equality)


def side_condition(bound: Bound, symbol: str) -> Assumed:
    """The condition that a symbol of a bound is at least something, as it stands in the library."""
    found = next(c for c in bound.conditions if c.symbol == symbol and c.relation is Relation.AT_LEAST)
    return Assumed(found.name, Claim(found.left, found.right, kernel.var(found.index or "k")))


@dataclass(frozen=True, eq=False)
class Step:
    """One step: what it claims, why, and the derivation."""

    name: str
    title: str
    why: str
    claim: Claim
    derivation: Apply
    cut: kernel.Cut = kernel.no_cut


@dataclass(frozen=True, eq=False)
class Proof:
    """A proof of a bound.

    Args:
        name: the bound's name.
        steps: in order; the last one claims the theorem.
        conclusion: what the last step must have proved, made from the bound itself.
        assumed: the side conditions that may be assumed; under the name of one nothing else may be.
        laws: what is known of every run that the theorem is about: nothing, or that there is no noise.
        least_steps: it is about every T of at least this number.
    """

    name: str
    steps: tuple[Step, ...]
    conclusion: Claim
    assumed: tuple[Assumed | str, ...] = ()
    laws: frozenset[kernel.Law] = frozenset()
    least_steps: int = 1

    def verify(self, known: Mapping[str, Fact] | None = None) -> Report:
        """Replay every step; those whose fact is known already, from an earlier replay, are taken as they are."""
        lines: list[Line] = []
        facts: dict[str, Fact] = dict(known or {})
        for step in (step for step in self.steps if step.name not in (known or {})):
            lines.append(_replay(step, facts, self.assumed))
            if not lines[-1].ok:
                return Report(self.name, tuple(lines), frozenset(), facts)
        final = facts[self.steps[-1].name]
        lines.append(_conclude(self, final))
        return Report(self.name, tuple(lines), final.axioms, facts)


@dataclass(frozen=True)
class Line:
    """What became of one step."""

    title: str
    rule: str
    ok: bool
    claim: str
    why: str
    refusal: str = ""


@dataclass(frozen=True)
class Report:
    """What became of a proof."""

    name: str
    lines: tuple[Line, ...]
    axioms: frozenset[str]
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def proved(self) -> bool:
        """Whether every step was accepted and the last one is the theorem."""
        return all(line.ok for line in self.lines)


def _replay(step: Step, facts: dict[str, Fact], assumed: tuple[Assumed | str, ...]) -> Line:
    rule = step.derivation.rule if isinstance(step.derivation, Apply) else "restate"
    line = partial(Line, step.title, rule, claim=step.claim.latex(), why=step.why)
    try:
        _check_hypotheses(step.derivation, {side.name: side for side in assumed if isinstance(side, Assumed)})
        derived = evaluate(step.derivation, facts)
        facts[step.name] = kernel.restate(derived, step.claim.expression(), step.cut)
        if step.claim.equality and not derived.equality:
            raise ProofError("The step claims an equality and derives an inequality.")
    except ProofError as refusal:
        return line(ok=False, refusal=str(refusal))
    return line(ok=True)


def _check_hypotheses(derivation: Any, stated: Mapping[str, Assumed]) -> None:
    """Refuse what is assumed and is no condition of the theorem, another one than its name says, or not asked there."""
    for used in _calls(derivation, "hypothesis"):
        (context, body, name, *rest), equality = used.arguments, used.named.get("equality", False)
        if name not in stated:
            raise ProofError(f"The proof assumes what the theorem does not: {name}.")
        claim, index = stated[name].claim, stated[name].claim.index
        if (body - claim.expression()).normal(context) or (any((*rest, equality)) and not claim.equality):
            raise ProofError(f"Under the name {name!r} the proof assumes something else than {claim.latex()}.")
        if kernel.variables(index.core) & kernel.free_variables(claim.expression()):
            kernel.require(context, kernel.le(kernel.ZERO + stated[name].since, index), kernel.lt(index, kernel.LAST))


def _calls(node: Any, rule: str) -> Iterator[Apply]:
    """The calls of a rule in a derivation."""
    if isinstance(node, Apply):
        if node.rule == rule:
            yield node
        node = (*node.arguments, *node.named.values())
    if isinstance(node, tuple):
        for part in node:
            yield from _calls(part, rule)


def _conclude(proof: Proof, final: Fact) -> Line:
    """The last fact must be the theorem, hold for every T that it is about, and assume nothing else."""
    line = partial(Line, "The theorem", "restate", claim=proof.conclusion.latex(), why="the bound of the library")
    try:
        kernel.restate(final, proof.conclusion.expression())
        kernel.weaken(final, Context(frozenset({kernel.le(kernel.ZERO + proof.least_steps, kernel.LAST)}), proof.laws))
        stated = {side.name if isinstance(side, Assumed) else side for side in proof.assumed}
        extra = {a for a in final.axioms if a.startswith("assumed: ")} - {f"assumed: {name}" for name in stated}
        if extra:
            raise ProofError(f"The proof assumes what the theorem does not: {', '.join(sorted(extra))}.")
    except ProofError as refusal:
        return line(ok=False, refusal=str(refusal))
    return line(ok=True)


def evaluate(node: Any, facts: Mapping[str, Fact]) -> Any:
    """Carry out a derivation."""
    if isinstance(node, Apply):
        arguments = [evaluate(argument, facts) for argument in node.arguments]
        named = {name: evaluate(argument, facts) for name, argument in node.named.items()}
        return RULES[node.rule](*arguments, **named)
    if isinstance(node, Fact):
        raise ProofError("A derivation is made of rules; no fact can be put into it.")
    if isinstance(node, Ref):
        return facts[node.step]
    if isinstance(node, tuple):
        return tuple(evaluate(part, facts) for part in node)
    return node
