"""The workloads by name: `dnn:depth=2,data=mnist-5k`, or `problem:NAME` for one of gradlag's own objectives.

An entry says where its builder is (module:function); the module is imported when the workload is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from experiments.workers.workload import Workload
from theory.common.errors import InputError
from theory.common.spelling import Option, meant, settled

Build = Callable[[str, Mapping[str, Any]], Workload]


@dataclass(frozen=True)
class WorkloadEntry:
    """What is said about a workload, and how it is built.

    Args:
        title: one line.
        builder: "module:function", called with the canonical spelling and the value of every option.
        options: the settings that may follow the name.
    """

    title: str
    builder: str
    options: tuple[Option, ...] = ()

    def build(self, name: str, values: Mapping[str, Any]) -> Workload:
        """The workload."""
        module, _, function = self.builder.partition(":")
        build: Build = getattr(import_module(module), function)
        return build(name, values)


_DATA = Option(
    "data", "digits, mnist-5k; on request mnist, fashion-mnist, cifar-10; or your own labelled images", "digits"
)
_WIDTH = Option("width", "units of a hidden layer", 64, 1)
_BITS = Option("bits", "32 or 64, the precision of the parameters", 32, 32)
_NETWORKS, _VAE = "experiments.workloads.networks", "experiments.workloads.vae"
_PROBLEM = "problem"

WORKLOADS: Mapping[str, WorkloadEntry] = MappingProxyType(
    {
        "mlr": WorkloadEntry("multinomial logistic regression", f"{_NETWORKS}:build", (_DATA, _BITS)),
        "dnn": WorkloadEntry(
            "hidden layers of ReLU units, softmax on top",
            f"{_NETWORKS}:build",
            (Option("depth", "hidden layers, 1 to 6", 1, 1), _WIDTH, _DATA, _BITS),
        ),
        "resnet": WorkloadEntry(
            "residual networks of 6n + 2 layers for small images, by JAX",
            "experiments.workloads.resnet:build",
            (
                Option("depth", "weight layers, 8, 14, 20, 32 or another 6n + 2", 8, 8),
                Option("width", "channels of the first stage", 16, 1),
                Option("norm", "batch or group: how convolutions are normalised", "batch"),
                _DATA,
            ),
        ),
        "vae": WorkloadEntry(
            "variational autoencoder: Gaussian latent units, Bernoulli pixels",
            f"{_VAE}:build",
            (
                Option("depth", "hidden layers on either side, 1 to 3", 1, 1),
                _WIDTH,
                Option("latent", "latent units", 8, 1),
                _DATA,
                _BITS,
            ),
        ),
        "matrix-factorization": WorkloadEntry(
            "ratings as the product of two factors",
            "experiments.workloads.matrix_factorization:build",
            (
                Option("rank", "columns of either factor", 5, 1),
                Option("l2", "lambda, the weight of the squares", 1e-4, 0.0),
                Option("penalty", "inside or outside the mean over the ratings", "inside"),
                Option("data", "movielens-small; on request movielens-1m; or your own ratings", "movielens-small"),
                _BITS,
            ),
        ),
        "lda": WorkloadEntry(
            "topics of words, by collapsed Gibbs sampling",
            "experiments.workloads.lda:build",
            (
                Option("topics", "topics", 10, 1),
                Option("alpha", "the concentration of a document's topics", 0.1, 0.0),
                Option("beta", "the concentration of a topic's words", 0.1, 0.0),
                Option("data", "newsgroups-2k; on request newsgroups-20; or your own counts of words", "newsgroups-2k"),
            ),
        ),
    }
)


def get_workload(text: str) -> Workload:
    """The workload that the text names.

    Args:
        text: a name of `WORKLOADS` with options after a colon, or `problem:` and the spelling of an objective.

    Returns:
        the workload; its name is the shortest spelling that rebuilds it.

    Raises:
        InputError: an unknown name or option, or a value that does not fit.

    Example:
        >>> get_workload("dnn:width=64,depth=2").name
        'dnn:depth=2'
        >>> get_workload("problem:quadratic:d=3").parameters
        3
    """
    name, _, objective = text.partition(":")
    if name == _PROBLEM:
        from experiments.workloads.problem import ProblemWorkload

        return ProblemWorkload.of(objective)
    if name not in WORKLOADS:
        raise InputError(
            f"There is no workload {name!r}.{meant(name, WORKLOADS)} The workloads are {', '.join(WORKLOADS)}, and "
            "problem:NAME for the objectives that `gradlag problems` lists."
        )
    entry = WORKLOADS[name]
    return entry.build(*settled(text, entry.options))


def options_of(text: str) -> tuple[str, dict[str, Any]]:
    """The name and the values of all options, without building: that may need data which are not there.

    Raises:
        InputError: an option that is unknown, or a value that does not fit.

    >>> options_of("matrix-factorization:rank=3")[1]["data"], options_of("problem:quadratic:d=3")
    ('movielens-small', ('problem', {}))
    """
    name = text.partition(":")[0]
    return name, settled(text, WORKLOADS[name].options)[1] if name in WORKLOADS else {}
