r"""What a linear method costs with noise under a fixed delay D >= 1: a bound at every T from one quadratic form.

L = 1, else F/L. Updates k = 0, 1, ..: x_{k+1} = x_k - X_k, X_k = sum_l c_l gh_{k-D-l} + sum_j a_j X_{k-j}, with
gh_k = g_k + e_k, g_k = grad F(x_k), where e_k has mean zero given x_k and all noise before, and E|e_k|^2 <= sigma^2.
Updates k < D have no gradient that is D old: they take rho_k gh_{k-D} of a gradient gh_{k-D} read at x_0 with a noise
of its own (rho_k = 1 unless the method starts softly); what would be older is zero, and x_j = x_0 for j < 0. With
M <= D lags, the state s_k is: p_i, i < D + A - 1, what gradients up to k and moves before k give to X_{k+i}, so that
X_k = p_0; gh_k, .., gh_{k-M+1}; X_{k-1}, .., X_{k-M+1}. With p_{D+A-1} = c_{A-1} gh_k and c_l = 0 for l < 0,
   p'_i = p_{i+1} + a_{i+1} p_0 + c_{i-D} gh_{k+1}:
in short s' = F s + b gh_{k+1}. Where k < 0, gh_k in its place of the state is g_0 without noise, in p it is as said.

Let |a_m| <= c_m, sum_m m a_m = 1 (a_m: multipliers from here on), W > 0 and a quadratic form U be such that
   R(s, g') := q(s, g') - W |g|^2 - U(F s + b g') + U(s) >= 0 for all s and g', where with g = gh_k and g' = gh_{k+1}
   q = sum_m a_m <y_m + g', Y_m>/2 + (c_m/4)(|g' - y_m|^2 - |Y_m|^2),   y_m = gh_{k+1-m}, Y_m = X_{k+1-m} + .. + X_k.
Let u be s_0 at g_0 = 1 without noise, and v = F^D b, which is p_l = c_l and zero else: what the noise of one gradient
is at the update that first applies it.

Proof.
1. (c_m+a_m)/2 times the interpolation inequality of (k+1-m, k+1), (c_m-a_m)/2 times that of the reverse, summed over m:
   sum_m a_m (F(x_{k+1-m}) - F(x_{k+1})) >= q_k, that is q at the gradients without noise. x_{k+1} and all moves up to
   X_k depend on noise up to k - D alone, and k+1-m > k - D, so that
   E q_k = E q(s_k, gh_{k+1}) - sum_m (c_m/4)(E|e_{k+1-m}|^2 + E|e_{k+1}|^2).
2. E q(s_k, gh_{k+1}) = W (E|g_k|^2 + E|e_k|^2) + E U(s_{k+1}) - E U(s_k) + E R(s_k, gh_{k+1}). The noises k+1, k, ..,
   k-D+1 are in R at (0, 1), (b, 0), (F b, 0), .., (F^{D-1} b, 0), uncorrelated with all else there, so that E R is
   at least the sum of R at these, times their variances (rho^2 times those read at x_0 for k < D). As p_0 = 0 at F^i b,
   i < D, these are sum_m c_m/4 - U(b) and then c_{i+1}/4 - U(F^{i+1} b) + U(F^i b), less W at i = 0.
3. Sum over k < T. What a noise has in W |e_k|^2, in U(s_0), in R and in step 1 adds up to -U(v) once some X_k, k < T,
   has applied it, and to 0 before, if U(s_T) is taken without the noises that are not yet applied:
   E F(x_0) - sum_{i<M} alpha_i E F(x_{T-i}) >= W sum_{k<T} E|g_k|^2 + E U(s_T less them) - U(u) |g_0|^2
                                                   - U(v) sigma^2 sum_{k<T} rho_k^2,   alpha_i = sum_{m>i} a_m,
   with rho_k = 1 from D on. What is left in s_T of gh_T, .., gh_{T-M+1} are the gradients.
4. With f_ij >= 0 for pairs (T-i, T-j), i, j < M, and r_i = alpha_i - sum_j f_ij + sum_j f_ji >= 0, which add up to 1,
   sum_i alpha_i F(x_{T-i}) - inf F >= Q(s_T): what the pairs give, and r_i |g_{T-i}|^2/2. Let end_0 >= 0, end_i >= -W
   and U + Q >= sum_i end_i |g_{T-i}|^2. |g_0|^2 <= 2 Delta has the weight W - U(u); take start = max(0, U(u) - W). With
   nu = sigma^2 T/(L Delta) and U(v) >= 0, for every T >= M and sigma, min_{t<=T} E|grad F(x_t)|^2 <=
       L Delta (1 + 2 start + (nu/T) U(v) sum_{k<T} rho_k^2) / (W T - U(u) + start + sum_i end_i).

U(v)/W is what is left for ever, in parts of sigma^2. On the circle the symbol S of the pairs is at least W; with
S - W = |psi|^2, psi minimum phase, the least U(v) at given multipliers and W is sum_m c_m/2 - W - sum_{j<=D} psi_j^2.
U, W and multipliers come from a semidefinite program; what is said rests on R and U + Q - sum_i end_i |g_{T-i}|^2 being
positive definite and on U(u) and U(v), all in exact rationals, for the floats as they are.
"""

from __future__ import annotations

import itertools
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import lazy_loader
import numpy as np
from flint import fmpq

from theory.common.errors import DomainError, InputError
from theory.common.types import Array, Floats
from theory.methods.method import Recursion
from theory.worst_case.limit.symbol import is_positive, rationals

cp: Any = lazy_loader.load("cvxpy")  # slow to load, and its functions are not typed
_MARGINS = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
_MOST_LAGS = 8


@dataclass(frozen=True, eq=False)
class Storage:
    """A quadratic form that proves a bound at every number of steps and every variance; see the module.

    Args:
        weight: W, of each squared gradient.
        noise: U(v), what the noise of one gradient costs.
        opening: U(u); start: how far F may rise at the start, in parts of 2 Delta; end: of the last points, together.
        forward, backward: (c_m + a_m)/2 and (c_m - a_m)/2, arrays (M,); form: U, array (n, n); all by floats.
        early: the squares of rho, array (D,).
    """

    weight: float
    noise: float
    opening: float
    start: float
    end: float
    forward: Floats = field(repr=False)
    backward: Floats = field(repr=False)
    form: Floats = field(repr=False)
    early: Floats = field(repr=False)

    def bound(self, steps: int, noise: float = 0.0) -> float:
        """Times L Delta, the bound on min E|grad F|^2 over x_0..x_T at T = `steps` and nu = sigma^2 T/(L Delta).

        It is 2, as |grad F(x_0)|^2 <= 2 L Delta, where the form says less.

        >>> round(storage_of(Recursion(1, np.ones(1), np.empty(0)), 0.5, 1.0, 100).bound(100, 1.0), 4)
        0.0349
        """
        applied = float(self.early[:steps].sum()) + max(0, steps - self.early.size)
        if steps < self.forward.size:
            return 2.0
        paid = 1 + 2 * self.start + noise * self.noise * applied / steps
        mass = self.weight * steps - self.opening + self.start + self.end
        return min(2.0, paid / mass * (1 + 1e-14)) if mass > 0 else 2.0

    @property
    def floor(self) -> float:
        """What the bound tends to as T grows, in parts of sigma^2."""
        return self.noise / self.weight


@dataclass(frozen=True, eq=False)
class _Moves:
    """F, b, u and v; floats, or exact rationals. `pipe` is D + A - 1, how many of p the state has."""

    move: Array
    new: Array
    first: Array
    kick: Array
    pipe: int
    lags: int

    @classmethod
    def of(cls, recursion: Recursion, step: float, lags: int, exact: bool = False) -> _Moves:
        """Those of a recursion at a step, its gradients padded until none of its moves is longer than the state."""
        delay, momenta = recursion.delay, np.trim_zeros(recursion.move_weights, "b")
        lack = max(0, momenta.size - delay - recursion.gradient_weights.size + 1)
        weights = np.pad(recursion.gradient_weights, (0, lack))
        pipe = delay + weights.size - 1
        known = rationals if exact else np.array
        weights = known(weights) * known(np.array([step]))
        size = pipe + 2 * lags - 1
        move = known(np.eye(size, k=1).ravel()).reshape(size, size)
        new, kick = known(np.zeros(size)), known(np.zeros(size))
        move[pipe - 1, pipe] = weights[-1]
        move[: momenta.size, 0] = move[: momenta.size, 0] + known(momenta)
        move[pipe:, pipe:] = known(np.eye(2 * lags - 1, k=-1).ravel()).reshape(2 * lags - 1, 2 * lags - 1)
        if lags > 1:
            move[pipe + lags, pipe + lags - 1] *= 0
            move[pipe + lags, 0] = move[pipe + lags, 0] + 1
        new[delay:pipe], new[pipe] = weights[:-1], 1 + new[pipe]
        kick[: weights.size] = weights
        first, aged = new.copy(), new
        first[pipe : pipe + lags] = new[pipe]
        for share in known(_early(recursion))[::-1]:
            aged = move @ aged
            first[:pipe] = first[:pipe] + share * aged[:pipe]
        return cls(move, new, first, kick, pipe, lags)

    @property
    def both(self) -> Array:
        """The matrix of (s, g') -> s'."""
        return np.column_stack([self.move, self.new])

    def pair(self, older: int, newer: int) -> tuple[Array, Array]:
        """The matrices of <y + y', Y>/2 and of (|y' - y|^2 - |Y|^2)/4, Y from x_{k-older} to x_{k-newer}; -1 is k+1."""
        size = self.new.size
        old, new, walk = np.full((3, size + 1), 0 * self.new[0])
        old[self.pipe + older], new[size if newer < 0 else self.pipe + newer] = 1, 1
        walk[self.pipe + self.lags + max(newer, 0) : self.pipe + self.lags + older] = 1
        walk[0] = 1 if newer < 0 else 0
        seen, turned = np.outer(old + new, walk), new - old
        return (seen + seen.T) / 4, (np.outer(turned, turned) - np.outer(walk, walk)) / 4

    def decrease(self, forward: Any, backward: Any) -> Any:
        """The matrix of q."""
        return _weighed([self.pair(lag, -1) for lag in range(self.lags)], forward, backward)

    def ending(self, forward: Any, backward: Any, rest: Any) -> Any:
        """The matrix of Q on the state: of the pairs `self.late`, and what is left of each point."""
        heights = sum(rest[i] / 2 * np.diag(row) for i, row in enumerate(self.points))
        pairs = _weighed([self.pair(*each) for each in self.late], forward, backward) if self.late else 0 * heights
        return (pairs + heights)[:-1, :-1]

    @property
    def points(self) -> Array:
        """Which entries of (s, g') are gh_k, .., gh_{k-M+1}."""
        return np.eye(self.new.size + 1, dtype=np.int64)[self.pipe : self.pipe + self.lags]

    @property
    def late(self) -> list[tuple[int, int]]:
        """The pairs i > j of the last points."""
        return [(i, j) for i in range(self.lags) for j in range(i)]

    def left(self, forward: Any, backward: Any, ahead: Any, back: Any) -> list[Any]:
        """alpha_i, less what the pairs take from it: r_i."""
        several = range(self.lags)
        alpha = [sum(forward[m] - backward[m] for m in range(i, self.lags)) for i in several]
        net = [ahead[n] - back[n] for n in range(len(self.late))]
        flow = [sum((net[n] * ((i == b) - (i == a)) for n, (a, b) in enumerate(self.late)), 0) for i in several]
        return [alpha[i] + flow[i] for i in several]


def _weighed(pairs: list[tuple[Array, Array]], forward: Any, backward: Any) -> Any:
    return sum(forward[n] * (bent + seen) + backward[n] * (bent - seen) for n, (seen, bent) in enumerate(pairs))


def _early(recursion: Recursion) -> Floats:
    return np.ones(recursion.delay) if recursion.start is None else recursion.start


@dataclass(frozen=True, eq=False)
class _Found:
    """What the program gives, by floats: `ahead` and `back` are f_ij and f_ji of the last points, i > j."""

    weight: float
    forward: Floats
    backward: Floats
    ahead: Floats
    back: Floats
    ends: Floats
    form: Floats


def storage_of(
    recursion: Recursion, step: float, noise: float, steps: int | None = None, lags: int | None = None
) -> Storage:
    """The form that proves most for a method at nu = sigma^2 T/(L Delta) and T steps; it proves something at others.

    Args:
        recursion: the method under its fixed delay, at least 1; one that waits has none.
        step: h = L eta.
        noise: nu, at least 0.
        steps: T, for which it is best; when left out as T grows with the same nu.
        lags: M, the largest lag of a pair; at most D, which it is when left out, up to 8.

    Returns:
        The form, with its signs proved in exact arithmetic.

    Raises:
        InputError: a recursion without delay, or one that waits.
        DomainError: no form was found: some function may keep the method turning at this step.

    Source: derived in theory/worst_case/limit/storage.py.

    >>> delayed = Recursion(1, np.ones(1), np.empty(0))
    >>> found = storage_of(delayed, 0.1, 200.0)
    >>> round(found.weight, 3), round(found.floor, 4)
    (0.096, 0.0585)
    """
    if recursion.delay < 1 or recursion.period > 1:
        raise InputError(
            "The bound with noise is for a method that applies late gradients, delayed, momentum, counter-momentum or "
            f"a filter, at a staleness of at least 2. Got a delay of {recursion.delay}, and one gradient in "
            f"{recursion.period} applied."
        )
    most = min(recursion.delay, _MOST_LAGS if lags is None else lags)
    # Where S is level, as of counter-momentum, pairs that are not needed only spoil digits.
    for count, margin in itertools.product(sorted({most, 1}, reverse=True), _MARGINS):
        found = _solved(recursion, step, noise, steps, count, margin)
        if found is not None and (proved := _proved(recursion, step, found, steps is not None)) is not None:
            return proved
    raise DomainError(
        f"No bound was found at the step {step:.6g} / L: some function may keep the method turning. Take a shorter one."
    )


def _solved(
    recursion: Recursion, step: float, noise: float, steps: int | None, lags: int, margin: float
) -> _Found | None:
    """A fraction of linear functions over cones, scaled so that the lower one is constant."""
    moves = _Moves.of(recursion, step, lags)
    n, orders = moves.new.size, np.arange(1, lags + 1)
    late = max(1, len(moves.late))
    scale, weight, start = (cp.Variable(nonneg=True) for _ in range(3))
    forward, backward, ahead, back = (cp.Variable(count, nonneg=True) for count in (lags, lags, late, late))
    form, ends = cp.Variable((n, n), symmetric=True), cp.Variable(lags)
    left = moves.decrease(forward, backward) - weight * np.diag(moves.points[0])
    left = left - moves.both.T @ form @ moves.both + np.eye(n, n + 1).T @ form @ np.eye(n, n + 1)
    opening, paid = (cp.sum(cp.multiply(np.outer(vector, vector), form)) for vector in (moves.first, moves.kick))
    limits = [left >> margin * scale * np.eye(n + 1), orders @ (forward - backward) == scale]
    if steps is None:
        limits.append(weight == 1)
    else:
        rest = moves.left(forward, backward, ahead, back)
        kept = form + moves.ending(ahead, back, rest) - cp.diag(moves.points[:, :-1].T @ ends)
        limits += [
            kept >> margin * scale * np.eye(n),
            cp.hstack(rest) >= margin * scale,
            ends + weight * (np.arange(lags) > 0) >= 0,
            weight * steps - opening + start + cp.sum(ends) == steps,
            start >= opening - weight,
            start <= scale,  # beyond that |g_0|^2 <= 2 Delta says more
        ]
    problem = cp.Problem(cp.Minimize(scale + (0 if steps is None else 2 * start) + noise * paid), limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of an answer that is inaccurate: its signs are proved
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return None
    if form.value is None or not scale.value > 0:
        return None

    def value(unknown: Any) -> Floats:
        return np.asarray(np.zeros(unknown.shape) if unknown.value is None else unknown.value / scale.value)

    forwards, backwards, aheads, backs = (np.maximum(value(each), 0) for each in (forward, backward, ahead, back))
    symmetric = (value(form) + value(form).T) / 2
    return _Found(float(value(weight)), forwards, backwards, aheads, backs, value(ends), symmetric)


def _proved(recursion: Recursion, step: float, found: _Found, finite: bool) -> Storage | None:
    """The same, if all signs hold in exact arithmetic."""
    lags = found.forward.size
    moves, form = _Moves.of(recursion, step, lags, exact=True), np.array([rationals(row) for row in found.form])
    several = (found.forward, found.backward, found.ahead, found.back, found.ends)
    forward, backward, ahead, back, ends = map(rationals, several)
    unit = sum((m * each for m, each in enumerate(forward - backward, 1)), fmpq(0))
    if not (unit > 0 and found.weight > 0):
        return None
    # Multipliers are scaled until they add up to 1, and all else with them.
    forward, backward, ahead, back, ends, form = (each / unit for each in (forward, backward, ahead, back, ends, form))
    level = rationals(np.array([found.weight]))[0] / unit
    left = moves.decrease(forward, backward) - moves.both.T @ form @ moves.both
    left[:-1, :-1] += form
    left[moves.pipe, moves.pipe] -= level
    opening, paid = (vector @ form @ vector for vector in (moves.first, moves.kick))
    if not (paid >= 0 and is_positive(left)):
        return None
    end = -math.inf
    if finite:
        ends = np.array([max(each, -level * (i > 0)) for i, each in enumerate(ends)])
        rest = moves.left(forward, backward, ahead, back)
        kept = form + moves.ending(ahead, back, rest)
        for i, each in enumerate(ends):
            kept[moves.pipe + i, moves.pipe + i] -= each
        if not (min(rest) >= 0 and is_positive(kept)):
            return None
        end = -_above(-sum(ends, fmpq(0)))
    return Storage(
        weight=-_above(-level),
        noise=_above(paid),
        opening=_above(opening),
        start=_above(max(fmpq(0), opening - level)),
        end=end,
        forward=found.forward,
        backward=found.backward,
        form=found.form,
        early=_early(recursion) ** 2,
    )


def _above(value: fmpq) -> float:
    """A float that is no less."""
    return math.nextafter(int(value.p) / int(value.q), math.inf) if value != 0 else 0.0
