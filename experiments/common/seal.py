"""A seal at the end of a result file: the digest of all bytes before it, compared before anything else looks at them.

The C library that reads HDF5 is not made for damaged files. With a seal none reaches it: a file is whole or refused by
its digest alone. Readers of HDF5 take no notice of what lies behind the end that the file states itself.
"""

from __future__ import annotations

import hashlib
import re

from theory.common.errors import StoreError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MARK = b"\ngradlag seal sha256 "
_SEAL = re.compile(re.escape(_MARK) + rb"([0-9a-f]{64})\n")
_LENGTH = len(_MARK) + 65
# Where an HDF5 file states its length, by the version of its first block.
_STATED_AT = {0: 40, 1: 44, 2: 28, 3: 28}


def sealed(content: bytes) -> bytes:
    """The content with its seal.

    >>> unsealed(sealed(b"content"))
    b'content'
    """
    return content + _MARK + hashlib.sha256(content).hexdigest().encode() + b"\n"


def unsealed(content: bytes, *, always: bool = False) -> bytes:
    """The content of a sealed file; a file from before there were seals is given back if its length is as it states.

    Args:
        content: all bytes of the file.
        always: whether files of this sort have always had a seal, so that one without is refused.

    Raises:
        StoreError: it is cut off, damaged or altered, or is no such file at all.
    """
    seal = _SEAL.fullmatch(content[-_LENGTH:])
    if seal is None:
        if always or _stated_length(content) != len(content):
            raise StoreError("It is not a complete netCDF file.")
        return content
    body = content[:-_LENGTH]
    if hashlib.sha256(body).hexdigest().encode() != seal[1]:
        raise StoreError("It was altered or damaged: its seal does not fit.")
    return body


def _stated_length(content: bytes) -> int | None:
    """The length that an HDF5 file states in its first block."""
    place = _STATED_AT.get(content[8]) if content.startswith(_HDF5) and len(content) > 60 else None
    return None if place is None else int.from_bytes(content[place : place + 8], "little")
