"""What is computed of Fed-Influence: influence followed along runs of several tasks, and clients that are sent away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from experiments.kernels.counters import uniforms
from experiments.sweep.json_store import rounded
from experiments.systems.influence.estimators import estimated_influences
from experiments.systems.influence.federation import Federation
from experiments.systems.influence.measure import follow, influence_on_loss, lowest
from experiments.systems.influence.quadratics import random_quadratics
from experiments.systems.influence.synthetic import LabelledClients, of_images, synthetic
from experiments.workers.seeds import single_threaded_products
from experiments.workloads.networks import he_start
from theory.common.types import Vector

MEASURED_SEEDS = 1000  # the first of the seeds that are measured; those below are for trying things out
RECORDS = 50
CHANCE = 55  # the stream of random numbers of those sent away by chance
QUADRATIC, SYNTHETIC, LINEAR, RELU = "quadratic", "synthetic", "linear", "relu"


@dataclass(frozen=True)
class FederatedTask:
    """What clients train together.

    Args:
        name: QUADRATIC, SYNTHETIC (softmax regression on made rows), or LINEAR or RELU (a network on images).
        clients: K; sampled: in a round; local_steps: m; rounds: T.
        step_size: in units of 2/Lambda where a bound Lambda on the curvature is proved, else of 1.
        ridge: of the loss; flipped: clients with wrong labels.
        data, rows, hidden, skew: of a network its images, rows of a client, hidden units, and per cent dealt by label.
    """

    name: str
    clients: int
    sampled: int
    local_steps: int
    rounds: int
    step_size: float
    ridge: float = 0.0
    flipped: int = 0
    data: str = ""
    rows: int = 0
    hidden: int = 0
    skew: float = 0.0

    @property
    def work(self) -> int:
        """Gradients of one follower of a run, those of networks counted as dearer."""
        cost = {QUADRATIC: 1, SYNTHETIC: 10}.get(self.name, 20)
        return cost * self.clients * self.sampled * self.local_steps * self.rounds

    def made(self, seed: int) -> LabelledClients:
        """The clients with labelled rows."""
        if self.name == SYNTHETIC:
            return synthetic(self.clients, ridge=self.ridge, flipped=self.flipped, seed=seed)
        return of_images(
            self.data, self.clients, self.rows, hidden=self.hidden, activation=self.name, skew=self.skew,
            flipped=self.flipped, ridge=self.ridge, seed=seed,
        )  # fmt: skip

    def federation(self, clients: Any, seed: int) -> tuple[Federation, Vector]:
        """Who trains, and from where."""
        size = clients.layers[-1].stop
        start = np.ones(size) if self.name == QUADRATIC else np.zeros(size)
        step_size = self.step_size
        if self.name in (LINEAR, RELU):
            start = np.asarray(he_start(clients.widths, seed, 0), np.float64)
        else:
            step_size *= 2 / clients.curvature.largest
        return Federation(clients, self.sampled, self.local_steps, step_size, seed), start


@dataclass(frozen=True)
class InfluenceCell:
    """Influence followed along runs.

    Args:
        role: what it is for, of ROLES.
        task: what is trained; estimators: names; samples: N_s, gradients uploaded for a local step.
        seeds: measured.
    """

    kind: ClassVar[str] = "fed-influence"
    role: str
    task: FederatedTask
    estimators: tuple[str, ...]
    samples: int
    seeds: int

    def __post_init__(self) -> None:
        if isinstance(self.task, Mapping):
            object.__setattr__(self, "task", FederatedTask(**self.task))
        object.__setattr__(self, "estimators", tuple(self.estimators))

    @property
    def name(self) -> str:
        """Of its file."""
        return f"fed-influence-{self.role}-{self.task.name}-K{self.task.clients}"

    @property
    def data(self) -> str:
        """The images; those on request must be there."""
        return self.task.data

    @property
    def work(self) -> int:
        """Gradients of clients, those of networks counted as dearer."""
        task = self.task
        return self.seeds * (1 + len(self.estimators)) * task.work

    def compute(self) -> Mapping[str, Any]:
        """The numbers, a list over the seeds each.

        Returns:
            times: the recorded rounds; lengths, errors: see `Followed`; largest: C; sharpness: eta times the largest
            curvature measured, over 2; step_sizes: eta; least, most, bend: the constants lambda, Lambda and rho, where
            they are proved; influence: by estimator and "true" the influence on the held-out loss, (S, K); accuracy.
        """
        found: dict[str, Any] = {"lengths": {}, "errors": {}, "influence": {}}
        with single_threaded_products():
            for seed in range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds):
                _append(found, self.one(seed))
        return {name: value[0] if name == "times" else rounded_tree(value) for name, value in found.items()}

    def one(self, seed: int) -> Mapping[str, Any]:
        """The numbers of one seed."""
        task = self.task
        made = None if task.name == QUADRATIC else task.made(seed)
        clients: Any = made.clients if made else random_quadratics(task.clients, 20, seed)
        federation, start = task.federation(clients, seed)
        every = max(1, task.rounds // RECORDS)
        run = follow(federation, start, task.rounds, self.estimators, every=every, samples=self.samples)
        values: dict[str, Any] = {
            "times": run.times.tolist(),
            "lengths": run.lengths,
            "errors": run.errors,
            "largest": run.largest,
            "sharpness": federation.step_size * run.sharpness / 2,
            "step_sizes": federation.step_size,
        }
        if task.name in (QUADRATIC, SYNTHETIC):
            known = clients.curvature
            values |= {"least": known.least, "most": known.largest, "bend": known.lipschitz}
        if made:
            values["influence"] = {
                name: influence_on_loss(made, run.point, influence) for name, influence in run.last.items()
            }
            values["accuracy"] = made.clients.accuracies(run.point[None], made.held_out, made.labels)[0]
        return values


@dataclass(frozen=True)
class CleansingCell:
    """Clients that are sent away during a run, and the accuracy at its end.

    Args:
        task: what is trained; estimator: whose influence says who goes; samples: N_s.
        after: the round after which they go; leave: how many; seeds: measured.
    """

    kind: ClassVar[str] = "fed-influence-cleansing"
    task: FederatedTask
    estimator: str
    samples: int
    after: int
    leave: int
    seeds: int

    def __post_init__(self) -> None:
        if isinstance(self.task, Mapping):
            object.__setattr__(self, "task", FederatedTask(**self.task))

    @property
    def name(self) -> str:
        """Of its file."""
        return f"fed-influence-cleansing-{self.task.name}-K{self.task.clients}-flipped{self.task.flipped}"

    @property
    def data(self) -> str:
        """The images; those on request must be there."""
        return self.task.data

    @property
    def work(self) -> int:
        """One estimate, and three ends of a run."""
        return self.seeds * self.task.work

    def compute(self) -> Mapping[str, Any]:
        """The numbers, a list over the seeds each.

        Returns:
            accuracy: at the end, by who went: "nobody", those of lowest "influence", or as many by "chance"; caught:
            how many clients with wrong labels were among those of lowest influence. Who goes is told by one half of the
            held-out rows, and accuracy is measured on the other.
        """
        found: dict[str, Any] = {"accuracy": {}}
        with single_threaded_products():
            for seed in range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds):
                _append(found, self.one(seed))
        return {name: rounded_tree(value) for name, value in found.items()}

    def one(self, seed: int) -> Mapping[str, Any]:
        """The numbers of one seed."""
        made = self.task.made(seed)
        federation, start = self.task.federation(made.clients, seed)
        rounds = list(federation.rounds(start, self.after))
        *_, told = estimated_influences(federation, rounds, self.estimator, self.samples, seed)
        half = slice(0, None, 2)
        of_loss = influence_on_loss(made, rounds[-1].after, told, half)
        by_chance = uniforms(seed, CHANCE, 0, self.task.clients)
        gone = {"nobody": (), "influence": lowest(of_loss, self.leave), "chance": lowest(by_chance, self.leave)}
        accuracy = {}
        for who, left_out in gone.items():
            rest = replace(federation, left_out=left_out)
            *_, last = rest.rounds(rounds[-1].after, self.task.rounds - self.after, self.after + 1)
            found = made.clients.accuracies(last.after[None], made.held_out[1::2], made.labels[1::2])
            accuracy[who] = float(found[0])
        caught = sum(client < self.task.flipped for client in gone["influence"])
        return {"accuracy": accuracy, "caught": caught}


def _append(found: dict[str, Any], more: Mapping[str, Any]) -> None:
    """One seed more in lists, those in mappings too."""
    for name, value in more.items():
        if isinstance(value, Mapping):
            _append(found.setdefault(name, {}), value)
        else:
            found.setdefault(name, []).append(value)


def rounded_tree(value: Any) -> Any:
    """Numbers as JSON has them, in mappings too."""
    if isinstance(value, Mapping):
        return {name: rounded_tree(each) for name, each in value.items()}
    return rounded(value, 9)


@dataclass(frozen=True)
class _Size:
    """A scale: seeds; clients, sampled, rounds of the made task, of the same with K small, and of networks."""

    seeds: int
    many: tuple[int, int, int]
    few: tuple[int, int, int]
    pictured: tuple[int, int, int]
    data: str = "digits"
    rows: int = 25
    hidden: int = 12
    samples: int = 50


DECIDING = 12  # seeds at the scales that decide
EXACT, BEYOND, CONTRACTING, FLAT, EXPANDING = "exact", "exact-beyond", "contracting", "flat", "expanding"
MANY, WRONG, IID, SKEWED, EDGE = "many", "wrong-labels", "iid", "skewed", "edge"
REGIMES = (CONTRACTING, FLAT, EXPANDING)
_SIZES: Mapping[str, _Size] = {
    "quick": _Size(3, (30, 6, 60), (20, 5, 60), (12, 4, 50)),
    "lesson": _Size(DECIDING, (60, 10, 100), (30, 5, 100), (20, 5, 100)),
    "paper": _Size(DECIDING, (1000, 10, 1000), (1000, 10, 1000), (100, 10, 2000), "mnist", 50, 64),
}
_LWET = ("lwet", "lwet-fisher", "lwet-client")


def fed_influence_cells(scale: str) -> tuple[InfluenceCell | CleansingCell, ...]:
    """The cells at a scale."""
    size = _SIZES[scale]

    def made(of: tuple[int, int, int], step_size: float, ridge: float, flipped: int = 0) -> FederatedTask:
        clients, sampled, rounds = of
        return FederatedTask(SYNTHETIC, clients, sampled, 5, rounds, step_size, ridge, flipped)

    def pictured(name: str, step_size: float, skew: float) -> FederatedTask:
        clients, sampled, rounds = size.pictured
        return FederatedTask(
            name, clients, sampled, 2, rounds, step_size, data=size.data, rows=size.rows, hidden=size.hidden, skew=skew
        )

    exact = [
        (role, FederatedTask(QUADRATIC, 10, 4, 3, 60, step), ("basic",))
        for role, step in ((EXACT, 0.75), (BEYOND, 1.05))
    ]
    # Six times 2/Lambda, and 1.4 below, are steps at which training still works on seeds that are not measured.
    regimes = [
        (CONTRACTING, made(size.few, 0.5, 0.1), ("basic", "truncated")),
        (FLAT, made(size.few, 1.0, 0.0), ("basic", "truncated")),
        (EXPANDING, made(size.few, 6.0, 0.1), ("basic", "truncated", *_LWET)),
    ]
    clients, _, rounds = size.many
    others = [
        (MANY, made(size.many, 0.5, 0.01), ("basic", "truncated", "lwet", "lwet-fisher")),
        (WRONG, made(size.few, 0.5, 0.01, 1), ("basic", "lwet-fisher")),
        (IID, pictured(LINEAR, 0.4, 0.0), ("basic", "lwet-fisher")),
        (SKEWED, pictured(RELU, 0.4, 50.0), ("basic", "lwet-client")),
        (EDGE, pictured(RELU, 1.4, 0.0), ("basic", "lwet-fisher", "lwet-client")),
    ]
    followed = [
        InfluenceCell(role, task, names, size.samples, size.seeds) for role, task, names in (*exact, *regimes, *others)
    ]
    cleansed = [
        CleansingCell(
            made(size.many, 0.5, 0.01, flipped), "lwet-fisher", size.samples, (7 * rounds) // 10, leave, size.seeds
        )
        for flipped, leave in ((clients // 10, clients // 10), (0, (3 * clients) // 10))
    ]
    return (*followed, *cleansed)
