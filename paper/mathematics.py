"""How formulas and plain words become Markdown that typst and LaTeX set alike, within the width of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Names in plain text, and the signs that stand for them; roots first, so that `sqrt` is no name.
_SIGNS = {
    "sqrt": "√", "Delta": "Δ", "Lambda": "Λ", "sigma": "σ", "gamma": "γ", "eta": "η", "mu": "μ", "pi": "π", "grad": "∇",
    "inf": "inf", "<=": "≤", ">=": "≥",
}  # fmt: skip
_NAMES = re.compile("|".join(rf"\b{name}\b" if name.isalpha() else re.escape(name) for name in _SIGNS))
_MARKS = re.compile(r"([|*_^\\<>\[\]~$#])")
# A power or an index in plain text: of one sign, or in braces.
_RAISED = re.compile(r"\\\^(?:\{([^}]+)\}|(\\\*|[\w]+))")
_LOWERED = re.compile(r"\\_(?:\{([^}]+)\}|(\w+))")
_MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
_BARS = re.compile(r"(?<!left)(?<!right)(?<!\\)\|([^|$]{1,60}?)(?<!left)(?<!right)(?<!\\)\|")
_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|\s+|.")
_OPENING, _CLOSING, _BIG = (
    (r"\left", r"\Bigl", "{"),
    (r"\right", r"\Bigr", "}"),
    {r"\left": r"\Bigl", r"\right": r"\Bigr"},
)
#: How many signs of a formula fill a line.
WIDTH = 76


def cell(text: str) -> str:
    """Words in a cell of a table: marks that Markdown would read stand for themselves, formulas are set.

    >>> print(cell("E|grad F(x_k)|^2 <= sqrt(T)"))
    E\\|∇ F(x~k~)\\|^2^ ≤ √(T)
    """
    words = _NAMES.sub(lambda name: _SIGNS[name[0]], " ".join(text.split()))
    path = re.compile(r"\S+/\S+\.py")
    parts = re.split(f"({path.pattern})", words)
    return "".join(_path(part) if path.fullmatch(part) else _set(part) for part in parts)


def _set(words: str) -> str:
    marked = _MARKS.sub(r"\\\1", words)
    raised = _RAISED.sub(lambda found: f"^{found[1] or found[2]}^", marked)
    return _LOWERED.sub(lambda found: f"~{found[1] or found[2]}~", raised)


def _path(path: str) -> str:
    """A path, which may break at its slashes."""
    return _MARKS.sub(r"\\\1", path.replace("/", "/\u200b").replace("_", "_\u200b"))


def fenced(text: str) -> str:
    """The text with absolute values as pairs, whose exponents then stand at the closing bar."""
    return _MATHEMATICS.sub(lambda math: _BARS.sub(r"\\left|\1\\right|", math[0]), text)


def numbered(text: str) -> str:
    """The text with the numbers of its sections, figures and tables in place of [[sec:NAME]] and the like.

    >>> print(numbered("# One {#a}\\n\\nSee [[tbl:b]], [[sec:a]].\\n\\n: [[tbl:b]] Words."))
    # One {#a}
    <BLANKLINE>
    See 1, 1.
    <BLANKLINE>
    : Words.
    """
    sections = [line for line in re.findall(r"^# .*$", text, re.MULTILINE) if ".unnumbered" not in line]
    names = {
        "sec": [name[1] if (name := re.search(r"\{#(\w+)\}", line)) else "" for line in sections],
        "fig": re.findall(r"^!\[.*\]\(([\w-]+)\.pdf\)", text, re.MULTILINE),
        "tbl": [name or "" for name in re.findall(r"^: (?:\[\[tbl:(\w+)\]\])?", text, re.MULTILINE)],
    }
    text = re.sub(r"^: \[\[tbl:\w+\]\] ", ": ", text, flags=re.MULTILINE)
    return re.sub(r"\[\[(\w+):([\w-]+)\]\]", lambda found: str(names[found[1]].index(found[2]) + 1), text)


def display(sentence: str) -> str:
    """A claim on lines of its own; a long one on several."""
    return re.sub(r"\$([^$]+)\$", lambda found: f"\n\n$${broken(found[1])}$$\n\n", sentence)


def inline(sentence: str) -> str:
    """A sentence whose formulas are flat, so that lines keep their distance."""
    return re.sub(r"\$([^$]+)\$", lambda found: f"${flat(found[1])}$", sentence)


def flat(formula: str) -> str:
    r"""A formula with its fractions on one line, in brackets where they need them.

    >>> print(flat(r"\frac{n + 1}{2 \, h} + \sqrt{\frac{L}{T}}"))
    (n + 1)/(2 \, h) + \sqrt{L/T}
    """
    while (start := formula.rfind(r"\frac{")) >= 0:  # the innermost ones come last
        over, rest = _group(formula[start + len(r"\frac") :])
        under, rest = _group(rest)
        fraction = f"{_factor(over, '+-')}/{_factor(under, '+-,')}"
        times = rest.lstrip().startswith(r"\,")
        formula = formula[:start] + (f"({fraction})" if times else fraction) + rest
    return formula


def _group(text: str) -> tuple[str, str]:
    """What the first pair of braces holds, and what comes after it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return text[1:place], text[place + 1 :]
    raise ValueError(f"braces do not match in {text!r}")


def _factor(part: str, marks: str) -> str:
    """A part of a fraction, in brackets where one of the signs joins its pieces."""
    outside, depth = "", 0
    for token in _TOKENS.findall(part):
        depth += (token in _OPENING or token == "(") - (token in _CLOSING or token == ")")
        outside += token if not depth else ""
    return f"({part})" if any(mark in outside for mark in marks) else part


def broken(formula: str, width: float = WIDTH) -> str:
    r"""A formula, in lines that are aligned where it is longer than one.

    >>> print(broken(r"a + b \ge c + d", 4))
    \begin{aligned} & a + b \\ & \quad \ge c + d \end{aligned}
    """
    if _length(formula) <= width:
        return formula
    lines = [""]
    for piece in _pieces(formula, width):
        fits = not piece.startswith(r"\ge") and _length(lines[-1] + piece) <= width
        lines[-1:] = [lines[-1] + piece] if fits or not lines[-1] else [lines[-1], piece]
    return r"\begin{aligned} & " + r" \\ & \quad ".join(map(str.strip, lines)) + r" \end{aligned}"


def _pieces(formula: str, width: float) -> Iterator[str]:
    """What stands between the relation and the signs of sums, within the outermost brackets too where that is long."""
    for piece in _split(formula, 0):
        yield from [piece] if _length(piece) <= width else _split(_unpaired(piece), 1)


def _split(formula: str, deepest: int) -> Iterator[str]:
    depth, piece = 0, ""
    for token in _TOKENS.findall(formula):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token in ("+", "-", r"\ge") and depth <= (0 if token == r"\ge" else deepest) and piece.strip():
            yield piece
            piece = ""
        piece += token
    yield piece


def _unpaired(formula: str) -> str:
    """The outermost brackets without their partners, which may then stand on other lines."""
    depth, found = 0, ""
    for token in _TOKENS.findall(formula):
        depth -= token in _CLOSING
        found += _BIG.get(token, token) if not depth else token
        depth += token in _OPENING
    return found


def _length(formula: str) -> float:
    """About how many signs wide: indices are small, names of commands are one sign."""
    tokens = _TOKENS.findall(re.sub(r"\\(left|right|text|quad|,|frac)", "", formula))
    wide = sum(not token.isspace() and token not in "{}_^" for token in tokens)
    small = sum(len(part) for part in re.findall(r"[_^]\{([^{}]*)\}", formula))
    return wide - small / 2
