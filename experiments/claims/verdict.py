"""What is said of a claim: the word, how it is known, the numbers at each T, the files, and a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from experiments.check.verdict import Series, series
from experiments.claims.grid import AtT, Case, Settled
from experiments.statistics.comparison import Outcome
from theory.bounds import REGISTRY, get
from theory.bounds.judging.judge import judge
from theory.claims.claim import shortened
from theory.claims.closed_forms import power_steps
from theory.claims.posynomial import Uncovered
from theory.claims.proof import ClaimProof, ProofStep
from theory.common.shown import Shown
from theory.schedules.schedule import Schedule
from theory.worst_case.asking import Asked


class ClaimDecision(StrEnum):
    """The word of a verdict on a claim."""

    PROVED = "proved"
    DERIVED = "derived"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


_NUMBERS = {
    ClaimDecision.PROVED: Outcome.BELOW,
    ClaimDecision.DERIVED: Outcome.BELOW,
    ClaimDecision.REFUTED: Outcome.ABOVE,
    ClaimDecision.UNDECIDED: Outcome.UNDECIDED,
}


@dataclass(frozen=True, repr=False)
class ClaimVerdict(Shown):
    """What is known of a claim.

    Args:
        verdict: the word; claim: the text; sentence: why, in words; how: "the kernel for all T", "certificates at
            T = ...", both, "a witness at T = ...", or "" where it is open; would_decide: what would decide an open
            one.
        bound: the bound of the library behind a proof by the kernel; since: the least T that it is about; steps: its
            argument; at_values: the constants that it put in (it holds for all values of the others); assumes: what
            it assumes of F beyond smoothness and a lower bound.
        times: the T looked at; claimed: the claimed values there; upper: the certified upper bounds of the worst case,
            lower: what checked witnesses give, the refuting one as replayed; bounds: name -> the bound's values there.
        slack_min: smallest claimed / worst case over the T, from the certificates, the bound, or the witness.
        certificates: paths of files that `gradlag verify` accepts; witness: path of the worst function that refutes.
        constants: values that certificates and witnesses are about; coherence: what they assume of F, or None.
    """

    verdict: ClaimDecision
    claim: str
    sentence: str
    how: str
    would_decide: str | None
    times: tuple[int, ...]
    claimed: Series
    upper: Series
    lower: Series
    constants: Mapping[str, float]
    coherence: float | None = None
    bound: str | None = None
    since: int | None = None
    steps: tuple[ProofStep, ...] = ()
    at_values: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    bounds: Mapping[str, Series] = field(default_factory=dict)
    slack_min: float | None = None
    certificates: tuple[str, ...] = ()
    witness: str | None = None

    def __str__(self) -> str:
        """The word and the sentence."""
        return f"{self.verdict}: {self.sentence}"

    def __repr__(self) -> str:
        """Short, for notebooks: the word, how, the bound."""
        return f"ClaimVerdict({', '.join(filter(None, (str(self.verdict), self.how, self.bound)))})"

    @property
    def exit_status(self) -> int:
        """The exit status of the command: 0 proved or derived, 1 refuted, 3 undecided."""
        return {ClaimDecision.PROVED: 0, ClaimDecision.DERIVED: 0, ClaimDecision.REFUTED: 1}.get(self.verdict, 3)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain values; what only a run has is null or empty."""
        run_only: dict[str, Any] = {"rate": None, "rate_interval": None, "assumptions": {}}
        run_only |= {"measured": [], "measured_lower": [], "measured_upper": []}
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        own |= {"verdict": str(self.verdict), "numbers": str(_NUMBERS[self.verdict]), "iterates": "x_0..x_T"}
        own["steps"] = [{"title": step.title, "rule": step.rule, "ok": step.ok} for step in self.steps]
        own["bounds"] = {name: list(values) for name, values in self.bounds.items()}
        lists = {name: list(value) for name, value in own.items() if isinstance(value, tuple)}
        return {**run_only, **own, **lists, "constants": dict(self.constants)}

    def to_json(self) -> str:
        """The verdict as one JSON object."""
        return json.dumps(self.to_dict(), allow_nan=False)


def all_t_verdict(case: Case, proof: ClaimProof, asked: Asked, unknown: tuple[str, ...]) -> ClaimVerdict:
    """The verdict where a proof covers every T; its numbers are those of the grid."""
    times = () if unknown else case.times
    settings = [case.asked(steps) for steps in times]
    claimed = series([case.claim.value(one.question.steps, case.values(one.question)) for one in settings])
    values = tuple(get(proof.bound).assess(one.setting)[0] for one in settings)
    nothing = (None,) * len(times)
    return ClaimVerdict(
        _word(proof),
        case.claim.text,
        f"For every T, {_by_the_kernel(case, proof)}",
        f"{_by(proof)} for all T",
        None,
        times,
        claimed,
        nothing,
        nothing,
        {name: value for name, value in asked.constants.items() if name not in unknown},
        case.options["coherence"],
        bounds={proof.bound: values},
        slack_min=_least_ratio(claimed, values),
        **_of_proof(proof),
    )


def grid_verdict(case: Case, proof: ClaimProof | None, asked: Asked, found: tuple[Settled, ...]) -> ClaimVerdict:
    """The verdict from single T, and from a proof that begins later than at T = 1."""
    refuting = next((one for one in found if one.outcome is AtT.REFUTED), None)
    left_open = next((one for one in found if one.outcome is AtT.OPEN), None)
    claimed, upper, lower = (
        series([_float(getattr(s, part)) for s in found]) for part in ("claimed", "upper", "lower")
    )
    if refuting:
        how, sentence = f"a witness at T = {refuting.steps}", _refuted(case, refuting)
        word, decide = ClaimDecision.REFUTED, None
        slack = refuting.claimed / refuting.lower if refuting.lower else None
    elif left_open:
        word, how, decide = ClaimDecision.UNDECIDED, "", _would_decide(case, left_open)
        sentence, slack = _undecided(left_open), _least_ratio(claimed, upper)
    else:
        word, how, decide = _word(proof), _how(proof, found), None
        sentence, slack = _certified(case, proof, asked, found), _least_ratio(claimed, upper)
    return ClaimVerdict(
        word,
        case.claim.text,
        sentence,
        how,
        decide,
        tuple(one.steps for one in found),
        claimed,
        upper,
        lower,
        asked.constants,
        case.options["coherence"],
        bounds=_library(case, tuple(one.steps for one in found)),
        slack_min=slack,
        certificates=tuple(str(one.certificate) for one in found if one.certificate),
        witness=str(refuting.witness) if refuting else None,
        **(_of_proof(proof) if proof and not refuting else {}),
    )


def _library(case: Case, times: tuple[int, ...]) -> dict[str, Series]:
    """The values of gradlag's own bounds without coherence that apply at some of the T."""
    names = [name for name, bound in REGISTRY.items() if bound.on_ladder and not bound.needs_coherence]
    judged = [judge(case.asked(steps).setting, names) for steps in times]
    values = {name: tuple(one[i].value for one in judged) for i, name in enumerate(names)}
    return {name: row for name, row in values.items() if any(value is not None for value in row)}


def _of_proof(proof: ClaimProof) -> dict[str, Any]:
    assumes = ("coherence",) if proof.coherent else ()
    own = {"bound": proof.bound, "since": proof.since, "steps": proof.steps, "at_values": proof.at_values}
    return {**own, "assumes": assumes}


def _float(value: float | None) -> float:
    return float("nan") if value is None else value


def _least_ratio(claimed: Series, values: Series) -> float | None:
    ratios = [c / v for c, v in zip(claimed, values, strict=True) if c is not None and v]
    return min(ratios, default=None)


def _by_the_kernel(case: Case, proof: ClaimProof) -> str:
    matched = proof.steps[1].title
    assumed = (
        f" Gradient coherence of at least mu = {case.options['constants']['mu']:g} is assumed; without it nothing is "
        "said."
        if proof.coherent
        else ""
    )
    which = proof.bound if proof.replayed else f"a closed form of {proof.bound}, derived by hand from that bound"
    return (
        f"{_at_values(case, proof)}, the claim is at least {which}, whose proof the kernel replays: {matched}. "
        f"The minimum is over x_0..x_T, for every L-smooth F{_noise(case, proof)}.{assumed}"
    )


def _noise(case: Case, proof: ClaimProof) -> str:
    silent = "sigma" in proof.at_values and _shown(case, "sigma") == "0"
    return " and exact gradients" if silent else " and every noise of variance at most sigma^2"


def _at_values(case: Case, proof: ClaimProof) -> str:
    if not proof.at_values:
        return "and for all values of the constants"
    given = {name: _shown(case, name) for name in proof.at_values}
    return f"at {_listed([f'{name} = {value}' for name, value in given.items()])}"


def _shown(case: Case, name: str) -> str:
    options = case.options
    if name == "s":
        return str(options["staleness"])
    if name in options["constants"]:
        return f"{options['constants'][name]:g}"
    return f"{ {'L': options['smoothness'], 'Delta': options['gap'], 'sigma': options['variance'] ** 0.5}[name]:g}"


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + f" and {texts[-1]}"


def _how(proof: ClaimProof | None, found: tuple[Settled, ...]) -> str:
    certified = f"certificates at T = {', '.join(str(one.steps) for one in found)}"
    return f"{_by(proof)} for all T >= {proof.since}, {certified}" if proof else certified


def _word(proof: ClaimProof | None) -> ClaimDecision:
    """Proved, if all of it is replayed or certified; derived, if it rests on a closed form that was derived by hand."""
    return ClaimDecision.PROVED if proof is None or proof.replayed else ClaimDecision.DERIVED


def _by(proof: ClaimProof) -> str:
    return "the kernel" if proof.replayed else "a closed form"


def _where(case: Case, asked: Asked) -> str:
    names = [name for name in ("L", "Delta", "sigma", "mu") if name in asked.constants]
    texts = [f"{name} = {asked.constants[name]:g}" for name in names]
    coherence = case.options["coherence"]
    assumed = "" if coherence is None else f", with gradient coherence of at least {coherence:g}"
    return f"{_listed([*texts, f's = {asked.question.staleness.window}'])}{assumed}"


def _certified(case: Case, proof: ClaimProof | None, asked: Asked, found: tuple[Settled, ...]) -> str:
    times = ", ".join(str(one.steps) for one in found)
    files = (
        f"At T = {times} the claim is at least the certified worst case, at {_where(case, asked)} and the float64 "
        "steps of that run, taken exactly."
    )
    if proof is None:
        return f"{files} Of other T nothing is said: {_no_proof(case)}."
    return f"For every T >= {proof.since}, {_by_the_kernel(case, proof)} {files}"


def _no_proof(case: Case) -> str:
    """Why there is no proof for all T."""
    try:
        if isinstance(case.rule, Schedule):
            power_steps(case.rule.formula)
            return "no proof for all T was found"
    except Uncovered as reason:
        return f"no proof for all T was found, as bounds have closed forms at steps a/k^p only ({reason})"
    return "numbers are step sizes of these steps alone"


def _refuted(case: Case, one: Settled) -> str:
    noisy = case.options["variance"] or case.options["constants"].get("sigma")
    incoherent = case.options["coherence"] is None and "mu" in case.options["constants"]
    sentences = (
        f"At T = {one.steps} the claim is {one.claimed:.6g}, and on an L-smooth function the run keeps every "
        f"|grad F|^2 at {one.lower:.6g} or more.",
        f"The function is in {one.witness}, which proves that exactly, {_replayed(one)}",
        "Its gradients have no noise, which the variance only bounds." if noisy else "",
        "No coherence of its gradients is asked for: --coherence does that." if incoherent else "",
        "A claim is about every T from 1 on; no other T is needed to refute it.",
    )
    return " ".join(filter(None, sentences))


def _replayed(one: Settled) -> str:
    return f"but: {one.reason}" if one.reason else "and its replay breaks the claim."


def _undecided(one: Settled) -> str:
    low, high = ("unknown" if value is None else f"{value:.6g}" for value in (one.lower, one.upper))
    said = (
        f"At T = {one.steps} the claim is {one.claimed:.6g}; the worst case is known to lie between {low} (a checked "
        f"witness) and {high} (a certificate)"
    )
    return f"{said}. {one.reason[:1].upper()}{one.reason[1:]}".strip() if one.reason else f"{said}."


def _would_decide(case: Case, one: Settled) -> str:
    quoted = shortened(case.claim.text)
    noisy = case.options["variance"] or case.options["constants"].get("sigma")
    noise = " With noise the certificate is of a relaxation and the witness has no noise." if noisy else ""
    return (
        f"A certificate of at most {one.claimed:.6g} at T = {one.steps} would prove {quoted} there, a witness above it "
        f"would refute it.{noise} A claim a little larger or smaller may be decided at once."
    )


__all__ = ["ClaimDecision", "ClaimVerdict", "all_t_verdict", "grid_verdict"]
