"""What the bounds without delay have in common: every step applies a gradient of the point where it is."""

from __future__ import annotations

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_VARIANCE,
    NO_DELAY,
    NO_NOISE,
    SMOOTH,
    STEPS_FIXED,
    UNBIASED,
)
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import DELTA, ETA, SIGMA, D, L
from theory.bounds.parts.shared import of_right_sign, positive_denominator
from theory.formulas.formula import Formula, formula, total

SGD = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, STEPS_FIXED, NO_DELAY)
GRADIENT_DESCENT = (SMOOTH, BOUNDED_BELOW, NO_NOISE, NO_DELAY)

PROMPT = Condition(
    "no delay, d_k = 0",
    "the step has a delay",
    D,
    Relation.AT_MOST,
    formula(0),
    "d",
    "use theorem-a or lian2015, which allow delays",
    index="k",
)
COMMON = (*of_right_sign("L", "Delta", "sigma"), PROMPT)

#: The numerator of every bound of SGD: twice the gap and the noise.
ABOVE = 2 * DELTA + L * SIGMA**2 * total(ETA**2)


def with_weight(weights: Formula) -> tuple[Condition, ...]:
    """The common conditions, and that the weights do not sum up to zero."""
    return (*COMMON, positive_denominator(total(weights)))
