r"""A formula as a picture of its own, without TeX: matplotlib's mathtext knows most of the LaTeX that formulas use.

The few spellings it lacks are rewritten first.
"""

from __future__ import annotations

import io
import math
import re

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser, math_to_image

from theory.common.errors import InputError

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


def formula_picture(latex: str, points: float, widest: float = math.inf) -> tuple[str, float]:
    r"""SVG of a formula on a line of its own, and its width in points.

    Args:
        latex: the formula, without dollar signs.
        points: size of the font; widest: points that the formula may be wide, for which it is made smaller.

    Raises:
        InputError: mathtext cannot read the formula.

    >>> text, width = formula_picture(r"\eta_k \le \frac{1}{L}", 10.0, widest=20.0)
    >>> text.startswith("<?xml"), round(width, 1)
    (True, 20.0)
    """
    source, text = f"${mathtext(latex, display=True)}$", io.StringIO()
    try:
        size = min(points, points * widest / _width(source, points))
        math_to_image(source, text, prop=_font(size), format="svg")
    except (ValueError, RecursionError) as error:
        raise InputError(f"The formula cannot be typeset: {latex}") from error
    return text.getvalue(), _width(source, size)


def _font(points: float) -> FontProperties:
    return FontProperties(math_fontfamily="cm", size=points)


def _width(source: str, points: float) -> float:
    return float(MathTextParser("path").parse(source, dpi=72, prop=_font(points)).width)


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
