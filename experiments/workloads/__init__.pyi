from .registry import WORKLOADS as WORKLOADS
from .registry import WorkloadEntry as WorkloadEntry
from .registry import get_workload as get_workload
from .registry import options_of as options_of
