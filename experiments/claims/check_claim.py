"""A claimed bound is proved, refuted, or left open: by the kernel for all T, by certificates and witnesses at single T.

`check_claim` is the entry. A proof for all T comes first (`theory/claims/proof.py`); where there is none, a stated grid
of T is settled one T at a time (`experiments/claims/grid.py`), and what is said is said of these T only.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from experiments.claims.grid import AtT, Case, Settled, exact_values, settle
from experiments.claims.verdict import ClaimVerdict, all_t_verdict, grid_verdict
from experiments.common.progress import reporting
from theory.claims.claim import ClaimedBound
from theory.claims.closed_forms import Granted
from theory.claims.proof import ClaimProof, prove
from theory.common.errors import InputError
from theory.schedules.schedule import AnySchedule, GivenSchedule, Schedule, parse_schedule
from theory.staleness.count import whole_number
from theory.staleness.delays import ConstantDelay
from theory.worst_case.asking import Asked

_NEED_A_VALUE = ("sigma", "mu")


def check_claim(
    schedule: GivenSchedule,
    claim: str,
    *,
    staleness: int,
    steps: int,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float | None = None,
    coherence: float | None = None,
    constants: Mapping[str, float] | None = None,
    delays: str = "constant",
    delays_file: Path | str | None = None,
    seed: int = 0,
    out: Path | str = "claim",
    progress: bool = False,
) -> ClaimVerdict:
    r"""Is $\min_{t\le T}\mathbb E\|\nabla F(x_t)\|^2$ at most the claim, for every T and every L-smooth F?

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; or "@file".
        claim: an expression in T, s, L, Delta, sigma and mu, as in "2*L*Delta/sqrt(T)".
        staleness: the theorem's s; steps: the largest T of the grid. A claim that holds there may still fail later: up
            to T = 4096 a linear function is held against it.
        smoothness: L; gap: Delta; variance: sigma^2, 0 where neither it nor sigma is given.
        coherence: mu as an assumption on F, or None for every F. A mu in `constants` alone is only a number in the
            formulas, which a proof may assume as the coherence if it says so.
        constants: values of L, Delta, sigma and mu in place of these.
        delays, delays_file: a model of delays, or a trace; seed: of random delays.
        out: the folder for certificates and witnesses.
        progress: show progress and time left on stderr.

    Returns:
        The verdict: proved (for all T, or at the T of a grid: `how` says which), refuted (with a witness file), or
        undecided (with what would decide it).

    Raises:
        InputError: a claim that cannot be read or has no finite value, a symbol without a value, or anything else that
            cannot be used.

    >>> check_claim("1/(s*L)", "2*s*L*Delta/T", staleness=3, steps=100)
    ClaimVerdict(proved, the kernel for all T, corollary-1)
    """
    horizon = whole_number(steps, 1, "The number of steps", InputError)
    stated, rule = ClaimedBound(claim), parse_schedule(schedule, horizon)
    values = _with_mu(constants or {}, coherence)
    options: dict[str, Any] = {"smoothness": smoothness, "gap": gap, "variance": variance or 0.0}
    options |= {"coherence": coherence, "constants": values, "staleness": staleness}
    options |= {"delays": delays, "delays_file": delays_file, "seed": seed}
    case = Case(stated, rule, options, horizon, Path(out))
    unknown = _without_value(stated, rule, values, variance)
    open_case = _filled(case, unknown)
    asked = open_case.asked(horizon if open_case.single else 1)
    proof = _proof(open_case, asked, unknown)
    if unknown and not (proof and proof.since == 1):
        _refuse_unknown(unknown, stated, rule)
    for at in case.times if not unknown else ():
        stated.value(at, case.values(asked.question))
    if proof and proof.since == 1:
        return all_t_verdict(open_case, proof, asked, unknown)
    return _on_grid(case, proof, asked, progress)


def _with_mu(constants: Mapping[str, float], coherence: float | None) -> dict[str, float]:
    """The constants, with mu the coherence where it is given once only."""
    return ({} if coherence is None or coherence <= 0 else {"mu": coherence}) | dict(constants)


def _without_value(
    claim: ClaimedBound, rule: AnySchedule, constants: Mapping[str, float], variance: float | None
) -> tuple[str, ...]:
    given = {*constants, *(() if variance is None else ("sigma",))}
    return tuple(name for name in _NEED_A_VALUE if name in claim.names | rule.names and name not in given)


def _filled(case: Case, unknown: tuple[str, ...]) -> Case:
    """The case with any value for what has none: for the proof, which then holds for all of them."""
    constants = {**case.options["constants"], **dict.fromkeys(unknown, 1.0)}
    return Case(case.claim, case.rule, {**case.options, "constants": constants}, case.steps, case.folder)


def _refuse_unknown(unknown: tuple[str, ...], claim: ClaimedBound, rule: AnySchedule) -> None:
    name = unknown[0]
    where = "claim" if name in claim.names else "schedule"
    raise InputError(
        f"The {where} uses {name}, which has no value here, and no proof covers every value of it. Give one with "
        f"--constants {name}=NUMBER."
    )


def _proof(case: Case, asked: Asked, unknown: tuple[str, ...]) -> ClaimProof | None:
    """A proof without coherence if there is one, else with it where mu is given."""
    if not isinstance(case.rule, Schedule):
        return None
    values = {
        name: value
        for name, value in exact_values(case.options, asked.question, as_written).items()
        if name not in unknown
    }
    best: ClaimProof | None = None
    for coherent in (False, True) if _may_assume(case, unknown) else (False,):
        known = Granted(noisy=True, in_order=_in_order(asked), coherent=coherent)
        found = prove(case.claim, case.rule.formula, known, values)
        if found and (best is None or found.since < best.since):
            best = found
        if best and best.since == 1:
            break
    return best


def _may_assume(case: Case, unknown: tuple[str, ...]) -> bool:
    """Whether the mu of the formulas is one that F may be assumed to have."""
    mu, coherence = case.options["constants"].get("mu"), case.options["coherence"]
    return mu is not None and "mu" not in unknown and (coherence is None or coherence >= mu)


def _in_order(asked: Asked) -> bool:
    """Whether no read overtakes another, at any T."""
    return isinstance(asked.delays, ConstantDelay) or asked.question.staleness.window == 1


def as_written(value: float) -> Fraction:
    """The decimal number that a user wrote for a float: the shortest that reads back the same.

    >>> as_written(0.1)
    Fraction(1, 10)
    """
    return Fraction(repr(float(value)))


def _on_grid(case: Case, proof: ClaimProof | None, asked: Asked, progress: bool) -> ClaimVerdict:
    """The verdict from single T: those of the grid, or those that the kernel leaves open."""
    times = tuple(range(1, proof.since)) if proof else case.times
    times = times if case.options["delays_file"] is None else tuple(t for t in times if t <= case.steps)
    found: list[Settled] = []
    with reporting("T settled", quiet=not progress) as report:
        report(0, sum(times))
        for one in settle(case, times):
            found.append(one)
            report(min(sum(each.steps for each in found), sum(times)), sum(times))
    return grid_verdict(case, proof, asked, tuple(sorted(found, key=lambda one: one.steps)))


__all__ = ["AtT", "ClaimVerdict", "check_claim"]
