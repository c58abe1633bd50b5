"""Cells that do nothing but fail in every way; a module of its own, as workers import it by its name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.sweep.json_store import JsonStore


@dataclass(frozen=True)
class Faulty:
    """A number; `fault` is "", "raise", "die", or "die once", which leaves a mark in the file `mark`."""

    number: int
    fault: str = ""
    mark: str = ""
    pause: float = 0.0

    @property
    def name(self) -> str:
        return f"faulty/{self.number}"

    @property
    def work(self) -> int:
        return 1 + self.number

    def compute(self) -> dict[str, Any]:
        time.sleep(self.pause)
        if self.fault == "raise":
            raise ZeroDivisionError("by accident")
        if self.fault == "die" or (self.fault == "die once" and not Path(self.mark).exists()):
            print(f"the last words of {self.number}", flush=True)
            if self.mark:
                Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": self.number**2}


class Squares(JsonStore[Faulty]):
    schema = "faulty/1"
    folder = "faulty"
    noun = "square"
    plural = "squares"
    cell_type = Faulty


SQUARES = Squares()
