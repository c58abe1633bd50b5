"""Pack the traces of real runs into the data sets: `python benchmarks/pack_traces.py FOLDER`."""

import sys
from importlib.resources import files
from pathlib import Path

from experiments.common.files import write_atomically
from experiments.servers.recorded import pack, recorded_name
from experiments.studies.asynchronous import ASYNC, asynchronous_cells


def main(folder: str) -> None:
    """Pack the traces of the cells that a folder of results holds."""
    for cell in asynchronous_cells("quick"):
        runs = ASYNC.stored_runs(cell, Path(folder)) if cell.real else ()
        if runs and len(runs) == cell.runs:
            target = Path(str(files("experiments"))) / "datasets" / recorded_name(cell.name)
            write_atomically(target, pack([run.trace for run in runs]))
            print(f"{target.name}: {len(runs)} traces, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
