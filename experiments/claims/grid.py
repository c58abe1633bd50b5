"""A claim at single T: the worst case from above by a certificate, from below by a witness that is replayed.

Nothing counts here but what was checked exactly: a certificate that `theory.worst_case.certificate.verify`
accepts, whose value is compared with the claim in exact or ball arithmetic, and a witness whose replay gave more
than the claim.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from experiments.common.files import check_writable
from theory.claims.claim import ClaimedBound, Values
from theory.claims.posynomial import Posynomial, number
from theory.common.errors import CertificateError, InputError, TooLargeError
from theory.schedules.schedule import AnySchedule
from theory.worst_case.asking import Asked, ask
from theory.worst_case.question import Question
from theory.worst_case.solution import Solution, Status
from theory.worst_case.witness.check import Witness, check
from theory.worst_case.witness.file import read, write

_MOST_TIMES = 10
_FURTHEST = 4096
_HALF = Fraction(1, 2)
_TOO_NEAR = "The worst function exceeds the claim, but by no more than the rounding of its replay."


class AtT(StrEnum):
    """What is known of a claim at one T."""

    PROVED = "proved"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True)
class Settled:
    """A claim at one T.

    Args:
        steps: T; outcome: the word; claimed: the claimed value.
        upper: the certified upper bound of the worst case, rounded up; lower: what a checked witness gives, as
            replayed if it refutes.
        certificate, witness: their files; reason: why it is open, or why the witness could not be replayed.
    """

    steps: int
    outcome: AtT
    claimed: float
    upper: float | None = None
    lower: float | None = None
    certificate: Path | None = None
    witness: Path | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """What a claim is about: schedule, delays, staleness, constants; and where its files go.

    Args:
        claim: the claim; rule: the schedule; options: the other arguments of `theory.worst_case.asking.ask`.
        steps: the largest T; folder: for certificates and witnesses.
    """

    claim: ClaimedBound
    rule: AnySchedule
    options: Mapping[str, Any]
    steps: int
    folder: Path

    @property
    def single(self) -> bool:
        """Whether it is about one T only: numbers or a trace for that many steps."""
        listed = not hasattr(self.rule, "expression")
        return listed or (self.rule.reads_horizon and self.options.get("delays_file") is not None)

    @property
    def times(self) -> tuple[int, ...]:
        """The grid of T."""
        return (self.steps,) if self.single else claim_grid(self.steps)

    @property
    def further(self) -> tuple[int, ...]:
        """Larger T at which the linear function, and nothing else, is held against the claim."""
        doubled = (self.steps * 2**n for n in range(1, _FURTHEST.bit_length()))
        return () if self.single or self.options.get("delays_file") else tuple(t for t in doubled if t <= _FURTHEST)

    def asked(self, steps: int) -> Asked:
        """The question at T = steps: the first steps of the run, or a run of its own if the schedule contains T."""
        own = self.rule.reads_horizon and not self.single
        found = ask(self.rule, steps=steps if own else max(steps, self.steps), **self.options)
        question = _no_less_noise(found.question, self.options)
        return Asked(question.prefix(steps), found.setting.prefix(steps), found.rule, found.delays)

    def values(self, question: Question) -> dict[str, Posynomial]:
        """The constants exactly: the numbers that a certificate is about."""
        return exact_values(self.options, question, Fraction)


def claim_grid(steps: int) -> tuple[int, ...]:
    """The T at which a claim is certified: some ten, from 1 to `steps`, evenly spread in their logarithms.

    >>> claim_grid(20), claim_grid(1000)
    ((1, 2, 3, 4, 5, 7, 10, 14, 20), (1, 2, 5, 10, 22, 46, 100, 215, 464, 1000))
    """
    return tuple(sorted({round(float(t)) for t in np.geomspace(1, steps, _MOST_TIMES)}))


def exact_values(options: Mapping[str, Any], question: Question, exactly: Any) -> dict[str, Posynomial]:
    """L, Delta, s, sigma, and mu where it has a value, each as the number that `exactly` makes of its float."""
    given = options.get("constants") or {}
    known = {"L": question.smoothness, "Delta": question.gap, "s": question.staleness.window}
    known |= {"mu": given["mu"]} if "mu" in given else {}
    values = {name: number(exactly(value)) for name, value in known.items()}
    if "sigma" in given:
        return values | {"sigma": number(exactly(given["sigma"]))}
    variance = number(exactly(options.get("variance", 0.0)))
    return values | {"sigma": variance.power(_HALF) if variance.terms else variance}


def settle(case: Case, times: tuple[int, ...]) -> Iterator[Settled]:
    """The claim at each T, first the least that the linear function refutes, be it beyond them; ends if refuted."""
    broken = [steps for steps in (*times, *case.further) if _linear_refutes(case, steps)]
    for steps in (*broken[:1], *(t for t in times if t not in broken[:1])):
        found = settle_at(case, steps)
        yield found
        if found.outcome is AtT.REFUTED:
            return


def settle_at(case: Case, steps: int) -> Settled:
    """The claim at one T: against the linear function, then a certificate, then the worst function that is found."""
    question = case.asked(steps).question
    values = case.values(question)
    open_one = Settled(steps, AtT.OPEN, case.claim.value(steps, values))
    if open_one.claimed < linear_value(question):
        found = _played(case, open_one, linear_witness(question), values)
        if found.outcome is AtT.REFUTED:
            return found
    return _solved(case, open_one, question, values)


def _solved(case: Case, one: Settled, question: Question, values: Values) -> Settled:
    from theory.worst_case.solve import worst_case
    from theory.worst_case.witness.find import witness

    try:
        solution = worst_case(question)
    except TooLargeError as refusal:
        return replace(one, reason=str(refusal))
    if solution.status is not Status.SOLVED:
        return replace(one, reason=f"The solver ended as {solution.status}.")
    # A certificate is worth its time first where the claim may be true, and else where nothing refutes it.
    promising = one.claimed >= solution.value
    certified = _certified(case, one, solution, values) if promising else one
    if certified.outcome is AtT.PROVED:
        return certified
    played = _played(case, certified, witness(solution), values)
    return played if promising or played.outcome is AtT.REFUTED else _certified(case, played, solution, values)


def linear_value(question: Question) -> float:
    """What a function reaches that falls linearly along the whole run and ends in a parabola: Delta/(sum eta + 1/2L).

    It is L-smooth, all gradients of the run are equal, and so it is there for every delay and every coherence.
    """
    return question.gap / (math.fsum(question.step_sizes) + 0.5 / question.smoothness)


def linear_witness(question: Question) -> Witness:
    """That function, its slope rounded down; it has no noise, which an adversary need not use."""
    steps = [Fraction(step) for step in question.step_sizes.tolist()]
    # 1/2L rounded up: the values of a witness are whole numbers over powers of two.
    end = Fraction(math.nextafter(0.5 / question.smoothness, math.inf))
    left = list(accumulate(reversed(steps), initial=end))[::-1]
    slope = math.sqrt(linear_value(question))
    while Fraction(slope) ** 2 * left[0] > Fraction(question.gap):
        slope = math.nextafter(slope, 0.0)
    values = tuple(Fraction(slope) ** 2 * length for length in left)
    return Witness(question.replaced(variance=0.0), np.full((len(values), 1), slope), values)


def _linear_refutes(case: Case, steps: int) -> bool:
    question = case.asked(steps).question
    try:
        return case.claim.value(steps, case.values(question)) < linear_value(question)
    except InputError:
        return False


def _certified(case: Case, one: Settled, solution: Solution, values: Values) -> Settled:
    """With a certificate and its file; proved if its bound is at most the claim."""
    from theory.worst_case.certificate.certify import certified

    path = check_writable(case.folder / f"certificate-T{one.steps}.txt")
    certificate, refusal = certified(solution)
    if certificate is None:
        return replace(one, reason=f"{one.reason} {refusal}".strip())
    certificate.save(path)
    holds = case.claim.compare(one.steps, values, certificate.upper) in (0, 1)
    outcome = AtT.PROVED if holds else one.outcome
    return replace(one, outcome=outcome, upper=certificate.upper_float, certificate=path)


def _played(case: Case, one: Settled, found: Witness | None, values: Values) -> Settled:
    """With a witness; refuted if what its file proves, and what the simulator then gave, is more than the claim."""
    from experiments.claims.replay_witness import replay

    if found is None:
        return replace(one, reason=f"{one.reason} No worst function passed the check.".strip())
    if case.claim.compare(one.steps, values, check(found)) != -1:
        return replace(one, lower=max(one.lower or 0.0, found.lower))
    path = write(check_writable(case.folder / f"witness-T{one.steps}.txt"), found)
    try:
        lower, reason = float(replay(read(path)).lower), ""
    except CertificateError as refusal:
        lower, reason = found.lower, str(refusal)
    if case.claim.compare(one.steps, values, Fraction(lower)) != -1:
        return replace(one, lower=lower, reason=f"{one.reason} {_TOO_NEAR}".strip())
    return replace(one, outcome=AtT.REFUTED, lower=lower, witness=path, reason=reason)


def _no_less_noise(question: Question, options: Mapping[str, Any]) -> Question:
    """The variance rounded up where it is the square of a sigma, so that a certificate is about no less noise."""
    sigma = (options.get("constants") or {}).get("sigma")
    if sigma is None or Fraction(question.variance) >= Fraction(sigma) ** 2:
        return question
    return question.replaced(variance=math.nextafter(question.variance, math.inf))


__all__ = [
    "AtT",
    "Case",
    "Settled",
    "claim_grid",
    "exact_values",
    "linear_value",
    "linear_witness",
    "settle",
    "settle_at",
]
