"""What must be there before cells of the staleness study are computed: data sets on request, and JAX for ResNets.

Everything is looked for before anything starts, so that hours of work do not end at a file that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from experiments.data.on_request import ON_REQUEST, plain, stored
from experiments.data.sets import DATASETS
from experiments.studies.staleness.cells import WorkerCell, model_of
from experiments.studies.study import listed
from theory.common.errors import DataError, InputError


def check_needs(cells: Iterable[WorkerCell]) -> None:
    """Refuse cells whose data or libraries are not there, all of them in one sentence.

    Raises:
        DataError: data sets that are to be downloaded first.
        InputError: JAX is not installed.
    """
    workloads = {cell.workload for cell in cells}
    data = missing_data(workloads)
    needs = [f"{name} (gradlag data get {name})" for name in data]
    if not has_jax() and any(model_of(workload)[0] == "resnet" for workload in workloads):
        needs.append("JAX (pip install 'gradlag[nn]')")
    if needs:
        sentence = (
            f"The cells of the staleness study that were asked for need what is not here yet. Get {listed(needs)}."
        )
        raise DataError(sentence) if data else InputError(sentence)


def missing_data(workloads: Iterable[str]) -> tuple[str, ...]:
    """The sets on request that the workloads train on and that are not on this computer, by name."""
    names = {plain(model_of(workload)[1].get("data", ""), {**DATASETS, **ON_REQUEST}) for workload in workloads}
    return tuple(sorted(name for name in names & set(ON_REQUEST) if stored(name) is None))


def has_jax() -> bool:
    """Whether JAX is installed; it is not imported."""
    return find_spec("jax") is not None
