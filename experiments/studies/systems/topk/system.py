"""TopK-SGD as its section of the report shows it: what it does, what is claimed, what stays untested or is smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.system import Limit, Sizes, System
from experiments.studies.systems.topk.cells import DECIDING, TrainedCell, VectorsCell, topk_cells
from experiments.studies.systems.topk.effects import (
    NEAR,
    bracketed_in_range,
    cubic_at_every_density,
    gaussian_over_top,
    gradient_below,
    memory_below,
    random_over_top,
    released_on_laplace,
    square_on_logistic,
    square_on_network,
)


def _claim(
    name: str,
    statement: str,
    predicate: str,
    effect: Callable[[Any], Effect],
    threshold: float = 0.0,
    *,
    within: bool = False,
) -> StudyClaim:
    return StudyClaim(f"topk-{name}", "topk", statement, predicate, effect, threshold, within, DECIDING)


_POWER = "the least over all workers and iterations of log(|u - Top_k(u)|^2 / |u|^2) / log(1 - k/d)"
_FINAL = "mean over tasks of log2 of the final loss (over the last quarter of the evaluations, each at its best step)"

CLAIMS = (
    _claim(
        "square-logistic",
        "Along logistic regression top-k leaves less than (1 - k/d)^2 of every compensated vector.",
        f"{_POWER}, less 2: above 0",
        square_on_logistic,
    ),
    _claim(
        "square-network",
        "Along the training of a network top-k leaves less than (1 - k/d)^2 of every compensated vector.",
        f"{_POWER}, less 2: above 0",
        square_on_network,
    ),
    _claim(
        "bell-shaped",
        "Gradient plus residual stays bell-shaped: what is left keeps below the cube of 1 - k/d at every density.",
        "the least of the same power over vectors at the evaluations and densities from 0.001 to 0.5, less 3: above 0",
        cubic_at_every_density,
    ),
    _claim(
        "top-random",
        "At equal k, top-k ends lower than random-k with a memory, each at the best step of one grid.",
        f"{_FINAL}, random-k over top-k: above 0",
        random_over_top,
    ),
    _claim(
        "gaussian-close",
        "Gaussian-k as released ends as low as top-k does, within 10 per cent.",
        f"{_FINAL}, Gaussian-k over top-k: within a factor of 1.1",
        gaussian_over_top,
        float(np.log2(1.1)),
        within=True,
    ),
    _claim(
        "gaussian-range",
        "On Laplace vectors at 1 per cent the released Gaussian-k sends more than the 4k/3 that it aims below.",
        "log2 of count/k: above log2(4/3)",
        released_on_laplace,
        float(np.log2(NEAR)),
    ),
    _claim(
        "bracketed-range",
        "Bracketed, Gaussian-k keeps its count within 2k/3 and 4k/3 on every family, heavy tails and ties included.",
        "the least over families and densities of the distance of count/k to 2/3 and 4/3, inside counted positive: "
        "above 0",
        bracketed_in_range,
    ),
    _claim(
        "gradient-bound",
        "The mean squared gradient lies below the bound on error feedback.",
        "log2 of the bound over the mean along the run, the least over the quadratic and the non-convex task, each at "
        "1/(10 L) and 1/(50 L): above 0",
        gradient_below,
    ),
    _claim(
        "memory-bound",
        "The mean memory stays below what the proof of the bound says.",
        "log2 of what is proved of the mean squared distance to the virtual sequence over the one measured, the least "
        "over the same runs: above 0",
        memory_below,
    ),
)

_ALGORITHM = (
    "$P$ workers begin with one model $x_0$ and residuals $\\epsilon_0^p=0$; $k=\\max(\\lfloor\\rho d\\rfloor,1)$.",
    "Worker $p$ adds its residual to its gradient at $x_t$: $u_t^p=g_t^p+\\epsilon_t^p$.",
    "It chooses entries of $u_t^p$, over all layers at once, and sends these, $C(u_t^p)$.",
    "What it does not send stays: $\\epsilon_{t+1}^p=u_t^p-C(u_t^p)$, in units of the gradient.",
    "All apply the mean: $x_{t+1}=x_t-\\frac{\\eta}{P}\\sum_p C(u_t^p)$; momentum and weight decay come after.",
    "Top-k: the $k$ entries of largest size. Random-k: $k$ entries drawn at random.",
    "Gaussian-k as released: all with $|u_i|>\\theta$, first $\\theta=\\mathrm{mean}(u)+z\\,\\mathrm{sd}(u)$ with "
    "$P(|Z|>z)=k/d$;",
    "of fewer than $2k/3$ entries $\\theta$ is halved, of more than $4k/3$ it grows by half; the third set is sent "
    "whatever its size.",
    "Bracketed: the same first $\\theta$, then a bracket around the wanted one is halved until the count is in range.",
)

_LIMITS = (
    Limit(
        "Times on GPUs, and what sparse messages save on a network",
        "16 GPUs and a slow network between them; `make bench` compares the selections on a processor",
    ),
    Limit(
        "VGG-16 on CIFAR-10, LSTMs on PTB and AN4, AlexNet and ResNet-50 on ImageNet",
        "models and data that gradlag does not have; clipped gradients for the LSTMs; weeks of GPU time for ImageNet",
    ),
    Limit(
        "Density 0.001, at which a small model sends one entry or a handful",
        "models of a million parameters and more; the scale paper has it",
    ),
    Limit(
        "Augmented images, and no weight decay on biases", "a pipeline of images; at the scale paper all decay alike"
    ),
)

_SIZES = (
    Sizes("workers", "4 to 16", "4", "4", "4"),
    Sizes(
        "models",
        "FCN5, ResNet-20, VGG-16, LSTMs, AlexNet, ResNet-50",
        "logistic, d = 785; a layer of 32 units, d = 2,410",
        "logistic, d = 785; a layer of 16 units, d = 12,730",
        "4 layers of 512 units; ResNet-20",
    ),
    Sizes(
        "data", "MNIST, CIFAR-10, PTB, AN4, ImageNet", "MNIST-5k; digits", "MNIST-5k", "MNIST, CIFAR-10 (on request)"
    ),
    Sizes("density", "0.001, after a warm-up", "0.01", "0.01", "0.001, after the released warm-up"),
    Sizes("iterations", "30 to 141 epochs", "300", "1200; 400", "30; 141 epochs"),
    Sizes("batch of a worker", "4 to 128", "32", "32", "128; 32"),
    Sizes("step", "given, falls in stages", "best of 11 on another seed", "best of 11 on 2 other seeds", "as released"),
    Sizes("momentum, weight decay", "0.9, 1e-4", "none", "none", "0.9, 1e-4"),
    Sizes("runs", "-", "4", str(DECIDING), str(DECIDING)),
    Sizes("entries of a made vector", "-", "100,000", "1,000,000", "25,500,000"),
)

TOPK = System(
    name="topk",
    title="TopK-SGD: send the largest entries, keep the rest",
    source="Shi, Chu, Cheung, See, arXiv 1911.08772, and its released code; the bounds are gradlag's own",
    about="Workers that send one entry of a hundred of their gradients, and add the others to the next one, train "
    "nearly as well as with all of them. Why that is so shows in the vectors: the largest entries hold far more than "
    "their share $k/d$ of the square. A threshold finds them without sorting.",
    algorithm=_ALGORITHM,
    bounds=("ef-topk",),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=topk_cells,
    kinds=(TrainedCell, VectorsCell),
)
