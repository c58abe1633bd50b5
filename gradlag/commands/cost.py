"""`gradlag cost`: what staleness costs, in steps and, where speeds are known, in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.common.files import check_writable
from experiments.common.progress import reporting
from experiments.cost.answer import Answer, Priced, answer, curves
from experiments.cost.measured_steps import MeasuredSteps, tuned
from experiments.cost.methods import Method, of_fleet, of_staleness
from experiments.problems import get_problem
from experiments.problems.problem import Problem
from experiments.runs.recorded_trace import load_trace
from experiments.servers.judging.replay import fitted
from experiments.servers.speeds import parse_fleet
from gradlag.terminal.output import keep_json, number, print_prose, print_table, print_text, unbroken
from theory.common.errors import InputError
from theory.cost.case import Case
from theory.staleness.count import Staleness
from theory.staleness.traces import oldest

_ASKED = "Say where the delays come from: --staleness S, --trace FILE or --workers SPEC, one of the three."


def cost(
    *,
    staleness: int | None = None,
    trace: Path | str | None = None,
    workers: str | None = None,
    inconsistent: bool = False,
    variance: float | None = None,
    smoothness: float | None = None,
    gap: float | None = None,
    accuracy: float | None = None,
    steps: int | None = None,
    problem: str | Problem | None = None,
    bounds: Sequence[str] | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: bool = False,
) -> Answer:
    """What staleness costs: the steps and the time to an accuracy, each method at its best step of the best bound.

    Args:
        staleness: s, a fixed delay of s - 1; or trace: a recorded run or a file of delays; or workers: a fleet, as for
            `serve`, on the virtual clock. With several delays a line a step averages so many gradients.
        inconsistent: they are those of blocks of coordinates instead, which are read apart.
        variance: sigma^2 of one gradient, 1 by default; smoothness: L, 1; gap: Delta, 1; or those of a problem.
        accuracy: what min_k E|grad F(x_k)|^2 shall be at most; or steps: T, and the accuracy is what T steps promise.
        problem: an objective, whose constants are taken and on which tuned runs are measured.
        bounds: names of the library to choose from; by default all that assume no coherence.
        seed: of the virtual clock. out: a folder for cost.json and the picture of time against accuracy.
        progress: show how far it is on stderr.

    Returns:
        The factor, the break-even, from where on staleness is free, and every method.

    Raises:
        InputError: not one source of delays, neither or both of accuracy and steps, or an accuracy out of reach.

    >>> found = cost(staleness=8, accuracy=0.01)
    >>> found.cost.stale.steps, round(found.cost.factor, 2), found.best.method.name
    (21453, 1.07, 'batched-waiting')
    """
    objective = get_problem(problem) if isinstance(problem, str) else problem
    constants = _constants(objective, variance, smoothness, gap)
    folder = None if out is None else check_writable(Path(out) / "cost.json").parent
    methods, about = _methods(staleness, trace, workers, constants, seed, inconsistent, objective is not None)
    with reporting("methods", quiet=not progress) as report:
        found = answer(methods, about, accuracy, steps, bounds)
        report(1, 2)
        drawn = None if folder is None else curves(methods, found.cost.accuracy)
        report(2, 2)
    if objective is not None:
        found = _measured(found, objective, progress)
    if folder is not None and drawn is not None:
        from figures.draw.cost import save_cost

        folder.mkdir(parents=True, exist_ok=True)
        keep_json(folder / "cost.json", found.to_dict())
        save_cost(found, drawn, folder)
    return found


def _constants(
    problem: Problem | None, variance: float | None, smoothness: float | None, gap: float | None
) -> Mapping[str, float]:
    known = {} if problem is None else {n: c.value for n, c in problem.constants(problem.default_batch).items()}
    if variance is not None and not 0 <= variance < float("inf"):
        raise InputError(f"The variance must be a finite number of at least 0. Got {variance:g}.")
    given = {"L": smoothness, "Delta": gap, "sigma": None if variance is None else variance**0.5}
    return {name: known.get(name, 1.0) if value is None else value for name, value in given.items()}


def _methods(
    staleness: int | None,
    trace: Path | str | None,
    workers: str | None,
    constants: Mapping[str, float],
    seed: int,
    apart: bool,
    measured: bool,
) -> tuple[tuple[Method, ...], str]:
    if sum(given is not None for given in (staleness, trace, workers)) != 1:
        raise InputError(_ASKED)
    if apart and measured:
        raise InputError("A run of blocks that are read apart needs the delays of all blocks: use gradlag check.")
    if apart and trace is None:
        raise InputError("Blocks that are read apart have delays of their own: give them with --trace FILE.")
    if staleness is not None:
        window = Staleness.of(staleness)
        return of_staleness(Case(window, constants)), f"staleness {window.window}"
    if workers is not None:
        fleet = parse_fleet(workers)
        return of_fleet(fleet, constants, seed=seed), f"asynchrony of {workers}"
    recorded = load_trace(Path(str(trace)))
    if recorded.timed and recorded.attributed and not apart:
        return of_fleet(fitted([recorded]), constants, recorded, seed), f"asynchrony as recorded in {trace}"
    delays = oldest(recorded.delays) if apart else recorded.delays
    return of_staleness(Case(Staleness(1 + recorded.maximum), constants, delays, apart)), f"delays as in {trace}"


def _measured(found: Answer, problem: Problem, progress: bool) -> Answer:
    priced: list[Priced] = []
    for each in found.methods:
        with reporting(f"runs, {each.method.words}", quiet=not progress) as report:
            ran = tuned(problem, each.method, each.least, found.cost.accuracy, report)
        priced.append(replace(each, measured=ran))
    return replace(found, methods=tuple(priced))


def show(found: Answer) -> None:
    """The answer in a sentence, the break-even, and the methods in a table."""
    print_prose(found.line)
    print_text()
    timed, measured = found.timed, any(each.measured is not None for each in found.methods)
    heads = ["method", "steps", "seconds" if timed else "gradients", "step size", "bound"]
    heads += ["measured steps", "measured seconds" if timed else "measured gradients"] if measured else []
    print_table(heads, [_row(each, measured) for each in found.methods])
    print_text()
    print_prose(
        f"Proved, each at its best constant step: {found.first} first. Asynchrony pays where one of its updates takes "
        f"less than {number(found.cost.break_even)} of the time of a step that waits for one fresh gradient."
    )
    if measured:
        print_prose("Measured: at the best step size tried, the mean of 8 seeds, and its limits by Student at 95 %.")


def _row(priced: Priced, measured: bool) -> list[str]:
    cells: list[Any] = [
        priced.method.words,
        str(priced.least.steps),
        number(priced.time(priced.least.steps)),
        number(priced.least.step_size),
        priced.least.bound,
    ]
    if measured:
        ran = priced.measured
        cells += ["not reached", "-"] if ran is None else [_steps(ran), number(priced.time(ran.steps))]
    return cells


def _steps(ran: MeasuredSteps) -> str:
    low, high = ran.interval
    return unbroken(f"{ran.steps} ({low}..{'' if high is None else high})")
