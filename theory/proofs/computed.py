"""What floats can see of a bound: refused is one whose number would not be the theorem's, though the theorem is true.

Nothing here decides what is proved. It guards the evaluation: parts that cancel leave rounding alone, and an allowance
is relative to the parts as they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Call, Formula, Peak
from theory.proofs.kernel import LAST, ZERO, Context, Expression, ProofError, lt
from theory.proofs.statement import fraction, library, meaning
from theory.proofs.theorem import asked_for, formulas_of, said

_START = Context(frozenset({lt(ZERO, LAST)}))
#: Theorem C adds up sines of which some cancel; they are never large.
_OF_SINES = frozenset({("U", 1), ("sine", 2), ("L", 1), ("eta", 1), ("T", 1), ("share", 1)})


def require_computable(bound: Bound) -> None:
    """Refuse parts of a formula that cancel, or numbers that dwarf the others: floats would not see what is left."""
    nodes = (node for one in formulas_of(bound) for node in library(one) if type(node) in (Call, Peak))
    inside = (child for node in nodes for child in node.children)
    of_conditions = (body for condition in asked_for(bound) for body, *_ in said(condition))
    for body in chain(_meanings(chain(inside, formulas_of(bound))), of_conditions):
        whole = Expression(tuple((t, abs(c)) for t, c in body.terms))
        left, sizes = body.normal(_START), whole.normal(_START)
        gone = [term[2] for term, c in sizes.items() if c > 1000 * abs(left.get(term, Fraction(0)))]
        found = [{(atom[0], power) for atom, power in monomial} for monomial in gone]
        moderate = all(1e-6 < c < 1e6 for c in sizes.values())
        if not moderate or not all({("U", 1)} <= powers <= _OF_SINES for powers in found):
            raise ProofError("Parts of a formula cancel, or numbers are too large or small to compute with.")


def _meanings(nodes: Iterator[Formula]) -> Iterator[Expression]:
    """What numerators and denominators mean; what means nothing serves no proof."""
    for part in (part for node in nodes for part in fraction(node)):
        try:
            yield meaning(part)
        except ProofError:
            continue
