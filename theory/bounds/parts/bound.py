"""A bound as one value: statement, assumptions, side conditions, right-hand side, source.

The right-hand side and the side conditions are formulas, so the evaluator, the LaTeX, the tables, the refusals and the
Python that a user can run all come from the same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from theory.bounds.parts.assumptions import (
    BLOCK_READS,
    COHERENCE,
    DELAYS_DRAWN,
    NO_DELAY,
    NO_NOISE,
    SEVERAL_READS,
    Assumption,
    Source,
)
from theory.bounds.parts.checked import checkers
from theory.bounds.parts.conditions import (
    Condition,
    Digits,
    Failure,
    beyond_floats,
    blocks_apart,
    no_denominator,
    no_value,
    several_gradients,
)
from theory.bounds.parts.derived import derived_rates
from theory.bounds.parts.printed import PYTHON, Root, abbreviations, explained
from theory.bounds.parts.setting import Setting, has_few_factors
from theory.bounds.parts.weighing import Weighing
from theory.common.errors import DomainError
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Power,
    Product,
    Quotient,
    total,
)
from theory.schedules.schedule import Schedule

#: Names that the setting itself gives a value; every other name of a formula is a constant.
_OF_THE_SETTING = frozenset({"T", "s", "B", "k", "d", "eta"})


@dataclass(frozen=True, eq=False)
class Bound:
    r"""A bound on $\min_t \mathbb{E}\|\nabla F(x_t)\|^2$ over the points of a run.

    Args:
        name: its name in the library and on the command line; title: what a heading says.
        summary: what the result says, in one or two sentences.
        assumptions: what it assumes of F, the noise and the delays.
        conditions: the side conditions that a setting must meet.
        value: the right-hand side.
        covers_last: whether the minimum includes x_T, or ends at x_{T-1}.
        source: where it is published; rate_text: how it decays, where that is not derived.
        schedule: the only step sizes it holds for, where it names them.
        weights: w_t, at least 0, where the result is about the mean of the E|grad F(x_t)|^2 with these weights, t < T,
            which is at least their minimum; the value's denominator is then the sum of the w_t.
        weighing: the weights with which the proof bounds a mean by the same value, where it bounds the minimum by it.
        example: step sizes inside its domain at every horizon, and given: constants it alone asks for, in its Python.
        variant: whether it is another form of a result that has a rung of its own on the ladder.
    """

    name: str
    title: str
    summary: str
    assumptions: tuple[Assumption, ...]
    conditions: tuple[Condition, ...]
    value: Formula
    covers_last: bool
    source: Source
    rate_text: str = ""
    schedule: Schedule | None = None
    weights: Formula | None = None
    weighing: Weighing | None = None
    example: str = "mu/(s*L*sqrt(k))"
    given: Mapping[str, float] = field(default_factory=dict)
    variant: bool = False
    #: How it is known: proved, if it is the one of the library; a changed one is another.
    verified: str = field(default="not checked", init=False)

    @property
    def iterates(self) -> str:
        """The points that the minimum runs over."""
        return "x_0..x_T" if self.covers_last else "x_0..x_{T-1}"

    @property
    def needs_coherence(self) -> bool:
        """Whether the gradient coherence is assumed."""
        return COHERENCE in self.assumptions

    @property
    def noise_free_only(self) -> bool:
        """Whether the result is about exact gradients only."""
        return NO_NOISE in self.assumptions

    @property
    def synchronous_only(self) -> bool:
        """Whether the result is about steps without delay only."""
        return NO_DELAY in self.assumptions

    @property
    def weighed(self) -> Weighing | None:
        """The weights of a mean that is at most the value: of its own, or of its proof; None where there are none."""
        return self.weighing if self.weights is None else Weighing(self.weights, total(self.weights))

    @property
    def takes_several(self) -> bool:
        """Whether an update may average several gradients."""
        return SEVERAL_READS in self.assumptions

    @property
    def takes_blocks(self) -> bool:
        """Whether blocks of coordinates may be read apart."""
        return BLOCK_READS in self.assumptions

    @property
    def on_ladder(self) -> bool:
        """Whether it is a rung of the ladder: gradlag's own result, or of the family of the staleness study."""
        own = self.source.authors == "gradlag" and not self.variant
        return own or self.name in ("dai2019", "dai2019-sum", "dai2019-tight")

    @property
    def domain(self) -> tuple[str, ...]:
        """The side conditions as short texts."""
        return tuple(condition.name for condition in self.conditions)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """The constants that must have a value."""
        used = self.value.names().union(*(condition.names() for condition in self.conditions))
        return tuple(sorted(used - _OF_THE_SETTING))

    @cached_property
    def definitions(self) -> tuple[Defined, ...]:
        """The abbreviations of the value and the conditions, those used by others first."""
        return tuple(node for node, _ in abbreviations(self._roots))

    def assess(self, setting: Setting) -> tuple[float | None, tuple[Failure, ...]]:
        """The value where every side condition holds, else None and the conditions that fail."""
        if setting.reads > 1 and not self.takes_several:
            return None, (several_gradients(self.name, setting.reads),)
        if setting.apart and not self.takes_blocks:
            return None, (blocks_apart(self.name),)
        missing = tuple(no_value(self.name, name) for name in self.constants if name not in setting.constants)
        if missing:
            return None, missing
        environment = self._environment(setting)
        value, failures = self._assess(environment)
        kept = value is None or (self._few_factors and setting.is_moderate(self.constants))
        if kept and (value is None or self._digits.are_kept(environment)):
            return value, failures
        return None, (beyond_floats(self.name),)

    @cached_property
    def _digits(self) -> Digits:
        return Digits(self.value)

    @cached_property
    def _few_factors(self) -> bool:
        return all(has_few_factors(root) for root, *_ in self._roots)

    def weigh(self, setting: Setting) -> Floats | None:
        r"""Weights (T+1,) of sum 1 whose mean of the $\mathbb{E}\|\nabla F(x_t)\|^2$ is at most the value, t = 0..T.

        Args:
            setting: inside the domain.

        Returns:
            The weights; None where the proof bounds no such mean.

        >>> from theory.bounds import get
        >>> from theory.staleness.count import Staleness
        >>> run = Setting([0.5, 0.5], [0, 0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
        >>> get("theorem-a").weigh(run).round(4), get("bottou2018").weigh(run)
        (array([0.3, 0.3, 0.4]), array([0.5, 0.5, 0. ]))
        """
        return self.weighed.evaluate(self._environment(setting), self.covers_last) if self.weighed else None

    def typical(self, setting: Setting) -> dict[str, float]:
        """One value for each number that the bound leaves free, good for most steps of a setting; by default none."""
        return {}

    def fraction(self, setting: Setting, numbers: Mapping[str, float] | None = None) -> tuple[float, float] | None:
        r"""Numerator and denominator of the value, None outside the domain; for one step and delay affine in T.

        Args:
            setting: steps, delays, staleness and constants; numbers: values of what the bound leaves free.

        >>> from theory.bounds import get
        >>> from theory.staleness.count import Staleness
        >>> still = Setting([0.5, 0.5], [0, 0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
        >>> get("lian2015").fraction(still)
        (2.5, 1.0)
        """
        if any(name not in setting.constants for name in self.constants) or (
            (setting.reads > 1 and not self.takes_several) or (setting.apart and not self.takes_blocks)
        ):
            return None
        plain = setting.environment()
        environment = Environment({**plain.values, **(numbers or {})}, plain.delays)
        value = self._assess(environment)[0]
        if value is None or not isinstance(self.value, Quotient):
            return None if value is None else (value, 1.0)
        return float(self.value.over.evaluate(environment)), float(self.value.under.evaluate(environment))

    def check_domain(self, setting: Setting) -> tuple[Failure, ...]:
        """The side conditions that fail; empty where the bound applies."""
        return self.assess(setting)[1]

    def evaluate(self, setting: Setting) -> float:
        r"""The right-hand side, in units of $\|\nabla F\|^2$.

        Args:
            setting: the steps, delays, staleness and constants.

        Returns:
            A finite number.

        Raises:
            DomainError: a side condition fails; the sentence names it, the place and the values.

        >>> from theory.bounds import get
        >>> from theory.staleness.count import Staleness
        >>> run = Setting([0.5, 0.5], [0, 1], Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
        >>> round(get("theorem-a").evaluate(run), 12)
        0.842105263158
        >>> get("dai2019-tight").evaluate(run)
        Traceback (most recent call last):
        ...
        theory.common.errors.DomainError: dai2019-tight does not apply: the constant mu has no value; give one with ...
        """
        value, failures = self.assess(setting)
        if value is None:
            raise DomainError(failures[0].sentence())
        return value

    @property
    def quantity(self) -> str:
        """LaTeX of what is bounded."""
        last = r"t \le T" if self.covers_last else "t < T"
        squared = r"\|\nabla F(x_t)\|^2"
        drawn = DELAYS_DRAWN in self.assumptions or not self.noise_free_only
        expected = rf"\mathbb{{E}} {squared}" if drawn else squared
        if self.weights is None:
            return rf"\min_{{0 \le {last}}} {expected}"
        weight = self.weights.bracketed(Power.strength if self.weights.reaches_on else Product.strength, "t")
        return rf"\frac{{\sum_{{{last}}} {weight} \, {expected}}}{{\sum_{{{last}}} {weight}}}"

    @property
    def statement(self) -> str:
        """The theorem in words and LaTeX, every formula taken from the object."""
        assumed = ", ".join(assumption.name for assumption in self.assumptions)
        return (
            f"{self.summary} Assumed: {assumed}. If {_listed(self.latex_conditions())}, "
            f"then ${self.quantity} \\le {self.latex()}$. Here {_listed(self.latex_definitions())}."
        )

    def to_dict(self) -> dict[str, Any]:
        """The bound as `gradlag bounds --json` prints it."""
        return {
            "name": self.name,
            "title": self.title,
            "statement": self.statement,
            "latex": self.latex(),
            "assumptions": [assumption.text for assumption in self.assumptions],
            "domain": list(self.domain),
            "definitions": list(self.latex_definitions()),
            "conditions": list(self.latex_conditions()),
            "iterates": self.iterates,
            "schedule": self.schedule.text if self.schedule else None,
            "source": self.source.text(),
            "rate": self.rate(),
            "verified": self.verified,
            "checked_by": list(checkers(self.name, self.verified)),
        }

    def rate(self) -> str:
        """How it decays as T grows: as derived from its formula, see theory/rates; else as it is published."""
        return derived_rates().get(self.name, self.rate_text)

    def latex(self) -> str:
        """LaTeX of the right-hand side."""
        return self.value.latex()

    def latex_conditions(self) -> tuple[str, ...]:
        """LaTeX of the side conditions."""
        return tuple(condition.latex(self.takes_several) for condition in self.conditions)

    def latex_definitions(self) -> tuple[str, ...]:
        """LaTeX of the abbreviations, after the numbering of the steps, and of the reads where these are met."""
        return tuple(explained(self._roots, self.takes_several))

    def sympy(self, schedule: Any = None, delay: Any = None) -> Any:
        r"""The right-hand side as a sympy expression, abbreviations written out; see theory/formulas/symbolic.py.

        Args:
            schedule: what stands for eta[k], k = 1..T: a `Schedule`, its text, or a sympy expression in k.
            delay: what stands for d[k]: a number, or a sympy expression in k.

        >>> from theory.bounds import get
        >>> get("wu2022").sympy(), get("wu2022").sympy("1/(2*L)").doit()
        (2*Delta/Sum(eta[k], (k, 1, T)), 4*Delta*L/T)
        """
        from theory.formulas.symbolic import expression

        steps = Schedule(schedule) if isinstance(schedule, str) else schedule
        return expression(self.value, eta=getattr(steps, "formula", steps), d=delay)

    def sympy_conditions(self) -> tuple[Any, ...]:
        """The side conditions as sympy relations, for step k or point x_{k-1}; `true` where the symbols say it."""
        return tuple(condition.sympy() for condition in self.conditions)

    def sympy_definitions(self) -> tuple[Any, ...]:
        """The abbreviations as sympy equations, each written out."""
        from theory.formulas.symbolic import equation

        return tuple(equation(node) for node in self.definitions)

    def python(self) -> str:
        """Python that evaluates the bound through the public names; it runs as it stands."""
        schedule = self.schedule.text if self.schedule else self.example
        values = {"L": 1.0, "Delta": 1.0, "sigma": 0.0 if self.noise_free_only else 1.0, "mu": 0.5}
        window = 1 if self.synchronous_only else 4
        given = f" | {dict(self.given)}" if self.given else ""
        return PYTHON.format(
            name=self.name, title=self.title, schedule=schedule, constants=values, window=window, given=given
        )

    def _environment(self, setting: Setting) -> Environment:
        return setting.environment()

    def _assess(self, environment: Environment) -> tuple[float | None, tuple[Failure, ...]]:
        try:
            # A side that overflows fails its condition; an overflow inside the value could hide as a finite number.
            with np.errstate(all="ignore"):
                checked = tuple(condition.failure(self.name, environment) for condition in self.conditions)
            failures = tuple(failure for failure in checked if failure is not None)
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                value = None if failures else float(self.value.evaluate(environment))
                # No bound of the library comes here with such a denominator: its conditions, or its proof, exclude it.
                under = self.value.under if value is not None and isinstance(self.value, Quotient) else None
                if under is not None and not under.evaluate(environment) > 0:
                    return None, (no_denominator(self.name),)
        except (OverflowError, FloatingPointError):
            return None, (beyond_floats(self.name),)
        return (value, failures) if value is None or np.isfinite(value) else (None, (beyond_floats(self.name),))

    @cached_property
    def _roots(self) -> tuple[Root, ...]:
        """Every formula that is printed."""
        whens = (c.when for c in self.conditions if c.when is not None)
        sides = ((side, c.index or "k", c.since) for c in (*self.conditions, *whens) for side in (c.left, c.right))
        return (self.value, "k", 0), *((one, "t", 0) for one in (self.weights,) if one is not None), *sides


def _listed(texts: tuple[str, ...]) -> str:
    quoted = [f"${text}$" for text in texts]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
