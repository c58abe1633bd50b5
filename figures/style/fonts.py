"""The letters that pictures need, as fonts within a page or a file: text stays text, as wide wherever it is read.

matplotlib brings the fonts, whose licences allow to embed them; only the characters that occur are kept.
"""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from html import unescape
from typing import Literal, NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont

_TEXT = re.compile(r'<(?:text|tspan)[^>]*style="([^"]*font-family: \'([^\']+)\'[^"]*)"[^>]*>([^<]+)')


class Face(NamedTuple):
    """A font as a picture names it."""

    family: str
    weight: str
    slant: Literal["normal", "italic"]


def characters(pictures: Iterable[str]) -> Mapping[Face, str]:
    """The characters that SVG documents show in each font, each once and in order."""
    found: dict[Face, set[str]] = defaultdict(set)
    for picture in pictures:
        for told, family, text in _TEXT.findall(picture):
            weight = "bold" if "font-weight: 700" in told else "normal"
            face = Face(family, weight, "italic" if "italic" in told or "oblique" in told else "normal")
            found[face] |= set(unescape(text))
    return {face: "".join(sorted(found[face])) for face in sorted(found)}


def font_faces(pictures: Iterable[str]) -> str:
    """CSS that brings the fonts of SVG documents."""
    return "\n".join(_rule(face, needed) for face, needed in characters(pictures).items())


@cache
def _rule(face: Face, needed: str) -> str:
    file = findfont(FontProperties(family=face.family, weight=face.weight, style=face.slant), fallback_to_default=False)
    slant = "oblique" if face.slant == "italic" and face.family == "DejaVu Sans" else face.slant
    return (
        f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight}; font-style: {slant}; '
        f"src: url(data:font/woff;base64,{_packed(file, needed)}) format('woff'); }}"
    )


# Latin and Greek letters, dashes, arrows and signs of formulas: nearly all that pictures show.
_USUAL = frozenset((*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2010, 0x2060), *range(0x2190, 0x2270)))


@cache
def _usual(file: str) -> bytes:
    """A font with the usual characters alone: what a picture needs is cut out of it in a fifth of the time."""
    return _cut(file, _USUAL)


def _packed(file: str, needed: str) -> str:
    codes = frozenset(map(ord, needed))
    return b64encode(_cut(io.BytesIO(_usual(file)) if codes <= _USUAL else file, codes, "woff")).decode()


def _cut(file: str | io.BytesIO, codes: frozenset[int], form: Literal["woff"] | None = None) -> bytes:
    """The part of a font with these characters, in this form."""
    font = TTFont(file, recalcTimestamp=False)  # the same bytes whenever it is made
    for features in ("GDEF", "GPOS", "GSUB"):  # none is used, and they take longer to read than all the rest
        if features in font:
            del font[features]
    options = Options()
    options.flavor, options.hinting, options.layout_features = form, False, []
    # Of tables on the layout of text nothing is left without their features, but reading them takes most of the time.
    options.drop_tables += ["FFTM", "PfEd", "GDEF", "GPOS", "GSUB", "MATH"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(codes))
    subsetter.subset(font)
    font.flavor = form
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()
