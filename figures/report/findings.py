"""What was found, in sentences: each from the results that are there, none where there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from markupsafe import Markup

from experiments.check.judged import RunFamily
from experiments.check.verdict import Verdict
from experiments.studies import STUDIES
from experiments.studies.asynchronous import ASYNC
from experiments.studies.claim import ClaimResult
from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.store import STALENESS
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import limits
from experiments.studies.worst_cases.store import SOLVED, SolvedResult
from figures.report.rendering import number
from figures.report.sections.runs import SAID
from figures.report.sections.worst_cases import designs_by_setting
from theory.bounds import REGISTRY
from theory.bounds.judging.errata import ERRATA
from theory.bounds.parts.checked import COQ_ALONE, IN_COQ
from theory.design.best import Target


def findings(folder: Path | str, families: Sequence[RunFamily]) -> tuple[Markup, ...]:
    """The sentences that the report opens with."""
    solved = SOLVED.load_all(folder)
    told = (
        *_checks(families),
        *_worst(solved),
        *_constants(solved),
        *_designed(solved),
        *_studied(folder),
        *_library(),
    )
    return tuple(told)


def _checks(families: Sequence[RunFamily]) -> Iterator[Markup]:
    verdicts = [verdict for family in families for verdict in family.verdicts.values()]
    if not verdicts:
        return
    counted = Counter(SAID[verdict.verdict] for verdict in verdicts)
    told = ", ".join(f"{count} {word}" for word, count in counted.items())
    yield Markup('<a href="#verdicts">{} checks</a> of a run against what is proved: {}.').format(len(verdicts), told)
    own, stated = factors_above(verdicts, "theorem-a"), factors_above(verdicts, "dai2019")
    if own and stated:
        yield Markup(
            "At the last step Theorem 1 as stated is at least {} times what was measured; Theorem A, which assumes no "
            "coherence, {}."
        ).format(number(min(stated)), number(min(own)))
    assumed = [v.assumptions["coherence"] for v in verdicts if "coherence" in v.assumptions]
    if assumed:
        yield Markup("The coherence that Theorem 1 assumes breaks along {} of {} runs.").format(
            assumed.count("broken"), len(assumed)
        )


def factors_above(verdicts: Sequence[Verdict], name: str) -> list[float]:
    """Bound / measured at the last T, wherever the bound has a value there."""
    pairs = ((verdict.bounds.get(name, (None,))[-1], verdict.measured[-1]) for verdict in verdicts)
    return [value / measured for value, measured in pairs if value is not None and measured]


def _worst(solved: Sequence[SolvedResult]) -> Iterator[Markup]:
    found = STUDIES["worst-case"].chosen(solved)
    ratios = [
        result.values["bounds"]["theorem-b"] / result.values["lower"]
        for result in found
        if isinstance(result.cell, GrowthCell) and result.values["bounds"].get("theorem-b") and result.values["lower"]
    ]
    if ratios:
        yield Markup(
            'Theorem B is at most {} times what <a href="#worst-case">some smooth function</a> attains, at {} settings '
            "without noise; in the middle one {} times."
        ).format(number(max(ratios), 4), len(ratios), number(median(ratios), 4))


def _constants(solved: Sequence[SolvedResult]) -> Iterator[Markup]:
    found = limits(result.values for result in STUDIES["limit"].chosen(solved))
    if found.best:
        first, last = min(found.best), max(found.best)
        yield Markup(
            'A delay of {} costs a factor {} at the best constant step (<a href="#limit">exact</a>, and certified).'
        ).format(last, number(found.best[last].value / found.best[first].value, 4))


def _designed(solved: Sequence[SolvedResult]) -> Iterator[Markup]:
    for (staleness, steps, variance), designs in designs_by_setting(STUDIES["designs"].chosen(solved)).items():
        best = designs.get(Target.WORST_CASE)
        gain = best.worst_case_improvement("constant") if best else None
        if gain and not variance:
            yield Markup(
                'No constant step is best: <a href="#designs">designed steps</a> lower the worst case of {} steps at '
                "staleness {} by {:.0f} %."
            ).format(steps, staleness, 100 * gain)


def _studied(folder: Path | str) -> Iterator[Markup]:
    if results := STALENESS.load_all(folder):
        told = _counted(claims(results))
        yield Markup('Of the claims of the <a href="#the-staleness-study">staleness study</a>: {}.').format(told)
    if servers := STUDIES["async"].chosen(ASYNC.load_all(folder)):
        covered = sum(bool(each.values["bounds"]["ladder"]) for each in servers)
        yield Markup('A proved bound covers {} of {} <a href="#async">asynchronous servers</a> as they ran.').format(
            covered, len(servers)
        )
    stored = SYSTEM_RESULTS.load_all(folder)
    judged = [each for name, system in SYSTEMS.items() for each in system.judged(STUDIES[name].chosen(stored))]
    if any(each.seeds for each in judged):
        yield Markup("Of the claims of the related systems: {}.").format(_counted(judged))


def _counted(found: Sequence[ClaimResult]) -> str:
    counts = Counter(each.verdict for each in found)
    return ", ".join(f"{counts[word]} {word}" for word in ("reproduced", "not reproduced", "inconclusive"))


def _library() -> Iterator[Markup]:
    yield Markup(
        'Behind it <a href="#part-theorems">{} bounds</a>, {} of them replayed step by step, {} checked in Coq; {} '
        "statements found elsewhere are not true."
    ).format(len(REGISTRY), len(REGISTRY) - len(COQ_ALONE), len(IN_COQ), len(ERRATA))
