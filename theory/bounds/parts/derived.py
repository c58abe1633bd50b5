"""The rates that were derived from the formulas of the bounds and written down; benchmarks/rates.py makes them anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "derived_rates.json"


@cache
def derived_rates() -> Mapping[str, str]:
    """The rate of each bound of the library in a line, by its name."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
