"""Compiled functions that are kept between processes where there is a place to keep them, and what they stand on."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kept(**options: Any) -> Callable[[Function], Function]:
    """Compile by numba's njit, with its cache on the disk or, where no folder for it can be written to, without."""

    def compile_with(function: Function) -> Function:
        try:
            dispatcher: Any = njit(**options, cache=True)(function)
        except RuntimeError:
            dispatcher = njit(**options)(function)
        result: Function = dispatcher
        return result

    return compile_with


def number_of_sources(*sources: ModuleType | type | str) -> int:
    """A positive number that stands for the text of these modules, of the modules of these classes, or of these files.

    numba's cache on the disk watches the file of a kernel alone. A variable of an enclosing scope enters its key, so
    that a kernel built in a function of this number is compiled anew when anything that it is made from has changed.
    """
    files = [Path(source if isinstance(source, str) else inspect.getfile(source)) for source in sources]
    return int(hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:15], 16) | 1
