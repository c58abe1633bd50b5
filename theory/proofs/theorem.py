"""The theorem of a bound, and whether facts prove it: the bound that is printed is the one that is proved.

Everything is made from the Bound itself. Its value gives numerator >= m * denominator, m the minimum over the points
that it names; or, for a mean with weights w_t, numerator >= sum of w_t E|g_t|^2, the denominator being the sum of the
weights.
Its conditions and assumptions say what may be used: each law of the runs, each axiom that assumes something, each side
condition, by formula and relation; that the denominator is positive; and from which T on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    NO_DELAY,
    NO_NOISE,
    ORDERED_READS,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
    Assumption,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.theorem_c import FIXED_DELAY, BestAngle, First, HalfSine, SineRatio
from theory.bounds.theorem_r import DELAYS_DRAWN
from theory.formulas.formula import (
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
    Sum,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    call,
    formula,
    total,
)
from theory.formulas.notation import GLOSSARY, name_node
from theory.proofs import axioms
from theory.proofs.axioms import NONNEGATIVE
from theory.proofs.kernel import (
    FIXED,
    IN_ORDER,
    IN_ORDER_IF_NOISY,
    LAST,
    NOISELESS,
    POSITIVE,
    PROMPT,
    RANDOM,
    ZERO,
    Context,
    Expression,
    Fact,
    Hypothesis,
    Index,
    Law,
    ProofError,
    expression,
    free_variables,
    le,
    lt,
    restate,
    scalar,
    var,
    weaken,
)
from theory.proofs.statement import CONSTANTS, FREE, MINIMUM, G, exact, fraction, inner, is_angle, meaning, read, square

_S, _D, _MU, _SIGMA, _K = *map(name_node, ("s", "d", "mu", "sigma")), var("k")

# ------------------------------------------------------------------------------------------- what may stand in a bound

_NODES = frozenset({
    BestAngle, Call, Defined, First, HalfSine, Name, Negative, Number, Peak, Power, Previous, Product, Quotient,
    Readers, Served, SineRatio, Sum, Total, WhereNoisy, WhereOvertaken, Window,
})  # fmt: skip
_PRINTED = frozenset(symbol.latex for symbol in GLOSSARY.values())
_LETTERS = CONSTANTS | FREE | {"k", "d", "eta", "theta"}


def _formulas(bound: Bound) -> Iterator[Formula]:
    """Every formula that is printed of a bound."""
    yield from (bound.value, *([bound.weights] if bound.weights is not None else []))
    for condition in bound.conditions:
        for one in (condition, *([condition.when] if condition.when else [])):
            yield from (one.left, one.right)


def printed_as_meant(formulas: Iterable[Formula]) -> None:
    """Refuse formulas in which a letter stands for two things, or a node is none of the library."""
    names: dict[str, str] = {}
    formulas = tuple(formulas)
    one_letter_one_thing(formulas)
    for node in (node for one in formulas for node in one.walk()):
        if type(node) not in _NODES:
            raise ProofError(f"A {type(node).__name__} is no part of a bound.")
        if isinstance(node, Name):
            known = GLOSSARY[node.name].latex if node.name in GLOSSARY else node.symbol
            taken = node.name not in GLOSSARY and node.symbol in _PRINTED
            if node.name not in _LETTERS or taken or names.setdefault(node.name, known) != node.symbol:
                raise ProofError(f"The letter {node.symbol} cannot stand for {node.name!r} in a bound.")


def one_letter_one_thing(formulas: Iterable[Formula]) -> None:
    """Refuse formulas in which a letter stands for two things."""
    letters: dict[tuple[str, object], Formula] = {}
    for node in {id(node): node for one in formulas for node in one.walk()}.values():
        if isinstance(node, Name | Defined):
            # One definition is printed for a symbol, with an index or without.
            keys = [node.sequence, Defined] if isinstance(node, Defined) else [node.sequence]
            if not all(_alike(letters.setdefault((node.symbol, key), node), node) for key in keys):
                raise ProofError(f"The letter {node.symbol} stands for two things.")


def _alike(one: Formula, other: Formula) -> bool:
    if is_angle(one) or is_angle(other):
        return is_angle(one) and is_angle(other)
    return same(one, other) or not (meaning(one) - meaning(other)).normal(_START)


def same(one: Any, other: Any) -> bool:
    """Whether two formulas are the same, node by node."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Formula) and type(one) is type(other):
        return one is other or all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return bool(type(one) is type(other) and one == other)


# ------------------------------------------------------------------------------------------------- what a bound grants

_IN_ORDER = (_D, Relation.AT_MOST, Previous(_D) + 1, 1)
_WITHIN = (_D, Relation.AT_MOST, _S - 1, 0)
_NOISY = (_SIGMA, Relation.ABOVE, formula(0), 0)
# A law of all runs: the assumption that is printed for it, the condition that is checked, and when it is asked for.
_LAWS: Mapping[Law, tuple[Assumption, tuple[Any, ...], tuple[Any, ...] | None]] = MappingProxyType(
    {
        NOISELESS: (NO_NOISE, (_SIGMA, Relation.EQUALS, formula(0), 0), None),
        PROMPT: (NO_DELAY, (_D, Relation.AT_MOST, formula(0), 0), None),
        IN_ORDER: (ORDERED_READS, _IN_ORDER, None),
        IN_ORDER_IF_NOISY: (ORDERED_READS, _IN_ORDER, _NOISY),
        FIXED: (FIXED_DELAY, (_D, Relation.EQUALS, call("min", Previous(_D) + 1, _S - 1), 1), None),
    }
)


def _states(bound: Bound, template: tuple[Any, ...], when: tuple[Any, ...] | None = None) -> bool:
    """Whether a condition of the bound is left relation right, from a step on, asked for always or as `when` says."""
    return any(
        same((c.left, c.relation, c.right, c.since), template)
        and (c.when is None or (when is not None and same((c.when.left, c.when.relation, c.when.right, 0), when)))
        for c in bound.conditions
    )


def laws(bound: Bound) -> frozenset[Law]:
    """The laws that every run keeps which the bound is about."""
    found = {
        law
        for law, (assumption, template, when) in _LAWS.items()
        if assumption in bound.assumptions and _states(bound, template, when)
    }
    return frozenset(found | ({RANDOM} if DELAYS_DRAWN in bound.assumptions else set()))


def least_steps(bound: Bound) -> int:
    """The least T that the bound is about."""
    asked = [
        exact(c.right)
        for c in bound.conditions
        if same((c.left, c.relation, c.when), (name_node("T"), Relation.AT_LEAST, None)) and type(c.right) is Number
    ]
    return max((int(number) for number in asked), default=1)


def _grants(bound: Bound, axiom: str) -> bool:
    """Whether what an axiom assumes is printed with the bound."""
    stated, known = frozenset(bound.assumptions), laws(bound)
    steps = DELAYS_FIXED in stated or (STEPS_FIXED in stated and bool(known & {PROMPT, FIXED}))
    needed: Mapping[str, bool] = {
        axioms.SMOOTH: SMOOTH in stated,
        axioms.BELOW: BOUNDED_BELOW in stated,
        axioms.GAP: BOUNDED_BELOW in stated,
        axioms.INDEPENDENT: steps,
        axioms.MEAN_ZERO: UNBIASED in stated,
        axioms.MEAN_ZERO_DRAWN: {UNBIASED, STEPS_FIXED, DELAYS_DRAWN} <= stated,
        axioms.VARIANCE: BOUNDED_VARIANCE in stated or NOISELESS in known,
        axioms.WITHIN: _states(bound, _WITHIN) or bool(known & {PROMPT, FIXED}),
        axioms.ONE_DELAY: FIXED in known,
        axioms.DRAWN: RANDOM in known,
        axioms.ONE_LAW: RANDOM in known,
        axioms.MINIMUM: bound.weights is None and bound.covers_last,
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
    nodes = [node for one in _formulas(bound) for node in one.walk()]
    angles = [node.angle for node in nodes if isinstance(node, HalfSine | SineRatio)]
    bodies = {angle.body if isinstance(angle, Defined) else angle for angle in angles}
    if all(type(body) is BestAngle for body in bodies):
        return len(bodies) == 1
    theta = Name("theta", r"\theta")
    asked = ((theta, Relation.AT_LEAST, formula(0), 0), ((2 * _S - 1) * theta, Relation.AT_MOST, _PI, 0))
    return all(same(body, theta) for body in bodies) and all(_states(bound, one) for one in asked)


_PI = Number(math.pi, r"\pi")


# -------------------------------------------------------------------------------------------------- side conditions


def _asks(bound: Bound, assumed: Hypothesis) -> bool:
    """Whether the bound asks for what was assumed, where it was assumed."""
    places: list[Index | None] = [var(name) for name in free_variables(assumed.body)] or [None]
    return any(
        (_in_run(assumed.context, place, since) if place else since == 0) and not _difference(assumed, body, place)
        for body, strict, equality, since in _asked(bound)
        for place in places
        if (strict or not assumed.strict) and (equality or not assumed.equality)
    )


def _in_run(context: Context, place: Any, since: int) -> bool:
    return context.entails(le(ZERO + since, place)) and context.entails(lt(place, LAST))


def _difference(assumed: Hypothesis, body: Expression, place: Any) -> Mapping[Any, Any]:
    return (assumed.body - (body if place is None else body.at(k=place))).normal(assumed.context)


def _asked(bound: Bound) -> Iterator[tuple[Expression, bool, bool, int]]:
    """What each condition says is not negative: with whether it is positive, whether it is 0, and from which k on."""
    if COHERENCE in bound.assumptions:
        yield meaning(inner(G, read(G))) - meaning(_MU * square(G)), False, False, 0
    for condition in bound.conditions:
        yield from _said(condition)


def _said(condition: Condition) -> Iterator[tuple[Expression, bool, bool, int]]:
    left, right, since = condition.left, condition.right, condition.since
    try:
        if condition.relation is Relation.EQUALS and isinstance(right, Quotient) and condition.when is None:
            # x = a/b, so that b is not 0, says x b = a.
            yield meaning(left * right.under) - meaning(right.over), False, True, since
        apart = meaning(left) - meaning(right)
        factor = _when(condition.when)
    except ProofError:  # a condition without a meaning here restricts the theorem, and serves no proof
        return
    strict, equality = condition.relation is Relation.ABOVE, condition.relation is Relation.EQUALS
    if condition.relation is not Relation.AT_MOST:
        yield apart * factor, strict and condition.when is None, equality, since
    if condition.relation in (Relation.AT_MOST, Relation.EQUALS):
        yield -apart * factor, False, equality, since


def _when(when: Condition | None) -> Expression:
    """What is positive where the condition is asked for, and 0 elsewhere: of s > 1 it is s - 1, as s is at least 1."""
    if when is None:
        return expression(1)
    if same((when.left, when.relation, when.right), (_S, Relation.ABOVE, formula(1))):
        return scalar("s") - 1
    if same((when.left, when.relation, when.right, 0), _NOISY):
        return scalar("sigma")
    raise ProofError("This condition is asked for where the proofs cannot follow.")


def _signs(bound: Bound) -> None:
    """Refuse a bound in which a letter has a sign in proofs that no condition asks for; T, s, eta have it by type."""
    names = frozenset[str]().union(*(one.names() for one in _formulas(bound)))
    for name in sorted((names & NONNEGATIVE) - {"T", "s", "eta"}):
        positive = name in POSITIVE
        if not any(
            isinstance(c.left, Name)
            and c.left.name == name
            and c.when is None
            and c.since == 0
            and _at_least_zero(c.right)
            and (
                c.relation is Relation.ABOVE
                or (not (positive and _is_zero(c.right)) and c.relation is not Relation.AT_MOST)
            )
            for c in bound.conditions
        ):
            raise ProofError(f"No condition says that {name} is {'positive' if positive else 'not negative'}.")


def _at_least_zero(node: Formula) -> bool:
    value = meaning(node)
    return all(c >= 0 and t.payload is None and {a[0] for a, _ in t.monomial} <= NONNEGATIVE for t, c in value.terms)


def _is_zero(node: Formula) -> bool:
    return any({a[0] for a, _ in t.monomial} - POSITIVE or c == 0 for t, c in meaning(node).terms)


# ---------------------------------------------------------------------------------------------------- the comparison

_START = Context(frozenset({lt(ZERO, LAST)}))
#: What computing the same step size in another way may differ by.
_TOLERANCE = 1e-9


def conclusion(bound: Bound) -> Expression:
    """What the theorem says is not negative."""
    numerator, denominator = fraction(bound.value)
    if bound.weights is None:
        return meaning(numerator) - meaning(MINIMUM * denominator)
    if (meaning(denominator) - meaning(total(bound.weights))).normal(_START):
        raise ProofError("The denominator of the mean is not the sum of its weights.")
    return meaning(numerator) - meaning(total(bound.weights * square(G)))


def compare(bound: Bound, final: Fact, denominator: Fact | None = None, weights: Fact | None = None) -> None:
    """Refuse unless the fact is the theorem of the bound, and rests on nothing that the bound does not state.

    `denominator` shows that the denominator is positive where no condition says so: it is denominator - p >= 0 for a
    product p of positive symbols. `weights` shows of a mean that w_k >= 0 where that is not plain.
    """
    own = ("latex", "quantity", "iterates", "statement", "latex_conditions", "latex_definitions", "assess", "evaluate")
    if any(getattr(type(bound), name) is not getattr(Bound, name) for name in own):
        raise ProofError("The bound prints itself in a way of its own.")
    if any(type(c) is not Condition or type(c.when) not in (Condition, type(None)) for c in bound.conditions):
        raise ProofError("The conditions of a bound are those of the library.")
    if any(c.relative > _TOLERANCE for c in bound.conditions):
        raise ProofError("A condition with an equality is checked too loosely.")
    if bound.weights is not None and bound.covers_last:
        raise ProofError("A mean is over the points x_0..x_{T-1}.")
    printed_as_meant(_formulas(bound))
    _signs(bound)
    run = Context(frozenset({le(ZERO + least_steps(bound), LAST)}), laws(bound))
    restate(weaken(final, run), conclusion(bound))
    facts = (final, *_positive(bound, run, denominator), *_weighing(bound, run, weights))
    for used in sorted(frozenset[Any]().union(*(fact.used for fact in facts)), key=repr):
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


def _weighing(bound: Bound, run: Context, shown: Fact | None) -> tuple[Fact, ...]:
    """Refuse weights of a mean that may be negative: a minimum is at most a mean with weights that are not."""
    if bound.weights is None:
        return ()
    step, body = run.having(le(ZERO, _K), lt(_K, LAST)), meaning(bound.weights)
    if _is_positive(body, step, NONNEGATIVE):
        return ()
    if shown is None:
        raise ProofError("Nothing says that the weights of the mean are not negative.")
    restate(weaken(shown, step), body)
    return (shown,)
