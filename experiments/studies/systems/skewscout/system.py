"""Skewed partitions and SkewScout as their section of the report shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.skewscout.cells import (
    BSP,
    DECIDING,
    FEDAVG,
    GAIA,
    SPARSIFIED,
    SkewCell,
    skewscout_cells,
)
from experiments.studies.systems.skewscout.effects import (
    NEAR,
    as_accurate,
    fewer_bytes,
    fewer_bytes_to_accuracy,
    grows,
    looser,
    lost,
    mismatch,
    recovered,
    tighter,
)
from experiments.studies.systems.system import Lemma, Limit, Sizes, System

_LOST = "final accuracy on held-out rows at 0 % skew less that at 100 %, each at the best step of one grid"
_BOTH = "mean over softmax regression and the network without normalisation"


def _claim(
    name: str,
    statement: str,
    predicate: str,
    effect: Callable[[Any], Effect],
    threshold: float = NEAR,
    *,
    within: bool = False,
) -> StudyClaim:
    return StudyClaim(f"skewscout-{name}", "skewscout", statement, predicate, effect, threshold, within, DECIDING)


def _loses(method: str, title: str) -> StudyClaim:
    return _claim(
        f"{method}-loses",
        f"{title} loses accuracy where partitions have labels of their own.",
        f"{_LOST}, {_BOTH}: above one point",
        lost(method),
    )


CLAIMS = (
    _claim(
        "bsp-flat",
        "Without batch normalisation BSP is as accurate at total skew as without.",
        f"{_LOST}, {_BOTH}: within one point",
        lost(BSP),
        within=True,
    ),
    _loses(GAIA, "Gaia with a threshold of 10 %"),
    _loses(FEDAVG, "Federated averaging after 20 local steps"),
    _loses(SPARSIFIED, "Sparsified exchange with a warm-up"),
    _claim(
        "grows",
        "What is lost grows with the degree of skew, already below total skew.",
        f"least-squares slope of the loss of accuracy over 0, 20, ..., 80 % of skew, mean over the three methods, "
        f"{_BOTH}: above 0",
        grows(GAIA, FEDAVG, SPARSIFIED),
        0.0,
    ),
    _claim(
        "looser-loses",
        "At total skew looser communication costs accuracy that it does not cost without skew.",
        "final accuracy at the tightest less that at the loosest theta of the ladder, at 100 % less the same at 0 %, "
        "mean over Gaia and federated averaging, the network: above one point",
        looser,
    ),
    _claim(
        "batch-norm-fails",
        "With batch normalisation even BSP loses accuracy at total skew.",
        f"{_LOST}, BSP, the network with batch normalisation: above one point",
        lost(BSP, "batch", ("network",)),
    ),
    _claim(
        "group-norm-recovers",
        "At total skew group normalisation is more accurate than batch normalisation under BSP.",
        "final accuracy at 100 % under BSP, group less batch normalisation: above one point",
        recovered,
    ),
    _claim(
        "group-norm-flat",
        "With group normalisation BSP is as accurate at total skew as without.",
        f"{_LOST}, BSP, the network with group normalisation: within one point",
        lost(BSP, "group", ("network",)),
        within=True,
    ),
    _claim(
        "mismatch-grows",
        "Running statistics of batch normalisation miss more of a test's variance, the stronger the skew.",
        "least-squares slope over skew of the share of a hidden unit's variance over held-out rows that its running "
        "variance misses, mean over units, BSP: above 0.1 per 100 % of skew",
        mismatch,
        0.1,
    ),
    *(
        _claim(
            f"scout-{method}-tight",
            f"SkewScout settles at tight communication at total skew and at loose without, with {title}.",
            "mean rung of the ladder of theta from a quarter of the run to its half, where the step size first falls, "
            "at 0 % less at 100 %: above one rung",
            tighter(method),
            1.0,
        )
        for method, title in ((FEDAVG, "federated averaging"), (GAIA, "Gaia"))
    ),
    _claim(
        "scout-accuracy",
        "SkewScout is as accurate as BSP.",
        "final accuracy of BSP less that under the controller, mean over federated averaging and Gaia, each at 0 % and "
        "100 %: within one point",
        as_accurate,
        within=True,
    ),
    _claim(
        "scout-bytes",
        "SkewScout sends less than half the bytes of BSP.",
        "log2 of the bytes of a run, travelling models included, BSP over the controller, the same mean: above 1",
        fewer_bytes,
        1.0,
    ),
    _claim(
        "scout-bytes-to-accuracy",
        "SkewScout sends less than half the bytes of BSP up to equal accuracy.",
        "log2 of the bytes until the accuracy is first within a point of BSP's final one, BSP over the controller, the "
        "same mean; a run that never is counts with the bytes of BSP's whole run: above 1",
        fewer_bytes_to_accuracy,
        1.0,
    ),
)

_ALGORITHM = (
    "$K$ partitions have rows of their own: $p$ per cent dealt by label modulo $K$, the others at random.",
    "Partition $k$: $v_k\\leftarrow mv_k+g_k$ with a mini-batch of its own, at its own model $x_k$.",
    "BSP: $x\\leftarrow x-\\frac{\\eta}{K}\\sum_kv_k$. Federated averaging: local steps, after every $I$ of them the "
    "mean of all models.",
    "Gaia: $x_k\\leftarrow x_k-\\frac{\\eta}{K}v_k$; what has gathered is sent where it is beyond $T_t|x_k|$; $T_t$ "
    "falls with the step size from $T_0$.",
    "Sparsified: the largest entries of the gathered $v_k$ are sent, 25, 6.25, 1.6, 0.4 and then 0.1 per cent; the "
    "momentum of a sent entry becomes 0.",
    "Travel, once a period, before an exchange: model $k$ is evaluated on rows of partition $\\pi(k)$.",
    "Its loss $A$: accuracy at home less accuracy away. Over a permutation the mean is that of the other reading, the "
    "host's own model less the visitor.",
    "Value of $\\theta$ (as recalled, unverified): $50\\max(0,A-0.05)+C(\\theta)/C_M$, with $C$ the bytes of the "
    "period and $C_M$ those of the model.",
    "Hill climbing from the tightest $\\theta$: towards the best rung remembered, else to a neighbour not remembered.",
)

_LEMMAS = (
    Lemma(
        "Two readings of a travel's loss are one (gradlag's own)",
        "Let $A_{kj}$ be the accuracy of model $k$ on rows of partition $j$, and $\\pi$ the hosts, a permutation. At "
        "home less away, and the host's own model less the visitor, have one mean:",
        (
            "\\frac1K\\sum_k\\big(A_{kk}-A_{k\\pi(k)}\\big) \\;=\\; "
            "\\frac1K\\sum_k\\big(A_{\\pi(k)\\pi(k)}-A_{k\\pi(k)}\\big)",
        ),
        ("$\\sum_kA_{\\pi(k)\\pi(k)}=\\sum_kA_{kk}$, as $\\pi$ takes every value once.",),
        "experiments/systems/skewscout/controller.py",
    ),
    Lemma(
        "What lies between partitions (gradlag's own)",
        "Of a number let $m_k$ and $v_k$ be its mean and variance over partition $k$ of $K$ of equal size, and $m$ and "
        "$v$ those over all rows. Then",
        ("v \\;=\\; \\frac1K\\sum_kv_k + \\frac1K\\sum_k|m_k-m|^2",),
        (
            "Within partition $k$ the mean square about $m$ is $v_k+|m_k-m|^2$; the mean of these is $v$.",
            "Sums of a hidden unit: batch normalisation's running variances are means of the $v_k$, and miss the "
            "second term, which skew enlarges.",
            "Gradients, each of its row alone: the mean of one row's from each partition has no bias and the variance "
            "$\\frac{1}{K^2}\\sum_kv_k$, at most the $\\frac1Kv$ of $K$ rows drawn from all. So skew "
            "cannot make a step of BSP vary more.",
        ),
        "experiments/systems/skewscout/measure.py",
    ),
)

_LIMITS = (
    Limit(
        "Accuracies of AlexNet, GoogLeNet, LeNet and ResNet-20 on CIFAR-10 and ImageNet, and how many points skew "
        "costs them",
        "convolutional networks on GPUs, 64,000 iterations",
    ),
    Limit("Real skew, as of mammals in photographs by region", "the Flickr-Mammal data, 42 classes over continents"),
    Limit(
        "Communication up to 34.1 times less than BSP's at equal accuracy, as reported",
        "long runs: here the first periods, at the tightest rung, are most of what is sent",
    ),
    Limit(
        "SkewScout over the length of a warm-up",
        "a method whose models differ: under sparsified exchange all partitions have one model, so that the loss of a "
        "travel is 0 on average",
    ),
    Limit(
        "Weight and layer normalisation, batch renormalisation, simulated annealing",
        "one more normalisation or rule each",
    ),
    Limit(
        "A bound on what Gaia, federated averaging or sparsified exchange lose under skew",
        "one whose heterogeneity is that of labels; none is published with these methods",
    ),
)

_SIZES = (
    Sizes("partitions", "5; 2 in the example", "5", "5", "5"),
    Sizes("degrees of skew", "0, 20, ..., 100 %", "0, 60, 100 %", "0, 20, ..., 100 %", "0, 20, ..., 100 %"),
    Sizes(
        "models",
        "LeNet, AlexNet, GoogLeNet, ResNet-20, with batch or group normalisation",
        "softmax regression; 32 hidden units with batch, group or no normalisation",
        "the same",
        "the same with 2 layers of 512 units",
    ),
    Sizes("data", "CIFAR-10, ImageNet, Flickr-Mammal", "digits", "digits", "CIFAR-10 (on request)"),
    Sizes("steps", "64,000", "320", "800", "64,000"),
    Sizes("step size", "falls to a tenth at 1/2 and 3/4", "the same", "the same", "the same"),
    Sizes("batch, momentum, weight decay", "20, 0.9, 0.0005", "20, 0.9, 0", "20, 0.9, 0", "20, 0.9, 0.0005"),
    Sizes("$T_0$", "2, 5, 10, 20, 30 %", "10 %; 2 and 100 %", "10 %; 2 to 100 %", "10 %; 2 to 100 %"),
    Sizes("Iter_local", "5, 10, 50, 200, 1000", "20; 1 and 40", "20; 1 to 40", "20; 1 to 40"),
    Sizes("steps of a warm-up density", "1000, 2000, 8000", "40", "100", "8000"),
    Sizes("steps between travels", "500, as recalled, unverified", "40", "40", "500"),
    Sizes("runs", "–", "4", str(DECIDING), str(DECIDING)),
    Sizes("step sizes tried", "–", "3, on another seed", "8, on 3 other seeds", "8, on another seed"),
)

SKEWSCOUT = System(
    name="skewscout",
    title="Skewed partitions, normalisation, and SkewScout",
    source="Hsieh, Phanishayee, Mutlu, Gibbons, The Non-IID Data Quagmire of Decentralized Machine Learning, ICML "
    "2020, arXiv 1910.00189 (abstract, released code), and Hsieh's thesis, 2019",
    about="Training data stay where they arise, and labels differ from place to place. Which methods that communicate "
    "less than BSP survive that, what has normalisation to do with it, and can a controller choose how much "
    "communication it takes? The released code has the travelling of models and no controller; what the controller "
    "minimises is as recalled, unverified.",
    algorithm=_ALGORITHM,
    bounds=(),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=skewscout_cells,
    kinds=(SkewCell,),
    lemmas=_LEMMAS,
)
