"""The objectives by name: `quadratic:d=50,noise=0.1`, or the path of the user's own file."""

from __future__ import annotations

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
from theory.common.spelling import Option, OptionValue, meant, settled


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
    entry = _entry(text.partition(":")[0])
    return entry.build(*settled(text, entry.options, error=ProblemError, show=_shown))


def _entry(name: str) -> ProblemEntry:
    if name.endswith(".py"):
        raise ProblemError(f"A problem file takes no options. Give {name} alone and set its values in the file.")
    if name not in PROBLEMS:
        raise ProblemError(
            f"There is no problem {name!r}.{meant(name, PROBLEMS)} The problems are {', '.join(PROBLEMS)}, "
            "or the path of your own FILE.py."
        )
    return PROBLEMS[name]


def _shown(value: OptionValue) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
