"""Results that the repository keeps in docs/: claims at the scale `lesson`, and constants of published methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from experiments.studies.claim import ClaimResult, StudyClaim
from theory.common.errors import StoreError

DOCS = Path(__file__).parents[1] / "docs"
#: The scale of the kept claims, and the pages that they stand on.
SCALE, _PAGES = "lesson", ("study.md", "related_systems.md", "counter_momentum.md")


@dataclass(frozen=True)
class KeptClaim:
    """What was found of a claim; the effect with its interval and its threshold, as they are printed there."""

    verdict: str
    effect: str
    seeds: int

    @property
    def estimate(self) -> str:
        """The effect with its interval alone."""
        return self.effect.rsplit(", ", 1)[0]


def kept(claim: StudyClaim) -> KeptClaim:
    """What the scale `lesson` found of a claim.

    Raises:
        StoreError: no page of the documentation tells.
    """
    found = kept_claims().get((claim.figure, _told(claim.statement)))
    if found is None:
        raise StoreError(
            f"The paper needs what the scale {SCALE} found of {claim.name!r}, and none of docs/{', '.join(_PAGES)} "
            "tells. Run that scale and put the table there: python -m figures.report.claims OUT."
        )
    return found


def agree(result: ClaimResult) -> bool:
    """Whether the verdict of a result is that of the scale `lesson`."""
    return result.verdict == kept(result.claim).verdict


def published() -> Mapping[int, Mapping[str, float]]:
    """The constants C of published methods, by delay and name; StoreError where docs/methods.md has none."""
    found = {
        int(row["D"]): {name: float(value) for name, value in row.items() if name.endswith("0.9")}
        for row in _rows("methods.md")
        if "momentum 0.9" in row
    }
    if not found:
        raise StoreError("The paper needs the constants of published methods: python benchmarks/limits.py makes them.")
    return found


def repeated(delays: str) -> float:
    """C of a sequence of delays that repeats, at its best constant step; StoreError where docs/methods.md has none."""
    rows = {row["delays"]: float(row["C, from above"]) for row in _rows("methods.md") if "delays" in row}
    if delays not in rows:
        raise StoreError(f"The paper needs the constant of the delays {delays}: python benchmarks/limits.py makes it.")
    return rows[delays]


def beside_delayed(delays: str, steps: str) -> str:
    """Counter-momentum over delayed steps on the problems, full gradients; StoreError if no page tells."""
    asked = {"gradients": "full", "delays": delays, "steps": steps}
    rows = (row for row in _rows("counter_momentum.md") if asked.items() <= row.items())
    if (row := next(rows, None)) is None:
        raise StoreError(
            f"The paper needs counter-momentum's ratios at {delays!r}: python benchmarks/counter_momentum.py."
        )
    return row["delayed steps"].partition(";")[0]


def with_noise(delay: int, noise: float) -> Mapping[str, float]:
    """Bounds times T/(L Delta) of what is made for a noise, and of delayed steps; StoreError if no page tells."""
    for row in _rows("noise.md"):
        if "made for nu" in row and (int(row["D"]), float(row["nu"])) == (delay, noise):
            return {name: float(row[name]) for name in ("made for nu", "delayed steps")}
    raise StoreError(f"The paper needs the bounds with noise {noise} at the delay {delay}: python benchmarks/noise.py.")


@cache
def kept_claims() -> Mapping[tuple[str, str], KeptClaim]:
    """All of them, by figure and statement."""
    rows = (row for page in _PAGES for row in _rows(page) if "claim" in row)
    return {
        (row["figure"], row["claim"]): KeptClaim(row["verdict"], row["effect [interval], threshold"], int(row["seeds"]))
        for row in rows
    }


def _told(statement: str) -> str:
    return statement.replace("|", "/")  # as figures.report.claims prints it


def _rows(page: str) -> Iterator[Mapping[str, str]]:
    """The rows of all tables of a page, by the names of their columns."""
    head: list[str] = []
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if not line.startswith("|"):
            head = []
        elif not head:
            head = cells
        elif not line.startswith("|---"):
            yield dict(zip(head, cells, strict=True))
