"""What is said of an assumption, and what a user's own functions say of theirs when they are asked again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from experiments.check.draws import BLOCKS, judge
from experiments.check.evidence import Evidence
from experiments.common.constants import Constant, Known
from theory.bounds.parts.assumptions import BOUNDED_VARIANCE, NO_NOISE, SMOOTH, UNBIASED
from theory.common.types import Vector

#: What rounding may move of a quotient: recorded points may be as close as 2^-26 |x_k|, which is some 1e-7 of it.
QUOTIENT_ROUNDING = 1e-6
ROUNDING = 1e-9


class State(StrEnum):
    """What the run says of an assumption."""

    OK = "ok"
    GIVEN = "given"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Examined:
    """The state of one assumption, in words, and where it broke."""

    name: str
    state: State
    sentence: str
    k: int | None = None
    value: float | None = None
    limit: float | None = None


def trusted(
    name: str, constant: Constant | None, symbol: str, tested: str = "", only: str = "nothing recorded tests it"
) -> Examined:
    """The finding for a constant that nothing contradicts; `tested` says how it was, nothing if it was not."""
    if constant is None:
        return Examined(name, State.UNKNOWN, f"{symbol} has no value.")
    given = (State.OK, f"{tested}.") if tested else (State.GIVEN, f"{only}.")
    told = {
        Known.EXACT: (State.OK, f"{symbol} is exact: {constant.reason}."),
        Known.UPPER_BOUND: (State.OK, f"{symbol} is a proved upper bound: {constant.reason}."),
        Known.GIVEN: (given[0], f"{symbol} is {constant.reason}; {given[1]}"),
        Known.ESTIMATE: (State.UNKNOWN, f"{symbol} is only an estimate: {constant.reason}."),
    }
    return Examined(name, *told[constant.known])


def drawn(evidence: Evidence, level: float) -> tuple[Examined, Examined] | None:
    """What fresh draws say of sigma and of the mean."""
    constant, draws = evidence.constants.get("sigma"), evidence.draws
    if not draws or constant is None:
        return None
    sigma, reach = constant.value, evidence.norm_error[0, 0]
    found = judge(draws, sigma, level, [ROUNDING * (sigma + each.norm) + reach for each in draws])
    loud, far, many = found.loudest, found.furthest, f"{draws[0].count} draws at each of k = "
    many += ", ".join(str(each.k) for each in draws)
    if found.too_noisy is None:
        most = max(each.variance for each in draws)
        variance = trusted(BOUNDED_VARIANCE.name, constant, "sigma", f"{many} show a variance of at most {most:.4g}")
    else:
        words = _LOUD.format(loud=loud, limit=sigma**2, p=found.too_noisy)
        variance = Examined(BOUNDED_VARIANCE.name, State.BROKEN, words, loud.k, loud.variance, sigma**2)
    if found.biased is None:
        seen = 2 * sigma * (BLOCKS / draws[0].count) ** 0.5
        state, words = (State.OK, _FAIR) if found.too_noisy is None else (State.UNKNOWN, _HIDDEN)
        return variance, Examined(UNBIASED.name, state, words.format(many=many, seen=seen))
    words = _OFF.format(far=far, p=found.biased)
    return variance, Examined(UNBIASED.name, State.BROKEN, words, far.k, far.bias)


_LOUD = (
    "sigma is contradicted at k = {loud.k}: {loud.count} fresh draws of the gradient show a variance of "
    "{loud.variance:.4g}, and sigma^2 = {limit:.4g} (p = {p:.2g} by Gaffke's test, valid for every law)."
)
_OFF = (
    "The stochastic gradient is biased at k = {far.k}: the mean of {far.count} fresh draws is off by {far.bias:.4g}, "
    "which unbiased gradients of this sigma are not (p = {p:.2g} by Gaffke's test, valid for every law)."
)
_FAIR = "{many} show no bias; one of {seen:.3g} would have been seen."
_HIDDEN = "{many} are too noisy for their sigma, and show no bias beyond that."


def steep(evidence: Evidence, constant: Constant) -> Examined | None:
    """L where two points near the run contradict it, which are told."""
    for pair in evidence.steepest:
        if pair.least(constant.value, evidence.rounding) > constant.value * (1 + QUOTIENT_ROUNDING):
            words = _STEEP.format(pair=pair, limit=constant.value, one=_point(pair.one), other=_point(pair.other))
            return Examined(SMOOTH.name, State.BROKEN, words, pair.k, pair.quotient, constant.value)
    return None


def searched(evidence: Evidence) -> str:
    """How L was tested by differences, if it was."""
    if not evidence.steepest:
        return ""
    where = ", ".join(str(pair.k) for pair in evidence.steepest)
    most = max(pair.quotient for pair in evidence.steepest)
    return f"a search for steep directions at k = {where} found {most:.4g} times the distance"


def unrepeated(evidence: Evidence) -> Iterator[Examined]:
    """What is to be said where a function gives something else when it is asked again; instead of what was found."""
    found = evidence.unrepeated
    if found is None:
        return
    words = _AGAIN.format(off=found.off, which="full" if found.full else "stochastic")
    if found.full and evidence.deterministic:
        for assumption in (SMOOTH, NO_NOISE, BOUNDED_VARIANCE):
            yield Examined(assumption.name, State.BROKEN, words + _INEXACT)
    yield Examined(
        UNBIASED.name, State.BROKEN if found.full else State.UNKNOWN, words + (_FULL if found.full else _RNG)
    )


_STEEP = (
    "L is contradicted near k = {pair.k}: between two points that are {pair.distance:.3g} apart the gradient changes "
    "by {pair.quotient:.6g} times the distance, and L = {limit:.6g}. The points are {one} and {other}."
)
_AGAIN = (
    "The {which} gradient gives values that differ by up to {off:.3g} when it is asked twice for the same: it draws "
    "from elsewhere, such as numpy's global generator, or keeps a state."
)
_INEXACT = " So it is not exact: write gradient(x, rng), and draw from rng alone."
_FULL = " What is measured is then no full gradient."
_RNG = " Draw from the given rng alone, so that the same seed gives the same run again."
_SHOWN = 3


def _point(x: Vector) -> str:
    """A point, or its first numbers."""
    first = ", ".join(f"{value:.10g}" for value in x[:_SHOWN])
    return f"({first}, ... {x.size} numbers)" if x.size > _SHOWN else f"({first})"
