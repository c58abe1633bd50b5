"""Changes of a file: of its bits, bytes and blocks, of what its text says, and of the headers of its format.

Each takes a random generator, the content and another right file; what it gives may be anything, but is never long.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from random import Random

Change = Callable[[Random, bytes, bytes], bytes]

_LONGEST = 200_000
_NUMBER = re.compile(rb"-?(?:0x)?[0-9a-f]*\.?[0-9]+(?:p[+-]?[0-9]+|e[+-]?[0-9]+)?")
_NUMBERS = (
    *(
        b"nan",
        b"inf",
        b"-inf",
        b"-1",
        b"1e400",
        b"1e-400",
        b"0",
        b"-0",
        b"1",
        b"2",
        b"0.5",
        b"",
        b"1e9",
        b"1_0",
        b"0x1",
    ),
    *(
        b"9" * 19,
        b"9" * 400,
        b"9" * 5000,
        b"9223372036854775808",
        b"2147483648",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"1"',
    ),
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"0x1.8p+1",
        b"0x1.0p+9999",
        b"1/0",
        "\u0663".encode(),
        b"00",
        b"+1",
        b"1.",
        b"'",
    ),
)
_WORDS = (
    *(
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"\r\n",
        b"\n",
        b",",
        b",,",
        b'"',
        b"\\",
        b":",
        b" ",
        b"\t",
        b"{",
    ),
    *(
        b"[" * 3000,
        b"{" * 50,
        b'{"a":' * 3000,
        b"min",
        b"mean",
        b"none",
        b"step",
        b"seed",
        b"sha256: ",
        b"digest ",
        b"/",
        b"-",
    ),
)


def flip(rng: Random, content: bytes, other: bytes) -> bytes:
    """Some bits, or one byte."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 8, 40))):
        at = _place(rng, changed)
        if changed:
            changed[at] = (
                changed[at] ^ (1 << rng.randrange(8)) if rng.random() < 0.7 else rng.choice((0, 255, 127, 128))
            )
    return bytes(changed)


def insert(rng: Random, content: bytes, other: bytes) -> bytes:
    """Bytes put in."""
    at = _place(rng, content)
    return content[:at] + rng.randbytes(rng.choice((1, 1, 2, 8, 300))) + content[at:]


def delete(rng: Random, content: bytes, other: bytes) -> bytes:
    """Bytes cut out."""
    at = _place(rng, content)
    return content[:at] + content[at + rng.choice((1, 1, 2, 8, 300)) :]


def truncate(rng: Random, content: bytes, other: bytes) -> bytes:
    """The end is missing."""
    return content[: rng.choice((_place(rng, content), max(0, len(content) - rng.randrange(1, 120))))]


def swap(rng: Random, content: bytes, other: bytes) -> bytes:
    """Two blocks change places."""
    a, b, c, d = sorted(rng.randrange(len(content) + 1) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def double(rng: Random, content: bytes, other: bytes) -> bytes:
    """A block stands twice, or many times."""
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:b] + content[a:b] * rng.choice((1, 1, 2, 20)) + content[b:]


def zeros(rng: Random, content: bytes, other: bytes) -> bytes:
    """A run of zeros, as after a crash of the system."""
    at, length = _place(rng, content), rng.choice((1, 8, 64, 512, 4096))
    return content[:at] + b"\x00" * min(length, len(content) - at) + content[at + length :]


def splice(rng: Random, content: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    at = rng.randrange(len(content) + 1)
    return content[:at] + other[rng.choice((min(at, len(other)), rng.randrange(len(other) + 1))) :]


def head(rng: Random, content: bytes, other: bytes) -> bytes:
    """Numbers of the first and last blocks, where formats keep lengths and places."""
    changed, size = bytearray(content), rng.choice((1, 2, 4, 8))
    for _ in range(rng.choice((1, 1, 2, 4))):
        near = rng.randrange(min(len(changed), 600) or 1)
        at = near if rng.random() < 0.6 else max(0, len(changed) - near - size)
        value = rng.choice((0, 1, 255, (1 << 8 * size) - 1, 1 << (8 * size - 1), rng.randrange(1 << 8 * size)))
        changed[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(changed)


def numbers(rng: Random, content: bytes, other: bytes) -> bytes:
    """Some numbers of a text are others."""
    found = list(_NUMBER.finditer(content))
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 2, 5)))), key=lambda m: -m.start()):
        content = content[: match.start()] + rng.choice(_NUMBERS) + content[match.end() :]
    return content


def words(rng: Random, content: bytes, other: bytes) -> bytes:
    """Something put in that means something, or should."""
    at = _place(rng, content)
    return content[:at] + rng.choice(_WORDS) + content[at + rng.choice((0, 0, 1, 4)) :]


def lines(rng: Random, content: bytes, other: bytes) -> bytes:
    """Lines cut, doubled, swapped, or taken from the other file."""
    told, given = content.split(b"\n"), other.split(b"\n")
    for _ in range(rng.choice((1, 1, 3))):
        at, way = rng.randrange(len(told) or 1), rng.randrange(5)
        if way == 0:
            told[at : at + 1] = []
        elif way == 1:
            told[at:at] = told[at : at + 1]
        elif way == 2 and told:
            to = rng.randrange(len(told))
            told[at], told[to] = told[to], told[at]
        elif way == 3:
            told[at:at] = [rng.choice(given)]
        else:
            told[at:at] = [rng.choice((b"", b" ", b"#", b"0", b"step,grad_norm", b"\x00"))]
    return b"\n".join(told)


def columns(rng: Random, content: bytes, other: bytes) -> bytes:
    """Two columns change places, in all lines or from some line on."""
    sign = rng.choice((b",", b" ", b": "))
    told, since = content.split(b"\n"), rng.choice((0, 0, 1, 3))
    return b"\n".join(_swapped(line.split(sign), sign) if at >= since else line for at, line in enumerate(told))


def _swapped(cells: Sequence[bytes], sign: bytes) -> bytes:
    return sign.join((*cells[1:2], *cells[:1], *cells[2:]))


def encoding(rng: Random, content: bytes, other: bytes) -> bytes:
    """Other line ends, a byte-order mark, or another encoding."""
    text = content.decode("latin-1")
    return rng.choice(
        (
            lambda: content.replace(b"\n", b"\r\n"),
            lambda: content.replace(b"\n", b"\r"),
            lambda: b"\xef\xbb\xbf" + content,
            lambda: text.encode("utf-16"),
            lambda: text.encode("utf-32"),
            lambda: text.encode("utf-16-le"),
            lambda: content + rng.choice((b"\n", b"\x00", b"\x1a", b" ", b"\n\n\n")),
            lambda: text.replace("1", "\uff11").encode(),
            lambda: text.replace("e", "\u0435").encode(),
        )
    )()


def inner(rng: Random, content: bytes, other: bytes) -> bytes:
    """The members of an archive are changed, and packed again with the right checksums."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, member in members.items():
            changed = rng.choice(_INNER)(rng, member, rng.choice(tuple(members.values())))
            archive.writestr(name, changed if rng.random() < 0.7 else member)
    return packed.getvalue()


_INNER: tuple[Change, ...] = (flip, insert, delete, truncate, splice, head, head, numbers, numbers)
BINARY: tuple[Change, ...] = (flip, flip, insert, delete, truncate, swap, double, zeros, splice, head, head)
TEXTUAL: tuple[Change, ...] = (*BINARY[:-2], numbers, numbers, numbers, words, lines, columns, encoding)


def mutated(rng: Random, content: bytes, other: bytes, changes: Sequence[Change]) -> bytes:
    """The content after one change or a few."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        content = rng.choice(changes)(rng, content, other)[:_LONGEST]
    return content


def _place(rng: Random, content: Sequence[int]) -> int:
    return rng.randrange(len(content)) if content else 0
