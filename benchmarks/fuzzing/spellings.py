"""The other small languages of a command line: delay models, constants, bounds, problems, workloads and claims."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

import numpy as np

from experiments.problems import get_problem
from experiments.workloads import get_workload
from fuzzing.grammar import MAKERS
from fuzzing.verdicts import accepted_or_refused, require
from theory.bounds import REGISTRY, get
from theory.claims.claim import ClaimedBound
from theory.claims.posynomial import number
from theory.formulas.notation import constants_from_text
from theory.staleness.count import Staleness
from theory.staleness.delays import parse_delays

_SCALARS = (
    *(
        "1",
        "0",
        "-1",
        "2.5",
        "1e3",
        "3",
        "7",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e-400",
        "1_0",
        "0x10",
        "\u0663",
        "\uff12",
    ),
    *(
        " 4 ",
        "4\n",
        "+2",
        "--2",
        "",
        "9" * 400,
        "9" * 5000,
        "1" + "0" * 30,
        "1e308",
        "5e-324",
        "1/2",
        "None",
        "True",
        "\x00",
    ),
    *("[]", "1,5", "1;2", "__import__('os')", "\ud800", "\u202e1", "half", "1e", ".", "e9", "10000000000", "1e10"),
)
_JOINTS = (",", ",", ",", ";", ", ", ",,", "=", ":", "", "\n", "\x00", "\u00a0", "/", "&")
_DELAY_WORDS = (
    "constant",
    "uniform",
    "geometric",
    "cyclic",
    "normal",
    "adversarial",
    "trace",
    "worst",
    "Uniform",
    "file",
)
_PROBLEMS = ("quadratic", "nonconvex", "logistic-cancer", "softmax-digits", "logistic", "softmax", "worst-function")
_WORKLOADS = ("mlr", "dnn", "vae", "matrix-factorization", "lda", "problem", "problem:quadratic")
_OPTIONS = {
    "delays": ("mean", "sd", "period", "max", "Mean", ""),
    "problems": ("noise", "condition", "start", "l2", "lambda", "data", "file", "d", "x", "seed"),
    "workloads": ("depth", "data", "bits", "penalty", "alpha", "beta", "l2", "latent", "width", "x"),
    "constants": ("L", "Delta", "sigma", "mu", "s", "T", "k", "nu", "l", "\u03c3", ""),
}
# A legal size that is large costs what it costs; here it is either small or not legal.
_SIZES = frozenset({"d", "width", "rank", "topics", "latent", "steps", "staleness", "depth"})
_LEGAL_SIZES = ("1", "2", "3", "0", "-1", "1e3", "99999999999", "two", "", "2.5", "nan", "\u0663", "9" * 5000)
_NAMES_OF_DATA = ("digits", "breast_cancer", "nosuch", "../digits", "/dev/zero", "", ".", "a\x00", "\ud800", "x" * 9000)
_FILES = (
    "nosuch",
    "/dev/zero",
    "/proc/self/mem",
    ".",
    "",
    "a\x00b",
    "\ud800",
    "y" * 100_000,
    "pipe",
    "enormous",
    "loop",
)


def delays(text: str) -> str:
    """A delay model: what it draws is within its window, and its text spells it back."""
    model = parse_delays(text, Staleness(5))
    drawn = model.sample(17, np.random.default_rng(0))
    require(bool((drawn >= 0).all() and (drawn <= np.minimum(4, np.arange(17))).all()), f"delays {drawn.tolist()}")
    again = parse_delays(model.text, Staleness(5))
    require(again == model, f"{model!r} spelled {model.text!r} reads back as {again!r}")
    require(abs(float(model.probabilities.sum()) - 1) < 1e-9, "the law does not sum to 1")
    return "accepted"


def constants(text: str) -> str:
    """Values of symbols: finite, of the right sign, and what Python reads there."""
    found = constants_from_text(text)
    parts = dict(part.split("=") for part in text.split(",")) if text.strip() else {}
    written = {name.strip(): float(value) for name, value in parts.items()}
    require(found == written and all(np.isfinite(v) for v in found.values()), f"{found} where {written} is written")
    return "accepted"


def bounds(text: str) -> str:
    """A bound by name."""
    require(get(text).name == text, "another bound")
    return "accepted"


def problems(text: str) -> str:
    """An objective: its name rebuilds it."""
    problem = get_problem(text)
    require(get_problem(problem.name).digest == problem.digest, f"{problem.name!r} rebuilds another problem")
    return "accepted"


def workloads(text: str) -> str:
    """A workload: its name rebuilds it."""
    workload = get_workload(text)
    require(get_workload(workload.name).name == workload.name, f"{workload.name!r} rebuilds another workload")
    return "accepted"


def claims(text: str) -> str:
    """A claimed bound: its value at T = 4, and its side of 1, agree."""
    claim, values = ClaimedBound(text), {name: number(1) for name in ("s", "L", "Delta", "sigma", "mu")}
    value = claim.value(4, values)
    side = claim.compare(4, values, Fraction(1))
    require(side is None or side == 0 or (side > 0) == (value >= 1), f"{value!r} compares with 1 as {side}")
    return "accepted"


def _options(rng: Random, group: str) -> str:
    parts = []
    for _ in range(rng.randrange(4)):
        name = rng.choice(_OPTIONS[group])
        value = rng.choice(_LEGAL_SIZES if name in _SIZES else _VALUES_OF.get(name, _SCALARS))
        parts.append(rng.choice(("{}={}", "{}={}", "{}={}", "{} = {}", "{}{}", "{}=={}", "{}")).format(name, value))
    return rng.choice(_JOINTS).join(parts)


_VALUES_OF = {"data": _NAMES_OF_DATA, "file": _FILES, "penalty": ("inside", "outside", "", "between", "\x00")}
READERS: Mapping[str, Callable[[str], str]] = {
    **{"delays": delays, "constants": constants, "bounds": bounds, "problems": problems},
    **{"workloads": workloads, "claims": claims},
}
_SHARES = {"delays": 40, "constants": 25, "bounds": 5, "problems": 10, "workloads": 8, "claims": 12}


def one(rng: Random) -> tuple[str, str]:
    """A language and a text in it, or nearly."""
    group = rng.choices(tuple(_SHARES), tuple(_SHARES.values()))[0]
    text = _right(rng, group)
    if rng.random() < 0.15:
        text = _damaged(rng, text)
    return group, text


def _right(rng: Random, group: str) -> str:
    if group == "claims":
        return _claim(rng)
    if group == "constants":
        return _options(rng, group)
    if group == "bounds":
        return rng.choice((*REGISTRY, "nosuch", "", "DAI2019", "theorem-a\n", "theorem-\u0430", "x" * 100_000))
    words = {"delays": _DELAY_WORDS, "problems": _PROBLEMS, "workloads": _WORKLOADS}[group]
    name = rng.choice(words)
    told = _options(rng, group) if rng.random() < 0.9 else rng.choice((*_FILES, "x" * 100_000, "\u202e"))
    if name == "worst-function" and "file=" not in told:
        told = f"file={rng.choice(_FILES)}"
    return f"{name}:{told}" if told else name


def _claim(rng: Random) -> str:
    kind = rng.choice([kind for kind in MAKERS if kind not in ("file", "usual")])
    text = MAKERS[kind][0](rng)
    return text.replace("k", "T").replace("d", "s") if rng.random() < 0.7 else text


def _damaged(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice((*_JOINTS, *_SCALARS)) + text[at + rng.randrange(3) :]


def judge(group: str, text: str) -> str:
    """The word of the language's reader, or the refusal's class."""
    if "worst-function" in text and not re.search(r"file=[^,]", text):
        return "left out"  # it would be solved for, which takes what it takes
    return accepted_or_refused(lambda: READERS[group](text))


def environment() -> None:
    """No folder of a user's own data stands in the way."""
    os.environ.pop("GRADLAG_DATA", None)
