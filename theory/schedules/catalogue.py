"""The catalogue of step-size schedules: a name, an expression, and why one uses it.

A name of the catalogue is accepted wherever an expression is; `expanded` gives the expression it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from theory.common.errors import ScheduleError
from theory.common.numbers import NUMBER
from theory.common.spelling import nearest, read_options

_SPACE = " \t\r\n"


@dataclass(frozen=True)
class Entry:
    """A schedule of the catalogue: its expression, what it is, why one uses it.

    With an `option`, the entry may be written `name:option=NUMBER`, which puts the number into `template`.
    """

    name: str
    expression: str
    title: str
    why: str
    option: str = ""
    template: str = ""

    def with_option(self, text: str) -> str:
        """The expression for the option `text`, such as "a=0.6"."""
        if not self.option:
            raise ScheduleError(f"The schedule {self.name} takes no option. Got {text!r}: write {self.name} alone.")
        malformed = ScheduleError(
            f"The schedule {self.name} takes the option {self.option}=NUMBER, as in "
            f"{self.name}:{self.option}=0.6. Got {text!r}."
        )
        number = read_options(text, {self.option: str}, lambda _: malformed)[self.option]
        if not NUMBER.fullmatch(number):
            raise malformed
        return self.template.replace("NUMBER", number)


CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Entry(
                "constant",
                "1/(2*s*L)",
                "Constant",
                "Stable on every quadratic at any fixed delay below s. The option c is the step size itself.",
                "c",
                "NUMBER",
            ),
            Entry(
                "sqrt-k",
                "1/(s*L*sqrt(k))",
                "One over the root of the step",
                "Decreasing without a horizon: Theorem 1's step for mu = 1.",
            ),
            Entry(
                "sqrt-T",
                "1/(s*L*sqrt(T))",
                "One over the root of the horizon",
                "Constant during a run whose length is known: no logarithm in the bound.",
            ),
            Entry(
                "power",
                "1/(s*L*k^0.75)",
                "A power of the step",
                "Square summable, not summable, for every a in (1/2, 1]: the condition of Robbins and Monro (1951).",
                "a",
                "1/(s*L*k^NUMBER)",
            ),
            Entry(
                "theorem-1",
                "mu/(s*L*sqrt(k))",
                "The staleness study's step",
                "Dai, Zhou, Dong, Zhang and Xing (2019), Theorem 1.",
            ),
            Entry(
                "corollary-1",
                "1/(s*L+sigma*sqrt(L*T/(2*Delta)))",
                "Constant, tuned to the noise",
                "gradlag's Corollary 1, and 1_B where gradients may overtake: no coherence, no logarithm.",
            ),
            Entry(
                "corollary-2",
                "1/(2*s*L+sigma*sqrt(L*T/(2*Delta)))",
                "Constant, tuned to the noise, shorter",
                "gradlag's Corollary 2, superseded by Corollary 1_B at the longer step of Corollary 1.",
            ),
            Entry(
                "delay-adaptive",
                "1/(2*L*max(1,d))",
                "One over the current delay",
                "Each gradient counts as much as it is fresh: Zhang, Gupta, Lian and Liu (2016).",
            ),
            Entry(
                "delay-clipped",
                "min(1/(2*sqrt(s)*L),1/(2*L*max(1,d)))",
                "One step size, clipped at long delays",
                "Only delays beyond sqrt(s) shrink the step; after Koloskova, Stich and Jaggi (2022), Theorem 8.",
            ),
            Entry(
                "warm-up",
                "min(1,10*k/T)/(2*s*L)",
                "Linear warm-up, then constant",
                "Grows during the first tenth of the run, as is usual in training with many workers.",
            ),
            Entry(
                "cosine",
                "(1+cos(pi*(k-1)/T))/(4*s*L)",
                "Half a cosine wave",
                "Starts at the constant step and falls smoothly towards 0: Loshchilov and Hutter (2017).",
            ),
        )
    }
)


def expanded(text: str) -> str:
    """The expression that `text` stands for: itself, unless it is a name of the catalogue.

    >>> expanded("power:a=0.6"), expanded("1/L")
    ('1/(s*L*k^0.6)', '1/L')
    """
    if not isinstance(text, str):
        return text  # The parser refuses it.
    name, colon, option = text.partition(":")
    entry = CATALOGUE.get(name.strip(_SPACE))
    if entry is None:
        return text
    return entry.with_option(option) if colon else entry.expression


def hint(text: object) -> str:
    """A sentence on what a text that does not parse may have meant."""
    name = text.partition(":")[0].strip(_SPACE) if isinstance(text, str) else ""
    if name.startswith("@"):
        return " A file of numbers is read by parse_schedule."
    near = nearest(name, CATALOGUE, 0.75)
    return f" The catalogue has a schedule named {near}." if near else ""
