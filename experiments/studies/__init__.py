"""One entry per figure: what `gradlag reproduce` runs. Figures that look at the same runs share their cells."""

from collections.abc import Mapping
from types import MappingProxyType

from experiments.studies import ladder
from experiments.studies.base import SCALES, Study
from theory.errors import InputError

__all__ = ["SCALES", "STUDIES", "Study", "get_study"]

_PAPER = "Dai, Zhou, Dong, Zhang, Xing, ICLR 2019"

STUDIES: Mapping[str, Study] = MappingProxyType(
    {
        study.name: study
        for study in (
            Study(
                "ladder",
                "The ladder: measured gradient norms below what is proved, with coherence and without",
                f"Theorem 1 of {_PAPER}; gradlag's Theorem A and Corollary 1",
                ladder.all_cells,
            ),
            Study(
                "slack",
                "How many times each bound is larger than what is measured, over time and staleness",
                f"Theorem 1 of {_PAPER}; gradlag's Theorem A and Corollary 1",
                ladder.all_cells,
            ),
            Study(
                "coherence",
                "Gradient coherence and cosine along runs: does Theorem 1's assumption hold?",
                f"The assumption of Theorem 1, and the quantity of figure 5, of {_PAPER}",
                ladder.all_cells,
            ),
        )
    }
)


def get_study(name: str) -> Study:
    """The study of that name; InputError lists the names if there is none."""
    if name not in STUDIES:
        raise InputError(f"There is no figure {name!r}. The figures are {', '.join(STUDIES)}.")
    return STUDIES[name]
