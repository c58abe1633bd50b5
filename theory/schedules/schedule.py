"""Step sizes: an expression in k and the constants, an entry of the catalogue, or a file of numbers.

One tree, read once from the text, gives the step sizes and the LaTeX of a schedule. Steps are counted from 1; they may
be zero, never negative and never infinite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from theory.common.errors import ScheduleError
from theory.common.types import Floats
from theory.formulas.formula import Environment, Formula
from theory.formulas.parsing import parse
from theory.formulas.pieces import stated
from theory.schedules.callables import Scheduler, is_read, read
from theory.schedules.catalogue import CATALOGUE as CATALOGUE
from theory.schedules.catalogue import expanded, hint
from theory.schedules.files import read_numbers, written
from theory.schedules.given import TAKEN as TAKEN
from theory.schedules.given import checked_constants, checked_delays
from theory.schedules.sizes import as_numbers, checked_steps, sealed

# Long runs are evaluated in pieces: every node keeps its values, and an expression may have hundreds of nodes.
_PIECE = 2**16


@dataclass(frozen=True)
class Schedule:
    r"""Step sizes eta_k, k = 1..T, from an expression or the name of a catalogue entry.

    Args:
        text: arithmetic in k, T, s, L, mu, sigma, Delta, the current delay d and pi; or a name such as "power:a=0.6".

    Raises:
        ScheduleError: the text does not parse; the sentence names the position and what is allowed.

    >>> schedule = Schedule("mu/(s*L*sqrt(k))")
    >>> schedule.step_sizes(4, mu=0.5, s=2, L=1)
    array([0.25      , 0.1767767 , 0.14433757, 0.125     ])
    >>> schedule.latex()
    '\\frac{\\mu}{s \\, L \\, \\sqrt{k}}'
    """

    text: str
    expression: str = field(init=False, compare=False, repr=False)
    formula: Formula = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        expression = expanded(self.text)
        object.__setattr__(self, "expression", expression)
        object.__setattr__(self, "formula", _parsed(expression))

    @property
    def names(self) -> frozenset[str]:
        """The symbols that occur."""
        return self.formula.names()

    @property
    def reads_horizon(self) -> bool:
        """Whether the step sizes depend on the number of steps T."""
        return "T" in self.names

    @property
    def reads_delay(self) -> bool:
        """Whether the step sizes depend on the current delay d."""
        return "d" in self.names

    def scaled(self, smoothness: float | None) -> str:
        """Nothing to be said: an expression is not made for one L."""
        del smoothness
        return ""

    @property
    def digest(self) -> str:
        """The sha256 of the expression, a catalogue name resolved."""
        return hashlib.sha256(self.expression.encode()).hexdigest()

    def latex(self) -> str:
        """LaTeX of eta_k."""
        return stated(self.formula)

    def sympy(self) -> Any:
        """The step size of step k as a sympy expression; see theory/formulas/symbolic.py.

        >>> Schedule("mu/(s*L*sqrt(k))").sympy()
        mu/(L*sqrt(k)*s)
        """
        from theory.formulas.symbolic import expression

        return expression(self.formula)

    @classmethod
    def from_sympy(cls, closed: Any) -> Schedule:
        """The schedule of a closed form in k, T and the constants, the inverse of `sympy`.

        Raises:
            InputError: the expression is no closed form; ScheduleError: it has names that a schedule has not.

        >>> Schedule.from_sympy(Schedule("power:a=0.6").sympy()).text
        '1/(L*k**(3/5)*s)'
        """
        from theory.formulas.symbolic_text import written

        return cls(written(closed))

    def step_sizes(self, steps: int, *, delays: Any = None, **constants: float) -> Floats:
        """The step sizes eta_1..eta_T.

        Args:
            steps: T, at least 1.
            delays: whole numbers (T,), the delay d_k of step k at position k - 1; needed if the schedule reads d.
            **constants: the values of L, Delta, sigma, mu and s, at least of those that occur.

        Returns:
            float64 array (T,), finite and at least 0, read-only.

        Raises:
            ScheduleError: a constant that is missing, unknown or out of range, or a step size that is not a finite
                number of at least 0; the sentence names the first such k.
            DelayError: delays of the wrong length or outside 0 <= d_k <= k - 1.

        >>> Schedule("1/(2*L*max(1,d))").step_sizes(3, L=1, delays=[0, 1, 2])
        array([0.5 , 0.5 , 0.25])
        """
        count = checked_steps(steps)
        values = checked_constants(constants)
        lags = None if delays is None else checked_delays(delays, count)
        self._require({*values, "T", "k", "B"} | ({"d"} if lags is not None else set()))
        return sealed(self._evaluated(count, lags, values))

    def _evaluated(self, count: int, lags: Floats | None, constants: Mapping[str, float]) -> Floats:
        sizes = np.empty(count)
        for first in range(0, count, _PIECE):
            piece = slice(first, min(first + _PIECE, count))
            own = {"k": np.arange(piece.start + 1.0, piece.stop + 1.0), "T": float(count)}
            lag = {} if lags is None else {"d": lags[piece]}
            # Infinite and undefined values are found and named afterwards.
            with np.errstate(all="ignore"):
                sizes[piece] = self.formula.evaluate(Environment({"B": 1.0, **constants, **own, **lag}))
        return sizes

    def _require(self, known: set[str]) -> None:
        missing = sorted(self.names - known)
        if "d" in missing:
            raise ScheduleError("The schedule reads the delay d, but no delays are given. Give the delay of each step.")
        if "s" in missing:
            raise ScheduleError("The schedule uses s, which has no value here. Give it with --staleness S.")
        if missing:
            which = f"{' and '.join(missing)}, which {'has' if len(missing) == 1 else 'have'} no value here"
            flags = ",".join(f"{name}=..." for name in missing)
            raise ScheduleError(f"The schedule uses {which}. Give a value with --constants {flags}.")


@dataclass(frozen=True, eq=False)
class NumericSchedule:
    """Step sizes that are given as numbers, one for each step of a run of that very length.

    Args:
        values: numbers (T,), finite and at least 0; they are copied.
        text: where they come from.
        smoothness: the L that they were made for: at another L they are scaled; None where they stay as they are.
        sentence: how they were read, where that needs telling.

    >>> NumericSchedule([0.5, 0.25]).step_sizes(2, L=2.0)
    array([0.5 , 0.25])
    >>> NumericSchedule([0.5, 0.25], smoothness=1.0).step_sizes(2, L=2.0)
    array([0.25 , 0.125])
    """

    values: Floats = field(repr=False)
    text: str = "@file"
    smoothness: float | None = None
    sentence: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", sealed(as_numbers(self.values), "Change that number."))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumericSchedule) and (self.text, self.digest) == (other.text, other.digest)

    def __hash__(self) -> int:
        return hash((self.text, self.digest))

    def __reduce__(self) -> tuple[type[NumericSchedule], tuple[Floats, str, float | None, str]]:
        return NumericSchedule, (self.values, self.text, self.smoothness, self.sentence)

    @property
    def names(self) -> frozenset[str]:
        """No symbol occurs."""
        return frozenset()

    @property
    def reads_horizon(self) -> bool:
        """The numbers do not depend on T."""
        return False

    @property
    def reads_delay(self) -> bool:
        """The numbers do not depend on the delays."""
        return False

    @property
    def digest(self) -> str:
        """The sha256 of the numbers as little-endian float64, and of the L that they were made for."""
        made_for = b"" if self.smoothness is None else f"L = {self.smoothness!r}".encode()
        return hashlib.sha256(self.values.astype("<f8").tobytes() + made_for).hexdigest()

    def scaled(self, smoothness: float | None) -> str:
        """What is to be said where the steps are scaled to an L; otherwise nothing."""
        if self.smoothness is None or smoothness in (None, self.smoothness):
            return ""
        made = f"The steps in {self.text[1:]} were made for L = {self.smoothness:g}"
        return f"{made}; they are scaled to L = {smoothness:g}."

    def latex(self) -> str:
        """LaTeX in words."""
        return rf"\text{{number }} k \text{{ of the {'table' if self.sentence else 'file'}}}"

    def step_sizes(self, steps: int, *, delays: Any = None, **constants: float) -> Floats:
        """The numbers, if there are exactly `steps` of them, at the given L; see `Schedule.step_sizes`."""
        count = checked_steps(steps)
        given = checked_constants(constants).get("L")
        if delays is not None:
            checked_delays(delays, count)
        if count != self.values.size:
            raise ScheduleError(
                f"The schedule {self.text} must hold one number for each of the {count} steps. Got {self.values.size}."
            )
        if self.smoothness is None or given in (None, self.smoothness):
            return self.values
        return sealed(self.values * (self.smoothness / given))

    @property
    def lines(self) -> str:
        """A file that `parse_schedule` reads back to the same: L where there is one, then a number a line."""
        return written(self.values, self.smoothness)


AnySchedule: TypeAlias = Schedule | NumericSchedule
#: What a user may give for a schedule: a text, a number, T numbers, a schedule, a callable k -> step size, a scheduler.
GivenSchedule: TypeAlias = str | float | Sequence[float] | Floats | AnySchedule | Callable[[int], Any] | Scheduler


def parse_schedule(given: GivenSchedule, steps: int | None = None) -> AnySchedule:
    """The schedule that a user writes: an expression, a catalogue name, or `@FILE` with one number a line.

    A file may begin with a line `# L = NUMBER`: the smoothness that its steps were made for. A schedule is returned as
    it is; a number is the step size of every step, a list or an array holds that of each; a callable k -> step size, or
    a scheduler of PyTorch, optax or transformers, is read as numbers at the steps of the run.

    Args:
        given: what the user has. steps: T, needed for what is read.

    Raises:
        ScheduleError: a text that does not parse, a file that cannot be read or holds anything else, or an object that
            does not give a number at every step.

    >>> parse_schedule("power:a=0.6").expression
    '1/(s*L*k^0.6)'
    >>> parse_schedule(lambda k: 0.5 / k, steps=2).step_sizes(2)
    array([0.5 , 0.25])
    >>> parse_schedule([0.5, 0.25]).step_sizes(2), parse_schedule(0.1).step_sizes(2)
    (array([0.5 , 0.25]), array([0.1, 0.1]))
    """
    if isinstance(given, Schedule | NumericSchedule):
        return given
    if isinstance(given, str) and given.strip().startswith("@"):
        values, smoothness = read_numbers(given.strip())
        return NumericSchedule(values, given.strip(), smoothness)
    if isinstance(given, str):
        return Schedule(given)
    if is_read(given):
        if steps is None:
            raise ScheduleError("A callable is read at the steps of a run. Say how many there are: steps=T.")
        table = read(given, checked_steps(steps))  # type: ignore[arg-type]
        return _named(table.values, table.name, table.sentence)
    return _of_numbers(given)


def _of_numbers(given: Any) -> AnySchedule:
    """A constant step size from one number, the step of each k from a list or an array of them."""
    try:
        numbers = np.asarray(given)
    except (TypeError, ValueError):
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "iuf" or numbers.ndim > 1 or not numbers.size:
        found = f"an array of {numbers.dtype} of shape {numbers.shape}" if numbers.ndim else f"{type(given).__name__}"
        raise ScheduleError(
            "A schedule is a text such as 1/(2*L) or @FILE, a number, a list or array of T numbers, a function of k, "
            f"or a scheduler. Got {found}."
        )
    if not numbers.ndim:
        return Schedule(repr(float(numbers)))
    name = type(given).__name__
    return _named(numbers, name, f"Step sizes read from the {name}, one for each step.")


def _named(values: Any, name: str, sentence: str) -> NumericSchedule:
    numbers = NumericSchedule(values)
    return NumericSchedule(numbers.values, f"@{name}-{numbers.digest[:8]}", sentence=sentence)


def said_of(rule: AnySchedule) -> tuple[str, ...]:
    """What a verdict says of step sizes that were read from an object: a sentence, or none."""
    return (rule.sentence,) if isinstance(rule, NumericSchedule) and rule.sentence else ()


def _parsed(expression: str) -> Formula:
    try:
        return parse(expression)
    except ScheduleError as error:
        raise ScheduleError(f"{error}{hint(expression)}") from None
