r"""What a constant step with a fixed delay costs in the limit: min |g|^2 ~ C L Delta / N, C from a linear program.

x_{k+1} = x_k - eta g_{k-D} for k < N (g_0 where k < D), g_k = grad F(x_k), h = L eta, no noise, any L-smooth F.

Derivation. L-smooth interpolation of the pair (i, j), either way round, says with X = x_i - x_j
   L (F_i - F_j) >= L <g_i + g_j, X>/2 + (|g_i - g_j|^2 - L^2 |X|^2)/4.
Give (k, k+m) the multiplier a_m >= 0 and (k+m, k) the multiplier b_m >= 0, for every k and m = 1..lags, and put
p_m = a_m - b_m, beta_m = a_m + b_m, so that |p_m| <= beta_m. The left sides telescope to sum_m m p_m = 1 times
L (F_start - F_end). On the right stands a Toeplitz form in the gradients; at g_k = exp(iwk) it is, per step,
   S(w) = sum_m p_m T_m(w) + beta_m B_m(w),   T_m = h sin(mw) cos((D+1/2)w) / (2 sin(w/2)),
   B_m = sin(mw/2)^2 (1 - h^2 / (4 sin(w/2)^2)),   at w = 0: T_m = hm, B_m = -(hm/2)^2,
since <g_k + g_{k+m}, g_{k-D} + .. + g_{k+m-1-D}> has (1 + e^{-imw}) e^{-iDw} (e^{imw} - 1)/(e^{iw} - 1)
= e^{-i(D+1/2)w} sin(mw)/sin(w/2). The program is w(h) = max over (p, beta) of min over w of S.

Proved: C <= start/w for every feasible (p, beta) with w = min S > 0, where start = 1 + 2 nu is Theorem C's.
1. Theorem C's sum up to any step T > D is L (F(x_0) - F(x_T)) >= S_C sum_{0<t<T-D} |g_t|^2 - nu |g_0|^2 with S_C > 0,
   and |g_0|^2 <= 2 L Delta. So F(x_T) - inf F <= start Delta at every T, and sum |g_t|^2 <= start L Delta / S_C.
2. So among the first sqrt(N) steps some window of 2 (lags + D) + 1 points has sum |g|^2 = O(L Delta / sqrt(N)), and so
   has one among the last. Sum the pairs between their middles, at k0 and N1. The F_j at either end differ from F_{k0}
   and F_{N1} by O(Delta / sqrt(N)), and the form differs from that of the gradients set to zero outside k0..N1, which
   is at least w sum |g_k|^2 (Parseval), in terms of the two windows only. Hence start L Delta (1 + O(1/sqrt N))
   >= w (N - 2 sqrt N) min |g|^2.
   nu is 0, and nothing is lost at the start, up to 2/3 of the stability limit at least, where the best step lies. From
   there to the limit, start grows to at most 1 + pi^2/8 as observed; whether C does is open. For D = 0 the descent
   lemma gives start = 1.

Proved: C >= 1/c wherever masses mu_i >= 0 of sum 1 at frequencies w_i have |cm - T_m(mu)| <= -B_m(mu) for every
m >= 1, where T_m(mu) = sum_i mu_i T_m(w_i): this is the dual program with all lags.
1. Mix in a little mass at w = 0: the inequalities become strict, with a slack that grows like m^2. Take L = 1, let F
   fall by c' per step and g be a sum of rotations in orthogonal planes, of squares mu_i and frequencies w_i: the inner
   products make T_m(mu) and B_m(mu), so that every pair may be interpolated.
2. Start with all mass at w = 0 (a linear F, for which clipped reads make no difference) and move to mu over K steps.
   Far pairs have the slack of the drift, near ones change by O(1/K): some K that does not depend on N will do.
3. Every |g_k|^2 is 1 and the interpolant is at least min F_k - 1/2 (Drori and Shamir 2020), so Delta = c'N + O(1).

Linear programming duality makes the two meet; `LimitConstant` carries both sides as numbers. Only observed: that a few
lags suffice (D + 1 at the best step, more at small ones), and that w(h) has one maximum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog, minimize_scalar

from theory.bounds import Bound, Setting, get
from theory.common.errors import DelayError, DomainError, InputError
from theory.common.types import Floats
from theory.staleness.count import Staleness, whole_number
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.limit.symbol import certified_weight, cosines, minimisers, rows

_TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_ROUNDS, _MOST_TIMES = 40, 8
#: The bounds that stand beside the limit, with the coherence that each is given.
COMPARED: Mapping[str, tuple[str, float]] = {
    "theorem-c": ("theorem-c", 1.0),
    "theorem-b": ("theorem-b", 1.0),
    "theorem-a": ("theorem-a", 1.0),
    "lian2015": ("lian2015", 1.0),
    "stich2020": ("stich2020", 1.0),
    "dai2019-sum, mu=1": ("dai2019-sum", 1.0),
    "dai2019-sum, mu=0.5": ("dai2019-sum", 0.5),
    "dai2019-tight, mu=1": ("dai2019-tight", 1.0),
    "dai2019-tight, mu=0.5": ("dai2019-tight", 0.5),
}


@dataclass(frozen=True, eq=False)
class LimitConstant:
    """The constant C in min |g|^2 ~ C L Delta / N at one constant step and one fixed delay.

    Args:
        value: C = 1/weight, infinite at the stability limit.
        lower: a constant that some function needs, from the masses at the worst frequencies; by floats.
        start: how much more than Delta the start may cost in what is proved: C is at most start * value.
        weight: a number below min S, for `multipliers` scaled to sum m p_m = 1 exactly.
        step: h = L eta; delay: D; lags: the largest lag m.
        multipliers: p, array (lags,); beta: array (lags,).
        worst_frequencies: where S is least and the worst function rotates; masses: its squared amplitudes there.
        certified: whether S > weight is proved, in exact and ball arithmetic, for the floats step, p and beta; at the
            stability limit itself there is nothing to certify, as S vanishes at the frequency pi/(2D+1).
    """

    value: float
    lower: float
    start: float
    weight: float
    step: float
    delay: int
    lags: int
    multipliers: Floats = field(repr=False)
    beta: Floats = field(repr=False)
    worst_frequencies: tuple[float, ...]
    masses: tuple[float, ...]
    certified: bool


def limit_constant(delay: int, step: float, lags: int | None = None) -> LimitConstant:
    r"""The constant C(h) of one constant step.

    $w(h)=\max_{p,\beta}\min_\omega S(\omega)$ and $C=1/w$, by a linear program with cutting planes; see the module.

    Args:
        delay: D, a whole number of at least 0.
        step: h = L eta, above 0 and at most the stability limit $2\sin\frac{\pi}{2(2D+1)}$, where C is infinite.
        lags: the largest lag between the points of a pair; when left out 2D + 4, or more until both sides meet.

    Returns:
        The constant with both of its sides.

    Raises:
        DomainError: the step is not in that range.
        DelayError, InputError: `delay` or `lags` is no such whole number.

    Source: derived in theory/worst_case/limit/constant.py.

    >>> found = limit_constant(delay=0, step=1.0)
    >>> round(found.value, 6), round(found.lower, 6), found.certified
    (1.333333, 1.333333, True)
    """
    delay, first = _checked(delay, lags)
    limit = fixed_delay_limit(delay)
    if not 0 < step <= limit * (1 + 1e-12):
        raise DomainError(
            f"With the fixed delay {delay}, L * eta must be above 0 and at most {limit:.6g}, the stability limit, "
            f"beyond which a quadratic diverges. Got {step:.6g}."
        )
    found = _with_lags(delay, float(step), first)
    while lags is None and found.lower < found.value * (1 - 1e-6) and found.lags < _MOST_TIMES * first:
        found = _with_lags(delay, float(step), 2 * found.lags)
    return found


def _with_lags(delay: int, step: float, lags: int) -> LimitConstant:
    solution = _solve(delay, step, lags)
    p, beta, weight = solution.p, solution.beta, solution.least
    angles, masses, proved = solution.angles, solution.masses, None
    if step < fixed_delay_limit(delay) * (1 - 1e-12):
        proved = certified_weight(rows(delay, lags).exact(step, p, beta), p, weight)
    else:
        # All T_m and all B_m vanish at this frequency: S is 0 there for all multipliers.
        angles, masses, weight = np.array([math.pi / (2 * delay + 1)]), np.ones(1), 0.0
    weight = weight if proved is None else proved
    value = 1 / weight if weight > 0 else math.inf
    lower = _needed(delay, step, angles, masses) if weight > 0 else math.inf
    where, weights = tuple(map(float, angles)), tuple(map(float, masses))
    start, certified = _start(delay, step), proved is not None
    return LimitConstant(value, lower, start, weight, step, delay, lags, p, beta, where, weights, certified)


def best_step(delay: int, lags: int | None = None) -> LimitConstant:
    """The step h* of the least constant C, and that constant; h* is good to about six digits.

    Args:
        delay: D, a whole number of at least 0.
        lags: as in `limit_constant`.

    Returns:
        The constant at h*; C is flat there, so that its own digits are not fewer than elsewhere.

    Raises:
        DelayError, InputError: `delay` or `lags` is no such whole number.

    >>> found = best_step(1)
    >>> round(found.step, 4), round(found.value, 4)
    (0.5691, 2.6751)
    """
    delay, few = _checked(delay, lags)
    limit = fixed_delay_limit(delay)
    found = minimize_scalar(
        lambda step: -_solve(delay, step, few).least,
        bounds=(0.3 * limit, 0.9 * limit),
        method="bounded",
        options={"xatol": 1e-7 * limit},
    )
    return limit_constant(delay, float(found.x), lags)


def curve(delay: int, steps: Sequence[float] | Floats, lags: int | None = None) -> tuple[LimitConstant, ...]:
    """The constants at several steps; arguments and refusals as in `limit_constant`.

    >>> [round(each.value, 4) for each in curve(1, [0.25, 0.5, 0.75])]
    [4.3143, 2.7313, 3.1812]
    """
    return tuple(limit_constant(delay, float(step), lags) for step in steps)


def comparison(delay: int) -> Mapping[str, float]:
    r"""The constant C of each published bound and of gradlag's theorems, each at its own best constant step.

    Every number comes from the bound itself. With a constant step and a fixed delay, the reciprocal of its value V_N is
    affine in the number of steps N as soon as N >= 2 s: $C=N/(1/V_{2N}-1/V_N)$ is the limit exactly, up to rounding.

    Args:
        delay: D, a whole number of at least 0.

    Returns:
        The constants by the names of `COMPARED`, in units of L Delta; those of dai2019 assume a coherence mu besides.

    Raises:
        DelayError: `delay` is not a whole number of at least 0.

    >>> round(comparison(0)["theorem-c"], 4), round(comparison(1)["lian2015"], 4)
    (1.299, 4.0)
    """
    delay, _ = _checked(delay, None)
    return {name: _least_constant(get(bound), delay, mu) for name, (bound, mu) in COMPARED.items()}


@dataclass(frozen=True, eq=False)
class _Solution:
    """A solution of the program: its multipliers, the least value of S by floats, and the dual masses."""

    p: Floats
    beta: Floats
    least: float
    angles: Floats
    masses: Floats


def _solve(delay: int, step: float, lags: int) -> _Solution:
    """Cutting planes: solve with S >= w at some angles, add the minimisers of S, until none lies below w."""
    table = rows(delay, lags)
    drift, bend = table.floats(step)
    # At 0 alone S <= h already: the program is bounded. Few angles, so that where S is level no others carry mass.
    angles = np.array([0.0, np.pi])
    for _ in range(_ROUNDS):
        p, beta, level, duals = _master(drift / step, bend / step, angles)
        where, values = minimisers((p @ drift + beta @ bend) / step)
        new = where[(values < level + 1e-9) & (np.abs(where[:, None] - angles).min(axis=1) > 1e-9)]
        if values.min() >= level - 1e-11 * max(level, 1e-3) or not new.size:
            break
        angles = np.concatenate([angles, new])
    where, masses = _merged(angles[: duals.size], duals)
    return _Solution(p, beta, float(values.min()) * step, where, masses)


def _master(drift: Floats, bend: Floats, angles: Floats) -> tuple[Floats, Floats, float, Floats]:
    """The program with S >= w at these angles only: p, beta, w, and the dual mass at each angle."""
    lags, places = drift.shape
    waves = cosines(angles, places)
    sway, turn = waves @ drift.T, waves @ bend.T
    order = np.arange(1, lags + 1)
    found = linprog(
        np.concatenate([np.zeros(2 * lags), [-1.0]]),
        A_ub=np.hstack([-(turn + sway), -(turn - sway), np.ones((angles.size, 1))]),
        b_ub=np.zeros(angles.size),
        A_eq=np.concatenate([order, -order, [0.0]])[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * (2 * lags) + [(None, None)],
        method="highs-ds",
        options=_TOLERANCES,
    )
    if found.status != 0:
        raise DomainError(f"The linear program of the limit was not solved: {found.message} Take fewer lags.")
    forward, backward = found.x[:lags], found.x[lags:-1]
    return forward - backward, forward + backward, float(found.x[-1]), -np.asarray(found.ineqlin.marginals)


def _merged(angles: Floats, duals: Floats) -> tuple[Floats, Floats]:
    """The angles that carry mass, those that cutting planes put side by side as one, and masses of sum 1."""
    heavy = np.flatnonzero(duals > 1e-9)
    heavy = heavy[np.argsort(angles[heavy])]
    groups = np.split(heavy, np.flatnonzero(np.diff(angles[heavy]) > 1e-3) + 1)
    masses = np.array([duals[group].sum() for group in groups])
    centres = np.array([angles[group] @ duals[group] for group in groups]) / masses
    return centres, masses / masses.sum()


def _needed(delay: int, step: float, angles: Floats, masses: Floats) -> float:
    """1/c for the least c that the masses allow at every lag; 0, which says nothing, where they allow none."""
    # Beyond this lag the term -(hm/2)^2 of the mass at w = 0 outweighs all others.
    still = float(masses[angles == 0].sum())
    if still < 1e-6:
        return 0.0
    m = np.arange(1, 4 * (2 * step + 1) / (still * step**2) + 2)
    sway, bend = step * m * still, -((step * m / 2) ** 2) * still
    for angle, mass in zip(angles[angles > 0], masses[angles > 0], strict=True):
        half = math.sin(angle / 2)
        sway = sway + mass * step * np.sin(m * angle) * math.cos((delay + 0.5) * angle) / (2 * half)
        bend = bend + mass * np.sin(m * angle / 2) ** 2 * (1 - step**2 / (4 * half**2))
    least, most = float(((sway + bend) / m).max()), float(((sway - bend) / m).min())
    return 1 / least if 0 < least <= most * (1 + 1e-7) else 0.0


def _start(delay: int, step: float) -> float:
    """1 + 2 nu at the angle at which Theorem C is least on a long run; infinite where it has no value."""
    if delay == 0 and step < 2:
        return 1.0  # F never rises: the descent lemma
    bound, run = get("theorem-c"), _run(delay, step, _horizon(delay), 1.0)
    if bound.check_domain(run):
        return math.inf
    nu = next(node for node in bound.definitions if node.symbol == r"\nu")
    return 1 + 2 * float(nu.body.evaluate(run.environment()))


def _least_constant(bound: Bound, delay: int, mu: float) -> float:
    """The least constant over the steps of the bound's domain, which is an interval that begins at 0."""
    steps = _horizon(delay)

    def applies(step: float) -> bool:
        return not bound.check_domain(_run(delay, step, 2 * steps, mu))

    def constant(step: float) -> float:
        longer, shorter = (bound.evaluate(_run(delay, step, count, mu)) for count in (2 * steps, steps))
        gain = 1 / longer - 1 / shorter
        return steps / gain if gain > 0 else math.inf

    largest = _last(applies, 0.0, 2.0)
    found = minimize_scalar(
        constant, bounds=(largest / 50, largest), method="bounded", options={"xatol": 1e-7 * largest}
    )
    return float(min(found.fun, constant(largest)))


def _last(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """The largest number at which it holds, by bisection."""
    if holds(outside):
        return outside
    for _ in range(48):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _horizon(delay: int) -> int:
    return max(256, 32 * (delay + 1))


def _run(delay: int, step: float, steps: int, mu: float) -> Setting:
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": mu}
    delays = np.minimum(np.arange(steps), delay)
    return Setting(np.full(steps, step), delays, Staleness(delay + 1), constants)


def _checked(delay: int, lags: int | None) -> tuple[int, int]:
    delay = whole_number(delay, 0, "The delay", DelayError)
    return delay, 2 * delay + 4 if lags is None else whole_number(lags, 1, "The number of lags", InputError)
