r"""Whether counter-momentum is the best linear time-invariant method under a fixed delay: what is proved, in balls.

L = 1, D the delay, n = D + 1, z = exp(-iw), phi(z) = eta z^D / A(z) its answer, A = sum_j m_j z^j (m_0 = 1), theta its
best angle, q = (2n-1)/(2n+1), W = 1/C. For a causal phi with delay D and a lag m, with e_m = 1 + 1/z + .. + z^{1-m}:
   A_m = Re[(1 + z^m)/2 phi e_m],   B_m = (|1 - z^m|^2 - |phi e_m|^2)/4.
A certificate has multipliers a_m, b_m >= 0 of the pairs (k, k+m) and (k+m, k) with sum m (a_m - b_m) = 1, and is worth
the least over w of S = sum_m (a_m - b_m) A_m + (a_m + b_m) B_m; 1/C of phi is the best of these (constant.py).

Theorem 0, the decrease. S = A_1 + beta B_1, beta = W/sin(theta/2)^2, exceeds W (1 - 1e-10) at every frequency for the
floats that run, D = 0..64: `least_decrease`, which knows no closed form of the minimum.

Theorem 1, the constant. The measure d mu = |A|^2/|z - q|^2 dw, of mass 1, has int A_1 = W and int B_1 = 0 at phi. Put
slack_m = -int B_m - |m W - int A_m|. Where no slack is negative, int S <= W for all multipliers, and C = 1/W.

Theorem 2, consecutive pairs. No causal phi has a better certificate of lag 1, at any beta, than W. For theta in
(pi/(2n), 2 pi/(2n+1)] put q(theta) = sin((n+1/2) theta)/sin((n-1/2) theta), beta(theta) = sin(n theta)/sin(theta/2)
and mu_theta likewise. Then r = phi_theta - (1+z)/beta has conj(r) mu_theta orthogonal to all causal phi with delay D,
so that
   int (A_1 + beta B_1)(phi) d mu_theta = W(theta) - (beta/4) int |phi - phi_theta|^2 d mu_theta,
and W is the maximum of W(theta). At these angles beta takes all values from 1 to 1/sin(pi/(4n)) > 1/W, and at larger
ones S at w = 0 is phi(0) - beta phi(0)^2/4 <= 1/beta < W.

Theorem 3, near it. Let all slack_m, m >= 2, be positive, as they are for D = 1..4, and slack_m/m bounded away from 0
(`Slacks.are_positive`). Then for phi near phi_theta (uniformly on the circle) no certificate is better than W. For
multipliers with t = a_1 - b_1 > 0 and a_1 + b_1 = t beta(theta'), theta' near theta: by 2, and as int A_m and int B_m
at phi and mu_theta' differ from those of 1 by a small part of m, int S d mu_theta' <= t W + sum_{m>=2} (a_m - b_m) m W
= W. With other multipliers let phi -> phi_theta: by 1 those of m >= 2 vanish, a_1 + b_1 stays bounded as B_1 < 0 at w
= 0, and what is left is S = W + (b - beta) B_1 with another b, which is below W somewhere, as int B_1 d mu = 0 and B_1
is not 0.

Theorem 4, not the best. Where slack_2 < 0, as for D = 0 and D >= 5, some filter is better. mu is the only measure of
mass 1 to which conj(r) z^j, j >= D, are orthogonal (F. and M. Riesz: d nu/mu is real and in H^1, so constant). By
Hahn-Banach some finite change of phi together with a lag 2 multiplier raises S everywhere, to first order. For all D
>= 6: (1 + q) slack_2 = s^2 (2 (1-q)^2 + (6q-2) s^2) - 2 W (1-q) |q - cos theta|, s = sin(theta/2), is below 6.30/n^4 -
1.08/n^3 < 0, from n theta < 2.0288, W >= sin(2) sin(1/n) and 1 - q = 2/(2n+1). Filters that are better are in
`filters/` (`of_method.better`), their C certified: at most 0.4 % is gained up to D = 20. How much can be is open.

Theorem 5, all filters. At D = 1..3 no causal phi, near or far, has a better certificate than W with multipliers such
that sum_{m>=2} m^2 (a_m + b_m) <= kappa (a_1 + b_1), kappa = .025, .012, .006: neighbourhood.py. At D = 1 and 2
none has one of lags 1 and 2, without any condition: covering.py.

Open at D = 1..4 is whether some phi far away is better by multipliers of other lags outside of the cone. They are in a
bounded set, as S at w = 0 is at most 1/sum m^2 (a_m + b_m). What is missing are far lags: where a_1 + b_1 is near beta
and one lag m has the rest, f = m^2 (a_m + b_m) up to 1/W - beta, the best worth seems to tend to W as m grows, below it
as far as was computed, by about (.0059 to .27) W/m at D = 1 and f = .05 to .35. No finite cover would do; it takes
measures whose density near w = 0 has the scale 1/m.

As 1/|z - q|^2 = sum_r q^|r| z^r/(1 - q^2), all integrals are finite sums. Far lags: with c the constant of the mass,
-int B_m >= (c eta^2/4)(m/(1-q)^2 - 2q/((1-q)^3 (1+q))) - 1, and 0 <= int A_m <= c eta sum_j m_j/(1-q)^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from flint import arb, ctx

from theory.methods.counter_momentum import CounterMomentum, Tuning
from theory.worst_case.limit.symbol import certified_weight, settles

#: Bits of the balls, and the lags that are looked at one by one.
BITS, NEAR = 256, 300
Ball = Any  # flint has no types of its own


def least_decrease(delay: int) -> float | None:
    r"""A number that S(w) is proved to exceed at every frequency, for the method as it runs, all floats as they are.

    $S=A_1+\beta B_1$ with the float nearest to $\beta=W/\sin^2(\theta/2)$. Not the closed form of the minimum, which is
    W: as a polynomial in cos w with exact coefficients, S |A|^2 less the number times |A|^2 has no root in [-1, 1].

    Args:
        delay: D.

    Returns:
        The number, below W by 1e-10 W at most for D up to 64; None where nothing could be proved.

    >>> round(1 / least_decrease(1), 5)
    2.29389
    """
    recursion, tuning = CounterMomentum().recursion(delay), Tuning.of(delay)
    if not settles(recursion):
        return None
    beta = np.array([tuning.weight / math.sin(tuning.theta / 2) ** 2])
    return certified_weight(recursion, tuning.step, np.ones(1), beta, tuning.weight)


@dataclass(frozen=True)
class Slacks:
    """The slacks of counter-momentum at its best angle, or at others, in balls.

    Args:
        delay: D.
        given: angles in [pi/(2n), 2 pi/(2n+1)] as a ball, in place of the best one.

    >>> found = Slacks(1)
    >>> found.slack(2) > 0, Slacks(5).slack(2) < 0
    (True, True)
    """

    delay: int
    given: Ball | None = None

    @property
    def order(self) -> int:
        """D + 1."""
        return self.delay + 1

    @cached_property
    def angle(self) -> Ball:
        """Theta, where tan(n theta) = -2 n tan(theta/2): by halving, with signs that are certain."""
        ctx.prec = BITS
        if self.given is not None:
            return self.given
        n = self.order
        low, high = arb.pi() / (2 * n), arb.pi() / n
        for _ in range(BITS - 24):
            middle = ((low + high) / 2).mid()
            slope = (n * middle).sin() + 2 * n * (middle / 2).tan() * (n * middle).cos()
            if slope > 0:
                low = middle
            elif slope < 0:
                high = middle
            else:
                break
        return low.union(high)

    def _sine(self, twice: int) -> Ball:
        return (twice * self.angle / 2).sin()

    @cached_property
    def moves(self) -> list[Ball]:
        """m_0..m_D."""
        n = self.order
        return [self._sine(2 * (n - j) - 1) / self._sine(2 * n - 1) for j in range(n)]

    @property
    def step(self) -> Ball:
        """Eta."""
        return self._sine(2 * self.order) / self._sine(2 * self.order - 1)

    @property
    def weight(self) -> Ball:
        """W."""
        return self._sine(2 * self.order) * self._sine(1)

    @property
    def q(self) -> Ball:
        """The zero of the density's denominator."""
        n = self.order
        return arb(2 * n - 1) / (2 * n + 1) if self.given is None else self._sine(2 * n + 1) / self._sine(2 * n - 1)

    def _of_density(self, lag: int) -> Ball:
        """The integral of z^lag / |z - q|^2."""
        return self.q ** abs(lag) / (1 - self.q**2)

    def _of_filter(self, lag: int) -> Ball:
        """The integral of |A|^2 z^lag / |z - q|^2."""
        pairs = ((i, j) for i in range(self.order) for j in range(self.order))
        return sum((self.moves[i] * self.moves[j] * self._of_density(i - j + lag) for i, j in pairs), arb(0))

    @cached_property
    def mass(self) -> Ball:
        """The constant that makes mu a probability measure."""
        ctx.prec = BITS
        return 1 / self._of_filter(0)

    @cached_property
    def _sums(self) -> list[Ball]:
        """Sums of the integrals of z^r / |z - q|^2 over r below -NEAR, 1 - NEAR, ..."""
        lags = range(-NEAR, NEAR + self.order + 1)
        return list(accumulate((self._of_density(r) for r in lags), initial=arb(0)))

    def _sum_of(self, first: int, last: int) -> Ball:
        return self._sums[last + 1 + NEAR] - self._sums[first + NEAR]

    def along(self, lag: int) -> Ball:
        """The integral of A_m."""
        ends = ((self.delay - j, move) for j, move in enumerate(self.moves))
        seen = (m * (self._sum_of(e - lag + 1, e) + self._sum_of(e + 1, e + lag)) for e, m in ends)
        return self.mass * self.step / 2 * sum(seen, arb(0))

    def apart(self, lag: int) -> Ball:
        """The integral of B_m."""
        turned = 2 * self._of_filter(0) - self._of_filter(lag) - self._of_filter(-lag)
        moved = sum((self._sum_of(-r, r) for r in range(lag)), arb(0))  # sum over |r| < m of m - |r| times that of z^r
        return self.mass / 4 * (turned - self.step**2 * moved)

    def slack(self, lag: int) -> Ball:
        """slack_m, for m up to NEAR."""
        return -self.apart(lag) - abs(lag * self.weight - self.along(lag))

    @property
    def ratio(self) -> Ball:
        """Beta, (a_1 + b_1)/(a_1 - b_1) at this angle."""
        return self._sine(2 * self.order) / self._sine(1)

    def far(self, lag: int = NEAR, weight: Ball | None = None) -> tuple[Ball, Ball]:
        """Lower ends of slack_m at a lag m and of how much it grows with every further lag; see the derivation."""
        weight = self.weight if weight is None else weight
        scale, room = self.mass * self.step**2 / 4, 1 - self.q
        along = self.mass * self.step * sum(self.moves, arb(0)) / room**2
        if not (along <= 2 * lag * weight and all(move >= 0 for move in self.moves)):
            return arb("-inf"), arb("-inf")
        grows = scale / room**2 - weight
        return grows * lag - scale * 2 * self.q / (room**3 * (1 + self.q)) - 1, grows

    def are_positive(self) -> bool:
        """Whether all slack_m, m >= 2, are certainly positive: no method near it is better."""
        start, grows = self.far()
        return bool(start > 0 and grows > 0) and all(self.slack(lag) > 0 for lag in range(2, NEAR + 1))
