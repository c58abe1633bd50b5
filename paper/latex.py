"""The paper as LaTeX, for a submission, and what the distribution's TeX makes of it.

`python paper/latex.py OUT` compiles what `python paper/build.py OUT --latex` wrote. A line that is too long, or a sign
that the fonts lack, is a failure.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.common.files import write_atomically
from theory.common.errors import EnvironmentFailure, GradlagError

HERE = Path(__file__).parent
FORMAT = "markdown+pipe_tables+tex_math_dollars+implicit_figures"
#: Points by which a line may be too long: less than a letter.
TOO_LONG = 5.0
_OVERFULL = re.compile(r"^Overfull \\hbox \(([\d.]+)pt too wide\).*$", re.MULTILINE)
_MISSING = re.compile(r"^(?:Missing character|! |LaTeX Warning: (?:Reference|Citation)).*$", re.MULTILINE)


def write_latex(text: str, place: Path) -> Path:
    """paper.tex in the folder, of the text in Markdown; its pictures are expected beside it."""
    import pypandoc

    arguments = [
        "--standalone",
        "--number-sections",
        f"--include-in-header={HERE / 'header.tex'}",
        "--variable=geometry:margin=1.9cm",
        "--variable=documentclass:article",
    ]
    written = pypandoc.convert_text(text, "latex", format=FORMAT, extra_args=arguments)
    write_atomically(place / "paper.tex", written.encode())
    return place / "paper.tex"


def compile_latex(source: Path) -> Path:
    """The PDF of a LaTeX file, beside it.

    Raises:
        EnvironmentFailure: pdflatex is not installed, or fails, or a line is too long, or a character is missing.
    """
    if shutil.which("pdflatex") is None:
        raise EnvironmentFailure(
            "pdflatex is not installed. On Debian: apt-get install --no-install-recommends "
            "texlive-latex-recommended texlive-fonts-recommended lmodern."
        )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
    for _ in range(3):  # tables of several pages find their widths in the third run
        ran = subprocess.run(command, cwd=source.parent, capture_output=True, text=True, errors="replace", check=False)
    faults = _MISSING.findall(ran.stdout)
    faults += [found[0] for found in _OVERFULL.finditer(ran.stdout) if float(found[1]) > TOO_LONG]
    if ran.returncode or faults:
        raise EnvironmentFailure(f"pdflatex on {source}: {'; '.join(faults) or ran.stdout[-300:]}")
    return source.with_suffix(".pdf")


def main(arguments: Sequence[str]) -> int:
    """Compile the paper; the exit status is that of the command `gradlag`."""
    if len(arguments) != 1:
        print("Usage: python paper/latex.py OUT, after python paper/build.py OUT --latex.", file=sys.stderr)
        return 2
    source = Path(arguments[0]) / "paper" / "paper.tex"
    if not source.exists():
        print(f"There is no {source}. `python paper/build.py {arguments[0]} --latex` writes it.", file=sys.stderr)
        return 2
    try:
        print(f"The paper is {compile_latex(source)}")
    except GradlagError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
