"""The objectives by name: `quadratic:d=50,noise=0.1`, or the path of the user's own file."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from experiments.problems.logistic import logistic
from experiments.problems.nonconvex import nonconvex
from experiments.problems.problem import Problem
from experiments.problems.quadratic import quadratic
from experiments.problems.softmax import softmax_regression
from experiments.problems.user import load_user_problem
from experiments.problems.worst_function import DEFAULT_SCHEDULE, DEFAULT_STALENESS, DEFAULT_STEPS
from experiments.problems.worst_function import named as worst_function_named
from theory.common.errors import ProblemError

OptionValue = int | float | str
# Above these, squares overflow or memory ends.
_LARGEST_NUMBER, _LARGEST_COUNT = 1e100, 10_000_000


@dataclass(frozen=True)
class Option:
    """A setting after the colon: its name, what it means, its default (whose type it keeps) and its smallest value."""

    name: str
    meaning: str
    default: OptionValue
    smallest: float = -math.inf

    def parse(self, text: str) -> OptionValue:
        """The value that the text spells, or a refusal."""
        if isinstance(self.default, str):
            return text
        whole = isinstance(self.default, int)
        kind, limit = ("a whole number", _LARGEST_COUNT) if whole else ("a number", _LARGEST_NUMBER)
        try:
            value: int | float = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        smallest = max(self.smallest, -limit)
        if not smallest <= value <= limit:
            raise ProblemError(
                f"The option {self.name} ({self.meaning}) must be {kind} from {smallest:,g} to {limit:,.7g}. "
                f"Got {text or 'nothing'}."
            )
        return value


@dataclass(frozen=True)
class ProblemEntry:
    """What `gradlag problems` says about an objective, and how it is built.

    Args:
        title: one line.
        build: from the canonical spelling and the value of every option to the problem.
        options: the settings that may follow the name.
    """

    title: str
    build: Callable[[str, Mapping[str, Any]], Problem]
    options: tuple[Option, ...] = ()


_DIMENSION = Option("d", "number of unknowns", 50, 1)
_NOISE = Option("noise", "standard deviation of the Gaussian noise at a batch of 1", 1.0, 0)
_L2 = Option("l2", "weight of |x|^2/2", 0.0, 0)
_SCALED = "features standardised, intercept added"


def _quadratic() -> ProblemEntry:
    options = (
        _DIMENSION,
        Option("condition", "largest over smallest curvature", 100.0, 1),
        _NOISE,
        Option("start", "norm of x_0", 10.0, 0),
    )
    return ProblemEntry(
        "quadratic with Gaussian noise, curvatures spaced from 1/condition to 1",
        lambda name, o: quadratic(o["d"], o["condition"], o["noise"], o["start"], name),
        options,
    )


def _nonconvex() -> ProblemEntry:
    return ProblemEntry(
        "sum of x^2/(1+x^2), non-convex, with Gaussian noise",
        lambda name, o: nonconvex(o["d"], o["noise"], o["start"], name),
        (_DIMENSION, _NOISE, Option("start", "every coordinate of x_0", 1.0)),
    )


def _logistic(title: str, data: str) -> ProblemEntry:
    return ProblemEntry(
        f"logistic regression, {title}; {_SCALED}", lambda name, o: logistic(data, o["l2"], name=name), (_L2,)
    )


def _logistic_nonconvex() -> ProblemEntry:
    return ProblemEntry(
        f"logistic regression with lambda times the sum of x^2/(1+x^2), breast cancer; {_SCALED}",
        lambda name, o: logistic("breast_cancer", o["l2"], o["lambda"], name),
        (Option("lambda", "weight of the non-convex regulariser", 0.1, 0), _L2),
    )


def _logistic_own() -> ProblemEntry:
    return ProblemEntry(
        f"logistic regression on a data set by name; {_SCALED}",
        lambda name, o: logistic(o["data"], o["l2"], o["lambda"], name),
        (
            Option("data", "name of the data set", "breast_cancer"),
            Option("lambda", "weight of the non-convex regulariser", 0.0, 0),
            _L2,
        ),
    )


def _softmax(title: str, data: str) -> ProblemEntry:
    return ProblemEntry(f"softmax regression, {title}; {_SCALED}", lambda name, o: softmax_regression(data, name))


def _softmax_own() -> ProblemEntry:
    return ProblemEntry(
        f"softmax regression on a data set by name; {_SCALED}",
        lambda name, o: softmax_regression(o["data"], name),
        (Option("data", "name of the data set", "digits"),),
    )


def _worst_function() -> ProblemEntry:
    return ProblemEntry(
        "the worst function of a schedule, from a witness file or found on the spot (L = Delta = 1, constant delay)",
        lambda name, o: worst_function_named(o, name),
        (
            Option("file", "path of a witness file", ""),
            Option("schedule", "step sizes, where there is no file", DEFAULT_SCHEDULE),
            Option("staleness", "the s of the schedule", DEFAULT_STALENESS, 1),
            Option("steps", "the T of the schedule", DEFAULT_STEPS, 1),
            Option("noise", "standard deviation of Gaussian noise added to the gradient", 0.0, 0),
        ),
    )


PROBLEMS: Mapping[str, ProblemEntry] = MappingProxyType(
    {
        "quadratic": _quadratic(),
        "nonconvex": _nonconvex(),
        "logistic-cancer": _logistic("breast cancer", "breast_cancer"),
        "logistic-digits": _logistic("digits, even against odd", "digits"),
        "logistic-mnist": _logistic("MNIST-5k, even against odd", "mnist5k"),
        "logistic-nonconvex": _logistic_nonconvex(),
        "softmax-digits": _softmax("digits, 10 classes", "digits"),
        "softmax-mnist": _softmax("MNIST-5k, 10 classes", "mnist5k"),
        "logistic": _logistic_own(),
        "softmax": _softmax_own(),
        "worst-function": _worst_function(),
    }
)


def get_problem(text: str) -> Problem:
    """The objective that the text names.

    Args:
        text: a name of `PROBLEMS`, with options after a colon (`quadratic:d=50,condition=100`), or a path to FILE.py.

    Returns:
        the problem; its name is the shortest spelling that rebuilds it.

    Raises:
        ProblemError: an unknown name or option, a value that does not fit, or a file that breaks its contract.

    Example:
        >>> get_problem("quadratic:noise=0.5,d=50").name
        'quadratic:noise=0.5'
    """
    if text.endswith(".py"):
        return load_user_problem(text)
    name, colon, options = text.partition(":")
    entry = _entry(name)
    given = _parse_options(name, entry, options) if colon else {}
    values = {option.name: given.get(option.name, option.default) for option in entry.options}
    return entry.build(_spelling(name, entry, values), values)


def _entry(name: str) -> ProblemEntry:
    if name.endswith(".py"):
        raise ProblemError(f"A problem file takes no options. Give {name} alone and set its values in the file.")
    if name not in PROBLEMS:
        near = difflib.get_close_matches(name, PROBLEMS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ProblemError(
            f"There is no problem {name!r}.{hint} The problems are {', '.join(PROBLEMS)}, "
            "or the path of your own FILE.py."
        )
    return PROBLEMS[name]


def _parse_options(name: str, entry: ProblemEntry, text: str) -> dict[str, OptionValue]:
    allowed = {option.name: option for option in entry.options}
    shown = f"{name} takes {', '.join(allowed)}" if allowed else f"{name} takes no options"
    values: dict[str, OptionValue] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in allowed or not equals:
            raise ProblemError(f"Options are written name=value, and {shown}. Got {part.strip() or 'nothing'}.")
        if key in values:
            raise ProblemError(f"The option {key} is given twice. Give it once.")
        values[key] = allowed[key].parse(value)
    return values


def _spelling(name: str, entry: ProblemEntry, values: Mapping[str, OptionValue]) -> str:
    changed = [f"{o.name}={_shown(values[o.name])}" for o in entry.options if values[o.name] != o.default]
    return f"{name}:{','.join(changed)}" if changed else name


def _shown(value: OptionValue) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
