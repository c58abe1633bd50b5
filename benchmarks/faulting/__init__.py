"""The faults that `benchmarks/faults.py` injects, and how it sees that nothing was lost."""

import os

# Read when libraries are imported: a process that is forked must not have threads.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"
