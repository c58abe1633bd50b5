"""A proof as a value: steps with a printed claim and the rules that derive it, replayed by the kernel.

A derivation is a tree of calls to the kernel's rules, written down and not carried out. Replaying a proof carries them
out, step by step, and compares what comes out with what the step claims. A derivation that is wrong makes a rule
refuse, or derives something else than the claim; whether the last fact is the theorem of the bound is for `theorem.py`
to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from theory.bounds import REGISTRY
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Relation
from theory.common.table import Table
from theory.formulas.formula import Formula, Quotient, Sum, total
from theory.proofs import axioms, kernel, statement
from theory.proofs.axioms import AXIOMS
from theory.proofs.computed import require_computable
from theory.proofs.kernel import Context, Expression, Fact, ProofError
from theory.proofs.nodes import MINIMUM, G, square, written
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorem import compare, formulas_of, one_letter_one_thing


def minimum(context: Context, point: kernel.Index, with_last: bool = True) -> Fact:
    """E|g|^2 at a point is at least m, the minimum over x_0..x_T, or over x_0..x_{T-1}."""
    return AXIOMS["least" if with_last else "least_before_last"](context, point)


def _chosen(number: int, *names: str) -> str:
    if number not in (0, 1):
        raise ProofError(f"Only 0 and 1 are known here. Got {number}.")
    return names[number]


def in_flight(context: Context, point: kernel.Index, power: int) -> Fact:
    """The steps in flight at a point, counted (0), or with the steps since their reads (1), on average."""
    return AXIOMS[_chosen(power, "in_flight", "in_flight_long")](context, point)


def unbiased(context: Context, step: kernel.Index, name: str, index: kernel.Index) -> Fact:
    """E<e_step, v> = 0 for one vector; refused where v may depend on e_step."""
    body = kernel.vector("e", step).dot(kernel.vector(name, index))
    try:
        return kernel.restate(axioms.orthogonal(context, body), body)
    except ProofError:
        message = f"E<e_{step}, {name}_{index}> need not be zero: the vector may depend on that noise."
        raise ProofError(message) from None


def sine_start(context: Context, high: kernel.Index, low: kernel.Index, value: int) -> Fact:
    """U_0 = 0 and U_1 = 1: for high = low and for high = low + 1."""
    return AXIOMS[_chosen(value, "sine_zero", "sine_one")](context, high, low)


def sine_increases(context: Context, high: kernel.Index, low: kernel.Index, step: kernel.Index | None = None) -> Fact:
    """U_{m+1} >= U_m for m = high - low at most D: as 0 <= low and high <= D, or within the window of a step."""
    inside = () if step is None else (step,)
    return AXIOMS["sine_increases_inside" if inside else "sine_increases"](context, high, low, *inside)


def sine_full(context: Context, step: kernel.Index, more: int) -> Fact:
    """U_m for m = k + more - tau_k is U_{D + more} where k >= D."""
    return AXIOMS[_chosen(more, "sine_full", "sine_full_next")](context, step)


def number_is(context: Context, value: int) -> Fact:
    """number_k = k at a particular k >= 1: by counting up from 1."""
    if type(value) is not int or value < 1:
        raise ProofError(f"number_k stands for k >= 1. Got {value}.")
    ups = (AXIOMS["number"](context, kernel.ZERO + k) for k in range(1, value))
    return kernel.restate(
        kernel.add(AXIOMS["number_one"](context), *ups), kernel.scalar("number", kernel.ZERO + value) - value
    )


_RULES = (
    kernel.square, kernel.constant, kernel.hypothesis, kernel.weaken, kernel.instantiate, kernel.add, kernel.multiply,
    kernel.scale_equality, kernel.cancel, kernel.total, kernel.widen, kernel.restate, kernel.up_to_the_last,
    kernel.unsquare, kernel.cases, kernel.induct, kernel.descend, axioms.orthogonal, axioms.sign, axioms.drawn,
    axioms.noise_cases, axioms.overtaking_cases, axioms.sine_inverse, statement.maximum, statement.largest,
    statement.root_sign, statement.root_squared, minimum, in_flight, unbiased, sine_start, sine_increases, sine_full,
    number_is,
)  # fmt: skip
#: What a derivation may call. Those of this file are made of the others.
RULES: Mapping[str, Callable[..., Fact]] = Table(dict[str, Any](AXIOMS) | {rule.__name__: rule for rule in _RULES})


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
        left, right = (side.bracketed(Sum.strength, written(self.index)) for side in (self.left, self.right))
        return f"{left} {'=' if self.equality else chr(92) + 'ge'} {right}"


def theorem(value: Formula) -> Claim:
    """What a proof of m <= numerator / denominator must end with: numerator >= m denominator."""
    numerator, denominator = fraction(value)
    return Claim(numerator, MINIMUM * denominator if isinstance(value, Quotient) else MINIMUM)


def mean_theorem(value: Formula, weights: Formula, gradient: Formula = G) -> Claim:
    """What a proof that a mean, of |g_t|^2 or of another gradient, is at most numerator/denominator must end with."""
    numerator, denominator = fraction(value)
    if (meaning(denominator) - meaning(total(weights))).normal(Context()):
        raise ProofError(f"The denominator {denominator.latex()} is not the sum of the weights {weights.latex('t')}.")
    return Claim(numerator, total(weights * square(gradient)))


@dataclass(frozen=True, eq=False)
class Assumed:
    """What may be assumed under a name: of the steps (or gradients, or `points`) 0..T-1, or from `since` on."""

    name: str
    claim: Claim
    since: int = 0
    points: bool = False

    def fact(self, context: Context) -> Apply:
        """Assume it."""
        return rules.hypothesis(context, self.claim.expression(), self.name, self.claim.equality)


def side_condition(bound: Bound, symbol: str) -> Assumed:
    """The condition that a symbol of a bound is at least something, as it stands in the library."""
    found = next(c for c in bound.conditions if c.symbol == symbol and c.relation is Relation.AT_LEAST)
    claim = Claim(found.left, found.right, kernel.var(found.index or "k"))
    return Assumed(found.name, claim, points=found.index == "t")


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
        conclusion: what the last step must have proved.
        assumed: the side conditions that may be assumed; under the name of one nothing else may be.
        laws: what is known of every run that the theorem is about: nothing, or that there is no noise.
        least_steps: it is about every T of at least this number.
        denominator: shows that the denominator is positive, where no condition says so.
        weights, last: show that the weights of a mean are not negative, of x_0..x_{T-1} and of x_T, where that is not
            plain; mean: that the value bounds the mean which `check` tests beside a minimum.
    """

    name: str
    steps: tuple[Step, ...]
    conclusion: Claim
    assumed: tuple[Assumed | str, ...] = ()
    laws: frozenset[kernel.Law] = frozenset()
    least_steps: int = 1
    denominator: Apply | Ref | None = None
    weights: Apply | Ref | None = None
    last: Apply | Ref | None = None
    mean: Apply | Ref | None = None

    def verify(self, known: Mapping[str, Fact] | None = None) -> Report:
        """Replay every step, and compare with the bound of the library that has this name; there must be one."""
        report = self.against(REGISTRY.get(self.name), known)
        if self.name in REGISTRY:
            return report
        missing = Line("The theorem", "restate", False, "", "", f"The library has no bound named {self.name!r}.")
        return replace(report, lines=(*report.lines, missing))

    def against(self, bound: Bound | None, known: Mapping[str, Fact] | None = None) -> Report:
        """Replay every step; is the last one the theorem of the bound? Without a bound: is it the conclusion?

        A step whose fact is known already, from an earlier replay, is not replayed where the fact is what it claims.
        """
        lines: list[Line] = []
        facts: dict[str, Fact] = dict(known or {})
        for step in (step for step in self.steps if not _says(facts.get(step.name), step.claim)):
            lines.append(_replay(step, facts, self.assumed))
            if not lines[-1].ok:
                return Report(self.name, tuple(lines), frozenset(), facts)
        last, rested_on = _conclude(self, facts[self.steps[-1].name], facts, bound)
        return Report(self.name, (*lines, last), rested_on, facts)


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


def _says(fact: Fact | None, claim: Claim) -> bool:
    """Whether a fact that is known is what a step claims, as `_replay` would leave it."""
    if fact is None:
        return False
    kernel.checked(fact)
    told = not (fact.expression - claim.expression()).normal(fact.context)
    return told and (fact.equality or not claim.equality)


def _replay(step: Step, facts: dict[str, Fact], assumed: tuple[Assumed | str, ...]) -> Line:
    rule = step.derivation.rule if isinstance(step.derivation, Apply) else "restate"
    line = partial(Line, step.title, rule, claim=step.claim.latex(), why=step.why)
    try:
        kernel.checked(derived := evaluate(step.derivation, facts))
        _check_hypotheses(derived, assumed)
        facts[step.name] = kernel.restate(derived, step.claim.expression(), step.cut)
        if step.claim.equality and not derived.equality:
            raise ProofError("The step claims an equality and derives an inequality.")
    except ProofError as refusal:
        return line(ok=False, refusal=str(refusal))
    return line(ok=True)


def _check_hypotheses(derived: Fact, assumed: tuple[Assumed | str, ...]) -> None:
    """Refuse what is assumed and is no condition of the theorem, another one than its name says, or not asked there."""
    stated = {side.name: side for side in assumed if isinstance(side, Assumed)}
    for used in (use for use in derived.used if isinstance(use, kernel.Hypothesis)):
        if used.name not in stated:
            if not (used.strict and used.name in assumed):
                raise ProofError(f"The proof assumes what the theorem does not: {used.name}.")
            continue
        side, claim, index = stated[used.name], stated[used.name].claim, stated[used.name].claim.index
        if (used.body - claim.expression()).normal(used.context) or (used.equality and not claim.equality):
            raise ProofError(f"Under the name {used.name!r} the proof assumes something else than {claim.latex()}.")
        if kernel.variables(index.core) & kernel.free_variables(claim.expression()):
            place = index if side.points else kernel.update(index)
            kernel.require(used.context, kernel.le(kernel.ZERO + side.since, place), kernel.lt(place, kernel.LAST))


def _conclude(proof: Proof, final: Fact, facts: Mapping[str, Fact], bound: Bound | None) -> tuple[Line, frozenset[str]]:
    """The last fact must be the theorem, hold for every T that it is about, and assume nothing else.

    With what it rests on, what shows the denominator positive and the weights not negative included.
    """
    line = partial(Line, "The theorem", "restate", claim=proof.conclusion.latex(), why="the bound of the library")
    try:
        if type(proof.least_steps) is not int or proof.least_steps < 1:
            raise ProofError(f"A run has one step at least. Got {proof.least_steps!r}.")
        kernel.restate(final, proof.conclusion.expression())
        run = Context(frozenset({kernel.le(kernel.ZERO + proof.least_steps, kernel.LAST)}), proof.laws)
        kernel.weaken(final, run)
        _check_hypotheses(final, proof.assumed)
        if proof.conclusion.equality and not final.equality:
            raise ProofError("The conclusion is an equality and the proof ends with an inequality.")
        sides = [side for step in proof.steps for side in (step.claim.left, step.claim.right)]
        one_letter_one_thing([*sides, *(formulas_of(bound) if bound is not None else ())], run)
        parts = (proof.denominator, proof.weights, proof.last, proof.mean)
        more = [evaluate(part, facts) if part else None for part in parts]
        if bound is not None:
            compare(bound, final, *more)
            require_computable(bound)
    except ProofError as refusal:
        return line(ok=False, refusal=str(refusal)), final.axioms
    return line(ok=True), final.axioms.union(*(fact.axioms for fact in more if fact is not None))


def evaluate(node: Any, facts: Mapping[str, Fact]) -> Any:
    """Carry out a derivation."""
    if isinstance(node, Apply):
        arguments = [evaluate(argument, facts) for argument in node.arguments]
        named = {name: evaluate(argument, facts) for name, argument in node.named.items()}
        return RULES[node.rule](*arguments, **named)
    if isinstance(node, Fact):
        raise ProofError("A derivation is made of rules; no fact can be put into it.")
    if isinstance(node, Ref):
        if node.step not in facts:
            raise ProofError(f"It rests on the step {node.step!r}, which is not proved before it.")
        return facts[node.step]
    if type(node) is tuple:
        return tuple(evaluate(part, facts) for part in node)
    return node
