"""Derivations used by several proofs, and the cuts that line sums up.

What a function derives stands in its docstring; none of it is trusted. Sums are over the indices a and b.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from theory.bounds.parts.bound import Bound
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Context,
    Cut,
    Expression,
    Index,
    Le,
    Term,
    expression,
    le,
    lt,
    no_cut,
    parts,
    scalar,
    tau,
    update,
    var,
    vector,
)
from theory.proofs.proof import Apply, Ref, rules
from theory.proofs.terms import bound_variables
from theory.proofs.theorem import weighted_mean

HALF = Fraction(1, 2)
START = Context(frozenset({lt(ZERO, LAST)}))
K, J, I, T_ = var("k"), var("j"), var("i"), var("t")  # noqa: E741
A, B = var("a"), var("b")

Range = Callable[[Index], tuple[Le, ...]]  # the constraints that put an index into a set of steps
Derived = Apply | Ref


# -------------------------------------------------------------------------------------------------- sets of steps


def steps(index: Index) -> tuple[Le, Le]:
    """0 <= index < T."""
    return le(ZERO, index), lt(index, LAST)


def gradients(index: Index) -> tuple[Le, Le]:
    """The gradients that the run applies: the steps, where every step applies one."""
    return steps(update(index))


def window(inside: Index, step: Index) -> tuple[Le, Le]:
    """Inside in W_step."""
    return le(tau(step), update(inside)), lt(update(inside), update(step))


def window_of(step: Index) -> Range:
    """W_step as a set."""
    return lambda inside: window(inside, step)


def at_step(index: Index = K) -> Context:
    """The context of one step."""
    return START.having(*steps(index))


def up_to_now(index: Index) -> tuple[Le, Le]:
    """Index in W_k or equal to k."""
    return le(tau(K), index), le(index, K)


# ---------------------------------------------------------------------------------------------- signs and products


def product(context: Context, *factors: Derived | Fraction | int) -> Derived:
    """The product of facts and non-negative numbers."""
    written: list[Derived] = [
        f if isinstance(f, Apply | Ref) else rules.constant(context, Fraction(f)) for f in factors
    ]
    result = written[0]
    for factor in written[1:]:
        result = rules.multiply(result, factor)
    return result


def symbol(context: Context, name: str, *indices: Index, power: int = 1) -> Apply:
    """A symbol is not negative."""
    return rules.sign(context, name, *indices, power=power)


def summed(context: Context, where: Range, fact: Callable[[Context, Index], Derived], index: Index = A) -> Apply:
    """The sum over a set of what holds at each of its steps; `index` names the step."""
    return rules.total(fact(context.having(*where(index)), index), (index.core[1],), *where(index))


def wider(
    context: Context, large: Range, small: Range, fact: Callable[[Context, Index], Derived], index: Index = A
) -> Apply:
    """Of something not negative, the sum over the large set is at least that over the small one."""
    return rules.widen(fact(context.having(*large(index)), index), (index.core[1],), large(index), small(index))


# ------------------------------------------------------------------------------------------- gradients and noises


def gradient(index: Index) -> Expression:
    """g_index."""
    return vector("g", index)


def applied(index: Index) -> Expression:
    """The gradient that the step applies, without its noise: g_{tau_index}."""
    return vector("g", tau(index))


def read_apart(index: Index) -> Expression:
    """The same where its blocks are read apart: a_index."""
    return vector("a", index)


def noise(index: Index) -> Expression:
    """e_index."""
    return vector("e", index)


def weighted(where: Range, body: Callable[[Index], Expression]) -> Expression:
    """Sum over a set of eta_a body_a."""
    return (scalar("eta", A) * body(A)).total(("a",), *where(A))


def squares(context: Context, where: Range, body: Callable[[Index], Expression] = applied) -> Apply:
    """Cauchy-Schwarz: (sum eta_a)(sum eta_a |v_a|^2) >= |sum eta_a v_a|^2, by the squares of all differences."""
    pair = context.having(*where(A), *where(B))
    apart = rules.square(pair, body(A) - body(B))
    one = product(pair, apart, symbol(pair, "eta", A), symbol(pair, "eta", B), HALF)
    return rules.total(one, ("a", "b"), *where(A), *where(B))


def weighted_squares(context: Context, where: Range, body: Callable[[Index], Expression] = applied) -> Apply:
    """(sum eta_a)(sum eta_a |v_a|^2) >= 0."""
    pair = context.having(*where(A), *where(B))
    return rules.total(_weighted_square(pair, body), ("a", "b"), *where(A), *where(B))


def wider_squares(context: Context, large: Range, small: Range) -> Apply:
    """(sum eta_a)(sum eta_a |g_tau_a|^2) over the large set is at least that over the small one."""
    pair = context.having(*large(A), *large(B))
    one, names = _weighted_square(pair, applied), ("a", "b")
    return rules.widen(one, names, (*large(A), *large(B)), (*small(A), *small(B)))


def _weighted_square(pair: Context, body: Callable[[Index], Expression]) -> Derived:
    return product(pair, symbol(pair, "eta", A), symbol(pair, "eta", B), rules.square(pair, body(A)))


def noises(context: Context, where: Range) -> Apply:
    """sigma^2 sum eta_a^2 >= sum eta_a^2 |e_a|^2."""
    return summed(context, where, noise_at)


def noise_at(context: Context, step: Index) -> Derived:
    """sigma^2 eta^2 >= eta^2 |e|^2 at a step."""
    return product(context, rules.bounded_variance(context, step), symbol(context, "eta", step, power=2))


def noise_room(context: Context, step: Index) -> Derived:
    """sigma^2 eta^2 >= 0 at a step."""
    return product(context, symbol(context, "sigma", power=2), symbol(context, "eta", step, power=2))


# ------------------------------------------------------------------------------------------ smoothness and descent


def interpolation(context: Context, a: Index, b: Index) -> Apply:
    """f_a - f_b >= <g_a + g_b, x_a - x_b>/2 + |g_b - g_a|^2/4L - L|x_b - x_a|^2/4 for a <= b."""
    moved, turned = displacement(a, b), (gradient(b) - gradient(a)) * scalar("L", power=-1)
    return rules.smooth(context, a, b, (moved + turned) * HALF)


def lipschitz(context: Context, a: Index, b: Index) -> Derived:
    """L^2 |x_a - x_b|^2 - |g_a - g_b|^2 >= 0 for b <= a: the interpolation inequality both ways."""
    moved, turned = displacement(b, a), (gradient(a) - gradient(b)) * scalar("L", power=-1)
    forth = rules.smooth(context, a, b, (-moved - turned) * HALF)
    back = rules.smooth(context, b, a, (moved + turned) * HALF)
    return product(context, rules.add(forth, back), 2, symbol(context, "L"))


def descent(context: Context) -> Apply:
    """f_k - f_{k+1} >= eta_k <g_k, g_tau_k> - L/2 eta_k^2 (|g_tau_k|^2 + sigma^2): the descent lemma at step k."""
    moved = displacement(K, K + 1)
    terms = gradient(K).dot(moved) + scalar("L") * HALF * moved.square()
    variance = product(context, noise_at(context, K), symbol(context, "L"), HALF)
    return rules.add(
        rules.smooth(context, K, K + 1, moved),
        rules.scale_equality(rules.orthogonal(context, terms), expression(-1)),
        variance,
    )


def last_gap(start: Context = START) -> Apply:
    """F(x_T) - inf F >= |g_T|^2 / 2L: one more step of length 1/L."""
    return rules.bounded_below(start, LAST, -gradient(LAST) * scalar("L", power=-1))


def over_the_run(at_each_step: Derived, start: Context = START) -> Apply:
    """From f_k - f_{k+1} >= a_k for every step k: Delta >= sum a_k + |g_T|^2 / 2L. Needs the cut `ends("f")`."""
    return rules.add(rules.total(at_each_step, ("k",), *steps(K)), last_gap(start), rules.gap(start))


def least(weights: Expression, name: str, factor: Fraction = HALF, start: Context = START) -> Apply:
    """With c = factor: c sum_t w_t |g_t|^2 + |g_T|^2 / 2L >= m (c sum_t w_t + 1/2L), if no weight w_t is negative."""
    end = product(start, rules.minimum(start, LAST), symbol(start, "L", power=-1), HALF)
    return rules.add(least_before_last(weights, name, factor, start), end)


def least_before_last(weights: Expression, name: str, factor: Fraction, start: Context = START) -> Apply:
    """With c = factor: c sum_t w_t |g_t|^2 >= m c sum_t w_t over t < T, if no weight w_t is negative."""
    point = start.having(*steps(T_))
    one = product(point, rules.hypothesis(point, weights, name), rules.minimum(point, T_), factor)
    return rules.total(one, ("t",), *steps(T_))


def no_weight_is_negative(weights: Expression, name: str, factor: Fraction = HALF, start: Context = START) -> Apply:
    """With c = factor: c sum_t w_t >= 0 over t < T, as no weight w_t is negative."""
    point = start.having(*steps(T_))
    return rules.total(product(point, rules.hypothesis(point, weights, name), factor), ("t",), *steps(T_))


def half_at_least(below_1: Derived, context: Context, over: Range = steps) -> Apply:
    """sum_k eta_k (1 - c_k/2) >= 0, from 1 - c_k >= 0."""
    one = product(context, rules.add(below_1, rules.constant(context, 1)), symbol(context, "eta", K), HALF)
    return rules.total(one, ("k",), *over(K))


def half_of_readers(below_1: Derived, context: Context) -> Apply:
    """(eta_k + sum of eta_i (1 - c_i) over the readers i of x_k)/2 >= 0 at step k, from 1 - c_k >= 0."""
    readers = (*steps(I), le(tau(I), K), le(K, tau(I)))
    reader = context.having(*readers)
    one = product(reader, rules.instantiate(below_1, reader, k=I), symbol(reader, "eta", I), HALF)
    return rules.add(product(context, symbol(context, "eta", K), HALF), rules.total(one, ("i",), *readers))


def mean_of(bound: Bound, derived: Derived, cut: Cut = no_cut) -> Apply:
    """That the value of a bound bounds its weighted mean, from what says so after a cut."""
    return rules.restate(derived, weighted_mean(bound, bound.weighed)[0], cut)


def last_weight(bound: Bound, derived: Derived, cut: Cut = no_cut) -> Apply:
    """That the weight of x_T is not negative, from what says so after a cut."""
    return rules.restate(derived, weighted_mean(bound, bound.weighed)[2], cut)


# ------------------------------------------------------------------------------------------------------------ cuts


def gaps(term: Term) -> dict[tuple[object, object], int]:
    """What a normal term knows of the order of its indices."""
    return {(c.left, c.right): c.gap for c in term.constraints}


def noise_order(term: Term) -> tuple[Index, Index] | None:
    """Cut where two noises meet: one first, the same, the other first."""
    if term.payload is None or term.payload[0] != "ip" or [v[0] for v in term.payload[1:]] != ["e", "e"]:
        return None
    return undecided(term, term.payload[1][1], term.payload[2][1])


def undecided(term: Term, a: Index, b: Index) -> tuple[Index, Index] | None:
    """Cut by the order of two indices, before, same or after, until it is known."""
    known, shift = gaps(term), a.offset - b.offset
    forth, back = known.get((a.core, b.core)), known.get((b.core, a.core))
    ordered = (forth is not None and forth + shift <= -1) or (back is not None and back - shift <= -1)
    if a == b or ordered:
        return None
    return (b, a) if forth is not None and forth + shift <= 0 else (a, b)


def whether(term: Term, a: Index, b: Index) -> tuple[Index, Index] | None:
    """Cut by whether a <= b until it is known."""
    known, shift = gaps(term), a.offset - b.offset
    yes = known.get((a.core, b.core), 1 - shift) + shift <= 0
    no = known.get((b.core, a.core), shift) - shift <= -1
    return None if a.core == b.core or yes or no else (a, b)


def before(place: Index) -> Callable[[Term], tuple[Index, Index] | None]:
    """Cut every sum over a bound index into the part before a place and the part from it on."""
    return lambda term: next(filter(None, (whether(term, index + 1, place) for index in bound_variables(term))), None)


def last_step(term: Term) -> tuple[Index, Index] | None:
    """Cut sums over the steps at the last one."""
    known = gaps(term)
    ending = (index for index in bound_variables(term) if known.get((index.core, ("T",)), 0) == -1)
    return next(((LAST, index + 1) for index in ending), None)


def first_of_many(term: Term) -> tuple[Index, Index] | None:
    """Cut sums of a constant over the steps at the first one."""
    if len(bound_variables(term)) != 1 or any(not is_constant(index) for index in term.indices()):
        return None
    known, inside = gaps(term), bound_variables(term)[0]
    return (inside, ZERO) if known.get((("0",), inside.core)) == 0 else None


def is_constant(index: Index) -> bool:
    """Whether an index has no variable in it."""
    return tuple(parts(index.core))[-1][0] not in ("v", "b")


def ends(*payloads: str) -> Callable[[Term], tuple[Index, Index] | None]:
    """Cut sums of function values ("f") or squares of gradients ("ip") at the first and the last point."""

    def choose(term: Term) -> tuple[Index, Index] | None:
        place = _point(term) if term.payload is not None and term.payload[0] in payloads else None
        if place is None or place.core[0] != "b":
            return None
        known = gaps(term)
        if known.get((("0",), place.core), 1) == -place.offset:
            return place, ZERO
        if known.get((place.core, ("T",)), -1) == -place.offset:
            return LAST, place
        return None

    return choose


def _point(term: Term) -> Index | None:
    """The point of a function value or of the square of a vector."""
    if term.payload is None or (term.payload[0] == "ip" and term.payload[1] != term.payload[2]):
        return None
    place: Index = term.payload[1] if term.payload[0] == "f" else term.payload[1][1]
    return place
