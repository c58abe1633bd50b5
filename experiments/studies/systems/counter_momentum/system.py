"""Counter-momentum on real problems, as its section of the report shows it. Claims were written before the runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.studies.claim import Effect, StudyClaim
from experiments.studies.systems.counter_momentum.cells import DECIDING, RealCell, real_cells
from experiments.studies.systems.counter_momentum.effects import (
    CACHES,
    TRACES,
    TUNED,
    UNTUNED,
    below_bound,
    higher_than,
    lower_than,
    rises,
)
from experiments.studies.systems.system import Limit, Sizes, System

_LEAST = "log2 of the least squared gradient up to T"
_MEAN = "mean over the delays 1, 3 and 8, one number a problem"


def _claim(name: str, statement: str, predicate: str, effect: Callable[[Any], Effect]) -> StudyClaim:
    return StudyClaim(f"counter-momentum-{name}", "counter-momentum", statement, predicate, effect)


CLAIMS = (
    _claim(
        "untuned-delayed",
        "Without noise, at the steps of the theory, counter-momentum ends lower than delayed steps.",
        f"{_LEAST}, delayed over counter-momentum, both at their step from L, {_MEAN}: above 0",
        lower_than("delayed", UNTUNED),
    ),
    _claim(
        "untuned-waiting",
        "Without noise, at the steps of the theory, counter-momentum ends lower than waiting.",
        f"{_LEAST}, waiting over counter-momentum, both at their step from L, {_MEAN}: above 0",
        lower_than("wait", UNTUNED),
    ),
    _claim(
        "tuned-delayed",
        "Without noise, each at its best step of one grid, counter-momentum ends lower than delayed steps.",
        f"{_LEAST}, delayed over counter-momentum, {_MEAN}: above 0",
        lower_than("delayed", TUNED),
    ),
    _claim(
        "tuned-waiting",
        "Without noise, each at its best step of one grid, counter-momentum ends lower than waiting.",
        f"{_LEAST}, waiting over counter-momentum, {_MEAN}: above 0",
        lower_than("wait", TUNED),
    ),
    _claim(
        "tuned-momentum",
        "Without noise, each at its best step of one grid, counter-momentum ends lower than momentum 0.9.",
        f"{_LEAST}, momentum over counter-momentum, {_MEAN}: above 0",
        lower_than("momentum", TUNED),
    ),
    _claim(
        "short",
        "In runs an eighth as long, too, counter-momentum ends lower than delayed steps at the steps of the theory.",
        f"log2 of the least squared gradient up to T/8, delayed over counter-momentum, {_MEAN}: above 0",
        lower_than("delayed", UNTUNED, horizon="short"),
    ),
    _claim(
        "noise-untuned",
        "With minibatches, at the steps of the theory, counter-momentum ends higher than delayed steps.",
        f"{_LEAST}, counter-momentum over delayed, mean over seeds, {_MEAN}: above 0",
        higher_than("delayed", UNTUNED, noisy=True),
    ),
    _claim(
        "noise-tuned",
        "With minibatches, each at its best step of one grid, counter-momentum ends higher than delayed steps.",
        f"{_LEAST}, counter-momentum over delayed, mean over seeds, {_MEAN}: above 0",
        higher_than("delayed", TUNED, noisy=True),
    ),
    _claim(
        "caches",
        "Among workers with caches counter-momentum, which holds every update, ends higher than steps as they come.",
        f"{_LEAST} on the first worker, counter-momentum over delayed, each at its best step, full gradients, one "
        "number a problem: above 0",
        higher_than("delayed", TUNED, delays=CACHES),
    ),
    _claim(
        "traces",
        "On recorded traces counter-momentum, which holds every gradient until it is as old as the oldest, ends "
        "higher than delayed steps.",
        f"{_LEAST}, counter-momentum over delayed, each at its best step, full gradients, mean over two servers, one "
        "number a problem: above 0",
        higher_than("delayed", TUNED, delays=TRACES),
    ),
    _claim(
        "misjudged",
        "With L taken at half of what it is, counter-momentum ends above its start more often than delayed steps.",
        "share of runs whose last loss is above the first or none, counter-momentum less delayed, full gradients, "
        f"{_MEAN}: above 0",
        rises(2.0),
    ),
    _claim(
        "margin",
        "With L taken 1.4 times too large counter-momentum still ends lower than delayed steps with L as it is.",
        f"{_LEAST}, delayed at its step over counter-momentum at 0.71 times its own, full gradients, {_MEAN}: above 0",
        lower_than("delayed", UNTUNED, other_steps=0.5**0.5),
    ),
    _claim(
        "bound",
        "Without noise the least squared gradient lies below the bound.",
        f"{_LEAST} under fixed delays, the bound over it, the least over the delays, one number a problem whose L is "
        "known: above 0",
        below_bound,
    ),
)

_ALGORITHM = (
    "Every problem of the library, and two networks by their training loss, from one start.",
    "Delays are fixed at $0, 1, 3, 8$; or those of four workers with caches, uniform on $0..3$; or those that two "
    "servers of eight workers recorded.",
    "Delayed steps: $x_{k+1}=x_k-\\eta\\,g_{k-d_k}$, as gradients come.",
    "Waiting: a step for every gradient that was read at the present point, others are discarded. Batched waiting: "
    "a step for the mean of as many of them as are under way.",
    "Momentum: $0.9$ times the last move on top of a delayed step.",
    "Counter-momentum takes moves back, $x_{k+1}=x_k-\\frac{\\eta}{L}g_{k-D}-\\sum_j m_j(x_{k+1-j}-x_{k-j})$. "
    "It holds every gradient until it is $D$ old; $D$ is the largest delay.",
    "Untuned: every method at the constant step that is best for its worst case at this $L$ and $D$.",
    "Tuned: at the best of ten multiples of that step, from $1/8$ to $16$, chosen on other seeds where seeds differ.",
    "Misjudged: an $L$ that is wrong by $f$ is the multiple $1/f$.",
)

_LIMITS = (
    Limit(
        "Whether an interval over these problems speaks for others",
        "problems drawn from somewhere; these are all that the library has, several of them on the same data",
    ),
    Limit("Networks of use, and what they reach on held-out rows", "accelerators, and the paper's scale of the study"),
    Limit(
        "An L that is found along the run",
        "a rule that measures it, with a bound: the step of counter-momentum is a multiple of 1/L",
    ),
    Limit(
        "Noise that is small beside the run: sigma sqrt(T/(L Delta)) well below 1",
        "batches that grow; those here are the library's own",
    ),
)

_SIZES = (
    Sizes("problems", "–", "11", "11", "11"),
    Sizes(
        "rows of MNIST-5k, of softmax's digits, of the networks'",
        "5000, 1797, 1438",
        "60",
        "250",
        "all of them",
    ),
    Sizes("steps T of small problems; of large ones", "–", "16; 16", "256; 96", "768; 512"),
    Sizes("seeds of minibatches; of full gradients", "–", "2; 1", f"{DECIDING}; 2", f"{2 * DECIDING}; {DECIDING}"),
    Sizes("seeds that tune", "–", "1; 1", "2; 1", "3; 2"),
    Sizes("steps tried", "–", "5", "10", "10"),
    Sizes("measured along a run", "–", "8 times", "32 times", "32 times"),
)

COUNTER_MOMENTUM = System(
    name="counter-momentum",
    title="Counter-momentum on real problems",
    source="gradlag's own",
    about="Under a fixed delay and without noise counter-momentum has the least constant that is known, for the worst "
    "function. Worst functions are rare. Does it help on the problems of the library, when, how much, and where does "
    "it lose?",
    algorithm=_ALGORITHM,
    bounds=("counter-momentum",),
    claims=CLAIMS,
    limits=_LIMITS,
    sizes=_SIZES,
    cells=real_cells,
    kinds=(RealCell,),
)
