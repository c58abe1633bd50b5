"""Theorems R and R_B, replayed: random delays through E d and E d^2 of their law.

In these claims a_k is the gradient that step k applies, wherever it was read, and p_{k,r} the probability that it was
read at x_r.
"""

from __future__ import annotations

from theory.bounds.theorem_r import THEOREM_R, THEOREM_RB
from theory.formulas.formula import Formula, block, formula, total
from theory.proofs.kernel import update
from theory.proofs.nodes import F_GAP, G, following, inner, last, square
from theory.proofs.proof import Claim, Proof, Step, rules, theorem
from theory.proofs.theorems.lemmas import K, ends, gradients, half_at_least
from theory.proofs.theorems.random_delays import APPLIED as A
from theory.proofs.theorems.random_delays import Drawn, Gone, Later, Since
from theory.proofs.theorems.theorem_ab import HERE, descends, descent
from theory.proofs.theorems.theorem_r_steps import (
    DELTA,
    ETA,
    MEAN,
    MEAN_SQUARE,
    SIGMA,
    THETA,
    Draws,
    L,
    averaged,
    exchanged,
    least,
    mean,
    mean_square,
    summed_up,
    way_any,
    way_quiet,
)


def _points(this: Draws) -> tuple[Step, ...]:
    """How far a point is from the one that was read, and what one step does."""
    noisy = (1 + THETA) * SIGMA**2 * Since(ETA**2)
    quiet = Claim(Since(ETA) * Since(ETA * square(A)) + noisy, square(Gone()))
    claimed = Claim(_where(this), square(Gone()))
    return (
        Step(
            "way",
            "The way from a point x_r, r <= k, that the step may have read",
            "Young: |a+b|^2 <= (1 + 1/theta)|a|^2 + (1 + theta)|b|^2 if there is noise; Cauchy-Schwarz; <e_i, e_j> = 0",
            claimed,
            rules.noise_cases(
                rules.restate(way_quiet(this), quiet.expression()), way_any(this.way), claimed.expression()
            ),
        ),
        Step(
            "averaged",
            "How far the gradient has turned since the read, on average: p_{k,r} is the probability of tau_k = r",
            "the delay is independent of x_0..x_k, so |g_k - a_k|^2 averages |g_k - g_r|^2 <= L^2 |x_k - x_r|^2",
            Claim(L**2 * Drawn(_where(this)), square((HERE if this.several else G) - A)),
            averaged(this),
        ),
        Step(
            "descent",
            "Descent at one step",
            "smoothness; e_k is orthogonal to g_k and to a_k",
            descends(A) if this.several else DESCENT,
            descent(this.update),
        ),
    )


def _sums(this: Draws) -> tuple[Step, ...]:
    """The sums over all steps, and what they say of the minimum."""
    c, eta, where = this.named["c"], this.largest, _where(this)
    here, now = (HERE, update(K)) if this.several else (G, K)
    own = block(ETA) if this.several else ETA
    start = DELTA + L * SIGMA**2 / 2 * total(ETA**2)
    squares_of_it = total(ETA * square(here)) / 2 + last(square(G)) / (2 * L)
    return (
        Step(
            "summed",
            "Sum over the steps",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; telescoping; f_T >= |g_T|^2/2L",
            Claim(
                start + L**2 / 2 * total(ETA * Drawn(where)),
                squares_of_it + total(ETA * (1 - L * own) * square(A)) / 2,
            ),
            summed_up(this),
            ends("f"),
        ),
        Step(
            "mean-square",
            "What later steps i read at or before x_k",
            "every step is at most eta; r <= k < i says d_i >= i - k, and sum_m E[d 1{d >= m}] = E[d^2]",
            Claim(eta**2 * MEAN_SQUARE, Later(ETA * Drawn(Since(ETA), now))),
            mean_square(this),
        ),
        Step(
            "mean",
            "How many later steps read at or before x_k",
            "sum_m P(d >= m) = E[d]",
            Claim(eta * MEAN, Later(ETA * Drawn(formula(1), now))),
            mean(this),
        ),
        Step(
            "exchanged",
            "Exchange the sums",
            "a_j is met by the later steps that read at or before x_j: the two steps before",
            Claim(
                DELTA + L * SIGMA**2 / 2 * total(ETA**2) * (1 + (1 + THETA) * L * eta * MEAN),
                squares_of_it + total(ETA * (1 - c) * square(A)) / 2,
            ),
            exchanged(this),
        ),
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t = 0..T, so m <= |a_k|^2, an average of these; and c_k <= 1",
            theorem(this.bound.value),
            least(this),
        ),
    )


def _where(this: Draws) -> Formula:
    """What |x_k - x_r|^2 is at most."""
    noisy = (1 + THETA) * SIGMA**2 * Since(ETA**2)
    return (1 + this.named[r"\nu"] / THETA) * Since(ETA) * Since(ETA * square(A)) + noisy


def proof(this: Draws) -> Proof:
    """The proof of one of the two."""
    return Proof(
        this.bound.name,
        (*_points(this), *_sums(this)),
        theorem(this.bound.value),
        assumed=(this.below_1,),
        laws=this.laws,
        denominator=half_at_least(this.below_1.fact(this.step), this.step, gradients),
    )


DESCENT = Claim(F_GAP - following(F_GAP), ETA * inner(G, A) - L / 2 * ETA**2 * (square(A) + SIGMA**2))
ONE, SEVERAL_DRAWN = Draws(THEOREM_R), Draws(THEOREM_RB, several=True)
START, STEP, WAY, LARGEST = ONE.start, ONE.step, ONE.way, ONE.largest
PROOF, PROOF_RB = proof(ONE), proof(SEVERAL_DRAWN)
