r"""A network between centres: how long messages take, how many bytes they hold, and how long workers compute.

Centre c sends to centre c' over a link of its own, one message after another: n bytes leave the link
$n/B_{cc'}$ seconds after it is free, and are there $\alpha_{cc'}$ later. $B_{cc}$ is the network inside the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.arrays import read_only
from experiments.servers.speeds import parse_fleet
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.common.types import Matrix
from theory.staleness.count import whole_number

CLOCK, INDEX = 8, 4  # bytes of a clock, and of the index of a coordinate


@kept()
def index_bytes(sent: int, dimension: int) -> int:
    """Bytes that say which coordinates are sent: these, those that are not, or a bit for each, whatever is least.

    >>> index_bytes(0, 100), index_bytes(2, 100), index_bytes(50, 100), index_bytes(100, 100)
    (0, 8, 13, 0)
    """
    return min(INDEX * sent, INDEX * (dimension - sent), (dimension + 7) // 8)


@dataclass(frozen=True, eq=False)
class WideArea:
    """Centres, the links between and inside them, and the pace of a worker.

    Args:
        speed: the law of the seconds of a gradient, in the spelling of a fleet of one.
        bandwidth: float64 (D, D), bytes a second from row to column; on the diagonal those inside a centre.
        latency: float64 (D, D), seconds a message.

    Raises:
        InputError: an unknown law, matrices of other shapes, a bandwidth not above 0 or a latency below 0.

    Example:
        >>> WideArea("constant", [[10.0, 1.0], [1.0, 10.0]], [[0.0, 0.5], [0.5, 0.0]]).centres
        2
    """

    speed: str
    bandwidth: Matrix
    latency: Matrix

    def __init__(self, speed: str, bandwidth: ArrayLike, latency: ArrayLike) -> None:
        parse_fleet(speed)
        object.__setattr__(self, "speed", speed)
        for name, given in (("bandwidth", bandwidth), ("latency", latency)):
            matrix = read_only(given)
            if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
                raise InputError(f"The {name} between D centres must be D x D numbers. Got shape {matrix.shape}.")
            least = "above 0" if name == "bandwidth" else "of at least 0"
            bad = ~(np.isfinite(matrix) & ((matrix > 0) if name == "bandwidth" else (matrix >= 0)))
            if bad.any():
                first, second = (int(place[0]) for place in np.nonzero(bad))
                raise InputError(
                    f"Every {name} must be a finite number {least}. Got {matrix[first, second]:g} from centre {first} "
                    f"to centre {second}."
                )
            object.__setattr__(self, name, matrix)
        if self.bandwidth.shape != self.latency.shape:
            raise InputError(
                f"The bandwidth is that of {len(self.bandwidth)} centres and the latency that of {len(self.latency)}."
            )

    @property
    def centres(self) -> int:
        """D."""
        return len(self.bandwidth)


def wide_area(
    centres: int,
    speed: str,
    lan: float,
    *,
    average: float = 15.0,
    slowest: float = 60.0,
    latency: float = 0.1,
    lan_latency: float = 0.0005,
) -> WideArea:
    r"""Links whose bandwidths are evenly spread: on average LAN/15, the slowest LAN/60.

    The pairs of centres, in the order of their distance on a ring, get bandwidths that fall from
    $(2/\text{average}-1/\text{slowest})\,\text{lan}$ to lan/slowest; a single pair gets the average.

    Args:
        centres: D; speed: as of `WideArea`; lan: bytes a second inside a centre.
        average, slowest: how many times the bandwidths between centres are below that, on average and at worst.
        latency, lan_latency: seconds a message, between centres and inside one.

    Raises:
        InputError: no centre, or a slowest link that is not the slowest.

    Source: the ratios 15 and 60 are those that Hsieh et al., Gaia, NSDI 2017, measured between eleven regions.

    Example:
        >>> 15e9 / wide_area(2, "constant", 15e9).bandwidth[0, 1], 15e9 / wide_area(4, "constant", 15e9).bandwidth.min()
        (np.float64(15.0), np.float64(60.0))
    """
    count = whole_number(centres, 1, "The number of centres", InputError)
    if not 0 < average <= slowest:
        raise InputError(f"The slowest link cannot be faster than the average. Got 1/{slowest:g} and 1/{average:g}.")
    pairs = sorted(combinations(range(count), 2), key=lambda pair: min(pair[1] - pair[0], count - pair[1] + pair[0]))
    ends = (2 / average - 1 / slowest, 1 / slowest) if len(pairs) > 1 else (1 / average,) * 2
    bandwidth, delay = np.full((count, count), lan), np.full((count, count), latency)
    for (first, second), share in zip(pairs, np.linspace(*ends, len(pairs)), strict=True):
        bandwidth[first, second] = bandwidth[second, first] = lan * share
    np.fill_diagonal(delay, lan_latency)
    return WideArea(speed, bandwidth, delay)


def local_area(centres: int, speed: str, lan: float, lan_latency: float = 0.0005) -> WideArea:
    """The same machines in one building: every link is one of the network inside a centre."""
    return wide_area(centres, speed, lan, average=1.0, slowest=1.0, latency=lan_latency, lan_latency=lan_latency)
