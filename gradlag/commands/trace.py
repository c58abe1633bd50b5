"""`gradlag trace`: what the delays of a recorded run were and depend on, and which bound covers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import reporting
from experiments.servers.judging.account import account
from gradlag.terminal.output import number, print_prose, print_table, print_text
from theory.common.shown import Facts

# More workers than this are not listed one by one.
_LISTED = 16


def trace(file: Path | str, *, delays_out: Path | str | None = None, progress: bool = False) -> Facts:
    """What a stored run, a stored trace or a text file of delays says.

    Args:
        file: a run of `serve`, or a text file with the delays of an update a line.
        delays_out: a file to write the delays to, those of an update a line, as `delays_file` reads them.
        progress: show on stderr how far it is.

    Returns:
        How late gradients were, overall and by worker; what the delays depend on; the run and the bounds that cover it.

    Raises:
        StoreError, DelayError: there is no trace in the file.
    """
    with reporting("trace", quiet=not progress) as report:
        recorded, told = account(Path(file), report)
    if delays_out is not None:
        target = check_writable(delays_out)
        lines = (" ".join(map(str, row)) for row in recorded.delays.reshape(recorded.steps, -1).tolist())
        write_atomically(target, ("\n".join(lines) + "\n").encode())
        told["delays_out"] = str(target)
    return Facts(_line(told), told)


def _line(told: Mapping[str, Any]) -> str:
    workers = f", {told['count']} workers" if told["count"] else ""
    speed = f", {number(told['updates_per_second'])} updates a second" if told["updates_per_second"] else ""
    reads, gradients = told["reads"], told["overall"]["updates"]
    each = f" of {reads} gradients each" if reads > 1 else ""
    return f"{gradients // reads} updates{each}{workers}{speed}; recorded by: {told['source']}."


def show(told: Facts) -> None:
    """The delays in a table, what they depend on, and the bound that covers the run."""
    print_prose(told.line, told["description"])
    print_text()
    rows = [["all", *_cells(told["overall"])]]
    if len(told["workers"]) <= _LISTED:
        rows += [[f"worker {worker}", *_cells(late)] for worker, late in told["workers"].items()]
    counted = "updates" if told["reads"] == 1 else "gradients"
    print_table(["delays of", counted, "mean", "sd", "50 %", "90 %", "99 %", "max"], rows)
    print_text()
    print_prose(*_dependence(told))
    if told["run"] is not None:
        print_text()
        print_prose(*_covering(told))


def _cells(late: Mapping[str, Any]) -> list[str]:
    names = ("updates", "mean", "deviation", "median", "ninetieth", "ninety_ninth", "maximum")
    return [number(late[name]) if isinstance(late[name], float) else str(late[name]) for name in names]


def _dependence(told: Mapping[str, Any]) -> Iterator[str]:
    found, noise = told["dependence"], told["noise"]
    if told["concurrency"] is not None:
        tends, reads = f"P - 1 = {told['concurrency']}", told["reads"]
        if reads > 1:
            tends = f"(P - 1)/B = {number(told['concurrency'] / reads)}, with B = {reads}"
        yield f"With all workers busy the mean delay tends to {tends}."
    if found["share_between"] is not None:
        yield (
            f"On the worker: {found['share_between']:.1%} of the variance lies between workers, "
            f"{found['share_by_chance']:.1%} by chance."
        )
    if found["autocorrelation"]:
        yield (
            f"On each other: autocorrelation {number(found['autocorrelation'][0], 2)} at lag 1; they tell their mean "
            f"as well as {number(found['effective'])} independent delays."
        )
    if noise is not None:
        yield (
            f"On the noise of their own gradients: rank correlation {number(noise['value'], 2)}, "
            f"p = {number(noise['p_value'], 2)}. Bounds assume that there is none."
        )


def _covering(told: Mapping[str, Any]) -> list[str]:
    run = told["run"]
    measured = (
        f"Least |grad F|^2 of this one run: {number(run['measured_minimum'])}, at k = {run['minimum_at']}."
        if run["diverged_at"] is None
        else f"The run diverged at update {run['diverged_at']}."
    )
    values = [(name, value) for name, value in told["bounds"].items() if value is not None]
    if not values:
        return [measured, "No bound of the library applies to these steps and delays."]
    (name, value), rest = values[0], values[1:]
    others = f" Then {', '.join(f'{n} {number(v)}' for n, v in rest)}." if rest else ""
    return [measured, f"Covered by {name}: {number(value)}, for delays fixed independently of the noise.{others}"]
