"""The weights of the mean that a proof bounds, where it bounds the minimum by it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from theory.common.types import Floats
from theory.formulas.formula import Environment, Formula


@dataclass(frozen=True, eq=False)
class Weighing:
    """What a proof shows on its way: sum_t w_t E|grad F(x_t)|^2 <= whole * value, the w_t >= 0 and whole their sum.

    `theory/proofs/theorem.py` asks for it: a bound whose proof does not show it is not proved.

    Args:
        each: the w_t of t < T; whole: their sum, with what is left of it as the weight of x_T.
    """

    each: Formula
    whole: Formula

    def evaluate(self, environment: Environment, covers_last: bool) -> Floats:
        """The weights (T+1,) of x_0..x_T, divided by their sum."""
        each, whole = np.broadcast_to(self.each.evaluate(environment), (environment.steps(),)), self.whole
        last = whole.evaluate(environment) - math.fsum(each) if covers_last else 0.0
        weights: Floats = np.maximum(np.append(each, last), 0.0)
        return weights / float(whole.evaluate(environment))
