"""A bound as one value: statement, assumptions, side conditions, right-hand side, source.

The right-hand side and the side conditions are formulas, so the evaluator, the LaTeX, the tables, the refusals and the
Python that a user can run all come from the same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from theory.bounds.parts.assumptions import (
    BLOCK_READS,
    COHERENCE,
    DELAYS_DRAWN,
    ERROR_FEEDBACK,
    GROUP_AVERAGING,
    MOVES_TAKEN_BACK,
    NO_DELAY,
    NO_NOISE,
    RANDOM_MIXING,
    SEVERAL_READS,
    Assumption,
    Source,
)
from theory.bounds.parts.checked import checkers
from theory.bounds.parts.conditions import (
    Condition,
    Digits,
    Failure,
    assessed,
    beyond_floats,
    no_value,
    of_another_kind,
)
from theory.bounds.parts.derived import derived_rates
from theory.bounds.parts.printed import Root, abbreviations, explained, listed, measured, program
from theory.bounds.parts.setting import Setting, orders_of
from theory.bounds.parts.weighing import Weighing
from theory.common.errors import DomainError
from theory.common.types import Floats
from theory.formulas.formula import Defined, Environment, Formula, Quotient, total
from theory.schedules.schedule import Schedule

#: Names that the setting itself gives a value; every other name of a formula is a constant.
_OF_THE_SETTING = frozenset({"T", "s", "B", "k", "d", "eta", "m"})


@dataclass(frozen=True, eq=False)
class Bound:
    r"""A bound on $\min_t \mathbb{E}\|\nabla F(x_t)\|^2$ over the points of a run, or on what an assumption names.

    Args:
        name: its name in the library and on the command line; title: what a heading says; summary: what it says.
        assumptions: what it assumes of F, the noise and the delays.
        conditions: the side conditions that a setting must meet; value: the right-hand side.
        covers_last: whether the minimum includes x_T, or ends at x_{T-1}; covers_reads: and every point that was read.
        source: where it is published; rate_text: how it decays, where that is not derived.
        schedule: the only step sizes it holds for, where it names them.
        weights: w_t >= 0, t < T, where it is about the mean of E|grad F(x_t)|^2 with these weights, not the minimum.
        weighing: the weights with which the proof bounds a mean by the same value, where it bounds the minimum by it.
        example: step sizes inside its domain at every horizon, and given: constants it alone asks for, in its Python.
        variant: whether it is another form of a result that has a rung of its own on the ladder, or of another method.
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
    covers_reads: bool = False
    each: ClassVar[tuple[str, ...]] = ()  # the numbers that it leaves free, with one value for each gradient
    #: How it is known: proved, if it is the one of the library; a changed one is another.
    verified: str = field(default="not checked", init=False)

    @property
    def measures(self) -> Assumption | None:
        """The assumption that says what is bounded in place of squared gradients, if it is another thing."""
        return next((assumption for assumption in self.assumptions if assumption.measured), None)

    @property
    def iterates(self) -> str:
        """The points that the minimum, or the mean, runs over."""
        if self.measures:
            return self.measures.points
        points = "the points read" if self.of_reads else "x_0..x_T" if self.covers_last else "x_0..x_{T-1}"
        return f"{points} and the points read" if self.covers_reads else points

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
    def takes_moves(self) -> bool:
        """Whether it is about a method that takes back moves before."""
        return MOVES_TAKEN_BACK in self.assumptions

    def other_kind(self, setting: Setting) -> Failure | None:
        """What keeps it from runs of this kind at all: several gradients, blocks read apart, moves taken back."""
        kinds = self.takes_several, BLOCK_READS in self.assumptions, self.takes_moves
        return of_another_kind(self.name, setting, kinds)

    @property
    def of_reads(self) -> bool:
        """Whether it is about the points that were read, beside a virtual sequence."""
        return ERROR_FEEDBACK in self.assumptions

    @property
    def on_ladder(self) -> bool:
        """Whether it is a rung of the ladder: gradlag's own result, or of the family of the staleness study."""
        own = self.source.authors == "gradlag" and not self.variant and not self.measures
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
        other = self.other_kind(setting)
        missing = tuple(no_value(self.name, name) for name in self.constants if name not in setting.constants)
        if other or missing:
            return None, (other,) if other else missing
        environment = self._environment(setting)
        value, failures = assessed(self.name, self.value, self.conditions, environment)
        kept = value is None or setting.is_moderate(self.constants, self._orders)
        if kept and (value is None or self._digits.are_kept(environment)):
            return value, failures
        return None, (beyond_floats(self.name),)

    @cached_property
    def _digits(self) -> Digits:
        return Digits(self.value)

    @cached_property
    def _orders(self) -> float:
        return max(orders_of(root) for root, *_ in self._roots)

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
        if any(name not in setting.constants for name in self.constants) or self.other_kind(setting):
            return None
        plain = setting.environment()
        environment = Environment({**plain.values, **(numbers or {})}, plain.delays)
        value = assessed(self.name, self.value, self.conditions, environment, most=1)[0]
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
        if self.measures:
            return self.measures.measured
        drawn = {DELAYS_DRAWN, ERROR_FEEDBACK, GROUP_AVERAGING, RANDOM_MIXING} & set(self.assumptions)
        expected = bool(drawn) or not self.noise_free_only
        return measured(self.weights, self.covers_last, self.of_reads, expected, self.covers_reads)

    @property
    def statement(self) -> str:
        """The theorem in words and LaTeX, every formula taken from the object."""
        assumed = ", ".join(assumption.name for assumption in self.assumptions)
        return (
            f"{self.summary} Assumed: {assumed}. If {listed(self.latex_conditions())}, "
            f"then ${self.quantity} \\le {self.latex()}$. Here {listed(self.latex_definitions())}."
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
        values = {"L": 1.0, "Delta": 1.0, "sigma": 0.0 if self.noise_free_only else 1.0, "mu": 0.5}
        steps, window = self.schedule.text if self.schedule else self.example, 1 if self.synchronous_only else 4
        return program(self.name, self.title, steps, values, window, self.given, self.takes_moves)

    def _environment(self, setting: Setting) -> Environment:
        return setting.environment()

    @cached_property
    def _roots(self) -> tuple[Root, ...]:
        """Every formula that is printed."""
        whens = (c.when for c in self.conditions if c.when is not None)
        sides = ((side, c.index or "k", c.since) for c in (*self.conditions, *whens) for side in (c.left, c.right))
        return (self.value, "k", 0), *((one, "t", 0) for one in (self.weights,) if one is not None), *sides
