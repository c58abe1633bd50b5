"""The process that speaks to Ray: it takes orders from the command by a pipe, and sends back what workers made.

Ray ends the process that it is in when its head is lost, and may wait for minutes before. The command therefore keeps
it in a process of its own, which ends with the command, and which takes a Ray that it started with it. Only this file
imports Ray; everything here but `drive` runs in that process, and `work` on the workers.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from experiments.common.files import remove_folder
from experiments.sweep.processes import THREAD_VARIABLES
from experiments.sweep.store import CellOutcome, Made, failed

LOCAL = "local"
_STORE_BYTES = 256 * 2**20  # for results on their way: files of a megabyte at most, a few for each core


def work(make: Callable[[Any, str], Made], cell: Any, command: str, gradlag: str) -> Made | CellOutcome:
    """Compute one cell on a worker, on one thread; whatever it raises is told."""
    try:
        there = version("gradlag")
        if there != gradlag:
            sentence = f"Its worker has gradlag {there}, and the command {gradlag}. Install one version everywhere."
            return CellOutcome(cell, None, sentence)
        import numba

        numba.set_num_threads(1)
        return make(cell, command)
    except Exception as error:
        return failed(cell, error)


def drive(connection: Connection, address: str, folder: str) -> None:
    """Connect, and serve until the command says that it is enough, or is gone.

    Args:
        connection: orders come in as (number, make, cell, command), as "cancel", or as None for the end. Out go
            ("connecting",), then ("ready", cores, head, own node) or ("refused", sentence), then answers:
            (number, Made or an outcome without a file), or (number, text) where a worker died.
        address: HOST:PORT, or "local".
        folder: for temporary files; what is printed goes into its file `driver.log`.
    """
    _step_back(Path(folder) / "driver.log")
    try:
        ray = _imported(address)
        connection.send(("connecting",))
        _connect(ray, address, folder)
        try:
            connection.send(("ready", int(ray.cluster_resources().get("CPU", 0)), *_places(ray)))
            _serve(ray, connection)
        finally:
            ray.shutdown()
    except (EOFError, BrokenPipeError):
        remove_folder(Path(folder))  # the command is gone, and cannot
    except Exception as error:
        connection.send(("refused", " ".join(str(error).split())[:300]))


def _step_back(log: Path) -> None:
    """Leave the terminal's signals and its screen to the command."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, sys.stdout.fileno())
    os.dup2(descriptor, sys.stderr.fileno())


def _imported(address: str) -> Any:
    """Ray, which reads its environment when it is imported; on this machine it shall use loopback only."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_DEDUP_LOGS"] = "0"
    if address == LOCAL or address.rpartition(":")[0] in ("127.0.0.1", "localhost"):
        # Ray's own switch by which a node's address is the loopback one, in place of the first network's.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    if address == LOCAL:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # workers import what the command imports
    import ray

    return ray


def _connect(ray: Any, address: str, folder: str) -> None:
    """Join a cluster, or start Ray here without a dashboard."""
    asked: dict[str, Any] = {"address": address, "log_to_driver": True, "logging_level": "error"}
    if address == LOCAL:
        asked |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES, "_temp_dir": folder}
    ray.init(**asked)


def _places(ray: Any) -> tuple[str, str]:
    """Where the head and this machine's own node listen."""
    context = ray.get_runtime_context()
    mine = next(node for node in ray.nodes() if node["NodeID"] == context.get_node_id())
    return str(context.gcs_address), f"{mine['NodeManagerAddress']}:{mine['NodeManagerPort']}"


def _serve(ray: Any, connection: Connection) -> None:
    """Hand cells to tasks as they come; a task is tried once, as the command counts the tries."""
    task = ray.remote(num_cpus=1, max_retries=0)(work)
    running: dict[int, Any] = {}
    sending, installed = threading.Lock(), version("gradlag")

    def tell(number: int, future: Any) -> None:
        running.pop(number, None)
        with sending:
            try:
                connection.send(_answer(ray, number, future))
            except OSError:
                return  # the command is gone, and the loop below ends

    while (order := connection.recv()) is not None:
        if order == "cancel":
            for reference in list(running.values()):
                ray.cancel(reference, force=True)
            continue
        number, make, cell, command = order
        reference = running[number] = task.remote(make, cell, command, installed)
        reference.future().add_done_callback(lambda future, number=number: tell(number, future))


def _answer(ray: Any, number: int, future: Any) -> tuple[Any, Any]:
    """What a worker made or told; a text where it died; a refusal where this machine has lost the cluster."""
    error = future.exception()
    if error is None:
        return number, future.result()
    if isinstance(error, ray.exceptions.LocalRayletDiedError):
        return "refused", str(error)
    if isinstance(error, ray.exceptions.RayTaskError):  # the worker could not even begin
        last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        return number, replace(failed(None, error), error=f"Its worker could not begin: {last[0]}")
    return number, f"{type(error).__name__}: {error}"
