"""The theorem of a bound, and whether facts prove it: the bound that is printed is the one that is proved.

Everything is made from the Bound itself. Its value gives numerator >= m * denominator, m the minimum over the points
that it names; or, for a mean with weights w_t, numerator >= sum of w_t E|g_t|^2, the denominator being the sum of the
weights. Where `check` tests a mean beside the minimum, that the value bounds it is asked for as well.
Its conditions and assumptions say what may be used: each law of the runs, each axiom that assumes something, each side
condition, by formula and relation; that the denominator is positive; and from which T on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from types import NoneType
from typing import Any

from theory.bounds.corollary_star import WithBudget
from theory.bounds.parts import assumptions
from theory.bounds.parts.assumptions import (
    BLOCK_READS,
    BOUNDED_BELOW,
    BOUNDED_GRADIENT,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_DRAWN,
    DELAYS_FIXED,
    ERROR_FEEDBACK,
    GROUP_AVERAGING,
    NO_DELAY,
    NO_NOISE,
    ORDERED_READS,
    RANDOM_MIXING,
    SEVERAL_READS,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
    WORKERS_ALIKE,
    WORKERS_BOUNDED,
    WORKERS_NOISE,
    WORKERS_SMOOTH,
    Assumption,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_ab_overtaking import WithTurns
from theory.bounds.theorem_ar import WithWeighedSquares
from theory.bounds.theorem_arb import WithOneSquare
from theory.bounds.theorem_b_noise import WithShares
from theory.bounds.theorem_c import BEST_ANGLE, CONSTANT_STEP, FIXED_DELAY, BestAngle, First
from theory.bounds.theorem_c_noise import WithAngle
from theory.bounds.theorem_r import WithOneTurn
from theory.bounds.theorem_s import WithMixtures
from theory.common.table import Table
from theory.formulas.formula import (
    Defined,
    Formula,
    Name,
    Number,
    OverSteps,
    Previous,
    Quotient,
    StepNumber,
    call,
    formula,
)
from theory.formulas.notation import ABBREVIATION, LETTERS, name_node
from theory.proofs import axioms, kernel
from theory.proofs.kernel import (
    LAST,
    POSITIVE,
    ZERO,
    Context,
    Expression,
    Fact,
    Hypothesis,
    ProofError,
    free_variables,
    le,
    lt,
    must_be,
    restate,
    scalar,
    tau,
    update,
    var,
    vector,
    weaken,
)
from theory.proofs.statement import exact, fraction, is_angle, library, meaning

_S, _D, _SIGMA, _K = *map(name_node, ("s", "d", "sigma")), var("k")
_G, _STEPS, _START = vector("g", _K), (le(ZERO, _K), lt(_K, LAST)), Context(frozenset({lt(ZERO, LAST)}))
#: What computing the same step size in another way may differ by.
_TOLERANCE = 1e-12

# ------------------------------------------------------------------------------------------- what may stand in a bound


def formulas_of(bound: Bound) -> Iterator[Formula]:
    """Every formula of a bound."""
    yield bound.value
    yield from () if bound.weighed is None else (bound.weighed.each, bound.weighed.whole)
    yield from (side for c in asked_for(bound) for side in (c.left, c.right))


def asked_for(bound: Bound) -> Iterator[Condition]:
    """The conditions, and those that say when one is asked for."""
    for condition in bound.conditions:
        yield from (condition, *([condition.when] if condition.when is not None else []))


#: What a bound may assume: another sentence might be about other runs. Of moves taken back there is no axiom.
_STATED = (*vars(assumptions).values(), CONSTANT_STEP, FIXED_DELAY)
_KNOWN = frozenset(each for each in _STATED if type(each) is Assumption) - {assumptions.MOVES_TAKEN_BACK}


def of_the_library(bound: Bound) -> None:
    """Refuse a bound that has something of a kind of its own, which might print, compare or evaluate otherwise."""
    chosen = WithAngle, WithBudget, WithMixtures, WithOneSquare, WithOneTurn, WithShares, WithTurns, WithWeighedSquares
    must_be(bound, Bound, *chosen)
    must_be(bound.covers_last, bool), must_be(bound.covers_reads, bool), must_be(bound.weighing, Weighing, NoneType)
    for assumption in must_be(bound.assumptions, tuple):
        for text in vars(must_be(assumption, Assumption)).values():
            must_be(text, str)
        if assumption not in _KNOWN:
            raise ProofError(f"No axiom is about what this assumption says: {assumption.name}.")
    for one in must_be(bound.conditions, tuple):
        if must_be(one, Condition).when is not None:
            must_be(must_be(one.when, Condition).when, NoneType)
    for c in asked_for(bound):
        must_be(c.relation, Relation), must_be(c.since, int), must_be(c.index, str, NoneType)
        if not 0 <= must_be(c.relative, float) <= _TOLERANCE:
            raise ProofError("A condition with an equality is checked too loosely.")
        if c.index not in (None, "k", "t") or c.since not in ((0, 1) if c.index else (0,)):
            raise ProofError(f"The condition {c.name} is not asked for where it is printed.")


#: What assumptions print, so that no abbreviation may: updates, compressors, workers, vectors.
_LETTERS_OF: Mapping[Assumption, str] = Table(
    {SEVERAL_READS: "u", ERROR_FEEDBACK: "CNu", GROUP_AVERAGING: "N", RANDOM_MIXING: "Nv", WORKERS_NOISE: "N"}
    | {WORKERS_BOUNDED: "N", WORKERS_ALIKE: "N"}
)


def printed_as_meant(bound: Bound) -> None:
    """Refuse formulas in which a letter stands for two things, or that print, mean or compute different things."""
    names: dict[str, tuple[str, str, bool]] = {}
    letters = {letter for one in bound.assumptions for letter in _LETTERS_OF.get(one, ())}
    for node in (node for one in formulas_of(bound) for node in library(one)):
        key = (node.name, node.symbol, node.sequence) if type(node) is Name else ("theta", "best", False)
        known = key in LETTERS and (key[2] or key[0] not in bound.each)
        if type(node) in (Name, BestAngle) and (not known or names.setdefault(key[0], key) != key):
            raise ProofError(f"The letter {key[1]} cannot stand for {key[0]!r} in a bound.")
        taken = type(node) is Defined and node.symbol in letters
        if type(node) is Defined and (taken or not ABBREVIATION.fullmatch(node.symbol)):
            raise ProofError(f"The letter {node.symbol} is none that an abbreviation may have.")
        if type(node) is Defined and not node.sequence and node.body.of_a_step:
            raise ProofError(f"{node.symbol} is printed without an index, but depends on the step.")
    of_mean = () if bound.weighed is None else ((bound.weighed.each, "t"), (bound.weighed.whole, None))
    of_conditions = ((side, c.index) for c in asked_for(bound) for side in (c.left, c.right))
    for one, index in ((bound.value, None), *of_mean, *of_conditions) if SEVERAL_READS in bound.assumptions else ():
        if _places(one) - {index}:
            raise ProofError(f"{one.latex()} mixes what belongs to gradients with what belongs to points.")
    one_letter_one_thing(formulas_of(bound), _start(bound))
    if bound.value.of_a_step or (bound.weighed is not None and bound.weighed.whole.of_a_step):
        raise ProofError("The value of a bound is one number.")
    for c in asked_for(bound):
        if (c.index is None) is (c.left.of_a_step or c.right.of_a_step):
            raise ProofError(f"The condition {c.name} is not asked for where it is printed.")


def _places(node: Formula) -> frozenset[str]:
    """What a formula has an entry for, where an update applies several gradients: gradients, "k", or points, "t"."""
    inside, summed = frozenset[str]().union(*map(_places, node.children)), isinstance(node, OverSteps | First)
    if type(node) in (Previous, StepNumber) or (summed and "t" in inside):
        raise ProofError(f"{node.latex()} has no meaning where an update applies several gradients.")
    own = "k" if type(node) is Name and node.sequence else node.per
    return frozenset(own) if summed else inside | frozenset(own)


def _start(bound: Bound) -> Context:
    """A run, of several gradients an update where the bound is about such: there no gradient goes for its block."""
    return _START.under(kernel.SEVERAL) if SEVERAL_READS in bound.assumptions else _START


def one_letter_one_thing(formulas: Iterable[Formula], run: Context) -> None:
    """Refuse formulas in which a letter stands for two things in a run."""
    letters: dict[tuple[str, object], Formula] = {}
    for node in {id(node): node for one in formulas for node in one.walk()}.values():
        if isinstance(node, Name | Defined):
            # One definition is printed for a symbol, with an index or without.
            keys = [node.sequence, Defined] if isinstance(node, Defined) else [node.sequence]
            if not all(_alike(letters.setdefault((node.symbol, key), node), node, run) for key in keys):
                raise ProofError(f"The letter {node.symbol} stands for two things.")


def _alike(one: Formula, other: Formula, run: Context) -> bool:
    if is_angle(one) and is_angle(other):
        return True
    return same(one, other) or not (meaning(one) - meaning(other)).normal(run)


def same(one: Any, other: Any) -> bool:
    """Whether two formulas are the same, node by node."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Formula) and type(one) is type(other):
        return one is other or all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return bool(type(one) is type(other) and one == other)


# ------------------------------------------------------------------------------------------------- what a bound grants

_IN_ORDER = (_D, Relation.AT_MOST, Previous(_D) + 1, "k", 1)
_WITHIN = (_D, Relation.AT_MOST, _S - 1, "k", 0)
_NOISY, _STALE = (_SIGMA, Relation.ABOVE, formula(0)), (_S, Relation.ABOVE, formula(1))
# A law of all runs: the assumption that is printed for it, the condition that is checked, and when it is asked for.
_LAWS: Mapping[kernel.Law, tuple[Assumption, tuple[Any, ...], tuple[Any, ...] | None]] = Table(
    {
        kernel.NOISELESS: (NO_NOISE, (_SIGMA, Relation.EQUALS, formula(0), None, 0), None),
        kernel.PROMPT: (NO_DELAY, (_D, Relation.AT_MOST, formula(0), "k", 0), None),
        kernel.IN_ORDER: (ORDERED_READS, _IN_ORDER, None),
        kernel.IN_ORDER_IF_NOISY: (ORDERED_READS, _IN_ORDER, _NOISY),
        kernel.FIXED: (FIXED_DELAY, (_D, Relation.EQUALS, call("min", Previous(_D) + 1, _S - 1), "k", 1), None),
    }
)


def _states(bound: Bound, template: tuple[Any, ...], when: tuple[Any, ...] | None = None) -> bool:
    """Whether a condition of the bound is left relation right, from a step on, asked for always or as `when` says."""
    return any(
        same((c.left, c.relation, c.right, c.index, c.since), template)
        and (c.when is None or (when is not None and same((c.when.left, c.when.relation, c.when.right), when)))
        for c in bound.conditions
    )


def laws(bound: Bound) -> frozenset[kernel.Law]:
    """The laws that every run keeps which the bound is about."""
    found = {
        law
        for law, (assumption, template, when) in _LAWS.items()
        if assumption in bound.assumptions and _states(bound, template, when)
    }
    found |= {kernel.RANDOM} if DELAYS_DRAWN in bound.assumptions else set()
    if SEVERAL_READS in bound.assumptions:
        found |= {kernel.SEVERAL}
        if (
            found - {kernel.SEVERAL, kernel.NOISELESS, kernel.RANDOM}
            or bound.weights is not None
            or COHERENCE in bound.assumptions
        ):
            raise ProofError("Several gradients an update go with no law of the order of reads, no coherence, no mean.")
    if BLOCK_READS in bound.assumptions:
        found |= {kernel.MIXED}
        if kernel.SEVERAL not in found or kernel.RANDOM in found:
            raise ProofError(
                "Blocks that are read apart are treated with several gradients an update, at fixed delays."
            )
    if workers := {ERROR_FEEDBACK, GROUP_AVERAGING, RANDOM_MIXING} & set(bound.assumptions):
        found |= {kernel.WORKERS}
        plain = found | {kernel.NOISELESS} == {kernel.WORKERS, kernel.PROMPT, kernel.NOISELESS}
        if len(workers) > 1 or not plain or bound.weights is None or COHERENCE in bound.assumptions:
            raise ProofError("Workers have one method, no delays, no coherence, and a bound on a mean.")
    # One step keeps "no delay" and "one delay" whatever s is, and no longer run goes on so.
    if len(found & {kernel.PROMPT, kernel.FIXED, kernel.RANDOM}) > 1:
        raise ProofError("No delay, one delay and random delays do not go together.")
    return frozenset(found)


def least_steps(bound: Bound) -> int:
    """The least T that the bound is about."""
    asked = [
        exact(c.right)
        for c in bound.conditions
        if same((c.left, c.relation, c.since, c.when), (name_node("T"), Relation.AT_LEAST, 0, None))
        and type(c.right) is Number
    ]
    return max((int(number) for number in asked), default=1)


def _within(bound: Bound) -> bool:
    """Whether no delay is beyond s - 1."""
    return _states(bound, _WITHIN) or bool(laws(bound) & {kernel.PROMPT, kernel.FIXED})


def _grants(bound: Bound, axiom: str) -> bool:
    """Whether what an axiom assumes is printed with the bound."""
    stated, known = frozenset(bound.assumptions), laws(bound)
    fixed = DELAYS_FIXED in stated or (STEPS_FIXED in stated and bool(known & {kernel.PROMPT, kernel.FIXED}))
    # Delays, compressors and rounds of means may be drawn where the gradients are exact.
    chance = known & {kernel.RANDOM, kernel.WORKERS}
    independent = STEPS_FIXED in stated if chance else fixed or kernel.NOISELESS in known
    needed: Mapping[str, bool] = {
        axioms.SMOOTH: SMOOTH in stated,
        axioms.BELOW: BOUNDED_BELOW in stated,
        axioms.GAP: BOUNDED_BELOW in stated,
        axioms.INDEPENDENT: independent,
        axioms.MEAN_ZERO: UNBIASED in stated,
        axioms.MEAN_ZERO_DRAWN: {UNBIASED, STEPS_FIXED, DELAYS_DRAWN} <= stated,
        axioms.APART: UNBIASED in stated and SEVERAL_READS in stated,
        axioms.BLOCKS: SEVERAL_READS in stated,
        axioms.BLOCKWISE: BLOCK_READS in stated,
        axioms.VARIANCE: not {BOUNDED_VARIANCE, WORKERS_NOISE}.isdisjoint(stated) or kernel.NOISELESS in known,
        axioms.MOMENT: BOUNDED_GRADIENT in stated,
        axioms.WORKERS_MOMENT: WORKERS_BOUNDED in stated,
        axioms.OF_WORKERS: WORKERS_NOISE in stated,
        axioms.ONE_START: kernel.WORKERS in known,
        axioms.KEPT: ERROR_FEEDBACK in stated,
        axioms.OWN_POINTS: GROUP_AVERAGING in stated or RANDOM_MIXING in stated,
        axioms.ROUNDS: GROUP_AVERAGING in stated,
        axioms.MIXING: RANDOM_MIXING in stated,
        axioms.EACH_SMOOTH: WORKERS_SMOOTH in stated,
        axioms.ALIKE: WORKERS_ALIKE in stated,
        axioms.WITHIN: _within(bound),
        axioms.ONE_DELAY: kernel.FIXED in known,
        axioms.DRAWN: kernel.RANDOM in known and independent,
        axioms.ONE_LAW: kernel.RANDOM in known,
        axioms.MINIMUM: bound.weights is None and bound.covers_last,
        axioms.MINIMUM_OF_READS: bound.weights is None and bound.covers_reads,
        axioms.MINIMUM_BEFORE_LAST: bound.weights is None and not bound.covers_last,
        axioms.ANGLE: _angle_in_range(bound),
    }
    return needed.get(axiom, axiom in _OF_SYMBOLS)


#: Axioms that only say what a symbol means.
_OF_SYMBOLS = frozenset({
    axioms.SINES, axioms.OVERTAKEN, axioms.NOISY, axioms.NO_NOISE, axioms.TURNING, axioms.STEPS, axioms.ROOT_OF_NUMBER,
    axioms.NUMBER, axioms.LOGARITHM, axioms.INVERSE, axioms.LARGEST, axioms.ROOT,
})  # fmt: skip


def _angle_in_range(bound: Bound) -> bool:
    """Whether theta is one number from 0 to pi/(2s - 1): the best angle by its making, or a number with conditions."""
    nodes = {node for one in formulas_of(bound) for node in one.walk()}
    theta = Name("theta", r"\theta")
    asked = ((theta, Relation.AT_LEAST, formula(0), None, 0), ((2 * _S - 1) * theta, Relation.AT_MOST, _PI, None, 0))
    return BEST_ANGLE in nodes or all(_states(bound, one) for one in asked)


_PI = Number(math.pi, r"\pi")


# -------------------------------------------------------------------------------------------------- side conditions


def _asks(bound: Bound, assumed: Hypothesis) -> bool:
    """Whether the bound asks for what was assumed, where it was assumed."""
    places: list[kernel.Index | None] = [var(name) for name in free_variables(assumed.body)] or [None]
    return any(
        (_in_run(assumed.context, of(place), since) if place else since == 0) and not _difference(assumed, body, place)
        for body, strict, equality, since, of in _asked(bound)
        for place in places
        if (strict or not assumed.strict) and (equality or not assumed.equality)
    )


def _in_run(context: Context, place: Any, since: int) -> bool:
    return context.entails(le(ZERO + since, place)) and context.entails(lt(place, LAST))


def _difference(assumed: Hypothesis, body: Expression, place: Any) -> Mapping[Any, Any]:
    return (assumed.body - (body if place is None else body.at(k=place))).normal(assumed.context)


def _asked(bound: Bound) -> Iterator[tuple[Expression, bool, bool, int, Callable[[kernel.Index], kernel.Index]]]:
    """What each condition says is not negative: whether it is positive, or 0, from which k on, and the point of a k."""
    if COHERENCE in bound.assumptions and _within(bound):  # it is assumed of the points of the window
        yield _G.dot(vector("g", tau(_K))) - scalar("mu") * _G.square(), False, False, 0, lambda point: point
    for condition in bound.conditions:
        yield from ((*said, (lambda t: t) if condition.index == "t" else update) for said in said(condition))


def said(condition: Condition) -> Iterator[tuple[Expression, bool, bool, int]]:
    """What a condition says is not negative: whether it is positive, or 0, and from which step on."""
    left, right, since = condition.left, condition.right, condition.since
    try:
        if condition.relation is Relation.EQUALS and isinstance(right, Quotient) and condition.when is None:
            # x = a/b, so that b is not 0, says x b = a.
            yield meaning(left * right.under) - meaning(right.over), False, True, since
        apart, factor = meaning(left) - meaning(right), kernel.expression(1)
    except ProofError:  # a condition without a meaning here restricts the theorem, and serves no proof
        return
    if condition.when is not None:
        if not same((condition.when.left, condition.when.relation, condition.when.right), _STALE):
            return
        factor = scalar("s") - 1  # positive where s > 1, and 0 elsewhere, as s is at least 1
    strict, equality = condition.relation is Relation.ABOVE, condition.relation is Relation.EQUALS
    if condition.relation is not Relation.AT_MOST:
        yield apart * factor, strict and condition.when is None, equality, since
    if condition.relation in (Relation.AT_MOST, Relation.EQUALS):
        yield -apart * factor, False, equality, since


def _signs(bound: Bound) -> None:
    """Refuse a bound in which a letter has a sign in proofs that no condition asks for; T, s, eta have it by type."""
    names, known = frozenset[str]().union(*(one.names() for one in formulas_of(bound))), laws(bound)
    names |= {"L", *(() if kernel.NOISELESS in known else ("sigma",))}
    names |= {*(("mu",) if COHERENCE in bound.assumptions else ()), *(("Ed", "Ed2") if kernel.RANDOM in known else ())}
    names |= {"delta"} if {ERROR_FEEDBACK, RANDOM_MIXING} & set(bound.assumptions) else set()
    shown = {"T", "s", "eta", "B"}
    for c in bound.conditions:
        if type(c.left) is Name and (c.when, c.since) == (None, 0) and c.relation is not Relation.AT_MOST:
            # The floor is a number, or a letter whose sign a condition before this one asks for.
            over, under = fraction(c.right)
            number = exact(over) / exact(under) if type(over) is type(under) is Number else None
            letter = type(c.right) is Name and c.right.name in shown
            above = c.relation is Relation.ABOVE or (number is not None and number > 0)
            if (number is not None or letter) and (above or c.left.name not in POSITIVE):
                shown.add(c.left.name)
    for name in sorted((names & axioms.NONNEGATIVE) - shown):
        raise ProofError(f"No condition says that {name} is {'positive' if name in POSITIVE else 'not negative'}.")


# ---------------------------------------------------------------------------------------------------- the comparison


def conclusion(bound: Bound) -> Expression:
    """What the theorem says is not negative."""
    numerator, denominator = map(meaning, fraction(bound.value))
    return numerator - scalar("m") * denominator if bound.weights is None else weighted_mean(bound, bound.weighed)[0]


def weighted_mean(bound: Bound, weighed: Any) -> tuple[Expression, Expression, Expression]:
    """What is not negative where the value bounds a weighted mean: the difference of both, w_k, the weight of x_T."""
    known, sides = laws(bound), (*fraction(bound.value), weighed.each, weighed.whole)
    gradient = vector("a", _K) if ERROR_FEEDBACK in bound.assumptions else _G  # where it was read, or at x_k
    numerator, denominator, each, whole = (kernel.settled(meaning(side), known) for side in sides)
    if (denominator - whole).normal(_start(bound)):
        if bound.weights is not None:
            raise ProofError("The denominator of the mean is not the sum of its weights.")
        numerator = meaning(bound.value) * whole
    last = whole - each.total(("k",), *_STEPS)
    squares = (each * gradient.square()).total(("k",), *_STEPS) + last * vector("g", LAST).square()
    return numerator - squares, each, last


def compare(
    bound: Bound, final: Fact, denominator: Any = None, weights: Any = None, last: Any = None, mean: Any = None
) -> None:
    """Refuse unless the fact is the theorem of the bound, and rests on nothing that the bound does not state.

    More facts may show: `denominator` that it is positive where no condition says so, as denominator - p >= 0 for a
    product p of positive symbols; `weights` and `last`, where it is not plain, that the weights of a mean, of x_k and
    of x_T, are not negative; `mean` that the value of a bound on the minimum bounds the mean with its weights as well.
    """
    of_the_library(bound)
    printed_as_meant(bound)
    if bound.weights is not None and (bound.covers_last or bound.covers_reads):
        raise ProofError("A mean is over the points x_0..x_{T-1}.")
    _signs(bound)
    run = Context(frozenset({le(ZERO + least_steps(bound), LAST)}), laws(bound))
    restate(weaken(final, run), conclusion(bound))
    of_mean = (mean if bound.weights is None else final, weights, last)
    facts = (final, *_positive(bound, run, denominator), *_weighing(bound, run, *of_mean))
    # Every axiom about steps and delays takes them as given, and every one about noise that it has a variance.
    always = {axioms.INDEPENDENT} | (set() if kernel.NOISELESS in run.laws else {axioms.VARIANCE})
    for used in sorted(frozenset[Any](always).union(*(fact.used for fact in facts)), key=repr):
        if isinstance(used, Hypothesis) and not _asks(bound, used):
            raise ProofError(f"The proof assumes what the bound does not ask for: {used.name}.")
        if isinstance(used, str) and not _grants(bound, used):
            raise ProofError(f"The proof uses an axiom that no assumption of the bound states: {used}.")


def _positive(bound: Bound, run: Context, shown: Fact | None) -> tuple[Fact, ...]:
    """Refuse a denominator that may be 0 or negative: by a condition, by what it is made of, or by a fact."""
    body = meaning(fraction(bound.value)[1])
    asked = Hypothesis("the denominator is positive", run, body, strict=True)
    if _is_positive(body, run) or _asks(bound, asked):
        return ()
    if shown is None:
        raise ProofError("Nothing says that the denominator of the bound is positive.")
    if not _is_positive(body - weaken(shown, run).expression, run):
        raise ProofError("The fact about the denominator does not say that it is positive.")
    return (shown,)


def _is_positive(body: Expression, run: Context, symbols: frozenset[str] = POSITIVE) -> bool:
    """Whether an expression is a product of positive symbols, times a positive number."""
    found = list(body.normal(run).items())
    plain = all(not term.size and not term.constraints and term.payload is None and c > 0 for term, c in found)
    return len(found) == 1 and plain and all(atom[0] in symbols for atom, _ in found[0][0].monomial)


def _weighing(bound: Bound, run: Context, *shown: Fact | None) -> Iterator[Fact]:
    """Refuse a weighted mean that no fact shows, and weights that may be negative: no minimum is above such a mean."""
    if bound.weighed is None:
        return
    parts = weighted_mean(bound, bound.weighed)
    if parts[2].normal(run) and not bound.covers_last:
        raise ProofError("The weights of the mean do not add up to their sum.")
    for body, place, fact in zip(parts, (run, run.having(*_STEPS), run), shown, strict=True):
        if body.normal(place) and not _is_positive(body, place, axioms.NONNEGATIVE):
            if fact is None:
                raise ProofError("Nothing says that the value bounds the weighted mean, or that no weight is negative.")
            restate(weaken(fact, place), body)
            yield fact
