"""The objectives: each knows its gradients, its constants, and how each constant is known."""

from experiments.problems.base import Constant, KernelData, KernelKind, Known, Problem, validate_batch
from experiments.problems.estimate import estimate_constants
from experiments.problems.registry import PROBLEMS, Option, ProblemEntry, get_problem

__all__ = [
    "PROBLEMS",
    "Constant",
    "KernelData",
    "KernelKind",
    "Known",
    "Option",
    "Problem",
    "ProblemEntry",
    "estimate_constants",
    "get_problem",
    "validate_batch",
]
