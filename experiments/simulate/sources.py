"""What a kept kernel was compiled from, as a number, so that a change to any of it compiles the kernel anew.

numba's cache on the disk watches the file of the kernel alone. A variable of an enclosing scope enters its key.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def number_of_sources(*modules: str) -> int:
    """A positive number that stands for the text of these modules of this folder."""
    text = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in modules)
    return int(hashlib.sha256(text).hexdigest()[:15], 16) | 1
