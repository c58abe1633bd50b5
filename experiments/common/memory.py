"""How much memory there is, and the refusal of what needs more, before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from theory.common.errors import TooLargeError


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
        theory.common.errors.TooLargeError: The run would need 12 GB of memory and 2 GB are available. ...
    """
    available = available_memory() if limit is None else limit
    if needed > available:
        raise TooLargeError(
            f"The run would need {_gigabytes(needed)} of memory and {_gigabytes(available)} are available. Record "
            "fewer points (--record-every), or fewer seeds (--seeds)."
        )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.0f} GB" if size >= 1e11 else f"{size / 1e9:.3g} GB"
