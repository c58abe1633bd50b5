"""FLeet as it is told: what it does, what is claimed of it, and what runs of these sizes leave untested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.studies.claim import StudyClaim
from experiments.studies.systems.fleet.bounded import BOUND, RULES, BoundCell
from experiments.studies.systems.fleet.effects import (
    STALE_LAWS,
    below_bound,
    fewer_at_one_step,
    fewer_updates,
    larger_gap,
    online_quality,
    profiled,
    rare_class,
)
from experiments.studies.systems.fleet.profiling import ProfilerCell
from experiments.studies.systems.fleet.streaming import OnlineCell
from experiments.studies.systems.fleet.training import StepsCell, TailCell
from experiments.studies.systems.system import Limit, Sizes, System
from experiments.sweep.store import AnyCell
from experiments.systems.fleet.controlled import D1
from experiments.systems.fleet.methods import METHODS, long_tail_methods
from experiments.systems.fleet.profiler import OBJECTIVES
from theory.common.table import Table

DECIDING = 32  # seeds of the scale lesson


@dataclass(frozen=True)
class FleetSize:
    """How much is run at a scale.

    Args:
        seeds: that judge; tuning: that choose steps; updates: of a training run.
        devices: of the simulated population; days: of the stream; bounded: updates beside the bound.
        trained: other fields of the cells of training.
    """

    seeds: int
    tuning: int
    updates: int
    devices: int
    days: int
    bounded: int
    trained: Mapping[str, Any] = field(default_factory=dict)


_SIZES: Mapping[str, FleetSize] = Table(
    {
        "quick": FleetSize(4, 2, updates=1500, devices=300, days=5, bounded=2000),
        "lesson": FleetSize(DECIDING, 8, updates=2000, devices=1000, days=8, bounded=4000),
        "paper": FleetSize(
            64,
            16,
            updates=10_000,
            devices=10_000,
            days=13,
            bounded=20_000,
            trained={"data": "mnist", "hidden": 128, "batch": 100, "every": 100},
        ),
    }
)


def fleet_cells(scale: str) -> tuple[AnyCell, ...]:
    """Every server under every law, the long tail, both objectives of I-Prof, the stream, and runs beside the bound."""
    size = _SIZES[scale]
    shared: dict[str, Any] = {"seeds": size.seeds, "tuning": size.tuning, "updates": size.updates, "every": 20}
    shared |= size.trained
    steps = (
        StepsCell(method, law, **shared)
        for law in ("none", *STALE_LAWS)
        for method in METHODS
        if METHODS[method].waits == (law == "none")
    )
    tails = (TailCell(method, "D1", **shared) for method in long_tail_methods(D1))
    profilers = (ProfilerCell(objective, size.seeds, size.devices) for objective in OBJECTIVES)
    bounds = (BoundCell(rule, law, size.seeds, size.bounded) for law in STALE_LAWS for rule in RULES)
    return (*steps, *tails, *profilers, OnlineCell(size.seeds, size.tuning, size.days), *bounds)


def _claim(name: str, statement: str, predicate: str, effect: Any) -> StudyClaim:
    return StudyClaim(name, "fleet", statement, predicate, effect, fewest=DECIDING)


_UPDATES = "updates until an accuracy of 0.9 is kept over three evaluations, each at its best step of one grid"
CLAIMS = (
    _claim(
        "fleet-adasgd-d1",
        "Under D1 AdaSGD needs fewer updates than DynSGD.",
        f"log2 of DynSGD's over AdaSGD's {_UPDATES}: above 0",
        fewer_updates("adasgd", "inverse", "D1"),
    ),
    _claim(
        "fleet-adasgd-d2",
        "Under D2 AdaSGD needs fewer updates than DynSGD.",
        f"log2 of DynSGD's over AdaSGD's {_UPDATES}: above 0",
        fewer_updates("adasgd", "inverse", "D2"),
    ),
    _claim(
        "fleet-gap",
        "AdaSGD gains more on DynSGD under D2 than under D1.",
        "the effect under D2 less that under D1: above 0",
        larger_gap("adasgd", "inverse"),
    ),
    _claim(
        "fleet-dampening",
        "DynSGD needs fewer updates than averaging without regard to staleness.",
        f"log2 of FedAvg's over DynSGD's {_UPDATES}, mean over D1 and D2: above 0",
        fewer_updates("inverse", "averaging", *STALE_LAWS),
    ),
    _claim(
        "fleet-staleness-costs",
        "The synchronous ideal needs fewer updates than AdaSGD.",
        f"log2 of AdaSGD's over the synchronous server's {_UPDATES}, mean over D1 and D2: above 0",
        fewer_updates("synchronous", "adasgd", *STALE_LAWS),
    ),
    _claim(
        "fleet-same-step",
        "At the synchronous server's step AdaSGD needs fewer updates than averaging without regard to staleness.",
        "log2 of FedAvg's over AdaSGD's updates, all at the synchronous server's best step, mean over D1 and D2: "
        "above 0",
        fewer_at_one_step("adasgd", "averaging"),
    ),
    _claim(
        "fleet-long-tail",
        "Boosting by similarity helps the class whose gradients come late.",
        "accuracy on class 0 over the last half of the run, with boosting less without, each at the step of its best "
        "accuracy on all rows: above 0",
        rare_class,
    ),
    _claim(
        "fleet-profiler-time",
        "I-Prof keeps tasks nearer to a time than one regression for all devices.",
        "log2 of the distance to 3 s that nine in ten tasks keep within, one regression over I-Prof: above 0",
        profiled("time"),
    ),
    _claim(
        "fleet-profiler-energy",
        "I-Prof keeps tasks nearer to an energy than one regression for all devices.",
        "log2 of the distance to 0.075 % of the battery that nine in ten tasks keep within, one regression over "
        "I-Prof: above 0",
        profiled("energy"),
    ),
    _claim(
        "fleet-online",
        "On a stream that drifts online training has a higher quality than daily training.",
        "log2 of mean F1 of five hashtags after the first day, online over daily, each at its best step: above 0",
        online_quality,
    ),
    _claim(
        "fleet-bound",
        "The weighted mean of the squared gradients stays below the bound on weighted delays.",
        "1 less the largest measured mean over its bound, over three rules, D1 and D2 and three steps: above 0",
        below_bound,
    ),
)

FLEET = System(
    name="fleet",
    title="FLeet: weights for stale gradients, sizes for devices",
    source="Damaskinos, Guerraoui, Kermarrec, Nitu, Patra, Taiani, FLeet, Middleware 2020, arXiv 2006.07273, and the "
    "code released with it",
    about="Phones send gradients when they have them, and the server applies each when it arrives. AdaSGD weighs "
    "gradients by their age and by how rare their labels are; I-Prof asks each phone for as many samples as fit a time "
    "or a share of the battery. How beta follows from a percentile and the cap at 1 are as recalled of the paper, "
    "unverified: the released code is given beta and has no cap.",
    algorithm=(
        "Device: pull $x$, report its features. Server: predict the slope $\\hat\\alpha$ of cost over samples.",
        "Least squares over all reports; a model of device that has reported has a regression of its own.",
        "Ask for $n=\\max(1,\\mathrm{limit}/\\hat\\alpha)$ samples. Device: push gradient $g$, label counts, cost.",
        "Regression: $\\theta\\leftarrow\\theta\\pm\\frac{\\max(0,|\\alpha-z^\\top\\theta|-\\epsilon)}{\\|z\\|^2}z$, "
        "with features $z$.",
        "Staleness $\\tau$: updates between pull and push. $\\tau_{thres}$: the 99.7 % percentile of those seen.",
        "$\\Lambda(\\tau)=e^{-\\beta\\tau}$, $\\beta=\\ln(h+1)/h$, $h=\\tau_{thres}/2$; at first $1/(\\tau+1)$.",
        "Similarity of label shares $p$ to those used so far, $q$: $\\mathrm{sim}=\\sum_y\\sqrt{p_yq_y}$.",
        "$w=\\min(1,\\Lambda(\\tau)/\\mathrm{sim})$; released, for a long tail: $\\Lambda(\\min(\\tau,S))"
        "/\\max(0.1,\\mathrm{sim})$ from $\\tau>1.5S$.",
        "After $K$ gradients: $x\\leftarrow x-\\frac\\gamma K\\sum_iw_ig_i$.",
    ),
    bounds=(BOUND,),
    claims=CLAIMS,
    limits=(
        Limit(
            "Accuracies and updates of the paper's networks on MNIST, E-MNIST and CIFAR-100",
            "convolutional workloads for the federated engine, the data sets, and an accelerator",
        ),
        Limit(
            "How much nearer to a time or an energy I-Prof keeps real phones, and the battery that a day costs",
            "phones of many models with meters; the population here is simulated",
        ),
        Limit(
            "How much online training improves a recommender of hashtags",
            "posts of users with their times; the stream here is synthetic, its rate of change an option",
        ),
        Limit(
            "Whether beta from a percentile is what the paper's evaluation used",
            "the paper's text; here the rule is as recalled, and the released code is given beta",
        ),
    ),
    sizes=(
        Sizes("data", "MNIST, two shards of labels a client", "digits, 8 x 8", "digits, 8 x 8", "MNIST, on request"),
        Sizes("network", "three convolutions", "32 hidden units", "32 hidden units", "128 hidden units"),
        Sizes("clients", "10 in the released code", "10", "10", "10"),
        Sizes("rows of a gradient", "100, as recalled", "10", "10", "100"),
        Sizes("updates", "not known", "1,500", "2,000", "10,000"),
        Sizes("seeds, and for choosing steps", "not known", "4 + 2", "32 + 8", "64 + 16"),
        Sizes("devices of I-Prof", "phones", "300 simulated", "1,000 simulated", "10,000 simulated"),
        Sizes("days of the stream", "not known", "5, synthetic", "8, synthetic", "13, synthetic"),
    ),
    cells=fleet_cells,
    kinds=(StepsCell, TailCell, ProfilerCell, OnlineCell, BoundCell),
)
