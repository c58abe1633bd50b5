r"""Sentences with formulas in them, for a terminal and for LaTeX.

A sentence is kept once, as text whose formulas are LaTeX between dollar signs. Titles and reasons of proofs are written
plainly (g_tau_j, <=, |a|^2): `mixed` finds the formulas in them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from theory.formulas.plain import plain

_GREEK = ("tau", "eta", "sigma", "Delta", "theta", "rho", "mu", "beta", "nu", "pi")
_FUNCTIONS = ("sum", "inf", "min", "max", "ln", "log", "sin", "cos", "sqrt")
_ENGLISH = re.compile(r"a|[A-Za-z]{2,}(-[A-Za-z]+)*|[A-Z]-[a-z]+")
_PUNCTUATION, _SIGNS = "()[],;:.", set("a+-*/=<>!|")


def mixed(text: str) -> str:
    r"""Plain text with its formulas as LaTeX between dollar signs.

    >>> mixed("smoothness: |g_k - g_tau_k| <= L |x_k|, and e_k is orthogonal")
    'smoothness: $|g_{k} - g_{\\tau_{k}}| \\le L |x_{k}|$, and $e_{k}$ is orthogonal'
    """
    words = text.split(" ")
    formula: list[str] = []
    done: list[str] = []
    for position, word in enumerate(words):
        if _belongs(words, position, bool(formula)):
            formula.append(word)
            if word[-1] in ",;:" and not _open(" ".join(formula)):
                done.append(_dollars(formula))
                formula = []
        else:
            done += [_dollars(formula), word] if formula else [word]
            formula = []
    return " ".join([*done, _dollars(formula)] if formula else done)


def _belongs(words: list[str], position: int, continued: bool) -> bool:
    """Whether a word is part of a formula; `continued`: the word before it is."""
    word = words[position].strip(_PUNCTUATION)
    following = words[position + 1].strip(_PUNCTUATION) if position + 1 < len(words) else ""
    mathematical = following in (*_GREEK, *_FUNCTIONS) or not _ENGLISH.fullmatch(following)
    if word in _FUNCTIONS:
        return bool(following) and mathematical
    if word == "a" or not any(letter.isalnum() for letter in word):
        return continued and mathematical and set(word) <= _SIGNS
    return word in _GREEK or not _ENGLISH.fullmatch(word)


def _open(text: str) -> bool:
    """Whether a bracket is still open."""
    if any(text.count(one) > text.count(other) for one, other in ("()", "[]", "{}")):
        return True
    return len(re.findall(r"<[A-Za-z]", text)) > len(re.findall(r"[A-Za-z0-9}]>", text))


def _dollars(words: list[str]) -> str:
    """A formula between dollar signs, with the punctuation outside; a number alone is text."""
    text = " ".join(words)
    inside = text.rstrip(",;:.")
    return text if inside.isdigit() else f"${formula_latex(inside)}${text[len(inside) :]}"


_RELATIONS = {"<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "..": r"\dots ", "*": r" \cdot "}


def formula_latex(text: str) -> str:
    r"""LaTeX of a formula written plainly.

    >>> formula_latex("<e_i, g_tau_j> != 0"), formula_latex("x_{k+1} <= sqrt(L T/2 Delta)^2")
    ('\\langle e_{i}, g_{\\tau_{j}} \\rangle \\ne 0', 'x_{k+1} \\le \\sqrt{L T/2 \\Delta}^{2}')
    """
    text = re.sub(r"<([^<>=]*,[^<>=]*)>", r"\\langle \1 \\rangle ", text)
    text = re.sub(r"(?<![_^])\{([^{}]*)\}", r"\\{\1\\}", text)
    for sign, command in _RELATIONS.items():
        text = text.replace(sign, command)
    text = re.sub(r"sqrt\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"_(tau|rho)_(\w)", r"_{\\\1_{\2}}", text)
    text = re.sub(r"([_^])\(([^()]*)\)", r"\1{\2}", text)
    text = re.sub(r"([_^])(\w+)", r"\1{\2}", text)
    names = "|".join((*_GREEK, *_FUNCTIONS[:-1]))
    text = re.sub(rf"(?<![A-Za-z\\])({names})(?![A-Za-z])", r"\\\1", text)
    return re.sub(" +", " ", text).strip()


def spoken(text: str) -> str:
    r"""A sentence with formulas, for a terminal.

    >>> spoken(r"as $\tau_{j} \le i$ for $i \ne j$")
    'as τ_j ≤ i for i ≠ j'
    """
    return _breakable(_pieces(text))


def _pieces(text: str) -> list[str]:
    """Words and formulas in turn, as a terminal shows them; the spaces of a formula do not break."""
    parts = enumerate(text.split("$"))
    return [piece if n % 2 == 0 else _shown(piece).replace(" ", _JOINT) for n, piece in parts]


_JOINT = "\N{NO-BREAK SPACE}"


def _breakable(pieces: list[str]) -> str:
    return "".join(pieces).replace(_JOINT, " ")


def _shown(latex: str) -> str:
    text = plain(latex.replace(r"\ne ", "≠ "))
    for wide, narrow in (("⟨ ", "⟨"), (" ⟩", "⟩"), (r"\{", "{"), (r"\}", "}"), (r"\nu", "ν")):
        text = text.replace(wide, narrow)
    return re.sub(r"(?<=\S)\.\.\. (?=\S)", "...", text)


_ESCAPES = {
    "\\": r"\textbackslash{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "~": r"\~{}",
    "^": r"\^{}", **{letter: f"\\{letter}" for letter in "_&%#{}"},
}  # fmt: skip


def typeset(text: str) -> str:
    r"""A sentence with formulas, for LaTeX.

    >>> print(typeset(r"100 % of a_b, as $x_{k} < 1$"))
    100 \% of a\_b, as $x_{k} < 1$
    """
    words, formulas = text.split("$")[::2], text.split("$")[1::2]
    escaped = ["".join(_ESCAPES.get(letter, letter) for letter in piece) for piece in words]
    closed = [f"${formula}$" for formula in formulas] + [""]
    return "".join(part for pair in zip(escaped, closed, strict=True) for part in pair)


# ----------------------------------------------------------------------------------------------------------- lines


_LONG = 36


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """A sentence in lines; `rest` indents all lines but the first; short formulas stay whole."""
    rest = first if rest is None else rest
    long = re.compile(rf"{_JOINT}(?=[≤≥=<>+-])")
    pieces = (piece if len(piece) <= _LONG else long.sub(" ", piece) for piece in _pieces(text))
    lines = textwrap.wrap(
        "".join(pieces),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_JOINT, " ") for line in lines]


_RELATION, _SUM = {"≥", "≤", "=", "<", ">"}, {"+", "-"}


def formula_lines(text: str, width: int, first: str, rest: str | None = None) -> Iterator[str]:
    """A formula in lines: broken before relations and signs, outside brackets where that can be.

    >>> print("\\n".join(formula_lines("a + (b + c) ≥ d + e", 14, "  ", "    ")))
      a + (b + c)
        ≥ d + e
    """
    rest = " " * (len(first) + 2) if rest is None else rest
    words, indent = text.split(" "), first
    while words:
        fits = _fitting(words, width - len(indent))
        cut = fits if fits == len(words) else _best_break(words, fits)
        yield indent + " ".join(words[:cut])
        words, indent = words[cut:], rest


def _fitting(words: list[str], room: int) -> int:
    """How many words fit; at least one."""
    length, count = len(words[0]), 1
    while count < len(words) and length + 1 + len(words[count]) <= room:
        length, count = length + 1 + len(words[count]), count + 1
    return count


def _best_break(words: list[str], most: int) -> int:
    """The break, of those that leave the line at least half full, that parts least of what belongs together."""
    depths, depth = [], 0
    for word in words[:most]:
        depth += sum(word.count(letter) for letter in "([{⟨") - sum(word.count(letter) for letter in ")]}⟩")
        depths.append(depth)

    def cost(cut: int) -> tuple[int, int, int]:
        kind = 0 if words[cut] in _RELATION else 1 if words[cut] in _SUM else 2
        return depths[cut - 1], kind, -cut

    candidates = [cut for cut in range(1, most + 1) if cut >= most / 2]
    return min(candidates, key=cost)


def broken(latex: str, room: int = 70) -> str:
    r"""LaTeX of a formula with line breaks, for multline: outside brackets, before relations and signs.

    >>> broken(r"a + \frac{b}{c + d} \ge e", room=6)
    'a \\\\\n+ \\frac{b}{c + d} \\\\\n\\ge e'
    """
    lines = [""]
    for part in _summands(latex):
        if lines[-1] and len(_shown(lines[-1] + part)) > room:
            lines.append("")
        lines[-1] += part
    return " \\\\\n".join(line.strip() for line in lines)


def _summands(latex: str) -> Iterator[str]:
    """The formula, cut before every relation and sign outside brackets."""
    depth, start = 0, 0
    for found in re.finditer(r"\\left|\\right|[{}]| (?=\\ge |\\le |= |\+ |- )", latex):
        depth += {r"\left": 1, "{": 1, r"\right": -1, "}": -1}.get(found[0], 0)
        if found[0] == " " and depth == 0:
            yield latex[start : found.start()]
            start = found.start()
    yield latex[start:]
