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
from paper.material import COHERENCE_SHOWN, PROOFS_SHOWN, STALENESS_SHOWN, STEPS_SHOWN, Material, rounded
from theory.bounds import REGISTRY
from theory.common.errors import EnvironmentFailure, GradlagError
from theory.proofs.printing.account import Account

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
            _write_latex(text, Path(place), Path(folder))
    return target


def draw(material: Material, place: Path) -> dict[str, str]:
    """Every picture that the text asks for, as PDF in the folder: name -> file."""
    names = _FIGURE.findall((HERE / "paper.md").read_text(encoding="utf-8"))
    for name in names:
        (place / f"{name}.pdf").write_bytes(style.pdf(material.picture(name)))
    return {name: f"{name}.pdf" for name in names}


def neutral(material: Material, files: dict[str, str]) -> str:
    """The text in Markdown with its numbers."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "r": rounded,
        "cell": _cell,
        "effect": _effect_text,
        "inline": str,
        "display": _display,
        "told": lambda account, shown: _told_before(account, shown, material),
    }
    text = environment.from_string((HERE / "paper.md").read_text(encoding="utf-8"))
    rendered = text.render(
        m=material,
        files=files,
        shown=PROOFS_SHOWN,
        references=list(_references()),
        staleness=STALENESS_SHOWN,
        steps=STEPS_SHOWN,
        coherence=COHERENCE_SHOWN,
        last=material.methods[-1],
        theorem_b=next(rung for rung in material.rungs[1] if rung.name == "theorem-b"),
    )
    return _fenced(rendered)


def _cell(text: str) -> str:
    """Words in a cell of a table; marks that Markdown would read stand for themselves."""
    return re.sub(r"([|*_^\\<>\[\]~$#])", r"\\\1", " ".join(text.split()))


def _fenced(text: str) -> str:
    """The text with absolute values as pairs, whose exponents then stand at the closing bar."""
    return _MATHEMATICS.sub(lambda math: _BARS.sub(r"\\left|\1\\right|", math[0]), text)


_MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
_BARS = re.compile(r"(?<!left)(?<!right)(?<!\\)\|([^|$]{1,60}?)(?<!left)(?<!right)(?<!\\)\|")


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


def _display(sentence: str) -> str:
    """A claim on lines of its own."""
    return re.sub(r"\$([^$]+)\$", r"\n\n$$\1$$\n\n", sentence)


def _references() -> Iterator[str]:
    """The sources of the bounds that others published, each once."""
    sources = (bound.source for bound in REGISTRY.values() if bound.source.authors != "gradlag")
    yield from sorted({f"{each.authors} ({each.year}): {each.title}; {each.where}" for each in sources})


def _compile(text: str, place: Path) -> bytes:
    try:
        import pypandoc
        import typst
    except ImportError as cause:
        raise EnvironmentFailure("The paper needs pandoc and typst: pip install 'gradlag[paper]'.") from cause
    source = place / "paper.typ"
    try:
        arguments = ["--standalone", f"--template={HERE / 'paper.typ'}", "--number-sections"]
        typeset = pypandoc.convert_text(text, "typst", format=_FORMAT, extra_args=arguments)
        # pandoc writes the bars of a norm as relations, above which typst sets an exponent.
        source.write_text(re.sub(r"\bparallel\b\s*(.+?)\s*\bparallel\b", r"norm(\1)", typeset), encoding="utf-8")
        return bytes(typst.compile(str(source), ignore_system_fonts=True))
    except Exception as cause:  # both raise whatever their compilers report
        raise EnvironmentFailure(f"The paper could not be typeset: {cause}") from cause


def _write_latex(text: str, place: Path, folder: Path) -> None:
    import pypandoc

    (folder / "paper").mkdir(exist_ok=True)
    for picture in place.glob("*.pdf"):
        write_atomically(folder / "paper" / picture.name, picture.read_bytes())
    arguments = [
        "--standalone",
        "--number-sections",
        "--variable=geometry:margin=2.4cm",
        "--variable=documentclass:article",
    ]
    write_atomically(
        folder / "paper" / "paper.tex",
        pypandoc.convert_text(text, "latex", format=_FORMAT, extra_args=arguments).encode(),
    )


_FORMAT = "markdown+pipe_tables+tex_math_dollars+implicit_figures"


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
