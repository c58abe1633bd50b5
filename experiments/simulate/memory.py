"""How much memory a run will take, and how much there is: known before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from experiments.simulate.trajectories import MEASURES
from theory.errors import TooLargeError

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
) -> int:
    """The memory that `simulate` allocates, but for the problem's own data.

    Recordings are 7 S R numbers. The fused engine keeps for each seed a ring of points, of as many full gradients if
    coherence is measured, and a few vectors; the black box keeps one such ring, the naive engine the whole history.

    Args:
        dimension: d.
        steps: T.
        seeds: S.
        window: the staleness s.
        record_every: distance between two recorded points; R = ceil(T / record_every) + 1.
        coherence: whether coherence is measured.
        engine: "fused", "black-box" or "naive".

    Returns:
        Bytes.

    Example:
        >>> round(predicted_memory(100, 10**6, 32, window=8) / 1e9, 2)
        1.79
    """
    recorded = len(MEASURES) * seeds * (-(-steps // record_every) + 1)
    kept = min(window, steps + 1)
    vectors = {
        "fused": seeds * (max(2, kept) + (kept if coherence else 1) + 4),
        "black-box": 2 * kept + 6 + seeds,
        "naive": 2 * (steps + 1) + seeds,
    }
    return _NUMBER * (recorded + vectors[engine] * dimension)


def available_memory() -> int:
    """Bytes that can be allocated without swapping; on systems that do not tell, the memory that is fitted."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        names = ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES")
        pages = next((os.sysconf(name) for name in names if name in os.sysconf_names), 1 << 40)
        return pages * (os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 1)


def check_memory(needed: int, limit: int | None = None) -> None:
    """Refuse what needs more bytes than `limit`, or than there are.

    Raises:
        TooLargeError: with both numbers and the remedies.

    Example:
        >>> check_memory(12 * 10**9, limit=2 * 10**9)
        Traceback (most recent call last):
        theory.errors.TooLargeError: The run would need 12 GB of memory and 2 GB are available. ...
    """
    available = available_memory() if limit is None else limit
    if needed > available:
        raise TooLargeError(
            f"The run would need {_gigabytes(needed)} of memory and {_gigabytes(available)} are available. Record "
            "fewer points (--record-every), or fewer seeds (--seeds)."
        )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.0f} GB" if size >= 1e11 else f"{size / 1e9:.3g} GB"
