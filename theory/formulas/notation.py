"""The glossary: every symbol once, with its LaTeX, meaning, unit and sign.

Units are powers of the unit f of the objective F and the unit x of its argument. Formulas take their LaTeX from here,
and so does every table of symbols; the values that a user gives to the constants are read and checked here too.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from theory.common.errors import InputError
from theory.common.table import Table
from theory.formulas.formula import Name


class Sign(Enum):
    """Which numbers a symbol may stand for, in the words that a refusal uses."""

    POSITIVE = "greater than 0"
    NON_NEGATIVE = "at least 0"
    FRACTION = "greater than 0 and at most 1"
    ANY = "of either sign"

    def admits(self, value: float) -> bool:
        """Whether `value` is finite and of this sign."""
        if not math.isfinite(value) or self is Sign.ANY:
            return math.isfinite(value)
        return value >= 0 if self is Sign.NON_NEGATIVE else 0 < value <= (1 if self is Sign.FRACTION else math.inf)


@dataclass(frozen=True)
class Symbol:
    """One entry of the glossary; an `indexed` symbol is a sequence that prints its step, as eta_k does."""

    name: str
    latex: str
    meaning: str
    unit: str
    sign: Sign
    indexed: bool = False


GLOSSARY: Mapping[str, Symbol] = Table(
    {
        symbol.name: symbol
        for symbol in (
            Symbol("L", "L", "Lipschitz constant of the gradient of F", "f/x^2", Sign.POSITIVE),
            Symbol("Delta", r"\Delta", "gap F(x_0) - inf F at the start", "f", Sign.NON_NEGATIVE),
            Symbol("sigma", r"\sigma", "standard deviation of the stochastic gradient", "f/x", Sign.NON_NEGATIVE),
            Symbol("mu", r"\mu", "lower bound of the gradient coherence mu_k", "1", Sign.FRACTION),
            Symbol("s", "s", "staleness: one more than the largest delay; 1 is synchronous", "steps", Sign.POSITIVE),
            Symbol("T", "T", "number of steps", "steps", Sign.POSITIVE),
            Symbol("B", "B", "number of gradients that an update averages; mostly 1", "1", Sign.POSITIVE),
            Symbol("G", "G", "root of the mean square of a stochastic gradient", "f/x", Sign.NON_NEGATIVE),
            Symbol(
                "delta",
                r"\delta",
                "share of a square that a compressor sends, or that a round of means takes off",
                "1",
                Sign.FRACTION,
            ),
            Symbol(
                "zeta",
                r"\zeta",
                "root of the mean square of grad f_i - grad F over the workers",
                "f/x",
                Sign.NON_NEGATIVE,
            ),
            Symbol("workers", "N", "number of workers", "1", Sign.POSITIVE),
            Symbol("group", "m", "number of workers in a group", "1", Sign.POSITIVE),
            Symbol("radius", "R", "largest distance of the points x_k from the x* of a regret", "x", Sign.NON_NEGATIVE),
            Symbol("centres", "D", "number of data centres, each with a copy of the parameters", "1", Sign.POSITIVE),
            Symbol(
                "threshold",
                "v",
                "a centre withholds what is below v eta_k times the parameter: threshold by step size",
                "f/x^2",
                Sign.NON_NEGATIVE,
            ),
            Symbol("size", r"\bar{w}", "largest norm of the parameters of a centre", "x", Sign.NON_NEGATIVE),
            Symbol("lowest", r"\lambda", "least eigenvalue of the Hessians, which may be negative", "f/x^2", Sign.ANY),
            Symbol("highest", r"\Lambda", "largest eigenvalue of the Hessians", "f/x^2", Sign.ANY),
            Symbol("bend", r"\rho", "Lipschitz constant of the Hessians", "f/x^3", Sign.NON_NEGATIVE),
            Symbol("influence", "C", "largest norm of what leaving a client out changes", "x", Sign.NON_NEGATIVE),
            Symbol("local", "K", "number of local steps in a round", "steps", Sign.POSITIVE),
            Symbol("k", "k", "number of the step, counted from 1", "steps", Sign.POSITIVE),
            Symbol("d", "d", "delay: the step reads the gradient d points back", "steps", Sign.NON_NEGATIVE, True),
            Symbol("eta", r"\eta", "step size", "x^2/f", Sign.NON_NEGATIVE, True),
            Symbol("tau", r"\tau", "index of the point whose gradient is applied", "steps", Sign.NON_NEGATIVE, True),
        )
    }
)

#: The constants of a problem: what `--constants` may give. The command has flags of their own for s and T.
CONSTANTS: tuple[str, ...] = ("L", "Delta", "sigma", "mu")
#: What a user may give as well: a bound on all stochastic gradients, which no problem tells and few bounds ask for.
GIVEN: tuple[str, ...] = (*CONSTANTS, "G")


def name_node(symbol_name: str) -> Name:
    r"""The node of a formula that stands for a symbol of the glossary.

    >>> name_node("eta").latex(), name_node("k").latex(), name_node("Delta").latex()
    ('\\eta_{k}', 'k', '\\Delta')
    """
    symbol = GLOSSARY[symbol_name]
    return Name(symbol.name, symbol.latex, sequence=symbol.indexed)


def checked_constant(name: str, value: float) -> float:
    """`value` as a float, refused where the glossary excludes it.

    Args:
        name: one of GIVEN.
        value: in the unit of the glossary.

    Returns:
        The same value.

    Raises:
        InputError: an unknown name, a value that is not finite, or one of the wrong sign.

    >>> checked_constant("mu", 1)
    1.0
    """
    if name not in GIVEN:
        raise InputError(f"The constants are {_listed(GIVEN)}. Got {name!r}.{_elsewhere(name)}")
    if not GLOSSARY[name].sign.admits(value):
        raise InputError(
            f"The constant {name} must be a finite number, {GLOSSARY[name].sign.value}. Got {float(value)!r}."
        )
    return float(value)


def constants_from_text(text: str) -> dict[str, float]:
    """The constants that a user gives as `NAME=NUMBER,NAME=NUMBER`.

    Args:
        text: for example "L=1,mu=.5"; an empty text gives no constant.

    Returns:
        The values by name, in the order given.

    Raises:
        InputError: a part that is not NAME=NUMBER, an unknown or repeated name, a value that is not a finite number of
            the sign that the glossary states.

    >>> constants_from_text("L=1, mu=.5")
    {'L': 1.0, 'mu': 0.5}
    """
    constants: dict[str, float] = {}
    for part in text.split(",") if text.strip() else ():
        name, value = _assignment(part)
        if name in constants:
            raise InputError(f"The constant {name} is given twice, in {text!r}. Give it once.")
        constants[name] = checked_constant(name, value)
    return constants


def _assignment(part: str) -> tuple[str, float]:
    name, equals, number = (piece.strip() for piece in part.partition("="))
    if not (name and equals and number):
        raise InputError(f"Constants are written NAME=NUMBER, separated by commas, as in L=1,mu=0.5. Got {part!r}.")
    try:
        return name, float(number.replace("_", "?"))  # Python would read 2_0 as 20
    except ValueError:
        raise InputError(f"The value of the constant {name} must be a number. Got {number!r}.") from None


def _elsewhere(name: str) -> str:
    flag = {"s": "--staleness", "T": "--steps"}.get(name)
    return f" {name} has a flag of its own, {flag}." if flag else ""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"


#: The names of a bound, each with the letter that is printed and whether it has an index. k is counted from 1: no bound
#: has it, and tau is printed and never meant.
LETTERS: frozenset[tuple[str, str, bool]] = frozenset({
    *((one.name, one.latex, one.indexed) for one in GLOSSARY.values() if one.name not in ("tau", "k")),
    ("Ed", r"\mathbb{E}[d]", False), ("Ed2", r"\mathbb{E}[d^{2}]", False), ("cut", "r", False),
    ("share", "w", False), ("share", "w", True), ("rho", r"\rho", True), ("rho", r"\rho", False),
    ("theta", r"\theta", False),
    ("theta", "best", False), ("young", r"\theta", False), ("young", r"\theta", True),
    ("young", r"\rho", False), ("young", r"\rho", True),
})  # fmt: skip
#: The letters of abbreviations: none that a sum, a step or a point goes by, and none that is printed for another thing.
ABBREVIATION = re.compile(
    r"[a-dhn-ru-wyzACHNPQRSUV]|\\(beta|eta|nu|theta)|A_\{0\}|H\^\+|U_\{s(-1)?\}|d_\{\\max\}", re.ASCII
)
