"""The text of a certificate: what it states, its multipliers, and the one spelling that both have.

Part of what `verify` trusts. A text is read strictly (nothing is evaluated, sizes are bounded first), and it counts if
writing its numbers gives the same text again, byte for byte.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.common.errors import StoreError

HEADER = "gradlag certificate 1"
FIELDS = ("steps", "staleness", "measure", "L", "Delta", "sigma^2", "coherence", "unit")
#: The kinds of multipliers in the order of the file, and how many indices each has.
KINDS = {
    **{"start": 0, "mean": 0, "pair": 2, "floor": 1, "measure": 1, "coherent": 2},
    **{"noise": 1, "gradient": 2, "noises": 2},
}
MOST_BYTES, MOST_STEPS = 1 << 25, 100_000
_INDEX, _WHOLE = re.compile("0|[1-9][0-9]{0,5}"), re.compile("-?[1-9][0-9]{0,199}")
_FLOAT = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-][0-9]{1,4}")

Table = Mapping[tuple[int, ...], int]


@dataclass(frozen=True)
class Statement:
    """What a certificate is about. Step k takes x_k to x_{k+1}, k = 0..T-1; floats mean the exact numbers they are.

    With weights, x_{k+1} = x_k - sum_i w_{k,i} g_{k-i-d_{k-i}} + sum_j m_j (x_{k+1-j} - x_{k-j}), i = 0, 1, .. and
    j = 1, 2, .., x_j = x_0 for j < 0, in place of the steps; with noise, each such gradient has e_{k-i} with it.

    Args:
        step_sizes: eta_k; delays: d_k.
        staleness: s, larger than every delay; with a coherence it says which gradients are assumed coherent.
        measure: "min" over x_0..x_T, or "mean" over x_0..x_{T-1} weighted by the steps.
        smoothness: L; gap: Delta; variance: sigma^2; coherence: mu, or None.
        weights: w, a row of the same length for each step, or none at all; moves: m.
    """

    step_sizes: tuple[float, ...]
    delays: tuple[int, ...]
    staleness: int
    measure: str
    smoothness: float
    gap: float
    variance: float
    coherence: float | None
    weights: tuple[tuple[float, ...], ...] = ()
    moves: tuple[float, ...] = ()

    @property
    def steps(self) -> int:
        """T."""
        return len(self.step_sizes)

    @property
    def noisy(self) -> bool:
        """Whether there are e_k at all."""
        return self.variance > 0

    def sentence(self, upper: Fraction) -> str:
        """The claim in words, with the bound rounded up."""
        square, run, product = "|grad F(x_k)|^2", "grad F(x_{k-d_k})", "<grad F(x_k), grad F(x_t)>"
        constants: dict[str, float] = {"T": self.steps, "L": self.smoothness, "Delta": self.gap}
        assumed = ["F(x_0) - inf F <= Delta"]
        if self.noisy:
            square, run, product = f"E{square}", f"({run} + e_k)", f"E{product}"
            assumed += ["E[e_k | x_0, e_0..e_{k-1}] = 0", "E|e_k|^2 <= sigma^2"]
            constants["sigma^2"] = self.variance
        taken = f"eta_k {run}"
        if self.weights:
            run = "grad F(x_{k-i-d_{k-i}})"
            run = f"({run} + e_{{k-i}})" if self.noisy else run
            taken = f"sum_i w_{{k,i}} {run} + sum_j m_j (x_{{k+1-j}} - x_{{k-j}})"
        assumed += [f"x_{{k+1}} = x_k - {taken} for k = 0..T-1"]
        if self.coherence is not None:
            assumed += [f"{product} >= mu {square} for max(0, k-s+1) <= t < k < T"]
            constants |= {"mu": self.coherence, "s": self.staleness}
        mean = f"the mean over x_0..x_{{T-1}}, weighted by the steps, of {square}"
        what = mean if self.measure == "mean" else f"the minimum over x_0..x_T of {square}"
        values = ", ".join(f"{name} = {value!r}" for name, value in constants.items())
        return (
            f"For every L-smooth F with {', '.join(assumed)}: {what} is at most {rounded_up(upper)!r}, "
            f"where {values}, for the {'weights w and m' if self.weights else 'steps eta_k'} and the delays d_k of the "
            "certificate."
        )


@dataclass(frozen=True)
class Argument:
    """The multipliers: integers over 2^unit, by kind (one of KINDS) and indices."""

    unit: int
    tables: Mapping[str, Table]

    def total(self, kind: str) -> int:
        """The sum of the multipliers of a kind."""
        return sum(self.tables[kind].values())


def rounded_up(value: Fraction) -> float:
    """The least float that is at least `value`.

    >>> rounded_up(Fraction(1, 4)), Fraction(rounded_up(Fraction(1, 3))) > Fraction(1, 3)
    (0.25, True)
    """
    try:
        nearest = float(value)
    except OverflowError:
        return math.inf
    return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)


# ------------------------------------------------------------------------------------------------------------- writing


def spelled(claim: Statement, argument: Argument, upper: Fraction, probe: Fraction) -> str:
    """The text of a certificate, the only one with these numbers; `probe` is z'Sz for z_u = probe_weight(u)."""
    mu = "none" if claim.coherence is None else claim.coherence.hex()
    constants = (claim.smoothness.hex(), claim.gap.hex(), claim.variance.hex(), mu)
    values = (claim.steps, claim.staleness, claim.measure, *constants, argument.unit)
    lines = [HEADER, f"claim: {claim.sentence(upper)}"]
    lines += [f"{name}: {value}" for name, value in zip(FIELDS, values, strict=True)]
    steps = zip(claim.step_sizes, claim.delays, strict=True)
    lines += [f"step {k} {step.hex()} {delay}" for k, (step, delay) in enumerate(steps)]
    lines += [" ".join(("weights", str(k), *map(float.hex, row))) for k, row in enumerate(claim.weights)]
    lines += [" ".join(("moves", *map(float.hex, claim.moves)))] if claim.weights else []
    for kind in KINDS:
        lines += [f"{named(kind, key)} {n}" for key, n in sorted(argument.tables[kind].items())]
    lines += [f"upper: {upper}", f"probe: {probe}", f"sum: {_sum(claim, argument)}"]
    body = "\n".join(lines) + "\n"
    return f"{body}sha256: {_digest(body)}\n"


def named(kind: str, key: tuple[int, ...]) -> str:
    """An inequality, as in `pair 3 4`."""
    return " ".join((kind, *map(str, key)))


def probe_weight(place: int) -> int:
    """An odd number between 2^20 and 2^21, different at each place below 2^19."""
    return (1 << 20) + 1 + 2 * (place * 0x1B873593 % (1 << 19))


def _sum(claim: Statement, argument: Argument) -> Fraction:
    """The numbers of the statement, added up with different weights."""
    numbers = (Fraction(argument.unit), *_numbers(claim))
    return sum((probe_weight(place) * number for place, number in enumerate(numbers)), Fraction(0))


def _numbers(claim: Statement) -> Iterator[Fraction]:
    yield from map(Fraction, (claim.staleness, claim.smoothness, claim.gap, claim.variance, claim.coherence or 0))
    for step, delay in zip(claim.step_sizes, claim.delays, strict=True):
        yield from (Fraction(step), Fraction(delay))
    for weights in (*claim.weights, claim.moves):
        yield from map(Fraction, weights)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("ascii")).hexdigest()


# ------------------------------------------------------------------------------------------------------------- reading


def read(text: str) -> tuple[Statement, Argument]:
    """The numbers of a certificate whose digest fits.

    Raises:
        StoreError: the text is no certificate, or no run can have such steps, delays and constants.
    """
    lines = _lines(text)
    fields = {name: _field(name, line) for name, line in zip(FIELDS, lines[2:10], strict=True)}
    steps = _index(fields["steps"], MOST_STEPS)
    rows = [line.split(" ") for line in lines[10 : 10 + steps]]
    if not 0 < steps == len(rows) or any(row[:2] != ["step", str(k)] or len(row) != 4 for k, row in enumerate(rows)):
        raise StoreError(f"The certificate has to state its {steps} steps as `step k eta_k d_k`, k = 0..{steps - 1}.")
    weights, moves, ended = _weights(lines, 10 + steps, steps)
    claim = Statement(
        step_sizes=tuple(_number(row[2]) for row in rows),
        delays=tuple(_index(row[3], k) for k, row in enumerate(rows)),
        staleness=_index(fields["staleness"], MOST_STEPS),
        measure=fields["measure"],
        smoothness=_number(fields["L"]),
        gap=_number(fields["Delta"]),
        variance=_number(fields["sigma^2"]),
        coherence=None if fields["coherence"] == "none" else _number(fields["coherence"]),
        weights=weights,
        moves=moves,
    )
    _refuse_impossible(claim)
    return claim, Argument(_index(fields["unit"], 400), _tables(lines[ended:-4]))


def _weights(
    lines: Sequence[str], begun: int, steps: int
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...], int]:
    """The weights of a method where there are any, and the line behind them."""
    if not "".join(lines[begun : begun + 1]).startswith("weights "):
        return (), (), begun
    rows = [line.split(" ") for line in lines[begun : begun + steps + 1]]
    wrong = len(rows) <= steps or any(row[:2] != ["weights", str(k)] for k, row in enumerate(rows[:-1]))
    if wrong or rows[-1][0] != "moves" or len({len(row) for row in rows[:-1]}) != 1 or len(rows[0]) < 3:
        raise StoreError("The weights of a method are stated as `weights k w_k0 w_k1 ..`, one row a step, and `moves`.")
    weights = tuple(tuple(map(_number, row[2:])) for row in rows[:-1])
    return weights, tuple(map(_number, rows[-1][1:])), begun + steps + 1


def _lines(text: str) -> list[str]:
    if len(text) > MOST_BYTES or not text.isascii() or not text.startswith(f"{HEADER}\n"):
        raise StoreError(f"A certificate is plain text of at most {MOST_BYTES >> 20} MiB that opens with `{HEADER}`.")
    body, _, digest = text.rpartition("sha256: ")
    if digest != f"{_digest(body)}\n":
        raise StoreError("The certificate was changed or cut after it was written: its digest does not fit.")
    lines = text.split("\n")[:-1]
    if len(lines) < len(FIELDS) + 7:
        raise StoreError(f"The certificate ends after {len(lines)} lines, too early to state anything.")
    return lines


def _field(name: str, line: str) -> str:
    if not line.startswith(f"{name}: "):
        raise StoreError(f"The certificate has to state `{name}: ...` here. Got {line[:60]!r}.")
    return line[len(name) + 2 :]


def _index(word: str, most: int) -> int:
    if not _INDEX.fullmatch(word) or int(word) > most:
        raise StoreError(f"A count, an index or a delay is a whole number, here of at most {most}. Got {word[:30]!r}.")
    return int(word)


def _number(word: str) -> float:
    value = _from_hex(word) if _FLOAT.fullmatch(word) else math.nan
    if not math.isfinite(value) or word != value.hex() or word == "-0x0.0p+0":
        raise StoreError(f"A number has to be spelled as 0x1.8000000000000p+1 is. Got {word[:30]!r}.")
    return value


def _from_hex(word: str) -> float:
    try:
        return float.fromhex(word)
    except OverflowError:
        return math.inf


def _refuse_impossible(claim: Statement) -> None:
    if claim.measure not in ("min", "mean") or not (claim.smoothness > 0 and claim.gap > 0 and claim.variance >= 0):
        raise StoreError("A certificate states `min` or `mean`, positive L and Delta, and sigma^2 of at least 0.")
    if claim.weights and claim.measure == "mean":
        raise StoreError("A certificate states weights for the minimum.")
    if any(any(row[k + 1 :]) for k, row in enumerate(claim.weights)):
        raise StoreError("A certificate cannot weigh a gradient that comes before the first step.")
    if min(claim.step_sizes) < 0 or max(claim.delays) >= claim.staleness:
        raise StoreError("A certificate states steps of at least 0 and delays below the staleness.")


def _tables(lines: Sequence[str]) -> dict[str, dict[tuple[int, ...], int]]:
    tables: dict[str, dict[tuple[int, ...], int]] = {kind: {} for kind in KINDS}
    for line in lines:
        kind, *words = line.split(" ")
        if kind not in KINDS or len(words) != KINDS[kind] + 1 or not _WHOLE.fullmatch(words[-1]):
            raise StoreError(f"A multiplier is an inequality, its indices and a whole number. Got {line[:60]!r}.")
        tables[kind][tuple(_index(word, MOST_STEPS) for word in words[:-1])] = int(words[-1])
    return tables
