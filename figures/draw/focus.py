"""Focus: what settings cost at ingest and at a query, beside exact ingest and a cascade; recall, and its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.systems.focus.cells import MADE
from experiments.studies.systems.focus.effects import IMAGES, Found, Results, chosen, videos
from figures.style import style

TITLES = {MADE: "A made video", IMAGES: "Real images"}
LOOKS = {MADE: (style.BLUE, "o"), IMAGES: (style.VERMILLION, "s")}
#: Of Balance, Opt-Ingest and Opt-Query: mark, colour, name.
ENDS = (
    ("o", style.VERMILLION, "Balance"),
    ("<", style.GREEN, "Opt-Ingest"),
    ("v", style.PURPLE, "Opt-Query"),
)


def focus_picture(results: Results) -> Figure:
    """Above the costs on both videos, below recall by K, and recall beside its prediction."""
    with style.style():
        found = videos(results)
        drawn = style.figure(style.PAGE, 4.9)
        grid = drawn.subplots(2, 2, squeeze=False)
        for axes, (kind, title) in zip(grid[0], TITLES.items(), strict=True):
            costs(axes, found.get(kind, [])).set_title(f"{title}: cost a detection")
        by_most(grid[1][0], found).set_title("Recall grows with K")
        predictions(grid[1][1], found).set_title("Recall and its prediction")
        handles, labels = grid[0][0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=max(1, (len(labels) + 1) // 2), handlelength=2)
        return drawn


def costs(axes: Axes, found: Sequence[Found]) -> Axes:
    """The first seed's settings that meet the targets, its front and ends on the sample, and what is paid without."""
    axes.set_xlabel("ingest [exact classifications]")
    axes.set_ylabel("query [exact classifications]")
    if not found:
        return axes
    first = found[0]
    least = 1 / first["later"]
    cloud = np.maximum(np.array(first["cloud"]), least)
    axes.plot(*cloud.T, ".", color=style.MUTED, alpha=0.35, markersize=2.2, label="settings that meet the targets")
    front = np.array([_pair(each, least) for each in first["front"]])
    axes.plot(*front.T, color=style.INK, drawstyle="steps-post", linewidth=1.0, label="Pareto front")
    for place, (mark, colour, name) in enumerate(ENDS):
        axes.plot(
            *_pair(chosen(first, place), least), mark, color=colour, markersize=8 - 1.5 * place, linestyle="none",
            markeredgecolor=style.PAPER, markeredgewidth=0.4, label=name,
        )  # fmt: skip
    exact, cascade = first["exact"], first["cascade"]
    axes.axvline(exact["sample"]["ingest"], color=style.ORANGE, linestyle=(0, (5, 1.5)), label="exact at ingest")
    at_query = sum(cascade["sample"][part] for part in ("ingest", "query")) if cascade else 1.0
    axes.axhline(at_query, color=style.SKY, linestyle=(0, (1.2, 1.2)), label="cascade at the query")
    style.log_axes(axes)
    axes.set_ylim(bottom=front[:, 1].min() / 2)
    return axes


def _pair(tuned: Found, least: float) -> tuple[float, float]:
    return tuned["sample"]["ingest"], max(tuned["sample"]["query"], least)


def by_most(axes: Axes, found: Any) -> Axes:
    """Recall in detections of each model, the mean over seeds, the dearer the darker the line."""
    for kind, results in found.items():
        colour, mark = LOOKS[kind]
        recalls = np.mean([[[each["both"] for each in row] for row in one["by_most"]] for one in results], axis=0)
        for model, row in enumerate(recalls):
            width = 0.7 + 0.5 * model
            label = TITLES[kind] if model == len(recalls) - 1 else f"_{TITLES[kind]}, model {model + 1}"
            axes.plot(results[0]["most"], row, color=colour, marker=mark, markersize=2.8, linewidth=width, label=label)
    axes.set_xlabel("K, labels under which a cluster is listed")
    axes.set_ylabel("recall")
    if found:
        axes.legend(loc="lower right")
    return axes


def predictions(axes: Axes, found: Any) -> Axes:
    """Recall on the second half over the product on the sample, a point for each setting of a front and each seed."""
    for kind, results in found.items():
        colour, mark = LOOKS[kind]
        points = np.array(
            [(halves[0]["predicted"], halves[1]["found"]) for one in results for halves in one["recalled"]]
        )
        look: dict[str, Any] = {"color": colour, "markersize": 2.8, "alpha": 0.6, "linestyle": "none"}
        axes.plot(*points.T, mark, **look, label=f"_{TITLES[kind]}")
    if found:
        low, high = axes.get_xlim()
        axes.plot([low, high], [low, high], color=style.INK, linewidth=0.8, label="_nolegend_")
    axes.set_xlabel("p q, on the sample")
    axes.set_ylabel("recall afterwards")
    return axes


def focus_caption(results: Results) -> str:
    """What is seen."""
    found = videos(results)
    seeds = " and ".join(f"{len(each)} ({TITLES[kind].lower()})" for kind, each in found.items())
    return (
        "Costs are exact classifications divided by detections: 1 is the exact classifier on everything. Above: the "
        "settings of the first seed that meet both targets on its labelled sample, their Pareto front with the least "
        "sum (Balance) and both ends; right of the dashed line it is cheaper to classify every centre exactly at "
        "ingest, above the dotted one to run a cascade over everything when the query comes, both tuned on the same "
        "grid. Below left: recall in detections, queries that always ask, of the three cheap classifiers; the thicker "
        "the line the dearer. Below right: what the product of p (the centre's class is listed) and q (it is the "
        "member's) says on the sample, and what was found on the second half, for each setting of the fronts; they "
        "agree on the line." + (f" Seeds: {seeds}." if seeds else "")
    )
