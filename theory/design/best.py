r"""A better schedule: step sizes chosen for a bound or for the worst case itself, beside the usual ones.

    theorem-1    the sum in Theorem 1's proof (dai2019-tight): one convex problem (theory/design/theorem_1.py);
    theorem-a    Theorem A: a signomial problem (theory/design/theorem_a.py);
    worst-case   the semidefinite program's value: descent on its sensitivities (theory/worst_case/solvers/descent.py).

Whatever the target, the design and its baselines are judged by the same measures: the target's bound, and the worst
case. The last two problems are not convex: their designs are the best found, and never worse than their baselines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from theory.bounds import Bound, get
from theory.common.errors import EnvironmentFailure, InputError, TooLargeError
from theory.common.types import Floats, Stages
from theory.common.waiting import part, parts
from theory.design.brief import Brief, best_multiple, brief, waiting
from theory.design.explanation import reason
from theory.design.theorem_1 import best_sum, best_tight
from theory.design.theorem_a import best_theorem_a
from theory.design.worst_case import best_worst_case, polished, starts
from theory.schedules.schedule import NumericSchedule
from theory.staleness.count import Staleness
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.descent import best_constant, without_zero_steps

#: The best length of an undelayed step without noise: 2/(sqrt(3) L), Abbaszadehpeivasti et al. (2022).
_UNDELAYED = 2 / np.sqrt(3)


class Target(StrEnum):
    """What the steps are chosen for."""

    THEOREM_A = "theorem-a"
    THEOREM_1 = "theorem-1"
    WORST_CASE = "worst-case"

    @property
    def bound(self) -> Bound | None:
        """The bound that is made small; None for the worst case itself."""
        return {Target.THEOREM_A: get("theorem-a"), Target.THEOREM_1: get("dai2019-tight")}.get(self)


@dataclass(frozen=True, eq=False)
class Rated:
    """Step sizes and what they give.

    Args:
        title: what they are, in a few words; step_sizes: float64 (T,).
        value: the target's bound, None outside its domain.
        worst_case: the semidefinite program's answer; None if it was not asked for. Where steps are 0, its question
            is the same run without them.
    """

    title: str
    step_sizes: Floats
    value: float | None
    worst_case: Solution | None

    @property
    def worst_case_value(self) -> float | None:
        """The worst case, None if it was not asked for or not solved."""
        solved = self.worst_case is not None and self.worst_case.status is Status.SOLVED
        return self.worst_case.value if solved and self.worst_case is not None else None


@dataclass(frozen=True, eq=False)
class Design:
    """Step sizes that were chosen, beside the usual ones.

    Args:
        target: what they were chosen for; brief: the run they are for.
        chosen: the design; baselines: Theorem 1's schedule ("theorem-1"), the best constant step ("constant"), and
            others, by name.
        reason: sentences on which steps are longer and shorter, and why, from the numbers of this very design.
        certified: whether the worst cases have certificates; whoever makes them says so with dataclasses.replace.
    """

    target: Target
    brief: Brief
    chosen: Rated
    baselines: Mapping[str, Rated]
    reason: tuple[str, ...]
    certified: bool = False

    @property
    def step_sizes(self) -> Floats:
        """float64 (T,), step k at position k - 1, in the user's units."""
        return self.chosen.step_sizes

    @property
    def value(self) -> float:
        """The target's bound or worst case at the design, in units of |grad F|^2."""
        if self.chosen.value is None:
            raise EnvironmentFailure("No solver gave a value for the design. Change the steps or the constants.")
        return self.chosen.value

    @property
    def schedule(self) -> NumericSchedule:
        """The steps as a schedule, which is scaled where L is another one."""
        return NumericSchedule(self.step_sizes, "@design", self.brief.smoothness)

    def improvement(self, name: str) -> float | None:
        """How much less the target's measure is than at a baseline: 0.1 for 10 %; None outside its domain."""
        return _gain(self.chosen.value, self.baselines[name].value)

    def worst_case_improvement(self, name: str) -> float | None:
        """How much less the worst case is than at a baseline; None where one of them is not known."""
        return _gain(self.chosen.worst_case_value, self.baselines[name].worst_case_value)

    @property
    def text(self) -> str:
        """The L that the steps are for, then one a line: what `--schedule @FILE` reads back to the same floats."""
        return self.schedule.lines

    def save(self, path: str | Path) -> Path:
        """Write the steps as a file for `--schedule @FILE`."""
        place = Path(path)
        try:
            place.write_text(self.text, encoding="utf-8")
        except OSError as error:
            raise EnvironmentFailure(f"The step sizes cannot be written to {str(place)!r}: {error}.") from None
        return place


def _gain(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else 1 - value / other


def design(
    staleness: int | Staleness,
    steps: int,
    *,
    delays: ArrayLike | None = None,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    mu: float | None = None,
    target: Target | str = Target.THEOREM_A,
    judged: bool = True,
    progress: Stages | None = None,
) -> Design:
    r"""The best step sizes for a bound or the worst case, judged beside the usual schedules.

    Args:
        staleness: the theorem's s; steps: T.
        delays: int64 (T,), the delay of step k at position k - 1; s - 1 throughout where left out.
        smoothness: L; gap: Delta; variance: sigma^2.
        mu: coherence, of Theorem 1's schedule and sums; 1 where left out. The worst cases assume it for the target
            theorem-1 only.
        target: "theorem-a", "theorem-1" or "worst-case".
        judged: also solve the worst cases; False where only the bounds matter.
        progress: called with (done, total, text).

    Returns:
        A Design. It is never worse than its baselines by the target's measure.

    Raises:
        InputError: anything that cannot be used, in one sentence.
        EnvironmentFailure: a solver failed.

    >>> found = design(1, 10, target="theorem-a")
    >>> round(found.value, 6), round(found.improvement("constant"), 6)
    (0.181818, 0.0)
    """
    wanted = _target(target)
    run = brief(staleness, steps, delays=delays, smoothness=smoothness, gap=gap, variance=variance, mu=mu)
    if wanted.bound is None:
        return _for_worst_case(run, progress)
    return _for_bound(run, wanted, wanted.bound, judged, progress)


def _target(text: Target | str) -> Target:
    try:
        return Target(text)
    except ValueError:
        raise InputError(f"A design is for {', '.join(Target)}. Got {text!r}.") from None


Rater = Callable[[str, Floats], Rated]


def _rater(run: Brief, target: Target, judged: bool, stages: Iterator[Stages | None]) -> Rater:
    """What gives steps their bound and worst case, and takes a stage of the progress each time."""

    def rate(title: str, step_sizes: Floats) -> Rated:
        solution, stage = None, next(stages)
        if judged or target is Target.WORST_CASE:
            question = run.question(step_sizes, coherent=target is Target.THEOREM_1)
            with nullcontext() if target is Target.WORST_CASE else suppress(TooLargeError):
                solution = worst_case(without_zero_steps(question), progress=stage)
        value = target.bound.assess(run.setting(step_sizes))[0] if target.bound is not None else None
        rated = Rated(title, _sealed(step_sizes), value, solution)
        return rated if target.bound is not None else Rated(title, rated.step_sizes, rated.worst_case_value, solution)

    return rate


def _sealed(step_sizes: Floats) -> Floats:
    steps = np.array(step_sizes, dtype=np.float64)
    steps.setflags(write=False)
    return steps


def _for_bound(run: Brief, target: Target, bound: Bound, judged: bool, progress: Stages | None) -> Design:
    """The best steps for a bound."""
    if target is Target.THEOREM_A:
        found = best_theorem_a(run, progress=part(progress, 0.0, 0.3)) / run.smoothness
    else:
        found = best_tight(run) / run.smoothness
    usual = list(_usual(run, bound))
    rate = _rater(run, target, judged, parts(progress, 0.3, 1.0, len(usual) + 1))
    baselines = {name: rate(title, sizes) for name, title, sizes in usual}
    chosen = _least(rate("the design", found), baselines)
    return Design(target, run, chosen, baselines, _reason(run, target, chosen, baselines))


def _usual(run: Brief, bound: Bound) -> Iterator[tuple[str, str, Floats]]:
    """The schedules that a design for a bound is compared with."""
    yield "theorem-1", _SCHEDULE, run.scheduled("theorem-1").step_sizes
    yield "constant", _CONSTANT, best_multiple(bound, run, np.ones(run.steps))
    if bound.name == "dai2019-tight":
        yield "dai2019-sum", "the best steps for the sum with the factor s", best_sum(run) / run.smoothness
    if run.delays.any() and bound.name == "theorem-a":
        yield "waiting", _WAITING, best_multiple(bound, run, waiting(run, 1.0))


_SCHEDULE, _CONSTANT = "Theorem 1's schedule", "the best constant step"
_WAITING = "steps that wait until their gradient is fresh"


def _for_worst_case(run: Brief, progress: Stages | None) -> Design:
    """The best steps for the worst case, from the best constant step and from Theorem A's design."""
    target, told = Target.WORST_CASE, part(progress, 0.0, 0.1)
    constant = np.full(run.steps, best_constant(run.question(np.ones(run.steps)), progress=told))
    from_a = best_theorem_a(run) / run.smoothness
    usual = {
        "theorem-1": (_SCHEDULE, run.scheduled("theorem-1").step_sizes),
        "constant": (_CONSTANT, constant),
        "theorem-a": ("the design for Theorem A", from_a),
    }
    if run.delays.any():
        usual["waiting"] = (_WAITING, waiting(run, _fresh_length(run)) / run.smoothness)
    stages = [(0.1, 0.3, len(usual)), (0.6, 0.65, 1), (0.95, 1.0, 1)]
    rate = _rater(run, target, True, chain.from_iterable(parts(progress, *stage) for stage in stages))
    baselines = {name: rate(title, sizes) for name, (title, sizes) in usual.items()}
    best = best_worst_case(run.question(constant), _begun(run, baselines), progress=part(progress, 0.3, 0.6))
    found = _least(rate("the design", best.step_sizes), baselines)
    last = polished(run.question(found.step_sizes), progress=part(progress, 0.65, 0.95))
    chosen = _least(rate("the design", last), {**baselines, "": found})
    return Design(target, run, chosen, baselines, _reason(run, target, chosen, baselines))


def _fresh_length(run: Brief) -> float:
    """The length of a step without delay, with L = 1: Corollary 1's with noise."""
    count = int(np.count_nonzero(waiting(run, 1.0)))
    return float(_UNDELAYED / (1 + _UNDELAYED * np.sqrt(run.noise * count / 2)))


def _begun(run: Brief, baselines: Mapping[str, Rated]) -> tuple[Floats, ...]:
    """Where the descents begin: waiting steps only where they are at most a fifth worse than a constant."""
    constant, waited = baselines["constant"], baselines.get("waiting")
    others = [baselines["theorem-a"].step_sizes]
    if waited and waited.value and constant.value and waited.value <= 1.2 * constant.value:
        others.append((waited.step_sizes + constant.step_sizes) / 2)
    return starts(constant.step_sizes, others if run.delays.any() else [])


def _least(found: Rated, baselines: Mapping[str, Rated]) -> Rated:
    """The design, or a baseline's steps where they are better."""
    best = min((found, *baselines.values()), key=lambda one: np.inf if one.value is None else one.value)
    return best if best is found else Rated(found.title, best.step_sizes, best.value, best.worst_case)


def _reason(run: Brief, target: Target, chosen: Rated, baselines: Mapping[str, Rated]) -> tuple[str, ...]:
    constant = baselines["constant"]
    return reason(run, target.value, chosen.step_sizes, float(constant.step_sizes[0]), constant.worst_case)
