r"""ASP regret: several data centres that withhold small updates, convex losses, and what this costs in regret.

Gaia's Approximate Synchronous Parallel (Hsieh and others, NSDI 2017): each centre has a copy of the parameters and adds
up, coordinate by coordinate, what its machines change; it sends the sum on once that is significant, above a share of
the parameter that falls with the steps. Steps are numbered from 0 as they read, over all machines of all centres. Step
k reads z_k, where the convex loss f_k has the gradient a_k, |a_k| <= G, and x_{k+1} = x_k - eta_k a_k: x_k has every
update before step k, and is no centre's. tau_k = k - d_k is such that step k knows all that its own centre did before
step tau_k and all that the others had sent by then; W_k = {tau_k..k-1}, H_k = sum_{W_k} eta_j.
What z_k lacks: in each coordinate, of another centre, let the last message that has come be sent at step i. If
i >= tau_k, updates after i are missing, all of W_k; if not, those of W_k and what the centre withheld at tau_k, which
the filter keeps below the share v eta_{tau_k} of its parameter, provided that it looks again as its threshold falls:
what was small for an earlier one may have to go now. Messages that overtake one another leave gaps, again of W_k. So
z_k = x_k + sum_{W_k} eta_j S_kj a_j + (D - 1 vectors of norm at most v eta_{tau_k} \bar w), where S_kj keeps some
coordinates. No update is seen before its own step reads: nothing is ahead.

Proof. D_k = |x_k - x*|^2 <= R^2.
1. Convexity: f_k(z_k) - f_k(x*) <= <a_k, z_k - x*> = <a_k, x_k - x*> + <a_k, z_k - x_k>.
2. 2 <a_k, x_k - x*> = (D_k - D_{k+1})/eta_k + eta_k |a_k|^2. Steps do not increase, so that by summation by parts
   sum (D_k - D_{k+1})/eta_k <= R^2/eta_{T-1}.
3. Cauchy-Schwarz: <a_k, z_k - x_k> <= G^2 H_k + G (D - 1) v \bar w eta_{tau_k}. Sum over k;
   sum_k eta_{tau_k} = sum_t eta_t n_t, n_t the number of steps with tau_k = t.

At eta_k = eta/sqrt(k+1) and thresholds v'/sqrt(k+1), that is v = v'/eta, with windows of at most w steps, as
sum_k H_k <= w sum eta_k, all T steps together have a regret of at most
    (eta G^2 + R^2/(2 eta) + 2 w eta G^2 + 2 (D - 1) v' G \bar w) sqrt(T) + (D - 1) v' G \bar w w.
Step 3 counts what is missing alone, so that in 2 w eta G^2 the largest number u of steps that miss any one update may
stand for w. With P machines a centre, no two clocks of which are more than c apart, over all centres (within one the
paper allows s, between two Delta_c more), and where a step at clock b knows of all sent before b - c: an update of
clock b is missing at steps of clocks b - c..b + c, and u = (2 c + 1) D P.
The paper (its 10 to 14, with R^2 = 2 Delta^2 and L for G) has 2 D v' in place of the term with v': what is withheld is
bounded there by the threshold itself, without the factors G and |w|. Sums of 1/sqrt(t - c) stand there as those of
1/sqrt(t), and what a message on its way has in it from before is left out: the last term here. Of its terms of delay,
4 eta G^2 ((s + 1) P + D (s + Delta_c + 1) P) sqrt(T) and two without sqrt(T), the second is enough.
Where losses are drawn, f_k given all before it with mean F, the bound is one on sum F(z_k) - F(x*) in expectation. With
the weights eta_k the proof needs R at x_0 alone, and no order of the steps.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Assumption, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import ETA, H
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.perturbed import FALLING
from theory.formulas.formula import Defined, formula, peak, served, total
from theory.formulas.notation import name_node

T, G, RADIUS, CENTRES, THRESHOLD, SIZE = map(name_node, ("T", "G", "radius", "centres", "threshold", "size"))

CONVEX_LOSSES = Assumption(
    "convex losses",
    "Every step has a convex loss f_k of its own, and applies its gradient a_k at the point z_k that it reads; no a_k "
    "is longer than G. The regret is against one point x*, from which the points x_k are at most R away.",
    r"x_{k+1} = x_{k} - \eta_{k} a_{k}, \quad f_k(y) \ge f_k(z_k) + \langle a_k, y - z_k \rangle, \quad \|a_k\| \le G, "
    r"\quad \|x_k - x^*\| \le R \; (k < T)",
    measured=r"\frac{1}{T} \sum_{k<T} \left(f_k(z_k) - f_k(x^*)\right)",
    points="the mean regret at z_0..z_{T-1}",
)
SEVERAL_CENTRES = Assumption(
    "several centres",
    "The point that a step reads lacks, coordinate by coordinate, some of the updates in its window, and what each of "
    "the other D - 1 centres withheld when the window began: at most v eta times a parameter in every coordinate, with "
    "the eta of that step, of parameters whose norm is at most w.",
    r"z_k = x_k + \sum_{j \in W_k} \eta_j S_{kj} a_j + \sum_{c=1}^{D-1} h_k^c, \quad S_{kj} \text{ diagonal, of "
    r"entries 0 and 1}, \quad |(h_k^c)_i| \le v \, \eta_{\tau_k} |w_i|, \; \|w\| \le \bar{w}",
)


def _at_least_one(symbol: str, what: str) -> Condition:
    return Condition(
        f"{symbol} is at least 1",
        f"there is no {what}",
        name_node(symbol),
        Relation.AT_LEAST,
        formula(1),
        symbol,
        f"give the number of {what}s, at least 1",
    )


#: n_t: how many steps have a window that begins at step t.
_BEGUN = Defined("n", served(1))
_MISSING = G * (CENTRES - 1) * THRESHOLD * SIZE * total(ETA * _BEGUN)

ASP_REGRET = Bound(
    name="asp-regret",
    title="Regret of centres that withhold small updates (ASP)",
    summary="Convex losses, several data centres with significance filters, any delays, steps that fall or stay, at "
    "the mean regret of the points that were read.",
    assumptions=(CONVEX_LOSSES, SEVERAL_CENTRES),
    conditions=(
        *of_right_sign("G", "radius", "threshold", "size"),
        _at_least_one("centres", "centre"),
        Condition(
            "all steps are positive",
            "the step is 0",
            ETA,
            Relation.ABOVE,
            formula(0),
            "eta",
            "take steps above 0",
            index="k",
        ),
        FALLING,
    ),
    value=(RADIUS**2 / 2 * peak(1 / ETA) + G**2 * total(ETA / 2 + H) + _MISSING) / T,
    covers_last=False,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/asp_regret.py",
        "the regret of Approximate Synchronous Parallel, repaired",
    ),
    example="1/(L*sqrt(k))",
    given={"G": 2.0, "radius": 1.0, "centres": 3.0, "threshold": 0.1, "size": 2.0},
)
