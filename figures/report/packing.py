"""What a page carries small: text deflated, which its script opens, and the numbers behind a figure."""

from __future__ import annotations

import csv
import io
import zlib
from base64 import b64encode
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure


def packed(text: str) -> str:
    """Text as base64 of raw deflate, as DecompressionStream("deflate-raw") reads it."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b64encode(made.compress(text.encode()) + made.flush()).decode()


def figure_data(drawn: Figure) -> str:
    """CSV of what a figure draws: panel, series, x, y of every line, cloud of points and bar, in data units."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("panel", "series", "x", "y"))
    for place, axes in enumerate(drawn.axes, 1):
        panel = axes.get_title(loc="left") or axes.get_title() or axes.get_ylabel() or str(place)
        for series, x, y in _series(axes):
            rows.writerow((panel, series, _number(x), _number(y)))
    return written.getvalue()


def _series(axes: Axes) -> Iterator[tuple[str, float, float]]:
    for number, line in enumerate(axes.lines, 1):
        if line.get_transform().contains_branch(axes.transData):
            yield from ((_named(line.get_label(), f"line {number}"), x, y) for x, y in _pairs(line.get_xydata()))
    for number, cloud in enumerate(axes.collections, 1):
        if isinstance(cloud, PathCollection):
            yield from ((_named(cloud.get_label(), f"points {number}"), x, y) for x, y in _pairs(cloud.get_offsets()))
    for number, bars in enumerate(axes.containers, 1):
        if isinstance(bars, BarContainer):
            places = ((bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()) for bar in bars)
            yield from ((_named(bars.get_label(), f"bars {number}"), x, y) for x, y in places)


def _pairs(points: object) -> Iterator[tuple[float, float]]:
    for x, y in np.ma.filled(np.ma.asarray(points, dtype=float), np.nan):
        if np.isfinite(x) and np.isfinite(y):
            yield float(x), float(y)


def _named(label: object, otherwise: str) -> str:
    """What a legend calls it; matplotlib's own names begin with an underscore."""
    text = str(label)
    return otherwise if text.startswith("_") or not text else text


def _number(value: float) -> str:
    return f"{value:.6g}"
