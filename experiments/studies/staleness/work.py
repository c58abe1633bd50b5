"""A guess of how long a cell of the staleness study takes: it puts long cells first and says how much time is left.

The idea: count the rows that pass through the model (minibatches, evaluations, gradients on the sample), each by the
products that one row asks of it, and the numbers that enter caches. The weights were fitted to the seconds of cells at
the scale lesson. Nothing but the order of cells and the time left depends on the guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from experiments.studies.staleness.spellings import data_of
from theory.common.spelling import parts_of

if TYPE_CHECKING:
    from experiments.studies.staleness.cells import WorkerCell

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


def guessed_work(cell: WorkerCell) -> int:
    """About how many microseconds of one core a cell takes; a target is reached after a part of the horizon.

    Example:
        >>> from experiments.studies.staleness.cells import WorkerCell
        >>> few, many = (WorkerCell("fig3", f"lda:topics={topics}", 2, 0, 10) for topics in (10, 100))
        >>> guessed_work(many) / guessed_work(few)
        10.0
    """
    searches = 1 + len(cell.step_sizes) if len(cell.step_sizes) > 1 else 1
    return max(1, round(_share(cell) * searches * cell.seeds * cell.iterations * _iteration(cell)))


def _share(cell: WorkerCell) -> float:
    """The part of the horizon that is run: all without a target, else more with a larger delay and more workers."""
    return 1.0 if cell.level is None else min(0.6, (0.04 + 0.01 * cell.extra_delay) * (1 + cell.workers / 4))


def _iteration(cell: WorkerCell) -> float:
    """Microseconds of an iteration of one seed: rows, updates made and delivered, gradients beside earlier ones."""
    name, given = parts_of(cell.workload)
    if name == "lda":
        return _TOPIC * int(given.get("topics", 10)) * _WORDS.get(data_of(cell.workload), 1.0)
    if name == "matrix-factorization":
        return cell.workers * cell.batch * (_RATING + _RECEIVED * cell.workers)
    if name == "problem":
        return float(cell.workers)
    products, parameters = _model(cell.workload)
    row = _ROW + (_PIXELS if name == "vae" else _PRODUCT) * products
    carried = cell.workers * (2 + cell.workers / 2) + 2 * cell.lags / cell.evaluate_every
    return row * _rows(cell) + _NUMBER * parameters * carried


def _rows(cell: WorkerCell) -> float:
    """Rows through the model in an iteration, as rows of gradients."""
    held_out = _columns_and_rows(cell.workload)[1]
    looks = _FORWARD * held_out + (cell.sample if cell.lags else 0)
    return cell.workers * cell.batch + looks / cell.evaluate_every


def _model(workload: str) -> tuple[int, int]:
    """The products that one row asks for, and the parameters."""
    name, given = parts_of(workload)
    columns, depth = _columns_and_rows(workload)[0], int(given.get("depth", 8 if name == "resnet" else 1))
    if name == "mlr":
        return _CLASSES * columns, _CLASSES * columns
    if name == "resnet":
        width = int(given.get("width", 16))
        # Every stage has half the side and twice the channels: products as before, and four times the weights.
        return (depth - 2) * 9 * width * width * columns // 3, (depth - 2) * 63 * width * width
    width = int(given.get("width", 64))
    size = columns * width + (depth - 1) * width * width + width * _CLASSES
    return (2 * size, 2 * size) if name == "vae" else (size, size)


def _columns_and_rows(workload: str) -> tuple[int, int]:
    return _SIZES.get(data_of(workload), _SIZES["mnist-5k"])
