"""`gradlag bounds`: the library of bounds, and one of them whole."""

from __future__ import annotations

from gradlag.terminal.output import number, print_entry, print_list, print_prose, print_table, print_text
from theory.bounds import RATES, REGISTRY, Bound, RateOnly, get
from theory.bounds.judging.assumption_costs import Change, Sizes, standard
from theory.bounds.parts.checked import COQ_ALONE, IN_COQ
from theory.common.shown import Listed
from theory.formulas.plain import plain

Library = Listed[Bound | RateOnly]


def bounds(name: str | None = None) -> Library:
    """The library with what is known as a rate only, or the one of that name.

    Args:
        name: one bound; all by default.

    Returns:
        The bounds by name: statement, assumptions, domain, source, rate, how verified; `.latex()`, `.python()`.

    Raises:
        InputError: there is no such bound; the sentence lists those there are.

    >>> bounds("theorem-a")["theorem-a"].rate()
    '...'
    """
    whole: dict[str, Bound | RateOnly] = {**REGISTRY, **RATES}
    return Listed({"bounds": whole if name is None else {name: RATES.get(name) or get(name)}})


def show(
    found: Library, name: str | None = None, *, latex: bool = False, python: bool = False, sympy: bool = False
) -> None:
    """A few lines a bound; one whole where it was named; or the formulas: LaTeX, Python that evaluates them, sympy."""
    if latex or python or sympy:
        print_text(_formulas(name, python, sympy))
    elif name is None:
        _print_all()
    elif name in RATES:
        _print_rate(RATES[name])
    else:
        _print_bound(get(name))


def _formulas(name: str | None, python: bool, sympy: bool) -> str:
    chosen = REGISTRY.values() if name is None else [get(name)]
    if sympy:
        return "\n\n".join(map(_in_sympy, chosen))
    if python:
        return "\n".join(bound.python() for bound in chosen)
    return "\n".join(b.latex() if name else f"% {b.name}\n{b.latex()}\n" for b in chosen)


def _in_sympy(bound: Bound) -> str:
    from theory.formulas.symbolic_text import code

    asked = {f"condition_{n}": each for n, each in enumerate(bound.sympy_conditions(), 1) if each != True}  # noqa: E712
    return f"# {bound.title}\n{code({'bound': bound.sympy(), **asked})}"


def _print_all() -> None:
    for bound in REGISTRY.values():
        coherence = "assumes coherence mu" if bound.needs_coherence else "no coherence assumed"
        noise = "no noise" if bound.noise_free_only else "noise allowed"
        over = bound.iterates if bound.measures else f"min over {bound.iterates}"
        print_entry(
            bound.name,
            bound.title,
            f"{over}; {coherence}; {noise}; {bound.verified}{_also(bound)}",
            f"rate: {bound.rate()}",
        )
    for rate in RATES.values():
        print_entry(rate.name, rate.title, f"rate only, {rate.known}", f"rate: {rate.rate_text}")
    print_prose(
        f"{len(REGISTRY) - len(COQ_ALONE)} bounds with proofs that replay (`gradlag prove NAME`), {len(COQ_ALONE)} "
        f"that Coq alone has checked, {len(RATES)} known as rates only.",
        "`gradlag bounds NAME` tells one whole; --latex, --python and --sympy give its formula and code.",
    )


def _print_bound(bound: Bound) -> None:
    print_prose(f"{bound.name}: {bound.title}", bound.summary)
    print_list("", [f"{plain(bound.quantity)} ≤ {plain(bound.latex())}"])
    print_list("where", [plain(line) for line in bound.latex_definitions()])
    print_list("Assumptions", [assumption.text for assumption in bound.assumptions])
    print_list("Domain", [plain(line) for line in bound.latex_conditions()])
    print_prose(
        f"Its own step sizes: {bound.schedule.text}" if bound.schedule else "",
        f"{'Bounded' if bound.measures else 'Minimum over'}: {bound.iterates}",
        f"Rate: {bound.rate()}; `gradlag rate --schedule E --bound {bound.name}` at your steps",
        f"Source: {bound.source.text()}",
        f"Verified: {bound.verified}, by Coq alone: formal/ in the sources"
        if bound.name in COQ_ALONE
        else f"Verified: {bound.verified}; `gradlag prove {bound.name}` replays the proof, step by step",
        "Coq has checked it too: formal/ in the sources" if bound.name in {*IN_COQ} - {*COQ_ALONE} else "",
    )
    _print_sensitivity(bound)


def _also(bound: Bound) -> str:
    if bound.name in COQ_ALONE:
        return " in Coq"
    return ", also in Coq" if bound.name in IN_COQ else ""


def _print_rate(rate: RateOnly) -> None:
    print_prose(f"{rate.name}: {rate.title}", rate.summary)
    print_list("", [f"{plain(rate.quantity)} = {plain(rate.latex())}"])
    print_list("Assumptions", [assumption.text for assumption in rate.assumptions])
    print_prose(
        f"Rate: {rate.rate_text}", f"Source: {rate.source.text()}", f"Known {rate.known}; no constants, no proof"
    )


def _print_sensitivity(bound: Bound) -> None:
    """Which constant costs what: the bound as each is halved, at a standard setting."""
    row = standard(bound)
    if not row.changes:
        return
    constants = ", ".join(f"{name} = {value:g}" for name, value in row.setting.constants.items())
    print_prose(
        f"Which constant costs what: at {row.schedule.text} with s = {row.setting.staleness.window}, "
        f"T = {row.setting.steps}, {constants} the bound is {number(row.value)}. Halved, each leaves this part of it:"
    )
    named = list(dict.fromkeys(change.constant for change in row.changes))
    print_table(
        ("halved", "steps kept", "steps re-derived"),
        [(name, _part(row.change(name, Sizes.KEPT)), _part(row.change(name, Sizes.DERIVED))) for name in named],
    )


def _part(change: Change | None) -> str:
    if change is None:
        return ""
    return "outside its domain" if change.after is None else number(change.ratio, 3)
