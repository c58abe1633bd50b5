from .estimate import estimate_constants as estimate_constants
from .problem import KernelData as KernelData
from .problem import KernelKind as KernelKind
from .problem import Problem as Problem
from .problem import validate_batch as validate_batch
from .registry import PROBLEMS as PROBLEMS
from .registry import ProblemEntry as ProblemEntry
from .registry import get_problem as get_problem
