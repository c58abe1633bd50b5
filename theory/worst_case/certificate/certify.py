"""Make a certificate of a solver's multipliers: whole numbers over a power of two that pass the exact check.

The multipliers are rounded, the floors take up what the flow of the f's leaves over, and the bound is raised by as
little as it takes for the slack matrix to be positive definite: smaller weights of the gradients, larger multipliers of
the noise. What counts is `verify`: nothing is handed out that it has not accepted.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from theory.common.errors import CertificateError, StoreError
from theory.common.types import Floats
from theory.worst_case.certificate.text import Argument, Statement, rounded_up
from theory.worst_case.certificate.verify import (
    check_flow,
    check_multipliers,
    check_positive,
    slack_form,
    upper_bound,
    verify,
    write,
)
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Multipliers, Solution

#: By how much the bound is raised, relatively: what is tried in turn.
SHARES = (0.0, *(digit * 10.0**power for power in range(-10, -3) for digit in (1, 2, 3, 5, 7, 9.5)), 1e-3)
_NEAR = 1e-6
#: Multipliers below these parts of the largest are left out: a run may be decided before its last points.
_NEGLIGIBLE = (0.0, 1e-8, 1e-7, 1e-6)
_BITS = 60

Table = dict[tuple[int, ...], int]


@dataclass(frozen=True)
class Certificate:
    """A worst case with its proof.

    Args:
        text: the file, which `verify` accepts.
        upper: the bound, exactly, in the units of the question; statement: what is proved, in words.
        value: what the solver gave, NaN where it called its answer inaccurate.
    """

    text: str
    upper: Fraction
    statement: str
    value: float

    @property
    def upper_float(self) -> float:
        """The bound, rounded up to a float."""
        return rounded_up(self.upper)

    @property
    def loss(self) -> float:
        """By how much the certified bound lies above the float value, relatively."""
        return float(self.upper) / self.value - 1

    def save(self, path: Path | str) -> None:
        """Write the text to a file, all of it or nothing."""
        target = Path(path)
        written: Path | None = None
        try:
            with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=target.parent, delete=False) as file:
                written = Path(file.name)
                file.write(self.text)
            written.chmod(0o644)
            written.replace(target)
        except OSError as error:
            if written is not None:
                written.unlink(missing_ok=True)
            raise StoreError(f"The certificate cannot be written to {path}: {error.strerror}. Give another.") from None


def certify(solution: Solution) -> Certificate:
    """A certificate for what a solver found.

    Args:
        solution: with multipliers; a solver that ended as inaccurate will do.

    Returns:
        A certificate that `verify` accepted, its bound as a rule within 1e-6 of the value.

    Raises:
        CertificateError: no bound within 1e-3 of the solver's passed the check; says why.

    >>> from theory.worst_case.question import Question
    >>> from theory.worst_case.solve import worst_case
    >>> 0.8 <= certify(worst_case(Question([1.0], [0]))).upper_float < 0.8 * (1 + 1e-6)
    True
    """
    multipliers = solution.multipliers
    if multipliers is None:
        raise CertificateError("The solver found no multipliers, so there is nothing to certify. Try another reach.")
    if not _usable(multipliers, solution.question.normalised()):
        raise CertificateError("The solver's multipliers give no bound at all: nothing to certify. Try another reach.")
    claim = statement_of(solution.question)
    argument = _least(claim, multipliers, solution.question.normalised())
    text = write(claim, argument)
    accepted = verify(text)
    return Certificate(text, accepted.upper, accepted.statement, solution.value)


def certified(solution: Solution | None) -> tuple[Certificate | None, str | None]:
    """The certificate of a solution, which `verify` has accepted; or None and a sentence that says why there is none.

    >>> certified(None)
    (None, 'The solver gave no multipliers to make a certificate of.')
    """
    if solution is None or solution.multipliers is None:
        return None, "The solver gave no multipliers to make a certificate of."
    try:
        return certify(solution), None
    except CertificateError as refusal:
        return None, str(refusal)


def _usable(multipliers: Multipliers, normal: Question) -> bool:
    """Whether all numbers are finite and weigh something."""
    names = ("pair", "floor", "gap", "measure", "coherence", "noise", "free")
    finite = all(bool(np.isfinite(getattr(multipliers, name)).all()) for name in names)
    return finite and float(multipliers.measure.sum()) > 0 and multipliers.bound(normal.variance) > 0


def statement_of(question: Question) -> Statement:
    """The question as a certificate states it; 0.0 is added as a certificate knows no -0.0."""
    return Statement(
        step_sizes=tuple(float(step) + 0.0 for step in question.step_sizes),
        delays=tuple(int(delay) for delay in question.delays),
        staleness=question.staleness.window,
        measure=str(question.measure.value),
        smoothness=question.smoothness,
        gap=question.gap,
        variance=question.variance + 0.0,
        coherence=None if question.coherence is None else question.coherence + 0.0,
        weights=() if question.rule is None else tuple(map(tuple, question.rule.gradient_weights.tolist())),
        moves=() if question.rule is None else tuple((question.rule.move_weights + 0.0).tolist()),
    )


def _least(claim: Statement, multipliers: Multipliers, normal: Question) -> Argument:
    """The argument with the least bound that passes, among those tried; one that is near enough ends the search."""
    found: list[tuple[float, Argument]] = []
    why = ""
    for part in _NEGLIGIBLE:
        kept = without(multipliers, part, minimum=normal.measure is Measure.MINIMUM)
        if not _usable(kept, normal):
            break
        try:
            found.append(_cheapest(claim, kept, normal))
        except CertificateError as error:
            why = str(error)
        if found and found[-1][0] < _NEAR:
            break
    if not found:
        raise CertificateError(
            f"No bound within {SHARES[-1]:g} of the solver's value could be certified. {why} Try another reach."
        )
    return min(found, key=lambda tried: upper_bound(claim, tried[1]))[1]


def _cheapest(claim: Statement, multipliers: Multipliers, normal: Question) -> tuple[float, Argument]:
    """The least share that passes, and its argument: none at all, or found by halving, as a larger share helps."""

    def tried(share: float) -> Argument:
        return _checked(claim, exact(raised(multipliers, normal, share), normal))

    with suppress(CertificateError):
        return 0.0, tried(0.0)
    best = tried(SHARES[-1])
    low, high = 0, len(SHARES) - 1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            best, high = tried(SHARES[middle]), middle
        except CertificateError:
            low = middle
    return SHARES[high], best


def _checked(claim: Statement, argument: Argument) -> Argument:
    check_multipliers(claim, argument)
    check_flow(claim, argument)
    upper_bound(claim, argument)
    check_positive(slack_form(claim, argument)[0])
    return argument


def without(multipliers: Multipliers, part: float, *, minimum: bool) -> Multipliers:
    """The multipliers without those below a part of the largest; the weights of a mean stay.

    Of a minimum nothing is kept of the points after the last that has weight: they are no part of the argument.
    """
    least = part * max(float(multipliers.pair.max(initial=0.0)), multipliers.gap)

    def large(numbers: Floats) -> Floats:
        return np.where(np.abs(numbers) < least, 0.0, numbers)

    points = len(multipliers.measure)
    measure = large(multipliers.measure) if minimum else multipliers.measure
    last = int(np.flatnonzero(measure).max(initial=0)) if minimum and part else points - 1
    noise, other = multipliers.orthogonal.T
    early = (noise < last) & (other <= np.where(other < points, last, points + last))
    return replace(
        multipliers,
        measure=measure,
        pair=large(multipliers.pair) * (multipliers.pairs.max(axis=1) <= last),
        floor=large(multipliers.floor),
        coherence=large(multipliers.coherence) * (multipliers.coherent.max(axis=1, initial=0) <= last),
        noise=large(multipliers.noise) * (np.arange(points - 1) < last),
        free=large(multipliers.free) * early,
    )


def raised(multipliers: Multipliers, normal: Question, share: float) -> Multipliers:
    """Multipliers whose bound is larger by a share, for half of it each in the weights and in the noise."""
    noisy = normal.variance > 0
    lower = share / 2 if noisy else share
    added = multipliers.bound(normal.variance) * float(multipliers.measure.sum()) * lower if noisy else 0.0
    each = added / (normal.variance * normal.steps) if noisy else 0.0
    return replace(multipliers, measure=multipliers.measure * (1 - lower), noise=multipliers.noise + each)


def exact(multipliers: Multipliers, normal: Question) -> Argument:
    """The multipliers as integers over a power of two, with floors and a start that make the f's cancel."""
    unit = _BITS + max(0, -math.frexp(multipliers.bound(normal.variance))[1])

    def whole(keys: Iterable[Iterable[int]], numbers: Floats, *, signed: bool = False) -> Table:
        rounded = ((tuple(key), round(math.ldexp(n, unit))) for key, n in zip(keys, numbers.tolist(), strict=True))
        return {key: n for key, n in rounded if n > 0 or (signed and n)}

    points = [(k,) for k in range(normal.steps + 1)]
    noises = points[:-1] if normal.variance > 0 else []
    mean = normal.measure is Measure.MEAN
    scale = multipliers.measure.sum() / normal.step_sizes.sum() if mean else 0.0
    pair = whole(multipliers.pairs.tolist(), multipliers.pair)
    start, floor = _balance(pair, round(math.ldexp(multipliers.gap, unit)), len(points))
    free = whole(multipliers.orthogonal.tolist(), multipliers.free, signed=True)
    tables: dict[str, Table] = {
        "start": {(): start},
        "mean": whole([()], np.array([scale])),
        "pair": pair,
        "floor": floor,
        "measure": {} if mean else whole(points, multipliers.measure),
        "coherent": whole(multipliers.coherent.tolist(), multipliers.coherence),
        "noise": whole(noises, multipliers.noise[: len(noises)]),
        "gradient": {(k, node): n for (k, node), n in free.items() if node < len(points)},
        "noises": {(k, node - len(points)): n for (k, node), n in free.items() if node >= len(points)},
    }
    return Argument(unit, tables)


def _balance(pair: Table, start: int, points: int) -> tuple[int, Table]:
    """The start and the floors with which the f's cancel; a floor that would be negative is fed by the chain."""
    floor = [start] + [0] * (points - 1)
    for (i, j), n in pair.items():
        floor[i] -= n
        floor[j] += n
    for k in range(points - 1, 0, -1):
        if floor[k] < 0:
            pair[k - 1, k] = pair.get((k - 1, k), 0) - floor[k]
            floor[k - 1] += floor[k]
            floor[k] = 0
    start += max(0, -floor[0])
    floor[0] = max(0, floor[0])
    return start, {(k,): n for k, n in enumerate(floor) if n}
