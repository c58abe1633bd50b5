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


def _packed(file: str, needed: str) -> str:
    font = TTFont(file, recalcTimestamp=False)  # the same bytes whenever it is made
    for features in ("GDEF", "GPOS", "GSUB"):  # none is used, and they take longer to read than all the rest
        if features in font:
            del font[features]
    options = Options()
    options.flavor, options.hinting, options.layout_features = "woff", False, []
    options.drop_tables += ["FFTM", "PfEd"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=map(ord, needed))
    subsetter.subset(font)
    font.flavor = "woff"
    written = io.BytesIO()
    font.save(written)
    return b64encode(written.getvalue()).decode()
