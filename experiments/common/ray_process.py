"""Ray, which comes with an extra, and the process of its own in which it is kept.

Ray ends the process that it is in when its head is lost, so that the command speaks to it by a pipe.
"""

import re
import socket
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from theory.common.errors import InputError


def ray_is_installed() -> bool:
    """Whether Ray can be imported."""
    return find_spec("ray") is not None


def ray_is_missing(what: str) -> str:
    """The sentence for a user who has no Ray, of what needs it."""
    return f"{what} needs Ray. Install it with: pip install 'gradlag[cluster]'"


def require_ray(what: str) -> None:
    """InputError that says how to install Ray, if it is not there."""
    if not ray_is_installed():
        raise InputError(ray_is_missing(what))


def started(target: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Connection]:
    """A new process that was given the other end of a pipe before its arguments, and this end."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), name="gradlag and Ray", daemon=False)
    process.start()
    there.close()
    return process, here


def unanswered(address: str, seconds: float, malformed: str = "") -> str | None:
    """Why nobody answers at HOST:PORT, for which Ray itself would wait for minutes; None where somebody does.

    Raises:
        InputError: it is no such address, told by the sentence `malformed`.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise InputError(malformed)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
    except OSError as cause:
        return (cause.strerror or str(cause)).lower()
    return None
