"""`gradlag limit`: the exact constant of a method under a fixed delay, and what is proved of it with noise."""

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
    from theory.worst_case.limit.noisy import NoisyBound
    from theory.worst_case.limit.of_method import MethodLimit
    from theory.worst_case.limit.periodic import PeriodicLimit

_MOST = 65
_BESIDE = ("delayed", "wait", "counter-momentum")


def limit(
    *,
    staleness: int = 2,
    method: str | Method = "delayed",
    step: float | None = None,
    delays: str | None = None,
    steps: int | None = None,
    variance: float = 0.0,
    smoothness: float = 1.0,
    gap: float = 1.0,
    out: Path | str | None = None,
    progress: bool = False,
) -> MethodLimit | PeriodicLimit:
    """What a method costs in the limit: min |grad F|^2 ~ C L Delta / T, for the worst smooth function.

    Args:
        staleness: s, a fixed delay of s - 1.
        method: `delayed`, `wait`, `batch-wait`, `momentum:beta=B`, `nesterov:beta=B`, `counter-momentum`, or
            `filter:FILE`; or a method itself.
        step: L eta; when left out the best one, or the method's own.
        delays: of delayed steps, delays that repeat in place of the fixed one: `cyclic:period=P`, `adversarial`, or
            one period of them, as `0,1,1`.
        steps: T; if given, a bound over T steps, too, with noise of variance sigma^2.
        variance, smoothness, gap: sigma^2, L and Delta of that bound.
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
    from theory.worst_case.limit.noisy import noisy_bound
    from theory.worst_case.limit.of_method import constants, method_limit

    window = Staleness.of(staleness)
    if window.window > _MOST:
        raise InputError(f"The constant is computed up to a staleness of {_MOST}. Got {window.window}.")
    rule = parse_method(method) if isinstance(method, str) else method
    folder = None if out is None else check_writable(Path(out) / "limit.json").parent
    if (steps is None and variance) or (steps is not None and delays is not None):
        raise InputError("A bound with noise needs --steps T, and one fixed delay. Give --steps, and no --delays.")
    if delays is not None:
        return _repeated(delays, rule, window.window, step, folder)
    noisy = None if steps is None else noisy_bound(rule, window, steps, variance, smoothness, gap, step)
    found = replace(method_limit(rule, window, step), beside=_beside(window.maximum_delay), noisy=noisy)
    if folder is not None:
        from figures.draw.methods import save_methods

        every, table = range(window.window), []
        with reporting("delays", quiet=not progress) as report:
            for delay in every:
                table.append(dict(constants(delay)))
                report(delay + 1, window.window)
        folder.mkdir(parents=True, exist_ok=True)
        keep_json(folder / "limit.json", {**found.to_dict(), "methods": table})
        save_methods(found, table, folder)
    return found


def _beside(delay: int) -> dict[str, float]:
    """The best constants of others under the fixed delay."""
    from theory.methods.registry import parse_method
    from theory.worst_case.limit.constant import sketch

    recursions = {name: parse_method(name).recursion(delay) for name in _BESIDE}
    return {name: each.period * sketch(each, 1e-6) for name, each in recursions.items()}


def _repeated(delays: str, rule: Method, window: int, step: float | None, folder: Path | None) -> PeriodicLimit:
    """The constant for delays that repeat."""
    from theory.worst_case.limit.periodic import best_periodic, periodic_limit, read_pattern

    if rule.text != "delayed":
        raise InputError(f"The constant for delays that repeat is that of delayed steps. Got the method {rule.text}.")
    pattern = read_pattern(delays, window)
    found = best_periodic(pattern) if step is None else periodic_limit(pattern, step)
    found = replace(found, beside=_beside(max(pattern)))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        keep_json(folder / "limit.json", found.to_dict())
    return found


def show(found: MethodLimit | PeriodicLimit) -> None:
    """The constant in a sentence, what is proved of it, and the best constants of others."""
    from theory.worst_case.limit.of_method import MethodLimit

    if not isinstance(found, MethodLimit):
        _show_repeated(found)
        return
    each = found.found
    print_prose(
        f"{found.method}, staleness {found.staleness}: min |grad F|^2 ~ C L Delta / T with C = "
        f"{number(found.constant, 8)}, at the step {number(each.step, 8)} / L."
    )
    print_prose(_proved(found))
    if found.noisy is not None:
        print_prose(_with_noise(found.noisy))
    _show_beside(found, "best step of")


def _show_repeated(found: PeriodicLimit) -> None:
    print_prose(
        f"delayed, delays {', '.join(map(str, found.delays))} repeated: min |grad F|^2 ~ C L Delta / T with C = "
        f"{number(found.constant, 7)}, at the step {number(found.step, 7)} / L."
    )
    print_prose(
        f"{_sides(found, found.certified)}. From the step {number(found.largest_step, 7)} / L on, a quadratic does not "
        f"settle.{_starting(found.start)}"
    )
    _show_beside(found, f"best step at the fixed delay {max(found.delays)} of")


def _show_beside(found: MethodLimit | PeriodicLimit, what: str) -> None:
    print_text()
    print_table(
        (what, "C", "of this"),
        [(name, number(value, 6), number(value / found.constant, 4)) for name, value in found.beside.items()],
    )


def _with_noise(noisy: NoisyBound) -> str:
    return (
        f"Over {noisy.steps} steps with sigma^2 T / (L Delta) = {number(noisy.noise, 6)}, at the step "
        f"{number(noisy.step, 6)} / L: min E|grad F|^2 <= {number(noisy.bound, 8)}, proved in exact arithmetic. As T "
        f"grows at this step, {number(noisy.floor, 6)} sigma^2 is left."
    )


def _sides(found: MethodLimit | PeriodicLimit, certified: bool) -> str:
    above = "Certified from above" if certified else "From above by floats alone"
    below = f"some function needs {number(found.lower, 8)}" if found.lower else "no function was found that needs it"
    return f"{above}; {below}"


def _starting(start: float | None) -> str:
    if start is None:
        return " The gap counts from where the run is quiet: what the start of this method may add is not proved."
    return f" At the start F may rise, which costs at most a factor {number(start)}." if start > 1 else ""


def _proved(found: MethodLimit) -> str:
    ends = f"From the step {number(found.largest_step, 6)} / L on, some function never settles."
    whole = f" At every T, L Delta / (T / C + 1/2): `gradlag bounds {found.bound}`." if found.bound else ""
    return f"{_sides(found, found.found.certified)}. {ends}{_starting(found.start)}{whole}"
