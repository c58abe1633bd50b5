"""What the command prints of worst cases, designs and claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

from gradlag.commands.worst_cases import UNASSUMED
from gradlag.terminal.output import number, print_list, print_prose, print_table, print_text

if TYPE_CHECKING:
    from experiments.claims.verdict import ClaimVerdict
    from gradlag.commands.designs import Designed
    from gradlag.commands.worst_cases import WorstCase
    from theory.bounds.judging.judge import Judgement
    from theory.bounds.parts.conditions import Failure
    from theory.worst_case.traces.patterns import PatternResult


def print_worst_case(found: WorstCase) -> None:
    """The interval of the worst case, how it is known, and the library beside it."""
    print_prose(_answer(found), *_remarks(found))
    applying = sorted((j for j in found.judgements if j.applies), key=lambda judged: judged.value or 0.0)
    if applying:
        columns = ("bound", "value", "times worst case", "minimum over")
        print_table(columns, [_row(judged, found.upper) for judged in applying])
    elif found.judgements:
        print_prose("No bound of the library applies to these steps and delays.")
        print_text()
    print_list("Outside their domain:", list(_outside(found)))
    for kind, path in found.files.items():
        print_prose(f"The {kind} is {path}." + (f" `gradlag verify {path}` checks it." if kind != "picture" else ""))


def _answer(found: WorstCase) -> str:
    question = found.asked.question
    what = "least E|grad F|^2" if str(question.measure) == "min" else "step-weighted mean of E|grad F|^2"
    where = f"the {what} over {question.covered}"
    if found.upper is None:
        return (
            f"Not solved ({found.solution.status}): the solver did not reach its tolerance, so no value is shown. Try "
            "fewer or shorter steps, or --dense for up to some 50 steps."
        )
    sign = "at most" if found.certificate is not None else "at most, as far as a solver in floats can tell,"
    return f"The worst case of {where} is {sign} {outward(found.upper, up=True)}."


def outward(value: float, *, up: bool, digits: int = 6) -> str:
    """A bound in a few digits that is still one: rounded away from what it bounds.

    >>> outward(0.18383701, up=True), outward(0.18383799, up=False), outward(1234567.0, up=True)
    ('0.183838', '0.183837', '1234570')
    """
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    rounded = context.create_decimal(Decimal(value))
    return f"{rounded:f}" if 1e-5 <= abs(value) < 1e9 else f"{rounded:e}"


def _remarks(found: WorstCase) -> Iterator[str]:
    if found.pattern is not None:
        yield _pattern(found.pattern)
    solution = found.solution
    if found.upper is None:
        return
    if found.certificate is not None:
        yield "Certified: the argument was checked in exact integers, each step taken as the exact number that it is."
    elif found.refusal:
        yield f"Not certified: {found.refusal}"
    if found.replay is not None:
        below = f"A function that is as bad as {outward(found.replay.lower, up=False)} was replayed"
        yield f"{below} ({number(100 * found.replay.lower / found.upper, 4)} % of that)."
    elif found.witness is not None:
        yield "A worst function was found and checked, but its replay leaves it by rounding; nothing was measured."
    elif found.sought:
        yield "No function that is nearly as bad was found, so nothing is known from below."
    if not solution.exhaustive:
        kept = f"{len(solution.pairs)} of {_all_pairs(found)} pairs of points were used"
        yield f"{kept}; the others could only lower the value."


def _all_pairs(found: WorstCase) -> int:
    steps = found.asked.question.steps
    return steps * (steps + 1)


def _outside(found: WorstCase) -> Iterator[str]:
    """Why the library's own bounds do not apply, one line for each reason; without those that ask for more numbers."""
    from theory.bounds import get

    unassumed = [name for name in found.unassumed if get(name).on_ladder]
    if unassumed:
        yield UNASSUMED.format(listed(unassumed), _verb(unassumed, "assumes", "assume"))
    reasons: dict[tuple[str, int | None, str], list[Failure]] = {}
    for judged in found.judgements:
        if judged.failures and judged.bound.on_ladder and not judged.bound.given:
            failure = judged.failures[0]
            reasons.setdefault((failure.what, failure.k, failure.remedy), []).append(failure)
    for failures in reasons.values():
        yield _together(failures)


def _together(failures: Sequence[Failure]) -> str:
    """One sentence for bounds that fail for the same reason; the numbers where they are the same."""
    names = [failure.bound for failure in failures]
    same = len({failure.detail for failure in failures}) == 1
    told = failures[0] if same else replace(failures[0], detail="")
    start = f"{names[0]} does not apply"
    return told.sentence().replace(start, f"{listed(names)} {_verb(names, 'does', 'do')} not apply", 1)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _verb(names: Sequence[str], one: str, more: str) -> str:
    return one if len(names) == 1 else more


def _row(judged: Judgement, upper: float | None) -> tuple[str, ...]:
    value = judged.value or 0.0
    return (
        judged.bound.name,
        number(value),
        number(value / upper, 4) if upper else "",
        judged.bound.iterates,
    )


def _pattern(pattern: PatternResult) -> str:
    """Which trace was found to be the worst, and by what."""
    shown = " ".join(map(str, pattern.delays[:40])) + (" ..." if pattern.delays.size > 40 else "")
    how = (
        f"all {pattern.traces:,} traces were compared" if pattern.exhaustive else f"the worst found by {pattern.method}"
    )
    beside = (
        "no worse than the constant delay"
        if pattern.constant_is_worst
        else f"{number(pattern.ratio)} times the worst case of the constant delay"
    )
    return f"The delays are {shown}: {how}; {beside}."


def print_design(found: Designed) -> None:
    """A design beside the usual schedules, and the reason for its shape."""
    brief, bound = found.design.brief, found.design.target.bound
    sums = {"dai2019-tight": "Theorem 1's sum (dai2019-tight)", "theorem-a": "Theorem A"}
    aim = "the worst case" if bound is None else sums[bound.name]
    print_prose(f"Steps for {aim}, s = {brief.staleness.window}, T = {brief.steps}:")
    measure = () if bound is None else (bound.name,)
    print_table(
        ("schedule", *measure, "worst case", "certified", "the design is"),
        [_design_row(found, name) for name in found.rated],
    )
    titles = [f"{name} is {each.title}" for name, each in found.rated.items() if name != "design"]
    print_prose(f"Here {'; '.join(titles)}.", *_design_remarks(found), *found.design.reason)
    print_list("Not certified:", [f"{name}: {why}" for name, why in found.refusals.items()])
    print_prose(f"The first steps are {_first_steps(found)}")
    if "steps" in found.files:
        print_prose(f"The steps are in {found.files['steps']}: use them with --schedule @{found.files['steps']}.")
    else:
        print_prose("Keep all of them with --out FOLDER.")


def _design_row(found: Designed, name: str) -> tuple[str, ...]:
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


def _design_remarks(found: Designed) -> Iterator[str]:
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
        yield f"By the worst case itself {listed(lower)} {_verb(lower, 'is', 'are')} better: see --for worst-case."


def _first_steps(found: Designed) -> str:
    steps = found.design.step_sizes
    return ", ".join(number(float(step)) for step in steps[:6]) + (", ..." if steps.size > 6 else ".")


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
