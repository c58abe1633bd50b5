"""HTML from templates that escape by themselves; numbers, verdicts and formulas as readers expect them."""

from __future__ import annotations

import math
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from figures.report.mathematics import mathml, prose
from figures.report.packing import packed

# A symbol and a word, so that no verdict is told by its colour alone.
_WORDS = {
    "holds": ("✓", "holds"),
    "violated": ("✗", "violated"),
    "assumption_broken": ("!", "assumption broken"),
    "undecided": ("?", "undecided"),
    "not_applicable": ("–", "does not apply"),
}


def badge(decision: str, word: str = "", title: str = "") -> Markup:
    """A verdict as a symbol and a word, its own if no other is given; the title appears on pointing at it."""
    symbol, usual = _WORDS[decision]
    pointed = Markup(' title="{}"').format(title) if title else ""
    return Markup('<span class="badge {}"{}>{} {}</span>').format(decision, pointed, symbol, word or usual)


def number(value: float | None, digits: int = 3) -> Markup:
    """HTML of a number; what is not finite is said, what is absent is a dash.

    >>> print(number(0.04942), number(123456.0), number(float("inf")), number(None))
    0.0494 1.23 × 10<sup>5</sup> ∞ –
    """
    if value is None:
        return Markup("–")
    if not math.isfinite(value):
        return Markup("not a number" if math.isnan(value) else "∞" if value > 0 else "−∞")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if value and not -3 <= int(exponent) < 5:
        return Markup(f"{_minus(mantissa)} × 10<sup>{_minus(str(int(exponent)))}</sup>")
    places = max(0, digits - 1 - int(exponent)) if value else 0
    return Markup(_minus(f"{value:.{places}f}"))


def exponent(value: float | None) -> str:
    """An exponent to two places; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else _minus(f"{value:.2f}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def unbroken(text: str) -> str:
    """Text in which no line ends beside a sign of equality."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def render(template: str, **values: Any) -> Markup:
    """HTML of a template of this room; whatever goes into it is escaped unless it is HTML already."""
    return Markup(_TEMPLATES.get_template(template).render(values))


_TEMPLATES = Environment(
    loader=PackageLoader("figures.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters |= {
    "number": number,
    "exponent": exponent,
    "math": mathml,
    "prose": prose,
    "unbroken": unbroken,
    "packed": packed,
}
_TEMPLATES.globals |= {"badge": badge}
