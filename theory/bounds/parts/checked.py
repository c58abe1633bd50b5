"""Who checked a bound: the kernel, which replays its proof, and Coq, where formal/Link.v proves what is generated."""

from __future__ import annotations

#: The bounds that Coq has checked; a test compares them with the theorems of formal/Link.v.
IN_COQ: tuple[str, ...] = (
    "dai2019", "dai2019-sum", "dai2019-tight", "dai2019-constant", "dai2019-strict", "theorem-a", "theorem-ar",
    "theorem-b", "theorem-b-noise", "theorem-c", "theorem-c-noise", "corollary-1", "corollary-2", "theorem-r",
    "average-delay", "average-delay-adaptive", "average-delay-drop", "lian2015", "zhang2016", "stich2020",
    "koloskova2022", "koloskova2022-adaptive", "mishchenko2022", "wu2022", "maranjyan2025", "ghadimi2013",
    "bottou2018", "abbaszadehpeivasti2022", "rotaru2024", "counter-momentum", "asp-regret",
    "leave-one-out",
)  # fmt: skip
#: Of these, those whose runs, or whose weights by powers, the kernel does not know: Coq alone has checked them.
COQ_ALONE: tuple[str, ...] = ("rotaru2024", "counter-momentum", "asp-regret", "leave-one-out")


def checkers(name: str, verified: str) -> tuple[str, ...]:
    """The checkers of a bound of that name: `kernel` where its proof replays, `coq` where Coq has checked it.

    >>> checkers("theorem-a", "proved"), checkers("attia2024", "rate only")
    (('kernel', 'coq'), ())
    """
    return ("kernel",) * (verified == "proved" and name not in COQ_ALONE) + ("coq",) * (name in IN_COQ)
