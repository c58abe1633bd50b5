"""Functions of one variable by their slopes, for the run of lesson 6: a straight line between places, then a bowl."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gradlag.teaching.shown.svg import BLUE, INK, VERMILLION, Axis, Panel, drawing
from theory.common.types import Floats

#: The run of lesson 6: L = Delta = 1, four steps of 1/2, delays 0, 1, 2, 2.
STEPS, STEP, STALENESS = 4, 0.5, 3


@dataclass(frozen=True)
class Slopes:
    """A function of one variable, by how steeply it falls at some places; straight lines between, then a bowl.

    Args:
        places: from 0 on, increasing; falls: minus the derivative there; beyond the last place it loses 1 for each
            unit of length, as L = 1, down to minus itself.
    """

    places: Floats
    falls: Floats

    @property
    def smoothness(self) -> float:
        """The largest change of slope for each unit of length."""
        return float(np.abs(np.diff(self.falls) / np.diff(self.places)).max(initial=0.0))

    @property
    def whole(self) -> tuple[Floats, Floats]:
        """Places and falls with the bowl, and with a place wherever the slope is 0."""
        end, fall = self.places[-1], max(self.falls[-1], 0.0)
        u, p = np.append(self.places, end + 2 * fall), np.append(self.falls, -fall)
        u, p = (u, p) if fall else (self.places, self.falls)
        turns = [a + (b - a) * x / (x - y) for a, b, x, y in zip(u, u[1:], p, p[1:], strict=False) if x * y < 0]
        places = np.unique([*u, *turns])
        return places, np.interp(places, u, p)

    def lost(self, places: Floats) -> Floats:
        """How much lower than at 0 the function is, at these places."""
        u, p = self.whole
        inside = np.unique([*u, *places[(places >= 0) & (places <= u[-1])]])
        height = np.concatenate([[0.0], np.cumsum(np.diff(inside) * (self.at(inside)[1:] + self.at(inside)[:-1]) / 2)])
        beyond = np.where(places > u[-1], (places - u[-1]) * p[-1], np.minimum(places, 0) * p[0])
        return np.asarray(np.interp(places, inside, height) + beyond)

    @property
    def gap(self) -> float:
        """F(x_0) - inf F, where the slope at both ends leads up."""
        return float(self.lost(self.whole[0]).max())

    def at(self, places: Floats) -> Floats:
        """How steeply it falls there."""
        return np.asarray(np.interp(places, *self.whole))

    def run(self) -> Floats:
        """Where the points x_0..x_T of the run of this lesson are."""
        points = [0.0]
        for k in range(STEPS):
            points.append(points[-1] + STEP * float(self.at(np.array(points[max(k - STALENESS + 1, 0)]))))
        return np.array(points)

    def least(self) -> float:
        """The least squared slope over the run."""
        return float((self.at(self.run()) ** 2).min())


def dipped(envelope: Slopes, share: float) -> Slopes:
    """The same slopes where the run reads them, and lower ones between, as far as L = 1 allows, times the share."""
    end = envelope.places[-1]
    stops = np.unique([*envelope.places, *(x for x in envelope.run() if x < end)])
    falls, u, p = envelope.at(stops), [0.0], [float(envelope.at(np.zeros(1))[0])]
    for a, b, x, y in zip(stops, stops[1:], falls, falls[1:], strict=False):
        deepest = (a + b + x - y) / 2  # where lines of slope -1 from the left and +1 from the right meet
        if share and a < deepest < b:
            level = x + (y - x) * (deepest - a) / (b - a)
            u.append(float(deepest))
            p.append(float((1 - share) * level + share * (x - (deepest - a))))
        u.append(float(b))
        p.append(float(y))
    return Slopes(np.array(u), np.array(p))


@cache
def drawn(first: float, last: float, dips: float) -> Slopes:
    """Slopes from the first to the last, over such a length that the height is 1, with dips."""
    low, high = 1e-3, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        found = dipped(Slopes(np.array([0.0, middle]), np.array([first, last])), dips)
        low, high = (low, middle) if found.gap > 1 else (middle, high)
    return dipped(Slopes(np.array([0.0, low]), np.array([first, last])), dips)


def shown(slopes: Slopes, label: str) -> str:
    """Slopes on the left, the function on the right, with the points of the run."""
    points, end = slopes.run(), max(3.0, float(slopes.run().max()) + 0.3)
    fine = np.linspace(-0.2, end, 200)
    left = Panel(Axis(-0.2, end, "x"), Axis(-0.5, 1.2), left=60, width=285, title="how steeply it falls")
    right = Panel(Axis(-0.2, end, "x"), Axis(-0.2, 1.2), left=420, width=285, title="F above its floor")
    parts = [
        left.axes(), left.line([-0.2, end], [0, 0], INK, 1), left.clip(left.line(fine, slopes.at(fine), BLUE)),
        left.clip(left.points(points, slopes.at(points), VERMILLION, 4)),
        right.axes(), right.clip(right.line(fine, slopes.gap - slopes.lost(fine), BLUE)),
        right.clip(right.points(points, slopes.gap - slopes.lost(points), VERMILLION, 4)),
    ]  # fmt: skip
    return drawing(730, 300, parts, label)
