"""What the paper states, from results and from the library: every number of the text, and every picture.

A part that is not there stops the build with its name and the command that makes it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

import gradlag as gl
from experiments.check.judged import RunFamily, find_families
from experiments.check.verdict import Verdict
from experiments.common.provenance import current_versions
from experiments.studies import STUDIES
from experiments.studies.asynchronous import ASYNC
from experiments.studies.claim import ClaimResult
from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.store import STALENESS
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.studies.worst_cases.limit import Limits, limits
from experiments.studies.worst_cases.store import SOLVED
from figures.draw.pictures import ladder_picture
from figures.report.exhibit import Exhibit, scale_in
from figures.report.findings import factors_above
from figures.report.sections import asynchronous, runs, staleness, systems, worst_cases
from figures.report.sections.calibration import read_calibration
from figures.style import style
from paper.methods import MethodRow, Tuned, Turning, method_row, tuned, turning
from theory.bounds import REGISTRY, Bound
from theory.bounds.judging.errata import ERRATA, Erratum
from theory.bounds.parts.checked import COQ_ALONE, IN_COQ
from theory.common.errors import StoreError
from theory.proofs import PROOFS
from theory.proofs.printing.printed import replay
from theory.proofs.printing.replayed_proof import Account

#: Where the bounds are held against the exact worst case in the text.
STALENESS_SHOWN, STEPS_SHOWN, COHERENCE_SHOWN = 4, 60, 0.5
PROOFS_SHOWN = ("dai2019-tight", "theorem-a", "theorem-b", "theorem-c")


@dataclass(frozen=True)
class Rung:
    """A bound at the steps of Theorem 1, beside the exact worst case without noise."""

    name: str
    value: float
    ratio: float


@dataclass(frozen=True)
class Material:
    """The results of a folder as the text asks for them."""

    folder: Path

    def _there(self, what: Any, name: str) -> Any:
        if not what:
            raise StoreError(
                f"The paper needs the results of {name}, and {self.folder} has none. "
                f"`gradlag reproduce {name} --out {self.folder}` makes them."
            )
        return what

    # ------------------------------------------------------------------------------------------------- checks of runs

    @cached_property
    def families(self) -> Sequence[RunFamily]:
        """The runs of the ladder, by problem and schedule."""
        return tuple(self._there(find_families(self.folder), "ladder"))

    @property
    def _verdicts(self) -> Sequence[Verdict]:
        return [verdict for family in self.families for verdict in family.verdicts.values()]

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many checks ended how."""
        return Counter(str(verdict.verdict).replace("_", " ") for verdict in self._verdicts)

    @property
    def checks(self) -> int:
        """How many checks there are."""
        return sum(self.verdicts.values())

    @property
    def problems(self) -> tuple[str, ...]:
        """The objectives of the checks."""
        return tuple(dict.fromkeys(family.first.problem for family in self.families))

    def slack(self, name: str) -> tuple[float, float, int]:
        """The least and the largest bound / measured at the last T, and over how many checks."""
        factors = factors_above(self._verdicts, name)
        return min(factors), max(factors), len(factors)

    @property
    def coherence(self) -> tuple[int, int]:
        """On how many checks coherence is broken, of those that assume it."""
        states = [
            v.assumptions["coherence"]
            for f in self.families
            for v in f.verdicts.values()
            if "coherence" in v.assumptions
        ]
        return states.count("broken"), len(states)

    @property
    def ladder(self) -> Any:
        """The run whose ladder is shown."""
        return runs.featured(self.families)

    @property
    def scale(self) -> str:
        """The scale of the results."""
        return scale_in(one.command for family in self.families for one in family.stored())

    # ------------------------------------------------------------------------------------------------------- theorems

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How much is proved, and by what."""
        accounts = [self.account(name) for name in PROOFS]
        return {
            "bounds": len(REGISTRY),
            "replayed": sum(account.proved for account in accounts),
            "coq": len(IN_COQ),
            "coq_alone": len(COQ_ALONE),
            "steps": sum(len(account.steps) for account in accounts),
            "applications": sum(account.applications for account in accounts),
            "axioms": len({axiom for account in accounts for axiom in account.axioms}),
        }

    @staticmethod
    @cache
    def account(name: str) -> Account:
        """The proof of that name, replayed."""
        return replay(PROOFS[name])

    @property
    def errata(self) -> Sequence[tuple[Erratum, float, float]]:
        """What is stated elsewhere and is not true, with what happens and what was allowed."""
        measured = ((each, each.counterexample()) for each in ERRATA)
        return tuple((each, float(happens), float(allowed)) for each, (happens, allowed) in measured)

    @cached_property
    def rungs(self) -> tuple[float, Sequence[Rung]]:
        """The exact worst case at Theorem 1's steps, and the bounds without coherence there, the smallest first."""
        steps = str(REGISTRY["dai2019"].schedule and REGISTRY["dai2019"].schedule.text)
        worst = gl.worst_case(steps, staleness=STALENESS_SHOWN, steps=STEPS_SHOWN, constants={"mu": COHERENCE_SHOWN})
        assert worst.upper is not None
        upper = worst.upper
        values = {name: value for name, value in worst.to_dict()["bounds"].items() if value is not None}
        found = (
            Rung(name, value, value / worst.upper)
            for name, value in values.items()
            if REGISTRY[name].on_ladder or name == "lian2015"
        )
        return upper, sorted(found, key=lambda rung: rung.value)

    def bound(self, name: str) -> Bound:
        """A bound of the library."""
        return REGISTRY[name]

    # ---------------------------------------------------------------------------------------------------- worst cases

    def _solved(self, name: str) -> Any:
        return self._there(STUDIES[name].chosen(SOLVED.load_all(self.folder)), name)

    @cached_property
    def limit(self) -> Limits:
        """The exact constants of constant steps, by the delay."""
        return limits(result.values for result in self._solved("limit"))

    @property
    def growth_gap(self) -> float:
        """By how much, at most, the worst cases over steps and staleness lie above what some function needs."""
        ratios = (each.values["value"] / each.values["lower"] for each in self._solved("worst-case"))
        return float(max(ratios)) - 1

    @property
    def pattern(self) -> Any:
        """The result whose worst trace is the furthest above the constant delay, of all that were enumerated."""
        solved = (each for each in self._solved("delay-patterns") if each.values.get("method") == "exhaustive")
        return max(solved, key=lambda each: float(each.values["ratio"]))

    @property
    def worst_function(self) -> Any:
        """The function on which Theorem 1's steps are slowest."""
        return self._solved("worst-function")[0]

    @cached_property
    def methods(self) -> Sequence[MethodRow]:
        """What methods cost, by the delay."""
        best = {delay: each.value * each.start for delay, each in self.limit.best.items()}
        return tuple(method_row(delay, constant, best[0]) for delay, constant in best.items())

    @cached_property
    def tuned(self) -> Sequence[Tuned]:
        """Counter-momentum at the delays of the table, from 1 on."""
        return tuple(tuned(delay, best.step) for delay, best in self.limit.best.items() if delay)

    @cached_property
    def turning(self) -> Turning:
        """A sawtooth of delays that is worse than the constant delay."""
        return turning()

    # -------------------------------------------------------------------------------------- studies, servers, systems

    @cached_property
    def study_claims(self) -> Sequence[ClaimResult]:
        """The claims of the staleness study."""
        return tuple(claims(self._there(STALENESS.load_all(self.folder), "fig1")))

    @cached_property
    def systems(self) -> Mapping[str, tuple[Any, Sequence[ClaimResult]]]:
        """The related systems with their claims."""
        stored = SYSTEM_RESULTS.load_all(self.folder)
        found = {name: self._there(STUDIES[name].chosen(stored), name) for name in SYSTEMS}
        return {name: (SYSTEMS[name], SYSTEMS[name].judged(results)) for name, results in found.items()}

    @cached_property
    def servers(self) -> Sequence[Any]:
        """Asynchronous servers: delays, replays, and the bound that covers each."""
        return tuple(self._there(STUDIES["async"].chosen(ASYNC.load_all(self.folder)), "async"))

    @property
    def calibration(self) -> Mapping[str, Any]:
        """The checker's error rates: the worst share of false verdicts over all rows."""
        table = self._there(read_calibration(self.folder), "ladder")
        worst = {
            what: max(row[what]["count"] / row[what]["trials"] for row in table["rows"])
            for what in ("false_violated", "false_holds")
        }
        return {**worst, "level": table["level"], "repetitions": table["repetitions"], "rows": len(table["rows"])}

    @property
    def version(self) -> str:
        """Of the library."""
        return current_versions()["gradlag"]

    # -------------------------------------------------------------------------------------------------------- pictures

    def caption(self, name: str) -> str:
        """What the report says below a figure, but for the command that makes it."""
        words = unescape(re.sub(r"<[^>]+>", "", str(self._there(self._exhibits.get(name), name).caption)))
        return " ".join(words.split()).partition(" Made by ")[0]

    def picture(self, name: str) -> Figure:
        """A figure of the report by its name; StoreError where its results are not there."""
        if name == "ladder":
            return ladder_picture(self.ladder.verdict, width=style.PAGE * 0.75, notes=False)
        drawn: Figure = self._there(self._exhibits.get(name), name).draw()
        return drawn

    @cached_property
    def _exhibits(self) -> Mapping[str, Exhibit]:
        rooms = (worst_cases, staleness, asynchronous, systems)
        shown = (exhibit for room in rooms for section in room.sections(self.folder) for exhibit in section.exhibits)
        return {exhibit.name: exhibit for exhibit in shown}


def rounded(value: float, digits: int = 3) -> str:
    """A number for the text, with a true minus sign and without an exponent where it is readable.

    >>> rounded(0.049423), rounded(2348.7), rounded(-1.5)
    ('0.0494', '2349', '−1.5')
    """
    if not math.isfinite(value):
        return "∞"
    text = f"{value:.{digits}g}" if 1e-4 <= abs(value) < 10**digits or not value else f"{value:.{digits - 1}e}"
    if "e" in text and 1 <= abs(value) < 1e7:
        text = f"{value:.0f}"
    mantissa, _, exponent = text.partition("e")
    shown = mantissa if not exponent else f"{mantissa}·10^{int(exponent)}^"
    return shown.replace("-", "−")
