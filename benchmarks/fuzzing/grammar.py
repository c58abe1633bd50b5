"""Texts that a user might give as a schedule: right, nearly right, hostile, and mutated from right ones.

Every maker takes a random generator and gives a text; `schedule_text` chooses among them. Texts of the kind "valid" are
within the language and its limits by construction, so that refusing to read one is a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from theory.schedules.catalogue import CATALOGUE

NAMES = ("k", "T", "s", "B", "L", "mu", "sigma", "Delta", "d", "pi")
UNARY = ("sqrt", "log", "ln", "exp", "sin", "cos", "abs", "floor", "ceil")
_DIGITS = ("1", "2", "3", "10", "0", ".5", "0.25", "2.", "1e-3", "1E2", "7e+1", "0012", "3.14159", "1e300", "5e-324")
_SPACES = ("", "", "", " ", "\t", "  ", "\n", "\r\n")
_LITERALS = (
    *("1e400", "1e-400", "9^9^9^9", "1e308*1e308", "0/0", "1/0", "0^0", "0^-1", "(-8)^(1/3)", "exp(exp(exp(9)))"),
    *("log(0)", "sqrt(-1)", "1e99999999999999999999", "-0", "1/(k-1)", "-1/0", "sin(1e308)", "2^1024", "2^-1080"),
)
_FOREIGN = (
    *("\u0661", "\u0967", "\uff11", "\u00b2", "\u00bd", "\u2460", "\U0001d7d9", "\u2212", "\uff0b", "\u00d7", "\u2044"),
    *("\u043a", "\u03ba", "\u039a", "\u212a", "\u03bc", "\u00b5", "\u03c3", "\u0394", "\u2206", "\u0441os", "\u0435xp"),
    *(
        "\u00a0",
        "\u200b",
        "\u202e",
        "\ufeff",
        "\u2028",
        "\ud800",
        "\udfff",
        "\U0001f4a5",
        "e\u0301",
        "\uff08",
        "\uff0c",
    ),
)
_CONTROL = tuple(map(chr, (*range(32), 127, 133, 0x2029)))
_CODE = (
    *("__import__('os').system('true')", "k.real", "().__class__.__bases__[0]", "lambda: 0", "(lambda k: k)(1)"),
    *("[k for k in range(9)]", "{k: L}", "f'{k}'", "(k := 1)", "k = 1", "k if L else T", "k and L", "not k", "k[0]"),
    *("eval('1')", "exec('k')", "open('x')", "print(k)", "k; L", "k # L", "'k'", '"k"', "`k`", "$(k)", "${k}", "%s"),
    *("{0.__class__}", "1_000", "0x10", "0b1", "1j", "k//2", "k%2", "k@L", "~k", "k<<2", "k==1", "*k", "**k", "..."),
    *("sqrt(k=1)", "sqrt(*k)", "sqrt.real", "max(k,)", "min()", "None", "True", "inf", "nan", "import os", "await k"),
    *(
        "yield k",
        "k!",
        "k'",
        "<script>",
        "\\frac{1}{k}",
        "; rm -rf /",
        "../../etc/passwd",
        "%00",
        "\\x00",
        "\\N{DIGIT ONE}",
    ),
)
_PIECES = (
    *NAMES,
    *UNARY,
    "max",
    "min",
    *"+-*/^(),.%<>&|",
    *(
        "**",
        "//",
        "<=",
        ">=",
        "==",
        "!=",
        " if ",
        " else ",
        " and ",
        " or ",
        "not ",
        "np.",
        "math.",
        "where(",
        "&&",
        "epoch",
    ),
    *_DIGITS,
    *_CODE,
    *_LITERALS,
    *_FOREIGN,
    " ",
    "@",
    ":",
    "=",
)


def valid(rng: Random, depth: int | None = None) -> str:
    """An expression of the language, well within its limits."""
    depth = rng.randrange(5) if depth is None else depth
    if depth == 0:
        return rng.choice(NAMES) if rng.random() < 0.6 else rng.choice(_DIGITS)
    return rng.choice(_SHAPES)(rng, depth - 1)


def _sum_or_product(rng: Random, depth: int) -> str:
    """Operands in a row without parentheses: precedence alone groups them."""
    text = rng.choice(("", "", "-", "+")) + valid(rng, depth)
    for _ in range(rng.randrange(1, 4)):
        sign, space = rng.choice(("+", "-", "*", "/", "^", "**")), rng.choice(_SPACES)
        text += f"{space}{sign}{rng.choice(_SPACES)}{rng.choice(('', '', '-', '+'))}{valid(rng, depth)}"
    return text


def _call(rng: Random, depth: int) -> str:
    if rng.random() < 0.7:
        return f"{rng.choice(UNARY)}({valid(rng, depth)})"
    arguments = (valid(rng, depth) for _ in range(rng.randrange(2, 5)))
    return f"{rng.choice(('min', 'max'))}({rng.choice(_SPACES)}{', '.join(arguments)})"


def _comparison(rng: Random, depth: int) -> str:
    """One comparison or a chain of them."""
    text = valid(rng, depth)
    for _ in range(rng.choice((1, 1, 1, 2))):
        text += f" {rng.choice(('<', '<=', '>', '>=', '==', '!='))} {_summand(rng, depth)}"
    return text


def _summand(rng: Random, depth: int) -> str:
    text = valid(rng, depth)
    return text if rng.random() < 0.5 else f"({text})"


def _condition(rng: Random, depth: int) -> str:
    """What is true or false, in words or in numpy's signs."""
    chance = rng.random()
    if depth == 0 or chance < 0.6:
        return _comparison(rng, max(depth - 1, 0))
    if chance < 0.7:
        return f"not {_condition(rng, depth - 1)}"
    left, right = (_condition(rng, depth - 1) for _ in range(2))
    return (
        f"({left}){rng.choice(('&', '|'))}({right})" if chance < 0.85 else f"{left} {rng.choice(('and', 'or'))} {right}"
    )


def _piecewise(rng: Random, depth: int) -> str:
    """Cases, as Python, numpy, or people who multiply comparisons write them."""
    one, other, asked = valid(rng, depth), valid(rng, depth), _condition(rng, depth)
    truth = f"({valid(rng, depth)})" if rng.random() < 0.2 else asked
    return rng.choice(
        (
            f"({one} if {truth} else {other})",
            f"{rng.choice(('where', 'np.where', 'torch.where'))}({truth},{rng.choice(_SPACES)}{one}, {other})",
            f"({one})*({asked})",
            f"max({one} if {truth} else {other}, {one})",
        )
    )


def _of_wholes(rng: Random, depth: int) -> str:
    """Division as of whole numbers, and what people take for it."""
    one, other, whole = valid(rng, depth), valid(rng, depth), rng.randrange(1, 40)
    signs = (f"{one}//{other}", f"{one} % {other}", f"-{one}//({other})", f"k//{whole}", f"(k-1)%{whole}")
    return rng.choice((*signs, f"int({one})", f"np.mod({one},{other})", f"np.floor_divide({one}, {other})"))


def _elsewhere(rng: Random, depth: int) -> str:
    """Functions by the names that they have in libraries."""
    one, other = valid(rng, depth), valid(rng, depth)
    library = rng.choice(("np.", "numpy.", "math.", "jnp.", "torch."))
    of_one = (f"{library}{rng.choice(UNARY)}({one})", f"{library}pi", f"float({one})", f"fabs({one})")
    of_two = (f"{library}maximum({one}, {other})", f"pow({one},{other})", f"{library}power({one}, {other})")
    return rng.choice((*of_one, *of_two, f"np.clip({one}, {other}, {one})"))


_SHAPES: tuple[Callable[[Random, int], str], ...] = (
    _sum_or_product,
    _sum_or_product,
    lambda rng, depth: f"({valid(rng, depth)})",
    _call,
    _piecewise,
    _of_wholes,
    _elsewhere,
)


def usual(rng: Random) -> str:
    """A schedule of the catalogue by name or expression, or what people write: a positive constant over a growth."""
    if rng.random() < 0.4:
        entry = rng.choice(tuple(CATALOGUE.values()))
        option = f":{entry.option}={rng.choice(_DIGITS)}" if entry.option and rng.random() < 0.5 else ""
        return rng.choice((entry.expression, entry.name + option))
    over = rng.choice(("1", "0.5", "mu", "Delta", "sqrt(Delta)", "2*mu"))
    return f"{over}/({rng.choice(('L', 's*L', '2*L', 'L*max(1,d)', 's*L+sigma'))}*{rng.choice(_GROWTH)})"


_GROWTH = (
    "1",
    "sqrt(k)",
    "k",
    "k^0.75",
    "sqrt(T)",
    "log(1+k)",
    "(1+k/T)",
    "exp(k/T)",
    "(2+cos(pi*k/T))",
    "max(k,s)",
    "(1+k//30)",
    "0.5**-(k//100)",
    "(2 if k > T/2 else 1)",
    "np.sqrt(k)",
    "(1+k%10)",
)


def near(rng: Random) -> str:
    """A right text with some pieces put in, cut out, doubled or replaced."""
    text = rng.choice((valid, usual))(rng)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.randrange(4))
        text = text[:at] + rng.choice((rng.choice(_PIECES), "", text[at:end] * 2)) + text[end:]
    return text


def words(rng: Random) -> str:
    """Pieces of the language and of others in any order."""
    return "".join(rng.choice(_PIECES) for _ in range(rng.randrange(1, 25)))


def deep(rng: Random) -> str:
    """Nesting around the limit, and far beyond it."""
    many = rng.choice((60, 62, 63, 64, 65, 66, 200, 900, 20_000))
    opened = rng.choice(("(", "-", "1^", "1/(", "sqrt(", "max(1,", "-(", "1^-(", "2*(", "+"))
    closed = ")" * (many * opened.count("("))
    return opened * many + rng.choice(("k", "1", "")) + (closed if rng.random() < 0.7 else closed[:-1])


def literal(rng: Random) -> str:
    """Numbers at the ends of what floats hold, and far beyond."""
    if rng.random() < 0.5:
        return rng.choice(_LITERALS) + rng.choice(("", "", "+k", "*L", "^2", "/T"))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.choice((1, 20, 310, 1900, 5000))))
    exponent = rng.choice(("", "e", f"e{rng.randrange(400)}", "e-" + "9" * rng.randrange(1, 30), ".", ".5.5"))
    return rng.choice((digits + exponent, f".{digits}", f"k^{digits}", f"1/{digits}{exponent}"))


def foreign(rng: Random) -> str:
    """Digits, letters and signs that only look right, and characters that do not show."""
    text, mark = rng.choice((valid, usual))(rng), rng.choice((*_FOREIGN, *_CONTROL))
    at = rng.randrange(len(text) + 1)
    return text[:at] + mark * rng.choice((1, 1, 1, 9)) + text[at + rng.randrange(2) :]


def code(rng: Random) -> str:
    """Code, alone or within arithmetic."""
    return rng.choice(("{}", "{}+k", "1/({})", "sqrt({})", "max(1,{})", "k*{}", "constant:c={}")).replace(
        "{}", rng.choice(_CODE)
    )


def long(rng: Random) -> str:
    """Up to 100 kB, and around the limits of length and parts."""
    piece, many = (
        rng.choice(("k+", "1*", "(", " ", "x", "9", "-", "k,", "\x00", "max(k,", "\u00e9", "k^")),
        rng.random(),
    )
    length = rng.choice((1998, 1999, 2000, 2001, 2002, 100_000)) if many < 0.3 else rng.randrange(300, 1100)
    return (piece * length)[:length] + rng.choice(("", "k", "1"))


def flipped(rng: Random) -> str:
    """A right text whose bytes were changed, read back as text in one way or another."""
    content = bytearray(usual(rng).encode())
    for _ in range(rng.randrange(1, 4)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return content.decode(rng.choice(("latin-1", "utf-8")), "replace")


#: Files that `hostile_files` of `places` makes, and things of the system that are no files of numbers.
FILE_TRICKS = (
    *("good", "good ", "bom", "crlf", "latin", "utf16", "binary", "nul", "empty", "blank", "folder", "pipe", "loop"),
    *("enormous", "longline", "locked", "missing", "words", "infinite", "negative", "folder/", "good/..", "good\x00"),
    *("", "@good", " good", "~", "$HOME", "*", "good;ls", "\ud800", "\u202e", "x" * 300, "x/" * 3000, "y" * 100_000),
    *("/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin", "/proc/self/mem", "/proc/self/pagemap", "/proc/self/fd/0"),
    *("/proc/self/environ", "/proc/self/exe", "/", ".", "..", "-", "http://localhost/x", "|ls", "file:good"),
)


def file_trick(rng: Random) -> str:
    """`@` and a name."""
    return rng.choice(("@", "@", "@", " @", "@@", "@ ", "@\t")) + rng.choice(FILE_TRICKS)


#: What is made, and out of a thousand how often.
MAKERS: Mapping[str, tuple[Callable[[Random], str], int]] = {
    "valid": (valid, 200),
    "usual": (usual, 150),
    "near": (near, 230),
    "words": (words, 80),
    "deep": (deep, 40),
    "literal": (literal, 70),
    "foreign": (foreign, 80),
    "code": (code, 60),
    "long": (long, 20),
    "flipped": (flipped, 60),
    "file": (file_trick, 10),
}
_KINDS, _SHARES = tuple(MAKERS), tuple(share for _, share in MAKERS.values())


def schedule_text(rng: Random) -> tuple[str, str]:
    """A kind of MAKERS and a text of it."""
    kind = rng.choices(_KINDS, _SHARES)[0]
    return kind, MAKERS[kind][0](rng)
