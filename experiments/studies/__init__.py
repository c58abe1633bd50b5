"""One entry per figure: what `gradlag reproduce` computes. Figures that look at the same runs share their cells."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from experiments.studies import ladder, worst_case, worst_case_results
from experiments.studies.base import SCALES, AnyCell, Study
from experiments.studies.designs import design_cells
from experiments.studies.limit import limit_cells
from experiments.studies.worst_function import worst_function_cells
from theory.errors import InputError

__all__ = ["SCALES", "STUDIES", "Study", "get_study"]

_PAPER = "Dai, Zhou, Dong, Zhang, Xing, ICLR 2019"


def _solved(name: str, title: str, source: str, build: Callable[[str], Sequence[AnyCell]]) -> Study:
    """A study whose cells are worst cases to be solved, not runs."""
    return Study(name, title, source, build, run=worst_case_results.run_cells, noun="worst cases")


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
            _solved(
                "worst-case",
                "The worst case of two schedules as it grows with staleness and steps, beside the theorems",
                f"Theorem 1 of {_PAPER}; gradlag's Theorems A and B and Corollary 1; Lian et al., NeurIPS 2015",
                worst_case.growth_cells,
            ),
            _solved(
                "delay-patterns",
                "Is the constant delay the worst? All traces of short runs, and a sawtooth over long ones",
                "gradlag's own: the maximum of the worst case over delay traces",
                worst_case.trace_cells,
            ),
            _solved(
                "limit",
                "The exact constant of a constant step at a fixed delay, as the number of steps grows",
                "gradlag's own: a linear program over lags; the theorems, each at its best constant step",
                limit_cells,
            ),
            _solved(
                "designs",
                "Schedules designed for Theorem 1's sum, for Theorem A and for the worst case, beside the usual ones",
                f"gradlag's own designs; Theorem 1's schedule, {_PAPER}",
                design_cells,
            ),
            _solved(
                "worst-function",
                "The function on which Theorem 1's steps are the slowest",
                f"Theorem 1's schedule, {_PAPER}; gradlag's witness",
                worst_function_cells,
            ),
        )
    }
)


def get_study(name: str) -> Study:
    """The study of that name; InputError lists the names if there is none."""
    if name not in STUDIES:
        raise InputError(f"There is no figure {name!r}. The figures are {', '.join(STUDIES)}.")
    return STUDIES[name]
