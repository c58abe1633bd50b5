"""The numbers behind a figure: a table of every point drawn, under the names that readers know, and where it lies.

A series is called as its legend calls it. What has a name but no place in a legend has a label that begins with an
underscore, which matplotlib leaves out of legends; what is called `_nolegend_` is no series. Bars of an error and bands
belong to the points that they go with.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from latex2mathml.symbols_parser import convert_symbol
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.colors import same_color
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from theory.common.types import Floats

HEAD = ("panel", "series", "x", "y", "low", "high", "x is", "y is")
_OWN_NAME = re.compile(r"_(child|container|collection|line|nolegend_)\d*|")
_COMMAND = re.compile(r"\\(?:mathbb|mathrm|mathbf|left|right|!)|\\([a-zA-Z]+|\||,|;| ) ?")
_UNNAMED = "_nolegend_"  # what belongs to something else, as the bars of an error do
_OWN = {"|": "‖", ",": " ", ";": " ", " ": " ", "sim": "~"}
_Span = tuple[float, float]


@dataclass
class _Series:
    """Points under a name, some with what reaches below and above them."""

    name: str
    points: list[_Span]
    colour: Any = None
    spans: dict[_Span, _Span] = field(default_factory=dict)


def figure_data(drawn: Figure) -> str:
    """CSV of what a figure draws: every point of its lines, clouds and bars in data units, with its band or bar."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(HEAD)
    for place, axes in enumerate(_panels(drawn), 1):
        x_is, y_is = (_label(drawn, axes, side) for side in ("x", "y"))
        panel = plain(axes.get_title(loc="left") or axes.get_title()) or y_is or str(place)
        for series in _series(axes):
            for point in series.points:
                span = map(_number, series.spans.get(point, ()) or (np.nan, np.nan))
                rows.writerow((panel, series.name, *map(_number, point), *span, x_is, y_is))
    return written.getvalue()


def figure_places(drawn: Figure) -> str:
    """JSON of where the points of `figure_data` lie: of each panel with points its rows, its box, and both axes.

    The box (left, top, right, bottom) is in parts of the picture, whose layout must be settled; an axis is
    [whether it is logarithmic (null: nor linear), value at its beginning, at its end, names of whole values].
    """
    told = []
    for axes in _panels(drawn):
        count = sum(len(series.points) for series in _series(axes))
        left, bottom, right, top = axes.bbox.transformed(drawn.transFigure.inverted()).extents
        box = [round(float(part), 4) for part in (left, 1 - top, right, 1 - bottom)]
        told.append({"rows": count, "box": box, "x": _axis(axes, "x"), "y": _axis(axes, "y")})
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def plain(text: str) -> str:
    r"""Words with formulas as characters.

    >>> plain(r"$s' = 4$"), plain(r"mean $\|\nabla F(x_k)\|^2$"), plain(r"$\mu=\frac{1}{2}$, $T^{-0.5}$")
    ("s' = 4", 'mean ‖∇F(x_k)‖^2', 'μ=1/2, T^-0.5')
    """
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    return " ".join(_COMMAND.sub(_character, re.sub(r"[${}]", "", text)).split())


def _character(command: re.Match[str]) -> str:
    if command[1] is None:
        return ""
    code = convert_symbol(f"\\{command[1]}")
    return _OWN.get(command[1]) or (chr(int(code, 16)) if code else command[1])


def _panels(drawn: Figure) -> list[Axes]:
    return [axes for axes in drawn.axes if axes.axison and axes.get_visible()]


def _label(drawn: Figure, axes: Axes, side: Literal["x", "y"]) -> str:
    """What an axis shows; where inner panels leave it out, that of one that shares it, or of its row or column."""
    grouped = axes.get_shared_x_axes() if side == "x" else axes.get_shared_y_axes()
    mine = axes.get_subplotspec()
    others: Sequence[Axes] = [axes, *grouped.get_siblings(axes)]
    if mine is not None:
        there = [(each, each.get_subplotspec()) for each in drawn.axes]
        span = "colspan" if side == "x" else "rowspan"
        others = [*others, *(each for each, at in there if at is not None and getattr(at, span) == getattr(mine, span))]
    found = (getattr(each, f"get_{side}label")() for each in others)
    return plain(next(filter(None, found), ""))


def _axis(axes: Axes, side: Literal["x", "y"]) -> list[Any]:
    axis, (begin, end) = getattr(axes, f"{side}axis"), getattr(axes, f"get_{side}lim")()
    log, ticks = {"log": True, "linear": False}.get(axis.get_scale()), axis.get_majorticklocs()
    shown = zip(() if log else ticks, map(plain, axis.get_major_formatter().format_ticks(ticks)), strict=False)
    names = {_number(float(at)): text for at, text in shown if any(letter.isalpha() for letter in text)}
    return [log, float(f"{begin:.6g}"), float(f"{end:.6g}"), names]


def _series(axes: Axes) -> list[_Series]:
    """What is drawn in a panel; points that lie where others of their name do are theirs."""
    found = [*_lines(axes), *_clouds(axes), *_bars(axes)]
    whole: dict[str, _Series] = {}
    for each in found:
        kept = whole.setdefault(each.name, each)
        if kept is not each:
            known = set(kept.points)
            kept.points += [point for point in each.points if point not in known]
            kept.spans |= each.spans
    for band in axes.collections:
        if isinstance(band, PolyCollection) or band.get_label() == _UNNAMED:
            _give_band(band, list(whole.values()))
    return [each for each in whole.values() if each.points]


def _lines(axes: Axes) -> Iterator[_Series]:
    bars = {id(one.lines[0]): one for one in axes.containers if isinstance(one, ErrorbarContainer)}
    for number, line in enumerate(axes.lines, 1):
        whole = bars.get(id(line))
        hidden = whole is None and line.get_label() == _UNNAMED
        if hidden or not line.get_transform().contains_branch(axes.transData):
            continue
        name = _named((whole or line).get_label(), f"line {number}")
        yield _Series(name, _pairs(line.get_xydata()), line.get_color(), _spans(line, whole))
    for number, stems in enumerate(axes.collections, 1):
        if isinstance(stems, LineCollection) and stems.get_label() != _UNNAMED:
            tops = [segment[-1] for segment in stems.get_segments() if len(segment) == 2]
            yield _Series(_named(stems.get_label(), f"stems {number}"), _pairs(tops))


def _spans(line: Line2D, whole: ErrorbarContainer | None) -> dict[_Span, _Span]:
    """The ends of upright bars, by the point that each goes through."""
    upright = [
        segment
        for bars in (whole.lines[2] if whole else ())
        for segment in bars.get_segments()
        if len(segment) == 2 and segment[0][0] == segment[1][0]
    ]
    points = {x: (x, y) for x, y in _pairs(line.get_xydata())}
    return {points[x]: (float(low), float(high)) for (x, low), (_, high) in upright if x in points}


def _clouds(axes: Axes) -> Iterator[_Series]:
    for number, cloud in enumerate(axes.collections, 1):
        if isinstance(cloud, PathCollection):
            yield _Series(_named(cloud.get_label(), f"points {number}"), _pairs(cloud.get_offsets()))


def _bars(axes: Axes) -> Iterator[_Series]:
    for number, bars in enumerate(axes.containers, 1):
        if isinstance(bars, BarContainer):
            ends = [(bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()) for bar in bars]
            yield _Series(_named(bars.get_label(), f"bars {number}"), _pairs(ends))


def _give_band(band: Collection, among: Sequence[_Series]) -> None:
    """A band, or bars, belong to the series of their colour that runs within."""
    edges: dict[float, _Span] = {}
    for path in band.get_paths():
        for x, y in np.asarray(path.vertices, dtype=float):
            low, high = edges.get(float(x), (float(y), float(y)))
            edges[float(x)] = (min(low, float(y)), max(high, float(y)))
    colours = [*band.get_facecolor(), *band.get_edgecolor()]
    for each in among:
        if each.colour is not None and colours and same_color(tuple(colours[0][:3]), each.colour):
            held = {(x, y): edges[x] for x, y in each.points if x in edges and edges[x][0] < y < edges[x][1]}
            each.spans |= {point: span for point, span in held.items() if point not in each.spans}


def _pairs(points: object) -> list[_Span]:
    whole: Floats = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)
    return [(float(x), float(y)) for x, y in whole if np.isfinite(x) and np.isfinite(y)]


def _named(label: object, otherwise: str) -> str:
    """What a legend calls it, or would."""
    text = str(label)
    return otherwise if _OWN_NAME.fullmatch(text) else plain(text.removeprefix("_"))


def _number(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""
