"""The exact worst cases that lessons draw, which take too long while a slider moves: solved once, certified
from above and met by a function from below, and kept as a file.

    python benchmarks/lesson_numbers.py

L = Delta = 1, no noise, the constant delay s - 1 and the constant step theta/s; a test solves some of them again.
Beside them what is known of the claims of lesson 8, the worst cases of the steps of lesson 9, and the networks of
lesson 10.
"""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradlag as gl
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.compute import compute
from gradlag.teaching.pictures.lesson_02 import HORIZONS, STALENESSES, THETAS, WORST_CASES, key
from gradlag.teaching.pictures.lesson_08 import CLAIMS, FACTORS, POWERS, SCHEDULE, STALENESS, claimed
from gradlag.teaching.pictures.lesson_09 import DESIGNS, INNER, OUTER, certified_worst_case, drawn_steps
from gradlag.teaching.pictures.lesson_09 import STALENESS as DESIGNED_STALENESS
from gradlag.teaching.pictures.lesson_09 import key as steps_key
from gradlag.teaching.pictures.lesson_10 import DEPTH_FILE, DEPTHS, EXTRA, SEEDS


def claims() -> dict[str, tuple[str, str]]:
    """What is known of each claim, and how."""
    found = {}
    with TemporaryDirectory() as folder:
        for text in (claimed(factor, power) for factor in FACTORS for power in POWERS):
            answer = gl.check_claim(SCHEDULE, text, staleness=STALENESS, steps=16, out=folder)
            found[text] = (str(answer.verdict), answer.how)
    return found


def designs() -> dict[str, Any]:
    """The certified worst cases of the steps that sliders draw, and the designs beside the usual steps."""
    drawn = (drawn_steps(*choice) for choice in product(OUTER, INNER, INNER))
    found: dict[str, Any] = {"drawn": {steps_key(steps): _rounded_up(certified_worst_case(steps)) for steps in drawn}}
    for length in (6, 9):
        designed = gl.design(staleness=DESIGNED_STALENESS, steps=length, target="worst-case")
        for name in ("design", "constant", "waiting"):
            steps = [round(float(step), 4) for step in designed.rated[name].step_sizes]
            value = _rounded_up(certified_worst_case(tuple(steps)))
            found[f"{name} T={length}"] = {"steps": steps, "worst_case": value}
    return found


def depths() -> dict[str, list[float | None]]:
    """Batches until nine in ten digits are read, by hidden layers and extra delay; a seed each."""
    network = {"workers": 2, "iterations": 8000, "step_sizes": (0.05,), "seeds": SEEDS, "level": 0.9}
    return {
        f"{depth} {extra}": compute(
            WorkerCell("lesson", f"dnn:depth={depth},width=32,data=digits", extra_delay=extra, **network)
        )["batches"]
        for depth in DEPTHS
        for extra in EXTRA
    }


def _rounded_up(value: float | None) -> float:
    if value is None:
        raise RuntimeError("a worst case has no certificate")
    return math.ceil(value * 1e6) / 1e6


def main() -> None:
    """Solve them, and write the files."""
    Path(DEPTH_FILE).write_text(json.dumps(depths(), indent=0) + "\n", encoding="utf-8")
    Path(DESIGNS).write_text(json.dumps(designs(), indent=0) + "\n", encoding="utf-8")
    Path(CLAIMS).write_text(json.dumps(claims(), indent=0) + "\n", encoding="utf-8")
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
