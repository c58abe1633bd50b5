"""How every figure looks: sizes, colours that colour-blind readers can tell apart, direct labels, exact files.

Two hues tell the two chains of the ladder apart, and a line style tells rungs of one hue apart, so that no figure
depends on colour alone. Files are the same bytes for the same results.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import Bbox
from matplotlib.typing import LineStyleType

from figures.style.fonts import font_faces

# A PDF made at a fixed date has fonts of a fixed date, which the library that embeds them finds worth a remark.
logging.getLogger("fontTools").setLevel(logging.ERROR)

COLUMN, REPORT, PAGE = 3.3, 4.8, 7.2  # widths in inches: a journal's column, the report's column, a full page

INK, MUTED, GRID, PAPER = "#1b1f2a", "#687083", "#dfe2e9", "#ffffff"
# Okabe and Ito's colours, darkest first within a hue.
BLUE, SKY, VERMILLION, ORANGE = "#0072b2", "#56b4e9", "#d55e00", "#e69f00"
GREEN, PURPLE = "#009e73", "#cc79a7"
DARK_BLUE, DARK_VERMILLION = "#013a63", "#7f2a00"
CATEGORIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
# viridis from dark to light, without its faint yellow end: one colour for each doubling of the staleness.
ORDERED = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#c7b70a")
THEME = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    PAPER: "paper",
    BLUE: "blue",
    SKY: "sky",
    VERMILLION: "vermillion",
    ORANGE: "orange",
    GREEN: "green",
    PURPLE: "purple",
    DARK_BLUE: "dark-blue",
    DARK_VERMILLION: "dark-vermillion",
    **{colour: f"ordered-{place}" for place, colour in enumerate(ORDERED)},
}

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "mathtext.fontset": "dejavusans",
    "axes.labelsize": 7.5,
    "axes.titlesize": 8.0,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.titley": 1.0,  # there is nothing above a panel that a title would have to be moved away from
    "axes.labelpad": 2.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.6,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "lines.linewidth": 1.3,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 7.0,
    "figure.facecolor": "none",
    "figure.dpi": 72.0,  # that of SVG and PDF: what the layout has measured and set need not be set again
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "figure.constrained_layout.wspace": 0.05,
    "figure.constrained_layout.hspace": 0.05,
}


@contextmanager
def style() -> Iterator[None]:
    """Gradlag's settings of matplotlib, for the time of a figure; the user's own come back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def figure(width: float = COLUMN, height: float | None = None) -> Figure:
    """An empty figure, outside pyplot's list; call it and draw within `style()`.

    Args:
        width: inches.
        height: inches; three quarters of the width when left out.
    """
    drawn = Figure(figsize=(width, 0.75 * width if height is None else height))
    FigureCanvasSVG(drawn)  # the layout measures letters as the file will, and mathtext is read once for both
    return drawn


@contextmanager
def _saving(drawn: Figure, settings: dict[Any, Any]) -> Iterator[None]:
    """Gradlag's settings while a figure is saved, after its layout is found: once, for every file alike.

    The solver goes through its variables by their addresses, so that the last bits of a place differ from one figure
    to the next, and with them the ids in a file that are digests of places. Rounded, they are the same in every run.
    """
    # Without the engine: with any a file is drawn twice, the first time for its layout.
    with mpl.rc_context({**_SETTINGS, "figure.constrained_layout.use": False} | settings):
        engine = drawn.get_layout_engine()
        if engine is not None:
            engine.execute(drawn)
            drawn.set_layout_engine(None)
            for axes in drawn.axes:
                axes.set_position(Bbox(axes.get_position(original=True).get_points().round(6)))
        yield


def svg(drawn: Figure, name: str, *, fonts: bool = True) -> str:
    """The figure as an SVG document whose ids all begin with `name`, so that many fit in one page.

    Args:
        drawn: the figure; name: what its ids begin with.
        fonts: bring the letters that it needs; a page brings them once for all.
    """
    text = io.StringIO()
    with _saving(drawn, {"svg.hashsalt": name}):
        drawn.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Title": name})
    short = shortened(own_ids(text.getvalue(), name))
    return with_fonts(short) if fonts else short


def with_fonts(text: str) -> str:
    """An SVG document with the fonts of its text."""
    return text.replace('<style type="text/css">', f'<style type="text/css">{font_faces([text])}\n', 1)


_TAG = re.compile(r"<[^>]*>")
_PLACE = re.compile(r"-?\d+\.\d{3,}")
_ID = re.compile(r' id="([^"]+)"')
_TARGET = re.compile(r"#([\w.-]+)")


def shortened(text: str) -> str:
    """SVG text with places to a hundredth of a point, and without remarks and names that nothing refers to.

    >>> shortened('<g id="a"> <path d="M 1.234567 0.001"/>\\n <text>0.975</text> </g>')
    '<g> <path d="M 1.23 0"/> <text>0.975</text> </g>'
    """
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = _TAG.sub(lambda tag: _PLACE.sub(lambda place: f"{round(float(place[0]), 2) + 0.0:g}", tag[0]), text)
    used = set(_TARGET.findall(text))
    return re.sub(r"\n\s*", " ", _ID.sub(lambda name: name[0] if name[1] in used else "", text))


def pdf(drawn: Figure, *, outlines: bool = False) -> bytes:
    """The figure as a PDF document, with fonts that can be edited, or with outlines of letters, much faster."""
    written = io.BytesIO()
    with _saving(drawn, {"pdf.fonttype": 3 if outlines else 42}):
        drawn.savefig(written, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return written.getvalue()


def save(drawn: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write `name`.svg and `name`.pdf into the folder; the same results give the same bytes."""
    vector = folder / f"{name}.svg"
    vector.write_text(svg(drawn, name), encoding="utf-8")
    printed = folder / f"{name}.pdf"
    printed.write_bytes(pdf(drawn))
    return vector, printed


# A document type and metadata name addresses that nobody needs to look up.
_ADDRESSES = re.compile(r"<!DOCTYPE.*?>\s*|\s*<metadata>.*?</metadata>", re.DOTALL)


def own_ids(text: str, name: str) -> str:
    """SVG text with `name-` before every id and every reference to one, and nothing that points elsewhere."""
    text = _ADDRESSES.sub("", text)
    for before in ('id="', 'href="#', "url(#"):
        text = text.replace(before, f"{before}{name}-")
    return text


def themed(text: str) -> str:
    """SVG text whose colours are those of the page, so that it can be read on a dark ground as on a light one.

    Colours of the theme are CSS variables; of any other the page takes itself or, on a dark ground, its counterpart.
    """

    def shown(colour: re.Match[str]) -> str:
        given = colour[0]
        name = THEME.get(given)
        return f"var(--{name}, {given})" if name else f"light-dark({given}, {in_the_dark(given)})"

    return _COLOUR.sub(shown, text)


# Lighter than this is a ground, not ink.
_GROUND = 0.75
_COLOUR = re.compile(r"(?<=[: ])#[0-9a-f]{6}(?=[;\"])")


def in_the_dark(colour: str) -> str:
    """The counterpart of a colour on a dark ground: a ground as dark as it was light; ink is light, dark ink lighter.

    >>> in_the_dark("#f3f6fa"), in_the_dark("#46327e")
    ('#111b29', '#bbaedf')
    """
    hue, lightness, saturation = rgb_to_hls(*to_rgb(colour))
    turned = 1.08 - lightness if lightness > _GROUND else 0.95 - 0.5 * lightness
    return to_hex(hls_to_rgb(hue, turned, saturation))


def ordered_colours(values: Sequence[int]) -> dict[int, str]:
    """A colour for each staleness, dark to light as it grows; powers of two up to 32 keep theirs in every figure."""
    ranked = sorted(set(values))
    if all(value in (1, 2, 4, 8, 16, 32) for value in ranked):
        return {value: ORDERED[value.bit_length() - 1] for value in ranked}
    places = np.linspace(0, len(ORDERED) - 1, num=max(len(ranked), 2)).round().astype(int)
    return {value: ORDERED[place] for value, place in zip(ranked, places, strict=False)}


class Decades(LogLocator):
    """Ticks at the powers of ten, or at 1, 2, 5 where there would be too few."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """The places of the ticks."""
        self.set_params(subs=(1.0,) if vmax > 60 * vmin > 0 else (1.0, 2.0, 5.0))
        return super().tick_values(vmin, vmax)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def tick_label(value: float, position: int | None = None) -> str:
    """A number at a logarithmic axis.

    >>> tick_label(1e-4), tick_label(0.5), tick_label(2e5)
    ('10⁻⁴', '0.5', '2·10⁵')
    """
    if 0.01 <= value < 1e4:
        return f"{value:g}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if mantissa == "1" else f"{mantissa}·{power}"


def log_axes(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Logarithmic axes with few ticks and a grid."""
    for wanted, axis, scale in ((x, axes.xaxis, axes.set_xscale), (y, axes.yaxis, axes.set_yscale)):
        if wanted:
            scale("log")
            axis.set_major_locator(Decades(numticks=8))
            axis.set_major_formatter(FuncFormatter(tick_label))
            axis.set_minor_locator(NullLocator())
    axes.grid(which="major")


def number(value: float, digits: int = 3) -> str:
    r"""A number as mathtext, in powers of ten where it is very large or small.

    >>> number(0.0494), number(-1.4), number(-32000.0), number(float("inf"))
    ('0.0494', '$-1.4$', '$-3.2\\times10^{4}$', '∞')
    """
    if not np.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "not a number"
    text = f"{value:.{digits}g}"
    if "e" in text or abs(value) >= 1e4:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return rf"${mantissa.rstrip('0').rstrip('.')}\times10^{{{int(exponent)}}}$"
    return f"${text}$" if value < 0 else text


def factor(value: float) -> str:
    """A ratio in three digits, without an exponent where it can be helped.

    >>> factor(7.851), factor(999.6), factor(13987.0)
    ('7.85', '1000', '14000')
    """
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if 100 <= rounded < 1e6 else f"{rounded:g}"


LINE_STYLES: tuple[LineStyleType, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
