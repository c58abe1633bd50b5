"""Fed-Influence: one run tells of every client while rounds contract; beyond 2/Lambda truncation keeps it short."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.claim import interval
from experiments.studies.systems.fed_influence.cells import CONTRACTING, EDGE, EXPANDING, FLAT, IID, MANY, SKEWED, WRONG
from experiments.studies.systems.fed_influence.effects import (
    Results,
    cleansed_runs,
    correlations,
    curves,
    of_loss,
    proved,
    runs,
)
from experiments.systems.influence.measure import TRUE
from figures.draw.staleness_panels import empty
from figures.style import style
from theory.common.types import Vector

Runs = Mapping[str, Any]
#: Of each regime its colour, its name, and by how much that is moved.
_REGIMES: Mapping[str, tuple[str, str, int]] = {
    CONTRACTING: (style.BLUE, r"$\gamma<1$", -4),
    FLAT: (style.GREEN, r"$\gamma=1$", 4),
    EXPANDING: (style.VERMILLION, r"$\gamma>1$", 0),
}
#: Of each estimator its colour, its mark and its name; those of low cost share theirs.
_LOOKS: Mapping[str, tuple[str, str, str]] = {
    TRUE: (style.INK, "", "true: training without the client"),
    "basic": (style.VERMILLION, "o", "basic estimate"),
    "lwet-fisher": (style.BLUE, "s", "LWET, low cost"),
    "lwet-client": (style.BLUE, "s", "LWET, low cost"),
    "truncated": (style.ORANGE, "^", "truncated at once"),
}
#: Of each task its name, and the estimator that stands for low cost in it.
_TASKS: Mapping[str, tuple[str, str]] = {
    MANY: ("softmax", "lwet-fisher"),
    EXPANDING: ("softmax,\nlarge step", "lwet-fisher"),
    IID: ("linear\nnet", "lwet-fisher"),
    SKEWED: ("ReLU\nnet", "lwet-client"),
    EDGE: ("ReLU,\nlarge step", "lwet-fisher"),
}


def fed_influence_picture(results: Results) -> Figure:
    """Above: one run and the truth; errors in three regimes; what explodes. Below: r; a wrong client; accuracy."""
    with style.style():
        drawn = style.figure(style.PAGE, 4.6)
        panels, there = drawn.subplots(2, 3), runs(results)
        for axes, (draw, needs) in zip(panels.flat, _PANELS, strict=False):
            if needs in there:
                draw(axes, there)
            else:
                empty(axes)
        accuracies(panels[1, 2], results)
        named: dict[str, Any] = {}
        for axes in panels.flat:
            handles, labels = axes.get_legend_handles_labels()
            named = dict(zip(labels, handles, strict=True)) | named
        names = [name for name in dict.fromkeys(look[2] for look in _LOOKS.values()) if name in named]
        drawn.legend([named[name] for name in names], names, loc="outside upper center", ncols=max(1, len(names)))
        return drawn


def client_by_client(axes: Axes, there: Runs) -> Axes:
    """Estimated over true influence on the loss, a dot for each client of the first seed."""
    run = there[MANY]
    true = of_loss(run, TRUE)[0]
    for name in ("truncated", "lwet-fisher", "basic"):
        colour, mark, label = _LOOKS[name]
        axes.plot(true, of_loss(run, name)[0], mark, color=colour, markersize=2.6, alpha=0.8, label=label)
    ends = np.array([true.min(), true.max()])
    axes.plot(ends, ends, color=style.MUTED, linewidth=0.7, zorder=0, label="_nolegend_")
    axes.set_title("Client by client: influence on the loss")
    axes.set_xlabel("true")
    axes.set_ylabel("estimated")
    axes.locator_params(nbins=4)
    axes.grid()
    return axes


def errors(axes: Axes, there: Runs) -> Axes:
    """The largest error of the basic estimate over the rounds, medians over seeds, and what is proved of it."""
    for role, (colour, label, shift) in _REGIMES.items():
        if role not in there:
            continue
        times, every = np.array(there[role].values["times"]), curves(there[role], "errors", "basic")
        measured, limits = (
            np.median(each, axis=0) for each in (every, [proved(there[role], seed) for seed in range(len(every))])
        )
        axes.plot(times, measured, color=colour, label=f"_{label}")
        inside = limits < 1e40  # what lies beyond is not drawn
        look: dict[str, Any] = {"color": colour, "linestyle": style.LINE_STYLES[2], "linewidth": 0.9}
        axes.plot(times[inside], limits[inside], **look, label=f"_{label}, proved")
        axes.annotate(
            label, (times[-1], measured[-1]), (3, shift), textcoords="offset points", color=colour, va="center",
            fontsize=7, annotation_clip=False,
        )  # fmt: skip
    style.log_axes(axes, x=False)
    axes.set_ylim(1e-4, 1e13)
    axes.set_title("Errors in three regimes (dots: proved)")
    axes.set_xlabel("round")
    axes.set_ylabel(r"$\max_c\|\epsilon^*_t-\epsilon_t\|$")
    return axes


def lengths(axes: Axes, there: Runs) -> Axes:
    """How long the longest influence is, beyond 2/Lambda: true, basic and truncated; medians over seeds."""
    run = there[EXPANDING]
    for name in (TRUE, "basic", "lwet-fisher"):
        colour, _, label = _LOOKS[name]
        axes.plot(run.values["times"], np.median(curves(run, "lengths", name), axis=0), color=colour, label=label)
    style.log_axes(axes, x=False)
    axes.set_title(rf"A step of {run.cell.task.step_size:g} times $2/\Lambda$")
    axes.set_xlabel("round")
    axes.set_ylabel(r"$\max_c\|\epsilon_t\|$")
    return axes


def agreement(axes: Axes, there: Runs) -> Axes:
    """Pearson's r of estimated and true influence on the loss, with intervals over seeds."""
    places = [role for role in _TASKS if role in there]
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    for place, role in enumerate(places):
        for offset, name in ((-0.15, "basic"), (0.15, _TASKS[role][1])):
            _point(axes, place + offset, correlations(there[role], name), *_LOOKS[name])
    axes.set_xticks(range(len(places)), [_TASKS[role][0] for role in places], fontsize=5.4)
    axes.set_ylim(-1.05, 1.1)
    axes.set_title("Agreement on the loss")
    axes.set_ylabel("Pearson's r")
    axes.grid(axis="y")
    return axes


def ranking(axes: Axes, there: Runs) -> Axes:
    """The influence of every client on the loss, in order of the true one; that with wrong labels is ringed."""
    true, told = (of_loss(there[WRONG], name)[0] for name in (TRUE, "lwet-fisher"))
    order = np.argsort(true)
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    axes.plot(true[order], color=style.INK, label=_LOOKS[TRUE][2])
    colour, mark, label = _LOOKS["lwet-fisher"]
    axes.plot(told[order], mark, color=colour, markersize=2.8, label=label)
    place, ring = int(np.flatnonzero(order == 0)[0]), style.VERMILLION
    axes.plot(place, told[0], "o", markersize=9, markerfacecolor="none", markeredgecolor=ring, label="_nolegend_")
    axes.annotate("wrong labels", (place, told[0]), (9, -2), textcoords="offset points", color=ring, fontsize=7)
    axes.set_title("One client has wrong labels")
    axes.set_xlabel("clients, by true influence")
    axes.set_ylabel("influence on the loss")
    axes.set_xticks([])
    return axes


def accuracies(axes: Axes, results: Results) -> Axes:
    """Accuracy gained by sending clients away, with intervals over seeds."""
    there = [found[0] for flipped in (True, False) if (found := cleansed_runs(results, flipped))]
    if not there:
        return empty(axes)
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    looks = (("influence", style.BLUE, "s", "lowest influence"), ("chance", style.MUTED, "v", "by chance"))
    for place, run in enumerate(there):
        points = {who: 100 * np.array(values) for who, values in run.values["accuracy"].items()}
        for offset, (who, colour, mark, name) in zip((-0.12, 0.12), looks, strict=True):
            gain = points[who] - points["nobody"]
            _point(axes, place + offset, gain, colour, mark, f"_{name}")
            if not place:
                told: dict[str, Any] = {"textcoords": "offset points", "color": colour, "fontsize": 6.5}
                axes.annotate(name, (offset, gain.mean()), (4, 3), **told)
    names = [f"{run.cell.leave} of {run.cell.task.clients} leave,\n{run.cell.task.flipped} wrong" for run in there]
    axes.set_xticks(range(len(there)), names)
    axes.set_xlim(-0.5, len(there) - 0.3)
    axes.set_title("Clients sent away")
    axes.set_ylabel("accuracy gained, points")
    axes.grid(axis="y")
    return axes


def _point(axes: Axes, x: float, values: Vector, colour: str, mark: str, label: str) -> None:
    """A mean with its interval over seeds."""
    middle, ends = values.mean(), np.array(interval(values))
    bars = np.abs(np.where(np.isfinite(ends), ends, middle)[:, None] - middle)
    axes.errorbar(x, middle, bars, fmt=mark, markersize=3.4, elinewidth=0.9, color=colour, label=label)


#: What is drawn in each panel but the last, and the role without whose runs it is left empty.
_PANELS: Sequence[tuple[Callable[[Axes, Runs], Axes], str]] = (
    (client_by_client, MANY),
    (errors, CONTRACTING),
    (lengths, EXPANDING),
    (agreement, MANY),
    (ranking, WRONG),
)


def fed_influence_caption(results: Results) -> str:
    """What is seen."""
    known = runs(results).get(MANY)
    size = f", {known.cell.task.clients} clients, {known.cell.task.sampled} in a round" if known else ""
    return (
        "Influence of a client: what the model would be without it, less what it is. Above left: softmax regression on "
        f"made clients{size}; a dot for each client of one run, on the line where the estimate is right. Middle: the "
        "largest error of any client, medians over seeds; dotted: what is proved of it, for the large step beyond the "
        "panel. Right: beyond 2/Lambda the basic estimate explodes, the one with layer-wise examination and truncation "
        "(LWET) does not. Below left: Pearson's r over the clients, with 95 % intervals over seeds; LWET at low cost "
        "has gradients of single rows for Hessians. Middle: clients of one run in the order of their true influence. "
        "Right: what held-out accuracy gains where clients are sent away after 70 per cent of the rounds, those of "
        "lowest influence or as many by chance; wrong: how many have wrong labels."
    )
