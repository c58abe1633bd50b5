r"""What a method with a fixed delay costs in the limit: min |g|^2 ~ C L Delta / N, C from a linear program.

A method is x_k - x_{k+1} = X_k, k < N, where X_k is linear in the gradients g_0..g_{k-D}, in the same way at every k
past the start, g_k = grad F(x_k), no noise, any L-smooth F. It answers gradients exp(iwk) by L X_k = h G(w) exp(iwk):
delayed steps x_{k+1} = x_k - eta g_{k-D} (g_0 where k < D) have h = L eta and G = exp(-iDw); `symbol` has G of others.

Derivation. L-smooth interpolation of the pair (i, j), either way round, says with X = x_i - x_j
   L (F_i - F_j) >= L <g_i + g_j, X>/2 + (|g_i - g_j|^2 - L^2 |X|^2)/4.
Give (k, k+m) the multiplier a_m >= 0 and (k+m, k) the multiplier b_m >= 0, for every k and m = 1, 2, .., lags, and put
p_m = a_m - b_m, beta_m = a_m + b_m, so that |p_m| <= beta_m. The left sides telescope to sum_m m p_m = 1 times
L (F_start - F_end). On the right stands a Toeplitz form in the gradients; at g_k = exp(iwk) it is, per step,
   S(w) = sum_m p_m T_m(w) + beta_m B_m(w),   T_m = h sin(mw) Re[G exp(-iw/2)] / (2 sin(w/2)),
   B_m = sin(mw/2)^2 (1 - h^2 |G|^2 / (4 sin(w/2)^2)),   at w = 0: T_m = h G(0) m, B_m = -(h G(0) m/2)^2,
since <g_k + g_{k+m}, X_k + .. + X_{k+m-1}> has (1 + e^{-imw}) h G (e^{imw} - 1)/(e^{iw} - 1)
= h G e^{-iw/2} sin(mw)/sin(w/2). The program is w(h) = max over (p, beta) of min over w of S.

Proved: C <= start/w for every feasible (p, beta) with w = min S > 0, where start says how far F may rise.
1. If F(x_T) - inf F <= start Delta at every T and sum_{t<=N} |g_t|^2 = O(L Delta): among the first sqrt(N) steps some
   window of 2 (lags + D) + 1 points, or of so many that the answer to older gradients has died out to O(1/N), has
   sum |g|^2 = O(L Delta / sqrt(N)), up to a logarithm, and so has one among the last. Sum the pairs between their
   middles, at k0 and N1. The F_j at either end differ from F_{k0} and F_{N1} by O(Delta / sqrt(N)), and the form
   differs from that of the gradients set to zero outside k0..N1, which is at least w sum |g_k|^2 (Parseval), in terms
   of the two windows only. Hence start L Delta (1 + O(1/sqrt N)) >= w (N - 2 sqrt N) min |g|^2, up to a logarithm.
2. Delayed steps: `start.py` has start and sum |g_t|^2 = O(L Delta) from a storage; start is 1 up to .89 of the limit
   of stability, far beyond the best step, and less than 2 up to the limit. Beyond D = 16 it is that of Theorem C,
   whose sum up to any T > D is L (F(x_0) - F(x_T)) >= S_C sum_{0<t<T-D} |g_t|^2 - nu |g_0|^2 with S_C > 0, and
   |g_0|^2 <= 2 L Delta: start = 1 + 2 nu. Whether C grows by it, where it is above 1, is open.
3. Counter-momentum at its own step: min |g|^2 <= L Delta / (W N + 1/2) with W = w, so that start = 1.
4. Any other recursion with w > 0: start is finite, and 1 for a run that begins where |g|^2 = O(L Delta/sqrt(N)), as
   after sqrt(N) updates of waiting, from the best of their points; then C <= 1/w. How large it is else is not proved.
   With L = 1 and moves tau phi * g + d, d any disturbance, R(tau) says sum_{k<=N} |g_k|^2 <= A Delta + B sum_{k<=N}
   |d_k|^2 for all F and N, with some A and B; R(1) with d = 0 is what 1 asks for, as F(x_N) - F(x_0) is at most the sum
   of |g_k| |X_k| + |X_k|^2/2.
   a. S of tau phi is concave in tau, and not negative at 0: it is at least tau w.
   b. R(tau) holds with other A and B that depend on a lower end of tau alone: let d be 0 behind N. By R(tau) gradients
      and moves tend to 0, so that pairs may be summed for ever, with one value of F at the end. Values F_k and pairs
      with a point before the first, k < lags, cost O(|g_0|^2 + sum |d|^2), gradients being Lipschitz, and terms in d as
      little of sum |g|^2 as one likes and some of sum |d|^2. By Parseval tau w sum |g|^2/2 = O(Delta + sum |d|^2).
   c. At tau' the moves are those at tau with the disturbance (tau' - tau) phi * g + d. So R(tau) gives R(tau') if
      tau' - tau is below a number that depends on B and max |phi|; by b the number is the same all the way.
   d. R holds at some tau > 0 by the descent lemma, as G(0) > 0.
   In 1 the first window is not needed where |g_0|^2 is small: what the start costs is O(|g_0|^2).

Proved: C >= 1/c wherever masses mu_i >= 0 of sum 1 at frequencies w_i have |cm - T_m(mu)| <= -B_m(mu) for every
m >= 1, where T_m(mu) = sum_i mu_i T_m(w_i), and G(0) > 0: this is the dual program with all lags.
1. Mix in a little mass at w = 0: the inequalities become strict, with a slack that grows like m^2. Take L = 1, let F
   fall by c' per step and g be a sum of rotations in orthogonal planes, of squares mu_i and frequencies w_i: the inner
   products make T_m(mu) and B_m(mu), so that every pair may be interpolated.
2. Start with all mass at w = 0 (a linear F, which may be interpolated whatever the moves, until they are h G(0) g) and
   move to mu over K steps. Far pairs have the slack of the drift, near ones change by O(1/K): some K that does not
   depend on N will do.
3. Every |g_k|^2 is 1 and the interpolant is at least min F_k - 1/2 (Drori and Shamir 2020), so Delta = c'N + O(1).

Linear programming duality makes the two meet; `LimitConstant` carries both sides as numbers. Only observed: that a few
lags suffice (D + 1 at the best step, more at small ones), and that w(h) has one maximum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import brentq

from theory.common.errors import DelayError, DomainError, InputError
from theory.common.types import Floats
from theory.methods.method import Recursion
from theory.staleness.count import whole_number
from theory.worst_case.limit.comparison import start_factor
from theory.worst_case.limit.program import Solution, needed, solve, step_limit
from theory.worst_case.limit.start import storage_start
from theory.worst_case.limit.symbol import certified_weight, gain, settles

# Of the search: C is flat at the best step, so that its own digits are twice as many.
_STEP_ACCURACY, _WEIGHT_ACCURACY = 1e-7, 1e-7
# The longest step that is looked at, of those that settle.
_LAST = 0.999
# Where the sides are further apart, relatively, more lags are tried.
_APART = 1e-6


@dataclass(frozen=True, eq=False)
class LimitConstant:
    """The constant C in min |g|^2 ~ C L Delta / N at one constant step and one fixed delay.

    Args:
        value: C = 1/weight, infinite at the stability limit.
        lower: a constant that some function needs, from the masses at the worst frequencies; by floats.
        start: how much more than Delta the start may cost in what is proved: C is at most start * value; infinite
            where nothing is proved about the start.
        weight: a number below min S, for `multipliers` scaled to sum m p_m = 1 exactly.
        step: h = L eta; delay: D; lags: the largest lag m.
        multipliers: p, array (lags,); beta: array (lags,).
        worst_frequencies: where S is least and the worst function rotates; masses: its squared amplitudes there.
        certified: whether S > weight is proved, in exact and ball arithmetic, for the floats step, p and beta (and the
            weights of the method); at the limit of the steps there is nothing to certify, as S vanishes somewhere.
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
        lags: the largest lag between the points of a pair; when left out as many as change anything.

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
    return limit_of(delayed(delay), step, lags)


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
    return best_of(delayed(delay), lags)


def curve(delay: int, steps: Sequence[float] | Floats, lags: int | None = None) -> tuple[LimitConstant, ...]:
    """The constants at several steps; arguments and refusals as in `limit_constant`.

    >>> [round(each.value, 4) for each in curve(1, [0.25, 0.5, 0.75])]
    [4.3143, 2.7313, 3.1812]
    """
    return tuple(limit_constant(delay, float(step), lags) for step in steps)


def delayed(delay: int) -> Recursion:
    """Delayed steps as a recursion; refused unless the delay is a whole number of at least 0."""
    return Recursion(whole_number(delay, 0, "The delay", DelayError), np.ones(1), np.empty(0))


def limit_of(recursion: Recursion, step: float, lags: int | None = None) -> LimitConstant:
    """The constant of any recursion at one step h, as `limit_constant`; it counts updates of the recursion.

    Raises:
        DomainError: a step that is not above 0, or above the least one at which some function turns for ever.
        InputError: a recursion whose moves do not die out, or that climbs; a number of lags that is no such number.

    >>> from theory.methods.registry import parse_method
    >>> found = limit_of(parse_method("momentum:beta=-0.5").recursion(0), 0.8)
    >>> round(found.value, 6), round(found.lower, 6), found.certified
    (2.24537, 2.24537, True)
    """
    (largest, turning), most = _usable(recursion, lags)
    if not 0 < step <= largest * (1 + 1e-12):
        raise DomainError(
            f"With the fixed delay {recursion.delay}, L * eta must be above 0 and at most {largest:.6g}, the stability "
            f"limit, beyond which some function never settles. Got {step:.6g}."
        )
    found = _found(recursion, float(step), most or _few(recursion))
    # With large moves far lags change some millionths and take minutes.
    slow = recursion.move_weights.any() and found.lower < found.value * (1 - 100 * _APART)
    if most is None and found.lower < found.value * (1 - _APART) and not slow:
        found = _found(recursion, float(step), None)
    found = replace(found, lags=most or found.beta.size)
    if step < largest * (1 - 1e-12):
        return found
    # All T_m vanish at some frequency, where no B_m is positive: S is at most 0 there for all multipliers.
    none = replace(found, value=math.inf, lower=math.inf, weight=0.0, certified=False)
    return replace(none, worst_frequencies=(turning,), masses=(1.0,))


def best_of(recursion: Recursion, lags: int | None = None) -> LimitConstant:
    """The constant of any recursion at the step where it is least, or at the step of its own.

    Raises:
        InputError: as `limit_of`.

    >>> from theory.methods.registry import parse_method
    >>> round(best_of(parse_method("counter-momentum").recursion(2)).value, 5)
    3.36051
    """
    (largest, _), most = _usable(recursion, lags)
    return limit_of(recursion, recursion.step or _least(recursion, largest, most, _WEIGHT_ACCURACY)[0], lags)


def sketch(recursion: Recursion, accuracy: float = 1e-4) -> float:
    """The least constant over the steps to this relative accuracy, not certified: for pictures.

    >>> round(sketch(delayed(1)), 2)
    2.68
    """
    (largest, _), _ = _usable(recursion, None)
    if recursion.step is not None:
        return 1 / solve(recursion, recursion.step, _few(recursion), accuracy=accuracy).least
    return 1 / _least(recursion, largest, None, accuracy)[1].least


def _least(recursion: Recursion, largest: float, most: int | None, accuracy: float) -> tuple[float, Solution]:
    """The step at which the slope of w changes its sign, and what was solved last."""
    begun: Solution | None = None
    most = most or _few(recursion)

    def slope(step: float) -> float:
        nonlocal begun
        begun = solve(recursion, step, most, begun, accuracy)
        return begun.slope if begun.least > 0 else -1.0

    low, high = 0.2 * largest, 0.95 * largest
    while slope(low) <= 0:
        low, high = low / 4, low
    while slope(high) > 0 and high < _LAST * largest:  # the best step may lie near the limit
        low, high = high, largest - (largest - high) / 4
    if slope(high) > 0:
        return high, begun or solve(recursion, high, most, None, accuracy)
    found = float(brentq(slope, low, high, xtol=max(_STEP_ACCURACY, accuracy / 10) * largest, rtol=1e-8))
    return found, begun or solve(recursion, found, most, None, accuracy)


def _few(recursion: Recursion) -> int:
    """The largest lag that is looked at first; those beyond change little but at small steps, and take long."""
    return 48 + 4 * (recursion.delay + 1)


def _found(recursion: Recursion, step: float, most: int | None) -> LimitConstant:
    """Both sides at a step."""
    solution = solve(recursion, step, most)
    p, beta, weight = solution.p, solution.beta, solution.least
    proved = certified_weight(recursion, step, p, beta, weight)
    weight = weight if proved is None else proved
    return LimitConstant(
        value=1 / weight if weight > 0 else math.inf,
        lower=needed(recursion, step, solution.angles, solution.masses) if weight > 0 else math.inf,
        start=_start(recursion, step),
        weight=weight,
        step=step,
        delay=recursion.delay,
        lags=p.size,
        multipliers=p,
        beta=beta,
        worst_frequencies=tuple(map(float, solution.angles)),
        masses=tuple(map(float, solution.masses)),
        certified=proved is not None,
    )


def _start(recursion: Recursion, step: float) -> float:
    """What is proved about the start, see the module."""
    if recursion.quiet and step == recursion.step:
        return 1.0
    plain = recursion.gradient_weights.tolist() == [1.0] and not recursion.move_weights.any()
    if not plain:
        return math.inf
    counted = start_factor(recursion.delay, step)
    if counted == 1:
        return counted
    return min(counted, storage_start([recursion.delay], step) or counted)


def _usable(recursion: Recursion, lags: int | None) -> tuple[tuple[float, float], int | None]:
    """The limit of the steps with its frequency, and the largest lag; refused where there is no limit."""
    most = None if lags is None else whole_number(lags, 1, "The number of lags", InputError)
    if not settles(recursion):
        raise InputError("The moves of this method do not die out without gradients. Give move weights that are less.")
    if not float(gain(recursion, np.zeros(1))[0].real) > 0:
        raise InputError("This method climbs on a linear function. Give gradient weights of a positive sum.")
    return step_limit(recursion), most
