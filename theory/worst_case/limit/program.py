"""The linear program of `limit.constant`, from both sides: angles where S is too low, lags that would raise it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from theory.common.errors import DomainError
from theory.common.types import Floats, Ints
from theory.methods.method import Recursion
from theory.worst_case.limit.symbol import forms, gain, lowest, squared_poles, symbol

_TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_ROUNDS = 200
# Lags beyond these do not enter the program, and beyond those no lower side is looked for.
_MOST_LAGS, _FARTHEST = 512, 200_000


@dataclass(frozen=True, eq=False)
class Solution:
    """A solution of the program.

    Args:
        p, beta: the multipliers, of the lags 1, 2, ...
        least: the least value of S, by floats.
        slope: the derivative of the largest least value by log h.
        angles: where S is least; masses: the dual of the program there, of sum 1.
        tried: the angles and the lags that the program came to hold, with which the next may begin.
    """

    p: Floats
    beta: Floats
    least: float
    slope: float
    angles: Floats
    masses: Floats
    tried: tuple[Floats, Ints] = field(repr=False)


def solve(
    recursion: Recursion,
    step: float,
    most: int | None = None,
    begun: Solution | None = None,
    accuracy: float = 1e-11,
) -> Solution:
    """Cutting planes: solve with S >= w at some angles and few lags; add the minimisers of S, then lags that would pay.

    Args:
        recursion: the method, of poles inside the unit circle and a positive gain at w = 0.
        step: h.
        most: the largest lag; none when left out.
        begun: a solution at another step, whose angles and lags this one begins with.
        accuracy: how far below w some S may stay, relative to w; lags that would raise w by ten times that enter.

    Raises:
        DomainError: the solver gave up.
    """
    drift = step * float(gain(recursion, np.zeros(1))[0].real)
    # At 0 alone S <= drift already: the program is bounded. Few angles, so that where S is level no others carry mass.
    first = np.arange(1, 1 + min(recursion.delay + 2, most or _MOST_LAGS))
    angles, lags = (np.array([0.0, np.pi]), first) if begun is None else begun.tried
    poles, rough = squared_poles(recursion), max(1e-5, accuracy)
    for _ in range(_ROUNDS):
        sway, bend = forms(recursion, step, lags, angles)
        p, beta, level, duals = _master(sway / drift, bend / drift, lags)
        numerator = symbol(recursion, step, p, beta) / drift
        where, values = lowest(numerator, poles, level)
        if values.min() < level - rough * max(level, 1e-3):
            # Where two angles hold a minimum between them, their centre of mass is next to it.
            low = np.concatenate([where[values < level], _merged(angles, duals)[0]])
            new = low[np.abs(low[:, None] - angles).min(axis=1) > 1e-9]
            angles = np.concatenate([angles, new])
            if new.size:
                continue
        # Not all at once: far lags make long symbols, and where there is no mass at 0 any of them would pay.
        farthest = min(most or _MOST_LAGS, 2 * p.size + 16)
        wanted = np.setdiff1d(
            _wanted(recursion, step, angles, duals, level * drift, farthest, max(10 * rough, 1e-8)), lags
        )
        if not wanted.size and rough <= accuracy:
            break
        lags, rough = np.union1d(lags, wanted), rough if wanted.size else accuracy
    least = min(float(lowest(numerator, poles, float(values.min()))[1].min()), float(values.min()))
    used, angles = 1 + np.flatnonzero(beta), angles[: duals.size]
    sway, bend = forms(recursion, step, used, angles)
    falling = bend - forms(recursion, 0.0, used, angles)[1]
    slope = float(duals @ (sway @ p[used - 1] + 2 * falling @ beta[used - 1]))
    tried = (np.union1d(angles[duals > 1e-9], [0.0, np.pi]), np.union1d(first, used))
    return Solution(p, beta, least * drift, slope, *_merged(angles, duals), tried)


def _master(sway: Floats, bend: Floats, lags: Ints) -> tuple[Floats, Floats, float, Floats]:
    """The program with S >= w at these angles and lags only: p and beta of all lags, w, the dual mass at each angle."""
    count, angles = lags.size, sway.shape[0]
    found = linprog(
        np.concatenate([np.zeros(2 * count), [-1.0]]),
        A_ub=np.hstack([-(bend + sway), -(bend - sway), np.ones((angles, 1))]),
        b_ub=np.zeros(angles),
        A_eq=np.concatenate([lags, -lags, [0.0]])[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * (2 * count) + [(None, None)],
        method="highs-ds",
        options=_TOLERANCES,
    )
    if found.status != 0:
        raise DomainError(f"The linear program of the limit was not solved: {found.message} Take fewer lags.")
    multipliers = np.zeros((2, int(lags.max())))
    multipliers[:, lags - 1] = found.x[:count], found.x[count:-1]
    used = np.flatnonzero(multipliers.any(axis=0))
    forward, backward = multipliers[:, : used[-1] + 1]
    return forward - backward, forward + backward, float(found.x[-1]), -np.asarray(found.ineqlin.marginals)


def _wanted(
    recursion: Recursion, step: float, angles: Floats, masses: Floats, level: float, most: int, least: float
) -> Ints:
    """The lags that would raise w most, by the dual masses: the peaks of T_m + B_m - m w and of B_m - T_m + m w."""
    lags = np.arange(1, 1 + int(min(reach(recursion, step, angles, masses) + 1, most)))
    heavy = masses > 1e-12
    sway, bend = (masses[heavy] @ form for form in forms(recursion, step, lags, angles[heavy]))
    gains = np.stack([bend + sway - lags * level, bend - sway + lags * level]) / lags
    padded = np.pad(gains, ((0, 0), (1, 1)), constant_values=-np.inf)
    peaks = (gains >= padded[:, :-2]) & (gains >= padded[:, 2:]) & (gains > least * level)
    best = np.flatnonzero(peaks.any(axis=0))
    return lags[best[np.argsort(-gains.max(axis=0)[best])][:6]]


def reach(recursion: Recursion, step: float, angles: Floats, masses: Floats) -> float:
    """A lag beyond which the term -(h G(0) m/2)^2 of the mass at w = 0 outweighs all others, if c <= h |G|.

    There h G(0) m of that mass and c m grow with the lag; the others have T_m < h |G| / (2 sin(w/2)) and B_m <= 1.
    """
    still, drift = float(masses[angles == 0].sum()), step * float(gain(recursion, np.zeros(1))[0].real)
    turning = angles > 0
    largest = step * np.abs(gain(recursion, angles[turning]))
    bounded = float(masses[turning] @ (1 + largest / (2 * np.sin(angles[turning] / 2))))
    square, linear = still * drift**2 / 4, max(float(largest.max(initial=0.0)), drift) + still * drift
    return (linear + np.sqrt(linear**2 + 4 * square * bounded)) / (2 * square) if square else np.inf


def _merged(angles: Floats, duals: Floats) -> tuple[Floats, Floats]:
    """The angles that carry mass, those that cutting planes put side by side as one, and masses of sum 1."""
    heavy = np.flatnonzero(duals > 1e-9)
    heavy = heavy[np.argsort(angles[heavy])]
    groups = np.split(heavy, np.flatnonzero(np.diff(angles[heavy]) > 1e-3) + 1)
    masses = np.array([duals[group].sum() for group in groups])
    centres = np.array([angles[group] @ duals[group] for group in groups]) / masses
    centres[centres < 1e-4] = 0.0  # where cuts came close to 0, it is 0 that is meant
    return centres, masses / masses.sum()


def needed(recursion: Recursion, step: float, angles: Floats, masses: Floats) -> float:
    """1/c for the least c that the masses allow at every lag; 0, which says nothing, where they allow none."""
    angles = np.append(angles, 0.0)
    for share in (0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        # A little more mass at 0 makes room at every lag.
        mixed = np.append((1 - share) * masses, share)
        far = reach(recursion, step, angles, mixed)
        if far > _FARTHEST:
            continue
        lags = np.arange(1, 2 + int(far))
        sway, bend = (mixed @ form / lags for form in forms(recursion, step, lags, angles))
        least, most = float((sway + bend).max()), float((sway - bend).min())
        if 0 < least <= most:
            return 1 / least
    return 0.0


def step_limit(recursion: Recursion) -> tuple[float, float]:
    """The least h at which some function makes the points turn for ever, and the frequency at which they do.

    It is 2 sin(w/2) / |G| where Re[G exp(-iw/2)] = 0.

    T_m vanishes there and B_m <= 0, from this h on, so that no multipliers make S positive. Where i G exp(-iw/2) > 0
    the function is a quadratic of curvature 1, else it has curvature -1 at the points.
    """
    degree = recursion.delay + recursion.gradient_weights.size + recursion.move_weights.size
    grid = np.linspace(0, np.pi, 96 * degree + 1)

    def pull(angles: Floats) -> Floats:
        return np.asarray((gain(recursion, angles) * np.exp(-0.5j * angles)).real)

    changes = np.flatnonzero(np.diff(pull(grid)[:-1] > 0))
    left, right = grid[changes], grid[changes + 1]
    upward = pull(left) > 0
    for _ in range(52):
        middle = (left + right) / 2
        stays = (pull(middle) > 0) == upward
        left, right = np.where(stays, middle, left), np.where(stays, right, middle)
    angles = np.append(left, np.pi)
    limits = 2 * np.sin(angles / 2) / np.abs(gain(recursion, angles))
    return float(limits.min()), float(angles[limits.argmin()])
