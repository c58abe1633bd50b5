r"""Text of a lesson: Markdown whose formulas are LaTeX between dollar signs, set as MathML by the browser itself.

A formula that an object has is not typed: `text("it is at most <<bound>>", bound=gl.get("theorem-a"))` asks the object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from figures.report.mathematics import mathml
from gradlag.teaching.shown.medium import Medium
from theory.common.errors import InputError

_PLACE = re.compile(r"<<([a-z_0-9]+)(:display)?>>")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.DOTALL)
# What MathML sets without the space that LaTeX gives it.
_SPACED = re.compile(r"(\\(?:sin|cos|ln|log|iff)(?![A-Za-z]))")
# Characters of no script, which Markdown leaves alone.
_KEPT, _KEPT_PLACE = "\ue000{}\ue001", re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Prose:
    """A piece of text, shown as HTML; `source` is Markdown with LaTeX between dollar signs."""

    source: str

    @property
    def html(self) -> str:
        """The text as HTML, formulas as MathML."""
        from markdown import Markdown  # comes with marimo

        formulas: list[str] = []

        def keep(found: re.Match[str]) -> str:
            latex = _SPACED.sub(r"\\,\1\\,", " ".join((found[1] or found[2]).split()))
            formulas.append(str(mathml(latex, display=found[1] is not None)))
            return _KEPT.format(len(formulas) - 1)

        reader = Markdown(extensions=["tables"])
        reader.preprocessors.deregister("html_block")  # what a reader typed may be quoted: it is text, and no HTML
        reader.inlinePatterns.deregister("html")
        page = reader.convert(_FORMULA.sub(keep, self.source))
        return _KEPT_PLACE.sub(lambda found: formulas[int(found[1])], page)

    def on(self, medium: Medium) -> str:
        """The text, alike everywhere."""
        return f'<div class="gl gl-text">{self.html}</div>'

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.on(Medium.APP)


def text(source: str, **named: Any) -> Prose:
    r"""A piece of text in which each <<name>> is what an object says of itself.

    Args:
        source: Markdown; formulas are LaTeX between dollar signs, on a line of their own between doubled ones.
        named: for each <<name>> an object with `latex()` (set as a formula; <<name:display>> on a line of its own), or
            text and numbers, set as they are.

    Raises:
        InputError: a place without an object, or an object without a place.

    >>> text("at most <<value>> for <<steps>> steps", value=Formulated(), steps=7).source  # doctest: +SKIP
    'at most $L$ for 7 steps'
    """
    source = cleandoc(source)
    places = {found[1] for found in _PLACE.finditer(source)}
    if places != set(named):
        odd = sorted(places ^ set(named))
        raise InputError(f"Every <<name>> of a text needs an object, and every object a place. Look at {odd}.")
    return Prose(_PLACE.sub(lambda found: _said(named[found[1]], bool(found[2])), source))


def spelled(latex: str) -> str:
    r"""A formula with words in it as a sentence whose words may break into lines.

    >>> print(spelled(r"\text{step } k \text{ takes } x_{k} \text{ on}, \quad \tau_{k} = k"))
    step $k$ takes $x_{k}$ on, $\tau_{k} = k$
    """
    pieces = re.split(r"\\text\{([^{}]*)\}|(,) \\quad", latex.replace(r" \quad (", r" $ ($ "))
    parts = []
    for place in range(0, len(pieces), 3):
        formula, words = pieces[place], pieces[place + 1 : place + 3]
        parts += [f"${formula.strip()}$" if formula.strip() not in ("", ",") else formula, *filter(None, words)]
        parts += [" "] if any(words) else []
    return re.sub(r" +(?=[ ,])", "", "".join(parts)).strip()


def _said(thing: Any, display: bool) -> str:
    marks = "$$" if display else "$"
    if hasattr(thing, "latex"):
        latex = thing.latex() if callable(thing.latex) else thing.latex
        return f"{marks}{latex}{marks}"
    return f"{thing:.4g}" if isinstance(thing, float) else str(thing)
