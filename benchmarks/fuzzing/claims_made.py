"""Accepted certificates and witnesses: whether what they state is true, asked in another way.

A certificate bounds the gradients of every function: runs on parabolas, in exact fractions, must stay below it. A
witness states that a function exists: its interpolation inequalities are evaluated again, all pairs, in fractions.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from fuzzing.verdicts import require
from gradlag.commands.verify import verify
from theory.worst_case.certificate.verify import Verified, verify_file
from theory.worst_case.witness.file import read

_CURVATURES = tuple(Fraction(place, 12) for place in range(1, 13))
_MOST_WORK = 400


def certificate_stands(path: Path, content: bytes) -> tuple[Any, ...]:
    """What a certificate states, once no parabola refutes it."""
    told = verify(path)
    checked = verify_file(path)
    require(told["statement"] == checked.statement, "the door tells another statement")
    if checked.claim.steps <= _MOST_WORK:
        for share in _CURVATURES:
            _meet_parabola(checked, share)
    return checked.statement, checked.upper


def _meet_parabola(checked: Verified, share: Fraction) -> None:
    """F = c x^2/2 with c = share L, from F(x_0) = Delta, without noise: grad F(x_k) = c x_k."""
    claim = checked.claim
    curvature = share * Fraction(claim.smoothness)
    points = [Fraction(1)]
    for k, (step, delay) in enumerate(zip(claim.step_sizes, claim.delays, strict=True)):
        points.append(points[k] - Fraction(step) * curvature * points[k - delay])
    if claim.coherence is not None and not _coherent(points, claim.staleness, Fraction(claim.coherence)):
        return
    squares = [2 * Fraction(claim.gap) * curvature * point * point for point in points]
    total = sum(map(Fraction, claim.step_sizes))
    weighted = sum(Fraction(step) * square for step, square in zip(claim.step_sizes, squares, strict=False))
    reached = min(squares) if claim.measure == "min" else (weighted / total if total else Fraction(0))
    require(reached <= checked.upper, f"false: a parabola reaches {float(reached)}, above {float(checked.upper)}")


def _coherent(points: list[Fraction], staleness: int, mu: Fraction) -> bool:
    return all(
        points[k] * points[t] >= mu * points[k] ** 2
        for k in range(1, len(points) - 1)
        for t in range(max(0, k - staleness + 1), k)
    )


def witness_stands(path: Path, content: bytes) -> tuple[Any, ...]:
    """What a witness states, once its inequalities hold in fractions."""
    told, witness = verify(path), read(path)
    question, steps = witness.question, witness.question.steps
    smoothness = Fraction(question.smoothness)
    slopes = [witness.gradient(k) for k in range(steps + 1)]
    points = [[Fraction(0)] * witness.dimension]
    for k, (step, delay) in enumerate(zip(question.step_sizes.tolist(), question.delays.tolist(), strict=True)):
        points.append([x - Fraction(step) * g for x, g in zip(points[k], slopes[k - delay], strict=True)])
    for i in range(steps + 1):
        require(2 * smoothness * witness.values[i] >= _square(slopes[i]), f"f_{i} is too small")
        for j in range(i):
            far = [a - b for a, b in zip(points[i], points[j], strict=True)]
            turned = [a - b for a, b in zip(slopes[i], slopes[j], strict=True)]
            inner = sum((a + b) * d for a, b, d in zip(slopes[i], slopes[j], far, strict=True))
            room = smoothness * _square(far) - _square(turned) / smoothness
            require(room >= abs(4 * (witness.values[i] - witness.values[j]) - 2 * inner), f"no function at {i}, {j}")
    require(witness.values[0] <= Fraction(question.gap), "the gap is larger than stated")
    return told["statement"], witness.value


def _square(vector: list[Fraction]) -> Fraction:
    return sum((x * x for x in vector), Fraction(0))
