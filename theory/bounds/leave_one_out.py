r"""Leave one out: how far the estimate of a client's influence is from retraining without it (Fed-Influence, d3).

Federated averaging: in round t every client that takes part does K full-batch steps of gradient descent from the model
w_t, and w_{t+1} is a weighted mean of what they arrive at. Leaving client c out changes the model by e*_t = w'_t - w_t,
w'_t the model of the same rounds without c (Xue and others, AAAI 2021). The estimate follows it to first order:
e_0 = 0, e_{t+1} = sum_k p_k (I - eta H_{k,K-1})...(I - eta H_{k,0}) e_t + sum_k p_k w_{k,K} - w_{t+1}: over the others
that take part, p_k their weights, w_{k,i} the i-th local point from w_t, H_{k,i} the Hessian there. Rounds in which c
alone takes part are not covered: give such a round another client, or leave it out. Let lambda I <= Hessians <=
Lambda I on the whole space, all of them rho-Lipschitz, |e*_t| <= C, alpha = max(|1 - eta lambda|, |1 - eta Lambda|).

Proof. One client, local points u_i from w'_t and v_i from w_t; g its gradient.
1. |I - eta H| <= alpha, as H is symmetric. Along the segment from v_i to u_i this gives
   |u_{i+1} - v_{i+1}| <= alpha |u_i - v_i|, by the mean value theorem: |u_i - v_i| <= alpha^i C.
2. g(u_i) - g(v_i) = H_i (u_i - v_i) + r_i, |r_i| <= (rho/2) |u_i - v_i|^2 <= (rho/2) alpha^{2i} C^2. With d_i the
   difference of u_i - v_i and what the factors up to i make of e_t, d_{i+1} = (I - eta H_i) d_i - eta r_i, so that
   |d_K| <= alpha^K |e*_t - e_t| + (eta rho/2) C^2 sum_{i<K} alpha^{K-1-i} alpha^{2i}.
   The exponents are K-1..2K-2: later factors act on what earlier steps miss, and a step misses alpha^{2i} C^2.
3. e*_{t+1} - e_{t+1} = sum_k p_k d_K of client k, the weights add up to 1, and both begin at 0:
   |e*_{t+1} - e_{t+1}| <= gamma |e*_t - e_t| + kappa |e*_t|^2. In the first round e*_0 = 0, and nothing is missed;
   sum over the others.

With T in place of T - 1 it is (d3). The paper has o(C) for kappa C^2, without a constant. For quadratics rho = 0: the
estimate is exact. For gamma < 1 (lambda > 0 and eta < 2/Lambda) the bound is at most kappa C^2/(1 - gamma) for ever; it
grows like T at gamma = 1, and like gamma^T beyond. The truncated estimate, without the first sum, misses that sum: by
step 1 it is off by at most gamma C in every round, where the paper has gamma C + o(C). Its lemma takes products of
positive semidefinite matrices for such matrices; what is needed, in step 2, is a product of operator norms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from theory.bounds.parts.assumptions import NO_DELAY, Assumption, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import ETA
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.parts.undelayed import PROMPT
from theory.bounds.theorem_c import First, one_step_one_delay, single
from theory.formulas.formula import Environment, Formula, Number, Power, Product, call, formula
from theory.formulas.notation import name_node

if TYPE_CHECKING:
    from theory.formulas.symbolic import Expr, Translator

T, LEAST, LARGEST, BEND, C, LOCAL = map(name_node, ("T", "lowest", "highest", "bend", "influence", "local"))
STEP = First(ETA)


@dataclass(frozen=True, eq=False)
class Powers(Formula):
    """Base^first + base^(first + 1) + ..., `count` of them, for a base of at least 0; 0^0 is 1."""

    base: Formula
    first: Formula
    count: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.first, self.count)

    def compute(self, environment: Environment) -> np.float64:
        base, first, count = (np.float64(child.evaluate(environment)) for child in self.children)
        beyond = base - 1  # exact near 1, where the powers differ least
        with np.errstate(divide="ignore"):
            powers = np.expm1(count * np.log1p(beyond)) / beyond if beyond and count else count
        return np.float64(base**first * powers)

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it."""
        from sympy import Sum, Symbol

        base, first, count = (translator.entry(child, index) for child in self.children)
        if self._single:
            return base**first
        running = Symbol("i", integer=True, nonnegative=True)
        return Sum(base ** (first + running), (running, 0, count - 1))

    @property
    def strength(self) -> int:  # type: ignore[override]
        return Power.strength if self._single else Product.strength

    @property
    def reaches_on(self) -> bool:
        return not self._single

    @property
    def _single(self) -> bool:
        return isinstance(self.count, Number)

    def latex(self, index: str = "k") -> str:
        base, first = self.base.latex(), self.first.latex()
        if self._single:
            return f"{base}^{{{first}}}"
        return rf"\sum_{{i<{self.count.latex()}}} {base}^{{{'' if first == '0' else first + ' + '}i}}"


LEFT_OUT = Assumption(
    "a client left out",
    "Every round takes a weighted mean of what the clients that take part reach by K steps of gradient descent; it is "
    "trained again in the same rounds without one of them, beside which each round has another. What this changes is "
    "estimated by the Hessians along the way, to first order.",
    r"w_{t+1}' = \sum_{k} p_{t,k} \, \Phi_k(w_t'), \quad \Phi_k = (I - \eta \nabla f_k)^K, \quad w_0' = w_0, \quad "
    r"\varepsilon_{t+1} = \sum_{k} p_{t,k} \left(\prod_{i<K} (I - \eta H_{k,i}) \, \varepsilon_t + \Phi_k(w_t)\right) "
    r"- w_{t+1}, \quad \varepsilon_0 = 0, \quad \|w_t' - w_t\| \le C",
    measured=r"\|w_T' - w_T - \varepsilon_T\|",
    points="the error of the estimate after T rounds",
)
CURVED = Assumption(
    "bounded Hessians",
    "The Hessians of all clients have eigenvalues from lambda to Lambda, everywhere, and are Lipschitz continuous with "
    "constant rho.",
    r"\lambda I \preceq \nabla^2 f_k \preceq \Lambda I, \quad \|\nabla^2 f_k(u) - \nabla^2 f_k(v)\| \le \rho \|u - v\|",
)

ALPHA = single(r"\alpha", call("max", call("abs", 1 - STEP * LEAST), call("abs", 1 - STEP * LARGEST)))
GAMMA = single(r"\gamma", Powers(ALPHA, LOCAL, formula(1)))
KAPPA = single(r"\kappa", STEP * BEND / 2 * Powers(ALPHA, LOCAL - 1, LOCAL))

LEAVE_ONE_OUT = Bound(
    name="leave-one-out",
    title="Leave one out: the estimated influence of a client against retraining without it",
    summary="Federated averaging with K local steps, a client left out, Lipschitz Hessians; T is the number of rounds, "
    "and eta the local step; at the error of the first-order estimate.",
    assumptions=(CURVED, LEFT_OUT, NO_DELAY),
    conditions=(
        *of_right_sign("bend", "influence"),
        Condition(
            "lambda is at most Lambda",
            "the least eigenvalue is above the largest",
            LEAST,
            Relation.AT_MOST,
            LARGEST,
            "lowest",
            "give the least and the largest eigenvalue of the Hessians",
        ),
        Condition(
            "there is a local step",
            "there is no local step",
            LOCAL,
            Relation.AT_LEAST,
            formula(1),
            "K",
            "give the number of local steps, at least 1",
        ),
        Condition(
            "the number of local steps is whole",
            "the number of local steps is not whole",
            LOCAL,
            Relation.EQUALS,
            call("floor", LOCAL),
            "K",
            "give a whole number",
        ),
        replace(one_step_one_delay("")[0], remedy="take one local step size for all rounds"),
        replace(PROMPT, remedy="give rounds, which have no delay"),
    ),
    value=KAPPA * C**2 * Powers(GAMMA, formula(0), T - 1),
    covers_last=True,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/leave_one_out.py",
        "the error of Fed-Influence with its constant",
    ),
    example="1/(2*L)",
    given={"lowest": 0.1, "highest": 1.0, "bend": 0.5, "influence": 0.1, "local": 5.0},
)
