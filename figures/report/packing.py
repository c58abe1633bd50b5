"""What a page carries small: text deflated, which its script opens."""

from __future__ import annotations

import zlib
from base64 import b64encode


def packed(text: str) -> str:
    """Text as base64 of raw deflate, as DecompressionStream("deflate-raw") reads it."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b64encode(made.compress(text.encode()) + made.flush()).decode()
