"""gradlag: what staleness costs stochastic gradient descent.

The door to the three floors: `import gradlag as gl` gives the public names, each loaded when it is first used.

>>> import gradlag as gl
>>> verdict = gl.check("1/(2*s*L)", "quadratic:d=5,noise=0", staleness=4, steps=100, seeds=1)
>>> str(verdict.verdict), verdict.bound
('holds', 'theorem-b')
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gradlag.terminal.import_clash import warn_if_shadowed

if TYPE_CHECKING:
    from experiments.check.verdict import Verdict
    from experiments.problems import PROBLEMS, get_problem
    from experiments.runs.run import Run
    from experiments.runs.store import load
    from figures.draw.pictures import comparison_picture, ladder_picture
    from gradlag.commands.api import Comparison, check, check_log, compare, run
    from theory.bounds import REGISTRY, Bound, Setting, get
    from theory.bounds.judging.judge import judge
    from theory.schedules.schedule import CATALOGUE, NumericSchedule, Schedule, parse_schedule
    from theory.staleness.count import Staleness
    from theory.staleness.delays import parse_delays

_HOME = {
    "Verdict": "experiments.check.verdict",
    "comparison_picture": "figures.draw.pictures",
    "ladder_picture": "figures.draw.pictures",
    "PROBLEMS": "experiments.problems",
    "get_problem": "experiments.problems",
    "Run": "experiments.runs.run",
    "load": "experiments.runs.store",
    "Comparison": "gradlag.commands.api",
    "check": "gradlag.commands.api",
    "check_log": "gradlag.commands.api",
    "compare": "gradlag.commands.api",
    "run": "gradlag.commands.api",
    "REGISTRY": "theory.bounds",
    "Bound": "theory.bounds",
    "Setting": "theory.bounds",
    "get": "theory.bounds",
    "parse_delays": "theory.staleness.delays",
    "judge": "theory.bounds.judging.judge",
    "CATALOGUE": "theory.schedules.schedule",
    "NumericSchedule": "theory.schedules.schedule",
    "Schedule": "theory.schedules.schedule",
    "parse_schedule": "theory.schedules.schedule",
    "Staleness": "theory.staleness.count",
}

__all__ = [
    "CATALOGUE",
    "PROBLEMS",
    "REGISTRY",
    "Bound",
    "Comparison",
    "NumericSchedule",
    "Run",
    "Schedule",
    "Setting",
    "Staleness",
    "Verdict",
    "check",
    "check_log",
    "compare",
    "comparison_picture",
    "get",
    "get_problem",
    "judge",
    "ladder_picture",
    "load",
    "parse_delays",
    "parse_schedule",
    "run",
]

warn_if_shadowed()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("gradlag")
    if name not in _HOME:
        raise AttributeError(f"module 'gradlag' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
