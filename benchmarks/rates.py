"""The rates of the library, derived anew: `python benchmarks/rates.py` writes docs/rates.md and the line of each bound.

Everything is derived from the formulas of the bounds; a test compares what is written with what comes out.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from theory.bounds.parts.derived import FILE
from theory.bounds.registry import REGISTRY
from theory.rates.rate import rates_of
from theory.rates.table import rows, sentence

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rates.md"

#: Pairs of schedules and bounds that are checked by plain sums to ten million steps.
CHECKED = {
    "1/(s*L*sqrt(k))": ("dai2019-tight", "theorem-a", "average-delay-adaptive", "lian2015"),
    "theorem-1": ("dai2019", "dai2019-strict", "theorem-a", "mishchenko2022"),
    "sqrt-T": ("dai2019-sum", "theorem-a", "theorem-r", "average-delay", "stich2020", "maranjyan2025"),
    "constant": ("lian2015", "theorem-a", "koloskova2022"),
    "cosine": ("theorem-a", "average-delay-adaptive"),
    "0.5/(s*L*k)": ("theorem-a", "dai2019-constant", "lian2015"),
    "power": ("dai2019-tight", "theorem-a", "lian2015"),
    "1/(s*L*k^0.3)": ("dai2019-tight", "theorem-a"),
}

_HEAD = """\
# How fast each bound falls

Made by `python benchmarks/rates.py` from the formulas of the bounds; a test compares. The delay is fixed, d_k = s - 1; a is a scale of the steps. A leading term is everything of the leading power of T, its logarithm and the constant beside the logarithm included, so that the bound divided by it tends to 1. W and P are sums over all steps, and largest entries, of windows; `gradlag rate --schedule E --bound NAME` gives their enclosures. A dash in the table: the bound does not admit such steps, or another reason that `gradlag rate` gives.
"""  # noqa: E501
_STUDY = """\
## Theorem 1 of the staleness study, and O(1/sqrt T)

The abstract of the study says O(1/sqrt T). At the theorem's own step mu/(s L sqrt(k)) there is a logarithm, in the statement and in the sum inside its proof; at a constant step proportional to 1/sqrt(T) there is none. So the claim is true for a horizon that is known beforehand, and at the theorem's own step for exact gradients only.
"""  # noqa: E501


def lines() -> dict[str, str]:
    """The rate of every bound in a line."""
    return {name: sentence(bound) for name, bound in REGISTRY.items()}


def page(written: dict[str, str]) -> str:
    """The page of documentation."""
    parts = (_HEAD, *_table(written), "", _STUDY, *_study(), "", *_checked())
    return "\n".join(parts) + "\n"


def _table(written: dict[str, str]) -> Iterator[str]:
    yield "| bound | steps | noise | rate | leading term |"
    yield "|---|---|---|---|---|"
    for name, bound in REGISTRY.items():
        found = list(rows(bound))
        for row in found:
            yield f"| `{name}` | `{row.steps}` | {'yes' if row.noise else 'no'} | {row.order} | `{row.text}` |"
        if not found:
            yield f"| `{name}` | - | - | {written[name]} | - |"


def _study() -> Iterator[str]:
    yield "| bound | steps | noise | rate |"
    yield "|---|---|---|---|"
    for name, steps in (("dai2019", "theorem-1"), ("dai2019-tight", "theorem-1"), ("dai2019-tight", "sqrt-T")):
        for sigma in (1.0, 0.0):
            (rate,), _ = rates_of([REGISTRY[name]], steps, 4, {"sigma": sigma})
            yield f"| `{name}` | `{rate.schedule}` | {'yes' if sigma else 'no'} | {rate.order} |"


def _checked() -> Iterator[str]:
    yield "## Checked by plain sums"
    yield ""
    yield "The bound over its leading term, s = 4, L = Delta = sigma = 1, mu = 1/2. Where the next term is only a small"
    yield "power of T away, as at k^-3/4, the ratio says how far."
    yield ""
    yield "| bound | steps | T = 10^6 | T = 10^7 |"
    yield "|---|---|---|---|"
    for steps, names in CHECKED.items():
        for rate in rates_of([REGISTRY[name] for name in names], steps, 4)[0]:
            (_, before), (_, last) = rate.checked[-2:]
            yield f"| `{rate.bound}` | `{steps}` | {before:.5f} | {last:.5f} |"


if __name__ == "__main__":
    derived = lines()
    FILE.write_text(json.dumps(derived, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(derived), encoding="utf-8")
