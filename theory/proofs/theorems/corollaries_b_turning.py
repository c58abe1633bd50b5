"""How far the gradient has turned since the read, for Corollaries 1_B, 1_B+ and S: Young's inequality in any order."""

from __future__ import annotations

from theory.formulas.formula import Defined, Formula, window
from theory.proofs.kernel import Context, tau, update, vector
from theory.proofs.nodes import APPLIED, G, Walk, read, square
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.corollary_b import Case
from theory.proofs.theorems.lemmas import (
    K,
    applied,
    lipschitz,
    noise,
    noise_order,
    noises,
    product,
    squares,
    symbol,
    weighted,
)
from theory.proofs.theorems.theorem_a import ETA as LENGTH
from theory.proofs.theorems.theorem_a import IN_WINDOW, NOW, SIGMA, H, L, Q
from theory.proofs.theorems.theorem_ab import HERE


def used(this: Case) -> Formula:
    """The gradient that is applied."""
    return read(G) if this.reads else APPLIED


def turning(this: Case) -> tuple[Step, ...]:
    """How far the gradient has turned since the read."""
    way, w = Walk(tau(K), update(K)), this.weight
    late = w + this.kappa**2
    of_gradients = (w + this.q**2) * H * Defined("P", window(LENGTH * square(used(this))))
    turned = Claim(L**2 * (of_gradients + late * SIGMA**2 * Q), w * square(HERE - used(this)))
    if not this.reads:
        why = "Young's inequality, and Cauchy-Schwarz in every block; noises are orthogonal; smoothness"
        return (Step("turned", "How far the gradient is from the one that is applied", why, turned, young_apart(this)),)
    return (
        Step(
            "young",
            "The way since the read, in any order",
            "2<a,b> <= theta |a|^2 + |b|^2/theta for gradients and noises; Cauchy-Schwarz; noises are orthogonal",
            Claim(of_gradients + late * SIGMA**2 * Q, w * square(way)),
            young(this),
        ),
        Step("turned", "How far the gradient has turned since the read", "smoothness", turned, turned_since(this)),
    )


def no_less(this: Case, name: str, context: Context) -> Apply:
    """Q or kappa q, which are at least 1, are not negative."""
    return rules.weaken(rules.add(Ref(name), rules.constant(this.run, 1)), context)


def young(this: Case) -> Apply:
    """|q G - kappa Z|^2 >= 0 turns |G + Z|^2 into squares, in any order of reads."""
    q, kappa, shaken = meaning(this.q), meaning(this.kappa), weighted(IN_WINDOW, noise)
    of_gradients, of_noises = costs(this, this.gradient)
    no_cross_terms = rules.orthogonal(this.gradient, -shaken.square(), noise_order)
    return rules.add(
        rules.square(this.gradient, q * weighted(IN_WINDOW, applied) - kappa * shaken),
        product(this.gradient, squares(this.gradient, IN_WINDOW), of_gradients),
        product(this.gradient, noises(this.gradient, IN_WINDOW), of_noises),
        rules.scale_equality(no_cross_terms, kappa * q + kappa * kappa),
    )


def young_apart(this: Case) -> Apply:
    """The same of what the point that was read lacks of the gradients and of the noises: blocks of both."""
    q, kappa, at = meaning(this.q), meaning(this.kappa), this.gradient
    of_gradients, of_noises = costs(this, at)
    noisy = rules.add(noises(at, IN_WINDOW), rules.missing_noises(at, K))
    way = rules.add(
        rules.square(at, q * vector("M", K) - kappa * vector("N", K)),
        product(at, rules.missing_gradients(at, K), of_gradients),
        product(at, noisy, of_noises),
    )
    turned = product(at, rules.read_apart(at, K), no_less(this, "weight", at))
    return rules.add(turned, product(at, way, symbol(at, "L", power=2)))


def costs(this: Case, context: Context) -> tuple[Apply, Apply]:
    """Kappa q + q^2 and kappa q + kappa^2: kappa q (1 + theta) and kappa q (1 + 1/theta), not negative."""
    q, kappa = no_less(this, "q", context), rules.weaken(this.scale(), context)
    weight = no_less(this, "weight", context)
    return rules.add(weight, product(context, q, q)), rules.add(weight, product(context, kappa, kappa))


def turned_since(this: Case) -> Apply:
    """Smoothness, times kappa q."""
    return rules.add(
        product(this.gradient, lipschitz(this.gradient, NOW, tau(K)), no_less(this, "weight", this.gradient)),
        product(this.gradient, Ref("young"), symbol(this.gradient, "L", power=2)),
    )
