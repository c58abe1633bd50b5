"""What is assumed of the objective, the iteration, the noise and the delays, and what is known of a few symbols.

The second half of the trusted core: every function here makes a fact out of nothing, and names the axiom it used. A
proof prints the axioms it rests on.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import count

from theory.proofs.kernel import (
    CONDITIONAL,
    DELAY,
    FIXED,
    LAST,
    NOISELESS,
    POSITIVE,
    RANDOM,
    ZERO,
    Atom,
    Context,
    Expression,
    Fact,
    Index,
    ProofError,
    _fact,
    _fresh,
    expression,
    gap_at,
    latest,
    le,
    lt,
    require,
    restate,
    scalar,
    tau,
    var,
    vector,
    weaken,
)

# Symbols that are not negative by their meaning.
NONNEGATIVE = POSITIVE | {"eta", "sigma", "Delta", "theta", "log", "o", "m", "1/U", "p", "Ed", "Ed2", "noisy"}

_unused = count()


# ------------------------------------------------------------------------------------------------------ the iteration


def displacement(start: Index, stop: Index, drawn: bool = False) -> Expression:
    """x_stop - x_start for start <= stop. The iteration: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k).

    Where delays are drawn at random, the gradient that step k applies is a_k.
    """
    j = var(f"@a{next(_unused)}")
    applied = (vector("a", j) if drawn else vector("g", tau(j))) + vector("e", j)
    return -(scalar("eta", j) * applied).total((j.core[1],), le(start, j), lt(j, stop))


# ------------------------------------------------------------------------------------------------------ the objective


def smooth(context: Context, a: Index, b: Index, v: Expression) -> Fact:
    """F is L-smooth. With y = x_a + v and w = y - x_b: f_a + <g_a,v> + L/2|v|^2 >= f(y) >= f_b + <g_b,w> - L/2|w|^2."""
    require(context, le(ZERO, a), le(ZERO, b), le(a, LAST), le(b, LAST))
    if context.entails(le(a, b)):
        w = v - displacement(a, b, RANDOM in context.laws)
    else:
        require(context, le(b, a))
        w = v + displacement(b, a, RANDOM in context.laws)
    half = scalar("L") * Fraction(1, 2)
    above = gap_at(a) + vector("g", a).dot(v) + half * v.square()
    below = gap_at(b) + vector("g", b).dot(w) - half * w.square()
    return _fact(context, above - below, ["F is L-smooth"])


def bounded_below(context: Context, a: Index, v: Expression) -> Fact:
    """F(y) >= inf F at y = x_a + v: f_a + <g_a, v> + L/2 |v|^2 >= 0."""
    require(context, le(ZERO, a), le(a, LAST))
    above = gap_at(a) + vector("g", a).dot(v) + scalar("L") * Fraction(1, 2) * v.square()
    return _fact(context, above, ["F is L-smooth", "F is bounded below"])


def gap(context: Context) -> Fact:
    """Delta >= F(x_0) - inf F."""
    return _fact(context, scalar("Delta") - gap_at(ZERO), ["Delta >= F(x_0) - inf F"])


def minimum(context: Context, point: Index, with_last: bool = True) -> Fact:
    """M is the minimum of E|g_t|^2 over x_0..x_T, or over x_0..x_{T-1}."""
    require(context, le(ZERO, point), le(point, LAST) if with_last else lt(point, LAST))
    name = "x_0..x_T" if with_last else "x_0..x_{T-1}"
    return _fact(context, vector("g", point).square() - scalar("m"), [f"m is the minimum over {name}"])


def same_point(context: Context, one: Index, other: Index, v: Expression) -> Fact:
    """E<g_one, v> = E<g_other, v> where the two indices are equal, for any vector v: both are the gradient there."""
    require(context, le(one, other), le(other, one))
    return _fact(context, (vector("g", one) - vector("g", other)).dot(v), equality=True)


def turning(context: Context, start: Index, stop: Index, v: Expression) -> Fact:
    """E<g_stop - g_start, v> = sum of eta_j E<r_j, v> over start <= j < stop, for any vector v.

    This defines r_j: it is (g_{j+1} - g_j) / eta_j, and 0 where eta_j = 0, as then x_{j+1} = x_j.
    """
    require(context, le(ZERO, start), le(start, stop), le(stop, LAST))
    j = var(f"@a{next(_unused)}")
    turned = (scalar("eta", j) * vector("r", j)).total((j.core[1],), le(start, j), lt(j, stop))
    body = (vector("g", stop) - vector("g", start) - turned).dot(v)
    return _fact(context, body, ["eta_j r_j is g_{j+1} - g_j"], equality=True)


# ---------------------------------------------------------------------------------------------- the noise, the delays


def bounded_variance(context: Context, step: Index) -> Fact:
    """E|e_step|^2 <= sigma^2."""
    require(context, le(ZERO, step), lt(step, LAST))
    body = scalar("sigma", power=2) - vector("e", step).square()
    return _fact(context, body, ["the variance is at most sigma^2"])


def window_count(context: Context, step: Index) -> Fact:
    """W_step holds at most s - 1 steps: k - tau_k <= s - 1."""
    j = var(f"@a{next(_unused)}")
    size = expression(1).total((j.core[1],), le(tau(step), j), lt(j, step))
    return _fact(context, scalar("s") - 1 - size, ["delays are at most s - 1"])


def readers_count(context: Context, point: Index) -> Fact:
    """At most s - 1 windows hold a given k: k in W_i means tau_i <= k < i, so k < i <= k + s - 1."""
    i = var(f"@a{next(_unused)}")
    where = (le(ZERO, i), lt(i, LAST), le(tau(i), point), lt(point, i))
    size = expression(1).total((i.core[1],), *where)
    return _fact(context, scalar("s") - 1 - size, ["delays are at most s - 1"])


def served_count(context: Context, point: Index) -> Fact:
    """At most s steps read a given t: tau_k = t means t <= k <= t + s - 1."""
    k = var(f"@a{next(_unused)}")
    where = (le(ZERO, k), lt(k, LAST), le(tau(k), point), le(point, tau(k)))
    size = expression(1).total((k.core[1],), *where)
    return _fact(context, scalar("s") - size, ["delays are at most s - 1"])


def steps_count(context: Context) -> Fact:
    """There are T steps."""
    k = var(f"@a{next(_unused)}")
    size = expression(1).total((k.core[1],), le(ZERO, k), lt(k, LAST))
    return _fact(context, scalar("T") - size, ["there are T steps"], equality=True)


def drawn(context: Context, step: Index, name: str, index: Index) -> Fact:
    """E<v, a_step> = sum of p(step, r) E<v, g_r> over 0 <= r <= step, for a vector v known before the delay is drawn.

    p(k, r) is the probability that step k applies the gradient of x_r. Its delay is independent of x_0..x_k, of
    e_0..e_{k-1} and of the earlier delays: v may be a gradient up to g_k, or an e_j or a_j with j < k; or a_k itself,
    as |a_k|^2 is |g_r|^2 with probability p(k, r).
    """
    require(context, le(ZERO, step), lt(step, LAST))
    itself = (name, index) == ("a", step)
    known = name in ("g", "a", "e") and context.entails(le(index, step) if name == "g" else lt(index, step))
    if RANDOM not in context.laws or not (known or itself):
        raise ProofError(f"{name}_{index} may depend on the delay of step {step}, or the delays are not random.")
    r = var(f"@a{next(_unused)}")
    where = (le(ZERO, r), le(r, step))
    other = vector("g", r) if itself else vector(name, index)
    mixed = (scalar("p", step, r) * vector("g", r).dot(other)).total((r.core[1],), *where)
    body = vector("a", step).dot(vector(name, index)) - mixed
    return _fact(context, body, [_DRAWN], equality=True)


def certain(context: Context, step: Index) -> Fact:
    """The probabilities p(step, r) of 0 <= r <= step add up to 1."""
    require(context, le(ZERO, step), lt(step, LAST))
    r = var(f"@a{next(_unused)}")
    body = scalar("p", step, r).total((r.core[1],), le(ZERO, r), le(r, step)) - 1
    return _fact(context, body, [_DRAWN], equality=True)


_DRAWN = "p(k, r) is the probability that step k reads x_r; its delay is independent of what was before"


def in_flight(context: Context, point: Index, power: int) -> Fact:
    """Of delays with one law d: sum over i > k of E[(i - tau_i)^c 1{tau_i <= k}] <= E d for c = 0, E d^2 for c = 1.

    tau_i = max(0, i - d_i), where d_i has the law of d. So tau_i <= k < i says that d_i >= m = i - k >= 1, and
    i - tau_i <= d_i; and the sum over m >= 1 of E[d^c 1{d >= m}] is E d^{c+1}.
    """
    if power not in (0, 1):
        raise ProofError(f"The power is 0 or 1. Got {power}.")
    i, r, j = (var(f"@a{next(_unused)}") for _ in range(3))
    length = expression(1).total((j.core[1],), le(r, j), lt(j, i)) if power else expression(1)
    where = (lt(point, i), lt(i, LAST), le(ZERO, r), le(r, point))
    body = (scalar("p", i, r) * length).total((i.core[1], r.core[1]), *where)
    require(context, le(ZERO, point))
    return _fact(context, scalar(("Ed", "Ed2")[power]) - body, ["all delays have one law, of mean Ed, mean square Ed2"])


def noise_cases(noiseless: Fact, always: Fact, body: Expression) -> Fact:
    """The symbol noisy is 1 where there is noise, else 0: both cases give one fact about it."""
    there = always.context
    if noiseless.context != there.under(NOISELESS):
        raise ProofError("The two cases must be: no noise, and anything, in one context.")
    for fact, seen in ((noiseless, 0), (always, 1)):
        restate(fact, _with_indicator(body, ("noisy",), seen))
    return _fact(there, body, noiseless.axioms | always.axioms | {"noisy is 1 if there is noise, else 0"})


def overtaking_cases(unovertaken: Fact, noiseless: Fact, always: Fact, step: Index, body: Expression) -> Fact:
    """o_k is 1 where there is noise and W_k holds a younger gradient, else 0: all cases give one fact about o_k."""
    zero, one = (_with_indicator(body, ("o", step), seen) for seen in (0, 1))
    there = always.context
    if unovertaken.context != there.under(latest(step)) or noiseless.context != there.under(NOISELESS):
        raise ProofError("The three cases must be: not overtaken, no noise, and anything, in one context.")
    for fact, claim in ((unovertaken, zero), (noiseless, zero), (always, one)):
        restate(fact, claim)
    axioms = unovertaken.axioms | noiseless.axioms | always.axioms
    return _fact(there, body, axioms | {"o_k is 1 if there is noise and step k is overtaken, else 0"})


def _with_indicator(body: Expression, indicator: Atom, seen: int) -> Expression:
    """The expression with a symbol replaced by 0 or 1."""
    kept = []
    # Bound indices get names of their own first: o_k under a sum over k is not the o of the free step k.
    for term, coefficient in ((_fresh(term), c) for term, c in body.terms):
        rest = tuple((atom, power) for atom, power in term.monomial if atom != indicator)
        if seen or len(rest) == len(term.monomial):
            kept.append((replace(term, monomial=rest), coefficient))
    return Expression(tuple(kept))


def indicator(context: Context, step: Index) -> Fact:
    """o_step <= 1: it is 0 or 1."""
    return _fact(context, 1 - scalar("o", step), ["o_k is 1 if there is noise and step k is overtaken, else 0"])


# -------------------------------------------------------------------------------------------------------- the symbols


def sign(context: Context, name: str, *indices: Index, power: int = 1) -> Fact:
    """A power of a symbol is not negative; negative powers only of positive symbols."""
    if name not in (NONNEGATIVE if power > 0 else POSITIVE):
        raise ProofError(f"Nothing is known of the sign of {name} to the power {power}.")
    return _fact(context, scalar(name, *indices, power=power))


def hypothesis(context: Context, body: Expression, name: str, equality: bool = False) -> Fact:
    """A side condition of the theorem, body >= 0 or body = 0, by name."""
    return _fact(context, body, [CONDITIONAL + name], equality)


def root(context: Context, index: Index) -> Fact:
    """root_k is the square root of the whole number k >= 1, which the symbol number_k stands for."""
    require(context, lt(ZERO, index))
    body = scalar("root", index, power=2) - scalar("number", index)
    return _fact(context, body, ["root_k is the square root of k"], equality=True)


def number(context: Context, index: Index) -> Fact:
    """number_{k+1} = number_k + 1 for k >= 1."""
    require(context, lt(ZERO, index))
    body = scalar("number", index + 1) - scalar("number", index) - 1
    return _fact(context, body, ["number_k is k"], equality=True)


def number_is(context: Context, value: int) -> Fact:
    """number_k = k at a particular k >= 1: one over number_k has a meaning there only."""
    if value < 1:
        raise ProofError(f"number_k stands for k >= 1. Got {value}.")
    return _fact(context, scalar("number", ZERO + value) - value, ["number_k is k"], equality=True)


def logarithm(context: Context, index: Index) -> Fact:
    """ln(k+1) - ln k >= 1/(k+1) for k >= 1, as ln x <= x - 1 at x = k/(k+1)."""
    require(context, lt(ZERO, index))
    body = scalar("log", index + 1) - scalar("log", index) - scalar("number", index + 1, power=-1)
    return _fact(context, body, ["log_k is the natural logarithm of k"])


def logarithm_of_one(context: Context) -> Fact:
    """Ln 1 = 0."""
    return _fact(context, scalar("log", ZERO + 1), ["log_k is the natural logarithm of k"], equality=True)


# ------------------------------------------------------------------------------ one delay for every step, and its sines
#
# Where the law FIXED holds: tau_k = max(0, k - D), D = s - 1, at every k >= 0. The symbol sine stands for sin(theta/2),
# U(a, b) for U_m = sin(m theta)/sin(theta) with m = a - b, and 1/U(a, b) for its inverse where U_m >= 1, else for 0.

ANGLE = f"{CONDITIONAL}0 <= theta <= pi/(2s - 1)"
SINES = "U_m is sin(m theta)/sin(theta)"
ONE_DELAY = "every delay is s - 1, cut at the start"


def _require_fixed(context: Context) -> None:
    if FIXED not in context.laws:
        raise ProofError("This is about one delay for every step; the context does not say so.")


def delay_size(context: Context) -> Fact:
    """D = s - 1: there are s - 1 whole numbers n with 0 <= n < D."""
    _require_fixed(context)
    n = var(f"@a{next(_unused)}")
    size = expression(1).total((n.core[1],), le(ZERO, n), lt(n, DELAY))
    return _fact(context, scalar("s") - 1 - size, [ONE_DELAY], equality=True)


def window_full(context: Context, step: Index) -> Fact:
    """W_k holds s - 1 steps where k >= D, as tau_k = k - D."""
    _require_fixed(context)
    require(context, le(DELAY, step))
    j = var(f"@a{next(_unused)}")
    size = expression(1).total((j.core[1],), le(tau(step), j), lt(j, step))
    return _fact(context, scalar("s") - 1 - size, [ONE_DELAY], equality=True)


def served_once(context: Context, point: Index) -> Fact:
    """One step at most reads x_t for t >= 1: the step t + D."""
    _require_fixed(context)
    require(context, lt(ZERO, point))
    k = var(f"@a{next(_unused)}")
    where = (le(ZERO, k), lt(k, LAST), le(tau(k), point), le(point, tau(k)))
    size = expression(1).total((k.core[1],), *where)
    return _fact(context, 1 - size, [ONE_DELAY])


def strictly_inside(context: Context, step: Index) -> Fact:
    """At least s - 2 steps i have tau_i < tau_k < i, if step k reads a point tau_k >= 1: all i with tau_k < i < k."""
    _require_fixed(context)
    require(context, lt(ZERO, tau(step)), le(ZERO, step), lt(step, LAST))
    i = var(f"@a{next(_unused)}")
    where = (le(ZERO, i), lt(i, LAST), lt(tau(i), tau(step)), lt(tau(step), i))
    size = expression(1).total((i.core[1],), *where)
    return _fact(context, size - scalar("s") + 2, [ONE_DELAY])


def sine_full(context: Context, step: Index, more: int) -> Fact:
    """U_m for m = k + more - tau_k is U_{D + more} where k >= D, as tau_k = k - D."""
    _require_fixed(context)
    require(context, le(DELAY, step))
    body = scalar("U", step + more, tau(step)) - scalar("U", DELAY + more, ZERO)
    return _fact(context, body, [ONE_DELAY, SINES], equality=True)


def sine_start(context: Context, high: Index, low: Index, value: int) -> Fact:
    """U_0 = 0 and U_1 = 1: for high = low and for high = low + 1."""
    if value not in (0, 1):
        raise ProofError(f"Of U_m only U_0 = 0 and U_1 = 1 are axioms. Got m = {value}.")
    require(context, le(high, low + value), le(low + value, high))
    return _fact(context, scalar("U", high, low) - value, [SINES], equality=True)


def sine_recurrence(context: Context, high: Index, low: Index) -> Fact:
    """U_{m+1} + U_{m-1} = 2 cos(theta) U_m with m = high - low, and cos(theta) = 1 - 2 sin(theta/2)^2."""
    both = scalar("U", high + 1, low) + scalar("U", high - 1, low)
    body = both - (2 - 4 * scalar("sine", power=2)) * scalar("U", high, low)
    return _fact(context, body, [SINES], equality=True)


def sine_increases(context: Context, high: Index, low: Index, step: Index | None = None) -> Fact:
    """U_{m+1} - U_m = cos((m + 1/2) theta)/cos(theta/2) >= 0 for 0 <= m <= D, as (D + 1/2) theta <= pi/2.

    With m = high - low it is seen that m <= D from 0 <= low and high <= D, or from tau_step <= low and high <= step.
    """
    _require_fixed(context)
    ends = (le(ZERO, low), le(high, DELAY)) if step is None else (le(tau(step), low), le(high, step), le(ZERO, step))
    require(context, le(low, high), *ends)
    return _fact(context, scalar("U", high + 1, low) - scalar("U", high, low), [SINES, ANGLE])


def sine_inverse(context: Context, high: Index, low: Index, at_least_one: Fact) -> Fact:
    """(1/U_m) U_m = 1 where U_m >= 1: `at_least_one` is that fact."""
    restate(weaken(at_least_one, context), scalar("U", high, low) - 1)
    body = scalar("1/U", high, low) * scalar("U", high, low) - 1
    return _fact(context, body, at_least_one.axioms | {"1/U_m is 0 where U_m is not at least 1"}, equality=True)


FIXED_DELAY = (
    delay_size, window_full, served_once, strictly_inside, sine_full, sine_start, sine_recurrence, sine_increases,
    sine_inverse,
)  # fmt: skip
