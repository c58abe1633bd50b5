"""What a run of inputs came to: counts, escapes, and the slowest input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

#: The words for an input that was read; every other word is the class of a refusal, or an escape.
READ = ("accepted", "no steps", "left out")


@dataclass(frozen=True)
class Found:
    """An input that did what none may: its part, number and group, "escape", "hang" or "crash", and how."""

    part: str
    index: int
    group: str
    what: str
    told: str


@dataclass
class Tally:
    """Counts of (part, group, word), the escapes, and the slowest input of each part as (seconds, index, group)."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    slowest: dict[str, tuple[float, int, str]] = field(default_factory=dict)
    retried: int = 0

    def add(self, part: str, group: str, word: str, seconds: float, index: int) -> None:
        """One input more."""
        self.counts[part, group, word] += 1
        self.slowest[part] = max(self.slowest.get(part, (0.0, 0, "")), (seconds, index, group))

    def merge(self, other: Tally) -> None:
        """The inputs of another tally as well."""
        self.counts += other.counts
        self.found += other.found
        self.retried += other.retried
        for part, slow in other.slowest.items():
            self.slowest[part] = max(self.slowest.get(part, (0.0, 0, "")), slow)

    def inputs(self, part: str) -> int:
        """How many inputs of a part were tried."""
        return sum(count for (name, _, _), count in self.counts.items() if name == part)


_ROW = "{:<10} {:<14} {:>9} {:>9} {:>9} {:>8} {:>6} {:>8}  {}"


def table(tally: Tally) -> Iterator[str]:
    """The lines of the report: one a group, with the refusals by class."""
    yield _ROW.format(
        "part", "group", "inputs", "accepted", "refused", "escapes", "hangs", "crashes", "refusals by class"
    )
    for part in sorted({part for part, _, _ in tally.counts}):
        groups = sorted({group for name, group, _ in tally.counts if name == part})
        for group in (*groups, "all"):
            yield _row(tally, part, group)
        seconds, index, group = tally.slowest[part]
        yield f"slowest of {part}: {seconds:.3f} s, input {index} ({group})"


def _row(tally: Tally, part: str, group: str) -> str:
    words: Counter[str] = Counter()
    for (name, each, word), count in tally.counts.items():
        if name == part and group in (each, "all"):
            words[word] += count
    bad = {what: words.pop(what, 0) for what in ("escape", "hang", "crash")}
    read = sum(words.pop(word, 0) for word in READ)
    classes = ", ".join(f"{word} {count}" for word, count in words.most_common())
    total = read + sum(words.values()) + sum(bad.values())
    return _ROW.format(part, group, total, read, sum(words.values()), *bad.values(), classes).rstrip()
