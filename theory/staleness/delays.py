"""Delay models: the law of d_k, how many points back the gradient of step k was read, fixed before the run.

A model is an immutable value. What it draws is clipped to 0 <= d_k <= min(maximum, k - 1): step k = 1..T cannot read a
point that is older than the window or that does not exist yet. Delays never depend on the noise of the gradients.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from scipy.special import erf, ndtr

from theory.common.errors import DelayError, InputError
from theory.common.spelling import meant, read_options, shown
from theory.common.types import Floats
from theory.formulas.notation import Sign
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delay_model import DelayModel, IndependentDelays, check_number, plain
from theory.staleness.stability import adversarial_delay_limit, adversarial_period
from theory.staleness.traces import Delays, read_delays
from theory.staleness.traces import validate_delays as validate_delays

# Names the stream of the delays among all random streams of a seed.
_STREAM = int.from_bytes(b"delays", "big")


@dataclass(frozen=True)
class ConstantDelay(DelayModel):
    """Every delay is `maximum`."""

    maximum: int
    spelling: ClassVar[str] = "constant"

    @property
    def _law(self) -> Floats:
        return _point_mass(self.maximum)

    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        return np.full(steps, self.maximum, dtype=np.int64)


@dataclass(frozen=True)
class UniformDelay(IndependentDelays):
    """Delays independent and uniform on 0, 1, ..., `maximum`."""

    maximum: int
    spelling: ClassVar[str] = "uniform"

    @property
    def _law(self) -> Floats:
        return np.full(self.maximum + 1, 1 / (self.maximum + 1))


@dataclass(frozen=True)
class GeometricDelay(IndependentDelays):
    r"""min(G, maximum), independent, with G geometric of mean m: $P(G=j)=\frac1{1+m}\big(\frac m{1+m}\big)^j$.

    All mass beyond `maximum` falls on it, so `mean` is $m\big(1-(\frac m{1+m})^{maximum}\big)$.
    """

    unclipped_mean: float
    maximum: int
    spelling: ClassVar[str] = "geometric:mean=M"
    options: ClassVar[Mapping[str, str]] = {"mean": "unclipped_mean"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(self, "unclipped_mean", "The mean of the geometric delays", Sign.NON_NEGATIVE)

    @property
    def _law(self) -> Floats:
        beyond = (self.unclipped_mean / (1 + self.unclipped_mean)) ** np.arange(self.maximum + 1)
        return np.append(beyond[:-1] / (1 + self.unclipped_mean), beyond[-1])


@dataclass(frozen=True)
class TruncatedNormalDelay(IndependentDelays):
    """N(unclipped_mean, sd^2) conditioned on [0, maximum], rounded to the nearest whole number, independent.

    Delay 0 has the mass of [0, 1/2), delay j that of [j - 1/2, j + 1/2), `maximum` that of [maximum - 1/2, maximum],
    all divided by the mass of [0, maximum]. FLeet's D1 and D2 are, as reported, N(6, 2^2) and N(12, 4^2).
    """

    unclipped_mean: float
    sd: float
    maximum: int
    spelling: ClassVar[str] = "normal:mean=M,sd=D"
    options: ClassVar[Mapping[str, str]] = {"mean": "unclipped_mean", "sd": "sd"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(self, "unclipped_mean", "The mean of the normal delays", Sign.NON_NEGATIVE)
        check_number(self, "sd", "The standard deviation of the normal delays", Sign.POSITIVE)
        if not self.probabilities.sum() > 0:
            raise DelayError(
                f"Normal delays of mean {plain(self.unclipped_mean)} and standard deviation {plain(self.sd)} do not "
                f"fall between 0 and {self.maximum}. Give a mean nearer to that range."
            )

    @property
    def _law(self) -> Floats:
        masses = self._masses() if self.maximum else _point_mass(0)
        return masses / (masses.sum() or 1.0)

    def _masses(self) -> Floats:
        """The normal mass of each delay's cell, taken from the tail where it would lose its digits elsewhere."""
        edges = np.concatenate(([0.0], np.arange(self.maximum) + 0.5, [float(self.maximum)]))
        with np.errstate(over="ignore"):
            scaled = (edges - self.unclipped_mean) / self.sd
        lower, upper = scaled[:-1], scaled[1:]
        near, far = np.maximum(lower, -upper), np.maximum(upper, -lower)
        middle = (erf(upper / math.sqrt(2)) - erf(lower / math.sqrt(2))) / 2
        return np.asarray(np.where(near > 1, ndtr(-near) - ndtr(-far), middle), dtype=np.float64)


@dataclass(frozen=True)
class CyclicDelay(DelayModel):
    """The sawtooth d_k = min((k - 1) mod period, maximum)."""

    period: int
    maximum: int
    spelling: ClassVar[str] = "cyclic:period=P"
    options: ClassVar[Mapping[str, str]] = {"period": "period"}

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "period", whole_number(self.period, 1, "The period of the delays", DelayError))

    @property
    def _law(self) -> Floats:
        law = np.where(np.arange(self.maximum + 1) < self.period, 1 / self.period, 0.0)
        law[-1] = max(self.period - self.maximum, 0) / self.period
        return law

    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        return np.minimum(np.arange(steps, dtype=np.int64) % self.period, self.maximum)


@dataclass(frozen=True)
class AdversarialDelay(DelayModel):
    r"""The delays that a greedy adversary picks against $F(x)=x^2/2$ at the constant step a of the fixed-delay limit.

    While x descends it reads the largest point of the window, while x ascends the smallest; when even that would push
    the other way it turns round. Let x turn at the value 1 (or -1: change all signs). The next D + 1 steps all read
    that point, with delays 0, ..., D, and reach 1 - aj after j of them. Then delay D reads these values back as long as
    they are positive, for j = 1, ..., c - 1 with $c=\lceil1/a\rceil$, and x turns again. Every turn starts the same
    pattern, so the trace is $d_k=\min((k-1)\bmod(D+c),D)$ with $a=2\sin\frac\pi{2(2D+1)}$: known before the run.

    For D >= 2 it lowers the stability limit of a below that of the fixed delay D, by 3/2 to pi/2 as D grows
    (`theory.staleness.stability.adversarial_delay_limit`). That no other trace lowers it further is not claimed.
    """

    maximum: int
    spelling: ClassVar[str] = "adversarial"

    @property
    def stability_limit(self) -> float:
        """The exact limit of step size * curvature under this trace."""
        return adversarial_delay_limit(self.maximum)

    @property
    def _cycle(self) -> CyclicDelay:
        return CyclicDelay(adversarial_period(self.maximum), self.maximum)

    @property
    def _law(self) -> Floats:
        return self._cycle._law

    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        return self._cycle._draw(steps, rng)


@dataclass(frozen=True, eq=False)
class TraceDelay(DelayModel):
    """Recorded delays, (T,) or of B reads an update (T, B); its law is the frequency of each, `maximum` the largest."""

    values: Delays
    maximum: int = field(init=False)
    spelling: ClassVar[str] = "trace"

    def __post_init__(self) -> None:
        values = validate_delays(self.values)
        if not values.size:
            raise DelayError("A trace must hold the delay of at least one step. Got none.")
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "maximum", int(values.max()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TraceDelay) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def text(self) -> str:
        """The digest of the delays; two files that hold the same delays are the same trace."""
        shape = b"" if self.values.ndim == 1 else str(self.values.shape).encode()
        return f"trace:sha256={hashlib.sha256(shape + self.values.astype('<i8').tobytes()).hexdigest()[:16]}"

    @property
    def _law(self) -> Floats:
        return np.bincount(self.values.ravel()) / np.float64(self.values.size)

    def _draw(self, steps: int, rng: np.random.Generator) -> Delays:
        if steps > len(self.values):
            raise DelayError(f"The trace holds the delays of {len(self.values)} steps. Got a run of {steps} steps.")
        return self.values[:steps]


MODELS: Mapping[str, type[DelayModel]] = MappingProxyType(
    {
        model.spelling.partition(":")[0]: model
        for model in (ConstantDelay, UniformDelay, GeometricDelay, CyclicDelay, TruncatedNormalDelay, AdversarialDelay)
    }
)


def parse_delays(text: str, staleness: Staleness) -> DelayModel:
    """The delay model that a user spells, with the window's largest delay as its maximum.

    Args:
        text: `constant`, `uniform`, `geometric:mean=M`, `cyclic:period=P`, `normal:mean=M,sd=D` or `adversarial`.
        staleness: the window s; the model's maximum is s - 1.

    Returns:
        The model; its `text` spells it back.

    Raises:
        DelayError: an unknown model, an option that is missing, unknown, repeated or no finite number, or a value that
            the model refuses.

    >>> parse_delays("geometric:mean=2", Staleness(8))
    GeometricDelay(unclipped_mean=2.0, maximum=7)
    """
    name, _, options = text.strip().partition(":")
    if name not in MODELS:
        raise DelayError(
            f"The delays must be one of {'; '.join(model.spelling for model in MODELS.values())}. Got {shown(text)}."
            f"{meant(name, MODELS)} A file of delays has a flag of its own, --delays-file."
        )
    model = MODELS[name]
    malformed = DelayError(f"The delay model {name} is written {model.spelling}. Got {shown(text)}.")
    given = read_options(options or None, dict.fromkeys(model.options, str), lambda _: malformed)
    if len(given) < len(model.options):
        raise malformed
    values = {model.options[option]: _number(option, number) for option, number in given.items()}
    build: Callable[..., DelayModel] = model
    return build(**values, maximum=staleness.maximum_delay)


def delay_model(
    delays: str | DelayModel, delays_file: str | Path | None, steps: int, staleness: Staleness
) -> DelayModel:
    """The delays that a user gives: a model, its spelling, or the file of a trace in its place."""
    if delays_file is not None:
        return read_trace(delays_file, steps, staleness)
    return parse_delays(delays, staleness) if isinstance(delays, str) else delays


def refuse_two_sources(delays: str | DelayModel, delays_file: str | Path | None) -> None:
    """Refuse a model beside a file; "constant" is what is taken where nothing is given."""
    if delays_file is not None and delays != "constant":
        raise InputError("The delays come from a model or from a file. Give --delays or --delays-file, not both.")


def read_trace(path: str | Path, steps: int, staleness: Staleness) -> TraceDelay:
    """The delays recorded in a text file as a model; see `traces.read_delays` for the format and refusals."""
    return TraceDelay(read_delays(path, steps, staleness))


def delay_trace(model: DelayModel, steps: int, seed: int) -> Delays:
    """The delays of a run, from a random stream of their own: no other randomness of the run moves them.

    Args:
        model: the law of the delays.
        steps: T.
        seed: the root seed of the run, a whole number of at least 0 and below 2^64.

    Returns:
        int64 (T,), d_k of step k = 1..T at position k - 1.

    Raises:
        DelayError: the model refuses that many steps, or the seed is out of range.

    >>> delay_trace(UniformDelay(3), 8, seed=0)
    array([0, 1, 2, 0, 1, 2, 3, 1])
    """
    root = whole_number(seed, 0, "The seed", DelayError, most=(1 << 64) - 1)
    return model.sample(steps, np.random.Generator(np.random.Philox(key=(_STREAM << 64) | root)))


def _point_mass(delay: int) -> Floats:
    law = np.zeros(delay + 1)
    law[delay] = 1.0
    return law


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise DelayError(f"The option {option} of the delays must be a number. Got {shown(text)}.") from None
    return int(value) if value.is_integer() else value
