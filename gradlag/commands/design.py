"""`gradlag design`: the best step sizes for a bound or the worst case, beside the usual ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from experiments.common.files import check_writable
from experiments.common.progress import reporting
from gradlag.terminal.output import keep_json, listed, number, print_list, print_prose, print_table, verb
from theory.common.waiting import part
from theory.staleness.count import Staleness
from theory.staleness.delays import delay_model, delay_trace, refuse_two_sources

if TYPE_CHECKING:
    from theory.design.designed import Designed
    from theory.schedules.schedule import GivenSchedule


def design(
    *,
    staleness: int,
    steps: int,
    target: str = "theorem-a",
    schedule: GivenSchedule | None = None,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    coherence: float | None = None,
    delays: str = "constant",
    delays_file: Path | str | None = None,
    seed: int = 0,
    certify: bool = True,
    out: Path | str | None = None,
    progress: bool = False,
) -> Designed:
    """The best step sizes for a staleness, a number of steps and a noise.

    Args:
        staleness: the theorem's s; steps: T.
        target: "theorem-a", "theorem-1" or "worst-case"; the command's --for.
        schedule: your own schedule, to be set beside the design.
        smoothness: L; gap: Delta; variance: sigma^2; coherence: mu of Theorem 1's schedule and sums, 1 by default.
        delays, delays_file, seed: as in `worst_case`.
        certify: certify the worst cases of the design, of Theorem 1's schedule, of the best constant step and of yours.
        out: a folder for the steps (design.txt, for --schedule @design.txt), the answer (JSON) and the picture.
        progress: show what is being done on stderr.

    Returns:
        The design with its reason, and every baseline judged by the same measures.

    Raises:
        InputError: anything that cannot be used, in one sentence.

    >>> design(staleness=2, steps=4, certify=False)
    Designed(theorem-a, T=4, ... against ... of theorem-1)
    """
    from theory.design.best import design as best
    from theory.design.designed import completed

    began = perf_counter()
    folder = None if out is None else Path(out)
    if folder is not None:
        check_writable(folder / "design.txt")
        check_writable(folder / "design.json")
    window = Staleness(staleness)
    refuse_two_sources(delays, delays_file)
    model = delay_model(delays, delays_file, steps, window)
    with reporting("design", quiet=not progress) as report:

        def tell(done: int, total: int, text: str) -> None:
            report(done, total)

        found = best(
            window,
            steps,
            delays=delay_trace(model, steps, seed),
            smoothness=smoothness,
            gap=gap,
            variance=variance,
            mu=coherence,
            target=target,
            progress=part(tell, 0.0, 0.8),
        )
        answer = completed(found, schedule, certify=certify, progress=part(tell, 0.8, 1.0))
    answer = replace(answer, seconds=perf_counter() - began)
    return answer if folder is None else _kept(answer, folder)


def _kept(answer: Designed, folder: Path) -> Designed:
    from figures.draw.designs import designs_picture
    from figures.style import style

    picture = style.save(designs_picture([{answer.design.target: answer.design}]), folder, "design")[0]
    whole = replace(answer, files={"steps": answer.design.save(folder / "design.txt"), "picture": picture})
    keep_json(folder / "design.json", whole.to_dict())
    return whole


def show(found: Designed) -> None:
    """A design beside the usual schedules, and the reason for its shape."""
    brief, bound = found.design.brief, found.design.target.bound
    sums = {"dai2019-tight": "Theorem 1's sum (dai2019-tight)", "theorem-a": "Theorem A"}
    aim = "the worst case" if bound is None else sums[bound.name]
    print_prose(f"Steps for {aim}, s = {brief.staleness.window}, T = {brief.steps}:")
    measure = () if bound is None else (bound.name,)
    columns = ("schedule", *measure, "worst case", "certified", "the design is")
    print_table(columns, [_row(found, name) for name in found.rated])
    titles = [f"{name} is {each.title}" for name, each in found.rated.items() if name != "design"]
    print_prose(f"Here {'; '.join(titles)}.", *_remarks(found), *found.design.reason)
    print_list("Not certified:", [f"{name}: {why}" for name, why in found.refusals.items()])
    steps = found.design.step_sizes
    first = ", ".join(number(float(step)) for step in steps[:6])
    print_prose(f"The first steps are {first}{', ...' if steps.size > 6 else '.'}")
    if "steps" in found.files:
        print_prose(f"The steps are in {found.files['steps']}: use them with --schedule @{found.files['steps']}.")
    else:
        print_prose("Keep all of them with --out FOLDER.")


def _row(found: Designed, name: str) -> tuple[str, ...]:
    each, bound = found.rated[name], found.design.target.bound
    value = () if bound is None else (number(each.value, 6),)
    gain = "" if name == "design" else _gain(found.design.chosen.value, each.value)
    return (name, *value, number(each.worst_case_value, 6), number(found.upper.get(name), 6), gain)


def _gain(best: float | None, value: float | None) -> str:
    """How much lower the design is."""
    if best is None or not value:
        return "-"
    lower = 1 - best / value
    return "the same" if abs(lower) < 1e-6 else f"{100 * lower:.3g} % lower"


def _remarks(found: Designed) -> Iterator[str]:
    """What the worst cases assume, and which schedule has a lower one than a design for a bound."""
    design = found.design
    if str(design.target) == "theorem-1":
        yield f"The worst cases assume gradient coherence mu = {design.brief.coherence:g}, as Theorem 1 does."
    own = design.chosen.worst_case_value
    lower = [
        name
        for name, each in found.rated.items()
        if own is not None and each.worst_case_value is not None and each.worst_case_value < own * (1 - 1e-6)
    ]
    if design.target.bound is not None and lower:
        yield f"By the worst case itself {listed(lower)} {verb(lower, 'is', 'are')} better: see --for worst-case."
