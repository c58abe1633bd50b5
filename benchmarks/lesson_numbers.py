"""The exact worst cases that lessons draw, which take too long while a slider moves: solved once, certified
from above and met by a function from below, and kept as a file.

    python benchmarks/lesson_numbers.py

L = Delta = 1, no noise, the constant delay s - 1 and the constant step theta/s; a test solves some of them again.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradlag as gl
from gradlag.teaching.pictures.lesson_02 import HORIZONS, STALENESSES, THETAS, WORST_CASES, key


def main() -> None:
    """Solve them, and write the file."""
    found = {}
    for staleness in STALENESSES:
        for theta in THETAS:
            for steps in HORIZONS:
                told = gl.worst_case(f"{theta}/(s*L)", staleness=staleness, steps=steps, certify=True).to_dict()
                if not (told["certified"] and told["upper"] - told["lower"] < 1e-5 * told["upper"]):
                    raise SystemExit(f"Not certified from both sides: {key(staleness, theta, steps)}")
                found[key(staleness, theta, steps)] = round(told["upper"], 7)
    Path(WORST_CASES).write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
