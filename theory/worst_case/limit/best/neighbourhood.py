r"""How far around counter-momentum no linear time-invariant method is better: a cone of multipliers, explicitly.

Notation of optimality.py, with multipliers a_m, b_m >= 0 of all lags, c_m = a_m + b_m and t_m = a_m - b_m. A constant
factor of them all changes nothing: the claim about a certificate is min S <= W sum_m m t_m.

Theorem. Let sum_{m>=2} m^2 c_m <= kappa c_1. Then no causal phi with delay D, near counter-momentum or not, has a
certificate of these multipliers that is better than W. `holds_within` proves it in balls; kappa is REACH[D], D = 1..3.

Proof, with M = sum_m m t_m > 0, as there is nothing to prove otherwise.
1. Let t_1 <= (W - kappa/2) c_1. Then M <= t_1 + sum_{m>=2} m^2 c_m/2 <= W c_1 <= W B, B = sum_m m^2 c_m, and at w = 0
   S = M phi(0) - (B/4) phi(0)^2 <= M^2/B <= W M.
2. Else c_1 = t_1 beta(theta) at an angle in [pi/(2n), 2 pi/(2n+1)], where beta falls from 1/sin(pi/(4n)) to 1. Take its
   measure mu and psi = phi - phi_theta; A_m and B_m are those of phi_theta. By 2 of optimality.py
   int S d mu <= t_1 W(theta) + sum_{m>=2} (t_m int A_m + c_m int B_m) + l(psi) - (c_1/4) int |psi|^2,
   where -c_m |psi e_m|^2/4 is left out and l(psi) = sum_{m>=2} Re int g_m psi,
   g_m = t_m (1 + z^m) e_m/2 - c_m conj(phi_theta) |e_m|^2/2.
3. The outer factor of mu is h = sqrt(c) A/(1 - q z), and psi h is z^D times an analytic function. So |l(psi)| is at
   most sum c_m nu_m times the norm of psi, nu_m the norm of the powers z^j, j >= D, of conj(g_m) h for c_m = 1: one for
   pairs (k, k+m), t_m = 1, and one for pairs (k+m, k), t_m = -1. By Cauchy and Schwarz
   l(psi) - (c_1/4) int |psi|^2 <= (sum c_m nu_m)^2/c_1 <= (sum m^2 c_m/c_1) sum c_m nu_m^2/m^2.
4. Put slack_m = -int B_m -+ (int A_m - m W). As both sides are linear in the shares m^2 c_m, and concave in their sum,
   int S d mu <= W M if for every m >= 2 and both directions
      (W - W(theta))/beta(theta) + kappa slack_m/m^2 - kappa^2 nu_m^2/m^4 >= 0.
   W(theta) <= W, as W is its maximum.
5. From some lag on, slack_m and nu_m^2/m^2 are bounded by what is linear in m: `Slacks.far`, `rest_of_norms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flint import arb, ctx

from theory.worst_case.limit.best.optimality import NEAR, Ball, Slacks

#: kappa by the delay.
REACH = {1: 0.025, 2: 0.012, 3: 0.006}
# Lags whose nu_m is computed; of others it is bounded. Angles are split until they are this close.
_COMPUTED, _CLOSEST, _BITS = 16, 1e-7, 128


def norms(found: Slacks, lag: int) -> tuple[Ball, Ball]:
    """nu_m^2, of pairs (k, k+m) and of pairs (k+m, k)."""
    n, q = found.order, found.q
    along, apart = [arb(0)] * (lag + n), [arb(0)] * (lag + n)  # coefficients of z^(D+j), from 0 on
    for j, move in enumerate(found.moves):
        for i in range(-lag, lag):  # z^(i+j); those below D come down to D with q^(D - i - j)
            power = i + j - found.delay
            along[max(power, 0)] += move / 2 * q ** max(-power, 0)
    for i in range(1 - lag, lag):
        apart[max(i, 0)] += found.step / 2 * (lag - abs(i)) * q ** max(-i, 0)
    return _norm(found, [a - b for a, b in zip(along, apart, strict=True)]), _norm(
        found, [a + b for a, b in zip(along, apart, strict=True)]
    )


def _norm(found: Slacks, polynomial: list[Ball]) -> Ball:
    """The squared norm of sqrt(c) (polynomial)/(1 - q z)."""
    total, last = arb(0), arb(0)
    for coefficient in polynomial:
        last = found.q * last + coefficient
        total += last**2
    return found.mass * (total + (found.q * last) ** 2 / (1 - found.q**2))


def rest_of_norms(found: Slacks, lag: int) -> tuple[Ball, Ball]:
    """Two numbers: nu_m^2/m^2 is at most the first and m times the second at every m >= lag.

    No coefficient of the polynomials of `norms` is above (A + eta (m - j))/2, A the sum of the moves, or the same at
    j = 0 over 1 - q, and the norm of 1/(1 - q z) as a factor is 1/(1 - q).
    """
    total, room = sum(found.moves, arb(0)), 1 - found.q
    first = ((total / lag + found.step) / (2 * room)) ** 2
    scale = found.mass / room**2
    return scale * (first + (total**2 / lag + total * found.step) / 4), scale * found.step**2 / 12


@dataclass(frozen=True)
class _Cone:
    """Step 4 at every angle, for one delay and kappa."""

    delay: int
    kappa: Ball

    @cached_property
    def best(self) -> Slacks:
        """At the best angle."""
        return Slacks(self.delay)

    @property
    def weight(self) -> Ball:
        """W."""
        return self.best.weight

    def lost(self, found: Slacks) -> Ball:
        """Below W - W(theta), W(theta) = (cos((n-1/2) theta) - cos((n+1/2) theta))/2: as it is, or by its curvature."""
        n, between = found.order, found.angle.union(self.best.angle)
        orders = (arb(2 * n + sign) / 2 for sign in (-1, 1))
        fewer, more = (order**2 * (order * between).cos() / 2 for order in orders)
        apart = (found.angle - self.best.angle).abs_lower()
        curved = ((fewer - more) / 2).lower().max(arb(0)) * apart**2
        return (self.weight - found.weight).lower().max(arb(0)).max(curved)

    def holds_from(self, found: Slacks, lag: int, surplus: Ball) -> bool:
        """At every lag from this one on, by bounds that are linear in m."""
        start, grows = found.far(lag, self.weight)
        norm, growth = rest_of_norms(found, lag)
        rises = grows - self.kappa * growth + surplus / self.kappa * lag
        needed = self.kappa * (norm + lag * growth)
        return bool(rises >= 0 and start - needed + surplus / self.kappa * lag**2 >= 0)

    def holds_at(self, found: Slacks, lag: int, surplus: Ball) -> bool:
        """At one lag."""
        norm, growth = rest_of_norms(found, lag)
        both = norms(found, lag) if lag <= _COMPUTED else (lag**2 * (norm + lag * growth),) * 2
        rise, apart = found.along(lag) - lag * self.weight, found.apart(lag)
        slacks = (-apart - rise, -apart + rise)
        return all(
            surplus + self.kappa * slack / lag**2 - self.kappa**2 * squared / lag**4 >= 0
            for slack, squared in zip(slacks, both, strict=True)
        )

    def holds(self, found: Slacks, surplus: Ball) -> bool:
        """At every lag."""
        for lag in range(2, NEAR + 1):
            if self.holds_from(found, lag, surplus):
                return True
            if not self.holds_at(found, lag, surplus):
                return False
        return False

    def holds_between(self, low: Ball, high: Ball) -> bool:
        """At every lag and every angle of an interval, which is halved until it is plain."""
        found = Slacks(self.delay, low.union(high))
        surplus = self.lost(found) / found.ratio
        if found.q < 1 and all(move >= 0 for move in found.moves) and self.holds(found, surplus):
            return True
        if high - low < _CLOSEST:
            return False
        middle = ((low + high) / 2).mid()
        return self.holds_between(low, middle) and self.holds_between(middle, high)


def holds_within(delay: int, kappa: float) -> bool:
    """Whether the theorem is proved for this delay D >= 1 and this kappa.

    >>> holds_within(1, 0.1)
    False
    """
    ctx.prec = _BITS
    cone, n = _Cone(delay, arb(kappa)), delay + 1
    low, high = arb.pi() / (2 * n), 2 * arb.pi() / (2 * n + 1)
    # Beta falls in theta: from `first` on it covers all that 2 of the proof asks for.
    largest = 1 / (cone.weight - cone.kappa / 2)
    if not (largest > 0 and Slacks(delay, low).ratio > largest):
        return False
    # Where most would fail is seen at once, at the best angle.
    if not cone.holds(cone.best, arb(0)):
        return False
    first, last = low.mid(), high
    for _ in range(30):
        middle = ((first + last) / 2).mid()
        first, last = (middle, last) if Slacks(delay, middle).ratio > largest else (first, middle)
    return bool(Slacks(delay, first).ratio > largest) and cone.holds_between(first, high)
