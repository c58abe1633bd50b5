"""A filter of the user's own: any weights of the last gradients and of the last moves, from a file or as spelled.

A file is JSON, {"gradients": [1, 0.5], "moves": [-0.48]}, or text with a line for each, "gradients 1 0.5" and
"moves -0.48"; what is left out is gradients 1 and no moves. The weights of gradients are multiples of the step size.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from theory.common.errors import InputError
from theory.common.numbers import NUMBER
from theory.common.reading import read_ordinary
from theory.common.spelling import read_options, shown
from theory.common.types import Floats
from theory.methods.method import Method, Recursion, Updates
from theory.methods.rule import LinearRule

_LARGEST_FILE, _MOST, _LARGEST = 1 << 20, 4096, 1e12
_NAMES = ("gradients", "moves")


@dataclass(frozen=True)
class Filtered(Method):
    r"""$x_{k+1}=x_k-\eta_k\sum_ic_i\,\gamma_{k-i}+\sum_jm_j\,(x_{k+1-j}-x_{k-j})$.

    Args:
        gradients: c_0, c_1, ..., at least one.
        moves: m_1, m_2, ...; m_1 above 0 is momentum.

    >>> Filtered((1.0,), (-0.48,)).text
    'filter:gradients=1.0,moves=-0.48'
    """

    gradients: tuple[float, ...] = (1.0,)
    moves: tuple[float, ...] = ()
    spelling: ClassVar[str] = "filter:FILE"
    words: ClassVar[str] = "A fixed combination of the gradients that have arrived and of the moves that were made."

    def __post_init__(self) -> None:
        if not self.gradients:
            raise InputError("A filter needs the weight of at least one gradient. Got none.")
        for name in _NAMES:
            values = getattr(self, name)
            if len(values) > _MOST:
                raise InputError(f"A filter takes at most {_MOST} weights of {name}. Got {len(values)}.")
            wrong = [value for value in values if not abs(value) <= _LARGEST]
            if wrong:
                raise InputError(f"The weights of a filter must be numbers from -1e12 to 1e12. Got {wrong[0]}.")

    @property
    def parameters(self) -> dict[str, Any]:
        """The weights."""
        return {"gradients": list(self.gradients), "moves": list(self.moves)}

    @property
    def text(self) -> str:
        """The weights themselves: what is stored does not hang on a file."""
        lists = ((name, getattr(self, name)) for name in _NAMES)
        return "filter:" + ",".join(f"{name}={':'.join(map(repr, values))}" for name, values in lists if values)

    def latex(self) -> str:
        """The update as LaTeX."""
        return (
            r"x_{k+1} = x_{k} - \eta_{k} \sum_{i} c_i \, \gamma_{k-i} + \sum_{j} m_j \, "
            r"\left(x_{k+1-j} - x_{k-j}\right)"
        )

    def rule(self, updates: Updates) -> LinearRule:
        """The rule; before the first gradient there is none to weigh."""
        weights = np.multiply.outer(updates.step_sizes, np.array(self.gradients))
        early = min(weights.shape)
        weights[:early] *= np.tri(early, weights.shape[1])
        return LinearRule(weights, self._weights("moves"))

    def recursion(self, delay: int) -> Recursion:
        """The weights as they are."""
        return Recursion(delay, self._weights("gradients"), self._weights("moves"))

    def _weights(self, name: str) -> Floats:
        return np.array(getattr(self, name), dtype=np.float64)


def read_filter(told: str) -> Filtered:
    """The filter that stands in a file, or that is spelled as `Filtered.text` spells it.

    Raises:
        InputError: a file that cannot be read, or that holds anything else than weights.

    >>> read_filter("moves=0.9")
    Filtered(gradients=(1.0,), moves=(0.9,))
    """
    if told.startswith(tuple(f"{name}=" for name in _NAMES)):
        given = read_options(told, dict.fromkeys(_NAMES, str), lambda part: _refusal("what is given", part))
        return _filter({name: text.split(":") for name, text in given.items()}, "what is given")
    if not told:
        raise InputError("A filter is written filter:FILE, a file with its weights. Got no file.")
    try:
        text = read_ordinary(told, _LARGEST_FILE).decode("utf-8-sig")
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or "it is no text"
        raise InputError(f"The file of a filter {told!r} cannot be read: {reason}. Check its name.") from None
    where = repr(told)
    return _filter(_json(text, where) if text.lstrip().startswith("{") else _lines(text, where), where)


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _refusal(where, "JSON that does not parse") from None
    return dict(found)


def _lines(text: str, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, *words = line.replace(",", " ").replace(":", " ").split() or ["#"]
        if name in found:
            raise _refusal(where, f"two lines of {name}")
        if not name.startswith("#"):
            found[name] = words
    return found


def _filter(found: dict[str, Any], where: str) -> Filtered:
    for name, values in found.items():
        if name not in _NAMES or not isinstance(values, list):
            raise _refusal(where, str(name))
    if not found:
        raise _refusal(where, "nothing")
    return Filtered(**{name: tuple(_number(value, where) for value in values) for name, values in found.items()})


def _number(value: Any, where: str) -> float:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (plain or (isinstance(value, str) and NUMBER.fullmatch(value))):
        raise _refusal(where, str(value))
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _refusal(where: str, got: str) -> InputError:
    return InputError(
        f"The filter in {where} must be numbers under the names gradients and moves, as in the line "
        f"'gradients 1 0.5' or the JSON {{\"moves\": [0.9]}}. Got {shown(got)}."
    )
