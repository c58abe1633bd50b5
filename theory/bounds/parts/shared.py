"""Side conditions that several bounds share: signs of the constants, delays within the staleness, given steps."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from theory.bounds.parts.conditions import Condition, Relation
from theory.formulas.formula import Formula, Name, StepNumber, formula
from theory.formulas.notation import GLOSSARY, Sign, name_node
from theory.schedules.schedule import Schedule

DELAYS_WITHIN = Condition(
    "delays within the staleness, d_k <= s - 1",
    "the delay is beyond the staleness",
    name_node("d"),
    Relation.AT_MOST,
    name_node("s") - 1,
    "d",
    "raise the staleness to 1 + the largest delay",
    index="k",
)


def positive_denominator(denominator: Formula) -> Condition:
    """The condition that a weighted mean has any weight at all."""
    return Condition(
        "the denominator is positive",
        "the denominator is not positive",
        denominator,
        Relation.ABOVE,
        formula(0),
        "denominator",
        "take smaller steps, not all of them zero",
    )


def exact_gradients(advice: str) -> Condition:
    """The condition that the gradients have no noise; advice: which bound allows it."""
    return Condition(
        "sigma is 0: the gradients are exact",
        "it is about exact gradients only",
        name_node("sigma"),
        Relation.EQUALS,
        formula(0),
        "sigma",
        advice,
    )


def counted_from_0(node: Formula) -> Formula:
    r"""The formula of a schedule with the number of the step as a bound has it, which counts steps from 0.

    >>> counted_from_0(Schedule("1/sqrt(k)").formula).latex()
    '\\frac{1}{\\sqrt{k + 1}}'
    """
    if isinstance(node, Name):
        return StepNumber() if node.name == "k" else node

    def counted(part: Any) -> Any:
        several = tuple(map(counted, part)) if isinstance(part, tuple) else part
        return counted_from_0(part) if isinstance(part, Formula) else several

    # What has no k in it stays the same node: a call has a symbol of its own in a proof.
    names = (f.name for f in fields(node) if "k" in node.names())  # type: ignore[arg-type]
    made = {name: counted(getattr(node, name)) for name in names}
    return replace(node, **made) if made else node  # type: ignore[type-var]


def theorem_steps(schedule: Schedule) -> Condition:
    """The condition that the steps are those of a schedule, up to the rounding of another way to compute them."""
    return Condition(
        f"the step sizes are {schedule.text}, k from 1, to a relative 1e-12",
        "the step size is not the theorem's",
        name_node("eta"),
        Relation.EQUALS,
        counted_from_0(schedule.formula),
        "eta",
        f"take the schedule '{schedule.text}', or a bound that takes any step sizes",
        index="k",
        relative=1e-12,
    )


def of_right_sign(*names: str) -> tuple[Condition, ...]:
    """The conditions that the glossary puts on the constants named."""
    return tuple(condition for name in names for condition in _sign_conditions(name))


def _sign_conditions(name: str) -> tuple[Condition, ...]:
    sign = GLOSSARY[name].sign
    lower = Relation.AT_LEAST if sign is Sign.NON_NEGATIVE else Relation.ABOVE
    limits = [(lower, 0.0)] + ([(Relation.AT_MOST, 1.0)] if sign is Sign.FRACTION else [])
    return tuple(_limit(name, relation, limit) for relation, limit in limits)


def _limit(name: str, relation: Relation, limit: float) -> Condition:
    text = f"{relation.words}{limit:g}"
    return Condition(
        f"{name} is {text}",
        f"the constant {name} is not {text}",
        name_node(name),
        relation,
        formula(limit),
        name,
        f"give another value with --constants {name}=NUMBER",
    )
