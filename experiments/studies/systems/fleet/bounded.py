r"""Servers on an objective whose constants are known exactly, beside the bound on weighted delays.

$F(x)=\sum_ix_i^2/(1+x_i^2)$: L = 2, and $|2t/(1+t^2)^2|\le3\sqrt3/8$, reached at $t=1/\sqrt3$, so that with noise of
variance $\sigma^2$ the squared gradients have mean at most $G^2=\frac{27}{64}d+\sigma^2$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from experiments.problems.registry import get_problem
from experiments.studies.systems.fleet.training import LAWS
from experiments.sweep.json_store import Values, rounded
from experiments.systems.fleet.controlled import controlled_staleness
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.updates import as_steps, serve
from theory.bounds.parts.setting import Setting
from theory.bounds.registry import get
from theory.common.table import Table
from theory.staleness.count import Staleness

BOUND = "weighted-delays"
STEP_SIZES = (0.02, 0.1, 0.4)
#: The weights are functions of staleness alone, as the bound asks; similarity looks at labels and is left out.
RULES = Table({name: METHODS[name].dampening for name in ("exponential", "inverse", "averaging")})
LARGEST_SQUARE = 27 / 64  # of the derivative of t^2/(1+t^2)


@dataclass(frozen=True)
class BoundCell:
    """The weighted mean of the squared gradients of a rule under a law, and its bound, at three steps.

    Args:
        rule: of weights; law: of staleness; seeds: of noise, all with the same staleness.
        updates: T; dimension: d; noise: sigma.
    """

    rule: str
    law: str
    seeds: int
    updates: int
    dimension: int = 20
    noise: float = 1.0
    kind: ClassVar[str] = "fleet-bound"

    @property
    def name(self) -> str:
        return f"fleet-bound-{self.rule}-{self.law}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return self.updates * self.seeds // 10

    def compute(self) -> Values:
        """A row a step: what was measured of every seed, and the bound."""
        problem = get_problem(f"nonconvex:d={self.dimension},noise={self.noise}")
        known = {name: each.value for name, each in problem.constants(1).items()}
        constants = known | {"G": float(np.sqrt(LARGEST_SQUARE * self.dimension + self.noise**2))}
        staleness = controlled_staleness(LAWS[self.law], self.updates)
        weights = RULES[self.rule].weights(staleness.ravel())[:, None]
        measured, bounds = [], []
        for step in STEP_SIZES:
            sizes, delays = as_steps(weights, staleness, step)
            run = serve(problem, weights, staleness, step, seeds=range(self.seeds))
            measured.append(run.gradient_norm_squared[:, :-1] @ sizes / sizes.sum())
            setting = Setting(sizes, delays, Staleness(int(delays.max()) + 1), constants)
            bounds.append(get(BOUND).evaluate(setting))
        return {"steps": list(STEP_SIZES), "measured": rounded(measured), "bounds": rounded(bounds)}
