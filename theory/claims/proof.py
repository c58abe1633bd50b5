"""A claim settled for all T: a bound of the library, replayed by the kernel, is at most the claim by an exact argument.

What is done, and nothing else counts:
1. The schedule is read as a k^{-p} with 0 <= p <= 1, and a > 0 is proved.
2. A bound of the library covers it: its own steps, or one of the closed forms of `closed_forms.py`. Its side
   conditions are proved for every T, and its proof is replayed by the kernel. A closed form is replayed too,
   at p = 0 and p = 1/2; at other p it was derived by hand: what rests on that is told as "derived", not as "proved".
3. Every divisor in the claim and in the bound is proved positive. Claim - bound is one posynomial over another,
   both proved of the right sign for every T by the rules of `theory/claims/positivity.py`.
This is tried for all values of the constants, and then at the values that are given, s first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from theory.claims.claim import ClaimedBound, Values, as_ratio, ratio_at
from theory.claims.closed_forms import ClosedForm, Granted, PowerSteps, closed_forms, power_steps
from theory.claims.positivity import holds_from
from theory.claims.posynomial import Posynomial, Ratio, Uncovered
from theory.formulas.formula import Formula
from theory.proofs import PROOFS
from theory.proofs.proof import Proof

#: Below this T, what the kernel leaves open may be settled one T at a time.
LATEST = 32
_GIVEN = ((), ("s",), ("sigma",), ("s", "sigma"), ("s", "sigma", "mu"), ("s", "sigma", "mu", "L", "Delta"))


@dataclass(frozen=True)
class ProofStep:
    """One step of an argument: what it says, by which rule, and whether it went through."""

    title: str
    rule: str
    ok: bool = True


@dataclass(frozen=True)
class ClaimProof:
    """A claim proved from a bound of the library.

    Args:
        bound: its name; since: for every T from this one on.
        at_values: the constants that were put in; for all values of the others.
        coherent: whether coherence mu is assumed.
        steps: the argument.
        replayed: whether the kernel replays the bound that was used, or only what its closed form was derived from.
    """

    bound: str
    since: int
    at_values: tuple[str, ...]
    coherent: bool
    steps: tuple[ProofStep, ...]
    replayed: bool


def prove(claim: ClaimedBound, schedule: Formula, known: Granted, values: Values) -> ClaimProof | None:
    """A proof of the claim for every T (or from a T of at most 32 on), or None.

    Args:
        claim: the claim; schedule: the step sizes.
        known: what is known of the runs; there is no noise where the value 0 of sigma is put in.
        values: exact values of the constants, in so far as they have one.

    Returns:
        The proof that reaches the smallest T, the most general one of these; None where nothing covers it.

    >>> from theory.formulas.parsing import parse
    >>> free = Granted(noisy=True, in_order=True, coherent=False)
    >>> step = parse("1/(s*L + sigma*sqrt(L*T/(2*Delta)))")
    >>> found = prove(ClaimedBound("sigma*sqrt(2*L*Delta/T) + 2*s*L*Delta/T"), step, free, {})
    >>> found.bound, found.since
    ('corollary-1', 1)
    >>> prove(ClaimedBound("1.41*sigma*sqrt(L*Delta/T) + 2*s*L*Delta/T"), step, free, {}) is None
    True
    """
    best: ClaimProof | None = None
    for found in _proofs(claim, schedule, known, values):
        if best is None or found.since < best.since:
            best = found
        if best.since == 1:
            break
    return best if best and _replays(PROOFS[best.bound]) else None


@cache
def _replays(proof: Proof) -> bool:
    """Whether the kernel accepts a proof; it is asked once."""
    return proof.verify().proved


def _proofs(claim: ClaimedBound, schedule: Formula, known: Granted, values: Values) -> Iterator[ClaimProof]:
    try:
        claimed, steps = as_ratio(claim.formula), power_steps(schedule)
    except Uncovered:
        return
    for given in _generalities(values):
        try:
            yield from _at(claimed, steps, _settled(known, given), given)
        except Uncovered:
            continue


def _generalities(values: Values) -> Iterator[dict[str, Posynomial]]:
    """The values to put in: none, then more and more of those there are."""
    tried: list[list[str]] = []
    for wanted in _GIVEN:
        names = [name for name in wanted if name in values]
        if names not in tried:
            tried.append(names)
            yield {name: values[name] for name in names}


def _settled(known: Granted, given: Mapping[str, Posynomial]) -> Granted:
    silent = "sigma" in given and not given["sigma"].terms
    return Granted(known.noisy and not silent, known.in_order, known.coherent)


def _at(claimed: Ratio, steps: PowerSteps, known: Granted, given: Mapping[str, Posynomial]) -> Iterator[ClaimProof]:
    here, a = ratio_at(claimed, given), steps.at(given).a
    for form in closed_forms(steps, known, given):
        try:
            since = _since(here, a, form)
        except Uncovered:
            continue
        if since is not None and since <= LATEST:
            steps_of_it, replayed = _account(form, since, given), form.proof is not None
            yield ClaimProof(form.name, since, tuple(given), form.coherent, steps_of_it, replayed)


def _since(claimed: Ratio, a: Ratio, form: ClosedForm) -> int | None:
    """The least T from which on everything is proved."""
    positive = [a.over, *(part for ratio in (claimed, a) for part in ratio.under)]
    at_least_zero = [ratio for _, ratio in form.asked] + [claimed - value for value in form.values]
    for ratio in at_least_zero:
        positive += [ratio.below, *ratio.under]
    since: int | None = form.since
    for part, strict in [(part, True) for part in positive] + [(ratio.over, False) for ratio in at_least_zero]:
        since = None if since is None else holds_from(part, since, strict=strict)
    return since


def _account(form: ClosedForm, since: int, given: Mapping[str, Posynomial]) -> tuple[ProofStep, ...]:
    where = f"at {', '.join(given)} as given" if given else "for all values of the constants"
    when = "for every T" if since == 1 else f"for every T >= {since}"
    replayed = f"the proof of {form.name}, {len(PROOFS[form.name].steps)} steps, is replayed"
    asked = dict.fromkeys(f"{text}, {when}" for text, _ in form.asked)
    return (
        ProofStep(replayed, "kernel"),
        ProofStep(form.match, "equality of posynomials" if form.match.endswith(")") else "reading the schedule"),
        *_closed(form),
        *(ProofStep(text, "signs of coefficients") for text in asked),
        ProofStep(f"every divisor is positive, {when}", "signs of coefficients"),
        ProofStep(f"claim - bound >= 0 {when}, {where}", "signs of coefficients"),
    )


def _closed(form: ClosedForm) -> tuple[ProofStep, ...]:
    """The step from the bound to its closed form, where it is no bound of the library by itself."""
    if form.proof is None:
        return (ProofStep("its closed form at these steps, for every T", "derived by hand"),)
    if form.proof.name == form.name:
        return ()
    return (ProofStep(f"its closed form at these steps, {len(form.proof.steps)} steps, is replayed", "kernel"),)


__all__ = ["LATEST", "ClaimProof", "ProofStep", "prove"]
