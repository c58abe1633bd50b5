r"""What a check looks at: squared gradient norms over seeds and times, and what else the run shows.

A simulated run and a user's training log become the same value here, so that both meet a bound in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from experiments.check.draws import Draws, Steepest, Unrepeated, drawn, steepest, unrepeated, visited
from experiments.common.constants import Constant, Known
from experiments.common.progress import untold
from experiments.logs.log import FAR, Norm, TrainingLog
from experiments.problems import get_problem
from experiments.problems.problem import Problem
from experiments.problems.registry import PROBLEMS
from experiments.problems.roundoff import ALLOWED, format_of
from experiments.problems.user import UserProblem
from experiments.runs.plan import Plan
from experiments.runs.run import Run
from experiments.simulate.delayed import simulate
from experiments.statistics.copies import groups, one_of_each
from theory.bounds import Setting
from theory.common.errors import InputError, TooLargeError
from theory.common.types import Floats, Ints, Progress

# The largest margin: with lower precision and more steps a comparison would decide nothing.
_MOST = 0.5
# Stable steps with noise stay far below so many times what is usual.
_GROWN = 1e4


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was measured, and at which steps, delays and constants.

    Args:
        times: int64 (R,), the recorded k, increasing, from 0 to T.
        values: float64 (S, R), squared gradient norms; infinite where a seed diverged.
        seeds: (S,), names of the rows.
        setting: steps, delays, staleness and the values of the constants.
        constants: the same constants, with how each is known.
        deterministic: whether nothing in the run is random.
        reads_horizon: whether the steps depend on T, so that a prefix of the run is not a run of the same schedule.
        source: what the numbers come from, for sentences.
        terms: the numbers that a gradient sums up, for the rounding margin.
        floor: float64 (S, G), lower bounds of the squared norms between recorded points; None where there are such
            points and nothing bounds them.
        loss, coherence, inner_product, smoothness: float64 (S, R) or None, as in a run.
        diverged_at: int64 (S,), the step of divergence or -1.
        rounding, loss_rounding: how far numbers of a user's gradient and loss may be off, relative to |g| + L |x| and
            to |F| + |g| |x|; 0 for float64.
        radius: |x| at most, for them.
        variance: largest exact gradient variance at the points where it was computed, or None.
        draws: fresh draws of a stochastic gradient that is not the library's own; steepest: pairs of points between
            which such a full gradient changes much; unrepeated: whether it gives the same when asked again.
        simulated: whether gradlag drew the noise and fixed the delays.
        unbiased: whether the stochastic gradients are known to be unbiased.
        log: what was read, where the numbers come from a user's file.
        delays_known: whether the delays are those of the run, and no stand-in for them.
        uncovered: why no bound is about this run, in a sentence; empty where some may be.
    """

    times: Ints
    values: Floats
    seeds: tuple[int, ...]
    setting: Setting
    constants: Mapping[str, Constant]
    deterministic: bool
    reads_horizon: bool
    source: str
    terms: int = 0
    floor: Floats | None = None
    loss: Floats | None = None
    coherence: Floats | None = None
    inner_product: Floats | None = None
    smoothness: Floats | None = None
    diverged_at: Ints | None = None
    rounding: float = 0.0
    loss_rounding: float = 0.0
    radius: float = 0.0
    variance: float | None = None
    draws: tuple[Draws, ...] = ()
    steepest: tuple[Steepest, ...] = ()
    unrepeated: Unrepeated | None = None
    simulated: bool = True
    unbiased: bool = True
    log: TrainingLog | None = None
    delays_known: bool = True
    uncovered: str = ""

    @property
    def steps(self) -> int:
        """The number of steps T."""
        return self.setting.steps

    @property
    def complete(self) -> bool:
        """Whether every point x_0..x_T is recorded."""
        return self.times.size == self.steps + 1

    @cached_property
    def distinct(self) -> Ints:
        """Rows (S',) that are no copies of one another, the first of each group."""
        return one_of_each(groups(self.values))

    @property
    def copies(self) -> bool:
        """Whether several noisy seeds are copies of one run, which makes them one seed."""
        return not self.deterministic and self.distinct.size == 1 < len(self.seeds)

    @property
    def margin(self) -> float:
        """Relative error allowed when exact numbers are compared: 16 (T + terms) eps.

        Rounding of a user's numbers by u, relative to |g| + L |x|, adds 4 u sqrt(T) where |g|^2 is as large as a bound.
        """
        exact = 16 * (self.steps + self.terms) * np.finfo(np.float64).eps
        return float(exact + min(4 / ALLOWED * self.rounding * self.steps**0.5, _MOST))

    @cached_property
    def norm_error(self) -> Floats:
        """How far (S, R) the recorded gradient norms may be off by rounding of the user's numbers."""
        smoothness = self.constants.get("L")
        size = np.sqrt(self.values) + (0.0 if smoothness is None else smoothness.value * self.radius)
        return np.asarray(self.rounding * size if self.rounding else np.zeros_like(size))

    @property
    def loss_error(self) -> Floats:
        """How far (S, R) differences of the loss from that at x_0 may be off by rounding of the user's numbers."""
        if not self.loss_rounding:  # a log may begin with an infinite norm
            return np.zeros_like(self.values)
        size = np.nan_to_num(np.abs(self.loss)) if self.loss is not None else np.zeros_like(self.values)
        start = np.sqrt(self.values[:, :1]) * self.radius
        return np.asarray(self.loss_rounding * (size + size[:, :1] + 2 * start))

    @property
    def left(self) -> Ints:
        """The first k (S,) from which on F is known to be thousands of times further from its infimum than at first.

        |grad F|^2 <= 2L (F - inf F), so that a gradient beyond so many times 2 L Delta + sigma^2 shows it; else -1.
        """
        named = {name: constant.value for name, constant in self.constants.items()}
        start = float(self.values[:, 0].max())
        usual = max(2 * named["L"] * named["Delta"], start) if {"L", "Delta"} <= named.keys() else start
        near = ~(self.values > _GROWN * (usual + named.get("sigma", 0.0) ** 2))
        last_near = self.times.size - 1 - np.argmax(near[:, ::-1], axis=1)
        after = self.times[np.minimum(last_near + 1, self.times.size - 1)]
        far = np.where(near.any(axis=1) & ~near[:, -1], after, -1)
        return far if self.diverged_at is None else np.where(self.diverged_at >= 0, self.diverged_at, far)

    @property
    def excess(self) -> float:
        """By how much the mean of a value may exceed E|grad F|^2: the noise of a minibatch in a log of such norms."""
        sigma = self.setting.constants.get("sigma", np.inf)
        if self.log is None or self.log.norm is Norm.FULL or sigma == 0:
            return 0.0
        return float(sigma**2) if self.log.norm is Norm.MINIBATCH else np.inf

    def limits(self, covers_last: bool) -> tuple[Floats, Floats]:
        """The covered values (S, R'), at least and at most, as what a log prints is rounded; one array if it is not.

        Exact numbers are compared to their last digit, which 32-bit floats do not hold; means allow for printing alone.
        """
        log = self.log
        if log is None or not (self.deterministic or log.rounding.any()):
            return (self.covered(covers_last),) * 2
        kept = slice(None) if covers_last else self.times < self.steps
        norms = (log.least, log.most) if self.deterministic else (log.rounded(-1), log.rounded(1))
        ends = (np.minimum(each, FAR) ** 2 for each in norms)
        least, most = (np.where(np.isinf(self.values), np.inf, squares) for squares in ends)
        return least[:, kept], most[:, kept]

    def covered(self, covers_last: bool) -> Floats:
        """The recorded values (S, R') at the points that a bound covers: x_0..x_T, or x_0..x_{T-1}."""
        return self.values if covers_last else self.values[:, self.times < self.steps]

    def estimated(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the constants that are only estimates."""
        return tuple(n for n in names if n in self.constants and self.constants[n].known is Known.ESTIMATE)


def agree(values: Floats) -> bool:
    """Whether all seeds hold the very same numbers."""
    return bool((values == values[0]).all())


def evidence_of(run: Run, plan: Plan | None = None, progress: Progress = untold) -> Evidence:
    """The evidence of a simulated run.

    Args:
        run: what was simulated.
        plan: of a run of this schedule, if it is at hand; otherwise the objective is rebuilt from its spelling.
        progress: called with how many of how many blocks of fresh draws are made.

    Returns:
        The evidence. A given sigma is compared with the exact variance at x_0 and, for the first seed, at x_T.
    """
    objective = plan.problem if plan else _rebuilt(run)
    batch, constants = run.configuration.batch, run.constants
    own, trusted = objective is not None and objective.kernel(batch) is None, _of_the_library(run, objective)
    silent = "sigma" in constants and constants["sigma"].value == 0 and agree(run.gradient_norm_squared)
    exact = objective.deterministic(batch) if objective else silent
    found = Evidence(
        times=run.time,
        values=run.gradient_norm_squared,
        seeds=run.configuration.seeds,
        setting=run.setting(),
        constants=constants,
        deterministic=exact,
        reads_horizon=plan.rule.reads_horizon if plan else run.configuration.reads_horizon,
        source=f"{run.configuration.problem}",
        terms=objective.examples + objective.dimension if objective else 0,
        loss=run.loss,
        coherence=run.coherence,
        inner_product=run.inner_product,
        smoothness=run.smoothness,
        diverged_at=run.diverged_at,
        rounding=ALLOWED * objective.gradient_roundoff if objective and own else 0.0,
        loss_rounding=ALLOWED * (objective.loss_roundoff if objective and own else format_of(run.loss)),
        radius=_radius(objective, constants) if objective and own else 0.0,
        variance=_largest_variance(run, objective) if objective else None,
        unbiased=trusted or exact,
        uncovered=run.uncovered,
    )
    found = replace(found, floor=_floor(found, run.displacement))
    return found if trusted or objective is None else _asked_again(found, run, objective, progress)


def _asked_again(found: Evidence, run: Run, problem: Problem, progress: Progress) -> Evidence:
    """The same, with what somebody else's functions say when they are called once more."""
    points, batch = visited(run, problem), run.configuration.batch
    noisy = not found.deterministic and "sigma" in found.constants
    return replace(
        found,
        draws=drawn(run, problem, points, progress) if noisy else (),
        steepest=steepest(problem, points, found.radius, found.rounding) if "L" in found.constants else (),
        unrepeated=unrepeated(problem, batch, found.rounding),
    )


def _of_the_library(run: Run, objective: Problem | None) -> bool:
    """Whether nobody else's code computes the gradients and their noise."""
    if objective is None:
        return run.configuration.problem.partition(":")[0] in PROBLEMS
    return type(objective).__module__.startswith("experiments.") and not isinstance(objective, UserProblem)


def _radius(problem: Problem, constants: Mapping[str, Constant]) -> float:
    """|x_0| and how far the loss can fall: sqrt(2 Delta / L)."""
    fall = 2 * constants["Delta"].value / constants["L"].value if {"L", "Delta"} <= constants.keys() else 0.0
    return float(np.linalg.norm(problem.initial_point) + fall**0.5)


def _is_file(run: Run) -> bool:
    return run.configuration.problem.endswith(".py")


def _rebuilt(run: Run) -> Problem | None:
    """The objective of a stored run; None for a user's file, which is not run because a result names it."""
    if _is_file(run):
        return None
    try:
        problem = get_problem(run.configuration.problem)
    except InputError:  # data that are no longer there; the run itself is still good
        return None
    return problem if problem.digest == run.configuration.data_digest else None


def _floor(evidence: Evidence, displacement: Floats) -> Floats | None:
    r"""Squares of $\|\nabla F(x_k)\|-L\|x_j-x_k\|$, which bound those between recorded points, if L is no estimate."""
    gaps = np.flatnonzero(np.diff(evidence.times) > 1)
    if not gaps.size:
        return evidence.values[:, :0]
    if "L" not in evidence.constants or evidence.estimated(("L",)):
        return None
    norms, moved = np.sqrt(evidence.values[:, gaps]), evidence.constants["L"].value * displacement[:, gaps]
    # A seed that diverged within the gap has an unknown displacement and bounds nothing there.
    reached = np.where(np.isfinite(norms) & np.isfinite(moved), norms - moved, 0.0)
    return np.where(np.isinf(norms), np.inf, np.maximum(reached, 0.0) ** 2)


def _largest_variance(run: Run, problem: Problem) -> float | None:
    """Exact variance of the minibatch gradient at x_0 and, if the data decide it, at x_T; None if not computable."""
    given = run.constants.get("sigma")
    if given is None or given.known is not Known.GIVEN:
        return None
    batch = run.configuration.batch
    if problem.deterministic(batch):
        return 0.0
    found = [problem.example_gradient_variance(point) / max(batch, 1) for point in _visited(run, problem)]
    finite = [value for value in found if np.isfinite(value)]
    return max(finite) if finite else None


def _visited(run: Run, problem: Problem) -> list[Floats]:
    """x_0 and, where the noise depends on the point, x_T of the first seed, simulated again."""
    start = problem.initial_point
    if not problem.examples or run.diverged_at[0] >= 0:
        return [start]
    try:
        again = simulate(
            problem,
            run.linear,
            run.delays,
            seeds=run.configuration.seeds[:1],
            batch=run.configuration.batch,
            record_every=run.configuration.steps,
            window=run.configuration.staleness,
            inconsistent=run.configuration.inconsistent,
        )
    except TooLargeError:
        return [start]
    return [start, again.final_points[0]]
