"""How numbers change with the units of F and of its argument: F -> a F and x -> b x."""

from theory.bounds.parts.bound import Bound
from theory.formulas.notation import GLOSSARY

#: What a bound is about that is no squared gradient.
_MEASURED = {"asp-regret": "f", "leave-one-out": "x"}


def powers(unit: str) -> dict[str, int]:
    """The exponents of f and x in a unit."""
    exponents = {"f": 0, "x": 0}
    for sign, part in zip((1, -1), unit.split("/"), strict=False):
        base, _, power = part.partition("^")
        if base not in ("1", "steps"):
            exponents[base] += sign * int(power or 1)
    return exponents


def factor(unit: str, a: float, b: float) -> float:
    """What a number of this unit is multiplied by."""
    exponents = powers(unit)
    return float(a ** exponents["f"] * b ** exponents["x"])


def of_constant(name: str, a: float, b: float) -> float:
    """What a constant is multiplied by."""
    return factor(GLOSSARY[name].unit, a, b) if name in GLOSSARY else 1.0


def of_value(bound: Bound, a: float, b: float) -> float:
    """What the value of a bound is multiplied by."""
    return factor(_MEASURED.get(bound.name, "f^2/x^2"), a, b)
