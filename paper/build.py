"""The companion paper, one page, from result files: `python paper/build.py OUT` writes OUT/paper.pdf.

All numbers, formulas and pictures are taken from the results and the library; the text around them stands here.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.check.judged import RunFamily, RunGroup, StoredRun, find_families
from experiments.check.verdict import Verdict
from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from figures.draw.formula import formula_picture
from figures.draw.pictures import ladder_picture
from figures.report.exhibit import scale_in
from figures.report.sections.runs import featured
from figures.style import style
from theory.bounds import REGISTRY, Bound
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.errors import EnvironmentFailure, GradlagError, StoreError
from theory.formulas.notation import GLOSSARY

_COLUMN = 238.0  # points that a formula may be wide
_CONSTANTS = frozenset({"L", "Delta", "sigma", "mu"})


def build_paper(folder: Path | str) -> Path:
    """Write paper.pdf from the results in a folder.

    Args:
        folder: what `gradlag reproduce --out` filled.

    Returns:
        The path of the PDF.

    Raises:
        StoreError: no results, or a damaged one.
        EnvironmentFailure: the typesetter is not installed, or fails.
    """
    target = check_writable(Path(folder) / "paper.pdf")
    families = find_families(folder)
    if not families:
        raise StoreError(f"The folder {folder} holds no results. `gradlag reproduce --out {folder}` makes them.")
    with TemporaryDirectory() as place:
        _write_sources(families, Path(place))
        write_atomically(target, _compile(Path(place) / "paper.typ"))
    return target


def _compile(source: Path) -> bytes:
    try:
        import typst
    except ImportError as cause:
        raise EnvironmentFailure("The paper needs the package typst: pip install 'gradlag[paper]'.") from cause
    try:
        return bytes(typst.compile(str(source), ignore_system_fonts=True))
    except Exception as cause:  # typst raises whatever its compiler reports
        raise EnvironmentFailure(f"The paper could not be typeset: {cause}") from cause


def _write_sources(families: Sequence[RunFamily], place: Path) -> None:
    """The template, the picture, the formulas, and data.json that names them."""
    shutil.copy(Path(__file__).parent / "paper.typ", place)
    shown = featured(families)
    drawn = ladder_picture(shown.verdict, width=style.COLUMN, notes=False)
    (place / "ladder.svg").write_text(style.svg(drawn, "ladder"), encoding="utf-8")
    data = _told(families, shown) | {
        "coherence": _formula(place, COHERENCE.latex),
        "theorem1": _theorem(place, REGISTRY["dai2019"]),
        "theoremA": _theorem(place, REGISTRY["theorem-a"]),
    }
    (place / "data.json").write_text(json.dumps(data), encoding="utf-8")


def _formula(place: Path, latex: str, points: float = 8.6) -> dict[str, Any]:
    """A formula on a line of its own, made to fit the column."""
    text, width = formula_picture(latex, points, _COLUMN)
    file = f"formula-{len(list(place.iterdir()))}.svg"
    (place / file).write_text(text, encoding="utf-8")
    return {"file": file, "width": width, "latex": latex}


def _theorem(place: Path, bound: Bound) -> dict[str, Any]:
    """A theorem of the library; that its constants are positive goes without saying."""
    conditions = [c.latex() for c in bound.conditions if not c.names() <= _CONSTANTS]
    return {
        "title": bound.title,
        "summary": bound.summary,
        "assumed": ", ".join(assumption.name for assumption in bound.assumptions),
        "conditions": [_formula(place, latex) for latex in conditions],
        "value": _formula(place, rf"{bound.quantity} \;\le\; {bound.latex()}", 9.0),
        "definitions": [_formula(place, latex, 8.0) for latex in bound.latex_definitions()],
    }


def _told(families: Sequence[RunFamily], shown: RunGroup) -> dict[str, Any]:
    """Everything that is said in words and numbers."""
    stored = [one for family in families for one in family.stored()]
    stated, own = REGISTRY["dai2019"].source, REGISTRY["theorem-a"].source
    versions, asked = current_versions(), shown.configuration
    scale = scale_in(one.command for one in stored)
    commit = f", commit {versions['commit'][:10]}" if versions["commit"] else ""
    return {
        "title": "What staleness costs SGD: proved and measured",
        "origin": f"gradlag {versions['gradlag']}{commit}; {len(stored)} runs, scale {scale}",
        "abstract": _abstract(families),
        "study": f"{stated.authors} ({stated.year})",
        "level": f"{shown.verdict.level:g}",
        "ladder": {
            "alt": "The ladder",
            "problem": asked.problem,
            "schedule": asked.schedule,
            "s": str(asked.staleness),
            "seeds": str(len(asked.seeds)),
        },
        "table": _table(families),
        "constants": _constants(families),
        "commands": [*_commands(stored), "gradlag report --out OUT", "python paper/build.py OUT"],
        "sources": f"{stated.text()}. {own.text()}.",
    }


def _abstract(families: Sequence[RunFamily]) -> str:
    """What was found, in numbers from the verdicts."""
    verdicts = [verdict for family in families for verdict in family.verdicts.values()]
    problems = dict.fromkeys(family.first.problem for family in families)
    words = Counter(str(verdict.verdict).replace("_", " ") for verdict in verdicts)
    told = ", ".join(f"{count} {word}" for word, count in words.items())
    states = [v.assumptions["coherence"] for v in verdicts if "coherence" in v.assumptions]
    sentences = [
        "We set what can be proved of SGD with stale gradients beside what is measured, for the same steps and delays: "
        f"{len(verdicts)} checks on {len(problems)} objectives ({', '.join(problems)}).",
        f"The smallest bound that assumes no coherence decides; the verdicts are: {told}.",
        *_ranges(verdicts),
        f"Coherence as Theorem 1 assumes it is broken on {states.count('broken')} of {len(states)} runs."
        if states
        else "",
    ]
    return " ".join(filter(None, sentences))


def _ranges(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How far two theorems are above the measured value at the last T."""
    for name, title in (("theorem-a", "Theorem A"), ("dai2019", "Theorem 1 as stated")):
        factors = [factor for verdict in verdicts if (factor := _factor(verdict, name)) is not None]
        if factors:
            yield (
                f"At the last T, {title} is {style.factor(min(factors))} to {style.factor(max(factors))} times "
                f"the measured value ({len(factors)} checks)."
            )


def _factor(verdict: Verdict, name: str) -> float | None:
    """Bound / measured at the last T, where the bound has a value there."""
    value, measured = verdict.bounds.get(name, (None,))[-1], verdict.measured[-1]
    return None if value is None or not measured else value / measured


def _table(families: Sequence[RunFamily]) -> dict[str, Any]:
    """Verdict and factor for every staleness, one group of rows a family."""
    # A page holds seven families at full length.
    names = _SHOWN if len(families) <= 7 else _SHORT
    heads = sorted({staleness for family in families for staleness in family.groups})
    return {
        "heads": [str(staleness) for staleness in heads],
        "groups": [_group(family, heads, names) for family in families],
        "caption": "Verdict and bound divided by the measured value at the last T. ✓ holds, ✗ violated, ! assumption "
        "broken, ? undecided, – the bound does not apply.",
    }


def _group(family: RunFamily, heads: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    steps, seeds = max(one.configuration.steps for one in family.stored()), len(family.first.seeds)
    rows = {name: [_cell(family.verdicts.get(staleness), name) for staleness in heads] for name in names}
    return {
        "problem": family.first.problem,
        "schedule": family.first.schedule,
        "size": f"T = {steps}, {seeds} seeds",
        "rows": [{"name": name, "cells": cells} for name, cells in rows.items() if set(cells) - {"–", ""}],
    }


_SHOWN = ("corollary-1", "theorem-a", "dai2019-tight", "dai2019")
_SHORT = ("theorem-a", "dai2019")


def _cell(verdict: Verdict | None, name: str) -> str:
    if verdict is None or name not in verdict.bounds_detail:
        return ""
    factor = _factor(verdict, name)
    return "–" if factor is None else f"{verdict.bounds_detail[name].verdict.mark} {style.factor(factor)}"


def _constants(families: Sequence[RunFamily]) -> str:
    """How the constants of all runs are known."""
    known = {
        name: {str(v.constants[name].known) for f in families for v in f.verdicts.values() if name in v.constants}
        for name in GLOSSARY
    }
    told = [f"{name} ({', '.join(sorted(kinds))})" for name, kinds in known.items() if kinds]
    return f"How the constants are known: {', '.join(told)}."


def _commands(stored: Sequence[StoredRun]) -> list[str]:
    """The commands that made the results, with a place for them."""
    made = dict.fromkeys(str(one.attributes["command"]) for one in stored)
    return [command if "--out" in command else f"{command} --out OUT" for command in list(made)[:3]]


def main(arguments: Sequence[str]) -> int:
    """Build the paper; the exit status is that of the command `gradlag`."""
    if len(arguments) != 1:
        print("Usage: python paper/build.py OUT, the folder with the results.", file=sys.stderr)
        return 2
    try:
        print(f"The paper is {build_paper(arguments[0])}")
    except GradlagError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
