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

from gradlag.shadowing import warn_if_shadowed

if TYPE_CHECKING:
    from experiments.problems import PROBLEMS, get_problem
    from experiments.result import Run
    from experiments.store import load
    from experiments.verdict import Verdict
    from figures.pictures import comparison_picture, ladder_picture
    from gradlag.api import Comparison, check, check_log, compare, run
    from theory.bounds import REGISTRY, Bound, Setting, get
    from theory.delays import parse_delays
    from theory.general_bound import judge
    from theory.schedules import CATALOGUE, NumericSchedule, Schedule, parse_schedule
    from theory.staleness import Staleness

_HOME = {
    "Verdict": "experiments.verdict",
    "comparison_picture": "figures.pictures",
    "ladder_picture": "figures.pictures",
    "PROBLEMS": "experiments.problems",
    "get_problem": "experiments.problems",
    "Run": "experiments.result",
    "load": "experiments.store",
    "Comparison": "gradlag.api",
    "check": "gradlag.api",
    "check_log": "gradlag.api",
    "compare": "gradlag.api",
    "run": "gradlag.api",
    "REGISTRY": "theory.bounds",
    "Bound": "theory.bounds",
    "Setting": "theory.bounds",
    "get": "theory.bounds",
    "parse_delays": "theory.delays",
    "judge": "theory.general_bound",
    "CATALOGUE": "theory.schedules",
    "NumericSchedule": "theory.schedules",
    "Schedule": "theory.schedules",
    "parse_schedule": "theory.schedules",
    "Staleness": "theory.staleness",
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
