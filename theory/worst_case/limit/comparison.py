"""The constants of published bounds and of gradlag's theorems beside the exact one, each at its own best step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import minimize_scalar

from theory.bounds import Bound, Setting, get
from theory.common.errors import DelayError
from theory.staleness.count import Staleness, whole_number

#: The bounds that stand beside the limit, with the coherence that each is given.
COMPARED: Mapping[str, tuple[str, float]] = {
    "theorem-c": ("theorem-c", 1.0),
    "theorem-b": ("theorem-b", 1.0),
    "theorem-a": ("theorem-a", 1.0),
    "lian2015": ("lian2015", 1.0),
    "stich2020": ("stich2020", 1.0),
    "dai2019-sum, mu=1": ("dai2019-sum", 1.0),
    "dai2019-sum, mu=0.5": ("dai2019-sum", 0.5),
    "dai2019-tight, mu=1": ("dai2019-tight", 1.0),
    "dai2019-tight, mu=0.5": ("dai2019-tight", 0.5),
}


def comparison(delay: int) -> Mapping[str, float]:
    r"""The constant C of each published bound and of gradlag's theorems, each at its own best constant step.

    Every number comes from the bound itself. With a constant step and a fixed delay, the reciprocal of its value V_N is
    affine in the number of steps N as soon as N >= 2 s: $C=N/(1/V_{2N}-1/V_N)$ is the limit exactly, up to rounding.

    Args:
        delay: D, a whole number of at least 0.

    Returns:
        The constants by the names of `COMPARED`, in units of L Delta; those of dai2019 assume a coherence mu besides.

    Raises:
        DelayError: `delay` is not a whole number of at least 0.

    >>> round(comparison(0)["theorem-c"], 4), round(comparison(1)["lian2015"], 4)
    (1.299, 4.0)
    """
    delay = whole_number(delay, 0, "The delay", DelayError)
    return {name: _least_constant(get(bound), delay, mu) for name, (bound, mu) in COMPARED.items()}


def start_factor(delay: int, step: float) -> float:
    """1 + 2 nu at the angle at which Theorem C is least on a long run; infinite where it has no value."""
    if delay == 0 and step < 2:
        return 1.0  # F never rises: the descent lemma
    bound, run = get("theorem-c"), _run(delay, step, _horizon(delay), 1.0)
    if bound.check_domain(run):
        return math.inf
    nu = next(node for node in bound.definitions if node.symbol == r"\nu")
    return 1 + 2 * float(nu.body.evaluate(run.environment()))


def _least_constant(bound: Bound, delay: int, mu: float) -> float:
    """The least constant over the steps of the bound's domain, which is an interval that begins at 0."""
    steps = _horizon(delay)

    def applies(step: float) -> bool:
        return not bound.check_domain(_run(delay, step, 2 * steps, mu))

    def constant(step: float) -> float:
        longer, shorter = (bound.evaluate(_run(delay, step, count, mu)) for count in (2 * steps, steps))
        gain = 1 / longer - 1 / shorter
        return steps / gain if gain > 0 else math.inf

    largest = _last(applies, 0.0, 2.0)
    found = minimize_scalar(
        constant, bounds=(largest / 50, largest), method="bounded", options={"xatol": 1e-7 * largest}
    )
    return float(min(found.fun, constant(largest)))


def _last(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """The largest number at which it holds, by bisection."""
    if holds(outside):
        return outside
    for _ in range(48):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _horizon(delay: int) -> int:
    return max(256, 32 * (delay + 1))


def _run(delay: int, step: float, steps: int, mu: float) -> Setting:
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": mu}
    delays = np.minimum(np.arange(steps), delay)
    return Setting(np.full(steps, step), delays, Staleness(delay + 1), constants)
