"""Indices and constraints as plain text, for refusals; nothing is decided by it."""

from __future__ import annotations

from typing import Any


def index(core: tuple[Any, ...], offset: int) -> str:
    """k, tau(k+1), update(j), T-1."""
    inner = f"{core[0]}({index(core[1], core[2])})" if len(core) == 3 else str(core[-1])
    inner = f"b{core[1]}" if core[0] == "b" else inner
    return f"{inner}{offset:+d}" if offset else inner


def constraint(left: tuple[Any, ...], right: tuple[Any, ...], gap: int) -> str:
    """A <= b + gap."""
    return f"{index(left, 0)} <= {index(right, 0)}{gap:+d}"
