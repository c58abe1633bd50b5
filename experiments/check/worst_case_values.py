"""The worst-case rungs of a ladder: the exact worst case at a few numbers of steps, kept beside the runs.

They depend on steps, delays and constants alone, not on what was measured, and are stored under a digest of these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.check.verdict import Series, Verdict, series
from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import counted, untold
from experiments.runs.run import Run
from theory.bounds.parts.setting import Setting
from theory.common.types import Progress
from theory.worst_case.question import Question

FREE, COHERENT = "worst-case", "worst-case-coherence"
_FOLDER = "worst-cases"
_SCHEMA = "gradlag-worst-cases/1"
_HORIZONS = 9
# Rounds of pairs that a value takes to settle without noise.
_ROUNDS = 4
# Seconds that all rungs of a ladder may take, as predicted; what would take longer is left out.
BUDGET = 8.0


@dataclass(frozen=True)
class Rungs:
    """Worst cases by number of steps.

    Args:
        values: name of the rung -> number of steps -> value, an upper bound of the worst case.
    """

    values: Mapping[str, Mapping[int, float]]

    def attached(self, verdict: Verdict) -> Verdict:
        """The verdict with these rungs among its bounds, at the horizons they are known at."""
        found = {
            name: series([by_steps.get(t, np.nan) for t in verdict.times])
            for name, by_steps in self.values.items()
            if any(t in by_steps for t in verdict.times)
        }
        known: dict[str, Series] = {
            name: values for name, values in found.items() if any(v is not None for v in values)
        }
        return replace(verdict, bounds={**verdict.bounds, **known})


def find_rungs(settings: Mapping[int, Setting], *, budget: float = BUDGET, progress: Progress = untold) -> Rungs:
    """The worst case of every setting, with its coherence where mu has a value.

    Args:
        settings: number of steps -> the run of that many steps.
        budget: seconds that may be spent, by a prediction; the largest settings are left out first.
        progress: called with how many of the settings are solved.

    Returns:
        The values of those that were solved; an upper bound each.
    """
    from theory.worst_case.solution import Status
    from theory.worst_case.solve import worst_case

    values: dict[str, dict[int, float]] = {FREE: {}, COHERENT: {}}
    left = budget
    for steps, setting in counted(sorted(settings.items()), progress):
        for name, question in _questions(setting):
            left -= predicted_seconds(question)
            if left < 0:
                return Rungs(values)
            # With noise more pairs take long and lower the value by a per cent at most; it is an upper bound anyway.
            solution = worst_case(question, reach=1 if question.variance > 0 else None)
            if solution.status is Status.SOLVED:
                values[name][steps] = solution.value
    return Rungs(values)


def horizons_of(times: Sequence[int]) -> tuple[int, ...]:
    """A few of the horizons of a verdict, spread over their logarithms, the last one included.

    >>> horizons_of(range(1, 61))
    (1, 2, 3, 5, 8, 13, 22, 36, 60)
    """
    wanted = np.geomspace(times[0], times[-1], _HORIZONS)
    nearest = {min(times, key=lambda t: abs(np.log(t / each))) for each in wanted}
    return tuple(sorted(nearest))


def predicted_seconds(question: Question) -> float:
    """A prediction of the time to solve, from the sizes of the matrices; coherence changes it little."""
    from theory.worst_case.costs import cheaper_cost
    from theory.worst_case.solvers.inequalities import neighbours

    once = cheaper_cost(question.replaced(coherence=None), neighbours(question.steps, 1)).seconds
    return once if question.variance > 0 else _ROUNDS * once


def _questions(setting: Setting) -> list[tuple[str, Question]]:
    """What is asked at a setting; none where a constant is missing or zero, or where a step reads several points."""
    constants = setting.constants
    if (
        setting.delays.ndim > 1
        or setting.apart
        or setting.moves.size
        or not all(constants.get(name, 0.0) > 0 for name in ("L", "Delta"))
        or setting.delays.max() > setting.staleness.maximum_delay
    ):
        return []
    free = Question(
        setting.step_sizes,
        setting.delays,
        smoothness=constants["L"],
        gap=constants["Delta"],
        variance=constants.get("sigma", 0.0) ** 2,
        staleness=setting.staleness,
    )
    mu = constants.get("mu")
    return [(FREE, free)] if mu is None else [(FREE, free), (COHERENT, free.replaced(coherence=mu))]


def settings_of(runs: Sequence[Run], times: Sequence[int]) -> dict[int, Setting]:
    """Where the rungs of a ladder are wanted: prefixes of a single run, or one run for each number of steps.

    A worst case is that of delayed steps: there is none of runs that no bound covers.
    """
    if any(run.uncovered for run in runs):
        return {}
    if len(runs) > 1:
        return {run.configuration.steps: run.setting() for run in runs}
    whole = runs[0].setting()
    return {steps: whole.prefix(steps) for steps in horizons_of(times)}


def stored_rungs(settings: Mapping[int, Setting], folders: Iterable[Path | str]) -> Rungs | None:
    """The rungs that were kept in one of these folders of results, or None."""
    for path in (_path(settings, folder) for folder in folders):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema"] == _SCHEMA:
                kept = content["values"]
                return Rungs({name: {int(t): float(v) for t, v in by_steps.items()} for name, by_steps in kept.items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # what cannot be read is found again
    return None


def keep_rungs(
    settings: Mapping[int, Setting], out: Path | str, *, budget: float = BUDGET, progress: Progress = untold
) -> Rungs:
    """The rungs, taken from the folder or found and kept there."""
    kept = stored_rungs(settings, [out])
    if kept is not None:
        return kept
    found = find_rungs(settings, budget=budget, progress=progress)
    content = {"schema": _SCHEMA, "values": found.values}
    write_atomically(check_writable(_path(settings, out)), json.dumps(content, allow_nan=False).encode())
    return found


def _path(settings: Mapping[int, Setting], out: Path | str) -> Path:
    digest = hashlib.sha256()
    for steps, setting in sorted(settings.items()):
        named = sorted((name, float(value).hex()) for name, value in setting.constants.items())
        digest.update(f"{steps} {setting.staleness.window} {named}".encode())
        digest.update(setting.step_sizes.tobytes() + setting.delays.tobytes())
    return Path(out) / _FOLDER / f"{digest.hexdigest()[:16]}.json"
