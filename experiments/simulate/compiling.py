"""Compiled functions that are kept between processes where there is a place to keep them."""

from __future__ import annotations

from collections.abc import Callable
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
