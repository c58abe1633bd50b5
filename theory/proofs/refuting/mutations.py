"""Every formula, claim, expression or derivation that differs from a given one in one place.

What changes: constants (n + 1, n - 1, 2n, 1/n), signs, exponents, indices (the next one, not the one read), terms and
factors left out, symbols exchanged, gradient and noise exchanged, sets of steps and constraints one larger or smaller,
parts of a derivation left out, and the steps that it refers to.

What says the same by itself is no change: constraints that follow from the others, an expression with the same normal
form whatever is known, and terms that `orthogonal` keeps, so that they cancel in what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from theory.formulas.formula import (
    Formula,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Readers,
    Served,
    Sum,
    WhereOvertaken,
    Window,
    Younger,
)
from theory.formulas.notation import name_node
from theory.formulas.plain import plain
from theory.proofs.axioms import orthogonal
from theory.proofs.kernel import Context, Expression, Index, Le, ProofError, Term, le
from theory.proofs.nodes import At, Inner, Moved, Vector, following
from theory.proofs.proof import Apply, Claim, Ref
from theory.proofs.terms import rebuilt

#: A change: what it is, and the changed object.
Change = tuple[str, Any]

# ------------------------------------------------------------------------------------------------------- of formulas

_OTHERS = {"L": "sigma", "sigma": "L", "Delta": "sigma", "mu": "s", "s": "T", "T": "s", "eta": "L"}


def of_formula(node: Formula) -> Iterator[Change]:
    """Every formula that differs from this one in one place."""
    yield from _here(node)
    if isinstance(node, Inner) and node.one is node.other:
        yield from ((text, Inner(new, new)) for text, new in of_formula(node.one))
        return
    for name, value in _formula_fields(node):
        if name == "exponent":  # changed with its base
            continue
        if isinstance(value, Formula):
            yield from ((text, _rebuilt(node, name, new)) for text, new in of_formula(value))
        else:
            for position, part in enumerate(value):
                for text, new in of_formula(part):
                    yield text, _rebuilt(node, name, (*value[:position], new, *value[position + 1 :]))


def _rebuilt(node: Any, name: str, value: Any) -> Formula:
    changed: Formula = replace(node, **{name: value})
    return changed


def _formula_fields(node: Any) -> Iterator[tuple[str, Any]]:
    """The fields that hold the children; formulas that a node only keeps to compute with mean nothing to a proof."""
    for one in fields(node):
        value = getattr(node, one.name)
        if value in node.children or (isinstance(value, tuple) and value and value == node.children):
            yield one.name, value


def _here(node: Formula) -> Iterator[Change]:
    """The changes of a node itself."""
    for what, new in _replacements(node):
        yield f"{plain(node.latex())} -> {plain(new.latex())} ({what})", new


def _replacements(node: Formula) -> Iterator[tuple[str, Formula]]:
    match node:
        case Number():
            yield from (("constant", _number(value)) for value in _constants(Fraction(node.text or node.value)))
        case Negative():
            yield "sign", node.body
        case Sum():
            yield from (("dropped term", _rest(Sum, node.terms, n)) for n in range(len(node.terms)))
            yield from (("sign", replace(node, terms=_negated(node.terms, n))) for n in range(len(node.terms)))
        case Product():
            yield from (("dropped factor", _rest(Product, node.factors, n)) for n in range(len(node.factors)))
        case Quotient():
            yield "dropped factor", node.over
        case Power(base, Number(value)):
            yield "exponent", Power(base, Number(value + 1))
            yield "exponent", base if value == 2 else Power(base, Number(value - 1))
        case Name() if node.name in _OTHERS:
            yield "swapped symbol", name_node(_OTHERS[node.name])
            if node.sequence:
                yield "index", following(node)
        case Vector():
            yield "index", following(node)
            if node.name in "ge":
                yield "noise and gradient", Vector({"g": "e", "e": "g"}[node.name])
        case Moved():
            yield "index", node.body
        case At():
            yield "index", replace(node, index=node.index + 1)
        case Window():
            yield from (("set of steps", other(node.body)) for other in (Readers, Served))
        case Younger():
            yield from (("set of steps", other(node.body)) for other in (Window, Readers))
        case Readers():
            yield from (("set of steps", other(node.body)) for other in (Window, Served))
        case Served():
            yield from (("set of steps", other(node.body)) for other in (Window, Readers))
        case WhereOvertaken():
            yield "swapped cases", WhereOvertaken(node.ordered, node.late)


def _constants(value: Fraction) -> tuple[Fraction, ...]:
    """Other constants: n + 1, n - 1, 2n and 1/n."""
    others = [value + 1, value - 1, 2 * value, *([1 / value] if value else [])]
    return tuple(dict.fromkeys(other for other in others if other != value))


def _number(value: Fraction) -> Formula:
    positive = Number(float(abs(value.numerator)))
    whole: Formula = positive if value.denominator == 1 else positive / float(value.denominator)
    return Negative(whole) if value < 0 else whole


def _rest(kind: Callable[[tuple[Formula, ...]], Formula], parts: tuple[Formula, ...], left_out: int) -> Formula:
    rest = parts[:left_out] + parts[left_out + 1 :]
    return rest[0] if len(rest) == 1 else kind(rest)


def _negated(terms: tuple[Formula, ...], position: int) -> tuple[Formula, ...]:
    return (*terms[:position], Negative(terms[position]), *terms[position + 1 :])


def of_claim(claim: Claim) -> Iterator[Change]:
    """Every claim that differs in one place, and the converse."""
    for side in ("left", "right"):
        yield from ((text, replace(claim, **{side: new})) for text, new in of_formula(getattr(claim, side)))
    yield "left and right exchanged", replace(claim, left=claim.right, right=claim.left)


# ----------------------------------------------------------------------------------------------------- of derivations

_VECTORS = {"g": "e", "e": "g"}


def of_derivation(node: Any, earlier: tuple[str, ...] = ()) -> Iterator[Change]:
    """Every derivation that differs from this one in one place; `earlier` names the steps that it may refer to."""
    match node:
        case Apply():
            yield from _of_call(node, earlier)
        case Ref():
            yield from ((f"step {node.step} -> {name}", Ref(name)) for name in earlier if name != node.step)
        case bool() | None | str():
            return
        case int() | Fraction():
            yield from ((f"{node} -> {new} (constant)", new) for new in _constants(Fraction(node)))
        case Expression():
            yield from of_expression(node)
        case Context():
            yield from _of_context(node)
        case Index():
            yield from _of_index(node)
        case Le():
            yield from ((f"{text} (set of steps)", new) for text, new in _of_constraint(node))
        case tuple():
            for position, part in enumerate(node):
                for text, new in of_derivation(part, earlier):
                    yield text, (*node[:position], new, *node[position + 1 :])


def _of_call(node: Apply, earlier: tuple[str, ...]) -> Iterator[Change]:
    if node.rule in ("add", "multiply") and len(node.arguments) > 1:
        for position in range(len(node.arguments)):
            rest = node.arguments[:position] + node.arguments[position + 1 :]
            yield f"dropped part {position + 1} of {node.rule}", Apply(node.rule, rest) if rest[1:] else rest[0]
    if node.rule == "orthogonal":
        for text, new in _of_noise(*node.arguments):
            yield f"{node.rule}: {text}", _with_argument(node, 1, new)
        return
    if node.rule == "sign" and node.arguments[1] in _OTHERS:
        other = _OTHERS[node.arguments[1]]
        yield f"{node.arguments[1]} -> {other} (swapped symbol)", _with_argument(node, 1, other)
    for position, argument in enumerate(node.arguments):
        for text, new in of_derivation(argument, earlier):
            changed = _with_argument(node, position, new)
            if type(argument) is not Le or not _alike(_constraints(node.arguments), _constraints(changed.arguments)):
                yield f"{node.rule}: {text}", changed
    for name, argument in node.named.items():
        for text, new in of_derivation(argument, earlier):
            yield f"{node.rule}: {text}", replace(node, named={**node.named, name: new})


def _constraints(arguments: tuple[Any, ...]) -> frozenset[Le]:
    return frozenset(argument for argument in arguments if type(argument) is Le)


def _alike(one: frozenset[Le], other: frozenset[Le]) -> bool:
    """Whether two sets of constraints follow from each other."""
    return all(map(Context(one).entails, other)) and all(map(Context(other).entails, one))


def _of_noise(context: Context, body: Expression, *cut: Any) -> Iterator[Change]:
    """The changes of terms with noise that do not cancel in what `orthogonal` says, which is linear in the terms."""
    noisy = Expression(tuple((term, c) for term, c in body.terms if "e" in _vectors(term)))
    rest = Expression(tuple((term, c) for term, c in body.terms if "e" not in _vectors(term)))
    for text, new in of_expression(noisy):
        if not _cancels(context, new - noisy, *cut):
            yield text, new + rest


def _cancels(context: Context, body: Expression, *cut: Any) -> bool:
    """Whether nothing of an expression is orthogonal."""
    try:
        return not orthogonal(context, body, *cut).expression.normal(context)
    except ProofError:
        return False


def _vectors(term: Term) -> tuple[str, ...]:
    return tuple(name for name, _ in term.payload[1:]) if term.payload and term.payload[0] in ("ip", "vec") else ()


def _with_argument(node: Apply, position: int, new: Any) -> Apply:
    return replace(node, arguments=(*node.arguments[:position], new, *node.arguments[position + 1 :]))


def of_expression(body: Expression) -> Iterator[Change]:
    """Every expression that differs in one term, and is not the same whatever is known."""
    yield from ((text, new) for text, new in _of_terms(body) if (new - body).normal(Context()))


def _of_terms(body: Expression) -> Iterator[Change]:
    for position, (term, coefficient) in enumerate(body.terms):
        if not coefficient:
            continue
        before, after = body.terms[:position], body.terms[position + 1 :]
        yield "dropped term", Expression((*before, *after))
        yield "sign", Expression((*before, (term, -coefficient), *after))
        for number in _constants(coefficient):
            yield f"{coefficient} -> {number} (constant)", Expression((*before, (term, number), *after))
        for text, new in _of_term(term):
            yield text, Expression((*before, *after)) + new * coefficient


def _of_term(term: Term) -> Iterator[tuple[str, Expression]]:
    size, constraints, monomial, payload = term
    for position, ((name, *where), power) in enumerate(monomial):
        before, after = monomial[:position], monomial[position + 1 :]

        def changed(*new: Any, before: Any = before, after: Any = after) -> Iterator[Expression]:
            yield from _if_any(size, constraints, (*before, *new, *after), payload)

        yield from ((f"dropped {name}", new) for new in changed())
        yield from ((f"exponent of {name}", new) for new in changed(((name, *where), power + 1)))
        for other in _of_indices(where):
            yield from ((f"index of {name}", new) for new in changed(((name, *other), power)))
        if name in _OTHERS and not where:
            yield from ((f"{name} -> {_OTHERS[name]}", new) for new in changed(((_OTHERS[name],), power)))
    for position, constraint in enumerate(sorted(constraints)):
        for text, other in _of_constraint(constraint):
            more = constraints - {constraint} | {other}
            yield from ((f"constraint {position}: {text}", new) for new in _if_any(size, more, monomial, payload))
    for text, other in _of_payload(payload):
        yield from ((text, new) for new in _if_any(size, constraints, monomial, other))


def _if_any(*parts: Any) -> Iterator[Expression]:
    """The term of these parts, if there is one: no sum without an end, no division by what may be 0."""
    try:
        yield rebuilt(*parts)
    except ProofError:
        return


def _of_payload(payload: Any) -> Iterator[Change]:
    if payload is None:
        return
    if payload[0] == "f":
        yield from (("index of f", ("f", new)) for _, new in _of_index(payload[1]))
        return
    for position, (name, index) in enumerate(payload[1:], 1):
        before, after = payload[:position], payload[position + 1 :]
        if name in _VECTORS:
            yield f"{name} -> {_VECTORS[name]}", (*before, (_VECTORS[name], index), *after)
        yield from ((f"index of {name}", (*before, (name, new), *after)) for _, new in _of_index(index))


def _of_indices(where: list[Index]) -> Iterator[tuple[Index, ...]]:
    for position, index in enumerate(where):
        yield from ((*where[:position], new, *where[position + 1 :]) for _, new in _of_index(index))


def calls(node: Any) -> Iterator[Apply]:
    """All calls of a derivation."""
    if isinstance(node, Apply):
        yield node
    inside = (*node.arguments, *node.named.values()) if isinstance(node, Apply) else node
    for part in inside if isinstance(inside, tuple) else ():
        yield from calls(part)


def _of_index(index: Index) -> Iterator[tuple[str, Index]]:
    yield "index + 1", index + 1
    yield "index - 1", index - 1
    if len(index.core) == 3:
        yield "not read", Index(index.core[1], index.core[2] + index.offset)


def _of_constraint(constraint: Le) -> Iterator[tuple[str, Le]]:
    yield "one more", le(Index(constraint.left), Index(constraint.right, constraint.gap + 1))
    yield "one less", le(Index(constraint.left), Index(constraint.right, constraint.gap - 1))


def _of_context(context: Context) -> Iterator[Change]:
    for constraint in sorted(context.constraints):
        less = context.constraints - {constraint}
        changed = [("dropped constraint", less)]
        changed += ((f"constraint: {text}", less | {other}) for text, other in _of_constraint(constraint))
        for text, new in changed:
            if not _alike(context.constraints, new):
                yield text, Context(new, context.laws)
    for law in sorted(context.laws, key=repr):
        yield f"dropped law {law[0]}", Context(context.constraints, context.laws - {law})
