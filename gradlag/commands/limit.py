"""`gradlag limit`: the exact constant of a method under a fixed delay, without noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.common.files import check_writable
from experiments.common.progress import reporting
from gradlag.terminal.output import keep_json, number, print_prose, print_table, print_text
from theory.common.errors import InputError

if TYPE_CHECKING:
    from theory.methods.method import Method
    from theory.worst_case.limit.of_method import MethodLimit

_MOST = 65
_BESIDE = ("delayed", "wait", "counter-momentum")


def limit(
    *,
    staleness: int = 2,
    method: str | Method = "delayed",
    step: float | None = None,
    out: Path | str | None = None,
    progress: bool = False,
) -> MethodLimit:
    """What a method costs in the limit: min |grad F|^2 ~ C L Delta / T, for the worst smooth function.

    Args:
        staleness: s, a fixed delay of s - 1.
        method: `delayed`, `wait`, `batch-wait`, `momentum:beta=B`, `nesterov:beta=B`, `counter-momentum`, or
            `filter:FILE`; or a method itself.
        step: L eta; when left out the best one, or the method's own.
        out: a folder for limit.json and the picture of the constants of all methods against the delay.
        progress: show how far it is on stderr.

    Returns:
        The constant from above, certified, and from below, by a function that needs it; others beside it.

    Raises:
        InputError: a method that there is not or that has no limit, or a step at which some function keeps it turning.

    >>> found = limit(staleness=3, method="counter-momentum")
    >>> found, round(found.lower, 5), found.found.certified
    (counter-momentum at staleness 3: 3.36051 L Delta / T, 3.36051, True)
    """
    from theory.methods.registry import parse_method
    from theory.staleness.count import Staleness
    from theory.worst_case.limit.constant import sketch
    from theory.worst_case.limit.of_method import constants, method_limit

    window = Staleness.of(staleness)
    if window.window > _MOST:
        raise InputError(f"The constant is computed up to a staleness of {_MOST}. Got {window.window}.")
    rule = parse_method(method) if isinstance(method, str) else method
    folder = None if out is None else check_writable(Path(out) / "limit.json").parent
    found, beside = method_limit(rule, window, step), {}
    for name in _BESIDE:
        recursion = parse_method(name).recursion(window.maximum_delay)
        beside[name] = recursion.period * sketch(recursion, 1e-6)
    found = replace(found, beside=beside)
    if folder is not None:
        from figures.draw.methods import save_methods

        delays, table = range(window.window), []
        with reporting("delays", quiet=not progress) as report:
            for delay in delays:
                table.append(dict(constants(delay)))
                report(delay + 1, window.window)
        folder.mkdir(parents=True, exist_ok=True)
        keep_json(folder / "limit.json", {**found.to_dict(), "methods": table})
        save_methods(found, table, folder)
    return found


def show(found: MethodLimit) -> None:
    """The constant in a sentence, what is proved of it, and the best constants of others."""
    each = found.found
    print_prose(
        f"{found.method}, staleness {found.staleness}: min |grad F|^2 ~ C L Delta / T with C = "
        f"{number(found.constant, 8)}, at the step {number(each.step, 8)} / L."
    )
    print_prose(_proved(found))
    print_text()
    print_table(
        ("best step of", "C", "of this"),
        [(name, number(value, 6), number(value / found.constant, 4)) for name, value in found.beside.items()],
    )


def _proved(found: MethodLimit) -> str:
    above = "Certified from above" if found.found.certified else "From above by floats alone"
    below = f"some function needs {number(found.lower, 8)}" if found.lower else "no function was found that needs it"
    if found.start is None:
        start = " The gap counts from where the run is quiet: what the start of this method may add is not proved."
    elif found.start > 1:
        start = f" At the start F may rise, which costs at most a factor {number(found.start)}."
    else:
        start = ""
    ends = f"From the step {number(found.largest_step, 6)} / L on, some function never settles."
    whole = f" At every T, L Delta / (T / C + 1/2): `gradlag bounds {found.bound}`." if found.bound else ""
    return f"{above}; {below}. {ends}{start}{whole}"
