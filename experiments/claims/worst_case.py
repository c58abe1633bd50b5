"""A worst-case question answered from both sides: solved, certified, and its worst function replayed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.claims.replay_witness import replay
from theory.common.errors import CertificateError
from theory.common.types import Progress
from theory.common.waiting import part
from theory.worst_case.answer import WorstCase, judged
from theory.worst_case.asking import Asked
from theory.worst_case.certificate.certify import Certificate, certified
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solve import SETTLED, SHORT, worst_case
from theory.worst_case.witness.check import Witness
from theory.worst_case.witness.find import SEARCH, witness

_CLOSING = 10.0  # seconds, by prediction


def answered(
    asked: Asked,
    *,
    dense: bool = False,
    certify: bool = True,
    seek: bool = True,
    keep: Callable[[Certificate], object] = lambda certificate: None,
    progress: Progress = lambda done, total: None,
) -> WorstCase:
    """The worst case of a question, with the bounds of the library beside it.

    Where the witness does not meet the value, pairs are added until none is broken.

    Args:
        asked: the question.
        dense: over all pairs of points, in cvxpy.
        certify: make a certificate of the multipliers, checked in exact integers.
        seek: look for the worst function and replay it.
        keep: called with the certificate before the search, which may be interrupted.
        progress: called with (done, total).

    >>> from theory.worst_case.asking import ask
    >>> found = answered(ask("1/L", staleness=1, steps=1))
    >>> round(found.upper, 4), round(found.lower, 4)
    (0.8, 0.8)
    """

    def tell(done: int, total: int, text: str) -> None:
        progress(done, total)

    def known(solution: Solution, begin: float, end: float, seconds: float = SEARCH) -> WorstCase:
        certificate, refusal = certified(solution) if certify else (None, None)
        if certificate is not None:
            keep(certificate)
        looking = part(tell, (begin + end) / 2, end)
        sought = seek and solution.multipliers is not None
        found = witness(solution, seconds=seconds, progress=looking) if sought else None
        lower = None if found is None else _replayed(found)
        return WorstCase(asked, solution, certificate, refusal, found, lower, judged(asked), sought=seek)

    # Steps that overflow are not solved, which the answer says.
    with np.errstate(over="ignore", invalid="ignore"):
        answer = known(worst_case(asked.question, dense=dense, progress=part(tell, 0.0, 0.4)), 0.4, 0.6)
        if _may_close(answer):
            # Where what is broken is next to nothing, the value will not fall by much.
            patience = _CLOSING if answer.solution.violation > SETTLED else SHORT
            closing, start = part(tell, 0.6, 0.8), answer.solution
            more = worst_case(asked.question, exact=True, start=start, patience=patience, progress=closing)
            answer = known(more, 0.8, 1.0, SEARCH / 2) if more.value < start.value else answer
    return answer


def _may_close(answer: WorstCase) -> bool:
    """Whether the witness is so far below that more pairs should lower the value; with noise it has other reasons."""
    solution, lower = answer.solution, answer.lower
    open_still = solution.status is Status.SOLVED and not solution.exact and answer.asked.question.variance == 0
    return open_still and answer.sought and (lower is None or lower < (1 - SETTLED) * solution.value)


def _replayed(found: Witness) -> float | None:
    try:
        return replay(found).lower
    except CertificateError:
        return None  # the run left the witness by rounding: the witness stands, and the answer says so
