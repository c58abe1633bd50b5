"""Simulated and real: the delays of a real server, and its gradient norms beside simulations of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies import STUDIES
from experiments.studies.asynchronous import ASYNC, AsyncResult
from figures.report.entry import Entry, Origin, scale_in
from figures.report.tables import number
from figures.style import style

Results = Sequence[AsyncResult]

NAME = "async"
_CURVES: Mapping[str, tuple[str, Any, str]] = {
    "replay": (style.BLUE, "-", "replay"),
    "uniform": (style.ORANGE, (0, (1.2, 1.2)), "uniform delays"),
    "shuffled": (style.GREEN, (0, (5, 1.2, 1.2, 1.2)), "shuffled trace"),
    "virtual clock": (style.VERMILLION, (0, (5, 1.5)), "virtual clock"),
    "server": (style.INK, "-", "server"),
}
# Of the server's curve that are drawn with their bounds.
_POINTS = 16


def read_asynchronous(folder: Path | str) -> Results:
    """The results of one scale in a folder; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    return STUDIES[NAME].chosen(ASYNC.load_all(folder))


def asynchronous_picture(results: Results) -> Figure:
    """A row for each cell: delays by worker, their frequencies, their autocorrelation, and the gradient norms."""
    with style.style():
        drawn = style.figure(style.PAGE, 1.85 * max(1, len(results)) + 0.25)
        grid = drawn.subplots(max(1, len(results)), 4, squeeze=False, width_ratios=(1.05, 1, 1, 1.5))
        for place, (row, result) in enumerate(zip(grid, results, strict=False)):
            for axes, draw in zip(row, (delays_by_worker, frequencies, correlations, curves), strict=True):
                draw(axes, result)
                if place < len(results) - 1:
                    axes.set_xlabel("")
            row[0].set_title(_title(result))
        for axes, title in zip(grid[0][1:], ("How often", "Autocorrelation", "Gradient norms"), strict=True):
            axes.set_title(title)
        handles, labels = grid[0][3].get_legend_handles_labels()
        drawn.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=len(labels), fontsize=6.5)
        return drawn


def delays_by_worker(axes: Axes, result: AsyncResult) -> Axes:
    """Each delay of the first run over the updates, a colour for each worker."""
    shown = result.values["shown"]
    delays, workers = np.array(shown["delays"]), np.array(shown["workers"])
    colours = _worker_colours(int(workers.max()) + 1)
    axes.scatter(np.arange(1, delays.size + 1), delays, s=3, c=[colours[w] for w in workers], linewidths=0)
    mean = result.values["summary"]["overall"]["mean"]
    axes.axhline(mean, color=style.MUTED, linewidth=0.7)
    axes.set_xlabel("update k")
    axes.set_ylabel("delay $d_k$")
    axes.set_ylim(bottom=-0.5)
    return axes


def frequencies(axes: Axes, result: AsyncResult) -> Axes:
    """How often each delay occurs: bars for the server, a line for the virtual clock with fitted speeds."""
    laws = result.values["laws"]["frequencies"]
    real, virtual = np.array(laws["server"]), np.array(laws["virtual clock"])
    widest = int(np.searchsorted(np.cumsum(real), 0.995)) + 1
    axes.bar(np.arange(real.size)[: widest + 1], real[: widest + 1], width=0.85, color=style.GRID, edgecolor="none")
    colour, line, _ = _CURVES["virtual clock"]
    axes.plot(np.arange(virtual.size)[: widest + 1], virtual[: widest + 1], color=colour, linestyle=line, linewidth=1)
    axes.set_xlim(-0.7, widest + 0.7)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("delay")
    axes.set_ylabel("share of updates")
    return axes


def correlations(axes: Axes, result: AsyncResult) -> Axes:
    """Autocorrelation of the delays at lags 1..32, with the band of independent ones."""
    values = np.array(result.values["dependence"]["autocorrelation"])
    chance = 1.96 / np.sqrt(result.values["summary"]["overall"]["updates"])
    axes.axhspan(-chance, chance, color=style.GRID, alpha=0.7, linewidth=0)
    axes.vlines(np.arange(1, values.size + 1), 0, values, color=style.BLUE, linewidth=1.1)
    axes.axhline(0, color=style.MUTED, linewidth=0.6)
    reach = max(0.25, 1.1 * float(np.abs(values).max(initial=0)))
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("lag")
    axes.set_ylabel("correlation")
    return axes


def curves(axes: Axes, result: AsyncResult) -> Axes:
    """Mean squared gradient over the updates: server and replay with bounds of the mean, the others as lines."""
    for name, (colour, line, label) in _CURVES.items():
        curve = {key: np.array(values) for key, values in result.values["curves"][name].items()}
        if name == "server":
            # Points with bars, so that what lies below them is seen.
            every = slice(0, None, max(1, -(-curve["time"].size // _POINTS)))
            at, mean, low, high = (curve[key][every] for key in ("time", "mean", "low", "high"))
            bars = [mean - low, high - mean]
            axes.errorbar(at, mean, bars, fmt="o", markersize=2.4, elinewidth=0.7, color=colour, zorder=3, label=label)
            continue
        if name == "replay":
            axes.fill_between(curve["time"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
        width = 1.4 if name == "replay" else 1.0
        axes.plot(curve["time"], curve["mean"], color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    means = np.concatenate([np.array(result.values["curves"][name]["mean"]) for name in ("server", "replay")])
    axes.set_ylim(0.4 * means.min(), 2 * means.max())
    axes.set_xlabel("update k")
    axes.set_ylabel(r"mean $\|\nabla F\|^2$")
    return axes


def asynchronous_table(results: Results) -> str:
    """The delays in numbers, how far server and simulations are apart, and the bound that covers the run."""
    return (
        _table("Delays: first run of each server", _DELAY_HEADS, [_delay_row(result) for result in results])
        + _table("The server's curve beside the others", _CURVE_HEADS, [_curve_row(result) for result in results])
        + _table("Which bound covers the run", _BOUND_HEADS, [_bound_row(result) for result in results])
    )


def asynchronous_caption(results: Results) -> str:
    """What is seen, and from what."""
    recorded = [escape(result.cell.name) for result in results if result.cell.real]
    real = f"{', '.join(recorded)}: processes on one machine, recorded while they ran. " if recorded else ""
    return (
        "A row for each server. Points: the delays of one run, a colour for each worker, the line at their mean. "
        "Bars: how often each delay occurs over all runs; dashed: on the virtual clock with fitted speeds. "
        "Autocorrelation of one run, with the band of independent delays. Gradient norms: means, with bounds of the "
        f"mean each wrong with probability 5 %, of the server's runs and of replays of their traces. {real}"
        "noise-late: on the virtual clock, a server whose noisier gradients take longer; it was "
        "chosen among seven pairs of objective and step to show what dependence can do, and on a quadratic it went the "
        "other way."
    )


INTRODUCTION = (
    "<p>A parameter server applies gradients as they come. Its delays are recorded with the worker and the times, and "
    "the one-sequence simulator replays them with noise of its own. Every bound here fixes the delays before the run, "
    "independently of the noise; a server breaks that where the time of a gradient depends on its draw. The rank "
    "correlation of delay and noise measures whether it does; a server made to do so shows what it costs. With P "
    "workers always busy the mean delay tends to P − 1, whatever their speeds.</p>"
)


def entries(results: Results) -> Iterator[Entry]:
    """The figure, where there are results."""
    if not results:
        return
    made = tuple(dict.fromkeys(result.command for result in results))
    alone = f"gradlag reproduce {NAME} --scale {scale_in(made)}"
    yield Entry(
        name=NAME,
        group="",
        title=STUDIES[NAME].title,
        caption=f"{asynchronous_caption(results)} Made by <code>{alone}</code>.",
        draw=lambda: asynchronous_picture(results),
        origin=Origin(made, (alone,), tuple(map(ASYNC.describe, results)), "server"),
        wide=True,
        below=asynchronous_table(results),
        short=NAME,
        shaded=True,
    )


_DELAY_HEADS = (
    "server",
    "recorded by",
    "P − 1",
    "mean",
    "sd",
    "50 %",
    "90 %",
    "99 %",
    "max",
    "updates/s",
    "variance between workers",
    "by chance",
    "effective number",
    "rank correlation with noise (p)",
)
_CURVE_HEADS = (
    "server",
    "runs",
    "beside",
    "runs beside",
    "mean over the other's, last half",
    "largest standardised difference",
    "its 95 % limit",
    "bands that meet",
)
_BOUND_HEADS = ("server", "covering bound", "its value", "measured", "slack", "next bounds")


def _delay_row(result: AsyncResult) -> list[str]:
    summary, depends, noise = (result.values[name] for name in ("summary", "dependence", "noise"))
    late = summary["overall"]
    return [
        escape(result.cell.name),
        escape(summary["source"]),
        str(summary["concurrency"]),
        *(number(late[name]) for name in ("mean", "deviation")),
        *(str(late[name]) for name in ("median", "ninetieth", "ninety_ninth", "maximum")),
        f"{summary['updates_per_second']:.0f}",
        number(depends["share_between"]),
        number(depends["share_by_chance"]),
        f"{depends['effective']:.0f}",
        f"{number(noise['value'])} ({number(noise['p_value'])})",
    ]


def _curve_row(result: AsyncResult) -> list[str]:
    """One line for each curve, broken within the cells."""
    found = result.values["apart"]
    names = [name for name in _CURVES if name in found][::-1]
    columns = (
        names,
        [str(result.values["curves"][name]["runs"]) for name in names],
        [number(found[name]["ratio"]) for name in names],
        [number(found[name]["largest"]) for name in names],
        [number(found[name]["limit"]) for name in names],
        [f"{found[name]['overlap']:.0%}" for name in names],
    )
    runs = str(result.values["curves"]["server"]["runs"])
    return [escape(result.cell.name), runs, *("<br>".join(column) for column in columns)]


def _bound_row(result: AsyncResult) -> list[str]:
    found = result.values["bounds"]
    ladder = found["ladder"]
    if not ladder:
        return [escape(result.cell.name), "none applies", "–", number(found["measured"]), "–", "–"]
    rest = "; ".join(f"{each['name']} {number(each['value'])}" for each in ladder[1:])
    first = ladder[0]
    return [
        escape(result.cell.name),
        first["name"],
        number(first["value"]),
        number(found["measured"]),
        number(first["slack"]),
        rest or "–",
    ]


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="panel"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _worker_colours(count: int) -> list[str]:
    """A colour for each worker; those of a large fleet take turns."""
    colours = (*style.CATEGORIES, style.DARK_BLUE, style.INK)
    return [colours[worker % len(colours)] for worker in range(count)]


def _title(result: AsyncResult) -> str:
    kind = "real" if result.values["source"] == "ray" else "virtual"
    held = "" if result.cell.bound is None else f", bound {result.cell.bound}"
    return f"{result.cell.name} ({kind}{held})"
