"""What the runs with Theorem 1's steps say: the words beside a bound, and the comparison with the tuned step."""

from __future__ import annotations

from collections.abc import Mapping


def word(
    value: float | None,
    least: Mapping[str, float],
    *,
    proved: bool,
    exceeded: bool,
    coherence: tuple[float, float] | None,
) -> str:
    """What can be said of a bound beside a measured least mean.

    A bound holds only if every constant in it is at least its upper bound and no coherence is assumed: coherence is
    measured at some k only. With estimates it is met as if they were the constants, unless the runs exceeded them.

    Args:
        value: of the bound, None outside its domain.
        least: "low" and "high" of the measured mean.
        proved: whether all constants are; exceeded: whether a run met a larger secant or variance than is put in.
        coherence: the smallest mu_k of the runs and the mu that is assumed; None where none is.

    Returns:
        "no bound", "assumption broken", "estimates exceeded", "holds", "as if", "undecided" or "contradicted".

    Example:
        >>> word(1.0, {"low": 0.1, "high": 0.2}, proved=False, exceeded=False, coherence=None)
        'as if'
        >>> word(1.0, {"low": 0.1, "high": 0.2}, proved=True, exceeded=False, coherence=(-0.3, 0.5))
        'assumption broken'
    """
    if value is None:
        return "no bound"
    if coherence is not None and not coherence[0] >= coherence[1]:
        return "assumption broken"
    if exceeded:
        return "estimates exceeded"
    if least["low"] > value:
        return "contradicted"
    if least["high"] > value:
        return "undecided"
    return "holds" if proved and coherence is None else "as if"
