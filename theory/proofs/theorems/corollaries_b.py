"""Corollaries 1_B, 1_B+ and S, replayed: Young's inequality for each gradient, at one constant step, and counting.

theta = q/kappa is written without a fraction: with q = rho kappa p + 1 the inequalities are multiplied by kappa q,
which is at least 1 and is cancelled in the end. What remains then is that polynomials in b = L B eta, p and s - 1 (or
s - 2) have no negative coefficient once 1 = p + alpha s b makes them homogeneous. Where blocks are read apart, a_k is
in place of g_{tau_k}, and what it weighs is left out in the end: it is the gradient of no point of the run.
"""

from __future__ import annotations

from theory.formulas.formula import Number, block, readers, total
from theory.proofs.kernel import LAST, ZERO, Index, Le, expression, le, lt, scalar, tau, update
from theory.proofs.nodes import MINIMUM, G, last, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.constant_step import ETA, exchanges
from theory.proofs.theorems.corollaries_b_turning import costs, no_less, turning, used
from theory.proofs.theorems.corollary_b import CASES, COUNT, B, Case, S, T, homogeneous, others
from theory.proofs.theorems.lemmas import (
    HALF,
    A,
    Derived,
    J,
    K,
    applied,
    ends,
    gradient,
    gradients,
    last_gap,
    product,
    read_apart,
    steps,
    symbol,
)
from theory.proofs.theorems.theorem_a import DELTA, SIGMA, H, L, Q
from theory.proofs.theorems.theorem_a import ETA as LENGTH
from theory.proofs.theorems.theorem_ab import HERE, descends, descent

# -------------------------------------------------------------------------------------------------------- the run


def summed_up(this: Case) -> Apply:
    """The descent of all updates times kappa q, with what each gradient has turned."""
    run = rules.add(rules.total(Ref("descent"), ("k",), *steps(K)), last_gap(this.run), rules.gap(this.run))
    each = product(this.gradient, Ref("turned"), symbol(this.gradient, "eta", K), HALF)
    return rules.add(
        product(this.run, run, no_less(this, "weight", this.run)), rules.total(each, ("k",), *gradients(K))
    )


# ---------------------------------------------------------------------------------------------------- counting


def all_alike(this: Case) -> Apply:
    """(eta_k - eta_0) times the denominator of the step is 0, and that is at least L B."""
    alpha, first = this.number(this.alpha), rules.weaken(this.first_step(), this.gradient)
    apart = rules.add(this.step_size.fact(this.gradient), rules.scale_equality(first, expression(-1)))
    of_noise = product(
        this.gradient,
        symbol(this.gradient, "sigma"),
        rules.root_sign(this.gradient, this.roots[1]),
        symbol(this.gradient, "L", power=-1),
    )
    more = rules.add(
        product(this.gradient, others(this.gradient), alpha), of_noise, rules.constant(this.gradient, alpha - 1)
    )
    by_l_b = rules.scale_equality(apart, scalar("L", power=-1) * scalar("B", power=-1))
    return rules.cancel(by_l_b, more, 1, scalar("eta", K) - scalar("eta", ZERO))


def constant(this: Case) -> Apply:
    """Every eta_i is exchanged for eta_0, one at a time."""
    return rules.add(Ref("summed"), *exchanges(this.run, _summed(this).expression()))


def few(this: Case) -> Apply:
    """W_k has at most s - 1 updates, of B gradients each."""
    where = le(tau(K), J), lt(J, update(K))
    blocks = rules.total(rules.block_count(this.gradient.having(*where), J), ("j",), *where)
    return rules.add(product(this.gradient, rules.window_count(this.gradient, K), symbol(this.gradient, "B")), blocks)


def readers_of(index: Index) -> tuple[Le, ...]:
    """The gradients whose window holds gradient k."""
    return (*gradients(index), le(tau(index), update(K)), lt(update(K), update(index)))


def many(this: Case) -> Apply:
    """At most B (s - 1) windows hold gradient k, and each has at most B (s - 1) gradients."""
    reader = this.gradient.having(*readers_of(A))
    each = rules.total(rules.instantiate(Ref("few"), reader, k=A), ("a",), *readers_of(A))
    windows = rules.block_readers_count(this.gradient, update(K))
    return rules.add(each, product(this.gradient, windows, symbol(this.gradient, "B"), others(this.gradient)))


def all_gradients(this: Case) -> Apply:
    """T updates apply B T gradients."""
    blocks = rules.total(rules.block_count(this.update, K), ("k",), *steps(K))
    return rules.add(blocks, rules.scale_equality(rules.steps_count(this.run), scalar("B")))


def least_read(this: Case) -> Derived:
    """The square of the gradient that is applied is at least m, or at least 0 where it is that of no point."""
    used = rules.square(this.gradient, read_apart(K))
    return rules.minimum(this.gradient, tau(K)) if this.reads else used


def counted_run(this: Case) -> Apply:
    """B T gradients, with m for each square."""
    at, weight = this.gradient, no_less(this, "weight", this.gradient)
    of_gradients, of_noises = costs(this, at)
    eta, used = symbol(at, "eta", ZERO), applied(K) if this.reads else read_apart(K)
    late = product(at, symbol(at, "L", power=2), eta, eta, eta, HALF)
    own = meaning(this.weight * L * ETA**2 / 2) * used.square()
    at_each = rules.add(
        product(at, Ref("many"), of_gradients, late, rules.square(at, used)),
        product(at, Ref("few"), of_noises, late, symbol(at, "sigma", power=2)),
        rules.scale_equality(rules.block_count(at, update(K)), own),
        product(at, rules.minimum(at, update(K), this.bound.covers_last), weight, eta, HALF),
        product(at, least_read(this), rules.weaken(Ref("room"), at), eta, HALF),
    )
    last_square = product(
        this.run,
        rules.square(this.run, gradient(LAST)),
        no_less(this, "weight", this.run),
        symbol(this.run, "L", power=-1),
        HALF,
    )
    per_gradient = L * SIGMA**2 * ETA**2 / 2 * this.noise - MINIMUM * ETA * this.middle
    every = rules.scale_equality(Ref("all"), meaning(per_gradient))
    return rules.add(Ref("constant"), rules.total(at_each, ("k",), *gradients(K)), last_square, every)


# ------------------------------------------------------------------------------------------- to the closed form


def share(this: Case) -> Apply:
    """P = B eta sigma sqrt(L T/(2 B Delta)) >= 0, from the step size."""
    noisy = product(this.run, symbol(this.run, "sigma"), rules.root_sign(this.run, this.roots[1]))
    kept = product(this.run, symbol(this.run, "B"), symbol(this.run, "eta", ZERO), noisy)
    return rules.add(kept, rules.scale_equality(this.first_step(), expression(-1)))


def noise_share(this: Case) -> Apply:
    """L B T sigma^2 eta^2 / 2 = Delta p^2, as L T/(2 B Delta) is the square of the root in the step."""
    root = this.roots[1]
    by_step = rules.scale_equality(this.first_step(), meaning(DELTA * (B * ETA * SIGMA * root + this.share)))
    by_root = rules.scale_equality(rules.root_squared(this.run, root), meaning(-B * SIGMA**2 * ETA**2 / 2))
    return rules.add(by_step, by_root)


def short(this: Case) -> Apply:
    """Kappa q (1 - c/2) times Delta (gamma s b + 2 p) - m B T eta is not negative, and kappa q (1 - c/2) >= 1/2."""
    whole = rules.add(
        Ref("counted"),
        rules.scale_equality(Ref("noise_share"), meaning(-this.noise)),
        product(this.run, Ref("surplus"), symbol(this.run, "Delta")),
    )
    half = product(this.run, rules.add(Ref("weight"), *([Ref("room")] if this.reads else [])), HALF)
    return rules.cancel(whole, half, HALF, meaning(DELTA * this.gain - MINIMUM * T * B * ETA))


def roots(this: Case) -> Apply:
    """With x = sqrt(2 L Delta/(B T)), y = sqrt(L T/(2 B Delta)): x y = L/B, and T x = 2 Delta y."""
    x, y = this.roots
    of_x, of_y = rules.root_squared(this.run, x), rules.root_squared(this.run, y)
    squared = rules.add(
        rules.scale_equality(of_x, meaning(B * y**2 / (T * L**2))), rules.scale_equality(of_y, meaning(1 / (T * L)))
    )
    ratio = product(
        this.run,
        rules.root_sign(this.run, x),
        rules.root_sign(this.run, y),
        symbol(this.run, "B"),
        symbol(this.run, "L", power=-1),
    )
    one = rules.cancel(squared, ratio, 1, meaning(x * y * B / L - 1))
    return rules.add(rules.scale_equality(one, meaning(2 * DELTA * y)), rules.scale_equality(of_y, meaning(-x / L)))


def closed(this: Case) -> Apply:
    """Delta (gamma s b + 2 p) >= m B T eta, over B T eta: 1/(B eta) is the denominator of the step."""
    start = product(this.run, this.number(this.alpha), rules.sign(this.run, "s"), symbol(this.run, "L"))
    noisy = product(this.run, symbol(this.run, "sigma"), rules.root_sign(this.run, this.roots[1]))
    without_step = (this.gamma - 2 * this.noisy * this.alpha) * S * L * DELTA / T - MINIMUM
    return rules.add(
        product(this.run, Ref("short"), rules.add(start, noisy), symbol(this.run, "T", power=-1)),
        rules.scale_equality(this.first_step(), meaning(-without_step)),
        rules.scale_equality(Ref("roots"), meaning(this.noisy * SIGMA / T)),
    )


# --------------------------------------------------------------------------------------------------------- the proofs


def _summed(this: Case) -> Claim:
    w, more, late = this.weight, this.weight + this.q**2, this.weight + this.kappa**2
    left = w * (DELTA + L * SIGMA**2 / 2 * total(LENGTH**2)) + L**2 * SIGMA**2 / 2 * late * total(LENGTH * Q)
    each = w * (1 - L * block(LENGTH)) - L**2 * more * readers(LENGTH * H)
    squared = w * total(LENGTH * square(HERE)) + total(LENGTH * each * square(used(this)))
    return Claim(left, squared / 2 + w * last(square(G)) / (2 * L))


def _constant(this: Case) -> Claim:
    w, more, late = this.weight, this.weight + this.q**2, this.weight + this.kappa**2
    noisy = L * SIGMA**2 / 2 * ETA**2 * (w * total(1) + late * L * ETA * total(COUNT))
    each = w * (1 - L * ETA * block(1)) - L**2 * ETA**2 * more * readers(COUNT)
    squared = w * total(square(HERE)) + total(each * square(used(this)))
    return Claim(w * DELTA + noisy, ETA * squared / 2 + w * last(square(G)) / (2 * L))


def proof(this: Case) -> Proof:
    """The proof of one of the two."""
    conclusion = theorem(this.bound.value)
    steps_of_it = (*_one_gradient(this), *_counting(this), *_algebra(this, conclusion))
    return Proof(this.bound.name, steps_of_it, conclusion, (*this.assumed, "Delta > 0"), this.laws)


def _one_gradient(this: Case) -> tuple[Step, ...]:
    w = this.weight
    return (
        Step(
            "share",
            "The step is short",
            "B eta times the denominator of the step is 1, so p = B eta sigma sqrt(L T/(2 B Delta))",
            Claim(this.share, Number(0)),
            share(this),
        ),
        Step("q", "A number of at least 1", "p >= 0", Claim(this.q, Number(1)), this.q_at_least_one()),
        Step("weight", "Another one", "its factors are at least 1", Claim(w, Number(1)), this.weight_at_least_one()),
        *turning(this),
        Step(
            "descent",
            "Descent at one update",
            "smoothness; Cauchy-Schwarz; its noises are orthogonal to one another, to g_k and to the gradients",
            descends(used(this)),
            descent(this.update),
        ),
        Step(
            "summed",
            "Sum over the updates",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
            _summed(this),
            summed_up(this),
            ends("f"),
        ),
    )


def _counting(this: Case) -> tuple[Step, ...]:
    room = ((S - 1) * B) ** 2
    return (
        Step(
            "alike",
            "All steps are equal",
            "eta_k and eta_0 times the same number are 1; divide by it: over L B, it is at least 1",
            Claim(LENGTH, ETA, equality=True),
            all_alike(this),
        ),
        Step("constant", "All steps are eta", "W_k holds n_k gradients", _constant(this), constant(this)),
        Step("few", "A window", "s - 1 updates of B gradients", Claim((S - 1) * B, COUNT), few(this)),
        Step("many", "The windows that hold k", "so many, as large", Claim(room, readers(COUNT)), many(this)),
        Step("all", "The gradients", "T updates of B", Claim(B * T, total(1), equality=True), all_gradients(this)),
        Step(
            "room",
            "c is at most 1",
            "a polynomial without a negative coefficient",
            Claim(this.room, Number(0)),
            homogeneous(this, "room"),
        ),
        Step(
            "counted",
            "Count the gradients, with m <= |g_t|^2",
            "c_k <= c <= 1",
            Claim(
                this.weight * DELTA + L * T * B * SIGMA**2 * ETA**2 / 2 * this.noise,
                MINIMUM * T * B * ETA * this.middle,
            ),
            counted_run(this),
        ),
    )


def _algebra(this: Case, conclusion: Claim) -> tuple[Step, ...]:
    x, y = this.roots
    return (
        Step(
            "noise_share",
            "What the noise costs",
            "p = B eta sigma sqrt(L T/(2 B Delta)), squared",
            Claim(L * T * B * SIGMA**2 * ETA**2 / 2, DELTA * this.share**2, equality=True),
            noise_share(this),
        ),
        Step(
            "surplus",
            "What is left over",
            "a polynomial without a negative coefficient",
            Claim(this.gain * this.middle, this.weight + this.share**2 * this.noise),
            homogeneous(this, "surplus"),
        ),
        Step(
            "short",
            "The bound in terms of the step",
            "divide by what is at least 1/2",
            Claim(DELTA * this.gain, MINIMUM * T * B * ETA),
            short(this),
        ),
        Step(
            "roots",
            "The two roots",
            "their product is L/B, as its square is L^2/B^2",
            Claim(T * x, 2 * DELTA * y, equality=True),
            roots(this),
        ),
        Step("theorem", "The closed form", "1/(B eta) is the denominator of the step", conclusion, closed(this)),
    )


PROOF_1B, PROOF_1B_PLUS, PROOF_S = map(proof, CASES)
