"""What the workers' simulator trains, by name. A new workload is one more entry of `WORKLOADS`."""

from experiments.workloads.base import SeedEngine, Target, WorkerKernel, Workload
from experiments.workloads.registry import WORKLOADS, WorkloadEntry, get_workload

__all__ = ["WORKLOADS", "SeedEngine", "Target", "WorkerKernel", "Workload", "WorkloadEntry", "get_workload"]
