"""The entry point: the worst case of a question, with as many pairs of points as it takes for the value to settle.

First the neighbours (k, k+1). Then, round by round, the pairs whose inequalities the answer breaks most; where the
value fell, pairs without a multiplier are dropped. Where no pair is broken any more, the value is that of all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from theory.common.types import Floats, Ints, Share, Stages
from theory.common.waiting import silent
from theory.worst_case import costs
from theory.worst_case.costs import DENSE, Cost, banded_cost, cheaper_cost, dense_cost, interior_cost, refuse_hopeless
from theory.worst_case.question import Question
from theory.worst_case.solution import BROKEN, Solution, Status
from theory.worst_case.solvers.banded import OWN_ON_BANDS, solve
from theory.worst_case.solvers.dense import solve_dense
from theory.worst_case.solvers.inequalities import neighbours
from theory.worst_case.solvers.interior import OWN, solve_interior
from theory.worst_case.solvers.violated_pairs import cuts, surpluses

TIGHT, ROUGH = 2e-7, 1e-4  # tolerances of our own methods
SETTLED = 1e-4  # relative change of the value from one round to the next
NEARLY_KEPT = 0.1  # by how much pairs may be broken where the value counts as settled, in units of Delta
FELL = 1e-6  # relative: a smaller fall may be the solver's error
ROUNDS = 40
_TYPICAL = 2  # rounds after the first
# Seconds by prediction:
SHORT = 0.5  # within which no pair is left broken
LONG = 5.0  # that the next round may take
PATIENCE = 30.0  # that all rounds together may take
_SHORT_RUN = 64  # steps
LARGEST_CHECK = 2500  # nodes up to which all pairs are looked at


def worst_case(
    question: Question,
    *,
    reach: int | None = None,
    dense: bool = False,
    exact: bool = False,
    start: Solution | None = None,
    patience: float = PATIENCE,
    progress: Stages | None = None,
) -> Solution:
    """The worst case of a question; its value is NaN where no solver gave one that holds.

    Args:
        question: any.
        reach: use the pairs up to this many steps apart and no others; None chooses pairs until the value settles. For
            short runs that is when no pair is broken, so that the value is that of all pairs; for long ones when the
            value changes by less than 1e-4 and no pair is broken by more than a tenth of Delta.
        dense: use all pairs in one dense problem, for up to some fifty steps; so it is for every rule of a method.
        exact: go on until no pair is broken, or the patience is over.
        start: an answer to the same question, from which to go on.
        patience: seconds, by prediction, within which pairs are added; the first round takes what it takes.
        progress: called with (done, total, text) between solves; the total is a limit that is seldom reached.

    Returns:
        A Solution; `pairs` are those used, `violation` is what the others are broken by, `exact` says whether the value
        is that of all pairs.

    Raises:
        TooLargeError: before the work begins, where it would need more memory than there is or more than six hours.

    >>> from theory.worst_case.question import Question
    >>> round(worst_case(Question([1.0], [0])).value, 4)
    0.8
    """
    began = time.perf_counter()
    if dense or question.rule is not None:
        found = _dense(question, progress or _silent)
    elif reach is not None:
        pairs = neighbours(question.steps, reach)
        tell = _Meter(progress or _silent, rounds=_TYPICAL).round(_seconds(question, pairs))
        found = _solve(question, pairs, tell=tell)
    else:
        found = _settled(question, exact, start, patience, progress or _silent)
    violation = 0.0 if found.exhaustive else found.violation
    return replace(found, violation=violation, seconds=time.perf_counter() - began)


def _silent(done: int, total: int, text: str) -> None:
    del done, total, text


@dataclass
class _Meter:
    """Predicted seconds that are done and to come, told as thousandths; how many rounds will follow is a guess."""

    progress: Stages
    spent: float = 0.0
    rounds: int = 0
    text: str = "neighbours"

    def round(self, seconds: float) -> Share:
        """Begin a round; what is returned is told how much of it is done."""
        before, ahead = self.spent, max(_TYPICAL - self.rounds, 0.2) * seconds
        self.spent, self.rounds = before + seconds, self.rounds + 1

        def tell(share: float) -> None:
            done = before + min(share, 1.0) * seconds
            self.progress(int(1000 * done), int(1000 * (before + seconds + ahead)) + 1, self.text)

        return tell


def _dense(question: Question, progress: Stages) -> Solution:
    refuse_hopeless(question, dense_cost, DENSE)
    return solve_dense(question, tell=lambda share: progress(int(1000 * min(share, 1.0)), 1001, "all pairs"))


def _solve(question: Question, pairs: Ints, tolerance: float = TIGHT, tell: Share = silent) -> Solution:
    """By the solver that is predicted to be faster; by the other one where it fails."""
    banded, fine = banded_cost(question, pairs), tolerance if tolerance > TIGHT else 1e-10
    ways: list[tuple[Cost, Callable[[], Solution]]] = [
        (banded, lambda: solve(question, pairs, tolerance=fine, tell=tell))
    ]
    if question.variance == 0:
        other = interior_cost(question, pairs)
        ways.append((other, lambda: solve_interior(question, pairs, tolerance=tolerance, tell=tell)))
    ways.sort(key=lambda entry: entry[0].seconds)
    refuse_hopeless(question, lambda asked: cheaper_cost(asked, _those_within(pairs, asked.steps)))
    found = ways[0][1]()
    for cost, again in ways[1:]:
        if found.status is not Status.SOLVED and cost.seconds < 2 * PATIENCE:
            second = again()
            found = second if second.status is Status.SOLVED else found
    return found


@dataclass(frozen=True, eq=False)
class _Round:
    """A solution, the pairs it needs and those it breaks most, the tolerance it was solved to, what it changed."""

    solution: Solution
    kept: Ints
    cuts: Ints
    tolerance: float
    change: float  # relative, to the round before

    @property
    def final(self) -> bool:
        return self.tolerance <= TIGHT

    def settled(self, exact: bool) -> bool:
        if not len(self.cuts):
            return True
        kept = not self.solution.violation > NEARLY_KEPT  # or not looked at
        return not exact and kept and self.change <= SETTLED


def _settled(question: Question, exact: bool, start: Solution | None, patience: float, progress: Stages) -> Solution:
    meter = _Meter(progress)
    best = _round(question, 0, None, TIGHT, start or _of_neighbours(question, meter))
    for number in range(1, ROUNDS):
        solution, settled = best.solution, best.settled(exact or meter.spent < SHORT)
        if solution.status is not Status.SOLVED or (settled and best.final):
            break
        meter.text = f"{solution.value:.6g} with {len(solution.pairs)} pairs"
        pairs = solution.pairs if settled else np.unique(np.concatenate([best.kept, best.cuts]), axis=0)
        # While the value still moves much, a rough answer is enough to find the next pairs; one that is nearly tight
        # saves less than it costs to solve again.
        rough = not settled and np.isfinite(best.change) and number < ROUNDS - 1
        wanted = min(best.change / 100, ROUGH)
        tolerance = wanted if rough and wanted > ROUGH / 10 else TIGHT
        ahead = _seconds(question, pairs)
        if meter.spent + ahead > patience or (ahead > LONG and not exact):
            break
        tell = meter.round(ahead)
        tell(0.0)
        after = _round(question, number, best, tolerance, _solve(question, pairs, tolerance, tell))
        if after.solution.status is not Status.SOLVED or after.change < -10 * max(best.tolerance, tolerance):
            break
        best = after
    return best.solution if best.solution.exact else _all_pairs(question, best.solution)


def notice(question: Question) -> str | None:
    """A sentence on how long it will take, where that is more than a minute."""
    if question.rule is not None:
        return costs.notice(question, dense_cost)
    return costs.notice(question, lambda asked: cheaper_cost(asked, neighbours(asked.steps, 1)))


def _of_neighbours(question: Question, meter: _Meter) -> Solution:
    pairs = neighbours(question.steps, 1)
    return _solve(question, pairs, tell=meter.round(_seconds(question, pairs)))


def _all_pairs(question: Question, otherwise: Solution) -> Solution:
    """The answer with all pairs, where that is quick and succeeds."""
    if question.steps > _SHORT_RUN:
        return otherwise
    pairs = neighbours(question.steps, question.steps)
    found = _solve(question, pairs) if _seconds(question, pairs) < SHORT else otherwise
    return found if found.status is Status.SOLVED else otherwise


def _round(question: Question, number: int, before: _Round | None, tolerance: float, solution: Solution) -> _Round:
    nothing = np.empty((0, 2), dtype=np.int64)
    change = np.inf if before is None else (before.solution.value - solution.value) / solution.value
    used = tolerance if solution.solver in (OWN, OWN_ON_BANDS) else TIGHT
    pairs, nodes = solution.pairs, (2 if question.variance > 0 else 1) * (question.steps + 1)
    if solution.status is not Status.SOLVED:
        return _Round(solution, pairs, nothing, used, change)
    if nodes > LARGEST_CHECK:
        wider = neighbours(question.steps, 2) if before is None else nothing
        return _Round(solution, pairs, wider, used, change)
    surplus = surpluses(question, solution)
    broken = max(0.0, -float(surplus.min()))
    longest, found = _longest(question, number), nothing
    while broken > BROKEN and not len(found):
        found, longest = cuts(question, surplus, longest=longest, tolerance=BROKEN), 2 * longest
    # Pairs are dropped only where the value fell: else the same ones might come and go for ever.
    fell = change > max(FELL, 10 * used)
    kept = _kept(solution, surplus) if fell else pairs
    return _Round(replace(solution, violation=broken), kept, found, used, change)


def _longest(question: Question, number: int) -> int:
    """How far apart new pairs may be: any distance in short runs, few steps where the band would grow."""
    return question.steps if question.variance == 0 and question.steps <= _SHORT_RUN else 2 << number


def _seconds(question: Question, pairs: Ints) -> float:
    """Of one solve by the faster solver, by prediction."""
    return cheaper_cost(question, pairs).seconds


def _those_within(pairs: Ints, steps: int) -> Ints:
    return pairs[(pairs <= steps).all(axis=1)]


def _kept(solution: Solution, surplus: Floats) -> Ints:
    """The chain both ways, and the pairs whose multiplier outweighs what they have to spare."""
    assert solution.multipliers is not None
    spare = surplus[solution.pairs[:, 0], solution.pairs[:, 1]] if solution.solver == OWN else 0.0
    carried = solution.multipliers.pair > (1e-7 + 1e-3 * np.maximum(spare, 0.0)) * solution.multipliers.gap
    near = np.abs(solution.pairs[:, 0] - solution.pairs[:, 1]) == 1
    kept: Ints = solution.pairs[near | carried]
    return kept
