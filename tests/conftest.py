"""What tests of several floors share: the solved studies at a size that takes a second or two."""

from collections.abc import Callable

import pytest

from experiments.studies import SCALES
from experiments.studies.adaptive import Size
from experiments.studies.asynchronous import Size as Servers
from experiments.studies.staleness import study as staleness
from experiments.studies.theorem_step.study import _Size as TheoremStep

_TINY = {
    "experiments.studies.worst_cases.growth._LONGEST": {1: 20, 2: 20},
    "experiments.studies.worst_cases.growth._SHORT": ((2, 3),),
    "experiments.studies.worst_cases.growth._LONG": (12,),
    "experiments.studies.worst_cases.limit._POINTS": 4,
    "experiments.studies.worst_cases.designs._SETTINGS": ((2, 6, 0.0),),
    "experiments.studies.worst_cases.worst_function._STEPS": 8,
    "experiments.studies.asynchronous._SIZES": Servers(("noise-late",), runs=2, replays=4, virtual=3, steps=80),
    "experiments.studies.theorem_step.study._SIZES": TheoremStep(batches=40, evaluate_every=20, sample=90),
    "experiments.studies.adaptive._SIZES": Size((("quadratic:d=3", 1, 40, 0.1, 1),), ("heavy",), seeds=3, tuning=2),
}


@pytest.fixture(scope="session")
def shrink_studies() -> Callable[[pytest.MonkeyPatch], None]:
    """Make every solved study tiny, at every scale alike."""

    def shrink(patch: pytest.MonkeyPatch) -> None:
        for name, entry in _TINY.items():
            patch.setattr(name, dict.fromkeys(SCALES, entry))
        patch.setattr("experiments.studies.worst_cases.growth._FEW_FRACTIONS", (0.5, 0.9))
        patch.setattr("experiments.studies.worst_cases.limit.DELAYS", (0, 2))
        patch.setattr("experiments.studies.theorem_step.study.STALENESSES", (1, 3))
        patch.setattr("experiments.studies.theorem_step.study.DEPTHS", (0, 1))
        # The staleness study has tests of its own; here it has nothing to train.
        patch.setattr(staleness, "FIGURES", dict.fromkeys(staleness.FIGURES, lambda scale: ()))

    return shrink
