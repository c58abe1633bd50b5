r"""LaTeX as MathML, which browsers set themselves: no script, no font and no outlines in the page."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup

_IN_TEXT = re.compile(r"\$([^$]+)\$")


@lru_cache(maxsize=4096)
def mathml(latex: str, display: bool = False) -> Markup:
    r"""MathML of a formula for HTML, its LaTeX as the alternative text.

    Args:
        latex: the formula, without dollar signs.
        display: full-size fractions and limits, for a formula on a line of its own.

    Returns:
        A <math> element; the LaTeX itself in a <code> element where it cannot be read.

    >>> print(mathml(r"\mu"))
    <math display="inline" alttext="\mu"><mrow><mi>μ</mi></mrow></math>
    """
    try:
        formula = convert_to_element(latex, display="block" if display else "inline")
    except Exception:  # the library's refusals have no class in common
        return _unset(latex)
    for node in formula.iter():  # the library writes characters as references, and leaves < in words as it is
        node.text = None if node.text is None else unescape(node.text)
    if any("\\" in (node.text or "") for node in formula.iter()):
        return _unset(latex)  # a command that it does not know, and hands on
    del formula.attrib["xmlns"]
    formula.set("alttext", latex)
    return Markup(tostring(formula, encoding="unicode"))


def _unset(latex: str) -> Markup:
    return Markup('<code class="math">{}</code>').format(latex)


def prose(text: str) -> Markup:
    """HTML of a sentence, escaped, whose formulas stand between dollar signs."""
    parts = _IN_TEXT.split(text)
    return Markup("").join(mathml(part) if place % 2 else part for place, part in enumerate(parts))
