"""The companion paper from result files: `python paper/build.py OUT` writes OUT/paper.pdf; `--latex` paper.tex too.

The text, paper.md, is neutral: pandoc makes typst of it, which needs no TeX, and LaTeX for a submission. Its numbers,
formulas, tables and pictures come from `material`; a result that is missing stops the build with its name.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import jinja2

sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.common.files import check_writable, write_atomically
from experiments.studies.claim import ClaimResult
from figures.style import style
from paper.kept import SCALE, agree, beside_delayed, kept, repeated, with_noise
from paper.latex import FORMAT, write_latex
from paper.material import COHERENCE_SHOWN, PROOFS_SHOWN, STALENESS_SHOWN, STEPS_SHOWN, Material, rounded
from paper.mathematics import cell, display, fenced, flat, inline, numbered
from paper.methods import counter_momentum_per_delay
from theory.bounds import REGISTRY, Bound
from theory.common.errors import EnvironmentFailure, GradlagError
from theory.proofs.printing.replayed_proof import Account

HERE = Path(__file__).parent
_FIGURE = re.compile(r'call figure\("([\w-]+)"')


def build_paper(folder: Path | str, latex: bool = False) -> Path:
    """Write paper.pdf from the results in a folder.

    Args:
        folder: what `gradlag reproduce --out` filled.
        latex: paper.tex as well, with its pictures in the folder `paper` beside it.

    Returns:
        The path of the PDF.

    Raises:
        StoreError: no results, a damaged one, or one that the text needs and that is not there: its name is told.
        EnvironmentFailure: the typesetter is not installed, or fails.
    """
    target = check_writable(Path(folder) / "paper.pdf")
    material = Material(Path(folder))
    with TemporaryDirectory() as place:
        text = neutral(material, draw(material, Path(place)))
        write_atomically(target, _compile(text, Path(place)))
        if latex:
            beside = Path(folder) / "paper"
            beside.mkdir(exist_ok=True)
            for picture in Path(place).glob("*.pdf"):
                write_atomically(beside / picture.name, picture.read_bytes())
            write_latex(text, beside)
    return target


def draw(material: Material, place: Path) -> dict[str, str]:
    """Every picture that the text asks for, as PDF in the folder: name -> file."""
    names = _FIGURE.findall((HERE / "paper.md").read_text(encoding="utf-8"))
    for name in names:
        (place / f"{name}.pdf").write_bytes(style.pdf(material.picture(name)))
    return {name: f"{name}.pdf" for name in names}


def neutral(material: Material, files: dict[str, str]) -> str:
    """The text in Markdown with its numbers."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, comment_start_string="{##"
    )
    environment.filters |= {
        "r": rounded,
        "cell": cell,
        "effect": _effect_text,
        "inline": inline,
        "flat": flat,
        "display": display,
        "kept": kept,
        "repeated": repeated,
        "beside": lambda asked: beside_delayed(*asked),
        "definitions": _definitions,
        "conditions": _conditions,
        "told": lambda account, shown: _told_before(account, shown, material),
    }
    environment.tests["agree"] = agree
    text = environment.from_string((HERE / "paper.md").read_text(encoding="utf-8"))
    rendered = text.render(
        m=material,
        files=files,
        shown=PROOFS_SHOWN,
        references=list(_references()),
        staleness=STALENESS_SHOWN,
        steps=STEPS_SHOWN,
        coherence=COHERENCE_SHOWN,
        constants=material.ladder.stored[-1].describe()["constants"],
        kept_scale=SCALE,
        published=list(material.methods[0].published),
        last=material.methods[-1],
        best=[row.tuning.delay for row in material.tuned if row.best],
        others=[row.tuning.delay for row in material.tuned if row.best is False],
        little=with_noise(4, 1),
        much=with_noise(4, 100),
        reach=[row for row in material.tuned if row.reach],
        gained=max(1 - row.found / row.counter for row in material.methods if row.found),
        on_problems=[kept(each.claim).verdict for each in material.systems["counter-momentum"][1]],
        per_delay=counter_momentum_per_delay(),
        **{
            name.replace("-", "_"): rung
            for rung in material.rungs[1]
            if (name := rung.name) in ("theorem-a", "theorem-b")
        },
    )
    return fenced(numbered(rendered))


def _definitions(bound: Bound) -> list[str]:
    """The abbreviations of a bound, but for what the first section says of all."""
    usual = (r"\text{step }", r"\text{what has ")
    short = re.compile(r"\\left\(((?:(?!\\frac)[^()])*)\\right\)")  # TeX breaks no line within a pair
    return [short.sub(r"(\1)", line) for line in bound.latex_definitions() if not line.startswith(usual)]


def _conditions(bound: Bound) -> list[str]:
    """The side conditions of a bound, but for what the first section says of all."""
    usual = re.compile(r" \\quad \([kt] = 0, \\dots, T-1\)$")
    lines = (usual.sub("", line) for line in bound.latex_conditions())
    return [line for line in lines if line not in ("L > 0", r"\Delta \ge 0", r"\sigma \ge 0")]


def _told_before(account: Account, shown: Sequence[str], material: Material) -> tuple[int, str] | None:
    """How many of the first steps are those of a proof that is printed before, and of which."""
    before = [material.account(name) for name in shown[: shown.index(account.name)]]
    alike = {other.name: _common(account, other) for other in before}
    name = max(alike, key=lambda each: alike[each], default="")
    return (alike[name], name) if name and alike[name] > 2 else None


def _common(account: Account, other: Account) -> int:
    pairs = zip(account.steps, other.steps, strict=False)
    return next((place for place, (one, two) in enumerate(pairs) if one.claim != two.claim), 0)


def _effect_text(result: ClaimResult) -> str:
    """The effect with its interval."""
    if math.isnan(result.estimate):
        return "–"
    return f"{rounded(result.estimate, 2)} \\[{rounded(result.low, 2)}, {rounded(result.high, 2)}\\]"


def _references() -> Iterator[str]:
    """The sources of the bounds that others published, and what else is cited, each once."""
    sources = (bound.source for bound in REGISTRY.values() if bound.source.authors != "gradlag")
    others = (HERE / "references.md").read_text(encoding="utf-8").splitlines()
    yield from sorted({f"{each.authors} ({each.year}): {each.title}; {each.where}" for each in sources} | set(others))


def _compile(text: str, place: Path) -> bytes:
    try:
        import pypandoc
        import typst
    except ImportError as cause:
        raise EnvironmentFailure("The paper needs pandoc and typst: pip install 'gradlag[paper]'.") from cause
    source = place / "paper.typ"
    try:
        arguments = ["--standalone", f"--template={HERE / 'paper.typ'}", "--number-sections"]
        typeset = pypandoc.convert_text(text, "typst", format=FORMAT, extra_args=arguments)
        # pandoc writes the bars of a norm as relations, above which typst sets an exponent.
        source.write_text(re.sub(r"\bparallel\b\s*(.+?)\s*\bparallel\b", r"norm(\1)", typeset), encoding="utf-8")
        return bytes(typst.compile(str(source), ignore_system_fonts=True))
    except Exception as cause:  # both raise whatever their compilers report
        raise EnvironmentFailure(f"The paper could not be typeset: {cause}") from cause


def main(arguments: Sequence[str]) -> int:
    """Build the paper; the exit status is that of the command `gradlag`."""
    rest = [argument for argument in arguments if argument != "--latex"]
    if len(rest) != 1:
        print("Usage: python paper/build.py OUT [--latex], OUT the folder with the results.", file=sys.stderr)
        return 2
    try:
        print(f"The paper is {build_paper(rest[0], latex='--latex' in arguments)}")
    except GradlagError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
