"""What a folder of runs says: runs grouped as they are judged together, each group with the verdict kept beside them.

Runs of one schedule at several T form one group where the schedule contains T. Groups that differ in nothing but the
staleness form a family. A verdict is kept under a digest of its runs and of the code that judged them: it is found
again as long as neither changes. Runs are read when they are judged, and not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from experiments.check.check import HORIZONS, check
from experiments.check.findings.coherence import CoherenceSummary, summarise
from experiments.check.verdict import Verdict
from experiments.check.worst_case_values import keep_rungs, settings_of, stored_rungs
from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from experiments.runs.configuration import Configuration
from experiments.runs.run import Run
from experiments.runs.store import load, load_attributes
from experiments.statistics.decay import log_spaced
from theory.common.errors import GradlagError, StoreError
from theory.common.types import Progress

SCHEMA, FOLDER = "gradlag-verdict/1", "verdicts"
# Where `reproduce`, `check` and `compare` keep their runs.
_PLACES = ("cells/*.nc", "*.nc", "schedule-*/*.nc")


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A result file: where it is, what was asked for, and what is written in it besides numbers."""

    path: Path
    configuration: Configuration
    attributes: Mapping[str, Any]

    @classmethod
    def at(cls, path: Path) -> StoredRun:
        """The file without its numbers; StoreError if it is damaged."""
        attributes = load_attributes(path)
        try:
            return cls(path, Configuration.from_json(str(attributes["configuration"])), attributes)
        except (GradlagError, KeyError):
            run = load(path)  # says what is wrong
            return cls(path, run.configuration, dict(run.data.attrs))

    @property
    def command(self) -> str:
        """The command line that made it."""
        return str(self.attributes["command"])

    def run(self) -> Run:
        """The run itself, read and checked again."""
        return load(self.path)

    def describe(self) -> dict[str, Any]:
        """Everything that determined the run, as plain values."""
        parsed = {name: json.loads(self.attributes[name]) for name in ("configuration", "constants", "versions")}
        plain = {name: self.attributes[name] for name in ("key", "seconds", "created")}
        return {"file": self.path.name, "command": self.configuration.command} | parsed | plain


@dataclass(frozen=True, eq=False)
class _Kept:
    """What a file holds of judged runs, and whether worst cases were looked for."""

    verdict: Verdict
    coherence: CoherenceSummary
    worst_cases: bool


@dataclass(frozen=True, eq=False)
class RunGroup:
    """Runs that are judged together, by number of steps; `out` is the folder of results that they lie in."""

    stored: tuple[StoredRun, ...]
    out: Path

    @property
    def configuration(self) -> Configuration:
        """That of the longest run."""
        return self.stored[-1].configuration

    @property
    def staleness(self) -> int:
        """The theorem's s."""
        return self.configuration.staleness

    @property
    def verdict(self) -> Verdict:
        """What the runs say of the bounds of the library, as it was kept; StoreError if it was not."""
        return self._told.verdict

    @property
    def coherence(self) -> CoherenceSummary:
        """What was measured of coherence along the longest run; StoreError as for the verdict."""
        return self._told.coherence

    def judged(self, with_worst_cases: bool) -> bool:
        """Whether a verdict is kept, and if they are asked for, whether worst cases were looked for."""
        kept = self._kept()
        return kept is not None and (kept.worst_cases or not with_worst_cases)

    def judge(self, budget: float | None = None) -> None:
        """Judge the runs and keep the verdict, with the worst cases that there are, or that `budget` seconds give."""
        runs = [stored.run() for stored in self.stored]
        verdict = check(runs)
        settings = settings_of(runs, [int(t) for t in log_spaced(1, self.configuration.steps, HORIZONS)])
        if budget is None:
            rungs = stored_rungs(settings, (self.stored[0].path.parent, self.out))
        else:
            rungs = keep_rungs(settings, self.out, budget=budget)
        content = {
            "schema": SCHEMA,
            "worst_cases": budget is not None,
            "verdict": (verdict if rungs is None else rungs.attached(verdict)).to_dict(),
            "coherence": summarise(runs[-1]).to_dict(),
        }
        write_atomically(check_writable(self._path), json.dumps(content, allow_nan=False).encode())

    @cached_property
    def _told(self) -> _Kept:
        kept = self._kept()
        if kept is None:
            raise StoreError(
                f"The run {self.stored[-1].path} has no verdict of this version beside it. "
                f"`gradlag report --out {self.out}` judges it."
            )
        return kept

    def _kept(self) -> _Kept | None:
        """The content of the file of the verdict; what cannot be read is made again."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            verdict, coherence = Verdict.from_dict(content["verdict"]), CoherenceSummary.from_dict(content["coherence"])
            return _Kept(verdict, coherence, content["worst_cases"]) if content["schema"] == SCHEMA else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @cached_property
    def _path(self) -> Path:
        told = [str(each.attributes[name]) for each in self.stored for name in ("key", "content", "constants")]
        versions = current_versions()
        digest = hashlib.sha256(json.dumps([SCHEMA, versions["gradlag"], versions["commit"], *told]).encode())
        return self.out / FOLDER / f"{digest.hexdigest()[:16]}.json"


@dataclass(frozen=True, eq=False)
class RunFamily:
    """Groups by staleness that differ in nothing else; `suffix` keeps apart names that would be alike."""

    groups: Mapping[int, RunGroup]
    suffix: str = ""

    @property
    def first(self) -> Configuration:
        """The configuration of the group with the smallest staleness."""
        return self.groups[min(self.groups)].configuration

    @property
    def name(self) -> str:
        """Problem and schedule, fit for a file name."""
        parts = "".join(c if c.isalnum() else "-" for c in f"{self.first.problem}-{self.first.schedule}")
        return "-".join(part for part in parts.lower().split("-") if part) + self.suffix

    @property
    def over_horizons(self) -> bool:
        """Whether the schedule contains T, so that there is a run for each T."""
        return self.first.reads_horizon

    @property
    def assumes_coherence(self) -> bool:
        """Whether a coherence was assumed of the runs."""
        return "mu" in self.first.constants

    @cached_property
    def verdicts(self) -> dict[int, Verdict]:
        """The verdicts by staleness."""
        return {staleness: group.verdict for staleness, group in self.groups.items()}

    def stored(self) -> tuple[StoredRun, ...]:
        """All result files."""
        return tuple(stored for group in self.groups.values() for stored in group.stored)


def judge_missing(
    out: Path | str | Sequence[RunFamily], *, budget: float | None = None, progress: Progress | None = None
) -> int:
    """Judge the runs in a folder that have no verdict of this version yet, and keep what was found.

    Args:
        out: what `gradlag reproduce`, `check` or `compare` filled with --out, or the families found in it.
        budget: seconds for the worst cases of each group; by default those that are there are taken.
        progress: called with how many of how many are judged.

    Returns:
        How many groups were judged.

    Raises:
        StoreError: a damaged run, or a folder that cannot be written to.
    """
    families = find_families(out) if isinstance(out, Path | str) else out
    groups = [group for family in families for group in family.groups.values()]
    due = [group for group in groups if not group.judged(budget is not None)]
    for done, group in enumerate(due):
        if progress is not None:
            progress(done, len(due))
        group.judge(budget)
    return len(due)


def find_families(out: Path | str) -> tuple[RunFamily, ...]:
    """The families in a folder of results, in the order of the first file of each; none if there are no runs.

    Args:
        out: what `gradlag reproduce`, `check` or `compare` filled with --out.

    Returns:
        The families; those with one run for each T come last.

    Raises:
        StoreError: a damaged run.
    """
    stored = [StoredRun.at(path) for pattern in _PLACES for path in sorted(Path(out).glob(pattern))]
    families: dict[str, dict[int, RunGroup]] = {}
    for group in _groups(stored, Path(out)):
        families.setdefault(_family_key(group.configuration), {})[group.staleness] = group
    found = (RunFamily(dict(sorted(groups.items()))) for groups in families.values())
    return tuple(_told_apart(sorted(found, key=lambda family: family.over_horizons)))


def _told_apart(families: Sequence[RunFamily]) -> Iterator[RunFamily]:
    seen: Counter[str] = Counter()
    for family in families:
        seen[family.name] += 1
        count = seen[family.name]
        yield family if count == 1 else replace(family, suffix=f"-{count}")


def _groups(stored: Sequence[StoredRun], out: Path) -> Iterator[RunGroup]:
    """Files that are judged together, in the order of the first of each group."""
    groups: dict[str, list[StoredRun]] = {}
    for one in stored:
        groups.setdefault(f"{_family_key(one.configuration)} {one.configuration.staleness}", []).append(one)
    for group in groups.values():
        yield RunGroup(tuple(sorted(group, key=lambda one: one.configuration.steps)), out)


def _family_key(configuration: Configuration) -> str:
    """What all members of a family have in common; T as well, unless the schedule contains it."""
    alike = replace(configuration, staleness=1, record_every=1)
    return replace(alike, steps=1).to_json() if configuration.reads_horizon else alike.to_json()
