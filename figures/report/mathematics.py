r"""LaTeX as SVG without TeX, fonts or a network: every formula becomes one path that takes the colour of the text.

matplotlib's mathtext knows most of the LaTeX that formulas use; the few spellings it lacks are rewritten first. A
formula is a single <path> with no ids, so any number of them can stand in one page.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

from theory.common.errors import InputError

_EM = 100.0  # outline units in one em: the size at which TextToPath draws
_PAD = 4.0

_COMMANDS = {
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\lVert": r"\Vert",
    r"\rVert": r"\Vert",
    r"\lvert": r"\vert",
    r"\rvert": r"\vert",
    r"\tfrac": r"\frac",
    r"\textrm": r"\text",
    r"\limits": "",
    r"\displaystyle": "",
    **{rf"\{size}{side}": "" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r")},
}
_COMMAND = re.compile(r"\\[A-Za-z]+")
_BARE_FONT = re.compile(r"\\(mathbb|mathbf|mathcal|mathrm|mathit)\s+([A-Za-z0-9])")
_BARE_FRACTION = re.compile(r"\\([dt]?frac)\s*([0-9])\s*([0-9])")
# mathtext sets what follows a sum too close to it: a thin space after its limits (groups may nest once).
_SUM = re.compile(r"\\sum((?:\s*[_^]\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z0-9]))*)")
_UPRIGHT = re.compile(r"(\\mathbb\{[A-Za-z0-9]\})")
_IN_TEXT = re.compile(r"(\$[^$]+\$)")


@dataclass(frozen=True)
class Typeset:
    """A formula as an outline; lengths in em, `depth` below the baseline."""

    latex: str
    outline: str
    width: float
    height: float
    depth: float

    def inline(self, size: float = 1.0) -> str:
        """SVG that sits on the baseline of the surrounding HTML text."""
        style = (
            f"width:{self.width * size:.3f}em;height:{self.height * size:.3f}em;"
            f"vertical-align:{-self.depth * size:.3f}em"
        )
        return f'<svg class="math" style="{style}" {self._body()}'

    def file(self, points: float = 10.0) -> str:
        """A document of its own, for one em of `points` pt."""
        box = f'width="{self.width * points:.3f}pt" height="{self.height * points:.3f}pt"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {self._body()}'

    def _body(self) -> str:
        name = html.escape(self.latex, quote=True)
        top = (self.depth - self.height) * _EM
        view = f"0 {top:.1f} {self.width * _EM:.1f} {self.height * _EM:.1f}"
        return f'viewBox="{view}" role="img" aria-label="{name}"><path fill="currentColor" d="{self.outline}"/></svg>'


@lru_cache(maxsize=4096)
def typeset(latex: str, display: bool = False) -> Typeset:
    r"""Set a formula; `display` gives its outer fractions full size, as LaTeX does.

    Raises:
        InputError: mathtext cannot read the formula.

    >>> typeset(r"\eta_k \le \frac{1}{L}").width > 1
    True
    """
    font = FontProperties(math_fontfamily="cm")
    source = f"${mathtext(latex, display)}$"
    try:
        vertices, codes = TextToPath().get_text_path(font, source, ismath=True)
        width, _, _ = TextToPath().get_text_width_height_descent(source, font, True)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The formula cannot be typeset: {latex}") from error
    path = Path(vertices, codes) if len(vertices) else Path([(0.0, 0.0)])
    box = path.get_extents()
    depth = (max(0.0, -box.y0) + _PAD) / _EM
    height = depth + (max(0.0, box.y1) + _PAD) / _EM
    width = width / font.get_size_in_points()
    return Typeset(latex, _outline(path), float(max(width, box.x1 / _EM)), float(height), float(depth))


def svg(latex: str, size: float = 1.0, display: bool = False) -> str:
    r"""SVG of a formula for inlining in HTML, its LaTeX as the alternative text.

    Args:
        latex: the formula, without dollar signs.
        size: em of the formula in em of the text around it.
        display: full-size fractions, for a formula on a line of its own.

    Returns:
        An <svg> element; the LaTeX itself in a <code> element where mathtext cannot read it.

    >>> 'aria-label="\\mu / 2"' in svg(r"\mu / 2")
    True
    """
    try:
        return typeset(latex, display).inline(size)
    except InputError:
        return f'<code class="math">{html.escape(latex)}</code>'


def prose(text: str, size: float = 1.0) -> str:
    """HTML of a sentence, escaped, whose formulas stand between dollar signs."""
    parts = _IN_TEXT.split(text)
    return "".join(svg(part[1:-1], size) if _IN_TEXT.fullmatch(part) else html.escape(part) for part in parts)


def mathtext(latex: str, display: bool = False) -> str:
    r"""The formula in the spelling that mathtext reads.

    >>> mathtext(r"a \le \tfrac12 \mathbb E x")
    'a \\leq \\frac{1}{2} \\mathrm{\\mathbb{E}} x'
    """
    text = _BARE_FONT.sub(r"\\\1{\2}", latex)
    text = _BARE_FRACTION.sub(r"\\\1{\2}{\3}", text)
    text = _UPRIGHT.sub(r"\\mathrm{\1}", _SUM.sub(r"\\sum\1\\,", text))
    if display:
        text = _grown(text)
    return _COMMAND.sub(lambda match: _COMMANDS.get(match[0], match[0]), text)


def _grown(text: str) -> str:
    r"""`\frac` as `\dfrac` where LaTeX's display style has it: outside all groups but those of roots."""
    pieces: list[str] = []
    groups: list[bool] = []
    for token in re.findall(r"\\[A-Za-z]+|\\.|.", text, flags=re.DOTALL):
        if token == "{":
            groups.append(bool(pieces) and pieces[-1] == r"\sqrt")
        elif token == "}" and groups:
            groups.pop()
        pieces.append(r"\dfrac" if token == r"\frac" and all(groups) else token)
    return "".join(pieces)


def _outline(path: Path) -> str:
    """The path in SVG's letters, y downwards."""
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}
    pieces = []
    for points, code in path.iter_segments(simplify=False, curves=True):
        numbers = [] if code == Path.CLOSEPOLY else [f"{v:.1f}".removesuffix(".0") for v in _flipped(points)]
        pieces.append(letters[code] + " ".join(numbers))
    return "".join(pieces)


def _flipped(points: object) -> list[float]:
    values = [float(value) for value in points]  # type: ignore[attr-defined]
    return [(-value if i % 2 else value) + 0.0 for i, value in enumerate(values)]
