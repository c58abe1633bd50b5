"""The way since the read at the price of what overtakes: Lemma 1 (c), by strong induction on the point, replayed.

With y(n) for the mass that overtakes gradient k before x_n, |x_n - x_tau_k|^2 <= (1 + theta y)(p + q + y q/theta).
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.bounds.theorem_ab_overtaking import ALPHA, BETA
from theory.formulas.formula import Formula, Name
from theory.proofs.axioms import displacement
from theory.proofs.kernel import NOISELESS, Context, Expression, Index, Le, Term, le, lt, scalar, tau, update, var
from theory.proofs.nodes import G, Meant, Walk, read, square
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import (
    A,
    B,
    Derived,
    J,
    K,
    applied,
    gaps,
    lipschitz,
    noise,
    noise_order,
    noise_room,
    noises,
    product,
    squares,
    summed,
    symbol,
    undecided,
    weighted,
    weighted_squares,
    wider,
    wider_squares,
)
from theory.proofs.theorems.theorem_a import IN_WINDOW, NOW, SIGMA, H, L, P, Q, _late_order
from theory.proofs.theorems.theorem_ab import GRADIENT, HERE

N = var("n")
THETA = Name("young", r"\theta", sequence=True)
#: A point x_n since the read, and a gradient j that was applied before it and overtakes k.
AT = GRADIENT.having(le(tau(K), N), le(N, update(K)))
TURN = scalar("young", K)
FURTHER, NOISES = H * P, SIGMA**2 * Q


def so_far(index: Index) -> tuple[Le, Le]:
    """The gradients applied from x_tau_k to x_n."""
    return le(tau(K), update(index)), lt(update(index), N)


def overtaking(index: Index, stop: Index, of: Index = K) -> tuple[Le, ...]:
    """The gradients applied before x_stop that overtake."""
    return le(tau(of), update(index)), lt(update(index), stop), lt(tau(of), tau(index))


LATE = AT.having(*overtaking(J, N))


def mass(stop: Index, of: Index = K) -> Expression:
    """L sum of eta over what overtakes before x_stop."""
    return (scalar("L") * scalar("eta", A)).total(("a",), *overtaking(A, stop, of))


@dataclass(frozen=True, eq=False)
class Mass(Meant):
    """y_k(n), what overtakes gradient k before x_n."""

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def mean(self, index: Index) -> Expression:
        return mass(N, index)

    def latex(self, index: str = "k") -> str:
        return f"y_{{{index}}}(n)"


@dataclass(frozen=True, eq=False)
class Pairs(Mass):
    """The sum of L eta_j y_k(u_j) over what overtakes gradient k before x_n."""

    def mean(self, index: Index) -> Expression:
        return (scalar("L") * scalar("eta", J) * mass(update(J), index)).total(("j",), *overtaking(J, N, index))

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{u_{{j}} < n, \tau_{{j}} > \tau_{{{index}}}}} L \, \eta_{{j}} \, y_{{{index}}}(u_{{j}})"


def pairs() -> Apply:
    """The square of a sum has every pair of different updates twice, and pairs of one update."""
    one = le(update(A), update(B)), le(update(B), update(A))
    where = (*overtaking(A, N), *overtaking(B, N), *one)
    there = AT.having(*where)
    both = product(there, symbol(there, "eta", A), symbol(there, "eta", B), symbol(there, "L", power=2))
    return rules.total(both, ("a", "b"), *where)


def by_update(term: Term) -> tuple[Index, Index] | None:
    """Cut a sum over two gradients by the order of their updates."""
    if len(bound_variables(term)) != 2:
        return None
    one, other = map(update, bound_variables(term))
    known = gaps(term)
    together = known.get((one.core, other.core)) == 0 == known.get((other.core, one.core))
    return None if together else undecided(term, one, other)


def overtakes(context: Context, stop: Index) -> Derived:
    """y(stop) >= 0."""
    return product(
        context,
        summed(context, lambda a: overtaking(a, stop), lambda there, a: symbol(there, "eta", a)),
        symbol(context, "L"),
    )


def quiet_noise(context: Context) -> Apply:
    """Q >= 0."""
    return summed(context, IN_WINDOW, noise_room)


def shaken(context: Context) -> Apply:
    """Q - |Z|^2, with the noises Z from x_tau_k to x_n."""
    apart = rules.orthogonal(context, -weighted(so_far, noise).square(), noise_order)
    return rules.add(noises(context, so_far), wider(context, IN_WINDOW, so_far, noise_room), apart)


def turned() -> Expression:
    """g_tau_j - g_tau_k."""
    return applied(J) - applied(K)


def part() -> Expression:
    """eta_j times what one that overtakes asks for: L (theta (p + q) + q/theta + 2 y q) - 2<g_tau_j - g_tau_k, Z>."""
    p, q, inverse = meaning(FURTHER), meaning(NOISES), scalar("young", K, power=-1)
    asked = scalar("L") * (TURN * (p + q) + inverse * q + 2 * mass(update(J)) * q)
    return scalar("eta", J) * (asked - 2 * turned().dot(weighted(so_far, noise)))


def whole() -> Apply:
    """The way from x_tau_k to x_n, less what those ask for that overtake."""
    late = (2 * scalar("eta", J) * turned().dot(weighted(so_far, noise))).total(("j",), *overtaking(J, N))
    return rules.add(
        squares(AT, so_far),
        wider_squares(AT, IN_WINDOW, so_far),
        noises(AT, so_far),
        wider(AT, IN_WINDOW, so_far, noise_room),
        product(AT, Ref("pairs"), quiet_noise(AT)),
        rules.orthogonal(AT, late - displacement(tau(K), N).square(), _late_order),
    )


def each() -> Derived:
    """Young's inequality with mu = theta/(1 + theta y), times (1 + theta y), and what the way to x_tau_j asks for."""
    theta, inverse = symbol(LATE, "young", K), symbol(LATE, "young", K, power=-1)
    less, length, one = symbol(LATE, "L", power=-1), symbol(LATE, "L"), rules.constant(LATE, 1)
    before, now = overtakes(LATE, tau(J)), overtakes(LATE, update(J))
    more = rules.add(one, product(LATE, theta, now))
    grown = product(
        LATE,
        wider(
            LATE,
            lambda a: overtaking(a, update(J)),
            lambda a: overtaking(a, tau(J)),
            lambda there, a: symbol(there, "eta", a),
        ),
        length,
    )
    p, q = weighted_squares(LATE, IN_WINDOW), quiet_noise(LATE)
    young = TURN * turned() - scalar("L") * (1 + TURN * mass(update(J))) * weighted(so_far, noise)
    asked = rules.add(
        product(LATE, theta, rules.add(p, q)), product(LATE, inverse, q), product(LATE, rules.add(before, now), q)
    )
    all_of_it = rules.add(
        product(LATE, rules.square(LATE, young), inverse, less),
        product(LATE, lipschitz(LATE, tau(J), tau(K)), theta, less),
        product(LATE, shaken(LATE), more, more, length, inverse),
        product(LATE, grown, asked, theta, length),
    )
    return product(LATE, all_of_it, symbol(LATE, "eta", J))


def way() -> Apply:
    """By strong induction on n."""
    factor = product(LATE, symbol(LATE, "young", K), overtakes(LATE, update(J)))
    weight = product(LATE, symbol(LATE, "young", K), symbol(LATE, "L"), symbol(LATE, "eta", J))
    body = SINCE.expression()
    return rules.descend(whole(), each(), factor, weight, part(), body, "n", tau(K), tau(J), ("j",), *overtaking(J, N))


def still() -> Apply:
    """P >= |x_u - x_tau|^2 without noise, and what the noise would cost is not negative."""
    quiet = GRADIENT.under(NOISELESS)
    theta, mass_ = symbol(quiet, "young", K), overtakes(quiet, NOW)
    cost = rules.add(
        rules.constant(quiet, 1),
        product(quiet, theta, mass_),
        product(quiet, symbol(quiet, "young", K, power=-1), mass_),
        product(quiet, mass_, mass_),
    )
    return rules.add(
        squares(quiet, IN_WINDOW),
        product(quiet, quiet_noise(quiet), cost),
        rules.orthogonal(quiet, -displacement(tau(K), NOW).square()),
    )


def smoothed() -> Apply:
    """Smoothness."""
    return rules.add(lipschitz(GRADIENT, NOW, tau(K)), product(GRADIENT, Ref("way"), symbol(GRADIENT, "L", power=2)))


SINCE = Claim((1 + THETA * Mass()) * (FURTHER + NOISES * (1 + Mass() / THETA)), square(Walk(tau(K), N)))
WAY = ALPHA * FURTHER + BETA * NOISES
TURNED = (
    Step(
        "pairs",
        "What overtakes, in pairs",
        "y(u_j) sums over earlier updates: the square of a sum has each such pair twice",
        Claim(Mass() ** 2, 2 * Pairs()),
        pairs(),
        by_update,
    ),
    Step(
        "since",
        "The way to any point x_n since the read",
        "Cauchy-Schwarz; of <e_i, g_tau_j> only j that overtake remain; 2<a, Z> <= (mu/L)|a|^2 + (L/mu)|Z|^2 with "
        "mu = theta/(1 + theta y(u_j)), smoothness, and the claim itself at x_tau_j, which is before x_n",
        SINCE,
        way(),
    ),
    Step(
        "way",
        "The way since the read",
        "the step before at n = u_k; without noise, Cauchy-Schwarz",
        Claim(WAY, square(Walk(tau(K), NOW))),
        rules.noise_cases(
            still(),
            rules.instantiate(Ref("since"), GRADIENT, n=NOW),
            Claim(WAY, square(Walk(tau(K), NOW))).expression(),
        ),
    ),
    Step(
        "smoothed",
        "How far the gradient has turned since the read",
        "smoothness: |g_u - g_tau_k| <= L |x_u - x_tau_k|",
        Claim(L**2 * WAY, square(HERE - read(G))),
        smoothed(),
    ),
)
