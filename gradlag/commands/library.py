"""What gradlag knows, described for people and for scripts: bounds, problems, data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from experiments.data.on_request import ON_REQUEST, RemoteSet, downloaded, megabytes, stored
from experiments.data.sets import DATASETS, DatasetEntry, load, own_names, where
from experiments.problems import PROBLEMS, get_problem
from gradlag.terminal.output import number, print_entry, print_list, print_prose, print_table, unbroken
from theory.bounds import RATES, REGISTRY, Bound, RateOnly, get
from theory.bounds.judging.assumption_costs import Change, Steps, standard
from theory.formulas.plain import plain


def describe_bound(bound: Bound) -> dict[str, Any]:
    """One bound, as `--json` prints it."""
    return {
        "name": bound.name,
        "title": bound.title,
        "statement": bound.statement,
        "latex": bound.latex(),
        "assumptions": [assumption.text for assumption in bound.assumptions],
        "domain": list(bound.domain),
        "definitions": list(bound.latex_definitions()),
        "conditions": list(bound.latex_conditions()),
        "iterates": bound.iterates,
        "schedule": bound.schedule.text if bound.schedule else None,
        "source": bound.source.text(),
        "rate": bound.rate_text,
        "verified": bound.verified,
    }


def describe_rate(rate: RateOnly) -> dict[str, Any]:
    """A result known as a rate only, with the same keys."""
    return {
        "name": rate.name,
        "title": rate.title,
        "statement": rate.statement,
        "latex": rate.latex(),
        "assumptions": [assumption.text for assumption in rate.assumptions],
        "domain": list(rate.domain),
        "source": rate.source.text(),
        "rate": rate.rate_text,
        "verified": rate.verified,
        "known": rate.known,
    }


def describe_bounds(name: str | None) -> list[dict[str, Any]]:
    """The library with what is known as a rate only, or the one of that name."""
    if name is None:
        return [*map(describe_bound, REGISTRY.values()), *map(describe_rate, RATES.values())]
    return [describe_rate(RATES[name]) if name in RATES else describe_bound(get(name))]


def formulas(name: str | None, python: bool) -> str:
    """A bound, or every one, as Python that evaluates it, or its right-hand side as LaTeX."""
    if name is not None:
        return get(name).python() if python else get(name).latex()
    return "\n".join(b.python() if python else f"% {b.name}\n{b.latex()}\n" for b in REGISTRY.values())


def print_bounds() -> None:
    """The library, a few lines a bound."""
    for bound in REGISTRY.values():
        coherence = "assumes coherence mu" if bound.needs_coherence else "no coherence assumed"
        noise = "no noise" if bound.noise_free_only else "noise allowed"
        print_entry(
            bound.name,
            bound.title,
            f"min over {bound.iterates}; {coherence}; {noise}; {bound.verified}",
            f"rate: {bound.rate_text}",
        )
    for rate in RATES.values():
        print_entry(rate.name, rate.title, f"rate only, {rate.known}", f"rate: {rate.rate_text}")
    print_prose(
        f"{len(REGISTRY)} bounds with proofs that replay (`gradlag prove NAME`), {len(RATES)} known as rates only.",
        "`gradlag bounds NAME` tells one whole; --latex and --python give its formula and code.",
    )


def print_bound(name: str) -> None:
    """One bound, whole."""
    if name in RATES:
        _print_rate(RATES[name])
        return
    bound = get(name)
    print_prose(f"{bound.name}: {bound.title}", bound.summary)
    print_list("", [f"{plain(bound.quantity)} ≤ {plain(bound.latex())}"])
    print_list("where", [plain(line) for line in bound.latex_definitions()])
    print_list("Assumptions", [assumption.text for assumption in bound.assumptions])
    print_list("Domain", [plain(line) for line in bound.latex_conditions()])
    print_prose(
        f"Its own step sizes: {bound.schedule.text}" if bound.schedule else "",
        f"Minimum over: {bound.iterates}",
        f"Rate: {bound.rate_text}",
        f"Source: {bound.source.text()}",
        f"Verified: {bound.verified}; `gradlag prove {bound.name}` replays the proof, step by step",
    )
    _print_sensitivity(bound)


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
    constants = ", ".join(f"{name} = {value:g}" for name, value in row.setting.constants.items())
    print_prose(
        f"Which constant costs what: at {row.schedule.text} with s = {row.setting.staleness.window}, "
        f"T = {row.setting.steps}, {constants} the bound is {number(row.value)}. Halved, each leaves this part of it:"
    )
    named = list(dict.fromkeys(change.constant for change in row.changes))
    print_table(
        ("halved", "steps kept", "steps re-derived"),
        [(name, _part(row.change(name, Steps.KEPT)), _part(row.change(name, Steps.DERIVED))) for name in named],
    )


def _part(change: Change | None) -> str:
    if change is None:
        return ""
    return "outside its domain" if change.after is None else number(change.ratio, 3)


def describe_problems() -> list[dict[str, Any]]:
    """The objectives with their constants at the default batch."""
    return [_describe_problem(name, entry.title) for name, entry in PROBLEMS.items()]


def _describe_problem(name: str, title: str) -> dict[str, Any]:
    problem = get_problem(name)
    constants = problem.constants(problem.default_batch)
    return {
        "name": name,
        "title": title,
        "dimension": problem.dimension,
        "examples": problem.examples,
        "batch": problem.default_batch,
        "options": {option.name: option.default for option in PROBLEMS[name].options},
        "constants": {
            symbol: {"value": constant.value, "known": str(constant.known), "reason": constant.reason}
            for symbol, constant in constants.items()
        },
    }


def print_problems(described: Sequence[dict[str, Any]]) -> None:
    """The objectives, a few lines each."""
    for each in described:
        rows = f", {each['examples']} rows" if each["examples"] else ""
        constants = ", ".join(unbroken(f"{name} {_constant(value)}") for name, value in each["constants"].items())
        options = ", ".join(f"{name}={_shown(value)}" for name, value in each["options"].items())
        print_entry(
            each["name"],
            each["title"],
            f"{each['dimension']} unknowns{rows}; batch {each['batch']}: {constants}",
            f"options: {options}" if options else "",
        )
    print_entry("FILE.py", "your own, a Python file", _OWN_FILE)
    print_prose(
        "Options follow a colon, as in quadratic:d=5,noise=0. Of the constants at that batch, = is exact, <= a proved "
        "upper bound, ~ an estimate; --json gives the reasons."
    )


_OWN_FILE = (
    "It defines initial_point (d numbers) and gradient(x, rng) with full_gradient(x), or an exact gradient(x); and, as "
    "far as they are known, loss(x) and constants = {'L': ..., 'Delta': ..., 'sigma': ...}."
)
_SIGNS = {"exact": "=", "upper bound": "<=", "estimate": "~"}


def _constant(constant: dict[str, Any]) -> str:
    return f"{_SIGNS.get(constant['known'], '=')} {number(constant['value'])}"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def describe_data() -> list[dict[str, Any]]:
    """The data sets that are there; the user's own are named and not read."""
    own = own_names()
    installed = [_installed(entry) for name, entry in DATASETS.items() if name not in own]
    return installed + [_own(name, None, None, None) for name in own]


def describe_requested_data() -> list[dict[str, Any]]:
    """The data sets that are had on request, and which of them are there."""
    return [_requested(entry) for entry in ON_REQUEST.values()]


def get_data(name: str, say: Callable[[str], None] = lambda sentence: None) -> dict[str, Any]:
    """One data set, read and checked; one on request is downloaded first, with its progress on stderr."""
    if name in ON_REQUEST:
        return _download(ON_REQUEST[name], say)
    found = load(name)
    if name in own_names():
        rows, columns = found.features.shape
        return _own(name, rows, columns, found.classes)
    return _installed(DATASETS[name])


def _download(entry: RemoteSet, say: Callable[[str], None]) -> dict[str, Any]:
    from experiments.common.progress import reporting
    from experiments.data.downloads import get

    with reporting(f"getting {entry.name}") as report:
        get(entry, report, say)
    return _requested(entry)


def _requested(entry: RemoteSet) -> dict[str, Any]:
    found = stored(entry.name)
    size = {"rows": sum(entry.rows), "columns": entry.columns, "classes": entry.classes}
    state = "missing"
    if found is not None:
        state = "stand-in" if found.stand_in else "downloaded" if downloaded(found.path) else "own"
    return {
        "name": entry.name,
        "title": entry.title,
        **size,
        "licence": entry.licence,
        "source": entry.source,
        "kind": entry.kind,
        "state": state,
        "file": str(found.path) if found else None,
        "download_bytes": entry.size,
        "terms": entry.terms or None,
    }


def _installed(entry: DatasetEntry) -> dict[str, Any]:
    size = {"rows": entry.rows, "columns": entry.columns, "classes": entry.classes}
    return {"name": entry.name, "title": entry.title, **size, "licence": entry.licence, "source": entry.source}


def _own(name: str, rows: int | None, columns: int | None, classes: int | None) -> dict[str, Any]:
    size = {"rows": rows, "columns": columns, "classes": classes}
    return {"name": name, "title": "your own", **size, "licence": None, "source": f"$GRADLAG_DATA/{name}.npz"}


def print_data(described: Sequence[dict[str, Any]]) -> None:
    """The data sets, a few lines each."""
    for each in described:
        facts = [_extent(each) if each["rows"] else "", each["licence"] or ""]
        print_entry(each["name"], each["title"], "; ".join(filter(None, facts)), each["source"], _state(each))


def print_place(name: str) -> None:
    """Where one data set is; of one on request its entry says so."""
    if name not in ON_REQUEST:
        print_prose(where(name))


_EXTENTS = {"ratings": "{rows} ratings, {columns} movies", "words": "{rows} documents, {columns} words"}


def _extent(described: dict[str, Any]) -> str:
    plainly = "{rows} rows, {columns} columns, {classes} classes"
    return _EXTENTS.get(described.get("kind", ""), plainly).format_map(described)


def _state(described: dict[str, Any]) -> str:
    """Whether a set on request is there."""
    size = megabytes(described.get("download_bytes"))
    states = {
        "missing": f"not here yet, {size}: gradlag data get {described['name']}",
        "stand-in": f"a stand-in is here, {described.get('file')}; the original, {size}: gradlag data get "
        f"{described['name']}",
        "own": f"your own file, {described.get('file')}",
        "downloaded": f"here, {described.get('file')}",
    }
    return states.get(described.get("state", ""), "")


def print_data_advice() -> None:
    """Where the sets are, and how to add one."""
    print_prose(
        "Only what is not here yet needs a download, into the folder that the variable GRADLAG_DATA names or into the "
        "user's cache. For a set of your own put NAME.npz (arrays features and labels) in the folder that "
        "the variable GRADLAG_DATA names; --problem logistic:data=NAME or softmax:data=NAME uses it."
    )
