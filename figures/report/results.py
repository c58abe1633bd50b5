"""What a folder of results holds: runs, grouped as the figures need them, each group with its verdict.

Runs of one schedule at several T form one result where the schedule contains T. Results that differ in nothing but
the staleness form a family: a row of small multiples. Runs are read when they are needed and not kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5netcdf

from experiments.check.check import HORIZONS, check
from experiments.check.verdict import Verdict
from experiments.check.worst_case_values import settings_of, stored_rungs
from experiments.runs.configuration import Configuration
from experiments.runs.run import Run
from experiments.runs.store import load
from experiments.statistics.decay import log_spaced
from theory.bounds import Setting
from theory.common.errors import StoreError

CALIBRATION = "calibration.json"
# Where `reproduce`, `check` and `compare` keep their runs.
_PLACES = ("cells/*.nc", "*.nc", "schedule-*/*.nc")


@dataclass(frozen=True, eq=False)
class Stored:
    """A result file: where it is, what was asked for, and what is written in it besides numbers."""

    path: Path
    configuration: Configuration
    attributes: Mapping[str, Any]

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
class Result:
    """Runs that are judged together, and their verdict."""

    stored: tuple[Stored, ...]

    @property
    def configuration(self) -> Configuration:
        """That of the longest run."""
        return self.stored[-1].configuration

    @property
    def staleness(self) -> int:
        """The theorem's s."""
        return self.configuration.staleness

    @cached_property
    def verdict(self) -> Verdict:
        """What the runs say of the bounds of the library."""
        runs = [stored.run() for stored in self.stored]
        verdict = check(runs)
        place = self.stored[0].path.parent
        rungs = stored_rungs(self.settings, (place, place.parent))
        return verdict if rungs is None else rungs.attached(verdict)

    @cached_property
    def settings(self) -> dict[int, Setting]:
        """Where worst-case rungs are wanted, by the number of steps."""
        runs = [stored.run() for stored in self.stored]
        return settings_of(runs, [int(t) for t in log_spaced(1, self.configuration.steps, HORIZONS)])


@dataclass(frozen=True, eq=False)
class Family:
    """Results by staleness that differ in nothing else; `suffix` keeps apart names that would be alike."""

    results: Mapping[int, Result]
    suffix: str = ""

    @property
    def first(self) -> Configuration:
        """The configuration of the result with the smallest staleness."""
        return self.results[min(self.results)].configuration

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
        return {staleness: result.verdict for staleness, result in sorted(self.results.items())}

    def stored(self) -> tuple[Stored, ...]:
        """All result files."""
        return tuple(stored for _, result in sorted(self.results.items()) for stored in result.stored)


def read_families(folder: Path | str) -> tuple[Family, ...]:
    """The families in a folder of results, in the order of the first file of each.

    Args:
        folder: what `gradlag reproduce`, `check` or `compare` filled with --out.

    Returns:
        At least one family; those with one run for each T come last.

    Raises:
        StoreError: no result at all, or a damaged one.
    """
    found = find_families(folder)
    if not found:
        raise no_results(folder)
    return found


def no_results(folder: Path | str) -> StoreError:
    """What to say of a folder without results."""
    return StoreError(f"The folder {folder} holds no results. `gradlag reproduce --out {folder}` makes them.")


def find_families(folder: Path | str) -> tuple[Family, ...]:
    """As `read_families`, but none where there are none."""
    stored = [_stored(path) for pattern in _PLACES for path in sorted(Path(folder).glob(pattern))]
    families: dict[str, dict[int, Result]] = {}
    for result in _results(stored):
        families.setdefault(_family_key(result.configuration), {})[result.staleness] = result
    found = (Family(dict(sorted(results.items()))) for results in families.values())
    return tuple(_told_apart(sorted(found, key=lambda family: family.over_horizons)))


def _told_apart(families: Sequence[Family]) -> Iterator[Family]:
    seen: Counter[str] = Counter()
    for family in families:
        seen[family.name] += 1
        count = seen[family.name]
        yield family if count == 1 else replace(family, suffix=f"-{count}")


def read_calibration(folder: Path | str) -> Mapping[str, Any] | None:
    """The calibration of the checker, if it lies in the folder.

    Raises:
        StoreError: a file that is not one.
    """
    path = Path(folder) / CALIBRATION
    if not path.exists():
        return None
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        complete = isinstance(table["rows"], list) and table["level"] and table["repetitions"]
    except (OSError, ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        raise StoreError(f"The calibration {path} cannot be read. Delete it, or make it anew.")
    return dict(table)


def _stored(path: Path) -> Stored:
    """The file without its numbers, which are read and checked when the verdict is asked for."""
    try:
        with h5netcdf.File(path) as file:
            attributes = dict(file.attrs)
        return Stored(path, Configuration.from_json(str(attributes["configuration"])), attributes)
    except Exception:  # whatever a damaged file makes the reader raise
        run = load(path)  # says what is wrong
        return Stored(path, run.configuration, dict(run.data.attrs))


def _results(stored: Sequence[Stored]) -> Iterator[Result]:
    """Files that are judged together, in the order of the first of each group."""
    groups: dict[str, list[Stored]] = {}
    for one in stored:
        groups.setdefault(f"{_family_key(one.configuration)} {one.configuration.staleness}", []).append(one)
    for group in groups.values():
        yield Result(tuple(sorted(group, key=lambda one: one.configuration.steps)))


def _family_key(configuration: Configuration) -> str:
    """What all members of a family have in common; T as well, unless the schedule contains it."""
    alike = replace(configuration, staleness=1, record_every=1)
    return replace(alike, steps=1).to_json() if configuration.reads_horizon else alike.to_json()
