"""The section on the checker's own error rates, where the truth is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from experiments.check.calibration.calibrate import FILE
from figures.report.exhibit import Section
from figures.report.rendering import render
from theory.common.errors import StoreError


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, if the checker was calibrated for this folder."""
    if table := read_calibration(folder):
        yield Section("Calibration of the checker", calibration_table(table))


def read_calibration(folder: Path | str) -> Mapping[str, Any] | None:
    """The calibration of the checker, if it lies in the folder.

    Raises:
        StoreError: a file that is not one.
    """
    path = Path(folder) / FILE
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


def calibration_table(table: Mapping[str, Any]) -> Markup:
    """The checker's error rates, a row for each quadratic and number of seeds."""
    return render("calibration.html", table=table, deficits=list(table["rows"][0]["power"]) if table["rows"] else [])
