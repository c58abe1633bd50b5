r"""The worst delay pattern: the largest worst case over all traces with 0 <= d_k <= min(s - 1, k), steps from k = 0.

Few traces: all of them, with all pairs of points. What need not be solved is left out for a proved reason:
- traces that read the same points are one trace (a step of size 0 makes two points one, and reads nothing itself);
- a trace is left out if an upper bound of it is no more than what has been found: `uniform_bound` of the latest trace
  of its branch, which holds for the whole branch (branch and bound), then the relaxation to neighbouring points.
Many traces: a named search, which proves nothing about traces it has not seen. It solves the constant delay, every
sawtooth d_k = min(k mod P, s - 1) up to P = 3 s (P = s reads the same point s times; one P is the greedy adversary of
`AdversarialDelay`), delays in blocks, and climbs from the best of them by changes of single delays and of
blocks, with a fixed seed.

What is known of the worst trace, for the minimum without noise:
- [proved, uniform.py] Theorems A, A^r and B are monotone in the delays, so at the constant delay they bound every
  trace; and where the steps are short (a constant step <= 1/(L ((s-1)^2 + s^2))) all traces have the same worst case.
- [proved] The constant delay is not always the worst. s = 3, L eta = 3/5: on F = L x^2/2 the trace 0, 1, 2, 2, 0, 1,
  2, 2, .. takes x_0 = 1 to .4, -.2, -.8, -1.04 and so on, so |x_k| >= 1/5 and min |g_k|^2 >= .08 L Delta for every T.
  At the constant delay Theorem C, which holds up to 2 sin(pi/10) = .618, is .0705 L Delta at T = 1000 and tends to 0.
  The same happens for every s >= 3 between the two limits of staleness/stability.py, unless a step of that trace lands
  on 0.
- [solved] It takes a long run, and a step near the limit: at s = 3 the sawtooth has .4 of the worst case of the
  constant delay at T = 50; at .96 of the fixed-delay limit it has 1.5 of it at T = 300, at .94, just below its own
  limit .948, still .4.
- [solved, all traces] At a constant step and short runs no trace is worse than the constant delay, up to twice the
  limit; nor in 300 random runs with decreasing steps in the domain of Theorem A. At uneven steps some are: by 1e-5 to
  1e-3 where Theorem A applies (5 of 1500 random runs), and by a factor of 2.2 at s = 2 and the steps 1.8, .2, 1.8, .2,
  .., whose worst trace is 0, 1, 0, 1, ..
- For the mean over x_0..x_{T-1} fresh gradients are worse than late ones at short steps.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.common.errors import EnvironmentFailure, InputError
from theory.common.types import Ints, Stages
from theory.staleness.count import Staleness, whole_number
from theory.worst_case.question import Measure, Question
from theory.worst_case.solve import worst_case
from theory.worst_case.traces.named import Trace, choices, constant_delays, count_traces, named_traces
from theory.worst_case.traces.uniform import theorem_a, theorem_b, uniform_bound

EXHAUSTIVE, SEARCH = "exhaustive", "hill climbing"
#: Relative differences below this are not told apart.
TOLERANCE = 1e-6
# All pairs of points up to these T, without and with noise; beyond, the pairs up to max(s, 4) steps apart.
_ALL_PAIRS = {False: 24, True: 12}


@dataclass(frozen=True, eq=False)
class PatternResult:
    r"""The worst trace that was found.

    Args:
        delays: int64 (T,), the trace; the constant delay unless another is larger by more than `TOLERANCE`.
        value: its worst case; constant_value: that of the constant delay d_k = min(s - 1, k).
        method: "exhaustive" (no trace is larger by more than `TOLERANCE`) or the name of the search.
        start: where the search began to climb; the kind of the trace itself when it was exhaustive.
        traces: how many different traces there are; solved: how many worst cases were solved.
        all_pairs: whether they were solved with all pairs of points, so that values are exact and not upper bounds.
        upper: a bound for all traces: `value` and its tolerance where the method is exhaustive, else `uniform_bound`;
            None where there is none.
    """

    delays: Ints
    value: float
    constant_value: float
    method: str
    start: str
    traces: int
    solved: int
    all_pairs: bool
    upper: float | None

    @property
    def ratio(self) -> float:
        """The worst trace over the constant delay."""
        return self.value / self.constant_value

    @property
    def constant_is_worst(self) -> bool:
        """Whether no other trace was found to be worse; a fact where the method is exhaustive."""
        return self.ratio <= 1 + TOLERANCE

    @property
    def exhaustive(self) -> bool:
        """Whether every trace was solved or proved to be no worse."""
        return self.method == EXHAUSTIVE

    def to_dict(self) -> dict[str, Any]:
        """What `gradlag worst-case --delays worst --json` prints of it."""
        return {
            "delays": self.delays.tolist(),
            "method": self.method,
            "constant_delay": self.constant_value,
            "ratio": self.ratio,
            "traces": self.traces,
            "solved": self.solved,
        }


def worst_delays(
    step_sizes: ArrayLike,
    staleness: int | Staleness,
    *,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    coherence: float | None = None,
    measure: Measure | str = Measure.MINIMUM,
    limit: int = 5000,
    effort: int = 400,
    seed: int = 0,
    progress: Stages | None = None,
) -> PatternResult:
    r"""The delay trace with the largest worst case, $\max_{0\le d_k\le\min(s-1,k)}$, at given steps.

    Args:
        step_sizes: float64 (T,), eta_k; staleness: the window s.
        smoothness, gap, variance, coherence, measure: see `Question`; the coherence holds over the whole window.
        limit: how many traces may have to be solved for an exhaustive answer; where more would, it is a search.
        effort: how many worst cases a search may solve.
        seed: of the search's random changes.
        progress: called with (done, total, text).

    Returns:
        The trace, its value, that of the constant delay, and how they were found.

    Raises:
        ScheduleError, StalenessError, InputError: steps, a staleness or a constant that cannot be.
        EnvironmentFailure: the solver did not solve the constant delay.

    >>> found = worst_delays([0.5, 0.5, 0.5], 2)
    >>> found.delays.tolist(), found.exhaustive, round(found.ratio, 6)
    ([0, 1, 1], True, 1.0)
    >>> found = worst_delays([0.95, 0.16, 1.6], 2)
    >>> found.delays.tolist(), round(found.ratio, 2)
    ([0, 0, 1], 1.01)
    """
    window = Staleness.of(staleness)
    whole_number(limit, 1, "The limit of traces", InputError)
    whole_number(effort, 1, "The effort of the search", InputError)
    latest = constant_delays(np.size(np.asarray(step_sizes)), window)
    question = Question(
        step_sizes,
        latest,
        smoothness=smoothness,
        gap=gap,
        variance=variance,
        coherence=coherence,
        staleness=window,
        measure=measure,
    )
    return _Hunt(question, limit, effort, seed, progress or (lambda done, total, text: None)).result()


class _Hunt:
    """One maximisation; it keeps the values that it has solved."""

    def __init__(self, question: Question, limit: int, effort: int, seed: int, tell: Stages) -> None:
        self.question, self.limit, self.effort, self.seed, self.tell = question, limit, effort, seed, tell
        self.normal = question.normalised()
        self.steps = question.steps
        self.all_pairs = self.steps <= _ALL_PAIRS[question.variance > 0]
        self.reach = self.steps if self.all_pairs else max(question.staleness.window, 4)
        self.values: dict[Trace, float] = {}
        self.constant: Trace = tuple(int(d) for d in question.delays)

    def result(self) -> PatternResult:
        """Exhaustive where few enough traces could beat the constant delay, a search elsewhere."""
        first = self.value(self.constant)
        if not math.isfinite(first):
            raise EnvironmentFailure(
                "The solver did not solve the worst case of the constant delay, so that there is nothing to compare "
                "with. Try smaller or more even step sizes, or fewer steps."
            )
        rivals = self.rivals(first)
        if rivals is not None and self.all_pairs:
            return self.finish(*self.exhaust(rivals, first), EXHAUSTIVE)
        best, start = self.climb()
        return self.finish(best, start, f"{SEARCH} from {start}")

    def finish(self, best: Trace, start: str, method: str) -> PatternResult:
        constant, value = self.values[self.constant], self.values[best]
        if value <= constant * (1 + TOLERANCE):
            best, value = self.constant, constant
        everywhere = uniform_bound(self.question)
        upper = value * (1 + TOLERANCE) if method == EXHAUSTIVE else everywhere.value if everywhere else None
        return PatternResult(
            delays=np.array(best, dtype=np.int64),
            value=value,
            constant_value=constant,
            method=method,
            start=start,
            traces=count_traces(self.question.step_sizes, self.question.staleness),
            solved=len(self.values),
            all_pairs=self.all_pairs,
            upper=upper,
        )

    def value(self, trace: Trace) -> float:
        """The worst case of a trace, NaN where no solver gave one."""
        if trace not in self.values:
            question = self.question.replaced(delays=trace)
            found = worst_case(question, reach=self.reach).value
            if not math.isfinite(found) and self.all_pairs:
                found = _dense_value(question)
            self.values[trace] = found
        return self.values[trace]

    # ---------------------------------------------------------------------------------------------- all traces

    def rivals(self, least: float) -> list[tuple[float, Trace]] | None:
        """The traces whose upper bound is above `least`, with it; None where there are too many to look at."""
        allowed = choices(self.question.step_sizes, self.question.staleness)
        found: list[tuple[float, Trace]] = []
        stack: list[tuple[Trace, float]] = [((), self.bound(()))]
        for _ in range(10 * self.limit + self.steps):
            if not stack or len(found) > self.limit:
                break
            prefix, upper = stack.pop()
            if len(prefix) == self.steps:
                found.append((upper, prefix))
            else:
                stack += self._children(prefix, upper, allowed[len(prefix)], least * (1 + TOLERANCE))
        return None if stack or len(found) > self.limit else sorted(found, key=lambda each: -each[0])

    def _children(self, prefix: Trace, upper: float, delays: list[int], least: float) -> list[tuple[Trace, float]]:
        """The branches of a branch that may hold a larger value than `least`, with their bounds."""
        latest = self.constant[len(prefix)]
        bounded = [((*prefix, d), upper if d == latest else min(upper, self.bound((*prefix, d)))) for d in delays]
        return [(child, bound) for child, bound in reversed(bounded) if bound > least]

    def bound(self, prefix: Trace) -> float:
        """An upper bound of all traces that begin like this, inf if there is none."""
        if self.question.measure is not Measure.MINIMUM:
            return math.inf
        latest = np.array(prefix + self.constant[len(prefix) :])
        run = self.normal.step_sizes, latest, self.normal.variance
        return min(theorem_b(*run), theorem_a(*run)) * self.question.scale

    def exhaust(self, rivals: Sequence[tuple[float, Trace]], first: float) -> tuple[Trace, str]:
        """The worst of all traces, given those that are not ruled out by their bounds."""
        best, value, unsolved = self.constant, first, 0
        for done, (upper, trace) in enumerate(rivals):
            self.tell(done, len(rivals), "delay traces")
            if upper <= value * (1 + TOLERANCE) or self._relaxed(trace) <= value:
                continue
            found = self.value(trace)
            unsolved += not math.isfinite(found)
            if found > value * (1 + TOLERANCE):
                best, value = trace, found
        if unsolved:
            raise EnvironmentFailure(
                f"The solver did not solve {unsolved} of {len(rivals)} delay traces, so that the worst is not known. "
                "Try smaller or more even step sizes, or fewer steps."
            )
        return best, self.kind(best)

    def _relaxed(self, trace: Trace) -> float:
        """A cheaper upper bound, where it is cheaper: that of neighbouring points only."""
        if self.steps < 10 and self.question.variance == 0:
            return math.inf
        value = worst_case(self.question.replaced(delays=trace), reach=1).value
        return value if math.isfinite(value) else math.inf

    # -------------------------------------------------------------------------------------------------- a search

    def climb(self) -> tuple[Trace, str]:
        """The best trace that changes of the named ones lead to, and the one that it began from."""
        starts = named_traces(self.steps, self.question.staleness)
        for done, trace in enumerate(starts.values()):
            self.tell(done, self.effort, "named delay traces")
            self.value(trace)
        start = max(starts, key=lambda name: np.nan_to_num(self.values[starts[name]], nan=-1.0))
        best, rng = starts[start], np.random.default_rng(self.seed)
        for _ in range(20 * self.effort):  # most changes change nothing when nearly all were tried
            if len(self.values) >= self.effort:
                break
            trace = self._changed(best, rng)
            self.tell(len(self.values), self.effort, "changed delay traces")
            if self.value(trace) > self.values[best] * (1 + 1e-9):
                best = trace
        return best, start

    def _changed(self, trace: Trace, rng: np.random.Generator) -> Trace:
        """One delay, or a block of up to 2 s of them, set anew: to one value, to a ramp, or moved by one step."""
        window = self.question.staleness.window
        k = int(rng.integers(self.steps))
        length = int(rng.choice([1, 1, window, 2 * window]))
        block = np.arange(k, min(k + length, self.steps))
        new = np.array(trace)
        level, kind = int(rng.integers(window)), int(rng.integers(3))
        new[block] = (np.full(block.size, level), level + np.arange(block.size), np.roll(new, 1)[block])[kind]
        return tuple(int(d) for d in np.minimum(new, self.constant))

    def kind(self, trace: Trace) -> str:
        """The name of a trace, or "another"."""
        named = named_traces(self.steps, self.question.staleness)
        return next((name for name, each in named.items() if each == trace), "another")


def _dense_value(question: Question) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # cvxpy's word on an inaccurate answer, which is NaN here
        return worst_case(question, dense=True).value
