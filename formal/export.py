"""Write Statements.v: of each bound the value, the side conditions and the points of its minimum, as Coq definitions.

    python -m formal.export [FILE]

Every formula is read from the Bound object, node by node; a node without a meaning here is refused. Link.v proves each
`statement` from the theorems written by hand, so that a bound that says something else in Python does not build.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

from formal.assumed import (
    ASSUMED,
    ASSUMED_AT_RANDOM,
    ASSUMED_OF_A_METHOD,
    ASSUMED_OF_CENTRES,
    ASSUMED_OF_CLIENTS,
)
from theory.bounds import REGISTRY, Bound, Condition, Relation
from theory.bounds.asp_regret import SEVERAL_CENTRES
from theory.bounds.counter_momentum import MethodAngle
from theory.bounds.leave_one_out import LEFT_OUT, Powers
from theory.bounds.parts.assumptions import DELAYS_DRAWN, MOVES_TAKEN_BACK, Assumption
from theory.bounds.parts.checked import IN_COQ
from theory.bounds.rotaru2024 import Fading
from theory.bounds.theorem_c import BestAngle, First, HalfSine, SineRatio
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
    StepNumber,
    Sum,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
)
from theory.proofs.statement import exact

FILE = Path(__file__).parent / "Statements.v"

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_Text = tuple[str, int]

#: Letters that are names of the run, or of Coq, and stand for something else in some bound.
_TAKEN = {"S", "R", "N", "E", "F", "L", "T", "eta"}
_INDEX = {"k": "j", "t": "k", "j": "i", "i": "l", "l": "n"}
_SETTING = {"L": "L", "Delta": "Delta", "sigma": "sigma", "mu": "mu", "s": "INR s", "T": "INR T"}
#: Whole numbers of a run, which powers are counted by.
_WHOLE = {"T": "T", "local": "(LeftOutRun.local run)"}
_SETTING |= {"local": f"INR {_WHOLE['local']}"}
_OF_STEP = {"eta": "eta {}", "d": "delay {}", "m": "MovingRun.moves run {}"}
#: Angles that a bound looks for, and what is known of them.
_ANGLES: Mapping[type, str] = {
    BestAngle: "0 <= best <= PI / (2 * INR s - 1)",
    MethodAngle: "PI / (2 * INR s + 1) <= best <= 2 * PI / (2 * INR s + 1)",
}
_FUNCTIONS = {
    "sqrt": "sqrt", "log": "ln", "ln": "ln", "sin": "sin", "max": "Rmax", "min": "Rmin", "abs": "Rabs",
    "floor": "LeftOutRun.floor",
}  # fmt: skip
_RELATIONS: Mapping[Relation, str] = {
    Relation.AT_LEAST: "{1} <= {0}",
    Relation.AT_MOST: "{0} <= {1}",
    Relation.ABOVE: "{1} < {0}",
    Relation.EQUALS: "{0} = {1}",
}


def identifier(symbol: str) -> str:
    r"""The name in Coq of an abbreviation.

    >>> identifier("H^+"), identifier(r"\beta"), identifier("U_{s-1}"), identifier("S")
    ('H_plus', 'beta', 'U_s_less_1', 'S_')
    """
    plain = re.sub(r"[\\{}]", "", symbol).replace("^+", "_plus").replace("-", "_less_")
    return f"{plain}_" if plain in _TAKEN else plain


def written(node: Formula, index: str = "k", at_least: int = _SUM) -> str:
    """A formula in Coq at an index, in parentheses where it binds more loosely than asked."""
    if type(node) not in _WRITERS:
        raise TypeError(f"The formula {node.latex()} has no form in Coq.")
    text, strength = _WRITERS[type(node)](node, index)
    return text if strength >= at_least else f"({text})"


def _number(node: Number, index: str) -> _Text:
    if node.text == r"\pi":
        return "PI", _ATOM
    value = exact(node)
    return (str(value.numerator), _ATOM) if value.denominator == 1 else (str(value).replace("/", " / "), _PRODUCT)


def _name(node: Name, index: str) -> _Text:
    if node.name == "k":
        return f"INR (S {index})", _POWER
    if node.name in _OF_STEP:
        return _OF_STEP[node.name].format(index), _POWER
    if node.name in _SETTING:
        text = _SETTING[node.name]
        return text, _POWER if " " in text else _ATOM
    return (f"{node.name} {index}", _POWER) if node.sequence else (node.name, _ATOM)


def _sum(node: Sum, index: str) -> _Text:
    first, *rest = node.terms
    text = written(first, index)
    for term in rest:
        less = isinstance(term, Negative)
        text += f" {'-' if less else '+'} {written(term.body if isinstance(term, Negative) else term, index, _PRODUCT)}"
    return text, _SUM


def _product(node: Product, index: str) -> _Text:
    first, *rest = node.factors
    return " * ".join([written(first, index, _PRODUCT), *(written(one, index, _POWER) for one in rest)]), _PRODUCT


def _quotient(node: Quotient, index: str) -> _Text:
    return f"{written(node.over, index, _PRODUCT)} / {written(node.under, index, _POWER)}", _PRODUCT


def _power(node: Power, index: str) -> _Text:
    exponent = exact(node.exponent)
    if exponent.denominator != 1:
        raise TypeError(f"The power {node.latex()} has no form in Coq.")
    base = written(node.base, index, _POWER)
    return f"{f'({base})' if isinstance(node.base, Power) else base} ^ {exponent}", _POWER


def _call(node: Call, index: str) -> _Text:
    name, arguments = _FUNCTIONS[node.function.name], [written(one, index, _ATOM) for one in node.arguments]
    text = f"{name} {arguments[0]}"
    for one in arguments[1:]:  # a maximum of three is the maximum of a maximum
        text = f"{text} {one}" if text == f"{name} {arguments[0]}" else f"{name} ({text}) {one}"
    return text, _POWER


def _defined(node: Defined, index: str) -> _Text:
    return (f"{identifier(node.symbol)} {index}", _POWER) if node.sequence else (identifier(node.symbol), _ATOM)


def _over(operator: str, node: Any, index: str) -> _Text:
    inner = _INDEX.get(index, "k")
    place = "" if operator in ("total", "peak") else f" {index}"
    return f"{operator} (fun {inner} => {written(node.body, inner)}){place}", _POWER


def _where_overtaken(node: WhereOvertaken, index: str) -> _Text:
    return f"where_overtaken {written(node.late, index, _ATOM)} {written(node.ordered, index, _ATOM)} {index}", _POWER


def _where_noisy(node: WhereNoisy, index: str) -> _Text:
    return f"where_noisy {written(node.noisy, index, _ATOM)} {written(node.quiet, index, _ATOM)}", _POWER


def _sine_ratio(node: SineRatio, index: str) -> _Text:
    order = {0: "s", -1: "(s - 1)"}[node.shift]
    return f"sine_ratio {order} {written(node.angle, index, _ATOM)}", _POWER


def _powers(node: Powers, index: str) -> _Text:
    base = written(node.base, index, _ATOM)
    return f"LeftOutRun.powers {base} {_whole(node.first)} {_whole(node.count)}", _POWER


def _fading(node: Fading, index: str) -> _Text:
    return f"{written(node.base, index, _ATOM)} ^ {_whole(node.count, index)}", _POWER


def _whole(node: Formula, index: str = "") -> str:
    """A whole number: a number, a name of one, the number of the step, or one less."""
    match node:
        case StepNumber():
            return f"S {index}"
        case Number():
            return str(int(exact(node)))
        case Name():
            return _WHOLE[node.name]
        case Sum(terms=(Name() as name, Negative(body=Number() as less))):
            return f"({_WHOLE[name.name]} - {exact(less)})"
    raise TypeError(f"The whole number {node.latex()} has no form in Coq.")


_WRITERS: Mapping[type, Callable[[Any, str], _Text]] = {
    Number: _number,
    Name: _name,
    StepNumber: _name,
    Sum: _sum,
    Negative: lambda node, index: (f"- {written(node.body, index, _POWER)}", _SUM),
    Product: _product,
    Quotient: _quotient,
    Power: _power,
    Call: _call,
    Defined: _defined,
    Total: partial(_over, "total"),
    Peak: partial(_over, "peak"),
    Window: partial(_over, "window"),
    Readers: partial(_over, "readers"),
    Served: partial(_over, "served"),
    Previous: partial(_over, "previous"),
    WhereOvertaken: _where_overtaken,
    WhereNoisy: _where_noisy,
    First: lambda node, index: (written(node.body, "0", _POWER), _POWER),
    SineRatio: _sine_ratio,
    HalfSine: lambda node, index: (f"sin ({written(node.angle, index, _POWER)} / 2)", _POWER),
    BestAngle: lambda node, index: ("best", _ATOM),
    MethodAngle: lambda node, index: ("best", _ATOM),
    Powers: _powers,
    Fading: _fading,
}


def condition(one: Condition) -> str:
    """A side condition in Coq, at every step or point that it is asked for."""
    index = one.index or "k"
    text = _RELATIONS[one.relation].format(written(one.left, index), written(one.right, index))
    if one.when is not None:
        text = f"{_RELATIONS[one.when.relation].format(written(one.when.left), written(one.when.right))} -> {text}"
    inside = f"{one.since} <= {index} < T" if one.since else f"{index} < T"
    return text if one.index is None else f"forall {index}, ({inside})%nat -> {text}"


def module(bound: Bound) -> Iterator[str]:
    """The lines of a bound."""
    name = bound.name.replace("-", "_")
    sides = [side for one in bound.conditions for side in (one.left, one.right)]
    weighing = (bound.weighing.each, bound.weighing.whole) if bound.weighing else ()
    nodes = [node for root in (bound.value, *sides, *weighing) for node in root.walk()]
    names = {node.name: node.sequence for node in nodes if isinstance(node, Name)}
    free = {one: names[one] for one in sorted(names) if one not in {*_SETTING, *_OF_STEP, "k"}}
    ranges = [known for kind, known in _ANGLES.items() if any(isinstance(node, kind) for node in nodes)]
    free |= {"best": False} if ranges else {}
    kind, room, assumed = _runs(bound)
    yield f"(** {bound.name}. *)\nModule {name}.\nSection Bound.\nContext {{N : Setting}} (run : {room}{kind} N)."
    yield from (f"Variable {one} : {'nat -> R' if sequence else 'R'}." for one, sequence in free.items())
    defined = {node.symbol: node for root in weighing for node in root.definitions()}
    for node in ({node.symbol: node for node in bound.definitions} | defined).values():
        place = " (k : nat)" if node.sequence else ""
        yield f"Definition {identifier(node.symbol)}{place} : R := {written(node.body)}."
    yield f"Definition value : R := {written(bound.value)}."
    asked = [*ranges, *(condition(one) for one in bound.conditions)]
    yield from (f"Definition condition_{n} : Prop := {text}." for n, text in enumerate(asked, 1))
    yield f"Definition claim : Prop := {_conclusion(bound)}."
    given = [assumed[one] for one in bound.assumptions if assumed[one]]
    yield "Definition holds : Prop :="
    yield f"  {' -> '.join([*given, *(f'condition_{n}' for n in range(1, len(asked) + 1)), 'claim'])}."
    yield "End Bound."
    yield f"Definition statement : Prop := forall {' '.join(['N run', *free])}, @holds {' '.join(['N run', *free])}."
    yield f"End {name}.\n"


#: Runs of another kind, by the assumption that says so: what they are called, in which file, what is assumed of them.
_KINDS_OF_RUNS: Mapping[Assumption, tuple[str, str, Mapping[Assumption, str]]] = {
    DELAYS_DRAWN: ("RandomRun", "RandomRun.", ASSUMED_AT_RANDOM),
    MOVES_TAKEN_BACK: ("Moving", "MovingRun.", ASSUMED_OF_A_METHOD),
    SEVERAL_CENTRES: ("Centres", "CentresRun.", ASSUMED_OF_CENTRES),
    LEFT_OUT: ("LeftOut", "LeftOutRun.", ASSUMED_OF_CLIENTS),
}


def _runs(bound: Bound) -> tuple[str, str, Mapping[Assumption, str]]:
    """What its runs are called in Coq, in which file, and what the assumptions are there."""
    kinds = (kind for assumption, kind in _KINDS_OF_RUNS.items() if assumption in bound.assumptions)
    return next(kinds, ("Run", "", ASSUMED))


def _conclusion(bound: Bound) -> str:
    if bound.measures:
        return f"{_runs(bound)[1]}measured run <= value"
    square = f"{_runs(bound)[1]}mean_square run"
    if bound.weights is not None:
        weight = written(bound.weights, "t", _PRODUCT)
        return f"total (fun t => {weight} * {square} t) / total (fun t => {weight}) <= value"
    least = f"exists t, (t {'<=' if bound.covers_last else '<'} T)%nat /\\ {square} t <= value"
    if bound.weighing is None:
        return least
    weighed = "weighed_to_last" if bound.covers_last else "weighed_before_last"
    each, whole = written(bound.weighing.each, "t"), written(bound.weighing.whole)
    return f"({least}) /\\ {weighed} (fun t => {each}) ({whole}) value ({square})"


def statements() -> str:
    """The whole file."""
    lines = (line for name in IN_COQ for whole in module(REGISTRY[name]) for line in whole.split("\n"))
    return "\n".join((_HEADER, *(fill(line, 118, subsequent_indent="  ", break_on_hyphens=False) for line in lines)))


_HEADER = """\
(** Made by `python -m formal.export` from the bounds in theory/bounds: not written by hand. *)

From Coq Require Import Reals.
From Gradlag Require RandomRun MovingRun CentresRun LeftOutRun.
From Gradlag Require Import Setting Run Sines.
Open Scope R_scope.
"""


def main() -> None:
    """Write the file, where it would change."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    if not file.exists() or file.read_text(encoding="utf-8") != statements():
        file.write_text(statements(), encoding="utf-8")


if __name__ == "__main__":
    main()
