"""Types that all rooms share: arrays by what they hold, and callbacks by what they are told."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Vector: TypeAlias = NDArray[np.float64]  # (d,)
Matrix: TypeAlias = NDArray[np.float64]  # (n, d)

Progress: TypeAlias = Callable[[int, int], None]  # done, all
Stages: TypeAlias = Callable[[int, int, str], None]  # done, all, what is done now
Share: TypeAlias = Callable[[float], None]  # how much of one piece of work is done, from 0 to 1
Say: TypeAlias = Callable[[str], None]
