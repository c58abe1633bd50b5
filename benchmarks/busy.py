"""A cell that keeps a processor busy for a given time, with a real store: what the machinery costs beside it."""

import time
from dataclasses import dataclass
from typing import Any

from experiments.sweep.json_store import JsonStore


@dataclass(frozen=True)
class Busy:
    """Some seconds of the clock."""

    number: int
    seconds: float

    @property
    def name(self) -> str:
        return f"busy-{self.number}"

    @property
    def work(self) -> int:
        return 1

    def compute(self) -> dict[str, Any]:
        """Turn in a loop, and give a curve of the size that cells of the studies store."""
        end = time.perf_counter() + self.seconds
        while time.perf_counter() < end:
            pass
        return {"curve": [self.number / (1 + place) for place in range(300)]}


class BusyStore(JsonStore[Busy]):
    """The files of busy cells."""

    schema = "busy/1"
    folder = "busy"
    noun = plural = "busy cells"
    cell_type = Busy


BUSY = BusyStore()
