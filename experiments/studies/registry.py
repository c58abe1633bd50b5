"""One entry per figure: what `gradlag reproduce` computes. Figures that look at the same runs share their cells."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from experiments.studies import ladder
from experiments.studies.adaptive import ADAPTIVE, adaptive_cells
from experiments.studies.asynchronous import ASYNC, asynchronous_cells
from experiments.studies.staleness import study as staleness
from experiments.studies.staleness.store import STALENESS
from experiments.studies.study import SCALES, Study
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.studies.theorem_step.store import THEOREM_STEPS
from experiments.studies.theorem_step.study import theorem_step_cells
from experiments.studies.worst_cases.certified_witness import witness_cells
from experiments.studies.worst_cases.delay_patterns import trace_cells
from experiments.studies.worst_cases.designs import design_cells
from experiments.studies.worst_cases.growth_with_staleness import growth_cells
from experiments.studies.worst_cases.limit import limit_cells
from experiments.studies.worst_cases.store import SOLVED
from experiments.sweep.store import AnyCell
from theory.common.errors import InputError
from theory.common.spelling import meant

__all__ = ["SCALES", "STUDIES", "Study", "get_study"]

_PAPER = "Dai, Zhou, Dong, Zhang, Xing, ICLR 2019"


def _solved(name: str, title: str, source: str, build: Callable[[str], Sequence[AnyCell]]) -> Study:
    """A study whose cells are worst cases to be solved, not runs."""
    return Study(name, title, source, build, SOLVED)


def _trained(name: str, title: str, source: str) -> Study:
    """A study whose cells are workers that train a model."""
    return Study(name, title, source, lambda scale: staleness.FIGURES[name](scale), STALENESS)


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
                growth_cells,
            ),
            _solved(
                "delay-patterns",
                "Is the constant delay the worst? All traces of short runs, and a sawtooth over long ones",
                "gradlag's own: the maximum of the worst case over delay traces",
                trace_cells,
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
                witness_cells,
            ),
            _trained(
                "fig1",
                "Batches to a target accuracy against staleness, by depth, SGD and Adam",
                f"Figure 1 of {_PAPER}",
            ),
            _trained("fig2", "Five optimisers, 1 to 16 workers: which of them bear staleness", f"Figure 2 of {_PAPER}"),
            _trained(
                "fig3", "Matrix factorisation, variational autoencoders and topic models", f"Figure 3 of {_PAPER}"
            ),
            _trained("fig5", "Cosine between the gradients of a run, by their distance", f"Figure 5 of {_PAPER}"),
            _trained(
                "fig6",
                "Coherence by depth and under staleness; geometric delays",
                f"Figure 6 of {_PAPER}; gradlag's own",
            ),
            _trained("distance", "Workers with caches beside the theorem's one sequence", "gradlag's own"),
            Study(
                "theorem-step",
                "Theorem 1's steps on the study's networks, beside a step that is in use",
                f"Theorem 1 of {_PAPER}; gradlag's Theorem A and Corollary 1",
                theorem_step_cells,
                THEOREM_STEPS,
                SCALES[:2],  # its steps have no sizes at the scale paper
            ),
            Study(
                "async",
                "Simulated and real: the delays of asynchronous servers, and their runs beside replays",
                "gradlag's own; the virtual clock with a bound is that of Ho et al., NeurIPS 2013",
                asynchronous_cells,
                ASYNC,
            ),
            Study(
                "adaptive",
                "Delay-adaptive step rules beside constant steps, each against its own bound",
                "Zhang et al. 2016; Cohen et al. 2021; Koloskova et al., Mishchenko et al. and Wu et al. 2022; "
                "Maranjyan et al. 2025; gradlag's Theorems A and A^r",
                adaptive_cells,
                ADAPTIVE,
            ),
            *(Study(each.name, each.title, each.source, each.cells, SYSTEM_RESULTS) for each in SYSTEMS.values()),
        )
    }
)


def get_study(name: str) -> Study:
    """The study of that name; InputError lists the names if there is none."""
    if name not in STUDIES:
        raise InputError(f"There is no figure {name!r}.{meant(name, STUDIES)} The figures are {', '.join(STUDIES)}.")
    return STUDIES[name]
