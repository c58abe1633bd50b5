"""Counter-momentum on real problems, every cell: `python benchmarks/counter_momentum.py OUT` writes its page of docs.

OUT holds what `gradlag reproduce counter-momentum --scale lesson --out OUT` computed. A test computes some of the cells
again and compares their lines.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from experiments.studies import STUDIES
from experiments.studies.claim import interval
from experiments.studies.systems.counter_momentum.cells import DELAYS, RealCell
from experiments.studies.systems.counter_momentum.effects import (
    LATE,
    OURS,
    TUNED,
    UNTUNED,
    at_edge,
    by_place,
    losses,
    over_problems,
    ratio,
    risen,
    short_name,
)
from experiments.studies.systems.counter_momentum.system import COUNTER_MOMENTUM
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from figures.report.claims import claims_text
from theory.common.types import Vector

PAGE = Path(__file__).resolve().parent.parent / "docs" / "counter_momentum.md"
OTHERS = {"delayed": "delayed steps", "wait": "waiting", "batch-wait": "batched waiting", "momentum": "momentum 0.9"}
#: Multiples of L that stand for it by mistake, and the multiples of the steps that they make.
MISJUDGED = {"0.5": 2.0, "0.71": 2**0.5, "1": 1.0, "1.41": 0.5**0.5, "2": 0.5}
_KINDS = {
    "fixed": "A fixed delay of {0}",
    "caches": "{0} workers with caches, delays up to {1}",
    "trace": "The delays of a recorded server, {0} speeds",
}

_HEAD = """\
# Counter-momentum on real problems

Made by `python benchmarks/counter_momentum.py OUT` from `gradlag reproduce counter-momentum --scale lesson --out OUT`; a test compares. Every problem of the library ({problems}), under every kind of delays, with full gradients and with minibatches, without any left out.

- Numbers are ratios: the least |grad F|^2 that counter-momentum meets up to T over that of another method, **below 1 where counter-momentum is lower**, in brackets the 95 % interval over {seeds} seeds with minibatches, and over {exact} where delays alone differ. Squared gradients below 2^-40 of the first count as equal to it.
- *Steps from L*: every method at the constant step that is best for its worst case at this L and D, without noise (`gradlag limit`). *Best steps*: the best of ten multiples of that step from 1/8 to 16, the same for every method, on {tuning} other seeds, or one; where no seed differs, in hindsight. \\* lies at the edge of the grid.
- L is exact or a proved upper bound, of the networks an estimate at the first start, from below; there nothing is proved.
- Delayed steps, momentum and both sorts of waiting take gradients as they come. Counter-momentum holds them until they are D old, D being the largest delay: {windows}. Batched waiting takes D + 1 gradients, of a server as many as it has workers.
- T is 256, of problems with many numbers 96, of the worst function (of 0.5/(sL), s = 4, T = 12; noise 0.3) 64. MNIST-5k, the digits of softmax and of the networks are 250 evenly spaced rows. `logistic` and `softmax` by name are the functions that are there already.
- While the sizes were tried, least gradients at steps from L of six problems were seen before the claims were written down; best steps, last losses, misjudged L and the other problems were not.

"""  # noqa: E501


def _interval(values: Vector) -> str:
    """A mean of log2 as a ratio, with its interval where there is one.

    >>> _interval(np.array([-1.0])), _interval(np.array([1.0, 1.0]))
    ('0.5', '2 [2, 2]')
    """
    middle, (low, high) = values.mean(), interval(values)
    shown = f" [{2**low:.3g}, {2**high:.3g}]" if np.isfinite(low) and values.size > 1 else ""
    return f"{2**middle:.3g}{shown}"


def kind(delays: str) -> str:
    """The heading of a kind of delays.

    >>> kind("fixed:3"), kind("caches:4:3")
    ('A fixed delay of 3', '4 workers with caches, delays up to 3')
    """
    name, *rest = delays.split(":")
    return _KINDS[name].format(*rest)


def line(result: SystemResult) -> str:
    """The row of one cell."""
    cells = [short_name(result.cell.problem)]
    cells += [_interval(ratio(result, OURS, other, UNTUNED)) for other in OTHERS]
    for other in OTHERS:
        edge = "\\*" if at_edge(result, OURS) or at_edge(result, other) else ""
        cells.append(_interval(ratio(result, OURS, other, TUNED)) + edge)
    cells += [_interval(ratio(result, OURS, "delayed", steps, horizon="short")) for steps in (UNTUNED, TUNED)]
    for steps in (UNTUNED, TUNED):
        cells.append(" / ".join(_loss(losses(result, method, steps)) for method in ("delayed", OURS)))
    return f"| {' | '.join(cells)} |"


def _loss(values: Vector) -> str:
    return f"{values.mean():.3g}" if np.isfinite(values).all() else "none"


def whole(results: Sequence[SystemResult]) -> Iterator[str]:
    """The tables of all cells, one for each kind of delays with and without noise."""
    there = by_place(results)
    named = [*OTHERS.values(), *OTHERS.values()]
    for noisy in (False, True):
        yield f"## {'Minibatches' if noisy else 'Full gradients'}, every cell\n"
        yield (
            "Counter-momentum over each other method, first with steps from L, then with best steps; over delayed "
            "steps up to T/8; and the last losses of delayed steps / counter-momentum.\n"
        )
        for delays in DELAYS:
            yield f"### {kind(delays)}\n"
            heads = [f"{name}, {'steps from L' if i < 4 else 'best steps'}" for i, name in enumerate(named)]
            heads += ["T/8, steps from L", "T/8, best steps", "loss, steps from L", "loss, best steps"]
            yield f"| problem | {' | '.join(heads)} |\n{'|---' * (len(heads) + 1)}|"
            yield from (line(each) for place, each in there.items() if place[1:] == (delays, noisy))
            yield ""


def means(results: Sequence[SystemResult]) -> Iterator[str]:
    """Over the problems: what counter-momentum gains or loses under each kind of delays."""
    yield f"| gradients | delays | steps | {' | '.join(OTHERS.values())} |\n{'|---' * (3 + len(OTHERS))}|"
    for noisy, gradients in ((False, "full"), (True, "minibatches")):
        for delays in DELAYS[1:]:
            for steps, words in ((UNTUNED, "from L"), (TUNED, "best")):
                cells = [_summary(_over(results, delays, noisy, other, steps)) for other in OTHERS]
                yield f"| {gradients} | {kind(delays)} | {words} | {' | '.join(cells)} |"


def _summary(values: Vector) -> str:
    median = f"{2 ** float(np.median(values)):.3g}"
    return f"median {median}, lower in {(values < 0).sum()} of {values.size}; mean {_interval(values)}"


def _over(results: Sequence[SystemResult], delays: str, noisy: bool, other: str, steps: float | str) -> Vector:
    found = over_problems(results, (delays,), noisy, lambda each: float(ratio(each, OURS, other, steps).mean()))
    return np.array(list(found.values()))


def misjudged(results: Sequence[SystemResult]) -> Iterator[str]:
    """What an L that is wrong costs: beside delayed steps at the right L, and how many runs end above their start."""
    yield (
        f"| gradients | D | method | {' | '.join(f'L taken {f} times' for f in MISJUDGED)} |\n"
        f"{'|---' * (3 + len(MISJUDGED))}|"
    )
    for noisy, gradients in ((False, "full"), (True, "minibatches")):
        for delays in LATE:
            for method in ("delayed", "wait", OURS):
                cells = [_misjudged(results, delays, noisy, method, scale) for scale in MISJUDGED.values()]
                name = OTHERS.get(method, OURS)
                yield f"| {gradients} | {delays.partition(':')[2]} | {name} | {' | '.join(cells)} |"


def _misjudged(results: Sequence[SystemResult], delays: str, noisy: bool, method: str, scale: float) -> str:
    apart = over_problems(
        results, (delays,), noisy, lambda each: float(ratio(each, method, "delayed", scale, UNTUNED).mean())
    )
    above = over_problems(results, (delays,), noisy, lambda each: risen(each, method, scale))
    share = sum(above.values())
    return _interval(np.array(list(apart.values()))) + (f", {share:.2g} above" if share else "")


def page(results: Sequence[SystemResult]) -> str:
    """The whole page."""
    noisy = next(each.cell for each in results if each.cell.batch)
    held = [each.values["window"] - 1 for each in results if each.cell.delays.startswith("trace")]
    names = dict.fromkeys(short_name(each.cell.problem) for each in results)
    exact = next(each.cell for each in results if not each.cell.batch).seeds
    told = f"{min(held)} to {max(held)} of the servers, where the mean is 7"
    head = _HEAD.format(problems=", ".join(names), seeds=noisy.seeds, exact=exact, tuning=noisy.tuning, windows=told)
    return head + "\n".join(
        [
            "## In short\n",
            "Over the problems: the median of the ratios, in how many counter-momentum is lower (a tie is not), and "
            "the mean of the logarithms with its 95 % interval. A mean hangs on the problem that one "
            "method solves to the floor.\n",
            *means(results),
            "\n## The claims\n",
            "Written down before the runs. An effect is a mean of log2 over the problems.\n",
            claims_text(COUNTER_MOMENTUM.judged(results)),
            "\n## Where L is misjudged\n",
            "The least squared gradient over that of delayed steps with the right L, the mean over the problems; and "
            f"how many of {len(names)} problems end above their start.\n",
            *misjudged(results),
            "",
            *whole(results),
        ]
    )


def main(folder: str) -> None:
    """Write the page."""
    PAGE.write_text(page(STUDIES["counter-momentum"].chosen(SYSTEM_RESULTS.load_all(folder))), encoding="utf-8")


def computed(cell: RealCell) -> SystemResult:
    """A cell, computed now."""
    return SystemResult(cell, cell.compute(), {}, 0.0, "")


if __name__ == "__main__":
    main(sys.argv[1])
