"""Numbers as programs print them: read by their digits alone, and only where they are written in ASCII."""

from __future__ import annotations

import re
from decimal import Decimal

# Only ASCII is matched, whatever else Unicode calls a digit. In one way alone, or thousands of digits take seconds.
UNSIGNED = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"

#: A number on its own, as in a file of numbers.
NUMBER = re.compile(rf"[+-]?{UNSIGNED}")

#: No whole number of a file is meant to be larger; what is, is cut to it, so that it fits an array.
HUGE = 1 << 62


def whole_from_text(text: str) -> int | None:
    """The whole number that a text spells, cut at +-2^62; None where it spells none.

    >>> [whole_from_text(text) for text in ("7", "7.00", "7.000000000000000000e+00", ".7e1", "7.5", "7_0")]
    [7, 7, 7, 7, None, None]
    """
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    if not NUMBER.fullmatch(text):
        return None
    mantissa, _, exponent = text.lower().partition("e")
    if not mantissa.strip("+-0."):
        return 0
    if len(exponent) > 9:  # no mantissa is long enough to make up for it
        return None if exponent[0] == "-" else _cut(mantissa)
    number = Decimal(text)
    if number.adjusted() > 17:
        return _cut(mantissa)
    return int(number) if number.adjusted() >= 0 and number == number.to_integral_value() else None


def _cut(mantissa: str) -> int:
    return -HUGE if mantissa.startswith("-") else HUGE
