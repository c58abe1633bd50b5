"""What the command prints of worst cases, designs and claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradlag.output import number, print_list, print_prose, print_table

if TYPE_CHECKING:
    from experiments.claim_verdict import ClaimVerdict
    from gradlag.designs import Designed
    from gradlag.worst_cases import WorstCase
    from theory.general_bound import Judgement


def print_worst_case(found: WorstCase) -> None:
    """The interval of the worst case, how it is known, and the library beside it."""
    print_prose(_answer(found), *_remarks(found))
    applying = sorted((j for j in found.judgements if j.applies), key=lambda judged: judged.value or 0.0)
    print_table(
        ("bound", "value", "to the worst case", "minimum over"), [_row(judged, found.upper) for judged in applying]
    )
    told = [j for j in found.judgements if j.failures and j.bound.on_ladder]
    print_list("Outside their domain:", [judged.failures[0].sentence() for judged in told])
    for kind, path in found.files.items():
        print_prose(f"The {kind} is {path}." + (f" `gradlag verify {path}` checks it." if kind != "picture" else ""))


def _answer(found: WorstCase) -> str:
    question = found.asked.question
    what = "least E|grad F|^2" if str(question.measure) == "min" else "step-weighted mean of E|grad F|^2"
    where = f"the {what} over {question.covered}"
    if found.upper is None:
        return f"Not solved ({found.solution.status}): the solver did not reach its tolerance, so no value is shown."
    sign = "at most" if found.certificate is not None else "at most, as far as a solver in floats can tell,"
    return f"The worst case of {where} is {sign} {number(found.upper, 8)}."


def _remarks(found: WorstCase) -> Iterator[str]:
    solution = found.solution
    if found.certificate is not None:
        yield "Certified: the argument was checked in exact integers, each step taken as the exact number that it is."
    elif found.refusal:
        yield f"Not certified: {found.refusal}"
    if found.replay is not None and found.upper:
        below = f"A function that is as bad as {number(found.lower, 8)} was replayed"
        yield f"{below} ({number(100 * found.replay.lower / found.upper, 4)} % of that)."
    if not solution.exhaustive:
        kept = f"{len(solution.pairs)} of {_all_pairs(found)} pairs of points were used"
        yield f"{kept}; the others could only lower the value."


def _all_pairs(found: WorstCase) -> int:
    steps = found.asked.question.steps
    return steps * (steps + 1)


def _row(judged: Judgement, upper: float | None) -> tuple[str, ...]:
    value = judged.value or 0.0
    return (
        judged.bound.name,
        number(value),
        number(value / upper, 4) if upper else "",
        judged.bound.iterates,
    )


def print_design(found: Designed) -> None:
    """A design beside the usual schedules, and the reason for its shape."""
    chosen = found.design
    measure = "worst case" if chosen.target.bound is None else chosen.target.bound.name
    print_prose(f"Steps for {measure}, s = {chosen.brief.staleness.window}, T = {chosen.brief.steps}:")
    print_table(
        ("schedule", measure, "worst case", "certified at most", "the design is"),
        [_design_row(found, name) for name in found.rated],
    )
    print_prose(*chosen.reason)
    print_list("Not certified:", [f"{name}: {why}" for name, why in found.refusals.items()])
    print_prose(f"The first steps are {_first_steps(found)}.")
    if "steps" in found.files:
        print_prose(f"The steps are in {found.files['steps']}: use them with --schedule @{found.files['steps']}.")


def _design_row(found: Designed, name: str) -> tuple[str, ...]:
    each = found.rated[name]
    best = found.design.chosen.value
    gain = "" if name == "design" or best is None or not each.value else f"{100 * (1 - best / each.value):.3g} % lower"
    return (
        each.title,
        number(each.value, 6),
        number(each.worst_case_value, 6),
        number(found.upper.get(name), 6),
        gain,
    )


def _first_steps(found: Designed) -> str:
    steps = found.design.step_sizes
    return ", ".join(number(float(step)) for step in steps[:6]) + (", ..." if steps.size > 6 else "")


def print_claim(found: ClaimVerdict) -> None:
    """What is known of a claim: the word, why, and the numbers at each T."""
    print_prose(f"{str(found.verdict).upper()}. {found.sentence}")
    if found.would_decide:
        print_prose(f"What would decide it: {found.would_decide}")
    for place, step in enumerate(found.steps, 1):
        print_prose(f"{place}. {step.title} ({step.rule}{'' if step.ok else ', FAILS'})")
    known = [(t, *row) for t, *row in zip(found.times, found.claimed, found.upper, found.lower, strict=True)]
    if any(value is not None for row in known for value in row[2:]):
        rows = [(str(t), *(number(value, 6) for value in row)) for t, *row in known]
        print_table(("T", "claimed", "worst case at most", "a function has"), rows)
    if found.witness:
        print_prose(f"The witness is {found.witness}. `gradlag verify {found.witness}` checks it.")
    if found.certificates:
        print_prose(f"The last certificate is {found.certificates[-1]}. `gradlag verify` checks it.")
