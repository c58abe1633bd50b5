"""How much memory a run will take, known before anything is allocated."""

from __future__ import annotations

from experiments.simulate.measured import MEASURES

_NUMBER = 8  # bytes


def predicted_memory(
    dimension: int,
    steps: int,
    seeds: int,
    *,
    window: int,
    record_every: int = 1,
    coherence: bool = True,
    engine: str = "fused",
    kept_terms: int = 1,
) -> int:
    """The memory that `simulate` allocates, but for the problem's own data.

    Recordings are 7 S R numbers. The fused engine keeps for each seed a ring of points, of as many full gradients if
    coherence is measured, the gradients and moves that the method still weighs, and a few vectors; the black box keeps
    one such ring, the naive engine the whole history.

    Args:
        dimension: d.
        steps: T.
        seeds: S.
        window: the staleness s.
        record_every: distance between two recorded points; R = ceil(T / record_every) + 1.
        coherence: whether coherence is measured.
        engine: "fused", "black-box" or "naive".
        kept_terms: A + M, how many gradients and moves a step weighs.

    Returns:
        Bytes.

    Example:
        >>> round(predicted_memory(100, 10**6, 32, window=8) / 1e9, 2)
        1.79
    """
    recorded = len(MEASURES) * seeds * (-(-steps // record_every) + 1)
    kept = min(window, steps + 1)
    vectors = {
        "fused": seeds * (max(2, kept) + (kept if coherence else 1) + 3 + kept_terms),
        "black-box": 2 * kept + 5 + kept_terms + seeds,
        "naive": 3 * (steps + 1) + seeds,
    }
    return _NUMBER * (recorded + vectors[engine] * dimension)
