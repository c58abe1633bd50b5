r"""LaTeX of formulas as text for a terminal: \frac{a}{b} becomes a/b, \eta_{k}^{2} becomes η_k².

It reads the LaTeX that gradlag's own formulas print, not LaTeX at large.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_WORDS = {
    r"\varepsilon": "ε", r"\Theta": "Θ",
    r"\Delta": "Δ", r"\eta": "η", r"\sigma": "σ", r"\mu": "μ", r"\tau": "τ", r"\theta": "θ", r"\beta": "β",
    r"\alpha": "α", r"\gamma": "γ", r"\kappa": "κ", r"\lambda": "λ", r"\Lambda": "Λ", r"\bar{w}": "w̄",
    r"\Phi": "Φ", r"\nu": "ν", r"\rho": "ρ", r"\delta": "δ", r"\zeta": "ζ", r"\hat{x}": "x̂", r"\bar{L}": "L̄",
    r"\nabla": "∇", r"\mathbb{E}": "E", r"\sum": "Σ", r"\in": " ∈ ", r"\le": " ≤ ", r"\ge": " ≥ ", r"\infty": "∞",
    r"\ne": " ≠ ", r"\log": "ln",
    r"\dots": "...", r"\cdot": "·", r"\langle": "⟨", r"\rangle": "⟩", r"\ln": "ln", r"\exp": "exp", r"\sin": "sin",
    r"\cos": "cos", r"\min": "min", r"\max": "max", r"\inf": "inf", r"\mid": "|", r"\|": "‖", r"\quad": "  ",
    r"\{": "⦃", r"\}": "⦄", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\pi": "π",
}  # fmt: skip
_SPACES = re.compile(r"\\[,;!: ]")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(latex: str) -> str:
    r"""The formula as one line of text.

    >>> plain(r"\frac{\Delta + \frac{L \, \sigma^{2}}{2} \, \sum_{k} \eta_{k}^{2}}{2 \, \sqrt{T}}")
    '(Δ + (L σ²)/2 Σ_k η_k²)/(2 √T)'
    """
    text = _SPACES.sub(" ", latex.replace(r"\left", "").replace(r"\right", ""))
    text = _with_arguments(text, r"\frac", 2, lambda over, under: f"{_grouped(over)}/{_grouped(under)}")
    text = _with_arguments(text, r"\sqrt", 1, lambda body: f"√{_grouped(body)}")
    text = _with_arguments(text, r"\text", 1, lambda body: body)
    for command in sorted(_WORDS, key=len, reverse=True):
        text = re.sub(re.escape(command) + (r"(?![A-Za-z])" if command[-1].isalpha() else ""), _WORDS[command], text)
    text = re.sub(r"\^(\d|\{\d+\})", lambda found: found[1].strip("{}").translate(_SUPERSCRIPTS), text)
    text = re.sub(r"([_^])\{(\w|[^{}\s]{1,2})\}", r"\1\2", text)
    text = re.sub(r"([_^])\{([^{}]*)\}", r"\1(\2)", text)
    text = text.replace("{", "").replace("}", "").replace("⦃", "{").replace("⦄", "}")
    return re.sub(r" +", " ", text).replace("( ", "(").replace(" )", ")").replace(" ,", ",").replace("∇ ", "∇").strip()


def _with_arguments(text: str, command: str, count: int, write: Callable[..., str]) -> str:
    """Rewrite every `command{..}{..}`, innermost arguments first."""
    while (start := text.rfind(command + "{")) >= 0:
        position, arguments = start + len(command), []
        for _ in range(count):
            end = _closing(text, position)
            arguments.append(text[position + 1 : end])
            position = end + 1
        made = write(*arguments)
        text = text[:start] + (f"({made})" if text.startswith("^", position) else made) + text[position:]
    return text


def _closing(text: str, opening: int) -> int:
    """The place of the brace that closes the one at `opening`."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


def _grouped(text: str) -> str:
    """The text, in parentheses unless it is a single symbol or number."""
    body = text.strip()
    return body if re.fullmatch(r"\\?[A-Za-z]+|[\d.]+", body) else f"({body})"
