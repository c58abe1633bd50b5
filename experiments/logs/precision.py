"""How precise the numbers of a log are: by the digits that were printed, and by the floats that hold them.

A number printed with three digits may stand for anything that rounds to it. Where every number of a log is one that a
16-bit float holds, it may have been computed in one; where six digits or fewer are printed, that cannot be seen, and is
allowed for. A contradiction must be larger than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.common.types import Floats

# Norms are usually computed in float32; a sum of many squares loses some bits more.
_SINGLE, _HALF, _BRAIN = 2.0**-20, 2.0**-10, 2.0**-7
# What is printed of a double with all its digits differs from it by less.
_DOUBLE = 2.0**-50
# A norm whose sum of squares overflows is at least as large, in a 16-bit float and in float32.
_HALF_END, _SINGLE_END = 255.0, 2.0**64
# Digits that may hide a 16-bit float, what it is then allowed; and half the least number of such a one, and of float32.
_FEW, _HIDDEN, _TINY, _TINIEST = 6, 2.0**-8, 2.0**-25, 2.0**-150
# Of no finite number no decimals are seen.
_LEAST = -308


@dataclass
class Digits:
    """The most digits seen: significant ones, and decimals.

    Where numbers of one digit are written without an exponent, their decimals say what they were rounded to.
    """

    significant: int = 1
    decimals: int = -400

    def see(self, text: str) -> None:
        """Take in one number as it is written."""
        mantissa, _, exponent = text.lower().partition("e")
        whole, _, after = mantissa.lstrip("+-").partition(".")
        self.significant = max(self.significant, len((whole + after).lstrip("0")), 1 if exponent else 2)
        if len(exponent) < 5:
            self.decimals = max(self.decimals, len(after) - int(exponent or 0))

    def allowance(self, values: Floats) -> Floats:
        """By how much each value may be off.

        >>> digits = Digits()
        >>> for text in ("3", "1.5", "0.75"):
        ...     digits.see(text)
        >>> digits.allowance(np.array([3.0, 0.3])).round(4).tolist()
        [0.0617, 0.0062]
        """
        size = np.abs(np.where(np.isfinite(values), values, 0.0))
        held = _held(size)
        least = _TINY if self._few or held > _SINGLE else _TINIEST
        computed = np.maximum(max(held, _HIDDEN if self._few else 0.0) * size, least)
        return np.asarray(self._unit(size) / 2 + computed, dtype=np.float64)

    def rounding(self, values: Floats) -> Floats:
        """By how much each value may be off where it was computed exactly; 0 where all digits of it are printed.

        >>> digits = Digits()
        >>> for text in ("0.53", "2.10"):
        ...     digits.see(text)
        >>> digits.rounding(np.array([0.53, 2.1, np.inf])).tolist()
        [0.005, 0.005, 0.005]
        """
        size = np.abs(np.where(np.isfinite(values), values, 0.0))
        printed = self._unit(size) / 2
        return np.asarray(np.where(printed > _DOUBLE * size, printed, 0.0), dtype=np.float64)

    def _unit(self, size: Floats) -> Floats:
        """What the last digit that is printed counts."""
        with np.errstate(divide="ignore"):
            leading = np.where(size > 0, np.floor(np.log10(size)), -400.0)
        last = np.maximum(10.0 ** (leading - self.significant + 1), 10.0 ** -float(max(self.decimals, _LEAST)))
        return np.asarray(last, dtype=np.float64)

    def overflow(self, values: Floats) -> float:
        """The least norm that may stand there as infinite, by the floats that hold the others."""
        short = self._few or _held(np.abs(np.where(np.isfinite(values), values, 0.0))) == _HALF
        return _HALF_END if short else _SINGLE_END

    @property
    def _few(self) -> bool:
        """Whether so few digits were printed that a 16-bit float may hide behind them."""
        return self.significant <= _FEW or self.decimals <= _FEW - 2


def _held(size: Floats) -> float:
    """The relative precision of the shortest floats that hold all these values exactly."""
    # What no such float holds becomes infinite or zero, and is not equal.
    with np.errstate(over="ignore", under="ignore"):
        single = size.astype(np.float32)
        if not (single == size).all():
            return _SINGLE
        if not (single.view(np.uint32) & 0xFFFF).any():
            return _BRAIN
        return _HALF if (size.astype(np.float16) == size).all() else _SINGLE
