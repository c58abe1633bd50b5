"""One cell of the staleness study: a workload, a setting of the workers' simulator, seeds and a quality to reach.

A cell is a plain value; `compute` next door makes its numbers, a function of the cell alone. Its guess of the time puts
long cells first and says how much time is left. The guess counts the rows that pass through the model (minibatches,
evaluations, gradients on the sample), each by the products that one row asks of it, and the numbers that enter caches;
the weights were fitted to the seconds of cells at the scale lesson.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from experiments.sweep.store import safe_name
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerSetting
from experiments.workloads.registry import options_of
from theory.common.errors import InputError
from theory.staleness.count import whole_number

ONE_SEQUENCE = "one-sequence"  # in place of a law of delays

# Columns and held-out rows of data sets; others are taken to be like the first.
_SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "mnist-5k": (784, 1_000),
        "digits": (64, 359),
        "mnist": (784, 10_000),
        "fashion-mnist": (784, 10_000),
        "cifar-10": (3_072, 10_000),
    }
)
_WORDS = {"newsgroups-2k": 1.0, "newsgroups-20": 6.0}  # words of a corpus, as multiples of the smallest
_CLASSES = 10
_FORWARD = 1 / 3  # of the time of a gradient
# Microseconds: a row, a product of a row, a product of an autoencoder's, a number that is computed or delivered,
# a row of ratings and its delivery to one cache, and a sweep with one topic.
_ROW, _PRODUCT, _PIXELS, _NUMBER, _RATING, _RECEIVED, _TOPIC = 1.0, 6e-5, 1.2e-4, 1e-3, 0.05, 0.03, 150.0


@dataclass(frozen=True)
class WorkerCell:
    """Runs of the workers' simulator for one figure of the study.

    Args:
        figure: whose cell it is first of all: "fig1" and so on.
        workload: its spelling; "mlr", "dnn:depth=2".
        workers, extra_delay, iterations, optimizer, batch, delays, evaluate_every, lags, sample: see `WorkerSetting`.
            The delays "one-sequence" are those of `one_sequence`: no caches.
        step_sizes: one, or several of which that one is used with which the target is reached first at extra delay 0.
        seeds: how many, from 0.
        metric, level, side: the target; without a level the runs go to their end.

    Example:
        >>> WorkerCell("fig1", "dnn:depth=2", workers=8, extra_delay=4, iterations=10, seeds=3).name
        'fig1-dnn-depth=2-P8-s4-sgd-uniform'
    """

    figure: str
    workload: str
    workers: int
    extra_delay: int
    iterations: int
    optimizer: str = "sgd"
    step_sizes: tuple[float, ...] = (0.01,)
    batch: int = 32
    delays: str = "uniform"
    evaluate_every: int = 10
    lags: int = 0
    sample: int = 1000
    seeds: int = 3
    metric: str = "accuracy"
    level: float | None = None
    side: str = "above"

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_sizes", tuple(float(step) for step in self.step_sizes))
        whole_number(self.seeds, 1, "The number of seeds", InputError)
        if not self.step_sizes:
            raise InputError("A cell needs at least one step size. Got none.")
        if len(self.step_sizes) > 1 and self.level is None:
            raise InputError("The fastest of several step sizes needs a target. Got no level.")
        self.setting(self.step_sizes[0])

    @property
    def name(self) -> str:
        """What the file is called, before the digest."""
        parts = (self.figure, self.workload, f"P{self.workers}", f"s{self.extra_delay}")
        return safe_name("-".join((*parts, self.optimizer, self.delays)))

    @property
    def target(self) -> Threshold | None:
        """The quality at which a seed ends."""
        return None if self.level is None else Threshold(self.metric, self.level, self.side)  # type: ignore[arg-type]

    @property
    def horizon(self) -> int:
        """The batches of all workers together after which a seed ends in any case."""
        return self.workers * self.iterations

    @property
    def work(self) -> int:
        """A guess of the microseconds of one core; a target is reached after a part of the horizon.

        >>> few, many = (WorkerCell("fig3", f"lda:topics={topics}", 2, 0, 10) for topics in (10, 100))
        >>> many.work / few.work
        10.0
        """
        searches = 1 + len(self.candidates)
        return max(1, round(_share(self) * searches * self.seeds * self.iterations * _iteration(self)))

    @property
    def candidates(self) -> tuple[WorkerSetting, ...]:
        """The settings among which a step size is searched for; none where it is given."""
        return tuple(self.setting(step, 0) for step in self.step_sizes) if len(self.step_sizes) > 1 else ()

    def setting(self, step_size: float, extra_delay: int | None = None) -> WorkerSetting:
        """What the simulator is asked for; another extra delay if one is given."""
        return WorkerSetting(
            workers=self.workers,
            extra_delay=self.extra_delay if extra_delay is None else extra_delay,
            iterations=self.iterations,
            optimizer=self.optimizer,
            step_size=step_size,
            batch=self.batch,
            delays=self.delays if extra_delay is None and self.delays != ONE_SEQUENCE else "uniform",
            evaluate_every=self.evaluate_every,
            lags=self.lags if extra_delay is None else 0,
            sample=self.sample,
        )


def model_of(workload: str) -> tuple[str, dict[str, Any]]:
    """The name of a workload and its options; none where its spelling is refused, so that its cell fails by itself.

    >>> model_of("dnn:depth=2")[1]["data"], model_of("lda")[1]["data"], model_of("problem:quadratic"), model_of("x:y=1")
    ('digits', 'newsgroups-2k', ('problem', {}), ('x', {}))
    """
    try:
        return options_of(workload)
    except InputError:
        return workload.partition(":")[0], {}


def _share(cell: WorkerCell) -> float:
    """The part of the horizon that is run: all without a target, else more with a larger delay and more workers."""
    return 1.0 if cell.level is None else min(0.6, (0.04 + 0.01 * cell.extra_delay) * (1 + cell.workers / 4))


def _iteration(cell: WorkerCell) -> float:
    """Microseconds of an iteration of one seed: rows, updates made and delivered, gradients beside earlier ones."""
    name, given = model_of(cell.workload)
    if not given:  # an objective of gradlag's own
        return float(cell.workers)
    if name == "lda":
        return float(_TOPIC * given["topics"] * _WORDS.get(given["data"], 1.0))
    if name == "matrix-factorization":
        return cell.workers * cell.batch * (_RATING + _RECEIVED * cell.workers)
    columns, held_out = _SIZES.get(given["data"], _SIZES["mnist-5k"])
    products, parameters = _model(name, columns, given.get("depth", 0), given.get("width", 0))
    row = _ROW + (_PIXELS if name == "vae" else _PRODUCT) * products
    rows = cell.workers * cell.batch + (_FORWARD * held_out + (cell.sample if cell.lags else 0)) / cell.evaluate_every
    carried = cell.workers * (2 + cell.workers / 2) + 2 * cell.lags / cell.evaluate_every
    return row * rows + _NUMBER * parameters * carried


def _model(name: str, columns: int, depth: int, width: int) -> tuple[int, int]:
    """The products that one row asks for, and the parameters."""
    if name == "mlr":
        return _CLASSES * columns, _CLASSES * columns
    if name == "resnet":
        # Every stage has half the side and twice the channels: products as before, and four times the weights.
        return (depth - 2) * 9 * width * width * columns // 3, (depth - 2) * 63 * width * width
    size = columns * width + (depth - 1) * width * width + width * _CLASSES
    return (2 * size, 2 * size) if name == "vae" else (size, size)
