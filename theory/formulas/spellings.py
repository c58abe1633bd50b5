"""Words that people type for what the language has: read where the meaning is plain, else what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from theory.common.spelling import nearest

#: What may stand before a function, as in np.sqrt.
LIBRARIES: tuple[str, ...] = ("np", "numpy", "math", "jnp", "torch")

#: Functions under other names.
ALIASES: Mapping[str, str] = MappingProxyType(
    {"maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min", "fabs": "abs", "absolute": "abs"}
    | {"int": "trunc", "fix": "trunc", "power": "pow", "if_else": "where"}
)

# What is often written for what is meant; difflib finds misspellings.
_MEANT: Mapping[str, str] = MappingProxyType(
    {"e": "exp(1)", "t": "k", "i": "k", "step": "k", "n": "T", "N": "T", "K": "T", "steps": "T", "smoothness": "L"}
    | dict.fromkeys(("it", "iter", "iteration", "global_step", "current_step", "step_num", "count", "x"), "k")
    | dict.fromkeys(("total_steps", "num_steps", "max_steps", "n_steps", "T_max", "total", "max_iter"), "T")
    | {"lambda": "L", "tau": "d", "delay": "d", "staleness": "s", "gap": "Delta", "coherence": "mu"}
    | {"variance": "sigma^2", "V": "sigma^2", "\u03c3": "sigma", "\u03bc": "mu", "\u00b5": "mu", "\u03c0": "pi"}
    | {"\u0394": "Delta", "\u2206": "Delta", "\u03b4": "Delta", "\u03bb": "L", "\u03c4": "d", "\u221a": "sqrt(...)"}
    | {"\u00b2": "^2", "\u00b3": "^3", "\u00b7": "*", "\u00d7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-"}
    | {"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "&&": "and", "||": "or", "!": "not", "elif": "else a if ..."}
    | {
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "log10": "log(x)/log(10)",
        "log2": "log(x)/log(2)",
        "tan": "sin(x)/cos(x)",
    }
    | {"log1p": "log(1+x)", "expm1": "exp(x)-1", "square": "x^2", "round": "floor(x+1/2)", "cbrt": "x^(1/3)"}
    | {"fmod": "mod", "remainder": "mod", "clamp": "clip", "heaviside": "a comparison, as in (k>400)"}
)

_FILE = "numbers of your own, one for each step, go into a file, one a line: @FILE"
_EPOCH = (
    " It has no meaning of its own here: with N steps to an epoch write floor((k-1)/N), N as a number; floor, min and "
    f"max make stairs and limits, and {_FILE}."
)
_FINITE = " Every number here is finite and written out."
_NUMBER = f" Write the number itself; {_FILE}."

# What no single word replaces.
_EXPLAINED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("epoch", "epochs", "num_epochs", "n_epochs", "current_epoch"), _EPOCH)
    | dict.fromkeys(("lr0", "lr_0", "base_lr", "initial_lr", "init_lr", "eta0", "eta_0", "max_lr", "min_lr"), _NUMBER)
    | dict.fromkeys(("warmup", "warmup_steps", "num_warmup_steps", "gamma0", "step_size", "milestones"), _NUMBER)
    | dict.fromkeys(("interp", "select", "piecewise", "linspace", "list", "array"), f" {_FILE.capitalize()}.")
    | {"?": " Write a if k <= 400 else b.", "def": " Write the expression alone, without def."}
)
# Names of numbers that there are not.
_NO_NUMBERS = frozenset({"nan", "inf", "infty", "infinity", "none", "null", "true", "false"})
# The left-hand side of a schedule, or the sign after it.
_LEFT_HAND_SIDE = frozenset({"eta", "\u03b7", "lr", "alpha", "gamma", "="})


def hint(word: str, known: tuple[str, ...], noun: str) -> str:
    """A sentence on what a word that is not known may have meant, or nothing."""
    if word in _LEFT_HAND_SIDE:
        return f" Write only the right-hand side, the {noun} itself."
    if word in _EXPLAINED and noun == "schedule":
        return _EXPLAINED[word]
    meant = _MEANT.get(word)
    if word.lower() in _NO_NUMBERS:
        return _FINITE
    if meant is None or (meant.isidentifier() and meant not in known):
        meant = nearest(word, known)
    if meant is None and len(word) == 1 and word.isalpha() and noun == "schedule":
        return f" A free letter is not taken: write a number for {word}."
    return f" Did you mean {meant}?" if meant else ""
