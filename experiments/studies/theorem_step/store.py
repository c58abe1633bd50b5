"""The cells of the study of Theorem 1's steps on disk: one JSON file each, checked when read."""

from experiments.studies.staleness.store import TrainedStore
from experiments.studies.theorem_step.study import TheoremStepCell
from experiments.sweep.json_store import CellResult

StepResult = CellResult[TheoremStepCell]


class TheoremStepStore(TrainedStore[TheoremStepCell]):
    """Theorem 1's steps and those beside them, on networks."""

    schema = "gradlag-theorem-step/1"
    folder = "theorem-step"
    noun = "result of Theorem 1's steps"
    plural = "cells of Theorem 1's steps"
    cell_type = TheoremStepCell


THEOREM_STEPS = TheoremStepStore()
