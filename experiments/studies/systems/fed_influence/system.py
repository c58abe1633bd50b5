"""Fed-Influence as its section of the report shows it: what it does, what is claimed, what stays untested."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.fed_influence.cells import (
    DECIDING,
    EDGE,
    EXPANDING,
    IID,
    MANY,
    SKEWED,
    CleansingCell,
    InfluenceCell,
    fed_influence_cells,
)
from experiments.studies.systems.fed_influence.effects import (
    below_bound,
    blown_up,
    bounded_by_truncation,
    cleansing,
    contracting,
    correlated,
    exact,
    expanding,
    flat,
    truncated_below,
    wrong_labels_lowest,
)
from experiments.studies.systems.system import Limit, Sizes, System


def _claim(
    name: str,
    statement: str,
    predicate: str,
    effect: Callable[[Any], Effect],
    threshold: float = 0.0,
    *,
    within: bool = False,
) -> StudyClaim:
    return StudyClaim(
        f"fed-influence-{name}", "fed-influence", statement, predicate, effect, threshold, within, DECIDING
    )


_R = "Pearson's r over the clients between estimated and true influence on the held-out loss after the last round"
_ENDS = "held-out accuracy at the end, in points, clients sent away after 70 per cent of the rounds"

CLAIMS = (
    _claim(
        "exact",
        "On quadratics the basic estimate is exact, below 2/Lambda and beyond.",
        "-log10 of the largest error over all clients and rounds, over the longest influence, the worse of the step "
        "sizes 0.75 and 1.05 times 2/Lambda: above 12",
        exact,
        12.0,
    ),
    _claim(
        "contracting",
        "Where a round contracts (gamma < 1) the error of the estimate stays where it is.",
        "log2 of the largest error in the last quarter of the rounds over that in the second: within 1, a factor of 2",
        contracting,
        1.0,
        within=True,
    ),
    _claim(
        "flat",
        "Where gamma = 1, without a ridge, the error grows like the number of rounds.",
        "slope of the logarithm of the largest error on that of the round, after the first quarter, less 1: within 0.5",
        flat,
        0.5,
        within=True,
    ),
    _claim(
        "expanding",
        "Far beyond 2/Lambda (gamma > 1) the error explodes.",
        "log10 of the largest error in the last quarter of the rounds over that in the second, at 6 times 2/Lambda: "
        "above 1",
        expanding,
        1.0,
    ),
    _claim(
        "bound",
        "The error of the basic estimate lies below the bound, in all three regimes.",
        "log2 of the bound over the largest error of any client, the least over the regimes and recorded rounds: "
        "above 0",
        below_bound,
    ),
    _claim(
        "truncated-bound",
        "The error of the truncated estimate lies below gamma C, in all three regimes.",
        "log2 of gamma C over the largest error of any client and round, the least over the regimes: above 0",
        truncated_below,
    ),
    _claim(
        "correlation",
        "Estimated and true influence on the loss agree: r is above 0.95 for the basic estimator.",
        f"{_R}, softmax regression on made clients: above 0.95",
        partial(correlated, role=MANY, name="basic"),
        0.95,
    ),
    _claim(
        "low-cost-correlation",
        "They agree at low cost, too: r is above 0.95 with gradients of single rows in place of Hessians, and LWET.",
        f"{_R}, softmax regression on made clients: above 0.95",
        partial(correlated, role=MANY, name="lwet-fisher"),
        0.95,
    ),
    _claim(
        "blow-up",
        "Beyond 2/Lambda the basic estimate explodes, although training does not.",
        "log10 of the longest basic estimate over the longest true influence, softmax regression at 6 times 2/Lambda: "
        "above 2",
        partial(blown_up, role=EXPANDING),
        2.0,
    ),
    _claim(
        "blow-up-network",
        "It explodes on a network as well.",
        "log10 of the longest basic estimate over the longest true influence, a ReLU network at a step of 1.4: above 2",
        partial(blown_up, role=EDGE),
        2.0,
    ),
    _claim(
        "lwet",
        "Layer-wise examination and truncation prevents it: no estimate is ten times as long as the true influence.",
        "-log10 of the longest estimate of three versions of LWET over the longest true influence, the worse of the "
        "two tasks in which the basic one should explode: above -1",
        bounded_by_truncation,
        -1.0,
    ),
    _claim(
        "lwet-ranks",
        "Where the basic estimate has exploded, that of LWET still orders the clients: r is above 0.5.",
        f"{_R}, softmax regression at 6 times 2/Lambda, low cost and LWET: above 0.5",
        partial(correlated, role=EXPANDING, name="lwet-fisher"),
        0.5,
    ),
    _claim(
        "linear-network",
        "On a network without activation and clients that are alike r is above 0.5 at low cost.",
        f"{_R}, low cost and LWET: above 0.5",
        partial(correlated, role=IID, name="lwet-fisher"),
        0.5,
    ),
    _claim(
        "relu-network",
        "On a ReLU network and clients that differ r is above 0.5 at low cost, with a flag for each client and layer.",
        f"{_R}, low cost and LWET of each client, half of the rows by label: above 0.5",
        partial(correlated, role=SKEWED, name="lwet-client"),
        0.5,
    ),
    _claim(
        "wrong-labels",
        "The client with wrong labels has the lowest influence of all.",
        "least estimated influence (low cost, LWET) on the held-out loss of the other clients, less that of the client "
        "with wrong labels, in standard deviations of the others: above 0",
        wrong_labels_lowest,
    ),
    _claim(
        "cleansing",
        "Where a tenth of the clients has wrong labels, sending away those of lowest influence raises accuracy.",
        f"{_ENDS}: a tenth of lowest influence over nobody: above 0",
        partial(cleansing, flipped=True, other="nobody"),
    ),
    _claim(
        "cleansing-chance",
        "It raises accuracy more than sending away as many by chance.",
        f"{_ENDS}: a tenth of lowest influence over a tenth by chance: above 0",
        partial(cleansing, flipped=True, other="chance"),
    ),
    _claim(
        "cleansing-clean",
        "Where no labels are wrong, sending away 30 per cent raises accuracy as well.",
        f"{_ENDS}: 30 per cent of lowest influence over nobody: above 0",
        partial(cleansing, flipped=False, other="nobody"),
    ),
)

_ALGORITHM = (
    "FedAvg: in round $t$ each client $k$ of a drawn set $C_t$ takes $m$ full-batch steps of size $\\eta$ from "
    "$w_{t-1}$; $w_t$ is their mean with weights $n_k$.",
    "Sought: $\\epsilon_t$, the model of the same rounds, with $C_t$ less client $c$, less $w_t$; $\\epsilon_0=0$.",
    "Basic: $\\epsilon_t=M_t\\epsilon_{t-1}+w_t(C_t\\to C_t\\setminus c)-w_t$, $M_t$ the mean over $C_t\\setminus c$ "
    "of $\\prod_i(I-\\eta H^k_{t,i})$; Hessians enter as products with vectors.",
    "The second part is 0 if $c$ is not in $C_t$; if $C_t=\\{c\\}$ the round without $c$ changes nothing.",
    "Layer-wise: of Hessians only the blocks of single tensors are kept.",
    "Examination: once $M_t\\epsilon_{t-1}$ is longer than $\\epsilon_{t-1}$ in a tensor, this first part is dropped "
    "there for good (LWET); or only the term of the client for which that is so.",
    "Low cost: the mean of $gg^T$ over the gradients $g$ of $N_s$ rows, which clients upload, in place of a Hessian.",
    "Influence on a loss: $F(w_t+\\epsilon_t)-F(w_t)$ on held-out rows; clients of lowest influence may be sent away.",
    "Beside it the truth: training without each client, all these runs side by side, each from the round on in which "
    "its client is first drawn.",
)

_LIMITS = (
    Limit(
        "r = 0.9857, 0.7957 and 0.6200 on LEAF's synthetic data, FEMNIST with a linear network and with a ReLU network",
        "LEAF's data (the rows here are made by gradlag's own recipe, images are digits) and convolutional networks",
    ),
    Limit(
        "Accuracy from 53.86 to 55.66 and from 76.10 to 76.50 per cent by sending clients away",
        "the same, with 1000 clients over 1000 rounds and 100 over 2000",
    ),
    Limit(
        "Cost of a server that estimates while it trains",
        "a system of machines; here the estimates follow one run in one process",
    ),
    Limit(
        "That only parameters leave a client: at low cost clients upload gradients of single rows, which tell more of "
        "these rows than a model does, so that the privacy claimed is weaker than that of FedAvg",
        "an attack on uploaded gradients, or noise added to them",
    ),
    Limit(
        "Lemma 1 as printed, which multiplies symmetric matrices as if products of positive semi-definite ones were so",
        "nothing: products of operator norms suffice, and the bound here rests on them alone",
    ),
)

_SIZES = (
    Sizes("softmax regression: clients, in a round", "1000, 10", "30, 6; 20, 5", "60, 10; 30, 5", "1000, 10"),
    Sizes("rounds, local steps", "1000, 5", "60, 5", "100, 5", "1000, 5"),
    Sizes("step size", "0.003", "0.5 times 2/Lambda", "0.5 times 2/Lambda", "0.5 times 2/Lambda"),
    Sizes("data", "LEAF synthetic, 60 numbers, 5 classes", "made: 60 numbers, 5 classes", "the same", "the same"),
    Sizes("networks: clients, in a round", "50, 5; 100, 10", "12, 4", "20, 5", "100, 10"),
    Sizes("rounds, local steps", "500, 2; 2000, 2", "50, 2", "100, 2", "2000, 2"),
    Sizes("networks", "convolutional, linear and ReLU", "a layer of 12 units", "a layer of 12 units", "64 units"),
    Sizes("images", "FEMNIST, 50 a client", "digits, 25 a client", "digits, 25 a client", "MNIST, 50 a client"),
    Sizes("gradients uploaded for a local step", "50", "50", "50", "50"),
    Sizes("runs", "1", "3", str(DECIDING), str(DECIDING)),
)

FED_INFLUENCE = System(
    name="fed-influence",
    title="Fed-Influence: what the model would be without one of its clients",
    source="Xue et al., arXiv 2012.10936 (text of an early version); the constants of the bound are gradlag's own",
    about="Whose data make the model of a federation better, and whose worse? Training again without each client "
    "tells, and costs a run for each. Fed-Influence estimates the same from one run. How far is it right?",
    algorithm=_ALGORITHM,
    bounds=("leave-one-out",),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=fed_influence_cells,
    kinds=(InfluenceCell, CleansingCell),
)
