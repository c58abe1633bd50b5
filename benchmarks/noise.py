"""What noise does to methods under a delay, computed anew: `python benchmarks/noise.py` writes docs/noise.md.

A test computes some of its rows again and compares.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import minimize_scalar

from theory.bounds import Setting, get
from theory.common.errors import DomainError
from theory.methods.method import Recursion
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.worst_case.limit.constant import best_of, limit_of
from theory.worst_case.limit.noisy import noisy_bound
from theory.worst_case.limit.program import step_limit
from theory.worst_case.limit.storage import storage_of
from theory.worst_case.question import Question
from theory.worst_case.solvers.dense import solve_dense

PAGE = Path(__file__).resolve().parent.parent / "docs" / "noise.md"
STEPS, SHORT = 1000, 12
DELAYS, NOISES = (1, 2, 4), (0.1, 1.0, 10.0, 100.0, 1000.0)
#: L over the L that a method was made for, and nu over the nu that it was made for.
MISJUDGED, MISTAKEN = (0.5, 0.7, 0.85, 1.0, 1.18, 1.4, 2.0), (0.25, 0.5, 1.0, 2.0, 4.0)
MADE = ("delayed", "counter-momentum", "counter-momentum:noise=1", "counter-momentum:noise=10")
_LIBRARY = ("theorem-a", "theorem-ar", "theorem-b-noise", "theorem-c-noise", "ghadimi2013", "bottou2018")
_SHORT_NOISES, _SHORT_DELAYS = (0.1, 1.0, 10.0), (1, 2, 4)

_HEAD = """\
# Methods under a delay, with noise

Made by `python benchmarks/noise.py`; a test compares. nu = sigma^2 T/(L Delta) says how much noise there is: below 1 a run is about its delay, far above about its noise. `counter-momentum:noise=NU` is made for nu: the step of counter-momentum times lambda, its moves times lambda^(5/4), lambda = (1 + eta^2 nu/2 + 0.35 (D+1) nu^(2/3))^(-1/2), so that it goes from counter-momentum to delayed steps. Needed are L, sigma, Delta, T and the delay; what an error in them costs stands below.

## What is proved

Bounds on min E|grad F|^2 over {steps} steps, times T/(L Delta). Every bound of delayed steps and of counter-momentum is a quadratic form whose signs are checked in exact arithmetic (`theory/worst_case/limit/storage.py`; `gradlag limit --staleness S --method M --steps T --variance V`); delayed steps are at the step where it is least. Beside it is the best other bound of the library for them (`theorem-ar` or `theorem-c-noise`, at its own best step), and those of waiting for one gradient and for D + 1, which are the best of the library without delay.

"""  # noqa: E501


def _made(noise: float) -> str:
    return f"counter-momentum:noise={noise:g}"


@cache
def proved(method: str, delay: int, noise: float, steps: int = STEPS) -> tuple[float, float]:
    """The bound times T/(L Delta), and the step."""
    found = noisy_bound(parse_method(method), Staleness(delay + 1), steps, noise / steps)
    return found.bound * steps, found.step


def _least(delay: int, variance: float, steps: int) -> tuple[float, float]:
    """The best bound of the library for delayed steps, and its step."""
    delays, window = np.minimum(np.arange(steps), delay), Staleness(delay + 1)
    constants = {"L": 1.0, "Delta": 1.0, "sigma": math.sqrt(variance)}

    def value(logarithm: float) -> float:
        setting = Setting(np.full(steps, math.exp(logarithm)), delays, window, constants)
        several = [bound for bound in map(get, _LIBRARY) if not bound.check_domain(setting)]
        return min((bound.evaluate(setting) for bound in several), default=math.inf)

    grid = np.log(np.geomspace(0.003, 2 * math.sin(math.pi / (4 * delay + 2)) * 0.99, 24))
    best = int(np.argmin([value(each) for each in grid]))
    ends = (grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)])
    found = minimize_scalar(value, bounds=ends, method="bounded", options={"xatol": 1e-3})
    return float(found.fun), math.exp(found.x)


def library(delay: int, noise: float) -> float:
    """The best bound of the library for delayed steps, times T/(L Delta)."""
    return _least(delay, noise / STEPS, STEPS)[0] * STEPS


def _waits(delay: int, noise: float, batch: int, steps: int) -> tuple[float, float]:
    """The best bound of waiting for so many gradients, and its step."""
    return _least(0, noise / steps / batch, steps // (delay + batch))


def bounds_row(delay: int, noise: float) -> str:
    """A line of the table of bounds."""
    made, late = proved(_made(noise), delay, noise)[0], proved("delayed", delay, noise)[0]
    waiting, batched = (STEPS * _waits(delay, noise, batch, STEPS)[0] for batch in (1, delay + 1))
    values = (made, late, library(delay, noise), waiting, batched)
    return f"| {delay} | {noise:g} | {' | '.join(f'{value:.3f}' for value in values)} | {made / late:.4f} |"


def _constant(recursion: Recursion, step: float) -> float:
    return math.inf if step >= step_limit(recursion)[0] else limit_of(recursion, step).value


def floor(recursion: Recursion, step: float) -> float:
    """The largest E|grad F|^2 that noise of variance 1 keeps up on quadratics of curvature at most 1, L = 1."""
    return max(_stationary(recursion, step, curvature) for curvature in np.linspace(0.02, 1, 50))


def _stationary(recursion: Recursion, step: float, curvature: float) -> float:
    """By a Lyapunov equation; state x_k, .., x_{k-n}, one noise an update."""
    n = max(recursion.delay, recursion.move_weights.size) + 1
    move, new = np.eye(n + 1, k=-1), np.zeros(n + 1)
    move[0, 0], new[0] = 1.0, step
    move[0, recursion.delay] -= step * curvature
    for j, weight in enumerate(recursion.move_weights):
        move[0, j] += weight
        move[0, j + 1] -= weight
    if abs(np.linalg.eigvals(move)).max() >= 1:
        return math.inf
    return float(curvature**2 * solve_discrete_lyapunov(move, np.outer(new, new))[0, 0])


def misjudged_row(delay: int, method: str) -> str:
    """C and the floor for L so many times as large as the method was made for."""
    recursion = parse_method(method).recursion(delay)
    own = recursion.step or best_of(recursion).step
    cells = []
    for factor in MISJUDGED:
        # F/L has steps that are so many times as long; C L Delta/T counts in the L that was assumed.
        constant, left = factor * _constant(recursion, factor * own), floor(recursion, factor * own)
        cells.append("inf" if math.isinf(constant) else f"{constant:.2f}, {left:.2f}")
    return f"| {delay} | {method} | {' | '.join(cells)} |"


def mistaken_row(delay: int, noise: float) -> str:
    """How much the bound grows where the method was made for another nu."""
    own = proved(_made(noise), delay, noise)[0]
    cells = []
    for factor in MISTAKEN:
        recursion = parse_method(_made(noise / factor)).recursion(delay)
        value = storage_of(recursion, recursion.step or 0.0, noise, STEPS).bound(STEPS, noise) * STEPS
        cells.append(f"{value / own:.3f}")
    return f"| {delay} | {noise:g} | {' | '.join(cells)} |"


def worst_row(delay: int, noise: float) -> str:
    """Worst cases of short runs, and the bound of the method made for the noise."""
    made, step = proved(_made(noise), delay, noise, SHORT), proved("delayed", delay, noise, SHORT)[1]
    waiting = _waits(delay, noise, 1, SHORT)[1]
    runs = ((_made(noise), 1.0), ("counter-momentum", 1.0), ("delayed", step), ("wait", waiting))
    cells = [f"{_worst(method, delay, noise, size) * SHORT:.3f}" for method, size in runs]
    return f"| {delay} | {noise:g} | {' | '.join(cells)} | {made[0]:.3f} |"


def _worst(method: str, delay: int, noise: float, step: float) -> float:
    delays = np.minimum(np.arange(SHORT), delay)
    rule = parse_method(method).linear(np.full(SHORT, step), delays, 1.0, Staleness(delay + 1))
    try:
        return solve_dense(Question(np.full(SHORT, step), delays, variance=noise / SHORT, rule=rule)).value
    except DomainError:
        return math.nan


def _table(head: Sequence[str], rows: Iterator[str]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        print(row, flush=True)
        yield row


def page() -> Iterator[str]:
    """The page, line by line."""
    yield _HEAD.format(steps=STEPS)
    names = ("made for nu", "delayed steps", "delayed, library", "waiting", "batched waiting", "made for nu/delayed")
    yield from _table(("D", "nu", *names), (bounds_row(delay, nu) for delay in DELAYS for nu in NOISES))
    yield _MISJUDGED
    head = ("D", "made", *(f"{factor:g}" for factor in MISJUDGED))
    yield from _table(head, (misjudged_row(delay, method) for delay in (1, 2, 4, 8) for method in MADE))
    yield _MISTAKEN
    head = ("D", "nu", *(f"{factor:g}" for factor in MISTAKEN))
    yield from _table(head, (mistaken_row(delay, nu) for delay in (1, 4) for nu in NOISES[1:4]))
    yield _WORST.format(steps=SHORT)
    names = ("made for nu", "counter-momentum", "delayed steps", "waiting", "bound, made for nu")
    yield from _table(("D", "nu", *names), (worst_row(delay, nu) for delay in _SHORT_DELAYS for nu in _SHORT_NOISES))
    yield _TAIL


_MISJUDGED = """
## What happens when L is misjudged

C of min |grad F|^2 ~ C L Delta/T without noise, and what noise keeps up for ever on the worst quadratic, in parts of sigma^2, if the true L is so many times the L that the method was made for; C counts in the L that it was made for. C is the exact constant of `gradlag limit`; inf: some function never settles. Delayed steps are at their best step without noise.
"""  # noqa: E501
_MISTAKEN = """
## What happens when the noise is misjudged

The bound, in parts of that of the method made for the true nu, if nu is so many times what the method was made for.
"""
_WORST = """
## Worst cases

The worst case over {steps} steps times T/(L Delta): what the multipliers of the semidefinite program over all pairs prove (a relaxation for noise). Delayed steps and waiting are at the steps of their bounds.
"""  # noqa: E501


_TAIL = """
## What to do

- Under a fixed delay, with L, sigma, Delta and T known, take `counter-momentum:noise=NU` with nu = sigma^2 T/(L Delta); from nu = 100 on it is as good as delayed steps, and no better. Where delays vary, or steps are tuned, it is [no help](counter_momentum.md). In every row above its bound is at most 1.012 times the best one of delayed steps, waiting and batched waiting; up to nu = 1 it is .79 to .93 of that of delayed steps.
- Where L is uncertain take nu = 1 at least. At D = 2 and 4, for every error in L of the table, its constant is then below that of delayed steps at their best step, or both are infinite (at D = 1 from a true L of the assumed one on, at D = 8 up to 1.18 times it), and exact counter-momentum is not safe: from an L that is 1.18 times the assumed one on, some function never settles.
- nu that is wrong by a factor of 2 costs at most 6 %, by 4 at most 24 %.
"""  # noqa: E501


def main() -> None:
    """Write the page."""
    PAGE.write_text("\n".join(page()).replace("\n\n\n", "\n\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
